package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
)

// page is a client written the plain way, with net/http and one goroutine for each thing that goes on,
// as a page's script would have it. Each of its faults is one that such a client may have.
type page struct {
	t      *testing.T
	cfg    scenario.Tenant
	http   *http.Client
	base   string
	user   string
	faults []string

	mu      sync.Mutex // protects the following
	access  string
	token   string
	polling bool
	agent   bool       // one has spoken
	queries *sync.Once // of the queue, in this conversation
	over    chan struct{}
}

func newPage(t *testing.T, r *rig, cfg scenario.Tenant, user string, faults ...string) *page {
	return pageAt(t, "http://127.0.0.1:80", r.net.Dial, cfg, user, faults...)
}

func pageAt(t *testing.T, base string, dial sim.Dialer, cfg scenario.Tenant, user string, faults ...string) *page {
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &page{t: t, cfg: cfg, base: base, user: user, faults: faults, http: &http.Client{Transport: transport}}
}

func (p *page) wrong(fault string) bool { return slices.Contains(p.faults, fault) }

// call makes a call and gives status and body. Like a script it has the headers from variables.
func (p *page) call(method, path, body string) (int, aicc.Answer) {
	status, raw := p.raw(method, path, body)
	a, _ := aicc.ParseAnswer(raw)
	return status, a
}

func (p *page) raw(method, path, body string) (int, []byte) {
	q, err := http.NewRequest(method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Error(err)
		return 0, nil
	}
	p.mu.Lock()
	access, token := p.access, p.token
	p.mu.Unlock()
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("x-app-key", p.cfg.AppKey)
	if access != "" {
		q.Header.Set("Authorization", "Bearer "+access)
	}
	if token != "" {
		q.Header.Set("ccmessaging-token", token)
	}
	if p.wrong("no application key") {
		q.Header.Del("x-app-key")
	}
	res, err := p.http.Do(q)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	if fresh := res.Header.Get("ccmessaging-token"); fresh != "" && !p.wrong("keeps its token") {
		p.mu.Lock()
		p.token = fresh
		p.mu.Unlock()
	}
	return res.StatusCode, raw
}

func (p *page) renew() {
	_, raw := p.raw("POST", aicc.PathToken, fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, p.cfg.AppKey, p.cfg.AppSecret))
	app, err := aicc.ParseAppToken(raw)
	if err != nil {
		p.t.Errorf("token: %v", err)
	}
	p.mu.Lock()
	p.access = app.Token
	p.mu.Unlock()
	_, raw = p.raw("POST", aicc.PathApply, fmt.Sprintf(`{"userId":%q,"userName":"Ann","channelId":%q,"locale":"en"}`, p.user, p.cfg.Channel))
	token, _, err := aicc.ParseUserToken(raw)
	if err != nil && !p.wrong("no application key") {
		p.t.Errorf("applyToken: %v", err)
	}
	p.mu.Lock()
	p.token = token
	p.mu.Unlock()
}

func (p *page) send(control, media, content string) (int, aicc.Answer) {
	to := p.cfg.Channel
	if p.wrong("another channel") && control == aicc.Chat {
		to = "1"
	}
	body, _ := json.Marshal(map[string]string{"channel": "WEB", "controlType": control, "mediaType": media, "content": content,
		"sourceType": "CUSTOMER", "from": p.user, "to": to})
	return p.call("POST", aicc.PathSend, string(body))
}

// converse has one conversation. Do is what the person in front of the page is to do in it; "" is to
// wait until the other side hangs up.
func (p *page) converse(do string) {
	p.mu.Lock()
	p.polling, p.agent, p.queries, p.over = false, false, new(sync.Once), make(chan struct{})
	fresh := p.token == ""
	p.mu.Unlock()
	if p.wrong("no tokens") && fresh {
		p.send(aicc.Connect, aicc.Text, "hello")
	}
	if fresh {
		p.renew()
	}
	if p.wrong("polls first") {
		p.poll()
	}
	status, a := p.send(aicc.Connect, aicc.Text, "hello")
	if status != 200 || a.Code != "0" {
		if !p.wrong("leaves no message") {
			p.call("POST", aicc.PathLeave, fmt.Sprintf(`{"callId":%q,"caller":"Ann","leaveMessage":"please call","channel":"WEB"}`, p.user))
		}
		return
	}
	p.setPolling(true)
	var loops sync.WaitGroup
	loops.Go(p.pollOn)
	if p.wrong("two polls") {
		time.Sleep(350 * time.Millisecond)
		loops.Go(p.poll)
	}
	p.act(do)
	loops.Wait()
}

func (p *page) setPolling(on bool) (was bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was = p.polling
	p.polling = on
	if was && !on {
		close(p.over)
	}
	return was
}

func (p *page) isPolling() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.polling
}

// act does what the lesson says.
func (p *page) act(do string) {
	wait := func(d time.Duration) bool {
		select {
		case <-time.After(d):
			return true
		case <-p.over:
			return false
		}
	}
	if p.wrong("walks out") {
		do = "walk out"
	}
	switch {
	case do == "", !wait(3 * time.Second):
		<-p.over
		return
	case strings.Contains(do, "say"):
		p.send(aicc.Chat, aicc.Text, "what about my parcel?")
		p.send(aicc.Chat, aicc.Text, "where is it?")
	case strings.Contains(do, "TRANS2AGENT"):
		p.send(aicc.Transfer, aicc.Text, "hello")
	case strings.Contains(do, "picture"):
		_, a := p.call("POST", aicc.PathUpload, `{"fileType":"jpg","fileStream":"/9j/4AAQSkZJRg==","channel":"WEB"}`)
		p.send(aicc.Chat, aicc.Image, a.ObjectKey)
	case strings.Contains(do, "garble"):
		p.call("POST", aicc.PathSend, `{"channel":"WEB",`)
	case strings.Contains(do, "nowhere"):
		p.call("POST", "/apiaccess/ccmessaging/shout", `{}`)
	case strings.Contains(do, "impersonate"):
		p.call("GET", aicc.PathPoll+"?receiverId=somebody&channel=WEB", "")
	}
	if wait(time.Second) && p.setPolling(false) && !p.wrong("walks out") {
		p.send(aicc.Disconnect, aicc.Text, "")
		if p.wrong("says good-bye too late") {
			time.Sleep(400 * time.Millisecond)
			p.send(aicc.Chat, aicc.Text, "bye")
		}
	}
}

// pollOn is the demo's loop.
func (p *page) pollOn() {
	for p.isPolling() {
		pause := 100 * time.Millisecond
		if p.wrong("no pause") {
			pause = 10 * time.Millisecond
		}
		time.Sleep(pause)
		if p.isPolling() {
			p.poll()
		}
	}
	if p.wrong("polls on") {
		time.Sleep(200 * time.Millisecond)
		p.poll()
	}
}

func (p *page) poll() {
	status, a := p.call("GET", aicc.PathPoll+"?receiverId="+p.user+"&channel=WEB", "")
	if status == http.StatusUnauthorized {
		p.renew()
		status, a = p.call("GET", aicc.PathPoll+"?receiverId="+p.user+"&channel=WEB", "")
	}
	if status != 200 {
		return
	}
	for i := range a.Messages {
		p.handle(&a.Messages[i])
	}
}

// handle is the demo's chain of branches.
func (p *page) handle(m *aicc.Downlink) {
	p.mu.Lock()
	first := m.SourceType == aicc.FromAgent && !p.agent
	p.agent = p.agent || first
	p.mu.Unlock()
	if (first || p.wrong("asks for calls each time") && m.SourceType == aicc.FromAgent) && !p.wrong("never asks for calls") {
		p.call("GET", aicc.PathSupport+"?channel=WEB", "")
	}
	if m.SourceType == aicc.FromRobot {
		return
	}
	if suffix, media := aicc.MediaFileType(m.MediaType); media {
		p.download(m, suffix)
		return
	}
	if m.ControlType == aicc.Disconnect {
		if p.setPolling(false) && p.wrong("thanks the other side") {
			time.Sleep(400 * time.Millisecond)
			p.send(aicc.Chat, aicc.Text, "thank you")
		}
		return
	}
	if m.Queueing() && !p.wrong("does not queue") {
		p.queries.Do(func() { go p.query() })
	}
}

func (p *page) download(m *aicc.Downlink, suffix string) {
	id, more := m.Content, `,"multiMedia":"multiMedia"`
	if m.IsLocalFile() {
		id, more, suffix = "local/"+id, "", m.MediaFileType
	}
	times := 1
	switch {
	case p.wrong("downloads nothing"):
		times = 0
	case p.wrong("downloads twice"):
		times = 2
	}
	for range times {
		p.call("POST", aicc.PathDownload, fmt.Sprintf(`{"fileId":%q,"channel":"WEB","fileType":%q%s}`, id, suffix, more))
	}
}

// query asks for the queue as long as the answer is 0.
func (p *page) query() {
	every := 10 * time.Second
	if p.wrong("asks the queue too often") {
		every = 3 * time.Second
	}
	p.mu.Lock()
	over := p.over
	p.mu.Unlock()
	for {
		_, a := p.call("POST", aicc.PathQueue, fmt.Sprintf(`{"userId":%q,"channelConfigId":%q,"channel":"WEB"}`, p.user, p.cfg.Channel))
		if a.Code != "0" {
			return
		}
		select {
		case <-time.After(every):
		case <-over:
			return
		}
	}
}

// shout sends bytes that are no HTTP.
func shout(t *testing.T, conn net.Conn, garbage []byte) {
	t.Helper()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go io.Copy(conn, bytes.NewReader(garbage)) //nolint:errcheck // the tenant may hang up before
	io.Copy(io.Discard, conn)                  //nolint:errcheck // whatever it says
}
