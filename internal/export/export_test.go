package export

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// sample is the result of a run with a bit of everything: warm-up, load and drain, two flows, media,
// failures, a broken rule, gates.
func sample() *result.Result {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	rec := metric.NewRecorder([]metric.StageInfo{
		{Name: "1 warm-up", Warmup: true, End: 2 * time.Second},
		{Name: "full", Start: 2 * time.Second, End: 30 * time.Second},
		{Name: "drain", Warmup: true, Start: 30 * time.Second},
	}, 2, metric.Options{Wall: start, SameClock: true})
	for i := range 60 {
		converse(rec.Customer(i), i)
	}
	m := rec.Finish()
	return &result.Result{
		Schema: result.Schema1, Tool: result.Tool{Version: "v1.2.3", Go: "go1.26"},
		Scenario: result.Scenario{Name: "handover", Hash: "c0ffee", Seed: 42, Load: "60 customers for 30s"},
		Target:   result.Target{Kind: result.Real, URL: "https://user:secret@chat.example.com:28070/x?app_secret=hunter2"},
		Run:      result.Run{ID: "k3x9", Start: start, End: start.Add(33 * time.Second)},
		Verdict:  result.Fail, Exit: result.ExitConformance,
		Rules: []check.RuleResult{
			{ID: "ORD-01", Level: check.API, Verdict: check.Fail, Violations: 3, Opportunities: 900},
			{ID: "DEL-04", Level: check.Demo, Verdict: check.Inconclusive, Inconclusive: 2, Opportunities: 30},
		},
		Gates: []result.Gate{
			{Kind: result.GateConformance, Name: "no violations", Verdict: result.Fail, Observed: 3, Unit: "count"},
			{Kind: result.GateLatency, Name: "delivery p95 < 1s", Verdict: result.Pass, Observed: 0.25, Limit: 1, Unit: "s"},
		},
		Metrics: m,
		Health: metric.Health{UserSeconds: 4, SystemSeconds: 1, WallSeconds: 33, Cores: 2, MaxRSS: 1 << 26, GCSeconds: 0.2,
			Strain: &metric.Strain{Stretches: 3, CPU: metric.Spread{P99: 0.5, Max: 0.6}}},
	}
}

// converse is one conversation, the same for the same customer.
func converse(m *metric.Meter, customer int) {
	r := rand.New(rand.NewPCG(11, uint64(customer)))
	now := time.Duration(r.Int64N(int64(31 * time.Second)))
	tell := func(e trace.Event) {
		e.At, e.Customer = now, customer
		m.Observe(&e)
	}
	tell(trace.Event{Kind: trace.Begin, Flow: []string{"buyer", "complainer"}[customer%2]})
	for range 20 {
		e := trace.Event{Kind: trace.Invoke, Op: aicc.Ops()[r.IntN(len(aicc.Ops()))], Intended: now, Seq: -1}
		tell(e)
		e.Kind, e.Started, e.Class, e.Status, e.Code = trace.Return, now, aicc.OK, 200, "0"
		now += time.Duration(r.ExpFloat64() * float64(50*time.Millisecond))
		switch r.IntN(20) {
		case 0:
			e.Class, e.Code = aicc.Fail, "13"
		case 1:
			e.Class, e.Status, e.Error = aicc.Info, 0, "connection reset"
		}
		tell(e)
		message := aicc.Downlink{SourceType: []string{aicc.FromRobot, aicc.FromAgent}[r.IntN(2)]}
		tell(trace.Event{Kind: trace.Deliver, Message: &message})
	}
	tell(trace.Event{Kind: trace.Step, Name: "1 expect agent", Missed: r.IntN(4) == 0})
	tell(trace.Event{Kind: trace.End, Ended: trace.ByPeer})
}

// running is the sample as it would be while it is played.
func running() State {
	r := sample()
	r.Verdict, r.Exit, r.Gates, r.Run.End = "", 0, nil, time.Time{}
	r.Metrics.Timeline = metric.Timeline{}
	return State{Result: r, Live: &Live{At: 12 * time.Second, Customers: metric.Crowd{Away: 1, WithRobot: 7, InQueue: 2}}}
}

// openMetrics is what is written of a result.
func openMetrics(t *testing.T, r *result.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := OpenMetrics(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parse reads OpenMetrics with the parser of Prometheus's own library, which goes by the grammar of
// the specification, at 10 ms a line: of each family the first metric alone.
func parse(t *testing.T, text string) map[string]*dto.MetricFamily {
	t.Helper()
	text = firstOfEach(text)
	decoder := expfmt.NewDecoder(strings.NewReader(text), expfmt.NewFormat(expfmt.TypeOpenMetrics))
	families := map[string]*dto.MetricFamily{}
	for {
		var f dto.MetricFamily
		err := decoder.Decode(&f)
		if errors.Is(err, io.EOF) {
			return families
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if families[f.GetName()] != nil {
			t.Errorf("the family %s is there twice", f.GetName())
		}
		families[f.GetName()] = &f
	}
}

// firstOfEach leaves out all metrics of a family but the first.
func firstOfEach(text string) string {
	var b strings.Builder
	complete := false
	for line := range strings.Lines(text) {
		comment := strings.HasPrefix(line, "#")
		if complete && !comment {
			continue
		}
		b.WriteString(line)
		name, _, _ := strings.Cut(line, "{")
		complete = !comment && !strings.HasSuffix(name, "_bucket") && !strings.HasSuffix(name, "_sum")
	}
	return b.String()
}

// gathered gives the families of a finished run by name.
func gathered(t *testing.T, r *result.Result) map[string]*dto.MetricFamily {
	t.Helper()
	list, err := gather(State{Result: r})
	if err != nil {
		t.Fatal(err)
	}
	families := map[string]*dto.MetricFamily{}
	for _, f := range list {
		families[f.GetName()] = f
	}
	return families
}

// value adds up the metrics of a family that have the given labels, "name=value" each.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	sum := 0.0
	for _, m := range families[name].GetMetric() {
		has := map[string]bool{}
		for _, l := range m.Label {
			has[l.GetName()+"="+l.GetValue()] = true
		}
		matches := true
		for _, l := range labels {
			matches = matches && has[l]
		}
		if matches {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return sum
}

// TestOpenMetricsIsValid reads the file with another program's parser and looks at what that lets
// pass: the order of lines, the units, the end.
func TestOpenMetricsIsValid(t *testing.T) {
	text := openMetrics(t, sample())
	parsed := parse(t, text)
	for _, f := range Families() {
		name := strings.TrimSuffix(f.Name, "_total")
		switch {
		case parsed[name] == nil && parsed[f.Name] == nil:
			if f.Name != "chatbench_customers" && f.Name != "chatbench_stage_info" && f.Name != "chatbench_download_rate_bytes_per_second" {
				t.Errorf("%s is not in the file", f.Name)
			}
			continue
		case !strings.Contains(text, "# TYPE "+name+" "+string(f.Type)+"\n"):
			t.Errorf("%s is not declared as a %s", name, f.Type)
		case f.Unit != "" && !strings.HasSuffix(name, "_"+f.Unit):
			t.Errorf("the name of %s does not end in its unit %s", name, f.Unit)
		case f.Unit != "" && !strings.Contains(text, "# UNIT "+name+" "+f.Unit+"\n"):
			t.Errorf("the unit of %s, %s, is not declared", name, f.Unit)
		}
	}
	if !strings.HasSuffix(text, "\n# EOF\n") || strings.Count(text, "# EOF") != 1 {
		t.Errorf("the file does not end with # EOF: %q", text[max(0, len(text)-80):])
	}
}

// TestOpenMetricsHasTheFigures compares the file with the result it was made of.
func TestOpenMetricsHasTheFigures(t *testing.T) {
	r := sample()
	got := gathered(t, r)
	all, total := r.Metrics.All(), r.Metrics.Total()
	outcomes, counted := all.Counters.AllExchanges(), total.Counters.AllExchanges()
	tests := []struct {
		name   string
		labels []string
		want   float64
	}{
		{"chatbench_run_info", []string{"version=v1.2.3", "sha256=c0ffee", "seed=42", "kind=real", "scenario=handover", "run=k3x9"}, 1},
		{"chatbench_run_elapsed_seconds", nil, 33},
		{"chatbench_run_finished", nil, 1},
		{"chatbench_run_verdict", []string{"verdict=fail"}, 1},
		{"chatbench_run_exit_code", nil, 1},
		{"chatbench_exchanges_total", []string{"class=ok"}, float64(outcomes.OK)},
		{"chatbench_exchanges_total", []string{"class=fail"}, float64(outcomes.Fail)},
		{"chatbench_exchanges_total", []string{"class=info"}, float64(outcomes.Info)},
		{"chatbench_exchanges_total", []string{"phase=load"}, float64(counted.Total())},
		{"chatbench_exchanges_total", []string{"op=send", "class=ok", "phase=load"}, float64(total.Counters.Exchange(aicc.OpSend).OK)},
		{"chatbench_exchanges_lost_total", nil, float64(outcomes.Lost)},
		{"chatbench_polls_total", []string{"outcome=empty"}, float64(all.Counters.Empty)},
		{"chatbench_messages_total", nil, float64(all.Counters.Delivered())},
		{"chatbench_messages_total", []string{"source=agent", "phase=load"}, float64(total.Counters.Messages[aicc.FromAgent])},
		{"chatbench_conversations_begun_total", []string{"flow=buyer"}, 30},
		{"chatbench_conversations_ended_total", []string{"how=peer"}, 60},
		{"chatbench_expectations_total", []string{"outcome=missed"}, float64(all.Counters.Expectations().Missed)},
		{"chatbench_latency_seconds", []string{"metric=send.service", "phase=load"}, float64(total.Hist("send.service").Count())},
		{"chatbench_latency_percentile_seconds", []string{"metric=send.service", "percentile=p99"}, total.Hist("send.service").Quantile(0.99)},
		{"chatbench_latency_percentile_seconds", []string{"metric=send.service", "percentile=max"}, total.Hist("send.service").Max()},
		{"chatbench_rule_verdict", []string{"rule=ORD-01", "verdict=FAIL"}, 1},
		{"chatbench_rule_violations_total", nil, 3},
		{"chatbench_rule_opportunities_total", []string{"rule=DEL-04"}, 30},
		{"chatbench_gate_verdict", []string{"gate=delivery p95 < 1s", "verdict=pass"}, 1},
		{"chatbench_gate_observed", []string{"gate=delivery p95 < 1s", "unit=s"}, 0.25},
		{"chatbench_generator_cpu_seconds_total", []string{"mode=user"}, 4},
		{"chatbench_generator_processors", nil, 2},
		{"chatbench_generator_strain_ratio", []string{"of=cpu", "stretch=max"}, 0.6},
	}
	for _, test := range tests {
		if v := value(got, test.name, test.labels...); math.Abs(v-test.want) > 1e-9 || test.want == 0 {
			t.Errorf("%s%v is %v, want %v, which is to be more than 0", test.name, test.labels, v, test.want)
		}
	}
}

// TestHistogramsAreThoseOfTheRun compares buckets and sum with the histogram they are made of.
func TestHistogramsAreThoseOfTheRun(t *testing.T) {
	r := sample()
	h := r.Metrics.Total().Hist("poll.service")
	for _, m := range gathered(t, r)["chatbench_latency_seconds"].GetMetric() {
		labels := fmt.Sprint(m.Label)
		if !strings.Contains(labels, `"poll.service"`) || !strings.Contains(labels, `"load"`) {
			continue
		}
		if got := m.Histogram.GetSampleSum(); math.Abs(got-h.Sum()) > 1e-9 {
			t.Errorf("sum %v, want %v", got, h.Sum())
		}
		want := h.AtMost(latencyLimits)
		for i, limit := range latencyLimits {
			if b := m.Histogram.Bucket[i]; b.GetUpperBound() != limit || int64(b.GetCumulativeCount()) != want[i] {
				t.Errorf("bucket %d: %d up to %v, want %d up to %v", i, b.GetCumulativeCount(), b.GetUpperBound(), want[i], limit)
			}
		}
		return
	}
	t.Error("there is no poll.service of the load")
}

func TestNoSecretIsExported(t *testing.T) {
	for _, secret := range []string{"secret", "hunter2", "user:"} {
		if text := openMetrics(t, sample()); strings.Contains(text, secret) {
			t.Errorf("the file has %q", secret)
		}
	}
}

// TestLint wants no remark of Prometheus's own linter, be it on a finished run or on one that goes on.
func TestLint(t *testing.T) {
	for why, s := range map[string]State{"finished": {Result: sample()}, "running": running(), "begun": {Result: &result.Result{}, Live: &Live{}}} {
		families, err := gather(s)
		if err != nil {
			t.Fatalf("%s: %v", why, err)
		}
		problems, err := promlint.NewWithMetricFamilies(families).Lint()
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v, error %v", why, problems, err)
		}
	}
}

// TestPromtool wants the same of the program that people have.
func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool, of Debian's package prometheus, is not installed")
	}
	families, err := gather(running())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, f := range families {
		expfmt.MetricFamilyToText(&text, f)
	}
	cmd := exec.Command(promtool, "check", "metrics")
	cmd.Stdin = &text
	if said, err := cmd.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, said)
	}
}

// TestHostileNames puts what would break a line, a label or a scrape wherever a name comes from
// outside.
func TestHostileNames(t *testing.T) {
	evil := "a\"b\\c\nd{e=\"f\"} 1 # EOF\xff\xed\xa0\x80" + strings.Repeat("高峰", 200)
	r := sample()
	r.Scenario.Name, r.Scenario.Load, r.Scenario.Hash, r.Run.ID, r.Tool.Version, r.Target.URL = evil, evil, evil, evil, evil, evil
	r.Rules[0].ID, r.Rules[0].Level = evil, check.Level(evil)
	gate := result.Gate{Kind: result.GateKind(evil), Name: evil, Verdict: result.Verdict(evil), Unit: evil, Observed: math.Inf(1), Limit: math.NaN()}
	r.Gates = []result.Gate{gate, gate}
	r.Metrics.Stages[1].Name = evil
	r.Metrics.Stages[1].Counters.Flows[evil] = &metric.FlowCount{Begun: 7}
	r.Metrics.Stages[1].Counters.Flows["nothing"] = nil
	parse(t, openMetrics(t, r))
	got := gathered(t, r)
	if n := len(got["chatbench_gate_observed"].GetMetric()); n != 1 {
		t.Errorf("%d gates of the same name, kind and stage, want 1", n)
	}
	if begun := value(got, "chatbench_conversations_begun_total", "phase=load"); begun < 7 {
		t.Errorf("%v conversations, want 7 and more", begun)
	}
	for _, f := range got {
		for _, l := range f.Metric[0].Label {
			if len(l.GetValue()) > maxLabel+2 {
				t.Errorf("%s has a label of %d bytes, want at most %d", f.GetName(), len(l.GetValue()), maxLabel)
			}
		}
	}
}

// TestSparseResults exports results in which much is missing: of a target that nobody reached, a
// recorded trace, merged runs.
func TestSparseResults(t *testing.T) {
	merged := &result.Result{Run: result.Run{Parts: []string{"a", "b", "c"}}}
	if got := gathered(t, merged); value(got, "chatbench_run_finished", "run=a+2") != 1 {
		t.Errorf("three merged runs are not called a+2: %v", got["chatbench_run_finished"])
	}
	for why, r := range map[string]*result.Result{
		"nothing": {}, "unreachable": {Verdict: result.Unreachable, Exit: result.ExitUnreachable},
		"no stages": {Metrics: &metric.Metrics{}},
	} {
		got := parse(t, openMetrics(t, r))
		if got["chatbench_generator_processors"] != nil {
			t.Errorf("%s: a generator is there, want none", why)
		}
	}
	if families, err := gather(State{}); err != nil || len(families) != 0 {
		t.Errorf("before anything is known: %v, error %v; want nothing", families, err)
	}
}

// TestEverythingIsBounded wants the number of series not to grow with what a tenant answers.
func TestEverythingIsBounded(t *testing.T) {
	count := func(r *result.Result) int {
		n := 0
		for _, f := range gathered(t, r) {
			n += len(f.Metric)
		}
		return n
	}
	r := sample()
	before := count(r)
	for i := range 1000 {
		c := &r.Metrics.Stages[1].Counters
		c.Messages[fmt.Sprint("source ", i)] = 1
		c.Exchanges["send"].Reasons = map[string]int64{fmt.Sprint("code ", i): 1}
	}
	if after := count(r); after != before {
		t.Errorf("%d series, and %d when the tenant answered in many ways", before, after)
	}
}

func TestWritersError(t *testing.T) {
	full := errors.New("disk full")
	if err := OpenMetrics(failing{full}, sample()); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestPedantic lets the library check what it trusts otherwise: that metrics fit their descriptions.
func TestPedantic(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newCollector(State{Result: sample()}))
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

// TestEveryFamilyIsExplained holds the table of docs/exporting.md against what is exported.
func TestEveryFamilyIsExplained(t *testing.T) {
	doc, err := os.ReadFile("../../docs/exporting.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "| `chatbench_") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for _, f := range Families() {
		labels := "-"
		if len(f.Labels) > 0 {
			labels = "`" + strings.Join(f.Labels, "`, `") + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s | %s | %s |", f.Name, f.Type, cmp.Or(f.Unit, "-"), labels, f.Help))
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("the families and the rows of docs/exporting.md (-families +rows):\n%s", diff)
	}
}
