package har

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"chatbench/internal/scenario"
)

// part is a stretch of a text: as it stands, or what belongs to one person and is therefore a
// variable.
type part struct {
	text     string // as recorded; of a variable what stands in its place
	variable string // its name; "": none
}

// private is one kind of what belongs to a person or is secret.
type private struct {
	variable string
	pattern  *regexp.Regexp
	group    int    // of the pattern, which is what is replaced
	made     string // what stands in its place, with the number of the conversation; "": as recorded
	ok       func(string) bool
}

// privates are what is looked for, the more particular first. A piece of a text is only of one kind.
// There is no range of numbers that are nobody's in China, so made numbers are of a form that is not
// given out.
var privates = []private{
	{"email", regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`), 0, "customer%d@example.com", nil},
	{"password", regexp.MustCompile(`(?i)(?:password|passwd|passcode|\bpin\b|\botp\b|verification code|密码|口令|验证码)(?:\s*(?:is|:|=|是|为|：)\s*|\s*)([A-Za-z0-9!@#$%^&*_.-]{4,})`), 1, "code-%d", hasDigit},
	{"id_card", regexp.MustCompile(`\b[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]\b`), 0, "00000019900101%04d", nil},
	{"card", regexp.MustCompile(`\b\d{4}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,4})?\b`), 0, "000000000000%04d", isCard},
	{"phone", regexp.MustCompile(`(?:\+?\b86[- ]?)?\b1[3-9]\d[- ]?\d{4}[- ]?\d{4}\b|\b0\d{2,3}-\d{7,8}\b|\+\d{1,3}[- ]?\d{2,4}(?:[- ]?\d{2,4}){1,3}\b`), 0, "1000000%04d", nil},
	{"order", regexp.MustCompile(`(?i)(?:order|parcel|invoice|ticket|contract|订单|单号|运单|工单|合同|编号)(?:\s*(?:number|no\.?|id|号|编号)?\s*(?:is|:|#|是|为|：)?\s*)#?([A-Za-z]{0,6}-?\d[A-Za-z0-9-]{2,30})\b`), 1, "", nil},
	{"token", regexp.MustCompile(`[A-Za-z0-9_+/=.%-]{20,}`), 0, "token-%d", isToken},
	{"number", regexp.MustCompile(`\b[A-Za-z]{0,6}-?\d{6,32}\b`), 0, "", nil},
}

// privateWords say what a kind is, for people. "user" is what the customers are called in a scenario
// in any case.
var privateWords = map[string]string{
	"email": "an e-mail address", "password": "a password or code", "id_card": "an ID-card number", "card": "a bank card number",
	"phone": "a phone number", "order": "an order number", "token": "a token", "number": "a number",
	"name": "the customer's name", "user": "the customer's id", "secret": "an id or secret of the tenant",
}

func hasDigit(s string) bool { return strings.ContainsAny(s, "0123456789") }

// isToken tells a token from a long word and from an address: it mixes letters and digits.
func isToken(s string) bool {
	letters := strings.IndexFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }) >= 0
	return letters && hasDigit(s)
}

// isCard reports whether the digits have the check digit of a bank card (Luhn).
func isCard(s string) bool {
	sum, n := 0, 0
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		digit := int(s[i] - '0')
		if n++; n%2 == 0 {
			digit = digit*2/10 + digit*2%10
		}
		sum += digit
	}
	return n >= 13 && n <= 19 && sum%10 == 0
}

// identity is what the recording itself says is somebody's: an id, a name, a secret.
type identity struct{ value, variable string }

// identities of one recording, the longest first.
type identities struct {
	list []identity
	seen map[identity]bool
	made int // how many values have been made up
}

// add takes in what must not be written. What is as short as a word people use is left out: it would
// be found where it is not meant.
func (i *identities) add(value, variable string) {
	id := identity{value, variable}
	if !id.worthHiding() || i.seen[id] {
		return
	}
	if i.seen == nil {
		i.seen = map[identity]bool{}
	}
	i.seen[id] = true
	at, _ := slices.BinarySearchFunc(i.list, id, func(a, b identity) int { return len(b.value) - len(a.value) })
	i.list = slices.Insert(i.list, at, id)
}

// everybody is what pages call customers of whom they know no name.
var everybody = []string{"customer", "visitor", "guest", "user", "anonymous", "me", "客户", "访客", "游客", "用户", "顾客", "匿名", "我"}

func (id identity) worthHiding() bool {
	runes := utf8.RuneCountInString(id.value)
	if id.variable == "name" {
		return runes >= 2 && !slices.Contains(everybody, strings.ToLower(id.value))
	}
	return runes >= 4
}

// hide takes what must not be seen out of a text that is for people.
func (i *identities) hide(text string) string {
	for _, id := range i.list {
		text = strings.ReplaceAll(text, id.value, "***")
	}
	return text
}

// vault gives what one conversation holds of persons its names, each value the same one everywhere.
type vault struct {
	known  *identities
	names  map[string]string // by kind and value
	values map[string]string // by name: what stands in its place
	order  []string          // of the names, as they come in the texts
	kinds  map[string]int    // how many values of a kind there are
}

func newVault(known *identities) *vault {
	return &vault{known: known, names: map[string]string{}, values: map[string]string{}, kinds: map[string]int{}}
}

// split finds what belongs to persons in a text.
func (v *vault) split(text string) []part {
	parts := []part{{text: strings.ToValidUTF8(text, "\ufffd")}}
	for _, id := range v.known.list {
		parts = each(parts, func(s string) []part { return v.identified(s, id) })
	}
	for i := range privates {
		parts = each(parts, func(s string) []part { return v.matched(s, &privates[i]) })
	}
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.text == "" && p.variable == "" })
	for _, p := range parts {
		if _, ok := v.values[p.variable]; ok && !slices.Contains(v.order, p.variable) {
			v.order = append(v.order, p.variable)
		}
	}
	return parts
}

// each splits every stretch of text further.
func each(parts []part, split func(string) []part) []part {
	var finer []part
	for _, p := range parts {
		if p.variable != "" || p.text == "" {
			finer = append(finer, p)
			continue
		}
		finer = append(finer, split(p.text)...)
	}
	return finer
}

// identified cuts an identity out of a text, where it is not a part of a longer word.
func (v *vault) identified(text string, id identity) []part {
	var parts []part
	for from := 0; ; {
		at := strings.Index(text[from:], id.value)
		if at < 0 {
			return append(parts, part{text: text})
		}
		at += from
		behind := at + len(id.value)
		if id.variable == "name" && (wordAt(text, at-1, id.value[0]) || wordAt(text, behind, id.value[len(id.value)-1])) {
			from = behind
			continue
		}
		parts = append(parts, part{text: text[:at]}, v.variable(id.variable, id.value, "%s-%d"))
		text, from = text[behind:], 0
	}
}

// wordAt reports whether the byte at a place goes on with a word of ASCII letters.
func wordAt(text string, at int, edge byte) bool {
	return at >= 0 && at < len(text) && isLetter(text[at]) && isLetter(edge)
}

func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// matched cuts everything of a kind out of a text.
func (v *vault) matched(text string, kind *private) []part {
	var parts []part
	done := 0
	for _, at := range kind.pattern.FindAllStringSubmatchIndex(text, -1) {
		from, to := at[2*kind.group], at[2*kind.group+1]
		if kind.ok != nil && !kind.ok(text[from:to]) {
			continue
		}
		parts = append(parts, part{text: text[done:from]}, v.variable(kind.variable, text[from:to], kind.made))
		done = to
	}
	return append(parts, part{text: text[done:]})
}

// variable names a value. Made is the form of what stands in its place.
func (v *vault) variable(kind, value, made string) part {
	if kind == "user" {
		return part{variable: kind}
	}
	name, ok := v.names[kind+" "+value]
	if !ok {
		v.kinds[kind]++
		if name = kind; v.kinds[kind] > 1 {
			name = fmt.Sprintf("%s_%d", kind, v.kinds[kind])
		}
		v.names[kind+" "+value] = name
		v.known.made++
		v.values[name] = stands(kind, value, made, v.known.made)
	}
	return part{text: v.values[name], variable: name}
}

// stands is what is written in the place of a value.
func stands(kind, value, made string, n int) string {
	switch {
	case made == "":
		return value
	case strings.HasPrefix(made, "%s"):
		return fmt.Sprintf(made, kind, n)
	}
	return fmt.Sprintf(made, n)
}

// template writes a text as scenarios do. Without variables what stands in their place is written
// out.
func template(parts []part, variables bool) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.variable == "user" || p.variable != "" && variables:
			b.WriteString("{{" + p.variable + "}}")
		default:
			b.WriteString(scenario.EscapeTemplate(p.text))
		}
	}
	return escapeVariables(b.String())
}

// escapeVariables keeps a text from being taken for a variable of the environment.
func escapeVariables(s string) string { return strings.ReplaceAll(s, "${", "$${") }

// longestValue is how many characters a value may have that stands for a variable: another row of the
// data may have a longer one.
const longestValue = 40

// length is how many characters a text has at most.
func length(parts []part) int {
	n := 0
	for _, p := range parts {
		if p.variable != "" {
			n += longestValue
			continue
		}
		n += utf8.RuneCountInString(p.text)
	}
	return n
}

// cut shortens a text to so many characters.
func cut(parts []part, most int) []part {
	for i, p := range parts {
		if before := length(parts[:i]); before+length(parts[i:i+1]) > most {
			if p.variable != "" {
				return parts[:i]
			}
			short := []rune(p.text)[:most-before]
			return append(slices.Clone(parts[:i]), part{text: string(short)})
		}
	}
	return parts
}
