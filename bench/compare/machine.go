package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

var errStat = errors.New("/proc/stat has no line of all processors")

// ticks is the unit of /proc/stat on every Linux.
const ticks = 100

// usage is what all processors together have done, in seconds.
type usage struct {
	busy   float64
	stolen float64 // by the host of a virtual machine
}

// readUsage reads the first line of /proc/stat.
func readUsage(stat []byte) (usage, error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := strings.Fields(string(line))
	// cpu user nice system idle iowait irq softirq steal ...; guests are in user already.
	if len(fields) < 9 || fields[0] != "cpu" {
		return usage{}, errStat
	}
	var n [8]float64
	for i := range n {
		v, err := strconv.ParseFloat(fields[i+1], 64)
		if err != nil {
			return usage{}, errStat
		}
		n[i] = v / ticks
	}
	return usage{busy: n[0] + n[1] + n[2] + n[5] + n[6], stolen: n[7]}, nil
}

// currentUsage asks the system.
func currentUsage() (usage, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return usage{}, err
	}
	return readUsage(stat)
}

// others is how many processors something else used, or the host took away, in a stretch of time in
// which we used so much.
func others(before, after usage, ours, length time.Duration) float64 {
	foreign := after.busy - before.busy - ours.Seconds() + after.stolen - before.stolen
	return max(foreign, 0) / length.Seconds()
}

// watch looks at the machine from one moment on.
type watch struct {
	began  time.Time
	before usage
	own    time.Duration // that this process had used
}

func newWatch() (w watch, err error) {
	if w.own, err = cpuOf(os.Getpid()); err != nil {
		return w, err
	}
	w.before, err = currentUsage()
	w.began = time.Now()
	return w, err
}

// others is how many processors something else has used since then; processes of ours that have
// ended, beside this one, used so much.
func (w watch) others(used time.Duration) (float64, error) {
	end, err := newWatch()
	return others(w.before, end.before, used+end.own-w.own, end.began.Sub(w.began)), err
}

// memoryIn reads a size of /proc/PID/status, such as VmHWM, in bytes; 0 when it is not there.
func memoryIn(status []byte, name string) int64 {
	for line := range strings.Lines(string(status)) {
		value, ok := strings.CutPrefix(line, name+":")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err == nil {
			return kib << 10
		}
	}
	return 0
}

// processor is the model in /proc/cpuinfo, or the architecture.
func processor(cpuinfo []byte) string {
	for line := range strings.Lines(string(cpuinfo)) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// machine describes where it is measured.
func machine() string {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo") // without it the architecture has to do
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		release = []byte("unknown")
	}
	return fmt.Sprintf("%s, %d processors, Linux %s, %s", processor(cpuinfo), runtime.NumCPU(), bytes.TrimSpace(release), runtime.Version())
}
