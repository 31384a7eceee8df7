package tenant

import (
	"strconv"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// robotSays makes the robot say a text. Every answer of the robot has an id it can be rated by.
func (v *conversation) robotSays(m message, text string) {
	v.say(v.byRobot(m), text)
}

func (v *conversation) byRobot(m message) message {
	m.source, m.nickname = aicc.FromRobot, v.words().robotName
	v.rateable++
	m.interIdx = strconv.Itoa(v.rateable)
	return m
}

// robotAnswers answers the oldest thing the customer said: all messages of an answer at once, as
// "robot produced several messages" reads (section E03).
func (v *conversation) robotAnswers() {
	s := v.nextSaying()
	v.working = false
	switch {
	case s.media == aicc.Text && v.t.isKeyword(s.text) && !v.t.faults.take(deafKeyword, v):
		if v.handOver() != aicc.CodeOK {
			v.robotSays(message{}, v.words().noAgents)
		}
	case s.media != aicc.Text:
		v.robotSays(message{}, v.words().robotFile)
	case v.t.faults.take(muteRobot, v):
	case v.t.cfg.Speech == scenario.Echo:
		v.echo(v.byRobot(message{}), s.content)
	default:
		for range v.between(v.t.cfg.Robot.Messages) {
			v.robotSays(message{}, v.pick(v.words().robotAnswers))
		}
	}
	v.work()
}

// isKeyword reports whether a text asks for a human.
func (t *Tenant) isKeyword(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, k := range t.cfg.Robot.Keywords {
		k = strings.ToLower(k)
		if text == k || t.cfg.KeywordAnywhere && k != "" && strings.Contains(text, k) {
			return true
		}
	}
	return false
}
