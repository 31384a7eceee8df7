package har

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// session writes recordings: one customer after the other does things at moments given in seconds.
type session struct {
	entries []any
	user    string
}

// Secrets of every session that no draft may show.
const (
	secretKey     = "app-key-4711"
	secretSecret  = "s3cr3t-of-the-tenant"
	secretAccess  = "access-token-of-the-application"
	secretToken   = "user-token-of-the-visitor"
	secretChannel = "201912120815"
	secretName    = "王小明"
	secretUser    = "visitor-90210"
)

// begin is a session of one customer, who has tokens.
func begin() *session {
	s := &session{user: secretUser}
	s.call(0, aicc.PathToken, `{"app_key":"`+secretKey+`","app_secret":"`+secretSecret+`"}`, `{"AccessToken":"`+secretAccess+`","Expires":"600"}`)
	return s.apply(0.1, "en_US")
}

func (s *session) apply(at float64, locale string) *session {
	return s.call(at, aicc.PathApply, fmt.Sprintf(`{"userId":%q,"userName":%q,"channelId":%q,"locale":%q}`, s.user, secretName, secretChannel, locale),
		`{"token":"`+secretToken+"-"+s.user+`","resultCode":"0"}`)
}

// as goes on with another customer.
func (s *session) as(user string) *session { s.user = user; return s }

// call is an exchange that takes 100 ms.
func (s *session) call(at float64, path, body, answer string) *session {
	method, query := "POST", ""
	if path == aicc.PathPoll {
		method, query = "GET", "?receiverId="+s.user+"&channel=WEB"
	}
	s.entries = append(s.entries, map[string]any{
		"startedDateTime": time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC).Add(time.Duration(at * float64(time.Second))).Format(time.RFC3339Nano),
		"time":            100,
		"request": map[string]any{"method": method, "url": "https://chat.example.com" + path + query,
			"headers":  []any{map[string]any{"name": "ccmessaging-token", "value": secretToken + "-" + s.user}},
			"postData": map[string]any{"text": body}},
		"response": map[string]any{"status": 200, "headers": []any{}, "content": map[string]any{"size": len(answer), "text": answer}},
	})
	return s
}

// send is a use of send that is answered with a code.
func (s *session) send(at float64, control, media, content, code string) *session {
	body, _ := json.Marshal(map[string]string{"controlType": control, "mediaType": media, "content": content, "from": s.user, "to": secretChannel,
		"senderNickname": secretName, "channel": "WEB", "sourceType": "CUSTOMER"})
	return s.call(at, aicc.PathSend, string(body), `{"resultCode":"`+code+`"}`)
}

func (s *session) connect(at float64) *session { return s.send(at, "CONNECT", "TEXT", "hello", "0") }
func (s *session) say(at float64, text string) *session {
	return s.send(at, "CHAT", "TEXT", text, "0")
}
func (s *session) transfer(at float64) *session {
	return s.send(at, "TRANS2AGENT", "TEXT", "hello", "0")
}
func (s *session) hangUp(at float64) *session { return s.send(at, "DISCONNECT", "TEXT", "", "0") }

// hear is a poll that brings messages, each "SOURCE MEDIA" or "SOURCE DISCONNECT"; they are there
// at the moment given.
func (s *session) hear(at float64, messages ...string) *session {
	list := []string{}
	for _, m := range messages {
		source, what, _ := strings.Cut(m, " ")
		control, media, more := "CHAT", what, ""
		switch what {
		case "":
			media = "TEXT"
		case "DISCONNECT":
			control, media = what, "TEXT"
		case "QUEUE":
			media, more = "TEXT", `,"queueFlag":"Y"`
		}
		list = append(list, fmt.Sprintf(`{"controlType":%q,"sourceType":%q,"mediaType":%q,"content":"said by %s"%s}`, control, source, media, source, more))
	}
	return s.call(at-0.1, aicc.PathPoll, "", `{"resultCode":"0","downlinkMessages":[`+strings.Join(list, ",")+`]}`)
}

// upload sends a file that a message may point to by its key.
func (s *session) upload(at float64, fileType, key string, data []byte) *session {
	return s.call(at, aicc.PathUpload, fmt.Sprintf(`{"fileType":%q,"fileStream":%q,"channel":"WEB"}`, fileType, base64.StdEncoding.EncodeToString(data)),
		`{"returnCode":"0","objectKey":"`+key+`"}`)
}

// change alters the last entry by its text as JSON.
func (s *session) change(from, to string) *session {
	last, _ := json.Marshal(s.entries[len(s.entries)-1])
	if !strings.Contains(string(last), from) {
		panic("nothing to change: " + from + " in " + string(last))
	}
	s.entries[len(s.entries)-1] = json.RawMessage(strings.Replace(string(last), from, to, 1))
	return s
}

func (s *session) file() string {
	text, _ := json.Marshal(map[string]any{"log": map[string]any{"version": "1.2", "entries": s.entries}})
	return string(text)
}

// draftOf drafts a session for a file, and wants it to be a scenario.
func draftOf(t *testing.T, s *session) (*Drafted, *scenario.Scenario) {
	t.Helper()
	return drafted(t, s, DraftOptions{Source: "session.har", Name: "session", Customer: -1, Files: true})
}

func drafted(t *testing.T, s *session, opt DraftOptions) (*Drafted, *scenario.Scenario) {
	t.Helper()
	out, err := open(t, s.file()).Draft(opt)
	if err != nil {
		t.Fatalf("%v\nof %s", err, s.file())
	}
	return out, parsed(t, out)
}

// parsed reads a draft as a scenario.
func parsed(t *testing.T, out *Drafted) *scenario.Scenario {
	t.Helper()
	files := scenario.Options{Open: func(name string) (io.ReadCloser, error) {
		for _, f := range out.Files {
			if f.Name == filepath.Base(name) {
				return io.NopCloser(bytes.NewReader(f.Data)), nil
			}
		}
		return nil, fs.ErrNotExist
	}}
	s, err := scenario.Parse("session.yaml", out.Scenario, files)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, out.Scenario)
	}
	return s
}

// stepsOf are the steps of a flow in one line, without times.
func stepsOf(f *scenario.Flow) string {
	same := func(name string) string { return "<" + name + ">" }
	var all []string
	for _, step := range f.Steps {
		text := step.Describe()
		switch s := step.(type) {
		case scenario.Connect:
			text += " " + s.Text.Expand(same)
		case scenario.Say:
			text += " " + s.Text.Expand(same)
		case scenario.Handover:
			text += " " + s.Text.Expand(same)
		case scenario.Think:
			text += " " + s.Time.String()
		case scenario.Expect:
			if s.From != "" && !strings.Contains(text, s.From) {
				text += " " + s.From
			}
			if s.Optional {
				text += "?"
			}
		case scenario.Upload:
			if s.File != "" {
				text += " " + s.File
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func notesOf(out *Drafted) []string {
	var all []string
	for _, n := range out.Notes {
		all = append(all, n.String())
	}
	return all
}

// TestFlows turns recordings into flows. A row names what is odd in it.
func TestFlows(t *testing.T) {
	png := []byte("\x89PNG\r\n\x1a\nnot much of a picture")
	tests := []struct {
		name  string
		s     *session
		flows []string
		notes []string // parts of what is told, in order
	}{
		{"a talk with a robot", begin().connect(1).hear(1.5, "ROBOT").say(5, "where is my parcel?").hear(5.4, "ROBOT").hangUp(9),
			[]string{"connect hello, expect ROBOT, think 3.5s, say where is my parcel?, expect reply ROBOT, think 3.6s, hang up"}, nil},
		{"a hand-over through the queue, and the agent hangs up", begin().connect(1).hear(1.5, "ROBOT").transfer(3).hear(3.2, "ROBOT", "SYSTEM QUEUE").
			hear(20, "SYSTEM", "AGENT").say(30, "it is broken").hear(42, "AGENT").hear(50, "AGENT DISCONNECT"),
			[]string{"connect hello, expect ROBOT, think 1.5s, handover hello, expect ROBOT, expect AGENT, think 10s, say it is broken, expect reply AGENT, expect disconnect AGENT"}, nil},
		{"a hand-over by a word to the robot", begin().connect(1).hear(1.5, "ROBOT").say(3, "真人").hear(4, "AGENT").hangUp(5),
			[]string{"connect hello, expect ROBOT, think 1.5s, say 真人, expect AGENT, think 1s, hang up"}, nil},
		{"no robot: an agent answers at once", begin().connect(1).hear(8, "AGENT").say(9, "hello?").hear(9.5, "AGENT").hangUp(10),
			[]string{"connect hello, expect AGENT, think 1s, say hello?, expect reply AGENT, think 500ms, hang up"}, nil},
		{"nobody thinks", begin().connect(1).hear(1.1, "ROBOT").say(1.1, "a").say(1.2, "b").hear(1.3, "ROBOT").hangUp(1.3),
			[]string{"connect hello, expect ROBOT, say a, say b, expect reply ROBOT, hang up"}, nil},
		{"a message that comes while the customer speaks", begin().connect(1).hear(1.5, "ROBOT").say(3, "a").hear(3.05, "ROBOT").hangUp(4),
			[]string{"connect hello, expect ROBOT, think 1.5s, say a, expect reply ROBOT, think 900ms, hang up"}, nil},
		{"files of an agent, in an order of their own", begin().connect(1).transfer(2).hear(3, "AGENT").say(4, "show me").
			hear(5, "AGENT AUDIO", "AGENT", "AGENT IMAGE", "AGENT IMAGE").hangUp(6),
			[]string{"connect hello, think 900ms, handover hello, expect AGENT, think 1s, say show me, expect IMAGE AGENT, expect AUDIO AGENT, think 1s, hang up"}, nil},
		{"a greeting with a picture, which the embedded tenant's agents do not send", begin().connect(1).transfer(2).hear(3, "AGENT", "AGENT IMAGE").hangUp(4),
			[]string{"connect hello, think 900ms, handover hello, expect AGENT, expect IMAGE AGENT?, think 1s, hang up"}, []string{"entry 4: what came here"}},
		{"an upload", begin().connect(1).upload(2, "PNG", "key-0815-4711", png).send(2.2, "CHAT", "IMAGE", "key-0815-4711", "0").hangUp(3),
			[]string{"connect hello, think 1.1s, upload image session-1.png, think 700ms, hang up"}, nil},
		{"the same file twice, once as a file with its name", begin().connect(1).upload(2, "png", "k-1-key", png).send(2.2, "CHAT", "IMAGE", "k-1-key,png", "0").
			upload(3, "png", "k-2-key", png).send(3.2, "CHAT", "FILE", "a.png,30,k-2-key,png", "0").hangUp(4),
			[]string{"connect hello, think 1.1s, upload image session-1.png, think 900ms, upload file session-1.png, think 700ms, hang up"}, nil},
		{"an upload without its content", begin().connect(1).upload(2, "png", "key-0815-4711", nil).send(2.2, "CHAT", "IMAGE", "key-0815-4711", "0").hangUp(3),
			[]string{"connect hello, think 1.1s, upload image, think 700ms, hang up"}, []string{"entry 3: the uploaded file is empty or no Base64"}},
		{"a file that was uploaded before the recording", begin().connect(1).send(2, "CHAT", "VIDEO", "older-key", "0").hangUp(3),
			[]string{"connect hello, think 900ms, upload video, think 900ms, hang up"}, []string{"entry 3: the file of this message was not uploaded in the recording"}},
		{"a file of a type that a scenario does not upload", begin().connect(1).upload(2, "docx", "key-0815-4711", png).send(2.2, "CHAT", "FILE", "a.docx,30,key-0815-4711,docx", "0").hangUp(3),
			[]string{"connect hello, think 1.1s, upload file, think 700ms, hang up"}, []string{"entry 4: an uploaded file of type docx, which a scenario cannot upload"}},
		{"an upload that nothing points to", begin().connect(1).upload(2, "png", "key-0815-4711", png).hangUp(3),
			[]string{"connect hello, think 1.9s, hang up"}, []string{"entry 3: an uploaded file that no message points to"}},
		{"the recording ends first", begin().connect(1).hear(1.5, "ROBOT").say(3, "a"),
			[]string{"connect hello, expect ROBOT, think 1.5s, say a"}, []string{"entry 4: the recording ends"}},
		{"the recording begins late, with a robot", begin().hear(1, "ROBOT").say(3, "a").hear(4, "ROBOT").hangUp(5),
			[]string{"connect hello, expect ROBOT, think 2s, say a, expect reply ROBOT, think 1s, hang up"}, []string{"entry 2: the conversation began before the recording"}},
		{"the recording begins late, with an agent", begin().hear(1, "AGENT").say(3, "a").hear(4, "AGENT").hangUp(5),
			[]string{"connect hello, handover , expect AGENT, think 2s, say a, expect reply AGENT, think 1s, hang up"}, []string{"entry 2: the conversation began before the recording"}},
		{"only the end of a conversation, then a whole one", begin().hear(1, "AGENT DISCONNECT").connect(2).hear(3, "ROBOT").hangUp(4),
			[]string{"connect hello, expect ROBOT, think 1s, hang up"}, []string{"entry 2: the end of a conversation that began before the recording"}},
		{"polls before CONNECT, and after DISCONNECT", begin().hear(0.5).connect(1).hear(1.5, "ROBOT").hangUp(2).hear(3).hear(4, "ROBOT"),
			[]string{"connect hello, expect ROBOT, think 500ms, hang up"}, nil},
		{"a refused CONNECT", begin().send(1, "CONNECT", "TEXT", "hello", "12").connect(2).hear(3, "ROBOT").hangUp(4),
			[]string{"connect hello, expect ROBOT, think 1s, hang up"}, []string{"entry 2: a CONNECT that was refused with result code 12"}},
		{"a refused hand-over", begin().connect(1).hear(1.5, "ROBOT").send(2, "TRANS2AGENT", "TEXT", "", "12").say(3, "a").hear(4, "ROBOT").hangUp(5),
			[]string{"connect hello, expect ROBOT, think 1.5s, say a, expect reply ROBOT, think 1s, hang up"}, []string{"entry 4: a hand-over that was refused with result code 12"}},
		{"a refused text", begin().connect(1).hear(1.5, "ROBOT").send(3, "CHAT", "TEXT", "a", "13").hangUp(5),
			[]string{"connect hello, expect ROBOT, think 1.5s, say a, think 1.9s, hang up"}, []string{"entry 4: the tenant refused this message with result code 13"}},
		{"a hand-over to the agent who is there", begin().connect(1).transfer(2).hear(3, "AGENT").transfer(4).hangUp(5),
			[]string{"connect hello, think 900ms, handover hello, expect AGENT, think 2s, hang up"}, []string{"entry 5: a second hand-over"}},
		{"something said after the end", begin().connect(1).transfer(2).hear(3, "AGENT").say(4, "bye").hear(5, "AGENT", "AGENT DISCONNECT").say(6, "hello?").hangUp(7),
			[]string{"connect hello, think 900ms, handover hello, expect AGENT, think 1s, say bye, expect reply AGENT, expect disconnect AGENT"},
			[]string{"entry 7: something said after the conversation had ended"}},
		{"a system that hangs up on silence", begin().connect(1).hear(1.5, "ROBOT").say(2, "a").hear(3, "ROBOT").hear(63, "SYSTEM DISCONNECT"),
			[]string{"connect hello, expect ROBOT, think 500ms, say a, expect reply ROBOT, expect disconnect SYSTEM"}, nil},
		{"an agent who hangs up before anything was said", begin().connect(1).transfer(2).hear(3, "AGENT").hear(4, "AGENT DISCONNECT"),
			[]string{"connect hello, think 900ms, handover hello, expect AGENT, expect disconnect AGENT?"}, []string{"entry 5: what came here is nothing that the embedded tenant"}},
		{"a DISCONNECT of a robot ends nothing", begin().connect(1).hear(2, "ROBOT DISCONNECT").say(3, "a").hear(4, "ROBOT").hangUp(5),
			[]string{"connect hello, expect ROBOT, think 1s, say a, expect reply ROBOT, think 1s, hang up"}, nil},
		{"what a scenario has no step for", begin().connect(1).send(2, "INPUT", "TEXT", "", "0").send(2.1, "INPUT", "TEXT", "", "0").send(3, "CHAT", "WEBCARD", "{}", "0").
			call(4, aicc.PathRate, "{}", `{"resultCode":"0"}`).call(5, "/apiaccess/ccmessaging/v1/createClickToCall", "{}", `{"resultCode":"0"}`).hangUp(6),
			[]string{"connect hello, think 4.9s, hang up"},
			[]string{"createClickToCall: a scenario has no step for it", "entry 3: send INPUT: a scenario has no step for it (2 times)", "entry 5: a message of type WEBCARD", "entry 6: saveSatisfaction, the customer's rating"}},
		{"a send whose body the browser left out", begin().connect(1).say(2, "a").change(`"postData":{"text":`, `"bodySize":300,"postData":{"other":`).hangUp(3),
			[]string{"connect hello, think 1.9s, hang up"}, []string{"entry 3: what this send said is not in the recording"}},
		{"bodies that the browser left out, that of CONNECT too", begin().say(1, "").change(`"postData":{"text":`, `"bodySize":300,"postData":{"other":`).hear(2, "ROBOT").say(3, "a").hangUp(4),
			[]string{"connect hello, expect ROBOT, think 1s, say a, think 900ms, hang up"}, []string{"entry 2: what this send said is not in the recording (the recording does not have it); taken for CONNECT"}},
		{"tokens that end in between", begin().connect(1).hear(2, "ROBOT").say(3, "a").change(`"status":200`, `"status":401`).apply(3.2, "en_US").say(3.4, "a").hear(4, "ROBOT").hangUp(5),
			[]string{"connect hello, expect ROBOT, think 1.4s, say a, expect reply ROBOT, think 1s, hang up"}, []string{"entry 4: a send that was answered with HTTP 401"}},
		{"a poll whose answer the browser left out", begin().connect(1).hear(2, "ROBOT").change(`,"text":"{\"resultCode`, `,"other":"{\"resultCode`).hangUp(3),
			[]string{"connect hello, think 1.9s, hang up"}, []string{"entry 3: what a poll brought is not in the recording ("}},
		{"an empty text", begin().connect(1).say(2, " \n ").hangUp(3),
			[]string{"connect hello, think 1.9s, hang up"}, []string{"entry 3: an empty text"}},
		{"two conversations that differ", begin().connect(1).hear(2, "ROBOT").hangUp(3).connect(10).hear(11, "ROBOT").say(12, "a").hangUp(13),
			[]string{"connect hello, expect ROBOT, think 1s, hang up", "connect hello, expect ROBOT, think 1s, say a, think 900ms, hang up"}, nil},
		{"agents who hang up after one answer, and after two", begin().connect(1).transfer(2).hear(3, "AGENT").say(4, "a").hear(5, "AGENT", "AGENT DISCONNECT").
			connect(10).transfer(12).hear(13, "AGENT").say(14, "a").hear(15, "AGENT").say(16, "b").hear(17, "AGENT").hear(18, "AGENT DISCONNECT"),
			[]string{"connect hello, think 900ms, handover hello, expect AGENT, think 1s, say a, expect reply AGENT, expect disconnect AGENT?",
				"connect hello, think 1.9s, handover hello, expect AGENT, think 1s, say a, expect reply AGENT, think 1s, say b, expect reply AGENT, expect disconnect AGENT"},
			[]string{"entry 6: what came here is nothing that the embedded tenant"}},
		{"an agent who hangs up, and one who is told more", begin().connect(1).transfer(2).hear(3, "AGENT").say(4, "a").hear(5, "AGENT", "AGENT DISCONNECT").
			connect(10).transfer(12).hear(13, "AGENT").say(13, "a").hear(15, "AGENT").say(15, "b").hear(17, "AGENT").hangUp(18),
			[]string{"connect hello, think 900ms, handover hello, expect AGENT, think 1s, say a, expect reply AGENT, expect disconnect AGENT?",
				"connect hello, think 1.9s, handover hello, expect AGENT, say a, expect reply AGENT, say b, expect reply AGENT, think 1s, hang up"},
			[]string{"entry 6: what came here is nothing that the embedded tenant"}},
		{"a word that hands over once, and once does not", begin().connect(1).hear(2, "ROBOT").say(3, "Help").hear(4, "AGENT").hangUp(5).
			connect(6).hear(7, "ROBOT").say(8, "help").hear(9, "ROBOT").say(10, "well").hear(11, "ROBOT").hangUp(12),
			[]string{"connect hello, expect ROBOT, think 1s, say Help, expect AGENT?, think 1s, hang up",
				"connect hello, expect ROBOT, think 1s, say help, expect reply ROBOT, think 1s, say well, expect reply ROBOT, think 1s, hang up"},
			[]string{"entry 5: what came here is nothing that the embedded tenant"}},
		{"the embedded tenant's own keyword, to which the recorded robot was deaf", begin().connect(1).hear(2, "ROBOT").say(3, "human").hear(4, "ROBOT").say(5, "well").hear(6, "ROBOT").hangUp(7),
			[]string{"connect hello, expect ROBOT, think 1s, say human, expect reply ROBOT, think 1s, say well, expect reply ROBOT, think 1s, hang up"}, nil},
		{"no robot for one customer, a robot for the other", begin().connect(1).hear(2, "AGENT").hangUp(3).connect(6).hear(7, "ROBOT").hangUp(12),
			[]string{"connect hello, expect AGENT?, think 1s, hang up", "connect hello, expect ROBOT, think 5s, hang up"}, []string{"entry 3: what came here is nothing that the embedded tenant"}},
		{"a hand-over while nobody has answered yet, and impatience", begin().connect(1).transfer(1.2).say(2, "hello?").say(3, "hello??").hear(4, "AGENT").say(5, "at last").hear(6, "AGENT", "AGENT DISCONNECT"),
			[]string{"connect hello, think 100ms, handover hello, think 700ms, say hello?, think 900ms, say hello??, expect AGENT, think 1s, say at last, expect reply AGENT, expect disconnect AGENT"}, nil},
		{"two conversations alike are one flow", begin().connect(1).hear(2, "ROBOT").hangUp(3).connect(10).hear(11, "ROBOT").hangUp(17),
			[]string{"connect hello, expect ROBOT, think 1s..6s, hang up"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, s := draftOf(t, tt.s)
			var flows []string
			for _, f := range s.Flows {
				flows = append(flows, stepsOf(f))
			}
			if !slices.Equal(flows, tt.flows) {
				t.Errorf("flows\n got %s\nwant %s", strings.Join(flows, "\n     "), strings.Join(tt.flows, "\n     "))
			}
			compareNotes(t, out, tt.notes)
			wellTravelled(t, s, out.Scenario)
		})
	}
}

func compareNotes(t *testing.T, out *Drafted, want []string) {
	t.Helper()
	got := notesOf(out)
	if len(got) != len(want) {
		t.Fatalf("notes\n got %q\nwant %q", got, want)
	}
	unwrapped := strings.Join(strings.Fields(strings.ReplaceAll(string(out.Scenario), "\n#", "\n")), " ")
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("note %d is %q, want it to begin with %q", i, got[i], want[i])
		}
		if !strings.Contains(unwrapped, got[i]) {
			t.Errorf("the scenario does not tell %q:\n%s", got[i], out.Scenario)
		}
	}
}

// TestNoConversation finds nothing to draft, and says what was there.
func TestNoConversation(t *testing.T) {
	for name, s := range map[string]*session{
		"only tokens":               begin(),
		"polls that bring no-thing": begin().hear(1).hear(2),
		"a refused CONNECT":         begin().send(1, "CONNECT", "TEXT", "hello", "12"),
	} {
		out, err := open(t, s.file()).Draft(DraftOptions{Source: "session.har", Name: "session", Customer: -1})
		if !errors.Is(err, ErrNoConversation) || out == nil || out.Scenario != nil {
			t.Errorf("%s: got %v and %+v, want %v and no scenario", name, err, out, ErrNoConversation)
		}
	}
}

// TestKeysAlike finds the file of a message whose key begins like another one, however the keys are
// kept.
func TestKeysAlike(t *testing.T) {
	s := begin().connect(1)
	for i := range 10 {
		s.upload(2, "txt", "key-"+strings.Repeat("1", i+1), []byte{byte('a' + i)})
	}
	out, _ := draftOf(t, s.send(3, "CHAT", "FILE", "key-1111111111", "0").hangUp(4))
	if len(out.Files) != 1 || string(out.Files[0].Data) != "j" {
		t.Errorf("files %q, want the one with the longest key, j", out.Files)
	}
}
