package http1

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// These tests use real sockets, and net/http on the other side.

// soon is a deadline that only a test that hangs reaches.
func soon() time.Time { return time.Now().Add(20 * time.Second) }

// certificate is httptest's own, for 127.0.0.1 and example.com.
func certificate(t testing.TB) (*tls.Config, *tls.Config) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	server := &tls.Config{Certificates: s.TLS.Certificates}
	client := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.ServerName = "example.com"
	return server, client
}

// pair opens a loopback connection, under TLS or not, and returns both ends.
func pair(t testing.TB, secure bool) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ours, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	if secure {
		server, client := certificate(t)
		ours, theirs = tls.Client(ours, client), tls.Server(theirs, server)
		done := make(chan error, 1)
		go func() { done <- theirs.(*tls.Conn).Handshake() }()
		if err := errors.Join(ours.(*tls.Conn).Handshake(), <-done); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// eachTransport runs a test over plain TCP, which takes the lazy path, and over TLS.
func eachTransport(t *testing.T, test func(t *testing.T, secure bool)) {
	t.Helper()
	t.Run("tcp", func(t *testing.T) { test(t, false) })
	t.Run("tls", func(t *testing.T) { test(t, true) })
}

// style is a way in which net/http's server answers with the body of the request.
type style func(w http.ResponseWriter, body []byte)

var styles = map[string]style{
	"length": func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.Write(body)
	},
	"chunked": func(w http.ResponseWriter, body []byte) {
		for len(body) > 0 {
			n := min(1+len(body)/3, len(body))
			w.Write(body[:n])
			w.(http.Flusher).Flush()
			body = body[n:]
		}
	},
	"trailers": func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Trailer", "X-Sum")
		w.Write(body)
		w.Header().Set("X-Sum", "1")
	},
	"gzip": func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		z.Write(body)
		z.Close()
	},
	"interim": func(w http.ResponseWriter, body []byte) {
		w.WriteHeader(http.StatusEarlyHints)
		w.Write(body)
	},
	"close": func(w http.ResponseWriter, body []byte) {
		w.Header().Set("Connection", "close")
		w.Write(body)
	},
	"raw": func(w http.ResponseWriter, body []byte) { // until the connection ends
		conn, _, _ := w.(http.Hijacker).Hijack()
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		conn.Write(body)
		conn.Close()
	},
}

// ServeHTTP reads the request to its end first: net/http's server does not do both at once.
func (s style) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s(w, body)
}

func post(path string, body []byte) []byte {
	return append(fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: example.com\r\nAccept-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", path, len(body)), body...)
}

func TestClientAgainstStandardServer(t *testing.T) {
	eachTransport(t, func(t *testing.T, secure bool) {
		for name, handler := range styles {
			t.Run(name, func(t *testing.T) {
				start := httptest.NewServer
				if secure {
					start = httptest.NewTLSServer
				}
				server := start(handler)
				defer server.Close()
				dial := func() net.Conn {
					conn, err := net.Dial("tcp", server.Listener.Addr().String())
					if err != nil {
						t.Fatal(err)
					}
					if secure {
						config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
						config.ServerName = "example.com"
						conn = tls.Client(conn, config)
					}
					return conn
				}
				c := NewClient(dial(), Limits{})
				closes := name == "close" || name == "raw"
				for _, size := range []int{0, 1, 300, 4096, 70_000, 1 << 20, 10} {
					if !c.Reusable() {
						c.Close()
						c = NewClient(dial(), Limits{})
					}
					body := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
					r, err := c.Do(post("/", body), soon())
					if err != nil || r.Status != 200 || !bytes.Equal(r.Body, body) {
						t.Fatalf("%d bytes came back as %d and %d bytes, %v", size, r.Status, len(r.Body), err)
					}
					if c.Reusable() == closes {
						t.Errorf("after %d bytes Reusable() = %v, want %v", size, c.Reusable(), !closes)
					}
				}
				c.Close()
			})
		}
	})
}

// serve runs our server on a loopback address.
func serve(t testing.TB, s *Server, config *tls.Config) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if config != nil {
		l = tls.NewListener(l, config)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		s.Close(context.Background())
		if err := <-done; !errors.Is(err, ErrServerClosed) {
			t.Errorf("Serve: %v, want %v", err, ErrServerClosed)
		}
	})
	return address
}

// echo answers with what was said, in the way the query asks for.
func echo(x *Exchange) {
	x.ContentType = "text/plain"
	x.Body = append(x.Body, x.Request...)
	for i, flag := range []*bool{&x.Chunked, &x.Gzip, &x.Close} {
		_, *flag = x.Argument([]string{"chunked", "gzip", "close"}[i])
	}
	if value, ok := x.Argument("cut"); ok {
		x.CutAfter, _ = strconv.Atoi(string(value))
	}
	if _, ok := x.Argument("panic"); ok {
		panic("asked for")
	}
}

func TestStandardClientAgainstServer(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		var serverConfig, clientConfig *tls.Config
		scheme := "http"
		if secure {
			serverConfig, clientConfig = certificate(t)
			scheme = "https"
		}
		url := scheme + "://" + serve(t, &Server{Handler: echo}, serverConfig)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: clientConfig, ExpectContinueTimeout: 20 * time.Second}, Timeout: 20 * time.Second}
		defer client.CloseIdleConnections()

		text := strings.Repeat("where is order 7? ", 4000)
		tests := []struct {
			name, method, query string
			body                func() io.Reader // nil: none
			headers             []string
			want                string
			fails               bool
		}{
			{"no body", "GET", "", nil, nil, "", false},
			{"short", "POST", "", func() io.Reader { return strings.NewReader("hello") }, nil, "hello", false},
			{"long", "POST", "", func() io.Reader { return strings.NewReader(text) }, nil, text, false},
			{"chunked request", "POST", "", func() io.Reader { return io.LimitReader(strings.NewReader(text), 1e9) }, nil, text, false},
			{"chunked answer", "POST", "chunked", func() io.Reader { return strings.NewReader(text) }, nil, text, false},
			{"gzip, which the transport undoes", "POST", "gzip&chunked", func() io.Reader { return strings.NewReader(text) }, nil, text, false},
			{"an invited body", "POST", "", func() io.Reader { return strings.NewReader(text) }, []string{"Expect", "100-continue"}, text, false},
			{"an invited chunked body", "POST", "", func() io.Reader { return io.LimitReader(strings.NewReader(text), 1e9) }, []string{"Expect", "100-continue"}, text, false},
			{"HEAD", "HEAD", "", nil, nil, "", false},
			{"the last on its connection", "POST", "close", func() io.Reader { return strings.NewReader("bye") }, nil, "bye", false},
			{"cut in the body", "POST", "close&cut=200", func() io.Reader { return strings.NewReader(text) }, nil, text[:100], true},
		}
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				for range 3 {
					var body io.Reader
					if test.body != nil {
						body = test.body()
					}
					request, err := http.NewRequest(test.method, url+"/path?"+test.query, body)
					if err != nil {
						t.Fatal(err)
					}
					for i := 0; i < len(test.headers); i += 2 {
						request.Header.Set(test.headers[i], test.headers[i+1])
					}
					r, err := client.Do(request)
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(r.Body)
					r.Body.Close()
					if (err != nil) != test.fails || !test.fails && (r.StatusCode != 200 || string(got) != test.want) {
						t.Fatalf("got %d with %d bytes, %v, want %d bytes, failing %v", r.StatusCode, len(got), err, len(test.want), test.fails)
					}
				}
			})
		}
		t.Run("cut before the answer", func(t *testing.T) {
			if r, err := client.Post(url+"/?cut=-1", "", strings.NewReader("x")); err == nil {
				t.Errorf("got %d, want an error", r.StatusCode)
			}
		})
		t.Run("panic", func(t *testing.T) {
			r, err := client.Post(url+"/?panic", "", strings.NewReader("x"))
			if err != nil || r.StatusCode != 500 || !r.Close {
				t.Errorf("got %v, %v, want 500 and the end of the connection", r, err)
			}
		})
	})
}

// Many connections at once, each with texts of its own, in every form: a buffer that two exchanges
// share shows as a wrong text, or to the race detector.
func TestBuffersAreNotShared(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		var serverConfig, clientConfig *tls.Config
		if secure {
			serverConfig, clientConfig = certificate(t)
		}
		address := serve(t, &Server{Handler: func(x *Exchange) {
			echo(x)
			if len(x.Body)%3 == 0 {
				x.ReleaseRequest()
			}
		}}, serverConfig)
		var wg sync.WaitGroup
		for id := range 40 {
			wg.Go(func() {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Error(err)
					return
				}
				if secure {
					conn = tls.Client(conn, clientConfig)
				}
				c := NewClient(conn, Limits{})
				defer c.Close()
				chat(t, c, rand.New(rand.NewPCG(uint64(id), 1)), id)
			})
		}
		wg.Wait()
	})
}

// chat exchanges texts of random length that only this client sends.
func chat(t *testing.T, c *Client, r *rand.Rand, id int) {
	for n := range 30 {
		text := strings.Repeat(fmt.Sprintf("%d says %d. ", id, n), r.IntN(700))
		path := "/?" + []string{"", "chunked", "gzip", "gzip&chunked"}[r.IntN(4)]
		answer, err := c.Do(post(path, []byte(text)), soon())
		if err != nil || string(answer.Body) != text || string(answer.Header("content-type")) != "text/plain" {
			t.Errorf("customer %d, text %d of %d bytes, %s: got %d bytes, %v", id, n, len(text), path, len(answer.Body), err)
			return
		}
		if r.IntN(2) == 0 {
			c.Release()
		}
	}
}

func TestEnded(t *testing.T) {
	eachTransport(t, func(t *testing.T, secure bool) {
		exchanged := func(t *testing.T) (*Client, net.Conn) {
			ours, theirs := pair(t, secure)
			c := NewClient(ours, Limits{})
			go func() {
				http.ReadRequest(bufio.NewReader(theirs))
				io.WriteString(theirs, head("Content-Length: 5")+"hello")
			}()
			if c.Ended() {
				t.Errorf("a new connection has ended")
			}
			if _, err := c.Do([]byte(get), soon()); err != nil {
				t.Fatal(err)
			}
			if c.Ended() {
				t.Errorf("a connection that rests has ended")
			}
			return c, theirs
		}
		// until asks again until the kernel has brought what the peer did, or five seconds have passed.
		until := func(t *testing.T, c *Client, what string) {
			t.Helper()
			for end := time.Now().Add(5 * time.Second); !c.Ended(); {
				if time.Now().After(end) {
					t.Fatalf("%s: Ended() stays false", what)
				}
			}
		}
		t.Run("closed by the peer", func(t *testing.T) {
			c, theirs := exchanged(t)
			theirs.Close()
			until(t, c, "after the peer closed")
			if !c.Reusable() {
				t.Errorf("Reusable() = false: nothing was read of the end yet")
			}
		})
		t.Run("the peer speaks out of turn", func(t *testing.T) {
			c, theirs := exchanged(t)
			io.WriteString(theirs, "HTTP/1.1 408 Request Timeout\r\n\r\n")
			until(t, c, "after an answer to nothing")
		})
		t.Run("closed by us", func(t *testing.T) {
			c, _ := exchanged(t)
			if c.Close(); !c.Ended() {
				t.Errorf("a closed client has not ended")
			}
		})
		t.Run("closed beneath us", func(t *testing.T) {
			ours, _ := pair(t, secure)
			c := NewClient(ours, Limits{})
			if ours.Close(); !c.Ended() {
				t.Errorf("a closed connection has not ended")
			}
		})
	})
	t.Run("without a descriptor nobody knows", func(t *testing.T) {
		ours, theirs := net.Pipe()
		theirs.Close()
		if NewClient(ours, Limits{}).Ended() {
			t.Errorf("Ended() = true for a pipe")
		}
	})
}

// The lazy path waits in the runtime's poller; deadlines and endings must reach it there.
func TestLazyPath(t *testing.T) {
	t.Run("deadline", func(t *testing.T) {
		ours, theirs := pair(t, false)
		go io.Copy(io.Discard, theirs)
		c := NewClient(ours, Limits{})
		if c.raw == nil {
			t.Skip("no lazy path on this system")
		}
		start := time.Now()
		_, err := c.Do([]byte(get), start.Add(30*time.Millisecond))
		var failure *Error
		if !errors.As(err, &failure) || !failure.Timeout() || !failure.Sent || time.Since(start) < 30*time.Millisecond {
			t.Errorf("got %v after %v, want a timeout with Sent after 30ms", err, time.Since(start))
		}
	})
	t.Run("closed while waiting", func(t *testing.T) {
		ours, theirs := pair(t, false)
		c := NewClient(ours, Limits{})
		go func() {
			io.ReadFull(theirs, make([]byte, len(get)))
			c.conn.Close()
		}()
		if _, err := c.Do([]byte(get), soon()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want %v", err, net.ErrClosed)
		}
	})
	for name, linger := range map[string]int{"end of the connection": -1, "reset": 0} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := pair(t, false)
			go func() {
				io.ReadFull(theirs, make([]byte, len(get)))
				theirs.(*net.TCPConn).SetLinger(linger)
				theirs.Close()
			}()
			_, err := NewClient(ours, Limits{}).Do([]byte(get), soon())
			var failure *Error
			if !errors.As(err, &failure) || !failure.Sent || failure.Timeout() || linger < 0 && !errors.Is(err, ErrCut) {
				t.Errorf("got %#v, want an error with Sent", err)
			}
		})
	}
	t.Run("a waiting connection holds no buffer", func(t *testing.T) {
		ours, theirs := pair(t, false)
		server := Server{Handler: echo}
		server.track(nil, theirs)
		x := newExchange(theirs, Limits{})
		done := make(chan bool)
		go func() { done <- server.exchange(x) }()
		c := NewClient(ours, Limits{})
		if _, err := c.Do(post("/", []byte("x")), soon()); err != nil || !<-done {
			t.Fatalf("exchange: %v", err)
		}
		if x.giveBack(); x.buf != nil {
			t.Errorf("the server's side holds a buffer between exchanges")
		}
		if c.Release(); c.buf != nil {
			t.Errorf("the client's side holds a buffer between exchanges")
		}
	})
}

// A refused body is read for a while, so that the refusal is not lost with a reset.
func TestRefusalArrives(t *testing.T) {
	eachServer(t, func(t *testing.T, secure bool, serve starter) {
		var serverConfig, clientConfig *tls.Config
		if secure {
			serverConfig, clientConfig = certificate(t)
		}
		address := serve(t, &Server{Handler: echo, Limits: Limits{Body: 1000}}, serverConfig)
		for _, size := range []int{1001, 100_000, 900_000} {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			if secure {
				conn = tls.Client(conn, clientConfig)
			}
			c := NewClient(conn, Limits{})
			r, err := c.Do(post("/", make([]byte, size)), soon())
			if err != nil || r.Status != 413 || c.Reusable() {
				t.Errorf("%d bytes: got %d, %v, reusable %v, want 413 and the end", size, r.Status, err, c.Reusable())
			}
			c.Close()
		}
	})
}
