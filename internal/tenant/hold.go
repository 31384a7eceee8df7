package tenant

import (
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// heldPoll is the poll of a customer that waits for a message. The customer's mutex protects it.
type heldPoll struct {
	x       *http1.Exchange // nil: none waits
	until   time.Time
	checked bool      // a fault has had its chance to lose what it waited for
	woken   bool      // it is to be answered when the mutex is given up
	over    *alarm    // when the time may be over; made once
	due     time.Time // when over is called, zero when it is not
}

// mustWait reports whether a poll is to be held: there is a conversation, and nothing waits.
func (c *customer) mustWait() bool {
	goesOn := c.open.Load() || c.conv != nil && c.conv.memory.silent
	return goesOn && len(c.conv.out) == 0 && c.t.cfg.PollHold > 0 && !c.t.faults.take(restless, c.conv) && !c.t.isClosed()
}

// hold keeps a poll until something is said, the conversation ends, the hold time is over or
// another poll takes over.
func (c *customer) hold(x *http1.Exchange) {
	x.Hold()
	x.ReleaseRequest()
	c.held.x, c.held.checked = x, false
	c.keepHolding()
}

func (c *customer) keepHolding() {
	h, limit := &c.held, c.t.faults.holding(c.conv, c.t.cfg.PollHold)
	h.until, h.woken = time.Now().Add(limit), false
	// An alarm that comes too early looks at the time again, so that most polls need not set one.
	switch {
	case h.over == nil:
		h.over = c.t.clock.after(limit, c.holdIsOver)
	case h.due.IsZero() || h.due.After(h.until):
		c.t.clock.set(h.over, limit)
	default:
		return
	}
	h.due = h.until
}

// holdIsOver is called when a poll may have waited for long enough.
func (c *customer) holdIsOver() {
	c.mu.Lock()
	defer c.unlock()
	h := &c.held
	h.due = time.Time{}
	if h.x == nil {
		return
	}
	if left := time.Until(h.until); left > 0 {
		c.t.clock.set(h.over, left)
		h.due = h.until
		return
	}
	h.woken = true
}

// wake lets the held poll, if there is one, be answered.
func (c *customer) wake() { c.held.woken = c.held.x != nil }

// overtake answers the held poll with nothing, because another one takes its place.
func (c *customer) overtake() {
	x := c.release()
	x.Body = c.t.appendPoll(x.Body, aicc.CodeOK, nil)
	c.t.finish(x)
	c.answered = x
}

// release ends the wait of the held poll.
func (c *customer) release() *http1.Exchange {
	x := c.held.x
	c.held.x, c.held.woken = nil, false
	c.lastPoll = time.Now()
	return x
}

// unlock gives the mutex up and answers the poll that was woken up meanwhile. It does so only now,
// because all that is said in one go belongs into one answer.
func (c *customer) unlock() {
	if c.held.woken {
		c.answerHeld()
	}
	x := c.answered
	c.answered = nil
	c.mu.Unlock()
	if x != nil {
		x.Answer()
	}
}

// answerHeld makes the held poll's answer of what waits, or lets it wait again.
func (c *customer) answerHeld() {
	x, checked := c.release(), c.held.checked
	if !checked && c.t.faults.losing(c.conv) && c.mustWait() {
		c.held.x, c.held.checked = x, true
		c.keepHolding()
		return
	}
	c.t.handOut(x, c)
	c.t.finish(x)
	c.answered = x
}
