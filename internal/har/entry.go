package har

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"chatbench/internal/aicc"
)

// rawEntry is an element of log.entries as far as it matters here. Bodies stay in the file.
type rawEntry struct {
	index    int
	at       int64 // where it begins in the file
	page     string
	started  string
	took     float64 // milliseconds, -1: not known
	problem  string  // why there was no answer, as the browser calls it
	cached   bool
	worker   bool // a service worker of the page made the request, which is an entry of its own
	separate bool // see [separately]
	timings  timings
	request  rawRequest
	response rawResponse
}

// timings are the phases of an exchange in milliseconds, -1 where there was none.
type timings struct{ blocked, dns, connect, send, wait, receive float64 }

type rawRequest struct {
	method, url string
	headers     headers
	body        bodyPlace
}

type rawResponse struct {
	status   int
	headers  headers
	redirect string
	body     bodyPlace
}

// headers are the few that matter, by names in lower case.
type headers struct {
	auth, userToken, coding, location, host string
	length, tokenLife                       string
}

func (h *headers) set(name, value string) {
	switch strings.ToLower(name) {
	case strings.ToLower(aicc.HeaderAuth):
		h.auth = value
	case aicc.HeaderUserToken:
		h.userToken = value
	case strings.ToLower(aicc.HeaderTokenExpire):
		h.tokenLife = value
	case "content-encoding":
		h.coding = value
	case "location":
		h.location = value
	case "host", ":authority":
		h.host = value
	case "content-length":
		h.length = value
	}
}

// entry reads an element of log.entries.
func (s *scanner) entry(index int) (*rawEntry, error) {
	if _, err := s.peek(); err != nil {
		return nil, err
	}
	e := &rawEntry{index: index, at: s.at(), took: -1, timings: timings{-1, -1, -1, -1, -1, -1}}
	e.request.body.size, e.response.body.size = -1, -1
	err := s.object(func(key string) error { return s.entryField(e, key) })
	if err != nil {
		return nil, err
	}
	q, a := &e.request, &e.response
	q.body.coding, q.body.empty = q.headers.coding, q.method == "GET" || q.headers.length == "0"
	a.body.coding, a.body.empty = a.headers.coding, a.status == 0 || a.headers.length == "0"
	return e, nil
}

func (s *scanner) entryField(e *rawEntry, key string) (err error) {
	switch key {
	case "pageref":
		e.page, err = s.short()
	case "startedDateTime":
		e.started, err = s.short()
	case "time":
		e.took, err = s.number()
	case "timings":
		err = s.timings(&e.timings)
	case "request":
		err = s.object(func(key string) error { return s.requestField(&e.request, key) })
	case "response":
		err = s.object(func(key string) error { return s.responseField(e, key) })
	case "_fromCache", "_fetchType":
		var from string
		from, err = s.short()
		e.cached = e.cached || strings.Contains(strings.ToLower(from), "cache") || from == "disk" || from == "memory"
	case "_fetchedViaServiceWorker":
		var by string
		by, err = s.short()
		e.worker = by == "true"
	case "_error":
		e.problem, err = s.short()
	default:
		err = s.pass()
	}
	return err
}

func (s *scanner) timings(t *timings) error {
	fields := map[string]*float64{"blocked": &t.blocked, "dns": &t.dns, "connect": &t.connect, "send": &t.send, "wait": &t.wait, "receive": &t.receive}
	return s.object(func(key string) (err error) {
		field := fields[key]
		if field == nil {
			return s.pass()
		}
		*field, err = s.number()
		return err
	})
}

func (s *scanner) requestField(r *rawRequest, key string) (err error) {
	switch key {
	case "method":
		r.method, err = s.short()
	case "url":
		r.url, err = s.short()
	case "headers":
		err = s.headers(&r.headers)
	case "postData":
		err = s.object(func(key string) error { return s.bodyField(&r.body, key) })
	default:
		err = s.pass()
	}
	return err
}

func (s *scanner) responseField(e *rawEntry, key string) (err error) {
	r := &e.response
	switch key {
	case "status":
		var status float64
		status, err = s.number()
		r.status = max(int(status), 0)
	case "headers":
		err = s.headers(&r.headers)
	case "redirectURL":
		r.redirect, err = s.short()
	case "content":
		err = s.object(func(key string) error { return s.bodyField(&r.body, key) })
	case "_error":
		var problem string
		if problem, err = s.short(); problem != "" {
			e.problem = problem
		}
	default:
		err = s.pass()
	}
	return err
}

// headers reads what is written as [{"name": ..., "value": ...}].
func (s *scanner) headers(h *headers) error {
	return s.array(func(int) error {
		var name, value string
		err := s.object(func(key string) (err error) {
			switch key {
			case "name":
				name, err = s.short()
			case "value":
				value, err = s.short()
			default:
				err = s.pass()
			}
			return err
		})
		h.set(name, value)
		return err
	})
}

// bodyField reads a field of postData or content.
func (s *scanner) bodyField(b *bodyPlace, key string) (err error) {
	switch key {
	case "text":
		b.text, err = s.place()
	case "size":
		var size float64
		size, err = s.number()
		b.size = int64(size)
	case "encoding", "_encoding":
		var encoding string
		encoding, err = s.short()
		b.base64 = strings.EqualFold(encoding, "base64")
	default:
		err = s.pass()
	}
	return err
}

// begun is when the exchange began. Exporters differ in the digits of a second and in how they write
// the zone. A time before there were browsers is none: what is between two times has to fit into a
// [time.Duration], and what comes of them into JSON.
func (e *rawEntry) begun() (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, e.started); err == nil && t.Year() >= 1990 && t.Year() < 2200 {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("startedDateTime %.40q is no time", e.started)
}

// duration is how long the exchange took as a whole, and how long of that it waited for its turn and
// for a connection. TLS is part of connect. Without an answer browsers count everything as waiting.
func (e *rawEntry) duration() (took, opening time.Duration) {
	t := &e.timings
	before, after := known(t.blocked)+known(t.dns)+known(t.connect), known(t.send)+known(t.wait)+known(t.receive)
	whole := e.took
	if whole < 0 {
		whole = before + after
	}
	switch {
	case e.separate:
		whole, before = after, 0
	case e.response.status == 0:
		before = 0
	}
	whole = min(whole, maxTook)
	return milliseconds(whole), milliseconds(min(before, whole))
}

// separately reports whether a program counts opening the connection into the time of an exchange,
// though it did so at another time: mitmproxy does, for the connection behind it.
func separately(creator string) bool { return strings.HasPrefix(creator, "mitmproxy") }

// maxTook bounds what a browser can mean, in milliseconds: a day.
const maxTook = 24 * 60 * 60 * 1000

func known(ms float64) float64 { return max(ms, 0) }

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// redirectTo is where the browser goes on by itself after a redirect, or nil.
func (e *rawEntry) redirectTo() *url.URL {
	if e.response.status < 300 || e.response.status > 399 {
		return nil
	}
	to := e.response.redirect
	if to == "" {
		to = e.response.headers.location
	}
	base, err := url.Parse(e.request.url)
	if to == "" || err != nil {
		return nil
	}
	target, err := base.Parse(to)
	if err != nil {
		return nil
	}
	target.Fragment = ""
	return target
}
