//go:build unix

package http1

import (
	"io"
	"net"
	"syscall"
)

// rawConn gives access to the descriptor of a plain TCP connection, or nil.
func rawConn(conn net.Conn) syscall.RawConn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// fillLazily is fill for a connection without a buffer: it waits for the first bytes in the
// runtime's poller and borrows a buffer only when they are there. It costs as many system calls
// as an ordinary read that has to wait: one that finds nothing, one that finds the bytes.
func (s *stream) fillLazily() error {
	if s.lazy == nil {
		s.lazy = s.readLazily
	}
	s.lazyN, s.lazyErr = 0, nil
	if err := s.raw.Read(s.lazy); err != nil {
		return err
	}
	if s.lazyErr != nil {
		return s.lazyErr
	}
	s.end += s.lazyN
	return nil
}

// readLazily is called by the poller whenever the descriptor may be readable; false waits again.
func (s *stream) readLazily(fd uintptr) bool {
	s.borrow()
	for {
		n, err := syscall.Read(int(fd), s.buf[s.end:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			s.giveBack()
			return false
		case err != nil:
			s.giveBack()
			s.lazyErr = err
		case n == 0:
			s.giveBack()
			s.lazyErr = io.EOF
		default:
			s.lazyN = n
		}
		return true
	}
}

// hasEnded reports whether the peer of an idle connection has closed it, or, unless bytes may be
// waiting, has said something that nobody asked for, which makes the connection as useless.
func hasEnded(raw syscall.RawConn, mayHaveBytes bool) bool {
	if raw == nil {
		return false
	}
	ended := false
	err := raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		waiting := err == syscall.EAGAIN || err == syscall.EINTR
		ended = !waiting && (n <= 0 || !mayHaveBytes)
	})
	return ended || err != nil
}
