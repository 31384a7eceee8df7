package tenant

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// queryQueue is E06. All its headers are optional, so the user may have no token here.
func (t *Tenant) queryQueue(x *http1.Exchange, c *customer) {
	var q struct {
		UserID          string `json:"userId"`
		ChannelConfigID string `json:"channelConfigId"`
		Channel         string `json:"channel"`
	}
	if !t.decode(x, &q) {
		return
	}
	switch {
	case q.UserID == "" || q.ChannelConfigID != t.cfg.Channel || q.Channel != aicc.ChannelWeb:
		t.result(x, aicc.CodeParam, "a parameter is missing or wrong")
		return
	case c != nil && c.user != q.UserID:
		t.result(x, aicc.CodeWrong, "the token belongs to another user")
		return
	case c == nil:
		c, _ = t.customers.get([]byte(q.UserID))
	}
	s, code := t.standing(c)
	if code != aicc.CodeOK {
		t.result(x, code, "not in the queue")
		return
	}
	t.appendStanding(x, s)
}

// standing is where a customer stands, or the code that says why not in the queue. A conversation
// with the robot is not known to the queue (U).
func (t *Tenant) standing(c *customer) (standing, string) {
	if c == nil {
		return standing{}, aicc.CodeNoSession
	}
	c.mu.Lock()
	defer c.unlock()
	if c.conv == nil {
		return standing{}, aicc.CodeNoSession
	}
	s, code := c.conv.standing()
	if t.faults != nil {
		return t.faults.standing(c.conv, s, code)
	}
	return s, code
}

// standing is where the conversation stands; its customer's mutex is held.
func (v *conversation) standing() (standing, string) {
	switch {
	case v.phase == withRobot || v.phase == nobody:
		return standing{}, aicc.CodeNoSession
	case v.phase == ended:
		return standing{}, aicc.CodeEnded
	case v.phase == queueing:
		if s, ok := v.desk.look(v.place); ok {
			return s, aicc.CodeOK
		}
	}
	return standing{}, aicc.CodeWithAgent
}

func (t *Tenant) appendStanding(x *http1.Exchange, s standing) {
	b := t.appendCode(append(x.Body, '{'), "resultCode", aicc.CodeOK)
	b = append(b, `,"resultDesc":"ok"`...)
	number := func(field string, n int64) {
		b = append(append(append(b, `,"`...), field...), `":`...)
		b = strconv.AppendInt(b, n, 10)
	}
	number("position", int64(s.position))
	number("totalWaitTime", seconds(s.waited))
	number("currentDeviceWaitTime", seconds(s.longest))
	number("configMaxcWaitTime", seconds(t.cfg.Queue.MaxWait))
	number("longestWaitTime", seconds(s.longest))
	number("estimateWaitTime", seconds(s.estimate))
	x.Body = append(b, '}')
}

// seconds rounds up, so that a customer who has to wait is never told 0.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// leaveMessage is E10. Its callId is the user id, whatever the name says.
func (t *Tenant) leaveMessage(x *http1.Exchange, c *customer) {
	var q struct {
		CallID       string `json:"callId"`
		Caller       string `json:"caller"`
		LeaveMessage string `json:"leaveMessage"`
		Channel      string `json:"channel"`
	}
	if !t.decode(x, &q) {
		return
	}
	switch {
	case q.CallID == "" || q.Caller == "" || q.LeaveMessage == "" || q.Channel == "":
		t.result(x, aicc.CodeMissing, "a parameter is missing")
	case q.CallID != c.user || utf8.RuneCountInString(q.CallID) > aicc.MaxUserID || q.Channel != aicc.ChannelWeb:
		t.result(x, aicc.CodeWrong, "a parameter is wrong")
	default:
		t.result(x, aicc.CodeOK, "ok")
	}
}

// clickToCallSupport is E15. The embedded tenant has no audio or video and says so.
func (t *Tenant) clickToCallSupport(x *http1.Exchange, c *customer) {
	if t.faults.asked(c) {
		t.refuse(x, http.StatusTeapot, "short and stout")
		return
	}
	if channel, _ := x.Argument("channel"); string(channel) != aicc.ChannelWeb {
		t.result(x, aicc.CodeFailed, "channel is not WEB")
		return
	}
	b := t.appendCode(append(x.Body, '{'), "resultCode", aicc.CodeOK)
	x.Body = append(b, `,"resultDesc":"ok","webRTCSupported":false,"clickToCallSupported":false}`...)
}
