package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Exchange is one request and the answer to it. The handler fills in the answer's fields.
type Exchange struct {
	stream
	Conn net.Conn

	// The request.
	Method  string
	Path    []byte // before the question mark, not unescaped
	Query   []byte // behind it
	Request []byte // body
	headers []byte

	// The answer. Status 0 means 200.
	Status      int
	ContentType string
	Body        []byte // append to it: its space is kept from one exchange to the next
	Extra       []byte // further header lines, each ended by CRLF
	Close       bool   // end the connection afterwards
	Chunked     bool   // send the body in chunks
	Gzip        bool   // compress the body if the client said that it accepts it
	CutAfter    int    // send only so many bytes of the answer and break the connection; 0: all; -1: none
	// Told is called when the answer is complete, right before it is written, on whatever goroutine
	// writes it; nil tells nobody. It must change nothing.
	Told func(*Exchange)

	minor  int
	keep   bool
	gzipOK bool // the client accepts gzip; only known after ReleaseRequest

	attended *attended // nil: a goroutine serves the connection
	begun    bool      // a part of the request has come
	invited  bool      // to send its body
	held     bool      // Hold was called; only the handler and who called it look at this
	answered chan struct{}

	// The answer as it is written.
	box    *[]byte // borrowed, nil when there is none
	out    []byte  // what is left of it
	outErr error
	stays  bool // the connection stays open behind it
}

func newExchange(conn net.Conn, lim Limits) *Exchange {
	return &Exchange{stream: newStream(conn, lim), Conn: conn}
}

// Header is the value of the request's first header of that name, which must be in lower case.
func (x *Exchange) Header(lower string) []byte { return findHeader(x.headers, lower) }

// HasHeader reports whether the request has a header of that name in that very spelling, which
// should make no difference.
func (x *Exchange) HasHeader(name string) bool {
	return bytes.HasPrefix(x.headers, []byte(name+":")) || bytes.Contains(x.headers, []byte("\n"+name+":"))
}

// Argument is the value of the query's first argument of that name, not unescaped, and whether
// there is one.
func (x *Exchange) Argument(name string) (value []byte, ok bool) {
	for q := x.Query; len(q) > 0; {
		var pair []byte
		pair, q, _ = bytes.Cut(q, []byte{'&'})
		key, value, _ := bytes.Cut(pair, []byte{'='})
		if string(key) == name {
			return value, true
		}
	}
	return nil, false
}

// ReleaseRequest gives the request's buffer back before a long wait. Method stays valid; Path,
// Query, Request and Header are empty afterwards.
func (x *Exchange) ReleaseRequest() {
	x.gzipOK = x.acceptsGzip()
	x.Path, x.Query, x.Request, x.headers = nil, nil, nil, nil
	x.giveBack()
}

// Hold puts the answer off: the handler returns, and whoever is ready to answer, on any goroutine,
// fills in the answer's fields and calls Answer, once. A handler that has let go of the exchange must
// not touch it any more, but may ask whether it IsHeld. Closing a server does not answer what is held,
// it waits for that.
func (x *Exchange) Hold() {
	if x.attended == nil && x.answered == nil {
		x.answered = make(chan struct{}, 1)
	}
	x.held = true
}

// IsHeld reports whether the handler has called Hold. Only the handler may ask.
func (x *Exchange) IsHeld() bool { return x.held }

// Answer answers an exchange that is held. It does not wait for the client, and the exchange is
// invalid when it returns.
func (x *Exchange) Answer() {
	if x.attended != nil {
		x.attended.answer()
		return
	}
	x.answered <- struct{}{}
}

// Added is the value of the first header of that name, which must be in lower case, that was added to
// the answer.
func (x *Exchange) Added(lower string) []byte { return findHeader(x.Extra, lower) }

func (x *Exchange) acceptsGzip() bool {
	return x.gzipOK || hasOption(x.Header("accept-encoding"), "gzip")
}

// AddHeader adds a header line to the answer. Line ends in the value are dropped.
func (x *Exchange) AddHeader(name, value string) {
	x.Extra = append(append(x.Extra, name...), ": "...)
	for i := range len(value) {
		if c := value[i]; c != '\r' && c != '\n' {
			x.Extra = append(x.Extra, c)
		}
	}
	x.Extra = append(x.Extra, "\r\n"...)
}

// begin waits for the first byte of the next request.
func (x *Exchange) begin() error {
	if x.pos < x.end {
		x.discard()
		return nil
	}
	x.giveBack()
	return x.fill()
}

// readRequest reads the next request. On a connection that does not wait it begins anew when more has
// come.
func (x *Exchange) readRequest() error {
	x.reset()
	if err := x.begin(); err != nil {
		return err
	}
	bodyAt, err := x.head()
	if err != nil {
		return err
	}
	var line []byte
	line, x.headers = cutLine(x.buf[x.pos:bodyAt])
	if err := x.requestLine(line); err != nil {
		return err
	}
	f, err := scanHeaders(x.headers, x.lim)
	switch {
	case err != nil:
		return err
	case f.chunked && x.minor == 0:
		return fmt.Errorf("%w: transfer encoding in HTTP/1.0", ErrMalformed)
	case f.hosts > 1: // RFC 9112, 3.2: two readers may take it for two targets
		return fmt.Errorf("%w: %d Host headers", ErrMalformed, f.hosts)
	}
	x.keep = !f.close && x.minor > 0
	if err := x.invite(f); err != nil {
		return err
	}
	// The body may need a larger buffer; the slices made so far keep the old one.
	from, to, err := x.body(f, bodyAt, false)
	if err != nil {
		return err
	}
	x.Request = x.buf[from:to:to]
	x.begun, x.invited = false, false
	return nil
}

// invite asks for the body of a client that waits to be asked.
func (x *Exchange) invite(f framing) error {
	if !f.expect || x.invited || x.minor == 0 || !f.chunked && f.length <= 0 {
		return nil
	}
	x.invited = true
	if err := x.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := x.Conn.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	return err
}

func (x *Exchange) reset() {
	x.Status, x.ContentType, x.Close, x.Chunked, x.Gzip, x.CutAfter = 0, "", false, false, false, 0
	x.gzipOK, x.held, x.Told = false, false, nil
	x.Body, x.Extra = x.Body[:0], x.Extra[:0]
}

// requestLine reads "METHOD target HTTP/1.x".
func (x *Exchange) requestLine(line []byte) error {
	method, rest, _ := bytes.Cut(line, []byte{' '})
	target, version, _ := bytes.Cut(rest, []byte{' '})
	if !isToken(method) || !isTarget(target) || len(version) != 8 || string(version[:7]) != "HTTP/1." || !isDigit(version[7]) {
		return fmt.Errorf("%w: request line %.60q", ErrMalformed, line)
	}
	x.minor = int(version[7] - '0')
	switch string(method) { // the usual ones without an allocation
	case "GET":
		x.Method = "GET"
	case "POST":
		x.Method = "POST"
	default:
		x.Method = string(method)
	}
	x.Path, x.Query, _ = bytes.Cut(target, []byte{'?'})
	return nil
}

// isTarget reports whether b is a path, with a query perhaps, or the asterisk of OPTIONS. The other
// forms are for proxies.
func isTarget(b []byte) bool {
	return len(b) > 0 && (b[0] == '/' || string(b) == "*") && !hasControls(b)
}

// refuse tells the peer of a bad request what was wrong with it, if it can still be told.
func (x *Exchange) refuse(err error) {
	if x.refusal(err) {
		x.flush()
		linger(x.Conn)
	}
}

// refusal makes the answer to a bad request and reports whether there is any.
func (x *Exchange) refusal(err error) bool {
	x.reset()
	switch {
	case errors.Is(err, ErrTooLarge):
		x.Status = http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrMalformed):
		x.Status = http.StatusBadRequest
	default:
		return false
	}
	x.Method, x.ContentType, x.Close = "", "text/plain; charset=utf-8", true
	x.Body = append(x.Body, err.Error()...)
	return true
}

const (
	lingerTime  = 500 * time.Millisecond
	lingerBytes = 1 << 20
)

// linger reads on for a while after a refusal. To close a TCP connection with unread bytes resets
// it, and the peer might lose the answer.
func linger(conn net.Conn) {
	half, ok := conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil || conn.SetReadDeadline(time.Now().Add(lingerTime)) != nil {
		return
	}
	io.CopyN(io.Discard, conn, lingerBytes) //nolint:errcheck // however it ends, it is over
}

const (
	keptBody     = 16 << 10 // a larger body's space is not kept for the next exchange
	writeTimeout = 30 * time.Second
)

var outgoing = sync.Pool{New: func() any { b := make([]byte, 0, smallBuffer); return &b }}

// flush writes the answer in one piece and reports whether another exchange may follow.
func (x *Exchange) flush() bool {
	x.pack()
	defer x.unpack()
	if x.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)) != nil {
		return false
	}
	_, err := x.Conn.Write(x.out)
	return err == nil && x.stays
}

// pack makes out of the answer what is to be written.
func (x *Exchange) pack() {
	if x.Told != nil {
		x.Told(x)
	}
	x.box = outgoing.Get().(*[]byte)
	*x.box = x.appendAnswer((*x.box)[:0])
	x.out, x.stays = *x.box, x.keep && !x.Close
	if x.CutAfter != 0 {
		x.stays, x.out = false, x.out[:min(max(x.CutAfter, 0), len(x.out))]
	}
}

// push writes as much of it as a connection that does not wait takes.
func (x *Exchange) push() {
	n, err := x.Conn.Write(x.out)
	if x.out = x.out[n:]; errors.Is(err, io.ErrShortWrite) {
		err = nil
	}
	x.outErr = err
}

// unpack gives back what the answer was made in.
func (x *Exchange) unpack() {
	if x.box != nil && cap(*x.box) <= largeBuffer {
		outgoing.Put(x.box)
	}
	x.box, x.out = nil, nil
	if cap(x.Body) > keptBody {
		x.Body = nil
	}
}

func (x *Exchange) appendAnswer(out []byte) []byte {
	body := x.Body
	if x.Gzip && len(body) > 0 && x.acceptsGzip() {
		z := deflaters.Get().(*deflater)
		defer z.giveBack()
		body = z.deflate(body)
		x.AddHeader("Content-Encoding", "gzip")
	}
	if x.Status == 0 {
		x.Status = http.StatusOK
	}
	hasBody := x.Status >= 200 && x.Status != http.StatusNoContent && x.Status != http.StatusNotModified
	chunked := x.Chunked && x.minor > 0
	out = x.appendHead(out)
	switch {
	case !hasBody:
	case chunked:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	default:
		out = append(strconv.AppendInt(append(out, "Content-Length: "...), int64(len(body)), 10), "\r\n"...)
	}
	out = append(append(out, x.Extra...), "\r\n"...)
	switch {
	case !hasBody || x.Method == http.MethodHead:
		return out
	case chunked:
		return appendChunks(out, body)
	}
	return append(out, body...)
}

// appendHead appends the status line and the headers that do not depend on the body.
func (x *Exchange) appendHead(out []byte) []byte {
	out = strconv.AppendInt(append(out, "HTTP/1.1 "...), int64(x.Status), 10)
	out = append(append(append(out, ' '), http.StatusText(x.Status)...), "\r\nDate: "...)
	out = append(time.Now().UTC().AppendFormat(out, http.TimeFormat), "\r\n"...)
	if x.ContentType != "" {
		out = append(append(append(out, "Content-Type: "...), x.ContentType...), "\r\n"...)
	}
	if x.Close || !x.keep {
		out = append(out, "Connection: close\r\n"...)
	}
	return out
}

// appendChunks cuts the body into a few chunks of uneven length, so that a client meets more than
// one.
func appendChunks(out, body []byte) []byte {
	for size := 7; len(body) > 0; size = size*3 + 1 {
		n := min(size, len(body))
		out = append(strconv.AppendInt(out, int64(n), 16), "\r\n"...)
		out = append(append(out, body[:n]...), "\r\n"...)
		body = body[n:]
	}
	return append(out, "0\r\n\r\n"...)
}
