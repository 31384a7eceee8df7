package sim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/trace"
)

// link is one of a customer's two connections. It is opened when first needed, kept, and opened
// again after the tenant closed it or an exchange on it failed. One goroutine uses it at a time.
type link struct {
	client *http1.Client
	conn   net.Conn
	freeAt time.Duration // when its last exchange ended
}

// idleCheck is how long a connection must have been idle before it is worth a system call to see
// whether the tenant has closed it meanwhile.
const idleCheck = time.Millisecond

// ready makes sure that the link is open and says how long opening it took.
func (l *link) ready(r *run) (dialed time.Duration, err error) {
	now := r.now()
	if l.client != nil && (!l.client.Reusable() || now-l.freeAt > idleCheck && l.client.Ended()) {
		l.drop(r)
	}
	if l.client != nil {
		return 0, nil
	}
	conn, err := r.Endpoint.connect(r.ctx)
	if err != nil {
		return r.now() - now, err
	}
	if err := r.conns.add(conn); err != nil {
		return r.now() - now, err
	}
	l.conn, l.client = conn, http1.NewClient(conn, http1.Limits{})
	return r.now() - now, nil
}

func (l *link) drop(r *run) {
	if l.client == nil {
		return
	}
	l.client.Release()
	l.client.Close()
	r.conns.remove(l.conn)
	l.client, l.conn = nil, nil
}

// call is one exchange to be made.
type call struct {
	op       aicc.Op
	id       uint32        // set by exchange
	intended time.Duration // by the schedule; when it could be made at the earliest
	late     time.Duration // by how much the generator was late already
	again    bool          // a repetition: lateness was told, but the customer's wait goes on from intended
	timeout  time.Duration
	probe    bool
	freshTo  time.Duration // set by exchange: until when the tokens it carries can be relied on
	began    time.Duration // set by exchange: when it was sent
	seq      int           // in the marker, or -1
	chars    int           // OpSend: characters of a text
	bytes    int           // OpSend: its bytes
	asked    int           // OpToken: wanted life in seconds
	fileID   string
	local    bool
	sent     *trace.File // OpUpload: what is sent
	want     string      // OpDownload: the kind that was announced

	build func(dst []byte, auth aicc.Auth) []byte
	// then is called under the customer's lock, right after the Return event.
	then func(a *aicc.Answer, class aicc.Class)
}

// result is what a call came to, for the caller. Its strings are the caller's to keep.
type result struct {
	class  aicc.Class
	status int
	code   string
	token  string // OpToken is in app instead
	app    aicc.AppToken
	answer aicc.Answer
	at     time.Duration // when the answer was complete
	began  time.Duration
	used   aicc.Auth // the tokens that the call carried
}

var requests = sync.Pool{New: func() any { b := make([]byte, 0, 2<<10); return &b }}

// maxPooledRequest keeps the pool free of the requests that uploads make.
const maxPooledRequest = 64 << 10

// exchange makes one call on a link and emits its Invoke and its Return.
func (c *customer) exchange(l *link, x *call) result {
	late := x.late
	if x.again {
		late = 0
	} else if x.intended > 0 {
		late = max(late, c.run.now()-max(x.intended, l.freeAt))
	}
	dialed, err := l.ready(c.run)
	auth, freshTo := c.auth()
	x.freshTo = freshTo
	started := c.invoke(x, late)
	x.began = started
	if err != nil {
		c.run.health.failed(started, err)
		return c.unanswered(l, x, started, dialed, &http1.Error{Sent: false, Err: err})
	}
	box := requests.Get().(*[]byte)
	request := x.build((*box)[:0], auth)
	response, err := l.client.Do(request, c.run.start.Add(started+x.timeout))
	if cap(request) <= maxPooledRequest {
		*box = request
		requests.Put(box)
	}
	if err != nil {
		l.drop(c.run)
		c.run.health.failed(c.run.now(), err)
		return c.unanswered(l, x, started, dialed, err)
	}
	res := c.answered(l, x, started, dialed, &response)
	res.used = auth
	c.run.health.answered(res.at)
	if l.client.Release(); !l.client.Reusable() {
		l.drop(c.run)
	}
	return res
}

// invoke emits the Invoke and returns its time.
func (c *customer) invoke(x *call, late time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastID++
	x.id = c.lastID
	e := c.event(trace.Invoke)
	x.describe(e)
	e.Late = late
	e.Intended = min(x.intended, e.At)
	if x.intended == 0 {
		e.Intended = e.At
	}
	c.observer.Observe(e)
	return e.At
}

// describe sets what Invoke and Return have in common.
func (x *call) describe(e *trace.Event) {
	e.Op, e.ID, e.Probe, e.Seq, e.FileID, e.Local = x.op, x.id, x.probe, x.seq, x.fileID, x.local
	e.Chars, e.Bytes, e.Asked = x.chars, x.bytes, x.asked
	e.Fresh = x.op != aicc.OpToken && e.At < x.freshTo
}

// unanswered emits the Return of an exchange without an answer.
func (c *customer) unanswered(l *link, x *call, started, dialed time.Duration, err error) result {
	var broken *http1.Error
	class := aicc.Info
	if errors.As(err, &broken) && !broken.Sent {
		class = aicc.Fail
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.returned(x, started, dialed)
	e.Class, e.Error = class, outcome(err)
	l.freeAt = e.At
	res := result{class: class, at: e.At, began: started}
	c.observer.Observe(e)
	if x.then != nil {
		x.then(&res.answer, class)
	}
	return res
}

// outcome names what happened to an exchange in a few words that do not differ between two of the
// same kind, so that they can be counted.
func outcome(err error) string {
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
func (c *customer) answered(l *link, x *call, started, dialed time.Duration, r *http1.Response) result {
	at := c.run.now()
	res := result{status: r.Status, at: at, began: started}
	var shape error
	if r.Status == 200 {
		shape = res.parse(x.op, r.Body)
	}
	res.class = aicc.Classify(x.op, r.Status, res.code, shape == nil)
	file := x.sent
	if x.op == aicc.OpDownload && res.class == aicc.OK && res.answer.FileStream != nil {
		file = received(x, &res.answer)
	}
	token := r.Header("ccmessaging-token")

	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.returned(x, started, dialed)
	e.Class, e.Status, e.Code, e.File = res.class, r.Status, res.code, file
	e.Count = len(res.answer.Messages)
	res.tell(e)
	if shape != nil {
		e.Shape = shape.Error()
	}
	if r.Status != 200 {
		e.Error = notOK(r)
	}
	if len(token) > 0 && x.op != aicc.OpToken && x.op != aicc.OpApply {
		e.NewToken = c.replace(string(token), started)
	}
	l.freeAt, res.at = e.At, e.At
	c.observer.Observe(e)
	if x.then != nil {
		x.then(&res.answer, res.class)
	}
	return res
}

// tell sets what only some calls are answered with.
func (res *result) tell(e *trace.Event) {
	switch e.Op {
	case aicc.OpToken:
		if res.class == aicc.OK {
			e.Grant = &trace.Grant{Type: res.app.Type, Seconds: res.app.Expires}
		}
	case aicc.OpQueue:
		e.Position, e.Estimate, e.MaxWait = res.answer.Position, res.answer.EstimateWait, res.answer.MaxWait
	case aicc.OpUpload:
		e.FileID = res.answer.ObjectKey
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

// parse reads the body of a 200 answer into the result; the error says what is wrong with its
// shape.
func (res *result) parse(op aicc.Op, body []byte) (err error) {
	switch op {
	case aicc.OpToken:
		if res.app, err = aicc.ParseAppToken(body); err == nil {
			res.code = aicc.CodeOK // the call has no code of its own
		}
	case aicc.OpApply:
		res.token, res.code, err = aicc.ParseUserToken(body)
		if err == nil && res.code == aicc.CodeOK && res.token == "" {
			err = fmt.Errorf("%w: resultCode 0 without a token", aicc.ErrBadShape)
		}
	default:
		res.answer, err = aicc.ParseAnswer(body)
		res.code = res.answer.Code
	}
	return err
}

// received decodes a downloaded file as the demo does and describes it.
func received(x *call, a *aicc.Answer) *trace.File {
	f := &trace.File{ID: x.fileID, Want: x.want}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(a.FileStream)))
	n, err := base64.StdEncoding.Decode(data, a.FileStream)
	if err != nil {
		f.BadBase = true
		return f
	}
	describe(f, data[:n])
	return f
}

// describe sets what the bytes of a file say.
func describe(f *trace.File, data []byte) {
	sum := sha256.Sum256(data)
	f.Size, f.Kind, f.SHA256 = len(data), aicc.Kind(data), hex.EncodeToString(sum[:])
}

// returned prepares the Return of a call.
func (c *customer) returned(x *call, started, dialed time.Duration) *trace.Event {
	e := c.event(trace.Return)
	x.describe(e)
	e.Started, e.Dial = started, dialed
	if e.Intended = x.intended; x.intended == 0 || x.intended > started {
		e.Intended = started
	}
	return e
}

// authorised makes a business call. When it is answered 401 it renews both tokens in the order the
// vendor gives (application, then user) and makes the call once more: a 401 says that nothing was
// done, so this repeats nothing.
func (c *customer) authorised(l *link, x *call) result {
	res := c.exchange(l, x)
	if res.status != 401 || !c.renew(l, res.used) || !c.stillWants(x) {
		return res
	}
	x.again = true
	return c.exchange(l, x)
}

// stillWants reports whether a refused call is to be made again: no poll follows the customer's
// hanging up, which may have happened meanwhile.
func (c *customer) stillWants(x *call) bool {
	return x.op != aicc.OpPoll || x.probe || c.isChatting()
}

// renew replaces the tokens of a refused call, those that nobody else has replaced meanwhile.
func (c *customer) renew(l *link, refused aicc.Auth) bool {
	c.renewing <- struct{}{}
	defer func() { <-c.renewing }()
	if !c.accessFor(l, refused.Access) {
		return false
	}
	auth, _ := c.auth()
	return auth.User != refused.User || c.applyToken(l, 0)
}

// accessFor makes sure that there is a fresh application token, another one than the refused.
// Customers who wait while one of them asks for it share the outcome, so that a tenant that does
// not answer keeps them no longer than one call.
func (c *customer) accessFor(l *link, refused string) bool {
	a := &c.run.access
	asked, ok := a.usable(c.run.now(), refused)
	if ok {
		return true
	}
	select {
	case a.lock <- struct{}{}:
	case <-c.run.ctx.Done():
		return false
	}
	defer func() { <-a.lock }()
	if again, ok := a.usable(c.run.now(), refused); ok || again != asked {
		return ok
	}
	t := &c.run.Endpoint.Target
	res := c.exchange(l, &call{op: aicc.OpToken, seq: -1, asked: appTokenLife, timeout: callTimeout, build: func(dst []byte, _ aicc.Auth) []byte {
		return c.run.Endpoint.request.AppendToken(dst, t.AppKey, t.AppSecret, appTokenLife)
	}})
	a.answered(res.app, res.began)
	return res.class == aicc.OK
}

// applyToken gets a user token. A 401 says that the application token is no longer good, because
// it was revoked or replaced: then a new one is asked for and the call made once more.
func (c *customer) applyToken(l *link, intended time.Duration) bool {
	x := &call{op: aicc.OpApply, seq: -1, intended: intended, timeout: callTimeout, build: func(dst []byte, auth aicc.Auth) []byte {
		return c.run.Endpoint.request.AppendApply(dst, auth.Access, aicc.Apply{
			UserID: c.user, UserName: c.name, Channel: c.run.Endpoint.Target.Channel, Locale: c.run.Scenario.Locale})
	}}
	res := c.exchange(l, x)
	if res.status == 401 && c.accessFor(l, res.used.Access) {
		x.again = true
		res = c.exchange(l, x)
	}
	if res.class != aicc.OK {
		return false
	}
	c.mu.Lock()
	if c.adopt(res.token, res.began) {
		c.tokenBorn = res.began
	}
	c.mu.Unlock()
	return true
}

// auth is the pair of tokens for a call that begins now, and until when both can be relied on.
func (c *customer) auth() (tokens aicc.Auth, freshTo time.Duration) {
	access, freshTo := c.run.access.value()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != "" {
		freshTo = min(freshTo, freshUntil(c.tokenBorn, c.run.userTokenLife()))
	}
	return aicc.Auth{Access: access, User: c.token}, freshTo
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
	return true
}
