package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"chatbench/internal/report"
	"chatbench/internal/result"
	"chatbench/internal/run"
)

func newCheck() *cobra.Command {
	var strict, asJSON bool
	cmd := &cobra.Command{
		Use:   "check TRACE",
		Short: "Check a recorded trace against the rules",
		Long: `Reads the trace of an earlier run, trace.ndjson.gz in the folder given to --out or that folder, and
judges it by the same rules, in the same code, as the run itself was.`,
		Args: exactly("a trace file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := traceFile(args[0])
			f, err := os.Open(file)
			if err != nil {
				return err
			}
			defer f.Close()
			r, err := run.Recheck(f, run.RecheckOptions{File: file, Version: toolVersion(), Command: commandLine(), Strict: strict})
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			return show(cmd, r, asJSON)
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "let rules that nobody promises fail the check, too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write the result as JSON")
	return cmd
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
		if err := report.Text(w, r, report.TextOptions{Color: colored(w, false)}); err != nil {
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
