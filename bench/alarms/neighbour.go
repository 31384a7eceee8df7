package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// burnCommand, as the only argument, is the noisy neighbour.
const burnCommand = "burn-a-processor"

// neighbour is a process that burns a processor, now and then.
type neighbour struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu    sync.Mutex // protects what follows
	on    bool
	since time.Time     // it is on
	sum   time.Duration // that it was on before
}

// startNeighbour starts a neighbour that is on and off for times drawn from an exponential
// distribution with a mean; one with a mean of 0 is never on.
func startNeighbour(ctx context.Context, mean time.Duration, seed uint64) (*neighbour, error) {
	n := &neighbour{done: make(chan struct{})}
	ctx, n.cancel = context.WithCancel(ctx)
	if mean == 0 {
		close(n.done)
		return n, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, burnCommand)
	stdin, err := cmd.StdinPipe() // its end ends the process, whatever ends this one
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(n.done)
		n.switchAbout(ctx, stdin, rand.New(rand.NewPCG(seed, 2)), mean)
		stdin.Close()
		_ = cmd.Wait() // it was killed
	}()
	return n, nil
}

// switchAbout tells the process to begin or to stop, a line each, until the context ends.
func (n *neighbour) switchAbout(ctx context.Context, w io.Writer, draw *rand.Rand, mean time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			n.flip()
			fmt.Fprintln(w)
			timer.Reset(time.Duration(draw.ExpFloat64() * float64(mean)))
		}
	}
}

func (n *neighbour) flip() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.on {
		n.sum += time.Since(n.since)
	}
	n.on, n.since = !n.on, time.Now()
}

// burnt is how long the neighbour has been on so far.
func (n *neighbour) burnt() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.on {
		return n.sum + time.Since(n.since)
	}
	return n.sum
}

func (n *neighbour) stop() {
	n.cancel()
	<-n.done
}

// burn is the process of the neighbour: each line switches it, and the end of its input ends it.
func burn(r io.Reader) {
	var on atomic.Bool
	wake := make(chan struct{}, 1)
	go func() {
		for range wake {
			for on.Load() {
			}
		}
	}()
	for lines := bufio.NewScanner(r); lines.Scan(); {
		if on.Store(!on.Load()); on.Load() {
			wake <- struct{}{}
		}
	}
}
