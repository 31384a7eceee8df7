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
			latency{p50: 691e-6, p99: 2.36e-3}},
		{"wrk", "a slow server", "     50%    1.20s \n     99%    2.00s \n", latency{p50: 1.2, p99: 2}},
		{"hey", "seconds", "Latency distribution:\n  10% in 0.0008 secs\n  50% in 0.0042 secs\n  99% in 0.0241 secs\n", latency{p50: 4.2e-3, p99: 24.1e-3}},
		{"hey", "a version that prints the sign twice", "  50%% in 0.0042 secs\n  99%% in 0.0241 secs\n", latency{p50: 4.2e-3, p99: 24.1e-3}},
		{"vegeta", "nanoseconds", `{"latencies":{"total":1,"mean":2,"50th":1500000,"90th":2,"99th":9000000,"max":3},"requests":7}`, latency{p50: 1.5e-3, p99: 9e-3}},
		{"fortio", "seconds", `{"DurationHistogram":{"Count":3,"Percentiles":[{"Percentile":50,"Value":0.0015},{"Percentile":99,"Value":0.009}]}}`, latency{p50: 1.5e-3, p99: 9e-3}},
		{"fortio", "the high percentile too", `{"DurationHistogram":{"Percentiles":[{"Percentile":50,"Value":0.0015},{"Percentile":99,"Value":0.009},{"Percentile":99.9,"Value":0.02}]}}`,
			latency{1.5e-3, 9e-3, 20e-3}},
		{"bombardier", "microseconds", `{"spec":{},"result":{"req2xx":7,"latency":{"mean":2,"max":3,"percentiles":{"50":1500,"75":1,"99":9000}}}}`, latency{p50: 1.5e-3, p99: 9e-3}},
		{"k6", "milliseconds", `{"metrics":{"vus":{"value":3},"http_req_duration":{"p(50)":1.5,"p(99)":9,"p(99.9)":20,"x":{}}}}`, latency{1.5e-3, 9e-3, 20e-3}},
	}
	near := cmp.Comparer(func(a, b latency) bool {
		return max(a.p50-b.p50, b.p50-a.p50, a.p99-b.p99, b.p99-a.p99, a.p999-b.p999, b.p999-a.p999) < 1e-9
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
		{"hey", "ten workers make 190 a second", scene{rate: 190, length: time.Second}.load(10), []string{"-q", "19"}},
		{"fortio", "190 a second, whatever the rounding", scene{rate: 190, length: time.Second}.load(10), []string{"-qps", "190"}},
		{"hey", "the whole length of a scene", scene{rate: 200, length: 8 * time.Second}.load(10), []string{"-z", "8s"}},
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
	_, arriving, err := k6Arrivals(j)
	if err != nil {
		t.Fatal(err)
	}
	environ = append(environ, arriving[len(arriving)-1])
	for _, name := range []string{"TARGET", "USERS", "LENGTH", "EVERY", "RATE"} {
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

func TestParseVegetaPlot(t *testing.T) {
	const head = "Value(ms)  Percentile  TotalCount  1/(1-Percentile)\n0.112718   0.000000    0           1.000000\n"
	tests := []struct {
		why, output string
		want        latency
		err         error
	}{
		{"it has no row of 99.9: the one above", head + "2.319826   0.998828    400         853.24\n2.387493   0.999023    400         1023.54\n9.9   0.9995    400         2000\n",
			latency{p999: 2.387493e-3}, nil},
		{"too short", head, latency{}, errNotFound},
		{"something else", "no results\n", latency{}, errNotFound},
	}
	for _, tt := range tests {
		if got, err := parseVegetaPlot([]byte(tt.output)); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: got %+v, %v; want %+v, %v, from\n%s", tt.why, got, err, tt.want, tt.err, tt.output)
		}
	}
}

func TestFound(t *testing.T) {
	if _, err := found(latency{p50: 0, p99: 1}, nil); !errors.Is(err, errNotFound) {
		t.Errorf("a p50 of 0: got %v, want %v", err, errNotFound)
	}
}
