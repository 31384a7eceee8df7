// Package result is what a run found: verdicts, numbers, and where they come from. It is saved,
// loaded, merged and masked here.
//
// A result is complete in itself: every report is rendered from it, and it can be rendered again
// later. The package decides nothing (the gate does) and prints nothing (the reports do).
package result

import (
	_ "embed" // the JSON Schema
	"encoding/json"
	"math"
	"slices"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/metric"
)

// Schema1 is the version that files of this form carry. Fields may be added to it; a change of
// what a field means makes another version.
const Schema1 = "chatbench.result/1"

// Result is everything a run found. The zero value is neutral for [Merge].
type Result struct {
	Schema   string             `json:"schema"`
	Tool     Tool               `json:"tool"`
	Scenario Scenario           `json:"scenario"`
	Target   Target             `json:"target"`
	Run      Run                `json:"run"`
	Verdict  Verdict            `json:"verdict"`
	Exit     Exit               `json:"exit_code"`
	Reasons  []string           `json:"reasons,omitempty"` // sentences, the most important first
	Rules    []check.RuleResult `json:"rules,omitempty"`   // in the order of the catalogue
	Known    []Known            `json:"known,omitempty"`   // known failures, in the order of their file
	Gates    []Gate             `json:"gates,omitempty"`
	Metrics  *metric.Metrics    `json:"metrics,omitempty"`
	Health   metric.Health      `json:"health"`
	Trace    *Trace             `json:"trace,omitempty"` // nil: no trace was kept
	Notes    []string           `json:"notes,omitempty"` // sentences a reader should know
}

// Tool is the program that made the result.
type Tool struct {
	Version string `json:"version,omitempty"`
	Go      string `json:"go,omitempty"`
}

// Scenario is what was played.
type Scenario struct {
	Name      string   `json:"name,omitempty"`
	File      string   `json:"file,omitempty"` // as the user named it
	Hash      string   `json:"hash,omitempty"` // SHA-256 of the file, hexadecimal
	Seed      uint64   `json:"seed,omitempty"` // from which the run's decisions can be repeated
	Load      string   `json:"load,omitempty"` // in words, such as "2000 customers for 1m0s"
	Stages    []Stage  `json:"stages,omitempty"`
	Overrides []string `json:"overrides,omitempty"` // flags that changed the scenario, such as "--customers 50"
}

// Stage is a stage as it was planned.
type Stage struct {
	Name   string        `json:"name"`
	Load   string        `json:"load"` // in words, such as "0 to 2000 customers"
	Length time.Duration `json:"length_ns"`
	Warmup bool          `json:"warmup,omitempty"`
}

// Kind says what a target is.
type Kind string

// The kinds of target.
const (
	Embedded Kind = "embedded" // the embedded tenant, in the process that made the result
	Real     Kind = "real"     // a tenant reached by URL
	Recorded Kind = "recorded" // none: a trace or a HAR was checked
	Judged   Kind = "judged"   // none: the clients of an embedded tenant were judged
)

// Target is what was tested.
type Target struct {
	Kind     Kind   `json:"kind,omitempty"`
	URL      string `json:"url,omitempty"`  // without user info and query, see MaskURL
	Note     string `json:"note,omitempty"` // such as the set-up of the embedded tenant
	Insecure bool   `json:"insecure,omitempty"`
}

// Run is when, where and how.
type Run struct {
	ID      string    `json:"id,omitempty"`    // base 36, as in the markers
	Parts   []string  `json:"parts,omitempty"` // ids of the runs a merged result is made of, sorted
	Start   time.Time `json:"start,omitzero"`
	End     time.Time `json:"end,omitzero"`
	Host    Host      `json:"host"`
	Command []string  `json:"command,omitempty"` // secrets masked, see MaskArgs
	Ended   Ended     `json:"ended,omitempty"`   // "": it was played to its end
}

// Ended says what cut a run short.
type Ended string

// The reasons that a run is cut short for, the gravest last.
const (
	EndedInterrupted Ended = "interrupted" // by the user
	EndedAborted     Ended = "aborted"     // a gate had failed for good, and the scenario wants no more then
	EndedStarved     Ended = "starved"     // the generator's own machine was short of descriptors, ports or memory
	EndedGone        Ended = "gone"        // the tenant went away
	EndedBroken      Ended = "broken"      // chatbench itself failed
)

// worse gives the graver of two.
func (e Ended) worse(other Ended) Ended {
	order := []Ended{"", EndedInterrupted, EndedAborted, EndedStarved, EndedGone, EndedBroken}
	if slices.Index(order, other) > slices.Index(order, e) {
		return other
	}
	return e
}

// Host is the machine of the generator.
type Host struct {
	OS    string `json:"os,omitempty"`
	Arch  string `json:"arch,omitempty"`
	Cores int    `json:"cores,omitempty"`
	Name  string `json:"hostname,omitempty"`
}

// GateKind says what a gate looks at.
type GateKind string

// The kinds of gate.
const (
	GateConformance GateKind = "conformance"
	GateExercise    GateKind = "exercise" // a rule must have been exercised so often
	GateLatency     GateKind = "latency"
	GateErrors      GateKind = "errors"
	GateMissed      GateKind = "missed"    // share of expectations missed
	GateGenerator   GateKind = "generator" // chatbench itself had what it needed
	GateBaseline    GateKind = "baseline"
	GateKnown       GateKind = "known"  // the known-failure file
	GateLesson      GateKind = "lesson" // what a judged client met; it decides nothing
)

// OnFigures reports whether such a gate is on how fast or how well the tenant served: of an INVALID
// run nothing is known of that.
func (k GateKind) OnFigures() bool {
	return k == GateLatency || k == GateErrors || k == GateMissed
}

// Gate is one thing that made the run pass or fail.
type Gate struct {
	Kind     GateKind `json:"kind"`
	Name     string   `json:"name"`            // as written in the scenario, such as "poll.service p95 < 50ms"
	Stage    string   `json:"stage,omitempty"` // the one stage it looks at; "": all that are not warm-up
	Verdict  Verdict  `json:"verdict"`
	Observed float64  `json:"observed"` // seconds, a share or a count, by the unit
	Limit    float64  `json:"limit"`
	Unit     string   `json:"unit,omitempty"` // "s", "share", "count"
	Samples  int64    `json:"samples,omitempty"`
	// Interval is where the true value lies, as far as the run shows it; nil where what was observed
	// is all there is to know, as with counts and maxima.
	Interval *Interval `json:"interval,omitempty"`
	Line     int       `json:"line,omitempty"` // of the scenario file it was written in; 0: a flag or a default
	Sentence string    `json:"sentence"`       // what was found, for people
}

// Interval is a confidence interval, in the unit of its gate: in a share of Level of all runs like
// this one it holds the value that a run without end would come to.
type Interval struct {
	Low   float64 `json:"low"`
	High  float64 `json:"high"`  // +Inf, which is left out of JSON, where the samples set no bound
	Level float64 `json:"level"` // 0 to 1, such as 0.95
	// Needed is about how many samples would decide the gate if nothing but their number changed; 0
	// when it is decided, or when no number is known to.
	Needed int64 `json:"needed,omitempty"`
}

// unbounded is an interval in JSON, which has no infinite numbers.
type unbounded struct {
	Low    float64  `json:"low"`
	High   *float64 `json:"high,omitempty"`
	Level  float64  `json:"level"`
	Needed int64    `json:"needed,omitempty"`
}

// MarshalJSON leaves out an upper end that there is none of.
func (i Interval) MarshalJSON() ([]byte, error) {
	w := unbounded{Low: i.Low, Level: i.Level, Needed: i.Needed}
	if !math.IsInf(i.High, 1) {
		w.High = &i.High
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (i *Interval) UnmarshalJSON(b []byte) error {
	var w unbounded
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*i = Interval{Low: w.Low, High: math.Inf(1), Level: w.Level, Needed: w.Needed}
	if w.High != nil {
		i.High = *w.High
	}
	return nil
}

// Trace is the trace files that were written.
type Trace struct {
	Files    []string `json:"files"`
	Policy   string   `json:"policy,omitempty"` // what was kept: "all", "failing" ...
	Events   int64    `json:"events"`
	Complete bool     `json:"complete"` // every event of the customers that were kept is there
}

//go:embed result.schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of a saved result.
func Schema() []byte { return slices.Clone(schema) }

// Broken lists the rules with one of the given verdicts.
func (r *Result) Broken(verdicts ...check.Verdict) []check.RuleResult {
	var found []check.RuleResult
	for _, rule := range r.Rules {
		if slices.Contains(verdicts, rule.Verdict) {
			found = append(found, rule)
		}
	}
	return found
}
