package tenant

import (
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
)

// Faults of how a conversation begins, of the queue, and of what the customer says. Unless noted,
// the customer's mutex is held.

// reconnecting is asked before a CONNECT is served: a conversation that only the tenant takes for
// going on is put away.
func (f *faults) reconnecting(c *customer) {
	if f != nil && c.open.Load() && c.conv.memory.ghost {
		c.conv.finish(endRelease)
	}
}

// connecting is asked before a CONNECT is served and reports whether nobody shall be there.
func (f *faults) connecting(v *conversation) bool { return f.muting(muteConnect, v) }

// muting can take everybody away from a conversation.
func (f *faults) muting(id fault, v *conversation) bool {
	if !f.take(id, v) {
		return false
	}
	v.phase = nobody
	return true
}

// connected is told of a new conversation before the old one, if any, is put away.
func (f *faults) connected(v, old *conversation) {
	if old == nil || old.memory.latest == nil || !v.marked || v.who.Run != old.who.Run || v.who.Epoch <= old.who.Epoch {
		return
	}
	if f.take(staleAfterReconnect, v) {
		v.enqueue(v.again(*old.memory.latest))
	}
}

// skippingRobot can lead a customer to an agent at once.
func (f *faults) skippingRobot(v *conversation) bool {
	if f == nil || f.plans[agentFirst] == nil {
		return false
	}
	p, served, ok := v.desk.ask(v)
	if !ok {
		return false
	}
	if !served || !f.take(agentFirst, v) {
		v.desk.leave(p)
		return false
	}
	v.place, v.phase = p, ringing
	v.agent = v.agentName()
	v.peer = v.later(ringing, v.t.cfg.Agents.PickUp.Draw(v.rng), v.greet)
	return true
}

// standing changes the answer to a query of the queue.
func (f *faults) standing(v *conversation, s standing, code string) (standing, string) {
	if code == aicc.CodeWithAgent && v.phase == withAgent && f.take(queueStuck, v) {
		return standing{position: 1}, aicc.CodeOK
	}
	if code != aicc.CodeOK {
		return s, code
	}
	told := v.memory.told
	switch {
	case f.take(oddCode, v):
		return s, "77"
	case f.take(queueNegative, v):
		s.position = -1
	case told > 0 && f.take(queueBack, v):
		s.position = told + 1
	}
	v.memory.told = s.position
	return s, code
}

// chatting can take a CHAT in the tenant's place, and then gives its result code, or change it.
func (f *faults) chatting(v *conversation, s *saying) (code string, done bool) {
	m, _, status := marker.Parse(s.content)
	if status != marker.Intact || !v.isOwn(m) {
		return "", false
	}
	switch v.phase {
	case queueing, ringing:
		return aicc.CodeOK, f.take(loseInHandover, v)
	case withRobot, withAgent:
	default:
		return "", false
	}
	switch {
	case v.phase == withAgent && f.take(loseChat, v):
		v.spoke()
		return aicc.CodeOK, true
	case f.take(refuseChat, v):
		return aicc.CodeFailed, true
	case f.take(rejectButShow, v):
		v.hear(*s)
		return aicc.CodeFailed, true
	case f.take(repeatChat, v):
		v.hear(*s)
	case f.take(garbleChat, v):
		s.content = firstRunes(s.content, utf8.RuneCountInString(s.content)-1)
	}
	return "", false
}

// heard is told what the customer said.
func (f *faults) heard(v *conversation, s saying) {
	if !v.marked || v.t.cfg.Speech != scenario.Marked || v.phase != withRobot && v.phase != withAgent {
		return
	}
	switch {
	case f.take(inventSeq, v):
		f.invent(v)
	case s.media == aicc.Text && f.take(ownEcho, v):
		v.slip(message{control: aicc.Chat, source: aicc.FromCustomer, media: aicc.Text, content: s.text, nickname: "you"})
	case v.phase == withAgent && s.media == aicc.Text && f.take(phantomDrop, v):
		v.slip(message{control: aicc.Disconnect, source: aicc.FromSystem, offline: "false"})
		v.phase, v.memory.ghost = nobody, true
	}
}

// invent quotes the customer with what was never said.
func (f *faults) invent(v *conversation) {
	const ahead = 50 // of what the customer can have under way
	k := v.who
	k.Seq, k.Cause, k.At, k.Fin = v.cause+ahead, marker.NoCause, time.Now(), false
	m := message{control: aicc.Chat, media: aicc.Text, extra: true}
	if v.phase == withRobot {
		m = v.byRobot(m)
	} else {
		m = v.byAgent(m)
	}
	m.content = string(marker.Append([]byte("You said: "), k, "hello?"))
	v.push(m)
}

// sent can answer a send in the tenant's place. The mutex is not held.
func (f *faults) sent(x *http1.Exchange, c *customer, q *sendRequest, code string) bool {
	if q.ControlType != aicc.Chat || code != aicc.CodeOK {
		return false
	}
	c.mu.Lock()
	defer c.unlock()
	if !f.take(sendNoCode, c.conv) {
		return false
	}
	x.Body = append(x.Body, `{"resultDesc":"ok"}`...)
	return true
}

// asked reports whether the question for click-to-call is answered with nonsense. The mutex is not
// held.
func (f *faults) asked(c *customer) bool {
	if f == nil {
		return false
	}
	c.mu.Lock()
	defer c.unlock()
	return f.take(teapot, c.conv)
}
