package tenant

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"chatbench/internal/http1"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// Pages of the tenant's own, which a real one does not have. They are only answered to peers on
// the same machine.
const (
	// JournalPath takes user and epoch and answers the trace.Record of that conversation as JSON,
	// which is forgotten then if the conversation has ended, or 404.
	JournalPath = "/chatbench/journal"
	// AboutPath answers what the tenant is and does, as an About.
	AboutPath = "/chatbench/about"
)

// keptRecords bounds the records of ended conversations that nobody has asked for.
const keptRecords = 20_000

// journals keeps the records of conversations that their customer has left behind.
type journals struct {
	mu      sync.Mutex // protects the following
	records map[recordKey]*keptRecord
	order   []*keptRecord // oldest first, with some that have been taken
}

type recordKey struct {
	user  string
	epoch int
}

type keptRecord struct {
	trace.Record
	endedAt time.Time
	gone    bool
}

func (j *journals) keep(r trace.Record, endedAt time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.records == nil {
		j.records = make(map[recordKey]*keptRecord)
	}
	k := &keptRecord{Record: r, endedAt: endedAt}
	key := recordKey{r.User, r.Epoch}
	if old := j.records[key]; old != nil {
		old.gone = true
	}
	j.records[key] = k
	j.order = append(j.order, k)
	for len(j.records) > keptRecords || len(j.order) > 2*keptRecords {
		oldest := j.order[0]
		j.order[0], j.order = nil, j.order[1:]
		if !oldest.gone {
			delete(j.records, recordKey{oldest.User, oldest.Epoch})
		}
	}
}

func (j *journals) take(user string, epoch int) (trace.Record, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	key := recordKey{user, epoch}
	k, ok := j.records[key]
	if !ok {
		return trace.Record{}, false
	}
	delete(j.records, key)
	k.gone = true
	r := k.Record
	if r.HungUp {
		r.HungUpAgo = time.Since(k.endedAt).Milliseconds()
	}
	*k = keptRecord{gone: true} // what it held is free at once, its place in the order later
	return r, true
}

// Journal is the tenant's account of one conversation of a user: the latest with that epoch,
// which is the customer's own count as read from its markers, or -1 for one without markers.
// The record of an ended conversation is given out once. It is kept for 20,000 conversations.
func (t *Tenant) Journal(user string, epoch int) (trace.Record, bool) {
	c, ok := t.customers.get([]byte(user))
	if !ok {
		return t.journals.take(user, epoch)
	}
	c.mu.Lock()
	defer c.unlock()
	v := c.conv
	if v == nil || v.epoch() != epoch {
		return t.journals.take(user, epoch)
	}
	if v.taken {
		return trace.Record{}, false
	}
	v.taken = v.phase == ended
	return v.record(), true
}

// epoch is the customer's number of the conversation, or -1.
func (v *conversation) epoch() int {
	if !v.marked {
		return -1
	}
	return v.who.Epoch
}

// record is the conversation's record as of now.
func (v *conversation) record() trace.Record {
	r := trace.Record{
		User: v.c.user, Epoch: v.epoch(), CallID: v.callID,
		Heard: v.heard, Shown: slices.Clone(v.shown.runs), Garbled: v.shown.garbled, Quiet: v.quiet.Milliseconds(),
		Ended: v.how, HungUp: v.hungUp, Owed: v.owed,
		Files: v.files, Uploads: v.uploads, Faults: v.faults,
		Evaluation: v.evaluation,
	}
	if v.hungUp {
		r.HungUpAgo = time.Since(v.endedAt).Milliseconds()
	}
	for i, count := range v.said {
		if count > 0 {
			r.Senders = append(r.Senders, trace.Said{Sender: senders[i], Count: count, Waiting: v.waiting(senders[i])})
		}
	}
	return r
}

// keptRuns bounds the runs of a record.
const keptRuns = 64

// shown is what the other side got to see of the customer's marked texts: their numbers in runs
// without a hole, from..to, in the order in which they came. Beyond keptRuns it is given up, and
// the record says nothing of them.
type shown struct {
	runs    [][2]int
	tooMany bool
	garbled int // texts that did not fit their marker any more
}

func (s *shown) add(seq int) {
	switch n := len(s.runs); {
	case s.tooMany:
	case n > 0 && s.runs[n-1][1] == seq-1:
		s.runs[n-1][1] = seq
	case n == keptRuns:
		s.runs, s.tooMany = nil, true
	default:
		s.runs = append(s.runs, [2]int{seq, seq})
	}
}

// waiting counts the marked messages of a sender that were said and not handed out.
func (v *conversation) waiting(s marker.Sender) int {
	n := 0
	for i := range v.out {
		if v.out[i].sender == s && !v.out[i].extra {
			n++
		}
	}
	return n
}

// About is the answer of AboutPath.
type About struct {
	Chatbench string      `json:"chatbench"` // "tenant"
	Version   string      `json:"version"`
	PID       int         `json:"pid"`
	Now       int64       `json:"now"` // µs since 1970 by the tenant's clock
	Channel   string      `json:"channel"`
	Setup     trace.Setup `json:"setup"`
	Config    string      `json:"config"` // as Describe says it
	Mutants   []string    `json:"mutants,omitempty"`
	Stats     Stats       `json:"stats"`
}

// Setup is what rules need to know of the tenant's configuration.
func (t *Tenant) Setup() trace.Setup {
	robot, hold := t.cfg.Robot != nil, t.cfg.PollHold
	return trace.Setup{Channel: t.cfg.Channel, Robot: &robot, Hold: &hold, Silence: t.cfg.SilenceAfter, TokenLife: t.cfg.UserTokenLife}
}

// ownPage answers the tenant's own pages and reports whether it did.
func (t *Tenant) ownPage(x *http1.Exchange) bool {
	if x.Method != http.MethodGet || !isLocal(x.Conn.RemoteAddr()) {
		return false
	}
	switch string(x.Path) {
	case AboutPath:
		return writeJSON(x, About{
			Chatbench: "tenant", Version: t.opt.Version, PID: os.Getpid(), Now: time.Now().UnixMicro(),
			Channel: t.cfg.Channel, Setup: t.Setup(), Config: t.Describe(), Mutants: t.cfg.Mutants, Stats: t.Stats(),
		})
	case JournalPath:
		args, err := url.ParseQuery(string(x.Query))
		if err != nil {
			return false
		}
		epoch, err := strconv.Atoi(args.Get("epoch"))
		if err != nil {
			return false
		}
		r, ok := t.Journal(args.Get("user"), epoch)
		return ok && writeJSON(x, r)
	}
	return t.pageFile(x)
}

func writeJSON(x *http1.Exchange, v any) bool {
	b, err := json.Marshal(v)
	if err != nil {
		return false
	}
	x.Body = append(x.Body, b...)
	return true
}

// isLocal reports whether the peer is on this machine. What is not TCP, such as a pipe, is.
func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
