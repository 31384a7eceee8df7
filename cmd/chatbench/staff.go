package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/capacity"
	"chatbench/internal/report"
)

// staffFlags are the flags of staff; texts are parsed when all are there.
type staffFlags struct {
	arrivals, answered, shrinkage, occupancy string
	handling, patience, within               time.Duration
	concurrent, agents                       int
	json                                     bool
}

func newStaff() *cobra.Command {
	var f staffFlags
	cmd := &cobra.Command{
		Use:   "staff",
		Short: "Say how many agents a chat needs for a service level (Erlang C, Erlang A)",
		Long: `Computes how many agents are needed so that a share of the customers is answered within a time, or
with --agents how well so many serve them. Without --patience everybody waits for as long as it
takes (Erlang C); with it customers give up after a random time of that mean (Erlang A).`,
		Example: `  chatbench staff --arrivals 120/h --handling 6m --concurrent 4
  chatbench staff --arrivals 40/min --handling 5m --patience 2m --answered 90% --within 10s --shrinkage 30%
  chatbench staff --arrivals 120/h --handling 6m --agents 14`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.arrivals, "arrivals", "", "customers who come for an agent, such as 120/h, 2/min or 0.5/s (`RATE`)")
	flags.DurationVar(&f.handling, "handling", 0, "mean `TIME` of a conversation with an agent, who has others beside it")
	flags.IntVar(&f.concurrent, "concurrent", 1, "conversations of an agent at once")
	flags.DurationVar(&f.patience, "patience", 0, "mean `TIME` after which a customer gives up waiting (default: never)")
	flags.StringVar(&f.answered, "answered", "80%", "`SHARE` of the customers to be answered in time")
	flags.DurationVar(&f.within, "within", 20*time.Second, "what in time is (`TIME`)")
	flags.StringVar(&f.shrinkage, "shrinkage", "0%", "`SHARE` of their paid time for which agents are not there")
	flags.StringVar(&f.occupancy, "max-occupancy", "", "highest `SHARE` of the agents' places to be taken")
	flags.IntVar(&f.agents, "agents", 0, "say how well `N` agents do instead")
	flags.BoolVar(&f.json, "json", false, "write the answer as JSON")
	return cmd
}

func (f *staffFlags) run(cmd *cobra.Command) error {
	d, err := f.demand()
	if err != nil {
		return err
	}
	if cmd.Flags().Changed("agents") && f.agents < 1 {
		return usagef("--agents %d: at least 1", f.agents)
	}
	r, err := capacity.Staff(d, f.agents, 4)
	if err != nil {
		return usageError{err}
	}
	if f.json {
		return writeJSON(cmd.OutOrStdout(), r)
	}
	p, err := printer(cmd)
	if err != nil {
		return err
	}
	return report.Staff(cmd.OutOrStdout(), p, r)
}

func (f *staffFlags) demand() (d capacity.Demand, err error) {
	if f.arrivals == "" || f.handling == 0 {
		return d, usagef("staff needs --arrivals and --handling, such as --arrivals 120/h --handling 6m")
	}
	d = capacity.Demand{Handling: f.handling, Concurrent: f.concurrent, Patience: f.patience, Within: f.within}
	if d.Arrivals, err = ratePerSecond(f.arrivals); err != nil {
		return d, err
	}
	for _, s := range []struct {
		flag, text string
		into       *float64
	}{{"--answered", f.answered, &d.Answered}, {"--shrinkage", f.shrinkage, &d.Shrinkage}, {"--max-occupancy", f.occupancy, &d.MaxOccupancy}} {
		if s.text == "" {
			continue
		}
		if *s.into, err = shareOf(s.flag, s.text); err != nil {
			return d, err
		}
	}
	if f.occupancy != "" && d.MaxOccupancy == 0 {
		return d, usagef("--max-occupancy %s: agents of whose places none is ever taken serve nobody", f.occupancy)
	}
	return d, nil
}

// ratePerSecond reads 120/h, 2/min or 0.5/s.
func ratePerSecond(text string) (float64, error) {
	number, unit, _ := strings.Cut(text, "/")
	seconds := map[string]float64{"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}[strings.TrimSpace(unit)]
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || seconds == 0 || !(v > 0) || v > 1e9 {
		return 0, usagef("--arrivals %q is not a rate; write it like 120/h, 2/min or 0.5/s", text)
	}
	return v / seconds, nil
}

// shareOf reads 80%.
func shareOf(flag, text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !percent || !(v >= 0 && v <= 100) {
		return 0, usagef("%s %q is not a share; write it like 80%%", flag, text)
	}
	return v / 100, nil
}
