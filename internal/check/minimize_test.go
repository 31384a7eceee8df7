package check

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"chatbench/internal/trace"
)

// violated lists the rules that events break, and their witnesses by rule.
func violated(o Options, events []trace.Event) map[string][]Witness {
	c := New(o)
	s := c.Customer(0)
	for i := range events {
		s.Observe(&events[i])
	}
	s.Close()
	found := map[string][]Witness{}
	for _, r := range c.Report() {
		if r.Violations > 0 {
			found[r.ID] = r.Witnesses
		}
	}
	return found
}

// TestMinimizeRandom minimizes whatever is broken in many random histories.
func TestMinimizeRandom(t *testing.T) {
	before, after, cases, seeds := 0, 0, 0, uint64(400)
	if slowed {
		seeds = 100
	}
	for seed := range seeds {
		w := generate(seeded(seed), 0, "")
		for id, witnesses := range violated(w.o, w.events) {
			got, err := Minimize(w.o, w.events, id)
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, id, err)
			}
			cases++
			before += len(w.events)
			after += len(got.Events)
			left := violated(w.o, got.Events)
			if !shows(left[id], got.Witness) {
				t.Errorf("seed %d: %s shows %+v, want %+v", seed, id, left[id], got.Witness)
			}
			if len(witnesses) < maxWitnesses && !shows(witnesses, got.Witness) {
				t.Errorf("seed %d: %s was minimized to %q, which the whole does not show", seed, id, got.Witness.Sentence)
			}
			if whole := violated(w.o, w.events); len(left) > len(whole) {
				t.Errorf("seed %d, %s: what is left breaks %d rules, the whole %d", seed, id, len(left), len(whole))
			}
			if !got.Done {
				t.Errorf("seed %d, %s: the effort was used up by %d events", seed, id, len(w.events))
			}
			if part := removable(w.o, w.events, got, id); part != nil {
				t.Errorf("seed %d, %s: %+v could be left out as well", seed, id, part)
			}
		}
	}
	if uint64(cases) < seeds || after*3 > before {
		t.Errorf("%d cases, %d events became %d; want as many cases as histories and a third of the events at most", cases, before, after)
	}
}

func shows(list []Witness, w Witness) bool {
	return slices.ContainsFunc(list, func(one Witness) bool { return one.Sentence == w.Sentence && slices.Equal(one.Events, w.Events) })
}

// removable tries every exchange, message and other event by itself, the naive way, and gives what
// could be left out with the same violation and no new one.
func removable(o Options, whole []trace.Event, m Minimal, id string) []trace.Event {
	known := map[string]bool{}
	for _, s := range (&minimizer{o: o, events: whole, out: make([]bool, len(whole)), left: mostEffort}).judge(nil) {
		known[s.key] = true
	}
	for i := range m.Events {
		if m.Events[i].Kind == trace.Begin {
			continue // goes only with its conversation
		}
		for _, together := range []bool{true, false} {
			var rest, part []trace.Event
			for k := range m.Events {
				if k == i || together && m.Events[k].ID != 0 && m.Events[k].ID == m.Events[i].ID {
					part = append(part, m.Events[k])
				} else {
					rest = append(rest, m.Events[k])
				}
			}
			if len(part) == 1 && part[0].Kind != trace.Deliver && part[0].ID != 0 {
				continue // half an exchange is no part that is left out
			}
			same, worse := false, false
			for _, s := range (&minimizer{o: o, events: rest, out: make([]bool, len(rest)), left: mostEffort}).judge(nil) {
				same = same || s.key == keyOf(int(s.rule), &m.Witness) && registry[s.rule].ID == id
				worse = worse || !known[s.key]
			}
			if same && !worse {
				return part
			}
		}
	}
	return nil
}

// TestMinimizeStory minimizes a long conversation in which one message came twice.
func TestMinimizeStory(t *testing.T) {
	h := newHistory(0).open()
	for i := range 300 {
		h.say().poll(agent(i), robot(i)).infoPoll()
	}
	h.poll(agent(150)).poll().hangUp().journal(trace.Record{}).end(trace.ByCustomer)
	events := slices.Clone(h.events)
	got, err := Minimize(testOptions(), h.events, "DEL-03")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.Witness.Sentence, "150") {
		t.Errorf("the witness is %q, want message 150", got.Witness.Sentence)
	}
	if len(got.Events)*2 > len(events) || !got.Done {
		t.Errorf("%d of %d events are left, done %v; want less than half", len(got.Events), len(events), got.Done)
	}
	if left := violated(testOptions(), got.Events); len(left) != 1 || len(left["DEL-03"]) != 1 {
		t.Errorf("what is left breaks %v, want DEL-03 alone", left)
	}
	for i := range events {
		if events[i].ID != h.events[i].ID || events[i].Count != h.events[i].Count {
			t.Fatalf("event %d was changed", i)
		}
	}
}

// TestMinimizeNeedsOnlyTheEnd wants a violation that needs little to be left with little.
func TestMinimizeNeedsOnlyTheEnd(t *testing.T) {
	h := newHistory(0)
	for range 50 {
		h.open()
		for i := range 10 {
			h.say().poll(agent(i))
		}
		h.poll(disconnect()).byPeer(agentSaid(10))
	}
	h.open().poll(disconnect(), notice("x")).byPeer()
	got, err := Minimize(testOptions(), h.events, "DSC-02")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Events) > 8 {
		t.Errorf("%d events are left, want a conversation, CONNECT, a poll and two messages:\n%s", len(got.Events), (&history{events: got.Events}).text())
	}
}

// TestMinimizeEffort wants the search to end when its effort is used up, with what is left still
// broken: here every message of the agent is needed, and each is tried.
func TestMinimizeEffort(t *testing.T) {
	h := newHistory(0).open()
	for i := range 200 {
		h.say().poll(agent(i)).poll()
	}
	h.poll(agent(199))
	const effort = 30_000
	got, err := minimize(testOptions(), h.events, "DEL-03", effort)
	if err != nil {
		t.Fatal(err)
	}
	if left := violated(testOptions(), got.Events); !shows(left["DEL-03"], got.Witness) {
		t.Errorf("what is left breaks %v, want %+v", left, got.Witness)
	}
	if got.Done || len(got.Events) >= len(h.events)/2 {
		t.Errorf("%d of %d events are left, done %v; want less than half, and the effort used up", len(got.Events), len(h.events), got.Done)
	}
}

func TestMinimizeRefuses(t *testing.T) {
	h := newHistory(0).open().poll(agent(0), agent(0))
	off := testOptions()
	off.Off = []string{"DEL-03"}
	for _, tt := range []struct {
		why    string
		o      Options
		events []trace.Event
		id     string
		want   error
	}{
		{"there is no such rule", testOptions(), h.events, "DEL-99", ErrNoRule},
		{"it is off", off, h.events, "DEL-03", ErrNoRule},
		{"it holds", testOptions(), h.events, "ORD-01", ErrHolds},
		{"nothing happened", testOptions(), nil, "ORD-01", ErrHolds},
	} {
		if m, err := Minimize(tt.o, tt.events, tt.id); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v; want %v", tt.why, m, err, tt.want)
		}
	}
}
