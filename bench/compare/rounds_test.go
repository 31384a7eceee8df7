package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/bench/loop"
)

func TestRounds(t *testing.T) {
	broken := errors.New("connection refused")
	tests := []struct {
		why    string
		rounds int
		left   time.Duration // when it begins
		fails  string        // the turn that fails; empty: none
		want   []string
		err    error
	}{
		{"in turn, A B A B", 2, time.Hour, "", []string{"a", "b", "a", "b"}, nil},
		{"the first round is played whatever the time", 3, -time.Hour, "", []string{"a", "b"}, nil},
		{"a turn that fails is left out", 2, time.Hour, "b", []string{"a", "b", "a", "b"}, nil},
		{"the first of all fails: so would the others", 2, time.Hour, "a", []string{"a"}, broken},
	}
	for _, tt := range tests {
		var got []string
		play := func(name string) turn {
			return turn{name, func(context.Context, *book) error {
				got = append(got, name)
				if name == tt.fails {
					return broken
				}
				return nil
			}}
		}
		b := &book{progress: t.Output()}
		err := b.play(t.Context(), tt.rounds, []turn{play("a"), play("b")}, time.Now().Add(tt.left))
		if diff := cmp.Diff(tt.want, got); diff != "" || !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v; turns (-want +got):\n%s", tt.why, err, tt.err, diff)
		}
		if noted := len(b.notes) == 1; noted != (tt.fails == "b") {
			t.Errorf("%s: notes %q", tt.why, b.notes)
		}
	}
}

func TestNoTurnsNoRounds(t *testing.T) {
	b := &book{progress: t.Output()}
	if err := b.play(t.Context(), 3, nil, time.Now().Add(time.Hour)); err != nil || b.rounds != 0 {
		t.Errorf("%d rounds, error %v; want none", b.rounds, err)
	}
}

func TestTruthWithoutTimeIsNoted(t *testing.T) {
	b := &book{progress: t.Output()}
	if err := b.askForTruth(t.Context(), time.Now(), scenes(), callers()); err != nil {
		t.Fatal(err)
	}
	if len(b.notes) < len(scenes()) || !strings.Contains(b.notes[0], "for want of time") {
		t.Errorf("notes %q, want one for each scene at the least", b.notes)
	}
}

func TestARunThatFailsIsLeftOut(t *testing.T) {
	why, gone := errors.New("connection refused"), context.Canceled
	over, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		why  string
		ctx  context.Context
		book book
		want error
	}{
		{"the very first: the others would fail as well", t.Context(), book{}, why},
		{"a later one", t.Context(), book{played: 1}, nil},
		{"it failed because of Ctrl-C", over, book{played: 1}, gone},
	}
	for _, tt := range tests {
		var said bytes.Buffer
		tt.book.progress = &said
		for range 2 {
			if err := tt.book.failed(tt.ctx, "hey", why); !errors.Is(err, tt.want) {
				t.Errorf("%s: got %v, want %v", tt.why, err, tt.want)
			}
		}
		if noted := len(tt.book.notes) == 1 && strings.Contains(tt.book.notes[0], "connection refused"); noted != (tt.want == nil) {
			t.Errorf("%s: notes %q, want one: %v", tt.why, tt.book.notes, tt.want == nil)
		}
	}
}

func TestCommandsAreKeptOnce(t *testing.T) {
	b := book{where: job{bin: "/opt/x", temp: "/tmp/x"}}
	for _, port := range []string{"1", "2"} {
		b.wrote([]string{"/opt/x/chatbench", "run", "/tmp/x/run-" + port + "/a.yaml", "--target", "http://127.0.0.1:" + port}, "a.yaml")
		b.wrote([]string{"wrk"}, "")
	}
	if want := []string{"chatbench run a.yaml --target http://127.0.0.1:PORT", "wrk"}; !slices.Equal(b.commands, want) || len(b.files) != 1 {
		t.Errorf("commands %q, files %q; want %q and one file", b.commands, b.files, want)
	}
}

// TestSectionsAreInTheOrderOfTheParts writes a book that has something of each.
func TestSectionsAreInTheOrderOfTheParts(t *testing.T) {
	b := book{
		talks:   []talk{{client: "chatbench", crowd: newCrowd(300), conversations: 1}},
		secures: []secure{{customers: 1, length: time.Second, polls: 1, visits: 1}},
		truths:  []truth{{scene: scene{title: "frozen"}, tenant: loop.Report{Scheduled: &loop.Percentiles{P50: 1}}}},
		soak:    &soak{customers: 1},
		notes:   []string{"k6."},
	}
	for _, part := range []string{"scale", "steady", "flat", "paced", "closed"} {
		o := closedRun("tool", 1, 1, 0)
		o.load.part = part
		b.outcomes = append(b.outcomes, o)
	}
	var titles []string
	for _, s := range b.sections() {
		titles = append(titles, s.title)
	}
	want := []string{"Closed loop, 100 connections", "One poll a second, 100 customers", "One poll a second each: what a customer costs",
		"As many polls a second in all, by different numbers of customers", "From few customers to many, one poll a second each",
		"Whole conversations against chatbench tenant", "TLS", "Truth: frozen", "Soak", "Left out", "Command lines"}
	if diff := cmp.Diff(want, titles); diff != "" {
		t.Errorf("titles (-want +got):\n%s", diff)
	}
	if got := len(b.foreign()); got != 9 {
		t.Errorf("it is known of %d runs what others used, want all 9", got)
	}
}

func TestEmbeddedThatDoesNotStartLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	ending := t.TempDir()
	if err := os.WriteFile(filepath.Join(ending, "chatbench"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for why, bin := range map[string]string{"no program": t.TempDir(), "a program that ends at once": ending} {
		if e, err := startEmbedded(closing(t), job{bin: bin, temp: temp}, "chatbench: 1\n"); err == nil {
			t.Errorf("%s: got %+v, want an error", why, e)
		}
		if left, err := os.ReadDir(temp); len(left) > 0 || err != nil {
			t.Errorf("%s: left behind: %v, error %v", why, left, err)
		}
	}
}
