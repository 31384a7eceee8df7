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
	out := &watched{Writer: stdout}
	root := newRoot(out, stderr, say)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil && out.err != nil {
		err = out.err
	}
	return exitCode(err, stderr, say)
}

// watched is standard output, of which nothing may be lost unnoticed: not every command looks at the
// errors of what it writes, and cobra's help does not.
type watched struct {
	io.Writer
	err error // the first
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// Fd is that of the file below, so that a terminal is known for one; there is none with the last number.
func (w *watched) Fd() uintptr {
	if file, ok := w.Writer.(*os.File); ok {
		return file.Fd()
	}
	return ^uintptr(0)
}
