package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/check"
	"chatbench/internal/compare"
	"chatbench/internal/gate"
	"chatbench/internal/lang"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/tenant"
)

// version is set by the linker for a release, and otherwise read from the build information.
var version = ""

func toolVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	return v
}

// newRoot makes all commands, with help in a language.
func newRoot(stdout, stderr io.Writer, say *lang.Printer) *cobra.Command {
	root := &cobra.Command{
		Use:   "chatbench",
		Short: "Plays the customers of an AICC web chat and proves that it keeps its contract under load",
		Long: `chatbench plays the customers of a web chat on Huawei Cloud AICC: thousands of them connect, talk,
poll, download and are hung up on, as the vendor's demo web client does. It checks every
conversation against the rules of the contract and reports latencies honestly.

Exit codes: 0 passed; 1 a rule was broken; 2 a required rule is undecided; 3 a performance gate
failed; 4 the known-failure file is stale; 5 chatbench itself was too slow; 6 the target cannot be used; 64 usage or scenario error;
70 a bug in chatbench; 130 interrupted.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("lang", "", "language of what people read: en or zh (default from the locale)")
	root.PersistentFlags().Bool("no-color", false, "no colours (as does the variable NO_COLOR)")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		_, err := printer(cmd)
		return err
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newRun(), newCheck(), newRecord(), newCompare(), newKnown(), newReport(), newValidate(), newPlan(), newDoctor(), newStaff(), newCapacity(), newRules(), newExplain(), newTenant(say), newSchema(), newVersion())
	localize(root, say)
	return root
}

// usageError is what is wrong with the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitError ends the program with a code of its own; what it was about has been said already.
type exitError result.Exit

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// exitCode is the one place that turns an error into text and an exit code.
func exitCode(err error, stderr io.Writer, say *lang.Printer) int {
	var exit exitError
	var target *sim.TargetError
	var refusal *compare.Refusal
	switch {
	case err == nil:
		return int(result.ExitOK)
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &target):
		fmt.Fprintln(stderr, "chatbench:", say.T(target.Error()))
		return int(result.ExitUnreachable)
	case errors.As(err, &refusal):
		fmt.Fprintln(stderr, "chatbench:", say.T(refusal.Error()))
		return int(refusal.Exit())
	case errors.Is(err, run.ErrInterrupted):
		fmt.Fprintln(stderr, "chatbench:", say.T(err.Error()))
		return int(result.ExitInterrupted)
	}
	fmt.Fprintln(stderr, problems(err, say))
	if errors.Is(err, errBadDraft) {
		return int(result.ExitBug)
	}
	return int(result.ExitUsage)
}

// problems writes each scenario problem on a line of its own, so that editors find the place.
func problems(err error, say *lang.Printer) string {
	var list scenario.Problems
	if !errors.As(err, &list) {
		return "chatbench: " + say.T(err.Error())
	}
	said := slices.Clone(list)
	for i := range said {
		said[i].Message, said[i].Hint = say.T(said[i].Message), say.T(said[i].Hint)
	}
	return said.Error()
}

// exactly is cobra.ExactArgs with an error that says what is missing.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usagef("%s needs %s; see \"%s --help\"", cmd.CommandPath(), names[len(args)], cmd.CommandPath())
		case len(args) > len(names):
			return usagef("%s does not know what to do with %q; see \"%s --help\"", cmd.CommandPath(), args[len(names)], cmd.CommandPath())
		}
		return nil
	}
}

// atMost is cobra.MaximumNArgs in the same words.
func atMost(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > len(names) {
			return exactly(names...)(cmd, args)
		}
		return nil
	}
}

// reading is what scenarios are read with.
func reading() scenario.Options {
	return scenario.Options{Env: os.LookupEnv, Rules: check.Known(), Own: ownRules(), Metrics: latencies(), Errors: gate.Counters(), Mutants: mutantNames()}
}

// readingOfClients is what known failures are read with where they may be those of a client that is
// judged: to it the rules for chatbench itself are rules like others.
func readingOfClients() scenario.Options {
	opt := reading()
	opt.Own = nil
	return opt
}

// latencies are the metrics that are times.
func latencies() []string {
	return slices.DeleteFunc(metric.Names(), func(name string) bool { return strings.HasSuffix(name, ".rate") })
}

func mutantNames() []string {
	var names []string
	for _, m := range slices.Concat(tenant.Mutants(), tenant.ProbeMutants()) {
		names = append(names, m.Name)
	}
	return names
}
