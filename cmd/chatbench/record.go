package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"chatbench/internal/har"
	"chatbench/internal/lang"
	"chatbench/internal/scenario"
)

// recordFlags are the flags of record.
type recordFlags struct {
	out, user, host string
	force           bool
}

func newRecord() *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "record RECORDING",
		Short: "Draft a scenario from a browser's recording of a real chat",
		Long: `Reads a HAR file, as the developer tools of a browser save it (network panel, "Save all as HAR with
content"), and writes a scenario in which customers do what the recorded ones did: their texts, their
uploads and the time they took, whom they waited for, and how it ended. It plays against the embedded
tenant as it is, and against a real one with --target.

Address, channel, keys, tokens and names of the recording are not written. Phone numbers, e-mail
addresses, ID-card numbers and the like in texts become columns of a data file, with made-up values;
order numbers keep theirs. Read the draft before you pass it on all the same.

The scenario goes to standard output, or with --out into a file, with uploaded files and data beside
it. What could not be turned into a step is told, and stands as a comment at the head of the scenario.`,
		Example: `  chatbench record session.har
  chatbench record session.har --out parcel.yaml && chatbench run parcel.yaml
  chatbench record two-tabs.har --user 2 --out second.yaml`,
		Args: exactly("a recording (a .har file)"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.record(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "write the scenario to `FILE`, and what it needs beside it")
	flags.BoolVar(&f.force, "force", false, "overwrite files that are there already")
	flags.StringVar(&f.user, "user", "", "only what one user did: the user's id, or a `NUMBER` from 1 in the order of the recording")
	flags.StringVar(&f.host, "host", "", "only exchanges with `HOST`, with its port if it has one")
	return cmd
}

// check refuses flags that cannot be meant.
func (f *recordFlags) check(cmd *cobra.Command) error {
	for _, name := range []string{"out", "user", "host"} {
		if flag := cmd.Flags().Lookup(name); flag.Changed && strings.TrimSpace(flag.Value.String()) == "" {
			return usagef("--%s is empty; leave it out if it is not meant", name)
		}
	}
	switch {
	case f.out != "" && !isScenario(f.out):
		return usagef("--out %s is no name of a scenario; it must end in .yaml", f.out)
	case f.force && f.out == "":
		return usagef("--force needs --out")
	}
	return nil
}

func (f *recordFlags) record(cmd *cobra.Command, file string) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	rec, err := har.Open(file, har.Options{Host: f.host})
	var path *fs.PathError
	switch {
	case errors.As(err, &path): // which names the file
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", file, err)
	}
	defer rec.Close()
	out, err := f.draft(rec, file)
	if out != nil {
		tellNotes(cmd.ErrOrStderr(), say, file, out.Notes)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if f.out == "" {
		_, err := cmd.OutOrStdout().Write(out.Scenario)
		return err
	}
	if err := f.write(out); err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), say.Sprintf("%s: %s, %s; play it with: chatbench run %s", f.out,
		say.Count(int64(out.Conversations), "conversation"), say.Count(int64(out.Flows), "flow"), f.out))
	return nil
}

// draft makes the scenario, and makes sure that it is one. Notes come with an error, too.
func (f *recordFlags) draft(rec *har.Recording, file string) (*har.Drafted, error) {
	user, err := f.pick(rec)
	if err != nil {
		return nil, err
	}
	name := scenarioName(first(f.out, file))
	out, err := rec.Draft(har.DraftOptions{Source: filepath.Base(file), Name: name, Customer: user, Files: f.out != ""})
	if err != nil {
		return out, err
	}
	if size := len(out.Scenario); size > scenario.MaxFile {
		return out, fmt.Errorf("the draft has %d MiB, and a scenario has %d MiB at most; take one user with --user", size>>20, scenario.MaxFile>>20)
	}
	return out, valid(out, first(f.out, "scenario.yaml"))
}

// valid reads a draft as the scenario that it must be.
func valid(out *har.Drafted, file string) error {
	opt := reading()
	opt.Open = func(name string) (io.ReadCloser, error) {
		for _, beside := range out.Files {
			if beside.Name == filepath.Base(name) {
				return io.NopCloser(bytes.NewReader(beside.Data)), nil
			}
		}
		return nil, fs.ErrNotExist
	}
	if _, err := scenario.Parse(file, out.Scenario, opt); err != nil {
		return fmt.Errorf("%w: %v", errBadDraft, err)
	}
	return nil
}

// errBadDraft means that what was drafted is not a scenario, which must not happen.
var errBadDraft = errors.New("the draft is not a scenario, which is a bug in chatbench")

// scenarioName is what a scenario is called after its file, and what the names of the files beside it
// begin with. YAML cannot say every name that a file may have.
func scenarioName(file string) string {
	base := filepath.Base(file)
	name := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '-'
		}
		return r
	}, strings.TrimSuffix(base, filepath.Ext(base)))
	return first(strings.TrimSpace(name), "recording")
}

// pick finds the customer that --user means: from 0, -1 for all.
func (f *recordFlags) pick(rec *har.Recording) (int, error) {
	if f.user == "" {
		return -1, nil
	}
	for i, c := range rec.Customers {
		if c.User == f.user {
			return i, nil
		}
	}
	if n, err := strconv.Atoi(f.user); err == nil && n >= 1 && n <= len(rec.Customers) {
		return n - 1, nil
	}
	return 0, usagef("--user is none of the %d users of the recording, nor a number from 1 to %d", len(rec.Customers), len(rec.Customers))
}

// tellNotes says what is not as it was recorded.
func tellNotes(w io.Writer, say *lang.Printer, file string, notes []har.Note) {
	for _, n := range notes {
		text := say.T(n.Text)
		if n.Count > 1 {
			text = say.Sprintf("%s (%d times)", text, n.Count)
		}
		if n.Entry < 0 {
			fmt.Fprintf(w, "%s: %s\n", file, text)
			continue
		}
		fmt.Fprintln(w, say.Sprintf("%s: entry %d: %s", file, n.Entry, text))
	}
}

// write writes the scenario and what it needs, the scenario last, so that it is never without them.
func (f *recordFlags) write(out *har.Drafted) error {
	files := append(out.Files, har.DraftFile{Name: filepath.Base(f.out), Data: out.Scenario})
	folder := filepath.Dir(f.out)
	for _, file := range files {
		if _, err := os.Lstat(filepath.Join(folder, file.Name)); err == nil && !f.force {
			return usagef("%s is there already; give another name with --out, or --force to overwrite it", filepath.Join(folder, file.Name))
		}
	}
	for _, file := range files {
		if err := f.create(filepath.Join(folder, file.Name), file.Data); err != nil {
			return err
		}
	}
	return nil
}

// create writes one file, which only --force lets be there already.
func (f *recordFlags) create(name string, data []byte) error {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if f.force {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(name, mode, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}
