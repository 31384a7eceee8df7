package report

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/lang"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/trace"
)

// ends lists the ends of a conversation from right to wrong, with words for a reader.
var ends = []struct {
	how  trace.Ended
	text string
}{
	{trace.ByCustomer, "%s ended by the customer"},
	{trace.ByPeer, "%s ended by the other side"},
	{trace.GaveUp, "%s gave up waiting"},
	{trace.NoConnect, "%s refused at CONNECT"},
	{trace.NoToken, "%s without a token"},
	{trace.LostContact, "%s lost contact"},
	{trace.CutShort, "%s cut by the end of the run"},
}

func (p *printer) conversations() {
	counters := p.r.Metrics.All().Counters
	if counters.Begun() == 0 {
		return
	}
	p.heading(p.say.T("Conversations (warm-up included)"))
	for _, name := range slices.Sorted(maps.Keys(counters.Flows)) {
		p.flow(name, counters.Flows[name])
	}
	if counters.Unanswered > 0 {
		p.wrapped("  ", "", p.say.Sprintf("%s of customers had no answer when the conversation ended", p.say.Count(counters.Unanswered, "message")))
	}
}

func (p *printer) flow(name string, f *metric.FlowCount) {
	var how []string
	for _, end := range ends {
		if n := f.Ended[end.how]; n > 0 {
			how = append(how, p.say.Sprintf(end.text, count(n)))
		}
	}
	p.wrapped("  ", clean(name)+": ", strings.Join(append([]string{p.say.Sprintf("%s begun", count(f.Begun))}, how...), ", "))
	t := table{indent: "    ", right: []bool{false, true, true}}
	for _, rung := range f.Ladder() {
		missed := ""
		if rung.Missed > 0 {
			missed = p.say.Sprintf("%s missed", count(rung.Missed))
		}
		t.row(rung.Name, count(rung.Done), missed)
		t.paint(2, p.colour(yellow))
	}
	t.writeTo(&p.out)
}

func (p *printer) exchanges() {
	all := p.r.Metrics.All()
	counters := &all.Counters
	t := table{indent: "  ", right: []bool{false, true, true, true, true, true}}
	p.header(&t, "exchange", "all", "ok", "fail", "info", "not ok", "reasons")
	for _, op := range aicc.Ops() {
		if o := counters.Exchange(op); o.Total() > 0 {
			t.row(op.String(), count(o.Total()), count(o.OK), count(o.Fail), count(o.Info),
				share(o.Fail+o.Info, o.Total()), topReasons(p.say, o.Reasons))
		}
	}
	if len(t.rows) == 1 {
		return
	}
	p.heading(p.say.T("Exchanges (warm-up included)"))
	t.writeTo(&p.out)
	sum := counters.AllExchanges()
	p.wrapped("  ", "", p.say.Sprintf("%s exchanges/s; %s of %s polls brought messages; %s delivered (%s)",
		perSecond(all, sum.Total()), count(counters.Useful), count(counters.Useful+counters.Empty),
		p.say.Count(counters.Delivered(), "message"), sources(counters.Messages)))
	p.wrapped("  ", "", p.say.Sprintf("media: %s down, %s up; %s renewed; %s",
		size(float64(counters.Downloaded)), size(float64(counters.Uploaded)),
		p.say.Count(counters.NewTokens, "token"), p.say.Count(counters.Probes, "probe")))
	if len(counters.Short) > 0 {
		p.wrapped("  ", "", p.say.Sprintf("this machine, not the tenant, made exchanges fail because it was short of something: %s", topReasons(p.say, counters.Short)))
	}
	if counters.Negative > 0 {
		p.wrapped("  ", "", p.say.Sprintf("%s below 0 counted as 0: a clock was set, or the tenant's is another one", p.say.Count(counters.Negative, "delivery time")))
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
func topReasons(say *lang.Printer, reasons map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(reasons), func(a, b string) int {
		if reasons[a] != reasons[b] {
			return int(reasons[b] - reasons[a])
		}
		return strings.Compare(a, b)
	})
	const most = 3
	var parts []string
	for _, name := range names[:min(len(names), most)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", clean(say.T(name)), count(reasons[name])))
	}
	if len(names) > most {
		parts = append(parts, say.Sprintf("%d more", len(names)-most))
	}
	return strings.Join(parts, ", ")
}

func (p *printer) generator() {
	h := p.r.Health
	if h.WallSeconds == 0 && len(h.Lateness) == 0 {
		return
	}
	p.heading(p.say.T("The generator itself"))
	if line := generatorLine(p.say, p.r.Gates); line != "" {
		p.wrapped("  ", p.say.T("generator")+"  ", line)
	}
	if h.WallSeconds > 0 {
		p.wrapped("  ", "", used(p.say, &h))
	}
	t := table{indent: "  ", right: []bool{false, true, true, true, true}}
	p.header(&t, "late by", "count", "p50", "p99", "max")
	for _, name := range slices.Sorted(maps.Keys(h.Lateness)) {
		l := h.Lateness[name]
		t.row(strings.TrimPrefix(name, "lateness."), count(l.Count), duration(l.P50), duration(l.P99), duration(l.Max))
	}
	if len(t.rows) > 1 {
		t.writeTo(&p.out)
	}
}

// used is what the generator used of its machine.
func used(say *lang.Printer, h *metric.Health) string {
	return say.Sprintf("CPU %s (%.0f %% of %s), memory %s at most, %s, longest pause %s of %s, %s at most",
		duration(h.UserSeconds+h.SystemSeconds), 100*h.CPUShare(), say.Count(int64(h.Cores), "core"),
		size(float64(h.MaxRSS)), say.Count(h.GCCycles, "collection"), duration(h.GCPauseMax), duration(h.GCPauseSeconds),
		say.Count(int64(h.Goroutines), "goroutine"))
}

// generatorLine is all the gates on the generator itself in a line, what it was short of first; ""
// when there are none.
func generatorLine(say *lang.Printer, gates []result.Gate) string {
	var short, fine []string
	for i := range gates {
		switch g := &gates[i]; {
		case g.Kind != result.GateGenerator:
		case g.Verdict == result.Pass:
			fine = append(fine, generatorWords(say, g))
		default:
			short = append(short, generatorWords(say, g))
		}
	}
	var parts []string
	if len(short) > 0 {
		parts = append(parts, say.Sprintf("SHORT: %s", strings.Join(short, ", ")))
	}
	if len(fine) > 0 {
		parts = append(parts, say.Sprintf("fine: %s", strings.Join(fine, ", ")))
	}
	return strings.Join(parts, "; ")
}

// generatorWords is a gate on the generator as "CPU 12.8 % (<= 85 %)".
func generatorWords(say *lang.Printer, g *result.Gate) string {
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
	return bracketed(clean(say.T(strings.TrimSpace(name[:at])))+" "+seen, nonEmpty(clean(name[at:])))
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
		p.wrapped("", p.say.T("again")+": ", command)
	}
	for _, file := range files {
		p.wrapped("", p.say.T("file")+":  ", file)
	}
}

// traceFiles describes the trace's files, which lie beside the report.
func (p *printer) traceFiles(t *result.Trace) []string {
	what := p.say.Count(t.Events, "event")
	if t.Policy != "" {
		what += ", " + p.say.Sprintf("kept: %s", t.Policy)
	}
	if !t.Complete {
		what += ", " + p.say.T("INCOMPLETE")
	}
	var files []string
	for _, file := range t.Files {
		if len(p.opt.Files) > 0 {
			file = filepath.Join(filepath.Dir(p.opt.Files[0]), file)
		}
		files = append(files, p.say.Sprintf("%s (trace, %s)", file, what))
	}
	return files
}
