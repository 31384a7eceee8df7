package judge

import (
	"encoding/base64"
	"net/http"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/trace"
)

// answer is what a call was answered, as its client reads it.
type answer struct {
	class   aicc.Class
	status  int
	parsed  aicc.Answer
	shape   string
	why     string // there is no answer, or it is not 200
	grant   *trace.Grant
	token   string // that came: of applyToken, or a replacement in the header
	renewed bool   // it came in the header
	file    *trace.File
}

// readAnswer reads what is about to be written. Its body is parsed by the code that chatbench's own
// customers use.
func readAnswer(op aicc.Op, x *http1.Exchange) answer {
	a := answer{status: x.Status}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if x.CutAfter != 0 {
		return answer{class: aicc.Info, why: "the tenant broke the connection"}
	}
	if a.status != http.StatusOK {
		a.class, a.why = aicc.Classify(op, a.status, "", false), "HTTP "+itoa(a.status)
		return a
	}
	err := a.parse(op, x.Body)
	if err != nil {
		a.shape = err.Error()
	}
	a.class = aicc.Classify(op, a.status, a.parsed.Code, err == nil)
	if token := string(x.Added("ccmessaging-token")); token != "" && op != aicc.OpApply && op != aicc.OpToken {
		a.token, a.renewed = token, true
	}
	return a
}

func (a *answer) parse(op aicc.Op, body []byte) (err error) {
	switch op {
	case aicc.OpToken:
		var t aicc.AppToken
		if t, err = aicc.ParseAppToken(body); err == nil {
			a.parsed.Code, a.grant = aicc.CodeOK, &trace.Grant{Type: t.Type, Seconds: t.Expires}
		}
	case aicc.OpApply:
		a.token, a.parsed.Code, err = aicc.ParseUserToken(body)
	default:
		a.parsed, err = aicc.ParseAnswer(body)
		if op == aicc.OpDownload && a.parsed.FileStream != nil {
			a.file = &trace.File{Size: base64.StdEncoding.DecodedLen(len(a.parsed.FileStream))}
		}
	}
	return err
}

// tell sets what the answer tells in a Return.
func (a *answer) tell(e *trace.Event) {
	e.Class, e.Status, e.Code, e.Shape, e.Error = a.class, a.status, a.parsed.Code, a.shape, a.why
	e.Count, e.Grant, e.NewToken, e.File = len(a.parsed.Messages), a.grant, a.renewed, a.file
	switch e.Op {
	case aicc.OpQueue:
		e.Position, e.Estimate, e.MaxWait = a.parsed.Position, a.parsed.EstimateWait, a.parsed.MaxWait
	case aicc.OpUpload:
		e.FileID = a.parsed.ObjectKey
	}
}
