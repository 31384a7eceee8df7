// Package tenant is the embedded tenant: a reference server of the customer side of the AICC web
// chat (docs/protocol.md). It has tokens, a robot, a queue, agents, media and a long poll, decides
// by named switches what the vendor's documents leave open, keeps a record of every conversation,
// and commits one documented fault on demand (see Mutants), which is how the checker is proven.
// History, suggestions and surveys (E09, E11 to E14) are there for probes; no simulated customer
// uses them.
//
// It does not have the agents' own interface, click-to-call or push, keeps nothing on disk, and
// speaks plain HTTP: TLS is up to whoever makes the listener.
package tenant

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

// Options are what a scenario does not say about the embedded tenant.
type Options struct {
	// Seed decides every draw: two tenants of one seed behave alike towards a user.
	Seed uint64
	// Key gives the part of a user id that the draws depend on, so that ids may differ between two
	// runs that decide alike. Nil means the whole id.
	Key func(user string) string
	// Version of the program, for the page about the tenant.
	Version string
	// Page are the files of a web page to chat on, answered to browsers on this machine; nil: there is
	// none. With them goes the application's secret, see PageSetup.
	Page fs.FS
	// Watch is shown every request before it is served, also those for what is not there; it may set
	// Told, and must neither change anything else nor keep the exchange. Nil watches nothing.
	Watch func(*http1.Exchange)
	// Refused is told of requests that are no HTTP; nil: nobody is.
	Refused func(net.Conn, error)
	// Lesson gives what the conversation is to be like that a user is about to begin, or nil for one
	// like any other. It must not call the tenant. Nil: all are.
	Lesson func(user string) *Lesson
}

// Tenant is a running embedded tenant. It is made by New; all methods can be called at any time.
type Tenant struct {
	cfg    scenario.Tenant
	opt    Options
	faults *faults // nil: a healthy tenant
	server http1.Server
	loop   loop
	closed chan struct{} // closed when Close begins
	once   sync.Once

	appTokens  *shards[time.Time] // when they expire
	userTokens *shards[*userToken]
	customers  *shards[*customer]
	clock      *clock
	desk       desk
	journals   journals
	counters   counters
	calls      atomic.Uint64 // conversations so far, for call ids
	archived   atomic.Uint64 // messages that went into histories so far, for their ids

	dice struct { // for what belongs to no conversation
		sync.Mutex
		*rand.Rand
	}
}

// New makes a tenant. The error says which part of the set-up makes no sense, such as a mutant
// that does not exist.
func New(cfg scenario.Tenant, opt Options) (*Tenant, error) {
	committed, err := parseMutants(cfg.Mutants)
	if err != nil {
		return nil, err
	}
	if cfg.Agents.Count < 0 || cfg.Agents.Count > 0 && cfg.Agents.Conversations < 1 {
		return nil, fmt.Errorf("%d agents with %d conversations each: not a set-up", cfg.Agents.Count, cfg.Agents.Conversations)
	}
	t := &Tenant{
		cfg: cfg, opt: opt, faults: committed, closed: make(chan struct{}),
		clock: newClock(), appTokens: newShards[time.Time](), userTokens: newShards[*userToken](), customers: newShards[*customer](),
	}
	if opt.Lesson != nil && committed == nil {
		t.faults = new(faults) // those of lessons
	}
	t.desk.open(cfg.Agents, cfg.Queue)
	t.dice.Rand = rand.New(rand.NewPCG(opt.Seed, 0))
	largest := max(cfg.UploadLimit, cfg.UploadLimitVideo)
	t.server = http1.Server{
		Handler: t.serve,
		Refused: opt.Refused,
		// Room for an upload that is too large, so that it is refused with a result code.
		Limits: http1.Limits{Body: int(max(16<<20, largest*2))},
	}
	return t, nil
}

// Serve answers on a listener until it fails or the tenant is closed, and then returns an error:
// http1.ErrServerClosed after Close. It can be called for several listeners.
func (t *Tenant) Serve(l net.Listener) error {
	return t.server.Serve(t.loop.watch(l, t.clock))
}

// Close ends all conversations, closes listeners and connections and waits until no call is being
// served, or ctx is done.
func (t *Tenant) Close(ctx context.Context) error {
	t.once.Do(func() {
		close(t.closed)
		t.customers.each(func(c *customer) {
			c.mu.Lock()
			defer c.unlock()
			if c.conv != nil {
				c.conv.finish(endShutdown)
			}
			c.wake()
		})
	})
	err := t.server.Close(ctx)
	t.loop.close()
	return err
}

func (t *Tenant) isClosed() bool {
	select {
	case <-t.closed:
		return true
	default:
		return false
	}
}

// Describe is one line about the set-up, for reports.
func (t *Tenant) Describe() string {
	robot := "no robot"
	if r := t.cfg.Robot; r != nil {
		robot = fmt.Sprintf("robot (reply %v)", r.Reply)
	}
	a := t.cfg.Agents
	parts := []string{robot, fmt.Sprintf("%d agents with %d conversations (reply %v)", a.Count, a.Conversations, a.Reply)}
	if t.cfg.PollHold > 0 {
		parts = append(parts, fmt.Sprintf("poll held %v", t.cfg.PollHold))
	} else {
		parts = append(parts, "short poll")
	}
	if len(t.cfg.Mutants) > 0 {
		parts = append(parts, fmt.Sprintf("mutants %s", strings.Join(t.cfg.Mutants, " ")))
	}
	return strings.Join(parts, ", ")
}

// pause lets the time of ReplyDelay pass.
func (t *Tenant) pause() {
	t.dice.Lock()
	d := t.cfg.ReplyDelay.Draw(t.dice.Rand)
	t.dice.Unlock()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.closed:
	}
}
