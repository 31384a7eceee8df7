package check

import (
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// pair is two polls in flight together; what each brings comes in the order of the answers: the
// second poll's first.
func (h *history) pair(first, second []msg) *history {
	h.wait(DefaultPause)
	h.lastID++
	id := h.lastID
	started := h.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: id}).At
	h.wait(ms).pollNow(ok(), second...)
	back := ok()
	back.Kind, back.Op, back.ID, back.Started, back.Count = trace.Return, aicc.OpPoll, id, started, len(first)
	h.add(back)
	for i, m := range first {
		h.add(trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: id, Index: i, Message: m(h)})
	}
	return h
}

// unkept is an answer whose body was not kept.
func unkept() trace.Event { return trace.Event{Class: aicc.Info, Status: 200, NoBody: true} }

// TestWhatAJudgedClientBringsAbout is about rules for the tenant that a client's own faults would break.
func TestWhatAJudgedClientBringsAbout(t *testing.T) {
	stamped := func(millis int) msg {
		return says(aicc.FromSystem, func(d *aicc.Downlink) { d.Timestamp = aicc.Loose(itoa(millis)) })
	}
	coded := func(code string) msg {
		return says(aicc.FromSystem, func(d *aicc.Downlink) { d.MessageCode = aicc.Loose(code) })
	}
	hang := func(h *history) { h.end(trace.ByPeer) }
	quit := func(h *history) { h.end(trace.ByCustomer) }
	refusedWith := func(op aicc.Op, status int) func(h *history) {
		return func(h *history) {
			answer := trace.Event{Class: aicc.Fail, Status: status, Seq: -1, Chars: 5, Bytes: 5}
			h.open().poll(says(aicc.FromRobot)).wait(DefaultPause).call(op, ms, answer).poll().end(trace.ByCustomer)
		}
	}
	local := says(aicc.FromAgent, func(d *aicc.Downlink) {
		d.MediaType, d.Content, d.ContentType, d.MediaFileType = aicc.Image, "p1", "1", "png"
	})
	fetched := func(how trace.Event) func(h *history) {
		return func(h *history) {
			h.open().wait(DefaultPause).call(aicc.OpPoll, pollTakes, ok())
			h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: local(h)})
			h.aside(aicc.OpSupport, ok())
			how.FileID = "p1"
			h.call(aicc.OpDownload, ms, how).end(trace.ByCustomer)
		}
	}
	askedLocally := failed()
	askedLocally.Local = true
	runCases(t, []ruleCase{
		{name: "older second", why: "two polls at once change the order", options: foreign, trouble: []string{"ORD-02 INCONCLUSIVE", "SIM-01 FAIL"},
			story: func(h *history) { quit(h.open().pair([]msg{stamped(1000)}, []msg{stamped(2000)})) }},
		{name: "older second later on", why: "one at a time again", options: foreign, trouble: []string{"ORD-02 FAIL", "SIM-01 FAIL"},
			story: func(h *history) { quit(h.open().pair(nil, nil).poll(stamped(2000)).poll(stamped(1000))) }},
		{name: "a copy for each", why: "both polls were given it", options: foreign, trouble: []string{"DEL-07 INCONCLUSIVE", "SIM-01 FAIL"},
			story: func(h *history) { quit(h.open().pair([]msg{coded("x")}, []msg{coded("x")})) }},
		{name: "a copy later on", why: "one at a time again", options: foreign, trouble: []string{"DEL-07 FAIL", "SIM-01 FAIL"},
			story: func(h *history) { quit(h.open().pair(nil, nil).poll(coded("x")).poll(coded("x"))) }},
		{name: "a word behind DISCONNECT", why: "it was handed to the poll before", options: foreign,
			trouble: []string{"DSC-01 INCONCLUSIVE", "SIM-01 FAIL"},
			story:   func(h *history) { hang(h.open().pair([]msg{notice("")}, []msg{disconnect()})) }},
		{name: "DISCONNECT for each", why: "both polls were told", options: foreign, trouble: []string{"DSC-03 INCONCLUSIVE", "SIM-01 FAIL"},
			story: func(h *history) { hang(h.open().pair([]msg{disconnect()}, []msg{disconnect()})) }},
		{name: "behind DISCONNECT in one list", why: "that is the tenant's doing", options: foreign, trouble: []string{"DSC-02 FAIL", "SIM-01 FAIL"},
			story: func(h *history) { hang(h.open().pair(nil, []msg{disconnect(), notice("")})) }},
		{name: "two polls of chatbench's own", why: "they are an error of its own, and excuse nobody", options: wireOnly,
			trouble: []string{"ORD-02 FAIL", "SIM-01 ERROR"},
			story:   func(h *history) { quit(h.open().pair([]msg{stamped(1000)}, []msg{stamped(2000)})) }},
		{name: "poll of a wrong form", why: "its parameters may be missing", options: foreign, trouble: []string{"POL-01 INCONCLUSIVE"},
			story: refusedWith(aicc.OpPoll, 400)},
		{name: "poll at a wrong place", why: "its path may be wrong", options: foreign, trouble: []string{"POL-01 INCONCLUSIVE"},
			story: refusedWith(aicc.OpPoll, 404)},
		{name: "poll forbidden", why: "that is no answer to a wrong request", options: foreign, trouble: []string{"POL-01 FAIL"},
			story: refusedWith(aicc.OpPoll, 403)},
		{name: "chatbench's poll is of the right form", why: "it is tested", options: wireOnly, trouble: []string{"POL-01 FAIL"},
			story: refusedWith(aicc.OpPoll, 400)},
		{name: "text of a wrong form", why: "a field may be missing", options: foreign, trouble: []string{"SND-04 INCONCLUSIVE"},
			story: refusedWith(aicc.OpSend, 400)},
		{name: "a local file as one of the library", why: "it has to be asked for with its prefix", options: foreign,
			trouble: []string{"MED-01 INCONCLUSIVE"}, story: fetched(failed())},
		{name: "a local file", why: "it was asked for as it was announced", options: foreign, trouble: []string{"MED-01 FAIL"},
			story: fetched(askedLocally)},
		{name: "receipts", why: "nobody knows what it asked for", options: foreign, idle: "POL-05 POL-06",
			story: func(h *history) { quit(h.open().poll(receiptOf(0))) }},
		{name: "markers of others", why: "a judged client has no number", options: foreign, blind: "DEL-02 DEL-04 ORD-01 DSC-05",
			story: func(h *history) { quit(h.open().poll(robot(7, ofCustomer(99)), robot(3, ofRun(1)))) }},
		{name: "a record of others", why: "it is about numbers that it does not use", blind: "DEL-04 SND-01 DSC-04",
			options: func(o *Options) { o.Foreign = true }, story: func(h *history) {
				h.open().poll(notice(""), disconnect()).journal(trace.Record{HungUp: true, Senders: []trace.Said{agentSaid(5)}}).end(trace.ByPeer)
			}},
		{name: "a word before CONNECT", why: "it may be left from before it was watched", options: foreign, idle: "CON-01",
			trouble: []string{"SIM-02 FAIL"}, story: func(h *history) { quit(h.begin().poll(notice("")).connect()) }},
		{name: "silence after sendAsync", why: "its 0 says nothing", options: foreign, idle: "CON-02", story: func(h *history) {
			answer := ok()
			answer.Async = true
			h.begin().call(aicc.OpConnect, ms, answer).wait(2 * time.Minute).poll().end(trace.ByCustomer)
		}},
		{name: "the page was loaded again", why: "a poll of the old page is gone with it", options: foreign, pass: "SIM-01", trouble: []string{"SIM-07 INCONCLUSIVE"},
			story: func(h *history) {
				h.open().poll(notice("")).wait(DefaultPause).add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: strayID})
				h.wait(ms).open().poll(notice("")).end(trace.ByCustomer)
			}},
	})
}

// TestJudgedClients looks at bounds and ends that differ from those of chatbench's own customers.
func TestJudgedClients(t *testing.T) {
	polled := func(pause time.Duration) func(h *history) {
		return func(h *history) { h.open().poll(notice("")).wait(pause).pollNow(ok()).end(trace.ByCustomer) }
	}
	asked := func(pause time.Duration, flags int) func(h *history) {
		return func(h *history) {
			h.open()
			for range flags {
				h.poll(queueNotice())
			}
			h.aside(aicc.OpQueue, ok()).wait(pause).askQueue(aicc.CodeOK, 1).end(trace.ByCustomer)
		}
	}
	runCases(t, []ruleCase{
		{name: "a rounded pause", why: "a recording rounds", options: foreign, pass: "SIM-04", story: polled(ForeignPause)},
		{name: "a short pause", why: "that is no rounding", options: foreign, trouble: []string{"SIM-04 FAIL"}, story: polled(ForeignPause - ms)},
		{name: "a timer of 10 s", why: "requests take different times", options: foreign, pass: "SIM-06", story: asked(9*time.Second, 1)},
		{name: "a quicker timer", why: "that is no jitter", options: foreign, trouble: []string{"SIM-06 FAIL"}, story: asked(9*time.Second-ms, 1)},
		{name: "two timers", why: "the demo starts one for each message", options: foreign, idle: "SIM-06", story: asked(5*time.Second, 2)},
		{name: "gone in the middle of a poll", why: "closing a page breaks its poll off", options: foreign, trouble: []string{"SIM-07 FAIL"},
			story: func(h *history) { h.open().poll(notice("")).infoPoll().quit(trace.ByCustomer) }},
		{name: "turned away", why: "whoever is there may leave a message", options: foreign, trouble: []string{"SIM-08 FAIL"},
			story: func(h *history) { h.begin().call(aicc.OpConnect, ms, failed()).quit(trace.NoConnect) }},
		{name: "turned away just now", why: "the message may follow", options: foreign, trouble: []string{"SIM-08 INCONCLUSIVE"},
			story: func(h *history) { h.begin().wait(ms).call(aicc.OpConnect, ms, failed()) }},
		{name: "watched no more", why: "the run was stopped", options: foreign, abort: RunAborted, trouble: []string{"SIM-07 INCONCLUSIVE"},
			story: func(h *history) { h.open().poll(notice("")) }},
		{name: "queueing when it was watched no more", why: "the query may follow", options: foreign,
			trouble: []string{"SIM-07 INCONCLUSIVE", "SIM-10 INCONCLUSIVE"},
			story:   func(h *history) { h.open().poll(queueNotice()) }},
		{name: "queueing for long", why: "it should have asked", options: foreign, trouble: []string{"SIM-07 INCONCLUSIVE", "SIM-10 FAIL"},
			story: func(h *history) { h.open().poll(queueNotice()).wait(ForeignReact).poll() }},
	})
}

// TestBodiesThatWereNotKept plays what a recording leaves out.
func TestBodiesThatWereNotKept(t *testing.T) {
	unreadPoll := func(h *history) *history { return h.wait(DefaultPause).pollNow(unkept()) }
	all := func(o *Options) {
		foreign(o)
		allRules(o)
	}
	runCases(t, []ruleCase{
		{name: "all polls", why: "nothing is known of what they brought", options: all, pass: "SHP-02 SIM-01 SIM-04",
			blind: "SHP-01 SHP-06 DSC-02 DEL-07 SIM-03 SIM-05 SIM-13",
			story: func(h *history) { unreadPoll(unreadPoll(h.open())).end(trace.ByCustomer) }},
		{name: "one poll of two", why: "that it held every time cannot be said", options: all, blind: "SHP-01 SHP-06",
			story: func(h *history) { unreadPoll(h.open().poll(notice(""))).end(trace.ByCustomer) }},
		{name: "a bad one beside it", why: "what was seen was seen", options: all, trouble: []string{"SHP-06 FAIL"},
			story: func(h *history) { unreadPoll(h.open().poll(says("ALIEN"))).end(trace.ByCustomer) }},
		{name: "CONNECT", why: "whoever is refused does not poll", options: foreign, blind: "SIM-02 CON-02", pass: "SIM-03",
			story: func(h *history) {
				h.begin().call(aicc.OpConnect, ms, unkept()).poll(notice("")).hangUp().end(trace.ByCustomer)
			}},
		{name: "a download", why: "the picture may be right", options: foreign, blind: "MED-01", pass: "SIM-05", story: func(h *history) {
			answer := unkept()
			answer.FileID = "p1"
			h.open().wait(DefaultPause).call(aicc.OpPoll, pollTakes, ok())
			h.add(trace.Event{Kind: trace.Deliver, ID: h.lastID, Message: image("p1")(h)})
			h.aside(aicc.OpSupport, ok()).call(aicc.OpDownload, ms, answer).end(trace.ByCustomer)
		}},
		{name: "a queue query", why: "it may have been the last", options: foreign, blind: "SIM-10 SIM-06", story: func(h *history) {
			h.open().poll(queueNotice()).call(aicc.OpQueue, ms, unkept()).wait(10*time.Second).askQueue(aicc.CodeOK, 1).end(trace.ByCustomer)
		}},
		{name: "what an unread message asked for", why: "a picture, an agent, the queue and the end may have been in it", options: foreign,
			blind: "SIM-05 SIM-06 SIM-07 SIM-11",
			story: func(h *history) {
				unreadPoll(h.open()).download("p1").download("p1").aside(aicc.OpSupport, ok())
				h.aside(aicc.OpQueue, ok()).aside(aicc.OpQueue, ok()).quit(trace.ByCustomer)
			}},
		{name: "queueing until then", why: "an agent may have spoken", options: foreign, blind: "SIM-10", story: func(h *history) {
			unreadPoll(h.open().poll(queueNotice())).wait(time.Minute).end(trace.ByCustomer)
		}},
		{name: "joined midway", why: "CONNECT was before", options: foreign, pass: "SIM-02 SIM-03", idle: "CON-02 SIM-09",
			story: func(h *history) {
				h.begin().events[len(h.events)-1].Midway = true
				h.wait(ms).poll(fromAgent()).call(aicc.OpSend, ms, carrying(1, ok())).end(trace.ByCustomer)
			}},
	})
}

// TestForeignIsFail compares what the same history comes to for chatbench and for others.
func TestForeignIsFail(t *testing.T) {
	h := newHistory(3)
	h.open().poll(notice("")).wait(ms).pollNow(ok()).end(trace.ByCustomer)
	for isForeign, want := range map[bool]Verdict{false: Error, true: Fail} {
		if got := resultOf(t, judge(Options{Foreign: isForeign}, h), "SIM-04"); got.Verdict != want || got.Violations != 1 {
			t.Errorf("foreign %t: SIM-04 is %s with %d violations, want %s with 1", isForeign, got.Verdict, got.Violations, want)
		}
	}
}

func TestMergeAddsWhatWasNotSeen(t *testing.T) {
	unseen, seen := newHistory(1), newHistory(2)
	unseen.open().wait(DefaultPause).pollNow(unkept()).end(trace.ByCustomer)
	seen.open().poll().end(trace.ByCustomer)
	o := Options{Foreign: true}
	got := resultOf(t, Merge(judge(o, unseen), judge(o, unseen)), "SHP-01")
	if got.Unseen != 2 || got.Verdict != NotObservable || got.Note == "" {
		t.Errorf("two that were not seen: %+v", got)
	}
	if got := resultOf(t, Merge(judge(o, unseen), judge(o, seen)), "SHP-01"); got.Unseen != 1 || got.Verdict != Pass {
		t.Errorf("one that was seen in another recording: %+v", got)
	}
}
