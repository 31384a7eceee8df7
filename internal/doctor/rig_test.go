package doctor

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// full is an embedded tenant at which nothing is wrong, and that has everything.
func full() scenario.Tenant {
	cfg := scenario.DefaultTenant()
	cfg.History = true
	cfg.Agents.Media.Image = 1
	return cfg
}

// visited is what walking through an embedded tenant's set-up came to.
type visited struct {
	report *Report
	stats  tenant.Stats
	opened int
}

// states are the steps that did not come out right, as "id state".
func (r *Report) states(but ...State) map[string]State {
	list := map[string]State{}
	for _, s := range r.Steps {
		if s.State != Right {
			list[s.ID] = s.State
		}
	}
	return list
}

// visit walks through the set-up of an embedded tenant in virtual time.
func visit(t *testing.T, cfg scenario.Tenant, change func(*Options)) (v visited) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		embedded, err := tenant.New(cfg, tenant.Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		l := memnet.Listen()
		go func() {
			if err := embedded.Serve(l); !errors.Is(err, http1.ErrServerClosed) {
				t.Errorf("Serve: %v", err)
			}
		}()
		o := options(cfg, l)
		if change != nil {
			change(&o)
		}
		v.report = Run(t.Context(), o)
		v.stats = embedded.Stats()
		if err := embedded.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return v
}

func options(cfg scenario.Tenant, l *memnet.Listener) Options {
	o := Options{
		Target:    scenario.Target{URL: "http://127.0.0.1:80", Channel: cfg.Channel, AppKey: cfg.AppKey, AppSecret: cfg.AppSecret},
		Transport: &http.Transport{DialContext: l.Dial},
		Locale:    "en", User: "doctor1", Patience: 30 * time.Second,
	}
	if cfg.Robot != nil && len(cfg.Robot.Keywords) > 0 {
		o.Keyword = cfg.Robot.Keywords[0]
	}
	return o
}
