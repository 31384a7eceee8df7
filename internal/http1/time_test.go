package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/memnet"
)

// In virtual time a wait is as long as it says, to the nanosecond.

func TestClientDeadline(t *testing.T) {
	tests := []struct {
		name, wire string // what the peer says before it falls silent
		reads      bool   // the peer reads the request
		sent       bool
	}{
		{"the peer reads nothing", "", false, false},
		{"the peer says nothing", "", true, true},
		{"the peer stops in the head", "HTTP/1.1 200 OK\r\nContent-Le", true, true},
		{"the peer stops in the body", head("Content-Length: 5") + "he", true, true},
		{"the peer stops behind an interim answer", "HTTP/1.1 100 Continue\r\n\r\n", true, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := net.Pipe()
				defer theirs.Close()
				go func() {
					if test.reads {
						io.ReadFull(theirs, make([]byte, len(get)))
						io.WriteString(theirs, test.wire)
					}
				}()
				c := NewClient(ours, Limits{})
				defer c.Close()
				start := time.Now()
				_, err := c.Do([]byte(get), start.Add(3*time.Second))
				var failure *Error
				if !errors.As(err, &failure) || !failure.Timeout() || failure.Sent != test.sent || time.Since(start) != 3*time.Second {
					t.Errorf("got %#v after %v, want a timeout after 3s with Sent %v", err, time.Since(start), test.sent)
				}
			})
		})
	}
}

// serveMemory runs a server on an in-memory network until the test's bubble ends.
func serveMemory(t *testing.T, s *Server) *memnet.Listener {
	t.Helper()
	l := memnet.Listen()
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-done; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve: %v, want %v", err, ErrServerClosed)
		}
	})
	return l
}

func dialMemory(t *testing.T, l *memnet.Listener) net.Conn {
	t.Helper()
	conn, err := l.Dial(t.Context(), "mem", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestServerTimeouts(t *testing.T) {
	tests := []struct {
		name  string
		speak func(net.Conn)
		want  time.Duration // when the server gives up
	}{
		{"a connection that is never used", func(net.Conn) {}, 60 * time.Second},
		{"a head that never ends", func(c net.Conn) { io.WriteString(c, "GET / HT") }, 10 * time.Second},
		{"a body that never ends", func(c net.Conn) { io.WriteString(c, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe") }, 10 * time.Second},
		{"slow but steady: the limit is for the whole request", func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, "X"); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}, 10 * time.Second},
		{"late: the limit begins with the request", func(c net.Conn) {
			time.Sleep(59 * time.Second)
			io.WriteString(c, "GET ")
		}, 69 * time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := Server{Handler: func(*Exchange) { t.Error("the handler was called") }, IdleTimeout: time.Minute, HeadTimeout: 10 * time.Second}
				conn := dialMemory(t, serveMemory(t, &server))
				start := time.Now()
				spoken := make(chan struct{})
				go func() { test.speak(conn); close(spoken) }()
				said, _ := io.ReadAll(conn)
				if took := time.Since(start); took != test.want || len(said) > 0 {
					t.Errorf("closed after %v with %q, want %v and not a word", took, said, test.want)
				}
				<-spoken
			})
		})
	}
}

// A long poll is not idle, and the idle time begins anew after it.
func TestIdleTimeBeginsAfterTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := Server{Handler: func(*Exchange) { time.Sleep(5 * time.Minute) }, IdleTimeout: time.Minute, HeadTimeout: 10 * time.Second}
		conn := dialMemory(t, serveMemory(t, &server))
		c := NewClient(conn, Limits{})
		for range 2 {
			if _, err := c.Do([]byte(get), time.Time{}); err != nil {
				t.Fatalf("a poll of 5 minutes: %v", err)
			}
			time.Sleep(59 * time.Second)
		}
		// An invitation after a long pause must not meet the deadline of the answer before it.
		if r, err := c.Do([]byte("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx"), time.Time{}); err != nil || r.Status != 200 {
			t.Fatalf("an invited request: %d, %v", r.Status, err)
		}
		start := time.Now()
		conn.SetReadDeadline(time.Time{})
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF || time.Since(start) != time.Minute {
			t.Errorf("closed with %v after %v, want %v after 1m", err, time.Since(start), io.EOF)
		}
	})
}

// A peer that does not read its answer is let go.
func TestWriteTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handled := make(chan struct{})
		server := Server{Handler: func(x *Exchange) { x.Body = append(x.Body, strings.Repeat("x", 1<<20)...); close(handled) }}
		conn := dialMemory(t, serveMemory(t, &server))
		io.WriteString(conn, get)
		<-handled
		start := time.Now()
		server.wg.Wait()
		if took := time.Since(start); took != writeTimeout {
			t.Errorf("the connection ended after %v, want %v", took, writeTimeout)
		}
	})
}

func TestCloseInMidExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		server := Server{Handler: func(*Exchange) { <-release }}
		l := memnet.Listen()
		served := make(chan error, 1)
		go func() { served <- server.Serve(l) }()

		answered := make(chan error, 1)
		conn := dialMemory(t, l)
		go func() {
			_, err := NewClient(conn, Limits{}).Do([]byte(get), time.Time{})
			answered <- err
		}()
		synctest.Wait() // the handler blocks now

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		if err := server.Close(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 2*time.Second {
			t.Errorf("Close with a handler that does not return: %v after %v, want %v after 2s", err, time.Since(start), context.DeadlineExceeded)
		}
		if err := <-served; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve: %v, want %v", err, ErrServerClosed)
		}
		var failure *Error
		if err := <-answered; !errors.Is(err, ErrCut) || !errors.As(err, &failure) || !failure.Sent {
			t.Errorf("the client got %v, want %v with Sent", err, ErrCut)
		}
		close(release)
		if err := server.Close(t.Context()); err != nil {
			t.Errorf("Close after the handler returned: %v", err)
		}
		if err := server.Serve(memnet.Listen()); !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve after Close: %v, want %v", err, ErrServerClosed)
		}
		if _, err := l.Dial(t.Context(), "", ""); err == nil {
			t.Errorf("the listener was left open")
		}
	})
}

// flaky is a listener that fails in a given way before it goes on.
type flaky struct {
	net.Listener
	errs []error
}

func (f *flaky) Accept() (net.Conn, error) {
	if len(f.errs) > 0 {
		err := f.errs[0]
		f.errs = f.errs[1:]
		return nil, err
	}
	return f.Listener.Accept()
}

type passing struct{ error }

func (passing) Temporary() bool { return true }

// When descriptors run out, the server waits and goes on; other errors end it.
func TestAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		l := &flaky{memnet.Listen(), []error{passing{errors.New("too many open files")}, passing{errors.New("again")}, broken}}
		start := time.Now()
		server := Server{Handler: func(*Exchange) {}}
		if err := server.Serve(l); !errors.Is(err, broken) || time.Since(start) != 2*acceptPause {
			t.Errorf("Serve: %v after %v, want %v after %v", err, time.Since(start), broken, 2*acceptPause)
		}
	})
}
