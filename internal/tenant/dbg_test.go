package tenant
import ("testing";"time";"chatbench/internal/scenario")
func TestDbg(t *testing.T){
	inBubble(t, func(c *scenario.Tenant) { c.SessionTimeout = time.Minute; c.PollHold = 80 * time.Second }, func(t *testing.T, r *rig) {
		u := r.user("u-1"); s:=time.Now()
		u.connect()
		for range 10 { g:=u.poll(); t.Log(time.Since(s), g.body); rec,_ := r.tenant.Journal("u-1",0); t.Log(rec.Ended); pass(20*time.Second)}
	})
}
