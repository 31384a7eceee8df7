package probe

import (
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
	"chatbench/internal/trace"
)

// text is something that was said for a case, and can be told by its tag.
type text struct{ name, tag, text string }

const (
	longText    = 1_000
	tooLongText = 10_000
)

// texts says texts that are long or odd, and one twice, and looks for them in the echo or the
// history.
func (e *echo) texts() {
	u, s := e.u, e.u.s
	names := []string{"SND-21 1000 characters", "SND-21 10000 characters", "SND-26 shown", "SND-29 499 characters", "SND-29 Chinese",
		"SND-29 emoji", "SND-29 quotes and line breaks", "SND-29 blanks at both ends"}
	if !s.wants(names...) || u.HungUp {
		return
	}
	odd := e.sayOddTexts()
	twice, repetition := e.sayTwice()
	huge, cut := e.sayLong()
	e.wait()
	if list, _, ok := u.history(); ok {
		e.archived = list
	}
	for _, t := range odd {
		e.judge(t)
	}
	e.judgeTwice(twice, repetition)
	e.judgeHuge(huge, cut)
}

// unseen is why a case that needs to see what was said again cannot be looked at.
const unseen = "neither an echo nor a history shows what was said"

// sayOddTexts says the texts that must pass unchanged, and gives those that were accepted.
func (e *echo) sayOddTexts() []text {
	u := e.u
	var said []text
	for _, t := range []struct{ name, front, back string }{
		{"SND-29 499 characters", "", strings.Repeat("long ", 100)},
		{"SND-29 Chinese", "您好，", "我的包裹在哪里？"},
		{"SND-29 emoji", "👋🏽 ", "where is it? 📦❓👨‍👩‍👧"},
		{"SND-29 quotes and line breaks", `"quoted" and 'quoted', `, "a \\ and a / and <b>&amp;\nnext line\ttab"},
		{"SND-29 blanks at both ends", "  ", "with blanks around  "},
	} {
		if !u.s.wants(t.name) {
			continue
		}
		tag, _ := u.text("")
		whole := t.front + tag + " " + t.back
		if t.name == "SND-29 499 characters" {
			whole = whole[:aicc.MaxDemoText]
		}
		if a := u.say("a CHAT of "+t.name, whole); !a.OK() {
			u.s.skip(t.name, trace.Unset, "it was not accepted: "+a.Words())
			continue
		}
		e.wait()
		said = append(said, text{t.name, tag, whole})
	}
	return said
}

// wait gives the other side time to answer what was said last.
func (e *echo) wait() {
	if e.replies {
		e.u.until(len(e.u.Seen), 5*time.Second, caller.Talk)
	}
}

func (e *echo) judge(t text) {
	n, visible := e.changed(t.tag, t.text)
	if !visible {
		e.u.s.skip(t.name, trace.Lacking, unseen)
		return
	}
	e.u.s.tellCount(t.name, caller.Answer{Ask: "CHAT of " + t.name, Started: e.u.s.now()}, n, "")
}

// sayTwice sends one CHAT twice, with one messageId.
func (e *echo) sayTwice() (tag string, second caller.Answer) {
	u := e.u
	if !u.s.wants("SND-26 shown") {
		return "", caller.Answer{}
	}
	tag, words := u.text("did you get this twice?")
	body := u.Body(aicc.Chat, words).With("messageId", "probe"+u.ID)
	u.call(caller.SendCall(aicc.PathSend, "CHAT", body))
	e.wait()
	second = u.call(caller.SendCall(aicc.PathSend, "the same CHAT twice, with one messageId", body))
	e.wait()
	return tag, second
}

func (e *echo) judgeTwice(tag string, second caller.Answer) {
	const name = "SND-26 shown"
	if !e.u.s.wants(name) {
		return
	}
	n, visible := e.shown(tag)
	if !visible {
		e.u.s.skip(name, trace.Lacking, unseen)
		return
	}
	second.Status, second.Code, second.Shape = 0, "", "" // the second may be refused or accepted
	e.u.s.tellCount(name, second, n, "")
}

// sayLong says a long text and one that is too long. Of this, tags at both ends tell later whether
// it was cut.
func (e *echo) sayLong() (head string, huge caller.Answer) {
	u, s := e.u, e.u.s
	if s.wants("SND-21 1000 characters") {
		_, words := u.text("")
		u.inside("SND-21 1000 characters", u.say("CHAT of 1,000 characters", filled(words, "", longText)))
		e.wait()
	}
	if !s.wants("SND-21 10000 characters") {
		return "", caller.Answer{}
	}
	head, words := u.text("")
	return head, u.say("CHAT of 10,000 characters", filled(words, tail(head), tooLongText))
}

// tail is the tag at the other end of a text.
func tail(head string) string { return head + "end" }

// filled puts so much between front and back that they are n characters together.
func filled(front, back string, n int) string {
	return front + strings.Repeat("x", n-utf8.RuneCountInString(front)-utf8.RuneCountInString(back)) + back
}

func (e *echo) judgeHuge(head string, a caller.Answer) {
	const name = "SND-21 10000 characters"
	if !e.u.s.wants(name) {
		return
	}
	_, begun := e.shown(head)
	_, whole := e.shown(tail(head))
	if a.OK() && !begun {
		e.u.s.skip(name, trace.Lacking, "it was accepted, and "+unseen)
		return
	}
	e.u.s.tellCount(name, a, count(begun && !whole), "")
}
