package har

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

const (
	// rounding is by how much the times of a recording may be wrong: browsers write milliseconds, and
	// an exchange is the sum of up to seven of them. What a page did that soon after an answer it may
	// have done because of it, so that the answer counts as the earlier of the two.
	rounding = 5 * time.Millisecond

	flowName      = "recorded" // no scenario says what its conversations are
	userTokenLife = time.Hour  // docs/protocol.md section 2.3
)

// Replay gives the recording as a trace: its header to begin, which may be nil, and then the events of
// all customers to observe, in the order of time. A recording is never truncated. An error of observe
// ends it; others are about the file.
func (r *Recording) Replay(begin func(trace.Header), observe func(*trace.Event) error) (h trace.Header, truncated bool, err error) {
	h = trace.Header{Tool: r.About.Creator, Scenario: filepath.Base(r.name), Start: r.About.Start, Sample: 1, Foreign: true, Setup: r.setup}
	if begin != nil {
		begin(h)
	}
	p := player{Recording: r, observe: observe, clients: make([]client, len(r.Customers)), lives: map[int]time.Duration{}}
	for i := range p.clients {
		p.clients[i].index = i
	}
	return h, false, p.play()
}

// player makes events of exchanges.
type player struct {
	*Recording
	observe func(*trace.Event) error
	clients []client
	pending []moment              // of exchanges that have begun, in the order of time
	lives   map[int]time.Duration // until when a token is granted
	now     time.Duration
}

// moment is when an exchange is sent or answered.
type moment struct {
	at    time.Duration
	entry *entry
	sent  *trace.Event // its Invoke; nil: this is when it is sent
}

func (p *player) play() error {
	for i := range p.entries {
		e := &p.entries[i]
		began := e.began.Sub(p.About.Start)
		if err := p.until(began); err != nil {
			return err
		}
		p.schedule(moment{at: began + e.opening, entry: e})
	}
	if err := p.until(math.MaxInt64); err != nil {
		return err
	}
	for i := range p.clients {
		if err := p.end(&p.clients[i], p.clients[i].endedAtLast()); err != nil {
			return err
		}
	}
	return nil
}

// schedule puts a moment behind those that are not later.
func (p *player) schedule(m moment) {
	i, _ := slices.BinarySearchFunc(p.pending, m.at, func(other moment, at time.Duration) int {
		return cmp.Or(cmp.Compare(other.at, at), -1)
	})
	p.pending = slices.Insert(p.pending, i, m)
}

// until lets happen what is due up to a time.
func (p *player) until(at time.Duration) error {
	for len(p.pending) > 0 && p.pending[0].at <= at {
		m := p.pending[0]
		p.pending = slices.Delete(p.pending, 0, 1)
		if err := p.happen(m); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) happen(m moment) error {
	p.now = max(p.now, m.at)
	c := &p.clients[m.entry.customer]
	if m.sent != nil {
		return p.answered(c, m)
	}
	if err := p.answeredBefore(c); err != nil {
		return err
	}
	return p.sends(c, m.entry)
}

// answeredBefore lets the answers of a client come that would come within the rounding of what it does
// now.
func (p *player) answeredBefore(c *client) error {
	for i := 0; i < len(p.pending) && p.pending[i].at <= p.now+rounding; {
		m := p.pending[i]
		if m.sent == nil || m.entry.customer != c.index {
			i++
			continue
		}
		p.pending = slices.Delete(p.pending, i, i+1)
		if err := p.answered(c, m); err != nil {
			return err
		}
	}
	return nil
}

// forget drops the answers that are still to come for a client: they belong to a conversation that is
// over.
func (p *player) forget(c *client) {
	p.pending = slices.DeleteFunc(p.pending, func(m moment) bool { return m.sent != nil && m.entry.customer == c.index })
}

// sends emits the Invoke of an exchange, if it is one that rules are about.
func (p *player) sends(c *client, e *entry) error {
	op := e.op
	if e.undone {
		op = c.guess()
	}
	if op == aicc.OpNone {
		return nil
	}
	body, err := e.request.read(p.file)
	if err != nil {
		return fmt.Errorf("entry %d: %w", e.index, err)
	}
	if err := p.begins(c, e, op); err != nil {
		return err
	}
	c.lastID++
	sent := &trace.Event{Kind: trace.Invoke, At: p.now, Customer: c.index, Epoch: c.epoch, ID: c.lastID, Op: op, Seq: -1,
		Intended: min(e.began.Sub(p.About.Start), p.now), Dial: e.opening, Asked: e.asked, Async: e.call.path == aicc.PathSendAsync,
		NoAccess: p.bearers && e.access == 0 && op != aicc.OpToken, Token: p.tokenOf(c, e), Fresh: p.fresh(e)}
	describe(sent, body.Data)
	c.did(op)
	if err := p.observe(emitted(sent)); err != nil {
		return err
	}
	if !e.open {
		p.schedule(moment{at: max(e.began.Sub(p.About.Start)+e.took, p.now), entry: e, sent: sent})
	}
	return nil
}

// emitted is a copy of an event, for whoever is handed it may use it as its own.
func emitted(e *trace.Event) *trace.Event {
	handed := *e
	if handed.Kind == trace.Invoke {
		handed.File = nil
	}
	return &handed
}

// begins emits Begin, and End before it, where a conversation begins: with the first exchange of a
// client, and with each CONNECT after one that had an answer.
func (p *player) begins(c *client, e *entry, op aicc.Op) error {
	if c.began && (op != aicc.OpConnect || !c.settled()) {
		return nil
	}
	if c.began {
		p.forget(c)
		if err := p.end(c, c.endedBefore(e.page)); err != nil {
			return err
		}
		c.epoch++
	}
	c.start(e.page, !opens(op))
	return p.observe(&trace.Event{Kind: trace.Begin, At: p.now, Customer: c.index, Epoch: c.epoch, User: e.user, Flow: flowName, Midway: c.midway})
}

// opens reports whether a client may begin with an exchange. A recording that begins with another was
// begun in the middle of a conversation.
func opens(op aicc.Op) bool {
	switch op {
	case aicc.OpToken, aicc.OpApply, aicc.OpConnect, aicc.OpLeave:
		return true
	}
	return false
}

func (p *player) end(c *client, ended trace.Ended) error {
	if !c.began {
		return nil
	}
	return p.observe(&trace.Event{Kind: trace.End, At: p.now, Customer: c.index, Epoch: c.epoch, Ended: ended})
}

// tokenOf is the number of the user token that a request carried. In a recording without any the
// site's own server adds them.
func (p *player) tokenOf(c *client, e *entry) int {
	switch {
	case e.used > 0:
		return c.tokens.Number(strconv.Itoa(e.used))
	case p.userTokens:
		return trace.Tokenless
	}
	return 0
}

// fresh reports whether both tokens of a request were within the life they were granted, as far as
// the recording shows.
func (p *player) fresh(e *entry) bool {
	if e.call.op == aicc.OpToken {
		return false
	}
	return p.now < p.lives[e.access] && (e.call.op == aicc.OpApply || p.now < p.lives[e.used])
}

// answered emits the Return of an exchange, and what a poll delivered.
func (p *player) answered(c *client, m moment) error {
	e, ret := m.entry, *m.sent
	ret.Kind, ret.At, ret.Started, ret.Fresh = trace.Return, p.now, m.sent.At, p.fresh(e)
	if ret.Op == aicc.OpDownload {
		ret.File = nil // what was asked for; what comes is another
	}
	var reply aicc.Reply
	switch body, err := e.response.read(p.file); {
	case err != nil:
		return fmt.Errorf("entry %d: %w", e.index, err)
	case e.unanswered(len(body.Data) > 0):
		ret.Class, ret.Error = e.lost()
	case e.status != http.StatusOK:
		ret.Status, ret.Class, ret.Error = e.status, aicc.Classify(ret.Op, e.status, "", false), e.refusal()
	case body.Missing != "":
		ret.Status, ret.Class, ret.NoBody = e.status, aicc.Info, true
	default:
		reply = read(&ret, body.Data)
		if ret.Op == aicc.OpDownload && ret.Class == aicc.OK && reply.FileStream != nil {
			ret.File = &trace.File{ID: ret.FileID, Want: m.sent.File.Want}
			ret.File.Decode(reply.FileStream)
		}
	}
	p.granted(c, e, &ret)
	if err := p.observe(emitted(&ret)); err != nil {
		return err
	}
	c.heard(&ret)
	return p.deliver(c, &ret, reply.Messages)
}

// granted notes which token came, and for how long it is good.
func (p *player) granted(c *client, e *entry, ret *trace.Event) {
	switch {
	case e.granted == 0 || ret.Status == 0:
		return
	case ret.Op == aicc.OpToken:
		if ret.Grant != nil {
			p.lives[e.granted] = ret.Started + time.Duration(ret.Grant.Seconds)*time.Second
		}
		return
	case ret.Op != aicc.OpApply && e.granted == e.used:
		return
	}
	ret.NewToken = ret.Op != aicc.OpApply
	ret.Got = c.tokens.Number(strconv.Itoa(e.granted))
	p.lives[e.granted] = ret.Started + userTokenLife
}

func (p *player) deliver(c *client, ret *trace.Event, messages []aicc.Downlink) error {
	for i := range messages {
		m := &messages[i]
		e := trace.Event{Kind: trace.Deliver, At: ret.At, Customer: c.index, Epoch: c.epoch, ID: ret.ID, Op: ret.Op, Index: i, Message: m}
		e.Mark, _, e.Marked = marker.Parse(m.Content)
		c.told(m)
		if err := p.observe(&e); err != nil {
			return err
		}
	}
	return nil
}

// read gives an answer's body its meaning.
func read(ret *trace.Event, body []byte) aicc.Reply {
	reply, err := aicc.ParseReply(ret.Op, body)
	ret.Status, ret.Code = http.StatusOK, reply.Code
	ret.Class = aicc.Classify(ret.Op, http.StatusOK, reply.Code, err == nil)
	if err != nil {
		ret.Shape = shapeOf(ret.Op, err)
	}
	switch ret.Op {
	case aicc.OpToken:
		if ret.Class == aicc.OK {
			ret.Grant = &trace.Grant{Type: reply.App.Type, Seconds: reply.App.Expires}
		}
	case aicc.OpPoll:
		ret.Count = len(reply.Messages)
	case aicc.OpQueue:
		ret.Position, ret.Estimate, ret.MaxWait = reply.Position, reply.EstimateWait, reply.MaxWait
	case aicc.OpUpload:
		ret.FileID = reply.ObjectKey
	}
	return reply
}

// shapeOf says what is wrong with a shape. What a token call answered is not quoted, as it may be a
// token.
func shapeOf(op aicc.Op, err error) string {
	if (op == aicc.OpToken || op == aicc.OpApply) && errors.Is(err, aicc.ErrNotJSON) {
		return aicc.ErrNotJSON.Error()
	}
	return err.Error()
}

// unanswered reports whether the page got no answer, whatever came on the wire.
func (e *entry) unanswered(body bool) bool { return e.status == 0 || e.problem != "" && !body }

// unsent are the words of browsers for requests that never left them.
var unsent = []string{"REFUSED", "NOT_RESOLVED", "UNKNOWN_HOST", "BLOCKED", "INTERNET_DISCONNECTED", "ADDRESS_UNREACHABLE"}

// lost says what became of an exchange without an answer.
func (e *entry) lost() (aicc.Class, string) {
	problem := cmp.Or(e.problem, "no answer in the recording")
	if slices.ContainsFunc(unsent, func(word string) bool { return strings.Contains(strings.ToUpper(problem), word) }) {
		return aicc.Fail, problem
	}
	return aicc.Info, problem
}

// refusal says what came instead of a 200.
func (e *entry) refusal() string {
	if e.redirect != "" {
		return fmt.Sprintf("HTTP %d: redirect to %s", e.status, e.redirect)
	}
	return fmt.Sprintf("HTTP %d", e.status)
}
