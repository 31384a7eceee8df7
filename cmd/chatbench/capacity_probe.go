package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/capacity"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
)

// prober plays the scenario at a load.
type prober struct {
	flags     *capacityFlags
	cmd       *cobra.Command
	file      string
	scenario  *scenario.Scenario // as it is in the file
	rules     run.Choice
	found     *capacity.Report
	stderr    io.Writer
	say       *lang.Printer
	terminal  bool
	ctx       context.Context
	interrupt <-chan struct{}
	last      time.Time // end of the probe before; zero: there was none
}

// prober reads the scenario as it stands and looks whether a search can be made with it.
func (f *capacityFlags) prober(cmd *cobra.Command, file string) (*prober, error) {
	p := &prober{flags: f, cmd: cmd, file: file, stderr: cmd.ErrOrStderr()}
	p.terminal = report.IsTerminal(p.stderr)
	var err error
	if p.say, err = printer(cmd); err != nil {
		return nil, err
	}
	s, err := p.load(nil, f.play.seed)
	if err != nil {
		return nil, err
	}
	p.scenario = s
	if p.rules, err = f.play.judge.choice(); err != nil {
		return nil, err
	}
	if p.rules.NeedsProbes() {
		return nil, usagef("the rules that were chosen need probes of a check, which a search for capacity does not make")
	}
	if err := f.complete(s); err != nil {
		return nil, err
	}
	_, err = p.load(f.search.Stages(f.search.From), f.play.seed) // what is wrong with the first probe is said before it
	return p, err
}

// load reads the scenario with other stages, nil for its own.
func (p *prober) load(stages func(scenario.Load) []scenario.Stage, seed uint64) (*scenario.Scenario, error) {
	s, _, err := p.flags.play.scenario(p.cmd, func(opt scenario.Options) (*scenario.Scenario, error) {
		opt.Stages, opt.Seed = stages, seed
		return scenario.LoadFile(p.file, opt)
	})
	return s, err
}

// open makes the folder and says what is going to happen.
func (p *prober) open(r *capacity.Report) error {
	p.found = r
	if out := p.flags.play.out; out != "" {
		if err := os.MkdirAll(filepath.Join(out, "probes"), 0o777); err != nil {
			return usagef("--out: %w", err)
		}
	}
	s := &r.Search
	if !p.flags.play.quiet {
		fmt.Fprintln(p.stderr, p.say.Sprintf("chatbench: searching from %s to at most %s, %v a probe and what the drain takes", p.words(s.From), p.words(s.Most), s.Settle+s.Hold))
	}
	return nil
}

func (p *prober) keep(r *capacity.Report) error {
	if p.flags.play.out == "" {
		return nil
	}
	return capacity.Save(filepath.Join(p.flags.play.out, capacity.FileName), r)
}

// probe makes one probe. That the tenant cannot be used is an error only before anything was learned
// of it; later it went away.
func (p *prober) probe(number int, load float64) (capacity.Probe, error) {
	s, made, err := p.scaled(number, load)
	if err != nil || made != nil {
		return p.tell(made, err)
	}
	if !p.rest(s) {
		return capacity.Probe{Number: number, Load: load, Outcome: capacity.Cut}, nil
	}
	r, err := run.Play(p.ctx, run.Options{
		Scenario: s, Version: toolVersion(), Command: commandLine(), Rules: p.rules, Interrupt: p.interrupt,
		Overrides: append(p.found.Scenario.Overrides, "capacity: "+p.found.Search.Words(load)),
		Progress:  func(at run.Progress) { p.status(number, load, at) },
	})
	p.last = time.Now()
	if err != nil {
		return p.tell(p.unplayed(number, load, err))
	}
	probe := capacity.Judge(r, s, load)
	probe.Number = number
	p.found.Target, p.found.Host, p.found.Tool.Go = r.Target, r.Run.Host, r.Tool.Go
	if err := p.save(&probe, r); err != nil {
		return probe, err
	}
	return p.tell(&probe, nil)
}

// scaled is the scenario at a load. A load that the scenario cannot have, for want of rows of data, is
// a shortage on this side.
func (p *prober) scaled(number int, load float64) (*scenario.Scenario, *capacity.Probe, error) {
	seed := p.flags.play.seed
	if seed != 0 {
		seed += uint64(number - 1)
	}
	s, err := p.load(p.found.Search.Stages(load), seed)
	var problems scenario.Problems
	switch {
	case errors.As(err, &problems):
		return nil, shortOf(number, load, "The scenario cannot have this load: "+problems[0].Error()+"."), nil
	case err != nil:
		return nil, nil, err
	case s.Hash != p.found.Scenario.Hash:
		return nil, nil, usagef("%s was changed while the search went on", p.file)
	}
	return s, nil, nil
}

func shortOf(number int, load float64, what string) *capacity.Probe {
	return &capacity.Probe{Number: number, Load: load, Outcome: capacity.Short, Why: what, Start: time.Now(),
		Limits: []capacity.Limit{{Kind: result.GateGenerator, Name: "room for the load", Sentence: what}}}
}

// unplayed makes a probe of a run that could not begin.
func (p *prober) unplayed(number int, load float64, err error) (*capacity.Probe, error) {
	var target *sim.TargetError
	var lacks *run.ResourceError
	switch {
	case errors.Is(err, run.ErrInterrupted):
		return &capacity.Probe{Number: number, Load: load, Outcome: capacity.Cut}, nil
	case errors.As(err, &lacks):
		return shortOf(number, load, "This machine has not enough for the load: "+lacks.Error()+"."), nil
	case errors.As(err, &target) && len(p.found.Probes) > 0:
		return &capacity.Probe{Number: number, Load: load, Outcome: capacity.Gone, Why: target.Error() + ".", Start: time.Now()}, nil
	}
	return nil, err
}

// rest lets a real tenant recover from the probe before. It is false when the search was interrupted.
func (p *prober) rest(s *scenario.Scenario) bool {
	wait := time.Duration(0)
	if s.Target != nil && !p.last.IsZero() {
		wait = time.Until(p.last.Add(p.flags.pause))
	}
	select {
	case <-time.After(wait):
		return true
	case <-p.interrupt:
	case <-p.ctx.Done():
	}
	return false
}

// save keeps the result of a probe.
func (p *prober) save(probe *capacity.Probe, r *result.Result) error {
	if p.flags.play.out == "" || probe.Outcome == capacity.Cut {
		return nil
	}
	times := 1
	for i := range p.found.Probes {
		if p.found.Probes[i].Load == probe.Load {
			times++
		}
	}
	probe.Dir = filepath.ToSlash(filepath.Join("probes", fmt.Sprintf("%s-%d", strconv.FormatFloat(probe.Load, 'f', -1, 64), times)))
	dir := filepath.Join(p.flags.play.out, probe.Dir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return result.Save(filepath.Join(dir, result.FileName), r)
}

// interrupted says what the first Ctrl-C leads to.
func (p *prober) interrupted() {
	fmt.Fprintln(p.stderr, "\n"+p.say.T("chatbench: ending the conversations, which takes 10 s at most; once more stops at once"))
}

// words is a load in the user's language.
func (p *prober) words(load float64) string { return p.say.T(p.found.Search.Words(load)) }

// status shows on a terminal how far a probe is.
func (p *prober) status(number int, load float64, at run.Progress) {
	if !p.terminal || p.flags.play.quiet {
		return
	}
	crowd := at.Live.Customers
	fmt.Fprint(p.stderr, "\r\x1b[K", p.say.Sprintf("probe %d, %s: %v of %v, %d in a conversation", number, p.words(load), at.At.Round(time.Second),
		p.found.Search.Settle+p.found.Search.Hold, crowd.Connecting+crowd.Waiting+crowd.WithRobot+crowd.InQueue+crowd.WithAgent))
}

// tell says on a line what a probe found.
func (p *prober) tell(probe *capacity.Probe, err error) (capacity.Probe, error) {
	if err != nil {
		return capacity.Probe{}, err
	}
	if p.terminal && !p.flags.play.quiet {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	if !p.flags.play.quiet {
		line := p.say.Sprintf("probe %d, %s: %s", probe.Number, p.words(probe.Load), p.say.T(string(probe.Outcome)))
		if probe.Outcome != capacity.Carried && probe.Why != "" {
			line += "; " + p.say.T(probe.Why)
		}
		fmt.Fprintln(p.stderr, line)
	}
	return *probe, nil
}
