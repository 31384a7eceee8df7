package caller

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
)

// with has a user call a server that answers as the handler does, in virtual time.
func with(t *testing.T, handler http.HandlerFunc, do func(*testing.T, *User)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
		go s.Serve(l)
		defer func() {
			s.Close()
			time.Sleep(2 * time.Second) // for polls that are held
		}()
		c := &Client{Target: scenario.Target{URL: "http://tenant/", Channel: "42", AppKey: "key", AppSecret: "secret"},
			HTTP: HTTPClient(&http.Transport{DialContext: l.Dial}), Start: time.Now(), Locale: "en", Name: "somebody"}
		do(t, c.NewUser("u1"))
	})
}

func replies(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// TestAnswers reads answers of each kind: what is said of them must not depend on who asked.
func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name         string
		op           aicc.Op
		status       int
		body         string
		ok           bool
		class        aicc.Class
		words, shape string
	}{
		{"done", aicc.OpSend, 200, `{"resultCode":"0"}`, true, aicc.OK, "result code 0", ""},
		{"refused", aicc.OpSend, 200, `{"resultCode":"13"}`, false, aicc.Fail, "result code 13", ""},
		{"an upload's other name for the code", aicc.OpUpload, 200, `{"returnCode":"0","objectKey":"k"}`, true, aicc.OK, "result code 0", ""},
		{"no code", aicc.OpSend, 200, `{}`, false, aicc.Info, "result code ", "the body has no result code"},
		{"a page", aicc.OpSend, 200, `<html>`, false, aicc.Info, "result code ", "the body is not JSON"},
		{"a gateway", aicc.OpSend, 502, ``, false, aicc.Info, "HTTP 502", ""},
		{"a redirection is not followed", aicc.OpSend, 302, ``, false, aicc.Fail, "HTTP 302", ""},
		{"an application token", aicc.OpToken, 200, `{"AccessToken":"a","Expires":"600"}`, true, aicc.OK, "result code 0", ""},
		{"a token that is none", aicc.OpToken, 200, `{"Expires":"600"}`, false, aicc.Info, "result code ", "AccessToken is missing"},
		{"a token with HTTP 401", aicc.OpToken, 401, `{"AccessToken":"a"}`, false, aicc.Fail, "HTTP 401", ""},
		{"a user token", aicc.OpApply, 200, `{"resultCode":"0","token":"t"}`, true, aicc.OK, "result code 0", ""},
		{"a bare one", aicc.OpApply, 200, `"t"`, true, aicc.OK, "result code 0", ""},
		{"none", aicc.OpApply, 200, `{"resultCode":"1"}`, false, aicc.Fail, "result code 1", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				replies(c.status, c.body)(w, r)
			}, func(t *testing.T, u *User) {
				a := u.Exchange(t.Context(), Call{Op: c.op, Path: "/x", Body: Fields{}}, nil)
				if a.OK() != c.ok || a.Class() != c.class || a.Words() != c.words || !strings.Contains(a.Shape, c.shape) || c.shape == "" && a.Shape != "" {
					t.Errorf("ok %v, %v, %q, shape %q; want %v, %v, %q, %q", a.OK(), a.Class(), a.Words(), a.Shape, c.ok, c.class, c.words, c.shape)
				}
			})
		})
	}
}

// TestNoAnswer wants a call that got none to say so, and to tell whoever counts them.
func TestNoAnswer(t *testing.T) {
	with(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(t *testing.T, u *User) {
		var told error
		u.Report = func(err error) { told = err }
		begun := time.Now()
		a := u.Exchange(t.Context(), PollCall("a poll", "u1"), nil)
		if time.Since(begun) != Timeout || a.Took != Timeout || a.Status != 0 || a.Class() != aicc.Info || a.Words() != "no answer: context deadline exceeded" || !errors.Is(told, context.DeadlineExceeded) {
			t.Errorf("after %v: %+v, told %v; want nothing known after %v", time.Since(begun), a, told, Timeout)
		}
	})
}

// TestRenew wants a 401 to be followed by both tokens and the call once more, and no more than once.
func TestRenew(t *testing.T) {
	for _, mends := range []bool{true, false} {
		var asked []string
		with(t, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]+" "+r.Header.Get(aicc.HeaderUserToken))
			switch {
			case r.URL.Path == aicc.PathToken:
				io.WriteString(w, `{"AccessToken":"app"}`)
			case r.URL.Path == aicc.PathApply:
				fmt.Fprintf(w, `{"resultCode":"0","token":"t%d"}`, len(asked))
			case mends && r.Header.Get(aicc.HeaderUserToken) == "t3":
				w.Header().Set(aicc.HeaderUserToken, "t9")
				io.WriteString(w, `{"resultCode":"0"}`)
			default:
				w.WriteHeader(401)
			}
		}, func(t *testing.T, u *User) {
			a := u.Say(t.Context(), "a CHAT", "hello")
			if a.OK() != mends {
				t.Errorf("the call came out as %s", a.Words())
			}
			if want := map[bool]string{true: "t9", false: "t3"}[mends]; u.Token != want {
				t.Errorf("the user has the token %q, want %q", u.Token, want)
			}
		})
		if diff := cmp.Diff([]string{"send ", "tokenByAkSk ", "applyToken ", "send t3"}, asked); diff != "" {
			t.Errorf("mends %v: asked for (-want +got):\n%s", mends, diff)
		}
	}
}

// TestRequest looks at what goes out: method, headers in the letter case asked for, and a body.
func TestRequest(t *testing.T) {
	var head http.Header
	var line, body string
	with(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		head, line, body = r.Header, r.Method+" "+r.RequestURI+" "+fmt.Sprint(r.Close), string(b)
	}, func(t *testing.T, u *User) {
		u.App, u.Token = "app", "user"
		u.Once(t.Context(), Call{Path: "/x", Query: "a=b", Head: map[string]string{aicc.HeaderAuth: ""}})
		if line != "GET /x?a=b true" || head.Get(aicc.HeaderAuth) != "" || head.Get(aicc.HeaderAppKey) != "key" || head.Get(aicc.HeaderUserToken) != "user" {
			t.Errorf("%s with %v, want a GET without Authorization, over a connection of its own", line, head)
		}
		u.Connect(t.Context(), aicc.PathSend, "hello")
		if want := `"controlType":"CONNECT"`; !strings.HasPrefix(line, "POST ") || !strings.Contains(body, want) || head.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v, want a POST of %s", line, body, head, want)
		}
		u.Exchange(t.Context(), Call{Path: "/raw", Body: []byte("{")}, nil)
		if body != "{" {
			t.Errorf("sent %q, want the bytes as they are", body)
		}
	})
}

// TestOpen wants a conversation to count as open when that cannot be told.
func TestOpen(t *testing.T) {
	for _, c := range []struct {
		connect    http.HandlerFunc
		disconnect string
		open, then bool // after CONNECT, after DISCONNECT
	}{
		{replies(200, `{"resultCode":"0"}`), `{"resultCode":"0"}`, true, false},
		{replies(200, `{"resultCode":"0"}`), `{"resultCode":"13"}`, true, true},
		{replies(200, `{"resultCode":"12"}`), `{"resultCode":"0"}`, false, false},
		{replies(503, ``), `{"resultCode":"0"}`, true, false},
		{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, `{"resultCode":"0"}`, true, false},
	} {
		calls := 0
		with(t, func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls == 1 {
				c.connect(w, r)
				return
			}
			io.WriteString(w, c.disconnect)
		}, func(t *testing.T, u *User) {
			a := u.Connect(t.Context(), aicc.PathSend, "hello")
			open := u.Open
			if u.Disconnect(t.Context(), "DISCONNECT"); open != c.open || u.Open != c.then {
				t.Errorf("after CONNECT (%s) open is %v and then %v, want %v and %v", a.Words(), open, u.Open, c.open, c.then)
			}
		})
	}
}

// TestUntil polls until something comes, the time is over, the other side hangs up, or the context
// ends.
func TestUntil(t *testing.T) {
	poll := func(messages ...string) http.HandlerFunc {
		n := 0
		return func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second) // held
			text := ""
			if n < len(messages) {
				text = messages[n]
			}
			n++
			io.WriteString(w, `{"resultCode":"0","downlinkMessages":[`+text+`]}`)
		}
	}
	const robot, agent, bye = `{"controlType":"CHAT","sourceType":"ROBOT","content":"a"}`, `{"controlType":"CHAT","sourceType":"AGENT","content":"b"}`,
		`{"controlType":"DISCONNECT","sourceType":"SYSTEM"}`
	for _, c := range []struct {
		name  string
		polls http.HandlerFunc
		found bool
		took  time.Duration
	}{
		{"it comes", poll("", robot, robot+","+agent), true, 3*time.Second + 3*PollPause},
		{"it does not come", poll(robot), false, 5*time.Second + 5*PollPause},
		{"the other side hangs up", poll("", robot+","+bye, agent), false, 2*time.Second + 2*PollPause},
	} {
		t.Run(c.name, func(t *testing.T) {
			with(t, c.polls, func(t *testing.T, u *User) {
				begun := time.Now()
				m, found := u.Until(t.Context(), 0, 5*time.Second, ByAgent)
				if took := time.Since(begun); found != c.found || took > c.took || found && m.Content != "b" {
					t.Errorf("found %v (%q) after %v, want %v within %v", found, m.Content, took, c.found, c.took)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
				defer cancel()
				if u.HungUp = false; c.found {
					return
				}
				if _, found := u.Until(ctx, len(u.Seen), time.Hour, Talk); found {
					t.Error("found something after the context had ended")
				}
			})
		})
	}
}

// TestDownload looks at how a file is asked for, and at what comes.
func TestDownload(t *testing.T) {
	library := DownloadCall(&aicc.Downlink{MediaType: aicc.Image, Content: "id"}).Body
	if diff := cmp.Diff(Fields{"fileId": "id", "channel": "WEB", "fileType": "jpg", "multiMedia": "multiMedia"}, library); diff != "" {
		t.Errorf("from the library (-want +got):\n%s", diff)
	}
	local := DownloadCall(&aicc.Downlink{MediaType: aicc.Image, Content: "id", ContentType: "1", MediaFileType: "png"}).Body
	if diff := cmp.Diff(Fields{"fileId": "local/id", "channel": "WEB", "fileType": "png"}, local); diff != "" {
		t.Errorf("from the agent's computer (-want +got):\n%s", diff)
	}
	for stream, want := range map[string]string{"aGVsbG8=": "hello", "%%": "%%", "": ""} {
		a := Answer{}
		if a.FileStream = []byte(stream); string(a.Decoded()) != want {
			t.Errorf("%q is decoded to %q, want %q", stream, a.Decoded(), want)
		}
	}
}

// TestBusiness looks at what is asked beside the conversation, and how the answers are read.
func TestBusiness(t *testing.T) {
	var body, path string
	answer := `{"resultCode":"0","messageList":[{"content":"said"}],"satisfactionSurvey":{"surveyType":"WEB","satisfactionLevel":[{"satisfactionLevelKey":5}]}}`
	with(t, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		path, body = r.URL.Path, string(b)
		io.WriteString(w, answer)
	}, func(t *testing.T, u *User) {
		if list, _, ok := u.History(t.Context()); !ok || len(list) != 1 || list[0].Content != "said" || !strings.Contains(body, `"limit":"100"`) {
			t.Errorf("the history is %v, %v, asked for with %s", list, ok, body)
		}
		if mode, a := u.SurveyMode(t.Context()); mode.Type != "WEB" || len(mode.Levels) != 1 || mode.Levels[0].Key != "5" || !a.OK() {
			t.Errorf("the survey is %+v, %s", mode, a.Words())
		}
		u.Call(t.Context(), u.LeaveCall("leave", "call me"))
		if path != aicc.PathLeave || !strings.Contains(body, `"caller":"somebody"`) || !strings.Contains(body, `"callId":"u1"`) {
			t.Errorf("%s was asked with %s", path, body)
		}
		u.Call(t.Context(), u.RateCall("5", true))
		if !strings.Contains(body, `{"satisfication":{`) {
			t.Errorf("a nested rating is %s", body)
		}
		answer = `[]`
		if _, a, ok := u.History(t.Context()); ok || a.OK() {
			t.Error("a history that is a list was taken")
		}
		if _, a := u.SurveyMode(t.Context()); a.Shape == "" {
			t.Error("a survey that is a list was taken")
		}
	})
}
