package report

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

var update = flag.Bool("update", false, "write the golden files anew")

const ms = time.Millisecond

// start is when every run in these tests began.
var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// measured is the metrics of a small run: a second of warm-up, then a conversation after the
// other. They are made once and changed by nobody.
var measured = sync.OnceValue(func() *metric.Metrics {
	r := metric.NewRecorder([]metric.StageInfo{
		{Name: "1 warm-up", Warmup: true, End: time.Second},
		{Name: "2", Start: time.Second, End: 60 * time.Second},
		{Name: "drain", Start: 60 * time.Second},
	}, 1, metric.Options{Wall: start, SameClock: true})
	for i := range 30 {
		converse(r.Customer(i), i)
	}
	return r.Finish()
})

func converse(m *metric.Meter, i int) {
	now := time.Duration(i) * 2 * time.Second
	tell := func(e trace.Event) {
		e.At = now
		m.Observe(&e)
	}
	exchange := func(op aicc.Op, took time.Duration, e trace.Event) {
		e.Kind, e.Op, e.Intended, e.Seq, e.Late = trace.Invoke, op, now, -1, 40*time.Microsecond
		tell(e)
		e.Kind, e.Started = trace.Return, now
		if e.Class == aicc.Unfinished {
			e.Class, e.Status = aicc.OK, 200
		}
		now += took
		tell(e)
	}
	say := func(source string) {
		tell(trace.Event{Kind: trace.Deliver, Message: &aicc.Downlink{
			SourceType: source, Timestamp: aicc.Loose(fmt.Sprint(start.Add(now - 12*ms).UnixMilli())),
		}})
	}
	flow := []string{"buyer", "投诉客户"}[i%2]
	tell(trace.Event{Kind: trace.Begin, Flow: flow})
	exchange(aicc.OpConnect, 8*ms, trace.Event{Dial: ms})
	exchange(aicc.OpPoll, time.Duration(20+i)*ms, trace.Event{Count: 1})
	say(aicc.FromRobot)
	tell(trace.Event{Kind: trace.Step, Name: "1 connect"})
	exchange(aicc.OpSend, 5*ms, trace.Event{})
	exchange(aicc.OpPoll, 5*time.Second, trace.Event{Count: i % 3})
	if i%3 > 0 {
		say(aicc.FromAgent)
	}
	tell(trace.Event{Kind: trace.Step, Name: "2 say"})
	tell(trace.Event{Kind: trace.Step, Name: "3 expect agent", Missed: i%3 == 0})
	exchange(aicc.OpDownload, 30*ms, trace.Event{File: &trace.File{Size: 65_536}})
	if i == 7 {
		exchange(aicc.OpSend, 3*time.Second, trace.Event{Class: aicc.Info, Error: "no answer within 3s"})
	}
	tell(trace.Event{Kind: trace.End, Ended: []trace.Ended{trace.GaveUp, trace.ByPeer, trace.ByCustomer}[i%3]})
}

func failed() *result.Result {
	m := measured()
	return &result.Result{
		Tool: result.Tool{Version: "v1.0.0", Go: "go1.26.8"},
		Scenario: result.Scenario{
			Name: "handover", File: "scenarios/handover.yaml", Hash: "9f86d081884c7d659a2feaa0c55ad015", Seed: 42,
			Load: "30 customers, one every 2s", Overrides: []string{"--customers 30", "--duration 1m"},
		},
		Target: result.Target{Kind: result.Embedded, Note: "mutant swap-adjacent"},
		Run: result.Run{
			ID: "k3x9", Start: start, End: start.Add(63*time.Second + 40*ms),
			Host:    result.Host{OS: "linux", Arch: "amd64", Cores: 2, Name: "ci-7"},
			Command: []string{"chatbench", "run", "scenarios/my handover.yaml", "--app-secret", "***"},
		},
		Verdict: result.Fail, Exit: result.ExitConformance,
		Reasons: []string{
			"rule ORD-01 was broken 3 times",
			"10 of 30 expectations were missed (33.3 %), which is more than 0 %; the scenario allows none, so every customer who waits in vain fails the run",
		},
		Rules:   rules(),
		Gates:   gates(),
		Metrics: m,
		Health: metric.Health{
			UserSeconds: 3.2, SystemSeconds: 1.1, WallSeconds: 63, Cores: 2, MaxRSS: 28_400_000, GCCycles: 12,
			GCPauseSeconds: 0.0011, GCPauseMax: 0.00021, Goroutines: 71, FileLimit: 1024,
		}.WithLateness(m),
		Trace: &result.Trace{Files: []string{"out/trace.ndjson"}, Policy: "failing", Events: 1234, Complete: true},
		Notes: []string{"The load was cut from 2,000 customers to 30 by a flag."},
	}
}

func rules() []check.RuleResult {
	journal := "needs the tenant's own record of its conversations, which only the embedded tenant keeps"
	return []check.RuleResult{
		{ID: "SHP-01", Title: "a poll answer has the documented shape", Level: check.API, Severity: check.Failure, Verdict: check.Pass, Opportunities: 12_345},
		{ID: "ORD-01", Title: "messages of one sender keep their order", Level: check.Demo, Severity: check.Failure, Verdict: check.Fail, Violations: 3, Opportunities: 1_800,
			Witnesses: []check.Witness{{
				Customer: 17, Sentence: "customer 17, conversation 0: agent message 4 was delivered after agent message 5",
				Events: []check.WitnessEvent{
					{At: 12345 * ms, Text: "poll 7, place 1: message 5 of 客服小王 \x1b[31m\"您的订单已经发货\"\n"},
					{At: 12446 * ms, Text: "poll 8, place 0: message 4 of 客服小王 \"请稍等\""},
				},
				Reproduce: "chatbench run scenarios/handover.yaml --seed 42 --customer 17",
			}}},
		{ID: "DEL-04", Title: "no message is lost", Level: check.Demo, Severity: check.Failure, Verdict: check.Inconclusive, Inconclusive: 2, Opportunities: 30,
			Reasons: map[check.Reason]int64{check.IndeterminatePoll: 2}},
		{ID: "DSC-01", Title: "nothing comes after DISCONNECT", Level: check.Demo, Severity: check.Failure, Verdict: check.NotExercised},
		{ID: "DSC-04", Title: "a hang-up is delivered", Level: check.Demo, Severity: check.Failure, Verdict: check.NotObservable, Note: journal},
		{ID: "MED-02", Title: "media arrive byte for byte", Level: check.Inferred, Severity: check.Warning, Verdict: check.NotObservable, Note: journal},
	}
}

func gates() []result.Gate {
	return []result.Gate{
		{Kind: result.GateConformance, Name: "no violations", Verdict: result.Fail, Sentence: "3 violations of 1 rule"},
		{Kind: result.GateGenerator, Name: "generator lateness p99 <= 10ms", Verdict: result.Pass, Observed: 0.00004, Limit: 0.01, Unit: "s", Sentence: "chatbench itself was late by 40µs at p99."},
		{Kind: result.GateGenerator, Name: "generator CPU <= 85 %", Verdict: result.Invalid, Observed: 0.912, Limit: 0.85, Unit: "share", Sentence: "Too little CPU."},
		{Kind: result.GateGenerator, Name: "generator descriptors < 1024", Verdict: result.Pass, Observed: 1000, Limit: 1024, Unit: "count", Sentence: "1000 of 1024"},
		{Kind: result.GateLatency, Name: "poll.service p95 < 50ms", Verdict: result.Fail, Unit: "s", Sentence: "5.00s over 59 samples",
			Interval: &result.Interval{Low: 4.2, High: math.Inf(1), Level: 0.95}},
		{Kind: result.GateErrors, Name: "send.failed < 5%", Verdict: result.Pass, Unit: "share", Sentence: "3.2 %, 1 of 31",
			Interval: &result.Interval{Low: 0.00082, High: 0.16702, Level: 0.95}},
	}
}

func passed() *result.Result {
	r := failed()
	r.Verdict, r.Exit, r.Reasons, r.Gates = result.Pass, result.ExitOK, nil, []result.Gate{r.Gates[1], r.Gates[3], r.Gates[5]}
	r.Rules = r.Rules[:1]
	r.Target = result.Target{Kind: result.Real, URL: "https://tenant.example:8443/base", Insecure: true}
	return r
}

func rendered(t *testing.T, r *result.Result, opt TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestText(t *testing.T) {
	tests := []struct {
		file string
		r    *result.Result
		opt  TextOptions
	}{
		{"failed.txt", failed(), TextOptions{Files: []string{"out/result.json (result)"}}},
		{"failed-colour.txt", failed(), TextOptions{Color: true}},
		{"failed-narrow.txt", failed(), TextOptions{Width: 60}},
		{"passed.txt", passed(), TextOptions{}},
		{"expected.txt", expected(), TextOptions{}},
		{"empty.txt", &result.Result{}, TextOptions{}},
	}
	for _, tt := range tests {
		golden(t, tt.file, rendered(t, tt.r, tt.opt))
	}
}

// golden compares a report with a file in testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestTextTellsWhoseFaultItWas wants exchanges that this machine had no means for to be told from
// those that the tenant refused.
func TestTextTellsWhoseFaultItWas(t *testing.T) {
	const words = "this machine, not the tenant, made exchanges fail"
	r := failed()
	if got := rendered(t, r, TextOptions{}); strings.Contains(got, words) {
		t.Errorf("nothing was lacking, and the report says so:\n%s", got)
	}
	r.Metrics.Stages[0].Counters.Short = map[string]int64{"too many open files": 3}
	if got := rendered(t, r, TextOptions{Width: 200}); !strings.Contains(got, words+" because it was short of something: too many open files (3)") {
		t.Errorf("the report does not say whose fault it was:\n%s", got)
	}
}

func TestTextPrintsNoControlCharacters(t *testing.T) {
	r := failed()
	evil := "\x1b]0;title\x07\u202e\r\x00"
	r.Scenario.Name, r.Reasons[0], r.Notes[0], r.Gates[0].Sentence = evil, evil, evil, evil
	r.Rules[1].Witnesses[0].Sentence = evil
	for i, c := range rendered(t, r, TextOptions{}) {
		if c != '\n' && (c < ' ' || c == 0x7f || c == '\u202e') {
			t.Fatalf("control character %q at byte %d", c, i)
		}
	}
}

func TestTextGivesTheWritersError(t *testing.T) {
	broken := errors.New("disk full")
	if err := Text(failing{broken}, failed(), TextOptions{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestReproduceHasTheSeedOnce(t *testing.T) {
	tests := []struct {
		why     string
		command []string
		seed    uint64
		want    string
	}{
		{"no command", nil, 42, ""},
		{"the seed the run chose is added", []string{"chatbench", "run"}, 42, "chatbench run --seed 42"},
		{"the seed the user gave stays", []string{"chatbench", "run", "--seed=7"}, 7, "chatbench run --seed=7"},
		{"without a seed there is none", []string{"chatbench", "check", "a.ndjson"}, 0, "chatbench check a.ndjson"},
		{"words are quoted for a shell", []string{"chatbench", "it's", "", "$HOME"}, 0, `chatbench 'it'\''s' '' '$HOME'`},
	}
	for _, tt := range tests {
		r := &result.Result{}
		r.Run.Command, r.Scenario.Seed = tt.command, tt.seed
		if got := result.Again(r.Run.Command, r.Scenario.Seed); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.why, got, tt.want)
		}
	}
}

func TestTableLinesUpWideCharacters(t *testing.T) {
	table := table{right: []bool{false, true}}
	table.row("客服小王", "1", "a")
	table.row("bob", "1,000", "b")
	table.row("e\u0301te\u0301", "22", "c") // combining accents take no room
	var b strings.Builder
	table.writeTo(&b)
	for line := range strings.Lines(b.String()) {
		if got := width(strings.TrimRight(line, "\n")); got != 18 {
			t.Errorf("line %q is %d columns wide, want 18", line, got)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		why, s string
		want   []string
	}{
		{"short", "one line", []string{"one line"}},
		{"at spaces", "the quick brown fox jumps over", []string{"the quick brown fox", "jumps over"}},
		{"between characters of a text without spaces", strings.Repeat("单", 12), []string{strings.Repeat("单", 10), "单单"}},
		{"a word longer than the line", strings.Repeat("x", 25), []string{strings.Repeat("x", 20), "xxxxx"}},
		{"nothing", "", []string{""}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, wrap(tt.s, 20)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestUnits(t *testing.T) {
	tests := []struct{ got, want, why string }{
		{duration(0), "0", "nothing"},
		{duration(0.000_999_4), "999µs", "just below a millisecond"},
		{duration(0.000_999_6), "1.00ms", "rounds up to the next unit"},
		{duration(0.012_34), "12.3ms", "three digits"},
		{duration(0.999_6), "1.00s", "rounds up to a second"},
		{duration(5), "5.00s", "seconds"},
		{duration(99.96), "1m40s", "minutes from 100 s"},
		{duration(3600), "1h0m0s", "an hour"},
		{size(999), "999 B", "bytes"},
		{size(1000), "1.00 kB", "kilobytes"},
		{size(2e9), "2.00 GB", "gigabytes"},
		{size(5e12), "5000 GB", "nothing above"},
		{count(0), "0", "no comma"},
		{count(-1234567), "-1,234,567", "negative"},
		{count(-123), "-123", "no comma behind the sign"},
		{share(0, 0), "-", "a share of nothing"},
		{share(1, 1_000_000), "<0.01 %", "a few are not rounded away"},
		{share(1, 300), "0.33 %", "less than one per cent"},
		{share(1, 3), "33.3 %", "more"},
		{value(2048, metric.BytesPerSecond), "2.05 kB/s", "a rate"},
		{plural(1, "poll"), "1 poll", "one"},
		{plural(2000, "poll"), "2,000 polls", "many"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.why, tt.got, tt.want)
		}
	}
}
