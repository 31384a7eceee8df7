package har

import (
	"fmt"
	"path/filepath"
	"slices"
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

// TestDraftOfRealRecordings drafts what browsers and proxies write, and plays it.
func TestDraftOfRealRecordings(t *testing.T) {
	var files []string
	for _, pattern := range []string{"testdata/*.har", "testdata/dialects/*.har"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatal("no recordings in testdata")
	}
	dialects := map[string]string{} // by what the flow is; one conversation was written down by several programs
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			out, s := draftOfFile(t, file)
			wellTravelled(t, s, out.Scenario)
			if strings.Contains(file, "dialects") {
				dialects[withoutPauses(s.Flows[0])] = file
			}
		})
	}
	if len(dialects) != 1 {
		t.Errorf("the same conversation became %d flows: %q", len(dialects), dialects)
	}
}

// draftOfFile drafts a recording and wants none of its secrets in the draft.
func draftOfFile(t *testing.T, file string) (*Drafted, *scenario.Scenario) {
	t.Helper()
	rec, err := Open(file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	out, err := rec.Draft(DraftOptions{Source: filepath.Base(file), Name: "session", Customer: -1, Files: true})
	if err != nil {
		t.Fatal(err)
	}
	own := scenario.DefaultTenant()
	secrets := append([]string{own.Channel, own.AppSecret}, rec.About.Hosts...)
	for _, c := range rec.Customers {
		secrets = append(secrets, c.User)
	}
	for _, secret := range secrets {
		if written := string(out.Scenario) + strings.Join(notesOf(out), "\n"); secret != "" && strings.Contains(written, secret) {
			t.Errorf("%q is in\n%s", secret, written)
		}
	}
	return out, parsed(t, out)
}

// withoutPauses are the steps of a flow but for its pauses: clocks and what counts as an exchange's time
// differ between programs.
func withoutPauses(f *scenario.Flow) string {
	steps := slices.DeleteFunc(slices.Clone(f.Steps), func(s scenario.Step) bool { _, pause := s.(scenario.Think); return pause })
	return stepsOf(&scenario.Flow{Steps: steps})
}
