package aicc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// oracle is ParseAnswer with encoding/json: slow, and different in every line that reads JSON. Its
// errors are the bare sentinels.
type oracle struct {
	answer     Answer
	returnCode string
	bad        bool
}

func (o *oracle) parse(body []byte) (Answer, error) {
	if !json.Valid(body) {
		return Answer{}, ErrNotJSON
	}
	o.bad = !utf8.Valid(body)
	switch kindOf(body) {
	case isObject:
		for _, m := range members(body) {
			o.field(m.key, m.value)
		}
	case isNull:
	default:
		o.bad = true
	}
	if o.answer.Code == "" {
		o.answer.Code = o.returnCode
	}
	switch {
	case o.bad:
		return o.answer, ErrBadShape
	case o.answer.Code == "":
		return o.answer, ErrNoCode
	}
	return o.answer, nil
}

type member struct {
	key   string
	value json.RawMessage
}

// members splits an object that is known to be JSON.
func members(object []byte) []member {
	var all []member
	d := json.NewDecoder(bytes.NewReader(object))
	for d.Token(); d.More(); {
		key, _ := d.Token()
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			panic(err) // the caller has seen that it is JSON
		}
		all = append(all, member{key.(string), value})
	}
	return all
}

func kindOf(raw []byte) kind {
	switch bytes.TrimLeft(raw, " \t\r\n")[0] {
	case '{':
		return isObject
	case '[':
		return isArray
	case '"':
		return isText
	case 't', 'f':
		return isBoolean
	case 'n':
		return isNull
	}
	return isNumber
}

// scalar reads what is of one of the kinds; null is empty.
func (o *oracle) scalar(raw json.RawMessage, kinds ...kind) string {
	var l Loose
	for _, k := range append(kinds, isNull) {
		if kindOf(raw) == k {
			json.Unmarshal(raw, &l)
			return string(l)
		}
	}
	o.bad = true
	return ""
}

func (o *oracle) count(raw json.RawMessage) int {
	text := o.scalar(raw, isText, isNumber, isBoolean)
	if text == "" {
		return 0
	}
	if whole, fraction, ok := strings.Cut(text, "."); ok && strings.Trim(fraction, "0") == "" {
		text = whole // 35.0 is a whole number, too
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		o.bad = true
		return 0
	}
	return n
}

func (o *oracle) field(key string, raw json.RawMessage) {
	a := &o.answer
	switch key {
	case "resultCode":
		a.Code = o.scalar(raw, isText, isNumber)
	case "returnCode":
		o.returnCode = o.scalar(raw, isText, isNumber)
	case "resultDesc":
		a.Desc = (&oracle{}).scalar(raw, isText)
	case "position":
		a.Position = o.count(raw)
	case "estimateWaitTime":
		a.EstimateWait = o.count(raw)
	case "configMaxcWaitTime":
		a.MaxWait = o.count(raw)
	case "objectKey":
		a.ObjectKey = o.scalar(raw, isText, isNumber, isBoolean)
	case "clickToCallSupported":
		flag := o.scalar(raw, isText, isNumber, isBoolean)
		a.ClickToCall = flag == "true" || flag == "1"
	case "fileStream":
		text := o.scalar(raw, isText)
		switch a.FileStream = nil; {
		case kindOf(raw) != isText:
		case bytes.IndexByte(raw, '\\') < 0:
			a.FileStream = raw[1 : len(raw)-1] // as it is, UTF-8 or not
		default:
			a.FileStream = []byte(text)
		}
	case "downlinkMessages":
		o.messages(raw)
	}
}

func (o *oracle) messages(raw json.RawMessage) {
	o.answer.Messages = nil
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		o.bad = true
	}
	for _, e := range elements {
		if d, ok := message(e); ok {
			o.answer.Messages = append(o.answer.Messages, d)
		} else {
			o.bad = true
		}
	}
}

// message reads a message by the tags of [Downlink], which the code under test does not look at.
func message(raw json.RawMessage) (d Downlink, ok bool) {
	if kindOf(raw) != isObject {
		return d, false
	}
	d.NullContent = true
	known, fields := false, reflect.ValueOf(&d).Elem()
	o := oracle{}
	for _, m := range members(raw) {
		for i := range fields.NumField() {
			name, _, _ := strings.Cut(fields.Type().Field(i).Tag.Get("json"), ",")
			if name != m.key || name == "-" {
				continue
			}
			kinds := []kind{isText}
			if fields.Field(i).Type() == reflect.TypeFor[Loose]() {
				kinds = []kind{isText, isNumber, isBoolean}
			}
			known = true
			fields.Field(i).SetString(o.scalar(m.value, kinds...))
			if name == "content" {
				d.NullContent = kindOf(m.value) == isNull
			}
		}
	}
	return d, known && !o.bad
}

// compare holds ParseAnswer against the oracle, and sees to it that the texts of an answer do not
// share the memory of the body, which is borrowed.
func compare(t *testing.T, body []byte) {
	t.Helper()
	want, wantErr := (&oracle{}).parse(body)
	given := bytes.Clone(body)
	got, err := ParseAnswer(given)
	if !bytes.Equal(given, body) {
		t.Fatalf("the body was changed to %q\n%q", given, body)
	}
	got.FileStream = bytes.Clone(got.FileStream)
	for i := range given {
		given[i] = '#'
	}
	if !errors.Is(err, wantErr) || !reflect.DeepEqual(want, got) {
		t.Fatalf("error = %v, want %v; -want +got:\n%s\n%q", err, wantErr, cmp.Diff(want, got), body)
	}
}

// hostile are bodies at the edges of JSON, and at the edges of what the code does by hand.
var hostile = []struct{ reason, body string }{
	{"nothing", ``},
	{"white space only", " \t\r\n"},
	{"other white space is none", "\v{}"},
	{"a NUL is not the end", "{\"resultCode\":\"0\"}\x00"},
	{"a NUL in front", "\x00{}"},
	{"a poll", `{"resultCode":"0","resultDesc":"ok","downlinkMessages":[` + benchMessage + "," + benchMessage + `]}`},
	{"every field of the other calls", `{"returnCode":13,"position":"3","estimateWaitTime":35,"configMaxcWaitTime":-0,"objectKey":7,"fileStream":"\/9j\u0041","clickToCallSupported":1}`},
	{"every kind of value that nobody reads", `{"resultCode":"0","a":[1,-0.5e+7,true,false,null,"x",{},[],{"b":{"c":[[]]}}],"d":1E9}`},
	{"a comma too many", `{"resultCode":"0",}`},
	{"a comma too many in a list", `{"resultCode":"0","x":[1,]}`},
	{"a comma missing", `{"resultCode":"0" "x":1}`},
	{"a comma in front", `{,"resultCode":"0"}`},
	{"a colon missing", `{"resultCode" "0"}`},
	{"a key without quotes", `{resultCode:"0"}`},
	{"a bracket of the other kind", `{"resultCode":"0","x":[1}`},
	{"brackets that cross", `{"x":[{"y":[}]]}`},
	{"a list in place of a key", `{"resultCode":"0","x":{[]:1}}`},
	{"single quotes", `{'resultCode':'0'}`},
	{"a comment", `{"resultCode":"0"/**/}`},
	{"a leading zero", `{"resultCode":01}`},
	{"a plus sign", `{"resultCode":+1}`},
	{"a point without digits", `{"resultCode":1.}`},
	{"digits without a number", `{"resultCode":.5}`},
	{"half an exponent", `{"resultCode":1e}`},
	{"half a negative number", `{"resultCode":-}`},
	{"not a number", `{"resultCode":NaN}`},
	{"a number as long as one likes", `{"resultCode":0,"position":123456789012345678901234567890}`},
	{"a number that is not whole", `{"resultCode":0.0,"position":1e2}`},
	{"half a word", `{"resultCode":nul}`},
	{"a word too long", `{"resultCode":nulll}`},
	{"a word in capitals", `{"resultCode":True}`},
	{"an unknown escape", `{"resultCode":"\x"}`},
	{"half an escape", `{"resultCode":"\u00`},
	{"an escape that is no number", `{"resultCode":"\u00g0"}`},
	{"escapes in either case", `{"resultCode":"\u00Ea\u00eA"}`},
	{"all short escapes", `{"resultCode":"\"\\\/\b\f\n\r\t"}`},
	{"an escape at the end of a text", `{"resultCode":"0\"}`},
	{"a zero as an escape", `{"resultCode":"\u0000"}`},
	{"a line end in a text", "{\"resultCode\":\"0\n\"}"},
	{"delete is no control character to JSON", "{\"resultCode\":\"\x7f\"}"},
	{"a control character behind seven bytes", "{\"resultCode\":\"1234567\x1f\"}"},
	{"a surrogate pair", `{"resultCode":"\ud83d\udc4d"}`},
	{"a high surrogate and a letter", `{"resultCode":"\ud83d\u0041"}`},
	{"a low surrogate first", `{"resultCode":"\udc4d\ud83d"}`},
	{"two high ones, then a low one", `{"resultCode":"\ud83d\ud83d\udc4d"}`},
	{"a high surrogate at the end", `{"resultCode":"\ud83d"}`},
	{"a high surrogate in front of another escape", `{"resultCode":"\ud83d\nabcd"}`},
	{"a surrogate in UTF-8", "{\"resultCode\":\"\xed\xa0\x80\"}"},
	{"a long form of a quote", "{\"resultCode\":\"\xc0\xa2\"}"},
	{"half a character in front of the quote", "{\"resultCode\":\"\xe4\xba\"}"},
	{"Latin-1 beside an escape", "{\"resultCode\":\"\xe9\\n\xe9\"}"},
	{"Latin-1 in a key", "{\"resultCode\":\"0\",\"\xe9\":1}"},
	{"Latin-1 in a stream", "{\"resultCode\":\"0\",\"fileStream\":\"\xe9\"}"},
	{"Latin-1 outside of texts", "{\"resultCode\":\xe9}"},
	{"bytes that grow: each becomes three", "{\"resultCode\":\"" + strings.Repeat("\xff", 2000) + "\",\"resultDesc\":\"behind\"}"},
	{"texts longer than a piece", `{"resultCode":"` + strings.Repeat("a", 3*maxPiece) + `","resultDesc":"behind","objectKey":"` + strings.Repeat("b", 3*maxPiece) + `"}`},
	{"more texts than a piece holds", `{"resultCode":"0","downlinkMessages":[` + strings.Repeat(`{"content":"abcdefghijklmnopqrstuvwxyz"},`, 99) + `{}]}`},
	{"a stream with escapes", `{"resultCode":"0","fileStream":"\/9j\/"}`},
	{"a null stream behind another", `{"resultCode":"0","fileStream":"a","fileStream":null}`},
	{"a description of another type behind one", `{"resultCode":"0","resultDesc":"a","resultDesc":5}`},
	{"all elements of a list are wrong", `{"resultCode":"0","downlinkMessages":[null,1,"a",true,[],{},{"content":1},{"x":{}}]}`},
	{"a wrong element between good ones", `{"resultCode":"0","downlinkMessages":[{"to":1},{"content":1,"from":2},{"to":true}]}`},
	{"a broken message", `{"resultCode":"0","downlinkMessages":[{"to":1},{"to":}]}`},
	{"a list that is not closed", `{"resultCode":"0","downlinkMessages":[{"to":1}`},
	{"braces in a text", `{"resultCode":"0","downlinkMessages":[{"content":"` + strings.Repeat("{", 500) + `"}]}`},
	{"a list as deep as may be", nested(maxDepth)},
	{"a list one deeper", nested(maxDepth + 1)},
	{"objects as deep as may be", `{"downlinkMessages":[{"a":` + strings.Repeat(`{"b":`, maxDepth-3) + `0` + strings.Repeat(`}`, maxDepth)[:maxDepth-3] + `}]}`},
	{"objects one deeper", `{"downlinkMessages":[{"a":` + strings.Repeat(`{"b":`, maxDepth-2) + `0` + strings.Repeat(`}`, maxDepth)[:maxDepth-2] + `}]}`},
	{"wide, not deep", `{"x":[` + strings.Repeat(`[],{},[0],{"a":0},`, maxDepth) + `0]}`},
}

func TestAgainstOracle(t *testing.T) {
	for _, test := range hostile {
		t.Run(test.reason, func(t *testing.T) { compare(t, []byte(test.body)) })
	}
}

// TestEveryField puts a value of every kind into every field, alone and in front of another.
func TestEveryField(t *testing.T) {
	values := []string{`null`, `""`, `"0"`, `"a"`, `1`, `1.5`, `true`, `false`, `{}`, `{"a":[]}`, `[]`, `[1]`, `[{"to":1}]`}
	fields := []string{"x"}
	for i := range reflect.TypeFor[Downlink]().NumField() {
		name, _, _ := strings.Cut(reflect.TypeFor[Downlink]().Field(i).Tag.Get("json"), ",")
		fields = append(fields, name)
	}
	for _, key := range append(fields, "resultCode", "returnCode", "resultDesc", "position", "estimateWaitTime", "configMaxcWaitTime",
		"objectKey", "fileStream", "clickToCallSupported", "downlinkMessages") {
		for _, value := range values {
			for _, second := range values {
				field := fmt.Sprintf(`{"%s":%s}`, key, value)
				both := fmt.Sprintf(`{"%s":%s,"%[1]s":%s}`, key, value, second)
				for _, body := range []string{field, both, `{"resultCode":0,"downlinkMessages":[` + field + `,` + both + `]}`} {
					compare(t, []byte(body))
				}
			}
		}
	}
}

// TestDamaged cuts bodies off behind each byte, and puts bytes that matter to JSON in the place of
// each.
func TestDamaged(t *testing.T) {
	for _, test := range hostile {
		body := []byte(test.body)
		if len(body) > 1000 {
			continue
		}
		for i := range body {
			compare(t, body[:i])
			for _, c := range []byte("\"\\{}[],:0-n \x1f\xe9") {
				damaged := bytes.Clone(body)
				damaged[i] = c
				compare(t, damaged)
			}
		}
	}
}

// TestRandom makes bodies that are nearly right: known keys in any place, with values of all kinds.
func TestRandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		compare(t, []byte(randomValue(rng, 0)))
	}
}

func randomValue(rng *rand.Rand, depth int) string {
	atoms := []string{`"0"`, `0`, `-1.5e3`, `true`, `null`, `""`, `"a\nb"`, `"好"`, `"\ud83d\udc4d"`, `"\ud83d"`, "\"\xe9\"", `"35"`, ` {} `, `[]`, `[ ]`, `x`}
	n := rng.IntN(4)
	switch dice := rng.IntN(10); {
	case depth > 3 || depth > 0 && dice < 5:
		return atoms[min(rng.IntN(3*len(atoms)), rng.IntN(len(atoms)))]
	case depth > 0 && dice < 7:
		elements := make([]string, n)
		for i := range elements {
			elements[i] = randomValue(rng, depth+1)
		}
		return "[" + strings.Join(elements, ",") + "]"
	}
	keys := []string{"resultCode", "returnCode", "resultDesc", "position", "objectKey", "fileStream", "clickToCallSupported", "downlinkMessages",
		"downlinkMessages", "downlinkMessages", "content", "content", "from", "timestamp", "mediaType", "c\\u006fntent", "Content", "x"}
	members := make([]string, n)
	for i := range members {
		members[i] = `"` + keys[rng.IntN(len(keys))] + `" :` + randomValue(rng, depth+1)
	}
	return "{" + strings.Join(members, ",") + "}"
}

// FuzzParseAnswer wants the oracle's answer for any body, and of the parsers of tokens that they
// say what is wrong in one of three ways.
func FuzzParseAnswer(f *testing.F) {
	for _, seed := range hostile {
		if len(seed.body) < 1000 { // long ones keep the fuzzer busy with making them shorter
			f.Add([]byte(seed.body))
		}
	}
	for _, seed := range []string{`{"token":"abcdefgh","resultCode":"0"}`, `abcdefgh`, `{"AccessToken":"a","Expires":"600"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		compare(t, body)
		_, errApp := ParseAppToken(body)
		_, _, errUser := ParseUserToken(body)
		for _, err := range []error{errApp, errUser} {
			known := err == nil || errors.Is(err, ErrNotJSON) || errors.Is(err, ErrNoCode) || errors.Is(err, ErrBadShape)
			if !known || json.Valid(body) && errors.Is(err, ErrNotJSON) {
				t.Errorf("error %v for %q", err, body)
			}
		}
	})
}
