package reactor

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"
)

func TestReadDoesNotWait(t *testing.T) {
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		k := newTaker(c)
		c.OnReady(k.ready)
		n, err := c.Read(make([]byte, 10))
		// TLS goes on after an error of just this kind, and is broken after any other.
		var again interface {
			Timeout() bool
			Temporary() bool
		}
		if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &again) || !again.Timeout() || !again.Temporary() {
			r.Errorf("Read without anything to read: %d, %#v, want %v, temporary", n, err, os.ErrDeadlineExceeded)
		}
		if err := c.SetReadDeadline(time.Now().Add(time.Hour)); err != nil {
			r.Error(err)
		}
		if n, err := c.Read(make([]byte, 10)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			r.Errorf("the same with a deadline in an hour: %d, %v, want %v at once", n, err, os.ErrDeadlineExceeded)
		}
		r.send(theirs, "hello")
		k.until(r, "what came after that", has("hello"))
	})
}

func TestToldOfEachArrival(t *testing.T) {
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		k := newTaker(c)
		c.OnReady(k.ready)
		all := ""
		for n := range 200 {
			piece := text(n, 1+n*7%900)
			all += piece
			before := k.state().calls
			r.send(theirs, piece)
			if s := k.until(r, "a piece", has(all)); s.calls == before {
				r.Errorf("piece %d was taken without a call", n)
			}
		}
	})
}

// TestToldOnce leaves what has come unread: the loop must not call again and again.
func TestToldOnce(t *testing.T) {
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		calls := make(chan struct{}, 1000)
		c.OnReady(func() { calls <- struct{}{} })
		r.onLoop(func() {}) // OnReady itself may call
		for len(calls) > 0 {
			<-calls
		}
		r.send(theirs, "hello")
		await(r, "a call", calls)
		for range 100 {
			r.onLoop(func() {})
		}
		if n := len(calls); n > 1 { // a call that comes for nothing is allowed
			r.Errorf("%d more calls in 100 turns while nothing was read", n)
		}
		if s := readText(r, c, 5); s != "hello" {
			r.Errorf("read %q, want hello", s)
		}
	})
}

// readText reads n bytes that are there already or come.
func readText(r *rig, c Conn, n int) string {
	r.Helper()
	c.OnReady(nil)
	buf := make([]byte, n)
	c.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(c, buf); err != nil {
		r.Fatalf("reading %d bytes: %v", n, err)
	}
	return string(buf)
}

// TestToldOfWhatCameBefore has bytes waiting when OnReady is called.
func TestToldOfWhatCameBefore(t *testing.T) {
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		r.send(theirs, "hello")
		if s := readText(r, c, 1); s != "h" {
			r.Errorf("read %q, want h", s)
		}
		k := newTaker(c)
		c.OnReady(k.ready)
		k.until(r, "the rest", has("ello"))
		theirs.Close()
		k.until(r, "the end", ended)
		second := newTaker(c)
		c.OnReady(second.ready)
		if s := second.until(r, "the end, told once more", ended); s.err != io.EOF {
			r.Errorf("the error is %v, want %v", s.err, io.EOF)
		}
	})
}

// TestToldOfTheEnd ends connections in every way. The owner reads once a call, as one does who
// takes an answer and no more: the end must be told all the same.
func TestToldOfTheEnd(t *testing.T) {
	tests := []struct {
		name string
		end  func(r *rig, theirs net.Conn, k *taker)
		want error // io.EOF, or nil for any other
		got  string
	}{
		{"at once", func(_ *rig, theirs net.Conn, _ *taker) { theirs.Close() }, io.EOF, ""},
		{"after what came was read", func(r *rig, theirs net.Conn, k *taker) {
			r.send(theirs, "hello")
			k.until(r, "the data", has("hello"))
			theirs.Close()
		}, io.EOF, "hello"},
		{"together with what comes", func(r *rig, theirs net.Conn, _ *taker) {
			release := r.hold()
			if _, err := theirs.Write([]byte("hello")); err != nil {
				r.Error(err)
			}
			theirs.Close()
			release()
		}, io.EOF, "hello"},
		{"together with more than is read at once", func(r *rig, theirs net.Conn, k *taker) {
			k.mu.Lock()
			k.once = false // nobody is told twice of what was left
			k.mu.Unlock()
			release := r.hold()
			written := make(chan struct{})
			go func() { defer close(written); theirs.Write([]byte(text(1, 3000))) }()
			if r.exact {
				release()
				release = func() {}
			}
			await(r, "the peer's write", written)
			theirs.Close()
			release()
		}, io.EOF, text(1, 3000)},
		{"one half, and nothing else follows", func(r *rig, theirs net.Conn, k *taker) {
			half, ok := theirs.(*net.TCPConn)
			if !ok {
				theirs.Close() // a pipe has no halves
				return
			}
			half.CloseWrite()
			k.until(r, "the end", ended)
		}, io.EOF, ""},
		{"reset", func(_ *rig, theirs net.Conn, _ *taker) { reset(theirs) }, nil, ""},
		{"reset after what came was read", func(r *rig, theirs net.Conn, k *taker) {
			r.send(theirs, "hello")
			k.until(r, "the data", has("hello"))
			reset(theirs)
		}, nil, "hello"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachKind(t, func(r *rig) {
				c, theirs := r.conn()
				k := newTaker(c)
				k.once = true
				c.OnReady(k.ready)
				test.end(r, theirs, k)
				s := k.until(r, "the end", ended)
				if test.want != nil && s.err != test.want || s.got != test.got {
					r.Errorf("got %q and %v, want %q and %v", s.got, s.err, test.got, test.want)
				}
				if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					r.Errorf("another Read after the end: %d, %v, want an error for good", n, err)
				}
			})
		})
	}
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}

// TestSwitching reads a stream now waiting and now called, changing between the two at random.
func TestSwitching(t *testing.T) {
	const seed, pieces = 11, 1500
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		sent, got := fnv.New64a(), fnv.New64a()
		over := make(chan struct{})
		go func() {
			defer close(over)
			defer theirs.Close()
			random := rand.New(rand.NewPCG(seed, 1))
			for n := range pieces {
				piece := []byte(text(n, 1+random.IntN(200)))
				sent.Write(piece)
				if _, err := theirs.Write(piece); err != nil {
					r.Errorf("seed %d, piece %d: %v", seed, n, err)
					return
				}
			}
		}()
		random, buf := rand.New(rand.NewPCG(seed, 2)), make([]byte, 150)
		told := make(chan struct{}, 1)
		called, err := false, error(nil)
		for n := 0; err == nil; {
			if random.IntN(3) == 0 {
				called = !called
				switchTo(c, called, told)
			}
			n, err = c.Read(buf)
			got.Write(buf[:n])
			if called && errors.Is(err, os.ErrDeadlineExceeded) {
				await(r, fmt.Sprintf("seed %d: a call", seed), told)
				err = nil
			}
		}
		await(r, "the peer's end", over)
		if err != io.EOF || got.Sum64() != sent.Sum64() {
			r.Errorf("seed %d: got %x and %v, want %x and %v", seed, got.Sum64(), err, sent.Sum64(), io.EOF)
		}
	})
}

func switchTo(c Conn, called bool, told chan struct{}) {
	if !called {
		c.OnReady(nil)
		return
	}
	c.OnReady(func() {
		select {
		case told <- struct{}{}:
		default:
		}
	})
}

// TestClose closes a connection beneath its owner, who is told.
func TestClose(t *testing.T) {
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		failed := make(chan error, 1)
		reading := make(chan struct{})
		go func() {
			close(reading)
			_, err := c.Read(make([]byte, 1))
			failed <- err
		}()
		<-reading
		c.Close()
		if err := await(r, "a Read that waited", failed); !errors.Is(err, net.ErrClosed) {
			r.Errorf("a Read that waited: %v, want %v", err, net.ErrClosed)
		}
		closed(r, c)
		if n, err := theirs.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			r.Errorf("the peer reads %d, %v, want %v", n, err, io.EOF)
		}

		c, theirs = r.conn()
		k := newTaker(c)
		c.OnReady(k.ready)
		r.onLoop(func() {})
		go c.Close()
		if s := k.until(r, "the end", ended); !errors.Is(s.err, net.ErrClosed) {
			r.Errorf("called on, Read gives %v, want %v", s.err, net.ErrClosed)
		}
		closed(r, c)
		if n, err := theirs.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			r.Errorf("the peer reads %d, %v, want %v", n, err, io.EOF)
		}
	})
}

// TestCloseWithSomethingUnread leaves bytes on a connection that is closed: they are gone.
func TestCloseWithSomethingUnread(t *testing.T) {
	eachKind(t, func(r *rig) {
		for _, called := range []bool{false, true} {
			c, theirs := r.conn()
			r.send(theirs, "hello")
			readText(r, c, 1)
			if called {
				c.OnReady(func() {})
			}
			c.Close()
			closed(r, c)
		}
	})
}

// closed checks what is left of a connection that was closed.
func closed(r *rig, c Conn) {
	r.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, net.ErrClosed) {
		r.Errorf("Read after Close: %d, %v, want %v", n, err, net.ErrClosed)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
		r.Errorf("Write after Close: %v, want %v", err, net.ErrClosed)
	}
	c.Close() // may fail, must not do harm
}

// TestDeadline lets deadlines pass for a Read that waits.
func TestDeadline(t *testing.T) {
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		for _, wait := range []time.Duration{-time.Hour, 0, ms, 30 * ms, 5 * ms} {
			start := time.Now()
			c.SetReadDeadline(start.Add(wait))
			n, err := c.Read(make([]byte, 1))
			took := time.Since(start)
			if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) || took < wait || r.exact && took != max(wait, 0) {
				r.Errorf("a deadline in %v: %d, %v after %v, want %v", wait, n, err, took, os.ErrDeadlineExceeded)
			}
		}
		c.SetDeadline(time.Now().Add(patience))
		r.send(theirs, "hello")
		buf := make([]byte, 5)
		if _, err := io.ReadFull(c, buf); err != nil || string(buf) != "hello" {
			r.Errorf("after the deadlines: %q, %v, want hello", buf, err)
		}
		c.SetDeadline(time.Now().Add(ms))
		c.SetDeadline(time.Time{})
		got := make(chan string, 1)
		go func() { io.ReadFull(c, buf); got <- string(buf) }()
		past := newRinging()
		r.loop.Set(past.alarm("past"), time.Now().Add(5*ms))
		past.names(r, 1)
		r.send(theirs, "world")
		if s := await(r, "a Read without a deadline", got); s != "world" {
			r.Errorf("without a deadline: %q, want world", s)
		}
	})
}

// TestBigWrite writes what no buffer holds to a peer that does not read. What the caller is told
// must be what the peer gets.
func TestBigWrite(t *testing.T) {
	eachKind(t, func(r *rig) {
		c, theirs := r.conn()
		c.OnReady(func() {})
		c.SetDeadline(time.Now().Add(50 * ms)) // elsewhere it waits
		data := []byte(text(3, 1<<20))
		written, err := 0, error(nil)
		for err == nil && written < 1<<30 {
			var n int
			n, err = c.Write(data)
			written += n
			if n < len(data) != (err != nil) {
				r.Fatalf("Write of %d bytes: %d, %v", len(data), n, err)
			}
		}
		if err == nil {
			r.Fatalf("%d bytes were written to a peer that reads nothing", written)
		}
		if r.native && (errors.Is(err, os.ErrDeadlineExceeded) || isTimeout(err)) {
			r.Errorf("the buffer was full, and the error is %v, which says that time has passed", err)
		}
		if n, err := c.Write([]byte("x")); n != 0 || err == nil || r.native && isTimeout(err) {
			r.Errorf("another byte: %d, %v, want an error, and none of time", n, err)
		}
		c.Close()
		want := fnv.New64a()
		for left := written; left > 0; left -= min(left, len(data)) {
			want.Write(data[:min(left, len(data))])
		}
		got := fnv.New64a()
		if n, err := io.Copy(got, theirs); n != int64(written) || err != nil || got.Sum64() != want.Sum64() {
			r.Errorf("the peer got %d bytes of sum %x, %v, want %d of %x", n, got.Sum64(), err, written, want.Sum64())
		}
	})
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// TestEcho has 200 connections talk at once, each about something of its own, and sums up.
func TestEcho(t *testing.T) {
	const seed, conns, rounds = 13, 200, 20
	eachKind(t, func(r *rig) {
		var wg sync.WaitGroup
		for id := range conns {
			c, theirs := r.conn()
			wg.Go(func() { echo(theirs) })
			wg.Go(func() { talk(r, c, rand.New(rand.NewPCG(seed, uint64(id))), id, rounds) })
		}
		wg.Wait()
	})
}

// echo says what it hears, in pieces of its own.
func echo(conn net.Conn) {
	defer conn.Close()
	buf := make([]byte, 700)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		if _, err := conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

// talk says things of random length and wants to hear them again, now called and now waiting.
func talk(r *rig, c Conn, random *rand.Rand, id, rounds int) {
	defer c.Close()
	for n := range rounds {
		said := text(id*1000+n, 1+random.IntN(3000))
		if r.exact {
			said = said[:min(len(said), 500)] // what the peer reads at once: nobody can wait for the other in a pipe
		}
		called := random.IntN(2) == 0
		k := newTaker(c)
		if called {
			c.OnReady(k.ready)
		}
		if _, err := c.Write([]byte(said)); err != nil {
			r.Errorf("connection %d, round %d: %v", id, n, err)
			return
		}
		got := ""
		if called {
			got = k.until(r, fmt.Sprintf("connection %d, round %d", id, n), func(s state) bool { return len(s.got) >= len(said) || s.err != nil }).got
			k.dismiss(c)
		} else {
			buf := make([]byte, len(said))
			c.SetReadDeadline(time.Now().Add(patience))
			io.ReadFull(c, buf) //nolint:errcheck // the comparison shows it
			got = string(buf)
		}
		if got != said {
			r.Errorf("connection %d, round %d, called %v: %d bytes of %d came back, or others", id, n, called, len(got), len(said))
			return
		}
	}
}
