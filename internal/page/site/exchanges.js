// The drawer with the page's exchanges, for people who want to see how the chat works.

import { say, speak } from "./language.js";

const kept = 100;    // exchanges
const shown = 2000;  // characters of a body

// What is not shown: who reads over somebody's shoulder, or a picture of the screen, should not get it.
const secret = /"(app_secret|app_key|AccessToken|AppKey|token)": "[^"]*"/g;

// note puts an exchange on top of the list.
export function note(seen) {
  const list = document.querySelector("#exchanges tbody");
  list.prepend(row(seen), details(seen));
  while (list.rows.length > 2 * kept) list.lastElementChild.remove();
}

function row(seen) {
  const line = document.createElement("tr");
  line.dataset.op = seen.op;
  line.className = seen.status === 200 && (seen.code === "0" || seen.code === "") ? "" : "odd";
  const open = document.createElement("button");
  open.type = "button";
  open.textContent = seen.op;
  open.setAttribute("aria-expanded", "false");
  open.addEventListener("click", () => {
    const below = line.nextElementSibling;
    below.hidden = !below.hidden;
    open.setAttribute("aria-expanded", String(!below.hidden));
  });
  const count = seen.data?.downlinkMessages?.length;
  for (const value of [seen.at.toTimeString().slice(0, 8), open, seen.status || "–", seen.code + (count ? ` +${count}` : ""), Math.round(seen.ms)]) {
    line.insertCell().append(value);
  }
  return line;
}

function details(seen) {
  const line = document.createElement("tr");
  line.hidden = true;
  const cell = line.insertCell();
  cell.colSpan = 5;
  cell.append(seen.path);
  for (const [title, value] of [["request", seen.request], ["answer", seen.data]]) {
    const text = document.createElement("pre");
    text.textContent = value ? clip(JSON.stringify(value, null, 1)) : say("none");
    cell.append(speak(document.createElement("h3"), title), text);
  }
  return line;
}

function clip(json) {
  const text = json.replace(secret, '"$1": "…"').replace(/[A-Za-z0-9+/=]{200,}/g, (data) => `… (${data.length} × Base64)`);
  return text.length > shown ? text.slice(0, shown) + " …" : text;
}
