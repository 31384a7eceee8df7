package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/check"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/tenant"
)

func newRules() *cobra.Command {
	var asMarkdown, asJSON bool
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "List the rules that conversations are checked against",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			say, err := printer(cmd)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			switch {
			case asMarkdown && asJSON:
				return usagef("--markdown and --json exclude each other")
			case asMarkdown:
				return ignoreCount(io.WriteString(w, rulesMarkdown()))
			case asJSON:
				return rulesJSON(w)
			}
			rulesTable(w, say, check.Rules())
			fmt.Fprintln(w, "\n"+say.T("Active rules, for which \"chatbench check\" probes a tenant:"))
			rulesTable(w, say, check.ActiveRules())
			fmt.Fprintln(w, "\n"+say.T("\"chatbench explain RULE\" tells all about one."))
			return nil
		},
	}
	cmd.Flags().BoolVar(&asMarkdown, "markdown", false, "write all about all rules, as in docs/rules.md")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write all about all rules as JSON")
	return cmd
}

func rulesTable(w io.Writer, say *lang.Printer, rules []check.Rule) {
	rows := [][]string{{say.T("RULE"), say.T("LEVEL"), say.T("IF BROKEN"), say.T("NEEDS"), say.T("WHAT IT SAYS")}}
	for _, r := range rules {
		rows = append(rows, []string{r.ID, string(r.Level), string(r.Severity), string(r.Needs), say.T(r.Title)})
	}
	report.Columns(w, rows)
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
			say, err := printer(cmd)
			if err != nil {
				return err
			}
			explain(cmd.OutOrStdout(), say, rule)
			return nil
		},
	}
}

// near names the rules of the same area.
func near(id string) string {
	area, _, _ := strings.Cut(id, "-")
	list := rulesOf(area)
	if len(list) == 0 {
		return ""
	}
	return " (did you mean one of " + strings.Join(list, ", ") + "?)"
}

// rulesOf lists the rules of an area.
func rulesOf(area string) []string {
	return slices.DeleteFunc(check.Known(), func(id string) bool { return !strings.HasPrefix(id, area+"-") })
}

var levels = map[check.Level]string{
	check.API:      "the vendor's API pages say so",
	check.Demo:     "the vendor's demo client does it or relies on it",
	check.Inferred: "people expect it, nobody promises it",
	check.Self:     "the client's side of the demo flow: chatbench's own customers, or a client that is judged",
}

var severities = map[check.Severity]string{
	check.Failure: "the run fails",
	check.Warning: "it warns, unless the run is strict",
	check.Note:    "it warns, and it is not checked unless asked for with --rule",
}

var needs = map[check.Needs]string{
	check.Wire:       "the exchanges alone",
	check.TokensSeen: "which tokens the requests carried",
	check.Markers:    "markers in the texts: the other side marks or echoes them",
	check.Journal:    "the tenant's own record: the embedded tenant",
	check.ByProbe:    "a probe: \"chatbench check\" asks for it on purpose",
	check.Setup:      "how the tenant is set up: the embedded tenant, or what the scenario says of its target",
}

func explain(w io.Writer, say *lang.Printer, r check.Rule) {
	fmt.Fprintf(w, "%s  %s\n\n%s\n\n", r.ID, say.T(r.Title), say.T(r.Statement))
	rows := [][]string{
		{say.T("level"), fmt.Sprintf("%s: %s", r.Level, say.T(levels[r.Level]))},
		{say.T("broken"), fmt.Sprintf("%s: %s", r.Severity, say.T(severities[r.Severity]))},
		{say.T("needs"), say.T(needs[r.Needs])},
		{say.T("source"), say.T(r.Source)},
	}
	if words := caseWords(r.ID); words != "" {
		rows = append(rows, []string{say.T("cases"), words})
	}
	if r.Look != "" {
		rows = append(rows, []string{say.T("look at"), say.T(r.Look)})
	}
	report.Columns(w, append(rows, tryIt(say, r)...))
}

// tryIt is how to see the embedded tenant break a rule.
func tryIt(say *lang.Printer, r check.Rule) [][]string {
	spec, play := "", "run SCENARIO"
	if r.Needs == check.ByProbe { // the customers in front of the probes would use up the first chance
		spec, play = ":every=1", "check"
	}
	var mutants []string
	for _, m := range breaking(r.ID) {
		mutants = append(mutants, m.Name+spec)
	}
	if len(mutants) == 0 {
		return nil
	}
	return [][]string{
		{say.T("try it"), "chatbench tenant --mutant " + strings.Join(mutants, say.T(", or "))},
		{"", fmt.Sprintf("chatbench %s --target http://127.0.0.1:8080", play)},
	}
}

// caseWords lists the cases of an active rule, without its id.
func caseWords(id string) string {
	return strings.ReplaceAll(strings.Join(check.Cases(id), ", "), id+" ", "")
}

// breaking lists the faults of the embedded tenant that break a rule.
func breaking(id string) []tenant.Mutant {
	return slices.DeleteFunc(slices.Concat(tenant.Mutants(), tenant.ProbeMutants()), func(m tenant.Mutant) bool { return !slices.Contains(m.Rules, id) })
}

// ruleEntry is a rule as --json writes it.
type ruleEntry struct {
	ID        string         `json:"id"`
	Title     string         `json:"title"`
	Level     check.Level    `json:"level"`
	Severity  check.Severity `json:"severity"`
	Needs     check.Needs    `json:"needs"`
	Source    string         `json:"source"`
	Statement string         `json:"statement"`
	Look      string         `json:"look"`
	Mutants   []mutantEntry  `json:"mutants"` // empty, not null, for a rule that no mutant breaks
}

type mutantEntry struct {
	Name   string `json:"name"`
	Fault  string `json:"fault"`
	Chance string `json:"chance"`
}

// allRules are the rules for ordinary traffic and the active ones.
func allRules() []check.Rule { return slices.Concat(check.Rules(), check.ActiveRules()) }

func rulesJSON(w io.Writer) error {
	var list []ruleEntry
	for _, r := range allRules() {
		e := ruleEntry{ID: r.ID, Title: r.Title, Level: r.Level, Severity: r.Severity, Needs: r.Needs, Source: r.Source,
			Statement: r.Statement, Look: r.Look, Mutants: []mutantEntry{}}
		for _, m := range breaking(r.ID) {
			e.Mutants = append(e.Mutants, mutantEntry{m.Name, m.Fault, m.Chance})
		}
		list = append(list, e)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}

const rulesHead = `# Rules

Written by ` + "`chatbench rules --markdown`" + ` from the code; a test keeps it in step. What verdicts, levels and needs mean is in
[checking.md](checking.md), what the sources say in [protocol.md](protocol.md).

A mutant is a fault that the embedded tenant commits on purpose, to see that the rule bites: at its first chance, with
` + "`chatbench tenant --mutant NAME`" + ` or ` + "`tenant: {mutants: [NAME]}`" + ` in a scenario, at the third with ` + "`NAME:3`" + `, at every
third with ` + "`NAME:every=3`" + `. For rules that need a probe take ` + "`NAME:every=1`" + `: the customers in front of the probes may
use up the first chance.

| Rule | What it says | Level | If broken | Needs |
|---|---|---|---|---|
`

const rulesMutants = `
| Mutant | What the tenant does wrong | Its chance |
|---|---|---|
`

// rulesMarkdown is docs/rules.md.
func rulesMarkdown() string {
	var b strings.Builder
	b.WriteString(rulesHead)
	for _, r := range allRules() {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s | %s |\n", r.ID, strings.ToLower(r.ID), r.Title, r.Level, r.Severity, r.Needs)
	}
	for _, r := range allRules() {
		ruleMarkdown(&b, r)
	}
	return b.String()
}

func ruleMarkdown(w io.Writer, r check.Rule) {
	fmt.Fprintf(w, "\n## %s\n\n**%s.** %s\n\n", r.ID, upperFirst(r.Title), r.Statement)
	fmt.Fprintf(w, "* Level %s: %s. If broken, %s: %s.\n* Needs %s: %s.\n* Source: %s.\n",
		r.Level, levels[r.Level], r.Severity, severities[r.Severity], r.Needs, needs[r.Needs], r.Source)
	if words := caseWords(r.ID); words != "" {
		fmt.Fprintf(w, "* Cases: %s.\n", words)
	}
	if r.Look != "" {
		fmt.Fprintf(w, "* Look at: %s\n", r.Look)
	}
	for i, m := range breaking(r.ID) {
		if i == 0 {
			fmt.Fprint(w, rulesMutants)
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", m.Name, m.Fault, m.Chance)
	}
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
