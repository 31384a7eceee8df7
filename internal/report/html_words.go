package report

import (
	"encoding/json"
	"fmt"
	"html/template"

	"chatbench/internal/lang"
)

// words is a text in both languages of a page.
type words struct{ en, zh string }

// htmlLang is the language of a page as HTML has it.
var htmlLang = map[string]string{"en": "en", "zh": "zh-CN"}

// say makes a text of the page's own. Arguments that are words themselves appear in each language.
func (p *page) say(format string, args ...any) words {
	en, zh := make([]any, len(args)), make([]any, len(args))
	for i, arg := range args {
		en[i], zh[i] = arg, arg
		if w, ok := arg.(words); ok {
			en[i], zh[i] = w.en, w.zh
		}
	}
	return words{fmt.Sprintf(format, en...), p.zh.Sprintf(format, zh...)}
}

// tell takes over a text that was made elsewhere: a sentence of a result, or a text of the template.
func (p *page) tell(text string) words {
	text = phrase(text)
	return words{text, p.zh.T(text)}
}

// both has a text made for each language.
func (p *page) both(write func(say *lang.Printer) string) words {
	return words{write(nil), write(p.zh)}
}

// name is a text that is the same in all languages, such as the name of a scenario.
func (p *page) name(text string) words {
	text = phrase(text)
	return words{text, text}
}

// shortly is a name of a sensible length for a title.
func (p *page) shortly(text string) words { return p.name(capped(phrase(text), 80, "…")) }

// joined puts texts together.
func joined(separator string, list ...words) words {
	var all words
	for _, w := range list {
		switch {
		case w.none():
		case all.none():
			all = w
		default:
			all = words{all.en + separator + w.en, all.zh + separator + w.zh}
		}
	}
	return all
}

func (w words) none() bool { return w.en == "" }

// Some reports whether there is a text, for the template.
func (w words) Some() bool { return !w.none() }

// In is the text in the language with this code.
func (w words) In(code string) string {
	if code == "zh" {
		return w.zh
	}
	return w.en
}

// html is the text for a page: once if the languages agree, and otherwise in both, of which the style
// shows one. A text from outside may be written from right to left; it is kept from turning what is
// around it.
func (w words) html() template.HTML {
	if w.en == w.zh {
		return outside(w.en)
	}
	return `<span lang="en">` + outside(w.en) + `</span><span lang="zh-CN">` + outside(w.zh) + `</span>`
}

// outside escapes a text, and isolates it if it may hold letters that run from right to left.
func outside(s string) template.HTML {
	escaped := template.HTML(template.HTMLEscapeString(s))
	for _, r := range s {
		if r >= 0x590 && r <= 0x8ff || r >= 0xfb1d && r <= 0xfefc || r >= 0x10800 && r <= 0x10fff || r >= 0x1e800 && r <= 0x1efff {
			return "<bdi>" + escaped + "</bdi>"
		}
	}
	return escaped
}

// MarshalJSON writes the text for the charts' script.
func (w words) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		EN string `json:"en"`
		ZH string `json:"zh"`
	}{w.en, w.zh})
}
