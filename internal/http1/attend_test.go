package http1

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"chatbench/internal/reactor"
)

var _ ReadyConn = reactor.Conn(nil)

// starter starts a server and gives its address.
type starter func(testing.TB, *Server, *tls.Config) string

// eachServer is eachTransport with a server, and once more with one whose connections a loop attends
// to.
func eachServer(t *testing.T, test func(t *testing.T, secure bool, serve starter)) {
	t.Helper()
	eachTransport(t, func(t *testing.T, secure bool) { test(t, secure, serve) })
	t.Run("loop", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("no loop that waits for descriptors on this system")
		}
		test(t, false, serveAttended)
	})
}

// adopting is a listener whose connections a loop watches.
type adopting struct {
	net.Listener
	loop *reactor.Loop
}

func (l adopting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.loop.Adopt(conn)
}

func serveAttended(t testing.TB, s *Server, _ *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	loop, err := reactor.New(false)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(adopting{l, loop}) }()
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-done; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve: %v, want %v", err, ErrServerClosed)
		}
		loop.Close()
	})
	return l.Addr().String()
}

// A request may come in any pieces.
func TestAttendedPieces(t *testing.T) {
	requests := []struct{ name, wire, want string }{
		{"with a length", "POST / HTTP/1.1\r\nContent-Length: 12\r\n\r\nhello, world", "hello, world"},
		{"chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks("hello, world", 5, "Sum: 1\r\n"), "hello, world"},
		{"invited", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", "hello"},
	}
	address := serveAttended(t, &Server{Handler: echo}, nil)
	for _, r := range requests {
		t.Run(r.name, func(t *testing.T) {
			conn := dialServer(t, address, nil)
			in := bufio.NewReader(conn)
			for size := 1; size < len(r.wire); size += 7 {
				for rest := r.wire; rest != ""; rest = rest[min(size, len(rest)):] {
					io.WriteString(conn, rest[:min(size, len(rest))])
					runtime.Gosched() // so that the server may see it in pieces, too
				}
				if strings.Contains(r.wire, "Expect") {
					if line, _ := in.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
						t.Fatalf("in pieces of %d: %q, want the invitation", size, line)
					}
					in.ReadString('\n')
				}
				if got := readAnswer(t, in); got != r.want {
					t.Fatalf("in pieces of %d: %q, want %q", size, got, r.want)
				}
			}
		})
	}
}

// A large request is handled elsewhere than on the loop, which serves the others meanwhile.
func TestHeavyRequestDoesNotStopTheLoop(t *testing.T) {
	started, finish := make(chan bool), make(chan bool)
	address := serveAttended(t, &Server{Handler: func(x *Exchange) {
		if len(x.Request) > heavy {
			started <- true
			<-finish
		}
		x.Body = append(x.Body, "done"...)
	}}, nil)
	large := dialServer(t, address, nil)
	go large.Write(append(post("/", make([]byte, heavy+1)), get...))
	<-started
	small := dialServer(t, address, nil)
	io.WriteString(small, get)
	if got := readAnswer(t, bufio.NewReader(small)); got != "done" {
		t.Errorf("meanwhile %q", got)
	}
	close(finish)
	in := bufio.NewReader(large)
	for range 2 { // the other came behind it
		if got := readAnswer(t, in); got != "done" {
			t.Errorf("afterwards %q", got)
		}
	}
}

// Whoever is waited for too long is let go, and the others are not.
func TestAttendedTimeouts(t *testing.T) {
	const limit, far = 40 * time.Millisecond, time.Hour
	tests := []struct {
		name, said string
		idle, head time.Duration
	}{
		{"a connection that is never used", "", limit, far},
		{"one that is not used any more", get, limit, far},
		{"a head that never ends", "GET / HT", far, limit},
		{"a body that never ends", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe", far, limit},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			address := serveAttended(t, &Server{Handler: echo, IdleTimeout: test.idle, HeadTimeout: test.head}, nil)
			start := time.Now()
			conn := dialServer(t, address, nil)
			io.WriteString(conn, test.said)
			if _, err := io.ReadAll(conn); err != nil || time.Since(start) < limit {
				t.Errorf("ended with %v after %v, want the end after %v", err, time.Since(start), limit)
			}
		})
	}
}

// A client that does not read makes nobody wait, and gets all of it when it does.
func TestAttendedSlowReader(t *testing.T) {
	const size = 12 << 20 // more than a connection takes in between
	address := serveAttended(t, &Server{Handler: func(x *Exchange) {
		n := 5
		if string(x.Path) == "/large" {
			n = size
		}
		x.Body = append(x.Body, strings.Repeat("x", n)...)
	}}, nil)
	slow, quick := dialServer(t, address, nil), dialServer(t, address, nil)
	io.WriteString(slow, "GET /large HTTP/1.1\r\n\r\n"+get)
	io.WriteString(quick, get)
	if got := readAnswer(t, bufio.NewReader(quick)); got != "xxxxx" {
		t.Errorf("another client gets %q", got)
	}
	in := bufio.NewReader(slow)
	if got := readAnswer(t, in); len(got) != size {
		t.Errorf("%d bytes, want %d", len(got), size)
	}
	if got := readAnswer(t, in); got != "xxxxx" {
		t.Errorf("behind it %q", got)
	}
}
