package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
)

// The reports that a run adds to the folder given to --out.
const (
	junitFile    = "junit.xml"
	markdownFile = "summary.md"
)

// rendering is how a result is written.
type rendering struct {
	format       string // text, json, junit or markdown
	inconclusive string // skipped or error: what JUnit makes of it
	full         string // the file that has everything, or ""
	color        bool
	files        []string // named at the end of a text
	say          *lang.Printer
}

func (r *rendering) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.inconclusive, "inconclusive", "skipped", "what is undecided is `skipped` or error in JUnit")
}

// check looks whether the flags make sense.
func (r *rendering) check() error {
	switch r.format {
	case "", "text", "json", "junit", "markdown":
	default:
		return usagef("--format %q is not text, json, junit or markdown", r.format)
	}
	if r.inconclusive != "skipped" && r.inconclusive != "error" {
		return usagef("--inconclusive %q is not skipped or error", r.inconclusive)
	}
	return nil
}

// write renders a result into w.
func (r *rendering) write(w io.Writer, res *result.Result) error {
	switch r.format {
	case "json":
		data, err := result.Encode(res)
		if err != nil {
			return err
		}
		return ignoreCount(w.Write(data))
	case "junit":
		return report.JUnit(w, res, report.JUnitOptions{InconclusiveIsError: r.inconclusive == "error", Full: r.full})
	case "markdown":
		return report.Markdown(w, res, r.say)
	}
	return report.Text(w, res, report.TextOptions{Color: r.color, Files: r.files, Lang: r.say})
}

// save renders a result into a file, which is not touched when that does not work.
func (r *rendering) save(file string, res *result.Result) error {
	var b bytes.Buffer
	if err := r.write(&b, res); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

func newReport() *cobra.Command {
	var r rendering
	var out string
	cmd := &cobra.Command{
		Use:   "report RESULT",
		Short: "Render a result.json again: as text, JSON, JUnit or Markdown",
		Long: `Renders the result of an earlier run, a result.json or the folder it is in. The exit code says
whether that worked, not how the run ended.`,
		Example: `  chatbench report results/
  chatbench report results/ --format junit --out junit.xml
  chatbench report results/ --format markdown >> "$GITHUB_STEP_SUMMARY"`,
		Args: exactly("a result.json"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.check(); err != nil {
				return err
			}
			var err error
			if r.say, err = printer(cmd); err != nil {
				return err
			}
			res, err := result.Load(args[0])
			if err != nil {
				return err
			}
			r.full = args[0]
			if out != "" {
				return r.save(out, res)
			}
			w := cmd.OutOrStdout()
			r.color = colored(cmd, w)
			return r.write(w, res)
		},
	}
	cmd.Flags().StringVar(&r.format, "format", "text", "`FORMAT`: text, json, junit or markdown")
	cmd.Flags().StringVar(&out, "out", "", "write to `FILE` instead of standard output")
	r.register(cmd)
	return cmd
}

// reportFiles are the further reports that run writes.
type reportFiles struct {
	rendering
	junit, markdown string
}

func (f *reportFiles) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.junit, "junit", "", "write a JUnit report for CI servers to `FILE`")
	flags.StringVar(&f.markdown, "markdown", "", "write a summary for a pull request or merge request to `FILE`")
	f.rendering.register(cmd)
}

// check looks, before the load, whether the files can be written after it. The folder out is made
// by the run itself.
func (f *reportFiles) check(out string) error {
	if f.junit != "" && f.junit == f.markdown {
		return usagef("--junit and --markdown name the same file %s", f.junit)
	}
	return errors.Join(writable("--junit", f.junit, out), writable("--markdown", f.markdown, out), f.rendering.check())
}

func writable(flag, file, out string) error {
	if file == "" {
		return nil
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return usagef("%s %s is a folder, not a file", flag, file)
	}
	dir := filepath.Dir(file)
	if info, err := os.Stat(dir); (err != nil || !info.IsDir()) && (out == "" || dir != filepath.Clean(out)) {
		return usagef("%s %s: there is no folder %s", flag, file, dir)
	}
	return nil
}

// save writes the reports that were asked for, and both into the folder out if there is one. It
// names those that are there; what cannot be written does not keep the others from it.
func (f *reportFiles) save(r *result.Result, out string) (files []string, err error) {
	if out != "" {
		f.full = filepath.Join(out, run.ResultFile)
	}
	for _, one := range []struct{ file, format string }{
		{within(out, junitFile), "junit"}, {within(out, markdownFile), "markdown"},
		{f.junit, "junit"}, {f.markdown, "markdown"},
	} {
		if one.file == "" {
			continue
		}
		f.format = one.format
		if failed := f.rendering.save(one.file, r); failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		files = append(files, one.file)
	}
	return files, err
}

// within is a file in a folder, or "" without one.
func within(dir, file string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(dir, file)
}

// notPlayed writes the reports of a run that never began because of its target or was interrupted
// before, so that a CI server does not show those of the run before. It gives the cause back, with
// what went wrong in writing.
func (f *reportFiles) notPlayed(cause error, scenario, out string) error {
	exit := result.Exit(exitCode(cause, io.Discard, nil))
	verdict, ours := map[result.Exit]result.Verdict{
		result.ExitUnreachable: result.Unreachable, result.ExitInterrupted: result.Interrupted,
	}[exit]
	if !ours {
		return cause
	}
	r := &result.Result{
		Tool: result.Tool{Version: toolVersion()}, Scenario: result.Scenario{Name: scenario},
		Run:     result.Run{Command: result.MaskArgs(commandLine())},
		Verdict: verdict, Exit: exit, Reasons: []string{cause.Error()},
	}
	if _, err := f.save(r, out); err != nil {
		return errors.Join(cause, err)
	}
	return cause
}
