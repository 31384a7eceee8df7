package check

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
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
	takes  bool // the customer asks for an agent before it is delivered
	alone  bool // no other is delivered with it, and the customer says something to it
	glued  bool // delivered by the poll that delivers the item before
	m      msg
}

// source is who the message is from.
func (it item) source() string { return it.m(newHistory(0).begin()).SourceType }

// plan is a right conversation before it is cut into polls: edits make it a wrong one, and record
// says what the tenant's record has whatever the edits do to the delivery. First the robot talks,
// then an agent who was announced.
type plan struct {
	items    []item
	after    []item // delivered by a probe after DISCONNECT
	says     int
	receipts int
	record   trace.Record
	byPeer   bool
	ended    trace.Ended
}

// newPlan makes a right conversation of a customer.
func newPlan(r *rand.Rand) *plan {
	p := &plan{says: 1 + r.IntN(4), byPeer: r.IntN(3) > 0, ended: trace.ByCustomer}
	next := map[marker.Sender]int{}
	first := p.numbered(marker.Robot, next)
	first.alone = true
	p.items = append(p.items, first)
	for range 2 + r.IntN(6) {
		p.items = append(p.items, p.robotItem(r, next))
	}
	p.ensure(marker.Robot, next)
	p.items = append(p.items, item{takes: true, m: queueNotice()})
	for range 4 + r.IntN(14) {
		p.items = append(p.items, p.agentItem(r, next))
	}
	p.ensure(marker.Agent, next)
	p.ensure(marker.System, next)
	if p.byPeer {
		p.items = append(p.items, item{drop: true, m: disconnect()})
		p.record.HungUp = true
		p.ended = trace.ByPeer
	}
	return p
}

// ensure gives a cooperating sender a pair at least, so that every edit finds something, and tells
// the record.
func (p *plan) ensure(s marker.Sender, next map[marker.Sender]int) {
	for next[s] < 2 {
		p.items = append(p.items, p.numbered(s, next))
	}
	p.record.Senders = append(p.record.Senders, trace.Said{Sender: s, Count: next[s]})
}

// numbered is the sender's next message, which answers what the customer said.
func (p *plan) numbered(s marker.Sender, next map[marker.Sender]int) item {
	next[s]++
	return markedItem(s, next[s]-1, caused(min(next[s]-1, p.says)))
}

func (p *plan) robotItem(r *rand.Rand, next map[marker.Sender]int) item {
	switch {
	case r.IntN(6) == 0:
		return item{m: said(fmt.Sprintf("notice-%x", r.Uint64()), "")}
	case r.IntN(3) == 0 && next[marker.Customer] < p.says:
		next[marker.Customer]++
		return markedItem(marker.Customer, next[marker.Customer]-1)
	case r.IntN(6) == 0 && p.receipts <= p.says:
		p.receipts++
		return item{m: receiptOf(p.receipts - 1)}
	}
	return p.numbered(marker.Robot, next)
}

func (p *plan) agentItem(r *rand.Rand, next map[marker.Sender]int) item {
	switch r.IntN(8) {
	case 0:
		return item{m: said(fmt.Sprintf("notice-%x", r.Uint64()), fmt.Sprintf("code-%x", r.Uint64()))}
	case 1:
		return item{m: said(fmt.Sprintf("notice-%x", r.Uint64()), "")}
	case 2:
		id := fmt.Sprintf("file-%x", r.Uint64())
		p.record.Files = append(p.record.Files, goodFile(id))
		return item{m: image(id)}
	case 3:
		return item{m: location(fmt.Sprintf("31.2,121.%d", r.Uint32()))}
	case 4:
		return p.numbered(marker.System, next)
	}
	return p.numbered(marker.Agent, next)
}

// said is a notice of these words, with or without a messageCode.
func said(words, code string) msg {
	return plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromSystem, MediaType: aicc.Text,
		Content: words, MessageCode: aicc.Loose(code)})
}

func queueNotice() msg {
	return plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromSystem, MediaType: aicc.Text,
		Content: "you are number 3", QueueFlag: "Y"})
}

func location(content string) msg {
	return plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Locate, Content: content})
}

// receiptOf is READ of one of the customer's messages.
func receiptOf(seq int) msg {
	return func(h *history) *aicc.Downlink {
		return &aicc.Downlink{ControlType: aicc.Read, SourceType: aicc.FromRobot, Content: messageID(h.customer, h.epoch, seq)}
	}
}

func markedItem(s marker.Sender, seq int, changes ...func(*marker.Marker)) item {
	source := map[marker.Sender]string{marker.Robot: aicc.FromRobot, marker.Agent: aicc.FromAgent,
		marker.System: aicc.FromSystem, marker.Customer: aicc.FromRobot}[s]
	return item{sender: s, seq: seq, m: marked(s, source, seq, changes...)}
}

// plannedHold is how long a planned conversation's polls are held when there is nothing to say.
const plannedHold = time.Second

// plannedOptions are those of a run against the embedded tenant of which all is known, with all
// rules.
func plannedOptions() Options {
	hold, robot := plannedHold, true
	o := testOptions()
	o.Start, o.On = began, notes()
	o.Setup = trace.Setup{Channel: "channel", Robot: &robot, Hold: &hold, Silence: time.Minute, Read: true}
	return o
}

// play puts the plan into a history, cut into polls at random. Of the polls with messages, swallow
// out of 100 get no answer, and the tenant may notice up to three polls later.
func (p *plan) play(h *history, r *rand.Rand, swallow int) {
	h.hold = plannedHold
	p.arrive(h, r)
	dropped, exposed := false, 0
	asked, queueing := never, false
	for rest := p.items; len(rest) > 0; {
		n := 1 + r.IntN(min(len(rest), 5))
		for n < len(rest) && rest[n].glued {
			n++
		}
		n = beforeAlone(rest[:n])
		batch := rest[:n]
		rest = rest[n:]
		if slices.ContainsFunc(batch, func(i item) bool { return i.takes }) {
			h.transfer().askQueue(aicc.CodeOK, 3)
			asked, queueing = h.now, true
		}
		if r.IntN(5) == 0 {
			h.poll()
		}
		exposed--
		if queueing && h.now >= asked+queryPause {
			h.askQueue(aicc.CodeWithAgent, 0)
			queueing = false
		}
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
		if batch[0].alone {
			h.wait(ms).say() // somebody listens
		}
	}
	if queueing && !dropped {
		h.wait(max(asked+queryPause-h.now, 0)).askQueue(aicc.CodeWithAgent, 0)
	}
	p.finish(h, dropped)
}

// beforeAlone is how many of these items may be delivered together.
func beforeAlone(batch []item) int {
	if batch[0].alone {
		return 1
	}
	if i := slices.IndexFunc(batch, func(i item) bool { return i.alone }); i > 0 {
		return i
	}
	return len(batch)
}

// arrive is the beginning of the conversation: tokens, CONNECT, some texts, a file, and a poll for
// which there is nothing yet.
func (p *plan) arrive(h *history, r *rand.Rand) {
	h.begin().events[len(h.events)-1].User = "user"
	h.call(aicc.OpToken, ms, trace.Event{Class: aicc.OK, Status: 200, Asked: 3600, Grant: &trace.Grant{Type: "Bearer", Seconds: 3600}})
	h.call(aicc.OpApply, ms, ok()).connect()
	for range p.says {
		h.say()
	}
	key := fmt.Sprintf("key-%x", r.Uint64())
	h.upload(key)
	p.record.Uploads = append(p.record.Uploads, goodFile(key))
	h.poll()
}

func messages(items []item) []msg {
	all := make([]msg, len(items))
	for i := range items {
		all[i] = dressed(items[i].m)
	}
	return all
}

// dressed is a message with all that a tenant says of it, as far as it does not say so itself.
func dressed(m msg) msg {
	return func(h *history) *aicc.Downlink {
		d := m(h)
		if d.Timestamp == "" {
			d.Timestamp = stamp(h.now)
		}
		if d.SourceType == aicc.FromAgent {
			d.SenderNickname = "Li"
		}
		d.Channel, d.From = aicc.ChannelWeb, "channel"
		if d.To == "" {
			d.To = "user"
		}
		return d
	}
}

// stamp is the timestamp of a message that is said when the run is that old.
func stamp(at time.Duration) aicc.Loose {
	return aicc.Loose(strconv.FormatInt(began.Add(at).UnixMilli(), 10))
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
		results := judge(plannedOptions(), h)
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
			results := judge(plannedOptions(), h)
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

// insert puts an item at a random place before DISCONNECT, not before from, and where its source has
// its turn: the robot before the agent is announced, the agent after that.
func (p *plan) insert(r *rand.Rand, from int, its ...item) {
	end := len(p.items)
	if p.byPeer {
		end--
	}
	announced := slices.IndexFunc(p.items, func(i item) bool { return i.takes })
	switch its[0].source() {
	case aicc.FromRobot:
		end = announced
	case aicc.FromAgent:
		from = max(from, announced+1)
	}
	from = max(from, 1) // the robot's first message is delivered alone
	at := from + r.IntN(end-from+1)
	for at < len(p.items) && p.items[at].glued {
		at++
	}
	p.items = slices.Insert(p.items, at, its...)
}

// hangUpByPeer makes the plan one that ends with DISCONNECT.
func (p *plan) hangUpByPeer() {
	if !p.byPeer {
		p.byPeer, p.ended, p.record.HungUp = true, trace.ByPeer, true
		p.items = append(p.items, item{drop: true, m: disconnect()})
	}
}

// stay makes the plan one that the customer ends.
func (p *plan) stay() {
	if p.byPeer {
		p.byPeer, p.ended, p.record.HungUp = false, trace.ByCustomer, false
		p.items = p.items[:len(p.items)-1]
	}
}

// only makes the plan a short one.
func (p *plan) only(senders []trace.Said, items ...item) {
	p.stay()
	p.items, p.record.Senders, p.record.Files = items, senders, nil
}

// takeLast takes out the last message of its sender, who is not the robot.
func (p *plan) takeLast(r *rand.Rand) item {
	i := p.pick(r, func(i int) bool {
		return p.cooperates(i) && p.items[i].sender != marker.Robot && p.successor(i) < 0
	})
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
		i := p.pick(r, func(i int) bool { return p.cooperates(i) && p.successor(i) > 0 && !p.items[i].alone })
		j := p.successor(i)
		p.items[i], p.items[j] = p.items[j], p.items[i]
	}, []string{"ORD-01 FAIL"}},
	{"drop", func(p *plan, r *rand.Rand) {
		i := p.pick(r, func(i int) bool { return p.cooperates(i) && !p.items[i].alone })
		p.items = slices.Delete(p.items, i, i+1)
	}, []string{"DEL-04 FAIL"}},
	{"copy", func(p *plan, r *rand.Rand) {
		i := p.pick(r, func(i int) bool { return p.cooperates(i) && !p.items[i].alone })
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
	{"DISCONNECT of a picture's type", func(p *plan, _ *rand.Rand) {
		p.hangUpByPeer()
		p.items[len(p.items)-1] = item{m: disconnectOf(aicc.FromAgent, aicc.Image)}
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
	{"picture without id", putting(aicc.FromAgent, func(d *aicc.Downlink) { d.MediaType, d.Content = aicc.Image, "" }),
		[]string{"MED-01 FAIL"}},
	{"picture of no content type", putting(aicc.FromAgent, func(d *aicc.Downlink) {
		d.MediaType, d.Content, d.ContentType = aicc.Image, "odd", "2"
	}), []string{"MED-06 FAIL"}},
	{"another user's", putting(aicc.FromSystem, func(d *aicc.Downlink) { d.To = "someone" }), []string{"SHP-05 FAIL"}},
	{"unknown control type", putting(aicc.FromSystem, func(d *aicc.Downlink) { d.ControlType = "PUSH" }), []string{"SHP-06 FAIL"}},
	{"too long", putting(aicc.FromSystem, func(d *aicc.Downlink) { d.Content = strings.Repeat("长", aicc.MaxDownText+1) }),
		[]string{"SHP-07 FAIL"}},
	{"no content", putting(aicc.FromSystem, func(d *aicc.Downlink) { d.Content, d.NullContent = "", true }), []string{"SHP-08 FAIL"}},
	{"timestamp in words", putting(aicc.FromSystem, func(d *aicc.Downlink) { d.Timestamp = "now" }), []string{"SHP-09 FAIL"}},
	{"location without coordinates", putting(aicc.FromAgent, func(d *aicc.Downlink) { d.MediaType = aicc.Locate }),
		[]string{"SHP-11 FAIL"}},
	{"odd queue flag", putting(aicc.FromSystem, func(d *aicc.Downlink) { d.QueueFlag = "false" }), []string{"SHP-12 FAIL"}},
	{"text that parks", putting(aicc.FromSystem, func(d *aicc.Downlink) { d.IsOffline = "true" }), []string{"SHP-13 FAIL"}},
	{"from the customer", putting(aicc.FromUser, func(*aicc.Downlink) {}), []string{"DEL-08 FAIL"}},
	{"receipt for nothing", putting(aicc.FromAgent, func(d *aicc.Downlink) { d.ControlType = aicc.Read }), []string{"POL-06 FAIL"}},
	{"older timestamp", func(p *plan, r *rand.Rand) {
		p.insert(r, 1, item{m: func(h *history) *aicc.Downlink {
			d := said("late", "")(h)
			d.Timestamp = stamp(h.now - time.Hour/2)
			return d
		}})
	}, []string{"ORD-02 FAIL"}},
	{"answer to nothing", func(p *plan, r *rand.Rand) {
		i := p.pick(r, p.cooperates)
		p.items[i].m = markedItem(p.items[i].sender, p.items[i].seq, caused(900)).m
	}, []string{"ORD-03 FAIL"}},
	{"echoes in disorder", func(p *plan, r *rand.Rand) {
		p.insert(r, 0, markedItem(marker.Customer, p.says+1), markedItem(marker.Customer, p.says))
	}, []string{"ORD-03 FAIL"}},
	{"same words at the same time", func(p *plan, r *rand.Rand) {
		p.insert(r, 0, item{m: said("twice", "")}, item{m: said("twice", ""), glued: true})
	}, []string{"DEL-03 FAIL"}},
	{"same code", func(p *plan, r *rand.Rand) {
		p.insert(r, 0, item{m: said("one", "code")})
		p.insert(r, 0, item{m: said("two", "code")})
	}, []string{"DEL-07 FAIL"}},
	{"agent first", func(p *plan, _ *rand.Rand) {
		seen := plain(aicc.Downlink{ControlType: aicc.Read, SourceType: aicc.FromSystem})
		p.only([]trace.Said{agentSaid(2)}, item{m: seen}, markedItem(marker.Agent, 0), markedItem(marker.Agent, 1))
	}, []string{"ROB-01 FAIL"}},
	{"agent unannounced", func(p *plan, _ *rand.Rand) {
		p.only([]trace.Said{agentSaid(1), {Sender: marker.Robot, Count: 1}}, markedItem(marker.Robot, 0), markedItem(marker.Agent, 0))
	}, []string{"HND-03 FAIL"}},
	{"robot after the agent", func(p *plan, _ *rand.Rand) {
		p.stay()
		p.items = append(p.items, item{m: fromAgent(), alone: true}, item{m: says(aicc.FromRobot)})
	}, []string{"HND-02 FAIL"}},
	{"parked without a tip", func(p *plan, _ *rand.Rand) {
		p.hangUpByPeer()
		p.items[len(p.items)-1].m = parking("")
	}, []string{"DSC-08 FAIL"}},
	{"cut off for silence too soon", func(p *plan, _ *rand.Rand) {
		p.hangUpByPeer()
		p.record.Ended, p.record.Quiet = "silence", (30 * time.Second).Milliseconds()
	}, []string{"DSC-10 FAIL"}},
	{"DISCONNECT of nobody", func(p *plan, _ *rand.Rand) {
		p.hangUpByPeer()
		p.record.HungUp, p.record.Ended = false, "customer"
	}, []string{"DSC-11 FAIL"}},
	{"text shown damaged", func(p *plan, _ *rand.Rand) { p.record.Garbled = 1 }, []string{"SND-03 FAIL"}},
}

// putting is an edit that inserts a message of its own among the agent's.
func putting(source string, change func(*aicc.Downlink)) func(p *plan, r *rand.Rand) {
	return func(p *plan, r *rand.Rand) {
		d := aicc.Downlink{ControlType: aicc.Chat, SourceType: source, MediaType: aicc.Text, Content: "a word"}
		change(&d)
		announced := slices.IndexFunc(p.items, func(i item) bool { return i.takes })
		p.insert(r, announced+1, item{m: plain(d)})
	}
}

func TestEveryEditBreaksItsRule(t *testing.T) {
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			for seed := range uint64(60) {
				h := customerOf(seed, int(seed%50), 0, e.edit)
				results := judge(plannedOptions(), h)
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
	want := judge(plannedOptions(), histories...)
	if len(troubled(want)) < 5 {
		t.Fatalf("only %v went wrong: the test has no grip", troubled(want))
	}
	for seed := range uint64(20) {
		if diff := cmp.Diff(want, judgeInterleaved(plannedOptions(), histories, rand.New(rand.NewPCG(seed, 2)))); diff != "" {
			t.Fatalf("seed %d: one after the other and interleaved differ (-want +got):\n%s", seed, diff)
		}
	}
}

// judgeInterleaved feeds one event at a time, of a customer drawn at random.
func judgeInterleaved(o Options, histories []*history, r *rand.Rand) []RuleResult {
	c := New(o)
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
	want := judge(plannedOptions(), histories...)
	c := New(plannedOptions())
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
		want := verdicts(judge(plannedOptions(), h))
		shift(h.events, time.Hour)
		o := plannedOptions()
		o.Start = startedEarlier(o.Start, time.Hour)
		if diff := cmp.Diff(want, verdicts(judge(o, h))); diff != "" {
			t.Errorf("customer %d: an hour later (-want +got):\n%s", i, diff)
		}
	}
}

func TestCuttingIntoPollsDoesNotMatter(t *testing.T) {
	for _, e := range edits {
		if e.name == "behind DISCONNECT" {
			continue // it is about one poll
		}
		for seed := range uint64(40) {
			var got [][]string
			for cutting := range uint64(2) {
				r := rand.New(rand.NewPCG(seed, 3))
				p, q := newPlan(r), newPlan(r)
				e.edit(q, r)
				h, cuts := newHistory(0), rand.New(rand.NewPCG(seed, 4+cutting))
				p.play(h, cuts, 0)
				q.play(h, cuts, 0)
				got = append(got, troubled(judge(plannedOptions(), h)))
			}
			if diff := cmp.Diff(got[0], got[1]); diff != "" {
				t.Fatalf("%s, seed %d: verdicts depend on the cuts:\n%s", e.name, seed, diff)
			}
		}
	}
}
