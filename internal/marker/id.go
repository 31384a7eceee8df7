package marker

import (
	"strconv"
	"strings"
)

// AppendID appends the messageId of what a customer says: at most 32 letters, digits and hyphens,
// different for everything said in a run, and the same again when the message is. Read receipts
// repeat it (docs/protocol.md section 4).
func AppendID(dst []byte, session, epoch, seq int) []byte {
	dst = append(dst, 'm')
	for _, n := range [...]int{session, epoch, seq} {
		dst = strconv.AppendInt(append(dst, '-'), int64(n), 36)
	}
	return dst
}

// ParseID reads a messageId that AppendID wrote; ok is false for any other text.
func ParseID(id string) (session, epoch, seq int, ok bool) {
	parts := strings.Split(id, "-")
	if len(parts) != 4 || parts[0] != "m" || len(id) > 32 {
		return 0, 0, 0, false
	}
	var n [3]int64
	for i, part := range parts[1:] {
		v, err := strconv.ParseInt(part, 36, 32)
		if err != nil || v < 0 {
			return 0, 0, 0, false
		}
		n[i] = v
	}
	return int(n[0]), int(n[1]), int(n[2]), true
}
