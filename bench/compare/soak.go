package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// soak is one long run of whole conversations.
type soak struct {
	customers     int
	length        time.Duration
	conversations float64
	generator     []sample
	tenant        []sample
	others        float64
}

// sample is the memory of a process at a time.
type sample struct {
	at   float64 // minutes since the load was complete
	size float64 // KiB that are resident
}

// soakScenario keeps customers talking for so long, one conversation after the other.
func soakScenario(customers int, ramp, length time.Duration) string {
	return talkScenario + fmt.Sprintf("load: [{customers: %[1]d, over: %[2]v, warmup: true}, {customers: %[1]d, for: %[3]v}]\npoll: {pause: 1s, jitter: 10ms}\n",
		customers, ramp, length)
}

func soakTurn(customers int, length time.Duration) turn {
	return turn{fmt.Sprintf("soak with %d for %v", customers, length), func(ctx context.Context, b *book) (err error) {
		ramp := min(time.Duration(1+customers/200)*time.Second, length/2)
		text := soakScenario(customers, ramp, length)
		return b.against(ctx, false, text, func(e *embedded) error {
			s := &soak{customers: customers, length: length}
			err := s.play(ctx, e, ramp)
			if err == nil {
				b.soak = s
			}
			return err
		})
	}}
}

// play runs to the end and looks at the memory of both every 10 s, and 20 times at the least.
func (s *soak) play(ctx context.Context, e *embedded, ramp time.Duration) error {
	w, err := newWatch()
	if err != nil {
		return err
	}
	player, err := start(ctx, e.visitor(false, e.address), nil)
	if err != nil {
		return err
	}
	defer player.stop()
	if err := pause(ctx, player, ramp); err != nil {
		return err
	}
	s.watch(player, e.tenant, min(10*time.Second, s.length/20))
	if err := player.wait(time.Minute, made()); err != nil {
		return err
	}
	t, err := readTalk([]byte(player.stdout.String()))
	if err != nil {
		return err
	}
	s.conversations = t.conversations
	e.tenant.stop()
	s.others, err = w.others(player.used + e.tenant.used)
	return err
}

// watch takes samples until the load is over, or the client has ended.
func (s *soak) watch(player, tenant *process, every time.Duration) {
	began := time.Now()
	over := time.NewTimer(s.length)
	defer over.Stop()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		at := time.Since(began).Minutes()
		s.generator = append(s.generator, sample{at, float64(player.resident()) / kibi})
		s.tenant = append(s.tenant, sample{at, float64(tenant.resident()) / kibi})
		select {
		case <-ticker.C:
		case <-over.C:
			return
		case <-player.done:
			return
		}
	}
}

var errNoSlope = errors.New("too few samples for a slope")

// slope is that of the straight line through samples with the least squares, in KiB a minute.
func slope(samples []sample) (float64, error) {
	n := float64(len(samples))
	var at, size float64
	for _, s := range samples {
		at += s.at / n
		size += s.size / n
	}
	var products, squares float64
	for _, s := range samples {
		products += (s.at - at) * (s.size - size)
		squares += (s.at - at) * (s.at - at)
	}
	if squares == 0 {
		return 0, errNoSlope
	}
	return products / squares, nil
}

// secondHalf are the samples of the later half of the time.
func secondHalf(samples []sample) []sample {
	if len(samples) == 0 {
		return nil
	}
	middle := samples[len(samples)-1].at / 2
	for i, s := range samples {
		if s.at >= middle {
			return samples[i:]
		}
	}
	return nil
}

// table has a row for each process.
func (s *soak) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d customers for %v, %.0f conversations.\n\n", s.customers, s.length, s.conversations)
	header(&b, "process", "samples", "VmRSS MiB at the start", "after a half", "at the end", "slope over the second half, KiB/min")
	for _, p := range []struct {
		name    string
		samples []sample
	}{{"chatbench run", s.generator}, {"chatbench tenant", s.tenant}} {
		half := secondHalf(p.samples)
		growth, err := slope(half)
		if err != nil {
			fmt.Fprintf(&b, "| %s | %d | | | | %v |\n", p.name, len(p.samples), err)
			continue
		}
		fmt.Fprintf(&b, "| %s | %d | %.1f | %.1f | %.1f | %+.1f |\n", p.name, len(p.samples), p.samples[0].size/kibi, half[0].size/kibi,
			p.samples[len(p.samples)-1].size/kibi, growth)
	}
	return b.String()
}
