package check

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

func TestWitness(t *testing.T) {
	h := newHistory(17).open().poll(agent(0), agent(2)).poll(agent(1), disconnect()).byPeer(agentSaid(3))
	o := testOptions()
	o.Reproduce = func(customer int) string { return "--seed 1 --customer " + itoa(customer) }
	got := resultOf(t, judge(o, h), "ORD-01")
	want := []Witness{{
		Customer: 17, Extent: 1, Reproduce: "--seed 1 --customer 17",
		Sentence: "customer 17, conversation 0: agent message 1 was delivered after message 2",
		Events: []WitnessEvent{
			{At: 107 * ms, Side: TenantSide, Text: "poll 2 delivered agent message 2"},
			{At: 212 * ms, Side: TenantSide, Text: "poll 3 delivered agent message 1"},
		},
	}}
	if diff := cmp.Diff(want, got.Witnesses); diff != "" {
		t.Errorf("witnesses (-want +got):\n%s", diff)
	}
}

// What a QA engineer reads: the sentence and the lines under it.
func TestStories(t *testing.T) {
	for _, c := range []struct {
		rule  string
		story func(h *history)
		want  []string
	}{
		{"DEL-03", func(h *history) { h.open().poll(agent(0)).poll(agent(0), disconnect()).byPeer(agentSaid(1)) }, []string{
			"agent message 0 was delivered twice", "poll 2 delivered it", "poll 3 delivered agent message 0 again"}},
		{"DEL-03", func(h *history) { h.open().poll(agent(0), agent(1)).poll(agent(0), disconnect()).byPeer(agentSaid(2)) }, []string{
			"agent message 0 was delivered twice", "poll 2 delivered agent message 1; 0 had been delivered by then",
			"poll 3 delivered agent message 0 again"}},
		{"DEL-04", func(h *history) { h.open().poll(agent(0)).poll(agent(3), disconnect()).byPeer(agentSaid(4)) }, []string{
			"agent messages 1 to 2 were never delivered, though message 3 was", "poll 2 delivered agent message 0",
			"poll 3 delivered agent message 3"}},
		{"DEL-04", func(h *history) { h.open().poll(robot(1)).end(trace.ByCustomer) }, []string{
			"robot message 0 was never delivered, though message 1 was", "conversation 0 begins", "poll 2 delivered robot message 1"}},
		{"DEL-04", func(h *history) { h.open().poll(agent(0), disconnect()).byPeer(agentSaid(2)) }, []string{
			"agent message 1 was never delivered, though handed out by the tenant's record", "poll 2 delivered agent message 0, the last"}},
		{"DEL-04", func(h *history) { h.open().poll(disconnect()).byPeer(agentSaid(2)) }, []string{
			"agent messages 0 to 1 were never delivered, though handed out by the tenant's record",
			"conversation 0 begins; none of them was delivered"}},
		{"DEL-01", func(h *history) { h.open().say().poll(echo(2)).end(trace.ByCustomer) }, []string{
			"echoed message 2 was delivered, and nobody had said it", "conversation 0 begins; the customer's last message so far is 1",
			"poll 3 delivered echoed message 2"}},
		{"DEL-02", func(h *history) { h.open().poll(agent(4, ofCustomer(8)), disconnect()).byPeer() }, []string{
			"a message for customer 8 was delivered", "conversation 0 begins",
			"poll 2 delivered agent message 4 of customer 8, conversation 0"}},
		{"DEL-01", func(h *history) { h.begin().probe(echo(0)).end(trace.NoConnect) }, []string{
			"echoed message 0 was delivered, and nobody had said it", "conversation 0 begins; the customer has said nothing",
			"poll 1 delivered echoed message 0"}},
		{"DEL-01", func(h *history) { h.open().poll(agent(4, ofRun(1)), disconnect()).byPeer() }, []string{
			"a message of another run was delivered", "conversation 0 begins",
			"poll 2 delivered agent message 4 of customer 0, conversation 0"}},
		{"DEL-01", func(h *history) { h.open().poll(agent(4, ofEpoch(2)), disconnect()).byPeer() }, []string{
			"a message of conversation 2, which has not begun, was delivered", "conversation 0 begins",
			"poll 2 delivered agent message 4 of customer 0, conversation 2"}},
		{"DSC-05", func(h *history) {
			h.open().poll(disconnect()).byPeer().open().poll(agent(4, ofEpoch(0)), disconnect()).byPeer()
		}, []string{
			"customer 0, conversation 1: a message of conversation 0 was delivered", "conversation 1 begins",
			"poll 4 delivered agent message 4 of customer 0, conversation 0"}},
		{"DSC-01", func(h *history) { h.open().poll(disconnect()).probe(notice("")).byPeer() }, []string{
			"a message was delivered after DISCONNECT", "poll 2 delivered DISCONNECT",
			"poll 3 delivered CHAT from SYSTEM: \"an agent is connected\""}},
		{"CON-02", func(h *history) { h.open().wait(61 * time.Second).poll().end(trace.GaveUp) }, []string{
			"nothing was heard within 1m0s of CONNECT", "CONNECT answered 0", "a poll still brought nothing, 1m1.105s after CONNECT"}},
		{"MED-01", func(h *history) { h.open().poll(image("")).end(trace.ByCustomer) }, []string{
			"a media message cannot be shown: its message carries no file id", "a media message was delivered",
			"its message carries no file id"}},
		{"MED-01", func(h *history) {
			h.serve("p1", func(f *trace.File) { f.BadBase = true }).open().poll(image("p1")).end(trace.ByCustomer)
		}, []string{"a media message cannot be shown: the answer is not Base64", `download of "p1" sent`, "the answer is not Base64"}},
	} {
		h := newHistory(0)
		c.story(h)
		r := resultOf(t, judge(testOptions(), h), c.rule)
		if len(r.Witnesses) != 1 {
			t.Errorf("%s: %d witnesses, want 1\n%s", c.rule, len(r.Witnesses), h.text())
			continue
		}
		got := []string{strings.TrimPrefix(r.Witnesses[0].Sentence, "customer 0, conversation 0: ")}
		for _, e := range r.Witnesses[0].Events {
			got = append(got, e.Text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s%s", c.rule, diff, h.text())
		}
	}
}

// Opportunities are the defence against green runs that tested nothing, so they are counted by hand
// here.
func TestOpportunities(t *testing.T) {
	h := newHistory(0)
	h.begin().probe().connect().say().poll(robot(0), echo(1)).poll(agent(0), agent(1), image("p1")).say().
		poll(cut(agent(2), 2), notice("x"), disconnect()).probe().
		journal(trace.Record{HungUp: true, Files: []trace.File{goodFile("p1")},
			Senders: []trace.Said{agentSaid(4), {Sender: marker.Robot, Count: 1}}}).end(trace.ByPeer)
	h.open().poll(agent(0)).poll(agent(4)).hangUp().journal(trace.Record{Senders: []trace.Said{agentSaid(2)}}).end(trace.ByCustomer)
	want := map[string]string{
		"SHP-01": "0/7",
		"SHP-02": "0/8",  // two CONNECT, two texts, a download, a DISCONNECT
		"SHP-03": "0/6",  // the same
		"SHP-05": "0/10", // messages
		"SHP-06": "0/10",
		"SHP-07": "0/8", // all but the picture and the DISCONNECT
		"SHP-08": "0/8",
		"CON-01": "0/1", // the first probe
		"CON-02": "0/2",
		"POL-01": "0/5", // all polls but the probes
		"POL-05": "0/10",
		"ORD-01": "0/2", // agent 1 after 0, and 4 after 0 in the second conversation
		"DEL-01": "1/7", // by the record robot 1, agent 3 and 2; the echo
		"DEL-02": "0/6", // intact markers
		"DEL-03": "0/5", // intact markers but for the echo, which has no timestamp
		"DEL-04": "2/9", // seen: robot 1, agent 3 and 2, the picture; missing: agent 3 of the first, 1 of the second
		"DEL-06": "1/7",
		"DEL-07": "0/1",
		"DEL-08": "0/10",
		"SND-01": "0/1", // the last is left out because the agent hung up
		"SND-02": "0/2",
		"SND-03": "0/2",
		"SND-04": "0/1", // the second text: nobody had spoken before the first
		"DSC-01": "0/1", // the last probe
		"DSC-02": "0/1",
		"DSC-03": "0/1",
		"DSC-04": "0/1",
		"DSC-05": "0/2",
		"DSC-07": "0/1",
		"DSC-09": "0/1",
		"DSC-11": "0/1",
		"MED-01": "0/1",
		"MED-02": "0/1",
		"MED-06": "0/1",
		"SIM-01": "0/7",
		"SIM-02": "0/5",
		"SIM-03": "0/5",
		"SIM-04": "0/4", // the probe before CONNECT begins the polls of its conversation
		"SIM-05": "0/1",
		"SIM-07": "0/1", // the second conversation
		"SIM-11": "0/2",
		"SIM-13": "0/2",
	}
	got := map[string]string{}
	for _, r := range judge(testOptions(), h) {
		if r.Violations+r.Opportunities > 0 {
			got[r.ID] = itoa(int(r.Violations)) + "/" + itoa(int(r.Opportunities))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("violations/opportunities (-want +got):\n%s%s", diff, h.text())
	}
}

func TestWitnessesAreTheFirstAndTheWorst(t *testing.T) {
	c := New(testOptions())
	for i := range 100 {
		s := c.Customer(i)
		s.conv.epoch = 1
		s.fail(finding{rule: ord01, count: 2, extent: int64(i % 50), at: time.Duration(1000 - i), tell: func() story {
			return story{sentence: "x", events: []WitnessEvent{{At: time.Duration(1000 - i)}}}
		}})
	}
	r := resultOf(t, c.Report(), "ORD-01")
	var got []int
	for _, w := range r.Witnesses {
		got = append(got, w.Customer)
	}
	// 99 is the first in time; of the others with the same extent the earlier.
	want := []int{99, 49, 98, 48, 97, 47, 96, 46}
	if !slices.Equal(got, want) || r.Violations != 200 || c.Violations() != 200 {
		t.Errorf("got witnesses of customers %v, %d violations (live %d); want %v, 200", got, r.Violations, c.Violations(), want)
	}
}

// Which witnesses stay must not depend on the order in which they come.
func TestWitnessesAreTheSameInAnyOrder(t *testing.T) {
	report := func(order []int) []Witness {
		c := New(testOptions())
		for _, i := range order {
			at := time.Duration(i * 37 % 101)
			c.Customer(i).fail(finding{rule: ord01, count: 1, extent: int64(i * 53 % 89), at: at, tell: func() story {
				return story{sentence: "x", events: []WitnessEvent{{At: at}}}
			}})
		}
		return resultOf(t, c.Report(), "ORD-01").Witnesses
	}
	r := rand.New(rand.NewPCG(1, 9))
	want := report(r.Perm(100))
	for range 200 {
		order := r.Perm(100)
		if diff := cmp.Diff(want, report(order)); diff != "" {
			t.Fatalf("in order %v (-want +got):\n%s", order, diff)
		}
	}
}

func TestNotesSayWhatIsMissing(t *testing.T) {
	results := New(wireOptions()).Report()
	for id, want := range map[string]string{"ORD-01": "marks its texts", "DSC-04": "own record"} {
		if r := resultOf(t, results, id); !strings.Contains(r.Note, want) {
			t.Errorf("%s is %s with note %q, want one about %q", id, r.Verdict, r.Note, want)
		}
	}
}

func TestLossIsToldInNumbers(t *testing.T) {
	h := newHistory(0).open().poll(agent(0)).poll(agent(3)).infoPoll().poll(agent(5), disconnect()).byPeer(agentSaid(6))
	r := resultOf(t, judge(testOptions(), h), "DEL-04")
	want := "missing: 2 unexplained, 1 that a poll without an answer may have taken; such polls: 1"
	if r.Note != want || r.Violations != 2 || r.Inconclusive != 1 || r.Opportunities != 6 {
		t.Errorf("got note %q, %d/%d and %d inconclusive; want %q, 2/6 and 1", r.Note, r.Violations, r.Opportunities, r.Inconclusive, want)
	}
}

func TestOff(t *testing.T) {
	h := newHistory(0).open().poll(agent(1), agent(0), disconnect()).byPeer(agentSaid(2))
	o := testOptions()
	o.Off = []string{"ORD-01", "XXX-99"}
	c := New(o)
	s := c.Customer(0)
	for i := range h.events {
		s.Observe(&h.events[i])
	}
	s.Close()
	for _, r := range c.Report() {
		if r.ID == "ORD-01" {
			t.Errorf("ORD-01 is off, but reported: %+v", r)
		}
	}
	if want := int(ruleCount) - 1 - len(notes()); len(c.Report()) != want || c.Violations() != 0 {
		t.Errorf("%d rules and %d violations, want %d and none", len(c.Report()), c.Violations(), want)
	}
}

func TestAbortKeepsTheFirstReason(t *testing.T) {
	c := New(testOptions())
	c.Abort(RunAborted)
	c.Abort(GeneratorLate)
	if got := c.abortReason(); got != RunAborted {
		t.Errorf("reason %q, want %q", got, RunAborted)
	}
}

func TestCloseTwiceCountsOnce(t *testing.T) {
	c := New(wireOptions())
	s := c.Customer(0)
	h := newHistory(0).open().poll(notice(""))
	for i := range h.events {
		s.Observe(&h.events[i])
	}
	s.Close()
	want := c.Report()
	s.Close()
	if diff := cmp.Diff(want, c.Report()); diff != "" {
		t.Errorf("a second Close changed the report:\n%s", diff)
	}
}

func wireOptions() Options {
	o := testOptions()
	wireOnly(&o)
	return o
}

// randomResults are results of a few customers, with trouble.
func randomResults(r *rand.Rand) []RuleResult {
	var hs []*history
	for range r.IntN(4) {
		e := edits[r.IntN(len(edits))]
		hs = append(hs, customerOf(r.Uint64(), r.IntN(20), 5, e.edit))
	}
	results := judge(testOptions(), hs...)
	// An id of another version of chatbench, and a rule that was off.
	results = append(results, RuleResult{ID: "ZZZ-01", Verdict: Pass, Note: string(rune('a' + r.IntN(3))), Opportunities: 1})
	return slices.Delete(results, 0, r.IntN(2))
}

func TestMergeLaws(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 7))
		a, b, c := randomResults(r), randomResults(r), randomResults(r)
		for _, law := range []struct {
			name      string
			got, want []RuleResult
		}{
			{"associative", Merge(Merge(a, b), c), Merge(a, Merge(b, c))},
			{"commutative", Merge(a, b), Merge(b, a)},
			{"neutral nil", Merge(a, nil), Merge(nil, a)},
			{"neutral nil changes nothing", Merge(a, nil), a},
		} {
			if diff := cmp.Diff(law.want, law.got); diff != "" {
				t.Fatalf("seed %d: Merge is not %s:\n%s", seed, law.name, diff)
			}
		}
	}
}

func TestMergeIsAReportOfBoth(t *testing.T) {
	histories := crowd()
	want := judge(testOptions(), histories...)
	got := Merge(judge(testOptions(), histories[:25]...), judge(testOptions(), histories[25:]...))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged and judged together differ (-want +got):\n%s", diff)
	}
}

func TestMergeDoesNotTouchItsArguments(t *testing.T) {
	histories := crowd()
	a, b := judge(testOptions(), histories[:30]...), judge(testOptions(), histories[30:]...)
	wantA, wantB := judge(testOptions(), histories[:30]...), judge(testOptions(), histories[30:]...)
	Merge(a, b)
	if diff := cmp.Diff([][]RuleResult{wantA, wantB}, [][]RuleResult{a, b}); diff != "" {
		t.Errorf("Merge changed its arguments:\n%s", diff)
	}
}

func TestWorst(t *testing.T) {
	order := []Verdict{"", NotObservable, NotExercised, Pass, Inconclusive, Fail, Error}
	for i, a := range order {
		for j, b := range order {
			if got, want := Worst(a, b), order[max(i, j)]; got != want {
				t.Errorf("Worst(%q, %q) = %q, want %q", a, b, got, want)
			}
		}
	}
}

// A session must not be disturbed by events that come where none should: traces are cut, merged
// and edited by hand.
func TestAnyOrderOfEventsIsSurvived(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 8))
		h := customerOf(seed, 0, 5, nil)
		r.Shuffle(len(h.events), func(i, j int) { h.events[i], h.events[j] = h.events[j], h.events[i] })
		judge(testOptions(), h)
	}
}

// steady is a conversation in which an agent talks on: each round is a poll with two messages.
func steady() (s *Session, round func()) {
	s = New(Options{Run: testRun, Markers: true}).Customer(0)
	h := newHistory(0).open()
	for i := range h.events {
		s.Observe(&h.events[i])
	}
	at, seq, id := h.now, 0, uint32(1)
	message := &aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Text}
	var e trace.Event
	return s, func() {
		id++
		at += DefaultPause
		e = trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: id, At: at}
		s.Observe(&e)
		e = trace.Event{Kind: trace.Return, Op: aicc.OpPoll, ID: id, At: at, Started: at, Class: aicc.OK, Status: 200, Count: 2}
		s.Observe(&e)
		for range 2 {
			e = trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: id, At: at, Message: message, Marked: marker.Intact,
				Mark: marker.Marker{Run: testRun, Sender: marker.Agent, Seq: seq}}
			s.Observe(&e)
			seq++
		}
	}
}

func TestSteadyStateDoesNotAllocate(t *testing.T) {
	s, round := steady()
	round()
	if got := testing.AllocsPerRun(1000, round); got != 0 {
		t.Errorf("%v allocations a poll with two messages, want none", got)
	}
	s.Close()
	if bad := troubled(s.shard.c.Report()); !reflect.DeepEqual(bad, []string{"DEL-04 INCONCLUSIVE"}) {
		t.Errorf("the steady conversation was cut short: %v", bad)
	}
}

func TestClip(t *testing.T) {
	long := strings.Repeat("你好", 40)
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"short", "short"},
		{long, long[:maxQuote] + "..."},
		{"a" + long, "a" + long[:maxQuote-3] + "..."},
		{strings.Repeat("\x80", 2*maxQuote), "..."}, // no character begins anywhere
	} {
		if got := clip(c.text); got != c.want {
			t.Errorf("clip(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}
