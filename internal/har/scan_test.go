package har

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// passed passes a value over and reports whether the scanner took it for JSON.
func passed(in io.Reader) error {
	s := newScanner(io.MultiReader(in, strings.NewReader(" ")))
	if err := s.pass(); err != nil {
		return err
	}
	if c, err := s.peek(); err == nil {
		return fmt.Errorf("%q is left", c)
	}
	return nil
}

// FuzzScanner holds the scanner against encoding/json. It accepts what that accepts; and what it
// accepts beyond that is only in texts, which it does not look into.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{}`, `[1,"a\"b\\",{"k":null}]`, `{"a":[true,false,-1.5e+9]}`, `{"a":1,}`, `[1 2]`, `"\u00e9`, `[01]`, `{"a" 1}`, `nul`, strings.Repeat("[", 150)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := passed(bytes.NewReader(data))
		if slow := passed(iotest.OneByteReader(bytes.NewReader(data))); (slow == nil) != (err == nil) {
			t.Fatalf("%q: %v at once, %v byte by byte", data, err, slow)
		}
		list := len(data) > 0 && strings.ContainsAny(string(bytes.TrimLeft(data, " \t\r\n")[:min(1, len(bytes.TrimLeft(data, " \t\r\n")))]), `{[`)
		if json.Valid(data) && list && err != nil && bytes.Count(data, []byte("["))+bytes.Count(data, []byte("{")) <= maxDepth {
			t.Errorf("%q is JSON and was refused: %v", data, err)
		}
		if err == nil && !json.Valid(data) && !json.Valid(plainTexts(data)) {
			t.Errorf("%q is no JSON and was accepted", data)
		}
	})
}

// plainTexts empties the texts of a value.
func plainTexts(data []byte) []byte {
	var out []byte
	inside := false
	for i := 0; i < len(data); i++ {
		switch {
		case data[i] == '"':
			inside = !inside
			out = append(out, '"')
		case inside && data[i] == '\\':
			i++
		case !inside:
			out = append(out, data[i])
		}
	}
	return out
}

func TestScannerErrors(t *testing.T) {
	tests := []struct {
		text string
		want string
		cut  bool
	}{
		{"{\n \"a\": tru", "line 2, byte 11: the file ends in the middle; it was not saved completely", true},
		{"{\n \"a\": \"tru", "line 2, byte 12: the file ends in the middle; it was not saved completely", true},
		{"{\n\n \"a\"; 1}", `line 3, byte 7: ';' where ':' should be`, false},
		{`{"a": nix}`, `line 1, byte 9: no value in front of this`, false},
		{"[\"a\tb\"]", "", false}, // what stands in texts that are passed over is not looked at
		{`[1 2]`, `line 1, byte 3: '2' where ',' should be`, false},
		{strings.Repeat("[", 300), "line 1, byte 201: more than 200 arrays and objects in each other", false},
	}
	for _, tt := range tests {
		err := newScanner(strings.NewReader(tt.text)).pass()
		if err == nil && tt.want == "" {
			continue
		}
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != tt.want || syntax.Cut != tt.cut {
			t.Errorf("%.40q: error %v, want %s", tt.text, err, tt.want)
		}
	}
	broken := errors.New("the disk is gone")
	if err := newScanner(iotest.ErrReader(broken)).pass(); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

// TestScannerKeeps reads values in each way there is.
func TestScannerKeeps(t *testing.T) {
	long := strings.Repeat("x", maxShort)
	s := newScanner(strings.NewReader(`["a\nb", 12, null, {"x":1}, "` + long + `", "1.5", true, "body", 7, "\ud800 lone"]`))
	var got []string
	err := s.array(func(i int) error {
		switch i {
		case 5, 6:
			n, err := s.number()
			got = append(got, fmt.Sprint(n))
			return err
		case 7, 8:
			at, err := s.place()
			got = append(got, fmt.Sprint(at.size))
			return err
		}
		text, err := s.short()
		got = append(got, text)
		return err
	})
	want := []string{"a\nb", "12", "", "", "", "1.5", "-1", "6", "0", "\ufffd lone"}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, error %v, want %q", got, err, want)
	}
}
