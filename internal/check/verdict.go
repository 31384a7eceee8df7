package check

import "time"

// Verdict is what is known of a rule after a run. They are combined by worst wins.
type Verdict string

// The verdicts, from best to worst; NOT-EXERCISED and NOT-OBSERVABLE say that nothing is known.
const (
	NotObservable Verdict = "NOT-OBSERVABLE" // needs markers, a journal, or a feature the tenant lacks
	NotExercised  Verdict = "NOT-EXERCISED"  // the situation did not come up
	Pass          Verdict = "PASS"           // it came up, and the rule held every time
	Inconclusive  Verdict = "INCONCLUSIVE"   // a violation is possible, but something else explains it as well
	Fail          Verdict = "FAIL"           // a definite counterexample; a witness is attached
	Error         Verdict = "ERROR"          // the simulator or the checker broke an invariant of its own
)

// Reason says why a verdict is INCONCLUSIVE. The list is closed.
type Reason string

// The reasons.
const (
	IndeterminatePoll Reason = "indeterminate-poll" // a poll without an answer may have carried the message
	IndeterminateSend Reason = "indeterminate-send" // a send without an answer may have been accepted
	IndeterminateFile Reason = "indeterminate-file" // a download without an answer tells nothing about the file
	NotDrained        Reason = "not-drained"        // the conversation was left before all could arrive
	RunAborted        Reason = "run-aborted"        // the run was stopped or the tenant went away
	GeneratorLate     Reason = "generator-late"     // chatbench was too slow for a deadline to mean anything
	WindowOverflow    Reason = "window-overflow"    // reordering beyond what the checker keeps
	EvidenceDropped   Reason = "evidence-dropped"   // more files or sends in a conversation than the checker keeps
	ClientFault       Reason = "client-fault"       // a judged client did what explains it: two polls at once, a wrong request
	Crossed           Reason = "crossed"            // what a judged client sent may have crossed what it was told
)

// Level is where a rule comes from.
type Level string

// The levels.
const (
	API      Level = "api"      // the vendor's API pages say so
	Demo     Level = "demo"     // the vendor's demo client does it or relies on it
	Inferred Level = "inferred" // people expect it, nobody promises it; such a rule never has severity failure
	Self     Level = "self"     // the client's side of the demo flow: chatbench's own customers are in ERROR when they break it, others FAIL
)

// Severity is what breaking a rule does to a run.
type Severity string

// The severities.
const (
	Failure Severity = "failure" // it breaks a conversation or contradicts a documented must: the run fails
	Warning Severity = "warning" // it contradicts a soft text, or versions differ: it warns unless the run is strict
	Note    Severity = "note"    // worth knowing, and often right as it is: not checked unless asked for
)

// RuleResult is what a run found out about one rule.
type RuleResult struct {
	ID            string           `json:"id"`
	Title         string           `json:"title"`
	Level         Level            `json:"level"`
	Severity      Severity         `json:"severity"`
	Verdict       Verdict          `json:"verdict"`
	Reasons       map[Reason]int64 `json:"reasons,omitempty"` // why cases were inconclusive, with how many
	Note          string           `json:"note,omitempty"`    // what is missing, for NOT-OBSERVABLE
	Violations    int64            `json:"violations"`
	Inconclusive  int64            `json:"inconclusive,omitempty"`
	Opportunities int64            `json:"opportunities"`       // situations in which the rule could have been broken
	InfoPolls     int64            `json:"infoPolls,omitempty"` // DEL-04: polls whose answer never came, the other explanation for a loss
	Unseen        int64            `json:"unseen,omitempty"`    // answers that would have been looked at, and whose body was not kept
	Witnesses     []Witness        `json:"witnesses,omitempty"`
}

// Warns reports whether breaking the rule only warns, unless a run is strict. Results of older
// versions have no severity: then the level decides.
func (r *RuleResult) Warns() bool {
	switch r.Severity {
	case Warning, Note:
		return true
	case "":
		return r.Level == Inferred
	}
	return false
}

// Witness shows one violation: the two to four events that suffice, and a sentence.
type Witness struct {
	Customer  int            `json:"customer"`
	Epoch     int            `json:"epoch"`
	Extent    int64          `json:"extent,omitempty"` // how bad, to pick the worst: messages, bytes or nanoseconds, as the rule has it
	Sentence  string         `json:"sentence"`
	Events    []WitnessEvent `json:"events"`
	Reproduce string         `json:"reproduce,omitempty"` // scenario, seed and customer
}

// WitnessEvent is one event of a witness, in words.
type WitnessEvent struct {
	At   time.Duration `json:"at"`             // since the start of the run, nanoseconds
	Side Side          `json:"side,omitempty"` // whose doing it was; "" for neither's, and in results of older versions
	Text string        `json:"text"`
}

// Side says whose doing an event of a witness was.
type Side string

// The sides.
const (
	CustomerSide Side = "customer" // the customer began, sent or ended something
	TenantSide   Side = "tenant"   // an answer or a message came, or stayed away
)
