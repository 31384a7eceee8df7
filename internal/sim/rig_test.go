package sim

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

const (
	ms      = time.Millisecond
	channel = "2025010112345678"
	secret  = "s3cret" // in the application secret and in every token: must appear in no event
	hold    = 5 * time.Second
)

// answer is what the scripted tenant does about a call. The zero value is the usual answer: a
// token, "0", or for a poll the empty list after five seconds.
type answer struct {
	wait   time.Duration // before the answer
	status int
	kind   string   // Content-Type; "" is JSON
	header []string // name, value, ...
	body   string
	close  bool   // end the connection afterwards
	raw    string // instead of all that; the connection is closed behind it
	cut    int    // break the connection after so many bytes; -1: before the first
	never  bool   // no answer at all
}

// code is an answer with a result code.
func code(c string) answer { return answer{body: `{"resultCode":"` + c + `"}`} }

// script is the tenant's answers: to the n-th call of a kind by a customer the n-th of the list,
// and the usual answer from then on. Calls for application tokens are counted for all customers
// together.
type script map[aicc.Op][]answer

// request is a call as it came over the wire.
type request struct {
	Op       aicc.Op
	N        int // which one of this kind by this customer, from 1
	At, Till time.Duration
	Conn     int    // connections are counted from 1 in the order of their first call
	User     string // userId, "" for tokenByAkSk
	Line     string // method and target
	Access   string // Authorization
	Token    string // ccmessaging-token
	Key      string // x-app-key
	Expire   string // X-Token-Expire
	Body     string
}

// scripted is a tenant whose answers a test has written down.
type scripted struct {
	script  script
	decide  func(q *request) (answer, bool) // may be nil; asked before the script
	start   time.Time
	mu      sync.Mutex // protects the following
	seen    []*request
	conns   map[net.Conn]int
	counts  map[string]int
	tokens  int
	stopped chan struct{}
}

func newScripted(s script) *scripted {
	return &scripted{script: s, start: time.Now(), conns: make(map[net.Conn]int), counts: make(map[string]int), stopped: make(chan struct{})}
}

var paths = map[string]aicc.Op{
	aicc.PathToken: aicc.OpToken, aicc.PathApply: aicc.OpApply, aicc.PathPoll: aicc.OpPoll, aicc.PathQueue: aicc.OpQueue,
	aicc.PathUpload: aicc.OpUpload, aicc.PathDownload: aicc.OpDownload, aicc.PathSupport: aicc.OpSupport, aicc.PathLeave: aicc.OpLeave,
}

var controls = map[string]aicc.Op{aicc.Connect: aicc.OpConnect, aicc.Chat: aicc.OpSend, aicc.Transfer: aicc.OpTransfer, aicc.Disconnect: aicc.OpDisconnect}

// read makes a request of what came.
func (s *scripted) read(x *http1.Exchange) *request {
	var body struct{ UserID, From, CallID, ControlType string }
	json.Unmarshal(x.Request, &body) //nolint:errcheck // a GET has none
	q := &request{At: time.Since(s.start), Line: x.Method + " " + string(x.Path), Body: string(x.Request),
		Access: string(x.Header("authorization")), Token: string(x.Header("ccmessaging-token")),
		Key: string(x.Header("x-app-key")), Expire: string(x.Header("x-token-expire"))}
	if len(x.Query) > 0 {
		q.Line += "?" + string(x.Query)
	}
	q.User = body.UserID + body.From + body.CallID
	if receiver, ok := x.Argument("receiverId"); ok {
		q.User = string(receiver)
	}
	if q.User == "" { // tokens name their user, as the real ones do
		_, q.User, _ = strings.Cut(q.Token, ".")
	}
	known := false
	if q.Op, known = paths[string(x.Path)]; !known {
		q.Op = controls[body.ControlType]
	}
	return q
}

func (s *scripted) handle(x *http1.Exchange) {
	q := s.read(x)
	s.mu.Lock()
	if s.conns[x.Conn] == 0 {
		s.conns[x.Conn] = len(s.conns) + 1
	}
	q.Conn = s.conns[x.Conn]
	key := q.Op.String() + q.User
	s.counts[key]++
	q.N = s.counts[key]
	s.seen = append(s.seen, q)
	s.mu.Unlock()
	a := s.choose(q)
	if !s.pass(a) {
		x.CutAfter = -1
		return
	}
	s.fill(x, q, a)
	s.mu.Lock()
	q.Till = time.Since(s.start)
	s.mu.Unlock()
}

func (s *scripted) choose(q *request) answer {
	if s.decide != nil {
		if a, ok := s.decide(q); ok {
			return a
		}
	}
	if list := s.script[q.Op]; q.N <= len(list) {
		return list[q.N-1]
	}
	if q.Op == aicc.OpPoll {
		return answer{wait: hold}
	}
	return answer{}
}

// pass lets the answer's time go by. It returns false when there is to be no answer.
func (s *scripted) pass(a answer) bool {
	if a.never {
		<-s.stopped
		return false
	}
	if a.wait == 0 {
		return true
	}
	select {
	case <-time.After(a.wait):
		return true
	case <-s.stopped:
		return false
	}
}

func (s *scripted) fill(x *http1.Exchange, q *request, a answer) {
	x.Status, x.Close, x.CutAfter, x.ContentType = a.status, a.close, a.cut, a.kind
	if a.kind == "" {
		x.ContentType = "application/json"
	}
	for i := 0; i+1 < len(a.header); i += 2 {
		x.AddHeader(a.header[i], a.header[i+1])
	}
	if a.raw != "" {
		x.Conn.Write([]byte(a.raw)) //nolint:errcheck // the customer may be gone
		x.CutAfter = -1
		return
	}
	body := a.body
	if body == "" && (a.status == 0 || a.status == 200) {
		body = s.usual(q)
	}
	x.Body = append(x.Body, body...)
}

// usual is the body of an answer that the script says nothing about.
func (s *scripted) usual(q *request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch q.Op {
	case aicc.OpToken:
		s.tokens++
		return fmt.Sprintf(`{"AccessToken":"%s-app-%d","ApplyType":"Bearer","Expires":"600"}`, secret, s.tokens)
	case aicc.OpApply:
		s.tokens++
		return fmt.Sprintf(`{"resultCode":"0","token":"%s-%d.%s"}`, secret, s.tokens, q.User)
	case aicc.OpUpload:
		return `{"returnCode":"0","objectKey":"key-1"}`
	case aicc.OpDownload:
		return file(pixel)
	}
	return `{"resultCode":"0"}`
}

// pixel begins as a picture does.
var pixel = []byte("\xff\xd8\xff\xe0 a picture")

func file(data []byte) string {
	return `{"resultCode":"0","fileStream":"` + base64.StdEncoding.EncodeToString(data) + `"}`
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// Messages of the other side, and the answer of a poll that brings them.

func said(source, text string) string {
	return fmt.Sprintf(`{"controlType":"CHAT","sourceType":%q,"mediaType":"TEXT","content":%q,"senderNickname":"Ann"}`, source, text)
}

func media(source, kind, id string) string {
	return fmt.Sprintf(`{"controlType":"CHAT","sourceType":%q,"mediaType":%q,"content":%q}`, source, kind, id)
}

func bye(source string) string {
	return fmt.Sprintf(`{"controlType":"DISCONNECT","sourceType":%q,"mediaType":null,"content":null}`, source)
}

const queued = `{"controlType":"CHAT","sourceType":"SYSTEM","mediaType":"TEXT","content":"You are queueing.","queueFlag":"Y"}`

func brings(messages ...string) answer {
	return answer{body: `{"resultCode":"0","downlinkMessages":[` + strings.Join(messages, ",") + `]}`}
}

// after is the same answer, later.
func (a answer) after(d time.Duration) answer { a.wait = d; return a }

// template is a text of a scenario.
func template(text string) scenario.Template {
	t, ok := scenario.ParseTemplate(text)
	if !ok {
		panic("not a template: " + text)
	}
	return t
}

func say(text string) scenario.Step { return scenario.Say{Text: template(text)} }

func think(d time.Duration) scenario.Step { return scenario.Think{Time: scenario.Constant(d)} }

// scene is a scenario in which one customer has one conversation.
func scene(steps ...scenario.Step) *scenario.Scenario {
	flow := &scenario.Flow{Name: "flow", Steps: append([]scenario.Step{scenario.Connect{Text: template("hello")}}, steps...)}
	return &scenario.Scenario{
		Flows:   []*scenario.Flow{flow},
		Mix:     []scenario.Share{{Flow: "flow", Share: 1}},
		Load:    scenario.Load{Stages: []scenario.Stage{{Customers: 1, Length: ms}}},
		Between: scenario.Constant(time.Second),
		Poll:    scenario.Poll{Pause: 100 * ms, Timeout: 15 * time.Second},
		Drain:   time.Hour,
		Locale:  "en",
	}
}

// customers lets n customers begin at once, each with as many conversations as fit into the time.
func customers(s *scenario.Scenario, n int, length time.Duration) *scenario.Scenario {
	s.Load.Stages = []scenario.Stage{{Customers: n, Length: length}}
	return s
}

// played is what a run left behind.
type played struct {
	t      *testing.T
	out    Outcome
	seen   []*request
	events [][]trace.Event // by customer
}

// rig is a run about to start. A test may change it.
type rig struct {
	*scripted
	t      *testing.T
	net    *memnet.Listener
	cfg    Config
	target scenario.Target
	dial   Dialer
	ctx    context.Context

	busy    func(e *trace.Event) // keeps whoever tells an event busy, and so makes the generator late; may be nil
	unpaced bool                 // the test's script makes customers late, or its connections are not reused
}

// play runs a scenario against a scripted tenant in virtual time and checks what every run must
// keep to. Change may be nil.
func play(t *testing.T, s *scenario.Scenario, sc script, change func(r *rig)) *played {
	t.Helper()
	p, late := &played{t: t}, false
	synctest.Test(t, func(t *testing.T) {
		r := &rig{scripted: newScripted(sc), t: t, net: memnet.Listen(), ctx: t.Context()}
		r.target = scenario.Target{URL: "http://tenant.test", Channel: channel, AppKey: "key", AppSecret: secret}
		r.dial = r.net.Dial
		r.cfg = Config{Scenario: s, Run: 7, Seed: 1, Start: r.start, Sample: func(kind, id string) []byte { return []byte(kind + " " + id) }}
		if change != nil {
			change(r)
		}
		late = r.busy != nil
		r.run(p)
	})
	for _, list := range p.events {
		if late {
			lawful(t, list)
		} else {
			obey(t, list)
		}
	}
	return p
}

func (r *rig) run(p *played) {
	server := &http1.Server{Handler: r.handle, IdleTimeout: time.Hour}
	go func() {
		if err := server.Serve(r.net); !errors.Is(err, http1.ErrServerClosed) {
			r.t.Errorf("the scripted tenant: %v", err)
		}
	}()
	endpoint, err := NewEndpoint(r.target, r.dial)
	if err != nil {
		r.t.Fatal(err)
	}
	witness := &witness{t: r.t, busy: r.busy}
	r.cfg.Endpoint, r.cfg.Observe = endpoint, witness.observer
	p.out = Run(r.ctx, r.cfg)
	close(r.stopped)
	server.Close(context.Background()) //nolint:errcheck // without a deadline it cannot fail
	p.seen, p.events = r.seen, witness.finish()
	if !r.unpaced {
		manners(r.t, p.seen)
	}
}

// wire is the calls of some kinds, or all, as they came.
func (p *played) wire(ops ...aicc.Op) []*request {
	var list []*request
	for _, q := range p.seen {
		if len(ops) == 0 || slices.Contains(ops, q.Op) {
			list = append(list, q)
		}
	}
	return list
}

// one is the only call of a kind.
func (p *played) one(op aicc.Op) *request {
	p.t.Helper()
	list := p.wire(op)
	if len(list) != 1 {
		p.t.Fatalf("%d calls of %v, want one; all calls: %v", len(list), op, p.calls())
	}
	return list[0]
}

// calls names the calls in the order in which they came.
func (p *played) calls(ops ...aicc.Op) string {
	var names []string
	for _, q := range p.wire(ops...) {
		names = append(names, q.Op.String())
	}
	return strings.Join(names, " ")
}

// times is when the calls of a kind came.
func (p *played) times(op aicc.Op) []time.Duration {
	var list []time.Duration
	for _, q := range p.wire(op) {
		list = append(list, q.At)
	}
	return list
}

// told gives the events of the first customer that pass a filter.
func (p *played) told(kind trace.Kind, ops ...aicc.Op) []trace.Event {
	var list []trace.Event
	for _, e := range p.events[0] {
		if e.Kind == kind && (len(ops) == 0 || slices.Contains(ops, e.Op)) {
			list = append(list, e)
		}
	}
	return list
}

// steps is the steps of the first customer that ended, with an exclamation mark for those missed,
// and how the conversations ended: "2 say, 3 expect reply!, gave-up".
func (p *played) steps() string {
	var list []string
	for _, e := range p.events[0] {
		switch {
		case e.Kind == trace.Step && e.Missed:
			list = append(list, e.Name+"!")
		case e.Kind == trace.Step:
			list = append(list, e.Name)
		case e.Kind == trace.End:
			list = append(list, string(e.Ended))
		}
	}
	return strings.Join(list, ", ")
}

// ended counts the conversations of all customers by their end.
func (p *played) ended() map[trace.Ended]int {
	count := make(map[trace.Ended]int)
	for _, list := range p.events {
		for _, e := range list {
			if e.Kind == trace.End {
				count[e.Ended]++
			}
		}
	}
	return count
}

// text is the content of a send without its marker, if there is one.
func (q *request) text() string {
	var body struct{ Content string }
	if err := json.Unmarshal([]byte(q.Body), &body); err != nil {
		return fmt.Sprintf("%v: %s", err, q.Body)
	}
	return body.Content
}

// seconds rounds to a tenth of a second, for comparisons.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 }
