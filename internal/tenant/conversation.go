package tenant

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// phase is a state of docs/protocol.md section 6.2.
type phase uint8

const (
	withRobot phase = iota
	queueing
	ringing // an agent has it and has not said anything yet
	withAgent
	leaving // the agent has said goodbye
	nobody  // a fault: nothing will ever be said
	ended
)

// Who ended a conversation, for the record.
const (
	endCustomer = "customer"
	endAgent    = "agent"
	endSilence  = "silence"
	endQueue    = "queue" // waited too long for an agent
	endRelease  = "release"
	endShutdown = "shutdown"
)

// conversation is one CONNECT and what follows. Everything in it is protected by its customer's
// mutex, and every method wants it held.
type conversation struct {
	c      *customer
	t      *Tenant
	rng    *rand.Rand // what robot and agents decide
	desk   *desk
	lesson *lesson // nil: it is to be like any other
	callID string
	phase  phase

	// Waiting for a poll, in the order in which it was said.
	out      []message
	messages int // queued so far

	// The customer's markers, once one was heard.
	marked bool
	who    marker.Marker // run, session and epoch
	cause  int           // highest number heard
	said   [speakers]int // marked messages of each sender

	rateable   int // answers of the robot; their interIdx count from 1
	evaluation int // the customer's latest, 1 to 5; 0: none

	// The other side.
	inbox   []saying  // what nobody has answered yet
	working bool      // an answer is on its way
	answers int       // given by the agent
	limit   int       // answers before the agent hangs up; 0: never
	place   *place    // in the queue or with an agent
	agent   string    // name
	picked  [4]string // phrases that were chosen last; the banks have more
	seen    []string  // messageIds, the latest ones

	peer, silence, release, patience *alarm
	lastSaid                         time.Time // by the customer
	lastHeard                        time.Time // the same, or the agent's greeting: silence is counted from here

	// For the record.
	heard   int
	shown   shown
	quiet   time.Duration // how long the customer had said nothing at the end
	how     string        // it ended
	endedAt time.Time
	hungUp  bool
	owed    bool // DISCONNECT was not fetched yet
	taken   bool // the record was
	files   []trace.File
	uploads []trace.File
	faults  []string

	memory memory // of faults
}

// saying is something the customer said.
type saying struct {
	content   string // as it came
	text      string // without the marker
	media     string
	messageID string
}

const (
	keptIDs   = 128  // messageIds of a conversation that a repetition is recognised by
	keptFiles = 1000 // files that a record lists
)

// newConversation makes one that has not started: nobody knows of it yet.
func newConversation(c *customer, content string) *conversation {
	h := fnv.New64a()
	key := c.user
	if c.t.opt.Key != nil {
		key = c.t.opt.Key(key)
	}
	fmt.Fprintf(h, "%s/%d", key, c.conversations)
	now := time.Now()
	v := &conversation{
		c: c, t: c.t, desk: &c.t.desk, cause: marker.NoCause, lastSaid: now, lastHeard: now,
		rng:    rand.New(rand.NewPCG(c.t.opt.Seed, h.Sum64())),
		callID: fmt.Sprintf("%d-%d", now.Unix(), c.t.calls.Add(1)),
	}
	if c.t.opt.Lesson != nil {
		v.learn(c.t.opt.Lesson(c.user))
	}
	v.listen(content)
	return v
}

// start puts the customer through to the robot or the agents. A code other than 0 means that
// nothing has happened.
func (v *conversation) start() string {
	robot := v.robot()
	switch {
	case robot == nil:
		return v.handOver()
	case v.t.faults.skippingRobot(v):
		return aicc.CodeOK
	}
	v.phase = withRobot
	if robot.Welcome != "" {
		v.peer = v.later(withRobot, robot.Reply.Draw(v.rng), func() { v.robotSays(message{}, robot.Welcome) })
	}
	return aicc.CodeOK
}

// watch starts the clocks that end a conversation nobody takes part in.
func (v *conversation) watch() {
	if limit := v.t.cfg.SilenceAfter; limit > 0 {
		v.silence = v.whenIdle(v.t.faults.patience(v, limit), v.silentFor, func() { v.hangUp(endSilence, v.silenceNotice()) })
	}
	if limit := v.t.cfg.SessionTimeout; limit > 0 && !v.t.faults.take(unreleased, v) {
		v.release = v.whenIdle(limit, v.unpolledFor, func() { v.finish(endRelease) })
	}
}

// silentFor is how long the customer has said nothing while somebody listened.
func (v *conversation) silentFor() time.Duration {
	switch v.phase {
	case queueing, ringing, nobody:
		return 0
	}
	return time.Since(v.lastHeard)
}

func (v *conversation) unpolledFor() time.Duration {
	if v.c.held.x != nil {
		return 0
	}
	return time.Since(v.c.lastPoll)
}

func (v *conversation) silenceNotice() message {
	m := message{control: aicc.Disconnect, source: aicc.FromSystem, offline: "false"}
	if v.t.cfg.SilenceAsync {
		m.offline, m.media, m.content = "true", aicc.Text, v.words().silence
	}
	return m
}

// later does something after a while, unless the phase is another one by then.
func (v *conversation) later(p phase, d time.Duration, do func()) *alarm {
	return v.t.clock.after(d, func() {
		v.c.mu.Lock()
		defer v.c.unlock()
		if v.phase == p {
			do()
		}
	})
}

// whenIdle does something once idle has reached the limit.
func (v *conversation) whenIdle(limit time.Duration, idle func() time.Duration, do func()) *alarm {
	var a *alarm // written before the function can run: both hold the mutex
	a = v.t.clock.after(limit, func() {
		v.c.mu.Lock()
		defer v.c.unlock()
		if v.phase == ended {
			return
		}
		if left := limit - idle(); left > 0 {
			v.t.clock.set(a, left)
			return
		}
		do()
	})
	return a
}

// hear takes in what the customer said to whoever is there.
func (v *conversation) hear(s saying) {
	s.text = v.listen(s.content)
	v.heard++
	v.show(s.content)
	v.spoke()
	v.archiveHeard(s)
	if v.t.faults != nil {
		v.t.faults.heard(v, s)
	}
	if v.phase == nobody || v.phase == leaving {
		return
	}
	v.inbox = append(v.inbox, s)
	v.work()
}

// spoke notes that the customer has just said something.
func (v *conversation) spoke() {
	v.lastSaid = time.Now()
	v.lastHeard = v.lastSaid
}

// listen learns from a customer's marker who it is and how far it has got, and gives the text
// behind the marker.
func (v *conversation) listen(content string) string {
	m, text, status := marker.Parse(content)
	if status != marker.Intact || m.Sender != marker.Customer {
		return content
	}
	if !v.marked {
		v.marked, v.who = true, m
	}
	if v.isOwn(m) {
		v.cause = max(v.cause, m.Seq)
	}
	return text
}

// show notes for the record what the other side gets to see of the customer's marked texts.
func (v *conversation) show(content string) {
	switch m, _, status := marker.Parse(content); {
	case status == marker.Damaged:
		v.shown.garbled++
	case status == marker.Intact && v.isOwn(m):
		v.shown.add(m.Seq)
	}
}

// isOwn reports whether a marker is the customer's, of this conversation.
func (v *conversation) isOwn(m marker.Marker) bool {
	return m.Sender == marker.Customer && m.Run == v.who.Run && m.Session == v.who.Session && m.Epoch == v.who.Epoch
}

// repeated remembers a messageId and reports whether it was there before.
func (v *conversation) repeated(id string) bool {
	if slices.Contains(v.seen, id) {
		return true
	}
	if len(v.seen) == keptIDs {
		v.seen = append(v.seen[:0], v.seen[1:]...)
	}
	v.seen = append(v.seen, id)
	return false
}

// work begins the next answer if there is something to answer and somebody free to do it.
func (v *conversation) work() {
	if v.working || len(v.inbox) == 0 {
		return
	}
	switch v.phase {
	case withRobot:
		v.working = true
		v.peer = v.later(withRobot, v.t.cfg.Robot.Reply.Draw(v.rng), v.robotAnswers)
	case withAgent:
		v.working = true
		v.peer = v.later(withAgent, v.t.cfg.Agents.Reply.Draw(v.rng), v.agentAnswers)
	}
}

func (v *conversation) nextSaying() saying {
	s := v.inbox[0]
	v.inbox = slices.Delete(v.inbox, 0, 1)
	return s
}

// between draws evenly from a range that a scenario gives.
func (v *conversation) between(r [2]int) int {
	if r[1] <= r[0] {
		return r[0]
	}
	return r[0] + v.rng.IntN(r[1]-r[0]+1)
}

// hangUp ends the conversation from this side: m is the DISCONNECT, which comes after everything
// that waits.
func (v *conversation) hangUp(how string, m message) {
	v.t.faults.hangingUp(v)
	v.finish(how)
	v.hungUp, v.owed = true, true
	if v.t.faults != nil {
		v.t.faults.hangUp(v, m)
		return
	}
	v.push(m)
}

// finish ends the conversation, frees its agent and answers a held poll. A second call does
// nothing.
func (v *conversation) finish(how string) {
	if v.phase == ended {
		return
	}
	v.phase, v.how, v.endedAt = ended, how, time.Now()
	v.quiet = v.endedAt.Sub(v.lastSaid)
	for _, a := range [...]*alarm{v.peer, v.silence, v.release, v.patience} {
		v.t.clock.stop(a)
	}
	if v.lesson != nil {
		v.t.clock.stop(v.lesson.next)
	}
	if v.place != nil {
		v.desk.leave(v.place)
	}
	v.inbox, v.seen, v.working = nil, nil, false
	v.c.open.Store(false)
	v.t.counters.ended.Add(1)
	if !v.memory.silent {
		v.c.wake()
	}
}
