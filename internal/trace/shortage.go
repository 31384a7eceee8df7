package trace

import (
	"strings"
	"syscall"
)

// shortages are what the generator's own machine answers when it has no means for another exchange:
// descriptors (EMFILE, ENFILE), ports (EADDRNOTAVAIL), or memory of the kernel (ENOBUFS, ENOMEM).
var shortages = []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM}

// Shortage is what the generator's own machine was short of, in the system's words, when an
// exchange failed with the error that is given in words; "" when the machine is not to blame. A
// tenant cannot make it say so: what comes from outside is quoted wherever an error repeats it.
func Shortage(failure string) string {
	for _, lacking := range shortages {
		if words := lacking.Error(); failure == words || strings.HasSuffix(failure, ": "+words) {
			return words
		}
	}
	return ""
}
