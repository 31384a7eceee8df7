package http1

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"chatbench/internal/reactor"
)

// eachWatched runs a test with a client over a connection that a loop watches, of either kind, under
// TLS or not. Reading it does not wait.
func eachWatched(t *testing.T, test func(t *testing.T, c *Client, theirs net.Conn)) {
	t.Helper()
	for name, portable := range map[string]bool{"native": false, "portable": true} {
		t.Run(name, func(t *testing.T) {
			eachTransport(t, func(t *testing.T, secure bool) {
				loop, err := reactor.New(portable)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(loop.Close)
				ours, theirs, watched := watchedPair(t, loop, secure)
				watched.OnReady(func() {})
				test(t, NewClient(ours, Limits{}), theirs)
			})
		})
	}
}

func TestLost(t *testing.T) {
	tests := []struct {
		name string
		end  func(theirs net.Conn)
		lost bool
	}{
		{"nothing happens", func(net.Conn) {}, false}, // under TLS, session tickets have come
		{"the peer closes", func(theirs net.Conn) { theirs.Close() }, true},
		{"the peer resets", func(theirs net.Conn) {
			if s, ok := theirs.(interface{ NetConn() net.Conn }); ok {
				theirs = s.NetConn()
			}
			theirs.(*net.TCPConn).SetLinger(0)
			theirs.Close()
		}, true},
		{"the peer speaks out of turn", func(theirs net.Conn) { io.WriteString(theirs, "HTTP/1.1 408 Request Timeout\r\n\r\n") }, true},
		{"the peer says one byte", func(theirs net.Conn) { io.WriteString(theirs, "\n") }, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachWatched(t, func(t *testing.T, c *Client, theirs net.Conn) {
				for range 100 {
					if c.Lost() || c.buf != nil {
						t.Fatalf("a new connection is lost, or holds a buffer")
					}
				}
				exchangeByTry(t, c, theirs)
				for range 100 {
					if c.Lost() || c.buf != nil || !c.Reusable() {
						t.Fatalf("a connection that rests is lost, or holds a buffer")
					}
				}
				if test.end(theirs); !test.lost {
					exchangeByTry(t, c, theirs) // the question did no harm
					return
				}
				for end := soon(); !c.Lost(); runtime.Gosched() {
					if time.Now().After(end) {
						t.Fatal("Lost() stays false")
					}
				}
				if c.Reusable() || !c.Lost() {
					t.Errorf("Reusable() = %v, Lost() = %v after it was lost", c.Reusable(), c.Lost())
				}
				var failure *Error
				if err := c.Send([]byte(get)); !errors.As(err, &failure) || failure.Sent {
					t.Errorf("Send over a lost connection: %#v, want an error without Sent", err)
				}
				if c.Release(); c.buf != nil {
					t.Error("a buffer was kept after Release")
				}
			})
		})
	}
}

// TestTryOverWire makes exchanges over watched connections: at the end of all comes an error.
func TestTryOverWire(t *testing.T) {
	eachWatched(t, func(t *testing.T, c *Client, theirs net.Conn) {
		for range 20 {
			exchangeByTry(t, c, theirs)
		}
		if err := c.Send([]byte(get)); err != nil {
			t.Fatal(err)
		}
		io.ReadFull(theirs, make([]byte, len(get)))
		theirs.Close()
		_, err := tryOn(t, c)
		var failure *Error
		if !errors.Is(err, ErrCut) || !errors.As(err, &failure) || !failure.Sent || c.Reusable() {
			t.Errorf("the peer closed instead of an answer: %#v, want %v with Sent", err, ErrCut)
		}
	})
}

// exchangeByTry makes one exchange without waiting.
func exchangeByTry(t *testing.T, c *Client, theirs net.Conn) {
	t.Helper()
	if err := c.Send([]byte(get)); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.Try(); ok || err != nil || c.buf != nil {
		t.Fatalf("Try before there is an answer: %v, %v, buffer %v", ok, err, c.buf != nil)
	}
	if _, err := io.ReadFull(theirs, make([]byte, len(get))); err != nil {
		t.Fatal(err)
	}
	io.WriteString(theirs, head("Content-Length: 5")+"he")
	io.WriteString(theirs, "llo")
	if r, err := tryOn(t, c); err != nil || string(r.Body) != "hello" {
		t.Fatalf("Try: %q, %v, want hello", r.Body, err)
	}
	c.Release()
}

// tryOn tries until there is an answer or an error.
func tryOn(t *testing.T, c *Client) (Response, error) {
	t.Helper()
	for end := soon(); ; runtime.Gosched() {
		if r, ok, err := c.Try(); ok || err != nil {
			return r, err
		}
		if time.Now().After(end) {
			t.Fatal(os.ErrDeadlineExceeded)
		}
	}
}

// watchedPair is pair, with our end watched by a loop, below its TLS.
func watchedPair(t *testing.T, loop *reactor.Loop, secure bool) (ours, theirs net.Conn, watched reactor.Conn) {
	t.Helper()
	ours, theirs = pair(t, false)
	watched, err := loop.Adopt(ours)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { watched.Close() })
	if !secure {
		return watched, theirs, watched
	}
	server, client := certificate(t)
	c, s := tls.Client(watched, client), tls.Server(theirs, server)
	done := make(chan error, 1)
	go func() { done <- s.Handshake() }()
	if err := errors.Join(c.Handshake(), <-done); err != nil {
		t.Fatal(err)
	}
	return c, s, watched
}
