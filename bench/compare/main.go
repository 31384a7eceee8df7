// Command compare puts chatbench beside other clients, in one command and one table: a raw loop that
// parses nothing (bench/rawloop) and those load generators that are on the PATH.
//
// It builds chatbench and the two lean programs, plays short runs on loopback, A B A B, as many
// rounds as fit into its time, and writes Markdown to standard output. Processor time is that of the
// client's process, per poll that the tenant answered. It says how much of the machine others used
// meanwhile, and keeps the quiet runs apart from the rest.
//
// It measures what a client costs, not what a tenant can do, and nothing across a network. What it
// starts it stops, also when it is interrupted. It needs Linux; elsewhere it says so and does nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	time      time.Duration // no round begins that would end later
	rounds    int           // at most
	window    time.Duration // measured in each run
	closed    int           // connections of the closed loop
	paced     int           // customers with a pace
	flat      []int         // customers of chatbench alone, to see what one costs
	talking   int           // customers who hold whole conversations
	scenarios []string      // which of the four to play
	bin       string        // folder of the programs; empty: they are built
}

// parts are the names of the scenarios, in the order in which they are played.
func parts() []string { return []string{"closed", "paced", "flat", "talk"} }

func main() {
	// A child is to end when this process does, whatever ends it. Linux ties that to the thread that
	// started the child; the main thread lives as long as the process.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main without the process. It gives the exit code: 0, also when there is nothing to do
// on this system; 1 when the comparison could not
// be made, 2 for a wrong command line, 130 when it was interrupted.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := readFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "compare: %v\n", err)
		return 2
	}
	if runtime.GOOS != "linux" {
		fmt.Fprintf(stdout, "compare: skipped: the lean tenant and the raw loop need Linux, and this is %s\n", runtime.GOOS)
		return 0
	}
	err = s.compare(ctx, stdout, stderr)
	switch {
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "compare: interrupted; its processes have ended")
		return 130
	case err != nil:
		fmt.Fprintf(stderr, "compare: %v\n", err)
		return 1
	}
	return 0
}

func readFlags(args []string, stderr io.Writer) (settings, error) {
	s := settings{flat: []int{100, 1000, 9000}, scenarios: parts()}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller says what is wrong
	flags.DurationVar(&s.time, "time", 170*time.Second, "no round begins that would end later than this; the first one always does")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds at most")
	flags.DurationVar(&s.window, "window", 2500*time.Millisecond, "time that is measured in each run")
	flags.IntVar(&s.closed, "connections", 100, "connections of the closed loop")
	flags.IntVar(&s.paced, "customers", 2000, "customers with one poll a second")
	flags.IntVar(&s.talking, "talking", 300, "customers who hold whole conversations")
	flags.StringVar(&s.bin, "bin", "", "`FOLDER` with chatbench, leantenant and rawloop, instead of building them: to look at another version")
	flags.Func("flat", "`numbers` of customers for the flat cost (default 100,1000,9000)", func(text string) (err error) {
		s.flat, err = numbers(text)
		return err
	})
	flags.Func("only", "of closed, paced, flat and talk those to play, `separated` by commas (default all)", func(text string) error {
		s.scenarios = strings.Split(text, ",")
		return nil
	})
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
	case s.rounds < 1 || s.closed < 1 || s.paced < 1 || s.talking < 1 || slices.Contains(s.flat, 0):
		return errors.New("a number is less than 1")
	case s.window < 100*time.Millisecond:
		return fmt.Errorf("-window %v is less than 100ms", s.window)
	}
	for _, name := range s.scenarios {
		if !slices.Contains(parts(), name) {
			return fmt.Errorf("-only %q is none of %s", name, strings.Join(parts(), ", "))
		}
	}
	return nil
}

// numbers reads "100,1000".
func numbers(text string) ([]int, error) {
	var list []int
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number of customers", field)
		}
		list = append(list, n)
	}
	return list, nil
}
