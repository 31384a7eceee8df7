package compare

import "chatbench/internal/result"

// Fits looks whether a run that is planned could be compared with a baseline, before it is played.
// Of the planned one the scenario, the host and the kind of target are looked at. The error is a
// *Refusal.
func Fits(base []Input, planned *result.Result, anyway bool) error {
	r := &Refusal{}
	if len(base) == 0 {
		r.Reasons = append(r.Reasons, "there is no result in the baseline")
		return r
	}
	for i := range base {
		r.alone(&base[i])
	}
	r.Invalid = len(r.Reasons) > 0 && len(r.Reasons) == invalid(base)
	next := Input{File: "this run", Result: planned}
	for i := range base {
		r.beside(&base[i], &next)
	}
	if anyway {
		r.Doubts = nil
	}
	if len(r.Reasons)+len(r.Doubts) == 0 {
		return nil
	}
	r.Invalid = r.Invalid && len(r.Doubts) == 0
	return r
}

// Gate is the comparison as one of the demands on the new run, with the exit code that it has if it
// is not met.
func (r *Report) Gate() (result.Gate, result.Exit) {
	g := result.Gate{Kind: result.GateBaseline, Name: "no worse than the baseline", Verdict: result.Pass,
		Observed: float64(len(r.with(Worse))), Unit: "count", Samples: int64(len(r.Metrics)), Sentence: r.Reasons[0]}
	switch r.Verdict {
	case Worse:
		g.Verdict = result.Fail
	case Unknown:
		g.Verdict = result.Inconclusive
	}
	return g, r.Exit
}
