package check

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// eventFaults are single edits of the events of a right history.
var eventFaults = []fault{
	{name: "bent poll answer", rules: []string{"SHP-01 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		i := h.pick(from, r, func(e trace.Event) bool { return isReturn(aicc.OpPoll)(e) && !e.Probe })
		h.events[i].Shape = "downlinkMessages is not an array"
	}},
	{name: "bent answer to CONNECT", rules: []string{"SHP-02 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.events[h.pick(from, r, isReturn(aicc.OpConnect))].Shape = "resultCode is missing"
	}},
	{name: "welcome before CONNECT", rules: []string{"CON-01 FAIL"}, events: func(h *history, _ int, _ *rand.Rand) {
		// Only a customer's first conversation is judged for it.
		welcome := trace.Event{Kind: trace.Deliver, ID: strayID, Message: notice("")(h)}
		h.insert(1, append(emptyPoll(true), welcome)...)
	}},
	{name: "no welcome", rules: []string{"CON-02 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.delay(h.pick(from, r, isReturn(aicc.OpConnect))+1, DefaultHandOver)
	}},
	{name: "two polls at a time", rules: []string{"SIM-01 ERROR"}, events: func(h *history, from int, r *rand.Rand) {
		h.insert(1+h.pick(from, r, isInvoke(aicc.OpPoll)), emptyPoll(true)...)
	}},
	{name: "poll before CONNECT", rules: []string{"SIM-02 ERROR"}, events: func(h *history, from int, _ *rand.Rand) {
		h.insert(from+1, emptyPoll(false)...)
	}},
	{name: "poll after DISCONNECT", rules: []string{"SIM-03 ERROR"},
		plan: func(p *plan, _ *rand.Rand) { p.hangUpByPeer() },
		events: func(h *history, from int, _ *rand.Rand) {
			for i := from; i < len(h.events); i++ {
				h.events[i].Probe = false
			}
		}},
	{name: "poll without a pause", rules: []string{"SIM-04 ERROR"}, events: func(h *history, from int, r *rand.Rand) {
		last := h.first(from, isReturn(aicc.OpPoll))
		next := h.first(last, isInvoke(aicc.OpPoll))
		shift(h.events[next:], h.events[last].At+DefaultPause-ms-h.events[next].At)
	}},
	{name: "no download", rules: []string{"SIM-05 ERROR"},
		plan: func(p *plan, r *rand.Rand) { p.insert(r, 0, item{m: image("not fetched")}) },
		events: func(h *history, from int, _ *rand.Rand) {
			i := h.first(from, func(e trace.Event) bool { return e.FileID == "not fetched" })
			h.events = slices.Delete(h.events, i, i+2)
		}},
	{name: "second download", rules: []string{"SIM-05 ERROR"},
		plan: func(p *plan, r *rand.Rand) { p.insert(r, 0, item{m: image("fetched twice")}) },
		events: func(h *history, from int, _ *rand.Rand) {
			i := h.first(from, func(e trace.Event) bool { return e.FileID == "fetched twice" })
			h.insert(i+2, h.events[i:i+2]...)
		}},
	{name: "CONNECT without a token", rules: []string{"SIM-09 ERROR"}, events: func(h *history, from int, _ *rand.Rand) {
		h.insert(from+1, exchange(aicc.OpConnect, trace.Event{Class: aicc.Fail, Status: 401, Token: trace.Tokenless})...)
	}},
	{name: "click-to-call asked about twice", rules: []string{"SIM-11 ERROR"}, events: func(h *history, from int, _ *rand.Rand) {
		h.insert(h.first(from, isReturn(aicc.OpSupport))+1, exchange(aicc.OpSupport, ok())...)
	}},
	{name: "replacement not taken up", rules: []string{"SIM-12 ERROR"}, events: func(h *history, from int, r *rand.Rand) {
		e := &h.events[h.first(from, isReturn(aicc.OpSend))]
		e.NewToken, e.Got = true, 2
		h.events[h.pick(from, r, func(late trace.Event) bool {
			return isInvoke(aicc.OpPoll)(late) && late.At > e.At+DefaultCrossing
		})].Token = 1
	}},
	{name: "file sent after DISCONNECT", rules: []string{"SIM-13 ERROR"},
		plan: func(p *plan, _ *rand.Rand) { p.hangUpByPeer() },
		events: func(h *history, from int, _ *rand.Rand) {
			i := h.first(from, isRecord)
			shift(h.events[i-1:], DefaultCrossing)
			h.insert(i, exchange(aicc.OpUpload, ok())...)
		}},
	{name: "download refused", rules: []string{"MED-01 FAIL"},
		plan: func(p *plan, r *rand.Rand) {
			p.stay() // after DISCONNECT it may be refused
			p.insert(r, 0, item{m: image("refused")})
		},
		events: func(h *history, from int, _ *rand.Rand) {
			i := h.first(from, func(e trace.Event) bool { return e.FileID == "refused" })
			e := &h.events[i+1]
			e.Class, e.Code, e.File = aicc.Fail, aicc.CodeFailed, nil
		}},
	{name: "basic authentication", rules: []string{"TOK-01 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.events[h.pick(from, r, isReturn(aicc.OpToken))].Grant = &trace.Grant{Type: "Basic", Seconds: 3600}
	}},
	{name: "token for two hours", rules: []string{"TOK-02 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.events[h.pick(from, r, isReturn(aicc.OpToken))].Grant = &trace.Grant{Type: "Bearer", Seconds: 7200}
	}},
	{name: "fresh token refused", rules: []string{"TOK-03 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.insert(h.pick(from, r, isInvoke(aicc.OpSend)), exchange(aicc.OpUpload, trace.Event{Class: aicc.Fail, Status: 401, Fresh: true})...)
	}},
	{name: "new token refused", rules: []string{"TOK-03 FAIL", "TOK-04 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		refused := exchange(aicc.OpUpload, trace.Event{Class: aicc.Fail, Status: 401})
		again := exchange(aicc.OpUpload, trace.Event{Class: aicc.Fail, Status: 401, Fresh: true})
		h.insert(h.pick(from, r, isInvoke(aicc.OpSend)), slices.Concat(refused, exchange(aicc.OpApply, ok()), again)...)
	}},
	{name: "replacement refused", rules: []string{"TOK-03 FAIL", "TOK-05 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		i := h.pick(from, r, isReturn(aicc.OpSend))
		h.events[i].NewToken = true
		h.insert(i+1, exchange(aicc.OpUpload, trace.Event{Class: aicc.Fail, Status: 401, Fresh: true})...)
	}},
	{name: "unknown code", rules: []string{"SHP-03 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.insert(h.pick(from, r, isInvoke(aicc.OpSend)), exchange(aicc.OpUpload, trace.Event{Class: aicc.Fail, Status: 200, Code: "77"})...)
	}},
	{name: "bad gateway", rules: []string{"SHP-04 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.insert(h.pick(from, r, isInvoke(aicc.OpSend)), exchange(aicc.OpUpload, trace.Event{Class: aicc.Info, Status: 502})...)
	}},
	{name: "agent without a name", rules: []string{"SHP-10 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.events[h.pick(from, r, func(e trace.Event) bool {
			return e.Kind == trace.Deliver && e.Message.ControlType == aicc.Chat && e.Message.SourceType == aicc.FromAgent
		})].Message.SenderNickname = ""
	}},
	{name: "poll refused", rules: []string{"POL-01 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		e := &h.events[h.pick(from, r, isEmptyPoll)]
		e.Class, e.Code = aicc.Fail, aicc.CodeFailed
	}},
	{name: "poll held too long", rules: []string{"POL-02 FAIL"}, events: func(h *history, from int, _ *rand.Rand) {
		shift(h.events[h.first(from, isEmptyPoll)+1:], 7*time.Second)
		h.events[h.first(from, isEmptyPoll)].At += 7 * time.Second
	}},
	{name: "poll not held", rules: []string{"POL-03 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		e := &h.events[h.pick(from, r, isEmptyPoll)]
		e.At = e.Started + plannedHold/2 - ms
	}},
	{name: "probe refused", rules: []string{"POL-04 FAIL"},
		plan: func(p *plan, _ *rand.Rand) { p.hangUpByPeer() },
		events: func(h *history, from int, _ *rand.Rand) {
			e := &h.events[h.first(from, func(e trace.Event) bool { return e.Kind == trace.Return && e.Probe })]
			e.Class, e.Status, e.Code = aicc.Fail, 404, ""
		}},
	{name: "receipts unasked", rules: []string{"POL-05 FAIL"}, options: func(o *Options) { o.Setup.Read = false },
		plan: func(p *plan, r *rand.Rand) { p.insert(r, 0, item{m: receiptOf(0)}) }},
	{name: "refused and shown", rules: []string{"DEL-05 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		next := 0
		for _, e := range h.events[from:] {
			next = max(next, e.Seq+1)
		}
		h.insert(h.first(from, isReturn(aicc.OpPoll)), exchange(aicc.OpSend,
			trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeFlowControl, Seq: next})...)
		record := h.events[h.first(from, isRecord)].Record
		record.Shown = append(record.Shown, [2]int{next, next})
	}},
	{name: "text not shown", rules: []string{"SND-01 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		record := h.events[h.first(from, isRecord)].Record
		record.Shown = record.Shown[1:]
	}},
	{name: "texts shown in disorder", rules: []string{"SND-02 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		record := h.events[h.first(from, isRecord)].Record
		slices.Reverse(record.Shown)
	}},
	{name: "text refused", rules: []string{"SND-04 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		refused := failed()
		refused.Seq = -1
		spoke := h.first(from, func(e trace.Event) bool { return e.Kind == trace.Deliver })
		h.insert(h.pick(spoke, r, isInvoke(aicc.OpSend)), exchange(aicc.OpSend, refused)...)
	}},
	{name: "negative position", rules: []string{"QUE-01 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		h.events[h.pick(from, r, isReturn(aicc.OpQueue))].Position = -1
	}},
	{name: "queueing with an agent", rules: []string{"QUE-02 FAIL"},
		plan: func(p *plan, _ *rand.Rand) { p.stay() },
		events: func(h *history, from int, _ *rand.Rand) {
			first := h.first(from, isReturn(aicc.OpQueue))
			h.events[h.first(first+1, isReturn(aicc.OpQueue))].Code = aicc.CodeOK
		}},
	{name: "further back in the queue", rules: []string{"QUE-03 FAIL"}, events: func(h *history, from int, _ *rand.Rand) {
		i := h.first(from, isReturn(aicc.OpQueue)) + 1
		again := ok()
		again.Position = h.events[i-1].Position + 1
		h.insert(i, exchange(aicc.OpQueue, again)...)
		shift(h.events[i:], 10*time.Second)
	}},
	{name: "queueing for too long", rules: []string{"QUE-04 FAIL", "SIM-10 ERROR"}, // and nobody asks for a minute
		plan: func(p *plan, _ *rand.Rand) {
			p.stay()
			p.items = append(p.items, item{m: queueNotice()})
		},
		events: func(h *history, from int, _ *rand.Rand) {
			first := h.first(from, isReturn(aicc.OpQueue))
			i := h.first(first+1, isReturn(aicc.OpQueue))
			h.events[i].Code, h.events[i].MaxWait = aicc.CodeOK, 1
			shift(h.events[i-1:], time.Minute)
		}},
	{name: "robot where there is none", rules: []string{"ROB-02 FAIL"}, options: func(o *Options) { o.Setup.Robot = new(bool) }},
	{name: "robot silent", rules: []string{"ROB-03 FAIL"}, events: func(h *history, from int, _ *rand.Rand) {
		spoke := h.first(from, func(e trace.Event) bool { return e.Kind == trace.Deliver })
		h.delay(h.first(spoke, isReturn(aicc.OpSend))+1, DefaultReply)
	}},
	{name: "nobody takes over", rules: []string{"HND-01 FAIL"}, events: func(h *history, from int, _ *rand.Rand) {
		asked := h.first(from, isReturn(aicc.OpTransfer))
		h.events = slices.Delete(h.events, asked+1, asked+3) // the queue query
		h.delay(asked+1, DefaultHandOver)
	}},
	{name: "never ended", rules: []string{"DSC-09 FAIL"},
		plan: func(p *plan, _ *rand.Rand) { p.stay() },
		events: func(h *history, from int, _ *rand.Rand) {
			h.events[h.first(from, isRecord)].Record.Ended = ""
		}},
	{name: "upload refused", rules: []string{"MED-03 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		e := &h.events[h.pick(from, r, isReturn(aicc.OpUpload))]
		e.Class, e.Code, e.FileID = aicc.Fail, aicc.CodeFailed, ""
	}},
	{name: "same key", rules: []string{"MED-04 FAIL"}, events: func(h *history, from int, r *rand.Rand) {
		i := h.pick(from, r, isReturn(aicc.OpUpload))
		h.insert(i+1, h.events[i-1:i+1]...)
	}},
	{name: "upload changed", rules: []string{"MED-05 FAIL"}, events: func(h *history, from int, _ *rand.Rand) {
		h.events[h.first(from, isRecord)].Record.Uploads[0].SHA256 = goodFile("other").SHA256
	}},
	{name: "queue asked at once", rules: []string{"SIM-06 ERROR"}, events: func(h *history, from int, _ *rand.Rand) {
		i := h.first(from, isReturn(aicc.OpQueue))
		h.insert(i+1, h.events[i-1:i+1]...)
	}},
	{name: "gone without DISCONNECT", lingers: true, rules: []string{"SIM-07 ERROR"},
		plan: func(p *plan, _ *rand.Rand) { p.stay() },
		events: func(h *history, from int, _ *rand.Rand) {
			i := h.first(from, isInvoke(aicc.OpDisconnect))
			h.events = slices.Delete(h.events, i, i+2)
		}},
	{name: "turned away without a word", rules: []string{"SIM-08 ERROR"}, events: func(h *history, from int, _ *rand.Rand) {
		i := h.first(from, isReturn(aicc.OpConnect))
		h.events[i].Class, h.events[i].Code = aicc.Fail, aicc.CodeOffHours
		h.events[i+1] = trace.Event{Kind: trace.End, Ended: trace.NoConnect, At: h.events[i].At, Customer: h.customer, Epoch: h.epoch}
		h.events = h.events[:i+2]
	}},
	{name: "late DISCONNECT", rules: []string{"DSC-04 FAIL"},
		plan: func(p *plan, _ *rand.Rand) { p.hangUpByPeer() },
		events: func(h *history, from int, _ *rand.Rand) {
			drop := h.first(from, func(e trace.Event) bool {
				return e.Kind == trace.Deliver && e.Message.ControlType == aicc.Disconnect
			})
			poll := h.first(from, func(e trace.Event) bool { return e.ID == h.events[drop].ID })
			h.delay(poll, DefaultWithin)
			record := &h.events[h.first(drop, isRecord)]
			record.Record.HungUpAgo = (record.At - h.events[poll-1].At).Milliseconds()
		}},
}

// strayID is the number of an exchange that was not in the history.
const strayID = 1 << 20

// emptyPoll is a poll that brings nothing.
func emptyPoll(probe bool) []trace.Event {
	answer := ok()
	answer.Probe = probe
	return exchange(aicc.OpPoll, answer)
}

// exchange is one with this answer, to be put into a history.
func exchange(op aicc.Op, answer trace.Event) []trace.Event {
	answer.Kind, answer.Op, answer.ID = trace.Return, op, strayID
	return []trace.Event{{Kind: trace.Invoke, Op: op, ID: strayID, Probe: answer.Probe, Fresh: answer.Fresh, Token: answer.Token, Seq: answer.Seq}, answer}
}

// delay puts an empty poll into the history at place i that comes back after a deadline was missed,
// and moves the rest behind it.
func (h *history) delay(i int, within time.Duration) {
	shift(h.events[i:], 2*within+2*plannedHold)
	h.insert(i, emptyPoll(false)...)
	shift(h.events[i:i+1], within)
	shift(h.events[i+1:i+2], within)
	h.events[i+1].At += plannedHold
}

// insert puts events into the history at place i, at the time of the event before.
func (h *history) insert(i int, events ...trace.Event) {
	before := h.events[i-1]
	h.events = slices.Insert(h.events, i, events...)
	for k := i; k < i+len(events); k++ {
		e := &h.events[k]
		e.At, e.Customer, e.Epoch = before.At, before.Customer, before.Epoch
		if e.Kind == trace.Return {
			e.Started, e.Intended = before.At, before.At
		}
	}
}

// first is the place of the first event that fits, from a place on.
func (h *history) first(from int, fits func(e trace.Event) bool) int {
	i := slices.IndexFunc(h.events[from:], fits)
	if i < 0 {
		panic("the history has nothing that the edit needs")
	}
	return from + i
}

// pick is the place of a random event that fits, from a place on.
func (h *history) pick(from int, r *rand.Rand, fits func(e trace.Event) bool) int {
	for _, i := range r.Perm(len(h.events) - from) {
		if fits(h.events[from+i]) {
			return from + i
		}
	}
	panic("the history has nothing that the edit needs")
}

func isInvoke(op aicc.Op) func(e trace.Event) bool {
	return func(e trace.Event) bool { return e.Kind == trace.Invoke && e.Op == op && !e.Probe }
}

func isReturn(op aicc.Op) func(e trace.Event) bool {
	return func(e trace.Event) bool { return e.Kind == trace.Return && e.Op == op }
}

func isRecord(e trace.Event) bool { return e.Kind == trace.Journal }

func isEmptyPoll(e trace.Event) bool {
	return e.Kind == trace.Return && e.Op == aicc.OpPoll && e.Class == aicc.OK && e.Count == 0 && !e.Probe
}

// faulty plays a right conversation and then, a minute apart, one for each fault. Of the polls with
// messages, swallow out of 100 get no answer.
func faulty(seed uint64, customer, swallow int, fs ...fault) *history {
	r := rand.New(rand.NewPCG(seed, 34))
	h := newHistory(customer)
	newPlan(r).play(h, r, swallow)
	for _, f := range fs {
		h.wait(time.Minute)
		p := newPlan(r)
		if f.plan != nil {
			f.plan(p, r)
		}
		from := len(h.events)
		p.play(h, r, swallow)
		if f.events != nil {
			f.events(h, from, r)
			h.now = h.events[len(h.events)-1].At
		}
	}
	return h
}

func TestEveryFaultBreaksItsRule(t *testing.T) {
	untouched := Known()[:ruleCount] // the others are asked for on purpose
	for _, f := range faults() {
		for _, broken := range f.rules {
			untouched = slices.DeleteFunc(untouched, func(id string) bool { return id == broken[:len(id)] })
		}
		for seed := range uint64(50) {
			h := faulty(seed, int(seed%9), 0, f)
			if diff := cmp.Diff(f.rules, troubled(judge(f.judgedWith(), h))); diff != "" {
				t.Fatalf("%s, seed %d (-want +got):\n%s%s", f.name, seed, diff, h.text())
			}
		}
	}
	if len(untouched) > 0 {
		t.Errorf("no single edit breaks %v", untouched)
	}
}

func TestTwoFaultsBreakTheRulesOfBoth(t *testing.T) {
	all := slices.DeleteFunc(faults(), func(f fault) bool { return f.options != nil }) // they are about all conversations
	for i, a := range all {
		for _, b := range all[i:] {
			want := slices.Concat(a.rules, b.rules)
			slices.SortFunc(want, func(x, y string) int { return place(x[:6]) - place(y[:6]) })
			want = slices.Compact(want)
			seed := uint64(i)
			first, second := a, b
			if a.lingers {
				first, second = b, a
			}
			h := faulty(seed, 2, 0, first, second)
			if diff := cmp.Diff(want, troubled(judge(plannedOptions(), h))); diff != "" {
				t.Fatalf("%s and %s, seed %d (-want +got):\n%s%s", a.name, b.name, seed, diff, h.text())
			}
		}
	}
}
