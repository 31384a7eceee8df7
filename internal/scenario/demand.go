package scenario

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// demandKind is what a demand is about, and the key of gate under which only such demands stand.
type demandKind uint8

const (
	anyKind demandKind = iota
	onConformance
	onLatency
	onErrors
	onExercise
	onMissed
	onLateness
	onCPU
)

// key is the key in a scenario file.
func (k demandKind) key() string {
	return map[demandKind]string{anyKind: "require", onConformance: "conformance", onLatency: "latency", onErrors: "errors", onExercise: "exercise"}[k]
}

// example is the hint for a text that is no demand of the kind.
func (k demandKind) example() string {
	return map[demandKind]string{
		anyKind:       `write "delivery p95 < 1s", "send.failed < 0.1%", "DEL-04 exercised at least 100", "missed < 1%" or "no violations"`,
		onConformance: "write no violations or strict",
		onLatency:     `write "poll.service p95 < 50ms" or "delivery p90 < 1s, at least 1000 samples"`,
		onErrors:      `write "send.failed < 0.1%" or "poll.info < 10"`,
		onExercise:    `write "DSC-01 >= 100"`,
	}[k]
}

// demand is one thing that a run must meet, as it was read.
type demand struct {
	kind     demandKind
	limit    Limit // latency, errors
	exercise Exercise
	strict   bool
	share    float64       // missed, cpu
	lateness time.Duration // the generator's own
}

// addTo makes a demand one of the scenario's. Of those that there can be only one of it takes the
// place of what was there.
func (d *demand) addTo(s *Scenario) {
	g := &s.Gate
	switch d.kind {
	case onConformance:
		g.Strict = g.Strict || d.strict
	case onLatency:
		g.Latency = append(g.Latency, d.limit)
	case onErrors:
		g.Errors = append(g.Errors, d.limit)
	case onExercise:
		s.Exercise = append(s.Exercise, d.exercise)
	case onMissed:
		g.MaxMissed = d.share
	case onLateness:
		g.MaxLateness, g.LatenessGiven = d.lateness, true
	case onCPU:
		g.MaxCPU = d.share
	}
}

// The forms of demands. What they have in brackets is looked at further.
var (
	latencyForm  = regexp.MustCompile(`^(\S+)\s+([^\s<]+)\s*<\s*(\S+)$`)
	errorForm    = regexp.MustCompile(`^([^\s<]+)\s*<\s*(\S+)$`)
	exerciseForm = regexp.MustCompile(`^(\S+?)\s*(?:>=|\sexercised\s+at\s+least\s)\s*([0-9]{1,18})$`)
	ownForm      = regexp.MustCompile(`^(missed|lateness|cpu)\s*<=?\s*(\S+)$`)
	stageForm    = regexp.MustCompile(`^(.*?\S)\s+in\s+stage(?:\s+(.*))?$`)
	samplesForm  = regexp.MustCompile(`^at least ([1-9][0-9]{0,17}) samples?$`)
	quantileForm = regexp.MustCompile(`^p([0-9]{1,2}(?:\.[0-9]{1,4})?)$`)
)

// demand reads one demand, of the kind given, against the stages of s.
func (opt *Options) demand(text string, kind demandKind, s *Scenario) (demand, *fault) {
	condition, options, more := strings.Cut(strings.TrimSpace(text), ",")
	condition = strings.TrimSpace(condition)
	d := demand{limit: Limit{Samples: 1, Text: text}}
	if m := stageForm.FindStringSubmatch(condition); m != nil {
		condition = m[1]
		if f := d.stage(m[2], s); f != nil {
			return d, f
		}
	}
	if kind == anyKind {
		kind = kindOf(condition)
	}
	d.kind = kind
	if f := opt.condition(&d, condition, text); f != nil {
		return d, f
	}
	if !more {
		return d, d.plain(text)
	}
	for option := range strings.SplitSeq(options, ",") {
		if f := d.option(strings.TrimSpace(option)); f != nil {
			return d, f
		}
	}
	return d, d.plain(text)
}

// kindOf tells what a condition is about by its form.
func kindOf(condition string) demandKind {
	if m := ownForm.FindStringSubmatch(condition); m != nil {
		return map[string]demandKind{"missed": onMissed, "lateness": onLateness, "cpu": onCPU}[m[1]]
	}
	switch {
	case slices.Contains(conformanceWords, condition):
		return onConformance
	case exerciseForm.MatchString(condition):
		return onExercise
	case errorForm.MatchString(condition):
		return onErrors
	case latencyForm.MatchString(condition):
		return onLatency
	}
	return anyKind
}

var conformanceWords = []string{"no violations", "strict"}

// condition reads what stands in front of the options.
func (opt *Options) condition(d *demand, condition, text string) (f *fault) {
	switch d.kind {
	case onConformance:
		d.strict, f = choice(conformanceWords, false, true)(condition)
		return f
	case onLatency:
		return opt.latency(d, condition, text)
	case onErrors:
		return opt.errors(d, condition, text)
	case onExercise:
		return opt.exercise(d, condition)
	case onMissed, onCPU:
		limit := ownForm.FindStringSubmatch(condition)[2]
		d.share, f = share(limit)
		return f.in(limit)
	case onLateness:
		limit := ownForm.FindStringSubmatch(condition)[2]
		d.lateness, f = latenessLimit(limit)
		return f.in(limit)
	}
	return faultf(d.kind.example(), "%q is not a demand", text)
}

func latenessLimit(s string) (time.Duration, *fault) {
	return durationIn(time.Millisecond, time.Hour)(s)
}

// latency reads "poll.service p95 < 50ms".
func (opt *Options) latency(d *demand, condition, text string) (f *fault) {
	m := latencyForm.FindStringSubmatch(condition)
	if m == nil {
		return faultf(onLatency.example(), "%q is not a limit", text)
	}
	l := &d.limit
	if l.Metric, f = known("metric", opt.Metrics)(m[1]); f != nil {
		return f.in(m[1])
	}
	if f := l.statistic(m[2]); f != nil {
		return f.in(m[2])
	}
	below, f := durationIn(1, day)(m[3])
	l.Below = below.Seconds()
	return f.in(m[3])
}

// statistic reads p50, p99.95, max or mean.
func (l *Limit) statistic(s string) *fault {
	switch s {
	case "max":
		l.Quantile = 1
		return nil
	case "mean":
		l.Mean = true
		return nil
	}
	m := quantileForm.FindStringSubmatch(s)
	if m == nil {
		return faultf("write a percentile such as p50, p95 or p99.9, or max or mean", "%q is not known here", s)
	}
	percent, _ := strconv.ParseFloat(m[1], 64)
	if percent < 1 {
		return faultf("write p1 at least", "hardly a value is below %s", s)
	}
	l.Quantile = math.Round(percent*1e4) / 1e6 // 99.9 / 100 is a little less than 0.999
	return nil
}

// errors reads "send.failed < 0.1%" or "poll.info < 10".
func (opt *Options) errors(d *demand, condition, text string) (f *fault) {
	m := errorForm.FindStringSubmatch(condition)
	if m == nil {
		return faultf(onErrors.example(), "%q is not a limit", text)
	}
	l := &d.limit
	if l.Metric, f = known("counter", opt.Errors)(m[1]); f != nil {
		return f.in(m[1])
	}
	if count, err := strconv.ParseUint(m[2], 10, 53); err == nil {
		l.Below, l.Count = float64(count), true
		return positive(l, m[2])
	}
	if l.Below, f = share(m[2]); f != nil {
		return faultf(onErrors.example(), "%q is neither a share nor a count", m[2]).in(m[2])
	}
	return positive(l, m[2])
}

// positive refuses limits that nothing can stay below.
func positive(l *Limit, limit string) *fault {
	if l.Below > 0 && !math.IsInf(l.Below, 0) {
		return nil
	}
	return faultf(`write "< 1" for none at all`, "nothing is below the limit of %q", l.Text).in(limit)
}

// exercise reads "DSC-01 >= 100" or "DSC-01 exercised at least 100".
func (opt *Options) exercise(d *demand, condition string) (f *fault) {
	m := exerciseForm.FindStringSubmatch(condition)
	if m == nil {
		return faultf(onExercise.example(), "%q is not a demand", condition)
	}
	d.exercise.AtLeast, _ = strconv.ParseInt(m[2], 10, 64)
	d.exercise.Rule, f = opt.ruleID(m[1])
	return f.in(m[1])
}

// stage reads the name of a stage, with or without quotes.
func (d *demand) stage(name string, s *Scenario) *fault {
	if n := len(name); n > 1 && name[0] == '"' && name[n-1] == '"' {
		name = name[1 : n-1]
	}
	var names []string
	for i := range s.Load.Stages {
		names = append(names, s.Load.Stages[i].Name)
	}
	if name == "" {
		return faultf("write its name: "+oneOf(names), "the stage is missing")
	}
	if len(names) > 0 && !slices.Contains(names, name) {
		return faultf(suggest(name, names), "unknown stage %q", name).in(name)
	}
	d.limit.Stage = name
	return nil
}

// option reads "at least 1000 samples" or "or no data".
func (d *demand) option(s string) *fault {
	if s == "or no data" {
		d.limit.NoData = true
		return nil
	}
	m := samplesForm.FindStringSubmatch(s)
	if m == nil {
		example := d.kind.example()
		if example == "" {
			example = anyKind.example()
		}
		return faultf(example, "%q is not a number of samples", s).in(s)
	}
	d.limit.Samples, _ = strconv.ParseInt(m[1], 10, 64)
	return nil
}

// plain refuses options on demands that are not on samples.
func (d *demand) plain(text string) *fault {
	if d.kind == onLatency || d.kind == onErrors {
		return nil
	}
	if d.limit.Stage != "" || d.limit.Samples != 1 || d.limit.NoData {
		return faultf("leave that out", "%q has a stage, a number of samples or \"or no data\", which only limits on latency and errors can have", text)
	}
	return nil
}

// Demand adds a demand to s, as it stands under gate.require: behind a flag, for example. Where
// there can be only one, as for "missed < 1%", it takes the place of what s has. The error is a
// [*DemandError].
func (s *Scenario) Demand(text string, opt Options) error {
	d, f := opt.demand(text, anyKind, s)
	if f == nil && d.limit.Stage != "" && len(s.Load.Stages) == 0 {
		f = faultf("a trace has none; leave that out", "no stage is known here").in(d.limit.Stage)
	}
	if f != nil {
		at := max(strings.Index(text, f.part), 0)
		return &DemandError{Text: text, Column: utf8.RuneCountInString(text[:at]) + 1, Message: f.message, Hint: f.hint}
	}
	d.addTo(s)
	s.Gate.settle()
	return nil
}

// DemandError is what is wrong with a demand that stands in no file.
type DemandError struct {
	Text          string
	Column        int // from 1, in characters
	Message, Hint string
}

// Error implements error: what is wrong, and below it the text with a mark at the place.
func (e *DemandError) Error() string {
	hint := ""
	if e.Hint != "" {
		hint = " (" + e.Hint + ")"
	}
	return fmt.Sprintf("column %d: %s%s\n  %s\n  %s^", e.Column, e.Message, hint, e.Text, strings.Repeat(" ", e.Column-1))
}
