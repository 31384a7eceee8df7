package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"chatbench/bench/loop"
)

const (
	// truthTime is what the truth may take in all: no runs begin that would end later.
	truthTime = 4 * time.Minute
	// stagger is the time between the starts of two clients that run side by side. It divides no
	// period of a scene, so that no two of their tenants are frozen, or wake up, at the same moment.
	stagger = 700 * time.Millisecond
	// workers are those of a client that has a fixed number, more than enough while nothing is wrong.
	workers = 10
)

// scene is what a tenant does to those who come by a schedule.
type scene struct {
	title  string
	rate   int // calls a second
	length time.Duration
	delays []string // flags of the lean tenant
	worst  time.Duration
	beside int // clients that run at the same time, each with a tenant of its own
}

// scenes are light: a client is not asked for more than it can do, but for the truth.
func scenes() []scene {
	return []scene{
		{"5 ms, frozen for 4 s after 8 s", 200, 20 * time.Second, []string{"-delay", "5ms", "-freeze", "4s", "-freeze-at", "8s"}, 4 * time.Second, 12},
		{"1 ms, stalls for 200 ms every 2 s", 200, 9 * time.Second, []string{"-delay", "1ms", "-stall", "200ms", "-every", "2s"}, time.Second, 3},
		// One in fifty, not in a hundred: then p99 would be either time, by chance.
		{"1 ms, one call in fifty 100 ms", 200, 8 * time.Second, []string{"-delay", "1ms", "-slow", "100ms", "-one-in", "50"}, time.Second, 3},
		{"one call after the other, 5 ms each, busy for 90 % of the time", 180, 8 * time.Second, []string{"-delay", "5ms", "-single"}, time.Second, 3},
	}
}

// load is what a client with so many workers is asked for.
func (s scene) load(workers int) load {
	return load{part: "truth", connections: workers, every: time.Duration(workers) * time.Second / time.Duration(s.rate), window: s.length - margin}
}

// limit is when a client is given up.
func (s scene) limit() time.Duration { return s.length + s.worst + 15*time.Second }

// tenant is the command line of a lean tenant. Of chatbench's calls it is late with CONNECT.
func (s scene) tenant(bin string, c caller) []string {
	args := append([]string{filepath.Join(bin, "leantenant"), "-rate", strconv.Itoa(s.rate), "-for", s.length.String()}, s.delays...)
	if c.connects {
		args = append(args, "-connects")
	}
	return args
}

// caller is a client with a setting.
type caller struct {
	client
	workers  int
	connects bool // what is measured are CONNECTs, instead of polls
}

// callers are chatbench and the peers: those that can let calls come by a schedule, with as many
// workers as they want and with few, and those with workers only.
func callers() []caller {
	peer := func(program, name string, command commandLine) client {
		all := peers()
		c := all[slices.IndexFunc(all, func(c client) bool { return c.program == program })]
		c.name = name
		if command != nil {
			c.command = command
		}
		return c
	}
	return []caller{
		{client: arrivals(), workers: workers, connects: true},
		{client: peer("vegeta", "vegeta", vegetaUnbounded), workers: workers},
		{client: peer("vegeta", "vegeta, 10 workers at most", nil), workers: workers},
		{client: peer("k6", "k6, arrival rate, 1000 users", k6Arrivals), workers: 1000},
		{client: peer("k6", "k6, arrival rate, 10 users", k6Arrivals), workers: workers},
		{client: peer("hey", "hey, 10 workers", nil), workers: workers},
		{client: peer("fortio", "fortio, 10 connections", nil), workers: workers},
		{client: peer("bombardier", "bombardier, 10 connections", nil), workers: workers},
		{client: peer("wrk", "wrk, 10 connections, no rate", wrkUnpaced), workers: workers},
	}
}

// arrivals is chatbench with an open load: customers come by the schedule, connect and hang up. What
// is compared is connect.response. It counts from when the customer wanted to connect, which is when
// it has its token, and the tenant gives tokens at once.
func arrivals() client {
	return client{
		name: "chatbench, arrivals",
		command: func(j job) ([]string, []string, error) {
			file := filepath.Join(j.dir, "arrivals.yaml")
			args := []string{filepath.Join(j.bin, "chatbench"), "run", file, "--target", j.url(), "--quiet", "--json", "--trace", "none"}
			return args, nil, os.WriteFile(file, []byte(arrivalScenario(j.rate(), j.length())), 0o600)
		},
		read: func(_ context.Context, _ job, stdout []byte) (latency, error) {
			r, err := decode(stdout)
			if err != nil {
				return latency{}, err
			}
			return quantiles(r, "connect.response")
		},
		accepts: made(),
		warns:   chatbenchWarns,
	}
}

// arrivalScenario is a scenario of customers who come, connect and leave. Its gate on lateness is the
// default: whether a client warns when it was too slow itself is part of what is asked.
func arrivalScenario(rate int, length time.Duration) string {
	return fmt.Sprintf(`chatbench: 1
name: arrivals
markers: off
probes: 0%%
drain: 20s
max_customers: 5000
load: {arrivals: %d/s, for: %v}
poll: {pause: 1s}
flows: {caller: [{connect: hello}]}
`, rate, length)
}

// truth is what one client said of one scene.
type truth struct {
	scene   scene
	client  string
	said    latency
	exit    int
	warning string      // in its own words; empty: none
	tenant  loop.Report // what came, and the truth
	others  float64     // processors that something else used meanwhile
}

// askForTruth plays every scene with every client, as far as there is time.
func (b *book) askForTruth(ctx context.Context, until time.Time, scenes []scene, callers []caller) error {
	for _, s := range scenes {
		for some := range slices.Chunk(callers, s.beside) {
			if end := s.length + time.Duration(len(some))*stagger + 2*time.Second; time.Now().Add(end).After(until) {
				b.note(fmt.Sprintf("Truth, %s: %d clients from %s on, for want of time.", s.title, len(some), some[0].name))
				continue
			}
			fmt.Fprintf(b.progress, "compare: truth, %s, %d clients\n", s.title, len(some))
			if err := b.askSome(ctx, s, some); err != nil {
				return err
			}
		}
	}
	return nil
}

// askSome plays a scene with some clients side by side.
func (b *book) askSome(ctx context.Context, s scene, callers []caller) error {
	w, err := newWatch()
	if err != nil {
		return err
	}
	asked, err := b.startAll(ctx, s, callers)
	defer func() {
		for _, a := range asked {
			a.stop()
		}
	}()
	if err != nil {
		return err
	}
	first, used := len(b.truths), time.Duration(0)
	for _, a := range asked {
		t, err := a.answer(ctx)
		if err := b.failed(ctx, a.name+", truth", err); err != nil {
			return err
		}
		used += a.player.used + a.tenant.used
		if t != nil {
			b.truths = append(b.truths, *t)
			b.wrote(a.tenant.cmd.Args, "")
			b.wrote(a.command, "")
		}
	}
	foreign, err := w.others(used)
	for i := range b.truths[first:] {
		b.truths[first+i].others = foreign
	}
	return err
}

// startAll starts one client after the other; what it gives is to be stopped, also with an error.
func (b *book) startAll(ctx context.Context, s scene, callers []caller) (asked []*asking, err error) {
	for i, c := range callers {
		if i > 0 {
			if err := sleep(ctx, stagger); err != nil {
				return asked, err
			}
		}
		a, err := ask(ctx, s, c, b.where)
		if err == nil {
			asked = append(asked, a)
		} else if err := b.failed(ctx, c.name+", truth", err); err != nil {
			return asked, err
		}
	}
	return asked, nil
}

// asking is a client at work, and its tenant.
type asking struct {
	caller
	scene          scene
	job            job
	command        []string // with what it adds to the environment
	tenant, player *process
}

// ask starts a tenant and a client. The caller calls stop, unless there is an error.
func ask(ctx context.Context, s scene, c caller, j job) (a *asking, err error) {
	j.load = s.load(c.workers)
	if j.dir, err = os.MkdirTemp(j.temp, "run-"); err != nil {
		return nil, err
	}
	a = &asking{caller: c, scene: s, job: j}
	if a.tenant, err = start(ctx, s.tenant(j.bin, c), nil); err != nil {
		return nil, errors.Join(err, os.RemoveAll(j.dir))
	}
	if a.job.address, err = a.tenant.address(ctx); err != nil {
		return nil, a.fail(err)
	}
	args, environ, err := c.command(a.job)
	if err != nil {
		return nil, a.fail(err)
	}
	a.command = slices.Concat(environ, args)
	if a.player, err = start(ctx, args, environ); err != nil {
		return nil, a.fail(err)
	}
	return a, nil
}

// fail ends what was begun.
func (a *asking) fail(err error) error {
	a.tenant.stop()
	return errors.Join(err, os.RemoveAll(a.job.dir))
}

// stop ends both processes and removes the folder; a second time it does nothing.
func (a *asking) stop() {
	a.player.stop()
	a.tenant.stop()
	// What cannot be removed goes with the folder of the comparison.
	_ = os.RemoveAll(a.job.dir)
}

// answer waits for the client and reads what it says, and what is true.
func (a *asking) answer(ctx context.Context) (*truth, error) {
	defer a.stop()
	if err := a.player.wait(a.scene.limit(), a.accepts); err != nil {
		return nil, err
	}
	t := &truth{scene: a.scene, client: a.name, exit: a.player.cmd.ProcessState.ExitCode()}
	var err error
	if t.tenant, err = mark(ctx, a.job.url()); err != nil {
		return nil, err
	}
	stdout, stderr := []byte(a.player.stdout.String()), []byte(a.player.stderr.String())
	if t.said, err = a.read(ctx, a.job, stdout); err != nil {
		return nil, fmt.Errorf("what it measured: %w", err)
	}
	warns := a.warns
	if warns == nil {
		warns = complaint
	}
	t.warning = warns(a.job, stdout, stderr)
	return t, nil
}
