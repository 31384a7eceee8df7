package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"chatbench/bench/loop"
	"chatbench/internal/aicc"
)

// running starts the program at a free port. The function that it gives ends it and gives its line.
func running(t *testing.T, args ...string) (address string, end func() loop.Report) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	said, stderr := io.Pipe()
	var stdout bytes.Buffer
	ended := make(chan int, 1)
	go func() { ended <- command(ctx, args, &stdout, stderr) }()
	line := make([]byte, 100)
	n, err := said.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "leantenant at http://"))
	var once sync.Once
	var r loop.Report
	end = func() loop.Report {
		once.Do(func() {
			cancel()
			if code := <-ended; code != 0 {
				t.Errorf("exit code %d, want 0", code)
			}
			if err := json.Unmarshal(stdout.Bytes(), &r); err != nil {
				t.Errorf("line %q: %v", stdout.Bytes(), err)
			}
		})
		return r
	}
	t.Cleanup(func() { end() })
	return address, end
}

func TestServe(t *testing.T) {
	address, end := running(t)
	client := &http.Client{Transport: &http.Transport{}}
	for _, path := range []string{aicc.PathPoll + "?receiverId=u", aicc.PathPoll, "/nowhere"} {
		response, err := client.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
	}
	var marked loop.Report
	response, err := client.Get("http://" + address + markPath)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&marked); err != nil {
		t.Fatal(err)
	}
	if marked.Polls != 2 || marked.Others != 1 || marked.Opened != 1 || marked.Times.Max <= 0 || marked.CPU <= 0 {
		t.Errorf("mark gave %+v, want 2 polls, 1 other request, 1 connection, and times", marked)
	}
	if got := end(); got.Polls != 0 || got.Opened != 0 || got.Seconds <= 0 {
		t.Errorf("the last line is %+v, want nothing since the mark", got)
	}
}

// TestServeOddClients plays clients that no browser is.
func TestServeOddClients(t *testing.T) {
	const poll = "GET " + aicc.PathPoll + " HTTP/1.1\r\nHost: x\r\n\r\n"
	tests := []struct {
		why     string
		writes  []string
		answers int // that come before the client or the tenant ends the connection
		closed  bool
	}{
		{"a request in two pieces", []string{poll[:10], poll[10:]}, 1, false},
		{"two requests in one piece", []string{poll + poll}, 2, false},
		{"one and a half, and the rest", []string{poll + poll[:7], poll[7:]}, 2, false},
		{"no request at all", []string{"hello\r\n\r\n"}, 0, true},
	}
	for _, tt := range tests {
		address, end := running(t)
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		for _, part := range tt.writes {
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
		}
		if tt.closed {
			if n, err := conn.Read(make([]byte, 10)); err == nil {
				t.Errorf("%s: read %d bytes, want the connection closed", tt.why, n)
			}
		} else if _, err := io.ReadFull(conn, make([]byte, tt.answers*len(newAnswers(time.Now()).poll))); err != nil {
			t.Errorf("%s: %v, want %d answers, to %q", tt.why, err, tt.answers, tt.writes)
		}
		conn.Close()
		if got := end(); got.Polls != int64(tt.answers) || (got.Broken > 0) != tt.closed {
			t.Errorf("%s: %d polls, %d broken; want %d and broken %v", tt.why, got.Polls, got.Broken, tt.answers, tt.closed)
		}
	}
}

// TestServeLate holds what callers see and what the line says against the delays.
func TestServeLate(t *testing.T) {
	address, end := running(t, "-delay", "30ms", "-rate", "10", "-for", "1s")
	var calls sync.WaitGroup
	for range 3 {
		calls.Go(func() {
			began := time.Now()
			response, err := http.Get("http://" + address + aicc.PathPoll)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			if took := time.Since(began); response.StatusCode != 200 || took < 30*time.Millisecond {
				t.Errorf("status %d after %v, want 200 after 30ms at the least", response.StatusCode, took)
			}
		})
	}
	gone, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(gone, "GET "+aicc.PathPoll+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	gone.Close() // before it is answered
	calls.Wait()
	got := end()
	if got.Polls != 3 || got.Broken != 0 || got.Times.P50 < 0.030 || got.Dispersion <= 0 {
		t.Errorf("got %+v, want 3 polls of 30 ms at the least, and none for who has left", got)
	}
	if got.Scheduled == nil || got.Scheduled.P999 != 0.030 {
		t.Errorf("the truth is %+v, want 30 ms", got.Scheduled)
	}
}

func TestCommandRefuses(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	tests := []struct {
		why, want string
		args      []string
		code      int
	}{
		{"the port is in use", "address already in use", []string{"-listen", taken.Addr().String()}, 1},
		{"fixed answers are for this machine", "not a loopback address", []string{"-listen", "0.0.0.0:0"}, 1},
		{"no such address", "missing port", []string{"-listen", "127.0.0.1"}, 1},
		{"a schedule without an end", "-for belong together", []string{"-rate", "5"}, 2},
		{"a delay that is none", "less than 0", []string{"-delay", "-1s"}, 2},
		{"no such flag", "-verbose", []string{"-verbose"}, 2},
		{"a stray word", `unknown argument "now"`, []string{"now"}, 2},
	}
	for _, tt := range tests {
		var stdout, stderr bytes.Buffer
		code := command(t.Context(), tt.args, &stdout, &stderr)
		if code != tt.code || !strings.Contains(stderr.String(), tt.want) || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, said %q, wrote %q; want %d and %q, for %q", tt.why, code, stderr.String(), stdout.String(), tt.code, tt.want, tt.args)
		}
	}
}
