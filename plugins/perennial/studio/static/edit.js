// Checks what is being written a moment after each pause, with the words of the Check button.

const form = document.querySelector("form[data-check]");
let waiting;
let asked = 0;

async function check() {
  const mine = ++asked;
  const answer = await fetch(form.dataset.check, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (mine !== asked || !answer.ok) return;
  const { faults, count } = await answer.json();
  const list = document.createElement(faults.length ? "ul" : "p");
  list.className = faults.length ? "trouble" : "said";
  if (!faults.length) list.textContent = "No mistakes.";
  for (const fault of faults) {
    const line = document.createElement("li");
    line.textContent = fault;
    list.append(line);
  }
  document.getElementById("found").replaceChildren(list);
  document.getElementById("count").textContent = count;
}

form?.addEventListener("input", (event) => {
  if (event.target.name === "reason") return;
  clearTimeout(waiting);
  waiting = setTimeout(check, 500);
});
