package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/export"
	"chatbench/internal/result"
)

const (
	dashboardFile  = "../../deploy/grafana/chatbench.json"
	prometheusFile = "../../deploy/prometheus/prometheus.yml"
)

// scrapedScenario has something of everything that a panel shows: a queue, agents, media, answers
// that break a rule.
const scrapedScenario = `chatbench: 1
name: scraped
tenant:
  agents: {count: 2, conversations: 2, pick_up: 50ms..100ms, reply: 50ms..100ms, chats: 2, media: {image: 50%}}
  mutants: ["shape-no-code:every=20"]
load: [{customers: 8, over: 1s, warmup: true}, {name: full, customers: 8, for: 6s}]
between: 100ms
flows:
  buyer:
    - connect: hello
    - expect: {from: robot, within: 5s, optional: true}
    - handover: {}
    - expect: {from: agent, within: 20s, optional: true}
    - say: "what does it cost?"
    - expect: {from: agent, within: 20s, optional: true}
    - expect: {media: image, within: 500ms, optional: true}
gate: {lateness: 1h, cpu: 100%, latency: [delivery p95 < 10s]}
`

// TestPrometheusScrapesARun plays a run with a real Prometheus beside it, set up by the file in
// deploy/. What Prometheus knows in the end, from scrapes and from the OpenMetrics file, is what the
// result says; and every query of the dashboard finds something.
func TestPrometheusScrapesARun(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes twenty seconds")
	}
	prometheus, err := exec.LookPath("prometheus")
	if err != nil {
		t.Skip("prometheus, of Debian's package of that name, is not installed")
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "metrics.om")
	exporter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/openmetrics-text; version=1.0.0; charset=utf-8")
		http.ServeFile(w, r, file)
	}))
	defer exporter.Close()
	address := freeAddress(t)
	api := startPrometheus(t, prometheus, dir, address, exporter.Listener.Addr().String())

	scenario := filepath.Join(dir, "scraped.yaml")
	if err := os.WriteFile(scenario, []byte(scrapedScenario), 0o666); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	var stdout, stderr bytes.Buffer
	code := command([]string{"run", scenario, "--quiet", "--json", "--openmetrics", file, "--prometheus", address, "--prometheus-linger", "30s"}, &stdout, &stderr)
	r, err := result.Decode(stdout.Bytes())
	if err != nil {
		t.Fatalf("%v; exit code %d, standard error\n%s", err, code, &stderr)
	}
	if r.Exit != result.ExitConformance || code != int(r.Exit) {
		t.Errorf("exit code %d, want 1 for the broken rule; reasons %q", code, r.Reasons)
	}
	for _, source := range []string{`job="chatbench"`, `job="file"`} {
		api.until("last_over_time(chatbench_run_finished{" + source + "}[5m]) == 1") // the last scrape takes a moment to be kept
		compareWithPrometheus(t, api, source, r)
	}
	queryDashboard(t, api, begun)
}

// compareWithPrometheus wants what Prometheus knows of a run to be what its result says.
func compareWithPrometheus(t *testing.T, api *prometheusAPI, source string, r *result.Result) {
	t.Helper()
	all, total := r.Metrics.All(), r.Metrics.Total()
	outcomes := all.Counters.AllExchanges()
	violations := int64(0)
	for _, rule := range r.Rules {
		violations += rule.Violations
	}
	tests := []struct {
		selector string // of series whose last values are added up
		want     float64
	}{
		{`chatbench_exchanges_total{%s}`, float64(outcomes.Total())},
		{`chatbench_exchanges_total{%s,class!="ok"}`, float64(outcomes.Fail + outcomes.Info)},
		{`chatbench_exchanges_total{%s,op="send",phase="load"}`, float64(total.Counters.Exchange(aicc.OpSend).Total())},
		{`chatbench_messages_total{%s}`, float64(all.Counters.Delivered())},
		{`chatbench_conversations_begun_total{%s,flow="buyer"}`, float64(all.Counters.Begun())},
		{`chatbench_rule_violations_total{%s}`, float64(violations)},
		{`chatbench_latency_seconds_count{%s,metric="delivery",phase="load"}`, float64(total.Hist("delivery").Count())},
		{`chatbench_latency_seconds_bucket{%s,metric="delivery",le="+Inf"}`, float64(all.Hist("delivery").Count())},
		{`chatbench_latency_percentile_seconds{%s,metric="delivery",percentile="p95"}`, total.Hist("delivery").Quantile(0.95)},
		{`chatbench_run_finished{%s}`, 1},
		{`chatbench_run_exit_code{%s}`, float64(r.Exit)},
		{`chatbench_gate_verdict{%s,gate="delivery p95 < 10s",verdict="pass"}`, 1},
	}
	for _, test := range tests {
		query := fmt.Sprintf("sum(last_over_time("+test.selector+"[5m]))", source)
		found := api.query(query)
		if len(found) != 1 || math.Abs(found[0]-test.want) > 1e-9 || test.want == 0 {
			t.Errorf("%s is %v, want %v, which is to be more than 0", query, found, test.want)
		}
	}
	for _, f := range export.Families() {
		if f.Type != export.Counter {
			continue
		}
		query := fmt.Sprintf("sum(resets(%s{%s}[5m]))", f.Name, source)
		if resets := api.query(query); len(resets) != 1 || resets[0] != 0 {
			t.Errorf("%s is %v, want 0: a counter only grows", query, resets)
		}
	}
}

// queryDashboard asks every query of the dashboard for the time of the run.
func queryDashboard(t *testing.T, api *prometheusAPI, begun time.Time) {
	t.Helper()
	filled := strings.NewReplacer("$scenario", "scraped", "$run", ".+", "$__rate_interval", "4s", "$__range", "5m")
	for _, query := range dashboardQueries(t) {
		if api.ranged(filled.Replace(query.expr), begun) == 0 {
			t.Errorf("the panel %q shows nothing: %s", query.panel, query.expr)
		}
	}
}

// dashboardQuery is a PromQL expression of a panel.
type dashboardQuery struct{ panel, expr string }

func dashboardQueries(t *testing.T) []dashboardQuery {
	t.Helper()
	data, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	var list []dashboardQuery
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			list = append(list, dashboardQuery{p.Title, target.Expr})
		}
	}
	if len(list) < 20 {
		t.Fatalf("the dashboard has %d queries, want 20 and more", len(list))
	}
	return list
}

// TestDashboardAsksForWhatThereIs compares the names and labels in the dashboard and its variables
// with what is exported, and wants every family that changes while a run goes on to be known there.
func TestDashboardAsksForWhatThereIs(t *testing.T) {
	labels := map[string][]string{}
	for _, f := range export.Families() {
		labels[f.Name] = append([]string{"scenario", "run"}, f.Labels...)
		if f.Type == export.Histogram {
			labels[f.Name+"_bucket"] = append(labels[f.Name], "le")
		}
	}
	data, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`chatbench_[a-z_]+`)
	for _, name := range names.FindAllString(string(data), -1) {
		if labels[name] == nil {
			t.Errorf("the dashboard asks for %s, which is not exported", name)
		}
	}
	selector := regexp.MustCompile(`(chatbench_[a-z_]+)\{([^}]*)\}`)
	for _, query := range dashboardQueries(t) {
		for _, m := range selector.FindAllStringSubmatch(query.expr, -1) {
			for _, matcher := range regexp.MustCompile(`(\w+)(?:=~|!~|!=|=)"`).FindAllStringSubmatch(m[2], -1) {
				if !strings.Contains(" "+strings.Join(labels[m[1]], " ")+" ", " "+matcher[1]+" ") {
					t.Errorf("the panel %q wants a label %s of %s, which has %v", query.panel, matcher[1], m[1], labels[m[1]])
				}
			}
		}
	}
}

// TestPrometheusSetup lets promtool look at the example.
func TestPrometheusSetup(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool, of Debian's package prometheus, is not installed")
	}
	if said, err := exec.Command(promtool, "check", "config", prometheusFile).CombinedOutput(); err != nil {
		t.Errorf("promtool check config: %v\n%s", err, said)
	}
}

// freeAddress is an address of this machine on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// prometheusAPI asks a Prometheus.
type prometheusAPI struct {
	t    *testing.T
	base string
}

// startPrometheus starts one that is set up by the file in deploy/, but every second, on the run's
// address and, as a second job, on that of the OpenMetrics file.
func startPrometheus(t *testing.T, program, dir, run, file string) *prometheusAPI {
	t.Helper()
	data, err := os.ReadFile(prometheusFile)
	if err != nil {
		t.Fatal(err)
	}
	config := strings.NewReplacer("scrape_interval: 5s", "scrape_interval: 1s", "127.0.0.1:9464", run).Replace(string(data))
	if config == string(data) {
		t.Fatalf("%s has neither the interval nor the address that are to be replaced", prometheusFile)
	}
	config += fmt.Sprintf("  - job_name: file\n    scrape_interval: 1s\n    static_configs:\n      - targets: [%q]\n", file)
	setup := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(setup, []byte(config), 0o666); err != nil {
		t.Fatal(err)
	}
	web := freeAddress(t)
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, "--config.file="+setup, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+web, "--log.level=warn")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("Prometheus said:\n%s", &log)
		}
	})
	api := &prometheusAPI{t, "http://" + web}
	api.until(`vector(1)`)
	return api
}

// until asks again and again until the answer is not empty.
func (a *prometheusAPI) until(query string) {
	a.t.Helper()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-again.C {
		if found, err := a.ask("query", url.Values{"query": {query}}); err == nil && len(found) > 0 {
			return
		}
	}
	a.t.Fatalf("Prometheus does not know %s", query)
}

// query gives the values that an expression has now.
func (a *prometheusAPI) query(query string) []float64 {
	a.t.Helper()
	found, err := a.ask("query", url.Values{"query": {query}})
	if err != nil {
		a.t.Fatalf("%s: %v", query, err)
	}
	var values []float64
	for _, series := range found {
		v, err := strconv.ParseFloat(fmt.Sprint(series.Value[1]), 64)
		if err != nil {
			a.t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

// ranged counts the values other than NaN that an expression has had since begun.
func (a *prometheusAPI) ranged(query string, begun time.Time) (n int) {
	a.t.Helper()
	at := func(t time.Time) []string { return []string{strconv.FormatInt(t.Unix(), 10)} }
	found, err := a.ask("query_range", url.Values{"query": {query}, "start": at(begun), "end": at(time.Now().Add(time.Second)), "step": {"1"}})
	if err != nil {
		a.t.Errorf("%s: %v", query, err)
	}
	for _, series := range found {
		for _, point := range series.Values {
			if point[1] != "NaN" {
				n++
			}
		}
	}
	return n
}

// promSeries is a series in an answer of Prometheus: [time, "value"], or several of them.
type promSeries struct {
	Value  [2]any
	Values [][2]any
}

func (a *prometheusAPI) ask(what string, query url.Values) ([]promSeries, error) {
	answer, err := http.Get(a.base + "/api/v1/" + what + "?" + query.Encode())
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	var body struct {
		Error string
		Data  struct{ Result []promSeries }
	}
	if err := json.NewDecoder(answer.Body).Decode(&body); err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", answer.StatusCode, body.Error)
	}
	return body.Data.Result, nil
}
