package scenario

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// document parses data as one YAML document and returns its top value, or nil after a complaint.
// The hint is for an empty one.
func (r *reader) document(data []byte, hint string) *yaml.Node {
	decoder := yaml.NewDecoder(strings.NewReader(string(data)))
	var doc, second yaml.Node
	if err := decoder.Decode(&doc); err != nil || len(doc.Content) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			r.syntax(err)
		} else {
			r.complainAt(1, 1, hint, "the file is empty")
		}
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		line := doc.Content[0].Line + 1
		for line < len(r.lines) && !strings.HasPrefix(r.line(line), "---") {
			line++
		}
		r.complainAt(line, 1, "remove everything from here on", "a second YAML document")
	}
	return doc.Content[0]
}

var (
	yamlError = regexp.MustCompile(`(?s)^yaml: (?:line ([0-9]+): )?(.*)$`)
	tabIndent = regexp.MustCompile(`^ *\t`)
)

// syntaxHints explain the commonest messages of the YAML library by a part of the message and a
// part of the line.
var syntaxHints = []struct{ part, line, hint string }{
	{"mapping values are not allowed", "", `a text with ": " in it needs quotes; else check the indentation`},
	{"did not find expected key", "", "check the indentation; keys of one mapping start in the same column"},
	{"did not find expected '-' indicator", "", "check the indentation; items of one list start in the same column"},
	{"could not find expected ':'", "", "every key is followed by a colon and a space"},
	{"found unexpected end of stream", "", "a quote is not closed"},
	{"did not find expected ',' or", "${", "within braces, ${NAME} needs quotes"},
	{"did not find expected ',' or", "", "a bracket or brace is not closed"},
	{"cannot start any token", "", "a text that begins with @, ` or % needs quotes"},
	{"unknown anchor", "", "define it with &name before it is used"},
	{"control characters", "", "the file must be UTF-8 text"},
	{"UTF-8", "", "the file must be UTF-8 text"},
}

// syntax complains about what the YAML library found.
func (r *reader) syntax(err error) {
	line, message := 1, err.Error()
	if m := yamlError.FindStringSubmatch(message); m != nil {
		message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	line = r.firstBroken(min(line, len(r.lines)))
	text := r.line(line)
	if tabIndent.MatchString(text) {
		r.complainAt(line, strings.IndexByte(text, '\t')+1, "indent with spaces", "a tab in the indentation")
		return
	}
	hint := ""
	for _, h := range syntaxHints {
		if strings.Contains(message, h.part) && strings.Contains(text, h.line) {
			hint = h.hint
			break
		}
	}
	column := len(text) - len(strings.TrimLeft(text, " ")) + 1
	r.complainAt(line, column, hint, "not YAML: %s", message)
}

// mostProbes bounds the search for the broken line; longer files get the library's own line.
const mostProbes = 300

// firstBroken finds the line on which a broken file goes wrong: the one after the longest
// beginning that is YAML by itself. The library's own line is often that of the construct around
// it, many lines earlier.
func (r *reader) firstBroken(reported int) int {
	if len(r.lines) > mostProbes {
		return reported
	}
	for n := len(r.lines) - 1; n > 0; n-- {
		var doc yaml.Node
		if yaml.Unmarshal([]byte(strings.Join(r.lines[:n], "\n")+"\n"), &doc) == nil {
			return n + 1
		}
	}
	return 1
}

// line gives line n, counted from 1, or "".
func (r *reader) line(n int) string {
	if n < 1 || n > len(r.lines) {
		return ""
	}
	return r.lines[n-1]
}

// mostValues bounds what a file grows to by its aliases, so that a few lines cannot fill the
// memory.
const mostValues = 200_000

// expander copies a tree and on the way resolves aliases, merge keys and environment variables.
type expander struct {
	*reader
	open map[*yaml.Node]bool // aliases that are being expanded
	left int                 // values that may still be made
}

// expand returns a copy of n without aliases, merge keys, duplicate keys and ${variables}.
func (r *reader) expand(n *yaml.Node) *yaml.Node {
	e := &expander{reader: r, open: map[*yaml.Node]bool{}, left: mostValues}
	c := e.copy(n)
	if e.left < 0 {
		r.complain(n, "", "the aliases expand to more than %d values", mostValues)
	}
	return c
}

func null(at *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Line: at.Line, Column: at.Column}
}

func (e *expander) copy(n *yaml.Node) *yaml.Node {
	if e.left--; e.left < 0 {
		return null(n)
	}
	c := *n
	c.Content = nil
	switch n.Kind {
	case yaml.AliasNode:
		return e.alias(n)
	case yaml.ScalarNode:
		c.Value = e.environment(&c, n.Value)
	case yaml.SequenceNode:
		for _, item := range n.Content {
			c.Content = append(c.Content, e.copy(item))
		}
	case yaml.MappingNode:
		e.mapping(&c, n.Content)
	}
	if n.Style&yaml.TaggedStyle != 0 {
		e.complain(n, "leave the tag out", "the tag %s is not used in scenarios", n.Tag)
	}
	return &c
}

func (e *expander) alias(n *yaml.Node) *yaml.Node {
	if e.open[n.Alias] {
		e.complain(n, "", "the alias *%s contains itself", n.Value)
		c := null(n)
		e.unset[c] = true
		return c
	}
	e.open[n.Alias] = true
	defer delete(e.open, n.Alias)
	return e.copy(n.Alias)
}

// mapping copies pairs into c. Keys written in the mapping itself win over merged ones.
func (e *expander) mapping(c *yaml.Node, pairs []*yaml.Node) {
	lines := map[string]int{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := pairs[i], e.copy(pairs[i+1])
		switch {
		case e.looksLikeTemplate(c): // told by whoever wants the value
		case key.Kind != yaml.ScalarNode:
			e.complain(key, "", "a key must be a plain word")
		case key.Tag == "!!merge":
			merged = append(merged, e.sources(value)...)
		case lines[key.Value] != 0:
			e.complain(key, fmt.Sprintf("the first one is in line %d", lines[key.Value]), "the key %q is given twice", key.Value)
		default:
			lines[key.Value] = key.Line
			c.Content = append(c.Content, key, value)
		}
	}
	for _, m := range merged {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if key := m.Content[i]; lines[key.Value] == 0 {
				lines[key.Value] = key.Line
				c.Content = append(c.Content, key, m.Content[i+1])
			}
		}
	}
}

// sources are the mappings that a merge key names: one or a list.
func (e *expander) sources(value *yaml.Node) []*yaml.Node {
	all := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		all = value.Content
	}
	for _, m := range all {
		if m.Kind != yaml.MappingNode {
			e.complain(m, "write <<: *name", "a merge key needs a mapping")
			return nil
		}
	}
	return all
}

// variable matches $${ (a literal ${), ${NAME}, ${NAME:-default} and any other ${.
var variable = regexp.MustCompile(`\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}|\$\{`)

// environment replaces the variables of s, the value of n.
func (e *expander) environment(n *yaml.Node, s string) string {
	var b strings.Builder
	done := 0
	for _, m := range variable.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[done:m[0]])
		done = m[1]
		if s[m[0]:m[1]] == "$${" {
			b.WriteString("${")
			continue
		}
		r := reference{text: s, offset: m[0], hasDefault: m[4] >= 0}
		if m[2] >= 0 {
			r.name = s[m[2]:m[3]]
		}
		if r.hasDefault {
			r.fallback = s[m[6]:m[7]]
		}
		b.WriteString(e.lookUp(n, r))
	}
	return b.String() + s[done:]
}

// reference is one ${NAME} or ${NAME:-fallback}.
type reference struct {
	text           string // that it is in
	offset         int    // bytes of text in front of it
	name, fallback string
	hasDefault     bool
}

// lookUp gives the value of one reference in the text n.
func (e *expander) lookUp(n *yaml.Node, r reference) string {
	if r.name == "" {
		e.unset[n] = true
		e.complainRef(n, r, "write ${NAME}, ${NAME:-default}, or $${ for the characters themselves", "a variable without a name or end")
		return ""
	}
	if e.opt.Env != nil {
		if value, ok := e.opt.Env(r.name); ok {
			e.secret[n] = true
			return value
		}
	}
	if !r.hasDefault {
		e.unset[n] = true
		e.complainRef(n, r, fmt.Sprintf("set it, or write ${%s:-default}", r.name), "the environment variable %s is not set", r.name)
	}
	return r.fallback
}

// complainRef records a problem at a reference in the text n.
func (e *expander) complainRef(n *yaml.Node, ref reference, hint, format string, args ...any) {
	start := strings.LastIndexByte(ref.text[:ref.offset], '\n') + 1
	whole, _, _ := strings.Cut(ref.text[start:], "\n")
	line, column, ok := e.find(n, whole)
	if !ok {
		e.complain(n, hint, format, args...)
		return
	}
	column += utf8.RuneCountInString(ref.text[start:ref.offset])
	e.complainAt(line, column, hint, format, args...)
}
