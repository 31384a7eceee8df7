package scenario

import (
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// gate reads what makes a run pass or fail: a list of demands, or a mapping with them by kind and
// with what else decides.
func (r *reader) gate(s *Scenario, n *yaml.Node) {
	s.Gate = Gate{MaxLateness: mostLateness, MaxCPU: mostCPU}
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode && !isNull(n) {
		r.demands(s, "gate", n, anyKind)
		s.Gate.settle()
		return
	}
	o := r.object("gate", n)
	if o == nil {
		return
	}
	g := &s.Gate
	setAll(o, "off", &g.Off, r.ruleID)
	setAll(o, "on", &g.On, r.ruleID)
	r.notBoth(o, g)
	if known := o.get("known"); known != nil {
		g.Known = r.knownFile(known)
	}
	for _, kind := range []demandKind{onConformance, onLatency, onErrors, anyKind} {
		if n := o.get(kind.key()); n != nil {
			r.demands(s, kind.key(), n, kind)
		}
	}
	set(o, "missed", &g.MaxMissed, share)
	if o.get("lateness") != nil {
		set(o, "lateness", &g.MaxLateness, latenessLimit)
		g.LatenessGiven = true
	}
	set(o, "cpu", &g.MaxCPU, share)
	r.abort(g, o.get("abort_on_fail"))
	g.settle()
	o.close()
}

// demands reads one demand or a list of them.
func (r *reader) demands(s *Scenario, key string, n *yaml.Node, kind demandKind) {
	for _, item := range r.items(key, n) {
		text, ok := r.scalar(key, item)
		if !ok {
			continue
		}
		d, f := r.opt.demand(text, kind, s)
		if f != nil {
			r.complainIn(item, f.part, f.hint, "%s: %s", key, f.message)
			continue
		}
		d.limit.Line, d.exercise.Line = item.Line, item.Line
		d.addTo(s)
	}
}

// abort reads when a run that has failed for good is ended.
func (r *reader) abort(g *Gate, n *yaml.Node) {
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		if after, ok := value(r, "abort_on_fail", n, abortDelay); ok {
			g.AbortAfter = after
		}
		return
	}
	o := r.object("abort_on_fail", n)
	o.need("after", "write {after: 30s}")
	set(o, "after", &g.AbortAfter, abortDelay)
	o.close()
}

// abortDelay reads how long a run goes on before a failed gate ends it.
func abortDelay(s string) (time.Duration, *fault) { return durationIn(time.Second, day)(s) }

// The limits on the generator itself when the scenario sets none. What wakes a customer may
// do so a millisecond late, on a quiet machine as well, so nothing below leastLateness is demanded.
const (
	mostCPU       = 0.85
	mostLateness  = 10 * time.Millisecond
	leastLateness = 2 * time.Millisecond
	latenessShare = 10 // of the tightest limit, a tenth
)

// settle makes the demands agree that lean on each other.
func (g *Gate) settle() {
	if !g.LatenessGiven {
		g.MaxLateness = latenessFor(g.Latency)
	}
}

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
