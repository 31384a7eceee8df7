package check

import (
	"runtime"
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

// converse plays a whole conversation of a customer without an array of events: CONNECT, polls with
// one message each, a record, the end.
func converse(s *Session, index, messages int, m *aicc.Downlink) {
	at, id, told := time.Second, uint32(0), new(trace.Event)
	tell := func(e trace.Event) {
		*told = e
		told.At = at
		s.Observe(told)
	}
	call := func(op aicc.Op, seq, count int) {
		id++
		tell(trace.Event{Kind: trace.Invoke, Op: op, ID: id, Seq: seq, Fresh: true})
		tell(trace.Event{Kind: trace.Return, Op: op, ID: id, Seq: seq, Fresh: true, Started: at, Class: aicc.OK, Status: 200, Code: "0", Count: count})
	}
	tell(trace.Event{Kind: trace.Begin, User: "cb0000000700"})
	call(aicc.OpConnect, 0, 0)
	for seq := range messages {
		at += DefaultPause
		call(aicc.OpPoll, -1, 1)
		tell(trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: id, Message: m, Marked: marker.Intact,
			Mark: marker.Marker{Run: testRun, Session: index, Sender: marker.Agent, Seq: seq, Cause: marker.NoCause}})
	}
	call(aicc.OpDisconnect, -1, 0)
	tell(trace.Event{Kind: trace.End, Ended: trace.ByCustomer})
}

// BenchmarkMessage is the checker's part of a poll that brings one message with all its fields:
// two events of the poll, one of the message.
func BenchmarkMessage(b *testing.B) {
	hold, robot := 5*time.Second, true
	c := New(Options{Run: testRun, Markers: true, Start: time.UnixMilli(1e12),
		Setup: trace.Setup{Channel: "2025010112345678", Hold: &hold, Robot: &robot}})
	s, m := c.Customer(0), everyday()
	b.ReportAllocs()
	const messages = 1000
	for b.Loop() {
		converse(s, 0, messages, m)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(messages*b.N), "ns/message")
	b.ReportMetric(0, "ns/op") // a whole conversation: says nothing
}

// BenchmarkCustomers is what the checker keeps of a customer in the middle of things, after a
// conversation of 20 messages and in the next.
func BenchmarkCustomers(b *testing.B) {
	const customers = 1000
	m := everyday()
	var before, after runtime.MemStats
	for b.Loop() {
		c := New(Options{Run: testRun, Markers: true})
		sessions := make([]*Session, customers)
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range sessions {
			sessions[i] = c.Customer(i)
			converse(sessions[i], i, 20, m)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(sessions)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/customers, "B/customer")
	b.ReportMetric(0, "ns/op")
}
