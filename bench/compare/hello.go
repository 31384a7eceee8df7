package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
)

// hellos are the handshakes that were seen on the wire.
type hellos struct {
	mu            sync.Mutex
	full, resumed int
	ciphers       map[string]int
	unread        int // connections whose first bytes were something else, or none
}

// helloTurn counts handshakes in a run that is not measured, once.
func helloTurn() turn {
	return turn{"handshakes", func(ctx context.Context, b *book) error {
		if b.hellos != nil {
			return nil
		}
		return b.against(ctx, true, answering+arrivalScenario(20, time.Second), func(e *embedded) (err error) {
			b.hellos, err = count(ctx, e)
			return err
		})
	}}
}

// count lets chatbench play through a relay that reads along.
func count(ctx context.Context, e *embedded) (*hellos, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	seen := &hellos{ciphers: map[string]int{}}
	var relays sync.WaitGroup
	relays.Go(func() { seen.relay(l, e.address, &relays) })
	_, err = e.play(ctx, program{args: e.visitor(true, l.Addr().String()), limit: 40 * time.Second})
	l.Close()
	relays.Wait()
	return seen, err
}

// relay passes connections on until the listener is closed.
func (h *hellos) relay(l net.Listener, to string, relays *sync.WaitGroup) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		relays.Go(func() { h.pass(near, to) })
	}
}

// pass copies both ways, and reads what the server says first.
func (h *hellos) pass(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp4", to)
	if err != nil {
		return // near sees its connection closed
	}
	defer far.Close()
	var there sync.WaitGroup
	// Where either side ends, so does the connection: there is nothing to be done about an error.
	there.Go(func() {
		_, _ = io.Copy(far, near)
		_ = far.(*net.TCPConn).CloseWrite()
	})
	resumed, cipher, err := readServerHello(io.TeeReader(far, near))
	h.add(resumed, cipher, err)
	_, _ = io.Copy(near, far)
	near.Close()
	there.Wait()
}

func (h *hellos) add(resumed bool, cipher uint16, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil:
		h.unread++
		return
	case resumed:
		h.resumed++
	default:
		h.full++
	}
	h.ciphers[tls.CipherSuiteName(cipher)]++
}

// String is a sentence.
func (h *hellos) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("Of %d handshakes of TLS 1.3 on the wire %d were full and %d resumed a session; %d connections had none. Ciphers: %s.",
		h.full+h.resumed, h.full, h.resumed, h.unread, strings.Join(slices.Sorted(maps.Keys(h.ciphers)), ", "))
}

var errNoHello = errors.New("not a ServerHello of TLS 1.3")

// readServerHello reads the first record that a server sends (RFC 8446, 4.1.3 and 5.1). In TLS 1.3 a
// session is resumed if, and only if, the server accepts a key that the client has from before.
func readServerHello(r io.Reader) (resumed bool, cipher uint16, err error) {
	const handshake, serverHello = 22, 2
	head := make([]byte, 5)
	if _, err := io.ReadFull(r, head); err != nil {
		return false, 0, err
	}
	if head[0] != handshake {
		return false, 0, errNoHello
	}
	body := make([]byte, binary.BigEndian.Uint16(head[3:]))
	if _, err := io.ReadFull(r, body); err != nil {
		return false, 0, err
	}
	// Type, length (3), version (2), random (32), length of the session id.
	const fixed = 1 + 3 + 2 + 32
	if len(body) <= fixed || body[0] != serverHello {
		return false, 0, errNoHello
	}
	rest := body[fixed:]
	if skip := 1 + int(rest[0]); len(rest) > skip {
		rest = rest[skip:]
	}
	if len(rest) < 5 {
		return false, 0, errNoHello
	}
	cipher = binary.BigEndian.Uint16(rest)
	resumed, err = extensions(rest[5:]) // behind the cipher, the compression and their length
	return resumed, cipher, err
}

// extensions looks for the version and for the key from before.
func extensions(data []byte) (resumed bool, err error) {
	const preSharedKey, supportedVersions = 41, 43
	err = errNoHello
	for len(data) >= 4 {
		kind, size := binary.BigEndian.Uint16(data), int(binary.BigEndian.Uint16(data[2:]))
		if len(data) < 4+size {
			return false, errNoHello
		}
		switch {
		case kind == preSharedKey:
			resumed = true
		case kind == supportedVersions && bytes.Equal(data[4:4+size], []byte{3, 4}):
			err = nil
		}
		data = data[4+size:]
	}
	return resumed, err
}
