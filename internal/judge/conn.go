package judge

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// listener hands out connections that notice when the client closes them.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(inner), nil
}

// conn reads ahead, so that it is known at once when a client closes a connection on which it waits
// for an answer: such a poll is over for the client, whatever the tenant still makes of it.
type conn struct {
	net.Conn

	mu       sync.Mutex // protects the following
	changed  sync.Cond  // data, err or the deadline has
	buf      []byte     // the pump's while data is empty
	data     []byte     // read and not used, in buf
	err      error      // what ended the reading
	deadline time.Time
	timer    *time.Timer // wakes a Read whose deadline has come; nil: there was none yet
	call     *call       // that is being served; nil: none is
}

const readAhead = 4 << 10

func newConn(inner net.Conn) *conn {
	c := &conn{Conn: inner, buf: make([]byte, readAhead)}
	c.changed.L = &c.mu
	go c.pump()
	return c
}

// CloseWrite ends what is written, so that a client that is refused reads why before the connection
// closes.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// pump reads until the connection ends.
func (c *conn) pump() {
	for {
		n, err := c.Conn.Read(c.buf)
		c.mu.Lock()
		c.data = c.buf[:n]
		if c.err == nil { // or it was closed meanwhile
			c.err = err
		}
		c.changed.Broadcast()
		for len(c.data) > 0 && c.err == nil {
			c.changed.Wait()
		}
		over, call := c.err != nil, c.call
		c.mu.Unlock()
		if over {
			if call != nil {
				call.abandoned()
			}
			return
		}
	}
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.data) == 0 && c.err == nil {
		if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
			return 0, os.ErrDeadlineExceeded
		}
		c.changed.Wait()
	}
	if len(c.data) == 0 {
		return 0, c.err
	}
	n := copy(p, c.data)
	c.data = c.data[n:]
	if len(c.data) == 0 {
		c.changed.Broadcast()
	}
	return n, nil
}

// SetReadDeadline implements net.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	switch {
	case t.IsZero():
	case c.timer == nil:
		c.timer = time.AfterFunc(time.Until(t), c.wake)
	default:
		c.timer.Reset(time.Until(t))
	}
	return nil
}

func (c *conn) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.mu.Lock()
	c.call = nil // the end is ours
	if c.err == nil {
		c.err = net.ErrClosed
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	c.changed.Broadcast()
	c.mu.Unlock()
	return c.Conn.Close()
}

// serve notes the call that the connection waits for; nil: its answer is about to be written.
func (c *conn) serve(k *call) {
	c.mu.Lock()
	c.call = k
	gone := k != nil && c.err != nil && len(c.data) == 0
	c.mu.Unlock()
	if gone {
		k.abandoned()
	}
}
