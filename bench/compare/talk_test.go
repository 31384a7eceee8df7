package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatbench/internal/scenario"
)

func TestCrowd(t *testing.T) {
	tests := []struct {
		why           string
		customers     int
		spread, pause time.Duration
	}{
		{"few come within a second and poll as the demo client does", 200, time.Second, 100 * time.Millisecond},
		{"the last with that pause", 300, 2 * time.Second, 100 * time.Millisecond},
		{"many poll once a second", 301, 2 * time.Second, time.Second},
		{"a thousand take five seconds", 1000, 5 * time.Second, time.Second},
	}
	for _, tt := range tests {
		got := newCrowd(tt.customers)
		if got.spread != tt.spread || got.pause != tt.pause {
			t.Errorf("%s: %+v, want %v and %v", tt.why, got, tt.spread, tt.pause)
		}
	}
}

// TestK6TalksAsChatbenchDoes holds the script against the scenario and its environment.
func TestK6TalksAsChatbenchDoes(t *testing.T) {
	s := loaded(t, newCrowd(100).scenario())
	if d := scenario.DefaultTenant(); d.Channel != channel || d.AppKey != appKey || d.AppSecret != appSecret {
		t.Errorf("the embedded tenant lets in %s, %s, %s; k6 asks with %s, %s, %s", d.Channel, d.AppKey, d.AppSecret, channel, appKey, appSecret)
	}
	if s.Tenant.PollHold != 0 {
		t.Errorf("polls are held for %v; a user of k6 could not talk meanwhile", s.Tenant.PollHold)
	}
	p, err := k6Talk(&embedded{job: job{dir: t.TempDir(), address: "127.0.0.1:1"}}, newCrowd(100))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range p.environ {
		if name, _, _ := strings.Cut(entry, "="); !strings.HasPrefix(name, "K6_") && !strings.Contains(string(k6TalkScript), "__ENV."+name) {
			t.Errorf("the script does not read %s", name)
		}
	}
	if !slices.Contains(p.environ, "PAUSE=0.1") || !strings.Contains(string(k6TalkScript), "'"+p.begins+"'") {
		t.Errorf("environment %q, it begins with %q; want a pause of 0.1 s and a beginning that the script tells", p.environ, p.begins)
	}
	for _, text := range []string{"where is my parcel with the number", "a human, please", "where is my parcel?"} {
		if !strings.Contains(string(k6TalkScript), text) || !strings.Contains(talkScenario, text) {
			t.Errorf("%q is not said by both", text)
		}
	}
}

func TestReadK6Talk(t *testing.T) {
	const good = `{"metrics":{"conversations":{"count":100},"pictures":{"count":100},"polls":{"count":650},"http_reqs":{"count":1400},"http_req_failed":{"passes":0}`
	tests := []struct {
		why, text string
		want      talk
		err       string
	}{
		{"all went well", good + "}}", talk{conversations: 100, exchanges: 1400, polls: 650}, ""},
		{"an answer was not 0", good + `,"wrong":{"count":2}}}`, talk{}, "something was wrong in 2"},
		{"a picture was not looked at", strings.Replace(good, `"pictures":{"count":100}`, `"pictures":{"count":99}`, 1) + "}}", talk{}, "with 99 pictures"},
		{"nobody came", `{"metrics":{}}`, talk{}, "no conversation"},
		{"no summary", "", talk{}, "unexpected end"},
	}
	for _, tt := range tests {
		file := filepath.Join(t.TempDir(), "k6.json")
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readK6Talk(file)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: got error %v, want %q, from %q", tt.why, err, tt.err, tt.text)
			}
			continue
		}
		if err != nil || got.conversations != tt.want.conversations || got.exchanges != tt.want.exchanges || got.polls != tt.want.polls {
			t.Errorf("%s: got %+v, error %v; want %+v, from %q", tt.why, got, err, tt.want, tt.text)
		}
	}
}

func TestConversations(t *testing.T) {
	few, many := newCrowd(300), newCrowd(1000)
	run := func(client string, c crowd, cpu float64) talk {
		return talk{client: client, crowd: c, conversations: 1000, exchanges: 14000,
			spent: spent{cpu: cpu, tenantCPU: 3, memory: 30 * mebi * cpu, tenantMemory: 20 * mebi}}
	}
	got := conversations([]talk{run("chatbench", few, 1), run("k6", few, 4), run("k6", many, 5), run("k6", few, 6)})
	for _, want := range []string{
		"| 300, 100ms | chatbench | 1/1 | 1000 | 14.0 | 1.00 | 1.0 | 30.0 | 1.0 | 3.00 | 20.0 |",
		"| 300, 100ms | k6 | 2/2 | 1000 | 14.0 | 5.00 | 5.0 | 150.0 | 5.0 | 3.00 | 20.0 |",
		"| 1000, 1s | k6 | 1/1 | 1000 | 14.0 | 5.00 |  | 150.0 |  | 3.00 | 20.0 |", // nothing of chatbench to hold it against
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
}
