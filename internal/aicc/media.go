package aicc

import (
	"bytes"
	"strings"
)

// signature says that data which has these bytes at this offset is of this kind.
type signature struct {
	offset int
	bytes  string
	kind   string
}

// signatures are tried in order. The kinds are named by their usual suffix.
var signatures = []signature{
	{0, "\xff\xd8\xff", "jpg"},
	{0, "\x89PNG\r\n\x1a\n", "png"},
	{0, "GIF8", "gif"},
	{0, "%PDF-", "pdf"},
	{0, "PK\x03\x04", "zip"},
	{0, "PK\x05\x06", "zip"},                       // an empty archive
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"}, // compound file: Office before 2007
	{4, "ftypM4A", "m4a"},
	{4, "ftyp", "mp4"},
	{0, "ADIF", "aac"},
	{0, "#!AMR", "amr"},
	{0, "OggS", "ogg"},
	{0, `{\rtf`, "rtf"},
}

// Kind says what the first bytes of a file show it to be, by the usual suffix: jpg, png, gif,
// webp, bmp, mp3, aac, m4a, amr, ogg, wav, mp4, pdf, zip (and so docx), doc, rtf or txt. It is
// empty when the bytes show nothing. Only the beginning is looked at; the rest may be damaged.
func Kind(data []byte) string {
	for _, s := range signatures {
		if len(data) >= s.offset && bytes.HasPrefix(data[s.offset:], []byte(s.bytes)) {
			return s.kind
		}
	}
	for _, look := range []func([]byte) string{bitmap, riff, tagged, audioFrame, text} {
		if kind := look(data); kind != "" {
			return kind
		}
	}
	return ""
}

// bitmap looks behind the two letters, which a text may begin with as well: the reserved bytes are
// zero and the size of the header that follows is one that exists.
func bitmap(data []byte) string {
	if len(data) >= 18 && string(data[:2]) == "BM" && string(data[6:10]) == "\x00\x00\x00\x00" &&
		data[14] >= 12 && string(data[15:18]) == "\x00\x00\x00" {
		return "bmp"
	}
	return ""
}

// riff reads what a RIFF container says it contains.
func riff(data []byte) string {
	if len(data) < 12 || string(data[:4]) != "RIFF" {
		return ""
	}
	switch string(data[8:12]) {
	case "WEBP":
		return "webp"
	case "WAVE":
		return "wav"
	}
	return ""
}

// tagged looks behind an ID3v2 tag, which AAC files carry too. Its size is written in four bytes
// of seven bits.
func tagged(data []byte) string {
	if len(data) < 10 || string(data[:3]) != "ID3" {
		return ""
	}
	behind := 10 + int(data[6]&0x7f)<<21 + int(data[7]&0x7f)<<14 + int(data[8]&0x7f)<<7 + int(data[9]&0x7f)
	if behind < len(data) && audioFrame(data[behind:]) == "aac" {
		return "aac"
	}
	return "mp3"
}

// audioFrame recognises the header of an MPEG audio frame (mp3) or an ADTS frame (aac): eleven or
// twelve set bits, then version and layer. Layer 0 belongs to ADTS, the values that MPEG forbids
// to neither.
func audioFrame(data []byte) string {
	if len(data) < 4 || data[0] != 0xff || data[1]&0xe0 != 0xe0 {
		return ""
	}
	version, layer := data[1]>>3&3, data[1]>>1&3
	switch {
	case layer == 0 && version >= 2 && data[2]>>2&15 < 13:
		return "aac"
	case layer != 0 && version != 1 && data[2]>>4 != 15 && data[2]>>2&3 != 3:
		return "mp3"
	}
	return ""
}

// text accepts what looks like text in some encoding: GB 18030 is as usual in a csv file as UTF-8,
// so only control characters speak against it, and a byte order mark for it.
func text(data []byte) string {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "txt" // UTF-16
	}
	for _, c := range data[:min(len(data), 512)] {
		if c < ' ' && strings.IndexByte("\t\n\f\r\x1b", c) < 0 || c == 0x7f {
			return ""
		}
	}
	if len(data) == 0 {
		return ""
	}
	return "txt"
}

// KindFits reports whether a file that Kind says is got may be what a fileType of section 13.2
// calls want. Text types fit anything textual, an unknown type fits anything, and what Kind did
// not recognise fits no known type.
func KindFits(want, got string) bool {
	switch want = strings.ToLower(want); want {
	case "jpg", "jpeg":
		return got == "jpg"
	case "bmp", "bpm": // the vendor's spelling
		return got == "bmp"
	case "aac":
		return got == "aac" || got == "m4a"
	case "mp4":
		return got == "mp4" || got == "m4a"
	case "doc", "docx":
		return got == "doc" || got == "zip" || got == "rtf"
	case "txt", "csv", "richtext":
		return got == "txt" || got == "rtf"
	case "png", "gif", "mp3", "pdf", "zip":
		return got == want
	}
	return true
}
