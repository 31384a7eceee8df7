// Command leantenant is a tenant that costs as little as one can: it answers tokenByAkSk,
// applyToken, send and poll with fixed bytes, at once, from one epoll loop. A poll always brings one
// message. What a client uses against it is the client's own cost, and the time that a request spent
// here is known.
//
// On purpose it can be late, in a way that is known to the nanosecond: see the flags. It goes on
// reading meanwhile, so that it knows when each request came, and with -rate and -for it tells what
// callers wait who come by that schedule: the truth that a client's figures can be held against.
//
// It is no model of a tenant: it keeps no conversations, checks no token and holds no poll. It
// listens on this machine only, and needs Linux.
//
// GET /mark answers with what happened since the last /mark and begins anew. At SIGTERM or SIGINT
// the same line is printed, and the program ends.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	listen string
	delays delays
	rate   int           // of callers with a schedule, a second; 0: there is none
	length time.Duration // of the schedule
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main without the process. It gives the exit code: 0, 1 for what the system refuses, 2
// for a wrong command line.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	flags := s.flags(stderr)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // package flag has said what is wrong
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "leantenant: unknown argument %q\n", flags.Arg(0))
		return 2
	}
	if err := s.check(); err != nil {
		fmt.Fprintf(stderr, "leantenant: %v\n", err)
		return 2
	}
	if err := listenAndServe(ctx, s, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "leantenant: %v\n", err)
		return 1
	}
	return 0
}

func (s *settings) flags(stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet("leantenant", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "loopback `ADDRESS` to listen at; port 0 takes a free one")
	d := &s.delays
	flags.BoolVar(&d.connects, "connects", false, "CONNECTs count and are late, instead of polls")
	flags.DurationVar(&d.service, "delay", 0, "time that every request takes that counts")
	flags.DurationVar(&d.slow, "slow", 0, "time that one in -one-in takes instead")
	flags.IntVar(&d.oneIn, "one-in", 0, "one in so `many` is slow")
	flags.DurationVar(&d.freeze, "freeze", 0, "be frozen once for so long")
	flags.DurationVar(&d.freezeAt, "freeze-at", 0, "be frozen so long after the first request that counts")
	flags.DurationVar(&d.stall, "stall", 0, "be frozen for so long again and again")
	flags.DurationVar(&d.every, "every", 0, "time between the beginnings of two stalls")
	flags.BoolVar(&d.single, "single", false, "serve one request after the other")
	flags.IntVar(&s.rate, "rate", 0, "tell the truth for so `many` callers a second")
	flags.DurationVar(&s.length, "for", 0, "who come for so long")
	return flags
}

func (s *settings) check() error {
	if s.rate < 0 || s.length < 0 || (s.rate > 0) != (s.length > 0) {
		return errors.New("-rate and -for belong together")
	}
	return s.delays.check()
}

func listenAndServe(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	at, err := net.ResolveTCPAddr("tcp4", s.listen)
	if err != nil {
		return err
	}
	if !at.IP.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", s.listen)
	}
	l, err := net.ListenTCP("tcp4", at)
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Fprintf(stderr, "leantenant at http://%s\n", l.Addr())
	report, err := serve(ctx, l, s)
	if err != nil {
		return err
	}
	_, err = report.WriteTo(stdout)
	return err
}
