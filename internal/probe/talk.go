package probe

import (
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
	"chatbench/internal/trace"
)

// talkCases are looked at in one conversation with whoever speaks first, robot or agent.
var talkCases = []string{
	"CON-22 no content", "CON-21 silence",
	"SND-24 answer", "SND-24 heard", "SND-27 unknown field", "SND-23 controlType", "SND-23 mediaType", "SND-25 long", "SND-25 comma",
	"SND-26 shown", "SND-21 1000 characters", "SND-21 10000 characters",
	"SND-29 499 characters", "SND-29 Chinese", "SND-29 emoji", "SND-29 quotes and line breaks", "SND-29 blanks at both ends",
	"ROB-21 content", "ROB-22 without content", "ROB-23 phrases", "MED-25 upload", "MED-25 send",
	"POL-22 early answers", "POL-23 copies", "POL-23 arrives", "POL-24 arrives",
	"TOK-27 foreign receiverId", "TOK-29 goes on", "CON-24 welcome", "CON-24 goes on",
	"DSC-21 in a conversation", "DSC-22 second", "DSC-23 silence", "QUE-21 after the end", "SND-22 after DISCONNECT",
}

func playTalk(s *scene) {
	u, ok := s.user()
	if !ok || !s.open(u) {
		return
	}
	s.why = gone
	first := len(u.Seen)
	e := &echo{u: u}
	e.learn()
	u.robotsPart()
	u.sendPicture()
	e.asynchronous()
	e.oddSends()
	e.texts()
	e.polls()
	u.foreignPoll()
	u.again(first)
	if u.HungUp {
		return
	}
	u.end()
}

// open connects without content, and with it if that does not do, and waits for somebody to speak.
func (s *scene) open(u *user) bool {
	bare := u.connect(aicc.PathSend, "")
	bare.Ask = "CONNECT without content"
	a := bare
	if !bare.OK() {
		a = u.connect(aicc.PathSend, "hello")
	}
	if a.OK() {
		s.tell("CON-22 no content", bare)
		s.skip("CON-21 silence", trace.Unset, "CONNECT was not refused")
	} else {
		s.why = "CONNECT was refused: " + a.Words()
		u.afterRefusal(bare, a)
		return false
	}
	if _, s.mute = u.greeted(); s.mute {
		s.why = "nobody spoke within " + s.Patience.String()
		return false
	}
	return true
}

// greeted waits for the first words. A robot without a welcome is spoken to.
func (u *user) greeted() (m aicc.Downlink, mute bool) {
	m, ok := u.until(0, min(5*time.Second, u.s.Patience), caller.Talk)
	if !ok && !u.HungUp {
		u.say("a CHAT", "hello")
		m, ok = u.until(0, u.s.Patience, caller.Talk)
	}
	return m, !ok
}

// afterRefusal listens for agents who speak although CONNECT was refused.
func (u *user) afterRefusal(bare, a caller.Answer) {
	if bare.Class() != aicc.Fail || a.Class() != aicc.Fail || !u.s.wants("CON-21 silence") {
		return
	}
	u.listen(listenAfterEnd)
	n := 0
	for i := range u.Seen {
		n += count(caller.ByAgent(&u.Seen[i]))
	}
	u.tellCount("CON-21 silence", a, n, "")
}

// inside tells a case whose call is refused rightly when the other side has hung up meanwhile.
func (u *user) inside(name string, a caller.Answer) {
	switch {
	case u.HungUp:
		u.s.skip(name, trace.Unset, gone)
		return
	case a.OK(), !u.s.wants(name):
	case u.left():
		u.s.skip(name, trace.Unset, gone)
		return
	case !u.goesOn():
		u.s.tell(name, a)
		u.HungUp = true // nothing can be learnt from this conversation any more
		u.s.why = "the conversation was over after " + name
		return
	}
	u.s.tell(name, a)
}

const gone = "the other side hung up"

// goesOn reports whether a plain CHAT is accepted.
func (u *user) goesOn() bool {
	_, text := u.text("is anybody there?")
	a := u.say("a CHAT", text)
	return a.OK()
}

// learn says something plain and looks what comes back.
func (e *echo) learn() {
	_, text := e.u.text("where is my parcel?")
	e.replies = e.said(text)
	for _, m := range e.u.Seen {
		e.echoes = e.echoes || caller.Talk(&m) && strings.Contains(m.Content, text)
	}
}

// said says a text and reports whether it is answered.
func (e *echo) said(text string) bool {
	n := len(e.u.Seen)
	if a := e.u.say("a CHAT", text); !a.OK() {
		return false
	}
	_, ok := e.u.until(n, e.u.s.Patience, caller.Talk)
	return ok
}

// robotsPart is what only a robot has.
func (u *user) robotsPart() {
	s := u.s
	id := ""
	for _, m := range u.Seen {
		if m.SourceType == aicc.FromRobot && m.InterIdx != "" {
			id = string(m.InterIdx)
		}
	}
	if !u.has(func(m *aicc.Downlink) bool { return m.SourceType == aicc.FromRobot }) {
		s.skipAll(trace.Lacking, "no robot answered", "ROB-21 content", "ROB-22 without content", "ROB-23 phrases")
		return
	}
	if id == "" {
		s.skipAll(trace.Lacking, "answers of the robot have no interIdx", "ROB-21 content", "ROB-22 without content")
	}
	u.askOptional("ROB-21 content", u.feedbackCall("a good rating of the robot's answer "+id, id, caller.Fields{"feedback": 1}))
	u.askOptional("ROB-22 without content", u.feedbackCall("a bad rating without feedbackContent", id, caller.Fields{"feedback": 0}))
	u.suggestions()
}

func (u *user) suggestions() {
	const name = "ROB-23 phrases"
	if !u.s.wants(name) {
		return
	}
	a := u.call(caller.Call{Ask: "queryPhraseByKeyword", Path: aicc.PathPhrases, Body: caller.Fields{"strContent": "order", "locale": u.s.Locale, "channel": aicc.ChannelWeb}})
	var w struct {
		Question []string `json:"question"`
		Phrases  []string `json:"phrases"` // on an old page
	}
	switch err := a.Decode(&w); {
	case a.Status == 404:
		u.s.skip(name, trace.Lacking, "the tenant has no "+aicc.PathPhrases)
		return
	case err != nil && a.Shape == "":
		a.Shape = err.Error()
	}
	u.s.tellCount(name, a, max(len(w.Question), len(w.Phrases)), "")
}

// sendPicture uploads a picture and sends it, with the key alone or, as older pages have it, with
// its suffix.
func (u *user) sendPicture() {
	if !u.s.wants("MED-25 upload", "MED-25 send") {
		return
	}
	up := u.call(caller.UploadCall("an upload of a small picture"))
	u.s.tell("MED-25 upload", up)
	if !up.OK() || up.ObjectKey == "" {
		u.s.skip("MED-25 send", trace.Unset, "the upload gave no objectKey")
		return
	}
	a := caller.Answer{}
	for _, key := range []string{up.ObjectKey, up.ObjectKey + ",png"} {
		body := u.Body(aicc.Chat, key).With("mediaType", aicc.Image)
		if a = u.call(caller.SendCall(aicc.PathSend, "CHAT of an IMAGE with the key of an upload", body)); a.OK() {
			break
		}
	}
	u.inside("MED-25 send", a)
}

// asynchronous sends by sendAsync and waits for what a CHAT by send was followed by.
func (e *echo) asynchronous() {
	u, s := e.u, e.u.s
	if !s.wants("SND-24 answer", "SND-24 heard") || u.HungUp {
		return
	}
	u.quiet()
	n := len(u.Seen)
	tag, text := u.text("and by the other way?")
	a := u.call(caller.SendCall(aicc.PathSendAsync, "CHAT by sendAsync", u.Body(aicc.Chat, text)))
	u.inside("SND-24 answer", a)
	heard := false
	if e.replies && a.OK() {
		_, heard = u.until(n, s.Patience, caller.Talk)
	}
	if list, _, ok := u.history(); ok && !heard {
		e.archived = list
		_, heard = e.shown(tag)
	}
	switch {
	case heard:
		s.tellCount("SND-24 heard", a, 1, "")
	case u.HungUp:
	case !a.OK():
		s.skip("SND-24 heard", trace.Unset, "it was not accepted")
	case !e.replies:
		s.skip("SND-24 heard", trace.Lacking, "nobody answers what is said, and there is no history")
	case !e.said(text):
		s.skip("SND-24 heard", trace.Unset, "the other side does not answer any more")
	default:
		u.tellCount("SND-24 heard", a, 0, "")
	}
}

// oddSends are sends that are unusual or wrong.
func (e *echo) oddSends() {
	u, s := e.u, e.u.s
	chat := func(words string) caller.Fields {
		_, text := u.text(words)
		return u.Body(aicc.Chat, text)
	}
	odd := func(name, ask string, body caller.Fields) {
		if s.wants(name) {
			u.inside(name, u.call(caller.SendCall(aicc.PathSend, ask, body)))
		}
	}
	odd("SND-27 unknown field", "CHAT with a field chatbenchProbe", chat("is this one too many?").With("chatbenchProbe", true))
	u.ask("SND-23 controlType", caller.SendCall(aicc.PathSend, "a send with controlType WAVE", chat("wave").With("controlType", "WAVE")))
	u.ask("SND-23 mediaType", caller.SendCall(aicc.PathSend, "CHAT with mediaType STICKER", chat("sticker").With("mediaType", "STICKER")))
	for _, c := range []struct{ name, id string }{{"SND-25 long", strings.Repeat("0123456789", 4)}, {"SND-25 comma", "probe,comma"}} {
		if s.wants(c.name) {
			u.call(caller.SendCall(aicc.PathSend, "CHAT", chat("an odd id").With("messageId", c.id)))
			odd(c.name, "CHAT after one with messageId "+c.id, chat("and a usual one"))
		}
	}
}

// again does twice what is done once: applyToken and CONNECT. The first messages are those of the
// beginning.
func (u *user) again(first int) {
	s := u.s
	if u.HungUp {
		return
	}
	goesOn := func(name, after string) {
		if s.wants(name) {
			_, text := u.text("does it go on?")
			a := u.say("CHAT after "+after, text)
			u.inside(name, a)
		}
	}
	if s.wants("TOK-29 goes on") {
		u.apply()
		goesOn("TOK-29 goes on", "another applyToken")
	}
	if u.HungUp || !s.wants("CON-24 welcome", "CON-24 goes on") {
		return
	}
	u.quiet()
	n := len(u.Seen)
	a := u.connect(aicc.PathSend, "hello")
	a.Ask = "CONNECT in a conversation"
	u.until(n, 2*time.Second, never)
	welcomes := 0
	for _, m := range u.Seen[n:] {
		welcomes += count(includes(u.Seen[:first], m))
	}
	a.Status, a.Code, a.Shape = 0, "", "" // any answer will do
	u.tellCount("CON-24 welcome", a, welcomes, "")
	goesOn("CON-24 goes on", "a second CONNECT")
}

// includes reports whether the same was said before by the same side.
func includes(list []aicc.Downlink, m aicc.Downlink) bool {
	for _, old := range list {
		if old.SourceType == m.SourceType && old.ControlType == m.ControlType && old.Content == m.Content {
			return true
		}
	}
	return false
}

// end hangs up and looks at what comes after that.
func (u *user) end() {
	s := u.s
	u.quiet()
	a := u.disconnect("DISCONNECT in a conversation")
	u.inside("DSC-21 in a conversation", a)
	if !a.OK() {
		s.why = "DISCONNECT was not accepted: " + a.Words()
		return
	}
	u.afterwards(a)
	s.tell("QUE-21 after the end", u.queue("queryQueueInfo after the end"))
	_, text := u.text("one more thing")
	s.tell("SND-22 after DISCONNECT", u.say("CHAT after DISCONNECT", text))
	if s.wants("DSC-22 second") {
		s.tell("DSC-22 second", u.disconnect("DISCONNECT after the end"))
	}
}

const (
	graceAfterEnd  = time.Second // what was under way may still come
	listenAfterEnd = 4 * time.Second
)

// afterwards polls on after the end.
func (u *user) afterwards(a caller.Answer) {
	if !u.s.wants("DSC-23 silence") {
		return
	}
	u.listen(graceAfterEnd)
	n := len(u.Seen)
	u.listen(listenAfterEnd)
	said := 0
	for i := range u.Seen[n:] {
		said += count(caller.Talk(&u.Seen[n+i]))
	}
	a.Ask = "polls after the customer's DISCONNECT"
	u.tellCount("DSC-23 silence", a, said, "")
}
