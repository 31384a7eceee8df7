package check

import (
	"net/http"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// While queueing, the position is not negative. A time may be, where it is not known.
func queueAnswersMakeSense(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpQueue, c.limit) {
		if e := &c.events[i]; e.Class == aicc.OK {
			n.judge(e.Position >= 0)
		}
	}
}

// After an agent has spoken the queue query does not say that the customer is queueing. A message
// that says so begins the wait anew, and may have been lost; so does a wish for another agent.
func nobodyQueuesWithAnAgent(c *chat, n *cases) {
	again := func(k int) bool { return c.queueing(k) || c.acceptedTransfer(k) }
	for _, i := range c.returned(aicc.OpQueue, c.limit) {
		e := &c.events[i]
		spoke := c.firstSince(i, again, func(k int) bool { return c.chatFrom(aicc.FromAgent, k) })
		over := c.leaving(i) || len(c.disconnects(i)) > 0
		if spoke < 0 || e.Status != http.StatusOK || e.Shape != "" || e.NoBody || over || e.Started < c.at(spoke) {
			continue
		}
		n.Opportunities++
		switch {
		case e.Code != aicc.CodeOK:
		case c.exposedUntil(i) >= c.at(spoke):
			n.unsure(IndeterminatePoll)
		default:
			n.Violations++
		}
	}
}

// acceptedTransfer reports whether TRANS2AGENT was answered 0 at place k.
func (c *chat) acceptedTransfer(k int) bool {
	e := &c.events[k]
	return e.Kind == trace.Return && e.Op == aicc.OpTransfer && e.Class == aicc.OK
}

// firstSince is the first place before i that fits, behind the last that ended such things; or -1.
func (c *chat) firstSince(i int, ended, fits func(k int) bool) int {
	for k := max(c.last(i, ended)+1, c.begin); k < i; k++ {
		if fits(k) {
			return k
		}
	}
	return -1
}

// While waiting, the position in the queue does not grow. CONNECT and TRANS2AGENT begin a wait. A
// position of 0 or less is none.
func positionDoesNotGrow(c *chat, n *cases) {
	waits := func(k int) bool {
		e := &c.events[k]
		return e.Kind == trace.Return && e.Op == aicc.OpQueue && e.Class == aicc.OK && e.Code == aicc.CodeOK && e.Position > 0
	}
	begins := func(k int) bool {
		e := &c.events[k]
		return e.Kind == trace.Invoke && (e.Op == aicc.OpConnect || e.Op == aicc.OpTransfer)
	}
	for _, i := range c.returned(aicc.OpQueue, c.limit) {
		before := c.last(i, waits)
		if waits(i) && before >= 0 && c.last(i, begins) < before {
			n.judge(c.events[i].Position <= c.events[before].Position)
		}
	}
}

// A customer who has waited for longer than the longest wait is no longer told that the queue goes
// on. The wait begins with the first message that says so, and ends when an agent or the robot speaks, or
// when the customer has asked for another agent.
func nobodyWaitsLonger(c *chat, n *cases) {
	ends := func(k int) bool {
		robot := c.chatFrom(aicc.FromRobot, k) && !c.queueing(k)
		return robot || c.chatFrom(aicc.FromAgent, k) || c.acceptedTransfer(k)
	}
	for _, i := range c.returned(aicc.OpQueue, c.limit) {
		e := &c.events[i]
		since := c.firstSince(i, ends, c.queueing)
		if since >= 0 && e.Class == aicc.OK && e.MaxWait > 0 {
			n.judge(e.Started-c.at(since) <= time.Duration(e.MaxWait)*time.Second+30*time.Second)
		}
	}
}

// speaker judges who speaks at place i. What came before may have been lost, or was said in an earlier
// conversation that goes on.
func (c *chat) speaker(n *cases, i int, holds bool) {
	n.Opportunities++
	if !holds && !c.excused(n, i) {
		n.Violations++
	}
}

// On a channel with a robot the first CHAT of robot or agent is not from AGENT, unless the customer asked
// for one.
func robotSpeaksFirst(c *chat, n *cases) {
	if c.o.Setup.Robot == nil || !*c.o.Setup.Robot {
		return
	}
	if c.o.Foreign && c.events[c.begin].Midway {
		return // somebody may have spoken before
	}
	for _, i := range c.delivered(c.limit) {
		m := c.events[i].Message
		somebody := m.SourceType == aicc.FromRobot || m.SourceType == aicc.FromAgent
		if somebody && talk(m) && c.heard(i) {
			if !c.transferred(i) {
				c.speaker(n, i, m.SourceType != aicc.FromAgent)
			}
			return
		}
	}
}

// On a channel without a robot no message is from ROBOT.
func robotWhereNoneIs(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if c.o.Setup.Robot != nil && !*c.o.Setup.Robot {
			n.judge(c.events[i].Message.SourceType != aicc.FromRobot)
		}
	}
}

// A text to the robot is followed by a message in time. Further texts until then ask for no more. The
// answer of sendAsync does not say that the robot has it.
func robotAnswers(c *chat, n *cases) {
	answers := func(k int) bool {
		e := &c.events[k]
		return e.Kind == trace.Deliver && e.Message.ControlType != aicc.Read && c.heard(k)
	}
	for i := c.begin; i < c.end; i++ {
		e := &c.events[i]
		if e.Kind == trace.Return && e.Op == aicc.OpSend && e.Class == aicc.OK && !c.async(i) && c.withRobot(i) {
			i = c.await(n, i, c.o.ReplyWithin, answers, aicc.OpTransfer, aicc.OpDisconnect)
		}
	}
}

// withRobot reports whether the customer was talking to the robot at place i: it has said something,
// and there was no sign of anybody else.
func (c *chat) withRobot(i int) bool {
	spoke := c.last(i, func(k int) bool { return c.chatFrom(aicc.FromRobot, k) })
	others := c.last(i, func(k int) bool {
		if !c.heard(k) {
			return false
		}
		m := c.events[k].Message
		human := m.SourceType == aicc.FromAgent || m.SourceType == aicc.FromSystem
		return human || m.Queueing() || m.ControlType == aicc.Disconnect
	})
	return spoke >= 0 && others < 0 && !c.transferred(i) && !c.leaving(i)
}

// await decides whether an answer to what happened at place i came in time, and returns where that
// was decided. An answer is late only if the exchange that brought it was waiting when the time was
// over; a poll that brings nothing after it decides as well. Calls that end the waiting leave no
// case, nor does the end of the conversation.
func (c *chat) await(n *cases, i int, within time.Duration, answers func(k int) bool, ends ...aicc.Op) int {
	due := c.at(i) + within
	for k := i + 1; k < c.end; k++ {
		e := &c.events[k]
		switch {
		case e.Kind == trace.Invoke && slices.Contains(ends, e.Op):
			return k
		case answers(k):
			n.Opportunities++
			if e.At > due && c.asked(k) <= due {
				c.unanswered(n, i, k, within)
			}
			return k
		case e.Kind == trace.Return && e.Op == aicc.OpPoll && e.Class == aicc.OK && e.Count == 0 && e.At > due:
			n.Opportunities++
			c.unanswered(n, i, k, within)
			return k
		}
	}
	return c.end
}

// asked is when the exchange was started that brought what is at place i.
func (b *book) asked(i int) time.Duration {
	if b.events[i].Kind == trace.Deliver {
		return b.broughtBy(i).Started
	}
	return b.events[i].Started
}

// unanswered is a deadline that was missed. A poll that was given up may have taken the answer.
func (c *chat) unanswered(n *cases, i, k int, within time.Duration) {
	if c.exposedUntil(k) >= c.at(i) {
		n.unsure(IndeterminatePoll)
		return
	}
	c.overdue(n, within, k)
}

// After TRANS2AGENT was answered 0 the system or an agent says something within a minute, or the
// queue query says that the customer waits or is being served.
func somethingFollowsTransfer(c *chat, n *cases) {
	follows := func(k int) bool {
		e := &c.events[k]
		switch {
		case e.Kind == trace.Return && e.Op == aicc.OpQueue:
			return e.Status == http.StatusOK && (e.Code == aicc.CodeOK || e.Code == aicc.CodeWithAgent)
		case e.Kind == trace.Deliver:
			m := e.Message
			speaks := m.SourceType == aicc.FromSystem || m.SourceType == aicc.FromAgent
			return (speaks || m.Queueing() || m.ControlType == aicc.Disconnect) && c.heard(k)
		}
		return false
	}
	for i := c.begin; i < c.end; i++ {
		e := &c.events[i]
		accepted := e.Class == aicc.OK && !c.async(i)
		if e.Kind == trace.Return && e.Op == aicc.OpTransfer && accepted && !c.leaving(i) {
			i = c.await(n, i, c.o.HandOverWithin, follows, aicc.OpDisconnect)
		}
	}
}

// An agent who has spoken gets the customer's texts: no message is from ROBOT that was fetched after
// one was taken. What the robot still had to say before may come. Where the customer queues again, or
// the system says something, the next agent counts.
func robotIsSilent(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if c.heard(i) && c.agentListens(i) {
			c.speaker(n, i, c.events[i].Message.SourceType != aicc.FromRobot)
		}
	}
}

// agentListens reports whether the poll that brought the message at place i was sent after a text of
// the customer's was taken that was sent after an agent had spoken.
func (c *chat) agentListens(i int) bool {
	spoke := c.firstSince(i, func(k int) bool { return c.queueing(k) || c.fromSystem(k) },
		func(k int) bool { return c.chatFrom(aicc.FromAgent, k) })
	return spoke >= 0 && slices.ContainsFunc(c.returned(aicc.OpSend, i), func(k int) bool {
		e := &c.events[k]
		return e.Class == aicc.OK && e.Started > c.at(spoke) && c.broughtBy(i).Started >= e.At
	})
}

// A message from SYSTEM comes before the first message of an agent.
func agentIsAnnounced(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if c.chatFrom(aicc.FromAgent, i) {
			c.speaker(n, i, c.last(i, c.fromSystem) >= 0 || c.o.Foreign && c.events[c.begin].Midway)
			return
		}
	}
}
