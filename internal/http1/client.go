package http1

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// Client is the asking side of one connection. It is used by one goroutine at a time.
type Client struct {
	stream
	idle     syscall.RawConn // descriptor, under TLS too, for Ended
	tls      bool
	isHead   bool      // the request under way is a HEAD
	interim  int       // interim answers to it so far
	cut      error     // why Send could only write a part of it
	answered bool      // an answer has been read
	done     bool      // no further exchange is possible
	timed    bool      // the connection has a deadline
	inflater *inflater // borrowed, holds the decoded body of the last answer; nil when that was not gzip
}

// Response is an answer. Its slices are only valid until the client's next Do or Release.
type Response struct {
	Status int
	Body   []byte // decoded
	head   []byte // header lines
	Wire   int    // bytes of the body as they came, before gzip was undone
}

// Header is the value of the first header of that name, which must be given in lower case; nil
// when there is none.
func (r *Response) Header(lower string) []byte { return findHeader(r.head, lower) }

// Error is why an exchange has no answer.
type Error struct {
	Sent bool // the request, or a part of it, may have reached the peer
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether the deadline passed.
func (e *Error) Timeout() bool { return errors.Is(e.Err, os.ErrDeadlineExceeded) }

// NewClient makes a client of an open connection. The connection stays the caller's to close,
// through Close.
func NewClient(conn net.Conn, lim Limits) *Client {
	c := &Client{stream: newStream(conn, lim)}
	c.idle = c.raw
	if t, ok := conn.(*tls.Conn); ok {
		c.idle, c.tls = rawConn(t.NetConn()), true
	}
	return c
}

// maxInterim is how many 1xx answers may come before the real one.
const maxInterim = 16

// Do writes a request, which must be complete and framed, and reads the answer to it. Interim
// answers are skipped. Errors are of type *Error, and the connection is of no further use then.
// A zero deadline means none.
func (c *Client) Do(request []byte, deadline time.Time) (Response, error) {
	c.Release()
	if c.done {
		return c.fail(false, net.ErrClosed)
	}
	if err := c.setDeadline(deadline); err != nil {
		return c.fail(false, err)
	}
	n, err := c.write(request)
	if err != nil {
		return c.early(n > 0, err)
	}
	r, err := c.final()
	if err != nil {
		return c.fail(true, err)
	}
	return r, nil
}

// Send is the first half of Do, for a connection whose Read does not wait; Try is the other half.
// There is no deadline: who calls Try gives up.
func (c *Client) Send(request []byte) error {
	c.Release()
	if c.done {
		_, err := c.fail(false, net.ErrClosed)
		return err
	}
	if err := c.setDeadline(time.Time{}); err != nil { // that of a Do before this would fail what is written after it
		_, err = c.fail(false, err)
		return err
	}
	n, err := c.write(request)
	if err != nil && (n == 0 || errors.Is(err, os.ErrDeadlineExceeded)) {
		_, err = c.fail(n > 0, err)
		return err
	}
	c.cut = err // there may be an answer all the same: see early
	return nil
}

// Try reads the answer as far as it has come. Without all of it ok is false and there is no error: it
// is to be called again when more has come. Errors are those of Do.
func (c *Client) Try() (r Response, ok bool, err error) {
	switch r, err = c.final(); {
	case err == nil:
		c.done = c.done || c.cut != nil
		return r, true, nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.pos = 0 // where the answer begins: it will be looked at from there again
		c.giveBack()
		return Response{}, false, nil
	}
	r, err = c.fail(true, cmp.Or(c.cut, err))
	return r, false, err
}

// setDeadline sets the deadline of the connection, unless there is none and was none.
func (c *Client) setDeadline(t time.Time) error {
	if t.IsZero() && !c.timed {
		return nil
	}
	c.timed = !t.IsZero()
	return c.conn.SetDeadline(t)
}

func (c *Client) write(request []byte) (int, error) {
	c.isHead, c.interim, c.cut = bytes.HasPrefix(request, []byte("HEAD ")), 0, nil
	return c.conn.Write(request)
}

// early looks for the answer of a peer that did not want to hear the request to its end, which is
// what a server does about a body over its limit. Otherwise the error of writing stands.
func (c *Client) early(sent bool, err error) (Response, error) {
	if sent && !errors.Is(err, os.ErrDeadlineExceeded) {
		if r, errAnswer := c.final(); errAnswer == nil {
			c.done = true
			return r, nil
		}
	}
	return c.fail(sent, err)
}

func (c *Client) fail(sent bool, err error) (Response, error) {
	c.done = true
	c.pos = c.end
	c.Release()
	if errors.Is(err, io.EOF) {
		err = ErrCut
	}
	return Response{}, &Error{Sent: sent, Err: err}
}

// Reusable reports whether another exchange can follow on this connection.
func (c *Client) Reusable() bool { return !c.done }

// Ended reports whether the peer has closed the idle connection. Asking costs a system call; a
// caller does it when the connection has been idle for long, so that an exchange is not lost to a
// connection that was gone before it began. Bytes that nobody asked for count as an end too,
// except under TLS before the first exchange, where they may be session tickets.
func (c *Client) Ended() bool { return c.done || hasEnded(c.idle, c.tls && !c.answered) }

// Lost is Ended for a connection whose Read does not wait.
func (c *Client) Lost() bool {
	if !c.done && errors.Is(c.fill(), os.ErrDeadlineExceeded) {
		c.giveBack()
		return false
	}
	c.done = true
	return true
}

// Release gives the buffers of the last answer back.
func (c *Client) Release() {
	c.giveBack()
	if c.inflater != nil {
		c.inflater.giveBack()
		c.inflater = nil
	}
}

// Close closes the connection.
func (c *Client) Close() error {
	c.done = true
	return c.conn.Close()
}

// final reads answers until one is not interim.
func (c *Client) final() (Response, error) {
	for ; c.interim <= maxInterim; c.interim++ {
		r, err := c.answer()
		if err != nil || r.Status >= 200 {
			c.answered = true
			return r, err
		}
		c.discard()
	}
	return Response{}, fmt.Errorf("%w: more than %d interim answers", ErrMalformed, maxInterim)
}

// answer reads one answer, interim or final.
func (c *Client) answer() (Response, error) {
	bodyAt, err := c.head()
	if err != nil {
		return Response{}, err
	}
	line, head := cutLine(c.buf[c.pos:bodyAt])
	status, minor, err := parseStatusLine(line)
	if err != nil {
		return Response{}, err
	}
	f, err := scanHeaders(head, c.lim)
	if err != nil {
		return Response{}, err
	}
	c.pos = bodyAt
	switch {
	case status == 101:
		return Response{}, fmt.Errorf("%w: the peer switched protocols", ErrMalformed)
	case status < 200:
		return Response{Status: status}, nil
	case f.chunked && minor == 0:
		return Response{}, fmt.Errorf("%w: transfer encoding in HTTP/1.0", ErrMalformed)
	}
	r := Response{Status: status, head: head}
	hasBody := status != 204 && status != 304 && !c.isHead
	c.done = f.close || minor == 0 && !f.keep || hasBody && !f.chunked && f.length < 0
	if hasBody {
		if r.Body, err = c.answerBody(f, bodyAt); err != nil {
			return Response{}, err
		}
	}
	r.Wire = len(r.Body)
	if c.pos < c.end {
		c.done = true // bytes nobody asked for: what follows cannot be trusted
		c.end = c.pos
	}
	r.Body, err = c.decode(f.coding, r.Body)
	return r, err
}

func (c *Client) answerBody(f framing, at int) ([]byte, error) {
	from, to, err := c.body(f, at, true)
	if err != nil {
		return nil, err
	}
	return c.buf[from:to:to], nil
}

// decode undoes the content coding of a body.
func (c *Client) decode(coding, body []byte) ([]byte, error) {
	switch {
	case len(body) == 0 || len(coding) == 0 || equalFold(coding, "identity"):
		return body, nil
	case !equalFold(coding, "gzip") && !equalFold(coding, "x-gzip"):
		return nil, fmt.Errorf("%w: content encoding %.40q", ErrMalformed, coding)
	}
	c.inflater = inflaters.Get().(*inflater)
	return c.inflater.inflate(body, c.lim.body())
}

// parseStatusLine reads "HTTP/1.x NNN reason".
func parseStatusLine(line []byte) (status, minor int, err error) {
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return 0, 0, fmt.Errorf("%w: status line %.60q", ErrMalformed, line)
	}
	for _, d := range line[9:12] {
		if !isDigit(d) {
			return 0, 0, fmt.Errorf("%w: status line %.60q", ErrMalformed, line)
		}
		status = status*10 + int(d-'0')
	}
	minor = int(line[7] - '0')
	if status < 100 || !isDigit(line[7]) {
		return 0, 0, fmt.Errorf("%w: status line %.60q", ErrMalformed, line)
	}
	return status, minor, nil
}
