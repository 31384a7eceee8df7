package tenant

import (
	"slices"
	"strings"
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

// TestProbeMutants wants the two lists of mutants to be apart, and each mutant of probes to break
// active rules only. What they break is shown where the probes are (internal/probe).
func TestProbeMutants(t *testing.T) {
	names := map[string]bool{}
	for _, m := range Mutants() {
		names[m.Name] = true
	}
	for _, m := range ProbeMutants() {
		if names[m.Name] || m.Name == "" || m.Fault == "" || m.Chance == "" || len(m.Rules) == 0 {
			t.Errorf("%+v: a name that is taken, or something is missing", m)
		}
		names[m.Name] = true
		for _, id := range m.Rules {
			if _, number, _ := strings.Cut(id, "-"); number < "21" {
				t.Errorf("%s breaks %s, which needs no probe", m.Name, id)
			}
		}
	}
	if len(names) != int(faultCount) {
		t.Errorf("%d mutants are listed, want all %d", len(names), faultCount)
	}
}

// TestProbeMutantsLeaveCustomersAlone plays an ordinary story on a tenant with all faults of
// requests: without odd requests none of them has a chance.
func TestProbeMutantsLeaveCustomersAlone(t *testing.T) {
	chances := []string{"unreleased", "sleepy-poll", "refuse-disconnect", "talk-after-bye", // every customer is one
		"strict-fields", "queue-before"} // the customers of these tests send an unknown field, and ask for the queue first
	inBubble(t, func(c *scenario.Tenant) {
		talkative(c)
		for _, m := range ProbeMutants() {
			if !slices.Contains(chances, m.Name) {
				c.Mutants = append(c.Mutants, m.Name+":every=1")
			}
		}
	}, func(t *testing.T, r *rig) {
		story(r)
		for name, n := range r.tenant.Stats().Mutants {
			if n > 0 {
				t.Errorf("%s was committed %d times", name, n)
			}
		}
	})
}

// TestLaxities wants a request without a field to become one that has it, and others to stay.
func TestLaxities(t *testing.T) {
	for _, l := range laxities {
		f := new(faults)
		f.plans[l.fault] = []plan{{nth: 1, every: true}}
		for _, c := range []struct {
			body string
			want string
			why  string
		}{
			{`{"controlType":"CONNECT","feedback":0}`, l.value, "the field is missing"},
			{`{"controlType":"CONNECT","feedback":0,"` + l.field + `":""}`, l.value, "the field is empty"},
			{`{"controlType":"CONNECT","feedback":0,"` + l.field + `":"mine"}`, "mine", "the field is there"},
		} {
			x := &http1.Exchange{Path: []byte(l.path), Request: []byte(c.body)}
			if f.requested(&Tenant{userTokens: newShards[*userToken](), customers: newShards[*customer]()}, x) {
				t.Errorf("%s: %s was answered", mutants[l.fault].Name, c.body)
			}
			if got := readFields(x).text(l.field); got != c.want {
				t.Errorf("%s: %s: %s = %q, want %q; %s", mutants[l.fault].Name, c.body, l.field, got, c.want, c.why)
			}
		}
	}
	f := new(faults)
	f.plans[laxRating] = []plan{{nth: 1}}
	x := &http1.Exchange{Path: []byte(aicc.PathFeedback), Request: []byte(`{"feedback":1}`)}
	f.requested(&Tenant{userTokens: newShards[*userToken](), customers: newShards[*customer]()}, x)
	if f.took[laxRating] != 0 {
		t.Error("a good rating needs no content, so it is no chance")
	}
}

// TestIsDocumented wants every field of the page of send known, and no other.
func TestIsDocumented(t *testing.T) {
	all := fieldSet{}
	for _, field := range sendFields {
		all[field] = "x"
	}
	if !all.isDocumented() || !(fieldSet{}).isDocumented() {
		t.Error("documented fields are not taken for such")
	}
	all["chatbenchProbe"] = true
	if all.isDocumented() {
		t.Error("an unknown field is taken for a documented one")
	}
}
