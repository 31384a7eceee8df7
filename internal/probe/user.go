package probe

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"chatbench/internal/aicc"
)

// user is one user of the channel. What it does is done one thing after the other.
type user struct {
	s          *scene
	id         string
	app, token string
	open       bool            // a conversation may be going on
	hungUp     bool            // the other side has ended it
	seen       []aicc.Downlink // everything that polls brought
	texts      int             // said so far
	held       time.Duration   // longest empty poll
	contact    answer          // the latest poll that was not answered
}

// user makes the next user, with both tokens; not ok leaves the reason in s.why.
func (s *scene) user() (u *user, ok bool) {
	s.users++
	u = &user{s: s, id: s.User(s.users - 1)}
	s.cast = append(s.cast, u)
	for range 3 { // without a user a whole act is lost
		a := u.renew()
		if a.ok() {
			return u, true
		}
		s.why = "a user got no tokens: " + a.words()
		if a.status != 0 {
			break
		}
		s.pause(time.Second)
	}
	return u, false
}

// renew gets both tokens, in their order.
func (u *user) renew() answer {
	a := u.s.applicationToken(0)
	if !a.ok() {
		return a
	}
	u.app = a.grant().Token
	return u.apply()
}

// applicationToken asks for one that lives so many seconds; 0 leaves that to the tenant.
func (p *prober) applicationToken(life int) answer {
	head := map[string]string{}
	if life > 0 {
		head[aicc.HeaderTokenExpire] = strconv.Itoa(life)
	}
	return p.exchange(p.ctx, call{ask: "an application token", op: aicc.OpToken, path: aicc.PathToken,
		body: fields{"app_key": p.Target.AppKey, "app_secret": p.Target.AppSecret}}, head)
}

func (a *answer) grant() aicc.AppToken {
	grant, _ := aicc.ParseAppToken(a.body) // of an answer that is ok
	return grant
}

// apply asks for a user token, which the user has from then on.
func (u *user) apply() answer {
	a := u.applyAs(u.application(u.id))
	if token, _, _ := aicc.ParseUserToken(a.body); a.ok() {
		u.token = token
	}
	return a
}

// application is the body of applyToken.
func (u *user) application(id string) fields {
	return fields{"userId": id, "userName": "chatbench probe", "channelId": u.s.Target.Channel, "locale": u.s.Locale}
}

// applyAs asks for a user token without taking it.
func (u *user) applyAs(body fields) answer {
	return u.s.exchange(u.s.ctx, call{ask: "applyToken", op: aicc.OpApply, path: aicc.PathApply, body: body},
		map[string]string{aicc.HeaderAppKey: u.s.Target.AppKey, aicc.HeaderAuth: "Bearer " + u.app})
}

// headers are those of a business call.
func (u *user) headers(c *call) map[string]string {
	head := map[string]string{aicc.HeaderAppKey: u.s.Target.AppKey, aicc.HeaderAuth: "Bearer " + u.app, aicc.HeaderUserToken: u.token}
	for name, value := range c.head {
		head[name] = value
	}
	return head
}

// once makes a call with the user's tokens, or what stands in for them, and leaves it at that.
func (u *user) once(c call) answer { return u.onceIn(u.s.ctx, c) }

func (u *user) onceIn(ctx context.Context, c call) answer {
	a := u.s.exchange(ctx, c, u.headers(&c))
	if a.token != "" {
		u.token = a.token
	}
	return a
}

// call makes a call as a good client does: after a 401 it renews the tokens and repeats it.
func (u *user) call(c call) answer { return u.callIn(u.s.ctx, c) }

func (u *user) callIn(ctx context.Context, c call) answer {
	a := u.onceIn(ctx, c)
	if a.status != http.StatusUnauthorized {
		return a
	}
	if renewed := u.renew(); !renewed.ok() {
		return a
	}
	return u.onceIn(ctx, c)
}

// send is the body of send with its mandatory fields.
func (u *user) send(control, content string) fields {
	f := fields{"channel": aicc.ChannelWeb, "controlType": control, "mediaType": aicc.Text, "sourceType": aicc.FromCustomer,
		"from": u.id, "to": u.s.Target.Channel}
	if content != "" {
		f["content"] = content
	}
	return f
}

// sendCall is a send, or with sendAsync's path that.
func sendCall(path, ask string, body any) call {
	return call{ask: ask, op: aicc.OpSend, path: path, body: body}
}

// connect sends CONNECT.
func (u *user) connect(path, content string) answer {
	c := sendCall(path, "CONNECT", u.send(aicc.Connect, content))
	c.op = aicc.OpConnect
	a := u.call(c)
	u.open = u.open || a.ok() || a.class() == aicc.Info
	u.hungUp = false
	return a
}

// text makes a text that can be told from all others.
func (u *user) text(words string) (tag, text string) {
	u.texts++
	tag = fmt.Sprintf("%s-%d-", u.id, u.texts)
	return tag, tag + " " + words
}

// say sends a CHAT.
func (u *user) say(ask, text string) answer {
	return u.call(sendCall(aicc.PathSend, ask, u.send(aicc.Chat, text)))
}

// transfer sends TRANS2AGENT.
func (u *user) transfer() answer {
	c := sendCall(aicc.PathSend, "TRANS2AGENT", u.send(aicc.Transfer, "hello"))
	c.op = aicc.OpTransfer
	return u.call(c)
}

// disconnect ends the conversation.
func (u *user) disconnect(ask string) answer { return u.disconnectIn(u.s.ctx, ask) }

func (u *user) disconnectIn(ctx context.Context, ask string) answer {
	c := sendCall(aicc.PathSend, ask, u.send(aicc.Disconnect, ""))
	c.op = aicc.OpDisconnect
	a := u.callIn(ctx, c)
	u.open = u.open && !a.ok()
	return a
}

// cleanUp hangs up what may still be open, also when the probes are to stop.
func (u *user) cleanUp() {
	if !u.open {
		return
	}
	ctx, cancel := context.WithTimeout(u.s.cleanup, cleanupTimeout)
	defer cancel()
	u.disconnectIn(ctx, "DISCONNECT")
}

// queue asks for the place in the queue.
func (u *user) queue(ask string) answer {
	return u.call(call{ask: ask, op: aicc.OpQueue, path: aicc.PathQueue, body: u.place()})
}

func (u *user) place() fields {
	return fields{"userId": u.id, "channelConfigId": u.s.Target.Channel, "channel": aicc.ChannelWeb}
}

func (u *user) pollCall(ask, receiver string) call {
	return call{ask: ask, op: aicc.OpPoll, path: aicc.PathPoll, query: url.Values{"receiverId": {receiver}, "channel": {aicc.ChannelWeb}}.Encode()}
}

// poll polls once and takes in what that brings.
func (u *user) poll() answer {
	a := u.call(u.pollCall("a poll", u.id))
	u.take(a)
	return a
}

// take takes in what a poll brought.
func (u *user) take(a answer) {
	switch {
	case a.status == 0:
		u.contact = a
	case a.ok() && len(a.Messages) == 0:
		u.held = max(u.held, a.took)
	}
	if a.token != "" {
		u.token = a.token
	}
	for _, m := range a.Messages {
		u.seen = append(u.seen, m)
		if m.ControlType == aicc.Disconnect {
			u.hungUp, u.open = true, false
		}
	}
}

// tellCount tells a case that counts messages. A poll that was not answered may have taken some, so
// that nothing is known then.
func (u *user) tellCount(name string, a answer, n int, note string) {
	if u.contact.err != "" {
		a.op, a.err = aicc.OpPoll, u.contact.err
	}
	u.s.tellCount(name, a, n, note)
}

// until polls until a message is as wanted, for a while or until the other side has hung up. It looks
// at what came behind the first from messages.
func (u *user) until(from int, d time.Duration, want func(*aicc.Downlink) bool) (m aicc.Downlink, found bool) {
	for end := time.Now().Add(d); ; u.s.pause(pollPause) {
		for ; from < len(u.seen); from++ {
			if want(&u.seen[from]) {
				return u.seen[from], true
			}
		}
		if u.hungUp || u.s.ctx.Err() != nil || !time.Now().Before(end) {
			return aicc.Downlink{}, false
		}
		u.poll()
	}
}

// calm is how long nothing must have come before nothing is taken to be on its way.
const calm = time.Second

// quiet polls until nothing comes any more, for a minute at most.
func (u *user) quiet() {
	last, end := time.Now(), time.Now().Add(time.Minute)
	for time.Since(last) < calm && time.Now().Before(end) && !u.hungUp && u.s.ctx.Err() == nil {
		if a := u.poll(); len(a.Messages) > 0 {
			last = time.Now()
		}
		u.s.pause(pollPause)
	}
}

// listen polls for a while, also after the end.
func (u *user) listen(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end) && u.s.ctx.Err() == nil; u.s.pause(5 * pollPause) {
		u.poll()
	}
}

// left reports whether the other side has hung up, after giving that a moment to arrive.
func (u *user) left() bool {
	u.until(len(u.seen), time.Second, never)
	return u.hungUp
}

func never(*aicc.Downlink) bool { return false }

// talk is what somebody said.
func talk(m *aicc.Downlink) bool {
	return m.ControlType == aicc.Chat && (m.SourceType == aicc.FromRobot || m.SourceType == aicc.FromAgent)
}

func byAgent(m *aicc.Downlink) bool {
	return m.ControlType == aicc.Chat && m.SourceType == aicc.FromAgent
}

func (u *user) has(want func(*aicc.Downlink) bool) bool {
	return slices.ContainsFunc(u.seen, func(m aicc.Downlink) bool { return want(&m) })
}

// background polls while something else is done.
func (u *user) background(ctx context.Context) <-chan answer {
	done, c := make(chan answer, 1), u.pollCall("a poll", u.id)
	head := u.headers(&c)
	go func() { done <- u.s.exchange(ctx, c, head) }()
	return done
}
