package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// Limits on the generator that no scenario sets.
const (
	// machineLimit is the share of the processors it may run on beyond which the machine counts as
	// too busy, whoever uses them.
	machineLimit = 0.95
	// stolenLimit is the share of the processors' time that the host of a virtual machine may take
	// away. It is only counted while somebody here wants to run: in a stretch with more of it one in
	// ten who wants to has to wait for a neighbour whom nobody here sees, whatever the load.
	stolenLimit = 0.10
	// collectorLimit is the share of its processors that Go's garbage collector is designed to take
	// while it works. More means that it always works and makes those help who want memory.
	collectorLimit = 0.25
)

// generator looks at chatbench itself. When it was short of something the figures are about it and
// not about the tenant, and the run is INVALID. Of a recording nothing is known.
func (j *judge) generator(demand *scenario.Gate, dropped int) {
	if j.r.Target.Kind == result.Recorded || j.r.Target.Kind == result.Judged {
		return
	}
	j.lateness(demand.MaxLateness)
	if j.r.Health.Strain != nil {
		j.processors(demand.MaxCPU)
		j.collector(demand.MaxLateness)
	}
	j.descriptors()
	j.shortages()
	if dropped > 0 {
		j.own(result.Gate{Name: "dropped arrivals <= 0", Observed: float64(dropped), Unit: "count"}, true,
			plural(dropped, "arrival")+" found max_customers already there and could not be played; raise max_customers or let fewer come.")
	}
}

// own adds a gate on the generator itself.
func (j *judge) own(g result.Gate, short bool, sentence string) {
	g.Kind, g.Verdict, g.Sentence = result.GateGenerator, result.Pass, sentence
	if short {
		g.Verdict = result.Invalid
		j.invalid = true
	}
	j.gate(g, result.ExitInvalid)
}

func (j *judge) lateness(limit time.Duration) {
	worst, name := Lateness(j.r.Health)
	at := ""
	if second, ok := j.r.Metrics.WorstSecond(name); ok {
		at = fmt.Sprintf(", and was worst in second %d of the run", second)
	}
	late := worst > limit.Seconds()
	sentence := fmt.Sprintf("chatbench itself was late by %s at p99%s.", seconds(worst), at)
	if late {
		sentence = fmt.Sprintf("chatbench itself was too slow: %s p99 was %s%s, allowed %v (gate.lateness). The figures are about this machine, not about the tenant; use fewer customers or a faster machine.",
			name, seconds(worst), at, limit)
	}
	j.own(result.Gate{Name: fmt.Sprintf("generator lateness p99 <= %v", limit), Observed: worst, Limit: limit.Seconds(), Unit: "s"}, late, sentence)
}

// processors looks at CPU time: chatbench's own, and that of whoever else uses its processors. A
// limit of all there is looks at neither.
func (j *judge) processors(limit float64) {
	if limit >= 1 {
		return
	}
	strain := j.r.Health.Strain
	if cpu := strain.CPU; cpu.Max > 0 { // 0: the system does not tell
		used := inStretches(cpu, "chatbench used %s of its "+processorWords(j.r.Health.Allowed()), tenths)
		j.share("generator CPU", cpu, limit, "Too little CPU: %s, allowed %s; %s.", used, j.moreCPU("use fewer customers or more processors"))
	}
	if busy := strain.Machine; busy.Max > 0 {
		used := inStretches(busy, "the processors that chatbench may run on were %s busy", tenths)
		if strain.Stolen.Max >= 0.01 {
			used += fmt.Sprintf(", of which the host of this virtual machine took up to %s away", tenths(strain.Stolen.Max))
		}
		j.share("machine CPU", busy, max(machineLimit, limit), "Too little CPU: %s, allowed %s; %s.", used, j.moreCPU("leave them to chatbench, use more processors or fewer customers"))
	}
	if stolen := strain.Stolen; stolen.Max > 0 {
		used := inStretches(stolen, "the host of this virtual machine took %s of the processors away", tenths)
		j.share("machine CPU stolen", stolen, stolenLimit, "The machine is too noisy: %s, allowed %s; %s.", used, "use a host without such neighbours, or at another time")
	}
}

// moreCPU is what helps against a shortage of CPU time.
func (j *judge) moreCPU(way string) string {
	if j.r.Target.Kind == result.Embedded {
		return fmt.Sprintf(`%s, or run the tenant, whose CPU time is in this as well, by itself with "chatbench tenant", on other processors or another machine, and name it with --target`, way)
	}
	return way
}

// share adds a gate on a share of processors.
func (j *judge) share(name string, used metric.Spread, limit float64, short, words, way string) {
	g := result.Gate{Name: name + " <= " + percent(limit), Observed: used.P99, Limit: limit, Unit: "share", Samples: j.r.Health.Strain.Stretches}
	if used.P99 > limit {
		j.own(g, true, fmt.Sprintf(short, words, percent(limit), way))
		return
	}
	j.own(g, false, upperChat(words)+".")
}

// upperChat begins a sentence, but for the name of the program, which is written small.
func upperChat(s string) string {
	if strings.HasPrefix(s, "chatbench") {
		return s
	}
	return upperFirst(s)
}

// collector looks at the garbage collector: how much CPU time it took, and for how long it stopped
// everything.
func (j *judge) collector(pauses time.Duration) {
	strain := j.r.Health.Strain
	j.share("generator GC CPU", strain.GC, collectorLimit, "Too little room for memory: %s, allowed %s; %s.",
		inStretches(strain.GC, "the garbage collector took %s of chatbench's processors", tenths), "leave GOGC and GOMEMLIMIT as they are by default, or use fewer customers")
	stopped := inStretches(strain.GCPause, "the garbage collector stopped chatbench for %s", seconds)
	long := strain.GCPause.P99 > pauses.Seconds()
	if long {
		stopped = fmt.Sprintf("%s, allowed %v (gate.lateness); use fewer customers or a machine that is less busy", stopped, pauses)
	}
	j.own(result.Gate{Name: fmt.Sprintf("generator GC pause <= %v", pauses), Observed: strain.GCPause.P99, Limit: pauses.Seconds(),
		Unit: "s", Samples: strain.Stretches}, long, upperFirst(stopped)+".")
}

// inStretches says what a value was in stretches of five seconds, in words that have a place for it.
func inStretches(s metric.Spread, words string, show func(float64) string) string {
	if s.Max <= 0 {
		return fmt.Sprintf(words, show(0))
	}
	usual := fmt.Sprintf(words, show(s.P99))
	if s.P99 == s.Max {
		return fmt.Sprintf("%s at most, in the seconds before second %.0f of the run", usual, s.MaxAt)
	}
	return fmt.Sprintf("%s in 99 of 100 stretches of 5 s, and %s at most, in the seconds before second %.0f of the run", usual, show(s.Max), s.MaxAt)
}

// tenths writes a share of processors, to a tenth of a percent.
func tenths(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func processorWords(n float64) string {
	if n == 1 {
		return "one processor"
	}
	return fmt.Sprintf("%.3g processors", n)
}

func (j *judge) descriptors() {
	open, limit := j.r.Health.OpenFiles, j.r.Health.FileLimit
	if open == 0 || limit == 0 {
		return // the system does not tell
	}
	sentence := fmt.Sprintf("chatbench had %d of %d file descriptors open at most.", open, limit)
	if open >= limit {
		sentence = fmt.Sprintf("chatbench ran out of file descriptors: it had %d open, allowed %d; %s.", open, limit, moreMeans)
	}
	j.own(result.Gate{Name: fmt.Sprintf("generator descriptors < %d", limit), Observed: float64(open), Limit: float64(limit), Unit: "count"}, open >= limit, sentence)
}

// moreMeans is what helps against a shortage of descriptors and ports.
const moreMeans = `raise the limit of descriptors ("ulimit -n"), widen the range of ports ("sysctl net.ipv4.ip_local_port_range"), or use fewer customers`

// shortages looks at exchanges that chatbench's own machine refused.
func (j *judge) shortages() {
	if j.r.Metrics == nil {
		return
	}
	short := j.r.Metrics.All().Counters.Short
	var n int64
	var words []string
	for _, what := range slices.Sorted(maps.Keys(short)) {
		n += short[what]
		words = append(words, fmt.Sprintf("%s (%d)", what, short[what]))
	}
	sentence := "No exchange failed for want of descriptors, ports or memory."
	if n > 0 {
		sentence = fmt.Sprintf("%s failed because this machine was short of something: %s. That says nothing about the tenant; %s.",
			plural(int(n), "exchange"), strings.Join(words, ", "), moreMeans)
	}
	j.own(result.Gate{Name: "exchanges short of descriptors, ports or memory <= 0", Observed: float64(n), Unit: "count"}, n > 0, sentence)
}

// Lateness is the worst 99th percentile of the generator's own lateness, in seconds, and the
// metric it is of.
func Lateness(h metric.Health) (worst float64, name string) {
	for n, l := range h.Lateness {
		if l.P99 > worst || l.P99 == worst && n < name {
			worst, name = l.P99, n
		}
	}
	return worst, name
}

// blame is how much of a time at a quantile may be chatbench's own doing, in seconds: it begins
// late, and by as much it may read an answer late. Beyond p99 its very worst counts.
func blame(h metric.Health, quantile float64) float64 {
	worst, _ := Lateness(h)
	if quantile > 0.99 {
		for _, l := range h.Lateness {
			worst = max(worst, l.Max)
		}
	}
	return worst
}
