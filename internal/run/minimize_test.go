package run

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"chatbench/internal/check"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// TestMinimize takes traces of broken runs and wants what is left to break the rule for the same
// customer, and no other rule.
func TestMinimize(t *testing.T) {
	for mutant, rule := range map[string]string{
		"drop-one:4": "DEL-04", "swap-adjacent:3": "ORD-01", "dup-far:2": "DEL-03", "talk-after-drop-same-batch:1": "DSC-02",
		"media-404:1": "MED-01", "shape-no-code:3": "SHP-01",
	} {
		live, packed := failing(t, mutant)
		out := filepath.Join(t.TempDir(), "least.gz")
		m, err := Minimize(FromTrace(bytes.NewReader(packed)), MinimizeOptions{Rule: rule, Customer: -1, Out: out})
		if err != nil {
			t.Errorf("%s: %v", mutant, err)
			continue
		}
		if !m.Done || len(m.Events)*2 > m.Of {
			t.Errorf("%s: %d of %d events are left, done %v; want less than half", mutant, len(m.Events), m.Of, m.Done)
		}
		r := recheck(t, out)
		fails := r.Broken(check.Fail)
		if len(fails) != 1 || fails[0].ID != rule || fails[0].Witnesses[0].Customer != m.Customer || fails[0].Witnesses[0].Sentence != m.Witness.Sentence {
			t.Errorf("%s: what is left breaks %+v, want %s with %q", mutant, fails, rule, m.Witness.Sentence)
		}
		if len(r.Broken(check.Error)) > 0 {
			t.Errorf("%s: what is left looks as if chatbench had broken %v", mutant, broken(r, check.Error))
		}
		for _, l := range live.Rules {
			if l.ID == rule && l.Witnesses[0].Customer != m.Customer {
				t.Errorf("%s: minimized customer %d, want %d of the first witness", mutant, m.Customer, l.Witnesses[0].Customer)
			}
		}
		if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "only the events that suffice to break one rule") {
			t.Errorf("%s: notes %q, want one on what the trace holds", mutant, notes)
		}
	}
}

// TestMinimizeWhatWasOff wants a rule that the run did not check to be looked for all the same, and
// what is left to be checked for it.
func TestMinimizeWhatWasOff(t *testing.T) {
	s := brief(t)
	s.Tenant.Mutants = []string{"shape-no-code:3"}
	s.Gate.Off = []string{"SHP-01"}
	dir := t.TempDir()
	if live := virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1}}); live.Exit != result.ExitOK {
		t.Fatalf("exit code %d of a run without the rule: %q", live.Exit, live.Reasons)
	}
	f, err := os.Open(filepath.Join(dir, TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := filepath.Join(dir, "least.gz")
	if _, err := Minimize(FromTrace(f), MinimizeOptions{Rule: "SHP-01", Customer: -1, Out: out}); err != nil {
		t.Fatal(err)
	}
	if got := broken(recheck(t, out), check.Fail); !equal(got, []string{"SHP-01"}) {
		t.Errorf("what is left breaks %v, want SHP-01", got)
	}
}

func TestMinimizeRefuses(t *testing.T) {
	live, packed := failing(t, "drop-one:4")
	var customer int
	for _, rule := range live.Broken(check.Fail) {
		customer = rule.Witnesses[0].Customer
	}
	out := filepath.Join(t.TempDir(), "none.gz")
	for _, tt := range []struct {
		why  string
		data []byte
		opt  MinimizeOptions
		is   error
		say  string
	}{
		{"the rule holds", packed, MinimizeOptions{Rule: "ORD-01", Customer: -1, Out: out}, ErrHeld, "ORD-01 does not fail in this trace"},
		{"it holds for the customer", packed, MinimizeOptions{Rule: "ORD-01", Customer: customer, Out: out}, ErrHeld, "ORD-01 does not fail for customer"},
		{"there is no such customer", packed, MinimizeOptions{Rule: "DEL-04", Customer: 4711, Out: out}, ErrHeld, "customer 4711 is not in this trace"},
		{"there is no such rule", packed, MinimizeOptions{Rule: "DEL-99", Customer: -1, Out: out}, ErrHeld, `there is no rule "DEL-99"`},
		{"it is no trace", []byte("hello\n"), MinimizeOptions{Rule: "DEL-04", Customer: -1, Out: out}, trace.ErrNotATrace, "hello"},
	} {
		m, err := Minimize(FromTrace(bytes.NewReader(tt.data)), tt.opt)
		if !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("%s: %+v, %v; want %v and %q", tt.why, m, err, tt.is, tt.say)
		}
	}
	if _, err := os.Stat(out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was written though nothing was left: %v", err)
	}
	nowhere := filepath.Join(t.TempDir(), "no", "folder.gz")
	if _, err := Minimize(FromTrace(bytes.NewReader(packed)), MinimizeOptions{Rule: "DEL-04", Customer: -1, Out: nowhere}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// TestMinimizeSparesTheTrace wants the trace that is read not to be written over, by whatever name,
// and to be told so before the search.
func TestMinimizeSparesTheTrace(t *testing.T) {
	_, packed := failing(t, "drop-one:4")
	dir := t.TempDir()
	file, link := filepath.Join(dir, "t.gz"), filepath.Join(dir, "link.gz")
	if err := errors.Join(os.WriteFile(file, packed, 0o644), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{file, link, dir} {
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Minimize(FromTrace(in), MinimizeOptions{Rule: "DEL-04", Customer: -1, Out: out, In: file}); !errors.Is(err, ErrOut) {
			t.Errorf("out to %s: error %v, want %v", out, err, ErrOut)
		}
		in.Close()
	}
	if left, err := os.ReadFile(file); err != nil || !bytes.Equal(left, packed) {
		t.Errorf("%d of %d bytes of the trace are left, error %v", len(left), len(packed), err)
	}
	if names, err := filepath.Glob(filepath.Join(dir, ".trace-*")); err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, error %v", names, err)
	}
}

// TestMinimizeStoppedRun wants what is left of an interrupted run to say that it was interrupted.
func TestMinimizeStoppedRun(t *testing.T) {
	var packed buffered
	w, err := trace.NewWriter(&packed, trace.Header{})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(&trace.Event{Kind: trace.Begin, Customer: 3})
	w.Stop(5, trace.Gone)
	w.Write(&trace.Event{Kind: trace.End, At: 9, Customer: 3})
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := eventsOf(FromTrace(bytes.NewReader(packed.Bytes())), 3)
	if err != nil || len(p.events) != 2 || p.stop == nil {
		t.Fatalf("%+v, %v; want two events and the stop", p, err)
	}
	out := filepath.Join(t.TempDir(), "least.gz")
	if err := p.save(out, p.header, p.events); err != nil {
		t.Fatal(err)
	}
	if r := recheck(t, out); r.Run.Ended != result.EndedGone {
		t.Errorf("ended %q, want %q", r.Run.Ended, result.EndedGone)
	}
}
