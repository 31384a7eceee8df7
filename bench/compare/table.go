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

func (g group) client() string { return g.runs[0].client }

func (g group) customers() int { return g.runs[0].load.connections }

func (g group) rate() float64 {
	return g.median(func(o outcome) float64 { return o.polls / o.seconds })
}

// cost is processor time in microseconds a poll, or in seconds for a million.
func (g group) cost() float64 { return g.median(outcome.perMillion) }

func (g group) memory() float64 { return g.median(func(o outcome) float64 { return o.memory }) }

func (g group) rests() float64 { return g.median(func(o outcome) float64 { return o.rests }) }

func (g group) herd() float64 { return g.median(func(o outcome) float64 { return o.herd }) }

// each is the memory a customer in KiB, that of the process without any included.
func (g group) each() float64 { return g.rests() / kibi / float64(g.customers()) }

// links is the number of connections that a customer has open.
func (g group) links() float64 {
	return g.median(func(o outcome) float64 { return o.open }) / float64(g.customers())
}

// times writes the two latencies, in milliseconds.
func (g group) bothTimes() string {
	return g.times(func(o outcome) latency { return o.own }) + " | " + g.times(func(o outcome) latency { return o.tenant })
}

// times writes p50 and p99 in milliseconds.
func (g group) times(of func(outcome) latency) string {
	p50 := g.median(func(o outcome) float64 { return of(o).p50 })
	p99 := g.median(func(o outcome) float64 { return of(o).p99 })
	return latency{p50: p50, p99: p99}.String()
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

// header begins a table.
func header(b *strings.Builder, columns ...string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
}

// beside is how many times the cost of the raw loop with as many customers a group's is, or empty
// when that was not measured.
func beside(list []group, g group) string {
	for _, other := range list {
		if other.client() == raw().name && other.customers() == g.customers() {
			return fmt.Sprintf("%.2f", g.cost()/other.cost())
		}
	}
	return ""
}

// comparison is the table of a part, each client beside the raw loop.
func comparison(list []group) string {
	var b strings.Builder
	header(&b, "client", "runs kept", "CPU s per million polls", "lowest to highest", "times the raw loop", "polls/s", "dispersion",
		"memory MiB", "p50 / p99 it measured, ms", "p50 / p99 in the tenant, ms")
	for _, g := range list {
		all := sorted(g.runs, outcome.perMillion)
		fmt.Fprintf(&b, "| %s | %s | %.1f | %.1f to %.1f | %s | %.0f | %.3g | %.1f | %s |\n", g.client(), g.kept, g.cost(), all[0], all[len(all)-1],
			beside(list, g), g.rate(), g.herd(), g.memory()/mebi, g.bothTimes())
	}
	return b.String()
}

// flatness is the table of what a customer costs, each number beside the raw loop with as many.
func flatness(list []group) string {
	var b strings.Builder
	header(&b, "customers", "client", "runs kept", "polls/s", "CPU µs a poll", "times the raw loop", "dispersion",
		"connections a customer", "VmRSS MiB", "VmHWM MiB", "p50 / p99 it measured, ms", "p50 / p99 in the tenant, ms")
	for _, g := range list {
		fmt.Fprintf(&b, "| %d | %s | %s | %.0f | %.1f | %s | %.3g | %.2g | %.1f | %.1f | %s |\n", g.customers(), g.client(), g.kept, g.rate(), g.cost(),
			beside(list, g), g.herd(), g.links(), g.rests()/mebi, g.memory()/mebi, g.bothTimes())
	}
	return b.String() + marginal(list)
}

// marginal says what one more customer takes, client by client.
func marginal(list []group) string {
	var b strings.Builder
	for _, l := range curves(list, group.rests) {
		few, many := l.points[0], l.points[len(l.points)-1]
		if many.customers <= few.customers {
			continue
		}
		peaks := curves(list, group.memory)
		peak := peaks[slices.IndexFunc(peaks, func(p line) bool { return p.name == l.name })].points
		more := many.customers - few.customers
		fmt.Fprintf(&b, "\nFrom %.0f to %.0f customers, one more takes %.2f KiB (VmRSS) or %.2f KiB (VmHWM) of memory: %s.\n", few.customers, many.customers,
			(many.value-few.value)/kibi/more, (peak[len(peak)-1].value-peak[0].value)/kibi/more, l.name)
	}
	return b.String()
}

// scaling is the table behind the figure.
func scaling(list []group) string {
	var b strings.Builder
	header(&b, "customers", "client", "runs kept", "polls/s", "CPU µs a poll", "times the raw loop", "memory MiB", "KiB a customer",
		"dispersion")
	for _, g := range list {
		fmt.Fprintf(&b, "| %d | %s | %s | %.0f | %.1f | %s | %.1f | %.1f | %.3g |\n", g.customers(), g.client(), g.kept, g.rate(), g.cost(),
			beside(list, g), g.rests()/mebi, g.each(), g.herd())
	}
	return b.String() + marginal(list)
}

// write renders the book as Markdown.
func (b *book) write(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "# chatbench beside others\n\n%s; %s.", machine(), time.Now().UTC().Format(time.DateOnly))
	if b.rounds > 0 {
		fmt.Fprintf(&out, " Rounds: %d.", b.rounds)
	}
	out.WriteString("\n")
	b.writeQuiet(&out)
	for _, s := range b.sections() {
		fmt.Fprintf(&out, "\n## %s\n\n%s", s.title, s.text)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// section is a heading and what stands below it.
type section struct{ title, text string }

// sections are those of which something is known.
func (b *book) sections() (list []section) {
	add := func(title, text string) { list = append(list, section{title, text}) }
	for _, part := range []struct {
		name, title string
		table       func([]group) string
	}{
		{"closed", "Closed loop, %d connections", comparison},
		{"paced", "One poll a second, %d customers", comparison},
		{"flat", "One poll a second each: what a customer costs", flatness},
		{"steady", "As many polls a second in all, by different numbers of customers", flatness},
		{"scale", "From few customers to many, one poll a second each", scaling},
	} {
		if of := groups(b.outcomes, part.name); len(of) > 0 {
			title := part.title
			if strings.Contains(title, "%d") {
				title = fmt.Sprintf(title, of[0].customers())
			}
			add(title, part.table(of))
		}
	}
	if len(b.talks) > 0 {
		add("Whole conversations against chatbench tenant", conversations(b.talks))
	}
	if len(b.secures) > 0 {
		add("TLS", security(b.secures, b.hellos))
	}
	for _, some := range byScene(b.truths) {
		add("Truth: "+some[0].scene.title, truthfulness(some))
	}
	if b.soak != nil {
		add("Soak", b.soak.table())
	}
	if len(b.notes) > 0 {
		add("Left out", "- "+strings.Join(b.notes, "\n- ")+"\n")
	}
	add("Command lines", "```\n"+strings.Join(slices.Concat([]string{"leantenant"}, b.commands, []string{""}, b.files), "\n")+"\n```\n")
	return list
}

// writeQuiet says how quiet the machine was.
func (b *book) writeQuiet(out *strings.Builder) {
	all := b.foreign()
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

// foreign is how many processors others used, run by run.
func (b *book) foreign() (all []float64) {
	for _, o := range b.outcomes {
		all = append(all, o.others)
	}
	for _, t := range b.talks {
		all = append(all, t.others)
	}
	for _, s := range b.secures {
		all = append(all, s.others)
	}
	for _, t := range b.truths {
		all = append(all, t.others)
	}
	if b.soak != nil {
		all = append(all, b.soak.others)
	}
	return all
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
