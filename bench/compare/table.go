package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// quietLimit is how many processors others may have used in a run that counts as quiet.
const quietLimit = 0.12

// kept picks the quiet runs, or all when there are none, and says how: "2/3", or "0/3*".
func kept[T any](runs []T, others func(T) float64) (picked []T, words string) {
	quiet := slices.DeleteFunc(slices.Clone(runs), func(r T) bool { return others(r) >= quietLimit })
	words = fmt.Sprintf("%d/%d", len(quiet), len(runs))
	if len(quiet) == 0 {
		return runs, words + "*"
	}
	return quiet, words
}

// median of a value over runs; 0 without runs.
func median[T any](runs []T, of func(T) float64) float64 {
	if len(runs) == 0 {
		return 0
	}
	values := sorted(runs, of)
	mid := len(values) / 2
	if len(values)%2 == 1 {
		return values[mid]
	}
	return (values[mid-1] + values[mid]) / 2
}

func sorted[T any](runs []T, of func(T) float64) []float64 {
	values := make([]float64, 0, len(runs))
	for _, r := range runs {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return values
}

// group is the runs of one client with one load.
type group struct {
	runs []outcome
	kept string
}

// groups puts the runs of a part together, in the order in which they were first played.
func groups(outcomes []outcome, part string) []group {
	type key struct {
		client    string
		customers int
	}
	byKey := map[key][]outcome{}
	var order []key
	for _, o := range outcomes {
		if o.load.part != part {
			continue
		}
		k := key{o.client, o.load.connections}
		if byKey[k] == nil {
			order = append(order, k)
		}
		byKey[k] = append(byKey[k], o)
	}
	list := make([]group, 0, len(order))
	for _, k := range order {
		runs, words := kept(byKey[k], func(o outcome) float64 { return o.others })
		list = append(list, group{runs, words})
	}
	return list
}

func (g group) median(of func(outcome) float64) float64 { return median(g.runs, of) }

func (g group) rate() float64 {
	return g.median(func(o outcome) float64 { return o.polls / o.seconds })
}

func (g group) memory() float64 { return g.median(func(o outcome) float64 { return o.memory }) }

// times writes p50 and p99 in milliseconds.
func (g group) times(of func(outcome) latency) string {
	p50 := g.median(func(o outcome) float64 { return of(o).p50 })
	p99 := g.median(func(o outcome) float64 { return of(o).p99 })
	return latency{p50, p99}.String()
}

// String is p50 and p99 in milliseconds.
func (l latency) String() string { return milliseconds(l.p50) + " / " + milliseconds(l.p99) }

// milliseconds writes three digits, and more where they stand before the point.
func milliseconds(seconds float64) string {
	if seconds >= 0.1 {
		return fmt.Sprintf("%.0f", seconds*1e3)
	}
	return fmt.Sprintf("%.3g", seconds*1e3)
}

const (
	mebi = 1 << 20
	kibi = 1 << 10
)

// beside is a cost beside that of the raw loop, or empty when that was not measured.
func beside(list []group, cost float64) string {
	for _, g := range list {
		if g.runs[0].client == raw().name {
			return fmt.Sprintf("%.2f", cost/g.median(outcome.perMillion))
		}
	}
	return ""
}

// comparison is the table of a part, each client beside the raw loop.
func comparison(list []group) string {
	var b strings.Builder
	b.WriteString("| client | runs kept | CPU s per million polls | lowest to highest | times the raw loop | polls/s | memory MiB | p50 / p99 it measured, ms | p50 / p99 in the tenant, ms |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|\n")
	for _, g := range list {
		cost := g.median(outcome.perMillion)
		all := sorted(g.runs, outcome.perMillion)
		fmt.Fprintf(&b, "| %s | %s | %.1f | %.1f to %.1f | %s | %.0f | %.1f | %s | %s |\n", g.runs[0].client, g.kept, cost, all[0], all[len(all)-1],
			beside(list, cost), g.rate(), g.memory()/mebi, g.times(func(o outcome) latency { return o.own }), g.times(func(o outcome) latency { return o.tenant }))
	}
	return b.String()
}

// flatness is the table of what a customer costs.
func flatness(list []group) string {
	var b strings.Builder
	b.WriteString("| customers | runs kept | polls/s | CPU µs a poll | memory MiB | p50 / p99 it measured, ms | p50 / p99 in the tenant, ms |\n")
	b.WriteString("|---|---|---|---|---|---|---|\n")
	for _, g := range list {
		fmt.Fprintf(&b, "| %d | %s | %.0f | %.1f | %.1f | %s | %s |\n", g.runs[0].load.connections, g.kept, g.rate(), g.median(outcome.perMillion),
			g.memory()/mebi, g.times(func(o outcome) latency { return o.own }), g.times(func(o outcome) latency { return o.tenant }))
	}
	if len(list) > 1 {
		few, many := list[0], list[len(list)-1]
		from, to := few.runs[0].load.connections, many.runs[0].load.connections
		if to > from {
			fmt.Fprintf(&b, "\nFrom %d to %d customers, one more takes %.1f KiB of memory.\n", from, to, (many.memory()-few.memory())/kibi/float64(to-from))
		}
	}
	return b.String()
}

// conversations is the table of whole conversations.
func conversations(talks []talk) string {
	runs, words := kept(talks, func(t talk) float64 { return t.others })
	at := func(of func(talk) float64) float64 { return median(runs, of) }
	var b strings.Builder
	b.WriteString("| process | runs kept | conversations | exchanges | CPU ms a conversation | memory MiB | p50 / p99 of send, ms |\n")
	b.WriteString("|---|---|---|---|---|---|---|\n")
	send := latency{at(func(t talk) float64 { return t.send.p50 }), at(func(t talk) float64 { return t.send.p99 })}
	fmt.Fprintf(&b, "| chatbench run | %s | %.0f | %.0f | %.2f | %.1f | %v |\n", words, at(func(t talk) float64 { return t.conversations }),
		at(func(t talk) float64 { return t.exchanges }), at(func(t talk) float64 { return t.cpu / t.conversations * 1e3 }),
		at(func(t talk) float64 { return t.memory })/mebi, send)
	fmt.Fprintf(&b, "| chatbench tenant | %s | | | %.2f | %.1f | |\n", words, at(func(t talk) float64 { return t.tenantCPU / t.conversations * 1e3 }),
		at(func(t talk) float64 { return t.tenantMemory })/mebi)
	return b.String()
}

// write renders the book as Markdown.
func (b *book) write(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "# chatbench beside others\n\n%s; %s. Rounds: %d.\n", machine(), time.Now().UTC().Format(time.DateOnly), b.rounds)
	b.writeQuiet(&out)
	section := func(title, table string) { fmt.Fprintf(&out, "\n## %s\n\n%s", title, table) }
	for _, part := range []struct {
		name, title string
		table       func([]group) string
	}{
		{"closed", "Closed loop, %d connections", comparison},
		{"paced", "One poll a second, %d customers", comparison},
		{"flat", "One poll a second: what a customer of chatbench costs", flatness},
	} {
		list := groups(b.outcomes, part.name)
		if len(list) == 0 {
			continue
		}
		title := part.title
		if strings.Contains(title, "%d") {
			title = fmt.Sprintf(title, list[0].runs[0].load.connections)
		}
		section(title, part.table(list))
	}
	if len(b.talks) > 0 {
		section("Whole conversations, two processes", conversations(b.talks))
	}
	if len(b.notes) > 0 {
		section("Left out", "- "+strings.Join(b.notes, "\n- ")+"\n")
	}
	section("Command lines", "```\n"+b.commands()+"```\n")
	_, err := io.WriteString(w, out.String())
	return err
}

// writeQuiet says how quiet the machine was.
func (b *book) writeQuiet(out *strings.Builder) {
	var all []float64
	for _, o := range b.outcomes {
		all = append(all, o.others)
	}
	for _, t := range b.talks {
		all = append(all, t.others)
	}
	slices.Sort(all)
	noisy := len(all) - len(slices.DeleteFunc(slices.Clone(all), func(v float64) bool { return v >= quietLimit }))
	fmt.Fprintf(out, "Others used %.2f processors before the first run", b.idle)
	if len(all) > 0 {
		fmt.Fprintf(out, " and %.2f to %.2f during the runs", all[0], all[len(all)-1])
	}
	out.WriteString(".\n")
	if noisy > 0 {
		fmt.Fprintf(out, "**The machine was not quiet**: in %d of %d runs others used %.2f processors or more. These runs are left out of the\n"+
			"medians; in a row with * there was no other, and its figures say little.\n", noisy, len(all), quietLimit)
	}
}

// commands lists one command line of each kind, and what the scenario files hold.
func (b *book) commands() string {
	var list []string
	add := func(args []string) {
		if line := publicCommand(args, b.where); !slices.Contains(list, line) {
			list = append(list, line)
		}
	}
	add([]string{"leantenant"})
	for _, part := range parts() {
		for _, g := range groups(b.outcomes, part) {
			add(g.runs[0].command)
		}
	}
	if len(b.talks) > 0 {
		add(b.talks[0].tenantCommand)
		add(b.talks[0].playCommand)
	}
	text := strings.Join(list, "\n") + "\n"
	for _, o := range b.outcomes {
		if strings.HasPrefix(o.client, "chatbench") {
			return text + "\npolls.yaml of the first line of chatbench:\n\n" + pollScenario(o.load)
		}
	}
	return text
}

var (
	runFolder = regexp.MustCompile(`run-[0-9]+/`)
	localPort = regexp.MustCompile(`127\.0\.0\.1:[1-9][0-9]*`)
)

// publicCommand is a command line for a shell, without folders and ports of this run.
func publicCommand(args []string, where job) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		if quoted[i] = arg; strings.ContainsAny(arg, " &?*;$") {
			quoted[i] = "'" + arg + "'"
		}
	}
	line := strings.NewReplacer(where.bin+"/", "", where.temp+"/", "").Replace(strings.Join(quoted, " "))
	return localPort.ReplaceAllString(runFolder.ReplaceAllString(line, ""), "127.0.0.1:PORT")
}
