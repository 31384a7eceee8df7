package tenant

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// TestOddSwitches looks at what the switches for odd but healthy tenants change.
func TestOddSwitches(t *testing.T) {
	for _, tt := range []struct {
		name    string
		set     func(*scenario.Tenant)
		play    func(u *user) string
		off, on string // what is seen without and with it
	}{
		{"fields that nobody knows", func(c *scenario.Tenant) { c.ExtraFields = true }, func(u *user) string {
			u.connect()
			pass(time.Second)
			got := u.poll()
			return fmt.Sprint(strings.Count(got.body, extraField), " ", len(got.Messages), " ", strings.Count(u.say("one").body, extraField))
		}, "0 1 0", "2 1 1"},
		{"coarse timestamps", func(c *scenario.Tenant) { c.CoarseTimestamps = time.Second }, func(u *user) string {
			fine := 0
			for _, m := range u.chat("one") {
				if ms, _ := m.Millis(); ms%1000 != 0 {
					fine++
				}
			}
			return fmt.Sprint(fine > 0)
		}, "true", "false"},
		{"no notices", func(c *scenario.Tenant) { c.Notices = false }, func(u *user) string { return sources(u.chat()) },
			"ROBOT ROBOT SYSTEM AGENT", "ROBOT ROBOT AGENT"},
		{"documents", func(c *scenario.Tenant) { c.Agents.Media.Document = 1 }, func(u *user) string {
			all := u.chat("one")
			last := all[len(all)-1]
			got := u.download("polls", last, "txt")
			record, _ := u.r.tenant.Journal(u.name, 0)
			return fmt.Sprint(last.MediaType, " ", got.Code, " ", len(record.Files))
		}, "TEXT 13 0", "DOCUMENT 0 1"},
		{"places", func(c *scenario.Tenant) { c.Agents.Media.Location = 1 }, func(u *user) string {
			all := u.chat("one")
			last := all[len(all)-1]
			return fmt.Sprint(last.MediaType, " ", strings.HasPrefix(last.Content, "31.2304,121.4737,"), last.MediaType == aicc.Locate && aicc.IsLocation(last.Content))
		}, "TEXT false false", "LOCATE true true"},
		{"places as JSON objects", func(c *scenario.Tenant) { c.Agents.Media.Location, c.Agents.Media.LocationJSON = 1, true }, func(u *user) string {
			all := u.chat("one")
			content := all[len(all)-1].Content
			return fmt.Sprint(strings.HasPrefix(content, "{") && aicc.IsLocation(content))
		}, "false", "true"},
	} {
		for want, set := range map[string]func(*scenario.Tenant){tt.off: nil, tt.on: tt.set} {
			inBubble(t, set, func(t *testing.T, r *rig) {
				if got := tt.play(r.user("u-1")); got != want {
					t.Errorf("%s, switched on %v: saw %q, want %q", tt.name, set != nil, got, want)
				}
			})
		}
	}
}
