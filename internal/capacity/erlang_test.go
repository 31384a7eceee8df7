package capacity

import (
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, slack float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > slack {
		t.Errorf("%s: got %.6g, want %.6g", what, got, want)
	}
}

// TestErlangB holds the recursion against the sum that defines Erlang B, and against tables of it.
func TestErlangB(t *testing.T) {
	for _, row := range []struct {
		servers int
		load    float64
		want    float64
		reason  string
	}{
		{10, 5, 0.018385, "tables of Erlang B: 5 erlangs on 10 lines"},
		{1, 1, 0.5, "one line: load/(1+load)"},
		{2, 1, 0.2, "by hand: (1/2)/(1+1+1/2)"},
		{10, 4.461, 0.01, "traffic tables: 10 lines carry 4.461 erlangs at 1 %"},
		{100, 84.06, 0.01, "traffic tables: 100 lines carry 84.06 erlangs at 1 %"},
		{0, 3, 1, "no line"},
		{5, 0, 0, "no load"},
		{100_000, 10, 0, "far too many lines underflow to 0"},
	} {
		near(t, row.reason, ErlangB(row.servers, row.load), row.want, 6e-6+row.want*1e-3)
	}
	for servers := 1; servers <= 30; servers++ {
		near(t, "the defining sum", ErlangB(servers, 12.5), sumB(servers, 12.5), 1e-12)
	}
	near(t, "Jagerman's asymptote of a critical load, sqrt(2/(pi*n))", ErlangB(1_000_000, 1_000_000), math.Sqrt(2/math.Pi/1e6), 2e-6)
}

// sumB is Erlang B as it is defined: (a^n/n!) / (sum of a^k/k!).
func sumB(servers int, load float64) float64 {
	term, total := 1.0, 1.0
	for k := 1; k <= servers; k++ {
		term *= load / float64(k)
		total += term
	}
	return term / total
}

// TestErlangC has the worked example of mitan.co.uk, "The Erlang-C Formula": 360 calls in half an
// hour of 4 minutes each, 55 agents, 15 s.
func TestErlangC(t *testing.T) {
	near(t, "share who wait", ErlangC(55, 48), 0.239, 5e-4)
	w := queue{servers: 55, arrivals: 0.2, service: 1.0 / 240}.waits(15)
	near(t, "mean wait", w.mean, 8.184, 5e-4)
	near(t, "answered within 15 s", w.within, 0.8459, 5e-5)
	near(t, "two servers, by hand: 2*rho^2/(1+rho)", ErlangC(2, 1), 1.0/3, 1e-12)
	near(t, "more work than servers", ErlangC(10, 10), 1, 0)
	if q := (queue{servers: 10, arrivals: 1, service: 0.1}); !q.overloaded() || !math.IsInf(q.waits(1).mean, 1) {
		t.Errorf("10 servers and 10 erlangs: %+v, want an endless wait", q.waits(1))
	}
}

// TestErlangA has 48 calls a minute of a minute each for 50 agents, with nobody giving up and with a
// mean patience of two minutes. The numbers are from a solution of the birth-death chain in another
// language: the stationary distribution by its balance, cut off at 20,000 customers, and the waits
// from the mean number in the queue by Little's law. The share within a time is held against [chain].
func TestErlangA(t *testing.T) {
	calls := queue{servers: 50, arrivals: 48.0 / 60, service: 1.0 / 60}
	c := calls.waits(20)
	near(t, "patient: waiting", c.waiting, 0.694455611, 1e-8)
	near(t, "patient: mean wait", c.mean, 20.833668336, 1e-8)
	calls.abandon = 1.0 / 120
	a := calls.waits(20)
	near(t, "impatient: waiting", a.waiting, 0.467774069, 1e-8)
	near(t, "impatient: give up", a.abandoned, 0.030912249, 1e-8)
	near(t, "impatient: mean wait", a.mean, 3.709469899, 1e-8)
	near(t, "impatient: agents busy", calls.load()*(1-a.abandoned)/50, 0.930324241, 1e-8)
}

// chain solves M/M/n+M without any formula: the balance of a birth-death chain, cut off where
// nothing is left, and the fate of one who finds so many in front by a chain of its own, taken
// through time in small steps (uniformization).
func chain(q queue, limit float64) (w waits) {
	n := q.servers
	most := n + 300
	p, total := make([]float64, most+1), 0.0
	for k, log := 0, 0.0; k <= most; k++ {
		if k > 0 {
			log += math.Log(q.arrivals) - math.Log(float64(min(k, n))*q.service+float64(max(k-n, 0))*q.abandon)
		}
		p[k] = log
	}
	highest := p[0]
	for _, v := range p {
		highest = max(highest, v)
	}
	for k := range p {
		p[k] = math.Exp(p[k] - highest)
		total += p[k]
	}
	queued := 0.0
	found := make([]float64, most-n+1) // waiting with so many in front, at the arrival
	for k := range p {
		p[k] /= total
		if k >= n {
			w.waiting += p[k]
			queued += p[k] * float64(k-n)
			found[k-n] = p[k]
		} else {
			w.within += p[k]
		}
	}
	w.mean = queued / q.arrivals
	w.abandoned = queued * q.abandon / q.arrivals
	drain := float64(n) * q.service
	pace := drain + float64(len(found)+1)*q.abandon
	steps := func(k int) float64 { // Poisson: so many steps within the limit
		g, _ := math.Lgamma(float64(k + 1))
		return math.Exp(float64(k)*math.Log(pace*limit) - pace*limit - g)
	}
	after := func(found []float64) (next []float64, served float64) {
		next = make([]float64, len(found))
		for j, v := range found {
			ahead := drain + float64(j)*q.abandon
			next[j] += v * (1 - (ahead+q.abandon)/pace)
			if j == 0 {
				served += v * drain / pace
			} else {
				next[j-1] += v * ahead / pace
			}
		}
		return next, served
	}
	// Served within the limit: sum over steps of P(steps by then) times served in them.
	served, reached := 0.0, steps(0)
	for step := 1; reached < 1-1e-12 && step < 100_000; step++ {
		var s float64
		found, s = after(found)
		served += s * (1 - reached) // the step is taken by then
		reached += steps(step)
	}
	w.within += served
	return w
}

// TestErlangAAgainstChain holds the formulas against a solution that shares nothing with them.
func TestErlangAAgainstChain(t *testing.T) {
	for _, q := range []queue{
		{servers: 50, arrivals: 0.8, service: 1.0 / 60, abandon: 1.0 / 120},
		{servers: 1, arrivals: 0.01, service: 1.0 / 60, abandon: 1.0 / 30},
		{servers: 4, arrivals: 0.5, service: 1.0 / 20, abandon: 1.0 / 15},   // overloaded
		{servers: 10, arrivals: 0.15, service: 1.0 / 60, abandon: 1.0 / 60}, // patience as long as service
		{servers: 30, arrivals: 0.6, service: 1.0 / 60, abandon: 1.0 / 5},   // hurried
	} {
		for _, limit := range []float64{1, 10, 40} {
			got, want := q.waits(limit), chain(q, limit)
			near(t, "waiting", got.waiting, want.waiting, 1e-9)
			near(t, "abandoned", got.abandoned, want.abandoned, 1e-9)
			near(t, "mean wait", got.mean, want.mean, 1e-7)
			near(t, "within", got.within, want.within, 1e-8)
		}
	}
}

// TestErlangAHolds checks what must be so for any size: that Erlang A turns into Erlang C when
// patience grows, that an overload loses what is too much, and that nothing overflows.
func TestErlangAHolds(t *testing.T) {
	c := queue{servers: 20, arrivals: 0.3, service: 1.0 / 60}
	a := c
	a.abandon = 1e-7
	near(t, "endless patience: within", a.waits(20).within, c.waits(20).within, 1e-4)
	near(t, "endless patience: answer", a.waits(20).answer, c.waits(20).answer, 1e-2)
	for _, q := range []queue{
		{servers: 40_000, arrivals: 200, service: 1.0 / 360, abandon: 1.0 / 120},
		{servers: 1_000_000, arrivals: 2800, service: 1.0 / 360, abandon: 1.0 / 600},
		{servers: 1, arrivals: 100, service: 1.0 / 360, abandon: 1.0 / 600},
	} {
		w := q.waits(20)
		for _, v := range []float64{w.waiting, w.abandoned, w.within, w.mean, w.answer} {
			if math.IsNaN(v) || v < 0 || math.IsInf(v, 0) {
				t.Errorf("%+v: %+v", q, w)
			}
		}
		if over := 1 - float64(q.servers)*q.service/q.arrivals; over > 0.01 {
			near(t, "an overload loses what is too much", w.abandoned, over, 1e-3)
		}
	}
	if w := (queue{servers: 0, arrivals: 1, service: 1, abandon: 0.1}).waits(20); w.abandoned != 1 || w.within != 0 {
		t.Errorf("no agents: %+v, want everybody to give up", w)
	}
}
