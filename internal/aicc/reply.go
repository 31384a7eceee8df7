package aicc

import "fmt"

// Reply is the answer of any call.
type Reply struct {
	Answer
	App  AppToken // tokenByAkSk
	User string   // applyToken: the user token
}

// ParseReply reads the body of a 200 answer as the answer of a call. The error says what is wrong with
// its shape; see [ParseAnswer]. tokenByAkSk has no result code of its own and gets [CodeOK].
func ParseReply(op Op, body []byte) (r Reply, err error) {
	switch op {
	case OpToken:
		if r.App, err = ParseAppToken(body); err == nil {
			r.Code = CodeOK
		}
	case OpApply:
		r.User, r.Code, err = ParseUserToken(body)
		if err == nil && r.Code == CodeOK && r.User == "" {
			err = fmt.Errorf("%w: resultCode 0 without a token", ErrBadShape)
		}
	default:
		r.Answer, err = ParseAnswer(body)
	}
	return r, err
}
