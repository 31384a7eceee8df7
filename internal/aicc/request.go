package aicc

import (
	"encoding/base64"
	"strconv"
)

// Target is where requests go. Its methods append whole HTTP/1.1 requests, head and body, with an
// exact Content-Length; they allocate nothing when dst has room.
//
// Control characters in anything that becomes a header are dropped, so that no token or name can
// add a header line of its own.
type Target struct {
	Host   string // value of the Host header: name or address, with the port when it is not the scheme's own
	Prefix string // path in front of every endpoint's, escaped, without a slash at its end; usually empty
	AppKey string // value of x-app-key; empty leaves the header out
}

// Auth is the pair of tokens that a business call carries (section 2.3). An empty one leaves its
// header out.
type Auth struct {
	Access string // from tokenByAkSk, without "Bearer"
	User   string // from applyToken
}

// Apply is the body of applyToken (E02).
type Apply struct {
	UserID   string // 1 to 32 characters, but see [MaxUserID]
	UserName string
	Channel  string // configuration id of the channel
	Locale   string // zh, zh_CN, en or en_US
}

// Send is the body of send and sendAsync (E03, E04). Empty optional fields are left out.
type Send struct {
	Control   string // controlType
	Media     string // mediaType; empty means TEXT
	Content   string // optional
	From      string // userId
	To        string // configuration id of the channel
	Nickname  string // optional
	MessageID string // optional; see [MaxMessageID]
	TransData string // optional; JSON text for the robot flow
	Timestamp int64  // milliseconds since 1970; 0 leaves it out
	Async     bool   // sendAsync instead of send
}

// AppendToken appends a tokenByAkSk request (E01). Expire is the wanted life in seconds, of which
// the vendor grants at most 3600; 0 leaves the header out.
func (t *Target) AppendToken(dst []byte, key, secret string, expire int) []byte {
	dst = t.appendHeaders(t.appendStart(dst, "POST ", PathToken))
	if expire > 0 {
		dst = append(dst, HeaderTokenExpire+": "...)
		dst = append(strconv.AppendInt(dst, int64(expire), 10), "\r\n"...)
	}
	dst, body := beginBody(dst)
	dst = appendField(dst, `{"app_key":`, key)
	dst = appendField(dst, `,"app_secret":`, secret)
	return endBody(append(dst, '}'), body)
}

// AppendApply appends an applyToken request (E02). Access is the application token.
func (t *Target) AppendApply(dst []byte, access string, a Apply) []byte {
	dst, body := t.beginPost(dst, Auth{Access: access}, PathApply)
	dst = appendField(dst, `{"userId":`, a.UserID)
	dst = appendField(dst, `,"userName":`, a.UserName)
	dst = appendField(dst, `,"channelId":`, a.Channel)
	dst = appendField(dst, `,"locale":`, a.Locale)
	return endBody(append(dst, '}'), body)
}

// AppendSend appends a send or sendAsync request (E03, E04).
func (t *Target) AppendSend(dst []byte, auth Auth, s *Send) []byte {
	path, media := PathSend, s.Media
	if s.Async {
		path = PathSendAsync
	}
	if media == "" {
		media = Text
	}
	dst, body := t.beginPost(dst, auth, path)
	dst = appendField(dst, `{"channel":"`+ChannelWeb+`","sourceType":"`+FromCustomer+`","controlType":`, s.Control)
	dst = appendField(dst, `,"mediaType":`, media)
	dst = appendOptional(dst, `,"content":`, s.Content)
	dst = appendField(dst, `,"from":`, s.From)
	dst = appendField(dst, `,"to":`, s.To)
	dst = appendOptional(dst, `,"senderNickname":`, s.Nickname)
	dst = appendOptional(dst, `,"messageId":`, s.MessageID)
	dst = appendOptional(dst, `,"transData":`, s.TransData)
	if s.Timestamp != 0 { // text, as the field table has it
		dst = append(dst, `,"timestamp":"`...)
		dst = append(strconv.AppendInt(dst, s.Timestamp, 10), '"')
	}
	return endBody(append(dst, '}'), body)
}

// AppendPoll appends a poll request (E05). NeedRead asks for READ receipts as well.
func (t *Target) AppendPoll(dst []byte, auth Auth, user string, needRead bool) []byte {
	dst = t.appendStart(dst, "GET ", PathPoll)
	dst = appendQueryValue(append(dst, "?receiverId="...), user)
	dst = append(dst, "&channel="+ChannelWeb...)
	if needRead {
		dst = append(dst, "&isNeedRead=true"...)
	}
	return append(t.appendAuth(t.appendHeaders(dst), auth), "\r\n"...)
}

// AppendQueue appends a queryQueueInfo request (E06).
func (t *Target) AppendQueue(dst []byte, auth Auth, user, channel string) []byte {
	dst, body := t.beginPost(dst, auth, PathQueue)
	dst = appendField(dst, `{"userId":`, user)
	dst = appendField(dst, `,"channelConfigId":`, channel)
	return endBody(append(dst, `,"channel":"`+ChannelWeb+`"}`...), body)
}

// AppendUpload appends an uploadFileStream request (E07) with data in Base64.
func (t *Target) AppendUpload(dst []byte, auth Auth, fileType string, data []byte) []byte {
	dst, body := t.beginPost(dst, auth, PathUpload)
	dst = appendField(dst, `{"fileType":`, fileType)
	dst = base64.StdEncoding.AppendEncode(append(dst, `,"fileStream":"`...), data)
	return endBody(append(dst, `","channel":"`+ChannelWeb+`"}`...), body)
}

// AppendDownload appends a downloadFileStream request (E08) for the content of a downlink message:
// local for a file on the agent's computer, otherwise an id in the media library.
func (t *Target) AppendDownload(dst []byte, auth Auth, fileID, fileType string, local bool) []byte {
	dst, body := t.beginPost(dst, auth, PathDownload)
	dst = append(dst, `{"fileId":"`...)
	if local {
		dst = append(dst, "local/"...)
	}
	dst = append(appendEscaped(dst, fileID), '"')
	dst = appendField(dst, `,"fileType":`, fileType)
	if !local {
		dst = append(dst, `,"multiMedia":"multiMedia"`...)
	}
	return endBody(append(dst, `,"channel":"`+ChannelWeb+`"}`...), body)
}

// AppendLeave appends a doLeaveMessage request (E10). The field callId carries the user id, in
// spite of its name.
func (t *Target) AppendLeave(dst []byte, auth Auth, user, caller, text string) []byte {
	dst, body := t.beginPost(dst, auth, PathLeave)
	dst = appendField(dst, `{"callId":`, user)
	dst = appendField(dst, `,"caller":`, caller)
	dst = appendField(dst, `,"leaveMessage":`, text)
	return endBody(append(dst, `,"channel":"`+ChannelWeb+`"}`...), body)
}

// AppendSupport appends a checkClickToCallSupport request (E15).
func (t *Target) AppendSupport(dst []byte, auth Auth) []byte {
	dst = t.appendHeaders(append(t.appendStart(dst, "GET ", PathSupport), "?channel="+ChannelWeb...))
	return append(t.appendAuth(dst, auth), "\r\n"...)
}

// beginPost appends everything of a business call up to its body.
func (t *Target) beginPost(dst []byte, auth Auth, path string) ([]byte, int) {
	dst = t.appendHeaders(t.appendStart(dst, "POST ", path))
	return beginBody(t.appendAuth(dst, auth))
}

// appendStart appends the request line as far as the path; a query may follow.
func (t *Target) appendStart(dst []byte, method, path string) []byte {
	return append(appendVisible(append(dst, method...), t.Prefix, '!'), path...)
}

// appendHeaders ends the request line and appends the headers that every call has.
func (t *Target) appendHeaders(dst []byte) []byte {
	dst = appendVisible(append(dst, " HTTP/1.1\r\nHost: "...), t.Host, '!')
	return append(dst, "\r\nUser-Agent: chatbench\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n"...)
}

// appendAuth appends the headers that say who asks.
func (t *Target) appendAuth(dst []byte, auth Auth) []byte {
	dst = appendHeader(dst, HeaderAppKey+": ", t.AppKey)
	dst = appendHeader(dst, HeaderAuth+": Bearer ", auth.Access)
	return appendHeader(dst, HeaderUserToken+": ", auth.User)
}

// appendHeader appends a header line unless the value is empty.
func appendHeader(dst []byte, start, value string) []byte {
	if value == "" {
		return dst
	}
	return append(appendVisible(append(dst, start...), value, ' '), "\r\n"...)
}

// appendVisible appends s without control characters and without anything below least.
func appendVisible(dst []byte, s string, least byte) []byte {
	for i := range len(s) {
		if c := s[i]; c >= least && c != 0x7f {
			dst = append(dst, c)
		}
	}
	return dst
}

// lengthDigits is the room kept for the body's length: more than any body here can need.
const lengthDigits = 10

// beginBody ends the head and returns where the body begins. The length is not known yet, so room
// is left for it, which endBody fills or closes.
func beginBody(dst []byte) ([]byte, int) {
	dst = append(dst, "Content-Type: application/json\r\nContent-Length: "...)
	dst = append(dst, "          "[:lengthDigits]...)
	dst = append(dst, "\r\n\r\n"...)
	return dst, len(dst)
}

// endBody writes the length of the body that begins at body and moves the rest up to it.
func endBody(dst []byte, body int) []byte {
	at := body - len("\r\n\r\n") - lengthDigits
	written := strconv.AppendInt(dst[:at], int64(len(dst)-body), 10)
	return append(written, dst[at+lengthDigits:]...)
}

// appendQueryValue percent-encodes everything but the unreserved characters of RFC 3986.
func appendQueryValue(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}
