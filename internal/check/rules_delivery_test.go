package check

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

func TestOrder(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "holds", why: "senders are numbered apart",
			story: func(h *history) {
				h.open().poll(robot(0), robot(1), agent(0), agent(1)).poll(agent(2), disconnect()).
					byPeer(agentSaid(3), trace.Said{Sender: marker.Robot, Count: 2})
			},
			pass: "ORD-01 DEL-01 DEL-02 DEL-03 DEL-04 DEL-06"},
		{name: "swapped in a batch", why: "1 after 2",
			story:   func(h *history) { h.open().poll(agent(0), agent(2), agent(1), disconnect()).byPeer(agentSaid(3)) },
			trouble: []string{"ORD-01 FAIL"}},
		{name: "swapped across polls", why: "1 after 2",
			story:   func(h *history) { h.open().poll(agent(0), agent(2)).poll(agent(1), disconnect()).byPeer(agentSaid(3)) },
			trouble: []string{"ORD-01 FAIL"}},
		{name: "reversed, without a record", why: "order needs none",
			story:   func(h *history) { h.open().poll(agent(2), agent(1), agent(0)).end(trace.ByCustomer) },
			options: markersOnly, trouble: []string{"ORD-01 FAIL"}},
		{name: "put back after a lost poll", why: "the tenant handed 1 to a poll that broke, and again later",
			story: func(h *history) {
				h.open().poll(agent(0)).infoPoll().poll(agent(2)).poll(agent(1), disconnect()).byPeer(agentSaid(3))
			},
			trouble: []string{"ORD-01 INCONCLUSIVE"}},
		{name: "one message", why: "there is no pair", story: func(h *history) { h.open().poll(agent(0)).end(trace.ByCustomer) },
			options: markersOnly, idle: "ORD-01"},
		{name: "no markers", why: "nobody marks", story: func(h *history) { h.open().poll(notice("")).end(trace.ByCustomer) },
			options: wireOnly, blind: "ORD-01 DEL-01 DEL-02 DEL-04 DEL-06 DSC-04 DSC-05 MED-02"},
		{name: "unexpected markers", why: "markers that were not announced are read all the same",
			story: func(h *history) { h.open().poll(agent(1), agent(0)).end(trace.ByCustomer) }, options: wireOnly,
			trouble: []string{"ORD-01 FAIL"}, idle: "DSC-05", blind: "DSC-04"},
	})
}

func TestTimestamps(t *testing.T) {
	at := func(off time.Duration) msg {
		return func(h *history) *aicc.Downlink {
			d := says(aicc.FromSystem)(h)
			d.Content, d.Timestamp = itoa(len(h.events)), stamp(off)
			return d
		}
	}
	known := knowing(func(*trace.Setup) {})
	runCases(t, []ruleCase{
		{name: "rising", why: "equal ones do not go back", options: known, pass: "ORD-02",
			story: func(h *history) { h.open().poll(at(0), at(0), at(ms)).end(trace.ByCustomer) }},
		{name: "going back", why: "by a second", options: known, trouble: []string{"ORD-02 FAIL"},
			story: func(h *history) { h.open().poll(at(time.Second)).poll(at(0)).end(trace.ByCustomer) }},
		{name: "going back after a lost poll", why: "it may have been put back", options: known, trouble: []string{"ORD-02 INCONCLUSIVE"},
			story: func(h *history) { h.open().poll(at(time.Second)).infoPoll().poll(at(0)).end(trace.ByCustomer) }},
		{name: "going back after a lost poll and as high a one", why: "the first that was so high counts", trouble: []string{"ORD-02 INCONCLUSIVE"},
			options: func(o *Options) { known(o); o.Hold = -1 },
			story: func(h *history) {
				h.open().poll(at(time.Second)).infoPoll().poll(at(time.Second)).poll(at(0)).end(trace.ByCustomer)
			}},
		{name: "going back long after a lost poll", why: "its hold was over before the highest was asked for", trouble: []string{"ORD-02 FAIL"},
			options: func(o *Options) { known(o); o.Hold = -1 },
			story:   func(h *history) { h.open().infoPoll().poll(at(time.Second)).poll(at(0)).end(trace.ByCustomer) }},
		{name: "going back and on", why: "the highest so far counts", options: known, trouble: []string{"ORD-02 FAIL"},
			story: func(h *history) { h.open().poll(at(time.Second), at(0), at(time.Second-ms)).end(trace.ByCustomer) }},
		{name: "out of the way", why: "an implausible one is SHP-09's", options: known, trouble: []string{"SHP-09 FAIL"}, pass: "ORD-02",
			story: func(h *history) { h.open().poll(at(0), at(2*time.Hour), at(ms)).end(trace.ByCustomer) }},
		{name: "another customer's", why: "it was said elsewhere", options: markersOnly, trouble: []string{"DEL-02 FAIL"}, idle: "ORD-02",
			story: func(h *history) {
				stray := func(h *history) *aicc.Downlink {
					d := agent(0, ofCustomer(8))(h)
					d.Timestamp = stamp(time.Minute)
					return d
				}
				h.open().poll(stray, at(0)).end(trace.ByCustomer)
			}},
		{name: "two conversations", why: "the rule is about one", options: known, idle: "ORD-02",
			story: func(h *history) {
				h.open().poll(at(time.Second)).end(trace.ByCustomer).open().poll(at(0)).end(trace.ByCustomer)
			}},
	})
}

func TestAnswers(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "in order", why: "0 is CONNECT; several may answer the same", options: markersOnly, pass: "ORD-03",
			story: func(h *history) {
				h.open().say().poll(robot(0, caused(0)), robot(1, caused(1)), robot(2, caused(1))).end(trace.ByCustomer)
			}},
		{name: "before the question", why: "2 was not said", options: markersOnly, trouble: []string{"ORD-03 FAIL"},
			story: func(h *history) { h.open().say().poll(robot(0, caused(2))).end(trace.ByCustomer) }},
		{name: "out of order", why: "the robot answers 2 before 1", options: markersOnly, trouble: []string{"ORD-03 FAIL"},
			story: func(h *history) {
				h.open().say().say().poll(robot(0, caused(2)), robot(1, caused(1))).end(trace.ByCustomer)
			}},
		{name: "delivered out of order", why: "that is ORD-01's", options: markersOnly, trouble: []string{"ORD-01 FAIL"}, pass: "ORD-03",
			story: func(h *history) {
				h.open().say().say().poll(robot(1, caused(2)), robot(0, caused(1))).end(trace.ByCustomer)
			}},
		{name: "two senders", why: "each has its own order", options: markersOnly, pass: "ORD-03",
			story: func(h *history) {
				h.open().say().poll(robot(0, caused(1)), agent(0, caused(0))).end(trace.ByCustomer)
			}},
		{name: "nothing answered", why: "no message names a question", options: markersOnly, idle: "ORD-03",
			story: func(h *history) { h.open().poll(robot(0), robot(1)).end(trace.ByCustomer) }},
		{name: "echoes", why: "in order, and one again", options: markersOnly, pass: "ORD-03", idle: "ORD-01",
			story: func(h *history) { h.open().say().poll(echo(0), echo(1), echo(1)).end(trace.ByCustomer) }},
		{name: "echoes swapped", why: "the robot repeats 2 before 1", options: markersOnly, trouble: []string{"ORD-03 FAIL"}, idle: "ORD-01",
			story: func(h *history) { h.open().say().say().poll(echo(2), echo(1)).end(trace.ByCustomer) }},
		{name: "echo of nothing", why: "an invention has no place", options: markersOnly, trouble: []string{"DEL-01 FAIL"}, idle: "ORD-03",
			story: func(h *history) { h.open().say().poll(echo(2), echo(1)).end(trace.ByCustomer) }},
	})
}

func TestCreation(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "echo of what was said", why: "0 is CONNECT, 1 the first text",
			story: func(h *history) { h.open().say().poll(echo(0), echo(1)).end(trace.ByCustomer) }, options: markersOnly,
			pass: "DEL-01"},
		{name: "echo of CONNECT", why: "it has a text and a number as well", options: markersOnly, pass: "DEL-01",
			story: func(h *history) { h.open().poll(echo(0)).end(trace.ByCustomer) }},
		{name: "incomplete echo", why: "no robot promised to repeat everything",
			story: func(h *history) { h.open().say().say().say().poll(echo(1), echo(3)).end(trace.ByCustomer) }, options: markersOnly,
			pass: "DEL-01 ORD-03"},
		{name: "echo of nothing", why: "the customer has said 0 and 1",
			story: func(h *history) { h.open().say().poll(echo(1), echo(2)).end(trace.ByCustomer) }, options: markersOnly,
			trouble: []string{"DEL-01 FAIL"}},
		{name: "beyond the record", why: "the agent said two",
			story:   func(h *history) { h.open().poll(agent(0), agent(1), agent(2), disconnect()).byPeer(agentSaid(2)) },
			trouble: []string{"DEL-01 FAIL"}},
		{name: "far beyond, in the middle", why: "99 opens a gap that 1 and 2 do not fill late",
			story: func(h *history) {
				h.open().poll(agent(0), agent(99), agent(1), agent(2), disconnect()).byPeer(agentSaid(3))
			},
			trouble: []string{"DEL-01 FAIL"}},
		{name: "far beyond the window, and a swap below", why: "one number that nobody said does not make the others old; order in the gap it opened is not judged",
			story: func(h *history) {
				h.open().poll(agent(0), agent(5000), agent(2), agent(1), disconnect()).byPeer(agentSaid(3))
			},
			trouble: []string{"DEL-01 FAIL"}},
		{name: "a sender the record does not know", why: "no robot spoke",
			story:   func(h *history) { h.open().poll(robot(0), disconnect()).byPeer() },
			trouble: []string{"DEL-01 FAIL"}},
		{name: "absurd number", why: "nobody says a thousand million messages",
			story:   func(h *history) { h.open().poll(agent(0), agent(maxSeq), disconnect()).byPeer(agentSaid(1)) },
			trouble: []string{"DEL-01 FAIL"}},
		{name: "absurd number without a record", why: "nobody says a thousand million messages, record or not", options: markersOnly,
			story:   func(h *history) { h.open().poll(agent(maxSeq)).end(trace.ByCustomer) },
			trouble: []string{"DEL-01 FAIL"}},
		{name: "a number too far ahead", why: "nobody loses so many messages at once", options: markersOnly, trouble: []string{"DEL-01 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), agent(1+maxJump)).end(trace.ByCustomer) }},
		{name: "a number almost too far ahead", why: "all the others may be lost", options: markersOnly, trouble: []string{"DEL-04 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), agent(maxJump)).end(trace.ByCustomer) }},
		{name: "leftover of another run", why: "the user id was used before",
			story:   func(h *history) { h.open().poll(agent(7, ofRun(1)), agent(0), disconnect()).byPeer(agentSaid(1)) },
			trouble: []string{"DEL-01 FAIL"}},
		{name: "any run will do", why: "a trace without a run id is compared with none",
			story:   func(h *history) { h.open().poll(agent(0, ofRun(1)), disconnect()).byPeer(agentSaid(1)) },
			options: func(o *Options) { o.Run = 0 }, pass: "DEL-01"},
		{name: "a conversation to come", why: "epoch 5 has not begun",
			story:   func(h *history) { h.open().poll(agent(0), agent(0, ofEpoch(5)), disconnect()).byPeer(agentSaid(1)) },
			trouble: []string{"DEL-01 FAIL"}},
	})
}

func TestIdentity(t *testing.T) {
	said := func(count int) trace.Record { return trace.Record{Senders: []trace.Said{agentSaid(count)}} }
	runCases(t, []ruleCase{
		{name: "another customer's", why: "customer 8's message was inserted",
			story:   func(h *history) { h.open().poll(agent(0), agent(4, ofCustomer(8)), disconnect()).byPeer(agentSaid(1)) },
			trouble: []string{"DEL-02 FAIL"}},
		{name: "exchanged with another customer's", why: "then our own is lost as well",
			story: func(h *history) {
				h.open().poll(agent(0), agent(1, ofCustomer(8)), agent(2), disconnect()).byPeer(agentSaid(3))
			},
			trouble: []string{"DEL-02 FAIL", "DEL-04 FAIL"}},
		{name: "another customer's before CONNECT", why: "it says whose it is",
			story:   func(h *history) { h.begin().probe(agent(0, ofCustomer(8))).end(trace.NoConnect) },
			trouble: []string{"DEL-02 FAIL"}},
		{name: "an earlier conversation's", why: "epoch 0 in epoch 1",
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).byPeer(agentSaid(1)).
					open().poll(agent(1, ofEpoch(0)), agent(0), disconnect()).byPeer(agentSaid(1))
			},
			trouble: []string{"DSC-05 FAIL"}},
		{name: "an earlier conversation's before CONNECT", why: "what was left waiting may still be handed out",
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).byPeer(agentSaid(1)).begin().probe(agent(1, ofEpoch(0))).
					connect().poll(agent(0), disconnect()).byPeer(agentSaid(1))
			},
			trouble: nil},
		{name: "an earlier conversation's after a lost DISCONNECT", why: "the tenant may think that it goes on",
			story: func(h *history) {
				h.open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).end(trace.ByCustomer).
					open().poll(agent(1, ofEpoch(0))).hangUp().end(trace.ByCustomer)
			},
			trouble: []string{"DEL-04 INCONCLUSIVE", "DSC-05 INCONCLUSIVE"}}, // no record of the first conversation either
		{name: "a parked conversation's", why: "how it goes on is not described", idle: "DSC-05",
			story: func(h *history) {
				h.open().poll(agent(0), parking("see you")).byPeer(agentSaid(1)).
					open().poll(agent(1, ofEpoch(0)), notice(""), disconnect()).byPeer()
			}},
		{name: "of one before the parked conversation", why: "the parked one may have gone on with it", idle: "DSC-05",
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).byPeer(agentSaid(1)).open().poll(notice(""), parking("see you")).byPeer().
					open().poll(agent(1, ofEpoch(0)), notice(""), disconnect()).byPeer()
			}},
		{name: "of one after the parked conversation", why: "that was ended for good", trouble: []string{"DSC-05 FAIL"},
			story: func(h *history) {
				h.open().poll(notice(""), parking("see you")).byPeer().open().poll(agent(0), disconnect()).byPeer(agentSaid(1)).
					open().poll(agent(1, ofEpoch(1)), notice(""), disconnect()).byPeer()
			}},
		{name: "silence after a lost DISCONNECT", why: "the old conversation may go on, and nobody says hello again",
			story: func(h *history) {
				h.open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).end(trace.ByCustomer).
					open().wait(DefaultHandOver).poll().hangUp().end(trace.ByCustomer)
			},
			trouble: []string{"CON-02 INCONCLUSIVE", "DEL-04 INCONCLUSIVE"}},
		{name: "silence after a lost DISCONNECT and a refused CONNECT", why: "the old conversation may still go on",
			story: func(h *history) {
				h.open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).journal(said(1)).end(trace.ByCustomer).
					begin().call(aicc.OpConnect, 2*ms, failed()).end(trace.NoConnect).
					open().wait(DefaultHandOver).poll().hangUp().journal(said(0)).end(trace.ByCustomer)
			},
			trouble: []string{"CON-02 INCONCLUSIVE"}},
		{name: "another customer's word after a lost DISCONNECT", why: "it is no sign that the old conversation goes on",
			story: func(h *history) {
				h.open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).journal(said(1)).end(trace.ByCustomer).
					open().poll(agent(0, ofCustomer(8))).wait(DefaultHandOver).poll().hangUp().journal(said(0)).end(trace.ByCustomer)
			},
			trouble: []string{"CON-02 INCONCLUSIVE", "DEL-02 FAIL"}},
		{name: "an earlier conversation's after two lost DISCONNECTs", why: "the first may still go on",
			story: func(h *history) {
				lost := func() { h.call(aicc.OpDisconnect, 2*ms, info()).journal(said(1)).end(trace.ByCustomer) }
				h.open().poll(agent(0))
				lost()
				h.open().poll(agent(0))
				lost()
				h.open().poll(agent(1, ofEpoch(0))).hangUp().journal(said(0)).end(trace.ByCustomer)
			},
			trouble: []string{"DSC-05 INCONCLUSIVE"}},
		{name: "a closed conversation's before a lost DISCONNECT", why: "only the conversation that was not closed may go on",
			story: func(h *history) {
				h.open().poll(agent(0)).hangUp().journal(said(1)).end(trace.ByCustomer).
					open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).journal(said(1)).end(trace.ByCustomer).
					open().poll(agent(1, ofEpoch(0)), agent(1, ofEpoch(1))).hangUp().journal(said(0)).end(trace.ByCustomer)
			},
			trouble: []string{"DSC-05 FAIL"}},
		{name: "clean start", why: "numbers begin again",
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).byPeer(agentSaid(1)).open().poll(agent(0), disconnect()).byPeer(agentSaid(1))
			},
			pass: "DSC-05 DEL-03"},
		{name: "one conversation", why: "there is nothing earlier",
			story: func(h *history) { h.open().poll(agent(0), disconnect()).byPeer(agentSaid(1)) }, idle: "DSC-05"},
	})
}

func TestDuplication(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "same batch", why: "1 twice", trouble: []string{"DEL-03 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), agent(1), agent(1), disconnect()).byPeer(agentSaid(2)) }},
		{name: "far apart", why: "0 again after 2", trouble: []string{"DEL-03 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), agent(1)).poll(agent(2)).poll(agent(0), disconnect()).byPeer(agentSaid(3))
			}},
		{name: "redelivered after a lost poll", why: "the customer sees it once",
			story: func(h *history) { h.open().infoPoll().poll(agent(0), disconnect()).byPeer(agentSaid(1)) }, pass: "DEL-03"},
		{name: "same words at the same time", why: "everything is the same", trouble: []string{"DEL-03 FAIL"}, options: wireOnly,
			told:  "a message equal in everything, its timestamp too, was delivered twice",
			story: func(h *history) { h.open().poll(stamped("5"), stamped("")).poll(stamped("5")).end(trace.ByCustomer) }},
		{name: "same words at other times", why: "the same words may be said again", options: wireOnly, pass: "DEL-03",
			story: func(h *history) { h.open().poll(stamped("5"), stamped("6")).end(trace.ByCustomer) }},
		{name: "same words without a time", why: "nothing shows that they are the same", options: wireOnly, idle: "DEL-03",
			story: func(h *history) { h.open().poll(notice(""), notice("")).end(trace.ByCustomer) }},
		{name: "same words after many others", why: "only so many are remembered", options: wireOnly, pass: "DEL-03",
			story: func(h *history) {
				h.open()
				for i := range 41 {
					h.poll(says(aicc.FromSystem, func(d *aicc.Downlink) { d.Content, d.Timestamp = itoa(i%40), "5" }))
				}
				h.end(trace.ByCustomer)
			}},
		{name: "same words in two conversations", why: "the rule is about one", options: wireOnly, pass: "DEL-03",
			story: func(h *history) {
				h.open().poll(stamped("5")).end(trace.ByCustomer).open().poll(stamped("5")).end(trace.ByCustomer)
			}},
		{name: "another part of the call", why: "interIdx counts what a robot says in one answer", options: wireOnly, pass: "DEL-03",
			story: func(h *history) {
				part := func(idx aicc.Loose) msg {
					return says(aicc.FromRobot, func(d *aicc.Downlink) { d.Timestamp, d.InterIdx = "5", idx })
				}
				h.open().poll(part("0"), part("1")).end(trace.ByCustomer)
			}},
		{name: "same picture", why: "a library picture may be sent again, at another time", options: wireOnly, idle: "DEL-03",
			story: func(h *history) { h.open().poll(image("p1")).poll(image("p1")).end(trace.ByCustomer) }},
		{name: "same receipt", why: "it is no talk; POL-06 is about its ids", options: wireOnly, idle: "DEL-03", trouble: []string{"POL-05 FAIL"},
			story: func(h *history) {
				read := says(aicc.FromAgent, func(d *aicc.Downlink) { d.ControlType, d.Timestamp = aicc.Read, "5" })
				h.open().poll(read).poll(read).end(trace.ByCustomer)
			}},
		{name: "same place", why: "a place has few words, and may be sent again at once", options: wireOnly, idle: "DEL-03",
			story: func(h *history) {
				here := says(aicc.FromAgent, func(d *aicc.Downlink) { d.MediaType, d.Content, d.Timestamp = aicc.Locate, "31.2,121.5", "5" })
				h.open().poll(here, here).end(trace.ByCustomer)
			}},
		{name: "echo twice", why: "a copy has the same timestamp; a robot may repeat something twice", options: markersOnly,
			trouble: []string{"DEL-03 FAIL"},
			story: func(h *history) {
				again := func(at aicc.Loose) msg {
					return func(h *history) *aicc.Downlink {
						d := echo(1)(h)
						d.Timestamp = at
						return d
					}
				}
				h.open().say().poll(again("5"), again("6")).poll(again("6")).end(trace.ByCustomer)
			}},
		{name: "same code", why: "messageCode is unique", trouble: []string{"DEL-07 FAIL"}, options: wireOnly,
			told:  "a message with messageCode x1 was delivered twice",
			story: func(h *history) { h.open().poll(notice("x1")).poll(notice("x2"), notice("x1")).end(trace.ByCustomer) }},
		{name: "other codes", why: "the same words may be said again", options: wireOnly, pass: "DEL-07",
			story: func(h *history) { h.open().poll(notice("x1"), notice("x2")).end(trace.ByCustomer) }},
		{name: "same code after many others", why: "only so many are remembered", options: wireOnly, pass: "DEL-07",
			story: func(h *history) {
				h.open()
				for i := range 40 {
					h.poll(notice("x" + itoa(i)))
				}
				h.poll(notice("x0")).end(trace.ByCustomer)
			}},
		{name: "same code in two conversations", why: "the rule is about one", options: wireOnly, pass: "DEL-07",
			story: func(h *history) {
				h.open().poll(notice("x1")).end(trace.ByCustomer).open().poll(notice("x1")).end(trace.ByCustomer)
			}},
		{name: "same code on a marked message and a file", why: "the code is the message's, whatever else it has", trouble: []string{"DEL-07 FAIL"},
			options: markersOnly, story: func(h *history) {
				marked := func(h *history) *aicc.Downlink {
					d := agent(0)(h)
					d.MessageCode = "x1"
					return d
				}
				picture := says(aicc.FromAgent, func(d *aicc.Downlink) { d.MediaType, d.Content, d.MessageCode = aicc.Image, "p1", "x1" })
				h.open().poll(marked, picture).end(trace.ByCustomer)
			}},
		{name: "no codes", why: "nothing to compare", options: wireOnly, idle: "DEL-07",
			story: func(h *history) { h.open().poll(notice(""), notice("")).end(trace.ByCustomer) }},
	})
}

// stamped is a notice with a timestamp.
func stamped(at aicc.Loose) msg {
	return says(aicc.FromSystem, func(d *aicc.Downlink) { d.Timestamp = at })
}

func TestLoss(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "dropped from the middle", why: "1 never came", trouble: []string{"DEL-04 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), agent(2), disconnect()).byPeer(agentSaid(3)) }},
		{name: "dropped at the beginning, without a record", why: "senders count from 0", trouble: []string{"DEL-04 FAIL"},
			options: markersOnly, story: func(h *history) { h.open().poll(agent(1)).end(trace.ByCustomer) }},
		{name: "dropped at the end", why: "the record has three", trouble: []string{"DEL-04 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), agent(1), disconnect()).byPeer(agentSaid(3)) }},
		{name: "all dropped", why: "the record has two", trouble: []string{"DEL-04 FAIL"},
			story: func(h *history) { h.open().poll(notice("")).poll(disconnect()).byPeer(agentSaid(2)) }},
		{name: "still waiting", why: "the customer hung up before polling again", pass: "DEL-04",
			story: func(h *history) {
				h.open().poll(agent(0)).hangUp().
					journal(trace.Record{Senders: []trace.Said{{Sender: marker.Agent, Count: 3, Waiting: 2}}}).end(trace.ByCustomer)
			}},
		{name: "lost in a lost poll", why: "it was between the neighbours", trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) { h.open().poll(agent(0)).infoPoll().poll(agent(2), disconnect()).byPeer(agentSaid(3)) }},
		{name: "tail lost in a lost poll", why: "it was after the last", trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(agent(0)).infoPoll().hangUp().journal(trace.Record{Senders: []trace.Said{agentSaid(2)}}).end(trace.ByCustomer)
			}},
		{name: "lost poll elsewhere", why: "the lost poll was over, by more than the hold, before the neighbours",
			trouble: []string{"DEL-04 FAIL"}, options: func(o *Options) { o.Hold = time.Second },
			story: func(h *history) {
				h.open().infoPoll().wait(2*time.Second).poll(agent(0)).poll(agent(2), disconnect()).byPeer(agentSaid(3))
			}},
		{name: "swallowed late", why: "the tenant answered the poll that was given up a second before",
			trouble: []string{"DEL-04 INCONCLUSIVE"}, options: func(o *Options) { o.Hold = 2 * time.Second },
			story: func(h *history) {
				h.open().infoPoll().wait(time.Second).poll(agent(0)).poll(agent(2), disconnect()).byPeer(agentSaid(3))
			}},
		{name: "no hold claimed", why: "a negative hold says that a poll given up takes nothing",
			trouble: []string{"DEL-04 FAIL"}, options: func(o *Options) { o.Hold = -1 },
			story: func(h *history) { h.open().infoPoll().poll(agent(0)).poll(agent(2), disconnect()).byPeer(agentSaid(3)) }},
		{name: "lost poll of the conversation before", why: "its hold is not over",
			trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(agent(0)).infoPoll().hangUp().journal(trace.Record{Senders: []trace.Said{agentSaid(1)}}).end(trace.ByCustomer).
					open().poll(agent(1), disconnect()).byPeer(agentSaid(2))
			}},
		{name: "poll in flight at the end", why: "nobody waited for its answer", trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(agent(0)).wait(DefaultPause)
				h.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: 99})
				h.journal(trace.Record{Senders: []trace.Said{agentSaid(2)}}).end(trace.CutShort)
			}},
		{name: "cut off without a record", why: "nobody knows what was to come", trouble: []string{"DEL-04 INCONCLUSIVE"},
			options: markersOnly, story: func(h *history) { h.open().poll(agent(0)).end(trace.CutShort) }},
		{name: "cut off after the last word", why: "the agent's marker said so", options: markersOnly, pass: "DEL-04",
			story: func(h *history) { h.open().poll(agent(0), agent(1, fin)).end(trace.CutShort) }},
		{name: "the record is missing", why: "it was promised", trouble: []string{"DEL-04 INCONCLUSIVE"}, abort: RunAborted,
			story: func(h *history) { h.open().poll(agent(0), disconnect()).end(trace.ByPeer) }},
		{name: "the record of another conversation", why: "it tells nothing of this one", trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(agent(0), disconnect())
				h.add(trace.Event{Kind: trace.Journal, Record: &trace.Record{Epoch: 7}})
				h.end(trace.ByPeer)
			}},
		{name: "the record of the first conversation in the second", why: "it tells nothing of the second", trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).byPeer(agentSaid(1)).open().poll(agent(0), disconnect()).byPeer(agentSaid(1))
				h.events[len(h.events)-2].Record.Epoch = 0
			}},
		{name: "a second record", why: "the first has decided", pass: "DEL-04",
			story: func(h *history) {
				h.open().poll(agent(0), disconnect()).journal(trace.Record{HungUp: true, Senders: []trace.Said{agentSaid(1)}}).byPeer(agentSaid(9))
			}},
		{name: "a record after the end", why: "too late to be compared", trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) { h.open().poll(agent(0), disconnect()).end(trace.ByPeer).byPeer(agentSaid(9)) }},
		{name: "an unexpected record", why: "it is used all the same", options: markersOnly, trouble: []string{"DEL-04 FAIL"}, idle: "MED-02",
			story: func(h *history) { h.open().poll(agent(0), disconnect()).byPeer(agentSaid(2)) }},
		{name: "more gaps than are kept", why: "every second message is missing", trouble: []string{"DEL-04 FAIL"},
			story: func(h *history) {
				h.open()
				for seq := 1; seq < 4*maxGaps; seq += 2 {
					h.poll(agent(seq))
				}
				h.poll(disconnect()).byPeer(agentSaid(4 * maxGaps))
			}},
		{name: "late beyond the window", why: "it can no longer be told from a copy",
			trouble: []string{"ORD-01 INCONCLUSIVE", "DEL-03 INCONCLUSIVE", "DEL-04 FAIL"}, options: func(o *Options) { o.Window = 4 },
			story: func(h *history) {
				h.open().poll(agent(0), agent(2), agent(3), agent(4), agent(5), agent(6)).poll(agent(1), disconnect()).byPeer(agentSaid(7))
			}},
		{name: "picture lost", why: "the record has it, and DISCONNECT came", trouble: []string{"DEL-04 FAIL"},
			story: func(h *history) {
				h.open().poll(image("p1")).poll(disconnect()).
					journal(trace.Record{HungUp: true, Files: []trace.File{goodFile("p1"), goodFile("p2")}}).end(trace.ByPeer)
			}},
		{name: "picture from the robot", why: "it was delivered, though the demo does not download it", pass: "DEL-04",
			story: func(h *history) {
				picture := plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, MediaType: aicc.Image, Content: "p1"})
				h.open().poll(picture).poll(disconnect()).
					journal(trace.Record{HungUp: true, Files: []trace.File{goodFile("p1")}}).end(trace.ByPeer)
			}},
		{name: "document", why: "it was delivered, though the demo does not download it", pass: "DEL-04",
			story: func(h *history) {
				document := plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Document, Content: "d1"})
				h.open().poll(document).poll(disconnect()).
					journal(trace.Record{HungUp: true, Files: []trace.File{goodFile("d1")}}).end(trace.ByPeer)
			}},
		{name: "picture still waiting", why: "the customer hung up",
			story: func(h *history) {
				h.open().poll(notice("")).hangUp().journal(trace.Record{Files: []trace.File{goodFile("p1")}}).end(trace.ByCustomer)
			},
			idle: "DEL-04"},
		{name: "picture in a lost poll", why: "it may have been there", trouble: []string{"DEL-04 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice("")).infoPoll().poll(disconnect()).
					journal(trace.Record{HungUp: true, Files: []trace.File{goodFile("p1")}}).end(trace.ByPeer)
			}},
	})
}

func TestDamage(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "cut in the middle", why: "it was delivered, so it is not lost", trouble: []string{"DEL-06 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), cut(agent(1), 3), agent(2), disconnect()).byPeer(agentSaid(3))
			}},
		{name: "cut at the end", why: "it was delivered, so it is not lost", trouble: []string{"DEL-06 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), cut(agent(1), 3), disconnect()).byPeer(agentSaid(2)) }},
		{name: "cut and early", why: "the number of a damaged marker is not held against it", trouble: []string{"DEL-06 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), cut(agent(2), 3), agent(1), disconnect()).byPeer(agentSaid(3))
			}},
		{name: "cut and late", why: "the number of a damaged marker is not held against it", trouble: []string{"DEL-06 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), agent(2), cut(agent(1), 3), disconnect()).byPeer(agentSaid(3))
			}},
		{name: "one cut, another lost", why: "the cut one excuses only itself", trouble: []string{"DEL-04 FAIL", "DEL-06 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), cut(agent(2), 3), agent(3), disconnect()).byPeer(agentSaid(4))
			}},
		{name: "another customer's, cut", why: "the customer in a damaged marker may be wrong", trouble: []string{"DEL-06 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), cut(agent(0, ofCustomer(8)), 3), disconnect()).byPeer(agentSaid(1))
			}},
		{name: "another conversation's, cut", why: "the conversation in a damaged marker may be wrong", trouble: []string{"DEL-06 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), cut(agent(1, ofEpoch(4)), 3), disconnect()).byPeer(agentSaid(1))
			}},
		{name: "another run's, cut", why: "the run in a damaged marker may be wrong", trouble: []string{"DEL-06 FAIL"},
			story: func(h *history) {
				h.open().poll(agent(0), cut(agent(1, ofRun(5)), 3), disconnect()).byPeer(agentSaid(1))
			}},
		{name: "as long as the API allows", why: "it may have been cut at the limit", pass: "DEL-04", options: markersOnly,
			story: func(h *history) {
				whole := padded(agent(0))
				limit := func(h *history) *aicc.Downlink {
					d := whole(h)
					chars := []rune(d.Content)
					d.Content = string(chars[len(chars)-aicc.MaxDownText-3 : len(chars)-3])
					return d
				}
				h.open().poll(limit).end(trace.ByCustomer)
			}},
		{name: "cut at 500 bytes", why: "the last character would have needed four", idle: "DEL-06", options: markersOnly,
			story: func(h *history) { h.open().poll(grown(cut(agent(0), 3), 497, "x")).end(trace.ByCustomer) }},
		{name: "cut before", why: "no limit was in the way", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().poll(grown(cut(agent(0), 3), 496, "x")).end(trace.ByCustomer) }},
		{name: "changed, with 499 bytes", why: "nothing was cut off", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().poll(grown(bent(agent(0)), 499, "x")).end(trace.ByCustomer) }},
		{name: "cut at 500 characters of Java's", why: "a smile counts as two", idle: "DEL-06", options: markersOnly,
			story: func(h *history) { h.open().poll(grown(cut(agent(0), 3), 500, "😀")).end(trace.ByCustomer) }},
		{name: "changed, with 499 characters of Java's", why: "there was room", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().poll(grown(bent(agent(0)), 499, "😀")).end(trace.ByCustomer) }},
		{name: "quoted in part", why: "a robot may repeat the beginning of a text, if it says so", idle: "DEL-06", options: markersOnly,
			story: func(h *history) { h.open().say().poll(appended(cut(echo(1), 5), "...")).end(trace.ByCustomer) }},
		{name: "quoted in part, with an ellipsis", why: "it is another character than three dots", idle: "DEL-06", options: markersOnly,
			story: func(h *history) { h.open().say().poll(appended(cut(echo(1), 5), "…")).end(trace.ByCustomer) }},
		{name: "quoted up to the limit", why: "the whole would have had 497 bytes", idle: "DEL-06", options: markersOnly,
			story: func(h *history) { h.open().say().poll(grown(cut(echo(1), 3), 494, "x")).end(trace.ByCustomer) }},
		{name: "quoted in part below the limit", why: "the whole would have had 496 bytes", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().say().poll(grown(cut(echo(1), 3), 493, "x")).end(trace.ByCustomer) }},
		{name: "quoted without its end", why: "nothing says that it was longer", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().say().poll(cut(echo(1), 3)).end(trace.ByCustomer) }},
		{name: "quoted and changed", why: "all of it is there, and another", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().say().poll(bent(echo(1))).end(trace.ByCustomer) }},
		{name: "quoted without a text, and changed", why: "nothing can be missing", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().poll(bent(textless(echo(0)))).end(trace.ByCustomer) }},
		{name: "quoted in the middle of the marker", why: "a part of the checksum is missing", trouble: []string{"DEL-06 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().poll(cut(textless(echo(0)), 1)).end(trace.ByCustomer) }},
		{name: "longer than the API allows", why: "an echo of a long text may be cut", pass: "DEL-04", options: markersOnly,
			trouble: []string{"SHP-07 FAIL"}, // it should have been
			story:   func(h *history) { h.open().say().poll(padded(cut(echo(1), 3)), agent(0)).end(trace.ByCustomer) }},
	})
}

// appended is a message with something behind its content.
func appended(m msg, tail string) msg {
	return func(h *history) *aicc.Downlink {
		d := m(h)
		d.Content += tail
		return d
	}
}

// refuse is a text that is answered with another code than 0.
func (h *history) refuse() *history { return h.call(aicc.OpSend, 2*ms, h.numbered(failed())) }

func TestSends(t *testing.T) {
	left := func(r trace.Record) func(h *history) { // after three texts the customer hangs up
		return func(h *history) {
			h.open().poll(notice("")).say().say().say().hangUp().journal(r).end(trace.ByCustomer)
		}
	}
	dropped := func(r trace.Record) func(h *history) { // the agent hangs up
		r.HungUp = true
		return func(h *history) {
			h.open().poll(notice("")).say().say().say().poll(disconnect()).journal(r).end(trace.ByPeer)
		}
	}
	shown := func(runs ...[2]int) trace.Record { return trace.Record{Shown: runs, Heard: 3} }
	runCases(t, []ruleCase{
		{name: "all shown", why: "in order, once, as they were", pass: "SND-01 SND-02 SND-03", story: left(shown([2]int{1, 3}))},
		{name: "one missing", why: "it was accepted, and the customer hung up", trouble: []string{"SND-01 FAIL"},
			told: "the customer's message 2 was accepted, and never shown to the other side", story: left(shown([2]int{1, 1}, [2]int{3, 3}))},
		{name: "last missing", why: "it was accepted before the customer hung up", trouble: []string{"SND-01 FAIL"}, story: left(shown([2]int{1, 2}))},
		{name: "one missing by sendAsync", why: "its 0 does not say that the text was taken", idle: "SND-01 DSC-09", pass: "SND-02",
			options: func(o *Options) { o.Setup.Async = true }, story: left(shown([2]int{1, 1}, [2]int{3, 3}))},
		{name: "last missing, the agent hung up", why: "it may have crossed the hang-up", pass: "SND-01", story: dropped(shown([2]int{1, 2}))},
		{name: "first missing, the agent hung up", why: "a later one was shown", trouble: []string{"SND-01 FAIL"}, story: dropped(shown([2]int{2, 3}))},
		{name: "no list", why: "the tenant heard three texts and does not say which", idle: "SND-01 SND-02 SND-03",
			story: left(trace.Record{Heard: 3})},
		{name: "one damaged", why: "it stands for the one that seems missing", trouble: []string{"SND-03 FAIL"}, pass: "SND-01",
			told: "texts were shown to the other side changed", story: left(trace.Record{Shown: [][2]int{{1, 2}}, Heard: 3, Garbled: 1})},
		{name: "fewer than none damaged", why: "the record makes no sense there, and is none the less right", pass: "SND-01 SND-03",
			story: left(trace.Record{Shown: [][2]int{{1, 3}}, Heard: 3, Garbled: -1})},
		{name: "more texts than anybody writes", why: "they are not looked for one by one", trouble: []string{"SND-01 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().said = maxJump
				h.poll(notice("")).say().hangUp().journal(trace.Record{}).end(trace.ByCustomer)
			}},
		{name: "all damaged", why: "none has a number", trouble: []string{"SND-03 FAIL"}, pass: "SND-01",
			story: left(trace.Record{Heard: 3, Garbled: 3})},
		{name: "twice", why: "2 again", trouble: []string{"SND-02 FAIL"}, told: "texts were shown to the other side twice or out of order",
			story: left(shown([2]int{1, 2}, [2]int{2, 3}))},
		{name: "out of order", why: "3 before 2", trouble: []string{"SND-02 FAIL"}, story: left(shown([2]int{1, 1}, [2]int{3, 3}, [2]int{2, 2}))},
		{name: "without an answer", why: "nobody knows whether it was accepted", pass: "SND-01", story: func(h *history) {
			h.open().poll(notice("")).call(aicc.OpSend, ms, h.numbered(info())).say().hangUp().journal(trace.Record{}).end(trace.ByCustomer)
		}},
		{name: "more without an answer than are remembered", why: "which were accepted is forgotten", trouble: []string{"SND-01 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice(""))
				for range maxSends {
					h.call(aicc.OpSend, ms, h.numbered(info()))
				}
				h.say().hangUp().journal(trace.Record{}).end(trace.ByCustomer)
			}},
		{name: "refused and shown", why: "the tenant did not want it", trouble: []string{"DEL-05 FAIL"},
			story: func(h *history) {
				h.open().poll(notice("")).refuse().poll(disconnect()).journal(trace.Record{HungUp: true, Shown: [][2]int{{1, 1}}}).end(trace.ByPeer)
			}},
		{name: "refused and repeated", why: "the robot got it all the same", trouble: []string{"DEL-05 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().refuse().poll(echo(1), disconnect()).end(trace.ByPeer) }},
		{name: "refused", why: "nobody saw it", pass: "DEL-05",
			story: func(h *history) { h.open().poll(notice("")).refuse().poll(disconnect()).byPeer() }},
		{name: "let in at the second try", why: "a 401 and then 0", idle: "DEL-05", pass: "SND-01",
			story: func(h *history) {
				h.open().poll(notice("")).call(aicc.OpSend, ms, trace.Event{Class: aicc.Fail, Status: 401, Seq: 1}).call(aicc.OpApply, ms, ok()).
					say().hangUp().journal(trace.Record{}).end(trace.ByCustomer)
			}},
		{name: "perhaps let in at the second try", why: "a 401 and then no answer", idle: "DEL-05",
			story: func(h *history) {
				h.open().poll(notice("")).call(aicc.OpSend, ms, trace.Event{Class: aicc.Fail, Status: 401, Seq: 1}).call(aicc.OpApply, ms, ok()).
					call(aicc.OpSend, ms, h.numbered(info())).hangUp().journal(trace.Record{Shown: [][2]int{{1, 1}}}).end(trace.ByCustomer)
			}},
		{name: "never sent", why: "there was no connection", idle: "DEL-05", story: func(h *history) {
			h.open().poll(notice("")).call(aicc.OpSend, ms, h.numbered(trace.Event{Class: aicc.Fail})).hangUp().journal(trace.Record{}).end(trace.ByCustomer)
		}},
	})
}

func TestAcceptance(t *testing.T) {
	texts := func(e trace.Event) func(h *history) {
		return func(h *history) {
			e.Seq = -1
			h.open().poll(says(aicc.FromRobot)).call(aicc.OpSend, ms, e).say().end(trace.ByCustomer)
		}
	}
	later := func(h *history, wait time.Duration) {
		if h.epoch < 0 {
			h.open().poll(says(aicc.FromRobot))
		}
		h.refuse().wait(wait).pollNow(ok()).end(trace.ByCustomer)
	}
	big := failed()
	big.Bytes = 1001
	long := failed()
	long.Chars = aicc.MaxDownText
	demo := failed()
	demo.Chars, demo.Bytes = aicc.MaxDemoText, 1000
	runCases(t, []ruleCase{
		{name: "accepted", why: "answered 0", options: wireOnly, pass: "SND-04", story: texts(ok())},
		{name: "refused", why: "a later text was accepted, so the conversation ran", options: wireOnly, trouble: []string{"SND-04 FAIL"},
			told: "a text was refused in a running conversation", story: texts(demo)},
		{name: "too many bytes", why: "1 K may be 1000 bytes", options: wireOnly, pass: "SND-04", story: texts(big)},
		{name: "too long", why: "the demo would not send it", options: wireOnly, pass: "SND-04", story: texts(long)},
		{name: "flow control", why: "the tenant may count", options: wireOnly, pass: "SND-04",
			story: texts(trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeFlowControl})},
		{name: "token ran out", why: "TOK-03 is about that", options: wireOnly, pass: "SND-04", story: texts(trace.Event{Class: aicc.Fail, Status: 401})},
		{name: "refused and hung up", why: "the other side had just left", options: wireOnly, idle: "SND-04",
			story: func(h *history) { h.open().poll(says(aicc.FromRobot)).refuse().poll(disconnect()).end(trace.ByPeer) }},
		{name: "refused and nothing more", why: "the DISCONNECT may be on its way", options: wireOnly, idle: "SND-04",
			story: func(h *history) { h.open().poll(says(aicc.FromRobot)).refuse().end(trace.ByCustomer) }},
		{name: "refused, by the record for no reason", why: "the customer ended the conversation", trouble: []string{"SND-04 FAIL"},
			story: func(h *history) {
				h.open().poll(says(aicc.FromRobot)).refuse().hangUp().journal(trace.Record{}).end(trace.ByCustomer)
			}},
		{name: "refused, by the record after the hang-up", why: "its DISCONNECT is still owed", idle: "SND-04",
			story: func(h *history) {
				h.open().poll(says(aicc.FromRobot)).refuse().hangUp().journal(trace.Record{HungUp: true, Owed: true}).end(trace.ByCustomer)
			}},
		{name: "refused, and a poll brings nothing", why: "a DISCONNECT would have come by then", options: wireOnly,
			trouble: []string{"SND-04 FAIL"}, story: func(h *history) { later(h, DefaultWithin) }},
		{name: "refused, and a poll brings nothing yet", why: "intervals are closed: the DISCONNECT may be on its way", options: wireOnly,
			idle: "SND-04", story: func(h *history) { later(h, DefaultWithin-1) }},
		{name: "refused twice, and a poll brings nothing yet", why: "the DISCONNECT may be on its way since the second", options: wireOnly,
			idle: "SND-04", story: func(h *history) {
				later(h.open().poll(says(aicc.FromRobot)).refuse().wait(time.Second), DefaultWithin-1)
			}},
		{name: "refused, and a poll brings nothing, and one is lost", why: "it may have carried the DISCONNECT", options: wireOnly,
			trouble: []string{"SND-04 INCONCLUSIVE"}, story: func(h *history) {
				h.open().poll(says(aicc.FromRobot)).refuse().infoPoll().wait(DefaultWithin).poll().end(trace.ByCustomer)
			}},
		{name: "refused, and a probe brings nothing", why: "a probe is none of the customer's", options: wireOnly, idle: "SND-04",
			story: func(h *history) {
				h.open().poll(says(aicc.FromRobot)).refuse().wait(DefaultWithin).probe().end(trace.ByCustomer)
			}},
		{name: "refused, and a poll after the customer's DISCONNECT brings nothing", why: "the mailbox may be gone", options: wireOnly, idle: "SND-04",
			story: func(h *history) {
				h.open().poll(says(aicc.FromRobot)).refuse().wait(DefaultWithin).hangUp().poll().end(trace.ByCustomer)
			}},
		{name: "something went wrong", why: "HTTP 500 is documented, and says little", options: wireOnly, trouble: []string{"SND-04 INCONCLUSIVE"},
			story: texts(trace.Event{Class: aicc.Info, Status: 500})},
		{name: "refused before CONNECT was answered", why: "there is no conversation", options: wireOnly, idle: "SND-04",
			story: func(h *history) { h.begin().call(aicc.OpConnect, ms, info()).refuse().end(trace.LostContact) }},
	})
}

// Who is on the line decides whether a text must be accepted.
func TestOnTheLine(t *testing.T) {
	bot, flagged := says(aicc.FromRobot), says(aicc.FromAgent, func(d *aicc.Downlink) { d.SenderNickname, d.QueueFlag = "Li", "Y" })
	runCases(t, []ruleCase{
		{name: "nobody yet", why: "a text may be refused or accepted", options: wireOnly, idle: "SND-04",
			story: func(h *history) { h.open().poll(notice("")).refuse().say().end(trace.ByCustomer) }},
		{name: "nobody when it was refused", why: "the robot came later", options: wireOnly, pass: "SND-04",
			story: func(h *history) { h.open().refuse().poll(bot).say().end(trace.ByCustomer) }},
		{name: "an agent", why: "it has spoken", options: wireOnly, trouble: []string{"SND-04 FAIL"},
			story: func(h *history) { h.open().poll(notice(""), fromAgent()).refuse().say().end(trace.ByCustomer) }},
		{name: "asked for an agent", why: "nobody says that a text is taken before one comes", options: wireOnly, pass: "SND-04",
			story: func(h *history) {
				h.open().poll(bot).transfer().refuse().poll(notice(""), fromAgent()).say().end(trace.ByCustomer)
			}},
		{name: "asked for an agent, and the robot goes on", why: "the customer waits all the same", options: wireOnly, pass: "SND-04",
			story: func(h *history) {
				h.open().poll(bot).transfer().poll(bot).refuse().poll(notice(""), fromAgent()).say().end(trace.ByCustomer)
			}},
		{name: "queueing, and the robot goes on", why: "the customer waits all the same", options: wireOnly, pass: "SND-04",
			story: func(h *history) {
				h.open().poll(bot, queueNotice(), bot).refuse().poll(fromAgent()).say().end(trace.ByCustomer)
			}},
		{name: "a word of the system", why: "it may say that the agent has left", options: wireOnly, pass: "SND-04",
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent(), notice("")).refuse().poll(fromAgent()).say().end(trace.ByCustomer)
			}},
		{name: "the robot, after the agent has left", why: "nobody was asked for since", options: wireOnly, trouble: []string{"SND-04 FAIL"},
			story: func(h *history) {
				h.open().poll(bot).transfer().poll(notice(""), fromAgent(), notice(""), bot).refuse().say().end(trace.ByCustomer)
			}},
		{name: "an agent who gives the customer back", why: "its last word says that the customer queues", options: wireOnly, idle: "SND-04",
			story: func(h *history) {
				h.open().poll(notice(""), fromAgent(), flagged, bot).refuse().say().end(trace.ByCustomer)
			}},
		{name: "accepted while nobody was", why: "the first text was refused for reasons that are not known yet", options: wireOnly, idle: "SND-04",
			story: func(h *history) { h.open().poll(bot).refuse().transfer().say().end(trace.ByCustomer) }},
		{name: "accepted when somebody was again", why: "the conversation ran when the first text was refused", options: wireOnly,
			trouble: []string{"SND-04 FAIL"}, story: func(h *history) {
				h.open().poll(bot).refuse().transfer().poll(notice(""), fromAgent()).say().end(trace.ByCustomer)
			}},
		{name: "another conversation's agent", why: "it came before CONNECT", options: wireOnly, idle: "SND-04",
			story: func(h *history) {
				h.open().poll(notice("")).end(trace.ByCustomer).
					begin().probe(fromAgent()).connect().poll(notice("")).refuse().say().end(trace.ByCustomer)
			}},
	})
}
