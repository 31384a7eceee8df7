package loop

import (
	"errors"
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// sysEpollPwait2 is the number of epoll_pwait2 on every architecture. Package syscall is older than
// the call; the one that it knows, epoll_wait, counts in milliseconds, too coarse for pacing.
const sysEpollPwait2 = 441

// Poller tells which sockets are ready to be read. One goroutine uses it.
type Poller struct {
	fd     int
	events []syscall.EpollEvent
	ready  []int
}

// NewPoller asks the system for an epoll instance; the error is the system's.
func NewPoller() (*Poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	const batch = 256
	return &Poller{fd: fd, events: make([]syscall.EpollEvent, batch), ready: make([]int, 0, batch)}, nil
}

// Add watches a descriptor until it is closed. The error is the system's.
func (p *Poller) Add(fd int) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP, Fd: int32(fd)}
	if err := syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

// Wait gives the descriptors that can be read or have come to an end, none when nothing happened
// for so long. They are valid until the next call. The error says what the system lacks.
func (p *Poller) Wait(limit time.Duration) ([]int, error) {
	timeout := syscall.NsecToTimespec(int64(max(limit, 0)))
	n, _, errno := syscall.Syscall6(sysEpollPwait2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
		uintptr(len(p.events)), uintptr(unsafe.Pointer(&timeout)), 0, 0)
	switch {
	case errno == syscall.EINTR:
		return nil, nil
	case errno == syscall.ENOSYS:
		return nil, errors.New("this kernel has no epoll_pwait2 (Linux 5.11 or later has)")
	case errno != 0:
		return nil, fmt.Errorf("epoll: %w", errno)
	}
	p.ready = p.ready[:0]
	for _, e := range p.events[:n] {
		p.ready = append(p.ready, int(e.Fd))
	}
	return p.ready, nil
}

// Close gives the epoll instance back; the sockets stay open.
func (p *Poller) Close() { syscall.Close(p.fd) }

// CPU is the processor time that this process has used, user and system.
func CPU() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
