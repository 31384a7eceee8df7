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
	question deadline
	handOver deadline

	agentSince time.Duration // the first CHAT of an agent since the last notice, or never
	toAgent    time.Duration // when a text after that was accepted first, or never
}

// deadline is something that somebody waits for.
type deadline struct {
	open bool
	at   time.Duration // since when
}

// asked notes that the customer asks for a human.
func (p *parties) asked() {
	p.transfer, p.human, p.question.open = true, true, false
	p.line, p.asking = false, true
}

// left notes that the customer hangs up.
func (p *parties) left() {
	p.human, p.question.open, p.handOver.open = true, false, false
}

// asksRobot opens the question that an accepted text is, if a robot listens (ROB-03).
func (s *Session) asksRobot(e *trace.Event) {
	p := &s.conv.parties
	if s.conv.connect.state == connected && p.robot && !p.human && !p.question.open && !s.c.opts.Setup.Async {
		p.question = deadline{true, e.At}
	}
}

// saysToAgent notes that a text was accepted after an agent had spoken.
func (s *Session) saysToAgent(e *trace.Event) {
	if p := &s.conv.parties; p.agentSince != never && p.toAgent == never && e.Started > p.agentSince {
		p.toAgent = e.At
	}
}

// transferred opens the wait for a human (HND-01).
func (s *Session) transferred(e *trace.Event) {
	p, q := &s.conv.parties, &s.conv.queue
	if e.Class == aicc.OK {
		q.agentAt, q.since = never, never
	}
	if e.Class == aicc.OK && !p.handOver.open && !s.conv.leaving && !s.c.opts.Setup.Async {
		p.handOver = deadline{true, e.At}
	}
}

// spoken judges who says something (ROB-01, ROB-02, HND-02, HND-03) and closes what waited for it.
func (s *Session) spoken(e *trace.Event, foreign bool) {
	m, robot := e.Message, s.c.opts.Setup.Robot
	if robot != nil && !*robot {
		s.met(rob02)
		if m.SourceType == aicc.FromRobot {
			s.failMessage(rob02, e, "a robot speaks on a channel without one")
		}
	}
	s.conv.queue.flagged = s.conv.queue.flagged || m.Queueing()
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
	if p.toAgent != never && s.poll.started >= p.toAgent {
		s.met(hnd02)
		if m.SourceType == aicc.FromRobot {
			s.failParty(hnd02, e, "a robot answers what was said to an agent")
		}
	}
	switch {
	case m.SourceType == aicc.FromSystem || m.Queueing():
		p.agentSince, p.toAgent = never, never
	case m.SourceType == aicc.FromAgent && m.ControlType == aicc.Chat && p.agentSince == never:
		p.agentSince = e.At
	}
}

// firstWords judges the first message and the first of an agent.
func (s *Session) firstWords(e *trace.Event) {
	m, p, robot := e.Message, &s.conv.parties, s.c.opts.Setup.Robot
	if talk(m) && !p.spoken && (m.SourceType == aicc.FromRobot || m.SourceType == aicc.FromAgent) {
		p.spoken = true
		if robot != nil && *robot && !p.transfer {
			s.met(rob01)
			if m.SourceType == aicc.FromAgent {
				s.failParty(rob01, e, "an agent speaks first on a channel with a robot")
			}
		}
	}
	if m.ControlType == aicc.Chat && m.SourceType == aicc.FromAgent && !p.agent {
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
	case s.goesOn >= 0:
		s.unsure(id, IndeterminateSend, 1)
	default:
		s.failMessage(id, e, what)
	}
}

// heardFrom notes who spoke, and what that answers.
func (s *Session) heardFrom(e *trace.Event) {
	m, p := e.Message, &s.conv.parties
	if p.question.open && m.ControlType != aicc.Read {
		s.answeredBy(rob03, &p.question, e.At, s.poll.started)
	}
	hangUp := m.ControlType == aicc.Disconnect
	if p.handOver.open && (m.SourceType == aicc.FromSystem || m.SourceType == aicc.FromAgent || m.Queueing() || hangUp) {
		s.answeredBy(hnd01, &p.handOver, e.At, s.poll.started)
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
	since := d.at
	d.open = false
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
	p := &s.conv.parties
	s.overdueSince(rob03, &p.question, e.At)
	s.overdueSince(hnd01, &p.handOver, e.At)
}

func (s *Session) overdueSince(id rule, d *deadline, at time.Duration) {
	if !d.open || at <= d.at+s.within(id) {
		return
	}
	d.open = false
	s.met(id)
	s.failLate(id, d.at, at, "a poll still brought nothing")
}

// within is the deadline of a rule about answers.
func (s *Session) within(id rule) time.Duration {
	if id == hnd01 {
		return s.c.opts.HandOverWithin
	}
	return s.c.opts.ReplyWithin
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
			event(since, "%s", asked),
			event(at, "%s, %s later", what, span(at-since)),
		}}
	}})
}
