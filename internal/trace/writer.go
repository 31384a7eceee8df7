package trace

import (
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"
)

// Writer writes a trace file: gzipped NDJSON, a header line, one line an event, and a last line that
// says how the run ended. It may be used by many customers at the same time; calls that follow one
// another stand in the file in their order. Compressing and writing are done by a goroutine of its
// own, which ends with Close. An error, such as a full disk, stops the recording and not the run;
// Close tells it.
type Writer struct {
	packer *packer

	mu     sync.Mutex // protects the following
	lines  []byte     // not yet handed to the packer
	events int64
	ended  Ended // of the run
	closed bool
}

// Create makes the file and writes the header.
func Create(path string, h Header) (*Writer, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w, err := NewWriter(f, h)
	if err != nil {
		f.Close()
	}
	return w, err
}

// NewWriter is Create on an open file, which Close closes.
func NewWriter(f io.WriteCloser, h Header) (*Writer, error) {
	h.Format, h.Version = format, Version
	head, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	p, err := newPacker(f, append(head, '\n'))
	if err != nil {
		return nil, err
	}
	return &Writer{packer: p, lines: p.buffer(), ended: Whole}, nil
}

// scratch is where one event is encoded, before the lock is taken; pooled, because thousands of
// customers record.
type scratch struct{ line []byte }

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// maxScratch is how much of a long line's memory is kept for others.
const maxScratch = 256 << 10

func (s *scratch) free() {
	if cap(s.line) <= maxScratch {
		scratches.Put(s)
	}
}

// encoded is the line of an event, until it is freed.
func encoded(e *Event) *scratch {
	s := scratches.Get().(*scratch)
	s.line = appendEvent(s.line[:0], e)
	return s
}

// Write adds an event. It waits for the disk only when that is megabytes behind, and keeps nothing
// of the event.
func (w *Writer) Write(e *Event) {
	if w.packer.failed.Load() {
		return
	}
	s := encoded(e)
	w.writeLines(s.line, 1)
	s.free()
}

// writeLines adds the lines of some events, which stay together.
func (w *Writer) writeLines(lines []byte, events int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.add(lines)
	w.events += events
}

// add puts lines behind those that wait, and hands these on whenever a buffer is full; w.mu is held.
func (w *Writer) add(lines []byte) {
	for {
		n := copy(w.lines[len(w.lines):cap(w.lines)], lines)
		w.lines = w.lines[:len(w.lines)+n]
		if lines = lines[n:]; len(lines) == 0 {
			return
		}
		w.handOver(nil)
	}
}

// handOver gives the lines that wait to the packer, which answers when they are readable in the file
// if somebody wants to know; w.mu is held.
func (w *Writer) handOver(readable chan<- error) {
	w.packer.full <- chunk{lines: w.lines, readable: readable}
	w.lines = w.packer.buffer()
}

// Stop says that the run was cut short and why: Interrupted, Aborted, Gone or Broken. Events of what the
// customers do because of it must come later. The first reason stays; it is no event that counts.
func (w *Writer) Stop(at time.Duration, why Ended) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == Whole && !w.closed {
		w.ended = why
		w.mark(Stop, at)
	}
}

// mark adds a line about the run; w.mu is held.
func (w *Writer) mark(k Kind, at time.Duration) {
	s := encoded(&Event{Kind: k, At: at, Customer: everybody, Epoch: everybody, Ended: w.ended})
	w.add(s.line)
	s.free()
}

// everybody stands for the customer in lines that are about none.
const everybody = -1

// Flush makes what was written so far readable, also after a crash. It waits until that is so, and
// returns the first error there was; after Close it is [os.ErrClosed].
func (w *Writer) Flush() error {
	readable := make(chan error, 1)
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return os.ErrClosed
	}
	w.handOver(readable)
	w.mu.Unlock()
	return <-readable
}

// Close finishes the file, with a line that says how the run ended, and returns how many events were
// written, and the first error there was. Nothing can be written any more; a second call returns
// [os.ErrClosed].
func (w *Writer) Close() (events int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return w.events, os.ErrClosed
	}
	w.mark(finish, 0)
	w.closed = true
	return w.events, w.packer.close(w.lines)
}
