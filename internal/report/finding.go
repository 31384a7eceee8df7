package report

import (
	"fmt"
	"io"
	"time"

	"chatbench/internal/check"
	"chatbench/internal/lang"
)

// Finding writes that a rule, named by its id, was broken a run goes on: a line, and the
// story of its witness behind it. Where says who broke it. The error is that of w.
func Finding(w io.Writer, say *lang.Printer, rule string, witness *check.Witness, where string) error {
	at := time.Duration(0)
	if n := len(witness.Events); n > 0 {
		at = witness.Events[n-1].At
	}
	text := fmt.Sprintf("%s  %s  %s (%s)\n", moment(at), rule, phrase(say.T(witness.Sentence)), where)
	for _, e := range witness.Events {
		text += "    " + moment(e.At) + "  " + phrase(say.T(e.Text)) + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

// Moment writes when something was, since the start of the run.
func Moment(at time.Duration) string { return moment(at) }

// Clean is a text from outside on one line, of a sensible length and without control characters.
func Clean(s string) string { return phrase(s) }
