package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/compare"
	"chatbench/internal/export"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
)

// The reports that a run adds to the folder given to --out.
const (
	junitFile       = "junit.xml"
	markdownFile    = "summary.md"
	csvFile         = "timeseries.csv"
	openMetricsFile = "metrics.om"
	htmlFile        = "report.html"
)

// formats are what a result can be written as.
func formats() []string {
	return []string{"text", "html", "json", "junit", "markdown", "csv", "openmetrics", "github", "gitlab"}
}

// rendering is how a result is written.
type rendering struct {
	format       string // one of formats
	inconclusive string // skipped or error: what JUnit makes of it
	full         string // the file that has everything, or ""
	color        bool
	files        []string        // named at the end of a text
	comparison   *compare.Report // with a baseline, below the summary; or nil
	say          *lang.Printer
}

func (r *rendering) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&r.inconclusive, "inconclusive", "skipped", "what is undecided is `skipped` or error in JUnit")
}

// check looks whether the flags make sense.
func (r *rendering) check() error {
	if r.format != "" && !slices.Contains(formats(), r.format) {
		return usagef("--format %q is not one of %s", r.format, strings.Join(formats(), ", "))
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
		err := report.Markdown(w, res, r.say)
		if r.comparison != nil {
			err = errors.Join(err, ignoreCount(io.WriteString(w, "\n")), report.ComparisonMarkdown(w, r.comparison, r.say))
		}
		return err
	case "html":
		return report.HTML(w, res, r.say)
	case "csv":
		return report.CSV(w, res)
	case "openmetrics":
		return export.OpenMetrics(w, res)
	case "github":
		return report.GitHub(w, res)
	case "gitlab":
		return report.GitLab(w, res)
	}
	return report.Text(w, res, report.TextOptions{Color: r.color, Files: r.files, Lang: r.say})
}

// save renders a result into a file, see [saved].
func (r *rendering) save(file string, res *result.Result) error {
	return saved(file, func(w io.Writer) error { return r.write(w, res) })
}

// saved writes a file, which is not touched when what is to be in it cannot be rendered.
func saved(file string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o666)
}

func newReport() *cobra.Command {
	var r rendering
	var out string
	cmd := &cobra.Command{
		Use:   "report RESULT",
		Short: "Render a result.json again: as text, HTML, JSON, JUnit, Markdown, CSV, OpenMetrics or annotations",
		Long: `Renders the result of an earlier run, a result.json or the folder it is in. The comparison.json of
"compare --format json" or of a run with a baseline, and the capacity.json of a search, are rendered as
text, HTML, JSON or Markdown. The exit code says whether that worked, not how the run ended.`,
		Example: `  chatbench report results/
  chatbench report results/ --format html --out report.html
  chatbench report results/ --format junit --out junit.xml
  chatbench report results/ --format markdown >> "$GITHUB_STEP_SUMMARY"
  chatbench report results/ --format gitlab --out gl-code-quality-report.json
  chatbench report results/ --format csv --out timeseries.csv
  chatbench report results/comparison.json --format html --out comparison.html
  chatbench report found/ --format markdown`,
		Args: exactly("a result.json"),
		RunE: func(cmd *cobra.Command, args []string) error { return r.again(cmd, args[0], out) },
	}
	cmd.Flags().StringVar(&r.format, "format", "text", "`FORMAT`: "+strings.Join(formats(), ", "))
	cmd.Flags().StringVar(&out, "out", "", "write to `FILE` instead of standard output")
	r.register(cmd)
	return cmd
}

// again renders what a file or folder holds, to a file or to standard output.
func (r *rendering) again(cmd *cobra.Command, path, out string) error {
	if err := r.check(); err != nil {
		return err
	}
	var err error
	if r.say, err = printer(cmd); err != nil {
		return err
	}
	d, err := loadDocument(path)
	if err != nil {
		return err
	}
	if err := d.check(r.format); err != nil {
		return err
	}
	r.full = path
	if out != "" {
		return saved(out, func(w io.Writer) error { return d.write(w, r) })
	}
	w := cmd.OutOrStdout()
	r.color = colored(cmd, w)
	return d.write(w, r)
}

// reportFiles are the further reports that run writes.
type reportFiles struct {
	rendering
	junit, markdown, html, csv, openMetrics string
	annotations                             string // github, or github=FILE or gitlab=FILE, or ""
}

func (f *reportFiles) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.junit, "junit", "", "write a JUnit report for CI servers to `FILE`")
	flags.StringVar(&f.markdown, "markdown", "", "write a summary for a pull request or merge request to `FILE`")
	flags.StringVar(&f.html, "html", "", "write a page with charts, which opens in a browser, to `FILE`")
	flags.StringVar(&f.csv, "csv", "", "write the run by the second, for spreadsheets, to `FILE`")
	flags.StringVar(&f.openMetrics, "openmetrics", "", "write the run's metrics in the OpenMetrics format to `FILE`")
	flags.StringVar(&f.annotations, "annotations", "", "gates and broken rules at their lines of the scenario, as `github` workflow commands on standard output, or github=FILE or gitlab=FILE")
	f.rendering.register(cmd)
}

// annotated is the format of the annotations and the file they go to, "" for standard output.
func (f *reportFiles) annotated() (format, file string) {
	format, file, _ = strings.Cut(f.annotations, "=")
	return format, file
}

// checkAnnotations refuses what --annotations cannot be.
func (f *reportFiles) checkAnnotations() error {
	format, file := f.annotated()
	switch {
	case f.annotations == "", f.annotations == "github", (format == "github" || format == "gitlab") && file != "":
		return nil
	}
	return usagef("--annotations %q is not github, github=FILE or gitlab=FILE", f.annotations)
}

// annotate writes the annotations that go to standard output.
func (f *reportFiles) annotate(w io.Writer, r *result.Result) error {
	if f.annotations != "github" {
		return nil
	}
	return report.GitHub(w, r)
}

// wanted is a report that a flag asked for.
type wanted struct{ flag, file, format string }

// wanted lists the reports that have a flag.
func (f *reportFiles) wanted() []wanted {
	annotations, file := f.annotated()
	return []wanted{
		{"--junit", f.junit, "junit"}, {"--markdown", f.markdown, "markdown"}, {"--html", f.html, "html"},
		{"--csv", f.csv, "csv"}, {"--openmetrics", f.openMetrics, "openmetrics"},
		{"--annotations", file, annotations},
	}
}

// check looks, before the load, whether the files can be written after it. The folder out is made
// by the run itself.
func (f *reportFiles) check(out string) error {
	problems := errors.Join(f.rendering.check(), f.checkAnnotations())
	flags := map[string]string{}
	for _, one := range f.wanted() {
		if one.file == "" {
			continue
		}
		name := filepath.Clean(one.file)
		if other := flags[name]; other != "" {
			return usagef("%s and %s name the same file %s", other, one.flag, name)
		}
		flags[name] = one.flag
		problems = errors.Join(problems, writable(one.flag, one.file, out))
	}
	return problems
}

// writable refuses a file that could not be written.
func writable(flag, file, out string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return usagef("%s %s is a folder, not a file", flag, file)
	}
	dir := filepath.Dir(file)
	if info, err := os.Stat(dir); (err != nil || !info.IsDir()) && (out == "" || dir != filepath.Clean(out)) {
		return usagef("%s %s: there is no folder %s", flag, file, dir)
	}
	return nil
}

// save writes the reports that were asked for, and all into the folder out if there is one. It
// names those that are there; what cannot be written does not keep the others from it.
func (f *reportFiles) save(r *result.Result, out string) (files []string, err error) {
	if out != "" {
		f.full = filepath.Join(out, run.ResultFile)
	}
	always := []wanted{
		{"", within(out, junitFile), "junit"}, {"", within(out, markdownFile), "markdown"},
		{"", within(out, htmlFile), "html"}, {"", within(out, csvFile), "csv"}, {"", within(out, openMetricsFile), "openmetrics"},
	}
	for _, one := range append(always, f.wanted()...) {
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
