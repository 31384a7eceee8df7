package trace

import (
	"net"
	"os"
	"syscall"
	"testing"
)

func TestShortage(t *testing.T) {
	dial := func(call string, errno syscall.Errno) string {
		return (&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(call, errno)}).Error()
	}
	for _, tt := range []struct{ why, failure, want string }{
		{"the process has no descriptor left", syscall.EMFILE.Error(), syscall.EMFILE.Error()},
		{"the same with what was tried in front", dial("socket", syscall.EMFILE), syscall.EMFILE.Error()},
		{"the machine has none left", dial("socket", syscall.ENFILE), syscall.ENFILE.Error()},
		{"no port is left", dial("connect", syscall.EADDRNOTAVAIL), syscall.EADDRNOTAVAIL.Error()},
		{"the kernel has no buffers left", syscall.ENOBUFS.Error(), syscall.ENOBUFS.Error()},
		{"the kernel has no memory left", syscall.ENOMEM.Error(), syscall.ENOMEM.Error()},
		{"nobody listens, which is the tenant's matter", dial("connect", syscall.ECONNREFUSED), ""},
		{"the connection was broken", syscall.ECONNRESET.Error(), ""},
		{"nothing failed", "", ""},
		{"a tenant that says so itself", `malformed message: status line "HTTP/1.1 too many open files"`, ""},
		{"the words in the middle", "too many open files: try again", ""},
		{"the words behind others", "far too many open files", ""},
	} {
		if got := Shortage(tt.failure); got != tt.want {
			t.Errorf("%s: Shortage(%q) = %q, want %q", tt.why, tt.failure, got, tt.want)
		}
	}
}
