package probe

import (
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// tokenCases are asked for without a conversation.
var tokenCases = []string{
	"TOK-21 send", "TOK-21 poll", "TOK-21 upload", "TOK-21 leave",
	"TOK-22 send", "TOK-22 poll", "TOK-22 upload", "TOK-22 leave",
	"TOK-24 userId", "TOK-24 userName", "TOK-24 channelId", "TOK-24 locale",
	"TOK-25 33 characters", "TOK-26 1 character", "TOK-26 32 characters", "TOK-28 letter case", "TOK-30 capitals",
	"QUE-22 before CONNECT", "QUE-24 made-up token",
}

// madeUp has the form of a user token (docs/protocol.md section 2.3) and belongs to nobody.
const madeUp = "eyJ0ZW5hbnRJZCI6Im5vYm9keSIsImNoYW5uZWxJZCI6IjAiLCJ1c2VySWQiOiJub2JvZHkifQ%3D%3D"

func playTokens(s *scene) {
	u, ok := s.user()
	if !ok {
		return
	}
	s.tell("QUE-22 before CONNECT", u.queue("queryQueueInfo before CONNECT"))
	u.withToken("TOK-21 ", "", "without user token")
	u.withToken("TOK-22 ", madeUp, "with a made-up user token")
	s.tell("QUE-24 made-up token", u.once(call{ask: "queryQueueInfo with a made-up user token", op: aicc.OpQueue,
		path: aicc.PathQueue, body: u.place(), head: map[string]string{aicc.HeaderUserToken: madeUp}}))
	u.applyOddly()
	u.tokensOfTwo()
	u.capitals()
}

// withToken makes business calls with another user token: those that the tenant would serve with a
// right one, or the refusal would say nothing.
func (u *user) withToken(rule, token, how string) {
	for _, c := range []call{
		{ask: "send", op: aicc.OpConnect, path: aicc.PathSend, body: u.send(aicc.Connect, "hello")},
		u.pollCall("poll", u.id),
		u.uploadCall("upload"),
		u.leaveCall("leave", "please call me back"),
	} {
		name := rule + c.ask
		if !u.s.wants(name) {
			continue
		}
		c.ask, c.head = c.ask+" "+how, map[string]string{aicc.HeaderUserToken: token}
		a := u.once(c)
		u.open = u.open || c.op == aicc.OpConnect && a.ok()
		u.s.tell(name, a)
	}
}

// applyOddly asks for tokens with fields missing, and with the shortest and longest user ids.
func (u *user) applyOddly() {
	for _, field := range []string{"userId", "userName", "channelId", "locale"} {
		u.apart("TOK-24 "+field, "applyToken without "+field, u.application(u.id).without(field))
	}
	long := u.id + strings.Repeat("0", 33-len(u.id))
	u.apart("TOK-25 33 characters", "applyToken with a userId of 33 characters", u.application(long))
	u.apart("TOK-26 1 character", "applyToken with a userId of 1 character", u.application("q"))
	u.apart("TOK-26 32 characters", "applyToken with a userId of 32 characters", u.application(long[:32]))
}

// apart tells an application that changes nothing for the user.
func (u *user) apart(name, ask string, body fields) {
	if u.s.wants(name) {
		a := u.applyAs(body)
		a.ask = ask
		u.s.tell(name, a)
	}
}

// tokensOfTwo compares the tokens of users who differ in letter case only.
func (u *user) tokensOfTwo() {
	const name = "TOK-28 letter case"
	if !u.s.wants(name) {
		return
	}
	small, capital := u.applyAs(u.application(u.id+"a")), u.applyAs(u.application(u.id+"A"))
	one, _, _ := aicc.ParseUserToken(small.body)
	other, _, _ := aicc.ParseUserToken(capital.body)
	if !small.ok() || !capital.ok() {
		u.s.skip(name, trace.Unset, "a user got no token")
		return
	}
	capital.ask = "tokens for two users whose ids differ in letter case"
	u.s.tellCount(name, capital, count(one == other), "")
}

// capitals makes a call whose headers are in capital letters.
func (u *user) capitals() {
	c := u.uploadCall("an upload with the names of its headers in capitals")
	usual := u.headers(&c)
	c.head = map[string]string{}
	for name, value := range usual {
		c.head[name] = ""
		c.head[strings.ToUpper(name)] = value
	}
	if u.s.wants("TOK-30 capitals") {
		u.s.tell("TOK-30 capitals", u.once(c))
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// playExpiry lets an application token end.
func playExpiry(s *scene) {
	u, ok := s.user()
	if !ok {
		return
	}
	a := s.applicationToken(1)
	life := time.Duration(a.grant().Expires) * time.Second
	switch {
	case !a.ok():
		s.why = "no application token that lives 1 s: " + a.words()
		return
	case life > 3*time.Second:
		s.why = "an application token that was to live 1 s was granted " + life.String()
		return
	}
	s.pause(life + 1500*time.Millisecond)
	c := u.uploadCall("an upload with an application token that has expired")
	c.head = map[string]string{aicc.HeaderAuth: "Bearer " + a.grant().Token}
	s.tell("TOK-23 upload", u.once(c))
}
