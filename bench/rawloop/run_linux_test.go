package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chatbench/bench/loop"
)

// tenant answers with the body that it is given the number of the request for.
func tenant(t *testing.T, body func(n int64) string) string {
	t.Helper()
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = nil // its length would do, but its text says nothing here
		fmt.Fprint(w, body(requests.Add(1)))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestRun(t *testing.T) {
	address := tenant(t, func(int64) string { return "{}" })
	tests := []struct {
		why         string
		args        []string
		least, most int64
	}{
		{"closed: as many as it can", []string{"-c", "3", "-for", "300ms"}, 30, 1e6},
		{"paced: 20 a second for 500 ms, and not one more than the schedule has", []string{"-c", "4", "-every", "200ms", "-for", "500ms"}, 3, 11},
		{"what is polled in the warm-up is left out", []string{"-c", "4", "-every", "200ms", "-warmup", "400ms", "-for", "100ms"}, 0, 4},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		if code := command(t.Context(), append(tt.args, "-target", address), &stdout, &stderr); code != 0 {
			t.Errorf("%s: exit code %d, said %q, for %q", tt.why, code, stderr.String(), tt.args)
			continue
		}
		var r loop.Report
		err := json.Unmarshal(stdout.Bytes(), &r)
		if err != nil || r.Polls < tt.least || r.Polls > tt.most || r.Seconds <= 0 || r.CPU <= 0 {
			t.Errorf("%s: got %+v, error %v; want %d to %d polls, for %q", tt.why, r, err, tt.least, tt.most, tt.args)
		}
	}
}

func TestRunEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	address := tenant(t, func(int64) string { return "{}" })
	var stdout, stderr bytes.Buffer
	code := command(ctx, []string{"-target", address, "-c", "2", "-for", "1h"}, &stdout, &stderr)
	if code != 0 || !strings.Contains(stdout.String(), `"polls":`) {
		t.Errorf("exit code %d, wrote %q, said %q; want the line of what was measured", code, stdout.String(), stderr.String())
	}
}

func TestCommandRefuses(t *testing.T) {
	nobody, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody.Close()
	odd := tenant(t, func(n int64) string { return strings.Repeat("x", int(3-n%2)) })
	tests := []struct {
		why, want string
		args      []string
		code      int
	}{
		{"nobody listens", "connection refused", []string{"-target", nobody.Addr().String()}, 1},
		{"it is no tool against others", "not a loopback address", []string{"-target", "192.0.2.1:80"}, 1},
		{"answers of different lengths cannot be counted", "longer than the first", []string{"-target", odd, "-c", "1", "-for", "5s"}, 1},
		{"nobody polls", "too small", []string{"-c", "0"}, 2},
		{"no such flag", "-verbose", []string{"-verbose"}, 2},
		{"a stray word", `unknown argument "now"`, []string{"now"}, 2},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		code := command(t.Context(), tt.args, &stdout, &stderr)
		if code != tt.code || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: exit code %d, said %q; want %d and %q, for %q", tt.why, code, stderr.String(), tt.code, tt.want, tt.args)
		}
	}
}
