package check

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

func TestDisconnect(t *testing.T) {
	hungUp := func(ago time.Duration, owed bool) trace.Record {
		return trace.Record{HungUp: true, HungUpAgo: ago.Milliseconds(), Owed: owed}
	}
	runCases(t, []ruleCase{
		{name: "holds", why: "DISCONNECT, and an empty probe after it",
			story: func(h *history) {
				h.open().poll(notice(""), disconnect()).probe().journal(hungUp(0, false)).end(trace.ByPeer)
			},
			pass: "DSC-01 DSC-02 DSC-03 DSC-04 DSC-07 SIM-03"},
		{name: "left over from the conversation before", why: "it does not end the next one", pass: "SIM-03", idle: "DSC-01 DSC-03",
			story: func(h *history) {
				h.open().poll(notice("")).hangUp().journal(trace.Record{}).end(trace.ByCustomer).
					begin().probe(disconnect()).connect().poll(notice("")).hangUp().journal(trace.Record{}).end(trace.ByCustomer)
			}},
		{name: "before the first CONNECT", why: "it is a message too early, and ends nothing", trouble: []string{"CON-01 FAIL"}, pass: "SIM-03",
			story: func(h *history) {
				h.begin().probe(disconnect()).connect().poll(notice("")).hangUp().journal(trace.Record{}).end(trace.ByCustomer)
			}},
		{name: "customer hangs up", why: "no DISCONNECT is due",
			story: func(h *history) { h.open().poll(notice("")).hangUp().journal(trace.Record{}).end(trace.ByCustomer) },
			idle:  "DSC-01 DSC-02 DSC-03 DSC-04 DSC-07"},
		{name: "talk after it", why: "a probe brings CHAT", trouble: []string{"DSC-01 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).probe(agent(1)).byPeer(agentSaid(2))
			}},
		{name: "talk after it, and the conversation is parked", why: "how it goes on is not described", idle: "DSC-01",
			story: func(h *history) {
				h.open().poll(agent(0), parking("see you")).probe(agent(1)).byPeer(agentSaid(2))
			}},
		{name: "talk after a second one that parks", why: "it may have been parked after all", trouble: []string{"DSC-03 FAIL"}, pass: "DSC-01",
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).probe(parking("see you")).probe(agent(1)).byPeer(agentSaid(2))
			}},
		{name: "talk after it in the conversation behind a parked one", why: "this one is over", trouble: []string{"DSC-01 FAIL"},
			story: func(h *history) {
				h.open().poll(notice(""), parking("see you")).byPeer().open().poll(agent(0), disconnect()).probe(agent(1)).byPeer(agentSaid(2))
			}},
		{name: "picture after it", why: "a probe brings media", trouble: []string{"DSC-01 FAIL"},
			story: func(h *history) { h.open().poll(disconnect()).probe(image("p1")).byPeer() }},
		{name: "read receipt after it", why: "other control types are let through", pass: "DSC-01", options: receipts,
			story: func(h *history) { h.open().poll(disconnect()).probe(receiptOf(0)).byPeer() }},
		{name: "talk in the same batch", why: "the demo's loop goes on", trouble: []string{"DSC-02 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), disconnect(), agent(1)).byPeer(agentSaid(2)) }},
		{name: "read receipt behind a second one", why: "that is the end of its batch too", options: receipts,
			trouble: []string{"DSC-02 FAIL", "DSC-03 FAIL"},
			story:   func(h *history) { h.open().poll(disconnect()).probe(disconnect(), receiptOf(0)).byPeer() }},
		{name: "a second one from the robot", why: "it is one too many, though the demo does not see it",
			trouble: []string{"DSC-03 FAIL", "DSC-07 FAIL"},
			story: func(h *history) {
				h.open().poll(disconnect()).probe(disconnectOf(aicc.FromRobot, "")).byPeer()
			}},
		{name: "twice in the same batch", why: "one is enough", trouble: []string{"DSC-03 FAIL"},
			story: func(h *history) { h.open().poll(notice(""), disconnect(), disconnect()).byPeer() }},
		{name: "twice in two polls", why: "one is enough", trouble: []string{"DSC-03 FAIL"},
			story: func(h *history) { h.open().poll(notice(""), disconnect()).probe(disconnect()).byPeer() }},
		{name: "from the robot", why: "the robot branch takes it", trouble: []string{"DSC-07 FAIL"},
			story: func(h *history) {
				h.open().poll(disconnectOf(aicc.FromRobot, "")).poll().hangUp().journal(hungUp(0, false)).end(trace.GaveUp)
			}},
		{name: "on a media type", why: "the media branch takes it", trouble: []string{"DSC-07 FAIL"},
			story: func(h *history) {
				h.open().poll(disconnectOf(aicc.FromSystem, aicc.Image)).hangUp().journal(hungUp(0, false)).end(trace.GaveUp)
			}},
		{name: "with a closing text", why: "TEXT is no media type of the demo's", pass: "DSC-07 DSC-03",
			story: func(h *history) { h.open().poll(disconnectOf(aicc.FromSystem, aicc.Text)).byPeer() }},
		{name: "never told", why: "the tenant hung up and owes nothing", trouble: []string{"DSC-04 FAIL"},
			story: func(h *history) {
				h.open().poll(notice("")).wait(time.Minute).poll().hangUp().journal(hungUp(time.Minute, false)).end(trace.GaveUp)
			}},
		{name: "held back", why: "polls came back empty after the deadline", trouble: []string{"DSC-04 FAIL"},
			story: func(h *history) {
				h.open().poll(notice("")).wait(time.Minute).poll().hangUp().journal(hungUp(time.Minute, true)).end(trace.GaveUp)
			}},
		{name: "not fetched", why: "the customer hung up at the same time", idle: "DSC-04",
			story: func(h *history) {
				h.open().poll(notice("")).hangUp().journal(hungUp(time.Second, true)).end(trace.ByCustomer)
			}},
		{name: "not fetched because of the end of the run", why: "the deadline had not passed", abort: RunAborted,
			trouble: []string{"DSC-04 INCONCLUSIVE"},
			story:   func(h *history) { h.open().poll(notice("")).journal(hungUp(time.Second, true)).end(trace.CutShort) }},
		{name: "told late", why: "two polls were empty after the deadline", trouble: []string{"DSC-04 FAIL"},
			story: func(h *history) {
				h.open().poll(notice("")).wait(20 * time.Second).poll().poll(disconnect()).journal(hungUp(20*time.Second, false)).end(trace.ByPeer)
			}},
		{name: "told late, polled for at the deadline", why: "intervals are closed: the poll was there in time", trouble: []string{"DSC-04 FAIL"},
			story: func(h *history) {
				h.open().poll(notice("")).wait(DefaultWithin).pollNow(ok(), disconnect()).
					journal(hungUp(DefaultWithin+pollTakes, false)).end(trace.ByPeer)
			}},
		{name: "an empty poll at the deadline", why: "intervals are closed: the tenant could still be in time", pass: "DSC-04",
			story: func(h *history) {
				h.open().poll(notice("")).wait(DefaultWithin-pollTakes).pollNow(ok()).wait(time.Second).pollNow(ok(), disconnect()).
					journal(hungUp(DefaultWithin+time.Second+pollTakes, false)).end(trace.ByPeer)
			}},
		{name: "behind other messages", why: "polls that brought something do not show that it was held back", pass: "DSC-04",
			story: func(h *history) {
				h.open().poll(notice("")).wait(20 * time.Second).poll(notice("")).poll(disconnect()).journal(hungUp(20*time.Second, false)).end(trace.ByPeer)
			}},
		{name: "fetched late", why: "the customer did not poll in between", pass: "DSC-04",
			story: func(h *history) {
				h.open().poll(notice("")).wait(20 * time.Second).poll(disconnect()).journal(hungUp(20*time.Second, false)).end(trace.ByPeer)
			}},
		{name: "swallowed", why: "a poll without an answer may have carried it", trouble: []string{"DSC-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice("")).infoPoll().poll().hangUp().journal(hungUp(100*ms, false)).end(trace.GaveUp)
			}},
		{name: "swallowed at the last moment", why: "the hold and the second for fetching the record are closed intervals",
			trouble: []string{"DSC-04 INCONCLUSIVE"}, options: func(o *Options) { o.Hold = time.Second },
			story: func(h *history) {
				h.open().poll(notice("")).infoPoll().wait(3 * time.Second).journal(hungUp(time.Second, false)).end(trace.GaveUp)
			}},
		{name: "told late after a lost poll", why: "it may have been put back", trouble: []string{"DSC-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice("")).infoPoll().wait(20 * time.Second).poll().poll(disconnect()).
					journal(hungUp(20*time.Second, false)).end(trace.ByPeer)
			}},
	})
}

func TestEndings(t *testing.T) {
	left := func(r trace.Record) func(h *history) {
		return func(h *history) { h.open().poll(notice("")).hangUp().tell(r).end(trace.ByCustomer) }
	}
	dropped := func(r trace.Record) func(h *history) {
		return func(h *history) { h.open().poll(notice(""), disconnect()).tell(r).end(trace.ByPeer) }
	}
	patience := func(o *Options) { o.Setup.Silence = time.Minute }
	silent := func(quiet time.Duration) trace.Record {
		return trace.Record{HungUp: true, Ended: "silence", Quiet: quiet.Milliseconds()}
	}
	runCases(t, []ruleCase{
		{name: "parked", why: "with a tip", options: wireOnly, pass: "DSC-08",
			story: func(h *history) { h.open().poll(notice(""), parking("see you")).end(trace.ByPeer) }},
		{name: "parked without a tip", why: "the customer is told nothing", options: wireOnly, trouble: []string{"DSC-08 FAIL"},
			story: func(h *history) { h.open().poll(notice(""), parking("")).end(trace.ByPeer) }},
		{name: "ended", why: "by the customer", pass: "DSC-09", story: left(trace.Record{Ended: "customer"})},
		{name: "ended before", why: "the agent was faster", pass: "DSC-09", story: left(trace.Record{HungUp: true, Owed: true, Ended: "agent"})},
		{name: "not ended", why: "the agent stays busy", trouble: []string{"DSC-09 FAIL"}, story: left(trace.Record{})},
		{name: "not ended by a lost DISCONNECT", why: "it may not have arrived", idle: "DSC-09", story: func(h *history) {
			h.open().poll(notice("")).call(aicc.OpDisconnect, ms, info()).tell(trace.Record{}).end(trace.ByCustomer)
		}},
		{name: "silent for long", why: "a second is for the tenant's timer", options: patience, pass: "DSC-10", story: dropped(silent(59 * time.Second))},
		{name: "silent for less", why: "the interval is a minute", options: patience, trouble: []string{"DSC-10 FAIL"},
			story: dropped(silent(59*time.Second - ms))},
		{name: "silent for nobody knows", why: "the interval is not known", idle: "DSC-10", story: dropped(silent(0))},
		{name: "not for silence", why: "the agent hung up", options: patience, idle: "DSC-10", story: dropped(trace.Record{HungUp: true, Ended: "agent"})},
		{name: "hung up", why: "by the record too", pass: "DSC-11", story: dropped(trace.Record{HungUp: true, Ended: "agent"})},
		{name: "hung up by nobody", why: "the record knows of no hang-up", trouble: []string{"DSC-11 FAIL"}, story: dropped(trace.Record{})},
		{name: "answer to the customer's", why: "the customer had hung up", idle: "DSC-11", story: func(h *history) {
			h.open().poll(notice("")).hangUp().probe(disconnect()).tell(trace.Record{Ended: "customer"}).end(trace.ByCustomer)
		}},
		{name: "left over", why: "it came before CONNECT", idle: "DSC-11", story: func(h *history) {
			h.open().poll(notice("")).hangUp().journal(trace.Record{}).end(trace.ByCustomer).
				begin().probe(disconnect()).connect().poll(notice("")).hangUp().journal(trace.Record{}).end(trace.ByCustomer)
		}},
		{name: "of a conversation that may go on", why: "its DISCONNECT was lost", trouble: []string{"DSC-11 INCONCLUSIVE"}, story: func(h *history) {
			h.open().poll(notice("")).call(aicc.OpDisconnect, ms, info()).tell(trace.Record{}).end(trace.ByCustomer).
				open().poll(notice(""), disconnect()).tell(trace.Record{}).end(trace.ByPeer)
		}},
	})
}
