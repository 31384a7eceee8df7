package aicc

import "unicode/utf8"

// AppendString appends s as a JSON string, quotes included, byte for byte as encoding/json does
// without its escapes for HTML: invalid UTF-8 becomes U+FFFD, and the line separators U+2028 and
// U+2029 are escaped because old scripts take them for line ends.
func AppendString(dst []byte, s string) []byte {
	return append(appendEscaped(append(dst, '"'), s), '"')
}

// appendField appends a key, with whatever stands before it, and its value.
func appendField(dst []byte, key, value string) []byte {
	return AppendString(append(dst, key...), value)
}

// appendOptional is appendField, or nothing for an empty value.
func appendOptional(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return appendField(dst, key, value)
}

// appendEscaped appends s as it stands between the quotes of a JSON string. Runs of characters
// that need no escape are copied at once.
func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			dst = appendEscape(append(dst, s[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i-size]...), `\ufffd`...)
			start = i
		case r == '\u2028':
			dst = append(append(dst, s[start:i-size]...), `\u2028`...)
			start = i
		case r == '\u2029':
			dst = append(append(dst, s[start:i-size]...), `\u2029`...)
			start = i
		}
	}
	return append(dst, s[start:]...)
}

// appendEscape appends the escape of a control character, a quote or a backslash.
func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
}
