package marker

import (
	"hash/crc32"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var said = time.UnixMicro(1760000001234567)

func sample() Marker {
	return Marker{Run: 0xdeadbeef, Session: 1234, Epoch: 2, Sender: Customer, Seq: 17, Cause: 5, At: said}
}

// same compares markers; the time only as an instant.
func same(a, b Marker) bool {
	at := a.At.Equal(b.At)
	a.At, b.At = time.Time{}, time.Time{}
	return at && a == b
}

// check parses content and compares everything.
func check(t *testing.T, content string, want Marker, wantText string, wantStatus Status) {
	t.Helper()
	got, text, status := Parse(content)
	if status != wantStatus || text != wantText || !same(got, want) {
		t.Errorf("Parse(%q)\n got %+v, %q, %d\nwant %+v, %q, %d", content, got, text, status, want, wantText, wantStatus)
	}
}

// The form is read by other programs and in trace files: it does not change by accident.
func TestForm(t *testing.T) {
	fin := sample()
	fin.Sender, fin.Cause, fin.Fin = Agent, NoCause, true
	tests := []struct {
		name   string
		marker Marker
		text   string
		head   string
	}{
		{"a text", sample(), "where is order 7?", "cb1.1ps9wxb.ya.2.c.h.5.hbv8u6vqmf.h."},
		{"length counts bytes", sample(), "云", "cb1.1ps9wxb.ya.2.c.h.5.hbv8u6vqmf.3."},
		{"the last of an agent that heard nothing", fin, "", "cb1.1ps9wxb.ya.2.A.h.-.hbv8u6vqmf.0."},
	}
	for _, test := range tests {
		got := string(Append([]byte("x"), test.marker, test.text))
		want := "x" + test.head + string(appendHex(nil, crc32.Checksum([]byte(test.head+test.text), table)))
		if test.text != "" {
			want += " " + test.text
		}
		if got != want {
			t.Errorf("%s\n got %q\nwant %q", test.name, got, want)
		}
	}
}

func randomMarker(r *rand.Rand) Marker {
	m := Marker{Run: r.Uint64() >> r.IntN(64), Session: int(r.Uint64() >> (24 + r.IntN(40))), Epoch: r.IntN(100),
		Sender: []Sender{Customer, Robot, Agent, System}[r.IntN(4)], Seq: int(r.Uint64() >> (24 + r.IntN(40))),
		Cause: r.IntN(50) - 1, At: time.UnixMicro(r.Int64() >> r.IntN(64)), Fin: r.IntN(4) == 0}
	return m
}

func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", " ", "a", "two words", "云客服", "cb1.", "ends in a blank ", "\x00\xff", strings.Repeat("long ", 90)}
	for range 20000 {
		m, text := randomMarker(r), texts[r.IntN(len(texts))]
		check(t, string(Append(nil, m, text)), m, text, Intact)
	}
	extreme := Marker{Run: math.MaxUint64, Session: 1<<40 - 1, Epoch: 1<<40 - 1, Sender: System, Seq: 1<<40 - 1, Cause: 1<<40 - 1,
		At: time.UnixMicro(math.MaxInt64)}
	check(t, string(Append(nil, extreme, "x")), extreme, "x", Intact)
	check(t, string(Append(nil, Marker{Sender: Robot, Cause: NoCause, At: time.UnixMicro(0)}, "")),
		Marker{Sender: Robot, Cause: NoCause, At: time.UnixMicro(0)}, "", Intact)
}

func TestParse(t *testing.T) {
	m := sample()
	text := "where is order 7?"
	token := string(Append(nil, m, text))
	other := m
	other.Sender, other.Seq = Robot, 3
	tests := []struct {
		name, content, text string
		marker              Marker
		status              Status
	}{
		{"alone", token, text, m, Intact},
		{"echoed inside another text", "You said: " + token + "!", text, m, Intact},
		{"behind Chinese", "您说：" + token + "。", text, m, Intact},
		{"behind something that begins like a marker", "cb1. is not one, cb1.zz neither: " + token, text, m, Intact},
		{"of two the first counts", string(Append(nil, other, "you said "+token)), "you said " + token, other, Intact},
		{"a damaged one is not passed over for an intact one", strings.Replace(token, "order", "0rder", 1) + token, "where is 0rder 7?", m, Damaged},
		{"nothing", "", "", Marker{}, Absent},
		{"plain text", "where is order 7?", "", Marker{}, Absent},
		{"only the beginning of one", "cb1.", "", Marker{}, Absent},
		{"the beginning again and again", strings.Repeat("cb1.", 50), "", Marker{}, Absent},
		{"a field that is empty", strings.Replace(token, ".ya.", "..", 1), "", Marker{}, Absent},
		{"a field that is too long", strings.Replace(token, ".ya.", "."+strings.Repeat("1", 14)+".", 1), "", Marker{}, Absent},
		{"a number below 0", strings.Replace(token, ".ya.", ".-1.", 1), "", Marker{}, Absent},
		{"a run that is no number", strings.Replace(token, "1ps9wxb", "1ps9wx!", 1), "", Marker{}, Absent},
		{"a run out of range", strings.Replace(token, "1ps9wxb", "zzzzzzzzzzzzz", 1), "", Marker{}, Absent},
		{"an unknown sender", strings.Replace(token, ".c.", ".x.", 1), "", Marker{}, Absent},
		{"a sender of two letters", strings.Replace(token, ".c.", ".cc.", 1), "", Marker{}, Absent},
		{"a length that is no number", strings.Replace(token, "qmf.h.", "qmf.!.", 1), "", Marker{}, Absent},
		{"a length out of range", strings.Replace(token, "qmf.h.", "qmf.zzzzzz.", 1), "", Marker{}, Absent},
		{"a length beyond the text", strings.Replace(token, "qmf.h.", "qmf.z.", 1), text, m, Damaged},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { check(t, test.content, test.marker, test.text, test.status) })
	}
}

// A checksum that was changed in case only is still a change.
func TestChecksumIsLowerCase(t *testing.T) {
	token := string(Append(nil, sample(), "x"))
	at := strings.LastIndexByte(token, '.') + 1
	upper := token[:at] + strings.ToUpper(token[at:at+crcSize]) + token[at+crcSize:]
	if upper == token {
		t.Fatalf("%q has no letter in its checksum: choose another sample", token)
	}
	if _, _, status := Parse(upper); status != Damaged {
		t.Errorf("Parse(%q) = %d, want %d", upper, status, Damaged)
	}
}

// Every change of one byte, be it in the marker or in the text, is seen.
func TestEveryByteChangeIsSeen(t *testing.T) {
	for _, text := range []string{"", "where is order 7? 云"} {
		token := Append(nil, sample(), text)
		for i := range token {
			original := token[i]
			for c := range 256 {
				if token[i] = byte(c); byte(c) == original {
					continue
				}
				if got, text, status := Parse(string(token)); status == Intact {
					t.Errorf("byte %d changed to %#x is not seen: Parse(%q) = %+v, %q", i, c, token, got, text)
				}
			}
			token[i] = original
		}
	}
}

// So is every deletion of a byte, and every exchange of two neighbours.
func TestEveryShiftIsSeen(t *testing.T) {
	token := string(Append(nil, sample(), "where is order 7?"))
	for i := range token {
		without := token[:i] + token[i+1:]
		if _, _, status := Parse(without); status == Intact {
			t.Errorf("deletion of byte %d is not seen: %q", i, without)
		}
		if i > 0 && token[i] != token[i-1] {
			swapped := token[:i-1] + token[i:i+1] + token[i-1:i] + token[i+1:]
			if _, _, status := Parse(swapped); status == Intact {
				t.Errorf("bytes %d and %d changed places unseen: %q", i-1, i, swapped)
			}
		}
	}
}

// A text that was cut somewhere is Absent up to the checksum, Damaged from there on, and what is
// left of the text is given back.
func TestEveryTruncationIsSeen(t *testing.T) {
	const text = "where is order 7? 云"
	token := string(Append(nil, sample(), text))
	checksum := len(token) - len(text) - 1 - crcSize
	for n := range len(token) {
		want := Absent
		if n >= checksum {
			want = Damaged
		}
		_, left, status := Parse(token[:n])
		if status != want || !strings.HasPrefix(text, left) {
			t.Errorf("Parse(%q) = %q, %d, want a part of the text and %d", token[:n], left, status, want)
		}
		if cut := n - checksum - crcSize - 1; cut > 0 && left != text[:cut] {
			t.Errorf("Parse(%q) gives the text %q, want %q", token[:n], left, text[:cut])
		}
	}
}

func TestNoAllocations(t *testing.T) {
	m, text := sample(), strings.Repeat("where is order 7? ", 20)
	room := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { Append(room, m, text) }); n != 0 {
		t.Errorf("Append: %v allocations, want none", n)
	}
	token := "You said: " + string(Append(nil, m, text))
	if n := testing.AllocsPerRun(100, func() { Parse(token) }); n != 0 {
		t.Errorf("Parse: %v allocations, want none", n)
	}
}

// Whatever is parsed, what is Intact is what Append would have written there.
func FuzzParse(f *testing.F) {
	f.Add(string(Append(nil, sample(), "where is order 7?")))
	f.Add("You said: " + string(Append(nil, Marker{Sender: System, Cause: NoCause, Fin: true}, "")))
	f.Add("cb1.1.2.3.c.4.5.6.zzzzz.00000000 x")
	f.Add("cb1.cb1.cb1.1.1.1.1.1.1.1.1")
	f.Fuzz(func(t *testing.T, content string) {
		m, text, status := Parse(content)
		switch status {
		case Absent:
			if text != "" || m != (Marker{}) {
				t.Errorf("Parse(%q) is Absent with %+v, %q", content, m, text)
			}
		case Intact, Damaged:
			if !strings.Contains(content, text) || m.Session < 0 || m.Epoch < 0 || m.Seq < 0 || m.Cause < NoCause {
				t.Errorf("Parse(%q) = %+v, %q", content, m, text)
			}
		default:
			t.Errorf("Parse(%q) has status %d", content, status)
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add("before", "text", uint64(1), uint16(3))
	f.Add("cb1.", "云", uint64(math.MaxUint64), uint16(9))
	f.Fuzz(func(t *testing.T, before, text string, seed uint64, cut uint16) {
		m := randomMarker(rand.New(rand.NewPCG(seed, 0)))
		token := string(Append(nil, m, text))
		if _, _, status := Parse(before); status != Absent {
			return
		}
		got, gotText, status := Parse(before + " " + token)
		if status != Intact || gotText != text || !same(got, m) {
			t.Errorf("Parse(%q) = %+v, %q, %d, want %+v, %q", before+" "+token, got, gotText, status, m, text)
		}
		part := token[:int(cut)%len(token)]
		if _, _, status := Parse(part); status == Intact && utf8.ValidString(part) {
			t.Errorf("Parse(%q) is Intact although %d bytes are missing", part, len(token)-len(part))
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	room, m := make([]byte, 0, 1024), sample()
	for b.Loop() {
		Append(room, m, "where is order 7? I have been waiting for it since Monday.")
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	token := string(Append(nil, sample(), "where is order 7? I have been waiting for it since Monday."))
	for b.Loop() {
		Parse(token)
	}
}

func TestMissing(t *testing.T) {
	m := Marker{Run: 7, Sender: Customer, Cause: NoCause, At: time.UnixMicro(1e15)}
	whole := string(Append(nil, m, "where is my order?"))
	bare := string(Append(nil, m, ""))
	for _, c := range []struct {
		why, content string
		want         int
	}{
		{"whole", whole, 0},
		{"quoted", "You said: " + whole + "!", 0},
		{"the end is missing", whole[:len(whole)-4], 4},
		{"the beginning is quoted", "You said: " + whole[:len(whole)-4] + "...", 1},
		{"nothing but the marker is left", whole[:len(bare)], len(whole) - len(bare)},
		{"the marker itself is cut", bare[:len(bare)-2], 2},
		{"another letter", strings.Replace(whole, "order", "odour", 1), 0},
		{"a wrong checksum and no text", bare[:len(bare)-1] + "g", 0},
		{"behind what merely looks like a marker", "cb1.x " + whole[:len(whole)-4], 4},
		{"no marker", "where is my order?", 0},
	} {
		if got := Missing(c.content); got != c.want {
			t.Errorf("%s: %d bytes are missing from %q, want %d", c.why, got, c.content, c.want)
		}
	}
}
