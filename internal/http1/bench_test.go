package http1

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"chatbench/internal/memnet"
)

// An exchange is what a customer does thousands of times: a small request, an answer of 300 bytes.
var benchBody = bytes.Repeat([]byte("0123456789"), 30)

func benchClient(b testing.TB, address string) *Client {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return NewClient(conn, Limits{})
}

func benchServer() *Server {
	return &Server{Handler: func(x *Exchange) {
		x.ContentType = "application/json"
		x.Body = append(x.Body, benchBody...)
	}}
}

func BenchmarkExchange(b *testing.B) {
	c := benchClient(b, serve(b, benchServer(), nil))
	request := post("/apiaccess/ccmessaging/send", benchBody)
	b.ReportAllocs()
	for b.Loop() {
		r, err := c.Do(request, time.Now().Add(time.Minute))
		if err != nil || len(r.Body) != len(benchBody) {
			b.Fatal(r.Status, err)
		}
		c.Release()
	}
}

// The same with net/http on both sides.
func BenchmarkExchangeStandard(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Write(benchBody)
	}))
	defer server.Close()
	client := server.Client()
	b.ReportAllocs()
	for b.Loop() {
		r, err := client.Post(server.URL+"/apiaccess/ccmessaging/send", "application/json", bytes.NewReader(benchBody))
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n != int64(len(benchBody)) {
			b.Fatal(n, err)
		}
		r.Body.Close()
	}
}

// Both sides of an exchange allocate nothing once their buffers are there. The race detector
// makes pools forget, so the limit is not exact.
func TestExchangeAllocatesNothing(t *testing.T) {
	tests := []struct {
		name    string
		request []byte
		server  func(*Exchange)
	}{
		{"length", post("/", benchBody), func(x *Exchange) {}},
		{"chunked", post("/", benchBody), func(x *Exchange) { x.Chunked = true }},
		{"gzip", post("/", benchBody), func(x *Exchange) { x.Gzip = true }},
		{"a wait in the handler", []byte(get), func(x *Exchange) { x.ReleaseRequest() }},
		{"a poll that is held", []byte(get), func(x *Exchange) {
			x.Hold()
			x.Body = append(x.Body, benchBody...)
			x.Answer()
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := benchServer()
			answer := server.Handler
			server.Handler = func(x *Exchange) {
				if test.server(x); !x.IsHeld() {
					answer(x)
				}
			}
			c := benchClient(t, serve(t, server, nil))
			exchange := func() {
				if _, err := c.Do(test.request, soon()); err != nil {
					t.Fatal(err)
				}
				c.Release()
			}
			for range 10 {
				exchange()
			}
			if n := testing.AllocsPerRun(200, exchange); n > 0 && !raceDetector {
				t.Errorf("%v allocations for each exchange, want none", n)
			}
		})
	}
}

func BenchmarkServerInMemory(b *testing.B) {
	server, l := benchServer(), memnet.Listen()
	go server.Serve(l)
	defer server.Close(context.Background())
	conn, err := l.Dial(context.Background(), "", "")
	if err != nil {
		b.Fatal(err)
	}
	c, request := NewClient(conn, Limits{}), post("/", benchBody)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Do(request, time.Time{}); err != nil {
			b.Fatal(err)
		}
		c.Release()
	}
}
