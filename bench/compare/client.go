package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"chatbench/bench/loop"
	"chatbench/internal/result"
)

// load is what a client is asked for.
type load struct {
	part        string        // "closed", "paced", "flat"
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

// latency is what a client measured itself, in seconds.
type latency struct{ p50, p99 float64 }

// client is a program that can make polls.
type client struct {
	name string
	// command gives the command line of a run, and what to add to its environment, or
	// errNoSuchLoad.
	command func(j job) (args, environ []string, err error)
	// read gives what the client measured from what it wrote.
	read func(ctx context.Context, j job, stdout []byte) (latency, error)
	// accepts lists the exit codes, beside 0, of a run that was made.
	accepts []int
}

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
			return latency{r.Times.P50, r.Times.P99}, err
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

// pollScenario is a scenario of customers who only listen.
func pollScenario(l load) string {
	jitter := time.Duration(0)
	if l.every > 0 {
		jitter = 10 * time.Millisecond // the default
	}
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
`, l.connections, l.ramp, l.settle, l.window+margin, l.every, jitter)
}

func readResult(stdout []byte) (latency, error) {
	r, err := result.Decode(stdout)
	if err != nil {
		return latency{}, err
	}
	if all := r.Metrics.All().Counters.AllExchanges(); all.Fail+all.Info > 0 {
		return latency{}, fmt.Errorf("%d exchanges failed", all.Fail+all.Info)
	}
	polls := r.Metrics.Total().Hist("poll.service")
	if polls.Count() == 0 {
		return latency{}, errors.New("no poll was measured")
	}
	return latency{polls.Quantile(0.5), polls.Quantile(0.99)}, nil
}
