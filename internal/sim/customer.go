package sim

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// customer is one simulated visitor. A goroutine plays its flow and owns the talking connection. The
// polling one belongs to the poller while a conversation runs: that waits nearly always, and has no
// goroutine.
type customer struct {
	run      *run
	index    int
	user     string // userId
	name     string // shown to the agent
	talk     link   // the flow's
	poll     link   // the poller's
	poller   poller
	clock    clock         // the flow's, signals wake
	renewing chan struct{} // of one place: held while tokens are renewed

	// The flow's alone.
	pcg    rand.PCG
	rng    *rand.Rand // decisions of the conversation, from run seed, customer and epoch
	epoch  int
	flow   *flow
	row    []string // data row of the conversation
	repeat int      // innermost repeat counter, from 1

	due       time.Duration // when the schedule wants the next thing to be done
	startLate time.Duration // by how much the conversation was started late
	possible  time.Duration // when the application token came that the conversation had to wait for, or 0
	cutAt     time.Duration // when the conversation is cut at the latest
	lastSeq   int           // marker sequence number of what was said last
	samples   int           // files made for uploads so far

	mu        sync.Mutex // protects the following, and is held while an event is observed
	observer  Observer
	lastID    uint32
	lastAt    time.Duration // of the latest event
	token     string
	tokenAt   time.Duration // when the request that brought it began
	tokenBorn time.Duration // when the tenant made it, at the earliest
	tokenNo   int           // how many tokens the customer has had; that is the number of the latest
	talkState
	wake chan struct{} // of one place: something in talkState has changed
}

// talkState is what a customer knows of the conversation it is in.
type talkState struct {
	chatting  bool // the demo's flag: polling goes on
	ended     trace.Ended
	endedAt   time.Duration
	endedBy   string        // sourceType of the DISCONNECT
	withAgent bool          // an AGENT message has come
	queryAt   time.Duration // when to ask for the queue position next; 0: not queueing
	inbox     []arrival     // what came since the customer last did something
	errands   []errand      // calls that messages make necessary
	said      int           // sequence number of what the customer said last; -1: nothing
	lost      bool          // polling has failed for too long
	thinking  bool          // the flow waits for a time and for no message
}

// arrival is what the flow may want to know of a message.
type arrival struct {
	at      time.Duration
	source  string
	media   string
	text    string
	queue   bool
	hangUp  bool // DISCONNECT
	answers int  // the highest customer sequence number it answers; -1 not known
	state   mediaState
	fileID  string
}

type mediaState uint8

const (
	noMedia mediaState = iota
	notFetched
	fetched
	unfetchable
)

// maxInbox is how many messages are remembered at least between two things a customer does. When
// twice as many are there, the older half is forgotten.
const maxInbox = 64

// errand is a call that a message made necessary.
type errand struct {
	op     aicc.Op // OpDownload or OpSupport
	at     time.Duration
	fileID string
	kind   string // fileType
	local  bool
}

func newCustomer(r *run, index int) *customer {
	c := &customer{run: r, index: index,
		renewing: make(chan struct{}, 1), wake: make(chan struct{}, 1), observer: r.Observe(index)}
	c.poll.loop = r.loops[index%len(r.loops)]
	c.clock = newClock(r, c.poll.loop, c.nudge)
	c.poller.init(c)
	c.user = UserID(r.Run, index)
	c.name = "Visitor " + strconv.Itoa(index)
	c.rng = rand.New(&c.pcg)
	return c
}

// UserID is the user id of a customer: at most 24 letters and digits, different in every run.
func UserID(run uint64, index int) string {
	id := strconv.FormatUint(run%RunIDs, 36)
	return userPrefix + strings.Repeat("0", runDigits-len(id)) + id + strconv.FormatInt(int64(index), 36)
}

// CustomerOf is the part of a user id that names the customer and not the run.
func CustomerOf(user string) string {
	return user[min(len(userPrefix)+runDigits, len(user)):]
}

const (
	userPrefix = "cb"
	runDigits  = 8
	// RunIDs is the number of run ids: few enough for a user id to hold one.
	RunIDs = 36 * 36 * 36 * 36 * 36 * 36 * 36 * 36
)

// live plays the customer through its spans.
func (c *customer) live(spans []span) {
	defer c.leave()
	free := time.Duration(0) // when the last conversation ended
	for _, s := range spans {
		c.cutAt = s.stop + c.run.Scenario.Drain
		if c.run.Scenario.Load.Open {
			c.cutAt = c.run.end + c.run.Scenario.Drain
		}
		// A conversation that took longer than its span is no lateness of the next one.
		for next := max(s.start, free); ; {
			if !c.clock.sleepUntil(next, c.wake) {
				return
			}
			ended := c.converse(next)
			c.epoch++
			free = c.run.now()
			next = free + c.pauseAfter(ended)
			if c.run.Scenario.Load.Open || next >= s.stop {
				break
			}
		}
	}
}

// pauseAfter is the time from the end of one conversation to the start of the next. After one that
// could not even begin it is a second at least, so that a tenant that is down is not stormed.
func (c *customer) pauseAfter(ended trace.Ended) time.Duration {
	pause := c.run.Scenario.Between.Draw(c.rng)
	switch ended {
	case trace.NoToken, trace.NoConnect, trace.LostContact:
		return max(pause, time.Second)
	}
	return pause
}

// leave closes what the customer holds.
func (c *customer) leave() {
	c.talk.drop(c.run)
	c.poll.drop(c.run)
	c.clock.stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.observer.Close()
}

// event prepares the customer's next event. Callers hold mu.
func (c *customer) event(kind trace.Kind) *trace.Event {
	e := events.Get().(*trace.Event)
	*e = trace.Event{Kind: kind, At: c.run.now(), Customer: c.index, Epoch: c.epoch, Seq: -1}
	return e
}

// events are borrowed while they are observed: one is larger than everything else that a customer
// who waits has to keep.
var events = sync.Pool{New: func() any { return new(trace.Event) }}

// observe shows an event, which is gone then. Callers hold mu.
func (c *customer) observe(e *trace.Event) {
	c.lastAt = e.At
	c.observer.Observe(e)
	events.Put(e)
}

// emit observes an event that needs no more than a few fields.
func (c *customer) emit(kind trace.Kind, set func(e *trace.Event)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.event(kind)
	set(e)
	c.observe(e)
}

// reseed starts the decisions of a conversation: they depend on the run's seed, the customer and
// the epoch, and on nothing that happens in time.
func (c *customer) reseed() {
	c.pcg.Seed(c.run.Seed, uint64(c.index)<<24|uint64(c.epoch)&(1<<24-1))
	c.flow = c.chooseFlow(c.rng.Float64())
	c.row = c.chooseRow()
}

func (c *customer) chooseFlow(u float64) *flow {
	for i, share := range c.run.Scenario.Mix {
		if u -= share.Share; u < 0 {
			return c.run.flows[i]
		}
	}
	return c.run.flows[len(c.run.flows)-1]
}

func (c *customer) chooseRow() []string {
	d := c.run.Scenario.Data
	if d == nil {
		return nil
	}
	i := c.index
	switch d.Pick {
	case scenario.Random:
		i = c.rng.IntN(len(d.Rows))
	case scenario.Sequential:
		i += c.epoch * max(peak(c.run.Scenario.Load), 1)
	}
	return d.Rows[i%len(d.Rows)]
}

// value gives the variables of templates.
func (c *customer) value(name string) string {
	switch name {
	case "customer":
		return strconv.Itoa(c.index)
	case "conversation":
		return strconv.Itoa(c.epoch)
	case "n":
		return strconv.Itoa(c.repeat)
	case "user":
		return c.user
	case "run":
		return strconv.FormatUint(c.run.Run, 36)
	}
	if d := c.run.Scenario.Data; d != nil {
		for i, column := range d.Columns {
			if column == name {
				return c.row[i]
			}
		}
	}
	return fmt.Sprintf("{{%s}}", name) // the scenario was validated, so this does not happen
}
