package tenant

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
)

// deed is what a mutant does, as somebody at the wire sees it: play tells what was seen, of a
// healthy tenant and of one with the mutant.
type deed struct {
	spec         string
	change       func(*scenario.Tenant) // may be nil
	play         func(u *user) string
	healthy, odd string
}

// chat talks to the robot, then to an agent, and gives all that came.
func (u *user) chat(texts ...string) []aicc.Downlink {
	u.connect()
	pass(time.Second)
	u.transfer()
	pass(time.Second)
	for _, text := range texts {
		u.say(text)
		pass(time.Second)
	}
	return u.poll().Messages
}

// of gives something of the messages that one source said.
func of(source string, messages []aicc.Downlink, tell func(aicc.Downlink) any) string {
	var list []any
	for _, m := range messages {
		if m.SourceType == source {
			list = append(list, tell(m))
		}
	}
	return line(list...)
}

// line is what was seen, with blanks between.
func line(seen ...any) string { return strings.TrimSpace(fmt.Sprintln(seen...)) }

func (u *user) record() string {
	r, _ := u.r.tenant.Journal(u.name, u.epoch)
	return line(r.Shown, r.Garbled)
}

// sayThree says three texts and gives their codes and what the record says was shown.
func sayThree(u *user) string {
	a, b, c := u.say("one"), u.say("two"), u.say("three")
	return line(a.Code, b.Code, c.Code, u.record())
}

func nobodyIsFree(c *scenario.Tenant) { c.Agents.Count = 0 }

func robotText(tell func(aicc.Downlink) any) func(u *user) string {
	return func(u *user) string {
		u.connect()
		pass(time.Second)
		return of(aicc.FromRobot, u.poll().Messages, tell)
	}
}

func agentTexts(tell func(aicc.Downlink) any) func(u *user) string {
	return func(u *user) string { return of(aicc.FromAgent, u.chat("one", "two"), tell) }
}

func count(is func(aicc.Downlink) bool) func(u *user) string {
	return func(u *user) string {
		n := 0
		for _, m := range u.chat("one", "two") {
			if is(m) {
				n++
			}
		}
		return fmt.Sprint(n)
	}
}

// emptyPoll tells how long a poll lasts that finds nothing.
func emptyPollOf(u *user) string {
	u.connect()
	pass(time.Second)
	u.poll()
	start := time.Now()
	u.poll()
	return time.Since(start).String()
}

func (u *user) uploadFile() reply {
	content := base64.StdEncoding.EncodeToString([]byte("a text for the agent"))
	return u.post(aicc.PathUpload, fmt.Sprintf(`{"fileType":"txt","fileStream":%q,"channel":"WEB"}`, content))
}

var deeds = []deed{
	{spec: "token-untyped:2", play: func(u *user) string {
		u.getApp() // it is the second: the first one came with the user
		return line(strings.Contains(u.post(aicc.PathToken, u.credentials()).body, "ApplyType"), u.r.tenant.Stats().Mutants)
	}, healthy: "true map[]", odd: "true map[token-untyped:1]"},
	{spec: "token-long:2", play: func(u *user) string {
		token, _ := aicc.ParseAppToken([]byte(u.post(aicc.PathToken, u.credentials()).body))
		return line(token.Type, token.Expires)
	}, healthy: "Bearer 600", odd: "Bearer 7200"},
	{spec: "token-short", play: func(u *user) string {
		u.connect()
		a := u.say("one").status
		u.getKey("en")
		return line(a, u.say("two").status)
	}, healthy: "200 200", odd: "401 200"},
	{spec: "deaf-renewal", play: func(u *user) string {
		u.connect()
		var list []any
		for range 3 {
			list = append(list, u.poll().status, u.say("this is heard").status)
			u.getKey("en")
		}
		return line(list...)
	}, healthy: "200 200 200 200 200 200", odd: "401 200 401 200 200 200"},
	{spec: "dead-replacement", change: func(c *scenario.Tenant) { c.UserTokenLife = time.Second }, play: func(u *user) string {
		u.connect()
		pass(2 * time.Second)
		got := u.say("one")
		u.key = got.token
		return line(got.status, got.token != "", u.say("two").status)
	}, healthy: "200 true 200", odd: "200 true 401"},

	{spec: "odd-code", change: nobodyIsFree, play: func(u *user) string {
		u.connect()
		u.transfer()
		return u.queueInfo().Code
	}, healthy: "0", odd: "77"},
	{spec: "teapot", play: func(u *user) string {
		return line(u.do("calls", "GET", aicc.PathSupport+"?channel=WEB", "").status)
	}, healthy: "200", odd: "418"},
	{spec: "wrong-address", play: robotText(func(m aicc.Downlink) any { return m.To }), healthy: "u-1", odd: "somebody-else"},
	{spec: "odd-type", play: robotText(func(m aicc.Downlink) any { return m.MediaType }), healthy: "TEXT", odd: "STICKER"},
	{spec: "long-text", play: func(u *user) string {
		long := 0
		for _, m := range u.chat() {
			long = max(long, utf8.RuneCountInString(m.Content))
		}
		return line(long > 500, long == 600)
	}, healthy: "false false", odd: "true true"},
	{spec: "null-text", play: count(func(m aicc.Downlink) bool { return m.ControlType == aicc.Chat && m.NullContent }), healthy: "0", odd: "1"},
	{spec: "seconds", play: robotText(func(m aicc.Downlink) any { return len(m.Timestamp) }), healthy: "12", odd: "9"}, // bubbles begin in 2000
	{spec: "nameless", play: agentTexts(func(m aicc.Downlink) any { return m.SenderNickname != "" }), healthy: "true true true", odd: "false true true"},
	{spec: "bad-location", change: func(c *scenario.Tenant) { c.Agents.Media.Location = 1 }, play: agentTexts(func(m aicc.Downlink) any {
		return m.MediaType == aicc.Locate && aicc.IsLocation(m.Content)
	}), healthy: "false false true false true", odd: "false false false false true"},
	{spec: "odd-flag", play: agentTexts(func(m aicc.Downlink) any { return "<" + m.QueueFlag + ">" }), healthy: "<> <> <>", odd: "<N> <> <>"},
	{spec: "offline-chat", play: robotText(func(m aicc.Downlink) any { return "<" + m.IsOffline + ">" }), healthy: "<>", odd: "<false>"},

	{spec: "refuse-poll", play: func(u *user) string {
		u.connect()
		a, b := u.poll(), u.poll()
		return line(a.Code, len(a.Messages), b.Code)
	}, healthy: "0 1 0", odd: "13 0 0"},
	{spec: "slow-hold", play: emptyPollOf, healthy: "5s", odd: "25s"},
	{spec: "restless", play: emptyPollOf, healthy: "5s", odd: "0s"},
	{spec: "poll-outside-error", play: func(u *user) string {
		a := u.poll().Code
		u.connect()
		return a + u.poll().Code
	}, healthy: "00", odd: "130"},
	{spec: "unasked-read", play: count(func(m aicc.Downlink) bool { return m.ControlType == aicc.Read }), healthy: "0", odd: "1"},
	{spec: "foreign-read", play: func(u *user) string {
		u.chat()
		var all []aicc.Downlink
		for i := range 2 {
			u.post(aicc.PathSend, fmt.Sprintf(`{"channel":"WEB","controlType":"CHAT","mediaType":"TEXT","content":"x","sourceType":"CUSTOMER","from":%q,"to":%q,"messageId":"m-0-0-%d"}`,
				u.name, u.r.tenant.cfg.Channel, i))
			all = append(all, u.do("polls", "GET", u.pollTarget("&isNeedRead=true"), "").Messages...)
			all = append(all, u.do("polls", "GET", u.pollTarget("&isNeedRead=true"), "").Messages...)
		}
		return of("", all, func(m aicc.Downlink) any { return m.Content })
	}, healthy: "m-0-0-0 m-0-0-1", odd: "m-7-0-0 m-0-0-1"},

	{spec: "timestamp-back", play: func(u *user) string {
		all := u.chat("one")
		back := 0
		for i := 1; i < len(all); i++ {
			before, _ := all[i-1].Millis()
			if now, _ := all[i].Millis(); now < before {
				back++
			}
		}
		return line(back)
	}, healthy: "0", odd: "1"},
	{spec: "cause-back", play: agentTexts(cause), healthy: "1 2 3", odd: "1 0 3"},
	{spec: "reply-early", play: agentTexts(cause), healthy: "1 2 3", odd: "51 2 3"},
	{spec: "twin", play: func(u *user) string {
		seen, twice := map[aicc.Downlink]int{}, 0
		for _, m := range u.chat("one") {
			if seen[m]++; seen[m] == 2 {
				twice++
			}
		}
		return line(twice)
	}, healthy: "0", odd: "1"},
	{spec: "lose-at-renewal", change: func(c *scenario.Tenant) { c.UserTokenLife = 5 * time.Second }, play: func(u *user) string {
		u.chat()
		pass(4 * time.Second)
		u.say("one")
		pass(time.Second)
		got := u.poll()
		return line(got.token != "", len(got.Messages))
	}, healthy: "true 1", odd: "true 0"},
	{spec: "same-code:2", change: func(c *scenario.Tenant) { c.MessageCodes = true }, play: func(u *user) string {
		codes := map[aicc.Loose]bool{}
		all := u.chat("one", "two")
		for _, m := range all {
			codes[m.MessageCode] = true
		}
		return line(len(all) - len(codes))
	}, healthy: "0", odd: "1"},
	{spec: "own-echo", play: count(func(m aicc.Downlink) bool { return m.SourceType == aicc.FromCustomer && m.Content == "one" }), healthy: "0", odd: "1"},

	{spec: "reject-but-show:2", play: func(u *user) string { u.connect(); return sayThree(u) }, healthy: "0 0 0 [[1 3]] 0", odd: "0 13 0 [[1 3]] 0"},
	{spec: "refuse-chat:2", play: func(u *user) string { u.connect(); return sayThree(u) }, healthy: "0 0 0 [[1 3]] 0", odd: "0 13 0 [[1 1] [3 3]] 0"},
	{spec: "repeat-chat:2", play: func(u *user) string { u.connect(); return sayThree(u) }, healthy: "0 0 0 [[1 3]] 0", odd: "0 0 0 [[1 2] [2 3]] 0"},
	{spec: "garble-chat:2", play: func(u *user) string { u.connect(); return sayThree(u) }, healthy: "0 0 0 [[1 3]] 0", odd: "0 0 0 [[1 1] [3 3]] 1"},
	{spec: "lose-chat:2", play: func(u *user) string { u.chat(); return sayThree(u) }, healthy: "0 0 0 [[2 4]] 0", odd: "0 0 0 [[2 2] [4 4]] 0"},
	{spec: "lose-in-handover:2", play: func(u *user) string { u.connect(); u.transfer(); return sayThree(u) },
		healthy: "0 0 0 [[2 4]] 0", odd: "0 0 0 [[2 2] [4 4]] 0"},

	{spec: "queue-negative", change: nobodyIsFree, play: func(u *user) string {
		u.connect()
		u.transfer()
		return line(u.queueInfo().Position > 0)
	}, healthy: "true", odd: "false"},
	{spec: "queue-back", change: nobodyIsFree, play: func(u *user) string {
		u.connect()
		u.transfer()
		return line(u.queueInfo().Position, u.queueInfo().Position)
	}, healthy: "1 1", odd: "1 2"},
	{spec: "queue-stuck", play: func(u *user) string { u.chat("one"); return u.queueInfo().Code }, healthy: "160021", odd: "0"},
	{spec: "queue-forever", change: func(c *scenario.Tenant) { nobodyIsFree(c); c.Queue.MaxWait = 10 * time.Second }, play: func(u *user) string {
		u.connect()
		u.transfer()
		pass(20 * time.Second)
		return u.queueInfo().Code
	}, healthy: aicc.CodeEnded, odd: "0"},

	{spec: "agent-first", play: func(u *user) string {
		u.connect()
		pass(time.Second)
		u.say("one")
		pass(time.Second)
		return sources(u.poll().Messages)
	}, healthy: "ROBOT ROBOT", odd: "AGENT AGENT"},
	{spec: "surprise-robot", change: func(c *scenario.Tenant) { c.Robot = nil }, play: func(u *user) string {
		u.connect()
		pass(time.Second)
		return sources(u.poll().Messages)
	}, healthy: "SYSTEM AGENT", odd: "SYSTEM ROBOT AGENT"},
	{spec: "mute-robot", play: func(u *user) string {
		u.connect()
		pass(time.Second)
		u.say("one")
		pass(time.Second)
		u.say("two")
		pass(time.Second)
		return sources(u.poll().Messages)
	}, healthy: "ROBOT ROBOT ROBOT", odd: "ROBOT ROBOT"},
	{spec: "mute-handover", play: func(u *user) string { return sources(u.chat("one")) }, healthy: "ROBOT ROBOT SYSTEM AGENT AGENT", odd: "ROBOT"},
	{spec: "robot-returns", play: func(u *user) string { return sources(u.chat("one", "two")) }, healthy: "ROBOT ROBOT SYSTEM AGENT AGENT AGENT", odd: "ROBOT ROBOT SYSTEM AGENT AGENT AGENT ROBOT"},
	{spec: "unannounced", play: func(u *user) string { return sources(u.chat("one")) }, healthy: "ROBOT ROBOT SYSTEM AGENT AGENT", odd: "ROBOT ROBOT AGENT AGENT"},

	{spec: "no-tip", change: func(c *scenario.Tenant) { c.SilenceAfter, c.SilenceAsync = time.Second, true }, play: func(u *user) string {
		u.connect()
		pass(2 * time.Second)
		all := u.poll().Messages
		last := all[len(all)-1]
		return line(last.ControlType, last.IsOffline, last.Content == "")
	}, healthy: "DISCONNECT true false", odd: "DISCONNECT true true"},
	{spec: "deaf-disconnect", play: func(u *user) string {
		u.connect()
		code := u.disconnect().Code
		r, _ := u.r.tenant.Journal(u.name, 0)
		u.again()
		pass(10 * time.Second)
		u.connect() // must be a conversation of its own
		pass(time.Second)
		return line(code, "<"+r.Ended+">", sources(u.poll().Messages))
	}, healthy: "0 <customer> ROBOT", odd: "0 <> ROBOT"},
	{spec: "impatient", change: func(c *scenario.Tenant) { c.SilenceAfter = 20 * time.Second }, play: func(u *user) string {
		u.connect()
		pass(30 * time.Second)
		r, _ := u.r.tenant.Journal(u.name, 0)
		return line(r.Ended, r.Quiet)
	}, healthy: "silence 20000", odd: "silence 5000"},
	{spec: "phantom-drop", play: func(u *user) string {
		all := u.chat("one")
		r, _ := u.r.tenant.Journal(u.name, 0)
		return line(hungUp(all[len(all)-1]), r.HungUp, "<"+r.Ended+">")
	}, healthy: "false false <>", odd: "true false <>"},

	{spec: "upload-no-key", play: func(u *user) string {
		u.connect()
		got := u.uploadFile()
		return line(got.Code, got.ObjectKey == "", u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Image, got.ObjectKey).Code)
	}, healthy: "0 false 0", odd: "0 true 0"},
	{spec: "same-key", play: func(u *user) string {
		u.connect()
		first := u.uploadFile().ObjectKey
		u.disconnect()
		u.again()
		u.connect()
		return line(u.uploadFile().ObjectKey == first)
	}, healthy: "false", odd: "true"},
	{spec: "upload-garbled", play: func(u *user) string {
		u.connect()
		u.uploadFile()
		r, _ := u.r.tenant.Journal(u.name, 0)
		return line(r.Uploads[0].SHA256 == describeFile("", "txt", []byte("a text for the agent")).SHA256)
	}, healthy: "true", odd: "false"},
	{spec: "local-untyped", change: func(c *scenario.Tenant) { c.Agents.Media = scenario.Media{Image: 1, Audio: 1, Local: 1} }, play: agentTexts(func(m aicc.Downlink) any {
		return m.MediaType + ":" + m.MediaFileType
	}), healthy: "TEXT: TEXT: IMAGE:png AUDIO:mp3 TEXT: IMAGE:png AUDIO:mp3", odd: "TEXT: TEXT: IMAGE:png AUDIO: TEXT: IMAGE:png AUDIO:mp3"},
}

func (u *user) credentials() string {
	return fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, u.r.tenant.cfg.AppKey, u.r.tenant.cfg.AppSecret)
}

func cause(m aicc.Downlink) any {
	k, _, _ := marker.Parse(m.Content)
	return k.Cause
}

func TestDeeds(t *testing.T) {
	for _, d := range deeds {
		name, _, _ := strings.Cut(d.spec, ":")
		for _, mutants := range [][]string{nil, {d.spec}} {
			want := d.healthy
			if mutants != nil {
				want = d.odd
			}
			t.Run(strings.Join(append([]string{name}, mutants...), " as "), func(t *testing.T) {
				set := func(c *scenario.Tenant) {
					if d.change != nil {
						d.change(c)
					}
					c.Mutants = mutants
				}
				inBubble(t, set, func(t *testing.T, r *rig) {
					if got := d.play(r.user("u-1")); got != want {
						t.Errorf("saw %q, want %q", got, want)
					}
					if n := r.tenant.Stats().Mutants[name]; n != int64(len(mutants)) {
						t.Errorf("applied %d times, want %d", n, len(mutants))
					}
				})
			})
		}
	}
}

// TestEveryMutantIsSeen wants each mutant's deed to be looked at, by the table above or by the
// oracle, which knows the rules that were first.
func TestEveryMutantIsSeen(t *testing.T) {
	for _, m := range Mutants() {
		seen := judged(m) || slices.ContainsFunc(deeds, func(d deed) bool { return d.spec == m.Name || strings.HasPrefix(d.spec, m.Name+":") })
		if !seen {
			t.Errorf("nobody looks at what %s does", m.Name)
		}
	}
}
