package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// spoken is what a customer said, conversation by conversation.
func (p *played) spoken(user string) []string {
	var list []string
	for _, q := range p.wire(aicc.OpConnect, aicc.OpSend) {
		switch {
		case q.User != user:
		case q.Op == aicc.OpConnect:
			list = append(list, "")
		default:
			list[len(list)-1] += q.text() + ";"
		}
	}
	return list
}

func twice(steps ...scenario.Step) scenario.Step {
	return scenario.Repeat{Min: 2, Max: 2, Steps: steps}
}

func TestTemplates(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []scenario.Step
		want  string
	}{
		{"a repeat counts from 1", []scenario.Step{twice(say("n{{n}}"))}, "n1;n2;"},
		{"the inner counter hides the outer, which goes on behind it", []scenario.Step{twice(say("a{{n}}"), twice(say("b{{n}}")), say("c{{n}}"))},
			"a1;b1;b2;c1;a2;b1;b2;c2;"},
		{"outside a repeat it is 0", []scenario.Step{twice(say("x")), say("n{{n}}")}, "x;x;n0;"},
		{"who and where", []scenario.Step{say("{{customer}} {{conversation}} {{user}} {{run}}")}, "0 0 " + user + " 7;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(c.steps...), nil, nil)
			if diff := cmp.Diff([]string{c.want}, p.spoken(user)); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStepNames(t *testing.T) {
	p := play(t, scene(say("x"), twice(say("y"), scenario.Expect{Text: "z", Within: scenario.Constant(ms), Optional: true})), nil, nil)
	if got, want := p.steps(), "2 say, 3.1 say, 3.2 expect text, 3.1 say, 3.2 expect text, customer"; got != want {
		t.Errorf("steps %q, want %q", got, want)
	}
}

// TestRepeatDraws draws the count between its bounds, and each of them happens.
func TestRepeatDraws(t *testing.T) {
	s := customers(scene(scenario.Repeat{Min: 1, Max: 3, Steps: []scenario.Step{say("x")}}), 30, ms)
	p := play(t, s, nil, nil)
	count := map[string]int{}
	for i := range 30 {
		count[p.spoken(UserID(7, i))[0]]++
	}
	if len(count) != 3 || count["x;"] == 0 || count["x;x;"] == 0 || count["x;x;x;"] == 0 {
		t.Errorf("30 customers said %v, want one to three x each", count)
	}
}

// TestData looks at which row a conversation gets.
func TestData(t *testing.T) {
	for _, c := range []struct {
		name string
		pick scenario.Pick
		want [][]string // by customer and conversation
	}{
		{"one after the other", scenario.Sequential, [][]string{{"A0;", "C2;"}, {"B1;", "D3;"}}},
		{"each customer has its own", scenario.Unique, [][]string{{"A0;", "A0;"}, {"B1;", "B1;"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := customers(scene(say("{{name}}{{id}}"), think(time.Second)), 2, 8*time.Second)
			s.Data = &scenario.Data{Columns: []string{"id", "name"}, Rows: [][]string{{"0", "A"}, {"1", "B"}, {"2", "C"}, {"3", "D"}}, Pick: c.pick}
			p := play(t, s, nil, nil)
			for i, want := range c.want {
				if diff := cmp.Diff(want, p.spoken(UserID(7, i))); diff != "" {
					t.Errorf("customer %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

func TestRandomData(t *testing.T) {
	draw := func(seed uint64) string {
		s := customers(scene(say("{{id}}")), 20, ms)
		s.Data = &scenario.Data{Columns: []string{"id"}, Rows: [][]string{{"0"}, {"1"}, {"2"}}, Pick: scenario.Random}
		p := play(t, s, nil, func(r *rig) { r.cfg.Seed = seed })
		var all strings.Builder
		for i := range 20 {
			all.WriteString(p.spoken(UserID(7, i))[0])
		}
		return all.String()
	}
	first := draw(1)
	for _, row := range []string{"0;", "1;", "2;"} {
		if !strings.Contains(first, row) {
			t.Errorf("20 customers never drew row %q: %s", row, first)
		}
	}
	if again, other := draw(1), draw(2); again != first || other == first {
		t.Errorf("seed 1 drew %s and %s, seed 2 %s", first, again, other)
	}
}

func TestMix(t *testing.T) {
	s := customers(scene(), 100, ms)
	s.Flows = append(s.Flows, &scenario.Flow{Name: "rare", Steps: []scenario.Step{scenario.Connect{}, say("rare")}})
	s.Mix = []scenario.Share{{Flow: "rare", Share: 0.2}, {Flow: "flow", Share: 0.8}}
	p := play(t, s, nil, nil)
	if n := len(p.wire(aicc.OpSend)); n < 10 || n > 32 { // three standard deviations around 20
		t.Errorf("%d of 100 conversations took the flow with a share of 20 %%", n)
	}
	for i, events := range p.events {
		if begin, end := events[0], events[len(events)-1]; begin.Kind != trace.Begin || begin.Flow != end.Flow {
			t.Errorf("customer %d: it begins with %v of %q and ends %q", i, begin.Kind, begin.Flow, end.Flow)
		}
	}
}

// TestBetween looks at the time from the end of a conversation to the start of the next.
func TestBetween(t *testing.T) {
	for _, c := range []struct {
		name    string
		between time.Duration
		script  script
		want    time.Duration
	}{
		{"as the scenario says", 3 * time.Second, nil, 3 * time.Second},
		{"at once", 0, nil, 0},
		{"a second at least after one that did not begin", 0, script{aicc.OpConnect: {code("12")}}, time.Second},
		{"more if the scenario says so", 3 * time.Second, script{aicc.OpApply: {{status: 500}}}, 3 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := customers(scene(think(time.Second)), 1, 10*time.Second)
			s.Between = scenario.Constant(c.between)
			p := play(t, s, c.script, nil)
			begins, ends := p.told(trace.Begin), p.told(trace.End)
			if len(begins) < 2 {
				t.Fatalf("%d conversations in 10 s, want more", len(begins))
			}
			if got := begins[1].At - ends[0].At; got != c.want {
				t.Errorf("a pause of %v, want %v", got, c.want)
			}
			if begins[1].Epoch != 1 || ends[0].Epoch != 0 {
				t.Errorf("epochs %d and %d, want 0 and 1", ends[0].Epoch, begins[1].Epoch)
			}
		})
	}
}

// TestThinkIsOnSchedule keeps to the schedule: what is said is intended for the end of the thinking.
func TestThinkIsOnSchedule(t *testing.T) {
	p := play(t, scene(say("one"), think(2*time.Second), say("two")), script{aicc.OpSend: {{wait: time.Second}}}, nil)
	sends := p.told(trace.Invoke, aicc.OpSend)
	if e := sends[1]; e.Intended != 3*time.Second || e.At != e.Intended {
		t.Errorf("intended for %v and done at %v, want 3 s: a second of waiting for the answer and two of thinking", e.Intended, e.At)
	}
}

// TestBusyCustomerIsMeasured has a customer whose schedule is upset by a slow tenant: what it says
// is intended for the time when it should have been, and the generator is not to blame.
func TestBusyCustomerIsMeasured(t *testing.T) {
	p := play(t, scene(think(time.Second), say("one")), script{
		aicc.OpPoll: {brings(said("AGENT", "hi"))}, aicc.OpSupport: {{wait: 4 * time.Second}},
	}, nil)
	if e := p.told(trace.Invoke, aicc.OpSend)[0]; e.Intended != time.Second || e.At != 4100*ms || e.Late != 0 {
		t.Errorf("intended for %v, done at %v, late %v, want 1 s, 4.1 s, 0", e.Intended, e.At, e.Late)
	}
}

func TestUserID(t *testing.T) {
	for _, c := range []struct {
		run   uint64
		index int
		want  string
	}{
		{0, 0, "cb000000000"},
		{7, 35, "cb00000007z"},
		{RunIDs - 1, 1_000_000, "cbzzzzzzzzlfls"},
		{RunIDs, 1, "cb000000001"}, // wraps
	} {
		got := UserID(c.run, c.index)
		if got != c.want || len(got) > aicc.MaxUserID {
			t.Errorf("UserID(%d, %d) = %q, want %q", c.run, c.index, got, c.want)
		}
		if customer := CustomerOf(got); "cb00000000"+customer != UserID(0, c.index) {
			t.Errorf("CustomerOf(%q) = %q", got, customer)
		}
	}
	if got := CustomerOf("cb"); got != "" {
		t.Errorf("CustomerOf of a short id = %q, want nothing", got)
	}
}
