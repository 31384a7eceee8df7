package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// Differences in how the machine fared that a reader should know of.
const (
	busier = 0.2   // share of the processors
	later  = 0.001 // seconds, of the generator's own lateness at p99
)

// differences lists in what else the sides differ: what may explain a change, or is one.
func differences(base, new []Input) []Difference {
	var list []Difference
	add := func(what string, doubt bool, of func(*result.Result) string) {
		if b, n := values(base, of), values(new, of); b != n {
			list = append(list, Difference{What: what, Base: b, New: n, Doubt: doubt})
		}
	}
	add("chatbench", false, func(r *result.Result) string { return r.Tool.Version })
	add("go", false, func(r *result.Result) string { return r.Tool.Go })
	add("scenario file", true, func(r *result.Result) string { return "sha256 " + short(r.Scenario.Hash) })
	add("machine", true, func(r *result.Result) string { return machine(&r.Run.Host) })
	add("host", false, func(r *result.Result) string { return r.Run.Host.Name })
	add("address", false, address)
	add("tenant", false, func(r *result.Result) string { return r.Target.Note })
	add("seed", false, func(r *result.Result) string { return fmt.Sprint(r.Scenario.Seed) })
	add("flags", false, func(r *result.Result) string { return strings.Join(r.Scenario.Overrides, " ") })
	return append(list, conditions(base, new)...)
}

// address of a target; the embedded tenant has another port every time.
func address(r *result.Result) string {
	if r.Target.Kind == result.Embedded {
		return ""
	}
	return r.Target.URL
}

// values lists what the runs of a side have, each once.
func values(side []Input, of func(*result.Result) string) string {
	var list []string
	for i := range side {
		if v := of(side[i].Result); v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// conditions tells how busy the machine was, and how late chatbench, where it differs much.
func conditions(base, new []Input) []Difference {
	var list []Difference
	if b, n := worst(base, machineCPU), worst(new, machineCPU); math.Abs(b-n) >= busier {
		list = append(list, Difference{What: "machine CPU", Base: percent(b), New: percent(n)})
	}
	if b, n := worst(base, lateness), worst(new, lateness); math.Abs(b-n) >= later {
		list = append(list, Difference{What: "generator lateness p99", Base: amount(b, metric.Seconds), New: amount(n, metric.Seconds)})
	}
	return list
}

func worst(side []Input, of func(*metric.Health) float64) float64 {
	most := 0.0
	for i := range side {
		most = max(most, of(&side[i].Result.Health))
	}
	return most
}

func machineCPU(h *metric.Health) float64 {
	if h.Strain == nil {
		return 0
	}
	return h.Strain.Machine.P99
}

// lateness of the generator is the worst of its three metrics, in seconds.
func lateness(h *metric.Health) float64 {
	worst := 0.0
	for _, l := range h.Lateness {
		worst = max(worst, l.P99)
	}
	return worst
}
