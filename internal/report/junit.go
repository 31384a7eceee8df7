package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/result"
)

// JUnitOptions say how JUnit writes.
type JUnitOptions struct {
	// InconclusiveIsError makes what is undecided an <error>. By default it is <skipped>: CI servers
	// show it and stay green.
	InconclusiveIsError bool
	// Full is where the whole result is, named where a text was cut; "" names result.json.
	Full string
}

// maxJUnitText is how many bytes the text of a test case has at most. CI servers keep these texts
// in memory, and some refuse long ones.
const maxJUnitText = 4096

// JUnit writes r for CI servers: a test case for the run as a whole, one for each gate and one for
// each rule. A broken rule is a failure, unless it only warned; what says nothing about the tenant
// (the run was invalid, interrupted, could not reach it, or chatbench has a bug) is an error. What
// is not known is skipped, with the verdict in front of the reason; so is a known failure.
//
// The document has one <testsuite> and keeps to what both the Surefire and the Jenkins schema
// allow. Texts that came from a tenant are printed without control characters. The error is that
// of w.
func JUnit(w io.Writer, r *result.Result, opt JUnitOptions) error {
	j := &junit{r: r, opt: opt}
	j.suite.Name = phrase(strings.TrimSpace("chatbench " + r.Scenario.Name))
	j.suite.Time = seconds(r.Run.End.Sub(r.Run.Start))
	j.properties()
	j.run()
	for i := range r.Gates {
		j.gate(&r.Gates[i])
	}
	for i := range r.Rules {
		j.rule(&r.Rules[i])
	}
	data, err := xml.MarshalIndent(&j.suite, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding a JUnit report: %w", err)
	}
	_, err = w.Write([]byte(xml.Header + string(data) + "\n"))
	return err
}

// junitSuite, with the order of its fields, is the form of the document.
type junitSuite struct {
	XMLName    xml.Name        `xml:"testsuite"`
	Name       string          `xml:"name,attr"`
	Tests      int             `xml:"tests,attr"`
	Failures   int             `xml:"failures,attr"`
	Errors     int             `xml:"errors,attr"`
	Skipped    int             `xml:"skipped,attr"`
	Time       string          `xml:"time,attr"`
	Properties []junitProperty `xml:"properties>property"`
	Cases      []junitCase     `xml:"testcase"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// junitCase has at most one of failure, skipped and error; without any it passed.
type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitOutcome `xml:"failure"`
	Skipped *junitSkipped `xml:"skipped"`
	Error   *junitOutcome `xml:"error"`
	Out     *junitText    `xml:"system-out"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",cdata"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitText struct {
	Text string `xml:",cdata"`
}

// junit makes one document.
type junit struct {
	r     *result.Result
	opt   JUnitOptions
	suite junitSuite
}

// seconds writes a time as the Surefire schema wants it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", max(d, 0).Seconds()) }

func (j *junit) properties() {
	r := j.r
	for _, p := range []junitProperty{
		{"version", r.Tool.Version},
		{"scenario", scenarioLine(nil, &r.Scenario)},
		{"seed", fmt.Sprint(r.Scenario.Seed)},
		{"target", targetLine(nil, &r.Target)},
		{"run", r.Run.ID},
		{"started", started(&r.Run)},
		{"verdict", string(r.Verdict)},
		{"exit_code", fmt.Sprint(int(r.Exit))},
	} {
		p.Value = phrase(p.Value)
		j.suite.Properties = append(j.suite.Properties, p)
	}
}

// started is a property: the Surefire schema has no attribute for it.
func started(run *result.Run) string {
	if run.Start.IsZero() {
		return ""
	}
	return run.Start.UTC().Format(time.RFC3339)
}

// add names a test case, counts it and takes it into the suite.
func (j *junit) add(area, name string, c junitCase) {
	c.Class, c.Name = "chatbench."+phrase(area), phrase(name)
	if c.Time == "" {
		c.Time = "0.000"
	}
	j.suite.Tests++
	if c.Skipped != nil {
		j.suite.Skipped++
		c.Skipped.Message = phrase(c.Skipped.Message)
	}
	j.tally(c.Failure, &j.suite.Failures)
	j.tally(c.Error, &j.suite.Errors)
	j.suite.Cases = append(j.suite.Cases, c)
}

func (j *junit) tally(outcome *junitOutcome, n *int) {
	if outcome == nil {
		return
	}
	*n++
	outcome.Message, outcome.Type, outcome.Text = phrase(outcome.Message), phrase(outcome.Type), j.text(outcome.Text)
}

// text makes lines safe and short enough. Its lines are made of phrases, so the first ones, which
// matter most, always stay.
func (j *junit) text(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	full := "result.json"
	if j.opt.Full != "" {
		full = phrase(j.opt.Full)
	}
	return capped(strings.Join(lines, "\n"), maxJUnitText, "\n[cut here; all of it is in "+full+"]")
}

func (j *junit) out(s string) *junitText { return &junitText{j.text(s)} }

// run is the test case of the run as a whole, there in every run so that CI servers can follow it.
func (j *junit) run() {
	verdict := strings.ToUpper(string(j.r.Verdict))
	lines := []string{fmt.Sprintf("%s (exit %d)", verdict, j.r.Exit)}
	for _, reason := range j.r.Reasons {
		lines = append(lines, phrase(reason))
	}
	c := junitCase{Time: j.suite.Time}
	switch text := strings.Join(lines, "\n"); j.r.Verdict {
	case result.Pass, result.Warn, result.Stale, result.Inconclusive, result.Fail:
		c.Out = j.out(text) // what is wrong is the matter of a rule or a gate
	case "":
		c.Error = &junitOutcome{Message: "the result has no verdict", Type: "none"}
	default:
		first := "no reason was given"
		if len(j.r.Reasons) > 0 {
			first = j.r.Reasons[0]
		}
		c.Error = &junitOutcome{Message: verdict + ": " + first, Type: string(j.r.Verdict), Text: text + j.again()}
	}
	j.add("run", "run", c)
}

func (j *junit) again() string {
	if command := j.r.Again(); command != "" {
		return "\nagain: " + phrase(command)
	}
	return ""
}

func (j *junit) gate(g *result.Gate) {
	var c junitCase
	outcome := &junitOutcome{Message: g.Sentence, Type: string(g.Kind), Text: phrase(g.Sentence) + j.again()}
	switch g.Verdict {
	case result.Pass, result.Warn:
		c.Out = j.out(phrase(g.Sentence))
	case result.Fail, result.Stale:
		c.Failure = outcome
	case result.Inconclusive:
		j.undecided(&c, g.Sentence, string(g.Kind))
	case result.NotExercised:
		c.Skipped = &junitSkipped{Message: g.Sentence}
	default:
		c.Error = outcome
	}
	name := g.Name
	if name == "" {
		name = string(g.Kind)
	}
	j.add("gate", name, c)
}

// undecided makes a test case one of what is not known.
func (j *junit) undecided(c *junitCase, why, kind string) {
	message := "INCONCLUSIVE: " + why
	if j.opt.InconclusiveIsError {
		c.Error = &junitOutcome{Message: message, Type: kind}
		return
	}
	c.Skipped = &junitSkipped{Message: message}
}

func (j *junit) rule(rule *check.RuleResult) {
	var c junitCase
	switch rule.Verdict {
	case check.Pass:
		c.Out = j.out("held " + plural(rule.Opportunities, "time"))
	case check.Fail:
		j.broken(&c, rule)
	case check.Inconclusive:
		j.undecided(&c, plural(rule.Inconclusive, "case")+" undecided because of "+reasons(nil, rule.Reasons), string(rule.Level))
	case check.NotExercised:
		c.Skipped = &junitSkipped{Message: "NOT-EXERCISED: the situation did not come up"}
	case check.NotObservable:
		c.Skipped = &junitSkipped{Message: "NOT-OBSERVABLE: " + rule.Note}
	default:
		c.Error = broken(rule)
		c.Error.Message = string(rule.Verdict) + ": " + c.Error.Message
	}
	area, _, _ := strings.Cut(rule.ID, "-")
	j.add(area, rule.ID+" "+rule.Title, c)
}

// broken makes a test case one of a broken rule, which is a failure unless it was expected or only
// warns.
func (j *junit) broken(c *junitCase, rule *check.RuleResult) {
	if known := j.r.Expected(rule); known != nil {
		c.Skipped = &junitSkipped{Message: "known failure: " + known.Reason}
		c.Out = j.out(xfail + ": " + phrase(knownWords(nil, known)) + "\n" + witnesses(rule))
		return
	}
	if warnsOnly(j.r, rule) {
		c.Out = j.out("WARNING: this rule only warns; --strict makes it fail the run.\n" + witnesses(rule))
		return
	}
	c.Failure = broken(rule)
}

func broken(rule *check.RuleResult) *junitOutcome {
	message := brokenWords(nil, rule)
	if len(rule.Witnesses) > 0 {
		message = rule.Witnesses[0].Sentence
	}
	return &junitOutcome{Message: message, Type: string(rule.Level), Text: witnesses(rule)}
}

func witnesses(rule *check.RuleResult) string {
	lines := []string{brokenWords(nil, rule)}
	for i := range rule.Witnesses {
		lines = append(lines, witnessLines(nil, &rule.Witnesses[i])...)
	}
	return strings.Join(lines, "\n")
}
