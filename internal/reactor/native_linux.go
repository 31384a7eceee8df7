package reactor

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// epoll waits for descriptors and for the time. The instance is itself a descriptor that the
// runtime's poller waits for: a loop that sleeps there holds no thread and no processor, and wakes
// up as any goroutine does. The time comes from a descriptor, too: the runtime's own timers are up
// to a millisecond late when nothing else happens.
type epoll struct {
	fd     int
	file   *os.File
	raw    syscall.RawConn
	timer  int // descriptor
	gather func(fd uintptr) bool
	events [128]syscall.EpollEvent
	n      int   // of events
	err    error // of gathering

	conns []*watched // by descriptor; protected by the loop's mutex
}

const (
	clockUpwards = 1 // CLOCK_MONOTONIC

	// edges: one call each time that something comes, and none for what was left unread; and one when
	// there is room again after a write that was short.
	edges = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | 1<<31 // EPOLLET, whose constant is negative
	ends  = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
)

func newNative() (waiter, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	// The runtime's poller only takes what does not block; an epoll instance never does.
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	e := &epoll{fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	e.gather = e.look
	e.raw, err = e.file.SyscallConn()
	if err == nil {
		err = e.file.SetReadDeadline(time.Time{}) // fails where the runtime's poller did not take it
	}
	if err != nil {
		e.file.Close()
		return nil, fmt.Errorf("epoll: %w", err)
	}
	if err := e.openTimer(); err != nil {
		e.file.Close()
		return nil, err
	}
	return e, nil
}

func (e *epoll) openTimer() error {
	fd, _, errno := syscall.Syscall(syscall.SYS_TIMERFD_CREATE, clockUpwards, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if errno != 0 {
		return os.NewSyscallError("timerfd_create", errno)
	}
	e.timer = int(fd)
	if err := e.add(e.timer); err != nil {
		syscall.Close(e.timer)
		return err
	}
	return nil
}

func (e *epoll) add(fd int) error {
	event := syscall.EpollEvent{Events: edges, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(e.fd, syscall.EPOLL_CTL_ADD, fd, &event))
}

// itimerspec is the system's: how long, and how often again.
type itimerspec struct{ interval, value syscall.Timespec }

func (e *epoll) alarm(d time.Duration) {
	var spec itimerspec
	if d != never {
		spec.value = syscall.NsecToTimespec(int64(max(d, 1))) // 0 would switch it off
	}
	// It cannot fail: the descriptor is a timer's and the time is a time.
	_, _, _ = syscall.RawSyscall6(syscall.SYS_TIMERFD_SETTIME, uintptr(e.timer), 0, uintptr(unsafe.Pointer(&spec)), 0, 0, 0)
}

// look asks what has happened; the runtime calls it when something may have, and waits on a false.
func (e *epoll) look(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, fd, uintptr(unsafe.Pointer(&e.events)), uintptr(len(e.events)), 0, 0, 0)
		if errno == 0 {
			e.n = int(n)
			return n > 0
		}
		if errno != syscall.EINTR {
			e.err = errno
			return true
		}
	}
}

func (e *epoll) wait(l *Loop, ready []call) []call {
	if err := errors.Join(e.raw.Read(e.gather), e.err); err != nil {
		panic("reactor: waiting in epoll: " + err.Error()) // no error but a wrong call's is possible
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.awake = true
	for _, event := range e.events[:e.n] {
		fd := int(event.Fd)
		if fd == e.timer {
			l.asleep = never
			continue
		}
		c := e.conns[fd]
		if c == nil {
			continue // it was closed meanwhile
		}
		ready = append(ready, call{c.ready, now})
		if event.Events&ends != 0 {
			ready = append(ready, call{c.ready, now}) // the end is told behind what came before it
		}
	}
	return ready
}

func (e *epoll) close() {
	syscall.Close(e.timer)
	e.file.Close()
}

// adopt takes the descriptor of a TCP connection away from the runtime's poller, by a copy of it.
func (e *epoll) adopt(l *Loop, conn net.Conn) (Conn, bool, error) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, false, nil
	}
	fd, err := copied(tcp)
	if err != nil {
		return nil, false, err
	}
	c := &watched{loop: l, poll: e, fd: fd, came: make(chan struct{}, 1)}
	c.signal = c.wake
	c.ready = c.signal
	if err := e.add(fd); err != nil {
		return nil, false, errors.Join(err, os.NewSyscallError("close", syscall.Close(fd)))
	}
	e.conns = append(e.conns, make([]*watched, max(0, fd+1-len(e.conns)))...)
	e.conns[fd] = c
	tcp.Close()
	return c, true, nil
}

func copied(tcp *net.TCPConn) (int, error) {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return 0, err
	}
	var errno syscall.Errno
	var copied uintptr
	err = raw.Control(func(fd uintptr) {
		copied, _, errno = syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if errno != 0 {
		err = os.NewSyscallError("dup", errno)
	}
	return int(copied), err
}

// watched is a connection in an epoll instance.
type watched struct {
	loop     *Loop
	poll     *epoll
	ready    func() // protected by the loop's mutex
	signal   func() // wake
	came     chan struct{}
	now      bool // Read does not wait; the reader's own
	deadline time.Time

	mu     sync.Mutex // held while the descriptor is used, so that it is not closed meanwhile
	fd     int
	closed bool
}

func (c *watched) OnReady(ready func()) {
	if c.now = ready != nil; !c.now {
		ready = c.signal
	}
	c.loop.mu.Lock()
	defer c.loop.mu.Unlock()
	c.ready = ready
	// What came before was told to somebody else.
	c.loop.post(ready)
}

func (c *watched) wake() {
	select {
	case c.came <- struct{}{}:
	default:
	}
}

func (c *watched) Read(p []byte) (int, error) {
	for {
		n, err := c.use(syscall.SYS_READ, p)
		switch {
		case err == syscall.EAGAIN && c.now:
			return 0, os.ErrDeadlineExceeded
		case err == syscall.EAGAIN:
			if err := c.await(); err != nil {
				return 0, err
			}
			continue
		case err != nil:
			return 0, c.failed("read", err)
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		}
		return n, nil
	}
}

// Write does not wait. What is written here, a request or the beginning of a TLS connection, is
// smaller than the buffer of any socket, and the one before was answered.
func (c *watched) Write(p []byte) (int, error) {
	n, err := c.use(syscall.SYS_WRITE, p)
	switch {
	case err == syscall.EAGAIN, err == nil && n < len(p):
		return n, c.failed("write", io.ErrShortWrite)
	case err != nil:
		return n, c.failed("write", err)
	}
	return n, nil
}

// use makes a system call with the descriptor: one that does not wait, so that the scheduler need not
// know of it. It would otherwise look every 20 µs whether the call has taken the processor away.
func (c *watched) use(call uintptr, p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	for {
		n, _, errno := syscall.RawSyscall(call, uintptr(c.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

func (c *watched) failed(what string, err error) error {
	if errno, ok := err.(syscall.Errno); ok {
		err = os.NewSyscallError(what, errno)
	}
	return &net.OpError{Op: what, Net: "tcp", Err: err}
}

// await waits until something comes or the deadline passes.
func (c *watched) await() error {
	if c.deadline.IsZero() {
		<-c.came
		return nil
	}
	left := time.Until(c.deadline)
	if left <= 0 {
		return os.ErrDeadlineExceeded
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-c.came:
		return nil
	case <-timer.C:
		return os.ErrDeadlineExceeded
	}
}

// CloseWrite says that nothing more will be written.
func (c *watched) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	return os.NewSyscallError("shutdown", syscall.Shutdown(c.fd, syscall.SHUT_WR))
}

func (c *watched) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.closed = true
	c.loop.mu.Lock()
	c.poll.conns[c.fd] = nil
	c.loop.post(c.ready) // whoever waits learns of it
	c.loop.mu.Unlock()
	return os.NewSyscallError("close", syscall.Close(c.fd))
}

func (c *watched) LocalAddr() net.Addr  { return c.address(syscall.Getsockname) }
func (c *watched) RemoteAddr() net.Addr { return c.address(syscall.Getpeername) }

// address asks the system, because to keep two addresses would cost as much as all the rest.
func (c *watched) address(get func(int) (syscall.Sockaddr, error)) net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return &net.TCPAddr{}
	}
	switch sa, _ := get(c.fd); sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *syscall.SockaddrInet6:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	}
	return &net.TCPAddr{}
}

func (c *watched) SetDeadline(t time.Time) error     { return c.SetReadDeadline(t) }
func (c *watched) SetWriteDeadline(time.Time) error  { return nil } // it does not wait
func (c *watched) SetReadDeadline(t time.Time) error { c.deadline = t; return nil }
