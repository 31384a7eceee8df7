package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"chatbench/internal/marker"
)

// maxWitnesses is how many witnesses a rule keeps: the first, and the worst of the others.
const maxWitnesses = 8

// finding is one violation, or several of the same cause, on its way to the checker.
type finding struct {
	rule   rule
	count  int64         // violations; at least 1
	extent int64         // how bad, see [Witness]
	at     time.Duration // of the last event of the story
	tell   func() story  // called at once, and only if the witness is kept
}

// story is a witness in words.
type story struct {
	sentence string // without customer and conversation, which are put in front
	events   []WitnessEvent
}

// event makes one line of a story that is neither side's doing, such as what the tenant's record says.
func event(at time.Duration, format string, args ...any) WitnessEvent {
	return WitnessEvent{At: at, Text: fmt.Sprintf(format, args...)}
}

// did makes a line of what the customer did.
func did(at time.Duration, format string, args ...any) WitnessEvent {
	e := event(at, format, args...)
	e.Side = CustomerSide
	return e
}

// came makes a line of what the customer was answered or shown.
func came(at time.Duration, format string, args ...any) WitnessEvent {
	e := event(at, format, args...)
	e.Side = TenantSide
	return e
}

// fail hands a finding over.
func (s *Session) fail(f finding) {
	c := s.shard.c
	if c.off[f.rule] {
		return
	}
	s.broken = true
	c.violations.Add(f.count)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &c.tallies[f.rule]
	t.violations += f.count
	w := Witness{Customer: int(s.index), Epoch: s.conv.epoch, Extent: f.extent}
	if !t.wants(&w, f.at) {
		return
	}
	told := f.tell()
	w.Sentence = fmt.Sprintf("customer %d, conversation %d: %s", s.index, s.conv.epoch, told.sentence)
	w.Events = told.events
	if c.opts.Reproduce != nil {
		w.Reproduce = c.opts.Reproduce(int(s.index))
	}
	t.witnesses = retain(append(t.witnesses, w))
}

// unsure counts n cases of a rule that something else explains as well.
func (s *Session) unsure(id rule, reason Reason, n int64) {
	c := s.shard.c
	if reason == IndeterminatePoll && s.conv.connect.doubled {
		reason = ClientFault // the doubt comes from two polls at once
	}
	if c.off[id] || n <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &c.tallies[id]
	t.inconclusive += n
	if t.reasons == nil {
		t.reasons = make(map[Reason]int64)
	}
	t.reasons[reason] += n
}

// wants reports whether w, whose last event is at the given time, would be kept.
func (t *tally) wants(w *Witness, at time.Duration) bool {
	if len(t.witnesses) < maxWitnesses {
		return true
	}
	probe := *w
	probe.Events = []WitnessEvent{{At: at}}
	return earlier(probe, t.witnesses[0]) < 0 || worse(probe, t.witnesses[maxWitnesses-1]) < 0
}

// retain keeps the first of the witnesses, and of the others the worst, sorted; ws is reordered.
// Both orders are total, so it does not matter in which order witnesses come.
func retain(ws []Witness) []Witness {
	if len(ws) == 0 {
		return nil
	}
	slices.SortFunc(ws, earlier)
	slices.SortFunc(ws[1:], worse)
	return ws[:min(len(ws), maxWitnesses)]
}

func earlier(a, b Witness) int {
	return cmp.Or(cmp.Compare(a.at(), b.at()), cmp.Compare(a.Customer, b.Customer),
		cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(b.Extent, a.Extent), cmp.Compare(a.Sentence, b.Sentence),
		slices.CompareFunc(a.Events, b.Events, byTimeAndText))
}

func byTimeAndText(a, b WitnessEvent) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Text, b.Text))
}

func worse(a, b Witness) int {
	return cmp.Or(cmp.Compare(b.Extent, a.Extent), earlier(a, b))
}

// at is when the witness was complete.
func (w *Witness) at() time.Duration {
	if len(w.Events) == 0 {
		return 0
	}
	return w.Events[len(w.Events)-1].At
}

// senderName is how a sender of markers is called in a story.
func senderName(m marker.Sender) string {
	switch m {
	case marker.Robot:
		return "robot"
	case marker.Agent:
		return "agent"
	case marker.System:
		return "system"
	case marker.Customer:
		return "echoed"
	}
	return "unknown"
}

// span writes a duration as a person would: to the millisecond, and a short one to the microsecond.
func span(d time.Duration) string {
	if d < 10*time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(time.Millisecond).String()
}
