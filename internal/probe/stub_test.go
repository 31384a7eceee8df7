package probe

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
	"chatbench/internal/check"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// stub is a tenant that gives tokens and answers everything else in one way.
type stub struct {
	answer func(w http.ResponseWriter, path string)
	asked  []string // requests, in words
}

// ServeHTTP implements http.Handler.
func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.asked = append(s.asked, inWords(r, string(body)))
	switch r.URL.Path {
	case aicc.PathToken:
		fmt.Fprintf(w, `{"AccessToken":"app-%s","ApplyType":"Bearer","Expires":"%s"}`, r.Header.Get(aicc.HeaderTokenExpire), r.Header.Get(aicc.HeaderTokenExpire))
	case aicc.PathApply:
		fmt.Fprintf(w, `{"resultCode":"0","token":"user-%d"}`, len(s.asked))
	default:
		s.answer(w, r.URL.Path)
	}
}

// inWords is a request as the golden file has it: path, tokens as far as they are odd, and the body.
func inWords(r *http.Request, body string) string {
	line := strings.TrimPrefix(r.URL.RequestURI(), "/apiaccess/ccmessaging")
	token := r.Header.Get(aicc.HeaderUserToken)
	switch {
	case r.URL.Path == aicc.PathToken || r.URL.Path == aicc.PathApply:
	case token == "":
		line += " (no user token)"
	case token == madeUp:
		line += " (made-up user token)"
	}
	if r.Header.Get(aicc.HeaderAuth) == "Bearer app-1" {
		line += " (expired)"
	}
	if life := r.Header.Get(aicc.HeaderTokenExpire); life != "" {
		line += " (for " + life + " s)"
	}
	body = strings.ReplaceAll(body, caller.Picture, "PNG")
	return strings.TrimSpace(line + " " + strings.ReplaceAll(body, "xxxxxxxxxx", "x"))
}

// against probes a stub and gives the verdicts, by rule.
func against(t *testing.T, s *stub) map[string]check.RuleResult {
	t.Helper()
	rules := make(map[string]check.RuleResult)
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		server := &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0)}
		go server.Serve(l)
		defer server.Close()
		checker := check.New(check.Options{Probes: true, On: notes()})
		session := checker.Customer(0)
		start := time.Now()
		ended := Run(t.Context(), Options{
			Target:    scenario.Target{URL: "http://stub/", Channel: "42", AppKey: "key", AppSecret: "secret"},
			Transport: &http.Transport{DialContext: l.Dial}, Locale: "en", Start: start, Keyword: "human", SessionTime: time.Minute,
			User: func(n int) string { return "u" + strconv.Itoa(n) }, Wants: checker.Probes, Observe: session.Observe, Patience: 10 * time.Second,
		})
		if ended != (Outcome{}) {
			t.Errorf("ended with %+v, want an orderly end", ended)
		}
		if took := time.Since(start); took > 10*time.Minute {
			t.Errorf("it took %v", took)
		}
		for _, r := range checker.Report() {
			rules[r.ID] = r
		}
	})
	return rules
}

func with(status int, body string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// TestStubs probes tenants that answer everything alike. What they are rightly said to break is
// listed; nothing of what is not their answer's may be held against them.
func TestStubs(t *testing.T) {
	for _, c := range []struct {
		name      string
		answer    func(http.ResponseWriter, string)
		broken    string
		undecided int
	}{
		{"refuses all", with(200, `{"resultCode":"13","returnCode":"13"}`),
			"TOK-23 TOK-30 QUE-23 QUE-24 ROB-22 MED-21 SRV-22 LEA-21 CON-25", 0},
		{"takes all", with(200, `{"resultCode":"0"}`),
			"TOK-21 TOK-22 TOK-23 CON-23 POL-21 SND-22 SND-28 QUE-22 QUE-23 QUE-24 ROB-22 MED-21 MED-22 SRV-22 LEA-21 POL-25", 0},
		{"bad request", with(400, ""), "TOK-23 TOK-30 QUE-24 ROB-22 SRV-22 LEA-21 CON-25", 0},
		{"unavailable", with(503, ""), "", 15},
		{"a login page", with(200, "<html>"), "", 15},
		{"an empty page", with(200, ""), "", 15},
		{"a list", with(200, "[]"), "", 15},
		{"flow control", with(200, `{"resultCode":"10010000002","returnCode":"10010000002"}`), "", 15},
		{"too many", with(429, ""), "", 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			rules := against(t, &stub{answer: c.answer})
			var broken []string
			undecided := 0
			for id, r := range rules {
				switch r.Verdict {
				case check.Fail:
					broken = append(broken, id)
				case check.Inconclusive:
					undecided++
				}
			}
			want := strings.Fields(c.broken)
			want = append(want, "TOK-24", "TOK-25") // a stub gives tokens to everybody
			slices.Sort(want)
			slices.Sort(broken)
			if diff := cmp.Diff(want, broken); diff != "" {
				t.Errorf("rules broken (-want +got):\n%s", diff)
				for _, id := range broken {
					t.Logf("%s: %+v", id, rules[id].Witnesses)
				}
			}
			if undecided < c.undecided {
				t.Errorf("%d rules are undecided, want %d at least", undecided, c.undecided)
			}
		})
	}
}

var update = flag.Bool("update", false, "write the golden files anew")

// TestRequests holds what is sent against a golden file: to a tenant that accepts all and says nothing.
func TestRequests(t *testing.T) {
	s := &stub{answer: with(200, `{"resultCode":"0","objectKey":"key-1","returnCode":"0"}`)}
	against(t, s)
	var b strings.Builder
	last, times := "", 0
	flush := func() {
		if times > 1 {
			fmt.Fprintf(&b, "%s (again and again)\n", last)
		} else if times == 1 {
			fmt.Fprintln(&b, last)
		}
	}
	for _, line := range s.asked {
		if line == last {
			times++
			continue
		}
		flush()
		last, times = line, 1
	}
	flush()
	const file = "testdata/requests.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("requests (-%s +got; write it anew with -update):\n%s", file, diff)
	}
}

// TestNoUser wants every case told when nobody gets a token.
func TestNoUser(t *testing.T) {
	var skipped int
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen()
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) })}
		go server.Serve(l)
		defer server.Close()
		Run(t.Context(), Options{
			Target: scenario.Target{URL: "http://stub"}, Transport: &http.Transport{DialContext: l.Dial}, Start: time.Now(),
			User: func(int) string { return "u" }, Wants: func(string) bool { return true },
			Observe: func(e *trace.Event) {
				if e.Skip != "" && e.Note != "" {
					skipped++
				}
			},
		})
	})
	all := 0
	for _, r := range check.ActiveRules() {
		all += len(check.Cases(r.ID))
	}
	if skipped != all {
		t.Errorf("%d cases were told as left out, want all %d", skipped, all)
	}
}
