package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// warned is a run whose only broken rule is one that nobody promises.
func warned() *result.Result {
	r := failed()
	r.Verdict, r.Exit = result.Warn, result.ExitOK
	r.Reasons = []string{"Only rules that warn were broken: ORD-01. They warn; --strict makes them fail the run."}
	r.Rules = r.Rules[:2]
	r.Rules[1].Level, r.Rules[1].Severity = check.Inferred, check.Warning
	r.Gates = []result.Gate{{Kind: result.GateConformance, Name: "no violations", Verdict: result.Pass,
		Sentence: "Only rules that warn were broken: ORD-01."}}
	return r
}

// strictly is the same run with --strict.
func strictly() *result.Result {
	r := warned()
	r.Verdict, r.Exit, r.Reasons = result.Fail, result.ExitConformance, []string{"The tenant broke 1 rule: ORD-01."}
	r.Gates[0].Name, r.Gates[0].Verdict, r.Gates[0].Sentence = "no violations, strict", result.Fail, r.Reasons[0]
	return r
}

// expected is a run whose only broken rule is listed as a known failure, beside entries that are
// not known to hold and stale.
func expected() *result.Result {
	r := failed()
	r.Verdict, r.Exit = result.Stale, result.ExitStale
	r.Reasons = []string{"DSC-01 is listed as a known failure but held: remove the entry in line 7 of known.yaml.", "Failed as expected: ORD-01."}
	r.Known = []result.Known{
		{Rule: "ORD-01", Reason: "two instances <until> release 8.20", Link: "https://tracker.example.com/4711", Until: "2027-03-01", Place: "known.yaml:2", State: result.KnownFails},
		{Rule: "DSC-01", Scenario: "handover", Reason: "a survey comes late", Place: "known.yaml:7", State: result.KnownPasses},
		{Rule: "DEL-04", Reason: "nobody knows", Until: "2026-02-01", Place: "known.yaml:9", State: result.KnownExpired},
		{Rule: "DSC-04", Reason: "no notice", Place: "known.yaml:11", State: result.KnownUnjudged},
	}
	r.Gates = []result.Gate{
		{Kind: result.GateConformance, Name: "no violations", Verdict: result.Pass, Sentence: "The tenant broke no rule but those that are known to fail."},
		{Kind: result.GateKnown, Name: "no stale known failures", Verdict: result.Stale, Observed: 2, Unit: "count", Sentence: r.Reasons[0]},
	}
	return r
}

// inconclusive is a run of which a demanded rule could not be decided.
func inconclusive() *result.Result {
	r := failed()
	r.Verdict, r.Exit = result.Inconclusive, result.ExitInconclusive
	r.Reasons = []string{"DEL-04 is INCONCLUSIVE (indeterminate-poll 2 times)."}
	r.Rules = r.Rules[2:]
	r.Gates = []result.Gate{{Kind: result.GateExercise, Name: "DEL-04 >= 30", Verdict: result.Inconclusive, Sentence: r.Reasons[0]}}
	return r
}

// invalid is a run whose generator was too slow.
func invalid() *result.Result {
	r := failed()
	r.Verdict, r.Exit = result.Invalid, result.ExitInvalid
	r.Reasons = []string{"chatbench itself was too slow: lateness.poll p99 was 80ms, allowed 50ms."}
	r.Rules = r.Rules[:1]
	r.Gates = []result.Gate{{Kind: result.GateGenerator, Name: "generator lateness p99 <= 50ms", Verdict: result.Invalid, Sentence: r.Reasons[0]}}
	return r
}

// buggy is a run in which chatbench broke a rule for itself.
func buggy() *result.Result {
	r := passed()
	r.Verdict, r.Exit, r.Reasons = result.Error, result.ExitBug, []string{"chatbench broke its own rule SIM-01."}
	r.Rules = append(r.Rules, check.RuleResult{ID: "SIM-01", Title: "one poll at a time", Level: check.Self, Verdict: check.Error, Violations: 1, Opportunities: 9})
	return r
}

// cutOff is a run without a verdict on the tenant.
func cutOff(v result.Verdict, exit result.Exit, reason string) *result.Result {
	r := passed()
	r.Verdict, r.Exit, r.Reasons, r.Gates = v, exit, []string{reason}, nil
	return r
}

// evils are texts that would do something where XML, Markdown, HTML or a terminal is rendered.
var evils = []string{
	"@everyone please look, cc @org/team and mail@evil.example",
	"]]> <![CDATA[ <script>alert(1)</script> <!-- --> &amp; &#64;bob &commat;bob",
	"| a | b |\n|---|---|\n| `c` | \\| d |",
	"</pre></details></failure></testsuite><img src=x onerror=alert(1)>",
	"[click](https://evil.example) ![x](//evil.example/x.png) <https://evil.example> www.evil.example http://evil.example",
	"# head\n- [ ] task\n```\nfence\n~~~\n/close\n/assign @bob",
	"#1 GH-1 org/repo#1 !7 ~label %milestone $x$ :tada: 1234567890abcdef1234567890abcdef12345678",
	"\x1b]0;title\x07\u202e\ufffe\x00\xff\xed\xa0\x80\r\t\u2028",
	"**bold** _it_ ~~no~~ ``two`` `one` \\` ``` <code>",
	"1. first\n+ plus\n> quote\n=== \n***",
	"您的订单已经发货，请稍等。",
}

// evil is a little of all of them, for the golden files.
const evil = "@bob </pre><script> a|b`c` [x](//y.example) ]]> #1 \x1b\u202e\xff\n/close 您好"

// hostile has such a text wherever there is room for one.
func hostile(evil string) *result.Result {
	r := failed()
	r.Tool.Version, r.Run.ID, r.Run.Host.Name = evil, evil, evil
	r.Scenario.Name, r.Scenario.File, r.Scenario.Load, r.Scenario.Overrides = evil, evil, evil, []string{evil}
	r.Target.Note, r.Target.URL, r.Run.Command = evil, evil, []string{evil, evil}
	r.Reasons, r.Notes = []string{evil, evil}, []string{evil}
	for i := range r.Gates {
		r.Gates[i].Name, r.Gates[i].Sentence, r.Gates[i].Kind = evil, evil, result.GateKind(evil)
	}
	for i := range r.Rules {
		rule := &r.Rules[i]
		rule.Title, rule.Level, rule.Note = evil, check.Level(evil), evil
		rule.Reasons = map[check.Reason]int64{check.Reason(evil): 1}
		rule.Witnesses = []check.Witness{{Sentence: evil, Reproduce: evil, Events: []check.WitnessEvent{{At: ms, Text: evil}}}}
	}
	r.Rules[0].ID, r.Rules[0].Verdict = evil, check.Fail
	r.Rules = append(r.Rules, check.RuleResult{ID: "DSC-03", Title: evil, Level: check.Level(evil), Verdict: check.Fail})
	r.Known = []result.Known{{Rule: "DSC-03", Scenario: evil, Reason: evil, Link: evil, Until: evil, Place: evil, State: result.KnownFails}}
	r.Metrics = &metric.Metrics{Stages: slices.Clone(r.Metrics.Stages)}
	r.Metrics.Stages[0].Name = evil
	return r
}

// enormous has more of everything than any report takes.
func enormous(text string) *result.Result {
	r := failed()
	long := strings.Repeat(text, 700)
	for i := range 60 {
		r.Reasons = append(r.Reasons, long)
		r.Gates = append(r.Gates, result.Gate{Kind: result.GateLatency, Name: long, Verdict: result.Fail, Sentence: long})
		rule := check.RuleResult{ID: fmt.Sprintf("ORD-%d", i), Title: long, Level: check.Demo, Verdict: check.Fail, Violations: 1}
		for range 8 {
			rule.Witnesses = append(rule.Witnesses, check.Witness{Sentence: long, Reproduce: long,
				Events: []check.WitnessEvent{{At: time.Second, Text: long}, {At: time.Minute, Text: long}}})
		}
		r.Rules = append(r.Rules, rule)
	}
	r.Run.Command = []string{"chatbench", long}
	return r
}
