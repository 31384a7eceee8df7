package http1

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"
)

// Server answers requests on any number of connections, each served by one goroutine.
type Server struct {
	// Handler is called for every request, on the connection's goroutine. It may block, as a long
	// poll does; the exchange and everything in it is invalid when it returns.
	Handler func(*Exchange)
	// Limits of requests.
	Limits Limits
	// IdleTimeout closes a connection on which no request begins for that long, and HeadTimeout
	// one whose request does not end. 0 means 5 minutes and 30 seconds.
	IdleTimeout, HeadTimeout time.Duration
	// ErrorLog is told when a handler panics, with the stack; nil tells nobody. It is called on
	// the connections' goroutines. The exchange is answered 500 and its connection closed.
	ErrorLog func(error)

	mu        sync.Mutex // protects the following
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]struct{}
	closed    bool
	wg        sync.WaitGroup
}

const acceptPause = 5 * time.Millisecond

// ErrServerClosed is what Serve returns after Close.
var ErrServerClosed = errors.New("server closed")

// Serve accepts connections until the listener fails or the server is closed. It always returns
// an error: ErrServerClosed after Close.
func (s *Server) Serve(l net.Listener) error {
	if !s.track(l, nil) {
		l.Close()
		return ErrServerClosed
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			if s.isClosed() {
				return ErrServerClosed
			}
			var temporary interface{ Temporary() bool }
			if errors.As(err, &temporary) && temporary.Temporary() {
				time.Sleep(acceptPause) // out of descriptors: connections that end make room
				continue
			}
			return fmt.Errorf("accepting connections: %w", err)
		}
		if !s.track(nil, conn) {
			conn.Close()
			return ErrServerClosed
		}
		go s.serve(conn)
	}
}

// Close closes the listeners and all connections, in the middle of their exchanges if need be,
// and waits until every handler has returned or ctx is done.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Server) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// track remembers a listener or a connection so that Close finds it.
func (s *Server) track(l net.Listener, c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.conns == nil {
		s.conns, s.listeners = make(map[net.Conn]struct{}), make(map[net.Listener]struct{})
	}
	if l != nil {
		s.listeners[l] = struct{}{}
	}
	if c != nil {
		s.conns[c] = struct{}{}
		s.wg.Add(1)
	}
	return true
}

func (s *Server) forget(c net.Conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.wg.Done()
}

func (s *Server) serve(conn net.Conn) {
	defer s.forget(conn)
	defer conn.Close()
	x := Exchange{stream: newStream(conn, s.Limits), Conn: conn}
	for s.exchange(&x) {
		x.giveBack()
	}
	x.pos = x.end
	x.giveBack()
}

func orDuration(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// exchange serves one request and reports whether another may follow.
func (s *Server) exchange(x *Exchange) bool {
	conn := x.Conn
	if conn.SetReadDeadline(time.Now().Add(orDuration(s.IdleTimeout, 5*time.Minute))) != nil {
		return false
	}
	if err := x.readRequest(orDuration(s.HeadTimeout, 30*time.Second)); err != nil {
		x.refuse(err)
		return false
	}
	s.handle(x)
	return x.flush()
}

// handle keeps a panic of the handler from ending the process and all the other conversations.
func (s *Server) handle(x *Exchange) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		x.reset()
		x.Status, x.Close = http.StatusInternalServerError, true
		if s.ErrorLog != nil {
			s.ErrorLog(fmt.Errorf("panic in the handler of %s: %v\n%s", x.Method, p, debug.Stack()))
		}
	}()
	s.Handler(x)
}
