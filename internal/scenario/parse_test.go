package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// mustTemplate is the template of a text that is known to be right.
func mustTemplate(t *testing.T, s string) Template {
	t.Helper()
	tpl, ok := ParseTemplate(s)
	if !ok {
		t.Fatalf("template %q: not closed", s)
	}
	return tpl
}

// everythingOptions are what testdata/everything.yaml needs.
func everythingOptions() Options {
	opt := knownNames()
	opt.Open = memory(map[string]string{"testdata/orders.jsonl": "{\"order\": \"A-1\", \"n1\": 1.50}\n{\"n1\": 2, \"order\": \"雨\"}\n", "testdata/photo.png": "PNG", "testdata/ca.pem": "PEM",
		"testdata/known.yaml": "known:\n  - {rule: DSC-01, reason: a survey comes late}\n"})
	return opt
}

// TestEverything compares the whole result of a file that has every key.
func TestEverything(t *testing.T) {
	got, err := LoadFile("testdata/everything.yaml", everythingOptions())
	if err != nil {
		t.Fatal(err)
	}
	const ms, s = time.Millisecond, time.Second
	yes, hold := true, 5*time.Second
	want := &Scenario{
		Name: "everything", About: "所有的键", File: "testdata/everything.yaml", Hash: got.Hash,
		Seed: 42, Locale: "zh_CN", Markers: Off, Async: true, Between: Dist{Shape: Exponential, A: 3 * s}, Probes: 0.25, Drain: 3 * s,
		Target: &Target{URL: "https://chat.example.com:28090/prefix", Channel: "web", AppKey: "nobody", AppSecret: "s3cret",
			CAFile: "testdata/ca.pem", SNI: "inside", Insecure: true, Robot: &yes, PollHold: &hold, Silence: 20 * time.Minute},
		Tenant: Tenant{
			Robot: &Robot{Reply: Constant(10 * ms), Messages: [2]int{1, 3}, Welcome: "您好", Keywords: []string{"human", "人工"}},
			Agents: Agents{Count: 7, Conversations: 2, PickUp: Dist{A: s, B: 2 * s}, Reply: Dist{Shape: Lognormal, A: s, B: 4 * s},
				Messages: [2]int{2, 2}, Chats: [2]int{3, 6}, HangUp: Constant(s),
				Media: Media{Image: 0.2, Audio: 0.1, Video: 0.05, Document: 0.04, Location: 0.03, LocationJSON: true, Local: 0.5, Size: 64 << 10}},
			Queue: Queue{Limit: 9, MaxWait: time.Minute}, Speech: Echo,
			Channel: "c", AppKey: "k", AppSecret: "literal is fine here", AppTokenLife: time.Minute, UserTokenLife: 30 * s, Renewal: Refuse,
			PollBatch: 4, SecondPoll: EmptyAtOnce, PollOutside: "13",
			NoConversation: "160004", SecondConnect: "1", DisconnectEcho: true, SilenceAfter: 20 * time.Minute, SilenceAsync: true,
			Hours: Hours{Open: 22 * time.Hour, Close: 6 * time.Hour}, TextLimit: 1000, TextLimitBytes: true, KeywordAnywhere: true, History: true, HistoryRobot: true,
			UploadLimit: 1 << 20, UploadLimitVideo: 3 << 20, DownloadLimit: 500_000,
			FlowControl: 40, FlowControl429: true, ReplyDelay: Dist{A: ms, B: 2 * ms},
			NumberCodes: true, TextTimestamps: true, NullFields: true, BareToken: true, Chunked: true, Gzip: true,
			CloseAfterReply: true, MessageCodes: true, ExtraFields: true, CoarseTimestamps: s, Mutants: []string{"drop-one", "swap-adjacent:every=3"},
		},
		Load: Load{Spread: 500 * ms, Stages: []Stage{
			{Name: "rise", Customers: 100, Ramp: true, Length: 5 * s, Warmup: true},
			{Name: "full", Customers: 100, Length: 20 * s},
			{Name: "3", Ramp: true, Length: 5 * s}}},
		Mix: []Share{{"buyer", 0.7}, {"sender", 0.3}},
		Flows: []*Flow{
			{Name: "buyer", Steps: []Step{
				Connect{Text: mustTemplate(t, "你好 {{customer}}"), TransData: mustTemplate(t, `{"order": "{{order}}"}`)},
				Expect{From: "ROBOT", Text: "您好", Within: Constant(5 * s)},
				Think{Dist{A: s, B: 4 * s}},
				Handover{mustTemplate(t, "please")},
				Expect{Queue: true, Within: Constant(s), Optional: true},
				Repeat{Min: 2, Max: 4, Steps: []Step{
					Say{mustTemplate(t, "question {{n}} of {{conversation}} in {{run}} by {{user}}")},
					Expect{From: "AGENT", Reply: true, Within: Constant(10 * s)}}},
				Expect{Media: "IMAGE", Within: Constant(30 * s)},
				Expect{From: "AGENT", Disconnect: true, Within: Constant(2 * time.Minute)}}},
			{Name: "sender", Steps: []Step{
				Connect{}, Handover{},
				Upload{Kind: "file", Type: "txt"},
				Upload{Kind: "image", Type: "png", File: "photo.png", Bytes: []byte("PNG")},
				Upload{Kind: "file", Type: "jpg", File: "photo.png", Bytes: []byte("PNG")},
				Upload{Kind: "video", Type: "mp4"},
				Repeat{Min: 3, Max: 3, Steps: []Step{Think{Dist{Shape: Lognormal, A: s, B: 2 * s}}}},
				HangUp{}}},
			{Name: "sleeper", Steps: []Step{Connect{mustTemplate(t, "hello"), Template{}}}}},
		Data:     &Data{File: "orders.jsonl", Columns: []string{"order", "n1"}, Rows: [][]string{{"A-1", "1.50"}, {"雨", "2"}}, Pick: Sequential},
		Poll:     Poll{Pause: 50 * ms, Timeout: 10 * s, Read: true},
		Exercise: []Exercise{{"DSC-01", 100, 120}, {"DSC-01", 5, 137}},
		Gate: Gate{Strict: true, Off: []string{"ORD-01", "MED-01"}, On: []string{"DSC-01"}, MaxMissed: 0.005, MaxLateness: 20 * ms, LatenessGiven: true, MaxCPU: 0.7, AbortAfter: 30 * s,
			Known: []KnownFailure{{Rule: "DSC-01", Reason: "a survey comes late", File: "testdata/known.yaml", Line: 2}},
			Latency: []Limit{
				{Metric: "poll.service", Quantile: 0.95, Below: 0.05, Samples: 1, Text: "poll.service p95 < 50ms", Line: 128},
				{Metric: "delivery", Quantile: 0.999, Below: 1, Samples: 1000, Text: "delivery p99.9 < 1s, at least 1000 samples", Line: 129},
				{Metric: "poll.service", Quantile: 1, Below: 2, Samples: 1, Text: "poll.service max<2s", Line: 130},
				{Metric: "poll.service", Quantile: 0.9995, Below: 1, Stage: "full", Samples: 10, NoData: true, Line: 131,
					Text: "poll.service p99.95 < 1s in stage full, at least 10 samples, or no data"},
				{Metric: "delivery", Mean: true, Below: 0.5, Stage: "full", Samples: 1, Text: `delivery mean < 500ms in stage "full"`, Line: 132}},
			Errors: []Limit{
				{Metric: "send.failed", Below: 0.001, Samples: 1, Text: "send.failed < 0.1%", Line: 134},
				{Metric: "poll.info", Below: 10, Count: true, Samples: 1, Text: "poll.info < 10, at least 1 sample", Line: 135},
				{Metric: "poll.info", Below: 0.05, Samples: 1, Text: "poll.info < 5%", Line: 138}}},
	}
	if len(got.Hash) != 64 {
		t.Errorf("hash: got %q, want 64 digits", got.Hash)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Template{}, part{})); diff != "" {
		t.Errorf("everything.yaml (-want +got):\n%s", diff)
	}
}

// TestDefaults compares what the shortest scenario is completed to.
func TestDefaults(t *testing.T) {
	yaml := []byte("chatbench: 1\nload: {customers: 2, for: 8s}\nflows: {b: [{connect: hi}], a: [{connect: hi}]}\n")
	got, err := Parse("dir/short.yaml", yaml, Options{})
	if err != nil {
		t.Fatal(err)
	}
	flow := func(name string) *Flow { return &Flow{Name: name, Steps: []Step{Connect{Text: mustTemplate(t, "hi")}}} }
	want := &Scenario{
		Name: "short", File: "dir/short.yaml", Hash: hash(yaml), Locale: "en_US", Tenant: DefaultTenant(),
		Load:    Load{Spread: time.Second, Stages: []Stage{{Name: "1", Customers: 2, Length: 8 * time.Second}}},
		Mix:     []Share{{"b", 0.5}, {"a", 0.5}},
		Flows:   []*Flow{flow("b"), flow("a")},
		Poll:    Poll{Pause: 100 * time.Millisecond, Jitter: 10 * time.Millisecond, Timeout: 30 * time.Second},
		Between: Dist{A: time.Second, B: 3 * time.Second}, Probes: 0.1, Drain: 10 * time.Second,
		Gate: Gate{MaxLateness: 10 * time.Millisecond, MaxCPU: 0.85},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Template{}, part{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", yaml, diff)
	}
}

// TestLatenessFollowsTheLimits wants a tight limit to ask for a generator that is in time, as far as
// one can be, and what the scenario says itself to stand.
func TestLatenessFollowsTheLimits(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		why, gate string
		want      time.Duration
	}{
		{"no limit on a latency", "{missed: 1%}", 10 * ms},
		{"a tenth of it is more than the default", "{latency: [delivery p95 < 2s]}", 10 * ms},
		{"a tenth of the tightest", "{latency: [delivery p95 < 2s, poll.service p50 < 50ms, send.service max < 80ms]}", 5 * ms},
		{"a tenth of it is less than a machine can keep", "{latency: [send.service p50 < 1ms]}", 2 * ms},
		{"the generator itself is no tenant", "{latency: [lateness.poll p50 < 30ms, download.rate p50 < 30ms]}", 10 * ms},
		{"what is said stands, though more", "{lateness: 1h, latency: [send.service p50 < 50ms]}", time.Hour},
		{"what is said stands, though less", "{lateness: 1ms, latency: [send.service p50 < 50ms]}", ms},
	} {
		yaml := "chatbench: 1\nload: {customers: 2, for: 8s}\nflows: {b: [{connect: hi}]}\ngate: " + tt.gate + "\n"
		s, err := Parse("short.yaml", []byte(yaml), Options{})
		if err != nil {
			t.Fatalf("%s: %v", tt.why, err)
		}
		if s.Gate.MaxLateness != tt.want {
			t.Errorf("%s: %v, want %v; gate %s", tt.why, s.Gate.MaxLateness, tt.want, tt.gate)
		}
	}
}

// TestElsewhere checks what a target changes, in the file or by flags: no probes by default, and
// nothing is concluded from the embedded tenant.
func TestElsewhere(t *testing.T) {
	const rest = "chatbench: 1\ntenant: {robot: false, poll_hold: 1h}\nload: {customers: 2, for: 8s}\nflows: {a: [{connect: hi}, {expect: {from: robot, within: 5s}}]}\n"
	for _, row := range []struct {
		reason, yaml string
		opt          Options
		problems     int
	}{
		{"the embedded tenant has no robot and holds polls too long", rest, Options{}, 2},
		{"a target in the file", rest + "target: {url: 'http://h', channel: c}", Options{}, 0},
		{"a target by flags", rest, Options{Elsewhere: true}, 0},
	} {
		s, err := Parse("a.yaml", []byte(row.yaml), row.opt)
		var problems Problems
		if errors.As(err, &problems); len(problems) != row.problems {
			t.Errorf("%s: got %v, want %d problems, input:\n%s", row.reason, err, row.problems, row.yaml)
		}
		if s != nil && s.Probes != 0 {
			t.Errorf("%s: got probes %v, want none", row.reason, s.Probes)
		}
	}
}

// TestReuse checks aliases, merge keys and the environment, which act before any key is read.
func TestReuse(t *testing.T) {
	const yaml = `
chatbench: 1
name: $${COUNT} is ${COUNT}${EMPTY}
about: "${NOPE:-a: b}, ${EMPTY:-not this}"
load: {customers: "${COUNT}", for: "${COUNT}s"}
tenant:
  robot: &robot {reply: &quick 10ms, welcome: hi}
  agents: {reply: *quick, media: {<<: [&half {image: 50%, audio: 50%}, {audio: 9%, video: 10%}], image: 40%}}
flows:
  a: &steps
    - connect: hi
    - repeat: 2
      steps: &round
        - say: "{{n}}"
    - repeat: 3
      steps: *round
  b: *steps
`
	s, err := Parse("a.yaml", []byte(yaml), knownNames())
	if err != nil {
		t.Fatal(err)
	}
	media := Media{Image: 0.4, Audio: 0.5, Video: 0.1}
	if s.Name != "${COUNT} is 7" || s.About != "a: b, " || s.Load.peak() != 7 || s.Load.Stages[0].Length != 7*time.Second {
		t.Errorf("environment: got name %q, about %q, load %+v", s.Name, s.About, s.Load)
	}
	if s.Tenant.Agents.Reply != s.Tenant.Robot.Reply || s.Tenant.Agents.Media != media {
		t.Errorf("alias and merge: got agents %+v, robot %+v, want media %+v", s.Tenant.Agents, s.Tenant.Robot, media)
	}
	if diff := cmp.Diff(s.Flows[0].Steps, s.Flows[1].Steps, cmp.AllowUnexported(Template{}, part{})); diff != "" {
		t.Errorf("the same flow twice (-a +b):\n%s", diff)
	}
}

// TestAliasBomb checks that a few lines cannot grow to fill the memory.
func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("chatbench: 1\nload: &l0 [x, x, x, x, x, x, x, x, x, x]\nmix:\n")
	for i := range 9 {
		name, next := string(rune('0'+i)), string(rune('1'+i))
		b.WriteString("  k" + name + ": &l" + next + " [" + strings.Repeat("*l"+name+", ", 9) + "*l" + name + "]\n")
	}
	_, err := Parse("bomb.yaml", []byte(b.String()), Options{})
	if err == nil || !strings.Contains(err.Error(), "the aliases expand to more than") {
		t.Errorf("got %.200v, want a problem about aliases", err)
	}
}

func TestProblemsAsErrors(t *testing.T) {
	_, err := Parse("a.yaml", []byte("chatbench: 1\nload: {customers: 2, for: 8s}\nzzz: 1\ndata: {file: empty.csv}\nflows: {a: [{connect: hi}]}\naaa: 1"), Options{Open: memory(dataFiles)})
	var all Problems
	var one Problem
	if !errors.As(err, &all) || !errors.As(err, &one) {
		t.Fatalf("got %T, want Problems and Problem", err)
	}
	var order []string
	for _, p := range all {
		order = append(order, p.File)
	}
	if diff := cmp.Diff([]string{"a.yaml", "a.yaml", "empty.csv"}, order); diff != "" {
		t.Errorf("the scenario's own problems come first (-want +got):\n%s", diff)
	}
	if one != all[0] || one.Line != 3 {
		t.Errorf("errors.As gives %+v, want the first, in line 3", one)
	}
}

// TestSecretStaysSecret checks that no message shows a secret, whatever is wrong with the target.
func TestSecretStaysSecret(t *testing.T) {
	for _, target := range []string{
		"{url: 'https://u:hunter2@h', channel: c}",
		"{url: 'https://h/?key=hunter2', channel: c}",
		"{url: '${SECRET}', channel: c, app_secret: hunter2}",
		"{url: 'http://h', channel: c, app_secret: {a: hunter2}}",
	} {
		opt := knownNames()
		opt.Env = func(string) (string, bool) { return "hunter2", true }
		_, err := Parse("a.yaml", []byte("chatbench: 1\nload: {customers: 2, for: 8s}\ntarget: "+target+"\nflows: {a: [{connect: hi}]}"), opt)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("target %s: got %v, want a problem without the secret", target, err)
		}
	}
}

func TestLoadFileErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := LoadFile(filepath.Join(dir, "gone.yaml"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: got %v", err)
	}
	if _, err := LoadFile(dir, Options{}); err == nil {
		t.Error("a folder: got no error")
	}
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, make([]byte, MaxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadFile(big, Options{}); !errors.Is(err, errTooLarge) {
		t.Errorf("a file beyond the limit: got %v", err)
	}
}

// TestFilesNextToTheScenario checks where the files that a scenario names are looked for.
func TestFilesNextToTheScenario(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("rows.csv", "\ufeffa,b\r\n1,\"x, \"\"y\"\"\"\r\n")
	write("s.yaml", "chatbench: 1\nload: {customers: 2, for: 8s}\ndata: {file: rows.csv}\nflows: {a: [{connect: '{{a}}{{b}}'}]}")
	want := &Data{File: "rows.csv", Columns: []string{"a", "b"}, Rows: [][]string{{"1", `x, "y"`}}}
	s, err := LoadFile(filepath.Join(dir, "s.yaml"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, s.Data); diff != "" {
		t.Errorf("data (-want +got):\n%s", diff)
	}
	elsewhere := Options{Dir: filepath.Join(dir, "sub")}
	if _, err := LoadFile(filepath.Join(dir, "s.yaml"), elsewhere); err == nil {
		t.Error("with another folder: got no problem")
	}
}

func TestLoadTenant(t *testing.T) {
	short := DefaultTenant()
	short.PollHold = 0
	for _, row := range []struct {
		reason, yaml string
		want         Tenant
		problem      string
	}{
		{"the keys alone", "poll_hold: 0s", short, ""},
		{"a scenario", "chatbench: 1\ntenant: {poll_hold: 0s}\nflows: {}", short, ""},
		{"a scenario's other variables are not needed", "chatbench: 1\ntarget: {url: '${GONE}'}\ntenant: {poll_hold: 0s}", short, ""},
		{"a scenario without the section", "chatbench: 1\nflows: {}", DefaultTenant(), ""},
		{"no keys", "{}", DefaultTenant(), ""},
		{"nothing", "", Tenant{}, "tenant.yaml:1:1: the file is empty (write poll_hold: 5s, or another key of the tenant section)"},
		{"an unknown key", "poll_hld: 0s", Tenant{}, `tenant.yaml:1:1: unknown key "poll_hld" in tenant (did you mean "poll_hold"?)`},
		{"a list", "[1]", Tenant{}, "tenant.yaml:1:1: tenant: a mapping is needed, not a list (write key: value pairs)"},
	} {
		got, err := parseTenant("tenant.yaml", []byte(row.yaml), Options{})
		problem := ""
		if err != nil {
			problem = err.Error()
		}
		if diff := cmp.Diff(row.problem, problem); diff != "" {
			t.Errorf("%s: %q: problems (-want +got):\n%s", row.reason, row.yaml, diff)
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", row.reason, row.yaml, diff)
		}
	}
	if _, err := LoadTenant("testdata/everything.yaml", knownNames()); err != nil {
		t.Errorf("LoadTenant of a scenario: %v", err)
	}
	if _, err := LoadTenant("testdata/gone.yaml", Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("LoadTenant of a file that is not there: got %v", err)
	}
}

// TestPatience reads an expectation's time as a distribution, which must not be shorter than what a
// clock can tell.
func TestPatience(t *testing.T) {
	for text, want := range map[string]Dist{
		"5s":                               Constant(5 * time.Second),
		"1s..4s":                           {A: time.Second, B: 4 * time.Second},
		"{exponential: 2m}":                {Shape: Exponential, A: 2 * time.Minute},
		"{lognormal: {p50: 20s, p95: 2m}}": {Shape: Lognormal, A: 20 * time.Second, B: 2 * time.Minute},
		"0s..4s":                           {}, // too short
		"{exponential: 1us}":               {},
	} {
		s, err := Parse("patience.yaml", []byte("chatbench: 1\nload: {customers: 1, for: 1s}\nflows: {f: [{connect: hi}, {expect: {within: "+text+"}}]}\n"), Options{})
		if (want == Dist{}) {
			if err == nil || !strings.Contains(err.Error(), "too short (at least 1ms)") {
				t.Errorf("within %s: got %v, want it to be too short", text, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("within %s: %v", text, err)
			continue
		}
		if got := s.Flows[0].Steps[1].(Expect).Within; got != want {
			t.Errorf("within %s: got %v, want %v", text, got, want)
		}
	}
}
