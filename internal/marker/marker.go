// Package marker writes and reads the self-describing token that makes order, loss and
// duplication of chat messages visible.
//
// The chat API gives a message no sequence number. A marker is put in front of a text by whoever
// says it, and names the run, the customer, the conversation, the sender and the sender's own
// count:
//
//	cb1.<run>.<session>.<epoch>.<sender>.<seq>.<cause>.<at>.<len>.<crc> text
//
// Numbers are base 36, the crc is eight hexadecimal digits (CRC-32C over everything before it and
// the text), and no commas are used, because some fields of the API are comma-separated. The
// length lets a marker be found inside a longer text ("You said: cb1...."), which is what an echo
// by a robot looks like.
//
// The package knows nothing about what a marker proves; that is the checker's business.
package marker

import (
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// Sender says who put the marker into the text.
type Sender byte

// The senders a marker can name.
const (
	Customer Sender = 'c'
	Robot    Sender = 'r'
	Agent    Sender = 'a'
	System   Sender = 's'
)

// NoCause is the Cause of a message whose sender had heard nothing from the customer yet.
const NoCause = -1

// Marker is the decoded token. Seq counts from 0 for each (session, epoch, sender).
type Marker struct {
	Run     uint64    // the run that made it, so that leftovers of another run are told apart
	Session int       // index of the customer in its run, from 0
	Epoch   int       // conversation of that customer, from 0
	Sender  Sender    // who said it
	Seq     int       // the sender's own count within the epoch
	Cause   int       // highest customer Seq the sender had seen, or NoCause
	At      time.Time // when it was said, to the microsecond, by the sender's clock
	Fin     bool      // the sender's last message of the epoch
}

// Status is what Parse found.
type Status uint8

// The results of Parse.
const (
	Absent  Status = iota // the text has no marker
	Intact                // marker and text are as they were written
	Damaged               // a marker is there, but its text or one of its fields was changed
)

const (
	prefix  = "cb1."
	fields  = 8 // between prefix and crc
	crcSize = 8
)

var table = crc32.MakeTable(crc32.Castagnoli)

// Append appends m and text to dst in the form Parse reads. Numbers below 0 have no form, other than
// NoCause.
func Append(dst []byte, m Marker, text string) []byte {
	start := len(dst)
	dst = append(dst, prefix...)
	dst = strconv.AppendUint(dst, m.Run, 36)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(m.Session), 36)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(m.Epoch), 36)
	dst = append(dst, '.')
	sender := byte(m.Sender)
	if m.Fin {
		sender -= 'a' - 'A'
	}
	dst = append(dst, sender, '.')
	dst = strconv.AppendInt(dst, int64(m.Seq), 36)
	dst = append(dst, '.')
	if m.Cause >= 0 {
		dst = strconv.AppendInt(dst, int64(m.Cause), 36)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, m.At.UnixMicro(), 36)
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(len(text)), 36)
	dst = append(dst, '.')
	dst = appendHex(dst, ^update(update(^uint32(0), dst[start:]), text))
	if text == "" {
		return dst
	}
	dst = append(dst, ' ')
	return append(dst, text...)
}

// update is crc32.Update for what may be a string: the library's would have to copy one first.
func update[T string | []byte](crc uint32, s T) uint32 {
	for i := range len(s) {
		crc = table[byte(crc)^s[i]] ^ crc>>8
	}
	return crc
}

const hexDigits = "0123456789abcdef"

func appendHex(dst []byte, sum uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[sum>>shift&15])
	}
	return dst
}

// isHex reports whether s is what appendHex writes for sum.
func isHex(s string, sum uint32) bool {
	for i := range crcSize {
		if s[i] != hexDigits[sum>>(28-4*i)&15] {
			return false
		}
	}
	return true
}

// Parse looks for the first marker in content and returns it with the text it belongs to. The
// text of a Damaged marker is what is left of it. Marker fields are only meaningful when the
// status is not Absent; with Damaged they are what could be read and may themselves be wrong.
func Parse(content string) (m Marker, text string, status Status) {
	for from := 0; ; {
		i := strings.Index(content[from:], prefix)
		if i < 0 {
			return Marker{}, "", Absent
		}
		if m, text, status = parseAt(content[from+i:]); status != Absent {
			return m, text, status
		}
		from += i + len(prefix)
	}
}

// Missing is by how many bytes the text that Parse finds damaged is shorter than its marker says: 0 if
// it is not.
func Missing(content string) int {
	for from := 0; ; {
		i := strings.Index(content[from:], prefix)
		if i < 0 {
			return 0
		}
		from += i
		if _, _, status := parseAt(content[from:]); status != Absent {
			return lacking(content[from+len(prefix):])
		}
		from += len(prefix)
	}
}

// lacking looks at what is behind the prefix of a marker that could be read as far as its length.
func lacking(s string) int {
	part := strings.SplitN(s, ".", fields+1)
	size, err := strconv.ParseUint(part[fields-1], 36, 31)
	if err != nil {
		return 0
	}
	whole := crcSize
	if size > 0 {
		whole += 1 + int(size) // a blank is in front of the text
	}
	return max(whole-len(part[fields]), 0)
}

// parseAt reads the marker that s begins with. Absent means that s merely looked like one.
func parseAt(s string) (m Marker, text string, status Status) {
	p := len(prefix)
	var part [fields]string
	for i := range part {
		end := strings.IndexByte(s[p:], '.')
		if end <= 0 || end > 13 {
			return Marker{}, "", Absent
		}
		part[i] = s[p : p+end]
		p += end + 1
	}
	if !m.setFields(&part) {
		return Marker{}, "", Absent
	}
	size, err := strconv.ParseUint(part[7], 36, 31)
	if err != nil {
		return Marker{}, "", Absent
	}
	head := s[:p]
	if len(s)-p < crcSize {
		return m, "", Damaged
	}
	crc, rest := s[p:p+crcSize], s[p+crcSize:]
	if size > 0 {
		if uint64(len(rest)) < 1+size || rest[0] != ' ' {
			return m, strings.TrimPrefix(rest, " "), Damaged
		}
		text = rest[1 : 1+size]
	}
	if !isHex(crc, ^update(update(^uint32(0), head), text)) {
		return m, text, Damaged
	}
	return m, text, Intact
}

// setFields reads the fields before the length and reports whether they are a marker's.
func (m *Marker) setFields(part *[fields]string) bool {
	var err error
	if m.Run, err = strconv.ParseUint(part[0], 36, 64); err != nil {
		return false
	}
	ok := true
	number := func(s string) int {
		n, err := strconv.ParseUint(s, 36, 40)
		ok = ok && err == nil
		return int(n)
	}
	m.Session = number(part[1])
	m.Epoch = number(part[2])
	m.Seq = number(part[4])
	if m.Cause = NoCause; part[5] != "-" {
		m.Cause = number(part[5])
	}
	at, err := strconv.ParseInt(part[6], 36, 64)
	ok = ok && err == nil
	m.At = time.UnixMicro(at)
	if len(part[3]) != 1 {
		return false
	}
	sender := part[3][0]
	m.Fin = sender < 'a'
	m.Sender = Sender(sender | 0x20)
	switch m.Sender {
	case Customer, Robot, Agent, System:
		return ok
	}
	return false
}
