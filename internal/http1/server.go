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

// Server answers requests on any number of connections. Each is served by one goroutine, unless it is a
// [ReadyConn].
type Server struct {
	// Handler is called for every request. What has to wait, such as a long poll, should hold the
	// exchange (see Exchange.Hold); otherwise the exchange and everything in it is invalid when the
	// handler returns. It may block, too, but not on a ReadyConn, which is served by whoever says
	// that it is ready.
	Handler func(*Exchange)
	// Limits of requests.
	Limits Limits
	// IdleTimeout closes a connection on which no request begins for that long, and HeadTimeout
	// one whose request does not end. 0 means 5 minutes and 30 seconds.
	IdleTimeout, HeadTimeout time.Duration
	// Refused is told of a request that is no HTTP, or too large, before it is answered so. It is
	// called where the connection is served; nil tells nobody.
	Refused func(net.Conn, error)
	// ErrorLog is told when a handler panics, with the stack; nil tells nobody. It is called where
	// the handler is. The exchange is answered 500 and its connection closed.
	ErrorLog func(error)

	mu        sync.Mutex // protects the following
	listeners map[net.Listener]struct{}
	conns     map[net.Conn]*attended // nil: served by a goroutine
	sweeper   *time.Timer            // looks for attended connections that are late; nil: there was none yet
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
		if r, ok := conn.(ReadyConn); ok {
			s.attend(r)
		} else {
			go s.serve(conn)
		}
	}
}

// Close closes the listeners and all connections, in the middle of their exchanges if need be,
// and waits until every handler has returned and every held exchange was answered, or ctx is done.
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
		s.conns, s.listeners = make(map[net.Conn]*attended), make(map[net.Listener]struct{})
	}
	if l != nil {
		s.listeners[l] = struct{}{}
	}
	if c != nil {
		s.conns[c] = nil
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

// watch has a connection closed that is late. How late may be seen some time after it is.
func (s *Server) watch(conn net.Conn, a *attended) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[conn] = a
	if s.sweeper == nil && !s.closed {
		s.sweeper = time.AfterFunc(s.sweepEvery(), s.sweep)
	}
}

// sweepEvery is short beside the limits.
func (s *Server) sweepEvery() time.Duration {
	return max(min(s.idle(), s.headLimit(), writeTimeout)/8, time.Millisecond)
}

func (s *Server) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for conn, a := range s.conns {
		if a != nil && a.isLate(now) {
			conn.Close() // which it learns by being ready
		}
	}
	if !s.closed {
		s.sweeper.Reset(s.sweepEvery())
	}
}

func (s *Server) serve(conn net.Conn) {
	defer s.forget(conn)
	defer conn.Close()
	x := newExchange(conn, s.Limits)
	for s.exchange(x) {
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

func (s *Server) idle() time.Duration      { return orDuration(s.IdleTimeout, 5*time.Minute) }
func (s *Server) headLimit() time.Duration { return orDuration(s.HeadTimeout, 30*time.Second) }

// exchange serves one request and reports whether another may follow.
func (s *Server) exchange(x *Exchange) bool {
	if x.Conn.SetReadDeadline(time.Now().Add(s.idle())) != nil || x.begin() != nil ||
		x.Conn.SetReadDeadline(time.Now().Add(s.headLimit())) != nil {
		return false
	}
	if err := x.readRequest(); err != nil {
		s.refusing(x.Conn, err)
		x.refuse(err)
		return false
	}
	ok := s.handle(x)
	if x.held {
		if !ok {
			return false // it has let go of the answer, and cannot take it back
		}
		<-x.answered
	}
	return x.flush()
}

// refusing tells of a request that is refused; other errors are connections that have ended.
func (s *Server) refusing(conn net.Conn, err error) {
	if s.Refused != nil && (errors.Is(err, ErrMalformed) || errors.Is(err, ErrTooLarge)) {
		s.Refused(conn, err)
	}
}

// handle keeps a panic of the handler from ending the process and all the other conversations.
func (s *Server) handle(x *Exchange) (ok bool) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if !x.held {
			told := x.Told
			x.reset()
			x.Status, x.Close, x.Told = http.StatusInternalServerError, true, told
		}
		if s.ErrorLog != nil {
			s.ErrorLog(fmt.Errorf("panic in the handler of %s: %v\n%s", x.Method, p, debug.Stack()))
		}
	}()
	s.Handler(x)
	return true
}
