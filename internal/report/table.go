package report

import (
	"io"
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// measure knows how many columns a text takes. Chinese characters take two; characters of
// ambiguous width take one, whatever the locale of the machine, so that a report looks the same
// everywhere.
var measure = &runewidth.Condition{StrictEmojiNeutral: true}

func width(s string) int { return measure.StringWidth(s) }

// clean makes a text from outside safe to print: what a terminal would act on, escape sequences
// and line ends above all, becomes a visible dot.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

// table is rows of cells that are lined up when it is written. The last column is not padded.
type table struct {
	indent string
	right  []bool // columns that are lined up on the right
	rows   [][]cell
}

// cell is a text and the escape sequence it is painted with, which takes no room.
type cell struct {
	text  string
	paint string
}

// row adds a row. Control characters in its cells become visible dots.
func (t *table) row(cells ...string) {
	row := make([]cell, len(cells))
	for i, s := range cells {
		row[i].text = clean(s)
	}
	t.rows = append(t.rows, row)
}

// paint colours a cell of the last row.
func (t *table) paint(column int, with string) {
	t.rows[len(t.rows)-1][column].paint = with
}

// Columns writes rows with their cells lined up, wide characters counted as such. Control characters
// become visible dots. An error of w is that of its next write.
func Columns(w io.Writer, rows [][]string) {
	var t table
	for _, row := range rows {
		t.row(row...)
	}
	t.writeTo(w)
}

func (t *table) writeTo(w io.Writer) {
	var widths []int
	for _, row := range t.rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(c.text))
		}
	}
	for _, row := range t.rows {
		io.WriteString(w, t.line(row, widths))
	}
}

func (t *table) line(row []cell, widths []int) string {
	var b strings.Builder
	b.WriteString(t.indent)
	for i, c := range row {
		pad := strings.Repeat(" ", widths[i]-width(c.text))
		if i > 0 {
			b.WriteString("  ")
		}
		switch {
		case i < len(t.right) && t.right[i]:
			b.WriteString(pad + painted(c.text, c.paint))
		case i == len(row)-1:
			b.WriteString(painted(c.text, c.paint))
		default:
			b.WriteString(painted(c.text, c.paint) + pad)
		}
	}
	return strings.TrimRight(b.String(), " ") + "\n"
}

// padded fills a text up to so many columns.
func padded(s string, columns int) string {
	return s + strings.Repeat(" ", max(columns-width(s), 0))
}

func painted(s, paint string) string {
	if paint == "" {
		return s
	}
	return paint + s + reset
}

// wrap breaks a text into lines of at most columns, at spaces where there are any; Chinese has
// none and is broken between characters.
func wrap(s string, columns int) []string {
	columns = max(columns, 20)
	var lines []string
	for width(s) > columns {
		cut := fit(s, columns)
		if space := strings.LastIndexByte(s[:cut], ' '); space > 0 {
			lines = append(lines, s[:space])
			s = s[space+1:]
			continue
		}
		lines = append(lines, s[:cut])
		s = s[cut:]
	}
	return append(lines, s)
}

// fit is how many bytes of s fit into so many columns.
func fit(s string, columns int) int {
	used := 0
	for i, r := range s {
		if used += measure.RuneWidth(r); used > columns {
			return i
		}
	}
	return len(s)
}
