package judge

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestConn reads through a connection that reads ahead: all that was sent, in its order, with deadlines,
// to its end.
func TestConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		c := newConn(ours)
		sent := strings.Repeat("0123456789", readAhead/5) // two buffers
		go func() {
			io.WriteString(theirs, sent)
			time.Sleep(time.Second)
			io.WriteString(theirs, "more")
			theirs.Close()
		}()
		got := make([]byte, len(sent))
		if n, err := io.ReadFull(c, got); err != nil || string(got) != sent {
			t.Errorf("read %d bytes, %v; want the %d that were sent", n, err, len(sent))
		}
		c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		start := time.Now()
		if _, err := c.Read(got); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != 100*time.Millisecond {
			t.Errorf("read %v after %v, want a deadline exceeded after 100ms", err, time.Since(start))
		}
		c.SetReadDeadline(time.Time{})
		rest, err := io.ReadAll(c)
		if string(rest) != "more" || err != nil {
			t.Errorf("read %q, %v; want \"more\" and the end", rest, err)
		}
		c.Close()
		if _, err := c.Read(got); err == nil {
			t.Error("a closed connection was read")
		}
	})
}

// TestConnIsClosed wakes a Read that waits, and ends the reading ahead.
func TestConnIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		c := newConn(ours)
		read := make(chan error)
		go func() {
			_, err := c.Read(make([]byte, 1))
			read <- err
		}()
		synctest.Wait()
		c.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("read %v, want %v", err, net.ErrClosed)
		}
	}) // the bubble would complain of a goroutine that is left
}

// TestConnEndsHalf ends what is written while the other side still writes: that is how a client that is
// refused gets to read why.
func TestConnEndsHalf(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours, err := listener{l}.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	io.WriteString(ours, "no")
	half, ok := ours.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		t.Fatal("what is written could not be ended")
	}
	if said, err := io.ReadAll(theirs); string(said) != "no" || err != nil {
		t.Errorf("read %q, %v; want \"no\" and the end", said, err)
	}
	io.WriteString(theirs, "but")
	got := make([]byte, 3)
	if _, err := io.ReadFull(ours, got); err != nil || string(got) != "but" {
		t.Errorf("read %q, %v behind the end of what was written; want \"but\"", got, err)
	}
}
