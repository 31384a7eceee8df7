package aicc

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// kind is what a JSON value is.
type kind uint8

const (
	isNull kind = iota
	isText
	isNumber
	isBoolean
	isObject
	isArray
)

// String is the kind with its article, as it stands in the words of an error.
func (k kind) String() string {
	return [...]string{"null", "a text", "a number", "a boolean", "an object", "an array"}[k]
}

// value is one JSON value as it stands in the body.
type value struct {
	kind  kind
	raw   []byte // of a text what its quotes enclose; nothing of an object or an array
	plain bool   // raw has no escapes
}

// scanner goes once over a JSON text (RFC 8259) and takes exactly what encoding/json takes. It
// knows nothing of what the values mean. At the first byte that cannot stand where it stands, bad
// is set and the scanner is at its end, so that callers need not look at bad before they are done.
type scanner struct {
	body  []byte
	at    int
	depth int // objects and arrays around at
	bad   bool
}

// maxDepth is how deep objects and arrays may lie in each other; encoding/json has the same bound.
const maxDepth = 10000

func (s *scanner) fail() { s.bad, s.at = true, len(s.body) }

// peek passes over white space and returns the byte behind it, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.body); s.at++ {
		switch c := s.body[s.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// take passes over c if it is the next byte.
func (s *scanner) take(c byte) bool {
	if s.at < len(s.body) && s.body[s.at] == c {
		s.at++
		return true
	}
	return false
}

// end wants nothing but white space any more.
func (s *scanner) end() {
	if s.peek(); s.at < len(s.body) {
		s.fail()
	}
}

// enter passes over the opening bracket that peek has seen and reports whether there is something
// in front of the closing one. Together with more it makes the head of a loop.
func (s *scanner) enter(closing byte) bool {
	s.at++
	if s.depth++; s.depth > maxDepth {
		s.fail()
		return false
	}
	if s.peek() != closing {
		return true
	}
	s.at++
	s.depth--
	return false
}

// more passes over what stands behind a member or an element, and reports whether it was a comma.
func (s *scanner) more(closing byte) bool {
	switch s.peek() {
	case ',':
		s.at++
		return true
	case closing:
		s.at++
		s.depth--
		return false
	}
	s.fail()
	return false
}

// key reads the name of a member and the colon.
func (s *scanner) key() []byte {
	name := s.quoted()
	if s.peek() != ':' {
		s.fail()
		return nil
	}
	s.at++
	if !name.plain {
		return unescaped(name.raw)
	}
	return name.raw
}

// value reads a value of any kind. Objects and arrays are passed over.
func (s *scanner) value() value {
	switch s.peek() {
	case '"':
		return s.quoted()
	case '{':
		s.skip()
		return value{kind: isObject}
	case '[':
		s.skip()
		return value{kind: isArray}
	}
	return s.bare()
}

// bare reads a value that has neither quotes nor brackets.
func (s *scanner) bare() value {
	switch s.peek() {
	case 't':
		return s.literal("true", isBoolean)
	case 'f':
		return s.literal("false", isBoolean)
	case 'n':
		return s.literal("null", isNull)
	}
	return s.number()
}

// skip passes over an object or an array. It does not call itself: a tenant could make thousands
// of customers deep.
func (s *scanner) skip() {
	var few [32]byte
	open := few[:0] // the closing brackets that are waited for
	for !s.bad {
		switch c := s.peek(); c {
		case '{', '[':
			if closing := c + 2; s.enter(closing) { // ']' is '['+2, '}' is '{'+2
				open = append(open, closing)
				s.keyIn(closing)
				continue
			}
		default:
			s.value()
		}
		for len(open) > 0 && !s.more(open[len(open)-1]) {
			open = open[:len(open)-1]
		}
		if len(open) == 0 {
			return
		}
		s.keyIn(open[len(open)-1])
	}
}

// keyIn reads a key if that is what comes next in front of this closing bracket.
func (s *scanner) keyIn(closing byte) {
	if closing == '}' {
		s.key()
	}
}

func (s *scanner) literal(word string, k kind) value {
	if !bytes.HasPrefix(s.body[s.at:], []byte(word)) {
		s.fail()
		return value{}
	}
	start := s.at
	s.at += len(word)
	return value{kind: k, raw: s.body[start:s.at], plain: true}
}

func (s *scanner) number() value {
	start := s.at
	s.take('-')
	if !s.take('0') {
		s.digits()
	}
	if s.take('.') {
		s.digits()
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		s.digits()
	}
	if s.bad {
		return value{kind: isNumber} // not the rest of the body, to which digits has gone
	}
	return value{kind: isNumber, raw: s.body[start:s.at], plain: true}
}

// digits passes over digits, of which there must be one.
func (s *scanner) digits() {
	start := s.at
	for s.at < len(s.body) && s.body[s.at]-'0' <= 9 {
		s.at++
	}
	if s.at == start {
		s.fail()
	}
}

// quoted reads a text. Whether it is UTF-8 is not looked at.
func (s *scanner) quoted() value {
	if s.peek() != '"' {
		s.fail()
		return value{kind: isText}
	}
	start, plain := s.at+1, true
	for i := start; ; {
		i = plainEnd(s.body, i)
		if i < len(s.body) && s.body[i] == '"' {
			s.at = i + 1
			return value{kind: isText, raw: s.body[start:i], plain: plain}
		}
		n := escapeLen(s.body[i:])
		if n == 0 { // a control character, half an escape, or the end
			s.fail()
			return value{kind: isText}
		}
		plain = false
		i += n
	}
}

// plainEnd is where the first quote, backslash or control character stands from i on, or the end.
// It looks at eight bytes at a time, for a download is a text of megabytes.
func plainEnd(b []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := x^'"'*ones, x^'\\'*ones
		// Taking more from a byte than it holds sets its high bit. The carry may spoil the bytes
		// above, so only the lowest hit counts.
		hit := ((quote-ones)&^quote | (backslash-ones)&^backslash | (x-' '*ones)&^x) & highs
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}
