package http1

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"sync"
)

// inflater undoes gzip. It holds some 40 KiB, so it is borrowed for as long as the answer is used.
type inflater struct {
	source  bytes.Reader
	gzip    gzip.Reader
	limited io.LimitedReader
	body    bytes.Buffer
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

// inflate decodes a body whose decoded size may not be over limit. What it returns is valid until
// giveBack.
func (z *inflater) inflate(body []byte, limit int) ([]byte, error) {
	z.source.Reset(body)
	z.body.Reset()
	if err := z.gzip.Reset(&z.source); err != nil {
		return nil, fmt.Errorf("%w: gzip: %v", ErrMalformed, err)
	}
	z.limited = io.LimitedReader{R: &z.gzip, N: int64(limit) + 1}
	switch n, err := z.body.ReadFrom(&z.limited); {
	case n > int64(limit):
		return nil, fmt.Errorf("%w: body over %d bytes", ErrTooLarge, limit)
	case err != nil:
		return nil, fmt.Errorf("%w: gzip: %v", ErrMalformed, err)
	}
	return z.body.Bytes(), nil
}

func (z *inflater) giveBack() {
	z.source.Reset(nil)
	if z.body.Cap() > largeBuffer {
		z.body = bytes.Buffer{}
	}
	inflaters.Put(z)
}

// deflater does gzip. Its tables are some 800 KiB, so there are only as many as are at work.
type deflater struct {
	gzip *gzip.Writer
	body bytes.Buffer
}

var deflaters = sync.Pool{New: func() any { return &deflater{gzip: gzip.NewWriter(nil)} }}

// deflate encodes a body. What it returns is valid until giveBack.
func (z *deflater) deflate(body []byte) []byte {
	z.body.Reset()
	z.gzip.Reset(&z.body)
	z.gzip.Write(body) // a bytes.Buffer takes everything
	z.gzip.Close()
	return z.body.Bytes()
}

func (z *deflater) giveBack() {
	if z.body.Cap() > largeBuffer {
		z.body = bytes.Buffer{}
	}
	deflaters.Put(z)
}
