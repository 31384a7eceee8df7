// Package internal_test checks the house itself: what docs/ says of its rooms, dependencies and
// sections is what is there.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/metric"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

const (
	root   = ".."
	module = "chatbench/"
)

// room is a package: its row in docs/architecture.md, or what its files import.
type room struct {
	imports map[string]bool // by production files
	tests   map[string]bool // by test files, on top of it
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// table gives the cells of the first table below a heading, without head and ruler.
func table(t *testing.T, name, heading string) [][]string {
	t.Helper()
	_, rest, ok := strings.Cut(readDoc(t, name), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("%s has no heading %q", name, heading)
	}
	var rows [][]string
	for line := range strings.SplitSeq(rest, "\n") {
		switch {
		case strings.HasPrefix(line, "|"):
			rows = append(rows, strings.Split(strings.Trim(line, "| "), " | "))
		case len(rows) > 0:
			return rows[2:]
		}
	}
	t.Fatalf("%s has no table below %q", name, heading)
	return nil
}

// span is the content of a cell's code span, or the cell.
func span(cell string) string { return strings.Trim(cell, " `") }

// planned reads the table of rooms, and says in which order they stand.
func planned(t *testing.T) (rooms map[string]room, order []string) {
	t.Helper()
	rooms = map[string]room{}
	for _, cells := range table(t, "docs/architecture.md", "## The rooms") {
		name, r := span(cells[0]), room{imports: map[string]bool{}}
		for other := range strings.SplitSeq(cells[2], ", ") {
			switch other = span(other); {
			case strings.Contains(other, "/"):
				r.imports[other] = true
			case other != "-":
				r.imports["internal/"+other] = true
			}
		}
		rooms[name], order = r, append(order, name)
	}
	return rooms, order
}

// built reads the imports of every package. A folder with nothing but tests is no room.
func built(t *testing.T) map[string]room {
	t.Helper()
	rooms := map[string]room{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		return addImports(rooms, filepath.ToSlash(folder), path)
	})
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(rooms, func(_ string, r room) bool { return r.imports == nil })
	if len(rooms) == 0 {
		t.Fatal("no package was found")
	}
	return rooms
}

func addImports(rooms map[string]room, folder, path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	r := rooms[folder]
	into := &r.imports
	if strings.HasSuffix(path, "_test.go") {
		into = &r.tests
	}
	if *into == nil {
		*into = map[string]bool{}
	}
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if other, ours := strings.CutPrefix(target, module); ours && other != folder {
			(*into)[other] = true
		}
	}
	rooms[folder] = r
	return nil
}

// leansOn reports whether a room imports another, be it through others, as far as the table lets it.
func leansOn(rooms map[string]room, name, other string) bool {
	for next := range rooms[name].imports {
		if next == other || leansOn(rooms, next, other) {
			return true
		}
	}
	return false
}

func TestArrows(t *testing.T) {
	plan, order := planned(t)
	for i, name := range order {
		for other := range plan[name].imports {
			if !slices.Contains(order[:i], other) {
				t.Fatalf("docs/architecture.md: %s may import %s, which has no row above it", name, other)
			}
		}
	}
	house := built(t)
	for _, name := range slices.Sorted(maps.Keys(house)) {
		r := house[name]
		row, ok := plan[name]
		if !ok {
			t.Errorf("%s has no row in docs/architecture.md; it imports %v", name, slices.Sorted(maps.Keys(r.imports)))
			continue
		}
		for _, other := range slices.Sorted(maps.Keys(r.imports)) {
			if !row.imports[other] {
				t.Errorf("%s imports %s, its row in docs/architecture.md allows %v", name, other, slices.Sorted(maps.Keys(row.imports)))
			}
		}
		for _, other := range slices.Sorted(maps.Keys(r.tests)) {
			if leansOn(plan, other, name) {
				t.Errorf("the tests of %s import %s, which leans on it", name, other)
			}
		}
	}
	for _, name := range order {
		if _, ok := house[name]; !ok {
			t.Errorf("docs/architecture.md has a row for %s, which is not there", name)
		}
	}
}

// TestDependencies holds the rows of docs/dependencies.md against the requirements of go.mod that
// are not marked indirect, and its tools.
func TestDependencies(t *testing.T) {
	var want []string
	for line := range strings.SplitSeq(readDoc(t, "go.mod"), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "require ")
		fields := strings.Fields(strings.TrimPrefix(line, "tool "))
		if len(fields) == 2 && strings.HasPrefix(fields[1], "v") || len(fields) == 1 && strings.Contains(fields[0], "/") {
			want = append(want, fields[0]) // one word is a tool, alone or in a list
		}
	}
	if len(want) == 0 {
		t.Fatal("go.mod has no direct dependency: it has not been read right")
	}
	var got []string
	for _, cells := range table(t, "docs/dependencies.md", "## What is used") {
		if len(cells) != 4 || slices.Contains(cells, "") {
			t.Errorf("docs/dependencies.md: got row %q, want module, what for, what was weighed, licence", cells)
		}
		got = append(got, span(cells[0]))
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			t.Errorf("go.mod needs %s, docs/dependencies.md has no row for it", name)
		}
	}
}

// TestCitations checks that what comments cite as docs/protocol.md is there.
func TestCitations(t *testing.T) {
	sections := map[string]bool{}
	heading := regexp.MustCompile(`(?m)^##+ ((?:E[0-9]{2}|[0-9]+(?:\.[0-9]+)?))(?: to ([0-9.]+|E[0-9]{2}))?[ .]`)
	for _, m := range heading.FindAllStringSubmatch(readDoc(t, "docs/protocol.md"), -1) {
		sections[m[1]], sections[m[2]] = true, true
	}
	citation := regexp.MustCompile(`docs/protocol\.md,?(?: section)? (E[0-9]{2}|[0-9]+(?:\.[0-9]+)?)`)
	cited := 0
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".md") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range citation.FindAllStringSubmatch(string(data), -1) {
			cited++
			if !sections[m[1]] {
				t.Errorf("%s cites docs/protocol.md section %s, which has no heading there", path, m[1])
			}
		}
		return err
	})
	if err != nil || cited == 0 {
		t.Fatalf("%d citations were found, error %v", cited, err)
	}
}

// TestChoicePoints checks that the switches named in section 11 are keys of a tenant section.
func TestChoicePoints(t *testing.T) {
	schema := string(scenario.Schema())
	switches := 0
	for _, cells := range table(t, "docs/protocol.md", "## 11. Choice points for the embedded tenant") {
		for _, m := range regexp.MustCompile("`([a-z_.0-9]+)`").FindAllStringSubmatch(cells[2], -1) {
			switches++
			key := m[1][strings.LastIndexByte(m[1], '.')+1:]
			if !strings.Contains(schema, strconv.Quote(key)+":") {
				t.Errorf("docs/protocol.md section 11 names the switch %s, the schema of scenarios has no such key", m[1])
			}
		}
	}
	if switches == 0 {
		t.Fatal("no switch was found")
	}
}

// TestMeasuring checks that docs/measuring.md explains every metric, every field of a result and
// every exit code.
func TestMeasuring(t *testing.T) {
	doc := readDoc(t, "docs/measuring.md")
	for _, name := range metric.Names() {
		op, which, _ := strings.Cut(name, ".")
		if aicc.ParseOp(op) != aicc.OpNone && slices.Contains([]string{"service", "response", "lost"}, which) {
			name = "<exchange>." + which
		}
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/measuring.md does not explain the metric %s", name)
		}
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[result.Result]()) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !strings.Contains(doc, "`"+name+"`") && !strings.Contains(doc, "`"+name+".") {
			t.Errorf("docs/measuring.md does not explain the field %s of a result", name)
		}
	}
	for _, code := range []result.Exit{result.ExitOK, result.ExitConformance, result.ExitInconclusive, result.ExitPerformance,
		result.ExitStale, result.ExitInvalid, result.ExitUnreachable, result.ExitUsage, result.ExitBug, result.ExitInterrupted} {
		if !strings.Contains(doc, "\n| "+strconv.Itoa(int(code))+" |") {
			t.Errorf("docs/measuring.md does not explain exit code %d", code)
		}
	}
}
