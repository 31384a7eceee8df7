package scenario

import (
	"fmt"
	"math"
	"time"

	"gopkg.in/yaml.v3"
)

const loadHint = "write {customers: 20, for: 10s} or {arrivals: 40/s, over: 10s}"

// load reads the stages, applies the overrides and checks what is left.
func (r *reader) load(s *Scenario, top *object, n *yaml.Node) {
	l := &s.Load
	set(top, "max_customers", &l.MaxCustomers, integerIn(1, 1_000_000))
	spread := top.get("spread")
	if n == nil {
		return
	}
	before := len(r.problems)
	for i, item := range r.items("load", n) {
		l.Stages = append(l.Stages, r.stage(l, item, i))
	}
	if len(r.problems) == before {
		r.checkStages(l, n)
		r.misplaced(l, top)
	}
	if len(r.problems) > before {
		l.Stages = nil // nothing can be concluded from them
		return
	}
	if r.opt.Stages != nil {
		l.Stages = r.opt.Stages(*l)
	}
	l.override(r.opt.Customers, r.opt.Duration)
	r.spread(l, spread)
}

// stage reads one item of the load. The first one decides on the model.
func (r *reader) stage(l *Load, n *yaml.Node, index int) Stage {
	var st Stage
	o := r.object("a load stage", n)
	if o == nil {
		return st
	}
	set(o, "name", &st.Name, filled)
	set(o, "warmup", &st.Warmup, boolean)
	if st.Name == "" {
		st.Name = fmt.Sprint(index + 1)
		if st.Warmup {
			st.Name += " warm-up"
		}
	}
	r.level(l, &st, o, index)
	r.length(&st, o)
	o.close()
	return st
}

// level reads customers or arrivals.
func (r *reader) level(l *Load, st *Stage, o *object, index int) {
	customers, arrivals, poisson := o.get("customers"), o.get("arrivals"), o.get("poisson")
	set(o, "customers", &st.Customers, integerIn(0, 1_000_000))
	set(o, "arrivals", &st.Arrivals, rate)
	set(o, "poisson", &st.Poisson, boolean)
	switch {
	case (customers == nil) == (arrivals == nil):
		r.complain(o.node, loadHint, "a load stage needs either customers or arrivals")
		return
	case index == 0:
		l.Open = arrivals != nil
	case l.Open != (arrivals != nil):
		r.complain(o.node, "use customers in every stage, or arrivals in every stage", "a load cannot mix customers and arrivals")
	}
	if poisson != nil && arrivals == nil {
		r.complain(poisson, "", "poisson: only a stage with arrivals can have it")
	}
}

// length reads for or over.
func (r *reader) length(st *Stage, o *object) {
	hold, ramp := o.get("for"), o.get("over")
	set(o, "for", &st.Length, durationIn(time.Millisecond, 30*day))
	set(o, "over", &st.Length, durationIn(time.Millisecond, 30*day))
	st.Ramp = ramp != nil
	if (hold == nil) == (ramp == nil) {
		r.complain(o.node, "for holds the level, over moves to it evenly", "a load stage needs either for or over")
	}
}

// checkStages checks what no stage can know alone.
func (r *reader) checkStages(l *Load, n *yaml.Node) {
	items := r.items("load", n)
	if len(items) == 0 {
		r.complain(n, loadHint, "load: there are no stages")
		return
	}
	names, measured, loaded := map[string]int{}, false, false
	for i, st := range l.Stages {
		if line := names[st.Name]; line != 0 {
			r.complain(items[i], "", "the stage name %q is taken by the stage in line %d", st.Name, line)
		}
		names[st.Name] = items[i].Line
		if st.Warmup && measured {
			r.complain(items[i], "put it in front of the others", "a warm-up stage comes after one that is measured")
		}
		measured = measured || !st.Warmup
		loaded = loaded || !st.Warmup && l.arrivals(i)+l.highest(i) > 0
	}
	switch {
	case !measured:
		r.complain(n, "add a stage without warmup: true", "load: every stage is warm-up, nothing would be measured")
	case !loaded:
		r.complain(n, loadHint, "load: no stage that is measured has customers or arrivals")
	}
}

// misplaced finds settings of the other load model.
func (r *reader) misplaced(l *Load, top *object) {
	if n := top.get("max_customers"); n != nil && !l.Open {
		r.complain(n, "leave it out; the stages say how many customers there are", "max_customers: only a load of arrivals can have it")
	}
	if n := top.get("spread"); n != nil && l.Open {
		r.complain(n, "leave it out; arrivals come one by one", "spread: only a load of customers can have it")
	}
}

// spread fills in the time over which jumps are staggered: a second for each thousand customers,
// at least one, and no more than a quarter of the first stage.
func (r *reader) spread(l *Load, n *yaml.Node) {
	if l.Open {
		return
	}
	l.Spread = max(time.Duration(l.peak())*time.Millisecond, time.Second)
	if n != nil {
		l.Spread, _ = value(r, "spread", n, durationIn(0, time.Hour))
	}
	l.Spread = min(l.Spread, l.Stages[0].Length/4)
}

// before is the level at the beginning of a stage.
func (l *Load) before(i int) Stage {
	switch {
	case !l.Stages[i].Ramp:
		return l.Stages[i]
	case i == 0:
		return Stage{}
	}
	return l.Stages[i-1]
}

// highest is the highest number of customers of a stage in the closed model.
func (l *Load) highest(i int) float64 {
	return float64(max(l.Stages[i].Customers, l.before(i).Customers))
}

// arrivals is how many arrivals are expected in a stage.
func (l *Load) arrivals(i int) float64 {
	st := l.Stages[i]
	return (st.Arrivals + l.before(i).Arrivals) / 2 * st.Length.Seconds()
}

// peak is the highest number of customers of the closed model.
func (l *Load) peak() int {
	most := 0
	for _, st := range l.Stages {
		most = max(most, st.Customers)
	}
	return most
}

// most is how many customers the run can come to need rows for: the highest level of the closed
// model, the expected arrivals of the open one and, where they are random, four standard
// deviations more.
func (l *Load) most() int {
	if !l.Open {
		return l.peak()
	}
	total, random := 0.0, 0.0
	for i, st := range l.Stages {
		n := l.arrivals(i)
		total += n
		if st.Poisson {
			random += n
		}
	}
	return int(math.Ceil(total + 4*math.Sqrt(random)))
}

// override applies the flags for the number of customers and the length.
func (l *Load) override(customers int, length time.Duration) {
	switch peak := l.peak(); {
	case customers <= 0:
	case l.Open:
		l.MaxCustomers = customers
	default:
		for i := range l.Stages {
			if st := &l.Stages[i]; st.Customers > 0 {
				scaled := math.Round(float64(st.Customers) * float64(customers) / float64(peak))
				st.Customers = max(int(scaled), 1)
			}
		}
	}
	if length > 0 {
		l.resize(length)
	}
}

// resize makes the load last for total. Ramps keep their length and the holds share the rest in
// proportion, unless the ramps alone need more than half of the time or there is no hold; then
// every stage is scaled.
func (l *Load) resize(total time.Duration) {
	var ramps, holds time.Duration
	for _, st := range l.Stages {
		if st.Ramp {
			ramps += st.Length
		} else {
			holds += st.Length
		}
	}
	scale := func(d, from, to time.Duration) time.Duration {
		return max(time.Duration(float64(d)*float64(to)/float64(from)).Round(time.Millisecond), time.Millisecond)
	}
	keepRamps := holds > 0 && ramps <= total/2
	for i := range l.Stages {
		switch st := &l.Stages[i]; {
		case !keepRamps:
			st.Length = scale(st.Length, ramps+holds, total)
		case !st.Ramp:
			st.Length = scale(st.Length, holds, total-ramps)
		}
	}
}
