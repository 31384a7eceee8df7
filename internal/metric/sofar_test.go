package metric

import (
	"sync"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// TestSoFar wants what was measured so far to have what the closed seconds brought, and to stay as it is.
func TestSoFar(t *testing.T) {
	s := newStory(t, Options{}, StageInfo{Name: "1 warm-up", Warmup: true, End: 2 * time.Second}, StageInfo{Name: "2", Start: 2 * time.Second, End: time.Minute},
		StageInfo{Name: "drain", Start: time.Minute, Warmup: true})
	for second := range 4 {
		s.at(time.Duration(second)*time.Second).ok(aicc.OpSend, 10*ms)
		s.r.Tick(second)
	}
	before := s.r.SoFar()
	s.at(4*time.Second).ok(aicc.OpSend, 900*ms)
	s.r.Tick(4)
	part, _ := before.Part("")
	if h := part.Hist("send.service"); h.Count() != 2 || h.Max() > 0.011 || len(before.Timeline.Points) != 4 {
		t.Errorf("%d sends of up to %v s, %d seconds; want the 2 sends behind the warm-up, 4 seconds", h.Count(), h.Max(), len(before.Timeline.Points))
	}
	after := s.r.Finish()
	if part, _ := after.Part(""); part.Hist("send.service").Count() != 3 {
		t.Errorf("%d sends at the end, want 3: the snapshot took something away", part.Hist("send.service").Count())
	}
}

// TestSoFarWhileRecording takes copies while customers go on; the race detector looks on. Each
// has at least what the one before had, and nothing is lost.
func TestSoFarWhileRecording(t *testing.T) {
	const customers, seconds = 8, 40
	r := NewRecorder(nil, 4, Options{})
	var going sync.WaitGroup
	for c := range customers {
		going.Go(func() {
			m := r.Customer(c)
			for second := range seconds {
				for i := range 20 {
					at := time.Duration(second)*time.Second + time.Duration(i)*40*ms
					m.Observe(&trace.Event{Kind: trace.Return, Op: aicc.OpSend, Class: aicc.OK, Status: 200, Started: at, Intended: at, At: at + 10*ms})
				}
			}
		})
	}
	before := int64(0)
	for second := range seconds {
		r.Tick(second)
		part, _ := r.SoFar().Part("")
		n := part.Quantile("send.service", 0.5).Samples
		if n < before {
			t.Fatalf("second %d: %d samples after %d", second, n, before)
		}
		before = n
	}
	going.Wait()
	if n := r.Finish().Total().Hist("send.service").Count(); n != customers*seconds*20 {
		t.Errorf("%d samples at the end, want %d", n, customers*seconds*20)
	}
}

// BenchmarkSoFar is what a look at a run of five minutes costs: every second of it has ten metrics.
func BenchmarkSoFar(b *testing.B) {
	r := NewRecorder(nil, 4, Options{})
	m := r.Customer(0)
	for second := range maxPoints - 5 {
		for i := range 400 {
			at := time.Duration(second)*time.Second + time.Duration(i)*2*ms
			m.Observe(&trace.Event{Kind: trace.Return, Op: aicc.Ops()[i%len(aicc.Ops())], Class: aicc.OK, Status: 200, Started: at, Intended: at, At: at + time.Duration(i*i)*10*time.Microsecond})
		}
		r.Tick(second)
	}
	for b.Loop() {
		if len(r.SoFar().Timeline.Points) < maxPoints-5 {
			b.Fatal("the timeline is not whole")
		}
	}
}
