package doctor

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/lang"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// replying answers one path with a status and a body, if the request's body contains some text.
func replying(path, containing string, status int, body string) *front {
	return &front{answer: func(w http.ResponseWriter, at, asked string) bool {
		if at != path || !strings.Contains(asked, containing) {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body)
		return true
	}}
}

// refusingPolls answers the polls of a conversation.
func refusingPolls(status int, body string) *front {
	var connected atomic.Bool
	polls := replying(aicc.PathPoll, "", status, body)
	return &front{answer: func(w http.ResponseWriter, at, asked string) bool {
		if strings.Contains(asked, `"`+aicc.Connect+`"`) {
			connected.Store(true)
		}
		return connected.Load() && polls.answer(w, at, asked)
	}}
}

// rewriting changes what one path answers.
func rewriting(path, pattern, with string) *front {
	re := regexp.MustCompile(pattern)
	return &front{change: func(at string, _ *http.Response, body string) string {
		if at != path {
			return body
		}
		return re.ReplaceAllString(body, with)
	}}
}

// clockOff has the gateway's clock go wrong.
func clockOff(by time.Duration) *front {
	return &front{change: func(_ string, r *http.Response, body string) string {
		r.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
		return body
	}}
}

var stamp = regexp.MustCompile(`"timestamp":(\d+)`)

// stampsOff has the clock go wrong that stamps messages.
func stampsOff(by time.Duration) *front {
	return &front{change: func(path string, _ *http.Response, body string) string {
		return stamp.ReplaceAllStringFunc(body, func(field string) string {
			ms, _ := strconv.ParseInt(stamp.FindStringSubmatch(field)[1], 10, 64)
			return fmt.Sprintf(`"timestamp":%d`, ms+by.Milliseconds())
		})
	}}
}

func both(a, b *front) *front {
	return &front{
		answer: func(w http.ResponseWriter, path, body string) bool {
			return a.answer != nil && a.answer(w, path, body) || b.answer != nil && b.answer(w, path, body)
		},
		change: func(path string, r *http.Response, body string) string {
			for _, f := range []*front{a, b} {
				if f.change != nil {
					body = f.change(path, r, body)
				}
			}
			return body
		},
	}
}

// setUp is a tenant that is set up in some way.
type setUp struct {
	name   string
	cfg    func(*scenario.Tenant)
	front  func() *front
	opt    func(*Options)
	wrong  string      // steps that are wrong, are warned of, or cannot be told, in their order
	absent string      // steps whose subject is not there, but for those that a full tenant lacks
	hint   string      // in what is said of the first of them, or in its advice or page
	opened int64       // conversations, 1 if it is 0 and there is one to be had; -1: none
	exit   result.Exit // -1: not looked at
}

// usual is what a full tenant lacks.
const usual = "certificate=absent handover=absent call=absent"

var setUps = []setUp{
	{name: "nothing is wrong"},
	{name: "healthy and odd", cfg: func(c *scenario.Tenant) {
		c.PollHold, c.BareToken, c.NumberCodes, c.Chunked, c.Gzip, c.ExtraFields, c.TextTimestamps = 0, true, true, true, true, true, true
	}},
	{name: "notices are off", cfg: func(c *scenario.Tenant) { c.Notices = false }},
	{name: "an agent who takes long to pick up", cfg: func(c *scenario.Tenant) {
		c.Notices, c.Agents.PickUp = false, scenario.Dist{A: 20 * time.Second, B: 20 * time.Second}
	}},
	{name: "user tokens that are replaced every two seconds", cfg: func(c *scenario.Tenant) { c.UserTokenLife = 2 * time.Second }},
	{name: "user tokens that end every two seconds", cfg: func(c *scenario.Tenant) {
		c.UserTokenLife, c.Renewal = 2*time.Second, scenario.Refuse
	}},
	{name: "each answer but those of polls takes ten seconds", cfg: func(c *scenario.Tenant) {
		c.ReplyDelay = scenario.Dist{A: 10 * time.Second, B: 10 * time.Second}
	}},
	{name: "each answer takes three seconds", front: func() *front {
		return &front{answer: func(http.ResponseWriter, string, string) bool { time.Sleep(3 * time.Second); return false }}
	}, wrong: "http=warn", hint: "an answer took 3s"},

	// The application.
	{name: "the secret is wrong", opt: func(o *Options) { o.Target.AppSecret = "not-the-secret" },
		wrong: "key=wrong", hint: "key or the secret is wrong, or the application is disabled", opened: -1, exit: 1},
	{name: "the key is wrong", opt: func(o *Options) { o.Target.AppKey = "somebody" },
		wrong: "key=wrong", hint: "接口鉴权方式", opened: -1, exit: 1},
	{name: "the application is disabled", front: func() *front {
		return replying(aicc.PathToken, "", 403, `{"resultCode":"403","resultDesc":"the app is disabled"}`)
	}, wrong: "key=wrong", hint: `"the app is disabled"`, opened: -1, exit: 1},
	{name: "the key is of another installation", front: func() *front { return replying(aicc.PathToken, "", 200, `{"error":"unknown app"}`) },
		wrong: "key=wrong", hint: "AccessToken is missing", opened: -1, exit: 1},
	{name: "tokens live short", front: func() *front { return rewriting(aicc.PathToken, `"Expires":"\d+"`, `"Expires":"30"`) },
		wrong: "life=warn", hint: "30 s, of 600"},
	{name: "tokens live longer than documented", front: func() *front { return rewriting(aicc.PathToken, `"Expires":"\d+"`, `"Expires":"7200"`) },
		wrong: "life=warn", hint: "7200 s"},
	{name: "tokens do not say how long they live", front: func() *front { return rewriting(aicc.PathToken, `"Expires":"\d+",`, ``) },
		wrong: "life=warn", hint: "Expires is missing"},

	// Clocks.
	{name: "the clock is two minutes behind", front: func() *front { return clockOff(-2 * time.Minute) },
		wrong: "clock=warn", hint: "behind that of this machine"},
	{name: "the clock is an hour ahead", front: func() *front { return clockOff(time.Hour) },
		wrong: "clock=wrong", hint: "ahead of that of this machine", exit: 1},
	{name: "no Date, and a token from yesterday", front: func() *front {
		noDate := func(w http.ResponseWriter, _, _ string) bool { w.Header()["Date"] = nil; return false }
		return &front{answer: noDate, change: func(path string, r *http.Response, body string) string {
			r.Header.Del("Date")
			return regexp.MustCompile(`"CreateTime":"\d+"`).ReplaceAllString(body, fmt.Sprintf(`"CreateTime":"%d"`, time.Now().Unix()-86400))
		}}
	}, wrong: "clock=wrong", hint: "CreateTime", exit: 1},
	{name: "messages are stamped ten minutes ahead", front: func() *front { return stampsOff(10 * time.Minute) },
		wrong: "timestamps=wrong", hint: "stamps messages", exit: 1},
	{name: "messages are stamped a minute behind", front: func() *front { return stampsOff(-time.Minute) },
		wrong: "timestamps=warn", hint: "behind"},
	{name: "messages have no timestamp", front: func() *front { return rewriting(aicc.PathPoll, `"timestamp":\d+,`, "") },
		wrong: "timestamps=warn", hint: "has a timestamp"},

	// The channel.
	{name: "the channel id is wrong", opt: func(o *Options) { o.Target.Channel = "4711" },
		wrong: "channel=wrong", hint: "渠道配置", opened: -1, exit: 1},
	{name: "the channel is disabled", front: func() *front {
		return replying(aicc.PathApply, "", 200, `{"resultCode":"1","resultDesc":"channel is disabled"}`)
	}, wrong: "channel=wrong", hint: `"channel is disabled"`, opened: -1, exit: 1},
	{name: "the channel is of another application", front: func() *front { return replying(aicc.PathApply, "", 401, ``) },
		wrong: "channel=wrong", hint: "may ask for tokens and not for this interface", opened: -1, exit: 1},
	{name: "agents do not work now", cfg: func(c *scenario.Tenant) { c.Robot, c.Hours.Never = nil, true },
		wrong: "hours=wrong", hint: "座席工作时间", opened: -1, exit: 1},
	{name: "agents do not work now, and the robot does", cfg: func(c *scenario.Tenant) { c.Hours.Never = true },
		wrong: "hours=wrong", hint: "come back in working hours", exit: 1},
	{name: "CONNECT fails", front: func() *front {
		return replying(aicc.PathSend, aicc.Connect, 200, `{"resultCode":"13","resultDesc":"no service"}`)
	}, wrong: "connect=wrong", hint: "no service address", opened: -1, exit: 1},
	{name: "CONNECT breaks", front: func() *front { return replying(aicc.PathSend, `"CONNECT"`, 500, `{}`) },
		wrong: "connect=wrong", hint: "HTTP 500", opened: -1, exit: 1},

	// Robot and hand-over.
	{name: "no robot", cfg: func(c *scenario.Tenant) { c.Robot = nil }, absent: "robot=absent keyword=absent"},
	{name: "the robot is missing", cfg: func(c *scenario.Tenant) { c.Robot = nil }, opt: func(o *Options) { yes := true; o.Target.Robot = &yes },
		wrong: "robot=wrong", hint: "a robot was expected", exit: 1},
	{name: "the robot greets and says no more", cfg: func(c *scenario.Tenant) { c.Mutants = []string{"mute-robot:every=1"} },
		wrong: "robot=wrong", hint: "greets and does not answer", exit: 1},
	{name: "the robot greets twice and says no more", cfg: func(c *scenario.Tenant) { c.Mutants = []string{"mute-robot:every=1"} }, front: func() *front {
		welcome := regexp.MustCompile(`\[(\{[^\]]*Hello, what can I do for you[^\]]*\})\]`)
		held, greeted := "", false
		return &front{change: func(path string, _ *http.Response, body string) string {
			if m := welcome.FindStringSubmatch(body); m != nil {
				held = m[1]
				return body
			}
			if held != "" && !greeted && path == aicc.PathPoll {
				greeted = true
				return `{"resultCode":"0","downlinkMessages":[` + held + `]}`
			}
			return body
		}}
	}, wrong: "robot=wrong", hint: "greets and does not answer", exit: 1},
	{name: "the robot says nothing at all", cfg: func(c *scenario.Tenant) { c.Robot.Welcome, c.Mutants = "", []string{"mute-robot:every=1"} },
		wrong: "robot=wrong", hint: "配置智能机器人", exit: 1},
	{name: "polls are refused", front: func() *front { return refusingPolls(500, `{}`) },
		wrong: "robot=wrong agents=wrong", hint: "a poll was refused: HTTP 500", exit: 1},
	{name: "polls are answered by something else", cfg: func(c *scenario.Tenant) { c.Robot = nil },
		front: func() *front { return refusingPolls(200, `<html></html>`) },
		wrong: "robot=wrong agents=wrong", hint: "the body is not JSON", exit: 1},
	{name: "the robot has no welcome", cfg: func(c *scenario.Tenant) { c.Robot.Welcome = "" }},
	{name: "the keyword is another one", opt: func(o *Options) { o.Keyword = "somebody else" },
		wrong: "keyword=wrong", hint: "转人工关键字", exit: 1},
	{name: "the keyword is not known", opt: func(o *Options) { o.Keyword = "" }},
	{name: "TRANS2AGENT fails", opt: func(o *Options) { o.Keyword = "" }, front: func() *front {
		return replying(aicc.PathSend, aicc.Transfer, 200, `{"resultCode":"13"}`)
	}, wrong: "handover=wrong", hint: "no channel configuration", exit: 1},

	// Queue and agents.
	{name: "no agents are signed in", cfg: func(c *scenario.Tenant) { c.Agents.Count = 0 },
		wrong: "agents=wrong", hint: "座席管理", exit: 1},
	{name: "no agents, and no robot", cfg: func(c *scenario.Tenant) { c.Robot, c.Agents.Count = nil, 0 },
		wrong: "agents=wrong", hint: "place 1 of the queue", absent: "robot=absent keyword=absent", exit: 1},
	{name: "the queue has no room", cfg: func(c *scenario.Tenant) { c.Agents.Count, c.Queue.Limit = 0, 0 },
		wrong: "handover=wrong", hint: "技能队列", exit: 1},
	{name: "the queue lets nobody wait", cfg: func(c *scenario.Tenant) { c.Agents.Count, c.Queue.MaxWait = 0, 8*time.Second },
		wrong: "agents=wrong", hint: "before an agent spoke", opened: 2, exit: 1},
	{name: "the queue cannot be asked", front: func() *front { return replying(aicc.PathQueue, "", 200, `{"resultCode":"160001"}`) },
		wrong: "queue=wrong", hint: "agents' platform cannot be reached", exit: 1},
	{name: "an agent who never speaks", cfg: func(c *scenario.Tenant) { c.Agents.PickUp = scenario.Dist{A: time.Hour, B: time.Hour} },
		wrong: "text=unsure download=unsure", hint: "no agent answered", exit: 2},
	{name: "agents send no pictures", cfg: func(c *scenario.Tenant) { c.Agents.Media.Image = 0 },
		wrong: "download=unsure", hint: "have an agent send one", exit: 2},
	{name: "agents hang up after an answer", cfg: func(c *scenario.Tenant) { c.Agents.Chats = [2]int{1, 1} }, opened: 2},

	{name: "whoever speaks is hung up on", cfg: func(c *scenario.Tenant) { c.Robot, c.SilenceAfter = nil, 200*time.Millisecond },
		front: func() *front {
			return &front{answer: func(_ http.ResponseWriter, path, body string) bool {
				if strings.Contains(body, `"CHAT"`) {
					time.Sleep(400 * time.Millisecond)
				}
				return false
			}}
		}, wrong: "text=unsure upload=unsure download=unsure", hint: "hung up twice", absent: "robot=absent keyword=absent disconnect=absent", opened: 2, exit: 2},

	// Files, and what lies around the conversation.
	{name: "uploads are refused", cfg: func(c *scenario.Tenant) { c.UploadLimit = 1 },
		wrong: "upload=wrong", hint: "uploadFileStream", exit: 1},
	{name: "uploads get no key", front: func() *front { return rewriting(aicc.PathUpload, `"objectKey":"[^"]*"`, `"objectKey":""`) },
		wrong: "upload=wrong", hint: "gave no objectKey", exit: 1},
	{name: "pictures are larger than may be fetched", cfg: func(c *scenario.Tenant) { c.DownloadLimit = 1 },
		wrong: "download=wrong", hint: "file server", exit: 1},
	{name: "pictures are not Base64", front: func() *front { return rewriting(aicc.PathDownload, `"fileStream":"`, `"fileStream":"%%`) },
		wrong: "download=wrong", hint: "not Base64", exit: 1},
	{name: "pictures are empty", front: func() *front { return rewriting(aicc.PathDownload, `"fileStream":"[^"]*"`, `"fileStream":""`) },
		wrong: "download=wrong", hint: "is empty", exit: 1},
	{name: "click-to-call is on", front: func() *front { return rewriting(aicc.PathSupport, `false`, `true`) }},
	{name: "click-to-call is broken", front: func() *front { return replying(aicc.PathSupport, "", 500, ``) },
		wrong: "call=wrong", hint: "点击通话被叫配置", exit: 1},
	{name: "no history", cfg: func(c *scenario.Tenant) { c.History = false }, absent: "history=absent"},
	{name: "the history is not offered", front: func() *front { return replying(aicc.PathHistory, "", 404, ``) }, absent: "history=absent"},
	{name: "the history is empty", front: func() *front {
		return replying(aicc.PathHistory, "", 200, `{"resultCode":"0","messageList":[]}`)
	}, wrong: "history=warn", hint: "it lacks what was said"},
	{name: "the history is broken", front: func() *front { return replying(aicc.PathHistory, "", 500, ``) },
		wrong: "history=wrong", hint: "HTTP 500", exit: 1},
	{name: "no survey", cfg: func(c *scenario.Tenant) { c.Survey = false }, absent: "survey=absent"},
	{name: "the survey takes no answers", front: func() *front { return replying(aicc.PathRate, "", 200, `{"resultCode":"13"}`) },
		wrong: "survey=wrong", hint: "管理问卷", exit: 1},
	{name: "the survey is broken", front: func() *front { return replying(aicc.PathSurvey, "", 200, `{"resultCode":"13"}`) },
		wrong: "survey=wrong", hint: "getsatisfactionsurveymode", exit: 1},
	{name: "the survey cannot be read", front: func() *front {
		return replying(aicc.PathSurvey, "", 200, `{"resultCode":"0","satisfactionSurvey":[]}`)
	}, wrong: "survey=wrong", hint: "another form", exit: 1},
	{name: "messages cannot be left", front: func() *front { return replying(aicc.PathLeave, "", 200, `{"resultCode":"13"}`) },
		wrong: "leave=wrong", hint: "doLeaveMessage", exit: 1},

	// Several at once.
	{name: "clock, keyword, uploads and survey", cfg: func(c *scenario.Tenant) { c.UploadLimit, c.Survey = 1, false },
		opt: func(o *Options) { o.Keyword = "???" }, front: func() *front { return clockOff(-time.Hour) },
		wrong: "clock=wrong keyword=wrong upload=wrong", absent: "survey=absent", exit: 1},
	{name: "no agents, and messages cannot be left", cfg: func(c *scenario.Tenant) { c.Agents.Count = 0 },
		front: func() *front { return replying(aicc.PathLeave, "", 200, `{"resultCode":"13"}`) },
		wrong: "agents=wrong leave=wrong", exit: 1},
	{name: "closed, mute robot, short tokens", cfg: func(c *scenario.Tenant) { c.Hours.Never, c.Mutants = true, []string{"mute-robot:every=1"} },
		front: func() *front { return rewriting(aicc.PathToken, `"Expires":"\d+"`, `"Expires":"30"`) },
		wrong: "life=warn robot=wrong hours=wrong", exit: 1},
	{name: "no history and no pictures, agents hang up at once, and the survey is broken",
		cfg: func(c *scenario.Tenant) {
			c.History, c.DownloadLimit, c.Agents.Chats = false, 1, [2]int{1, 1}
		},
		front: func() *front {
			return both(replying(aicc.PathRate, "", 200, `{"resultCode":"13"}`), stampsOff(time.Hour))
		},
		wrong: "download=wrong timestamps=wrong survey=wrong", absent: "history=absent", opened: 2, exit: 1},
}

// TestSetUps walks through tenants that are set up wrong in one way or in several, and wants exactly
// that to be told, with no more conversations than are promised, and none left open.
func TestSetUps(t *testing.T) {
	for _, c := range setUps {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := full()
			if c.cfg != nil {
				c.cfg(&cfg)
			}
			var f *front
			if c.front != nil {
				f = c.front()
			}
			v := visit(t, cfg, f, func(o *Options, _ *rig) {
				if c.opt != nil {
					c.opt(o)
				}
			})
			c.judge(t, &v)
			if t.Failed() {
				v.tell(t)
			}
		})
	}
}

func (c *setUp) judge(t *testing.T, v *visited) {
	t.Helper()
	if got := outcome(v.Report, Wrong, Warned, Unsure); got != c.wrong {
		t.Errorf("wrong are %q, want %q", got, c.wrong)
	}
	for _, id := range strings.Fields(outcome(v.Report, Absent)) {
		if !strings.Contains(usual+" "+c.absent, id) {
			t.Errorf("%s, which is there", id)
		}
	}
	for _, id := range strings.Fields(c.absent) {
		if !strings.Contains(outcome(v.Report, Absent), id) {
			t.Errorf("%s was not told", id)
		}
	}
	if first, _, _ := strings.Cut(c.wrong, "="); c.hint != "" {
		s := v.step(t, first)
		if text := fmt.Sprintf("%s %s %+v", s.Saw, s.Advice, s.Page); !strings.Contains(text, c.hint) {
			t.Errorf("of %s it says %q, want %q in it", first, text, c.hint)
		}
	}
	want := max(c.opened, 0)
	if c.opened == 0 {
		want = 1
	}
	if v.stats.Opened != want || int64(v.Conversations.Opened) < want || v.Conversations.Opened > mostConnects {
		t.Errorf("%d conversations were opened and %d told of, want %d", v.stats.Opened, v.Conversations.Opened, want)
	}
	if v.Exit != c.exit {
		t.Errorf("exit code %d, want %d", v.Exit, c.exit)
	}
	v.noneOpen(t)
	v.sound(t)
}

// english is a piece of a sentence of ours that was not translated; what a tenant or a library says is
// in quotes or stays as it is.
var (
	english  = regexp.MustCompile(`\b(the|is|are|was|not|and|of|with|within|look|step)\b`)
	inQuotes = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
)

// inChinese is a text as a Chinese reader gets it.
func inChinese(text string) string {
	say, err := lang.For("zh")
	if err != nil {
		panic(err)
	}
	return say.T(text)
}

// sound wants a report to make sense in itself.
func (r *Report) sound(t *testing.T) {
	t.Helper()
	if len(r.Steps) != len(steps) {
		t.Errorf("%d steps, want %d", len(r.Steps), len(steps))
	}
	for _, s := range r.Steps {
		switch {
		case s.Saw == "" || s.Title == "":
			t.Errorf("of %s nothing is said", s.ID)
		case s.State == Wrong && s.Advice == "":
			t.Errorf("%s is wrong, and there is no advice", s.ID)
		case s.State == Right && s.Advice != "":
			t.Errorf("%s is right, and there is advice: %s", s.ID, s.Advice)
		case s.Basis.Section != "" && !sections()[s.Basis.Section]:
			t.Errorf("%s leans on section %s of docs/protocol.md, which is not there", s.ID, s.Basis.Section)
		case s.State != Skipped && s.Basis.Mark == "":
			t.Errorf("%s is %s, and it is not said what that leans on", s.ID, s.State)
		}
		for _, text := range []string{s.Title, s.Saw, s.Advice} {
			if left := english.FindString(inQuotes.ReplaceAllString(inChinese(text), "")); left != "" {
				t.Errorf("%q stays English at %q in Chinese: %s", text, left, inChinese(text))
			}
		}
		if s.Because != "" && !slices.Contains([]State{Wrong, Unsure, Skipped}, r.step(t, s.Because).State) {
			t.Errorf("%s was skipped for the sake of %s, which is %s", s.ID, s.Because, r.step(t, s.Because).State)
		}
	}
}
