package tenant

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/scenario"
)

// TestSoak plays many customers at once at random against a healthy tenant with every switch at
// random, and holds each conversation against the naive rules: every marked text exactly once and
// in order, DISCONNECT last, files as they were sent.
func TestSoak(t *testing.T) {
	const runs, customers = 8, 13
	conversations := 0
	for seed := range uint64(runs) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, 1))
				r := newRig(t, randomTenant(rng))
				defer r.stop()
				done := make(chan []*visit)
				for i := range customers {
					u := r.user(fmt.Sprint("u-", i))
					own := rand.New(rand.NewPCG(seed, uint64(i)+2))
					go func() { done <- u.wander(own) }()
				}
				for range customers {
					for _, v := range <-done {
						conversations++
						if got := v.broken(); len(got) > 0 {
							t.Errorf("%s, conversation %d: broken %v; delivered %s; record %+v", v.u.name, v.epoch, got, tell(v.all()), v.record)
						}
					}
				}
			})
		})
	}
	if conversations < runs*customers {
		t.Errorf("only %d conversations were judged", conversations)
	}
}

func randomTenant(rng *rand.Rand) scenario.Tenant {
	some := func() bool { return rng.IntN(2) == 0 }
	c := scenario.DefaultTenant()
	if some() {
		c.Robot = nil
	} else {
		c.Robot.Messages = [2]int{1, 3}
	}
	c.Agents.Count, c.Agents.Conversations = 1+rng.IntN(5), 1+rng.IntN(3)
	c.Agents.Messages, c.Agents.Chats = [2]int{1, 3}, [2]int{1, 6}
	c.Agents.HangUp = scenario.Dist{B: 2 * time.Second}
	c.Agents.Media = scenario.Media{Image: .3, Audio: .3, Video: .3, Local: .5}
	c.Queue.MaxWait = time.Duration(rng.IntN(3)) * 5 * time.Second
	c.PollHold = []time.Duration{0, time.Second, 5 * time.Second}[rng.IntN(3)]
	c.PollBatch = rng.IntN(3)
	c.SilenceAfter = time.Duration(rng.IntN(2)) * 10 * time.Second
	c.SilenceAsync, c.NumberCodes, c.NullFields, c.TextTimestamps = some(), some(), some(), some()
	c.Chunked, c.Gzip, c.CloseAfterReply, c.MessageCodes = some(), some(), some(), some()
	if some() {
		c.ReplyDelay = scenario.Dist{B: 50 * ms}
	}
	if some() {
		c.UserTokenLife = 45 * time.Second
	}
	return c
}

// wander has two conversations of random steps. A customer who is refused gives up.
func (u *user) wander(rng *rand.Rand) []*visit {
	var visits []*visit
	for range 2 {
		pass(time.Duration(rng.IntN(3000)) * ms)
		u.getApp()
		u.getKey("zh")
		v := u.begin()
		for range rng.IntN(10) {
			pass(time.Duration(rng.IntN(2000)) * ms)
			if rng.IntN(4) == 0 {
				u.transfer()
			} else {
				v.say(fmt.Sprint("word ", rng.IntN(1000)))
			}
		}
		v.end(time.Duration(rng.IntN(20)) * time.Second)
		visits = append(visits, v)
		u.again()
	}
	return visits
}
