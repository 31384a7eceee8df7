package aicc

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// request is what a server sees of a request.
type request struct {
	Method, Path, Query, Host string
	Header                    map[string]string
	Body                      map[string]any
}

// common are the headers of every request; those of tests are added to them.
func common(more ...string) map[string]string {
	h := map[string]string{"User-Agent": "chatbench", "Accept": "application/json", "Accept-Encoding": "gzip"}
	for i := 0; i < len(more); i += 2 {
		h[more[i]] = more[i+1]
	}
	return h
}

func posted(more ...string) map[string]string {
	h := common(more...)
	h["Content-Type"] = "application/json"
	return h
}

// read parses a request with the standard library and insists that nothing is left over.
func read(t *testing.T, wire []byte) request {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(wire))
	r, err := http.ReadRequest(in)
	if err != nil {
		t.Fatalf("net/http cannot read the request: %v\n%s", err, wire)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("net/http cannot read the body: %v\n%s", err, wire)
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Errorf("%d bytes behind the request: %q\n%s", len(rest), rest, wire)
	}
	got := request{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Host: r.Host, Header: map[string]string{}}
	if length := r.Header.Get("Content-Length"); length != "" && length != strconv.Itoa(len(body)) {
		t.Errorf("Content-Length = %s, want %d\n%s", length, len(body), wire)
	}
	for name, values := range r.Header {
		if name != "Content-Length" {
			got.Header[name] = strings.Join(values, " | ")
		}
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &got.Body); err != nil {
			t.Fatalf("body is not JSON: %v\n%s", err, body)
		}
	}
	return got
}

var (
	testTarget = Target{Host: "chat.example.test:8443", Prefix: "/gate", AppKey: "key-1"}
	testAuth   = Auth{Access: "at-1", User: "ut%3D1"}
	authHeader = []string{"X-App-Key", "key-1", "Authorization", "Bearer at-1", "Ccmessaging-Token", "ut%3D1"}
)

var requests = []struct {
	name   string
	append func(dst []byte) []byte
	want   request
}{
	{"token with a life", func(dst []byte) []byte { return testTarget.AppendToken(dst, "key-1", `sec"ret`, 600) },
		request{"POST", PathToken, "", "", posted("X-Token-Expire", "600"),
			map[string]any{"app_key": "key-1", "app_secret": `sec"ret`}}},
	{"token without: the vendor's default", func(dst []byte) []byte { return testTarget.AppendToken(dst, "k", "s", 0) },
		request{"POST", PathToken, "", "", posted(), map[string]any{"app_key": "k", "app_secret": "s"}}},
	{"apply has no user token yet", func(dst []byte) []byte {
		return testTarget.AppendApply(dst, "at-1", Apply{"u-1", "Visitor 云", "20250101", "zh_CN"})
	}, request{"POST", PathApply, "", "", posted(authHeader[:4]...),
		map[string]any{"userId": "u-1", "userName": "Visitor 云", "channelId": "20250101", "locale": "zh_CN"}}},
	{"the smallest send: type defaults to text, optional fields are left out", func(dst []byte) []byte {
		return testTarget.AppendSend(dst, testAuth, &Send{Control: Disconnect, From: "u-1", To: "c-1"})
	}, request{"POST", PathSend, "", "", posted(authHeader...),
		map[string]any{"channel": "WEB", "sourceType": "CUSTOMER", "controlType": "DISCONNECT", "mediaType": "TEXT",
			"from": "u-1", "to": "c-1"}}},
	{"the fullest send", func(dst []byte) []byte {
		return testTarget.AppendSend(dst, testAuth, &Send{Control: Chat, Media: Image, Content: "a\"b\\c\n", From: "u-1", To: "c-1",
			Nickname: "N", MessageID: "m1", TransData: `{"k":1}`, Timestamp: 1760000003500, Async: true})
	}, request{"POST", PathSendAsync, "", "", posted(authHeader...),
		map[string]any{"channel": "WEB", "sourceType": "CUSTOMER", "controlType": "CHAT", "mediaType": "IMAGE",
			"content": "a\"b\\c\n", "from": "u-1", "to": "c-1", "senderNickname": "N", "messageId": "m1",
			"transData": `{"k":1}`, "timestamp": "1760000003500"}}},
	{"poll escapes the user", func(dst []byte) []byte { return testTarget.AppendPoll(dst, testAuth, "u 1&x=云", false) },
		request{"GET", PathPoll, "receiverId=u%201%26x%3D%E4%BA%91&channel=WEB", "", common(authHeader...), nil}},
	{"poll for receipts", func(dst []byte) []byte { return testTarget.AppendPoll(dst, testAuth, "u-1", true) },
		request{"GET", PathPoll, "receiverId=u-1&channel=WEB&isNeedRead=true", "", common(authHeader...), nil}},
	{"queue", func(dst []byte) []byte { return testTarget.AppendQueue(dst, testAuth, "u-1", "c-1") },
		request{"POST", PathQueue, "", "", posted(authHeader...),
			map[string]any{"userId": "u-1", "channelConfigId": "c-1", "channel": "WEB"}}},
	{"upload", func(dst []byte) []byte {
		return testTarget.AppendUpload(dst, testAuth, "jpg", []byte{0xff, 0xd8, 0xff, 0xfb})
	},
		request{"POST", PathUpload, "", "", posted(authHeader...),
			map[string]any{"fileType": "jpg", "fileStream": "/9j/+w==", "channel": "WEB"}}},
	{"upload of nothing", func(dst []byte) []byte { return testTarget.AppendUpload(dst, testAuth, "txt", nil) },
		request{"POST", PathUpload, "", "", posted(authHeader...),
			map[string]any{"fileType": "txt", "fileStream": "", "channel": "WEB"}}},
	{"download from the library", func(dst []byte) []byte { return testTarget.AppendDownload(dst, testAuth, "f-1", "jpg", false) },
		request{"POST", PathDownload, "", "", posted(authHeader...),
			map[string]any{"fileId": "f-1", "fileType": "jpg", "multiMedia": "multiMedia", "channel": "WEB"}}},
	{"download of a local file", func(dst []byte) []byte { return testTarget.AppendDownload(dst, testAuth, `f"1`, "png", true) },
		request{"POST", PathDownload, "", "", posted(authHeader...),
			map[string]any{"fileId": `local/f"1`, "fileType": "png", "channel": "WEB"}}},
	{"leave a message", func(dst []byte) []byte { return testTarget.AppendLeave(dst, testAuth, "u-1", "Visitor", "call me") },
		request{"POST", PathLeave, "", "", posted(authHeader...),
			map[string]any{"callId": "u-1", "caller": "Visitor", "leaveMessage": "call me", "channel": "WEB"}}},
	{"support", func(dst []byte) []byte { return testTarget.AppendSupport(dst, testAuth) },
		request{"GET", PathSupport, "channel=WEB", "", common(authHeader...), nil}},
	{"empty tokens leave their headers out", func(dst []byte) []byte { return (&Target{Host: "h"}).AppendSupport(dst, Auth{}) },
		request{"GET", PathSupport, "channel=WEB", "h", common(), nil}},
}

func TestRequests(t *testing.T) {
	for _, test := range requests {
		t.Run(test.name, func(t *testing.T) {
			want := test.want
			if want.Host == "" {
				want.Host, want.Path = testTarget.Host, testTarget.Prefix+want.Path
			}
			wire := test.append(nil)
			if diff := cmp.Diff(want, read(t, wire)); diff != "" {
				t.Errorf("-want +got:\n%s\n%s", diff, wire)
			}
			if behind := test.append([]byte("before")); string(behind) != "before"+string(wire) {
				t.Errorf("appended to other bytes the request differs:\n%s\nwant it to end in\n%s", behind, wire)
			}
		})
	}
}

func TestRequestsAllocateNothing(t *testing.T) {
	room := make([]byte, 0, 4096)
	for _, test := range requests {
		if n := testing.AllocsPerRun(20, func() { test.append(room) }); n != 0 {
			t.Errorf("%s: %v allocations, want none", test.name, n)
		}
	}
}

// Nothing that a tenant or a scenario hands us may become a header or a request of its own.
func TestRequestsCannotBeSplit(t *testing.T) {
	const evil = "x\r\nEvil: 1\r\n\r\nGET / HTTP/1.1\r\n\r\n\x00\x7f"
	target := Target{Host: "h" + evil, Prefix: "/p" + evil, AppKey: evil}
	auth := Auth{Access: evil, User: evil}
	for name, wire := range map[string][]byte{
		"token":    target.AppendToken(nil, evil, evil, 1),
		"apply":    target.AppendApply(nil, evil, Apply{evil, evil, evil, evil}),
		"send":     target.AppendSend(nil, auth, &Send{Control: evil, Content: evil, From: evil, To: evil, MessageID: evil}),
		"poll":     target.AppendPoll(nil, auth, evil, true),
		"download": target.AppendDownload(nil, auth, evil, evil, true),
	} {
		head, _, _ := strings.Cut(string(wire), "\r\n\r\n")
		for i, line := range strings.Split(head, "\r\n") {
			if strings.ContainsAny(line, "\r\n\x00\x7f") || strings.HasPrefix(line, "Evil") || i > 0 && strings.HasPrefix(line, "GET") {
				t.Errorf("%s: line %d is %q", name, i, line)
			}
		}
	}
}

func BenchmarkAppendSend(b *testing.B) {
	b.ReportAllocs()
	room := make([]byte, 0, 4096)
	s := Send{Control: Chat, Content: strings.Repeat("what is this? ", 10), From: "u-000017", To: "20250101", MessageID: "m1", Timestamp: 1}
	for b.Loop() {
		testTarget.AppendSend(room, testAuth, &s)
	}
}
