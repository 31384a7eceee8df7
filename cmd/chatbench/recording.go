package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"chatbench/internal/har"
	"chatbench/internal/result"
	"chatbench/internal/run"
)

// recording is what check reads instead of asking a tenant: a trace, or what a browser recorded.
type recording struct {
	io.Closer
	file   string
	har    bool
	replay run.Replay
	target result.Target
	notes  []string
}

// openRecording opens a file as what it is. Host says which exchanges of a browser's are wanted.
func openRecording(path, host string) (*recording, error) {
	file := traceFile(path)
	isHAR, err := har.Is(file)
	if err != nil {
		return nil, err
	}
	if isHAR {
		return openHAR(file, host)
	}
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	return &recording{Closer: in, file: file, replay: run.FromTrace(in)}, nil
}

func openHAR(file, host string) (*recording, error) {
	in, err := har.Open(file, har.Options{Host: host})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	target := result.Target{Kind: result.Recorded, URL: in.About.URL(), Note: in.About.Note(filepath.Base(file))}
	return &recording{Closer: in, file: file, har: true, replay: in.Replay, target: target, notes: in.Notes()}, nil
}

// forRecordings are the flags for tenants that make sense for a browser's recording all the same: it
// has no result of an earlier run.
var forRecordings = []string{"junit", "markdown", "annotations"}

// fits refuses flags that mean nothing for the recording.
func (in *recording) fits(cmd *cobra.Command) error {
	if !in.har && cmd.Flags().Changed("host") {
		return usagef("--host is for the recording of a browser, and %s is a trace", in.file)
	}
	for _, name := range forTenants {
		if cmd.Flags().Changed(name) && !(in.har && slices.Contains(forRecordings, name)) {
			return usagef("--%s is for the check of a tenant, and %s was given", name, in.what())
		}
	}
	return nil
}

// spared refuses to write a report, or the trace, to where the recording itself is.
func (in *recording) spared(reports *reportFiles, out string) error {
	files := reports.wanted()
	if out != "" {
		files = append(files, wanted{flag: "--out", file: filepath.Join(out, run.TraceFile)})
	}
	source, err := os.Stat(in.file)
	if err != nil {
		return err
	}
	for _, one := range files {
		if info, err := os.Stat(one.file); err == nil && os.SameFile(source, info) {
			return usagef("%s would overwrite the recording %s", one.flag, in.file)
		}
	}
	return nil
}

func (in *recording) what() string {
	if in.har {
		return "a recording"
	}
	return "a trace"
}

// keep makes the folder of the results and writes the events into it.
func (in *recording) keep(out string, r *result.Result) error {
	if out == "" {
		return nil
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	kept, err := run.Keep(in.replay, out)
	r.Trace = kept
	return err
}

// recording checks what was recorded.
func (f *checkFlags) recording(cmd *cobra.Command, in *recording) error {
	opt, err := f.judging(cmd)
	if err != nil {
		return err
	}
	if err := errors.Join(f.play.reports.check(f.play.out), in.spared(&f.play.reports, f.play.out)); err != nil {
		return err
	}
	opt.File, opt.Target, opt.Notes = in.file, in.target, in.notes
	r, err := run.Recheck(in.replay, opt)
	if err != nil {
		return fmt.Errorf("%s: %w", in.file, err)
	}
	if !in.har {
		return show(cmd, r, f.play.json)
	}
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	if err := in.keep(f.play.out, r); err != nil {
		return usageError{err}
	}
	return f.play.deliver(cmd, r, say)
}
