package tenant

import (
	"sync"
	"sync/atomic"
	"time"

	"chatbench/internal/http1"
	"chatbench/internal/trace"
)

// customer is one user of the channel, kept as long as one of its tokens lives.
type customer struct {
	t    *Tenant
	user string
	open atomic.Bool // a conversation is going on; written under mu

	mu            sync.Mutex // protects the following and the conversation
	chinese       bool       // language asked for with the token
	name          string     // given with the token; only kept for the history
	tokensEnd     time.Time  // when the last token expires
	conv          *conversation
	conversations int // so far
	uploads       []trace.File
	aged          time.Time // user tokens from before then have ended, because a lesson wanted it
	history       history

	held     heldPoll
	answered *http1.Exchange // a poll that waits no more, to be told so without the mutex
	lastPoll time.Time
	needRead bool // the last poll asked for read receipts

	window time.Time // second that calls are counted in, for flow control
	calls  int
}

// Ended conversations are handed to the journals, and customers forgotten, some time after
// nothing can be asked about them any more.
const (
	rest   = 5 * time.Minute
	forget = 10 * time.Minute
)

// customer finds or makes the customer of that user id.
func (t *Tenant) customer(user string) *customer {
	now := time.Now()
	return t.customers.put(user,
		func() *customer { return &customer{t: t, user: user, tokensEnd: now.Add(t.cfg.UserTokenLife)} },
		func(old *customer) bool { return old.retire(now) })
}

// retire puts away a conversation that ended long ago and reports whether the customer can be
// forgotten.
func (c *customer) retire(now time.Time) bool {
	c.mu.Lock()
	defer c.unlock()
	if c.open.Load() {
		return false
	}
	if c.conv != nil && now.Sub(c.conv.endedAt) > rest {
		c.putAway()
	}
	return c.conv == nil && now.Sub(c.tokensEnd) > forget
}

// putAway hands the record of the ended conversation to the journals; c.mu is held. Messages
// that were not fetched are forgotten.
func (c *customer) putAway() {
	if c.conv != nil && !c.conv.taken {
		c.t.journals.keep(c.conv.record(), c.conv.endedAt)
	}
	c.conv = nil
}

// mayCall counts a call and reports whether flow control lets it pass; a limit of 0 always does.
func (c *customer) mayCall(limit int) bool {
	if limit <= 0 {
		return true
	}
	c.mu.Lock()
	defer c.unlock()
	now := time.Now()
	if now.Sub(c.window) >= time.Second {
		c.window, c.calls = now, 0
	}
	c.calls++
	return c.calls <= limit
}
