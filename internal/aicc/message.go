package aicc

import (
	"bytes"
	"encoding/json"
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
