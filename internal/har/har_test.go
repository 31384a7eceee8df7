package har

import (
	"os"
	"path/filepath"
	"testing"
)

// open opens a recording that is written down in the test.
func open(t *testing.T, text string) *Recording {
	t.Helper()
	r, err := Open(write(t, "session.har", text), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

const small = `{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"pages":[{"startedDateTime":"2026-11-20T10:00:00.000Z","id":"page_1","title":"https://shop.example.com/chat?session=SECRET","pageTimings":{}}],"entries":[
{"startedDateTime":"2026-11-20T10:00:00.100Z","time":12.5,"pageref":"page_1","request":{"method":"POST","url":"https://chat.example.com/apiaccess/ccmessaging/applyToken","httpVersion":"h3","headers":[{"name":"authorization","value":"Bearer APPTOKEN"}],"postData":{"mimeType":"application/json","text":"{\"userId\":\"u-1\"}"}},"response":{"status":200,"headers":[],"content":{"size":41,"mimeType":"application/json","text":"{\"token\":\"USERTOKEN\",\"resultCode\":\"0\"}"}}},
{"startedDateTime":"2026-11-20T10:00:00.400Z","time":5000,"pageref":"page_1","request":{"method":"GET","url":"https://chat.example.com/apiaccess/ccmessaging/poll?channel=WEB","headers":[{"name":"ccmessaging-token","value":"USERTOKEN"}]},"response":{"status":200,"headers":[],"content":{"size":41,"encoding":"base64","text":"eyJyZXN1bHRDb2RlIjoiMCJ9"}}},
{"startedDateTime":"2026-11-20T18:00:00.200+08:00","time":30,"pageref":"page_1","request":{"method":"POST","url":"https://chat.example.com/apiaccess/ccmessaging/send","headers":[{"name":"ccmessaging-token","value":"USERTOKEN"}],"postData":{"text":"{\"controlType\":\"CONNECT\"}"}},"response":{"status":200,"headers":[],"content":{"size":18}}}
]}}`

func TestExchangesInTheOrderOfTime(t *testing.T) {
	r := open(t, small)
	var got []string
	for x, err := range r.Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, x.Op.String())
		t.Logf("%+v %s %s", x, x.Request.Data, x.Response.Data)
	}
	t.Logf("%v %+v %+v", got, r.About, r.Customers)
}
