package tenant

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// body is a JSON object with some fields changed; nil leaves one out.
func body(fields, change map[string]any) string {
	all := maps.Clone(fields)
	maps.Copy(all, change)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	b, err := json.Marshal(all)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	return string(b)
}

// historyFields ask for everything of u-1.
var historyFields = map[string]any{
	"channelId": quick().Channel, "userId": "u-1", "limit": "1000", "offset": "0", "channel": "WEB", "unknownField": 1,
}

// history asks for a history and gives it in short, as "USER one | AGENT hello".
func (u *user) history(change map[string]any) string {
	u.r.t.Helper()
	got := u.post(aicc.PathHistory, body(historyFields, map[string]any{"userId": u.name}))
	if change != nil {
		got = u.post(aicc.PathHistory, body(historyFields, change))
	}
	var a struct{ MessageList []aicc.Downlink }
	if err := json.Unmarshal([]byte(got.body), &a); err != nil || got.status != 200 || got.Code != "0" || a.MessageList == nil {
		u.r.t.Fatalf("history with %v: status %d, %v, %s; want a list", change, got.status, err, got.body)
	}
	return tell(a.MessageList)
}

func keepsHistory(c *scenario.Tenant) { c.History = true }

func TestHistoryTellsWhatCustomerAndAgentsSaid(t *testing.T) {
	for _, tt := range []struct {
		name  string
		robot bool
		want  string
	}{
		{"agents alone", false, "USER one | USER two | USER three | AGENT Hello | USER four | AGENT | AGENT | AGENT Thank you"},
		{"and the robot", true, "ROBOT Hello | USER one | ROBOT | USER two | ROBOT I’ll put | USER three | AGENT Hello | USER four | AGENT | AGENT | AGENT Thank you"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) {
				keepsHistory(c)
				c.HistoryRobot, c.Agents.Chats = tt.robot, [2]int{2, 2}
			}, func(t *testing.T, r *rig) {
				u, other := r.user("u-1"), r.user("u-2")
				u.connect()
				pass(time.Second)
				u.say("one")
				pass(time.Second)
				u.say("two")
				u.transfer() // before the robot answers
				u.say("three")
				u.until("a greeting", from(aicc.FromAgent))
				other.connect()
				other.say("somebody else")
				u.say("four")
				u.until("the end", hungUp)
				if got := u.say("late"); got.Code == "0" {
					t.Fatalf("CHAT after the end: %s, want a refusal", got.body)
				}
				if got := u.history(nil); !alike(got, tt.want) {
					t.Errorf("history: %s\nwant %s", got, tt.want)
				}
			})
		})
	}
}

// alike compares messages by sender and the beginning of what they say.
func alike(got, want string) bool {
	return slices.EqualFunc(strings.Split(got, " | "), strings.Split(want, " | "), strings.HasPrefix)
}

// TestHistoryAgreesWithPolls compares the history of two conversations with what the customer
// said and saw.
func TestHistoryAgreesWithPolls(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) {
		keepsHistory(c)
		sendsMedia("image", 0.5)(c)
		c.MessageCodes = true
	}, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		var want []string
		for range 2 {
			u.connect()
			u.transfer()
			for _, m := range u.until("a greeting", from(aicc.FromAgent)) {
				if m.SourceType == aicc.FromAgent {
					want = append(want, tell([]aicc.Downlink{m}))
				}
			}
			for i := range 10 {
				text := fmt.Sprint("question ", i)
				u.say(text)
				want = append(want, "USER "+text)
				for _, m := range u.until("an answer", from(aicc.FromAgent)) {
					want = append(want, tell([]aicc.Downlink{m}))
				}
			}
			u.disconnect()
			u.again()
		}
		if diff := cmp.Diff(want, strings.Split(u.history(nil), " | ")); diff != "" {
			t.Errorf("history (-said and seen +got):\n%s", diff)
		}
	})
}

// TestFormOfHistory has answers byte for byte.
func TestFormOfHistory(t *testing.T) {
	const whose = `"channel":"WEB","channelConfigId":"2025010112345678","userId":"u-1",`
	const greeting = `"mediaType":"TEXT","content":"Hello, this is Ann. Give me a moment, I’m reading what you wrote.","callId":"946684800-1",`
	for _, tt := range []struct {
		name   string
		change func(*scenario.Tenant)
		want   string
	}{
		{"as it is", nil, `{"resultCode":"0","resultDesc":"ok","messageList":[` +
			`{"id":"1",` + whose + `"senderNickname":"Visitor","sendTime":946684800000,"receiveTime":946684800000,"controlType":"CHAT",` +
			`"sourceType":"USER","mediaType":"TEXT","content":"say \"hi\"","callId":"946684800-1","isForwarded":false},` +
			`{"id":"2",` + whose + `"senderNickname":"Ann","sendTime":946684800200,"controlType":"CHAT",` +
			`"sourceType":"AGENT",` + greeting + `"isForwarded":false}]}`},
		{"with codes, nulls and numbers", func(c *scenario.Tenant) { c.MessageCodes, c.NullFields, c.NumberCodes = true, true, true },
			`{"resultCode":0,"resultDesc":"ok","messageList":[` +
				`{"id":"1",` + whose + `"senderNickname":"Visitor","senderAvatar":null,"sendTime":946684800000,"receiveTime":946684800000,` +
				`"controlType":"CHAT","sourceType":"USER","mediaType":"TEXT","content":"say \"hi\"","callId":"946684800-1",` +
				`"messageCode":"946684800-1-c1","associationContentId":null,"sendStatus":null,"errorMsg":null,"forwardTime":null,` +
				`"contentDealType":null,"isForwarded":false},` +
				`{"id":"2",` + whose + `"senderNickname":"Ann","senderAvatar":null,"sendTime":946684800200,"receiveTime":null,` +
				`"controlType":"CHAT","sourceType":"AGENT",` + greeting +
				`"messageCode":"946684800-1-2","associationContentId":null,"sendStatus":null,"errorMsg":null,"forwardTime":null,` +
				`"contentDealType":null,"isForwarded":false}]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) {
				keepsHistory(c)
				c.Robot = nil
				if tt.change != nil {
					tt.change(c)
				}
			}, func(t *testing.T, r *rig) {
				u := r.user("u-1")
				u.sendRaw(aicc.PathSend, aicc.Connect, aicc.Text, "hello")
				u.sendRaw(aicc.PathSend, aicc.Chat, aicc.Text, `say "hi"`)
				pass(250 * ms)
				got := u.post(aicc.PathHistory, body(historyFields, nil))
				if diff := cmp.Diff(tt.want, got.body); diff != "" {
					t.Errorf("history (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestPagesOfHistory(t *testing.T) {
	inBubble(t, keepsHistory, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		start := time.Now()
		for i := range 5 {
			u.say(fmt.Sprint(i)) // a second apart: "at" below is the time of the i-th
			pass(time.Second)
		}
		at := func(i int) string { return fmt.Sprint(start.Add(time.Duration(i) * time.Second).UnixMilli()) }
		for _, tt := range []struct {
			why    string
			change map[string]any
			want   string
		}{
			{"everything", map[string]any{}, "01234"},
			{"the first rows", map[string]any{"limit": "2"}, "01"},
			{"the offset counts rows and not pages", map[string]any{"limit": "2", "offset": "1"}, "12"},
			{"the last page is short", map[string]any{"limit": "2", "offset": "4"}, "4"},
			{"behind the end there is nothing", map[string]any{"offset": "5"}, ""},
			{"far behind it too", map[string]any{"offset": "9223372036854775807", "limit": "9223372036854775807"}, ""},
			{"JSON numbers are as good", map[string]any{"limit": 2, "offset": 3}, "34"},
			{"both ends of a period belong to it", map[string]any{"startTime": at(1), "endTime": at(3)}, "123"},
			{"only a beginning", map[string]any{"startTime": at(3)}, "34"},
			{"only an end", map[string]any{"endTime": at(1)}, "01"},
			{"rows of a period", map[string]any{"startTime": at(1), "limit": "1", "offset": "1"}, "2"},
			{"a period that ends before it begins", map[string]any{"startTime": at(3), "endTime": at(1)}, ""},
			{"an empty time is none", map[string]any{"startTime": "", "endTime": nil}, "01234"},
		} {
			if got := strings.NewReplacer("USER ", "", " | ", "").Replace(u.history(tt.change)); got != tt.want {
				t.Errorf("%s: %v gives %q, want %q", tt.why, tt.change, got, tt.want)
			}
		}
	})
}

func TestHistoryRefuses(t *testing.T) {
	inBubble(t, keepsHistory, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		for _, tt := range []struct {
			why   string
			field string
			value any
		}{
			{"no channel id", "channelId", nil}, {"another channel id", "channelId", "1"},
			{"no user", "userId", nil}, {"another user than the token's", "userId", "u-2"},
			{"no channel", "channel", nil}, {"another channel", "channel", "SMS"},
			{"no limit", "limit", nil}, {"a page of nothing", "limit", "0"}, {"not a number", "limit", "many"},
			{"no offset", "offset", nil}, {"a negative offset", "offset", "-1"}, {"a fraction", "offset", 1.5},
			{"not a time", "startTime", "yesterday"}, {"a time that no number can hold", "endTime", "9223372036854775808"},
		} {
			got := u.post(aicc.PathHistory, body(historyFields, map[string]any{tt.field: tt.value}))
			if got.Code != "1" || got.status != 200 {
				t.Errorf("%s: status %d, %s; want 200 and 1", tt.why, got.status, got.body)
			}
		}
		for _, wrong := range []string{`{`, `[]`, `{"limit":{}}`, ``} {
			if got := u.post(aicc.PathHistory, wrong); got.status != 400 {
				t.Errorf("body %q: status %d, want 400", wrong, got.status)
			}
		}
	})
}

func TestWithoutHistoryNothingIsKept(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.HistoryRobot = true }, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		u.say("one")
		pass(time.Second)
		if got := u.post(aicc.PathHistory, body(historyFields, nil)); got.Code != "1" || got.status != 200 {
			t.Errorf("history: status %d, %s; want 200 and 1", got.status, got.body)
		}
		c, _ := r.tenant.customers.get([]byte("u-1"))
		if len(c.history.messages) > 0 || c.name != "" {
			t.Errorf("%d messages and the name %q are kept, want nothing", len(c.history.messages), c.name)
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	var h history
	for i := range 3 * keptHistory {
		h.add(pastMessage{id: uint64(i), content: "x"})
	}
	if first := h.messages[0].id; len(h.messages) != keptHistory || first != 2*keptHistory || h.size != keptHistory {
		t.Errorf("%d messages from %d of %d bytes, want %d from %d of %[4]d bytes", len(h.messages), first, h.size, keptHistory, 2*keptHistory)
	}
	h.add(pastMessage{id: 7, content: strings.Repeat("x", keptHistorySize-1)})
	if len(h.messages) != 2 || h.size != keptHistorySize {
		t.Errorf("after a very long text: %d messages of %d bytes, want it and the one before", len(h.messages), h.size)
	}
	h.add(pastMessage{content: strings.Repeat("x", keptHistorySize+1)})
	if len(h.messages) != 0 || h.size != 0 {
		t.Errorf("after a text that is too long: %d messages of %d bytes, want none", len(h.messages), h.size)
	}
}

// TestHistoryIsSortedByTime has a clock that was set back.
func TestHistoryIsSortedByTime(t *testing.T) {
	var h history
	for id, at := range []int64{10, 20, 15, 20, 5} {
		h.add(pastMessage{id: uint64(id), at: at})
	}
	var got []uint64
	for _, m := range h.find(part{to: 100, limit: 100}) {
		got = append(got, m.id)
	}
	if diff := cmp.Diff([]uint64{4, 0, 2, 1, 3}, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}

// TestFaultsAreNotHistory loses a text on its way to the poll and invents another one: the history
// has what was said.
func TestFaultsAreNotHistory(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) {
		keepsHistory(c)
		c.Robot, c.Mutants = nil, []string{"drop-one", "invent-seq"}
	}, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.connect()
		pass(time.Second)
		u.say("one")
		pass(time.Second)
		seen := tell(u.poll().Messages)
		if strings.Contains(seen, "Hello") || !strings.Contains(seen, "AGENT hello?") {
			t.Fatalf("seen: %s, want an invented text and no greeting", seen)
		}
		if got, want := u.history(nil), "AGENT Hello | USER one | AGENT"; !alike(got, want) || strings.Contains(got, "AGENT hello?") {
			t.Errorf("history: %s, want %s and nothing invented", got, want)
		}
	})
}
