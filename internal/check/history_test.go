package check

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

const (
	testRun   = 4711
	ms        = time.Millisecond
	pollTakes = 5 * ms
)

// history writes the events of one customer as a story: each method is one thing that happens.
// Time passes as the demo would have it; the methods return the history so that stories chain.
type history struct {
	customer int
	epoch    int
	now      time.Duration
	lastID   uint32
	asides   uint32
	said     int           // by the customer
	hold     time.Duration // of a poll that brings nothing
	files    map[string]trace.File
	events   []trace.Event
}

func newHistory(customer int) *history {
	return &history{customer: customer, epoch: -1, files: map[string]trace.File{}}
}

// add appends an event and returns it for changes.
func (h *history) add(e trace.Event) *trace.Event {
	e.At, e.Customer, e.Epoch = h.now, h.customer, max(h.epoch, 0)
	h.events = append(h.events, e)
	return &h.events[len(h.events)-1]
}

func (h *history) begin() *history {
	h.epoch++
	h.said = 0
	h.add(trace.Event{Kind: trace.Begin, Flow: "buyer"})
	return h
}

func (h *history) wait(d time.Duration) *history {
	h.now += d
	return h
}

// call is an exchange with a plain answer.
func (h *history) call(op aicc.Op, takes time.Duration, answer trace.Event) *history {
	h.lastID++
	invoke := trace.Event{Kind: trace.Invoke, Op: op, ID: h.lastID, Seq: answer.Seq, FileID: answer.FileID, Probe: answer.Probe,
		Fresh: answer.Fresh, Token: answer.Token, NoAccess: answer.NoAccess, Async: answer.Async, Dial: answer.Dial, Chars: answer.Chars, Bytes: answer.Bytes, Asked: answer.Asked, Late: answer.Late, Intended: h.now}
	if op == aicc.OpUpload {
		invoke.FileID = "" // the key comes with the answer
	}
	started := h.add(invoke).At
	h.now += takes
	answer.Kind, answer.Op, answer.ID, answer.Started, answer.Intended = trace.Return, op, h.lastID, started, started
	h.add(answer)
	return h
}

// aside is an exchange that takes no time, and no number from those that stories count.
func (h *history) aside(op aicc.Op, answer trace.Event) *history {
	last := h.lastID
	h.asides++
	h.lastID = 1<<21 + h.asides
	h.call(op, 0, answer)
	h.lastID = last
	return h
}

func ok() trace.Event     { return trace.Event{Class: aicc.OK, Status: 200, Code: aicc.CodeOK} }
func failed() trace.Event { return trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeFailed} }
func info() trace.Event   { return trace.Event{Class: aicc.Info, Error: "time-out"} }

// numbered is an answer to an exchange that carries the customer's next marker.
func (h *history) numbered(e trace.Event) trace.Event {
	e.Seq = h.said
	h.said++
	return e
}

func (h *history) connect() *history  { return h.call(aicc.OpConnect, 2*ms, h.numbered(ok())) }
func (h *history) say() *history      { return h.call(aicc.OpSend, 2*ms, h.numbered(ok())) }
func (h *history) transfer() *history { return h.call(aicc.OpTransfer, 2*ms, h.numbered(ok())) }
func (h *history) hangUp() *history   { return h.call(aicc.OpDisconnect, 2*ms, ok()) }

// askQueue is a queue query.
func (h *history) askQueue(code string, position int) *history {
	answer := ok()
	answer.Code, answer.Position = code, position
	return h.call(aicc.OpQueue, 2*ms, answer)
}

// queueFor asks for the queue and waits, and asks again meanwhile as the demo does, but for the last
// time.
func (h *history) queueFor(d time.Duration) *history {
	h.aside(aicc.OpQueue, ok())
	for ; d >= 2*queryPause; d -= queryPause {
		h.wait(queryPause).aside(aicc.OpQueue, ok())
	}
	return h.wait(d)
}

// upload is a good file of the customer's.
func (h *history) upload(key string) *history {
	f := goodFile(key)
	answer := ok()
	answer.FileID, answer.File = key, &f
	return h.call(aicc.OpUpload, 3*ms, answer)
}

// open is begin and connect.
func (h *history) open() *history { return h.begin().connect() }

// poll brings messages, after the demo's pause. It downloads what the demo downloads, and asks about
// click-to-call when the demo does.
func (h *history) poll(messages ...msg) *history {
	h.wait(DefaultPause).pollNow(ok(), messages...)
	return h
}

// probe is a declared probe poll; the demo's handling does not follow.
func (h *history) probe(messages ...msg) *history {
	answer := ok()
	answer.Probe = true
	return h.wait(DefaultPause).pollNow(answer, messages...)
}

func (h *history) infoPoll() *history { return h.wait(DefaultPause).pollNow(info()) }

func (h *history) pollNow(answer trace.Event, messages ...msg) *history {
	answer.Count = len(messages)
	takes := pollTakes
	if answer.Class == aicc.OK && answer.Count == 0 {
		takes = max(takes, h.hold)
	}
	h.call(aicc.OpPoll, takes, answer)
	id := h.lastID
	var due []string
	agent := false
	for i, m := range messages {
		down := m(h)
		e := h.add(trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: id, Index: i, Message: down})
		e.Mark, _, e.Marked = marker.Parse(down.Content)
		if _, mapped := aicc.MediaFileType(down.MediaType); mapped && down.SourceType != aicc.FromRobot && !answer.Probe {
			due = append(due, down.Content)
		}
		agent = agent || down.SourceType == aicc.FromAgent && !answer.Probe
	}
	if agent && !h.did(aicc.OpSupport, aicc.Unfinished) {
		h.aside(aicc.OpSupport, ok())
	}
	for _, id := range due {
		h.download(id)
	}
	return h
}

// goodFile is what a download brings unless the story says otherwise.
func goodFile(id string) trace.File {
	return trace.File{ID: id, Kind: "jpg", Want: "jpg", Size: 1000, SHA256: fmt.Sprintf("%016x%048d", hash(id), 0)}
}

// serve says what a download of this id brings.
func (h *history) serve(id string, change func(*trace.File)) *history {
	f := goodFile(id)
	change(&f)
	h.files[id] = f
	return h
}

func (h *history) download(id string) *history {
	f, known := h.files[id]
	if !known {
		f = goodFile(id)
	}
	answer := ok()
	answer.FileID, answer.File = id, &f
	return h.call(aicc.OpDownload, 3*ms, answer)
}

// journal is the record of the conversation. It is right about what the customer did, unless the
// story says otherwise: what the peer was shown, and who ended the conversation.
func (h *history) journal(r trace.Record) *history {
	if r.Shown == nil && r.Heard == 0 {
		r.Shown = h.accepted()
		r.Heard = len(r.Shown)
	}
	switch {
	case r.Ended != "":
	case r.HungUp:
		r.Ended = "agent"
	case h.did(aicc.OpDisconnect, aicc.OK):
		r.Ended = "customer"
	}
	return h.tell(r)
}

// tell is a record as it is.
func (h *history) tell(r trace.Record) *history {
	r.Epoch = h.epoch
	h.add(trace.Event{Kind: trace.Journal, Record: &r})
	return h
}

// latest lists the events of this conversation.
func (h *history) latest() []trace.Event {
	from := len(h.events)
	for from > 0 && h.events[from-1].Kind != trace.Begin {
		from--
	}
	return h.events[from:]
}

// accepted lists the texts of this conversation that were answered 0, a run for each.
func (h *history) accepted() (runs [][2]int) {
	for _, e := range h.latest() {
		if e.Kind == trace.Return && e.Op == aicc.OpSend && e.Class == aicc.OK && e.Seq >= 0 {
			runs = append(runs, [2]int{e.Seq, e.Seq})
		}
	}
	return runs
}

// did reports whether an exchange of this conversation came out so; with Unfinished, however it did.
func (h *history) did(op aicc.Op, class aicc.Class) bool {
	return slices.ContainsFunc(h.latest(), func(e trace.Event) bool {
		return e.Kind == trace.Return && e.Op == op && (class == aicc.Unfinished || e.Class == class)
	})
}

// end ends the conversation. A customer that does so by itself hangs up first, and one that was
// turned away leaves a message, unless the story had it do so.
func (h *history) end(ended trace.Ended) *history {
	leaves := ended == trace.ByCustomer || ended == trace.GaveUp
	switch {
	case leaves && h.did(aicc.OpConnect, aicc.OK) && !h.did(aicc.OpDisconnect, aicc.Unfinished):
		h.hangUp()
	case ended == trace.NoConnect && !h.did(aicc.OpLeave, aicc.Unfinished):
		h.call(aicc.OpLeave, ms, ok())
	}
	return h.quit(ended)
}

// quit is the end as it is.
func (h *history) quit(ended trace.Ended) *history {
	h.add(trace.Event{Kind: trace.End, Ended: ended})
	return h
}

// byPeer ends the conversation after a DISCONNECT, with a record of the senders.
func (h *history) byPeer(senders ...trace.Said) *history {
	return h.journal(trace.Record{HungUp: true, Senders: senders}).end(trace.ByPeer)
}

func agentSaid(count int) trace.Said { return trace.Said{Sender: marker.Agent, Count: count} }

// msg makes one downlink message.
type msg func(h *history) *aicc.Downlink

// marked is a message with a marker, which the changes make a wrong one.
func marked(sender marker.Sender, source string, seq int, changes ...func(*marker.Marker)) msg {
	return func(h *history) *aicc.Downlink {
		m := marker.Marker{Run: testRun, Session: h.customer, Epoch: h.epoch, Sender: sender, Seq: seq, Cause: marker.NoCause, At: time.UnixMicro(1e15)}
		for _, change := range changes {
			change(&m)
		}
		return &aicc.Downlink{ControlType: aicc.Chat, SourceType: source, MediaType: aicc.Text,
			Content: string(marker.Append(nil, m, "a text of some length"))}
	}
}

func agent(seq int, changes ...func(*marker.Marker)) msg {
	return marked(marker.Agent, aicc.FromAgent, seq, changes...)
}

func robot(seq int, changes ...func(*marker.Marker)) msg {
	return marked(marker.Robot, aicc.FromRobot, seq, changes...)
}

// echo is a robot that repeats the customer's own text.
func echo(seq int) msg { return marked(marker.Customer, aicc.FromRobot, seq) }

func ofCustomer(n int) func(*marker.Marker) { return func(m *marker.Marker) { m.Session = n } }
func ofEpoch(n int) func(*marker.Marker)    { return func(m *marker.Marker) { m.Epoch = n } }
func ofRun(n uint64) func(*marker.Marker)   { return func(m *marker.Marker) { m.Run = n } }
func caused(by int) func(*marker.Marker)    { return func(m *marker.Marker) { m.Cause = by } }
func fin(m *marker.Marker)                  { m.Fin = true }

// cut takes the last bytes off the content of a message.
func cut(m msg, n int) msg {
	return func(h *history) *aicc.Downlink {
		d := m(h)
		d.Content = d.Content[:len(d.Content)-n]
		return d
	}
}

// bent changes the last letter of a message.
func bent(m msg) msg {
	return func(h *history) *aicc.Downlink {
		d := m(h)
		d.Content = d.Content[:len(d.Content)-1] + "?" // no digit either
		return d
	}
}

// grown puts so much in front of a message that it has that many UTF-16 units, with as few bytes as
// there can be or with twice as many.
func grown(m msg, units int, filler string) msg {
	return func(h *history) *aicc.Downlink {
		d := m(h)
		left := units - len(d.Content)
		each := len(utf16.Encode([]rune(filler)))
		d.Content = strings.Repeat("x", left%each) + strings.Repeat(filler, left/each) + d.Content
		return d
	}
}

// textless is a message that is nothing but its marker.
func textless(m msg) msg {
	return func(h *history) *aicc.Downlink {
		d := m(h)
		mark, _, _ := marker.Parse(d.Content)
		d.Content = string(marker.Append(nil, mark, ""))
		return d
	}
}

// padded puts so much in front of a message that it is longer than the API allows.
func padded(m msg) msg {
	return func(h *history) *aicc.Downlink {
		d := m(h)
		d.Content = strings.Repeat("你", aicc.MaxDownText) + d.Content
		return d
	}
}

func plain(d aicc.Downlink) msg { return func(*history) *aicc.Downlink { return &d } }

func notice(code string) msg {
	return plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromSystem, MediaType: aicc.Text,
		Content: "an agent is connected", MessageCode: aicc.Loose(code)})
}

func image(id string) msg {
	return plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Image, Content: id})
}

func disconnect() msg { return disconnectOf(aicc.FromAgent, "") }

func disconnectOf(source, media string) msg {
	return plain(aicc.Downlink{ControlType: aicc.Disconnect, SourceType: source, MediaType: media})
}

// testOptions are those of a run against the embedded tenant.
func testOptions() Options { return Options{Run: testRun, Markers: true, Journal: true} }

// judge runs histories through a checker, one customer after the other.
func judge(o Options, histories ...*history) []RuleResult {
	c := New(o)
	for _, h := range histories {
		s := c.Customer(h.customer)
		for i := range h.events {
			s.Observe(&h.events[i])
		}
		s.Close()
	}
	return c.Report()
}

// troubled lists the rules that did not come out well, such as "ORD-01 FAIL".
func troubled(results []RuleResult) []string {
	var bad []string
	for _, r := range results {
		switch r.Verdict {
		case Fail, Inconclusive, Error:
			bad = append(bad, r.ID+" "+string(r.Verdict))
		}
	}
	return bad
}

func resultOf(t *testing.T, results []RuleResult, id string) RuleResult {
	t.Helper()
	for _, r := range results {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no result for rule %s", id)
	return RuleResult{}
}

// text writes a history down for a failing test.
func (h *history) text() string {
	var b strings.Builder
	for i := range h.events {
		e := &h.events[i]
		fmt.Fprintf(&b, "  %8s %-7s", e.At, e.Kind)
		switch e.Kind {
		case trace.Invoke, trace.Return:
			fmt.Fprintf(&b, " %s %d %s", e.Op, e.ID, e.Class)
		case trace.Deliver:
			fmt.Fprintf(&b, " poll %d: %s %s %s", e.ID, e.Message.SourceType, e.Message.ControlType, clip(e.Message.Content))
		case trace.Journal:
			fmt.Fprintf(&b, " %+v", *e.Record)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
