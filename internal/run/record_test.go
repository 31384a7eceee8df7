package run

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// failing plays the brief scenario with a mutant, records those for whom something failed, and gives
// the result and the trace.
func failing(t *testing.T, mutants ...string) (live *result.Result, packed []byte) {
	t.Helper()
	s := brief(t)
	s.Tenant.Mutants = mutants
	dir := t.TempDir()
	live = virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1, Failing: true}})
	packed, err := os.ReadFile(filepath.Join(dir, TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	return live, packed
}

// TestFailingKeepsThoseWhoFailed wants the trace to hold exactly the customers with a witness or a
// missed expectation, as whole as they were, and to fail the same rules.
func TestFailingKeepsThoseWhoFailed(t *testing.T) {
	for _, mutant := range []string{"drop-one:7", "dup-far:2", "swap-adjacent:3", "double-drop:2", "silent-drop:1", "media-404:1"} {
		live, packed := failing(t, mutant)
		want := map[int]bool{}
		for _, rule := range live.Rules {
			for _, w := range rule.Witnesses {
				want[w.Customer] = true
			}
		}
		if len(want) == 0 {
			t.Errorf("%s broke nothing, so this shows nothing", mutant)
		}
		got, begun := map[int]bool{}, map[int]bool{}
		h, _, err := trace.Read(bytes.NewReader(packed), nil, func(e *trace.Event) error {
			got[e.Customer] = true
			want[e.Customer] = want[e.Customer] || e.Kind == trace.Step && e.Missed
			begun[e.Customer] = begun[e.Customer] || e.Kind == trace.Begin && e.Epoch == 0
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if h.Policy != trace.Failing || !h.Partial() {
			t.Errorf("%s: header %+v, want its policy in it", mutant, h)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: customers in the trace (-want +got):\n%s", mutant, diff)
		}
		if diff := cmp.Diff(got, begun); diff != "" {
			t.Errorf("%s: customers with their first conversation (-want +got):\n%s", mutant, diff)
		}
		again, err := Recheck(FromTrace(bytes.NewReader(packed)), RecheckOptions{File: "t.gz"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(broken(live, check.Fail), broken(again, check.Fail)); diff != "" || again.Exit != live.Exit {
			t.Errorf("%s: exit code %d, live %d; broken rules (-live +again):\n%s", mutant, again.Exit, live.Exit, diff)
		}
		if notes := strings.Join(again.Notes, "\n"); !strings.Contains(notes, "holds only customers for whom a rule failed") {
			t.Errorf("%s: notes %q, want one on what the trace holds", mutant, again.Notes)
		}
		if live.Trace.Policy != "failing" || !live.Trace.Complete {
			t.Errorf("%s: trace %+v, want a complete one with its policy", mutant, live.Trace)
		}
	}
}

// TestFailingOfAHealthyRun wants nobody in the trace, and no verdict from it.
func TestFailingOfAHealthyRun(t *testing.T) {
	live, packed := failing(t)
	if live.Exit != result.ExitOK || live.Trace.Events != 0 || !live.Trace.Complete {
		t.Errorf("exit code %d and trace %+v, want 0 and a complete trace of no events", live.Exit, live.Trace)
	}
	again, err := Recheck(FromTrace(bytes.NewReader(packed)), RecheckOptions{File: "t.gz"})
	if err != nil || again.Exit != result.ExitOK {
		t.Errorf("result %+v, error %v; want one that passes as the run did", again, err)
	}
}

// TestFailingCut cuts the file, as a crash might: what is there is judged, and breaks nothing that
// the run did not break.
func TestFailingCut(t *testing.T) {
	live, packed := failing(t, "dup-far:every=2")
	whole, _, _ := counted(t, packed)
	for cut := len(packed) / 5; cut < len(packed); cut += len(packed)/9 + 1 {
		n, truncated, err := counted(t, packed[:cut])
		if err != nil || !truncated || n > whole {
			t.Errorf("cut after %d of %d bytes: %d events of %d, truncated %v, error %v", cut, len(packed), n, whole, truncated, err)
		}
		again, err := Recheck(FromTrace(bytes.NewReader(packed[:cut])), RecheckOptions{File: "t.gz"})
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range broken(again, check.Fail) {
			if !strings.Contains(fmt.Sprint(broken(live, check.Fail)), id) {
				t.Errorf("cut after %d bytes: %s fails, which held in the run", cut, id)
			}
		}
	}
}

func counted(t *testing.T, packed []byte) (n int, truncated bool, err error) {
	t.Helper()
	_, truncated, err = trace.Read(bytes.NewReader(packed), nil, func(*trace.Event) error { n++; return nil })
	return n, truncated, err
}

// TestFailingWithoutRoom wants a run to say what its trace does not hold.
func TestFailingWithoutRoom(t *testing.T) {
	r := &result.Result{Trace: &result.Trace{Complete: true}}
	lostWords(r, trace.Lost{})
	if !r.Trace.Complete || len(r.Notes) > 0 {
		t.Errorf("nothing was lost: %+v, notes %q", r.Trace, r.Notes)
	}
	lostWords(r, trace.Lost{Customers: 1, Conversations: 12})
	const note = "The trace is not complete: for want of memory 1 customer for whom something failed, and 12 earlier conversations of others, could not be recorded"
	if r.Trace.Complete || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], note) {
		t.Errorf("trace %+v, notes %q; want %q", r.Trace, r.Notes, note)
	}
}

// TestObserversKeepWhoMissedSomething wants a missed expectation to be reason enough.
func TestObserversKeepWhoMissedSomething(t *testing.T) {
	var file buffered
	w, err := trace.NewWriter(&file, trace.Header{})
	if err != nil {
		t.Fatal(err)
	}
	o := observers{session: check.New(check.Options{}).Customer(0), meter: metric.NewRecorder(nil, 1, metric.Options{}).Customer(0),
		tape: trace.NewBuffer(w, trace.Room{}).Customer()}
	o.Observe(&trace.Event{Kind: trace.Begin, Seq: -1})
	o.Observe(&trace.Event{Kind: trace.Step, Seq: -1, Missed: true})
	o.Observe(&trace.Event{Kind: trace.End, Seq: -1})
	o.Close()
	if n, err := w.Close(); n != 3 || err != nil {
		t.Errorf("%d events in the file, error %v; want 3 of a customer who missed something", n, err)
	}
}

type buffered struct{ bytes.Buffer }

func (*buffered) Close() error { return nil }
