package check

import (
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// parties is what is known of who takes part in a conversation.
type parties struct {
	spoken   bool // the first CHAT or media of a robot or an agent came
	system   bool // a message from SYSTEM came
	agent    bool // a CHAT from AGENT came
	line     bool // a robot or an agent is on the line
	asking   bool // a human was asked for, and has not spoken since
	robot    bool // a CHAT from ROBOT came
	human    bool // somebody else than the robot has been on the line, or was asked for
	transfer bool // TRANS2AGENT was sent

	agentSince time.Duration // the first CHAT of an agent since the last notice, or never
	agentAt    time.Duration // the first CHAT of an agent since the last sign of queueing, or never
}

// waiting is what somebody waits for in a conversation.
type waiting struct {
	question deadline      // to the robot (ROB-03)
	handOver deadline      // to a human (HND-01)
	toAgent  time.Duration // when a text was accepted first after agentSince, or never
	queue    queueing
}

// deadline is since when something is waited for, or never.
type deadline time.Duration

// closed is a deadline of nobody.
const closed = deadline(never)

func (d deadline) open() bool { return d != closed }

// asked notes that the customer asks for a human.
func (s *Session) asked() {
	p := &s.conv.parties
	p.transfer, p.human, p.line, p.asking = true, true, false, true
	if s.wait.question.open() {
		s.waits().question = closed
	}
}

// leaves notes that the customer hangs up.
func (s *Session) leaves() {
	s.conv.connect.leaving, s.conv.parties.human = true, true
	if s.wait.question.open() || s.wait.handOver.open() {
		s.waits().question, s.waits().handOver = closed, closed
	}
}

// asksRobot opens the question that an accepted text is, if a robot listens (ROB-03).
func (s *Session) asksRobot(e *trace.Event) {
	p := &s.conv.parties
	if s.conv.connect.state == connected && p.robot && !p.human && !s.wait.question.open() && !s.async() {
		s.waits().question = deadline(e.At)
	}
}

// saysToAgent notes that a text was accepted after an agent had spoken.
func (s *Session) saysToAgent(e *trace.Event) {
	if p := &s.conv.parties; p.agentSince != never && s.wait.toAgent == never && e.Started > p.agentSince {
		s.waits().toAgent = e.At
	}
}

// transferred opens the wait for a human (HND-01).
func (s *Session) transferred(e *trace.Event) {
	if e.Class != aicc.OK {
		return
	}
	s.conv.parties.agentAt = never
	w := s.waits()
	w.queue.since = never
	if !w.handOver.open() && !s.conv.connect.leaving && !s.async() {
		w.handOver = deadline(e.At)
	}
}

// spoken judges who says something (ROB-01, ROB-02, HND-02, HND-03) and closes what waited for it.
func (s *Session) spoken(e *trace.Event, foreign bool) {
	m, robot := e.Message, s.opts().Setup.Robot
	if robot != nil && !*robot {
		s.met(rob02)
		if m.SourceType == aicc.FromRobot {
			s.failMessage(rob02, e, "a robot speaks on a channel without one")
		}
	}
	if m.Queueing() {
		q := &s.waits().queue
		q.flagged, q.flags = true, min(q.flags+1, 2)
	}
	if foreign || s.conv.connect.state != connected {
		return // what is left of another conversation says nothing of this one
	}
	s.afterAgent(e)
	s.firstWords(e)
	s.heardFrom(e)
	s.queueing(e)
}

// afterAgent judges who answers what the customer said to an agent (HND-02). What the robot was
// asked before may still be answered, and a notice may tell of somebody else.
func (s *Session) afterAgent(e *trace.Event) {
	m, p := e.Message, &s.conv.parties
	if w := s.wait; w.toAgent != never && s.poll.started >= w.toAgent {
		s.met(hnd02)
		if m.SourceType == aicc.FromRobot {
			s.failParty(hnd02, e, "a robot answers what was said to an agent")
		}
	}
	switch {
	case m.SourceType == aicc.FromSystem || m.Queueing():
		p.agentSince = never
		if s.wait.toAgent != never {
			s.waits().toAgent = never
		}
	case p.agentSince == never && m.SourceType == aicc.FromAgent && m.ControlType == aicc.Chat:
		p.agentSince = e.At
	}
}

// firstWords judges the first message and the first of an agent.
func (s *Session) firstWords(e *trace.Event) {
	m, p, robot := e.Message, &s.conv.parties, s.opts().Setup.Robot
	if !p.spoken && talk(m) && (m.SourceType == aicc.FromRobot || m.SourceType == aicc.FromAgent) {
		p.spoken = true
		if robot != nil && *robot && !p.transfer {
			s.met(rob01)
			if m.SourceType == aicc.FromAgent {
				s.failParty(rob01, e, "an agent speaks first on a channel with a robot")
			}
		}
	}
	if !p.agent && m.ControlType == aicc.Chat && m.SourceType == aicc.FromAgent {
		s.met(hnd03)
		if !p.system {
			s.failParty(hnd03, e, "an agent speaks whom nobody has announced")
		}
	}
}

// failParty fails a rule about who speaks when. A poll without an answer may have taken what was
// said before, and the conversation before may go on with whoever took part in it.
func (s *Session) failParty(id rule, e *trace.Event, what string) {
	switch {
	case s.exposedUntil >= s.conv.connect.asked:
		s.unsure(id, IndeterminatePoll, 1)
	case s.rare.goesOn >= 0:
		s.unsure(id, IndeterminateSend, 1)
	default:
		s.failMessage(id, e, what)
	}
}

// heardFrom notes who spoke, and what that answers.
func (s *Session) heardFrom(e *trace.Event) {
	m, p := e.Message, &s.conv.parties
	if s.wait.question.open() && m.ControlType != aicc.Read {
		s.answeredBy(rob03, &s.waits().question, e.At, s.poll.started)
	}
	hangUp := m.ControlType == aicc.Disconnect
	if s.wait.handOver.open() && (m.SourceType == aicc.FromSystem || m.SourceType == aicc.FromAgent || m.Queueing() || hangUp) {
		s.answeredBy(hnd01, &s.waits().handOver, e.At, s.poll.started)
	}
	chat := m.ControlType == aicc.Chat
	switch m.SourceType {
	case aicc.FromSystem:
		p.system, p.human, p.line = true, true, false
	case aicc.FromAgent:
		p.agent, p.human = p.agent || chat, true
		if chat {
			p.line, p.asking = true, false
		}
	case aicc.FromRobot:
		p.robot = p.robot || chat
		p.line = p.line || chat && !p.asking
	}
	if m.Queueing() {
		p.line, p.asking = false, true
	}
	p.human = p.human || m.Queueing() || hangUp
}

// answeredBy closes a deadline. It was missed only if the exchange that brought the answer was
// waiting when the time was over: see alive.
func (s *Session) answeredBy(id rule, d *deadline, at, started time.Duration) {
	since := time.Duration(*d)
	*d = closed
	s.met(id)
	if due := since + s.within(id); at > due && started <= due {
		s.failLate(id, since, at, "the answer came")
	}
}

// quiet looks at a poll that brought nothing (ROB-03, HND-01).
func (s *Session) quiet(e *trace.Event) {
	if e.Count > 0 {
		return
	}
	if s.wait.question.open() {
		s.overdueSince(rob03, &s.waits().question, e.At)
	}
	if s.wait.handOver.open() {
		s.overdueSince(hnd01, &s.waits().handOver, e.At)
	}
}

// overdueSince decides about a deadline that is open.
func (s *Session) overdueSince(id rule, d *deadline, at time.Duration) {
	since := time.Duration(*d)
	if at <= since+s.within(id) {
		return
	}
	*d = closed
	s.met(id)
	s.failLate(id, since, at, "a poll still brought nothing")
}

// within is the deadline of a rule about answers.
func (s *Session) within(id rule) time.Duration {
	if id == hnd01 {
		return s.opts().HandOverWithin
	}
	return s.opts().ReplyWithin
}

func (s *Session) failLate(id rule, since, at time.Duration, what string) {
	if s.exposedUntil >= since {
		s.unsure(id, IndeterminatePoll, 1)
		return
	}
	within := s.within(id)
	s.overdue(within, finding{rule: id, count: 1, extent: int64(at - since), at: at, tell: func() story {
		asked := "a text to the robot was accepted"
		if id == hnd01 {
			asked = "TRANS2AGENT was answered 0"
		}
		return story{sentence: "nothing followed within " + span(within) + " after " + asked, events: []WitnessEvent{
			came(since, "%s", asked),
			came(at, "%s, %s later", what, span(at-since)),
		}}
	}})
}
