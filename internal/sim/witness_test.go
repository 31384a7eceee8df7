package sim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// witness keeps the events of all customers.
type witness struct {
	t       testing.TB
	busy    func(*trace.Event) // may be nil
	mu      sync.Mutex         // protects diaries
	diaries []*diary
}

// diary is the events of one customer. The simulator promises to tell one at a time, which the race
// detector checks: there is no lock.
type diary struct {
	t        testing.TB
	busy     func(*trace.Event)
	customer int
	events   []trace.Event
	closed   int
}

func (w *witness) observer(customer int) Observer {
	l := &diary{t: w.t, busy: w.busy, customer: customer}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.diaries = append(w.diaries, l)
	return l
}

func (l *diary) Observe(e *trace.Event) {
	if l.closed > 0 || e.Customer != l.customer {
		l.t.Errorf("customer %d, closed %d times: event %+v", l.customer, l.closed, *e)
	}
	kept := *e
	if e.Message != nil {
		m := *e.Message
		kept.Message = &m
	}
	if e.File != nil {
		f := *e.File
		kept.File = &f
	}
	l.events = append(l.events, kept)
	if l.busy != nil {
		l.busy(e)
	}
}

func (l *diary) Close() { l.closed++ }

// finish gives the events by customer, when the run is over.
func (w *witness) finish() [][]trace.Event {
	var all [][]trace.Event
	slices.SortFunc(w.diaries, func(a, b *diary) int { return a.customer - b.customer })
	for _, l := range w.diaries {
		if l.closed != 1 {
			w.t.Errorf("customer %d: closed %d times, want once", l.customer, l.closed)
		}
		all = append(all, l.events)
	}
	return all
}

// law checks what holds for the events of every customer in every run.
type law struct {
	t     testing.TB
	last  trace.Event
	open  map[uint32]trace.Event // Invokes without a Return
	ids   uint32
	poll  trace.Event // the last poll that was answered ok
	shown int         // messages of it that were told
	talks bool        // between Begin and End
	token int         // number of the latest user token that came
}

// obey reports every event of a customer that breaks a law.
func obey(t testing.TB, events []trace.Event) {
	t.Helper()
	customer := -1
	l := law{t: t, open: make(map[uint32]trace.Event)}
	for i := range events {
		e := &events[i]
		customer = e.Customer
		for _, fault := range l.faults(e) {
			t.Errorf("customer %d, event %d: %s: %+v", customer, i, fault, *e)
		}
		l.last = *e
	}
	if len(l.open) > 0 || l.talks || l.shown != l.poll.Count {
		t.Errorf("customer %d: at the end %d exchanges are open, in a conversation: %v, told %d of %d messages",
			customer, len(l.open), l.talks, l.shown, l.poll.Count)
	}
}

// faults is what is wrong with the next event.
func (l *law) faults(e *trace.Event) []string {
	var list []string
	must := func(ok bool, fault string) {
		if !ok {
			list = append(list, fault)
		}
	}
	must(e.At >= l.last.At, "before the last one")
	must(e.Late == 0, "the generator was late in virtual time")
	must(e.Intended <= e.At, "intended for later than it was done")
	must(!strings.Contains(fmt.Sprintf("%+v %+v %+v", *e, e.Message, e.File), secret), "it shows a token")
	must(l.talks || e.Kind == trace.Begin, "outside a conversation")
	switch e.Kind {
	case trace.Begin:
		must(!l.talks, "a conversation begins in another")
		l.talks = true
	case trace.End:
		must(len(l.open) == 0, "the conversation ends in the middle of an exchange")
		l.talks = false
	case trace.Invoke:
		l.ids++
		must(e.ID == l.ids, fmt.Sprintf("the exchange should have number %d", l.ids))
		l.open[e.ID] = *e
		must(l.carries(e), "it carries another token than the latest")
	case trace.Return:
		must(l.returns(e), "it does not belong to its Invoke")
		must(!e.NewToken || e.Got == l.token+1, "a replacement has the next number")
		l.token = max(l.token, e.Got)
	case trace.Deliver:
		must(e.ID == l.poll.ID && e.Index == l.shown && e.Message != nil, "not the next message of the last poll")
		l.shown++
	}
	return list
}

// carries reports whether an Invoke says rightly which user token it carries.
func (l *law) carries(e *trace.Event) bool {
	switch {
	case e.Op == aicc.OpToken || e.Op == aicc.OpApply:
		return e.Token == 0
	case l.token == 0:
		return e.Token == trace.Tokenless
	}
	return e.Token == l.token
}

// returns reports whether a Return fits an open exchange, which it closes.
func (l *law) returns(e *trace.Event) bool {
	x, ok := l.open[e.ID]
	delete(l.open, e.ID)
	ok = ok && x.Op == e.Op && x.At == e.Started && x.Intended == e.Intended && x.Seq == e.Seq &&
		(x.FileID == e.FileID || e.Op == aicc.OpUpload) && x.Probe == e.Probe && x.Token == e.Token && x.NoAccess == e.NoAccess && x.Dial == e.Dial && e.Class != aicc.Unfinished
	if e.Op == aicc.OpPoll && e.Class == aicc.OK {
		ok = ok && l.shown == l.poll.Count // of the one before
		l.poll, l.shown = *e, 0
	}
	return ok
}

// manners checks on the wire what the demo client keeps to, unless connections break: a connection
// belongs to one customer and either polls or talks, there is one poll at a time, it follows the
// answer to the one before after at least 100 ms, and CONNECT comes first.
func manners(t testing.TB, seen []*request) {
	t.Helper()
	owner := make(map[int]string)
	polls := make(map[string]*request)
	for _, q := range seen {
		if q.Op == aicc.OpToken || q.Op == aicc.OpApply {
			continue // whoever was refused renews
		}
		who := q.User + " talks"
		if q.Op == aicc.OpPoll {
			who = q.User + " polls"
		}
		if owner[q.Conn] == "" {
			owner[q.Conn] = who
		}
		if owner[q.Conn] != who {
			t.Errorf("connection %d belongs to %s, but now %s on it: %+v", q.Conn, owner[q.Conn], who, *q)
		}
		last := polls[q.User]
		switch {
		case q.Op == aicc.OpConnect:
			polls[q.User] = &request{Till: q.Till, Access: q.Access, Token: q.Token}
		case q.Op == aicc.OpPoll && last == nil:
			t.Errorf("a poll before CONNECT: %+v", *q)
		case q.Op == aicc.OpPoll:
			renewed := last.Access != q.Access || last.Token != q.Token // after a 401 the same poll comes again
			if q.At < last.Till+100*time.Millisecond && !renewed {
				t.Errorf("a poll at %v after one that was answered at %v", q.At, last.Till)
			}
			polls[q.User] = q
		}
	}
	for who, n := range count(owner) {
		if n > 1 {
			t.Errorf("%s over %d connections, want one", who, n)
		}
	}
}

func count(owner map[int]string) map[string]int {
	n := make(map[string]int)
	for _, who := range owner {
		n[who]++
	}
	return n
}
