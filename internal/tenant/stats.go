package tenant

import (
	"sync/atomic"

	"chatbench/internal/aicc"
)

// Stats are a tenant's own counts since it was made.
type Stats struct {
	Requests  map[string]int64 `json:"requests"` // by exchange, as aicc.Op names them; calls without a name there and sends that are not let in are not counted
	Refused   int64            `json:"refused"`  // 401 and flow control
	Opened    int64            `json:"opened"`   // conversations
	Ended     int64            `json:"ended"`
	Waiting   int              `json:"waiting"`   // customers in the queue now
	Busy      int              `json:"busy"`      // agents with a conversation now
	Customers int              `json:"customers"` // known now
	Said      int64            `json:"said"`      // downlink messages
	HandedOut int64            `json:"handedOut"` // of these, to polls
	Mutants   map[string]int64 `json:"mutants,omitempty"`
}

// ops is one more than the largest aicc.Op.
const ops = int(aicc.OpLeave) + 1

type counters struct {
	requests                             [ops]atomic.Int64
	refused, opened, ended, said, handed atomic.Int64
}

// count counts a request; OpNone is not one.
func (c *counters) count(op aicc.Op) {
	if op != aicc.OpNone {
		c.requests[op].Add(1)
	}
}

// Stats are the counts as of now.
func (t *Tenant) Stats() Stats {
	s := Stats{
		Requests: make(map[string]int64),
		Refused:  t.counters.refused.Load(),
		Opened:   t.counters.opened.Load(), Ended: t.counters.ended.Load(),
		Said: t.counters.said.Load(), HandedOut: t.counters.handed.Load(),
		Customers: t.customers.len(),
		Mutants:   t.faults.applied(),
	}
	s.Waiting, s.Busy = t.desk.counts()
	for op := range t.counters.requests {
		if n := t.counters.requests[op].Load(); n > 0 {
			s.Requests[aicc.Op(op).String()] = n
		}
	}
	return s
}
