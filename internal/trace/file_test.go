package trace

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"

	"github.com/google/go-cmp/cmp"
)

type closer struct{ bytes.Buffer }

func (*closer) Close() error { return nil }

var header = Header{Tool: "test", Run: 7, Scenario: "smoke", Seed: 42, Start: time.Unix(1760000000, 0).UTC(),
	Markers: true, Journal: true, Pause: 100 * time.Millisecond, Hold: 5 * time.Second, Sample: 1}

// events has every kind with every field that the kind may have.
func events() []Event {
	text := string(marker.Append(nil, marker.Marker{Run: 7, Session: 3, Epoch: 1, Sender: marker.Agent, Seq: 4, Cause: 2, At: time.UnixMicro(1760000000123456)}, "你好 \"hi\"\n<b>"))
	message := aicc.Downlink{Channel: "WEB", ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Text, Content: text,
		From: "2025", To: "u1", SenderNickname: "Ann", Timestamp: "1760000000123", MessageCode: "m1", CallID: "17-1", QueueFlag: "Y"}
	hangUp := aicc.Downlink{ControlType: aicc.Disconnect, SourceType: aicc.FromAgent, NullContent: true}
	list := []Event{
		{Kind: Begin, At: 1, Customer: 3, Epoch: 1, Flow: "buyer"},
		{Kind: Invoke, At: 2, Customer: 3, Epoch: 1, ID: 1, Op: aicc.OpConnect, Intended: 1, Late: 1, Seq: 0},
		{Kind: Return, At: 5, Customer: 3, Epoch: 1, ID: 1, Op: aicc.OpConnect, Intended: 1, Started: 2, Class: aicc.OK, Status: 200, Code: "0", Dial: 1, NewToken: true},
		{Kind: Return, At: 6, Customer: 3, Epoch: 1, ID: 2, Op: aicc.OpPoll, Class: aicc.OK, Status: 200, Code: "0", Count: 2},
		{Kind: Deliver, At: 6, Customer: 3, Epoch: 1, ID: 2, Op: aicc.OpPoll, Message: &message},
		{Kind: Deliver, At: 6, Customer: 3, Epoch: 1, ID: 2, Op: aicc.OpPoll, Index: 1, Message: &hangUp},
		{Kind: Return, At: 7, Customer: 3, Epoch: 1, ID: 3, Op: aicc.OpDownload, FileID: "f", Local: true, Class: aicc.Fail, Status: 502, Error: "HTTP 502", Shape: "x",
			File: &File{ID: "f", Kind: "jpg", Want: "jpg", Size: 9, SHA256: "aa", BadBase: true}},
		{Kind: Return, At: 8, Customer: 3, Epoch: 1, ID: 4, Op: aicc.OpQueue, Class: aicc.OK, Position: 3, Estimate: 20, Probe: true},
		{Kind: Step, At: 9, Customer: 3, Epoch: 1, Flow: "buyer", Name: "expect reply", Missed: true},
		{Kind: Journal, At: 10, Customer: 3, Epoch: 1, Record: &Record{User: "u1", Epoch: 1, Senders: []Said{{Sender: marker.Agent, Count: 5, Waiting: 1}}, HungUp: true, Files: []File{{ID: "f", Size: 9}}}},
		{Kind: End, At: 11, Customer: 3, Epoch: 1, Ended: ByPeer},
		{Kind: Probe, At: 12, Customer: 4, Started: 11, Op: aicc.OpPoll, Name: "TOK-21 poll", Ask: "a poll without user token", Class: aicc.Fail, Status: 401, Code: "401", Count: 2, Note: "odd"},
		{Kind: Probe, At: 12, Customer: 4, Name: "TLS-21 TLS 1.1", Note: "the target does not speak TLS", Skip: Lacking},
	}
	for i := range list {
		if k := list[i].Kind; k != Invoke || list[i].Op != aicc.OpConnect {
			list[i].Seq = -1
		}
		if m := list[i].Message; m != nil {
			list[i].Mark, _, list[i].Marked = marker.Parse(m.Content)
		}
	}
	return list
}

func written(t *testing.T, list []Event) []byte {
	t.Helper()
	var c closer
	w, err := NewWriter(&c, header)
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		w.Write(&list[i])
	}
	if n, err := w.Close(); err != nil || n != int64(len(list)) {
		t.Fatalf("Close() = %d, %v; want %d events", n, err, len(list))
	}
	return c.Bytes()
}

func read(data []byte) (list []Event, h Header, truncated bool, err error) {
	h, truncated, err = Read(bytes.NewReader(data), nil, func(e *Event) error {
		list = append(list, *e)
		return nil
	})
	return list, h, truncated, err
}

func TestRoundTrip(t *testing.T) {
	want := events()
	got, h, truncated, err := read(written(t, want))
	if err != nil || truncated {
		t.Fatalf("Read: %v, truncated %v", err, truncated)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events differ (-want +got):\n%s", diff)
	}
	wantHeader := header
	wantHeader.Format, wantHeader.Version = format, Version
	if diff := cmp.Diff(wantHeader, h); diff != "" {
		t.Errorf("headers differ (-want +got):\n%s", diff)
	}
}

// TestRecordedBefore reads lines that were recorded when encoding/json still wrote them, and wants the
// same ones written now.
func TestRecordedBefore(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "version1.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	want := events()
	got, _, truncated, err := read(data)
	if diff := cmp.Diff(want, got); diff != "" || truncated || err != nil {
		t.Errorf("truncated %v, error %v, events (-want +got):\n%s", truncated, err, diff)
	}
	if diff := cmp.Diff(string(data), string(unzip(t, written(t, want)))); diff != "" {
		t.Errorf("lines (-then +now):\n%s", diff)
	}
}

// TestCutAnywhere cuts a trace after every byte, as a crash might: what is read must be a prefix
// of what was written, and nothing but a file without a whole header is an error.
func TestCutAnywhere(t *testing.T) {
	want := events()
	plain := unzip(t, written(t, want))
	headerEnd := bytes.IndexByte(plain, '\n')
	for n := range len(plain) {
		got, _, _, err := read(plain[:n])
		if n < headerEnd {
			if !errors.Is(err, ErrNotATrace) {
				t.Fatalf("cut after %d bytes: error %v, want %v", n, err, ErrNotATrace)
			}
			continue
		}
		if err != nil {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
		if len(got) > len(want) || len(got) > 0 && cmp.Diff(want[:len(got)], got) != "" {
			t.Fatalf("cut after %d bytes: %d events that are not the first ones written", n, len(got))
		}
	}
}

func TestNotATrace(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       error
	}{
		{"empty", "", ErrNotATrace},
		{"HTML", "<html><body>not here</body></html>", ErrNotATrace},
		{"another JSON", `{"log":{"version":"1.2"}}` + "\n", ErrNotATrace},
		{"a version to come", `{"format":"chatbench.trace","version":99}` + "\n", ErrVersion},
		{"gzip magic only", "\x1f\x8bxxxx", ErrNotATrace},
	} {
		if _, _, _, err := read([]byte(c.data)); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
}

func TestBadLines(t *testing.T) {
	head, _, _ := bytes.Cut(unzip(t, written(t, nil)), []byte("\n"))
	head = append(head, '\n')
	for _, c := range []struct{ name, line string }{
		{"not JSON", "hello\n{}\n"},
		{"unknown kind", `{"k":"dream","t":1,"c":0,"e":0}` + "\n"},
		{"deliver without a message", `{"k":"deliver","t":1,"c":0,"e":0}` + "\n"},
		{"journal without a record", `{"k":"journal","t":1,"c":0,"e":0}` + "\n"},
		{"unknown op", `{"k":"invoke","op":"dance"}` + "\n"},
		{"unknown class", `{"k":"return","op":"poll","class":"good"}` + "\n"},
		{"unknown end", `{"k":"end","ended":"bored"}` + "\n"},
		{"a conversation does not end as a run does", `{"k":"end","ended":"whole"}` + "\n"},
		{"a whole last line of a wrong type", `{"k":"deliver","m":{"content":7}}` + "\n"},
		{"a last line that is no beginning of one", `hello`},
		{"a line that is too long", strings.Repeat(" ", maxLine+1)},
	} {
		_, _, _, err := read(append(bytes.Clone(head), c.line...))
		if err == nil || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: error %v, want one that names line 2", c.name, err)
		}
	}
}

// TestBrokenPackingIsNoCrash wants a packed file with a damaged end to be an error and not to count
// as cut.
func TestBrokenPackingIsNoCrash(t *testing.T) {
	data := written(t, events())
	data[len(data)-6] ^= 0xff // of the check sum
	if _, _, truncated, err := read(data); truncated || err == nil {
		t.Errorf("truncated %v, error %v; want false and an error", truncated, err)
	}
}

func unzip(t *testing.T, data []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"format":"chatbench.trace","version":1}` + "\n" + `{"k":"deliver","t":6,"c":3,"e":1,"m":{"content":"cb1."}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Read(bytes.NewReader(data), nil, func(e *Event) error {
			if e.Kind == None || e.Kind == Deliver && e.Message == nil {
				t.Errorf("event %+v from %q", e, data)
			}
			return nil
		})
	})
}
