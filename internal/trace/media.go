package trace

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"chatbench/internal/aicc"
)

// Describe notes what the bytes of a file say of it.
func (f *File) Describe(data []byte) {
	sum := sha256.Sum256(data)
	f.Size, f.Kind, f.SHA256 = len(data), aicc.Kind(data), hex.EncodeToString(sum[:])
}

// Decode describes a file that came in Base64, as the demo reads it, or notes that it cannot be read.
func (f *File) Decode(stream []byte) {
	data := make([]byte, base64.StdEncoding.DecodedLen(len(stream)))
	n, err := base64.StdEncoding.Decode(data, stream)
	if err != nil {
		f.BadBase = true
		return
	}
	f.Describe(data[:n])
}
