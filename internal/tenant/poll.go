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

// poll is E05. Messages are handed out at most once: they are gone when the answer is written,
// wherever that ends up.
func (t *Tenant) poll(x *http1.Exchange, c *customer) {
	if why := pollFault(x, c); why != "" {
		t.refuse(x, http.StatusBadRequest, why)
		return
	}
	needRead, _ := x.Argument("isNeedRead")
	c.mu.Lock()
	defer c.unlock()
	c.needRead = string(needRead) == "true"
	c.lastPoll = time.Now()
	if t.faults.pollingOutside(x, c) {
		return
	}
	if c.held.x != nil {
		if t.cfg.SecondPoll == scenario.EmptyAtOnce {
			x.Body = t.appendPoll(x.Body, aicc.CodeOK, nil)
			return
		}
		t.faults.takingOver(c.conv)
		c.overtake()
	}
	switch {
	case c.mustWait():
		c.hold(x)
	case t.faults.losing(c.conv) && c.mustWait():
		c.hold(x)
		c.held.checked = true
	default:
		t.handOut(x, c)
	}
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
