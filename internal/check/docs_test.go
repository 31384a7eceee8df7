package check

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

func checkingDoc(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/checking.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// section is the part of a document below a heading, up to the next one of the same depth.
func section(t *testing.T, doc, heading string) string {
	t.Helper()
	_, rest, ok := strings.Cut(doc, "\n"+heading+"\n")
	if !ok {
		t.Fatalf("docs/checking.md has no heading %q", heading)
	}
	body, _, _ := strings.Cut(rest, "\n## ")
	return body
}

// rows gives the cells of the tables in a text, without heads and rulers. Code spans are plain.
func rows(text string) [][]string {
	var table [][]string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		isHead := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|---")
		if !strings.HasPrefix(line, "| ") || isHead {
			continue
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "| "), " | ") {
			cells = append(cells, strings.Trim(cell, " `"))
		}
		table = append(table, cells)
	}
	return table
}

// TestExpectationsNameTheirRules keeps docs/protocol.md section 12 in step with the catalogue:
// every rule comes from an expectation there, and no rule is named that does not exist.
func TestExpectationsNameTheirRules(t *testing.T) {
	doc, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "\n## 12. ")
	if !ok {
		t.Fatal("docs/protocol.md has no section 12")
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	named := map[string]bool{}
	for _, id := range regexp.MustCompile(`\b[A-Z]{3}-[0-9]{2}\b`).FindAllString(text, -1) {
		named[id] = true
	}
	for _, id := range Known() {
		if !named[id] {
			t.Errorf("no expectation of docs/protocol.md section 12 names %s", id)
		}
		delete(named, id)
	}
	for id := range named {
		t.Errorf("docs/protocol.md section 12 names %s, which does not exist", id)
	}
}

func TestVocabularyIsDocumented(t *testing.T) {
	doc := checkingDoc(t)
	first := map[string]bool{}
	for _, cells := range rows(doc) {
		first[cells[0]] = true
	}
	words := []string{string(API), string(Demo), string(Inferred), string(Self), string(Failure), string(Warning), string(Note)}
	for v := range rank {
		words = append(words, string(v))
	}
	for _, r := range []Reason{IndeterminatePoll, IndeterminateSend, IndeterminateFile, NotDrained,
		RunAborted, GeneratorLate, WindowOverflow, EvidenceDropped} {
		words = append(words, string(r))
	}
	for k := trace.Begin; k <= trace.Probe; k++ {
		words = append(words, k.String())
	}
	for _, w := range words {
		if !first[w] {
			t.Errorf("no table of docs/checking.md has a row for %q", w)
		}
	}
}

// TestDocumentedExample plays the table under "Example" in docs/checking.md, so that the numbers
// below it are the checker's.
func TestDocumentedExample(t *testing.T) {
	const verdict = "DEL-04 is FAIL with 2 violations and 1 INCONCLUSIVE."
	if !strings.Contains(section(t, checkingDoc(t), "## Loss"), verdict) {
		t.Fatalf("docs/checking.md does not say %q", verdict)
	}
	c := New(Options{Run: testRun, Markers: true, Journal: true, Hold: 35 * time.Second})
	s := c.Customer(0)
	id := uint32(9)
	tell := func(e trace.Event) { e.ID = id; s.Observe(&e) }
	poll := func(from, to time.Duration, class aicc.Class, seqs ...int) {
		id++
		tell(trace.Event{Kind: trace.Invoke, At: from, Op: aicc.OpPoll})
		back := trace.Event{Kind: trace.Return, At: to, Started: from, Op: aicc.OpPoll, Class: class, Count: len(seqs)}
		if class == aicc.OK {
			back.Status = 200
		}
		tell(back)
		for _, seq := range seqs {
			tell(trace.Event{Kind: trace.Deliver, At: to, Marked: marker.Intact,
				Mark:    marker.Marker{Run: testRun, Sender: marker.Robot, Seq: seq},
				Message: &aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, MediaType: aicc.Text}})
		}
	}
	tell(trace.Event{Kind: trace.Begin, At: 11_000 * ms})
	tell(trace.Event{Kind: trace.Invoke, At: 11_000 * ms, Op: aicc.OpConnect})
	tell(trace.Event{Kind: trace.Return, At: 11_100 * ms, Op: aicc.OpConnect, Class: aicc.OK, Status: 200})
	poll(12_000*ms, 12_400*ms, aicc.OK, 0, 1, 2, 3, 4)
	poll(12_500*ms, 42_500*ms, aicc.Info)
	poll(42_600*ms, 42_610*ms, aicc.OK, 6)
	poll(80_000*ms, 80_010*ms, aicc.OK, 7)
	poll(80_200*ms, 80_210*ms, aicc.OK, 9)
	tell(trace.Event{Kind: trace.Invoke, At: 80_300 * ms, Op: aicc.OpDisconnect})
	tell(trace.Event{Kind: trace.Return, At: 80_300 * ms, Op: aicc.OpDisconnect, Class: aicc.OK, Status: 200})
	tell(trace.Event{Kind: trace.Journal, At: 80_400 * ms, Record: &trace.Record{Ended: "customer",
		Senders: []trace.Said{{Sender: marker.Robot, Count: 12, Waiting: 1}}}})
	tell(trace.Event{Kind: trace.End, At: 80_400 * ms, Ended: trace.ByCustomer})
	s.Close()

	type numbers struct {
		Verdict                  Verdict
		Violations, Inconclusive int64
	}
	for _, r := range c.Report() {
		got := numbers{r.Verdict, r.Violations, r.Inconclusive}
		switch want := (numbers{Fail, 2, 1}); {
		case r.ID == "DEL-04" && got != want:
			t.Errorf("DEL-04 of the example: got %+v, want %+v; witnesses %+v", got, want, r.Witnesses)
		case r.ID != "DEL-04" && r.Violations+r.Inconclusive > 0:
			t.Errorf("%s of the example: got %+v, want nothing; witnesses %+v", r.ID, got, r.Witnesses)
		}
	}
}
