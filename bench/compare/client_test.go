package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"chatbench/internal/scenario"
)

func TestPollScenarioIsWhatTheLoadSays(t *testing.T) {
	tests := []struct {
		why          string
		load         load
		pause        time.Duration
		jitter       time.Duration
		warmup, main time.Duration
	}{
		{"closed: no pause at all", load{connections: 100, ramp: time.Second, settle: 500 * time.Millisecond, window: 2 * time.Second},
			0, 0, 1500 * time.Millisecond, 2*time.Second + margin},
		{"paced: a tenth of it is jitter, which the pause makes room for", load{connections: 9000, every: time.Second, ramp: 3 * time.Second, settle: time.Second, window: time.Second},
			950 * time.Millisecond, 100 * time.Millisecond, 4 * time.Second, time.Second + margin},
		{"fast", load{connections: 30, every: 10 * time.Millisecond, ramp: time.Second, settle: time.Second, window: time.Second},
			9500 * time.Microsecond, time.Millisecond, 2 * time.Second, time.Second + margin},
	}
	for _, tt := range tests {
		text := pollScenario(tt.load)
		file := filepath.Join(t.TempDir(), "polls.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scenario.LoadFile(file, scenario.Options{Elsewhere: true})
		if err != nil {
			t.Fatalf("%s: %v\n%s", tt.why, err, text)
		}
		var warmup, main time.Duration
		for _, stage := range s.Load.Stages {
			if stage.Customers != tt.load.connections {
				t.Errorf("%s: a stage has %d customers, want %d\n%s", tt.why, stage.Customers, tt.load.connections, text)
			}
			if stage.Warmup {
				warmup += stage.Length
			} else {
				main += stage.Length
			}
		}
		if s.Poll.Pause != tt.pause || s.Poll.Jitter != tt.jitter || warmup != tt.warmup || main != tt.main {
			t.Errorf("%s: pause %v, jitter %v, warm-up %v, measured %v; want %v, %v, %v, %v\n%s", tt.why,
				s.Poll.Pause, s.Poll.Jitter, warmup, main, tt.pause, tt.jitter, tt.warmup, tt.main, text)
		}
	}
}

// loaded writes a scenario to a file and reads it.
func loaded(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scenario.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scenario.LoadFile(file, scenario.Options{})
	if err != nil {
		t.Fatalf("%v, in\n%s", err, text)
	}
	return s
}

func TestScenariosAreValid(t *testing.T) {
	texts := map[string]string{
		"talk, few":  newCrowd(7).scenario(),
		"talk, many": newCrowd(1000).scenario(),
		"soak":       soakScenario(100, time.Second, time.Minute),
		"arrivals":   arrivalScenario(200, 20*time.Second),
		"tls":        answering + pollScenario(pacedLoad("tls", 1000, time.Second, time.Second)),
		"tls visits": answering + arrivalScenario(visitRate, 4*time.Second),
	}
	for name, text := range texts {
		if s := loaded(t, text); len(s.Load.Stages) == 0 {
			t.Errorf("%s has no load, in\n%s", name, text)
		}
	}
}

func TestReadResultRefusesWhatIsNone(t *testing.T) {
	tests := []struct{ why, text string }{
		{"nothing was written", ""},
		{"another program's JSON", `{"polls": 3}`},
		{"no poll was measured", `{"schema": "chatbench.result/1"}`},
	}
	for _, tt := range tests {
		if got, err := readResult([]byte(tt.text)); err == nil {
			t.Errorf("%s: got %+v and no error, from %q", tt.why, got, tt.text)
		}
		if got, err := readTalk([]byte(tt.text)); err == nil {
			t.Errorf("%s: got %+v and no error, from %q", tt.why, got, tt.text)
		}
	}
}
