// Command rawloop is the limit: it sends the same poll again and again over many connections, from
// one epoll loop, and counts the bytes of the answers without reading them. No client can poll for
// less, and none that does its work should be expected to.
//
// Closed, each connection polls again as soon as it has its answer. With -every the polls have a
// schedule, spread evenly; one that is due while its connection still waits goes out when the answer
// is there. Every answer must be as long as the first: it is for the lean tenant, on this machine.
// It needs Linux.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"chatbench/internal/aicc"
)

// settings are what the flags say.
type settings struct {
	target      string
	connections int
	every       time.Duration // between two polls of a connection; 0: closed
	warmup      time.Duration // left out of the figures
	length      time.Duration // behind the warm-up
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main without the process. It gives the exit code: 0, 1 for what the system or the
// tenant refuses, 2 for a wrong command line. When ctx ends, what was measured until then is printed.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("rawloop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.target, "target", "127.0.0.1:8080", "loopback `ADDRESS` of the lean tenant")
	flags.IntVar(&s.connections, "c", 100, "`connections`, at least 1")
	flags.DurationVar(&s.every, "every", 0, "time between two polls of a connection; 0: as soon as the answer is there")
	flags.DurationVar(&s.warmup, "warmup", 0, "time that is left out of the figures")
	flags.DurationVar(&s.length, "for", 10*time.Second, "time that is measured")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2 // package flag has said what is wrong
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "rawloop: unknown argument %q\n", flags.Arg(0))
		return 2
	case s.connections < 1 || s.every < 0 || s.warmup < 0 || s.length <= 0:
		fmt.Fprintln(stderr, "rawloop: -c, -every, -warmup or -for is too small")
		return 2
	}
	if err := s.play(ctx, stdout); err != nil {
		fmt.Fprintf(stderr, "rawloop: %v\n", err)
		return 1
	}
	return 0
}

func (s *settings) play(ctx context.Context, stdout io.Writer) error {
	at, err := net.ResolveTCPAddr("tcp4", s.target)
	if err != nil {
		return err
	}
	if !at.IP.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", s.target)
	}
	request := (&aicc.Target{Host: s.target, AppKey: "lean"}).AppendPoll(nil, aicc.Auth{Access: "lean-access", User: "lean-user"}, "lean-0001", false)
	length, err := learn(at, request)
	if err != nil {
		return err
	}
	report, err := run(ctx, *s, plan{at: at, request: request, answer: length})
	if err != nil {
		return err
	}
	_, err = report.WriteTo(stdout)
	return err
}

// plan is what is sent where, and how long the answer is.
type plan struct {
	at      *net.TCPAddr
	request []byte
	answer  int
}

// learn makes one poll over a connection of its own.
func learn(at *net.TCPAddr, request []byte) (int, error) {
	conn, err := net.DialTCP("tcp4", nil, at)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	// Setting a deadline on an open connection cannot fail.
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Write(request); err != nil {
		return 0, err
	}
	return answerLength(conn)
}

// answerLength is how many bytes the first answer has, head and body. It must be a 200.
func answerLength(r io.Reader) (int, error) {
	var counted int64
	buffer := bufio.NewReader(io.TeeReader(r, counter{&counted}))
	response, err := http.ReadResponse(buffer, nil)
	if err != nil {
		return 0, fmt.Errorf("the first answer: %w", err)
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return 0, fmt.Errorf("the first answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("the first answer is %s", response.Status)
	}
	return int(counted) - buffer.Buffered(), nil
}

// counter counts what is written to it.
type counter struct{ n *int64 }

func (c counter) Write(p []byte) (int, error) {
	*c.n += int64(len(p))
	return len(p), nil
}
