package http1

import (
	"bufio"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"
)

// The fuzz targets hold our reading of a message against the standard library's. Where both read
// it, they must read the same. Where one refuses it, the reason must be one of those listed here:
// a difference that we mean.

// difference is a kind of message that only one side takes.
type difference struct {
	reason string
	wire   *regexp.Regexp
}

// fuzzLimits are wide enough that no message the fuzzer makes meets them by accident.
var fuzzLimits = Limits{Head: 1 << 20, Body: 1 << 20}

// weRefuse are messages that net/http takes and we do not.
var weRefuse = []difference{
	{"a folded header may hide a length, and a chunk size has no blanks before it", regexp.MustCompile(`\n[ \t]`)},
	{"a header name is a token", regexp.MustCompile(`\n[^:\n]*[^-!#$%&'*+.^_|~\x600-9A-Za-z:\n][^:\n]*:`)},
	{"a line inside a body ends in CRLF", regexp.MustCompile(`(?is)\ntransfer-encoding:.*[^\r]\n`)},
	{"HTTP/1.0 has no transfer encodings; net/http ignores them", regexp.MustCompile(`(?is)HTTP/1\.0.*\ntransfer-encoding:`)},
	{"another version than 1.x", regexp.MustCompile(`HTTP/[02-9]`)},
}

var weRefuseAnswers = append(weRefuse[:len(weRefuse):len(weRefuse)],
	difference{"more than one blank before the status", regexp.MustCompile(`HTTP/1\.\d  `)},
	difference{"101 changes the protocol, and below 100 is no status", regexp.MustCompile(`HTTP/1\.\d (101|[-+0]\d\d)`)},
	difference{"a content encoding that was not asked for, or that is not what it says", regexp.MustCompile(`(?i)\ncontent-encoding:`)},
	difference{"more interim answers than anybody needs", regexp.MustCompile(`(?s)(HTTP/1\.\d 1.*){16}`)},
)

var weRefuseRequests = append(weRefuse[:len(weRefuse):len(weRefuse)],
	difference{"a target that is no path: we are no proxy", regexp.MustCompile(`^[\r\n]*[^ ]+ [^/]`)},
)

// theyRefuse are messages that we take and net/http does not.
var theyRefuse = []difference{
	{"empty lines before the message, or before the one behind an interim answer", regexp.MustCompile(`(?s)(^|HTTP/1\.\d 1.*?\n\r?\n)[\r\n]`)},
	{"what is behind the slash of a target is the handler's business", regexp.MustCompile(`^[^ ]+ (//|/[^ ]*%)`)},
}

func explained(wire []byte, by []difference) bool {
	return slices.ContainsFunc(by, func(d difference) bool { return d.wire.Match(wire) })
}

// outcome is what became of a message on both sides.
type outcome struct{ ours, theirs error }

// compare fails the test unless the outcomes agree or differ for a known reason.
func (o outcome) compare(t *testing.T, wire []byte, weRefuse []difference) (both bool) {
	t.Helper()
	switch {
	case o.ours == nil && o.theirs == nil:
		return true
	case o.ours == nil && !explained(wire, theyRefuse):
		t.Errorf("we take what net/http refuses: %v\n%q", o.theirs, wire)
	case o.theirs == nil && !explained(wire, weRefuse):
		t.Errorf("we refuse what net/http takes: %v\n%q", o.ours, wire)
	}
	return false
}

// standardAnswer reads an answer as net/http does, skipping interim ones.
func standardAnswer(wire []byte) (status int, body []byte, err error) {
	in := bufio.NewReader(bytes.NewReader(wire))
	for {
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			return 0, nil, err
		}
		if r.StatusCode >= 100 && r.StatusCode < 200 && r.StatusCode != 101 {
			continue
		}
		body, err := io.ReadAll(r.Body)
		return r.StatusCode, body, err
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		head("Content-Length: 5") + "hello",
		head("Transfer-Encoding: chunked") + chunks("hello, world", 5, "X: y\r\n"),
		head("Content-Encoding: gzip", "Connection: close") + gzipped("hello"),
		"HTTP/1.1 100 Continue\r\n\r\n" + head("Content-Length: 2") + "ok and more",
		"HTTP/1.0 200 OK\r\n\r\nuntil the end",
		"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
		"HTTP/1.1 304\nX: y\n z\n\n",
		head("Content-Length: 5", "Content-Length: 6") + "hello",
		head("Content-Length: 5", "Transfer-Encoding: chunked") + "5;x=y\r\nhello\r\n0\r\n\r\n",
		head("Transfer-Encoding: chunked") + "0;x\r0\r\n\r\n",
		head("Transfer-Encoding: chunked") + "0\r\n\x7f\x00 y\r\n\r\n",
		"HTTP/1.1 100 Continue\n\n\n\r\n" + head("Content-Length: 2") + "ok",
		"HTTP/1.0 -00 \n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		random := rand.New(rand.NewPCG(uint64(len(wire)), uint64(crc32.ChecksumIEEE(wire))))
		sameByTry(t, get, randomPieces(string(wire), random, 1+random.IntN(2*len(wire)+1)), fuzzLimits)
		c := NewClient(&script{pieces: [][]byte{wire}, end: io.EOF}, fuzzLimits)
		r, err := c.Do([]byte(get), time.Time{})
		var failure *Error
		if err != nil && !errors.As(err, &failure) {
			t.Fatalf("error %#v is not an *Error\n%q", err, wire)
		}
		status, body, errStandard := standardAnswer(wire)
		if !(outcome{err, errStandard}).compare(t, wire, weRefuseAnswers) {
			return
		}
		if r.Status != status || c.inflater == nil && !bytes.Equal(r.Body, body) {
			t.Errorf("we read %d %q, net/http %d %q\n%q", r.Status, r.Body, status, body, wire)
		}
		sameInPieces(t, wire, r)
	})
}

// sameInPieces reads the answer once more, byte by byte.
func sameInPieces(t *testing.T, wire []byte, want Response) {
	t.Helper()
	c := NewClient(&script{pieces: cuts["byte by byte"](string(wire)), end: io.EOF}, fuzzLimits)
	r, err := c.Do([]byte(get), time.Time{})
	if err != nil || r.Status != want.Status || !bytes.Equal(r.Body, want.Body) || !bytes.Equal(r.head, want.head) {
		t.Errorf("byte by byte we read %d %q, %v, at once %d %q\n%q", r.Status, r.Body, err, want.Status, want.Body, wire)
	}
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		get,
		string(post("/a?b=c&d=%20", []byte("hello"))),
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks("hello, world", 5, "X: y\r\n"),
		"PUT /x HTTP/1.0\r\nContent-Length: 2\r\n\r\nok",
		"\r\n" + get,
		"POST / HTTP/1.1\nHost: h\nX: y\n\tz\nContent-Length: 1\n\nx",
		"OPTIONS * HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\x7f\x00 y\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		x := Exchange{stream: newStream(&script{pieces: [][]byte{wire}, end: io.EOF}, fuzzLimits)}
		x.Conn = x.conn
		err := x.readRequest()
		r, body, errStandard := standardRequest(wire)
		if !(outcome{err, errStandard}).compare(t, wire, weRefuseRequests) {
			return
		}
		target := string(x.Path)
		if len(x.Query) > 0 || bytes.HasSuffix([]byte(r.RequestURI), []byte("?")) {
			target += "?" + string(x.Query)
		}
		if x.Method != r.Method || target != r.RequestURI || !bytes.Equal(x.Request, body) {
			t.Errorf("we read %s %s %q, net/http %s %s %q\n%q", x.Method, target, x.Request, r.Method, r.RequestURI, body, wire)
		}
		if got, want := x.Header("x"), r.Header.Get("X"); string(got) != want && !bytes.Contains(wire, []byte("\n\t")) && !bytes.Contains(wire, []byte("\n ")) {
			t.Errorf("we read the header %q, net/http %q\n%q", got, want, wire)
		}
	})
}

func standardRequest(wire []byte) (*http.Request, []byte, error) {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	return r, body, err
}
