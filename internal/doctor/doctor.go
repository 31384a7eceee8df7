// Package doctor walks through the set-up of a tenant, step by step, as an administrator would: the
// way in, the tokens, a conversation with robot and agent, and what lies around it. Of each step it
// says what was seen, whether that is right, and where in the tenant's administration to look if it
// is not.
//
// It is no load and judges no rules: of a conversation it looks at whether there is one. It costs a
// tenant two conversations at most and ends what it opened, also when it is interrupted. Secrets go
// to tokenByAkSk and nowhere else, and into no report.
package doctor

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"chatbench/internal/caller"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// Options say which tenant to look at, and how.
type Options struct {
	Target    scenario.Target
	Subject   result.Target // the same, as reports name it
	Transport *http.Transport
	Lookup    func(ctx context.Context, host string) ([]string, error) // nil: the resolver of the system
	Tool      string                                                   // version of chatbench

	Locale  string // of the customer: zh or en, which is also the language of what it says
	Keyword string // that hands over from the robot when it is typed; "": not known
	User    string // id of the customer

	Patience time.Duration // how long robot and agents may take to speak; 0: 30 s
	Begin    func(*Step)   // told of each step that is looked at, before it is; may be nil
	Done     func(*Step)   // told of each step when it is over; may be nil
	// Interrupt, when closed, ends the walk after hanging up. May be nil.
	Interrupt <-chan struct{}
}

const (
	defaultPatience = 30 * time.Second
	mostFailures    = 3                // calls in a row that got no answer, before the tenant counts as gone
	linger          = 20 * time.Second // how long hanging up may take, and a CONNECT that is interrupted
	mostConnects    = 2
	pollAtLeast     = 5 * time.Second // between two polls
)

// Run walks through the set-up. When Interrupt is closed it hangs up and returns; when ctx ends it
// returns at once, and a conversation may stay open.
func Run(ctx context.Context, o Options) *Report {
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	if o.Lookup == nil {
		o.Lookup = net.DefaultResolver.LookupHost
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
	w := &walk{Options: o, ctx: working, stop: stop, hard: ctx, states: map[string]State{}}
	w.client = &caller.Client{Target: o.Target, HTTP: caller.HTTPClient(o.Transport), Start: time.Now(), Locale: o.Locale,
		Name: "chatbench doctor", Report: w.gotThrough}
	w.u = w.client.NewUser(o.User)
	w.keep(o.Target.AppSecret)
	w.report = Report{Schema: Schema, Tool: o.Tool, Start: w.client.Start, Target: o.Subject, Channel: o.Target.Channel}
	for i := range steps {
		w.take(&steps[i])
	}
	w.over = true
	w.hangUp()
	return w.finish()
}

// walk is one walk through a set-up.
type walk struct {
	Options
	ctx    context.Context // ends when the walk is to stop
	stop   context.CancelFunc
	hard   context.Context // ends when even hanging up is to stop
	client *caller.Client
	u      *caller.User
	report Report
	states map[string]State // of the steps that were taken

	secrets []string // that were sent or came

	failures int  // calls in a row that got no answer
	over     bool // all steps are behind
	polled   time.Time
	gone     error // why the tenant counts as gone, or nil

	clock    clock
	connects int
	unsure   bool // how the latest CONNECT or DISCONNECT came out
	talk     talk
}

// step is one thing to look at.
type step struct {
	id, title string
	needs     []string // steps without which going on makes no sense
	look      func(*walk) finding
}

// finding is how a step came out.
type finding struct {
	state   State
	saw     string
	basis   Basis
	advice  string
	page    *Page
	because string
}

// take takes one step, or says why it is not taken.
func (w *walk) take(s *step) {
	out := Step{ID: s.id, Title: s.title}
	begun := time.Now()
	f, skip := w.skipped(s)
	if !skip {
		if w.Begin != nil {
			w.Begin(&out)
		}
		w.stay()
		f = w.cutShort(s.look(w))
	}
	out.State, out.Basis, out.Page, out.Because = f.state, f.basis, f.page, f.because
	out.Saw, out.Advice = w.masked(f.saw), w.masked(f.advice)
	out.Took = time.Since(begun).Seconds()
	w.states[s.id] = out.State
	w.report.Steps = append(w.report.Steps, out)
	if w.Done != nil {
		w.Done(&out)
	}
}

// stay polls before a step when the last poll is some time ago: a tenant that is slow would release a
// conversation that nobody polls for.
func (w *walk) stay() {
	if w.u.Open && !w.u.HungUp && time.Since(w.polled) > pollAtLeast {
		w.u.Poll(w.ctx)
		w.heard()
	}
}

// skipped says why a step is not to be taken, if so.
func (w *walk) skipped(s *step) (f finding, skip bool) {
	if f, over := w.stopped(); over {
		return f, true
	}
	for _, id := range s.needs {
		switch w.states[id] {
		case Wrong, Unsure, Skipped:
			return w.notLookedAt(id), true
		}
	}
	return finding{}, false
}

// notLookedAt skips a step for the sake of the one that began it.
func (w *walk) notLookedAt(id string) finding {
	for _, s := range w.report.Steps {
		if s.ID == id && s.State == Skipped && s.Because != "" {
			return w.notLookedAt(s.Because)
		}
	}
	return because(id, "not looked at, because of the step %s", id)
}

// stopped says why no more steps are taken.
func (w *walk) stopped() (f finding, over bool) {
	switch {
	case w.gone != nil:
		return skip("not looked at: the tenant went away"), true
	case w.ctx.Err() != nil:
		return skip("not looked at: the walk was interrupted"), true
	}
	return finding{}, false
}

// cutShort puts aside what a step makes of calls that were broken off. What had come out right
// before that stays.
func (w *walk) cutShort(f finding) finding {
	if f.state == Right {
		return f
	}
	if w.gone != nil {
		return unsure(u(""), "the tenant went away: %v", w.gone)
	}
	if w.ctx.Err() != nil {
		return skip("interrupted")
	}
	return f
}

// gotThrough counts the calls in a row that were not answered.
func (w *walk) gotThrough(err error) {
	w.keep(w.u.App, w.u.Token) // which the call carried
	switch {
	case err == nil:
		w.failures = 0
	case w.over: // of hanging up more is told than that
	case errors.Is(err, context.Canceled): // by us
	default:
		if w.failures++; w.failures >= mostFailures {
			w.lose(caller.Plain(err))
		}
	}
}

// lose ends the walk because the tenant went away.
func (w *walk) lose(why string) {
	if w.ctx.Err() == nil {
		w.gone = errors.New(why)
		w.stop()
	}
}

// masked takes secrets out of a text, which may quote what a tenant sent.
func (w *walk) masked(text string) string {
	w.keep(w.u.App, w.u.Token)
	for _, secret := range w.secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return text
}

// keep notes what is to be masked from now on: a tenant may send back a token that was replaced.
func (w *walk) keep(secrets ...string) {
	for _, secret := range secrets {
		if len(secret) >= 4 && !slices.Contains(w.secrets, secret) {
			w.secrets = append(w.secrets, secret)
		}
	}
}

func (w *walk) finish() *Report {
	r := &w.report
	switch {
	case w.gone != nil:
		r.Ended = result.EndedGone
	case w.ctx.Err() != nil:
		r.Ended = result.EndedInterrupted
	}
	r.Conversations = Conversations{Opened: w.connects, Most: mostConnects}
	if w.unsure {
		r.Conversations.Unsure = 1
	} else if w.u.Open {
		r.Conversations.Forced = 1
	}
	r.Took = time.Since(r.Start).Seconds()
	r.Exit = r.exit()
	return r
}
