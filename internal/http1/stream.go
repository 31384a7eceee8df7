package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"syscall"
)

// Errors of a peer that does not speak HTTP/1.1 as it should, or speaks too much of it.
var (
	ErrMalformed = errors.New("malformed HTTP message")
	ErrTooLarge  = errors.New("HTTP message larger than allowed")
	ErrCut       = errors.New("connection ended inside an HTTP message")
)

// Limits bound what a peer can make us hold.
type Limits struct {
	Head int // bytes of the start line and all headers; 0 means 64 KiB
	Body int // bytes of the body, after decoding; 0 means 16 MiB
}

func (l Limits) head() int { return orDefault(l.Head, 64<<10) }
func (l Limits) body() int { return orDefault(l.Body, 16<<20) }

func orDefault(n, d int) int {
	if n > 0 {
		return n
	}
	return d
}

const (
	smallBuffer = 4 << 10
	largeBuffer = 256 << 10 // larger ones are left to the collector

	maxEmptyReads = 100 // in a row; an io.Reader may return nothing without an error
)

var buffers = sync.Pool{New: func() any { b := make([]byte, smallBuffer); return &b }}

// stream is a connection with the bytes that were read from it and not used yet. The buffer is
// borrowed when the first byte comes and given back when the last one is used, so that a
// connection that waits holds none.
type stream struct {
	conn net.Conn
	raw  syscall.RawConn // nil: the connection has no descriptor to wait on
	lim  Limits

	buf      []byte // nil, or borrowed
	box      *[]byte
	pos, end int // buf[pos:end] was read and not used

	// How far the chunked body was decoded of which not all has come: up to written, from what came
	// before next. Zero: nothing.
	written, next int

	lazyN   int // result of the lazy read under way
	lazyErr error
	lazy    func(fd uintptr) bool // s.readLazily, made once
}

func newStream(conn net.Conn, lim Limits) stream {
	s := stream{conn: conn, lim: lim}
	s.raw = rawConn(conn)
	return s
}

func (s *stream) borrow() {
	if s.buf == nil {
		s.box = buffers.Get().(*[]byte)
		s.buf, s.pos, s.end = *s.box, 0, 0
	}
}

// giveBack returns the buffer unless unread bytes are in it.
func (s *stream) giveBack() {
	if s.buf == nil || s.pos < s.end {
		return
	}
	if cap(s.buf) <= largeBuffer {
		*s.box = s.buf
		buffers.Put(s.box)
	}
	s.buf, s.box, s.pos, s.end, s.written, s.next = nil, nil, 0, 0, 0, 0
}

// fill reads at least one more byte behind end. Indices into buf stay valid, the slice may not.
func (s *stream) fill() error {
	if s.buf == nil && s.raw != nil {
		return s.fillLazily()
	}
	s.borrow()
	s.makeRoom()
	for range maxEmptyReads {
		n, err := s.conn.Read(s.buf[s.end:])
		s.end += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// makeRoom grows a full buffer. The old one is left as it is, for the sake of slices into it.
func (s *stream) makeRoom() {
	if s.end < len(s.buf) {
		return
	}
	grown := make([]byte, 2*len(s.buf))
	copy(grown, s.buf[:s.end])
	s.buf = grown
}

// discard forgets everything before pos by moving the rest to the front.
func (s *stream) discard() {
	if s.pos == 0 {
		return
	}
	copy(s.buf, s.buf[s.pos:s.end])
	s.end -= s.pos
	s.pos = 0
}

// head reads up to and including the empty line and returns the index behind it. Leading empty
// lines are skipped as RFC 9112 section 2.2 asks.
func (s *stream) head() (int, error) {
	from, searched := s.pos, s.pos
	for {
		for s.pos < s.end && (s.buf[s.pos] == '\r' || s.buf[s.pos] == '\n') {
			s.pos++
			searched = max(searched, s.pos)
		}
		end := headEnd(s.buf[s.pos:s.end], searched-s.pos)
		switch {
		case end > s.lim.head() || end == 0 && s.end-from > s.lim.head():
			return 0, fmt.Errorf("%w: head over %d bytes", ErrTooLarge, s.lim.head())
		case end > 0:
			return s.pos + end, nil
		}
		searched = max(s.pos, s.end-3)
		if err := s.fill(); err != nil {
			if s.pos < s.end && errors.Is(err, io.EOF) {
				return 0, ErrCut
			}
			return 0, err
		}
	}
}

// headEnd is the length of the head that b begins with, or 0 when its empty line is not there
// yet. The search starts at from.
func headEnd(b []byte, from int) int {
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0
		}
		from += i + 1
		switch {
		case from < len(b) && b[from] == '\n':
			return from + 1
		case from+1 < len(b) && b[from] == '\r' && b[from+1] == '\n':
			return from + 2
		}
	}
}

// framing is what the headers say of a message's body.
type framing struct {
	length  int // Content-Length, or -1
	chunked bool
	close   bool   // Connection: close
	keep    bool   // Connection: keep-alive
	expect  bool   // Expect: 100-continue
	hosts   int    // how many Host headers
	coding  []byte // Content-Encoding, nil when there is none
}

// scanHeaders reads the header lines of a head (without its start line) for framing.
func scanHeaders(head []byte, lim Limits) (framing, error) {
	f := framing{length: -1}
	foldable := false
	for len(head) > 0 {
		var line []byte
		line, head = cutLine(head)
		if len(line) == 0 {
			break
		}
		if hasControls(line) {
			return f, fmt.Errorf("%w: control character in header line %.40q", ErrMalformed, line)
		}
		if line[0] == ' ' || line[0] == '\t' {
			if !foldable {
				return f, fmt.Errorf("%w: folded line %.40q", ErrMalformed, line)
			}
			continue // obsolete, and the rest of a value that is of no interest here
		}
		colon := bytes.IndexByte(line, ':')
		if colon <= 0 || !isToken(line[:colon]) {
			return f, fmt.Errorf("%w: header line %.40q", ErrMalformed, line)
		}
		known, err := f.header(line[:colon], trimBlanks(line[colon+1:]), lim)
		if err != nil {
			return f, err
		}
		foldable = !known
	}
	// RFC 9112 section 6.1: a message with both is suspect, and the connection with it.
	f.close = f.close || f.chunked && f.length >= 0
	return f, nil
}

// header takes one header into account and reports whether it was one that matters.
func (f *framing) header(name, value []byte, lim Limits) (known bool, err error) {
	switch {
	case equalFold(name, "expect"):
		f.expect = f.expect || equalFold(value, "100-continue")
	case equalFold(name, "host"):
		f.hosts++
	case equalFold(name, "connection"):
		f.close = f.close || hasOption(value, "close")
		f.keep = f.keep || hasOption(value, "keep-alive")
	case equalFold(name, "content-length"):
		err = f.setLength(value, lim)
	case equalFold(name, "content-encoding"):
		f.coding = value
	case equalFold(name, "transfer-encoding"):
		if f.chunked || !equalFold(value, "chunked") {
			err = fmt.Errorf("%w: transfer encoding %.40q", ErrMalformed, value)
		}
		f.chunked = true
	default:
		return false, nil
	}
	return true, err
}

func (f *framing) setLength(value []byte, lim Limits) error {
	n, err := strconv.ParseUint(string(value), 10, 62)
	if err != nil || f.length >= 0 && f.length != int(n) {
		return fmt.Errorf("%w: content length %.40q", ErrMalformed, value)
	}
	if int(n) > lim.body() {
		return fmt.Errorf("%w: content length %d", ErrTooLarge, n)
	}
	f.length = int(n)
	return nil
}

// body reads the body that starts at from and returns where it is in buf. Afterwards pos stands
// behind the message. untilClose allows a body without a length, which only answers may have.
func (s *stream) body(f framing, from int, untilClose bool) (start, end int, err error) {
	switch {
	case f.chunked:
		return s.chunkedBody(from)
	case f.length >= 0:
		for s.end < from+f.length {
			if err := s.fillInside(); err != nil {
				return 0, 0, err
			}
		}
		s.pos = from + f.length
		return from, s.pos, nil
	case untilClose:
		return s.bodyUntilClose(from)
	}
	s.pos = from
	return from, from, nil
}

// fillInside is fill where the end of the connection would cut a message.
func (s *stream) fillInside() error {
	err := s.fill()
	if errors.Is(err, io.EOF) {
		return ErrCut
	}
	return err
}

func (s *stream) bodyUntilClose(from int) (start, end int, err error) {
	for {
		if s.end-from > s.lim.body() {
			return 0, 0, fmt.Errorf("%w: body over %d bytes", ErrTooLarge, s.lim.body())
		}
		switch err := s.fill(); {
		case errors.Is(err, io.EOF):
			s.pos = s.end
			return from, s.end, nil
		case err != nil:
			return 0, 0, err
		}
	}
}

// chunkedBody decodes in place: r reads behind w, which writes. When not all has come yet it goes on
// the next time where it was.
func (s *stream) chunkedBody(from int) (start, end int, err error) {
	w, r := max(s.written, from), max(s.next, from)
	for {
		s.written, s.next = w, r
		size, next, err := s.chunkSize(r)
		if err != nil {
			return 0, 0, err
		}
		r = next
		if size == 0 {
			if s.pos, err = s.trailers(r); err == nil {
				s.written, s.next = 0, 0
			}
			return from, w, err
		}
		// The second limit is for chunks that are smaller than what is said about them.
		if w-from+size > s.lim.body() || r-from > 8*s.lim.body()+s.lim.head() {
			return 0, 0, fmt.Errorf("%w: body over %d bytes", ErrTooLarge, s.lim.body())
		}
		for s.end < r+size+2 {
			if err := s.fillInside(); err != nil {
				return 0, 0, err
			}
		}
		copy(s.buf[w:], s.buf[r:r+size])
		w, r = w+size, r+size
		if s.buf[r] != '\r' || s.buf[r+1] != '\n' {
			return 0, 0, fmt.Errorf("%w: chunk not followed by a line end", ErrMalformed)
		}
		r += 2
	}
}

// line returns the line that starts at from, without its end, and the index behind it. Inside a
// body a line ends in CRLF and nothing less.
func (s *stream) line(from int) ([]byte, int, error) {
	for searched := from; ; {
		if i := bytes.IndexByte(s.buf[searched:s.end], '\n'); i >= 0 {
			end := searched + i
			if end == from || s.buf[end-1] != '\r' {
				return nil, 0, fmt.Errorf("%w: line %.40q without a carriage return", ErrMalformed, s.buf[from:end])
			}
			return s.buf[from : end-1], end + 1, nil
		}
		if s.end-from > s.lim.head() {
			return nil, 0, fmt.Errorf("%w: line over %d bytes", ErrTooLarge, s.lim.head())
		}
		searched = s.end
		if err := s.fillInside(); err != nil {
			return nil, 0, err
		}
	}
}

// chunkSize reads the line in front of a chunk. Its extensions are skipped, but a bare CR in them,
// which others take for the line's end, would let two readers see two bodies (RFC 9112, 2.2).
func (s *stream) chunkSize(from int) (size, next int, err error) {
	line, next, err := s.line(from)
	if err != nil {
		return 0, 0, err
	}
	if bytes.IndexByte(line, '\r') >= 0 {
		return 0, 0, fmt.Errorf("%w: chunk size %.40q has a bare carriage return", ErrMalformed, line)
	}
	digits, _, _ := bytes.Cut(line, []byte{';'})
	n, err := strconv.ParseUint(string(trimRight(digits)), 16, 31)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: chunk size %.40q", ErrMalformed, line)
	}
	return int(n), next, nil
}

// trailers skips the headers behind the last chunk. They must be headers all the same: anything else
// is a message that two readers may end at different places.
func (s *stream) trailers(from int) (int, error) {
	for total := 0; ; {
		line, next, err := s.line(from)
		if err != nil || len(line) == 0 {
			return next, err
		}
		if total += len(line); total > s.lim.head() {
			return 0, fmt.Errorf("%w: trailers over %d bytes", ErrTooLarge, s.lim.head())
		}
		if colon := bytes.IndexByte(line, ':'); colon <= 0 || !isToken(line[:colon]) || hasControls(line) {
			return 0, fmt.Errorf("%w: trailer %.40q", ErrMalformed, line)
		}
		from = next
	}
}

// cutLine splits b behind its first line feed; the line comes without its end.
func cutLine(b []byte) (line, rest []byte) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		return b, nil
	}
	line, rest = b[:i], b[i+1:]
	if i > 0 && line[i-1] == '\r' {
		line = line[:i-1]
	}
	return line, rest
}

// findHeader is the value of the first header of that name, which must be in lower case.
func findHeader(head []byte, lower string) []byte {
	for len(head) > 0 {
		var line []byte
		line, head = cutLine(head)
		if len(line) > len(lower) && line[len(lower)] == ':' && equalFold(line[:len(lower)], lower) {
			return trimBlanks(line[len(lower)+1:])
		}
	}
	return nil
}

// hasOption reports whether a comma-separated header value has the option, in lower case.
func hasOption(value []byte, lower string) bool {
	for len(value) > 0 {
		var item []byte
		item, value, _ = bytes.Cut(value, []byte{','})
		if equalFold(trimBlanks(item), lower) {
			return true
		}
	}
	return false
}

func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	return trimRight(b)
}

func trimRight(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// hasControls reports whether b has characters that no header value may have.
func hasControls(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// isToken reports whether b is a header name of RFC 9110 section 5.6.2.
func isToken(b []byte) bool {
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		case bytes.IndexByte([]byte("!#$%&'*+.^`|~"), c) >= 0:
		default:
			return false
		}
	}
	return len(b) > 0
}
