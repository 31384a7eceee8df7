package metric

import (
	"os"
	"path"
	"strconv"
	"strings"
)

// readMachine fills in what the kernel tells in files; what it does not tell stays 0.
func (h *Health) readMachine() {
	h.OpenFiles = openFiles()
	h.machine = countTicks(read("/proc/stat"), processorList(valueOf("Cpus_allowed_list:", read("/proc/self/status"))))
	h.Processors = float64(h.Cores)
	if quota := cgroupQuota("/sys/fs/cgroup", valueOf("0::", read("/proc/self/cgroup"))); quota > 0 {
		h.Processors = min(h.Processors, quota)
	}
}

// read is the text of a file, or "".
func read(name string) string {
	data, _ := os.ReadFile(name)
	return string(data)
}

// valueOf is what stands behind a key that begins a line, or "".
func valueOf(key, text string) string {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// openFiles is how many descriptors are open. The folder's size tells since Linux 6.2; before that
// its entries have to be counted, one of which is the descriptor that reads it.
func openFiles() int64 {
	const folder = "/proc/self/fd"
	if info, err := os.Stat(folder); err != nil || info.Size() > 0 {
		if err != nil {
			return 0
		}
		return info.Size()
	}
	f, err := os.Open(folder)
	if err != nil {
		return 0
	}
	defer f.Close()
	names, _ := f.Readdirnames(-1)
	return int64(max(len(names)-1, 0))
}

// processorList reads a list of processors such as "0-3,8".
func processorList(text string) map[string]bool {
	list := map[string]bool{}
	for part := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		first, err1 := strconv.Atoi(low)
		last, err2 := strconv.Atoi(high)
		if err1 != nil || err2 != nil {
			continue
		}
		for n := first; n <= last; n++ {
			list["cpu"+strconv.Itoa(n)] = true
		}
	}
	return list
}

// The places of the times in a line of /proc/stat, behind its name. Those that follow are counted
// in the first ones as well.
const (
	statIdle   = 3
	statWait   = 4 // idle too, while a disk works
	statSteal  = 7
	statFields = 8
)

// countTicks adds up the times of the processors that are listed.
func countTicks(stat string, listed map[string]bool) (t ticks) {
	for line := range strings.Lines(stat) {
		fields := strings.Fields(line)
		if len(fields) <= statFields || !listed[fields[0]] {
			continue
		}
		for i, field := range fields[1 : statFields+1] {
			n, _ := strconv.ParseUint(field, 10, 64)
			t.total += n
			if i != statIdle && i != statWait {
				t.busy += n
			}
			if i == statSteal {
				t.stolen += n
			}
		}
	}
	return t
}

// cgroupQuota is how many processors the cgroup of a path and those above it allow, the fewest; 0
// where there is no limit. Within a container the path may be the host's: then only the top counts,
// which is the container's own.
func cgroupQuota(root, group string) (processors float64) {
	for dir := path.Clean("/" + group); ; dir = path.Dir(dir) {
		if n := quota(read(path.Join(root, dir, "cpu.max"))); n > 0 && (processors == 0 || n < processors) {
			processors = n
		}
		if dir == "/" {
			return processors
		}
	}
}

// quota reads a cpu.max: so many microseconds of each period, or "max".
func quota(text string) float64 {
	used, period, _ := strings.Cut(strings.TrimSpace(text), " ")
	u, err1 := strconv.ParseFloat(used, 64)
	p, err2 := strconv.ParseFloat(period, 64)
	if err1 != nil || err2 != nil || p <= 0 {
		return 0
	}
	return u / p
}
