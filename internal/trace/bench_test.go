package trace

import (
	"fmt"
	"testing"
	"time"

	"chatbench/internal/aicc"
)

// load makes the events of customers who poll and get a message each time. The numbers go on as in
// a run: were they always the same, compressing would cost nothing.
type load struct {
	customers []Event // the last Invoke of each
	messages  []aicc.Downlink
	event     Event // the last Return or Deliver
	now       time.Duration
	n         int // polls
	random    uint64
}

func newLoad() *load {
	l := &load{now: time.Second, customers: make([]Event, 100), random: 1}
	for i := range l.customers {
		l.customers[i] = Event{Kind: Invoke, Customer: i, ID: uint32(100 + i%37), Op: aicc.OpPoll, Fresh: true, Seq: -1}
	}
	for i := range 4000 {
		l.messages = append(l.messages, aicc.Downlink{Channel: "WEB", ControlType: aicc.Chat, SourceType: aicc.FromRobot, MediaType: aicc.Text,
			Content: fmt.Sprintf("Hello, how can I help? %010d", i), SenderNickname: "robot", Timestamp: aicc.Loose(fmt.Sprint(1760000000000 + 17*int64(i)))})
	}
	return l
}

// later moves the clock by about so much.
func (l *load) later(d time.Duration) time.Duration {
	l.random = l.random*6364136223846793005 + 1442695040888963407
	l.now += d/2 + time.Duration(l.random>>40)%d
	return l.now
}

func (l *load) invoke() *Event {
	l.n++
	e := &l.customers[l.n%len(l.customers)]
	e.ID++
	e.Intended = l.now
	e.At = l.later(3 * time.Microsecond)
	e.Late = e.At - e.Intended
	return e
}

// answer is the Return of a poll that was sent some while ago.
func (l *load) answer() *Event {
	e := &l.event
	*e = l.customers[l.n*61%len(l.customers)]
	e.Kind, e.Started, e.At, e.Late = Return, e.At, l.later(10*time.Microsecond), 0
	e.Class, e.Status, e.Code, e.Count = aicc.OK, 200, "0", 1
	return e
}

func (l *load) deliver() *Event {
	sent := &l.customers[l.n*61%len(l.customers)]
	l.event = Event{Kind: Deliver, At: l.later(2 * time.Microsecond), Customer: sent.Customer, ID: sent.ID, Op: aicc.OpPoll, Seq: -1,
		Message: &l.messages[l.n%len(l.messages)]}
	return &l.event
}

// poll makes one of each.
func (l *load) poll(write func(*Event)) {
	write(l.invoke())
	write(l.answer())
	write(l.deliver())
}

// BenchmarkWrite writes events into a file that costs nothing; a poll is one event of each kind.
// Compressing is done by another goroutine: -cpu 1 counts it, too.
func BenchmarkWrite(b *testing.B) {
	l := newLoad()
	for _, bb := range []struct {
		name  string
		write func(w *Writer)
	}{
		{"invoke", func(w *Writer) { w.Write(l.invoke()) }},
		{"return", func(w *Writer) { l.n++; w.Write(l.answer()) }},
		{"deliver", func(w *Writer) { l.n++; w.Write(l.deliver()) }},
		{"poll", func(w *Writer) { l.poll(w.Write) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			w, err := NewWriter(discard{}, header)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				bb.write(w)
			}
			if _, err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkTape holds the same polls back, of conversations of 200 each.
func BenchmarkTape(b *testing.B) {
	l := newLoad()
	w, err := NewWriter(discard{}, header)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	tape := NewBuffer(w, Room{}).Customer()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%200 == 0 {
			tape.Write(&Event{Kind: Begin, Seq: -1})
		}
		l.poll(tape.Write)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Close() error                { return nil }
