package check

import (
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestTokens(t *testing.T) {
	granted := func(asked int, g *trace.Grant) func(h *history) {
		return func(h *history) {
			h.begin().call(aicc.OpToken, ms, trace.Event{Class: aicc.OK, Status: 200, Asked: asked, Grant: g}).connect().end(trace.ByCustomer)
		}
	}
	refused := func(fresh bool) trace.Event {
		return trace.Event{Class: aicc.Fail, Status: 401, Fresh: fresh, Seq: 1}
	}
	fresh := ok()
	fresh.Fresh = true
	runCases(t, []ruleCase{
		{name: "as asked", why: "Bearer, whatever its letters", options: wireOnly, pass: "TOK-01 TOK-02",
			story: granted(600, &trace.Grant{Type: "bearer", Seconds: 600})},
		{name: "basic", why: "another kind of authentication", options: wireOnly, trouble: []string{"TOK-01 FAIL"},
			story: granted(0, &trace.Grant{Type: "Basic", Seconds: 600})},
		{name: "no life", why: "0 stands for none or no number", options: wireOnly, trouble: []string{"TOK-01 FAIL"}, idle: "TOK-02",
			story: granted(600, &trace.Grant{Type: "Bearer"})},
		{name: "not what was asked for", why: "the header was dropped", options: wireOnly, trouble: []string{"TOK-02 FAIL"},
			story: granted(600, &trace.Grant{Type: "Bearer", Seconds: 3600})},
		{name: "the longest life", why: "3600 s are allowed", options: wireOnly, pass: "TOK-02",
			story: granted(0, &trace.Grant{Type: "Bearer", Seconds: 3600})},
		{name: "longer than allowed", why: "nothing was asked for", options: wireOnly, trouble: []string{"TOK-02 FAIL"},
			story: granted(0, &trace.Grant{Type: "Bearer", Seconds: 3601})},
		{name: "nothing known of it", why: "an older trace", options: wireOnly, idle: "TOK-01 TOK-02", story: granted(600, nil)},
		{name: "fresh token works", why: "answered 0", options: wireOnly, pass: "TOK-03",
			story: func(h *history) { h.open().call(aicc.OpUpload, ms, fresh).end(trace.ByCustomer) }},
		{name: "fresh token refused", why: "within its life", options: wireOnly, trouble: []string{"TOK-03 FAIL"},
			story: func(h *history) { h.open().call(aicc.OpUpload, ms, refused(true)).end(trace.ByCustomer) }},
		{name: "old token refused", why: "its life was over", options: wireOnly, idle: "TOK-03 TOK-04",
			story: func(h *history) { h.open().call(aicc.OpUpload, ms, refused(false)).end(trace.ByCustomer) }},
		{name: "renewed", why: "the same call works", options: wireOnly, pass: "TOK-04", story: func(h *history) {
			h.open().call(aicc.OpUpload, ms, refused(false)).call(aicc.OpApply, ms, ok()).call(aicc.OpUpload, ms, fresh).end(trace.ByCustomer)
		}},
		{name: "renewed in vain", why: "the same call is refused again", options: wireOnly, trouble: []string{"TOK-03 FAIL", "TOK-04 FAIL"}, story: func(h *history) {
			h.open().call(aicc.OpUpload, ms, refused(false)).call(aicc.OpApply, ms, ok()).call(aicc.OpUpload, ms, refused(true)).end(trace.ByCustomer)
		}},
		{name: "renewed too long ago", why: "the new tokens are no longer fresh", options: wireOnly, idle: "TOK-04", story: func(h *history) {
			h.open().call(aicc.OpUpload, ms, refused(false)).call(aicc.OpApply, ms, ok()).call(aicc.OpUpload, ms, refused(false)).end(trace.ByCustomer)
		}},
		{name: "not renewed", why: "the user token was refused too", options: wireOnly, idle: "TOK-04", story: func(h *history) {
			h.open().call(aicc.OpUpload, ms, refused(false)).call(aicc.OpApply, ms, failed()).
				call(aicc.OpUpload, ms, refused(false)).end(trace.ByCustomer)
		}, trouble: []string{"SHP-03 FAIL"}},
		{name: "another call after renewing", why: "the rule is about the same one", options: wireOnly, idle: "TOK-04", story: func(h *history) {
			h.open().call(aicc.OpUpload, ms, refused(false)).call(aicc.OpApply, ms, ok()).call(aicc.OpQueue, ms, refused(false)).end(trace.ByCustomer)
		}},
		{name: "sent before renewing", why: "the answer tells nothing of the new token", options: wireOnly, idle: "TOK-04", story: func(h *history) {
			h.open().call(aicc.OpSend, ms, refused(false))
			sent := h.now
			h.call(aicc.OpApply, ms, ok())
			h.add(trace.Event{Kind: trace.Return, Op: aicc.OpSend, ID: 99, Started: sent, Class: aicc.Fail, Status: 401, Seq: -1})
			h.end(trace.ByCustomer)
		}},
		{name: "refused again later", why: "the first call after renewing has decided", options: wireOnly, pass: "TOK-04", story: func(h *history) {
			h.open().call(aicc.OpUpload, ms, refused(false)).call(aicc.OpApply, ms, ok()).call(aicc.OpUpload, ms, fresh).
				call(aicc.OpUpload, ms, refused(false)).end(trace.ByCustomer)
		}},
		{name: "replacement works", why: "the next call is let in", options: wireOnly, pass: "TOK-05", story: func(h *history) {
			h.open().replaced().call(aicc.OpUpload, ms, fresh).end(trace.ByCustomer)
		}},
		{name: "replacement refused", why: "the next call is not let in", options: wireOnly, trouble: []string{"TOK-03 FAIL", "TOK-05 FAIL"}, story: func(h *history) {
			h.open().replaced().call(aicc.OpUpload, ms, refused(true)).end(trace.ByCustomer)
		}},
		{name: "replacement used too late", why: "it ends as well", options: wireOnly, idle: "TOK-05", story: func(h *history) {
			h.open().replaced().call(aicc.OpUpload, ms, refused(false)).call(aicc.OpUpload, ms, fresh).end(trace.ByCustomer)
		}},
		{name: "replacement renewed", why: "the newer token counts", options: wireOnly, idle: "TOK-05", story: func(h *history) {
			h.open().replaced().call(aicc.OpApply, ms, ok()).call(aicc.OpUpload, ms, refused(false)).end(trace.ByCustomer)
		}},
		{name: "sent before the replacement came", why: "the call had the old one", options: wireOnly, idle: "TOK-05", story: func(h *history) {
			h.open()
			sent := h.now
			h.wait(ms).replaced()
			h.add(trace.Event{Kind: trace.Return, Op: aicc.OpUpload, ID: 99, Started: sent, Class: aicc.Fail, Status: 401})
			h.quit(trace.CutShort)
		}},
	})
}

// replaced is an answer that brings a new user token.
func (h *history) replaced() *history {
	answer := ok()
	answer.Code, answer.NewToken = aicc.CodeWithAgent, true
	return h.call(aicc.OpQueue, ms, answer)
}
