package doctor

import (
	"time"

	"chatbench/internal/result"
)

// Schema names the form of a [Report] as JSON.
const Schema = "chatbench.doctor/1"

// Report is what a walk through a tenant's set-up has seen. It holds no secret.
type Report struct {
	Schema        string        `json:"schema"`
	Tool          string        `json:"tool,omitempty"` // version of chatbench
	Start         time.Time     `json:"start"`
	Took          float64       `json:"seconds"`
	Target        result.Target `json:"target"`
	Channel       string        `json:"channel"`
	Steps         []Step        `json:"steps"` // all there are, in the order in which they were taken
	Conversations Conversations `json:"conversations"`
	Ended         result.Ended  `json:"ended,omitempty"` // what cut the walk short: interrupted, gone, or ""
	Exit          result.Exit   `json:"exit"`
}

// Conversations counts what the walk has cost the tenant.
type Conversations struct {
	Opened int `json:"opened"`
	Most   int `json:"most"`              // that a walk opens
	Unsure int `json:"unsure,omitempty"`  // of which it is not known whether they were opened or ended
	Forced int `json:"unended,omitempty"` // that were left open, because a second Ctrl-C wanted no more calls
}

// State says how a step came out.
type State string

// The states of a step.
const (
	Right   State = "ok"
	Warned  State = "warn"    // it works, and somebody should have a look
	Wrong   State = "wrong"   // customers will meet it
	Absent  State = "absent"  // the tenant does not have it, and need not
	Unsure  State = "unsure"  // it could not be told
	Skipped State = "skipped" // not looked at
)

// Step is one thing that was looked at.
type Step struct {
	ID      string  `json:"id"` // such as certificate; see docs/doctor.md
	Title   string  `json:"title"`
	State   State   `json:"state"`
	Saw     string  `json:"saw"`               // one sentence
	Basis   Basis   `json:"basis,omitzero"`    // why that is right or wrong
	Advice  string  `json:"advice,omitempty"`  // what to do about it
	Page    *Page   `json:"page,omitempty"`    // of the tenant's administration, where to do it
	Because string  `json:"because,omitempty"` // id of the step for whose sake this one was skipped
	Took    float64 `json:"seconds"`
}

// Basis says what a judgement leans on: docs/protocol.md marks what the vendor documents (D), what
// the vendor's demo does (S) and what is a guess of ours (U).
type Basis struct {
	Mark    string `json:"mark,omitempty"`
	Section string `json:"section,omitempty"` // of docs/protocol.md, such as E03 or 2.1
}

// Page says where something is set up. What is not known is left out.
type Page struct {
	Guide  string `json:"guide,omitempty"` // chapter of the vendor's guide, by the labels of its navigation
	Menu   string `json:"menu,omitempty"`  // path in the administration, by its labels
	Field  string `json:"field,omitempty"` // on that page
	Source string `json:"source"`          // of the labels, as docs/protocol.md marks them
}

// Count is how many steps came out in one of these ways.
func (r *Report) Count(states ...State) int {
	n := 0
	for i := range r.Steps {
		for _, s := range states {
			if r.Steps[i].State == s {
				n++
			}
		}
	}
	return n
}

// exit is the walk's exit code: that something is wrong is a fact, even if the walk was cut short
// later. Without a way in, nothing is known of the tenant.
func (r *Report) exit() result.Exit {
	exit := result.ExitOK
	for i := range r.Steps {
		switch s := &r.Steps[i]; {
		case s.State == Wrong && wayIn(s.ID):
			exit = exit.Worse(result.ExitUnreachable)
		case s.State == Wrong:
			exit = exit.Worse(result.ExitConformance)
		case s.State == Unsure:
			exit = exit.Worse(result.ExitInconclusive)
		}
	}
	switch r.Ended {
	case result.EndedInterrupted:
		exit = exit.Worse(result.ExitInterrupted)
	case result.EndedGone:
		exit = exit.Worse(result.ExitUnreachable)
	}
	return exit
}
