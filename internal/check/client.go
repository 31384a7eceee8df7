package check

import (
	"net/http"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// This file and polls.go judge the client's side of the demo flow (level self): chatbench's own
// customers in every run, and clients that are judged (see [Options.Foreign]).

// manners is what only some rules about clients need to know of a conversation.
type manners struct {
	agentAt time.Duration // the first message from AGENT, of a judged client
	unread  bool          // a judged client was told something that is not known
}

// supportState is how far the question about click-to-call has come (SIM-11).
type supportState uint8

const (
	supportEarly supportState = iota // nothing from AGENT came
	supportMay                       // it may be asked
	supportDue                       // it is to be asked
	supportAsked
	supportAgain // its outcome lets it be asked again
)

// ending is how a conversation ended.
type ending struct {
	at    time.Duration
	ended trace.Ended
	cut   bool // in the middle
}

// beginForeign begins a conversation of a judged client. Its polls from before are another page's,
// and of what it had begun before it was watched nothing is known.
func (s *Session) beginForeign(e *trace.Event) {
	s.poll.inFlight, s.poll.overlaps, s.poll.shared = 0, 0, false
	if !e.Midway {
		return
	}
	c := &s.conv
	c.connect.state, c.connect.decided, c.connect.asked, c.connect.at = connected, true, e.At, e.At
	c.parties.spoken, c.parties.system = true, true
	s.missesSomething()
}

// missesSomething notes that the client may have been told what the events do not show.
func (s *Session) missesSomething() {
	s.rarely().manners.unread = true
	if s.conv.connect.support == supportEarly {
		s.conv.connect.support = supportMay
	}
	if s.wait.queue.due != never {
		s.waits().queue.due = never
	}
}

// clientSends judges an exchange as such (SIM-12, SIM-13).
func (s *Session) clientSends(e *trace.Event) {
	if e.Token != 0 {
		s.shard.tokens = true
	}
	if e.Probe {
		return
	}
	s.takesUp(e)
	s.afterTheEnd(e)
}

// decided is when the client made up its mind to send something: before a connection was opened for
// it.
func decided(e *trace.Event) time.Duration { return e.At - e.Dial }

// takesUp judges which token an exchange carries (SIM-12).
func (s *Session) takesUp(e *trace.Event) {
	t := &s.rare.tokens
	if t.number == 0 || t.takenUp || e.Token <= 0 || e.Op == aicc.OpToken || e.Op == aicc.OpApply {
		return
	}
	since := t.newAt
	old := e.Token < int(t.number)
	if old && decided(e) <= since+s.opts().Crossing {
		return
	}
	s.rarely().tokens.takenUp = true
	s.met(sim12)
	if old {
		s.failClient(sim12, since, e, "an answer brought a new user token", "a call carries the user token that was replaced "+span(e.At-since)+" before")
	}
}

// replaced notes a token that came in the header of an answer. Of two that answers to exchanges in
// flight together bring, either may be taken up: nobody says which.
func (s *Session) replaced(e *trace.Event) {
	t := &s.rare.tokens
	switch {
	case e.Op == aicc.OpApply && e.Class == aicc.OK:
		if t.number != 0 {
			s.rarely().tokens.number = 0
		}
	case !e.NewToken || e.Got <= 0 || int32(e.Got) == t.number: // that it is told again gives no more time
	case t.number == 0 || e.Started > t.newAt:
		t = &s.rarely().tokens
		t.number, t.newAt, t.takenUp = int32(e.Got), e.At, false
	case t.number > int32(e.Got):
		s.rarely().tokens.number = int32(e.Got)
	}
}

// tokensCarried judges the outcome of CONNECT (SIM-09). One that is let in without a token that can
// be seen gets it from a server in between.
func (s *Session) tokensCarried(e *trace.Event) {
	if e.Token == 0 || e.Probe {
		return
	}
	switch lacking := e.Token == trace.Tokenless || e.NoAccess; {
	case !lacking:
		s.met(sim09)
	case e.Status == http.StatusUnauthorized:
		s.met(sim09)
		what := "CONNECT was sent without a user token"
		if e.NoAccess {
			what = "CONNECT was sent without an application token"
		}
		s.failAnswer(sim09, e, what)
	}
}

// afterTheEnd judges what is sent when the conversation is over (SIM-13).
func (s *Session) afterTheEnd(e *trace.Event) {
	c, d := &s.conv.connect, &s.rare.drop
	switch e.Op {
	case aicc.OpSend, aicc.OpTransfer, aicc.OpUpload, aicc.OpQueue:
	case aicc.OpPoll:
		if d.handled > 0 {
			return // SIM-03's
		}
	case aicc.OpDisconnect:
		if d.handled == 0 {
			return // nobody says that one is enough
		}
	default:
		return
	}
	switch {
	case d.handled > 0:
		s.sentAfter(e, d.at, "DISCONNECT was delivered")
	case c.released:
		s.sentAfter(e, c.releasedAt, "its own DISCONNECT was answered 0")
	}
}

func (s *Session) sentAfter(e *trace.Event, since time.Duration, before string) {
	switch {
	case decided(e) > since+s.opts().Crossing:
		s.failClient(sim13, since, e, before, e.Op.String()+" was sent "+span(e.At-since)+" after "+before)
	case s.opts().Foreign && s.rare.drop.handled > 0:
		s.unsure(sim13, Crossed, 1)
	}
}

func (s *Session) failClient(id rule, since time.Duration, e *trace.Event, before, what string) {
	s.fail(finding{rule: id, count: 1, extent: int64(e.At - since), at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			came(since, "%s", before),
			did(e.At, "%s %d sent", e.Op, e.ID),
		}}
	}})
}

// released notes the outcome of the client's own DISCONNECT.
func (s *Session) released(e *trace.Event) {
	if c := &s.conv.connect; e.Class == aicc.OK && !c.released {
		c.released, c.releasedAt = true, e.At
		if s.rare.drop.handled == 0 {
			s.met(sim13)
		}
	}
}

// clientAnswered notes what an answer, whatever it is, tells the client.
func (s *Session) clientAnswered(e *trace.Event) {
	if e.NoBody {
		s.shard.unread[e.Op]++
		if e.Op == aicc.OpPoll {
			s.missesSomething()
		}
	}
	if e.Op == aicc.OpPoll {
		return
	}
	s.busy = max(s.busy-1, 0)
	if s.wait.queue.due != never {
		s.queueWaits(e)
	}
	if again := e.Status == http.StatusUnauthorized || s.opts().Foreign && e.Class == aicc.Info; again && e.Op == aicc.OpSupport {
		s.conv.connect.support = supportAgain
	}
}

// queueWaits puts off the next query of the queue: a client may do one thing after the other, and
// renews its tokens first when they were refused.
func (s *Session) queueWaits(e *trace.Event) {
	q := &s.waits().queue
	if q.due = max(q.due, e.At); e.Status == http.StatusUnauthorized {
		q.due = never
	}
}

// clientTold notes what a message asks of the client (SIM-10, SIM-11).
func (s *Session) clientTold(e *trace.Event) {
	m := e.Message
	if m.SourceType == aicc.FromAgent {
		s.agentTold(e)
	}
	switch {
	case m.ControlType == aicc.Disconnect && s.rare.drop.handled > 0,
		!m.Queueing() && (m.SourceType == aicc.FromAgent || m.SourceType == aicc.FromSystem):
		s.queueOver(e.At)
	case m.Queueing() && reaches(m) && m.ControlType != aicc.Disconnect && !s.poll.probe:
		s.queueDue(e.At)
	}
}

// agentTold notes that the first message from AGENT may have come. What a probe brought the demo
// would not have seen, and in a later conversation it may remember the answer.
func (s *Session) agentTold(e *trace.Event) {
	c := &s.conv.connect
	switch {
	case c.support > supportMay:
	case s.poll.probe || s.conv.epoch > 0 || s.rare.manners.unread:
		c.support = supportMay
	default:
		c.support = supportDue
		if s.opts().Foreign {
			s.rarely().manners.agentAt = e.At
		}
	}
}

// supportAsked judges the question about click-to-call (SIM-11).
func (s *Session) supportAsked(e *trace.Event) {
	c := &s.conv.connect
	before := c.support
	if e.Probe {
		return
	}
	if c.support = supportAsked; before == supportAgain {
		return
	}
	s.met(sim11)
	switch told := s.rare.manners.agentAt; {
	case before == supportEarly:
		s.failClient(sim11, s.conv.begun, e, "the conversation begins", "click-to-call was asked about before anything from AGENT came")
	case before == supportAsked:
		s.failClient(sim11, s.conv.begun, e, "the conversation begins", "click-to-call was asked about again")
	case before == supportDue && s.opts().Foreign && decided(e) > told+s.opts().React:
		s.failClient(sim11, told, e, "the first message from AGENT was delivered", "click-to-call was asked about "+span(e.At-told)+" after the first message from AGENT")
	}
}

// queueDue notes that the client should ask for the queue from now on (SIM-10).
func (s *Session) queueDue(at time.Duration) {
	c := &s.conv.connect
	if c.state != connected || c.leaving || s.rare.drop.handled > 0 {
		return
	}
	if q := &s.waits().queue; q.due == never || q.due > at {
		q.due = at
	}
}

// neglected reports whether the query that is due should have been made by now. Whoever waits for
// another answer may be doing one thing after the other.
func (s *Session) neglected(at time.Duration) bool {
	due := s.wait.queue.due
	return due != never && s.busy == 0 && at > due+s.opts().React
}

// queueOver decides about a query that is due when there is no need for it any more.
func (s *Session) queueOver(at time.Duration) {
	if s.wait.queue.due == never {
		return
	}
	if s.neglected(at) {
		s.met(sim10)
		s.failNeglected(at, "it was not asked for")
	}
	s.waits().queue.due = never
}

// queueQueried decides about one that is made.
func (s *Session) queueQueried(e *trace.Event) {
	q := &s.waits().queue
	if q.due == never {
		return
	}
	s.met(sim10)
	if s.neglected(decided(e)) {
		s.failNeglected(e.At, "it is asked for")
	}
	q.due = never
}

func (s *Session) failNeglected(at time.Duration, what string) {
	due := s.wait.queue.due
	s.overdue(s.opts().React, finding{rule: sim10, count: 1, extent: int64(at - due), at: at, tell: func() story {
		return story{sentence: "the queue was not asked for within " + span(s.opts().React) + " of the time it should have been", events: []WitnessEvent{
			event(due, "the customer queues, and the place in the queue should be asked for"),
			did(at, "%s, %s later", what, span(at-due)),
		}}
	}})
}

// settleClient decides what the end of a conversation says of its client.
func (s *Session) settleClient(e ending) {
	s.settleLeaving(e)
	s.settleDownloads(e)
	s.settleSupport(e)
	if s.opts().Foreign && e.cut && s.wait.queue.due != never && !s.neglected(e.at) {
		s.unsure(sim10, s.undecided(), 1)
	}
	s.queueOver(e.at)
}

// settleLeaving judges how the client ended the conversation (SIM-07, SIM-08). Where the last exchange
// of chatbench's own customer broke, the run may have been stopped; a judged client may break its own.
func (s *Session) settleLeaving(e ending) {
	c := &s.conv.connect
	if s.opts().Foreign {
		s.settleForeignLeaving(e)
	} else if s.unheard || s.abortReason() != "" {
		return
	}
	switch {
	case (e.ended == trace.ByCustomer || e.ended == trace.GaveUp) && c.state == connected:
		if !s.hungUp() && s.rare.manners.unread {
			return // the DISCONNECT may be among what is not known
		}
		s.met(sim07)
		if !s.hungUp() {
			s.failLeaving(sim07, "the customer left without DISCONNECT")
		}
	case e.ended == trace.NoConnect:
		s.met(sim08)
		if !c.left {
			s.failLeaving(sim08, "CONNECT was refused, and the customer left no message")
		}
	}
}

// hungUp reports whether one of the two sides ended the conversation.
func (s *Session) hungUp() bool { return s.conv.connect.leaving || s.rare.drop.handled > 0 }

// settleForeignLeaving leaves open how a judged client would have ended a conversation that is cut in
// the middle.
func (s *Session) settleForeignLeaving(e ending) {
	c := &s.conv.connect
	switch {
	case !e.cut:
	case c.state == connected && !s.hungUp():
		s.unsure(sim07, s.undecided(), 1)
	case c.state == apart && c.asked > s.conv.begun && !c.left:
		s.unsure(sim08, s.undecided(), 1)
	}
}

func (s *Session) failLeaving(id rule, what string) {
	at := s.now
	s.fail(finding{rule: id, count: 1, at: at, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			did(s.conv.begun, "conversation %d begins", s.conv.epoch),
			did(at, "it ends"),
		}}
	}})
}

// settleSupport decides about a question that was never asked (SIM-11). A conversation that was cut
// off, or a judged client that had no time, may leave it out.
func (s *Session) settleSupport(e ending) {
	if s.conv.connect.support != supportDue {
		return
	}
	since := s.conv.begun
	if s.opts().Foreign {
		since = s.rare.manners.agentAt
		if !s.hadTime(sim11, since, e) {
			return
		}
	} else if e.cut {
		return
	}
	s.met(sim11)
	s.fail(finding{rule: sim11, count: 1, at: e.at, tell: func() story {
		return story{sentence: "a message from AGENT came, and click-to-call was not asked about", events: []WitnessEvent{
			event(since, "the conversation begins, or the first message from AGENT was delivered"),
			did(e.at, "it ends"),
		}}
	}})
}

// hadTime reports whether a judged client had time for what it was told to do, before the
// conversation ended for it. Where it was cut off before that, the rule stays open.
func (s *Session) hadTime(id rule, told time.Duration, e ending) bool {
	last := e.at
	if c := &s.conv.connect; c.released {
		last = min(last, c.releasedAt)
	}
	if last-told > s.opts().React {
		return true
	}
	if e.cut && last == e.at {
		s.unsure(id, s.undecided(), 1)
	}
	return false
}
