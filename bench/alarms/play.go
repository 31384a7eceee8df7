package main

import (
	"bytes"
	"context"
	_ "embed" // the scenario
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

//go:embed alarms.yaml
var scenarioFile []byte

// playCommand, as the first argument, plays one run.
const playCommand = "play-one-run"

// kind is what was done to the tenant of a run.
type kind string

const (
	identical kind = "identical"
	slowed    kind = "slowed"
)

// play plays runs into a folder, a turn of some at once after the other, until the time is over or
// there are enough of them. Each is identical or slowed by chance, so that whatever the machine does
// meanwhile meets both.
func (s *settings) play(ctx context.Context, dir string, stderr io.Writer) error {
	there, err := filepath.Glob(filepath.Join(dir, "*-*.json"))
	if err != nil {
		return err
	}
	began := time.Now()
	draw := rand.New(rand.NewPCG(s.seed, uint64(len(there))<<2|1)) // another order when it goes on
	n, err := startNeighbour(ctx, s.neighbor, draw.Uint64())
	if err != nil {
		return err
	}
	defer n.stop()
	longest := time.Duration(0)
	for played := 0; played < s.runs && time.Since(began)+longest <= s.time && ctx.Err() == nil; played += s.atOnce {
		kinds := make([]kind, min(s.atOnce, s.runs-played))
		for i := range kinds {
			if kinds[i] = identical; draw.Float64() < s.slowed {
				kinds[i] = slowed
			}
		}
		start, noisy := time.Now(), n.burnt()
		if err := s.turn(ctx, dir, kinds); err != nil {
			return err
		}
		longest = max(longest, time.Since(start))
		share := (n.burnt() - noisy).Seconds() / time.Since(start).Seconds()
		fmt.Fprintf(stderr, "alarms: run %d, %s, with the neighbour for %.0f %% of it\n", played+len(kinds), words(kinds), 100*share)
	}
	return nil
}

func words(kinds []kind) string {
	var list []string
	for _, k := range kinds {
		list = append(list, string(k))
	}
	return strings.Join(list, " ")
}

// turn plays runs at once, each in a process of its own. The names of their files begin alike.
func (s *settings) turn(ctx context.Context, dir string, kinds []kind) error {
	began := time.Now().UTC().Format(turnFormat)
	failed := make([]error, len(kinds))
	var all sync.WaitGroup
	for i, k := range kinds {
		all.Go(func() {
			failed[i] = s.playInProcess(ctx, filepath.Join(dir, fmt.Sprintf("%s-%d-%s.json", began, i+1, k)), k)
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// turnFormat is what the names of the files of a turn begin with.
const turnFormat = "20060102-150405"

// playInProcess has one run played by a process of its own.
func (s *settings) playInProcess(ctx context.Context, file string, k kind) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	factor := 1.0
	if k == slowed {
		factor = s.slowdown
	}
	cmd := exec.CommandContext(ctx, self, playCommand, "-out", file, "-slowdown", strconv.FormatFloat(factor, 'g', -1, 64))
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("a run: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

// playOne is the process of one run: it plays the scenario and saves the result. It gives the exit
// code, which does not depend on what the run came to.
func playOne(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet(playCommand, flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "", "`FILE` for the result")
	factor := flags.Float64("slowdown", 1, "what the times of the tenant are multiplied with")
	if flags.Parse(args) != nil {
		return 2
	}
	if err := playInto(*out, *factor); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return 0
}

func playInto(file string, factor float64) error {
	s, err := scenario.Parse("alarms.yaml", scenarioFile, scenario.Options{})
	if err != nil {
		return err
	}
	slowDown(&s.Tenant, factor)
	policy, err := run.ParsePolicy("none")
	if err != nil {
		return err
	}
	r, err := run.Play(context.Background(), run.Options{Scenario: s, Version: "bench/alarms", Trace: policy})
	if err != nil {
		return err
	}
	return result.Save(file, r)
}

// slowDown makes everything that the tenant takes time for longer: every answer, the robot, the
// agents.
func slowDown(t *scenario.Tenant, factor float64) {
	for _, d := range []*scenario.Dist{&t.ReplyDelay, &t.Robot.Reply, &t.Agents.PickUp, &t.Agents.Reply} {
		d.A = time.Duration(float64(d.A) * factor)
		d.B = time.Duration(float64(d.B) * factor)
	}
}
