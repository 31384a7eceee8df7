package caller

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"chatbench/internal/aicc"
)

// User is one user of the channel. What it does is done one thing after the other.
type User struct {
	*Client
	ID         string
	App, Token string          // of the application and of the user; "" before [User.Renew]
	Open       bool            // a conversation may be going on
	HungUp     bool            // the other side has ended it
	Seen       []aicc.Downlink // everything that polls brought
	Held       time.Duration   // longest empty poll
	Contact    Answer          // the latest poll that was not answered
	Polled     Answer          // the latest poll
}

// PollPause is the demo's between an answer and the next poll.
const PollPause = 100 * time.Millisecond

// NewUser makes a user, who has no tokens yet.
func (c *Client) NewUser(id string) *User { return &User{Client: c, ID: id} }

// ApplicationToken asks for one that lives so many seconds; 0 leaves that to the tenant.
func (c *Client) ApplicationToken(ctx context.Context, life int) Answer {
	head := map[string]string{}
	if life > 0 {
		head[aicc.HeaderTokenExpire] = strconv.Itoa(life)
	}
	return c.Exchange(ctx, Call{Ask: "an application token", Op: aicc.OpToken, Path: aicc.PathToken,
		Body: Fields{"app_key": c.Target.AppKey, "app_secret": c.Target.AppSecret}}, head)
}

// Grant is the application token of an answer that is OK.
func (a *Answer) Grant() aicc.AppToken {
	grant, _ := aicc.ParseAppToken(a.Body) // of an answer that is OK
	return grant
}

// Renew gets both tokens, in their order.
func (u *User) Renew(ctx context.Context) Answer {
	a := u.ApplicationToken(ctx, 0)
	if !a.OK() {
		return a
	}
	u.App = a.Grant().Token
	return u.Apply(ctx)
}

// Apply asks for a user token, which the user has from then on.
func (u *User) Apply(ctx context.Context) Answer {
	a := u.ApplyAs(ctx, u.Application(u.ID))
	if token, _, _ := aicc.ParseUserToken(a.Body); a.OK() {
		u.Token = token
	}
	return a
}

// Application is the body of applyToken.
func (u *User) Application(id string) Fields {
	return Fields{"userId": id, "userName": u.Name, "channelId": u.Target.Channel, "locale": u.Locale}
}

// ApplyAs asks for a user token without taking it.
func (u *User) ApplyAs(ctx context.Context, body Fields) Answer {
	return u.Exchange(ctx, Call{Ask: "applyToken", Op: aicc.OpApply, Path: aicc.PathApply, Body: body},
		map[string]string{aicc.HeaderAppKey: u.Target.AppKey, aicc.HeaderAuth: "Bearer " + u.App})
}

// Headers are those of a business call.
func (u *User) Headers(call *Call) map[string]string {
	head := map[string]string{aicc.HeaderAppKey: u.Target.AppKey, aicc.HeaderAuth: "Bearer " + u.App, aicc.HeaderUserToken: u.Token}
	for name, value := range call.Head {
		head[name] = value
	}
	return head
}

// Once makes a call with the user's tokens, or what stands in for them, and leaves it at that.
func (u *User) Once(ctx context.Context, call Call) Answer {
	a := u.Exchange(ctx, call, u.Headers(&call))
	if a.NewToken != "" {
		u.Token = a.NewToken
	}
	return a
}

// Call makes a call as a good client does: after a 401 it renews the tokens and repeats it.
func (u *User) Call(ctx context.Context, call Call) Answer {
	a := u.Once(ctx, call)
	if a.Status != http.StatusUnauthorized {
		return a
	}
	if renewed := u.Renew(ctx); !renewed.OK() {
		return a
	}
	return u.Once(ctx, call)
}

// Body is that of send with its mandatory fields.
func (u *User) Body(control, content string) Fields {
	f := Fields{"channel": aicc.ChannelWeb, "controlType": control, "mediaType": aicc.Text, "sourceType": aicc.FromCustomer,
		"from": u.ID, "to": u.Target.Channel}
	if content != "" {
		f["content"] = content
	}
	return f
}

// SendCall is a send, or with sendAsync's path that.
func SendCall(path, ask string, body any) Call {
	return Call{Ask: ask, Op: aicc.OpSend, Path: path, Body: body}
}

// Connect sends CONNECT. When its outcome is not known, a conversation may be open.
func (u *User) Connect(ctx context.Context, path, content string) Answer {
	c := SendCall(path, "CONNECT", u.Body(aicc.Connect, content))
	c.Op = aicc.OpConnect
	a := u.Call(ctx, c)
	u.Open = u.Open || a.OK() || a.Class() == aicc.Info
	u.HungUp = false
	return a
}

// Say sends a CHAT.
func (u *User) Say(ctx context.Context, ask, text string) Answer {
	return u.Call(ctx, SendCall(aicc.PathSend, ask, u.Body(aicc.Chat, text)))
}

// Transfer sends TRANS2AGENT.
func (u *User) Transfer(ctx context.Context) Answer {
	c := SendCall(aicc.PathSend, "TRANS2AGENT", u.Body(aicc.Transfer, "hello"))
	c.Op = aicc.OpTransfer
	return u.Call(ctx, c)
}

// Disconnect ends the conversation.
func (u *User) Disconnect(ctx context.Context, ask string) Answer {
	c := SendCall(aicc.PathSend, ask, u.Body(aicc.Disconnect, ""))
	c.Op = aicc.OpDisconnect
	a := u.Call(ctx, c)
	u.Open = u.Open && !a.OK()
	return a
}

// Queue asks for the place in the queue.
func (u *User) Queue(ctx context.Context, ask string) Answer {
	return u.Call(ctx, Call{Ask: ask, Op: aicc.OpQueue, Path: aicc.PathQueue, Body: u.Place()})
}

// Place is the body of queryQueueInfo.
func (u *User) Place() Fields {
	return Fields{"userId": u.ID, "channelConfigId": u.Target.Channel, "channel": aicc.ChannelWeb}
}

// PollCall is a poll for a user.
func PollCall(ask, receiver string) Call {
	return Call{Ask: ask, Op: aicc.OpPoll, Path: aicc.PathPoll, Query: url.Values{"receiverId": {receiver}, "channel": {aicc.ChannelWeb}}.Encode()}
}

// Poll polls once and takes in what that brings.
func (u *User) Poll(ctx context.Context) Answer {
	a := u.Call(ctx, PollCall("a poll", u.ID))
	u.Take(a)
	return a
}

// Take takes in what a poll brought.
func (u *User) Take(a Answer) {
	u.Polled = a
	switch {
	case a.Status == 0:
		u.Contact = a
	case a.OK() && len(a.Messages) == 0:
		u.Held = max(u.Held, a.Took)
	}
	if a.NewToken != "" {
		u.Token = a.NewToken
	}
	for _, m := range a.Messages {
		u.Seen = append(u.Seen, m)
		if m.ControlType == aicc.Disconnect {
			u.HungUp, u.Open = true, false
		}
	}
}

// Until polls until a message is as wanted, for a while or until the other side has hung up. It looks
// at what came behind the first from messages.
func (u *User) Until(ctx context.Context, from int, d time.Duration, want func(*aicc.Downlink) bool) (m aicc.Downlink, found bool) {
	for end := time.Now().Add(d); ; Pause(ctx, PollPause) {
		for ; from < len(u.Seen); from++ {
			if want(&u.Seen[from]) {
				return u.Seen[from], true
			}
		}
		if u.HungUp || ctx.Err() != nil || !time.Now().Before(end) {
			return aicc.Downlink{}, false
		}
		u.Poll(ctx)
	}
}

// Pause waits, or not when ctx ends.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Talk is what somebody said.
func Talk(m *aicc.Downlink) bool {
	return m.ControlType == aicc.Chat && (m.SourceType == aicc.FromRobot || m.SourceType == aicc.FromAgent)
}

// ByAgent is what an agent said.
func ByAgent(m *aicc.Downlink) bool {
	return m.ControlType == aicc.Chat && m.SourceType == aicc.FromAgent
}

// ByRobot is whatever comes from the robot.
func ByRobot(m *aicc.Downlink) bool { return m.SourceType == aicc.FromRobot }
