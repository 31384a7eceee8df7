package main

import (
	"context"
	_ "embed" // the script of k6
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed k6_poll.js
var k6Script []byte

// errNotFound is the error of an output without the figures that were looked for.
var errNotFound = errors.New("p50 and p99 are not in the output")

// userHeader is what every poll carries: that is as much as the peers can be told in the same way.
const (
	userHeader = "ccmessaging-token: lean-user"
	pollPath   = "/apiaccess/ccmessaging/poll?receiverId=lean-0001&channel=WEB"
)

// peers are the load generators that are compared with where they are installed. They discard the
// answers, but for k6, which hands them to its script.
func peers() []client {
	return []client{
		{name: "wrk", program: "wrk", command: wrk, read: fromText(`50%\s+([\d.]+)(us|ms|s)\b`, `99%\s+([\d.]+)(us|ms|s)\b`)},
		{name: "hey", program: "hey", command: hey, read: fromText(`50%+ in ([\d.]+) (secs)`, `99%+ in ([\d.]+) (secs)`)},
		{name: "vegeta", program: "vegeta", command: vegeta, read: readVegeta},
		{name: "fortio", program: "fortio", command: fortio, read: readFortio},
		{name: "bombardier", program: "bombardier", command: bombardier, read: readBombardier},
		{name: "k6", program: "k6", command: k6, read: readK6, warns: k6Warns},
	}
}

// seconds is a duration as whole or broken seconds with a unit, which all of them read.
func seconds(d time.Duration) string { return decimal(d) + "s" }

// decimal is a duration in seconds, without a unit.
func decimal(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// rate is how many polls a second are wanted.
func (l load) rate() int { return int(math.Round(float64(l.connections) / l.every.Seconds())) }

func wrk(j job) ([]string, []string, error) {
	if j.every > 0 {
		return nil, nil, errNoSuchLoad // wrk has no pace
	}
	whole := j.length().Round(time.Second) + time.Second // it takes whole seconds only
	return []string{"wrk", "-t", "2", "-c", strconv.Itoa(j.connections), "-d", seconds(whole), "--latency", "-H", userHeader, j.url() + pollPath}, nil, nil
}

// wrkUnpaced plays a load with a pace without one, for want of anything nearer.
func wrkUnpaced(j job) ([]string, []string, error) {
	j.every = 0
	return wrk(j)
}

func hey(j job) ([]string, []string, error) {
	args := []string{"hey", "-c", strconv.Itoa(j.connections), "-z", seconds(j.length()), "-H", userHeader}
	if j.every > 0 {
		args = append(args, "-q", strconv.FormatFloat(1/j.every.Seconds(), 'g', 6, 64))
	}
	return append(args, j.url()+pollPath), nil, nil
}

// vegeta has as many workers as there are connections.
func vegeta(j job) ([]string, []string, error) {
	c := strconv.Itoa(j.connections)
	return attack(j, "-workers", c, "-max-workers", c, "-connections", c, "-max-connections", c)
}

// vegetaUnbounded has as many as it takes, which is its default.
func vegetaUnbounded(j job) ([]string, []string, error) { return attack(j) }

func attack(j job, bounds ...string) ([]string, []string, error) {
	targets := filepath.Join(j.dir, "targets")
	if err := os.WriteFile(targets, []byte("GET "+j.url()+pollPath+"\n"+userHeader+"\n"), 0o600); err != nil {
		return nil, nil, err
	}
	rate := "0"
	if j.every > 0 {
		rate = strconv.Itoa(j.rate())
	}
	args := []string{"vegeta", "attack", "-targets", targets, "-duration", seconds(j.length()), "-rate", rate, "-output", filepath.Join(j.dir, "vegeta.bin")}
	return append(args, bounds...), nil, nil
}

func fortio(j job) ([]string, []string, error) {
	qps := "0"
	if j.every > 0 {
		qps = strconv.Itoa(j.rate())
	}
	return []string{"fortio", "load", "-quiet", "-c", strconv.Itoa(j.connections), "-qps", qps, "-t", seconds(j.length()), "-p", "50,99,99.9", "-r", "0.0001",
		"-json", filepath.Join(j.dir, "fortio.json"), "-H", userHeader, j.url() + pollPath}, nil, nil
}

func bombardier(j job) ([]string, []string, error) {
	args := []string{"bombardier", "-c", strconv.Itoa(j.connections), "-d", seconds(j.length()), "-l", "-p", "r", "-o", "j", "-H", userHeader}
	if j.every > 0 {
		args = append(args, "-r", strconv.Itoa(j.rate()))
	}
	return append(args, j.url()+pollPath), nil, nil
}

// k6Arrivals lets the polls of all come by a schedule, with so many users to make them.
func k6Arrivals(j job) ([]string, []string, error) {
	args, environ, err := k6(j)
	return args, append(environ, "RATE="+strconv.Itoa(j.rate())), err
}

func k6(j job) ([]string, []string, error) {
	script := filepath.Join(j.dir, "k6_poll.js")
	if err := os.WriteFile(script, k6Script, 0o600); err != nil {
		return nil, nil, err
	}
	environ := []string{"TARGET=" + j.url(), "USERS=" + strconv.Itoa(j.connections), "LENGTH=" + seconds(j.length()),
		"EVERY=" + strconv.FormatFloat(j.every.Seconds(), 'g', -1, 64), "K6_NO_USAGE_REPORT=true"}
	return k6Run(j.dir, script), environ, nil
}

// k6Run is the command line of a script. Two at a time must not ask for the same port for k6's own
// use.
func k6Run(dir, script string) []string {
	return []string{"k6", "run", "--quiet", "--address", "127.0.0.1:0", "--summary-export", filepath.Join(dir, "k6.json"), script}
}

// fromText finds p50 and p99, each a number and its unit.
func fromText(p50, p99 string) func(context.Context, job, []byte) (latency, error) {
	median, high := regexp.MustCompile(p50), regexp.MustCompile(p99)
	return func(_ context.Context, _ job, stdout []byte) (latency, error) {
		a, b := median.FindSubmatch(stdout), high.FindSubmatch(stdout)
		if a == nil || b == nil {
			return latency{}, errNotFound
		}
		low, err1 := inSeconds(string(a[1]), string(a[2]))
		top, err2 := inSeconds(string(b[1]), string(b[2]))
		return latency{p50: low, p99: top}, errors.Join(err1, err2)
	}
}

func inSeconds(number, unit string) (float64, error) {
	n, err := strconv.ParseFloat(number, 64)
	switch unit {
	case "us":
		n /= 1e6
	case "ms":
		n /= 1e3
	}
	return n, err
}

func readVegeta(ctx context.Context, j job, _ []byte) (latency, error) {
	l, err := vegetaReport(ctx, j, "json", parseVegeta)
	if err != nil {
		return l, err
	}
	// The other report has no p99, and this one no p99.9.
	high, err := vegetaReport(ctx, j, "hdrplot", parseVegetaPlot)
	l.p999 = high.p999
	return l, err
}

func vegetaReport(ctx context.Context, j job, kind string, parse func([]byte) (latency, error)) (latency, error) {
	out, err := exec.CommandContext(ctx, "vegeta", "report", "-type", kind, filepath.Join(j.dir, "vegeta.bin")).Output()
	if err != nil {
		return latency{}, fmt.Errorf("vegeta report: %w", err)
	}
	return parse(out)
}

func parseVegeta(data []byte) (latency, error) {
	var r struct {
		Latencies struct {
			P50 float64 `json:"50th"` // nanoseconds
			P99 float64 `json:"99th"`
		} `json:"latencies"`
	}
	err := json.Unmarshal(data, &r)
	return found(latency{p50: r.Latencies.P50 / 1e9, p99: r.Latencies.P99 / 1e9}, err)
}

// parseVegetaPlot finds the first percentile that is not less than 99.9.
func parseVegetaPlot(data []byte) (latency, error) {
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line) // milliseconds, percentile, count, 1/(1-percentile)
		if len(fields) < 2 {
			continue
		}
		value, err1 := strconv.ParseFloat(fields[0], 64)
		share, err2 := strconv.ParseFloat(fields[1], 64)
		if err1 == nil && err2 == nil && share >= 0.999 {
			return latency{p999: value / 1e3}, nil
		}
	}
	return latency{}, errNotFound
}

func readFortio(_ context.Context, j job, _ []byte) (latency, error) {
	data, err := os.ReadFile(filepath.Join(j.dir, "fortio.json"))
	if err != nil {
		return latency{}, err
	}
	return parseFortio(data)
}

func parseFortio(data []byte) (latency, error) {
	var r struct {
		DurationHistogram struct {
			Percentiles []struct{ Percentile, Value float64 } // seconds
		}
	}
	err := json.Unmarshal(data, &r)
	var l latency
	for _, p := range r.DurationHistogram.Percentiles {
		switch p.Percentile {
		case 50:
			l.p50 = p.Value
		case 99:
			l.p99 = p.Value
		case 99.9:
			l.p999 = p.Value
		}
	}
	return found(l, err)
}

func readBombardier(_ context.Context, _ job, stdout []byte) (latency, error) {
	var r struct {
		Result struct {
			Latency struct {
				Percentiles map[string]float64 `json:"percentiles"` // microseconds
			} `json:"latency"`
		} `json:"result"`
	}
	err := json.Unmarshal(stdout, &r)
	p := r.Result.Latency.Percentiles
	return found(latency{p["50"] / 1e6, p["99"] / 1e6, p["99.9"] / 1e6}, err)
}

func readK6(_ context.Context, j job, _ []byte) (latency, error) {
	data, err := os.ReadFile(filepath.Join(j.dir, "k6.json"))
	if err != nil {
		return latency{}, err
	}
	return parseK6(data)
}

func parseK6(data []byte) (latency, error) {
	m, err := k6Metrics(data)
	at := func(percentile string) float64 { return m["http_req_duration"][percentile] / 1e3 }
	return found(latency{at("p(50)"), at("p(99)"), at("p(99.9)")}, err)
}

// k6Metrics reads the summary of k6: the numbers of each metric, times in milliseconds.
func k6Metrics(data []byte) (map[string]map[string]float64, error) {
	var r struct {
		Metrics map[string]map[string]any `json:"metrics"`
	}
	err := json.Unmarshal(data, &r)
	all := map[string]map[string]float64{}
	for name, values := range r.Metrics {
		all[name] = map[string]float64{}
		for key, value := range values {
			if n, ok := value.(float64); ok {
				all[name][key] = n
			}
		}
	}
	return all, err
}

// found refuses a latency that was not there.
func found(l latency, err error) (latency, error) {
	if err == nil && (l.p50 <= 0 || l.p99 <= 0) {
		err = errNotFound
	}
	return l, err
}

// installed splits what is built here or on the PATH from the names of what is not there.
func installed[T interface{ needs() string }](all []T) (there []T, missing []string) {
	for _, c := range all {
		program := c.needs()
		if _, err := exec.LookPath(program); err == nil || program == "" {
			there = append(there, c)
		} else if !slices.Contains(missing, program) {
			missing = append(missing, program)
		}
	}
	return there, missing
}
