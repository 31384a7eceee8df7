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
