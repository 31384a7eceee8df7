package aicc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
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

// Queueing reports whether queueFlag is truthy as the demo's script would see it.
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

type wireAnswer struct {
	ResultCode       *Loose          `json:"resultCode"`
	ReturnCode       *Loose          `json:"returnCode"`
	ResultDesc       json.RawMessage `json:"resultDesc"`
	DownlinkMessages json.RawMessage `json:"downlinkMessages"`
	Position         Loose           `json:"position"`
	EstimateWaitTime Loose           `json:"estimateWaitTime"`
	ObjectKey        Loose           `json:"objectKey"`
	FileStream       json.RawMessage `json:"fileStream"`
	ClickToCall      Loose           `json:"clickToCallSupported"`
}

// ParseAnswer reads the body of a 200 answer. The error, if any, is one of ErrNotJSON, ErrNoCode
// or ErrBadShape wrapped with what was found; the fields that could be read are set all the same.
func ParseAnswer(body []byte) (Answer, error) {
	var a Answer
	body = bytes.TrimSpace(body)
	if !json.Valid(body) {
		return a, fmt.Errorf("%w: it begins with %.60q", ErrNotJSON, body)
	}
	var w wireAnswer
	if err := json.Unmarshal(body, &w); err != nil {
		return a, fmt.Errorf("%w: %v", ErrBadShape, err)
	}
	code := w.ResultCode
	if code == nil {
		code = w.ReturnCode
	}
	json.Unmarshal(w.ResultDesc, &a.Desc) //nolint:errcheck // any other type than text is as good as none
	a.ObjectKey = string(w.ObjectKey)
	a.Position, _ = strconv.Atoi(string(w.Position))
	a.EstimateWait, _ = strconv.Atoi(string(w.EstimateWaitTime))
	a.ClickToCall = w.ClickToCall == "true" || w.ClickToCall == "1"
	if len(w.FileStream) >= 2 && w.FileStream[0] == '"' {
		a.FileStream = unquoteBase64(w.FileStream)
	}
	var err error
	if a.Messages, err = parseMessages(w.DownlinkMessages); err != nil {
		return a, err
	}
	if code == nil || *code == "" {
		return a, ErrNoCode
	}
	a.Code = string(*code)
	return a, nil
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

// parseMessages reads downlinkMessages: absent, null and [] are all "nothing arrived".
func parseMessages(raw json.RawMessage) ([]Downlink, error) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil, nil
	}
	if raw[0] != '[' {
		return nil, fmt.Errorf("%w: downlinkMessages is not an array", ErrBadShape)
	}
	var elements []*downlinkWire
	if err := json.Unmarshal(raw, &elements); err != nil {
		return nil, fmt.Errorf("%w: downlinkMessages: %v", ErrBadShape, err)
	}
	messages := make([]Downlink, 0, len(elements))
	for _, e := range elements {
		if e == nil {
			return messages, fmt.Errorf("%w: downlinkMessages has a null element", ErrBadShape)
		}
		m := Downlink(e.wireDownlink)
		m.NullContent = e.Content == nil
		if e.Content != nil {
			m.Content = *e.Content
		}
		messages = append(messages, m)
	}
	return messages, nil
}

type wireDownlink Downlink

// downlinkWire shadows content to tell null from empty.
type downlinkWire struct {
	wireDownlink
	Content *string `json:"content"`
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
		ResultCode  Loose `json:"resultCode"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return AppToken{}, fmt.Errorf("%w: it begins with %.60q", ErrNotJSON, bytes.TrimSpace(body))
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
	if len(body) == 0 {
		return "", "", fmt.Errorf("%w: it is empty", ErrNotJSON)
	}
	switch body[0] {
	case '{':
		var w struct {
			Token      Loose  `json:"token"`
			ResultCode *Loose `json:"resultCode"`
		}
		if err := json.Unmarshal(body, &w); err != nil {
			return "", "", fmt.Errorf("%w: %v", ErrNotJSON, err)
		}
		if w.ResultCode == nil && w.Token == "" {
			return "", "", ErrNoCode
		}
		if w.ResultCode == nil {
			return string(w.Token), CodeOK, nil
		}
		return string(w.Token), string(*w.ResultCode), nil
	case '"':
		if err := json.Unmarshal(body, &token); err != nil {
			return "", "", fmt.Errorf("%w: %v", ErrNotJSON, err)
		}
		return token, CodeOK, nil
	}
	if !isRawToken(body) {
		return "", "", fmt.Errorf("%w: it begins with %.60q", ErrNotJSON, body)
	}
	return string(body), CodeOK, nil
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
