package sim

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// TestFrozenAtTheEnd lets the tenant fall silent for good: the run must end when its drain and the
// time for saying goodbye are over, and not when the last time-out is.
func TestFrozenAtTheEnd(t *testing.T) {
	s := scene(say("one"), say("two"))
	s.Drain = 2 * time.Second
	p := play(t, s, nil, func(r *rig) {
		r.unpaced = true
		r.decide = func(q *request) (answer, bool) {
			return answer{never: true}, q.At > 500*ms || q.Op == aicc.OpSend
		}
	})
	if latest := s.Drain + Goodbye + 2*time.Second; p.out.Length > latest {
		t.Errorf("the run took %v, want at most %v", p.out.Length, latest)
	}
}

// TestFlood sends more pictures than the customer can fetch, for ever. The conversation ends when the run
// does all the same.
func TestFlood(t *testing.T) {
	s := scene(think(time.Second), say("enough"), think(time.Hour))
	s.Drain = 3 * time.Second
	p := play(t, s, nil, func(r *rig) {
		r.decide = func(q *request) (answer, bool) {
			switch q.Op {
			case aicc.OpPoll:
				return brings(media("AGENT", "IMAGE", "p")), true
			case aicc.OpDownload:
				return answer{wait: 400 * ms, body: file([]byte("x"))}, true
			}
			return answer{}, false
		}
	})
	if sends := p.times(aicc.OpSend); len(sends) != 1 || sends[0] > 2*time.Second {
		t.Errorf("said something at %v, want once and about a second after CONNECT", sends)
	}
	if p.out.Length > 5*time.Second {
		t.Errorf("the run took %v, want hardly more than its drain of %v", p.out.Length, s.Drain)
	}
	if end := p.told(trace.End, aicc.OpNone); len(end) != 1 || end[0].Ended != trace.CutShort {
		t.Errorf("ends %+v, want one that was cut short", end)
	}
}

// TestRevokedAccess refuses the application token that all customers share: whoever applies for a
// user token with it asks for a new one.
func TestRevokedAccess(t *testing.T) {
	p := play(t, scene(), script{aicc.OpApply: {{status: 401}}}, nil)
	if got, want := p.calls(), "token apply token apply connect disconnect"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
}
