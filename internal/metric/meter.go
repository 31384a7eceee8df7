package metric

import (
	"math"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// observe is Observe with the shard locked.
func (m *Meter) observe(e *trace.Event) {
	switch e.Kind {
	case trace.Begin:
		m.begin(e)
	case trace.Invoke:
		m.invoke(e)
	case trace.Return:
		m.returned(e)
	case trace.Deliver:
		m.deliver(e)
	case trace.Step:
		m.step(e)
	case trace.End:
		m.end(e)
	}
}

func (m *Meter) begin(e *trace.Event) {
	shard, old := m.shard, m.state
	if m.known() {
		shard.states[old]--
	}
	*m = Meter{shard: shard, begun: e.At, connecting: true, silent: true, state: connecting}
	shard.states[connecting]++
	m.flow = entry(&m.tally(e.At).rest.Flows, e.Flow)
	m.flow.Begun++
}

// known reports whether the customer was counted in a state before.
func (m *Meter) known() bool { return m.flow != nil }

func (m *Meter) enter(s state) {
	if !m.known() || m.state == s {
		return
	}
	m.shard.states[m.state]--
	m.shard.states[s]++
	m.state = s
}

func (m *Meter) invoke(e *trace.Event) {
	if e.Probe {
		return
	}
	lateness := lateSend
	switch e.Op {
	case aicc.OpPoll:
		lateness = latePoll
	case aicc.OpConnect:
		if m.connecting {
			lateness = lateStart
			m.connecting = false
			m.connect = e.Intended
		}
	case aicc.OpSend:
		m.say(e)
	case aicc.OpTransfer:
		m.transfer, m.inTransfer = e.Intended, true
	}
	if !m.shard.rec.opt.Foreign {
		m.sample(lateness, e.Intended, e.At, e.Late)
	}
}

func (m *Meter) returned(e *trace.Event) {
	t := m.tally(e.Intended)
	if e.NewToken {
		t.rest.NewTokens++
	}
	if e.Probe {
		t.rest.Probes++
		return
	}
	t.exchange(e)
	m.mark(e)
	m.times(e)
	if e.Class == aicc.OK {
		m.succeeded(e, t)
	} else if e.Class == aicc.Fail && e.Op == aicc.OpSend {
		m.unsay(e.Intended)
	}
}

func (m *Meter) mark(e *trace.Event) {
	switch e.Class {
	case aicc.OK:
	case aicc.Fail:
		m.sample(markFailed, e.Intended, e.At, 0)
	default:
		m.sample(markInfo, e.Intended, e.At, 0)
	}
}

// times samples what the exchange took.
func (m *Meter) times(e *trace.Event) {
	if e.Dial > 0 {
		m.sample(dial, e.Intended, e.At, e.Dial)
	}
	if e.Status == 0 {
		m.sample(of(e.Op, lost), e.Intended, e.At, e.At-e.Intended)
		return
	}
	took := e.At - e.Started
	m.sample(of(e.Op, service), e.Intended, e.At, took)
	m.sample(of(e.Op, response), e.Intended, e.At, e.At-e.Intended)
	if e.Op == aicc.OpPoll && e.Class == aicc.OK {
		which := emptyService
		if e.Count > 0 {
			which = usefulService
		}
		m.sample(which, e.Intended, e.At, took)
	}
}

// succeeded counts what only an ok exchange has.
func (m *Meter) succeeded(e *trace.Event, t *tally) {
	switch e.Op {
	case aicc.OpPoll:
		if e.Count > 0 {
			t.rest.Useful++
		} else {
			t.rest.Empty++
		}
	case aicc.OpConnect:
		if m.state == connecting {
			m.enter(waiting)
		}
	case aicc.OpTransfer:
		if m.inTransfer {
			m.enter(queueing)
		}
	case aicc.OpUpload:
		if e.File != nil {
			t.rest.Uploaded += int64(e.File.Size)
		}
	case aicc.OpDownload:
		m.downloaded(e, t)
	}
}

func (m *Meter) downloaded(e *trace.Event, t *tally) {
	if e.File == nil || e.File.Size == 0 {
		return
	}
	t.rest.Downloaded += int64(e.File.Size)
	took := max(e.At-e.Started, time.Microsecond)
	rate := float64(e.File.Size) / took.Seconds()
	m.put(downloadRate, e.Intended, e.At, uint32(min(rate, limit+1)))
}

func (m *Meter) deliver(e *trace.Event) {
	t := m.tally(e.At)
	source := sourceOf(e.Message.SourceType)
	t.sources[source]++
	m.sample(markMessage, e.At, e.At, 0)
	if said, ok := m.saidAt(e); ok {
		m.delivered(e.At, said, t)
	}
	if m.silent {
		m.silent = false
		m.sample(firstWord, m.connect, e.At, e.At-m.connect)
	}
	if e.Message.ControlType == aicc.Disconnect {
		return
	}
	m.peer(e, source)
}

// delivered samples how long a message took from being said. Both moments are on the wall clock;
// when that was set in between the difference means nothing, and below 0 it shows.
func (m *Meter) delivered(at time.Duration, said time.Time, t *tally) {
	took := m.shard.rec.opt.Wall.Add(at).Sub(said)
	if took < 0 {
		t.rest.Negative++
	}
	m.sample(delivery, at, at, took)
}

// saidAt is when the message was said, if that is known and can be compared with our clock. An
// echo carries our own time and so measures there and back, with the robot's time to answer; on
// the same clock the tenant's timestamp, right to the millisecond, is the better one.
func (m *Meter) saidAt(e *trace.Event) (time.Time, bool) {
	opt := &m.shard.rec.opt
	ours := e.Marked == marker.Intact && (opt.Run == 0 || e.Mark.Run == opt.Run)
	echo := e.Mark.Sender == marker.Customer
	switch {
	case opt.Wall.IsZero(), e.Marked == marker.Damaged, e.Marked == marker.Intact && !ours:
		return time.Time{}, false
	case ours && echo != opt.SameClock:
		return e.Mark.At, true
	case opt.SameClock:
		ms, ok := e.Message.Millis()
		return time.UnixMilli(ms), ok
	}
	return time.Time{}, false
}

// peer follows the conversation: who speaks, and what that answers.
func (m *Meter) peer(e *trace.Event, source int) {
	if e.Message.Queueing() && !m.inQueue && m.state != withAgent {
		m.inQueue, m.queued = true, e.At
		m.enter(queueing)
	}
	switch source {
	case fromAgent:
		m.agentSpoke(e.At)
		m.answer(e)
	case fromRobot:
		if m.state == waiting || m.state == connecting {
			m.enter(withRobot)
		}
		m.answer(e)
	}
}

func (m *Meter) agentSpoke(at time.Duration) {
	if m.inQueue {
		m.inQueue = false
		m.sample(queueWait, m.queued, at, at-m.queued)
	}
	if m.inTransfer {
		m.inTransfer = false
		m.sample(handover, m.transfer, at, at-m.transfer)
	}
	m.enter(withAgent)
}

func (m *Meter) step(e *trace.Event) {
	if m.flow == nil {
		return
	}
	s := entry(&m.flow.Steps, e.Name)
	if e.Missed {
		s.Missed++
	} else {
		s.Done++
	}
}

func (m *Meter) end(e *trace.Event) {
	if m.flow == nil || m.state == away {
		return
	}
	m.sample(conversation, m.begun, e.At, e.At-m.begun)
	m.tally(e.At).rest.Unanswered += int64(m.said)
	m.said = 0
	if m.flow.Ended == nil {
		m.flow.Ended = map[trace.Ended]int64{}
	}
	m.flow.Ended[e.Ended]++
	m.enter(away)
}

// tally is the counters of the stage that a moment lies in.
func (m *Meter) tally(t time.Duration) *tally {
	at := &m.shard.tallies[m.shard.rec.stageAt(t)]
	if *at == nil {
		*at = &tally{}
	}
	return *at
}

// sample records a duration that belongs to the stage of intended and to the second of at.
// Negative durations count as 0.
func (m *Meter) sample(metric id, intended, at, took time.Duration) {
	us := (max(took, 0) + time.Microsecond/2) / time.Microsecond
	m.put(metric, intended, at, uint32(min(us, limit+1)))
}

func (m *Meter) put(metric id, intended, at time.Duration, value uint32) {
	s := m.shard
	s.samples = append(s.samples, sample{
		value:  value,
		second: uint32(min(max(at, 0)/time.Second, math.MaxUint32)),
		stage:  uint16(s.rec.stageAt(intended)),
		metric: metric,
	})
}
