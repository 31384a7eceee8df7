package metric

import (
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

func TestMeterIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(Meter{}); size > 200 {
		t.Errorf("a Meter takes %d bytes, want 200 at most: every customer has one", size)
	}
}

func TestExchangeTimes(t *testing.T) {
	tests := []struct {
		why    string
		op     aicc.Op
		e      trace.Event
		want   map[string][]float64
		counts Outcomes
	}{
		{
			"ok: both times, and dialling is part of the response time alone",
			aicc.OpSend, trace.Event{Intended: 95 * ms, Dial: 4 * ms},
			map[string][]float64{"send.service": {10}, "send.response": {15}, "dial": {4}},
			Outcomes{OK: 1},
		},
		{
			"a refusal is an answer and has its times",
			aicc.OpSend, trace.Event{Intended: 95 * ms, Class: aicc.Fail, Status: 200, Code: "13"},
			map[string][]float64{"send.service": {10}, "send.response": {15}},
			Outcomes{Fail: 1, Reasons: map[string]int64{"code 13": 1}},
		},
		{
			"a 503 is an answer",
			aicc.OpSend, trace.Event{Intended: 95 * ms, Class: aicc.Info, Status: 503},
			map[string][]float64{"send.service": {10}, "send.response": {15}},
			Outcomes{Info: 1, Reasons: map[string]int64{"http 503": 1}},
		},
		{
			"without an answer there is only the time waited in vain",
			aicc.OpSend, trace.Event{Intended: 95 * ms, Class: aicc.Info, Error: "timeout"},
			map[string][]float64{"send.lost": {15}},
			Outcomes{Info: 1, Lost: 1, Reasons: map[string]int64{"timeout": 1}},
		},
		{
			"a wrong shape is named",
			aicc.OpQueue, trace.Event{Class: aicc.Info, Status: 200, Shape: "no result code"},
			map[string][]float64{"queue.service": {10}, "queue.response": {10}},
			Outcomes{Info: 1, Reasons: map[string]int64{"shape: no result code": 1}},
		},
		{
			"a poll with messages is useful",
			aicc.OpPoll, trace.Event{Class: aicc.OK, Status: 200, Count: 2},
			map[string][]float64{"poll.service": {10}, "poll.response": {10}, "poll.useful.service": {10}},
			Outcomes{OK: 1},
		},
		{
			"a poll without messages is empty",
			aicc.OpPoll, trace.Event{Class: aicc.OK, Status: 200},
			map[string][]float64{"poll.service": {10}, "poll.response": {10}, "poll.empty.service": {10}},
			Outcomes{OK: 1},
		},
		{
			"a poll that failed is neither",
			aicc.OpPoll, trace.Event{Class: aicc.Fail, Status: 401},
			map[string][]float64{"poll.service": {10}, "poll.response": {10}},
			Outcomes{Fail: 1, Reasons: map[string]int64{"http 401": 1}},
		},
		{
			"a download has a rate: 20,000 bytes in 10 ms",
			aicc.OpDownload, trace.Event{Class: aicc.OK, Status: 200, File: &trace.File{Size: 20_000}},
			map[string][]float64{"download.service": {10}, "download.response": {10}, "download.rate": {2e9}},
			Outcomes{OK: 1},
		},
		{
			"a probe is not measured",
			aicc.OpPoll, trace.Event{Class: aicc.Fail, Status: 401, Probe: true},
			map[string][]float64{},
			Outcomes{},
		},
	}
	for _, tt := range tests {
		s := newStory(t, Options{}).at(100*ms).exchange(tt.op, 10*ms, tt.e)
		total := s.r.Finish().Total()
		for name := range total.Latency {
			if _, wanted := tt.want[name]; !wanted && name[:8] != "lateness" {
				t.Errorf("%s: %s was sampled", tt.why, name)
			}
		}
		for name, millis := range tt.want {
			t.Run(tt.why, func(t *testing.T) { want(t, total, name, millis...) })
		}
		if diff := cmp.Diff(&tt.counts, total.Counters.Exchange(tt.op)); diff != "" {
			t.Errorf("%s: outcomes (-want +got):\n%s", tt.why, diff)
		}
	}
}

func TestLatenessIsSplit(t *testing.T) {
	s := newStory(t, Options{}).begin("buyer").
		exchange(aicc.OpToken, ms, trace.Event{Late: 1 * ms}).
		exchange(aicc.OpConnect, ms, trace.Event{Late: 2 * ms}).
		exchange(aicc.OpConnect, ms, trace.Event{Late: 3 * ms}). // a second CONNECT starts nothing
		exchange(aicc.OpPoll, ms, trace.Event{Late: 4 * ms}).
		exchange(aicc.OpSend, ms, trace.Event{Late: 5 * ms}).
		exchange(aicc.OpPoll, ms, trace.Event{Late: 6 * ms, Probe: true}).
		end(trace.ByCustomer).begin("buyer").
		exchange(aicc.OpConnect, ms, trace.Event{Late: 7 * ms})
	total := s.r.Finish().Total()
	want(t, total, "lateness.start", 2, 7)
	want(t, total, "lateness.poll", 4)
	want(t, total, "lateness.send", 1, 3, 5)
}

func TestDelivery(t *testing.T) {
	said := wall.Add(900 * ms)
	robot := marker.Marker{Run: 7, Sender: marker.Robot, At: said, Cause: marker.NoCause}
	echo := marker.Marker{Run: 7, Sender: marker.Customer, At: wall.Add(500 * ms)}
	other := marker.Marker{Run: 8, Sender: marker.Robot, At: said}
	stamped := from(aicc.FromRobot)
	stamped.Timestamp = "1772355600950" // wall + 950 ms
	tests := []struct {
		why     string
		opt     Options
		message aicc.Downlink
		marks   []marker.Marker
		want    []float64
	}{
		{"the same clock: the marker's time", Options{Wall: wall, SameClock: true, Run: 7}, stamped, []marker.Marker{robot}, []float64{100}},
		{"the same clock, an echo: the time the tenant gives it, not ours", Options{Wall: wall, SameClock: true, Run: 7}, stamped, []marker.Marker{echo}, []float64{50}},
		{"the same clock, no marker: the timestamp", Options{Wall: wall, SameClock: true, Run: 7}, stamped, nil, []float64{50}},
		{"the same clock, neither", Options{Wall: wall, SameClock: true, Run: 7}, from(aicc.FromAgent), nil, nil},
		{"another clock: a peer's marker says nothing", Options{Wall: wall, Run: 7}, stamped, []marker.Marker{robot}, nil},
		{"another clock, an echo: from our saying to our hearing", Options{Wall: wall, Run: 7}, stamped, []marker.Marker{echo}, []float64{500}},
		{"another clock, no marker", Options{Wall: wall, Run: 7}, stamped, nil, nil},
		{"a marker of another run", Options{Wall: wall, SameClock: true, Run: 7}, stamped, []marker.Marker{other}, nil},
		{"any run will do", Options{Wall: wall, SameClock: true}, stamped, []marker.Marker{other}, []float64{100}},
		{"no wall clock", Options{SameClock: true}, stamped, []marker.Marker{robot}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			s := newStory(t, tt.opt).at(time.Second).deliver(tt.message, tt.marks...)
			want(t, s.r.Finish().Total(), "delivery", tt.want...)
		})
	}
}

func TestNegativeDeliveryIsCountedAsZero(t *testing.T) {
	future := marker.Marker{Sender: marker.Robot, At: wall.Add(time.Hour)}
	s := newStory(t, Options{Wall: wall, SameClock: true}).at(time.Second).deliver(from(aicc.FromRobot), future)
	total := s.r.Finish().Total()
	want(t, total, "delivery", 0)
	if total.Counters.Negative != 1 {
		t.Errorf("negative deliveries = %d, want 1", total.Counters.Negative)
	}
}

func TestReply(t *testing.T) {
	robot := from(aicc.FromRobot)
	cause := func(c int) marker.Marker { return marker.Marker{Sender: marker.Robot, Cause: c} }
	echo := func(seq int) marker.Marker {
		return marker.Marker{Sender: marker.Customer, Seq: seq, Cause: marker.NoCause}
	}
	tests := []struct {
		why        string
		tell       func(s *story)
		want       []float64
		unanswered int64
	}{
		{"a marked answer names what it answers", func(s *story) {
			s.say(1).at(40*ms).deliver(robot, cause(0)).at(50*ms).deliver(robot, cause(1))
		}, []float64{50}, 0},
		{"one answer for two says", func(s *story) {
			s.say(1).at(10*ms).say(2).at(50*ms).deliver(robot, cause(2))
		}, []float64{50, 40}, 0},
		{"the first answer counts, the second is more of the same", func(s *story) {
			s.say(1).at(20*ms).deliver(robot, cause(1)).at(50*ms).deliver(robot, cause(1))
		}, []float64{20}, 0},
		{"an echo answers what it repeats", func(s *story) {
			s.say(1).at(10*ms).say(2).at(50*ms).deliver(robot, echo(2))
		}, []float64{40}, 1},
		{"without markers the next message answers", func(s *story) {
			s.say(-1).at(30 * ms).deliver(robot)
		}, []float64{30}, 0},
		{"a peer that marks its answers does not answer with a picture", func(s *story) {
			s.say(1).at(20*ms).deliver(robot, cause(1)).say(2).at(30*ms).deliver(robot).at(60*ms).deliver(robot, cause(2))
		}, []float64{20, 40}, 0},
		{"a welcome answers nothing", func(s *story) {
			s.say(1).at(20*ms).deliver(robot, cause(marker.NoCause))
		}, nil, 1},
		{"an answer to another customer is none", func(s *story) {
			s.say(1).at(20*ms).deliver(robot, marker.Marker{Session: 9, Sender: marker.Robot, Cause: 5})
		}, nil, 1},
		{"a system notice is no answer", func(s *story) {
			s.say(-1).at(20 * ms).deliver(from(aicc.FromSystem))
		}, nil, 1},
		{"a hang-up is no answer", func(s *story) {
			s.say(-1).at(20 * ms).deliver(aicc.Downlink{SourceType: aicc.FromAgent, ControlType: aicc.Disconnect})
		}, nil, 1},
		{"what was refused is not waited for", func(s *story) {
			s.exchange(aicc.OpSend, ms, trace.Event{Seq: 1, Class: aicc.Fail, Status: 200, Code: "13"}).
				at(20 * ms).deliver(robot)
		}, nil, 0},
		{"what may have arrived is waited for", func(s *story) {
			s.exchange(aicc.OpSend, ms, trace.Event{Seq: 1, Class: aicc.Info}).at(20*ms).deliver(robot, cause(1))
		}, []float64{20}, 0},
		{"only the last four says are waited for", func(s *story) {
			for seq := range 6 {
				s.at(time.Duration(seq) * 10 * ms).say(seq)
			}
			s.at(60*ms).deliver(robot, cause(5))
		}, []float64{40, 30, 20, 10}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			s := newStory(t, Options{}).begin("buyer")
			tt.tell(s)
			total := s.end(trace.ByCustomer).r.Finish().Total()
			want(t, total, "reply", tt.want...)
			if got := total.Counters.Unanswered; got != tt.unanswered {
				t.Errorf("unanswered says = %d, want %d", got, tt.unanswered)
			}
		})
	}
}

func TestConversation(t *testing.T) {
	queue := from(aicc.FromSystem)
	queue.QueueFlag = "Y"
	s := newStory(t, Options{}).at(10*ms).begin("buyer").
		at(20*ms).exchange(aicc.OpConnect, 5*ms, trace.Event{Intended: 15 * ms}).
		at(40*ms).deliver(from(aicc.FromRobot)).
		step("1 connect", false).step("2 expect robot", false).
		at(100*ms).ok(aicc.OpTransfer, 5*ms).
		at(200*ms).deliver(queue).at(300*ms).deliver(queue).
		at(500*ms).deliver(from(aicc.FromAgent)).
		at(600*ms).deliver(from(aicc.FromAgent)).
		step("10 expect agent", true).
		at(700 * ms).end(trace.GaveUp)
	total := s.r.Finish().Total()
	want(t, total, "first_word", 25)
	want(t, total, "handover", 400)
	want(t, total, "queue_wait", 300)
	want(t, total, "conversation", 690)

	flow := total.Counters.Flows["buyer"]
	wantLadder := []Rung{
		{"1 connect", StepCount{Done: 1}},
		{"2 expect robot", StepCount{Done: 1}},
		{"10 expect agent", StepCount{Missed: 1}},
	}
	if diff := cmp.Diff(wantLadder, flow.Ladder()); diff != "" {
		t.Errorf("ladder (-want +got):\n%s", diff)
	}
	if flow.Begun != 1 || flow.Ended[trace.GaveUp] != 1 {
		t.Errorf("begun %d, ended %v; want 1 and one gave-up", flow.Begun, flow.Ended)
	}
	wantMessages := map[string]int64{aicc.FromRobot: 1, aicc.FromAgent: 2, aicc.FromSystem: 2}
	if diff := cmp.Diff(wantMessages, total.Counters.Messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestMediaBytesTokensAndProbes(t *testing.T) {
	s := newStory(t, Options{}).
		exchange(aicc.OpUpload, ms, trace.Event{Class: aicc.OK, Status: 200, File: &trace.File{Size: 100}}).
		exchange(aicc.OpDownload, ms, trace.Event{Class: aicc.OK, Status: 200, File: &trace.File{Size: 30}}).
		exchange(aicc.OpDownload, ms, trace.Event{Class: aicc.Info, Status: 503}).
		exchange(aicc.OpPoll, ms, trace.Event{Class: aicc.OK, Status: 200, NewToken: true, Probe: true}).
		deliver(from("MARTIAN"))
	c := s.r.Finish().Total().Counters
	if c.Uploaded != 100 || c.Downloaded != 30 || c.NewTokens != 1 || c.Probes != 1 || c.Messages["other"] != 1 {
		t.Errorf("uploaded %d, downloaded %d, new tokens %d, probes %d, messages %v; want 100, 30, 1, 1, one other",
			c.Uploaded, c.Downloaded, c.NewTokens, c.Probes, c.Messages)
	}
}

func TestReasonsAreBounded(t *testing.T) {
	s := newStory(t, Options{})
	for i := range 100 {
		s.exchange(aicc.OpSend, ms, trace.Event{Class: aicc.Fail, Status: 200, Code: string(rune('a'+i%60)) + "x"})
	}
	reasons := s.r.Finish().Total().Counters.Exchange(aicc.OpSend).Reasons
	if len(reasons) != maxReasons+1 || total(reasons) != 100 || reasons[otherReasons] == 0 {
		t.Errorf("%d reasons for %d failures, %d of them other; want %d, 100 and more than 0",
			len(reasons), total(reasons), reasons[otherReasons], maxReasons+1)
	}
}
