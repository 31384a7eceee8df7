package run

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// host is the tenant of a run: the embedded one, started for the run, or one that was there
// already.
type host struct {
	embedded *tenant.Tenant // nil: a tenant that was there already
	target   scenario.Target
	journal  sim.Journal // nil: the tenant keeps none that we can read
	note     string
	setup    trace.Setup
}

// open starts the embedded tenant unless the scenario has a target. A nil listener means a free
// port of the loopback address.
func (h *host) open(s *scenario.Scenario, seed uint64, l net.Listener) error {
	if s.Target != nil {
		h.target = *s.Target
		h.setup = trace.Setup{Channel: s.Target.Channel, Robot: s.Target.Robot, Hold: s.Target.PollHold, Silence: s.Target.Silence}
		return nil
	}
	t, err := tenant.New(s.Tenant, tenant.Options{Seed: seed, Key: sim.CustomerOf})
	if err != nil {
		return fmt.Errorf("embedded tenant: %w", err)
	}
	if l == nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("embedded tenant: %w", err)
		}
	}
	h.embedded, h.journal, h.note, h.setup = t, inProcess{t}, t.Describe(), t.Setup()
	h.target = scenario.Target{URL: "http://" + address(l), Channel: s.Tenant.Channel, AppKey: s.Tenant.AppKey, AppSecret: s.Tenant.AppSecret}
	go t.Serve(l) // ends with close
	return nil
}

// address is what customers call the listener; one in memory has no address of its own.
func address(l net.Listener) string {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		return tcp.String()
	}
	return "127.0.0.1:80"
}

// close stops the embedded tenant.
func (h *host) close() {
	if h.embedded == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	h.embedded.Close(ctx) // a handler that hangs is cut off with the process
}

// describe is the target as the result names it.
func (h *host) describe(e *sim.Endpoint) result.Target {
	t := result.Target{Kind: result.Real, URL: result.MaskURL(e.Target.URL), Note: h.note, Insecure: e.Target.Insecure}
	if h.embedded != nil {
		t.Kind = result.Embedded
	}
	return t
}

func (h *host) sample(kind, id string) []byte { return tenant.SampleFile(kind, id, 0) }

// inProcess is the journal of the embedded tenant in this process.
type inProcess struct{ t *tenant.Tenant }

func (j inProcess) Take(_ context.Context, user string, epoch int) (trace.Record, bool) {
	return j.t.Journal(user, epoch)
}

// findJournal asks a target on this machine whether it is the embedded tenant in a process of its
// own, whose journal can be read as well.
func (h *host) findJournal(ctx context.Context, e *sim.Endpoint) {
	if h.journal != nil || !e.OnThisMachine() {
		return
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: e.Transport()}
	var about struct {
		Chatbench string      `json:"chatbench"`
		Config    string      `json:"config"`
		Setup     trace.Setup `json:"setup"`
	}
	base := strings.TrimSuffix(h.target.URL, "/")
	if err := get(ctx, client, base+tenant.AboutPath, &about); err != nil || about.Chatbench != "tenant" {
		return // some other tenant, which has none
	}
	if about.Setup.Channel == h.target.Channel {
		h.setup = about.Setup
	}
	h.journal = &overHTTP{client: client, base: base}
	h.note = "the embedded tenant in a process of its own: " + about.Config
}

// overHTTP is the journal of an embedded tenant in another process.
type overHTTP struct {
	client *http.Client
	base   string
}

func (j *overHTTP) Take(ctx context.Context, user string, epoch int) (trace.Record, bool) {
	var record trace.Record
	q := url.Values{"user": {user}, "epoch": {strconv.Itoa(epoch)}}
	err := get(ctx, j.client, j.base+tenant.JournalPath+"?"+q.Encode(), &record)
	return record, err == nil
}

func get(ctx context.Context, client *http.Client, address string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d", resp.StatusCode)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}
