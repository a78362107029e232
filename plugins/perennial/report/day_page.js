"use strict";
document.getElementById("scripted").hidden = false;
const people = JSON.parse(document.getElementById("people").textContent);
const meanings = JSON.parse(document.getElementById("meanings").textContent);
const titles = Object.fromEntries([...document.getElementById("campaign").options].map((o) => [o.value, o.textContent]));
const list = document.getElementById("list");
const viewer = document.getElementById("viewer");
const SHOWN = 400;
let width = "phone";

const filters = ["campaign", "outcome", "channel", "locale"].map((id) => document.getElementById(id));
const search = document.getElementById("search");

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function matches(person) {
  const words = search.value.trim().toLowerCase();
  if (words && !person.id.toLowerCase().includes(words) && !person.name.toLowerCase().includes(words)) return false;
  return filters.every((select) => !select.value || person[select.id] === select.value);
}

function verdict(person) {
  const sentence = meanings[person.reason || person.outcome];
  return person.detail ? `${sentence} (${person.detail})` : sentence;
}

function row(person) {
  const button = element("button", { type: "button" },
    element("b", { textContent: person.name || "no name" }),
    element("span", { textContent: person.id }),
    element("span", { className: "what" },
      element("i", { className: person.outcome }),
      person.outcome === "send" ? `${titles[person.campaign]} · ${person.channel} · ${person.at}` : `${titles[person.campaign]} · ${verdict(person)}`));
  button.addEventListener("click", () => show(person, button));
  return element("li", {}, button);
}

function show(person, button) {
  list.querySelector("[aria-current]")?.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  const heading = element("h3", { textContent: `${person.name || "No name"} · ${titles[person.campaign]}` });
  const facts = [`customer ${person.id}`, person.locale, person.zone];
  if (person.channel) facts.push(person.channel);
  if (person.at) facts.push(`leaves ${person.at} shop time`);
  if (person.segments) facts.push(`${person.segments} segments`);
  if (person.state) facts.push(person.state.replace("_", " "));
  viewer.replaceChildren(heading, element("p", { className: "small", textContent: facts.join(" · ") }));
  if (person.html) viewer.append(...email(person));
  else if (person.text) viewer.append(element("div", { className: "bubble", textContent: person.text, lang: person.locale }));
  else viewer.append(element("p", { textContent: verdict(person) }));
}

function email(person) {
  const frame = element("iframe", { src: person.html, title: "The email", className: width });
  frame.setAttribute("sandbox", "");
  const tools = element("div", { className: "tools" });
  for (const [name, label] of [["phone", "Phone"], ["desktop", "Desktop"]]) {
    const button = element("button", { type: "button", textContent: label });
    button.setAttribute("aria-pressed", String(name === width));
    button.addEventListener("click", () => {
      width = name;
      frame.className = name;
      for (const other of tools.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    });
    tools.append(button);
  }
  return [tools, frame];
}

function refresh() {
  const found = people.filter(matches);
  list.replaceChildren(...found.slice(0, SHOWN).map(row));
  const cut = found.length > SHOWN ? `, the first ${SHOWN} shown` : "";
  document.getElementById("count").textContent = `${found.length.toLocaleString("en")} found${cut}`;
  const first = list.querySelector("button");
  if (first) first.click();
  else viewer.replaceChildren(element("p", { className: "small", textContent: "Nobody matches." }));
}

search.addEventListener("input", refresh);
for (const select of filters) select.addEventListener("change", refresh);
refresh();
