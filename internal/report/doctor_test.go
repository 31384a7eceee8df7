package report

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/doctor"
	"chatbench/internal/lang"
	"chatbench/internal/result"
)

// walked is a walk in which a step came out in each way.
func walked() *doctor.Report {
	return &doctor.Report{
		Schema: doctor.Schema, Tool: "v1", Start: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Took: 61.25,
		Target: result.Target{Kind: result.Real, URL: "https://tenant.test"}, Channel: "47\x1b11",
		Steps: []doctor.Step{
			{ID: "key", Title: "application key", State: doctor.Right, Saw: "tokenByAkSk gave a token", Basis: doctor.Basis{Mark: "D", Section: "E01"}, Took: 0.25},
			{ID: "clock", Title: "clock", State: doctor.Warned, Saw: "the tenant's clock (Date) is behind that of this machine by 6s, ± 1s", Basis: doctor.Basis{Mark: "U", Section: "13.1"},
				Advice: "look at the survey"},
			{ID: "keyword", Title: "hand-over by keyword", State: doctor.Wrong, Saw: "\"\x1b]0;\" does not hand over, and TRANS2AGENT does", Basis: doctor.Basis{Mark: "D", Section: "6.3"},
				Advice: "look at the keyword", Page: &doctor.Page{Guide: "a > b", Menu: "m > n", Field: "f", Source: "S:SEED"}, Took: 10},
			{ID: "robot", Title: "robot", State: doctor.Skipped, Saw: "not looked at, because of the step keyword", Because: "keyword"},
			{ID: "queue", Title: "queue", State: doctor.Skipped, Saw: "not looked at, because of the step keyword", Because: "keyword"},
			{ID: "text", Title: "a text both ways", State: doctor.Unsure, Saw: "the text was accepted, and no agent answered within 30s", Basis: doctor.Basis{Mark: "U", Section: "E03"},
				Advice: "have an agent answer, and run doctor again", Page: &doctor.Page{Guide: "c", Source: "S:SEED"}},
			{ID: "history", Title: "history", State: doctor.Skipped, Saw: "not looked at, because of the step text", Because: "text"},
			{ID: "survey", Title: "survey", State: doctor.Absent, Saw: "there is no getsatisfactionsurveymode", Basis: doctor.Basis{Mark: "D", Section: "E12"}},
			{ID: "disconnect", Title: "DISCONNECT", State: doctor.Skipped, Saw: "not looked at: the walk was interrupted"},
			{ID: "leave", Title: "leave a message", State: doctor.Skipped, Saw: "not looked at: the walk was interrupted"},
		},
		Conversations: doctor.Conversations{Opened: 1, Most: 2}, Exit: result.ExitConformance,
	}
}

const walkText = `Tenant https://tenant.test, channel 47·11
ok           application key                tokenByAkSk gave a token  [0.2 s, D E01]
warning      clock                          the tenant's clock (Date) is behind that of this machine by 6s, ± 1s  [0.0 s, U 13.1]
WRONG        hand-over by keyword           "·]0;" does not hand over, and TRANS2AGENT does  [10.0 s, D 6.3]
skipped      2 steps                        not looked at, because of: hand-over by keyword; these are: robot, queue
cannot tell  a text both ways               the text was accepted, and no agent answered within 30s  [0.0 s, U E03]
skipped      history                        not looked at, because of: a text both ways
not there    survey                         there is no getsatisfactionsurveymode  [0.0 s, D E12]
skipped      2 steps                        not looked at: the walk was interrupted; these are: DISCONNECT, leave a message

What to do
  hand-over by keyword: look at the keyword
    chapter of the vendor's guide: a > b
    page of the administration: m > n, field f  [S:SEED]
  a text both ways: have an agent answer, and run doctor again
    chapter of the vendor's guide: c
    page of the administration: not known  [S:SEED]
  clock: look at the survey

1 conversation opened, 2 at most; none is open; 61.2 s
D: on a page of the vendor; S: in the vendor's demo; U: not documented, a guess of ours. Sections are those of docs/protocol.md.
1 of 10 steps came out wrong. (exit 1)
`

// TestDoctorAll holds the text of a walk against what it is to be: no step is lost, what is wrong
// comes first in what is to be done, and what a tenant sent cannot touch the terminal.
func TestDoctorAll(t *testing.T) {
	var b strings.Builder
	if err := DoctorAll(&b, walked(), DoctorOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(walkText, b.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

// TestDoctorChinese wants nothing of the text of a walk to stay English but names.
func TestDoctorChinese(t *testing.T) {
	say, err := lang.For("zh")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := DoctorAll(&b, walked(), DoctorOptions{Lang: say}); err != nil {
		t.Fatal(err)
	}
	for _, english := range []string{" the ", "not ", " is ", "step", "robot", "clock", "WRONG"} {
		if strings.Contains(b.String(), english) {
			t.Errorf("%q is in the Chinese text:\n%s", english, b.String())
		}
	}
}

// TestDoctorEnds looks at what depends on how a walk ended.
func TestDoctorEnds(t *testing.T) {
	quiet := []doctor.Step{{ID: "key", Title: "application key", State: doctor.Right, Saw: "tokenByAkSk gave a token"}}
	for _, row := range []struct {
		name   string
		change func(*doctor.Report)
		want   []string
	}{
		{"nothing is wrong", func(*doctor.Report) {}, []string{"Nothing is wrong. (exit 0)", "1 conversation opened, 2 at most; none is open"}},
		{"a warning", func(r *doctor.Report) { r.Steps[0].State = doctor.Warned }, []string{"Nothing is wrong; look at the warnings."}},
		{"something undecided", func(r *doctor.Report) { r.Steps[0].State, r.Exit = doctor.Unsure, 2 }, []string{"not everything could be told. (exit 2)"}},
		{"interrupted", func(r *doctor.Report) { r.Ended, r.Exit = result.EndedInterrupted, 130 }, []string{"The walk was interrupted. (exit 130)"}},
		{"the tenant died", func(r *doctor.Report) { r.Ended, r.Exit, r.Conversations.Unsure = result.EndedGone, 6, 1 },
			[]string{"The tenant went away. (exit 6)", "whether one is still open is not known"}},
		{"stopped at once", func(r *doctor.Report) { r.Conversations.Forced = 1 }, []string{"one was left open"}},
		{"no conversation", func(r *doctor.Report) { r.Conversations.Opened = 0 }, []string{"0 conversations opened, 2 at most; 0.0 s"}},
		{"the embedded tenant", func(r *doctor.Report) { r.Target = result.Target{Kind: result.Embedded, URL: "http://x"} },
			[]string{"No --target was given, so this is the embedded tenant at http://x."}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &doctor.Report{Steps: append([]doctor.Step(nil), quiet...), Conversations: doctor.Conversations{Opened: 1, Most: 2}}
			row.change(r)
			var b strings.Builder
			if err := DoctorAll(&b, r, DoctorOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, want := range row.want {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%q is not in\n%s", want, b.String())
				}
			}
		})
	}
}

// TestDoctorColour paints the state and nothing else.
func TestDoctorColour(t *testing.T) {
	var b strings.Builder
	if err := DoctorAll(&b, walked(), DoctorOptions{Color: true}); err != nil {
		t.Fatal(err)
	}
	if want := red + "WRONG      " + reset + "  hand-over"; !strings.Contains(b.String(), want) {
		t.Errorf("%q is not in\n%q", want, b.String())
	}
	plain := strings.NewReplacer(red, "", green, "", yellow, "", reset, "").Replace(b.String())
	if plain != walkText {
		t.Errorf("without its colours the text is another:\n%s", cmp.Diff(walkText, plain))
	}
}

// fullDisk has room for so many bytes.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

// TestDoctorDiskFull wants the error of the first line that could not be written.
func TestDoctorDiskFull(t *testing.T) {
	for _, room := range []int{0, 50, 500} {
		if err := DoctorAll(&fullDisk{room}, walked(), DoctorOptions{}); err == nil {
			t.Errorf("with room for %d bytes no error came", room)
		}
		if err := DoctorJUnit(&fullDisk{room}, walked()); err == nil {
			t.Errorf("JUnit with room for %d bytes: no error came", room)
		}
	}
}

// TestDoctorJUnit wants a test case for each step, in the way it came out.
func TestDoctorJUnit(t *testing.T) {
	var b strings.Builder
	if err := DoctorJUnit(&b, walked()); err != nil {
		t.Fatal(err)
	}
	var suite junitSuite
	if err := xml.Unmarshal([]byte(b.String()), &suite); err != nil {
		t.Fatal(err)
	}
	if suite.Tests != 10 || suite.Failures != 1 || suite.Errors != 0 || suite.Skipped != 7 || suite.Time != "61.250" {
		t.Errorf("%d tests, %d failures, %d errors, %d skipped in %s s, want 10, 1, 0, 7 in 61.250", suite.Tests, suite.Failures, suite.Errors, suite.Skipped, suite.Time)
	}
	got := map[string]string{}
	for _, c := range suite.Cases {
		switch {
		case c.Failure != nil:
			got[c.Name] = "failure " + c.Failure.Type + ": " + c.Failure.Text
		case c.Skipped != nil:
			got[c.Name] = "skipped " + c.Skipped.Message
		default:
			got[c.Name] = "passed " + c.Out.Text
		}
	}
	want := map[string]string{
		"key application key":          "passed ok: tokenByAkSk gave a token",
		"clock clock":                  "passed warn: the tenant's clock (Date) is behind that of this machine by 6s, ± 1s\nlook at the survey",
		"keyword hand-over by keyword": "failure D 6.3: \"·]0;\" does not hand over, and TRANS2AGENT does\nlook at the keyword\na > b / m > n / f",
		"robot robot":                  "skipped skipped: not looked at, because of the step keyword",
		"queue queue":                  "skipped skipped: not looked at, because of the step keyword",
		"text a text both ways":        "skipped INCONCLUSIVE: the text was accepted, and no agent answered within 30s",
		"history history":              "skipped skipped: not looked at, because of the step text",
		"survey survey":                "skipped absent: there is no getsatisfactionsurveymode",
		"disconnect DISCONNECT":        "skipped skipped: not looked at: the walk was interrupted",
		"leave leave a message":        "skipped skipped: not looked at: the walk was interrupted",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cases (-want +got):\n%s", diff)
	}
}
