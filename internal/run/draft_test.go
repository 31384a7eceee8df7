package run

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/har"
	"chatbench/internal/memnet"
	"chatbench/internal/scenario"
)

// tape records what goes over the connections of a run, as a proxy would.
type tape struct {
	mu    sync.Mutex
	wires []*wire
}

// wire is one connection: the bytes of each direction, and when they came.
type wire struct {
	net.Conn
	mu             sync.Mutex
	asked, replied track
}

// track is one direction.
type track struct {
	bytes []byte
	marks []mark
}

// mark says that the bytes from the last mark to this end came at a moment.
type mark struct {
	end int
	at  time.Time
}

func (t *track) add(b []byte) {
	t.bytes = append(t.bytes, b...)
	t.marks = append(t.marks, mark{len(t.bytes), time.Now()})
}

// when is the moment at which a byte came.
func (t *track) when(at int) time.Time {
	i := slices.IndexFunc(t.marks, func(m mark) bool { return m.end > at })
	return t.marks[i].at
}

func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	w.asked.add(b)
	w.mu.Unlock()
	return w.Conn.Write(b)
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > 0 {
		w.replied.add(b[:n])
	}
	return n, err
}

func (p *tape) dial(dial func(context.Context, string, string) (net.Conn, error)) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		w := &wire{Conn: conn}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.wires = append(p.wires, w)
		return w, nil
	}
}

// entries are the exchanges of a connection as elements of log.entries.
func (w *wire) entries(t *testing.T) []map[string]any {
	var all []map[string]any
	requests, answers := bytes.NewReader(w.asked.bytes), bytes.NewReader(w.replied.bytes)
	in, out := bufio.NewReader(requests), bufio.NewReader(answers)
	for {
		began := len(w.asked.bytes) - requests.Len() - in.Buffered()
		req, err := http.ReadRequest(in)
		if err != nil {
			return all
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(out, req)
		if err != nil {
			return all // the run ended first
		}
		answer, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		start, end := w.asked.when(began), w.replied.when(len(w.replied.bytes)-answers.Len()-out.Buffered()-1)
		all = append(all, map[string]any{
			"startedDateTime": start.UTC().Format(time.RFC3339Nano), "time": float64(end.Sub(start).Microseconds()) / 1000,
			"request":  map[string]any{"method": req.Method, "url": "http://" + req.Host + req.URL.String(), "headers": listed(req.Header), "postData": map[string]any{"text": string(body)}},
			"response": map[string]any{"status": res.StatusCode, "headers": listed(res.Header), "content": map[string]any{"size": len(answer), "text": string(answer)}},
		})
	}
}

func listed(h http.Header) []any {
	all := []any{}
	for name, values := range h {
		all = append(all, map[string]any{"name": name, "value": values[0]})
	}
	return all
}

// save writes what was recorded as a browser would.
func (p *tape) save(t *testing.T) string {
	t.Helper()
	entries := []map[string]any{}
	for _, w := range p.wires {
		entries = append(entries, w.entries(t)...)
	}
	slices.SortStableFunc(entries, func(a, b map[string]any) int {
		return cmp.Compare(a["startedDateTime"].(string), b["startedDateTime"].(string))
	})
	text, err := json.Marshal(map[string]any{"log": map[string]any{"version": "1.2", "entries": entries}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "session.har")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// again drafts a scenario of a recording and reads it.
func again(t *testing.T, file string) (*scenario.Scenario, *har.Drafted) {
	t.Helper()
	rec, err := har.Open(file, har.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Close()
	out, err := rec.Draft(har.DraftOptions{Source: "session.har", Name: "again", Customer: -1, Files: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := scenario.Parse("again.yaml", out.Scenario, scenario.Options{Open: func(name string) (io.ReadCloser, error) {
		for _, f := range out.Files {
			if f.Name == name {
				return io.NopCloser(bytes.NewReader(f.Data)), nil
			}
		}
		return nil, fs.ErrNotExist
	}})
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, out.Scenario)
	}
	return s, out
}

// told writes steps down, texts and times included.
func told(steps []scenario.Step) []string {
	same := func(name string) string { return "<" + name + ">" }
	var all []string
	for _, step := range steps {
		text := step.Describe()
		switch s := step.(type) {
		case scenario.Connect:
			text += " " + s.Text.Expand(same) + s.TransData.Expand(same)
		case scenario.Say:
			text += " " + s.Text.Expand(same)
		case scenario.Handover:
			text += " " + s.Text.Expand(same)
		case scenario.Think:
			text += " " + s.Time.String()
		}
		all = append(all, text)
	}
	return all
}

// TestDraftOfARun plays flows, records them on the wire, and wants the draft of the recording to be the
// same flow, which can be played at once.
func TestDraftOfARun(t *testing.T) {
	tests := []struct{ name, tenant, settings, flow string }{
		{"robot", "{}", "", `
    - connect: 你好
    - expect: {from: robot, within: 5s}
    - think: 2s
    - say: "where is my parcel? 👍 {{{{ $${X} # yes"
    - expect: {reply: true, within: 5s}
    - think: 12s
    - say: "- two\n- lines: 1e3"
    - expect: {reply: true, within: 5s}
    - think: 500ms
    - hang_up: {}`},
		{"hand-over, pictures, hang-up by the agent", "{agents: {chats: 2, media: {image: 100%, audio: 100%}, hang_up: 3s}}", "send: async\nlocale: zh_CN\n", `
    - connect: {text: hello, trans_data: '{"level": "gold"}'}
    - expect: {from: robot, within: 5s}
    - think: 1s
    - handover: human, please
    - expect: {from: agent, within: 30s}
    - think: 3s
    - upload: image
    - expect: {from: agent, within: 30s}
    - expect: {media: image, within: 30s}
    - expect: {media: audio, within: 30s}
    - think: 4s
    - say: thanks
    - expect: {reply: true, within: 30s}
    - expect: {media: image, within: 30s}
    - expect: {media: audio, within: 30s}
    - expect: {disconnect: true, within: 30s}`},
		{"hand-over by a word", "{robot: {keywords: [人工]}, speech: plain}", "poll: {read: true}\nmarkers: 'off'\n", `
    - connect: hello
    - expect: {from: robot, within: 5s}
    - think: 1s
    - say: 人工
    - expect: {from: robot, reply: true, within: 5s}
    - expect: {from: agent, within: 30s}
    - think: 2s
    - say: good
    - expect: {from: agent, reply: true, within: 30s}
    - think: 1s
    - hang_up: {}`},
		{"no robot, and silence", "{robot: false, silence_after: 20s}", "", `
    - connect: hello
    - expect: {from: agent, within: 30s}
    - think: 2s
    - say: well
    - expect: {from: agent, reply: true, within: 30s}
    - expect: {disconnect: true, within: 1m}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "chatbench: 1\n" + tt.settings + "load: {customers: 1, for: 1s}\ndrain: 5m\nprobes: 0%\ntenant: " + tt.tenant + "\nflows:\n  a:" + tt.flow + "\n"
			original, err := scenario.Parse("a.yaml", []byte(text), scenario.Options{})
			if err != nil {
				t.Fatal(err)
			}
			recorder := &tape{}
			synctest.Test(t, func(t *testing.T) {
				l := memnet.Listen()
				if _, err := Play(t.Context(), Options{Scenario: original, Version: "test", network: &network{listener: l, dial: recorder.dial(l.Dial)}}); err != nil {
					t.Fatal(err)
				}
			})
			drafted, out := again(t, recorder.save(t))
			want, got := told(original.Flows[0].Steps), told(drafted.Flows[0].Steps)
			if !slices.Equal(want, got) || len(drafted.Flows) != 1 || drafted.Async != original.Async || drafted.Locale != original.Locale || drafted.Poll.Read != original.Poll.Read {
				t.Errorf("steps\n got %s\nwant %s\nof\n%s", strings.Join(got, "\n     "), strings.Join(want, "\n     "), out.Scenario)
			}
			if len(out.Notes) > 0 {
				t.Errorf("notes %v, want none", out.Notes)
			}
			if r := virtually(t, drafted, Options{}); r.Exit != 0 {
				t.Errorf("the draft ends with exit code %d, want 0; played\n%s", r.Exit, out.Scenario)
			}
		})
	}
}
