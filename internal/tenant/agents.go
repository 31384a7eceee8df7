package tenant

import (
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// handOver asks for a human. A code other than 0 means that nothing has changed.
func (v *conversation) handOver() string {
	if !isOpen(v.t.cfg.Hours, time.Now()) {
		return aicc.CodeOffHours
	}
	p, served, ok := v.desk.ask(v)
	if !ok {
		return aicc.CodeFailed
	}
	v.place, v.working = p, false
	if v.robot() != nil {
		v.robotSays(message{fin: true}, v.words().handOver)
	}
	if served {
		v.ring()
	} else {
		v.queue()
	}
	return aicc.CodeOK
}

// isOpen reports whether the agents work at a moment.
func isOpen(h scenario.Hours, now time.Time) bool {
	return h.Contain(time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute + time.Duration(now.Second())*time.Second)
}

// queue makes the customer wait for an agent.
func (v *conversation) queue() {
	v.phase = queueing
	v.awaitColleague()
	v.say(message{source: aicc.FromSystem, queueFlag: "Y"}, v.words().queueing)
	if limit := v.t.cfg.Queue.MaxWait; limit > 0 && !v.t.faults.take(queueForever, v) {
		v.patience = v.later(queueing, limit, func() {
			v.hangUp(endQueue, message{control: aicc.Disconnect, source: aicc.FromSystem, offline: "false"})
		})
	}
}

// served is called when an agent has become free for a conversation that was queueing.
func (v *conversation) served() {
	v.c.mu.Lock()
	defer v.c.unlock()
	if v.phase == queueing {
		v.ring()
	}
}

// ring puts the customer through to the agent that the desk has found.
func (v *conversation) ring() {
	waited := v.phase == queueing
	v.phase = ringing
	v.agent = v.agentName()
	if v.t.cfg.Notices && (waited || !v.t.faults.take(unannounced, v)) {
		v.say(message{source: aicc.FromSystem}, v.named(v.words().connected))
	}
	v.t.faults.ringing(v)
	v.peer = v.later(ringing, v.t.cfg.Agents.PickUp.Draw(v.rng), v.greet)
}

// agentName is what the agent that the desk has found is called.
func (v *conversation) agentName() string {
	names := v.words().agents
	return names[v.place.agent%len(names)]
}

func (v *conversation) named(text string) string { return strings.Replace(text, "%s", v.agent, 1) }

// greet is the agent's first word. What was said while the customer waited is answered after it.
func (v *conversation) greet() {
	v.phase = withAgent
	v.lastHeard = time.Now()
	if chats := v.t.cfg.Agents.Chats; chats[1] > 0 {
		v.limit = max(1, v.between(chats))
	}
	v.agentSays(message{}, v.named(v.words().greeting))
	v.work()
	v.goOn()
}

func (v *conversation) agentSays(m message, text string) { v.say(v.byAgent(m), text) }

func (v *conversation) byAgent(m message) message {
	m.source, m.nickname = aicc.FromAgent, v.agent
	return m
}

// agentAnswers begins to answer the oldest thing the customer said.
func (v *conversation) agentAnswers() {
	s := v.nextSaying()
	v.markRead(s)
	if v.t.cfg.Speech == scenario.Echo && s.media == aicc.Text {
		v.echo(v.byAgent(message{}), s.content)
		v.answered()
		return
	}
	v.agentTypes(v.between(v.t.cfg.Agents.Messages))
}

// agentTypes says the rest of an answer, message by message.
func (v *conversation) agentTypes(left int) {
	if left > 0 {
		v.agentSays(message{}, v.pick(v.words().agentAnswers))
	}
	if left > 1 {
		v.peer = v.later(withAgent, v.t.cfg.Agents.Reply.Draw(v.rng), func() { v.agentTypes(left - 1) })
		return
	}
	v.answered()
}

// answered ends an answer: with a file now and then, and with good-bye when it was the last one.
func (v *conversation) answered() {
	v.agentSendsMedia()
	v.working = false
	v.answers++
	if v.limit == 0 || v.answers < v.limit {
		v.work()
		return
	}
	v.agentSays(message{fin: true}, v.words().goodbye)
	v.phase, v.inbox = leaving, nil
	v.peer = v.later(leaving, v.t.cfg.Agents.HangUp.Draw(v.rng), func() {
		v.hangUp(endAgent, message{control: aicc.Disconnect, source: aicc.FromAgent})
	})
}

// markRead sends a read receipt to a customer who wants them and gave the message an id.
func (v *conversation) markRead(s saying) {
	id, wanted := s.messageID, v.c.needRead && s.messageID != ""
	if v.t.faults != nil {
		id, wanted = v.t.faults.receipt(v, id, wanted)
	}
	if wanted {
		v.push(message{control: aicc.Read, content: id})
	}
}
