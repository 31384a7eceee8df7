package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestCompare(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds three programs and plays them for seconds")
	}
	bin := t.TempDir()
	if err := build(closing(t), bin, t.Output()); err != nil {
		t.Fatal(err)
	}
	t.Run("once", func(t *testing.T) { compareOnce(t, bin) })
	t.Run("interrupted", func(t *testing.T) { compareInterrupted(t, bin) })
}

func compareOnce(t *testing.T, bin string) {
	t.Setenv("TMPDIR", t.TempDir())
	var stdout, stderr bytes.Buffer
	code := command(closing(t), []string{"-bin", bin, "-rounds", "1", "-window", "200ms", "-connections", "4", "-talking", "4", "-only", "closed,talk"}, &stdout, &stderr)
	if code != 0 {
		t.Fatalf("exit code %d, said\n%s", code, stderr.String())
	}
	for _, want := range []string{"## Closed loop, 4 connections", "| raw loop (parses nothing) |", "| chatbench, trace none |", "| chatbench, trace all |",
		"## Whole conversations", "chatbench tenant --listen"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("got\n%s\nwant %q in it", stdout.String(), want)
		}
	}
	nothingLeft(t)
}

// nothingLeft checks that the folder for temporary files is empty again.
func nothingLeft(t *testing.T) {
	t.Helper()
	if left, err := filepath.Glob(filepath.Join(os.TempDir(), "chatbench-*")); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, error %v; want nothing", left, err)
	}
}

// trigger cancels a little after the first run has begun.
type trigger struct{ cancel func() }

func (c trigger) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("round 1")) {
		time.AfterFunc(300*time.Millisecond, c.cancel)
	}
	return len(p), nil
}

func compareInterrupted(t *testing.T, bin string) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(closing(t))
	var stdout bytes.Buffer
	if code := command(ctx, []string{"-bin", bin, "-only", "paced", "-customers", "2"}, &stdout, trigger{cancel}); code != 130 || stdout.Len() > 0 {
		t.Errorf("exit code %d, wrote %q; want 130 and nothing", code, stdout.String())
	}
	nothingLeft(t)
}

func TestProcess(t *testing.T) {
	p, err := start(closing(t), []string{"/bin/sh", "-c", "echo here at http://127.0.0.1:4711, channel 1; exec sleep 60"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.address(closing(t)); got != "127.0.0.1:4711" || err != nil {
		t.Errorf("address %q, error %v; want 127.0.0.1:4711", got, err)
	}
	if used, err := p.cpu(); used <= 0 || used > time.Minute || err != nil {
		t.Errorf("processor time %v, error %v; want some", used, err)
	}
	p.stop()
	p.stop() // is over at once
	if p.memory() <= 0 {
		t.Errorf("memory %d, want some", p.memory())
	}
	if _, err := p.cpu(); err == nil {
		t.Error("the processor time of a process that is gone gave no error")
	}
}

func TestProcessEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(closing(t))
	p, err := start(ctx, []string{"/bin/sh", "-c", "exec sleep 60"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := p.wait(patience, nil); err == nil {
		t.Errorf("wait gave %v, want an error", err)
	}
}

func TestProcessThatFails(t *testing.T) {
	tests := []struct {
		why, script string
		accepts     []int
		want        string // in the error; empty: none
	}{
		{"it says why", "echo no such tenant >&2; exit 3", nil, "no such tenant"},
		{"an exit code that is accepted", "exit 3", []int{2, 3}, ""},
		{"all is well", "exit 0", nil, ""},
	}
	for _, tt := range tests {
		p, err := start(closing(t), []string{"/bin/sh", "-c", tt.script}, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = p.wait(patience, tt.accepts)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q, of %q", tt.why, err, tt.want, tt.script)
		}
	}
}

func TestClientThatEndsTooEarly(t *testing.T) {
	p, err := start(closing(t), []string{"/bin/sh", "-c", "echo out of ports >&2; exit 1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.stop()
	if err := pause(closing(t), p, time.Minute); err == nil || !strings.Contains(err.Error(), "out of ports") {
		t.Errorf("pause gave %v, want what the client said", err)
	}
	if _, err := p.address(closing(t)); err == nil || !strings.Contains(err.Error(), "ended at once") {
		t.Errorf("address gave %v, want that it ended", err)
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
		{"a later one", t.Context(), book{outcomes: make([]outcome, 1)}, nil},
		{"it failed because of Ctrl-C", over, book{outcomes: make([]outcome, 1)}, gone},
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

func TestOutputIsBounded(t *testing.T) {
	var o output
	block := bytes.Repeat([]byte("x"), maxOutput/2+1)
	for range 3 {
		if n, err := o.Write(block); n != len(block) || err != nil {
			t.Fatalf("Write gave %d, %v; want %d", n, err, len(block))
		}
	}
	if got := len(o.String()); got != maxOutput {
		t.Errorf("%d bytes are kept, want %d", got, maxOutput)
	}
	if got := o.tail(); len(got) > 400 || !strings.HasPrefix(got, "...") {
		t.Errorf("tail of %d bytes, want the end of it", len(got))
	}
}

func TestDescriptorsAreKnown(t *testing.T) {
	if got := descriptors(); got <= 0 {
		t.Errorf("descriptors = %d, want more than 0", got)
	}
}
