package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/http1"
	"chatbench/internal/judge"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// judgeClientFlags are the flags of tenant that judge its clients.
type judgeClientFlags struct {
	on            bool
	plain         bool // no curriculum
	duration      time.Duration
	conversations int
	write         runFlags // what becomes of the result
}

// needJudging are the flags that mean nothing without --judge-client.
var needJudging = []string{"no-lessons", "for", "conversations", "out", "json", "junit", "markdown", "html", "csv", "openmetrics", "annotations", "inconclusive"}

func (f *judgeClientFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "judge-client", false, "judge the clients that call, and play them a curriculum of conversations")
	flags.BoolVar(&f.plain, "no-lessons", false, "with --judge-client: no curriculum, all conversations are as the set-up says")
	flags.DurationVar(&f.duration, "for", 0, "with --judge-client: end after so much `TIME`")
	flags.IntVar(&f.conversations, "conversations", 0, "with --judge-client: end after `N` conversations")
	flags.StringVar(&f.write.out, "out", "", "with --judge-client: write result.json, the reports and the trace to folder `DIR`")
	flags.BoolVar(&f.write.json, "json", false, "with --judge-client: write the result as JSON to standard output instead of the report")
	f.write.reports.register(cmd)
}

// check looks whether the flags make sense.
func (f *judgeClientFlags) check(cmd *cobra.Command) error {
	if !f.on {
		if list := given(cmd, needJudging...); len(list) > 0 {
			return usagef("%s needs --judge-client", list[0])
		}
		return nil
	}
	flags := cmd.Flags()
	if flags.Changed("for") && f.duration <= 0 || flags.Changed("conversations") && f.conversations <= 0 {
		return usagef("--for and --conversations must be more than 0")
	}
	return f.write.reports.check(f.write.out)
}

// judgeClients serves a tenant until Ctrl-C, a limit or the end of the curriculum, and judges who calls.
func (f *judgeClientFlags) judgeClients(cmd *cobra.Command, cfg scenario.Tenant, opt tenant.Options, l net.Listener, say *lang.Printer, announcement string) error {
	stderr := cmd.ErrOrStderr()
	teller := &teller{w: stderr, say: say}
	opt.Version = toolVersion()
	if f.write.out != "" {
		if err := os.MkdirAll(f.write.out, 0o777); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	j, err := judge.New(cfg, judge.Options{Tenant: opt, Command: commandLine(), Out: f.write.out, For: f.duration,
		Conversations: f.conversations, Curriculum: !f.plain, Found: teller.tell})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	to := cmd.OutOrStdout()
	if f.write.json {
		to = stderr // standard output is the result's alone
	}
	fmt.Fprintln(to, announcement) // now signals are taken
	fmt.Fprintln(stderr, say.T(f.until()))
	served := make(chan error, 1)
	go func() { served <- j.Serve(l) }()
	var broken error
	select {
	case broken = <-served:
	case <-j.Done():
	case <-ctx.Done():
	}
	stop() // a second Ctrl-C ends the process
	closing, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := j.Close(closing); err != nil {
		fmt.Fprintln(stderr, "chatbench:", say.T(err.Error()))
	}
	delivered := f.write.deliver(cmd, j.Result(), say)
	if broken != nil && !errors.Is(broken, http1.ErrServerClosed) {
		return broken
	}
	return delivered
}

// until says how the judging ends.
func (f *judgeClientFlags) until() string {
	switch {
	case f.plain && f.duration == 0 && f.conversations == 0:
		return "judging its clients until Ctrl-C"
	case f.plain:
		return "judging its clients until Ctrl-C or the limit"
	}
	return "judging its clients until Ctrl-C, the limit, or the moment at which each has met every lesson"
}

// teller says what is noticed while clients are judged.
type teller struct {
	w   io.Writer
	say *lang.Printer
}

func (t *teller) tell(f judge.Finding) {
	switch {
	case f.Do != "":
		fmt.Fprintln(t.w, t.say.Sprintf("%s  lesson %s begins: please %s (%s)", report.Moment(f.At), t.say.T(f.Lesson), t.say.T(f.Do), report.Clean(f.Client)))
		return
	case f.Rule == "":
		fmt.Fprintln(t.w, t.say.Sprintf("%s  lesson met: %s (%s)", report.Moment(f.At), t.say.T(f.Lesson), report.Clean(f.Client)))
		return
	}
	where := report.Clean(f.Client)
	if f.Lesson != "" {
		where += ", " + t.say.Sprintf("lesson %s", t.say.T(f.Lesson))
	}
	report.Finding(t.w, t.say, f.Rule, &f.Witness, where)
}
