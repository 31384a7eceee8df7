package scenario

import "strings"

// Template is a text with {{variables}} in it; four braces stand for two of them. The zero value is
// the empty text.
type Template struct {
	parts []part
}

type part struct {
	text     string // literal, or the variable's name
	variable bool
}

// ParseTemplate splits s. Unclosed or empty braces give ok false. Of three braces the first is one
// of the text.
func ParseTemplate(s string) (t Template, ok bool) {
	for {
		text, rest, variable := nextVariable(s)
		if text != "" {
			t.parts = append(t.parts, part{text: text})
		}
		if !variable {
			return t, true
		}
		name, behind, closed := strings.Cut(rest, "}}")
		if name = strings.TrimSpace(name); name == "" || !closed {
			return Template{}, false
		}
		t.parts = append(t.parts, part{text: name, variable: true})
		s = behind
	}
}

// nextVariable gives the text in front of the next variable, with its braces as they are meant, and
// what is behind the braces that open the variable.
func nextVariable(s string) (text, rest string, found bool) {
	for {
		i := strings.Index(s, "{{")
		if i < 0 {
			return text + s, "", false
		}
		text, s = text+s[:i], s[i:]
		switch {
		case strings.HasPrefix(s, "{{{{"):
			text, s = text+"{{", s[4:]
		case strings.HasPrefix(s, "{{{"):
			return text + "{", s[3:], true
		default:
			return text, s[2:], true
		}
	}
}

// EscapeTemplate writes a text that has no variables as a template.
func EscapeTemplate(s string) string { return strings.ReplaceAll(s, "{{", "{{{{") }

// Variables lists the names used, in order, with repetitions.
func (t Template) Variables() []string {
	var names []string
	for _, p := range t.parts {
		if p.variable {
			names = append(names, p.text)
		}
	}
	return names
}

// Expand replaces every variable by what value gives for its name.
func (t Template) Expand(value func(name string) string) string {
	if len(t.parts) == 1 && !t.parts[0].variable {
		return t.parts[0].text
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.variable {
			b.WriteString(value(p.text))
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

// BuiltIn lists the variables every flow has beside the columns of its data rows: the customer's
// index, the conversation's, the repeat counter, the user id and the run's id.
var BuiltIn = []string{"customer", "conversation", "n", "user", "run"}
