package check

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/trace"
)

// judgedBy runs a history through the checker and puts its results into the form of the
// reference's.
func judgedBy(o Options, aborted Reason, h *history) map[string]cases {
	c := New(o)
	if aborted != "" {
		c.Abort(aborted)
	}
	s := c.Customer(h.customer)
	for i := range h.events {
		s.Observe(&h.events[i])
	}
	s.Close()
	found := map[string]cases{}
	for _, r := range c.Report() {
		found[r.ID] = cases{Verdict: r.Verdict, Opportunities: r.Opportunities, Violations: r.Violations,
			Inconclusive: r.Inconclusive, Reasons: r.Reasons}
	}
	return found
}

// compare fails the test if checker and reference disagree about a history.
func compare(t *testing.T, w *world, origin string) (want map[string]cases) {
	t.Helper()
	want = refer(w.o, w.aborted, w.history)
	got := judgedBy(w.o, w.aborted, w.history)
	if w.o.Foreign { // the reference does not tell since when two polls at once are the reason
		unite(want)
		unite(got)
	}
	if !maps.EqualFunc(want, got, cases.equal) {
		t.Fatalf("%s, aborted %q, %+v (-reference +checker):\n%s%s", origin, w.aborted, w.o, cmp.Diff(want, got), w.text())
	}
	return want
}

// unite takes doubts about polls for those about the client, which some of them are.
func unite(found map[string]cases) {
	for id, n := range found {
		if doubts := n.Reasons[IndeterminatePoll]; doubts > 0 {
			n.Reasons = maps.Clone(n.Reasons)
			n.Reasons[ClientFault] += doubts
			delete(n.Reasons, IndeterminatePoll)
			found[id] = n
		}
	}
}

// grip counts in how many histories a rule was held, broken and left open. A comparison in which a
// rule is never broken proves nothing about it.
type grip struct{ held, broken, open int }

func TestAgainstReference(t *testing.T) {
	histories := uint64(20_000)
	if slowed || testing.Short() {
		histories = 2_000
	}
	grips, reasons := map[string]*grip{}, map[Reason]int64{}
	for _, r := range Rules() {
		grips[r.ID] = &grip{}
	}
	for seed := range histories {
		for id, n := range compare(t, generate(seeded(seed), int(seed%7), ""), fmt.Sprintf("seed %d", seed)) {
			grips[id].add(&n)
			for reason, k := range n.Reasons {
				reasons[reason] += k
			}
		}
	}
	if slowed || testing.Short() {
		return // too few for what is rare
	}
	for id, g := range grips {
		if g.held < 5 || g.broken < 5 {
			t.Errorf("%s held in %d of the histories and was broken in %d, want 5 of each: there is no grip on it", id, g.held, g.broken)
		}
	}
	for _, reason := range []Reason{IndeterminatePoll, IndeterminateSend, IndeterminateFile, NotDrained, RunAborted, GeneratorLate} {
		if reasons[reason] == 0 {
			t.Errorf("nothing was ever INCONCLUSIVE for %s", reason)
		}
	}
}

func (g *grip) add(n *cases) {
	switch n.Verdict {
	case Pass:
		g.held++
	case Inconclusive:
		g.open++
	case Fail, Error:
		g.broken++
	}
}

// The planned conversations of the other tests are longer and tidier than the generated ones.
func TestPlannedAgainstReference(t *testing.T) {
	for seed := range uint64(5) {
		for _, f := range faults() {
			swallow := 10
			if f.events != nil {
				swallow = 0 // the edit may need what is swallowed
			}
			h := faulty(seed, 0, swallow, f)
			compare(t, &world{history: h, o: f.judgedWith()}, fmt.Sprintf("%s, seed %d", f.name, seed))
		}
	}
}

func FuzzAgainstReference(f *testing.F) {
	for seed := range uint64(20) {
		data := make([]byte, 2000)
		r := rand.New(rand.NewPCG(seed, 32))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		w := generate(drawnFrom(data), 0, "")
		compare(t, w, "fuzzed")
		checkSound(t, judge(w.o, w.history))
	})
}

func TestSentencesCoverTheCatalogue(t *testing.T) {
	for _, r := range Rules() {
		if sentences[r.ID] == nil {
			t.Errorf("the reference has no sentence for %s", r.ID)
		}
	}
	if len(sentences) != len(Rules()) {
		t.Errorf("the reference has %d sentences, want %d", len(sentences), len(Rules()))
	}
}

// Metamorphic tests: what must not matter, over generated histories in which anything happens.

func TestGeneratedNamesDoNotMatter(t *testing.T) {
	for seed := range uint64(1000) {
		a, b := generate(seeded(seed), 3, ""), generate(seeded(seed), 12345, "renamed ")
		want, got := judgedBy(a.o, a.aborted, a.history), judgedBy(b.o, b.aborted, b.history)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: as customer 12345 with other names (-want +got):\n%s%s", seed, diff, a.text())
		}
	}
}

func TestGeneratedClockDoesNotMatter(t *testing.T) {
	for seed := range uint64(1000) {
		w := generate(seeded(seed), 0, "")
		want := judgedBy(w.o, w.aborted, w.history)
		w.o.Start = startedEarlier(w.o.Start, time.Hour)
		shift(w.events, time.Hour)
		if diff := cmp.Diff(want, judgedBy(w.o, w.aborted, w.history)); diff != "" {
			t.Fatalf("seed %d: an hour later (-want +got):\n%s%s", seed, diff, w.text())
		}
	}
}

// startedEarlier moves the start of a run whose clock is known, so that the times of day stay.
func startedEarlier(start time.Time, by time.Duration) time.Time {
	if start.IsZero() {
		return start
	}
	return start.Add(-by)
}

func shift(events []trace.Event, by time.Duration) {
	for i := range events {
		events[i].At += by
		events[i].Started += by
		events[i].Intended += by
	}
}

func TestGeneratedInterleavingDoesNotMatter(t *testing.T) {
	for seed := range uint64(20) {
		var histories []*history
		for customer := range 30 {
			histories = append(histories, generate(seeded(seed*100+uint64(customer)), customer, "").history)
		}
		want := judge(plannedOptions(), histories...)
		if diff := cmp.Diff(want, judgeInterleaved(plannedOptions(), histories, rand.New(rand.NewPCG(seed, 33)))); diff != "" {
			t.Fatalf("seed %d: one after the other and interleaved differ (-want +got):\n%s", seed, diff)
		}
	}
}

// memory is a file that a trace is written to.
type memory struct{ bytes.Buffer }

func (*memory) Close() error { return nil }

// recorded is a history after it was written to a trace and read again.
func recorded(t *testing.T, h *history) *history {
	t.Helper()
	file := new(memory)
	w, err := trace.NewWriter(file, trace.Header{Run: testRun})
	if err != nil {
		t.Fatal(err)
	}
	for i := range h.events {
		w.Write(&h.events[i])
	}
	if n, err := w.Close(); err != nil || n != int64(len(h.events)) {
		t.Fatalf("%d of %d events written: %v", n, len(h.events), err)
	}
	again := &history{customer: h.customer}
	_, truncated, err := trace.Read(file, nil, func(e *trace.Event) error {
		again.events = append(again.events, *e)
		return nil
	})
	if err != nil || truncated {
		t.Fatalf("trace not read: truncated %t, %v", truncated, err)
	}
	return again
}

func TestRecordingDoesNotMatter(t *testing.T) {
	for seed := range uint64(200) {
		w := generate(seeded(seed), 5, "")
		if diff := cmp.Diff(judge(w.o, w.history), judge(w.o, recorded(t, w.history))); diff != "" {
			t.Fatalf("seed %d: live and recorded differ (-live +recorded):\n%s%s", seed, diff, w.text())
		}
	}
}

// fault is an edit of a right conversation, in the plan of it or in its events, and what it breaks.
type fault struct {
	name    string
	plan    func(p *plan, r *rand.Rand)
	events  func(h *history, from int, r *rand.Rand) // from is the place of the conversation's Begin
	options func(o *Options)                         // what is known of the tenant's set-up
	lingers bool                                     // the tenant may take the next conversation for this one going on
	rules   []string
}

// judgedWith are the options that a history with this fault is judged with.
func (f *fault) judgedWith() Options {
	o := plannedOptions()
	if f.options != nil {
		f.options(&o)
	}
	return o
}

// faults are the edits of random_test.go and those that take more than a change of the plan.
func faults() []fault {
	all := slices.Clone(eventFaults)
	for _, e := range edits {
		all = append(all, fault{name: e.name, plan: e.edit, rules: e.rules})
	}
	return all
}
