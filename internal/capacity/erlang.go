package capacity

import "math"

// ErlangB is the share of calls that find all servers busy when nobody waits, with the load in
// erlangs (arrivals in the time that one takes). It is Erlang's recursion, which adds and divides
// positive numbers only and so holds for any number of servers:
//
//	B(0) = 1,  B(k) = load*B(k-1) / (k + load*B(k-1))
//
// Source: A. K. Erlang, 1917; in this form Gans, Koole and Mandelbaum, "Telephone Call Centers",
// M&SOM 5 (2003), appendix. A load of 0 or less gives 0.
func ErlangB(servers int, load float64) float64 {
	if load <= 0 {
		return 0
	}
	b := 1.0
	for k := 1; k <= servers; k++ {
		b = load * b / (float64(k) + load*b)
		if b < math.SmallestNonzeroFloat64*1e20 { // it only falls from here on
			return 0
		}
	}
	return b
}

// ErlangC is the share of calls that wait when everybody waits for as long as it takes (M/M/n). It
// is 1 when the load is not less than the servers: then the queue grows without end.
func ErlangC(servers int, load float64) float64 {
	n := float64(servers)
	if load <= 0 {
		return 0
	}
	if load >= n {
		return 1
	}
	b := ErlangB(servers, load)
	return n * b / (n - load*(1-b))
}

// queue is Poisson arrivals at servers that take exponential times, where customers wait for
// exponential times at most. Rates are per second; patience 0 is endless.
type queue struct {
	servers  int
	arrivals float64
	service  float64 // rate of one server, more than 0
	abandon  float64 // rate of one who waits; 0: nobody gives up
}

// waits is what becomes of an arrival.
type waits struct {
	waiting   float64 // share who find all servers busy
	abandoned float64 // share of all who give up
	within    float64 // share of all who are served within the limit
	mean      float64 // seconds, of all
	answer    float64 // seconds, of those who are served
}

func (q queue) load() float64 { return q.arrivals / q.service }

// overloaded reports whether the queue grows without end.
func (q queue) overloaded() bool { return q.abandon == 0 && q.load() >= float64(q.servers) }

// waits solves the queue; limit is in seconds.
func (q queue) waits(limit float64) waits {
	switch {
	case q.arrivals <= 0:
		return waits{within: 1}
	case q.overloaded():
		return waits{waiting: 1, mean: math.Inf(1), answer: math.Inf(1)}
	case q.abandon == 0:
		return q.patient(limit)
	}
	return q.impatient(limit)
}

// patient is M/M/n: who waits does so for an exponential time.
func (q queue) patient(limit float64) waits {
	waiting := ErlangC(q.servers, q.load())
	spare := float64(q.servers)*q.service - q.arrivals
	mean := waiting / spare
	return waits{waiting: waiting, within: 1 - waiting*math.Exp(-spare*limit), mean: mean, answer: mean}
}

// impatient is M/M/n+M, Palm's queue, called Erlang A. With
//
//	x = servers*service/abandon,  y = arrivals/abandon,  r = y/x,
//	A(x, y) = 1 + y/(x+1) + y^2/((x+1)(x+2)) + ...,
//
// Mandelbaum and Zeltyn, "Service engineering in action: the Palm/Erlang-A queue, with
// applications to call centers" (2007), section 4, give
//
//	P(wait)           = A*B / (1 + (A-1)*B)     with Erlang B for B
//	P(abandon | wait) = 1 - (1 - 1/A)/r
//	E[wait]           = P(abandon) / abandon.
//
// The wait that a customer of endless patience meets has, beyond 0, a density in proportion to
// F(t) = exp(y*(1-exp(-abandon*t)) - servers*service*t) (Baccelli and Hebuterne, 1981). Integrating
// exp(-abandon*t)*F(t) by parts gives the share of those who wait and are served within t:
//
//	(1 - 1/A(x, y) - F(t)*(A(x, y*exp(-abandon*t)) - 1)/A(x, y)) / r.
//
// All of it is computed with logarithms of A and F, so that neither many servers nor a load far
// beyond them overflows.
func (q queue) impatient(limit float64) waits {
	x := float64(q.servers) * q.service / q.abandon
	y := q.arrivals / q.abandon
	if q.servers == 0 {
		return waits{waiting: 1, abandoned: 1, mean: 1 / q.abandon}
	}
	a := logOnePlus(logSeries(x, y))
	b := ErlangB(q.servers, q.load())
	var w waits
	if b > 0 {
		w.waiting = 1 / (1 + (1-b)*math.Exp(-a-math.Log(b)))
	}
	served := -math.Expm1(-a) * x / y // of those who wait
	w.abandoned = w.waiting * max(1-served, 0)
	w.mean = w.abandoned / q.abandon
	left := math.Exp(-q.abandon * limit)
	f := y*(1-left) - float64(q.servers)*q.service*limit
	soon := (-math.Expm1(-a) - math.Exp(f-a+logSeries(x, y*left))) * x / y
	w.within = min(1-w.waiting+w.waiting*max(soon, 0), 1)
	if total := 1 - w.abandoned; total > 0 {
		w.answer = w.waiting * q.servedWait(a) / total
	}
	return w
}

// logSeries is the logarithm of A(x, y) - 1 above. The terms grow while y > x+j and shrink behind
// that; what is left out is less than the rounding error.
func logSeries(x, y float64) float64 {
	if y <= 0 {
		return math.Inf(-1)
	}
	const scale = 1e250
	term, sum, shift := 1.0, 0.0, 0.0
	for j := 1.0; ; j++ {
		ratio := y / (x + j)
		term *= ratio
		sum += term
		if sum > scale {
			term, sum, shift = term/scale, sum/scale, shift+math.Log(scale)
		}
		if ratio < 1 && term*ratio/(1-ratio) < sum*1e-16 {
			return math.Log(sum) + shift
		}
	}
}

// logOnePlus is log(1 + exp(v)).
func logOnePlus(v float64) float64 {
	if v > 40 {
		return v
	}
	return math.Log1p(math.Exp(v))
}

// servedWait is the mean of wait times "is served", for those who wait: the integral of
// t*exp(-abandon*t)*F(t) over that of F, by Simpson's rule between the points at which the
// integrand is e^-40 of its peak; a is log A(x, y), and F has the integral A/(servers*service).
func (q queue) servedWait(a float64) float64 {
	drain := float64(q.servers) * q.service
	logF := func(t float64) float64 {
		return q.arrivals/q.abandon*(1-math.Exp(-q.abandon*t)) - (drain+q.abandon)*t
	}
	peak := max(math.Log(q.arrivals/(drain+q.abandon))/q.abandon, 0)
	width := 1 / drain
	low, high := peak, peak
	for step := width; low > 0 && logF(low) > logF(peak)-40; step *= 2 {
		low = max(peak-step, 0)
	}
	for step := width; logF(high) > logF(peak)-40; step *= 2 {
		high = peak + step
	}
	const parts = 4000 // even
	h := (high - low) / parts
	sum := 0.0
	for i := range parts + 1 {
		t := low + float64(i)*h
		weight := 2 + 2*float64(i%2)
		if i == 0 || i == parts {
			weight = 1
		}
		sum += weight * t * math.Exp(logF(t)-a)
	}
	return sum * h / 3 * drain
}
