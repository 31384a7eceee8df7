package run

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// serving is an embedded tenant on a loopback port, as if it were another process.
func serving(t *testing.T, cfg scenario.Tenant) (tn *tenant.Tenant, url string) {
	t.Helper()
	tn, err := tenant.New(cfg, tenant.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go tn.Serve(l) // ends with Close
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		tn.Close(ctx)
	})
	return tn, "http://" + l.Addr().String()
}

// hasty is a scenario that takes about a second of real time.
func hasty(t *testing.T) *scenario.Scenario {
	t.Helper()
	const file = `chatbench: 1
name: hasty
tenant:
  robot: {reply: 1ms..5ms}
  agents: {count: 5, conversations: 5, pick_up: 1ms..5ms, reply: 1ms..5ms, chats: 1, hang_up: 1ms, media: {image: 100%}}
load: [{customers: 5, for: 500ms}]
between: 1ms..5ms
drain: 20s
probes: 0%
flows:
  all:
    - connect: hello
    - expect: {from: robot, within: 20s}
    - handover: {}
    - expect: {from: agent, within: 20s}
    - say: a question
    - expect: {disconnect: true, within: 20s}
gate: {lateness: 1h, cpu: 100%}
`
	s, err := scenario.Parse("hasty.yaml", []byte(file), scenario.Options{Rules: check.Known()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// elsewhere makes the tenant of a scenario one that is there already.
func elsewhere(s *scenario.Scenario, url string) {
	s.Target = &scenario.Target{URL: url, Channel: s.Tenant.Channel, AppKey: s.Tenant.AppKey, AppSecret: s.Tenant.AppSecret}
}

// TestJournalOverHTTP plays against an embedded tenant that only TCP leads to: the rules that need
// its record are decided, and what it records comes over as it is.
func TestJournalOverHTTP(t *testing.T) {
	s := hasty(t)
	tn, url := serving(t, s.Tenant)
	elsewhere(s, url+"/") // the way people paste it
	s.Exercise = []scenario.Exercise{{Rule: "DSC-04", AtLeast: 5}, {Rule: "MED-02", AtLeast: 5}, {Rule: "DEL-04", AtLeast: 5}}
	r, err := Play(t.Context(), Options{Scenario: s, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if r.Exit != result.ExitOK {
		t.Errorf("exit code %d: %q", r.Exit, r.Reasons)
	}
	if r.Target.Kind != result.Real || !strings.HasPrefix(r.Target.Note, "the embedded tenant in a process of its own: robot") {
		t.Errorf("target %+v, want a real one with a note on the embedded tenant's set-up", r.Target)
	}
	h, err := found(t, url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if record, ok := h.journal.Take(t.Context(), "nobody", 0); ok {
		t.Errorf("the record of a conversation that nobody had: %+v", record)
	}
	if opened, begun := tn.Stats().Opened, r.Metrics.All().Counters.Begun(); opened != begun {
		t.Errorf("the tenant opened %d conversations, the customers %d", opened, begun)
	}
}

// errNoJournal is what found says of a target without a journal.
var errNoJournal = errors.New("no journal was found")

// found looks for the journal of a target.
func found(t *testing.T, url string, dial sim.Dialer) (*host, error) {
	t.Helper()
	target := scenario.Target{URL: url}
	e, err := sim.NewEndpoint(target, dial)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{target: target}
	h.findJournal(t.Context(), e)
	if h.journal == nil {
		return h, errNoJournal
	}
	return h, nil
}

// TestTake wants a record to come over as the tenant has it, whatever the user is called.
func TestTake(t *testing.T) {
	const user = "顾客 1&epoch=9#/?"
	want := trace.Record{User: user, Epoch: 3, Heard: 2, Ended: "agent", HungUp: true, Senders: []trace.Said{{}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case r.URL.Path == "/base"+tenant.AboutPath:
			io.WriteString(w, `{"chatbench": "tenant", "config": "no robot"}`)
		case r.URL.Path != "/base"+tenant.JournalPath || q.Get("user") != user:
			http.NotFound(w, r)
		case q.Get("epoch") == "3":
			json.NewEncoder(w).Encode(want)
		default:
			io.WriteString(w, "[]")
		}
	}))
	defer server.Close()
	h, err := found(t, server.URL+"/base", nil)
	if err != nil {
		t.Fatal(err)
	}
	if h.note != "the embedded tenant in a process of its own: no robot" {
		t.Errorf("note %q", h.note)
	}
	got, ok := h.journal.Take(t.Context(), user, 3)
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("record (-want +got), found %v:\n%s", ok, diff)
	}
	for why, ask := range map[string]func() (trace.Record, bool){
		"another user":           func() (trace.Record, bool) { return h.journal.Take(t.Context(), "1", 3) },
		"an answer of no record": func() (trace.Record, bool) { return h.journal.Take(t.Context(), user, 4) },
		"a run that was stopped": func() (trace.Record, bool) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return h.journal.Take(ctx, user, 3)
		},
	} {
		if record, ok := ask(); ok {
			t.Errorf("%s: got %+v, want none", why, record)
		}
	}
}

// TestNoJournal wants targets that are not an embedded tenant on this machine to be left in peace.
func TestNoJournal(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"some other server":      http.NotFound,
		"a page for everything":  func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
		"JSON of something else": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"chatbench": "agent"}`) },
		"an error with the right content": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			io.WriteString(w, `{"chatbench": "tenant"}`)
		},
	}
	for why, answer := range answers {
		server := httptest.NewServer(answer)
		if h, err := found(t, server.URL, nil); !errors.Is(err, errNoJournal) || h.note != "" {
			t.Errorf("%s: journal %v and note %q, want neither", why, h.journal, h.note)
		}
		server.Close()
	}
	never := func(context.Context, string, string) (net.Conn, error) {
		t.Error("a host that is not this machine was asked")
		return nil, net.ErrClosed
	}
	if _, err := found(t, "http://192.0.2.1:8080", never); !errors.Is(err, errNoJournal) {
		t.Errorf("a host that is not this machine: %v", err)
	}
}

// TestNoJournalFromTheSilent wants a server that accepts and says nothing to hold a run up for a
// few seconds at most.
func TestNoJournalFromTheSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		defer l.Close()
		go func() {
			for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
				go io.Copy(io.Discard, conn)
			}
		}()
		start := time.Now()
		if _, err := found(t, "http://127.0.0.1:80", l.Dial); !errors.Is(err, errNoJournal) {
			t.Error(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}
