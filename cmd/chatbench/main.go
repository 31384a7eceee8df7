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

func main() {
	frugal()
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr))
}

// frugal makes the garbage collector let the heap grow by half between two collections and not to
// twice its size, which counts the stacks of thousands of customers twice. They make little garbage,
// so it costs no more time that could be measured (docs/performance.md). GOGC, if set, is obeyed.
func frugal() {
	const percent = 50
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// command is main without the process, so that scripts can test it. A bug that shows as a panic has
// an exit code of its own: the one that Go would end with means something else here.
func command(args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(stderr, "chatbench: a bug in chatbench, please report it: %v\n%s", v, debug.Stack())
			code = int(result.ExitBug)
		}
	}()
	say := language(args)
	root := newRoot(stdout, stderr, say)
	root.SetArgs(args)
	return exitCode(root.Execute(), stderr, say)
}
