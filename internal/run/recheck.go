package run

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
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

// Replay gives what was recorded as a trace: its header to begin, which may be nil, and its events to
// observe, whose error ends it. Truncated tells that the events end in the middle.
type Replay func(begin func(trace.Header), observe func(*trace.Event) error) (h trace.Header, truncated bool, err error)

// FromTrace gives the events of a trace file each time from its beginning.
func FromTrace(file io.ReadSeeker) Replay {
	return func(begin func(trace.Header), observe func(*trace.Event) error) (h trace.Header, truncated bool, err error) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return h, false, err
		}
		return trace.Read(file, begin, observe)
	}
}

// Keep writes a recording as a trace file to a folder.
func Keep(recorded Replay, dir string) (*result.Trace, error) {
	var w *trace.Writer
	var failed error
	create := func(h trace.Header) { w, failed = trace.Create(filepath.Join(dir, TraceFile), h) }
	_, _, err := recorded(create, func(e *trace.Event) error {
		if failed == nil {
			w.Write(e)
		}
		return failed
	})
	if w == nil {
		return nil, errors.Join(failed, err)
	}
	events, closed := w.Close()
	kept := &result.Trace{Files: []string{TraceFile}, Policy: Policy{Share: 1}.String(), Events: events, Complete: err == nil && closed == nil}
	return kept, errors.Join(err, closed)
}

// RecheckOptions is one check of a recorded trace.
type RecheckOptions struct {
	File    string
	Version string // of chatbench
	Command []string
	Strict  bool
	Rules   Choice                  // rules that the trace has off stay off unless named one by one
	Known   []scenario.KnownFailure // may be nil
	Demands *scenario.Scenario      // further gates and exercise; nil: none
	Now     time.Time               // the day that known failures are held against
	Target  result.Target           // what was recorded; the zero value stands for a trace
	Notes   []string                // what else a reader should know of the recording
}

// Recheck judges a recorded trace. Customers whose last conversation has no end in the file, as
// after a crash, are judged as far as it goes. Errors are about the file.
func Recheck(recorded Replay, opt RecheckOptions) (*result.Result, error) {
	p := replay{opt: opt, customers: map[int]*replayed{}}
	h, truncated, err := recorded(p.begin, p.observe)
	if err != nil {
		return nil, err
	}
	p.end(truncated)
	if p.opt.Target.Kind == "" {
		p.opt.Target = result.Target{Kind: result.Recorded, Note: "trace " + opt.File}
	}
	res := p.result(&h)
	if truncated {
		res.Notes = append(res.Notes, "The trace ends in the middle, as after a crash; it was read up to its last whole line.")
	}
	for _, note := range []string{stoppedWords[p.ended], partial(&h)} {
		if note != "" {
			res.Notes = append(res.Notes, note)
		}
	}
	gate.Apply(res, opt.demanded(), gate.Ending{Now: opt.Now,
		Partial: h.Partial() || truncated || p.ended != "", Chosen: h.Policy != "" && !truncated, Unchecked: len(res.Rules) == 0})
	return res, nil
}

// demanded is what the trace is held against: its rules, and what was asked for beside them.
func (opt *RecheckOptions) demanded() *scenario.Scenario {
	s := scenario.Scenario{Gate: scenario.Gate{Strict: opt.Strict, Known: opt.Known, MaxMissed: 1}}
	if d := opt.Demands; d != nil {
		s.Exercise, s.Gate.Latency, s.Gate.Errors, s.Gate.MaxMissed = d.Exercise, d.Gate.Latency, d.Gate.Errors, d.Gate.MaxMissed
		s.Gate.Strict = s.Gate.Strict || d.Gate.Strict
	}
	return &s
}

// replay is a trace that is being judged.
type replay struct {
	opt       RecheckOptions
	checker   *check.Checker
	recorder  *metric.Recorder
	customers map[int]*replayed
	last      time.Duration // of all events
	ended     result.Ended  // what cut the recorded run short
	lacking   string        // what the generator's machine lacked for the last exchange that failed, or ""
}

func (p *replay) begin(h trace.Header) {
	o := checking(&h, p.opt.Rules)
	o.Reproduce = func(customer int) string {
		return fmt.Sprintf("chatbench check %s  # customer %d", p.opt.File, customer)
	}
	p.checker = check.New(o)
	p.recorder = metric.NewRecorder(nil, 1, metric.Options{Wall: h.Start, SameClock: h.Journal, Run: h.Run, Foreign: h.Foreign})
}

func (p *replay) observe(e *trace.Event) error {
	if e.Kind == trace.Stop {
		if p.ended = result.Ended(e.Ended); p.ended == result.EndedGone && p.lacking != "" {
			p.ended = result.EndedStarved // as the run itself said
		}
		p.checker.Abort(check.RunAborted)
		return nil
	}
	if e.Kind == trace.Return && e.Error != "" && e.Status == 0 {
		p.lacking = trace.Shortage(e.Error)
	}
	c := p.customers[e.Customer]
	if c == nil {
		c = &replayed{session: p.checker.Customer(e.Customer), meter: p.recorder.Customer(e.Customer)}
		p.customers[e.Customer] = c
	}
	p.last = max(p.last, e.At) // customers are in order each, not among themselves
	return c.observe(e)
}

// end judges what is open at the end of the file.
func (p *replay) end(truncated bool) {
	if truncated {
		p.checker.Abort(check.RunAborted)
	}
	for _, c := range p.customers {
		c.session.Close()
	}
}

// result is what was found, not yet held against anything.
func (p *replay) result(h *trace.Header) *result.Result {
	metrics := p.recorder.Finish()
	return &result.Result{
		Schema: result.Schema1, Tool: result.Tool{Version: p.opt.Version, Go: runtime.Version()},
		Scenario: result.Scenario{Name: h.Scenario, Hash: h.Hash, Seed: h.Seed},
		Target:   p.opt.Target,
		Notes:    p.opt.Notes,
		Run: result.Run{ID: strconv.FormatUint(h.Run, 36), Start: h.Start, End: h.Start.Add(p.last),
			Command: result.MaskArgs(p.opt.Command), Ended: p.ended},
		Rules: p.checker.Report(), Metrics: metrics, Health: metric.Health{}.WithLateness(metrics),
	}
}

// checking is how the events of a trace are judged: as in the run, but for the choice of rules.
func checking(h *trace.Header, rules Choice) check.Options {
	off := rules.Off(h.Off)
	return check.Options{Run: h.Run, Off: off, On: rules.On(h.On, off), Start: h.Start, Setup: h.Setup,
		Markers: h.Markers, Journal: h.Journal, Foreign: h.Foreign, Pause: h.Pause, Hold: h.Hold}
}

// stoppedWords say that the recorded run was cut short.
var stoppedWords = map[result.Ended]string{
	result.EndedInterrupted: "The recorded run was interrupted: that a rule held says something of the time before only.",
	result.EndedAborted:     "The recorded run was ended early, because a gate had failed: that a rule held says something of the time before only.",
	result.EndedStarved:     "The machine of the recorded run was short of descriptors, ports or memory: that a rule held says something of the time before only.",
	result.EndedGone:        "The tenant went away in the recorded run: that a rule held says something of the time before only.",
	result.EndedBroken:      "chatbench itself failed in the recorded run: that a rule held says something of the time before only.",
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
