package judge

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// call is one request of a client, from its arrival to its answer.
type call struct {
	c    *customer
	conn *conn // nil: one that does not tell when it is closed

	id       uint32
	op       aicc.Op
	started  time.Duration
	token    int
	noAccess bool
	async    bool
	fileID   string
	local    bool
	want     string // OpDownload: the type asked for
	asked    int    // OpToken: wanted life in seconds
	chars    int
	bytes    int
	probe    bool   // it belongs to no conversation that can be judged by it
	wrong    string // what is wrong with the request; "" for nothing
	over     bool   // it was answered, or the client has given it up
}

// request is what a request says, as far as it is looked at. Clients write what they like: each field
// is taken if it is there and of the right type.
type request struct {
	method, path string
	app          bool   // Authorization is there
	key          bool   // x-app-key is
	token        string // ccmessaging-token
	agent        string // User-Agent
	body         body
	broken       bool // the body is no JSON object
	query        url.Values
	life         int // X-Token-Expire
}

// body are the fields of all requests.
type body struct {
	UserID          string `json:"userId"`
	From            string `json:"from"`
	To              string `json:"to"`
	CallID          string `json:"callId"`
	ControlType     string `json:"controlType"`
	SourceType      string `json:"sourceType"`
	MediaType       string `json:"mediaType"`
	Content         string `json:"content"`
	Channel         string `json:"channel"`
	ChannelID       string `json:"channelId"`
	ChannelConfigID string `json:"channelConfigId"`
	FileID          string `json:"fileId"`
	FileType        string `json:"fileType"`
	MultiMedia      string `json:"multiMedia"`
}

// read copies what is looked at out of an exchange.
func read(x *http1.Exchange) request {
	r := request{method: x.Method, path: string(x.Path), token: string(x.Header("ccmessaging-token")),
		app: len(x.Header("authorization")) > 0, key: len(x.Header("x-app-key")) > 0, agent: string(x.Header("user-agent"))}
	if x.Method == http.MethodPost {
		var fields map[string]json.RawMessage
		r.broken = json.Unmarshal(x.Request, &fields) != nil || fields == nil
		_ = json.Unmarshal(x.Request, &r.body) // a field of another type is as good as none
	}
	r.query, _ = url.ParseQuery(string(x.Query)) // what can be read of it
	fmt.Sscanf(string(x.Header("x-token-expire")), "%d", &r.life)
	return r
}

// controls are the uses of send.
var controls = map[string]aicc.Op{aicc.Connect: aicc.OpConnect, aicc.Chat: aicc.OpSend, aicc.Transfer: aicc.OpTransfer, aicc.Disconnect: aicc.OpDisconnect}

// endpoints are the calls that a client can make, with their methods; OpNone for what is no part of the
// demo flow.
var endpoints = map[string]struct {
	method string
	op     aicc.Op
}{
	aicc.PathToken:     {http.MethodPost, aicc.OpToken},
	aicc.PathApply:     {http.MethodPost, aicc.OpApply},
	aicc.PathSend:      {http.MethodPost, aicc.OpNone},
	aicc.PathSendAsync: {http.MethodPost, aicc.OpNone},
	aicc.PathPoll:      {http.MethodGet, aicc.OpPoll},
	aicc.PathQueue:     {http.MethodPost, aicc.OpQueue},
	aicc.PathUpload:    {http.MethodPost, aicc.OpUpload},
	aicc.PathDownload:  {http.MethodPost, aicc.OpDownload},
	aicc.PathHistory:   {http.MethodPost, aicc.OpNone},
	aicc.PathLeave:     {http.MethodPost, aicc.OpLeave},
	aicc.PathPhrases:   {http.MethodPost, aicc.OpNone},
	aicc.PathSurvey:    {http.MethodPost, aicc.OpNone},
	aicc.PathRate:      {http.MethodPost, aicc.OpNone},
	aicc.PathFeedback:  {http.MethodPost, aicc.OpNone},
	aicc.PathSupport:   {http.MethodGet, aicc.OpSupport},
}

// isSend reports whether a path is one of the two that take what a customer says.
func isSend(path string) bool { return path == aicc.PathSend || path == aicc.PathSendAsync }

// isCall reports whether a request is for an endpoint of the API. What browsers ask with OPTIONS is not.
func (r *request) isCall() bool {
	_, known := endpoints[r.path]
	return known && r.method != http.MethodOptions
}

// op is which exchange of the demo flow a request is.
func (r *request) op() aicc.Op {
	e, ok := endpoints[r.path]
	switch {
	case !ok || e.method != r.method:
		return aicc.OpNone
	case isSend(r.path):
		return controls[r.body.ControlType]
	}
	return e.op
}

// owner is the user a token was made for, or "". Tokens are URL-encoded Base64 of a JSON object
// (docs/protocol.md section 2.3); whether the tenant made this one is for the tenant to say.
func owner(token string) string {
	plain, err := url.QueryUnescape(token)
	if err != nil {
		return ""
	}
	object, err := base64.StdEncoding.DecodeString(plain)
	if err != nil {
		return ""
	}
	var t struct {
		UserID string `json:"userId"`
	}
	if json.Unmarshal(object, &t) != nil {
		return ""
	}
	return t.UserID
}

// user is on whose behalf a request is made: whom its token is for, or else whom it names.
func (r *request) user() string {
	if user := owner(r.token); user != "" && r.path != aicc.PathApply {
		return user
	}
	return r.named()
}

// named is the user that a request names.
func (r *request) named() string {
	switch {
	case isSend(r.path):
		return r.body.From
	case r.path == aicc.PathPoll:
		return r.query.Get("receiverId")
	case r.path == aicc.PathLeave:
		return r.body.CallID
	}
	return r.body.UserID
}

// describe fills in what a request tells of the call.
func (r *request) describe(k *call) {
	k.op, k.noAccess, k.async = r.op(), !r.app, r.path == aicc.PathSendAsync
	switch k.op {
	case aicc.OpToken:
		k.asked = r.life
	case aicc.OpSend:
		if r.body.MediaType == aicc.Text {
			k.chars, k.bytes = utf8.RuneCountInString(r.body.Content), len(r.body.Content)
		}
	case aicc.OpDownload:
		k.fileID, k.local = strings.CutPrefix(r.body.FileID, "local/")
		k.want = r.body.FileType
	}
}
