package scenario

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const knownText = `# What the tenant is known to do wrong.
known:
  # until release 8.20
  - rule: DSC-01
    scenario: handover
    reason: "a survey comes after DISCONNECT" # told to the vendor
    link: https://tracker.example.com/4711
    until: 2027-03-01
  - {rule: ORD-01, reason: two instances}
`

func TestLoadKnown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known.yaml")
	if err := os.WriteFile(file, []byte(knownText), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadKnown(file, knownNames())
	if err != nil {
		t.Fatal(err)
	}
	want := []KnownFailure{
		{Rule: "DSC-01", Scenario: "handover", Reason: "a survey comes after DISCONNECT", Link: "https://tracker.example.com/4711", Until: "2027-03-01", File: file, Line: 4},
		{Rule: "ORD-01", Reason: "two instances", File: file, Line: 9},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if place := got[1].Place(); place != file+":9" {
		t.Errorf("Place() = %q", place)
	}
	if _, err := LoadKnown(file+".gone", knownNames()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v, want %v", err, fs.ErrNotExist)
	}
}

func TestParseKnownProblems(t *testing.T) {
	tests := []struct{ why, text, want string }{
		{"nothing is listed", "known: []\n", ""},
		{"nothing behind the key", "known:\n", ""},
		{"an entry by itself", "known: {rule: DSC-01, reason: x}\n", ""},
		{"an empty file", "", `k.yaml:1:1: the file is empty (` + knownHint + `)`},
		{"a list without its key", "- rule: DSC-01\n", `k.yaml:1:1: the known-failure file: a mapping is needed, not a list (write key: value pairs)`},
		{"another key", "knwon: []\n", `k.yaml:1:1: the known-failure file: the key "known" is missing (` + knownHint + `)
k.yaml:1:1: unknown key "knwon" in the known-failure file (did you mean "known"?)`},
		{"no reason", "known:\n  - rule: DSC-01\n", `k.yaml:2:5: an entry: the key "reason" is missing (say why it fails, for whoever reads the report)`},
		{"an empty reason", "known: [{rule: DSC-01, reason: ''}]\n", `k.yaml:1:32: reason: is empty`},
		{"a key by a slip", "known: [{rule: DSC-01, reason: x, untill: 2027-01-01}]\n", `k.yaml:1:35: unknown key "untill" in an entry (did you mean "until"?)`},
		{"an id by a slip", "known: [{rule: DSC-10, reason: x}]\n", `k.yaml:1:16: rule: unknown rule "DSC-10" (did you mean "DSC-01"?)`},
		{"an area", "known: [{rule: DSC, reason: x}]\n", `k.yaml:1:16: rule: "DSC" is not a rule id (rule ids look like DSC-01)`},
		{"a bug of ours", "known: [{rule: SIM-01, reason: x}]\n",
			`k.yaml:1:16: rule: SIM-01 is a rule for chatbench itself; breaking it is a bug and never a known failure (please report it)`},
		{"a day that is none", "known: [{rule: DSC-01, reason: x, until: 2027-02-30}]\n", `k.yaml:1:42: until: "2027-02-30" is not a day (write it like 2027-03-01)`},
		{"an address that is none", "known: [{rule: DSC-01, reason: x, link: ticket 5}]\n",
			`k.yaml:1:41: link: "ticket 5" is not a web address (write it like https://tracker.example.com/4711)`},
		{"twice", "known:\n- {rule: DSC-01, reason: x}\n- {rule: DSC-01, reason: y}\n", `k.yaml:3:1: DSC-01 is listed twice for any scenario (the first one begins in line 2)`},
		{"for two scenarios", "known:\n- {rule: DSC-01, scenario: a, reason: x}\n- {rule: DSC-01, scenario: b, reason: y}\n", ""},
	}
	for _, tt := range tests {
		_, err := ParseKnown("k.yaml", []byte(tt.text), knownNames())
		got := ""
		if err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s\ninput:\n%s", tt.why, diff, tt.text)
		}
	}
}

func TestKnownFailureAbout(t *testing.T) {
	any, one := KnownFailure{Rule: "DSC-01"}, KnownFailure{Rule: "DSC-01", Scenario: "demo"}
	for _, tt := range []struct {
		k              KnownFailure
		rule, scenario string
		want           bool
		why            string
	}{
		{any, "DSC-01", "demo", true, "any scenario is this one, too"},
		{any, "DSC-01", "", true, "and one without a name"},
		{any, "DSC-02", "demo", false, "another rule"},
		{one, "DSC-01", "demo", true, "the scenario that is named"},
		{one, "DSC-01", "smoke", false, "another scenario"},
	} {
		if got := tt.k.About(tt.rule, tt.scenario); got != tt.want {
			t.Errorf("%s: About(%q, %q) = %v, want %v", tt.why, tt.rule, tt.scenario, got, tt.want)
		}
	}
}

func TestDay(t *testing.T) {
	if got := Day(time.Date(2027, 3, 1, 23, 59, 0, 0, time.Local)); got != "2027-03-01" {
		t.Errorf("Day = %q, want the day by the clock of its zone", got)
	}
}

func TestEditKnown(t *testing.T) {
	entry := KnownFailure{Rule: "MED-01", Scenario: "media: all", Reason: "costs ${5} #now", Until: "2027-01-31"}
	const entryText = `  - rule: MED-01
    scenario: 'media: all'
    reason: 'costs $${5} #now'
    until: 2027-01-31
`
	kept := strings.SplitAfterN(knownText, "2027-03-01\n", 2)[0]
	tests := []struct {
		why, text string
		remove    []int
		add       []KnownFailure
		want      string
	}{
		{"a new file", "", nil, []KnownFailure{entry}, "known:\n" + entryText},
		{"at the end, all else as it was", knownText, nil, []KnownFailure{entry}, knownText + entryText},
		{"one goes, the comments of the other stay", knownText, []int{9}, nil, kept},
		{"one goes with its comments", knownText, []int{4}, nil, "# What the tenant is known to do wrong.\nknown:\n  - {rule: ORD-01, reason: two instances}\n"},
		{"the last one goes", "known:\n  - {rule: ORD-01, reason: x}\n", []int{2}, nil, "known: []\n"},
		{"nothing was listed", "known:\n", nil, []KnownFailure{entry}, "known:\n" + entryText},
		{"a single entry becomes a list", "known: {rule: ORD-01, reason: x}\n", nil, []KnownFailure{entry}, "known:\n  - {rule: ORD-01, reason: x}\n" + entryText},
	}
	for _, tt := range tests {
		got, err := EditKnown("k.yaml", []byte(tt.text), tt.remove, tt.add)
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		if diff := cmp.Diff(tt.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
		if _, err := ParseKnown("k.yaml", got, Options{}); err != nil {
			t.Errorf("%s: what was written does not read: %v\n%s", tt.why, err, got)
		}
	}
	for say, k := range map[string]KnownFailure{
		"the reason is missing":              {Rule: "DSC-01"},
		`"ticket 5" is not a web address`:    {Rule: "DSC-01", Reason: "x", Link: "ticket 5"},
		`"next year" is not a day (write it`: {Rule: "DSC-01", Reason: "x", Link: "https://h", Until: "next year"},
	} {
		if _, err := EditKnown("k.yaml", nil, nil, []KnownFailure{k}); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%+v was put in: error %v, want %q", k, err, say)
		}
	}
	if _, err := EditKnown("k.yaml", []byte("known: 5\n"), nil, []KnownFailure{entry}); err == nil {
		t.Error("a file that is none was edited")
	}
}

// TestEditKnownReadsBack wants whatever is written into a file to be what is read from it.
func TestEditKnownReadsBack(t *testing.T) {
	for i, text := range []string{"x", "- dash", "null", "yes", "2027-01-01", "a: b # c", "'quoted' \"twice\"", "第一条", "${HOME} and $${X}", "two\nlines", " space "} {
		want := KnownFailure{Rule: fmt.Sprintf("DSC-%02d", i), Scenario: text, Reason: text, Link: "https://h/?a=b#c", Until: "2027-03-01", File: "k.yaml", Line: 2}
		data, err := EditKnown("k.yaml", nil, nil, []KnownFailure{want})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got, err := ParseKnown("k.yaml", data, Options{})
		if err != nil {
			t.Fatalf("%q: %v in\n%s", text, err, data)
		}
		if diff := cmp.Diff([]KnownFailure{want}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s\nwritten:\n%s", text, diff, data)
		}
	}
}

// TestDocumentedKnownFailures reads the file that docs/checking.md shows.
func TestDocumentedKnownFailures(t *testing.T) {
	doc, err := os.ReadFile("../../docs/checking.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(doc), "```yaml\nknown:")
	example, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("docs/checking.md shows no known-failure file")
	}
	list, err := ParseKnown("known.yaml", []byte("known:"+example), Options{})
	if err != nil || len(list) != 1 || list[0].Until == "" || list[0].Link == "" || list[0].Scenario == "" {
		t.Errorf("%+v, %v; want one entry with everything", list, err)
	}
}
