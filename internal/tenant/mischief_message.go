package tenant

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
)

// Faults of what robot, agents and the system say. The customer's mutex is held.

// pushed takes the place of enqueue: the message is on its way to the poll.
func (f *faults) pushed(v *conversation, m message) {
	if m.sender == 0 {
		v.enqueue(m)
		return
	}
	switch {
	case v.messages > 1 && !m.fin && m.source != aicc.FromSystem && f.take(dropOne, v):
		return
	case m.fin && m.source == aicc.FromAgent && f.take(dropTail, v):
		return
	}
	f.relabel(v, &m)
	f.damage(v, &m)
	if i := speaker(m.source); v.memory.first[i] == nil {
		v.memory.first[i] = &m
	}
	v.memory.latest = &m
	v.enqueue(m)
	f.pushMore(v, m)
	if isAgents(&m) {
		f.interject(v)
	}
}

// isAgents reports whether a message is a marked text of an agent other than the good-bye.
func isAgents(m *message) bool { return m.source == aicc.FromAgent && m.sender != 0 && !m.fin }

// relabel changes the fields around a text.
func (f *faults) relabel(v *conversation, m *message) {
	f.restamp(v, m)
	switch {
	case f.take(wrongAddress, v):
		m.to = "somebody-else"
	case f.take(oddType, v):
		m.media = "STICKER"
	case f.take(offlineChat, v):
		m.offline = "false"
	case m.source == aicc.FromAgent && f.take(nameless, v):
		m.nickname = ""
	case isAgents(m) && f.take(oddFlag, v):
		m.queueFlag = "N"
	}
}

// restamp changes the time and the code of a text.
func (f *faults) restamp(v *conversation, m *message) {
	const back = 5000 // ms
	before := v.memory.latest
	switch {
	case f.take(inSeconds, v):
		m.at /= 1000
	case before == nil:
	case f.take(timestampBack, v):
		m.at = before.at - back
	case m.code != "" && f.take(sameCode, v):
		m.code = before.code
	}
}

// damage changes a text behind its marker.
func (f *faults) damage(v *conversation, m *message) {
	_, text, _ := marker.Parse(m.content)
	head := m.content[:len(m.content)-len(text)]
	switch half := utf8.RuneCountInString(text) / 2; {
	case half > 0 && f.take(truncateContent, v):
		m.content = head + firstRunes(text, half)
	case len(text) > utf8.RuneCountInString(text) && f.take(mojibake, v):
		m.content = head + latin1(text)
	}
}

// latin1 reads UTF-8 as if every byte were a character.
func latin1(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// answering decides what a marker names as its cause.
func (f *faults) answering(v *conversation, k marker.Marker) (cause int) {
	const ahead = 50 // of what the customer can have under way
	if k.Sender != marker.Agent {
		return k.Cause
	}
	before := v.memory.cause
	switch {
	case k.Fin:
	case f.take(replyEarly, v):
		return k.Cause + ahead
	case before > 0 && f.take(causeBack, v):
		return before - 1
	}
	v.memory.cause = k.Cause
	return k.Cause
}

// pushMore adds copies behind a message.
func (f *faults) pushMore(v *conversation, m message) {
	const far = 4
	i := speaker(m.source)
	if first := *v.memory.first[i]; v.said[i] >= far && first != m && f.take(dupFar, v) {
		v.enqueue(v.again(first))
	}
	f.mu.Lock()
	other, who := f.last, f.lastWho
	f.last, f.lastWho = m, v.who
	f.mu.Unlock()
	if other.sender != 0 && who.Run == v.who.Run && who.Session != v.who.Session && f.take(crossSession, v) {
		v.enqueue(v.again(other))
	}
}

// interject adds what nobody said, behind a text of an agent.
func (f *faults) interject(v *conversation) {
	system := message{control: aicc.Chat, source: aicc.FromSystem, media: aicc.Text}
	switch {
	case f.take(longText, v):
		const length = 600
		system.content = strings.Repeat("Terms of service. ", length)[:length]
		v.slip(system)
	case f.take(nullText, v):
		v.slip(system)
	case f.take(twin, v):
		system.content = "This conversation is recorded."
		system = v.stamp(system)
		system.extra, system.code = true, ""
		v.enqueue(system)
		v.enqueue(system)
	case v.answers > 0 && f.take(robotReturns, v):
		v.slip(v.byRobot(message{control: aicc.Chat, media: aicc.Text, content: "Did I answer your question?"}))
	}
}

// slip makes a message wait that nobody said.
func (v *conversation) slip(m message) {
	m.extra = true
	m = v.stamp(m)
	v.recode(&m)
	v.enqueue(m)
}

// again is a copy of a message that nobody said a second time. It is a message of this
// conversation and of now in all but its text.
func (v *conversation) again(m message) message {
	m.extra = true
	m.at, m.to = v.t.timestamp(time.Now()), v.c.user
	if m.callID != "" {
		m.callID = v.callID
	}
	v.recode(&m)
	return m
}

// recode gives a message that has a messageCode another one.
func (v *conversation) recode(m *message) {
	if m.code != "" {
		v.memory.copies++
		m.code = v.callID + "-x" + strconv.Itoa(v.memory.copies)
	}
}

// ringing is told that an agent was found.
func (f *faults) ringing(v *conversation) {
	if v.t.cfg.Robot == nil && f.take(surpriseRobot, v) {
		v.slip(v.byRobot(message{control: aicc.Chat, media: aicc.Text, content: "Hello, I am a robot."}))
	}
}

// receipt decides what a read receipt names and whether there is one.
func (f *faults) receipt(v *conversation, id string, wanted bool) (string, bool) {
	const nobodyElse = 7 // any other session
	switch {
	case !v.c.needRead && f.take(unaskedRead, v):
		if id == "" {
			id = "m-0-0-0"
		}
		return id, true
	case wanted && f.take(foreignRead, v):
		id = string(marker.AppendID(nil, v.who.Session+nobodyElse, v.who.Epoch, 0))
	}
	return id, wanted
}
