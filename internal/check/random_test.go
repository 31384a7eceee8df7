package check

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// item is one message of a planned conversation.
type item struct {
	sender marker.Sender // 0: no marker
	seq    int
	drop   bool
	glued  bool // delivered by the poll that delivers the item before
	m      msg
}

// plan is a right conversation before it is cut into polls: edits make it a wrong one, and record
// says what the tenant's record has whatever the edits do to the delivery.
type plan struct {
	items  []item
	after  []item // delivered by a probe after DISCONNECT
	says   int
	record trace.Record
	byPeer bool
	ended  trace.Ended
}

// newPlan makes a right conversation of a customer.
func newPlan(r *rand.Rand) *plan {
	p := &plan{says: 1 + r.IntN(4), byPeer: r.IntN(3) > 0, ended: trace.ByCustomer}
	next := map[marker.Sender]int{}
	for range 6 + r.IntN(20) {
		p.items = append(p.items, p.newItem(r, next))
	}
	// Each cooperating sender has a pair at least, so that every edit finds something.
	for _, s := range cooperating {
		for next[s] < 2 {
			p.items = append(p.items, markedItem(s, next[s]))
			next[s]++
		}
		p.record.Senders = append(p.record.Senders, trace.Said{Sender: s, Count: next[s]})
	}
	if p.byPeer {
		p.items = append(p.items, item{drop: true, m: disconnect()})
		p.record.HungUp = true
		p.ended = trace.ByPeer
	}
	return p
}

func (p *plan) newItem(r *rand.Rand, next map[marker.Sender]int) item {
	switch r.IntN(8) {
	case 0:
		return item{m: notice(fmt.Sprintf("code-%x", r.Uint64()))}
	case 1:
		return item{m: notice("")}
	case 2:
		id := fmt.Sprintf("file-%x", r.Uint64())
		p.record.Files = append(p.record.Files, goodFile(id))
		return item{m: image(id)}
	case 3:
		if next[marker.Customer] < p.says {
			next[marker.Customer]++
			return markedItem(marker.Customer, next[marker.Customer]-1)
		}
	}
	s := cooperating[r.IntN(len(cooperating))]
	next[s]++
	return markedItem(s, next[s]-1)
}

func markedItem(s marker.Sender, seq int, changes ...func(*marker.Marker)) item {
	source := map[marker.Sender]string{marker.Robot: aicc.FromRobot, marker.Agent: aicc.FromAgent,
		marker.System: aicc.FromSystem, marker.Customer: aicc.FromRobot}[s]
	return item{sender: s, seq: seq, m: marked(s, source, seq, changes...)}
}

// play puts the plan into a history, cut into polls at random. Of the polls with messages, swallow
// out of 100 get no answer, and the tenant may notice up to three polls later.
func (p *plan) play(h *history, r *rand.Rand, swallow int) {
	h.open()
	for range p.says {
		h.say()
	}
	dropped, exposed := false, 0
	for rest := p.items; len(rest) > 0; {
		n := 1 + r.IntN(min(len(rest), 5))
		for n < len(rest) && rest[n].glued {
			n++
		}
		batch := rest[:n]
		rest = rest[n:]
		if r.IntN(5) == 0 {
			h.poll()
		}
		exposed--
		switch {
		case r.IntN(100) < swallow:
			h.infoPoll()
			exposed = 4
		case exposed > 0 && r.IntN(2) == 0:
			h.poll() // the batch went to the poll that was given up
		default:
			h.poll(messages(batch)...)
			dropped = dropped || slices.ContainsFunc(batch, func(i item) bool { return i.drop })
		}
	}
	p.finish(h, dropped)
}

func messages(items []item) []msg {
	all := make([]msg, len(items))
	for i := range items {
		all[i] = items[i].m
	}
	return all
}

// finish ends the conversation as the customer would: after a DISCONNECT with a probe, else by
// hanging up.
func (p *plan) finish(h *history, dropped bool) {
	ended := p.ended
	switch {
	case dropped:
		h.probe(messages(p.after)...)
	case p.byPeer:
		h.wait(time.Minute).poll().hangUp()
		ended = trace.GaveUp
	default:
		h.hangUp()
	}
	record := p.record
	if p.byPeer && !dropped {
		record.HungUpAgo = time.Minute.Milliseconds()
	}
	h.journal(record).end(ended)
}

// customerOf plays a few right conversations, the last of them after an edit.
func customerOf(seed uint64, customer, swallow int, change func(p *plan, r *rand.Rand)) *history {
	r := rand.New(rand.NewPCG(seed, 1))
	h := newHistory(customer)
	h.now = time.Duration(r.IntN(1000)) * ms
	for n := 1 + r.IntN(3); n >= 0; n-- {
		p := newPlan(r)
		if n == 0 && change != nil {
			change(p, r)
		}
		p.play(h, r, swallow)
	}
	return h
}

func TestHealthyHistoriesPass(t *testing.T) {
	for seed := range uint64(1000) {
		h := customerOf(seed, int(seed%50), 0, nil)
		results := judge(testOptions(), h)
		if bad := troubled(results); bad != nil {
			t.Fatalf("seed %d: right history, but %v\n%s", seed, bad, h.text())
		}
		checkSound(t, results)
	}
}

func TestUnluckyHistoriesDoNotFail(t *testing.T) {
	for _, swallow := range []int{2, 20, 60} {
		inconclusive := 0
		for seed := range uint64(150) {
			h := customerOf(seed, 1, swallow, nil)
			results := judge(testOptions(), h)
			for _, r := range results {
				if r.Violations > 0 {
					t.Fatalf("seed %d, %d%% of polls lost: %s %s: %+v\n%s", seed, swallow, r.ID, r.Verdict, r.Witnesses, h.text())
				}
			}
			if troubled(results) != nil {
				inconclusive++
			}
		}
		if inconclusive == 0 {
			t.Errorf("%d%% of polls lost, and nothing was ever inconclusive: the test does not lose anything", swallow)
		}
	}
}

// pick returns the place of a random item that fits.
func (p *plan) pick(r *rand.Rand, fits func(i int) bool) int {
	for _, i := range r.Perm(len(p.items)) {
		if fits(i) {
			return i
		}
	}
	panic("the plan has nothing that the edit needs")
}

func (p *plan) cooperates(i int) bool {
	s := p.items[i].sender
	return s != 0 && s != marker.Customer
}

// successor is the place of the same sender's next message, or -1.
func (p *plan) successor(i int) int {
	for j := i + 1; j < len(p.items); j++ {
		if p.items[j].sender == p.items[i].sender {
			return j
		}
	}
	return -1
}

// insert puts an item at a random place before DISCONNECT, not before from.
func (p *plan) insert(r *rand.Rand, from int, it item) {
	end := len(p.items)
	if p.byPeer {
		end--
	}
	p.items = slices.Insert(p.items, from+r.IntN(end-from+1), it)
}

// hangUpByPeer makes the plan one that ends with DISCONNECT.
func (p *plan) hangUpByPeer() {
	if !p.byPeer {
		p.byPeer, p.ended, p.record.HungUp = true, trace.ByPeer, true
		p.items = append(p.items, item{drop: true, m: disconnect()})
	}
}

// takeLast takes out the last message of its sender.
func (p *plan) takeLast(r *rand.Rand) item {
	i := p.pick(r, func(i int) bool { return p.cooperates(i) && p.successor(i) < 0 })
	it := p.items[i]
	p.items = slices.Delete(p.items, i, i+1)
	return it
}

// edits are single faults and the rules they break.
var edits = []struct {
	name  string
	edit  func(p *plan, r *rand.Rand)
	rules []string
}{
	{"swap", func(p *plan, r *rand.Rand) {
		i := p.pick(r, func(i int) bool { return p.cooperates(i) && p.successor(i) > 0 })
		j := p.successor(i)
		p.items[i], p.items[j] = p.items[j], p.items[i]
	}, []string{"ORD-01 FAIL"}},
	{"drop", func(p *plan, r *rand.Rand) {
		i := p.pick(r, p.cooperates)
		p.items = slices.Delete(p.items, i, i+1)
	}, []string{"DEL-04 FAIL"}},
	{"copy", func(p *plan, r *rand.Rand) {
		i := p.pick(r, func(i int) bool { return p.items[i].sender != 0 })
		p.insert(r, i+1, p.items[i])
	}, []string{"DEL-03 FAIL"}},
	{"insert", func(p *plan, r *rand.Rand) {
		said := p.record.Senders[r.IntN(len(p.record.Senders))]
		p.insert(r, 0, markedItem(said.Sender, said.Count+r.IntN(2000)))
	}, []string{"DEL-01 FAIL"}},
	{"truncate", func(p *plan, r *rand.Rand) {
		i := p.pick(r, p.cooperates)
		p.items[i].m = cut(p.items[i].m, 1+r.IntN(20))
	}, []string{"DEL-06 FAIL"}},
	{"behind DISCONNECT", func(p *plan, r *rand.Rand) {
		last := p.takeLast(r)
		p.hangUpByPeer()
		last.glued = true
		p.items = append(p.items, last)
	}, []string{"DSC-02 FAIL"}},
	{"after DISCONNECT", func(p *plan, r *rand.Rand) {
		p.after = append(p.after, p.takeLast(r))
		p.hangUpByPeer()
	}, []string{"DSC-01 FAIL"}},
	{"second DISCONNECT", func(p *plan, _ *rand.Rand) {
		p.hangUpByPeer()
		p.after = append(p.after, item{drop: true, m: disconnect()})
	}, []string{"DSC-03 FAIL"}},
	{"no DISCONNECT", func(p *plan, _ *rand.Rand) {
		p.hangUpByPeer()
		p.items = p.items[:len(p.items)-1]
	}, []string{"DSC-04 FAIL"}},
	{"DISCONNECT from the robot", func(p *plan, _ *rand.Rand) {
		p.hangUpByPeer()
		p.items[len(p.items)-1] = item{m: disconnectOf(aicc.FromRobot, aicc.Text)}
	}, []string{"DSC-07 FAIL"}},
	{"another session", func(p *plan, r *rand.Rand) {
		p.insert(r, 0, markedItem(marker.Agent, r.IntN(9), ofCustomer(1000)))
	}, []string{"DEL-02 FAIL"}},
	{"an earlier conversation", func(p *plan, r *rand.Rand) {
		p.insert(r, 0, markedItem(marker.Agent, r.IntN(9), ofEpoch(0)))
	}, []string{"DSC-05 FAIL"}},
	{"picture dropped", func(p *plan, r *rand.Rand) {
		p.record.Files = append(p.record.Files, goodFile("dropped"))
		p.hangUpByPeer()
	}, []string{"DEL-04 FAIL"}},
	{"picture changed", func(p *plan, r *rand.Rand) {
		p.insert(r, 0, item{m: image("changed")})
		changed := goodFile("changed")
		changed.SHA256 = goodFile("other").SHA256
		p.record.Files = append(p.record.Files, changed)
	}, []string{"MED-02 FAIL"}},
	{"picture without id", func(p *plan, r *rand.Rand) { p.insert(r, 0, item{m: image("")}) }, []string{"MED-01 FAIL"}},
}

func TestEveryEditBreaksItsRule(t *testing.T) {
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			for seed := range uint64(150) {
				h := customerOf(seed, int(seed%50), 0, e.edit)
				results := judge(testOptions(), h)
				if diff := cmp.Diff(e.rules, troubled(results)); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%s%s", seed, diff, h.text())
				}
				checkSound(t, results)
			}
		})
	}
}

// crowd are customers of whom every third has a fault.
func crowd() []*history {
	var all []*history
	for i := range 60 {
		change := edits[i%len(edits)].edit
		if i%3 > 0 {
			change = nil
		}
		all = append(all, customerOf(uint64(i)+77, i, 3, change))
	}
	return all
}

func TestInterleavingDoesNotMatter(t *testing.T) {
	histories := crowd()
	want := judge(testOptions(), histories...)
	if len(troubled(want)) < 5 {
		t.Fatalf("only %v went wrong: the test has no grip", troubled(want))
	}
	for seed := range uint64(20) {
		if diff := cmp.Diff(want, judgeInterleaved(histories, rand.New(rand.NewPCG(seed, 2)))); diff != "" {
			t.Fatalf("seed %d: one after the other and interleaved differ (-want +got):\n%s", seed, diff)
		}
	}
}

// judgeInterleaved feeds one event at a time, of a customer drawn at random.
func judgeInterleaved(histories []*history, r *rand.Rand) []RuleResult {
	c := New(testOptions())
	sessions := make([]*Session, len(histories))
	at := make([]int, len(histories))
	var left []int
	for i, h := range histories {
		sessions[i] = c.Customer(h.customer)
		left = append(left, i)
	}
	for len(left) > 0 {
		k := r.IntN(len(left))
		i := left[k]
		if at[i] == len(histories[i].events) {
			sessions[i].Close()
			left = slices.Delete(left, k, k+1)
			continue
		}
		sessions[i].Observe(&histories[i].events[at[i]])
		at[i]++
	}
	return c.Report()
}

func TestConcurrentCustomers(t *testing.T) {
	histories := crowd()
	want := judge(testOptions(), histories...)
	c := New(testOptions())
	var wg sync.WaitGroup
	for _, h := range histories {
		wg.Go(func() {
			s := c.Customer(h.customer)
			for i := range h.events {
				s.Observe(&h.events[i])
			}
			s.Close()
			c.Report()
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, c.Report()); diff != "" {
		t.Errorf("one after the other and at once differ (-want +got):\n%s", diff)
	}
}

// verdicts are the results without their witnesses, whose times may differ.
func verdicts(results []RuleResult) []RuleResult {
	results = slices.Clone(results)
	for i := range results {
		results[i].Witnesses = nil
	}
	return results
}

func TestClockDoesNotMatter(t *testing.T) {
	for i, h := range crowd() {
		want := verdicts(judge(testOptions(), h))
		for k := range h.events {
			h.events[k].At += time.Hour
			h.events[k].Started += time.Hour
			h.events[k].Intended += time.Hour
		}
		if diff := cmp.Diff(want, verdicts(judge(testOptions(), h))); diff != "" {
			t.Errorf("customer %d: an hour later (-want +got):\n%s", i, diff)
		}
	}
}

func TestCuttingIntoPollsDoesNotMatter(t *testing.T) {
	for _, e := range edits {
		if e.name == "behind DISCONNECT" {
			continue // it is about one poll
		}
		for seed := range uint64(100) {
			var got [][]string
			for cutting := range uint64(2) {
				r := rand.New(rand.NewPCG(seed, 3))
				p, q := newPlan(r), newPlan(r)
				e.edit(q, r)
				h, cuts := newHistory(0), rand.New(rand.NewPCG(seed, 4+cutting))
				p.play(h, cuts, 0)
				q.play(h, cuts, 0)
				got = append(got, troubled(judge(testOptions(), h)))
			}
			if diff := cmp.Diff(got[0], got[1]); diff != "" {
				t.Fatalf("%s, seed %d: verdicts depend on the cuts:\n%s", e.name, seed, diff)
			}
		}
	}
}
