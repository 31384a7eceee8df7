// Puts the page together: who the customer is, and what each button does.

import { Chat } from "./chat.js";
import { note } from "./exchanges.js";
import { language, locale, say, speak, switchLanguage, translate } from "./language.js";
import { View, player } from "./view.js";
import { Wire } from "./wire.js";

const $ = (id) => document.getElementById(id);

// What can be sent, by suffix: the type it is uploaded as (E07) and what the message says it is (E03).
const sendable = {
  jpg: ["jpg", "IMAGE"], jpeg: ["jpg", "IMAGE"], png: ["png", "IMAGE"], bmp: ["bmp", "IMAGE"],
  mp3: ["mp3", "AUDIO"], aac: ["aac", "AUDIO"], mp4: ["mp4", "VIDEO"], txt: ["txt", "FILE"], csv: ["csv", "FILE"],
};

let wire, chat;
let ending = false; // the survey is asked before the customer hangs up

const view = new View({
  rateRobot: (interIdx, content, why) => attempt("rateRefused", () => wire.rateRobot(interIdx, content, why)),
  download: async (message, suffix) => {
    try {
      return await wire.download(message, suffix);
    } catch (error) {
      view.problem("callFailed", error);
      return "";
    }
  },
  askSurvey,
});

// attempt makes a call that gives a result code, says so when it is not "0", and gives whether it was.
async function attempt(refused, call) {
  try {
    const code = await call();
    if (code !== "0") view.problem(refused, code);
    return code === "0";
  } catch (error) {
    view.problem("callFailed", error);
    return false;
  }
}

// customer is who this tab is: it stays the same when the page is loaded again, and another tab is another
// customer. Its id is made as the demo client makes it (E02): the time and a part of a UUID.
function customer() {
  let user = sessionStorage.getItem("user");
  if (!user) sessionStorage.setItem("user", user = Date.now() + crypto.randomUUID().slice(0, 8));
  return { user, name: $("name").value.trim() || say("visitor"), locale: locale() };
}

// setUp reads what a real web client would never be given: the application's key and secret. Its backend
// keeps them and gets the tokens.
async function setUp() {
  const response = await fetch("chatbench/page.json");
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

async function connect() {
  $("start").hidden = true;
  $("problem").hidden = true;
  try {
    wire ??= new Wire(await setUp().catch((error) => { throw Object.assign(error, { key: "setupFailed" }); }), customer(), note);
    chat ??= new Chat(wire, view);
    await chat.connect();
  } catch (error) {
    view.problem(error.key ?? "connectFailed", error);
    view.state("out");
    $("start").hidden = false;
  }
}

async function speakUp() {
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  grow();
  await deliver(view.own(text), () => chat.say(text));
}

// deliver sends something and tells its bubble how that went.
async function deliver(tell, send) {
  try {
    tell(await send());
  } catch (error) {
    tell(error.status || "–");
    view.problem("callFailed", error);
  }
}

async function sendFile() {
  const file = $("file").files[0];
  $("file").value = "";
  if (!file) return;
  const suffix = file.name.split(".").pop().toLowerCase();
  if (!sendable[suffix]) {
    view.problem("wrongType", file.name);
    return;
  }
  const [type, mediaType] = sendable[suffix];
  const base64 = await read(file);
  const tell = view.own(mediaType === "FILE" ? file.name : player(mediaType, base64));
  await deliver(tell, () => chat.sendFile({ name: file.name, size: file.size, suffix: type, mediaType, base64 }));
}

function read(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1] ?? "");
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(file);
  });
}

async function handOver() {
  $("hand-over").disabled = true;
  if (!await attempt("handOverRefused", () => chat.handOver())) view.offerMessage();
  $("hand-over").disabled = false;
}

async function showHistory() {
  try {
    const messages = await wire.history(50);
    if (messages?.length) view.past(messages);
    else view.notice(messages ? "historyEmpty" : "historyNone");
  } catch (error) {
    view.problem("callFailed", error);
  }
}

async function leaveMessage() {
  if (!await attempt("leaveRefused", () => wire.leaveMessage($("left-text").value))) return;
  view.notice("left");
  closeMessage();
}

function closeMessage() {
  $("left-text").value = "";
  $("leave-message").hidden = true;
  if (!chat.chatting) $("again").hidden = false;
}

// end asks the survey, if there is one, and hangs up: the documented order (6.1).
async function end() {
  ending = true;
  if (!await askSurvey()) finish();
}

// askSurvey shows the survey and gives whether there is one. The other side may have hung up already.
async function askSurvey() {
  let levels = [];
  try {
    levels = await wire.surveyLevels(language() === "zh" ? "zh_CN" : "en_US");
  } catch (error) {
    view.problem("callFailed", error);
  }
  $("levels").replaceChildren(...levels.map(level));
  $("survey").hidden = levels.length === 0;
  $("stay").hidden = !chat.chatting;
  speak($("send-survey"), chat.chatting ? "sendSurvey" : "send");
  speak($("skip-survey"), chat.chatting ? "skipSurvey" : "noSurvey");
  $("levels").querySelector("input")?.focus();
  return levels.length > 0;
}

function level({ satisfactionLevelKey: key, satisfactionLevelDesc: text }) {
  const label = document.createElement("label");
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "level", value: key, required: true });
  label.append(radio, " ", text);
  return label;
}

async function sendSurvey() {
  const evaluation = $("levels").querySelector("input:checked").value;
  if (await attempt("surveyRefused", () => wire.rate(evaluation, $("comment").value))) view.notice("thanks");
  finish();
}

// finish closes the survey, and hangs up if that was what it was for.
async function finish() {
  $("survey").hidden = true;
  $("comment").value = "";
  const hangUp = ending && chat.chatting;
  ending = false;
  if (hangUp) await attempt("disconnectRefused", () => chat.leave());
}

function startAgain() {
  $("again").hidden = true;
  $("survey").hidden = true;
  connect();
}

// grow makes the input as high as its text, within reason.
function grow() {
  $("text").style.height = "auto";
  $("text").style.height = Math.min($("text").scrollHeight, 120) + "px";
}

function toggleExchanges() {
  const drawer = $("exchanges");
  drawer.hidden = !drawer.hidden;
  $("show-exchanges").setAttribute("aria-expanded", String(!drawer.hidden));
}

// submit makes a form do something instead of being sent away.
function submit(form, action) {
  $(form).addEventListener("submit", (event) => {
    event.preventDefault();
    action();
  });
}

submit("start", connect);
submit("composer", speakUp);
submit("leave-message", leaveMessage);
submit("survey", sendSurvey);
for (const [button, action] of Object.entries({
  "hand-over": handOver, history: showHistory, end, again: startAgain, "skip-survey": finish, "cancel-message": closeMessage,
  stay: () => { ending = false; $("survey").hidden = true; },
  dismiss: () => { $("problem").hidden = true; },
  "switch-lang": switchLanguage, "show-exchanges": toggleExchanges,
})) $(button).addEventListener("click", action);
$("file").addEventListener("change", sendFile);
$("text").addEventListener("input", grow);
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return; // Enter also chooses a character when Chinese is typed
  event.preventDefault();
  $("composer").requestSubmit();
});
addEventListener("pagehide", () => chat?.vanish());

translate();
