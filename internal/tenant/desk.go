package tenant

import (
	"slices"
	"sync"
	"time"

	"chatbench/internal/scenario"
)

// desk hands conversations to agents, first come, first served. It knows nothing of what is said.
type desk struct {
	agents scenario.Agents
	limit  int

	mu       sync.Mutex // protects the following; taken while a conversation's is held, never the other way round
	free     []int      // agents, once for each conversation they have room for, next one first
	load     []int      // conversations of each agent
	busy     int        // agents with a conversation
	queue    []*place   // by ticket
	tickets  uint64
	handling time.Duration // moving average of how long an agent keeps a customer
}

// place is a conversation's place in the queue or with an agent. Its fields are protected by the
// desk's mutex.
type place struct {
	v      *conversation
	ticket uint64
	since  time.Time // when it began to wait or was given to the agent
	state  placeState
	agent  int // from 0; never changes once it is serving
}

type placeState uint8

const (
	placeWaiting placeState = iota
	placeServing
	placeLeft
)

// unknownHandling is what an estimate is made of before any conversation has ended.
const unknownHandling = time.Minute

// smoothing is the weight of the newest value in the average handling time.
const smoothing = 8

func (d *desk) open(agents scenario.Agents, queue scenario.Queue) {
	d.agents, d.limit = agents, queue.Limit
	d.handling = unknownHandling
	d.load = make([]int, agents.Count)
	for range agents.Conversations {
		for a := range agents.Count {
			d.free = append(d.free, a)
		}
	}
}

// ask gives the conversation to an agent, or puts it into the queue; not ok when that is full.
func (d *desk) ask(v *conversation) (p *place, served, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.free) == 0 && len(d.queue) >= d.limit {
		return nil, false, false
	}
	d.tickets++
	p = &place{v: v, ticket: d.tickets, since: time.Now()}
	if len(d.free) > 0 {
		d.assign(p)
		return p, true, true
	}
	d.queue = append(d.queue, p)
	return p, false, true
}

// assign gives p the next free agent.
func (d *desk) assign(p *place) {
	p.agent, d.free = d.free[0], d.free[1:]
	p.state, p.since = placeServing, time.Now()
	if d.load[p.agent]++; d.load[p.agent] == 1 {
		d.busy++
	}
}

// leave gives up a place, whichever kind it is. An agent who becomes free takes the next customer.
func (d *desk) leave(p *place) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch p.state {
	case placeWaiting:
		if i, ok := d.find(p); ok {
			d.queue = slices.Delete(d.queue, i, i+1)
		}
	case placeServing:
		d.handling += (time.Since(p.since) - d.handling) / smoothing
		d.free = append(d.free, p.agent)
		if d.load[p.agent]--; d.load[p.agent] == 0 {
			d.busy--
		}
		d.callNext()
	}
	p.state = placeLeft
}

func (d *desk) callNext() {
	if len(d.queue) == 0 {
		return
	}
	next := d.queue[0]
	d.queue = slices.Delete(d.queue, 0, 1)
	d.assign(next)
	time.AfterFunc(0, next.v.served) // it needs a mutex that comes before ours
}

// hire lets one more conversation be served, by the first agent.
func (d *desk) hire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = append(d.free, 0)
	d.callNext()
}

func (d *desk) find(p *place) (int, bool) {
	return slices.BinarySearchFunc(d.queue, p.ticket, func(q *place, ticket uint64) int {
		switch {
		case q.ticket < ticket:
			return -1
		case q.ticket > ticket:
			return 1
		}
		return 0
	})
}

// standing is what a customer in the queue is told.
type standing struct {
	position int // from 1
	waited   time.Duration
	longest  time.Duration // wait of the first in the queue
	estimate time.Duration
}

// look tells where in the queue p is; not ok when it is not in the queue.
func (d *desk) look(p *place) (standing, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i, ok := d.find(p)
	if p.state != placeWaiting || !ok {
		return standing{}, false
	}
	slots := max(1, d.agents.Count*d.agents.Conversations)
	now := time.Now()
	return standing{
		position: i + 1,
		waited:   now.Sub(p.since),
		longest:  now.Sub(d.queue[0].since),
		estimate: d.handling * time.Duration(i+1) / time.Duration(slots),
	}, true
}

func (d *desk) counts() (waiting, busy int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.queue), d.busy
}
