package tenant

import (
	"bytes"
	"net/http"
	"net/url"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

// waiter is a held poll.
type waiter struct {
	wake      chan struct{} // has room for one
	timer     *time.Timer
	overtaken bool // another poll has taken over: answer with nothing
}

// poll is E05. Messages are handed out at most once: they are gone when the answer is written,
// wherever that ends up.
func (t *Tenant) poll(x *http1.Exchange, c *customer) {
	if why := pollFault(x, c); why != "" {
		t.refuse(x, http.StatusBadRequest, why)
		return
	}
	needRead, _ := x.Argument("isNeedRead")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.needRead = string(needRead) == "true"
	c.lastPoll = time.Now()
	if t.faults.pollingOutside(x, c) {
		return
	}
	empty := false
	if c.held != nil {
		if t.cfg.SecondPoll == scenario.EmptyAtOnce {
			empty = true
		} else {
			c.t.faults.takingOver(c.conv)
			c.held.overtaken = true
			c.wake()
		}
	}
	if !empty && c.mustWait() {
		x.ReleaseRequest()
		empty = c.wait()
	}
	if !empty && t.faults.losing(c.conv) && c.mustWait() {
		empty = c.wait()
	}
	if empty {
		x.Body = t.appendPoll(x.Body, aicc.CodeOK, nil)
		return
	}
	t.handOut(x, c)
}

// pollFault is what is wrong with the arguments of a poll, or "".
func pollFault(x *http1.Exchange, c *customer) string {
	receiver, _ := x.Argument("receiverId")
	channel, _ := x.Argument("channel")
	if bytes.ContainsAny(receiver, "%+") {
		if plain, err := url.QueryUnescape(string(receiver)); err == nil {
			receiver = []byte(plain)
		}
	}
	switch {
	case len(receiver) == 0:
		return "receiverId is missing"
	case string(channel) != aicc.ChannelWeb:
		return "channel is not WEB"
	case string(receiver) != c.user:
		return "receiverId is not the user of the token"
	}
	return ""
}

// mustWait reports whether a poll is to be held: there is a conversation, and nothing waits.
func (c *customer) mustWait() bool {
	goesOn := c.open.Load() || c.conv != nil && c.conv.memory.silent
	return goesOn && len(c.conv.out) == 0 && c.t.cfg.PollHold > 0 && !c.t.faults.take(restless, c.conv)
}

// wait holds a poll until something is said, the conversation ends, the hold time is over or
// another poll takes over, which it reports. It gives up the mutex meanwhile.
func (c *customer) wait() (overtaken bool) {
	w := c.newWaiter()
	c.held = w
	c.mu.Unlock()
	select {
	case <-w.wake:
	case <-w.timer.C:
	case <-c.t.closed:
	}
	c.mu.Lock()
	c.lastPoll = time.Now()
	if c.held == w {
		c.held = nil
	}
	w.timer.Stop()
	select {
	case <-w.wake: // came too late to matter
	default:
	}
	overtaken, w.overtaken = w.overtaken, false
	c.spare = w
	return overtaken
}

func (c *customer) newWaiter() *waiter {
	w, hold := c.spare, c.t.faults.holding(c.conv, c.t.cfg.PollHold)
	if w == nil {
		return &waiter{wake: make(chan struct{}, 1), timer: time.NewTimer(hold)}
	}
	c.spare = nil
	w.timer.Reset(hold)
	return w
}

// wake lets the held poll, if there is one, be answered.
func (c *customer) wake() {
	if c.held == nil {
		return
	}
	select {
	case c.held.wake <- struct{}{}:
	default: // it is awake
	}
}

// handOut answers a poll with what waits.
func (t *Tenant) handOut(x *http1.Exchange, c *customer) {
	if t.faults != nil && t.faults.polled(x, c) {
		return
	}
	code := aicc.CodeOK
	var batch []message
	if c.conv != nil {
		batch = c.conv.take()
	}
	if len(batch) == 0 && !c.open.Load() {
		code = t.cfg.PollOutside
	}
	x.Body = t.appendPoll(x.Body, code, batch)
}
