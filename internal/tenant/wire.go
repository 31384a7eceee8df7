package tenant

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// Answers are appended by hand: a poll or a send costs no reflection and no garbage.

// result answers with a result code.
func (t *Tenant) result(x *http1.Exchange, code, desc string) { t.answer(x, "resultCode", code, desc) }

// answer is result with the name of the code's field, which differs between endpoints.
func (t *Tenant) answer(x *http1.Exchange, field, code, desc string) {
	b := append(t.appendCode(append(x.Body[:0], '{'), field, code), `,"resultDesc":`...)
	x.Body = append(appendText(b, desc), '}')
}

// What a client that knows only the documents has to overlook.
const (
	extraField = "extension"
	extraValue = `{"controlType":"CHAT","list":[1,null,{"resultCode":"1"}],"text":"unknown to all documents"}`
)

// extend adds a field that nobody has documented to an answer that is an object.
func extend(body []byte) []byte {
	rest, ok := bytes.CutPrefix(body, []byte("{"))
	if !ok || len(rest) < 2 {
		return body
	}
	return append([]byte(`{"`+extraField+`":`+extraValue+","), rest...)
}

// refuse answers with an HTTP status. The body of such answers is not documented; clients must
// not depend on it.
func (t *Tenant) refuse(x *http1.Exchange, status int, desc string) {
	x.Status = status
	t.result(x, strconv.Itoa(status), desc)
}

// appendCode appends a code's field, as a text or, if so configured, as a number.
func (t *Tenant) appendCode(b []byte, field, code string) []byte {
	b = append(append(append(b, '"'), field...), `":`...)
	if t.cfg.NumberCodes && isNumber(code) {
		return append(b, code...)
	}
	return appendText(b, code)
}

func isNumber(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s == "0" || s != "" && s[0] != '0'
}

// appendPoll appends the answer of a poll.
func (t *Tenant) appendPoll(b []byte, code string, batch []message) []byte {
	b = t.appendCode(append(b, '{'), "resultCode", code)
	b = append(b, `,"resultDesc":"ok","downlinkMessages":[`...)
	for i := range batch {
		if i > 0 {
			b = append(b, ',')
		}
		b = t.appendMessage(b, &batch[i])
	}
	return append(b, "]}"...)
}

// appendMessage appends one downlink message (section 4).
func (t *Tenant) appendMessage(b []byte, m *message) []byte {
	o := object{b: append(b, '{'), nulls: t.cfg.NullFields}
	o.text("channel", aicc.ChannelWeb)
	o.text("controlType", m.control)
	o.text("sourceType", m.source)
	o.text("mediaType", m.media)
	if m.content != "" {
		o.text("content", m.content)
	} else {
		o.raw("content", "null") // as in the vendor's samples of DISCONNECT
	}
	o.text("contentType", m.contentType)
	o.text("mediaFileType", m.fileType)
	o.text("from", t.cfg.Channel)
	o.text("to", m.to)
	o.text("senderNickname", m.nickname)
	o.absent("senderAvatar")
	o.time("timestamp", m.at, t.cfg.TextTimestamps)
	o.absent("receiveTime")
	o.absent("simQuestions")
	o.text("interIdx", m.interIdx)
	o.raw("isOfflineStatus", m.offline)
	o.text("messageCode", m.code)
	o.absent("associationContentId")
	o.text("callId", m.callID)
	o.text("queueFlag", m.queueFlag)
	if t.cfg.ExtraFields {
		o.raw(extraField, extraValue)
	}
	return append(o.b, '}')
}

// object appends the fields of a JSON object. A field without a value is left out, or null.
type object struct {
	b     []byte
	nulls bool
	some  bool
}

func (o *object) name(field string) {
	if o.some {
		o.b = append(o.b, ',')
	}
	o.some = true
	o.b = append(append(append(o.b, '"'), field...), `":`...)
}

func (o *object) text(field, value string) {
	if value == "" {
		o.absent(field)
		return
	}
	o.name(field)
	o.b = appendText(o.b, value)
}

// raw appends a value that is JSON already.
func (o *object) raw(field, value string) {
	if value == "" {
		o.absent(field)
		return
	}
	o.name(field)
	o.b = append(o.b, value...)
}

func (o *object) time(field string, ms int64, text bool) {
	o.name(field)
	if text {
		o.b = append(strconv.AppendInt(append(o.b, '"'), ms, 10), '"')
		return
	}
	o.b = strconv.AppendInt(o.b, ms, 10)
}

func (o *object) absent(field string) {
	if o.nulls {
		o.name(field)
		o.b = append(o.b, "null"...)
	}
}

// appendText appends a JSON text. Bytes that are not UTF-8 become the replacement character.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	done := 0 // s[:done] is appended
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r >= utf8.RuneSelf && !(r == utf8.RuneError && size == 1) {
			i += size
			continue
		}
		b = appendEscape(append(b, s[done:i]...), r)
		i += size
		done = i
	}
	return append(append(b, s[done:]...), '"')
}

// appendEscape appends a character that cannot stand in a JSON text as it is.
func appendEscape(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, `\n`...)
	case utf8.RuneError:
		return utf8.AppendRune(b, r)
	}
	return append(b, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
}
