package compare

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// pair is two results that can be compared.
func pair() (base, new Input) {
	r := rand.New(rand.NewPCG(9, 9))
	list := usual().plays(2, r)
	return list[0], list[1]
}

func compared(t *testing.T, base, new []Input, opt Options) *Report {
	t.Helper()
	rep, err := Runs(base, new, opt)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *result.Result)
		want   []string
		doubt  bool // Anyway helps
		exit   result.Exit
	}{
		"another scenario": {func(r *result.Result) { r.Scenario.Name = "other" }, []string{`the scenario is "other", not "synthetic"`}, false, 64},
		"another version of its file": {func(r *result.Result) { r.Scenario.Hash = "fedcba9876543210" },
			[]string{"the file of the scenario is another", "fedcba987654", "--anyway"}, true, 64},
		"another load": {func(r *result.Result) { r.Scenario.Load = "up to 5 customers for 1m0s" }, []string{"the load is up to 5 customers"}, false, 64},
		"another length": {func(r *result.Result) {
			r.Scenario.Stages = []result.Stage{{Name: "1", Load: "5 customers", Length: 1e9}}
		}, []string{"5 customers for 1s"}, false, 64},
		"markers off":   {func(r *result.Result) { r.Scenario.Overrides = []string{"--markers=off"} }, []string{"--markers=off"}, false, 64},
		"a real tenant": {func(r *result.Result) { r.Target.Kind = result.Real }, []string{"a tenant reached by its address, not the embedded tenant"}, false, 64},
		"a recording":   {func(r *result.Result) { r.Target.Kind = result.Recorded }, []string{"check of a recording"}, false, 64},
		"another machine": {func(r *result.Result) { r.Run.Host.Cores = 64 },
			[]string{"linux/amd64 with 64 processors, not on linux/amd64 with 2"}, true, 64},
		"interrupted":      {func(r *result.Result) { r.Run.Ended = result.EndedInterrupted }, []string{"did not come to its end (interrupted)"}, false, 64},
		"nothing measured": {func(r *result.Result) { r.Metrics = nil }, []string{"nothing was measured"}, false, 64},
		"INVALID":          {func(r *result.Result) { r.Verdict = result.Invalid }, []string{"INVALID"}, false, 5},
		"INVALID and another scenario": {func(r *result.Result) { r.Verdict, r.Scenario.Name = result.Invalid, "other" },
			[]string{"INVALID", `"other"`}, false, 64},
	} {
		base, new := pair()
		c.change(new.Result)
		_, err := Runs([]Input{base}, []Input{new}, Options{})
		var refusal *Refusal
		if !errors.As(err, &refusal) {
			t.Errorf("%s: got error %v, want a refusal", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "run 0:") {
				t.Errorf("%s: got %q, want %q of run 1", name, err, want)
			}
		}
		if refusal.Exit() != c.exit {
			t.Errorf("%s: got exit code %d, want %d", name, refusal.Exit(), c.exit)
		}
		if _, err := Runs([]Input{base}, []Input{new}, Options{Anyway: true}); (err == nil) != c.doubt {
			t.Errorf("%s: with Anyway got error %v", name, err)
		}
	}
}

// TestRefusesTheSameRunTwice, which would be the same as itself, or count as two.
func TestRefusesTheSameRunTwice(t *testing.T) {
	base, new := pair()
	for name, sides := range map[string][2][]Input{
		"on both sides": {{base}, {base}}, "on one side": {{base, base}, {new}}, "nothing": {nil, {new}},
	} {
		if _, err := Runs(sides[0], sides[1], Options{}); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestManyReasonsAreCounted(t *testing.T) {
	r := &Refusal{Reasons: slices.Repeat([]string{"it is another"}, 40)}
	if text := r.Error(); strings.Count(text, "\n") != mostReasons+1 || !strings.Contains(text, "28 more") {
		t.Errorf("got %q", text)
	}
}

func TestFits(t *testing.T) {
	base, planned := pair()
	planned.Result.Metrics = nil // it has not been played
	if err := Fits([]Input{base}, planned.Result, false); err != nil {
		t.Errorf("the same: got %v", err)
	}
	planned.Result.Run.Host.Cores = 8
	if err := Fits([]Input{base}, planned.Result, false); err == nil || !strings.Contains(err.Error(), "this run: chatbench ran on") {
		t.Errorf("another machine: got %v", err)
	}
	if err := Fits([]Input{base}, planned.Result, true); err != nil {
		t.Errorf("another machine, anyway: got %v", err)
	}
	if err := Fits(nil, planned.Result, true); err == nil {
		t.Error("no baseline: got no error")
	}
	base.Result.Verdict = result.Invalid
	var refusal *Refusal
	if err := Fits([]Input{base}, planned.Result, true); !errors.As(err, &refusal) || refusal.Exit() != result.ExitInvalid {
		t.Errorf("an INVALID baseline: got %v", err)
	}
}

// TestJudge takes a change of a figure of 100 ms to a verdict.
func TestJudge(t *testing.T) {
	for name, c := range map[string]struct {
		change Change
		better Direction
		want   Verdict
	}{
		"shown, and large":              {Change{Estimate: 1.2, Low: 1.15, High: 1.25, Adjusted: 0.001}, Lower, Worse},
		"shown, and large, of a rate":   {Change{Estimate: 1.2, Low: 1.15, High: 1.25, Adjusted: 0.001}, Higher, Better},
		"less":                          {Change{Estimate: 0.8, Low: 0.75, High: 0.85, Adjusted: 0.001}, Lower, Better},
		"less of a rate":                {Change{Estimate: 0.8, Low: 0.75, High: 0.85, Adjusted: 0.001}, Higher, Worse},
		"neither better nor worse":      {Change{Estimate: 1.2, Low: 1.15, High: 1.25, Adjusted: 0.001}, Neither, Changed},
		"shown, but too small":          {Change{Estimate: 1.05, Low: 1.03, High: 1.07, Adjusted: 0.001}, Lower, Same},
		"shown, but perhaps too small":  {Change{Estimate: 1.08, Low: 1.03, High: 1.13, Adjusted: 0.001}, Lower, Unknown},
		"large, but perhaps by chance":  {Change{Estimate: 1.2, Low: 0.9, High: 1.6, Adjusted: 0.4}, Lower, Unknown},
		"nothing":                       {Change{Estimate: 1, Low: 0.97, High: 1.03, Adjusted: 1}, Lower, Same},
		"nothing, but it might be much": {Change{Estimate: 1, Low: 0.8, High: 1.2, Adjusted: 1}, Lower, Unknown},
	} {
		c.change.Ratio, c.change.Least, c.change.Most = true, 1/1.1, 1.1
		m := Metric{Name: "reply", Statistic: "p95", Unit: metric.Seconds, Better: c.better, Verdict: Unknown, Change: &c.change}
		m.judge(0.01)
		if m.Verdict != c.want || !strings.HasPrefix(m.Sentence, "reply p95 ") {
			t.Errorf("%s: got %q (%s), want %q", name, m.Verdict, m.Sentence, c.want)
		}
	}
}

// TestConclude takes the verdicts of figures to that of the whole.
func TestConclude(t *testing.T) {
	for name, c := range map[string]struct {
		figures []Verdict
		rule    Verdict
		asked   bool
		want    Verdict
		exit    result.Exit
	}{
		"all the same":                       {figures: []Verdict{Same, Same}, want: Same},
		"one better":                         {figures: []Verdict{Same, Better}, want: Better},
		"one better, one worse":              {figures: []Verdict{Better, Worse}, want: Worse, exit: 3},
		"one unknown does not stop CI":       {figures: []Verdict{Same, Unknown}, want: Same},
		"one unknown, and it was asked for":  {figures: []Verdict{Same, Unknown}, asked: true, want: Unknown, exit: 2},
		"nothing can be told":                {figures: []Verdict{Unknown, Unknown}, want: Unknown, exit: 2},
		"there is nothing":                   {want: Unknown, exit: 2},
		"changed is nothing to stop for":     {figures: []Verdict{Same, Changed}, want: Same},
		"a broken rule weighs more":          {figures: []Verdict{Worse}, rule: Worse, want: Worse, exit: 1},
		"a rule that holds again is no time": {figures: []Verdict{Same}, rule: Better, want: Same},
	} {
		r := Report{}
		for _, v := range c.figures {
			r.Metrics = append(r.Metrics, Metric{Name: "reply", Statistic: "p50", Verdict: v})
		}
		if c.rule != "" {
			r.Rules = []Rule{{ID: "ORD-01", Verdict: c.rule}}
		}
		r.conclude(c.asked)
		if r.Verdict != c.want || r.Exit != c.exit || len(r.Reasons) == 0 {
			t.Errorf("%s: got %q, exit code %d, reasons %q; want %q, %d", name, r.Verdict, r.Exit, r.Reasons, c.want, c.exit)
		}
		if g, exit := r.Gate(); exit != c.exit || (g.Verdict == result.Pass) != (c.exit == 0) {
			t.Errorf("%s: got gate %q with exit code %d, want %d", name, g.Verdict, exit, c.exit)
		}
	}
}

func TestRules(t *testing.T) {
	rule := func(v check.Verdict, s check.Severity) check.RuleResult {
		return check.RuleResult{ID: "ORD-01", Title: "in order", Verdict: v, Severity: s}
	}
	for name, c := range map[string]struct {
		before, after check.RuleResult
		known         bool
		want          Verdict // "": the rule is not listed
	}{
		"newly broken":         {rule(check.Pass, check.Failure), rule(check.Fail, check.Failure), false, Worse},
		"broken all the time":  {rule(check.Fail, check.Failure), rule(check.Fail, check.Failure), false, ""},
		"holds again":          {rule(check.Fail, check.Failure), rule(check.Pass, check.Failure), false, Better},
		"only warns":           {rule(check.Pass, check.Warning), rule(check.Fail, check.Warning), false, Changed},
		"known to fail":        {rule(check.Pass, check.Failure), rule(check.Fail, check.Failure), true, Changed},
		"no longer exercised":  {rule(check.Pass, check.Failure), rule(check.NotExercised, check.Failure), false, Changed},
		"undecided, not wrong": {rule(check.Pass, check.Failure), rule(check.Inconclusive, check.Failure), false, Changed},
	} {
		base, new := pair()
		base.Result.Rules, new.Result.Rules = []check.RuleResult{c.before}, []check.RuleResult{c.after}
		if c.known {
			new.Result.Known = []result.Known{{Rule: "ORD-01"}}
		}
		var got Verdict
		if list := rules([]Input{base}, []Input{new}); len(list) > 0 {
			got = list[0].Verdict
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestFigures compares runs that differ in one thing and looks at one figure.
func TestFigures(t *testing.T) {
	slow, failing, peaks, weak := usual(), usual(), usual(), usual()
	slow.times, failing.failing, peaks.peaks, weak.rate = 1.5, 0.03, true, 80
	for name, c := range map[string]struct {
		base, new tenant
		figure    string
		want      Verdict
	}{
		"times by half":                {usual(), slow, "send.response p50", Worse},
		"times by half, the other way": {slow, usual(), "transfer.response p95", Better},
		"errors come":                  {usual(), failing, "errors share", Worse},
		"no errors":                    {usual(), usual(), "errors share", Same},
		"fewer exchanges":              {usual(), weak, "exchanges rate", Changed},
		// The middle of these times is now in one peak and now in the other.
		"between two peaks": {peaks, peaks, "transfer.response p50", Unknown},
	} {
		r := rand.New(rand.NewPCG(3, 4))
		rep := compared(t, c.base.plays(1, r), c.new.plays(1, r), Options{})
		i := slices.IndexFunc(rep.Metrics, func(m Metric) bool { return m.Label() == c.figure })
		if i < 0 || rep.Metrics[i].Verdict != c.want {
			t.Errorf("%s: want %s %s among %+v", name, c.figure, c.want, rep.Metrics)
		}
	}
}

// TestSilence: a tenant that sends nothing any more has got worse, though there are no times of it to
// compare; and where nobody ever sent anything there is no figure of it.
func TestSilence(t *testing.T) {
	sending := func(in Input, messages int64) []Input {
		for i := range in.Result.Metrics.Timeline.Points {
			in.Result.Metrics.Timeline.Points[i].Messages = messages
		}
		return []Input{in}
	}
	for name, c := range map[string]struct {
		base, new int64
		want      Verdict // "": there is no such figure
	}{"silent now": {5, 0, Worse}, "no longer silent": {0, 5, Better}, "always silent": {0, 0, ""}} {
		base, new := pair()
		rep := compared(t, sending(base, c.base), sending(new, c.new), Options{Metrics: []string{"messages"}})
		var got Metric
		if len(rep.Metrics) > 0 {
			got = rep.Metrics[0]
		}
		if got.Verdict != c.want || c.new == 0 && got.New.Value != 0 {
			t.Errorf("%s: got %+v, want %q", name, got, c.want)
		}
	}
}

// TestFloorOfTimes: what is less than a millisecond does not matter, however much it is of a time.
func TestFloorOfTimes(t *testing.T) {
	tiny, slower := usual(), usual()
	tiny.times, slower.times = 0.005, 0.0075 // 0.1 ms, and half as much again
	r := rand.New(rand.NewPCG(3, 5))
	rep := compared(t, tiny.plays(1, r), slower.plays(1, r), Options{Metrics: []string{"send.response"}})
	for _, m := range rep.Metrics {
		if m.Verdict != Same {
			t.Errorf("%s: got %q: %s", m.Label(), m.Verdict, m.Sentence)
		}
	}
}

// TestOwnLateness: what chatbench itself was later on one side is not taken for the tenant's.
func TestOwnLateness(t *testing.T) {
	slower, late := usual(), usual()
	slower.times, late.times, late.late = 1.25, 1.25, 20*time.Millisecond
	for name, c := range map[string]struct {
		new  tenant
		want Verdict // of a time of 20 ms, which is 5 ms longer
	}{"slower": {slower, Worse}, "slower, and chatbench was late": {late, Same}} {
		r := rand.New(rand.NewPCG(3, 6))
		rep := compared(t, usual().plays(1, r), c.new.plays(1, r), Options{Metrics: []string{"send.response"}})
		if got := rep.Metrics[0]; got.Verdict != c.want {
			t.Errorf("%s: got %q: %s, want %q", name, got.Verdict, got.Sentence, c.want)
		}
	}
}

// TestShortRuns: too few seconds or samples are said, and decide nothing.
func TestShortRuns(t *testing.T) {
	short, sparse := usual(), usual()
	short.seconds, sparse.rate = 5, 4
	for name, c := range map[string]struct {
		tenant tenant
		lack   Lack
		reason string
	}{
		"5 seconds": {short, ShortRun, "seconds of it count, neither warm-up nor drain, and it takes 10"}, "4 a second": {sparse, FewSamples, "cannot be told"},
	} {
		rep := compared(t, c.tenant.plays(1, rand.New(rand.NewPCG(1, 1))), c.tenant.plays(1, rand.New(rand.NewPCG(2, 2))), Options{Metrics: []string{"send.response"}})
		m := rep.Metrics[1]
		if rep.Verdict != Unknown || rep.Exit != result.ExitInconclusive || m.Change != nil || m.Lack != c.lack {
			t.Errorf("%s: got %q with %+v, want %q", name, rep.Verdict, rep.Metrics, c.lack)
		}
		if last := rep.Reasons[len(rep.Reasons)-1]; !strings.Contains(last, c.reason) {
			t.Errorf("%s: got the reason %q, want %q", name, last, c.reason)
		}
		if want := c.tenant.sends(); m.Base.Samples < want/2 || m.Base.Samples > 2*want {
			t.Errorf("%s: got %d samples, want about %d", name, m.Base.Samples, want)
		}
	}
}

func TestMethodByRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	list := usual().plays(16, r)
	one := Options{Metrics: []string{"send.response"}} // three figures
	for _, c := range []struct {
		base, new int
		want      Over
	}{{1, 1, Seconds}, {1, 2, RunsAndSeconds}, {3, 3, RunsAndSeconds}, {5, 5, RunsAndSeconds}, {6, 6, Ranks}, {8, 8, Ranks}} {
		rep := compared(t, list[:c.base], list[8:8+c.new], one)
		if rep.Method.Over != c.want || rep.Verdict == Worse || rep.Verdict == Better {
			t.Errorf("%d and %d runs: got %q by %q, want by %q", c.base, c.new, rep.Verdict, rep.Method.Over, c.want)
		}
	}
}

// TestRepeats: the same results give the same report, to the last digit, and one that is JSON.
func TestRepeats(t *testing.T) {
	base, new := pair()
	var before []byte
	for range 2 {
		data, err := json.Marshal(compared(t, []Input{base}, []Input{new}, Options{}))
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && string(before) != string(data) {
			t.Errorf("got %s and then %s", before, data)
		}
		before = data
	}
}

func TestDifferences(t *testing.T) {
	base, new := pair()
	r := new.Result
	r.Tool.Version, r.Run.Host.Name, r.Scenario.Seed, r.Target.Note = "1.2", "other", 7, "robot (slow)"
	r.Target.URL = "http://127.0.0.1:4711" // of the embedded tenant: another every time
	r.Health.Strain = &metric.Strain{Machine: metric.Spread{P99: 0.8}}
	r.Health.Lateness = map[string]metric.Lateness{"lateness.send": {P99: 0.004}}
	var got []string
	for _, d := range compared(t, []Input{base}, []Input{new}, Options{}).Differences {
		got = append(got, d.What+": "+d.Base+", "+d.New)
	}
	want := []string{"chatbench: , 1.2", "host: , other", "tenant: , robot (slow)", "seed: 0, 7", "machine CPU: 0 %, 80 %", "generator lateness p99: 0s, 4ms"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestNames(t *testing.T) {
	names := Names()
	for _, want := range []string{"delivery", "reply", "send.response", "poll.useful.service", "download.rate", "errors", "messages"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s cannot be compared", want)
		}
	}
	for _, no := range []string{"lateness.send", "send.lost"} {
		if slices.Contains(names, no) {
			t.Errorf("%s can be compared, which is not the tenant's", no)
		}
	}
}
