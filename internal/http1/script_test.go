package http1

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// script is a connection whose other end says what was written down, in pieces, and then ends.
type script struct {
	pieces [][]byte
	end    error // of reading, after the last piece
	heard  bytes.Buffer
	closed bool

	writable  int   // when writeErr is set: bytes that can be written before it
	writeErr  error // nil: everything can be written
	neverRead bool  // reading is a failure of the test
}

func (s *script) Read(b []byte) (int, error) {
	if s.neverRead {
		panic("the connection was read")
	}
	for len(s.pieces) > 0 && len(s.pieces[0]) == 0 {
		s.pieces = s.pieces[1:]
	}
	if len(s.pieces) == 0 {
		return 0, s.end
	}
	n := copy(b, s.pieces[0])
	s.pieces[0] = s.pieces[0][n:]
	return n, nil
}

func (s *script) Write(b []byte) (int, error) {
	if s.writeErr == nil {
		return s.heard.Write(b)
	}
	n := min(len(b), s.writable)
	s.writable -= n
	return n, s.writeErr
}

func (s *script) Close() error                     { s.closed = true; return nil }
func (s *script) LocalAddr() net.Addr              { return nil }
func (s *script) RemoteAddr() net.Addr             { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// cuts are ways in which bytes may arrive. What a message means does not depend on them.
var cuts = map[string]func(string) [][]byte{
	"at once": func(s string) [][]byte { return [][]byte{[]byte(s)} },
	"byte by byte": func(s string) [][]byte {
		var pieces [][]byte
		for i := range len(s) {
			pieces = append(pieces, []byte{s[i]})
		}
		return pieces
	},
	"cut at random": func(s string) [][]byte {
		r := rand.New(rand.NewPCG(uint64(len(s)), 7))
		var pieces [][]byte
		for len(s) > 0 {
			n := min(1+r.IntN(40), len(s))
			pieces = append(pieces, []byte(s[:n]))
			s = s[n:]
		}
		return pieces
	},
}

// eachCut runs a test with the wire arriving in every way.
func eachCut(t *testing.T, wire string, test func(t *testing.T, conn *script)) {
	t.Helper()
	for name, cut := range cuts {
		if name != "at once" && len(wire) > 100<<10 {
			continue // would take long and show nothing new
		}
		t.Run(name, func(t *testing.T) { test(t, &script{pieces: cut(wire), end: io.EOF}) })
	}
}

// chunks writes a body in chunks of the given size, with an extension now and then.
func chunks(body string, size int, trailer string) string {
	var b bytes.Buffer
	for i := 0; i < len(body); i += size {
		part := body[i:min(i+size, len(body))]
		extension := ""
		if i%2 == 1 {
			extension = `;name="value"`
		}
		fmt.Fprintf(&b, "%x%s\r\n%s\r\n", len(part), extension, part)
	}
	return b.String() + "0\r\n" + trailer + "\r\n"
}
