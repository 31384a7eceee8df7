// Package judge watches the clients of an embedded tenant, be they web pages, programs or chatbench
// itself, and judges their side of the demo flow by the rules for clients (SIM) of the checker. The
// tenant plays them a curriculum: conversations that are each made to show something that a client has
// to get right.
//
// It turns what the tenant sees into the same events that chatbench's own customers emit, one customer a
// user id, so that everything that reads events and results works here, too. It knows no rule but one:
// what is wrong with a request as such. It serves no pages and measures no latency: what a client's own
// machine and network take cannot be seen from here.
package judge

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/http1"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// Options are what a judge may be told beside the tenant's set-up.
type Options struct {
	// Tenant is passed on to the tenant; Watch, Refused and Lesson are the judge's.
	Tenant tenant.Options
	// Command is the command line, for the result.
	Command []string
	// Out is the folder for the trace; "" keeps none.
	Out string
	// For is how long to judge at most, and Conversations how many are to end before; 0 means without
	// end. Conversations that go on then are cut short.
	For           time.Duration
	Conversations int
	// Curriculum switches the lessons on. Without it all conversations are as the set-up says.
	Curriculum bool
	// Only is the one lesson that is given; "" are all.
	Only string
	// Found is told of all that is noticed, one after the other. It may be slow: what there is no time
	// for is left out, and the result has it all the same. May be nil.
	Found func(Finding)
}

// Finding is one thing that was noticed while judging: a broken rule, a lesson that a client has met for
// the first time, or one that begins for the first time and wants something done.
type Finding struct {
	At      time.Duration // since the judge was made
	Client  string        // the address it calls from and its User-Agent
	User    string        // userId; "" where none was named
	Rule    string        // id; "" for a lesson
	Witness check.Witness // of the rule
	Lesson  string        // in which it was, which was met, or which begins
	Do      string        // what whoever is at the client has to do in the lesson that begins; "" for other findings
}

// Judge is a tenant with a watch on its clients. It is made by New; all methods may be called at any
// time.
type Judge struct {
	opt      Options
	cfg      scenario.Tenant
	tenant   *tenant.Tenant
	start    time.Time
	run      uint64
	patience time.Duration // after how long without a call a client is taken to be gone
	checker  *check.Checker
	recorder *metric.Recorder
	trace    *trace.Writer // nil: none is kept

	clients  clients
	finished atomic.Int64 // conversations that have ended
	findings chan Finding
	stop     chan struct{} // closed by Close
	closing  sync.Once
	beside   sync.WaitGroup
	done     chan struct{} // closed when there is no more to judge
	over     sync.Once

	// byIndex finds a *customer by its number. It is asked for under the checker's mutex, so that no other
	// may be taken with it.
	byIndex sync.Map

	mu        sync.Mutex // protects the following
	customers map[string]*customer
	count     int           // customers so far
	unjudged  int64         // calls of users for whom there was no room
	kept      *result.Trace // what was, when it is closed; nil: there is none, or not yet
}

// defaultPatience is the tenant's own, where it never releases a conversation.
const defaultPatience = time.Minute

// New makes a tenant that judges its clients. The error says what makes no sense in the set-up, or that
// there can be no trace.
func New(cfg scenario.Tenant, opt Options) (*Judge, error) {
	j := &Judge{opt: opt, cfg: cfg, start: time.Now(), run: random(), patience: cfg.SessionTimeout,
		findings: make(chan Finding, 1024), stop: make(chan struct{}), done: make(chan struct{}),
		customers: make(map[string]*customer)}
	if j.patience <= 0 {
		j.patience = defaultPatience
	}
	opt.Tenant.Watch, opt.Tenant.Refused = j.watch, j.refused
	if opt.Curriculum {
		opt.Tenant.Lesson = j.lesson
	}
	var err error
	if j.tenant, err = tenant.New(cfg, opt.Tenant); err != nil {
		return nil, err
	}
	header := j.header()
	j.checker = check.New(check.Options{Off: header.Off, Start: j.start, Setup: header.Setup, Foreign: true, Pause: header.Pause, Failed: j.failed})
	j.recorder = metric.NewRecorder(nil, 8, metric.Options{Wall: j.start})
	if opt.Out != "" {
		if j.trace, err = trace.Create(filepath.Join(opt.Out, TraceFile), header); err != nil {
			return nil, err
		}
	}
	j.beside.Go(j.tick)
	j.beside.Go(j.tell)
	return j, nil
}

// TraceFile is the trace in the folder Options.Out.
const TraceFile = "trace.ndjson.gz"

func random() uint64 {
	var b [8]byte
	crand.Read(b[:]) // never fails
	return max(binary.LittleEndian.Uint64(b[:])>>24, 1)
}

// header says how the events are judged, also when they are read again.
func (j *Judge) header() trace.Header {
	setup := j.tenant.Setup()
	return trace.Header{Tool: j.opt.Tenant.Version, Run: j.run, Scenario: scenarioName, Start: j.start, Foreign: true,
		Pause: check.ForeignPause, Setup: setup, Sample: 1, Off: notForClients()}
}

// notForClients are the rules for tenants.
func notForClients() []string {
	var off []string
	for _, r := range check.Rules() {
		if r.Level != check.Self {
			off = append(off, r.ID)
		}
	}
	return off
}

// Tenant is the tenant whose clients are judged.
func (j *Judge) Tenant() *tenant.Tenant { return j.tenant }

// Serve is the tenant's Serve: it answers on a listener until that fails or the judge is closed.
func (j *Judge) Serve(l net.Listener) error { return j.tenant.Serve(listener{l}) }

// Done is closed when the time or the conversations of the options are over, or every client has met
// every lesson and no conversation goes on.
func (j *Judge) Done() <-chan struct{} { return j.done }

// Close ends the judging and the tenant: conversations that go on are cut short. It waits until ctx is
// done at most.
func (j *Judge) Close(ctx context.Context) error {
	j.closing.Do(func() {
		for _, c := range j.everybody() {
			c.finish()
		}
		close(j.stop)
	})
	err := j.tenant.Close(ctx)
	j.beside.Wait()
	return errors.Join(err, j.closeTrace())
}

// closeTrace ends the trace, once.
func (j *Judge) closeTrace() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.trace == nil || j.kept != nil {
		return nil
	}
	events, err := j.trace.Close()
	j.kept = &result.Trace{Files: []string{TraceFile}, Policy: "all", Events: events, Complete: err == nil}
	return err
}

// now is the judge's clock.
func (j *Judge) now() time.Duration { return time.Since(j.start) }

// watch is shown every request. What is no call of the API may be a page of the tenant's own, and is
// only looked at when there is none.
func (j *Judge) watch(x *http1.Exchange) {
	r := read(x)
	if !r.isCall() {
		from := x.Conn
		x.Told = func(x *http1.Exchange) { j.strayed(&r, from, x.Status) }
		return
	}
	k, from := &call{wrong: r.fault(j.cfg.Channel)}, j.clientOf(x.Conn, r.agent)
	r.describe(k)
	if k.op == aicc.OpPoll && k.wrong != "" {
		k.op = aicc.OpNone // it fetches nothing, so that it is judged as a request only
	}
	c := j.whose(&r, from)
	if c == nil {
		return
	}
	c.ask(k, &r, from)
	k.conn, _ = x.Conn.(*conn)
	if k.conn != nil {
		k.conn.serve(k)
	}
	x.Told = func(x *http1.Exchange) { j.told(k, &r, x) }
}

// whose finds the customer that a call is judged as; nil when there are too many.
func (j *Judge) whose(r *request, from *client) *customer {
	if user := r.user(); user != "" && len(user) <= longestUser {
		return j.customer(user)
	}
	return from.stranger
}

// longestUser bounds the user ids that are told apart; the tenant takes 32 characters.
const longestUser = 128

// told is shown the answer to a call.
func (j *Judge) told(k *call, r *request, x *http1.Exchange) {
	if k.conn != nil {
		k.conn.serve(nil)
	}
	a := readAnswer(k.op, x)
	if k.wrong == "" {
		k.wrong = refusal(r, a.status)
	}
	k.c.answered(k, &a)
}

// strayed judges a request for what is not there.
func (j *Judge) strayed(r *request, conn net.Conn, status int) {
	if why := refusal(r, status); why != "" {
		j.blame(r, conn, status, why)
	}
}

// blame judges a request that is no call by what is wrong with it.
func (j *Judge) blame(r *request, conn net.Conn, status int, why string) {
	from, k := j.clientOf(conn, r.agent), &call{wrong: why}
	from.stranger.ask(k, r, from)
	from.stranger.answered(k, &answer{class: aicc.Fail, status: status})
}

// refused is told of what is no HTTP.
func (j *Judge) refused(conn net.Conn, err error) {
	j.blame(&request{}, conn, http.StatusBadRequest, fmt.Sprintf("it is no HTTP request: %v", err))
}

func (j *Judge) clientOf(conn net.Conn, agent string) *client {
	return j.clients.find(conn.RemoteAddr(), agent, func() *customer { return j.newCustomer("") })
}

// customer finds or makes the customer of a user id; nil when there are too many.
func (j *Judge) customer(user string) *customer {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.customers[user]
	switch {
	case c != nil:
	case len(j.customers) >= maxUsers:
		j.unjudged++
	default:
		c = j.make(user)
		j.customers[user] = c
	}
	return c
}

// maxUsers is how many users are judged at the same time. Others are served, and counted.
const maxUsers = 50_000

func (j *Judge) newCustomer(user string) *customer {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.make(user)
}

// make makes a customer; the mutex is held.
func (j *Judge) make(user string) *customer {
	c := &customer{j: j, index: j.count, user: user, epoch: -1, talk: talk{lesson: noLesson},
		session: j.checker.Customer(j.count), meter: j.recorder.Customer(j.count)}
	j.byIndex.Store(j.count, c)
	j.count++
	return c
}

// everybody is all customers that are known.
func (j *Judge) everybody() []*customer {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]*customer, 0, len(j.customers))
	for _, c := range j.customers {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *customer) int { return a.index - b.index })
	return list
}

// tick looks after conversations that end by themselves, and after the end of judging.
func (j *Judge) tick() {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for second := 0; ; second++ {
		select {
		case <-j.stop:
			return
		case <-ticker.C:
		}
		j.recorder.Tick(second)
		if j.trace != nil && second%5 == 4 {
			j.trace.Flush() // an error stays and is told by Close
		}
		busy := j.tend()
		if j.enough(busy) {
			j.over.Do(func() { close(j.done) })
		}
	}
}

// tend looks at every customer, forgets those that are gone, and counts the conversations that go on.
func (j *Judge) tend() (busy int) {
	now := j.now()
	for _, c := range j.everybody() {
		switch {
		case c.tend(now):
			j.forget(c)
		case c.talking():
			busy++
		}
	}
	return busy
}

func (j *Judge) forget(c *customer) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.customers[c.user] == c {
		delete(j.customers, c.user)
		j.byIndex.Delete(c.index)
	}
}

// enough reports whether there is no more to judge.
func (j *Judge) enough(busy int) bool {
	switch {
	case j.opt.For > 0 && j.now() >= j.opt.For:
		return true
	case j.opt.Conversations > 0 && j.finished.Load() >= int64(j.opt.Conversations):
		return true
	}
	return busy == 0 && j.opt.Curriculum && j.allMet()
}

// allMet reports whether every client has met every lesson that this tenant can give.
func (j *Judge) allMet() bool {
	list := j.clients.all()
	for _, c := range list {
		for i, p := range j.clients.progress(c) {
			if p.met == 0 && !j.cannot(i) {
				return false
			}
		}
	}
	return len(list) > 0
}

// cannot reports whether the tenant does not give a lesson: those that were not asked for, and those with
// the robot on a channel that has none which speaks first.
func (j *Judge) cannot(lesson int) bool {
	l := &curriculum[lesson]
	return !j.opt.Curriculum || j.opt.Only != "" && l.Name != j.opt.Only || l.met&(sawRobot|sawHandOver|sawAfterHandOver) != 0 && (j.cfg.Robot == nil || j.cfg.Robot.Welcome == "")
}

// choose gives a customer's client its next lesson.
func (j *Judge) choose(c *customer) int {
	return j.clients.next(c.client, j.cannot)
}

// lesson is what the tenant asks for when a user sends CONNECT.
func (j *Judge) lesson(user string) *tenant.Lesson {
	j.mu.Lock()
	c := j.customers[user]
	j.mu.Unlock()
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lesson == noLesson {
		return nil
	}
	l := &curriculum[c.lesson]
	if l.Do != "" && j.clients.progress(c.client)[c.lesson].planned == 1 {
		j.notify(Finding{At: j.now(), Client: c.client.key.String(), User: c.user, Lesson: l.Name, Do: l.Do})
	}
	return &l.plan
}

func (j *Judge) lessonName(lesson int) string {
	if lesson == noLesson {
		return ""
	}
	return curriculum[lesson].Name
}
