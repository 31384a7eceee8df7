package judge

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/marker"
	"chatbench/internal/metric"
	"chatbench/internal/trace"
)

// customer is one user id of some client: its calls become the events of one customer. A call can come
// and be answered on any goroutine; the mutex puts them into one order.
type customer struct {
	j     *Judge
	index int
	user  string // "": calls that name nobody

	mu      sync.Mutex // protects the following, and is held while an event is observed
	client  *client    // which made the latest call
	session *check.Session
	meter   *metric.Meter
	epoch   int // of the latest conversation, from 0
	lastID  uint32
	lastAt  time.Duration // of the latest event
	calls   []*call       // under way
	tokens  trace.Tokens
	gone    bool // it was forgotten
	talk
}

// talk is what is known of the conversation that goes on.
type talk struct {
	begun   bool          // Begin was told, and End was not
	asked   bool          // CONNECT was sent
	open    bool          // CONNECT was answered 0
	refused bool          // or anything else
	left    bool          // the client has sent DISCONNECT
	dropped bool          // a DISCONNECT was delivered
	polls   int           // answered
	brokeAt time.Duration // when the connection of a poll broke, unless a call came since: the network code of many clients repeats such a poll by itself, at once
	queued  bool          // a message said so, and no agent has spoken since
	lesson  int           // that it is, or is to be; noLesson: none
	saw     sights
	shown   sights   // of these, what the client's account has
	files   []string // ids of media messages that came
	broken  bool     // a rule was broken in it
}

// keptFiles bounds talk.files. What is downloaded beyond that is passed over.
const keptFiles = 256

// ask takes a call in. The time at which it came is now.
func (c *customer) ask(k *call, r *request, from *client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client = from
	c.arrange(k)
	c.lastID++
	k.c, k.id, k.token = c, c.lastID, c.tokens.Number(r.token)
	k.probe = k.op == aicc.OpDownload && !slices.Contains(c.files, k.fileID) ||
		k.op == aicc.OpPoll && c.brokeAt > 0 && c.j.now()-c.brokeAt < check.DefaultPause
	c.brokeAt = 0
	c.calls = append(c.calls, k)
	c.observe(trace.Invoke, func(e *trace.Event) {
		k.started = e.At
		k.fill(e)
		e.Intended = e.At
	})
	c.notice(k)
}

// arrange begins and ends conversations as a call wants it.
func (c *customer) arrange(k *call) {
	if c.user == "" || k.op == aicc.OpNone {
		return
	}
	over := c.left || c.dropped || c.refused
	switch {
	case !c.begun:
	case k.op == aicc.OpConnect && c.asked && (over || c.open):
		c.end(c.ending())
	case (k.op == aicc.OpApply || k.op == aicc.OpToken) && over && len(c.calls) == 0:
		c.end(c.ending())
	}
	if !c.begun {
		c.begin()
	}
}

func (c *customer) begin() {
	c.epoch++
	c.talk = talk{begun: true, lesson: c.j.choose(c)}
	c.observe(trace.Begin, func(e *trace.Event) { e.User, e.Flow = c.user, c.j.lessonName(c.lesson) })
}

// notice remembers what a call that was made means for the conversation.
func (c *customer) notice(k *call) {
	switch k.op {
	case aicc.OpConnect:
		c.asked = true
	case aicc.OpDisconnect:
		if c.open && !c.dropped {
			c.see(sawLeaving)
		}
		c.left = true
	}
}

// ending is how the conversation has ended, for one whose client is gone.
func (c *customer) ending() trace.Ended {
	switch {
	case c.dropped && !c.left:
		return trace.ByPeer
	case c.open:
		return trace.ByCustomer
	case c.refused:
		return trace.NoConnect
	}
	return trace.NoToken
}

func (c *customer) end(how trace.Ended) {
	c.observe(trace.End, func(e *trace.Event) { e.Ended, e.Flow = how, c.j.lessonName(c.lesson) })
	c.j.ended(c)
	c.talk = talk{lesson: noLesson}
}

// fill sets what Invoke and Return have in common.
func (k *call) fill(e *trace.Event) {
	e.ID, e.Op, e.Token, e.NoAccess, e.Async, e.FileID, e.Local = k.id, k.op, k.token, k.noAccess, k.async, k.fileID, k.local
	e.Chars, e.Bytes, e.Asked, e.Probe, e.Intended = k.chars, k.bytes, k.asked, k.probe, k.started
}

// answered tells what the client is about to read.
func (c *customer) answered(k *call, a *answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.close(k) {
		return
	}
	c.observe(trace.Return, func(e *trace.Event) {
		k.fill(e)
		e.Started, e.Request = k.started, cmp.Or(k.wrong, trace.Sound)
		a.tell(e)
		if a.token != "" {
			e.Got = c.tokens.Number(a.token)
		}
		if e.File != nil {
			e.File.ID, e.File.Want = k.fileID, k.want
		}
	})
	c.learn(k, a)
	if k.op == aicc.OpPoll && a.class == aicc.OK {
		c.deliver(k, a.parsed.Messages)
	}
}

// close takes a call from those that are under way; not ok when it is not among them any more.
func (c *customer) close(k *call) bool {
	if k.over {
		return false
	}
	k.over = true
	c.calls = slices.DeleteFunc(c.calls, func(other *call) bool { return other == k })
	return true
}

// abandoned tells that the client has closed the connection without waiting for the answer.
func (k *call) abandoned() {
	c := k.c
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.close(k) {
		return
	}
	c.observe(trace.Return, func(e *trace.Event) {
		k.fill(e)
		e.Started, e.Class, e.Error = k.started, aicc.Info, "the client closed the connection"
	})
	c.broke(k)
}

// broke notes that the connection of a call broke.
func (c *customer) broke(k *call) {
	if k.op == aicc.OpPoll {
		c.brokeAt = c.lastAt
	}
}

// learn remembers what an answer means for the conversation.
func (c *customer) learn(k *call, a *answer) {
	if a.status == 0 {
		c.broke(k)
	}
	switch {
	case k.op == aicc.OpConnect && !c.open:
		c.open, c.refused = a.class == aicc.OK, a.class == aicc.Fail && a.status == 200
	case k.op == aicc.OpPoll:
		c.polls++
	case k.op == aicc.OpTransfer && a.class == aicc.OK:
		c.see(sawTransfer)
	case k.op == aicc.OpUpload && a.class == aicc.OK:
		c.see(sawUpload)
	}
	c.see(harmSeen(k, a, c.lastAt-k.started))
}

// deliver tells the messages of a poll.
func (c *customer) deliver(k *call, messages []aicc.Downlink) {
	at := c.lastAt
	for i := range messages {
		m := &messages[i]
		c.observe(trace.Deliver, func(e *trace.Event) {
			e.At = at // it came with the answer
			e.ID, e.Op, e.Index, e.Message = k.id, aicc.OpPoll, i, m
			e.Mark, _, e.Marked = marker.Parse(m.Content)
		})
		if _, media := aicc.MediaFileType(m.MediaType); media && len(c.files) < keptFiles {
			c.files = append(c.files, m.Content)
		}
	}
	c.look(messages)
}

// observe tells an event to everybody who reads it.
func (c *customer) observe(kind trace.Kind, set func(*trace.Event)) {
	if c.gone {
		return
	}
	e := trace.Event{Kind: kind, At: max(c.j.now(), c.lastAt), Customer: c.index, Epoch: c.epoch, Seq: -1}
	set(&e)
	c.lastAt = e.At
	c.session.Observe(&e)
	c.meter.Observe(&e)
	if c.j.trace != nil {
		c.j.trace.Write(&e)
	}
}

// tend ends what has ended by itself: a conversation that is over and left alone, one whose client was
// not heard of any more. It reports whether the customer can be forgotten.
func (c *customer) tend(now time.Duration) (forgettable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.calls) > 0 {
		return false
	}
	idle := now - c.lastAt
	over := c.left || c.dropped || c.refused
	if c.begun && (over && idle >= linger || idle >= c.j.patience) {
		c.end(c.ending())
	}
	if !c.begun && idle >= forget {
		c.shut()
	}
	return c.gone
}

const (
	// linger is how long a conversation that is over is kept for what a client does too late.
	linger = 10 * time.Second
	// forget is after how long a user id that nobody uses is forgotten; it gets another number when it
	// comes back.
	forget = 10 * time.Minute
)

// finish ends the customer's part at the end of judging. A conversation that was over has ended as it
// did; what had not is cut short.
func (c *customer) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.begun {
		how := trace.CutShort
		if (c.left || c.dropped) && len(c.calls) == 0 {
			how = c.ending()
		}
		c.end(how)
	}
	c.shut()
}

// talking reports whether a conversation goes on.
func (c *customer) talking() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begun
}

func (c *customer) shut() {
	if !c.gone {
		c.gone = true
		c.session.Close()
	}
}

func itoa(n int) string { return strconv.Itoa(n) }
