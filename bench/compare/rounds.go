package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// book is everything that was measured, and what a reader should know of it.
type book struct {
	rounds   int
	idle     float64 // processors that others used before the first run
	outcomes []outcome
	talks    []talk
	notes    []string
	where    job       // the programs and the folder for files
	progress io.Writer // what is being played
}

// compare builds, plays the rounds and writes the tables. When it is interrupted, nothing is
// written.
func (s *settings) compare(ctx context.Context, stdout, stderr io.Writer) (err error) {
	began := time.Now()
	temp, err := os.MkdirTemp("", "chatbench-compare-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	b := &book{where: job{bin: s.bin, temp: temp}, progress: stderr}
	if s.bin == "" {
		b.where.bin = temp
		if err := build(ctx, temp, stderr); err != nil {
			return err
		}
	}
	there, missing := installed(peers())
	plan, notes := s.plan(there, descriptors())
	b.notes = notes
	if len(missing) > 0 {
		b.notes = append(b.notes, "Not on the PATH and therefore left out: "+strings.Join(missing, ", ")+".")
	}
	if b.idle, err = othersNow(ctx); err != nil {
		return err
	}
	if err := b.play(ctx, s, plan, began.Add(s.time)); err != nil {
		return err
	}
	return b.write(stdout)
}

// play plays rounds until all are played or the next would not end in time.
func (b *book) play(ctx context.Context, s *settings, plan []run, until time.Time) error {
	longest := time.Duration(0)
	for b.rounds < s.rounds && (b.rounds == 0 || time.Now().Add(longest).Before(until)) {
		from := time.Now()
		if err := b.round(ctx, s, plan); err != nil {
			return err
		}
		b.rounds++
		longest = max(longest, time.Since(from))
	}
	return nil
}

// build makes the programs. The go command says itself what is wrong.
func build(ctx context.Context, bin string, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", bin+string(os.PathSeparator),
		"chatbench/cmd/chatbench", "chatbench/bench/leantenant", "chatbench/bench/rawloop")
	cmd.Stdout, cmd.Stderr = stderr, stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("building the programs: %w", err)
	}
	return nil
}

// othersNow measures for a moment how busy the machine is without us.
func othersNow(ctx context.Context) (float64, error) {
	began, before, err := now()
	if err != nil {
		return 0, err
	}
	timer := time.NewTimer(500 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	ended, after, err := now()
	return others(before, after, 0, ended.Sub(began)), err
}

// run is a client with a load.
type run struct {
	client client
	load   load
}

// plan lists the runs of a round, and says what was left out for want of descriptors.
func (s *settings) plan(there []client, descriptors int) (runs []run, notes []string) {
	clients := map[string][]client{
		"closed": append([]client{raw(), tool("none"), tool("all")}, there...),
		"paced":  append([]client{raw(), tool("none")}, there...),
		"flat":   {tool("none")},
	}
	for _, part := range []string{"closed", "paced", "flat"} {
		if !slices.Contains(s.scenarios, part) {
			continue
		}
		for _, l := range s.loads(part) {
			if need := 2*l.connections + spare; need > descriptors {
				notes = append(notes, fmt.Sprintf("%d customers (%s) were left out: they need %d descriptors, and a process may have %d (ulimit -Hn).",
					l.connections, part, need, descriptors))
				continue
			}
			for _, c := range clients[part] {
				runs = append(runs, run{c, l})
			}
		}
	}
	return runs, notes
}

// spare is what a process needs of descriptors beside two for each customer.
const spare = 64

// loads are those of a part. Customers with a pace come within whole seconds, so that their polls
// are spread evenly over each second.
func (s *settings) loads(part string) []load {
	if part == "closed" {
		return []load{{part: part, connections: s.closed, ramp: 500 * time.Millisecond, settle: 500 * time.Millisecond, window: s.window}}
	}
	customers := s.flat
	if part == "paced" {
		customers = []int{s.paced}
	}
	var list []load
	for _, n := range customers {
		const perSecond = 3000
		ramp := time.Duration(1+(n-1)/perSecond) * time.Second
		list = append(list, load{part: part, connections: n, every: time.Second, ramp: ramp, settle: time.Second, window: s.window})
	}
	return list
}

// round plays everything once. A run that fails is noted and left out: on a machine that is too busy
// a customer may well wait in vain. The error is that of ctx, or that the first run of all failed,
// which the others would do as well.
func (b *book) round(ctx context.Context, s *settings, plan []run) error {
	for _, r := range plan {
		what := fmt.Sprintf("%s, %s with %d", r.client.name, r.load.part, r.load.connections)
		fmt.Fprintf(b.progress, "compare: round %d, %s\n", b.rounds+1, what)
		j := b.where
		j.load = r.load
		o, err := measure(ctx, r.client, j)
		if o != nil {
			b.outcomes = append(b.outcomes, *o)
		}
		if err := b.failed(ctx, what, err); err != nil {
			return err
		}
	}
	if !slices.Contains(s.scenarios, "talk") {
		return nil
	}
	fmt.Fprintf(b.progress, "compare: round %d, talk with %d\n", b.rounds+1, s.talking)
	t, err := converse(ctx, b.where, s.talking, s.window+time.Second)
	if t != nil {
		b.talks = append(b.talks, *t)
	}
	return b.failed(ctx, "whole conversations", err)
}

// failed notes why a run failed, if it did, and says whether to go on.
func (b *book) failed(ctx context.Context, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case len(b.outcomes)+len(b.talks) == 0:
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprintf(b.progress, "compare: left out: %s: %v\n", what, err)
	b.note(fmt.Sprintf("A run of %s: %v.", what, err))
	return nil
}

// note keeps a sentence once.
func (b *book) note(sentence string) {
	if !slices.Contains(b.notes, sentence) {
		b.notes = append(b.notes, sentence)
	}
}
