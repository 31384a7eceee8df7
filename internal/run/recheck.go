package run

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/gate"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// RecheckOptions is one check of a recorded trace.
type RecheckOptions struct {
	File    string
	Version string // of chatbench
	Command []string
	Strict  bool
	Rules   Choice                  // rules that the trace has off stay off unless named one by one
	Known   []scenario.KnownFailure // may be nil
	Now     time.Time               // the day that known failures are held against
}

// Recheck judges a recorded trace. Customers whose last conversation has no end in the file, as
// after a crash, are judged as far as it goes. Errors are about the file.
func Recheck(r io.Reader, opt RecheckOptions) (*result.Result, error) {
	sessions := map[int]*replayed{}
	var checker *check.Checker
	var recorder *metric.Recorder
	var last time.Duration
	begin := func(h trace.Header) {
		o := checking(&h, opt.Rules)
		o.Reproduce = func(customer int) string {
			return fmt.Sprintf("chatbench check %s  # customer %d", opt.File, customer)
		}
		checker = check.New(o)
		recorder = metric.NewRecorder(nil, 1, metric.Options{Wall: h.Start, SameClock: h.Journal, Run: h.Run})
	}
	h, truncated, err := trace.Read(r, begin, func(e *trace.Event) error {
		s := sessions[e.Customer]
		if s == nil {
			s = &replayed{session: checker.Customer(e.Customer), meter: recorder.Customer(e.Customer)}
			sessions[e.Customer] = s
		}
		last = max(last, e.At) // customers are in order each, not among themselves
		return s.observe(e)
	})
	if err != nil {
		return nil, err
	}
	if truncated {
		checker.Abort(check.RunAborted)
	}
	for _, s := range sessions {
		s.session.Close()
	}
	metrics := recorder.Finish()
	res := &result.Result{
		Schema: result.Schema1, Tool: result.Tool{Version: opt.Version, Go: runtime.Version()},
		Scenario: result.Scenario{Name: h.Scenario, Hash: h.Hash, Seed: h.Seed},
		Target:   result.Target{Kind: result.Recorded, Note: "trace " + opt.File},
		Run:      result.Run{ID: strconv.FormatUint(h.Run, 36), Start: h.Start, End: h.Start.Add(last), Command: result.MaskArgs(opt.Command)},
		Rules:    checker.Report(), Metrics: metrics, Health: metric.Health{}.WithLateness(metrics),
	}
	if truncated {
		res.Notes = append(res.Notes, "The trace ends in the middle, as after a crash; it was read up to its last whole line.")
	}
	if note := partial(&h); note != "" {
		res.Notes = append(res.Notes, note)
	}
	demands := scenario.Gate{Strict: opt.Strict, Known: opt.Known, MaxMissed: 1, MaxLateness: time.Hour}
	gate.Apply(res, &scenario.Scenario{Gate: demands}, gate.Ending{Now: opt.Now, Partial: h.Partial() || truncated})
	return res, nil
}

// checking is how the events of a trace are judged: as in the run, but for the choice of rules.
func checking(h *trace.Header, rules Choice) check.Options {
	off := rules.Off(h.Off)
	return check.Options{Run: h.Run, Off: off, On: rules.On(h.On, off), Start: h.Start, Setup: h.Setup,
		Markers: h.Markers, Journal: h.Journal, Pause: h.Pause, Hold: h.Hold}
}

// partial says what a trace leaves out, or "".
func partial(h *trace.Header) string {
	switch {
	case h.Policy == trace.Failing:
		return "The trace holds only customers for whom a rule failed or an expectation was missed: that a rule held in it says little."
	case h.Policy == trace.Minimized:
		return "The trace holds only the events that suffice to break one rule: that others held in it says nothing."
	case h.Partial():
		return fmt.Sprintf("The trace holds a sample of %s%% of the customers.", number(h.Sample*100))
	}
	return ""
}

// replayed is one customer of the trace.
type replayed struct {
	session *check.Session
	meter   *metric.Meter
	at      time.Duration
}

func (s *replayed) observe(e *trace.Event) error {
	if e.At < s.at {
		return fmt.Errorf("event of customer %d at %v, after one at %v", e.Customer, e.At, s.at)
	}
	s.at = e.At
	s.session.Observe(e)
	s.meter.Observe(e)
	return nil
}
