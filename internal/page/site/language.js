// The page's languages: the browser's at first, the other one at the press of a button.

import words from "./words.js";

let now = navigator.language.startsWith("zh") ? "zh" : "en";

// language is "en" or "zh".
export const language = () => now;

// locale is the language as the tenant is told it (E02).
export const locale = () => (now === "zh" ? "zh_CN" : "en_US");

// say gives a text in the page's language, with {0}, {1} … filled in.
export function say(key, ...values) {
  return words[now][key].replace(/\{(\d)\}/g, (_, i) => String(values[i]));
}

// speak makes an element say a text, also after the language was switched.
export function speak(element, key, ...values) {
  element.dataset.t = key;
  element.dataset.tValues = JSON.stringify(values);
  element.textContent = say(key, ...values);
  return element;
}

// translate fills in all texts of the document: those of elements, of their labels, titles and placeholders.
export function translate() {
  document.documentElement.lang = now === "zh" ? "zh-CN" : "en";
  document.title = "chatbench · " + say("title");
  for (const element of document.querySelectorAll("[data-t]")) {
    element.textContent = say(element.dataset.t, ...JSON.parse(element.dataset.tValues ?? "[]"));
  }
  for (const [attribute, key] of [["aria-label", "data-t-label"], ["title", "data-t-title"], ["placeholder", "data-t-placeholder"]]) {
    for (const element of document.querySelectorAll(`[${key}]`)) element.setAttribute(attribute, say(element.getAttribute(key)));
  }
  const other = document.getElementById("switch-lang");
  other.textContent = say("otherLanguage");
  other.lang = now === "zh" ? "en" : "zh-CN";
}

export function switchLanguage() {
  now = now === "zh" ? "en" : "zh";
  translate();
}
