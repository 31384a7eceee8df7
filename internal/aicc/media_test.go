package aicc

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
)

// encoded is a small picture as the standard library writes it.
func encoded(t *testing.T, encode func(io.Writer, image.Image) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestKind(t *testing.T) {
	bigEndian := "\xfe\xff"
	for _, u := range utf16.Encode([]rune("订单")) {
		bigEndian += string([]byte{byte(u >> 8), byte(u)})
	}
	tests := []struct{ name, data, want string }{
		{"jpeg", encoded(t, func(w io.Writer, i image.Image) error { return jpeg.Encode(w, i, nil) }), "jpg"},
		{"png", encoded(t, png.Encode), "png"},
		{"gif", encoded(t, func(w io.Writer, i image.Image) error { return gif.Encode(w, i, nil) }), "gif"},
		{"bmp", "BM\x46\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", "bmp"},
		{"a text that begins like a bmp", "BMW is a make of car, is it not?", "txt"},
		{"webp", "RIFF\x24\x00\x00\x00WEBPVP8 ", "webp"},
		{"wav", "RIFF\x24\x00\x00\x00WAVEfmt ", "wav"},
		{"another RIFF file", "RIFF\x24\x00\x00\x00AVI LIST", ""},
		{"a text that begins like a RIFF file", "RIFF", "txt"},
		{"mp3, MPEG 1 layer III", "\xff\xfb\x90\x00", "mp3"},
		{"mp3, MPEG 2 layer III", "\xff\xf3\x40\xc0", "mp3"},
		{"mp3 behind a tag that is longer than what is there", "ID3\x04\x00\x00\x00\x00\x02\x00", "mp3"},
		{"mp3 behind its tag", "ID3\x04\x00\x00\x00\x00\x00\x02..\xff\xfb\x90\x00", "mp3"},
		{"aac, ADTS of MPEG 4", "\xff\xf1\x50\x80", "aac"},
		{"aac, ADTS of MPEG 2", "\xff\xf9\x50\x80", "aac"},
		{"aac behind a tag", "ID3\x04\x00\x00\x00\x00\x00\x02..\xff\xf1\x50\x80", "aac"},
		{"aac, ADIF", "ADIF....", "aac"},
		{"a reserved MPEG version", "\xff\xeb\x90\x00", ""},
		{"a reserved bit rate", "\xff\xfb\xf0\x00", ""},
		{"mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "mp4"},
		{"QuickTime", "\x00\x00\x00\x14ftypqt  ", "mp4"},
		{"audio in mp4", "\x00\x00\x00\x1cftypM4A ", "m4a"},
		{"amr", "#!AMR\n\x3c", "amr"},
		{"ogg", "OggS\x00\x02", "ogg"},
		{"pdf", "%PDF-1.7\n", "pdf"},
		{"zip, and so docx", "PK\x03\x04\x14\x00", "zip"},
		{"an empty zip", "PK\x05\x06\x00\x00", "zip"},
		{"doc", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "doc"},
		{"rich text", `{\rtf1\ansi`, "rtf"},
		{"plain text", "order,price\r\n7,9.90\r\n", "txt"},
		{"Chinese in UTF-8", "订单,价格\n", "txt"},
		{"Chinese in GB 18030, as spreadsheets write it", "\xb6\xa9\xb5\xa5,\xbc\xdb\xb8\xf1\r\n", "txt"},
		{"UTF-16 with a byte order mark", bigEndian, "txt"},
		{"a control character within the first 512 bytes", "text\x00", ""},
		{"a control character behind them", strings.Repeat("a", 512) + "\x00", "txt"},
		{"nothing", "", ""},
		{"half a signature", "\x89PN", "txt"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Kind([]byte(test.data)); got != test.want {
				t.Errorf("Kind(%.20q) = %q, want %q", test.data, got, test.want)
			}
		})
	}
}

func TestKindFits(t *testing.T) {
	tests := []struct {
		want, got string
		fits      bool
		reason    string
	}{
		{"jpg", "jpg", true, "the same"},
		{"jpeg", "jpg", true, "another spelling"},
		{"JPG", "jpg", true, "case does not matter"},
		{"jpg", "png", false, "another picture"},
		{"jpg", "", false, "not recognised, so not a picture"},
		{"bpm", "bmp", true, "the vendor's spelling"},
		{"bmp", "bmp", true, "the same"},
		{"png", "png", true, "the same"},
		{"gif", "jpg", false, "another picture"},
		{"mp3", "mp3", true, "the same"},
		{"mp3", "aac", false, "other audio"},
		{"aac", "aac", true, "the same"},
		{"aac", "m4a", true, "AAC in a container"},
		{"mp4", "mp4", true, "the same"},
		{"mp4", "m4a", true, "the same container"},
		{"mp4", "aac", false, "no container"},
		{"docx", "zip", true, "a docx is a zip"},
		{"doc", "doc", true, "the same"},
		{"doc", "zip", true, "a docx named doc"},
		{"doc", "rtf", true, "what Word saves as doc may be rich text"},
		{"doc", "pdf", false, "another document"},
		{"zip", "zip", true, "the same"},
		{"zip", "doc", false, "not an archive"},
		{"pdf", "pdf", true, "the same"},
		{"txt", "txt", true, "the same"},
		{"csv", "txt", true, "a csv is a text"},
		{"richtext", "txt", true, "may be HTML"},
		{"richtext", "rtf", true, "may be rich text"},
		{"txt", "jpg", false, "a picture is no text"},
		{"txt", "", false, "binary"},
		{"", "jpg", true, "nothing was promised"},
		{"heic", "", true, "a type Kind does not know"},
	}
	for _, test := range tests {
		if got := KindFits(test.want, test.got); got != test.fits {
			t.Errorf("KindFits(%q, %q) = %v, want %v: %s", test.want, test.got, got, test.fits, test.reason)
		}
	}
}
