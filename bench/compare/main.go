// Command compare puts chatbench beside other clients, in one command and one table: a raw loop that
// parses nothing (bench/rawloop) and those load generators that are on the PATH.
//
// It builds chatbench and the two lean programs, plays short runs on loopback, A B A B, as many
// rounds as fit into its time, and writes Markdown to standard output. Processor time is that of the
// client's process, per poll that the tenant answered. It says how much of the machine others used
// meanwhile, and keeps the quiet runs apart from the rest. Some parts are played on demand only:
// whether the clients tell the truth about a tenant that is late on purpose, whole conversations
// beside k6, TLS, one long run.
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
	paced     int           // customers with a pace; also those of a soak
	flat      []int         // numbers of customers, to see what one more costs
	steady    int           // polls a second that they make together in the second table of that part
	scale     []int         // numbers of customers for the figure
	figure    string        // file for it; empty: none
	talking   []int         // customers who hold whole conversations
	secure    int           // customers with and without TLS
	soak      time.Duration // length of the one long run
	scenarios []string      // which parts to play
	bin       string        // folder of the programs; empty: they are built
}

// parts are the names of the parts, in the order in which they are played.
func parts() []string {
	return []string{"closed", "paced", "flat", "scale", "talk", "tls", "truth", "soak"}
}

// usual are the parts that are played unless others are asked for: what fits into three minutes.
func usual() []string { return []string{"closed", "paced", "talk"} }

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
	s := settings{flat: []int{100, 1000, 9000}, scale: []int{100, 300, 1000, 3000, 9000}, talking: []int{300}, scenarios: usual()}
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller says what is wrong
	flags.DurationVar(&s.time, "time", 170*time.Second, "no round begins that would end later than this; the first one always does")
	flags.IntVar(&s.rounds, "rounds", 3, "rounds at most")
	flags.DurationVar(&s.window, "window", 2500*time.Millisecond, "time that is measured in each run")
	flags.IntVar(&s.closed, "connections", 100, "connections of the closed loop")
	flags.IntVar(&s.paced, "customers", 2000, "customers of paced and soak, with one poll a second each")
	flags.IntVar(&s.steady, "steady", 3000, "polls a second that all make together in the second table of flat")
	flags.IntVar(&s.secure, "secure", 1000, "customers of tls")
	flags.DurationVar(&s.soak, "soak", 10*time.Minute, "length of soak")
	flags.StringVar(&s.figure, "figure", "", "`FILE` for the figure of scale, an SVG")
	flags.StringVar(&s.bin, "bin", "", "`FOLDER` with chatbench, leantenant and rawloop, instead of building them: to look at another version")
	listFlag(flags, &s.flat, "flat", "`numbers` of customers of flat")
	listFlag(flags, &s.scale, "scale", "`numbers` of customers of scale")
	listFlag(flags, &s.talking, "talking", "`numbers` of customers of talk")
	flags.Func("only", "parts to play, `separated` by commas, of "+strings.Join(parts(), ", ")+" (default "+strings.Join(usual(), ",")+")", func(text string) error {
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

// listFlag is a flag for numbers; the list holds its default.
func listFlag(flags *flag.FlagSet, list *[]int, name, usage string) {
	flags.Func(name, fmt.Sprintf("%s (default %s)", usage, strings.ReplaceAll(strings.Trim(fmt.Sprint(*list), "[]"), " ", ",")),
		func(text string) (err error) {
			*list, err = numbers(text)
			return err
		})
}

func (s *settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unknown argument %q", rest[0])
	case min(s.rounds, s.closed, s.paced, s.steady, s.secure) < 1:
		return errors.New("a number is less than 1")
	case s.window < 100*time.Millisecond:
		return fmt.Errorf("-window %v is less than 100ms", s.window)
	case s.soak < 2*time.Second:
		return fmt.Errorf("-soak %v is less than 2s", s.soak)
	}
	for _, name := range s.scenarios {
		if !slices.Contains(parts(), name) {
			return fmt.Errorf("-only %q is none of %s", name, strings.Join(parts(), ", "))
		}
	}
	if s.figure != "" && !s.plays("scale") {
		return errors.New("-figure needs -only scale")
	}
	return nil
}

func (s *settings) plays(part string) bool { return slices.Contains(s.scenarios, part) }

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
