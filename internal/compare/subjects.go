package compare

import (
	"fmt"
	"slices"
	"strings"

	"chatbench/internal/metric"
)

// Names lists what can be compared: metrics of a result, and then errors, messages and exchanges.
// The generator's own lateness is none of them, nor are the times until a lost exchange was given
// up, which are time-outs: such exchanges are errors.
func Names() []string {
	names := slices.DeleteFunc(metric.Names(), func(name string) bool {
		return strings.HasPrefix(name, "lateness.") || strings.HasSuffix(name, ".lost")
	})
	return append(names, errorShare, messages, exchanges)
}

// subjects are what is compared: everything that both sides have by the second, or what was chosen.
func subjects(chosen []string, has func(name string) bool) []subject {
	var list []subject
	for _, name := range Names() {
		if len(chosen) > 0 && !slices.Contains(chosen, name) {
			continue
		}
		switch name {
		case errorShare:
			list = append(list, subject{name: name, statistic: "share", unit: Share, better: Lower, measure: failures})
		case messages:
			list = append(list, subject{name: name, statistic: "rate", unit: PerSecond, better: Higher, ratio: true,
				measure: rate(func(p *metric.Point) int64 { return p.Messages })})
		case exchanges:
			list = append(list, subject{name: name, statistic: "rate", unit: PerSecond, better: Neither, ratio: true,
				measure: rate(func(p *metric.Point) int64 { return p.Exchanges })})
		default:
			if has(name) {
				list = append(list, percentiles(name)...)
			}
		}
	}
	return list
}

// percentiles are the subjects of a metric: its middle, and the end that is bad.
func percentiles(name string) []subject {
	unit, better, ends := metric.Seconds, Lower, []float64{0.5, 0.95, 0.99}
	if strings.HasSuffix(name, ".rate") {
		unit, better, ends = metric.BytesPerSecond, Higher, []float64{0.5, 0.05, 0.01}
	}
	// How long a poll is held is the tenant's choice, and how long one waits for a message depends on
	// when there is one.
	if strings.HasPrefix(name, "poll.") {
		better = Neither
	}
	var list []subject
	for _, q := range ends {
		list = append(list, subject{name: name, statistic: fmt.Sprintf("p%.0f", 100*q), unit: unit, better: better,
			ratio: true, q: q, measure: quantile(name, q)})
	}
	return list
}

// optional reports whether a subject is left out where there are too few samples, as p99 is: nobody
// expects it of every run.
func (s *subject) optional() bool { return s.q == 0.99 || s.q == 0.01 }
