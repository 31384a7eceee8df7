package main

import (
	"bytes"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"chatbench/internal/lang"
)

// language finds the language of the user before the command line is read as a whole, since help
// and errors about it are to be in that language, too. One that there is not is English here, and
// an error of [printer] later.
func language(args []string) *lang.Printer {
	code := lang.FromEnv(os.LookupEnv)
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, "--lang="); ok {
			code = value
		} else if arg == "--lang" && i+1 < len(args) {
			code = args[i+1]
		}
	}
	p, err := lang.For(code)
	if err != nil {
		return nil
	}
	return p
}

// printer writes in the language of the user.
func printer(cmd *cobra.Command) (*lang.Printer, error) {
	code, _ := cmd.Flags().GetString("lang") // every command has it
	if code == "" {
		code = lang.FromEnv(os.LookupEnv)
	}
	p, err := lang.For(code)
	if err != nil {
		return nil, usageError{err}
	}
	return p, nil
}

// localize translates the help of a command and of those below it.
func localize(root *cobra.Command, say *lang.Printer) {
	if say == nil {
		return
	}
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	root.SetUsageTemplate(usageWords(say, root.UsageTemplate()))
	root.SetUsageFunc(func(cmd *cobra.Command) error { return localUsage(cmd, say) })
	everyCommand(root, func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		if help := cmd.Flags().Lookup("help"); help != nil {
			help.Usage = say.Sprintf("help for %s", cmd.Name())
		}
		cmd.Short, cmd.Long, cmd.Example = say.T(cmd.Short), say.T(cmd.Long), say.T(cmd.Example)
		translate := func(flag *pflag.Flag) { flag.Usage = flagWords(flag.Usage, say) }
		cmd.LocalNonPersistentFlags().VisitAll(translate)
		cmd.PersistentFlags().VisitAll(translate)
	})
}

// flagWords translates what is said of a flag, and of one that belongs to another.
func flagWords(usage string, say *lang.Printer) string {
	if rest, ok := strings.CutPrefix(usage, withBaseline); ok {
		return say.Sprintf("with --baseline: %s", say.T(rest))
	}
	return say.T(usage)
}

func everyCommand(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		everyCommand(sub, do)
	}
}

// templateWords are what cobra's template of a usage says between the names.
var templateWords = []string{
	"Usage:", "Aliases:", "Examples:", "Available Commands:", "Additional Commands:", "Global Flags:", "Flags:",
	"Additional help topics:", `Use "{{.CommandPath}} [command] --help" for more information about a command.`,
}

func usageWords(say *lang.Printer, template string) string {
	for _, words := range templateWords {
		template = strings.ReplaceAll(template, words, say.T(words))
	}
	return template
}

// localUsage is cobra's usage with the one word that comes from the flags, which no template
// reaches.
func localUsage(cmd *cobra.Command, say *lang.Printer) error {
	var text bytes.Buffer
	w := cmd.OutOrStdout()
	cmd.SetOut(&text)
	cmd.SetErr(&text)
	err := new(cobra.Command).UsageFunc()(cmd)
	cmd.SetOut(w)
	cmd.SetErr(nil)
	if err != nil {
		return err
	}
	return ignoreCount(w.Write(bytes.ReplaceAll(text.Bytes(), []byte("(default "), []byte("("+say.T("default")+" "))))
}
