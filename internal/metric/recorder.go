package metric

import (
	"slices"
	"sync"
	"time"

	"chatbench/internal/trace"
)

// Options tell a recorder what it needs to know of the run.
type Options struct {
	// Wall is the wall-clock time of the start of the run. Without it no delivery time is measured.
	Wall time.Time
	// SameClock says that the tenant runs on this machine, so that its times can be compared with
	// ours. Without it only a customer's own marker, echoed, gives a delivery time.
	SameClock bool
	// Run is the id in the markers of this run; markers of other runs are not measured. 0: any.
	Run uint64
	// Foreign says that the customers are not chatbench's own: there is nobody whose lateness could
	// be told.
	Foreign bool
}

// Recorder collects the samples of a run. Its methods may be called from anywhere, but after
// Finish neither it nor its meters may be used.
type Recorder struct {
	stages []StageInfo
	opt    Options
	shards []*shard

	mu       sync.Mutex // protects the following; never held together with a shard's
	totals   []histTable
	timeline Timeline
	window   window
	recent   [recentSeconds]closedSecond
}

// histTable has a histogram for each metric of a stage, nil while there are no samples.
type histTable [metricCount]*Hist

// A shard is what some of the customers share, so that the others need not wait.
type shard struct {
	rec *Recorder

	mu      sync.Mutex // protects the following
	samples []sample
	spare   []sample // takes the place of samples while those are being emptied
	tallies []*tally // by stage, nil while there is nothing to count
	states  [stateCount]int
	last    time.Duration // time of the latest event
}

// sample is one value on its way into a histogram. Values are microseconds or bytes per second;
// anything above the limit is cut to just above it.
type sample struct {
	value  uint32
	second uint32
	stage  uint16
	metric id
}

// fullShard is how many samples wait at most. Usually Tick comes first; a replayed trace, which
// has no clock, is what fills a shard.
const fullShard = 1 << 15

// NewRecorder makes the recorder of a run. The stages are contiguous and sorted; without any the
// whole run is one stage called "run". Customers are spread evenly over the shards; a few times
// the number of cores is right.
func NewRecorder(stages []StageInfo, shards int, opt Options) *Recorder {
	if len(stages) == 0 {
		stages = []StageInfo{{Name: "run"}}
	}
	r := &Recorder{
		stages: slices.Clone(stages),
		opt:    opt,
		shards: make([]*shard, max(shards, 1)),
		totals: make([]histTable, len(stages)),
		window: newWindow(len(stages)),
	}
	for i := range r.shards {
		r.shards[i] = &shard{rec: r, tallies: make([]*tally, len(stages))}
	}
	return r
}

// Customer makes the meter of one customer; index is the customer's in the run, from 0.
func (r *Recorder) Customer(index int) *Meter {
	return &Meter{shard: r.shards[index%len(r.shards)]}
}

// stageAt is the stage a moment lies in; moments before the first and after the last stage belong
// to these.
func (r *Recorder) stageAt(t time.Duration) int { return stageAt(r.stages, t) }

func stageAt(stages []StageInfo, t time.Duration) int {
	for i := len(stages) - 1; i > 0; i-- {
		if t >= stages[i].Start {
			return i
		}
	}
	return 0
}

// Tick closes a second of the run, counted from 0. The run calls it once a second; what is not
// closed in time is still counted right, but Live lags behind and the number of customers in the
// timeline is missing.
func (r *Recorder) Tick(second int) {
	busy := r.flushAll()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.window.second <= second {
		r.closeWindow()
		r.window.second = second + 1
	}
	r.timeline.at(second).CustomerSeconds += int64(busy)
}

// flushAll empties every shard and gives the number of customers in a conversation.
func (r *Recorder) flushAll() (busy int) {
	for _, s := range r.shards {
		r.flush(s)
		s.mu.Lock()
		for _, n := range s.states[away+1:] {
			busy += n
		}
		s.mu.Unlock()
	}
	return busy
}

// flush moves the samples of a shard into the histograms. Customers of the shard go on meanwhile.
func (r *Recorder) flush(s *shard) {
	s.mu.Lock()
	batch := s.samples
	s.samples, s.spare = s.spare[:0], nil
	s.mu.Unlock()

	r.mu.Lock()
	for i := range batch {
		r.absorb(batch[i])
	}
	r.mu.Unlock()

	s.mu.Lock()
	s.spare = batch[:0]
	s.mu.Unlock()
}

// absorb counts one sample. The window takes what belongs to the current second, which is nearly
// everything; a straggler goes straight to where the window would take it.
func (r *Recorder) absorb(x sample) {
	second := int(x.second)
	if second > r.window.second {
		r.closeWindow()
		r.window.second = second
	}
	point := r.timeline.at(second)
	switch {
	case x.metric == markFailed:
		point.Failed++
		return
	case x.metric == markInfo:
		point.Info++
		return
	case x.metric == markMessage:
		point.Messages++
		r.window.messages++
		return
	case isExchange(x.metric):
		point.Exchanges++
		r.window.exchanges++
	}
	if second == r.window.second {
		r.window.record(x)
		return
	}
	r.total(int(x.stage), x.metric).record(int64(x.value))
	if overTime(x.metric) {
		point.hist(names[x.metric], unitOf(x.metric)).record(int64(x.value))
	}
}

func (r *Recorder) total(stage int, m id) *Hist {
	h := &r.totals[stage][m]
	if *h == nil {
		*h = newHist(unitOf(m), stageDigits)
	}
	return *h
}

// Finish closes the last second and gives everything that was measured. It must be the last call.
func (r *Recorder) Finish() *Metrics {
	r.flushAll()
	m := &Metrics{Stages: r.counted()}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closeWindow()
	for i := range m.Stages {
		m.Stages[i].Latency = r.totals[i].named()
	}
	m.Timeline = r.timeline
	return m
}

// Snapshot copies the stages as they are: counters up to now, histograms as of the last Tick. It has
// no timeline. Customers go on meanwhile.
func (r *Recorder) Snapshot() *Metrics {
	m := &Metrics{Stages: r.counted()}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range m.Stages {
		m.Stages[i].Latency = r.totals[i].copied()
	}
	return m
}

// SoFar is a [Recorder.Snapshot] with the timeline, for judging a run that goes on. It shares nothing
// with the recorder: whoever observes events meanwhile waits only if the shard is full, for as long
// as the copy takes.
func (r *Recorder) SoFar() *Metrics {
	m := r.Snapshot()
	r.mu.Lock()
	defer r.mu.Unlock()
	m.Timeline = r.timeline.clone()
	return m
}

// counted gives the stages without their histograms.
func (r *Recorder) counted() []StageMetrics {
	var stages []StageMetrics
	last := r.last()
	for i, info := range r.stages {
		end := min(info.End, max(last, info.Start))
		if info.End <= info.Start {
			end = max(last, info.Start)
		}
		stages = append(stages, StageMetrics{
			Position: i, Name: info.Name, Warmup: info.Warmup, Start: info.Start, End: end, Counters: r.counters(i),
		})
	}
	return stages
}

func (t *histTable) copied() map[string]*Hist {
	m := t.named()
	for name, h := range m {
		m[name] = mergeHist(h, nil)
	}
	return m
}

func (t *histTable) named() map[string]*Hist {
	m := map[string]*Hist{}
	for i, h := range t {
		if h.Count() > 0 {
			m[names[i]] = h
		}
	}
	return m
}

func (r *Recorder) last() time.Duration {
	var last time.Duration
	for _, s := range r.shards {
		s.mu.Lock()
		last = max(last, s.last)
		s.mu.Unlock()
	}
	return last
}

func (r *Recorder) counters(stage int) Counters {
	var sum Counters
	for _, s := range r.shards {
		s.mu.Lock()
		if t := s.tallies[stage]; t != nil {
			t.addTo(&sum)
		}
		s.mu.Unlock()
	}
	return sum
}

// Meter reads the events of one customer.
type Meter struct {
	shard *shard
	flow  *FlowCount // of the conversation's flow, in the stage the conversation began in
	begun time.Duration

	connect  time.Duration // intended start of the CONNECT
	transfer time.Duration // intended start of the last TRANS2AGENT
	queued   time.Duration // when the first queue notice was delivered

	says  [saysKept]say // said and not answered yet, oldest first
	said  uint8         // how many of these there are
	state state

	connecting bool // no CONNECT was made yet in this conversation
	silent     bool // nothing was delivered yet
	inQueue    bool // queued is set and no agent has spoken
	inTransfer bool // transfer is set and no agent has spoken
	causal     bool // the peer's markers name what they answer
}

// say is something the customer said and waits for an answer to.
type say struct {
	seq      int32
	intended time.Duration
}

// saysKept bounds what a customer waits for; when more is said the oldest counts as unanswered.
const saysKept = 4

// Observe takes one event in. The events of a customer come in order and one at a time; different
// customers may observe at once. It keeps nothing of e, and once the flows and steps of the run
// have been seen only an exchange that was not ok allocates.
func (m *Meter) Observe(e *trace.Event) {
	s := m.shard
	s.mu.Lock()
	s.last = max(s.last, e.At)
	m.observe(e)
	full := len(s.samples) >= fullShard
	s.mu.Unlock()
	if full {
		s.rec.flush(s)
	}
}
