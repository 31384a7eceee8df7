package main

import (
	"fmt"
	"strings"
)

// conversations is the table of whole conversations, each client beside chatbench.
func conversations(talks []talk) string {
	type key struct {
		client string
		crowd  crowd
	}
	byKey := map[key][]talk{}
	var order []key
	for _, t := range talks {
		k := key{t.client, t.crowd}
		if byKey[k] == nil {
			order = append(order, k)
		}
		byKey[k] = append(byKey[k], t)
	}
	var b strings.Builder
	header(&b, "customers, pause", "client", "runs kept", "conversations", "exchanges each", "CPU ms each", "times chatbench",
		"memory MiB", "times chatbench", "tenant's CPU ms each", "tenant's memory MiB")
	for _, k := range order {
		g := newTalks(byKey[k])
		ours := newTalks(byKey[key{talkers()[0].name, k.crowd}])
		fmt.Fprintf(&b, "| %d, %v | %s | %s | %.0f | %.1f | %.2f | %s | %.1f | %s | %.2f | %.1f |\n", k.crowd.customers, k.crowd.pause, k.client, g.kept,
			g.conversations, g.exchanges, g.cpu, times(g.cpu, ours.cpu), g.memory, times(g.memory, ours.memory), g.tenantCPU, g.tenantMemory)
	}
	return b.String()
}

// talksOf are medians over the runs of one client: milliseconds and exchanges a conversation, and MiB.
type talksOf struct {
	kept                                 string
	conversations, exchanges             float64
	cpu, memory, tenantCPU, tenantMemory float64
}

func newTalks(talks []talk) talksOf {
	runs, words := kept(talks, func(t talk) float64 { return t.others })
	at := func(of func(talk) float64) float64 { return median(runs, of) }
	return talksOf{
		kept:          words,
		conversations: at(func(t talk) float64 { return t.conversations }),
		exchanges:     at(func(t talk) float64 { return t.exchanges / t.conversations }),
		cpu:           at(func(t talk) float64 { return t.cpu / t.conversations * 1e3 }),
		memory:        at(func(t talk) float64 { return t.memory / mebi }),
		tenantCPU:     at(func(t talk) float64 { return t.tenantCPU / t.conversations * 1e3 }),
		tenantMemory:  at(func(t talk) float64 { return t.tenantMemory / mebi }),
	}
}

// times is how many times one value is another, or empty when that is not known.
func times(value, of float64) string {
	if of == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f", value/of)
}
