package aicc

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Errors of answers that do not have the documented shape.
var (
	ErrNotJSON  = errors.New("the body is not JSON")
	ErrNoCode   = errors.New("the body has no result code")
	ErrBadShape = errors.New("the body has the wrong shape")
)

// Answer is what every call but tokenByAkSk and applyToken answers, with the fields of all
// endpoints side by side; only those of the endpoint asked are set.
type Answer struct {
	Code     string     // resultCode or returnCode
	Desc     string     // resultDesc; its wording varies and must not be compared
	Messages []Downlink // poll

	Position     int // queryQueueInfo, with estimate and configured maximum in seconds
	EstimateWait int
	MaxWait      int

	ObjectKey  string // uploadFileStream
	FileStream []byte // downloadFileStream, still Base64; nil when the field was missing or null

	ClickToCall bool // checkClickToCallSupport
}

// ParseAnswer reads the body of a 200 answer. The error, if any, is one of ErrNotJSON, ErrNoCode
// or ErrBadShape wrapped with what was found first; the fields that could be read are set all the
// same, but for a body that is not JSON. A message with a field of the wrong type is left out.
//
// Keys are told apart by case, as in the demo's script. Of a key that comes twice the last value
// counts, and each must have the right type. Bytes that are not UTF-8 are an ErrBadShape
// (RFC 8259, section 8.1) and read as U+FFFD.
//
// FileStream may share the memory of body. The texts do not; they share memory with each other,
// so that one that is kept may keep another kibibyte.
func ParseAnswer(body []byte) (Answer, error) {
	r := reader{scanner: scanner{body: body}, message: -1}
	if r.exact = utf8.Valid(body); !r.exact {
		r.complain(nil, "it is not UTF-8")
	}
	r.read()
	switch {
	case r.bad:
		return Answer{}, notJSON(body)
	case r.err == nil && r.answer.Code == "":
		r.err = ErrNoCode
	}
	return r.answer, r.err
}

// notJSON shows the beginning of a body that is not JSON.
func notJSON(body []byte) error {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return fmt.Errorf("%w: it is empty", ErrNotJSON)
	}
	return fmt.Errorf("%w: it begins with %.60q", ErrNotJSON, body)
}

// reader gives the values of an answer their meaning.
type reader struct {
	scanner
	texts
	answer     Answer
	returnCode string
	message    int // index of the message that is read, or -1
	err        error
}

const messagesKey = "downlinkMessages"

// complain keeps the first complaint. Without a key it is about the whole message or body.
func (r *reader) complain(key []byte, what string) {
	if r.err != nil {
		return
	}
	place := string(key)
	if r.message >= 0 {
		place = messagesKey + "[" + strconv.Itoa(r.message) + "]"
		if len(key) > 0 {
			place += "." + string(key)
		}
	}
	if place != "" {
		place += " "
	}
	r.err = fmt.Errorf("%w: %s%s", ErrBadShape, place, what)
}

func (r *reader) read() {
	if r.peek() == '{' {
		r.fields()
	} else if v := r.value(); v.kind != isNull {
		r.complain(nil, "it is "+v.kind.String())
	}
	r.end()
}

func (r *reader) fields() {
	for ok := r.enter('}'); ok; ok = r.more('}') {
		key := r.key()
		if string(key) == messagesKey {
			r.messages(key)
			continue
		}
		r.field(key, r.value())
	}
	if r.answer.Code == "" {
		r.answer.Code = r.returnCode
	}
}

func (r *reader) field(key []byte, v value) {
	a := &r.answer
	switch string(key) {
	case "resultCode":
		a.Code = r.code(key, v)
	case "returnCode":
		r.returnCode = r.code(key, v)
	case "resultDesc": // any other type than text is as good as none
		a.Desc = ""
		if v.kind == isText {
			a.Desc = r.string(v)
		}
	case "position":
		a.Position = r.count(key, v)
	case "estimateWaitTime":
		a.EstimateWait = r.count(key, v)
	case "configMaxcWaitTime":
		a.MaxWait = r.count(key, v)
	case "objectKey":
		a.ObjectKey = r.scalarText(key, v)
	case "clickToCallSupported":
		flag := r.scalarText(key, v)
		a.ClickToCall = flag == "true" || flag == "1"
	case "fileStream":
		a.FileStream = r.stream(key, v)
	}
}

// string is a scalar as a string; null is empty.
func (r *reader) string(v value) string {
	if v.kind == isNull {
		return ""
	}
	return r.text(v, len(r.body)-r.at)
}

// scalarText accepts what [Loose] does.
func (r *reader) scalarText(key []byte, v value) string {
	if v.kind == isObject || v.kind == isArray {
		r.complain(key, "is "+v.kind.String())
		return ""
	}
	return r.string(v)
}

// code is a result code: a text or a number.
func (r *reader) code(key []byte, v value) string {
	if v.kind == isBoolean {
		r.complain(key, "is a boolean")
		return ""
	}
	return r.scalarText(key, v)
}

// count is a whole number that may come as a text.
func (r *reader) count(key []byte, v value) int {
	text := r.scalarText(key, v)
	if text == "" {
		return 0
	}
	if whole, fraction, ok := strings.Cut(text, "."); ok && strings.Trim(fraction, "0") == "" {
		text = whole // 35.0 is a whole number, too
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		r.complain(key, "is not a whole number")
		return 0
	}
	return n
}

// stream is a text that is left in Base64, which needs no escapes; but a solidus may carry one.
func (r *reader) stream(key []byte, v value) []byte {
	switch {
	case v.kind == isNull:
		return nil
	case v.kind != isText:
		r.complain(key, "is "+v.kind.String())
		return nil
	case v.plain:
		return v.raw
	}
	return unescaped(v.raw)
}

// messages reads downlinkMessages: absent, null and [] are all "nothing arrived".
func (r *reader) messages(key []byte) {
	r.answer.Messages = nil
	if r.peek() != '[' {
		if v := r.value(); v.kind != isNull {
			r.complain(key, "is "+v.kind.String())
		}
		return
	}
	for ok := r.enter(']'); ok; ok = r.more(']') {
		if r.message++; r.message == 0 {
			r.answer.Messages = make([]Downlink, 0, r.room())
		}
		r.element()
	}
	if r.message = -1; len(r.answer.Messages) == 0 {
		r.answer.Messages = nil
	}
}

// room is for how many messages memory is asked for at once. No message is without a brace; the
// bound is for bodies full of braces.
func (r *reader) room() int {
	return min(bytes.Count(r.body[r.at:], []byte("{")), 64)
}

// element reads one element of downlinkMessages, and keeps it if it is a message.
func (r *reader) element() {
	if r.peek() != '{' {
		r.complain(nil, "is "+r.value().kind.String())
		return
	}
	last := len(r.answer.Messages)
	r.answer.Messages = append(r.answer.Messages, Downlink{})
	if !r.downlink(&r.answer.Messages[last]) {
		r.answer.Messages = r.answer.Messages[:last]
	}
}

// downlink reads a message and reports whether it is one.
func (r *reader) downlink(d *Downlink) bool {
	known, whole := false, true
	d.NullContent = true
	for ok := r.enter('}'); ok; ok = r.more('}') {
		key := r.key()
		field, loose := d.field(key)
		v := r.value()
		if field == nil {
			continue
		}
		known = true
		if !fits(v.kind, loose) {
			r.complain(key, "is "+v.kind.String())
			whole = false
			continue
		}
		*field = r.string(v)
		if field == &d.Content {
			d.NullContent = v.kind == isNull
		}
	}
	if !known {
		r.complain(nil, "has no field of a message")
	}
	return known && whole
}

// fits reports whether a value may stand in a field of a message.
func fits(k kind, loose bool) bool {
	switch k {
	case isNull, isText:
		return true
	case isNumber, isBoolean:
		return loose
	}
	return false
}

// field is where the value of a key belongs, nil for keys that nobody reads, and whether it may be
// another scalar than a text.
func (d *Downlink) field(key []byte) (at *string, loose bool) {
	switch string(key) {
	case "channel":
		return &d.Channel, false
	case "controlType":
		return &d.ControlType, false
	case "sourceType":
		return &d.SourceType, false
	case "mediaType":
		return &d.MediaType, false
	case "content":
		return &d.Content, false
	case "mediaFileType":
		return &d.MediaFileType, false
	case "senderNickname":
		return &d.SenderNickname, false
	case "contentType":
		return (*string)(&d.ContentType), true
	case "from":
		return (*string)(&d.From), true
	case "to":
		return (*string)(&d.To), true
	case "timestamp":
		return (*string)(&d.Timestamp), true
	case "isOfflineStatus":
		return (*string)(&d.IsOffline), true
	case "messageCode":
		return (*string)(&d.MessageCode), true
	case "callId":
		return (*string)(&d.CallID), true
	case "interIdx":
		return (*string)(&d.InterIdx), true
	case "queueFlag":
		return (*string)(&d.QueueFlag), true
	}
	return nil, false
}
