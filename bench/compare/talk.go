package main

import (
	"context"
	_ "embed" // the scenario
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"chatbench/internal/result"
)

//go:embed talk.yaml
var talkScenario []byte

// talk is one run of whole conversations, chatbench against the embedded tenant in another process.
type talk struct {
	conversations, exchanges   float64
	cpu, tenantCPU             float64 // seconds of the whole process
	memory, tenantMemory       float64 // bytes at most
	send                       latency
	others                     float64
	playCommand, tenantCommand []string
}

// converse plays talk.yaml for so long.
func converse(ctx context.Context, j job, customers int, length time.Duration) (t *talk, err error) {
	if j.dir, err = os.MkdirTemp(j.temp, "run-"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(j.dir)) }()
	file, program := filepath.Join(j.dir, "talk.yaml"), filepath.Join(j.bin, "chatbench")
	if err := os.WriteFile(file, talkScenario, 0o600); err != nil {
		return nil, err
	}
	tenant, err := start(ctx, []string{program, "tenant", "--listen", "127.0.0.1:0", "--config", file}, nil)
	if err != nil {
		return nil, err
	}
	defer tenant.stop()
	if j.address, err = tenant.address(ctx); err != nil {
		return nil, err
	}
	return talkTo(ctx, tenant, length, []string{program, "run", file, "--target", j.url(), "--customers", strconv.Itoa(customers),
		"--duration", length.String(), "--quiet", "--json", "--trace", "none"})
}

// talkTo plays one run, ends the tenant, and counts what both have used.
func talkTo(ctx context.Context, tenant *process, length time.Duration, args []string) (*talk, error) {
	began, before, err := now()
	if err != nil {
		return nil, err
	}
	player, err := start(ctx, args, nil)
	if err != nil {
		return nil, err
	}
	defer player.stop()
	if err := player.wait(length+30*time.Second, made()); err != nil {
		return nil, err
	}
	tenant.stop()
	ended, after, err := now()
	if err != nil {
		return nil, err
	}
	t, err := readTalk([]byte(player.stdout.String()))
	if err != nil {
		return nil, err
	}
	t.cpu, t.tenantCPU = player.used.Seconds(), tenant.used.Seconds()
	t.memory, t.tenantMemory = float64(player.memory()), float64(tenant.memory())
	t.others = others(before, after, player.used+tenant.used, ended.Sub(began))
	t.playCommand, t.tenantCommand = args, tenant.cmd.Args
	return t, nil
}

func now() (time.Time, usage, error) {
	u, err := currentUsage()
	return time.Now(), u, err
}

// readTalk takes the counts from a result.
func readTalk(data []byte) (*talk, error) {
	r, err := result.Decode(data)
	if err != nil {
		return nil, err
	}
	all := r.Metrics.All()
	exchanges := all.Counters.AllExchanges()
	t := &talk{conversations: float64(all.Counters.Begun()), exchanges: float64(exchanges.OK + exchanges.Fail + exchanges.Info)}
	if t.conversations == 0 {
		return nil, errors.New("there was no conversation")
	}
	if failed := exchanges.Fail + exchanges.Info; failed > 0 {
		return nil, fmt.Errorf("%d exchanges failed", failed)
	}
	sends := all.Hist("send.service")
	t.send = latency{sends.Quantile(0.5), sends.Quantile(0.99)}
	return t, nil
}
