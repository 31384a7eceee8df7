// Package aicc is the wire of the customer side of Huawei Cloud 云客服 (AICC) web chat: its
// endpoints, message types and enumerations, the bytes of a request, the meaning of an answer.
//
// It follows docs/protocol.md, where each fact carries a mark: D (on a vendor page), S (in the
// vendor's demo client), U (unknown). Section numbers in comments refer to that file. The package
// opens no connections and keeps no conversation; both sides of a run, the simulated customer and
// the embedded tenant, are built on it.
package aicc

// Op is one kind of exchange. The four uses of send are kept apart because they are measured and
// judged apart.
type Op uint8

// The exchanges of a chat run, in the order of the demo flow.
const (
	OpNone       Op = iota
	OpToken         // E01 tokenByAkSk: application token
	OpApply         // E02 applyToken: user token
	OpConnect       // E03/E04 send CONNECT
	OpPoll          // E05 poll
	OpSend          // E03/E04 send CHAT
	OpTransfer      // E03/E04 send TRANS2AGENT
	OpQueue         // E06 queryQueueInfo
	OpUpload        // E07 uploadFileStream
	OpDownload      // E08 downloadFileStream
	OpSupport       // E15 checkClickToCallSupport
	OpDisconnect    // E03/E04 send DISCONNECT
	OpLeave         // E10 doLeaveMessage
	opCount
)

// Ops lists every Op but OpNone, in the order of the demo flow.
func Ops() []Op {
	all := make([]Op, 0, opCount-1)
	for op := OpToken; op < opCount; op++ {
		all = append(all, op)
	}
	return all
}

var opNames = [opCount]string{"none", "token", "apply", "connect", "poll", "send", "transfer", "queue",
	"upload", "download", "support", "disconnect", "leave"}

// String is the name used in traces, results and gates.
func (o Op) String() string {
	if o < opCount {
		return opNames[o]
	}
	return "none"
}

// ParseOp is the reverse of [Op.String]; unknown names give OpNone.
func ParseOp(name string) Op {
	for i, n := range opNames {
		if n == name {
			return Op(i)
		}
	}
	return OpNone
}

// Paths of the endpoints, relative to the base address (protocol.md section 3). They are
// case-sensitive, and the base address carries scheme, host and port.
const (
	PathToken     = "/apigovernance/api/oauth/tokenByAkSk"
	PathApply     = "/apiaccess/ccmessaging/applyToken"
	PathSend      = "/apiaccess/ccmessaging/send"
	PathSendAsync = "/apiaccess/ccmessaging/sendAsync"
	PathPoll      = "/apiaccess/ccmessaging/poll"
	PathQueue     = "/apiaccess/ccmessaging/queryQueueInfo"
	PathUpload    = "/apiaccess/ccmessaging/uploadFileStream"
	PathDownload  = "/apiaccess/ccmessaging/downloadFileStream"
	PathHistory   = "/apiaccess/ccmessaging/queryHistoryChatMessage"
	PathLeave     = "/apiaccess/ccmessaging/doLeaveMessage"
	PathPhrases   = "/apiaccess/ccmessaging/queryPhraseByKeyword"
	PathSurvey    = "/apiaccess/ccmessaging/getsatisfactionsurveymode"
	PathRate      = "/apiaccess/ccmessaging/saveSatisfaction"
	PathFeedback  = "/apiaccess/ccmessaging/v1/robot/feedbacksatisfaction"
	PathSupport   = "/apiaccess/ccmessaging/v1/checkClickToCallSupport"
)

// Header names (section 2.2).
const (
	HeaderAppKey      = "x-app-key"
	HeaderAuth        = "Authorization"
	HeaderUserToken   = "ccmessaging-token"
	HeaderTokenExpire = "X-Token-Expire"
)

// ChannelWeb is the only channel of this API's customer side.
const ChannelWeb = "WEB"

// Values of controlType (sections E03 and 4).
const (
	Connect    = "CONNECT"
	Chat       = "CHAT"
	Transfer   = "TRANS2AGENT"
	Input      = "INPUT"
	Read       = "READ"
	Disconnect = "DISCONNECT"
)

// Values of sourceType.
const (
	FromCustomer = "CUSTOMER"
	FromAgent    = "AGENT"
	FromRobot    = "ROBOT"
	FromSystem   = "SYSTEM"
	FromUser     = "USER" // the customer, as the history calls it (section E09)
)

// Values of mediaType, both directions.
const (
	Text     = "TEXT"
	Image    = "IMAGE"
	Audio    = "AUDIO"
	Video    = "VIDEO"
	Locate   = "LOCATE"
	Document = "DOCUMENT"
	File     = "FILE"
)

// Result codes with a meaning of their own (section 5).
const (
	CodeOK          = "0"
	CodeParam       = "1"      // queryQueueInfo: parameter error; applyToken, history, phrases: failure
	CodeMissing     = "2"      // upload, leave message: a parameter is missing
	CodeWrong       = "3"      // upload, leave message: a parameter is wrong; queue: token error
	CodeEnded       = "5"      // queryQueueInfo: the conversation has ended
	CodeInvalid     = "6"      // queryQueueInfo: the CCUCS session is invalid
	CodeOffHours    = "12"     // CONNECT, TRANS2AGENT: not in agent working time
	CodeFailed      = "13"     // general failure
	CodeNoObjectKey = "401"    // downloadFileStream; a result code, not the HTTP status
	CodeNoSession   = "160004" // CCUCS: session not found
	CodeWithAgent   = "160021" // CCUCS: already with an agent
	CodeInIVR       = "160022" // CCUCS: transferred to IVR
	CodeFlowControl = "10010000002"
	CodeNoContent   = "30000000008" // feedbacksatisfaction: feedbackContent is missing
	CodeNoRobot     = "30000000019" // feedbacksatisfaction: no conversation with a robot
	CodeChatFault   = "30010009999" // feedbacksatisfaction: exception in the chat module
)

// Limits the vendor states (section 13.2). They count characters unless said otherwise.
const (
	MaxUserID       = 24  // the smaller of 24 (send) and 32 (applyToken)
	MaxMessageID    = 32  // and no comma
	MaxDownText     = 500 // content of a downlink message
	MaxDemoText     = 499 // longest text the demo sends
	MaxDownloadSize = 2 << 20
	MaxPhrases      = 5   // of one answer of queryPhraseByKeyword
	MaxComment      = 511 // of a survey: "shorter than 512"
	MaxFeedback     = 64  // feedbackContent
)

// MediaFileType is the fileType the demo asks for when a message of this mediaType arrives from
// the media library, and whether the demo treats the type as media at all. The demo's own table
// is not printed on its page; this one is our reading of it (U).
func MediaFileType(mediaType string) (fileType string, mapped bool) {
	switch mediaType {
	case Image:
		return "jpg", true
	case Video:
		return "mp4", true
	case Audio:
		return "mp3", true
	}
	return "", false
}

// Class says what is known of an exchange's effect, in the sense of Jepsen: ok happened, fail
// definitely did not, info may or may not have.
type Class uint8

// The classes of an exchange.
const (
	Unfinished Class = iota
	OK
	Fail
	Info
)

// String is "ok", "fail", "info" or "".
func (c Class) String() string {
	return [...]string{"", "ok", "fail", "info"}[c&3]
}

// ParseClass is the reverse of [Class.String].
func ParseClass(s string) Class {
	switch s {
	case "ok":
		return OK
	case "fail":
		return Fail
	case "info":
		return Info
	}
	return Unfinished
}

// tellsState reports whether a result code of queryQueueInfo says where the conversation is
// (section 5.1).
func tellsState(code string) bool {
	switch code {
	case CodeEnded, CodeInvalid, CodeNoSession, CodeWithAgent, CodeInIVR:
		return true
	}
	return false
}

// Classify puts the answer of an exchange into its class. Code is the result code, empty when the
// body carried none, and decoded says whether the whole body arrived and was JSON of the expected
// shape. Exchanges without an answer are classified by whoever ran the connection: nothing
// written is fail, anything else is info.
//
// 429 counts as info: it is not known whether a gateway counts before or after it forwards. To the
// question for the queue position "with an agent" and "ended" are answers like any other, so they
// are ok.
func Classify(op Op, status int, code string, decoded bool) Class {
	switch {
	case status == 200 && decoded && (code == CodeOK || op == OpQueue && tellsState(code)):
		return OK
	case status == 200 && decoded && code != "":
		return Fail
	case status == 200:
		return Info
	case status == 429 || status >= 500:
		return Info
	case status >= 300:
		return Fail
	}
	return Info
}
