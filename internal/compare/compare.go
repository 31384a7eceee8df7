// Package compare holds the results of new runs against those of earlier ones, the base, and says of
// each metric whether it became better, worse, or stayed the same.
//
// It reads results and nothing else: no trace, no clock, no network. The same results give the same
// report, for the resampling in it has a fixed seed. It renders nothing; internal/report does.
package compare

import (
	"time"

	"chatbench/internal/check"
	"chatbench/internal/metric"
	"chatbench/internal/result"
)

// Schema1 is the version that files of this form carry. Fields may be added to it; a change of what
// a field means makes another version.
const Schema1 = "chatbench.comparison/1"

// Report is what a comparison found.
type Report struct {
	Schema      string       `json:"schema"`
	Tool        result.Tool  `json:"tool"`
	Verdict     Verdict      `json:"verdict"`
	Exit        result.Exit  `json:"exit_code"`
	Reasons     []string     `json:"reasons"` // sentences, the most important first; never empty
	Method      Method       `json:"method"`
	Base        Side         `json:"base"`
	New         Side         `json:"new"`
	Differences []Difference `json:"differences,omitempty"` // in what else the sides differ
	Metrics     []Metric     `json:"metrics,omitempty"`     // in the order of reports
	Curves      *Curves      `json:"curves,omitempty"`      // nil when there is nothing to draw
	Rules       []Rule       `json:"rules,omitempty"`       // whose verdict is another; in the order of the catalogue
	Notes       []string     `json:"notes,omitempty"`       // sentences a reader should know
}

// Verdict is what a comparison comes to, of one metric or as a whole.
type Verdict string

// The verdicts.
const (
	Better  Verdict = "better"
	Same    Verdict = "same"        // shown to differ by less than the minimum effect
	Worse   Verdict = "worse"       // shown to be worse, by more than the minimum effect
	Unknown Verdict = "cannot tell" // neither was shown
	Changed Verdict = "changed"     // shown to differ, of a metric of which neither more nor less is better
	Invalid Verdict = "invalid"     // of the whole: a run was INVALID, and nothing was compared
)

// Direction says which way a metric is better.
type Direction string

// The directions.
const (
	Lower   Direction = "lower"
	Higher  Direction = "higher"
	Neither Direction = "neither" // such as how long an empty poll is held
)

// Method is how the metrics were compared.
type Method struct {
	// Over is what the samples are resampled or ranked over, see the constants.
	Over      Over    `json:"over"`
	Alpha     float64 `json:"alpha"`      // what all metrics together may be wrong with, of 1
	Level     float64 `json:"level"`      // of the intervals, of 1
	MinEffect float64 `json:"min_effect"` // relative change that is worth a verdict, 0.1 is 10 %
	Tests     int     `json:"tests"`      // among which alpha was shared out, by Holm's method
	Resamples int     `json:"resamples"`  // of the block bootstrap, for each run and metric
}

// Over says over what a comparison was made.
type Over string

// The kinds of comparison.
const (
	Seconds        Over = "seconds"          // one run a side: blocks of the seconds within them
	RunsAndSeconds Over = "runs and seconds" // some runs a side, too few for ranks
	Ranks          Over = "ranks of runs"    // Mann-Whitney U and Hodges-Lehmann
)

// Side is the runs of one side.
type Side struct {
	Scenario string        `json:"scenario"`
	Load     string        `json:"load"`
	Target   result.Target `json:"target"` // of the first run
	Runs     []Run         `json:"runs"`
}

// Run is one result that was compared.
type Run struct {
	File    string         `json:"file,omitempty"` // as the user named it
	ID      string         `json:"id,omitempty"`
	Start   time.Time      `json:"start,omitzero"`
	Verdict result.Verdict `json:"verdict"`
	Tool    result.Tool    `json:"tool"`
	Host    result.Host    `json:"host"`
	Seed    uint64         `json:"seed,omitempty"`
	Seconds int            `json:"seconds"` // of the stages that count
}

// Difference is something in which the sides differ and that may explain what was found.
type Difference struct {
	What  string `json:"what"` // such as "chatbench", "go", "host", "seed"
	Base  string `json:"base"`
	New   string `json:"new"`
	Doubt bool   `json:"doubt,omitempty"` // the comparison was only made because the user insisted
}

// Metric is one figure, of both sides.
type Metric struct {
	Name      string      `json:"name"`           // as in a result; or "errors", "messages", "exchanges"
	Statistic string      `json:"statistic"`      // "p50", "p95", "p99", "share" or "rate"
	Unit      metric.Unit `json:"unit,omitempty"` // of Base and New: "seconds", "bytes/s", "share" (0 to 1) or "per second"
	Better    Direction   `json:"better"`
	Verdict   Verdict     `json:"verdict"`
	Base      Values      `json:"base"`
	New       Values      `json:"new"`
	// Change is nil when a side has no value to compare.
	Change   *Change `json:"change,omitempty"`
	Lack     Lack    `json:"lack,omitempty"` // why there is no Change
	Sentence string  `json:"sentence"`       // what was found, for people
}

// Label names the figure, such as "delivery p95".
func (m *Metric) Label() string { return m.Name + " " + m.Statistic }

// Values are what the runs of a side have.
type Values struct {
	Value   float64   `json:"value"`          // of the side: the geometric mean of Runs; of shares, the mean
	Samples int64     `json:"samples"`        // in all runs
	Runs    []float64 `json:"runs,omitempty"` // of each run
}

// Change is how the new side differs from the base.
type Change struct {
	// Ratio reports whether Estimate, Low and High are ratios, new over base, of which 1 means the
	// same. Otherwise they are differences, new minus base, of which 0 does.
	Ratio    bool    `json:"ratio"`
	Estimate float64 `json:"estimate"`
	Low      float64 `json:"low"` // of the interval at Method.Level
	High     float64 `json:"high"`
	// Least and Most are the bounds between which the change is too small to matter.
	Least    float64 `json:"least"`
	Most     float64 `json:"most"`
	P        float64 `json:"p"`          // of no change at all, two-sided
	Adjusted float64 `json:"p_adjusted"` // the same, by Holm's method over all metrics
}

// Rule is a rule of the contract whose verdict is another than in the base.
type Rule struct {
	ID       string        `json:"id"`
	Title    string        `json:"title"`
	Base     check.Verdict `json:"base"` // the gravest of the side's runs
	New      check.Verdict `json:"new"`
	Verdict  Verdict       `json:"verdict"` // worse: it newly fails; better: it holds again; changed
	Sentence string        `json:"sentence"`
}
