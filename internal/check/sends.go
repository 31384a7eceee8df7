package check

import (
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// maxText is the vendor's 1 K in the narrowest reading, bytes.
const maxText = 1000

// maxSends is how many sends that were not accepted are remembered in a conversation.
const maxSends = 64

// sending is a number that the customer used for something that was not accepted as a text, with
// flags above it.
type sending uint32

const (
	wasRefused sending = maxSeq << iota // a text, and it was refused; otherwise no text, or nobody knows
	wasEchoed                           // its text came back
)

func (x sending) seq() int { return int(x & (maxSeq - 1)) }

// refusals are texts that were refused, perhaps because the other side had just hung up (SND-04).
type refusals struct {
	n      uint32
	id     uint32        // exchange of the first
	at     time.Duration // of the first
	latest time.Duration
}

// sendingAt is one of the conversation's, from 0 to conv.sendings-1. CONNECT's and that of the text
// on its way are all that most conversations have; the others are with what is rare.
func (s *Session) sendingAt(i int) *sending {
	few := &s.conv.few
	if i < len(few) {
		return &few[i]
	}
	return &s.rare.sends[i-len(few)]
}

// sending returns that of a number, or nil.
func (s *Session) sending(seq int) *sending {
	for i := range int(s.conv.sendings) {
		if x := s.sendingAt(i); x.seq() == seq {
			return x
		}
	}
	return nil
}

func (s *Session) sendStarts(e *trace.Event) {
	if e.Seq < 0 || e.Seq >= maxSeq {
		return
	}
	c := &s.conv
	c.sent = max(c.sent, int32(e.Seq+1))
	if s.sending(e.Seq) != nil {
		return
	}
	if c.sendings == maxSends {
		c.manyOpen = true
		return
	}
	if int(c.sendings) >= len(c.few) {
		r := s.rarely()
		r.sends = append(r.sends, 0)
	}
	c.sendings++
	*s.sendingAt(int(c.sendings) - 1) = sending(e.Seq)
}

// settled takes one out, and puts the last into its place.
func (s *Session) settled(x *sending) {
	c := &s.conv
	c.sendings--
	*x = *s.sendingAt(int(c.sendings))
	if others := int(c.sendings) - len(c.few); others >= 0 {
		s.rare.sends = s.rare.sends[:others]
	}
}

func (s *Session) sendEnds(e *trace.Event) {
	s.accepted(e)
	if x := s.sending(e.Seq); x != nil {
		switch {
		case e.Class == aicc.OK:
			s.settled(x)
		case e.Class == aicc.Fail && e.Status == 0: // it never left; but it may have been refused before, with HTTP 401
		case e.Class == aicc.Fail:
			*x |= wasRefused
		default:
			*x &^= wasRefused
		}
	}
	if e.Class == aicc.OK {
		s.asksRobot(e)
		s.saysToAgent(e)
	}
}

// accepted judges whether a text was taken (SND-04). A refusal waits for what shows that the
// conversation went on.
func (s *Session) accepted(e *trace.Event) {
	if !s.conv.parties.line || e.NoBody || e.Chars > aicc.MaxDemoText || e.Bytes > maxText {
		return
	}
	if e.Status == http.StatusInternalServerError {
		s.met(snd04)
		s.unsure(snd04, IndeterminateSend, 1)
	}
	if !answeredPlainly(e) {
		return
	}
	if s.wrongRequest(e) {
		s.met(snd04)
		s.unsure(snd04, ClientFault, 1)
		return
	}
	if e.Class == aicc.Fail {
		r := &s.rarely().refused
		if r.n == 0 {
			r.at, r.id = e.At, e.ID
		}
		r.latest = e.At
		r.n++
		return
	}
	s.met(snd04)
	if r := &s.rare.refused; r.n > 0 && e.Started >= r.at {
		s.failRefused(e.At, "a later text was accepted")
	}
}

// refusedFor looks at a poll that brought nothing: a DISCONNECT would have come by then, so nobody had
// hung up when an earlier text was refused. A poll without an answer may have taken the DISCONNECT.
func (s *Session) refusedFor(e *trace.Event) {
	r := &s.rare.refused
	if r.n == 0 || e.Count > 0 || e.Probe || s.conv.connect.leaving || e.Started < r.latest+s.opts().DisconnectWithin {
		return
	}
	if s.exposedUntil >= s.conv.connect.asked {
		s.metTimes(snd04, r.n)
		s.unsure(snd04, IndeterminatePoll, int64(r.n))
		*r = refusals{}
		return
	}
	s.failRefused(e.At, "a poll that was sent after that brought no DISCONNECT")
}

// answeredPlainly reports whether a call was answered by the platform for reasons of its own: not
// let in, flow control and what gateways say are others'.
func answeredPlainly(e *trace.Event) bool {
	if e.Code == aicc.CodeFlowControl {
		return false
	}
	switch {
	case e.Status == 200:
		return e.Shape == ""
	case e.Status == 401 || e.Status == 429:
		return false
	}
	return e.Status >= 400 && e.Status < 500
}

// failRefused fails SND-04 for the refusals that wait.
func (s *Session) failRefused(at time.Duration, why string) {
	r := s.rare.refused
	s.rarely().refused = refusals{}
	s.metTimes(snd04, r.n)
	s.fail(finding{rule: snd04, count: int64(r.n), extent: int64(r.n), at: at, tell: func() story {
		return story{sentence: "a text was refused in a running conversation", events: []WitnessEvent{
			came(r.at, "send %d refused", r.id),
			event(at, "%s", why),
		}}
	}})
}

// settleSends judges refused texts that were shown (DEL-05); the record is nil when there is none.
func (s *Session) settleSends(r *trace.Record) {
	for i := range int(s.conv.sendings) {
		x := *s.sendingAt(i)
		if x&wasRefused == 0 {
			continue
		}
		s.met(del05)
		echoed := x&wasEchoed != 0
		if echoed || r != nil && inRuns(r.Shown, x.seq()) {
			s.failShownRefused(x.seq(), echoed)
		}
	}
}

func (s *Session) failShownRefused(seq int, echoed bool) {
	at := s.now
	s.fail(finding{rule: del05, count: 1, at: at, tell: func() story {
		what := "by the tenant's record the other side got it"
		if echoed {
			what = "it was echoed"
		}
		return story{sentence: "the customer's message " + itoa(seq) + " was refused, and shown all the same", events: []WitnessEvent{
			did(s.conv.begun, "conversation %d begins; its message %d is refused", s.conv.epoch, seq),
			event(at, "%s", what),
		}}
	}})
}

// inRuns reports whether a number is in the runs of a record.
func inRuns(runs [][2]int, seq int) bool {
	return slices.ContainsFunc(runs, func(r [2]int) bool { return r[0] <= seq && seq <= r[1] })
}

// settleShown compares what was accepted with what the other side got (SND-01, -02, -03).
func (s *Session) settleShown(e *trace.Event) {
	r := e.Record
	garbled := max(r.Garbled, 0)
	s.settleRefusals(e)
	if len(r.Shown) == 0 && r.Heard > garbled {
		return // the record does not tell
	}
	shown, back, top := uint32(0), int64(0), -1
	for _, run := range r.Shown {
		n := run[1] - run[0] + 1
		if n <= 0 || n > maxSeq {
			continue
		}
		shown += uint32(n)
		back += int64(max(min(run[1], top)-run[0]+1, 0))
		top = max(top, run[1])
	}
	s.metTimes(snd02, shown)
	if back > 0 {
		s.failShown(snd02, back, e, "texts were shown to the other side twice or out of order")
	}
	s.metTimes(snd03, shown+uint32(garbled))
	if garbled > 0 {
		s.failShown(snd03, int64(garbled), e, "texts were shown to the other side changed")
	}
	s.settleReached(e, top)
}

// settleReached judges the accepted texts that were not shown (SND-01): all when the customer ended
// the conversation, and otherwise those before one that was, because the last may have crossed the
// hang-up.
func (s *Session) settleReached(e *trace.Event, top int) {
	limit := int(s.conv.sent)
	if e.Record.Ended != "customer" {
		limit = min(limit, top)
	}
	if s.async() {
		return // nobody said that they were accepted
	}
	if s.conv.manyOpen || limit > maxJump {
		s.unsure(snd01, EvidenceDropped, 1)
		return
	}
	judged, lost, first := uint32(0), int64(0), -1
	for seq := range limit {
		if s.sending(seq) != nil {
			continue
		}
		judged++
		if !inRuns(e.Record.Shown, seq) {
			if lost++; first < 0 {
				first = seq
			}
		}
	}
	s.metTimes(snd01, judged)
	if lost -= int64(max(e.Record.Garbled, 0)); lost > 0 {
		s.failShown(snd01, lost, e, "the customer's message "+itoa(first)+" was accepted, and never shown to the other side")
	}
}

func (s *Session) failShown(id rule, n int64, e *trace.Event, what string) {
	s.fail(finding{rule: id, count: n, extent: n, at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			did(s.conv.begun, "conversation %d begins; the customer's messages so far: %d", s.conv.epoch, s.conv.sent),
			event(e.At, "by the tenant's record the other side got %s, and %d changed", runWords(e.Record.Shown), e.Record.Garbled),
		}}
	}})
}

// runWords writes the runs of a record, shortened.
func runWords(runs [][2]int) string {
	const most = 6
	var words []string
	for i, r := range runs {
		switch {
		case i == most:
			return strings.Join(words, ", ") + " ..."
		case r[0] == r[1]:
			words = append(words, itoa(r[0]))
		default:
			words = append(words, itoa(r[0])+" to "+itoa(r[1]))
		}
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, ", ")
}

// settleRefusals decides about refused texts by the record: whoever had hung up may refuse.
func (s *Session) settleRefusals(e *trace.Event) {
	r := e.Record
	switch {
	case s.rare.refused.n == 0:
	case r.HungUp || r.Ended != "" && r.Ended != "customer":
		s.rarely().refused = refusals{}
	default:
		s.failRefused(e.At, "by the tenant's record nobody had hung up")
	}
}

// ids are the messageIds in the content of a read receipt.
func ids(content string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for part := range strings.SplitSeq(content, ",") {
			if id := strings.TrimSpace(part); id != "" && !yield(id) {
				return
			}
		}
	}
}
