package run

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// taped plays a short run and gives its trace, unpacked, by lines.
func taped(t *testing.T) (header string, events []string) {
	t.Helper()
	dir := t.TempDir()
	virtually(t, brief(t), Options{Out: dir, Trace: Policy{Share: 1}})
	f, err := os.Open(filepath.Join(dir, TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(data), "\n")
	return lines[0], lines[1 : len(lines)-1]
}

func judge(text string) (*result.Result, error) {
	return Recheck(FromTrace(strings.NewReader(text)), RecheckOptions{File: "t.gz", Version: "test"})
}

// TestRecheckTruncated cuts a trace in many places, as a crash might: what is there is judged,
// nothing is taken for broken, and the reader is told.
func TestRecheckTruncated(t *testing.T) {
	header, events := taped(t)
	whole := header + strings.Join(events, "")
	const note = "The trace ends in the middle"
	for cut := len(header) + 7; cut < len(whole)-3; cut += len(whole) / 23 {
		if whole[cut-1] == '\n' || whole[cut] == '\n' {
			cut += 2
		}
		r, err := judge(whole[:cut])
		if err != nil {
			t.Errorf("cut at %d: %v", cut, err)
			continue
		}
		want := result.ExitOK
		if !strings.Contains(whole[:cut], `"ended":"`) {
			want = result.ExitInconclusive // no conversation came to its end
		}
		if got := broken(r, check.Fail); len(got) > 0 || r.Exit != want {
			t.Errorf("cut at %d: exit code %d and broken rules %v, want %d and none", cut, r.Exit, got, want)
		}
		if !strings.Contains(strings.Join(r.Notes, "\n"), note) {
			t.Errorf("cut at %d: notes %q, want %q", cut, r.Notes, note)
		}
	}
	r, err := judge(whole)
	if err != nil || len(r.Notes) > 0 {
		t.Errorf("the whole trace: notes %q, error %v", r.Notes, err)
	}
}

// TestRecheckTruncatedGzip cuts the packed file.
func TestRecheckTruncatedGzip(t *testing.T) {
	header, events := taped(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, header+strings.Join(events, ""))
	z.Close()
	r, err := Recheck(FromTrace(bytes.NewReader(packed.Bytes()[:packed.Len()/2])), RecheckOptions{File: "t.gz"})
	if err != nil || len(r.Notes) != 1 || len(broken(r, check.Fail)) > 0 {
		t.Errorf("half of the file: result %+v, error %v; want a note and nothing broken", r, err)
	}
}

func TestRecheckRefuses(t *testing.T) {
	header, events := taped(t)
	other := strings.Replace(header, `"version":1`, `"version":2`, 1)
	swapped := header + `{"k":"begin","t":5000,"c":3,"flow":"f"}` + "\n" + `{"k":"end","t":4999,"c":3}` + "\n" + events[0]
	tests := []struct {
		why, text string
		is        error  // nil: any
		say       string // part of the error
	}{
		{"nothing in it", "", trace.ErrNotATrace, "it is empty"},
		{"something else", "hello\n", trace.ErrNotATrace, `it begins with "hello"`},
		{"a result", "{\n \"schema\": \"chatbench.result/1\"\n}\n", trace.ErrNotATrace, "begins with"},
		{"another version", other + events[0], trace.ErrVersion, "it has version 2, this chatbench reads version 1"},
		{"one customer's events out of order", swapped, nil, "line 3: event of customer 3 at 4.999µs, after one at 5µs"},
		{"a line that is no event, with others behind it", header + "nonsense\n" + events[0], nil, "line 2: "},
		{"an event nobody knows", header + `{"k":"dance","t":1}` + "\n" + events[0], nil, `line 2: event of unknown kind "dance"`},
		{"a delivery of nothing", header + `{"k":"deliver","t":1}` + "\n" + events[0], nil, "line 2: deliver event without its content"},
	}
	for _, tt := range tests {
		r, err := judge(tt.text)
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("%s: result %v and error %v, want %v and %q", tt.why, r, err, tt.is, tt.say)
		}
	}
}

// TestRecheckMixedCustomers wants customers whose events lie one before the other in the file to be
// judged alike, and the run to be as long as its last event says, not as the last line.
func TestRecheckMixedCustomers(t *testing.T) {
	header, _ := taped(t)
	text := header +
		`{"k":"begin","t":9000000000,"c":1,"flow":"f"}` + "\n" + `{"k":"end","t":10000000000,"c":1,"ended":"customer"}` + "\n" +
		`{"k":"begin","t":1000,"c":0,"flow":"f"}` + "\n" + `{"k":"end","t":2000,"c":0,"ended":"customer"}` + "\n"
	r, err := judge(text)
	if err != nil {
		t.Fatal(err)
	}
	if took := r.Run.End.Sub(r.Run.Start); took != 10*time.Second {
		t.Errorf("the run is %v long, want 10s", took)
	}
	if n := r.Metrics.All().Counters.Begun(); n != 2 {
		t.Errorf("%d conversations, want 2", n)
	}
}

// TestRecheckStrict wants a broken rule that nobody promises to warn, and to fail a strict check.
func TestRecheckStrict(t *testing.T) {
	s := brief(t)
	s.Tenant.Mutants = []string{"double-drop:every=1"}
	dir := t.TempDir()
	virtually(t, s, Options{Out: dir, Trace: Policy{Share: 1}})
	for strict, want := range map[bool]result.Exit{false: result.ExitOK, true: result.ExitConformance} {
		data, err := os.ReadFile(filepath.Join(dir, TraceFile))
		if err != nil {
			t.Fatal(err)
		}
		r, err := Recheck(FromTrace(bytes.NewReader(data)), RecheckOptions{File: "out/t.gz", Strict: strict})
		if err != nil {
			t.Fatal(err)
		}
		fails := r.Broken(check.Fail)
		if r.Exit != want || len(fails) != 1 || fails[0].ID != "DSC-03" {
			t.Errorf("strict %v: exit code %d and %+v, want %d and DSC-03", strict, r.Exit, fails, want)
			continue
		}
		if again := fails[0].Witnesses[0].Reproduce; !strings.HasPrefix(again, "chatbench check out/t.gz  # customer ") {
			t.Errorf("reproduce with %q, want a check of the file", again)
		}
		if r.Target.Kind != result.Recorded || r.Scenario.Name != s.Name || r.Scenario.Seed != s.Seed {
			t.Errorf("target %q, scenario %q and seed %d, want recorded, %q and %d", r.Target.Kind, r.Scenario.Name, r.Scenario.Seed, s.Name, s.Seed)
		}
	}
}

// TestRecheckWithoutConversation wants a trace of events that belong to no conversation to be read
// without harm.
func TestRecheckWithoutConversation(t *testing.T) {
	header, _ := taped(t)
	text := header
	for _, op := range aicc.Ops() {
		text += `{"k":"return","t":1,"op":"` + op.String() + `","class":"ok"}` + "\n"
	}
	text += `{"k":"deliver","t":2,"m":{}}` + "\n" + `{"k":"step","t":3}` + "\n" + `{"k":"end","t":4}` + "\n" + `{"k":"journal","t":5,"journal":{}}` + "\n"
	if r, err := judge(text); err != nil || r.Exit == result.ExitBug {
		t.Errorf("result %+v, error %v", r, err)
	}
}
