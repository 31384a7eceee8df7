package probe

import (
	"context"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
	"chatbench/internal/trace"
)

// polls looks at how polls are held.
func (e *echo) polls() {
	s := e.u.s
	if e.u.HungUp || !s.wants("POL-22 early answers", "POL-23 copies", "POL-23 arrives", "POL-24 arrives") {
		return
	}
	if !e.replies {
		s.skipAll(trace.Lacking, "nobody answers what is said", "POL-22 early answers", "POL-23 copies", "POL-23 arrives", "POL-24 arrives")
		return
	}
	e.u.quiet()
	if s.wants("POL-22 early answers") {
		e.heldPolls()
	}
	if s.wants("POL-23 copies", "POL-23 arrives") {
		e.twoPolls()
	}
	if s.wants("POL-24 arrives") {
		e.abortedPoll()
	}
}

// shortPoll is a hold that is none.
const shortPoll = time.Second

// heldPolls says something while a poll is held, until the poll that brings the answer comes back
// well before the end of its hold, three times at most: an answer may come late by chance.
func (e *echo) heldPolls() {
	const name = "POL-22 early answers"
	s, hold := e.u.s, e.u.Held
	if hold < shortPoll {
		s.skip(name, trace.Lacking, "polls are not held")
		return
	}
	early, brought := 0, caller.Answer{}
	for try := 0; try < 3 && early == 0 && !e.u.HungUp; try++ {
		if a, ok := e.answeredPoll(); ok {
			brought = a
			early += count(a.Took < hold*4/5)
		}
		e.u.quiet()
	}
	brought.Ask = "a CHAT while a poll was held, up to three times"
	if brought.Op == aicc.OpNone {
		s.skip(name, trace.Unset, "nothing was answered in time")
		return
	}
	e.u.tellCount(name, brought, early, "the last such poll took "+brought.Took.Round(time.Millisecond).String()+" of "+hold.Round(time.Millisecond).String())
}

// settle is how long a poll takes to be there before something is said.
const settle = 300 * time.Millisecond

// answeredPoll says something while a poll is held and gives the poll that brought an answer.
func (e *echo) answeredPoll() (caller.Answer, bool) {
	u := e.u
	held := u.background(u.s.ctx)
	u.s.pause(settle)
	_, text := u.text("does this wake you?")
	u.say("a CHAT", text)
	a := <-held
	for end := time.Now().Add(u.s.Patience); ; u.s.pause(caller.PollPause) {
		u.Take(a)
		if len(a.Messages) > 0 {
			return a, true
		}
		if u.HungUp || u.s.ctx.Err() != nil || time.Now().After(end) {
			return a, false
		}
		a = u.call(caller.PollCall("a poll", u.ID))
	}
}

// twoPolls has two polls at once while something is said.
func (e *echo) twoPolls() {
	u, s := e.u, e.u.s
	n := len(u.Seen)
	one := u.background(s.ctx)
	s.pause(settle)
	other := u.background(s.ctx)
	s.pause(settle)
	_, text := u.text("and the two of you?")
	said := u.say("a CHAT", text)
	a := <-one
	u.Take(a)
	b := <-other
	u.Take(b)
	u.until(n, s.Patience, caller.Talk)
	u.quiet()
	b.Ask = "two polls at once, and a CHAT"
	if !said.OK() || u.HungUp {
		s.skipAll(trace.Unset, "the conversation did not go on", "POL-23 copies", "POL-23 arrives")
		return
	}
	u.tellCount("POL-23 copies", b, repeated(u.Seen[n:]), "")
	e.tellArrived("POL-23 arrives", b, len(u.Seen)-n)
}

// tellArrived tells a case that expects an answer to what was said. Without one, another text shows
// whether there is still somebody who answers.
func (e *echo) tellArrived(name string, a caller.Answer, n int) {
	_, text := e.u.text("do you still answer?")
	if n == 0 && !e.said(text) {
		e.u.s.skip(name, trace.Unset, "the other side does not answer any more")
		return
	}
	e.u.tellCount(name, a, n, "")
}

// repeated counts the messages that are the same as one before, in all fields.
func repeated(list []aicc.Downlink) int {
	seen := make(map[aicc.Downlink]bool)
	n := 0
	for _, m := range list {
		n += count(seen[m])
		seen[m] = true
	}
	return n
}

// abortedPoll breaks a poll off, begins another, and says something.
func (e *echo) abortedPoll() {
	const name = "POL-24 arrives"
	u, s := e.u, e.u.s
	n := len(u.Seen)
	ctx, abort := context.WithCancel(s.ctx)
	defer abort()
	first := u.background(ctx)
	s.pause(settle)
	abort()
	if a := <-first; a.Status != 0 { // it came all the same
		u.Take(a)
	}
	next := u.background(s.ctx)
	s.pause(settle)
	_, text := u.text("are you still there?")
	said := u.say("a CHAT", text)
	a := <-next
	u.Take(a)
	u.until(n, s.Patience, caller.Talk)
	a.Ask = "a poll that is broken off, another one, and a CHAT"
	if !said.OK() || u.HungUp {
		s.skip(name, trace.Unset, "the conversation did not go on")
		return
	}
	e.tellArrived(name, a, len(u.Seen)-n)
}

// foreignPoll has another user poll for this one, for whom something waits.
func (u *user) foreignPoll() {
	const name = "TOK-27 foreign receiverId"
	if !u.s.wants(name) || u.HungUp {
		return
	}
	other, ok := u.s.user()
	if !ok {
		return
	}
	n := len(u.Seen)
	_, text := u.text("this is for me alone")
	u.say("a CHAT", text)
	u.s.pause(time.Second)
	a := other.once(caller.PollCall("a poll with the receiverId of another user", u.ID))
	if len(a.Messages) == 0 {
		if _, ok := u.until(n, u.s.Patience, caller.Talk); !ok {
			u.s.skip(name, trace.Unset, "nothing was said that could have been taken")
			return
		}
	}
	u.s.tellCount(name, a, len(a.Messages), "")
}
