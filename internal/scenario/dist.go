package scenario

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Shape is the kind of a distribution of times.
type Shape uint8

// The shapes a scenario can ask for.
const (
	Uniform     Shape = iota // A to B; a constant when they are equal
	Lognormal                // A is the median, B the 95th percentile
	Exponential              // A is the mean
)

// Dist is a distribution of times. The zero value is always 0.
type Dist struct {
	Shape Shape
	A, B  time.Duration
}

// Constant is the distribution that always gives d.
func Constant(d time.Duration) Dist { return Dist{A: d, B: d} }

// z95 is the 95 % point of the standard normal distribution.
const z95 = 1.6448536269514722

// Draw gives the next value, never negative. It uses exactly one draw of r when the value is
// random and none when it is constant.
func (d Dist) Draw(r *rand.Rand) time.Duration {
	switch d.Shape {
	case Lognormal:
		sigma := math.Log(float64(d.B)/float64(d.A)) / z95
		return clamp(float64(d.A) * math.Exp(sigma*r.NormFloat64()))
	case Exponential:
		return clamp(float64(d.A) * r.ExpFloat64())
	}
	if d.B <= d.A {
		return d.A
	}
	return d.A + time.Duration(r.Int64N(int64(d.B-d.A)+1))
}

// longest keeps the tail of an unbounded distribution inside what a timer can hold.
const longest = 24 * time.Hour

func clamp(ns float64) time.Duration { return time.Duration(min(ns, float64(longest))) }

// Max is the largest value Draw can give, or the 99.9th percentile where there is none.
func (d Dist) Max() time.Duration {
	switch d.Shape {
	case Lognormal:
		const z999 = 3.090232306167813
		sigma := math.Log(float64(d.B)/float64(d.A)) / z95
		return clamp(float64(d.A) * math.Exp(sigma*z999))
	case Exponential:
		return clamp(float64(d.A) * math.Log(1000))
	}
	return max(d.A, d.B)
}

// String writes the distribution as a scenario does.
func (d Dist) String() string {
	switch d.Shape {
	case Lognormal:
		return fmt.Sprintf("{lognormal: {p50: %v, p95: %v}}", d.A, d.B)
	case Exponential:
		return fmt.Sprintf("{exponential: %v}", d.A)
	}
	if d.A == d.B {
		return d.A.String()
	}
	return fmt.Sprintf("%v..%v", d.A, d.B)
}
