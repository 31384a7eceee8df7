package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/check"
	"chatbench/internal/report"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

// minimizeFlags say what to look for in a trace.
type minimizeFlags struct {
	rule     string
	customer int
}

func (f *minimizeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.rule, "minimize", "", "leave out of one customer's events what is not needed to break the rule `ID`")
	flags.IntVar(&f.customer, "customer", -1, "with --minimize: the customer of index `N` (default that of the first witness)")
}

// check looks whether the flags make sense together for what is checked: a recording or, when it is
// nil, a tenant. Tenants and the recordings of browsers have their results written to --out.
func (f *minimizeFlags) check(cmd *cobra.Command, in *recording) error {
	flags := cmd.Flags()
	if in == nil && flags.Changed("minimize") {
		return usagef("--minimize needs a trace")
	}
	if f.rule == "" {
		results := in == nil || in.har
		if !results && flags.Changed("out") && !flags.Changed("minimize") {
			return usagef("--out needs a rule: --minimize DEL-04; the check of a trace writes no files but with it (--json gives the result on standard output)")
		}
		for _, name := range []string{"minimize", "customer", "out"} {
			if flags.Changed(name) && !(results && name == "out") {
				return usagef("--%s needs a rule: --minimize DEL-04", name)
			}
		}
		return nil
	}
	for _, name := range []string{"rule", "skip-rule", "known", "strict", "json"} {
		if flags.Changed(name) {
			return usagef("--minimize and --%s exclude each other", name)
		}
	}
	if flags.Changed("customer") && f.customer < 0 {
		return usagef("--customer %d is not the index of a customer", f.customer)
	}
	f.rule = strings.ToUpper(f.rule)
	if _, ok := check.Find(f.rule); !ok {
		if of := rulesOf(f.rule); len(of) > 0 {
			return usagef("--minimize needs one rule; those of %s are %s", f.rule, strings.Join(of, ", "))
		}
		return usagef("there is no rule %q (%s)", f.rule, scenario.Suggest(f.rule, check.Known()))
	}
	return nil
}

// recording minimizes a recording and tells what is left.
func (f *minimizeFlags) recording(cmd *cobra.Command, in *recording, out string) error {
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	stdout := cmd.OutOrStdout()
	m, err := run.Minimize(in.replay, run.MinimizeOptions{Rule: f.rule, Customer: f.customer, Out: out, In: in.file})
	switch {
	case errors.Is(err, run.ErrOut):
		return usagef("--out: %v", err)
	case err != nil:
		return fmt.Errorf("%s: %w", in.file, err)
	}
	if err := report.Story(stdout, say, report.Violation{Rule: f.rule, Seen: &m.Witness, Events: m.Events}); err != nil {
		return err
	}
	fmt.Fprintln(stdout, "\n"+say.Sprintf("%d of the %d events of customer %d are left; %s.", len(m.Events), m.Of, m.Customer, say.T(minimalWords(m.Done))))
	if out != "" {
		fmt.Fprintf(stdout, "%s: chatbench check %s\n", say.T("again"), out)
	}
	return nil
}

func minimalWords(done bool) string {
	if done {
		return "without any one of them the violation is gone, or there is another one"
	}
	return "there are too many to try each by itself, so some may not be needed"
}
