package reactor

import (
	"net"
	"os"
	"sync"
	"time"
)

// sleeper waits with a timer.
type sleeper struct {
	timer *time.Timer
	now   chan struct{} // of one place: the time has come already
}

func newSleeper() *sleeper { return &sleeper{timer: time.NewTimer(never), now: make(chan struct{}, 1)} }

func (s *sleeper) wait(l *Loop, ready []call) []call {
	select {
	case <-s.timer.C:
	case <-s.now:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.awake, l.asleep = true, never
	return ready
}

func (s *sleeper) alarm(d time.Duration) {
	if d > 0 {
		s.timer.Reset(d)
		return
	}
	select {
	case s.now <- struct{}{}:
	default:
	}
}

func (s *sleeper) adopt(*Loop, net.Conn) (Conn, bool, error) { return nil, false, nil }

func (s *sleeper) close() { s.timer.Stop() }

// pumped is a connection that a goroutine reads ahead, for want of another way to learn when there
// is something to read.
type pumped struct {
	net.Conn
	loop *Loop

	mu       sync.Mutex // protects the following
	got      sync.Cond  // data or err has changed
	ready    func()     // nil: Read waits
	buf      []byte     // the goroutine's while data is empty and err is nil
	data     []byte     // read and not used, in buf
	err      error      // what ended the reading
	closed   bool
	deadline time.Time
	late     *time.Timer // wakes a Read that waits for its deadline; nil: there was none yet
}

// ahead is how much is read ahead.
const ahead = 4 << 10

func (l *Loop) pump(conn net.Conn) Conn {
	c := &pumped{Conn: conn, loop: l, buf: make([]byte, ahead)}
	c.got.L = &c.mu
	go c.run()
	return c
}

// run reads whenever what was read before is used.
func (c *pumped) run() {
	for {
		n, err := c.Conn.Read(c.buf)
		c.mu.Lock()
		c.data, c.err = c.buf[:n], err
		ready := c.ready
		c.got.Broadcast()
		if ready != nil {
			c.loop.tell(ready)
		}
		for len(c.data) > 0 && c.err == nil && !c.closed {
			c.got.Wait()
		}
		over := c.err != nil || c.closed
		c.mu.Unlock()
		if over {
			return
		}
	}
}

func (c *pumped) OnReady(ready func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ready = ready
	if ready != nil && (len(c.data) > 0 || c.err != nil || c.closed) {
		c.loop.tell(ready)
	}
}

func (c *pumped) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		switch {
		case c.closed:
			return 0, net.ErrClosed
		case len(c.data) > 0:
			n := copy(p, c.data)
			if c.data = c.data[n:]; len(c.data) == 0 {
				c.got.Broadcast()
				if c.err != nil && c.ready != nil {
					c.loop.tell(c.ready) // the end is told behind what came before it
				}
			}
			return n, nil
		case c.err != nil:
			return 0, c.err
		case c.ready != nil, !c.deadline.IsZero() && !time.Now().Before(c.deadline):
			return 0, os.ErrDeadlineExceeded
		}
		c.got.Wait()
	}
}

func (c *pumped) Close() error {
	c.close() // first, so that nobody learns of it in the words of what is below
	return c.Conn.Close()
}

func (c *pumped) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.late != nil {
		c.late.Stop()
	}
	c.got.Broadcast()
	if c.ready != nil {
		c.loop.tell(c.ready)
	}
}

// SetDeadline is for what is read by others than the goroutine, which never gives up.
func (c *pumped) SetDeadline(t time.Time) error {
	if err := c.Conn.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}

func (c *pumped) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	switch {
	case t.IsZero():
	case c.late == nil:
		c.late = time.AfterFunc(time.Until(t), c.wake)
	default:
		c.late.Reset(time.Until(t))
	}
	return nil
}

func (c *pumped) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got.Broadcast()
}
