package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/sim"
	"chatbench/internal/trace"
)

// Policy is which customers' events go into the trace file.
type Policy struct {
	Share   float64 // of the customers, 0 to 1; 1 with Failing
	Failing bool    // of these, those for whom a rule failed or an expectation was missed
}

// String is the policy as the flag writes it.
func (p Policy) String() string {
	switch {
	case p.Share <= 0:
		return "none"
	case p.Failing:
		return trace.Failing
	case p.Share >= 1:
		return "all"
	}
	return "sample=" + strconv.FormatFloat(p.Share*100, 'g', 12, 64) + "%" // 0.29*100 is a little less than 29
}

// ParsePolicy reads "all", "none", "failing" or "sample=5%".
func ParsePolicy(s string) (Policy, error) {
	switch s {
	case "all":
		return Policy{Share: 1}, nil
	case "none":
		return Policy{}, nil
	case trace.Failing:
		return Policy{Share: 1, Failing: true}, nil
	}
	if number, ok := strings.CutPrefix(s, "sample="); ok {
		if number, ok := strings.CutSuffix(number, "%"); ok {
			if p, err := strconv.ParseFloat(number, 64); err == nil && p > 0 && p <= 100 {
				return Policy{Share: p / 100}, nil
			}
		}
	}
	return Policy{}, fmt.Errorf("trace policy %q is not all, none, failing or sample=P%% with P above 0 and at most 100", s)
}

// keeps reports whether a customer's events are kept; the same customers for the same seed.
func (p Policy) keeps(seed uint64, customer int) bool {
	if p.Share <= 0 || p.Share >= 1 {
		return p.Share > 0
	}
	h := (seed ^ uint64(customer)*0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	return float64(h>>11)/(1<<53) < p.Share
}

// removeOldTrace keeps the trace of another run from lying beside the result of this one.
func (p *play) removeOldTrace() error {
	err := os.Remove(filepath.Join(p.Out, TraceFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

func (p *play) openTrace() error {
	if p.Out == "" {
		return nil
	}
	if p.Trace.Share <= 0 {
		return p.removeOldTrace()
	}
	h := trace.Header{
		Tool: p.Version, Run: p.run64, Scenario: p.s.Name, Hash: p.s.Hash, Seed: p.seed, Start: p.start,
		Markers: p.markers, Journal: p.markers && p.host.journal != nil, Pause: p.pause(), Hold: p.hold,
		Setup: p.setup(), Sample: p.Trace.Share, Off: p.s.Gate.Off, On: p.s.Gate.On,
	}
	if p.Trace.Failing {
		h.Sample, h.Policy = 0, trace.Failing
	}
	var err error
	p.trace, err = trace.Create(filepath.Join(p.Out, TraceFile), h)
	if err != nil {
		return fmt.Errorf("trace file: %w", err)
	}
	if p.Trace.Failing {
		p.buffer = trace.NewBuffer(p.trace, trace.Room{})
	}
	return nil
}

// observers hands each event of a customer to everybody who reads it.
type observers struct {
	session *check.Session
	meter   *metric.Meter
	trace   *trace.Writer // nil: this customer is not recorded, or on a tape
	tape    *trace.Tape   // nil: nothing needs to fail before the customer is recorded
}

// Observe implements sim.Observer.
func (o *observers) Observe(e *trace.Event) {
	o.session.Observe(e)
	o.meter.Observe(e)
	if o.trace != nil {
		o.trace.Write(e)
	}
	if o.tape != nil {
		o.tape.Write(e)
		o.keep(e.Kind == trace.Step && e.Missed)
	}
}

// keep records the customer when a rule failed, or for another reason.
func (o *observers) keep(other bool) {
	if other || o.session.Broken() {
		o.tape.Keep()
	}
}

// Close implements sim.Observer.
func (o *observers) Close() {
	o.session.Close()
	if o.tape != nil {
		o.keep(false)
		o.tape.Close()
	}
}

func (p *play) observe(customer int) sim.Observer {
	o := &observers{session: p.checker.Customer(customer), meter: p.recorder.Customer(customer)}
	switch {
	case p.buffer != nil:
		o.tape = p.buffer.Customer()
	case p.trace != nil && p.Trace.keeps(p.seed, customer):
		o.trace = p.trace
	}
	return o
}

func (p *play) closeTrace(r *result.Result) {
	if p.trace == nil {
		return
	}
	events, err := p.trace.Close()
	r.Trace = &result.Trace{Files: []string{TraceFile}, Policy: p.Trace.String(), Events: events, Complete: err == nil}
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n") // what came after it is the same once more
		r.Notes = append(r.Notes, "The trace is not complete: "+first+".")
	}
	if p.buffer != nil {
		lostWords(r, p.buffer.Lost())
	}
}

// lostWords says what a trace of those for whom something failed does not hold.
func lostWords(r *result.Result, lost trace.Lost) {
	if lost == (trace.Lost{}) {
		return
	}
	r.Trace.Complete = false
	r.Notes = append(r.Notes, fmt.Sprintf("The trace is not complete: for want of memory %s for whom something failed, and %s of others, could not be recorded; --trace all records everybody.",
		several(strconv.FormatInt(lost.Customers, 10), "customer"), several(strconv.FormatInt(lost.Conversations, 10), "earlier conversation")))
}
