package check

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// everyday is a message as the embedded tenant sends it, all fields there.
func everyday() *aicc.Downlink {
	return &aicc.Downlink{Channel: aicc.ChannelWeb, ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Text,
		Content: "cb1.3mv.0.0.a.0.-.9ugxnorjls.l.ce59fd8d please give me a moment", From: "2025010112345678", To: "cb0000000700",
		SenderNickname: "Ann", Timestamp: "1000000000500", CallID: "1000000000-17"}
}

// everydayOptions are those of a run against the embedded tenant.
func everydayOptions() Options {
	hold, robot := 5*time.Second, true
	return Options{Run: testRun, Markers: true, Start: time.UnixMilli(1e12),
		Setup: trace.Setup{Channel: "2025010112345678", Hold: &hold, Robot: &robot}}
}

// player plays conversations of one customer without an array of events.
type player struct {
	s        *Session
	index    int
	at       time.Duration
	id       uint32
	said     int // by the customer
	numbered map[marker.Sender]int
	told     trace.Event
}

func (p *player) tell(e trace.Event) {
	p.told = e
	p.told.At = p.at
	p.s.Observe(&p.told)
}

func (p *player) begin() {
	p.at += time.Second
	p.id, p.said, p.numbered = 0, 0, map[marker.Sender]int{}
	p.tell(trace.Event{Kind: trace.Begin, User: "cb0000000700"})
	p.call(trace.Event{Op: aicc.OpConnect, Code: "0"})
}

// call is an exchange that the tenant answers. Those that carry a text take the customer's next number.
func (p *player) call(e trace.Event) {
	p.id++
	e.Kind, e.ID, e.Seq, e.Fresh = trace.Invoke, p.id, -1, true
	switch e.Op {
	case aicc.OpConnect, aicc.OpSend, aicc.OpTransfer:
		e.Seq = p.said
		p.said++
	}
	p.tell(e)
	e.Kind, e.Started, e.Class, e.Status = trace.Return, p.at, aicc.OK, 200
	p.tell(e)
}

// poll brings one message.
func (p *player) poll(m *aicc.Downlink, sender marker.Sender) {
	p.at += DefaultPause
	p.call(trace.Event{Op: aicc.OpPoll, Code: "0", Count: 1})
	e := trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: p.id, Message: m}
	if sender != 0 {
		e.Marked = marker.Intact
		e.Mark = marker.Marker{Run: testRun, Session: p.index, Sender: sender, Seq: p.numbered[sender], Cause: marker.NoCause}
		p.numbered[sender]++
	}
	p.tell(e)
}

// plain is a conversation in which one sender says twenty things.
func (p *player) plain() {
	p.begin()
	for range 20 {
		p.poll(everyday(), marker.Agent)
	}
	p.call(trace.Event{Op: aicc.OpDisconnect, Code: "0"})
	p.tell(trace.Event{Kind: trace.End, Ended: trace.ByCustomer})
}

// full is a conversation with a robot, a queue and an agent, who sends a picture and hangs up; the
// markers are on. The notices of the platform have no number.
func (p *player) full() {
	from := func(source string) *aicc.Downlink {
		m := everyday()
		m.SourceType = source
		return m
	}
	p.begin()
	for range 3 {
		p.poll(from(aicc.FromRobot), marker.Robot)
		p.call(trace.Event{Op: aicc.OpSend, Code: "0", Chars: 40, Bytes: 40})
	}
	p.call(trace.Event{Op: aicc.OpTransfer, Code: "0"})
	queueing := from(aicc.FromSystem)
	queueing.QueueFlag, queueing.Content = "Y", "You are queueing."
	p.poll(queueing, 0)
	p.call(trace.Event{Op: aicc.OpQueue, Code: "0", Position: 1})
	p.poll(from(aicc.FromSystem), marker.System)
	for range 5 {
		p.poll(everyday(), marker.Agent)
		p.call(trace.Event{Op: aicc.OpSend, Code: "0", Chars: 40, Bytes: 40})
	}
	picture := everyday()
	picture.MediaType, picture.Content = aicc.Image, "7c3f0d52-0000-4000-8000-00000000beef"
	p.poll(picture, 0)
	p.call(trace.Event{Op: aicc.OpDownload, Code: "0", FileID: picture.Content,
		File: &trace.File{Kind: "jpg", Want: "jpg", Size: 1000, SHA256: "00112233445566778899aabbccddeeff"}})
	hangUp := from(aicc.FromSystem)
	hangUp.ControlType = aicc.Disconnect
	p.poll(hangUp, 0)
	p.tell(trace.Event{Kind: trace.End, Ended: trace.ByPeer})
}

// newPlayer returns a player of the only customer of a run.
func newPlayer() *player { return &player{s: New(everydayOptions()).Customer(0)} }

// spokenTo are the events of a poll that brings an agent's message: sent, answered, delivered.
func spokenTo() [3]trace.Event {
	return [...]trace.Event{
		{Kind: trace.Invoke, Op: aicc.OpPoll, Seq: -1, Fresh: true},
		{Kind: trace.Return, Op: aicc.OpPoll, Seq: -1, Fresh: true, Class: aicc.OK, Status: 200, Code: "0", Count: 1},
		{Kind: trace.Deliver, Op: aicc.OpPoll, Message: everyday(), Marked: marker.Intact,
			Mark: marker.Marker{Run: testRun, Sender: marker.Agent, Cause: marker.NoCause}},
	}
}

// observe hands over the events of a customer's poll at a time; number is the message's.
func observe(s *Session, events *[3]trace.Event, at time.Duration, number int) {
	for i := range events {
		e := &events[i]
		e.At, e.Started, e.ID, e.Mark.Session, e.Mark.Seq = at, at, uint32(number), int(s.index), number
		s.Observe(e)
	}
}

// BenchmarkDeliver is the checker's part of a message with all its fields.
func BenchmarkDeliver(b *testing.B) {
	p, events := newPlayer(), spokenTo()
	p.begin()
	observe(p.s, &events, 2*time.Second, 0)
	e := &events[2]
	b.ReportAllocs()
	for b.Loop() {
		e.Mark.Seq++
		p.s.Observe(e)
	}
}

// BenchmarkPoll is the checker's part of a poll that brings one message with all its fields: two
// events of the poll, one of the message.
func BenchmarkPoll(b *testing.B) {
	p, events := newPlayer(), spokenTo()
	number := 0
	b.ReportAllocs()
	for b.Loop() {
		if number%10_000 == 0 { // after an hour the timestamp would be too old
			p.at = 0
			p.begin()
			number = 0
		}
		p.at += DefaultPause
		observe(p.s, &events, p.at, number)
		number++
	}
}

// BenchmarkCrowd is BenchmarkPoll with ten thousand customers who take turns, on all processors, so
// that what is known of them does not stay in the caches.
func BenchmarkCrowd(b *testing.B) {
	c := New(everydayOptions())
	sessions := make([]*Session, 10_000)
	for i := range sessions {
		sessions[i] = c.Customer(i)
		p := &player{s: sessions[i], index: i}
		p.begin()
	}
	var workers atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		events := spokenTo()
		me, step, number := int(workers.Add(1))-1, runtime.GOMAXPROCS(0), 0
		for i := me; pb.Next(); i += step {
			if i >= len(sessions) {
				i = me
				number++
			}
			observe(sessions[i], &events, time.Second+time.Duration(number+1)*DefaultPause, number)
		}
	})
	if most := 2 * int64(len(sessions)); c.Violations() > most { // the agent speaks first, and nobody announced it
		b.Fatalf("%d violations, want at most %d", c.Violations(), most)
	}
}

// BenchmarkCustomers is what the checker keeps of a customer after one conversation.
func BenchmarkCustomers(b *testing.B) {
	for _, bench := range []struct {
		name string
		play func(*player)
	}{
		{"plain", (*player).plain},
		{"full", (*player).full},
	} {
		b.Run(bench.name, func(b *testing.B) {
			const customers = 10_000
			var before, after runtime.MemStats
			for b.Loop() {
				c := New(everydayOptions())
				sessions := make([]*Session, customers)
				runtime.GC()
				runtime.ReadMemStats(&before)
				for i := range sessions {
					sessions[i] = c.Customer(i)
					bench.play(&player{s: sessions[i], index: i})
				}
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(sessions)
			}
			b.ReportMetric((float64(after.HeapAlloc)-float64(before.HeapAlloc))/customers, "B/customer")
			b.ReportMetric(0, "ns/op")
		})
	}
}
