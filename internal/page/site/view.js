// What the person sees of the conversation. Texts of the other side are only ever put in as texts.

import { say, speak } from "./language.js";

const $ = (id) => document.getElementById(id);

const speakers = { ROBOT: "robot", AGENT: "agent", SYSTEM: "system" };

// A web address in a text, up to the first character that cannot be in one; what closes a sentence is no part of it.
const address = /https?:\/\/[A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]*[A-Za-z0-9\-_~/#=&%]/g;

export class View {
  #rateRobot;     // called with interIdx, whether the customer is content, and why not
  #download;      // called with a message and the file type; gives Base64
  #askSurvey;     // called when the other side has hung up

  constructor({ rateRobot, download, askSurvey }) {
    this.#rateRobot = rateRobot;
    this.#download = download;
    this.#askSurvey = askSurvey;
    this.state("out");
  }

  // state is where the conversation is; the style sheet shows what can be done there.
  state(name, agent) {
    document.body.dataset.state = name;
    if (name === "agent" && agent) {
      this.notice("agentCame", agent);
      speak($("status"), "stateAgent", agent);
      return;
    }
    if (name === "connected") {
      this.notice("begins");
      $("text").focus();
    }
    speak($("status"), "state" + name[0].toUpperCase() + name.slice(1), ...(name === "agent" ? [say("agent")] : []));
  }

  // place is where in the queue the customer is, with the estimated wait in seconds.
  place(position, wait) {
    speak($("status"), "statePlace", position, wait);
  }

  // said shows a message, with what its type asks for.
  said(message) {
    const from = speakers[message.sourceType] ?? "system";
    if (from === "robot" && document.body.dataset.state === "connected") this.state("robot");
    const body = this.#bubble(from, message.senderNickname || "");
    if (message.mediaType === "LOCATE") body.append(location(message.content ?? ""));
    else if (message.mediaType === "DOCUMENT") body.append(this.#document(message));
    else if (message.mediaType === "TEXT" || message.content) linkify(body, message.content ?? "");
    else speak(body, "unknown", message.controlType ?? "", message.mediaType ?? "");
    if (from === "robot" && message.interIdx) this.#offerRating(body.parentElement, message.interIdx);
  }

  // media makes room for a file that is on its way.
  media(message) {
    const body = this.#bubble(speakers[message.sourceType] ?? "system", message.senderNickname || "");
    body.parentElement.dataset.media = message.mediaType;
    body.append(speak(document.createElement("span"), "loading"));
    return body;
  }

  // fill puts the file there. Without one it says so.
  fill(body, message, base64) {
    body.replaceChildren(base64 ? player(message.mediaType, base64) : speak(document.createElement("span"), "noFile"));
    body.parentElement.dataset.loaded = String(Boolean(base64));
    scrollDown();
  }

  // own shows what the customer says; the result of sending it is told to the function that it gives.
  own(content) {
    const body = this.#bubble("me", "");
    const bubble = body.parentElement;
    if (typeof content === "string") linkify(body, content);
    else body.append(content);
    const state = speak(document.createElement("footer"), "sending");
    bubble.append(state);
    bubble.dataset.sent = "";
    return (code) => {
      bubble.dataset.sent = code === "0" ? "yes" : "no";
      if (code === "0") state.remove();
      else speak(state, "failed", code);
    };
  }

  // past shows messages of the history above those that follow.
  past(messages) {
    this.notice("historyBegins");
    for (const message of messages) {
      const from = message.sourceType === "USER" ? "me" : speakers[message.sourceType] ?? "system";
      const body = this.#bubble(from, from === "me" ? "" : message.senderNickname || "", new Date(message.sendTime));
      body.parentElement.classList.add("past");
      if (message.mediaType === "TEXT") linkify(body, message.content ?? "");
      else body.textContent = `[${message.mediaType}]`;
    }
    this.notice("historyEnds");
  }

  // notice is a line of the page's own.
  notice(key, ...values) {
    const line = speak(document.createElement("p"), key, ...values);
    line.className = "notice";
    $("messages").append(line);
    scrollDown();
  }

  // refused says that CONNECT was, and what can be done.
  refused(code) {
    document.body.dataset.state = "refused";
    speak($("status"), "stateRefused", code);
    this.offerMessage();
  }

  // offerMessage asks the customer to leave a message.
  offerMessage() {
    $("leave-message").hidden = false;
    $("left-text").focus();
  }

  calls(supported) {
    if (supported) this.notice("callable");
  }

  // ended says how the conversation ended: left (by the customer), dropped (by the other side), parked (for
  // silence) or lost (without answers).
  ended(how) {
    this.notice({ left: "leftByYou", dropped: "dropped", parked: "parked", lost: "lost" }[how]);
    this.state("ended");
    $("again").hidden = false;
    if (how === "dropped") this.#askSurvey();
  }

  // problem is shown until it is dismissed or another one comes.
  problem(key, error) {
    speak($("problem").querySelector("p"), key, error?.message ?? error ?? "");
    $("problem").hidden = false;
  }

  // solved takes a problem back that is there no more.
  solved(key) {
    if ($("problem").querySelector("p").dataset.t === key) $("problem").hidden = true;
  }

  #bubble(from, name, at = new Date()) {
    const bubble = document.createElement("article");
    bubble.className = "bubble " + from;
    const head = document.createElement("header");
    const who = document.createElement("span");
    if (name) who.textContent = name;
    else speak(who, from === "me" ? "you" : from);
    const time = document.createElement("time");
    time.dateTime = at.toISOString();
    time.textContent = at.toTimeString().slice(0, 5);
    head.append(who, " ", time);
    const body = document.createElement("div");
    body.className = "body";
    bubble.append(head, body);
    $("messages").append(bubble);
    scrollDown();
    return body;
  }

  #document(message) {
    const box = document.createElement("span");
    const load = speak(document.createElement("button"), "save");
    load.type = "button";
    const suffix = message.mediaFileType || "txt";
    load.addEventListener("click", async () => {
      load.disabled = true;
      const base64 = await this.#download(message, suffix);
      if (base64) load.replaceWith(link(base64, suffix));
      else load.replaceWith(speak(document.createElement("span"), "noFile"));
    });
    const what = speak(document.createElement("span"), "document", suffix);
    what.className = "icon file";
    box.append(what, " ", load);
    return box;
  }

  #offerRating(bubble, interIdx) {
    const foot = document.createElement("footer");
    foot.className = "rating";
    const done = async (content, why) => {
      for (const element of foot.querySelectorAll("button, input")) element.disabled = true;
      if (await this.#rateRobot(interIdx, content, why)) foot.replaceChildren(speak(document.createElement("span"), "rated"));
      else for (const element of foot.querySelectorAll("button, input")) element.disabled = false;
    };
    foot.append(thumb("good", () => done(true)), thumb("bad", () => foot.replaceChildren(reason((why) => done(false, why)))));
    bubble.append(foot);
  }
}

function scrollDown() {
  $("messages").scrollTop = $("messages").scrollHeight;
}

function thumb(key, press) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon " + key;
  button.dataset.tLabel = button.dataset.tTitle = key;
  button.ariaLabel = button.title = say(key);
  button.addEventListener("click", press);
  return button;
}

// reason asks why an answer was not good, which the tenant wants to know in up to 64 characters (E14).
function reason(then) {
  const form = document.createElement("form");
  const text = document.createElement("input");
  text.maxLength = 64;
  text.required = true;
  text.dataset.tPlaceholder = text.dataset.tLabel = "why";
  text.placeholder = text.ariaLabel = say("why");
  const button = speak(document.createElement("button"), "rate");
  form.append(text, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    then(text.value);
  });
  requestAnimationFrame(() => text.focus());
  return form;
}

// linkify puts a text in, with web addresses as links. Nothing in it can become another element.
function linkify(body, text) {
  let from = 0;
  for (const found of text.matchAll(address)) {
    const link = document.createElement("a");
    link.href = found[0];
    link.textContent = found[0];
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
    body.append(text.slice(from, found.index), link);
    from = found.index + found[0].length;
  }
  body.append(text.slice(from));
}

// location shows a place: latitude, longitude and what it is called, as a list or as an object (section 11).
function location(content) {
  const box = document.createElement("span");
  let [latitude, longitude, ...rest] = content.split(",");
  let name = rest.join(",");
  try {
    ({ latitude, longitude, description: name } = JSON.parse(content));
  } catch {
    // the list
  }
  const link = document.createElement("a");
  link.href = `geo:${encodeURIComponent(latitude)},${encodeURIComponent(longitude)}`;
  link.textContent = `${latitude}, ${longitude}`;
  const where = document.createElement("strong");
  if (name) where.textContent = name;
  else speak(where, "place");
  where.className = "icon pin";
  box.append(where, document.createElement("br"), link);
  return box;
}

// player shows a picture or plays a sound or a video.
export function player(mediaType, base64) {
  const [tag, type, key] = { IMAGE: ["img", "image/jpeg", "picture"], AUDIO: ["audio", "audio/mpeg", "voice"], VIDEO: ["video", "video/mp4", "video"] }[mediaType];
  const element = document.createElement(tag);
  element.src = objectURL(base64, type);
  if (tag === "img") element.alt = say(key);
  else {
    element.controls = true;
    element.ariaLabel = say(key);
  }
  element.addEventListener("load", scrollDown);
  element.addEventListener("loadedmetadata", scrollDown);
  return element;
}

function link(base64, suffix) {
  const element = document.createElement("a");
  element.href = objectURL(base64, "application/octet-stream");
  element.download = element.textContent = "document." + suffix.replace(/\W/g, "");
  return element;
}

function objectURL(base64, type) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type }));
}
