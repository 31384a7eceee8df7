package tenant

import (
	"encoding/json"
	"net/http"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

// access is what a caller must show. An optional header may be missing but not wrong.
type access uint8

const (
	anyone      access = iota
	application        // x-app-key and Authorization
	customerKey        // ccmessaging-token; the two others are optional, as in E11 and the vendor's samples of poll
	everything         // all three
	optional           // all three are optional; there may be no customer then
)

// endpoint is one row of the table in docs/protocol.md section 3.
type endpoint struct {
	op     aicc.Op // OpNone: the handler counts, or it is nothing that a simulated customer calls
	method string
	access access
	serve  func(*Tenant, *http1.Exchange, *customer)
}

var endpoints = map[string]endpoint{
	aicc.PathToken:     {aicc.OpToken, http.MethodPost, anyone, (*Tenant).applicationToken},
	aicc.PathApply:     {aicc.OpApply, http.MethodPost, application, (*Tenant).userToken},
	aicc.PathSend:      {aicc.OpNone, http.MethodPost, everything, (*Tenant).send},
	aicc.PathSendAsync: {aicc.OpNone, http.MethodPost, everything, (*Tenant).sendAsync},
	aicc.PathPoll:      {aicc.OpPoll, http.MethodGet, customerKey, (*Tenant).poll},
	aicc.PathQueue:     {aicc.OpQueue, http.MethodPost, optional, (*Tenant).queryQueue},
	aicc.PathUpload:    {aicc.OpUpload, http.MethodPost, everything, (*Tenant).upload},
	aicc.PathDownload:  {aicc.OpDownload, http.MethodPost, everything, (*Tenant).download},
	aicc.PathHistory:   {aicc.OpNone, http.MethodPost, everything, (*Tenant).queryHistory},
	aicc.PathLeave:     {aicc.OpLeave, http.MethodPost, everything, (*Tenant).leaveMessage},
	aicc.PathPhrases:   {aicc.OpNone, http.MethodPost, customerKey, (*Tenant).suggest},
	aicc.PathSurvey:    {aicc.OpNone, http.MethodPost, everything, (*Tenant).surveyMode},
	aicc.PathRate:      {aicc.OpNone, http.MethodPost, everything, (*Tenant).saveSurvey},
	aicc.PathFeedback:  {aicc.OpNone, http.MethodPost, everything, (*Tenant).rateRobot},
	aicc.PathSupport:   {aicc.OpSupport, http.MethodGet, everything, (*Tenant).clickToCallSupport},
}

// serve is the handler of all calls.
func (t *Tenant) serve(x *http1.Exchange) {
	x.Chunked, x.Gzip, x.Close = t.cfg.Chunked, t.cfg.Gzip, t.cfg.CloseAfterReply
	x.ContentType = "application/json"
	e, ok := endpoints[string(x.Path)]
	if t.opt.Watch != nil {
		t.opt.Watch(x)
	}
	switch {
	case ok && e.method == x.Method:
		t.call(x, e)
	case !t.ownPage(x):
		t.refuse(x, http.StatusNotFound, "there is nothing here")
	}
	if !x.IsHeld() {
		t.finish(x)
	}
}

// finish is done to every answer.
func (t *Tenant) finish(x *http1.Exchange) {
	if t.cfg.ExtraFields {
		x.Body = extend(x.Body)
	}
}

// call serves one endpoint, after a pause if the scenario has one.
func (t *Tenant) call(x *http1.Exchange, e endpoint) {
	t.counters.count(e.op)
	if e.op == aicc.OpPoll || t.cfg.ReplyDelay == (scenario.Dist{}) {
		t.callNow(x, e)
		return
	}
	x.Hold()
	go func() {
		t.pause()
		t.callNow(x, e)
		t.finish(x)
		x.Answer()
	}()
}

// callNow serves one endpoint: who is it, not too often, and then what it is.
func (t *Tenant) callNow(x *http1.Exchange, e endpoint) {
	if t.faults != nil && t.faults.requested(t, x) {
		return
	}
	c, ok := t.authorize(x, e.access)
	if !ok {
		t.counters.refused.Add(1)
		t.refuse(x, http.StatusUnauthorized, "a token or key is missing, wrong or expired")
		return
	}
	if c != nil && !c.mayCall(t.cfg.FlowControl) {
		t.counters.refused.Add(1)
		t.slowDown(x, e.op)
		return
	}
	if t.trouble(x, e, c) {
		return
	}
	if t.faults == nil {
		e.serve(t, x, c)
		return
	}
	path := string(x.Path)
	c = t.faults.standingFor(t, x, c)
	e.serve(t, x, c)
	if e.op != aicc.OpPoll { // it may be held
		t.faults.answered(t, x, c, path)
	}
}

// slowDown is flow control; the documents know only its code (choice points).
func (t *Tenant) slowDown(x *http1.Exchange, op aicc.Op) {
	const why = "flow control: too many calls a second"
	switch {
	case t.cfg.FlowControl429:
		t.refuse(x, http.StatusTooManyRequests, why)
	case op == aicc.OpUpload:
		t.answer(x, "returnCode", aicc.CodeFlowControl, why)
	default:
		t.answer(x, "resultCode", aicc.CodeFlowControl, why)
	}
}

// decode reads the request's JSON into v, or refuses it. Unknown fields are fine.
func (t *Tenant) decode(x *http1.Exchange, v any) bool {
	if err := json.Unmarshal(x.Request, v); err != nil {
		t.refuse(x, http.StatusBadRequest, "the body is not the JSON object that is documented")
		return false
	}
	return true
}
