package main

import (
	"slices"
	"testing"
	"time"
)

func TestWaiting(t *testing.T) {
	start := time.Now()
	var w waiting
	if got := w.wait(start, time.Second); got != time.Second {
		t.Errorf("nothing is pending: wait = %v, want the limit", got)
	}
	for _, p := range []struct {
		path string
		due  time.Duration
	}{{"late", 30 * ms}, {"early", 10 * ms}, {"as early", 10 * ms}, {"last", 40 * ms}} {
		w.keep(pending{due: start.Add(p.due), path: p.path})
	}
	if got := w.wait(start, time.Second); got != 10*ms {
		t.Errorf("wait = %v, want until the first is due, 10ms", got)
	}
	var order []string
	now := start.Add(30 * ms)
	for p, ok := w.due(now); ok; p, ok = w.due(now) {
		order = append(order, p.path)
	}
	if want := []string{"early", "as early", "late"}; !slices.Equal(order, want) {
		t.Errorf("due after 30 ms: %v, want %v", order, want)
	}
	if got := w.wait(start.Add(time.Hour), time.Second); got != 0 {
		t.Errorf("one is long due: wait = %v, want 0", got)
	}
}
