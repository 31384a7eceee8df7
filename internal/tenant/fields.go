package tenant

import (
	"bytes"
	"unicode/utf8"
)

// flatTexts calls field for each member of a JSON object all of whose values are texts, and reports
// whether the body is one. Names and values must stand there as they are, without escapes: that is how
// a chat's client writes nearly all of its sends, and encoding/json is for the others.
func flatTexts(body []byte, field func(name, value []byte) bool) bool {
	rest, ok := behind(body, '{')
	for ok {
		var name, value []byte
		name, rest, ok = plainText(rest)
		if !ok {
			return false
		}
		if rest, ok = behind(rest, ':'); !ok {
			return false
		}
		if value, rest, ok = plainText(rest); !ok || !field(name, value) {
			return false
		}
		if end, last := behind(rest, '}'); last {
			return len(trimSpace(end)) == 0
		}
		rest, ok = behind(rest, ',')
	}
	return false
}

// trimSpace takes away the white space of JSON.
func trimSpace(b []byte) []byte { return bytes.TrimLeft(b, " \t\r\n") }

// behind is what follows the character that b must begin with.
func behind(b []byte, c byte) (rest []byte, ok bool) {
	if b = trimSpace(b); len(b) == 0 || b[0] != c {
		return nil, false
	}
	return b[1:], true
}

// plainText reads a text without escapes.
func plainText(b []byte) (text, rest []byte, ok bool) {
	if b, ok = behind(b, '"'); !ok {
		return nil, nil, false
	}
	ascii := true
	for i, c := range b {
		switch {
		case c == '"':
			return b[:i], b[i+1:], ascii || utf8.Valid(b[:i])
		case c == '\\' || c < ' ':
			return nil, nil, false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return nil, nil, false
}
