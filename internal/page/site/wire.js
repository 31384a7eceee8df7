// The endpoints of the web chat, as the customer's side calls them: paths, headers, tokens and bodies.
// What is called when is in chat.js. Section numbers are those of docs/protocol.md.

const messaging = "/apiaccess/ccmessaging/";

// CallError is a call that was not answered, or not with HTTP 200 and JSON.
export class CallError extends Error {
  constructor(op, status, options) {
    super(`${op}: ${status === 200 ? "no JSON" : status || "no answer"}`, options);
    this.op = op;
    this.status = status; // 0: no answer at all
  }
}

// Wire speaks for one customer. `tenant` has channel, appKey and appSecret, `customer` has user, name and
// locale, and `watch` is given each exchange when it is over.
export class Wire {
  #tenant;
  #customer;
  #watch;
  #access = ""; // the application's token
  #token = "";  // the customer's
  #tokenFrom = 0; // when the request began that brought it
  #renewal = null; // while tokens are being got

  constructor(tenant, customer, watch) {
    this.#tenant = tenant;
    this.#customer = customer;
    this.#watch = watch;
  }

  // authorize gets both tokens. Whoever asks for them while they are on their way waits for the same ones.
  authorize() {
    this.#renewal ??= this.#getTokens().finally(() => { this.#renewal = null; });
    return this.#renewal;
  }

  async #getTokens() {
    const application = await this.#exchange("token", "/apigovernance/api/oauth/tokenByAkSk",
      { app_key: this.#tenant.appKey, app_secret: this.#tenant.appSecret });
    accepted("token", application);
    this.#access = application.data.AccessToken;
    const { user, name, locale } = this.#customer;
    const began = performance.now();
    const answer = await this.#exchange("apply", messaging + "applyToken",
      { userId: user, userName: name, channelId: this.#tenant.channel, locale });
    accepted("apply", answer);
    // The object with a token is what most pages show, the bare token is in one sample (E02).
    this.#token = typeof answer.data === "string" ? answer.data : answer.data.token;
    this.#tokenFrom = began;
  }

  // send is E03; it gives the result code.
  async send(controlType, mediaType, content, more = {}) {
    return code(await this.#call(controlType, "send", this.#message(controlType, mediaType, content, more)));
  }

  // sendAtLast sends when nobody will be there any more to read the answer: the page is being closed.
  sendAtLast(controlType) {
    this.#exchange(controlType, messaging + "send", this.#message(controlType, "TEXT", undefined, {}), { keepalive: true }).catch(() => {});
  }

  #message(controlType, mediaType, content, more) {
    return {
      channel: "WEB", controlType, mediaType, content, sourceType: "CUSTOMER",
      from: this.#customer.user, to: this.#tenant.channel, senderNickname: this.#customer.name,
      timestamp: String(Date.now()), ...more,
    };
  }

  // poll is E05; it gives the messages, of which there may be none.
  async poll() {
    const query = new URLSearchParams({ receiverId: this.#customer.user, channel: "WEB" });
    const answer = await this.#call("poll", "poll?" + query, undefined);
    return answer.downlinkMessages ?? [];
  }

  // queue is E06: where in the queue the customer is, while its code is "0".
  async queue() {
    const answer = await this.#call("queue", "queryQueueInfo",
      { userId: this.#customer.user, channelConfigId: this.#tenant.channel, channel: "WEB" });
    return { code: code(answer), position: answer.position, wait: answer.estimateWaitTime };
  }

  // upload is E07; it gives the key of the stored file, or "" when it was refused.
  async upload(fileType, base64) {
    const answer = await this.#call("upload", "uploadFileStream", { fileType, fileStream: base64, channel: "WEB" });
    return code(answer) === "0" ? answer.objectKey : "";
  }

  // download is E08, of a file that a message names; it gives Base64, or "" when there is no such file.
  async download(message, fileType) {
    const answer = await this.#call("download", "downloadFileStream", message.contentType === "1"
      ? { fileId: "local/" + message.content, channel: "WEB", fileType: message.mediaFileType || fileType }
      : { fileId: message.content, channel: "WEB", fileType, multiMedia: "multiMedia" });
    return code(answer) === "0" ? answer.fileStream : "";
  }

  // history is E09: the latest messages with agents, oldest first, or null when none is kept.
  async history(limit) {
    const answer = await this.#call("history", "queryHistoryChatMessage",
      { channelId: this.#tenant.channel, userId: this.#customer.user, limit: String(limit), offset: "0", channel: "WEB" });
    return code(answer) === "0" ? answer.messageList ?? [] : null;
  }

  // leaveMessage is E10. What it calls callId is the customer.
  async leaveMessage(text) {
    return code(await this.#call("leave", "doLeaveMessage",
      { callId: this.#customer.user, caller: this.#customer.name, leaveMessage: text, channel: "WEB" }));
  }

  // surveyLevels is E12: the answers a survey offers, or none when there is no survey.
  async surveyLevels(language) {
    const answer = await this.#call("survey", "getsatisfactionsurveymode", { language });
    const survey = answer.satisfactionSurvey;
    return code(answer) === "0" && survey?.surveyType === "WEB" ? survey.satisfactionLevel ?? [] : [];
  }

  // rate is E13.
  async rate(evaluation, comment) {
    return code(await this.#call("rate", "saveSatisfaction",
      { channel: "WEB", userId: this.#customer.user, channelConfigId: this.#tenant.channel, evaluation, comment }));
  }

  // rateRobot is E14; whoever is not content has to say why.
  async rateRobot(interIdx, content, why) {
    const feedback = content ? { feedback: 1 } : { feedback: 0, feedbackContent: why };
    return code(await this.#call("feedback", "v1/robot/feedbacksatisfaction", { ...feedback, from: this.#customer.user, interIdx }));
  }

  // callSupport is E15: whether the chat can become a call.
  async callSupport() {
    const answer = await this.#call("support", "v1/checkClickToCallSupport?channel=WEB", undefined);
    return String(answer.clickToCallSupported) === "true";
  }

  // call makes a call of a customer who has tokens, and gives the answer's object. After a 401 the
  // tokens are renewed and the call is made once more (2.3).
  async #call(op, path, body) {
    await this.#renewal;
    let answer = await this.#exchange(op, messaging + path, body);
    if (answer.status === 401) {
      await this.authorize();
      answer = await this.#exchange(op, messaging + path, body);
    }
    accepted(op, answer);
    if (typeof answer.data !== "object") throw new CallError(op, answer.status);
    return answer.data;
  }

  // exchange is one request and its answer. Without a body it is a GET.
  async #exchange(op, path, body, { keepalive = false } = {}) {
    const began = performance.now();
    const seen = { op, path, at: new Date(), request: body, status: 0, data: null };
    try {
      const response = await fetch(path, {
        method: body ? "POST" : "GET", headers: this.#headers(body), body: JSON.stringify(body), cache: "no-store", keepalive,
      });
      const text = await response.text();
      seen.status = response.status;
      seen.data = parse(text);
      this.#replaceToken(response.headers.get("ccmessaging-token"), began);
      return seen;
    } catch (error) {
      throw new CallError(op, 0, { cause: error });
    } finally {
      seen.ms = performance.now() - began;
      seen.code = seen.data ? code(seen.data) : "";
      this.#watch(seen);
    }
  }

  #headers(body) {
    const headers = {};
    if (body) headers["Content-Type"] = "application/json";
    if (this.#access) Object.assign(headers, { "x-app-key": this.#tenant.appKey, Authorization: "Bearer " + this.#access });
    if (this.#token) headers["ccmessaging-token"] = this.#token;
    return headers;
  }

  // replaceToken takes up the token that came in an answer's header: the old one has run out during a
  // conversation (2.3). Of two, the one whose request began later counts.
  #replaceToken(token, began) {
    if (!token || began < this.#tokenFrom) return;
    this.#token = token;
    this.#tokenFrom = began;
  }
}

// code is an answer's result code as a text: upload has another name for it, and some answer numbers (2.5).
function code(answer) {
  return String(answer.resultCode ?? answer.returnCode ?? "");
}

function accepted(op, answer) {
  if (answer.status !== 200 || answer.data === null) throw new CallError(op, answer.status);
}

// parse reads JSON. A bare token is not always quoted.
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text || null;
  }
}
