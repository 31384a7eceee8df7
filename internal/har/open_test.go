package har

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// ops lists what a recording holds: customer, call and when it began.
func ops(t *testing.T, r *Recording) []string {
	t.Helper()
	var list []string
	for x, err := range r.Exchanges() {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%d %s %v", x.Customer, x.Op, x.Began))
	}
	return list
}

// TestForms opens one recording in every form a file may have.
func TestForms(t *testing.T) {
	text := conversation().write()
	want := ops(t, open(t, text))
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	big, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(text)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for form, data := range map[string]string{"without white space": compact.String(), "a byte order mark": "\ufeff" + text,
		"gzip": zipped.String(), "UTF-16": wide, "UTF-16, big endian": big} {
		file := write(t, "recording.dat", data)
		if is, err := Is(file); !is || err != nil {
			t.Errorf("%s: it is a recording: %t, %v", form, is, err)
		}
		r, err := Open(file, Options{})
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if diff := cmp.Diff(want, ops(t, r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
		if err := r.Close(); err != nil {
			t.Errorf("%s: closing it: %v", form, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "chatbench-*")); len(left) > 0 {
		t.Errorf("files are left behind: %v", left)
	}
}

func TestIs(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"a.dat", `{"comment":"exported","log":{}}`, true},
		{"a.har", `not even JSON`, true}, // so that the error is about a HAR file
		{"a.HAR.gz", ``, true},
		{"a.json", `{"schema":"chatbench.result/1","log":1}`, true},
		{"a.json", `{"schema":"chatbench.result/1"}`, false},
		{"a.ndjson", `{"format":"chatbench.trace"}` + "\n{}", false},
		{"a.json", `[{"log":1}]`, false},
		{"a.dat", ``, false},
	} {
		if got, err := Is(write(t, tt.name, tt.text)); got != tt.want || err != nil {
			t.Errorf("%s with %.40q: %t, %v, want %t", tt.name, tt.text, got, err, tt.want)
		}
	}
	if _, err := Is(filepath.Join(t.TempDir(), "none.har")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: error %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	whole := conversation().write()
	elsewhere := strings.ReplaceAll(strings.ReplaceAll(whole, "/apiaccess/ccmessaging/", "/chat/"), "tokenByAkSk", "login")
	options := strings.ReplaceAll(strings.ReplaceAll(whole, `"POST"`, `"OPTIONS"`), `"GET"`, `"OPTIONS"`)
	tests := []struct {
		why, text string
		is        error
		want      string
	}{
		{"empty", "", ErrNotHAR, "it is empty"},
		{"a web page", "<html>", ErrNotHAR, "it does not begin with {"},
		{"another JSON", `{"schema":"x","logs":{}}`, ErrNotHAR, "it has no log with entries"},
		{"a log of something else", `{"log":{"version":"1.2","lines":[]}}`, ErrNotHAR, "it has no log with entries"},
		{"nothing recorded", `{"log":{"version":"1.2","entries":[]}}`, ErrNoChat, "it has no entries"},
		{"nothing but null", `{"log":{"version":"1.2","entries":null}}`, ErrNoChat, "it has no entries"},
		{"no chat", elsewhere, ErrNoChat, "15 entries, of chat.example.com (15)"},
		{"nothing but preflights", options, ErrNoChat, "it holds 15 preflights (OPTIONS) and nothing else of a chat"},
		{"the browser crashed while it wrote", whole[:len(whole)/2], nil, "the file ends in the middle"},
		{"before the first entry", whole[:strings.Index(whole, `"entries"`)+13], nil, "entry 0: line 8, byte 110: the file ends in the middle"},
		{"an entry that is none", `{"log":{"entries":[7]}}`, nil, `entry 0: line 1, byte 19: '7' where '{' should be`},
		{"a time that is none", strings.Replace(whole, moment0(60), "yesterday", 1), nil, `entry 2, byte`},
	}
	for _, tt := range tests {
		_, err := Open(write(t, "a.har", tt.text), Options{})
		if err == nil || !strings.Contains(err.Error(), tt.want) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: error %v, want %v with %q", tt.why, err, tt.is, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: the error tells a secret: %v", tt.why, err)
		}
	}
	if _, err := Open(t.TempDir(), Options{}); !errors.Is(err, ErrNotHAR) {
		t.Errorf("a folder: error %v", err)
	}
	if _, err := Open(write(t, "a.har.gz", "\x1f\x8b\x08\x00\x00"), Options{}); !errors.Is(err, ErrNotHAR) {
		t.Errorf("a damaged gzip file: error %v", err)
	}
	var page bytes.Buffer
	w := gzip.NewWriter(&page)
	w.Write([]byte("<html>"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none")) // nothing can be unpacked, nor need be
	if _, err := Open(write(t, "a.har.gz", page.String()), Options{}); !errors.Is(err, ErrNotHAR) {
		t.Errorf("a packed web page: error %v, want %v before it is unpacked", err, ErrNotHAR)
	}
}

// TestOrder shuffles the entries: what is recorded is told by its time.
func TestOrder(t *testing.T) {
	tape := conversation()
	want := ops(t, open(t, tape.write()))
	for i := range len(tape) / 2 {
		tape[i], tape[len(tape)-1-i] = tape[len(tape)-1-i], tape[i]
	}
	if diff := cmp.Diff(want, ops(t, open(t, tape.write()))); diff != "" {
		t.Errorf("in another order (-want +got):\n%s", diff)
	}
}

// TestCustomers tells users and tabs apart.
func TestCustomers(t *testing.T) {
	one := conversation()
	user := func(t tape, id, token string) tape {
		var out tape
		for _, s := range t {
			s.path, s.request = strings.ReplaceAll(s.path, chatUser, id), strings.ReplaceAll(s.request, chatUser, id)
			s.reply = strings.NewReplacer(userToken, token, appToken, token+"-app").Replace(s.reply)
			s.access = strings.ReplaceAll(s.access, appToken, token+"-app")
			if s.user == userToken {
				s.user = token
			}
			out = append(out, s)
		}
		return out
	}
	on := func(t tape, page string, later int) tape {
		var out tape
		for _, s := range t {
			s.page, s.at = page, s.at+later
			out = append(out, s)
		}
		return out
	}
	tests := []struct {
		why  string
		tape tape
		want []string // users
	}{
		{"one user", one, []string{chatUser}},
		{"two users at once", append(one, on(user(one, "another", "T-2"), "page_1", 7)...), []string{chatUser, "another"}},
		{"two users one after the other", append(one, on(user(one, "another", "T-2"), "page_1", 9000)...), []string{chatUser, "another"}},
		{"one user in two tabs by turns", append(one, on(one, "page_2", 40)...), []string{chatUser, chatUser}},
		{"one user whose page was reloaded", append(one, on(one, "page_2", 9000)...), []string{chatUser}},
	}
	for _, tt := range tests {
		r := open(t, tt.tape.write())
		var got []string
		for _, c := range r.Customers {
			got = append(got, c.User)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.why, diff)
		}
		calls := map[int]int{}
		for x := range r.Exchanges() {
			calls[x.Customer]++
		}
		for c, n := range calls {
			if want := len(tt.tape) / len(tt.want); n != want {
				t.Errorf("%s: customer %d has %d exchanges, want %d", tt.why, c, n, want)
			}
		}
	}
}

// TestUnnamed finds the user of exchanges that name nobody, by their tokens.
func TestUnnamed(t *testing.T) {
	tape := conversation().change("poll 2", func(s *shot) { s.back = map[string]string{"Ccmessaging-Token": newToken} })
	for i := range tape {
		tape[i].path = strings.ReplaceAll(tape[i].path, "receiverId="+chatUser+"&", "")
		if tape[i].at > 500 && tape[i].user != "" {
			tape[i].user = newToken
		}
	}
	r := open(t, tape.without("transfer").without("queue").write())
	if len(r.Customers) != 1 || r.Customers[0].User != chatUser {
		t.Errorf("customers %+v, want one", r.Customers)
	}
	tape = tape[2:] // without applyToken: CONNECT tells whose token it is
	if r := open(t, tape.write()); len(r.Customers) != 1 || r.Customers[0].User != chatUser {
		t.Errorf("without applyToken: customers %+v, want one", r.Customers)
	}
	// A token that says itself whose it is, and no exchange that names the user.
	named := "eyJ0ZW5hbnRJZCI6InQiLCJ1c2VySWQiOiJ1LTcifQ%3D%3D"
	poll := *tape.shotOf("poll 1")
	poll.user = named
	if r := open(t, append(tape[:0:0], poll).write()); r.Customers[0].User != "u-7" {
		t.Errorf("the token names u-7, the customer is %+v", r.Customers)
	}
}

// TestTokensAdded gives a page's downloads to its user where the site's own server adds the tokens, so
// that nothing in them tells whose they are.
func TestTokensAdded(t *testing.T) {
	bare := func(t tape) tape {
		t = slices.Clone(t)
		for i := range t {
			t[i].user, t[i].access = "", ""
		}
		return t
	}
	one := bare(conversation())
	r := open(t, one.write())
	if len(r.Customers) != 1 || len(r.About.Midway) > 0 {
		t.Errorf("customers %+v, of whom %v begin in the middle, want one from the beginning", r.Customers, r.About.Midway)
	}
	if failed, _ := judge(t, r); len(failed) > 0 {
		t.Errorf("failed: %v", failed)
	}
	failed, _ := judge(t, open(t, one.without("download").write()))
	if want := []string{"SIM-05"}; !slices.Equal(failed, want) {
		t.Errorf("without the download: failed %v, want %v", failed, want)
	}
	two := slices.Clone(one)
	for _, s := range one.without("download") {
		s.path, s.request = strings.ReplaceAll(s.path, chatUser, "another"), strings.ReplaceAll(s.request, chatUser, "another")
		two = append(two, s)
	}
	if r := open(t, two.write()); len(r.Customers) != 3 {
		t.Errorf("of two users on one page: customers %+v, want three, one of them unknown", r.Customers)
	}
}

// TestServiceWorker reads what a page asked for through its service worker once, though Chromium
// records what the worker then does, too; and takes what only the worker asked for as the page's.
func TestServiceWorker(t *testing.T) {
	record := func(keepPage func(name string) bool) *Recording {
		var entries []map[string]any
		for _, s := range conversation() {
			page, worker := s.entry(), s.entry()
			page["_fetchedViaServiceWorker"] = true
			delete(worker, "pageref")
			if keepPage(s.name) {
				entries = append(entries, page)
			}
			entries = append(entries, worker)
		}
		text, err := json.Marshal(map[string]any{"log": map[string]any{"entries": entries}})
		if err != nil {
			t.Fatal(err)
		}
		return open(t, string(text))
	}
	twice := record(func(string) bool { return true })
	if diff := cmp.Diff(ops(t, open(t, conversation().write())), ops(t, twice)); diff != "" {
		t.Errorf("each twice (-want +got):\n%s", diff)
	}
	if n := len(conversation()); twice.About.Twins != n {
		t.Errorf("%d are told to be passed over, want %d", twice.About.Twins, n)
	}
	mixed := record(func(name string) bool { return !strings.HasPrefix(name, "poll") })
	if len(mixed.Customers) != 1 || mixed.About.Used != len(conversation()) {
		t.Errorf("the worker polls: customers %+v, %d exchanges, want one with %d", mixed.Customers, mixed.About.Used, len(conversation()))
	}
	for _, r := range []*Recording{twice, mixed} {
		if failed, _ := judge(t, r); len(failed) > 0 {
			t.Errorf("failed: %v", failed)
		}
	}
}

// TestPassedOver mixes a chat with what is none.
func TestPassedOver(t *testing.T) {
	tape := conversation()
	want := len(tape)
	tape = tape.also("connect", 58, func(s *shot) { s.method = "OPTIONS" })
	tape = tape.also("connect", 10, func(s *shot) { s.path = "/api/cart" })
	tape = tape.also("connect", 7900, func(s *shot) { s.path, s.request = aicc.PathRate, "{}" })
	tape = tape.also("connect", 7950, func(s *shot) { s.path = "/apiaccess/ccmessaging/v2/newThing?x=" + userToken })
	text := strings.ReplaceAll(tape.write(), "https://chat.example.com/api", "https://chat.example.com:8443/aicc/proxy/api")
	text = strings.ReplaceAll(text, "/aicc/proxy/apiaccess/ccmessaging/poll", "/aicc/proxy/ccmessaging/poll")
	r := open(t, text)
	a := r.About
	if a.Entries != want+4 || a.Used != want+1 || a.Preflights != 1 || a.Elsewhere != 2 {
		t.Errorf("%d entries, %d used, %d preflights, %d elsewhere; want %d, %d, 1, 2", a.Entries, a.Used, a.Preflights, a.Elsewhere, want+4, want+1)
	}
	unjudged := []Count{{"/aicc/proxy/apiaccess/ccmessaging/v2/newThing", 1}, {aicc.PathRate, 1}}
	if diff := cmp.Diff(unjudged, a.Unjudged); diff != "" {
		t.Errorf("unjudged (-want +got):\n%s", diff)
	}
	if a.URL() != "https://chat.example.com:8443/aicc/proxy" {
		t.Errorf("address %q", a.URL())
	}
	if failed, _ := judge(t, r); len(failed) > 0 {
		t.Errorf("failed: %v", failed)
	}
	file := write(t, "a.har", text)
	if _, err := Open(file, Options{Host: "shop.example.com"}); !errors.Is(err, ErrNoChat) {
		t.Errorf("of another host only: error %v, want %v", err, ErrNoChat)
	}
	only, err := Open(file, Options{Host: "CHAT.example.com:8443"})
	if err != nil {
		t.Fatal(err)
	}
	defer only.Close()
	if only.About.Used != a.Used {
		t.Errorf("of this host only: %d exchanges, want %d", only.About.Used, a.Used)
	}
}

// TestRedirects joins what the browser asked for by itself to what the page asked for.
func TestRedirects(t *testing.T) {
	first := conversation().change("poll 6", func(s *shot) {
		s.status, s.reply, s.took = 307, "", 100
		s.back = map[string]string{"location": "/login/poll?back=" + userToken}
	})
	there := first.also("poll 7", 4280, func(s *shot) { s.path, s.took, s.reply = "/login/poll?back="+userToken, 2900, says() })
	for _, tt := range []struct {
		why    string
		tape   tape
		status int
		took   time.Duration
	}{
		{"the redirect was followed", there, 200, 3005 * time.Millisecond},
		{"it was not", first, 307, 100 * time.Millisecond},
	} {
		r := open(t, tt.tape.write())
		for x := range r.Exchanges() {
			if x.Entry != 13 {
				continue
			}
			if x.Op != aicc.OpPoll || x.Status != tt.status || x.Took != tt.took {
				t.Errorf("%s: %s with status %d took %v, want poll, %d, %v", tt.why, x.Op, x.Status, x.Took, tt.status, tt.took)
			}
			if strings.Contains(x.Location, "SECRET") {
				t.Errorf("%s: the query is told: %s", tt.why, x.Location)
			}
		}
		if r.About.Used != len(first) {
			t.Errorf("%s: %d exchanges, want %d", tt.why, r.About.Used, len(first))
		}
	}
}

// TestTimes reads the times that exporters write.
func TestTimes(t *testing.T) {
	want := time.Date(2026, 11, 20, 10, 0, 0, 123e6, time.UTC)
	for _, text := range []string{"2026-11-20T10:00:00.123Z", "2026-11-20T18:00:00.123+08:00", "2026-11-20T02:00:00.1230000-08:00",
		"2026-11-20T18:00:00.123+0800", "2026-11-20T10:00:00.123000+00:00", "2026-11-20T10:00:00.123"} {
		e := rawEntry{started: text}
		if got, err := e.begun(); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-11-20", "2026-11-20T10:00:00+99:99"} {
		e := rawEntry{started: text}
		if got, err := e.begun(); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
	for _, tt := range []struct {
		why           string
		entry         rawEntry
		took, opening time.Duration
	}{
		{"the sum is given", rawEntry{took: 100, response: rawResponse{status: 200}, timings: timings{10, 5, 20, 1, 60, 4}}, 100 * time.Millisecond, 35 * time.Millisecond},
		{"it is not", rawEntry{took: -1, response: rawResponse{status: 200}, timings: timings{-1, -1, -1, 1, 60, 4}}, 65 * time.Millisecond, 0},
		{"no answer: all was waiting, says the browser", rawEntry{took: 5000, timings: timings{5000, -1, -1, 0, 0, 0}}, 5 * time.Second, 0},
		{"mitmproxy adds the connection behind it", rawEntry{took: 165, separate: true, response: rawResponse{status: 200}, timings: timings{-1, -1, 50, 1, 60, 4}}, 65 * time.Millisecond, 0},
		{"nonsense", rawEntry{took: 1e300, timings: timings{-1, -1, -1, 0, 0, 0}}, 24 * time.Hour, 0},
	} {
		if took, opening := tt.entry.duration(); took != tt.took || opening != tt.opening {
			t.Errorf("%s: took %v, opening %v, want %v, %v", tt.why, took, opening, tt.took, tt.opening)
		}
	}
}

// writeLarge writes a recording of about so many bytes: polls of one long conversation, among which
// other entries with large bodies stand, and one body of a tenth of the file.
func writeLarge(t testing.TB, file string, size int) (polls int) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	entry := func(s shot) []byte {
		data, err := json.MarshalIndent(s.entry(), "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	tape := conversation()
	picture := shot{name: "picture", method: "GET", path: "/picture.jpg", reply: strings.Repeat("/9j/4AAQSkZJRg+\"", 64<<10/16)}
	huge := picture
	huge.reply = strings.Repeat("x", size/10)
	fmt.Fprint(f, `{"log":{"version":"1.2","creator":{"name":"WebInspector","version":"537.36"},"entries":[`)
	written := 0
	put := func(data []byte) {
		n, err := f.Write(append(data, ",\n"...))
		if err != nil {
			t.Fatal(err)
		}
		written += n
	}
	for _, s := range tape[:3] {
		put(entry(s))
	}
	put(entry(huge))
	other := entry(picture)
	for written < size {
		poll := *tape.shotOf("poll 6")
		poll.at, poll.took = 200+polls*1200, 1000
		put(entry(poll))
		if polls++; polls%2 == 0 {
			put(other)
		}
	}
	last := *tape.shotOf("poll 7")
	last.at = 200 + polls*1200
	f.Write(entry(last))
	if _, err := f.WriteString("]}}"); err != nil {
		t.Fatal(err)
	}
	return polls + 1
}

// FuzzOpen reads damaged recordings: it ends, and what it says tells no secret.
func FuzzOpen(f *testing.F) {
	whole := conversation()[:3].write()
	f.Add([]byte(whole))
	f.Add([]byte(strings.ReplaceAll(whole, `"time": `, `"time": -`)))
	f.Add([]byte(strings.ReplaceAll(whole, `"https:`, `":`)))
	f.Add([]byte(`{"log":{"entries":[{"request":{"url":"/ccmessaging/poll"},"response":null,"startedDateTime":"2026-11-20T10:00:00Z"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Open(write(t, "a.har", string(data)), Options{})
		if err != nil {
			if strings.Contains(err.Error(), "SECRET") {
				t.Errorf("%q: the error tells a secret: %v", data, err)
			}
			return
		}
		defer r.Close()
		at := map[int]time.Duration{}
		_, _, err = r.Replay(nil, func(e *trace.Event) error {
			if e.At < at[e.Customer] {
				return fmt.Errorf("%s of customer %d at %v, after %v", e.Kind, e.Customer, e.At, at[e.Customer])
			}
			at[e.Customer] = e.At
			return nil
		})
		if err != nil {
			t.Errorf("%q: %v", data, err)
		}
	})
}

// TestNotes looks for one sentence of what is said about recordings that are not whole.
func TestNotes(t *testing.T) {
	whole := conversation()
	raw := func(change func(entries []map[string]any)) string {
		var doc struct {
			Log map[string]any `json:"log"`
		}
		if err := json.Unmarshal([]byte(whole.write()), &doc); err != nil {
			t.Fatal(err)
		}
		var entries []map[string]any
		for _, e := range doc.Log["entries"].([]any) {
			entries = append(entries, e.(map[string]any))
		}
		change(entries)
		doc.Log["entries"] = entries
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	response := func(e map[string]any) map[string]any { return e["response"].(map[string]any) }
	tests := []struct {
		why, text, want string
	}{
		{"an answer from the cache", raw(func(e []map[string]any) { e[10]["_fromCache"] = "disk" }), "Out of the browser's cache and not from the tenant: 1 answer."},
		{"an answer that the browser had already", raw(func(e []map[string]any) { response(e[10])["status"] = 304 }), "Out of the browser's cache and not from the tenant: 1 answer."},
		{"a request that Safari never sent", raw(func(e []map[string]any) { e[13]["startedDateTime"] = "" }), "Passed over, because they were never sent: 1 request of the chat."},
		{"CONNECT without its body", raw(func(e []map[string]any) { delete(e[2]["request"].(map[string]any), "postData") }), "Not in the recording: the body of 1 send call. What was said is not known."},
		{"saved without sensitive data", strings.ReplaceAll(whole.write(), `"authorization"`, `"accept"`), "No request carries an application token: the site's own server adds it, or the recording was saved without sensitive data. That is not judged."},
		{"begun in the middle", whole[3:].write(), "The recording begins in the middle of a conversation (customer 0): begin to record before the page is opened."},
		{"two hosts", strings.Replace(whole.write(), "https://chat.example.com/apigovernance", "https://api.example.com/apigovernance", 1), "The chat was with several hosts: chat.example.com, api.example.com. --host leaves only one."},
		{"whole", whole.write(), ""},
	}
	for _, tt := range tests {
		r := open(t, tt.text)
		notes := r.Notes()
		if tt.want != "" && !slices.Contains(notes, tt.want) || tt.want == "" && len(notes) != 1 {
			t.Errorf("%s: notes %q, want %q among them", tt.why, notes, tt.want)
		}
		if failed, _ := judge(t, r); len(failed) > 0 {
			t.Errorf("%s: failed: %v", tt.why, failed)
		}
	}
}

// TestPageName leaves the query out of whatever looks like an address, and titles as they are.
func TestPageName(t *testing.T) {
	for title, want := range map[string]string{
		"https://shop.example.com/help?token=T":    "https://shop.example.com/help",
		"https://me:T@shop.example.com/help#T":     "https://shop.example.com/help",
		"https://shop.example.com/100%/help?t=T":   "https://shop.example.com/100%/help", // no right address
		"file:///home/me/chat.html?token=T":        "file:///home/me/chat.html",
		"/chat?token=T":                            "/chat",
		"myapp:login?token=T":                      "myapp:login",
		"cannot reach https://a.example.com/?t=T!": "cannot reach https://a.example.com/",
		"Need help?": "Need help?",
		"我的包裹":       "我的包裹",
	} {
		if got := pageName(title); got != want {
			t.Errorf("%q became %q, want %q", title, got, want)
		}
	}
}
