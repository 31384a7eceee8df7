package report

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// ends lists the ends of a conversation from right to wrong, with words for a reader.
var ends = []struct {
	how  trace.Ended
	text string
}{
	{trace.ByCustomer, "ended by the customer"},
	{trace.ByPeer, "ended by the other side"},
	{trace.GaveUp, "gave up waiting"},
	{trace.NoConnect, "refused at CONNECT"},
	{trace.NoToken, "without a token"},
	{trace.LostContact, "lost contact"},
	{trace.CutShort, "cut by the end of the run"},
}

func (p *printer) conversations() {
	counters := p.r.Metrics.All().Counters
	if counters.Begun() == 0 {
		return
	}
	p.heading("Conversations (warm-up included)")
	for _, name := range slices.Sorted(maps.Keys(counters.Flows)) {
		p.flow(name, counters.Flows[name])
	}
	if counters.Unanswered > 0 {
		p.wrapped("  ", "", plural(counters.Unanswered, "message")+" of customers had no answer when the conversation ended")
	}
}

func (p *printer) flow(name string, f *metric.FlowCount) {
	var how []string
	for _, end := range ends {
		if n := f.Ended[end.how]; n > 0 {
			how = append(how, count(n)+" "+end.text)
		}
	}
	p.wrapped("  ", clean(name)+": ", strings.Join(append([]string{count(f.Begun) + " begun"}, how...), ", "))
	t := table{indent: "    ", right: []bool{false, true, true}}
	for _, rung := range f.Ladder() {
		missed := ""
		if rung.Missed > 0 {
			missed = count(rung.Missed) + " missed"
		}
		t.row(clean(rung.Name), count(rung.Done), missed)
		t.paint(2, p.colour(yellow))
	}
	t.writeTo(&p.out)
}

func (p *printer) exchanges() {
	all := p.r.Metrics.All()
	counters := &all.Counters
	t := table{indent: "  ", right: []bool{false, true, true, true, true, true}}
	t.row("exchange", "all", "ok", "fail", "info", "not ok", "reasons")
	for _, op := range aicc.Ops() {
		if o := counters.Exchange(op); o.Total() > 0 {
			t.row(op.String(), count(o.Total()), count(o.OK), count(o.Fail), count(o.Info),
				share(o.Fail+o.Info, o.Total()), topReasons(o.Reasons))
		}
	}
	if len(t.rows) == 1 {
		return
	}
	p.heading("Exchanges (warm-up included)")
	t.writeTo(&p.out)
	sum := counters.AllExchanges()
	p.wrapped("  ", "", fmt.Sprintf("%s exchanges/s; %s of %s polls brought messages; %s delivered (%s)",
		perSecond(all, sum.Total()), count(counters.Useful), count(counters.Useful+counters.Empty),
		plural(counters.Delivered(), "message"), sources(counters.Messages)))
	p.wrapped("  ", "", fmt.Sprintf("media: %s down, %s up; %s renewed; %s",
		size(float64(counters.Downloaded)), size(float64(counters.Uploaded)),
		plural(counters.NewTokens, "token"), plural(counters.Probes, "probe")))
	if len(counters.Short) > 0 {
		p.wrapped("  ", "", "this machine, not the tenant, made exchanges fail because it was short of something: "+topReasons(counters.Short))
	}
	if counters.Negative > 0 {
		p.wrapped("  ", "", plural(counters.Negative, "delivery time")+" below 0 counted as 0: a clock was set, or the tenant's is another one")
	}
}

func perSecond(s *metric.StageMetrics, n int64) string {
	rate := s.Rate(n)
	if rate < 100 {
		return fmt.Sprintf("%.1f", rate)
	}
	return count(int64(rate + 0.5))
}

func sources(messages map[string]int64) string {
	var parts []string
	for _, source := range slices.Sorted(maps.Keys(messages)) {
		parts = append(parts, fmt.Sprintf("%s %s", source, count(messages[source])))
	}
	return strings.Join(parts, ", ")
}

// topReasons names the three commonest reasons.
func topReasons(reasons map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		if reasons[a] != reasons[b] {
			return int(reasons[b] - reasons[a])
		}
		return strings.Compare(a, b)
	})
	const most = 3
	var parts []string
	for _, name := range names[:min(len(names), most)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", clean(name), count(reasons[name])))
	}
	if len(names) > most {
		parts = append(parts, fmt.Sprintf("%d more", len(names)-most))
	}
	return strings.Join(parts, ", ")
}

func (p *printer) generator() {
	h := p.r.Health
	if h.WallSeconds == 0 && len(h.Lateness) == 0 {
		return
	}
	p.heading("The generator itself")
	if line := generatorLine(p.r.Gates); line != "" {
		p.wrapped("  ", "generator  ", line)
	}
	if h.WallSeconds > 0 {
		p.wrapped("  ", "", used(&h))
	}
	t := table{indent: "  ", right: []bool{false, true, true, true, true}}
	t.row("late by", "count", "p50", "p99", "max")
	for _, name := range slices.Sorted(maps.Keys(h.Lateness)) {
		l := h.Lateness[name]
		t.row(strings.TrimPrefix(name, "lateness."), count(l.Count), duration(l.P50), duration(l.P99), duration(l.Max))
	}
	if len(t.rows) > 1 {
		t.writeTo(&p.out)
	}
}

// used is what the generator used of its machine.
func used(h *metric.Health) string {
	return fmt.Sprintf("CPU %s (%.0f %% of %s), memory %s at most, %s, longest pause %s of %s, %s at most",
		duration(h.UserSeconds+h.SystemSeconds), 100*h.CPUShare(), plural(int64(h.Cores), "core"),
		size(float64(h.MaxRSS)), plural(h.GCCycles, "collection"), duration(h.GCPauseMax), duration(h.GCPauseSeconds),
		plural(int64(h.Goroutines), "goroutine"))
}

// generatorLine is all the gates on the generator itself in a line, what it was short of first; ""
// when there are none.
func generatorLine(gates []result.Gate) string {
	var short, fine []string
	for i := range gates {
		switch g := &gates[i]; {
		case g.Kind != result.GateGenerator:
		case g.Verdict == result.Pass:
			fine = append(fine, generatorWords(g))
		default:
			short = append(short, generatorWords(g))
		}
	}
	var parts []string
	if len(short) > 0 {
		parts = append(parts, "SHORT: "+strings.Join(short, ", "))
	}
	if len(fine) > 0 {
		parts = append(parts, "fine: "+strings.Join(fine, ", "))
	}
	return strings.Join(parts, "; ")
}

// generatorWords is a gate on the generator as "CPU 12.8 % (<= 85 %)".
func generatorWords(g *result.Gate) string {
	name := strings.TrimPrefix(g.Name, "generator ")
	at := strings.LastIndexAny(name, "<")
	if at < 0 {
		at = len(name)
	}
	seen := count(int64(g.Observed))
	switch g.Unit {
	case "s":
		seen = duration(g.Observed)
	case "share":
		seen = fmt.Sprintf("%.1f %%", 100*g.Observed)
	}
	return bracketed(clean(strings.TrimSpace(name[:at]))+" "+seen, nonEmpty(clean(name[at:])))
}

func (p *printer) again() {
	files := slices.Clone(p.opt.Files)
	if p.r.Trace != nil {
		files = append(files, p.traceFiles(p.r.Trace)...)
	}
	command := p.r.Again()
	if len(files) == 0 && command == "" {
		return
	}
	p.out.WriteByte('\n')
	if command != "" {
		p.wrapped("", "again: ", command)
	}
	for _, file := range files {
		p.wrapped("", "file:  ", file)
	}
}

// traceFiles describes the trace's files, which lie beside the report.
func (p *printer) traceFiles(t *result.Trace) []string {
	what := plural(t.Events, "event")
	if t.Policy != "" {
		what += ", kept: " + t.Policy
	}
	if !t.Complete {
		what += ", INCOMPLETE"
	}
	var files []string
	for _, file := range t.Files {
		if len(p.opt.Files) > 0 {
			file = filepath.Join(filepath.Dir(p.opt.Files[0]), file)
		}
		files = append(files, fmt.Sprintf("%s (trace, %s)", file, what))
	}
	return files
}
