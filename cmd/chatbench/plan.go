package main

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"chatbench/internal/capacity"
	"chatbench/internal/report"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

func newPlan() *cobra.Command {
	var f runFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan SCENARIO",
		Short: "Say what a scenario will ask of tenant and machine, without sending anything",
		Long: `Estimates conversations, customers at once, exchanges a second, the work for agents, and what this
machine needs, before anything is sent. A load that this machine cannot play ends with exit code 64,
as it would end the run.`,
		Example: `  chatbench plan scenarios/demo.yaml
  chatbench plan scenarios/demo.yaml --customers 20000 --duration 1h --json`,
		Args: exactly("a scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			load := func(opt scenario.Options) (*scenario.Scenario, error) { return scenario.LoadFile(args[0], opt) }
			s, _, err := f.scenario(cmd, load)
			if err != nil {
				return err
			}
			return writePlan(cmd, planned(s), asJSON)
		},
	}
	f.target.register(cmd)
	f.judge.register(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.customers, "customers", 0, "scale the load to `N` customers at the peak (open load: at most N at once)")
	flags.DurationVar(&f.duration, "duration", 0, "length of the load as a whole, such as 10m")
	flags.Uint64Var(&f.seed, "seed", 0, "draw by this seed")
	flags.StringVar(&f.markers, "markers", "", "as for run; a plan is the same with and without")
	flags.BoolVar(&asJSON, "json", false, "write the plan as JSON")
	return cmd
}

// planned makes the plan, and has a look at this machine.
func planned(s *scenario.Scenario) *capacity.Plan {
	n := run.NeedsOf(s)
	bound := 0
	if s.Load.Open {
		bound = n.Customers
	}
	plan := capacity.MakePlan(s, bound)
	plan.Machine = &capacity.Machine{Descriptors: n.Descriptors, DescriptorsHere: n.DescriptorsHere, Ports: n.Ports, PortsHere: n.PortsHere}
	var short *run.ResourceError
	if errors.As(n.Err, &short) {
		plan.Machine.Problem, plan.Machine.Hint = short.Sentence, short.Hint
	}
	return plan
}

func writePlan(cmd *cobra.Command, plan *capacity.Plan, asJSON bool) error {
	w := cmd.OutOrStdout()
	if asJSON {
		if err := writeJSON(w, plan); err != nil {
			return err
		}
	} else {
		p, err := printer(cmd)
		if err != nil {
			return err
		}
		if err := report.Plan(w, p, plan); err != nil {
			return err
		}
	}
	if plan.Machine.Problem != "" {
		return exitError(64)
	}
	return nil
}

// writeJSON writes a value for a machine, and for people to look at.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
