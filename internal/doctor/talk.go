package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

// talk is what the conversation has shown so far.
type talk struct {
	life     aicc.AppToken
	refused  string         // code that said that agents do not work now, or ""
	accepted bool           // a hand-over was accepted, so that they do
	robot    bool           // a robot spoke
	answers  bool           // and answers what is said to it
	direct   bool           // CONNECT leads to agents, without a robot
	over     bool           // the keyword handed over
	transfer *caller.Answer // to TRANS2AGENT, when it was sent
	queueing time.Time
	deaf     string // step at which polls were found not to work, or ""
	agent    bool   // one is there
	said     string // the text that an agent was to answer
	picture  *aicc.Downlink
}

// words are what the customer says.
type words struct{ hello, question, request, message string }

// words are in the language of the customer, for agents who wonder.
func (w *walk) words() words {
	if w.Locale == "zh" || w.Locale == "zh_CN" {
		return words{"您好", "您好，请问怎么联系人工客服？", "这是 chatbench doctor 的配置检查。请回复任意一句话，然后发送一张图片。谢谢！", "这是 chatbench doctor 的配置检查，可以删除。"}
	}
	return words{"hello", "hello, how can I talk to a person?", "This is chatbench doctor, which checks the set-up. Please answer with any text, and then send a picture. Thank you!", "This is chatbench doctor, which checks the set-up; it can be deleted."}
}

// connectCodes are the documented codes of CONNECT (section E03) but 12, which is about working hours.
var connectCodes = map[string]string{
	"13": "the channel has no service address, or robot or agents could not be connected",
}

func (w *walk) connect() finding {
	a := w.open()
	switch {
	case a.OK():
		return right(d("E03"), "CONNECT was accepted")
	case a.Status == http.StatusOK && a.Code == aicc.CodeOffHours:
		w.talk.refused = a.Code
		f := because("hours", "CONNECT was refused, as agents do not work now: %s", w.told(&a))
		f.basis = d("E03")
		return f
	case a.Status == 0:
		w.lose(a.Err)
		return unsure(u("14"), "CONNECT: %s; a conversation may be open", a.Words())
	}
	return meaning(w.refused(d("E03"), &a), &a, connectCodes).
		advise("look whether the channel has a skill queue, and whether its robot is there", channelPage("技能队列"))
}

// open sends CONNECT. When the walk is interrupted while it is on its way, its answer is waited for a
// little: a DISCONNECT that overtakes it would leave the conversation open.
func (w *walk) open() caller.Answer {
	ctx, cancel := context.WithCancel(w.hard)
	defer cancel()
	defer context.AfterFunc(w.ctx, func() { caller.Pause(ctx, linger); cancel() })()
	a := w.u.Connect(ctx, aicc.PathSend, w.words().hello)
	if a.OK() || a.Class() == aicc.Info {
		w.connects++
	}
	w.unsure = a.Status == 0 && w.u.Open // it may still be on its way
	w.polled = time.Now()
	return a
}

// until polls until a message is as wanted, for as long as others may take to speak.
func (w *walk) until(from int, d time.Duration, want func(*aicc.Downlink) bool) bool {
	_, found := w.u.Until(w.ctx, from, d, func(m *aicc.Downlink) bool {
		w.stamps()
		return want(m)
	})
	w.heard()
	return found
}

// heard takes in what polls have brought.
func (w *walk) heard() {
	w.polled = time.Now()
	w.stamps()
	for i := range w.u.Seen {
		m := &w.u.Seen[i]
		w.talk.robot = w.talk.robot || caller.ByRobot(m)
		w.talk.agent = w.talk.agent || caller.ByAgent(m)
		if _, media := aicc.MediaFileType(m.MediaType); media && caller.ByAgent(m) && m.Content != "" {
			w.talk.picture = m
		}
	}
}

// welcome is how long a first word may take before something is said.
const welcome = 5 * time.Second

func speaks(m *aicc.Downlink) bool {
	return caller.Talk(m) || m.Queueing() || m.SourceType == aicc.FromSystem
}

// robot waits for who speaks first, and wants a robot to answer.
func (w *walk) robot() finding {
	w.until(0, min(welcome, w.Patience), speaks)
	expected := w.Target.Robot != nil && *w.Target.Robot
	if !w.talk.robot && len(w.u.Seen) > 0 {
		return w.noRobot(expected)
	}
	w.left() // a welcome may have several messages
	from := len(w.u.Seen)
	a := w.u.Say(w.ctx, "CHAT", w.words().question)
	if !a.OK() {
		return w.refused(d("E03"), &a).advise("look at the robot of the channel", robotPage())
	}
	w.talk.answers = w.until(from, w.Patience, caller.ByRobot)
	if f, deaf := w.deaf("robot"); deaf && !w.talk.answers {
		w.talk.direct = !w.talk.robot && w.waits()
		return f
	}
	switch {
	case w.talk.answers && from == 0:
		return right(d("6.3"), "a robot answers; it has no welcome")
	case w.talk.answers:
		return right(d("6.3"), "a robot greets and answers")
	case w.talk.robot:
		return w.mute("a robot greets and does not answer within %v", w.Patience)
	case w.talk.agent, len(w.u.Seen) > 0, w.waits():
		return w.noRobot(expected)
	}
	return w.mute("CONNECT was accepted, and nobody speaks within %v", w.Patience)
}

// deaf says so when polls are not answered as they should be: then nothing is known of who speaks, nor
// of the conversation's end.
func (w *walk) deaf(step string) (f finding, deaf bool) {
	a := &w.u.Polled
	if a.Ask == "" || a.OK() {
		return finding{}, false
	}
	w.talk.deaf = cmp.Or(w.talk.deaf, step)
	return w.refused(d("E05"), a).advise("look at what answers polls: without them no client sees a message", nil), true
}

func (w *walk) mute(format string, args ...any) finding {
	return wrong(d("6.3"), format, args...).
		advise("look whether the robot that the channel names is there, published and started", robotPage())
}

func (w *walk) noRobot(expected bool) finding {
	w.talk.direct = true
	if expected {
		return wrong(d("6.3"), "the channel goes to agents by itself, and a robot was expected").advise("choose the robot on the channel", channelPage("机器人"))
	}
	return lacking(d("6.3"), "the channel goes to agents by itself")
}

// waits reports whether the customer queues or is with an agent, as the queue says it.
func (w *walk) waits() bool {
	a := w.u.Queue(w.ctx, "queryQueueInfo")
	return a.OK() || a.Code == aicc.CodeWithAgent
}

// handedOver is what shows that a hand-over is under way.
func handedOver(m *aicc.Downlink) bool {
	return m.SourceType == aicc.FromAgent || m.SourceType == aicc.FromSystem || m.Queueing()
}

func (w *walk) keyword() finding {
	switch {
	case !w.talk.robot:
		return lacking(d("6.3"), "there is no robot to hand over")
	case w.Keyword == "":
		return skip("not looked at: no keyword is known; --keyword names it")
	}
	from := len(w.u.Seen)
	a := w.u.Say(w.ctx, "CHAT", w.Keyword)
	if !a.OK() {
		return w.refused(d("E03"), &a).advise("look at the keyword", channelPage("转人工关键字"))
	}
	w.talk.over = w.until(from, min(w.Patience, 2*welcome), handedOver) || w.waits()
	if w.talk.over {
		w.talk.accepted, w.talk.queueing = true, time.Now()
		return right(d("6.3"), "%s hands over", w.quoted(w.Keyword))
	}
	if a := w.transfer(); !a.OK() { // nothing hands over
		f := because("handover", "%s does not hand over, nor does TRANS2AGENT", w.quoted(w.Keyword))
		f.basis = d("6.3")
		return f
	}
	return wrong(d("6.3"), "%s does not hand over, and TRANS2AGENT does", w.quoted(w.Keyword)).
		advise("compare the keyword with that of the channel; robots may want it as the whole text", channelPage("转人工关键字"))
}

// transfer sends TRANS2AGENT, once.
func (w *walk) transfer() *caller.Answer {
	if w.talk.transfer == nil {
		a := w.u.Transfer(w.ctx)
		w.talk.transfer = &a
		w.talk.accepted, w.talk.queueing = a.OK(), time.Now()
	}
	return w.talk.transfer
}

func (w *walk) handover() finding {
	switch {
	case w.talk.direct:
		w.talk.accepted, w.talk.queueing = true, time.Now()
		return lacking(d("6.3"), "not needed: the channel goes to agents by itself")
	case w.talk.over:
		return lacking(u("E03"), "not needed: the keyword has handed over")
	}
	a := w.transfer()
	switch {
	case a.OK():
		return right(d("E03"), "TRANS2AGENT was accepted")
	case a.Status == http.StatusOK && a.Code == aicc.CodeOffHours:
		w.talk.refused = a.Code
		f := because("hours", "TRANS2AGENT was refused, as agents do not work now: %s", w.told(a))
		f.basis = d("E03")
		return f
	}
	return meaning(w.refused(d("E03"), a), a, map[string]string{
		"13": "no channel configuration, the session is invalid, an agent is there already, or the agents' platform cannot be reached",
	}).advise("look at the skill queue of the channel, how long its queue may be, and its agents", channelPage("技能队列"))
}

// hours says what CONNECT and the hand-over have shown of the agents' working time.
func (w *walk) hours() finding {
	now := time.Now().Format("15:04 MST")
	switch {
	case w.talk.refused != "":
		return wrong(d("E03"), "agents do not work at %s by the clock of this machine (result code %s)", now, w.talk.refused).
			advise("come back in working hours, or change them", hoursPage())
	case w.talk.accepted:
		return right(d("E03"), "agents work at %s by the clock of this machine", now)
	}
	id := "handover"
	if w.states["connect"] != Right {
		id = "connect"
	}
	return w.notLookedAt(id)
}

// queueCodes are the documented codes of queryQueueInfo (section E06).
var queueCodes = map[string]string{
	"1": "parameter error", "2": "the request to the agents' platform failed", "3": "token error", "4": "unknown error",
	"5": "the conversation has ended", "6": "the session is invalid",
	"160001": "the agents' platform cannot be reached", "160004": "there is no such session", "160022": "the conversation is with an IVR",
}

func (w *walk) queue() finding {
	a := w.u.Queue(w.ctx, "queryQueueInfo")
	switch {
	case a.Status == http.StatusOK && a.Code == aicc.CodeWithAgent:
		return right(d("E06"), "nobody has to wait: the conversation is with an agent")
	case a.OK():
		return right(d("E06"), "at place %d, with %d s to wait as the tenant estimates", a.Position, a.EstimateWait)
	}
	return meaning(w.refused(d("E06"), &a), &a, queueCodes).advise("look at the skill queue of the channel", channelPage("技能队列"))
}

// agents waits for one to speak.
func (w *walk) agents() finding {
	begun := w.talk.queueing
	if w.until(0, w.Patience, caller.ByAgent) {
		return right(d("6.3"), "an agent speaks %s after the hand-over", spent(time.Since(begun)))
	}
	if w.u.HungUp {
		return wrong(d("6.7"), "the tenant ended the conversation after %s, before an agent spoke", spent(time.Since(begun))).
			advise("look how long the queue lets wait, and whether agents are signed in", agentPage())
	}
	if f, deaf := w.deaf("agents"); deaf {
		return f
	}
	a := w.u.Queue(w.ctx, "queryQueueInfo")
	switch {
	case a.Status == 0:
		return w.refused(u("E06"), &a)
	case a.Status == http.StatusOK && a.Code == aicc.CodeWithAgent:
		w.talk.agent = true
		return right(d("E06"), "an agent has the conversation, and did not speak within %v", w.Patience)
	case a.OK():
		return wrong(u("E06"), "no agent took the conversation within %v; it is at place %d of the queue", w.Patience, a.Position).
			advise("nobody of the skill queue is signed in, or all are busy: a customer cannot tell which; have an agent with this skill queue sign in", agentPage())
	}
	return wrong(u("E06"), "no agent took the conversation within %v (queryQueueInfo: %s)", w.Patience, w.told(&a)).
		advise("have an agent with the skill queue of the channel sign in", agentPage())
}

// again makes sure that there is a conversation, with an agent if one was there: agents may hang up
// before all was looked at. It connects a second time, and no more.
func (w *walk) again() (f finding, ok bool) {
	if w.u.Open && !w.u.HungUp {
		return finding{}, true
	}
	if w.connects >= mostConnects {
		return unsure(u("6.7"), "the other side hung up twice; a walk opens no more than %d conversations", mostConnects), false
	}
	if a := w.open(); !a.OK() {
		return w.refused(d("E03"), &a), false
	}
	if !w.talk.agent {
		return finding{}, true
	}
	return w.agentAgain()
}

// agentAgain has a second conversation handed over as the first was.
func (w *walk) agentAgain() (f finding, ok bool) {
	from := len(w.u.Seen)
	w.until(from, min(welcome, w.Patience), caller.Talk)
	if w.talk.robot {
		w.u.Transfer(w.ctx)
	}
	if !w.until(from, w.Patience, caller.ByAgent) {
		return unsure(u("6.7"), "the agent hung up, and in a second conversation none spoke within %v", w.Patience), false
	}
	return finding{}, true
}

// during makes a call in a conversation, and again in a second one if the other side was just hanging
// up.
func (w *walk) during(call func() caller.Answer) (a caller.Answer, f finding, ok bool) {
	for {
		if f, ok = w.again(); !ok {
			return a, f, false
		}
		if a = call(); a.OK() || !w.left() {
			return a, f, true
		}
	}
}

// left reports whether the other side has hung up, after giving that a moment to arrive.
func (w *walk) left() bool {
	w.until(len(w.u.Seen), time.Second, never)
	return w.u.HungUp
}

func never(*aicc.Downlink) bool { return false }

// text says something to the agent, or has to be content with the robot.
func (w *walk) text() finding {
	if w.states["agents"] != Right {
		if w.talk.answers {
			return right(d("E03"), "the robot answers what it is told; with an agent it was not tried")
		}
		return w.notLookedAt("agents")
	}
	w.talk.said = fmt.Sprintf("%s (%s)", w.words().request, w.User)
	from := 0
	a, f, ok := w.during(func() caller.Answer {
		from = len(w.u.Seen)
		return w.u.Say(w.ctx, "CHAT", w.talk.said)
	})
	switch {
	case !ok:
		return f
	case !a.OK():
		return w.refused(d("E03"), &a).advise("look at the agent's workbench for what became of it", agentPage())
	case w.until(from, w.Patience, caller.ByAgent):
		return right(d("E03"), "an agent answers what it is told")
	}
	if w.u.HungUp {
		return unsure(u("E03"), "the text was accepted, and the other side hung up without an answer").
			advise("have an agent answer, and run doctor again", agentPage())
	}
	return unsure(u("E03"), "the text was accepted, and no agent answered within %v", w.Patience).
		advise("have an agent answer, and run doctor again", agentPage())
}
