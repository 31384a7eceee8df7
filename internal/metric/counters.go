package metric

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// Outcomes counts the exchanges of one kind by how they ended.
type Outcomes struct {
	OK   int64 `json:"ok"`
	Fail int64 `json:"fail,omitempty"` // definitely had no effect
	Info int64 `json:"info,omitempty"` // may or may not have had an effect
	Lost int64 `json:"lost,omitempty"` // of fail and info: no answer came
	// Reasons counts what the exchanges that were not ok had: a result code ("code 13"), an HTTP
	// status ("http 503"), a wrong shape or an error. A recorder keeps 32 and counts the rest as
	// "other".
	Reasons map[string]int64 `json:"reasons,omitempty"`
}

// Total is the number of exchanges.
func (o *Outcomes) Total() int64 {
	if o == nil {
		return 0
	}
	return o.OK + o.Fail + o.Info
}

// FailedShare is the share of exchanges, 0 to 1, that were not ok.
func (o *Outcomes) FailedShare() float64 {
	if o.Total() == 0 {
		return 0
	}
	return float64(o.Fail+o.Info) / float64(o.Total())
}

// StepCount is how often a step was done and how often its expectation was missed.
type StepCount struct {
	Done   int64 `json:"done"`
	Missed int64 `json:"missed,omitempty"`
}

// FlowCount is how far the conversations of one flow came. They are counted in the stage in which
// the conversation began.
type FlowCount struct {
	Begun int64                 `json:"begun"`
	Ended map[trace.Ended]int64 `json:"ended,omitempty"`
	Steps map[string]*StepCount `json:"steps,omitempty"` // by name, such as "3 expect agent"
}

// Rung is a row of the ladder that conversations climb.
type Rung struct {
	Name string
	StepCount
}

// Ladder is the steps in the order of the flow, which is that of the number their names begin
// with.
func (f *FlowCount) Ladder() []Rung {
	rungs := make([]Rung, 0, len(f.Steps))
	for name, s := range f.Steps {
		rungs = append(rungs, Rung{name, *s})
	}
	slices.SortFunc(rungs, func(a, b Rung) int {
		return cmp.Or(slices.Compare(stepNumber(a.Name), stepNumber(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return rungs
}

// stepNumber reads "3" or, inside a repeat, "3.2" from the front of a step's name.
func stepNumber(name string) []int {
	head, _, _ := strings.Cut(name, " ")
	var n []int
	for part := range strings.SplitSeq(head, ".") {
		i, err := strconv.Atoi(part)
		if err != nil {
			return n
		}
		n = append(n, i)
	}
	return n
}

// Counters are the counts of a stage. Exchanges count in the stage their intended start lies in,
// messages in that of their delivery, conversations and steps in that of the conversation's begin.
type Counters struct {
	Exchanges  map[string]*Outcomes  `json:"exchanges,omitempty"` // by the name of the aicc.Op
	Probes     int64                 `json:"probes,omitempty"`    // declared probes, which count nowhere else
	Useful     int64                 `json:"polls_useful"`        // ok polls with messages
	Empty      int64                 `json:"polls_empty"`         // ok polls without
	Messages   map[string]int64      `json:"messages,omitempty"`  // delivered, by sourceType; "other" for unknown ones
	Downloaded int64                 `json:"bytes_downloaded"`    // of media, decoded
	Uploaded   int64                 `json:"bytes_uploaded"`      // of media
	Flows      map[string]*FlowCount `json:"flows,omitempty"`
	NewTokens  int64                 `json:"new_tokens,omitempty"`        // answers that replaced a token
	Negative   int64                 `json:"delivery_negative,omitempty"` // delivery times below 0, a clock was set; counted as 0
	Unanswered int64                 `json:"says_unanswered,omitempty"`   // said, and no answer by the end of the conversation
	// Short counts the exchanges that failed because the generator's own machine was short of
	// something, by what it was. They are among the failed ones and say nothing about the tenant.
	Short map[string]int64 `json:"short,omitempty"`
}

// Exchange is the outcomes of one kind of exchange; never nil.
func (c *Counters) Exchange(op aicc.Op) *Outcomes {
	if o := c.Exchanges[op.String()]; o != nil {
		return o
	}
	return &Outcomes{}
}

// AllExchanges adds the outcomes of every kind up, without reasons.
func (c *Counters) AllExchanges() Outcomes {
	var sum Outcomes
	for _, o := range c.Exchanges {
		sum.OK += o.OK
		sum.Fail += o.Fail
		sum.Info += o.Info
		sum.Lost += o.Lost
	}
	return sum
}

// Delivered is the number of messages delivered.
func (c *Counters) Delivered() int64 { return total(c.Messages) }

// Ended adds the ends of the conversations of all flows up.
func (c *Counters) Ended() map[trace.Ended]int64 {
	sum := map[trace.Ended]int64{}
	for _, f := range c.Flows {
		addCounts(&sum, f.Ended)
	}
	return sum
}

// Begun is the number of conversations that began.
func (c *Counters) Begun() int64 {
	var n int64
	for _, f := range c.Flows {
		n += f.Begun
	}
	return n
}

// Steps adds the steps of all flows up.
func (c *Counters) Steps() StepCount {
	var sum StepCount
	for _, f := range c.Flows {
		for _, s := range f.Steps {
			sum.add(s)
		}
	}
	return sum
}

// Expectations adds up the steps that can be missed: what was expected of the other side, and
// hand-overs, which it can refuse.
func (c *Counters) Expectations() StepCount {
	var sum StepCount
	for _, f := range c.Flows {
		for name, s := range f.Steps {
			_, what, _ := strings.Cut(name, " ")
			if strings.HasPrefix(what, "expect") || what == "handover" {
				sum.add(s)
			}
		}
	}
	return sum
}

// Unserved is the number of conversations that the tenant did not hold: no token was to be had,
// CONNECT was refused, or contact was lost.
func (c *Counters) Unserved() int64 {
	ended := c.Ended()
	return ended[trace.NoToken] + ended[trace.NoConnect] + ended[trace.LostContact]
}

// add merges other into c and shares nothing with it. Entries of its maps may be nil: a file may
// say null.
func (c *Counters) add(other *Counters) {
	for name, o := range other.Exchanges {
		entry(&c.Exchanges, name).add(o)
	}
	for name, f := range other.Flows {
		entry(&c.Flows, name).add(f)
	}
	addCounts(&c.Messages, other.Messages)
	addCounts(&c.Short, other.Short)
	c.Probes += other.Probes
	c.Useful += other.Useful
	c.Empty += other.Empty
	c.Downloaded += other.Downloaded
	c.Uploaded += other.Uploaded
	c.NewTokens += other.NewTokens
	c.Negative += other.Negative
	c.Unanswered += other.Unanswered
}

func (o *Outcomes) add(other *Outcomes) {
	if other == nil {
		return
	}
	o.OK += other.OK
	o.Fail += other.Fail
	o.Info += other.Info
	o.Lost += other.Lost
	addCounts(&o.Reasons, other.Reasons)
}

func (f *FlowCount) add(other *FlowCount) {
	if other == nil {
		return
	}
	f.Begun += other.Begun
	addCounts(&f.Ended, other.Ended)
	for name, s := range other.Steps {
		entry(&f.Steps, name).add(s)
	}
}

func (s *StepCount) add(other *StepCount) {
	if other == nil {
		return
	}
	s.Done += other.Done
	s.Missed += other.Missed
}

// entry is the value of key, made when there is none.
func entry[K comparable, V any](m *map[K]*V, key K) *V {
	v := (*m)[key]
	if v == nil {
		v = new(V)
		if *m == nil {
			*m = map[K]*V{}
		}
		(*m)[key] = v
	}
	return v
}

func addCounts[K comparable](to *map[K]int64, from map[K]int64) {
	if *to == nil && len(from) > 0 {
		*to = maps.Clone(from)
		return
	}
	for k, n := range from {
		(*to)[k] += n
	}
}

func total[K comparable](m map[K]int64) int64 {
	var n int64
	for _, v := range m {
		n += v
	}
	return n
}
