// Package memnet is a network in memory, for runs in virtual time: testing/synctest can tell that
// a goroutine waits on a pipe, but not that it waits on a socket. It is used by tests only.
package memnet

import (
	"context"
	"net"
	"sync"
)

// Listener accepts what its own Dial opens.
type Listener struct {
	backlog chan net.Conn
	once    sync.Once
	closed  chan struct{}
}

// Listen makes a listener. It must be made inside the synctest bubble that uses it.
func Listen() *Listener {
	return &Listener{backlog: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial opens a connection to the listener; the address is not looked at. Connections are
// synchronous pipes that honour deadlines. It fails when ctx is done or the listener is closed.
func (l *Listener) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.backlog <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: l.Addr(), Err: net.ErrClosed}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener. After Close it accepts nothing, not even from a Dial that waits.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.backlog:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. Open connections stay open.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return addr{} }

type addr struct{}

func (addr) Network() string { return "mem" }
func (addr) String() string  { return "memory" }
