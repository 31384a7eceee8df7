package run

import (
	"os"
	"runtime"

	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// Planned is what is known of a run's result before it is played: the scenario, the host and the
// kind of its target.
func Planned(s *scenario.Scenario, overrides []string) *result.Result {
	p := play{Options: Options{Overrides: overrides}, s: s, seed: s.Seed}
	r := &result.Result{Scenario: p.planned(), Target: result.Target{Kind: result.Embedded}, Run: result.Run{Host: thisHost()}}
	if s.Target != nil {
		r.Target.Kind = result.Real
	}
	return r
}

func (p *play) planned() result.Scenario {
	return result.Scenario{Name: p.s.Name, File: p.s.File, Hash: p.s.Hash, Seed: p.seed,
		Load: loadWords(p.s), Stages: stageWords(p.s), Overrides: p.Overrides}
}

func thisHost() result.Host {
	name, _ := os.Hostname() // a host without a name is nothing to stop for
	return result.Host{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Name: name}
}
