package metric

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// StageInfo is one stretch of the run, on the run's clock.
type StageInfo struct {
	Name       string
	Warmup     bool          // kept apart and left out of totals
	Start, End time.Duration // End at or before Start: open, which only the last stage may be
}

// Metrics is what was measured in a run, or in several that were merged. It is not changed after
// it was made, so it may be read from anywhere.
type Metrics struct {
	Stages   []StageMetrics // by position, then by name
	Timeline Timeline
}

// StageMetrics is what was measured in one stage.
type StageMetrics struct {
	Position int              `json:"position"` // in the plan, from 0; -1 for a sum of stages
	Name     string           `json:"name"`
	Warmup   bool             `json:"warmup,omitempty"`
	Start    time.Duration    `json:"start_ns"`
	End      time.Duration    `json:"end_ns"`
	Latency  map[string]*Hist `json:"latency"` // by name, see Names; metrics without samples are absent
	Counters Counters         `json:"counters"`
}

// Hist is the histogram of a metric; nil, which can be asked for Count, Mean, Quantile and Max,
// when there are no samples.
func (s *StageMetrics) Hist(name string) *Hist { return s.Latency[name] }

// Length is how long the stage lasted.
func (s *StageMetrics) Length() time.Duration { return max(s.End-s.Start, 0) }

// Rate is n per second of the stage, 0 for a stage without length.
func (s *StageMetrics) Rate(n int64) float64 {
	if s.Length() == 0 {
		return 0
	}
	return float64(n) / s.Length().Seconds()
}

// Total adds up the stages that are not warm-up. It is never nil.
func (m *Metrics) Total() *StageMetrics {
	return m.sum("total", func(s *StageMetrics) bool { return !s.Warmup })
}

// All adds up every stage, warm-up included. It is never nil.
func (m *Metrics) All() *StageMetrics {
	return m.sum("all", func(*StageMetrics) bool { return true })
}

func (m *Metrics) sum(name string, take func(*StageMetrics) bool) *StageMetrics {
	sum := &StageMetrics{Position: -1, Name: name, Latency: map[string]*Hist{}}
	if m == nil {
		return sum
	}
	first := true
	for i := range m.Stages {
		s := &m.Stages[i]
		if !take(s) {
			continue
		}
		if first || s.Start < sum.Start {
			sum.Start = s.Start
		}
		first = false
		sum.End = max(sum.End, s.End)
		sum.addValues(s)
	}
	return sum
}

func (s *StageMetrics) addValues(other *StageMetrics) {
	for name, h := range other.Latency {
		if h == nil { // a file may say null
			continue
		}
		s.Latency[name] = mergeHist(s.Latency[name], h)
	}
	s.Counters.add(&other.Counters)
}

type stageKey struct {
	position int
	name     string
}

// Merge adds up what two runs, or two parts of a run, measured. It is associative and commutative,
// nil and the zero value are neutral, and neither argument is changed. Stages are the same when
// position and name are; a merged stage is a warm-up if either was.
func Merge(a, b *Metrics) *Metrics {
	sum := &Metrics{}
	stages := map[stageKey]*StageMetrics{}
	for _, m := range []*Metrics{a, b} {
		if m == nil {
			continue
		}
		for i := range m.Stages {
			mergeStage(stages, &m.Stages[i])
		}
		sum.Timeline = mergeTimelines(&sum.Timeline, &m.Timeline)
	}
	for _, key := range slices.SortedFunc(maps.Keys(stages), compareKeys) {
		sum.Stages = append(sum.Stages, *stages[key])
	}
	return sum
}

func mergeStage(stages map[stageKey]*StageMetrics, s *StageMetrics) {
	key := stageKey{s.Position, s.Name}
	into := stages[key]
	if into == nil {
		into = &StageMetrics{
			Position: s.Position, Name: s.Name, Start: s.Start, End: s.End, Latency: map[string]*Hist{},
		}
		stages[key] = into
	}
	into.Warmup = into.Warmup || s.Warmup
	into.Start = min(into.Start, s.Start)
	into.End = max(into.End, s.End)
	into.addValues(s)
}

func compareKeys(a, b stageKey) int {
	return cmp.Or(cmp.Compare(a.position, b.position), cmp.Compare(a.name, b.name))
}

// wireTotal is a sum of stages with its figures alone: the histograms are those of the stages.
type wireTotal struct {
	*StageMetrics
	Latency map[string]wireHist `json:"latency"`
}

// MarshalJSON writes stages and timeline, and the total for whoever reads the file.
func (m *Metrics) MarshalJSON() ([]byte, error) {
	total := wireTotal{m.Total(), map[string]wireHist{}}
	for name, h := range total.StageMetrics.Latency {
		total.Latency[name] = h.figures()
	}
	return json.Marshal(struct {
		Stages   []StageMetrics `json:"stages,omitempty"`
		Total    wireTotal      `json:"total"`
		Timeline Timeline       `json:"timeline"`
	}{m.Stages, total, m.Timeline})
}

// UnmarshalJSON reads what MarshalJSON wrote; the total is not read but added up again.
func (m *Metrics) UnmarshalJSON(b []byte) error {
	w := struct {
		Stages   []StageMetrics `json:"stages,omitempty"`
		Timeline Timeline       `json:"timeline"`
	}{}
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*m = Metrics{Stages: w.Stages, Timeline: w.Timeline}
	return nil
}
