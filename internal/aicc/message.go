package aicc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Downlink is one element of downlinkMessages (section 4). Fields that a tenant may leave out,
// send as null or send empty all read as the zero value; the vendor uses the three
// interchangeably (section 2.5).
type Downlink struct {
	Channel        string `json:"channel,omitempty"`
	ControlType    string `json:"controlType,omitempty"`
	SourceType     string `json:"sourceType,omitempty"`
	MediaType      string `json:"mediaType,omitempty"`
	Content        string `json:"content,omitempty"`
	ContentType    Loose  `json:"contentType,omitempty"`   // "1": file uploaded from the agent's computer
	MediaFileType  string `json:"mediaFileType,omitempty"` // suffix of a local file
	From           Loose  `json:"from,omitempty"`
	To             Loose  `json:"to,omitempty"`
	SenderNickname string `json:"senderNickname,omitempty"`
	Timestamp      Loose  `json:"timestamp,omitempty"` // milliseconds since 1970; see [Downlink.Millis]
	IsOffline      Loose  `json:"isOfflineStatus,omitempty"`
	MessageCode    Loose  `json:"messageCode,omitempty"`
	CallID         Loose  `json:"callId,omitempty"`
	InterIdx       Loose  `json:"interIdx,omitempty"`
	QueueFlag      Loose  `json:"queueFlag,omitempty"`
	NullContent    bool   `json:"-"` // content was absent or null
}

// Millis is the timestamp in milliseconds since 1970, and whether there was a usable one.
func (d *Downlink) Millis() (ms int64, ok bool) {
	ms, err := strconv.ParseInt(string(d.Timestamp), 10, 64)
	return ms, err == nil
}

// Queueing reports whether queueFlag is set. The demo's script takes any text but the empty one for
// true; the texts "0" and "false" are read as what they say all the same.
func (d *Downlink) Queueing() bool {
	switch d.QueueFlag {
	case "", "false", "0", "null":
		return false
	}
	return true
}

// IsLocalFile reports whether the content is the key of a file on the agent's computer, which is
// downloaded as "local/" + content, rather than an id in the media library.
func (d *Downlink) IsLocalFile() bool { return d.ContentType == "1" }

// Loose is a scalar whose JSON type differs between the vendor's tables, samples and versions
// (section 2.5): text, number, boolean or null. It holds the text of the value; null and absent
// are empty.
type Loose string

// UnmarshalJSON accepts any JSON scalar; an object or array is an error.
func (l *Loose) UnmarshalJSON(b []byte) error {
	switch {
	case len(b) == 0 || bytes.Equal(b, []byte("null")):
		*l = ""
		return nil
	case b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*l = Loose(s)
		return nil
	case b[0] == '{' || b[0] == '[':
		return fmt.Errorf("%.20s is not a scalar", b)
	}
	*l = Loose(b)
	return nil
}

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

	Position     int // queryQueueInfo, with the estimate in seconds
	EstimateWait int

	ObjectKey  string // uploadFileStream
	FileStream []byte // downloadFileStream, still Base64; nil when the field was missing or null

	ClickToCall bool // checkClickToCallSupport
}

// wireAnswer keeps the values raw, so that one of the wrong type does not hide the others.
type wireAnswer struct {
	ResultCode       json.RawMessage `json:"resultCode"`
	ReturnCode       json.RawMessage `json:"returnCode"`
	ResultDesc       json.RawMessage `json:"resultDesc"`
	DownlinkMessages json.RawMessage `json:"downlinkMessages"`
	Position         json.RawMessage `json:"position"`
	EstimateWaitTime json.RawMessage `json:"estimateWaitTime"`
	ObjectKey        json.RawMessage `json:"objectKey"`
	FileStream       json.RawMessage `json:"fileStream"`
	ClickToCall      json.RawMessage `json:"clickToCallSupported"`
}

// ParseAnswer reads the body of a 200 answer. The error, if any, is one of ErrNotJSON, ErrNoCode
// or ErrBadShape wrapped with what was found; the fields that could be read are set all the same.
// The answer may share the memory of body.
func ParseAnswer(body []byte) (Answer, error) {
	var a Answer
	var w wireAnswer
	if err := unmarshal(body, &w); err != nil {
		return a, err
	}
	s := shape{}
	code := s.scalar("resultCode", w.ResultCode)
	if code == "" {
		code = s.scalar("returnCode", w.ReturnCode)
	}
	a.Code = code
	json.Unmarshal(w.ResultDesc, &a.Desc) //nolint:errcheck // any other type than text is as good as none
	a.Position = s.count("position", w.Position)
	a.EstimateWait = s.count("estimateWaitTime", w.EstimateWaitTime)
	a.ObjectKey = s.scalar("objectKey", w.ObjectKey)
	clickToCall := s.scalar("clickToCallSupported", w.ClickToCall)
	a.ClickToCall = clickToCall == "true" || clickToCall == "1"
	a.FileStream = s.stream("fileStream", w.FileStream)
	a.Messages = s.messages(w.DownlinkMessages)
	if s.err == nil && code == "" {
		s.err = ErrNoCode
	}
	return a, s.err
}

// unmarshal tells what is not JSON from what is, but of another shape.
func unmarshal(body []byte, v any) error {
	err := json.Unmarshal(body, v)
	if err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w: it begins with %.60q", ErrNotJSON, bytes.TrimSpace(body))
	}
	return fmt.Errorf("%w: %s", ErrBadShape, mismatch(err))
}

// mismatch says what encoding/json found of the wrong type, without the names of Go.
func mismatch(err error) string {
	var wrong *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &wrong):
		return err.Error()
	case wrong.Field == "":
		return "it is of type " + wrong.Value
	}
	return wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:] + " is of type " + wrong.Value
}

// shape reads raw values and keeps the first complaint.
type shape struct{ err error }

func (s *shape) complain(field, what string) {
	if s.err == nil {
		s.err = fmt.Errorf("%w: %s %s", ErrBadShape, field, what)
	}
}

// absent reports whether a field was missing or null, which are the same.
func absent(raw json.RawMessage) bool { return len(raw) == 0 || raw[0] == 'n' }

func (s *shape) scalar(field string, raw json.RawMessage) string {
	if absent(raw) {
		return ""
	}
	var l Loose
	if err := l.UnmarshalJSON(raw); err != nil {
		s.complain(field, "is not a scalar")
	}
	return string(l)
}

// count is a number that may come as text.
func (s *shape) count(field string, raw json.RawMessage) int {
	text := s.scalar(field, raw)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		s.complain(field, "is not a whole number")
	}
	return n
}

// stream is a text that is left in Base64.
func (s *shape) stream(field string, raw json.RawMessage) []byte {
	switch {
	case absent(raw):
		return nil
	case raw[0] != '"':
		s.complain(field, "is not a text")
		return nil
	}
	return unquoteBase64(raw)
}

// unquoteBase64 takes the quotes off a JSON text. Base64 needs no escapes but a solidus may carry
// one.
func unquoteBase64(raw []byte) []byte {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return inner
	}
	return []byte(s)
}

// messages reads downlinkMessages: absent, null and [] are all "nothing arrived".
func (s *shape) messages(raw json.RawMessage) []Downlink {
	const field = "downlinkMessages"
	if absent(raw) || string(raw) == "[]" {
		return nil
	}
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		s.complain(field, "is not an array")
		return nil
	}
	messages := make([]Downlink, 0, len(elements))
	for _, e := range elements {
		var w downlinkWire
		switch err := json.Unmarshal(e, &w); {
		case err != nil:
			s.complain(field, "has an element of which "+mismatch(err))
		case absent(e):
			s.complain(field, "has a null element")
		default:
			messages = append(messages, w.downlink())
		}
	}
	return messages
}

type wireDownlink Downlink

// downlinkWire shadows content to tell null from empty.
type downlinkWire struct {
	wireDownlink
	Content *string `json:"content"`
}

func (w *downlinkWire) downlink() Downlink {
	d := Downlink(w.wireDownlink)
	if d.NullContent = w.Content == nil; !d.NullContent {
		d.Content = *w.Content
	}
	return d
}

// AppToken is the answer of tokenByAkSk.
type AppToken struct {
	Token   string
	Type    string // "Bearer"
	Expires int    // seconds; 0 when it was missing or not a number
}

// ParseAppToken reads the body of a 200 answer of tokenByAkSk, which has no result code.
func ParseAppToken(body []byte) (AppToken, error) {
	var w struct {
		AccessToken Loose
		ApplyType   Loose
		Expires     Loose
	}
	if err := unmarshal(body, &w); err != nil {
		return AppToken{}, err
	}
	if w.AccessToken == "" {
		return AppToken{}, fmt.Errorf("%w: AccessToken is missing", ErrBadShape)
	}
	seconds, _ := strconv.Atoi(string(w.Expires))
	return AppToken{Token: string(w.AccessToken), Type: string(w.ApplyType), Expires: seconds}, nil
}

// ParseUserToken reads the body of a 200 answer of applyToken: an object with token and
// resultCode, or, as one of the vendor's samples has it, the bare token, as a JSON text or raw.
// A refusal has an empty token and its code.
func ParseUserToken(body []byte) (token, code string, err error) {
	body = bytes.TrimSpace(body)
	if isRawToken(body) {
		return string(body), CodeOK, nil
	}
	if len(body) > 0 && body[0] == '"' {
		if err := unmarshal(body, &token); err != nil {
			return "", "", err
		}
		return token, CodeOK, nil
	}
	var w struct {
		Token      Loose  `json:"token"`
		ResultCode *Loose `json:"resultCode"`
	}
	if err := unmarshal(body, &w); err != nil {
		return "", "", err
	}
	switch {
	case w.ResultCode != nil:
		return string(w.Token), string(*w.ResultCode), nil
	case w.Token != "":
		return string(w.Token), CodeOK, nil
	}
	return "", "", ErrNoCode
}

// isRawToken accepts the alphabet of URL-encoded Base64.
func isRawToken(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	for _, c := range b {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case bytes.IndexByte([]byte("+/=%-_."), c) >= 0:
		default:
			return false
		}
	}
	return true
}
