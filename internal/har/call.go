package har

import (
	"encoding/json"
	"net/url"
	"strings"

	"chatbench/internal/aicc"
)

// call is an endpoint of the chat.
type call struct {
	path string  // as in docs/protocol.md section 3
	op   aicc.Op // OpNone: none of the demo flow
}

// tail is the end of the path by which the call is known, since a site may serve it below an address
// of its own.
func (c *call) tail() string {
	return strings.TrimPrefix(strings.TrimPrefix(c.path, "/apigovernance/api"), "/apiaccess")
}

var calls = [...]call{
	{aicc.PathToken, aicc.OpToken},
	{aicc.PathApply, aicc.OpApply},
	{aicc.PathSend, aicc.OpSend},
	{aicc.PathSendAsync, aicc.OpSend},
	{aicc.PathPoll, aicc.OpPoll},
	{aicc.PathQueue, aicc.OpQueue},
	{aicc.PathUpload, aicc.OpUpload},
	{aicc.PathDownload, aicc.OpDownload},
	{aicc.PathLeave, aicc.OpLeave},
	{aicc.PathSupport, aicc.OpSupport},
	{aicc.PathHistory, aicc.OpNone},
	{aicc.PathPhrases, aicc.OpNone},
	{aicc.PathSurvey, aicc.OpNone},
	{aicc.PathRate, aicc.OpNone},
	{aicc.PathFeedback, aicc.OpNone},
}

// recognised is what the path of an address says.
type recognised struct {
	call
	prefix string // what stands in front of the call's path
	chat   bool   // the path is one of the chat, known or not
}

func recognise(u *url.URL) recognised {
	path := strings.TrimSuffix(u.Path, "/")
	for _, c := range calls {
		if prefix, ok := strings.CutSuffix(path, c.path); ok {
			return recognised{call: c, prefix: prefix, chat: true}
		}
		if prefix, ok := strings.CutSuffix(path, c.tail()); ok {
			return recognised{call: c, prefix: prefix, chat: true}
		}
	}
	return recognised{chat: strings.Contains(path, "/ccmessaging/")}
}

// told is what the body of a request says of who asks for what.
type told struct {
	ControlType string     `json:"controlType"`
	UserID      aicc.Loose `json:"userId"`
	From        aicc.Loose `json:"from"`
	CallID      aicc.Loose `json:"callId"` // of doLeaveMessage, which carries the user in it
	To          aicc.Loose `json:"to"`
	ChannelID   aicc.Loose `json:"channelId"`
}

func tell(body []byte) (t told) {
	_ = json.Unmarshal(body, &t) // a field of the wrong type tells nothing, the others do
	return t
}

// user is the user that the body of a call names, or "".
func (t *told) user(c *call) string {
	switch c.path {
	case aicc.PathSend, aicc.PathSendAsync:
		return string(t.From)
	case aicc.PathLeave:
		return string(t.CallID)
	}
	return string(t.UserID)
}

// channel is the configuration id of the channel that the body of a call names, or "".
func (t *told) channel(c *call) string {
	switch c.path {
	case aicc.PathSend, aicc.PathSendAsync:
		return string(t.To)
	}
	return string(t.ChannelID)
}

// opOf says what a call is: of send, which of its uses.
func (t *told) opOf(c *call) aicc.Op {
	if c.op != aicc.OpSend {
		return c.op
	}
	switch t.ControlType {
	case aicc.Connect:
		return aicc.OpConnect
	case aicc.Transfer:
		return aicc.OpTransfer
	case aicc.Disconnect:
		return aicc.OpDisconnect
	case aicc.Chat:
		return aicc.OpSend
	}
	return aicc.OpNone // READ, INPUT, or nothing that could be read
}
