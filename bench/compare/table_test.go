package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKept(t *testing.T) {
	self := func(v float64) float64 { return v }
	tests := []struct {
		why   string
		runs  []float64
		want  []float64
		words string
	}{
		{"all were quiet", []float64{0, 0.05, 0.11}, []float64{0, 0.05, 0.11}, "3/3"},
		{"the noisy one is left out, the limit itself is noisy", []float64{0.01, quietLimit, 1}, []float64{0.01}, "1/3"},
		{"none was quiet: all are in, and marked", []float64{1, 2}, []float64{1, 2}, "0/2*"},
	}
	for _, tt := range tests {
		got, words := kept(tt.runs, self)
		if diff := cmp.Diff(tt.want, got); diff != "" || words != tt.words {
			t.Errorf("%s: words %q, want %q; runs (-want +got):\n%s", tt.why, words, tt.words, diff)
		}
	}
}

func TestMedian(t *testing.T) {
	tests := []struct {
		why  string
		runs []float64
		want float64
	}{
		{"none", nil, 0},
		{"odd, not in order", []float64{9, 1, 2}, 2},
		{"even: between the two in the middle", []float64{4, 1, 2, 9}, 3},
	}
	for _, tt := range tests {
		if got := median(tt.runs, func(v float64) float64 { return v }); got != tt.want {
			t.Errorf("%s: got %v, want %v, of %v", tt.why, got, tt.want, tt.runs)
		}
	}
}

func TestLatencyIsReadable(t *testing.T) {
	tests := map[latency]string{
		{0.0000172, 0.00123456, 9}: "0.0172 / 1.23",
		{0.0995, 0.1, 9}:           "99.5 / 100",
		{1.4237, 60, 0}:            "1424 / 60000",
		{}:                         "0 / 0",
	}
	for l, want := range tests {
		if got := l.String(); got != want {
			t.Errorf("p50 %v s, p99 %v s: got %q, want %q", l.p50, l.p99, got, want)
		}
	}
}

// closedRun is a run of a second.
func closedRun(client string, polls, cpu, others float64) outcome {
	return outcome{
		client: client, load: load{part: "closed", connections: 100}, polls: polls, seconds: 1, cpu: cpu, memory: 8 * mebi, rests: 7 * mebi, open: 200, herd: 1.5,
		own: latency{p50: 1e-3, p99: 2.5e-3}, tenant: latency{p50: 0.1e-3, p99: 0.25e-3}, others: others, command: []string{"/tmp/x/" + client},
	}
}

func TestComparison(t *testing.T) {
	list := groups([]outcome{
		closedRun(raw().name, 100_000, 0.6, 0),
		closedRun("tool", 50_000, 0.5, 0),
		closedRun(raw().name, 100_000, 0.4, 0),
		closedRun("tool", 50_000, 5, 1.5), // noisy: left out
		closedRun("tool", 60_000, 0.9, 0),
	}, "closed")
	want := strings.Join([]string{
		"| client | runs kept | CPU s per million polls | lowest to highest | times the raw loop | polls/s | dispersion | memory MiB | p50 / p99 it measured, ms | p50 / p99 in the tenant, ms |",
		"|---|---|---|---|---|---|---|---|---|---|",
		"| raw loop (parses nothing) | 2/2 | 5.0 | 4.0 to 6.0 | 1.00 | 100000 | 1.5 | 8.0 | 1 / 2.5 | 0.1 / 0.25 |",
		"| tool | 2/3 | 12.5 | 10.0 to 15.0 | 2.50 | 55000 | 1.5 | 8.0 | 1 / 2.5 | 0.1 / 0.25 |",
		"",
	}, "\n")
	if diff := cmp.Diff(want, comparison(list)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestComparisonWithoutTheRawLoop(t *testing.T) {
	got := comparison(groups([]outcome{closedRun("tool", 50_000, 0.5, 0)}, "closed"))
	if want := "| tool | 1/1 | 10.0 | 10.0 to 10.0 |  | 50000 |"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant %q in it", got, want)
	}
}

// grown are runs of two clients with 100 and 900 customers, in a part.
func grown(part string) []group {
	var list []outcome
	for _, customers := range []int{100, 900} {
		for _, client := range []string{raw().name, "tool"} {
			o := closedRun(client, float64(customers), 0.01, 0)
			o.load = load{part: part, connections: customers}
			o.open = float64(2 * customers)
			if client == "tool" {
				o.cpu *= 3
				o.rests += float64((customers - 100) * 20 * kibi)
				o.memory += float64((customers - 100) * 30 * kibi)
			}
			list = append(list, o)
		}
	}
	return groups(list, part)
}

func TestFlatness(t *testing.T) {
	got := flatness(grown("flat"))
	for _, want := range []string{
		"| 100 | raw loop (parses nothing) | 1/1 | 100 | 100.0 | 1.00 | 1.5 | 2 | 7.0 | 8.0 |",
		"| 900 | tool | 1/1 | 900 | 33.3 | 3.00 | 1.5 | 2 | 22.6 | 31.4 |",
		"From 100 to 900 customers, one more takes 20.00 KiB (VmRSS) or 30.00 KiB (VmHWM) of memory: tool.",
		"From 100 to 900 customers, one more takes 0.00 KiB (VmRSS) or 0.00 KiB (VmHWM) of memory: raw loop (parses nothing).",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
}

func TestScaling(t *testing.T) {
	got := scaling(grown("scale"))
	if want := "| 900 | tool | 1/1 | 900 | 33.3 | 3.00 | 22.6 | 25.7 | 1.5 |"; !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant %q in it", got, want)
	}
}

func TestMarginalNeedsTwoSizes(t *testing.T) {
	if got := marginal(grown("flat")[:2]); got != "" {
		t.Errorf("of one size: %q, want nothing", got)
	}
}

func TestBookSaysWhatWasNotQuiet(t *testing.T) {
	tests := []struct {
		why  string
		book book
		want []string
		not  string
	}{
		{"a quiet machine", book{rounds: 1, idle: 0.01, outcomes: []outcome{closedRun("raw", 100, 1, 0.02)}},
			[]string{"Rounds: 1.", "Others used 0.01 processors before the first run and 0.02 to 0.02 during the runs.", "## Closed loop, 100 connections"}, "not quiet"},
		{"a busy one", book{rounds: 1, outcomes: []outcome{closedRun("raw", 100, 1, 0.02), closedRun("tool", 100, 1, 0.5)}},
			[]string{"in 1 of 2 runs others used 0.12 processors or more"}, ""},
		{"something was left out", book{notes: []string{"k6 is not there."}}, []string{"## Left out\n\n- k6 is not there.\n"}, "## Closed loop"},
	}
	for _, tt := range tests {
		var b strings.Builder
		tt.book.where = job{bin: "/opt/x", temp: "/tmp/x"}
		if err := tt.book.write(&b); err != nil {
			t.Fatal(err)
		}
		for _, want := range tt.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: got\n%s\nwant %q in it", tt.why, b.String(), want)
			}
		}
		if tt.not != "" && strings.Contains(b.String(), tt.not) {
			t.Errorf("%s: got\n%s\nwant no %q in it", tt.why, b.String(), tt.not)
		}
	}
}

func TestPublicCommand(t *testing.T) {
	tests := []struct {
		why  string
		args []string
		want string
	}{
		{"folders and ports differ each time", []string{"/opt/x/chatbench", "run", "/tmp/x/run-123/polls.yaml", "--target", "http://127.0.0.1:4711"},
			"chatbench run polls.yaml --target http://127.0.0.1:PORT"},
		{"a shell would cut these", []string{"wrk", "-H", "a: b", "http://127.0.0.1:1/poll?a=b&c=d"}, "wrk -H 'a: b' 'http://127.0.0.1:PORT/poll?a=b&c=d'"},
		{"any free port", []string{"chatbench", "tenant", "--listen", "127.0.0.1:0"}, "chatbench tenant --listen 127.0.0.1:0"},
	}
	for _, tt := range tests {
		if got := publicCommand(tt.args, job{bin: "/opt/x", temp: "/tmp/x"}); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.why, got, tt.want)
		}
	}
}
