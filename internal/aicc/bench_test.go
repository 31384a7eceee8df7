package aicc

import (
	"encoding/base64"
	"runtime"
	"strings"
	"testing"
)

// Bodies as the embedded tenant writes them.
var benchBodies = []struct{ name, body string }{
	{"empty", polled()},
	{"three", polled(benchMessage, benchMessage, benchMessage)},
	{"send", `{"resultCode":"0","resultDesc":"ok"}`},
	{"download", `{"resultCode":"0","resultDesc":"ok","fileStream":"` + base64.StdEncoding.EncodeToString(make([]byte, 48<<10)) + `"}`},
}

const benchMessage = `{"channel":"WEB","controlType":"CHAT","sourceType":"ROBOT","mediaType":"TEXT","content":"Hello, ask me anything.",` +
	`"from":"2025010112345678","to":"u-000017","senderNickname":"robot","senderAvatar":null,"timestamp":1760000001200,` +
	`"simQuestions":null,"isOfflineStatus":null,"messageCode":null,"interIdx":"2","queueFlag":null}`

// polled is the answer of a poll with these messages.
func polled(messages ...string) string {
	return `{"resultCode":"0","resultDesc":"ok","downlinkMessages":[` + strings.Join(messages, ",") + `]}`
}

// Most answers are polls without messages, and thousands come in a second: they leave nothing to
// collect. Of the others only the messages and their texts do.
func TestParseAnswerAllocations(t *testing.T) {
	want := map[string]float64{"three": 2}
	for _, test := range benchBodies {
		body := []byte(test.body)
		got := testing.AllocsPerRun(100, func() { ParseAnswer(body) })
		if got != want[test.name] {
			t.Errorf("%s: %v allocations, want %v", test.name, got, want[test.name])
		}
	}
}

// A customer keeps texts of the messages it got. With each it must not keep the rest of the poll.
func TestKeptTexts(t *testing.T) {
	const answers, most = 100, 2 << 10
	body := []byte(polled(strings.Repeat(benchMessage+",", 300) + benchMessage)) // over 100 KiB
	var before, after runtime.MemStats
	var kept [answers]string
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range kept {
		a, err := ParseAnswer(body)
		if err != nil {
			t.Fatal(err)
		}
		kept[i] = a.Messages[150].Content
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / answers; got > most {
		t.Errorf("a kept text of %d bytes keeps %d, want at most %d", len(kept[0]), got, most)
	}
	runtime.KeepAlive(kept)
}

func BenchmarkParseAnswer(b *testing.B) {
	for _, test := range benchBodies {
		body := []byte(test.body)
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ParseAnswer(body)
			}
		})
	}
}
