package aicc

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// nested is an array of so many levels.
func nested(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }

func TestParseAnswer(t *testing.T) {
	chat := Downlink{Channel: "WEB", ControlType: Chat, SourceType: FromRobot, MediaType: Text, Content: "Hello", From: "c-1", To: "u-1"}
	with := func(change func(*Downlink)) []Downlink {
		d := chat
		change(&d)
		return []Downlink{d}
	}
	// poll is the answer with one message, to which fields are added.
	poll := func(more string) string {
		return `{"resultCode":"0","downlinkMessages":[{"channel":"WEB","controlType":"CHAT","sourceType":"ROBOT",` +
			`"mediaType":"TEXT","from":"c-1","to":"u-1"` + more + `}]}`
	}
	tests := []struct {
		name, body string
		want       Answer
		err        error
	}{
		// Section 2.5, habit by habit.
		{"result code as text", `{"resultCode":"0","resultDesc":"ok"}`, Answer{Code: "0", Desc: "ok"}, nil},
		{"result code as number", `{"resultCode":0}`, Answer{Code: "0"}, nil},
		{"long result code as number", `{"resultCode":10010000002}`, Answer{Code: CodeFlowControl}, nil},
		{"upload answers returnCode", `{"returnCode":"0","objectKey":"7c3f"}`, Answer{Code: "0", ObjectKey: "7c3f"}, nil},
		{"returnCode beside a null resultCode", `{"resultCode":null,"returnCode":3}`, Answer{Code: "3"}, nil},
		{"resultCode comes first", `{"returnCode":"1","resultCode":"0"}`, Answer{Code: "0"}, nil},
		{"resultDesc of another type is left out", `{"resultCode":"0","resultDesc":{"zh":"好"}}`, Answer{Code: "0"}, nil},
		{"timestamp as text", poll(`,"content":"Hello","timestamp":"1760000001200"`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.Timestamp = "1760000001200" })}, nil},
		{"timestamp as number", poll(`,"content":"Hello","timestamp":1760000001200`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.Timestamp = "1760000001200" })}, nil},
		{"isOfflineStatus as text", poll(`,"content":"Hello","isOfflineStatus":"true"`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.IsOffline = "true" })}, nil},
		{"isOfflineStatus as boolean", poll(`,"content":"Hello","isOfflineStatus":true`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.IsOffline = "true" })}, nil},
		{"contentType as number", poll(`,"content":"Hello","contentType":1,"mediaFileType":"png"`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.ContentType, d.MediaFileType = "1", "png" })}, nil},
		{"ids as numbers", `{"resultCode":"0","downlinkMessages":[{"from":2025010112345678,"to":17,"callId":9,"messageCode":5,"interIdx":2,"content":""}]}`,
			Answer{Code: "0", Messages: []Downlink{{From: "2025010112345678", To: "17", CallID: "9", MessageCode: "5", InterIdx: "2"}}}, nil},
		{"everything null", poll(`,"content":null,"senderNickname":null,"timestamp":null,"queueFlag":null,"mediaFileType":null,"isOfflineStatus":null`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.Content, d.NullContent = "", true })}, nil},
		{"content left out", poll(``),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.Content, d.NullContent = "", true })}, nil},
		{"content empty is not null", poll(`,"content":""`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.Content = "" })}, nil},
		{"unknown fields", poll(`,"content":"Hello","simQuestions":[{"q":1}],"senderAvatar":{}`), Answer{Code: "0", Messages: with(func(*Downlink) {})}, nil},
		{"escapes in content", poll(`,"content":"\u4f60\"\n\ud83d\udc4d"`),
			Answer{Code: "0", Messages: with(func(d *Downlink) { d.Content = "你\"\n👍" })}, nil},
		{"no messages: empty", `{"resultCode":"0","downlinkMessages":[]}`, Answer{Code: "0"}, nil},
		{"no messages: null", `{"resultCode":"0","downlinkMessages":null}`, Answer{Code: "0"}, nil},
		{"white space around and inside", " \r\n{ \"resultCode\" : \"0\" , \"downlinkMessages\" : [ ] }\n", Answer{Code: "0"}, nil},

		{"keys with escapes", `{"\u0072esultCode":"0","downlinkMessages":[{"con\u0074ent":"a"}]}`, Answer{Code: "0", Messages: []Downlink{{Content: "a"}}}, nil},
		{"keys of another case are other keys", `{"resultcode":"1","resultCode":"0","ResultCode":"2"}`, Answer{Code: "0"}, nil},
		{"the last of two values counts", `{"resultCode":"1","resultCode":"0","position":3,"position":null}`, Answer{Code: "0"}, nil},
		{"the last of two lists counts", `{"resultCode":"0","downlinkMessages":[{"content":"a"}],"downlinkMessages":[{"content":"b","content":null}]}`,
			Answer{Code: "0", Messages: []Downlink{{NullContent: true}}}, nil},
		{"half a surrogate pair", poll(`,"content":"\ud83d!"`), Answer{Code: "0", Messages: with(func(d *Downlink) { d.Content = "\ufffd!" })}, nil},
		{"unknown fields, as deep as they come", `{"resultCode":"0","x":` + nested(maxDepth-1) + `}`, Answer{Code: "0"}, nil},
		{"null in every field of a message", `{"resultCode":"0","downlinkMessages":[{"channel":null}]}`,
			Answer{Code: "0", Messages: []Downlink{{NullContent: true}}}, nil},

		// The endpoints.
		{"queue", `{"resultCode":"0","position":3,"totalWaitTime":12,"estimateWaitTime":35}`, Answer{Code: "0", Position: 3, EstimateWait: 35}, nil},
		{"queue with numbers as texts", `{"resultCode":"0","position":"3","estimateWaitTime":"35"}`, Answer{Code: "0", Position: 3, EstimateWait: 35}, nil},
		{"not queueing", `{"resultCode":"160021","position":null}`, Answer{Code: CodeWithAgent}, nil},
		{"download", `{"resultCode":"0","fileStream":"/9j/4AA="}`, Answer{Code: "0", FileStream: []byte("/9j/4AA=")}, nil},
		{"download with escaped slashes", `{"resultCode":"0","fileStream":"\/9j\/4AA="}`, Answer{Code: "0", FileStream: []byte("/9j/4AA=")}, nil},
		{"download of nothing is not a missing field", `{"resultCode":"0","fileStream":""}`, Answer{Code: "0", FileStream: []byte{}}, nil},
		{"download with null", `{"resultCode":"13","fileStream":null}`, Answer{Code: "13"}, nil},
		{"support", `{"resultCode":"0","webRTCSupported":true,"clickToCallSupported":true}`, Answer{Code: "0", ClickToCall: true}, nil},
		{"support as text", `{"resultCode":"0","clickToCallSupported":"true"}`, Answer{Code: "0", ClickToCall: true}, nil},
		{"no support", `{"resultCode":"0","clickToCallSupported":false}`, Answer{Code: "0"}, nil},

		// Bad shapes; what can be read is read.
		{"an HTML page", "<html>502</html>", Answer{}, ErrNotJSON},
		{"nothing", "", Answer{}, ErrNotJSON},
		{"cut off", `{"resultCode":"0","downlinkMe`, Answer{}, ErrNotJSON},
		{"two values", `{"resultCode":"0"}{"resultCode":"0"}`, Answer{}, ErrNotJSON},
		{"an array", `[{"resultCode":"0"}]`, Answer{}, ErrBadShape},
		{"a text", `"0"`, Answer{}, ErrBadShape},
		{"null", `null`, Answer{}, ErrNoCode},
		{"an empty object", `{}`, Answer{}, ErrNoCode},
		{"an empty code", `{"resultCode":""}`, Answer{}, ErrNoCode},
		{"null codes", `{"resultCode":null,"returnCode":null,"resultDesc":"?"}`, Answer{Desc: "?"}, ErrNoCode},
		{"a code that is an object", `{"resultCode":{"code":0},"resultDesc":"ok"}`, Answer{Desc: "ok"}, ErrBadShape},
		{"a code that is a boolean", `{"resultCode":true,"returnCode":"0"}`, Answer{Code: "0"}, ErrBadShape},
		{"a code that is an array", `{"resultCode":["0"]}`, Answer{}, ErrBadShape},
		{"a wrong value in front of a right one", `{"position":"third","resultCode":"0","position":3}`, Answer{Code: "0", Position: 3}, ErrBadShape},
		{"not UTF-8", "{\"resultCode\":\"0\",\"resultDesc\":\"caf\xe9\"}", Answer{Code: "0", Desc: "caf\ufffd"}, ErrBadShape},
		{"not UTF-8 where nobody reads", "{\"resultCode\":\"0\",\"x\":[\"\xe9\"]}", Answer{Code: "0"}, ErrBadShape},
		{"neither UTF-8 nor JSON", "caf\xe9", Answer{}, ErrNotJSON},
		{"a byte order mark", "\ufeff{\"resultCode\":\"0\"}", Answer{}, ErrNotJSON},
		{"too deep", `{"resultCode":"0","x":` + nested(maxDepth) + `}`, Answer{}, ErrNotJSON},
		{"messages without a code", strings.Replace(poll(`,"content":"Hello"`), `"resultCode":"0",`, "", 1),
			Answer{Messages: with(func(*Downlink) {})}, ErrNoCode},
		{"messages that are an object", `{"resultCode":"0","downlinkMessages":{"0":{}}}`, Answer{Code: "0"}, ErrBadShape},
		{"messages that are a text", `{"resultCode":"0","downlinkMessages":"[]"}`, Answer{Code: "0"}, ErrBadShape},
		{"a null message before a good one", `{"resultCode":"0","downlinkMessages":[null,{"content":"a"}]}`,
			Answer{Code: "0", Messages: []Downlink{{Content: "a"}}}, ErrBadShape},
		{"a message that is a text", `{"resultCode":"0","downlinkMessages":["a"]}`, Answer{Code: "0"}, ErrBadShape},
		{"content that is a number, between good ones", `{"resultCode":"0","downlinkMessages":[{"content":"a"},{"content":5},{"content":"b"}]}`,
			Answer{Code: "0", Messages: []Downlink{{Content: "a"}, {Content: "b"}}}, ErrBadShape},
		{"an empty message behind a good one", `{"resultCode":"0","downlinkMessages":[{"content":"a"},{}]}`,
			Answer{Code: "0", Messages: []Downlink{{Content: "a"}}}, ErrBadShape},
		{"a message of unknown fields only", `{"resultCode":"0","downlinkMessages":[{"text":"a"}]}`, Answer{Code: "0"}, ErrBadShape},
		{"a scalar that is an array", `{"resultCode":"0","downlinkMessages":[{"content":"a","timestamp":[1]}]}`,
			Answer{Code: "0"}, ErrBadShape},
		{"a position that is no number", `{"position":"third","resultCode":"0"}`, Answer{Code: "0"}, ErrBadShape},
		{"a stream that is no text", `{"fileStream":{"data":"x"},"resultCode":"0"}`, Answer{Code: "0"}, ErrBadShape},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseAnswer([]byte(test.body))
			if !errors.Is(err, test.err) {
				t.Errorf("error = %v, want %v\n%s", err, test.err, test.body)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s\n%s", diff, test.body)
			}
		})
	}
}

// The words of an error end up in reports, in front of people who do not read Go.
func TestParseAnswerErrors(t *testing.T) {
	const shape = "the body has the wrong shape: "
	tests := []struct{ body, want string }{
		{``, `the body is not JSON: it is empty`},
		{" \r\n", `the body is not JSON: it is empty`},
		{`<html><body>Bad Gateway`, `the body is not JSON: it begins with "<html><body>Bad Gateway"`},
		{`{}`, `the body has no result code`},
		{`[]`, shape + `it is an array`},
		{`"0"`, shape + `it is a text`},
		{"{\"resultDesc\":\"\xff\"}", shape + `it is not UTF-8`},
		{`{"resultCode":[]}`, shape + `resultCode is an array`},
		{`{"resultCode":true}`, shape + `resultCode is a boolean`},
		{`{"resultCode":"0","position":"third"}`, shape + `position is not a whole number`},
		{`{"resultCode":"0","fileStream":1}`, shape + `fileStream is a number`},
		{`{"resultCode":"0","downlinkMessages":"[]"}`, shape + `downlinkMessages is a text`},
		{`{"resultCode":"0","downlinkMessages":[{"to":"a"},null]}`, shape + `downlinkMessages[1] is null`},
		{`{"resultCode":"0","downlinkMessages":[[]]}`, shape + `downlinkMessages[0] is an array`},
		{`{"resultCode":"0","downlinkMessages":[{"to":"a"},{"to":"b"},{"timestamp":{}}]}`, shape + `downlinkMessages[2].timestamp is an object`},
		{`{"resultCode":"0","downlinkMessages":[{"content":5}]}`, shape + `downlinkMessages[0].content is a number`},
		{`{"resultCode":"0","downlinkMessages":[{"to":"a"},{}]}`, shape + `downlinkMessages[1] has no field of a message`},
		{`{"downlinkMessages":[7],"position":{}}`, shape + `downlinkMessages[0] is a number`},
		{`{"downlinkMessages":[{"to":"a"}],"position":{}}`, shape + `position is an object`},
	}
	for _, test := range tests {
		if _, err := ParseAnswer([]byte(test.body)); err == nil || err.Error() != test.want {
			t.Errorf("ParseAnswer(%s)\n got %v\nwant %s", test.body, err, test.want)
		}
	}
}

// A message that is written and read again is the same: nothing of it is lost on the way.
func FuzzDownlink(f *testing.F) {
	f.Add("a\u2028云", "1760000001200", "u-1", false)
	f.Add("", "", "", true)
	f.Fuzz(func(t *testing.T, content, stamp, user string, null bool) {
		text := func(s string) string { return strings.ToValidUTF8(s, "") }
		want := Downlink{ControlType: Chat, Content: text(content), Timestamp: Loose(text(stamp)), To: Loose(text(user))}
		body := append([]byte(`{"resultCode":0,"downlinkMessages":[{"controlType":"CHAT","content":`), "null"...)
		if want.NullContent = null; null {
			want.Content = ""
		} else {
			body = AppendString(bytes.TrimSuffix(body, []byte("null")), want.Content)
		}
		body = appendField(body, `,"timestamp":`, string(want.Timestamp))
		body = append(appendField(body, `,"to":`, string(want.To)), `}]}`...)
		got, err := ParseAnswer(body)
		if diff := cmp.Diff([]Downlink{want}, got.Messages, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("error %v, -want +got:\n%s\n%s", err, diff, body)
		}
	})
}
