package main

import (
	"errors"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"chatbench/internal/compare"
	"chatbench/internal/gate"
	"chatbench/internal/lang"
	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
)

// comparisonPage is what the page of a comparison is called in the folder of a run.
const comparisonPage = "comparison.html"

// baseline is what a run is held against when it is over.
type baseline struct {
	compareFlags
	paths []string
	runs  []compare.Input
	lang  *lang.Printer
	// found is nil when there is no baseline, or the run did not come as far as to be compared.
	found *compare.Report
}

// withBaseline begins what is said of flags that only mean something beside --baseline.
const withBaseline = "with --baseline: "

func (b *baseline) register(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&b.paths, "baseline", nil, "hold the run against an earlier one, `RESULT`: a result.json, or a folder of one or several; may be given several times (exit code 3 when the run is worse)")
	b.compareFlags.register(cmd)
	for _, name := range []string{"metric", "alpha", "min-effect", "anyway"} {
		flag := cmd.Flags().Lookup(name)
		flag.Usage = withBaseline + flag.Usage
	}
}

// read loads the baseline, and looks whether the run that is planned can be compared with it: it is
// better to know before the load than after it.
func (b *baseline) read(cmd *cobra.Command, s *scenario.Scenario, overrides []string) (err error) {
	if len(b.paths) == 0 {
		return nil
	}
	if err := b.check(); err != nil {
		return err
	}
	if b.lang, err = printer(cmd); err != nil {
		return err
	}
	if b.runs, err = loadSide(b.paths); err != nil {
		return err
	}
	return compare.Fits(b.runs, run.Planned(s, overrides), b.anyway)
}

// judge compares the run and makes what came of it one of its gates. A run that did not come to its
// end is judged by the rules only, and one that was INVALID says nothing that could be compared.
func (b *baseline) judge(r *result.Result) {
	if len(b.runs) == 0 || r.Run.Ended != "" {
		return
	}
	g := result.Gate{Kind: result.GateBaseline, Name: "no worse than the baseline", Verdict: result.Invalid, Unit: "count",
		Sentence: "The run is not compared with the baseline: chatbench itself was short of something."}
	exit := result.ExitInvalid
	if r.Verdict != result.Invalid {
		var err error
		if b.found, err = compare.Runs(b.runs, []compare.Input{{File: "this run", Result: r}}, b.options()); err != nil {
			g.Verdict, exit, g.Sentence = result.Inconclusive, result.ExitInconclusive, "The run cannot be compared with the baseline: "+err.Error()
		} else {
			g, exit = b.found.Gate()
		}
	}
	gate.Add(r, g, exit)
}

// text writes the comparison below the report of the run, if there is one.
func (b *baseline) text(w io.Writer, color bool) error {
	if b.found == nil {
		return nil
	}
	_, err := io.WriteString(w, "\n")
	return errors.Join(err, report.Comparison(w, b.found, report.ComparisonOptions{Color: color, Lang: b.lang}))
}

// save writes the comparison into the folder of the run, for programs and as a page, and names the
// files, if there is one.
func (b *baseline) save(dir string) (files []string, err error) {
	if b.found == nil || dir == "" {
		return nil, nil
	}
	file := filepath.Join(dir, compare.FileName)
	if err := compare.Save(file, b.found); err != nil {
		return nil, err
	}
	shown := filepath.Join(dir, comparisonPage)
	if err := saved(shown, func(w io.Writer) error { return report.ComparisonHTML(w, b.found, b.lang) }); err != nil {
		return []string{file}, err
	}
	return []string{file, shown}, nil
}
