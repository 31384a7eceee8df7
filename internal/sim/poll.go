package sim

import (
	"math/rand/v2"
	"strings"
	"time"

	"chatbench/internal/aicc"
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

// poller is the polling half of a conversation.
type poller struct {
	c     *customer
	rng   *rand.Rand // jitter of the pause
	timer *time.Timer
	done  chan struct{} // closed when polling has stopped
}

// startPolling begins to poll after a pause from now on, as the demo does when CONNECT was
// answered "0".
func (c *customer) startPolling(from time.Duration) *poller {
	p := &poller{c: c, timer: newTimer(), done: make(chan struct{})}
	p.rng = rand.New(rand.NewPCG(c.run.Seed^0x706f6c6c, uint64(c.index)<<24|uint64(c.epoch)))
	go p.loop(from)
	return p
}

// loop polls until the conversation is over: one poll at a time, each a pause after the answer to
// the one before was handled.
func (p *poller) loop(from time.Duration) {
	defer close(p.done)
	defer p.c.run.survive()
	defer p.timer.Stop()
	for failed := 0; failed < lostAfter; {
		due := from + p.pause(failed)
		if !p.c.stillChatting(due, p.timer) {
			return
		}
		res := p.c.pollOnce(&p.c.poll, due, false)
		from = res.at
		if failed++; res.status != 0 && res.status != 401 { // a 401 after new tokens gets the customer nowhere
			failed = 0
		}
	}
	p.c.mu.Lock()
	p.c.lost = true
	p.c.mu.Unlock()
	p.c.nudge()
}

// pause is the time to the next poll.
func (p *poller) pause(failed int) time.Duration {
	settings := &p.c.run.Scenario.Poll
	pause := settings.Pause
	if settings.Jitter > 0 {
		pause += time.Duration(p.rng.Int64N(int64(settings.Jitter)))
	}
	if failed == 0 {
		return pause
	}
	return min(max(pause, settings.Pause<<failed), max(maxBackoff, settings.Pause))
}

// stillChatting waits until due and reports whether a poll is still wanted then. A customer that
// hangs up in the pause does not poll again.
func (c *customer) stillChatting(due time.Duration, timer *time.Timer) bool {
	if !c.isChatting() {
		return false
	}
	if d := due - c.run.now(); d > 0 {
		timer.Reset(d)
		select {
		case <-timer.C:
		case <-c.run.ctx.Done():
			return false
		}
	}
	return c.isChatting()
}

func (c *customer) isChatting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chatting
}

// pollOnce makes one poll and handles what it brought.
func (c *customer) pollOnce(l *link, due time.Duration, probe bool) result {
	x := &call{op: aicc.OpPoll, seq: -1, intended: due, timeout: c.run.Scenario.Poll.Timeout, probe: probe}
	x.build = func(dst []byte, auth aicc.Auth) []byte {
		return c.run.Endpoint.request.AppendPoll(dst, auth, c.user, c.run.Scenario.Poll.Read)
	}
	x.then = func(a *aicc.Answer, class aicc.Class) {
		if class == aicc.OK {
			c.handle(x.id, a.Messages)
		}
	}
	return c.authorised(l, x)
}

// handle takes the messages of one poll, in array order, each in the demo's order of branches.
// Later elements are handled after a DISCONNECT too, as the demo does. Callers hold mu.
func (c *customer) handle(poll uint32, messages []aicc.Downlink) {
	for i := range messages {
		m := &messages[i]
		mark, _, marked := marker.Parse(m.Content)
		e := c.event(trace.Deliver)
		e.ID, e.Op, e.Index, e.Message, e.Mark, e.Marked = poll, aicc.OpPoll, i, m, mark, marked
		at := e.At
		c.observer.Observe(e)
		c.dispatch(m, at, c.remember(m, at, mark, marked))
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

// remember notes a message for the expectations of the flow.
func (c *customer) remember(m *aicc.Downlink, at time.Duration, mark marker.Marker, marked marker.Status) *arrival {
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
	if len(c.inbox) == 2*maxInbox { // forgetting them one by one would move all of them each time
		c.inbox = append(c.inbox[:0], c.inbox[maxInbox:]...)
	}
	c.inbox = append(c.inbox, a)
	return &c.inbox[len(c.inbox)-1]
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
func (c *customer) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
