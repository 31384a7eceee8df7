package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"chatbench/internal/scenario"
)

func newValidate() *cobra.Command {
	return &cobra.Command{
		Use:   "validate SCENARIO...",
		Short: "Say everything that is wrong with scenario files, without playing them",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s needs a scenario file", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			say, err := printer(cmd)
			if err != nil {
				return err
			}
			bad := 0
			for _, file := range args {
				s, err := scenario.LoadFile(file, reading())
				if err != nil {
					bad++
					fmt.Fprintln(cmd.ErrOrStderr(), problems(err, say))
					continue
				}
				fmt.Fprintln(cmd.OutOrStdout(), say.Sprintf("%s: ok (%s)", file, s.Name))
			}
			if bad > 0 {
				return exitError(64)
			}
			return nil
		},
	}
}
