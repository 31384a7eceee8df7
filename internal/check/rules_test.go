package check

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// ruleCase is one history and what the rules say of it. Every case is judged by all rules: those
// not named in trouble must not fail, be inconclusive or be in error.
type ruleCase struct {
	name    string
	why     string
	story   func(h *history)
	options func(o *Options)
	abort   Reason
	trouble []string // "ORD-01 FAIL"
	told    string   // the sentence of the first of these rules' only witness, without customer and conversation
	pass    string   // ids that must be PASS
	idle    string   // ids that must be NOT-EXERCISED
	blind   string   // ids that must be NOT-OBSERVABLE
}

func (rc *ruleCase) run(t *testing.T) {
	h := newHistory(3)
	rc.story(h)
	o := testOptions()
	if rc.options != nil {
		rc.options(&o)
	}
	c := New(o)
	if rc.abort != "" {
		c.Abort(rc.abort)
	}
	s := c.Customer(h.customer)
	for i := range h.events {
		s.Observe(&h.events[i])
	}
	s.Close()
	results := c.Report()
	if diff := cmp.Diff(rc.trouble, troubled(results)); diff != "" {
		t.Errorf("rules in trouble (-want +got):\n%s%s\n%s", diff, rc.why, h.text())
	}
	rc.hears(t, results)
	rc.expect(t, results, rc.pass, Pass)
	rc.expect(t, results, rc.idle, NotExercised)
	rc.expect(t, results, rc.blind, NotObservable)
	checkSound(t, results)
}

// hears looks at the witness that a reader of the report gets.
func (rc *ruleCase) hears(t *testing.T, results []RuleResult) {
	if rc.told == "" {
		return
	}
	id := rc.trouble[0][:len("ORD-01")]
	witnesses := resultOf(t, results, id).Witnesses
	if len(witnesses) != 1 {
		t.Fatalf("%s has %d witnesses, want 1: %+v", id, len(witnesses), witnesses)
	}
	if _, got, _ := strings.Cut(witnesses[0].Sentence, ": "); got != rc.told {
		t.Errorf("%s says %q, want %q", id, got, rc.told)
	}
}

func (rc *ruleCase) expect(t *testing.T, results []RuleResult, ids string, want Verdict) {
	for _, id := range strings.Fields(ids) {
		if r := resultOf(t, results, id); r.Verdict != want {
			t.Errorf("%s is %s (%d/%d), want %s: %s", id, r.Verdict, r.Violations, r.Opportunities, want, rc.why)
		}
	}
}

// checkSound holds for the results of any history.
func checkSound(t *testing.T, results []RuleResult) {
	t.Helper()
	for _, r := range results {
		var reasons int64
		for _, n := range r.Reasons {
			reasons += n
		}
		if reasons != r.Inconclusive {
			t.Errorf("%s: %d inconclusive cases and reasons for %d: %v", r.ID, r.Inconclusive, reasons, r.Reasons)
		}
		if (r.Violations > 0) != (len(r.Witnesses) > 0) || len(r.Witnesses) > maxWitnesses {
			t.Errorf("%s: %d violations and %d witnesses", r.ID, r.Violations, len(r.Witnesses))
		}
		for _, w := range r.Witnesses {
			checkWitness(t, r.ID, w)
		}
		if r.Violations > 0 && r.Opportunities == 0 && r.Level != Self || r.Opportunities < 0 || r.Opportunities > 1e6 {
			t.Errorf("%s: %d violations of %d opportunities", r.ID, r.Violations, r.Opportunities)
		}
		if (r.Verdict == NotObservable) != (r.Note != "" && r.Violations+r.Inconclusive == 0) {
			t.Errorf("%s: verdict %s with note %q", r.ID, r.Verdict, r.Note)
		}
	}
}

func checkWitness(t *testing.T, id string, w Witness) {
	t.Helper()
	least := 2
	if slices.Contains([]string{"DEL-04", "DEL-06", "DSC-07", "MED-02"}, id) {
		least = 1 // what one message shows, or that nothing came behind it
	}
	if n := len(w.Events); n < least || n > 4 {
		t.Errorf("%s: a witness with %d events, want %d to 4: %+v", id, n, least, w)
	}
	if !strings.HasPrefix(w.Sentence, "customer ") {
		t.Errorf("%s: sentence %q does not name the customer", id, w.Sentence)
	}
	if !slices.IsSortedFunc(w.Events, func(a, b WitnessEvent) int { return int(a.At - b.At) }) {
		t.Errorf("%s: the events of a witness are not in order: %+v", id, w.Events)
	}
}

func runCases(t *testing.T, cases []ruleCase) {
	for _, rc := range cases {
		t.Run(rc.name, rc.run)
	}
}

func markersOnly(o *Options) { o.Journal = false }
func wireOnly(o *Options)    { o.Markers, o.Journal = false, false }

// knowing makes the options those of a run that sees the wire only, and knows the tenant's set-up and
// what time it is. All rules are on.
func knowing(change func(s *trace.Setup)) func(o *Options) {
	return func(o *Options) {
		wireOnly(o)
		allRules(o)
		o.Start = began
		change(&o.Setup)
	}
}

func allRules(o *Options) { o.On = notes() }

// says is a message from a source, with changes.
func says(source string, changes ...func(d *aicc.Downlink)) msg {
	d := aicc.Downlink{ControlType: aicc.Chat, SourceType: source, MediaType: aicc.Text, Content: "a word"}
	for _, change := range changes {
		change(&d)
	}
	return plain(d)
}

func TestCatalogue(t *testing.T) {
	areas := []string{"TOK", "SHP", "CON", "POL", "ORD", "DEL", "SND", "QUE", "ROB", "HND", "DSC", "MED", "SIM"}
	wellFormed := regexp.MustCompile(`^[A-Z]{3}-[0-9]{2}$`)
	place := func(id string) string { return string(rune('a'+slices.Index(areas, id[:3]))) + id[3:] }
	rules := Rules()
	if len(rules) != int(ruleCount) || len(rules) == 0 {
		t.Fatalf("%d rules, want %d", len(rules), ruleCount)
	}
	for i, r := range rules {
		if !wellFormed.MatchString(r.ID) || !slices.Contains(areas, r.ID[:3]) {
			t.Errorf("id %q is not well formed", r.ID)
		}
		if i > 0 && place(r.ID) <= place(rules[i-1].ID) {
			t.Errorf("%s does not come after %s", r.ID, rules[i-1].ID)
		}
		for name, text := range map[string]string{"title": r.Title, "level": string(r.Level), "needs": string(r.Needs),
			"source": r.Source, "statement": r.Statement, "look": r.Look} {
			if text == "" {
				t.Errorf("%s has no %s", r.ID, name)
			}
		}
		if (r.Level == Self) != strings.HasPrefix(r.ID, "SIM") {
			t.Errorf("%s has level %s", r.ID, r.Level)
		}
		if got, found := Find(r.ID); !found || got != r || Known()[i] != r.ID {
			t.Errorf("Find(%q) = %+v, %t; Known()[%d] = %q", r.ID, got, found, i, Known()[i])
		}
	}
	if _, found := Find("XXX-99"); found {
		t.Error("found a rule that does not exist")
	}
}
