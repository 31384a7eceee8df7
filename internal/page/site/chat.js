// One customer's conversation as the vendor's demo client leads it: tokens, CONNECT, one poll at a time
// with a pause before each, every message through the same branches, DISCONNECT (docs/protocol.md,
// sections 4 and 6). It draws nothing: `view` is told what happens.

const pollPause = 100;     // ms before each poll
const queuePause = 10_000; // ms between two questions for the place in the queue
const patience = 5;        // polls that may fail in a row

// What the demo client downloads at once, and as what.
const downloaded = { IMAGE: "jpg", VIDEO: "mp4", AUDIO: "mp3" };

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Chat leads conversations one after the other. What it tells `view` are the methods of the class View.
export class Chat {
  #wire;
  #view;
  #chatting = false;
  #agent = "";       // who is there, once one has spoken
  #polling;          // settled when nothing is polled any more
  #wait = null;      // in the queue: an object of its own for each time
  #nextQuestion = 0; // timer

  constructor(wire, view) {
    this.#wire = wire;
    this.#view = view;
  }

  get chatting() { return this.#chatting; }

  // connect opens a conversation and returns when that went well or not; polls go on behind it. The last poll
  // of the conversation before may still be held, and there is only ever one.
  async connect() {
    this.#agent = "";
    this.#view.state("connecting");
    await this.#polling;
    await this.#wire.authorize();
    const code = await this.#wire.send("CONNECT", "TEXT", "hello");
    if (code !== "0") {
      this.#view.refused(code);
      return;
    }
    this.#chatting = true;
    this.#view.state("connected");
    this.#polling = this.#pollOn();
  }

  // pollOn polls until the conversation is over.
  async #pollOn() {
    let failed = 0;
    for (await pause(pollPause); this.#chatting; await pause(pollPause)) {
      try {
        const messages = await this.#wire.poll();
        if (failed > 0) this.#view.solved("pollFailed");
        failed = 0;
        for (const message of messages) this.#handle(message);
      } catch (error) {
        if (!this.#chatting) return;
        this.#view.problem("pollFailed", error);
        if (++failed === patience) this.#over("lost");
        await pause(failed * 1000);
      }
    }
  }

  // handle is the demo's order of branches. Messages behind a DISCONNECT come here, too.
  #handle(message) {
    if (message.sourceType === "AGENT") this.#agentIsThere(message);
    if (message.sourceType === "ROBOT") {
      this.#view.said(message);
      return;
    }
    if (downloaded[message.mediaType]) {
      this.#showMedia(message);
      return;
    }
    if (message.controlType === "DISCONNECT") {
      if (message.content) this.#view.said(message);
      this.#over(String(message.isOfflineStatus) === "true" ? "parked" : "dropped");
      return;
    }
    this.#view.said(message);
    if (message.queueFlag) this.#waitInQueue();
  }

  #agentIsThere(message) {
    this.#leaveQueue();
    if (this.#agent || !this.#chatting) return;
    this.#agent = message.senderNickname || "·";
    this.#view.state("agent", message.senderNickname);
    this.#askForCalls();
  }

  // askForCalls asks once, when the first agent speaks, whether the chat can become a call.
  async #askForCalls() {
    try {
      this.#view.calls(await this.#wire.callSupport());
    } catch (error) {
      this.#view.problem("callFailed", error);
    }
  }

  async #showMedia(message) {
    const bubble = this.#view.media(message);
    try {
      this.#view.fill(bubble, message, await this.#wire.download(message, downloaded[message.mediaType]));
    } catch (error) {
      this.#view.fill(bubble, message, "");
      this.#view.problem("callFailed", error);
    }
  }

  #waitInQueue() {
    if (this.#wait || !this.#chatting) return;
    this.#view.state("queue");
    this.#wait = {};
    this.#askForPlace(this.#wait);
  }

  // askForPlace asks every 10 s, until the answer is another code than "0" or an agent speaks.
  async #askForPlace(wait) {
    try {
      const place = await this.#wire.queue();
      if (this.#wait !== wait) return;
      if (place.code !== "0") {
        this.#leaveQueue();
        return;
      }
      this.#view.place(place.position, place.wait);
    } catch (error) {
      if (this.#wait !== wait) return;
      this.#view.problem("callFailed", error);
    }
    this.#nextQuestion = setTimeout(() => this.#askForPlace(wait), queuePause);
  }

  #leaveQueue() {
    this.#wait = null;
    clearTimeout(this.#nextQuestion);
  }

  // over ends the conversation on this side: nothing is polled or asked any more.
  #over(how) {
    if (!this.#chatting) return;
    this.#chatting = false;
    this.#leaveQueue();
    this.#view.ended(how);
  }

  // say sends a text, and gives the result code.
  say(text) {
    return this.#wire.send("CHAT", "TEXT", text, { messageId: newId() });
  }

  // sendFile uploads a file and says that it did. It gives the result code, or "upload" when that was refused.
  async sendFile({ name, size, suffix, mediaType, base64 }) {
    const key = await this.#wire.upload(suffix, base64);
    if (!key) return "upload";
    const content = mediaType === "FILE" ? [name.replaceAll(",", "_"), size, key, suffix].join(",") : key;
    return this.#wire.send("CHAT", mediaType, content, { messageId: newId() });
  }

  // handOver asks for a human instead of the robot, and gives the result code.
  handOver() {
    return this.#wire.send("TRANS2AGENT", "TEXT", "hello");
  }

  // leave hangs up, and gives the result code.
  async leave() {
    this.#over("left");
    return this.#wire.send("DISCONNECT", "TEXT");
  }

  // vanish hangs up when the page is being closed.
  vanish() {
    if (!this.#chatting) return;
    this.#chatting = false;
    this.#leaveQueue();
    this.#wire.sendAtLast("DISCONNECT");
  }
}

// newId makes a messageId: up to 32 characters and no comma (E03).
function newId() {
  return crypto.randomUUID().replaceAll("-", "");
}
