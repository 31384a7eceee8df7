package check

import (
	"slices"
	"time"

	"chatbench/internal/aicc"
)

// DISCONNECT ends the conversation: no later poll brings CHAT or media, unless it was parked. An
// opportunity is a later poll that was answered ok.
func nothingAfterDisconnect(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		if c.events[i].Class == aicc.OK && len(c.handled(i)) > 0 && !c.parked(i) {
			n.Opportunities++
		}
	}
	for _, i := range c.delivered(c.limit) {
		drops := c.handled(i)
		if talk(c.events[i].Message) && len(drops) > 0 && c.events[drops[0]].ID != c.events[i].ID && !c.parked(i) {
			c.blame(n, i)
		}
	}
}

// Nothing follows a DISCONNECT in the same array. Another DISCONNECT is for oneDisconnect. An
// opportunity is every DISCONNECT that the demo handles.
func disconnectIsLast(c *chat, n *cases) {
	n.Opportunities += int64(len(c.handled(c.limit)))
	for _, i := range c.delivered(c.limit) {
		follows := slices.ContainsFunc(c.handled(i), func(k int) bool { return c.events[k].ID == c.events[i].ID })
		if follows && c.events[i].Message.ControlType != aicc.Disconnect {
			n.Violations++
		}
	}
}

// A conversation has at most one DISCONNECT: after one that the demo handles there is no other.
func oneDisconnect(c *chat, n *cases) {
	if len(c.handled(c.limit)) > 0 {
		n.Opportunities++
	}
	for _, i := range c.disconnects(c.limit) {
		if len(c.handled(i)) > 0 {
			c.blame(n, i)
		}
	}
}

// When agent or platform hang up, DISCONNECT is delivered in time to a customer who polls. By the
// record it was delivered, or is owed, or was handed out and never seen. The hang-up may be earlier
// by as long as it took to fetch the record, for which a second is enough.
func hangUpIsTold(c *chat, n *cases) {
	if c.record == nil || !c.record.HungUp {
		return
	}
	hung := c.at(c.settled) - time.Duration(c.record.HungUpAgo)*time.Millisecond
	due := hung + c.o.DisconnectWithin
	swallowed := c.exposedUntil(c.settled) >= hung-time.Second
	drops := c.disconnects(c.settled)
	isLate := len(drops) > 0 && c.toldLate(drops[0], due)
	switch {
	case len(drops) > 0 && !isLate:
		n.Opportunities++
	case isLate && swallowed: // it may have been put back
		n.Opportunities++
		n.unsure(IndeterminatePoll)
	case isLate:
		n.Opportunities++
		c.overdue(n, c.o.DisconnectWithin, c.settled)
	case c.record.Owed && c.polledAfter(due, c.settled):
		n.Opportunities++
		c.overdue(n, c.o.DisconnectWithin, c.settled)
	case c.record.Owed && c.aborted != "":
		n.unsure(c.aborted)
	case c.record.Owed: // the customer stopped polling before it was due
	case swallowed:
		n.Opportunities++
		n.unsure(IndeterminatePoll)
	default:
		n.Opportunities++
		n.Violations++
	}
}

// toldLate reports whether the DISCONNECT at place i came late to a customer who kept polling: its
// poll was waiting when it was due, or one before had brought nothing after that.
func (c *chat) toldLate(i int, due time.Duration) bool {
	return c.events[i].At > due && (c.broughtBy(i).Started <= due || c.polledAfter(due, i))
}

// polledAfter reports whether a poll before place i brought nothing when a time had passed.
func (c *chat) polledAfter(due time.Duration, i int) bool {
	return slices.ContainsFunc(c.returned(aicc.OpPoll, i), func(k int) bool {
		e := &c.events[k]
		return e.Class == aicc.OK && e.Count == 0 && e.At > due
	})
}

// After CONNECT nothing arrives that was said in an earlier conversation of the same user, unless
// the tenant may think that it goes on, or parked it or one after it.
func cleanStart(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if !c.intact(i) || !c.ours(i) || c.epoch() == 0 || c.connectState(i) != connected || c.parkedSince(i) {
			continue
		}
		n.Opportunities++
		switch epoch := c.events[i].Mark.Epoch; {
		case epoch >= c.epoch():
		case c.mayGoOn(epoch):
			n.unsure(IndeterminateSend)
		default:
			n.Violations++
		}
	}
}

// parkedSince reports whether the conversation that the message at place i names, or one after it, was
// parked before place i.
func (c *chat) parkedSince(i int) bool {
	return slices.ContainsFunc(c.chats(), func(past chat) bool {
		return past.epoch() >= c.events[i].Mark.Epoch && past.parked(i)
	})
}

// A DISCONNECT is not from ROBOT and has no media type that the demo maps.
func disconnectIsSeen(c *chat, n *cases) {
	for _, i := range c.disconnects(c.limit) {
		n.Opportunities++
		m := c.events[i].Message
		if m.SourceType == aicc.FromRobot || slices.Contains([]string{aicc.Image, aicc.Audio, aicc.Video}, m.MediaType) {
			n.Violations++
		}
	}
}

// A DISCONNECT with isOfflineStatus true has the tip in its content.
func parkedHasATip(c *chat, n *cases) {
	parks := func(m *aicc.Downlink) bool { return m.ControlType == aicc.Disconnect && m.IsOffline == "true" }
	c.judgeEach(n, parks, func(m *aicc.Downlink) bool { return m.Content != "" })
}

// After a DISCONNECT that was answered 0 the tenant has ended the conversation. That of sendAsync says
// nothing.
func customersDisconnectEnds(c *chat, n *cases) {
	released := slices.ContainsFunc(c.returned(aicc.OpDisconnect, c.settled), func(i int) bool {
		return c.events[i].Class == aicc.OK
	})
	if c.record != nil && released && !c.async(c.settled) {
		n.judge(c.record.Ended != "")
	}
}

// The platform does not hang up for silence before the configured interval has passed since the
// customer's last word. A second is allowed for the rounding of the tenant's timer.
func silenceIsLongEnough(c *chat, n *cases) {
	if c.record != nil && c.record.Ended == "silence" && c.o.Setup.Silence > 0 {
		n.judge(time.Duration(c.record.Quiet)*time.Millisecond >= c.o.Setup.Silence-time.Second)
	}
}

// A DISCONNECT is delivered only when agent or platform hung up, or the customer did. It may be that
// of an earlier conversation that went on.
func disconnectHasACause(c *chat, n *cases) {
	surprising := slices.ContainsFunc(c.disconnects(c.settled), func(i int) bool { return !c.leaving(i) })
	if c.record == nil || !surprising {
		return
	}
	n.Opportunities++
	switch {
	case c.record.HungUp:
	case c.mayGoOn(c.epoch() - 1):
		n.unsure(IndeterminateSend)
	default:
		n.Violations++
	}
}
