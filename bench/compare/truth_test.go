package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/bench/loop"
)

func TestSceneLoadsHaveTheirRate(t *testing.T) {
	for _, s := range scenes() {
		for _, c := range callers() {
			l := s.load(c.workers)
			if l.rate() != s.rate || l.length() != s.length {
				t.Errorf("%s, %s: %d calls a second for %v, want %d for %v", s.title, c.name, l.rate(), l.length(), s.rate, s.length)
			}
		}
	}
}

// TestTruthHasTime adds up what all clients take when all are there.
func TestTruthHasTime(t *testing.T) {
	total := time.Duration(0)
	for _, s := range scenes() {
		for some := range slices.Chunk(callers(), s.beside) {
			total += s.length + time.Duration(len(some)-1)*stagger + 2*time.Second
		}
	}
	if total > truthTime {
		t.Errorf("all scenes take %v, want %v at most", total, truthTime)
	}
}

func TestCallers(t *testing.T) {
	j := job{load: scenes()[0].load(workers), address: "127.0.0.1:1", dir: t.TempDir()}
	tests := []struct {
		client string
		want   []string // neighbours in the command line or the environment
		not    string
	}{
		{"chatbench, arrivals", []string{"run", filepath.Join(j.dir, "arrivals.yaml")}, ""},
		{"vegeta", []string{"-rate", "200"}, "-max-workers"},
		{"vegeta, 10 workers at most", []string{"-max-workers", "10"}, ""},
		{"k6, arrival rate, 1000 users", []string{"RATE=200"}, ""},
		{"k6, arrival rate, 10 users", []string{"USERS=10"}, ""},
		{"hey, 10 workers", []string{"-q", "20"}, ""},
		{"fortio, 10 connections", []string{"-qps", "200"}, ""},
		{"bombardier, 10 connections", []string{"-r", "200"}, ""},
		{"wrk, 10 connections, no rate", []string{"-d", "21s"}, ""},
	}
	var names []string
	for _, c := range callers() {
		names = append(names, c.name)
	}
	for _, tt := range tests {
		at := slices.Index(names, tt.client)
		if at < 0 {
			t.Fatalf("there is no %q among %q", tt.client, names)
		}
		args, environ, err := callers()[at].command(j)
		line := " " + strings.Join(slices.Concat(environ, args), " ") + " "
		if err != nil || !strings.Contains(line, " "+strings.Join(tt.want, " ")+" ") || tt.not != "" && strings.Contains(line, tt.not) {
			t.Errorf("%s: got %q, error %v; want %q in it, and no %q", tt.client, line, err, tt.want, tt.not)
		}
	}
	if len(names) != len(tests) {
		t.Errorf("there are %q, %d of them are tested", names, len(tests))
	}
}

func TestTruthfulness(t *testing.T) {
	s := scene{title: "late", rate: 200, length: 20 * time.Second}
	is := &loop.Percentiles{P50: 0.005, P99: 3.81, P999: 3.99}
	tenant := loop.Report{Polls: 4000, Dispersion: 0.7, Scheduled: is, Times: loop.Percentiles{P50: 0.005, P99: 3.8, P999: 3.99}}
	few := tenant
	few.Polls, few.Times = 3200, loop.Percentiles{P50: 0.005, P99: 0.0052, P999: 4}
	got := truthfulness([]truth{
		{scene: s, client: "honest", said: latency{0.005, 3.81, 3.99}, tenant: tenant},
		{scene: s, client: "blind", said: latency{p50: 0.006, p99: 0.0073}, tenant: few, exit: 3, warning: "a | b", others: 1},
	})
	want := strings.Join([]string{
		"True for who comes by the schedule, 200/s for 20s: p50 5, p99 3810, p99.9 3990 ms.",
		"",
		"| client | calls that came | p50, ms | p99, ms | p99.9, ms | p50 / p99 / p99.9 of its own calls in the tenant, ms | dispersion | exit code | what it said |",
		"|---|---|---|---|---|---|---|---|---|",
		"| honest | 4000 of 4000 | 5 (+0.0 %) | 3810 (+0.0 %) | 3990 (+0.0 %) | 5 / 3800 / 3990 | 0.7 | 0 |  |",
		`| blind * | 3200 of 4000 | 6 (+20 %) | 7.3 (-100 %) | not said | 5 / 5.2 / 4000 | 0.7 | 3 | a \| b |`,
		"",
	}, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestByScene(t *testing.T) {
	one, two := scene{title: "one"}, scene{title: "two"}
	var got []string
	for _, some := range byScene([]truth{{scene: one}, {scene: one}, {scene: two}}) {
		got = append(got, some[0].scene.title+" "+strconv.Itoa(len(some)))
	}
	if want := []string{"one 2", "two 1"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCellIsShort(t *testing.T) {
	if got := cell(strings.Repeat("x", 99) + "µµ"); got != strings.Repeat("x", 99)+"..." {
		t.Errorf("got %q, want 99 x and no half of a letter", got)
	}
}

func TestComplaint(t *testing.T) {
	tests := []struct{ why, stdout, stderr, want string }{
		{"nothing is wrong", "Requests/sec: 200\n", "", ""},
		{"wrk", "Thread Stats\n  Socket errors: connect 0,  read 0, timeout 10\n", "", "Socket errors: connect 0, read 0, timeout 10"},
		{"fortio", "", "Starting\nWARNING 16.67% of sleep were falling behind\n", "WARNING 16.67% of sleep were falling behind"},
		{"figures for programs", `{"errors":[]}` + "\n", "", ""},
		{"a word that only begins so", "forwarded 3\n", "", ""},
	}
	for _, tt := range tests {
		if got := complaint(job{}, []byte(tt.stdout), []byte(tt.stderr)); got != tt.want {
			t.Errorf("%s: got %q, want %q, from %q and %q", tt.why, got, tt.want, tt.stdout, tt.stderr)
		}
	}
}

func TestK6Warns(t *testing.T) {
	const insufficient = `time="2026-11-22T15:10:12Z" level=warning msg="Insufficient VUs, reached 10 active VUs" executor=constant-arrival-rate`
	tests := []struct{ why, summary, stderr, want string }{
		{"nothing is wrong", `{"metrics":{}}`, `time="x" level=info msg="talk begins"`, ""},
		{"both", `{"metrics":{"dropped_iterations":{"count":791}}}`, insufficient, "Insufficient VUs, reached 10 active VUs; dropped_iterations 791"},
		{"the count alone", `{"metrics":{"dropped_iterations":{"count":2}}}`, "", "dropped_iterations 2"},
		{"no summary", "", insufficient, "Insufficient VUs, reached 10 active VUs"},
	}
	for _, tt := range tests {
		j := job{dir: t.TempDir()}
		if tt.summary != "" {
			if err := os.WriteFile(filepath.Join(j.dir, "k6.json"), []byte(tt.summary), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if got := k6Warns(j, nil, []byte(tt.stderr)); got != tt.want {
			t.Errorf("%s: got %q, want %q, from %q and %q", tt.why, got, tt.want, tt.summary, tt.stderr)
		}
	}
}

func TestChatbenchWarns(t *testing.T) {
	tests := []struct{ why, text, want string }{
		{"it passed", `{"schema":"chatbench.result/1","verdict":"pass"}`, ""},
		{"too slow", `{"schema":"chatbench.result/1","verdict":"invalid","exit_code":5,"reasons":["the generator was late","more"]}`, "invalid: the generator was late"},
		{"no reason", `{"schema":"chatbench.result/1","verdict":"fail","exit_code":3}`, "fail"},
		{"no result", "", ""},
	}
	for _, tt := range tests {
		if got := chatbenchWarns(job{}, []byte(tt.text), nil); got != tt.want {
			t.Errorf("%s: got %q, want %q, from %q", tt.why, got, tt.want, tt.text)
		}
	}
}
