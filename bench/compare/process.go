package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// patience is how long a process may take to end after it was asked to.
	patience = 5 * time.Second
	// sampling is how often the memory of a process is looked at.
	sampling = 50 * time.Millisecond
)

// process is a program that was started. It ends with ctx: first by SIGTERM, then by force.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	done           chan struct{} // closed when it has ended; then err and used may be read
	err            error
	used           time.Duration // processor time of all of it
	mu             sync.Mutex
	peak           int64 // bytes, see memory
}

// start runs a command line with additions to the environment.
func start(ctx context.Context, args, environ []string) (*process, error) {
	p := &process{done: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	p.cmd.Env = append(os.Environ(), environ...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience
	p.cmd.SysProcAttr = dieWithParent()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.watch()
	return p, nil
}

// watch keeps the highest memory until the process has ended.
func (p *process) watch() {
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	ticker := time.NewTicker(sampling)
	defer ticker.Stop()
	for {
		p.look()
		select {
		case p.err = <-ended:
			p.used = p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
			close(p.done)
			return
		case <-ticker.C:
		}
	}
}

// look asks the system for the process's own peak. The resource usage after its end would count
// what this process had when it forked.
func (p *process) look() {
	peak := p.sizeOf("VmHWM")
	p.mu.Lock()
	p.peak = max(p.peak, peak)
	p.mu.Unlock()
}

// sizeOf gives a size of memory by its name in /proc/PID/status, in bytes; 0 when the process has
// ended.
func (p *process) sizeOf(name string) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	return memoryIn(status, name)
}

// resident is the memory that is in use now, in bytes; 0 when the process has ended.
func (p *process) resident() int64 { return p.sizeOf("VmRSS") }

// memory is the highest resident memory that was seen, in bytes.
func (p *process) memory() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

// cpu is the processor time used so far.
func (p *process) cpu() (time.Duration, error) { return cpuOf(p.cmd.Process.Pid) }

// wait waits for the end, at most so long. Exit codes that are accepted are no error.
func (p *process) wait(limit time.Duration, accepts []int) error {
	select {
	case <-p.done:
	case <-time.After(limit):
		p.stop()
		return fmt.Errorf("%s did not end in time", p.cmd.Args[0])
	}
	var exit *exec.ExitError
	if errors.As(p.err, &exit) && slices.Contains(accepts, exit.ExitCode()) {
		return nil
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w: %s", p.cmd.Args[0], p.err, p.stderr.tail())
	}
	return nil
}

// stop asks the process to end and waits until it has.
func (p *process) stop() {
	// The only error is that it has ended already.
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return
	case <-time.After(patience):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
}

var announced = regexp.MustCompile(`\bat https?://([0-9.]+:[0-9]+)`)

// address waits for a tenant to say where it listens.
func (p *process) address(ctx context.Context) (string, error) {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		if m := announced.FindStringSubmatch(p.stdout.String() + p.stderr.String()); m != nil {
			return m[1], nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return "", ctx.Err()
		case <-p.done:
			return "", fmt.Errorf("%s ended at once: %s", p.cmd.Args[0], p.stderr.tail())
		case <-limit.C:
			return "", fmt.Errorf("%s does not say where it listens", p.cmd.Args[0])
		}
	}
}

// maxOutput bounds what is kept of a program's output; a result of chatbench has some 100 KiB.
const maxOutput = 16 << 20

// output keeps what a program writes.
type output struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.data.Write(p[:min(len(p), maxOutput-o.data.Len())])
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.data.String()
}

func (o *output) contains(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Contains(o.data.Bytes(), []byte(text))
}

// tail is its end, in one line: enough for an error message.
func (o *output) tail() string {
	text := strings.Join(strings.Fields(o.String()), " ")
	const enough = 300
	if len(text) > enough {
		text = "..." + text[len(text)-enough:]
	}
	return text
}
