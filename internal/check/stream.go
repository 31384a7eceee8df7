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
	next    uint32   // one above the highest number seen
	horizon uint32   // below it a gap was closed: a late message can no longer be told from a copy
	seen    uint32   // different numbers seen
	fin     bool     // the sender's last message was seen
	cause   int32    // highest number of the customer's that a message named; -1: none
	top     sighting // of next-1
	topPoll time.Duration
	gaps    []gap // in order of their numbers
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

func streamIndex(s marker.Sender) int {
	switch s {
	case marker.Robot:
		return 0
	case marker.Agent:
		return 1
	}
	return 2
}

// cooperating are the senders that number their messages without holes, in the order of
// streamIndex. The customer, whose marker may be echoed, is not one: nobody promised one echo of
// each text, and no more.
var cooperating = [...]marker.Sender{marker.Robot, marker.Agent, marker.System}

// reset makes the stream that of a new conversation.
func (st *stream) reset(begun time.Duration) {
	*st = stream{gaps: st.gaps[:0], topPoll: begun, cause: -1}
}

// see takes the next number. The poll that brought it was started at the given time; until
// exposed, polls without an answer may have taken messages away. A skipped message was handed out
// after its lower neighbour and before its upper one, so it is explained if such a poll may have
// been open after the poll of the lower one began.
func (st *stream) see(at sighting, started, exposed time.Duration) arrival {
	if at.seq < st.next {
		return st.seeBelow(at)
	}
	if at.seq > st.next {
		st.gaps = append(st.gaps, gap{from: st.next, to: at.seq, opened: st.seen,
			explained: exposed >= st.topPoll, before: st.top, after: at})
	}
	st.next = at.seq + 1
	st.seen++
	st.top, st.topPoll = at, started
	return first
}

func (st *stream) seeBelow(at sighting) arrival {
	switch i := st.gapWith(at.seq); {
	case i >= 0:
		g := st.take(i, at.seq)
		if g.late == 0 {
			g.filled = at
		}
		g.late++
		st.seen++
		return late
	case at.seq < st.horizon:
		return unclear
	}
	return repeated
}

// fill takes seq as seen if it was missing, without blaming it for coming late.
func (st *stream) fill(seq uint32) {
	if i := st.gapWith(seq); i >= 0 {
		st.take(i, seq)
		st.seen++
	}
}

// gapWith returns the gap that seq is missing in, or -1.
func (st *stream) gapWith(seq uint32) int {
	for i := range st.gaps {
		if st.gaps[i].from <= seq && seq < st.gaps[i].to {
			return i
		}
	}
	return -1
}

// take takes seq out of gap i, which stays, perhaps empty, to tell how it was filled. A number
// from its middle splits it.
func (st *stream) take(i int, seq uint32) *gap {
	g := &st.gaps[i]
	switch {
	case seq == g.from:
		g.from++
	case seq == g.to-1:
		g.to--
	default:
		upper := *g
		upper.from, upper.late = seq+1, 0
		g.to = seq
		st.gaps = slices.Insert(st.gaps, i+1, upper)
	}
	return &st.gaps[i]
}

// spill takes out the oldest gap when it is further behind than the window, or when there are too
// many. Distance is counted in messages and not in numbers: one number that nobody said may be far
// above all others.
func (st *stream) spill(window uint32) (g gap, ok bool) {
	if len(st.gaps) == 0 {
		return gap{}, false
	}
	g = st.gaps[0]
	if len(st.gaps) <= maxGaps && st.seen-g.opened < window {
		return gap{}, false
	}
	if g.missing() > 0 {
		st.horizon = max(st.horizon, g.to)
	}
	st.gaps = slices.Delete(st.gaps, 0, 1)
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
	for i := range st.gaps {
		n += st.gaps[i].missingBelow(limit)
	}
	return n
}
