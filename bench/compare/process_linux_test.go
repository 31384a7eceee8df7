package main

import (
	"bytes"
	"context"
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
	t.Run("secure", func(t *testing.T) { secureOnce(t, bin) })
	t.Run("truth", func(t *testing.T) { truthOnce(t, bin) })
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
		"## Whole conversations", "| 4, 100ms | chatbench | ", "chatbench tenant --listen"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("got\n%s\nwant %q in it", stdout.String(), want)
		}
	}
	nothingLeft(t)
}

// secureOnce plays with TLS alone: without it is what everything else does.
func secureOnce(t *testing.T, bin string) {
	t.Setenv("TMPDIR", t.TempDir())
	b := &book{where: job{bin: bin, temp: t.TempDir()}, progress: t.Output()}
	for _, turn := range []turn{helloTurn(), secureTurn(true, 4, 200*time.Millisecond)} {
		if err := turn.play(closing(t), b); err != nil {
			t.Fatalf("%s: %v", turn.what, err)
		}
	}
	if b.hellos.full < 1 || b.hellos.unread > 0 {
		t.Errorf("%v; want one full handshake at the least", b.hellos)
	}
	if s := b.secures[0]; s.polls < 2 || s.polls > 6 || s.cpu <= 0 || s.rests <= 0 || s.visits != 150 || s.dials < 150 || s.dial.p50 <= 0 {
		t.Errorf("got %+v, want 4 polls a second, 150 visits with a connection each, and what they cost", s)
	}
	nothingLeft(t)
}

// truthOnce plays a short scene with chatbench alone.
func truthOnce(t *testing.T, bin string) {
	t.Setenv("TMPDIR", t.TempDir())
	b := &book{where: job{bin: bin, temp: t.TempDir()}, progress: t.Output()}
	s := scene{"late", 50, time.Second, []string{"-delay", "20ms"}, 0, 2}
	if err := b.askForTruth(closing(t), time.Now().Add(time.Minute), []scene{s}, callers()[:1]); err != nil {
		t.Fatal(err)
	}
	if len(b.truths) != 1 {
		t.Fatalf("%d truths, notes %q; want one", len(b.truths), b.notes)
	}
	got := b.truths[0]
	if got.tenant.Polls != 50 || got.tenant.Scheduled == nil || got.tenant.Scheduled.P99 != 0.020 || got.said.p50 < 0.020 {
		t.Errorf("got %+v, the truth %+v; want 50 calls that took 20 ms, and 20 ms or more measured", got, got.tenant.Scheduled)
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

func TestProcessSays(t *testing.T) {
	tests := []struct {
		why, script, text, want string // want in the error; empty: none
	}{
		{"it begins at once", "exec sleep 60", "", ""},
		{"it begins after a while", "sleep 0.1; echo talk begins >&2; exec sleep 60", "talk begins", ""},
		{"it never begins", "echo no such script >&2; exit 1", "talk begins", "no such script"},
	}
	for _, tt := range tests {
		p, err := start(closing(t), []string{"/bin/sh", "-c", tt.script}, nil)
		if err != nil {
			t.Fatal(err)
		}
		used, err := p.says(closing(t), tt.text)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) || (used > 0) != (tt.text != "" && err == nil) {
			t.Errorf("%s: got %v, %v; want error %q, of %q", tt.why, used, err, tt.want, tt.script)
		}
		p.stop()
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
