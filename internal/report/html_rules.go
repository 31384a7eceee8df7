package report

import (
	"cmp"
	"html/template"
	"slices"
	"strings"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/lang"
	"chatbench/internal/result"
)

// drawRules shows the broken and the undecided rules in full, the others in tables.
func (p *page) drawRules(r *result.Result) {
	if len(r.Rules) == 0 {
		return
	}
	told, held, idle := sortRules(r)
	var blocks template.HTML
	for i := range told[:min(len(told), mostRows)] {
		blocks += p.ruleBlock(r, &told[i])
	}
	if left := len(told) - mostRows; left > 0 {
		blocks += p.paragraph("note", p.say("%d more are in %s.", left, p.name(p.source)))
	}
	if len(told) == 0 {
		blocks = p.paragraph("", p.say("No rule was broken, and none is undecided."))
	}
	p.add("rules", p.say("Rules"), blocks,
		p.details(p.say("%s held", p.several(len(held), p.say("rule"), p.say("rules"))),
			p.table(p.ruleTable("rules-held", p.say("Rules that held"), held))),
		p.details(p.say("%s without a verdict", p.several(len(idle), p.say("rule"), p.say("rules"))),
			p.table(p.idleTable(idle))),
		p.knownFailures(r.Known))
	if broken := len(r.Broken(check.Fail, check.Error)); broken > 0 {
		p.tag(badge(ruleClass(r, &told[0]), p.name(count(int64(broken)))))
	}
}

// sortRules parts the rules into those there is something to tell about, the gravest first, those that
// held, and those nothing is known about.
func sortRules(r *result.Result) (told, held, idle []check.RuleResult) {
	for _, rule := range r.Rules {
		switch rule.Verdict {
		case check.Pass:
			held = append(held, rule)
		case check.NotExercised, check.NotObservable:
			idle = append(idle, rule)
		default:
			told = append(told, rule)
		}
	}
	slices.SortStableFunc(told, func(a, b check.RuleResult) int { return ruleRank(r, &a) - ruleRank(r, &b) })
	slices.SortStableFunc(idle, func(a, b check.RuleResult) int { return cmp.Compare(a.Verdict, b.Verdict) })
	return told, held, idle
}

func ruleRank(r *result.Result, rule *check.RuleResult) int {
	switch {
	case rule.Verdict == check.Error:
		return 0
	case rule.Verdict == check.Inconclusive:
		return 4
	case r.Expected(rule) != nil:
		return 3
	case warnsOnly(r, rule):
		return 2
	}
	return 1
}

// ruleView is a broken or undecided rule.
type ruleView struct {
	ID, Class       string
	Name            string
	Badge, Labels   template.HTML
	Title, Counts   words
	Statement       words
	Source, Look    words
	Known, Note     words
	Witnesses, More []witnessView
	MoreWords, Left words
}

func (p *page) ruleBlock(r *result.Result, rule *check.RuleResult) template.HTML {
	v := ruleView{
		ID: anchor(rule.ID), Name: phrase(rule.ID), Class: ruleClass(r, rule), Title: p.tell(rule.Title),
		Counts: p.ruleCounts(rule), Note: p.tell(rule.Note),
		Labels: label(p.levelWord(rule.Level)) + " " + label(p.severityWord(rule)),
	}
	v.Badge = badge(v.Class, p.name(verdictWord(r, rule)))
	if known := r.Expected(rule); known != nil {
		v.Known = p.knownWords(known)
	}
	if document, ok := check.Find(rule.ID); ok {
		v.Statement, v.Source = p.tell(document.Statement), p.tell(document.Source)
		v.Look = p.tell(document.Look)
	}
	p.addWitnesses(&v, rule.Witnesses)
	return p.part("broken", v)
}

// addWitnesses shows the first witness and has the others opened; those there is no room for are
// counted.
func (p *page) addWitnesses(v *ruleView, witnesses []check.Witness) {
	var list []witnessView
	for i := range witnesses {
		size := witnessSize(&witnesses[i])
		if size > p.left {
			v.Left = p.say("%d more witnesses are in %s.", len(witnesses)-len(list), p.name(p.source))
			break
		}
		p.left -= size
		list = append(list, p.witness(&witnesses[i]))
	}
	v.Witnesses, v.More = list[:min(1, len(list))], list[min(1, len(list)):]
	v.MoreWords = p.say("%s more", p.several(len(v.More), p.say("witness"), p.say("witnesses")))
}

// witnessSize is about how many bytes a witness takes in a page, where most texts stand twice.
func witnessSize(w *check.Witness) int {
	size := len(template.HTMLEscapeString(phrase(w.Sentence)))*2 + len(template.HTMLEscapeString(phrase(w.Reproduce))) + 400
	for _, e := range w.Events {
		size += len(template.HTMLEscapeString(phrase(e.Text)))*2 + 250
	}
	return size
}

// ruleCounts says how often a rule was broken.
func (p *page) ruleCounts(rule *check.RuleResult) words {
	all := p.several(int(rule.Opportunities), p.say("time"), p.say("times"))
	w := p.say("broken %s of %s", count(rule.Violations), all)
	if rule.Inconclusive > 0 {
		w = joined("; ", w, p.say("%s undecided because of %s", count(rule.Inconclusive), p.both(func(say *lang.Printer) string { return phrase(reasons(say, rule.Reasons)) })))
	}
	return w
}

func label(w words) template.HTML {
	if w.none() {
		return ""
	}
	return `<span class="label">` + w.html() + "</span>"
}

// levelWord says who promises a rule.
func (p *page) levelWord(level check.Level) words {
	switch level {
	case check.API:
		return p.say("the API pages promise it")
	case check.Demo:
		return p.say("the demo client relies on it")
	case check.Inferred:
		return p.say("people expect it")
	case check.Self:
		return p.say("for clients")
	}
	return p.name(string(level))
}

func (p *page) severityWord(rule *check.RuleResult) words {
	switch rule.Severity {
	case check.Failure:
		return p.say("fails the run")
	case check.Warning:
		return p.say("warns")
	case check.Note:
		return p.say("worth knowing")
	}
	return p.name(string(rule.Severity))
}

// anchor makes an id of HTML of the id of a rule.
func anchor(id string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return -1
	}, capped(id, 40, ""))
}

// witnessView is a violation drawn as two lanes: what the customer did, and what came.
type witnessView struct {
	Sentence  words
	Events    []laneView
	Reproduce string
}

// laneView is a row of the lanes. An event that is neither side's doing stands on the right, marked.
type laneView struct {
	Side        string
	At, Later   string
	Left, Right words
}

// mostEvents is how many events of a witness are drawn; the checker makes four at most.
const mostEvents = 40

func (p *page) witness(w *check.Witness) witnessView {
	v := witnessView{Sentence: p.tell(w.Sentence), Reproduce: phrase(w.Reproduce)}
	for i, e := range w.Events[:min(len(w.Events), mostEvents)] {
		lane := laneView{Side: "neither", At: moment(e.At), Right: p.tell(e.Text)}
		switch e.Side {
		case check.CustomerSide:
			lane.Side, lane.Left, lane.Right = "customer", lane.Right, words{}
		case check.TenantSide:
			lane.Side = "tenant"
		}
		if i > 0 {
			lane.Later = later(e.At - w.Events[i-1].At)
		}
		v.Events = append(v.Events, lane)
	}
	return v
}

// later is how long after the event before.
func later(d time.Duration) string {
	if d < 0 {
		return ""
	}
	return "+" + duration(d.Seconds())
}

func (p *page) ruleTable(id string, caption words, rules []check.RuleResult) grid {
	g := grid{ID: id, Caption: caption, Lead: 0, Head: []column{
		{p.say("rule"), false}, {p.say("what it says"), false}, {p.say("broken"), true}, {p.say("of"), true}, {p.say("undecided"), true}, {p.say("verdict"), false},
	}}
	for i := range rules {
		rule := &rules[i]
		g.Rows = append(g.Rows, []gridCell{
			noBreak(codeCell(rule.ID)), p.ruleText(rule), number(count(rule.Violations)), number(count(rule.Opportunities)),
			number(count(rule.Inconclusive)), {Body: badge("pass", p.name(string(rule.Verdict))), Class: "nowrap"},
		})
	}
	return g
}

func noBreak(c gridCell) gridCell {
	c.Class = "nowrap"
	return c
}

// ruleText is the title of a rule, with the document's sentence below it.
func (p *page) ruleText(rule *check.RuleResult) gridCell {
	c := text(p.tell(rule.Title))
	if document, ok := check.Find(rule.ID); ok {
		c = below(c, p.tell(document.Statement))
	}
	c.Class = "wide"
	return c
}

// idleTable lists the rules nothing is known about, with what is missing.
func (p *page) idleTable(rules []check.RuleResult) grid {
	g := grid{ID: "rules-idle", Caption: p.say("Rules without a verdict"), Lead: 1,
		Head: columns(9, p.say("verdict"), p.say("rule"), p.say("what it says"), p.say("what is missing"))}
	for i := range rules {
		rule := &rules[i]
		why := p.say("the situation did not come up")
		if rule.Note != "" {
			why = p.tell(rule.Note)
		}
		g.Rows = append(g.Rows, []gridCell{
			{Body: badge("idle", p.name(string(rule.Verdict))), Class: "nowrap"}, noBreak(codeCell(rule.ID)), p.ruleText(rule), text(why),
		})
	}
	return g
}

// knownFailures lists the entries of the known-failure file.
func (p *page) knownFailures(known []result.Known) template.HTML {
	g := grid{ID: "known", Caption: p.say("Known failures"), Lead: 0, Head: columns(9, p.say("rule"), p.say("entry"))}
	for i := range known {
		g.Rows = append(g.Rows, []gridCell{noBreak(codeCell(known[i].Rule)), text(p.knownWords(&known[i]))})
	}
	return p.table(g)
}

// knownWords tells of an entry of the known-failure file.
func (p *page) knownWords(k *result.Known) words {
	state := p.say("not known whether it still fails")
	switch k.State {
	case result.KnownFails:
		state = p.say("fails as expected")
	case result.KnownPasses:
		state = p.say("STALE, it held")
	case result.KnownExpired:
		state = p.say("STALE, its last day is over")
	}
	w := p.say("%s: %s", state, p.name(k.Reason))
	if k.Link != "" {
		w = joined(", ", w, p.name(k.Link))
	}
	if k.Until != "" {
		w = joined(", ", w, p.say("until %s", p.name(k.Until)))
	}
	return joined(" ", w, p.say("(%s)", p.name(k.Place)))
}
