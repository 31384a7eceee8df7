package result

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/metric"
)

// Merge adds results up: parts of one run, or the shards of a CI job. It is associative and
// commutative, nil and the zero value are neutral, and no argument is changed.
//
// Numbers add up, the graver verdict counts, reasons and notes are united and sorted. Where only
// one value can stand (tool, scenario, target, host, command) and the parts differ, the one whose
// JSON sorts first stands; of differing scenarios and targets a note names each. Gates keep the
// gravest of their verdicts: only the gate itself can look at the merged numbers again. The
// healths' floating-point sums are exact to rounding.
func Merge(results ...*Result) *Result {
	sum := &Result{}
	for _, r := range results {
		if r != nil {
			sum = merge(sum, r)
		}
	}
	return sum
}

func merge(a, b *Result) *Result {
	r := &Result{
		Schema:   cmp.Or(a.Schema, b.Schema),
		Tool:     least(a.Tool, b.Tool),
		Scenario: least(a.Scenario, b.Scenario),
		Target:   least(a.Target, b.Target),
		Run:      mergeRuns(a.Run, b.Run),
		Verdict:  a.Verdict.Worse(b.Verdict),
		Exit:     a.Exit.Worse(b.Exit),
		Reasons:  union(a.Reasons, b.Reasons),
		Rules:    check.Merge(a.Rules, b.Rules),
		Known:    mergeKnown(a.Known, b.Known),
		Gates:    mergeGates(a.Gates, b.Gates),
		Metrics:  mergeMetrics(a.Metrics, b.Metrics),
		Trace:    mergeTraces(a.Trace, b.Trace),
		Notes:    union(union(a.Notes, b.Notes), differences(a, b)),
	}
	r.Health = metric.MergeHealth(a.Health, b.Health).WithLateness(r.Metrics)
	return r
}

// least gives the value whose JSON sorts first; the zero value gives way to any other.
func least[T any](a, b T) T {
	var zero T
	x, y, none := text(a), text(b), text(zero)
	switch {
	case bytes.Equal(x, none):
		return b
	case bytes.Equal(y, none), bytes.Compare(x, y) <= 0:
		return a
	}
	return b
}

// text is the JSON of a value of this package, none of which can fail to encode.
func text(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// differences names both scenarios, and both targets, when they are not the same. Every value of a
// larger merge is named, in whatever order it is done: each one meets a different one somewhere.
func differences(a, b *Result) []string {
	var notes []string
	differ := func(x, y, what string) {
		if x != "" && y != "" && x != y {
			notes = append(notes, what+x, what+y)
		}
	}
	differ(a.Scenario.title(), b.Scenario.title(), "Different scenarios were merged, among them ")
	differ(a.Target.title(), b.Target.title(), "Results of different targets were merged, among them ")
	return notes
}

func (s Scenario) title() string {
	return strings.TrimSpace(s.Name + " " + s.Hash)
}

func (t Target) title() string {
	return strings.TrimSpace(string(t.Kind) + " " + t.URL)
}

func union(a, b []string) []string {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

func mergeRuns(a, b Run) Run {
	r := Run{
		Parts:   union(a.ids(), b.ids()),
		Start:   earliest(a.Start, b.Start),
		End:     b.End,
		Host:    least(a.Host, b.Host),
		Command: least(a.Command, b.Command),
		Ended:   a.Ended.worse(b.Ended),
	}
	if a.End.After(b.End) {
		r.End = a.End
	}
	if len(r.Parts) == 1 {
		r.ID, r.Parts = r.Parts[0], nil
	}
	return r
}

func (r Run) ids() []string {
	if r.ID != "" {
		return []string{r.ID}
	}
	return r.Parts
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func mergeMetrics(a, b *metric.Metrics) *metric.Metrics {
	if a == nil && b == nil {
		return nil
	}
	return metric.Merge(a, b)
}

func mergeGates(a, b []Gate) []Gate {
	byName := map[string]Gate{}
	for _, g := range slices.Concat(a, b) {
		key := string(g.Kind) + "\x00" + g.Name
		if before, ok := byName[key]; ok {
			g = graver(before, g)
		}
		byName[key] = g
	}
	return sorted(byName)
}

func graver(a, b Gate) Gate {
	if a.Verdict == b.Verdict {
		return least(a, b)
	}
	if a.Verdict.Worse(b.Verdict) == a.Verdict {
		return a
	}
	return b
}

// sorted is the values of m in the order of their keys.
func sorted[V any](m map[string]V) []V {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	values := make([]V, len(keys))
	for i, k := range keys {
		values[i] = m[k]
	}
	return values
}

func mergeTraces(a, b *Trace) *Trace {
	if a == nil {
		return b
	}
	if b == nil {
		return a
	}
	return &Trace{
		Files:    union(a.Files, b.Files),
		Policy:   least(a.Policy, b.Policy),
		Events:   a.Events + b.Events,
		Complete: a.Complete && b.Complete,
	}
}
