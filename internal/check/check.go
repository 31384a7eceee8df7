// Package check is the checker: it reads what customers did and saw, and says which rules of the
// conversation's contract held, which were broken, and what cannot be known.
//
// It is pure. It reads [trace.Event] and nothing else, has no clock, opens no file and starts no
// goroutine, so that a live run, a recorded trace and an imported one get the same verdicts. Each
// customer has a [Session] of its own, a small automaton that is fed in order and shares nothing but
// counters with a few others; its [Checker] adds up.
//
// A rule fails only on a definite counterexample. Where an exchange without an answer, or a run
// that was cut short, explains what was seen just as well, the case is INCONCLUSIVE; where nothing
// could have gone wrong the rule is NOT-EXERCISED. Whether a failed rule fails the run, and whether
// latencies are good enough, is decided elsewhere.
package check

import (
	"sync"
	"sync/atomic"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// Defaults of [Options].
const (
	DefaultPause  = 100 * time.Millisecond // the demo's setTimeout before each poll
	DefaultHold   = 15 * time.Second       // the documented poll hold of 5 s and a client timeout of 10 s
	DefaultWithin = 10 * time.Second       // for want of a figure of the vendor's
	DefaultWindow = 256                    // messages

	DefaultReply     = 30 * time.Second // robots may think, too
	DefaultHandOver  = time.Minute      // and agents before they speak
	DefaultTolerance = 5 * time.Second  // of a poll's hold time

	// What chatbench's own customers may take, who are not slower than this when they keep to the flow.
	DefaultReact    = 10 * time.Second
	DefaultCrossing = time.Second

	// And clients that are judged: see docs/checking.md, "Judging a client".
	ForeignPause    = 90 * time.Millisecond // the demo's pause, less what a recording rounds
	ForeignReact    = 2 * time.Second
	ForeignCrossing = 250 * time.Millisecond
)

// Options says what a run could see and how strict its deadlines are. Zero values mean the
// defaults.
type Options struct {
	Run     uint64      // the run id in our markers; 0 when it is not known, and then not compared
	Off     []string    // ids of rules to leave out, of the report as well
	On      []string    // ids of rules of severity note to check all the same
	Start   time.Time   // when the run's clock was zero; the zero time when it is not known
	Setup   trace.Setup // what is known of the tenant's set-up
	Markers bool        // robots or agents mark their texts; not looked at with Foreign
	Journal bool        // the tenant's record is read at the end of each conversation; likewise
	Probes  bool        // the tenant is probed: active rules are reported, too, also those that were not exercised

	// Foreign says that the customers are clients to be judged, such as a web page, and not chatbench's
	// own. A rule of level self that they break is FAIL and not ERROR, what chatbench would have put
	// into its requests (markers, ids) is not looked for, and rules about the tenant take into account
	// that such a client may have brought about itself what they see.
	Foreign bool

	Pause            time.Duration // least time between a poll's answer and the next poll
	Hold             time.Duration // how long the tenant may still answer a poll that the customer gave up; negative: not at all
	ConnectWithin    time.Duration // CON-02's deadline
	DisconnectWithin time.Duration // DSC-04's deadline, from hang-up to delivery
	ReplyWithin      time.Duration // ROB-03's deadline
	HandOverWithin   time.Duration // HND-01's deadline
	HoldTolerance    time.Duration // by how much a poll may outlast the hold time (POL-02)
	React            time.Duration // how soon a client acts on what it is told (SIM-10 to SIM-12)
	Crossing         time.Duration // how long after an answer a client may act as if it had not come (SIM-12, SIM-13)
	Window           int           // by how many messages one may be late and still be told from a copy

	// Failed is told at once when a customer breaks the rule with this id, during the call that told of
	// the event. The witness is nil when it is not kept, and one that is kept may give way to a worse one
	// later. It must not call the checker. May be nil.
	Failed func(rule string, customer int, w *Witness)
	// Reproduce returns a line that repeats one customer's part of the run. May be nil.
	Reproduce func(customer int) string
}

func (o *Options) setDefaults() {
	orElse := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	if o.Foreign {
		o.Markers, o.Journal = false, false // they would be about numbers that such a client does not use
		orElse(&o.Pause, ForeignPause)
		orElse(&o.React, ForeignReact)
		orElse(&o.Crossing, ForeignCrossing)
	}
	orElse(&o.Pause, DefaultPause)
	orElse(&o.React, DefaultReact)
	orElse(&o.Crossing, DefaultCrossing)
	orElse(&o.Hold, DefaultHold)
	orElse(&o.ConnectWithin, DefaultHandOver)
	orElse(&o.DisconnectWithin, DefaultWithin)
	orElse(&o.ReplyWithin, DefaultReply)
	orElse(&o.HandOverWithin, DefaultHandOver)
	orElse(&o.HoldTolerance, DefaultTolerance)
	if o.Window <= 0 {
		o.Window = DefaultWindow
	}
}

// Checker adds up what the sessions of a run find. Its methods may be called from any goroutine.
type Checker struct {
	opts       Options
	clock      clock
	off        [ruleCount]bool
	violations atomic.Int64
	aborted    atomic.Pointer[Reason]

	mu      sync.Mutex // protects the following fields; may be taken while a shard's is held
	shards  [shardCount]*shard
	tallies [ruleCount]tally // their opportunities are with the shards
	probed  probed
}

// shardCount is among how many groups customers are divided.
const shardCount = 32

// shard counts for a group of customers: a count of every rule for each customer would be a large
// part of what a session takes.
type shard struct {
	c *Checker

	mu sync.Mutex // held while a session of the group takes an event; protects the following field
	counts
}

// counts are what is counted in all conversations alike.
type counts struct {
	met       [ruleCount]int64 // opportunities
	infoPolls int64
	unread    [aicc.OpLeave + 1]int64 // answers whose body was not kept, by call
	markers   bool                    // some were seen
	journal   bool
	tokens    bool // which ones requests carried was told
}

// tally is what is known of one rule.
type tally struct {
	opportunities int64
	violations    int64
	inconclusive  int64
	reasons       map[Reason]int64
	witnesses     []Witness
}

// New returns a checker that has seen nothing. Unknown ids in Off are ignored.
func New(o Options) *Checker {
	o.setDefaults()
	c := &Checker{opts: o, clock: newClock(o.Start)}
	for i := range registry {
		r := &registry[i]
		c.off[i] = isOff(r, &o)
	}
	c.probed.init(&o)
	return c
}

// Customer returns the automaton of one customer, whose index is the one in its markers. It must
// be asked for once per customer.
func (c *Checker) Customer(index int) *Session {
	return &Session{shard: c.shardOf(index), wait: &nobodyWaits, rare: &nothingRare, index: int32(index),
		exposedUntil: never, poll: polling{ended: never}, conv: unbegun()}
}

func (c *Checker) shardOf(index int) *shard {
	c.mu.Lock()
	defer c.mu.Unlock()
	own := &c.shards[uint(index)%shardCount]
	if *own == nil {
		*own = &shard{c: c}
	}
	return *own
}

// Abort says that the run was stopped or the tenant went away: what is still undecided becomes
// INCONCLUSIVE for this reason. The first reason stays.
func (c *Checker) Abort(reason Reason) { c.aborted.CompareAndSwap(nil, &reason) }

// abortReason is the reason given to Abort, or "".
func (c *Checker) abortReason() Reason {
	if r := c.aborted.Load(); r != nil {
		return *r
	}
	return ""
}

// Violations is how often any rule was broken so far. It is cheap enough for a live view.
func (c *Checker) Violations() int64 { return c.violations.Load() }

// Report returns one result a rule, in catalogue order. While customers are still there it covers
// what was decided so far; much of a conversation is only decided when it ends.
func (c *Checker) Report() []RuleResult {
	counted := c.counted()
	c.mu.Lock()
	defer c.mu.Unlock()
	results := make([]RuleResult, 0, ruleCount)
	for i := range registry {
		if !c.off[i] {
			results = append(results, c.result(rule(i), &counted))
		}
	}
	return c.reportProbes(results)
}

// counted adds up what the shards have counted.
func (c *Checker) counted() counts {
	c.mu.Lock()
	all := c.shards
	c.mu.Unlock()
	sum := counts{markers: c.opts.Markers, journal: c.opts.Journal}
	for _, one := range all {
		if one != nil {
			one.mu.Lock()
			sum.add(&one.counts)
			one.mu.Unlock()
		}
	}
	return sum
}

func (n *counts) add(more *counts) {
	for i := range n.met {
		n.met[i] += more.met[i]
	}
	for op := range n.unread {
		n.unread[op] += more.unread[op]
	}
	n.infoPolls += more.infoPolls
	n.markers = n.markers || more.markers
	n.journal = n.journal || more.journal
	n.tokens = n.tokens || more.tokens
}
