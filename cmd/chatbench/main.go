// Command chatbench plays the customers of a web chat on Huawei Cloud AICC and proves, under load,
// that the chat keeps its contract. See README.md.
package main

import (
	"io"
	"os"
)

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

// command is main without the process, so that scripts can test it.
func command(args []string, stdout, stderr io.Writer) int {
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	return exitCode(root.Execute(), stderr)
}
