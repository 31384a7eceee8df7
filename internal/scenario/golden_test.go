package scenario

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/problems.txt anew")

// knownNames are the options of all golden tests.
func knownNames() Options {
	env := map[string]string{"HOST": "chat.example.com", "SECRET": "s3cret", "COUNT": "7", "EMPTY": ""}
	return Options{
		Env:     func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Rules:   []string{"DSC-01", "ORD-01", "MED-01", "SIM-01"},
		Own:     []string{"SIM-01"},
		Metrics: []string{"poll.service", "poll.response", "delivery"},
		Errors:  []string{"send.failed", "poll.info"},
		Mutants: []string{"drop-one", "swap-adjacent"},
		Open:    memory(nil),
	}
}

// memory opens the files of a map, and nothing else, whatever folder they are asked for in.
func memory(files map[string]string) func(string) (io.ReadCloser, error) {
	all := fstest.MapFS{}
	for name, content := range files {
		all[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return func(name string) (io.ReadCloser, error) {
		f, err := all.Open(name)
		if err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return f, nil
	}
}

// dataFiles are the files that the bad inputs name.
var dataFiles = map[string]string{
	"ok.csv":         "order,item\nA-1,kettle\nA-2,lamp\n",
	"empty.csv":      "",
	"header.csv":     "order,item\n",
	"unnamed.csv":    "order,,order,n\n1,2,3,4\n",
	"ragged.csv":     "order,item\nA-1\nA-2,lamp,3\nA-3,fan\n",
	"quote.csv":      "order,item\n\"A-1,lamp\nA-2,\"fan\n",
	"gbk.csv":        "order,item\nA-1,\xd3\xea\xc9\xa1\n",
	"rows.txt":       "a\n",
	"array.jsonl":    "{\"a\": 1}\n[1]\n",
	"nested.jsonl":   "{\"a\": 1}\n{\"a\": {\"b\": 2}}\n{\"a\": null}\n{\"a\": 1, \"a\": 2}\n",
	"missing.jsonl":  "{\"a\": 1}\n\n{\"b\": 2}\n",
	"trailing.jsonl": "{\"a\": 1} {\"a\": 2}\n",
	"broken.ndjson":  "{\"a\": \n",
	"known.yaml":     "known:\n  - {rule: DSC-10, reason: x}\n  - rule: ORD-01\n",
	"photo.gif":      "GIF89a",
	"none.png":       "",
	"huge.png":       strings.Repeat("x", mostUpload+1),
}

// badInput is one case of testdata/problems.txt.
type badInput struct{ name, yaml, want string }

// badInputs reads the golden file: "== name: reason", the YAML, "--", the expected problems.
func badInputs(t testing.TB) []badInput {
	t.Helper()
	data, err := os.ReadFile("testdata/problems.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []badInput
	for _, block := range strings.Split("\n"+string(data), "\n== ")[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		yaml, want, ok := strings.Cut(rest, "\n--\n")
		if !ok {
			t.Fatalf("case %q has no line --", name)
		}
		all = append(all, badInput{name, yaml + "\n", strings.TrimSpace(want)})
	}
	return all
}

// TestProblems compares the complete text of all problems of each bad input.
func TestProblems(t *testing.T) {
	opt := knownNames()
	opt.Open = memory(dataFiles)
	inputs := badInputs(t)
	if len(inputs) < 40 {
		t.Fatalf("only %d bad inputs in testdata/problems.txt, want at least 40", len(inputs))
	}
	var golden strings.Builder
	for _, in := range inputs {
		_, err := Parse("bad.yaml", []byte(in.yaml), opt)
		got := fmt.Sprint(err)
		fmt.Fprintf(&golden, "== %s\n%s--\n%s\n\n", in.name, in.yaml, got)
		if *update {
			continue
		}
		t.Run(in.name, func(t *testing.T) {
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want Problems, input:\n%s", err, in.yaml)
			}
			if diff := cmp.Diff(in.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s\ninput:\n%s", diff, in.yaml)
			}
		})
	}
	if *update {
		if err := os.WriteFile("testdata/problems.txt", []byte(strings.TrimSpace(golden.String())+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
