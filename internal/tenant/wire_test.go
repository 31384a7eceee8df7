package tenant

import (
	"encoding/json"
	"fmt"
	"testing"
)

func FuzzAppendText(f *testing.F) {
	for _, s := range []string{"", "plain", "quo\"te", `back\slash`, "line\nend\r\t", "\x00\x1f\x7f", "客服 é 😀", "\xff\xfe broken \xc3", "\u2028<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendText(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("appendText(%q) = %s: %v", s, b, err)
		}
		if want := string([]rune(s)); got != want { // every broken byte becomes one replacement character
			t.Errorf("appendText(%q) reads as %q, want %q", s, got, want)
		}
	})
}

func TestIsNumber(t *testing.T) {
	for s, want := range map[string]bool{"0": true, "160021": true, "": false, "01": false, "-1": false, "x": false, "1e3": false} {
		if got := isNumber(s); got != want {
			t.Errorf("isNumber(%q) = %v, want %v: it is written into JSON as it is", s, got, want)
		}
	}
}

func TestShardsForgetTheDead(t *testing.T) {
	s := newShards[int]()
	alive := func(int) bool { return false }
	for i := range 5000 {
		s.put(fmt.Sprint("living ", i), func() int { return i }, alive)
	}
	for i := range 50_000 {
		s.put(fmt.Sprint("dead ", i), func() int { return -1 }, func(v int) bool { return v < 0 })
	}
	if n := s.len(); n < 5000 || n > 2*(5000+shardCount*smallestSweep) {
		t.Errorf("%d values are kept, want the 5000 living ones and about as many dead ones at most", n)
	}
	for i := range 5000 {
		if v, ok := s.get([]byte(fmt.Sprint("living ", i))); !ok || v != i {
			t.Fatalf("living %d = %d, %v", i, v, ok)
		}
	}
	if got := s.put("living 7", func() int { return 0 }, alive); got != 7 {
		t.Errorf("put over a value gives %d, want the one that was there", got)
	}
}

func TestFirstRunes(t *testing.T) {
	for _, tt := range []struct {
		s    string
		n    int
		want string
	}{{"abc", 5, "abc"}, {"abc", 3, "abc"}, {"abc", 2, "ab"}, {"日本語", 1, "日"}, {"abc", 0, ""}, {"abc", -1, ""}, {"", 3, ""}} {
		if got := firstRunes(tt.s, tt.n); got != tt.want {
			t.Errorf("firstRunes(%q, %d) = %q, want %q", tt.s, tt.n, got, tt.want)
		}
	}
}
