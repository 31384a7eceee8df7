// Package run puts the rooms together: it plays one scenario against one tenant, has every event
// checked, measured and kept, and makes a result of it.
package run

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/gate"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/trace"
)

// Options is one run.
type Options struct {
	Scenario  *scenario.Scenario
	Version   string   // of chatbench
	Command   []string // the command line, unmasked
	Overrides []string // flags that changed the scenario, in words
	Out       string   // folder for result, report and trace; "": none
	Trace     Policy
	Rules     Choice  // of the rules to check
	Probes    *Probes // made when the load is over; nil: none
	// Interrupt, when closed, ends the run gently: every customer hangs up. May be nil.
	Interrupt <-chan struct{}
	// Ready is called when the tenant was found to be usable and the load is about to start, with
	// what is known so far. May be nil.
	Ready func(Started)
	// Progress is called once a second. May be nil.
	Progress func(Progress)

	network *network // nil: TCP; tests run in memory and in virtual time
}

// network is what connects customers and embedded tenant in a test, which plays in virtual time.
type network struct {
	listener net.Listener
	dial     sim.Dialer
	health   func() metric.Health // of the generator; nil: it lacks nothing, for real CPU time against virtual time says nothing
}

// Started is what is known when the load begins.
type Started struct {
	Target    result.Target
	Seed      uint64
	Stages    []metric.StageInfo
	Load      time.Duration // length of the load
	Drain     time.Duration // at most so much more
	Customers int           // at the peak; of an open load, at most
}

// Progress is the state of a running run.
type Progress struct {
	At         time.Duration
	Live       metric.Live
	Violations int64
	Draining   bool
	CPU        float64 // share of its processors that the generator used in the last five seconds, 0 to 1; 0 where the system does not tell
	Late       bool    // the generator was later in these seconds than the scenario allows
	Starved    bool    // it used more of its processors than the scenario allows
	// Interim is the result as far as it is known: without verdict, gates, timeline and trace. It
	// copies what was measured, which takes a millisecond or less, and may be called until Progress returns.
	Interim func() *result.Result
}

// The files of a result folder.
const (
	ResultFile = "result.json"
	ReportFile = "report.txt"
	TraceFile  = "trace.ndjson.gz"
)

// ErrInterrupted is the error of a run that was interrupted before its load began.
var ErrInterrupted = errors.New("interrupted before the load began; nothing was measured")

// Play runs the scenario. The result is complete whatever happened to the tenant. The error is a
// *sim.TargetError when the tenant could not be used at all, a *ResourceError when this machine
// lacks what the load needs, ErrInterrupted, and otherwise something wrong with files or set-up.
func Play(ctx context.Context, opt Options) (*result.Result, error) {
	s := *opt.Scenario // the caller's stays as it is
	opt.Rules.apply(&s)
	p := &play{Options: opt, s: &s}
	p.health = p.sample()
	preparing, prepared := p.untilInterrupted(ctx)
	defer prepared()
	if err := p.prepare(preparing); err != nil {
		p.host.close()
		if preparing.Err() != nil {
			return nil, ErrInterrupted
		}
		return nil, err
	}
	defer p.host.close()
	if opt.Ready != nil {
		opt.Ready(p.started())
	}
	out := p.run(ctx)
	if err := p.probe(ctx, &out); err != nil {
		return nil, err
	}
	return p.result(out)
}

// play is one run in the making.
type play struct {
	Options
	s    *scenario.Scenario
	host host // the tenant, as far as it is ours

	run64    uint64 // run id
	seed     uint64
	markers  bool
	hold     time.Duration // how long a poll that was given up may still be open on the tenant
	start    time.Time
	endpoint *sim.Endpoint
	recorder *metric.Recorder
	watch    *metric.Watch
	checker  *check.Checker
	trace    *trace.Writer
	buffer   *trace.Buffer // in front of trace; nil: nobody needs to break a rule first
	health   metric.Health // at the start
	notes    []string
	hopeless chan gate.Abort // tells that a gate has failed for good
	aborted  *gate.Abort     // that is why the customers hung up; nil: it is not
}

// sample is how the generator is now.
func (p *play) sample() metric.Health {
	switch {
	case p.network == nil:
		return metric.SampleHealth()
	case p.network.health != nil:
		return p.network.health()
	}
	return metric.Health{}
}

// untilInterrupted is a context that an interruption cancels: before the load starts nobody needs
// to hang up first.
func (p *play) untilInterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-p.Interrupt: // nil: never
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// prepare does everything that can go wrong before the load starts.
func (p *play) prepare(ctx context.Context) error {
	p.run64 = random() % sim.RunIDs
	p.seed = p.s.Seed
	if p.seed == 0 {
		p.seed = random()%999_999_999 + 1 // short enough to be typed again
	}
	if err := p.makeFolder(); err != nil {
		return err
	}
	var dial sim.Dialer
	var listener net.Listener
	if p.network != nil {
		dial, listener = p.network.dial, p.network.listener
	}
	if err := p.host.open(p.s, p.seed, listener); err != nil {
		return err
	}
	embedded, machine := p.host.embedded != nil, thisMachine()
	if p.s.Load.Open && p.s.Load.MaxCustomers == 0 {
		p.s.Load.MaxCustomers = machine.arriving(embedded)
	}
	if err := enough(p.s.Load, embedded, machine); err != nil {
		return err
	}
	var err error
	if p.endpoint, err = sim.NewEndpoint(p.host.target, dial); err != nil {
		return err
	}
	if err := p.endpoint.Resolve(ctx); err != nil {
		return err
	}
	if err := p.endpoint.Check(ctx, sim.UserID(p.run64, 0), p.s.Locale); err != nil {
		return err
	}
	p.host.findJournal(ctx, p.endpoint)
	p.markers = p.s.Markers == scenario.On || p.s.Markers == scenario.Auto && p.host.journal != nil
	p.instruments()
	return p.openTrace()
}

func random() uint64 {
	var b [8]byte
	crand.Read(b[:]) // never fails
	return max(binary.LittleEndian.Uint64(b[:]), 1)
}

func (p *play) makeFolder() error {
	if p.Out == "" {
		return nil
	}
	if err := os.MkdirAll(p.Out, 0o777); err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	probe, err := os.CreateTemp(p.Out, ".chatbench-*")
	if err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// instruments makes what reads the events.
func (p *play) instruments() {
	p.start = time.Now()
	local := p.endpoint.OnThisMachine()
	p.watch = metric.NewWatch(Stages(p.s))
	p.recorder = metric.NewRecorder(Stages(p.s), 4*runtime.GOMAXPROCS(0), metric.Options{Wall: p.start, SameClock: local, Run: p.run64})
	p.hold = p.s.Poll.Timeout + 5*time.Second // the documented hold of a poll
	if p.s.Target == nil {
		p.hold = p.s.Poll.Timeout + p.s.Tenant.PollHold
	}
	p.checker = check.New(check.Options{
		Run: p.run64, Off: p.s.Gate.Off, On: p.s.Gate.On, Start: p.start, Setup: p.setup(), Markers: p.markers, Journal: p.markers && p.host.journal != nil,
		Pause: p.pause(), Hold: p.hold, Reproduce: p.reproduce, Probes: p.Probes != nil,
	})
}

// setup is what is known of the tenant's set-up, and what the customers ask of it.
func (p *play) setup() trace.Setup {
	s := p.host.setup
	s.Read, s.Async = p.s.Poll.Read, p.s.Async
	return s
}

// pause is the least pause between polls as the checker takes it, for whom 0 means the demo's.
func (p *play) pause() time.Duration {
	if p.s.Poll.Pause == 0 {
		return -1
	}
	return p.s.Poll.Pause
}

// Stages are the stages of a load on the run's clock, and the drain behind them. What happens
// while the run drains is no longer under the load and is left out of the figures, like a warm-up.
func Stages(s *scenario.Scenario) []metric.StageInfo {
	var list []metric.StageInfo
	var at time.Duration
	for _, st := range s.Load.Stages {
		list = append(list, metric.StageInfo{Name: st.Name, Warmup: st.Warmup, Start: at, End: at + st.Length})
		at += st.Length
	}
	return append(list, metric.StageInfo{Name: "drain", Warmup: true, Start: at})
}

func (p *play) started() Started {
	n := p.s.Load.MaxCustomers
	if !p.s.Load.Open {
		n = peak(p.s.Load)
	}
	stages := Stages(p.s)
	return Started{Target: p.host.describe(p.endpoint), Seed: p.seed, Stages: stages,
		Load: stages[len(stages)-1].Start, Drain: p.s.Drain, Customers: n}
}

func peak(load scenario.Load) int {
	n := 0
	for _, st := range load.Stages {
		n = max(n, st.Customers)
	}
	return n
}

// run plays the load, with the clock beside it.
func (p *play) run(ctx context.Context) sim.Outcome {
	clock, stop := context.WithCancel(ctx)
	cut := make(chan struct{})
	p.hopeless = make(chan gate.Abort, 1)
	var beside sync.WaitGroup
	beside.Go(func() { p.tick(clock) })
	beside.Go(func() { p.cutShort(clock, cut) })
	cfg := sim.Config{
		Scenario: p.s, Endpoint: p.endpoint, Run: p.run64, Seed: p.seed, Markers: p.markers,
		TokenLife: p.host.setup.TokenLife, Observe: p.observe, Sample: p.host.sample, Start: p.start, Cut: cut, Stopping: p.stopping,
	}
	if p.host.journal != nil {
		cfg.Journal = p.host.journal
	}
	out := sim.Run(ctx, cfg)
	stop()
	beside.Wait()
	if !out.Cut { // the load was over before
		p.aborted = nil
	}
	return out
}

// cutShort closes cut when the user or a gate ends the run, whichever is first.
func (p *play) cutShort(ctx context.Context, cut chan<- struct{}) {
	select {
	case <-ctx.Done():
		return
	case <-p.Interrupt: // nil: never
	case why := <-p.hopeless:
		p.aborted = &why
	}
	close(cut)
}

// stopping takes note that the run is cut short. The trace has it first: whatever is judged
// leniently because of it must stand behind it there.
func (p *play) stopping(why trace.Ended) {
	if why == trace.Interrupted && p.aborted != nil {
		why = trace.Aborted
	}
	if p.trace != nil {
		p.trace.Stop(time.Since(p.start), why)
	}
	p.checker.Abort(check.RunAborted)
}

// tick closes the seconds of the run, each a moment after its end.
func (p *play) tick(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	load := p.started().Load
	samples := []metric.Health{p.sample()}
	p.watch.Add(time.Since(p.start), samples[0])
	for second := 0; ; second++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		p.recorder.Tick(second)
		samples = append(samples, p.sample())
		samples = samples[max(len(samples)-6, 0):] // five seconds lie between six samples
		p.watch.Add(time.Since(p.start), samples[len(samples)-1])
		if p.trace != nil && second%5 == 4 {
			p.trace.Flush() // an error stays and is told by Close
		}
		p.judge(second, load)
		if p.Progress != nil {
			p.Progress(p.progress(load, samples))
		}
	}
}

// progress is how the run is now. The samples of the generator's health are those of the last
// seconds, oldest first.
func (p *play) progress(load time.Duration, samples []metric.Health) Progress {
	at, live := time.Since(p.start), p.recorder.Live()
	cpu := samples[len(samples)-1].Since(samples[0]).CPUShare()
	return Progress{At: at, Live: live, Violations: p.checker.Violations(), Draining: at > load, CPU: cpu,
		Late: live.LateP99 > p.s.Gate.MaxLateness.Seconds(), Starved: p.s.Gate.MaxCPU < 1 && cpu > p.s.Gate.MaxCPU,
		Interim: func() *result.Result {
			return p.facts(p.recorder.Snapshot(), samples[len(samples)-1].Since(p.health))
		}}
}

// judgeEvery is how many seconds lie between two looks at whether a run is hopeless.
const judgeEvery = 3

// judge ends a run that can only fail any more, when the scenario wants that.
func (p *play) judge(second int, load time.Duration) {
	at, after := time.Since(p.start), p.s.Gate.AbortAfter
	if after == 0 || at < after || at > load || second%judgeEvery != 0 {
		return
	}
	metrics := p.recorder.SoFar()
	r := &result.Result{Rules: p.checker.Report(), Metrics: metrics, Health: metric.Health{}.WithLateness(metrics)}
	r.Scenario.Name = p.s.Name
	if g := gate.Hopeless(r, p.s, time.Now()); g != nil {
		select {
		case p.hopeless <- gate.Abort{At: at, Gate: *g}:
		default: // that has been told
		}
	}
}

// result puts together what the run found.
func (p *play) result(out sim.Outcome) (*result.Result, error) {
	end := time.Now()
	health := p.sample().Since(p.health).WithStrain(p.watch)
	r := p.facts(p.recorder.Finish(), health)
	r.Run.End = end
	p.closeTrace(r)
	p.addNotes(r, out)
	ending := gate.Ending{Now: end, Interrupted: out.Cut && p.aborted == nil, Dropped: out.Dropped, Aborted: p.aborted}
	if out.Bug != nil {
		what, stack, _ := strings.Cut(out.Bug.Error(), "\n")
		ending.Bug = what
		r.Notes = append(r.Notes, "Please report this with the bug: "+stack)
	}
	if out.Gone != nil {
		ending.Gone = out.Gone.Error()
	}
	if ending.Starved = trace.Shortage(ending.Gone); ending.Starved != "" {
		ending.Gone = "" // it is we who could not go on
	}
	gate.Apply(r, p.s, ending)
	return r, nil
}

// facts are what was seen, up to now, without a judgement.
func (p *play) facts(metrics *metric.Metrics, health metric.Health) *result.Result {
	return &result.Result{
		Schema: result.Schema1,
		Tool:   result.Tool{Version: p.Version, Go: runtime.Version()}, Scenario: p.planned(), Target: p.host.describe(p.endpoint),
		Run:   result.Run{ID: strconv.FormatUint(p.run64, 36), Start: p.start, Command: result.MaskArgs(p.Command), Host: thisHost()},
		Rules: p.checker.Report(), Metrics: metrics, Health: health.WithLateness(metrics),
	}
}

func (p *play) addNotes(r *result.Result, out sim.Outcome) {
	r.Notes = append(r.Notes, p.notes...)
	if !p.markers {
		r.Notes = append(r.Notes, "Markers were off, so the rules on order, loss and duplication could not be observed; switch them on with --markers on where the other side echoes what customers say.")
	}
	if p.host.target.Insecure {
		r.Notes = append(r.Notes, "THE CERTIFICATE OF THE TARGET WAS NOT VERIFIED (--insecure): anybody could have answered.")
	}
	if out.Cut {
		r.Notes = append(r.Notes, "The conversations that were still going on were ended with DISCONNECT.")
	}
}

// reproduce is a line that plays one customer's part again.
func (p *play) reproduce(customer int) string {
	command := p.Command
	if len(command) == 0 {
		command = []string{"chatbench", "run", p.s.File}
	}
	again := result.Again(result.MaskArgs(command), p.seed)
	if customer >= probeCustomer {
		return again
	}
	return fmt.Sprintf("%s  # customer %d", again, customer)
}
