package tenant

import (
	"net"
	"runtime"
	"sync"

	"chatbench/internal/reactor"
)

// loop serves the connections of plain TCP, and calls what the clock calls, so that a tenant needs a
// goroutine neither for a connection nor for what robot and agents wait for. It is started by the
// first listener that has use of it: without one, as in tests in virtual time, and under TLS each
// connection has a goroutine.
type loop struct {
	mu sync.Mutex // protects the following
	*reactor.Loop
}

// watch makes the loop watch what a listener accepts, where the system lets it.
func (p *loop) watch(l net.Listener, k *clock) net.Listener {
	if _, ok := l.(*net.TCPListener); !ok || runtime.GOOS != "linux" {
		return l
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Loop == nil {
		started, err := reactor.New(false)
		if err != nil {
			return l // a goroutine for each connection does as well
		}
		p.Loop = started
		k.lean(started)
	}
	return watchedListener{l, p.Loop}
}

func (p *loop) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Loop != nil {
		p.Close()
	}
}

// watchedListener is a listener whose connections are watched by a loop.
type watchedListener struct {
	net.Listener
	loop *reactor.Loop
}

// Accept implements net.Listener.
func (l watchedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	watched, err := l.loop.Adopt(conn)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return watched, nil
}
