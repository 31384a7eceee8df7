package export

import "slices"

// Type is what the values of a family do, in the terms of OpenMetrics 1.0.
type Type string

// The types.
const (
	Counter   Type = "counter"   // only grows
	Gauge     Type = "gauge"     // goes up and down
	Histogram Type = "histogram" // counts of values that do not exceed a limit
)

// Family describes metrics of one name. Every one of them also has the labels scenario and run.
type Family struct {
	Name   string // as Prometheus stores it: counters end in _total
	Type   Type
	Unit   string // part of the name; "": a number, or a count
	Help   string // one sentence
	Labels []string
}

// id is a family's place in the table.
type id int

const (
	runInfo id = iota
	runStart
	runElapsed
	runFinished
	runVerdict
	runExit
	stageInfo
	customers
	exchanges
	exchangesLost
	exchangesShort
	polls
	messages
	conversationsBegun
	conversationsEnded
	expectations
	mediaBytes
	tokensRenewed
	saysUnanswered
	probes
	latency
	latencyPercentile
	downloadRate
	ruleVerdict
	ruleViolations
	ruleInconclusive
	ruleOpportunities
	gateVerdict
	gateObserved
	gateLimit
	generatorCPU
	generatorProcessors
	generatorMemory
	generatorGC
	generatorPauses
	generatorGoroutines
	generatorFiles
	generatorFileLimit
	generatorWorst
)

// families is every family. The order is that of docs/exporting.md.
var families = [...]Family{
	runInfo:            {"chatbench_run_info", Gauge, "", "What is played against what; always 1.", []string{"version", "sha256", "seed", "load", "kind", "target"}},
	runStart:           {"chatbench_run_start_time_seconds", Gauge, "seconds", "When the run began, in seconds since 1970.", nil},
	runElapsed:         {"chatbench_run_elapsed_seconds", Gauge, "seconds", "How long the run has lasted.", nil},
	runFinished:        {"chatbench_run_finished", Gauge, "", "1 when the run is over and judged, 0 before.", nil},
	runVerdict:         {"chatbench_run_verdict", Gauge, "", "The verdict of the finished run; 1 for the one it has.", []string{"verdict"}},
	runExit:            {"chatbench_run_exit_code", Gauge, "", "The exit code of the finished run.", nil},
	stageInfo:          {"chatbench_stage_info", Gauge, "", "The stage that is being played; 1 for the one.", []string{"stage", "phase"}},
	customers:          {"chatbench_customers", Gauge, "", "Customers by what they are doing, while the run goes on.", []string{"state"}},
	exchanges:          {"chatbench_exchanges_total", Counter, "", "Exchanges with the tenant by how they ended.", []string{"op", "class", "phase"}},
	exchangesLost:      {"chatbench_exchanges_lost_total", Counter, "", "Exchanges that had no answer, of those of class fail or info.", []string{"op", "phase"}},
	exchangesShort:     {"chatbench_exchanges_short_total", Counter, "", "Exchanges that failed because the generator's own machine was short of something.", []string{"phase"}},
	polls:              {"chatbench_polls_total", Counter, "", "Polls of class ok, with messages (useful) or without (empty).", []string{"outcome", "phase"}},
	messages:           {"chatbench_messages_total", Counter, "", "Messages delivered to customers, by who said them.", []string{"source", "phase"}},
	conversationsBegun: {"chatbench_conversations_begun_total", Counter, "", "Conversations that began.", []string{"flow", "phase"}},
	conversationsEnded: {"chatbench_conversations_ended_total", Counter, "", "Conversations that ended, by how; in the phase in which they began.", []string{"flow", "how", "phase"}},
	expectations:       {"chatbench_expectations_total", Counter, "", "Expectations of the flows and hand-overs, met or missed.", []string{"outcome", "phase"}},
	mediaBytes:         {"chatbench_media_bytes_total", Counter, "bytes", "Bytes of pictures, voice, films and documents, decoded.", []string{"direction", "phase"}},
	tokensRenewed:      {"chatbench_tokens_renewed_total", Counter, "", "Answers that replaced a customer's token.", []string{"phase"}},
	saysUnanswered:     {"chatbench_says_unanswered_total", Counter, "", "What customers said and had no answer to by the end of their conversation.", []string{"phase"}},
	probes:             {"chatbench_probes_total", Counter, "", "Polls that the demo client would not have made, which count nowhere else.", []string{"phase"}},
	latency:            {"chatbench_latency_seconds", Histogram, "seconds", "Times by the metric's name in the reports.", []string{"metric", "phase"}},
	latencyPercentile:  {"chatbench_latency_percentile_seconds", Gauge, "seconds", "Percentiles to three digits over the stages that count so far, as in the reports.", []string{"metric", "percentile"}},
	downloadRate:       {"chatbench_download_rate_bytes_per_second", Histogram, "bytes_per_second", "Speed of downloads of media.", []string{"phase"}},
	ruleVerdict:        {"chatbench_rule_verdict", Gauge, "", "The verdict on each rule so far; 1 for the one it has.", []string{"rule", "level", "verdict"}},
	ruleViolations:     {"chatbench_rule_violations_total", Counter, "", "How often each rule was broken.", []string{"rule"}},
	ruleInconclusive:   {"chatbench_rule_inconclusive_total", Counter, "", "How often it could not be told whether a rule was broken.", []string{"rule"}},
	ruleOpportunities:  {"chatbench_rule_opportunities_total", Counter, "", "How often each rule could have been broken.", []string{"rule"}},
	gateVerdict:        {"chatbench_gate_verdict", Gauge, "", "The verdict on each gate of the finished run; 1 for the one it has.", []string{"gate", "kind", "stage", "verdict"}},
	gateObserved:       {"chatbench_gate_observed", Gauge, "", "What each gate of the finished run looked at, in the unit of its label.", []string{"gate", "kind", "stage", "unit"}},
	gateLimit:          {"chatbench_gate_limit", Gauge, "", "The limit of each gate of the finished run, in the unit of its label.", []string{"gate", "kind", "stage", "unit"}},

	generatorCPU:        {"chatbench_generator_cpu_seconds_total", Counter, "seconds", "CPU time of chatbench itself, the embedded tenant's included.", []string{"mode"}},
	generatorProcessors: {"chatbench_generator_processors", Gauge, "", "Processors that chatbench may use, in parts of one where a quota says so.", nil},
	generatorMemory:     {"chatbench_generator_resident_memory_max_bytes", Gauge, "bytes", "Highest resident memory of chatbench so far.", nil},
	generatorGC:         {"chatbench_generator_gc_cpu_seconds_total", Counter, "seconds", "CPU time of chatbench's garbage collector.", nil},
	generatorPauses:     {"chatbench_generator_gc_pause_seconds_total", Counter, "seconds", "Time for which chatbench's garbage collector stopped everything.", nil},
	generatorGoroutines: {"chatbench_generator_goroutines_max", Gauge, "", "Most goroutines so far.", nil},
	generatorFiles:      {"chatbench_generator_open_files_max", Gauge, "", "Most descriptors in use so far.", nil},
	generatorFileLimit:  {"chatbench_generator_open_files_limit", Gauge, "", "Descriptors that chatbench may have.", nil},
	generatorWorst:      {"chatbench_generator_strain_ratio", Gauge, "ratio", "Shares of the processors in stretches of five seconds of the finished run: the worst, and what 99 of 100 did not exceed.", []string{"of", "stretch"}},
}

// Families lists what is exported. Families may be added, and labels to them; no name, type, unit or
// meaning changes.
func Families() []Family { return slices.Clone(families[:]) }

// latencyLimits are the upper limits of a histogram's buckets, in seconds: six a decade, so that a
// percentile that Prometheus interpolates between two of them is within 30 % of the true one, and
// usually much nearer. The exact ones are in chatbench_latency_percentile_seconds.
var latencyLimits = []float64{
	0.0005, 0.0007, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05, 0.07,
	0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 60, 120, 300, 600,
}

// rateLimits are those of speeds, in bytes per second.
var rateLimits = []float64{1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8}
