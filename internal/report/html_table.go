package report

import (
	"html/template"

	"chatbench/internal/check"
	"chatbench/internal/result"
)

// grid is a table of a page.
type grid struct {
	ID      string
	Class   string
	Caption words
	Head    []column
	Lead    int // the column that names its row; -1 for none
	Rows    [][]gridCell
	Left    words // what was left out below it
}

// column is the head of a column.
type column struct {
	Name  words
	Right bool // numbers
}

// gridCell is a cell, already as HTML.
type gridCell struct {
	Body  template.HTML
	Class string
}

// mostRows is how many rows a table has at most, and most of any list.
const mostRows = 200

// table renders a grid that has rows.
func (p *page) table(g grid) template.HTML {
	if left := len(g.Rows) - mostRows; left > 0 {
		g.Rows = g.Rows[:mostRows]
		g.Left = p.say("%d more rows are in %s.", left, p.name(p.source))
	}
	if len(g.Rows) == 0 {
		return ""
	}
	return p.part("table", g)
}

// text is a cell in both languages.
func text(w words) gridCell { return gridCell{Body: w.html()} }

// number is a cell lined up on the right.
func number(s string) gridCell { return gridCell{Body: outside(s), Class: "num"} }

// codeCell is a name that the reader may type.
func codeCell(s string) gridCell { return gridCell{Body: codeHTML(s)} }

func codeHTML(s string) template.HTML { return "<code>" + outside(phrase(s)) + "</code>" }

// below is a second line in a cell.
func below(c gridCell, w words) gridCell {
	if !w.none() {
		c.Body += "<small>" + w.html() + "</small>"
	}
	return c
}

// badge shows a verdict by word and colour.
func badge(class string, w words) template.HTML {
	return template.HTML(`<span class="badge `+class+`">`) + w.html() + "</span>"
}

// names makes column heads of texts; those from right on hold numbers.
func columns(right int, names ...words) []column {
	list := make([]column, len(names))
	for i, name := range names {
		list[i] = column{name, i >= right}
	}
	return list
}

// verdictClass is the colour of a verdict.
func verdictClass(v result.Verdict) string {
	switch v {
	case result.Pass:
		return "pass"
	case result.Fail, result.Error, result.Unreachable:
		return "fail"
	case "":
		return "idle"
	}
	return "warn"
}

// ruleClass is the colour of the verdict of a rule.
func ruleClass(r *result.Result, rule *check.RuleResult) string {
	switch rule.Verdict {
	case check.Pass:
		return "pass"
	case check.Fail, check.Error:
		if r.Expected(rule) != nil || warnsOnly(r, rule) {
			return "warn"
		}
		return "fail"
	case check.Inconclusive:
		return "warn"
	}
	return "idle"
}
