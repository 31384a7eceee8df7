package aicc

import (
	"strings"
	"testing"
)

// The eight bytes that are looked at together must not disturb each other: each byte is tried in
// each place, among bytes that carry into their neighbours.
func TestPlainEnd(t *testing.T) {
	for c := range 256 {
		special := c < ' ' || c == '"' || c == '\\'
		for _, around := range []string{"a", " ", "!", "#", "[", "]", "\x7f", "\x80", "\xff"} {
			for place := range 19 {
				b := []byte(strings.Repeat(around, 19))
				b[place] = byte(c)
				want := len(b)
				if special {
					want = place
				}
				for from := range place + 1 {
					if got := plainEnd(b, from); got != want {
						t.Fatalf("plainEnd(%q, %d) = %d, want %d", b, from, got, want)
					}
				}
			}
		}
	}
}

func TestEscapeLen(t *testing.T) {
	tests := []struct {
		text string
		want int
		why  string
	}{
		{``, 0, "nothing"},
		{`n`, 0, "no backslash"},
		{`\`, 0, "cut off"},
		{`\n`, 2, "short"},
		{`\/`, 2, "a solidus may be escaped"},
		{`\'`, 0, "a single quote may not"},
		{`\U0041`, 0, "the u is small"},
		{`\u0041x`, 6, "four digits"},
		{`\uABcd`, 6, "digits in either case"},
		{`\u004`, 0, "three digits and the end"},
		{`\u004g`, 0, "no digit"},
		{`\u00@0`, 0, "beside the letters"},
		{`\u00` + "`0", 0, "beside the small letters"},
	}
	for _, test := range tests {
		if got := escapeLen([]byte(test.text)); got != test.want {
			t.Errorf("escapeLen(%q) = %d, want %d: %s", test.text, got, test.want, test.why)
		}
	}
}
