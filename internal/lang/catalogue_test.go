package lang

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"chatbench/internal/check"
	"chatbench/internal/tenant"
)

// writers are the rooms that write through a printer, and what they give to it is an own text.
var writers = []string{"cmd/chatbench", "internal/report"}

// speakers are the rooms whose errors and sentences are translated when they are shown.
var speakers = []string{"internal/caller", "internal/capacity", "internal/check", "internal/compare", "internal/doctor", "internal/gate", "internal/har", "internal/judge", "internal/probe", "internal/result", "internal/run", "internal/scenario", "internal/sim", "internal/tenant"}

// silent are files of these rooms that write for machines, or for the log of a developer.
var silent = map[string]string{
	"internal/report/junit.go":        "JUnit is English, for machines",
	"internal/report/junit_doctor.go": "JUnit is English, for machines",
	"internal/tenant/oracle.go":       "the tenant's answers are what the vendor's are",
	"cmd/chatbench/script_test.go":    "a test",
	"internal/scenario/schema.go":     "JSON Schema",
	"internal/check/random_world.go":  "a test's world",
	"internal/har/draft_file.go":      "a scenario is English",
	"internal/har/draft_write.go":     "a scenario is English",
}

// foreign are texts of libraries, which no code here has.
var foreign = map[string]string{
	"the body is not JSON":         "internal/aicc, whose texts are for events",
	"the body has no result code":  "internal/aicc",
	"the body has the wrong shape": "internal/aicc",
	"AccessToken is missing":       "internal/aicc",
	"it is empty":                  "internal/aicc",
	"it begins with %s":            "internal/aicc",
	"help for %s":                  "cobra",
	"Help about any command":       "cobra",
	"Generate the autocompletion script for the specified shell": "cobra",
}

// codes are texts in the shape of those that people read, which nobody is to translate.
var codes = map[string]string{
	"%d %ss":                          "a number of things, of which each has an entry of its own",
	"%s %s for %v":                    "a stage of a load; as a form it would be taken for many other texts",
	"p%.0f":                           "the name of a percentile",
	"{lognormal: {p50: %v, p95: %v}}": "a distribution as in a scenario",
	"{exponential: %v}":               "a distribution as in a scenario",
	"sim: unknown step %T":            "a panic, for developers",
	"file.%s,%d,%s,%s":                "what a customer sends to say that it sent a file",
	"31.2304,121.4737,The Bund, Shanghai, gate %d":                                          "a message of the embedded tenant",
	`{"latitude":31.2304,"longitude":121.4737,"description":"The Bund, Shanghai, gate %d"}`: "a message of the embedded tenant",
}

// text is a text of the code, with the place it is at.
type text struct {
	value, place string
	own          bool
}

// texts collects what people read from the code, and all its literals: whether one that stands in a
// table, a constant or a map is read by people cannot be seen, but an entry for it is none too many.
func texts(t *testing.T) (list []text, literals map[string]bool) {
	literals = map[string]bool{}
	for _, room := range slices.Concat(writers, speakers) {
		own := slices.Contains(writers, room)
		files := 0
		err := filepath.WalkDir(filepath.Join("../..", room), func(path string, d fs.DirEntry, err error) error {
			name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || silent[name] != "" {
				return err
			}
			files++
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			c := collector{fset: fset, name: name, writer: own, list: &list, literals: literals}
			ast.Inspect(file, c.visit)
			return nil
		})
		if err != nil || files == 0 {
			t.Fatalf("%s: %d files, %v", room, files, err)
		}
	}
	return append(list, templates(t)...), literals
}

// inTemplate is a text in a template of a page.
var inTemplate = regexp.MustCompile(`\{\{t ("(?:[^"\\]|\\.)*")\}\}`)

// templates collects the texts of the pages' templates.
func templates(t *testing.T) []text {
	const name = "internal/report/page/page.html"
	page, err := os.ReadFile(filepath.Join("../..", name))
	if err != nil {
		t.Fatal(err)
	}
	var list []text
	for _, found := range inTemplate.FindAllSubmatch(page, -1) {
		value, err := strconv.Unquote(string(found[1]))
		if err != nil {
			t.Fatalf("%s: %s: %v", name, found[1], err)
		}
		list = append(list, text{value, name, true})
	}
	if len(list) == 0 {
		t.Fatalf("%s: no texts", name)
	}
	return list
}

// collector takes the texts out of one file.
type collector struct {
	fset   *token.FileSet
	name   string
	writer bool
	list   *[]text

	literals map[string]bool
}

func (c *collector) add(e ast.Expr, own bool, with func(string) string) {
	value, ok := literal(e)
	if !ok || !strings.ContainsFunc(verb.ReplaceAllString(value, ""), isLetter) {
		return
	}
	if with != nil {
		value = with(value)
	}
	if codes[value] != "" {
		return
	}
	*c.list = append(*c.list, text{value, fmt.Sprintf("%s:%d", c.name, c.fset.Position(e.Pos()).Line), own})
}

// literal is the text of a literal, or of several that are added.
func literal(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		value, err := strconv.Unquote(e.Value)
		return value, err == nil
	case *ast.BinaryExpr:
		a, known := literal(e.X)
		b, also := literal(e.Y)
		return a + b, known && also && e.Op == token.ADD
	case *ast.ParenExpr:
		return literal(e.X)
	}
	return "", false
}

func (c *collector) visit(n ast.Node) bool {
	if e, ok := n.(ast.Expr); ok {
		if value, ok := literal(e); ok {
			c.literals[value] = true
			for line := range strings.Lines(value) {
				c.literals[strings.TrimSpace(line)] = true
			}
		}
	}
	switch n := n.(type) {
	case *ast.CallExpr:
		c.call(n)
	case *ast.ValueSpec:
		c.table(n)
	case *ast.KeyValueExpr:
		c.field(n)
	}
	return true
}

// makers of errors and sentences, with the places of their formats among the arguments.
var makers = map[string][]int{
	"fmt.Errorf": {0}, "errors.New": {0}, "usagef": {0}, "fmt.Sprintf": {0}, "faultf": {0, 1}, "r.problem": {1}, "r.never": {1},
	"r.doubt": {1}, "r.say": {1}, "j.share": {3}, "inStretches": {1},
	"n.tell": {1}, "s.fail": {0}, "d.note": {1}, "s.remark": {1},
	"right": {1}, "warn": {1}, "wrong": {1}, "lacking": {1}, "unsure": {1}, "skip": {0}, "because": {1}, ".advise": {0}, "f.advise": {0}, ".advised": {0}, "w.mute": {0}, "problem": {0, 1},
}

// methods that make them, whatever they are called on.
var methods = map[string][]int{
	"complain": {1, 2}, "complainAt": {2, 3}, "complainIn": {2, 3}, "complainRef": {2, 3}, "need": {1},
}

func (c *collector) call(n *ast.CallExpr) {
	name, method := called(n)
	if len(n.Args) == 0 {
		return
	}
	switch {
	case c.writer && (method == "T" || method == "Sprintf" && !strings.HasPrefix(name, "fmt.") || name == "say" || method == "say"):
		c.add(n.Args[0], true, nil)
	case c.writer && method == "Count" && len(n.Args) == 2:
		c.add(n.Args[1], true, func(noun string) string { return "%d " + noun + "s" })
	case c.writer && method == "header":
		for _, arg := range n.Args[1:] {
			c.add(arg, true, nil)
		}
	case c.writer && (strings.HasPrefix(name, "flags.") || onFlags(n)):
		if usage := n.Args[len(n.Args)-1]; len(n.Args) > 2 {
			c.add(usage, true, nil)
		}
	}
	if c.writer && name == "fmt.Sprintf" {
		return
	}
	for _, at := range slices.Concat(makers[name], methods[method]) {
		if at < len(n.Args) {
			c.add(n.Args[at], false, nil)
		}
	}
}

// called names a function as it is written: "usagef", "fmt.Errorf".
func called(n *ast.CallExpr) (name, method string) {
	switch f := n.Fun.(type) {
	case *ast.Ident:
		return f.Name, ""
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name, f.Sel.Name
		}
		return "." + f.Sel.Name, f.Sel.Name
	}
	return "", ""
}

// onFlags reports whether a method of cmd.Flags() or cmd.PersistentFlags() is called.
func onFlags(n *ast.CallExpr) bool {
	if f, ok := n.Fun.(*ast.SelectorExpr); ok {
		if x, ok := f.X.(*ast.CallExpr); ok {
			_, of := called(x)
			return of == "Flags" || of == "PersistentFlags"
		}
	}
	return false
}

// tables are variables and constants whose texts people read.
var tables = []string{"templateWords", "levels", "severities", "needs", "ends", "senders", "thinWords", "probeWords", "lawWords",
	"loadHint", "distHint", "leaveOut", "knownHint"}

func (c *collector) table(n *ast.ValueSpec) {
	if !slices.ContainsFunc(n.Names, func(name *ast.Ident) bool { return slices.Contains(tables, name.Name) }) {
		return
	}
	for _, value := range n.Values {
		ast.Inspect(value, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				c.add(e, c.writer, nil)
			}
			return true
		})
	}
}

// fields of structs that people read.
var fields = []string{"Short", "Long", "Title", "Statement", "Look", "Fault", "Chance"}

func (c *collector) field(n *ast.KeyValueExpr) {
	if key, ok := n.Key.(*ast.Ident); ok && slices.Contains(fields, key.Name) {
		c.add(n.Value, c.writer, nil)
	}
}

// TestComplete wants every text of the code to be in the catalogue, and nothing else to be.
func TestComplete(t *testing.T) {
	p, err := For("zh")
	if err != nil {
		t.Fatal(err)
	}
	list, literals := texts(t)
	for _, text := range list {
		literals[text.value] = true // also what is put together
		entry, ok := p.words.Said[text.value]
		if text.own {
			entry, ok = p.words.exact(text.value)
		}
		if !ok || entry == "" {
			t.Errorf("%s: no translation of %q", text.place, text.value)
		}
	}
	for text := range ruleTexts() {
		literals[text] = true
	}
	for _, english := range slices.Concat(slices.Collect(maps.Keys(p.words.Own)), slices.Collect(maps.Keys(p.words.Said))) {
		noun := counted.FindStringSubmatch(english)
		if !literals[english] && foreign[english] == "" && (noun == nil || !literals[noun[1]]) {
			t.Errorf("no code says %q any more", english)
		}
	}
	t.Logf("%d texts", len(list))
}

// TestRules wants what every rule says to be in the catalogue, some of which is put together of
// constants, and what every mutant does.
func TestRules(t *testing.T) {
	p, err := For("zh")
	if err != nil {
		t.Fatal(err)
	}
	for text, rule := range ruleTexts() {
		if p.words.Said[text] == "" {
			t.Errorf("%s: no translation of %q", rule, text)
		}
	}
}

// ruleTexts are the texts of the rules and mutants, each with a rule or mutant that has it.
func ruleTexts() map[string]string {
	found := map[string]string{}
	for _, rule := range slices.Concat(check.Rules(), check.ActiveRules()) {
		for _, text := range []string{rule.Title, rule.Statement, rule.Source, rule.Look} {
			found[text] = rule.ID
		}
	}
	for _, m := range slices.Concat(tenant.Mutants(), tenant.ProbeMutants()) {
		found[m.Fault] = m.Name
	}
	delete(found, "")
	return found
}

// plain are texts that nobody formats, with a sign that looks like a verb.
var plain = []string{"add it, with 0% to switch it off", "write it like 70% or 0.5%"}

// TestVerbs wants a translation to take the arguments of its text.
func TestVerbs(t *testing.T) {
	p, err := For("zh")
	if err != nil {
		t.Fatal(err)
	}
	if len(p.words.Own) == 0 || len(p.words.Said) == 0 {
		t.Fatal("the catalogue is empty")
	}
	for _, entries := range []map[string]string{p.words.Own, p.words.Said} {
		for english, translated := range entries {
			if a, b := verbsOf(english), verbsOf(translated); a != b && !slices.Contains(plain, english) {
				t.Errorf("%q has the verbs %s, its translation %q %s", english, a, translated, b)
			}
		}
	}
}

// verbsOf lists the verbs of a format in the order of their arguments.
func verbsOf(format string) string {
	var kinds []string
	next := 0
	for _, v := range verb.FindAllString(format, -1) {
		if v == "%%" {
			continue
		}
		if i := strings.IndexByte(v, '['); i >= 0 {
			fmt.Sscanf(v[i:], "[%d]", &next)
			next--
		}
		for len(kinds) <= next {
			kinds = append(kinds, "-")
		}
		kinds[next] = v[len(v)-1:]
		next++
	}
	return strings.Join(kinds, "")
}
