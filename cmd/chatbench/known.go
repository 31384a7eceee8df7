package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"chatbench/internal/gate"
	"chatbench/internal/lang"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

func newKnown() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "known",
		Short: "Keep the file of known failures up to date",
		Long: `A known-failure file lists rules that a tenant is known to break for now. They are shown as XFAIL and
do not fail a run; one that holds again, or is past its last day, does (exit code 4).

  known:
    - rule: DSC-03
      scenario: handover        # left out: any
      reason: the tenant sends DISCONNECT twice until release 8.20
      link: https://tracker.example.com/4711
      until: 2027-03-01         # last day; left out: no end

run and check take the file with --known, a scenario with gate: {known: FILE}.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no command \"known %s\"; there is \"known update\"", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newKnownUpdate())
	return cmd
}

// knownUpdate are the flags of known update.
type knownUpdate struct{ file, reason, link, until string }

func newKnownUpdate() *cobra.Command {
	var f knownUpdate
	cmd := &cobra.Command{
		Use:   "update RESULT.json...",
		Short: "List the rules that failed in results, and remove those that hold again",
		Long: `Adds the rules that failed in the results, each for the scenario it failed in, and removes entries whose
rule held in a run they are about and failed in none. Rules that only warned are not added. Checked
traces and runs that did not come to their end remove nothing. Comments and the order of what stays
are kept.`,
		Example: `  chatbench known update results/ --known known.yaml --reason "DISCONNECT comes twice until 8.20" --until 2027-03-01`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s needs a result.json", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.update(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.file, "known", "", "the known-failure `FILE`; made when it is not there")
	flags.StringVar(&f.reason, "reason", "", "why the rules that are added fail: `TEXT` for whoever reads the report")
	flags.StringVar(&f.link, "link", "", "`URL` where that is dealt with")
	flags.StringVar(&f.until, "until", "", "last `DAY` on which they may fail, such as 2027-03-01")
	return cmd
}

func (f *knownUpdate) update(cmd *cobra.Command, files []string) error {
	say, err := printer(cmd)
	if err != nil {
		return err
	}
	stdout := cmd.OutOrStdout()
	if f.file == "" {
		return usagef("known update needs --known FILE")
	}
	data, err := os.ReadFile(f.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	list, err := f.listed(data)
	if err != nil {
		return err
	}
	results, err := loadAll(files)
	if err != nil {
		return err
	}
	changes := gate.UpdateKnown(list, results)
	if len(changes.Add)+len(changes.Remove) == 0 {
		fmt.Fprintln(stdout, say.Sprintf("%s: nothing to change", f.file))
		return nil
	}
	if err := f.complete(changes.Add); err != nil {
		return err
	}
	var lines []int
	for _, k := range changes.Remove {
		lines = append(lines, k.Line)
	}
	if data, err = scenario.EditKnown(f.file, data, lines, changes.Add); err != nil {
		return usageError{err}
	}
	if err := replace(f.file, data); err != nil {
		return err
	}
	f.tell(stdout, say, changes)
	return nil
}

// listed reads the file as it is; one that is not there or empty lists nothing.
func (f *knownUpdate) listed(data []byte) ([]scenario.KnownFailure, error) {
	if len(strings.TrimSpace(string(data))) == 0 {
		return nil, nil
	}
	return scenario.ParseKnown(f.file, data, readingOfClients())
}

func loadAll(files []string) ([]*result.Result, error) {
	var list []*result.Result
	for _, file := range files {
		r, err := result.Load(file)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// complete fills new entries in from the flags.
func (f *knownUpdate) complete(add []scenario.KnownFailure) error {
	var rules []string
	for i := range add {
		add[i].Reason, add[i].Link, add[i].Until = f.reason, f.link, f.until
		rules = append(rules, add[i].Rule)
	}
	if len(add) > 0 && strings.TrimSpace(f.reason) == "" {
		return usagef("say with --reason why %s failed; an entry without a reason is no use to whoever reads the report", strings.Join(rules, ", "))
	}
	return nil
}

func (f *knownUpdate) tell(w io.Writer, say *lang.Printer, changes gate.Update) {
	for _, k := range changes.Add {
		line := say.Sprintf("%s: added %s", f.file, k.Rule)
		if k.Scenario != "" {
			line = say.Sprintf("%s: added %s in scenario %s", f.file, k.Rule, k.Scenario)
		}
		fmt.Fprintln(w, line)
	}
	for _, k := range changes.Remove {
		fmt.Fprintln(w, say.Sprintf("%s: removed %s, which held (it was in line %d)", f.file, k.Rule, k.Line))
	}
}

// replace writes a file so that it is there as a whole or as it was. What a symbolic link points to
// is replaced and not the link, and who may read it stays as it is.
func replace(file string, data []byte) (err error) {
	if to, err := filepath.EvalSymlinks(file); err == nil {
		file = to
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(file); err == nil {
		mode = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(file), ".known-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	_, err = temp.Write(data)
	if err = errors.Join(err, temp.Chmod(mode), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
