package scenario

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// reader walks the YAML of one file and collects the problems it meets. It never stops at one.
type reader struct {
	file     string
	lines    []string
	opt      Options
	problems Problems
	secret   map[*yaml.Node]bool // values that came from the environment, so the file does not show them
	unset    map[*yaml.Node]bool // values that are not known; that has been complained about
}

func newReader(file string, data []byte, opt Options) *reader {
	text := strings.TrimPrefix(string(data), "\ufeff")
	return &reader{file: file, lines: strings.Split(text, "\n"), opt: opt,
		secret: map[*yaml.Node]bool{}, unset: map[*yaml.Node]bool{}}
}

// complain records a problem at n.
func (r *reader) complain(n *yaml.Node, hint, format string, args ...any) {
	r.complainAt(n.Line, n.Column, hint, format, args...)
}

// complainAt records a problem at a position.
func (r *reader) complainAt(line, column int, hint, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: max(line, 1), Column: max(column, 1),
		Message: fmt.Sprintf(format, args...), Hint: hint})
}

// complainIn records a problem at the place of part within the text n, as far as it can be found.
func (r *reader) complainIn(n *yaml.Node, part, hint, format string, args ...any) {
	line, column, ok := r.find(n, part)
	if !ok {
		line, column = n.Line, n.Column
	}
	r.complainAt(line, column, hint, format, args...)
}

// find looks for part from the beginning of n on, no further than the text can reach.
func (r *reader) find(n *yaml.Node, part string) (line, column int, ok bool) {
	skip := max(n.Column-1, 0)
	for i := range strings.Count(n.Value, "\n") + 2 {
		text := []rune(r.line(n.Line + i))
		rest := string(text[min(skip, len(text)):])
		if at := strings.Index(rest, part); at >= 0 {
			return n.Line + i, skip + utf8.RuneCountInString(rest[:at]) + 1, true
		}
		skip = 0
	}
	return 0, 0, false
}

// isNull tells a missing value ("key:" and nothing behind it) from an empty text.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

var kindWords = map[yaml.Kind]string{yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list"}

// scalar gives the text of n if it is one.
func (r *reader) scalar(key string, n *yaml.Node) (string, bool) {
	switch {
	case r.unset[n]:
	case isNull(n):
		r.complain(n, "", "%s: the value is missing", key)
	case n.Kind != yaml.ScalarNode:
		hint := ""
		if r.looksLikeTemplate(n) {
			hint = "put quotes around a text that begins with {{"
		}
		r.complain(n, hint, "%s: a single value is needed, not %s", key, kindWords[n.Kind])
	default:
		return n.Value, true
	}
	return "", false
}

// looksLikeTemplate recognises {{name}} without quotes, which YAML takes for two mappings.
func (r *reader) looksLikeTemplate(n *yaml.Node) bool {
	text := []rune(r.line(n.Line))
	return n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && n.Column > 0 &&
		strings.HasPrefix(string(text[min(n.Column-1, len(text)):]), "{{")
}

// value parses the text of n; ok is false after a complaint.
func value[T any](r *reader, key string, n *yaml.Node, parse func(string) (T, *fault)) (v T, ok bool) {
	s, ok := r.scalar(key, n)
	if !ok {
		return v, false
	}
	v, f := parse(s)
	if f != nil {
		r.complain(n, f.hint, "%s: %s", key, f.message)
		return v, false
	}
	return v, true
}

// items are the elements of a list; a single value counts as a list of one.
func (r *reader) items(key string, n *yaml.Node) []*yaml.Node {
	switch {
	case n.Kind == yaml.SequenceNode:
		return n.Content
	case isNull(n):
		r.complain(n, "", "%s: the value is missing", key)
		return nil
	}
	return []*yaml.Node{n}
}

// object is a mapping whose keys are asked for one by one. The keys nobody asked for are unknown;
// close complains about them.
type object struct {
	*reader
	name  string // for messages
	node  *yaml.Node
	asked []string
}

// object returns nil after a complaint when n is not a mapping.
func (r *reader) object(name string, n *yaml.Node) *object {
	what := kindWords[n.Kind]
	switch {
	case isNull(n):
		what = "nothing"
	case n.Kind == yaml.ScalarNode, r.looksLikeTemplate(n):
		what = "a single value"
	}
	if n.Kind != yaml.MappingNode || r.looksLikeTemplate(n) {
		r.complain(n, "write key: value pairs", "%s: a mapping is needed, not %s", name, what)
		return nil
	}
	return &object{reader: r, name: name, node: n}
}

// get gives the value of a key or nil.
func (o *object) get(key string) *yaml.Node {
	o.asked = append(o.asked, key)
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if o.node.Content[i].Value == key {
			return o.node.Content[i+1]
		}
	}
	return nil
}

// need is get with a complaint about a missing key.
func (o *object) need(key, hint string) *yaml.Node {
	n := o.get(key)
	if n == nil {
		o.complain(o.node, hint, "%s: the key %q is missing", o.name, key)
	}
	return n
}

// close complains about the keys that were not asked for.
func (o *object) close() {
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		key := o.node.Content[i]
		if !slices.Contains(o.asked, key.Value) {
			o.complain(key, suggest(key.Value, o.asked), "unknown key %q in %s", key.Value, o.name)
		}
	}
}

// set reads a single value into dst, which keeps its default without the key.
func set[T any](o *object, key string, dst *T, parse func(string) (T, *fault)) {
	if n := o.get(key); n != nil {
		if v, ok := value(o.reader, key, n, parse); ok {
			*dst = v
		}
	}
}

// setAll reads a list of single values into dst.
func setAll[T any](o *object, key string, dst *[]T, parse func(string) (T, *fault)) {
	n := o.get(key)
	if n == nil {
		return
	}
	*dst = nil
	for _, item := range o.items(key, n) {
		if v, ok := value(o.reader, key, item, parse); ok {
			*dst = append(*dst, v)
		}
	}
}

// setDist reads a distribution of times into dst.
func (o *object) setDist(key string, dst *Dist) {
	if n := o.get(key); n != nil {
		if d, ok := o.dist(key, n); ok {
			*dst = d
		}
	}
}

const distHint = "write 2s, 1s..4s, {exponential: 3s} or {lognormal: {p50: 2s, p95: 8s}}"

// dist reads a time, a range or a named distribution.
func (r *reader) dist(key string, n *yaml.Node) (Dist, bool) {
	if n.Kind != yaml.MappingNode {
		return value(r, key, n, span)
	}
	o := r.object(key, n)
	lognormal, exponential := o.get("lognormal"), o.get("exponential")
	before := len(r.problems)
	o.close()
	if len(r.problems) > before {
		return Dist{}, false
	}
	if (lognormal == nil) == (exponential == nil) {
		r.complain(n, distHint, "%s: exactly one distribution is needed", key)
		return Dist{}, false
	}
	if exponential != nil {
		mean, ok := value(r, "exponential", exponential, durationIn(1, day))
		return Dist{Shape: Exponential, A: mean}, ok
	}
	return r.lognormal(lognormal)
}

func (r *reader) lognormal(n *yaml.Node) (Dist, bool) {
	o := r.object("lognormal", n)
	if o == nil {
		return Dist{}, false
	}
	d := Dist{Shape: Lognormal}
	before := len(r.problems)
	o.need("p50", distHint)
	o.need("p95", distHint)
	set(o, "p50", &d.A, durationIn(1, day))
	set(o, "p95", &d.B, durationIn(1, day))
	o.close()
	if len(r.problems) == before && d.B <= d.A {
		r.complain(n, distHint, "lognormal: p95 must be more than p50")
	}
	return d, len(r.problems) == before
}
