package har

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	scanBuffer = 64 << 10
	maxDepth   = 200 // of arrays and objects in each other; a HAR file needs about ten
	maxShort   = 64 << 10
)

// scanner reads JSON of any length in constant memory. Every value is asked for in one way: gone
// into, kept when it is short, noted by its place, or passed over. Nothing that is passed over is
// kept, so that a body of 100 MB costs no more than one of 100 bytes.
type scanner struct {
	in    io.Reader
	buf   []byte
	r, w  int   // what is unread is buf[r:w]
	begin int64 // offset of buf[0] in the file
	line  int   // of buf[0], from 1
	depth int
	err   error // of in
}

// span is where a value stands in the file.
type span struct {
	at   int64
	size int64 // in bytes as they stand there, with quotes; 0: there is no value
}

// SyntaxError is a place at which a file is not what a HAR file is at that place.
type SyntaxError struct {
	Offset int64 // in bytes, from 0; in the text as UTF-8, when the file is packed or UTF-16
	Line   int   // from 1
	What   string
	Cut    bool // the file ends here, and should not
}

// Error tells the place first.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, byte %d: %s", e.Line, e.Offset, e.What)
}

func newScanner(in io.Reader) *scanner {
	return &scanner{in: in, buf: make([]byte, scanBuffer), line: 1}
}

// at is the offset of the next byte.
func (s *scanner) at() int64 { return s.begin + int64(s.r) }

func (s *scanner) fail(format string, args ...any) error {
	return &SyntaxError{Offset: s.at(), Line: s.line + bytes.Count(s.buf[:s.r], []byte("\n")), What: fmt.Sprintf(format, args...)}
}

// fill reads more once everything is read. False: there is no more.
func (s *scanner) fill() bool {
	for s.r == s.w && s.err == nil {
		s.begin += int64(s.w)
		s.line += bytes.Count(s.buf[:s.w], []byte("\n"))
		s.r = 0
		s.w, s.err = s.in.Read(s.buf)
	}
	return s.r < s.w
}

// ended is the error of a file that ends too early or cannot be read further.
func (s *scanner) ended() error {
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		return fmt.Errorf("byte %d: %w", s.at(), s.err)
	}
	err := s.fail("the file ends in the middle; it was not saved completely").(*SyntaxError)
	err.Cut = true
	return err
}

// peek is the next byte behind white space.
func (s *scanner) peek() (byte, error) {
	for s.fill() {
		switch c := s.buf[s.r]; c {
		case ' ', '\t', '\r', '\n':
			s.r++
		default:
			return c, nil
		}
	}
	return 0, s.ended()
}

// take reads one byte that must be there.
func (s *scanner) take(want byte) error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	if c != want {
		return s.fail("%q where %q should be", c, want)
	}
	s.r++
	return nil
}

// object goes into an object and calls field with each key, to take the value. Null is an object
// without fields.
func (s *scanner) object(field func(key string) error) error {
	return s.list('{', '}', func(int) error {
		key, err := s.short()
		if err == nil {
			err = s.take(':')
		}
		if err != nil {
			return err
		}
		return field(key)
	})
}

// array goes into an array and calls element for each element, to take it. Null is an empty array.
func (s *scanner) array(element func(i int) error) error { return s.list('[', ']', element) }

func (s *scanner) list(first, last byte, item func(i int) error) error {
	if c, err := s.peek(); err == nil && c == 'n' {
		return s.pass()
	}
	if err := s.take(first); err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return s.fail("more than %d arrays and objects in each other", maxDepth)
	}
	defer func() { s.depth-- }()
	for i := 0; ; i++ {
		done, err := s.separator(i, last)
		if done || err != nil {
			return err
		}
		if err := item(i); err != nil {
			return err
		}
	}
}

// separator takes what stands in front of item i of a list.
func (s *scanner) separator(i int, last byte) (done bool, err error) {
	c, err := s.peek()
	switch {
	case err != nil:
		return false, err
	case c == last:
		s.r++
		return true, nil
	case i == 0:
		return false, nil
	}
	return false, s.take(',')
}

// pass passes a value over.
func (s *scanner) pass() error {
	c, err := s.peek()
	switch {
	case err != nil:
		return err
	case c == '{':
		return s.object(func(string) error { return s.pass() })
	case c == '[':
		return s.array(func(int) error { return s.pass() })
	case c == '"':
		_, err = s.text(0)
		return err
	}
	_, err = s.literal()
	return err
}

// place passes a text over and says where it stands. Anything but a text has no place.
func (s *scanner) place() (span, error) {
	c, err := s.peek()
	if err != nil || c != '"' {
		return span{}, errors.Join(err, s.pass())
	}
	at := s.at()
	_, err = s.text(0)
	return span{at: at, size: s.at() - at}, err
}

// short is a text that is kept. A number or a truth value is its text; null, arrays, objects and
// texts of more than [maxShort] bytes are empty.
func (s *scanner) short() (string, error) {
	c, err := s.peek()
	switch {
	case err != nil:
		return "", err
	case c == '{' || c == '[':
		return "", s.pass()
	case c != '"':
		word, err := s.literal()
		if word == "null" {
			word = ""
		}
		return word, err
	}
	kept, err := s.text(maxShort)
	if err != nil || len(kept) > maxShort {
		return "", err
	}
	if bytes.IndexByte(kept, '\\') < 0 { // as nearly all; the way through encoding/json takes as long as all else
		return strings.ToValidUTF8(string(kept[1:len(kept)-1]), "\ufffd"), nil
	}
	var text string
	if json.Unmarshal(kept, &text) != nil {
		return "", s.fail("the text in front of this is not JSON")
	}
	return text, nil
}

// number is a number, or the number in a text. Anything else is not known, which HAR calls -1.
func (s *scanner) number() (float64, error) {
	text, err := s.short()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n != n {
		return -1, nil
	}
	return n, nil
}

// literal reads a number, true, false or null.
func (s *scanner) literal() (string, error) {
	var word []byte
	for s.fill() && isLiteral(s.buf[s.r]) && len(word) < 64 {
		word = append(word, s.buf[s.r])
		s.r++
	}
	if !s.fill() {
		return "", s.ended() // what is an object as a whole does not end here
	}
	if !json.Valid(word) {
		return "", s.fail("no value in front of this") // which is not quoted: it may be a secret out of its quotes
	}
	return string(word), nil
}

func isLiteral(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// text reads a text and keeps it as it stands in the file, with its quotes: all of it when that is
// no more than most bytes, otherwise a little more than most.
func (s *scanner) text(most int) (kept []byte, err error) {
	if err := s.take('"'); err != nil {
		return nil, err
	}
	keep := func(part []byte) {
		if room := most + 1 - len(kept); most > 0 && room > 0 {
			kept = append(kept, part[:min(len(part), room)]...)
		}
	}
	keep([]byte{'"'})
	for s.fill() {
		part := s.upToMark()
		keep(part)
		if part[len(part)-1] == '"' {
			return kept, nil
		}
		if part[len(part)-1] == '\\' && s.fill() {
			keep(s.buf[s.r : s.r+1])
			s.r++
		}
	}
	return kept, s.ended()
}

// upToMark takes bytes of a text up to and with the first quote or backslash, or all there are.
func (s *scanner) upToMark() []byte {
	part := s.buf[s.r:s.w]
	for i, c := range part {
		if c == '"' || c == '\\' {
			part = part[:i+1]
			break
		}
	}
	s.r += len(part)
	return part
}
