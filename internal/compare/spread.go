package compare

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/stat"
)

// Spread is how much a figure differs between runs of the same thing. All of it is the standard
// deviation of a logarithm, or of the share of errors itself.
type Spread struct {
	Name, Statistic string
	Runs            int
	Seen            float64   // of the runs
	Values          []float64 // of each run, on the same scale
	Expected        float64   // by what the seconds within the runs show
}

// Between is what the seconds do not explain.
func (s *Spread) Between() float64 {
	return math.Sqrt(max(0, s.Seen*s.Seen-s.Expected*s.Expected))
}

// errFewRuns is the error of too few runs for a spread.
var errFewRuns = errors.New("fewer than three runs")

// Spreads measures how much runs of the same thing differ, and how much of it their seconds explain:
// whether one run tells what several would. The error is a *Refusal when the runs are not of the
// same thing.
func Spreads(runs []Input) ([]Spread, error) {
	if len(runs) < 3 {
		return nil, errFewRuns
	}
	if refusal := refuse(runs[:1], runs[1:], false); refusal != nil {
		return nil, refusal
	}
	c := comparison{base: views(runs)}
	var list []Spread
	for _, s := range subjects(nil, c.has) {
		if sp, ok := spread(&s, c.base); ok {
			list = append(list, sp)
		}
	}
	return list, nil
}

// spread measures one figure; it is not ok when a run has too few samples.
func spread(s *subject, runs []*view) (Spread, bool) {
	var figures sample
	within := 0.0
	for i, v := range runs {
		f, lacking := s.of(v, i)
		if lacking != nil {
			return Spread{}, false
		}
		below, above := f.reach(1)
		within += (below*below + above*above) / 2 / float64(len(runs))
		figures = append(figures, f)
	}
	values := figures.scaled(s.ratio)
	return Spread{Name: s.name, Statistic: s.statistic, Runs: len(runs), Values: values,
		Seen: stat.StdDev(values, nil), Expected: math.Sqrt(within)}, true
}
