package doctor

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// full is an embedded tenant at which nothing is wrong, and that has everything but click-to-call.
func full() scenario.Tenant {
	cfg := scenario.DefaultTenant()
	cfg.History = true
	cfg.Agents.Media.Image = 1
	return cfg
}

// front stands between the doctor and the embedded tenant, as a gateway does. It answers a request
// itself, or changes the tenant's answer, or neither.
type front struct {
	answer func(w http.ResponseWriter, path, body string) bool
	change func(path string, r *http.Response, body string) string
	tls    func(net.Listener) net.Listener

	mu    sync.Mutex // protects the following, and is held while change runs
	asked []asked
}

// asked is a request as it came.
type asked struct{ path, head, body string }

// ServeHTTP answers a request, or hands it on.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request, to http.Handler) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var head strings.Builder
	r.Header.Write(&head)
	f.mu.Lock()
	f.asked = append(f.asked, asked{r.URL.Path, head.String(), string(body)})
	f.mu.Unlock()
	if f.answer == nil || !f.answer(w, r.URL.Path, string(body)) {
		to.ServeHTTP(w, r)
	}
}

// proxy passes requests on to the tenant.
func (f *front) proxy(l *memnet.Listener) http.Handler {
	p := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: "tenant"}) },
		Transport: &http.Transport{DialContext: l.Dial, DisableKeepAlives: true, DisableCompression: true},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	if f.change != nil {
		p.ModifyResponse = func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			f.mu.Lock()
			text := f.change(r.Request.URL.Path, r, string(body))
			f.mu.Unlock()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
			r.Header.Del("Content-Length")
			return err
		}
	}
	return p
}

// rig is a tenant with what stands in front of it, in a bubble.
type rig struct {
	cfg    scenario.Tenant
	tenant *tenant.Tenant
	inner  *memnet.Listener
	outer  *memnet.Listener
	server *http.Server
}

// newRig starts an embedded tenant, behind a front if there is one.
func newRig(t *testing.T, cfg scenario.Tenant, f *front) *rig {
	t.Helper()
	embedded, err := tenant.New(cfg, tenant.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{cfg: cfg, tenant: embedded, inner: memnet.Listen()}
	r.outer = r.inner
	go func() {
		if err := embedded.Serve(r.inner); !errors.Is(err, http1.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	}()
	if f == nil {
		return r
	}
	r.outer = memnet.Listen()
	to := f.proxy(r.inner)
	r.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { f.ServeHTTP(w, q, to) }),
		ErrorLog: log.New(io.Discard, "", 0)}
	var l net.Listener = r.outer
	if f.tls != nil {
		l = f.tls(l)
	}
	go r.server.Serve(l)
	return r
}

func (r *rig) close(t *testing.T) {
	t.Helper()
	if r.server != nil {
		r.server.Close()
		time.Sleep(10 * time.Second) // for TLS to take leave of a client that has gone
	}
	if err := r.tenant.Close(context.Background()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// options are those of a walk to the rig.
func (r *rig) options() Options {
	o := Options{
		Target:    scenario.Target{URL: "http://127.0.0.1:80", Channel: r.cfg.Channel, AppKey: r.cfg.AppKey, AppSecret: r.cfg.AppSecret},
		Transport: &http.Transport{DialContext: r.outer.Dial},
		Locale:    "en", User: "doctor1",
	}
	if r.cfg.Robot != nil && len(r.cfg.Robot.Keywords) > 0 {
		o.Keyword = r.cfg.Robot.Keywords[0]
	}
	return o
}

// visited is what walking through a set-up came to.
type visited struct {
	*Report
	stats tenant.Stats // when the walk was over
	took  time.Duration
}

// visit walks through the set-up of an embedded tenant in virtual time.
func visit(t *testing.T, cfg scenario.Tenant, f *front, change func(*Options, *rig)) (v visited) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, cfg, f)
		o := r.options()
		if change != nil {
			change(&o, r)
		}
		begun := time.Now()
		v.Report = Run(t.Context(), o)
		v.took = time.Since(begun)
		synctest.Wait()
		v.stats = r.tenant.Stats()
		r.close(t)
	})
	return v
}

// outcome lists the steps in some states, as "id=state".
func outcome(r *Report, states ...State) string {
	var list []string
	for _, s := range r.Steps {
		for _, state := range states {
			if s.State == state {
				list = append(list, s.ID+"="+string(s.State))
			}
		}
	}
	return strings.Join(list, " ")
}

// step finds a step.
func (r *Report) step(t *testing.T, id string) Step {
	t.Helper()
	for _, s := range r.Steps {
		if s.ID == id {
			return s
		}
	}
	t.Fatalf("there is no step %s", id)
	return Step{}
}

// tell logs a walk.
func (r *Report) tell(t *testing.T) {
	t.Helper()
	for _, s := range r.Steps {
		t.Logf("%-7s %-11s %s %v (%s) %s", s.State, s.ID, s.Saw, s.Basis, s.Because, s.Advice)
	}
	t.Logf("%+v ended %q exit %d", r.Conversations, r.Ended, r.Exit)
}

// noneOpen wants every conversation that was opened to have ended, and few to have been opened.
func (v *visited) noneOpen(t *testing.T) {
	t.Helper()
	if v.stats.Opened != v.stats.Ended {
		t.Errorf("%d conversations were opened and %d ended", v.stats.Opened, v.stats.Ended)
	}
	if v.stats.Opened > mostConnects {
		t.Errorf("%d conversations were opened, want %d at most", v.stats.Opened, mostConnects)
	}
}

// place is where a step stands.
func place(id string) int {
	return slices.IndexFunc(steps, func(s step) bool { return s.id == id })
}
