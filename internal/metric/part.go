package metric

import (
	"math"
	"strings"
	"time"
)

// Part is a part of a run that figures are taken of: one stage, or all that are not warm-up.
type Part struct {
	*StageMetrics         // the sum of the stages
	points        []Point // of the timeline that lie in it
	level         float64 // of confidence
}

// At is the same part with intervals of another level of confidence, more than 0 and less than 1.
func (p Part) At(level float64) Part {
	p.level = level
	return p
}

// Part is the stage of that name, be it a warm-up, or with "" all stages that are not warm-up. It
// reports whether there is one; nothing was measured in one that is not there.
func (m *Metrics) Part(stage string) (p Part, ok bool) {
	chosen := func(s *StageMetrics) bool {
		if stage == "" {
			return !s.Warmup
		}
		return s.Name == stage
	}
	p = Part{StageMetrics: m.sum(stage, chosen), level: Level}
	if m == nil {
		return p, stage == ""
	}
	for i := range m.Timeline.Points {
		middle := time.Duration((float64(i) + 0.5) * float64(m.Timeline.Resolution) * float64(time.Second))
		if s := m.stageAt(middle); s != nil && chosen(s) {
			p.points = append(p.points, m.Timeline.Points[i])
		}
	}
	for i := range m.Stages {
		ok = ok || chosen(&m.Stages[i])
	}
	return p, ok || stage == ""
}

// stageAt is the stage a moment lies in; nil without stages.
func (m *Metrics) stageAt(at time.Duration) (found *StageMetrics) {
	for i := range m.Stages {
		if s := &m.Stages[i]; found == nil || at >= s.Start {
			found = s
		}
	}
	return found
}

// Quantile estimates the quantile q, more than 0 and less than 1, of a metric. Its interval is that
// of Woodruff (1952), "Confidence intervals for medians and other position measures", Journal of the
// American Statistical Association 47: order statistics, as far from q as the share of values beyond
// it is uncertain. How uncertain that is shows in how much it differs between the seconds of the
// timeline; for a metric that is not in it the nearest one that is stands in, see docs/gates.md.
func (p Part) Quantile(name string, q float64) Estimate {
	h := p.Hist(name)
	e := Estimate{Value: h.Quantile(q), Samples: h.Count(), High: math.Inf(1), Level: p.level}
	if e.Samples == 0 {
		return e
	}
	var alike bool
	if e.from, alike = p.sampling(name, e.Samples, q); alike {
		e.from = independent(e.Samples)
	}
	tail := tailOf(p.level)
	e.Effective = e.from.effective(tail)
	low, high := quantileShares(e.Effective, q, tail)
	const rounding = 1e-9 // so that whole ranks stay what they are
	ranks := float64(e.Samples + 1)
	e.Low = h.atRank(math.Floor(low*ranks + rounding))
	if high <= 1 {
		e.High = h.atRank(math.Ceil(high*ranks - rounding))
	}
	move := 0.0
	if alike {
		move = p.movement(name)
		e.Low, e.High = max(e.Low-move, 0), e.High+move
	}
	e.decides = func(limit, effective float64) bool {
		low, high := quantileShares(effective, q, tail)
		return high <= h.ShareBelow(limit-move) || low > h.ShareBelow(limit+move)
	}
	return e
}

// Untouched reports whether no value of a metric reached a limit, and they are enough to say so of its
// quantile q. Nothing shows how bunched come what did not come at all, so the values count as
// independent, as they do in [Part.Failures]; docs/gates.md says what that leaves open.
func (p Part) Untouched(name string, q, limit float64) bool {
	h := p.Hist(name)
	_, high := quantileShares(float64(h.Count()), q, tailOf(p.level))
	return high <= 1 && h.Max() < limit
}

// movement is by how much all values of a metric together may be off, which are so alike that its
// percentiles move as its mean does.
func (p Part) movement(name string) float64 {
	mean := p.Mean(name)
	if math.IsInf(mean.High, 1) {
		return mean.Value // nothing is known of it
	}
	return mean.High - mean.Value
}

// Mean estimates the mean of a metric, with Student's t over the batches of the timeline.
func (p Part) Mean(name string) Estimate {
	h := p.Hist(name)
	e := Estimate{Value: h.Mean(), Samples: h.Count(), High: math.Inf(1), Level: p.level}
	if e.Samples == 0 {
		return e
	}
	deviation := h.deviation()
	e.from = p.samplingOfMean(name, e.Samples)
	tail := tailOf(p.level)
	e.Effective = e.from.effective(tail)
	half := func(effective float64) float64 {
		return studentsT(math.Inf(1), tail) * deviation / math.Sqrt(effective)
	}
	if e.Effective > 0 {
		e.Low, e.High = max(e.Value-half(e.Effective), 0), e.Value+half(e.Effective)
	}
	e.decides = func(limit, effective float64) bool {
		return effective > 0 && math.Abs(e.Value-limit) > half(effective)
	}
	return e
}

// Failures estimates a share: hits of so many exchanges. The timeline tells how bunched they came:
// count is what it has of them, of all exchanges of a point. Without count, which may be nil, they
// are taken for independent, and so they are without a hit. The interval is that of Clopper and Pearson for the effective number.
func (p Part) Failures(hits, exchanges int64, count func(*Point) int64) Estimate {
	e := Estimate{Samples: exchanges, High: 1, Level: p.level}
	if exchanges == 0 {
		return e
	}
	e.Value = float64(hits) / float64(exchanges)
	e.from = independent(exchanges)
	if hits > 0 && count != nil {
		e.from = p.samplingOfShare(exchanges, count)
	}
	tail := tailOf(p.level)
	e.Effective = e.from.effective(tail)
	e.Low, e.High = clopperPearson(e.Value, e.Effective, tail)
	e.decides = func(limit, effective float64) bool {
		low, high := clopperPearson(e.Value, effective, tail)
		return high < limit || low >= limit
	}
	return e
}

func (p Part) samplingOfShare(n int64, count func(*Point) int64) sampling {
	var clusters []cluster
	for i := range p.points {
		point := &p.points[i]
		clusters = append(clusters, cluster{float64(point.Exchanges), float64(min(count(point), point.Exchanges))})
	}
	share, _ := ratioOf(clusters)
	s := sampling{n: float64(n), stretches: filled(clusters)}
	s.design, _ = designEffect(clusters, share*(1-share))
	return s
}

// sampling tells how the values of a metric came about that lie beyond its quantile q. Alike means
// that the coarse histograms of the timeline cannot tell them from the others, because all values
// lie within 6 %.
func (p Part) sampling(name string, n int64, q float64) (s sampling, alike bool) {
	clusters := p.beyond(shownBy(name), q)
	if len(clusters) == 0 {
		return independent(n), false
	}
	share, _ := ratioOf(clusters)
	design, ok := designEffect(clusters, share*(1-share))
	return sampling{n: float64(n), design: design, stretches: filled(clusters)}, !ok
}

// samplingOfMean tells how all values of a metric came about.
func (p Part) samplingOfMean(name string, n int64) sampling {
	shown := shownBy(name)
	var clusters []cluster
	for i := range p.points {
		if h := p.points[i].Latency[shown]; h.Count() > 0 {
			clusters = append(clusters, cluster{float64(h.Count()), h.Mean() * float64(h.Count())})
		}
	}
	if len(clusters) == 0 {
		return independent(n)
	}
	deviation := p.Hist(shown).deviation()
	design, _ := designEffect(clusters, deviation*deviation)
	return sampling{n: float64(n), design: design, stretches: len(clusters)}
}

// beyond counts, point by point, the values of a metric that lie beyond its quantile q: above the
// bucket it is in or, if that makes a share that is nearer to 1-q, from that bucket on.
func (p Part) beyond(name string, q float64) []cluster {
	pooled := newHist(Seconds, pointDigits)
	for i := range p.points {
		pooled.add(p.points[i].Latency[name])
	}
	if pooled.Count() == 0 {
		return nil
	}
	at := pooled.bucketOf(q)
	above, from := p.from(name, at+1), p.from(name, at)
	a, _ := ratioOf(above)
	f, _ := ratioOf(from)
	if a == 0 || f < 1 && math.Abs(f-(1-q)) < math.Abs(a-(1-q)) {
		return from
	}
	return above
}

// from counts, point by point, the values in buckets whose lower edge is at least edge.
func (p Part) from(name string, edge int64) []cluster {
	clusters := make([]cluster, len(p.points))
	for i := range p.points {
		h := p.points[i].Latency[name]
		clusters[i] = cluster{float64(h.Count()), float64(h.countFrom(edge))}
	}
	return clusters
}

// shownBy is the metric of the timeline that stands in for one that is not there, because the same
// seconds are bad for both; name itself when it is there. What has no such metric is named itself,
// too, and has no points: its values count as independent.
func shownBy(name string) string {
	switch name {
	case "dial", "token.service", "token.response", "apply.service", "apply.response":
		return "connect.response" // all of them stand right before it
	case "poll.service", "poll.response":
		return "poll.useful.service"
	case "leave.service", "leave.response":
		return "disconnect.response"
	}
	if op, ok := strings.CutSuffix(name, ".service"); ok && !strings.Contains(op, ".") {
		return op + ".response"
	}
	return name
}
