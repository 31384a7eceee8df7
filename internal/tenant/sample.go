package tenant

import (
	"bytes"
	"crypto/rand"
	"embed"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
)

//go:embed media/photo.jpg media/picture.png media/voice.mp3 media/clip.mp4
var mediaFiles embed.FS

// baseFile is an embedded file; that it is there was settled when the program was built.
func baseFile(name string) []byte {
	b, err := mediaFiles.ReadFile("media/" + name)
	if err != nil {
		panic("tenant: " + err.Error())
	}
	return b
}

// SampleFile makes a small, valid file that no other id gives. Kind is image, audio, video or
// text, or a file type such as "png"; unknown kinds give text. A size beyond the smallest that is
// possible is reached by padding that is valid in the format, to within a few bytes.
func SampleFile(kind, id string, size int) []byte {
	tag := []byte("chatbench " + id)
	switch strings.ToLower(kind) {
	case "image", "jpg", "jpeg":
		return tagJPEG(baseFile("photo.jpg"), tag, size)
	case "png":
		return tagPNG(baseFile("picture.png"), tag, size)
	case "audio", "mp3":
		return tagMP3(baseFile("voice.mp3"), tag, size)
	case "video", "mp4":
		return tagMP4(baseFile("clip.mp4"), tag, size)
	}
	return tagText(tag, size)
}

// tagJPEG puts comment segments behind the first segment, which has to stay the first.
func tagJPEG(base, tag []byte, size int) []byte {
	const (
		start   = 2 // SOI
		head    = 4 // FF FE, length
		largest = 0xffff - 2
	)
	first := start + 2 + int(binary.BigEndian.Uint16(base[start+2:]))
	out := append([]byte(nil), base[:first]...)
	segment := func(content []byte) {
		out = append(out, 0xff, 0xfe)
		out = binary.BigEndian.AppendUint16(out, uint16(len(content)+2))
		out = append(out, content...)
	}
	segment(tag)
	for left := size - len(out) - (len(base) - first); left > head; {
		n := min(left-head, largest)
		segment(bytes.Repeat([]byte{' '}, n))
		left -= n + head
	}
	return append(out, base[first:]...)
}

// tagPNG puts a text chunk before the last chunk.
func tagPNG(base, tag []byte, size int) []byte {
	const end = 12 // IEND
	content := append([]byte("tEXtComment\x00"), tag...)
	if left := size - len(base) - len(content) - 8; left > 0 {
		content = append(content, bytes.Repeat([]byte{' '}, left)...)
	}
	out := append([]byte(nil), base[:len(base)-end]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(content)-4)) // without the type
	out = append(out, content...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(content))
	return append(out, base[len(base)-end:]...)
}

// tagMP3 puts an ID3v2.4 tag in front: one text frame, then padding.
func tagMP3(base, tag []byte, size int) []byte {
	const head = 10 // of the tag and of a frame
	text := append([]byte("\x03id\x00"), tag...)
	frame := append([]byte("TXXX"), synchsafe(len(text))...)
	frame = append(append(frame, 0, 0), text...)
	padding := max(0, size-head-len(frame)-len(base))
	out := append([]byte("ID3\x04\x00\x00"), synchsafe(len(frame)+padding)...)
	out = append(append(out, frame...), make([]byte, padding)...)
	return append(out, base...)
}

// synchsafe is the way ID3 writes a length: seven bits a byte.
func synchsafe(n int) []byte {
	return []byte{byte(n >> 21 & 0x7f), byte(n >> 14 & 0x7f), byte(n >> 7 & 0x7f), byte(n & 0x7f)}
}

// tagMP4 appends a free box.
func tagMP4(base, tag []byte, size int) []byte {
	padding := max(0, size-len(base)-8-len(tag))
	out := append([]byte(nil), base...)
	out = binary.BigEndian.AppendUint32(out, uint32(8+len(tag)+padding))
	out = append(append(out, "free"...), tag...)
	return append(out, make([]byte, padding)...)
}

func tagText(tag []byte, size int) []byte {
	out := append(append([]byte(nil), tag...), '\n')
	for line := 1; len(out) < size; line++ {
		out = fmt.Appendf(out, "line %d of a text that says nothing\n", line)
	}
	return out[:max(min(len(out), size), len(tag)+1)]
}

// sniff names a file's kind by its first bytes, or gives "".
func sniff(b []byte) string {
	switch kind := http.DetectContentType(b); {
	case len(b) == 0:
		return ""
	case bytes.HasPrefix(b, []byte("ID3")), len(b) > 1 && b[0] == 0xff && b[1]&0xe6 == 0xe2:
		return "mp3"
	case len(b) > 1 && b[0] == 0xff && b[1]&0xf6 == 0xf0:
		return "aac"
	case kind == "image/jpeg":
		return "jpg"
	case kind == "image/png":
		return "png"
	case kind == "image/bmp":
		return "bmp"
	case len(b) > 8 && string(b[4:8]) == "ftyp":
		return "mp4"
	case strings.HasPrefix(kind, "text/plain"):
		return "txt"
	}
	return ""
}

// newKey is the key of an uploaded file, in the form of a UUID.
func newKey() string {
	var b [16]byte
	rand.Read(b[:]) //nolint:errcheck // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
