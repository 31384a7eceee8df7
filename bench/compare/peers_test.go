package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// readers are the parsers by the client whose output they read.
func readers() map[string]func([]byte) (latency, error) {
	all := map[string]func([]byte) (latency, error){"vegeta": parseVegeta, "fortio": parseFortio, "k6": parseK6}
	for _, c := range peers() {
		if all[c.name] == nil {
			all[c.name] = func(data []byte) (latency, error) { return c.read(context.Background(), job{}, data) }
		}
	}
	return all
}

func TestReadPeers(t *testing.T) {
	tests := []struct {
		client, why, output string
		want                latency
	}{
		{"wrk", "mixed units", "  Latency Distribution\n     50%  691.00us\n     75%    1.01ms\n     90%    1.40ms\n     99%    2.36ms\n  310210 requests in 3.00s\n",
			latency{691e-6, 2.36e-3}},
		{"wrk", "a slow server", "     50%    1.20s \n     99%    2.00s \n", latency{1.2, 2}},
		{"hey", "seconds", "Latency distribution:\n  10% in 0.0008 secs\n  50% in 0.0042 secs\n  99% in 0.0241 secs\n", latency{4.2e-3, 24.1e-3}},
		{"hey", "a version that prints the sign twice", "  50%% in 0.0042 secs\n  99%% in 0.0241 secs\n", latency{4.2e-3, 24.1e-3}},
		{"vegeta", "nanoseconds", `{"latencies":{"total":1,"mean":2,"50th":1500000,"90th":2,"99th":9000000,"max":3},"requests":7}`, latency{1.5e-3, 9e-3}},
		{"fortio", "seconds", `{"DurationHistogram":{"Count":3,"Percentiles":[{"Percentile":50,"Value":0.0015},{"Percentile":99,"Value":0.009}]}}`, latency{1.5e-3, 9e-3}},
		{"bombardier", "microseconds", `{"spec":{},"result":{"req2xx":7,"latency":{"mean":2,"max":3,"percentiles":{"50":1500,"75":1,"99":9000}}}}`, latency{1.5e-3, 9e-3}},
		{"k6", "milliseconds", `{"metrics":{"vus":{"value":3},"http_req_duration":{"p(50)":1.5,"p(99)":9}}}`, latency{1.5e-3, 9e-3}},
	}
	near := cmp.Comparer(func(a, b latency) bool {
		return max(a.p50-b.p50, b.p50-a.p50, a.p99-b.p99, b.p99-a.p99) < 1e-9
	})
	for _, tt := range tests {
		got, err := readers()[tt.client]([]byte(tt.output))
		if err != nil || !cmp.Equal(tt.want, got, near) {
			t.Errorf("%s, %s: got %+v, error %v; want %+v, from\n%s", tt.client, tt.why, got, err, tt.want, tt.output)
		}
	}
}

func TestReadPeersWithoutFigures(t *testing.T) {
	for name, read := range readers() {
		for _, output := range []string{"{}", `{"metrics": {"http_req_duration": {}}}`, "no such host"} {
			if got, err := read([]byte(output)); err == nil {
				t.Errorf("%s: got %+v and no error, from %q", name, got, output)
			}
		}
	}
}

func TestPeersAskForTheLoad(t *testing.T) {
	closed := load{part: "closed", connections: 100, ramp: time.Second, settle: time.Second, window: 2600 * time.Millisecond}
	paced := load{part: "paced", connections: 2000, every: time.Second, ramp: time.Second, settle: time.Second, window: 2600 * time.Millisecond}
	tests := []struct {
		client, why string
		load        load
		want        []string // neighbours in the command line; nil: no command
	}{
		{"wrk", "whole seconds, and not too few", closed, []string{"-d", "6s"}},
		{"wrk", "it has no pace", paced, nil},
		{"hey", "one a second for each worker", paced, []string{"-q", "1"}},
		{"hey", "the whole length", closed, []string{"-z", "5s"}},
		{"vegeta", "0 is as fast as it can", closed, []string{"-rate", "0"}},
		{"vegeta", "the rate of all", paced, []string{"-rate", "2000"}},
		{"fortio", "0 is as fast as it can", closed, []string{"-qps", "0"}},
		{"fortio", "the rate of all", paced, []string{"-qps", "2000"}},
		{"bombardier", "the rate of all", paced, []string{"-r", "2000"}},
		{"k6", "its own summary", closed, []string{"run", "--quiet"}},
	}
	for _, tt := range tests {
		c := peers()[slices.IndexFunc(peers(), func(c client) bool { return c.name == tt.client })]
		args, _, err := c.command(job{load: tt.load, address: "127.0.0.1:1", dir: t.TempDir()})
		if (tt.want == nil) != errors.Is(err, errNoSuchLoad) {
			t.Errorf("%s, %s: got error %v, want one: %v", tt.client, tt.why, err, tt.want == nil)
		}
		joined := " " + strings.Join(args, " ") + " "
		if tt.want != nil && !strings.Contains(joined, " "+strings.Join(tt.want, " ")+" ") {
			t.Errorf("%s, %s: got %q, want %q in it", tt.client, tt.why, joined, tt.want)
		}
	}
}

func TestK6ReadsWhatIsInItsEnvironment(t *testing.T) {
	j := job{load: load{connections: 7, every: time.Second, window: time.Second}, address: "127.0.0.1:1", dir: t.TempDir()}
	args, environ, err := k6(j)
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(args[len(args)-1])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"TARGET", "USERS", "LENGTH", "EVERY"} {
		given := slices.ContainsFunc(environ, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		if !given || !strings.Contains(string(script), "__ENV."+name) {
			t.Errorf("%s: in the environment %v, in the script %v; want both", name, environ, strings.Contains(string(script), "__ENV."+name))
		}
	}
}

func TestInstalledNamesTheMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	there, missing := installed(peers())
	if len(there) != 0 || !slices.Equal(missing, []string{"wrk", "hey", "vegeta", "fortio", "bombardier", "k6"}) {
		t.Errorf("on an empty PATH: %d found, missing %v; want none and all six", len(there), missing)
	}
}

func TestFound(t *testing.T) {
	if _, err := found(latency{0, 1}, nil); !errors.Is(err, errNotFound) {
		t.Errorf("a p50 of 0: got %v, want %v", err, errNotFound)
	}
}
