package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/compare"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// compareFlags are how results are compared, for compare and for run --baseline.
type compareFlags struct {
	metrics   []string
	alpha     share
	minEffect share
	anyway    bool
}

func (f *compareFlags) register(cmd *cobra.Command) {
	f.alpha, f.minEffect = compare.DefaultAlpha, compare.DefaultMinEffect
	flags := cmd.Flags()
	flags.StringSliceVar(&f.metrics, "metric", nil, "compare `NAMES` only, such as delivery,errors; the exit code is then 2 when one of them cannot be told")
	flags.Var(&f.alpha, "alpha", "how probable a false alarm may be, over all figures together")
	flags.Var(&f.minEffect, "min-effect", "the least relative change that matters")
	flags.BoolVar(&f.anyway, "anyway", false, "compare also what is in doubt: another version of the scenario's file, another machine")
}

func (f *compareFlags) check() error {
	for _, name := range f.metrics {
		if !slices.Contains(compare.Names(), name) {
			return usagef("--metric: there is no figure %q; %s", name, scenario.Suggest(name, compare.Names()))
		}
	}
	if !(f.alpha > 0 && f.alpha < 0.5) { // which NaN is not, either
		return usagef("--alpha %v is not more than 0 and less than 50%%", &f.alpha)
	}
	if !(f.minEffect > 0 && f.minEffect <= 10) {
		return usagef("--min-effect %v is not more than 0 and at most 1000%%", &f.minEffect)
	}
	return nil
}

func (f *compareFlags) options() compare.Options {
	return compare.Options{Metrics: f.metrics, Alpha: float64(f.alpha), MinEffect: float64(f.minEffect), Anyway: f.anyway,
		Tool: result.Tool{Version: toolVersion(), Go: runtime.Version()}}
}

// share is a flag such as 10% or 0.1.
type share float64

func (s *share) String() string { return strconv.FormatFloat(float64(*s)*100, 'g', 4, 64) + "%" }
func (s *share) Type() string   { return "share" }

func (s *share) Set(text string) error {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return fmt.Errorf("%q is not a share such as 10%% or 0.1", text)
	}
	if percent {
		v /= 100
	}
	*s = share(v)
	return nil
}

// comparing is what the command compare does.
type comparing struct {
	compareFlags
	format, out string
}

func newCompare() *cobra.Command {
	var c comparing
	cmd := &cobra.Command{
		Use:   "compare BASE NEW | BASE... -- NEW...",
		Short: "Hold the results of new runs against those of earlier ones",
		Long: `Compares results (result.json, or the folder of a run's --out) and says of each figure whether it got
better or worse, is the same, or cannot be told. A folder that holds several results stands for all of
them. With several runs a side the differences between runs of the same thing are seen and taken into
account; with one a side they are only presumed (docs/comparing.md).

Runs of another scenario, load or kind of target are refused, and so are runs that were INVALID or did
not come to their end. Of another machine, or another version of the scenario's file, --anyway compares
them all the same.

Exit codes: 0 the same or better; 1 a rule is broken that held in the base; 2 cannot tell: nothing can
be told at all, or not what was asked for with --metric; 3 something got worse; 5 a run was INVALID;
64 the runs cannot be compared.`,
		Example: `  chatbench compare baseline/ results/
  chatbench compare baseline/*.json -- monday/ tuesday/ wednesday/
  chatbench compare baseline/ results/ --metric delivery,reply --min-effect 5%
  chatbench compare baseline/ results/ --format html --out comparison.html
  chatbench compare baseline/ results/ --format markdown >> "$GITHUB_STEP_SUMMARY"`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			base, new, err := sides(args, cmd.ArgsLenAtDash())
			if err != nil {
				return err
			}
			return c.compare(cmd, base, new)
		},
	}
	cmd.Flags().StringVar(&c.format, "format", "text", "`FORMAT`: text, html, json or markdown")
	cmd.Flags().StringVar(&c.out, "out", "", "write to `FILE` instead of standard output")
	c.register(cmd)
	return cmd
}

// sides tells the base from what is new: two arguments are one each, of more "--" stands between them.
func sides(args []string, dash int) (base, new []string, err error) {
	switch {
	case dash < 0 && len(args) == 2:
		return args[:1], args[1:], nil
	case len(args) == 0:
		return nil, nil, usagef(`compare needs a base and a new result; see "chatbench compare --help"`)
	case len(args) == 1 && dash < 0:
		return nil, nil, usagef("compare needs something to hold %s against: chatbench compare BASE NEW", args[0])
	case dash < 0:
		return nil, nil, usagef("which of these %d are the base? Put \"--\" between the sides: chatbench compare %s ... -- ... %s", len(args), args[0], args[len(args)-1])
	case dash == 0 || dash == len(args):
		return nil, nil, usagef("there is no result on one side of \"--\": chatbench compare BASE... -- NEW...")
	}
	return args[:dash], args[dash:], nil
}

func (c *comparing) compare(cmd *cobra.Command, base, new []string) error {
	if err := c.check(); err != nil {
		return err
	}
	baseRuns, failed := loadSide(base)
	newRuns, err := loadSide(new)
	if err := errors.Join(failed, err); err != nil {
		return err
	}
	r, err := compare.Runs(baseRuns, newRuns, c.options())
	if err != nil {
		return err
	}
	p, err := printer(cmd)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := cmd.OutOrStdout()
	rendered := comparisonRendering{format: c.format, color: c.out == "" && colored(cmd, w), lang: p}
	if err := rendered.write(&b, r); err != nil {
		return err
	}
	if c.out != "" {
		err = os.WriteFile(c.out, b.Bytes(), 0o666)
	} else {
		_, err = w.Write(b.Bytes())
	}
	if err != nil {
		return err
	}
	return exitError(r.Exit)
}

func (c *comparing) check() error {
	if !slices.Contains([]string{"text", "html", "json", "markdown"}, c.format) {
		return usagef("--format %q is not text, html, json or markdown", c.format)
	}
	return c.compareFlags.check()
}

// comparisonRendering is how a comparison is written.
type comparisonRendering struct {
	format string // text, html, json or markdown
	color  bool
	lang   *lang.Printer
}

func (r *comparisonRendering) write(w io.Writer, c *compare.Report) error {
	switch r.format {
	case "json":
		data, err := compare.Encode(c)
		if err != nil {
			return err
		}
		return ignoreCount(w.Write(data))
	case "html":
		return report.ComparisonHTML(w, c, r.lang)
	case "markdown":
		return report.ComparisonMarkdown(w, c, r.lang)
	}
	return report.Comparison(w, c, report.ComparisonOptions{Color: r.color, Lang: r.lang})
}

// loadSide reads the results of a side. The error names all that cannot be read.
func loadSide(paths []string) ([]compare.Input, error) {
	var list []compare.Input
	var failed error
	for _, path := range paths {
		files, err := resultsAt(path)
		failed = errors.Join(failed, err)
		for _, file := range files {
			r, err := result.Load(file)
			if err != nil {
				failed = errors.Join(failed, err)
				continue
			}
			list = append(list, compare.Input{File: file, Result: r})
		}
	}
	return list, failed
}

// resultsAt gives the results that a path stands for: a file, the result in a folder, or all the
// results in a folder of several, be they files of it or in folders of their own.
func resultsAt(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil || regular(filepath.Join(path, result.FileName)) {
		return []string{path}, nil // result.Load says what is wrong, if something is
	}
	var found []string
	for _, e := range entries {
		file := filepath.Join(path, e.Name())
		switch {
		case e.IsDir() && regular(filepath.Join(file, result.FileName)):
			found = append(found, file)
		case !e.IsDir() && filepath.Ext(file) == ".json" && e.Name() != compare.FileName:
			found = append(found, file)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no result in the folder %s, nor in the folders in it", path)
	}
	return found, nil
}

func regular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
