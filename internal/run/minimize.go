package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"chatbench/internal/check"
	"chatbench/internal/trace"
)

// MinimizeOptions is one search for the events that break a rule.
type MinimizeOptions struct {
	Rule     string // id
	Customer int    // index; negative: the customer of the rule's first witness
	Out      string // file for what is left, a trace again; "": none
	In       string // file of the recording, which Out must not be
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

// ErrOut is the cause when what is left cannot be written to the place that was named.
var ErrOut = errors.New("no place for a trace")

// Minimize looks for the least events of one customer that break a rule as the whole trace does. The
// recording is read up to twice. Errors wrap ErrHeld or ErrOut, or are about the files.
func Minimize(recorded Replay, opt MinimizeOptions) (Minimal, error) {
	switch rule, ok := check.Find(opt.Rule); {
	case !ok:
		return Minimal{}, fmt.Errorf("%w: there is no rule %q", ErrHeld, opt.Rule)
	case rule.Needs == check.ByProbe:
		return Minimal{}, fmt.Errorf("%w: a case of %s is one event, which its witness shows", ErrHeld, opt.Rule)
	}
	if err := writable(opt.Out, opt.In); err != nil {
		return Minimal{}, err
	}
	choice := Choice{only: []string{opt.Rule}, named: []string{opt.Rule}}
	if opt.Customer < 0 {
		customer, err := firstWitness(recorded, opt.Rule, choice)
		if err != nil {
			return Minimal{}, err
		}
		opt.Customer = customer
	}
	source, err := eventsOf(recorded, opt.Customer)
	if err != nil {
		return Minimal{}, err
	}
	return source.minimize(opt)
}

// firstWitness is the customer of the first witness of a rule.
func firstWitness(recorded Replay, id string, choice Choice) (customer int, err error) {
	r, err := Recheck(recorded, RecheckOptions{Rules: choice})
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

// part is what a trace holds of one customer.
type part struct {
	header trace.Header
	events []trace.Event
	stop   *trace.Event // the run was cut short; nil: it was not
}

// eventsOf reads one customer's events. The search is not told of a run that was stopped, nor of a
// file that ends in the middle. For rules on the tenant that does not matter: without it, what was
// left open is no case at all. SIM-07 and SIM-08 may be found where the check of the trace excuses
// them, but only of a customer who was asked for by index. What is written says that the run was
// stopped.
func eventsOf(recorded Replay, customer int) (p part, err error) {
	p.header, _, err = recorded(nil, func(e *trace.Event) error {
		switch {
		case e.Kind == trace.Stop:
			stop := *e
			p.stop = &stop
		case e.Customer == customer:
			p.events = append(p.events, *e)
		}
		return nil
	})
	if err == nil && len(p.events) == 0 {
		err = fmt.Errorf("%w: customer %d is not in this trace", ErrHeld, customer)
	}
	return p, err
}

func (p *part) minimize(opt MinimizeOptions) (Minimal, error) {
	o := checking(&p.header, Choice{named: []string{opt.Rule}})
	o.On = append(o.On, opt.Rule)
	left, err := check.Minimize(o, p.events, opt.Rule)
	if err != nil {
		return Minimal{}, fmt.Errorf("%w: %s does not fail for customer %d", ErrHeld, opt.Rule, opt.Customer)
	}
	if opt.Out != "" {
		h := p.header
		h.Policy, h.Sample, h.Off, h.On = trace.Minimized, 0, o.Off, o.On
		err = p.save(opt.Out, h, left.Events)
	}
	return Minimal{Minimal: left, Customer: opt.Customer, Of: len(p.events)}, err
}

// save writes a trace beside its place and then moves it there, so that it is there as a whole, and
// a file that is being read stays as it is to the end.
func (p *part) save(file string, h trace.Header, events []trace.Event) (err error) {
	temp, err := beside(file)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp)
		}
	}()
	w, err := trace.Create(temp, h)
	if err != nil {
		return err
	}
	for i := range events {
		w.Write(&events[i])
	}
	if p.stop != nil {
		w.Stop(p.stop.At, p.stop.Ended)
	}
	if _, err = w.Close(); err != nil {
		return err
	}
	return os.Rename(temp, file)
}

// beside makes an empty file in the folder of another.
func beside(file string) (temp string, err error) {
	f, err := os.CreateTemp(filepath.Dir(file), ".trace-*")
	if err != nil {
		return "", err
	}
	return f.Name(), errors.Join(f.Chmod(0o644), f.Close())
}

// writable looks at the file that is to be written before the search, which may take long: it must
// not be the recording itself, nor anything but a file, and its folder must take one.
func writable(file, in string) error {
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	switch {
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%w: %s is not a file", ErrOut, file)
	case err == nil:
		if source, err := os.Stat(in); err == nil && os.SameFile(source, info) {
			return fmt.Errorf("%w: %s is the trace itself", ErrOut, file)
		}
	}
	temp, err := beside(file)
	if err != nil {
		return err
	}
	return os.Remove(temp)
}
