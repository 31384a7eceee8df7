//go:build !unix

package http1

import (
	"net"
	"syscall"
)

func rawConn(net.Conn) syscall.RawConn { return nil }

func (s *stream) fillLazily() error { panic("http1: no descriptor to wait on") } // rawConn is nil, so nobody calls it

func hasEnded(syscall.RawConn, bool) bool { return false }
