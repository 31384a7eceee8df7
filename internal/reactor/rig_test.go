package reactor

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// patience is how long a test waits for what must come. Only a test that fails waits so long.
const patience = 20 * time.Second

// rig is a loop of some kind, and connections for it.
type rig struct {
	*testing.T
	loop   *Loop
	pair   func(t *testing.T) (ours, theirs net.Conn)
	native bool
	exact  bool // time is virtual: things happen when they are due
}

// eachKind runs a test with every kind of loop: a portable one in virtual time, a portable one over
// TCP, and the system's own where there is one.
func eachKind(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Run("virtual", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			test(&rig{T: t, loop: newLoop(t, true), pair: pipe, exact: true})
		})
	})
	eachReal(t, test)
}

// eachReal is eachKind over TCP alone.
func eachReal(t *testing.T, test func(r *rig)) {
	t.Helper()
	t.Run("portable", func(t *testing.T) { test(&rig{T: t, loop: newLoop(t, true), pair: tcpPair}) })
	t.Run("native", func(t *testing.T) {
		l := newLoop(t, false)
		if _, portable := l.waiter.(*sleeper); portable {
			t.Skip("this system has no loop of its own")
		}
		test(&rig{T: t, loop: l, pair: tcpPair, native: true})
	})
}

func newLoop(t *testing.T, portable bool) *Loop {
	t.Helper()
	l, err := New(portable)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

func pipe(t *testing.T) (ours, theirs net.Conn) {
	ours, theirs = net.Pipe()
	t.Cleanup(func() { theirs.Close() })
	return ours, theirs
}

func tcpPair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if ours, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	return ours, theirs
}

// conn is a watched connection and its peer.
func (r *rig) conn() (Conn, net.Conn) {
	r.Helper()
	ours, theirs := r.pair(r.T)
	c, err := r.loop.Adopt(ours)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { c.Close() })
	return c, theirs
}

// await waits for something to happen.
func await[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case v := <-c:
		return v
	case <-late.C:
		t.Fatalf("%s: not within %v", what, patience)
		panic("unreachable")
	}
}

// onLoop calls f on the loop and waits for it. What was told to the loop before has been done then.
func (r *rig) onLoop(f func()) {
	r.Helper()
	done := make(chan struct{})
	r.loop.tell(func() { defer close(done); f() })
	await(r, "a call on the loop", done)
}

// hold stops the loop until the returned function is called.
func (r *rig) hold() (release func()) {
	r.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	r.loop.tell(func() { close(held); <-free })
	await(r, "a held loop", held)
	return func() { close(free) }
}

// send writes on a goroutine: a pipe takes nothing before it is read.
func (r *rig) send(conn net.Conn, text string) {
	go func() {
		if _, err := conn.Write([]byte(text)); err != nil {
			r.Errorf("the peer's write of %d bytes: %v", len(text), err)
		}
	}()
}

// taker owns a connection and takes what there is whenever the loop calls.
type taker struct {
	conn  net.Conn   // a Conn, or TLS above it
	once  bool       // it reads once a call, as who knows how much to expect
	mu    sync.Mutex // protects the following
	off   bool       // it is somebody else's turn to read: calls may come late
	calls int
	got   bytes.Buffer
	err   error // what ended it
	news  chan struct{}
}

func newTaker(conn net.Conn) *taker { return &taker{conn: conn, news: make(chan struct{}, 1)} }

func (k *taker) ready() {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer func() {
		select {
		case k.news <- struct{}{}:
		default:
		}
	}()
	k.calls++
	var buf [300]byte
	for k.err == nil && !k.off {
		n, err := k.conn.Read(buf[:])
		k.got.Write(buf[:n])
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded) && n == 0:
			return
		case err != nil:
			k.err = err
		case k.once:
			return
		}
	}
}

// state is what a taker has seen.
type state struct {
	calls int
	got   string
	err   error
}

func (k *taker) state() state {
	k.mu.Lock()
	defer k.mu.Unlock()
	return state{k.calls, k.got.String(), k.err}
}

// dismiss makes reading wait again.
func (k *taker) dismiss(c Conn) {
	k.mu.Lock()
	k.off = true
	k.mu.Unlock()
	c.OnReady(nil)
}

// until waits for a state.
func (k *taker) until(t testing.TB, what string, ok func(s state) bool) state {
	t.Helper()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		s := k.state()
		if ok(s) {
			return s
		}
		select {
		case <-k.news:
		case <-late.C:
			t.Fatalf("%s: not within %v; %d calls, got %d bytes ending in %.40q, error %v", what, patience, s.calls, len(s.got), tail(s.got), s.err)
		}
	}
}

func tail(s string) string { return s[max(0, len(s)-40):] }

func has(text string) func(s state) bool { return func(s state) bool { return s.got == text } }

func ended(s state) bool { return s.err != nil }

// text is n bytes that differ from those of any other length or seed.
func text(seed, n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%d.%d ", seed, i)
	}
	return b.String()[:n]
}
