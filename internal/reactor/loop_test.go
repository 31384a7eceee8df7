package reactor

import (
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestAfterClose has everything happen to a loop that was closed: nothing is called.
func TestAfterClose(t *testing.T) {
	eachKind(t, func(r *rig) {
		var calls atomic.Int64
		count := func() { calls.Add(1) }
		loop := newLoop(r.T, !r.native)
		ours, theirs := r.pair(r.T)
		c, err := loop.Adopt(ours)
		if err != nil {
			r.Fatal(err)
		}
		defer c.Close()
		c.OnReady(count)
		early, late := &Alarm{Ring: count}, &Alarm{Ring: count}
		loop.Set(early, time.Now().Add(time.Hour))
		loop.Close()
		before := calls.Load() // OnReady itself may have called

		loop.Set(early, time.Now())
		loop.Set(late, time.Now().Add(-time.Hour))
		loop.Hurry()
		loop.Stop(early)
		c.OnReady(count)
		r.send(theirs, "hello")
		arrived(r, c)
		theirs.Close()
		c.OnReady(nil)
		c.Close()
		past := newRinging()
		r.loop.Set(past.alarm("past"), time.Now().Add(5*ms))
		past.names(r, 1)
		if n := calls.Load() - before; n != 0 {
			r.Errorf("%d calls by a closed loop", n)
		}

		ours, theirs = r.pair(r.T)
		if _, err := loop.Adopt(ours); !errors.Is(err, net.ErrClosed) {
			r.Fatalf("Adopt by a closed loop: %v, want %v", err, net.ErrClosed)
		}
		r.send(theirs, "as it was")
		buf := make([]byte, 9)
		if _, err := io.ReadFull(ours, buf); err != nil || string(buf) != "as it was" {
			r.Errorf("a connection that was not adopted: %q, %v", buf, err)
		}
		ours.Close()
	})
}

// arrived reads, without waiting and without being called, until something is there.
func arrived(r *rig, c Conn) {
	r.Helper()
	buf := make([]byte, 100)
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if n, err := c.Read(buf); n > 0 {
			return
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			r.Fatalf("Read: %v", err)
		}
		if r.exact {
			time.Sleep(ms) // in virtual time
		}
		runtime.Gosched()
	}
	r.Fatalf("nothing arrived within %v", patience)
}

// TestClosedConnIsNotAdopted wants an error, and nothing left behind.
func TestClosedConnIsNotAdopted(t *testing.T) {
	eachReal(t, func(r *rig) {
		ours, _ := r.pair(r.T)
		ours.Close()
		c, err := r.loop.Adopt(ours)
		if err == nil { // who reads ahead learns of it by reading
			_, err = c.Read(make([]byte, 1))
		}
		if !errors.Is(err, net.ErrClosed) {
			r.Errorf("a closed connection: %v, want %v", err, net.ErrClosed)
		}
	})
}

// TestCloseAmidTraffic closes loops while others use them in every way.
func TestCloseAmidTraffic(t *testing.T) {
	eachKind(t, func(r *rig) {
		for range 20 {
			loop := newLoop(r.T, !r.native)
			var wg sync.WaitGroup
			var users [4]chan struct{}
			var closed atomic.Bool
			for u := range users {
				users[u] = make(chan struct{})
				wg.Go(func() { use(r, loop, users[u], &closed) })
			}
			for _, busy := range users {
				await(r, "a user of the loop", busy)
			}
			loop.Close()
			closed.Store(true)
			wg.Wait()
		}
	})
}

// use works with a loop until that is closed, and tells when it has begun to.
func use(r *rig, loop *Loop, busy chan struct{}, closed *atomic.Bool) {
	a := &Alarm{Ring: func() {}}
	for n := 0; ; n++ {
		ours, theirs := r.pair(r.T)
		over := closed.Load()
		c, err := loop.Adopt(ours)
		if err != nil {
			ours.Close()
			theirs.Close()
			if !errors.Is(err, net.ErrClosed) || n == 0 {
				r.Errorf("Adopt, time %d: %v", n, err)
			}
			loop.Stop(a)
			return
		}
		if over {
			r.Errorf("a closed loop has adopted a connection")
			c.Close()
			return
		}
		c.OnReady(func() { loop.Set(a, time.Now()) })
		if n == 0 {
			close(busy)
		}
		loop.Set(a, time.Now().Add(ms))
		go theirs.Write([]byte("x"))
		c.OnReady(nil)
		loop.Hurry()
		c.Close()
		theirs.Close()
	}
}

// TestNothingIsLeft opens and closes loops and connections and counts descriptors and goroutines.
func TestNothingIsLeft(t *testing.T) {
	eachReal(t, func(r *rig) {
		once := func() {
			loop := newLoop(r.T, !r.native)
			for n := range 10 {
				ours, theirs := r.pair(r.T)
				c, err := loop.Adopt(ours)
				if err != nil {
					r.Fatal(err)
				}
				c.OnReady(func() {})
				theirs.Write([]byte("never read"))
				if n%2 > 0 {
					theirs.Close()
				}
				c.Close()
				theirs.Close()
			}
			closed, theirs := r.pair(r.T)
			closed.Close()
			theirs.Close()
			if c, err := loop.Adopt(closed); err == nil {
				c.Close()
			}
			loop.Close()
		}
		once() // what is opened once, like the runtime's poller, is no leak
		files, goroutines := descriptors(r.T), runtime.NumGoroutine()
		for range 20 {
			once()
		}
		for end := time.Now().Add(patience); descriptors(r.T) > files || runtime.NumGoroutine() > goroutines; runtime.Gosched() {
			if time.Now().After(end) {
				r.Fatalf("%d descriptors and %d goroutines, before it %d and %d", descriptors(r.T), runtime.NumGoroutine(), files, goroutines)
			}
		}
	})
}

func descriptors(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// both is a connection whose end comes with its last bytes, as io.Reader allows.
type both struct{ net.Conn }

func (b both) Read(p []byte) (int, error) { return copy(p, "hello"), io.EOF }

func TestDataAndEndInOneRead(t *testing.T) {
	ours, _ := pipe(t)
	c, err := newLoop(t, true).Adopt(both{ours})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	k := newTaker(c)
	k.once = true
	c.OnReady(k.ready)
	if s := k.until(t, "the end", ended); s.got != "hello" || s.err != io.EOF {
		t.Errorf("got %q, %v, want hello and %v", s.got, s.err, io.EOF)
	}
}

// lingering is a connection whose Close takes a while to return.
type lingering struct{ net.Conn }

func (l lingering) Close() error {
	err := l.Conn.Close()
	time.Sleep(ms)
	return err
}

// TestCloseTellsTheOwnerFirst has what is below say in its own words that it was closed, before
// Close has returned.
func TestCloseTellsTheOwnerFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, _ := pipe(t)
		c, err := newLoop(t, true).Adopt(lingering{ours})
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error, 1)
		go func() {
			_, err := c.Read(make([]byte, 1))
			failed <- err
		}()
		synctest.Wait()
		c.Close()
		if err := await(t, "a Read that waited", failed); err != net.ErrClosed {
			t.Errorf("a Read that waited: %v, want %v", err, net.ErrClosed)
		}
	})
}
