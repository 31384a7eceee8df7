package probe

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// requestCases are single calls without a conversation, most of them wrong ones.
var requestCases = []string{
	"CON-23 channel", "CON-23 controlType", "CON-23 from", "CON-23 mediaType", "CON-23 sourceType", "CON-23 to", "CON-23 another channel",
	"POL-21 receiverId", "POL-21 channel", "POL-21 another channel",
	"SND-22 before CONNECT", "SND-28 malformed",
	"QUE-23 userId", "QUE-23 channelConfigId", "QUE-23 channel",
	"ROB-22 without a robot",
	"MED-21 fileType", "MED-21 fileStream", "MED-21 channel", "MED-21 wrong type", "MED-22 unknown file", "MED-22 unlisted type",
	"SRV-22 mode", "LEA-21 complete", "LEA-21 empty",
}

func playRequests(s *scene) {
	u, ok := s.user()
	if !ok {
		return
	}
	_, text := u.text("is anybody there?")
	u.ask("SND-22 before CONNECT", sendCall(aicc.PathSend, "CHAT before CONNECT", u.send(aicc.Chat, text)))
	u.ask("SND-28 malformed", sendCall(aicc.PathSend, "a send whose JSON is cut off", []byte(`{"channel":"WEB","controlType":"CHAT","content":"`)))
	u.askOptional("ROB-22 without a robot", u.feedbackCall("a rating without a conversation", "1", fields{"feedback": 1}))
	u.connectOddly()
	u.pollOddly()
	for _, field := range []string{"userId", "channelConfigId", "channel"} {
		u.ask("QUE-23 "+field, call{ask: "queryQueueInfo without " + field, op: aicc.OpQueue, path: aicc.PathQueue, body: u.place().without(field)})
	}
	u.uploadOddly()
	u.ask("LEA-21 complete", u.leaveCall("doLeaveMessage", "please call me back"))
	u.ask("LEA-21 empty", u.leaveCall("doLeaveMessage with an empty text", ""))
	u.surveyMode()
}

// ask makes a call for a case that is wanted.
func (u *user) ask(name string, c call) {
	if u.s.wants(name) {
		a := u.call(c)
		u.open = u.open || c.op == aicc.OpConnect && a.ok()
		u.s.tell(name, a)
	}
}

// askOptional is ask for an endpoint that a tenant need not have.
func (u *user) askOptional(name string, c call) {
	if !u.s.wants(name) {
		return
	}
	a := u.call(c)
	if a.status == http.StatusNotFound {
		u.s.skip(name, trace.Lacking, "the tenant has no "+c.path)
		return
	}
	u.s.tell(name, a)
}

func (u *user) connectOddly() {
	odd := func(name, ask string, body fields) {
		c := sendCall(aicc.PathSend, ask, body)
		c.op = aicc.OpConnect
		u.ask(name, c)
	}
	whole := u.send(aicc.Connect, "hello")
	for _, field := range []string{"channel", "controlType", "from", "mediaType", "sourceType", "to"} {
		odd("CON-23 "+field, "CONNECT without "+field, whole.without(field))
	}
	odd("CON-23 another channel", "CONNECT with channel WECHAT", whole.with("channel", "WECHAT"))
	u.cleanUp() // else what follows would be asked in a conversation
}

func (u *user) pollOddly() {
	for _, odd := range []struct {
		name string
		args url.Values
	}{
		{"POL-21 receiverId", url.Values{"channel": {aicc.ChannelWeb}}},
		{"POL-21 channel", url.Values{"receiverId": {u.id}}},
		{"POL-21 another channel", url.Values{"receiverId": {u.id}, "channel": {"WECHAT"}}},
	} {
		q := odd.args.Encode()
		u.ask(odd.name, call{ask: "poll?" + q, op: aicc.OpPoll, path: aicc.PathPoll, query: q})
	}
}

// picture is a PNG of one pixel.
const picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func (u *user) uploadCall(ask string) call {
	return call{ask: ask, op: aicc.OpUpload, path: aicc.PathUpload, body: upload()}
}

func upload() fields {
	return fields{"fileType": "png", "fileStream": picture, "channel": aicc.ChannelWeb}
}

func unknownFile() fields {
	return fields{"fileId": "00000000-0000-4000-8000-000000000000", "channel": aicc.ChannelWeb, "fileType": "jpg", "multiMedia": "multiMedia"}
}

func (u *user) uploadOddly() {
	odd := func(name, ask string, body fields) {
		u.ask(name, call{ask: ask, op: aicc.OpUpload, path: aicc.PathUpload, body: body})
	}
	for _, field := range []string{"fileType", "fileStream", "channel"} {
		odd("MED-21 "+field, "uploadFileStream without "+field, upload().without(field))
	}
	program := base64.StdEncoding.EncodeToString([]byte("MZ not a program"))
	odd("MED-21 wrong type", "an upload of type exe", upload().with("fileType", "exe").with("fileStream", program))
	u.ask("MED-22 unknown file", call{ask: "a download of a file that is not there", op: aicc.OpDownload, path: aicc.PathDownload, body: unknownFile()})
	u.ask("MED-22 unlisted type", call{ask: "a download of type exe", op: aicc.OpDownload, path: aicc.PathDownload, body: unknownFile().with("fileType", "exe")})
}

func (u *user) leaveCall(ask, text string) call {
	return call{ask: ask, op: aicc.OpLeave, path: aicc.PathLeave,
		body: fields{"callId": u.id, "caller": "chatbench probe", "leaveMessage": text, "channel": aicc.ChannelWeb}}
}

func (u *user) feedbackCall(ask, interIdx string, rating fields) call {
	return call{ask: ask, path: aicc.PathFeedback, body: rating.with("from", u.id).with("interIdx", interIdx)}
}

// surveyMode looks, the first time it is called, at how the survey is described, and keeps whether
// there is one.
func (u *user) surveyMode() {
	s := u.s
	if s.surveyKnown {
		return
	}
	s.surveyKnown = true
	a := u.call(call{ask: "getsatisfactionsurveymode", path: aicc.PathSurvey, body: fields{"language": "en_US"}})
	if a.status == http.StatusNotFound {
		s.noSurvey = "the tenant has no " + aicc.PathSurvey
		s.skip("SRV-22 mode", trace.Lacking, s.noSurvey)
		return
	}
	var w struct {
		Survey struct {
			Type   aicc.Loose `json:"surveyType"`
			Levels []struct {
				Key aicc.Loose `json:"satisfactionLevelKey"`
			} `json:"satisfactionLevel"`
		} `json:"satisfactionSurvey"`
	}
	if err := a.decode(&w); err != nil && a.shape == "" {
		a.shape = err.Error()
	}
	odd := 0
	for _, level := range w.Survey.Levels {
		odd += count(!slices.Contains([]string{"1", "2", "3", "4", "5"}, string(level.Key)))
	}
	if w.Survey.Type == "NO" {
		s.noSurvey = "the channel has no survey"
	}
	s.tellCount("SRV-22 mode", a, odd, string(w.Survey.Type))
}
