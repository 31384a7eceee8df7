package tenant

import (
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// Faults with tokens. Unless noted, the customer's mutex is held.

// granting decides the life of an application token, and whether its type is told. No mutex is
// held.
func (f *faults) granting(life time.Duration) (_ time.Duration, typed bool) {
	if f.take(tokenLong, nil) {
		life = 2 * longestAppToken
	}
	return life, !f.take(tokenUntyped, nil)
}

// refusing reports whether a call with good tokens is refused. The mutex is not held.
func (f *faults) refusing(x *http1.Exchange, token *userToken) bool {
	token.c.mu.Lock()
	defer token.c.unlock()
	v := token.c.conv
	if v == nil || v.phase == ended {
		return false
	}
	m := &v.memory
	poll := string(x.Path) == aicc.PathPoll
	switch {
	case poll && m.deaf != nil && m.deaf != token:
		m.deaf = nil
		return true
	case poll && !m.refused && f.take(deafRenewal, v):
		m.refused, m.deaf = true, token
	case !m.refused && f.take(tokenShort, v):
		m.refused = true
	default:
		return false
	}
	return true
}

// replacing is told that a token has got its successor.
func (f *faults) replacing(token *userToken) {
	if f.take(deadReplacement, token.c.conv) {
		dead := *token.next // nobody knows it by its new text
		dead.text = tokenText(token.c.t.cfg.Channel, token.c.user, time.Now())
		token.next = &dead
	}
}
