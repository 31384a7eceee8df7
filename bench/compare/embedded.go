package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// embedded is a "chatbench tenant" in a process of its own, and the folder of a run against it.
type embedded struct {
	job    // with its address
	tenant *process
	file   string // the scenario
}

// startEmbedded writes a scenario into a new folder and starts the tenant with it. The caller calls
// end.
func startEmbedded(ctx context.Context, j job, text string, flags ...string) (e *embedded, err error) {
	if j.dir, err = os.MkdirTemp(j.temp, "run-"); err != nil {
		return nil, err
	}
	e = &embedded{job: j, file: filepath.Join(j.dir, "scenario.yaml")}
	if err := os.WriteFile(e.file, []byte(text), 0o600); err != nil {
		return nil, errors.Join(err, e.end())
	}
	args := append([]string{e.chatbench(), "tenant", "--listen", "127.0.0.1:0", "--config", e.file}, flags...)
	if e.tenant, err = start(ctx, args, nil); err != nil {
		return nil, errors.Join(err, e.end())
	}
	if e.address, err = e.tenant.address(ctx); err != nil {
		return nil, errors.Join(err, e.end())
	}
	return e, nil
}

// end stops the tenant, if it runs, and removes the folder.
func (e *embedded) end() error {
	if e.tenant != nil {
		e.tenant.stop()
	}
	return os.RemoveAll(e.dir)
}

func (e *embedded) chatbench() string { return filepath.Join(e.bin, "chatbench") }

// run is the command line that plays the scenario.
func (e *embedded) run(url string, more ...string) []string {
	return append([]string{e.chatbench(), "run", e.file, "--target", url, "--quiet", "--json", "--trace", "none"}, more...)
}

// spent is what a whole run used.
type spent struct {
	cpu, tenantCPU       float64 // seconds
	memory, tenantMemory float64 // bytes at most
	others               float64 // processors that something else used
	said                 []byte  // by the client on standard output
}

// program is a client to be run.
type program struct {
	args, environ []string
	begins        string        // what it writes to standard error when its load begins; empty: it begins at once
	limit         time.Duration // when it is given up
}

// play runs a client to its end, then ends the tenant and counts what both have used. The client's
// processor time counts from when its load begins.
func (e *embedded) play(ctx context.Context, p program) (*spent, error) {
	w, err := newWatch()
	if err != nil {
		return nil, err
	}
	player, err := start(ctx, p.args, p.environ)
	if err != nil {
		return nil, err
	}
	defer player.stop()
	prepared, err := player.says(ctx, p.begins)
	if err != nil {
		return nil, err
	}
	if err := player.wait(p.limit, made()); err != nil {
		return nil, err
	}
	e.tenant.stop()
	foreign, err := w.others(player.used + e.tenant.used)
	if err != nil {
		return nil, err
	}
	return &spent{
		cpu: (player.used - prepared).Seconds(), tenantCPU: e.tenant.used.Seconds(),
		memory: float64(player.memory()), tenantMemory: float64(e.tenant.memory()),
		others: foreign, said: []byte(player.stdout.String()),
	}, nil
}

// says waits until the process has written a text to standard error and gives the processor time
// used until then; 0 for an empty text.
func (p *process) says(ctx context.Context, text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !p.stderr.contains(text) {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-p.done:
			return 0, fmt.Errorf("%s ended too early: %v: %s", p.cmd.Args[0], p.err, p.stderr.tail())
		case <-limit.C:
			return 0, fmt.Errorf("%s does not begin", p.cmd.Args[0])
		}
	}
	return p.cpu()
}
