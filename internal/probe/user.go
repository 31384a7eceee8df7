package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

// user is one user of the channel, whose calls end with the probes.
type user struct {
	*caller.User
	s     *scene
	texts int // said so far
}

// user makes the next user, with both tokens; not ok leaves the reason in s.why.
func (s *scene) user() (u *user, ok bool) {
	s.users++
	u = &user{s: s, User: s.tenant.NewUser(s.User(s.users - 1))}
	s.cast = append(s.cast, u)
	for range 3 { // without a user a whole act is lost
		a := u.Renew(s.ctx)
		if a.OK() {
			return u, true
		}
		s.why = "a user got no tokens: " + a.Words()
		if a.Status != 0 {
			break
		}
		s.pause(time.Second)
	}
	return u, false
}

// apply asks for a user token, which the user has from then on.
func (u *user) apply() caller.Answer { return u.Apply(u.s.ctx) }

// applyAs asks for a user token without taking it.
func (u *user) applyAs(body caller.Fields) caller.Answer { return u.ApplyAs(u.s.ctx, body) }

// once makes a call with the user's tokens, or what stands in for them, and leaves it at that.
func (u *user) once(c caller.Call) caller.Answer { return u.Once(u.s.ctx, c) }

// call makes a call as a good client does: after a 401 it renews the tokens and repeats it.
func (u *user) call(c caller.Call) caller.Answer { return u.Call(u.s.ctx, c) }

// connect sends CONNECT.
func (u *user) connect(path, content string) caller.Answer {
	return u.Connect(u.s.ctx, path, content)
}

// text makes a text that can be told from all others.
func (u *user) text(words string) (tag, text string) {
	u.texts++
	tag = fmt.Sprintf("%s-%d-", u.ID, u.texts)
	return tag, tag + " " + words
}

// say sends a CHAT.
func (u *user) say(ask, text string) caller.Answer { return u.Say(u.s.ctx, ask, text) }

// transfer sends TRANS2AGENT.
func (u *user) transfer() caller.Answer { return u.Transfer(u.s.ctx) }

// disconnect ends the conversation.
func (u *user) disconnect(ask string) caller.Answer { return u.Disconnect(u.s.ctx, ask) }

// cleanUp hangs up what may still be open, also when the probes are to stop.
func (u *user) cleanUp() {
	if !u.Open {
		return
	}
	ctx, cancel := context.WithTimeout(u.s.cleanup, cleanupTimeout)
	defer cancel()
	u.Disconnect(ctx, "DISCONNECT")
}

// queue asks for the place in the queue.
func (u *user) queue(ask string) caller.Answer { return u.Queue(u.s.ctx, ask) }

// poll polls once and takes in what that brings.
func (u *user) poll() caller.Answer { return u.Poll(u.s.ctx) }

// tellCount tells a case that counts messages. A poll that was not answered may have taken some, so
// that nothing is known then.
func (u *user) tellCount(name string, a caller.Answer, n int, note string) {
	if u.Contact.Err != "" {
		a.Op, a.Err = aicc.OpPoll, u.Contact.Err
	}
	u.s.tellCount(name, a, n, note)
}

// until polls until a message is as wanted, for a while or until the other side has hung up. It looks
// at what came behind the first from messages.
func (u *user) until(from int, d time.Duration, want func(*aicc.Downlink) bool) (m aicc.Downlink, found bool) {
	return u.Until(u.s.ctx, from, d, want)
}

// calm is how long nothing must have come before nothing is taken to be on its way.
const calm = time.Second

// quiet polls until nothing comes any more, for a minute at most.
func (u *user) quiet() {
	last, end := time.Now(), time.Now().Add(time.Minute)
	for time.Since(last) < calm && time.Now().Before(end) && !u.HungUp && u.s.ctx.Err() == nil {
		if a := u.poll(); len(a.Messages) > 0 {
			last = time.Now()
		}
		u.s.pause(caller.PollPause)
	}
}

// listen polls for a while, also after the end.
func (u *user) listen(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end) && u.s.ctx.Err() == nil; u.s.pause(5 * caller.PollPause) {
		u.poll()
	}
}

// left reports whether the other side has hung up, after giving that a moment to arrive.
func (u *user) left() bool {
	u.until(len(u.Seen), time.Second, never)
	return u.HungUp
}

func never(*aicc.Downlink) bool { return false }

func (u *user) has(want func(*aicc.Downlink) bool) bool {
	return slices.ContainsFunc(u.Seen, func(m aicc.Downlink) bool { return want(&m) })
}

// background polls while something else is done.
func (u *user) background(ctx context.Context) <-chan caller.Answer {
	done, c := make(chan caller.Answer, 1), caller.PollCall("a poll", u.ID)
	head := u.Headers(&c)
	go func() { done <- u.s.tenant.Exchange(ctx, c, head) }()
	return done
}
