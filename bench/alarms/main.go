// Command alarms finds out how often a comparison of runs is wrong: it plays the same short run again
// and again, some of them against a tenant that was slowed on purpose, with a noisy neighbour that
// comes and goes, compares pairs of them as "chatbench compare" does, and counts false alarms and
// slowdowns that were found. It writes a table in Markdown to standard output.
//
// A run is a process of its own, on real sockets, against the embedded tenant; some are played at
// once, a turn, and only runs of different turns are compared, because those of one have met the same
// machine. The neighbour is a process that burns a processor while it is on. The table says nothing about other machines or
// other loads; docs/gates.md has the one of the project's own machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	time     time.Duration // no run begins that would end later
	runs     int           // at most
	atOnce   int           // runs of a turn
	slowdown float64       // planted: what the tenant's times are multiplied with
	slowed   float64       // share of the runs that are slowed
	neighbor time.Duration // mean time that the neighbour is on, and off
	keep     string        // folder for the runs, or ""
	again    string        // folder of runs that were kept: nothing is played
	seed     uint64
	judge    judging
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == playCommand {
		os.Exit(playOne(os.Args[2:], os.Stderr))
	}
	if len(os.Args) == 2 && os.Args[1] == burnCommand {
		burn(os.Stdin)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main without the process. It gives the exit code: 1 when runs could not be played or
// read, 2 for a wrong command line, 130 when it was interrupted, which shows what there is all the
// same.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := readFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "alarms: %v\n", err)
		return 2
	}
	if err := s.measure(ctx, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "alarms: %v\n", err)
		return 1
	}
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "alarms: interrupted; the table is of the runs until then")
		return 130
	}
	return 0
}

func readFlags(args []string, stderr io.Writer) (settings, error) {
	s := settings{}
	flags := flag.NewFlagSet("alarms", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller says what is wrong
	flags.DurationVar(&s.time, "time", 30*time.Minute, "no run begins that would end later than this")
	flags.IntVar(&s.runs, "runs", 10_000, "runs at most")
	flags.Float64Var(&s.slowdown, "slowdown", 1.2, "what the times of a slowed tenant are multiplied with")
	flags.IntVar(&s.atOnce, "at-once", 4, "runs that are played at the same time; those of one time are never compared with each other")
	flags.Float64Var(&s.slowed, "slowed", 0.15, "share of the runs whose tenant is slowed")
	flags.DurationVar(&s.neighbor, "neighbour", 30*time.Second, "mean time that the neighbour is on, and off; 0: there is none")
	flags.StringVar(&s.keep, "keep", "", "keep the runs in `FOLDER`, which may have some already")
	flags.StringVar(&s.again, "again", "", "judge the runs in `FOLDER` anew instead of playing any")
	flags.Uint64Var(&s.seed, "seed", 1, "of the order of runs, of the neighbour and of the pairs")
	s.judge.register(flags)
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			flags.SetOutput(stderr)
			flags.PrintDefaults()
		}
		return s, err
	}
	return s, s.check(flags.Args())
}

func (s *settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case s.keep != "" && s.again != "":
		return errors.New("-keep and -again exclude each other")
	case s.slowdown <= 1:
		return fmt.Errorf("-slowdown %v is not more than 1", s.slowdown)
	case s.slowed < 0 || s.slowed > 1:
		return fmt.Errorf("-slowed %v is not between 0 and 1", s.slowed)
	case s.atOnce < 1:
		return fmt.Errorf("-at-once %d is less than 1", s.atOnce)
	case s.neighbor < 0 || s.time < 0:
		return errors.New("a time is less than 0")
	}
	return s.judge.check()
}

// measure plays the runs, or reads those that were kept, and judges them.
func (s *settings) measure(ctx context.Context, stdout, stderr io.Writer) error {
	dir := s.again
	if dir == "" {
		var done func()
		var err error
		if dir, done, err = s.folder(); err != nil {
			return err
		}
		defer done()
		if err := s.play(ctx, dir, stderr); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return s.judge.table(stdout, dir, s.seed)
}

// folder is where the runs are kept, or a new one that is removed in the end.
func (s *settings) folder() (dir string, done func(), err error) {
	if s.keep != "" {
		return s.keep, func() {}, os.MkdirAll(s.keep, 0o777)
	}
	dir, err = os.MkdirTemp("", "alarms-")
	return dir, func() { os.RemoveAll(dir) }, err
}
