package aicc

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

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
		{"white space around and inside", " \r\n{ \"resultCode\" : \"0\" , \"downlinkMessages\" : [ ] }\n", Answer{Code: "0", Messages: []Downlink{}}, nil},

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
		{"messages without a code", strings.Replace(poll(`,"content":"Hello"`), `"resultCode":"0",`, "", 1),
			Answer{Messages: with(func(*Downlink) {})}, ErrNoCode},
		{"messages that are an object", `{"resultCode":"0","downlinkMessages":{"0":{}}}`, Answer{Code: "0"}, ErrBadShape},
		{"messages that are a text", `{"resultCode":"0","downlinkMessages":"[]"}`, Answer{Code: "0"}, ErrBadShape},
		{"a null message before a good one", `{"resultCode":"0","downlinkMessages":[null,{"content":"a"}]}`,
			Answer{Code: "0", Messages: []Downlink{{Content: "a"}}}, ErrBadShape},
		{"a message that is a text", `{"resultCode":"0","downlinkMessages":["a"]}`, Answer{Code: "0", Messages: []Downlink{}}, ErrBadShape},
		{"content that is a number, between good ones", `{"resultCode":"0","downlinkMessages":[{"content":"a"},{"content":5},{"content":"b"}]}`,
			Answer{Code: "0", Messages: []Downlink{{Content: "a"}, {Content: "b"}}}, ErrBadShape},
		{"a scalar that is an array", `{"resultCode":"0","downlinkMessages":[{"content":"a","timestamp":[1]}]}`,
			Answer{Code: "0", Messages: []Downlink{}}, ErrBadShape},
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
	tests := []struct{ body, want string }{
		{"<html><body>Bad Gateway", `the body is not JSON: it begins with "<html><body>Bad Gateway"`},
		{"[]", "the body has the wrong shape: it is of type array"},
		{`{"resultCode":[]}`, "the body has the wrong shape: resultCode is not a scalar"},
		{`{"resultCode":"0","downlinkMessages":[{"content":5}]}`,
			"the body has the wrong shape: downlinkMessages has an element of which content is of type number"},
		{`{"resultCode":"0","downlinkMessages":[{"to":{"id":1}}]}`,
			`the body has the wrong shape: downlinkMessages has an element of which {"id":1} is not a scalar`},
		{`{"resultCode":"0","downlinkMessages":[[]]}`,
			"the body has the wrong shape: downlinkMessages has an element of which it is of type array"},
		{"{}", "the body has no result code"},
	}
	for _, test := range tests {
		if _, err := ParseAnswer([]byte(test.body)); err == nil || err.Error() != test.want {
			t.Errorf("ParseAnswer(%s)\n got %v\nwant %s", test.body, err, test.want)
		}
	}
}

func TestDownlink(t *testing.T) {
	for flag, want := range map[Loose]bool{"": false, "null": false, "false": false, "0": false, "Y": true, "true": true, "1": true} {
		if got := (&Downlink{QueueFlag: flag}).Queueing(); got != want {
			t.Errorf("Queueing() with %q = %v, want %v", flag, got, want)
		}
	}
	for kind, want := range map[Loose]bool{"": false, "0": false, "1": true} {
		if got := (&Downlink{ContentType: kind}).IsLocalFile(); got != want {
			t.Errorf("IsLocalFile() with %q = %v, want %v", kind, got, want)
		}
	}
	stamps := []struct {
		text Loose
		ms   int64
		ok   bool
	}{{"1760000001200", 1760000001200, true}, {"", 0, false}, {"yesterday", 0, false}, {"1.5", 0, false}}
	for _, test := range stamps {
		if ms, ok := (&Downlink{Timestamp: test.text}).Millis(); ms != test.ms || ok != test.ok {
			t.Errorf("Millis() of %q = %d, %v, want %d, %v", test.text, ms, ok, test.ms, test.ok)
		}
	}
}

func TestParseAppToken(t *testing.T) {
	tests := []struct {
		name, body string
		want       AppToken
		err        error
	}{
		{"as documented", `{"AccessToken":"at-1","ApplyType":"Bearer","CreateTime":"1760000000","Expires":"600","Scope":"*"}`,
			AppToken{"at-1", "Bearer", 600}, nil},
		{"life as a number", `{"AccessToken":"at-1","Expires":600}`, AppToken{"at-1", "", 600}, nil},
		{"no life", `{"AccessToken":"at-1"}`, AppToken{Token: "at-1"}, nil},
		{"a refusal with 200", `{"resultCode":"401","resultDesc":"no"}`, AppToken{}, ErrBadShape},
		{"null token", `{"AccessToken":null}`, AppToken{}, ErrBadShape},
		{"a token that is an object", `{"AccessToken":{}}`, AppToken{}, ErrBadShape},
		{"an array", `[]`, AppToken{}, ErrBadShape},
		{"not JSON", `denied`, AppToken{}, ErrNotJSON},
		{"nothing", ``, AppToken{}, ErrNotJSON},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseAppToken([]byte(test.body))
			if got != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %+v, %v, want %+v, %v\n%s", got, err, test.want, test.err, test.body)
			}
		})
	}
}

func TestParseUserToken(t *testing.T) {
	const token = "eyJ0ZW5hbnRJZCI6MX0%3D"
	tests := []struct {
		name, body, token, code string
		err                     error
	}{
		{"as documented", `{"token":"` + token + `","resultCode":"0"}`, token, "0", nil},
		{"code as number", `{"token":"` + token + `","resultCode":0}`, token, "0", nil},
		{"without a code", `{"token":"` + token + `"}`, token, "0", nil},
		{"bare, a JSON text", `"` + token + `"`, token, "0", nil},
		{"bare, raw", token + "\n", token, "0", nil},
		{"refused", `{"resultCode":"1","resultDesc":"channel"}`, "", "1", nil},
		{"refused with a null token", `{"token":null,"resultCode":"1"}`, "", "1", nil},
		{"an empty object", `{}`, "", "", ErrNoCode},
		{"a token that is an object", `{"token":{},"resultCode":"0"}`, "", "", ErrBadShape},
		{"an array", `["` + token + `"]`, "", "", ErrBadShape},
		{"too short for a raw token", `denied`, "", "", ErrNotJSON},
		{"a sentence", `access was denied`, "", "", ErrNotJSON},
		{"a text that is cut off", `"` + token, "", "", ErrNotJSON},
		{"an HTML page", `<html></html>`, "", "", ErrNotJSON},
		{"nothing", ` `, "", "", ErrNotJSON},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			token, code, err := ParseUserToken([]byte(test.body))
			if token != test.token || code != test.code || !errors.Is(err, test.err) {
				t.Errorf("got %q, %q, %v, want %q, %q, %v\n%s", token, code, err, test.token, test.code, test.err, test.body)
			}
		})
	}
}

// Whatever arrives, the parsers say what is wrong in one of three ways, and JSON is never called
// something else.
func FuzzParseAnswer(f *testing.F) {
	for _, seed := range []string{``, `null`, `[]`, `"x"`, `<html>`, `{"resultCode":0}`, `{"returnCode":"13","objectKey":null}`,
		`{"resultCode":"0","downlinkMessages":[{"content":"a","timestamp":1,"queueFlag":"Y"},null,[],{"content":5}]}`,
		`{"resultCode":"0","fileStream":"\/9j\u0041","position":"3","clickToCallSupported":true}`,
		`{"token":"abcdefgh","resultCode":"0"}`, `abcdefgh`, `{"AccessToken":"a","Expires":"600"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		answer, err := ParseAnswer(body)
		_, errApp := ParseAppToken(body)
		_, _, errUser := ParseUserToken(body)
		if !bytes.Equal(before, body) {
			t.Errorf("the body was changed to %q", body)
		}
		for _, err := range []error{err, errApp, errUser} {
			known := err == nil || errors.Is(err, ErrNotJSON) || errors.Is(err, ErrNoCode) || errors.Is(err, ErrBadShape)
			if !known || json.Valid(body) && errors.Is(err, ErrNotJSON) {
				t.Errorf("error %v for %q", err, body)
			}
		}
		if err == nil && (answer.Code == "" || !json.Valid(body)) {
			t.Errorf("no error for %q", body)
		}
	})
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

func BenchmarkParseAnswer(b *testing.B) {
	message := `{"channel":"WEB","controlType":"CHAT","sourceType":"ROBOT","mediaType":"TEXT","content":"Hello, ask me anything.",` +
		`"from":"2025010112345678","to":"u-000017","senderNickname":"robot","senderAvatar":null,"timestamp":1760000001200,` +
		`"simQuestions":null,"isOfflineStatus":null,"messageCode":null,"interIdx":"2","queueFlag":null}`
	for name, body := range map[string]string{
		"empty": `{"resultCode":"0","resultDesc":"ok","downlinkMessages":[]}`,
		"three": `{"resultCode":"0","resultDesc":"ok","downlinkMessages":[` + message + "," + message + "," + message + `]}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseAnswer([]byte(body))
			}
		})
	}
}
