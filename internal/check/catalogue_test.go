package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// TestSeverities holds every rule to what docs/checking.md says of all of them.
func TestSeverities(t *testing.T) {
	for _, r := range slices.Concat(Rules(), ActiveRules()) {
		if !strings.HasSuffix(r.Statement, ".") || strings.HasSuffix(r.Title, ".") {
			t.Errorf("%s: the statement %q is a sentence, the title %q is none", r.ID, r.Statement, r.Title)
		}
		if r.Level == Inferred && r.Severity == Failure {
			t.Errorf("%s is inferred and fails a run: nobody promised it", r.ID)
		}
		if r.Level == Self && r.Severity == Note {
			t.Errorf("%s is about the client and a note: chatbench would not be watched", r.ID)
		}
	}
}

// TestNotesAreOffUnlessAskedFor looks at what a checker reports when nobody said anything of rules.
func TestNotesAreOffUnlessAskedFor(t *testing.T) {
	var note string
	for _, r := range Rules() {
		if r.Severity == Note {
			note = r.ID
		}
	}
	reported := func(o Options) bool {
		return slices.ContainsFunc(New(o).Report(), func(r RuleResult) bool { return r.ID == note })
	}
	if reported(Options{}) {
		t.Errorf("%s is checked though nobody asked for it", note)
	}
	if !reported(Options{On: []string{note}}) {
		t.Errorf("%s is not checked though it was asked for", note)
	}
	if reported(Options{On: []string{note}, Off: []string{note}}) {
		t.Errorf("%s is checked though it was switched off", note)
	}
}

func TestPlausible(t *testing.T) {
	start := time.UnixMilli(1_000_000_000_000)
	for _, c := range []struct {
		why   string
		start time.Time
		stamp aicc.Loose
		want  bool
	}{
		{"now", start, "1000000001000", true},
		{"an hour later, to the millisecond", start, "1000003601000", true},
		{"a millisecond more", start, "1000003601001", false},
		{"an hour earlier", start, "999996401000", true},
		{"a millisecond less", start, "999996400999", false},
		{"seconds", start, "1000000001", false},
		{"nobody knows what time it is", time.Time{}, "1", true},
		{"nothing is that old", time.Time{}, "0", false},
		{"or older", time.Time{}, "-1", false},
		{"nothing is that old, whatever the time", start, "0", false},
		{"no number", time.Time{}, "yesterday", false},
	} {
		checker := New(Options{Start: c.start})
		if _, ok := checker.plausible(&trace.Event{At: time.Second, Message: &aicc.Downlink{Timestamp: c.stamp}}); ok != c.want {
			t.Errorf("%s: timestamp %s a second after %v is plausible: %t, want %t", c.why, c.stamp, c.start, ok, c.want)
		}
	}
}

func TestRunWords(t *testing.T) {
	for _, c := range []struct {
		runs [][2]int
		want string
	}{
		{nil, "none"},
		{[][2]int{{1, 1}}, "1"},
		{[][2]int{{0, 3}, {5, 5}}, "0 to 3, 5"},
		{[][2]int{{0, 0}, {2, 2}, {4, 4}, {6, 6}, {8, 8}, {10, 11}}, "0, 2, 4, 6, 8, 10 to 11"},
		{[][2]int{{0, 0}, {2, 2}, {4, 4}, {6, 6}, {8, 8}, {10, 10}, {12, 12}}, "0, 2, 4, 6, 8, 10 ..."},
	} {
		if got := runWords(c.runs); got != c.want {
			t.Errorf("runWords(%v) = %q, want %q", c.runs, got, c.want)
		}
	}
}
