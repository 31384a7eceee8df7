package page

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// recorder makes of Chromium's network events the HAR file that its developer tools would export. It can
// listen to several tabs, each of which becomes a page of the file.
type recorder struct {
	mu      sync.Mutex
	pages   []harPage
	entries []*recorded
	pending sync.WaitGroup // bodies that are being fetched
}

// recorded is an entry as it comes about.
type recorded struct {
	page      int
	id        network.RequestID
	sent      *network.EventRequestWillBeSent
	headers   network.Headers // of the request, as they went over the wire
	answer    *network.Response
	raw       *network.EventResponseReceivedExtraInfo
	received  int64 // bytes of the body
	ended     float64
	encoded   float64
	failed    string
	body      []byte
	base64    bool
	hasBody   bool
	completed bool
}

// The HAR 1.2 format as Chromium writes it, whose own fields begin with an underscore.
type (
	harFile struct {
		Log harLog `json:"log"`
	}
	harLog struct {
		Version string     `json:"version"`
		Creator harCreator `json:"creator"`
		Pages   []harPage  `json:"pages"`
		Entries []harEntry `json:"entries"`
	}
	harCreator struct {
		Name    string `json:"name"`
		Version string `json:"version"`
	}
	harPage struct {
		Started string         `json:"startedDateTime"`
		ID      string         `json:"id"`
		Title   string         `json:"title"`
		Timings map[string]any `json:"pageTimings"`
	}
	harEntry struct {
		ConnectionID string             `json:"_connectionId,omitempty"`
		Initiator    *network.Initiator `json:"_initiator"`
		Priority     string             `json:"_priority"`
		ResourceType string             `json:"_resourceType"`
		Cache        struct{}           `json:"cache"`
		Connection   string             `json:"connection,omitempty"`
		Page         string             `json:"pageref"`
		Request      harRequest         `json:"request"`
		Response     harResponse        `json:"response"`
		Server       string             `json:"serverIPAddress"`
		Started      string             `json:"startedDateTime"`
		Time         float64            `json:"time"`
		Timings      harTimings         `json:"timings"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harRequest struct {
		Method      string    `json:"method"`
		URL         string    `json:"url"`
		Version     string    `json:"httpVersion"`
		Headers     []harPair `json:"headers"`
		Query       []harPair `json:"queryString"`
		Cookies     []harPair `json:"cookies"`
		HeadersSize int       `json:"headersSize"`
		BodySize    int       `json:"bodySize"`
		Post        *harPost  `json:"postData,omitempty"`
	}
	harPost struct {
		MimeType string `json:"mimeType"`
		Text     string `json:"text"`
	}
	harResponse struct {
		Status      int64      `json:"status"`
		StatusText  string     `json:"statusText"`
		Version     string     `json:"httpVersion"`
		Headers     []harPair  `json:"headers"`
		Cookies     []harPair  `json:"cookies"`
		Content     harContent `json:"content"`
		Redirect    string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int        `json:"bodySize"`
		Transfer    int        `json:"_transferSize"`
		Error       *string    `json:"_error"`
		FromWorker  bool       `json:"_fetchedViaServiceWorker"`
	}
	harContent struct {
		Size        int64   `json:"size"`
		MimeType    string  `json:"mimeType"`
		Compression *int64  `json:"compression,omitempty"`
		Text        *string `json:"text,omitempty"`
		Encoding    string  `json:"encoding,omitempty"`
	}
	harTimings struct {
		Blocked float64 `json:"blocked"`
		DNS     float64 `json:"dns"`
		SSL     float64 `json:"ssl"`
		Connect float64 `json:"connect"`
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
		Queued  float64 `json:"_blocked_queueing"`
	}
)

// listen notes what a tab asks the network for.
func (r *recorder) listen(t *testing.T, ctx context.Context) {
	t.Helper()
	r.mu.Lock()
	page := len(r.pages)
	r.pages = append(r.pages, harPage{ID: fmt.Sprintf("page_%d", page+1)})
	r.mu.Unlock()
	err := chromedp.Listen(ctx, func(event any) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if done := r.note(page, event); done != nil {
			r.pending.Add(1)
			go r.fetch(ctx, done) // a listener must not wait
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// note takes in an event, and gives the entry whose body can be fetched now.
func (r *recorder) note(page int, event any) *recorded {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		r.sent(page, e)
	case *network.EventRequestWillBeSentExtraInfo:
		r.latest(page, e.RequestID).headers = e.Headers
	case *network.EventResponseReceived:
		r.latest(page, e.RequestID).answer = e.Response
	case *network.EventResponseReceivedExtraInfo:
		r.latest(page, e.RequestID).raw = e
	case *network.EventDataReceived:
		r.latest(page, e.RequestID).received += e.DataLength
	case *network.EventLoadingFailed:
		d := r.latest(page, e.RequestID)
		d.failed, d.ended, d.completed = e.ErrorText, e.Timestamp.Float64(), true
	case *network.EventLoadingFinished:
		d := r.latest(page, e.RequestID)
		d.encoded, d.ended, d.completed = e.EncodedDataLength, e.Timestamp.Float64(), true
		return d
	}
	return nil
}

// sent begins an entry, and ends one that was redirected: both have the same id.
func (r *recorder) sent(page int, e *network.EventRequestWillBeSent) {
	d := r.latest(page, e.RequestID)
	if d.sent != nil {
		d.answer, d.ended, d.completed = e.RedirectResponse, e.Timestamp.Float64(), true
		d = &recorded{page: page, id: e.RequestID}
		r.entries = append(r.entries, d)
	}
	d.sent = e
	if p := &r.pages[page]; p.Started == "" && e.Type == network.ResourceTypeDocument {
		p.Started, p.Title, p.Timings = moment(e.WallTime.Float64()), e.DocumentURL, map[string]any{"onContentLoad": nil, "onLoad": nil}
	}
}

// latest is the entry of an id; the events of a request come in no fixed order.
func (r *recorder) latest(page int, id network.RequestID) *recorded {
	for _, d := range slices.Backward(r.entries) {
		if d.page == page && d.id == id {
			return d
		}
	}
	d := &recorded{page: page, id: id}
	r.entries = append(r.entries, d)
	return d
}

// count is how many requests were sent to addresses that contain a text.
func (r *recorder) count(address string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, d := range r.entries {
		if d.sent != nil && strings.Contains(d.sent.Request.URL, address) {
			n++
		}
	}
	return n
}

// fetch asks the browser for a body, which it may have dropped.
func (r *recorder) fetch(ctx context.Context, d *recorded) {
	defer r.pending.Done()
	got, err := chromedp.Call(ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: d.id})
	if err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	d.body, d.base64, d.hasBody = got.Body, got.Base64encoded, true
}

// file is the record so far, in the order in which the requests began.
func (r *recorder) file(t *testing.T) []byte {
	t.Helper()
	r.pending.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	log := harLog{Version: "1.2", Creator: harCreator{Name: "WebInspector", Version: "537.36"}, Pages: r.pages, Entries: []harEntry{}}
	entries := slices.DeleteFunc(slices.Clone(r.entries), func(d *recorded) bool {
		return d.sent == nil || strings.HasPrefix(d.sent.Request.URL, "data:") || strings.HasPrefix(d.sent.Request.URL, "blob:")
	})
	slices.SortStableFunc(entries, func(a, b *recorded) int {
		switch d := a.sent.WallTime.Float64() - b.sent.WallTime.Float64(); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	for _, d := range entries {
		log.Entries = append(log.Entries, d.entry())
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(harFile{log}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func (d *recorded) entry() harEntry {
	e := harEntry{
		Initiator: d.sent.Initiator, Priority: string(d.sent.Request.InitialPriority), ResourceType: strings.ToLower(string(d.sent.Type)),
		Page: fmt.Sprintf("page_%d", d.page+1), Started: moment(d.sent.WallTime.Float64()),
		Request: d.request(), Response: d.response(), Timings: d.timings(),
	}
	if d.answer != nil {
		e.ConnectionID, e.Server = fmt.Sprint(d.answer.ConnectionID), d.answer.RemoteIPAddress
		e.Connection = fmt.Sprint(d.answer.RemotePort)
	}
	for _, part := range []float64{e.Timings.Blocked, e.Timings.DNS, e.Timings.Connect, e.Timings.Send, e.Timings.Wait, e.Timings.Receive} {
		e.Time += max(part, 0)
	}
	return e
}

// moment writes seconds since 1970 as Chromium does, to the millisecond.
func moment(seconds float64) string {
	return time.UnixMilli(int64(seconds * 1000)).UTC().Format("2006-01-02T15:04:05.000Z")
}

func (d *recorded) request() harRequest {
	sent := d.sent.Request
	headers := d.headers
	if headers == nil {
		headers = sent.Headers
	}
	r := harRequest{Method: sent.Method, URL: sent.URL, Version: "http/1.1", Headers: pairs(headers), Query: []harPair{}, Cookies: []harPair{}, HeadersSize: -1}
	if d.answer != nil && d.answer.Protocol != "" {
		r.Version = d.answer.Protocol
	}
	if u, err := url.Parse(sent.URL); err == nil {
		for part := range strings.SplitSeq(u.RawQuery, "&") {
			if name, value, _ := strings.Cut(part, "="); name != "" {
				r.Query = append(r.Query, harPair{name, value})
			}
		}
	}
	var body []byte
	for _, part := range sent.PostDataEntries {
		body = append(body, part.Bytes...)
	}
	if r.BodySize = len(body); sent.HasPostData {
		kind, _ := sent.Headers["Content-Type"].(string)
		r.Post = &harPost{kind, string(body)}
	}
	return r
}

func (d *recorded) response() harResponse {
	r := harResponse{Headers: []harPair{}, Cookies: []harPair{}, HeadersSize: -1, BodySize: -1, Content: harContent{MimeType: "x-unknown"}}
	if d.failed != "" {
		r.Error = &d.failed
	}
	if d.answer == nil {
		return r
	}
	a := d.answer
	headers := a.Headers
	if d.raw != nil {
		headers, r.HeadersSize = d.raw.Headers, len(d.raw.HeadersText)
	}
	r.Status, r.StatusText, r.Version, r.Headers = a.Status, a.StatusText, a.Protocol, pairs(headers)
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, "location") {
			r.Redirect = h.Value
		}
	}
	r.Transfer, r.FromWorker = int(d.encoded), a.FromServiceWorker
	if r.HeadersSize > 0 {
		r.BodySize = max(0, r.Transfer-r.HeadersSize)
	}
	r.Content = harContent{Size: d.received, MimeType: a.MimeType}
	if less := d.received - int64(r.BodySize); r.BodySize >= 0 {
		r.Content.Compression = &less
	}
	if d.hasBody {
		text := string(d.body)
		if d.base64 || !utf8.Valid(d.body) {
			text, r.Content.Encoding = base64.StdEncoding.EncodeToString(d.body), "base64"
		}
		r.Content.Text = &text
	}
	return r
}

// timings divides the time of a request as Chromium does; -1 is what did not happen, in milliseconds.
func (d *recorded) timings() harTimings {
	begun := d.sent.Timestamp.Float64()
	whole := (d.ended - begun) * 1000
	if !d.completed {
		whole = (-1 - begun) * 1000 // what Chromium writes of a request without an end
	}
	none := harTimings{Blocked: whole, DNS: -1, SSL: -1, Connect: -1}
	if d.answer == nil || d.answer.Timing == nil {
		return none
	}
	w := d.answer.Timing
	queued := (w.RequestTime - begun) * 1000
	t := harTimings{DNS: -1, SSL: -1, Connect: -1, Queued: queued, Send: w.SendEnd - w.SendStart, Wait: w.ReceiveHeadersEnd - w.SendEnd,
		Receive: max(0, (d.ended-w.RequestTime)*1000-w.ReceiveHeadersEnd)}
	if w.DNSStart >= 0 {
		t.DNS = w.DNSEnd - w.DNSStart
	}
	if w.ConnectStart >= 0 {
		t.Connect = w.ConnectEnd - w.ConnectStart
	}
	if w.SslStart >= 0 {
		t.SSL = w.SslEnd - w.SslStart // a part of connecting
	}
	t.Blocked = max(0, whole-max(t.DNS, 0)-max(t.Connect, 0)-t.Send-t.Wait-t.Receive)
	return t
}

// pairs writes headers in the order of their names. Those that came more than once are one to Chromium.
func pairs(headers network.Headers) []harPair {
	list := []harPair{}
	for name, value := range headers {
		for one := range strings.SplitSeq(fmt.Sprint(value), "\n") {
			list = append(list, harPair{name, one})
		}
	}
	slices.SortFunc(list, func(a, b harPair) int { return strings.Compare(a.Name+"\x00"+a.Value, b.Name+"\x00"+b.Value) })
	return list
}
