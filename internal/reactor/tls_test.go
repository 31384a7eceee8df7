package reactor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"
)

// valve is the server's connection. What is written while it is shut is kept, for the test to let
// through as it likes.
type valve struct {
	net.Conn
	mu   sync.Mutex // protects the following
	shut bool
	kept []byte
}

func (v *valve) Write(p []byte) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.shut {
		return v.Conn.Write(p)
	}
	v.kept = append(v.kept, p...)
	return len(p), nil
}

// secured is a TLS connection over an adopted one. Its server's writes are kept back.
type secured struct {
	client, server *tls.Conn
	below          Conn
	valve          *valve
}

// configs are httptest's own, for example.com. It opens a socket, so it is not for a bubble.
func configs(t *testing.T, version uint16) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.StartTLS()
	defer s.Close()
	client = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.ServerName, client.MaxVersion = "example.com", version
	return &tls.Config{Certificates: s.TLS.Certificates}, client
}

func (r *rig) secure(server, client *tls.Config) *secured {
	r.Helper()
	c, theirs := r.conn()
	v := &valve{Conn: theirs}
	s := &secured{client: tls.Client(c, client), server: tls.Server(v, server), below: c, valve: v}
	done := make(chan error, 1)
	go func() {
		err := s.server.Handshake()
		if err == nil {
			_, err = s.server.Write([]byte("welcome")) // behind the session tickets, for a pipe has to be emptied
		}
		done <- err
	}()
	buf := make([]byte, len("welcome"))
	_, err := io.ReadFull(s.client, buf)
	if err := errors.Join(err, await(r, "a handshake", done)); err != nil {
		r.Fatal(err)
	}
	v.shut = true
	return s
}

// record is what a text is on the wire, behind all that was kept back before.
func (s *secured) record(text string) []byte {
	if text != "" {
		s.server.Write([]byte(text))
	}
	s.valve.mu.Lock()
	defer s.valve.mu.Unlock()
	wire := s.valve.kept
	s.valve.kept = nil
	return wire
}

// TestRecordCut cuts TLS records at every byte. Half a record is nothing to read yet, in whatever
// way one reads, and its other half completes it.
func TestRecordCut(t *testing.T) {
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			server, client := configs(t, version)
			eachKind(t, func(r *rig) {
				s := r.secure(server, client)
				size := len(s.record("a first one, to count")) // it is never sent: a record that is missing would be noticed
				s = r.secure(server, client)
				for cut := 1; cut < size; cut++ {
					s.called(r, cut)
					s.waiting(r, cut)
					s.changing(r, cut)
				}
				s.byteByByte(r)
			})
		})
	}
}

func (s *secured) called(r *rig, cut int) {
	r.Helper()
	k, want := newTaker(s.client), fmt.Sprintf("called, cut at %06d", cut)
	s.below.OnReady(k.ready)
	r.onLoop(func() {})
	wire := s.record(want)
	s.half(r, k, wire[:cut])
	r.send(s.valve.Conn, string(wire[cut:]))
	if got := k.until(r, want, func(s state) bool { return s.got == want || s.err != nil }); got.got != want {
		r.Fatalf("got %q, %v, want %q", got.got, got.err, want)
	}
	k.dismiss(s.below)
}

// half sends the beginning of a record and waits until the taker has looked at it.
func (s *secured) half(r *rig, k *taker, wire []byte) {
	r.Helper()
	before := k.state()
	r.send(s.valve.Conn, string(wire))
	got := k.until(r, "a call for half a record", func(s state) bool { return s.calls > before.calls })
	if got.got != before.got || got.err != nil {
		r.Fatalf("half a record of %d bytes: got %q, %v", len(wire), got.got, got.err)
	}
}

func (s *secured) waiting(r *rig, cut int) {
	r.Helper()
	want := fmt.Sprintf("waiting, cut at %05d", cut)
	wire := s.record(want)
	r.send(s.valve.Conn, string(wire[:cut]))
	s.client.SetReadDeadline(time.Now().Add(ms))
	if n, err := s.client.Read(make([]byte, 100)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		r.Fatalf("half a record of %d bytes: read %d, %v, want %v", cut, n, err, os.ErrDeadlineExceeded)
	}
	r.send(s.valve.Conn, string(wire[cut:]))
	s.wants(r, want)
}

// changing reads one half called and the other waiting.
func (s *secured) changing(r *rig, cut int) {
	r.Helper()
	k, want := newTaker(s.client), fmt.Sprintf("changing, at %08d", cut)
	s.below.OnReady(k.ready)
	r.onLoop(func() {})
	wire := s.record(want)
	s.half(r, k, wire[:cut])
	k.dismiss(s.below)
	r.send(s.valve.Conn, string(wire[cut:]))
	s.wants(r, want)
}

// wants reads, waiting.
func (s *secured) wants(r *rig, want string) {
	r.Helper()
	buf := make([]byte, len(want))
	s.client.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(s.client, buf); err != nil || string(buf) != want {
		r.Fatalf("got %q, %v, want %q", buf, err, want)
	}
}

func (s *secured) byteByByte(r *rig) {
	r.Helper()
	k, want := newTaker(s.client), "byte by byte"
	s.below.OnReady(k.ready)
	r.onLoop(func() {})
	wire := s.record(want)
	for _, b := range wire[:len(wire)-1] {
		s.half(r, k, []byte{b})
	}
	r.send(s.valve.Conn, string(wire[len(wire)-1:]))
	k.until(r, want, has(want))
	s.valve.Conn.Close()
	if got := k.until(r, "the end", ended); got.err != io.ErrUnexpectedEOF && got.err != io.EOF {
		r.Errorf("the end is %v", got.err)
	}
}

// TestToldOfTheEndOfTLS has the alert that ends a session come together with the last record, so
// that it is read with it.
func TestToldOfTheEndOfTLS(t *testing.T) {
	server, client := configs(t, tls.VersionTLS13)
	eachKind(t, func(r *rig) {
		s := r.secure(server, client)
		k := newTaker(s.client)
		k.once = true
		s.below.OnReady(k.ready)
		r.onLoop(func() {})
		release := func() {}
		if !r.exact { // the loop sees all of it at once; a pipe is read as it is written
			release = r.hold()
		}
		s.server.Write([]byte("bye"))
		s.server.CloseWrite()                      // sends the alert,
		s.valve.Conn.SetWriteDeadline(time.Time{}) // and lets nothing be written behind it
		if _, err := s.valve.Conn.Write(s.record("")); err != nil {
			r.Error(err)
		}
		s.valve.Conn.Close()
		release()
		if got := k.until(r, "the end", ended); got.got != "bye" || got.err != io.EOF {
			r.Errorf("got %q, %v, want bye and %v", got.got, got.err, io.EOF)
		}
	})
}

// TestBigWriteUnderTLS fills the socket's buffer: a record that was cut must not be followed by
// another.
func TestBigWriteUnderTLS(t *testing.T) {
	server, client := configs(t, tls.VersionTLS13)
	eachKind(t, func(r *rig) {
		s := r.secure(server, client)
		s.client.SetWriteDeadline(time.Now().Add(50 * ms)) // elsewhere it waits
		data, written, err := make([]byte, 1<<20), 0, error(nil)
		for err == nil && written < 1<<30 {
			var n int
			n, err = s.client.Write(data)
			written += n
		}
		if err == nil {
			r.Fatalf("%d bytes were written to a peer that reads nothing", written)
		}
		s.client.SetWriteDeadline(time.Time{})
		go io.Copy(io.Discard, s.valve.Conn)
		if n, err := s.client.Write([]byte("x")); n != 0 || err == nil {
			r.Errorf("another record behind one that was cut: %d, %v, want an error", n, err)
		}
	})
}
