package trace

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"

	"github.com/google/go-cmp/cmp"
)

// standard is the line of an event as encoding/json writes it.
func standard(t *testing.T, e *Event) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(lineOf(e)); err != nil {
		t.Fatalf("encoding/json: %v for %+v", err, e)
	}
	return b.String()
}

// lineOf is the reverse of [line.event].
func lineOf(e *Event) *line {
	l := &line{Kind: e.Kind.String(), At: e.At, Customer: e.Customer, Epoch: e.Epoch, ID: e.ID,
		Intended: e.Intended, Late: e.Late, Probe: e.Probe, Fresh: e.Fresh, Token: e.Token, NoAccess: e.NoAccess, Async: e.Async, FileID: e.FileID, Local: e.Local,
		Chars: e.Chars, Bytes: e.Bytes, Asked: e.Asked, MaxWait: e.MaxWait, Grant: e.Grant, User: e.User,
		Started: e.Started, Class: e.Class.String(), Status: e.Status, Code: e.Code, Shape: e.Shape, Error: e.Error,
		Dial: e.Dial, Count: e.Count, Position: e.Position, Estimate: e.Estimate, NewToken: e.NewToken, Got: e.Got, NoBody: e.NoBody, File: e.File,
		Index: e.Index, Midway: e.Midway, Flow: e.Flow, Name: e.Name, Missed: e.Missed, Record: e.Record, Ended: e.Ended,
		Ask: e.Ask, Note: e.Note, Skip: e.Skip}
	if e.Op != aicc.OpNone {
		l.Op = e.Op.String()
	}
	if e.Seq >= 0 && (e.Kind == Invoke || e.Kind == Return) {
		l.Seq = &e.Seq
	}
	if e.Message != nil {
		l.Message = &message{Downlink: *e.Message, Null: e.Message.NullContent}
	}
	return l
}

// differ tells when the line of an event is not what encoding/json writes.
func differ(t *testing.T, why string, e *Event) {
	t.Helper()
	got, want := string(appendEvent(nil, e)), standard(t, e)
	if got != want {
		t.Errorf("%s: line (-encoding/json +got):\n%s", why, cmp.Diff(want, got))
	}
}

func TestAppendEvent(t *testing.T) {
	for _, e := range events() {
		differ(t, "a whole "+e.Kind.String(), &e)
	}
	for _, tt := range []struct {
		why string
		e   Event
	}{
		{"nothing at all", Event{}},
		{"a kind that there is not", Event{Kind: 200, Op: 200, Class: 200}},
		{"the first number of a marker is not left out", Event{Kind: Invoke, Seq: 0}},
		{"a number that only calls have", Event{Kind: Step, Seq: 3}},
		{"no number", Event{Kind: Return, Seq: -1}},
		{"times before the start", Event{Kind: Return, At: -1, Intended: math.MinInt64, Started: -12}},
		{"the largest numbers", Event{At: math.MaxInt64, Customer: math.MaxInt, ID: math.MaxUint32, Count: math.MinInt}},
		{"about no customer", Event{Kind: Stop, Customer: everybody, Epoch: everybody, Ended: Gone}},
		{"empty parts", Event{Message: &aicc.Downlink{}, Grant: &Grant{}, File: &File{}, Record: &Record{}}},
		{"a message without content and one with an empty one differ", Event{Message: &aicc.Downlink{NullContent: true}}},
		{"lists of nothing", Event{Record: &Record{Senders: []Said{}, Shown: [][2]int{}, Files: []File{}, Faults: []string{}}}},
		{"lists of zeros", Event{Record: &Record{Senders: make([]Said, 2), Shown: make([][2]int, 2), Files: make([]File, 2), Uploads: make([]File, 1), Faults: make([]string, 2)}}},
		{"control characters", Event{Name: "\x00\x01\b\f\n\r\t\x1f\x7f"}},
		{"quotes, backslashes and HTML", Event{Name: `"\/<>&'`}},
		{"invalid UTF-8", Event{Name: "a\xff\xc0\x80 \xed\xa0\x80 \xe4\xbd", Code: "\xff"}},
		{"line ends of old scripts, and the largest character", Event{Error: "\u2028\u2029\ufffd\U0010ffff"}},
		{"a huge text", Event{Message: &aicc.Downlink{Content: strings.Repeat("你好\n", 1<<18)}}},
	} {
		differ(t, tt.why, &tt.e)
	}
}

// TestAppendEventWritesEveryField sets each field by itself, with all there is in it, so that none
// is forgotten when one is added.
func TestAppendEventWritesEveryField(t *testing.T) {
	f := filler{rng: rand.New(rand.NewPCG(1, 2)), text: "x", share: 1}
	for i := range reflect.TypeFor[Event]().NumField() {
		e := Event{Kind: Return, Seq: -1}
		f.fill(reflect.ValueOf(&e).Elem().Field(i))
		differ(t, reflect.TypeFor[Event]().Field(i).Name, &e)
	}
}

func FuzzEncodeEvent(f *testing.F) {
	for seed, text := range []string{"", "hello", "你好 \"x\"", "\x00\x1f\\\n", "\xff\xe4\xbd", "a\u2028b\u2029", strings.Repeat("long ", 1000)} {
		f.Add(uint64(seed), uint8(seed), text)
	}
	f.Fuzz(func(t *testing.T, seed uint64, share uint8, text string) {
		var e Event
		fill := filler{rng: rand.New(rand.NewPCG(seed, 7)), text: text, share: float64(share) / 255}
		fill.fill(reflect.ValueOf(&e).Elem())
		e.Kind %= finish + 1
		differ(t, "random fields", &e)
		again := append([]byte("before\n"), standard(t, &e)...)
		if got := appendEvent([]byte("before\n"), &e); !bytes.Equal(got, again) {
			t.Errorf("behind another line: %q, want %q", got, again)
		}
	})
}

// filler sets fields of any type to anything but zero.
type filler struct {
	rng   *rand.Rand
	text  string  // pieces of it are the texts
	share float64 // of the fields that are set, 0 to 1
}

func (f *filler) fill(v reflect.Value) {
	if v.Kind() != reflect.Struct && f.rng.Float64() >= f.share {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(max(f.rng.Uint64()>>f.rng.IntN(64), 1))) // the largest are negative
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(max(f.rng.Uint64()>>f.rng.IntN(64)&(1<<v.Type().Bits()-1), 1))
	case reflect.String:
		v.SetString(f.piece())
	default:
		f.fillParts(v)
	}
}

// piece is a part of the text, not empty unless the text is. It may cut a character in two.
func (f *filler) piece() string {
	if f.text == "" {
		return ""
	}
	from := f.rng.IntN(len(f.text))
	return f.text[from : from+1+f.rng.IntN(len(f.text)-from)]
}

// fillParts sets what a field consists of.
func (f *filler) fillParts(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+f.rng.IntN(3), 4))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[marker.Marker]() {
			return // read from the content, and not in the file
		}
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	default:
		panic("a field of type " + v.Type().String()) // which the filler does not know yet
	}
}
