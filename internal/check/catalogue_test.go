package check

import (
	"slices"
	"strings"
	"testing"
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
		if r.Level == Self && r.Severity != Failure {
			t.Errorf("%s is about chatbench itself and has severity %q, want failure", r.ID, r.Severity)
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
