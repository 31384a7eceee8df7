package metric

import (
	"runtime"
	"runtime/metrics"
	"slices"
	"time"
)

// Health is what the generator itself used: of a process up to now, or, after [Health.Since], of a
// run. A run whose generator was short of something says little about the tenant.
type Health struct {
	UserSeconds    float64 `json:"cpu_user_s"`   // 0 where the system does not tell
	SystemSeconds  float64 `json:"cpu_system_s"` // 0 where the system does not tell
	WallSeconds    float64 `json:"wall_s"`
	Cores          int     `json:"cores"`                // that Go may use
	Processors     float64 `json:"processors,omitempty"` // that the process may use: Cores, or less by the quota of a cgroup (v2), which Go takes for 2 at least
	MaxRSS         int64   `json:"max_rss_bytes"`        // highest resident memory so far; 0 where the system does not tell
	GCCycles       int64   `json:"gc_cycles"`
	GCSeconds      float64 `json:"gc_cpu_s"`       // CPU time of the garbage collector, but for what was idle anyway
	GCPauseSeconds float64 `json:"gc_pause_s"`     // sum, a little too high: from a histogram
	GCPauseMax     float64 `json:"gc_pause_max_s"` // upper edge of the histogram's highest bucket
	Goroutines     int     `json:"goroutines_peak"`
	OpenFiles      int64   `json:"files_peak,omitempty"` // descriptors in use at most, the embedded tenant's included; 0 where the system does not tell
	FileLimit      int64   `json:"file_limit"`           // descriptors the process may have, the lowest limit while it ran; 0 where the system does not tell
	// Strain is what the generator used in short stretches of the stages that count; nil when it was
	// not watched.
	Strain *Strain `json:"strain,omitempty"`
	// Lateness is how late the generator was, by metric, over the stages that count.
	Lateness map[string]Lateness `json:"lateness,omitempty"`

	wall    time.Time
	pauses  []uint64 // counts of the runtime's histogram of pauses
	edges   []float64
	machine ticks // of the processors that the process may run on
}

// ticks counts the time of processors since the machine started.
type ticks struct {
	total, busy, stolen uint64 // busy includes what the host of a virtual machine took away, stolen
}

// Lateness sums up one lateness histogram, in seconds.
type Lateness struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	Max   float64 `json:"max"`
}

// CPUShare is the share of the cores' time that the process used, 0 to 1.
func (h Health) CPUShare() float64 {
	if h.WallSeconds <= 0 || h.Allowed() == 0 {
		return 0
	}
	return (h.UserSeconds + h.SystemSeconds) / (h.WallSeconds * h.Allowed())
}

// Allowed is how many processors the process may use, in parts of one where a cgroup says so.
func (h Health) Allowed() float64 {
	if h.Processors > 0 {
		return h.Processors
	}
	return float64(h.Cores)
}

const (
	pausesMetric = "/sched/pauses/total/gc:seconds"
	cyclesMetric = "/gc/cycles/total:gc-cycles"
	gcMetric     = "/cpu/classes/gc/total:cpu-seconds"
	idleGCMetric = "/cpu/classes/gc/mark/idle:cpu-seconds"
)

// SampleHealth asks the runtime and the system. WallSeconds is 0 until [Health.Since].
func SampleHealth() Health {
	samples := []metrics.Sample{{Name: pausesMetric}, {Name: cyclesMetric}, {Name: gcMetric}, {Name: idleGCMetric}}
	metrics.Read(samples)
	h := Health{Cores: runtime.GOMAXPROCS(0), Goroutines: runtime.NumGoroutine(), wall: time.Now()}
	if samples[0].Value.Kind() == metrics.KindFloat64Histogram {
		p := samples[0].Value.Float64Histogram()
		h.pauses, h.edges = slices.Clone(p.Counts), p.Buckets
	}
	if samples[1].Value.Kind() == metrics.KindUint64 {
		h.GCCycles = int64(samples[1].Value.Uint64())
	}
	if samples[2].Value.Kind() == metrics.KindFloat64 && samples[3].Value.Kind() == metrics.KindFloat64 {
		h.GCSeconds = samples[2].Value.Float64() - samples[3].Value.Float64()
	}
	h.readSystem()
	h.readMachine()
	return h.withPauses()
}

// Since is what was used between two samples of one process. MaxRSS is the process's, whose
// maximum cannot be reset; of goroutines and descriptors the higher number counts, see
// [Health.Peak].
func (h Health) Since(before Health) Health {
	h.UserSeconds -= before.UserSeconds
	h.SystemSeconds -= before.SystemSeconds
	h.WallSeconds = h.wall.Sub(before.wall).Seconds()
	h.GCCycles -= before.GCCycles
	h.GCSeconds -= before.GCSeconds
	h.machine.total -= before.machine.total
	h.machine.busy -= before.machine.busy
	h.machine.stolen -= before.machine.stolen
	h = h.Peak(before)
	pauses := slices.Clone(h.pauses)
	for i := range min(len(pauses), len(before.pauses)) {
		pauses[i] -= before.pauses[i]
	}
	h.pauses = pauses
	return h.withPauses()
}

// Peak takes the higher numbers of goroutines and descriptors, and the lower limit of these, over
// from another sample.
func (h Health) Peak(other Health) Health {
	h.Goroutines = max(h.Goroutines, other.Goroutines)
	h.OpenFiles = max(h.OpenFiles, other.OpenFiles)
	h.FileLimit = lower(h.FileLimit, other.FileLimit)
	return h
}

// lower is the lower of two limits; 0 is none.
func lower(a, b int64) int64 {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// withPauses sets sum and maximum of the collector's pauses from their histogram.
func (h Health) withPauses() Health {
	h.GCPauseSeconds, h.GCPauseMax = 0, 0
	for i, n := range h.pauses {
		edge := min(h.edges[i+1], 1e9) // the last bucket has no upper edge
		h.GCPauseSeconds += float64(n) * edge
		if n > 0 {
			h.GCPauseMax = edge
		}
	}
	return h
}

// WithLateness adds the generator's lateness in m.
func (h Health) WithLateness(m *Metrics) Health {
	h.Lateness = nil
	total := m.Total()
	for _, name := range names[latePoll:] {
		hist := total.Hist(name)
		if hist.Count() == 0 {
			continue
		}
		if h.Lateness == nil {
			h.Lateness = map[string]Lateness{}
		}
		h.Lateness[name] = Lateness{
			Count: hist.Count(), P50: hist.Quantile(0.5), P99: hist.Quantile(0.99), Max: hist.Max(),
		}
	}
	return h
}

// MergeHealth adds up what two generators used; the zero value is neutral. Wall time, the longest
// pause, descriptors with their limit, and the strain are not sums: the longer, the higher, the
// lower limit and the worse count. Lateness cannot be merged and is left out, see
// [Health.WithLateness].
func MergeHealth(a, b Health) Health {
	return Health{
		UserSeconds:    a.UserSeconds + b.UserSeconds,
		SystemSeconds:  a.SystemSeconds + b.SystemSeconds,
		WallSeconds:    max(a.WallSeconds, b.WallSeconds),
		Cores:          a.Cores + b.Cores,
		Processors:     a.Processors + b.Processors,
		MaxRSS:         a.MaxRSS + b.MaxRSS,
		GCCycles:       a.GCCycles + b.GCCycles,
		GCSeconds:      a.GCSeconds + b.GCSeconds,
		GCPauseSeconds: a.GCPauseSeconds + b.GCPauseSeconds,
		GCPauseMax:     max(a.GCPauseMax, b.GCPauseMax),
		Goroutines:     a.Goroutines + b.Goroutines,
		OpenFiles:      max(a.OpenFiles, b.OpenFiles),
		FileLimit:      lower(a.FileLimit, b.FileLimit),
		Strain:         mergeStrains(a.Strain, b.Strain),
	}
}
