// Checks what is being written a moment after each pause, and shows the message beside it, as the two buttons do.

const form = document.querySelector("form[data-check]");
const preview = document.getElementById("preview");
let waiting;
let asked = 0;

async function check() {
  const mine = ++asked;
  const typed = new URLSearchParams(new FormData(form));
  typed.set("do", "preview");
  const answer = await fetch(form.dataset.check, { method: "POST", body: typed });
  if (mine !== asked || !answer.ok) return;
  const found = await answer.json();
  const list = document.createElement(found.faults.length ? "ul" : "p");
  list.className = found.faults.length ? "trouble" : "said";
  if (!found.faults.length) list.textContent = "No mistakes.";
  for (const fault of found.faults) {
    const line = document.createElement("li");
    line.textContent = fault;
    list.append(line);
  }
  document.getElementById("found").replaceChildren(list);
  document.getElementById("count").textContent = found.count;
  // While there is a mistake, the last message without one stays.
  if (!found.faults.length || !preview.querySelector("h2")) show(found.preview);
}

function show(html) {
  const at = document.activeElement?.closest("#whom") && document.activeElement;
  const shown = new DOMParser().parseFromString(html, "text/html");
  const typing = shown.querySelector("#customer");
  const before = document.getElementById("customer");
  if (typing && before) typing.value = before.value;
  preview.replaceChildren(...shown.body.childNodes);
  preview.parentElement.classList.add("both");
  if (at?.id) document.getElementById(at.id)?.focus();
}

form?.addEventListener("input", (event) => {
  if (event.target.name === "reason") return;
  clearTimeout(waiting);
  waiting = setTimeout(check, 500);
});
form?.querySelector("button[value=preview]").addEventListener("click", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  check();
});
