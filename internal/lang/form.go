package lang

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// form is a text with verbs, for recognising what was made of it.
type form struct {
	english    string
	translated string                // a format whose verbs all take text
	sentence   func() *regexp.Regexp // made when it is first needed: thousands are not
	verbs      []verbKind
	prefix     string // literal text in front of the first verb
	suffix     string // and behind the last
	literal    int    // bytes of it that are no verb
}

// verbKind is what a verb makes of its argument.
type verbKind struct {
	pattern string
	inner   bool // it may be a text of the catalogue
}

// verb is a verb of a format. Those of a translation may have an index, for another order of words.
var verb = regexp.MustCompile(`%(?:%|[-+# 0]*[0-9]*(?:\.[0-9]+)?(?:\[[0-9]+\])?[a-zA-Z])`)

// kindOf tells what a verb makes. Padding in front or behind belongs to it.
func kindOf(verb string) verbKind {
	body := strings.Trim(verb[1:len(verb)-1], "+# ")
	kind := map[byte]verbKind{
		'd': {pattern: `-?[0-9][0-9,]*`},
		'f': {pattern: `-?[0-9]+(?:\.[0-9]+)?`},
		'g': {pattern: `[-+0-9.e]+`},
		'x': {pattern: `[0-9a-fA-F]+`},
		't': {pattern: `true|false`},
		'c': {pattern: `.`},
		'q': {pattern: "\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`|\\[.*\\]|'.+'"},
		's': {pattern: `.*?`, inner: true},
		'v': {pattern: `.*?`, inner: true},
		'w': {pattern: `.*?`, inner: true},
	}[verb[len(verb)-1]]
	if kind.pattern == "" {
		kind = verbKind{pattern: `.*?`}
	}
	kind.pattern = "(" + kind.pattern + ")"
	if body != "" && !strings.HasPrefix(body, ".") && !strings.HasPrefix(body, "0") {
		kind.pattern = " *" + kind.pattern + " *"
	}
	return kind
}

// newForm makes a form of a text, if it has verbs and enough text around them to be told by.
func newForm(english, translated string) (*form, bool) {
	f := &form{english: english, translated: asText(translated)}
	var pattern, literal strings.Builder
	flush := func() {
		pattern.WriteString(regexp.QuoteMeta(literal.String()))
		f.literal += literal.Len()
		f.suffix = literal.String()
		if len(f.verbs) == 0 {
			f.prefix = f.suffix
		}
		literal.Reset()
	}
	at := 0
	for _, span := range verb.FindAllStringIndex(english, -1) {
		literal.WriteString(english[at:span[0]])
		at = span[1]
		if english[span[0]:at] == "%%" {
			literal.WriteByte('%')
			continue
		}
		flush()
		kind := kindOf(english[span[0]:at])
		f.verbs = append(f.verbs, kind)
		pattern.WriteString(kind.pattern)
	}
	literal.WriteString(english[at:])
	flush()
	last := pattern.String()
	if singular, ok := f.singular(); ok {
		last = singular
	}
	f.sentence = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)^` + last + `$`) })
	hasLetters := strings.ContainsFunc(verb.ReplaceAllString(english, ""), isLetter)
	return f, len(f.verbs) > 0 && hasLetters && f.literal > 2
}

// counted is a text that [Printer.Count] makes.
var counted = regexp.MustCompile(`^%d ([a-z -]+)s$`)

// singular is the pattern of a counted noun, of which there may be only one.
func (f *form) singular() (string, bool) {
	noun := counted.FindStringSubmatch(f.english)
	if noun == nil {
		return "", false
	}
	f.suffix = ""
	return f.verbs[0].pattern + " " + regexp.QuoteMeta(noun[1]) + "s?", true
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// asText makes verbs that take text of all verbs of a format, since that is what the arguments are
// by then; an index stays.
func asText(format string) string {
	return verb.ReplaceAllStringFunc(format, func(verb string) string {
		if verb == "%%" {
			return verb
		}
		if i := strings.IndexByte(verb, '['); i >= 0 {
			return "%" + verb[i:strings.IndexByte(verb, ']')+1] + "s"
		}
		return "%s"
	})
}

// index finds the form that a text was made of. Forms are kept by how they begin, so that few are
// looked at; of several that fit, the one with most text of its own is taken.
type index struct {
	begin map[string][]*form // by the first bytes of the prefix
	any   []*form            // whose prefix is shorter
}

const keyed = 4 // bytes

func newIndex(catalogue map[string]string) *index {
	x := &index{begin: map[string][]*form{}}
	for english, translated := range catalogue {
		f, ok := newForm(english, translated)
		switch {
		case !ok:
		case len(f.prefix) < keyed:
			x.any = append(x.any, f)
		default:
			key := f.prefix[:keyed]
			x.begin[key] = append(x.begin[key], f)
		}
	}
	best(x.any)
	for _, list := range x.begin {
		best(list)
	}
	return x
}

// best puts the form with most text of its own first.
func best(list []*form) {
	slices.SortFunc(list, func(a, b *form) int {
		if a.literal != b.literal {
			return b.literal - a.literal
		}
		return strings.Compare(a.english, b.english)
	})
}

// find gives the form of a text, with what was put in for its verbs; nil if there is none.
func (x *index) find(text string) (*form, []string) {
	f, parts := match(x.any, text)
	if len(text) < keyed {
		return f, parts
	}
	if g, more := match(x.begin[text[:keyed]], text); g != nil && (f == nil || g.literal >= f.literal) {
		return g, more
	}
	return f, parts
}

func match(list []*form, text string) (*form, []string) {
	for _, f := range list {
		if len(text) < f.literal-1 || !strings.HasPrefix(text, f.prefix) || !strings.HasSuffix(text, f.suffix) {
			continue
		}
		if parts := f.sentence().FindStringSubmatch(text); parts != nil {
			return f, parts[1:]
		}
	}
	return nil, nil
}
