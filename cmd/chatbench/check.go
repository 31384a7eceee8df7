package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

// checkFlags are the flags of check.
type checkFlags struct {
	play     runFlags
	probe    probeFlags
	minimize minimizeFlags
	host     string
}

func newCheck() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [SCENARIO | TRACE | HAR]",
		Short: "Check a tenant, a recorded trace, or a browser's recording against the rules",
		Long: `Without a recording it checks a tenant, by default the embedded one: a few customers play a scenario (one
is built in), and then the tenant is probed, that is, asked on purpose for what customers do not ask
for: wrong requests, foreign tokens, two polls at once. That takes a handful of users and
conversations, one after the other, and about a minute; whatever is opened is ended with DISCONNECT.

With a trace, trace.ndjson.gz in the folder given to --out or that folder, it judges an earlier run or
check by the same rules, in the same code, as that itself was.

With a HAR file, as a browser's developer tools or a proxy save it, it judges a session of a real web
page: the tenant, and the page, which has to keep to what the vendor's demo client does. The file is
known by its content and may be packed with gzip. --out then takes results, reports and the trace.

With --minimize it looks for the least events of one customer that break a rule, and tells them as a
story.`,
		Example: `  chatbench check
  CHATBENCH_APP_SECRET=... chatbench check --target https://service.example.com:28070 \
      --channel 2025010112345678 --app-key KEY --allow-target service.example.com --keyword agent
  chatbench check results/
  chatbench check results/ --rule DSC --known known.yaml
  chatbench check session.har --out results/
  chatbench check results/ --minimize DEL-04 --out lost.ndjson.gz`,
		Args: atMost("a scenario or a trace"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.check(cmd, args) },
	}
	f.play.register(cmd)
	f.probe.register(cmd)
	f.minimize.register(cmd)
	cmd.Flags().StringVar(&f.host, "host", "", "of a browser's recording, only exchanges with `HOST`, with its port if it has one")
	cmd.Flags().Lookup("out").Usage = "write result.json, the reports and the trace to folder `DIR`; with --minimize: what is left of the trace to file DIR"
	return cmd
}

// check finds out what is to be checked.
func (f *checkFlags) check(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || isScenario(args[0]) {
		if err := f.minimize.check(cmd, nil); err != nil {
			return err
		}
		if cmd.Flags().Changed("host") {
			return usagef("--host is for the recording of a browser, and none was given")
		}
		return f.tenant(cmd, args)
	}
	in, err := openRecording(args[0], f.host)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := f.minimize.check(cmd, in); err != nil {
		return err
	}
	if err := in.fits(cmd); err != nil {
		return err
	}
	if f.minimize.rule != "" {
		return f.minimize.recording(cmd, in, f.play.out)
	}
	return f.recording(cmd, in)
}

// judging says by what a recording is judged.
func (f *checkFlags) judging(cmd *cobra.Command) (opt run.RecheckOptions, err error) {
	judge := &f.play.judge
	if err := judge.check(cmd); err != nil {
		return opt, err
	}
	opt = run.RecheckOptions{Version: toolVersion(), Command: commandLine(), Strict: judge.strict, Now: time.Now(),
		Demands: &scenario.Scenario{Gate: scenario.Gate{MaxMissed: 1}}}
	if opt.Rules, err = judge.choice(); err != nil {
		return opt, err
	}
	if opt.Known, err = judge.failures(readingOfClients()); err != nil {
		return opt, err
	}
	return opt, judge.demand(opt.Demands)
}

// traceFile is the trace in a folder that --out was given, or the file itself.
func traceFile(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, run.TraceFile)
	}
	return path
}

// show writes a result to standard output and ends with its exit code.
func show(cmd *cobra.Command, r *result.Result, asJSON bool) error {
	w := cmd.OutOrStdout()
	if !asJSON {
		say, err := printer(cmd)
		if err != nil {
			return err
		}
		if err := report.Text(w, r, report.TextOptions{Color: colored(cmd, w), Lang: say}); err != nil {
			return err
		}
		return exitError(r.Exit)
	}
	data, err := result.Encode(r)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	return exitError(r.Exit)
}
