package check

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// ruleCase is one history and what the rules say of it. Every case is judged by all rules: those
// not named in trouble must not fail, be inconclusive or be in error.
type ruleCase struct {
	name    string
	why     string
	story   func(h *history)
	options func(o *Options)
	abort   Reason
	trouble []string // "ORD-01 FAIL"
	pass    string   // ids that must be PASS
	idle    string   // ids that must be NOT-EXERCISED
	blind   string   // ids that must be NOT-OBSERVABLE
}

func (rc *ruleCase) run(t *testing.T) {
	h := newHistory(3)
	rc.story(h)
	o := testOptions()
	if rc.options != nil {
		rc.options(&o)
	}
	c := New(o)
	if rc.abort != "" {
		c.Abort(rc.abort)
	}
	s := c.Customer(h.customer)
	for i := range h.events {
		s.Observe(&h.events[i])
	}
	s.Close()
	results := c.Report()
	if diff := cmp.Diff(rc.trouble, troubled(results)); diff != "" {
		t.Errorf("rules in trouble (-want +got):\n%s%s\n%s", diff, rc.why, h.text())
	}
	rc.expect(t, results, rc.pass, Pass)
	rc.expect(t, results, rc.idle, NotExercised)
	rc.expect(t, results, rc.blind, NotObservable)
	checkSound(t, results)
}

func (rc *ruleCase) expect(t *testing.T, results []RuleResult, ids string, want Verdict) {
	for _, id := range strings.Fields(ids) {
		if r := resultOf(t, results, id); r.Verdict != want {
			t.Errorf("%s is %s (%d/%d), want %s: %s", id, r.Verdict, r.Violations, r.Opportunities, want, rc.why)
		}
	}
}

// checkSound holds for the results of any history.
func checkSound(t *testing.T, results []RuleResult) {
	t.Helper()
	for _, r := range results {
		var reasons int64
		for _, n := range r.Reasons {
			reasons += n
		}
		if reasons != r.Inconclusive {
			t.Errorf("%s: %d inconclusive cases and reasons for %d: %v", r.ID, r.Inconclusive, reasons, r.Reasons)
		}
		if (r.Violations > 0) != (len(r.Witnesses) > 0) || len(r.Witnesses) > maxWitnesses {
			t.Errorf("%s: %d violations and %d witnesses", r.ID, r.Violations, len(r.Witnesses))
		}
		for _, w := range r.Witnesses {
			checkWitness(t, r.ID, w)
		}
		if r.Violations > 0 && r.Opportunities == 0 && r.Level != Self || r.Opportunities < 0 || r.Opportunities > 1e6 {
			t.Errorf("%s: %d violations of %d opportunities", r.ID, r.Violations, r.Opportunities)
		}
		if (r.Verdict == NotObservable) != (r.Note != "" && r.Violations+r.Inconclusive == 0) {
			t.Errorf("%s: verdict %s with note %q", r.ID, r.Verdict, r.Note)
		}
	}
}

func checkWitness(t *testing.T, id string, w Witness) {
	t.Helper()
	if n := len(w.Events); n < 1 || n > 4 {
		t.Errorf("%s: a witness with %d events: %+v", id, n, w)
	}
	if !strings.HasPrefix(w.Sentence, "customer ") {
		t.Errorf("%s: sentence %q does not name the customer", id, w.Sentence)
	}
	if !slices.IsSortedFunc(w.Events, func(a, b WitnessEvent) int { return int(a.At - b.At) }) {
		t.Errorf("%s: the events of a witness are not in order: %+v", id, w.Events)
	}
}

func runCases(t *testing.T, cases []ruleCase) {
	for _, rc := range cases {
		t.Run(rc.name, rc.run)
	}
}

func markersOnly(o *Options) { o.Journal = false }
func wireOnly(o *Options)    { o.Markers, o.Journal = false, false }

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
				h.open().call(aicc.OpQueue, ms, ok()).wait(20 * time.Second).poll().end(trace.ByCustomer)
			},
			options: wireOnly, pass: "CON-02"},
		{name: "queue query says served", why: "160021 is with an agent",
			story: func(h *history) {
				h.open().call(aicc.OpQueue, ms, trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeWithAgent}).end(trace.ByCustomer)
			},
			options: wireOnly, pass: "CON-02"},
		{name: "silence", why: "a poll was answered empty after the deadline",
			story:   func(h *history) { h.open().poll().wait(10 * time.Second).poll().poll(notice("")).end(trace.ByCustomer) },
			options: wireOnly, trouble: []string{"CON-02 FAIL"}},
		{name: "late word", why: "the poll was waiting when the deadline passed",
			story: func(h *history) {
				answer := ok()
				answer.Count = 1
				h.open().wait(9*time.Second).call(aicc.OpPoll, 2*time.Second, answer)
				h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: notice("")(h)})
				h.end(trace.ByCustomer)
			},
			options: wireOnly, trouble: []string{"CON-02 FAIL"}},
		{name: "late word, polled for at the deadline", why: "intervals are closed: the poll was there in time",
			story: func(h *history) {
				h.open().wait(DefaultWithin).pollNow(ok(), notice("")).end(trace.ByCustomer)
			},
			options: wireOnly, trouble: []string{"CON-02 FAIL"}},
		{name: "late customer", why: "it polled only after the deadline, and the word was there",
			story:   func(h *history) { h.open().wait(time.Minute).poll(notice("")).end(trace.ByCustomer) },
			options: wireOnly, pass: "CON-02"},
		{name: "silence with a lost poll", why: "the lost poll may have carried the welcome",
			story:   func(h *history) { h.open().infoPoll().wait(10 * time.Second).poll().end(trace.ByCustomer) },
			options: wireOnly, trouble: []string{"CON-02 INCONCLUSIVE"}},
		{name: "silence and a late generator", why: "a second of our own lateness is a tenth of the deadline",
			story: func(h *history) {
				answer := ok()
				answer.Late = time.Second
				h.open().wait(10 * time.Second).pollNow(answer).end(trace.ByCustomer)
			},
			options: wireOnly, trouble: []string{"CON-02 INCONCLUSIVE"}},
		{name: "left before the deadline", why: "the customer gave the tenant no time",
			story: func(h *history) { h.open().poll().end(trace.ByCustomer) }, options: wireOnly, idle: "CON-01 CON-02"},
		{name: "stopped before the deadline", why: "the run was aborted",
			story: func(h *history) { h.open().poll().end(trace.CutShort) }, options: wireOnly, abort: RunAborted,
			trouble: []string{"CON-02 INCONCLUSIVE"}},
	})
}

func TestOrder(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "holds", why: "senders are numbered apart",
			story: func(h *history) {
				h.open().poll(robot(0), agent(0), agent(1)).poll(robot(1), agent(2), disconnect()).
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
		{name: "echoes swapped", why: "the robot repeats 2 before 1",
			story:   func(h *history) { h.open().say().say().poll(echo(2), echo(1)).end(trace.ByCustomer) },
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

func TestCreation(t *testing.T) {
	runCases(t, []ruleCase{
		{name: "echo of what was said", why: "0 is CONNECT, 1 the first text",
			story: func(h *history) { h.open().say().poll(echo(0), echo(1)).end(trace.ByCustomer) }, options: markersOnly,
			pass: "DEL-01"},
		{name: "echo of CONNECT", why: "it has a text and a number as well", options: markersOnly, pass: "DEL-01",
			story: func(h *history) { h.open().poll(echo(0)).end(trace.ByCustomer) }},
		{name: "incomplete echo", why: "no robot promised to repeat everything",
			story: func(h *history) { h.open().say().say().say().poll(echo(1), echo(3)).end(trace.ByCustomer) }, options: markersOnly,
			pass: "DEL-01 ORD-01"},
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
		{name: "silence after a lost DISCONNECT", why: "the old conversation may go on, and nobody says hello again",
			story: func(h *history) {
				h.open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).end(trace.ByCustomer).
					open().wait(DefaultWithin).poll().hangUp().end(trace.ByCustomer)
			},
			trouble: []string{"CON-02 INCONCLUSIVE", "DEL-04 INCONCLUSIVE"}},
		{name: "silence after a lost DISCONNECT and a refused CONNECT", why: "the old conversation may still go on",
			story: func(h *history) {
				h.open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).journal(said(1)).end(trace.ByCustomer).
					begin().call(aicc.OpConnect, 2*ms, failed()).end(trace.NoConnect).
					open().wait(DefaultWithin).poll().hangUp().journal(said(0)).end(trace.ByCustomer)
			},
			trouble: []string{"CON-02 INCONCLUSIVE"}},
		{name: "another customer's word after a lost DISCONNECT", why: "it is no sign that the old conversation goes on",
			story: func(h *history) {
				h.open().poll(agent(0)).call(aicc.OpDisconnect, 2*ms, info()).journal(said(1)).end(trace.ByCustomer).
					open().poll(agent(0, ofCustomer(8))).wait(DefaultWithin).poll().hangUp().journal(said(0)).end(trace.ByCustomer)
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
		{name: "echo twice", why: "1 twice", trouble: []string{"DEL-03 FAIL"}, options: markersOnly,
			story: func(h *history) { h.open().say().poll(echo(1)).poll(echo(1)).end(trace.ByCustomer) }},
		{name: "redelivered after a lost poll", why: "the customer sees it once",
			story: func(h *history) { h.open().infoPoll().poll(agent(0), disconnect()).byPeer(agentSaid(1)) }, pass: "DEL-03"},
		{name: "same code", why: "messageCode is unique", trouble: []string{"DEL-03 FAIL"}, options: wireOnly,
			story: func(h *history) { h.open().poll(notice("x1")).poll(notice("x2"), notice("x1")).end(trace.ByCustomer) }},
		{name: "other codes", why: "the same words may be said again", options: wireOnly, pass: "DEL-03",
			story: func(h *history) { h.open().poll(notice("x1"), notice("x2")).end(trace.ByCustomer) }},
		{name: "same code after many others", why: "only so many are remembered", options: wireOnly, pass: "DEL-03",
			story: func(h *history) {
				h.open()
				for i := range 40 {
					h.poll(notice("x" + itoa(i)))
				}
				h.poll(notice("x0")).end(trace.ByCustomer)
			}},
		{name: "same code in two conversations", why: "the rule is about one", options: wireOnly, pass: "DEL-03",
			story: func(h *history) {
				h.open().poll(notice("x1")).end(trace.ByCustomer).open().poll(notice("x1")).end(trace.ByCustomer)
			}},
		{name: "code and file id of the same letters", why: "they name different things", options: wireOnly, pass: "DEL-03",
			story: func(h *history) { h.open().poll(notice("x1"), image("x1")).end(trace.ByCustomer) }},
		{name: "same document", why: "DOCUMENT is media, though the demo shows it as text", trouble: []string{"DEL-03 FAIL"}, options: wireOnly,
			story: func(h *history) {
				document := plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Document, Content: "d1"})
				h.open().poll(document, document).end(trace.ByCustomer)
			}},
		{name: "no codes", why: "the same words may be said again", options: wireOnly, idle: "DEL-03",
			story: func(h *history) { h.open().poll(notice(""), notice("")).end(trace.ByCustomer) }},
		{name: "same picture", why: "a file id is announced once", trouble: []string{"DEL-03 FAIL"}, options: wireOnly,
			story: func(h *history) { h.open().poll(image("p1")).poll(image("p1")).end(trace.ByCustomer) }},
		{name: "same picture in two conversations", why: "a library picture", options: wireOnly, pass: "DEL-03",
			story: func(h *history) {
				h.open().poll(image("p1")).end(trace.ByCustomer).open().poll(image("p1")).end(trace.ByCustomer)
			}},
	})
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
		{name: "longer than the API allows", why: "an echo of a long text may be cut", pass: "DEL-04", options: markersOnly,
			story: func(h *history) { h.open().say().poll(padded(cut(echo(1), 3)), agent(0)).end(trace.ByCustomer) }},
	})
}

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
		{name: "picture after it", why: "a probe brings media", trouble: []string{"DSC-01 FAIL"},
			story: func(h *history) { h.open().poll(disconnect()).probe(image("p1")).byPeer() }},
		{name: "read receipt after it", why: "other control types are let through", pass: "DSC-01",
			story: func(h *history) {
				h.open().poll(disconnect()).probe(plain(aicc.Downlink{ControlType: aicc.Read, Content: "m1"})).byPeer()
			}},
		{name: "talk in the same batch", why: "the demo's loop goes on", trouble: []string{"DSC-02 FAIL"},
			story: func(h *history) { h.open().poll(agent(0), disconnect(), agent(1)).byPeer(agentSaid(2)) }},
		{name: "read receipt behind a second one", why: "that is the end of its batch too", trouble: []string{"DSC-02 FAIL", "DSC-03 FAIL"},
			story: func(h *history) {
				h.open().poll(disconnect()).probe(disconnect(), plain(aicc.Downlink{ControlType: aicc.Read, Content: "m1"})).byPeer()
			}},
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

func TestMedia(t *testing.T) {
	serve := func(change func(*trace.File)) func(h *history) {
		return func(h *history) { h.serve("p1", change).open().poll(image("p1")).end(trace.ByCustomer) }
	}
	answered := func(e trace.Event) func(h *history) {
		return func(h *history) {
			h.open().poll(notice("")).wait(DefaultPause)
			h.call(aicc.OpPoll, pollTakes, ok())
			h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: image("p1")(h)})
			e.FileID = "p1"
			h.call(aicc.OpDownload, ms, e).end(trace.ByCustomer)
		}
	}
	record := func(change func(*trace.File)) func(h *history) {
		return func(h *history) {
			want := goodFile("p1")
			change(&want)
			h.open().poll(image("p1"), disconnect()).journal(trace.Record{HungUp: true, Files: []trace.File{want}}).end(trace.ByPeer)
		}
	}
	const holds = "MED-01 SIM-05"
	runCases(t, []ruleCase{
		{name: "holds", why: "a picture was downloaded", story: serve(func(*trace.File) {}), options: wireOnly, pass: holds},
		{name: "png announced as jpg", why: "the demo asks for jpg whatever the picture is", options: wireOnly, pass: holds,
			story: serve(func(f *trace.File) { f.Kind = "png" })},
		{name: "unknown kind", why: "not judged", options: wireOnly, pass: holds, story: serve(func(f *trace.File) { f.Kind = "" })},
		{name: "other kind", why: "a voice message as a picture", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.Kind = "mp3" })},
		{name: "bad base64", why: "the demo cannot show it", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.BadBase = true })},
		{name: "empty file", why: "the demo cannot show it", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: serve(func(f *trace.File) { f.Size = 0 })},
		{name: "no file", why: "answered 0 without one", options: wireOnly, trouble: []string{"MED-01 FAIL"}, story: answered(ok())},
		{name: "refused", why: "answered 13", options: wireOnly, trouble: []string{"MED-01 FAIL"}, story: answered(failed())},
		{name: "not found", why: "HTTP 404", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: answered(trace.Event{Class: aicc.Fail, Status: 404})},
		{name: "lost", why: "no answer", options: wireOnly, trouble: []string{"MED-01 INCONCLUSIVE"}, story: answered(info())},
		{name: "never sent", why: "no connection", options: wireOnly, idle: "MED-01", story: answered(trace.Event{Class: aicc.Fail})},
		{name: "token ran out", why: "the customer renews it and asks again", options: wireOnly, pass: holds,
			story: func(h *history) {
				answered(trace.Event{Class: aicc.Fail, Status: 401})(h)
				h.events = h.events[:len(h.events)-1]
				h.download("p1").end(trace.ByCustomer)
			}},
		{name: "empty id", why: "there is nothing to download", options: wireOnly, trouble: []string{"MED-01 FAIL"},
			story: func(h *history) { h.open().poll(image("")).end(trace.ByCustomer) }},
		{name: "robot's picture", why: "the robot branch takes it", options: wireOnly, idle: holds,
			story: func(h *history) {
				h.open().poll(plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, MediaType: aicc.Image, Content: "p1"})).
					end(trace.ByCustomer)
			}},
		{name: "same bytes", why: "as recorded", story: record(func(*trace.File) {}), pass: "MED-01 MED-02 DEL-04"},
		{name: "other bytes", why: "the checksum differs", trouble: []string{"MED-02 FAIL"},
			story: record(func(f *trace.File) { f.SHA256 = strings.Repeat("0", 64) })},
		{name: "other bytes once", why: "one of two downloads differs, so it differs from the file as well",
			trouble: []string{"DEL-03 FAIL", "MED-02 FAIL"}, // the picture came twice
			story: func(h *history) {
				h.serve("p1", func(f *trace.File) { f.SHA256 = strings.Repeat("0", 64) }).open().poll(image("p1"))
				h.serve("p1", func(*trace.File) {}).poll(image("p1"), disconnect()).
					journal(trace.Record{HungUp: true, Files: []trace.File{goodFile("p1")}}).end(trace.ByPeer)
			}},
		{name: "no checksum", why: "nothing to compare", idle: "MED-02", story: record(func(f *trace.File) { f.SHA256 = "" })},
		{name: "local file", why: "the record names it with its prefix", pass: "MED-02 DEL-04",
			story: record(func(f *trace.File) { f.ID = "local/p1" })},
		{name: "too many files", why: "the first sixteen are compared, the others are not lost", trouble: []string{"DEL-04 INCONCLUSIVE"},
			pass: "MED-01 MED-02 SIM-05",
			story: func(h *history) {
				h.open()
				var r trace.Record
				for i := range maxFiles + 2 {
					id := "p" + itoa(i)
					r.Files = append(r.Files, goodFile(id))
					h.poll(image(id))
				}
				r.HungUp = true
				h.poll(disconnect()).journal(r).end(trace.ByPeer)
			}},
	})
}

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
				h.end(trace.ByCustomer)
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

func TestCatalogue(t *testing.T) {
	areas := []string{"SHP", "CON", "ORD", "DEL", "DSC", "MED", "SIM"}
	wellFormed := regexp.MustCompile(`^[A-Z]{3}-[0-9]{2}$`)
	place := func(id string) string { return string(rune('a'+slices.Index(areas, id[:3]))) + id[3:] }
	rules := Rules()
	if len(rules) != int(ruleCount) || len(rules) == 0 {
		t.Fatalf("%d rules, want %d", len(rules), ruleCount)
	}
	for i, r := range rules {
		if !wellFormed.MatchString(r.ID) || !slices.Contains(areas, r.ID[:3]) {
			t.Errorf("id %q is not well formed", r.ID)
		}
		if i > 0 && place(r.ID) <= place(rules[i-1].ID) {
			t.Errorf("%s does not come after %s", r.ID, rules[i-1].ID)
		}
		for name, text := range map[string]string{"title": r.Title, "level": string(r.Level), "needs": string(r.Needs),
			"source": r.Source, "statement": r.Statement, "look": r.Look} {
			if text == "" {
				t.Errorf("%s has no %s", r.ID, name)
			}
		}
		if (r.Level == Self) != strings.HasPrefix(r.ID, "SIM") {
			t.Errorf("%s has level %s", r.ID, r.Level)
		}
		if got, found := Find(r.ID); !found || got != r || Known()[i] != r.ID {
			t.Errorf("Find(%q) = %+v, %t; Known()[%d] = %q", r.ID, got, found, i, Known()[i])
		}
	}
	if _, found := Find("XXX-99"); found {
		t.Error("found a rule that does not exist")
	}
}
