package metric

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestTimelineOfEightHoursIsBounded(t *testing.T) {
	const hours, perSecond = 8, 20 // in every fortieth second, to be quick
	s := newStory(t, Options{})
	s.begin("buyer")
	for second := range hours * 3600 {
		for i := range perSecond {
			if second%40 > 0 {
				break
			}
			s.at(time.Duration(second)*time.Second + time.Duration(i)*ms)
			s.ok(aicc.OpPoll, time.Duration(second%700)*ms/1000)
		}
		s.r.Tick(second)
	}
	line := s.r.Finish().Timeline
	if line.Resolution != 128 || len(line.Points) != 225 {
		t.Fatalf("%d points of %d s, want 225 of 128 s", len(line.Points), line.Resolution)
	}
	var exchanges, measured int64
	for i := range line.Points {
		p := &line.Points[i]
		exchanges += p.Exchanges
		measured += p.Latency["poll.empty.service"].Count()
		if got := line.Customers(i); got != 1 {
			t.Errorf("point %d: %v customers on average, want 1", i, got)
		}
	}
	if want := int64(hours * 3600 / 40 * perSecond); exchanges != want || measured != want {
		t.Errorf("%d exchanges and %d samples in the points, want %d each", exchanges, measured, want)
	}
}

func TestTimelineIsBySecondOfCompletion(t *testing.T) {
	s := newStory(t, Options{}).
		at(900*ms).exchange(aicc.OpPoll, 50*ms, trace.Event{Class: aicc.OK, Status: 200, Count: 1}).
		at(900*ms).exchange(aicc.OpSend, 2200*ms, trace.Event{Class: aicc.Info}).
		at(3500*ms).exchange(aicc.OpSend, 10*ms, trace.Event{Class: aicc.Fail, Status: 400}).
		at(3600 * ms).deliver(from(aicc.FromRobot))
	line := s.r.Finish().Timeline
	want := []Point{{Exchanges: 1}, {}, {}, {Exchanges: 2, Failed: 1, Info: 1, Messages: 1}}
	if len(line.Points) != len(want) {
		t.Fatalf("%d points, want %d", len(line.Points), len(want))
	}
	for i, w := range want {
		p := line.Points[i]
		if p.Exchanges != w.Exchanges || p.Failed != w.Failed || p.Info != w.Info || p.Messages != w.Messages {
			t.Errorf("second %d = %+v, want %+v", i, p, w)
		}
	}
	if got := line.Points[3].Latency["send.lost"].Max(); got != 2.2 {
		t.Errorf("the lost send took %v s, want 2.2", got)
	}
}

func TestTimelinesOfDifferentResolution(t *testing.T) {
	var coarse, fine Timeline
	coarse.at(1000).Exchanges = 5 // 4 s a point
	fine.at(2).Exchanges = 1
	fine.at(3).Exchanges = 2
	fine.at(4).Exchanges = 4
	sum := mergeTimelines(&fine, &coarse)
	if sum.Resolution != 4 || sum.Points[0].Exchanges != 3 || sum.Points[1].Exchanges != 4 || sum.Points[250].Exchanges != 5 {
		t.Errorf("resolution %d, points %+v; want 4 s, 3 and 4 at the front, 5 at the back", sum.Resolution, sum.Points)
	}
	if fine.Resolution != 1 || len(fine.Points) != 5 {
		t.Errorf("merging changed its argument to %+v", fine)
	}
}

func TestImpossibleTimelineIsRefused(t *testing.T) {
	tests := []struct{ why, data string }{
		{"points without a resolution", `{"points":[{}]}`},
		{"a resolution that is no power of two", `{"resolution_s":3,"points":[{}]}`},
		{"a resolution that is absurd", `{"resolution_s":4611686018427387904,"points":[{}]}`},
		{"more points than there can be", `{"resolution_s":1,"points":[{}` + strings.Repeat(",{}", maxPoints) + `]}`},
		{"a negative resolution", `{"resolution_s":-2,"points":[{}]}`},
	}
	for _, tt := range tests {
		var line Timeline
		if err := json.Unmarshal([]byte(tt.data), &line); !errors.Is(err, ErrTimeline) {
			t.Errorf("%s: error %v, want ErrTimeline; input %s", tt.why, err, tt.data)
		}
	}
}
