package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"chatbench/bench/loop"
)

// outcome is one run of one client.
type outcome struct {
	client  string
	load    load
	polls   float64 // in the window, as the tenant counted them
	seconds float64 // length of the window
	cpu     float64 // seconds that the client used in the window
	memory  float64 // bytes at most, in the whole run
	rests   float64 // bytes of memory at the end of the window
	open    float64 // connections at the end of the window
	herd    float64 // index of dispersion of the polls in the window
	own     latency // as the client measured it
	tenant  latency // time that a poll spent in the tenant, in the window
	others  float64 // processors that something else used in the window
	command []string
}

// perMillion is processor seconds for a million polls.
func (o outcome) perMillion() float64 { return o.cpu / o.polls * 1e6 }

// errNoSuchLoad is the error of a client that cannot make a load.
var errNoSuchLoad = errors.New("it cannot make such a load")

// measure plays a client against a lean tenant of its own, with a folder of its own. The outcome is
// nil if there is an error.
func measure(ctx context.Context, c client, j job) (o *outcome, err error) {
	if j.dir, err = os.MkdirTemp(j.temp, "run-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(j.dir)) }()
	tenant, err := start(ctx, []string{filepath.Join(j.bin, "leantenant")}, nil)
	if err != nil {
		return nil, err
	}
	defer tenant.stop()
	if j.address, err = tenant.address(ctx); err != nil {
		return nil, err
	}
	return playAgainst(ctx, c, j, tenant)
}

func playAgainst(ctx context.Context, c client, j job, tenant *process) (*outcome, error) {
	args, environ, err := c.command(j)
	if err != nil {
		return nil, err
	}
	player, err := start(ctx, args, environ)
	if err != nil {
		return nil, err
	}
	defer player.stop()
	o, err := observe(ctx, player, tenant, j)
	if err != nil {
		return nil, err
	}
	if err := player.wait(20*time.Second, c.accepts); err != nil {
		return nil, err
	}
	o.client, o.load, o.command, o.memory = c.name, j.load, slices.Concat(environ, args), float64(player.memory())
	if o.own, err = c.read(ctx, j, []byte(player.stdout.String())); err != nil {
		return nil, fmt.Errorf("what it measured: %w", err)
	}
	return o, nil
}

// moment is what the processes had used at an end of the window.
type moment struct {
	at     time.Time
	player time.Duration
	rests  int64         // bytes of the client's memory
	ours   time.Duration // with the tenant's and this process's
	all    usage
	seen   loop.Report // by the tenant since the moment before
}

// observe waits for the window and measures what is used in it.
func observe(ctx context.Context, player, tenant *process, j job) (*outcome, error) {
	if err := pause(ctx, player, j.warmup()); err != nil {
		return nil, err
	}
	before, err := look(ctx, player, tenant, j)
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, player, j.window); err != nil {
		return nil, err
	}
	after, err := look(ctx, player, tenant, j)
	if err != nil {
		return nil, err
	}
	length := after.at.Sub(before.at)
	if after.seen.Polls == 0 {
		return nil, fmt.Errorf("%s made no poll in %v: %s", player.cmd.Args[0], length, player.stderr.tail())
	}
	times := after.seen.Times
	return &outcome{
		polls: float64(after.seen.Polls), seconds: length.Seconds(), cpu: (after.player - before.player).Seconds(),
		rests: float64(after.rests), open: float64(after.seen.Open - 1), // one is ours, for the marks
		herd: after.seen.Dispersion, tenant: latency{times.P50, times.P99, times.P999},
		others: others(before.all, after.all, after.ours-before.ours, length),
	}, nil
}

// pause waits, unless the client ends before.
func pause(ctx context.Context, player *process, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-player.done:
		return fmt.Errorf("%s ended too early: %v: %s", player.cmd.Args[0], player.err, player.stderr.tail())
	}
}

func look(ctx context.Context, player, tenant *process, j job) (m moment, err error) {
	if m.seen, err = mark(ctx, j.url()); err != nil {
		return m, err
	}
	return m, m.take(player, tenant)
}

// take notes what the processes have used.
func (m *moment) take(player, tenant *process) (err error) {
	m.at, m.rests = time.Now(), player.resident()
	if m.all, err = currentUsage(); err != nil {
		return err
	}
	m.player, err = player.cpu()
	m.ours = m.player
	for _, pid := range []int{tenant.cmd.Process.Pid, os.Getpid()} {
		if err != nil {
			return err
		}
		var used time.Duration
		used, err = cpuOf(pid)
		m.ours += used
	}
	return err
}

// mark asks the lean tenant for what it saw and lets it begin anew.
func mark(ctx context.Context, url string) (r loop.Report, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/mark", nil)
	if err != nil {
		return r, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return r, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&r); err != nil {
		return r, fmt.Errorf("figures of the lean tenant: %w", err)
	}
	return r, nil
}
