package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/check"
	"chatbench/internal/tenant"
)

func newRules() *cobra.Command {
	return &cobra.Command{
		Use:   "rules",
		Short: "List the rules that conversations are checked against",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "%-7s %-9s %-8s %s\n", "RULE", "LEVEL", "NEEDS", "WHAT IT SAYS")
			for _, r := range check.Rules() {
				fmt.Fprintf(w, "%-7s %-9s %-8s %s\n", r.ID, r.Level, r.Needs, r.Title)
			}
			fmt.Fprintln(w, "\n\"chatbench explain RULE\" tells all about one.")
			return nil
		},
	}
}

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain RULE",
		Short: "Tell all about one rule",
		Args:  exactly("a rule, such as ORD-01"),
		RunE: func(cmd *cobra.Command, args []string) error {
			rule, ok := check.Find(strings.ToUpper(args[0]))
			if !ok {
				return usagef("there is no rule %q; \"chatbench rules\" lists them%s", args[0], near(strings.ToUpper(args[0])))
			}
			explain(cmd.OutOrStdout(), rule)
			return nil
		},
	}
}

// near names the rules of the same area.
func near(id string) string {
	area, _, _ := strings.Cut(id, "-")
	var list []string
	for _, known := range check.Known() {
		if strings.HasPrefix(known, area+"-") {
			list = append(list, known)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (did you mean one of " + strings.Join(list, ", ") + "?)"
}

var levels = map[check.Level]string{
	check.API:      "the vendor's API pages say so",
	check.Demo:     "the vendor's demo client does it or relies on it",
	check.Inferred: "people expect it, nobody promises it; it warns unless the run is strict",
	check.Self:     "a rule for chatbench itself",
}

var needs = map[check.Needs]string{
	check.Wire:    "the exchanges alone",
	check.Markers: "markers in the texts: the other side marks or echoes them",
	check.Journal: "the tenant's own record: the embedded tenant",
}

func explain(w io.Writer, r check.Rule) {
	fmt.Fprintf(w, "%s  %s\n\n%s\n\n", r.ID, r.Title, r.Statement)
	fmt.Fprintf(w, "level    %s: %s\nneeds    %s\nsource   %s\n", r.Level, levels[r.Level], needs[r.Needs], r.Source)
	if r.Look != "" {
		fmt.Fprintf(w, "look at  %s\n", r.Look)
	}
	var mutants []string
	for _, m := range tenant.Mutants() {
		for _, id := range m.Rules {
			if id == r.ID {
				mutants = append(mutants, m.Name)
			}
		}
	}
	if len(mutants) > 0 {
		fmt.Fprintf(w, "try it   chatbench tenant --mutant %s\n", strings.Join(mutants, ", or "))
	}
}
