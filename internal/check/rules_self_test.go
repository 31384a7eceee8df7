package check

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestSelf(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "holds", why: "the demo flow", options: wireOnly, pass: "SIM-01 SIM-02 SIM-03 SIM-04 SIM-05",
			story: func(h *history) {
				h.begin().probe().connect().poll(image("p1")).poll(disconnect()).probe().end(trace.ByPeer)
			}},
		{name: "two polls", why: "the second was sent while the first was in flight", options: wireOnly,
			trouble: []string{"SIM-01 ERROR"},
			story: func(h *history) {
				h.open().poll(notice("")).wait(DefaultPause)
				h.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: 99})
				h.wait(ms).pollNow(ok()).end(trace.ByCustomer)
			}},
		{name: "three polls after two at once", why: "both were answered", options: wireOnly, trouble: []string{"SIM-01 ERROR"},
			story: func(h *history) {
				h.open().poll(notice("")).wait(DefaultPause)
				h.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: 99})
				h.wait(ms).pollNow(ok())
				h.add(trace.Event{Kind: trace.Return, Op: aicc.OpPoll, ID: 99, Class: aicc.OK, Status: 200})
				h.poll().poll().end(trace.ByCustomer)
			}},
		{name: "poll first", why: "CONNECT was refused", options: wireOnly, trouble: []string{"SIM-02 ERROR"},
			story: func(h *history) { h.begin().call(aicc.OpConnect, ms, failed()).poll().end(trace.NoConnect) }},
		{name: "poll on", why: "DISCONNECT was handled", options: wireOnly, trouble: []string{"SIM-03 ERROR"},
			story: func(h *history) { h.open().poll(disconnect()).poll().end(trace.ByPeer) }},
		{name: "hot poll", why: "99 ms", options: wireOnly, trouble: []string{"SIM-04 ERROR"},
			story: func(h *history) { h.open().poll(notice("")).wait(99 * ms).pollNow(ok()).end(trace.ByCustomer) }},
		{name: "first poll of the next conversation", why: "the pause is between the polls of one", options: wireOnly, idle: "SIM-04",
			story: func(h *history) {
				h.open().poll(notice("")).end(trace.ByCustomer).open().pollNow(ok(), notice("")).end(trace.ByCustomer)
			}},
		{name: "no download", why: "a picture was delivered", options: wireOnly, trouble: []string{"SIM-05 ERROR"},
			story: func(h *history) {
				answer := ok()
				answer.Count = 1
				h.open().call(aicc.OpPoll, ms, answer)
				h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: image("p1")(h)})
				h.aside(aicc.OpSupport, ok()).end(trace.ByCustomer)
			}},
		{name: "two downloads", why: "one picture", options: wireOnly, trouble: []string{"SIM-05 ERROR"},
			story: func(h *history) { h.open().poll(image("p1")).download("p1").end(trace.ByCustomer) }},
		{name: "a probe's download", why: "a declared probe is not the demo's", options: wireOnly, pass: "MED-01 SIM-05",
			story: func(h *history) {
				again := failed()
				again.Probe, again.FileID = true, "p1"
				h.open().poll(image("p1")).call(aicc.OpDownload, ms, again).end(trace.ByCustomer)
			}},
		{name: "no download in a cut conversation", why: "there was no time", options: wireOnly,
			story: func(h *history) {
				h.open().poll(notice("")).wait(DefaultPause).call(aicc.OpPoll, ms, ok())
				h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: image("p1")(h)})
			}},
	})
}

func TestOwnManners(t *testing.T) {
	again := func(first trace.Event, pause time.Duration, between ...msg) func(h *history) {
		return func(h *history) {
			h.open()
			asked := h.now
			h.call(aicc.OpQueue, ms, first)
			if len(between) > 0 {
				h.poll(between...)
			}
			h.wait(max(asked+pause-h.now, 0)).call(aicc.OpQueue, ms, first).end(trace.ByCustomer)
		}
	}
	served := ok()
	served.Code = aicc.CodeWithAgent
	ours := func(h *history) *history { return h.open().poll(notice("")) }
	runCases(t, []ruleCase{
		{name: "queue asked after 10 s", why: "as the demo does", options: wireOnly, pass: "SIM-06", story: again(ok(), 10*time.Second)},
		{name: "queue asked before", why: "1 ms too early", options: wireOnly, trouble: []string{"SIM-06 ERROR"}, story: again(ok(), 10*time.Second-ms)},
		{name: "queue asked at once for a flag", why: "a message said that the customer queues", options: wireOnly, pass: "SIM-06",
			story: again(ok(), time.Second, queueNotice())},
		{name: "queue asked after being served", why: "the demo has stopped", options: wireOnly, trouble: []string{"SIM-06 ERROR"},
			story: again(served, time.Minute)},
		{name: "queue asked with a new token", why: "the same query again", options: wireOnly, idle: "SIM-06",
			story: again(trace.Event{Class: aicc.Fail, Status: 401}, 0)},
		{name: "queue asked without an answer", why: "the demo's timer does not wait for it", options: wireOnly, pass: "SIM-06",
			story: func(h *history) {
				ours(h).add(trace.Event{Kind: trace.Invoke, Op: aicc.OpQueue, ID: 99})
				h.wait(10*time.Second).askQueue(aicc.CodeOK, 0).end(trace.ByCustomer)
			}},
		{name: "hung up", why: "as the customer should", options: wireOnly, pass: "SIM-07", story: func(h *history) { ours(h).hangUp().quit(trace.ByCustomer) }},
		{name: "gone", why: "the agent waits", options: wireOnly, trouble: []string{"SIM-07 ERROR"}, told: "the customer left without DISCONNECT",
			story: func(h *history) { ours(h).quit(trace.GaveUp) }},
		{name: "gone after DISCONNECT", why: "the other side had ended it", options: wireOnly, pass: "SIM-07",
			story: func(h *history) { h.open().poll(notice(""), disconnect()).quit(trace.ByCustomer) }},
		{name: "gone without a connection", why: "there was no way to tell", options: wireOnly, idle: "SIM-07",
			story: func(h *history) { ours(h).infoPoll().quit(trace.GaveUp) }},
		{name: "gone at the end of the run", why: "the run was stopped", options: wireOnly, abort: RunAborted, idle: "SIM-07",
			story: func(h *history) { ours(h).quit(trace.ByCustomer) }},
		{name: "turned away", why: "a message was left", options: wireOnly, pass: "SIM-08",
			story: func(h *history) {
				h.begin().call(aicc.OpConnect, ms, failed()).call(aicc.OpLeave, ms, ok()).quit(trace.NoConnect)
			}},
		{name: "turned away without a word", why: "the demo opens the form", options: wireOnly, trouble: []string{"SIM-08 ERROR"},
			told:  "CONNECT was refused, and the customer left no message",
			story: func(h *history) { h.begin().call(aicc.OpConnect, ms, failed()).quit(trace.NoConnect) }},
		{name: "turned away without a connection", why: "there was no way to leave a message", options: wireOnly, idle: "SIM-08",
			story: func(h *history) {
				h.begin().call(aicc.OpConnect, ms, trace.Event{Class: aicc.Fail}).quit(trace.NoConnect)
			}},
	})
}
