package metric

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func plan() []StageInfo {
	return []StageInfo{
		{Name: "warm-up", Warmup: true, End: 2 * time.Second},
		{Name: "hold", Start: 2 * time.Second, End: 4 * time.Second},
		{Name: "drain", Start: 4 * time.Second},
	}
}

func TestStageAttribution(t *testing.T) {
	s := newStory(t, Options{}, plan()...).
		// Begun, said and answered in the warm-up, delivered in the hold.
		at(1900*ms).begin("buyer").exchange(aicc.OpConnect, 200*ms, trace.Event{Intended: 1900 * ms}).
		deliver(from(aicc.FromRobot)).
		// Intended in the warm-up, although it started and ended in the hold.
		at(2200*ms).exchange(aicc.OpSend, 10*ms, trace.Event{Seq: -1, Intended: 1999 * ms}).
		// On the edge: the hold begins at 2 s.
		at(2300*ms).exchange(aicc.OpPoll, 5*ms, trace.Event{Class: aicc.OK, Status: 200, Intended: 2 * time.Second}).
		// Beyond the last planned end.
		at(9*time.Second).ok(aicc.OpDisconnect, ms).
		step("1 connect", false).
		end(trace.ByCustomer)
	m := s.r.Finish()
	warmup, hold, drain := &m.Stages[0], &m.Stages[1], &m.Stages[2]
	want(t, warmup, "connect.response", 200)
	want(t, warmup, "first_word", 200)
	want(t, warmup, "send.response", 211)
	want(t, warmup, "conversation", 7101)
	want(t, hold, "poll.response", 305)
	want(t, drain, "disconnect.service", 1)
	if warmup.Counters.Begun() != 1 || warmup.Counters.Steps().Done != 1 || hold.Counters.Delivered() != 1 {
		t.Errorf("begun %d and steps %+v in the warm-up, %d messages in the hold; want 1, one done, 1",
			warmup.Counters.Begun(), warmup.Counters.Steps(), hold.Counters.Delivered())
	}
	if drain.End != 9001*ms || drain.Length() != 5001*ms {
		t.Errorf("the open stage ends at %v, want 9.001s: the last event", drain.End)
	}

	total, all := m.Total(), m.All()
	if total.Hist("connect.response").Count() != 0 || all.Hist("connect.response").Count() != 1 {
		t.Errorf("warm-up in the total: %d, in all: %d; want 0 and 1",
			total.Hist("connect.response").Count(), all.Hist("connect.response").Count())
	}
	if total.Start != 2*time.Second || total.End != 9001*ms {
		t.Errorf("total is from %v to %v, want 2s to 9.001s", total.Start, total.End)
	}
}

func TestStageThatWasCutShortEndsWithTheRun(t *testing.T) {
	s := newStory(t, Options{}, plan()...).at(2500*ms).ok(aicc.OpPoll, 500*ms)
	m := s.r.Finish()
	for i, want := range []time.Duration{2 * time.Second, 3 * time.Second, 4 * time.Second} {
		if m.Stages[i].End != want {
			t.Errorf("stage %s ends at %v, want %v", m.Stages[i].Name, m.Stages[i].End, want)
		}
	}
}

// traffic is what a few customers do in some seconds, the same for the same seed.
func traffic(seed uint64, customer int, observe func(*trace.Event)) {
	r := rand.New(rand.NewPCG(seed, uint64(customer)))
	now := time.Duration(r.Int64N(int64(time.Second)))
	tell := func(e trace.Event) {
		e.At, e.Customer = now, customer
		observe(&e)
	}
	tell(trace.Event{Kind: trace.Begin, Flow: fmt.Sprintf("flow %d", customer%3)})
	for range 40 {
		op := aicc.Ops()[r.IntN(len(aicc.Ops()))]
		e := trace.Event{Kind: trace.Invoke, Op: op, Intended: now, Seq: -1, Class: aicc.Class(1 + r.IntN(3)), Status: 200, Code: "0"}
		if e.Class != aicc.OK {
			e.Code = fmt.Sprint(r.IntN(4))
		}
		tell(e)
		e.Kind, e.Started = trace.Return, now
		now += time.Duration(r.ExpFloat64() * float64(100*ms))
		tell(e)
		message := from([]string{aicc.FromRobot, aicc.FromAgent}[r.IntN(2)])
		tell(trace.Event{Kind: trace.Deliver, Message: &message})
	}
	tell(trace.Event{Kind: trace.Step, Name: "1 connect", Missed: r.IntN(2) == 0})
	tell(trace.Event{Kind: trace.End, Ended: trace.ByPeer})
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestHowItIsCollectedDoesNotMatter measures the same traffic one customer after the other without
// a clock, as a replayed trace is, and concurrently with ticks at any moment and other shards.
func TestHowItIsCollectedDoesNotMatter(t *testing.T) {
	const customers = 30
	replay := NewRecorder(plan(), 1, Options{})
	for i := range customers {
		traffic(1, i, replay.Customer(i).Observe)
	}

	live := NewRecorder(plan(), 4, Options{})
	var wg sync.WaitGroup
	for i := range customers {
		wg.Go(func() { traffic(1, i, live.Customer(i).Observe) })
	}
	wg.Go(func() {
		for second := range 10 {
			live.Tick(second)
			live.Live()
		}
	})
	wg.Wait()

	a, b := replay.Finish(), live.Finish()
	for _, m := range []*Metrics{a, b} {
		for i := range m.Timeline.Points {
			m.Timeline.Points[i].CustomerSeconds = 0 // only ticks know it
		}
	}
	if got, want := len(a.Timeline.Points), len(b.Timeline.Points); got > want {
		t.Fatalf("the replay has %d points, the live run %d", got, want)
	}
	b.Timeline.Points = b.Timeline.Points[:len(a.Timeline.Points)] // ticks go on when the traffic is over
	if diff := cmp.Diff(a, b, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("replayed and live metrics differ (-replay +live):\n%s", diff)
	}
}

func TestFullShardEmptiesItself(t *testing.T) {
	s := newStory(t, Options{})
	for range fullShard {
		s.ok(aicc.OpPoll, ms)
	}
	if n := len(s.m.shard.samples); n >= fullShard {
		t.Errorf("%d samples wait without a tick, want fewer than %d", n, fullShard)
	}
	if got := s.r.Finish().Total().Hist("poll.service").Count(); got != fullShard {
		t.Errorf("%d samples were measured, want %d", got, fullShard)
	}
}

// TestEveryExchangeIsCountedOnce compares three ways to count the exchanges of a run.
func TestEveryExchangeIsCountedOnce(t *testing.T) {
	r := NewRecorder(plan(), 2, Options{})
	for i := range 10 {
		traffic(2, i, r.Customer(i).Observe)
	}
	m := r.Finish()
	all := m.All()
	outcomes := all.Counters.AllExchanges()
	var points, times int64
	for _, p := range m.Timeline.Points {
		points += p.Exchanges
	}
	for _, op := range aicc.Ops() {
		times += all.Hist(op.String()+".response").Count() + all.Hist(op.String()+".lost").Count()
	}
	if outcomes.Total() != 400 || points != 400 || times != 400 {
		t.Errorf("outcomes %d, in the timeline %d, times %d; want 400 each", outcomes.Total(), points, times)
	}
}

func TestLive(t *testing.T) {
	s := newStory(t, Options{Wall: wall, SameClock: true})
	said := func(ago time.Duration) aicc.Downlink {
		d := from(aicc.FromRobot)
		d.Timestamp = aicc.Loose(fmt.Sprint(wall.Add(s.now - ago).UnixMilli()))
		return d
	}
	s.begin("buyer").ok(aicc.OpConnect, ms)
	s.r.Tick(0)
	if got := s.r.Live().Customers; got != (Crowd{Waiting: 1}) {
		t.Errorf("customers after CONNECT: %+v, want one waiting", got)
	}
	for second := 1; second < 10; second++ {
		s.at(time.Duration(second) * time.Second).deliver(said(20 * ms)).deliver(said(40 * ms))
		s.exchange(aicc.OpPoll, ms, trace.Event{Class: aicc.Info})
		s.r.Tick(second)
	}
	l := s.r.Live()
	want := Live{
		Exchanges: 10, Info: 9, Messages: 18, Begun: 1,
		ExchangeRate: 1, MessageRate: 2, DeliveryP50: 0.02, DeliveryP95: 0.04,
		Customers: Crowd{WithRobot: 1},
	}
	if diff := cmp.Diff(want, l, cmpopts.EquateApprox(0.01, 0)); diff != "" {
		t.Errorf("live (-want +got):\n%s", diff)
	}
	for second := 10; second < 16; second++ {
		s.r.Tick(second)
	}
	if l = s.r.Live(); l.MessageRate != 0 || l.DeliveryP95 != 0 {
		t.Errorf("after six silent seconds: %v messages/s, p95 %v; want 0 and 0", l.MessageRate, l.DeliveryP95)
	}
	s.at(17 * time.Second).end(trace.ByPeer)
	if l = s.r.Live(); l.Ended != 1 || l.Customers != (Crowd{Away: 1}) || l.Customers.Busy() != 0 {
		t.Errorf("after the end: ended %d, customers %+v; want 1 and one away", l.Ended, l.Customers)
	}
}

func TestCrowdFollowsTheConversation(t *testing.T) {
	queue := from(aicc.FromSystem)
	queue.QueueFlag = "Y"
	s := newStory(t, Options{})
	steps := []struct {
		why  string
		do   func()
		want Crowd
	}{
		{"nobody has begun", func() {}, Crowd{}},
		{"begun", func() { s.begin("buyer") }, Crowd{Connecting: 1}},
		{"a refused CONNECT changes nothing", func() { s.exchange(aicc.OpConnect, ms, trace.Event{Class: aicc.Fail}) }, Crowd{Connecting: 1}},
		{"connected", func() { s.ok(aicc.OpConnect, ms) }, Crowd{Waiting: 1}},
		{"the robot greets", func() { s.deliver(from(aicc.FromRobot)) }, Crowd{WithRobot: 1}},
		{"handed over", func() { s.ok(aicc.OpTransfer, ms) }, Crowd{InQueue: 1}},
		{"queue notice", func() { s.deliver(queue) }, Crowd{InQueue: 1}},
		{"the agent speaks", func() { s.deliver(from(aicc.FromAgent)) }, Crowd{WithAgent: 1}},
		{"a late robot does not take over", func() { s.deliver(from(aicc.FromRobot)) }, Crowd{WithAgent: 1}},
		{"a late queue notice neither", func() { s.deliver(queue) }, Crowd{WithAgent: 1}},
		{"ended", func() { s.end(trace.ByPeer) }, Crowd{Away: 1}},
		{"again", func() { s.begin("buyer") }, Crowd{Connecting: 1}},
	}
	for _, step := range steps {
		step.do()
		if got := s.r.Live().Customers; got != step.want {
			t.Errorf("%s: %+v, want %+v", step.why, got, step.want)
		}
	}
}

// BenchmarkObserve is one poll with one message: three events, as a customer sees them.
func BenchmarkObserve(b *testing.B) {
	r := NewRecorder(plan(), 4, Options{Wall: wall, SameClock: true})
	m := r.Customer(0)
	message := from(aicc.FromRobot)
	message.Timestamp = "1772355600950"
	m.Observe(&trace.Event{Kind: trace.Begin, Flow: "buyer"})
	invoke := trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll}
	answer := trace.Event{Kind: trace.Return, Op: aicc.OpPoll, Class: aicc.OK, Status: 200, Code: "0", Count: 1}
	deliver := trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, Message: &message}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at := time.Duration(i) * 100 * time.Microsecond
		invoke.At, invoke.Intended = at, at
		answer.Intended, answer.Started, answer.At = at, at, at+time.Duration(i%1000)*time.Microsecond
		deliver.At = answer.At
		m.Observe(&invoke)
		m.Observe(&answer)
		m.Observe(&deliver)
	}
}

func TestObserveDoesNotAllocate(t *testing.T) {
	r := NewRecorder(plan(), 1, Options{})
	m := r.Customer(0)
	message := from(aicc.FromRobot)
	m.Observe(&trace.Event{Kind: trace.Begin, Flow: "buyer"})
	e := trace.Event{Op: aicc.OpPoll, Class: aicc.OK, Status: 200, Code: "0", Message: &message, Name: "1 connect"}
	round := func() {
		for _, kind := range []trace.Kind{trace.Invoke, trace.Return, trace.Deliver, trace.Step} {
			e.Kind = kind
			m.Observe(&e)
		}
	}
	for range 2 * fullShard { // both buffers have their full size then
		round()
	}
	if n := testing.AllocsPerRun(1000, round); n > 0 {
		t.Errorf("%v allocations for four events, want 0", n)
	}
}
