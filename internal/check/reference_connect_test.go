package check

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// Messages come only after CONNECT was answered 0. A customer's later conversations are left out,
// because something of an earlier one may rightly be waiting; so is the time while CONNECT is on
// its way. An opportunity is a poll answered ok, and each message.
func noMessageBeforeConnect(c *chat, n *cases) {
	if c.epoch() > 0 || c.o.Foreign {
		return
	}
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		if c.events[i].Class == aicc.OK && c.connectState(i) == apart {
			n.Opportunities++
		}
	}
	for _, i := range c.delivered(c.limit) {
		if c.elsewhere(i) {
			continue
		}
		switch c.connectState(i) {
		case apart:
			n.Opportunities++
			n.Violations++
		case unanswered:
			n.Opportunities++
			n.unsure(IndeterminateSend)
		}
	}
}

// After CONNECT was answered 0 a robot, the system or an agent says something in time, or the queue
// query says that the customer waits (0) or is being served (160021). The first sign of life
// decides, or the first poll that brings nothing when the time is over. A message is late only if
// the poll that brought it was waiting when the time was over. The answer of sendAsync does not say
// that CONNECT was accepted, so that nothing need follow.
func somethingFollowsConnect(c *chat, n *cases) {
	if c.connectedAt() == never {
		return
	}
	for i := c.begin; i < c.end; i++ {
		if c.connectState(i) != connected {
			continue
		}
		due := c.connectedAt() + c.o.ConnectWithin
		switch e := &c.events[i]; {
		case c.signOfLife(i):
			n.Opportunities++
			if e.Kind == trace.Deliver && e.At > due && c.broughtBy(i).Started <= due {
				c.silent(n, i)
			}
			return
		case e.Kind == trace.Return && e.Op == aicc.OpPoll && e.Class == aicc.OK && e.Count == 0 && e.At > due && !c.async(i):
			n.Opportunities++
			c.silent(n, i)
			return
		}
	}
	if c.cut && c.aborted != "" && c.connectState(c.end) == connected {
		n.unsure(c.aborted)
	}
}

func (c *chat) signOfLife(i int) bool {
	e := &c.events[i]
	switch {
	case e.Kind == trace.Deliver:
		return !c.foreign(i)
	case e.Kind == trace.Return && e.Op == aicc.OpQueue:
		return e.Code == aicc.CodeOK || e.Code == aicc.CodeWithAgent
	}
	return false
}

// connectedAt is when CONNECT was answered 0, or never: also where that is only supposed.
func (c *chat) connectedAt() time.Duration {
	for _, i := range c.returned(aicc.OpConnect, c.limit) {
		switch e := &c.events[i]; {
		case c.connectState(i) == connected || e.NoBody:
			return never
		case e.Class == aicc.OK:
			return e.At
		}
	}
	return never
}

// async reports whether an answer 0 at place i does not say that what was sent was accepted.
func (c *chat) async(i int) bool {
	return c.o.Setup.Async || len(c.places(i+1, func(e *trace.Event) bool { return e.Kind == trace.Invoke && e.Async })) > 0
}

// silent is a deadline after CONNECT that was missed. A poll that was given up may have taken the
// word; a conversation that goes on needs none.
func (c *chat) silent(n *cases, i int) {
	if !c.excused(n, i) {
		c.overdue(n, c.o.ConnectWithin, i)
	}
}

// excused enters a case in which a poll that was given up may have taken what would explain what is
// seen at place i, or in which an earlier conversation may be going on.
func (c *chat) excused(n *cases, i int) bool {
	switch {
	case c.missedSome(i):
		n.unsure(IndeterminatePoll)
	case c.mayGoOn(c.epoch() - 1):
		n.unsure(IndeterminateSend)
	default:
		return false
	}
	return true
}

// missedSome reports whether a poll that was given up may have taken a message of this conversation.
func (c *chat) missedSome(i int) bool {
	if c.o.Foreign && c.events[c.begin].Midway {
		return c.exposedUntil(i) >= c.at(c.begin)
	}
	asked := c.last(i, func(k int) bool { return c.events[k].Kind == trace.Invoke && c.events[k].Op == aicc.OpConnect })
	return asked >= 0 && c.exposedUntil(i) >= c.at(asked)
}

// While a conversation runs, a poll is answered with resultCode 0. The DISCONNECT may have been lost, and
// statuses that the page does not list may be a gateway's.
func pollsSucceed(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		e := &c.events[i]
		running := c.connectState(i) == connected && !c.leaving(i) && len(c.disconnects(i)) == 0
		clear := e.Shape == "" && e.Code != aicc.CodeFlowControl && !e.Probe
		switch {
		case !running || !clear:
		case c.wrongRequest(e) && !c.missedSome(i):
			n.Opportunities++
			n.unsure(ClientFault)
		case toTheCall(e) && (e.Class == aicc.OK || !c.missedSome(i)):
			n.judge(e.Class == aicc.OK)
		case toTheCall(e) || e.Status > 200 && e.Status < 400 || e.Status == http.StatusInternalServerError:
			n.Opportunities++
			n.unsure(IndeterminatePoll)
		}
	}
}

// A poll is answered within the hold time and a tolerance.
func pollsAreHeldNoLonger(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		e := &c.events[i]
		if c.o.Setup.Hold == nil || e.Probe || e.Class != aicc.OK {
			continue
		}
		n.Opportunities++
		if e.At-e.Started > *c.o.Setup.Hold+c.o.HoldTolerance {
			c.overdue(n, c.o.HoldTolerance, i)
		}
	}
}

// With nothing to hand out a tenant that holds polls does not answer at once. That it holds them is
// known from its set-up, or because it did three times and had answered none at once before.
func emptyPollsAreHeld(c *chat, n *cases) {
	hold := c.o.Setup.Hold
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		switch {
		case !c.cameBackEmpty(i):
		case hold != nil && *hold >= time.Second:
			n.judge(c.took(i) >= *hold/2)
		case hold == nil && c.everHeld(i):
			n.judge(c.took(i) >= 250*time.Millisecond)
		}
	}
}

func (b *book) took(i int) time.Duration { return b.events[i].At - b.events[i].Started }

// cameBackEmpty reports whether place i is the answer to a poll in the running conversation that
// brought nothing. Where a DISCONNECT may have been lost, it is not known whether it runs.
func (c *chat) cameBackEmpty(i int) bool {
	e := &c.events[i]
	empty := e.Kind == trace.Return && e.Op == aicc.OpPoll && e.Class == aicc.OK && e.Count == 0 && !e.Probe
	running := empty && c.connectState(i) == connected && !c.leaving(i) && len(c.disconnects(i)) == 0
	return running && !c.missedSome(i)
}

// everHeld reports whether three empty polls of this customer's were held for a second before place i,
// and none was answered at once until then.
func (b *book) everHeld(i int) bool {
	held := 0
	for _, c := range b.chats() {
		for _, k := range c.returned(aicc.OpPoll, i) {
			switch {
			case !c.cameBackEmpty(k) || held == 3:
			case b.took(k) < 250*time.Millisecond:
				return false
			case b.took(k) >= time.Second:
				held++
			}
		}
	}
	return held == 3
}

// A declared probe poll is answered 200 with resultCode 0. What a gateway says for the tenant is no
// case.
func probesAreNoError(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		e := &c.events[i]
		told := e.Status != 0 && e.Status != http.StatusUnauthorized && (e.Class != aicc.Info || e.Shape != "")
		if e.Probe && told {
			n.judge(e.Status == http.StatusOK && e.Code == aicc.CodeOK && e.Shape == "")
		}
	}
}

// Read receipts are handed out only to a client that polls with isNeedRead=true.
func noReceiptsUnasked(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if !c.o.Setup.Read && !c.o.Foreign {
			n.judge(c.events[i].Message.ControlType != aicc.Read)
		}
	}
}

// A read receipt lists messageIds that this customer sent, each at most once. Another may list them
// again.
func receiptsNameOwnMessages(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		m := c.events[i].Message
		if !c.o.Setup.Read || m.ControlType != aicc.Read || c.o.Foreign {
			continue
		}
		var brought []string
		for id := range strings.SplitSeq(m.Content, ",") {
			if id = strings.TrimSpace(id); id != "" {
				n.judge(c.sentByCustomer(id, i) && !slices.Contains(brought, id))
				brought = append(brought, id)
			}
		}
	}
}

// sentByCustomer reports whether a messageId is one that the customer had used before place i.
func (c *chat) sentByCustomer(id string, i int) bool {
	session, epoch, seq, ok := marker.ParseID(id)
	if !ok || session != c.customer {
		return false
	}
	return epoch < c.epoch() || epoch == c.epoch() && c.usedByCustomer(seq, i)
}
