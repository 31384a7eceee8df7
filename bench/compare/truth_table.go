package main

import (
	"fmt"
	"math"
	"strings"
)

// truthfulness is the table of one scene.
func truthfulness(truths []truth) string {
	var b strings.Builder
	s := truths[0].scene
	if is := truths[0].tenant.Scheduled; is != nil {
		fmt.Fprintf(&b, "True for who comes by the schedule, %d/s for %v: p50 %s, p99 %s, p99.9 %s ms.\n\n",
			s.rate, s.length, milliseconds(is.P50), milliseconds(is.P99), milliseconds(is.P999))
	}
	header(&b, "client", "calls that came", "p50, ms", "p99, ms", "p99.9, ms",
		"p50 / p99 / p99.9 of its own calls in the tenant, ms", "dispersion", "exit code", "what it said")
	for _, t := range truths {
		name, is := t.client, t.tenant.Scheduled
		if t.others >= quietLimit {
			name += " *"
		}
		if is == nil {
			continue
		}
		fmt.Fprintf(&b, "| %s | %d of %.0f | %s | %s | %s | %s / %s / %s | %.3g | %d | %s |\n", name, t.tenant.Polls, float64(s.rate)*s.length.Seconds(),
			against(t.said.p50, is.P50), against(t.said.p99, is.P99), against(t.said.p999, is.P999),
			milliseconds(t.tenant.Times.P50), milliseconds(t.tenant.Times.P99), milliseconds(t.tenant.Times.P999),
			t.tenant.Dispersion, t.exit, cell(t.warning))
	}
	return b.String()
}

// against writes what was said and its error in % of the truth; nothing when nothing was said.
func against(said, truth float64) string {
	if said == 0 {
		return "not said"
	}
	wrong := (said - truth) / truth * 100
	if math.Abs(wrong) < 10 {
		return fmt.Sprintf("%s (%+.1f %%)", milliseconds(said), wrong)
	}
	return fmt.Sprintf("%s (%+.0f %%)", milliseconds(said), wrong)
}

// cell makes a text fit into a table.
func cell(text string) string {
	const enough = 100
	if len(text) > enough {
		text = strings.ToValidUTF8(text[:enough], "") + "..."
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

// byScene puts the truths of a scene together.
func byScene(truths []truth) (list [][]truth) {
	for i, t := range truths {
		if i == 0 || truths[i-1].scene.title != t.scene.title {
			list = append(list, nil)
		}
		list[len(list)-1] = append(list[len(list)-1], t)
	}
	return list
}
