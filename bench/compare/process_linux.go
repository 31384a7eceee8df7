package main

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// dieWithParent makes the system end a child when the thread that started it ends.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// cpuOf is the processor time that a process has used, to the nanosecond; /proc counts in hundredths
// of a second. The clock's number is made as clock_getcpuclockid(3) does.
func cpuOf(pid int) (time.Duration, error) {
	const schedulerClock = 2
	var t syscall.Timespec
	clock := uintptr(^pid<<3 | schedulerClock)
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clock, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		return 0, fmt.Errorf("processor time of process %d: %w", pid, errno)
	}
	return time.Duration(t.Nano()), nil
}

// descriptors is how many files a process may have open; Go programs raise their limit to it.
func descriptors() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return int(min(limit.Max, 1<<30))
}
