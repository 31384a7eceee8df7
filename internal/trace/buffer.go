package trace

import (
	"bytes"
	"container/list"
	"slices"
	"sync"

	"chatbench/internal/aicc"

	"github.com/klauspost/compress/s2"
)

// Room is how much memory a [Buffer] may take. Zero values mean the defaults.
type Room struct {
	Customer int // bytes held back of one customer; 64 KiB
	All      int // bytes held back of all of them; 256 MiB
}

// Defaults of [Room]. What is held is packed, so 64 KiB are a thousand events or two.
const (
	defaultCustomer = 64 << 10
	defaultAll      = 256 << 20
)

// piece is how many bytes of lines are packed at a time. Less is held as it is.
const piece = 8 << 10

// Buffer holds the events of customers back until it is known whether they are to be in the trace:
// those of a customer for whom a rule failed are, from its first conversation on.
//
// Its memory is bounded. When it is used up the oldest conversation of the customer, or of all
// customers, is dropped as a whole: half a conversation would be judged wrongly. A conversation that
// is too long by itself is dropped, too. Its methods, and those of its tapes, may be called from
// many goroutines; those of one tape from one at a time.
type Buffer struct {
	w    *Writer
	room Room

	mu   sync.Mutex // protects the following, and the conversations of all tapes
	used int
	line list.List // of *held, the oldest in front
	lost Lost
}

// Lost counts what should be in a trace and is not, because there was no room to hold it.
type Lost struct {
	Conversations int64 // earlier ones of customers that are in the trace
	Customers     int64 // that are not in the trace at all
}

// NewBuffer makes a buffer in front of a file.
func NewBuffer(w *Writer, room Room) *Buffer {
	if room.Customer <= 0 {
		room.Customer = defaultCustomer
	}
	if room.All <= 0 {
		room.All = defaultAll
	}
	return &Buffer{w: w, room: room}
}

// Lost is what could not be kept so far.
func (b *Buffer) Lost() Lost {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lost
}

// held is one conversation that is held back.
type held struct {
	tape   *Tape
	place  *list.Element
	lines  []byte   // not packed yet
	pieces [][]byte // packed
	size   int      // bytes of memory
	events int64
	unsure bool // it may excuse something later
	goes   bool // CONNECT may have been accepted, and no DISCONNECT arrived since, of either side
	gone   bool // it was dropped
}

// overhead is about what a conversation takes beside its lines.
const overhead = 256

// Tape is what is recorded of one customer.
type Tape struct {
	b       *Buffer
	kept    bool    // everything goes to the file
	refused bool    // nothing does
	held    []*held // the oldest first; the last one goes on
	size    int     // of all of held
	dropped int64   // conversations
	unsure  bool    // a dropped one may excuse what comes later
	goes    bool    // the one that goes on may be taken for going on when it ends; it was dropped
}

// Customer makes the tape of one customer.
func (b *Buffer) Customer() *Tape { return &Tape{b: b} }

// Write adds an event: to the file, or to what is held back.
func (t *Tape) Write(e *Event) {
	switch {
	case t.refused:
	case t.kept:
		t.b.w.Write(e)
	default:
		t.hold(e)
	}
}

// goesOn reports whether the tenant may take a conversation for going on after an event, if it may
// have done so before it.
func goesOn(before bool, e *Event) bool {
	switch {
	case e.Kind == Invoke && e.Op == aicc.OpConnect:
		return true
	case e.Kind == Return && e.Op == aicc.OpConnect && e.Class == aicc.Fail,
		e.Kind == Return && e.Op == aicc.OpDisconnect && e.Class == aicc.OK,
		e.Kind == Deliver && e.Message.ControlType == aicc.Disconnect:
		return false
	}
	return before
}

func noOutcome(e *Event) bool { return e.Kind == Return && e.Class == aicc.Info }

// hold puts an event to its conversation.
func (t *Tape) hold(e *Event) {
	s := encoded(e)
	defer s.free()
	if h := t.b.add(t, e, s.line); h != nil {
		t.b.pack(h, e.Kind != End)
	}
}

// add puts the line of an event to the conversation that goes on, and gives it back when it is time
// to pack its lines.
func (b *Buffer) add(t *Tape, e *Event, line []byte) *held {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.current(t, e)
	if h == nil {
		t.goes = goesOn(t.goes, e)
		t.unsure = t.unsure || noOutcome(e) || t.goes && e.Kind == End
		return nil
	}
	h.goes = goesOn(h.goes, e)
	h.unsure = h.unsure || noOutcome(e) || h.goes && e.Kind == End
	h.events++
	before := cap(h.lines)
	h.lines = append(h.lines, line...)
	b.grow(h, cap(h.lines)-before)
	b.fit(t)
	if h.gone || len(h.lines) < piece && e.Kind != End {
		return nil
	}
	return h
}

// current is the conversation that an event belongs to, or nil when its beginning was dropped; b.mu
// is held.
func (b *Buffer) current(t *Tape, e *Event) *held {
	n := len(t.held)
	if e.Kind != Begin && n > 0 {
		if t.held[n-1].gone {
			return nil
		}
		return t.held[n-1]
	}
	t.held = slices.DeleteFunc(t.held, func(h *held) bool { return h.gone })
	h := &held{tape: t}
	h.place = b.line.PushBack(h)
	t.held = append(t.held, h)
	b.grow(h, overhead)
	return h
}

// grow counts bytes; b.mu is held.
func (b *Buffer) grow(h *held, n int) {
	h.size += n
	h.tape.size += n
	b.used += n
}

// fit drops conversations until the rest has room; b.mu is held.
func (b *Buffer) fit(t *Tape) {
	for t.size > b.room.Customer {
		b.drop(t.held[slices.IndexFunc(t.held, func(h *held) bool { return !h.gone })]) // what has a size is there
	}
	for b.used > b.room.All {
		b.drop(b.line.Front().Value.(*held))
	}
}

// drop gives a conversation up; b.mu is held.
func (b *Buffer) drop(h *held) {
	h.tape.dropped++
	h.tape.unsure = h.tape.unsure || h.unsure
	h.tape.goes = h.goes
	b.release(h)
}

// release takes a conversation out of the memory; b.mu is held.
func (b *Buffer) release(h *held) {
	b.line.Remove(h.place)
	b.grow(h, -h.size)
	h.lines, h.pieces, h.gone = nil, nil, true
}

// pack makes the lines of a conversation smaller. That is done outside of the lock; the lines count
// until it is done. If more are to come they get the same memory, unless a long line made it large.
func (b *Buffer) pack(h *held, more bool) {
	b.mu.Lock()
	lines := h.lines
	h.lines = nil
	b.mu.Unlock()
	packed := packedLines(lines)
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.gone {
		return
	}
	h.pieces = append(h.pieces, packed)
	b.grow(h, len(packed))
	if more && cap(lines) <= 2*piece {
		h.lines = lines[:0]
		return
	}
	b.grow(h, -cap(lines))
}

// packedLines packs with S2 and not as the file does: everybody's events are packed here, and hardly
// any are ever unpacked. It costs a quarter of what DEFLATE does, for two fifths more memory.
func packedLines(lines []byte) []byte {
	s := scratches.Get().(*scratch)
	defer s.free()
	s.line = s2.Encode(s.line[:cap(s.line)], lines)
	return bytes.Clone(s.line)
}

// Keep writes what is held back of the customer into the file, and lets everything that follows go
// there. A second call does nothing.
//
// A customer is refused, and counted as lost, when the conversation that goes on was dropped, or
// when one that was may excuse something later, because an exchange in it had no outcome or nobody's
// DISCONNECT ended it: a trace must never look worse than the run was. Other conversations that were
// dropped are only counted.
func (t *Tape) Keep() {
	if t.kept || t.refused {
		return
	}
	for _, h := range t.take() {
		t.b.w.writeHeld(h)
	}
}

// take decides whether the customer is kept, and gives what is held to the caller, who then owns it.
func (t *Tape) take() (whole []held) {
	b := t.b
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(t.held)
	t.refused = t.unsure || n > 0 && t.held[n-1].gone
	t.kept = !t.refused
	for _, h := range t.held {
		if h.gone {
			continue
		}
		if t.kept {
			whole = append(whole, held{lines: h.lines, pieces: h.pieces, events: h.events})
		}
		b.release(h)
	}
	t.held = nil
	if t.refused {
		b.lost.Customers++
	} else {
		b.lost.Conversations += t.dropped
	}
	return whole
}

// Close forgets what is held back of a customer who is gone. What was kept stays.
func (t *Tape) Close() {
	t.b.mu.Lock()
	defer t.b.mu.Unlock()
	for _, h := range t.held {
		if !h.gone {
			t.b.release(h)
		}
	}
	t.held = nil
}

// writeHeld adds the lines of a conversation, a piece at a time.
func (w *Writer) writeHeld(h held) {
	for _, p := range h.pieces {
		lines, err := s2.Decode(nil, p)
		if err != nil {
			panic("trace: what was packed in memory cannot be unpacked") // nobody else had it
		}
		w.writeLines(lines, 0)
	}
	w.writeLines(h.lines, h.events)
}
