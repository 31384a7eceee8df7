package check

import (
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

func TestSessionSize(t *testing.T) {
	t.Logf("a session has %d bytes; the streams of a second and third sender %d, what is waited for %d, what is rare %d, a message remembered %d, a file %d",
		unsafe.Sizeof(Session{}), unsafe.Sizeof(*streams{}.others), unsafe.Sizeof(waiting{}), unsafe.Sizeof(rare{}),
		unsafe.Sizeof(identity{}), unsafe.Sizeof(mediaFile{}))
	if got := unsafe.Sizeof(Session{}); got > 256 {
		t.Errorf("a session has %d bytes, want at most 256", got)
	}
}

func TestPlainConversationTakesNothingMore(t *testing.T) {
	p := newPlayer()
	p.plain()
	if s := p.s; s.wait != &nobodyWaits || s.rare != &nothingRare || s.streams.others != nil {
		t.Errorf("waits %+v, rare %+v, other streams %+v; want none", s.wait, s.rare, s.streams.others)
	}
}

func TestNextConversationTakesNothingMore(t *testing.T) {
	p := newPlayer()
	p.full()
	wait, rare, others := p.s.wait, p.s.rare, p.s.streams.others
	if wait == &nobodyWaits || rare == &nothingRare || others == nil {
		t.Fatal("the conversation needed nothing: the test has no grip")
	}
	twins, files, sends := cap(rare.twins), cap(rare.files), cap(rare.sends)
	p.full()
	if p.s.wait != wait || p.s.rare != rare || p.s.streams.others != others {
		t.Error("the second conversation does not use again what the first needed")
	}
	if cap(rare.twins) != twins || cap(rare.files) != files || cap(rare.sends) != sends {
		t.Errorf("room for %d messages, %d files, %d numbers after the second conversation; want %d, %d, %d as after the first",
			cap(rare.twins), cap(rare.files), cap(rare.sends), twins, files, sends)
	}
}

// What sessions share must stay as it is, whatever their customers do.
func TestSharedIsNeverWritten(t *testing.T) {
	waits, none := nobodyWaits, nothingRare
	for seed := range uint64(2000) {
		w := generate(seeded(seed), int(seed%7), "")
		judge(w.o, w.history)
	}
	opaque := cmp.AllowUnexported(waiting{}, queueing{}, rare{}, dropping{}, tokens{}, refusals{}, mediaCount{}, downloads{}, manners{})
	if diff := cmp.Diff(waits, nobodyWaits, opaque); diff != "" {
		t.Errorf("what nobody waits for was changed (-was +is):\n%s", diff)
	}
	if diff := cmp.Diff(none, nothingRare, opaque); diff != "" {
		t.Errorf("what nobody needs was changed (-was +is):\n%s", diff)
	}
}

// A trace may have lost its beginning. Nobody knows then what was said before, and it is held against
// nobody.
func TestEventsBeforeTheBeginning(t *testing.T) {
	o := everydayOptions()
	o.On = notes()
	c := New(o)
	p := &player{s: c.Customer(0), at: 2 * time.Minute, numbered: map[marker.Sender]int{}}
	p.call(trace.Event{Op: aicc.OpConnect, Code: "0"})
	robot := everyday()
	robot.SourceType = aicc.FromRobot
	p.call(trace.Event{Op: aicc.OpQueue, Code: "0", Position: 1, MaxWait: 1})
	p.poll(robot, marker.Robot)
	p.s.Close()
	for _, r := range c.Report() {
		switch r.ID {
		case "TOK-05", "QUE-02", "QUE-04", "HND-02":
			if r.Verdict != NotExercised {
				t.Errorf("%s is %s, want %s", r.ID, r.Verdict, NotExercised)
			}
		}
	}
}

func TestSendingsAreTakenOutInAnyOrder(t *testing.T) {
	for _, out := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}} {
		p := newPlayer()
		s := p.s
		for seq := range len(out) {
			s.sendStarts(&trace.Event{Seq: seq})
			*s.sending(seq) |= wasEchoed
		}
		for i, seq := range out {
			s.settled(s.sending(seq))
			for j, other := range out {
				x := s.sending(other)
				if there := x != nil && *x&wasEchoed != 0; there != (j > i) {
					t.Errorf("%v taken out: %d is there with its flag: %t, want %t", out[:i+1], other, there, j > i)
				}
			}
		}
	}
}

func TestClockIsThatOfTheLibrary(t *testing.T) {
	for _, start := range []time.Time{time.Unix(1e9, 0), time.Unix(1e9, 123_456_789), time.Unix(-1, 999_999_999), time.Unix(1e10, 1)} {
		clock := newClock(start)
		for _, at := range []time.Duration{0, 1, 543_210, 543_211, time.Millisecond, time.Hour + 999_999, -1, -time.Millisecond, -time.Hour - 1} {
			if got, want := clock.milli(at), start.Add(at).UnixMilli(); got != want {
				t.Errorf("%v after %v: %d, want %d", at, start, got, want)
			}
		}
	}
}

func TestMillisAreThoseOfTheMessage(t *testing.T) {
	for _, stamp := range []aicc.Loose{"", "0", "7", "1000000000500", "999999999999999999", "1000000000000000000", "9223372036854775807",
		"9223372036854775808", "-1", "+1", "1.5", "1e3", " 1", "12x", "/", ":", "１"} {
		m := &aicc.Downlink{Timestamp: stamp}
		got, ok := millis(m)
		want, wantOK := m.Millis()
		if got != want || ok != wantOK {
			t.Errorf("timestamp %q: got %d, %t; want %d, %t", stamp, got, ok, want, wantOK)
		}
	}
}
