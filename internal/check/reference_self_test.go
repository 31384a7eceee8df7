package check

import (
	"net/http"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// A customer has at most one poll in flight.
func onePollAtATime(c *chat, n *cases) {
	for _, i := range c.invoked(aicc.OpPoll, c.limit) {
		n.Opportunities++
		if c.inFlight(i) > 0 {
			n.Violations++
		}
	}
}

// inFlight counts the polls in flight before place i, also of the conversations before.
func (b *book) inFlight(i int) (n int) {
	for k := range i {
		switch e := &b.events[k]; {
		case e.Op != aicc.OpPoll:
		case e.Kind == trace.Invoke:
			n++
		case e.Kind == trace.Return:
			n--
		}
	}
	return n
}

// undeclared lists the polls that are no declared probes.
func (c *chat) undeclared() []int {
	return slices.DeleteFunc(c.invoked(aicc.OpPoll, c.limit), func(i int) bool { return c.events[i].Probe })
}

// A customer polls only after CONNECT was answered 0, apart from declared probes.
func noPollBeforeConnect(c *chat, n *cases) {
	for _, i := range c.undeclared() {
		n.Opportunities++
		if c.connectState(i) != connected {
			n.Violations++
		}
	}
}

// A customer does not poll after a DISCONNECT was handled, apart from declared probes.
func noPollAfterDisconnect(c *chat, n *cases) {
	for _, i := range c.undeclared() {
		n.Opportunities++
		if len(c.handled(i)) > 0 {
			n.Violations++
		}
	}
}

// Between the answer of a poll and the next poll of the conversation lies the demo's pause of 100
// ms. After a 401 the same poll is sent again at once.
func pauseBetweenPolls(c *chat, n *cases) {
	for _, i := range c.undeclared() {
		answers := c.returned(aicc.OpPoll, i)
		if len(answers) == 0 {
			continue
		}
		last := &c.events[answers[len(answers)-1]]
		if last.Status == http.StatusUnauthorized {
			continue
		}
		n.Opportunities++
		if c.events[i].At < last.At+c.o.Pause {
			n.Violations++
		}
	}
}

// A customer downloads each media message that the demo would, exactly once. One that a probe
// brought or that has no file id may be downloaded; so may one once more whose download was
// answered 401. In a conversation that was cut off there may have been no time.
func oneDownloadEach(c *chat, n *cases) {
	owed, allowed, made := 0, 0, 0
	for _, i := range c.delivered(c.end) {
		m := c.events[i].Message
		switch {
		case !downloadable(m):
		case m.Content == "" || c.broughtBy(i).Probe:
			allowed++
		default:
			owed++
		}
	}
	for _, i := range c.returned(aicc.OpDownload, c.end) {
		if e := &c.events[i]; !e.Probe && e.FileID != "" && e.Status == http.StatusUnauthorized {
			allowed++
		}
	}
	for _, i := range c.invoked(aicc.OpDownload, c.end) {
		if e := &c.events[i]; !e.Probe && e.FileID != "" {
			made++
		}
	}
	n.Opportunities += int64(owed)
	if made > owed+allowed || made < owed && !c.cut {
		n.Violations++
	}
}

// Between two queue queries lie 10 s, unless a message with queueFlag came; after a code other than
// 0 there is none. After a 401 the same query is sent again.
func queueIsAskedSlowly(c *chat, n *cases) {
	before := -1
	for _, i := range c.invoked(aicc.OpQueue, c.limit) {
		if c.events[i].Probe {
			continue
		}
		answer := c.last(i, func(a int) bool {
			e := &c.events[a]
			return before >= 0 && e.Kind == trace.Return && e.Op == aicc.OpQueue && e.ID == c.events[before].ID
		})
		flagged := c.last(i, func(a int) bool {
			return a > before && c.events[a].Kind == trace.Deliver && c.events[a].Message.Queueing()
		})
		switch {
		case before < 0 || answer >= 0 && c.events[answer].Status == http.StatusUnauthorized:
		case answer >= 0 && c.events[answer].Status == http.StatusOK && c.events[answer].Code != aicc.CodeOK:
			n.judge(flagged >= 0)
		default:
			n.judge(flagged >= 0 || c.at(i)-c.at(before) >= 10*time.Second)
		}
		before = i
	}
}

// ended is how the conversation ended for a customer that was still in touch with the tenant, in a
// run that was not stopped.
func (c *chat) ended() trace.Ended {
	if c.end == c.limit || c.aborted != "" {
		return ""
	}
	answer := c.last(c.end, func(k int) bool { return c.events[k].Kind == trace.Return })
	if answer >= 0 && c.events[answer].Status == 0 {
		return ""
	}
	return c.events[c.end].Ended
}

// A conversation that the other side did not end ends with the customer's DISCONNECT.
func customersHangUp(c *chat, n *cases) {
	ended := c.ended()
	if (ended == trace.ByCustomer || ended == trace.GaveUp) && c.connectState(c.end) == connected {
		n.judge(c.leaving(c.end) || len(c.handled(c.end)) > 0)
	}
}

// A conversation whose CONNECT was refused ends with doLeaveMessage.
func turnedAwayLeaveAMessage(c *chat, n *cases) {
	if c.ended() == trace.NoConnect {
		n.judge(len(c.invoked(aicc.OpLeave, c.end)) > 0)
	}
}
