package metric

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// wall is the start of every run in these tests.
var wall = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

const ms = time.Millisecond

// story tells the events of one customer to a recorder, with a clock that only it moves.
type story struct {
	t     *testing.T
	r     *Recorder
	m     *Meter
	now   time.Duration
	id    uint32
	epoch int
}

func newStory(t *testing.T, opt Options, stages ...StageInfo) *story {
	t.Helper()
	r := NewRecorder(stages, 2, opt)
	return &story{t: t, r: r, m: r.Customer(0)}
}

func (s *story) observe(e trace.Event) *story {
	e.At, e.Epoch = s.now, s.epoch
	s.m.Observe(&e)
	return s
}

func (s *story) at(t time.Duration) *story {
	s.now = t
	return s
}

func (s *story) begin(flow string) *story {
	return s.observe(trace.Event{Kind: trace.Begin, Flow: flow})
}

func (s *story) end(how trace.Ended) *story {
	s.observe(trace.Event{Kind: trace.End, Ended: how})
	s.epoch++
	return s
}

func (s *story) step(name string, missed bool) *story {
	return s.observe(trace.Event{Kind: trace.Step, Name: name, Missed: missed})
}

// exchange invokes now and returns after took. What e does not say is that of an ok answer.
func (s *story) exchange(op aicc.Op, took time.Duration, e trace.Event) *story {
	s.id++
	e.ID, e.Op, e.Kind = s.id, op, trace.Invoke
	if e.Intended == 0 {
		e.Intended = s.now
	}
	s.observe(e)
	e.Kind, e.Started = trace.Return, s.now
	if e.Class == aicc.Unfinished {
		e.Class, e.Status, e.Code = aicc.OK, 200, aicc.CodeOK
	}
	s.now += took
	return s.observe(e)
}

func (s *story) ok(op aicc.Op, took time.Duration) *story {
	return s.exchange(op, took, trace.Event{})
}

func (s *story) say(seq int) *story {
	return s.exchange(aicc.OpSend, ms, trace.Event{Seq: seq})
}

func (s *story) deliver(message aicc.Downlink, marks ...marker.Marker) *story {
	e := trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, Message: &message}
	if len(marks) > 0 {
		e.Mark, e.Marked = marks[0], marker.Intact
		e.Mark.Epoch = s.epoch
	}
	return s.observe(e)
}

func from(source string) aicc.Downlink {
	return aicc.Downlink{SourceType: source, ControlType: aicc.Chat, MediaType: aicc.Text}
}

// want compares the samples of a metric, in milliseconds, by count and mean.
func want(t *testing.T, s *StageMetrics, name string, millis ...float64) {
	t.Helper()
	sum := 0.0
	for _, v := range millis {
		sum += v
	}
	h := s.Hist(name)
	got := h.Mean() * float64(h.Count()) * 1000
	if int(h.Count()) != len(millis) || got < sum-0.01 || got > sum+0.01 {
		t.Errorf("%s of stage %s: %d samples, together %.3f ms; want %v ms", name, s.Name, h.Count(), got, millis)
	}
}
