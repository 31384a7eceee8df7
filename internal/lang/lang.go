// Package lang says chatbench's human output in the language of its reader. English is the source:
// the rooms write English, results keep English, and whoever shows text to a person passes it
// through a [Printer]. What machines read (JSON, JUnit, exit codes, names of rules and metrics) never
// passes through one.
//
// There is one catalogue a language, a file of English texts with their translations. A text with
// verbs, such as "%d of %s missed", is found by its format and also by what the format made of it, so
// that a sentence out of a stored result can be translated, too.
package lang

import (
	_ "embed" // the catalogue
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed zh.yaml
var chinese []byte

// Printer writes in one language. A nil Printer writes English.
type Printer struct {
	code  string
	exact map[string]string
	forms []form // texts with verbs, the one with most literal text first
}

// form is a text with verbs, for recognising what was made of it.
type form struct {
	english    string
	sentence   *regexp.Regexp
	translated string
	literal    int // bytes of it that are no verb
}

// Codes lists the languages.
func Codes() []string { return []string{"en", "zh"} }

var zh = sync.OnceValues(func() (*Printer, error) { return newPrinter("zh", chinese) })

// For gives the printer of a language. The error names the languages there are.
func For(code string) (*Printer, error) {
	switch code {
	case "en":
		return nil, nil
	case "zh":
		return zh()
	}
	return nil, fmt.Errorf("language %q is not one of %s", code, strings.Join(Codes(), ", "))
}

// FromEnv gives the code of the language that the locale asks for, English if it is none of ours.
func FromEnv(lookup func(string) (string, bool)) string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} { // the order of POSIX
		if locale, _ := lookup(name); locale != "" {
			if locale == "zh" || strings.HasPrefix(locale, "zh_") || strings.HasPrefix(locale, "zh-") || strings.HasPrefix(locale, "zh.") {
				return "zh"
			}
			break
		}
	}
	return "en"
}

func newPrinter(code string, catalogue []byte) (*Printer, error) {
	p := &Printer{code: code}
	if err := yaml.Unmarshal(catalogue, &p.exact); err != nil {
		return nil, fmt.Errorf("catalogue of %s: %w", code, err)
	}
	for english, translated := range p.exact {
		if f, ok := newForm(english, translated); ok {
			p.forms = append(p.forms, f)
		}
	}
	slices.SortFunc(p.forms, func(a, b form) int {
		if a.literal != b.literal {
			return b.literal - a.literal
		}
		return strings.Compare(a.english, b.english)
	})
	return p, nil
}

// verb is a verb of a format. Those of a translation may have an index, for another order of words.
var verb = regexp.MustCompile(`%[-+# 0]*[0-9]*(\.[0-9]+)?(\[[0-9]+\])?[a-zA-Z]`)

// newForm makes a form of a text, if it has verbs and letters around them.
func newForm(english, translated string) (form, bool) {
	f := form{english: english, translated: translated}
	var pattern strings.Builder
	pattern.WriteString(`(?s)^`)
	at := 0
	for _, span := range verb.FindAllStringIndex(english, -1) {
		literal := strings.ReplaceAll(english[at:span[0]], "%%", "%")
		pattern.WriteString(regexp.QuoteMeta(literal) + "(.+?)")
		f.literal += len(literal)
		at = span[1]
	}
	if at == 0 {
		return f, false
	}
	literal := strings.ReplaceAll(english[at:], "%%", "%")
	pattern.WriteString(regexp.QuoteMeta(literal) + `$`)
	f.literal += len(literal)
	f.sentence = regexp.MustCompile(pattern.String())
	hasLetters := strings.ContainsFunc(english, func(r rune) bool { return r >= 'a' && r <= 'z' })
	return f, hasLetters && f.literal > 2
}

// Code is the language's.
func (p *Printer) Code() string {
	if p == nil {
		return "en"
	}
	return p.code
}

// Sprintf is fmt.Sprintf with a format that is translated. The arguments are not.
func (p *Printer) Sprintf(format string, args ...any) string {
	if p != nil {
		if translated, ok := p.exact[format]; ok {
			format = translated
		}
	}
	return fmt.Sprintf(format, args...)
}

// T translates a text: one of the catalogue, or what was made of one with verbs, whose parts are
// translated, too. A text that is not known stays as it is.
func (p *Printer) T(text string) string {
	if p == nil || text == "" {
		return text
	}
	if translated, ok := p.exact[text]; ok {
		return translated
	}
	for i := range p.forms {
		f := &p.forms[i]
		parts := f.sentence.FindStringSubmatch(text)
		if parts == nil {
			continue
		}
		args := make([]any, len(parts)-1)
		for k, part := range parts[1:] {
			args[k] = p.T(part)
		}
		return fmt.Sprintf(verb.ReplaceAllStringFunc(f.translated, asText), args...)
	}
	return text
}

// asText makes %s of a verb, since its argument is text already; an index stays.
func asText(verb string) string {
	if i := strings.IndexByte(verb, '['); i >= 0 {
		return "%" + verb[i:strings.IndexByte(verb, ']')+1] + "s"
	}
	return "%s"
}
