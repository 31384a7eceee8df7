package capacity

import "fmt"

// Prober makes a probe: it plays the scenario at a load and says what was found. The number counts
// probes from 1. An error ends the search; what a tenant did is none.
type Prober func(number int, load float64) (Probe, error)

// Go makes probes until the search has its answer or cannot go on, and has the report kept after each
// of them. A report that has probes already goes on from them. The error is that of the prober or of
// keep, and then the report says what was known until then.
func (r *Report) Go(probe Prober, keep func(*Report) error) error {
	for {
		load, more := r.Search.Next(r.Probes)
		stop := Complete
		if more {
			stop = r.Search.Afford(r.Probes)
		}
		if !more || stop != Complete {
			r.conclude(stop)
			return keep(r)
		}
		r.conclude(Interrupted) // so it stands in the file if nothing comes after it
		if err := keep(r); err != nil {
			return err
		}
		p, err := probe(len(r.Probes)+1, load)
		if err != nil {
			return err
		}
		if stop := r.take(p); stop != Complete {
			r.conclude(stop)
			return keep(r)
		}
	}
}

// take adds a probe, unless it was cut short, and says whether there may be another.
func (r *Report) take(p Probe) Stop {
	if p.Outcome == Cut {
		return Interrupted
	}
	r.Probes = append(r.Probes, p)
	if !p.Start.IsZero() {
		r.End = p.Start.Add(p.Took)
	}
	switch p.Outcome {
	case Gone:
		return TenantGone
	case Broken:
		return OwnBug
	}
	return Complete
}

// conclude says what the probes come to.
func (r *Report) conclude(stop Stop) {
	r.Answer = r.Search.Answer(r.Probes, stop)
	r.Exit = r.Search.exit(&r.Answer, r.Probes)
	r.Notes = r.notes()
	law, err := Fit(r.points())
	r.Law, r.LawNote = law, ""
	if err != nil {
		r.LawNote = fmt.Sprintf("There is no law of scalability: %v.", err)
	}
}

// points are the probes that say something of the tenant's throughput. Of an open load the law is
// about the customers who were present, which follow from what the tenant did.
func (r *Report) points() []Point {
	var list []Point
	for i := range r.Probes {
		p := &r.Probes[i]
		if p.Outcome == Short || p.Outcome == Gone || p.Outcome == Broken || p.Throughput <= 0 {
			continue
		}
		load := p.Load
		if r.Search.Unit == UnitArrivals {
			load = p.Present
		}
		if load > 0 {
			list = append(list, Point{load, p.Throughput})
		}
	}
	return list
}
