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
		h.events[h.pick(from, r, isReturn(aicc.OpPoll))].Shape = "downlinkMessages is not an array"
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
		at := h.pick(from, r, isReturn(aicc.OpConnect)) + 1
		shift(h.events[at:], 2*DefaultWithin)
		h.insert(at, emptyPoll(false)...)
		shift(h.events[at:at+2], DefaultWithin+ms)
	}},
	{name: "two polls at a time", rules: []string{"SIM-01 ERROR"}, events: func(h *history, from int, r *rand.Rand) {
		h.insert(1+h.pick(from, r, isInvoke(aicc.OpPoll)), emptyPoll(false)...)
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
	{name: "download refused", rules: []string{"MED-01 FAIL"},
		plan: func(p *plan, r *rand.Rand) { p.insert(r, 0, item{m: image("refused")}) },
		events: func(h *history, from int, _ *rand.Rand) {
			i := h.first(from, func(e trace.Event) bool { return e.FileID == "refused" })
			e := &h.events[i+1]
			e.Class, e.Code, e.File = aicc.Fail, aicc.CodeFailed, nil
		}},
	{name: "late DISCONNECT", rules: []string{"DSC-04 FAIL"},
		plan: func(p *plan, _ *rand.Rand) { p.hangUpByPeer() },
		events: func(h *history, from int, _ *rand.Rand) {
			drop := h.first(from, func(e trace.Event) bool {
				return e.Kind == trace.Deliver && e.Message.ControlType == aicc.Disconnect
			})
			poll := h.first(from, func(e trace.Event) bool { return e.ID == h.events[drop].ID })
			began := h.events[poll].At
			shift(h.events[poll+1:], 2*DefaultWithin) // the poll was waiting all the time
			h.events[poll+1].Started, h.events[poll+1].Intended = began, began
			record := &h.events[h.first(drop, func(e trace.Event) bool { return e.Kind == trace.Journal })]
			record.Record.HungUpAgo = (record.At - began).Milliseconds()
		}},
}

// strayID is the number of an exchange that was not in the history.
const strayID = 1 << 20

// emptyPoll is a poll that brings nothing.
func emptyPoll(probe bool) []trace.Event {
	answer := ok()
	answer.Kind, answer.Op, answer.ID, answer.Probe = trace.Return, aicc.OpPoll, strayID, probe
	return []trace.Event{{Kind: trace.Invoke, Op: aicc.OpPoll, ID: strayID, Probe: probe}, answer}
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
	untouched := Known()
	for _, f := range faults() {
		for _, broken := range f.rules {
			untouched = slices.DeleteFunc(untouched, func(id string) bool { return id == broken[:len(id)] })
		}
		for seed := range uint64(50) {
			h := faulty(seed, int(seed%9), 0, f)
			if diff := cmp.Diff(f.rules, troubled(judge(testOptions(), h))); diff != "" {
				t.Fatalf("%s, seed %d (-want +got):\n%s%s", f.name, seed, diff, h.text())
			}
		}
	}
	if len(untouched) > 0 {
		t.Errorf("no single edit breaks %v", untouched)
	}
}

func TestTwoFaultsBreakTheRulesOfBoth(t *testing.T) {
	all := faults()
	for i, a := range all {
		for _, b := range all[i:] {
			want := slices.Concat(a.rules, b.rules)
			slices.SortFunc(want, func(x, y string) int { return place(x[:6]) - place(y[:6]) })
			want = slices.Compact(want)
			for seed := range uint64(4) {
				h := faulty(seed, 2, 0, a, b)
				if diff := cmp.Diff(want, troubled(judge(testOptions(), h))); diff != "" {
					t.Fatalf("%s and %s, seed %d (-want +got):\n%s%s", a.name, b.name, seed, diff, h.text())
				}
			}
		}
	}
}
