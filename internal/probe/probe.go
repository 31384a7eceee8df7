// Package probe asks a tenant for what customers do not ask for by themselves: wrong requests,
// foreign tokens, two polls at once. It plays a few users, one after the other, and tells what came
// back as one trace.Probe event for each case of an active rule.
//
// It judges nothing: what an outcome means is decided by the checker, from the event. It is no load
// either: its calls go through net/http, one at a time but where two at once are the point. Whatever
// it opens it ends with DISCONNECT, also when it is interrupted.
package probe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"chatbench/internal/caller"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// Options says whom to ask and what for.
type Options struct {
	Target    scenario.Target
	Transport *http.Transport // reaches the target, with its TLS set-up
	Locale    string          // of the users, such as en
	User      func(n int) string
	Customer  int       // index that the events carry
	Start     time.Time // when the run's clock was zero
	Observe   func(*trace.Event)
	Wants     func(rule string) bool // whether a rule is to be looked at
	Scene     func(name string)      // told what is being done; may be nil

	// Keyword is what hands a customer of the robot over when it is typed; "" when it is not known.
	Keyword string
	// SessionTime is after how long without a poll the tenant should release a conversation; 0: that
	// is not looked at, because it takes so long.
	SessionTime time.Duration
	// Patience is how long robot and agents may take to speak; 0: 30 s.
	Patience time.Duration
	// Interrupt, when closed, ends the probes after cleaning up. May be nil.
	Interrupt <-chan struct{}
}

const (
	defaultPatience = 30 * time.Second
	cleanupTimeout  = 5 * time.Second
)

// Outcome is how the probes ended.
type Outcome struct {
	Interrupted bool
	Gone        error // why the tenant could not be reached any more, or nil
}

// mostFailures is how many calls in a row may fail to get through before the tenant counts as gone.
const mostFailures = 5

// Run makes the probes. When ctx ends, Interrupt is closed or the tenant goes away it stops early;
// only with ctx conversations may stay open on the tenant. Cases that were not come to are told as
// such.
func Run(ctx context.Context, o Options) Outcome {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-o.Interrupt: // nil: never
			stop()
		case <-working.Done():
		}
	}()
	p := &prober{Options: o, ctx: working, stop: stop, cleanup: ctx}
	p.tenant = &caller.Client{Target: o.Target, HTTP: caller.HTTPClient(o.Transport), Start: o.Start, Locale: o.Locale,
		Name: "chatbench probe", Report: p.gotThrough}
	for i, a := range acts {
		p.play(i, a)
	}
	gone := p.gone.Load()
	if gone != nil {
		return Outcome{Gone: *gone}
	}
	return Outcome{Interrupted: working.Err() != nil}
}

// prober makes the probes of one run.
type prober struct {
	Options
	ctx     context.Context // ends when the probes are to stop
	stop    context.CancelFunc
	cleanup context.Context // ends when even cleaning up is to stop
	tenant  *caller.Client
	users   int // so far
	at      time.Duration

	failures atomic.Int32          // calls in a row that did not get through
	gone     atomic.Pointer[error] // why the tenant counts as gone

	// What one act finds out for those behind it.
	mute        bool   // nobody spoke after CONNECT
	noAgents    string // why no agent can be had, or ""
	surveyKnown bool
	noSurvey    string // why there is no survey, or ""
}

// act is one stretch of probing, usually one conversation.
type act struct {
	name  string
	cases []string // by the names that their events have
	play  func(*scene)
}

// acts are all there is to ask for. The order matters: later ones use what earlier ones found out.
var acts = []act{
	{"tokens", tokenCases, playTokens},
	{"requests", requestCases, playRequests},
	{"expiry", []string{"TOK-23 upload"}, playExpiry},
	{"talk", talkCases, playTalk},
	{"agent", agentCases, playAgent},
	{"keyword", []string{"HND-22 hands over"}, playKeyword},
	{"sendAsync", []string{"CON-25 answer", "CON-25 follows"}, playAsync},
	{"session time", []string{"POL-25 released"}, playRelease},
	{"TLS", []string{"TLS-21 TLS 1.1"}, playTLS},
}

// scene is an act in play.
type scene struct {
	*prober
	epoch int
	cases []string // that are wanted
	told  map[string]bool
	why   string // why what was not told could not be looked at
	cast  []*user
}

// play plays an act, cleans up behind it and tells of the cases that it did not come to.
func (p *prober) play(i int, a act) {
	s := &scene{prober: p, epoch: i, told: make(map[string]bool), why: "the probes came to no end"}
	for _, name := range a.cases {
		if p.wantsCase(name) {
			s.cases = append(s.cases, name)
		}
	}
	if len(s.cases) == 0 {
		return
	}
	if p.ctx.Err() == nil {
		if p.Scene != nil {
			p.Scene(a.name)
		}
		a.play(s)
	}
	for _, u := range s.cast {
		u.cleanUp()
	}
	if p.ctx.Err() != nil {
		s.why = "the probes were broken off"
	}
	for _, name := range s.cases {
		s.skip(name, trace.Unset, s.why)
	}
}

func (p *prober) wantsCase(name string) bool {
	rule, _, _ := strings.Cut(name, " ")
	return p.Wants(rule)
}

// wants reports whether one of the cases is wanted and not told yet.
func (s *scene) wants(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(s.cases, name) && !s.told[name] })
}

// tell emits the outcome of a case, as far as a call says it.
func (s *scene) tell(name string, a caller.Answer) { s.tellCount(name, a, 0, "") }

// tellCount is tell with what was counted, and a note. Nothing is told once the probes are to stop:
// calls that fail then say nothing of the tenant.
func (s *scene) tellCount(name string, a caller.Answer, count int, note string) {
	if !s.wants(name) || s.ctx.Err() != nil {
		return
	}
	s.emit(&trace.Event{
		Name: name, Ask: a.Ask, Op: a.Op, Started: a.Started, Class: a.Class(), Status: a.Status, Code: a.Code,
		Shape: a.Shape, Error: a.Err, Count: count, Note: note,
	})
}

// skip tells that a case could not be looked at, unless it was.
func (s *scene) skip(name string, kind trace.Skip, why string) {
	if s.wants(name) {
		s.emit(&trace.Event{Name: name, Skip: kind, Note: why})
	}
}

func (s *scene) skipAll(kind trace.Skip, why string, names ...string) {
	for _, name := range names {
		s.skip(name, kind, why)
	}
}

func (s *scene) emit(e *trace.Event) {
	s.told[e.Name] = true
	s.at = max(s.at, s.now()) // events of a customer are in order
	e.Kind, e.At, e.Customer, e.Epoch, e.Seq = trace.Probe, s.at, s.Customer, s.epoch, -1
	s.Observe(e)
}

func (p *prober) now() time.Duration { return time.Since(p.Start) }

// pause waits, or not when the probes are to stop.
func (p *prober) pause(d time.Duration) { caller.Pause(p.ctx, d) }

// gotThrough counts the calls in a row that found nobody, and stops the probes when they are too
// many. A tenant that does not answer in time is there.
func (p *prober) gotThrough(err error) {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case err == nil:
		p.failures.Store(0)
	case p.failures.Add(1) >= mostFailures:
		err = fmt.Errorf("the tenant went away while it was probed: %s", caller.Plain(err))
		p.gone.CompareAndSwap(nil, &err)
		p.stop()
	}
}
