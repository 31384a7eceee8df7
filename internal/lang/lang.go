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
	"strconv"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"
)

//go:embed zh.yaml
var chinese []byte

// Printer writes in one language. A nil Printer writes English.
type Printer struct {
	code  string
	words catalogue
	forms func() *index // of what is said; made when it is first needed
}

// catalogue has English texts with their translations.
type catalogue struct {
	// Own is what is written through a printer. It is found by its text or format only.
	Own map[string]string `yaml:"own"`
	// Said is what other rooms write: errors, and the sentences of a result. It is found by what its
	// format made of it, too, so an entry must not be so short that it is taken for another.
	Said map[string]string `yaml:"said"`
}

// exact finds a text or a format.
func (c *catalogue) exact(text string) (string, bool) {
	if translated, ok := c.Own[text]; ok {
		return translated, true
	}
	translated, ok := c.Said[text]
	return translated, ok
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

func newPrinter(code string, data []byte) (*Printer, error) {
	p := &Printer{code: code}
	if err := yaml.Unmarshal(data, &p.words); err != nil {
		return nil, fmt.Errorf("catalogue of %s: %w", code, err)
	}
	p.forms = sync.OnceValue(func() *index { return newIndex(p.words.Said) })
	return p, nil
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
		if translated, ok := p.words.exact(format); ok {
			format = translated
		}
	}
	return fmt.Sprintf(format, args...)
}

// Count says how many there are of something, in English "1 message" or "1,204 messages". In the
// catalogue it is "%d messages".
func (p *Printer) Count(n int64, noun string) string {
	if p != nil {
		if translated, ok := p.words.exact("%d " + noun + "s"); ok {
			return fmt.Sprintf(asText(translated), Thousands(n))
		}
	}
	if n == 1 {
		return "1 " + noun
	}
	return Thousands(n) + " " + noun + "s"
}

// Thousands writes a number with commas between the thousands, in every language.
func Thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	head := 0
	if n < 0 {
		head = 1
	}
	for i := len(s) - 3; i > head; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// T translates a text: one of the catalogue, or what was made of one with verbs, or several of them
// in a row, in lines or with a colon, a semicolon or a comma between them. Parts that were put in for a verb are
// translated, too, unless they are a single word, which is a name, or quoted. A text that is not
// known stays as it is.
func (p *Printer) T(text string) string {
	if p == nil {
		return text
	}
	if translated, ok := p.words.exact(text); ok {
		return translated
	}
	left := mostWork
	translated, _ := p.translate(text, &left)
	return translated
}

// mostWork bounds the bytes that are looked at for a text and its parts, and theirs, whatever a tenant
// puts into one.
const mostWork = 256 << 10

// translate reports whether it knew anything of the text.
func (p *Printer) translate(text string, left *int) (string, bool) {
	if *left -= len(text); *left < 0 || !strings.Contains(text, " ") { // one word is a name
		return text, false
	}
	if translated, ok := p.whole(text, left); ok {
		return translated, true
	}
	if sentence, ok := p.whole(text+".", left); ok { // a sentence that stands in another one
		return strings.TrimSuffix(sentence, "。"), true
	}
	if phrase, ok := strings.CutSuffix(text, "."); ok { // a sentence made of a phrase
		for _, phrase := range []string{phrase, lowerFirst(phrase)} {
			f, _ := p.forms().find(phrase)
			if _, known := p.words.Said[phrase]; known || f != nil {
				translated, _ := p.translate(phrase, left)
				return translated + "。", true
			}
		}
	}
	if translated, known := p.split(text, left); known || text == "" {
		return translated, known
	}
	if lower := lowerFirst(text); lower != text { // a phrase that begins a sentence
		if translated, known := p.translate(lower, left); known {
			return translated, true
		}
	}
	return text, false
}

// whole translates a text of the catalogue, or what was made of one with verbs.
func (p *Printer) whole(text string, left *int) (string, bool) {
	if translated, ok := p.words.Said[text]; ok {
		return translated, true
	}
	f, parts := p.forms().find(text)
	if f == nil {
		return text, false
	}
	args := make([]any, len(parts))
	for k, part := range parts {
		args[k] = part
		if f.verbs[k].inner {
			args[k], _ = p.translate(part, left)
		}
	}
	return fmt.Sprintf(f.translated, args...), true
}

// lowerFirst makes the first letter a small one, if it is one of English.
func lowerFirst(text string) string {
	if text == "" || text[0] < 'A' || text[0] > 'Z' {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// separators stand between two texts that were put together.
var separators = []string{": ", "; ", ", ", " ("}

// wide is what stands there in Chinese.
var wide = map[string]string{": ": "：", "; ": "；", ", ": "，", " (": "（", ")": "）"}

// split translates the texts of which one was put together.
func (p *Printer) split(text string, left *int) (string, bool) {
	for _, separator := range []string{"\n\n", "\n"} { // paragraphs, lines
		if strings.Contains(text, separator) {
			return p.each(strings.Split(text, separator), separator, left)
		}
	}
	for _, separator := range separators {
		head, tail, found := strings.Cut(text, separator)
		if !found {
			continue
		}
		first, known := p.translate(head, left)
		if second, ok := p.whole(separator+tail, left); ok { // it brings its comma with it
			return first + second, true
		}
		between, end := separator, ""
		if separator == " (" && strings.HasSuffix(tail, ")") {
			tail, end = tail[:len(tail)-1], ")"
		}
		second, also := p.translate(tail, left)
		if known && also { // where both are Chinese, so is what stands between them
			between, end = wide[separator], wide[end]
		}
		if known || also {
			return first + between + second + end, true
		}
	}
	return text, false
}

func (p *Printer) each(texts []string, separator string, left *int) (string, bool) {
	any := false
	for i := range texts {
		translated, known := p.translate(texts[i], left)
		texts[i], any = translated, any || known
	}
	return strings.Join(texts, separator), any
}
