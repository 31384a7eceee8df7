package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/check"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

// judgeFlags say how conversations are judged, live or recorded.
type judgeFlags struct {
	only, skip []string
	known      string
	strict     bool
	demands    []string
}

func (f *judgeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.only, "rule", nil, "check only the rule `ID`, such as DSC-03, or those of an area, such as DSC; may be given several times")
	flags.StringSliceVar(&f.skip, "skip-rule", nil, "do not check the rule `ID`, or those of an area; may be given several times")
	flags.StringVar(&f.known, "known", "", "`FILE` of known failures, which are shown and do not fail (see \"chatbench known --help\")")
	flags.StringArrayVar(&f.demands, "gate", nil, "`DEMAND` on the run, as under gate.require of a scenario: 'delivery p95 < 1s in stage full'; may be given several times")
	flags.BoolVar(&f.strict, "strict", false, "let rules that only warn fail, too")
}

// check refuses flags without a value: an unset variable of a CI job must not mean all rules, or no
// known failures.
func (f *judgeFlags) check(cmd *cobra.Command) error {
	for _, name := range []string{"rule", "skip-rule", "known", "gate"} {
		flag := cmd.Flags().Lookup(name)
		if text := strings.Trim(flag.Value.String(), "[]"); flag.Changed && strings.TrimSpace(text) == "" {
			return usagef("--%s is empty; leave it out if it is not meant", name)
		}
	}
	return nil
}

// choice reads which rules to check.
func (f *judgeFlags) choice() (run.Choice, error) {
	c, err := run.ParseChoice(f.only, f.skip)
	if err != nil {
		return c, usageError{err}
	}
	return c, nil
}

// failures reads the known failures; without the flag there are none.
func (f *judgeFlags) failures(opt scenario.Options) ([]scenario.KnownFailure, error) {
	if f.known == "" {
		return nil, nil
	}
	return scenario.LoadKnown(f.known, opt)
}

// demand adds the demands of the flags to a scenario.
func (f *judgeFlags) demand(s *scenario.Scenario) error {
	for _, text := range f.demands {
		if err := s.Demand(text, reading()); err != nil {
			return usagef("--gate: %w", err)
		}
	}
	return nil
}

// apply puts the flags into a scenario, but for the choice of rules.
func (f *judgeFlags) apply(s *scenario.Scenario) error {
	s.Gate.Strict = s.Gate.Strict || f.strict
	known, err := f.failures(reading())
	if f.known != "" {
		s.Gate.Known = known
	}
	return errors.Join(err, f.demand(s))
}

// ownRules are the rules for chatbench itself.
func ownRules() []string {
	var ids []string
	for _, r := range check.Rules() {
		if r.Level == check.Self {
			ids = append(ids, r.ID)
		}
	}
	return ids
}
