package har

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// maxBody bounds a body, as it stands in the file and unpacked.
const maxBody = 16 << 20

// Body is what a request or an answer carried.
type Body struct {
	Data    []byte
	Missing string // why there is no data, in words, though there was or may have been some; "" when it is whole
}

// bodyPlace is where a body stands in the file and how to read it.
type bodyPlace struct {
	text   span
	size   int64  // what the browser says it had, in bytes; -1 when it does not say
	base64 bool   // the text is Base64
	coding string // Content-Encoding, which some exporters leave undone
	empty  bool   // it is known that there was none
}

// read reads a body from a file. Only errors of the file itself are errors.
func (b *bodyPlace) read(file io.ReaderAt) (Body, error) {
	switch {
	case b.text.size == 0 && b.empty:
		return Body{}, nil
	case b.text.size == 0:
		return Body{Missing: "the recording does not have it"}, nil
	case b.text.size > 2*maxBody:
		return Body{Missing: fmt.Sprintf("it is larger than %d MiB", maxBody>>20)}, nil
	}
	raw := make([]byte, b.text.size)
	if _, err := file.ReadAt(raw, b.text.at); err != nil {
		return Body{}, fmt.Errorf("byte %d: %w", b.text.at, err)
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return Body{Missing: "it is no JSON text"}, nil
	}
	return b.decode([]byte(text)), nil
}

// decode undoes what stands between the text in the file and the bytes of the body.
func (b *bodyPlace) decode(text []byte) Body {
	data := text
	if b.base64 {
		var err error
		if data, err = decodeBase64(text); err != nil {
			return Body{Missing: "its Base64 is damaged"}
		}
	}
	if !isText(data) {
		unpacked, err := unpack(data, b.coding)
		if err != nil {
			return Body{Missing: err.Error()}
		}
		data = unpacked
	}
	if int64(len(data)) < b.size && !json.Valid(data) {
		return Body{Missing: "the browser cut it off"}
	}
	return Body{Data: data}
}

// decodeBase64 accepts what exporters write: with and without padding, with line breaks.
func decodeBase64(text []byte) ([]byte, error) {
	clean := strings.TrimRight(strings.NewReplacer("\n", "", "\r", "").Replace(string(text)), "=")
	return base64.RawStdEncoding.DecodeString(clean)
}

// isText reports whether data begins as the answers of the chat do once they are unpacked.
func isText(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n\ufeff")
	return len(data) == 0 || bytes.IndexByte([]byte(`{["<`), data[0]) >= 0
}

var errTooLarge = fmt.Errorf("it is larger than %d MiB", maxBody>>20)

// unpack undoes the content codings that the exporter has left, in the reverse of their order. Data
// that is not coded as the header says has been unpacked already.
func unpack(data []byte, codings string) ([]byte, error) {
	list := strings.Split(codings, ",")
	for i := len(list) - 1; i >= 0; i-- {
		unpacked, err := decompress(data, strings.ToLower(strings.TrimSpace(list[i])))
		switch {
		case errors.Is(err, errTooLarge), errors.Is(err, zstd.ErrDecoderSizeExceeded):
			return nil, errTooLarge
		case err != nil && isPacked(data):
			return nil, errors.New("its compressed data is damaged")
		case err != nil:
			return data, nil
		}
		data = unpacked
	}
	return data, nil
}

// isPacked reports whether data begins with the magic number of gzip or Zstandard; Brotli has none.
func isPacked(data []byte) bool {
	return isGzip(data) || bytes.HasPrefix(data, []byte{0x28, 0xb5, 0x2f, 0xfd})
}

func decompress(data []byte, coding string) ([]byte, error) {
	r, err := decompressor(bytes.NewReader(data), coding)
	if err != nil {
		return nil, err
	}
	unpacked, err := io.ReadAll(io.LimitReader(r, maxBody+1))
	if len(unpacked) > maxBody {
		return nil, errTooLarge
	}
	return unpacked, err
}

func decompressor(r *bytes.Reader, coding string) (io.Reader, error) {
	switch coding {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "br":
		return brotli.NewReader(r), nil
	case "zstd":
		return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBody))
	case "deflate": // the standard means zlib, and some servers send the bare stream
		if z, err := zlib.NewReader(r); err == nil {
			return z, nil
		}
		r.Seek(0, io.SeekStart)
		return flate.NewReader(r), nil
	}
	return nil, fmt.Errorf("unknown content coding %q", coding)
}
