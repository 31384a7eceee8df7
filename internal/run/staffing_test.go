package run

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/capacity"
	"chatbench/internal/metric"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// staffed is one row of the table in docs/staffing.md.
type staffed struct {
	name     string
	arrivals float64 // a minute
	agents   int
	patience time.Duration // mean; 0: for ever
}

const (
	handling = 20 * time.Second // mean, in testdata/staffing.yaml
	places   = 2                // of an agent, there
	answerIn = 10 * time.Second
)

var (
	staffingTime = flag.Duration("staffing", 20*time.Minute, "virtual `time` of each run against Erlang")
	staffingRuns = flag.Int("staffing-runs", 6, "runs of each row against Erlang, at least 2, with seeds of their own")
)

// waited is what customers met, or were to meet: shares of those who came, and seconds.
type waited struct{ answered, waiting, answer, abandoned float64 }

func (w *waited) values() []*float64 {
	return []*float64{&w.answered, &w.waiting, &w.answer, &w.abandoned}
}

// scenario is the one of the row.
func (s staffed) scenario(t *testing.T, seed uint64) *scenario.Scenario {
	t.Helper()
	c := load(t, "testdata/staffing.yaml")
	c.Seed = seed
	for i := range c.Load.Stages {
		c.Load.Stages[i].Arrivals = s.arrivals / 60
	}
	c.Load.Stages[1].Length = *staffingTime
	c.Tenant.Agents.Count = s.agents
	expect := c.Flows[0].Steps[1].(scenario.Expect)
	if expect.Within.A = s.patience; s.patience == 0 {
		expect.Within = scenario.Constant(24 * time.Hour)
	}
	c.Flows[0].Steps[1] = expect
	return c
}

// play plays the row once. Waits are what the customers saw: from the queue notice to the agent's
// first word.
func (s staffed) play(t *testing.T, seed uint64) waited {
	t.Helper()
	c := s.scenario(t, seed)
	total := virtually(t, c, Options{}).Metrics.Total()
	visitors, wait := total.Counters.Flows["visitor"], total.Hist("queue_wait")
	came, gone := float64(visitors.Begun), float64(visitors.Ended[trace.GaveUp])
	queued := float64(wait.Count())
	return waited{
		answered: (came - gone - queued*beyond(wait, answerIn)) / came, waiting: (queued + gone) / came,
		answer: wait.Mean() * queued / (came - gone), abandoned: gone / came,
	}
}

// beyond is the share of a histogram's values over a limit.
func beyond(h *metric.Hist, limit time.Duration) float64 {
	const parts = 100_000
	return 1 - float64(sort.Search(parts, func(i int) bool { return h.Quantile(float64(i+1)/parts) > limit.Seconds() }))/parts
}

// expected is what the model says of the row.
func (s staffed) expected() waited {
	l := capacity.Demand{Arrivals: s.arrivals / 60, Handling: handling, Concurrent: places, Patience: s.patience, Within: answerIn}.With(s.agents)
	return waited{answered: l.Answered, waiting: l.Waiting, answer: l.Answer, abandoned: l.Abandoned}
}

// TestQueueAgainstErlang plays the embedded tenant's queue for days of virtual time and holds the
// waits that customers met against Erlang C and Erlang A. Each figure may be off by six standard
// errors, which with six runs (Student's t of five degrees of freedom) happens twice in a thousand
// times; they are taken from the spread between runs, because waits within a run are not independent.
// And by a little because a customer is told on the next poll. With -v it prints the table of
// docs/staffing.md.
func TestQueueAgainstErlang(t *testing.T) {
	if testing.Short() || slowed {
		t.Skip("plays for days of virtual time")
	}
	for _, row := range []staffed{
		{"Erlang C, calm", 21, 5, 0},
		{"Erlang C, busy", 25.5, 5, 0},
		{"Erlang C, more agents", 54, 10, 0},
		{"Erlang A, patient", 28.5, 5, 40 * time.Second},
		{"Erlang A, hurried", 28.5, 5, 10 * time.Second},
		{"Erlang A, overloaded", 45, 5, 20 * time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			runs := make([]waited, *staffingRuns)
			for i := range runs {
				runs[i] = row.play(t, uint64(i+1))
			}
			mean, spread := average(runs)
			want := row.expected()
			t.Logf("| %s | %g/min, %d agents | %s | %s | %s | %s |", row.name, row.arrivals, row.agents,
				cells(want.answered, mean.answered, spread.answered, 100, "%"), cells(want.waiting, mean.waiting, spread.waiting, 100, "%"),
				cells(want.answer, mean.answer, spread.answer, 1, "s"), cells(want.abandoned, mean.abandoned, spread.abandoned, 100, "%"))
			for i, name := range []string{"answered within 10 s", "waiting", "speed of answer", "abandoned"} {
				got, w, slack := *mean.values()[i], *want.values()[i], 6**spread.values()[i]+0.005*max(*want.values()[i], 0.02)
				if math.Abs(got-w) > slack {
					t.Errorf("%s: measured %.4f, the model says %.4f, more than %.4f apart", name, got, w, slack)
				}
			}
		})
	}
}

// inQueue is what a customer of the queue saw.
type inQueue struct{ came, served, left time.Duration }

// TestQueueServesWhoCameFirst plays a busy queue once and works out, customer by customer, when each
// should have been served: everybody in the order of coming, by the place that is free first (J. Kiefer
// and J. Wolfowitz, "On the theory of queues with many servers", Transactions of the American
// Mathematical Society 78, 1955). When they left is taken from the run, so that nothing is left to
// chance; a wait is longer by the pause between two polls at most, in which a customer is not told.
func TestQueueServesWhoCameFirst(t *testing.T) {
	if testing.Short() {
		t.Skip("plays for forty minutes of virtual time")
	}
	row := staffed{"busy", 25.5, 5, 0}
	free := make([]time.Duration, row.agents*places)
	waited := 0
	for _, c := range row.stays(t) {
		slices.Sort(free)
		want := max(c.came, free[0])
		if want > c.came {
			waited++
		}
		const pause = 10 * time.Millisecond // as in the scenario
		if off := c.served - want; off < 0 || off > pause {
			t.Fatalf("who came at %v was served at %v, want %v and no more than %v later", c.came, c.served, want, pause)
		}
		free[0] = c.left
	}
	if waited < 200 {
		t.Errorf("%d customers had to wait, want some hundred", waited)
	}
}

// stays plays the row once and gives what each customer saw, in the order of coming.
func (s staffed) stays(t *testing.T) (list []inQueue) {
	t.Helper()
	c := s.scenario(t, 3)
	dir := t.TempDir()
	virtually(t, c, Options{Out: dir, Trace: Policy{Share: 1}})
	f, err := os.Open(filepath.Join(dir, TraceFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	seen := map[int]*inQueue{}
	_, _, err = trace.Read(f, nil, func(e *trace.Event) error {
		switch {
		case e.Kind == trace.Return && e.Op == aicc.OpConnect:
			seen[e.Customer] = &inQueue{came: e.At}
		case e.Kind == trace.Deliver && e.Message.SourceType == aicc.FromAgent && e.Message.ControlType == aicc.Chat && seen[e.Customer].served == 0:
			seen[e.Customer].served = e.At
		case e.Kind == trace.Invoke && e.Op == aicc.OpDisconnect:
			seen[e.Customer].left = e.At
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range seen {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b inQueue) int { return cmp.Compare(a.came, b.came) })
	return list
}

// average gives the mean of some runs and its standard error.
func average(runs []waited) (mean, spread waited) {
	n := float64(len(runs))
	for i := range mean.values() {
		sum, squares := 0.0, 0.0
		for k := range runs {
			sum += *runs[k].values()[i]
		}
		for k := range runs {
			d := *runs[k].values()[i] - sum/n
			squares += d * d
		}
		*mean.values()[i], *spread.values()[i] = sum/n, math.Sqrt(squares/(n-1)/n)
	}
	return mean, spread
}

// cells is a figure of the table: model, measured and its standard error.
func cells(want, got, spread, unit float64, suffix string) string {
	return fmt.Sprintf("%.1f %s / %.1f ± %.1f", want*unit, suffix, got*unit, spread*unit)
}
