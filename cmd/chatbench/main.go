// Command chatbench plays the customers of a web chat on Huawei Cloud AICC and proves, under load,
// that the chat keeps its contract. See README.md.
package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"chatbench/internal/result"
)

func main() { os.Exit(command(os.Args[1:], os.Stdout, os.Stderr)) }

// command is main without the process, so that scripts can test it. A bug that shows as a panic has
// an exit code of its own: the one that Go would end with means something else here.
func command(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(stderr, "chatbench: a bug in chatbench, please report it: %v\n%s", v, debug.Stack())
			code = int(result.ExitBug)
		}
	}()
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	return exitCode(root.Execute(), stderr)
}
