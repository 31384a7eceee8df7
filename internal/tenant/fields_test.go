package tenant

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sendBodies are bodies of sends, with what the quick way of reading them makes of each.
var sendBodies = []struct {
	name, body string
	quick      bool
}{
	{"as chatbench writes it", `{"channel":"WEB","sourceType":"CUSTOMER","controlType":"CHAT","mediaType":"TEXT","content":"hi","from":"u-1","to":"7","messageId":"m-1","timestamp":"123"}`, true},
	{"with white space", " {\n\t\"content\" : \"hi\" ,\r\n \"to\":\"7\" } \n", true},
	{"empty texts", `{"content":"","from":""}`, true},
	{"other alphabets", `{"content":"订单在哪里？ 🙂","from":"ü"}`, true},
	{"other values than the usual ones", `{"channel":"APP","controlType":"SING","mediaType":"","from":"u-2","to":"8","sourceType":"AGENT"}`, true},
	{"twice the same: the last counts", `{"content":"a","content":"b"}`, true},
	{"fields that nobody reads", `{"senderNickname":"a","senderAvatar":"b","userAgent":"c","transData":"d","content":"e"}`, true},
	{"an escape", `{"content":"a\nb"}`, false},
	{"an escaped name", `{"cont\u0065nt":"a"}`, false},
	{"a name in capitals", `{"CONTENT":"a"}`, false},
	{"a name that folds", "{\"\u017fourceType\":\"a\"}", false},
	{"an unknown name", `{"content":"a","unknown":"b"}`, false},
	{"a number", `{"content":"a","timestamp":1}`, false},
	{"null", `{"content":null}`, false},
	{"a text of the wrong type", `{"content":7}`, false},
	{"nested", `{"content":"a","transData":{"x":"y"}}`, false},
	{"no field", `{}`, false},
	{"not UTF-8", "{\"content\":\"\xff\"}", false},
	{"a control character", "{\"content\":\"a\nb\"}", false},
	{"cut off in a text", `{"content":"a`, false},
	{"cut off behind a text", `{"content":"a"`, false},
	{"cut off behind a name", `{"content"`, false},
	{"a comma too many", `{"content":"a",}`, false},
	{"a comma missing", `{"content":"a" "to":"b"}`, false},
	{"something behind it", `{"content":"a"} x`, false},
	{"another object behind it", `{"content":"a"}{}`, false},
	{"not an object", `["content","a"]`, false},
	{"nothing", ``, false},
}

func TestReadSend(t *testing.T) {
	for _, tt := range sendBodies {
		t.Run(tt.name, func(t *testing.T) {
			if got := compareSend(t, []byte(tt.body)); got != tt.quick {
				t.Errorf("read the quick way %v, want %v: %s", got, tt.quick, tt.body)
			}
		})
	}
}

// compareSend wants the quick way to read what encoding/json reads, or nothing.
func compareSend(t *testing.T, body []byte) (quick bool) {
	t.Helper()
	untouched := sendRequest{Content: "untouched"}
	got, want := untouched, sendRequest{}
	if !got.read(body, "u-1", "7") {
		if got != untouched {
			t.Errorf("not read, and yet there is %+v: %q", got, body)
		}
		return false
	}
	if err := json.Unmarshal(body, &want); err != nil {
		t.Errorf("read what encoding/json refuses with %v: %q", err, body)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("encoding/json (-) and the quick way (+) of %q differ:\n%s", body, diff)
	}
	return true
}

func FuzzReadSend(f *testing.F) {
	for _, tt := range sendBodies {
		f.Add([]byte(tt.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { compareSend(t, body) })
}

func TestReadingASendAllocatesItsContent(t *testing.T) {
	body := []byte(sendBodies[0].body)
	var q sendRequest
	n := testing.AllocsPerRun(100, func() { q.read(body, "u-1", "7") })
	if n > 2 { // content and messageId
		t.Errorf("%v allocations, want 2", n)
	}
}
