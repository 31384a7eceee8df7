package har

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// journey notes how the conversations of a run went.
type journey struct {
	mu     sync.Mutex
	missed []string
	ended  map[trace.Ended]int
}

// Observe implements sim.Observer.
func (j *journey) Observe(e *trace.Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case e.Kind == trace.Step && e.Missed:
		j.missed = append(j.missed, fmt.Sprintf("%s of %s", e.Name, e.Flow))
	case e.Kind == trace.End:
		j.ended[e.Ended]++
	}
}

// Close implements sim.Observer.
func (*journey) Close() {}

// travel plays a draft against the embedded tenant, in virtual time.
func travel(t *testing.T, s *scenario.Scenario) *journey {
	t.Helper()
	j := &journey{ended: map[trace.Ended]int{}}
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		embedded, err := tenant.New(s.Tenant, tenant.Options{Seed: 1, Key: sim.CustomerOf})
		if err != nil {
			t.Fatal(err)
		}
		go embedded.Serve(l)
		defer embedded.Close(t.Context())
		endpoint, err := sim.NewEndpoint(scenario.Target{URL: "http://127.0.0.1:80", Channel: s.Tenant.Channel, AppKey: s.Tenant.AppKey, AppSecret: s.Tenant.AppSecret}, l.Dial)
		if err != nil {
			t.Fatal(err)
		}
		sim.Run(t.Context(), sim.Config{Scenario: s, Endpoint: endpoint, Run: 1, Seed: 1, Markers: true,
			Observe: func(int) sim.Observer { return j },
			Sample:  func(kind, id string) []byte { return tenant.SampleFile(kind, id, 0) }})
	})
	return j
}

// wellTravelled wants every conversation to come to its end with nothing missed.
func wellTravelled(t *testing.T, s *scenario.Scenario, text []byte) {
	t.Helper()
	j := travel(t, s)
	good := j.ended[trace.ByCustomer] + j.ended[trace.ByPeer]
	if len(j.missed) > 0 || good == 0 || len(j.ended) > 2 || j.ended[trace.GaveUp]+j.ended[trace.CutShort]+j.ended[trace.NoConnect] > 0 {
		t.Errorf("missed %q, ends %v, want nothing missed and all conversations at their end; played:\n%s", j.missed, j.ended, text)
	}
}

// TestDraftOfBrowsers drafts what a real browser recorded of the page that tenant --page serves, and
// plays it.
func TestDraftOfBrowsers(t *testing.T) {
	files, err := filepath.Glob("testdata/*.har")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("no recordings of a browser in testdata")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			rec, err := Open(file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer rec.Close()
			out, err := rec.Draft(DraftOptions{Source: filepath.Base(file), Name: "session", Customer: -1, Files: true})
			if err != nil {
				t.Fatal(err)
			}
			s := parsed(t, out)
			wellTravelled(t, s, out.Scenario)
			for _, c := range rec.Customers {
				if c.User != "" && strings.Contains(string(out.Scenario)+fmt.Sprint(notesOf(out)), c.User) {
					t.Errorf("the id of user %s is in\n%s", c.User, out.Scenario)
				}
			}
			if own := scenario.DefaultTenant(); strings.Contains(string(out.Scenario), own.Channel) || strings.Contains(string(out.Scenario), own.AppSecret) {
				t.Errorf("channel or secret is in\n%s", out.Scenario)
			}
		})
	}
}
