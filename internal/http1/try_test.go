package http1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// trickle is a script whose Read does not wait: it gives the pieces that have come by now.
type trickle struct {
	script
	come int // how many pieces more have come; the end comes behind the last
}

func (s *trickle) Read(b []byte) (int, error) {
	if s.come == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	n, err := s.script.Read(b)
	if n > 0 && len(s.pieces[0]) == 0 {
		s.pieces, s.come = s.pieces[1:], s.come-1
	}
	return n, err
}

// answerOf is what a client made of an answer, kept.
type answerOf struct {
	Status, Wire int
	Body, Head   string
	Reusable     bool
	Error        string
	Sent, Late   bool
}

func keep(c *Client, r Response, err error) answerOf {
	a := answerOf{Status: r.Status, Wire: r.Wire, Body: string(r.Body), Head: string(r.head), Reusable: c.Reusable()}
	var failure *Error
	if errors.As(err, &failure) {
		a.Error, a.Sent, a.Late = err.Error(), failure.Sent, failure.Timeout()
	} else if err != nil {
		a.Error = fmt.Sprintf("not an *Error: %#v", err)
	}
	return a
}

func clonePieces(pieces [][]byte) [][]byte {
	list := make([][]byte, 0, len(pieces))
	for _, p := range pieces {
		if len(p) > 0 {
			list = append(list, bytes.Clone(p))
		}
	}
	return list
}

// byDo reads an answer that comes in pieces, waiting.
func byDo(request string, pieces [][]byte, lim Limits) answerOf {
	c := NewClient(&script{pieces: clonePieces(pieces), end: io.EOF}, lim)
	r, err := c.Do([]byte(request), time.Time{})
	return keep(c, r, err)
}

// byTry reads the same with Try, once before each piece comes and once behind the last.
func byTry(t testing.TB, request string, pieces [][]byte, lim Limits) answerOf {
	t.Helper()
	conn := &trickle{script: script{pieces: clonePieces(pieces), end: io.EOF}}
	c := NewClient(conn, lim)
	if err := c.Send([]byte(request)); err != nil {
		t.Fatalf("Send: %v", err)
	}
	if conn.heard.String() != request {
		t.Errorf("wrote %q, want %q", conn.heard.String(), request)
	}
	for n := range len(pieces) + 2 {
		r, ok, err := c.Try()
		switch {
		case ok || err != nil:
			got := keep(c, r, err)
			if c.Release(); c.buf != nil || c.inflater != nil {
				t.Errorf("a buffer was kept after Release")
			}
			return got
		case n == 0 && c.buf != nil:
			t.Errorf("a buffer is held before the first byte came")
		}
		conn.come++
	}
	return answerOf{Error: "all has come, and Try waits for more"}
}

// sameByTry compares Try with Do, for an answer that comes in these pieces.
func sameByTry(t testing.TB, request string, pieces [][]byte, lim Limits) {
	t.Helper()
	if want, got := byDo(request, pieces, lim), byTry(t, request, pieces, lim); got != want {
		t.Fatalf("Try gives\n%.300q, Do\n%.300q\n%.300q", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want), pieces)
	}
}

// cutAt cuts a text at some places.
func cutAt(s string, places ...int) [][]byte {
	var pieces [][]byte
	from := 0
	for _, p := range places {
		pieces = append(pieces, []byte(s[from:p]))
		from = p
	}
	return append(pieces, []byte(s[from:]))
}

// randomPieces cuts a text into pieces of up to most bytes.
func randomPieces(s string, random *rand.Rand, most int) [][]byte {
	var pieces [][]byte
	for len(s) > 0 {
		n := min(1+random.IntN(most), len(s))
		pieces = append(pieces, []byte(s[:n]))
		s = s[n:]
	}
	return pieces
}

const interim = "HTTP/1.1 100 Continue\r\n\r\n"

// TestTry reads each answer in two pieces, for every place of the cut, byte by byte, and in random
// pieces.
func TestTry(t *testing.T) {
	long := strings.Repeat("0123456789", 900)
	small := Limits{Head: 200, Body: 40}
	const headGet = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
	tests := []struct {
		name, request, wire string
		lim                 Limits
	}{
		{"a length", get, head("Content-Length: 12") + "hello, world", Limits{}},
		{"length 0", get, head("Content-Length: 0"), Limits{}},
		{"chunks with extensions and trailers", get, head("Transfer-Encoding: chunked") + chunks("hello, world", 3, "X-Sum: 1\r\nX-More: 2\r\n"), Limits{}},
		{"chunks of one byte", get, head("Transfer-Encoding: chunked") + chunks("hello", 1, ""), Limits{}},
		{"a chunk larger than the buffer", get, head("Transfer-Encoding: chunked") + chunks(long, 7000, ""), Limits{}},
		{"a body larger than the buffer", get, head("Content-Length: "+length(long)) + long, Limits{}},
		{"gzip", get, head("Content-Encoding: gzip", "Content-Length: "+length(gzipped("hello"))) + gzipped("hello"), Limits{}},
		{"gzip in chunks", get, head("Content-Encoding: gzip", "Transfer-Encoding: chunked") + chunks(gzipped("hello, world"), 7, ""), Limits{}},
		{"gzip that is none", get, head("Content-Encoding: gzip", "Content-Length: 5") + "hello", Limits{}},
		{"until the end", get, head() + "hello", Limits{}},
		{"until the end, with nothing", get, head(), Limits{}},
		{"gzip until the end", get, head("Content-Encoding: gzip") + gzipped("hello"), Limits{}},
		{"an interim answer", get, interim + head("Content-Length: 5") + "hello", Limits{}},
		{"interim answers before chunks", get, interim + "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + head("Transfer-Encoding: chunked") + chunks("hello", 2, ""), Limits{}},
		{"the most interim answers", get, strings.Repeat(interim, maxInterim) + head("Content-Length: 1") + "x", Limits{}},
		{"interim answers without end", get, strings.Repeat(interim, maxInterim+1) + head("Content-Length: 1") + "x", Limits{}},
		{"empty lines before it", get, "\r\n\n\r\n" + head("Content-Length: 5") + "hello", Limits{}},
		{"empty lines behind an interim answer", get, interim + "\r\n" + head("Content-Length: 5") + "hello", Limits{}},
		{"HEAD", headGet, head("Content-Length: 5"), Limits{}},
		{"HEAD behind an interim answer", headGet, interim + head("Transfer-Encoding: chunked"), Limits{}},
		{"204", get, "HTTP/1.1 204 No Content\r\n\r\n", Limits{}},
		{"304 with a length", get, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Limits{}},
		{"HTTP/1.0", get, "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", Limits{}},
		{"bytes left over", get, head("Content-Length: 5") + "hello!", Limits{}},
		{"close, and a length", get, head("Content-Length: 5", "Connection: close") + "hello", Limits{}},

		{"nothing", get, "", Limits{}},
		{"cut in the head", get, "HTTP/1.1 200 OK\r\nContent-", Limits{}},
		{"cut in the body", get, head("Content-Length: 5") + "hell", Limits{}},
		{"cut in a chunk", get, head("Transfer-Encoding: chunked") + "5\r\nhel", Limits{}},
		{"cut in the trailers", get, head("Transfer-Encoding: chunked") + "0\r\nX: y\r\n", Limits{}},
		{"cut behind an interim answer", get, interim, Limits{}},
		{"not HTTP", get, "SSH-2.0-OpenSSH_9.6\r\n\r\n", Limits{}},
		{"a switch of protocols", get, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Limits{}},
		{"a bad chunk size", get, head("Transfer-Encoding: chunked") + "5\r\nhello\r\nx\r\n", Limits{}},
		{"a chunk that is too long", get, head("Transfer-Encoding: chunked") + "1\r\nxy\r\n0\r\n\r\n", Limits{}},
		{"a bad trailer", get, head("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n nonsense\r\n\r\n", Limits{}},
		{"two lengths", get, head("Content-Length: 5", "Content-Length: 6") + "hello!", Limits{}},
		{"a head over the limit", get, head("X: "+strings.Repeat("y", 300), "Content-Length: 0"), small},
		{"a length over the limit", get, head("Content-Length: 41") + long[:41], small},
		{"chunks over the limit", get, head("Transfer-Encoding: chunked") + chunks(long[:60], 10, ""), small},
		{"trailers over the limit", get, head("Transfer-Encoding: chunked") + chunks("x", 1, strings.Repeat("X: yyyyyyyy\r\n", 30)), small},
		{"a body over the limit, until the end", get, head() + long[:60], small},
		{"gzip over the limit", get, head("Content-Encoding: gzip") + gzipped(long), small},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			step := 1 + len(test.wire)/700 // all places, unless there are too many
			for at := 1; at < len(test.wire); at += step {
				sameByTry(t, test.request, cutAt(test.wire, at), test.lim)
			}
			sameByTry(t, test.request, cutAt(test.wire), test.lim)
			sameByTry(t, test.request, cuts["byte by byte"](test.wire), test.lim)
			random := rand.New(rand.NewPCG(uint64(len(test.wire)), 17))
			for range 50 {
				sameByTry(t, test.request, randomPieces(test.wire, random, 1+random.IntN(60)), test.lim)
			}
		})
	}
}

// TestTryInThree cuts answers twice, in every way.
func TestTryInThree(t *testing.T) {
	for _, wire := range []string{
		head("Transfer-Encoding: chunked") + chunks("hello", 2, "X: y\r\n"),
		interim + head("Content-Length: 2") + "ok",
	} {
		for first := 1; first < len(wire); first++ {
			for second := first + 1; second < len(wire); second++ {
				sameByTry(t, get, cutAt(wire, first, second), Limits{})
			}
		}
	}
}

// TestTryAgain makes several exchanges on one connection: nothing of one may be left for the next.
func TestTryAgain(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 18))
	conn := &trickle{script: script{end: io.EOF}}
	c := NewClient(conn, Limits{})
	for n := range 300 {
		body := strings.Repeat(fmt.Sprintf("%d ", n), random.IntN(3000))
		wire := []string{head("Content-Length: "+length(body)) + body, head("Transfer-Encoding: chunked") + chunks(body, 1+random.IntN(500), ""),
			interim + head("Content-Encoding: gzip", "Transfer-Encoding: chunked") + chunks(gzipped(body), 100, "X: y\r\n")}[n%3]
		if err := c.Send([]byte(get)); err != nil {
			t.Fatalf("exchange %d: %v", n, err)
		}
		conn.pieces = randomPieces(wire, random, 1+random.IntN(4000))
		for {
			r, ok, err := c.Try()
			if err != nil || ok && string(r.Body) != body {
				t.Fatalf("exchange %d: %d bytes, %v, want %d bytes", n, len(r.Body), err, len(body))
			}
			if ok {
				break
			}
			conn.come = min(conn.come+1, len(conn.pieces))
		}
		if !c.Reusable() || conn.come != 0 || len(conn.pieces) != 0 {
			t.Fatalf("exchange %d: reusable %v, %d pieces left", n, c.Reusable(), len(conn.pieces))
		}
	}
}

// TestSendFails breaks the writing of a request. What the peer said to the beginning of it is its
// answer, as it is for Do.
func TestSendFails(t *testing.T) {
	broken := errors.New("broken")
	refusal := "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
	tests := []struct {
		name     string
		writable int
		wire     string
		err      error
	}{
		{"nothing was written", 0, "", broken},
		{"a part was written, and there is no answer", 5, "", broken},
		{"a part was written, and there is a part of an answer", 5, refusal[:20], broken},
		{"a part was written, and it was answered", 5, refusal, broken},
		{"time has passed", 5, refusal, os.ErrDeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			make := func() script {
				s := script{end: io.EOF, writable: test.writable, writeErr: test.err}
				if test.wire != "" {
					s.pieces = [][]byte{[]byte(test.wire)}
				}
				return s
			}
			waiting := make()
			c := NewClient(&waiting, Limits{})
			r, err := c.Do([]byte(get), time.Time{})
			want := keep(c, r, err)

			c = NewClient(&trickle{script: make(), come: 2}, Limits{}) // the end, too
			ok, err := false, c.Send([]byte(get))
			if r = (Response{}); err == nil {
				if r, ok, err = c.Try(); !ok && err == nil {
					t.Fatalf("Send and Try: no answer and no error, want %+v", want)
				}
			}
			if got := keep(c, r, err); got != want {
				t.Errorf("Send and Try give\n%+v, Do\n%+v", got, want)
			}
		})
	}
}

func TestSendAfterTheEnd(t *testing.T) {
	conn := &trickle{script: script{neverRead: true}}
	c := NewClient(conn, Limits{})
	c.Close()
	var failure *Error
	if err := c.Send([]byte(get)); !errors.As(err, &failure) || failure.Sent || conn.heard.Len() > 0 {
		t.Errorf("Send on a closed client: %#v after %d bytes, want an error without Sent", err, conn.heard.Len())
	}
}

// timed is a connection that fails like a net.Conn what is written after a deadline.
type timed struct {
	script
	deadline time.Time
}

func (c *timed) SetDeadline(t time.Time) error { c.deadline = t; return nil }

func (c *timed) Write(b []byte) (int, error) {
	if !c.deadline.IsZero() && !time.Now().Before(c.deadline) {
		return 0, os.ErrDeadlineExceeded
	}
	return c.script.Write(b)
}

// TestSendAfterADeadline sends on a connection on which a Do was in time, when its deadline is over.
func TestSendAfterADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		c := NewClient(&timed{script: script{pieces: [][]byte{answer}, end: io.EOF}}, Limits{})
		if _, err := c.Do([]byte("GET / HTTP/1.1\r\n\r\n"), time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if err := c.Send([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
			t.Errorf("a minute after a Do with a deadline of a second: %v, want none", err)
		}
	})
}
