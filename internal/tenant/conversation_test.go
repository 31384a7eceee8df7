package tenant

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
)

func TestWholeConversation(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.Agents.Chats = [2]int{2, 2} }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		if got := u.connect(); got.Code != "0" {
			t.Fatalf("CONNECT = %s, want code 0", got.body)
		}
		all := u.until("the welcome", from(aicc.FromRobot))
		u.say("where is my parcel?")
		all = append(all, u.until("the robot's answer", from(aicc.FromRobot))...)
		u.transfer()
		all = append(all, u.until("the agent's greeting", from(aicc.FromAgent))...)
		for range 2 {
			u.say("a detail")
			all = append(all, u.until("the agent's answer", from(aicc.FromAgent))...)
		}
		all = append(all, u.until("DISCONNECT", hungUp)...)
		const want = "ROBOT ROBOT ROBOT SYSTEM AGENT AGENT AGENT AGENT AGENT-DISCONNECT"
		if got := sources(all); got != want {
			t.Errorf("said: %s\nwant: %s\nin words: %s", got, want, tell(all))
		}
		checkMarkers(t, all)
	})
}

// checkMarkers demands that every text but DISCONNECT has an intact marker, numbered from 0 for
// each sender, and that only the last of robot and agent says so.
func checkMarkers(t *testing.T, all []aicc.Downlink) {
	t.Helper()
	next, fin := make(map[marker.Sender]int), make(map[marker.Sender]int)
	for _, m := range all {
		if m.ControlType != aicc.Chat || m.MediaType != aicc.Text {
			continue
		}
		k, _, status := marker.Parse(m.Content)
		if status != marker.Intact || k.Seq != next[k.Sender] || k.Run != 7 || len([]rune(m.Content)) > 500 {
			t.Errorf("%q has marker %+v, status %v; want an intact one of run 7 with seq %d", m.Content, k, status, next[k.Sender])
		}
		next[k.Sender]++
		if k.Fin {
			fin[k.Sender] = next[k.Sender]
		}
	}
	for _, s := range []marker.Sender{marker.Robot, marker.Agent} {
		if fin[s] != next[s] {
			t.Errorf("sender %c: the last of %d texts is marked as number %d", s, next[s], fin[s])
		}
	}
}

func TestCauseIsTheLatestTextHeard(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect() // number 0
		all := u.until("the welcome", from(aicc.FromRobot))
		u.say("one")
		u.say("two")
		pass(time.Second)
		all = append(all, u.poll().Messages...)
		var causes []int
		for _, m := range all {
			k, _, _ := marker.Parse(m.Content)
			causes = append(causes, k.Cause)
		}
		if want := "[0 2 2]"; fmt.Sprint(causes) != want {
			t.Errorf("causes %v of %s, want %s", causes, tell(all), want)
		}
	})
}

func TestWhoIsThere(t *testing.T) {
	tests := []struct {
		name   string
		change func(*scenario.Tenant)
		talk   func(*user)
		want   string
	}{
		{"robot first", nil, func(*user) {}, "ROBOT"},
		{"a robot without a welcome", func(c *scenario.Tenant) { c.Robot.Welcome = "" }, func(*user) {}, ""},
		{"agents first", func(c *scenario.Tenant) { c.Robot = nil }, func(*user) {}, "SYSTEM AGENT"},
		{"several messages an answer", func(c *scenario.Tenant) { c.Robot.Messages = [2]int{3, 3} },
			func(u *user) { u.say("hi") }, "ROBOT ROBOT ROBOT ROBOT"},
		{"keyword", nil, func(u *user) { u.say(" Human ") }, "ROBOT ROBOT SYSTEM AGENT"},
		{"keyword inside a text is not one", nil, func(u *user) { u.say("a human please") }, "ROBOT ROBOT"},
		{"keyword anywhere", func(c *scenario.Tenant) { c.KeywordAnywhere = true },
			func(u *user) { u.say("a human please") }, "ROBOT ROBOT SYSTEM AGENT"},
		{"keyword without agents", func(c *scenario.Tenant) { c.Agents.Count, c.Queue.Limit = 0, 0 },
			func(u *user) { u.say("human") }, "ROBOT ROBOT"},
		{"TRANS2AGENT", nil, func(u *user) { u.transfer() }, "ROBOT ROBOT SYSTEM AGENT"},
		{"texts said while waiting are answered", nil, func(u *user) { u.transfer(); u.say("one"); u.say("two") },
			"ROBOT ROBOT SYSTEM AGENT AGENT AGENT"},
		{"what the robot was asked is not asked again", nil, func(u *user) { u.say("one"); u.transfer() },
			"ROBOT ROBOT SYSTEM AGENT"},
		{"what was said behind the keyword is for the agent", nil, func(u *user) { u.say("human"); u.say("one") },
			"ROBOT ROBOT SYSTEM AGENT AGENT"},
		{"an agent who hangs up", func(c *scenario.Tenant) { c.Agents.Chats = [2]int{1, 1} },
			func(u *user) { u.transfer(); u.say("one") }, "ROBOT ROBOT SYSTEM AGENT AGENT AGENT AGENT-DISCONNECT"},
		{"agents who say nothing in an answer", func(c *scenario.Tenant) { c.Agents.Messages = [2]int{0, 0} },
			func(u *user) { u.transfer(); u.say("one") }, "ROBOT ROBOT SYSTEM AGENT"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.change, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				pass(500 * ms)
				tt.talk(u)
				pass(4 * time.Second)
				got := u.poll().Messages
				if sources(got) != tt.want {
					t.Errorf("said: %s\nwant: %s\nin words: %s", sources(got), tt.want, tell(got))
				}
			})
		})
	}
}

func TestSendCodes(t *testing.T) {
	type step func(*user) reply
	send := func(control, media, content string) step {
		return func(u *user) reply { return u.sendRaw(aicc.PathSend, control, media, content) }
	}
	connect, disconnect := send(aicc.Connect, aicc.Text, ""), send(aicc.Disconnect, aicc.Text, "")
	transfer, hi := send(aicc.Transfer, aicc.Text, ""), send(aicc.Chat, aicc.Text, "hi")
	raw := func(body string) step { return func(u *user) reply { return u.post(aicc.PathSend, body) } }
	closed := func(c *scenario.Tenant) {
		c.Hours = scenario.Hours{Open: time.Hour, Close: 2 * time.Hour} // the bubble's clock starts at midnight UTC
	}
	without := func(field string) step {
		fields := map[string]string{"channel": "WEB", "controlType": "CHAT", "mediaType": "TEXT", "content": "hi",
			"sourceType": "CUSTOMER", "from": "u-1", "to": quick().Channel}
		delete(fields, field)
		var parts []string
		for k, v := range fields {
			parts = append(parts, fmt.Sprintf("%q:%q", k, v))
		}
		return raw("{" + strings.Join(parts, ",") + "}")
	}
	tests := []struct {
		name   string
		change func(*scenario.Tenant)
		steps  []step
		want   string // code of the last step
	}{
		{"connect without content", nil, []step{connect}, "0"},
		{"second connect", nil, []step{connect, connect}, "0"},
		{"second connect, refused", func(c *scenario.Tenant) { c.SecondConnect = "160021" }, []step{connect, connect}, "160021"},
		{"connect again after the end", nil, []step{connect, disconnect, connect}, "0"},
		{"connect to the robot out of hours", closed, []step{connect}, "0"},
		{"connect to agents out of hours", func(c *scenario.Tenant) { closed(c); c.Robot = nil }, []step{connect}, "12"},
		{"connect when the queue is full", func(c *scenario.Tenant) { c.Robot, c.Agents.Count, c.Queue.Limit = nil, 0, 0 }, []step{connect}, "13"},
		{"chat", nil, []step{connect, hi}, "0"},
		{"chat without a conversation", nil, []step{hi}, "13"},
		{"chat after the end", nil, []step{connect, disconnect, hi}, "13"},
		{"chat without a conversation, another code", func(c *scenario.Tenant) { c.NoConversation = "160004" }, []step{hi}, "160004"},
		{"empty chat", nil, []step{connect, send(aicc.Chat, aicc.Text, "")}, "13"},
		{"longest text", nil, []step{connect, send(aicc.Chat, aicc.Text, strings.Repeat("é", 1024))}, "0"},
		{"text too long", nil, []step{connect, send(aicc.Chat, aicc.Text, strings.Repeat("é", 1025))}, "13"},
		{"text too long in bytes", func(c *scenario.Tenant) { c.TextLimitBytes = true }, []step{connect, send(aicc.Chat, aicc.Text, strings.Repeat("é", 513))}, "13"},
		{"no limit of texts", func(c *scenario.Tenant) { c.TextLimit = 0 }, []step{connect, send(aicc.Chat, aicc.Text, strings.Repeat("x", 10000))}, "0"},
		{"transfer", nil, []step{connect, transfer}, "0"},
		{"transfer without a conversation", nil, []step{transfer}, "13"},
		{"transfer to whom one has", nil, []step{connect, transfer, transfer}, "13"},
		{"transfer out of hours", closed, []step{connect, transfer}, "12"},
		{"transfer when the queue is full", func(c *scenario.Tenant) { c.Agents.Count, c.Queue.Limit = 0, 0 }, []step{connect, transfer}, "13"},
		{"disconnect", nil, []step{connect, disconnect}, "0"},
		{"disconnect twice", nil, []step{connect, disconnect, disconnect}, "13"},
		{"typing", nil, []step{connect, send(aicc.Input, aicc.Text, "")}, "0"},
		{"read", nil, []step{connect, send(aicc.Read, aicc.Text, "m-1")}, "0"},
		{"typing without a conversation", nil, []step{send(aicc.Input, aicc.Text, "")}, "13"},
		{"unknown control type", nil, []step{connect, send("SHOUT", aicc.Text, "hi")}, "13"},
		{"unknown media type", nil, []step{connect, send(aicc.Chat, "SMELL", "hi")}, "13"},
		{"picture that was not uploaded", nil, []step{connect, send(aicc.Chat, aicc.Image, "no-such-key")}, "13"},
		{"web card", nil, []step{connect, send(aicc.Chat, "WEBCARD", `{"title":"t","redirectUrl":"https://example.test"}`)}, "0"},
		{"web card without an address", nil, []step{connect, send(aicc.Chat, "WEBCARD", `{"title":"t"}`)}, "13"},
		{"no channel", nil, []step{connect, without("channel")}, "13"},
		{"no control type", nil, []step{connect, without("controlType")}, "13"},
		{"no media type", nil, []step{connect, without("mediaType")}, "13"},
		{"no source type", nil, []step{connect, without("sourceType")}, "13"},
		{"no from", nil, []step{connect, without("from")}, "13"},
		{"no to", nil, []step{connect, without("to")}, "13"},
		{"everything there", nil, []step{connect, without("")}, "0"},
		{"from somebody else", nil, []step{connect, raw(`{"channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":"hi","sourceType":"CUSTOMER","from":"u-2","to":"2025010112345678"}`)}, "13"},
		{"messageId with a comma", nil, []step{connect, raw(`{"channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":"hi","sourceType":"CUSTOMER","from":"u-1","to":"2025010112345678","messageId":"a,b"}`)}, "13"},
		{"async answers 0 whatever happens", nil, []step{func(u *user) reply { return u.sendRaw(aicc.PathSendAsync, aicc.Chat, aicc.Text, "hi") }}, "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.change, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				var got reply
				for _, s := range tt.steps {
					got = s(u)
				}
				if got.status != 200 || got.Code != tt.want {
					t.Errorf("status %d, %s; want 200 and code %s", got.status, got.body, tt.want)
				}
			})
		})
	}
}

func TestAsyncDoesTheSame(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.sendRaw(aicc.PathSendAsync, aicc.Connect, aicc.Text, "")
		u.sendRaw(aicc.PathSendAsync, aicc.Chat, aicc.Text, "hi")
		pass(time.Second)
		if got := u.poll().Messages; sources(got) != "ROBOT ROBOT" {
			t.Errorf("said: %s, want a welcome and an answer", tell(got))
		}
		u.sendRaw(aicc.PathSendAsync, aicc.Disconnect, aicc.Text, "")
		if s := r.tenant.Stats(); s.Ended != 1 {
			t.Errorf("%d conversations ended, want 1", s.Ended)
		}
	})
}

func TestMessageIDs(t *testing.T) {
	chat := func(u *user, id string) {
		u.post(aicc.PathSend, fmt.Sprintf(`{"channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":"hi","sourceType":"CUSTOMER","from":"u-1","to":%q,"messageId":%q}`, quick().Channel, id))
	}
	for _, tt := range []struct {
		drop bool
		want int // messages heard of three, the second of which repeats the first
	}{{true, 2}, {false, 3}} {
		inBubble(t, func(c *scenario.Tenant) { c.DropDuplicateSend = tt.drop }, func(t *testing.T, r *rig) {
			u := r.user("u-1")
			u.connect()
			for _, id := range []string{"m-1", "m-1", "m-2"} {
				chat(u, id)
			}
			rec, _ := r.tenant.Journal("u-1", 0)
			if rec.Heard != tt.want {
				t.Errorf("dropping repetitions %v: heard %d messages, want %d", tt.drop, rec.Heard, tt.want)
			}
			for i := range 2 * keptIDs {
				chat(u, fmt.Sprint("n-", i))
			}
			c, _ := r.tenant.customers.get([]byte("u-1"))
			if n := len(c.conv.seen); n > keptIDs {
				t.Errorf("%d messageIds are kept, want at most %d", n, keptIDs)
			}
		})
	}
}

func TestCustomerHangsUp(t *testing.T) {
	for _, echo := range []bool{false, true} {
		inBubble(t, func(c *scenario.Tenant) { c.DisconnectEcho = echo; c.Agents.Count, c.Agents.Conversations = 1, 1 }, func(t *testing.T, r *rig) {
			u := r.user("u-1")
			u.connect()
			u.transfer()
			pass(time.Second)
			u.say("a question that nobody will answer")
			if s := r.tenant.Stats(); s.Busy != 1 {
				t.Errorf("%d agents busy during the conversation, want 1", s.Busy)
			}
			u.disconnect()
			if s := r.tenant.Stats(); s.Busy != 0 || s.Opened != 1 || s.Ended != 1 {
				t.Errorf("after DISCONNECT: %+v, want no busy agent and one ended conversation", s)
			}
			pass(time.Minute)
			want := "ROBOT SYSTEM AGENT"
			if echo {
				want += " SYSTEM-DISCONNECT"
			}
			if got := u.poll().Messages; sources(got) != want {
				t.Errorf("echo %v: waiting at the end: %s, want %s", echo, sources(got), want)
			}
			rec, _ := r.tenant.Journal("u-1", 0)
			if rec.Ended != "customer" || rec.HungUp || rec.Owed || rec.Heard != 1 {
				t.Errorf("record %+v, want ended by the customer after 1 text", rec)
			}
		})
	}
}

func TestReconnectStartsClean(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		pass(time.Second) // the welcome waits
		u.disconnect()
		u.again()
		u.connect()
		pass(time.Second)
		got := u.poll().Messages
		if len(got) != 1 {
			t.Fatalf("delivered %s, want one welcome", tell(got))
		}
		if k, _, _ := marker.Parse(got[0].Content); k.Epoch != 1 {
			t.Errorf("the welcome is of epoch %d, want 1", k.Epoch)
		}
		old, ok := r.tenant.Journal("u-1", 0)
		if !ok || len(old.Senders) != 1 || old.Senders[0].Waiting != 1 {
			t.Errorf("record of the first conversation %+v, %v; want one text that waited", old, ok)
		}
	})
}

func TestSilence(t *testing.T) {
	for _, tt := range []struct {
		name  string
		async bool
		want  string // isOfflineStatus
	}{{"asynchronous off", false, "false"}, {"asynchronous on", true, "true"}} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) { c.SilenceAfter, c.SilenceAsync = time.Minute, tt.async }, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				start := time.Now()
				u.connect()
				for time.Since(start) < 50*time.Second { // not silent yet
					u.poll()
				}
				said := time.Now()
				u.say("still here")
				all := u.until("DISCONNECT", hungUp)
				end := all[len(all)-1]
				if d := time.Since(said); d < time.Minute || d > time.Minute+100*ms {
					t.Errorf("DISCONNECT %v after the last text, want 1m0s", d)
				}
				if end.SourceType != aicc.FromSystem || string(end.IsOffline) != tt.want || (end.Content != "") != tt.async {
					t.Errorf("DISCONNECT %+v, want SYSTEM with isOfflineStatus %s", end, tt.want)
				}
				rec, _ := r.tenant.Journal("u-1", 0)
				if rec.Ended != "silence" || !rec.HungUp || rec.Owed {
					t.Errorf("record %+v, want hung up for silence and DISCONNECT delivered", rec)
				}
			})
		})
	}
}

func TestWaitingIsNotSilence(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.SilenceAfter, c.Agents.Count = time.Minute, 0 }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.transfer()
		for range 60 {
			u.poll()
		}
		if rec, _ := r.tenant.Journal("u-1", 0); rec.Ended != "" {
			t.Errorf("a customer who waits in the queue for 5 minutes: ended by %s, want still waiting", rec.Ended)
		}
	})
}

func TestRelease(t *testing.T) {
	for _, tt := range []struct {
		name  string
		limit time.Duration
		poll  bool
		want  string
	}{
		{"no poll for too long", time.Minute, false, "release"},
		{"polls", time.Minute, true, ""},
		{"never released", 0, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) { c.SessionTimeout = tt.limit; c.PollHold = 80 * time.Second }, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				for range 5 {
					if tt.poll {
						u.poll() // held for longer than the limit
					}
					pass(20 * time.Second)
				}
				rec, _ := r.tenant.Journal("u-1", 0)
				if rec.Ended != tt.want || rec.HungUp {
					t.Errorf("record %+v, want ended by %q and no DISCONNECT owed", rec, tt.want)
				}
			})
		})
	}
}

func TestSpeech(t *testing.T) {
	long := strings.Repeat("é", 600)
	for _, tt := range []struct {
		name   string
		speech scenario.Speech
		text   string
		want   []string // contents of the answer; nil: something with no marker
	}{
		{"echo", scenario.Echo, "hi", []string{"hi"}},
		{"echo in parts", scenario.Echo, long, []string{long[:1000], long[1000:]}},
		{"plain", scenario.Plain, "hi", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) { c.Speech = tt.speech; c.Robot.Messages = [2]int{1, 1} }, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				u.until("the welcome", from(aicc.FromRobot))
				u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, tt.text)
				pass(time.Second)
				u.transfer()
				pass(time.Second)
				u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, tt.text)
				pass(time.Second)
				answers := make(map[string][]string)
				for _, m := range u.poll().Messages {
					if strings.Contains(m.Content, "cb1.") {
						t.Errorf("%s says %q, want no marker", m.SourceType, m.Content)
					}
					answers[m.SourceType] = append(answers[m.SourceType], m.Content)
				}
				if tt.want == nil {
					return
				}
				robot, agent := answers[aicc.FromRobot], answers[aicc.FromAgent]
				if got := robot[:len(robot)-1]; fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("the robot answers %q, want %q", got, tt.want)
				}
				if got := agent[1:]; fmt.Sprint(got) != fmt.Sprint(tt.want) {
					t.Errorf("the agent answers %q, want %q", got, tt.want)
				}
			})
		})
	}
}

func TestWithoutMarkersTextsArePlain(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.sendRaw(aicc.PathSend, aicc.Connect, aicc.Text, "hello")
		pass(time.Second)
		if got := tell(u.poll().Messages); got != "ROBOT Hello, what can I do for you?" {
			t.Errorf("delivered %q, want the plain welcome", got)
		}
		if rec, ok := r.tenant.Journal("u-1", -1); !ok || rec.Epoch != -1 || len(rec.Senders) != 0 {
			t.Errorf("record %+v, %v; want epoch -1 and no senders", rec, ok)
		}
	})
}

func TestLongTextsAreCutToTheDownlinkLimit(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.Robot.Welcome = strings.Repeat("欢", 600) }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		got := u.until("the welcome", from(aicc.FromRobot))[0].Content
		if _, _, status := marker.Parse(got); status != marker.Intact || len([]rune(got)) != aicc.MaxDownText {
			t.Errorf("a welcome of 600 characters comes as %d characters, marker status %v; want %d and intact", len([]rune(got)), status, aicc.MaxDownText)
		}
	})
}

func TestLanguage(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.getKey("zh_CN")
		u.connect()
		u.transfer()
		pass(time.Second)
		for _, m := range u.poll().Messages {
			if _, text, _ := marker.Parse(m.Content); len(text) == len([]rune(text)) {
				t.Errorf("%s says %q, want Chinese", m.SourceType, text)
			}
		}
	})
}

func TestSeedDecides(t *testing.T) {
	hear := func(seed uint64, name string) string {
		var words string
		synctest.Test(t, func(t *testing.T) {
			cfg := scenario.DefaultTenant()
			cfg.Robot.Messages = [2]int{1, 5}
			tenant, err := New(cfg, Options{Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			v := newConversation(&customer{t: tenant, user: name}, "")
			for range 5 {
				words += fmt.Sprint(v.between(cfg.Robot.Messages), v.pick(english.robotAnswers), cfg.Robot.Reply.Draw(v.rng))
			}
		})
		return words
	}
	first := hear(1, "u-1")
	for _, tt := range []struct {
		seed uint64
		user string
		same bool
	}{{1, "u-1", true}, {2, "u-1", false}, {1, "u-2", false}} {
		if got := hear(tt.seed, tt.user); (got == first) != tt.same {
			t.Errorf("seed %d, user %s decides %s; seed 1, user u-1 decided %s; want the same: %v", tt.seed, tt.user, got, first, tt.same)
		}
	}
}

func TestIsOpen(t *testing.T) {
	at := func(h, m int) time.Time { return time.Date(2026, 3, 4, h, m, 0, 0, time.Local) }
	day, night := scenario.Hours{Open: 9 * time.Hour, Close: 18 * time.Hour}, scenario.Hours{Open: 22 * time.Hour, Close: 6 * time.Hour}
	for _, tt := range []struct {
		hours scenario.Hours
		at    time.Time
		want  bool
	}{
		{scenario.Hours{}, at(3, 0), true},
		{day, at(8, 59), false}, {day, at(9, 0), true}, {day, at(17, 59), true}, {day, at(18, 0), false},
		{night, at(21, 59), false}, {night, at(22, 0), true}, {night, at(5, 59), true}, {night, at(6, 0), false},
	} {
		if got := isOpen(tt.hours, tt.at); got != tt.want {
			t.Errorf("open %v at %v: %v, want %v", tt.hours, tt.at.Format("15:04"), got, tt.want)
		}
	}
}
