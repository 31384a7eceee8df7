package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/capacity"
	"chatbench/internal/check"
	"chatbench/internal/lang"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// paged renders a result as a page.
func paged(t *testing.T, r *result.Result, first *lang.Printer) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r, first); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// soak is a run of eight hours with as much of everything as there can be.
func soak() *result.Result {
	const length = 8 * time.Hour
	recorder := metric.NewRecorder([]metric.StageInfo{
		{Name: "1 warm-up", Warmup: true, End: time.Hour}, {Name: "2", Start: time.Hour, End: length}, {Name: "drain", Start: length},
	}, 1, metric.Options{Wall: start, SameClock: true})
	for i := range 300 {
		everything(recorder.Customer(i), time.Duration(i)*length/300, i)
	}
	r := enormous("The tenant's answer was not what it should be. ")
	r.Metrics = recorder.Finish()
	r.Health = r.Health.WithLateness(r.Metrics)
	return r
}

// everything is a conversation with every kind of exchange, answered and not.
func everything(m *metric.Meter, now time.Duration, i int) {
	tell := func(e trace.Event) {
		e.At = now
		m.Observe(&e)
	}
	exchange := func(op aicc.Op, class aicc.Class, count int) {
		e := trace.Event{Kind: trace.Invoke, Op: op, Intended: now, Seq: -1, Late: time.Duration(i) * time.Microsecond}
		tell(e)
		e.Kind, e.Started, e.Class, e.Count = trace.Return, now, class, count
		if class == aicc.OK {
			e.Status, e.File = 200, &trace.File{Size: 65_536}
		} else {
			e.Error = fmt.Sprintf("no answer, for reason %d of many", i%40)
		}
		now += time.Duration(1+i%977) * time.Millisecond
		tell(e)
	}
	deliver := func(source, control string) {
		tell(trace.Event{Kind: trace.Deliver, Message: &aicc.Downlink{SourceType: source, ControlType: control,
			Timestamp: aicc.Loose(fmt.Sprint(start.Add(now - time.Duration(i)*ms).UnixMilli()))}})
	}
	tell(trace.Event{Kind: trace.Begin, Flow: fmt.Sprintf("flow %d", i%30)})
	exchange(aicc.OpConnect, aicc.OK, 0)
	for _, op := range aicc.Ops() {
		exchange(op, aicc.OK, 0)
		exchange(op, aicc.Info, 0)
	}
	exchange(aicc.OpPoll, aicc.OK, 2)
	deliver(aicc.FromRobot, "")
	deliver(aicc.FromAgent, "")
	for step := range 20 {
		tell(trace.Event{Kind: trace.Step, Name: fmt.Sprintf("%d expect agent", step), Missed: i%3 == 0})
	}
	tell(trace.Event{Kind: trace.End, Ended: trace.ByPeer})
}

// shown are the results whose pages are looked at, in these tests and in a browser's. The largest take
// a second to make, so they are made once; nobody changes them.
var shown = sync.OnceValue(func() map[string]*result.Result {
	noTimeline := failed()
	noTimeline.Metrics = &metric.Metrics{Stages: noTimeline.Metrics.Stages}
	unmeasured := &result.Result{Verdict: result.Unreachable, Exit: result.ExitUnreachable, Reasons: []string{"nothing listens at http://127.0.0.1:1"}}
	decided := failed()
	decided.Gates[4].Interval = &result.Interval{Low: 0.04, High: 0.07, Level: 0.95, Needed: 12_345}
	decided.Gates[4].Stage, decided.Gates[4].Verdict, decided.Gates[4].Unit = "2", result.Inconclusive, "s"
	decided.Rules[1].Witnesses[0].Events[0].Side, decided.Rules[1].Witnesses[0].Events[1].Side = check.CustomerSide, check.TenantSide
	all := map[string]*result.Result{
		"failed": decided, "passed": passed(), "expected": expected(), "warned": warned(), "inconclusive": inconclusive(), "invalid": invalid(),
		"buggy": buggy(), "interrupted": cutOff(result.Interrupted, result.ExitInterrupted, "interrupted"), "unmeasured": unmeasured,
		"no-timeline": noTimeline, "empty": {}, "soak": soak(), "hostile": hostile(strings.Join(evils, " ") + strings.Repeat("W", 500) + "שלום עולם"),
	}
	return all
})

// resultPages are their pages.
var resultPages = sync.OnceValues(func() (map[string]string, error) {
	all := map[string]string{}
	for name, r := range shown() {
		var b bytes.Buffer
		if err := HTML(&b, r, nil); err != nil {
			return nil, err
		}
		all[name] = b.String()
	}
	return all, nil
})

// pages are the pages of all kinds.
func pages(t *testing.T) map[string]string {
	t.Helper()
	made, err := resultPages()
	if err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(made)
	nothing := &capacity.Report{Answer: capacity.Search{}.Answer(nil, capacity.Interrupted), Exit: result.ExitInterrupted}
	mischief := searched(t, 1e6)
	mischief.Scenario.Name, mischief.Command, mischief.Notes = strings.Join(evils, " "), evils, evils
	for i := range mischief.Probes {
		mischief.Probes[i].Why = strings.Join(evils, " ")
	}
	for name, r := range map[string]*capacity.Report{"capacity": searched(t, 1e6), "capacity-machine": searched(t, 20), "capacity-nothing": nothing, "capacity-hostile": mischief, "capacity-empty": {}} {
		var b bytes.Buffer
		if err := CapacityHTML(&b, r, nil); err != nil {
			t.Fatal(err)
		}
		all[name] = b.String()
	}
	return all
}

func TestHTMLSections(t *testing.T) {
	full := []string{"verdict", "gates", "rules", "load", "throughput", "errors", "latency", "percentiles", "service", "flows", "media", "generator", "origin"}
	for name, want := range map[string][]string{
		"failed":     full,
		"soak":       slices.Insert(slices.Clone(full), 10, "queue"),
		"unmeasured": {"verdict"},
		"empty":      {"verdict"},
	} {
		got := pages(t)[name]
		var ids []string
		for _, found := range regexp.MustCompile(`<section id="(\w+)"`).FindAllStringSubmatch(got, -1) {
			ids = append(ids, found[1])
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%s: sections %v, want %v", name, ids, want)
		}
	}
}

func TestHTMLTellsWhatCounts(t *testing.T) {
	got := pages(t)["failed"]
	for _, want := range []string{
		"FAIL", "exit code 1", "rule ORD-01 was broken 3 times",
		"[40.0ms, 70.0ms]", "about 12,345 samples would decide", // the interval of a gate
		"What one sender says in a conversation is delivered in the order it was said", // the sentence of the document
		"poll 8, place 0: message 4 of 客服小王", "&#43;101ms",                             // a witness
		"3 expect agent", "gave up waiting", // the ladder
		"certainly without effect", "9f86d081884c7d659a2feaa0c55ad015", "--seed 42", "&#39;scenarios/my handover.yaml&#39;",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the page of a failed run has no %q", want)
		}
	}
	if strings.Contains(got, "%!") {
		t.Errorf("a text lacks an argument: %q", regexp.MustCompile(`.{30}%!.{30}`).FindString(got))
	}
}

// TestHTMLIsAlone holds a page against its promises: two scripts of ours, one style, no address that a
// browser would load, and less than 2 MB, whatever the result says.
func TestHTMLIsAlone(t *testing.T) {
	for name, page := range pages(t) {
		alone(t, name, page)
	}
}

// loading finds elements and attributes of which a browser loads or runs something.
var loading = regexp.MustCompile(`(?i)<(img|iframe|object|embed|base|form|link[^>]*stylesheet|[a-z]+[^>]*\s(src|srcset|style|on[a-z]+)=)`)

func alone(t *testing.T, name, page string) {
	t.Helper()
	body, _, _ := strings.Cut(page, `<script type="application/json"`)
	_, body, _ = strings.Cut(body, "</style>")
	if found := loading.FindString(body); found != "" {
		t.Errorf("%s: %s", name, found)
	}
	for _, tag := range []string{"<script", "</script"} {
		if n := strings.Count(strings.ToLower(page), tag); n != 2 {
			t.Errorf("%s: %s stands there %d times, want the figures and ours", name, tag, n)
		}
	}
	ids := map[string]bool{}
	for _, found := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if id := found[1]; ids[id] {
			t.Errorf("%s: two elements have the id %q", name, id)
		} else {
			ids[id] = true
		}
	}
	if len(page) >= 2_000_000 {
		t.Errorf("%s: %d bytes, want less than 2 MB", name, len(page))
	}
	t.Logf("%s: %d bytes", name, len(page))
}

// TestHTMLPolicy recomputes the hashes that the page's policy allows, from what is in the page.
func TestHTMLPolicy(t *testing.T) {
	got := paged(t, failed(), nil)
	for _, pattern := range []string{`(?s)<style>(.*?)</style>`, `(?s)<script>(.*)</script>\n</body>`} {
		found := regexp.MustCompile(pattern).FindStringSubmatch(got)
		if found == nil {
			t.Fatalf("the page has no %s", pattern)
		}
		if hash := sourceHash(found[1]); !strings.Contains(got, strings.ReplaceAll(hash, "+", "&#43;")) {
			t.Errorf("%s: its hash %s is not in the policy", pattern, hash)
		}
	}
}

func TestHTMLLanguages(t *testing.T) {
	zh, err := lang.For("zh")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		first *lang.Printer
		want  string
	}{{nil, `<html lang="en" data-lang="en">`}, {zh, `<html lang="zh-CN" data-lang="zh">`}} {
		if got := paged(t, failed(), tt.first); !strings.Contains(got, tt.want) {
			t.Errorf("%s: the page does not begin with %s", tt.first.Code(), tt.want)
		}
	}
	p := page{zh: zh}
	tests := []struct {
		why  string
		w    words
		want string
	}{
		{"languages that agree stand once", p.name("demo <b>"), "demo &lt;b&gt;"},
		{"others stand twice", words{"a & b", "甲"}, `<span lang="en">a &amp; b</span><span lang="zh-CN">甲</span>`},
		{"a text from right to left keeps to itself", p.name("שלום"), "<bdi>שלום</bdi>"},
		{"control characters are seen", p.name("a\x1b[31mb\u202ec"), "a·[31mb·c"},
		{"words within words", p.say("%s: %s", words{"x", "甲"}, "7"), `<span lang="en">x: 7</span><span lang="zh-CN">甲：7</span>`},
	}
	for _, tt := range tests {
		if got := string(tt.w.html()); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.why, got, tt.want)
		}
	}
}

// TestCurve looks at the axis of percentile curves: point k is at 10^(k/16), which is the quantile
// 1-10^(-k/16); the last one is the maximum.
func TestCurve(t *testing.T) {
	h := measured().Total().Hist("poll.useful.service") // some of 30 conversations' polls
	n := h.Count()
	values, thin := curve(h)
	if len(values) < perDecade || float64(values[len(values)-1]) != h.Max() {
		t.Fatalf("%d points up to %v for %d samples with maximum %v", len(values), values[len(values)-1], n, h.Max())
	}
	if got, want := float64(values[perDecade]), h.Quantile(0.9); got != want {
		t.Errorf("a decade along: %v, want the p90 %v", got, want)
	}
	if q := 1 - 1/float64(curveX(thin + 1)[thin]); !h.Thin(q) || h.Thin(q-0.15) {
		t.Errorf("thin from the quantile %v on, of %d samples", q, n)
	}
}

func TestPointJSON(t *testing.T) {
	got, err := json.Marshal([]point{0, 1.23456, 123456, gap, 0.000045678})
	if want := "[0,1.235,1.235e+05,null,4.568e-05]"; err != nil || string(got) != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}

func TestHTMLWriteError(t *testing.T) {
	if err := HTML(noSpace{}, passed(), nil); !errors.Is(err, errNoSpace) {
		t.Errorf("error %v, want that of the writer", err)
	}
}

var errNoSpace = errors.New("full")

type noSpace struct{}

func (noSpace) Write([]byte) (int, error) { return 0, errNoSpace }

// TestVendored pins the files that page/fetch.sh fetches. Run it after changing the version there.
func TestVendored(t *testing.T) {
	for file, want := range map[string]string{
		"uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
		"uPlot.min.css":     "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
		"uPlot.LICENSE":     "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
	} {
		data, err := os.ReadFile("page/" + file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("page/%s has SHA-256 %s, want %s: it is not what was fetched", file, got, want)
		}
	}
}
