package http1

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// holder is a server that holds every exchange and hands it over.
func holder() (*Server, chan *Exchange) {
	held := make(chan *Exchange, 10)
	return &Server{Handler: func(x *Exchange) {
		x.ContentType = "text/plain"
		x.Body = append(append(x.Body, x.Path...), " waited"...)
		x.Hold()
		held <- x
	}}, held
}

func readAnswer(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	r, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatalf("half an answer: %q, %v", body, err)
	}
	return string(body)
}

func dialServer(t *testing.T, address string, config *tls.Config) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if config != nil {
		conn = tls.Client(conn, config)
	}
	conn.SetDeadline(soon())
	return conn
}

// Two requests are on their way before the first is answered: the answers come in their order, and
// the second is not looked at before.
func TestHold(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		var theirs, ours *tls.Config
		if secure {
			theirs, ours = certificate(t)
		}
		server, held := holder()
		conn := dialServer(t, serve(t, server, theirs), ours)
		in := bufio.NewReader(conn)
		for _, together := range []bool{false, true} { // whether the second comes in one piece with the first
			if together {
				io.WriteString(conn, "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n")
			} else {
				io.WriteString(conn, "GET /a HTTP/1.1\r\n\r\n")
			}
			x := <-held
			if !together {
				io.WriteString(conn, "GET /b HTTP/1.1\r\n\r\n")
			}
			if string(x.Body) != "/a waited" || len(held) > 0 {
				t.Fatalf("held %q and %d more, want the first request alone", x.Body, len(held))
			}
			x.Answer()
			if got := readAnswer(t, in); got != "/a waited" {
				t.Errorf("first answer %q", got)
			}
			(<-held).Answer()
			if got := readAnswer(t, in); got != "/b waited" {
				t.Errorf("second answer %q", got)
			}
		}
	})
}

// An answer may be there before the handler has returned.
func TestAnswerAtOnce(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		var theirs, ours *tls.Config
		if secure {
			theirs, ours = certificate(t)
		}
		server := &Server{Handler: func(x *Exchange) {
			if x.IsHeld() {
				t.Error("held before anything was done")
			}
			x.Hold()
			x.Body = append(x.Body, "at once"...)
			x.Answer()
			if !x.IsHeld() {
				t.Error("not held any more, although the handler has not returned")
			}
		}}
		conn := dialServer(t, serve(t, server, theirs), ours)
		in := bufio.NewReader(conn)
		for range 3 {
			io.WriteString(conn, get)
			if got := readAnswer(t, in); got != "at once" {
				t.Fatalf("got %q", got)
			}
		}
	})
}

// Whoever answers does not wait for a client that does not read.
func TestAnswerToASlowReader(t *testing.T) {
	const size = 12 << 20 // more than a connection takes in between
	server, held := holder()
	conn := dialServer(t, serveAttended(t, server, nil), nil)
	in := bufio.NewReader(conn)
	io.WriteString(conn, get)
	x := <-held
	x.Body = bytes.Repeat([]byte{'x'}, size)
	x.Answer() // returns while nobody reads
	if got := readAnswer(t, in); got != strings.Repeat("x", size) {
		t.Errorf("%d bytes, want %d", len(got), size)
	}
	io.WriteString(conn, get)
	(<-held).Answer()
	if got := readAnswer(t, in); got != "/ waited" {
		t.Errorf("the next answer is %q", got)
	}
}

// A client that goes away while it waits is only noticed; the answer goes nowhere.
func TestHeldClientGoesAway(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		var theirs, ours *tls.Config
		if secure {
			theirs, ours = certificate(t)
		}
		server, held := holder()
		conn := dialServer(t, serve(t, server, theirs), ours)
		io.WriteString(conn, get)
		x := <-held
		conn.Close()
		x.Answer()
		server.wg.Wait()
	})
}

// Neither the limit on a request's head nor that on idle connections runs while an exchange is held,
// and the latter begins with the answer.
func TestHeldIsNotIdle(t *testing.T) {
	const limit = 30 * time.Millisecond
	server, held := holder()
	server.IdleTimeout, server.HeadTimeout = limit, limit
	conn := dialServer(t, serveAttended(t, server, nil), nil)
	in := bufio.NewReader(conn)
	io.WriteString(conn, get)
	x := <-held
	time.AfterFunc(4*limit, x.Answer)
	if got := readAnswer(t, in); got != "/ waited" {
		t.Errorf("got %q", got)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("afterwards %v, want the connection closed because nothing more came", err)
	}
}

// A handler that panics after it has let go of an exchange cannot answer it, and whoever can is too late.
func TestPanicAfterHold(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		var theirs, ours *tls.Config
		if secure {
			theirs, ours = certificate(t)
		}
		logged, held := make(chan error, 1), make(chan *Exchange, 1)
		server := &Server{ErrorLog: func(err error) { logged <- err }, Handler: func(x *Exchange) {
			x.Hold()
			held <- x
			panic("oh")
		}}
		conn := dialServer(t, serve(t, server, theirs), ours)
		io.WriteString(conn, get+get)
		if heard, _ := io.ReadAll(conn); len(heard) > 0 || !strings.Contains((<-logged).Error(), "oh") {
			t.Errorf("heard %q, want nothing, and the panic in the log", heard)
		}
		(<-held).Answer()
	})
}

// Closing the server waits for exchanges that are held, for as long as it may.
func TestCloseWaitsForHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, held := holder()
		l := serveMemory(t, server)
		go NewClient(dialMemory(t, l), Limits{}).Do([]byte(get), time.Time{})
		x := <-held
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := server.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close while one is held: %v, want %v", err, context.DeadlineExceeded)
		}
		x.Answer()
		if err := server.Close(t.Context()); err != nil {
			t.Errorf("Close after the answer: %v", err)
		}
	})
}

// TestTold tells of each answer right before it is written: of one that is held, one that is given at
// once, and one that a panic makes. What is refused as no HTTP is told apart.
func TestTold(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		if secure {
			return
		}
		told, refused := make(chan string, 10), make(chan error, 10)
		server := &Server{Refused: func(_ net.Conn, err error) { refused <- err }, Handler: func(x *Exchange) {
			x.Told = func(x *Exchange) {
				told <- fmt.Sprintf("%d %s %s", x.Status, x.Body, x.Added("x-note"))
			}
			x.AddHeader("X-Note", "kept")
			x.Body = append(x.Body, x.Path...)
			switch string(x.Path) {
			case "/held":
				x.Hold()
				go x.Answer()
			case "/panic":
				panic("on purpose")
			}
		}}
		conn := dialServer(t, serve(t, server, nil), nil)
		in := bufio.NewReader(conn)
		for _, c := range []struct{ path, want string }{{"/at-once", "0 /at-once kept"}, {"/held", "0 /held kept"}, {"/panic", "500  "}} {
			fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", c.path)
			readAnswer(t, in)
			if got := <-told; got != c.want {
				t.Errorf("%s: told %q, want %q", c.path, got, c.want)
			}
		}
		conn = dialServer(t, conn.RemoteAddr().String(), nil)
		fmt.Fprint(conn, "nonsense\r\n\r\n")
		readAnswer(t, bufio.NewReader(conn))
		if err := <-refused; !errors.Is(err, ErrMalformed) {
			t.Errorf("told that it was refused for %v, want ErrMalformed", err)
		}
	})
}
