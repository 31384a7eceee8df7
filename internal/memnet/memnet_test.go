package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

var _ net.Listener = (*Listener)(nil)

func TestDialMeetsAccept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen()
		const customers = 20
		go func() {
			for range customers {
				conn, err := l.Accept()
				if err != nil {
					t.Errorf("Accept: %v", err)
					return
				}
				go func() { io.Copy(conn, conn); conn.Close() }()
			}
		}()
		for i := range customers {
			conn, err := l.Dial(t.Context(), "any", "address")
			if err != nil {
				t.Fatal(err)
			}
			said := []byte{byte(i), 'x'}
			go conn.Write(said)
			heard := make([]byte, len(said))
			if _, err := io.ReadFull(conn, heard); err != nil || string(heard) != string(said) {
				t.Errorf("connection %d: heard %q, %v, want %q", i, heard, err, said)
			}
			conn.Close()
		}
	})
}

func TestDialGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := Listen().Dial(ctx, "", ""); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("Dial without Accept: %v after %v, want %v after 1s", err, time.Since(start), context.DeadlineExceeded)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen()
		results := make(chan error, 2)
		go func() { _, err := l.Accept(); results <- err }()
		synctest.Wait() // Accept waits
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if err := <-results; !errors.Is(err, net.ErrClosed) {
			t.Errorf("waiting Accept: %v, want %v", err, net.ErrClosed)
		}
		var refused *net.OpError
		if _, err := l.Dial(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) || !errors.As(err, &refused) || refused.Op != "dial" {
			t.Errorf("Dial after Close: %#v, want an OpError with %v", err, net.ErrClosed)
		}
	})
}

// A Dial that waits is refused by Close, never accepted after it.
func TestCloseRefusesWaitingDials(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			l := Listen()
			dialled := make(chan error, 1)
			go func() { _, err := l.Dial(t.Context(), "", ""); dialled <- err }()
			synctest.Wait()
			l.Close()
			if conn, err := l.Accept(); err == nil {
				t.Errorf("Accept after Close: %v", conn)
			}
			if err := <-dialled; !errors.Is(err, net.ErrClosed) {
				t.Errorf("waiting Dial: %v, want %v", err, net.ErrClosed)
			}
		})
	}
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen()
		accepted := make(chan net.Conn, 1)
		go func() { conn, _ := l.Accept(); accepted <- conn }()
		conn, err := l.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		peer := <-accepted
		start := time.Now()
		conn.SetDeadline(start.Add(time.Minute))
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Read: %v after %v, want %v after 1m", err, time.Since(start), os.ErrDeadlineExceeded)
		}
		l.Close()
		conn.SetDeadline(time.Time{})
		go peer.Write([]byte("x"))
		if n, err := conn.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Errorf("an open connection after Close: %d, %v, want it to go on", n, err)
		}
		if l.Addr().Network() != "mem" || l.Addr().String() == "" {
			t.Errorf("address %v of network %q", l.Addr(), l.Addr().Network())
		}
	})
}
