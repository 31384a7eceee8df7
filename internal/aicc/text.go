package aicc

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// texts makes the strings of one answer. They share pieces of memory, so that an answer costs one
// allocation for nearly all of them; a piece is small, so that whoever keeps one string keeps
// little else.
type texts struct {
	b     strings.Builder
	exact bool // the body is UTF-8, so that what has no escapes can be copied as it is
}

// maxPiece is the greatest piece that is made for more than one string, in bytes.
const maxPiece = 1 << 10

// text is a value as a string. Rest is how many bytes are left to be read behind it; of these, at
// least half are usually keys and words.
func (t *texts) text(v value, rest int) string {
	if t.exact && v.plain {
		if w, ok := word(v.raw); ok {
			return w
		}
	}
	if n := len(v.raw); t.b.Cap()-t.b.Len() < n {
		t.b.Reset() // leaves the memory to the strings that were cut from it
		t.b.Grow(max(n, min(n+rest/2, maxPiece)))
	}
	start := t.b.Len()
	if t.exact && v.plain {
		t.b.Write(v.raw)
	} else {
		unescape(&t.b, v.raw)
	}
	return t.b.String()[start:]
}

// word finds a text among those that nearly every answer has; they need no memory.
func word(raw []byte) (w string, ok bool) {
	switch string(raw) {
	case "":
		return "", true
	case CodeOK:
		return CodeOK, true
	case "1":
		return "1", true
	case "ok":
		return "ok", true
	case "Y":
		return "Y", true
	case "true":
		return "true", true
	case "false":
		return "false", true
	case ChannelWeb:
		return ChannelWeb, true
	case Chat:
		return Chat, true
	case Disconnect:
		return Disconnect, true
	case Read:
		return Read, true
	case FromAgent:
		return FromAgent, true
	case FromRobot:
		return FromRobot, true
	case FromSystem:
		return FromSystem, true
	case Text:
		return Text, true
	case Image:
		return Image, true
	case Audio:
		return Audio, true
	case Video:
		return Video, true
	}
	return "", false
}

// unescaped is what a JSON text with escapes says.
func unescaped(raw []byte) []byte {
	var b strings.Builder
	b.Grow(len(raw))
	unescape(&b, raw)
	return []byte(b.String())
}

// unescape adds what stands between the quotes of a JSON text. Bytes that are not UTF-8 and
// surrogates without their other half become U+FFFD, one by one, as in encoding/json.
func unescape(b *strings.Builder, raw []byte) {
	for len(raw) > 0 {
		n := bytes.IndexByte(raw, '\\')
		switch {
		case n == 0:
			raw = raw[unescapeOne(b, raw):]
			continue
		case n < 0:
			n = len(raw)
		}
		appendValid(b, raw[:n])
		raw = raw[n:]
	}
}

func appendValid(b *strings.Builder, raw []byte) {
	if utf8.Valid(raw) {
		b.Write(raw)
		return
	}
	for _, r := range string(raw) {
		b.WriteRune(r)
	}
}

// unescapeOne adds the character of the escape that raw begins with and returns the escape's
// length, of a pair of surrogates that of both.
func unescapeOne(b *strings.Builder, raw []byte) int {
	if raw[1] != 'u' {
		b.WriteByte(unescapedByte(raw[1]))
		return 2
	}
	r, _ := hex4(raw[2:])
	if !utf16.IsSurrogate(r) {
		b.WriteRune(r)
		return 6
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		low, _ := hex4(raw[8:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			b.WriteRune(pair)
			return 12
		}
	}
	b.WriteRune(utf8.RuneError)
	return 6
}

func unescapedByte(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c // a quote, a backslash or a solidus
}

// escapeLen is the length of the escape that b begins with, 0 if it begins with none.
func escapeLen(b []byte) int {
	if len(b) < 2 || b[0] != '\\' {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads four hexadecimal digits.
func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
