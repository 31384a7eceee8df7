package metric

import (
	"slices"
	"time"
)

// Strain is what the generator used in stretches of five seconds, each second the last five, of the
// stages that count. Shorter stretches would be of chance, and in longer ones a stall that reaches
// every customer would vanish.
type Strain struct {
	Stretches int64  `json:"stretches"`
	CPU       Spread `json:"cpu"`         // share of the processors the process may use; 0 where the system does not tell
	Machine   Spread `json:"machine_cpu"` // share of the processors it may run on that anybody used, or the host took away; 0 where the system does not tell
	Stolen    Spread `json:"stolen_cpu"`  // share of these that the host of a virtual machine took away
	GC        Spread `json:"gc_cpu"`      // share of the processors the process may use that its garbage collector took
	GCPause   Spread `json:"gc_pause_s"`  // the collector's longest pause in a stretch, in seconds: at least so long
}

// Spread sums up a value of every stretch.
type Spread struct {
	P99   float64 `json:"p99"` // what 99 of 100 stretches did not exceed; of fewer than 100, the maximum
	Max   float64 `json:"max"`
	MaxAt float64 `json:"max_at_s"` // when the worst stretch ended, on the run's clock
}

// The lengths of stretches. Samples come a little early or late; of a run whose stages are shorter
// than a stretch what there is is taken, if it is not too little.
const (
	fullStretch  = 4900 * time.Millisecond
	leastStretch = 900 * time.Millisecond
)

// Watch follows the generator through a run, from samples of its health. It is used by one
// goroutine at a time.
type Watch struct {
	stages  []StageInfo
	peak    Health
	samples []moment // of the stretch that ends now, oldest first, all in stages that count

	stretches                         int64
	cpu, machine, stolen, gc, gcPause spread
}

// moment is a sample with its time on the run's clock.
type moment struct {
	at     time.Duration
	health Health
}

// NewWatch makes the watch of a run with these stages, which are those of its [Recorder].
func NewWatch(stages []StageInfo) *Watch { return &Watch{stages: slices.Clone(stages)} }

// Add takes in a sample, at a time on the run's clock. The run takes one about once a second. One
// without processors, which is that of a generator in virtual time, tells nothing.
func (w *Watch) Add(at time.Duration, h Health) {
	if h.Cores == 0 {
		return
	}
	w.peak = w.peak.Peak(h)
	if n := len(w.samples); n > 0 && !w.counts(w.samples[n-1].at, at) {
		w.pause()
	}
	w.samples = append(w.samples, moment{at, h})
	for len(w.samples) > 1 && at-w.samples[1].at >= fullStretch {
		w.samples = slices.Delete(w.samples, 0, 1)
	}
	if at-w.samples[0].at >= fullStretch {
		w.take()
	}
}

// counts reports whether all stages between two moments do.
func (w *Watch) counts(from, to time.Duration) bool {
	if len(w.stages) == 0 {
		return true
	}
	between := w.stages[stageAt(w.stages, from) : stageAt(w.stages, to)+1]
	return !slices.ContainsFunc(between, func(s StageInfo) bool { return s.Warmup })
}

// pause ends the stretch, because what follows does not count.
func (w *Watch) pause() {
	if n := len(w.samples); w.stretches == 0 && n > 1 && w.samples[n-1].at-w.samples[0].at >= leastStretch {
		w.take()
	}
	w.samples = w.samples[:0]
}

// take notes what was used from the first sample to the last.
func (w *Watch) take() {
	first, last := w.samples[0], w.samples[len(w.samples)-1]
	used := last.health.Since(first.health)
	room := (last.at - first.at).Seconds() * used.Allowed()
	at := last.at.Seconds()
	w.stretches++
	w.cpu.add(ratio(used.UserSeconds+used.SystemSeconds, room), at)
	w.gc.add(ratio(used.GCSeconds, room), at)
	w.machine.add(ratio(float64(used.machine.busy), float64(used.machine.total)), at)
	w.stolen.add(ratio(float64(used.machine.stolen), float64(used.machine.total)), at)
	w.gcPause.add(used.longestPause(), at)
}

// longestPause is the lower edge of the highest bucket of pauses: one was at least so long.
func (h *Health) longestPause() float64 {
	for i, n := range slices.Backward(h.pauses) {
		if n > 0 {
			return max(h.edges[i], 0) // the first bucket has no lower edge
		}
	}
	return 0
}

func ratio(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return max(part, 0) / whole
}

// WithStrain adds what was seen by w, which is of no further use then.
func (h Health) WithStrain(w *Watch) Health {
	w.pause()
	h = h.Peak(w.peak)
	h.Strain = nil
	if w.stretches > 0 {
		h.Strain = &Strain{Stretches: w.stretches, CPU: w.cpu.sum(), Machine: w.machine.sum(),
			Stolen: w.stolen.sum(), GC: w.gc.sum(), GCPause: w.gcPause.sum()}
	}
	return h
}

// spread is a Spread in the making.
type spread struct {
	values  Hist // in millionths, as it keeps seconds
	max, at float64
}

func (s *spread) add(v, at float64) {
	s.values.unit, s.values.digits = Seconds, stageDigits
	s.values.record(int64(v * 1e6))
	if v > s.max+1e-9 { // a rounding is not worse
		s.max, s.at = v, at
	}
}

func (s *spread) sum() Spread {
	p99 := min(s.values.Quantile(0.99), s.max)
	if s.values.Count() < 100 {
		p99 = s.max // the same, with all its digits
	}
	return Spread{P99: p99, Max: s.max, MaxAt: s.at}
}

// mergeStrains keeps the worse of both; nil is neutral.
func mergeStrains(a, b *Strain) *Strain {
	if a == nil || b == nil {
		if a == nil {
			a = b
		}
		return a
	}
	return &Strain{
		Stretches: a.Stretches + b.Stretches,
		CPU:       a.CPU.worse(b.CPU),
		Machine:   a.Machine.worse(b.Machine),
		Stolen:    a.Stolen.worse(b.Stolen),
		GC:        a.GC.worse(b.GC),
		GCPause:   a.GCPause.worse(b.GCPause),
	}
}

func (s Spread) worse(other Spread) Spread {
	p99 := max(s.P99, other.P99)
	if other.Max > s.Max || other.Max == s.Max && other.MaxAt < s.MaxAt {
		s = other
	}
	s.P99 = p99
	return s
}

// WorstSecond is the second of the run, of those that count, in which a metric of the timeline had
// its highest 99th percentile; ok is false when it is not there. In a long run the second is the
// first of a few.
func (m *Metrics) WorstSecond(name string) (second int, ok bool) {
	if m == nil {
		return 0, false
	}
	worst := -1.0
	for i := range m.Timeline.Points {
		h, at := m.Timeline.Points[i].Latency[name], i*m.Timeline.Resolution
		if h.Count() > 0 && h.Quantile(0.99) > worst && m.counts(time.Duration(at)*time.Second) {
			second, worst = at, h.Quantile(0.99)
		}
	}
	return second, worst >= 0
}

// counts reports whether a moment is in a stage that is no warm-up.
func (m *Metrics) counts(at time.Duration) bool {
	return slices.ContainsFunc(m.Stages, func(s StageMetrics) bool { return !s.Warmup && at >= s.Start && at < s.End })
}
