package probe

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
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
	u.ask("SND-22 before CONNECT", caller.SendCall(aicc.PathSend, "CHAT before CONNECT", u.Body(aicc.Chat, text)))
	u.ask("SND-28 malformed", caller.SendCall(aicc.PathSend, "a send whose JSON is cut off", []byte(`{"channel":"WEB","controlType":"CHAT","content":"`)))
	u.askOptional("ROB-22 without a robot", u.feedbackCall("a rating without a conversation", "1", caller.Fields{"feedback": 1}))
	u.connectOddly()
	u.pollOddly()
	for _, field := range []string{"userId", "channelConfigId", "channel"} {
		u.ask("QUE-23 "+field, caller.Call{Ask: "queryQueueInfo without " + field, Op: aicc.OpQueue, Path: aicc.PathQueue, Body: u.Place().Without(field)})
	}
	u.uploadOddly()
	u.ask("LEA-21 complete", u.LeaveCall("doLeaveMessage", "please call me back"))
	u.ask("LEA-21 empty", u.LeaveCall("doLeaveMessage with an empty text", ""))
	u.surveyMode()
}

// ask makes a call for a case that is wanted.
func (u *user) ask(name string, c caller.Call) {
	if u.s.wants(name) {
		a := u.call(c)
		u.Open = u.Open || c.Op == aicc.OpConnect && a.OK()
		u.s.tell(name, a)
	}
}

// askOptional is ask for an endpoint that a tenant need not have.
func (u *user) askOptional(name string, c caller.Call) {
	if !u.s.wants(name) {
		return
	}
	a := u.call(c)
	if a.Status == http.StatusNotFound {
		u.s.skip(name, trace.Lacking, "the tenant has no "+c.Path)
		return
	}
	u.s.tell(name, a)
}

func (u *user) connectOddly() {
	odd := func(name, ask string, body caller.Fields) {
		c := caller.SendCall(aicc.PathSend, ask, body)
		c.Op = aicc.OpConnect
		u.ask(name, c)
	}
	whole := u.Body(aicc.Connect, "hello")
	for _, field := range []string{"channel", "controlType", "from", "mediaType", "sourceType", "to"} {
		odd("CON-23 "+field, "CONNECT without "+field, whole.Without(field))
	}
	odd("CON-23 another channel", "CONNECT with channel WECHAT", whole.With("channel", "WECHAT"))
	u.cleanUp() // else what follows would be asked in a conversation
}

func (u *user) pollOddly() {
	for _, odd := range []struct {
		name string
		args url.Values
	}{
		{"POL-21 receiverId", url.Values{"channel": {aicc.ChannelWeb}}},
		{"POL-21 channel", url.Values{"receiverId": {u.ID}}},
		{"POL-21 another channel", url.Values{"receiverId": {u.ID}, "channel": {"WECHAT"}}},
	} {
		q := odd.args.Encode()
		u.ask(odd.name, caller.Call{Ask: "poll?" + q, Op: aicc.OpPoll, Path: aicc.PathPoll, Query: q})
	}
}

func unknownFile() caller.Fields {
	return caller.Fields{"fileId": "00000000-0000-4000-8000-000000000000", "channel": aicc.ChannelWeb, "fileType": "jpg", "multiMedia": "multiMedia"}
}

func (u *user) uploadOddly() {
	odd := func(name, ask string, body caller.Fields) {
		u.ask(name, caller.Call{Ask: ask, Op: aicc.OpUpload, Path: aicc.PathUpload, Body: body})
	}
	for _, field := range []string{"fileType", "fileStream", "channel"} {
		odd("MED-21 "+field, "uploadFileStream without "+field, caller.Upload().Without(field))
	}
	program := base64.StdEncoding.EncodeToString([]byte("MZ not a program"))
	odd("MED-21 wrong type", "an upload of type exe", caller.Upload().With("fileType", "exe").With("fileStream", program))
	u.ask("MED-22 unknown file", caller.Call{Ask: "a download of a file that is not there", Op: aicc.OpDownload, Path: aicc.PathDownload, Body: unknownFile()})
	u.ask("MED-22 unlisted type", caller.Call{Ask: "a download of type exe", Op: aicc.OpDownload, Path: aicc.PathDownload, Body: unknownFile().With("fileType", "exe")})
}

func (u *user) feedbackCall(ask, interIdx string, rating caller.Fields) caller.Call {
	return caller.Call{Ask: ask, Path: aicc.PathFeedback, Body: rating.With("from", u.ID).With("interIdx", interIdx)}
}

// surveyMode looks, the first time it is called, at how the survey is described, and keeps whether
// there is one.
func (u *user) surveyMode() {
	s := u.s
	if s.surveyKnown {
		return
	}
	s.surveyKnown = true
	survey, a := u.SurveyMode(s.ctx)
	if a.Status == http.StatusNotFound {
		s.noSurvey = "the tenant has no " + aicc.PathSurvey
		s.skip("SRV-22 mode", trace.Lacking, s.noSurvey)
		return
	}
	odd := 0
	for _, level := range survey.Levels {
		odd += count(!slices.Contains([]string{"1", "2", "3", "4", "5"}, string(level.Key)))
	}
	if survey.Type == "NO" {
		s.noSurvey = "the channel has no survey"
	}
	s.tellCount("SRV-22 mode", a, odd, string(survey.Type))
}
