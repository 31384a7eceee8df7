package caller

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"

	"chatbench/internal/aicc"
)

// Picture is a PNG of one pixel, in Base64.
const Picture = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

// Upload is the body of an upload of [Picture].
func Upload() Fields {
	return Fields{"fileType": "png", "fileStream": Picture, "channel": aicc.ChannelWeb}
}

// UploadCall is an upload of [Picture].
func UploadCall(ask string) Call {
	return Call{Ask: ask, Op: aicc.OpUpload, Path: aicc.PathUpload, Body: Upload()}
}

// DownloadCall fetches the file of a message, from the media library or from the agent's computer.
func DownloadCall(m *aicc.Downlink) Call {
	fileType, _ := aicc.MediaFileType(m.MediaType)
	body := Fields{"fileId": m.Content, "channel": aicc.ChannelWeb, "fileType": fileType, "multiMedia": "multiMedia"}
	if m.IsLocalFile() {
		body = body.Without("multiMedia").With("fileId", "local/"+m.Content).With("fileType", cmp.Or(m.MediaFileType, fileType))
	}
	return Call{Ask: "a download", Op: aicc.OpDownload, Path: aicc.PathDownload, Body: body}
}

// Decoded is the file of a download; what is not Base64 stays as it is.
func (a *Answer) Decoded() []byte {
	content, err := base64.StdEncoding.DecodeString(string(a.FileStream))
	if err != nil {
		return a.FileStream
	}
	return content
}

// LeaveCall leaves a message for the agents.
func (u *User) LeaveCall(ask, text string) Call {
	return Call{Ask: ask, Op: aicc.OpLeave, Path: aicc.PathLeave,
		Body: Fields{"callId": u.ID, "caller": u.Name, "leaveMessage": text, "channel": aicc.ChannelWeb}}
}

// Past is an element of a history.
type Past struct {
	SendTime   aicc.Loose `json:"sendTime"`
	Control    string     `json:"controlType"`
	SourceType string     `json:"sourceType"`
	Content    string     `json:"content"`
}

// History is what the tenant has archived of this user, as it comes; not ok leaves the reason.
func (u *User) History(ctx context.Context) (list []Past, a Answer, ok bool) {
	a = u.Call(ctx, Call{Ask: "queryHistoryChatMessage", Path: aicc.PathHistory, Body: Fields{
		"channelId": u.Target.Channel, "userId": u.ID, "limit": "100", "offset": "0", "channel": aicc.ChannelWeb,
	}})
	var w struct {
		MessageList []Past `json:"messageList"`
	}
	if !a.OK() || a.Decode(&w) != nil {
		return nil, a, false
	}
	return w.MessageList, a, true
}

// Survey is how the tenant describes its survey.
type Survey struct {
	Type   aicc.Loose `json:"surveyType"` // NO: there is none
	Levels []struct {
		Key aicc.Loose `json:"satisfactionLevelKey"`
	} `json:"satisfactionLevel"`
}

// SurveyMode asks for the description of the survey. What is wrong with its shape is in the answer.
func (u *User) SurveyMode(ctx context.Context) (Survey, Answer) {
	a := u.Call(ctx, Call{Ask: "getsatisfactionsurveymode", Path: aicc.PathSurvey, Body: Fields{"language": "en_US"}})
	var w struct {
		Survey Survey `json:"satisfactionSurvey"`
	}
	if err := a.Decode(&w); err != nil && a.Shape == "" {
		a.Shape = err.Error()
	}
	return w.Survey, a
}

// RateCall answers the survey. The page's sample is flat, its table nested.
func (u *User) RateCall(evaluation string, nested bool) Call {
	body := Fields{"channel": aicc.ChannelWeb, "userId": u.ID, "channelConfigId": u.Target.Channel, "evaluation": evaluation, "comment": u.Name}
	if nested {
		body = Fields{"satisfication": body} // as the page spells it
	}
	return Call{Ask: fmt.Sprintf("saveSatisfaction with evaluation %s", evaluation), Path: aicc.PathRate, Body: body}
}
