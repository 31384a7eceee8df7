package run

import (
	"errors"
	"fmt"
	"io"

	"chatbench/internal/check"
	"chatbench/internal/trace"
)

// MinimizeOptions is one search for the events that break a rule.
type MinimizeOptions struct {
	Rule     string // id
	Customer int    // index; negative: the customer of the rule's first witness
	Out      string // file for what is left, a trace again; "": none
}

// Minimal is what is left of a trace.
type Minimal struct {
	check.Minimal
	Customer int
	Of       int // events there were of the customer
}

// ErrHeld is the cause when there is nothing to minimize: the rule does not fail in the trace, or
// not for the customer.
var ErrHeld = errors.New("nothing to minimize")

// Minimize looks for the least events of one customer that break a rule as the whole trace does. The
// trace is read up to twice. Errors wrap ErrHeld, or are about the files.
func Minimize(file io.ReadSeeker, opt MinimizeOptions) (Minimal, error) {
	switch rule, ok := check.Find(opt.Rule); {
	case !ok:
		return Minimal{}, fmt.Errorf("%w: there is no rule %q", ErrHeld, opt.Rule)
	case rule.Needs == check.ByProbe:
		return Minimal{}, fmt.Errorf("%w: a case of %s is one event, which its witness shows", ErrHeld, opt.Rule)
	}
	choice := Choice{only: []string{opt.Rule}, named: []string{opt.Rule}}
	if opt.Customer < 0 {
		customer, err := firstWitness(file, opt.Rule, choice)
		if err != nil {
			return Minimal{}, err
		}
		opt.Customer = customer
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Minimal{}, err
	}
	h, events, err := eventsOf(file, opt.Customer)
	if err != nil {
		return Minimal{}, err
	}
	return minimize(h, events, opt)
}

// firstWitness is the customer of the first witness of a rule.
func firstWitness(file io.Reader, id string, choice Choice) (customer int, err error) {
	r, err := Recheck(file, RecheckOptions{Rules: choice})
	if err != nil {
		return 0, err
	}
	for _, rule := range r.Rules {
		if len(rule.Witnesses) > 0 {
			return rule.Witnesses[0].Customer, nil
		}
	}
	return 0, fmt.Errorf("%w: %s does not fail in this trace", ErrHeld, id)
}

// eventsOf reads one customer's events.
func eventsOf(file io.Reader, customer int) (h trace.Header, events []trace.Event, err error) {
	h, _, err = trace.Read(file, nil, func(e *trace.Event) error {
		if e.Customer == customer {
			events = append(events, *e)
		}
		return nil
	})
	if err == nil && len(events) == 0 {
		err = fmt.Errorf("%w: customer %d is not in this trace", ErrHeld, customer)
	}
	return h, events, err
}

func minimize(h trace.Header, events []trace.Event, opt MinimizeOptions) (Minimal, error) {
	o := checking(&h, Choice{named: []string{opt.Rule}})
	o.On = append(o.On, opt.Rule)
	left, err := check.Minimize(o, events, opt.Rule)
	if err != nil {
		return Minimal{}, fmt.Errorf("%w: %s does not fail for customer %d", ErrHeld, opt.Rule, opt.Customer)
	}
	if opt.Out != "" {
		h.Policy, h.Sample, h.Off, h.On = trace.Minimized, 0, o.Off, o.On
		err = save(opt.Out, h, left.Events)
	}
	return Minimal{Minimal: left, Customer: opt.Customer, Of: len(events)}, err
}

// save writes a trace.
func save(file string, h trace.Header, events []trace.Event) error {
	w, err := trace.Create(file, h)
	if err != nil {
		return err
	}
	for i := range events {
		w.Write(&events[i])
	}
	_, err = w.Close()
	return err
}
