package tenant

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/scenario"
)

// talkative is a set-up in which every mutant gets its chance.
func talkative(cfg *scenario.Tenant) {
	cfg.Robot.Messages = [2]int{2, 2}
	cfg.Agents.Messages = [2]int{2, 2}
	cfg.Agents.Chats = [2]int{2, 2}
	cfg.Agents.Media.Image = 1
}

// story is two customers who talk at the same time, and one of them a second time.
func story(r *rig) []*visit {
	customers := []*user{r.user("u-0"), r.user("u-1")}
	done := make(chan *visit, len(customers))
	for i, u := range customers {
		pass(30 * ms) // so that it is settled who is first
		go func() { done <- u.talk(i) }()
	}
	visits := []*visit{<-done, <-done}
	customers[0].again()
	return append(visits, customers[0].talk(0))
}

// talk is a whole conversation, with a poll before it and one after it.
func (u *user) talk(n int) *visit {
	v := u.begin()
	pass(500 * ms)
	v.say("where is my parcel?")
	pass(time.Second)
	u.transfer()
	pass(time.Second)
	for i := range 2 {
		v.say(fmt.Sprintf("detail %d of %d", i, n))
		pass(2 * time.Second)
	}
	v.end(25 * time.Second)
	return v
}

// judged reports whether the oracle knows all the rules that a mutant breaks.
func judged(m Mutant) bool {
	return !slices.ContainsFunc(m.Rules, func(id string) bool { return !slices.Contains(oracleRules, id) })
}

func TestMutantsBreakTheirRules(t *testing.T) {
	for _, m := range Mutants() {
		if !judged(m) || slices.Contains(elsewhere, m.Name) {
			continue
		}
		for _, spec := range []string{m.Name, m.Name + ":every=1"} {
			t.Run(spec, func(t *testing.T) {
				inBubble(t, func(c *scenario.Tenant) { talkative(c); c.Mutants = []string{spec} }, func(t *testing.T, r *rig) {
					var got []string
					noted := false
					for _, v := range story(r) {
						got = append(got, v.broken()...)
						noted = noted || slices.Equal(v.record.Faults, []string{m.Name})
					}
					slices.Sort(got)
					if diff := cmp.Diff(m.Rules, slices.Compact(got)); diff != "" {
						t.Errorf("rules broken (-want +got):\n%s", diff)
					}
					if n := r.tenant.Stats().Mutants[m.Name]; n == 0 {
						t.Error("the mutant was never applied")
					}
					if beforeConnect := m.Name == "early-welcome"; !noted && !beforeConnect {
						t.Error("no record notes the fault")
					}
				})
			})
		}
	}
}

// elsewhere are mutants that the story gives no chance.
var elsewhere = []string{"lose-at-renewal"}

// TestMutantsBreakNoOtherRules plays the story with the mutants whose rules the oracle does not
// know: it must find nothing else, either.
func TestMutantsBreakNoOtherRules(t *testing.T) {
	for _, m := range Mutants() {
		if judged(m) || strings.HasPrefix(m.Rules[0], "TOK") { // nobody renews tokens in the story
			continue
		}
		t.Run(m.Name, func(t *testing.T) {
			inBubble(t, func(c *scenario.Tenant) { talkative(c); c.Mutants = []string{m.Name} }, func(t *testing.T, r *rig) {
				for _, v := range story(r) {
					for _, id := range v.broken() {
						if !slices.Contains(m.Rules, id) {
							t.Errorf("%s was broken; delivered %s; record %+v", id, tell(v.all()), v.record)
						}
					}
				}
			})
		})
	}
}

func TestHealthyTenantBreaksNoRule(t *testing.T) {
	inBubble(t, talkative, func(t *testing.T, r *rig) {
		for _, v := range story(r) {
			if got := v.broken(); len(got) > 0 {
				t.Errorf("broken: %v, want none; delivered %s; record %+v", got, tell(v.all()), v.record)
			}
			if len(v.all()) < 10 {
				t.Errorf("only %d messages: %s; the story is too short to prove anything", len(v.all()), tell(v.all()))
			}
		}
	})
}

func TestMutantTakesTheChanceItIsTold(t *testing.T) {
	const chances = 7
	for _, tt := range []struct {
		spec string
		want string // one digit a chance
	}{
		{"drop-one", "1000000"},
		{"drop-one:1", "1000000"},
		{"drop-one:3", "0010000"},
		{"drop-one:every=3", "0010010"},
		{"drop-one:every=1", "1111111"},
		{"drop-one:8", "0000000"},
	} {
		f, err := parseMutants([]string{tt.spec})
		if err != nil {
			t.Fatalf("%s: %v", tt.spec, err)
		}
		got := ""
		for range chances {
			if f.take(dropOne, nil) {
				got += "1"
			} else {
				got += "0"
			}
		}
		if got != tt.want {
			t.Errorf("%s: chances taken %s, want %s", tt.spec, got, tt.want)
		}
		if n := f.applied()["drop-one"]; n != int64(strings.Count(tt.want, "1")) {
			t.Errorf("%s: applied %d, want %s", tt.spec, n, tt.want)
		}
	}
}

func TestUnusableMutants(t *testing.T) {
	for _, tt := range []struct{ spec, want string }{
		{"drop-won", `did you mean "drop-one"`},
		{"", "does not exist"},
		{"Drop-One", "does not exist"},
		{"drop-one:", "want drop-one, drop-one:3"},
		{"drop-one:0", "want drop-one, drop-one:3"},
		{"drop-one:-1", "want drop-one, drop-one:3"},
		{"drop-one:every=0", "want drop-one, drop-one:3"},
		{"drop-one:every", "want drop-one, drop-one:3"},
		{"drop-one:9999999999999999999", "want drop-one, drop-one:3"},
	} {
		cfg := quick()
		cfg.Mutants = []string{tt.spec}
		if _, err := New(cfg, Options{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("New with mutant %q: %v, want an error with %q", tt.spec, err, tt.want)
		}
	}
}

func TestMutantTable(t *testing.T) {
	names := make(map[string]bool)
	for _, m := range Mutants() {
		if m.Name == "" || m.Fault == "" || m.Chance == "" || len(m.Rules) == 0 || names[m.Name] {
			t.Errorf("mutant %+v is incomplete or there twice", m)
		}
		names[m.Name] = true
	}
}
