package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSchedule(t *testing.T) {
	s := newSchedule(time.Second, 4)
	var turns []int
	for _, now := range []time.Duration{0, 100 * time.Millisecond, 600 * time.Millisecond, 1100 * time.Millisecond} {
		for turn, ok := s.due(now); ok; turn, ok = s.due(now) {
			turns = append(turns, turn)
		}
	}
	// At 0 the first; nothing in between; those of 250 and 500 ms; those of 750 and 1000 ms.
	if diff := cmp.Diff([]int{0, 1, 2, 3, 0}, turns); diff != "" {
		t.Errorf("turns (-want +got):\n%s", diff)
	}
	if got := s.wait(1100*time.Millisecond, time.Second); got != 150*time.Millisecond {
		t.Errorf("wait = %v, want until 1250 ms", got)
	}
}

func TestScheduleWaits(t *testing.T) {
	tests := []struct {
		why         string
		every       time.Duration
		connections int
		now, want   time.Duration
	}{
		{"closed: nothing is ever due", 0, 10, time.Hour, time.Second},
		{"it is due already", time.Second, 10, time.Hour, 0},
		{"the limit", time.Hour, 1, -2 * time.Second, time.Second},
		{"more connections than nanoseconds", 5, 10, 0, 0},
	}
	for _, tt := range tests {
		s := newSchedule(tt.every, tt.connections)
		if got := s.wait(tt.now, time.Second); got != tt.want {
			t.Errorf("%s: wait = %v, want %v", tt.why, got, tt.want)
		}
		if _, ok := s.due(tt.now); ok != (tt.want == 0) {
			t.Errorf("%s: due is %v, want %v", tt.why, ok, tt.want == 0)
		}
	}
}

func TestAnswerLength(t *testing.T) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
	tests := []struct {
		why, input, err string
		want            int
	}{
		{"head and body", answer, "", len(answer)},
		{"what comes behind is another answer", answer + answer, "", len(answer)},
		{"a refusal", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "the first answer is 404 Not Found", 0},
		{"cut in the body", answer[:len(answer)-1], "unexpected EOF", 0},
		{"nothing", "", "EOF", 0},
		{"another protocol", "hello\r\n\r\n", "malformed", 0},
	}
	for _, tt := range tests {
		got, err := answerLength(strings.NewReader(tt.input))
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: got %d, %v; want %d, %q, from %q", tt.why, got, err, tt.want, tt.err, tt.input)
		}
	}
}
