// Command chatbench plays the customers of a web chat on Huawei Cloud AICC and proves, under load,
// that the chat keeps its contract. See README.md.
package main

import (
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process, so that scripts can test it.
func run(args []string, stdout, stderr io.Writer) int {
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	return report(root.Execute(), stderr)
}
