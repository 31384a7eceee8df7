package tenant

import (
	"strconv"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
)

// message is a downlink message (docs/protocol.md section 4) that waits for a poll. Empty texts
// are fields without a value.
type message struct {
	control, source, media, content string
	contentType, fileType           string // media from the agent's own computer
	to, nickname, interIdx          string
	code, callID, queueFlag         string
	offline                         string // isOfflineStatus as JSON
	at                              int64  // ms since 1970

	sender marker.Sender // whose marker the content carries; 0: none
	fin    bool          // and it is the sender's last
	extra  bool          // put in by a fault: nobody said it
}

// speakers are robot, agent and system, by marker.
const speakers = 3

var senders = [speakers]marker.Sender{marker.Robot, marker.Agent, marker.System}

func speaker(source string) int {
	switch source {
	case aicc.FromRobot:
		return 0
	case aicc.FromAgent:
		return 1
	}
	return 2
}

// say queues a text. The message says who says it and what is special about it.
func (v *conversation) say(m message, text string) {
	m.control, m.media = aicc.Chat, aicc.Text
	m.content = firstRunes(text, aicc.MaxDownText)
	if v.marked && v.t.cfg.Speech == scenario.Marked {
		v.mark(&m, text)
	}
	v.push(m)
}

// mark puts the next marker of the sender in front of the text, which is cut to what fits.
func (v *conversation) mark(m *message, text string) {
	i := speaker(m.source)
	m.sender = senders[i]
	k := marker.Marker{
		Run: v.who.Run, Session: v.who.Session, Epoch: v.who.Epoch,
		Sender: m.sender, Seq: v.said[i], Cause: v.cause, At: time.Now(), Fin: m.fin,
	}
	if v.t.faults != nil {
		k.Cause = v.t.faults.answering(v, k)
	}
	v.said[i]++
	content := marker.Append(nil, k, text)
	if over := utf8.RuneCount(content) - aicc.MaxDownText; over > 0 {
		text = firstRunes(text, utf8.RuneCountInString(text)-over)
		content = marker.Append(content[:0], k, text)
	}
	m.content = string(content)
}

// echo repeats a text verbatim, in parts if a message cannot hold it.
func (v *conversation) echo(m message, text string) {
	m.control, m.media = aicc.Chat, aicc.Text
	for text != "" {
		m.content = firstRunes(text, aicc.MaxDownText)
		text = text[len(m.content):]
		v.push(m)
	}
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// push gives a message to the next poll.
func (v *conversation) push(m message) {
	m = v.stamp(m)
	v.messages++
	v.t.counters.said.Add(1)
	v.archiveSaid(m)
	if v.t.faults != nil {
		v.t.faults.pushed(v, m)
		return
	}
	v.enqueue(m)
}

// stamp fills in what all messages have.
func (v *conversation) stamp(m message) message {
	m.at, m.to = v.t.timestamp(time.Now()), v.c.user
	if m.source != aicc.FromRobot {
		m.callID = v.callID
	}
	if m.source == aicc.FromSystem && m.control == aicc.Chat {
		m.nickname = v.words().system
	}
	if v.t.cfg.MessageCodes {
		m.code = v.callID + "-" + strconv.Itoa(v.messages+1)
	}
	return m
}

// timestamp is a moment as messages tell it.
func (t *Tenant) timestamp(now time.Time) int64 {
	ms := now.UnixMilli()
	if coarse := t.cfg.CoarseTimestamps.Milliseconds(); coarse > 1 {
		ms -= ms % coarse
	}
	return ms
}

// enqueue makes a message wait, and wakes the poll that waits for it.
func (v *conversation) enqueue(m message) {
	if v.t.faults.swallowing(v) {
		return
	}
	v.out = append(v.out, m)
	if v.c.held.x == nil || !v.t.faults.take(sleepyPoll, v) {
		v.c.wake()
	}
}

// take removes what the next answer has room for. The result is only good until the mutex is
// released.
func (v *conversation) take() []message {
	n := len(v.out)
	if most := v.t.cfg.PollBatch; most > 0 {
		n = min(n, most)
	}
	batch := v.out[:n:n]
	switch {
	case n < len(v.out):
		v.out = v.out[n:]
	case cap(v.out) > largeBatch:
		v.out = nil
	default:
		v.out = v.out[:0]
	}
	if v.t.faults != nil {
		batch = v.t.faults.handedOut(v, batch)
		v.t.faults.handingOver(v, batch)
	}
	for i := range batch {
		if batch[i].control == aicc.Disconnect {
			v.owed = false
		}
	}
	v.t.counters.handed.Add(int64(len(batch)))
	return batch
}

const largeBatch = 16 // a longer queue's memory is not kept
