package sim

import (
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/reactor"
)

// wait runs the customer's errands until the given time, or until ready, called under mu, returns
// true, or the conversation is over. A nil ready is never true.
func (c *customer) wait(until time.Duration, ready func() bool) {
	for {
		e, next := c.nextErrand(until, ready)
		switch {
		case e != nil:
			c.runErrand(e)
		case next == 0 || !c.doze(next):
			return
		}
	}
}

// nextErrand gives what to do now, or else when to look again; both are zero when waiting is over.
func (c *customer) nextErrand(until time.Duration, ready func() bool) (*errand, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.run.now()
	c.thinking = false
	switch {
	case ready != nil && ready():
		return nil, 0
	case c.lost || now >= c.cutAt || c.run.isCut() || c.ended == "" && now >= until:
		return nil, 0
	case len(c.errands) > 0:
		e := c.errands[0]
		c.errands = append(c.errands[:0], c.errands[1:]...)
		return &e, 0
	case c.ended != "":
		return nil, 0
	case c.queryAt > 0 && now >= c.queryAt:
		return &errand{op: aicc.OpQueue, at: c.queryAt}, 0
	}
	c.thinking = ready == nil
	next := min(until, c.cutAt)
	if c.queryAt > 0 {
		next = min(next, c.queryAt)
	}
	return nil, next
}

// doze sleeps until the given time or a nudge. It returns false when the run is cut or stopped.
func (c *customer) doze(until time.Duration) bool {
	c.clock.set(until)
	defer c.clock.stop()
	select {
	case <-c.wake:
	case <-c.run.cut:
		return false
	case <-c.run.ctx.Done():
		return false
	}
	return true
}

// finishErrands does what is left to do when the conversation is over: the demo's downloads go on
// after a DISCONNECT, too. It reports whether all was done before the run cut the customer short.
func (c *customer) finishErrands() bool {
	c.mu.Lock()
	c.queryAt = 0
	errands := c.errands
	c.errands = nil
	c.mu.Unlock()
	for i := range errands {
		if c.run.isCut() || c.run.now() >= c.cutAt {
			return false
		}
		errands[i].at = c.run.now() // the customer was waiting for its last poll until now
		c.runErrand(&errands[i])
	}
	return true
}

// clock wakes somebody at a moment. It does so more exactly than a timer of the runtime, which is up
// to a millisecond late on a machine that has nothing else to do.
type clock struct {
	run   *run
	loop  *reactor.Loop
	alarm reactor.Alarm
}

// newClock makes a clock that calls ring on the loop.
func newClock(r *run, loop *reactor.Loop, ring func()) clock {
	return clock{run: r, loop: loop, alarm: reactor.Alarm{Ring: ring}}
}

func (k *clock) set(at time.Duration) { k.loop.Set(&k.alarm, k.run.start.Add(at)) }

func (k *clock) stop() { k.loop.Stop(&k.alarm) }

// sleepUntil waits until the run's clock shows at; wake is what the clock signals. It returns false
// when the run is being cut or stopped.
func (k *clock) sleepUntil(at time.Duration, wake <-chan struct{}) bool {
	for at > k.run.now() {
		k.set(at)
		select {
		case <-wake: // or because of something else
		case <-k.run.cut:
			k.stop()
			return false
		case <-k.run.ctx.Done():
			return false
		}
	}
	return !k.run.isCut()
}

// runErrand makes the call of one errand.
func (c *customer) runErrand(e *errand) {
	x := &call{op: e.op, seq: -1, intended: e.at, timeout: callTimeout}
	request := &c.run.Endpoint.request
	switch e.op {
	case aicc.OpSupport:
		x.build = request.AppendSupport
	case aicc.OpQueue:
		x.build = func(dst []byte, auth aicc.Auth) []byte {
			return request.AppendQueue(dst, auth, c.user, c.run.Endpoint.Target.Channel)
		}
		x.then = func(a *aicc.Answer, _ aicc.Class) { c.queried(x.began, a.Code) }
	case aicc.OpDownload:
		x.fileID, x.local, x.want = e.fileID, e.local, e.kind
		x.build = func(dst []byte, auth aicc.Auth) []byte {
			return request.AppendDownload(dst, auth, e.fileID, e.kind, e.local)
		}
		x.then = func(_ *aicc.Answer, class aicc.Class) { c.downloaded(e.fileID, class) }
	}
	c.authorised(&c.talk, x)
}

// queried sets the next query of the queue: ten seconds after the last while the answer is "0", never
// after any other. An exchange without an outcome is asked again, as the demo's timer would.
func (c *customer) queried(began time.Duration, code string) {
	switch {
	case c.queryAt == 0: // the conversation ended meanwhile
	case code != "" && code != aicc.CodeOK:
		c.queryAt = 0
	default:
		c.queryAt = max(began, c.run.now()-queueInterval/2) + queueInterval
	}
}

// downloaded notes the fate of a file for the expectations of the flow. The customer sees it now.
func (c *customer) downloaded(fileID string, class aicc.Class) {
	for i := range c.inbox {
		if a := &c.inbox[i]; a.state == notFetched && a.fileID == fileID {
			if a.state = unfetchable; class == aicc.OK {
				a.state, a.at = fetched, c.run.now()
			}
		}
	}
}
