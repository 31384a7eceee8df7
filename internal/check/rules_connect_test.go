package check

import (
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestConnect(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "holds", why: "a probe before CONNECT brought nothing, and a word came after",
			story:   func(h *history) { h.begin().probe().connect().poll(notice("")).end(trace.ByCustomer) },
			options: wireOnly, pass: "CON-01 CON-02"},
		{name: "early welcome", why: "CONNECT was not even sent",
			story:   func(h *history) { h.begin().probe(notice("")).connect().poll(notice("")).end(trace.ByCustomer) },
			options: wireOnly, trouble: []string{"CON-01 FAIL"}},
		{name: "message after a refusal", why: "CONNECT was answered 13",
			story: func(h *history) {
				h.begin().call(aicc.OpConnect, ms, failed()).probe(notice("")).end(trace.NoConnect)
			},
			options: wireOnly, trouble: []string{"CON-01 FAIL"}, idle: "CON-02"},
		{name: "message after an unanswered CONNECT", why: "it may have been accepted",
			story: func(h *history) {
				h.begin().call(aicc.OpConnect, ms, info()).probe(notice("")).end(trace.LostContact)
			},
			options: wireOnly, trouble: []string{"CON-01 INCONCLUSIVE"}},
		{name: "message after an unanswered CONNECT of a later conversation", why: "it may be left over from the one before, whatever became of CONNECT",
			story: func(h *history) {
				h.open().poll(notice("")).hangUp().end(trace.ByCustomer).
					begin().call(aicc.OpConnect, ms, info()).probe(notice("")).end(trace.LostContact)
			},
			options: wireOnly, idle: "CON-01"},
		{name: "queue query is a sign of life", why: "it says that the customer waits",
			story: func(h *history) {
				h.open().call(aicc.OpQueue, ms, ok()).wait(2 * time.Minute).poll().end(trace.ByCustomer)
			},
			options: wireOnly, pass: "CON-02"},
		{name: "queue query says served", why: "160021 is with an agent",
			story: func(h *history) {
				h.open().call(aicc.OpQueue, ms, trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeWithAgent}).end(trace.ByCustomer)
			},
			options: wireOnly, pass: "CON-02"},
		{name: "silence", why: "a poll was answered empty after the deadline",
			story:   func(h *history) { h.open().poll().wait(time.Minute).poll().poll(notice("")).end(trace.ByCustomer) },
			options: wireOnly, trouble: []string{"CON-02 FAIL"}},
		{name: "silence after sendAsync", why: "its 0 does not say that CONNECT was accepted",
			story:   func(h *history) { h.open().poll().wait(time.Minute).poll().poll(notice("")).end(trace.ByCustomer) },
			options: async, pass: "CON-02"},
		{name: "late word", why: "the poll was waiting when the deadline passed",
			story: func(h *history) {
				answer := ok()
				answer.Count = 1
				h.open().wait(59*time.Second).call(aicc.OpPoll, 2*time.Second, answer)
				h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: notice("")(h)})
				h.end(trace.ByCustomer)
			},
			options: wireOnly, trouble: []string{"CON-02 FAIL"}},
		{name: "late word, polled for at the deadline", why: "intervals are closed: the poll was there in time",
			story: func(h *history) {
				h.open().wait(DefaultHandOver).pollNow(ok(), notice("")).end(trace.ByCustomer)
			},
			options: wireOnly, trouble: []string{"CON-02 FAIL"}},
		{name: "late customer", why: "it polled only after the deadline, and the word was there",
			story:   func(h *history) { h.open().wait(time.Minute).poll(notice("")).end(trace.ByCustomer) },
			options: wireOnly, pass: "CON-02"},
		{name: "silence with a lost poll", why: "the lost poll may have carried the welcome",
			story:   func(h *history) { h.open().infoPoll().wait(time.Minute).poll().end(trace.ByCustomer) },
			options: wireOnly, trouble: []string{"CON-02 INCONCLUSIVE"}},
		{name: "silence and a late generator", why: "six seconds of our own lateness are a tenth of the deadline",
			story: func(h *history) {
				answer := ok()
				answer.Late = 6 * time.Second
				h.open().wait(time.Minute).pollNow(answer).end(trace.ByCustomer)
			},
			options: wireOnly, trouble: []string{"CON-02 INCONCLUSIVE"}},
		{name: "left before the deadline", why: "the customer gave the tenant no time",
			story: func(h *history) { h.open().poll().end(trace.ByCustomer) }, options: wireOnly, idle: "CON-01 CON-02"},
		{name: "stopped before the deadline", why: "the run was aborted",
			story: func(h *history) { h.open().poll().end(trace.CutShort) }, options: wireOnly, abort: RunAborted,
			trouble: []string{"CON-02 INCONCLUSIVE"}},
	})
}

// holding tells that polls are held for so long.
func holding(hold time.Duration) func(o *Options) {
	return knowing(func(s *trace.Setup) { s.Hold = &hold })
}

func TestPolls(t *testing.T) {
	empty := func(takes time.Duration, answer trace.Event) func(h *history) {
		return func(h *history) {
			h.open().poll(notice("")).wait(DefaultPause).call(aicc.OpPoll, takes, answer).end(trace.ByCustomer)
		}
	}
	lateBy := func(d time.Duration) trace.Event {
		e := ok()
		e.Late = d
		return e
	}
	held := func(takes ...time.Duration) func(h *history) {
		return func(h *history) {
			h.open().poll(notice(""))
			for _, d := range takes {
				h.wait(DefaultPause).call(aicc.OpPoll, d, ok())
			}
			h.end(trace.ByCustomer)
		}
	}
	refused := func(status int, code string) trace.Event {
		return trace.Event{Class: aicc.Fail, Status: status, Code: code}
	}
	probed := func(e trace.Event) func(h *history) {
		e.Probe = true
		return func(h *history) { h.begin().call(aicc.OpPoll, ms, e).connect().poll(notice("")).end(trace.ByCustomer) }
	}
	runCases(t, []ruleCase{
		{name: "holds", why: "answered 0, held for its time", options: holding(2 * time.Second), pass: "POL-01 POL-02 POL-03",
			story: empty(2*time.Second, ok())},
		{name: "refused", why: "the conversation runs", options: wireOnly, trouble: []string{"POL-01 FAIL"}, story: empty(ms, failed())},
		{name: "not found", why: "the conversation runs", options: wireOnly, trouble: []string{"POL-01 FAIL"}, story: empty(ms, refused(404, ""))},
		{name: "refused with a token that ran out", why: "TOK-03 is about that", options: wireOnly, story: empty(ms, refused(401, ""))},
		{name: "flow control", why: "the tenant may count", options: wireOnly, story: empty(ms, refused(200, aicc.CodeFlowControl))},
		{name: "redirected", why: "a gateway may have spoken", options: wireOnly, trouble: []string{"POL-01 INCONCLUSIVE"}, story: empty(ms, refused(302, ""))},
		{name: "something went wrong", why: "HTTP 500 is documented, and says little", options: wireOnly, trouble: []string{"POL-01 INCONCLUSIVE"},
			story: empty(ms, trace.Event{Class: aicc.Info, Status: 500})},
		{name: "bad gateway", why: "the platform did not speak", options: wireOnly, story: empty(ms, trace.Event{Class: aicc.Info, Status: 502})},
		{name: "refused after a DISCONNECT that the demo does not see", why: "the conversation is over", options: wireOnly,
			trouble: []string{"DSC-07 FAIL"}, story: func(h *history) {
				h.open().poll(notice(""), disconnectOf(aicc.FromRobot, "")).wait(DefaultPause).call(aicc.OpPoll, ms, failed()).end(trace.GaveUp)
			}},
		{name: "refused after DISCONNECT", why: "SIM-03 is about that", options: wireOnly, trouble: []string{"SIM-03 ERROR"},
			story: func(h *history) {
				h.open().poll(notice(""), disconnect()).wait(DefaultPause).call(aicc.OpPoll, ms, failed()).end(trace.ByPeer)
			}},
		{name: "refused after the customer's DISCONNECT", why: "the conversation is over", options: wireOnly, pass: "POL-01",
			story: func(h *history) {
				h.open().poll(notice("")).hangUp().wait(DefaultPause).call(aicc.OpPoll, ms, failed()).end(trace.ByCustomer)
			}},
		{name: "refused after a lost poll", why: "it may have carried the DISCONNECT", options: wireOnly, trouble: []string{"POL-01 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().infoPoll().wait(DefaultPause).call(aicc.OpPoll, ms, failed()).end(trace.ByCustomer)
			}},
		{name: "held to the end of the tolerance", why: "intervals are closed", options: holding(2 * time.Second), pass: "POL-02",
			story: empty(7*time.Second, ok())},
		{name: "held longer", why: "2 s and the tolerance of 5 s", options: holding(2 * time.Second), trouble: []string{"POL-02 FAIL"},
			story: empty(7*time.Second+ms, ok())},
		{name: "held longer for a late generator", why: "a tenth of the tolerance late", options: holding(2 * time.Second),
			trouble: []string{"POL-02 INCONCLUSIVE"}, story: empty(7*time.Second+ms, lateBy(DefaultTolerance/10))},
		{name: "held longer, the generator almost late", why: "less than a tenth", options: holding(2 * time.Second),
			trouble: []string{"POL-02 FAIL"}, story: empty(7*time.Second+ms, lateBy(DefaultTolerance/10-1))},
		{name: "held by nobody knows", why: "the hold time is not known", options: wireOnly, blind: "POL-02", story: empty(time.Minute, ok())},
		{name: "half held", why: "intervals are closed", options: holding(2 * time.Second), pass: "POL-03", story: empty(time.Second, ok())},
		{name: "not held", why: "less than half", options: holding(2 * time.Second), trouble: []string{"POL-03 FAIL"},
			story: empty(time.Second-ms, ok())},
		{name: "hardly held anywhere", why: "a hold below a second is not judged", options: holding(time.Second - 1), idle: "POL-03",
			story: empty(ms, ok())},
		{name: "held before", why: "the tenant holds polls, and not this one", options: wireOnly, trouble: []string{"POL-03 FAIL"},
			story: held(time.Second, time.Second, time.Second, 250*ms-1)},
		{name: "held in an earlier conversation", why: "it is the same tenant", options: wireOnly, trouble: []string{"POL-03 FAIL"},
			story: func(h *history) {
				held(time.Second, time.Second)(h)
				held(time.Second, 250*ms-1)(h)
			}},
		{name: "held before, and enough now", why: "250 ms show some waiting", options: wireOnly, pass: "POL-03",
			story: held(time.Second, time.Second, time.Second, 250*ms)},
		{name: "held twice", why: "a tenant may stall", options: wireOnly, idle: "POL-03", story: held(time.Second, time.Second, 250*ms-1)},
		{name: "almost held", why: "less than a second, and not at once, shows nothing", options: wireOnly, trouble: []string{"POL-03 FAIL"},
			story: held(time.Second, 250*ms, time.Second-1, time.Second, time.Second, 250*ms-1)},
		{name: "answered at once, and held since", why: "a tenant that holds no polls may stall for long", options: wireOnly, idle: "POL-03",
			story: held(time.Second, 250*ms-1, time.Second, time.Second, time.Second, time.Second, ms)},
		{name: "never held", why: "the tenant may not hold polls", options: wireOnly, idle: "POL-03", story: empty(ms, ok())},
		{name: "not held after a lost poll", why: "the conversation may be over", options: holding(2 * time.Second), idle: "POL-03",
			story: func(h *history) { h.open().poll(notice("")).infoPoll().poll().end(trace.ByCustomer) }},
		{name: "probe", why: "outside a conversation there is nothing", options: holding(0), pass: "POL-04", story: probed(ok())},
		{name: "probe refused", why: "it should not be", options: holding(0), trouble: []string{"POL-04 FAIL"}, story: probed(refused(404, ""))},
		{name: "probe with an old token", why: "the token is another matter", options: holding(0), idle: "POL-04", story: probed(refused(401, ""))},
	})
}

// receipts tells that the customers ask for read receipts.
func receipts(o *Options) {
	wireOnly(o)
	o.Setup.Read = true
}

func TestReceipts(t *testing.T) {
	read := func(ids ...string) msg {
		return says(aicc.FromAgent, func(d *aicc.Downlink) { d.ControlType, d.Content = aicc.Read, strings.Join(ids, ", ") })
	}
	mine := func(epoch, seq int) string { return messageID(3, epoch, seq) } // ruleCase's customer
	seen := func(messages ...msg) func(h *history) {
		return func(h *history) { h.open().say().poll(messages...).end(trace.ByCustomer) }
	}
	runCases(t, []ruleCase{
		{name: "asked for", why: "CONNECT and a text were read", options: receipts, pass: "POL-06", idle: "POL-05",
			story: seen(read(mine(0, 0), " ", mine(0, 1)))},
		{name: "not asked for", why: "the demo would show the ids", trouble: []string{"POL-05 FAIL"}, options: wireOnly, idle: "POL-06",
			told: "a read receipt came that nobody asked for", story: seen(read(mine(0, 0)))},
		{name: "none", why: "nothing was read", options: wireOnly, pass: "POL-05", story: seen(notice(""))},
		{name: "not an id of ours", why: "m1", options: receipts, trouble: []string{"POL-06 FAIL"}, story: seen(read("m1"))},
		{name: "another customer's", why: "customer 8", options: receipts, trouble: []string{"POL-06 FAIL"}, story: seen(read(messageID(8, 0, 0)))},
		{name: "not sent yet", why: "0 and 1 are", options: receipts, trouble: []string{"POL-06 FAIL"}, story: seen(read(mine(0, 2)))},
		{name: "of a conversation to come", why: "epoch 1", options: receipts, trouble: []string{"POL-06 FAIL"}, story: seen(read(mine(1, 0)))},
		{name: "of an earlier conversation", why: "it may be read late", options: receipts, pass: "POL-06", story: func(h *history) {
			seen(notice(""))(h)
			seen(read(mine(0, 7)))(h)
		}},
		{name: "twice", why: "each is read once", options: receipts, trouble: []string{"POL-06 FAIL"},
			told: "a receipt names " + mine(0, 0) + " twice", story: seen(read(mine(0, 0), mine(0, 1), mine(0, 0)))},
		{name: "all that was read so far", why: "a receipt may repeat what others have said", options: receipts, pass: "POL-06",
			story: seen(read(mine(0, 0)), read(mine(0, 0), mine(0, 1)))},
		{name: "nothing", why: "a receipt without ids", options: receipts, idle: "POL-06", story: seen(read())},
	})
}
