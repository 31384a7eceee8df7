package sim

import (
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

const (
	// lostAfter is how many polls in a row may go without any answer before the customer gives the
	// conversation up.
	lostAfter = 5
	// maxBackoff bounds the pause after polls without an answer, which doubles each time. The demo
	// says nothing about failures; this keeps customers from storming a tenant that is down.
	maxBackoff = 5 * time.Second
)

// poller is the polling half of a conversation. It has no goroutine: the loop of the polling
// connection calls it when the next poll is due, when something comes, and when the tenant has taken
// too long. What may wait (opening the connection, new tokens) is done on a goroutine, which sets
// the alarm when it is done.
type poller struct {
	c     *customer
	clock clock
	pcg   rand.PCG
	rng   *rand.Rand    // jitter of the pause
	done  chan struct{} // closed when polling has stopped

	doing   doing         // the loop's alone, so that a call that comes too late can look at it
	call    call          // the poll under way, or the last one
	failed  int           // polls in a row without an answer
	openErr error         // why the connection could not be opened
	opened  time.Duration // when it was known whether it could be
	renewed bool          // there are new tokens since
}

// doing is what a poller waits for.
type doing uint8

const (
	nothing  doing = iota // for its first poll, if for anything
	pausing               // for the next poll
	opening               // for a connection
	asking                // for an answer, until the alarm
	renewing              // for new tokens, after its poll was refused
)

func (p *poller) init(c *customer) {
	p.c = c
	p.rng = rand.New(&p.pcg)
	p.clock = newClock(c.run, c.poll.loop, p.ring)
}

// startPolling begins to poll after a pause from now on, as the demo does when CONNECT was
// answered "0". The channel is closed when polling has stopped.
func (c *customer) startPolling(from time.Duration) <-chan struct{} {
	p := &c.poller
	p.pcg.Seed(c.run.Seed^0x706f6c6c, uint64(c.index)<<24|uint64(c.epoch))
	p.failed, p.done = 0, make(chan struct{})
	p.prepare(from)
	p.clock.set(p.call.intended)
	return p.done
}

// ring is called when the alarm rings.
func (p *poller) ring() {
	defer p.guard()
	switch p.doing {
	case nothing, pausing:
		p.poll()
	case opening:
		p.call.late += p.c.run.now() - p.opened
		p.ask()
	case asking:
		p.giveUp()
	case renewing:
		p.tryAgain()
	}
}

// guard is deferred by what the loop calls: see [run.survive]. The flow is not left waiting.
func (p *poller) guard() {
	if v := recover(); v != nil {
		p.c.run.broke(v)
		p.stop()
	}
}

// prepare makes the next poll, which is due a pause after the given time.
func (p *poller) prepare(from time.Duration) {
	p.c.newPoll(&p.call, from+p.pause(), false)
}

// poll polls now, if a poll is still wanted. A customer that has hung up in the pause does not poll
// again.
func (p *poller) poll() {
	if p.c.run.ctx.Err() != nil || !p.c.isChatting() {
		p.stop()
		return
	}
	p.attempt()
}

// attempt asks, over a connection that may have to be opened first.
func (p *poller) attempt() {
	l := &p.c.poll
	p.c.lateness(l, &p.call)
	if l.isOpen(p.c.run) {
		p.call.dialed, p.openErr = 0, nil
		p.ask()
		return
	}
	p.doing, p.openErr, p.opened = opening, errStopped, p.c.run.now()
	go func() {
		defer p.clock.set(0)
		defer p.c.run.survive()
		p.call.dialed, p.openErr = l.ready(p.c.run)
		p.opened = p.c.run.now()
	}()
}

// ask sends the poll.
func (p *poller) ask() {
	c, l := p.c, &p.c.poll
	if p.openErr != nil {
		c.unreached(l, &p.call, p.openErr)
		p.answered()
		return
	}
	p.call.came = 0
	l.listen(p.ready)
	request := c.invoke(&p.call)
	err := l.client.Send(*request)
	recycle(request)
	if err != nil {
		c.outcome(l, &p.call, nil, err)
		p.answered()
		return
	}
	p.doing = asking
	p.clock.set(p.call.began + p.call.timeout)
}

// ready is called when something has come, or may have.
func (p *poller) ready() {
	defer p.guard()
	c, l := p.c, &p.c.poll
	switch p.doing {
	case pausing:
		if l.client != nil {
			l.client.Lost() // a lost one is not reusable
		}
	case asking:
		if p.call.came = l.loop.Since().Sub(c.run.start); p.call.came <= p.call.began {
			p.call.came = 0 // a call from before the poll says nothing of its answer
		}
		p.look()
	}
}

// look looks for the answer and reports whether the poll is over.
func (p *poller) look() bool {
	l := &p.c.poll
	r, ok, err := l.client.Try()
	if ok || err != nil {
		p.c.outcome(l, &p.call, &r, err)
		p.answered()
	}
	return ok || err != nil
}

// giveUp ends a poll that was not answered in time, or at all because the run was stopped. An answer
// that the loop has not come to yet was in time.
func (p *poller) giveUp() {
	if p.call.came = 0; p.look() {
		return
	}
	err := os.ErrDeadlineExceeded
	if p.c.run.ctx.Err() != nil {
		err = net.ErrClosed
	}
	p.c.outcome(&p.c.poll, &p.call, nil, &http1.Error{Sent: true, Err: err})
	p.answered()
}

// answered goes on after a poll. When it was answered 401 the tokens are renewed and it is made once
// more, as [customer.authorised] does.
func (p *poller) answered() {
	res := &p.call.result
	if res.status != 401 || p.call.again {
		p.settle(res.at, res.status != 0 && res.status != 401) // a 401 after new tokens gets the customer nowhere
		return
	}
	p.doing, p.renewed = renewing, false
	p.clock.stop()
	go func() {
		defer p.clock.set(0)
		defer p.c.run.survive()
		p.c.poll.unlisten()
		p.renewed = p.c.renew(&p.c.poll, p.call.used.Auth)
	}()
}

func (p *poller) tryAgain() {
	if !p.renewed || !p.c.stillWants(&p.call) {
		p.settle(p.call.result.at, false)
		return
	}
	p.call.again = true
	p.attempt()
}

// settle waits for the next poll, or gives the conversation up after too many without an answer.
func (p *poller) settle(at time.Duration, heard bool) {
	if p.failed++; heard {
		p.failed = 0
	}
	switch {
	case p.failed >= lostAfter:
		p.c.loseContact()
		p.stop()
		return
	case !p.c.isChatting():
		p.stop()
		return
	}
	p.doing = pausing
	p.prepare(at)
	p.clock.set(p.call.intended)
}

// stop hands the connection back to the flow.
func (p *poller) stop() {
	p.doing = nothing
	p.clock.stop()
	p.c.poll.unlisten()
	close(p.done)
}

// pause is the time to the next poll.
func (p *poller) pause() time.Duration {
	settings := &p.c.run.Scenario.Poll
	pause := settings.Pause
	if settings.Jitter > 0 {
		pause += time.Duration(p.rng.Int64N(int64(settings.Jitter)))
	}
	if p.failed == 0 {
		return pause
	}
	return min(max(pause, settings.Pause<<p.failed), max(maxBackoff, settings.Pause))
}

// loseContact ends the conversation for want of answers.
func (c *customer) loseContact() {
	c.mu.Lock()
	c.lost = true
	c.mu.Unlock()
	c.nudge()
}

func (c *customer) isChatting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chatting
}

// pollOnce makes one declared probe and handles what it brought.
func (c *customer) pollOnce(due time.Duration) {
	var x call
	c.newPoll(&x, due, true)
	c.authorised(&c.poll, &x)
}

// newPoll fills a call in.
func (c *customer) newPoll(x *call, due time.Duration, probe bool) {
	*x = call{op: aicc.OpPoll, seq: -1, intended: due, timeout: c.run.Scenario.Poll.Timeout, probe: probe, build: x.build, then: x.then}
	if x.build != nil {
		return // the same functions do for all of a customer's polls
	}
	x.build = func(dst []byte, auth aicc.Auth) []byte {
		return c.run.Endpoint.request.AppendPoll(dst, auth, c.user, c.run.Scenario.Poll.Read)
	}
	x.then = func(a *aicc.Answer, class aicc.Class) {
		if class == aicc.OK {
			c.handle(x.id, a.Messages)
		}
	}
}

// handle takes the messages of one poll, in array order, each in the demo's order of branches.
// Later elements are handled after a DISCONNECT too, as the demo does. Callers hold mu.
func (c *customer) handle(poll uint32, messages []aicc.Downlink) {
	for i := range messages {
		m := &messages[i]
		mark, _, marked := marker.Parse(m.Content)
		e := c.event(trace.Deliver)
		e.ID, e.Op, e.Index, e.Message, e.Mark, e.Marked = poll, aicc.OpPoll, i, m, mark, marked
		e.At = c.lastAt // that of the Return: a message came with the answer, whenever it is read
		at := e.At
		c.observe(e)
		a := c.arrival(m, at, mark, marked)
		c.dispatch(m, at, &a)
		c.remember(a)
	}
	if len(messages) > 0 && c.concerned() {
		c.nudge()
	}
}

// concerned reports whether what has come is worth waking the flow for: a customer who is thinking
// has to know only of what is to be done, and of the end. Callers hold mu.
func (c *customer) concerned() bool {
	return !c.thinking || len(c.errands) > 0 || c.ended != "" || c.queryAt > 0
}

// dispatch is the demo's chain of branches.
func (c *customer) dispatch(m *aicc.Downlink, at time.Duration, a *arrival) {
	if m.SourceType == aicc.FromAgent && !c.withAgent {
		c.withAgent = true
		c.errands = append(c.errands, errand{op: aicc.OpSupport, at: at})
	}
	if m.SourceType == aicc.FromRobot {
		return // the robot's handler; a DISCONNECT or a picture from a robot goes nowhere else
	}
	if fileType, mapped := aicc.MediaFileType(m.MediaType); mapped {
		if m.IsLocalFile() && m.MediaFileType != "" {
			fileType = m.MediaFileType
		}
		a.state, a.fileID = notFetched, m.Content
		c.errands = append(c.errands, errand{op: aicc.OpDownload, at: at, fileID: m.Content, kind: fileType, local: m.IsLocalFile()})
		return
	}
	if m.ControlType == aicc.Disconnect {
		c.hungUp(m.SourceType, at)
		return
	}
	if m.Queueing() {
		c.queryAt = max(at, 1)
	}
}

// hungUp is the demo's drop handler: the other side ended the conversation.
func (c *customer) hungUp(by string, at time.Duration) {
	if c.ended == "" {
		c.ended, c.endedBy, c.endedAt = trace.ByPeer, by, at
	}
	c.chatting, c.queryAt = false, 0
}

// arrival is what the flow may want to know of a message.
func (c *customer) arrival(m *aicc.Downlink, at time.Duration, mark marker.Marker, marked marker.Status) arrival {
	a := arrival{at: at, source: m.SourceType, media: m.MediaType, text: clipped(m.Content), queue: m.Queueing(),
		hangUp: m.ControlType == aicc.Disconnect, answers: -1}
	switch {
	case marked == marker.Intact && mark.Sender == marker.Customer:
		a.answers = mark.Seq // an echo
	case marked == marker.Intact:
		a.answers = mark.Cause
	case m.SourceType == aicc.FromRobot || m.SourceType == aicc.FromAgent:
		a.answers = c.said
	}
	return a
}

// remember keeps a message for the expectations of the flow, if it has any.
func (c *customer) remember(a arrival) {
	if !c.flow.expects {
		return
	}
	if len(c.inbox) == 2*maxInbox { // forgetting them one by one would move all of them each time
		c.inbox = append(c.inbox[:0], c.inbox[maxInbox:]...)
	}
	c.inbox = append(c.inbox, a)
}

// keptText bounds what is kept of a text for the expectations; the vendor's limit is 500 characters.
const keptText = 4 << 10

func clipped(text string) string {
	if len(text) <= keptText {
		return text
	}
	return strings.Clone(text[:keptText])
}

// nudge wakes the flow, which may be waiting for what has just changed.
func (c *customer) nudge() { signal(c.wake) }
