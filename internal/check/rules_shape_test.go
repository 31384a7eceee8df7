package check

import (
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestShape(t *testing.T) {
	bent := func(e trace.Event) trace.Event {
		e.Shape = "downlinkMessages is not an array"
		return e
	}
	runCases(t, []ruleCase{
		{name: "holds", why: "polls and other calls were answered as documented",
			story: func(h *history) { h.open().poll(agent(0)).hangUp().end(trace.ByCustomer) }, options: markersOnly,
			pass: "SHP-01 SHP-02"},
		{name: "poll violated", why: "an answer classed info because of its shape loses nothing by itself",
			story: func(h *history) {
				answer := bent(info())
				answer.Status = 200
				h.open().poll(agent(0)).wait(DefaultPause).pollNow(answer).end(trace.GaveUp)
			},
			options: markersOnly, trouble: []string{"SHP-01 FAIL"}, pass: "SHP-02"},
		{name: "other call violated", why: "the CONNECT was answered 0 but not as text",
			story:   func(h *history) { h.begin().call(aicc.OpConnect, ms, bent(ok())).poll(agent(0)).end(trace.ByCustomer) },
			options: markersOnly, trouble: []string{"SHP-02 FAIL"}, pass: "SHP-01"},
		{name: "not exercised", why: "a status of 500 promises no shape",
			story: func(h *history) {
				h.begin().call(aicc.OpApply, ms, trace.Event{Class: aicc.Info, Status: 500}).end(trace.NoToken)
			},
			idle: "SHP-01 SHP-02"},
		{name: "message lost in a bent answer", why: "what could not be read may have carried it",
			story: func(h *history) {
				h.open().poll(agent(0)).wait(DefaultPause).pollNow(bent(ok())).poll(agent(2), disconnect()).byPeer(agentSaid(3))
			},
			trouble: []string{"SHP-01 FAIL", "DEL-04 INCONCLUSIVE"}},
	})
}

func TestCodesAndStatuses(t *testing.T) {
	answered := func(op aicc.Op, e trace.Event) func(h *history) {
		return func(h *history) { h.open().call(op, ms, e).end(trace.ByCustomer) }
	}
	code := func(class aicc.Class, code string) trace.Event {
		return trace.Event{Class: class, Status: 200, Code: code, Seq: -1}
	}
	status := func(class aicc.Class, status int) trace.Event {
		return trace.Event{Class: class, Status: status, Seq: -1}
	}
	all := knowing(func(*trace.Setup) {})
	runCases(t, []ruleCase{
		{name: "listed", why: "160021 may surface in a queue query", options: all, pass: "SHP-03 SHP-04",
			story: answered(aicc.OpQueue, code(aicc.OK, aicc.CodeWithAgent))},
		{name: "not listed", why: "no page has 77", options: all, trouble: []string{"SHP-03 FAIL"},
			told: "result code 77 is not documented for transfer", story: answered(aicc.OpTransfer, code(aicc.Fail, "77"))},
		{name: "another call's", why: "12 is for CONNECT and TRANS2AGENT", options: all, trouble: []string{"SHP-03 FAIL"},
			story: answered(aicc.OpUpload, code(aicc.Fail, aicc.CodeOffHours))},
		{name: "flow control", why: "it may come anywhere", options: all, pass: "SHP-03",
			story: answered(aicc.OpUpload, code(aicc.Fail, aicc.CodeFlowControl))},
		{name: "any code of a poll", why: "POL-01 is about polls", options: all, pass: "SHP-03", trouble: []string{"POL-01 FAIL"},
			story: answered(aicc.OpPoll, code(aicc.Fail, "77"))},
		{name: "bent answer", why: "its code is SHP-02's", options: all, trouble: []string{"SHP-02 FAIL"}, story: func(h *history) {
			e := code(aicc.Info, "77")
			e.Shape = "resultDesc is not a text"
			answered(aicc.OpTransfer, e)(h)
		}},
		{name: "502", why: "a gateway's", options: all, trouble: []string{"SHP-04 FAIL"}, told: "HTTP status 502 is not documented",
			story: answered(aicc.OpUpload, status(aicc.Info, 502))},
		{name: "404", why: "documented", options: all, pass: "SHP-04", story: answered(aicc.OpLeave, status(aicc.Fail, 404))},
		{name: "502, notes off", why: "notes are asked for", options: wireOnly, story: answered(aicc.OpUpload, status(aicc.Info, 502))},
	})
}

func TestMessageObjects(t *testing.T) {
	seen := func(messages ...msg) func(h *history) {
		return func(h *history) {
			h.begin().events[0].User = "user"
			h.connect().poll(messages...).end(trace.ByCustomer)
		}
	}
	all := knowing(func(s *trace.Setup) { s.Channel = "channel" })
	agentWith := func(change func(d *aicc.Downlink)) msg {
		return says(aicc.FromAgent, func(d *aicc.Downlink) { d.SenderNickname = "Li" }, change)
	}
	notice := func(change func(d *aicc.Downlink)) msg { return says(aicc.FromSystem, change) }
	now := func(off time.Duration) msg {
		return func(h *history) *aicc.Downlink {
			d := says(aicc.FromSystem)(h)
			d.Timestamp = stamp(h.now + off)
			return d
		}
	}
	runCases(t, []ruleCase{
		{name: "all is right", why: "as the page has it", options: all, pass: "SHP-05 SHP-06 SHP-07 SHP-08 SHP-09 SHP-10 SHP-11 SHP-12 SHP-13",
			story: seen(now(0), notice(func(d *aicc.Downlink) { d.Channel, d.From, d.To, d.QueueFlag = "WEB", "channel", "user", "Y" }),
				agentWith(func(d *aicc.Downlink) { d.MediaType, d.Content = aicc.Locate, "31.2,121.5" }),
				says(aicc.FromSystem, func(d *aicc.Downlink) { d.ControlType, d.IsOffline, d.Content = aicc.Disconnect, "true", "see you" }))},
		{name: "another channel", why: "this API has WEB only", options: all, trouble: []string{"SHP-05 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.Channel = "WECHAT" }))},
		{name: "another user", why: "to is not the customer", options: all, trouble: []string{"SHP-05 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.To = "someone" }))},
		{name: "another configuration", why: "from is not the channel", options: all, trouble: []string{"SHP-05 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.From = "elsewhere" }))},
		{name: "nothing to compare with", why: "neither user nor channel is known", options: wireOnly, pass: "SHP-05",
			story: func(h *history) {
				h.open().poll(notice(func(d *aicc.Downlink) { d.From, d.To = "elsewhere", "someone" })).end(trace.ByCustomer)
			}},
		{name: "unknown control type", why: "PUSH", options: all, trouble: []string{"SHP-06 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.ControlType = "PUSH" }))},
		{name: "no control type", why: "the demo would drop it", options: all, trouble: []string{"SHP-06 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.ControlType = "" }))},
		{name: "no source", why: "the demo would not know who speaks", options: all, trouble: []string{"SHP-06 FAIL"}, story: seen(says(""))},
		{name: "a receipt of nobody's", why: "only CHAT needs a source", options: receipts, pass: "SHP-06",
			story: seen(says("", func(d *aicc.Downlink) { d.ControlType, d.Content = aicc.Read, messageID(3, 0, 0) }))},
		{name: "unknown source", why: "BOT", options: all, trouble: []string{"SHP-06 FAIL"}, story: seen(says("BOT"))},
		{name: "unknown media type", why: "FILE is for what customers send", options: all, trouble: []string{"SHP-06 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.MediaType = aicc.File }))},
		{name: "media type of a DISCONNECT", why: "only that of CHAT is listed", options: all, pass: "SHP-06",
			story: seen(notice(func(d *aicc.Downlink) { d.ControlType, d.MediaType = aicc.Disconnect, "CARD" }))},
		{name: "500 characters", why: "as many as are allowed", options: all, pass: "SHP-07",
			story: seen(notice(func(d *aicc.Downlink) { d.Content = strings.Repeat("长", 500) }))},
		{name: "501 characters", why: "one too many", options: all, trouble: []string{"SHP-07 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.MediaType, d.Content = "", strings.Repeat("长", 501) }))},
		{name: "null", why: "the demo's search for links fails", options: all, trouble: []string{"SHP-08 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.Content, d.NullContent = "", true }))},
		{name: "null without a type", why: "the demo takes it for no text", options: all, idle: "SHP-08",
			story: seen(notice(func(d *aicc.Downlink) { d.MediaType, d.Content, d.NullContent = "", "", true }))},
		{name: "empty", why: "an empty text is one", options: all, pass: "SHP-08", story: seen(notice(func(d *aicc.Downlink) { d.Content = "" }))},
		{name: "an hour ago", why: "intervals are closed", options: all, pass: "SHP-09", story: seen(now(-time.Hour))},
		{name: "more than an hour ago", why: "a time zone, perhaps", options: all, trouble: []string{"SHP-09 FAIL"}, story: seen(now(-time.Hour - ms))},
		{name: "more than an hour ahead", why: "a time zone, perhaps", options: all, trouble: []string{"SHP-09 FAIL"}, story: seen(now(time.Hour + ms))},
		{name: "in words", why: "it is to be a number", options: wireOnly, trouble: []string{"SHP-09 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.Timestamp = "2023-11-14 22:13:20" }))},
		{name: "at no known time", why: "nobody knows when the run was", options: wireOnly, pass: "SHP-09",
			story: seen(notice(func(d *aicc.Downlink) { d.Timestamp = "1" }))},
		{name: "nameless agent", why: "the demo shows the name", options: all, trouble: []string{"SHP-10 FAIL", "HND-03 FAIL"},
			story: seen(says(aicc.FromAgent))},
		{name: "nowhere", why: "no coordinates", options: all, trouble: []string{"SHP-11 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.MediaType, d.Content = aicc.Locate, "the old town" }))},
		{name: "queue flag true", why: "it is to be Y", options: all, trouble: []string{"SHP-12 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.QueueFlag = "true" }))},
		{name: "text that parks", why: "only DISCONNECT does", options: all, trouble: []string{"SHP-13 FAIL"},
			story: seen(notice(func(d *aicc.Downlink) { d.IsOffline = "true" }))},
		{name: "from the customer", why: "the page has no such source for what a customer gets", options: all, trouble: []string{"DEL-08 FAIL"},
			story: seen(says(aicc.FromUser))},
	})
}
