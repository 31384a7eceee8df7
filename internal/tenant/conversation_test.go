package tenant

import (
	"testing"

	"chatbench/internal/aicc"
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
		rec, ok := r.tenant.Journal("u-1", 0)
		t.Logf("%s %+v %v", tell(all), rec, ok)
	})
}
