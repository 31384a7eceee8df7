package tenant

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

func TestApplicationToken(t *testing.T) {
	good := fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, quick().AppKey, quick().AppSecret)
	for _, tt := range []struct {
		name, body, expire string
		status, expires    int
	}{
		{"as long as configured", good, "", 200, 600},
		{"as long as asked for", good, "1200", 200, 1200},
		{"the shortest", good, "1", 200, 1},
		{"at most an hour", good, "7200", 200, 3600},
		{"not a number", good, "soon", 400, 0},
		{"no time at all", good, "0", 400, 0},
		{"wrong secret", `{"app_key":"chatbench","app_secret":"guess"}`, "", 401, 0},
		{"wrong key", `{"app_key":"guess","app_secret":"embedded-tenant"}`, "", 401, 0},
		{"no secret", `{"app_key":"chatbench"}`, "", 400, 0},
		{"not JSON", `app_key=chatbench`, "", 400, 0},
		{"empty", ``, "", 400, 0},
		{"another type", `{"app_key":1,"app_secret":2}`, "", 400, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, r *rig) {
				u := r.stranger("u-1")
				u.headers["X-Token-Expire"] = tt.expire
				got := u.post(aicc.PathToken, tt.body)
				if got.status != tt.status {
					t.Fatalf("status %d, want %d: %s", got.status, tt.status, got.body)
				}
				if tt.status != 200 {
					return
				}
				token, err := aicc.ParseAppToken([]byte(got.body))
				if err != nil || token.Expires != tt.expires || token.Type != "Bearer" {
					t.Fatalf("token %+v, %v; want Bearer for %d s", token, err, tt.expires)
				}
				delete(u.headers, "X-Token-Expire")
				u.app = token.Token
				u.getKey("en")
				pass(time.Duration(tt.expires)*time.Second - ms)
				if got := u.poll(); got.status != 200 {
					t.Errorf("just before it expires: status %d, want 200", got.status)
				}
				pass(ms)
				if got := u.poll(); got.status != 401 {
					t.Errorf("when it has expired: status %d, want 401", got.status)
				}
			})
		})
	}
}

func TestApplyToken(t *testing.T) {
	id := func(n int) string { return fmt.Sprintf("%0*d", n, 7) }
	for _, tt := range []struct {
		name, user, userName, channel, locale, want string
	}{
		{"all there", "u-1", "V", quick().Channel, "en", "0"},
		{"shortest user", "u", "V", quick().Channel, "zh_CN", "0"},
		{"longest user", id(32), "V", quick().Channel, "en_US", "0"},
		{"user too long", id(33), "V", quick().Channel, "en", "1"},
		{"no user", "", "V", quick().Channel, "en", "1"},
		{"no name", "u-1", "", quick().Channel, "en", "1"},
		{"no channel", "u-1", "V", "", "en", "1"},
		{"another channel", "u-1", "V", "1", "en", "1"},
		{"no locale", "u-1", "V", quick().Channel, "", "1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, r *rig) {
				u := r.stranger("x")
				u.getApp()
				got := u.post(aicc.PathApply, fmt.Sprintf(`{"userId":%q,"userName":%q,"channelId":%q,"locale":%q}`, tt.user, tt.userName, tt.channel, tt.locale))
				token, code, err := aicc.ParseUserToken([]byte(got.body))
				if err != nil || got.status != 200 || code != tt.want || (token != "") != (tt.want == "0") {
					t.Errorf("status %d, code %q, token %q, %v; want 200 and %q", got.status, code, token, err, tt.want)
				}
			})
		})
	}
}

func TestFormOfUserToken(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		a, b := r.user("u-1"), r.user("u-1")
		if a.key == b.key {
			t.Error("applying twice gives the same token, want a new one")
		}
		text, err := url.QueryUnescape(a.key)
		if err != nil {
			t.Fatal(err)
		}
		object, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(object, &got); err != nil || got["userId"] != "u-1" || got["channelId"] != quick().Channel || got["tenantId"] == "" {
			t.Errorf("token holds %s, %v; want tenant, channel and user", object, err)
		}
		for _, u := range []*user{a, b} {
			if got := u.poll(); got.status != 200 {
				t.Errorf("poll with one of two tokens: status %d, want 200", got.status)
			}
		}
	})
}

func TestBareToken(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.BareToken = true }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		if got := u.post(aicc.PathApply, `{"userId":"u-1","userName":"V","channelId":"2025010112345678","locale":"en"}`); got.body[0] != '"' {
			t.Errorf("applyToken answers %s, want a JSON text", got.body)
		}
		if got := u.connect(); got.Code != "0" {
			t.Errorf("CONNECT with a bare token: %s, want 0", got.body)
		}
	})
}

// TestWhoMayCall drops or spoils one header at a time.
func TestWhoMayCall(t *testing.T) {
	const must, may, never = 401, 200, -1 // status without the header; never: not looked at, even when wrong
	queue := fmt.Sprintf(`{"userId":"u-1","channelConfigId":%q,"channel":"WEB"}`, quick().Channel)
	apply := fmt.Sprintf(`{"userId":"u-1","userName":"V","channelId":%q,"locale":"en"}`, quick().Channel)
	for _, tt := range []struct {
		method, path, body string
		app, user          int // what the headers of application and user are
	}{
		{"POST", aicc.PathToken, fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, quick().AppKey, quick().AppSecret), never, never},
		{"POST", aicc.PathApply, apply, must, never},
		{"POST", aicc.PathSend, `{}`, must, must},
		{"POST", aicc.PathSendAsync, `{}`, must, must},
		{"GET", aicc.PathPoll + "?receiverId=u-1&channel=WEB", "", may, must},
		{"POST", aicc.PathQueue, queue, may, may},
		{"POST", aicc.PathUpload, `{}`, must, must},
		{"POST", aicc.PathDownload, `{}`, must, must},
		{"POST", aicc.PathHistory, `{}`, must, must},
		{"POST", aicc.PathLeave, `{}`, must, must},
		{"POST", aicc.PathPhrases, `{}`, may, must},
		{"POST", aicc.PathSurvey, `{}`, must, must},
		{"POST", aicc.PathRate, `{}`, must, must},
		{"POST", aicc.PathFeedback, `{}`, must, must},
		{"GET", aicc.PathSupport + "?channel=WEB", "", must, must},
	} {
		t.Run(tt.path, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				try := func(what string, header, value string, want int) {
					u.headers = map[string]string{header: value}
					if want == never {
						want = 200
					}
					got := u.do("calls", tt.method, tt.path, tt.body)
					if got.status != want || want == 401 && got.Code != "401" {
						t.Errorf("%s: status %d, %s; want %d", what, got.status, got.body, want)
					}
				}
				wrong := func(need int) int {
					if need == never {
						return never
					}
					return 401
				}
				try("all right", "X-Other", "1", 200)
				try("no key", "x-app-key", "", tt.app)
				try("wrong key", "x-app-key", "guess", wrong(tt.app))
				try("no Authorization", "Authorization", "", tt.app)
				try("wrong Authorization", "Authorization", "Bearer guess", wrong(tt.app))
				try("another scheme", "Authorization", "Basic "+u.app, wrong(tt.app))
				try("no user token", "ccmessaging-token", "", tt.user)
				try("wrong user token", "ccmessaging-token", "guess", wrong(tt.user))
			})
		})
	}
}

func TestUserTokenOutsideAConversation(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.UserTokenLife = time.Minute }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		pass(time.Minute)
		if got := u.poll(); got.status != 200 || got.token != "" {
			t.Errorf("at the last moment: status %d, replacement %q; want 200 and none", got.status, got.token)
		}
		pass(ms)
		if got := u.poll(); got.status != 401 {
			t.Errorf("expired without a conversation: status %d, want 401", got.status)
		}
		u.getKey("en")
		if got := u.poll(); got.status != 200 {
			t.Errorf("with a new token: status %d, want 200", got.status)
		}
	})
}

func TestRenewalInAConversation(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.UserTokenLife, c.SessionTimeout = time.Minute, 0 }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		pass(time.Minute + ms)
		first := u.say("one")
		if first.Code != "0" || first.token == "" || first.token == u.key {
			t.Fatalf("call that met the expiry: %s, replacement %q; want 0 and a new token", first.body, first.token)
		}
		second := u.poll()
		if second.status != 200 || second.token != first.token || sources(second.Messages) == "" {
			t.Errorf("second call with the old token: status %d, replacement %q; want the same replacement and the message", second.status, second.token)
		}
		pass(31 * time.Second)
		if got := u.say("two"); got.status != 401 {
			t.Errorf("old token after its grace: status %d, want 401", got.status)
		}
		u.key = first.token
		if got := u.say("two"); got.Code != "0" || got.token != "" {
			t.Errorf("new token: %s, replacement %q; want 0 and none", got.body, got.token)
		}
		pass(time.Minute)
		if got := u.say("three"); got.Code != "0" || got.token == "" {
			t.Errorf("the new token expires in its turn: %s, replacement %q; want 0 and another one", got.body, got.token)
		}
	})
}

func TestHeldPollBringsTheReplacement(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.UserTokenLife, c.SessionTimeout = time.Minute, 0 }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.until("the welcome", from(aicc.FromRobot))
		pass(time.Minute)
		if got := u.poll(); got.status != 200 || got.token == "" {
			t.Errorf("a poll that is held: status %d, replacement %q; want 200 and one", got.status, got.token)
		}
	})
}

func TestRefusal(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) {
		c.UserTokenLife, c.SessionTimeout, c.Renewal = time.Minute, 0, scenario.Refuse
	}, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		pass(time.Minute + ms)
		if got := u.say("one"); got.status != 401 || got.token != "" {
			t.Errorf("expired token: status %d, replacement %q; want 401 and none", got.status, got.token)
		}
		u.getKey("en")
		if got := u.say("one"); got.Code != "0" {
			t.Errorf("the conversation with a new token: %s, want 0", got.body)
		}
	})
}

func TestFlowControl(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status bool
		want   string
	}{{"by code", false, "200 10010000002"}, {"by status", true, "429 429"}} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) { c.FlowControl, c.FlowControl429 = 3, tt.status }, func(t *testing.T, r *rig) {
				u, other := r.user("u-1"), r.user("u-2")
				u.connect()
				u.say("one")
				u.say("two")
				got := u.say("three")
				if s := fmt.Sprint(got.status, " ", got.Code); s != tt.want {
					t.Errorf("fourth call in a second: %s, want %s", s, tt.want)
				}
				up := u.post(aicc.PathUpload, `{}`)
				if s := fmt.Sprint(up.status, " ", up.Code); s != tt.want {
					t.Errorf("upload: %s, want %s", s, tt.want)
				}
				if got := other.connect(); got.Code != "0" {
					t.Errorf("another user: %s, want 0", got.body)
				}
				pass(time.Second)
				if got := u.say("three"); got.Code != "0" {
					t.Errorf("a second later: %s, want 0", got.body)
				}
			})
		})
	}
}

func TestNothingElseIsThere(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		for _, tt := range []struct{ method, path string }{
			{"GET", "/"}, {"POST", "/apiaccess/ccmessaging/pushMsg"}, {"GET", aicc.PathSend}, {"POST", aicc.PathPoll},
			{"POST", "/apiaccess/CCMessaging/send"}, {"GET", aicc.PathHistory},
			{"POST", "/apiaccess/ccmessaging/getSatisfactionSurveyMode"}, {"POST", AboutPath}, {"GET", "/chatbench/else"},
		} {
			if got := u.do("calls", tt.method, tt.path, ""); got.status != 404 || got.Code != "404" {
				t.Errorf("%s %s: status %d, %s; want 404", tt.method, tt.path, got.status, got.body)
			}
		}
	})
}

func TestTokensDoNotPileUp(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.UserTokenLife = time.Minute }, func(t *testing.T, r *rig) {
		u := r.stranger("x")
		for hour := range 20 {
			u.conns = make(map[string]*http1.Client) // the last one was idle for too long
			u.getApp()
			for i := range 400 {
				u.name = fmt.Sprintf("u-%d-%d", hour, i)
				u.getKey("en")
			}
			pass(time.Hour)
		}
		const most = 3 * 32 * smallestSweep
		if tokens, customers := r.tenant.userTokens.len(), r.tenant.customers.len(); tokens > most || customers > most {
			t.Errorf("%d tokens and %d customers are kept of 8000, want at most %d", tokens, customers, most)
		}
	})
}
