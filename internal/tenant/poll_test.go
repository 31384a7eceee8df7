package tenant

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// timed is how long a call takes in virtual time.
func timed(call func() reply) (reply, time.Duration) {
	start := time.Now()
	got := call()
	return got, time.Since(start)
}

func TestPollIsHeld(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		got, d := timed(u.poll)
		if d != 100*ms || sources(got.Messages) != "ROBOT" {
			t.Errorf("poll with a message under way: %v, %s; want the welcome after 100ms", d, tell(got.Messages))
		}
		got, d = timed(u.poll)
		if d != 5*time.Second || got.body != `{"resultCode":"0","resultDesc":"ok","downlinkMessages":[]}` {
			t.Errorf("poll with nothing: %v, %s; want an empty list after 5s", d, got.body)
		}
		u.say("hi")
		pass(time.Second)
		if got, d = timed(u.poll); d != 0 || sources(got.Messages) != "ROBOT" {
			t.Errorf("poll with something waiting: %v, %s; want it at once", d, tell(got.Messages))
		}
	})
}

func TestShortPoll(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.PollHold = 0 }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		if got, d := timed(u.poll); d != 0 || got.Code != "0" || len(got.Messages) != 0 {
			t.Errorf("short poll: %v, %s; want an empty list at once", d, got.body)
		}
		pass(time.Second)
		if got := u.poll(); sources(got.Messages) != "ROBOT" {
			t.Errorf("short poll later: %s, want the welcome", tell(got.Messages))
		}
	})
}

func TestSecondPoll(t *testing.T) {
	for _, tt := range []struct {
		name string
		how  scenario.SecondPoll
		want string // which one gets the message
	}{{"takes over", scenario.TakeOver, "second"}, {"empty at once", scenario.EmptyAtOnce, "first"}} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) { c.SecondPoll = tt.how }, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.connect()
				first := u.pollIn("first")
				second := u.pollIn("second")
				winner, loser := first, second
				if tt.want == "second" {
					winner, loser = second, first
				}
				select {
				case got := <-loser:
					if got.Code != "0" || len(got.Messages) != 0 {
						t.Errorf("the one that loses: %s, want an empty list", got.body)
					}
				default:
					t.Error("both polls are held")
				}
				if got := <-winner; sources(got.Messages) != "ROBOT" {
					t.Errorf("the %s poll got %s, want the welcome", tt.want, tell(got.Messages))
				}
			})
		})
	}
}

func TestEndAnswersHeldPoll(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.until("the welcome", from(aicc.FromRobot))
		held := u.pollIn("polls")
		u.disconnect()
		synctest.Wait()
		select {
		case got := <-held:
			if got.Code != "0" || len(got.Messages) != 0 {
				t.Errorf("held poll at the end: %s, want an empty list", got.body)
			}
		default:
			t.Error("the poll is still held after DISCONNECT")
		}
	})
}

func TestPollOutsideAConversation(t *testing.T) {
	for _, code := range []string{"0", "160004"} {
		inBubble(t, func(c *scenario.Tenant) { c.PollOutside = code }, func(t *testing.T, r *rig) {
			u := r.user("u-1")
			if got, d := timed(u.poll); d != 0 || got.Code != code || got.status != 200 {
				t.Errorf("before CONNECT: %v, %s; want code %s at once", d, got.body, code)
			}
			u.connect()
			pass(time.Second)
			u.disconnect()
			if got := u.poll(); got.Code != "0" || sources(got.Messages) != "ROBOT" {
				t.Errorf("after the end, with a message waiting: %s; want it with code 0", got.body)
			}
			if got, d := timed(u.poll); d != 0 || got.Code != code || len(got.Messages) != 0 {
				t.Errorf("after the end: %v, %s; want code %s at once", d, got.body, code)
			}
		})
	}
}

func TestPollBatch(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.PollBatch = 2; c.Robot.Messages = [2]int{4, 4} }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.say("hi")
		pass(time.Second)
		var sizes []int
		var all []aicc.Downlink
		for range 3 {
			got := u.poll()
			sizes = append(sizes, len(got.Messages))
			all = append(all, got.Messages...)
		}
		if fmt.Sprint(sizes) != "[2 2 1]" {
			t.Errorf("5 messages came as %v, want [2 2 1]", sizes)
		}
		checkOrder(t, all)
	})
}

// checkOrder demands timestamps that do not go back and numbers that rise.
func checkOrder(t *testing.T, all []aicc.Downlink) {
	t.Helper()
	var last int64
	for _, m := range all {
		at, ok := m.Millis()
		if !ok || at < last {
			t.Errorf("timestamp %q after %d: %s", m.Timestamp, last, tell(all))
		}
		last = at
	}
}

func TestPollArguments(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u 1+x")
		for _, tt := range []struct {
			query string
			want  int
		}{
			{"?receiverId=u+1%2Bx&channel=WEB", 200},
			{"?channel=WEB&receiverId=u%201%2bx", 200},
			{"?receiverId=u+1%2Bx&channel=WEB&isNeedRead=true&other=1", 200},
			{"", 400},
			{"?channel=WEB", 400},
			{"?receiverId=u+1%2Bx", 400},
			{"?receiverId=u+1%2Bx&channel=WECHAT", 400},
			{"?receiverId=u-2&channel=WEB", 400},
			{"?receiverId=%zz&channel=WEB", 400},
		} {
			if got := u.do("polls", "GET", aicc.PathPoll+tt.query, ""); got.status != tt.want {
				t.Errorf("poll%s: status %d, want %d", tt.query, got.status, tt.want)
			}
		}
	})
}

func TestReadReceipts(t *testing.T) {
	for _, tt := range []struct {
		want string // isNeedRead
		read int
	}{{"true", 1}, {"false", 0}} {
		inBubble(t, nil, func(t *testing.T, r *rig) {
			u := r.user("u-1")
			u.connect()
			u.transfer()
			pass(time.Second)
			u.do("polls", "GET", u.pollTarget("&isNeedRead="+tt.want), "")
			u.post(aicc.PathSend, fmt.Sprintf(`{"channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":"hi","sourceType":"CUSTOMER","from":"u-1","to":%q,"messageId":"m-17"}`, quick().Channel))
			pass(time.Second)
			got := u.do("polls", "GET", u.pollTarget("&isNeedRead="+tt.want), "").Messages
			read := 0
			for _, m := range got {
				if m.ControlType == aicc.Read && m.Content == "m-17" {
					read++
				}
			}
			if read != tt.read || len(got) != tt.read+1 {
				t.Errorf("isNeedRead=%s: %s; want %d receipts and an answer", tt.want, tell(got), tt.read)
			}
		})
	}
}

func TestReplyDelay(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.ReplyDelay = scenario.Constant(70 * ms); c.PollHold = 0 }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		if _, d := timed(u.connect); d != 70*ms {
			t.Errorf("CONNECT took %v, want 70ms", d)
		}
		if _, d := timed(u.poll); d != 0 {
			t.Errorf("poll took %v, want no time", d)
		}
	})
}

func TestSwitchesOfTheAnswer(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(*scenario.Tenant)
		with      []string // in the body of a poll
		without   []string
		keepAlive bool
	}{
		{"as documented", nil, []string{`"resultCode":"0"`, `"timestamp":9`}, []string{"null", "messageCode"}, true},
		{"number codes", func(c *scenario.Tenant) { c.NumberCodes = true }, []string{`"resultCode":0`}, nil, true},
		{"text timestamps", func(c *scenario.Tenant) { c.TextTimestamps = true }, []string{`"timestamp":"9`}, nil, true},
		{"null fields", func(c *scenario.Tenant) { c.NullFields = true }, []string{`"senderAvatar":null`, `"queueFlag":null`, `"isOfflineStatus":null`, `"simQuestions":null`}, nil, true},
		{"message codes", func(c *scenario.Tenant) { c.MessageCodes = true }, []string{`"messageCode":"`}, nil, true},
		{"chunked", func(c *scenario.Tenant) { c.Chunked = true }, nil, nil, true},
		{"gzip", func(c *scenario.Tenant) { c.Gzip = true }, nil, nil, true},
		{"one exchange a connection", func(c *scenario.Tenant) { c.CloseAfterReply = true }, nil, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.change, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.headers["Accept-Encoding"] = "gzip"
				u.connect()
				pass(time.Second)
				got := u.poll()
				if sources(got.Messages) != "ROBOT" || got.Code != "0" {
					t.Fatalf("poll: %s, want the welcome", got.body)
				}
				for _, s := range tt.with {
					if !strings.Contains(got.body, s) {
						t.Errorf("body %s\nis without %s", got.body, s)
					}
				}
				for _, s := range tt.without {
					if strings.Contains(got.body, s) {
						t.Errorf("body %s\nis with %s", got.body, s)
					}
				}
				if alive := u.conns["polls"].Reusable(); alive != tt.keepAlive {
					t.Errorf("connection alive: %v, want %v", alive, tt.keepAlive)
				}
				if compressed := got.wire != len(got.body); compressed != r.tenant.cfg.Gzip {
					t.Errorf("compressed: %v (%d bytes for %d), want %v", compressed, got.wire, len(got.body), r.tenant.cfg.Gzip)
				}
			})
		})
	}
}

func TestFieldsOfMessages(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.MessageCodes = true; c.Agents.Chats = [2]int{1, 1} }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		pass(500 * ms)
		u.transfer()
		u.say("hi")
		pass(3 * time.Second)
		codes := make(map[aicc.Loose]bool)
		got := u.poll().Messages
		for _, m := range got {
			if m.Channel != "WEB" || string(m.To) != "u-1" || string(m.From) != quick().Channel {
				t.Errorf("%+v: want channel WEB, to u-1, from the channel", m)
			}
			if m.MessageCode == "" || len(m.MessageCode) > 64 || codes[m.MessageCode] {
				t.Errorf("messageCode %q is missing, too long or there twice", m.MessageCode)
			}
			codes[m.MessageCode] = true
			if (m.SourceType == aicc.FromRobot) != (m.InterIdx != "") {
				t.Errorf("%s has interIdx %q; want one for the robot alone", m.SourceType, m.InterIdx)
			}
			if m.SourceType == aicc.FromAgent && m.SenderNickname == "" && m.ControlType == aicc.Chat {
				t.Errorf("agent without a nickname: %+v", m)
			}
		}
		end := got[len(got)-1]
		if end.ControlType != aicc.Disconnect || !end.NullContent || end.MediaType != "" || end.IsOffline != "" {
			t.Errorf("the agent's DISCONNECT is %+v, want no content, media type or isOfflineStatus", end)
		}
		checkOrder(t, got)
	})
}
