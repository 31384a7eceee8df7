package check

import (
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// connecting follows what the customer does to begin and to end one conversation.
type connecting struct {
	asked      time.Duration
	at         time.Duration // when it was answered 0
	releasedAt time.Duration // when DISCONNECT was answered 0
	state      connectState
	decided    bool // CON-02

	leaving  bool // DISCONNECT was sent
	released bool // and answered 0
	left     bool // doLeaveMessage was sent

	async   bool         // something was sent by sendAsync
	doubled bool         // a judged client had two polls in flight
	support supportState // the question about click-to-call
}

type connectState uint8

const (
	apart      connectState = iota // not asked, or refused
	asking                         // in flight
	unanswered                     // perhaps connected
	connected
)

func (c *connecting) ask(at time.Duration) {
	if c.state != connected {
		c.state, c.asked = asking, at
	}
}

func (c *connecting) answered(e *trace.Event) {
	switch {
	case c.state == connected:
	case e.NoBody: // whoever is refused does not go on
		c.state, c.at, c.decided = connected, e.At, true
	case e.Class == aicc.OK:
		c.state, c.at = connected, e.At
	case e.Class == aicc.Fail:
		c.state = apart
	default:
		c.state = unanswered
	}
}

// heard judges a message against CONNECT: too early (CON-01), or the sign of life that has to
// follow it (CON-02).
func (s *Session) heard(e *trace.Event, foreign bool) {
	if foreign {
		return
	}
	switch state := s.conv.connect.state; {
	case state == connected:
		s.alive(e.At, s.poll.started)
	case state == unanswered && s.firstEver():
		s.met(con01)
		s.unsure(con01, IndeterminateSend, 1)
	case s.early():
		s.met(con01)
		s.failEarly(e)
	}
}

// early reports whether a message would be too early now. Before a later conversation of the same
// customer something of the one before may still be waiting, and is handed out rightly.
func (s *Session) early() bool {
	return s.conv.connect.state == apart && s.firstEver()
}

// firstEver reports whether the customer never had a conversation before this one.
func (s *Session) firstEver() bool { return s.conv.epoch == 0 && !s.opts().Foreign }

func (s *Session) failEarly(e *trace.Event) {
	begun := s.conv.begun
	s.fail(finding{rule: con01, count: 1, at: e.At, tell: func() story {
		return story{
			sentence: "a message was delivered before CONNECT was answered 0",
			events: []WitnessEvent{
				did(begun, "conversation %d begins", s.conv.epoch),
				came(e.At, "poll %d delivered a message from %s: %q", e.ID, e.Message.SourceType, clip(e.Message.Content)),
			},
		}
	}})
}

// alive decides CON-02 at the first sign of life. It is late only if the exchange that brought it
// was waiting when the deadline passed: one that began later tells when the customer asked, not
// when the tenant was ready.
func (s *Session) alive(at, started time.Duration) {
	c := &s.conv.connect
	if c.decided {
		return
	}
	c.decided = true
	s.met(con02)
	if due := c.at + s.opts().ConnectWithin; at > due && started <= due {
		s.failSilent(at, "the first sign of life came")
	}
}

// silence looks at a poll that brought nothing after the deadline (CON-02).
func (s *Session) silence(e *trace.Event) {
	c := &s.conv.connect
	if c.decided || c.state != connected || e.Count > 0 || e.At <= c.at+s.opts().ConnectWithin || s.async() {
		return // an answer of sendAsync does not tell whether CONNECT was accepted
	}
	c.decided = true
	s.met(con02)
	s.failSilent(e.At, "a poll still brought nothing")
}

func (s *Session) failSilent(at time.Duration, what string) {
	c := s.conv.connect
	switch {
	case s.exposedUntil >= c.asked:
		s.unsure(con02, IndeterminatePoll, 1)
		return
	case s.rare.goesOn >= 0: // the old conversation may go on, without a new welcome
		s.unsure(con02, IndeterminateSend, 1)
		return
	}
	s.overdue(s.opts().ConnectWithin, finding{rule: con02, count: 1, extent: int64(at - c.at), at: at, tell: func() story {
		return story{
			sentence: "nothing was heard within " + span(s.opts().ConnectWithin) + " of CONNECT",
			events: []WitnessEvent{
				came(c.at, "CONNECT answered 0"),
				came(at, "%s, %s after CONNECT", what, span(at-c.at)),
			},
		}
	}})
}

// async reports whether an answer 0 does not say that what was sent was accepted.
func (s *Session) async() bool { return s.opts().Setup.Async || s.conv.connect.async }

// settleConnect leaves CON-02 open when the run was stopped before its deadline. A customer that
// left by itself gave the tenant no time, and that is no case at all.
func (s *Session) settleConnect(cut bool) {
	c := &s.conv.connect
	if cut && c.state == connected && !c.decided && s.abortReason() != "" {
		s.unsure(con02, s.abortReason(), 1)
	}
	c.decided = true
}
