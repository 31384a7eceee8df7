package check

import (
	"slices"
	"time"

	"chatbench/internal/marker"
)

// maxGaps is how many gaps a stream keeps apart. Beyond it the oldest is closed.
const maxGaps = 32

// stream follows the numbers of one sender in one conversation. It is the anti-replay window of
// RFC 6479 turned inside out: instead of a bit for each message seen it keeps the intervals that
// were not, of which a healthy stream has none. Everything below next was seen but what lies in
// gaps.
type stream struct {
	sender marker.Sender // or nobody
	fin    bool          // the sender's last message was seen
	next   uint32        // one above the highest number seen
	cause  int32         // highest number of the customer's that a message named; -1: none
	poll   uint32        // that brought next-1
	sent   time.Duration // when that poll was sent
	at     time.Duration // when next-1 came
	holes  *holes        // nil: nothing was ever skipped
}

// holes are what was skipped in a stream.
type holes struct {
	gaps    []gap  // in order of their numbers
	horizon uint32 // below it a gap was closed: a late message can no longer be told from a copy
	unseen  uint32 // numbers below the stream's next, in gaps or given up
}

// sighting is one delivery.
type sighting struct {
	seq  uint32
	poll uint32
	at   time.Duration
}

// gap is a run of numbers that were skipped, and what became of them.
type gap struct {
	from, to  uint32   // still missing: from <= seq < to
	opened    uint32   // different numbers seen before it opened
	late      uint32   // how many came after all
	explained bool     // a poll without an answer may have taken them
	before    sighting // highest delivered when the gap opened; unset at the very beginning
	after     sighting // the message that opened it
	filled    sighting // the first that came late
}

// arrival is what a number turned out to be.
type arrival uint8

const (
	first    arrival = iota // seen for the first time, above all others
	late                    // seen for the first time, below others
	repeated                // seen before
	unclear                 // late or repeated: the evidence was dropped
)

// cooperating are the senders that number their messages without holes. The customer, whose marker
// may be echoed, is not one: nobody promised one echo of each text, and no more.
var cooperating = [...]marker.Sender{marker.Robot, marker.Agent, marker.System}

// nobody has a stream that is free.
const nobody marker.Sender = 0

// streams are those of a conversation. In many only one sender numbers its messages.
type streams struct {
	first  stream
	others *[len(cooperating) - 1]stream // nil: there never were two
}

// of returns the stream of a sender, or nil if it was not heard in this conversation.
func (ss *streams) of(sender marker.Sender) *stream {
	if ss.first.sender == sender {
		return &ss.first
	}
	if ss.others != nil {
		for i := range ss.others {
			if ss.others[i].sender == sender {
				return &ss.others[i]
			}
		}
	}
	return nil
}

// open returns the stream of a sender, which began with the conversation.
func (ss *streams) open(sender marker.Sender, begun time.Duration) *stream {
	if st := ss.of(sender); st != nil {
		return st
	}
	st := ss.of(nobody)
	if st == nil {
		ss.others = new([len(cooperating) - 1]stream)
		st = &ss.others[0]
	}
	st.begin(sender, begun)
	return st
}

// forget makes room for the senders of a new conversation.
func (ss *streams) forget() {
	ss.first.sender = nobody
	if ss.others != nil {
		for i := range ss.others {
			ss.others[i].sender = nobody
		}
	}
}

// begin makes the stream that of a sender in a conversation.
func (st *stream) begin(sender marker.Sender, begun time.Duration) {
	*st = stream{sender: sender, sent: begun, cause: -1, holes: st.holes}
	if st.holes != nil {
		*st.holes = holes{gaps: st.holes.gaps[:0]}
	}
}

// top is the delivery of next-1, if there was one.
func (st *stream) top() sighting {
	if st.next == 0 {
		return sighting{}
	}
	return sighting{seq: st.next - 1, poll: st.poll, at: st.at}
}

// gaps are those that are open, in order of their numbers.
func (st *stream) gaps() []gap {
	if st.holes == nil {
		return nil
	}
	return st.holes.gaps
}

// seen is how many different numbers were.
func (st *stream) seen() uint32 {
	if st.holes == nil {
		return st.next
	}
	return st.next - st.holes.unseen
}

// see takes the next number. The poll that brought it was sent at the given time; until
// exposed, polls without an answer may have taken messages away. A skipped message was handed out
// after its lower neighbour and before its upper one, so it is explained if such a poll may have
// been open after the poll of the lower one began.
func (st *stream) see(at sighting, sent, exposed time.Duration) arrival {
	if at.seq < st.next {
		return st.seeBelow(at)
	}
	if at.seq > st.next {
		st.skip(at, exposed)
	}
	st.next, st.poll, st.at, st.sent = at.seq+1, at.poll, at.at, sent
	return first
}

// skip opens a gap below a number.
func (st *stream) skip(at sighting, exposed time.Duration) {
	opened := st.seen()
	if st.holes == nil {
		st.holes = new(holes)
	}
	h := st.holes
	h.gaps = append(h.gaps, gap{from: st.next, to: at.seq, opened: opened, explained: exposed >= st.sent, before: st.top(), after: at})
	h.unseen += at.seq - st.next
}

func (st *stream) seeBelow(at sighting) arrival {
	switch i := st.gapWith(at.seq); {
	case i >= 0:
		g := st.holes.take(i, at.seq)
		if g.late == 0 {
			g.filled = at
		}
		g.late++
		return late
	case st.holes != nil && at.seq < st.holes.horizon:
		return unclear
	}
	return repeated
}

// fill takes seq as seen if it was missing, without blaming it for coming late.
func (st *stream) fill(seq uint32) {
	if i := st.gapWith(seq); i >= 0 {
		st.holes.take(i, seq)
	}
}

// gapWith returns the gap that seq is missing in, or -1.
func (st *stream) gapWith(seq uint32) int {
	return slices.IndexFunc(st.gaps(), func(g gap) bool { return g.from <= seq && seq < g.to })
}

// take takes seq out of gap i, which stays, perhaps empty, to tell how it was filled. A number
// from its middle splits it.
func (h *holes) take(i int, seq uint32) *gap {
	h.unseen--
	g := &h.gaps[i]
	switch {
	case seq == g.from:
		g.from++
	case seq == g.to-1:
		g.to--
	default:
		upper := *g
		upper.from, upper.late = seq+1, 0
		g.to = seq
		h.gaps = slices.Insert(h.gaps, i+1, upper)
	}
	return &h.gaps[i]
}

// spill takes out the oldest gap when it is further behind than the window, or when there are too
// many. Distance is counted in messages and not in numbers: one number that nobody said may be far
// above all others.
func (st *stream) spill(window uint32) (g gap, ok bool) {
	gaps := st.gaps()
	if len(gaps) == 0 {
		return gap{}, false
	}
	g = gaps[0]
	if len(gaps) <= maxGaps && st.seen()-g.opened < window {
		return gap{}, false
	}
	if g.missing() > 0 {
		st.holes.horizon = max(st.holes.horizon, g.to)
	}
	st.holes.gaps = slices.Delete(gaps, 0, 1)
	return g, true
}

// missing is how many of the gap never came.
func (g *gap) missing() uint32 { return g.to - g.from }

// missingBelow is how many of those below limit never came.
func (g *gap) missingBelow(limit uint32) uint32 {
	return max(min(g.to, limit), g.from) - g.from
}

// missingBelow is how many numbers below limit were not seen, skipping those of closed gaps.
func (st *stream) missingBelow(limit uint32) uint32 {
	n := max(limit, st.next) - st.next
	for i := range st.gaps() {
		n += st.gaps()[i].missingBelow(limit)
	}
	return n
}
