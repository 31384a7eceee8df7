// Package caller is one client of a tenant that makes a few calls, one after the other: it has the
// tokens of an application and of its users, asks, reads what came back, and hangs up what it opened.
// Probes and the doctor are built on it.
//
// It is no load: its calls go through net/http. It judges nothing, repeats nothing but after a 401,
// and plays no flow: what is asked for, and when, is up to whoever uses it.
package caller

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
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// Client makes calls of one application to one tenant.
type Client struct {
	Target scenario.Target
	HTTP   *http.Client // from [HTTPClient]
	Start  time.Time    // when the clock of [Answer.Started] was zero
	Locale string       // of the users, such as en
	Name   string       // of the users, for agents to read

	// Report is told of each call whether it got through: the error of net/http, or nil. It may be nil.
	Report func(error)
}

// Limits of a call.
const (
	Timeout  = 30 * time.Second // of a call; the longest hold of a poll is well below
	mostBody = 16 << 20         // bytes of an answer
)

// HTTPClient makes calls over connections of the transport that are used once: on one that is used
// again net/http repeats a poll that failed, and loses what the first one took. A redirection is left
// as the answer it is.
func HTTPClient(t *http.Transport) *http.Client {
	t = t.Clone()
	t.DisableKeepAlives = true
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Fields are a JSON object.
type Fields map[string]any

// Without is a copy that lacks a field.
func (f Fields) Without(name string) Fields {
	f = maps.Clone(f)
	delete(f, name)
	return f
}

// With is a copy in which a field has another value.
func (f Fields) With(name string, value any) Fields {
	f = maps.Clone(f)
	f[name] = value
	return f
}

// Call is one request.
type Call struct {
	Ask   string // in words
	Op    aicc.Op
	Path  string
	Query string
	Body  any               // []byte goes out as it is, nil makes a GET, everything else becomes JSON
	Head  map[string]string // headers that are not the usual ones; "" leaves one out
}

// Answer is what came back.
type Answer struct {
	Ask      string
	Op       aicc.Op
	Started  time.Duration // since [Client.Start]
	Took     time.Duration
	Status   int    // 0: no answer
	Code     string // result code; "0" for a token without one
	Shape    string // what is wrong with the shape of a 200
	Err      string // why there was no answer
	NewToken string // replacement in the header
	Header   http.Header
	Body     []byte
	aicc.Answer
}

// OK reports whether the tenant did what it was asked for.
func (a *Answer) OK() bool { return a.Status == http.StatusOK && a.Code == aicc.CodeOK }

// Class says what is known of the call's effect.
func (a *Answer) Class() aicc.Class {
	if a.Status == 0 {
		return aicc.Info
	}
	return aicc.Classify(a.Op, a.Status, a.Code, a.Shape == "")
}

// Words are for what did not go as it should have.
func (a *Answer) Words() string {
	switch {
	case a.Err != "":
		return fmt.Sprintf("no answer: %s", a.Err)
	case a.Status != http.StatusOK:
		return fmt.Sprintf("HTTP %d", a.Status)
	}
	return fmt.Sprintf("result code %s", a.Code)
}

// Decode reads what [aicc.Answer] does not have.
func (a *Answer) Decode(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return fmt.Errorf("answer to %s: %w", a.Ask, err)
	}
	return nil
}

// Exchange makes a call with these headers and reads its answer.
func (c *Client) Exchange(ctx context.Context, call Call, head map[string]string) Answer {
	a := Answer{Ask: call.Ask, Op: call.Op, Started: c.now()}
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	req, err := c.request(ctx, call, head)
	if err != nil {
		a.Err = err.Error()
		return a
	}
	resp, err := c.HTTP.Do(req)
	if err == nil {
		defer resp.Body.Close()
		a.Body, err = io.ReadAll(io.LimitReader(resp.Body, mostBody))
	}
	a.Took = c.now() - a.Started
	if c.Report != nil {
		c.Report(err)
	}
	if err != nil {
		a.Err = Plain(err)
		return a
	}
	a.Status, a.Header, a.NewToken = resp.StatusCode, resp.Header, resp.Header.Get(aicc.HeaderUserToken)
	a.read()
	return a
}

func (c *Client) now() time.Duration { return time.Since(c.Start) }

// Plain is an error of net/http without the address, which may be long.
func Plain(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

func (c *Client) request(ctx context.Context, call Call, head map[string]string) (*http.Request, error) {
	method, body := http.MethodPost, []byte(nil)
	switch b := call.Body.(type) {
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
	address := strings.TrimSuffix(c.Target.URL, "/") + call.Path
	if call.Query != "" {
		address += "?" + call.Query
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
func (a *Answer) read() {
	var err error
	switch a.Op {
	case aicc.OpToken:
		var grant aicc.AppToken
		if grant, err = aicc.ParseAppToken(a.Body); err == nil && a.Status == http.StatusOK && grant.Token != "" {
			a.Code = aicc.CodeOK
		}
	case aicc.OpApply:
		var token string
		if token, a.Code, err = aicc.ParseUserToken(a.Body); token != "" && a.Status == http.StatusOK {
			a.Code = aicc.CodeOK
		}
	default:
		a.Answer, err = aicc.ParseAnswer(a.Body)
		a.Code = a.Answer.Code
	}
	if err != nil && a.Status == http.StatusOK {
		a.Shape = err.Error()
	}
}
