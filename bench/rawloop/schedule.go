package main

import "time"

// schedule says which connection is to poll when: one after the other, a period apart in all, so
// that there is never a herd.
type schedule struct {
	step        time.Duration // between two polls of different connections; 0: there is no schedule
	connections int
	next        time.Duration // when the next poll is due
	turn        int           // whose it is
}

func newSchedule(every time.Duration, connections int) schedule {
	step := every / time.Duration(connections)
	if every > 0 {
		step = max(step, 1)
	}
	return schedule{step: step, connections: connections}
}

// due gives the connection whose turn has come; ok is false when nobody's has.
func (s *schedule) due(now time.Duration) (turn int, ok bool) {
	if s.step == 0 || s.next > now {
		return 0, false
	}
	turn = s.turn
	s.turn = (s.turn + 1) % s.connections
	s.next += s.step
	return turn, true
}

// wait is how long nothing is due, at most limit.
func (s *schedule) wait(now, limit time.Duration) time.Duration {
	if s.step == 0 {
		return limit
	}
	return min(max(s.next-now, 0), limit)
}
