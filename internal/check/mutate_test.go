//go:build mutate

package check

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// swaps are the wrong operators that are tried for a right one.
var swaps = map[token.Token][]token.Token{
	token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR},
	token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS},
	token.LAND: {token.LOR}, token.LOR: {token.LAND},
}

// TestMutants puts one wrong operator after the other into the comparisons and connectives of the
// checker and reports those that the tests do not notice. It is run by hand; docs/mutation.md says
// how.
func TestMutants(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			t.Run(file, func(t *testing.T) { mutate(t, file) })
		}
	}
}

func mutate(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	tried, lived := 0, 0
	for _, expr := range operators(t, set, file, src) {
		at := set.Position(expr.OpPos)
		for _, wrong := range swaps[expr.Op] {
			tried++
			end := at.Offset + len(expr.Op.String())
			mutant := slices.Concat(src[:at.Offset], []byte(wrong.String()), src[end:])
			if survives(t, file, mutant) {
				lived++
				t.Logf("LIVED %s for %s at %s", wrong, expr.Op, at)
			}
		}
	}
	t.Logf("%s: %d mutants, %d lived", file, tried, lived)
}

// operators lists the comparisons and connectives of a file.
func operators(t *testing.T, set *token.FileSet, file string, src []byte) (found []*ast.BinaryExpr) {
	parsed, err := parser.ParseFile(set, file, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if b, ok := n.(*ast.BinaryExpr); ok && swaps[b.Op] != nil {
			found = append(found, b)
		}
		return true
	})
	return found
}

// survives runs the tests of the package with another text for one file.
func survives(t *testing.T, file string, text []byte) bool {
	dir := t.TempDir()
	mutant, overlay := filepath.Join(dir, file), filepath.Join(dir, "overlay.json")
	original, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutant}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{mutant: text, overlay: replace} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "test", "-overlay", overlay, "-vet=off", "-short", "-failfast", "-timeout", "60s", ".").CombinedOutput()
	if bytes.Contains(out, []byte("[build failed]")) {
		t.Fatalf("a mutant of %s does not build:\n%s", file, out)
	}
	return err == nil
}
