package capacity

import (
	"math"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// PlanSchema is the schema of a Plan as JSON.
const PlanSchema = "chatbench.plan/1"

// Plan is what a scenario will ask of tenant and machine, estimated before anything is sent. Times
// are seconds, sizes bytes; counts are means and so need not be whole. Exchanges go by the names of
// [aicc.Op].
type Plan struct {
	Schema   string      `json:"schema"`
	Scenario string      `json:"scenario"`
	Embedded bool        `json:"embedded"` // the embedded tenant is the target
	Open     bool        `json:"open"`     // load by arrivals
	Seconds  float64     `json:"load_s"`
	Drain    float64     `json:"drain_s"` // at most so much more
	Flows    []FlowPlan  `json:"flows"`
	Stages   []StagePlan `json:"stages"` // the drain is the last
	Total    StagePlan   `json:"total"`  // all stages
	// PeakRates are exchanges a second in each kind's busiest stretch of a second or more.
	PeakRates   map[string]float64 `json:"peak_per_s"`
	PeakAll     float64            `json:"peak_all_per_s"`     // of all kinds together
	PeakCrowd   int                `json:"peak_customers"`     // present at once
	MaxCrowd    int                `json:"max_customers"`      // open: beyond it arrivals are dropped; 0: not given
	Dropped     float64            `json:"dropped,omitempty"`  // open: share of the arrivals
	Agents      *AgentPlan         `json:"agents,omitempty"`   // nil: nobody comes to an agent
	Memory      MemoryPlan         `json:"memory"`             // of the generator
	Machine     *Machine           `json:"machine,omitempty"`  // nil: not looked at
	TraceMinute float64            `json:"trace_bytes_minute"` // at the peak, with all events recorded
}

// FlowPlan is the conversations of one flow.
type FlowPlan struct {
	Name      string             `json:"name"`
	Share     float64            `json:"share"`
	Length    Length             `json:"length"`
	Exchanges map[string]float64 `json:"exchanges"` // of one conversation; tokens are not among them
}

// Length is how long conversations last, in seconds. Shortest is the mean with a tenant that answers
// at once, Longest that with one that meets every expectation at its last moment.
type Length struct {
	Mean     float64 `json:"mean_s"`
	P95      float64 `json:"p95_s"`
	Shortest float64 `json:"answered_at_once_s"`
	Longest  float64 `json:"answered_at_last_s"`
}

// StagePlan is one stretch of the load.
type StagePlan struct {
	Name      string             `json:"name"`
	Warmup    bool               `json:"warmup,omitempty"`
	Start     float64            `json:"start_s"`
	Seconds   float64            `json:"length_s"`
	Begun     float64            `json:"begun"` // conversations
	Peak      float64            `json:"peak"`  // conversations at once
	Exchanges map[string]float64 `json:"exchanges"`
}

// AgentPlan is what comes to agents at the peak of the load.
type AgentPlan struct {
	Arrivals float64 `json:"arrivals_per_s"`
	Handling float64 `json:"handling_s"` // mean time with an agent
	Load     float64 `json:"load_erlangs"`
	// Concurrent is how many conversations an agent of the tenant section has at once.
	Concurrent int     `json:"conversations_per_agent,omitempty"`
	Places     int     `json:"places,omitempty"` // of the embedded tenant's agents
	Wait       float64 `json:"wait_s,omitempty"` // mean, when there are too few places for the load
}

// MemoryPlan is the memory of the generator alone, in bytes; the figures are those of
// docs/performance.md, "Many customers".
type MemoryPlan struct {
	InUse int64 `json:"in_use"`
	Peak  int64 `json:"peak"` // while customers come
}

// Machine is what the load needs of this machine and what there is; 0 of what there is: not known.
type Machine struct {
	Descriptors     int    `json:"descriptors"`
	DescriptorsHere int64  `json:"descriptors_here"`
	Ports           int    `json:"ports"`
	PortsHere       int    `json:"ports_here"`
	Problem         string `json:"problem,omitempty"` // why the load cannot be played here
	Hint            string `json:"hint,omitempty"`    // the command that helps
}

// Figures of docs/performance.md.
const (
	memoryBase  = 16 << 20 // of a process that plays a few customers
	memoryEach  = 12 << 10 // of a customer, in use
	memoryPeak  = 16.2 * (1 << 10)
	eventBytes  = 20e6 / 600e3 // of the trace file
	tokenEvery  = 480          // seconds: four fifths of the life that is asked for
	mostBins    = 20_000
	shortestBin = 50 * time.Millisecond
	likelyMost  = 3.09 // standard deviations: one moment in a thousand has more
)

// MakePlan estimates what a scenario asks for. Every flow is walked some hundred times on paper,
// with the scenario's own distributions, against the robot and the agents of the tenant section; for
// another target these stand for a tenant that nothing is known of. What a conversation does at
// which age is then laid upon the beginnings of conversations: in an open load these are the
// arrivals, in a closed one each customer's renewal process. So it is right on average, and blind to
// whatever makes the tenant slower under load. maxCustomers bounds an open load that has no bound of
// its own; 0 is none.
func MakePlan(s *scenario.Scenario, maxCustomers int) *Plan {
	l := newLayout(s, maxCustomers)
	p := &Plan{Schema: PlanSchema, Scenario: s.Name, Embedded: s.Target == nil, Open: s.Load.Open,
		Seconds: l.end.Seconds(), Drain: s.Drain.Seconds(), Flows: l.profile.flows, MaxCrowd: l.most}
	l.play()
	p.Stages, p.Total = l.stages()
	p.PeakRates, p.PeakAll = l.peaks()
	p.PeakCrowd = l.crowd()
	p.Dropped = l.dropped()
	p.Agents = l.agentPlan()
	p.Memory = MemoryPlan{InUse: memoryBase + int64(p.PeakCrowd)*memoryEach, Peak: memoryBase + int64(float64(p.PeakCrowd)*memoryPeak)}
	p.TraceMinute = 60 * eventBytes * (2*p.PeakAll + l.highestStarts()*(l.profile.messages+2))
	return p
}

// layout is a load in bins of time.
type layout struct {
	s       *scenario.Scenario
	profile *profile
	wait    time.Duration // for an agent, mean
	bin     time.Duration
	end     time.Duration // of the load
	most    int           // customers of an open load; 0: no bound

	starts  []float64 // conversations begun
	lost    float64   // arrivals dropped
	came    float64   // arrivals
	applies []float64 // user tokens
	going   []float64 // conversations at once
	asked   [opSlots][]float64
}

func newLayout(s *scenario.Scenario, maxCustomers int) *layout {
	l := &layout{s: s, most: s.Load.MaxCustomers}
	if l.most == 0 {
		l.most = maxCustomers
	}
	for _, st := range s.Load.Stages {
		l.end += st.Length
	}
	whole := l.end + s.Drain
	l.bin = max(shortestBin, whole/mostBins)
	bins := int(whole/l.bin) + 1
	a := asking{s: s, t: s.Tenant, walks: walksEach, bin: l.bin, most: bins}
	a.know(s.Target)
	if s.Target == nil {
		a.wait = l.crowding(a)
	}
	l.wait, l.profile = a.wait, a.newProfile()
	l.starts, l.applies, l.going = make([]float64, bins), make([]float64, bins), make([]float64, bins)
	return l
}

// know puts what is known of a target over the embedded tenant's set-up.
func (a *asking) know(t *scenario.Target) {
	if t == nil {
		return
	}
	if t.Robot != nil && !*t.Robot {
		a.t.Robot = nil
	}
	if t.PollHold != nil {
		a.t.PollHold = *t.PollHold
	}
	a.t.SilenceAfter = t.Silence
}

// crowding is the mean wait for an agent at which no more conversations are with the embedded
// tenant's agents than they have places for; 0 when they all fit. A longer wait makes customers
// fewer, in a closed load, or lets some give up.
func (l *layout) crowding(a asking) time.Duration {
	a.walks = 100
	places := float64(a.t.Agents.Count * a.t.Agents.Conversations)
	fits := func(wait time.Duration) bool {
		a.wait = wait
		p := a.newProfile()
		return l.highestRate(p)*p.agents*p.handling <= places
	}
	if places == 0 || fits(0) {
		return 0
	}
	low, high := time.Duration(0), time.Hour
	for high-low > max(low/50, 10*time.Millisecond) {
		if mid := (low + high) / 2; fits(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// highestRate is how many conversations begin a second at the highest level, in the long run.
func (l *layout) highestRate(p *profile) float64 {
	rate := 0.0
	for _, st := range l.s.Load.Stages {
		rate = max(rate, st.Arrivals, float64(st.Customers)/max(p.every, 1e-3))
	}
	return rate
}

// play lays the conversations out in time.
func (l *layout) play() {
	if l.s.Load.Open {
		l.arrive()
	} else {
		l.comeAndGo()
	}
	p := l.profile
	for op := range l.asked {
		l.asked[op] = convolved(l.starts, p.exchange[op])
	}
	l.going = convolved(l.starts, p.alive)
	if last := len(l.going) - 2; last >= 0 { // who still talks when the drain is over hangs up
		l.asked[aicc.OpDisconnect][last] += l.going[last]
	}
	l.asked[aicc.OpApply] = l.applies
	l.asked[aicc.OpToken] = make([]float64, len(l.starts))
	for at := time.Duration(0); at < l.end; at += tokenEvery * time.Second {
		l.asked[aicc.OpToken][at/l.bin]++
	}
}

// convolved is what starts bring about when each of them does shape in the bins behind it.
func convolved(starts, shape []float64) []float64 {
	sum := make([]float64, len(starts))
	last := len(shape) - 1 // what is beyond the load
	for k, v := range shape[:last] {
		if v == 0 {
			continue
		}
		for t := k; t < len(sum); t++ {
			sum[t] += starts[t-k] * v
		}
	}
	return sum
}

// arrive lets the customers of an open load come, as far as there is room.
func (l *layout) arrive() {
	rate, at := 0.0, time.Duration(0)
	going := make([]float64, len(l.starts))
	for _, st := range l.s.Load.Stages {
		from := rate
		if !st.Ramp {
			from = st.Arrivals
		}
		rate = st.Arrivals
		for t := at; t < at+st.Length; t += l.bin {
			done := (t - at).Seconds() / st.Length.Seconds()
			step := min(l.bin, at+st.Length-t).Seconds()
			come := (from + (rate-from)*done) * step
			l.came += come
			k := int(t / l.bin)
			if l.most > 0 {
				room := max(float64(l.most)-going[k], 0)
				l.lost += max(come-room, 0)
				come = min(come, room)
			}
			l.starts[k] += come
			for age := 0; age < len(l.profile.alive)-1 && k+age < len(going) && l.profile.alive[age] > 0; age++ {
				going[k+age] += come * l.profile.alive[age]
			}
		}
		at += st.Length
	}
	copy(l.applies, l.starts)
}

// groups is how many kinds of customers of a closed load are told apart by when they come and go.
const groups = 200

// comeAndGo lets the customers of a closed load hold one conversation after the other while they
// are there.
func (l *layout) comeAndGo() {
	again := l.renewals()
	highest := 0
	for _, st := range l.s.Load.Stages {
		highest = max(highest, st.Customers)
	}
	n := min(highest, groups)
	for g := range n {
		weight := float64(highest) / float64(n)
		for i, there := range presence(l.s.Load, (float64(g)+0.5)*weight) {
			start, stop := int(there[0]/l.bin), int(there[1]/l.bin)
			if i == 0 {
				l.applies[start] += weight
			}
			for t := start; t < min(stop, len(l.starts)); t++ {
				l.starts[t] += weight * again[t-start]
			}
		}
	}
}

const (
	finest  = 50 // steps of a mean cycle
	settled = 40 // cycles after which nobody knows when a customer began
)

// renewals is how many conversations a customer begins in each bin behind the first, on average. In a
// long load a bin is longer than a cycle. Then they are counted in finer steps until they have
// settled, and from there on there is one in each mean cycle.
func (l *layout) renewals() []float64 {
	every := max(l.profile.every, 1e-3)
	step, n := l.bin, len(l.starts)
	if fine := time.Duration(every / finest * float64(time.Second)); fine < l.bin {
		step = fine
		n = min(int(time.Duration(n)*l.bin/step), settled*finest)
	}
	again := make([]float64, len(l.starts))
	for i, v := range renewed(l.profile.cycles, step, n) {
		again[time.Duration(i)*step/l.bin] += v
	}
	counted := float64(time.Duration(n)*step) / float64(l.bin) // bins
	for t := int(counted); t < len(again); t++ {
		again[t] += min(float64(t+1)-counted, 1) * l.bin.Seconds() / every
	}
	return again
}

// renewed is the same in n steps, by the renewal equation.
func renewed(cycles []cycle, step time.Duration, n int) []float64 {
	shares := make([]float64, n+1) // of cycles so many steps long; the last: beyond
	for _, c := range cycles {
		shares[min(max(int((c.length+step/2)/step), 1), n)] += c.share
	}
	longest := n - 1
	for longest > 0 && shares[longest] == 0 {
		longest--
	}
	again := make([]float64, n)
	again[0] = 1
	for t := 1; t < n; t++ {
		for k := 1; k <= min(t, longest); k++ {
			again[t] += again[t-k] * shares[k]
		}
	}
	return again
}

// presence gives the spans in which a customer of a closed load is there, as the run's would be:
// a change of the level is spread evenly over its time, and who came last leaves first. customer is
// a place between 0 and the highest level.
func presence(load scenario.Load, customer float64) (spans [][2]time.Duration) {
	level, at := 0.0, time.Duration(0)
	for _, st := range load.Stages {
		over, next := st.Length, float64(st.Customers)
		if !st.Ramp {
			over = min(load.Spread, st.Length)
		}
		within := func(share float64) time.Duration { return at + time.Duration(float64(over)*share) }
		switch {
		case level <= customer && customer < next:
			spans = append(spans, [2]time.Duration{within((customer - level) / (next - level)), never})
		case next <= customer && customer < level:
			spans[len(spans)-1][1] = within((level - customer) / (level - next))
		}
		level, at = next, at+st.Length
	}
	if n := len(spans); n > 0 && spans[n-1][1] == never {
		spans[n-1][1] = at
	}
	return spans
}

// stages sums up by stage.
func (l *layout) stages() (list []StagePlan, total StagePlan) {
	at := time.Duration(0)
	for _, st := range l.s.Load.Stages {
		list = append(list, l.stage(st.Name, at, at+st.Length))
		list[len(list)-1].Warmup = st.Warmup
		at += st.Length
	}
	list = append(list, l.stage("drain", at, at+l.s.Drain))
	return list, l.stage("total", 0, at+l.s.Drain)
}

func (l *layout) stage(name string, from, to time.Duration) StagePlan {
	a, b := int(from/l.bin), min(int(to/l.bin), len(l.starts))
	st := StagePlan{Name: name, Start: from.Seconds(), Seconds: (to - from).Seconds(), Begun: sum(l.starts[a:b]), Exchanges: map[string]float64{}}
	if a < b {
		st.Peak = slices.Max(l.going[a:b])
	}
	for _, op := range aicc.Ops() {
		if n := sum(l.asked[op][a:b]); n >= 0.005 {
			st.Exchanges[op.String()] = n
		}
	}
	return st
}

func sum(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

// peaks are the highest rates, over a second at least.
func (l *layout) peaks() (rates map[string]float64, all float64) {
	rates = map[string]float64{}
	together := make([]float64, len(l.starts))
	for _, op := range aicc.Ops() {
		for i, v := range l.asked[op] {
			together[i] += v
		}
		if r := l.highest(l.asked[op]); r >= 0.005 {
			rates[op.String()] = r
		}
	}
	return rates, l.highest(together)
}

// highest is the highest rate a second over a second, or a bin if that is longer.
func (l *layout) highest(v []float64) float64 {
	window := max(int(time.Second/l.bin), 1)
	best := 0.0
	for i := 0; i+window <= len(v); i++ {
		best = max(best, sum(v[i:i+window]))
	}
	return best / (time.Duration(window) * l.bin).Seconds()
}

func (l *layout) highestStarts() float64 { return l.highest(l.starts) }

// crowd is how many customers are there at once: in a closed load its level, in an open one what is
// exceeded in one moment of a thousand.
func (l *layout) crowd() int {
	highest := 0
	for _, st := range l.s.Load.Stages {
		highest = max(highest, st.Customers)
	}
	if !l.s.Load.Open {
		return highest
	}
	mean := slices.Max(l.going)
	if slices.ContainsFunc(l.s.Load.Stages, func(st scenario.Stage) bool { return st.Poisson }) {
		mean += likelyMost * math.Sqrt(mean)
	}
	if n := int(math.Ceil(mean)); l.most == 0 || n < l.most {
		return n
	}
	return l.most
}

// dropped is the share of the arrivals that find no room. Of a Poisson process it is at least what
// Erlang B says of the peak, which holds for conversations of any distribution.
func (l *layout) dropped() float64 {
	if l.came == 0 || l.most == 0 {
		return 0
	}
	share := l.lost / l.came
	for _, st := range l.s.Load.Stages {
		if st.Poisson && l.most <= MostPlaces {
			share = max(share, ErlangB(l.most, st.Arrivals*l.profile.length)*st.Arrivals*st.Length.Seconds()/l.came)
		}
	}
	return share
}

func (l *layout) agentPlan() *AgentPlan {
	p := l.profile
	if p.agents == 0 {
		return nil
	}
	a := &AgentPlan{Arrivals: l.highestRate(p) * p.agents, Handling: p.handling, Wait: l.wait.Seconds(), Concurrent: l.s.Tenant.Agents.Conversations}
	a.Load = a.Arrivals * a.Handling
	if l.s.Target == nil {
		a.Places = l.s.Tenant.Agents.Count * l.s.Tenant.Agents.Conversations
	}
	return a
}
