package check

import (
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// recordSlack covers the round trip in which a tenant's record is fetched: the hang-up it tells of
// may be that much earlier than the record's arrival makes it.
const recordSlack = time.Second

// dropping follows DISCONNECT of one conversation.
type dropping struct {
	seen        bool
	owned       bool          // the customer's own DISCONNECT was sent before it came
	handled     int32         // those that the demo's branch order reaches
	poll        uint32        // that brought the first handled one
	lastPoll    uint32        // that brought the last
	at          time.Duration // of the first handled one
	first       time.Duration // of the first of any kind, with its poll's start and the empty poll before
	started     time.Duration
	emptyBefore time.Duration
}

// reaches reports whether the demo's branch order reaches this DISCONNECT: ROBOT and media are
// looked at before it.
func reaches(m *aicc.Downlink) bool {
	_, media := aicc.MediaFileType(m.MediaType)
	return m.SourceType != aicc.FromRobot && !media
}

// disconnected judges a DISCONNECT (DSC-03, DSC-07) and remembers it.
func (s *Session) disconnected(e *trace.Event) {
	d := &s.rarely().drop
	s.rare.refused = refusals{}
	if e.Message.IsOffline == "true" {
		s.rarely().parked = s.conv.epoch
	}
	if !d.seen {
		d.owned = s.conv.connect.leaving
		d.seen, d.first, d.started, d.emptyBefore = true, e.At, s.poll.started, s.conv.lastEmpty
	}
	if d.handled > 0 {
		s.failAfterDrop(dsc03, e, "a second DISCONNECT was delivered")
	}
	s.met(dsc07)
	if !reaches(e.Message) {
		s.failInvisible(e)
		return
	}
	s.met(dsc02)
	d.handled++
	d.lastPoll = e.ID
	if d.handled == 1 {
		s.met(dsc03)
		if !s.conv.connect.released {
			s.met(sim13)
		}
		d.at, d.poll = e.At, e.ID
	}
}

func (s *Session) failInvisible(e *trace.Event) {
	s.fail(finding{rule: dsc07, count: 1, at: e.At, tell: func() story {
		m := e.Message
		return story{
			sentence: "the demo would not see this DISCONNECT and would poll for ever",
			events: []WitnessEvent{came(e.At, "poll %d delivered DISCONNECT with sourceType %q, mediaType %q",
				e.ID, m.SourceType, m.MediaType)},
		}
	}})
}

// afterDrop judges a message that comes after a handled DISCONNECT (DSC-01, DSC-02). A second
// DISCONNECT is another rule's.
func (s *Session) afterDrop(e *trace.Event) {
	d := &s.rare.drop
	if d.handled == 0 || e.Message.ControlType == aicc.Disconnect {
		return
	}
	if e.ID == d.lastPoll {
		s.failAfterDrop(dsc02, e, "a message was delivered behind DISCONNECT in the same poll")
	}
	if e.ID != d.poll && talk(e.Message) && s.rare.parked != s.conv.epoch {
		s.failAfterDrop(dsc01, e, "a message was delivered after DISCONNECT")
	}
}

func (s *Session) failAfterDrop(id rule, e *trace.Event, what string) {
	if s.poll.shared && id != dsc02 {
		s.unsure(id, ClientFault, 1) // which of the two polls came first is not known
		return
	}
	d := s.rare.drop
	s.fail(finding{rule: id, count: 1, extent: int64(e.At - d.at), at: e.At, tell: func() story {
		m := e.Message
		return story{sentence: what, events: []WitnessEvent{
			came(d.at, "poll %d delivered DISCONNECT", d.poll),
			came(e.At, "poll %d delivered %s from %s: %q", e.ID, m.ControlType, m.SourceType, clip(m.Content)),
		}}
	}})
}

// settleHangUp compares the record's hang-up with the DISCONNECT that was delivered or not
// (DSC-04). Lateness is only what a customer who kept polling could see.
func (s *Session) settleHangUp(e *trace.Event) {
	r, d, within := e.Record, &s.rare.drop, s.opts().DisconnectWithin
	if !r.HungUp {
		return
	}
	hung := e.At - time.Duration(r.HungUpAgo)*time.Millisecond
	due := hung + within
	swallowed := s.exposedUntil >= hung-recordSlack
	switch {
	case d.seen:
		s.met(dsc04)
		if d.first > due && (d.started <= due || d.emptyBefore > due) {
			s.lateDrop(swallowed, s.dropStory(hung, d.first, "DISCONNECT came late"))
		}
	case r.Owed && s.conv.lastEmpty > due:
		s.met(dsc04)
		s.lateDrop(false, s.dropStory(hung, s.conv.lastEmpty, "a poll still brought nothing"))
	case r.Owed:
		if reason := s.abortReason(); reason != "" {
			s.unsure(dsc04, reason, 1)
		}
	case swallowed:
		s.met(dsc04)
		s.unsure(dsc04, IndeterminatePoll, 1)
	default:
		s.met(dsc04)
		s.fail(s.dropStory(hung, e.At, "DISCONNECT never came, and the tenant no longer holds it"))
	}
}

func (s *Session) lateDrop(swallowed bool, f finding) {
	if swallowed {
		s.unsure(dsc04, IndeterminatePoll, 1)
		return
	}
	s.overdue(s.opts().DisconnectWithin, f)
}

func (s *Session) dropStory(hung, at time.Duration, what string) finding {
	return finding{rule: dsc04, count: 1, extent: int64(at - hung), at: at, tell: func() story {
		return story{
			sentence: "agent or platform hung up, and " + what,
			events: []WitnessEvent{
				event(hung, "the conversation is ended, by the tenant's record"),
				event(at, "%s, %s after the hang-up", what, span(at-hung)),
			},
		}
	}}
}

// quietSlack covers what the tenant rounds when it measures the customer's silence.
const quietSlack = time.Second

// settleEnding compares how the conversation ended with the tenant's record (DSC-09, -10, -11).
func (s *Session) settleEnding(e *trace.Event) {
	r, c, silence := e.Record, &s.conv, s.opts().Setup.Silence
	if c.connect.released && !s.async() {
		s.met(dsc09)
		if r.Ended == "" {
			s.failEnding(dsc09, c.begun, e, "the customer's DISCONNECT was answered 0, and the conversation goes on")
		}
	}
	if r.Ended == "silence" && silence > 0 {
		s.met(dsc10)
		if quiet := time.Duration(r.Quiet) * time.Millisecond; quiet < silence-quietSlack {
			s.failEnding(dsc10, c.begun, e, "the platform hung up after "+span(quiet)+" of silence, "+span(silence)+" is the interval")
		}
	}
	if s.rare.drop.seen && !s.rare.drop.owned {
		s.met(dsc11)
		switch {
		case r.HungUp:
		case s.rare.goesOn >= 0:
			s.unsure(dsc11, IndeterminateSend, 1) // it may be of the conversation before
		default:
			s.failEnding(dsc11, s.rare.drop.first, e, "a DISCONNECT was delivered, and nobody had hung up")
		}
	}
}

func (s *Session) failEnding(id rule, since time.Duration, e *trace.Event, what string) {
	ended := e.Record.Ended
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		by := "the tenant's record says it was ended by: " + ended
		if ended == "" {
			by = "the tenant's record says it goes on"
		}
		before := did(since, "conversation %d begins", s.conv.epoch)
		if id == dsc11 {
			before = came(since, "DISCONNECT was delivered")
		}
		return story{sentence: what, events: []WitnessEvent{before, event(e.At, "%s", by)}}
	}})
}
