package tenant

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// oneAgent is a tenant where the second customer has to wait.
func oneAgent(c *scenario.Tenant) {
	c.Robot = nil
	c.Agents.Count, c.Agents.Conversations = 1, 1
}

func TestQueueIsFirstComeFirstServed(t *testing.T) {
	inBubble(t, oneAgent, func(t *testing.T, r *rig) {
		var users []*user
		for i := range 4 {
			u := r.user(fmt.Sprint("u-", i))
			u.connect()
			users = append(users, u)
			pass(time.Second)
		}
		for i, u := range users {
			want := reply{Answer: aicc.Answer{Code: "0", Position: i}}
			if i == 0 {
				want.Code = "160021"
			}
			got := u.queueInfo()
			if got.Code != want.Code || got.Position != want.Position || (got.EstimateWait > 0) != (i > 0) {
				t.Errorf("%s asks for the queue: %s; want code %s, position %d", u.name, got.body, want.Code, want.Position)
			}
		}
		if s := r.tenant.Stats(); s.Waiting != 3 || s.Busy != 1 {
			t.Errorf("%d wait and %d agents are busy, want 3 and 1", s.Waiting, s.Busy)
		}
		notice := users[1].poll().Messages
		if len(notice) != 1 || !notice[0].Queueing() || notice[0].SourceType != aicc.FromSystem {
			t.Errorf("the first who waits hears %s, want a notice of SYSTEM with queueFlag", tell(notice))
		}
		users[2].disconnect() // leaves the queue
		users[0].disconnect()
		synctest.Wait()
		if got := users[1].queueInfo(); got.Code != "160021" {
			t.Errorf("the second customer: %s, want 160021", got.body)
		}
		if got := users[3].queueInfo(); got.Position != 1 {
			t.Errorf("the fourth customer: %s, want position 1", got.body)
		}
		pass(time.Second)
		if got := users[1].poll().Messages; sources(got) != "SYSTEM AGENT" || got[0].Queueing() {
			t.Errorf("the second customer hears %s, want the connection and a greeting", tell(got))
		}
	})
}

func TestQueueLimit(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { oneAgent(c); c.Queue.Limit = 2 }, func(t *testing.T, r *rig) {
		var codes []string
		for i := range 4 {
			codes = append(codes, r.user(fmt.Sprint("u-", i)).connect().Code)
		}
		if got := fmt.Sprint(codes); got != "[0 0 0 13]" {
			t.Errorf("one agent, two may wait: CONNECT answers %s, want [0 0 0 13]", got)
		}
	})
}

func TestLongestWait(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { oneAgent(c); c.Queue.MaxWait = 30 * time.Second }, func(t *testing.T, r *rig) {
		first, second := r.user("u-1"), r.user("u-2")
		first.connect()
		start := time.Now()
		second.connect()
		got := second.queueInfo()
		if !strings.Contains(got.body, `"configMaxcWaitTime":30`) {
			t.Errorf("queue query %s, want configMaxcWaitTime 30", got.body)
		}
		all := second.until("DISCONNECT", hungUp)
		if d := time.Since(start); sources(all) != "SYSTEM SYSTEM-DISCONNECT" || d > 31*time.Second || d < 30*time.Second {
			t.Errorf("after %v: %s, want a notice and after 30s DISCONNECT from SYSTEM", d, tell(all))
		}
		if got := second.queueInfo(); got.Code != "5" {
			t.Errorf("queue query after the end: %s, want 5", got.body)
		}
		if rec, _ := r.tenant.Journal("u-2", 0); rec.Ended != "queue" || !rec.HungUp {
			t.Errorf("record %+v, want hung up by the queue", rec)
		}
		if s := r.tenant.Stats(); s.Waiting != 0 || s.Busy != 1 {
			t.Errorf("%d wait and %d agents are busy, want 0 and 1", s.Waiting, s.Busy)
		}
	})
}

func TestQueueCodes(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u, other := r.user("u-1"), r.user("u-2")
		ask := func(what, want string) {
			t.Helper()
			if got := u.queueInfo(); got.Code != want || got.status != 200 {
				t.Errorf("%s: status %d, %s; want code %s", what, got.status, got.body, want)
			}
		}
		ask("before CONNECT", "160004")
		u.connect()
		ask("with the robot", "160004")
		u.transfer()
		ask("with an agent who has not said anything yet", "160021")
		pass(time.Second)
		ask("with an agent", "160021")
		u.disconnect()
		ask("after the end", "5")
		for _, tt := range []struct{ what, body, want string }{
			{"no user", `{"channelConfigId":"2025010112345678","channel":"WEB"}`, "1"},
			{"no channel id", `{"userId":"u-1","channel":"WEB"}`, "1"},
			{"no channel", `{"userId":"u-1","channelConfigId":"2025010112345678"}`, "1"},
			{"another channel id", `{"userId":"u-1","channelConfigId":"1","channel":"WEB"}`, "1"},
			{"another user than the token's", `{"userId":"u-2","channelConfigId":"2025010112345678","channel":"WEB"}`, "3"},
		} {
			if got := u.post(aicc.PathQueue, tt.body); got.Code != tt.want {
				t.Errorf("%s: %s, want %s", tt.what, got.body, tt.want)
			}
		}
		other.headers = map[string]string{"x-app-key": "", "Authorization": "", "ccmessaging-token": ""}
		if got := other.post(aicc.PathQueue, `{"userId":"u-1","channelConfigId":"2025010112345678","channel":"WEB"}`); got.Code != "5" {
			t.Errorf("without any header: %s, want 5", got.body)
		}
		if got := other.post(aicc.PathQueue, `{"userId":"nobody","channelConfigId":"2025010112345678","channel":"WEB"}`); got.Code != "160004" {
			t.Errorf("an unknown user: %s, want 160004", got.body)
		}
	})
}

// TestDeskAgainstModel plays random customers against a model that is a plain list.
func TestDeskAgainstModel(t *testing.T) {
	for seed := range uint64(50) {
		synctest.Test(t, func(t *testing.T) { playDesk(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func playDesk(t *testing.T, rng *rand.Rand) {
	agents := scenario.Agents{Count: 1 + rng.IntN(4), Conversations: 1 + rng.IntN(3)}
	limit := rng.IntN(8)
	tenant, err := New(scenario.DefaultTenant(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{}
	d.open(agents, scenario.Queue{Limit: limit})
	slots := agents.Count * agents.Conversations
	var serving, waiting []*place
	for step := range 300 {
		if rng.IntN(2) == 0 {
			v := newConversation(&customer{t: tenant}, "")
			p, served, ok := d.ask(v)
			wantServed := len(serving) < slots
			wantOK := wantServed || len(waiting) < limit
			if served != wantServed || ok != wantOK {
				t.Fatalf("step %d: %d of %d served, %d of %d waiting: served %v, ok %v", step, len(serving), slots, len(waiting), limit, served, ok)
			}
			switch {
			case served:
				serving = append(serving, p)
			case ok:
				waiting = append(waiting, p)
			}
			continue
		}
		if n := len(serving) + len(waiting); n > 0 {
			serving, waiting = leaveModel(d, rng.IntN(n), serving, waiting)
		}
		for i, p := range waiting {
			if s, ok := d.look(p); !ok || s.position != i+1 {
				t.Fatalf("step %d: position %d, %v; want %d", step, s.position, ok, i+1)
			}
		}
		if n, busy := d.counts(); n != len(waiting) || busy > len(serving) || busy*agents.Conversations < len(serving) {
			t.Fatalf("step %d: %d waiting, %d busy; want %d waiting and %d served", step, n, busy, len(waiting), len(serving))
		}
	}
	synctest.Wait()
}

func leaveModel(d *desk, i int, serving, waiting []*place) (nowServing, nowWaiting []*place) {
	if i >= len(serving) {
		i -= len(serving)
		d.leave(waiting[i])
		return serving, slices.Delete(waiting, i, i+1)
	}
	d.leave(serving[i])
	d.leave(serving[i]) // a second time changes nothing
	serving = slices.Delete(serving, i, i+1)
	if len(waiting) > 0 {
		serving, waiting = append(serving, waiting[0]), waiting[1:]
	}
	return serving, waiting
}

func TestLeaveMessage(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		for _, tt := range []struct{ what, body, want string }{
			{"all there", `{"callId":"u-1","caller":"V","leaveMessage":"call me","channel":"WEB"}`, "0"},
			{"no text", `{"callId":"u-1","caller":"V","leaveMessage":"","channel":"WEB"}`, "2"},
			{"no caller", `{"callId":"u-1","leaveMessage":"call me","channel":"WEB"}`, "2"},
			{"no user", `{"caller":"V","leaveMessage":"call me","channel":"WEB"}`, "2"},
			{"another user", `{"callId":"u-2","caller":"V","leaveMessage":"call me","channel":"WEB"}`, "3"},
			{"another channel", `{"callId":"u-1","caller":"V","leaveMessage":"call me","channel":"SMS"}`, "3"},
		} {
			if got := u.post(aicc.PathLeave, tt.body); got.Code != tt.want || got.status != 200 {
				t.Errorf("%s: status %d, %s; want %s", tt.what, got.status, got.body, tt.want)
			}
		}
		if got := u.post(aicc.PathLeave, `{`); got.status != 400 {
			t.Errorf("malformed JSON: status %d, want 400", got.status)
		}
		if got := u.do("calls", "GET", aicc.PathSupport+"?channel=WEB", ""); got.Code != "0" || got.ClickToCall {
			t.Errorf("click-to-call: %s, want 0 and not supported", got.body)
		}
		if got := u.do("calls", "GET", aicc.PathSupport, ""); got.Code != "13" {
			t.Errorf("click-to-call without a channel: %s, want 13", got.body)
		}
	})
}
