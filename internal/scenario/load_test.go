package scenario

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// levels writes stages as "level@length", a ramp with a slash in front.
func levels(stages []Stage) string {
	var all []string
	for _, st := range stages {
		s := fmt.Sprintf("%d@%s", st.Customers, short(st.Length))
		if st.Ramp {
			s = "/" + s
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

func TestOverride(t *testing.T) {
	hold := func(n int, d time.Duration) Stage { return Stage{Customers: n, Length: d} }
	ramp := func(n int, d time.Duration) Stage { return Stage{Customers: n, Length: d, Ramp: true} }
	const s = time.Second
	for _, row := range []struct {
		reason    string
		stages    []Stage
		customers int
		length    time.Duration
		want      string
	}{
		{"nothing asked", []Stage{ramp(20, 5*s), hold(20, 10*s)}, 0, 0, "/20@5s 20@10s"},
		{"the highest level becomes the number asked", []Stage{ramp(20, 5*s), hold(10, 10*s)}, 200, 0, "/200@5s 100@10s"},
		{"fewer customers, at least one where there was one", []Stage{hold(1, s), hold(1000, s), hold(0, s)}, 10, 0, "1@1s 10@1s 0@1s"},
		{"ramps keep their length", []Stage{ramp(20, 5*s), hold(20, 10*s), hold(20, 20*s), ramp(0, 5*s)}, 0, 70 * s, "/20@5s 20@20s 20@40s /0@5s"},
		{"shorter too", []Stage{ramp(20, 2*s), hold(20, 60*s)}, 0, 10 * s, "/20@2s 20@8s"},
		{"exactly half for the ramps is fine", []Stage{ramp(20, 5*s), hold(20, 60*s)}, 0, 10 * s, "/20@5s 20@5s"},
		{"ramps need more than half: all is scaled", []Stage{ramp(20, 20*s), hold(20, 60*s)}, 0, 8 * s, "/20@2s 20@6s"},
		{"no hold: all is scaled", []Stage{ramp(20, 4*s), ramp(0, 4*s)}, 0, 16 * s, "/20@8s /0@8s"},
		{"both at once", []Stage{hold(20, 10*s)}, 5, 3 * s, "5@3s"},
		{"never shorter than a millisecond", []Stage{hold(20, time.Hour), hold(20, time.Millisecond)}, 0, s, "20@1s 20@1ms"},
	} {
		l := Load{Stages: row.stages}
		before := levels(l.Stages)
		l.override(row.customers, row.length)
		if diff := cmp.Diff(row.want, levels(l.Stages)); diff != "" {
			t.Errorf("%s: %s with %d customers, %v (-want +got):\n%s", row.reason, before, row.customers, row.length, diff)
		}
	}
}

func TestOverrideOpen(t *testing.T) {
	l := Load{Open: true, MaxCustomers: 5000, Stages: []Stage{{Arrivals: 40, Length: time.Minute}}}
	l.override(70, 30*time.Second)
	if l.MaxCustomers != 70 || l.Stages[0].Arrivals != 40 || l.Stages[0].Length != 30*time.Second {
		t.Errorf("open load with 70 customers, 30s: got %+v, want 70 at most, 40/s for 30s", l)
	}
}

func TestMost(t *testing.T) {
	const s = time.Second
	for _, row := range []struct {
		reason string
		load   Load
		want   int
	}{
		{"closed: the highest level", Load{Stages: []Stage{{Customers: 5}, {Customers: 30}, {Customers: 2}}}, 30},
		{"even arrivals", Load{Open: true, Stages: []Stage{{Arrivals: 10, Length: 10 * s}}}, 100},
		{"a ramp from nothing is half of it", Load{Open: true, Stages: []Stage{{Arrivals: 10, Length: 10 * s, Ramp: true}}}, 50},
		{"a ramp begins at the level before", Load{Open: true, Stages: []Stage{{Arrivals: 10, Length: 10 * s}, {Arrivals: 20, Length: 10 * s, Ramp: true}}}, 250},
		{"random arrivals: four standard deviations more", Load{Open: true, Stages: []Stage{{Arrivals: 10, Length: 10 * s, Poisson: true}}}, 140},
		{"only the random part varies", Load{Open: true, Stages: []Stage{{Arrivals: 10, Length: 10 * s}, {Arrivals: 10, Length: 10 * s, Poisson: true}}}, 240},
	} {
		if got := row.load.most(); got != row.want {
			t.Errorf("%s: %+v: got %d, want %d", row.reason, row.load.Stages, got, row.want)
		}
	}
}

func TestSpread(t *testing.T) {
	for _, row := range []struct {
		reason, yaml string
		opt          Options
		want         time.Duration
	}{
		{"a second for each thousand", "load: {customers: 4000, for: 60s}", Options{}, 4 * time.Second},
		{"after the override", "load: {customers: 4000, for: 60s}", Options{Customers: 2000}, 2 * time.Second},
		{"at least a second", "load: {customers: 10, for: 60s}", Options{}, time.Second},
		{"at most a quarter of the first stage", "load: [{customers: 9000, over: 8s}, {customers: 9000, for: 60s}]", Options{}, 2 * time.Second},
		{"as given", "load: {customers: 10, for: 60s}\nspread: 0", Options{}, 0},
		{"not for arrivals", "load: {arrivals: 10/s, for: 60s}", Options{}, 0},
	} {
		s, err := Parse("a.yaml", []byte("chatbench: 1\n"+row.yaml+"\nflows: {a: [{connect: hi}]}"), row.opt)
		if err != nil {
			t.Errorf("%s: %s: %v", row.reason, row.yaml, err)
		} else if s.Load.Spread != row.want {
			t.Errorf("%s: %s: got %v, want %v", row.reason, row.yaml, s.Load.Spread, row.want)
		}
	}
}

// TestOverrideBeforeRows checks that a run with fewer customers needs fewer rows.
func TestOverrideBeforeRows(t *testing.T) {
	const yaml = "chatbench: 1\nload: {customers: 20, for: 8s}\ndata: {file: ok.csv, pick: unique}\nflows: {a: [{connect: hi}]}"
	opt := Options{Open: memory(dataFiles)}
	if _, err := Parse("a.yaml", []byte(yaml), opt); err == nil {
		t.Error("20 customers with 2 unique rows: got no problem")
	}
	opt.Customers = 2
	if _, err := Parse("a.yaml", []byte(yaml), opt); err != nil {
		t.Errorf("2 customers with 2 unique rows: got %v", err)
	}
	opt.Customers, opt.Seed = 2, 99
	if s, err := Parse("a.yaml", []byte(yaml), opt); err != nil || s.Seed != 99 {
		t.Errorf("seed 99 by a flag: got %+v, %v", s, err)
	}
}

// TestOtherStages replaces the stages of a scenario before anything is checked that depends on them.
func TestOtherStages(t *testing.T) {
	const text = `
chatbench: 1
load: [{customers: 3, over: 1s, warmup: true}, {customers: 3, for: 10s}]
data: {file: rows.csv, pick: unique}
flows: {visitor: [{connect: "{{name}}"}]}
`
	with := func(customers int) (*Scenario, error) {
		return Parse("s.yaml", []byte(text), Options{
			Open: func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("name\na\nb\nc\n")), nil },
			Stages: func(of Load) []Stage {
				if of.Open || len(of.Stages) != 2 {
					t.Errorf("the stages to replace are %+v", of)
				}
				return []Stage{{Name: "hold", Customers: customers, Length: 8 * time.Second}}
			},
		})
	}
	s, err := with(2)
	if err != nil {
		t.Fatal(err)
	}
	if want := []Stage{{Name: "hold", Customers: 2, Length: 8 * time.Second}}; !slices.Equal(s.Load.Stages, want) || s.Load.Spread != time.Second {
		t.Errorf("stages %+v spread over %v, want %+v over the default", s.Load.Stages, s.Load.Spread, want)
	}
	if _, err := with(4); err == nil || !strings.Contains(err.Error(), "rows") {
		t.Errorf("four customers for three rows: %v", err)
	}
}
