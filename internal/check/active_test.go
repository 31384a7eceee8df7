package check

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// judged gives what the checker makes of probe events, of the rules that they are about.
func judged(t *testing.T, o Options, events ...trace.Event) map[string]RuleResult {
	t.Helper()
	c := New(o)
	s := c.Customer(3)
	for i := range events {
		e := events[i]
		e.Kind, e.Customer = trace.Probe, 3
		s.Observe(&e)
	}
	s.Close()
	results := make(map[string]RuleResult)
	for _, r := range c.Report() {
		if r.Verdict != NotExercised || len(r.Note) > 0 || len(r.ID) == 0 {
			results[r.ID] = r
		}
	}
	return results
}

// answered is a case that was answered.
func answered(name string, status int, code string) trace.Event {
	return trace.Event{Name: name, Op: aicc.OpSend, Status: status, Code: code}
}

func counting(name string, n int) trace.Event { return trace.Event{Name: name, Count: n} }

func TestActiveVerdicts(t *testing.T) {
	for _, c := range []struct {
		e    trace.Event
		want Verdict
		why  string
	}{
		{answered("TOK-21 upload", 401, ""), Pass, "the documented refusal"},
		{answered("TOK-21 upload", 400, "400"), Pass, "a refusal in other words"},
		{answered("TOK-21 upload", 200, "13"), Pass, "a refusal with HTTP 200"},
		{answered("TOK-21 upload", 500, ""), Pass, "documented for business failures"},
		{answered("TOK-21 upload", 200, "0"), Fail, "served without a token"},
		{answered("TOK-21 upload", 502, ""), Inconclusive, "a gateway's"},
		{answered("TOK-21 upload", 429, ""), Inconclusive, "nothing is known of the tenant"},
		{answered("TOK-21 upload", 200, aicc.CodeFlowControl), Inconclusive, "flow control comes before the token"},
		{trace.Event{Name: "TOK-21 upload", Status: 200, Shape: "not JSON"}, Inconclusive, "a page of somebody else's"},
		{trace.Event{Name: "TOK-21 upload", Error: "reset"}, Inconclusive, "no answer"},
		{trace.Event{Name: "TOK-21 upload", Skip: trace.Lacking, Note: "none"}, NotObservable, "the tenant lacks something"},
		{trace.Event{Name: "TOK-21 upload", Skip: trace.Unset, Note: "later"}, NotExercised, "it did not come about"},

		{answered("TOK-23 upload", 401, "401"), Pass, "documented"},
		{answered("TOK-23 upload", 200, "0"), Fail, "served after its end"},
		{answered("TOK-23 upload", 403, ""), Fail, "clients renew at a 401 and at nothing else"},
		{answered("TOK-26 1 character", 200, "0"), Pass, "a token"},
		{answered("TOK-26 1 character", 200, "1"), Fail, "no token"},
		{counting("TOK-27 foreign receiverId", 0), Pass, "nothing was taken"},
		{counting("TOK-27 foreign receiverId", 2), Fail, "two messages were"},

		{answered("QUE-21 after the end", 200, "5"), Pass, "the conversation has ended"},
		{answered("QUE-21 after the end", 200, "160004"), Pass, "there is no session"},
		{answered("QUE-21 after the end", 200, "0"), Fail, "in the queue after the end"},
		{answered("QUE-23 channel", 200, "1"), Pass, "a parameter error"},
		{answered("QUE-23 channel", 400, ""), Pass, "the same in HTTP"},
		{answered("QUE-23 channel", 200, "160004"), Fail, "as if nothing were missing"},
		{answered("QUE-24 made-up token", 200, "3"), Pass, "a token error"},
		{answered("QUE-24 made-up token", 401, ""), Pass, "the same in HTTP"},
		{answered("QUE-24 made-up token", 200, "160004"), Fail, "the token was not looked at"},
		{answered("QUE-25 with an agent", 200, "160021"), Pass, "documented"},
		{answered("QUE-25 with an agent", 200, "0"), Fail, "not in the queue any more"},

		{answered("ROB-22 without content", 200, "30000000008"), Pass, "documented"},
		{answered("ROB-22 without content", 200, "30010009999"), Fail, "another code"},
		{trace.Event{Name: "ROB-23 phrases", Status: 200, Code: "0", Count: 5}, Pass, "as many as are allowed"},
		{trace.Event{Name: "ROB-23 phrases", Status: 200, Code: "0", Count: 6}, Fail, "one too many"},
		{trace.Event{Name: "ROB-23 phrases", Status: 200, Code: "1"}, Pass, "none, and a documented code"},
		{trace.Event{Name: "ROB-23 phrases", Status: 200, Code: "7"}, Fail, "in no table"},

		{answered("DSC-22 second", 200, "13"), Pass, "refused"},
		{answered("DSC-22 second", 200, "0"), Pass, "nothing to do"},
		{answered("DSC-22 second", 500, ""), Fail, "a server error"},
		{answered("DSC-22 second", 503, ""), Inconclusive, "a gateway's"},
		{answered("MED-22 unknown file", 200, "13"), Pass, "refused"},
		{answered("MED-22 unknown file", 404, ""), Pass, "refused in HTTP"},
		{answered("MED-22 unknown file", 500, ""), Fail, "a server error"},
		{answered("MED-22 unknown file", 200, "0"), Fail, "a file that is not there"},

		{answered("SND-21 10000 characters", 200, "13"), Pass, "refused"},
		{trace.Event{Name: "SND-21 10000 characters", Status: 200, Code: "0"}, Pass, "accepted and not cut"},
		{trace.Event{Name: "SND-21 10000 characters", Status: 200, Code: "0", Count: 1}, Fail, "accepted and cut"},
		{counting("SND-26 shown", 1), Pass, "once"},
		{counting("SND-26 shown", 2), Fail, "twice"},
		{trace.Event{Name: "SRV-22 mode", Status: 200, Code: "0", Note: "NO"}, Pass, "no survey"},
		{trace.Event{Name: "SRV-22 mode", Status: 200, Code: "0", Note: "WEB"}, Pass, "a survey"},
		{trace.Event{Name: "SRV-22 mode", Status: 200, Code: "0", Note: "WEB", Count: 1}, Fail, "a level that is none"},
		{trace.Event{Name: "SRV-22 mode", Status: 200, Code: "0", Note: "PHONE"}, Fail, "in no table"},
		{answered("LEA-21 empty", 200, "2"), Pass, "a parameter is missing"},
		{answered("LEA-21 empty", 200, "0"), Fail, "stored"},
	} {
		id, _, _ := strings.Cut(c.e.Name, " ")
		got := judged(t, Options{Probes: true, On: Known()}, c.e)[id]
		if got.Verdict == "" {
			got.Verdict = NotExercised
		}
		if got.Verdict != c.want {
			t.Errorf("%s: %s is %s, want %s; event %+v", c.why, id, got.Verdict, c.want, c.e)
		}
		if (got.Verdict == Fail) != (len(got.Witnesses) == 1) {
			t.Errorf("%s: %s is %s with witnesses %+v", c.why, id, got.Verdict, got.Witnesses)
		}
	}
}

// TestActiveCases wants every case to pass with one outcome and to fail with another.
func TestActiveCases(t *testing.T) {
	outcomes := []trace.Event{
		answered("", 200, "0"), answered("", 200, "13"), answered("", 400, ""), answered("", 401, ""), answered("", 500, ""),
		answered("", 200, "5"), answered("", 200, aicc.CodeWithAgent), answered("", 200, aicc.CodeNoContent), answered("", 200, aicc.CodeNoRobot),
		{Status: 200, Code: "0", Note: "WEB"}, {Status: 200, Code: "0", Count: 7}, counting("", 0), counting("", 1), counting("", 2),
	}
	for _, r := range ActiveRules() {
		for _, name := range Cases(r.ID) {
			seen := map[Verdict]bool{}
			for _, e := range outcomes {
				e.Name = name
				seen[judged(t, Options{On: Known()}, e)[r.ID].Verdict] = true
			}
			if !seen[Pass] || !seen[Fail] {
				t.Errorf("%s: the outcomes of this test give verdicts %v, want PASS and FAIL among them", name, seen)
			}
		}
	}
}

func TestActiveRulesAddUp(t *testing.T) {
	got := judged(t, Options{Probes: true},
		answered("TOK-24 userId", 200, "1"),
		answered("TOK-24 userName", 200, "0"),
		trace.Event{Name: "TOK-24 channelId", Error: "reset", Op: aicc.OpApply},
		trace.Event{Name: "TOK-24 locale", Skip: trace.Unset, Note: "no time"},
		answered("TOK-24 something newer", 200, "0"),
		answered("ABC-21 of a newer version", 200, "0"),
		answered("SND-27 unknown field", 200, "13"), // a note, which nobody asked for
	)["TOK-24"]
	want := RuleResult{
		ID: "TOK-24", Title: "applyToken needs its mandatory fields", Level: API, Severity: Warning, Verdict: Fail,
		Reasons: map[Reason]int64{IndeterminateSend: 1}, Note: "locale: no time", Violations: 1, Inconclusive: 1, Opportunities: 2,
		Witnesses: []Witness{{Customer: 3, Sentence: "probe TOK-24 userName: want a refusal, got HTTP 200, result code 0",
			Events: []WitnessEvent{{Side: CustomerSide, Text: "asked: "}, {Side: TenantSide, Text: "HTTP 200, result code 0"}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("TOK-24 (-want +got):\n%s", diff)
	}
}

func TestActiveReasons(t *testing.T) {
	for op, want := range map[aicc.Op]Reason{
		aicc.OpPoll: IndeterminatePoll, aicc.OpUpload: IndeterminateFile, aicc.OpDownload: IndeterminateFile,
		aicc.OpConnect: IndeterminateSend, aicc.OpNone: IndeterminateSend,
	} {
		got := judged(t, Options{}, trace.Event{Name: "TOK-21 poll", Op: op, Error: "time-out"})["TOK-21"].Reasons
		if diff := cmp.Diff(map[Reason]int64{want: 1}, got); diff != "" {
			t.Errorf("reasons after %v without an answer (-want +got):\n%s", op, diff)
		}
	}
}

// TestActiveRulesAreReported wants active rules in the report of a check, and not in that of a run.
func TestActiveRulesAreReported(t *testing.T) {
	count := func(o Options, events ...trace.Event) int {
		c := New(o)
		s := c.Customer(0)
		for _, e := range events {
			e.Kind = trace.Probe
			s.Observe(&e)
		}
		return len(c.Report())
	}
	passive, notes := count(Options{}), 0
	for _, r := range ActiveRules() {
		if r.Severity == Note {
			notes++
		}
	}
	all := passive + len(ActiveRules()) - notes
	for _, c := range []struct {
		why    string
		o      Options
		events []trace.Event
		want   int
	}{
		{"a run", Options{}, nil, passive},
		{"a check", Options{Probes: true}, nil, all},
		{"a recorded check", Options{}, []trace.Event{counting("TOK-27 foreign receiverId", 0)}, all},
		{"a rule that is off", Options{Probes: true, Off: []string{"TOK-21"}}, nil, all - 1},
		{"a note that is asked for", Options{Probes: true, On: []string{"TOK-29"}}, nil, all + 1},
		{"a note that is asked for and off", Options{Probes: true, On: []string{"TOK-29"}, Off: []string{"TOK-29"}}, nil, all},
	} {
		if got := count(c.o, c.events...); got != c.want {
			t.Errorf("%s: %d rules are reported, want %d", c.why, got, c.want)
		}
	}
	c := New(Options{Off: []string{"TOK-21"}})
	if c.Probes("TOK-21") || c.Probes("TOK-29") || c.Probes("DEL-04") || !c.Probes("TOK-22") {
		t.Errorf("probes for TOK-21 %t, TOK-29 %t, DEL-04 %t, TOK-22 %t; want only the last", c.Probes("TOK-21"), c.Probes("TOK-29"), c.Probes("DEL-04"), c.Probes("TOK-22"))
	}
}

func TestActiveResultsMerge(t *testing.T) {
	report := func(events ...trace.Event) []RuleResult {
		c := New(Options{Probes: true})
		s := c.Customer(0)
		for i, e := range events {
			e.Kind, e.At = trace.Probe, time.Duration(i)
			s.Observe(&e)
		}
		return c.Report()
	}
	a := report(answered("TOK-21 send", 401, ""), trace.Event{Name: "QUE-26 DISCONNECT", Skip: trace.Unset, Note: "nobody had to queue"})
	b := report(answered("TOK-21 send", 200, "0"), answered("QUE-26 DISCONNECT", 200, "0"))
	c := report(trace.Event{Name: "QUE-26 DISCONNECT", Skip: trace.Lacking, Note: "no agents"})
	left, right := Merge(Merge(a, b), c), Merge(a, Merge(c, b))
	if diff := cmp.Diff(left, right); diff != "" {
		t.Errorf("(a+b)+c and a+(c+b) differ:\n%s", diff)
	}
	for _, r := range left {
		if r.ID == "TOK-21" && (r.Verdict != Fail || r.Opportunities != 2) || r.ID == "QUE-26" && (r.Verdict != Pass || r.Note != "") {
			t.Errorf("merged: %+v", r)
		}
	}
	if first := place("TOK-21"); first != len(registry) || place("XYZ-01") <= place("TLS-21") {
		t.Errorf("TOK-21 stands at %d, want %d; an unknown rule at %d, TLS-21 at %d", first, len(registry), place("XYZ-01"), place("TLS-21"))
	}
}

// TestActiveCatalogue checks what every active rule must have.
func TestActiveCatalogue(t *testing.T) {
	ids, names := map[string]bool{}, map[string]bool{}
	for _, id := range Known() {
		if ids[id] {
			t.Errorf("%s was given twice", id)
		}
		ids[id] = true
	}
	for _, r := range ActiveRules() {
		area, number, _ := strings.Cut(r.ID, "-")
		switch {
		case len(area) != 3 || number < "21":
			t.Errorf("%s: want an area of three letters and a number from 21", r.ID)
		case r.Needs != ByProbe || r.Level == Self || r.Level == Inferred && r.Severity == Failure:
			t.Errorf("%s: needs %s, level %s, severity %s", r.ID, r.Needs, r.Level, r.Severity)
		case r.Title == "" || r.Source == "" || r.Look == "" || !strings.HasSuffix(r.Statement, ".") || !strings.HasSuffix(r.Look, "."):
			t.Errorf("%s: something is missing in %+v", r.ID, r)
		}
		if found, ok := Find(r.ID); !ok || found != r {
			t.Errorf("Find(%s) = %+v, %t", r.ID, found, ok)
		}
		cases := Cases(r.ID)
		if len(cases) == 0 {
			t.Errorf("%s has no case", r.ID)
		}
		for _, name := range cases {
			if names[name] || !strings.HasPrefix(name, r.ID+" ") {
				t.Errorf("case %q of %s is there twice or has a wrong name", name, r.ID)
			}
			names[name] = true
		}
	}
	if got := Cases("DEL-04"); got != nil {
		t.Errorf("Cases(DEL-04) = %v, want none", got)
	}
}
