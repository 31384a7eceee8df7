package capacity

import (
	"cmp"
	"slices"
)

// votes is what the probes at one load said.
type votes struct {
	load                                  float64
	carried, missed, unclear, thin, short int
}

// stance is what the votes at a load come to so far.
type stance struct {
	load    float64
	outcome Outcome // Carried, Missed, Unclear or Short; "" while as many say carried as missed
	settled bool    // as many probes as demanded agree
	mixed   bool    // some carried it, some missed
}

// stances gives what is known of each load that was tried, ascending. Probes that were cut short or
// found no tenant say nothing.
func (s Search) stances(probes []Probe) []stance {
	var list []stance
	for _, v := range count(probes) {
		list = append(list, v.stance(s.Confirm))
	}
	return list
}

func count(probes []Probe) []votes {
	var list []votes
	for i := range probes {
		p := &probes[i]
		at, found := slices.BinarySearchFunc(list, p.Load, func(v votes, load float64) int { return cmp.Compare(v.load, load) })
		if !found {
			list = slices.Insert(list, at, votes{load: p.Load})
		}
		switch v := &list[at]; p.Outcome {
		case Carried:
			v.carried++
		case Missed:
			v.missed++
		case Unclear:
			v.unclear++
		case Thin:
			v.thin++
		case Short:
			v.short++
		}
	}
	return slices.DeleteFunc(list, func(v votes) bool { return v == votes{load: v.load} })
}

// stance decides by majority: the first of carried and missed to have as many votes as demanded has
// the load. Probes that could not tell count when there are as many of them, or nothing else; one
// that had too few samples is enough.
func (v votes) stance(confirm int) stance {
	s := stance{load: v.load, mixed: v.carried > 0 && v.missed > 0}
	fog := v.unclear + v.thin + v.short
	switch {
	case v.carried >= confirm:
		s.outcome, s.settled = Carried, true
	case v.missed >= confirm:
		s.outcome, s.settled = Missed, true
	case fog >= confirm, v.carried+v.missed == 0:
		s.outcome, s.settled = Unclear, fog >= confirm || v.thin > 0
		if v.short > v.unclear+v.thin {
			s.outcome = Short
		}
	case v.carried > v.missed:
		s.outcome = Carried
	case v.missed > v.carried:
		s.outcome = Missed
	}
	return s
}

// open reports whether nothing can be concluded from the load before it was tried again.
func (s stance) open() bool {
	return s.outcome == "" || !s.settled && (s.outcome == Unclear || s.outcome == Short)
}

// edges is what the loads come to together.
type edges struct {
	low  *stance  // the highest load that is carried, below high; nil: none is
	high *stance  // the lowest load that is missed; nil: none is
	fog  []stance // loads between the two, or above low, of which nothing can be told, ascending
	all  []stance
}

func edgesOf(all []stance) edges {
	e := edges{all: all}
	for i := range all {
		s := &all[i]
		switch s.outcome {
		case Missed:
			e.high = s
			return e
		case Carried:
			e.low, e.fog = s, nil
		case Unclear, Short:
			e.fog = append(e.fog, *s)
		}
	}
	return e
}

// above is the lowest load above low that is not carried as far as is known, nil: there is none.
func (e *edges) above() *stance {
	if len(e.fog) > 0 {
		return &e.fog[0]
	}
	return e.high
}

// ceiling is the lowest load above low that this machine could not make, nil: there is none.
func (e *edges) ceiling() *stance {
	for i := range e.fog {
		if e.fog[i].outcome == Short {
			return &e.fog[i]
		}
	}
	return nil
}
