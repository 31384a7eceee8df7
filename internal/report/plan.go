package report

import (
	"fmt"
	"io"
	"math"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/capacity"
	"chatbench/internal/lang"
)

// Plan writes what a scenario will ask of tenant and machine.
func Plan(w io.Writer, p *lang.Printer, plan *capacity.Plan) error {
	b := &pen{w: w}
	b.line(p.Sprintf("%s: what it will ask for; nothing was sent", clean(plan.Scenario)))
	b.line("")
	b.line(p.Sprintf("About %s conversations in %s, and %s at most to drain. Up to %s customers at once.",
		rounded(plan.Total.Begun), duration(plan.Seconds), duration(plan.Drain), count(int64(plan.PeakCrowd))))
	planDrops(b, p, plan)
	b.line("")
	planFlows(b, p, plan)
	b.line("")
	planStages(b, p, plan)
	b.line("")
	planExchanges(b, p, plan)
	b.line("")
	planAgents(b, p, plan)
	planMachine(b, p, plan)
	return b.err
}

func planDrops(b *pen, p *lang.Printer, plan *capacity.Plan) {
	switch {
	case plan.Dropped >= 0.0005:
		b.line(p.Sprintf("%s of the arrivals would find no room and be dropped (max_customers: %d).", percent(plan.Dropped), plan.MaxCrowd))
	case plan.Open && plan.MaxCrowd > 0:
		b.line(p.Sprintf("There is room for %d (max_customers); hardly an arrival would be dropped.", plan.MaxCrowd))
	}
	if !plan.Embedded {
		b.line(p.T("How fast this tenant answers is not known: the tenant section of the scenario, or its defaults, stands for it."))
	}
}

func planFlows(b *pen, p *lang.Printer, plan *capacity.Plan) {
	t := table{indent: "  ", right: []bool{false, true, true, true, true, true}}
	t.row(p.T("flow"), p.T("share"), p.T("lasts"), "p95", p.T("answered at once"), p.T("at the last moment"))
	for _, f := range plan.Flows {
		t.row(f.Name, percent(f.Share), duration(f.Length.Mean), duration(f.Length.P95), duration(f.Length.Shortest), duration(f.Length.Longest))
	}
	t.writeTo(b)
}

func planStages(b *pen, p *lang.Printer, plan *capacity.Plan) {
	t := table{indent: "  ", right: []bool{false, true, true, true, true}}
	t.row(p.T("stage"), p.T("from"), p.T("length"), p.T("conversations begun"), p.T("at once"))
	for _, s := range plan.Stages {
		t.row(s.Name, duration(s.Start), duration(s.Seconds), rounded(s.Begun), rounded(s.Peak))
	}
	t.writeTo(b)
}

func planExchanges(b *pen, p *lang.Printer, plan *capacity.Plan) {
	t := table{indent: "  ", right: []bool{false, true, true}}
	t.row(p.T("exchange"), p.T("in all"), p.T("a second at the peak"))
	total := 0.0
	for _, op := range aicc.Ops() {
		n, ok := plan.Total.Exchanges[op.String()]
		if !ok {
			continue
		}
		total += n
		t.row(op.String(), rounded(n), rateOf(plan.PeakRates[op.String()]))
	}
	t.row(p.T("all"), rounded(total), rateOf(plan.PeakAll))
	t.writeTo(b)
}

func planAgents(b *pen, p *lang.Printer, plan *capacity.Plan) {
	a := plan.Agents
	if a == nil {
		return
	}
	b.line(p.Sprintf("Agents: %s customers a second come to them and keep them for %s: %.1f conversations at once.", rateOf(a.Arrivals), duration(a.Handling), a.Load))
	switch {
	case a.Wait > 0:
		b.line(p.Sprintf("The embedded tenant's agents have %d places, too few: customers would wait for about %s. All figures are rough then.", a.Places, duration(a.Wait)))
	case plan.Embedded:
		b.line(p.Sprintf("The embedded tenant's agents have %d places.", a.Places))
	}
	if handling := time.Duration(a.Handling * float64(time.Second)).Round(100 * time.Millisecond); handling > 0 {
		command := fmt.Sprintf("chatbench staff --arrivals %.4g/min --handling %gs", 60*a.Arrivals, handling.Seconds())
		if a.Concurrent > 1 {
			command += fmt.Sprintf(" --concurrent %d", a.Concurrent)
		}
		b.line(p.Sprintf("How many agents that takes: %s", command))
	}
}

func planMachine(b *pen, p *lang.Printer, plan *capacity.Plan) {
	b.line(p.Sprintf("Memory of chatbench: %s in use, %s while customers come; the embedded tenant's comes on top.", size(float64(plan.Memory.InUse)), size(float64(plan.Memory.Peak))))
	b.line(p.Sprintf("Trace: up to %s a minute with every event recorded.", size(plan.TraceMinute)))
	m := plan.Machine
	if m == nil {
		return
	}
	b.line(p.Sprintf("Descriptors: %s of %s. Ports: %s of %s.", count(int64(m.Descriptors)), known(m.DescriptorsHere), count(int64(m.Ports)), known(int64(m.PortsHere))))
	if m.Problem != "" {
		b.line(p.Sprintf("This machine cannot play it: %s", p.T(m.Problem)))
		b.line(p.Sprintf("What helps: %s", p.T(m.Hint)))
	}
}

// known writes a limit, which the system may not tell.
func known(n int64) string {
	if n <= 0 {
		return "?"
	}
	return count(n)
}

// rounded writes a mean number of things.
func rounded(v float64) string { return count(int64(math.Round(v))) }

// rateOf writes things a second.
func rateOf(v float64) string {
	if v >= 99.95 {
		return rounded(v)
	}
	return fmt.Sprintf("%.1f", v)
}
