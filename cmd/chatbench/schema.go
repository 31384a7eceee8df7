package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:       "schema scenario|result",
		Short:     "Print the JSON Schema of scenario files or of result.json",
		ValidArgs: []string{"scenario", "result"},
		Args:      exactly("the name of a schema (scenario or result)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			schema := map[string][]byte{"scenario": scenario.Schema(), "result": result.Schema()}[args[0]]
			if schema == nil {
				return usagef("there is no schema %q; there are scenario and result", args[0])
			}
			_, err := cmd.OutOrStdout().Write(schema)
			return err
		},
	}
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of chatbench and of its formats",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintf(cmd.OutOrStdout(), "chatbench %s (%s, %s/%s)\nscenario format 1, %s, trace format %d\n",
				toolVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, result.Schema1, trace.Version)
			return nil
		},
	}
}
