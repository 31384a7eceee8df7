package check

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestQueue(t *testing.T) {
	all := knowing(func(*trace.Setup) {})
	withAgent := func(code string, h *history) *history {
		return h.open().poll(notice(""), fromAgent()).askQueue(code, 0)
	}
	waiting := func(answer trace.Event) *trace.Event {
		answer.Class, answer.Status, answer.Code = aicc.OK, 200, aicc.CodeOK
		return &answer
	}
	asked := func(answer *trace.Event) func(h *history) {
		return func(h *history) { h.open().call(aicc.OpQueue, ms, *answer).end(trace.ByCustomer) }
	}
	waited := func(d time.Duration) func(h *history) {
		return func(h *history) {
			h.open().poll(queueNotice())
			h.queueFor(d).call(aicc.OpQueue, ms, *waiting(trace.Event{MaxWait: 60})).end(trace.ByCustomer)
		}
	}
	waitedAfter := func(h *history) {
		h.queueFor(2*time.Minute).call(aicc.OpQueue, ms, *waiting(trace.Event{MaxWait: 60})).end(trace.ByCustomer)
	}
	runCases(t, []ruleCase{
		{name: "first in the queue", why: "0 is not negative", options: all, pass: "QUE-01", idle: "QUE-02 QUE-03 QUE-04",
			story: asked(waiting(trace.Event{}))},
		{name: "negative position", why: "-1", options: all, trouble: []string{"QUE-01 FAIL"}, story: asked(waiting(trace.Event{Position: -1}))},
		{name: "negative times", why: "-1 may mean that they are not known", options: all, pass: "QUE-01",
			story: asked(waiting(trace.Event{Estimate: -1, MaxWait: -1}))},
		{name: "served", why: "160021 after an agent has spoken", options: all, pass: "QUE-02",
			story: func(h *history) { withAgent(aicc.CodeWithAgent, h).end(trace.ByCustomer) }},
		{name: "served and queueing", why: "0 after an agent has spoken", options: all, trouble: []string{"QUE-02 FAIL"},
			told:  "the queue query says that the customer queues, after an agent has spoken",
			story: func(h *history) { withAgent(aicc.CodeOK, h).end(trace.ByCustomer) }},
		{name: "given back to the queue", why: "a message said so", options: all, idle: "QUE-02",
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent(), queueNotice()).askQueue(aicc.CodeOK, 0).end(trace.ByCustomer)
			}},
		{name: "asked for another agent", why: "TRANS2AGENT begins a new wait", options: all, idle: "QUE-02", story: func(h *history) {
			h.open().poll(notice(""), fromAgent()).transfer().askQueue(aicc.CodeOK, 3).end(trace.ByCustomer)
		}},
		{name: "asked for another agent in vain", why: "TRANS2AGENT was refused", options: all, trouble: []string{"QUE-02 FAIL"},
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent()).call(aicc.OpTransfer, ms, h.numbered(failed())).askQueue(aicc.CodeOK, 3).end(trace.ByCustomer)
			}},
		{name: "perhaps given back", why: "a lost poll may have said so", options: all, trouble: []string{"QUE-02 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent()).infoPoll().askQueue(aicc.CodeOK, 0).end(trace.ByCustomer)
			}},
		{name: "asked before the agent spoke", why: "the query was on its way", options: all, idle: "QUE-02",
			story: func(h *history) {
				h.open()
				sent := h.now
				h.poll(notice(""), fromAgent()).add(trace.Event{Kind: trace.Return, Op: aicc.OpQueue, ID: 99, Started: sent, Class: aicc.OK,
					Status: 200, Code: aicc.CodeOK})
				h.end(trace.ByCustomer)
			}},
		{name: "after the hang-up", why: "nobody is served any more", options: all, idle: "QUE-02",
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent(), disconnect()).askQueue(aicc.CodeOK, 0).end(trace.ByPeer)
			}},
		{name: "an agent of the conversation before", why: "it was left waiting", options: all, idle: "QUE-02 HND-02",
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent()).end(trace.ByCustomer).
					begin().probe(fromAgent()).connect().poll(says(aicc.FromRobot)).askQueue(aicc.CodeOK, 0).end(trace.ByCustomer)
			}},
		{name: "coming closer", why: "3, 3, 1", options: all, pass: "QUE-03", story: func(h *history) {
			for _, position := range []int{3, 3, 1} {
				if h.epoch < 0 {
					h.open()
				}
				h.askQueue(aicc.CodeOK, position).wait(10 * time.Second)
			}
			h.end(trace.ByCustomer)
		}},
		{name: "falling back", why: "3, then 4", options: all, trouble: []string{"QUE-03 FAIL"}, told: "the position in the queue grew",
			story: func(h *history) {
				h.open().askQueue(aicc.CodeOK, 3).wait(10*time.Second).askQueue(aicc.CodeOK, 4).end(trace.ByCustomer)
			}},
		{name: "nowhere in between", why: "a negative position is no place to fall back from", options: all, trouble: []string{"QUE-01 FAIL"},
			pass: "QUE-03", story: func(h *history) {
				for _, position := range []int{3, -1, 3} {
					if h.epoch < 0 {
						h.open()
					}
					h.askQueue(aicc.CodeOK, position).wait(10 * time.Second)
				}
				h.end(trace.ByCustomer)
			}},
		{name: "no place in between", why: "0 may mean that it is not known", options: all, pass: "QUE-03", story: func(h *history) {
			h.open()
			for _, position := range []int{3, 0, 3} {
				h.askQueue(aicc.CodeOK, position).wait(10 * time.Second)
			}
			h.end(trace.ByCustomer)
		}},
		{name: "another wait", why: "TRANS2AGENT begins a new one", options: all, idle: "QUE-03",
			story: func(h *history) {
				h.open().askQueue(aicc.CodeOK, 3).transfer().wait(10*time.Second).askQueue(aicc.CodeOK, 4).end(trace.ByCustomer)
			}},
		{name: "served in between", why: "160021 has no position", options: all, pass: "QUE-03",
			story: func(h *history) {
				h.open().askQueue(aicc.CodeOK, 3).wait(10*time.Second).askQueue(aicc.CodeWithAgent, 0).poll(queueNotice()).
					askQueue(aicc.CodeOK, 3).end(trace.ByCustomer)
			}},
		{name: "at the longest wait", why: "30 s are allowed on top", options: all, pass: "QUE-04", story: waited(90 * time.Second)},
		{name: "beyond the longest wait", why: "the queue goes on", options: all, trouble: []string{"QUE-04 FAIL"},
			told: "the queue goes on after its maximum wait of 60 s", story: waited(90*time.Second + ms)},
		{name: "no longest wait", why: "none was told", options: all, idle: "QUE-04", story: func(h *history) {
			h.open().poll(queueNotice()).queueFor(time.Hour).askQueue(aicc.CodeOK, 0).end(trace.ByCustomer)
		}},
		{name: "back with the robot", why: "the wait is over", options: all, idle: "QUE-04",
			story: func(h *history) { waitedAfter(h.open().poll(queueNotice()).poll(says(aicc.FromRobot))) }},
		{name: "asked for an agent again", why: "the wait begins anew", options: all, idle: "QUE-04",
			story: func(h *history) { waitedAfter(h.open().poll(queueNotice()).transfer()) }},
		{name: "served and waiting again", why: "the agent ended the first wait", options: all, pass: "QUE-04", story: func(h *history) {
			h.open().poll(queueNotice()).queueFor(time.Minute).poll(fromAgent()).wait(time.Minute).poll(queueNotice()).
				call(aicc.OpQueue, ms, *waiting(trace.Event{MaxWait: 60})).end(trace.ByCustomer)
		}},
	})
}

// fromAgent is a CHAT of an agent with a name.
func fromAgent() msg { return says(aicc.FromAgent, func(d *aicc.Downlink) { d.SenderNickname = "Li" }) }

// withRobot tells whether the channel has a robot.
func withRobot(has bool) func(o *Options) { return knowing(func(s *trace.Setup) { s.Robot = &has }) }

// async tells that the customers use sendAsync.
func async(o *Options) {
	wireOnly(o)
	o.Setup.Async = true
}

func TestRobot(t *testing.T) {
	asked := func(h *history) *history { return h.open().poll(says(aicc.FromRobot)).say() }
	late := func(h *history, answer trace.Event, takes time.Duration, messages ...msg) {
		answer.Count = len(messages)
		h.call(aicc.OpPoll, takes, answer)
		for i, m := range messages {
			h.add(trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: h.lastID, Index: i, Message: m(h)})
		}
		h.end(trace.ByCustomer)
	}
	lateGenerator := ok()
	lateGenerator.Late = DefaultReply / 10
	runCases(t, []ruleCase{
		{name: "robot first", why: "as set up", options: withRobot(true), pass: "ROB-01", idle: "ROB-02",
			story: func(h *history) { h.open().poll(says(aicc.FromRobot)).end(trace.ByCustomer) }},
		{name: "agent first", why: "on a channel with a robot", options: withRobot(true), trouble: []string{"ROB-01 FAIL", "HND-03 FAIL"},
			told: "an agent speaks first on a channel with a robot", story: func(h *history) { h.open().poll(fromAgent()).end(trace.ByCustomer) }},
		{name: "agent first after a notice", why: "the system is no robot", options: withRobot(true), trouble: []string{"ROB-01 FAIL"},
			story: func(h *history) { h.open().poll(notice(""), fromAgent()).end(trace.ByCustomer) }},
		{name: "agent first, as asked for", why: "TRANS2AGENT was sent", options: withRobot(true), idle: "ROB-01", trouble: []string{"HND-03 FAIL"},
			story: func(h *history) { h.open().transfer().poll(fromAgent()).end(trace.ByCustomer) }},
		{name: "agent first after a lost poll", why: "it may have carried the robot's word", options: withRobot(true),
			trouble: []string{"ROB-01 INCONCLUSIVE", "HND-03 INCONCLUSIVE"},
			story:   func(h *history) { h.open().infoPoll().poll(fromAgent()).end(trace.ByCustomer) }},
		{name: "agent first after a lost DISCONNECT", why: "the earlier conversation may go on", options: withRobot(true),
			trouble: []string{"ROB-01 INCONCLUSIVE", "HND-03 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice("")).call(aicc.OpDisconnect, ms, info()).quit(trace.ByCustomer).
					open().poll(fromAgent()).end(trace.ByCustomer)
			}},
		{name: "agent first, set-up unknown", why: "there may be no robot", options: wireOnly, blind: "ROB-01 ROB-02",
			story: func(h *history) { h.open().poll(fromAgent()).end(trace.ByCustomer) }},
		{name: "no robot", why: "as set up", options: withRobot(false), pass: "ROB-02", idle: "ROB-01",
			story: func(h *history) { h.open().poll(notice("")).end(trace.ByCustomer) }},
		{name: "a robot where there is none", why: "the set-up says so", options: withRobot(false), trouble: []string{"ROB-02 FAIL"},
			told: "a robot speaks on a channel without one", story: func(h *history) { h.open().poll(says(aicc.FromRobot)).end(trace.ByCustomer) }},
		{name: "answered", why: "in time", options: wireOnly, pass: "ROB-03", story: func(h *history) { asked(h).poll(says(aicc.FromRobot)).end(trace.ByCustomer) }},
		{name: "answered by a notice", why: "somebody reacts", options: wireOnly, pass: "ROB-03",
			story: func(h *history) { asked(h).poll(notice("")).end(trace.ByCustomer) }},
		{name: "not answered", why: "a poll brought nothing after the deadline", options: wireOnly, trouble: []string{"ROB-03 FAIL"},
			told:  "nothing followed within 30s after a text to the robot was accepted",
			story: func(h *history) { late(asked(h).wait(DefaultReply), ok(), ms) }},
		{name: "a poll at the deadline", why: "intervals are closed", options: wireOnly, idle: "ROB-03",
			story: func(h *history) { late(asked(h).wait(DefaultReply-ms), ok(), ms) }},
		{name: "answered late", why: "the poll was waiting at the deadline", options: wireOnly, trouble: []string{"ROB-03 FAIL"},
			story: func(h *history) { late(asked(h).wait(DefaultReply), ok(), ms, says(aicc.FromRobot)) }},
		{name: "fetched late", why: "the customer polled only after the deadline", options: wireOnly, pass: "ROB-03",
			story: func(h *history) { late(asked(h).wait(DefaultReply+ms), ok(), ms, says(aicc.FromRobot)) }},
		{name: "only read", why: "a receipt is no answer", options: receipts, trouble: []string{"ROB-03 FAIL"},
			story: func(h *history) { late(asked(h).poll(receiptOf(0)).wait(DefaultReply), ok(), ms) }},
		{name: "not answered, late generator", why: "a tenth of the deadline late", options: wireOnly, trouble: []string{"ROB-03 INCONCLUSIVE"},
			story: func(h *history) { late(asked(h).wait(DefaultReply), lateGenerator, ms) }},
		{name: "not answered after a lost poll", why: "it may have carried the answer", options: wireOnly, trouble: []string{"ROB-03 INCONCLUSIVE"},
			story: func(h *history) { late(asked(h).infoPoll().wait(DefaultReply), ok(), ms) }},
		{name: "lost poll before the question", why: "its hold was over", options: func(o *Options) { wireOnly(o); o.Hold = -1 },
			trouble: []string{"ROB-03 FAIL"},
			story: func(h *history) {
				late(h.open().poll(says(aicc.FromRobot)).infoPoll().say().wait(DefaultReply), ok(), ms)
			}},
		{name: "asked twice", why: "one answer is enough", options: wireOnly, pass: "ROB-03",
			story: func(h *history) { late(asked(h).say().poll(says(aicc.FromRobot)).wait(DefaultReply), ok(), ms) }},
		{name: "asked for an agent", why: "the robot need not answer", options: wireOnly, idle: "ROB-03",
			story: func(h *history) { late(asked(h).transfer().wait(DefaultReply), ok(), ms) }},
		{name: "asked the agent", why: "nobody promises an agent's answer", options: wireOnly, idle: "ROB-03",
			story: func(h *history) {
				late(h.open().poll(says(aicc.FromRobot), notice("")).say().wait(DefaultReply), ok(), ms)
			}},
		{name: "asked by sendAsync", why: "its 0 does not say that the robot has it", options: async, idle: "ROB-03",
			story: func(h *history) { late(asked(h).wait(DefaultReply), ok(), ms) }},
		{name: "hung up", why: "the customer did not wait", options: wireOnly, idle: "ROB-03", trouble: []string{"SIM-13 ERROR"},
			story: func(h *history) { late(asked(h).hangUp().wait(DefaultReply), ok(), ms) }},
	})
}

func TestHandOver(t *testing.T) {
	asked := func(h *history) *history { return h.open().poll(says(aicc.FromRobot)).transfer() }
	silent := func(h *history) { h.wait(DefaultHandOver).poll().end(trace.ByCustomer) }
	all := knowing(func(*trace.Setup) {})
	lateQuery := func(h *history, takes time.Duration) {
		h.call(aicc.OpQueue, takes, ok()).end(trace.ByCustomer)
	}
	runCases(t, []ruleCase{
		{name: "announced", why: "the system, then the agent", options: all, pass: "HND-01 HND-03", idle: "HND-02",
			story: func(h *history) { asked(h).poll(notice(""), fromAgent()).end(trace.ByCustomer) }},
		{name: "queued", why: "the query says that the customer waits", options: all, pass: "HND-01",
			story: func(h *history) { silent(asked(h).askQueue(aicc.CodeOK, 3)) }},
		{name: "served", why: "the query says so", options: all, pass: "HND-01", story: func(h *history) { silent(asked(h).askQueue(aicc.CodeWithAgent, 0)) }},
		{name: "hung up on", why: "a DISCONNECT is something", options: all, pass: "HND-01",
			story: func(h *history) { asked(h).poll(disconnect()).end(trace.ByPeer) }},
		{name: "nothing", why: "a poll brought nothing after a minute", options: all, trouble: []string{"HND-01 FAIL"},
			told: "nothing followed within 1m0s after TRANS2AGENT was answered 0", story: func(h *history) { silent(asked(h)) }},
		{name: "the robot goes on", why: "that is no hand-over", options: all, trouble: []string{"HND-01 FAIL"},
			story: func(h *history) { silent(asked(h).poll(says(aicc.FromRobot))) }},
		{name: "nothing, and a lost poll", why: "it may have carried the word", options: all, trouble: []string{"HND-01 INCONCLUSIVE"},
			story: func(h *history) { silent(asked(h).infoPoll()) }},
		{name: "told late", why: "the query was waiting at the deadline", options: all, trouble: []string{"HND-01 FAIL"},
			story: func(h *history) { lateQuery(asked(h).wait(DefaultHandOver), ms) }},
		{name: "asked late", why: "the query was sent after the deadline", options: all, pass: "HND-01",
			story: func(h *history) { lateQuery(asked(h).wait(DefaultHandOver+ms), ms) }},
		{name: "refused", why: "there is nothing to wait for", options: all, idle: "HND-01",
			story: func(h *history) { silent(h.open().poll(notice("")).call(aicc.OpTransfer, ms, h.numbered(failed()))) }},
		{name: "asked by sendAsync", why: "its 0 does not say that anybody was asked", options: async, idle: "HND-01",
			story: func(h *history) { silent(asked(h)) }},
		{name: "gone", why: "the customer did not wait", options: all, idle: "HND-01", trouble: []string{"SIM-13 ERROR"}, story: func(h *history) { silent(asked(h).hangUp()) }},
		{name: "another customer's agent", why: "it was said elsewhere", options: func(o *Options) { markersOnly(o); allRules(o) },
			trouble: []string{"SHP-10 FAIL", "DEL-02 FAIL"}, idle: "HND-02 HND-03",
			story: func(h *history) {
				h.open().poll(agent(0, ofCustomer(8))).wait(ms).say().poll(says(aicc.FromRobot)).end(trace.ByCustomer)
			}},
		{name: "unannounced", why: "no message from SYSTEM", options: all, trouble: []string{"HND-03 FAIL"},
			told:  "an agent speaks whom nobody has announced",
			story: func(h *history) { h.open().poll(says(aicc.FromRobot), fromAgent()).end(trace.ByCustomer) }},
		{name: "announced long ago", why: "in an earlier conversation", options: all, trouble: []string{"HND-03 FAIL"},
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent()).end(trace.ByCustomer).open().poll(says(aicc.FromRobot), fromAgent()).end(trace.ByCustomer)
			}},
	})
}

func TestRobotAfterAgent(t *testing.T) {
	all := knowing(func(*trace.Setup) {})
	bot := says(aicc.FromRobot)
	served := func(h *history) *history { return h.open().poll(notice(""), fromAgent()).wait(ms) }
	fetched := func(h *history) *history { return h.poll(bot).end(trace.ByCustomer) }
	runCases(t, []ruleCase{
		{name: "answers a text to the agent", why: "it should be silent", options: all, trouble: []string{"HND-02 FAIL"},
			told: "a robot answers what was said to an agent", story: func(h *history) { fetched(served(h).say()) }},
		{name: "the agent answers", why: "as it should be", options: all, pass: "HND-02",
			story: func(h *history) { served(h).say().poll(fromAgent()).end(trace.ByCustomer) }},
		{name: "was not asked again", why: "it may have had more to say", options: all, idle: "HND-02",
			story: func(h *history) { fetched(h.open().poll(notice(""), fromAgent(), bot)) }},
		{name: "was asked before", why: "its answer was under way", options: all, idle: "HND-02",
			story: func(h *history) { fetched(h.open().poll(bot).say().poll(notice(""), fromAgent())) }},
		{name: "was asked as the agent spoke", why: "the text may have been sent before", options: all, idle: "HND-02",
			story: func(h *history) { fetched(h.open().poll(notice(""), fromAgent()).say()) }},
		{name: "the text was refused", why: "nobody got it", options: all, idle: "HND-02",
			story: func(h *history) { fetched(served(h).refuse()) }},
		{name: "in a poll that was waiting", why: "its answer may have been older than the text's", options: all, idle: "HND-02",
			story: func(h *history) {
				served(h).wait(DefaultPause)
				started := h.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: strayID}).At
				answer := ok()
				answer.Kind, answer.Op, answer.ID, answer.Started, answer.Count = trace.Return, aicc.OpPoll, strayID, started, 1
				h.wait(ms).say().add(answer)
				h.add(trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: strayID, Message: bot(h)})
				h.end(trace.ByCustomer)
			}},
		{name: "in a poll that was sent at once", why: "intervals are closed", options: all, trouble: []string{"HND-02 FAIL"},
			story: func(h *history) { served(h).wait(DefaultPause).say().pollNow(ok(), bot).end(trace.ByCustomer) }},
		{name: "a notice in between", why: "the agent may have left", options: all, pass: "HND-02",
			story: func(h *history) { fetched(served(h).say().poll(notice(""))) }},
		{name: "back in the queue", why: "the agent gave the customer back", options: all, pass: "HND-02",
			story: func(h *history) {
				flagged := says(aicc.FromAgent, func(d *aicc.Downlink) { d.SenderNickname, d.QueueFlag = "Li", "Y" })
				fetched(served(h).say().poll(flagged).say())
			}},
		{name: "another agent", why: "it was told nothing yet", options: all, pass: "HND-02",
			story: func(h *history) { fetched(served(h).say().poll(notice(""), fromAgent())) }},
		{name: "another agent's text", why: "it counts as the first one's did", options: all, trouble: []string{"HND-02 FAIL"},
			story: func(h *history) { fetched(served(h).say().poll(notice(""), fromAgent()).wait(ms).say()) }},
		{name: "after a lost poll", why: "it may have told that the agent left", options: all, trouble: []string{"HND-02 INCONCLUSIVE"},
			story: func(h *history) { fetched(served(h).say().infoPoll()) }},
		{name: "after a lost DISCONNECT", why: "the earlier conversation may go on", options: all, trouble: []string{"HND-02 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice("")).call(aicc.OpDisconnect, ms, info()).quit(trace.ByCustomer)
				fetched(served(h).say())
			}},
	})
}
