package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"chatbench/internal/doctor"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/tenant"
)

// The reports of a walk in the folder given to --out, beside [junitFile].
const (
	doctorFile = "doctor.json"
	doctorText = "doctor.txt"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	target   targetFlags
	keyword  string
	locale   string
	patience time.Duration
	out      string
	junit    string
	json     bool
}

func newDoctor() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [SCENARIO]",
		Short: "Walk through the set-up of a tenant, step by step, and say what is wrong and where to change it",
		Long: `Looks at a tenant's set-up as an administrator would, step by step: address and port, TLS and
certificate, clock, application key, channel id, life of the token, CONNECT, robot, hand-over, working
hours, queue and agents, a text and a picture both ways, history, survey, leaving a message and
click-to-call. Each step says what was seen, whether it is right, how long it took, whether that is
documented by the vendor, and which page of the administration to open if it is not right.

It costs the tenant two conversations at most, a message and an answer to the survey, and ends what it
opened, also when it is interrupted; the second Ctrl-C ends it at once. An agent has to be there who
answers and sends a picture when asked.

Without --target (and without a target in the scenario) it looks at the embedded tenant.

Exit codes: 0 nothing is wrong; 1 something is; 2 something could not be told; 6 the tenant cannot be
reached, or went away; 64 usage; 130 interrupted.`,
		Example: `  chatbench doctor
  CHATBENCH_APP_SECRET=... chatbench doctor --target https://service.example.com:28070 \
      --channel 2025010112345678 --app-key KEY --allow-target service.example.com --keyword agent
  chatbench doctor scenarios/demo.yaml --out seen/ --junit doctor.xml`,
		Args: atMost("a scenario file"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.walk(cmd, args) },
	}
	f.target.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.keyword, "keyword", "", "the `TEXT` that hands over from the robot when it is typed (default that of the embedded tenant)")
	flags.StringVar(&f.locale, "locale", "", "`LANGUAGE` of the customer: zh or en (default that of --lang)")
	flags.DurationVar(&f.patience, "patience", 30*time.Second, "robot and agents may take so much `TIME` to speak")
	flags.StringVar(&f.out, "out", "", "write doctor.json, doctor.txt and junit.xml to folder `DIR`")
	flags.StringVar(&f.junit, "junit", "", "write a JUnit report for CI servers to `FILE`")
	flags.BoolVar(&f.json, "json", false, "write the report as JSON to standard output instead of the text")
	return cmd
}

// walk reads what to look at, looks at it, and writes what was seen.
func (f *doctorFlags) walk(cmd *cobra.Command, args []string) error {
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	s, err := f.subject(cmd, args)
	if err != nil {
		return err
	}
	if err := f.writable(); err != nil {
		return err
	}
	o := doctor.Options{Tool: toolVersion(), Keyword: f.keyword, Locale: first(f.locale, s.Locale, say.Code()), Patience: f.patience,
		User: sim.UserID(rand.Uint64(), 0)}
	closing, err := f.reach(s, &o)
	if err != nil {
		return err
	}
	defer closing()
	signal.Ignore(syscall.SIGPIPE) // a reader that goes, such as head, must not leave the conversation open
	defer signal.Reset(syscall.SIGPIPE)
	v := &doctorView{stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr(), say: say}
	if !f.json {
		v.watch(&o, colored(cmd, v.stdout))
	}
	ctx, interrupt, release := signals(func() {
		fmt.Fprintln(v.stderr, say.T("chatbench: hanging up; once more stops at once"))
	}, func() {})
	defer release()
	o.Interrupt = interrupt
	r := doctor.Run(ctx, o)
	if err := errors.Join(v.end(r), f.save(r, say)); err != nil {
		fmt.Fprintln(v.stderr, say.Sprintf("chatbench: the results could not all be written: %s", say.T(err.Error())))
		if r.Exit == result.ExitOK {
			return exitError(result.ExitUsage)
		}
	}
	return exitError(r.Exit)
}

// subject is the scenario that names the tenant, with the flags applied; one that is empty names the
// embedded tenant, with everything that there is to look at.
func (f *doctorFlags) subject(cmd *cobra.Command, args []string) (*scenario.Scenario, error) {
	switch {
	case f.patience < time.Second:
		return nil, usagef("--patience %v is less than 1s", f.patience)
	case f.locale != "" && f.locale != "zh" && f.locale != "en":
		return nil, usagef("--locale %q is not zh or en", f.locale)
	}
	s := &scenario.Scenario{Tenant: scenario.DefaultTenant()}
	s.Tenant.History, s.Tenant.Agents.Media.Image = true, 1
	if len(args) > 0 {
		opt := reading()
		opt.Elsewhere = f.target.url != ""
		var err error
		if s, err = scenario.LoadFile(args[0], opt); err != nil {
			return nil, err
		}
	}
	return s, f.target.apply(s)
}

// writable looks whether the files can be written, before a tenant is bothered.
func (f *doctorFlags) writable() error {
	if f.out != "" {
		if err := os.MkdirAll(f.out, 0o777); err != nil {
			return usagef("--out: %w", err)
		}
	}
	return writable("--junit", f.junit, f.out)
}

// reach finds the way to the tenant, and starts the embedded one if there is no target.
func (f *doctorFlags) reach(s *scenario.Scenario, o *doctor.Options) (closing func(), err error) {
	closing = func() {}
	o.Subject.Kind = result.Real
	if s.Target != nil {
		o.Target = *s.Target
	} else if closing, err = startTenant(s.Tenant, o); err != nil {
		return nil, err
	}
	if robot := s.Tenant.Robot; s.Target == nil && o.Keyword == "" && robot != nil && len(robot.Keywords) > 0 {
		o.Keyword = robot.Keywords[0]
	}
	e, err := sim.NewEndpoint(o.Target, nil)
	if err != nil {
		closing()
		return nil, usageError{err}
	}
	o.Transport = e.Transport().(*http.Transport) // as the endpoint makes it
	o.Subject.URL, o.Subject.Insecure = result.MaskURL(o.Target.URL), o.Target.Insecure
	return closing, nil
}

// startTenant starts the embedded tenant on a free port of this machine.
func startTenant(cfg scenario.Tenant, o *doctor.Options) (closing func(), err error) {
	t, err := tenant.New(cfg, tenant.Options{Seed: rand.Uint64()})
	if err != nil {
		return nil, fmt.Errorf("embedded tenant: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("embedded tenant: %w", err)
	}
	go t.Serve(l) // ends with Close
	o.Target = scenario.Target{URL: "http://" + l.Addr().String(), Channel: cfg.Channel, AppKey: cfg.AppKey, AppSecret: cfg.AppSecret}
	o.Subject = result.Target{Kind: result.Embedded, Note: t.Describe()}
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		t.Close(ctx) // a handler that hangs is cut off with the process
	}, nil
}

// save writes the files. What cannot be written keeps nothing else from being.
func (f *doctorFlags) save(r *doctor.Report, say *lang.Printer) error {
	files := []struct {
		name  string
		write func(io.Writer) error
	}{
		{within(f.out, doctorFile), func(w io.Writer) error { return writeJSON(w, r) }},
		{within(f.out, doctorText), func(w io.Writer) error { return report.DoctorAll(w, r, report.DoctorOptions{Lang: say}) }},
		{within(f.out, junitFile), func(w io.Writer) error { return report.DoctorJUnit(w, r) }},
		{f.junit, func(w io.Writer) error { return report.DoctorJUnit(w, r) }},
	}
	var failed error
	for _, file := range files {
		if file.name != "" {
			failed = errors.Join(failed, saveAs(file.name, file.write))
		}
	}
	return failed
}

func saveAs(file string, write func(io.Writer) error) error {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := write(out); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// doctorView shows the steps as they happen.
type doctorView struct {
	stdout, stderr io.Writer
	say            *lang.Printer
	text           *report.DoctorText // nil: only JSON is wanted
	waiting        bool               // a line that says what is waited for stands on the terminal
}

// watch has the steps of a walk shown.
func (v *doctorView) watch(o *doctor.Options, color bool) {
	v.text = report.NewDoctorText(v.stdout, o.Subject, o.Target.Channel, report.DoctorOptions{Color: color, Lang: v.say})
	o.Done = v.done
	if report.IsTerminal(v.stderr) {
		o.Begin = func(s *doctor.Step) {
			fmt.Fprintf(v.stderr, "... %s\r", v.say.T(s.Title))
			v.waiting = true
		}
	}
}

func (v *doctorView) done(s *doctor.Step) {
	if v.waiting {
		fmt.Fprint(v.stderr, "\x1b[2K\r")
		v.waiting = false
	}
	v.text.Step(s)
}

func (v *doctorView) end(r *doctor.Report) error {
	if v.text == nil {
		return writeJSON(v.stdout, r)
	}
	return v.text.End(r)
}
