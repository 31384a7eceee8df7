package http1

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Client is the asking side of one connection. It is used by one goroutine at a time.
type Client struct {
	stream
	last   syscall.RawConn // descriptor under TLS, for Ended
	done   bool            // no further exchange is possible
	inflat *bytes.Buffer   // decoded gzip body of the last answer
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
	c.last = c.raw
	if t, ok := conn.(*tls.Conn); ok {
		c.last = rawConn(t.NetConn())
	}
	return c
}

// Do writes a request, which must be complete and framed, and reads the answer to it. Interim
// answers are skipped. Errors are of type *Error, and the connection is of no further use then.
func (c *Client) Do(request []byte, deadline time.Time) (Response, error) {
	c.Release()
	if err := c.conn.SetDeadline(deadline); err != nil {
		return c.fail(false, err)
	}
	if n, err := c.conn.Write(request); err != nil {
		return c.fail(n > 0, err)
	}
	for {
		r, err := c.answer()
		if err != nil {
			return c.fail(true, err)
		}
		if r.Status >= 200 {
			return r, nil
		}
	}
}

func (c *Client) fail(sent bool, err error) (Response, error) {
	c.done = true
	if errors.Is(err, io.EOF) {
		err = ErrCut
	}
	return Response{}, &Error{Sent: sent, Err: err}
}

// Reusable reports whether another exchange can follow on this connection.
func (c *Client) Reusable() bool { return !c.done }

// Ended reports whether the peer has closed the idle connection. Asking costs a system call; a
// caller does it when the connection has been idle for long, so that an exchange is not lost to a
// connection that was gone before it began.
func (c *Client) Ended() bool { return c.done || hasEnded(c.last) }

// Release gives the buffer of the last answer back.
func (c *Client) Release() { c.giveBack() }

// Close closes the connection.
func (c *Client) Close() error {
	c.done = true
	return c.conn.Close()
}

// answer reads one answer, interim or final.
func (c *Client) answer() (Response, error) {
	bodyAt, err := c.head()
	if err != nil {
		return Response{}, err
	}
	start := c.pos
	line, _ := cutLine(c.buf[start:bodyAt])
	status, minor, err := parseStatusLine(line)
	if err != nil {
		return Response{}, err
	}
	headAt := start + bytes.IndexByte(c.buf[start:bodyAt], '\n') + 1
	f, err := scanHeaders(c.buf[headAt:bodyAt], c.lim)
	if err != nil {
		return Response{}, err
	}
	if status < 200 {
		c.pos = bodyAt
		if status == 101 {
			return Response{}, fmt.Errorf("%w: the peer switched protocols", ErrMalformed)
		}
		return Response{Status: status}, nil
	}
	hasBody := status != 204 && status != 304
	c.done = f.close || minor == 0 && !f.keep || hasBody && !f.chunked && f.length < 0
	from, to := bodyAt, bodyAt
	if c.pos = bodyAt; hasBody {
		if from, to, err = c.body(f, bodyAt, true); err != nil {
			return Response{}, err
		}
	}
	if c.pos < c.end {
		c.done = true // bytes nobody asked for: what follows cannot be trusted
		c.end = c.pos
	}
	r := Response{Status: status, Body: c.buf[from:to:to], head: c.buf[headAt:bodyAt], Wire: to - from}
	if f.gzip && len(r.Body) > 0 {
		r.Body, err = c.gunzip(r.Body)
	}
	return r, err
}

// parseStatusLine reads "HTTP/1.x NNN reason".
func parseStatusLine(line []byte) (status, minor int, err error) {
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return 0, 0, fmt.Errorf("%w: status line %.60q", ErrMalformed, line)
	}
	for _, d := range line[9:12] {
		if d < '0' || d > '9' {
			return 0, 0, fmt.Errorf("%w: status line %.60q", ErrMalformed, line)
		}
		status = status*10 + int(d-'0')
	}
	minor = int(line[7] - '0')
	if status < 100 || minor < 0 || minor > 9 {
		return 0, 0, fmt.Errorf("%w: status line %.60q", ErrMalformed, line)
	}
	return status, minor, nil
}

var inflaters = sync.Pool{New: func() any { return new(gzip.Reader) }}

func (c *Client) gunzip(body []byte) ([]byte, error) {
	if c.inflat == nil {
		c.inflat = new(bytes.Buffer)
	}
	c.inflat.Reset()
	z := inflaters.Get().(*gzip.Reader)
	defer inflaters.Put(z)
	if err := z.Reset(bytes.NewReader(body)); err != nil {
		return nil, fmt.Errorf("%w: gzip: %v", ErrMalformed, err)
	}
	n, err := io.Copy(c.inflat, io.LimitReader(z, int64(c.lim.body())+1))
	if err != nil {
		return nil, fmt.Errorf("%w: gzip: %v", ErrMalformed, err)
	}
	if n > int64(c.lim.body()) {
		return nil, fmt.Errorf("%w: body over %d bytes", ErrTooLarge, c.lim.body())
	}
	return c.inflat.Bytes(), nil
}
