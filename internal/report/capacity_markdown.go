package report

import (
	"io"
	"slices"
	"strings"

	"chatbench/internal/capacity"
	"chatbench/internal/lang"
)

// CapacityMarkdown writes a summary of a search for a tenant's capacity that fits into a comment on
// GitHub or GitLab: the answer, the probes, and folded away why loads were not carried, the law of
// scalability and what was searched. The error is that of w.
func CapacityMarkdown(w io.Writer, r *capacity.Report, say *lang.Printer) error {
	m := &capacityMarkdown{r: r, markdown: markdown{say: say, left: maxMarkdown - len(leftOut(say, 0)) - 20}}
	for _, section := range []func(){m.answer, m.probes, m.reasons, m.law, m.searched} {
		section()
	}
	if m.dropped > 0 {
		m.out.WriteString(leftOut(say, m.dropped))
	}
	_, err := io.WriteString(w, m.out.String())
	return err
}

// capacityMarkdown writes the summary of one search.
type capacityMarkdown struct {
	markdown
	r *capacity.Report
}

func (m *capacityMarkdown) answer() {
	m.block("### " + prose(m.say.Sprintf("chatbench capacity: %s (exit %d)", answerWord(m.r, m.say), m.r.Exit)) + "\n\n")
	for _, sentence := range slices.Concat(m.r.Answer.Sentences, m.r.Notes) {
		m.block("- " + prose(m.say.T(sentence)) + "\n")
	}
}

// probes is a row for each of them, in the order of their loads, the outcome first.
func (m *capacityMarkdown) probes() {
	metrics := probedMetrics(m.r, mostProbed)
	row := func(cells []string) []string {
		outcome := cells[probeOutcome]
		return slices.Insert(slices.Delete(cells, probeOutcome, probeOutcome+1), 0, outcome)
	}
	for i, p := range capacity.ByLoad(m.r.Probes) {
		cells := row(probeCells(&p, metrics, m.say))
		cells[0] = prose(cells[0])
		text := markdownRow(cells...)
		if i == 0 {
			head := row(probeHeader(m.r, metrics, m.say))
			for k := range head {
				head[k] = prose(head[k])
			}
			text = markdownHead(len(head)-1, head...) + text
		}
		m.block(text)
	}
}

func (m *capacityMarkdown) reasons() {
	var lines strings.Builder
	for _, p := range capacity.ByLoad(m.r.Probes) {
		if p.Outcome != capacity.Carried {
			lines.WriteString(itemOf(m.say.Sprintf("probe %d, %s: %s", p.Number, m.say.T(m.r.Search.Words(p.Load)), whyNot(&p, m.say))))
		}
	}
	m.list(m.say.T("Why not"), lines.String())
}

func (m *capacityMarkdown) law() {
	l := m.r.Law
	if l == nil {
		m.list(m.say.T("Throughput over load"), itemOf(m.say.T(m.r.LawNote)))
		return
	}
	var lines strings.Builder
	lines.WriteString(itemOf(m.say.T(l.Sentence)) + itemOf(peakWords(l, m.say)))
	for _, row := range lawRows(l, m.say) {
		lines.WriteString(itemOf(row[0] + " " + strings.Join(row[1:], ", ")))
	}
	m.list(m.say.T(lawWords), lines.String())
}

func (m *capacityMarkdown) searched() {
	var lines strings.Builder
	for _, l := range searchedLines(m.r, m.say) {
		lines.WriteString(itemOf(l.name + ": " + l.text))
	}
	m.list(m.say.T("What was tested"), lines.String())
	if word, command := searchAgain(m.r, false); command != "" {
		m.block("\n" + m.say.T(word) + "\n\n" + preformatted([]string{phrase(command)}))
	}
}

// itemOf makes an item of a list of a text from outside; "" of none.
func itemOf(text string) string {
	if text == "" {
		return ""
	}
	return "\n- " + prose(text)
}

// list folds items away, if there are any.
func (m *capacityMarkdown) list(summary, items string) {
	if items != "" {
		m.block(folded(summary, items+"\n"))
	}
}
