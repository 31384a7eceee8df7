package capacity

import (
	"math/rand/v2"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

const (
	opSlots   = int(aicc.OpLeave) + 1
	walksEach = 400 // conversations of each flow that are walked
)

// profile is what a conversation of the mix does at which age, on average. Ages are in bins.
type profile struct {
	bin      time.Duration
	exchange [opSlots][]float64 // begun at an age
	alive    []float64          // share that is going on, on average over a bin
	cycles   []cycle            // from one beginning of a customer to the next
	length   float64            // mean, seconds
	every    float64            // mean time from one beginning of a customer to the next, seconds
	agents   float64            // share that comes to an agent
	handling float64            // seconds an agent spends on one of them, mean
	messages float64
	flows    []FlowPlan
}

// cycle is how long after a conversation a customer begins the next one, and the share of which that
// is so.
type cycle struct {
	length time.Duration
	share  float64
}

// asking is how conversations are walked.
type asking struct {
	s     *scenario.Scenario
	t     scenario.Tenant // the tenant as it is taken to be
	wait  time.Duration   // mean wait for an agent
	walks int
	bin   time.Duration
	most  int // bins that matter
}

// newProfile walks every flow and mixes them.
func (a asking) newProfile() *profile {
	p := &profile{bin: a.bin, alive: make([]float64, a.most+1)}
	for op := range p.exchange {
		p.exchange[op] = make([]float64, a.most+1)
	}
	var served float64
	for i, share := range a.s.Mix {
		if share.Share == 0 {
			continue
		}
		k := slices.IndexFunc(a.s.Flows, func(f *scenario.Flow) bool { return f.Name == share.Flow })
		served += a.flow(p, a.s.Flows[k], share.Share, uint64(i))
	}
	if p.agents > 0 {
		p.handling = served / p.agents
	}
	return p
}

// flow adds a flow to a profile and gives the seconds an agent spends on a conversation of the mix
// because of it.
func (a asking) flow(p *profile, f *scenario.Flow, share float64, stream uint64) (served float64) {
	each := share / float64(a.walks)
	plan := FlowPlan{Name: f.Name, Share: share, Exchanges: map[string]float64{}}
	lengths := make([]float64, 0, a.walks)
	rng := rand.New(rand.NewPCG(a.s.Seed, 0x706c616e<<8|stream))
	for range a.walks {
		w := a.newWalk(rng)
		length := w.talk(f)
		lengths = append(lengths, length.Seconds())
		for _, x := range w.asked {
			p.exchange[x.op][p.at(x.age)] += each
			plan.Exchanges[x.op.String()] += 1 / float64(a.walks)
		}
		for k := range p.at(length) + 1 {
			p.alive[k] += each * min(float64(length)/float64(p.bin)-float64(k), 1)
		}
		again := length + a.s.Between.Draw(rng)
		p.cycles = append(p.cycles, cycle{again, each})
		p.length += each * length.Seconds()
		p.every += each * again.Seconds()
		p.messages += each * float64(w.heard)
		if w.agentAt >= 0 && w.agentAt < length {
			p.agents += each
			served += each * (length - w.agentAt).Seconds()
		}
	}
	slices.Sort(lengths)
	for _, l := range lengths {
		plan.Length.Mean += l / float64(a.walks)
	}
	plan.Length.P95 = lengths[len(lengths)*95/100]
	if a.walks == walksEach {
		plan.Length.Shortest, plan.Length.Longest = a.bounds(f, stream)
	}
	p.flows = append(p.flows, plan)
	return served
}

// at is the bin of an age. What is older than the load has no part in it and falls into the last.
func (p *profile) at(age time.Duration) int { return min(int(age/p.bin), len(p.alive)-1) }

func (a asking) newWalk(rng *rand.Rand) *walk {
	return &walk{s: a.s, t: &a.t, rng: rng, wait: func(r *rand.Rand) time.Duration {
		if a.wait == 0 {
			return 0
		}
		return time.Duration(r.Int64N(2*int64(a.wait)) + 1)
	}}
}

// bounds are the mean lengths of a flow with a tenant that answers at once, and with one that meets
// every expectation at its last moment.
func (a asking) bounds(f *scenario.Flow, stream uint64) (shortest, longest float64) {
	quick := a
	quick.wait = 0
	agents, robot := &quick.t.Agents, quick.t.Robot
	agents.PickUp, agents.Reply, agents.HangUp = scenario.Dist{}, scenario.Dist{}, scenario.Dist{}
	if robot != nil {
		now := *robot
		now.Reply = scenario.Dist{}
		quick.t.Robot = &now
	}
	const walks = 50
	rng := rand.New(rand.NewPCG(a.s.Seed, 0x626f756e<<8|stream))
	for range walks {
		shortest += quick.newWalk(rng).talk(f).Seconds() / walks
		w := quick.newWalk(rng)
		w.slow = true
		longest += w.talk(f).Seconds() / walks
	}
	return shortest, longest
}
