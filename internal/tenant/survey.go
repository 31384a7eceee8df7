package tenant

import (
	"strconv"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// Values of surveyType (section E12).
const (
	surveyOn  = "WEB"
	surveyOff = "NO"
)

// surveyMode is E12. Its only field is optional, so there may be no body at all.
func (t *Tenant) surveyMode(x *http1.Exchange, c *customer) {
	var q struct {
		Language string `json:"language"`
	}
	if len(x.Request) > 0 && !t.decode(x, &q) {
		return
	}
	b := t.appendCode(append(x.Body, '{'), "resultCode", aicc.CodeOK)
	b = append(b, `,"resultDesc":"ok","satisfactionSurvey":{"surveyType":`...)
	if !t.cfg.Survey {
		b = appendText(b, surveyOff)
		x.Body = append(b, `,"satisfactionLevel":[],"satisfactionQuestion":[]}}`...)
		return
	}
	b = append(appendText(b, surveyOn), `,"satisfactionLevel":[`...)
	for i, level := range c.wordsIn(q.Language).levels {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"satisfactionLevelKey":"`...)
		b = append(strconv.AppendInt(b, int64(i+1), 10), `","satisfactionLevelDesc":`...)
		b = append(appendText(b, level), '}')
	}
	x.Body = append(b, `],"satisfactionQuestion":["CSAT"]}}`...)
}

// surveyRequest is the body of E13, flat as in the vendor's sample.
type surveyRequest struct {
	Channel         string     `json:"channel"`
	UserID          string     `json:"userId"`
	ChannelConfigID string     `json:"channelConfigId"`
	Evaluation      aicc.Loose `json:"evaluation"`
	Comment         *string    `json:"comment"` // may be empty, but must be there
	NPSScore        aicc.Loose `json:"npsScore"`
	FCRValue        aicc.Loose `json:"fcrValue"`
}

// saveSurvey is E13. The answer belongs to the conversation that goes on or ended last, and a
// later one replaces it.
func (t *Tenant) saveSurvey(x *http1.Exchange, c *customer) {
	var q surveyRequest
	if !t.decode(x, &q) {
		return
	}
	evaluation, ok := q.answer()
	code := aicc.CodeFailed
	if ok && t.cfg.Survey && q.UserID == c.user && q.ChannelConfigID == t.cfg.Channel && q.Channel == aicc.ChannelWeb {
		code = c.evaluate(evaluation)
	}
	t.result(x, code, describe(code))
}

// answer is the evaluation, not ok when something else in the answer is out of its range.
func (q *surveyRequest) answer() (evaluation int, ok bool) {
	if q.Comment == nil || utf8.RuneCountInString(*q.Comment) > aicc.MaxComment ||
		q.NPSScore != "" && !isDigit(q.NPSScore, '0', '9') || q.FCRValue != "" && !isDigit(q.FCRValue, '1', '2') ||
		!isDigit(q.Evaluation, '1', '5') {
		return 0, false
	}
	return int(q.Evaluation[0] - '0'), true
}

// isDigit reports whether a value is one digit of a range.
func isDigit(s aicc.Loose, least, most byte) bool {
	return len(s) == 1 && least <= s[0] && s[0] <= most
}

func (c *customer) evaluate(evaluation int) string {
	c.mu.Lock()
	defer c.unlock()
	if c.conv == nil {
		return aicc.CodeFailed
	}
	c.conv.evaluation = evaluation
	return aicc.CodeOK
}

// feedbackRequest is the body of E14.
type feedbackRequest struct {
	Feedback        aicc.Loose `json:"feedback"` // 1: content, 0: not
	FeedbackContent string     `json:"feedbackContent"`
	From            string     `json:"from"`
	InterIdx        aicc.Loose `json:"interIdx"`
}

// rateRobot is E14.
func (t *Tenant) rateRobot(x *http1.Exchange, c *customer) {
	var q feedbackRequest
	if !t.decode(x, &q) {
		return
	}
	switch {
	case q.Feedback == "0" && q.FeedbackContent == "":
		t.result(x, aicc.CodeNoContent, "feedbackContent is missing")
	case q.Feedback != "0" && q.Feedback != "1" || q.From != c.user ||
		utf8.RuneCountInString(q.FeedbackContent) > aicc.MaxFeedback:
		t.result(x, aicc.CodeChatFault, "a parameter is missing or wrong")
	default:
		code, desc := c.rate(string(q.InterIdx))
		t.result(x, code, desc)
	}
}

// rate looks for an answer of the robot in the conversation that goes on or ended last. What the
// customer thinks of it is not kept.
func (c *customer) rate(interIdx string) (code, desc string) {
	c.mu.Lock()
	defer c.unlock()
	if c.t.cfg.Robot == nil || c.conv == nil {
		return aicc.CodeNoRobot, "there is no conversation with a robot"
	}
	n, err := strconv.Atoi(interIdx)
	if err != nil || n < 1 || n > c.conv.rateable || strconv.Itoa(n) != interIdx {
		return aicc.CodeChatFault, "the robot has given no such answer"
	}
	return aicc.CodeOK, describe(aicc.CodeOK)
}
