package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
)

// fields are a JSON object.
type fields map[string]any

// without is a copy that lacks a field.
func (f fields) without(name string) fields {
	f = maps.Clone(f)
	delete(f, name)
	return f
}

// with is a copy in which a field has another value.
func (f fields) with(name string, value any) fields {
	f = maps.Clone(f)
	f[name] = value
	return f
}

// call is one request.
type call struct {
	ask   string // in words
	op    aicc.Op
	path  string
	query string
	body  any               // []byte goes out as it is, nil makes a GET, everything else becomes JSON
	head  map[string]string // headers that are not the usual ones; "" leaves one out
}

// answer is what came back.
type answer struct {
	ask     string
	op      aicc.Op
	started time.Duration
	took    time.Duration
	status  int    // 0: no answer
	code    string // result code; "0" for a token without one
	shape   string // what is wrong with the shape of a 200
	err     string // why there was no answer
	token   string // replacement in the header
	body    []byte
	aicc.Answer
}

func (a *answer) ok() bool { return a.status == http.StatusOK && a.code == aicc.CodeOK }

func (a *answer) class() aicc.Class {
	if a.status == 0 {
		return aicc.Info
	}
	return aicc.Classify(a.op, a.status, a.code, a.shape == "")
}

// words is an answer for the note of what could not be looked at.
func (a *answer) words() string {
	switch {
	case a.err != "":
		return "no answer: " + a.err
	case a.status != http.StatusOK:
		return "HTTP " + strconv.Itoa(a.status)
	}
	return "result code " + a.code
}

// exchange makes a call with these headers and reads its answer.
func (p *prober) exchange(ctx context.Context, c call, head map[string]string) answer {
	a := answer{ask: c.ask, op: c.op, started: p.now()}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := p.request(ctx, c, head)
	if err != nil {
		a.err = err.Error()
		return a
	}
	resp, err := p.client.Do(req)
	if err == nil {
		defer resp.Body.Close()
		a.body, err = io.ReadAll(io.LimitReader(resp.Body, mostBody))
	}
	a.took = p.now() - a.started
	p.gotThrough(err)
	if err != nil {
		a.err = plain(err)
		return a
	}
	a.status, a.token = resp.StatusCode, resp.Header.Get(aicc.HeaderUserToken)
	a.read()
	return a
}

const mostBody = 16 << 20

// gotThrough counts the calls in a row that found nobody, and stops the probes when they are too
// many. A tenant that does not answer in time is there.
func (p *prober) gotThrough(err error) {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case err == nil:
		p.failures.Store(0)
	case p.failures.Add(1) >= mostFailures:
		err = fmt.Errorf("the tenant went away while it was probed: %s", plain(err))
		p.gone.CompareAndSwap(nil, &err)
		p.stop()
	}
}

// plain is an error of net/http without the address, which may be long.
func plain(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

func (p *prober) request(ctx context.Context, c call, head map[string]string) (*http.Request, error) {
	method, body := http.MethodPost, []byte(nil)
	switch b := c.body.(type) {
	case nil:
		method = http.MethodGet
	case []byte:
		body = b
	default:
		var err error
		if body, err = json.Marshal(b); err != nil {
			return nil, err
		}
	}
	address := strings.TrimSuffix(p.Target.URL, "/") + c.path
	if c.query != "" {
		address += "?" + c.query
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range head {
		if value != "" {
			req.Header[name] = []string{value} // in the letter case that was asked for
		}
	}
	return req, nil
}

// read finds out what the body says.
func (a *answer) read() {
	var err error
	switch a.op {
	case aicc.OpToken:
		var grant aicc.AppToken
		if grant, err = aicc.ParseAppToken(a.body); err == nil && a.status == http.StatusOK && grant.Token != "" {
			a.code = aicc.CodeOK
		}
	case aicc.OpApply:
		var token string
		if token, a.code, err = aicc.ParseUserToken(a.body); token != "" && a.status == http.StatusOK {
			a.code = aicc.CodeOK
		}
	default:
		a.Answer, err = aicc.ParseAnswer(a.body)
		a.code = a.Code
	}
	if err != nil && a.status == http.StatusOK {
		a.shape = err.Error()
	}
}

// decode reads what aicc.Answer does not have.
func (a *answer) decode(v any) error {
	if err := json.Unmarshal(a.body, v); err != nil {
		return fmt.Errorf("answer to %s: %w", a.ask, err)
	}
	return nil
}
