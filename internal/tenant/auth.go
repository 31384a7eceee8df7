package tenant

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

const (
	longestAppToken = time.Hour        // section 2.3
	renewalGrace    = 30 * time.Second // a replaced token stays good for calls that were under way
	longestUserID   = 32               // E02; send.from says 24, which applies to a client
	tenantID        = "embedded-tenant"
)

// userToken is a ccmessaging-token. A user may have several: a new one does not end an old one.
type userToken struct {
	text    string
	c       *customer
	expires time.Time

	// Protected by c.mu.
	next  *userToken // its replacement, if it expired during a conversation
	grace time.Time  // until when it is accepted beside its replacement
}

// applicationToken is E01.
func (t *Tenant) applicationToken(x *http1.Exchange, _ *customer) {
	var q struct {
		Key    string `json:"app_key"`
		Secret string `json:"app_secret"`
	}
	if !t.decode(x, &q) {
		return
	}
	life, ok := t.wantedLife(x.Header("x-token-expire"))
	switch {
	case !ok:
		t.refuse(x, http.StatusBadRequest, "X-Token-Expire is not a number of seconds")
	case q.Key == "" || q.Secret == "":
		t.refuse(x, http.StatusBadRequest, "app_key or app_secret is missing")
	case !same(q.Key, t.cfg.AppKey) || !same(q.Secret, t.cfg.AppSecret):
		t.refuse(x, http.StatusUnauthorized, "app_key or app_secret is wrong")
	default:
		t.grantAppToken(x, life)
	}
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// wantedLife is the life of an application token that asks for so many seconds.
func (t *Tenant) wantedLife(seconds []byte) (time.Duration, bool) {
	if len(seconds) == 0 {
		return min(t.cfg.AppTokenLife, longestAppToken), true
	}
	n, err := strconv.ParseUint(string(seconds), 10, 31)
	if err != nil || n == 0 {
		return 0, false
	}
	return min(time.Duration(n)*time.Second, longestAppToken), true
}

func (t *Tenant) grantAppToken(x *http1.Exchange, life time.Duration) {
	now := time.Now()
	token := rand.Text()
	life, typed := t.faults.granting(life)
	t.appTokens.put(token, func() time.Time { return now.Add(life) }, func(end time.Time) bool { return now.After(end) })
	b := append(x.Body, `{"AccessToken":"`...)
	b = append(append(b, token...), '"')
	if typed {
		b = append(b, `,"ApplyType":"Bearer"`...)
	}
	b = append(b, `,"CreateTime":"`...)
	b = append(strconv.AppendInt(b, now.Unix(), 10), `","Expires":"`...)
	b = append(strconv.AppendInt(b, int64(life/time.Second), 10), `","Scope":"*","AppKey":`...)
	b = appendText(b, t.cfg.AppKey)
	x.Body = append(b, `,"UserID":"Anonymous"}`...)
}

// userToken is E02.
func (t *Tenant) userToken(x *http1.Exchange, _ *customer) {
	var q struct {
		UserID    string `json:"userId"`
		UserName  string `json:"userName"`
		ChannelID string `json:"channelId"`
		Locale    string `json:"locale"`
	}
	if !t.decode(x, &q) {
		return
	}
	switch length := utf8.RuneCountInString(q.UserID); {
	case length == 0 || q.UserName == "" || q.Locale == "" || length > longestUserID:
		t.result(x, aicc.CodeParam, "a mandatory field is missing or too long")
		return
	case q.ChannelID != t.cfg.Channel:
		t.result(x, aicc.CodeParam, "there is no such channel")
		return
	}
	c := t.customer(q.UserID)
	c.mu.Lock()
	c.chinese = isChinese(q.Locale)
	c.rememberName(q.UserName)
	token := t.grantUserToken(c)
	c.mu.Unlock()
	if t.cfg.BareToken {
		x.Body = appendText(x.Body, token.text)
		return
	}
	b := append(x.Body, `{"token":`...)
	b = append(appendText(b, token.text), ',')
	x.Body = append(t.appendCode(b, "resultCode", aicc.CodeOK), '}')
}

// grantUserToken makes a token; c.mu is held.
func (t *Tenant) grantUserToken(c *customer) *userToken {
	now := time.Now()
	token := &userToken{text: tokenText(t.cfg.Channel, c.user, now), c: c, expires: now.Add(t.cfg.UserTokenLife)}
	c.tokensEnd = token.expires
	return t.userTokens.put(token.text, func() *userToken { return token }, func(old *userToken) bool {
		return now.After(old.expires.Add(renewalGrace)) && !old.c.open.Load()
	})
}

// tokenText has the form of section 2.3: URL-encoded Base64 of a JSON object.
func tokenText(channel, user string, now time.Time) string {
	object, err := json.Marshal(struct {
		TenantID   string `json:"tenantId"`
		ChannelID  string `json:"channelId"`
		UserID     string `json:"userId"`
		CreateTime int64  `json:"createTime"`
		Nonce      string `json:"nonce"`
	}{tenantID, channel, user, now.UnixMilli(), rand.Text()})
	if err != nil {
		panic("tenant: " + err.Error()) // strings and a number always marshal
	}
	return url.QueryEscape(base64.StdEncoding.EncodeToString(object))
}

// authorize checks the headers and says who calls; c is nil where no customer is needed. A token
// that has expired during a conversation may put its replacement into the answer's header.
func (t *Tenant) authorize(x *http1.Exchange, need access) (c *customer, ok bool) {
	if need == anyone {
		return nil, true
	}
	if !t.application(x, need == application || need == everything) {
		return nil, false
	}
	text := x.Header("ccmessaging-token")
	if need == application || need == optional && len(text) == 0 {
		return nil, true
	}
	token, ok := t.userTokens.get(text)
	if !ok || (time.Now().After(token.expires) || t.aged(token)) && !t.renew(x, token) {
		return nil, false
	}
	return token.c, t.faults == nil || !t.faults.refusing(x, token)
}

// application checks the two headers of the application.
func (t *Tenant) application(x *http1.Exchange, mandatory bool) bool {
	key, bearer := x.Header("x-app-key"), x.Header("authorization")
	if (len(key) > 0 || mandatory) && string(key) != t.cfg.AppKey {
		return false
	}
	if len(bearer) == 0 {
		return !mandatory
	}
	text, ok := bytes.CutPrefix(bearer, []byte("Bearer "))
	if !ok {
		return false
	}
	end, ok := t.appTokens.get(text)
	return ok && (time.Now().Before(end) || t.faults.take(immortalToken, nil))
}

// renew decides what an expired token is still good for. During a conversation it is replaced
// once, and every call that still comes with the old one is told the same new one.
func (t *Tenant) renew(x *http1.Exchange, token *userToken) bool {
	if t.cfg.Renewal == scenario.Refuse {
		return false
	}
	c, now := token.c, time.Now()
	c.mu.Lock()
	defer c.unlock()
	switch {
	case token.next != nil && now.After(token.grace):
		return false
	case token.next == nil && !c.open.Load():
		return false
	case token.next == nil:
		token.next, token.grace = t.grantUserToken(c), now.Add(renewalGrace)
		t.faults.replacing(token)
	}
	if c.conv != nil && t.faults != nil {
		c.conv.memory.replacing = string(x.Path) == aicc.PathPoll
	}
	x.AddHeader(aicc.HeaderUserToken, token.next.text)
	return true
}
