package trace

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
)

func TestCrashAfterFlush(t *testing.T) {
	var c closer
	w, err := NewWriter(&c, header)
	if err != nil {
		t.Fatal(err)
	}
	want := events()
	for i := range want {
		w.Write(&want[i])
	}
	if err := w.Flush(); err != nil { // and no Close: the process died here
		t.Fatal(err)
	}
	got, _, truncated, err := read(c.Bytes())
	if err != nil || !truncated || len(got) != len(want) {
		t.Errorf("read %d events, truncated %v, error %v; want %d, true, none", len(got), truncated, err, len(want))
	}
}

// TestEndOfAFile wants a file to say how its run ended, and one without that line to count as cut.
func TestEndOfAFile(t *testing.T) {
	var c closer
	w, err := NewWriter(&c, header)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(&events()[0])
	w.Stop(5, Interrupted)
	w.Stop(6, Gone)
	if n, err := w.Close(); n != 1 || err != nil {
		t.Fatalf("%d events, %v; want 1: where the run stopped is none that counts", n, err)
	}
	list, _, truncated, err := read(c.Bytes())
	want := []Event{events()[0], {Kind: Stop, At: 5, Customer: -1, Epoch: -1, Seq: -1, Ended: Interrupted}}
	if diff := cmp.Diff(want, list); diff != "" || truncated || err != nil {
		t.Errorf("truncated %v, error %v, events (-want +got):\n%s", truncated, err, diff)
	}
	plain := unzip(t, c.Bytes())
	last := bytes.LastIndexByte(plain[:len(plain)-1], '\n') + 1
	if got := string(plain[last:]); !strings.Contains(got, `"k":"finish"`) || !strings.Contains(got, `"ended":"interrupted"`) {
		t.Errorf("the last line is %q, want how the run ended", got)
	}
	if _, _, truncated, err := read(plain[:last]); !truncated || err != nil {
		t.Errorf("without the last line: truncated %v, error %v; want true and none", truncated, err)
	}
	if _, _, _, err := read(append(plain, plain[last:]...)); err == nil {
		t.Error("something behind the last line gave no error")
	}
}

var errFull = errors.New("no space left on device")

// fullDisk takes a few bytes and then no more.
type fullDisk struct {
	left    int
	closing error // of Close
}

func (d *fullDisk) Write(p []byte) (int, error) {
	if len(p) > d.left {
		n := d.left
		d.left = 0
		return n, errFull
	}
	d.left -= len(p)
	return len(p), nil
}
func (d *fullDisk) Close() error { return d.closing }

// TestFullDisk wants a full disk to stop the recording, and nobody to wait for it.
func TestFullDisk(t *testing.T) {
	w, err := NewWriter(&fullDisk{left: 2000}, header)
	if err != nil {
		t.Fatal(err)
	}
	list := events()
	for range 2000 {
		for i := range list {
			w.Write(&list[i])
		}
	}
	if err := w.Flush(); !errors.Is(err, errFull) {
		t.Errorf("Flush() error %v, want %v", err, errFull)
	}
	w.Write(&list[0]) // known to be lost
	n, err := w.Close()
	if !errors.Is(err, errFull) {
		t.Errorf("Close() error %v, want %v", err, errFull)
	}
	if whole := int64(2000 * len(list)); n > whole {
		t.Errorf("%d events, want at most %d: none counts after the error was known", n, whole)
	}
}

// TestFullFromTheStart wants a disk without any room to be found out at once, and no goroutine to be
// left, on which the bubble would wait.
func TestFullFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := NewWriter(&fullDisk{}, header); !errors.Is(err, errFull) {
			t.Errorf("error %v, want %v", err, errFull)
		}
	})
}

// TestErrorOfClosingTheFile wants it told: a network disk may keep it until then.
func TestErrorOfClosingTheFile(t *testing.T) {
	w, err := NewWriter(&fullDisk{left: 1 << 20, closing: errFull}, header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); !errors.Is(err, errFull) {
		t.Errorf("Close() error %v, want %v", err, errFull)
	}
}

// TestAfterClose wants what comes too late to do nothing.
func TestAfterClose(t *testing.T) {
	var c closer
	w, err := NewWriter(&c, header)
	if err != nil {
		t.Fatal(err)
	}
	e := events()[0]
	w.Write(&e)
	if n, err := w.Close(); n != 1 || err != nil {
		t.Fatalf("Close() = %d, %v; want 1 and no error", n, err)
	}
	size := c.Len()
	w.Write(&e)
	w.Stop(3, Gone)
	if err := w.Flush(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Flush() error %v, want %v", err, os.ErrClosed)
	}
	if n, err := w.Close(); n != 1 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("a second Close() = %d, %v; want 1, %v", n, err, os.ErrClosed)
	}
	if c.Len() != size {
		t.Errorf("the file grew from %d to %d bytes after it was closed", size, c.Len())
	}
}

// blocked is a disk that takes nothing until it is let go.
type blocked struct {
	closer
	let chan struct{} // nil: it does not block
}

func (d *blocked) Write(p []byte) (int, error) {
	if d.let != nil {
		<-d.let
	}
	return d.closer.Write(p)
}

// TestBlockedDisk wants customers to go on while a disk blocks, until the buffers are full; then they
// wait, and no event is lost.
func TestBlockedDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := new(blocked)
		w, err := NewWriter(d, header)
		if err != nil {
			t.Fatal(err)
		}
		d.let = make(chan struct{})
		const size, enough = 4000, 2 * buffers * bufferSize / 4000
		e, wrote := Event{Kind: Step, Seq: -1, Name: strings.Repeat("x", size)}, 0
		go func() {
			for ; wrote < enough; wrote++ {
				w.Write(&e)
			}
		}()
		synctest.Wait()
		if least := (buffers - 2) * bufferSize / (size + 100); wrote < least || wrote == enough || w.packer.made != buffers {
			t.Errorf("the disk blocks after %d events, in %d buffers; want at least %d and some that wait, in %d", wrote, w.packer.made, least, buffers)
		}
		close(d.let)
		synctest.Wait()
		if n, err := w.Close(); n != enough || err != nil {
			t.Fatalf("Close() = %d, %v; want %d events", n, err, enough)
		}
		if list, _, truncated, err := read(d.Bytes()); len(list) != enough || truncated || err != nil {
			t.Errorf("%d events in the file, truncated %v, error %v; want %d", len(list), truncated, err, enough)
		}
	})
}

// TestLongLine writes lines that are longer than a buffer.
func TestLongLine(t *testing.T) {
	want := []Event{{Kind: Begin, Seq: -1, Flow: "f"}}
	for i := range 9 {
		want = append(want, Event{Kind: Step, Seq: -1, Name: strings.Repeat("ab", bufferSize/8*i)})
	}
	got, _, truncated, err := read(written(t, want))
	if diff := cmp.Diff(want, got); diff != "" || truncated || err != nil {
		t.Errorf("truncated %v, error %v, events (-want +got):\n%s", truncated, err, diff)
	}
}

// TestWritersTogether lets many customers write while the file is flushed and the run is stopped:
// each one's events stand in their order, and the stop behind what was written before it and in
// front of what came after.
func TestWritersTogether(t *testing.T) {
	const customers, half = 16, 500
	var c closer
	w, err := NewWriter(&c, header)
	if err != nil {
		t.Fatal(err)
	}
	tapes := NewBuffer(w, Room{})
	play := func(from int) {
		var all sync.WaitGroup
		for customer := range customers {
			all.Go(func() {
				tape := tapes.Customer()
				for i := range half {
					e := Event{Kind: Step, Customer: customer, ID: uint32(from + i), Seq: -1, Name: "a step of some length"}
					if i == 0 {
						e.Kind = Begin
					}
					if customer%4 == 0 {
						tape.Write(&e)
					} else {
						w.Write(&e)
					}
				}
				tape.Keep()
			})
		}
		for range 5 {
			all.Go(func() { w.Flush() })
		}
		all.Wait()
	}
	play(0)
	w.Stop(1, Interrupted)
	play(half)
	if n, err := w.Close(); n != customers*2*half || err != nil {
		t.Fatalf("Close() = %d, %v; want %d events", n, err, customers*2*half)
	}
	list, _, _, err := read(c.Bytes())
	if err != nil || len(list) != customers*2*half+1 {
		t.Fatalf("%d events in the file, error %v; want %d and the stop", len(list), err, customers*2*half)
	}
	next := map[int]uint32{}
	for i, e := range list {
		if e.Kind == Stop {
			if i != customers*half {
				t.Errorf("the stop is event %d, want %d in front of it", i, customers*half)
			}
			continue
		}
		if e.ID != next[e.Customer] {
			t.Fatalf("event %d of customer %d where %d is to come", e.ID, e.Customer, next[e.Customer])
		}
		next[e.Customer]++
	}
}

func TestCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace.ndjson.gz")
	w, err := Create(path, header)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := read(data); err != nil {
		t.Errorf("reading it back: %v", err)
	}
	if _, err := Create(filepath.Join(path, "x"), header); err == nil {
		t.Error("a path inside a file gave no error")
	}
}
