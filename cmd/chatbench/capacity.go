package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/capacity"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

// capacityFlags are the flags of capacity.
type capacityFlags struct {
	play         runFlags // of these the target, what is judged, markers, seed, folder and output
	search       capacity.Search
	width        string
	pause        time.Duration
	resume, json bool
}

func newCapacity() *cobra.Command {
	var f capacityFlags
	cmd := &cobra.Command{
		Use:   "capacity SCENARIO",
		Short: "Find how many customers, or arrivals a second, a tenant carries",
		Long: `Plays a scenario at one load after another, and ends with the highest load at which all its gates
passed and the lowest at which they did not. The load is counted in customers or in arrivals a second,
whichever the scenario has; the stages of the scenario are replaced by those of a probe: --settle, in
which the load is brought in and settles, and --hold, which is judged.

The search climbs in stairs (--from, --factor) until a gate fails, then halves the interval down to
--width, and repeats the probes at both ends until --confirm of them agree. When this machine was too
slow, or short of descriptors or ports, that is said, and never taken for a limit of the tenant.

With --out the search is kept after each probe, and --resume goes on with it. The first Ctrl-C ends the
probe that is under way and reports what is known; the second stops at once.

Exit codes: 0 there is an answer, be it that the limit was not reached; 5 this machine is the limit; 6
the target cannot be used or went away; 64 usage or scenario error; 130 interrupted. With --at-least: 0
the tenant carries that much, 3 it does not, 2 it cannot be told.`,
		Example: `  chatbench capacity scenarios/capacity.yaml
  chatbench capacity scenarios/capacity.yaml --settle 30s --hold 2m --budget 2h --out found/
  chatbench capacity scenarios/capacity.yaml --settle 30s --hold 2m --budget 2h --out found/ --resume
  chatbench capacity scenarios/capacity.yaml --at-least 40 --most 80`,
		Args: exactly("a scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.find(cmd, args[0]) },
	}
	f.register(cmd)
	return cmd
}

func (f *capacityFlags) register(cmd *cobra.Command) {
	f.play.target.register(cmd)
	f.play.judge.register(cmd)
	flags, s := cmd.Flags(), &f.search
	flags.Float64Var(&s.From, "from", 0, "first load to try (default 10 customers, or 1 arrival a second)")
	flags.Float64Var(&s.Most, "most", 0, "highest load to try (default 10000 customers, or 1000 arrivals a second)")
	flags.Float64Var(&s.Factor, "factor", 2, "each stair is so many times the last")
	flags.StringVar(&f.width, "width", "10%", "the interval may be so wide, as a `SHARE` of its lower end")
	flags.IntVar(&s.Confirm, "confirm", 2, "probes that must agree at each end")
	flags.Float64Var(&s.AtLeast, "at-least", 0, "demand that the tenant carries `LOAD`; it decides the exit code")
	flags.DurationVar(&s.Settle, "settle", 10*time.Second, "bring the load in and let it settle for so long, which is not judged")
	flags.DurationVar(&s.Hold, "hold", time.Minute, "hold and judge the load for so long")
	flags.DurationVar(&f.pause, "pause", 5*time.Second, "wait so long between two probes, for a real tenant to recover; the embedded one is started anew")
	flags.DurationVar(&s.Budget, "budget", 30*time.Minute, "time for all probes together; 0: no limit")
	flags.IntVar(&s.Steps, "steps", 0, "most probes; 0: no limit")
	flags.BoolVar(&f.resume, "resume", false, "go on with the search in the folder of --out")
	flags.Uint64Var(&f.play.seed, "seed", 0, "make the decisions of the first probe with this seed, and of each later one with the next")
	flags.StringVar(&f.play.out, "out", "", "write capacity.json, capacity.txt, capacity.html and the result of each probe to folder `DIR`")
	flags.StringVar(&f.play.markers, "markers", "", "put markers into what customers say: auto, on or off (default from the scenario)")
	flags.BoolVarP(&f.play.quiet, "quiet", "q", false, "do not tell of each probe")
	flags.BoolVar(&f.json, "json", false, "write the report as JSON to standard output instead of text")
}

// find makes the search and delivers its report.
func (f *capacityFlags) find(cmd *cobra.Command, file string) error {
	if err := f.play.judge.check(cmd); err != nil {
		return err
	}
	p, err := f.prober(cmd, file)
	if err != nil {
		return err
	}
	r, err := f.begin(cmd, p.scenario)
	if err != nil {
		return err
	}
	if err := p.open(r); err != nil {
		return err
	}
	ctx, interrupt, release := signals(p.interrupted, func() {})
	defer release()
	p.ctx, p.interrupt = ctx, interrupt
	if err := r.Go(p.probe, p.keep); err != nil {
		return f.abandoned(cmd, r, err)
	}
	return f.deliver(cmd, r)
}

// abandoned delivers what is known of a search that an error ended, such as a full disk: the probes
// before it took their time. The exit code is that of the error.
func (f *capacityFlags) abandoned(cmd *cobra.Command, r *capacity.Report, cause error) error {
	if len(r.Probes) == 0 {
		return cause
	}
	var delivered exitError
	if err := f.deliver(cmd, r); err != nil && !errors.As(err, &delivered) {
		return errors.Join(cause, err)
	}
	return cause
}

// complete fills in what depends on the scenario and refuses what makes no sense.
func (f *capacityFlags) complete(s *scenario.Scenario) error {
	c := &f.search
	c.Unit, c.Least = capacity.UnitCustomers, 1
	from, most := 10.0, 10_000.0
	if s.Load.Open {
		c.Unit, c.Least = capacity.UnitArrivals, 0.1
		from, most = 1, 1000
	}
	if c.From == 0 {
		c.From = from
	}
	if c.Most == 0 {
		c.Most = max(most, c.From, c.AtLeast)
	}
	width, err := parseShare(f.width)
	if err != nil {
		return usagef("--width %v", err)
	}
	c.Width = width
	for _, load := range []struct {
		flag  string
		value float64
	}{{"from", c.From}, {"most", c.Most}, {"at-least", c.AtLeast}} {
		whole := load.value == math.Trunc(load.value)
		if !(load.value >= 0) || load.value > 1_000_000 || c.Unit == capacity.UnitCustomers && !whole {
			return usagef("--%s %v is not a number of %s", load.flag, load.value, c.Unit)
		}
	}
	return f.sensible()
}

// sensible refuses a search that could not end or would not begin.
func (f *capacityFlags) sensible() error {
	c := &f.search
	switch {
	case c.From < c.Least || c.Most < c.From:
		return usagef("--from %v must be %v or more and no more than --most %v", c.From, c.Least, c.Most)
	case c.AtLeast > c.Most:
		return usagef("--at-least %v is more than --most %v", c.AtLeast, c.Most)
	case !(c.Factor >= 1.1) || c.Factor > 100:
		return usagef("--factor %v is not from 1.1 to 100", c.Factor)
	case c.Confirm < 1 || c.Confirm > 20:
		return usagef("--confirm %d is not from 1 to 20", c.Confirm)
	case c.Steps < 0 || c.Budget < 0 || c.Settle < 0 || f.pause < 0:
		return usagef("--steps, --budget, --settle and --pause cannot be less than 0")
	case c.Hold < time.Second:
		return usagef("--hold %v is less than 1s, in which nothing can be judged", c.Hold)
	case c.Budget > 0 && c.Budget < c.Settle+c.Hold:
		return usagef("--budget %v does not pay for a single probe of %v", c.Budget, c.Settle+c.Hold)
	case f.resume && f.play.out == "":
		return usagef("--resume needs the folder that the search was kept in: --out DIR")
	}
	return nil
}

// parseShare reads "10%".
func parseShare(text string) (float64, error) {
	number, ok := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v >= 1) || v > 100 {
		return 0, fmt.Errorf("%q is not a share from 1%% to 100%%", text)
	}
	return v / 100, nil
}

// begin gives a new report, or the one to go on with.
func (f *capacityFlags) begin(cmd *cobra.Command, s *scenario.Scenario) (*capacity.Report, error) {
	r := &capacity.Report{
		Tool: result.Tool{Version: toolVersion()}, Search: f.search, Start: time.Now(), Host: run.Planned(s, nil).Run.Host,
		Scenario: result.Scenario{Name: s.Name, File: s.File, Hash: s.Hash, Seed: f.play.seed},
		Command:  result.MaskArgs(commandLine()),
		Flags:    result.MaskArgs(given(cmd, "target", "channel", "insecure", "seed", "markers", "strict", "rule", "skip-rule", "known")),
	}
	r.Scenario.Overrides = given(cmd, "markers", "strict", "rule", "skip-rule", "known")
	if f.play.out == "" {
		return r, nil
	}
	before, err := capacity.Load(filepath.Join(f.play.out, capacity.FileName))
	switch {
	case f.resume && err != nil:
		return nil, err
	case f.resume:
		return r.Resume(before)
	case err == nil && before.Answer.Stop != capacity.Complete && len(before.Probes) > 0:
		return nil, usagef("%s holds a search that is not finished: --resume goes on with it, or name another folder", f.play.out)
	}
	return r, nil
}

// reports writes the report into the folder as text and as a page, and names the files there.
func (f *capacityFlags) reports(r *capacity.Report, say *lang.Printer) ([]string, error) {
	in := func(name string) string { return filepath.Join(f.play.out, name) }
	files := []string{in(capacity.FileName), in("capacity.txt"), in("capacity.html")}
	opt := report.CapacityOptions{Lang: say, Files: files}
	return files, errors.Join(
		saved(files[1], func(w io.Writer) error { return writeSearch(w, r, "text", opt) }),
		saved(files[2], func(w io.Writer) error { return writeSearch(w, r, "html", opt) }))
}

// deliver writes the report to where the user wants it.
func (f *capacityFlags) deliver(cmd *cobra.Command, r *capacity.Report) error {
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	opt := report.CapacityOptions{Lang: say}
	var unsaved error
	if f.play.out != "" {
		opt.Files, unsaved = f.reports(r, say)
	}
	stdout, format := cmd.OutOrStdout(), "text"
	if f.json {
		format = "json"
	}
	opt.Color = colored(cmd, stdout)
	if err := errors.Join(unsaved, writeSearch(stdout, r, format, opt)); err != nil {
		return err
	}
	return exitError(r.Exit)
}
