package tenant

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// What is kept of one customer; the oldest goes first.
const (
	keptHistory     = 200       // messages
	keptHistorySize = 256 << 10 // bytes of content
	keptName        = 64        // characters of the customer's name
)

// history is what a customer said and was answered, over all conversations. It is empty unless
// the configuration asks for one. The customer's mutex protects it.
type history struct {
	messages []pastMessage // in the order in which they were said
	size     int           // bytes of content
}

// pastMessage is an element of messageList.
type pastMessage struct {
	id                     uint64
	at                     int64 // ms since 1970
	source, media, content string
	nickname, callID, code string
}

func (h *history) add(m pastMessage) {
	h.messages = append(h.messages, m)
	h.size += len(m.content)
	old := 0
	for len(h.messages)-old > keptHistory || h.size > keptHistorySize {
		h.size -= len(h.messages[old].content)
		old++
	}
	h.messages = slices.Delete(h.messages, 0, old)
}

// rememberName keeps what the history calls the customer; the mutex is held.
func (c *customer) rememberName(name string) {
	if c.t.cfg.History {
		c.name = strings.Clone(firstRunes(name, keptName))
	}
}

// archiveHeard puts an accepted CHAT of the customer into the history.
func (v *conversation) archiveHeard(s saying) {
	if !v.t.cfg.History {
		return
	}
	m := pastMessage{source: aicc.FromUser, media: s.media, content: s.content, nickname: v.c.name, at: time.Now().UnixMilli()}
	if v.t.cfg.MessageCodes {
		m.code = v.callID + "-c" + strconv.Itoa(v.heard)
	}
	v.archive(m)
}

// archiveSaid puts what somebody said to the customer into the history, if it belongs there,
// whether a poll will ever fetch it or not.
func (v *conversation) archiveSaid(m message) {
	wanted := m.source == aicc.FromAgent || m.source == aicc.FromRobot && v.t.cfg.HistoryRobot
	if !v.t.cfg.History || !wanted || m.control != aicc.Chat || m.extra || m.source == aicc.FromAgent && v.t.faults.take(historyGap, v) {
		return
	}
	v.archive(pastMessage{source: m.source, media: m.media, content: m.content, nickname: m.nickname, code: m.code, at: m.at})
}

func (v *conversation) archive(m pastMessage) {
	m.id, m.callID = v.t.archived.Add(1), v.callID
	if v.t.faults.take(historyShift, v) {
		m.at += time.Hour.Milliseconds()
	}
	v.c.history.add(m)
}

// queryHistory is E09.
func (t *Tenant) queryHistory(x *http1.Exchange, c *customer) {
	var q historyRequest
	if !t.decode(x, &q) {
		return
	}
	part, ok := q.part()
	switch {
	case !t.cfg.History:
		t.result(x, aicc.CodeParam, "no history is kept")
	case !ok || q.ChannelID != t.cfg.Channel || q.UserID != c.user || q.Channel != aicc.ChannelWeb:
		t.result(x, aicc.CodeParam, "a parameter is missing or wrong")
	default:
		c.mu.Lock()
		found := c.history.find(part)
		c.mu.Unlock()
		t.appendHistory(x, c, found)
	}
}

// historyRequest is the body of E09. Numbers are texts there.
type historyRequest struct {
	ChannelID string     `json:"channelId"`
	UserID    string     `json:"userId"`
	StartTime aicc.Loose `json:"startTime"`
	EndTime   aicc.Loose `json:"endTime"`
	Limit     aicc.Loose `json:"limit"`
	Offset    aicc.Loose `json:"offset"`
	Channel   string     `json:"channel"`
}

// part is what of a history is asked for.
type part struct {
	from, to      int64 // ms since 1970, both included
	limit, offset int64 // in messages
}

// part is not ok when one of the numbers is none.
func (q *historyRequest) part() (p part, ok bool) {
	ok = readNumber(&p.limit, q.Limit, 1) && readNumber(&p.offset, q.Offset, 0)
	p.to = math.MaxInt64
	if q.StartTime != "" {
		ok = readNumber(&p.from, q.StartTime, 0) && ok
	}
	if q.EndTime != "" {
		ok = readNumber(&p.to, q.EndTime, 0) && ok
	}
	return p, ok
}

func readNumber(into *int64, from aicc.Loose, least int64) bool {
	n, err := strconv.ParseInt(string(from), 10, 64)
	*into = n
	return err == nil && n >= least
}

// find copies a part of the history, oldest first. The clock may have been set back meanwhile.
func (h *history) find(p part) []pastMessage {
	var found []pastMessage
	for _, m := range h.messages {
		if p.from <= m.at && m.at <= p.to {
			found = append(found, m)
		}
	}
	slices.SortStableFunc(found, func(a, b pastMessage) int { return cmp.Compare(a.at, b.at) })
	found = found[min(p.offset, int64(len(found))):]
	return found[:min(p.limit, int64(len(found)))]
}

func (t *Tenant) appendHistory(x *http1.Exchange, c *customer, found []pastMessage) {
	b := t.appendCode(append(x.Body, '{'), "resultCode", aicc.CodeOK)
	b = append(b, `,"resultDesc":"ok","messageList":[`...)
	for i := range found {
		if i > 0 {
			b = append(b, ',')
		}
		b = t.appendPastMessage(b, c, &found[i])
	}
	x.Body = append(b, "]}"...)
}

func (t *Tenant) appendPastMessage(b []byte, c *customer, m *pastMessage) []byte {
	o := object{b: append(b, '{'), nulls: t.cfg.NullFields}
	o.text("id", strconv.FormatUint(m.id, 10))
	o.text("channel", aicc.ChannelWeb)
	o.text("channelConfigId", t.cfg.Channel)
	o.text("userId", c.user)
	o.text("senderNickname", m.nickname)
	o.absent("senderAvatar")
	o.time("sendTime", m.at, false)
	if m.source == aicc.FromUser {
		o.time("receiveTime", m.at, false)
	} else {
		o.absent("receiveTime")
	}
	o.text("controlType", aicc.Chat)
	o.text("sourceType", m.source)
	o.text("mediaType", m.media)
	o.text("content", m.content)
	o.text("callId", m.callID)
	o.text("messageCode", m.code)
	for _, field := range [...]string{"associationContentId", "sendStatus", "errorMsg", "forwardTime", "contentDealType"} {
		o.absent(field)
	}
	o.raw("isForwarded", "false")
	return append(o.b, '}')
}
