package capacity

import (
	"cmp"
	"slices"
	"time"

	"chatbench/internal/result"
)

// Schema1 is the version that files of this form carry. Fields may be added to it; a change of what
// a field means makes another version.
const Schema1 = "chatbench.capacity/1"

// Report is one search for the load that a tenant carries, finished or not. It is also the state
// from which a search that was interrupted goes on.
type Report struct {
	Schema   string          `json:"schema"`
	Tool     result.Tool     `json:"tool"`
	Scenario result.Scenario `json:"scenario"` // Load and Stages are those of the file, not of a probe
	Target   result.Target   `json:"target"`
	Host     result.Host     `json:"host"`
	Command  []string        `json:"command,omitempty"` // secrets masked
	Start    time.Time       `json:"start,omitzero"`
	End      time.Time       `json:"end,omitzero"` // of the last probe
	Search   Search          `json:"search"`
	Flags    []string        `json:"flags,omitempty"` // all that change what a probe measures, for --resume
	Probes   []Probe         `json:"probes"`          // in the order in which they were made
	Answer   Answer          `json:"answer"`
	Law      *Law            `json:"law,omitempty"`      // throughput over load; nil: see LawNote
	LawNote  string          `json:"law_note,omitempty"` // why there is no law, a sentence
	Notes    []string        `json:"notes,omitempty"`    // sentences that a reader should know
	Exit     result.Exit     `json:"exit_code"`
}

// Unit is what a load is counted in.
type Unit string

// The units of load. Which one it is follows from the scenario.
const (
	UnitCustomers Unit = "customers"  // present at the same time: closed load
	UnitArrivals  Unit = "arrivals/s" // open load
)

// Search is what was asked of a search.
type Search struct {
	Unit    Unit    `json:"unit"`
	From    float64 `json:"from"`    // the first load to try
	Least   float64 `json:"least"`   // the lowest load to try; more than 0
	Most    float64 `json:"most"`    // the highest load to try
	Factor  float64 `json:"factor"`  // from one stair to the next; more than 1
	Width   float64 `json:"width"`   // of the interval as a share of its lower end, such as 0.1
	Confirm int     `json:"confirm"` // probes that must agree at each end of the interval; at least 1

	Steps   int           `json:"steps,omitempty"`     // most probes; 0: no limit
	Budget  time.Duration `json:"budget_ns,omitempty"` // time for all probes together; 0: no limit
	Settle  time.Duration `json:"settle_ns"`           // of each probe: bringing the load in and letting it settle, left out of the figures
	Hold    time.Duration `json:"hold_ns"`             // of each probe: what is judged
	AtLeast float64       `json:"at_least,omitempty"`  // the load that the tenant is demanded to carry; 0: no demand
}

// Outcome is what a probe says of its load.
type Outcome string

// The outcomes of a probe.
const (
	Carried Outcome = "carried"         // every gate passed
	Missed  Outcome = "missed"          // a gate failed or a rule was broken
	Unclear Outcome = "cannot tell"     // neither, such as a limit within a confidence interval; another probe may tell
	Thin    Outcome = "too few samples" // neither: fewer than a gate needs, which another probe would not change
	Short   Outcome = "machine"         // this machine was short of something; says nothing of the tenant
	Gone    Outcome = "gone"            // the tenant could not be reached or went away
	Cut     Outcome = "interrupted"     // by the user; says nothing
	Broken  Outcome = "bug"             // chatbench itself failed
)

// Probe is one run of the scenario at one load.
type Probe struct {
	Number  int       `json:"number"` // from 1
	Load    float64   `json:"load"`   // in the unit of the search
	Outcome Outcome   `json:"outcome"`
	Limits  []Limit   `json:"limits,omitempty"` // what was not met or could not be told, the gravest first
	Why     string    `json:"why"`              // a sentence
	Start   time.Time `json:"start,omitzero"`
	// Took is the time from the first customer to the last one's end, with preparation and drain.
	Took time.Duration `json:"took_ns"`
	Dir  string        `json:"dir,omitempty"` // with its result.json, relative to the report; "": none was kept

	Throughput float64   `json:"throughput"`        // messages of robot and agents that reached customers, per second of the hold
	Begun      float64   `json:"begun"`             // conversations begun, per second of the hold
	Present    float64   `json:"present"`           // customers in a conversation, on average over the hold
	Duration   float64   `json:"duration_s"`        // mean of the conversations that began in the hold
	CutShort   float64   `json:"cut_short"`         // share of these conversations, 0 to 1, that were still going on at the end of the probe
	Latency    []Latency `json:"latency,omitempty"` // of the gated metrics first
}

// Little is how many customers there should have been by Little's law, L = λ·W: conversations begun
// a second times their mean duration. A probe in which it differs much from Present had not settled.
// J. D. C. Little, A proof for the queuing formula L = λW, Operations Research 9 (1961) 383-387.
func (p *Probe) Little() float64 { return p.Begun * p.Duration }

// Latency is how long something took during a probe, in seconds.
type Latency struct {
	Metric string  `json:"metric"` // as in a scenario's gate
	Gated  bool    `json:"gated,omitempty"`
	Count  int64   `json:"count"`
	Mean   float64 `json:"mean"`
	P50    float64 `json:"p50"`
	P95    float64 `json:"p95"`
}

// Limit is a demand that a probe did not meet, or of which it cannot be told.
type Limit struct {
	Kind     result.GateKind `json:"kind"`
	Name     string          `json:"name"` // the gate as written, or the id of a rule
	Observed float64         `json:"observed"`
	Limit    float64         `json:"limit"`
	Unit     string          `json:"unit,omitempty"` // "s", "share", "count"
	Sentence string          `json:"sentence"`
}

// Kind is what a search came to.
type Kind string

// The kinds of answer.
const (
	Found      Kind = "interval"           // the highest load that is carried and the lowest that is not
	NotReached Kind = "limit not reached"  // the highest load that was tried is carried
	ByMachine  Kind = "limited by machine" // this machine could make no more load
	Untold     Kind = "cannot tell"        // above Low nothing was shown
	Vanished   Kind = "tenant gone"
	Nothing    Kind = "nothing known" // no probe said anything
)

// Stop is why a search ended before it had its answer as narrow and as sure as it was asked for.
type Stop string

// The reasons to stop.
const (
	Complete    Stop = ""
	OutOfTime   Stop = "time budget"
	OutOfSteps  Stop = "step budget"
	Interrupted Stop = "interrupted"
	TenantGone  Stop = "tenant gone"
	OwnBug      Stop = "bug"
)

// Answer is what the probes come to.
type Answer struct {
	Kind Kind `json:"kind"`
	// Low is the highest load that was carried, 0: none was. High is the lowest above it that was not
	// carried, of which nothing could be told, or that this machine could not make (by Kind); 0: there
	// is none.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Limit is what stood in the way at High first: the gate or rule that most of its probes missed.
	Limit *Limit `json:"limit,omitempty"`
	// Sure reports whether as many probes as demanded agreed at both ends.
	Sure bool `json:"sure"`
	// Noisy are loads at which probes disagreed, ascending.
	Noisy []float64 `json:"noisy,omitempty"`
	Stop  Stop      `json:"stop,omitempty"`
	// Sentences say it to people, the most important first.
	Sentences []string `json:"sentences"`
}

// Law is the Universal Scalability Law fitted to throughput over load:
//
//	X(N) = Lambda·N / (1 + Sigma·(N-1) + Kappa·N·(N-1))
//
// N. J. Gunther, Guerrilla Capacity Planning, Springer 2007, chapter 5; with the third coefficient
// Lambda as in the R package usl (S. Möding) since its version 2.
type Law struct {
	Lambda Coefficient `json:"lambda"` // throughput of a single customer, per second
	Sigma  Coefficient `json:"sigma"`  // contention: the share of the work that only one can do at a time, 0 to 1
	Kappa  Coefficient `json:"kappa"`  // coherency: what customers cost each other, 0 to 1
	// PeakLoad is the load of the highest throughput by the law, sqrt((1-Sigma)/Kappa), and Peak the
	// throughput there; both 0 when there is no peak because Kappa is 0.
	PeakLoad float64 `json:"peak_load"`
	Peak     float64 `json:"peak"`
	R2       float64 `json:"r2"`       // share of the variance that the law explains; no measure of how far it may be trusted
	Residual float64 `json:"residual"` // residual standard error, in the unit of throughput
	Points   int     `json:"points"`   // probes that it was fitted to
	Reach    float64 `json:"reach"`    // the highest load among them: beyond it the law is an extrapolation
	Sentence string  `json:"sentence"` // what it says, for people
}

// Coefficient is one number of a fit, with its standard error and its 95 % confidence interval by
// Student's t. All three are 0 where they are not known.
type Coefficient struct {
	Value float64 `json:"value"`
	Error float64 `json:"error"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ByLoad gives probes in the order of their loads, those of one load in the order in which they were
// made.
func ByLoad(probes []Probe) []Probe {
	return slices.SortedStableFunc(slices.Values(probes), func(a, b Probe) int { return cmp.Compare(a.Load, b.Load) })
}
