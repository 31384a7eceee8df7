package tenant

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/trace"
)

// sendRequest is the body of E03 and E04, as far as the tenant looks at it.
type sendRequest struct {
	Channel     string `json:"channel"`
	Content     string `json:"content"`
	ControlType string `json:"controlType"`
	From        string `json:"from"`
	MediaType   string `json:"mediaType"`
	SourceType  string `json:"sourceType"`
	To          string `json:"to"`
	MessageID   string `json:"messageId"`
}

// read is decode for the form that nearly all sends have. When that is not the body's, q stays as it is.
func (q *sendRequest) read(body []byte, user, channel string) bool {
	var r sendRequest
	if !flatTexts(body, func(name, value []byte) bool { return r.set(name, value, user, channel) }) {
		return false
	}
	*q = r
	return true
}

// set takes in one field. It is false for a name that it does not know: encoding/json, which takes
// "CONTENT" for "content", may.
func (q *sendRequest) set(name, value []byte, user, channel string) bool {
	switch string(name) {
	case "channel":
		q.Channel = word(value, aicc.ChannelWeb)
	case "content":
		q.Content = string(value)
	case "controlType":
		q.ControlType = word(value, aicc.Chat, aicc.Connect, aicc.Transfer, aicc.Disconnect)
	case "from":
		q.From = word(value, user)
	case "mediaType":
		q.MediaType = word(value, aicc.Text)
	case "sourceType":
		q.SourceType = word(value, aicc.FromCustomer)
	case "to":
		q.To = word(value, channel)
	case "messageId":
		q.MessageID = string(value)
	case "senderNickname", "senderAvatar", "timestamp", "userAgent", "transData": // nobody reads them
	default:
		return false
	}
	return true
}

// word is a text that is probably one of a few, which then needs no memory.
func word(b []byte, likely ...string) string {
	for _, s := range likely {
		if string(b) == s {
			return s
		}
	}
	return string(b)
}

// send is E03.
func (t *Tenant) send(x *http1.Exchange, c *customer) {
	var q sendRequest
	if !q.read(x.Request, c.user, t.cfg.Channel) && !t.decode(x, &q) {
		return
	}
	code := t.accept(c, &q)
	if t.faults != nil && t.faults.sent(x, c, &q, code) {
		return
	}
	t.result(x, code, describe(code))
}

// sendAsync is E04: the same, and the answer does not tell how it went.
func (t *Tenant) sendAsync(x *http1.Exchange, c *customer) {
	var q sendRequest
	if !q.read(x.Request, c.user, t.cfg.Channel) && !t.decode(x, &q) {
		return
	}
	t.accept(c, &q)
	if t.faults != nil && t.faults.sent(x, c, &q, aicc.CodeOK) {
		return
	}
	t.result(x, aicc.CodeOK, describe(aicc.CodeOK))
}

func describe(code string) string {
	switch code {
	case aicc.CodeOK:
		return "ok"
	case aicc.CodeOffHours:
		return "not in the agents' working time"
	case aicc.CodeFailed:
		return "the operation failed"
	}
	return "refused"
}

// accept does what a send asks for and gives its result code.
func (t *Tenant) accept(c *customer, q *sendRequest) string {
	t.counters.count(sendOp(q.ControlType))
	if !t.wellFormed(c, q) {
		return aicc.CodeFailed
	}
	c.mu.Lock()
	defer c.unlock()
	if q.ControlType == aicc.Connect {
		return c.connect(q.Content)
	}
	if !c.open.Load() {
		if q.ControlType == aicc.Chat && t.faults.chattingAnywhere(c) {
			return aicc.CodeOK
		}
		return t.cfg.NoConversation
	}
	switch q.ControlType {
	case aicc.Chat:
		return c.conv.chat(q)
	case aicc.Transfer:
		return c.conv.transfer(q.Content)
	case aicc.Disconnect:
		if c.conv.phase == queueing && t.faults.take(queueTrap, c.conv) {
			return aicc.CodeFailed
		}
		c.conv.leave()
	}
	return aicc.CodeOK // INPUT and READ have no documented effect
}

func sendOp(control string) aicc.Op {
	switch control {
	case aicc.Connect:
		return aicc.OpConnect
	case aicc.Transfer:
		return aicc.OpTransfer
	case aicc.Disconnect:
		return aicc.OpDisconnect
	}
	return aicc.OpSend
}

// wellFormed checks the fields that every send must have.
func (t *Tenant) wellFormed(c *customer, q *sendRequest) bool {
	switch q.ControlType {
	case aicc.Connect, aicc.Chat, aicc.Transfer, aicc.Input, aicc.Read, aicc.Disconnect:
	default:
		return false
	}
	return q.Channel == aicc.ChannelWeb && q.SourceType == aicc.FromCustomer && q.MediaType != "" &&
		q.From == c.user && q.To == t.cfg.Channel &&
		utf8.RuneCountInString(q.MessageID) <= aicc.MaxMessageID && !strings.Contains(q.MessageID, ",")
}

// connect opens a conversation; the mutex is held.
func (c *customer) connect(content string) string {
	c.t.faults.reconnecting(c)
	if c.open.Load() {
		c.t.faults.welcomingAgain(c.conv)
		return c.t.cfg.SecondConnect
	}
	v := newConversation(c, content)
	if !c.t.faults.connecting(v) {
		if code := v.start(); code != aicc.CodeOK {
			c.t.faults.refusedButServed(c, v)
			return code
		}
	}
	if c.t.faults != nil {
		c.t.faults.connected(v, c.conv)
	}
	c.putAway()
	c.conv = v
	c.conversations++
	c.lastPoll = time.Now()
	c.open.Store(true)
	c.t.counters.opened.Add(1)
	v.watch()
	v.cue(0)
	return aicc.CodeOK
}

// chat takes what the customer says.
func (v *conversation) chat(q *sendRequest) string {
	v.t.faults.rewriting(v, q)
	if !v.sayable(q) {
		return aicc.CodeFailed
	}
	if q.MessageID != "" && v.t.cfg.DropDuplicateSend && v.repeated(q.MessageID) && !v.t.faults.take(twiceShown, v) {
		return aicc.CodeOK
	}
	s := saying{content: q.Content, media: q.MediaType, messageID: q.MessageID}
	if v.t.faults != nil {
		if code, done := v.t.faults.chatting(v, &s); done {
			return code
		}
	}
	v.hear(s)
	v.chatted()
	return aicc.CodeOK
}

// sayable checks the content of a CHAT against its media type (section E03).
func (v *conversation) sayable(q *sendRequest) bool {
	parts := strings.Split(q.Content, ",")
	switch q.MediaType {
	case aicc.Text:
		return q.Content != "" && v.t.withinLimit(q.Content)
	case aicc.Image, aicc.Audio, aicc.Video:
		return len(parts) <= 2 && v.c.uploaded(parts[0])
	case aicc.File:
		return len(parts) == 4 && v.c.uploaded(parts[2])
	case "FILE_IMAGE", "FILE_VIDEO":
		return len(parts) == 2 && v.c.uploaded(parts[0])
	case "WEBCARD":
		return isWebCard(q.Content)
	}
	return false
}

func (t *Tenant) withinLimit(text string) bool {
	switch {
	case t.cfg.TextLimit <= 0:
		return true
	case t.cfg.TextLimitBytes:
		return len(text) <= t.cfg.TextLimit
	}
	return utf8.RuneCountInString(text) <= t.cfg.TextLimit
}

func isWebCard(content string) bool {
	var card struct{ RedirectURL, MediaFileID string }
	return json.Unmarshal([]byte(content), &card) == nil && (card.RedirectURL != "" || card.MediaFileID != "")
}

// uploaded reports whether the customer has uploaded a file of that key lately.
func (c *customer) uploaded(key string) bool {
	for _, f := range c.uploads {
		if f.ID == key {
			return true
		}
	}
	return false
}

// keptUploads is how many files of a customer can still be sent.
const keptUploads = 32

func (c *customer) rememberUpload(f trace.File) {
	if len(c.uploads) == keptUploads {
		c.uploads = append(c.uploads[:0], c.uploads[1:]...)
	}
	c.uploads = append(c.uploads, f)
	if c.open.Load() && len(c.conv.uploads) < keptFiles {
		c.conv.uploads = append(c.conv.uploads, f)
	}
}

// transfer is TRANS2AGENT. What was said to the robot is not shown to the agent again.
func (v *conversation) transfer(content string) string {
	v.spoke()
	v.listen(content)
	if v.phase != withRobot {
		if v.phase == withAgent && v.t.faults.take(transferAgain, v) {
			return aicc.CodeOK
		}
		return aicc.CodeFailed
	}
	if v.t.faults.muting(muteHandover, v) {
		return aicc.CodeOK
	}
	code := v.handOver()
	if code == aicc.CodeOK {
		v.inbox = nil
	}
	return code
}

// leave is the customer's DISCONNECT.
func (v *conversation) leave() {
	if v.t.faults.ignoringLeave(v) {
		return
	}
	v.finish(endCustomer)
	v.t.faults.leaving(v)
	if v.t.cfg.DisconnectEcho {
		v.push(message{control: aicc.Disconnect, source: aicc.FromSystem})
	}
}
