package compare

import (
	"math"
	"slices"

	"chatbench/internal/metric"
)

// Curves are times by percentile, of both sides: what the figures say of three percentiles, for all
// of them. No verdict is based on them.
type Curves struct {
	// Shares are the quantiles, 0 to less than 1, ascending: sixteen from 0 to 90 %, sixteen more to
	// 99 %, and so on, as far as a side has samples and to 99.999 % at most.
	Shares  []float64 `json:"shares"`
	Metrics []Curve   `json:"metrics"` // in the order of reports; metrics of times, and no others
}

// Curve is one metric by percentile.
type Curve struct {
	Name string `json:"name"` // as in a result
	Base Line   `json:"base"`
	New  Line   `json:"new"`
}

// Line is a side's part of a curve.
type Line struct {
	// Values are in seconds, one for each of the first of Curves.Shares: as many as there are samples
	// for in every run. Of several runs they are the geometric mean, as Values.Value is.
	Values []float64 `json:"values,omitempty"`
	// Thin is the first of Values beyond which a run has fewer than ten samples; 0: there is none.
	Thin int `json:"thin,omitempty"`
}

const (
	// perDecade is how many points a curve has from 0 to 90 %, and from there to 99 %.
	perDecade = 16
	// mostPoints lets a curve end at 99.999 %.
	mostPoints = 5*perDecade + 1
)

// curveShare is the quantile of a point, from 0.
func curveShare(k int) float64 { return 1 - math.Pow(10, -float64(k)/perDecade) }

// curves are those of the metrics that are compared; nil when none of them is a time.
func (c *comparison) curves() *Curves {
	all := &Curves{}
	longest := 0
	for _, s := range subjects(c.opt.Metrics, c.has) {
		if s.unit != metric.Seconds || s.q != 0.5 { // one of each metric's percentiles
			continue
		}
		one := Curve{Name: s.name, Base: line(c.base, s.name), New: line(c.new, s.name)}
		longest = max(longest, len(one.Base.Values), len(one.New.Values))
		all.Metrics = append(all.Metrics, one)
	}
	if longest == 0 {
		return nil
	}
	for k := range longest {
		all.Shares = append(all.Shares, curveShare(k))
	}
	return all
}

// line is the curve of a side.
func line(side []*view, name string) (l Line) {
	hists := make([]*metric.Hist, len(side))
	for i, v := range side {
		hists[i] = v.total.Hist(name)
	}
	fewest := slices.MinFunc(hists, func(a, b *metric.Hist) int { return int(a.Count() - b.Count()) })
	for k := 0; k < mostPoints && math.Pow(10, float64(k)/perDecade) <= float64(fewest.Count()); k++ {
		q := curveShare(k)
		if l.Thin == 0 && k > 0 && fewest.Thin(q) {
			l.Thin = k
		}
		l.Values = append(l.Values, geometricMean(hists, q))
	}
	return l
}

// geometricMean of a quantile.
func geometricMean(hists []*metric.Hist, q float64) float64 {
	sum := 0.0
	for _, h := range hists {
		sum += math.Log(positive(h.Quantile(q), h.Unit()))
	}
	return math.Exp(sum / float64(len(hists)))
}
