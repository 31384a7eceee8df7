package metric

import (
	"time"

	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// say remembers that the customer said something and waits for an answer.
func (m *Meter) say(e *trace.Event) {
	if m.said == saysKept {
		m.tally(m.says[0].intended).rest.Unanswered++
		m.answered(0)
	}
	m.says[m.said] = say{seq: int32(e.Seq), intended: e.Intended}
	m.said++
}

// unsay forgets a say that was refused: nobody will answer it.
func (m *Meter) unsay(intended time.Duration) {
	for i := range m.said {
		if m.says[i].intended == intended {
			m.answered(i)
			return
		}
	}
}

// answered takes a say out of the list.
func (m *Meter) answered(i uint8) {
	copy(m.says[i:m.said], m.says[i+1:m.said])
	m.said--
}

// answer samples the reply time of every say that this message of the robot or an agent answers. A
// marker names what its sender had heard; an echo answers what it repeats. A message without a
// marker answers whatever is waiting, unless this peer is known to mark its answers: then it is
// small talk or a picture that belongs to an earlier one.
func (m *Meter) answer(e *trace.Event) {
	if e.Marked == marker.Intact && e.Mark.Sender != marker.Customer && e.Mark.Cause >= 0 {
		m.causal = true
	}
	for i := uint8(0); i < m.said; {
		if !m.answers(e, int(m.says[i].seq)) {
			i++
			continue
		}
		intended := m.says[i].intended
		m.answered(i)
		m.sample(reply, intended, e.At, e.At-intended)
	}
}

func (m *Meter) answers(e *trace.Event, seq int) bool {
	switch {
	case e.Marked == marker.Damaged:
		return false
	case e.Marked == marker.Absent:
		return !m.causal
	case e.Mark.Session != e.Customer || e.Mark.Epoch != e.Epoch:
		return false
	case e.Mark.Sender == marker.Customer:
		return e.Mark.Seq == seq
	}
	return seq >= 0 && e.Mark.Cause >= seq
}
