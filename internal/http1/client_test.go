package http1

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

const get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

// head is an answer's head with further lines.
func head(lines ...string) string {
	return "HTTP/1.1 200 OK\r\n" + strings.Join(append(lines, "", ""), "\r\n")
}

func TestAnswers(t *testing.T) {
	long := strings.Repeat("0123456789", 2000)
	tests := []struct {
		name, wire string
		status     int
		body       string
		reusable   bool
	}{
		{"a length", head("Content-Length: 5") + "hello", 200, "hello", true},
		{"length 0", head("Content-Length: 0"), 200, "", true},
		{"a body larger than the first buffer", head("Content-Length: 20000") + long, 200, long, true},
		{"blanks around values, any case of names", head("CONTENT-length: \t5  ", "conNECtion:keep-alive") + "hello", 200, "hello", true},
		{"the same length twice", head("Content-Length: 5", "Content-Length: 5") + "hello", 200, "hello", true},
		{"bare line feeds in the head", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, "hello", true},
		{"empty lines before it", "\r\n\r\n" + head("Content-Length: 5") + "hello", 200, "hello", true},
		{"no reason phrase", "HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nno", 404, "no", true},
		{"an empty reason phrase", "HTTP/1.1 404 \r\nContent-Length: 2\r\n\r\nno", 404, "no", true},
		{"a status of one's own", "HTTP/1.1 999 Denied\r\nContent-Length: 2\r\n\r\nno", 999, "no", true},
		{"a folded header of no interest", head("X-A: b", "\tc", " d", "Content-Length: 5") + "hello", 200, "hello", true},

		{"chunked", head("Transfer-Encoding: chunked") + chunks("hello, world", 5, ""), 200, "hello, world", true},
		{"chunked in single bytes", head("Transfer-Encoding: Chunked") + chunks("hello", 1, ""), 200, "hello", true},
		{"chunked with nothing in it", head("Transfer-Encoding: chunked") + chunks("", 1, ""), 200, "", true},
		{"chunks larger than the first buffer", head("Transfer-Encoding: chunked") + chunks(long, 7000, ""), 200, long, true},
		{"chunked with trailers", head("Transfer-Encoding: chunked") + chunks("hello", 3, "X-Sum: 1\r\nX-More: 2\r\n"), 200, "hello", true},
		{"chunk sizes with zeros, capitals and blanks behind", head("Transfer-Encoding: chunked") + "000A \r\n0123456789\r\n00\r\n\r\n", 200, "0123456789", true},
		{"chunked wins over a length, but the connection is suspect", head("Content-Length: 3", "Transfer-Encoding: chunked") + chunks("hello", 5, ""), 200, "hello", false},

		{"until the connection ends", head() + "hello", 200, "hello", false},
		{"until the connection ends, with nothing", head(), 200, "", false},
		{"until the connection ends, long", head("Connection: close") + long, 200, long, false},
		{"close with a length", head("Content-Length: 5", "Connection: x, Close") + "hello", 200, "hello", false},
		{"HTTP/1.0 closes", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
		{"HTTP/1.0 kept alive", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello", 200, "hello", true},

		{"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
		{"304 has a length but no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", true},
		{"interim answers are skipped", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + head("Content-Length: 5") + "hello", 200, "hello", true},
		{"the most interim answers", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim) + head("Content-Length: 1") + "x", 200, "x", true},

		{"gzip", head("Content-Encoding: gzip", "Content-Length: "+length(gzipped("hello"))) + gzipped("hello"), 200, "hello", true},
		{"gzip by its old name, chunked", head("Content-Encoding: X-Gzip", "Transfer-Encoding: chunked") + chunks(gzipped(long), 11, ""), 200, long, true},
		{"gzip in two members", head("Content-Encoding: gzip") + gzipped("hello, ") + gzipped("world"), 200, "hello, world", false},
		{"gzip of nothing at all", head("Content-Encoding: gzip", "Content-Length: 0"), 200, "", true},
		{"the identity", head("Content-Encoding: identity", "Content-Length: 5") + "hello", 200, "hello", true},

		{"bytes left over", head("Content-Length: 5") + "hello!", 200, "hello", false},
		{"an answer nobody asked for", head("Content-Length: 5") + "hello" + head("Content-Length: 5") + "again", 200, "hello", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachCut(t, test.wire, func(t *testing.T, conn *script) {
				c := NewClient(conn, Limits{})
				r, err := c.Do([]byte(get), time.Time{})
				if err != nil || r.Status != test.status || string(r.Body) != test.body {
					t.Fatalf("got %d %.60q, %v, want %d %.60q\n%.200q", r.Status, r.Body, err, test.status, test.body, test.wire)
				}
				// Leftovers are only seen when they came with the answer.
				if conn.pieces == nil && c.Reusable() != test.reusable {
					t.Errorf("Reusable() = %v, want %v\n%.200q", c.Reusable(), test.reusable, test.wire)
				}
				if conn.heard.String() != get {
					t.Errorf("wrote %q, want %q", conn.heard.String(), get)
				}
				if c.Release(); c.buf != nil || c.inflater != nil {
					t.Errorf("a buffer was kept after Release")
				}
			})
		})
	}
}

func length(s string) string { return strconv.Itoa(len(s)) }

func TestBadAnswers(t *testing.T) {
	small := Limits{Head: 200, Body: 40}
	zeros := strings.Repeat("0", 41)
	tests := []struct {
		name, wire string
		want       error
	}{
		{"nothing", "", ErrCut},
		{"a part of the status line", "HTTP/1.1 20", ErrCut},
		{"a part of the head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", ErrCut},
		{"a head but no body", head("Content-Length: 5"), ErrCut},
		{"a part of the body", head("Content-Length: 5") + "hell", ErrCut},
		{"an interim answer and no other", "HTTP/1.1 100 Continue\r\n\r\n", ErrCut},
		{"no size of the first chunk", head("Transfer-Encoding: chunked"), ErrCut},
		{"a part of a chunk", head("Transfer-Encoding: chunked") + "5\r\nhel", ErrCut},
		{"a chunk without its end", head("Transfer-Encoding: chunked") + "5\r\nhello", ErrCut},
		{"no last chunk", head("Transfer-Encoding: chunked") + "5\r\nhello\r\n", ErrCut},
		{"no end of the trailers", head("Transfer-Encoding: chunked") + "0\r\nX: y\r\n", ErrCut},
		{"a part of gzip", head("Content-Encoding: gzip") + gzipped("hello")[:20], ErrMalformed},

		{"not HTTP", "SSH-2.0-OpenSSH_9.6\r\n\r\n", ErrMalformed},
		{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", ErrMalformed},
		{"a version without a number", "HTTP/1.x 200 OK\r\n\r\n", ErrMalformed},
		{"a status that is no number", "HTTP/1.1 2OO OK\r\n\r\n", ErrMalformed},
		{"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", ErrMalformed},
		{"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", ErrMalformed},
		{"a status below 100", "HTTP/1.1 099 No\r\n\r\n", ErrMalformed},
		{"a protocol switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", ErrMalformed},
		{"interim answers without end", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", maxInterim+1), ErrMalformed},
		{"a header without a colon", head("nonsense", "Content-Length: 0"), ErrMalformed},
		{"a header without a name", head(": x", "Content-Length: 0"), ErrMalformed},
		{"a control character in a header", head("X: \x00", "Content-Length: 0"), ErrMalformed},
		{"a carriage return in a header", head("X: a\rb", "Content-Length: 0"), ErrMalformed},
		{"a blank before the colon", head("Content-Length : 5") + "hello", ErrMalformed},
		{"a folded line without a header", "HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\nhello", ErrMalformed},
		{"a folded length", head("Content-Length: 5", " 0") + "hello", ErrMalformed},
		{"a length that is no number", head("Content-Length: five"), ErrMalformed},
		{"a length with a sign", head("Content-Length: +5") + "hello", ErrMalformed},
		{"a length below 0", head("Content-Length: -1"), ErrMalformed},
		{"an empty length", head("Content-Length:"), ErrMalformed},
		{"a list of lengths", head("Content-Length: 5, 5") + "hello", ErrMalformed},
		{"two lengths", head("Content-Length: 5", "Content-Length: 6") + "hello!", ErrMalformed},
		{"a length beyond all numbers", head("Content-Length: 99999999999999999999"), ErrMalformed},
		{"a transfer encoding we do not have", head("Transfer-Encoding: gzip, chunked"), ErrMalformed},
		{"chunked twice", head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), ErrMalformed},
		{"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks("x", 1, ""), ErrMalformed},
		{"a content encoding we did not ask for", head("Content-Encoding: br", "Content-Length: 1") + "x", ErrMalformed},
		{"gzip that is none", head("Content-Encoding: gzip", "Content-Length: 5") + "hello", ErrMalformed},
		{"gzip with a wrong sum", head("Content-Encoding: gzip") + strings.Replace(gzipped("hello"), "\x86", "\x87", 1), ErrMalformed},
		{"a chunk size that is no number", head("Transfer-Encoding: chunked") + "x\r\n", ErrMalformed},
		{"an empty chunk size", head("Transfer-Encoding: chunked") + "\r\n", ErrMalformed},
		{"a chunk size with a blank before it", head("Transfer-Encoding: chunked") + " 1\r\nx\r\n0\r\n\r\n", ErrMalformed},
		{"a chunk size with a prefix", head("Transfer-Encoding: chunked") + "0x1\r\nx\r\n0\r\n\r\n", ErrMalformed},
		{"a chunk size beyond all numbers", head("Transfer-Encoding: chunked") + "ffffffffffffffff1\r\n", ErrMalformed},
		{"a chunk size that ends in a bare line feed", head("Transfer-Encoding: chunked") + "1\nx\r\n0\r\n\r\n", ErrMalformed},
		{"a chunk that is longer than its size", head("Transfer-Encoding: chunked") + "1\r\nxy\r\n0\r\n\r\n", ErrMalformed},

		{"a head over the limit", head("X: " + strings.Repeat("x", 200)), ErrTooLarge},
		{"a head that never ends", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 100), ErrTooLarge},
		{"empty lines without end", strings.Repeat("\r\n", 200), ErrTooLarge},
		{"a length over the limit", head("Content-Length: 41") + zeros, ErrTooLarge},
		{"chunks over the limit", head("Transfer-Encoding: chunked") + chunks(zeros, 7, ""), ErrTooLarge},
		{"a chunk over the limit, before it comes", head("Transfer-Encoding: chunked") + "29\r\n", ErrTooLarge},
		{"a body until the end over the limit", head() + zeros, ErrTooLarge},
		{"gzip over the limit", head("Content-Encoding: gzip") + gzipped(zeros), ErrTooLarge},
		{"a chunk extension over the limit", head("Transfer-Encoding: chunked") + "1;" + strings.Repeat("x", 300), ErrTooLarge},
		{"more said about chunks than in them", head("Transfer-Encoding: chunked") + strings.Repeat("1;"+strings.Repeat("x", 190)+"\r\nx\r\n", 10), ErrTooLarge},
		{"trailers over the limit", head("Transfer-Encoding: chunked") + "0\r\n" + strings.Repeat("X: "+strings.Repeat("y", 100)+"\r\n", 3), ErrTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachCut(t, test.wire, func(t *testing.T, conn *script) {
				c := NewClient(conn, small)
				r, err := c.Do([]byte(get), time.Time{})
				var failure *Error
				if !errors.Is(err, test.want) || !errors.As(err, &failure) || !failure.Sent || failure.Timeout() {
					t.Fatalf("got %d %q, %v, want %v with Sent\n%.200q", r.Status, r.Body, err, test.want, test.wire)
				}
				if c.Reusable() || !c.Ended() || c.buf != nil || c.inflater != nil {
					t.Errorf("after the error: Reusable %v, Ended %v, buffer kept %v, want false, true, false",
						c.Reusable(), c.Ended(), c.buf != nil || c.inflater != nil)
				}
			})
		})
	}
}

// A few kilobytes of gzip can hold gigabytes; what is held is bounded all the same.
func TestGzipBomb(t *testing.T) {
	bomb := gzipped(strings.Repeat("\x00", 8<<20))
	c := NewClient(&script{pieces: [][]byte{[]byte(head("Content-Encoding: gzip") + bomb)}, end: io.EOF}, Limits{Body: 64 << 10})
	if _, err := c.Do([]byte(get), time.Time{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d bytes of gzip that hold 8 MiB: error %v, want %v", len(bomb), err, ErrTooLarge)
	}
}

// The limits are met exactly: one byte less passes.
func TestLimitsAreInclusive(t *testing.T) {
	text := strings.Repeat("x", 20)
	for name, wire := range map[string]string{
		"length":  head("Content-Length: 20") + text,
		"chunked": head("Transfer-Encoding: chunked") + chunks(text, 3, ""),
		"end":     head() + text,
		"gzip":    head("Content-Encoding: gzip") + gzipped(text), // 24 to 28 bytes of gzip
	} {
		limits := Limits{Head: 200, Body: 20}
		if name == "gzip" {
			limits.Body = len(gzipped(text))
		}
		r, err := NewClient(&script{pieces: [][]byte{[]byte(wire)}, end: io.EOF}, limits).Do([]byte(get), time.Time{})
		if err != nil || string(r.Body) != text {
			t.Errorf("%s: got %q, %v, want %q", name, r.Body, err, text)
		}
	}
	exact := head("X: "+strings.Repeat("x", 100), "Content-Length: 0")
	if _, err := NewClient(&script{pieces: [][]byte{[]byte(exact)}}, Limits{Head: len(exact)}).Do([]byte(get), time.Time{}); err != nil {
		t.Errorf("a head of just the limit: %v", err)
	}
	if _, err := NewClient(&script{pieces: [][]byte{[]byte(exact)}}, Limits{Head: len(exact) - 1}).Do([]byte(get), time.Time{}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a head of one byte more: %v, want %v", err, ErrTooLarge)
	}
}

func TestResponseHeader(t *testing.T) {
	wire := head("X-One:  first ", "x-one: second", "X-Empty:", "X-One-More: other", "Ccmessaging-Token: a%3D:b", "Content-Length: 0")
	r, err := NewClient(&script{pieces: [][]byte{[]byte(wire)}}, Limits{}).Do([]byte(get), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"x-one": "first", "x-empty": "", "ccmessaging-token": "a%3D:b", "x-on": "", "missing": ""} {
		if got := string(r.Header(name)); got != want {
			t.Errorf("Header(%q) = %q, want %q", name, got, want)
		}
	}
	if r.Header("missing") != nil {
		t.Errorf("a missing header is %q, want nil", r.Header("missing"))
	}
}

func TestHeadHasNoBody(t *testing.T) {
	c := NewClient(&script{pieces: [][]byte{[]byte(head("Content-Length: 5"))}, end: io.EOF}, Limits{})
	r, err := c.Do([]byte("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"), time.Time{})
	if err != nil || len(r.Body) != 0 || !c.Reusable() {
		t.Errorf("got %q, %v, reusable %v, want no body and a reusable connection", r.Body, err, c.Reusable())
	}
}

func TestWire(t *testing.T) {
	z := gzipped(strings.Repeat("hello ", 100))
	wire := head("Content-Encoding: gzip", "Content-Length: "+length(z)) + z
	r, err := NewClient(&script{pieces: [][]byte{[]byte(wire)}}, Limits{}).Do([]byte(get), time.Time{})
	if err != nil || r.Wire != len(z) || len(r.Body) != 600 {
		t.Errorf("Wire = %d, body %d bytes, %v, want %d and 600", r.Wire, len(r.Body), err, len(z))
	}
}

// Sent decides whether an exchange is known not to have happened.
func TestErrorSent(t *testing.T) {
	reset := errors.New("connection reset by peer")
	tests := []struct {
		name    string
		conn    script
		sent    bool
		want    error
		timeout bool
	}{
		{"nothing could be written", script{writeErr: reset, neverRead: true}, false, reset, false},
		{"a part was written", script{writeErr: reset, writable: 1, end: io.EOF}, true, reset, false},
		{"a part was written in time", script{writeErr: os.ErrDeadlineExceeded, writable: 1, neverRead: true}, true, os.ErrDeadlineExceeded, true},
		{"nothing was written in time", script{writeErr: os.ErrDeadlineExceeded, neverRead: true}, false, os.ErrDeadlineExceeded, true},
		{"no answer", script{end: io.EOF}, true, ErrCut, false},
		{"reset while waiting", script{end: reset}, true, reset, false},
		{"no answer in time", script{end: os.ErrDeadlineExceeded}, true, os.ErrDeadlineExceeded, true},
		{"half an answer in time", script{pieces: [][]byte{[]byte(head("Content-Length: 5") + "he")}, end: os.ErrDeadlineExceeded}, true, os.ErrDeadlineExceeded, true},
		{"half an answer", script{pieces: [][]byte{[]byte(head("Content-Length: 5") + "he")}, end: io.EOF}, true, ErrCut, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := NewClient(&test.conn, Limits{})
			_, err := c.Do([]byte(get), time.Time{})
			var failure *Error
			if !errors.As(err, &failure) || failure.Sent != test.sent || !errors.Is(err, test.want) || failure.Timeout() != test.timeout {
				t.Fatalf("got %#v, want Sent %v, Timeout %v and %v", err, test.sent, test.timeout, test.want)
			}
			before := test.conn.heard.Len()
			if _, err := c.Do([]byte(get), time.Time{}); !errors.Is(err, net.ErrClosed) || errors.As(err, &failure) && failure.Sent {
				t.Errorf("a second Do gives %v, want %v and nothing sent", err, net.ErrClosed)
			}
			if test.conn.heard.Len() != before {
				t.Errorf("a second Do wrote something")
			}
		})
	}
}

// A server that does not want a large body answers before it has read all of it.
func TestEarlyAnswer(t *testing.T) {
	conn := script{writeErr: errors.New("broken pipe"), writable: 10, end: io.EOF,
		pieces: [][]byte{[]byte("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")}}
	c := NewClient(&conn, Limits{})
	if r, err := c.Do([]byte(get), time.Time{}); err != nil || r.Status != 413 || string(r.Body) != "no" || c.Reusable() {
		t.Errorf("got %d %q, %v, reusable %v, want 413 and a connection at its end", r.Status, r.Body, err, c.Reusable())
	}
}

func TestSeveralExchanges(t *testing.T) {
	z := gzipped("second")
	conn := script{end: io.EOF, pieces: [][]byte{
		[]byte(head("Content-Length: 5") + "first"),
		[]byte(head("Content-Encoding: gzip", "Content-Length: "+length(z)) + z),
		[]byte(head("Transfer-Encoding: chunked") + chunks("third", 2, "")),
	}}
	c := NewClient(&conn, Limits{})
	for _, want := range []string{"first", "second", "third"} {
		r, err := c.Do([]byte(get), time.Time{})
		if err != nil || string(r.Body) != want || !c.Reusable() {
			t.Fatalf("got %q, %v, reusable %v, want %q", r.Body, err, c.Reusable(), want)
		}
	}
	if c.Close(); !conn.closed || c.Reusable() {
		t.Errorf("after Close: closed %v, reusable %v", conn.closed, c.Reusable())
	}
}
