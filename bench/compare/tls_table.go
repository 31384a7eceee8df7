package main

import (
	"fmt"
	"strings"
)

// security is the table of what TLS costs.
func security(all []secure, seen *hellos) string {
	var b strings.Builder
	header(&b, "connection", "runs kept", "customers", "polls/s", "CPU µs a poll", "VmRSS KiB a customer", "VmHWM KiB a customer",
		"dials/s", "dial p50 / p99, ms", "CPU ms a customer who comes and goes")
	for _, tls := range []bool{false, true} {
		var some []secure
		for _, s := range all {
			if s.tls == tls {
				some = append(some, s)
			}
		}
		if len(some) == 0 {
			continue
		}
		runs, words := kept(some, func(s secure) float64 { return s.others })
		at := func(of func(secure) float64) float64 { return median(runs, of) }
		n := float64(some[0].customers) * kibi
		dial := latency{p50: at(func(s secure) float64 { return s.dial.p50 }), p99: at(func(s secure) float64 { return s.dial.p99 })}
		fmt.Fprintf(&b, "| %s | %s | %d | %.0f | %.1f | %.1f | %.1f | %.0f | %v | %.2f |\n", map[bool]string{false: "plain", true: "TLS"}[tls], words, some[0].customers,
			at(func(s secure) float64 { return s.polls }), at(func(s secure) float64 { return s.cpu / s.polls * 1e6 }),
			at(func(s secure) float64 { return s.rests / n }), at(func(s secure) float64 { return s.memory / n }),
			at(func(s secure) float64 { return s.dials / s.length.Seconds() }), dial, at(func(s secure) float64 { return s.visitCPU / s.visits * 1e3 }))
	}
	if seen != nil {
		fmt.Fprintf(&b, "\n%v\n", seen)
	}
	return b.String()
}
