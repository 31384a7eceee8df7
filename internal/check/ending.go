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
	handled  int // those that the demo's branch order reaches
	seen     bool
	at       time.Duration // of the first handled one
	poll     uint32        // that brought it
	lastPoll uint32        // that brought the last handled one
	first    time.Duration // of the first of any kind, with its poll's start and the ok poll before
	started  time.Duration
	okBefore time.Duration
}

// reaches reports whether the demo's branch order reaches this DISCONNECT: ROBOT and media are
// looked at before it.
func reaches(m *aicc.Downlink) bool {
	_, media := aicc.MediaFileType(m.MediaType)
	return m.SourceType != aicc.FromRobot && !media
}

// disconnected judges a DISCONNECT (DSC-03, DSC-07) and remembers it.
func (s *Session) disconnected(e *trace.Event) {
	d := &s.conv.drop
	if !d.seen {
		d.seen, d.first, d.started, d.okBefore = true, e.At, s.poll.started, s.conv.prevOK
	}
	if d.handled > 0 {
		s.failAfterDrop(dsc03, e, "a second DISCONNECT was delivered")
	}
	s.opp[dsc07]++
	if !reaches(e.Message) {
		s.failInvisible(e)
		return
	}
	s.opp[dsc02]++
	d.handled++
	d.lastPoll = e.ID
	if d.handled == 1 {
		s.opp[dsc03]++
		d.at, d.poll = e.At, e.ID
	}
}

func (s *Session) failInvisible(e *trace.Event) {
	s.fail(finding{rule: dsc07, count: 1, at: e.At, tell: func() story {
		m := e.Message
		return story{
			sentence: "the demo would not see this DISCONNECT and would poll for ever",
			events: []WitnessEvent{event(e.At, "poll %d delivered DISCONNECT with sourceType %q, mediaType %q",
				e.ID, m.SourceType, m.MediaType)},
		}
	}})
}

// afterDrop judges a message that comes after a handled DISCONNECT (DSC-01, DSC-02). A second
// DISCONNECT is another rule's.
func (s *Session) afterDrop(e *trace.Event) {
	d := &s.conv.drop
	if d.handled == 0 || e.Message.ControlType == aicc.Disconnect {
		return
	}
	if e.ID == d.lastPoll {
		s.failAfterDrop(dsc02, e, "a message was delivered behind DISCONNECT in the same poll")
	}
	if e.ID != d.poll && talk(e.Message) {
		s.failAfterDrop(dsc01, e, "a message was delivered after DISCONNECT")
	}
}

func (s *Session) failAfterDrop(id rule, e *trace.Event, what string) {
	d := s.conv.drop
	s.fail(finding{rule: id, count: 1, extent: int64(e.At - d.at), at: e.At, tell: func() story {
		m := e.Message
		return story{sentence: what, events: []WitnessEvent{
			event(d.at, "poll %d delivered DISCONNECT", d.poll),
			event(e.At, "poll %d delivered %s from %s: %q", e.ID, m.ControlType, m.SourceType, clip(m.Content)),
		}}
	}})
}

// settleHangUp compares the record's hang-up with the DISCONNECT that was delivered or not
// (DSC-04). Lateness is only what a customer who kept polling could see.
func (s *Session) settleHangUp(e *trace.Event) {
	r, d, within := e.Record, &s.conv.drop, s.c.opts.DisconnectWithin
	if !r.HungUp {
		return
	}
	hung := e.At - time.Duration(r.HungUpAgo)*time.Millisecond
	due := hung + within
	swallowed := s.exposedUntil >= hung-recordSlack
	switch {
	case d.seen:
		s.opp[dsc04]++
		if d.first > due && (d.started <= due || d.okBefore > due) {
			s.lateDrop(swallowed, s.dropStory(hung, d.first, "DISCONNECT came late"))
		}
	case r.Owed && s.conv.lastOK > due:
		s.opp[dsc04]++
		s.lateDrop(false, s.dropStory(hung, s.conv.lastOK, "a poll still came without DISCONNECT"))
	case r.Owed:
		if reason := s.c.abortReason(); reason != "" {
			s.unsure(dsc04, reason, 1)
		}
	case swallowed:
		s.opp[dsc04]++
		s.unsure(dsc04, IndeterminatePoll, 1)
	default:
		s.opp[dsc04]++
		s.fail(s.dropStory(hung, e.At, "DISCONNECT never came, and the tenant no longer holds it"))
	}
}

func (s *Session) lateDrop(swallowed bool, f finding) {
	if swallowed {
		s.unsure(dsc04, IndeterminatePoll, 1)
		return
	}
	s.overdue(s.c.opts.DisconnectWithin, f)
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
