// Command leantenant is a tenant that costs as little as one can: it answers tokenByAkSk,
// applyToken, send and poll with fixed bytes, at once, from one epoll loop. A poll always brings one
// message. What a client uses against it is the client's own cost, and the time that a request spent
// here is known.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main without the process. It gives the exit code: 0, 1 for what the system refuses, 2
// for a wrong command line.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("leantenant", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:0", "loopback `ADDRESS` to listen at; port 0 takes a free one")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // package flag has said what is wrong
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "leantenant: unknown argument %q\n", flags.Arg(0))
		return 2
	}
	if err := listenAndServe(ctx, *listen, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "leantenant: %v\n", err)
		return 1
	}
	return 0
}

func listenAndServe(ctx context.Context, address string, stdout, stderr io.Writer) error {
	at, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return err
	}
	if !at.IP.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", address)
	}
	l, err := net.ListenTCP("tcp4", at)
	if err != nil {
		return err
	}
	defer l.Close()
	fmt.Fprintf(stderr, "leantenant at http://%s\n", l.Addr())
	report, err := serve(ctx, l)
	if err != nil {
		return err
	}
	_, err = report.WriteTo(stdout)
	return err
}
