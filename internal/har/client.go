package har

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// client is what is known of a customer's conversation while its events are made.
type client struct {
	index  int
	epoch  int
	lastID uint32
	tokens trace.Tokens

	began   bool   // a conversation
	page    string // on which it began
	midway  bool   // the recording begins within it
	state   state
	leaving bool // it sent DISCONNECT
	left    bool // a message, having been refused
}

// state is where a conversation is.
type state uint8

const (
	unconnected state = iota // CONNECT was not answered yet, or 401, or in no way that tells
	connected                // CONNECT was answered 0
	refused                  // CONNECT was answered with another code
	dropped                  // a DISCONNECT came
)

func (c *client) start(page string, midway bool) {
	*c = client{index: c.index, epoch: c.epoch, lastID: c.lastID, tokens: c.tokens, began: true, page: page, midway: midway}
	if midway {
		c.state = connected
	}
}

// settled reports whether CONNECT had an answer, so that another one begins another conversation.
func (c *client) settled() bool { return c.state != unconnected || c.leaving }

// guess says what a call of send was whose body the recording does not have: the first one cannot have
// been anything but CONNECT.
func (c *client) guess() aicc.Op {
	if !c.began || c.state == unconnected {
		return aicc.OpConnect
	}
	return aicc.OpNone
}

// did notes what the client does.
func (c *client) did(op aicc.Op) {
	switch op {
	case aicc.OpDisconnect:
		c.leaving = true
	case aicc.OpLeave:
		c.left = true
	}
}

// heard notes what it is answered.
func (c *client) heard(ret *trace.Event) {
	switch {
	case ret.Op != aicc.OpConnect || c.state != unconnected:
	case ret.Class == aicc.OK || ret.NoBody:
		c.state = connected
	case ret.Class == aicc.Fail && ret.Status == 200:
		c.state = refused
	}
}

// told notes what it is told.
func (c *client) told(m *aicc.Downlink) {
	if m.ControlType == aicc.Disconnect && c.state == connected {
		c.state = dropped
	}
}

// endedBefore says how a conversation ended before the CONNECT of another one, on some page. What is
// sent while a page is closed is often missing in recordings, so that nothing can be said of a
// conversation that was left with its page.
func (c *client) endedBefore(page string) trace.Ended {
	switch ended := c.endedAtLast(); {
	case ended != trace.CutShort:
		return ended
	case c.state == refused:
		return trace.NoConnect
	case c.state == connected && !c.midway && page == c.page:
		return trace.ByCustomer
	}
	return trace.CutShort
}

// endedAtLast says how a conversation had ended when the recording did.
func (c *client) endedAtLast() trace.Ended {
	switch {
	case c.state == dropped:
		return trace.ByPeer
	case c.leaving:
		return trace.ByCustomer
	case c.left && c.state == refused:
		return trace.NoConnect
	}
	return trace.CutShort
}

// describe sets what the body of a request says.
func describe(e *trace.Event, body []byte) {
	switch e.Op {
	case aicc.OpSend:
		var w struct {
			MediaType string     `json:"mediaType"`
			Content   aicc.Loose `json:"content"`
		}
		if json.Unmarshal(body, &w) == nil && w.MediaType == aicc.Text {
			e.Chars, e.Bytes = utf8.RuneCountInString(string(w.Content)), len(w.Content)
		}
	case aicc.OpDownload:
		var w struct {
			FileID   aicc.Loose `json:"fileId"`
			FileType string     `json:"fileType"`
		}
		_ = json.Unmarshal(body, &w) // what cannot be read is judged as what it is: nothing asked for
		e.FileID, e.Local = strings.CutPrefix(string(w.FileID), "local/")
		e.File = &trace.File{ID: e.FileID, Want: w.FileType}
	case aicc.OpUpload:
		var w struct {
			FileType   string `json:"fileType"`
			FileStream string `json:"fileStream"`
		}
		if json.Unmarshal(body, &w) == nil && w.FileStream != "" {
			e.File = &trace.File{Want: w.FileType}
			e.File.Decode([]byte(w.FileStream))
		}
	}
}
