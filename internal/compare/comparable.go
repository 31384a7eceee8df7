package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"chatbench/internal/result"
)

// Input is a result and where it came from.
type Input struct {
	File   string // as the user named it, for messages; may be ""
	Result *result.Result
}

func (in *Input) name() string {
	if in.File == "" && in.Result.Run.ID != "" {
		return "run " + in.Result.Run.ID
	}
	return cmp.Or(in.File, "a result without a name")
}

// Refusal is the error of results that cannot be compared, or only with a doubt that the user has to
// accept first.
type Refusal struct {
	Reasons []string // why never; sentences without their period
	Doubts  []string // why not unless Options.Anyway is set; the same
	Invalid bool     // all that is wrong is that runs were INVALID
}

// mostReasons is how many reasons a message has at most.
const mostReasons = 12

// Error gives all reasons at once, a line each, and of very many the first.
func (r *Refusal) Error() string {
	lines := slices.Concat(r.Reasons, r.Doubts)
	if n := len(lines) - mostReasons; n > 0 {
		lines = append(lines[:mostReasons], fmt.Sprintf("and %d more reasons", n))
	}
	if len(r.Reasons) == 0 {
		lines = append(lines, "(--anyway compares them all the same)")
	}
	return "these runs cannot be compared:\n  " + strings.Join(lines, "\n  ")
}

// Exit is the exit code of a command that was refused: results that are not to be compared are a
// mistake of the user, a run that was INVALID is not.
func (r *Refusal) Exit() result.Exit {
	if r.Invalid {
		return result.ExitInvalid
	}
	return result.ExitUsage
}

// refuse looks whether results can be compared, and gives nil if so.
func refuse(base, new []Input, anyway bool) *Refusal {
	r := &Refusal{}
	if len(base) == 0 || len(new) == 0 {
		r.Reasons = append(r.Reasons, "there is no result on one of the sides")
		return r
	}
	all := slices.Concat(base, new)
	for i := range all {
		r.alone(&all[i])
	}
	r.Invalid = len(r.Reasons) > 0
	for i := range all {
		r.twice(all[:i], &all[i])
		r.beside(&all[0], &all[i])
	}
	r.Invalid = r.Invalid && len(r.Reasons) == invalid(all)
	if anyway {
		r.Doubts = nil
	}
	if len(r.Reasons)+len(r.Doubts) == 0 {
		return nil
	}
	return r
}

func invalid(all []Input) int {
	n := 0
	for i := range all {
		if all[i].Result.Verdict == result.Invalid {
			n++
		}
	}
	return n
}

func (r *Refusal) never(in *Input, format string, args ...any) {
	r.Reasons = append(r.Reasons, in.name()+": "+fmt.Sprintf(format, args...))
}

func (r *Refusal) doubt(in *Input, format string, args ...any) {
	r.Doubts = append(r.Doubts, in.name()+": "+fmt.Sprintf(format, args...))
}

// alone looks for what is wrong with a result by itself.
func (r *Refusal) alone(in *Input) {
	switch res := in.Result; {
	case res.Target.Kind == result.Judged:
		r.never(in, "it judges clients, and nothing about a tenant was measured in it")
	case res.Target.Kind == result.Recorded:
		r.never(in, "it is the check of a recording, which says nothing about the load")
	case res.Run.Ended != "":
		r.never(in, "the run did not come to its end (%s)", res.Run.Ended)
	case res.Metrics == nil || len(res.Metrics.Timeline.Points) == 0:
		r.never(in, "nothing was measured in it")
	case res.Verdict == result.Invalid:
		r.never(in, "the run was INVALID, so its figures are about chatbench's own machine; its report says why")
	}
}

// twice looks whether a run is there already: it would count as two, and be the same as itself.
func (r *Refusal) twice(before []Input, in *Input) {
	id := in.Result.Run.ID
	for i := range before {
		if other := &before[i]; id != "" && other.Result.Run.ID == id && other.Result.Run.Start.Equal(in.Result.Run.Start) {
			r.never(in, "it is the same run as %s", other.name())
			return
		}
	}
}

// beside looks for what keeps a result from being compared with the first one.
func (r *Refusal) beside(first, in *Input) {
	a, b := first.Result, in.Result
	switch {
	case a.Scenario.Name != b.Scenario.Name:
		r.never(in, "the scenario is %q, not %q as in %s", b.Scenario.Name, a.Scenario.Name, first.name())
	case a.Scenario.Hash != b.Scenario.Hash:
		r.doubt(in, "the file of the scenario is another than in %s (sha256 %s, not %s)", first.name(), short(b.Scenario.Hash), short(a.Scenario.Hash))
	}
	if x, y := load(&a.Scenario), load(&b.Scenario); x != y {
		r.never(in, "the load is %s, not %s as in %s", y, x, first.name())
	}
	if a.Target.Kind != b.Target.Kind {
		r.never(in, "the target is %s, not %s as in %s", kind(b.Target.Kind), kind(a.Target.Kind), first.name())
	}
	if x, y := machine(&a.Run.Host), machine(&b.Run.Host); x != y {
		r.doubt(in, "chatbench ran on %s, not on %s as in %s", y, x, first.name())
	}
}

func short(hash string) string {
	if hash == "" {
		return "unknown"
	}
	return hash[:min(len(hash), 12)]
}

func kind(k result.Kind) string {
	switch k {
	case result.Embedded:
		return "the embedded tenant in the process of the run"
	case result.Recorded:
		return "a recording"
	case result.Judged:
		return "clients that were judged"
	}
	return "a tenant reached by its address"
}

// machine is what of a machine decides how fast it is, as far as it is known. Its name does not: a
// CI server gives out machines that are called something else every time.
func machine(h *result.Host) string {
	return fmt.Sprintf("%s/%s with %d processors", h.OS, h.Arch, h.Cores)
}

// load is the load in words, stage by stage, with the flags that changed something about it. Flags
// that only change what is demanded do not count.
func load(s *result.Scenario) string {
	words := []string{s.Load}
	for _, st := range s.Stages {
		stage := fmt.Sprintf("%s %s for %v", st.Name, st.Load, st.Length)
		if st.Warmup {
			stage += " (warm-up)"
		}
		words = append(words, strings.TrimSpace(stage))
	}
	for _, flag := range s.Overrides {
		if strings.HasPrefix(flag, "--markers") {
			words = append(words, flag)
		}
	}
	return strings.Join(words, "; ")
}
