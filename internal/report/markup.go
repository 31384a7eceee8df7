package report

import (
	"fmt"
	"iter"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Texts from outside must stay texts where Markdown is rendered. Escaping with a backslash is not
// enough: GitHub and GitLab look for mentions, references, addresses and emoji in what is left
// after rendering, but never in code. So whatever is not a plain word is shown as code.

// plainWord is a word that nothing can take for anything else: letters and digits, or a number, or
// letters with hyphens and apostrophes between them, and punctuation around it. Characters outside
// ASCII mean nothing to Markdown. "ORD-01" is not plain: trackers link such words.
var plainWord = regexp.MustCompile(`^["'(]*` +
	`(?:` + alnum + `+|` + alpha + `+(?:[-']` + alpha + `+)*|[0-9]+(?:[.,:][0-9]+)*` + alpha + `*|%)` +
	`["'),.;:!?%]*$`)

const (
	alnum = `[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]`
	alpha = `[^\x00-\x40\x5b-\x60\x7b-\x7f]`
)

// loose is punctuation that means nothing beside Chinese.
var loose = regexp.MustCompile(`^["'(),.;:!?%]+$`)

// listMark begins a list where it begins a text. What looks linked is the id of a commit, or the
// beginning of an address.
var (
	listMark = regexp.MustCompile(`^[0-9]+[.)]$`)
	linked   = regexp.MustCompile(`\b[0-9a-fA-F]{7,}\b|[wW]{3}\.`)
)

// prose writes a text from outside so that it reads as itself, on one line, in a paragraph, a list
// or a table of Markdown.
func prose(s string) string {
	words := strings.Fields(phrase(s))
	for i, word := range words {
		var b strings.Builder
		for part := range cuts(word) {
			beside := len(part) < len(word) && loose.MatchString(part)
			if !beside && (!plainWord.MatchString(part) || linked.MatchString(part) || i == 0 && listMark.MatchString(part)) {
				part = codeWord(part)
			}
			b.WriteString(part)
		}
		words[i] = b.String()
	}
	return strings.Join(words, " ")
}

// cuts parts what is written in Chinese from what is not: there are no spaces between them, and a name
// is not to make code of the sentence that it stands in.
func cuts(word string) iter.Seq[string] {
	return func(yield func(string) bool) {
		begin := 0
		for i, r := range word {
			if i > begin && chinese(r) != chineseAt(word[begin:]) {
				if !yield(word[begin:i]) {
					return
				}
				begin = i
			}
		}
		yield(word[begin:])
	}
}

// chinese reports whether a character is Chinese, or punctuation of Chinese.
func chinese(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef || r == '“' || r == '”'
}

func chineseAt(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return chinese(r)
}

// codeWord leaves the punctuation around a word outside of the code.
func codeWord(word string) string {
	left := strings.TrimLeft(word, `"'(（`)
	inner := strings.TrimRight(left, `"'),.;!?），。；！？`)
	if inner == "" || listMark.MatchString(word) {
		return code(word)
	}
	return word[:len(word)-len(left)] + code(inner) + left[len(inner):]
}

// code writes a text from outside as code on one line. A backtick would end a span, and a bar or
// backslash is seen by tables before spans are; with those it is written in HTML.
func code(s string) string {
	s = phrase(s)
	if s == "" || !strings.ContainsAny(s, "`|\\") {
		return spanned(s)
	}
	var b strings.Builder
	for _, r := range s {
		if r > '~' || r == ' ' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return "<code>" + b.String() + "</code>"
}

func spanned(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

var escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// preformatted writes lines from outside as a block. It is HTML because no text can end it once
// its angle brackets are escaped, where a fence of backticks would depend on what is in it.
func preformatted(lines []string) string {
	var b strings.Builder
	b.WriteString("<pre>\n")
	for _, line := range lines {
		b.WriteString(escapeHTML.Replace(clean(line)) + "\n")
	}
	b.WriteString("</pre>\n")
	return b.String()
}
