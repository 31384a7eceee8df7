package report

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakeTerminal shows what is written to it, on its ordinary screen or on the alternate one. When it
// is made narrower it cuts its lines. It knows the few sequences that the live view uses; any other
// shows as text, so that a test sees it.
type fakeTerminal struct {
	mu            sync.Mutex // protects the following
	columns, rows int
	ordinary      sheet
	alternate     *sheet // nil while the ordinary screen is shown
	hidden        bool   // the cursor
}

// sheet is one screen. A wide character is in the first of its cells, and the second has a 0.
type sheet struct {
	lines   [][]rune
	row, at int // of the cursor
}

func newFakeTerminal(columns, rows int) *fakeTerminal {
	return &fakeTerminal{columns: columns, rows: rows}
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
	for i, line := range f.shown().lines {
		f.shown().lines[i] = line[:min(len(line), columns)]
	}
}

func (f *fakeTerminal) shown() *sheet {
	if f.alternate != nil {
		return f.alternate
	}
	return &f.ordinary
}

// screenful is what stands there, without the empty end.
func (f *fakeTerminal) screenful() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, line := range f.shown().lines {
		line = slices.DeleteFunc(slices.Clone(line), func(r rune) bool { return r == 0 })
		out = append(out, strings.TrimRight(string(line), " "))
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

var sequence = regexp.MustCompile(`^\x1b\[([?0-9;]*)([A-Za-z])`)

func (f *fakeTerminal) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for text := string(b); text != ""; {
		if m := sequence.FindStringSubmatch(text); m != nil {
			f.act(m[1] + m[2])
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
	s, w := f.shown(), measure.RuneWidth(r)
	if r == '\n' || s.at+w > f.columns {
		s.row, s.at = s.row+1, 0
	}
	if f.alternate != nil && s.row >= f.rows { // it scrolls
		s.lines, s.row = s.lines[1:], f.rows-1
	}
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
	if r == '\n' {
		return
	}
	line := s.lines[s.row]
	for len(line) < s.at+w {
		line = append(line, ' ')
	}
	line[s.at] = r
	if w == 2 {
		line[s.at+1] = 0
	}
	s.lines[s.row] = line
	s.at += w
}

func (f *fakeTerminal) act(sequence string) {
	s := f.shown()
	switch {
	case strings.HasSuffix(sequence, "m"):
	case sequence == "?1049h":
		f.alternate = &sheet{}
	case sequence == "?1049l":
		f.alternate = nil
	case sequence == "?25l", sequence == "?25h":
		f.hidden = sequence == "?25l"
	case sequence == "H":
		s.row, s.at = 0, 0
	case sequence == "K", sequence == "J":
		if s.row < len(s.lines) {
			s.lines[s.row] = s.lines[s.row][:min(s.at, len(s.lines[s.row]))]
		}
		if sequence == "J" {
			s.lines = s.lines[:min(s.row+1, len(s.lines))]
		}
	default:
		for _, r := range "<" + sequence + ">" {
			f.put(r)
		}
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
		{"home and over", "one\ntwo\n\x1b[HON\x1b[K\n", 10, "ON|two"},
		{"clear below", "one\ntwo\nthree\n\x1b[Ha\x1b[J", 10, "a"},
		{"colours take no room", "\x1b[1;31mred\x1b[0m", 10, "red"},
		{"the alternate screen is another one", "one\n\x1b[?1049htwo", 10, "two"},
		{"which leaves the ordinary one as it was", "one\n\x1b[?1049htwo\x1b[?1049l\nthree", 10, "one||three"},
		{"the alternate screen scrolls", "\x1b[?1049h1\n2\n3\n4\n5", 10, "2|3|4|5"},
		{"a sequence that it does not know shows", "a\x1b[5Xb", 10, "a<5X>b"},
	}
	for _, tt := range tests {
		f := newFakeTerminal(tt.columns, 4)
		f.Write([]byte(tt.text))
		if got := strings.Join(f.screenful(), "|"); got != tt.want {
			t.Errorf("%s: %q shows %q, want %q", tt.why, tt.text, got, tt.want)
		}
	}
}
