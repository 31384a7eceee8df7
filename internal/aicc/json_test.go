package aicc

import (
	"bytes"
	"encoding/json"
	"testing"
)

// standard is how encoding/json writes s without escapes for HTML.
func standard(t testing.TB, s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		t.Fatalf("encoding/json refuses %q: %v", s, err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}

var jsonStrings = []struct{ name, text string }{
	{"nothing", ""},
	{"plain text is copied", "where is order 7?"},
	{"quotes and backslashes", `say "a\b"`},
	{"short escapes", "\b\f\n\r\t"},
	{"other control characters", "\x00\x01\x1f"},
	{"delete needs no escape", "\x7f"},
	{"HTML is left alone", "<a href='x'>&</a>"},
	{"Chinese", "请问我的订单在哪里？"},
	{"beyond the basic plane", "👍🏽"},
	{"line separators of old scripts", "a\u2028b\u2029c"},
	{"invalid bytes one by one", "a\xffb\xc0\xafc"},
	{"a rune cut off at the end", "云"[:2]},
	{"a surrogate in UTF-8", "\xed\xa0\x80"},
	{"a replacement character that was there", "\ufffd"},
}

func TestAppendString(t *testing.T) {
	for _, test := range jsonStrings {
		t.Run(test.name, func(t *testing.T) {
			if got, want := string(AppendString([]byte("x"), test.text)), "x"+standard(t, test.text); got != want {
				t.Errorf("AppendString(%q) = %s, want %s", test.text, got, want)
			}
		})
	}
}

func FuzzAppendString(f *testing.F) {
	for _, test := range jsonStrings {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := string(AppendString(nil, s)), standard(t, s); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", s, got, want)
		}
	})
}
