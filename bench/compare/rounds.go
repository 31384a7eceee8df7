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
	played   int     // runs that were made
	idle     float64 // processors that others used before the first run
	outcomes []outcome
	talks    []talk
	secures  []secure
	hellos   *hellos
	truths   []truth
	soak     *soak
	notes    []string
	commands []string  // one of each kind
	files    []string  // scenarios that they name
	where    job       // the programs and the folder for files
	progress io.Writer // what is being played
}

// compare builds, plays and writes the tables. When it is interrupted, nothing is written.
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
	if b.idle, err = othersNow(ctx); err != nil {
		return err
	}
	if err := b.playAll(ctx, s, began.Add(s.time)); err != nil {
		return err
	}
	return errors.Join(b.write(stdout), b.draw(s.figure))
}

// playAll plays the parts that go on in rounds, then those that are played once.
func (b *book) playAll(ctx context.Context, s *settings, until time.Time) error {
	there, missing := installed(peers())
	turns, notes := s.plan(there, descriptors())
	b.notes = notes
	if len(missing) > 0 && slices.ContainsFunc(s.scenarios, besidePeers) {
		b.note("Not on the PATH and therefore left out: " + strings.Join(missing, ", ") + ".")
	}
	if err := b.play(ctx, s.rounds, turns, until); err != nil {
		return err
	}
	if s.plays("truth") {
		callers, _ := installed(callers())
		if err := b.askForTruth(ctx, time.Now().Add(truthTime), scenes(), callers); err != nil {
			return err
		}
	}
	if s.plays("soak") {
		fmt.Fprintf(b.progress, "compare: soak, %v\n", s.soak)
		return b.once(ctx, soakTurn(s.paced, s.soak))
	}
	return nil
}

// besidePeers tells the parts in which other load generators play.
func besidePeers(part string) bool {
	return slices.Contains([]string{"closed", "paced", "talk", "truth"}, part)
}

// play plays rounds until all are played or the next would not end in time.
func (b *book) play(ctx context.Context, rounds int, turns []turn, until time.Time) error {
	longest := time.Duration(0)
	for len(turns) > 0 && b.rounds < rounds && (b.rounds == 0 || time.Now().Add(longest).Before(until)) {
		from := time.Now()
		for _, t := range turns {
			fmt.Fprintf(b.progress, "compare: round %d, %s\n", b.rounds+1, t.what)
			if err := b.once(ctx, t); err != nil {
				return err
			}
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
	w, err := newWatch()
	if err == nil {
		err = sleep(ctx, 500*time.Millisecond)
	}
	if err != nil {
		return 0, err
	}
	return w.others(0)
}

// sleep waits, unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// turn is one run of a round.
type turn struct {
	what string // in words
	play func(ctx context.Context, b *book) error
}

// once plays a turn. A run that fails is noted and left out: on a machine that is too busy a customer
// may well wait in vain. The error is that of ctx, or that the first run of all failed, which the
// others would do as well.
func (b *book) once(ctx context.Context, t turn) error {
	return b.failed(ctx, t.what, t.play(ctx, b))
}

// failed counts a run, notes why it failed, if it did, and says whether to go on.
func (b *book) failed(ctx context.Context, what string, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		b.played++
		return nil
	case b.played == 0:
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

// wrote keeps a command line, and a file that it names unless that is empty.
func (b *book) wrote(args []string, file string) {
	if line := publicCommand(args, b.where); !slices.Contains(b.commands, line) {
		b.commands = append(b.commands, line)
	}
	if file != "" && !slices.Contains(b.files, file) {
		b.files = append(b.files, file)
	}
}
