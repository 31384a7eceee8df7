package check

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// foreign makes the client one that is judged.
func foreign(o *Options) {
	wireOnly(o)
	o.Foreign = true
}

// carrying is an answer to an exchange that carried a user token of that number.
func carrying(token int, answer trace.Event) trace.Event {
	answer.Token = token
	return answer
}

// replacing is an answer that brings a replacement.
func replacing(token int, answer trace.Event) trace.Event {
	answer.NewToken, answer.Got = true, token
	return answer
}

// notLetIn is the answer 401.
var notLetIn = trace.Event{Class: aicc.Fail, Status: 401}

func TestTokensBeforeConnect(t *testing.T) {
	connect := func(answer trace.Event) func(h *history) {
		return func(h *history) {
			h.begin().call(aicc.OpConnect, ms, answer)
			h.call(aicc.OpConnect, ms, carrying(1, ok())).end(trace.ByCustomer)
		}
	}
	without := carrying(1, notLetIn)
	without.NoAccess = true
	runCases(t, []ruleCase{
		{name: "with both", why: "as it should be", options: wireOnly, pass: "SIM-09", story: connect(carrying(1, ok()))},
		{name: "without a user token", why: "CONNECT did not wait for applyToken", options: wireOnly, trouble: []string{"SIM-09 ERROR"},
			told: "CONNECT was sent without a user token", story: connect(carrying(trace.Tokenless, notLetIn))},
		{name: "without an application token", why: "it did not wait for tokenByAkSk", options: wireOnly, trouble: []string{"SIM-09 ERROR"},
			told: "CONNECT was sent without an application token", story: connect(without)},
		{name: "with old ones", why: "a token may run out", options: wireOnly, pass: "SIM-09", story: connect(carrying(1, notLetIn))},
		{name: "let in without one", why: "a server in between adds it", options: wireOnly, idle: "SIM-09", story: func(h *history) {
			h.begin().call(aicc.OpConnect, ms, carrying(trace.Tokenless, ok())).end(trace.ByCustomer)
		}},
		{name: "not answered", why: "nobody knows what it would have been", options: wireOnly, idle: "SIM-09", story: func(h *history) {
			h.begin().call(aicc.OpConnect, ms, carrying(trace.Tokenless, info())).end(trace.LostContact)
		}},
		{name: "an older trace", why: "it does not tell of tokens", options: wireOnly, blind: "SIM-09 SIM-12",
			story: func(h *history) { h.begin().call(aicc.OpConnect, ms, notLetIn).connect().end(trace.ByCustomer) }},
	})
}

func TestReplacementToken(t *testing.T) {
	replaced := func(h *history) *history {
		return h.open().poll(notice("")).call(aicc.OpSend, ms, replacing(2, carrying(1, ok())))
	}
	late := func(token int) func(h *history) {
		return func(h *history) {
			replaced(h).wait(DefaultCrossing+ms).call(aicc.OpSend, ms, carrying(token, ok())).end(trace.ByCustomer)
		}
	}
	overlapping := func(token int) func(h *history) { // a poll began before the send did, and brings another token
		return func(h *history) {
			h.open().poll(notice("")).wait(DefaultPause)
			started := h.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: strayID, Token: 1}).At
			h.call(aicc.OpSend, ms, replacing(2, carrying(1, ok())))
			back := replacing(3, ok())
			back.Kind, back.Op, back.ID, back.Started = trace.Return, aicc.OpPoll, strayID, started
			h.add(back)
			h.wait(DefaultCrossing+ms).call(aicc.OpSend, ms, carrying(token, ok())).end(trace.ByCustomer)
		}
	}
	runCases(t, []ruleCase{
		{name: "taken up", why: "the next call carries it", options: wireOnly, pass: "SIM-12", story: late(2)},
		{name: "a newer one", why: "another was applied for and used", options: wireOnly, pass: "SIM-12", story: late(3)},
		{name: "not taken up", why: "the old one is still in use", options: wireOnly, trouble: []string{"SIM-12 ERROR"},
			told: "a call carries the user token that was replaced 1.001s before", story: late(1)},
		{name: "applying with the old one", why: "the call for a new token needs none", options: wireOnly, idle: "SIM-12", story: func(h *history) {
			replaced(h).wait(DefaultCrossing+ms).call(aicc.OpApply, ms, carrying(1, trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeParam})).
				end(trace.ByCustomer)
		}},
		{name: "unknown once more", why: "which token came is not told", options: wireOnly, trouble: []string{"SIM-12 ERROR"}, story: func(h *history) {
			replaced(h).wait(DefaultCrossing+ms).call(aicc.OpUpload, ms, replacing(0, ok())).call(aicc.OpSend, ms, carrying(1, ok())).end(trace.ByCustomer)
		}},
		{name: "on its way", why: "the call was decided on before the answer was read", options: wireOnly, idle: "SIM-12",
			story: func(h *history) {
				replaced(h).wait(DefaultCrossing).call(aicc.OpSend, ms, carrying(1, ok())).end(trace.ByCustomer)
			}},
		{name: "waited for a connection", why: "it was decided on before that", options: wireOnly, idle: "SIM-12",
			story: func(h *history) {
				slow := carrying(1, ok())
				slow.Dial = time.Second
				replaced(h).wait(DefaultCrossing+time.Second).call(aicc.OpSend, ms, slow).end(trace.ByCustomer)
			}},
		{name: "told again", why: "the same token once more gives no more time", options: wireOnly, trouble: []string{"SIM-12 ERROR"},
			story: func(h *history) {
				replaced(h).wait(DefaultCrossing).call(aicc.OpSend, ms, replacing(2, carrying(1, ok())))
				h.wait(ms).call(aicc.OpSend, ms, carrying(1, ok())).end(trace.ByCustomer)
			}},
		{name: "told once", why: "one violation a replacement", options: wireOnly, trouble: []string{"SIM-12 ERROR"},
			told: "a call carries the user token that was replaced 1.001s before",
			story: func(h *history) {
				replaced(h).wait(DefaultCrossing+ms).call(aicc.OpSend, ms, carrying(1, ok())).call(aicc.OpSend, ms, carrying(1, ok())).end(trace.ByCustomer)
			}},
		{name: "applied for anew", why: "an application ends the matter", options: wireOnly, idle: "SIM-12", story: func(h *history) {
			replaced(h).call(aicc.OpApply, ms, ok()).wait(DefaultCrossing+ms).call(aicc.OpSend, ms, carrying(1, ok())).end(trace.ByCustomer)
		}},
		{name: "the first of two at once", why: "nobody says which one wins", options: wireOnly, pass: "SIM-12", story: overlapping(2)},
		{name: "the second of two at once", why: "nobody says which one wins", options: wireOnly, pass: "SIM-12", story: overlapping(3)},
		{name: "one begun as the other came", why: "it may have been before", options: wireOnly, pass: "SIM-12", story: func(h *history) {
			replaced(h).call(aicc.OpUpload, ms, replacing(3, carrying(1, ok()))).wait(DefaultCrossing+ms).
				call(aicc.OpSend, ms, carrying(2, ok())).end(trace.ByCustomer)
		}},
		{name: "one begun after the other came", why: "the later one counts", options: wireOnly, trouble: []string{"SIM-12 ERROR"}, story: func(h *history) {
			replaced(h).wait(ms).call(aicc.OpUpload, ms, replacing(3, carrying(1, ok()))).wait(DefaultCrossing+ms).
				call(aicc.OpSend, ms, carrying(2, ok())).end(trace.ByCustomer)
		}},
		{name: "neither of two at once", why: "the old one is neither", options: wireOnly, trouble: []string{"SIM-12 ERROR"}, story: overlapping(1)},
		{name: "the old one is refused", why: "the new one was not tried", options: wireOnly, idle: "TOK-05", story: func(h *history) {
			refused := carrying(1, notLetIn)
			refused.Fresh = true
			replaced(h).call(aicc.OpSend, ms, refused).end(trace.ByCustomer)
		}, trouble: []string{"TOK-03 FAIL"}},
	})
}

func TestQueueIsAsked(t *testing.T) {
	told := func(h *history) *history { return h.open().poll(queueNotice()) }
	silent := func(d time.Duration, then func(h *history)) func(h *history) {
		return func(h *history) { then(told(h).wait(d)) }
	}
	spoken := func(h *history) { h.wait(-pollTakes - DefaultPause).poll(notice("")).end(trace.ByCustomer) }
	queried := func(h *history) { h.askQueue(aicc.CodeOK, 3).end(trace.ByCustomer) }
	again := func(d time.Duration) func(h *history) {
		return func(h *history) {
			told(h).aside(aicc.OpQueue, ok()).wait(d).askQueue(aicc.CodeOK, 2).end(trace.ByCustomer)
		}
	}
	busy := func(h *history) { // a text is on its way all the time
		h.open().add(trace.Event{Kind: trace.Invoke, Op: aicc.OpSend, ID: strayID, Seq: -1})
		h.poll(queueNotice()).wait(25 * time.Second).poll(notice(""))
		back := ok()
		back.Kind, back.Op, back.ID, back.Seq = trace.Return, aicc.OpSend, strayID, -1
		h.add(back)
		h.end(trace.ByCustomer)
	}
	runCases(t, []ruleCase{
		{name: "at once", why: "as the demo does", options: wireOnly, pass: "SIM-10", story: silent(0, queried)},
		{name: "in time", why: "to the millisecond", options: wireOnly, pass: "SIM-10", story: silent(DefaultReact, queried)},
		{name: "too late", why: "a millisecond more", options: wireOnly, trouble: []string{"SIM-10 ERROR"}, story: silent(DefaultReact+ms, queried),
			told: "the queue was not asked for within 10s of the time it should have been"},
		{name: "every 10 s", why: "as the demo does", options: wireOnly, pass: "SIM-10 SIM-06", story: again(10 * time.Second)},
		{name: "not again", why: "an answer 0 asks for another query", options: wireOnly, trouble: []string{"SIM-10 ERROR"},
			story: again(10*time.Second + DefaultReact + ms)},
		{name: "served meanwhile", why: "there was still time", options: wireOnly, idle: "SIM-10", story: silent(DefaultReact, spoken)},
		{name: "never", why: "the wait was over without a query", options: wireOnly, trouble: []string{"SIM-10 ERROR"},
			story: silent(DefaultReact+ms, spoken)},
		{name: "hung up on", why: "nobody queues any more", options: wireOnly, idle: "SIM-10", story: func(h *history) {
			told(h).poll(disconnect()).wait(time.Minute).end(trace.ByPeer)
		}},
		{name: "from the robot", why: "the demo's robot branch comes first", options: wireOnly, idle: "SIM-10", story: func(h *history) {
			h.open().poll(says(aicc.FromRobot, func(d *aicc.Downlink) { d.QueueFlag = "Y" })).wait(time.Minute).end(trace.ByCustomer)
		}},
		{name: "busy", why: "it does one thing after the other", options: wireOnly, idle: "SIM-10", story: busy},
		{name: "late itself", why: "the generator was short of CPU", options: wireOnly, trouble: []string{"SIM-10 INCONCLUSIVE"},
			story: silent(DefaultReact+ms, func(h *history) {
				late := ok()
				late.Late = DefaultReact / 10
				h.call(aicc.OpQueue, ms, late).end(trace.ByCustomer)
			})},
		{name: "a judged client has less time", why: "2 s", options: foreign, trouble: []string{"SIM-10 FAIL"},
			story: silent(ForeignReact+ms, queried)},
		{name: "a judged client in time", why: "2 s", options: foreign, pass: "SIM-10", story: silent(ForeignReact, queried)},
	})
}

func TestClickToCall(t *testing.T) {
	told := func(h *history) *history { // without the question that the history asks by itself
		h.open().poll(notice("")).wait(DefaultPause).call(aicc.OpPoll, pollTakes, ok())
		h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: fromAgent()(h)})
		return h
	}
	asks := func(h *history) *history { return h.call(aicc.OpSupport, ms, ok()) }
	runCases(t, []ruleCase{
		{name: "once", why: "as the demo does", options: wireOnly, pass: "SIM-11", story: func(h *history) { asks(told(h)).end(trace.ByCustomer) }},
		{name: "never", why: "an agent has spoken", options: wireOnly, trouble: []string{"SIM-11 ERROR"},
			told:  "a message from AGENT came, and click-to-call was not asked about",
			story: func(h *history) { told(h).end(trace.ByCustomer) }},
		{name: "twice", why: "once is enough", options: wireOnly, trouble: []string{"SIM-11 ERROR"}, told: "click-to-call was asked about again",
			story: func(h *history) { asks(asks(told(h))).end(trace.ByCustomer) }},
		{name: "early", why: "nobody had spoken", options: wireOnly, trouble: []string{"SIM-11 ERROR"},
			told:  "click-to-call was asked about before anything from AGENT came",
			story: func(h *history) { asks(h.open().poll(notice(""))).end(trace.ByCustomer) }},
		{name: "with a new token", why: "the same question again", options: wireOnly, pass: "SIM-11", story: func(h *history) {
			asks(told(h).call(aicc.OpSupport, ms, notLetIn)).end(trace.ByCustomer)
		}},
		{name: "later conversation", why: "the answer may be remembered", options: wireOnly, idle: "SIM-10", pass: "SIM-11", story: func(h *history) {
			asks(told(h)).end(trace.ByCustomer)
			told(h).end(trace.ByCustomer)
		}},
		{name: "cut off", why: "there was no time", options: wireOnly, idle: "SIM-11", story: func(h *history) { told(h) }},
		{name: "a judged client late", why: "the question was put off", options: foreign, trouble: []string{"SIM-11 FAIL"},
			story: func(h *history) { asks(told(h).wait(ForeignReact + ms)).end(trace.ByCustomer) }},
		{name: "a judged client in time", why: "2 s", options: foreign, pass: "SIM-11",
			story: func(h *history) { asks(told(h).wait(ForeignReact)).end(trace.ByCustomer) }},
		{name: "a judged client that left", why: "it had no time to ask", options: foreign, idle: "SIM-11",
			story: func(h *history) { told(h).wait(ForeignReact - 2*ms).end(trace.ByCustomer) }},
		{name: "a judged client that stayed", why: "it had", options: foreign, trouble: []string{"SIM-11 FAIL"},
			story: func(h *history) { told(h).wait(ForeignReact + ms).end(trace.ByCustomer) }},
		{name: "a judged client that is watched no more", why: "it may still ask", options: foreign,
			trouble: []string{"SIM-07 INCONCLUSIVE", "SIM-11 INCONCLUSIVE"}, story: func(h *history) { told(h) }},
	})
}

func TestNothingIsSentAfterTheEnd(t *testing.T) {
	ended := func(h *history) *history { return h.open().poll(notice(""), disconnect()) }
	left := func(h *history) *history { return h.open().poll(notice("")).hangUp() }
	after := func(over func(h *history) *history, d time.Duration, op aicc.Op) func(h *history) {
		return func(h *history) { over(h).wait(d).call(op, ms, ok()).quit(trace.ByPeer) }
	}
	const beyond = DefaultCrossing + ms
	cases := []ruleCase{
		{name: "a poll after hanging up", why: "there is nothing to come", options: wireOnly, trouble: []string{"SIM-13 ERROR"},
			told: "poll was sent 1.001s after its own DISCONNECT was answered 0", story: after(left, beyond, aicc.OpPoll)},
		{name: "hanging up twice", why: "nobody says that one is enough", options: wireOnly, pass: "SIM-13", story: after(left, beyond, aicc.OpDisconnect)},
		{name: "a text on its way", why: "it crossed the DISCONNECT", options: wireOnly, pass: "SIM-13", story: after(ended, DefaultCrossing, aicc.OpSend)},
		{name: "a judged client's text on its way", why: "it may have crossed it", options: foreign, trouble: []string{"SIM-13 INCONCLUSIVE"},
			story: after(ended, ForeignCrossing, aicc.OpSend)},
		{name: "a judged client's text", why: "it is too late for that", options: foreign, trouble: []string{"SIM-13 FAIL"},
			story: after(ended, ForeignCrossing+ms, aicc.OpSend)},
		{name: "a judged client's last poll", why: "its timer ran on", options: foreign, pass: "SIM-13", story: after(left, ForeignCrossing, aicc.OpPoll)},
		{name: "refused", why: "the conversation goes on", options: wireOnly, idle: "SIM-13", story: func(h *history) {
			h.open().poll(notice("")).call(aicc.OpDisconnect, ms, failed()).wait(beyond).say().quit(trace.ByCustomer)
		}},
	}
	for _, op := range []aicc.Op{aicc.OpSend, aicc.OpTransfer, aicc.OpUpload, aicc.OpQueue, aicc.OpDisconnect} {
		cases = append(cases, ruleCase{name: op.String() + " after DISCONNECT", why: "nobody listens", options: wireOnly,
			trouble: []string{"SIM-13 ERROR"}, story: after(ended, beyond, op)})
	}
	for _, op := range []aicc.Op{aicc.OpLeave, aicc.OpApply, aicc.OpToken} {
		cases = append(cases, ruleCase{name: op.String() + " after DISCONNECT", why: "that may follow", options: wireOnly,
			pass: "SIM-13", story: after(ended, beyond, op)})
	}
	runCases(t, cases)
}

// TestDownloadsOfEachFile looks at files one by one.
func TestDownloadsOfEachFile(t *testing.T) {
	bare := func(h *history, messages ...msg) *history { // a poll without the downloads
		answer := ok()
		answer.Count = len(messages)
		h.open().wait(DefaultPause).call(aicc.OpPoll, pollTakes, answer)
		for i, m := range messages {
			h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Index: i, Message: m(h)})
		}
		return h.aside(aicc.OpSupport, ok())
	}
	document := says(aicc.FromAgent, func(d *aicc.Downlink) { d.MediaType, d.Content = aicc.Document, "d1" })
	runCases(t, []ruleCase{
		{name: "one twice and one never", why: "counting them together hides it", options: wireOnly, trouble: []string{"SIM-05 ERROR"},
			story: func(h *history) {
				bare(h, image("p1"), image("p2")).download("p1").download("p1").end(trace.ByCustomer)
			}},
		{name: "one file in two messages", why: "each is downloaded", options: wireOnly, pass: "SIM-05",
			story: func(h *history) {
				bare(h, image("p1"), image("p1")).download("p1").download("p1").end(trace.ByCustomer)
			}},
		{name: "a file that nobody sent", why: "the demo has no reason", options: wireOnly, trouble: []string{"SIM-05 ERROR"},
			story: func(h *history) { h.open().poll(notice("")).download("p1").end(trace.ByCustomer) }},
		{name: "a judged client's own file", why: "it may know it from elsewhere", options: foreign, idle: "SIM-05 MED-01",
			story: func(h *history) { h.open().poll(notice("")).download("p1").end(trace.ByCustomer) }},
		{name: "a document", why: "the demo cannot show it", options: wireOnly, trouble: []string{"SIM-05 ERROR"},
			story: func(h *history) { bare(h, document).download("d1").end(trace.ByCustomer) }},
		{name: "a judged client's document", why: "it may be able to do more", options: foreign, idle: "SIM-05", pass: "MED-01",
			story: func(h *history) { bare(h, document).download("d1").end(trace.ByCustomer) }},
		{name: "a judged client tries again", why: "the first download did not succeed", options: foreign, pass: "SIM-05",
			trouble: []string{"MED-01 FAIL"}, story: func(h *history) {
				answer := failed()
				answer.FileID = "p1"
				bare(h, image("p1")).call(aicc.OpDownload, ms, answer).download("p1").end(trace.ByCustomer)
			}},
		{name: "a judged client that left", why: "it had no time", options: foreign, pass: "SIM-05",
			story: func(h *history) { bare(h, image("p1")).wait(ForeignReact - 2*ms).end(trace.ByCustomer) }},
		{name: "a judged client that stayed", why: "it had", options: foreign, trouble: []string{"SIM-05 FAIL"},
			told:  "1 media messages of a file led to 0 downloads of it",
			story: func(h *history) { bare(h, image("p1")).wait(ForeignReact + ms).end(trace.ByCustomer) }},
		{name: "a judged client that is watched no more", why: "it may still download", options: foreign,
			trouble: []string{"SIM-05 INCONCLUSIVE", "SIM-07 INCONCLUSIVE"}, story: func(h *history) { bare(h, image("p1")) }},
		{name: "a judged client that was watched for long", why: "it had time before that", options: foreign, abort: RunAborted,
			trouble: []string{"SIM-05 FAIL", "SIM-07 INCONCLUSIVE"},
			story:   func(h *history) { bare(h, image("p1")).wait(ForeignReact + ms).poll() }},
	})
}
