// Command against runs the Go benchmarks of the working tree beside those of the merge base, which
// is the commit at which its branch left the main branch, or on main itself the commit before.
//
// It checks that commit out into a temporary worktree, builds the test binaries of both sides, runs
// them in turn, A B A B, and has benchstat compare the figures. A package whose binary is the same
// on both sides is not run. What it shows is for a reader: it judges nothing, and ends with exit
// code 0 whatever the figures are, also where there is nothing to compare with. The worktree is
// removed whatever happens.
//
// It sees what a function costs. What chatbench costs as a process is for bench/compare.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	base      string        // revision to compare with; empty: the merge base
	rounds    int           // how often each side runs, at most
	benchtime time.Duration // of one benchmark in one round
	time      time.Duration // no round begins that would end later
	here      string        // the working tree: the module's root
	tools     string        // a folder of the module that has benchstat as a tool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main without the process. It gives the exit code: 0 when the figures were shown or
// there is nothing to compare, 1 when that did not work, 2 for a wrong command line, 130 when it was
// interrupted.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := readFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "against: %v\n", err)
		return 2
	}
	var none nothing
	err = s.compare(ctx, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "against: interrupted")
		return 130
	case errors.As(err, &none):
		fmt.Fprintf(stdout, "nothing to compare with: %v\n", none)
	case err != nil:
		fmt.Fprintf(stderr, "against: %v\n", err)
		return 1
	}
	return 0
}

func readFlags(args []string, stderr io.Writer) (settings, error) {
	s := settings{here: ".", tools: "."}
	flags := flag.NewFlagSet("against", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller says what is wrong
	flags.StringVar(&s.base, "base", "", "`REVISION` to compare with, instead of the merge base; HEAD looks at what is not committed")
	flags.IntVar(&s.rounds, "rounds", 10, "rounds at most; benchstat wants six or more")
	flags.DurationVar(&s.benchtime, "benchtime", 50*time.Millisecond, "time of one benchmark in one round")
	flags.DurationVar(&s.time, "time", 75*time.Second, "no round begins that would end later than this; the first one always does")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(stderr)
		flags.PrintDefaults()
	case err != nil:
	case flags.NArg() > 0:
		err = fmt.Errorf("unknown argument %q", flags.Arg(0))
	case s.rounds < 1 || s.benchtime <= 0 || s.time <= 0:
		err = errors.New("a number is less than 1")
	}
	return s, err
}

// compare is the whole comparison. The error is nothing where there is none to make.
func (s settings) compare(ctx context.Context, stdout, stderr io.Writer) error {
	repo, err := openRepository(ctx, s.here)
	if err != nil {
		return err
	}
	commit, err := repo.commit(ctx, s.base)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "chatbench-against-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	before, remove, err := repo.checkOut(ctx, commit, dir)
	defer func() {
		if err := remove(); err != nil {
			fmt.Fprintf(stderr, "against: a worktree is left behind: %v\n", err)
		}
	}()
	if err != nil {
		return err
	}
	base, head := side{name: commit[:7], root: before}, side{name: "here", root: s.here}
	c := comparison{settings: s, dir: dir, sides: [2]*side{&base, &head}, stderr: stderr}
	if err := c.build(ctx); err != nil {
		return err
	}
	return c.show(ctx, stdout)
}

// show runs what there is to run and writes what came of it.
func (c *comparison) show(ctx context.Context, stdout io.Writer) error {
	if len(c.same) > 0 {
		fmt.Fprintf(stdout, "The same program at %s and here, and so not run: %s\n", c.sides[0].name, strings.Join(c.same, ", "))
	}
	if len(c.sides[0].binaries)+len(c.sides[1].binaries) == 0 {
		fmt.Fprintln(stdout, "No benchmark is left to run.")
		return nil
	}
	began := time.Now()
	rounds, err := c.run(ctx)
	if err != nil {
		return err
	}
	tables, err := c.benchstat(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "%d rounds of %s and here in turn, %.0f s, %v a benchmark\n\n%s\n%s", rounds, c.sides[0].name, time.Since(began).Seconds(),
		c.benchtime, tables, reading)
	return nil
}

// reading says in one line how to read the table.
const reading = "How to read it: ± is the spread, and so how quiet the machine was; ~ is no difference beyond chance; another layout of " +
	"the binary alone moves sec/op by a few per cent, so believe what is more and comes again.\n"
