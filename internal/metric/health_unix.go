//go:build unix

package metric

import (
	"runtime"
	"syscall"
)

// readSystem fills in what the system knows; what it does not tell stays 0.
func (h *Health) readSystem() {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) == nil {
		h.UserSeconds = seconds(used.Utime)
		h.SystemSeconds = seconds(used.Stime)
		h.MaxRSS = int64(used.Maxrss) * rssUnit()
	}
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) == nil {
		h.FileLimit = int64(min(uint64(files.Cur), 1<<62))
	}
}

func seconds(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }

// rssUnit is the unit of Maxrss: bytes on Apple's systems, KiB elsewhere.
func rssUnit() int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return 1
	}
	return 1024
}
