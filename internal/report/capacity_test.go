package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"chatbench/internal/capacity"
	"chatbench/internal/result"
)

// searched is a search with a tenant of twenty places, in which customers queue from 28 on; with a
// machine that can make no more than so many customers.
func searched(t *testing.T, machine float64) *capacity.Report {
	t.Helper()
	r := &capacity.Report{
		Tool:     result.Tool{Version: "1.2.3", Go: "go1.26"},
		Scenario: result.Scenario{Name: "queue", File: "queue.yaml", Hash: "0123456789abcdef", Overrides: []string{"--strict=true"}},
		Target:   result.Target{Kind: result.Real, URL: "http://127.0.0.1:8080"},
		Command:  []string{"chatbench", "capacity", "queue.yaml"},
		Search: capacity.Search{Unit: capacity.UnitCustomers, From: 10, Least: 1, Most: 10_000, Factor: 2, Width: 0.1, Confirm: 2,
			Settle: 20 * time.Second, Hold: 40 * time.Second, Budget: 30 * time.Minute},
	}
	err := r.Go(func(number int, load float64) (capacity.Probe, error) {
		served := min(load, 27.5)
		p := capacity.Probe{Number: number, Load: load, Outcome: capacity.Carried, Why: "Every gate passed.", Took: time.Minute,
			Throughput: served / 2, Begun: served / 10, Present: load - served/4, Duration: (load - served/4) / (served / 10)}
		wait := 0.25 + max(load-27.5, 0)/2.75
		p.Latency = []capacity.Latency{{Metric: "handover", Gated: true, Count: 100, P50: wait / 2, P95: wait}, {Metric: "reply", Count: 400, P50: 0.49, P95: 0.671}}
		switch {
		case load > machine:
			p.Outcome, p.Why, p.Throughput = capacity.Short, "chatbench itself was too slow.", 0
		case wait > 1:
			p.Outcome, p.Why = capacity.Missed, `"handover p95 < 1s": it was 2 s.`
		}
		if p.Outcome != capacity.Carried {
			p.Limits = []capacity.Limit{{Name: "handover p95 < 1s", Sentence: p.Why}, {Name: "other", Sentence: "And another."}}
		}
		return p, nil
	}, func(*capacity.Report) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCapacityGolden(t *testing.T) {
	for _, tt := range []struct {
		file   string
		report *capacity.Report
		opt    CapacityOptions
	}{
		{"capacity.txt", searched(t, 1e6), CapacityOptions{Files: []string{"found/capacity.json"}}},
		{"capacity-machine.txt", searched(t, 20), CapacityOptions{Color: true, Width: 80}},
		{"capacity-nothing.txt", &capacity.Report{Answer: capacity.Search{}.Answer(nil, capacity.Interrupted), Exit: result.ExitInterrupted}, CapacityOptions{}},
	} {
		var b bytes.Buffer
		if err := Capacity(&b, tt.report, tt.opt); err != nil {
			t.Fatal(err)
		}
		golden(t, tt.file, b.String())
	}
}

func TestCapacityMarkdown(t *testing.T) {
	mischief := searched(t, 1e6)
	mischief.Scenario.Name, mischief.Target.Note, mischief.Notes, mischief.Command = evil, evil, []string{evil}, []string{evil}
	mischief.Probes[0].Outcome, mischief.Probes[0].Why, mischief.Probes[0].Latency[0].Metric = capacity.Outcome(evil), evil, evil
	mischief.Law.Sentence, mischief.Answer.Kind = evil, capacity.Kind(evil)
	for file, r := range map[string]*capacity.Report{
		"capacity.md":         searched(t, 1e6),
		"capacity-hostile.md": mischief,
		"capacity-nothing.md": {Answer: capacity.Search{}.Answer(nil, capacity.Interrupted), Exit: result.ExitInterrupted},
	} {
		var b bytes.Buffer
		if err := CapacityMarkdown(&b, r, nil); err != nil {
			t.Fatal(err)
		}
		golden(t, file, b.String())
		if err := harmless(b.String()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestCapacityMarkdownFits(t *testing.T) {
	r := searched(t, 1e6)
	for range 2000 {
		r.Probes = append(r.Probes, r.Probes[0])
	}
	var b bytes.Buffer
	if err := CapacityMarkdown(&b, r, nil); err != nil {
		t.Fatal(err)
	}
	if b.Len() > maxMarkdown || !strings.Contains(b.String(), "left out here") || !strings.Contains(b.String(), "not carry 30 customers") {
		t.Errorf("got %d bytes, want at most %d with the answer and what was left out", b.Len(), maxMarkdown)
	}
	full := errors.New("disk full")
	if err := CapacityMarkdown(failing{full}, r, nil); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

// TestCapacityTakesTextsFromOutside prints nothing that a terminal would act on.
func TestCapacityTakesTextsFromOutside(t *testing.T) {
	r := searched(t, 1e6)
	r.Scenario.Name, r.Target.Note, r.Probes[0].Outcome, r.Probes[0].Why = "a\x1b[2Jb", "c\rd", capacity.Missed, "e\x07f"
	var b bytes.Buffer
	if err := Capacity(&b, r, CapacityOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\r\x07") {
		t.Errorf("a control character is in %q", b.String())
	}
	full := errors.New("disk full")
	if err := Capacity(failing{full}, r, CapacityOptions{}); !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

// TestGoOn: the command that goes on with a search has no budget that is used up already.
func TestGoOn(t *testing.T) {
	command := []string{"chatbench", "capacity", "s.yaml", "--steps", "3", "--budget=1h", "--seed", "7"}
	tests := []struct {
		why  string
		stop capacity.Stop
		kept bool
		word string
		want string
	}{
		{"finished: the same again", capacity.Complete, true, "again:", "chatbench capacity s.yaml --steps 3 --budget=1h --seed 7"},
		{"not kept: from the beginning", capacity.OutOfSteps, false, "again:", "chatbench capacity s.yaml --steps 3 --budget=1h --seed 7"},
		{"the steps are used up", capacity.OutOfSteps, true, "go on:", "chatbench capacity s.yaml --budget=1h --seed 7 --resume"},
		{"the time is used up", capacity.OutOfTime, true, "go on:", "chatbench capacity s.yaml --steps 3 --seed 7 --resume"},
		{"interrupted: both have something left", capacity.Interrupted, true, "go on:", "chatbench capacity s.yaml --steps 3 --budget=1h --seed 7 --resume"},
	}
	for _, tt := range tests {
		r := &capacity.Report{Command: command}
		r.Answer.Stop = tt.stop
		if word, got := searchAgain(r, tt.kept); word != tt.word || got != tt.want {
			t.Errorf("%s: %s %s, want %s %s", tt.why, word, got, tt.word, tt.want)
		}
	}
}
