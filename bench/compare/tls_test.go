package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestHellosAreCounted lets a client with a cache of sessions, and one without, dial through the
// relay.
func TestHellosAreCounted(t *testing.T) {
	dir := t.TempDir()
	server, roots := secureServer(t, dir)
	seen, address := relayTo(t, server)
	cached := &tls.Config{RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for _, config := range []*tls.Config{cached, cached, cached, {RootCAs: roots}} {
		conn, err := tls.Dial("tcp", address(), config)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(conn); err != nil || string(got) != "hello" {
			t.Fatalf("through the relay came %q, error %v; want hello", got, err)
		}
		conn.Close()
	}
	plain, err := net.Dial("tcp", address())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(plain, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, plain); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Log(err) // how the server ends it does not matter
	}
	plain.Close()
	got := seen().String()
	for _, want := range []string{"Of 4 handshakes", "2 were full and 2 resumed", "1 connections had none", "TLS_"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
}

// secureServer says hello to everybody.
func secureServer(t *testing.T, dir string) (address string, roots *x509.CertPool) {
	t.Helper()
	cert, key, err := certificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp4", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "hello") // whoever does not shake hands hears nothing
			conn.Close()
		}
	}()
	pem, err := os.ReadFile(cert)
	roots = x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		t.Fatalf("the certificate cannot be read: %v", err)
	}
	return l.Addr().String(), roots
}

// relayTo starts a relay. Its counts may be read when all connections are closed.
func relayTo(t *testing.T, server string) (seen func() *hellos, address func() string) {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &hellos{ciphers: map[string]int{}}
	var relays sync.WaitGroup
	relays.Go(func() { h.relay(l, server, &relays) })
	seen = func() *hellos {
		l.Close()
		relays.Wait()
		return h
	}
	return seen, l.Addr().String
}

func TestCertificateIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	cert, _, err := certificate(dir)
	if err != nil {
		t.Fatal(err)
	}
	first, err1 := os.ReadFile(cert)
	_, _, err2 := certificate(dir)
	second, err3 := os.ReadFile(cert)
	if err := errors.Join(err1, err2, err3); err != nil || !bytes.Equal(first, second) {
		t.Errorf("error %v, the same certificate: %v; want none and the same", err, bytes.Equal(first, second))
	}
}

// serverHelloOf is a ServerHello of TLS 1.3 without a session id, with these extensions.
func serverHelloOf(extensions string) string {
	body := "\x02\x00\x00\x00\x03\x03" + strings.Repeat("r", 32) + "\x00\x13\x01\x00\x00" + string(rune(len(extensions))) + extensions
	return "\x16\x03\x03\x00" + string(rune(len(body))) + body
}

func TestReadServerHello(t *testing.T) {
	const version, key = "\x00\x2b\x00\x02\x03\x04", "\x00\x29\x00\x02\x00\x00"
	tests := []struct {
		why, data string
		resumed   bool
		err       error
	}{
		{"a full handshake", serverHelloOf(version), false, nil},
		{"a session is resumed", serverHelloOf(key + version), true, nil},
		{"TLS 1.2 does not say its version there", serverHelloOf(key), true, errNoHello},
		{"an extension that is cut off", serverHelloOf(version + "\x00\x29\x00\x09"), false, errNoHello},
		{"an alert", "\x15\x03\x03\x00\x02\x02\x28", false, errNoHello},
		{"nothing", "", false, io.EOF},
		{"half a record", serverHelloOf(version)[:20], false, io.ErrUnexpectedEOF},
		{"another protocol", "HTTP/1.1 400 Bad Request\r\n" + strings.Repeat("x", 20000), false, errNoHello},
	}
	for _, tt := range tests {
		resumed, _, err := readServerHello(strings.NewReader(tt.data))
		if !errors.Is(err, tt.err) || tt.err == nil && (err != nil || resumed != tt.resumed) {
			t.Errorf("%s: resumed %v, error %v; want %v, %v, from %q", tt.why, resumed, err, tt.resumed, tt.err, tt.data[:min(len(tt.data), 100)])
		}
	}
}

func FuzzReadServerHello(f *testing.F) {
	f.Add([]byte(serverHelloOf("\x00\x2b\x00\x02\x03\x04")))
	f.Add([]byte("\x16\x03\x03\x00\x04\x02\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		resumed, cipher, err := readServerHello(bytes.NewReader(data))
		if err == nil && cipher == 0 && resumed && len(data) < 47 {
			t.Errorf("a hello in %d bytes", len(data))
		}
	})
}

func TestSecurity(t *testing.T) {
	plain := secure{customers: 100, length: 4 * time.Second, polls: 100, cpu: 0.01, rests: 100 * 30 * kibi, memory: 100 * 40 * kibi, visits: 600, visitCPU: 0.6, dials: 600,
		dial: latency{p50: 1e-4, p99: 2e-4}}
	secured := plain
	secured.tls, secured.cpu, secured.visitCPU = true, 0.02, 1.2
	got := security([]secure{plain, secured}, &hellos{full: 1, resumed: 39, ciphers: map[string]int{"TLS_AES_128_GCM_SHA256": 40}})
	for _, want := range []string{
		"| plain | 1/1 | 100 | 100 | 100.0 | 30.0 | 40.0 | 150 | 0.1 / 0.2 | 1.00 |",
		"| TLS | 1/1 | 100 | 100 | 200.0 | 30.0 | 40.0 | 150 | 0.1 / 0.2 | 2.00 |",
		"Of 40 handshakes of TLS 1.3 on the wire 1 were full and 39 resumed a session; 0 connections had none. Ciphers: TLS_AES_128_GCM_SHA256.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %q in it", got, want)
		}
	}
}
