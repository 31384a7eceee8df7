// Package sim plays the customers: thousands of them at the same time, each with its own user id,
// token and two connections, each doing what the vendor's demo web client does.
//
// It emits events (internal/trace) and knows nothing of rules, percentiles or reports. It never
// repairs the tenant: nothing is sent again because its outcome is unknown, nothing is reordered,
// nothing is dropped. What goes wrong with the tenant is data in the events; the errors it returns
// are only about the run itself.
package sim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/reactor"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// Observer takes the events of one customer, in order and one at a time. An event is only valid
// during the call.
type Observer interface {
	Observe(e *trace.Event)
	// Close is called once, when the customer will emit nothing more.
	Close()
}

// Journal gives a tenant's own record of a conversation. The embedded tenant has one.
type Journal interface {
	Take(ctx context.Context, user string, epoch int) (trace.Record, bool)
}

// Config is what a run needs. All fields without "may" are mandatory.
type Config struct {
	Scenario *scenario.Scenario
	Endpoint *Endpoint
	Run      uint64 // the run's id, in every marker
	Seed     uint64 // of every decision
	Markers  bool   // put markers into what customers say
	Journal  Journal
	// TokenLife is the life of a user token where it is known not to be the documented hour.
	TokenLife time.Duration
	Observe   func(customer int) Observer
	// Sample makes a small valid file of a kind (image, audio, video, text) for uploads without a
	// file of their own; id makes its bytes unique.
	Sample func(kind, id string) []byte
	// Start is the zero of the run's clock. It may be left zero: then it is when Run is called.
	Start time.Time
	// Cut, when closed, makes every customer hang up at once. It may be nil.
	Cut <-chan struct{}
	// Stopping is called when the run is to end before its time, before any customer is made to end
	// because of it: trace.Interrupted for Cut, trace.Gone, or trace.Broken. It may be nil.
	Stopping func(why trace.Ended)
}

// Outcome is what a run came to, beside its events.
type Outcome struct {
	Length    time.Duration // from start to the last customer's end
	Customers int           // that took part
	Dropped   int           // arrivals for which there was no room (open load)
	Cut       bool          // conversations were cut by Cut, not by the end of the load
	Gone      error         // the tenant went away in mid-run, and how it looked; nil otherwise
	Bug       error         // chatbench itself failed, with the stack; nil otherwise
}

// Run plays the scenario to its end. Cancelling ctx breaks every connection at once; closing
// cfg.Cut lets the customers say goodbye first. In both cases it returns when the last customer is
// gone, with what happened until then.
func Run(ctx context.Context, cfg Config) Outcome {
	r := newRun(ctx, cfg)
	defer r.cancel()
	defer r.closeLoops()
	watched := make(chan struct{})
	go func() { defer close(watched); r.watch() }()
	if cfg.Scenario.Load.Open {
		r.open()
	} else {
		r.closed()
	}
	r.wg.Wait()
	r.cancel()
	<-watched
	return Outcome{
		Length:    r.now(),
		Customers: r.customers,
		Dropped:   r.dropped,
		Cut:       r.cutByUser.Load(),
		Gone:      r.gone,
		Bug:       r.bug,
	}
}

// run is the state that customers share.
type run struct {
	Config
	ctx    context.Context
	cancel context.CancelFunc
	start  time.Time
	end    time.Duration // of the load, on the run's clock
	flows  []*flow       // in the order of the mix
	access accessToken
	loops  []*reactor.Loop // watch the polling connections
	conns  connSet
	health contact

	cut       chan struct{} // closed: hang up now
	cutOnce   sync.Once
	cutByUser atomic.Bool
	gone      error // set before cut is closed by watch
	bugOnce   sync.Once
	bug       error // set before cut is closed by survive

	wg        sync.WaitGroup
	customers int
	dropped   int
	active    atomic.Int64
}

func newRun(ctx context.Context, cfg Config) *run {
	r := &run{Config: cfg, start: cfg.Start, cut: make(chan struct{})}
	r.ctx, r.cancel = context.WithCancel(ctx)
	if r.start.IsZero() {
		r.start = time.Now()
	}
	r.end = loadLength(cfg.Scenario.Load)
	for _, share := range cfg.Scenario.Mix {
		for _, f := range cfg.Scenario.Flows {
			if f.Name == share.Flow {
				r.flows = append(r.flows, newFlow(f))
			}
		}
	}
	r.access.lock = make(chan struct{}, 1)
	r.conns.open = make(map[net.Conn]struct{})
	r.loops = cfg.Endpoint.loops()
	context.AfterFunc(r.ctx, r.breakOff)
	return r
}

// breakOff ends all waiting.
func (r *run) breakOff() {
	r.conns.closeAll()
	for _, l := range r.loops {
		l.Hurry()
	}
}

func (r *run) closeLoops() {
	for _, l := range r.loops {
		l.Close()
	}
}

// now is the run's clock.
func (r *run) now() time.Duration { return time.Since(r.start) }

// sleeper gives a function that waits until the run's clock shows a time; see [clock.sleepUntil].
func (r *run) sleeper() func(at time.Duration) bool {
	wake := make(chan struct{}, 1)
	k := newClock(r, r.loops[0], func() { signal(wake) })
	return func(at time.Duration) bool { return k.sleepUntil(at, wake) }
}

// signal sends on a channel of one place, unless somebody has done so already.
func signal(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// closed starts the customers of a closed load, each at its time.
func (r *run) closed() {
	sleepUntil := r.sleeper()
	for _, s := range byStart(presence(r.Scenario.Load, r.Seed)) {
		if !sleepUntil(s.spans[0].start) {
			return
		}
		r.spawn(s.customer, s.spans)
	}
}

// open starts one customer for each arrival. An arrival that finds too many customers is counted
// and lost, as it would be at a real door; it is not delayed, which would hide it.
func (r *run) open() {
	sleepUntil := r.sleeper()
	index := 0
	for at := range arrivals(r.Scenario.Load, r.Seed) {
		if !sleepUntil(at) {
			return
		}
		if most := r.Scenario.Load.MaxCustomers; most > 0 && r.active.Load() >= int64(most) {
			r.dropped++
		} else {
			r.spawn(index, []span{{at, at}})
		}
		index++
	}
}

func (r *run) spawn(index int, spans []span) {
	r.customers++
	r.active.Add(1)
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		defer r.active.Add(-1)
		defer r.survive()
		newCustomer(r, index).live(spans)
	}()
}

// survive is deferred by the goroutines that play customers: a bug in one of them ends the run,
// with what was measured until then, and not the process.
func (r *run) survive() {
	if v := recover(); v != nil {
		r.broke(v)
	}
}

func (r *run) broke(v any) {
	r.bugOnce.Do(func() { r.bug = fmt.Errorf("%v\n%s", v, debug.Stack()) })
	r.stopping(trace.Broken)
	r.cancel() // whoever waits for the customer that is gone must not wait for ever
	r.cutNow()
}

// watch looks once a second whether the run is to be cut and whether the tenant is still there.
func (r *run) watch() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-r.Cut:
			r.cutByUser.Store(true)
			r.stopping(trace.Interrupted)
			r.sayGoodbye()
			return
		case <-ticker.C:
			now := r.now()
			if err := r.health.gone(now); err != nil {
				r.gone = err
				r.stopping(trace.Gone)
				r.sayGoodbye()
				return
			}
			if now > r.end+r.Scenario.Drain {
				r.sayGoodbye()
				return
			}
		}
	}
}

// Goodbye is how long customers who are to hang up may take for it. A tenant that does not answer
// them then keeps nobody longer: their connections are broken.
const Goodbye = 10 * time.Second

// sayGoodbye makes every customer hang up and gives them a while for it.
func (r *run) sayGoodbye() {
	r.cutNow()
	late := time.NewTimer(Goodbye)
	defer late.Stop()
	select {
	case <-r.ctx.Done():
	case <-late.C:
		r.cancel()
	}
}

func (r *run) stopping(why trace.Ended) {
	if r.Stopping != nil {
		r.Stopping(why)
	}
}

func (r *run) cutNow() { r.cutOnce.Do(func() { close(r.cut) }) }

// isCut reports whether customers are to hang up at once.
func (r *run) isCut() bool {
	select {
	case <-r.cut:
		return true
	default:
		return r.ctx.Err() != nil
	}
}

// goneAfter is how long every attempt to reach the tenant must have failed before the run is
// given up.
const goneAfter = 5 * time.Second

// contact tells whether the tenant still answers anybody.
type contact struct {
	lastGood atomic.Int64 // run's clock, ns
	firstBad atomic.Int64 // since lastGood; 0: none
	lastBad  atomic.Int64
	bad      atomic.Int64
	mu       sync.Mutex // protects cause
	cause    error
}

func (c *contact) answered(at time.Duration) {
	c.lastGood.Store(int64(at))
	if c.bad.Load() != 0 {
		c.bad.Store(0)
		c.firstBad.Store(0)
	}
}

// failed takes note of an attempt that failed. A time-out does not count: a tenant that is too slow
// is still there.
func (c *contact) failed(at time.Duration, err error) {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return
	}
	if c.bad.Add(1) == 1 {
		c.firstBad.Store(int64(at))
	}
	c.lastBad.Store(int64(at))
	c.mu.Lock()
	c.cause = err
	c.mu.Unlock()
}

// gone is the reason to give up, or nil.
func (c *contact) gone(now time.Duration) error {
	first := time.Duration(c.firstBad.Load())
	failing := time.Duration(c.lastBad.Load()) - first // customers whose polls are held are silent, not failing
	if c.bad.Load() < 3 || failing < goneAfter || now-time.Duration(c.lastGood.Load()) < goneAfter {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Errorf("the tenant stopped answering %.0f s into the run: %w", first.Seconds(), c.cause)
}

// connSet holds the open connections, so that a run that is stopped at once can break them.
type connSet struct {
	mu     sync.Mutex // protects the following
	open   map[net.Conn]struct{}
	closed bool
}

var errStopped = errors.New("the run was stopped")

func (s *connSet) add(c net.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		c.Close()
		return errStopped
	}
	s.open[c] = struct{}{}
	return nil
}

func (s *connSet) remove(c net.Conn) {
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
}

func (s *connSet) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		c.Close()
	}
}

// accessToken is the application token. It identifies the application, not the customer, so all
// customers share it; whoever finds it old renews it while the others wait.
type accessToken struct {
	lock    chan struct{} // of one place: held while token is renewed
	mu      sync.Mutex    // protects the following
	token   string
	renewAt time.Duration
	freshTo time.Duration
	asked   int           // how often it was asked for
	at      time.Duration // when that was answered last
}

// appTokenLife is the life asked for, in seconds: the one in the vendor's examples.
const appTokenLife = 600

// value is the token, and until when it can be relied on: never if there is none.
func (a *accessToken) value() (token string, freshTo time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token, a.freshTo
}

func (a *accessToken) answeredAt() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.at
}

// usable reports whether there is a fresh token that is not the refused one, and how often one was
// asked for until now.
func (a *accessToken) usable(now time.Duration, refused string) (asked int, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked, a.token != "" && a.token != refused && now < a.renewAt
}

// answered counts a call for a token and stores what it brought, if anything. A token is renewed
// after four fifths of its life, counted from when it was asked for.
func (a *accessToken) answered(t aicc.AppToken, began, at time.Duration) {
	life := time.Duration(t.Expires) * time.Second
	if life <= 0 {
		life = appTokenLife * time.Second
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.at = at
	if a.asked++; t.Token != "" {
		a.token, a.renewAt, a.freshTo = t.Token, began+life*4/5, freshUntil(began, life)
	}
}
