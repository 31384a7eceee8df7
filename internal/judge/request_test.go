package judge

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// tokenOf is a user token as the tenant makes them.
func tokenOf(user string) string {
	return url.QueryEscape(base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"tenantId":"t","channelId":"7","userId":%q}`, user)))
}

// asked makes a request as it is looked at: method, path with query, headers, body.
func asked(method, target, token, body string, without ...string) request {
	path, query, _ := strings.Cut(target, "?")
	values, _ := url.ParseQuery(query)
	x := &http1.Exchange{Method: method, Path: []byte(path), Query: []byte(query), Request: []byte(body)}
	r := read(x)
	r.query, r.token, r.app, r.key = values, token, true, true
	for _, header := range without {
		switch header {
		case "app":
			r.app = false
		case "key":
			r.key = false
		}
	}
	return r
}

func TestFault(t *testing.T) {
	send := func(change ...string) string {
		body := `{"channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":"hi","sourceType":"CUSTOMER","from":"u-1","to":"7"}`
		return strings.NewReplacer(change...).Replace(body)
	}
	for _, c := range []struct {
		name, why            string
		method, target, body string
		token                string
		without              []string
		want                 string // part of what is told; "" when nothing is wrong
	}{
		{name: "right", why: "all is there", method: "POST", target: aicc.PathSend, body: send(), token: tokenOf("u-1")},
		{name: "typing", why: "INPUT is documented", method: "POST", target: aicc.PathSend, body: send("CHAT", "INPUT"), token: tokenOf("u-1")},
		{name: "poll", why: "the application's headers are optional", method: "GET", target: aicc.PathPoll + "?receiverId=u-1&channel=WEB", token: tokenOf("u-1"), without: []string{"app", "key"}},
		{name: "poll without token", why: "nobody knows for whom", method: "GET", target: aicc.PathPoll + "?receiverId=u-1&channel=WEB", want: "no user token"},
		{name: "poll of another channel", why: "there is but WEB", method: "GET", target: aicc.PathPoll + "?receiverId=u-1&channel=APP", token: tokenOf("u-1"), want: `channel is "APP"`},
		{name: "poll for somebody", why: "the token is another's", method: "GET", target: aicc.PathPoll + "?receiverId=u-2&channel=WEB", token: tokenOf("u-1"), want: `user "u-2" with the token of user "u-1"`},
		{name: "queue", why: "all its headers are optional", method: "POST", target: aicc.PathQueue, body: `{"userId":"u-1","channelConfigId":"7","channel":"WEB"}`, without: []string{"app", "key"}},
		{name: "queue of another channel", why: "it is not the tenant's", method: "POST", target: aicc.PathQueue, body: `{"userId":"u-1","channelConfigId":"8","channel":"WEB"}`, want: "channelConfigId"},
		{name: "GET send", why: "the method is POST", method: "GET", target: aicc.PathSend, want: "wants POST"},
		{name: "no JSON", why: "the body breaks off", method: "POST", target: aicc.PathSend, body: `{"channel":`, token: tokenOf("u-1"), want: "no JSON object"},
		{name: "a list", why: "it is JSON, and no object", method: "POST", target: aicc.PathSend, body: `[]`, token: tokenOf("u-1"), want: "no JSON object"},
		{name: "null", why: "the same", method: "POST", target: aicc.PathSend, body: `null`, token: tokenOf("u-1"), want: "no JSON object"},
		{name: "no key", why: "x-app-key is mandatory", method: "POST", target: aicc.PathSend, body: send(), token: tokenOf("u-1"), without: []string{"key"}, want: "x-app-key"},
		{name: "no application token", why: "Authorization is mandatory", method: "POST", target: aicc.PathSend, body: send(), token: tokenOf("u-1"), without: []string{"app"}, want: "Authorization"},
		{name: "CONNECT without tokens", why: "that is SIM-09's", method: "POST", target: aicc.PathSend, body: send("CHAT", "CONNECT"), without: []string{"app"}},
		{name: "shouting", why: "there is no such controlType", method: "POST", target: aicc.PathSend, body: send("CHAT", "SHOUT"), token: tokenOf("u-1"), want: `controlType is "SHOUT"`},
		{name: "from an agent", why: "a client is a customer", method: "POST", target: aicc.PathSend, body: send("CUSTOMER", "AGENT"), token: tokenOf("u-1"), want: `sourceType is "AGENT"`},
		{name: "to another channel", why: "it is not the tenant's", method: "POST", target: aicc.PathSend, body: send(`"to":"7"`, `"to":"8"`), token: tokenOf("u-1"), want: `sent to "8"`},
		{name: "from somebody", why: "the token is another's", method: "POST", target: aicc.PathSend, body: send("u-1", "u-2"), token: tokenOf("u-1"), want: `user "u-2"`},
		{name: "no media type", why: "it is mandatory", method: "POST", target: aicc.PathSend, body: send(`"TEXT"`, `""`), token: tokenOf("u-1"), want: "no mediaType"},
		{name: "applyToken", why: "all is there", method: "POST", target: aicc.PathApply, body: `{"userId":"u-1","userName":"Ann","channelId":"7","locale":"en"}`},
		{name: "applyToken with an old token", why: "it is for the user it names", method: "POST", target: aicc.PathApply, token: tokenOf("u-2"), body: `{"userId":"u-1","userName":"Ann","channelId":"7","locale":"en"}`},
		{name: "applyToken for another channel", why: "it is not the tenant's", method: "POST", target: aicc.PathApply, body: `{"userId":"u-1","channelId":"8"}`, want: `channelId is "8"`},
		{name: "library file", why: "all is there", method: "POST", target: aicc.PathDownload, token: tokenOf("u-1"), body: `{"fileId":"f","channel":"WEB","fileType":"jpg","multiMedia":"multiMedia"}`},
		{name: "local file", why: "it takes no multiMedia", method: "POST", target: aicc.PathDownload, token: tokenOf("u-1"), body: `{"fileId":"local/f","channel":"WEB","fileType":"png"}`},
		{name: "library file taken for local", why: "multiMedia is missing", method: "POST", target: aicc.PathDownload, token: tokenOf("u-1"), body: `{"fileId":"f","channel":"WEB","fileType":"jpg"}`, want: "without multiMedia"},
		{name: "no file", why: "fileId is mandatory", method: "POST", target: aicc.PathDownload, token: tokenOf("u-1"), body: `{"channel":"WEB"}`, want: "no fileId"},
		{name: "numbers for texts", why: "a field of another type is as good as none", method: "POST", target: aicc.PathSend, body: send(`"7"`, `7`), token: tokenOf("u-1"), want: "missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := asked(c.method, c.target, c.token, c.body, c.without...)
			if got := r.fault("7"); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("%s %s %s: told %q, want %q (%s)", c.method, c.target, c.body, got, c.want, c.why)
			}
		})
	}
}

// TestUser looks for whom a call is made.
func TestUser(t *testing.T) {
	for _, c := range []struct{ name, method, target, token, body, want string }{
		{"by its token", "POST", aicc.PathUpload, tokenOf("u-1"), `{}`, "u-1"},
		{"token before name", "GET", aicc.PathPoll + "?receiverId=u-2", tokenOf("u-1"), "", "u-1"},
		{"by its name", "GET", aicc.PathPoll + "?receiverId=u-2", "", "", "u-2"},
		{"applyToken by its name", "POST", aicc.PathApply, tokenOf("u-1"), `{"userId":"u-2"}`, "u-2"},
		{"a message by callId", "POST", aicc.PathLeave, "", `{"callId":"u-3"}`, "u-3"},
		{"nobody", "POST", aicc.PathUpload, "undefined", `{}`, ""},
		{"a token that is Base64 of anything", "POST", aicc.PathUpload, base64.StdEncoding.EncodeToString([]byte("\xff\x00")), `{}`, ""},
		{"a token that is no query", "POST", aicc.PathUpload, "%zz", `{}`, ""},
	} {
		r := asked(c.method, c.target, c.token, c.body)
		if got := r.user(); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		method, path string
		status       int
		want         string
	}{
		{"GET", "/nowhere", 404, "there is no GET"},
		{"OPTIONS", aicc.PathSend, 404, "one origin"},
		{"GET", "/favicon.ico", 404, ""},
		{"GET", "/", 404, ""},
		{"GET", "/chatbench/journal", 404, ""},
		{"POST", aicc.PathSend, 400, "HTTP 400"},
		{"POST", aicc.PathSend, 401, ""},
		{"GET", aicc.PathPoll, 503, ""},
		{"GET", "/", 200, ""},
	} {
		r := request{method: c.method, path: c.path}
		if got := refusal(&r, c.status); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s %s answered %d: %q, want %q", c.method, c.path, c.status, got, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("POST", aicc.PathSend, "", tokenOf("u-1"), `{"from":"u-1"}`)
	f.Add("GET", aicc.PathPoll, "receiverId=%zz&channel=WEB", "%%%", "")
	f.Fuzz(func(t *testing.T, method, path, query, token, body string) {
		x := &http1.Exchange{Method: method, Path: []byte(path), Query: []byte(query), Request: []byte(body)}
		r := read(x)
		r.token = token
		var k call
		r.describe(&k)
		if told := r.fault("7"); r.isCall() && r.broken && told == "" {
			t.Errorf("%s %s %q: nothing is said of a body that is no JSON", method, path, body)
		}
		r.user()
	})
}
