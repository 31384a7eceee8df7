package sim

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/reactor"
	"chatbench/internal/trace"
)

// link is one of a customer's two connections. It is opened when first needed, kept, and opened
// again after the tenant closed it or an exchange on it failed. One goroutine uses it at a time.
type link struct {
	client *http1.Client
	conn   net.Conn
	freeAt time.Duration // when its last exchange ended

	loop      *reactor.Loop // of the polling link: watches it
	watched   reactor.Conn  // conn, or what is below its TLS, when loop is there
	listening bool          // watched calls, and reading it does not wait
}

// idleCheck is how long a connection must have been idle before it is worth a system call to see
// whether the tenant has closed it meanwhile.
const idleCheck = time.Millisecond

// isOpen reports whether the link can be used as it is. One that is gone is dropped.
func (l *link) isOpen(r *run) bool {
	if l.client != nil && (!l.client.Reusable() || l.isLost(r)) {
		l.drop(r)
	}
	return l.client != nil
}

// isLost reports whether the tenant has closed the connection.
func (l *link) isLost(r *run) bool {
	switch {
	case l.watched == nil:
		return r.now()-l.freeAt > idleCheck && l.client.Ended()
	case l.listening:
		return false // it would have been noticed: see [poller.ready]
	}
	l.watched.OnReady(func() {}) // only so that reading does not wait
	defer l.watched.OnReady(nil)
	return l.client.Lost()
}

// ready makes sure that the link is open and says how long opening it took.
func (l *link) ready(r *run) (dialed time.Duration, err error) {
	if l.isOpen(r) {
		return 0, nil
	}
	began := r.now()
	conn, watched, err := r.Endpoint.connect(r.ctx, l.loop)
	if err == nil {
		err = r.conns.add(conn)
	}
	if err == nil {
		l.conn, l.watched, l.client = conn, watched, http1.NewClient(conn, http1.Limits{})
	}
	return r.now() - began, err
}

// listen lets the loop call when something comes.
func (l *link) listen(ready func()) {
	if !l.listening {
		l.listening = true
		l.watched.OnReady(ready)
	}
}

// unlisten makes reading wait again.
func (l *link) unlisten() {
	if l.listening {
		l.listening = false
		l.watched.OnReady(nil)
	}
}

func (l *link) drop(r *run) {
	if l.client == nil {
		return
	}
	l.client.Release()
	l.client.Close()
	r.conns.remove(l.conn)
	l.client, l.conn, l.watched, l.listening = nil, nil, nil, false
}

// call is one exchange to be made.
type call struct {
	op       aicc.Op
	id       uint32        // set by invoke
	intended time.Duration // by the schedule; when it could be made at the earliest
	possible time.Duration // when what it needs was there, if that was later
	late     time.Duration // by how much the generator was late already
	again    bool          // a repetition: lateness was told, but the customer's wait goes on from intended
	timeout  time.Duration
	probe    bool
	seq      int         // in the marker, or -1
	chars    int         // OpSend: characters of a text
	bytes    int         // OpSend: its bytes
	asked    int         // OpToken: wanted life in seconds
	fileID   string      // OpDownload
	local    bool        // OpDownload
	sent     *trace.File // OpUpload: what is sent
	want     string      // OpDownload: the kind that was announced

	build func(dst []byte, auth aicc.Auth) []byte
	// then is called under the customer's lock, right after the Return event.
	then func(a *aicc.Answer, class aicc.Class)

	// Set while it is made.
	came   time.Duration // when the answer was there, if that was noticed before it is read
	dialed time.Duration // time spent opening the link
	began  time.Duration // when it was sent
	used   held          // the tokens that it carries
	result result
}

// result is what a call came to, for the caller. Its strings are the caller's to keep.
type result struct {
	class  aicc.Class
	status int
	token  string        // OpApply
	app    aicc.AppToken // OpToken
	key    string        // OpUpload: of the object
	at     time.Duration // when the answer was complete
}

var requests = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// maxPooledRequest keeps the pool free of the requests that uploads make.
const maxPooledRequest = 64 << 10

// exchange makes one call on a link, waits for the answer, and emits Invoke and Return.
func (c *customer) exchange(l *link, x *call) *result {
	c.apart(func() { c.exchangeHere(l, x) })
	return &x.result
}

// apart runs f on a goroutine of its own and waits for it. The customer's goroutine lives as long as
// the customer, and so does the stack that it once needed.
func (c *customer) apart(f func()) {
	var done sync.WaitGroup
	done.Go(func() {
		defer c.run.survive()
		f()
	})
	done.Wait()
}

func (c *customer) exchangeHere(l *link, x *call) {
	c.lateness(l, x)
	var err error
	if x.dialed, err = l.ready(c.run); err != nil {
		c.unreached(l, x, err)
		return
	}
	request := c.invoke(x)
	response, err := l.client.Do(*request, c.run.start.Add(x.began+x.timeout))
	recycle(request)
	c.outcome(l, x, &response, err)
}

// lateness notes by how much the generator is late now.
func (c *customer) lateness(l *link, x *call) {
	switch {
	case x.again:
		x.late = 0
	case x.intended > 0:
		x.late = max(x.late, c.run.now()-max(x.intended, x.possible, l.freeAt))
	}
}

// unreached is the outcome of a call for which no connection could be opened.
func (c *customer) unreached(l *link, x *call, err error) {
	recycle(c.invoke(x))
	c.outcome(l, x, nil, &http1.Error{Sent: false, Err: err})
}

// outcome sets the call's result and emits the Return. The response is not used when there is an
// error.
func (c *customer) outcome(l *link, x *call, response *http1.Response, err error) {
	if err != nil {
		l.drop(c.run)
		c.run.health.failed(c.run.now(), err)
		c.unanswered(l, x, err)
		return
	}
	c.answered(l, x, response)
	c.run.health.answered(x.result.at)
	if l.client.Release(); !l.client.Reusable() {
		l.drop(c.run)
	}
}

// invoke makes the request, which is to be recycled, and emits the Invoke, right before the request
// is to be written: what lies between the two counts as the tenant's.
func (c *customer) invoke(x *call) (request *[]byte) {
	x.used = c.holds()
	request = requests.Get().(*[]byte)
	*request = x.build((*request)[:0], x.used.Auth)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	x.id = c.lastID
	e := c.event(trace.Invoke)
	x.began = e.At
	x.describe(e)
	e.Late, e.Dial = x.late, x.dialed
	e.Intended = min(x.intended, e.At)
	if x.intended == 0 {
		e.Intended = e.At
	}
	c.observe(e)
	return request
}

func recycle(request *[]byte) {
	if cap(*request) <= maxPooledRequest {
		requests.Put(request)
	}
}

// describe sets what Invoke and Return have in common.
func (x *call) describe(e *trace.Event) {
	e.Op, e.ID, e.Probe, e.Seq, e.FileID, e.Local = x.op, x.id, x.probe, x.seq, x.fileID, x.local
	e.Chars, e.Bytes, e.Asked = x.chars, x.bytes, x.asked
	if x.op == aicc.OpToken {
		return
	}
	e.Fresh, e.NoAccess = e.At < x.used.freshTo, x.used.Access == ""
	if x.op != aicc.OpApply {
		e.Token = x.used.number
	}
}

// unanswered emits the Return of an exchange without an answer.
func (c *customer) unanswered(l *link, x *call, err error) {
	var broken *http1.Error
	class := aicc.Info
	if errors.As(err, &broken) && !broken.Sent {
		class = aicc.Fail
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.returned(x)
	e.Class, e.Error = class, cause(err)
	l.freeAt = e.At
	x.result = result{class: class, at: e.At}
	c.observe(e)
	if x.then != nil {
		x.then(&aicc.Answer{}, class)
	}
}

// cause names what happened to an exchange in a few words that do not differ between two of the
// same kind, so that they can be counted.
func cause(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, http1.ErrCut):
		return "the connection ended before the answer did"
	case errors.Is(err, http1.ErrMalformed), errors.Is(err, http1.ErrTooLarge):
		return err.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timed out"
	}
	return plain(err)
}

// answered parses an answer and emits its Return.
func (c *customer) answered(l *link, x *call, r *http1.Response) {
	p := parsed{result: result{status: r.Status}}
	var shape error
	if r.Status == 200 {
		shape = p.parse(x.op, r.Body)
	}
	p.class = aicc.Classify(x.op, r.Status, p.answer.Code, shape == nil)
	file := x.sent
	if x.op == aicc.OpDownload && p.class == aicc.OK && p.answer.FileStream != nil {
		file = received(x, &p.answer)
	}
	token := r.Header("ccmessaging-token")

	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.returned(x)
	e.Class, e.Status, e.Code, e.File = p.class, r.Status, p.answer.Code, file
	e.Count = len(p.answer.Messages)
	p.tell(e)
	if shape != nil {
		e.Shape = shape.Error()
	}
	if r.Status != 200 {
		e.Error = notOK(r)
	}
	c.takeUp(e, p.token, token)
	l.freeAt, p.at = e.At, e.At
	x.result = p.result
	c.observe(e)
	if x.then != nil {
		x.then(&p.answer, p.class)
	}
}

// takeUp takes up a token that came: applied for in the body of an answer, a replacement in its header.
// Callers hold mu.
func (c *customer) takeUp(e *trace.Event, applied string, header []byte) {
	switch {
	case e.Op == aicc.OpToken:
	case e.Op == aicc.OpApply:
		if e.Class != aicc.OK {
			return
		}
		if c.adopt(applied, e.Started) {
			c.tokenBorn = e.Started
		}
		if applied == c.token {
			e.Got = c.tokenNo
		}
	case len(header) > 0 && c.replace(string(header), e.Started):
		e.NewToken, e.Got = true, c.tokenNo
	}
}

// parsed is an answer on its way into a result.
type parsed struct {
	result
	answer aicc.Answer
}

// tell sets what only some calls are answered with.
func (p *parsed) tell(e *trace.Event) {
	switch e.Op {
	case aicc.OpToken:
		if p.class == aicc.OK {
			e.Grant = &trace.Grant{Type: p.app.Type, Seconds: p.app.Expires}
		}
	case aicc.OpQueue:
		e.Position, e.Estimate, e.MaxWait = p.answer.Position, p.answer.EstimateWait, p.answer.MaxWait
	case aicc.OpUpload:
		e.FileID = p.answer.ObjectKey
	}
}

// notOK says what came instead of a 200, so that a proxy's page can be told from the tenant's own
// refusal.
func notOK(r *http1.Response) string {
	switch {
	case r.Status >= 300 && r.Status < 400:
		return fmt.Sprintf("HTTP %d: redirect to %s", r.Status, shown(r.Header("location")))
	case len(r.Body) > 0 && r.Body[0] == '<':
		return fmt.Sprintf("HTTP %d: an HTML page%s", r.Status, title(r.Body))
	}
	return fmt.Sprintf("HTTP %d", r.Status)
}

// parse reads the body of a 200 answer; the error says what is wrong with its shape.
func (p *parsed) parse(op aicc.Op, body []byte) error {
	reply, err := aicc.ParseReply(op, body)
	p.app, p.token, p.answer, p.key = reply.App, reply.User, reply.Answer, reply.ObjectKey
	return err
}

// received describes a downloaded file.
func received(x *call, a *aicc.Answer) *trace.File {
	f := &trace.File{ID: x.fileID, Want: x.want}
	f.Decode(a.FileStream)
	return f
}

// returned prepares the Return of a call.
func (c *customer) returned(x *call) *trace.Event {
	e := c.event(trace.Return)
	if x.came > 0 { // the time until it was read is not the tenant's
		e.At = max(min(x.came, e.At), c.lastAt, x.began)
	}
	x.describe(e)
	e.Started, e.Dial = x.began, x.dialed
	if e.Intended = x.intended; x.intended == 0 || x.intended > x.began {
		e.Intended = x.began
	}
	return e
}

// authorised makes a business call. When it is answered 401 it renews both tokens in the order the
// vendor gives (application, then user) and makes the call once more: a 401 says that nothing was
// done, so this repeats nothing.
func (c *customer) authorised(l *link, x *call) *result {
	res := c.exchange(l, x)
	if res.status != 401 || !c.renew(l, x.used.Auth) || !c.stillWants(x) {
		return res
	}
	x.again = true
	return c.exchange(l, x)
}

// stillWants reports whether a refused call is to be made again. The customer may have hung up
// meanwhile, and polls no more, or the other side may have: then nothing is said to it any more.
func (c *customer) stillWants(x *call) bool {
	switch x.op {
	case aicc.OpPoll:
		return x.probe || c.isChatting()
	case aicc.OpSend, aicc.OpTransfer, aicc.OpUpload, aicc.OpQueue, aicc.OpDisconnect:
		return c.over() != trace.ByPeer
	}
	return true
}

// renew replaces the tokens of a refused call, those that nobody else has replaced meanwhile.
func (c *customer) renew(l *link, refused aicc.Auth) bool {
	c.renewing <- struct{}{}
	defer func() { <-c.renewing }()
	if _, ok := c.accessFor(l, refused.Access); !ok {
		return false
	}
	return c.holds().User != refused.User || c.applyToken(l, 0, 0)
}

// accessFor makes sure that there is a fresh application token, another one than the refused, and
// says when it came if that had to be waited for. Customers who wait while one of them asks for it
// share the outcome, so that a tenant that does not answer keeps them no longer than one call.
func (c *customer) accessFor(l *link, refused string) (came time.Duration, ok bool) {
	a := &c.run.access
	asked, ok := a.usable(c.run.now(), refused)
	if ok {
		return 0, true
	}
	select {
	case a.lock <- struct{}{}:
	case <-c.run.ctx.Done():
		return 0, false
	}
	defer func() { <-a.lock }()
	if again, ok := a.usable(c.run.now(), refused); ok || again != asked {
		return a.answeredAt(), ok
	}
	t := &c.run.Endpoint.Target
	x := &call{op: aicc.OpToken, seq: -1, asked: appTokenLife, timeout: callTimeout, build: func(dst []byte, _ aicc.Auth) []byte {
		return c.run.Endpoint.request.AppendToken(dst, t.AppKey, t.AppSecret, appTokenLife)
	}}
	res := c.exchange(l, x)
	a.answered(res.app, x.began, res.at)
	return res.at, res.class == aicc.OK
}

// applyToken gets a user token. A 401 says that the application token is no longer good, because
// it was revoked or replaced: then a new one is asked for and the call made once more.
//
// Intended is when the customer wanted it, or 0, and possible when it had what it takes.
func (c *customer) applyToken(l *link, intended, possible time.Duration) bool {
	x := &call{op: aicc.OpApply, seq: -1, intended: intended, possible: possible, timeout: callTimeout, build: func(dst []byte, auth aicc.Auth) []byte {
		return c.run.Endpoint.request.AppendApply(dst, auth.Access, aicc.Apply{
			UserID: c.user, UserName: c.name, Channel: c.run.Endpoint.Target.Channel, Locale: c.run.Scenario.Locale})
	}}
	res := c.exchange(l, x)
	if res.status == 401 {
		if _, ok := c.accessFor(l, x.used.Access); ok {
			x.again = true
			res = c.exchange(l, x)
		}
	}
	return res.class == aicc.OK
}

// held are the tokens for a call.
type held struct {
	aicc.Auth
	number  int           // of the user token among the customer's, or trace.Tokenless
	freshTo time.Duration // until when both can be relied on
}

// holds gives the tokens for a call that begins now.
func (c *customer) holds() held {
	access, freshTo := c.run.access.value()
	c.mu.Lock()
	defer c.mu.Unlock()
	h := held{Auth: aicc.Auth{Access: access, User: c.token}, number: trace.Tokenless, freshTo: freshTo}
	if c.token != "" {
		h.number, h.freshTo = c.tokenNo, min(freshTo, freshUntil(c.tokenBorn, c.run.userTokenLife()))
	}
	return h
}

// freshUntil is until when a token can be relied on: it may take a while to get to the tenant.
func freshUntil(began, life time.Duration) time.Duration {
	return began + life - min(10*time.Second, life/10)
}

// userTokenLife is the life of a user token: the documented hour unless the run knows better.
func (r *run) userTokenLife() time.Duration {
	if r.TokenLife > 0 {
		return r.TokenLife
	}
	return time.Hour
}

// replace takes up a token that came in the header of an answer. The tenant may have made it for an
// earlier call whose answer was lost, but not before the old one ended. Callers hold mu.
func (c *customer) replace(token string, began time.Duration) bool {
	if !c.adopt(token, began) {
		return false
	}
	c.tokenBorn = min(began, c.tokenBorn+c.run.userTokenLife())
	return true
}

// adopt takes a user token up and reports whether it is new. When a held poll and a send both
// bring one, the one whose request began later wins; the vendor does not say. Callers hold mu.
func (c *customer) adopt(token string, began time.Duration) bool {
	if token == c.token || began < c.tokenAt {
		return false
	}
	c.token, c.tokenAt = token, began
	c.tokenNo++
	return true
}
