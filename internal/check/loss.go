package check

import (
	"time"

	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// account is what a tenant's record says of one sender, if there is a record.
type account struct {
	known  bool
	said   uint32 // messages
	handed uint32 // of these, to a poll
}

// reconcile compares the tenant's record with what was seen. Everything is decided here that
// needs the record; it is not kept.
func (s *Session) reconcile(e *trace.Event) {
	if s.opts().Foreign {
		return // it speaks of numbers that a judged client does not use
	}
	s.shard.journal = true
	if !s.conv.open || s.conv.reconciled || e.Record == nil || e.Record.Epoch >= 0 && e.Record.Epoch != s.conv.epoch {
		return
	}
	s.conv.reconciled = true
	if s.poll.inFlight > 0 {
		s.expose(e.At)
	}
	s.settleStreams(e.Record)
	s.settleSends(e.Record)
	s.settleShown(e)
	s.settleHangUp(e)
	s.settleEnding(e)
	s.settleFiles(e)
	s.settleUploads(e)
}

// settleStreams decides order, creation and loss of every sender. The record is nil when there is
// none.
func (s *Session) settleStreams(r *trace.Record) {
	for _, sender := range cooperating {
		acc := accountOf(r, sender)
		if s.streams.of(sender) == nil && acc.said == 0 {
			continue
		}
		st := s.streams.open(sender, s.conv.begun)
		s.settleCreation(sender, st, acc)
		s.settleOrder(sender, st, acc)
		s.settleLoss(sender, st, acc)
	}
}

func accountOf(r *trace.Record, sender marker.Sender) account {
	if r == nil {
		return account{}
	}
	for _, said := range r.Senders {
		if said.Sender == sender {
			return account{known: true, said: uint32(said.Count), handed: uint32(max(said.Count-said.Waiting, 0))}
		}
	}
	return account{known: true}
}

// settleCreation counts the messages of a sender that its account does not know (DEL-01).
func (s *Session) settleCreation(sender marker.Sender, st *stream, acc account) {
	if !acc.known {
		return
	}
	s.metTimes(del01, st.seen())
	if st.next <= acc.said {
		return
	}
	beyond := int64(st.next-acc.said) - int64(st.missingBelow(st.next)-st.missingBelow(acc.said))
	top := st.top()
	s.fail(finding{rule: del01, count: beyond, extent: int64(top.seq - acc.said), at: top.at, tell: func() story {
		name := senderName(sender)
		return story{
			sentence: name + " message " + itoa(int(top.seq)) + " was delivered, and nobody had said it",
			events: []WitnessEvent{
				did(s.conv.begun, "conversation %d begins; by the tenant's record its %s says %d messages, numbered from 0",
					s.conv.epoch, name, acc.said),
				came(top.at, "poll %d delivered %s message %d", top.poll, name, top.seq),
			},
		}
	}})
}

// settleOrder decides about messages that filled a gap late (ORD-01). A gap that was opened by a
// message nobody said does not make the others late.
func (s *Session) settleOrder(sender marker.Sender, st *stream, acc account) {
	gaps := st.gaps()
	for i := range gaps {
		if g := &gaps[i]; g.late > 0 && !(acc.known && g.after.seq >= acc.said) {
			s.reordered(sender, g)
		}
	}
}

func (s *Session) reordered(sender marker.Sender, g *gap) {
	if g.explained {
		// The tenant may have put back what it could not hand over.
		s.unsure(ord01, IndeterminatePoll, int64(g.late))
		return
	}
	after, filled := g.after, g.filled
	s.fail(finding{rule: ord01, count: int64(g.late), extent: int64(after.seq - filled.seq), at: filled.at, tell: func() story {
		name := senderName(sender)
		return story{
			sentence: name + " message " + itoa(int(filled.seq)) + " was delivered after message " + itoa(int(after.seq)),
			events: []WitnessEvent{
				came(after.at, "poll %d delivered %s message %d", after.poll, name, after.seq),
				came(filled.at, "poll %d delivered %s message %d", filled.poll, name, filled.seq),
			},
		}
	}})
}

// settleLoss decides about messages that never came (DEL-04). With a record only what was handed
// out can be lost, the tail too; without one, what lies below a message that was delivered.
func (s *Session) settleLoss(sender marker.Sender, st *stream, acc account) {
	limit := st.next
	if acc.known {
		limit = acc.handed
	}
	s.metTimes(del04, st.seen()+st.missingBelow(limit))
	gaps := st.gaps()
	for i := range gaps {
		g := &gaps[i]
		s.missing(int64(g.missingBelow(limit)), g.explained, s.gapStory(sender, g))
	}
	if tail := int64(limit) - int64(st.next); tail > 0 {
		s.missing(tail, s.exposedUntil >= st.sent, s.tailStory(sender, st.top(), st.next > 0, limit))
	}
}

// missing enters n messages that never came. Damaged messages whose place could not be told are
// taken for some of them.
func (s *Session) missing(n int64, explained bool, f finding) {
	if excused := min(n, int64(s.rare.unplaced)); excused > 0 {
		s.rarely().unplaced -= int32(excused)
		n -= excused
	}
	switch {
	case n <= 0:
	case explained:
		s.unsure(del04, IndeterminatePoll, n)
	default:
		f.rule, f.count, f.extent = del04, n, n
		s.fail(f)
	}
}

func (s *Session) gapStory(sender marker.Sender, g *gap) finding {
	from, to, before, after := g.from, g.to, g.before, g.after
	return finding{at: after.at, tell: func() story {
		name := senderName(sender)
		start := did(s.conv.begun, "conversation %d begins", s.conv.epoch)
		if before.poll > 0 {
			start = came(before.at, "poll %d delivered %s message %d", before.poll, name, before.seq)
		}
		return story{
			sentence: name + " " + numbers(from, to) + " never delivered, though message " + itoa(int(after.seq)) + " was",
			events:   []WitnessEvent{start, came(after.at, "poll %d delivered %s message %d", after.poll, name, after.seq)},
		}
	}}
}

func (s *Session) tailStory(sender marker.Sender, top sighting, any bool, handed uint32) finding {
	last, from := top.at, top.seq+1
	if !any {
		last, from = s.conv.begun, 0
	}
	return finding{at: last, tell: func() story {
		name := senderName(sender)
		start := did(last, "conversation %d begins; none of them was delivered", s.conv.epoch)
		if any {
			start = came(last, "poll %d delivered %s message %d, the last", top.poll, name, top.seq)
		}
		return story{
			sentence: name + " " + numbers(from, handed) + " never delivered, though handed out by the tenant's record",
			events:   []WitnessEvent{start},
		}
	}}
}

// settleSpilled decides about a gap that the stream can no longer keep. What is missing from it is
// a violation whether it is lost or still comes, more than a window late; it is counted as lost.
func (s *Session) settleSpilled(sender marker.Sender, g *gap) {
	if g.late > 0 {
		s.reordered(sender, g)
	}
	n := g.missing()
	s.metTimes(del04, n)
	s.missing(int64(n), g.explained, s.gapStory(sender, g))
}

// settleUnrecorded is about the tail of a conversation without a record: nobody knows whether
// there was more to come, unless every sender said that it was done. That leaves DEL-04 open where
// a record was promised, or the conversation was cut off in the middle.
func (s *Session) settleUnrecorded(cut bool) {
	if s.conv.connect.state != connected || !s.opts().Journal && !cut {
		return
	}
	heard, done := false, true
	for _, sender := range cooperating {
		if st := s.streams.of(sender); st != nil && st.seen() > 0 {
			heard, done = true, done && st.fin
		}
	}
	if s.opts().Journal && !heard || heard && !done {
		s.unsure(del04, s.undecided(), 1)
	}
}

// expose notes that a poll was given up at the given time: until the tenant has noticed, it may
// hand messages to nobody.
func (s *Session) expose(at time.Duration) {
	s.exposedUntil = max(s.exposedUntil, at+max(s.opts().Hold, 0))
}
