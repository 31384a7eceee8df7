package http1

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// talk lets a server answer what a script says, until the connection ends.
func talk(s *Server, conn *script) {
	s.track(nil, conn)
	s.serve(conn)
}

// answers parses what the server wrote, with the standard library. Methods are those of the
// requests, because the framing of an answer depends on them.
func answers(t *testing.T, wire []byte, methods ...string) (statuses []int, bodies []string) {
	t.Helper()
	in := bufio.NewReader(bytes.NewReader(wire))
	for _, method := range methods {
		r, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			t.Fatalf("net/http cannot read the answer: %v\n%q", err, wire)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatalf("net/http cannot read the body: %v\n%q", err, wire)
		}
		statuses, bodies = append(statuses, r.StatusCode), append(bodies, string(body))
	}
	if rest, _ := io.ReadAll(in); len(rest) > 0 {
		t.Errorf("%d bytes behind the last answer: %q", len(rest), rest)
	}
	return statuses, bodies
}

func TestRequests(t *testing.T) {
	long := strings.Repeat("0123456789", 2000)
	tests := []struct {
		name, wire string
		want       []string // method, path, query and body of each request
		keep       bool     // the connection is kept after the last
	}{
		{"no body", get, []string{"GET / ? "}, true},
		{"a query", "GET /a/b?x=1&y=%20?z HTTP/1.1\r\nHost: h\r\n\r\n", []string{"GET /a/b ?x=1&y=%20?z "}, true},
		{"another method", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", []string{"OPTIONS * ? "}, true},
		{"a length", "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", []string{"POST /a ? hello"}, true},
		{"a body larger than the first buffer", "POST /a HTTP/1.1\r\nContent-Length: 20000\r\n\r\n" + long, []string{"POST /a ? " + long}, true},
		{"chunked", "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks("hello, world", 5, "X: y\r\n"), []string{"POST /a ? hello, world"}, true},
		{"chunks larger than the first buffer", "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(long, 3000, ""), []string{"POST /a ? " + long}, true},
		{"a body in a coding is handed on as it is", "POST /a HTTP/1.1\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx", []string{"POST /a ? x"}, true},
		{"an empty line before it", "\r\n" + get, []string{"GET / ? "}, true},
		{"several, one after the other", get + "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello\r\n" + get, []string{"GET / ? ", "POST /a ? hello", "GET / ? "}, true},
		{"the client closes", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n" + get, []string{"GET / ? "}, false},
		{"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n" + get, []string{"GET / ? "}, false},
		{"chunked and a length", "POST /a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks("hello", 5, "") + get, []string{"POST /a ? hello"}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachCut(t, test.wire, func(t *testing.T, conn *script) {
				var got []string
				keep := false
				talk(&Server{Handler: func(x *Exchange) {
					got = append(got, fmt.Sprintf("%s %s ?%s %s", x.Method, x.Path, x.Query, x.Request))
					x.Body = append(x.Body, x.Request...)
					keep = x.keep
				}}, conn)
				if strings.Join(got, "\n") != strings.Join(test.want, "\n") || keep != test.keep {
					t.Errorf("got %.100q, keep %v, want %.100q, %v", got, keep, test.want, test.keep)
				}
				statuses, _ := answers(t, conn.heard.Bytes(), make([]string, len(test.want))...)
				for _, status := range statuses {
					if status != 200 {
						t.Errorf("statuses %d, want 200 each", statuses)
					}
				}
				if !conn.closed {
					t.Errorf("the connection was left open")
				}
			})
		})
	}
}

func TestBadRequests(t *testing.T) {
	limits := Limits{Head: 200, Body: 20}
	tests := []struct {
		name, wire string
		status     int // 0: no answer
	}{
		{"nothing", "", 0},
		{"a part of the request line", "GET / HT", 0},
		{"a part of the head", "GET / HTTP/1.1\r\nHost: h\r\n", 0},
		{"a part of the body", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel", 0},
		{"no last chunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0},
		{"not HTTP", "\x16\x03\x01\x02\x00\x01\r\n\r\n", 400},
		{"two words", "GET /\r\n\r\n", 400},
		{"four words", "GET / a HTTP/1.1\r\n\r\n", 400},
		{"no target", "GET  HTTP/1.1\r\n\r\n", 400},
		{"a target that is no path", "GET a HTTP/1.1\r\n\r\n", 400},
		{"a target for a proxy", "GET http://h/a HTTP/1.1\r\n\r\n", 400},
		{"a control character in the target", "GET /\x01 HTTP/1.1\r\n\r\n", 400},
		{"a method that is no token", "G<T / HTTP/1.1\r\n\r\n", 400},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
		{"a version without a number", "GET / HTTP/1.x\r\n\r\n", 400},
		{"a header without a colon", "GET / HTTP/1.1\r\nnonsense\r\n\r\n", 400},
		{"a bad length", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400},
		{"two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400},
		{"a transfer encoding we do not have", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
		{"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
		{"a bad chunk", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400},
		{"a head over the limit", "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 200) + "\r\n\r\n", 413},
		{"a length over the limit", "POST / HTTP/1.1\r\nContent-Length: 21\r\n\r\n", 413},
		{"nothing is invited that is over the limit", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 21\r\n\r\n", 413},
		{"chunks over the limit", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n", 413},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachCut(t, test.wire, func(t *testing.T, conn *script) {
				talk(&Server{Limits: limits, Handler: func(x *Exchange) { t.Errorf("the handler was called with %s %s", x.Method, x.Path) }}, conn)
				if test.status == 0 {
					if conn.heard.Len() > 0 || !conn.closed {
						t.Errorf("wrote %q, closed %v, want nothing and a closed connection", conn.heard.Bytes(), conn.closed)
					}
					return
				}
				statuses, bodies := answers(t, conn.heard.Bytes(), "GET")
				if statuses[0] != test.status || bodies[0] == "" || !conn.closed || !strings.Contains(conn.heard.String(), "Connection: close") {
					t.Errorf("got %d %q, closed %v, want %d with a reason, and the connection closed", statuses[0], bodies[0], conn.closed, test.status)
				}
			})
		})
	}
}

// What one exchange set must not show in the next, not even when the next is refused.
func TestExchangesAreApart(t *testing.T) {
	first := true
	conn := &script{end: io.EOF, pieces: [][]byte{[]byte(get + get + "nonsense\r\n\r\n")}}
	talk(&Server{Handler: func(x *Exchange) {
		if first {
			x.AddHeader("X-Secret", "1")
			x.Status, x.ContentType, x.Chunked, x.Body = 500, "text/secret", true, append(x.Body, "secret"...)
		}
		first = false
	}}, conn)
	_, rest, _ := strings.Cut(conn.heard.String()[1:], "HTTP/1.1")
	if strings.Contains(strings.ToLower(rest), "secret") || strings.Contains(rest, "chunked") {
		t.Errorf("the first answer shows in those after it: %q", rest)
	}
	if statuses, _ := answers(t, conn.heard.Bytes(), "GET", "GET", "GET"); fmt.Sprint(statuses) != "[500 200 400]" {
		t.Errorf("statuses %d, want 500, 200, 400", statuses)
	}
}

func TestAnswerForms(t *testing.T) {
	long := strings.Repeat("abcdefghij", 1000)
	tests := []struct {
		name    string
		request string
		handler func(*Exchange)
		has     []string // lines of the head
		hasNot  []string
		body    string // as it is on the wire
	}{
		{"the zero answer", get, func(*Exchange) {}, []string{"HTTP/1.1 200 OK", "Content-Length: 0"}, []string{"Connection", "Content-Type"}, ""},
		{"all fields", get, func(x *Exchange) {
			x.Status, x.ContentType, x.Body, x.Close = 404, "application/json", append(x.Body, "{}"...), true
			x.AddHeader("X-A", "1\r\nX-B: 2")
		}, []string{"HTTP/1.1 404 Not Found", "Content-Type: application/json", "Content-Length: 2", "Connection: close", "X-A: 1X-B: 2"}, nil, "{}"},
		{"an unknown status", get, func(x *Exchange) { x.Status = 999 }, []string{"HTTP/1.1 999 ", "Content-Length: 0"}, nil, ""},
		{"204 has neither body nor length", get, func(x *Exchange) { x.Status, x.Body = 204, append(x.Body, "x"...) },
			[]string{"HTTP/1.1 204 No Content"}, []string{"Content-Length", "Transfer-Encoding"}, ""},
		{"304 likewise", get, func(x *Exchange) { x.Status, x.Chunked = 304, true }, nil, []string{"Content-Length", "Transfer-Encoding"}, ""},
		{"HEAD has the length only", "HEAD / HTTP/1.1\r\n\r\n", func(x *Exchange) { x.Body = append(x.Body, "hello"...) }, []string{"Content-Length: 5"}, nil, ""},
		{"chunked", get, func(x *Exchange) { x.Chunked, x.Body = true, append(x.Body, "hello, world"...) },
			[]string{"Transfer-Encoding: chunked"}, []string{"Content-Length"}, "7\r\nhello, \r\n5\r\nworld\r\n0\r\n\r\n"},
		{"not chunked for HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", func(x *Exchange) { x.Chunked, x.Body = true, append(x.Body, "hello"...) },
			[]string{"Content-Length: 5", "Connection: close"}, []string{"Transfer-Encoding"}, "hello"},
		{"gzip", "GET / HTTP/1.1\r\nAccept-Encoding: br, GZIP\r\n\r\n", func(x *Exchange) { x.Gzip, x.Body = true, append(x.Body, long...) },
			[]string{"Content-Encoding: gzip"}, nil, gzipped(long)},
		{"gzip after the request was given back", "GET / HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n", func(x *Exchange) {
			x.ReleaseRequest()
			x.Gzip, x.Body = true, append(x.Body, long...)
		}, []string{"Content-Encoding: gzip"}, nil, gzipped(long)},
		{"no gzip for a client that does not say so", get, func(x *Exchange) { x.Gzip, x.Body = true, append(x.Body, "hello"...) },
			[]string{"Content-Length: 5"}, []string{"Content-Encoding"}, "hello"},
		{"no gzip for a client that forbids it", "GET / HTTP/1.1\r\nAccept-Encoding: gzip;q=0\r\n\r\n", func(x *Exchange) { x.Gzip, x.Body = true, append(x.Body, "hello"...) },
			nil, []string{"Content-Encoding"}, "hello"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			conn := &script{pieces: [][]byte{[]byte(test.request)}, end: io.EOF}
			talk(&Server{Handler: test.handler}, conn)
			head, body, _ := strings.Cut(conn.heard.String(), "\r\n\r\n")
			lines := "\r\n" + head + "\r\n"
			for _, line := range test.has {
				if !strings.Contains(lines, "\r\n"+line+"\r\n") {
					t.Errorf("no line %q in the head\n%s", line, head)
				}
			}
			for _, name := range test.hasNot {
				if strings.Contains(lines, "\r\n"+name+": ") {
					t.Errorf("a line %q in the head\n%s", name, head)
				}
			}
			if body != test.body || !strings.Contains(lines, "\r\nDate: ") {
				t.Errorf("body %.100q, want %.100q, with a Date\n%s", body, test.body, head)
			}
		})
	}
}

func TestCutAfter(t *testing.T) {
	whole := &script{pieces: [][]byte{[]byte(get)}, end: io.EOF}
	talk(&Server{Handler: func(x *Exchange) { x.Body = append(x.Body, "hello"...) }}, whole)
	for after, want := range map[int]int{-1: 0, 1: 1, 20: 20, 10000: whole.heard.Len()} {
		conn := &script{pieces: [][]byte{[]byte(get + get)}, end: io.EOF}
		talk(&Server{Handler: func(x *Exchange) { x.CutAfter, x.Body = after, append(x.Body, "hello"...) }}, conn)
		if got := conn.heard.Len(); got != want || !conn.closed {
			t.Errorf("CutAfter %d: %d bytes, closed %v, want %d bytes and no second answer\n%q", after, got, conn.closed, want, conn.heard.String())
		}
	}
}

func TestExpectContinue(t *testing.T) {
	const invitation = "HTTP/1.1 100 Continue\r\n\r\n"
	tests := []struct {
		name, wire string
		want       bool
	}{
		{"with a body", "POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\nhello", true},
		{"with chunks", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks("hello", 5, ""), true},
		{"without a body there is nothing to wait for", "POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", false},
		{"HTTP/1.0 does not know it", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", false},
		{"not asked for", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", false},
	}
	for _, test := range tests {
		conn := &script{pieces: [][]byte{[]byte(test.wire)}, end: io.EOF}
		talk(&Server{Handler: func(*Exchange) {}}, conn)
		if got := strings.HasPrefix(conn.heard.String(), invitation); got != test.want {
			t.Errorf("%s: invited %v, want %v\n%q", test.name, got, test.want, conn.heard.String())
		}
	}
	conn := &script{pieces: [][]byte{[]byte("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")}, writeErr: io.ErrClosedPipe}
	talk(&Server{Handler: func(*Exchange) { t.Error("the handler was called although the client could not be invited") }}, conn)
}

func TestArgument(t *testing.T) {
	x := Exchange{Query: []byte("receiverId=u%201&channel=WEB&empty=&flag&&channel=two")}
	tests := []struct {
		name, value string
		ok          bool
	}{{"receiverId", "u%201", true}, {"channel", "WEB", true}, {"empty", "", true}, {"flag", "", true}, {"chan", "", false}, {"", "", true}}
	for _, test := range tests {
		if value, ok := x.Argument(test.name); string(value) != test.value || ok != test.ok {
			t.Errorf("Argument(%q) = %q, %v, want %q, %v", test.name, value, ok, test.value, test.ok)
		}
	}
}

// A long poll gives its buffer back, and must not see what another exchange puts into it.
func TestReleaseRequest(t *testing.T) {
	conn := &script{pieces: [][]byte{[]byte("POST /a?b=c HTTP/1.1\r\nX: y\r\nContent-Length: 5\r\n\r\nhello")}, end: io.EOF}
	talk(&Server{Handler: func(x *Exchange) {
		if string(x.Header("x")) != "y" {
			t.Errorf("header %q, want y", x.Header("x"))
		}
		x.ReleaseRequest()
		if x.buf != nil || x.Path != nil || x.Query != nil || x.Request != nil || x.Header("x") != nil || x.Method != "POST" {
			t.Errorf("after ReleaseRequest: buffer kept %v, %s %q ?%q %q %q", x.buf != nil, x.Method, x.Path, x.Query, x.Request, x.Header("x"))
		}
	}}, conn)
	// Bytes of the next request keep the buffer where it is.
	count := 0
	conn = &script{pieces: [][]byte{[]byte(get + "GET /second HTTP/1.1\r\n\r\n")}, end: io.EOF}
	talk(&Server{Handler: func(x *Exchange) {
		if count++; count == 2 && string(x.Path) != "/second" {
			t.Errorf("second request %q, want /second", x.Path)
		}
		x.ReleaseRequest()
	}}, conn)
	if count != 2 {
		t.Errorf("%d requests, want 2", count)
	}
}

// A handler's panic ends its own connection and nothing else.
func TestPanic(t *testing.T) {
	var logged error
	server := Server{ErrorLog: func(err error) { logged = err }, Handler: func(x *Exchange) {
		x.Body, x.Chunked = append(x.Body, "half an ans"...), true
		panic(errors.New("oh"))
	}}
	conn := &script{pieces: [][]byte{[]byte(get + get)}, end: io.EOF}
	talk(&server, conn)
	if statuses, bodies := answers(t, conn.heard.Bytes(), "GET"); statuses[0] != 500 || bodies[0] != "" || !conn.closed {
		t.Errorf("got %d %q, closed %v, want 500, nothing, and the connection closed", statuses, bodies, conn.closed)
	}
	if logged == nil || !strings.Contains(logged.Error(), "panic in the handler of GET: oh") || !strings.Contains(logged.Error(), "server_test.go") {
		t.Errorf("logged %v, want the panic and where it was", logged)
	}
	server.ErrorLog = nil
	talk(&server, &script{pieces: [][]byte{[]byte(get)}, end: io.EOF})
}
