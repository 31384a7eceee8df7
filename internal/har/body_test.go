package har

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// packed packs data with one content coding.
func packed(t *testing.T, coding, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "deflate":
		w = zlib.NewWriter(&b)
	case "raw deflate":
		w, err = flate.NewWriter(&b, flate.BestSpeed)
	case "br":
		w = brotli.NewWriter(&b)
	case "zstd":
		w, err = zstd.NewWriter(&b)
	}
	if err == nil {
		_, err = io.WriteString(w, data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBody(t *testing.T) {
	answer := `{"resultCode":"0","resultDesc":"` + strings.Repeat("好", 40) + `"}`
	encode := base64.StdEncoding.EncodeToString
	zip := packed(t, "gzip", answer)
	tests := []struct {
		why     string
		text    string
		place   bodyPlace
		want    string
		missing string
	}{
		{"as it is", answer, bodyPlace{size: int64(len(answer))}, answer, ""},
		{"Base64", encode([]byte(answer)), bodyPlace{base64: true}, answer, ""},
		{"Base64 without padding and with line breaks", strings.TrimRight(encode([]byte(answer))[:60]+"\r\n"+encode([]byte(answer))[60:], "="), bodyPlace{base64: true}, answer, ""},
		{"still packed: gzip", encode(zip), bodyPlace{base64: true, coding: "gzip"}, answer, ""},
		{"still packed: deflate", encode(packed(t, "deflate", answer)), bodyPlace{base64: true, coding: "deflate"}, answer, ""},
		{"still packed: deflate as some servers have it", encode(packed(t, "raw deflate", answer)), bodyPlace{base64: true, coding: "Deflate"}, answer, ""},
		{"still packed: Brotli", encode(packed(t, "br", answer)), bodyPlace{base64: true, coding: "br"}, answer, ""},
		{"still packed: Zstandard", encode(packed(t, "zstd", answer)), bodyPlace{base64: true, coding: "zstd"}, answer, ""},
		{"packed twice", encode(packed(t, "gzip", string(packed(t, "br", answer)))), bodyPlace{base64: true, coding: "br, gzip"}, answer, ""},
		{"unpacked already, as browsers do, with the header still there", answer, bodyPlace{coding: "br"}, answer, ""},
		{"a raw token is no packed data", "eyJ0ZW5hbnRJZCI6MX0", bodyPlace{coding: "gzip"}, "eyJ0ZW5hbnRJZCI6MX0", ""},
		{"packed and damaged", encode(zip[:len(zip)-9]), bodyPlace{base64: true, coding: "gzip"}, "", "its compressed data is damaged"},
		{"a bomb", encode(packed(t, "gzip", strings.Repeat(" ", maxBody+1))), bodyPlace{base64: true, coding: "gzip"}, "", "it is larger than 16 MiB"},
		{"damaged Base64", "%%%", bodyPlace{base64: true}, "", "its Base64 is damaged"},
		{"cut off, as Firefox does with long ones", answer[:30], bodyPlace{size: int64(len(answer))}, "", "the browser cut it off"},
		{"whole, though the size is another: mitmproxy writes that of the packed body", answer, bodyPlace{size: 9}, answer, ""},
		{"whole, though the size is larger", answer, bodyPlace{size: 9999}, answer, ""},
	}
	for _, tt := range tests {
		raw, err := json.Marshal(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		tt.place.text = span{at: 3, size: int64(len(raw))}
		got, err := tt.place.read(strings.NewReader("..." + string(raw)))
		if err != nil || string(got.Data) != tt.want || got.Missing != tt.missing {
			t.Errorf("%s: got %.40q, missing %q, error %v, want %.40q, %q", tt.why, got.Data, got.Missing, err, tt.want, tt.missing)
		}
	}
}

func TestNoBody(t *testing.T) {
	for _, tt := range []struct {
		why     string
		place   bodyPlace
		missing bool
	}{
		{"no text though there was one", bodyPlace{size: 40}, true},
		{"no text, and nobody knows whether there was one", bodyPlace{size: -1}, true},
		{"none was sent", bodyPlace{size: 0, empty: true}, false},
		{"too large to be looked at", bodyPlace{text: span{size: 3 * maxBody}}, true},
	} {
		got, err := tt.place.read(strings.NewReader(""))
		if err != nil || (got.Missing != "") != tt.missing || len(got.Data) > 0 {
			t.Errorf("%s: %q, missing %q, error %v", tt.why, got.Data, got.Missing, err)
		}
	}
}
