package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// An active rule is about what customers do not do by themselves: wrong requests, foreign tokens,
// two polls at once. "chatbench check" asks a tenant on purpose, one case after the other, and tells
// each outcome as a [trace.Probe] event; what it means is decided here, from the event alone, so that
// a recorded check is judged like a live one.

// activeRule is a rule and the cases it is looked at in.
type activeRule struct {
	Rule
	cases []activeCase
}

// activeCase is one thing that is asked for, and what must come back.
type activeCase struct {
	name string // after the rule's id in the name of the event
	want want
}

// want is what a case is held against.
type want struct {
	words string // as the object of "want"
	met   func(*trace.Event) bool
}

// ActiveRules lists the rules that only probes can look at, in their order. The slice is the
// caller's.
func ActiveRules() []Rule {
	rules := make([]Rule, 0, len(active))
	for i := range active {
		rules = append(rules, active[i].Rule)
	}
	return rules
}

// Cases names the cases of an active rule as its events do: "TOK-24 userId". There are none for any
// other id.
func Cases(id string) []string {
	i := activeIndex(id)
	if i < 0 {
		return nil
	}
	var names []string
	for _, c := range active[i].cases {
		names = append(names, id+" "+c.name)
	}
	return names
}

func activeIndex(id string) int {
	return slices.IndexFunc(active, func(r activeRule) bool { return r.ID == id })
}

// probed is what is known of the active rules. The checker's mutex protects it.
type probed struct {
	wanted  bool // probes are made, or were seen in a trace
	off     []bool
	tallies []activeTally
}

// activeTally is what is known of one active rule.
type activeTally struct {
	tally
	lacking bool                // a case needs what the tenant does not have
	skipped map[string][]string // why cases were not looked at, with their names
}

func (p *probed) init(o *Options) {
	p.wanted = o.Probes
	p.off = make([]bool, len(active))
	p.tallies = make([]activeTally, len(active))
	for i := range active {
		p.off[i] = isOff(&active[i].Rule, o)
	}
}

func isOff(r *Rule, o *Options) bool {
	return slices.Contains(o.Off, r.ID) || r.Severity == Note && !slices.Contains(o.On, r.ID)
}

// Probes reports whether a rule is an active one that this checker judges, so that nobody asks a
// tenant for what nobody wants to know.
func (c *Checker) Probes(id string) bool {
	i := activeIndex(id)
	return i >= 0 && !c.probed.off[i]
}

// probe judges one case. Cases that this version does not know are left alone.
func (c *Checker) probe(e *trace.Event) {
	id, name, _ := strings.Cut(e.Name, " ")
	i := activeIndex(id)
	if i < 0 || c.probed.off[i] {
		return
	}
	k := slices.IndexFunc(active[i].cases, func(k activeCase) bool { return k.name == name })
	if k < 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.probed.wanted = true
	t := &c.probed.tallies[i]
	if e.Skip != "" {
		t.skip(name, e)
		return
	}
	if reason, open := undecidable(e); open {
		t.unsure(reason)
		return
	}
	t.opportunities++
	if want := active[i].cases[k].want; !want.met(e) {
		c.violations.Add(1)
		t.violations++
		t.witnesses = retain(append(t.witnesses, c.showProbe(e, want)))
	}
}

func (t *activeTally) skip(name string, e *trace.Event) {
	t.lacking = t.lacking || e.Skip == trace.Lacking
	if t.skipped == nil {
		t.skipped = make(map[string][]string)
	}
	why := clipAt(e.Note, maxWhy)
	if !slices.Contains(t.skipped[why], name) {
		t.skipped[why] = append(t.skipped[why], name)
	}
}

// maxWhy is how much of a reason for leaving a case out is kept, in bytes.
const maxWhy = 200

// note says why cases were not looked at; their names matter only if others were.
func (t *activeTally) note() string {
	var parts []string
	for _, why := range slices.Sorted(maps.Keys(t.skipped)) {
		names := slices.Clone(t.skipped[why])
		slices.Sort(names)
		if len(t.skipped) > 1 || t.opportunities+t.inconclusive > 0 {
			why = strings.Join(names, ", ") + ": " + why
		}
		parts = append(parts, why)
	}
	return strings.Join(parts, "; ")
}

func (t *activeTally) unsure(reason Reason) {
	t.inconclusive++
	if t.reasons == nil {
		t.reasons = make(map[Reason]int64)
	}
	t.reasons[reason]++
}

// undecidable reports whether an outcome tells nothing of the tenant, and why: no answer came, a
// gateway answered for it, flow control did, or the answer cannot be read (class info).
func undecidable(e *trace.Event) (reason Reason, open bool) {
	switch {
	case e.Error != "", e.Status == 429, e.Status > 500, e.Code == aicc.CodeFlowControl, e.Status == 200 && e.Shape != "":
	default:
		return "", false
	}
	switch e.Op {
	case aicc.OpPoll:
		return IndeterminatePoll, true
	case aicc.OpUpload, aicc.OpDownload:
		return IndeterminateFile, true
	}
	return IndeterminateSend, true
}

func (c *Checker) showProbe(e *trace.Event, want want) Witness {
	w := Witness{
		Customer: e.Customer, Epoch: e.Epoch,
		Sentence: fmt.Sprintf("probe %s: want %s, got %s", e.Name, want.words, outcome(e)),
		Events: []WitnessEvent{
			did(e.Started, "asked: %s", e.Ask),
			came(e.At, "%s", outcome(e)),
		},
	}
	if c.opts.Reproduce != nil {
		w.Reproduce = c.opts.Reproduce(e.Customer)
	}
	return w
}

// outcome is what came back, in words.
func outcome(e *trace.Event) string {
	var words []string
	if e.Status != 0 {
		words = append(words, "HTTP "+itoa(e.Status))
	}
	if e.Code != "" {
		words = append(words, "result code "+clip(e.Code))
	}
	if e.Count != 0 || len(words) == 0 {
		words = append(words, "a count of "+itoa(e.Count))
	}
	if e.Note != "" {
		words = append(words, clip(e.Note))
	}
	return strings.Join(words, ", ")
}

// reportProbes appends the results of the active rules; c.mu is held.
func (c *Checker) reportProbes(results []RuleResult) []RuleResult {
	if !c.probed.wanted {
		return results
	}
	for i := range active {
		if !c.probed.off[i] {
			results = append(results, c.probed.tallies[i].result(&active[i].Rule))
		}
	}
	return results
}

func (t *activeTally) result(r *Rule) RuleResult {
	return RuleResult{
		ID: r.ID, Title: r.Title, Level: r.Level, Severity: r.Severity,
		Verdict: t.verdict(r, !t.lacking), Reasons: maps.Clone(t.reasons), Note: t.note(),
		Violations: t.violations, Inconclusive: t.inconclusive, Opportunities: t.opportunities,
		Witnesses: slices.Clone(t.witnesses),
	}
}
