package capacity

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestNeeded checks the fewest agents by what one less would do.
func TestNeeded(t *testing.T) {
	example := Demand{Arrivals: 0.2, Handling: 4 * time.Minute, Concurrent: 1, Answered: 0.8, Within: 15 * time.Second}
	with := func(change func(*Demand)) Demand { d := example; change(&d); return d }
	for _, row := range []struct {
		reason  string
		demand  Demand
		want    int // 0: only its neighbours are looked at
		decided string
	}{
		{"mitan.co.uk's example gives 84.6 % with 55 agents; 54 give 79.8 %", example, 55, "service level"},
		{"four at a time need a quarter of the places", with(func(d *Demand) { d.Concurrent = 4 }), 14, "service level"},
		{"an occupancy below that of the service level decides", with(func(d *Demand) { d.MaxOccupancy = 0.75 }), 64, "occupancy"},
		{"some give up, so fewer are needed", with(func(d *Demand) { d.Patience = 2 * time.Minute }), 0, "service level"},
		{"one customer a day", with(func(d *Demand) { d.Arrivals = 1.0 / 86400 }), 1, "service level"},
		{"ten thousand agents", with(func(d *Demand) { d.Arrivals = 41.5 }), 0, "service level"},
	} {
		n, err := row.demand.Needed()
		if err != nil || row.want > 0 && n != row.want {
			t.Errorf("%s: got %d, %v; want %d", row.reason, n, err, row.want)
			continue
		}
		if !row.demand.meets(row.demand.With(n)) || row.demand.meets(row.demand.With(n-1)) {
			t.Errorf("%s: %d agents %+v, one less %+v", row.reason, n, row.demand.With(n), row.demand.With(n-1))
		}
		if got := row.demand.decided(n); got != row.decided {
			t.Errorf("%s: decided by %q, want %q", row.reason, got, row.decided)
		}
	}
}

func TestStaff(t *testing.T) {
	d := Demand{Arrivals: 0.2, Handling: 4 * time.Minute, Concurrent: 1, Answered: 0.8, Within: 15 * time.Second, Shrinkage: 0.3}
	r, err := Staff(d, 0, 4)
	if err != nil || r.Needed != 55 || r.Level().Scheduled != 79 || len(r.Levels) != 9 || r.Model != "Erlang C" {
		t.Errorf("got %+v, %v; want 55 agents, 79 scheduled (55/0.7), four levels on each side", r, err)
	}
	r, err = Staff(d, 40, 2)
	if l := r.Level(); err != nil || r.Needed != 0 || !l.Overloaded || l.Answered != 0 || l.Answer != 0 || l.Occupancy != 1 {
		t.Errorf("40 agents for 48 erlangs: %+v, %v; want an endless queue without figures of its waits", l, err)
	}
}

// TestDemandRefused has a sentence for everything that cannot be answered.
func TestDemandRefused(t *testing.T) {
	good := Demand{Arrivals: 1, Handling: time.Minute, Concurrent: 1, Answered: 0.8, Within: time.Second}
	for want, change := range map[string]func(*Demand){
		"arrivals must be":       func(d *Demand) { d.Arrivals = 0 },
		"handling time must be":  func(d *Demand) { d.Handling = 0 },
		"at least":               func(d *Demand) { d.Concurrent = 0 },
		"a million at most":      func(d *Demand) { d.Concurrent, d.MaxOccupancy = math.MaxInt, 1e-9 },
		"cannot be negative":     func(d *Demand) { d.Patience = -1 },
		"below 100 %":            func(d *Demand) { d.Answered = 1 },
		"shrinkage must be":      func(d *Demand) { d.Shrinkage = 1 },
		"occupancy must be":      func(d *Demand) { d.MaxOccupancy = 1.1 },
		"more than a million":    func(d *Demand) { d.Arrivals = 1e6 },
		"patience is too long":   func(d *Demand) { d.Patience = 1e6 * time.Hour },
		"million places of agen": func(d *Demand) { d.MaxOccupancy = 1e-9 },
	} {
		d := good
		change(&d)
		if _, err := Staff(d, 0, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", d, err, want)
		}
	}
	if _, err := Staff(good, -1, 1); err == nil {
		t.Error("-1 agents were accepted")
	}
	pairs := good
	pairs.Concurrent = 2
	if r, err := Staff(pairs, math.MaxInt, 1); err == nil {
		t.Errorf("more agents than an int holds places: got %+v", r.Levels)
	}
}
