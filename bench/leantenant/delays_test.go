package main

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/bench/loop"
	"chatbench/internal/aicc"
)

const ms = time.Millisecond

func TestAnswered(t *testing.T) {
	tests := []struct {
		why        string
		delays     delays
		came, want []time.Duration
	}{
		{"never late", delays{}, []time.Duration{0, 7 * ms}, []time.Duration{0, 7 * ms}},
		{"two at once are served at once", delays{service: 5 * ms}, []time.Duration{0, ms}, []time.Duration{5 * ms, 6 * ms}},
		{"a single server: the second waits, the third comes when it is free", delays{service: 5 * ms, single: true},
			[]time.Duration{0, ms, 20 * ms}, []time.Duration{5 * ms, 10 * ms, 25 * ms}},
		{"every third is slow", delays{service: ms, slow: 100 * ms, oneIn: 3},
			[]time.Duration{0, 0, 0, 0, 0, 0}, []time.Duration{ms, ms, 100 * ms, ms, ms, 100 * ms}},
		{"frozen: before it, begun before it, in it, at its end", delays{service: 5 * ms, freeze: 40 * ms, freezeAt: 100 * ms},
			[]time.Duration{95*ms - 1, 97 * ms, 100 * ms, 139 * ms, 140 * ms},
			[]time.Duration{100*ms - 1, 140 * ms, 145 * ms, 145 * ms, 145 * ms}},
		{"frozen from the beginning", delays{freeze: 40 * ms}, []time.Duration{0, 50 * ms}, []time.Duration{40 * ms, 50 * ms}},
		{"stalls: none at the beginning, then one in each period", delays{service: ms, stall: 20 * ms, every: 100 * ms},
			[]time.Duration{0, 50 * ms, 100 * ms, 119 * ms, 120 * ms, 215 * ms},
			[]time.Duration{ms, 51 * ms, 121 * ms, 121 * ms, 121 * ms, 221 * ms}},
		{"a single server behind a stall works off what has come", delays{service: 5 * ms, stall: 20 * ms, every: 100 * ms, single: true},
			[]time.Duration{100 * ms, 105 * ms}, []time.Duration{125 * ms, 130 * ms}},
	}
	for _, tt := range tests {
		c := clerk{delays: tt.delays}
		var got []time.Duration
		for _, came := range tt.came {
			got = append(got, c.answered(came))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: came at %v, answered (-want +got):\n%s", tt.why, tt.came, diff)
		}
	}
}

// The rows are worked out by hand, from what the delays say.
func TestScheduled(t *testing.T) {
	tests := []struct {
		why    string
		delays delays
		rate   int
		length time.Duration
		want   *loop.Percentiles
	}{
		{"no schedule", delays{service: ms}, 0, 0, nil},
		{"nobody comes within so short a time", delays{service: ms}, 1, ms, nil},
		{"everybody waits as long", delays{service: 5 * ms}, 100, time.Second, &loop.Percentiles{P50: 0.005, P90: 0.005, P99: 0.005, P999: 0.005, Max: 0.005}},
		// 4,000 callers, one each 5 ms. The caller of 7.995 s is answered at 8.000, so at 12 s. 800 come at 8.000
		// to 11.995 and are answered at 12.005: they wait 4.005, 4.000 ... 0.010 s. Beyond p90 are 400, beyond p99
		// 40, beyond p99.9 4 of the 801 long waits 4.005, 4.005, 4.000, 3.995 ...
		{"frozen for 4 of 20 s", delays{service: 5 * ms, freeze: 4 * time.Second, freezeAt: 8 * time.Second}, 200, 20 * time.Second,
			&loop.Percentiles{P50: 0.005, P90: 2.010, P99: 3.810, P999: 3.990, Max: 4.005}},
		// 10 s at 200/s: stalls begin at 2, 4, 6 and 8 s. In each 40 come, at 0, 5 ... 195 ms, and wait 201, 196 ... 6
		// ms: 160 of 2,000. Beyond p99 are 20: five of each, from 201 to 181 ms. Beyond p99.9 are two of the four of 201.
		{"stalls", delays{service: ms, stall: 200 * ms, every: 2 * time.Second}, 200, 10 * time.Second,
			&loop.Percentiles{P50: 0.001, P90: 0.001, P99: 0.176, P999: 0.201, Max: 0.201}},
		{"one in fifty is slow", delays{service: ms, slow: 100 * ms, oneIn: 50}, 200, 5 * time.Second,
			&loop.Percentiles{P50: 0.001, P90: 0.001, P99: 0.1, P999: 0.1, Max: 0.1}},
		{"one server, almost busy, and nobody in step: nobody waits for another", delays{service: 5 * ms, single: true}, 190, 5 * time.Second,
			&loop.Percentiles{P50: 0.005, P90: 0.005, P99: 0.005, P999: 0.005, Max: 0.005}},
		// Each comes 5 ms behind the one before it and waits 5 ms longer: 10, 15 ... 60 ms, ten callers.
		{"one server with too much to do", delays{service: 10 * ms, single: true}, 200, 50 * ms,
			&loop.Percentiles{P50: 0.030, P90: 0.050, P99: 0.055, P999: 0.055, Max: 0.055}},
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, tt.delays.scheduled(tt.rate, tt.length), near); diff != "" {
			t.Errorf("%s: %+v, %d/s for %v (-want +got):\n%s", tt.why, tt.delays, tt.rate, tt.length, diff)
		}
	}
}

func TestDelaysAreChecked(t *testing.T) {
	tests := []struct {
		why    string
		delays delays
		want   string // in the error; empty: none
	}{
		{"never late", delays{}, ""},
		{"all that goes together", delays{service: ms, slow: 2 * ms, oneIn: 5, freeze: time.Second, freezeAt: time.Second, single: true}, ""},
		{"before it came", delays{service: -ms}, "less than 0"},
		{"how many?", delays{slow: ms}, "-one-in belong together"},
		{"how slow?", delays{oneIn: 2}, "-one-in belong together"},
		{"for ever", delays{stall: ms, every: ms}, "needs a longer -every"},
		{"one could end within the other", delays{stall: ms, every: 2 * ms, freeze: ms}, "exclude each other"},
	}
	for _, tt := range tests {
		err := tt.delays.check()
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %q, for %+v", tt.why, err, tt.want, tt.delays)
		}
	}
}

func TestWhatCounts(t *testing.T) {
	to := &aicc.Target{Host: "h"}
	send := func(control string) []byte {
		return to.AppendSend(nil, aicc.Auth{User: "u"}, &aicc.Send{Control: control, Content: "hello"})
	}
	tests := []struct {
		why             string
		data            []byte
		polls, connects bool
	}{
		{"a poll", to.AppendPoll(nil, aicc.Auth{User: "u"}, "u1", false), true, false},
		{"CONNECT", send(aicc.Connect), false, true},
		{"DISCONNECT ends with the same letters", send(aicc.Disconnect), false, false},
		{"a text", send(aicc.Chat), false, false},
	}
	for _, tt := range tests {
		r, err := readRequest(tt.data)
		if err != nil {
			t.Fatal(err)
		}
		polls, connects := (&delays{}).counts(r), (&delays{connects: true}).counts(r)
		if polls != tt.polls || connects != tt.connects {
			t.Errorf("%s: counts among polls %v, among CONNECTs %v; want %v and %v, from %q", tt.why, polls, connects, tt.polls, tt.connects, tt.data)
		}
	}
}

// naive finds when requests are answered by going through the milliseconds one by one.
func naive(d delays, came []time.Duration) []time.Duration {
	frozen := func(t time.Duration) bool {
		in := d.freeze > 0 && t >= d.freezeAt && t < d.freezeAt+d.freeze
		return in || d.stall > 0 && t >= d.every && t%d.every < d.stall
	}
	next := func(t time.Duration) time.Duration {
		for frozen(t) {
			t += ms
		}
		return t
	}
	var answers []time.Duration
	for i, at := range came {
		if d.single && i > 0 {
			at = max(at, answers[i-1])
		}
		length := d.service
		if d.oneIn > 0 && (i+1)%d.oneIn == 0 {
			length = d.slow
		}
		answers = append(answers, next(next(at)+length))
	}
	return answers
}

// TestAnsweredAsSlowly holds the arithmetic against the naive way, with delays and arrivals drawn.
func TestAnsweredAsSlowly(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	upTo := func(n int) time.Duration { return time.Duration(random.IntN(n+1)) * ms }
	for range 2000 {
		d := delays{service: upTo(20), single: random.IntN(2) == 0}
		switch random.IntN(3) {
		case 0:
			d.freeze, d.freezeAt = upTo(50), upTo(100)
		case 1:
			d.stall = upTo(20)
			d.every = d.stall + ms + upTo(50)
		}
		if random.IntN(2) == 0 {
			d.slow, d.oneIn = ms+upTo(40), 1+random.IntN(5)
		}
		if err := d.check(); err != nil {
			t.Fatalf("%+v: %v", d, err)
		}
		var came, got []time.Duration
		c := clerk{delays: d}
		for at := upTo(10); at < 200*ms; at += upTo(10) {
			came = append(came, at)
			got = append(got, c.answered(at))
		}
		if diff := cmp.Diff(naive(d, came), got); diff != "" {
			t.Fatalf("%+v, came at %v, answered (-naive +got):\n%s", d, came, diff)
		}
	}
}
