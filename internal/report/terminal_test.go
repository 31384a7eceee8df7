package report

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeTerminal shows what is written to it like a terminal that breaks its lines anew when it is
// resized, as nearly all do. It knows the few sequences that the live view uses; any other is kept
// as text, so that a test sees it.
type fakeTerminal struct {
	mu      sync.Mutex // protects the following
	columns int
	rows    int
	lines   [][]rune // as they were written, not yet broken at the right edge
	line    int      // of the cursor
	at      int      // of the cursor, in runes of the line
}

func newFakeTerminal(columns, rows int) *fakeTerminal {
	return &fakeTerminal{columns: columns, rows: rows, lines: [][]rune{nil}}
}

func (f *fakeTerminal) size() (int, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.columns, f.rows
}

func (f *fakeTerminal) resize(columns, rows int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.columns, f.rows = columns, rows
}

// screenful is what stands there, its lines broken at the right edge.
func (f *fakeTerminal) screenful() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for i := range f.lines {
		for _, row := range f.broken(i) {
			out = append(out, strings.TrimRight(string(row), " "))
		}
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// broken are the rows of a line, at least one.
func (f *fakeTerminal) broken(line int) [][]rune {
	var rows [][]rune
	var row []rune
	used := 0
	for _, r := range f.lines[line] {
		w := measure.RuneWidth(r)
		if used+w > f.columns {
			rows, row, used = append(rows, row), nil, 0
		}
		row, used = append(row, r), used+w
	}
	return append(rows, row)
}

var sequence = regexp.MustCompile(`^\x1b\[([0-9;]*)([A-Za-z])`)

func (f *fakeTerminal) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for text := string(b); text != ""; {
		if m := sequence.FindStringSubmatch(text); m != nil {
			f.act(m[1], m[2])
			text = text[len(m[0]):]
			continue
		}
		r := []rune(text)[0]
		f.put(r)
		text = text[len(string(r)):]
	}
	return len(b), nil
}

func (f *fakeTerminal) put(r rune) {
	switch r {
	case '\r':
		f.at = f.begin()
	case '\n':
		f.line, f.at = f.line+1, 0
		if f.line == len(f.lines) {
			f.lines = append(f.lines, nil)
		}
	default:
		line := f.lines[f.line]
		for len(line) <= f.at {
			line = append(line, ' ')
		}
		line[f.at] = r
		f.lines[f.line] = line
		f.at++
	}
}

// begin is where the row of the cursor begins in its line.
func (f *fakeTerminal) begin() int {
	at := 0
	rows := f.broken(f.line)
	for _, row := range rows[:len(rows)-1] {
		if f.at < at+len(row) {
			break
		}
		at += len(row)
	}
	return at
}

func (f *fakeTerminal) act(parameter, final string) {
	switch final {
	case "m":
	case "A":
		n, _ := strconv.Atoi(parameter)
		for range n {
			f.up()
		}
	case "K":
		f.lines[f.line] = f.lines[f.line][:min(f.at, len(f.lines[f.line]))]
	case "J":
		f.lines[f.line] = f.lines[f.line][:min(f.at, len(f.lines[f.line]))]
		f.lines = f.lines[:f.line+1]
	default:
		for _, r := range "<" + parameter + final + ">" {
			f.put(r)
		}
	}
}

// up moves to the beginning of the row above.
func (f *fakeTerminal) up() {
	begin := f.begin()
	switch {
	case begin > 0:
		f.at = begin - 1
		f.at = f.begin()
	case f.line > 0:
		f.line--
		f.at = len(f.lines[f.line])
		f.at = f.begin()
	}
}

// TestFakeTerminal makes sure of the terminal that the tests of the live view believe.
func TestFakeTerminal(t *testing.T) {
	tests := []struct {
		why, text string
		columns   int
		want      string
	}{
		{"lines", "one\ntwo\n", 10, "one|two"},
		{"a long line is broken", "abcdefghijkl\n", 5, "abcde|fghij|kl"},
		{"wide characters are not split", "客服聊天", 5, "客服|聊天"},
		{"up and over", "one\ntwo\n\x1b[2AONE\x1b[K\n", 10, "ONE|two"},
		{"up over a broken line", "abcdefg\nx\n\x1b[3AAB", 5, "ABcde|fg|x"},
		{"clear below", "one\ntwo\nthree\n\x1b[2A\x1b[J", 10, "one"},
		{"back to the beginning", "^C\rabc", 10, "abc"},
		{"a sequence that it does not know shows", "a\x1b[5Xb", 10, "a<5X>b"},
	}
	for _, tt := range tests {
		f := newFakeTerminal(tt.columns, 24)
		f.Write([]byte(tt.text))
		if got := strings.Join(f.screenful(), "|"); got != tt.want {
			t.Errorf("%s: %q shows %q, want %q", tt.why, tt.text, got, tt.want)
		}
	}
}
