package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"chatbench/bench/loop"
	"chatbench/internal/result"
)

// load is what a client is asked for.
type load struct {
	part        string        // "closed", "paced", ...
	connections int           // or customers
	every       time.Duration // between two polls of one; 0: closed
	ramp        time.Duration // time in which customers come
	settle      time.Duration // until it is measured
	window      time.Duration // time that is measured
}

// margin is how long a client goes on behind the window, so that it is never measured ending.
const margin = 400 * time.Millisecond

func (l load) warmup() time.Duration { return l.ramp + l.settle }

func (l load) length() time.Duration { return l.warmup() + l.window + margin }

// job is a client's run: where it finds things and puts things.
type job struct {
	load
	address string // of the tenant, host and port
	dir     string // for files of this run
	bin     string // folder of the programs
	temp    string // folder of the comparison, for dir
}

func (j job) url() string { return "http://" + j.address }

// latency is what a client measured itself, in seconds; 0 is what it did not say.
type latency struct{ p50, p99, p999 float64 }

// commandLine gives the command line of a run, and what to add to its environment, or errNoSuchLoad.
type commandLine func(j job) (args, environ []string, err error)

// client is a program that can make polls.
type client struct {
	name    string
	program string // on the PATH; empty: it was built here
	command commandLine
	// read gives what the client measured from what it wrote.
	read func(ctx context.Context, j job, stdout []byte) (latency, error)
	// accepts lists the exit codes, beside 0, of a run that was made.
	accepts []int
	// warns gives what the client said against its own figures, from what it wrote; nil: the first
	// line with a complaint.
	warns func(j job, stdout, stderr []byte) string
}

func (c client) needs() string { return c.program }

// raw is the limit.
func raw() client {
	return client{
		name: "raw loop (parses nothing)",
		command: func(j job) ([]string, []string, error) {
			return []string{filepath.Join(j.bin, "rawloop"), "-target", j.address, "-c", fmt.Sprint(j.connections), "-every", j.every.String(),
				"-warmup", j.warmup().String(), "-for", (j.window + margin).String()}, nil, nil
		},
		read: func(_ context.Context, _ job, stdout []byte) (latency, error) {
			var r loop.Report
			err := json.Unmarshal(stdout, &r)
			return latency{r.Times.P50, r.Times.P99, r.Times.P999}, err
		},
	}
}

// tool is chatbench with everything on; policy is its --trace.
func tool(policy string) client {
	return client{
		name: "chatbench, trace " + policy,
		command: func(j job) ([]string, []string, error) {
			file := filepath.Join(j.dir, "polls.yaml")
			if err := os.WriteFile(file, []byte(pollScenario(j.load)), 0o600); err != nil {
				return nil, nil, err
			}
			args := []string{filepath.Join(j.bin, "chatbench"), "run", file, "--target", j.url(), "--quiet", "--json", "--trace", policy}
			if policy != "none" {
				args = append(args, "--out", filepath.Join(j.dir, "out"))
			}
			return args, nil, nil
		},
		read: func(_ context.Context, _ job, stdout []byte) (latency, error) {
			return readResult(stdout)
		},
		accepts: made(),
	}
}

// made lists the exit codes of chatbench, beside 0, with which a run is as good as any here: whether
// enough was shown about the tenant, whether it was fast and whether this machine was too busy for
// fair latencies is not what is asked.
func made() []int {
	return []int{int(result.ExitInconclusive), int(result.ExitPerformance), int(result.ExitInvalid)}
}

// pollScenario is a scenario of customers who only listen. Its pause is what the jitter leaves of
// the period, so that the rate is as asked for.
func pollScenario(l load) string {
	jitter := l.every / 10 // as the default is to the demo's pause: customers who fell into step lose it again
	return fmt.Sprintf(`chatbench: 1
name: polls
markers: off
probes: 0%%
drain: 1ms
load:
  - {customers: %[1]d, over: %[2]v, warmup: true}
  - {customers: %[1]d, for: %[3]v, warmup: true}
  - {customers: %[1]d, for: %[4]v}
poll: {pause: %[5]v, jitter: %[6]v}
flows: {listener: [{connect: hello}, {think: 10m}]}
gate: {lateness: 10s}
`, l.connections, l.ramp, l.settle, l.window+margin, l.every-jitter/2, jitter)
}

// readResult takes the service times of polls from a result.
func readResult(stdout []byte) (latency, error) {
	r, err := decode(stdout)
	if err != nil {
		return latency{}, err
	}
	return quantiles(r, "poll.service")
}

// decode reads a result whose exchanges all went well.
func decode(stdout []byte) (*result.Result, error) {
	r, err := result.Decode(stdout)
	if err != nil {
		return nil, err
	}
	if all := r.Metrics.All().Counters.AllExchanges(); all.Fail+all.Info > 0 {
		return nil, fmt.Errorf("%d exchanges failed", all.Fail+all.Info)
	}
	return r, nil
}

// quantiles are those of a metric, of the stages that count.
func quantiles(r *result.Result, metric string) (latency, error) {
	h := r.Metrics.Total().Hist(metric)
	if h.Count() == 0 {
		return latency{}, fmt.Errorf("no %s was measured", metric)
	}
	return latency{h.Quantile(0.5), h.Quantile(0.99), h.Quantile(0.999)}, nil
}
