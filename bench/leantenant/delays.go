package main

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"chatbench/bench/loop"
	"chatbench/internal/aicc"
)

// delays say how late the tenant is on purpose. Times are since the first request that counts. The
// zero value is never late.
type delays struct {
	connects bool          // CONNECT counts and is late, instead of polls
	service  time.Duration // of every request
	slow     time.Duration // of one in so many instead, see oneIn
	oneIn    int           // 0: none is slow
	freeze   time.Duration // once, nothing is begun and nothing answered for so long
	freezeAt time.Duration
	stall    time.Duration // the same, again and again
	every    time.Duration // between the beginnings of two stalls; the first is after the first such time
	single   bool          // requests are served one after the other, in the order in which they come
}

// any reports whether some request may be late.
func (d *delays) any() bool { return d.service > 0 || d.slow > 0 || d.freeze > 0 || d.stall > 0 }

func (d *delays) check() error {
	switch {
	case d.service < 0 || d.slow < 0 || d.oneIn < 0 || d.freeze < 0 || d.freezeAt < 0 || d.stall < 0 || d.every < 0:
		return errors.New("a delay is less than 0")
	case (d.slow > 0) != (d.oneIn > 0):
		return errors.New("-slow and -one-in belong together")
	case d.stall > 0 && d.every <= d.stall:
		return fmt.Errorf("-stall %v needs a longer -every", d.stall)
	case d.stall > 0 && d.freeze > 0:
		return errors.New("-freeze and -stall exclude each other")
	}
	return nil
}

// counts tells the requests that are measured and may be late.
func (d *delays) counts(r request) bool {
	if d.connects {
		return string(r.path) == aicc.PathSend && bytes.Contains(r.body, []byte(`"CONNECT"`))
	}
	return string(r.path) == aicc.PathPoll
}

// thawed is the first moment from t on at which the tenant is not frozen.
func (d *delays) thawed(t time.Duration) time.Duration {
	if d.freeze > 0 && t >= d.freezeAt {
		return max(t, d.freezeAt+d.freeze)
	}
	if d.stall > 0 && t >= d.every {
		return max(t, t-t%d.every+d.stall)
	}
	return t
}

// clerk applies the delays to one request after the other.
type clerk struct {
	delays
	seen int
	free time.Duration // when the single server has answered all that have come
}

// answered is when a request is answered that came at a time not before the one before it.
func (c *clerk) answered(came time.Duration) time.Duration {
	c.seen++
	begin := c.thawed(came)
	if c.single {
		begin = max(begin, c.free)
	}
	length := c.service
	if c.oneIn > 0 && c.seen%c.oneIn == 0 {
		length = c.slow
	}
	c.free = c.thawed(begin + length)
	return c.free
}

// scheduled is the truth: the times that callers wait who come evenly, so many a second for so long,
// whatever the tenant does. It is nil without a schedule.
func (d *delays) scheduled(rate int, length time.Duration) *loop.Percentiles {
	callers := int(length.Seconds() * float64(rate))
	if callers < 1 {
		return nil
	}
	c := clerk{delays: *d}
	waits := make([]time.Duration, callers)
	for i := range waits {
		came := time.Duration(i) * time.Second / time.Duration(rate)
		waits[i] = c.answered(came) - came
	}
	slices.Sort(waits)
	// The smallest wait that so many in a thousand do not exceed.
	at := func(perMille int) float64 { return waits[(callers*perMille+999)/1000-1].Seconds() }
	return &loop.Percentiles{P50: at(500), P90: at(900), P99: at(990), P999: at(999), Max: at(1000)}
}
