package scenario

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// gate reads what makes a run pass or fail.
func (r *reader) gate(n *yaml.Node) Gate {
	g := Gate{MaxLateness: mostLateness, MaxCPU: 0.85}
	if n == nil {
		return g
	}
	o := r.object("gate", n)
	if o == nil {
		return g
	}
	var modes []bool
	setAll(o, "conformance", &modes, choice([]string{"no violations", "strict"}, false, true))
	for _, strict := range modes {
		g.Strict = g.Strict || strict
	}
	setAll(o, "off", &g.Off, r.ruleID)
	setAll(o, "on", &g.On, r.ruleID)
	r.notBoth(o, &g)
	if known := o.get("known"); known != nil {
		g.Known = r.knownFile(known)
	}
	setAll(o, "latency", &g.Latency, r.latencyLimit)
	setAll(o, "errors", &g.Errors, r.errorLimit)
	set(o, "missed", &g.MaxMissed, share)
	g.MaxLateness = latenessFor(g.Latency)
	set(o, "lateness", &g.MaxLateness, durationIn(time.Millisecond, time.Hour))
	set(o, "cpu", &g.MaxCPU, share)
	o.close()
	return g
}

// The limits on the generator's own lateness when the scenario sets none. What wakes a customer may
// do so a millisecond late, on a quiet machine as well, so nothing below leastLateness is demanded.
const (
	mostLateness  = 10 * time.Millisecond
	leastLateness = 2 * time.Millisecond
	latenessShare = 10 // of the tightest limit, a tenth
)

// latenessFor is how late the generator may be for these limits to say something about the tenant.
func latenessFor(limits []Limit) time.Duration {
	late := mostLateness
	for _, l := range limits {
		if l.Metric == "download.rate" || strings.HasPrefix(l.Metric, "lateness.") {
			continue // no time of the tenant
		}
		late = min(late, time.Duration(l.Below*float64(time.Second))/latenessShare)
	}
	return max(late, leastLateness)
}

// notBoth complains about rules that are switched on and off.
func (r *reader) notBoth(o *object, g *Gate) {
	for _, id := range g.On {
		if slices.Contains(g.Off, id) {
			r.complain(o.get("on"), "leave it out of one of them", "on: %s is in gate.off as well", id)
		}
	}
}

const (
	latencyExample = `write "poll.service p95 < 50ms" or "delivery p90 < 1s, at least 1000 samples"`
	errorExample   = `write "send.failed < 0.1%" or "poll.info < 10"`
)

var (
	latencyForm = regexp.MustCompile(`^(\S+)\s+(\S+)\s*<\s*(\S+)$`)
	errorForm   = regexp.MustCompile(`^(\S+)\s*<\s*(\S+)$`)
	samplesForm = regexp.MustCompile(`^at least ([1-9][0-9]{0,17}) samples?$`)
)

var (
	quantileWords = []string{"p50", "p75", "p90", "p95", "p99", "p99.9", "max"}
	quantile      = choice(quantileWords, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)
)

// latencyLimit reads "poll.service p95 < 50ms, at least 1000 samples".
func (r *reader) latencyLimit(s string) (l Limit, f *fault) {
	condition, samples, f := splitLimit(s, latencyExample)
	if f != nil {
		return l, f
	}
	m := latencyForm.FindStringSubmatch(condition)
	if m == nil {
		return l, faultf(latencyExample, "%q is not a limit", s)
	}
	l = Limit{Samples: samples, Text: s}
	if l.Metric, f = known("metric", r.opt.Metrics)(m[1]); f != nil {
		return l, f
	}
	if l.Quantile, f = quantile(m[2]); f != nil {
		return l, f
	}
	below, f := durationIn(1, day)(m[3])
	l.Below = below.Seconds()
	return l, f
}

// errorLimit reads "send.failed < 0.1%" or "poll.info < 10".
func (r *reader) errorLimit(s string) (l Limit, f *fault) {
	condition, samples, f := splitLimit(s, errorExample)
	if f != nil {
		return l, f
	}
	m := errorForm.FindStringSubmatch(condition)
	if m == nil {
		return l, faultf(errorExample, "%q is not a limit", s)
	}
	l = Limit{Samples: samples, Text: s}
	if l.Metric, f = known("counter", r.opt.Errors)(m[1]); f != nil {
		return l, f
	}
	if count, err := strconv.ParseUint(m[2], 10, 53); err == nil {
		l.Below, l.Count = float64(count), true
		return l, positive(l, s)
	}
	if l.Below, f = share(m[2]); f != nil {
		return l, faultf(errorExample, "%q is neither a share nor a count", m[2])
	}
	return l, positive(l, s)
}

// positive refuses limits that nothing can stay below.
func positive(l Limit, s string) *fault {
	if l.Below > 0 && !math.IsInf(l.Below, 0) {
		return nil
	}
	return faultf(`write "< 1" for none at all`, "nothing is below the limit of %q", s)
}

// splitLimit takes the demand for samples off a limit; the default is one.
func splitLimit(s, example string) (condition string, samples int64, f *fault) {
	condition, demand, demanded := strings.Cut(strings.TrimSpace(s), ",")
	if !demanded {
		return condition, 1, nil
	}
	m := samplesForm.FindStringSubmatch(strings.TrimSpace(demand))
	if m == nil {
		return "", 0, faultf(example, "%q is not a number of samples", strings.TrimSpace(demand))
	}
	samples, _ = strconv.ParseInt(m[1], 10, 64)
	return strings.TrimSpace(condition), samples, nil
}
