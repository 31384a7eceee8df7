package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/lang"
	"chatbench/internal/metric"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

// runFlags are the flags of run.
type runFlags struct {
	target    targetFlags
	customers int
	duration  time.Duration
	seed      uint64
	out       string
	trace     string
	markers   string
	judge     judgeFlags
	quiet     bool
	json      bool
	abort     time.Duration
	reports   reportFiles
	scraped   scrapeFlags
	baseline  baseline
}

func newRun() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Play a scenario against a tenant, by default the embedded one",
		Long: `Plays the customers of a scenario file and ends with a verdict.

Without --target (and without a target in the scenario) the embedded tenant is started on a port of
its own and played against over real TCP. The first Ctrl-C lets every customer hang up and then
reports; the second stops at once.`,
		Example: `  chatbench run scenarios/demo.yaml
  chatbench run scenarios/demo.yaml --customers 500 --duration 1m --out results/
  CHATBENCH_APP_SECRET=... chatbench run scenarios/handover.yaml --target https://service.example.com:28070 \
      --channel 2025010112345678 --app-key KEY --allow-target service.example.com`,
		Args: exactly("a scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error { return playScenario(cmd, args[0], &f) },
	}
	f.register(cmd)
	f.baseline.register(cmd)
	return cmd
}

func (f *runFlags) register(cmd *cobra.Command) {
	f.target.register(cmd)
	f.judge.register(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.customers, "customers", 0, "scale the load to `N` customers at the peak (open load: at most N at once)")
	flags.DurationVar(&f.duration, "duration", 0, "length of the load as a whole, such as 10m")
	flags.Uint64Var(&f.seed, "seed", 0, "make the same decisions as the run with this seed")
	flags.StringVar(&f.out, "out", "", "write result.json, the reports and the trace to folder `DIR`")
	flags.StringVar(&f.trace, "trace", "all", "customers whose events go into the trace: all, none, failing or sample=`P%`")
	flags.StringVar(&f.markers, "markers", "", "put markers into what customers say: auto, on or off (default from the scenario)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no live view")
	flags.DurationVar(&f.abort, "abort-on-fail", 0, "end the run when a gate has failed for good, after so much `TIME` at the earliest, such as 30s (0: never)")
	flags.BoolVar(&f.json, "json", false, "write the result as JSON to standard output instead of the report")
	f.reports.register(cmd)
	f.scraped.register(cmd)
}

// loader reads a scenario.
type loader func(scenario.Options) (*scenario.Scenario, error)

func playScenario(cmd *cobra.Command, file string, f *runFlags) error {
	return f.playLoaded(cmd, func(opt scenario.Options) (*scenario.Scenario, error) { return scenario.LoadFile(file, opt) }, nil)
}

// playLoaded plays a scenario, with probes behind it or, if they are nil, without.
func (f *runFlags) playLoaded(cmd *cobra.Command, load loader, probes *run.Probes) error {
	if err := f.judge.check(cmd); err != nil {
		return err
	}
	s, overrides, err := f.scenario(cmd, load)
	if err != nil {
		return err
	}
	policy, err := run.ParsePolicy(f.trace)
	if err != nil {
		return usageError{err}
	}
	rules, err := f.judge.choice()
	if err != nil {
		return err
	}
	if probes == nil && rules.NeedsProbes() {
		return usagef("the rules that were chosen need probes, and a run makes none; \"chatbench check\" does")
	}
	if err := f.reports.check(f.out); err != nil {
		return err
	}
	if f.json && f.reports.annotations == "github" {
		return usagef("--json and --annotations github both write to standard output; name a file: --annotations github=FILE")
	}
	if err := f.baseline.read(cmd, s, overrides); err != nil {
		return err
	}
	stderr := cmd.ErrOrStderr()
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	view := &view{w: stderr, quiet: f.quiet, color: colored(cmd, stderr), say: say}
	ctx, interrupt, release := signals(view.interrupted, view.stop)
	defer release()
	view.tell(probes)
	scraped, err := f.scraped.listen(stderr, say)
	if err != nil {
		return err
	}
	defer scraped.close()
	r, err := run.Play(ctx, run.Options{
		Scenario: s, Version: toolVersion(), Command: commandLine(), Overrides: overrides, Out: f.out, Trace: policy, Rules: rules, Probes: probes,
		Interrupt: interrupt, Ready: view.ready, Progress: func(p run.Progress) { view.progress(p); scraped.progress(p) },
	})
	view.finish()
	if err != nil {
		f.reports.say = say
		return f.reports.notPlayed(err, s.Name, f.out)
	}
	f.baseline.judge(r)
	f.reports.comparison = f.baseline.found
	scraped.finished(r)
	defer scraped.linger(interrupt)
	return f.deliver(cmd, r, say)
}

// scenario reads the scenario and applies the flags.
func (f *runFlags) scenario(cmd *cobra.Command, load loader) (*scenario.Scenario, []string, error) {
	flags := cmd.Flags()
	if flags.Changed("customers") && f.customers <= 0 || flags.Changed("duration") && f.duration <= 0 {
		return nil, nil, usagef("--customers and --duration must be more than 0")
	}
	opt := reading()
	opt.Customers, opt.Duration, opt.Seed, opt.Elsewhere = f.customers, f.duration, f.seed, f.target.url != ""
	s, err := load(opt)
	if err != nil {
		return nil, nil, err
	}
	if err := f.target.apply(s); err != nil {
		return nil, nil, err
	}
	if err := f.judge.apply(s); err != nil {
		return nil, nil, err
	}
	if flags.Changed("abort-on-fail") {
		if f.abort != 0 && f.abort < time.Second {
			return nil, nil, usagef("--abort-on-fail %v is neither 0 nor at least 1s", f.abort)
		}
		s.Gate.AbortAfter = f.abort
	}
	switch f.markers {
	case "":
	case "auto":
		s.Markers = scenario.Auto
	case "on":
		s.Markers = scenario.On
	case "off":
		s.Markers = scenario.Off
	default:
		return nil, nil, usagef("--markers %q is not auto, on or off", f.markers)
	}
	return s, given(cmd, "customers", "duration", "markers", "strict", "rule", "skip-rule", "known", "gate", "abort-on-fail"), nil
}

// commandLine is how the program was called, by its name and not by where "go run" put it.
func commandLine() []string { return append([]string{"chatbench"}, os.Args[1:]...) }

// given lists those of the named flags that were used, as they would be written again.
func given(cmd *cobra.Command, names ...string) []string {
	var list []string
	for _, name := range names {
		flag := cmd.Flags().Lookup(name)
		if flag == nil || !flag.Changed { // not every command has all of them
			continue
		}
		text := flag.Value.String()
		if several, ok := flag.Value.(interface{ GetSlice() []string }); ok {
			text = strings.Join(several.GetSlice(), ",")
		}
		list = append(list, "--"+name+"="+text)
	}
	return list
}

// deliver writes the result to where the user wants it. Whatever cannot be written is said, and
// the rest is written all the same.
func (f *runFlags) deliver(cmd *cobra.Command, r *result.Result, say *lang.Printer) error {
	stdout, stderr := cmd.OutOrStdout(), cmd.ErrOrStderr()
	f.reports.say = say
	files, failed := f.save(r)
	unsaved := f.out == "" || failed != nil
	further, err := f.reports.save(r, f.out)
	files, failed = append(files, further...), errors.Join(failed, err)
	further, err = f.baseline.save(f.out)
	files, failed = append(files, further...), errors.Join(failed, err)
	if f.json {
		data, err := result.Encode(r)
		if err != nil {
			return err
		}
		failed = errors.Join(failed, ignoreCount(stdout.Write(data)))
	} else {
		color := colored(cmd, stdout)
		failed = errors.Join(failed, report.Text(stdout, r, report.TextOptions{Color: color, Files: files, Lang: say}), f.baseline.text(stdout, color))
	}
	failed = errors.Join(failed, f.reports.annotate(stdout, r))
	if failed != nil {
		fmt.Fprintln(stderr, say.Sprintf("chatbench: the results could not all be written: %s", say.T(failed.Error())))
		if unsaved {
			f.rescue(stderr, r)
		}
		if r.Exit == result.ExitOK {
			return exitError(result.ExitUsage)
		}
	}
	return exitError(r.Exit)
}

func ignoreCount(_ int, err error) error { return err }

// save writes result and report into the folder and names those that are there. The trace is there
// already, and the report names it itself.
func (f *runFlags) save(r *result.Result) (files []string, err error) {
	if f.out == "" {
		return nil, nil
	}
	saved := filepath.Join(f.out, run.ResultFile)
	if err = result.Save(saved, r); err == nil {
		files = append(files, saved)
	}
	reported := filepath.Join(f.out, run.ReportFile)
	var text strings.Builder
	report.Text(&text, r, report.TextOptions{Files: append(files, reported), Lang: f.reports.say}) // a Builder takes everything
	f.baseline.text(&text, false)
	written := os.WriteFile(reported, []byte(text.String()), 0o666)
	if written == nil {
		files = append(files, reported)
	}
	return files, errors.Join(err, written)
}

// rescue keeps a result whose folder takes no more, so that what was measured is not lost.
func (f *runFlags) rescue(stderr io.Writer, r *result.Result) {
	dir, err := os.MkdirTemp("", "chatbench-")
	if err == nil {
		err = result.Save(filepath.Join(dir, run.ResultFile), r)
	}
	if err != nil {
		fmt.Fprintln(stderr, f.reports.say.Sprintf("chatbench: nor to the folder for temporary files: %s", err))
		return
	}
	fmt.Fprintln(stderr, f.reports.say.Sprintf("chatbench: the result is in %s", filepath.Join(dir, run.ResultFile)))
}

// colored reports whether a command writes colours to w.
func colored(cmd *cobra.Command, w io.Writer) bool {
	off, _ := cmd.Flags().GetBool("no-color") // every command has it
	return !off && os.Getenv("NO_COLOR") == "" && report.IsTerminal(w)
}

// signals turns the first Ctrl-C into a closed channel, the second into a cancelled context, and
// leaves the third to the system, which would not give the terminal back. It calls first and second
// at these.
func signals(first, second func()) (ctx context.Context, interrupt <-chan struct{}, release func()) {
	ctx, cancel := context.WithCancel(context.Background())
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, endings()...)
	gentle := make(chan struct{})
	go func() {
		select {
		case <-caught:
			close(gentle)
			first()
		case <-ctx.Done():
			return
		}
		select {
		case <-caught:
			cancel()
			second()
			signal.Stop(caught)
		case <-ctx.Done():
		}
	}()
	return ctx, gentle, func() { signal.Stop(caught); cancel() }
}

// endings are the signals at which a command ends in good order: Ctrl-C, being told to, and the end of
// its terminal, unless it was started to outlive that (nohup).
func endings() []os.Signal {
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		list = append(list, syscall.SIGHUP)
	}
	return list
}

// view is what is shown while a run goes on.
type view struct {
	w            io.Writer
	quiet, color bool
	say          *lang.Printer
	stages       []metric.StageInfo

	mu   sync.Mutex // protects the following: signals come at any time
	live *report.Live
	over bool // the conversations are; only reports are left
}

func (v *view) ready(s run.Started) {
	if v.quiet {
		return
	}
	title := v.say.Sprintf("chatbench: %s, up to %d customers, %v and at most %v to drain, seed %d",
		v.target(s.Target), s.Customers, s.Load, s.Drain, s.Seed)
	fmt.Fprintln(v.w, title)
	v.stages = s.Stages
	v.mu.Lock()
	defer v.mu.Unlock()
	v.live = report.NewLive(v.w, report.LiveOptions{
		Title: title, Terminal: report.IsTerminal(v.w), Color: v.color, Load: s.Load, Drain: s.Drain, Lang: v.say,
	})
}

// tell says which probes are made, when the load is over and its view with it.
func (v *view) tell(probes *run.Probes) {
	if probes == nil || v.quiet {
		return
	}
	probes.Scene = func(name string) {
		v.stop()
		v.print(v.say.Sprintf("chatbench: probing, %s", v.say.T(name)))
	}
}

func (v *view) target(t result.Target) string {
	if t.Kind == result.Embedded {
		return v.say.Sprintf("embedded tenant at %s", t.URL)
	}
	return t.URL
}

// shown is the live view, or nil while there is none.
func (v *view) shown() *report.Live {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.live
}

// print writes a line, into the live view if there is one. On a terminal the ^C that was typed stands
// in front of it otherwise.
func (v *view) print(line string) {
	if live := v.shown(); live != nil {
		live.Print(line)
		return
	}
	if report.IsTerminal(v.w) {
		line = "\n" + line
	}
	fmt.Fprintln(v.w, line)
}

func (v *view) progress(p run.Progress) {
	live := v.shown()
	if live == nil {
		return
	}
	stage := ""
	for _, s := range v.stages {
		if p.At >= s.Start {
			stage = s.Name
		}
	}
	live.Show(report.LiveState{At: p.At, Stage: stage, Live: p.Live, Violations: p.Violations, Draining: p.Draining,
		CPU: p.CPU, Late: p.Late, Starved: p.Starved})
}

// interrupted says what the first Ctrl-C leads to, while there are conversations.
func (v *view) interrupted() {
	v.mu.Lock()
	over := v.over
	v.mu.Unlock()
	if !over {
		v.print(v.say.T("chatbench: ending the conversations, which takes 10 s at most; once more stops at once"))
	}
}

// finish takes the view away for good.
func (v *view) finish() {
	v.mu.Lock()
	v.over = true
	v.mu.Unlock()
	v.stop()
}

func (v *view) stop() {
	if live := v.shown(); live != nil {
		live.Stop()
	}
}
