package gate

import (
	"slices"

	"chatbench/internal/result"
)

// Add holds a result against one more demand, made when it had been judged already, such as that of a
// baseline. It takes over verdict, exit code and reason of a gate that did not pass; the reason goes
// first when it decides the exit code.
func Add(r *result.Result, g result.Gate, exit result.Exit) {
	r.Gates = append(r.Gates, g)
	if g.Verdict == result.Pass {
		return
	}
	at := len(r.Reasons)
	if exit != r.Exit && r.Exit.Worse(exit) == exit {
		at = 0
	}
	r.Reasons = slices.Insert(slices.Clone(r.Reasons), at, g.Sentence)
	r.Exit, r.Verdict = r.Exit.Worse(exit), r.Verdict.Worse(g.Verdict)
}
