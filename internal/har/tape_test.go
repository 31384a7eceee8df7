package har

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
)

// shot is one exchange of a recording that a test makes up.
type shot struct {
	name           string
	at, took       int // milliseconds
	page           string
	method, path   string
	request, reply string
	status         int
	head           map[string]string // of the request, beside the tokens
	back           map[string]string // of the answer
	access, user   string            // tokens
	noBody         bool              // the answer's body is not in the recording
	problem        string
	blocked        int // milliseconds of took
}

// tape is a recording that a test makes up, as Chromium writes it.
type tape []shot

const (
	appToken  = "SECRET-APPLICATION-TOKEN"
	userToken = "SECRET-USER-TOKEN-0001"
	newToken  = "SECRET-USER-TOKEN-0002"
	appKey    = "SECRET-APP-KEY"
	appSecret = "SECRET-APP-SECRET"
	cookie    = "SECRET-COOKIE"
	chatUser  = "1790000000000a1b2c3d4"
	channel   = "2025010112345678"
)

// send is the body of a call of send.
func send(control, media, content string) string {
	return fmt.Sprintf(`{"channel":"WEB","controlType":%q,"mediaType":%q,"content":%q,"sourceType":"CUSTOMER","from":%q,"to":%q}`,
		control, media, content, chatUser, channel)
}

// says is an answer of poll with messages.
func says(messages ...string) string {
	return `{"resultCode":"0","resultDesc":"ok","downlinkMessages":[` + strings.Join(messages, ",") + `]}`
}

// message is one that a poll delivers; more is further fields.
func message(source, control, media, content, more string) string {
	return fmt.Sprintf(`{"channel":"WEB","controlType":%q,"sourceType":%q,"mediaType":%q,"content":%q,"from":%q,"to":%q,"senderNickname":"Ms Li","timestamp":1795168800000%s}`,
		control, source, media, content, channel, chatUser, more)
}

const done = `{"resultCode":"0","resultDesc":"ok"}`

// onePixel is a picture.
var onePixel, _ = base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")

// conversation is what a page does that keeps to the flow: a robot, a queue, an agent who sends a
// picture and hangs up.
func conversation() tape {
	post := func(name string, at, took int, path, request, reply string) shot {
		return shot{name: name, at: at, took: took, method: "POST", path: path, request: request, reply: reply, access: appToken, user: userToken}
	}
	poll := func(name string, at, took int, messages ...string) shot {
		return shot{name: name, at: at, took: took, method: "GET", path: aicc.PathPoll + "?receiverId=" + chatUser + "&channel=WEB",
			reply: says(messages...), access: appToken, user: userToken}
	}
	queue := fmt.Sprintf(`{"userId":%q,"channelConfigId":%q,"channel":"WEB"}`, chatUser, channel)
	t := tape{
		post("token", 0, 20, aicc.PathToken, fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, appKey, appSecret),
			fmt.Sprintf(`{"AccessToken":%q,"ApplyType":"Bearer","CreateTime":"1795168800","Expires":"600"}`, appToken)),
		post("apply", 30, 20, aicc.PathApply, fmt.Sprintf(`{"userId":%q,"userName":"Visitor","channelId":%q,"locale":"zh"}`, chatUser, channel),
			fmt.Sprintf(`{"token":%q,"resultCode":"0"}`, userToken)),
		post("connect", 60, 30, aicc.PathSend, send("CONNECT", "TEXT", "hello"), done),
		poll("poll 1", 200, 50, message("ROBOT", "CHAT", "TEXT", "Ask me anything.", "")),
		post("text", 300, 20, aicc.PathSend, send("CHAT", "TEXT", "where is my parcel?"), done),
		poll("poll 2", 355, 100, message("ROBOT", "CHAT", "TEXT", "On its way.", "")),
		post("transfer", 500, 20, aicc.PathSend, send("TRANS2AGENT", "TEXT", "hello"), done),
		poll("poll 3", 560, 100, message("SYSTEM", "CHAT", "TEXT", "You are queueing.", `,"queueFlag":"Y"`)),
		post("queue", 665, 20, aicc.PathQueue, queue, `{"resultCode":"0","position":1,"estimateWaitTime":5}`),
		poll("poll 4", 765, 3000, message("AGENT", "CHAT", "TEXT", "What can I do for you?", "")),
		shot{name: "support", at: 3775, took: 10, method: "GET", path: aicc.PathSupport + "?channel=WEB", reply: `{"resultCode":"0","clickToCallSupported":false}`, access: appToken, user: userToken},
		poll("poll 5", 3870, 200, message("AGENT", "CHAT", "IMAGE", "9f1d2a00-0000-4000-8000-00000000cafe", "")),
		post("download", 4080, 30, aicc.PathDownload, `{"fileId":"9f1d2a00-0000-4000-8000-00000000cafe","channel":"WEB","fileType":"jpg","multiMedia":"multiMedia"}`,
			`{"resultCode":"0","fileStream":"`+base64.StdEncoding.EncodeToString(onePixel)+`"}`),
		poll("poll 6", 4175, 3000),
		poll("poll 7", 7280, 400, message("AGENT", "DISCONNECT", "TEXT", "bye", "")),
	}
	t[0].access, t[0].user = "", ""
	t[0].head = map[string]string{"X-Token-Expire": "600"}
	t[1].user = ""
	return t
}

// shotOf is one of a tape, to be changed.
func (t tape) shotOf(name string) *shot {
	i := slices.IndexFunc(t, func(s shot) bool { return s.name == name })
	if i < 0 {
		panic("no exchange " + name)
	}
	return &t[i]
}

// without leaves an exchange out.
func (t tape) without(name string) tape {
	t.shotOf(name)
	return slices.DeleteFunc(slices.Clone(t), func(s shot) bool { return s.name == name })
}

// also adds one like another at another time.
func (t tape) also(name string, at int, change func(*shot)) tape {
	s := *t.shotOf(name)
	s.name, s.at = "another "+name, at
	if change != nil {
		change(&s)
	}
	return append(slices.Clone(t), s)
}

// change changes one.
func (t tape) change(name string, change func(*shot)) tape {
	t = slices.Clone(t)
	change(t.shotOf(name))
	return t
}

var tapeStart = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func moment0(ms int) string {
	return tapeStart.Add(time.Duration(ms) * time.Millisecond).Format("2006-01-02T15:04:05.000Z07:00")
}

type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func pairs(m map[string]string) []pair {
	list := []pair{}
	for name, value := range m {
		if value != "" {
			list = append(list, pair{name, value})
		}
	}
	return list
}

// entry is a shot as Chromium writes it.
func (s *shot) entry() map[string]any {
	status := s.status
	if status == 0 && s.problem == "" && s.reply != "" {
		status = 200
	}
	head := map[string]string{":authority": "chat.example.com", "ccmessaging-token": s.user, "x-app-key": appKey, "cookie": "session=" + cookie}
	if s.access != "" {
		head["authorization"] = "Bearer " + s.access
	}
	for name, value := range s.head {
		head[name] = value
	}
	request := map[string]any{"method": s.method, "url": "https://chat.example.com" + s.path, "httpVersion": "http/2.0", "headers": pairs(head),
		"queryString": []pair{}, "cookies": []pair{{"session", cookie}}, "headersSize": -1, "bodySize": len(s.request)}
	if s.request != "" {
		request["postData"] = map[string]any{"mimeType": "application/json", "text": s.request}
	}
	content := map[string]any{"size": len(s.reply), "mimeType": "application/json"}
	if !s.noBody && s.reply != "" {
		content["text"] = s.reply
	}
	var problem any
	if s.problem != "" {
		problem = s.problem
	}
	entry := map[string]any{"_initiator": map[string]any{"type": "script"}, "_priority": "High", "_resourceType": "fetch", "cache": map[string]any{},
		"request": request, "startedDateTime": moment0(s.at), "time": s.took,
		"response": map[string]any{"status": status, "statusText": "", "httpVersion": "http/2.0", "headers": pairs(s.back), "cookies": []pair{},
			"content": content, "redirectURL": s.back["location"], "headersSize": -1, "bodySize": -1, "_transferSize": 300, "_error": problem},
		"timings": map[string]any{"blocked": max(s.blocked, 1), "dns": -1, "ssl": -1, "connect": -1, "send": 0, "wait": s.took - max(s.blocked, 1), "receive": 0, "_blocked_queueing": 0.5}}
	if s.page != "" {
		entry["pageref"] = s.page
	} else {
		entry["pageref"] = "page_1"
	}
	return entry
}

func (t tape) write() string {
	entries := []map[string]any{}
	for i := range t {
		entries = append(entries, t[i].entry())
	}
	data, err := json.MarshalIndent(map[string]any{"log": map[string]any{"version": "1.2",
		"creator": map[string]string{"name": "WebInspector", "version": "537.36"},
		"pages":   []map[string]any{{"startedDateTime": moment0(-50), "id": "page_1", "title": "https://shop.example.com/help?session=" + cookie, "pageTimings": map[string]any{"onLoad": 40}}},
		"entries": entries}}, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(data)
}

// open opens a recording that is written down in the test.
func open(t testing.TB, text string) *Recording {
	t.Helper()
	r, err := Open(write(t, "session.har", text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}
