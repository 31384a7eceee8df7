package scenario

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fenced gives the blocks of docs/scenario.md that are marked with the words given.
func fenced(t *testing.T, doc, mark string) []string {
	t.Helper()
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^```"+mark+"\n(.*?)^```$").FindAllStringSubmatch(doc, -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) == 0 {
		t.Fatalf("docs/scenario.md has no block marked %q", mark)
	}
	return blocks
}

func readDoc(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/scenario.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestDocumentedExamples checks the examples with the schema and with the parser.
func TestDocumentedExamples(t *testing.T) {
	compiled := compiledSchema(t)
	orders := "order,item\n" + strings.Repeat("A-1,kettle\n", 20)
	opt := Options{
		Env:  func(name string) (string, bool) { return "http://" + strings.ToLower(name), true },
		Open: memory(map[string]string{"data/orders.csv": orders}),
	}
	for _, example := range fenced(t, readDoc(t), "yaml scenario") {
		if err := accepts(compiled, []byte(example)); err != nil {
			t.Errorf("the schema refuses an example: %v\n%s", err, example)
		}
		if _, err := Parse("example.yaml", []byte(example), opt); err != nil {
			t.Errorf("%v\n%s", err, example)
		}
	}
}

// TestDocumentedProblems checks that the problems shown are those that the program finds.
func TestDocumentedProblems(t *testing.T) {
	doc := readDoc(t)
	_, err := Parse("broken.yaml", []byte(fenced(t, doc, "yaml broken")[0]), Options{})
	if err == nil {
		t.Fatal("the broken example has no problems")
	}
	if diff := cmp.Diff(err.Error()+"\n", fenced(t, doc, "text")[0]); diff != "" {
		t.Errorf("problems (-program +docs):\n%s", diff)
	}
}

// TestEveryKeyIsDocumented checks that each key of the schema stands in a code span, alone or
// behind its parent.
func TestEveryKeyIsDocumented(t *testing.T) {
	doc := readDoc(t)
	keys := map[string][]string{}
	keysOf(t, "", Schema(), keys)
	spans := map[string]bool{}
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(doc, -1) {
		span := m[1]
		spans[span] = true
		spans[span[strings.LastIndexByte(span, '.')+1:]] = true
	}
	for path, names := range keys {
		for _, key := range names {
			if !spans[key] {
				t.Errorf("the key %q of %q is not in docs/scenario.md", key, path)
			}
		}
	}
	for _, name := range BuiltIn {
		if !spans["{{"+name+"}}"] {
			t.Errorf("the variable %q is not in docs/scenario.md", name)
		}
	}
	if !slices.Contains(keys["gate"], "lateness") {
		t.Errorf("keys of the gate: got %v, the schema has not been read right", keys["gate"])
	}
}
