package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/check"
	"chatbench/internal/gate"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

func junitOf(t *testing.T, r *result.Result, opt JUnitOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := JUnit(&b, r, opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJUnit(t *testing.T) {
	tests := []struct {
		file string
		r    *result.Result
		opt  JUnitOptions
	}{
		{"passed.xml", passed(), JUnitOptions{}},
		{"failed.xml", failed(), JUnitOptions{Full: "out/result.json"}},
		{"warned.xml", warned(), JUnitOptions{}},
		{"expected.xml", expected(), JUnitOptions{}},
		{"inconclusive.xml", inconclusive(), JUnitOptions{}},
		{"inconclusive-error.xml", inconclusive(), JUnitOptions{InconclusiveIsError: true}},
		{"invalid.xml", invalid(), JUnitOptions{}},
		{"hostile.xml", hostile(evil), JUnitOptions{}},
		{"empty.xml", &result.Result{}, JUnitOptions{}},
	}
	for _, tt := range tests {
		got := junitOf(t, tt.r, tt.opt)
		golden(t, tt.file, got)
		if _, err := structure(got); err != nil {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
}

// element is an XML element with all that is in it.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []element  `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (e *element) attr(name string) (string, bool) {
	i := slices.IndexFunc(e.Attrs, func(a xml.Attr) bool { return a.Name.Local == name })
	if i < 0 {
		return "", false
	}
	return e.Attrs[i].Value, true
}

// form is what the Surefire schema says of an element. What it allows, the schema of the Jenkins
// xunit plugin allows, too.
type form struct {
	required, optional []string // attributes
	children           []string // in this order
	once               bool     // each child at most once
}

// forms leaves out what JUnit never writes. The schema has classname optional; Jenkins shows test
// cases without one badly.
var forms = map[string]form{
	"testsuite":  {required: []string{"name", "tests", "errors", "skipped", "failures"}, optional: []string{"time"}, children: []string{"properties", "testcase"}},
	"properties": {children: []string{"property"}},
	"property":   {required: []string{"name", "value"}},
	"testcase": {required: []string{"name", "classname", "time"},
		children: []string{"failure", "skipped", "error", "system-out", "system-err"}, once: true},
	"failure":    {required: []string{"type"}, optional: []string{"message"}},
	"error":      {required: []string{"type"}, optional: []string{"message"}},
	"skipped":    {optional: []string{"message"}},
	"system-out": {},
}

var surefireTime = regexp.MustCompile(`^[0-9]+\.[0-9]{3}$`)

// structure holds a document against the schema and its own counts.
func structure(doc string) (*element, error) {
	if !strings.HasPrefix(doc, xml.Header) {
		return nil, errors.New("no XML declaration")
	}
	var suite element
	dec := xml.NewDecoder(strings.NewReader(doc))
	if err := dec.Decode(&suite); err != nil {
		return nil, err
	}
	if rest := doc[dec.InputOffset():]; rest != "\n" {
		return nil, fmt.Errorf("%q follows the root", rest)
	}
	if suite.XMLName.Local != "testsuite" {
		return nil, fmt.Errorf("the root is <%s>", suite.XMLName.Local)
	}
	return &suite, errors.Join(suite.valid(), suite.countsAddUp())
}

func (e *element) valid() error {
	name := e.XMLName.Local
	f, ok := forms[name]
	if !ok {
		return fmt.Errorf("<%s> is not in the schema", name)
	}
	for _, need := range f.required {
		if _, ok := e.attr(need); !ok {
			return fmt.Errorf("<%s> has no %s", name, need)
		}
	}
	for _, a := range e.Attrs {
		if !slices.Contains(f.required, a.Name.Local) && !slices.Contains(f.optional, a.Name.Local) {
			return fmt.Errorf("<%s> may not have %s", name, a.Name.Local)
		}
		if a.Name.Local == "time" && !surefireTime.MatchString(a.Value) {
			return fmt.Errorf("<%s> has the time %q", name, a.Value)
		}
	}
	return e.validChildren(f)
}

func (e *element) validChildren(f form) error {
	last := 0
	for i := range e.Children {
		child := e.Children[i].XMLName.Local
		place := slices.Index(f.children, child)
		switch {
		case place < 0:
			return fmt.Errorf("<%s> may not hold <%s>", e.XMLName.Local, child)
		case place < last, f.once && i > 0 && place == last:
			return fmt.Errorf("<%s> is out of order in <%s>", child, e.XMLName.Local)
		}
		last = place
		if err := e.Children[i].valid(); err != nil {
			return err
		}
	}
	return nil
}

// countsAddUp compares the attributes of the suite with its test cases, of which each has one
// outcome at most.
func (e *element) countsAddUp() error {
	got := map[string]int{}
	for _, c := range e.Children {
		if c.XMLName.Local != "testcase" {
			continue
		}
		got["tests"]++
		outcomes := 0
		for _, o := range c.Children {
			if counter := map[string]string{"failure": "failures", "error": "errors", "skipped": "skipped"}[o.XMLName.Local]; counter != "" {
				got[counter]++
				outcomes++
			}
		}
		if outcomes > 1 {
			return fmt.Errorf("a test case has %d outcomes", outcomes)
		}
	}
	for _, counter := range []string{"tests", "failures", "errors", "skipped"} {
		if said, _ := e.attr(counter); said != strconv.Itoa(got[counter]) {
			return fmt.Errorf("%s=%q, but there are %d", counter, said, got[counter])
		}
	}
	return nil
}

// outcome says in a few words what a document says of a test case: "passed", or the element, its
// type and its message.
func outcome(t *testing.T, doc, name string) string {
	t.Helper()
	suite, err := structure(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range suite.Children {
		if title, _ := c.attr("name"); c.XMLName.Local != "testcase" || title != name {
			continue
		}
		for _, o := range c.Children {
			if o.XMLName.Local != "system-out" {
				message, _ := o.attr("message")
				kind, _ := o.attr("type")
				return strings.Join(strings.Fields(o.XMLName.Local+" "+kind+" "+message), " ")
			}
		}
		if len(c.Children) > 0 && strings.HasPrefix(c.Children[0].Text, "WARNING") {
			return "passed WARNING"
		}
		return "passed"
	}
	return "missing"
}

func TestJUnitOutcomes(t *testing.T) {
	tests := []struct {
		why  string
		r    *result.Result
		opt  JUnitOptions
		name string
		want string
	}{
		{"a rule that held", failed(), JUnitOptions{}, "SHP-01 a poll answer has the documented shape", "passed"},
		{"a broken rule says where it is from and shows the witness", failed(), JUnitOptions{}, "ORD-01 messages of one sender keep their order",
			"failure demo customer 17, conversation 0: agent message 4 was delivered after agent message 5"},
		{"a rule that only warns stays green", warned(), JUnitOptions{}, "ORD-01 messages of one sender keep their order", "passed WARNING"},
		{"unless the run was strict", strictly(), JUnitOptions{}, "ORD-01 messages of one sender keep their order",
			"failure inferred customer 17, conversation 0: agent message 4 was delivered after agent message 5"},
		{"a known failure is skipped", expected(), JUnitOptions{}, "ORD-01 messages of one sender keep their order",
			"skipped known failure: two instances <until> release 8.20"},
		{"a stale list is a failure", expected(), JUnitOptions{}, "no stale known failures",
			"failure known DSC-01 is listed as a known failure but held: remove the entry in line 7 of known.yaml."},
		{"what is undecided is skipped", inconclusive(), JUnitOptions{}, "DEL-04 no message is lost",
			"skipped INCONCLUSIVE: 2 cases undecided because of indeterminate-poll (2)"},
		{"or an error, for who wants it", inconclusive(), JUnitOptions{InconclusiveIsError: true}, "DEL-04 no message is lost",
			"error demo INCONCLUSIVE: 2 cases undecided because of indeterminate-poll (2)"},
		{"so is a gate", inconclusive(), JUnitOptions{}, "DEL-04 >= 30", "skipped INCONCLUSIVE: DEL-04 is INCONCLUSIVE (indeterminate-poll 2 times)."},
		{"nothing known, one way", failed(), JUnitOptions{}, "DSC-01 nothing comes after DISCONNECT", "skipped NOT-EXERCISED: the situation did not come up"},
		{"nothing known, the other way", failed(), JUnitOptions{InconclusiveIsError: true}, "DSC-04 a hang-up is delivered",
			"skipped NOT-OBSERVABLE: needs the tenant's own record of its conversations, which only the embedded tenant keeps"},
		{"a bug is no failure of the tenant", buggy(), JUnitOptions{}, "SIM-01 one poll at a time", "error self ERROR: broken 1 of 9 times"},
		{"nor is its run", buggy(), JUnitOptions{}, "run", "error error ERROR: chatbench broke its own rule SIM-01."},
		{"a gate that held", failed(), JUnitOptions{}, "send.failed < 5%", "passed"},
		{"a gate that did not", failed(), JUnitOptions{}, "poll.service p95 < 50ms", "failure latency 5.00s over 59 samples"},
		{"a generator too slow is no failure of the tenant", invalid(), JUnitOptions{}, "generator lateness p99 <= 50ms",
			"error generator chatbench itself was too slow: lateness.poll p99 was 80ms, allowed 50ms."},
		{"nor is its run", invalid(), JUnitOptions{}, "run", "error invalid INVALID: chatbench itself was too slow: lateness.poll p99 was 80ms, allowed 50ms."},
		{"a run that was cut", cutOff(result.Interrupted, result.ExitInterrupted, "The run was interrupted."), JUnitOptions{}, "run",
			"error interrupted INTERRUPTED: The run was interrupted."},
		{"a tenant that is not there", cutOff(result.Unreachable, result.ExitUnreachable, "No tenant."), JUnitOptions{}, "run",
			"error unreachable UNREACHABLE: No tenant."},
		{"a verdict of a later version is never green", cutOff("doubtful", 7, "Who knows."), JUnitOptions{}, "run", "error doubtful DOUBTFUL: Who knows."},
		{"nor is no verdict", &result.Result{}, JUnitOptions{}, "run", "error none the result has no verdict"},
		{"what rules and gates say is not said of the run", failed(), JUnitOptions{}, "run", "passed"},
	}
	for _, tt := range tests {
		if got := outcome(t, junitOf(t, tt.r, tt.opt), tt.name); got != tt.want {
			t.Errorf("%s: %s is %q, want %q", tt.why, tt.name, got, tt.want)
		}
	}
}

// TestJUnitKnowsStrict lets the gate itself judge: how it writes its demand is what strict reads.
func TestJUnitKnowsStrict(t *testing.T) {
	for strictly, want := range map[bool]string{true: "failure", false: "passed WARNING"} {
		r := &result.Result{Metrics: &metric.Metrics{}, Rules: warned().Rules}
		gate.Apply(r, &scenario.Scenario{Gate: scenario.Gate{Strict: strictly, MaxMissed: 1}}, gate.Ending{})
		if got := outcome(t, junitOf(t, r, JUnitOptions{}), "ORD-01 messages of one sender keep their order"); !strings.HasPrefix(got, want) {
			t.Errorf("strict %v: got %q, want %q", strictly, got, want)
		}
	}
}

func TestJUnitCutsLongTexts(t *testing.T) {
	for _, text := range []string{"x", "客", "<", "\x00"} {
		suite, err := structure(junitOf(t, enormous(text), JUnitOptions{Full: "out/result.json"}))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		cut := 0
		for _, c := range suite.Children {
			for _, o := range c.Children {
				switch {
				case len(o.Text) > maxJUnitText:
					t.Fatalf("%q: <%s> has %d bytes, want at most %d", text, o.XMLName.Local, len(o.Text), maxJUnitText)
				case strings.HasSuffix(o.Text, "[cut here; all of it is in out/result.json]"):
					cut++
				}
			}
		}
		if cut == 0 {
			t.Errorf("%q: no text was cut, or it does not say where the rest is", text)
		}
	}
}

// TestJUnitKeepsTheReproductionLine checks that it stays where witnesses are cut.
func TestJUnitKeepsTheReproductionLine(t *testing.T) {
	r := failed()
	w := &r.Rules[1].Witnesses[0]
	for range 20 {
		w.Events = append(w.Events, check.WitnessEvent{Text: strings.Repeat("长", 5000)})
	}
	doc := junitOf(t, r, JUnitOptions{})
	for _, want := range []string{"again: chatbench run scenarios/handover.yaml --seed 42 --customer 17", "[cut here; all of it is in result.json]"} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %q in:\n%s", want, doc)
		}
	}
}

func TestCapped(t *testing.T) {
	tests := []struct {
		why, s string
		most   int
		want   string
	}{
		{"short enough", "abc", 3, "abc"},
		{"too long", "abcdef", 5, "abcd~"},
		{"never within a character", "客客客", 6, "客~"},
		{"no room but for the mark", "abcdef", 0, "~"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, capped(tt.s, tt.most, "~")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestJUnitGivesTheWritersError(t *testing.T) {
	broken := errors.New("disk full")
	if err := JUnit(failing{broken}, failed(), JUnitOptions{}); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func FuzzJUnit(f *testing.F) {
	for _, evil := range evils {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := junitOf(t, hostile(text), JUnitOptions{Full: text})
		if !utf8.ValidString(doc) {
			t.Errorf("%q makes invalid UTF-8", text)
		}
		if _, err := structure(doc); err != nil {
			t.Errorf("%q: %v in\n%s", text, err, doc)
		}
		for i, c := range doc {
			if c != '\n' && (c < ' ' || c == 0x7f || c == '\u202e') {
				t.Fatalf("%q puts control character %q at byte %d", text, c, i)
			}
		}
	})
}
