package gate

import (
	"fmt"
	"time"

	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// runningLevel is the confidence with which a run that goes on is judged. It is looked at again and
// again, and each look is a chance to be wrong: at 95 % every third good run would be ended by the
// twentieth look (Armitage, McPherson and Rowe 1969, "Repeated significance tests on accumulating
// data", Journal of the Royal Statistical Society A 132, give 25 %).
const runningLevel = 0.999

// Abort is why a run was ended before its time.
type Abort struct {
	At   time.Duration // on the run's clock
	Gate result.Gate   // the one that had failed
}

// sentence tells it.
func (a *Abort) sentence() string {
	return fmt.Sprintf("The run was ended after %v, because a gate had failed for good. %s", a.At.Round(time.Second), a.Gate.Sentence)
}

// exit is the exit code that its gate calls for.
func (a *Abort) exit() result.Exit {
	if a.Gate.Kind == result.GateConformance {
		return result.ExitConformance
	}
	return result.ExitPerformance
}

// Hopeless looks at a run that goes on, of which r has the rules, the metrics and the lateness so
// far, and gives the first gate that has failed for good: a rule was broken, or a limit is missed
// with a confidence of 99.9 %. It is nil when there is none. What more samples could mend is not
// looked at, and when the generator itself is late nothing is known of the tenant's speed. r is of
// no further use.
func Hopeless(r *result.Result, s *scenario.Scenario, now time.Time) *result.Gate {
	j := judge{r: r, total: r.Metrics.Total(), running: true}
	j.known(s, Ending{Now: now})
	j.conformance(s.Gate.Strict)
	j.lateness(s.Gate.MaxLateness)
	if !j.invalid {
		j.missed(s.Gate.MaxMissed)
		for _, l := range s.Gate.Latency {
			j.latency(l)
		}
		for _, l := range s.Gate.Errors {
			j.errors(l)
		}
	}
	for i := range r.Gates {
		if r.Gates[i].Verdict == result.Fail {
			return &r.Gates[i]
		}
	}
	return nil
}

// certain reports whether so many missed expectations are too many whatever comes: where none may be
// missed one is.
func (j *judge) certain(missed, of int64, limit float64) bool {
	if limit == 0 || !j.running {
		return true
	}
	part, _ := j.r.Metrics.Part("")
	e := part.At(runningLevel).Failures(missed, of, func(p *metric.Point) int64 { return p.Failed + p.Info })
	return e.Low > limit
}

// ended adds why a run was ended early.
func (j *judge) ended(a *Abort) {
	verdict, exit := result.Fail, a.exit()
	if j.invalid && exit == result.ExitPerformance {
		verdict, exit = result.Invalid, result.ExitInvalid
	}
	j.add(verdict, exit, a.sentence())
}
