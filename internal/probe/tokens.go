package probe

import (
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
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
	s.tell("QUE-24 made-up token", u.once(caller.Call{Ask: "queryQueueInfo with a made-up user token", Op: aicc.OpQueue,
		Path: aicc.PathQueue, Body: u.Place(), Head: map[string]string{aicc.HeaderUserToken: madeUp}}))
	u.applyOddly()
	u.tokensOfTwo()
	u.capitals()
}

// withToken makes business calls with another user token: those that the tenant would serve with a
// right one, or the refusal would say nothing.
func (u *user) withToken(rule, token, how string) {
	for _, c := range []caller.Call{
		{Ask: "send", Op: aicc.OpConnect, Path: aicc.PathSend, Body: u.Body(aicc.Connect, "hello")},
		caller.PollCall("poll", u.ID),
		caller.UploadCall("upload"),
		u.LeaveCall("leave", "please call me back"),
	} {
		name := rule + c.Ask
		if !u.s.wants(name) {
			continue
		}
		c.Ask, c.Head = c.Ask+" "+how, map[string]string{aicc.HeaderUserToken: token}
		a := u.once(c)
		u.Open = u.Open || c.Op == aicc.OpConnect && a.OK()
		u.s.tell(name, a)
	}
}

// applyOddly asks for tokens with fields missing, and with the shortest and longest user ids.
func (u *user) applyOddly() {
	for _, field := range []string{"userId", "userName", "channelId", "locale"} {
		u.apart("TOK-24 "+field, "applyToken without "+field, u.Application(u.ID).Without(field))
	}
	long := u.ID + strings.Repeat("0", 33-len(u.ID))
	u.apart("TOK-25 33 characters", "applyToken with a userId of 33 characters", u.Application(long))
	u.apart("TOK-26 1 character", "applyToken with a userId of 1 character", u.Application("q"))
	u.apart("TOK-26 32 characters", "applyToken with a userId of 32 characters", u.Application(long[:32]))
}

// apart tells an application that changes nothing for the user.
func (u *user) apart(name, ask string, body caller.Fields) {
	if u.s.wants(name) {
		a := u.applyAs(body)
		a.Ask = ask
		u.s.tell(name, a)
	}
}

// tokensOfTwo compares the tokens of users who differ in letter case only.
func (u *user) tokensOfTwo() {
	const name = "TOK-28 letter case"
	if !u.s.wants(name) {
		return
	}
	small, capital := u.applyAs(u.Application(u.ID+"a")), u.applyAs(u.Application(u.ID+"A"))
	one, _, _ := aicc.ParseUserToken(small.Body)
	other, _, _ := aicc.ParseUserToken(capital.Body)
	if !small.OK() || !capital.OK() {
		u.s.skip(name, trace.Unset, "a user got no token")
		return
	}
	capital.Ask = "tokens for two users whose ids differ in letter case"
	u.s.tellCount(name, capital, count(one == other), "")
}

// capitals makes a call whose headers are in capital letters.
func (u *user) capitals() {
	c := caller.UploadCall("an upload with the names of its headers in capitals")
	usual := u.Headers(&c)
	c.Head = map[string]string{}
	for name, value := range usual {
		c.Head[name] = ""
		c.Head[strings.ToUpper(name)] = value
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
	a := s.tenant.ApplicationToken(s.ctx, 1)
	life := time.Duration(a.Grant().Expires) * time.Second
	switch {
	case !a.OK():
		s.why = "no application token that lives 1 s: " + a.Words()
		return
	case life > 3*time.Second:
		s.why = "an application token that was to live 1 s was granted " + life.String()
		return
	}
	s.pause(life + 1500*time.Millisecond)
	c := caller.UploadCall("an upload with an application token that has expired")
	c.Head = map[string]string{aicc.HeaderAuth: "Bearer " + a.Grant().Token}
	s.tell("TOK-23 upload", u.once(c))
}
