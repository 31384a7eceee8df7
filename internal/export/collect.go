package export

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"chatbench/internal/aicc"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// State is a run at a moment. Nothing of it may change afterwards.
type State struct {
	Result *result.Result // as far as it is known; nil: nothing is
	Live   *Live          // nil: the run is over and judged
}

// Live is what only a run has that goes on.
type Live struct {
	At        time.Duration // since the start of the load
	Customers metric.Crowd
}

// gather gives the metrics of a state, sorted by name and labels.
func gather(s State) ([]*dto.MetricFamily, error) {
	registry := prometheus.NewRegistry()
	if s.Result != nil {
		if err := registry.Register(newCollector(s)); err != nil {
			return nil, err
		}
	}
	return registry.Gather()
}

// collector turns one state into metrics. It is used once.
type collector struct {
	State
	descs [len(families)]*prometheus.Desc
	seen  map[string]bool // metrics that are there already, by name and labels
	out   chan<- prometheus.Metric
}

func newCollector(s State) *collector {
	c := &collector{State: s, seen: map[string]bool{}}
	labels := prometheus.Labels{"scenario": label(s.Result.Scenario.Name), "run": label(runName(&s.Result.Run))}
	for i, f := range families {
		var options []prometheus.DescOpt
		if f.Unit != "" {
			options = append(options, prometheus.WithUnit(f.Unit))
		}
		c.descs[i] = prometheus.V2.NewDesc(f.Name, f.Help, prometheus.UnconstrainedLabels(f.Labels), labels, options...)
	}
	return c
}

// runName is the run's id; of merged runs, that of the first with their number.
func runName(r *result.Run) string {
	if r.ID == "" && len(r.Parts) > 0 {
		return r.Parts[0] + "+" + strconv.Itoa(len(r.Parts)-1)
	}
	return r.ID
}

// Describe says nothing beforehand, because the metrics depend on what was measured.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the metrics of the state.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	c.out = out
	c.run()
	c.phases()
	c.percentiles()
	c.rules()
	c.gates()
	c.generator()
}

// maxLabel is how long a label's value is at most, in bytes.
const maxLabel = 200

// label is a text as the value of a label may be.
func label(s string) string {
	if len(s) > maxLabel {
		s = s[:maxLabel]
	}
	return strings.ToValidUTF8(s, "?")
}

// first reports whether a metric is not there yet. A result that was edited, or a scenario that says
// the same twice, may have it twice, and Prometheus would refuse the whole.
func (c *collector) first(f id, labels []string) bool {
	for i := range labels {
		labels[i] = label(labels[i])
	}
	key := strconv.Itoa(int(f)) + "\x00" + strings.Join(labels, "\x00")
	if c.seen[key] {
		return false
	}
	c.seen[key] = true
	return true
}

// add sends a counter or a gauge.
func (c *collector) add(f id, value float64, labels ...string) {
	if !c.first(f, labels) {
		return
	}
	kind := prometheus.GaugeValue
	if families[f].Type == Counter {
		kind = prometheus.CounterValue
	}
	m, err := prometheus.NewConstMetric(c.descs[f], kind, value, labels...)
	c.send(f, m, err)
}

func (c *collector) count(f id, n int64, labels ...string) { c.add(f, float64(n), labels...) }

// histogram sends h, if there is anything in it.
func (c *collector) histogram(f id, h *metric.Hist, limits []float64, labels ...string) {
	if h.Count() == 0 || !c.first(f, labels) {
		return
	}
	buckets := map[float64]uint64{}
	for i, n := range h.AtMost(limits) {
		buckets[limits[i]] = uint64(n)
	}
	m, err := prometheus.NewConstHistogram(c.descs[f], uint64(h.Count()), h.Sum(), buckets, labels...)
	c.send(f, m, err)
}

func (c *collector) send(f id, m prometheus.Metric, err error) {
	if err != nil {
		m = prometheus.NewInvalidMetric(c.descs[f], err) // which makes gathering fail with it
	}
	c.out <- m
}

func (c *collector) run() {
	r := c.Result
	c.add(runInfo, 1, r.Tool.Version, r.Scenario.Hash, strconv.FormatUint(r.Scenario.Seed, 10), r.Scenario.Load,
		string(r.Target.Kind), result.MaskURL(r.Target.URL))
	if !r.Run.Start.IsZero() {
		c.add(runStart, float64(r.Run.Start.UnixMilli())/1000)
	}
	if c.Live == nil {
		// By the wall clock, which is what a saved result knows of the two.
		c.add(runElapsed, r.Run.End.Round(0).Sub(r.Run.Start.Round(0)).Seconds())
		c.add(runFinished, 1)
		c.add(runVerdict, 1, string(r.Verdict))
		c.add(runExit, float64(r.Exit))
		return
	}
	c.add(runElapsed, c.Live.At.Seconds())
	c.add(runFinished, 0)
	crowd := c.Live.Customers
	for state, n := range map[string]int{"away": crowd.Away, "connecting": crowd.Connecting, "waiting": crowd.Waiting,
		"robot": crowd.WithRobot, "queue": crowd.InQueue, "agent": crowd.WithAgent} {
		c.add(customers, float64(n), state)
	}
}

// The phases of a run. Only what happened under the load counts in the reports.
const (
	warmup = "warmup"
	load   = "load"
	drain  = "drain" // warm-up behind the load, which is how the figures leave it out
)

// phases sends what was counted and measured, summed up by phase.
func (c *collector) phases() {
	if c.Result.Metrics == nil {
		return
	}
	byPhase, phase, current := map[string]*metric.Metrics{}, warmup, ""
	for i := range c.Result.Metrics.Stages {
		s := &c.Result.Metrics.Stages[i]
		switch {
		case !s.Warmup:
			phase = load
		case phase == load:
			phase = drain
		}
		if byPhase[phase] == nil {
			byPhase[phase] = &metric.Metrics{}
		}
		byPhase[phase].Stages = append(byPhase[phase].Stages, *s)
		if c.Live != nil && c.Live.At >= s.Start {
			current = phase + "\x00" + s.Name
		}
	}
	for phase, m := range byPhase {
		sum := m.All()
		c.counters(phase, &sum.Counters)
		c.latencies(phase, sum)
	}
	if phase, name, begun := strings.Cut(current, "\x00"); begun {
		c.add(stageInfo, 1, name, phase)
	}
}

// counters sends all of them, those that are 0 as well: Prometheus does not see the first growth of
// a counter that was not there before.
func (c *collector) counters(phase string, n *metric.Counters) {
	for _, op := range aicc.Ops() {
		o := n.Exchange(op)
		c.count(exchanges, o.OK, op.String(), "ok", phase)
		c.count(exchanges, o.Fail, op.String(), "fail", phase)
		c.count(exchanges, o.Info, op.String(), "info", phase)
		c.count(exchangesLost, o.Lost, op.String(), phase)
	}
	short := int64(0)
	for _, lacking := range n.Short {
		short += lacking
	}
	c.count(exchangesShort, short, phase)
	c.count(polls, n.Useful, "useful", phase)
	c.count(polls, n.Empty, "empty", phase)
	for source, name := range sources {
		c.count(messages, n.Messages[source], name, phase)
	}
	for name, f := range n.Flows {
		c.flow(phase, name, f)
	}
	expected := n.Expectations()
	c.count(expectations, expected.Done, "met", phase)
	c.count(expectations, expected.Missed, "missed", phase)
	c.count(mediaBytes, n.Downloaded, "downloaded", phase)
	c.count(mediaBytes, n.Uploaded, "uploaded", phase)
	c.count(tokensRenewed, n.NewTokens, phase)
	c.count(saysUnanswered, n.Unanswered, phase)
	c.count(probes, n.Probes, phase)
}

// sources are the names of those who say something, by their sourceType.
var sources = map[string]string{
	aicc.FromRobot: "robot", aicc.FromAgent: "agent", aicc.FromSystem: "system", aicc.FromCustomer: "customer", "other": "other",
}

func (c *collector) flow(phase, name string, f *metric.FlowCount) {
	if f == nil { // a file may say null
		return
	}
	c.count(conversationsBegun, f.Begun, name, phase)
	for _, how := range []trace.Ended{trace.ByCustomer, trace.ByPeer, trace.GaveUp, trace.NoConnect, trace.NoToken, trace.LostContact, trace.CutShort} {
		c.count(conversationsEnded, f.Ended[how], name, string(how), phase)
	}
}

func (c *collector) latencies(phase string, sum *metric.StageMetrics) {
	for _, name := range metric.Names() {
		if metric.UnitOf(name) == metric.BytesPerSecond {
			c.histogram(downloadRate, sum.Hist(name), rateLimits, phase)
			continue
		}
		c.histogram(latency, sum.Hist(name), latencyLimits, name, phase)
	}
}

// percentiles sends those of the reports, over the stages that count.
func (c *collector) percentiles() {
	total := c.Result.Metrics.Total()
	for _, name := range metric.Names() {
		h := total.Hist(name)
		if h.Count() == 0 || metric.UnitOf(name) != metric.Seconds {
			continue
		}
		for _, p := range metric.Percentiles() {
			c.add(latencyPercentile, h.Quantile(p.Q), name, p.Name)
		}
		c.add(latencyPercentile, h.Max(), name, "max")
	}
}

func (c *collector) rules() {
	for _, rule := range c.Result.Rules {
		c.add(ruleVerdict, 1, rule.ID, string(rule.Level), string(rule.Verdict))
		c.count(ruleViolations, rule.Violations, rule.ID)
		c.count(ruleInconclusive, rule.Inconclusive, rule.ID)
		c.count(ruleOpportunities, rule.Opportunities, rule.ID)
	}
}

func (c *collector) gates() {
	for _, g := range c.Result.Gates {
		kind, stage, unit := string(g.Kind), g.Stage, cmp.Or(g.Unit, "count")
		c.add(gateVerdict, 1, g.Name, kind, stage, string(g.Verdict))
		c.add(gateObserved, g.Observed, g.Name, kind, stage, unit)
		c.add(gateLimit, g.Limit, g.Name, kind, stage, unit)
	}
}

func (c *collector) generator() {
	h := &c.Result.Health
	if h.WallSeconds == 0 { // a trace was checked: nobody generated anything
		return
	}
	c.add(generatorCPU, h.UserSeconds, "user")
	c.add(generatorCPU, h.SystemSeconds, "system")
	c.add(generatorProcessors, h.Allowed())
	c.count(generatorMemory, h.MaxRSS)
	c.add(generatorGC, h.GCSeconds)
	c.add(generatorPauses, h.GCPauseSeconds)
	c.add(generatorGoroutines, float64(h.Goroutines))
	c.count(generatorFiles, h.OpenFiles)
	c.count(generatorFileLimit, h.FileLimit)
	if s := h.Strain; s != nil {
		shares := map[string]metric.Spread{"cpu": s.CPU, "machine_cpu": s.Machine, "stolen_cpu": s.Stolen, "gc_cpu": s.GC}
		for _, of := range slices.Sorted(maps.Keys(shares)) {
			c.add(generatorWorst, shares[of].P99, of, "p99")
			c.add(generatorWorst, shares[of].Max, of, "max")
		}
	}
}
