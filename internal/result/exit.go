package result

import "cmp"

// Exit is the exit code of a command. The numbers are part of the interface: scripts and CI test
// for them.
type Exit int

// The exit codes.
const (
	ExitOK           Exit = 0   // all gates passed
	ExitConformance  Exit = 1   // a rule was broken
	ExitInconclusive Exit = 2   // nothing failed, but a required rule is undecided, or a comparison cannot tell
	ExitPerformance  Exit = 3   // a performance gate failed
	ExitStale        Exit = 4   // the known-failure file lists what no longer fails
	ExitInvalid      Exit = 5   // the generator itself was too slow, or the machine too noisy
	ExitUnreachable  Exit = 6   // the target could not be reached or refused the credentials
	ExitUsage        Exit = 64  // the command line or the scenario is wrong
	ExitBug          Exit = 70  // a bug in chatbench
	ExitInterrupted  Exit = 130 // interrupted; what was measured is reported
)

// exitOrder is from harmless to grave. A broken rule is a fact whatever else happened, so only
// what kept the run from being one goes before it.
var exitOrder = []Exit{
	ExitOK, ExitStale, ExitInconclusive, ExitPerformance, ExitInvalid,
	ExitInterrupted, ExitUnreachable, ExitConformance, ExitUsage, ExitBug,
}

// Worse gives the graver of two exit codes. A code that is not in the table is graver than all
// that are.
func (e Exit) Worse(other Exit) Exit { return worse(exitOrder, e, other) }

// worse gives the one of two values that comes later in order; values that are not in it come last,
// the greatest of them at the very end.
func worse[T cmp.Ordered](order []T, a, b T) T {
	switch i, j := place(order, a), place(order, b); {
	case i == j:
		return max(a, b)
	case i < j:
		return b
	}
	return a
}

// place is the index of v, or len(order).
func place[T comparable](order []T, v T) int {
	for i, o := range order {
		if o == v {
			return i
		}
	}
	return len(order)
}

// Verdict is what a run as a whole comes to.
type Verdict string

// The verdicts of a run, from harmless to grave. The zero value is that of nothing at all.
const (
	NotExercised Verdict = "not-exercised" // of a lesson: it was not met, and nothing is known
	Pass         Verdict = "pass"
	Warn         Verdict = "warn" // passed, but a rule that nobody promises was broken
	Stale        Verdict = "stale"
	Inconclusive Verdict = "inconclusive"
	Invalid      Verdict = "invalid"
	Interrupted  Verdict = "interrupted"
	Unreachable  Verdict = "unreachable"
	Fail         Verdict = "fail"
	Error        Verdict = "error" // a bug in chatbench: it broke a rule for itself
)

var verdictOrder = []Verdict{"", NotExercised, Pass, Warn, Stale, Inconclusive, Invalid, Interrupted, Unreachable, Fail, Error}

// Worse gives the graver of two verdicts. An unknown verdict is graver than all known ones.
func (v Verdict) Worse(other Verdict) Verdict { return worse(verdictOrder, v, other) }
