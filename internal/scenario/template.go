package scenario

import "strings"

// Template is a text with {{variables}} in it. The zero value is the empty text.
type Template struct {
	parts []part
}

type part struct {
	text     string // literal, or the variable's name
	variable bool
}

// ParseTemplate splits s. Unclosed or empty braces give ok false.
func ParseTemplate(s string) (t Template, ok bool) {
	for {
		i := strings.Index(s, "{{")
		if i < 0 {
			if s != "" {
				t.parts = append(t.parts, part{text: s})
			}
			return t, true
		}
		end := strings.Index(s[i:], "}}")
		name := ""
		if end > 0 {
			name = strings.TrimSpace(s[i+2 : i+end])
		}
		if name == "" {
			return Template{}, false
		}
		if i > 0 {
			t.parts = append(t.parts, part{text: s[:i]})
		}
		t.parts = append(t.parts, part{text: name, variable: true})
		s = s[i+end+2:]
	}
}

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
