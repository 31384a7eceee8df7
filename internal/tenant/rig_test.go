package tenant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/marker"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
)

// rig is a tenant on a network in memory, inside a bubble of virtual time.
type rig struct {
	t      testing.TB
	tenant *Tenant
	net    *memnet.Listener
	users  []*user
}

const ms = time.Millisecond

// quick is a set-up whose times are constant, so that a test can say when things happen: the
// robot answers after 100 ms, agents pick up after 200 ms and answer after 300 ms.
func quick() scenario.Tenant {
	cfg := scenario.DefaultTenant()
	cfg.Robot.Reply = scenario.Constant(100 * ms)
	cfg.Agents.PickUp = scenario.Constant(200 * ms)
	cfg.Agents.Reply = scenario.Constant(300 * ms)
	cfg.Agents.HangUp = scenario.Constant(50 * ms)
	return cfg
}

// inBubble runs a test against a tenant in virtual time. Change may be nil.
func inBubble(t *testing.T, change func(*scenario.Tenant), test func(*testing.T, *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		if change != nil {
			change(&cfg)
		}
		r := newRig(t, cfg)
		defer r.stop()
		test(t, r)
	})
}

func newRig(t testing.TB, cfg scenario.Tenant) *rig {
	t.Helper()
	tenant, err := New(cfg, Options{Seed: 1, Version: "test"})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	r := &rig{t: t, tenant: tenant, net: memnet.Listen()}
	go func() {
		if err := tenant.Serve(r.net); !errors.Is(err, http1.ErrServerClosed) {
			t.Errorf("Serve: %v, want http1.ErrServerClosed", err)
		}
	}()
	return r
}

func (r *rig) stop() {
	for _, u := range r.users {
		for _, c := range u.conns {
			c.Close()
		}
	}
	if err := r.tenant.Close(context.Background()); err != nil {
		r.t.Errorf("Close: %v", err)
	}
}

// user is a customer by hand: it does one thing at a time, and polls on a connection of its own.
type user struct {
	r        *rig
	name     string
	session  int
	epoch    int
	seq      int
	app, key string     // tokens
	mu       sync.Mutex // protects conns
	conns    map[string]*http1.Client
	headers  map[string]string // beside or instead of the usual ones; "" leaves one out
}

// reply is an answer, copied out of the client's buffer.
type reply struct {
	status int
	body   string
	token  string // replacement in the header
	wire   int
	aicc.Answer
}

func (r *rig) stranger(name string) *user {
	u := &user{r: r, name: name, session: len(r.users), conns: make(map[string]*http1.Client), headers: make(map[string]string)}
	r.users = append(r.users, u)
	return u
}

// user is a customer with both tokens.
func (r *rig) user(name string) *user {
	r.t.Helper()
	u := r.stranger(name)
	u.getApp()
	u.getKey("en")
	return u
}

func (u *user) getApp() {
	u.r.t.Helper()
	cfg := u.r.tenant.cfg
	got := u.post(aicc.PathToken, fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, cfg.AppKey, cfg.AppSecret))
	token, err := aicc.ParseAppToken([]byte(got.body))
	if err != nil || got.status != 200 {
		u.r.t.Fatalf("application token: status %d, %v, body %s", got.status, err, got.body)
	}
	u.app = token.Token
}

func (u *user) getKey(locale string) {
	u.r.t.Helper()
	got := u.post(aicc.PathApply, fmt.Sprintf(`{"userId":%q,"userName":"Visitor","channelId":%q,"locale":%q}`, u.name, u.r.tenant.cfg.Channel, locale))
	token, code, err := aicc.ParseUserToken([]byte(got.body))
	if err != nil || code != "0" || got.status != 200 {
		u.r.t.Fatalf("user token: status %d, code %q, %v, body %s", got.status, code, err, got.body)
	}
	u.key = token
}

// do makes an exchange on the named connection.
func (u *user) do(conn, method, target, body string) reply {
	u.r.t.Helper()
	head := map[string]string{"x-app-key": u.r.tenant.cfg.AppKey, "Authorization": "Bearer " + u.app, "ccmessaging-token": u.key}
	for k, v := range u.headers {
		head[k] = v
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: tenant\r\nContent-Length: %d\r\n", method, target, len(body))
	for k, v := range head {
		if v != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", k, v)
		}
	}
	b.WriteString("\r\n" + body)
	got, err := u.client(conn).Do([]byte(b.String()), time.Now().Add(time.Hour))
	if err != nil {
		u.r.t.Fatalf("%s %s: %v", method, target, err)
	}
	text := string(got.Body)
	a, _ := aicc.ParseAnswer([]byte(text)) // tests of shapes look at the body
	return reply{status: got.Status, body: text, token: string(got.Header("ccmessaging-token")), wire: got.Wire, Answer: a}
}

func (u *user) client(name string) *http1.Client {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.conns[name]
	if c == nil || !c.Reusable() {
		conn, err := u.r.net.Dial(context.Background(), "", "")
		if err != nil {
			u.r.t.Fatalf("dial: %v", err)
		}
		c = http1.NewClient(conn, http1.Limits{})
		u.conns[name] = c
	}
	return c
}

func (u *user) post(path, body string) reply {
	u.r.t.Helper()
	return u.do("calls", "POST", path, body)
}

// sendRaw is a send with the usual fields and one control type.
func (u *user) sendRaw(path, control, media, content string) reply {
	u.r.t.Helper()
	body, err := json.Marshal(map[string]any{
		"channel": "WEB", "controlType": control, "mediaType": media, "content": content,
		"sourceType": "CUSTOMER", "from": u.name, "to": u.r.tenant.cfg.Channel, "unknownField": 1,
	})
	if err != nil {
		u.r.t.Fatal(err)
	}
	return u.post(path, string(body))
}

// marked puts the customer's next marker in front of a text.
func (u *user) marked(text string) string {
	m := marker.Marker{Run: 7, Session: u.session, Epoch: u.epoch, Sender: marker.Customer, Seq: u.seq, Cause: marker.NoCause, At: time.Now()}
	u.seq++
	return string(marker.Append(nil, m, text))
}

func (u *user) connect() reply {
	u.r.t.Helper()
	return u.sendRaw(aicc.PathSend, aicc.Connect, aicc.Text, u.marked("hello"))
}

func (u *user) say(text string) reply {
	u.r.t.Helper()
	return u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, u.marked(text))
}

func (u *user) transfer() reply {
	u.r.t.Helper()
	return u.sendRaw(aicc.PathSend, aicc.Transfer, aicc.Text, u.marked("a human please"))
}

func (u *user) disconnect() reply {
	u.r.t.Helper()
	return u.sendRaw(aicc.PathSend, aicc.Disconnect, aicc.Text, "")
}

// again begins the customer's next conversation.
func (u *user) again() { u.epoch, u.seq = u.epoch+1, 0 }

func (u *user) pollTarget(more string) string {
	return aicc.PathPoll + "?receiverId=" + url.QueryEscape(u.name) + "&channel=WEB" + more
}

func (u *user) poll() reply {
	u.r.t.Helper()
	return u.do("polls", "GET", u.pollTarget(""), "")
}

// pollIn polls on a goroutine of its own.
func (u *user) pollIn(conn string) <-chan reply {
	done := make(chan reply, 1)
	go func() { done <- u.do(conn, "GET", u.pollTarget(""), "") }()
	synctest.Wait()
	return done
}

// until polls, with the demo's pause, until a message is as wanted, and returns all up to it.
func (u *user) until(what string, want func(aicc.Downlink) bool) []aicc.Downlink {
	u.r.t.Helper()
	var all []aicc.Downlink
	for range 200 {
		got := u.poll()
		all = append(all, got.Messages...)
		for _, m := range got.Messages {
			if want(m) {
				return all
			}
		}
		pass(100 * ms)
	}
	u.r.t.Fatalf("no message that is %s; got %s", what, tell(all))
	return nil
}

func from(source string) func(aicc.Downlink) bool {
	return func(m aicc.Downlink) bool { return m.SourceType == source && m.ControlType == aicc.Chat }
}

func hungUp(m aicc.Downlink) bool { return m.ControlType == aicc.Disconnect }

// pass lets virtual time pass.
func pass(d time.Duration) { <-time.After(d) }

// tell is messages in short: "ROBOT hello", "AGENT DISCONNECT".
func tell(messages []aicc.Downlink) string {
	words := make([]string, 0, len(messages))
	for _, m := range messages {
		_, text, status := marker.Parse(m.Content)
		if status == marker.Absent {
			text = m.Content
		}
		switch {
		case m.ControlType == aicc.Disconnect:
			text = "DISCONNECT"
		case m.MediaType != aicc.Text:
			text = m.MediaType
		}
		words = append(words, m.SourceType+" "+text)
	}
	return strings.Join(words, " | ")
}

// sources is who said the messages: "ROBOT SYSTEM AGENT".
func sources(messages []aicc.Downlink) string {
	words := make([]string, 0, len(messages))
	for _, m := range messages {
		word := m.SourceType
		if m.ControlType != aicc.Chat {
			word += "-" + m.ControlType
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}
