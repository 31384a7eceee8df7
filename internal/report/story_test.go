package report

import (
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// storied are events with something of everything.
func storied() []trace.Event {
	said := func(m marker.Marker, text string) *aicc.Downlink {
		m.Run, m.At = 7, time.UnixMicro(1e15)
		return &aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Text, Content: string(marker.Append(nil, m, text))}
	}
	list := []trace.Event{
		{Kind: trace.Begin, Epoch: 1, Flow: "buyer"},
		{Kind: trace.Invoke, At: 1 * ms, Op: aicc.OpConnect, ID: 1, Seq: 0},
		{Kind: trace.Return, At: 3 * ms, Started: 1 * ms, Op: aicc.OpConnect, ID: 1, Seq: 0, Class: aicc.OK, Status: 200, Code: "0"},
		{Kind: trace.Invoke, At: 103 * ms, Op: aicc.OpPoll, ID: 2, Seq: -1, Probe: true},
		{Kind: trace.Return, At: 110 * ms, Started: 103 * ms, Op: aicc.OpPoll, ID: 2, Seq: -1, Probe: true, Class: aicc.OK, Status: 200, Code: "0", Count: 4},
		{Kind: trace.Deliver, At: 110 * ms, Op: aicc.OpPoll, ID: 2, Message: said(marker.Marker{Session: 17, Epoch: 1, Sender: marker.Agent, Seq: 4, Cause: -1}, "请稍等\x1b[31m")},
		{Kind: trace.Deliver, At: 110 * ms, Op: aicc.OpPoll, ID: 2, Index: 1, Message: said(marker.Marker{Session: 17, Epoch: 1, Sender: marker.Robot, Seq: 2, Cause: -1}, strings.Repeat("long ", 30))},
		{Kind: trace.Deliver, At: 110 * ms, Op: aicc.OpPoll, ID: 2, Index: 2, Message: &aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Image, Content: "local/f1"}},
		{Kind: trace.Deliver, At: 110 * ms, Op: aicc.OpPoll, ID: 2, Index: 3, Message: &aicc.Downlink{ControlType: aicc.Disconnect, SourceType: aicc.FromSystem}},
		{Kind: trace.Invoke, At: 111 * ms, Op: aicc.OpDownload, ID: 3, Seq: -1, FileID: "local/f1"},
		{Kind: trace.Return, At: 120 * ms, Started: 111 * ms, Op: aicc.OpDownload, ID: 3, Seq: -1, FileID: "local/f1", Class: aicc.OK, Status: 200, Code: "0", File: &trace.File{Kind: "jpg", Size: 1000}},
		{Kind: trace.Return, At: 130 * ms, Started: 130 * ms, Op: aicc.OpSend, ID: 4, Seq: 1, Class: aicc.Info, Error: "time-out"},
		{Kind: trace.Return, At: 140 * ms, Started: 130 * ms, Op: aicc.OpQueue, ID: 5, Seq: -1, Class: aicc.Info, Status: 200, Shape: "not JSON"},
		{Kind: trace.Step, At: 150 * ms, Name: "2 expect agent", Missed: true},
		{Kind: trace.Step, At: 150 * ms, Name: "3 think"},
		{Kind: trace.Journal, At: 160 * ms, Record: &trace.Record{HungUp: true, Senders: []trace.Said{{Sender: marker.Agent, Count: 5, Waiting: 1}}, Files: []trace.File{{}}}},
		{Kind: trace.Journal, At: 160 * ms, Record: &trace.Record{}},
		{Kind: trace.End, At: 170 * ms, Epoch: 1, Ended: trace.ByPeer},
	}
	for i := range list {
		if m := list[i].Message; m != nil {
			list[i].Mark, _, list[i].Marked = marker.Parse(m.Content)
		}
	}
	list[6].Marked = marker.Damaged
	return list
}

func TestStory(t *testing.T) {
	var b strings.Builder
	seen := check.Witness{Sentence: "customer 17, conversation 1: agent message 4 was delivered after agent message 5",
		Events: []check.WitnessEvent{{At: 103 * ms}, {At: 110 * ms}}}
	if err := Story(&b, nil, Violation{Rule: "ORD-01", Seen: &seen, Events: storied()}); err != nil {
		t.Fatal(err)
	}
	golden(t, "story.txt", b.String())
	b.Reset()
	if err := Story(&b, nil, Violation{Rule: "ORD-01", Seen: &check.Witness{Sentence: "x"}}); err != nil || !strings.HasPrefix(b.String(), "ORD-01  x\n") {
		t.Errorf("a story of nothing: %q, %v", b.String(), err)
	}
}

func TestStoryOfManyEvents(t *testing.T) {
	var b strings.Builder
	if err := Story(&b, nil, Violation{Rule: "ORD-01", Seen: &check.Witness{Sentence: "x"}, Events: make([]trace.Event, 10_000)}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(b.String(), "\n"); lines != 2+storyHead+1+storyTail || !strings.Contains(b.String(), "... 9,800 events not shown ...") {
		t.Errorf("%d lines, want the first and the last and a word on those between:\n%s", lines, b.String())
	}
}
