package har

import (
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/scenario"
)

// said are the texts that a flow says, with the values of the first row of data.
func said(s *scenario.Scenario, f *scenario.Flow) []string {
	value := func(name string) string {
		if s.Data != nil {
			if at := slices.Index(s.Data.Columns, name); at >= 0 {
				return s.Data.Rows[0][at]
			}
		}
		return "<" + name + ">"
	}
	var all []string
	for _, step := range f.Steps {
		if say, ok := step.(scenario.Say); ok {
			all = append(all, say.Text.Expand(value))
		}
	}
	return all
}

// TestHostileTexts wants every text back as it was said, whatever YAML and templates make of its
// characters.
func TestHostileTexts(t *testing.T) {
	texts := []string{
		"yes", "no", "Null", "~", "1e3", "0x1f", "12:30:45", "2026-11-20", ".5", "-", "- x", "? y", "a: b", "a:", "a #b", "#c", "!d", "&e", "*f", "%g", "@h", "`i", "|", ">", "|-",
		"{", "}", "[x]", "{a: b}", "'quoted'", `"quoted"`, `back\slash`, `\n`, "<<", "=", "---", "...", "{{", "}}", "{{{", "{{{{", "{{user}}", "{{ n }}", "${HOME}", "${", "$${", "$", "$$", "${{user}}",
		"{{${X}}}", "say: {{x}}", " leading", "trailing ", "\ttab", "a\tb", "two\nlines", "three\n\nlines", "ends\n", "\nbegins", "a\n  b", "a\n# b", "a\n- b: {{c}}\n${d}", "a\r\nb", "a\u2028b", "a\u0085b", "a\u00a0b", "a\ufeffb", "a\x00b", "a\x1bb", "a\x7fb",
		"你好，我的包裹在哪里？", "好的。", "【订单】", "全角　空格", "👍", "👩‍👩‍👧 family", "مرحبا", "e\u0301", "true", "on", "y", "text, with commas", "it's", "end.", "x" + strings.Repeat("长", 399), "mailto:", "http://", "50%", "a/b", "C:\\",
	}
	s := begin().connect(1).hear(2, "ROBOT")
	for i, text := range texts {
		s.say(3+float64(i), text)
	}
	out, parsed := draftOf(t, s.hangUp(1000))
	if diff := cmp.Diff(texts, said(parsed, parsed.Flows[0])); diff != "" {
		t.Errorf("texts (-said +drafted):\n%s\nof\n%s", diff, out.Scenario)
	}
	compareNotes(t, out, nil)
}

// TestOtherTexts plays the same game with the texts beside what is said.
func TestOtherTexts(t *testing.T) {
	for _, text := range []string{"", "- x", "two\nlines", "{{", "${X}", "你好: 好"} {
		s := begin().send(1, "CONNECT", "TEXT", text, "0").change(`channel\":\"WEB\"`, `channel\":\"WEB\",\"transData\":\"{\\\"level\\\":{\\\"a\\\":[\\\"gold {{\\\"]}}\"`).
			send(2, "TRANS2AGENT", "TEXT", text, "0").hangUp(3)
		out, parsed := draftOf(t, s)
		same := func(name string) string { return "<" + name + ">" }
		connect, handover := parsed.Flows[0].Steps[0].(scenario.Connect), parsed.Flows[0].Steps[2].(scenario.Handover)
		if got := connect.TransData.Expand(same); got != `{"level":{"a":["gold {{"]}}` {
			t.Errorf("trans_data is %s\nin %s", got, out.Scenario)
		}
		if a, b := connect.Text.Expand(same), handover.Text.Expand(same); a != text || b != text {
			t.Errorf("connect says %q and handover %q, want %q\nin %s", a, b, text, out.Scenario)
		}
	}
}

// TestNames wants the files of a draft found, whatever they and the recording are called.
func TestNames(t *testing.T) {
	for _, name := range []string{"a b", "${HOME}", "$$", "{{user}}", `a"b: #c`, "no", "1e3", "你好"} {
		s := begin().connect(1).upload(2, "png", "key-1", onePixel).send(3, "CHAT", "IMAGE", "key-1", "0").say(4, "order 4711-0815").hangUp(5)
		source := name + "\x1b\xff\u2028\u202e.har"
		out, parsed := drafted(t, s, DraftOptions{Source: source, Name: name, Customer: -1, Files: true})
		if parsed.Name != name || parsed.Data == nil || len(out.Files) != 2 {
			t.Errorf("%q: the scenario is called %q, has data %v and %d files\n%s", name, parsed.Name, parsed.Data, len(out.Files), out.Scenario)
		}
	}
}

// TestLongText cuts what a scenario cannot say, and tells.
func TestLongText(t *testing.T) {
	long := strings.Repeat("很长", 300)
	out, parsed := draftOf(t, begin().connect(1).say(2, long).hangUp(3))
	if got := said(parsed, parsed.Flows[0]); len(got) != 1 || got[0] != long[:3*400] {
		t.Errorf("said %q, want the first 400 characters", got)
	}
	compareNotes(t, out, []string{"entry 3: a text of 600 characters, cut to 400"})

	// A variable at the place of the cut goes as a whole.
	out, parsed = draftOf(t, begin().connect(1).say(2, strings.Repeat("x ", 195)+"my phone is 13912345678 thanks").hangUp(3))
	if got := said(parsed, parsed.Flows[0])[0]; strings.Contains(got, "{{") || !strings.HasSuffix(got, "my phone i") && !strings.HasSuffix(got, "x my phone") && len(got) > 400 {
		t.Errorf("said %q of %d characters", got, len(got))
	}
	if strings.Contains(string(out.Scenario), "13912345678") {
		t.Errorf("the phone number is in\n%s", out.Scenario)
	}
}

// TestPrivate finds what belongs to persons. In a text it is between brackets, with the name of the
// column in front.
func TestPrivate(t *testing.T) {
	tests := []struct{ text, want, reason string }{
		{"hello", "hello", "nothing"},
		{"I have 2 lamps of 1999", "I have 2 lamps of 1999", "short numbers are nobody's"},
		{"call 13912345678 please", "call [phone] please", "a mobile number of China"},
		{"打我电话13912345678。", "打我电话[phone]。", "without blanks, as in Chinese"},
		{"+86 139-1234-5678", "[phone]", "with its country"},
		{"call 010-12345678", "call [phone]", "a landline of China"},
		{"ring +44 20 7946 0958 now", "ring [phone] now", "of elsewhere"},
		{"13912345678 or 13812345678 or 13912345678", "[phone] or [phone_2] or [phone]", "each value has one name"},
		{"I am jane.doe+x@mail.example.co.uk!", "I am [email]!", "an address"},
		{"身份证11010519491231002X", "身份证[id_card]", "an ID card with X"},
		{"id 110105199003070015", "id [id_card]", "an ID card"},
		{"card 4111 1111 1111 1111", "card [card]", "with the check digit of a card"},
		{"number 4111 1111 1111 1112", "number 4111 1111 1111 1112", "no check digit, and not in one piece"},
		{"where is order A-1029?", "where is order [order]?", "behind the word"},
		{"my order number is 4711-22", "my order number is [order]", "behind more words"},
		{"订单号：SF1234567890 到了吗", "订单号：[order] 到了吗", "in Chinese"},
		{"order food", "order food", "an order without a number"},
		{"it says 20231105123457", "it says [number]", "a long number of no known kind"},
		{"SF1234567890", "[number]", "letters and a long number"},
		{"my password is hunter2!", "my password is [password]", "a password"},
		{"验证码 482913", "验证码 [password]", "a code that was sent to a phone"},
		{"password forgotten", "password forgotten", "talk of passwords"},
		{"key eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.abc123", "key [token]", "a token"},
		{"7c3f0d52-0000-4000-8000-00000000beef", "[token]", "a UUID"},
		{"supercalifragilisticexpialidocious", "supercalifragilisticexpialidocious", "a long word"},
		{"I am " + secretName + ", hello", "I am [name], hello", "the name the page knows"},
		{"user " + secretUser + " on " + secretChannel, "user [user] on [secret]", "ids the page knows"},
		{"the key is " + secretKey, "the key is [secret]", "the application's key"},
		{"{13912345678}", "{[phone]}", "within braces"},
		{"$13912345678", "$[phone]", "behind a dollar sign"},
	}
	for _, tt := range tests {
		r := open(t, begin().connect(1).say(2, tt.text).file())
		var d draft
		for x, err := range r.Exchanges() {
			if err != nil {
				t.Fatal(err)
			}
			d.learn(x)
		}
		var got strings.Builder
		for _, p := range newVault(&d.known).split(tt.text) {
			if p.variable != "" {
				got.WriteString("[" + p.variable + "]")
				continue
			}
			got.WriteString(p.text)
		}
		if got.String() != tt.want {
			t.Errorf("%q (%s): got %q, want %q", tt.text, tt.reason, got.String(), tt.want)
		}
		// With and without a data file, it is a scenario.
		for _, files := range []bool{true, false} {
			drafted(t, begin().connect(1).say(2, tt.text).hangUp(3), DraftOptions{Source: "session.har", Name: "session", Customer: -1, Files: files})
		}
	}
}

// TestData makes one row of each conversation that has something of its own.
func TestData(t *testing.T) {
	s := begin()
	for i, phone := range []string{"13912345678", "13812345678"} {
		at := 10 * float64(i)
		s.connect(at+1).say(at+2, fmt.Sprintf("order %d, phone %s", 1000+i, phone)).hangUp(at + 3)
	}
	s.connect(30).say(31, "mail me@home.example.org, order 3000").hangUp(32)
	out, parsed := draftOf(t, s)
	want := [][]string{
		{"order", "phone", "email"},
		{"1000", "10000000001", "customer5@example.com"},
		{"1001", "10000000003", "customer5@example.com"},
		{"3000", "10000000001", "customer5@example.com"}, // its phone number is borrowed, as the others' address
	}
	if len(out.Files) != 1 || out.Files[0].Name != "session.csv" {
		t.Fatalf("files %+v, want session.csv", out.Files)
	}
	got, err := csv.NewReader(strings.NewReader(string(out.Files[0].Data))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if len(parsed.Flows) != 2 || parsed.Data.Pick != scenario.Sequential {
		t.Errorf("%d flows that pick %v, want two, and the rows in their order", len(parsed.Flows), parsed.Data.Pick)
	}
	compareNotes(t, out, []string{
		"entry 3: an order number in a text became the column {{order}}, with its values as recorded (3 times)",
		"entry 3: a phone number in a text became the column {{phone}}, with made-up values",
		"entry 9: an e-mail address in a text became the column {{email}}, with made-up values",
	})
}

// TestWithoutFiles keeps a draft for standard output in one piece.
func TestWithoutFiles(t *testing.T) {
	s := begin().connect(1).say(2, "order 1000, phone 13912345678").upload(3, "png", "key-0815-4711", []byte("\x89PNG")).send(4, "CHAT", "IMAGE", "key-0815-4711", "0").hangUp(5)
	out, parsed := drafted(t, s, DraftOptions{Source: "session.har", Name: "session", Customer: -1})
	if want := []string{"order 1000, phone 10000000001"}; !slices.Equal(said(parsed, parsed.Flows[0]), want) || len(out.Files) > 0 || parsed.Data != nil {
		t.Errorf("said %q with %d files, want %q and none", said(parsed, parsed.Flows[0]), len(out.Files), want)
	}
	compareNotes(t, out, []string{"entry 3: an order number in a text is left as recorded", "entry 3: a phone number in a text was replaced by a made-up one",
		"entry 5: the uploaded file has no place on standard output"})
	wellTravelled(t, parsed, out.Scenario)
}

// TestThinkTimes rounds what one conversation shows, and tells a distribution of many.
func TestThinkTimes(t *testing.T) {
	seconds := func(list ...float64) []time.Duration {
		var all []time.Duration
		for _, s := range list {
			all = append(all, time.Duration(s*float64(time.Second)))
		}
		return all
	}
	for _, tt := range []struct {
		times []time.Duration
		want  string
	}{
		{seconds(0.06), "100ms"}, {seconds(0.34), "300ms"}, {seconds(3.449), "3.4s"}, {seconds(9.96), "10s"}, {seconds(12.3), "12s"}, {seconds(85), "1m25s"},
		{seconds(123), "2m"}, {seconds(599), "10m"}, {seconds(754), "13m"}, {seconds(7000), "2h"},
		{seconds(1, 1.01), "1s"}, {seconds(4, 1, 2), "1s..4s"},
		{seconds(1, 1, 1, 1, 1, 1, 1, 1, 1), "1s"},
		{seconds(1, 2, 2, 3, 3, 3, 4, 9), "{lognormal: {p50: 3s, p95: 9s}}"},
	} {
		if got := timesOf(tt.times); got != tt.want {
			t.Errorf("%v: got %s, want %s", tt.times, got, tt.want)
		}
	}
}

// TestPatience waits longer than it took, and never less than is reasonable.
func TestPatience(t *testing.T) {
	for _, tt := range []struct {
		from    string
		dropped bool
		took    time.Duration
		want    time.Duration
	}{
		{"ROBOT", false, 0, 5 * time.Second}, {"ROBOT", false, 2 * time.Second, 10 * time.Second}, {"AGENT", false, time.Second, 30 * time.Second},
		{"AGENT", false, 25 * time.Second, 90 * time.Second}, {"SYSTEM", true, time.Second, 30 * time.Second}, {"AGENT", false, 30 * time.Hour, 24 * time.Hour},
	} {
		s := draftStep{from: tt.from, dropped: tt.dropped, times: []time.Duration{0, tt.took}}
		if got := s.patience(); got != tt.want {
			t.Errorf("%s after %v: waits %v, want %v", tt.from, tt.took, got, tt.want)
		}
	}
}

// crowd is a recording of many conversations of a few kinds.
func crowd(conversations int) *session {
	s := begin()
	for i := range conversations {
		at := 60 * float64(i)
		s.connect(at+1).hear(at+2, "ROBOT").say(at+4+float64(i%13), "where is my parcel?").hear(at+18, "ROBOT")
		if i%4 == 0 {
			s.say(at+20, "well")
		}
		s.hangUp(at + 30)
	}
	return s
}

// TestMix gives flows their shares and their pauses the spread that was seen.
func TestMix(t *testing.T) {
	out, parsed := draftOf(t, crowd(60))
	if want := []scenario.Share{{Flow: "visitor-1", Share: 0.25}, {Flow: "visitor-2", Share: 0.75}}; !slices.Equal(parsed.Mix, want) {
		t.Errorf("mix %v, want %v", parsed.Mix, want)
	}
	think, ok := parsed.Flows[1].Steps[2].(scenario.Think)
	if !ok || think.Time.Shape != scenario.Lognormal {
		t.Errorf("the third step is %#v, want a distribution of times; in\n%s", parsed.Flows[1].Steps[2], out.Scenario)
	}
	wellTravelled(t, parsed, out.Scenario)
}

// TestLongSession drafts one conversation of thousands of texts.
func TestLongSession(t *testing.T) {
	s := begin().connect(1).hear(2, "ROBOT")
	for i := range 2000 {
		s.say(3+float64(i), fmt.Sprintf("text number %d", i)).hear(3.5+float64(i), "ROBOT")
	}
	out, parsed := draftOf(t, s.hangUp(5000))
	if got := len(said(parsed, parsed.Flows[0])); got != 2000 {
		t.Errorf("%d texts, want 2000", got)
	}
	compareNotes(t, out, nil)
}

// TestSeveralUsers tells users apart, and drafts one of them if that is wanted.
func TestSeveralUsers(t *testing.T) {
	s := begin().connect(1).say(2, "one").as("visitor-2").apply(3, "zh").connect(4).say(5, "two").call(5.5, "/apiaccess/ccmessaging/saveSatisfaction", `{"userId":"visitor-2"}`, `{"resultCode":"0"}`).
		hangUp(6).as(secretUser).hangUp(7)
	_, both := draftOf(t, s)
	if got := []string{stepsOf(both.Flows[0]), stepsOf(both.Flows[1])}; !strings.Contains(got[0], "say one") || !strings.Contains(got[1], "say two") || both.Locale != "en_US" {
		t.Errorf("flows %q in %s", got, both.Locale)
	}
	out, second := drafted(t, s, DraftOptions{Source: "session.har", Name: "session", Customer: 1, Files: true})
	if len(second.Flows) != 1 || !strings.Contains(stepsOf(second.Flows[0]), "say two") || second.Locale != "zh" {
		t.Errorf("the second user's flows: %q in %s", stepsOf(second.Flows[0]), second.Locale)
	}
	compareNotes(t, out, []string{"entry 7: saveSatisfaction"})
	out, _ = draftOf(t, s)
	compareNotes(t, out, []string{"entry 4: this page asked for the language zh; a scenario has one, here en_US", "entry 7: saveSatisfaction"})
}

// TestSecrets drafts a recording that repeats its secrets wherever a recording may, and looks for
// them in everything that is written.
func TestSecrets(t *testing.T) {
	s := begin().send(0.5, "CONNECT", "TEXT", "hello from "+secretName+" "+secretKey, "0").
		hear(1, "ROBOT").say(2, "I am "+secretUser+" with "+secretToken+"-"+secretUser+" and "+secretAccess).
		say(3, secretSecret+" "+secretChannel).say(4, "phone 13912345678, mail jane@mail.example.org, card 4111111111111111, id 11010519491231002X, password hunter2").
		send(5, "CHAT", secretSecret, "x", "0").send(6, secretKey, "TEXT", "x", "0").send(7, "CHAT", "TEXT", "a", secretChannel).
		call(8, "/apiaccess/ccmessaging/"+secretSecret, "{}", "{}").upload(9, secretKey, "key-0815-4711", []byte("x")).send(10, "CHAT", "FILE", "key-0815-4711", "0").
		send(11, "TRANS2AGENT", "TEXT", secretName, secretSecret).hangUp(12)
	secrets := []string{secretKey, secretSecret, secretAccess, secretToken, secretChannel, secretName, secretUser, "13912345678", "jane@mail", "4111111111111111", "11010519491231002X", "hunter2", "key-0815-4711"}
	for _, files := range []bool{true, false} {
		out, _ := drafted(t, s, DraftOptions{Source: "session.har", Name: "session", Customer: -1, Files: files})
		written := string(out.Scenario) + strings.Join(notesOf(out), "\n")
		for _, f := range out.Files {
			written += f.Name + string(f.Data)
		}
		for _, secret := range secrets {
			if strings.Contains(written, secret) {
				t.Errorf("%q is in what is written:\n%s", secret, written)
			}
		}
	}
}

var update = flag.Bool("update", false, "write testdata/draft.yaml anew")

// TestGolden shows a whole draft.
func TestGolden(t *testing.T) {
	s := begin().connect(1).hear(1.8, "ROBOT").say(7.25, "where is my order SF1029384756?").hear(7.9, "ROBOT").
		say(20, "That does not help.\nMy number is 13912345678.").hear(20.7, "ROBOT").transfer(31).hear(31.3, "ROBOT", "SYSTEM QUEUE").hear(58, "SYSTEM", "AGENT").
		upload(70, "png", "key-0815-4711", []byte("\x89PNG\r\n\x1a\n")).send(70.4, "CHAT", "IMAGE", "key-0815-4711", "0").hear(83, "AGENT", "AGENT IMAGE").
		say(90, "谢谢！").hear(95, "AGENT").hear(99, "AGENT DISCONNECT").call(101, "/apiaccess/ccmessaging/saveSatisfaction", "{}", `{"resultCode":"0"}`)
	out, parsed := draftOf(t, s)
	wellTravelled(t, parsed, out.Scenario)
	file := filepath.Join("testdata", "draft.yaml")
	if *update {
		if err := os.WriteFile(file, out.Scenario, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(out.Scenario), "\n")); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", file, diff)
	}
}
