package capacity

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// asked is one exchange of a conversation, at its age.
type asked struct {
	op  aicc.Op
	age time.Duration
}

// said is a message of the other side. It is on its way until a poll fetches it.
type said struct {
	at     time.Duration
	from   string
	media  string
	reply  bool // answers what the customer said last
	queue  bool
	hangUp bool
}

// phase of a walked conversation.
type phase uint8

const (
	robotPhase phase = iota
	agentPhase       // or waiting for one
	endedPhase
)

// walk plays one conversation on paper: the customer's flow against the robot and the agents of a
// set-up, by the same draws, with exchanges that take no time. It knows one customer, so how long
// the queue is must be told.
type walk struct {
	s    *scenario.Scenario
	t    *scenario.Tenant
	rng  *rand.Rand
	wait func(*rand.Rand) time.Duration // for an agent
	slow bool                           // what is expected comes at the last moment

	now      time.Duration
	nextPoll time.Duration
	asking   bool // a poll is under way since nextPoll
	asked    []asked
	waiting  []said // by time
	inbox    []said
	over     bool // the other side hung up
	gaveUp   bool
	heard    int // messages

	phase   phase
	free    time.Duration // when the peer can begin the next answer
	agentAt time.Duration // when the agent was given the conversation, -1: never
	spoke   time.Duration // when silence begins to count
	answers int           // until the agent hangs up; negative: never
	queries time.Duration // next query of the queue; 0: none
	greets  time.Duration // when the agent says its first word
}

const (
	queryEvery = 10 * time.Second // the demo's pause between queries of the queue
	noAgent    = -1
)

// talk plays a flow and gives its length.
func (w *walk) talk(f *scenario.Flow) time.Duration {
	w.agentAt, w.answers = noAgent, -1
	w.ask(aicc.OpConnect)
	w.nextPoll = w.pause()
	if robot := w.t.Robot; robot == nil {
		w.handOver()
	} else if robot.Welcome != "" {
		w.tell(said{at: robot.Reply.Draw(w.rng), from: aicc.FromRobot, reply: true})
	}
	w.steps(f.Steps[1:])
	if !w.over {
		w.ask(aicc.OpDisconnect)
	}
	w.asked = slices.DeleteFunc(w.asked, func(a asked) bool { return a.age > w.now }) // polls that were still to begin
	return w.now
}

func (w *walk) ask(op aicc.Op) { w.asked = append(w.asked, asked{op, w.now}) }

// steps plays steps until the conversation is over, and reports whether it goes on.
func (w *walk) steps(steps []scenario.Step) bool {
	for _, s := range steps {
		if w.over || w.gaveUp || !w.step(s) {
			return false
		}
	}
	return !w.over && !w.gaveUp
}

func (w *walk) step(s scenario.Step) bool {
	switch s := s.(type) {
	case scenario.Say:
		w.say(s.Text.Expand(func(string) string { return "" }))
	case scenario.Think:
		w.until(w.now+s.Time.Draw(w.rng), nil)
	case scenario.Expect:
		return w.expect(s)
	case scenario.Handover:
		w.act(aicc.OpTransfer)
		return w.handOver()
	case scenario.Upload:
		w.ask(aicc.OpUpload)
		w.say("")
	case scenario.Repeat:
		for range between(w.rng, [2]int{s.Min, s.Max}) {
			if !w.steps(s.Steps) {
				return false
			}
		}
	case scenario.HangUp:
		return false
	}
	return true
}

// act is something the customer does: expectations look at what comes from here on.
func (w *walk) act(op aicc.Op) {
	w.ask(op)
	w.inbox, w.spoke = w.inbox[:0], w.now
}

// say lets the customer say something, and the peer answer it.
func (w *walk) say(text string) {
	w.act(aicc.OpSend)
	w.free = max(w.free, w.now)
	switch {
	case w.phase == robotPhase && w.isKeyword(text):
		w.free += w.t.Robot.Reply.Draw(w.rng)
		w.phase = agentPhase
		w.agent(w.free)
	case w.phase == robotPhase:
		w.free += w.t.Robot.Reply.Draw(w.rng)
		for range between(w.rng, w.t.Robot.Messages) {
			w.tell(said{at: w.free, from: aicc.FromRobot, reply: true})
		}
	case w.phase == agentPhase && w.answers != 0:
		w.agentAnswers()
	}
}

func (w *walk) isKeyword(text string) bool {
	return slices.ContainsFunc(w.t.Robot.Keywords, func(k string) bool { return strings.EqualFold(strings.TrimSpace(text), k) })
}

// handOver asks for an agent now. It reports whether there are any.
func (w *walk) handOver() bool {
	if w.phase != robotPhase {
		return true
	}
	if w.t.Agents.Count == 0 || w.t.Hours.Never {
		w.ask(aicc.OpLeave)
		w.gaveUp = true
		return false
	}
	w.phase = agentPhase
	w.waiting = slices.DeleteFunc(w.waiting, func(m said) bool { return m.at > w.now }) // the robot stops
	if w.t.Robot != nil {
		w.tell(said{at: w.now, from: aicc.FromRobot, reply: true})
	}
	w.agent(w.now)
	return true
}

// agent puts the customer through at a moment, or into the queue.
func (w *walk) agent(at time.Duration) {
	wait := w.wait(w.rng)
	if wait > 0 {
		w.tell(said{at: at, from: aicc.FromSystem, queue: true})
		if most := w.t.Queue.MaxWait; most > 0 && wait > most {
			w.tell(said{at: at + most, from: aicc.FromSystem, hangUp: true})
			w.greets = at + 24*time.Hour
			return
		}
	}
	w.agentAt = at + wait
	if w.t.Notices {
		w.tell(said{at: w.agentAt, from: aicc.FromSystem})
	}
	w.greets = w.agentAt + w.t.Agents.PickUp.Draw(w.rng)
	w.tell(said{at: w.greets, from: aicc.FromAgent})
	w.free = w.greets
	if chats := w.t.Agents.Chats; chats[1] > 0 {
		w.answers = max(1, between(w.rng, chats))
	}
}

// agentAnswers answers what the customer has just said, and says good-bye when it was the last.
func (w *walk) agentAnswers() {
	a := &w.t.Agents
	for range between(w.rng, a.Messages) {
		w.free += a.Reply.Draw(w.rng)
		w.tell(said{at: w.free, from: aicc.FromAgent, reply: true})
	}
	for _, m := range []struct {
		share float64
		media string
	}{{a.Media.Image, aicc.Image}, {a.Media.Audio, aicc.Audio}, {a.Media.Video, aicc.Video}, {a.Media.Document, aicc.Document}, {a.Media.Location, aicc.Locate}} {
		if w.rng.Float64() < m.share {
			w.tell(said{at: w.free, from: aicc.FromAgent, media: m.media, reply: true})
		}
	}
	if w.answers--; w.answers == 0 {
		w.tell(said{at: w.free, from: aicc.FromAgent, reply: true})
		w.tell(said{at: w.free + a.HangUp.Draw(w.rng), from: aicc.FromAgent, hangUp: true})
	}
}

// tell queues a message for the customer's polls.
func (w *walk) tell(m said) {
	i := len(w.waiting)
	for i > 0 && w.waiting[i-1].at > m.at {
		i--
	}
	w.waiting = slices.Insert(w.waiting, i, m)
}

// expect waits as a customer does, who gives up when what must come does not.
func (w *walk) expect(e scenario.Expect) bool {
	met := w.slow
	w.until(w.now+e.Within.Draw(w.rng), func() bool {
		if w.slow {
			return false
		}
		for i, m := range w.inbox {
			if meets(m, e) {
				w.inbox = slices.Delete(w.inbox, 0, i+1)
				met = true
				return true
			}
		}
		return false
	})
	if w.over || w.slow && e.Disconnect {
		w.over = true
		return false
	}
	w.gaveUp = !met && !e.Optional
	return !w.gaveUp
}

func meets(m said, e scenario.Expect) bool {
	switch {
	case m.hangUp || e.Disconnect:
		return false
	case e.From != "" && m.from != e.From, e.Reply && !m.reply, e.Queue && !m.queue:
		return false
	}
	return e.Media == "" || m.media == e.Media
}

// until lets time pass, with its polls, until a moment, or ready, or the end of the conversation.
func (w *walk) until(moment time.Duration, ready func() bool) {
	for !w.over && (ready == nil || !ready()) {
		silent := w.silence()
		back, what := w.poll()
		switch next := min(back, moment, silent, w.query()); {
		case next == moment && moment < back:
			w.now = moment
			return
		case next == silent && silent < back:
			w.now, w.over = max(silent, w.now, w.nextPoll), true
			return
		case next < back: // time to ask for the place in the queue
			w.now = next
			w.ask(aicc.OpQueue)
			if w.queries += queryEvery; w.agentAt >= 0 && w.agentAt <= next {
				w.queries = 0 // the answer says that the customer is not in the queue
			}
		default:
			w.now = max(w.now, back)
			w.fetched(back, what)
		}
	}
}

const never = time.Duration(1<<63 - 1)

// query is when the customer asks for its place in the queue.
func (w *walk) query() time.Duration {
	if w.queries == 0 {
		return never
	}
	return max(w.queries, w.now)
}

// silence is when the tenant hangs up on a customer who says nothing.
func (w *walk) silence() time.Duration {
	if w.t.SilenceAfter == 0 {
		return never
	}
	heard := w.spoke
	if w.phase == agentPhase {
		heard = max(heard, w.greets)
	}
	return heard + w.t.SilenceAfter
}

// poll begins the next poll unless one is under way, and says when it is answered and with how many
// messages.
func (w *walk) poll() (back time.Duration, count int) {
	if !w.asking {
		w.asked, w.asking = append(w.asked, asked{aicc.OpPoll, w.nextPoll}), true
	}
	back = w.nextPoll + w.t.PollHold
	if len(w.waiting) > 0 && w.waiting[0].at < back {
		back = max(w.waiting[0].at, w.nextPoll)
	}
	for count < len(w.waiting) && w.waiting[count].at <= back {
		count++
	}
	if batch := w.t.PollBatch; batch > 0 {
		count = min(count, batch)
	}
	return back, count
}

// fetched takes in what a poll has brought.
func (w *walk) fetched(back time.Duration, count int) {
	w.asking, w.nextPoll = false, back+w.pause()
	for _, m := range w.waiting[:count] {
		w.hear(m)
	}
	w.waiting = slices.Delete(w.waiting, 0, count)
}

// hear does what the demo client does with a message.
func (w *walk) hear(m said) {
	w.heard++
	if m.from == aicc.FromAgent && m.at == w.greets && m.media == "" && !m.reply {
		w.ask(aicc.OpSupport)
	}
	switch {
	case m.hangUp:
		w.over = true
		return
	case m.queue:
		w.queries = w.now
	case m.from != aicc.FromRobot:
		if _, mapped := aicc.MediaFileType(m.media); mapped {
			w.ask(aicc.OpDownload)
		}
	}
	w.inbox = append(w.inbox, m)
}

func (w *walk) pause() time.Duration {
	p := w.s.Poll.Pause
	if w.s.Poll.Jitter > 0 {
		p += time.Duration(w.rng.Int64N(int64(w.s.Poll.Jitter)))
	}
	return max(p, time.Millisecond) // with no pause and no hold nothing would ever pass
}

func between(r *rand.Rand, ends [2]int) int {
	if ends[1] <= ends[0] {
		return ends[0]
	}
	return ends[0] + r.IntN(ends[1]-ends[0]+1)
}
