package check

import (
	"math/rand/v2"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// dice draws a number from 0 to n-1. What is drawn may come from a seed or from a fuzzer's bytes;
// when those are used up, all draws are 0 and the history comes to its end.
type dice func(n int) int

func seeded(seed uint64) dice {
	return rand.New(rand.NewPCG(seed, 31)).IntN
}

func drawnFrom(data []byte) dice {
	return func(n int) int {
		if len(data) == 0 {
			return 0
		}
		b := data[0]
		data = data[1:]
		return int(b) % n
	}
}

// oneOf draws one of several things.
func oneOf[T any](draw dice, of ...T) T { return of[draw(len(of))] }

// tick is the grain of time in generated histories. It is coarse, so that exchanges end and
// deadlines pass at the same moment often enough.
const tick = 50 * ms

// world generates the history of one customer. Unlike the stories of customerOf, which are right
// but for one edit, anything may go wrong in it, at a rate that is drawn for each history.
type world struct {
	*history
	draw    dice
	o       Options
	aborted Reason
	trouble int    // out of 100: how often something goes wrong
	prefix  string // of file ids and message codes

	box    []msg                 // what the tenant has for the customer, in order
	ids    int                   // of files and codes, used so far
	counts map[marker.Sender]int // what each sender said in this conversation
	inBox  map[marker.Sender]int // of these, never handed to a poll
	files  []trace.File
	hung   time.Duration // when the peer hung up, or never
	owed   bool          // its DISCONNECT is still in the box
}

// generate makes a history and the options it is to be judged with. The same draws give the same
// history for any customer and prefix, but for these names.
func generate(draw dice, customer int, prefix string) *world {
	w := &world{history: newHistory(customer), draw: draw, prefix: prefix}
	w.trouble = oneOf(draw, 0, 0, 3, 10, 30)
	w.o = Options{
		Run: oneOf(draw, uint64(testRun), testRun, testRun, 0), Markers: draw(4) > 0, Journal: draw(3) > 0,
		Hold:          oneOf(draw, -1, 4*tick, 10*tick, 40*tick),
		ConnectWithin: oneOf(draw, 10*tick, 20*tick), DisconnectWithin: oneOf(draw, 10*tick, 20*tick),
	}
	if draw(6) == 0 {
		w.aborted = RunAborted
	}
	for range 1 + draw(3) {
		w.converse()
	}
	return w
}

// bad reports whether something goes wrong now.
func (w *world) bad() bool { return w.draw(100) < w.trouble }

// pass lets some time go by, mostly the demo's pause.
func (w *world) pass() {
	w.wait(tick * time.Duration(oneOf(w.draw, 2, 2, 2, 2, 3, 4, 10, 20)))
}

func (w *world) takes() time.Duration { return tick * time.Duration(w.draw(3)) }

// name makes an id that was not used before, or when things go wrong an old one.
func (w *world) name(kind string) string {
	if w.ids == 0 || !w.bad() {
		w.ids++
	}
	return w.prefix + kind + itoa(w.ids)
}

// converse is one conversation.
func (w *world) converse() {
	w.begin()
	w.counts, w.inBox, w.files = map[marker.Sender]int{}, map[marker.Sender]int{}, nil
	w.hung, w.owed = never, false
	if w.draw(8) > 0 && !w.bad() {
		w.box = nil // otherwise leftovers stay
	}
	if w.draw(4) == 0 {
		w.say(w.draw(2))
		w.wait(tick)
		w.pollFor(w.probing(ok()))
	}
	if !w.connects() {
		w.leave(oneOf(w.draw, trace.NoConnect, trace.LostContact))
		return
	}
	for range w.draw(9) {
		w.happen()
	}
	w.finish()
}

// connects tries CONNECT and reports whether the customer thinks it is connected.
func (w *world) connects() bool {
	if w.bad() {
		refused := failed()
		refused.Status = oneOf(w.draw, 200, 401, 404)
		w.call(aicc.OpConnect, w.takes(), w.numbered(refused))
	}
	if w.bad() {
		w.call(aicc.OpConnect, w.takes(), w.numbered(oneOf(w.draw, failed(), info())))
		if w.draw(2) == 0 {
			w.wait(tick)
			w.say(1)
			w.pollFor(w.probing(ok()))
		}
		return false
	}
	answer := w.numbered(ok())
	if w.bad() {
		answer.Shape = "resultCode is missing"
	}
	w.call(aicc.OpConnect, w.takes(), w.late(answer))
	return true
}

func (w *world) late(e trace.Event) trace.Event {
	if w.bad() {
		e.Late = oneOf(w.draw, tick-1, tick, 2*tick, time.Second)
	}
	return e
}

func (w *world) probing(e trace.Event) trace.Event {
	e.Probe = true
	return e
}

// happen is one thing of a conversation.
func (w *world) happen() {
	switch w.draw(8) {
	case 0:
		w.speak(oneOf(w.draw, aicc.OpSend, aicc.OpTransfer))
	case 1:
		w.ask()
	case 2:
		if w.hung == never && w.draw(2) == 0 {
			w.hangUpByPeer()
		}
	default:
		w.say(w.draw(4))
		if w.bad() {
			w.wait(tick) // too early
		} else {
			w.pass()
		}
		w.pollFor(w.outcome())
	}
}

// speak is the customer's: a text with or without a marker.
func (w *world) speak(op aicc.Op) {
	answer := ok()
	if w.bad() {
		answer = oneOf(w.draw, failed(), info())
	}
	if answer.Seq = -1; w.draw(4) > 0 {
		answer = w.numbered(answer)
	}
	w.call(op, w.takes(), w.late(answer))
}

// ask is the query for the queue.
func (w *world) ask() {
	answer := ok()
	answer.Code = oneOf(w.draw, aicc.CodeOK, aicc.CodeWithAgent, aicc.CodeEnded, aicc.CodeFailed)
	w.call(aicc.OpQueue, w.takes(), answer)
}

// say puts messages of the tenant into the box.
func (w *world) say(n int) {
	for range n {
		m := w.message()(w.history)
		w.box = append(w.box, plain(*m)) // of this conversation, whenever it will be delivered
	}
}

func (w *world) message() msg {
	switch w.draw(10) {
	case 0:
		return w.odd()
	case 1:
		return w.media()
	case 2:
		return notice(oneOf(w.draw, "", w.name("code ")))
	case 3:
		return w.echo()
	}
	return w.next(oneOf(w.draw, cooperating[:]...))
}

// next is a cooperating sender's next message, at times its last.
func (w *world) next(s marker.Sender) msg {
	seq := w.counts[s]
	w.counts[s]++
	w.inBox[s]++
	if w.draw(6) == 0 {
		return markedItem(s, seq, fin).m
	}
	return markedItem(s, seq).m
}

// echo is mostly of something that the customer has said.
func (w *world) echo() msg {
	if w.bad() {
		return echo(w.said + w.draw(3))
	}
	return echo(w.draw(max(w.said, 1)))
}

// odd is a message that is rarely seen, for good or bad reasons.
func (w *world) odd() msg {
	s := oneOf(w.draw, cooperating[:]...)
	if !w.bad() {
		return oneOf(w.draw,
			plain(aicc.Downlink{ControlType: aicc.Read, Content: "m1"}),
			plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, MediaType: aicc.Text, Content: "a word"}),
			padded(cut(echo(0), 1+w.draw(5))))
	}
	seq := w.draw(4)
	return oneOf(w.draw,
		markedItem(s, w.counts[s]+w.draw(60)).m,
		markedItem(s, maxSeq+w.draw(2)).m,
		markedItem(s, seq, ofCustomer(w.customer+1000)).m,
		markedItem(s, seq, ofRun(1)).m,
		markedItem(s, seq, ofEpoch(w.draw(w.epoch+1))).m,
		markedItem(s, seq, ofEpoch(w.epoch+1)).m,
		cut(markedItem(s, w.counts[s]+w.draw(3)).m, 1+w.draw(5)),
		cut(markedItem(s, seq, ofCustomer(w.customer+1000)).m, 1),
		cut(echo(seq), 2),
		markedItem(s, seq).m,
	)
}

// media is a picture, a voice message or another file; the record lists it.
func (w *world) media() msg {
	d := aicc.Downlink{ControlType: aicc.Chat, SourceType: oneOf(w.draw, aicc.FromAgent, aicc.FromAgent, aicc.FromRobot),
		MediaType: oneOf(w.draw, aicc.Image, aicc.Image, aicc.Audio, aicc.Video, aicc.Document), Content: w.name("file ")}
	if w.bad() {
		d.Content = ""
		return plain(d)
	}
	if w.draw(5) == 0 {
		d.MessageCode = aicc.Loose(w.name("code "))
	}
	f := goodFile(d.Content)
	if w.bad() {
		f.SHA256 = oneOf(w.draw, goodFile("other").SHA256, "")
	}
	if w.draw(3) == 0 {
		f.ID = "local/" + f.ID
	}
	if len(w.files) < maxFiles/2 {
		w.files = append(w.files, f)
	}
	return plain(d)
}

// hangUpByPeer puts a DISCONNECT into the box, or forgets to.
func (w *world) hangUpByPeer() {
	w.hung = w.now
	if w.bad() {
		return
	}
	w.owed = true
	form := disconnectOf(aicc.FromAgent, "")
	if w.bad() {
		form = oneOf(w.draw, disconnectOf(aicc.FromRobot, aicc.Text), disconnectOf(aicc.FromSystem, aicc.Image),
			disconnectOf(aicc.FromSystem, aicc.Text), plain(aicc.Downlink{ControlType: aicc.Disconnect, MediaType: aicc.Audio, Content: "p"}))
	}
	w.box = append(w.box, form)
	if w.bad() {
		w.box = append(w.box, disconnect())
	}
}

// outcome is how a poll ends.
func (w *world) outcome() trace.Event {
	answer := w.late(ok())
	if !w.bad() {
		return answer
	}
	switch w.draw(6) {
	case 0:
		answer = failed()
	case 1:
		answer = trace.Event{Class: aicc.Fail, Status: 401}
	case 2:
		answer.Shape = "resultCode is missing"
	case 3:
		answer = trace.Event{Class: aicc.Info, Status: 200, Shape: "downlinkMessages is not an array"}
	default:
		answer = info()
	}
	return answer
}

// pollFor is one poll with the downloads behind it. A poll without an answer may take messages with
// it.
func (w *world) pollFor(answer trace.Event) {
	batch := w.take()
	if answer.Class != aicc.OK {
		w.exchange(answer, nil)
		if w.draw(2) == 0 {
			w.box = append(slices.Clone(batch), w.box...)
		}
		if answer.Status == 401 {
			w.exchange(ok(), nil)
		}
		return
	}
	for _, id := range w.exchange(answer, batch) {
		if w.bad() {
			continue
		}
		w.fetch(id)
		if w.bad() {
			w.fetch(id)
		}
	}
}

// take is what the tenant hands to a poll. Things go wrong here as well.
func (w *world) take() []msg {
	n := w.draw(len(w.box) + 1)
	if n == 0 && w.draw(2) == 0 {
		n = len(w.box)
	}
	batch := slices.Clone(w.box[:n])
	w.box = slices.Clone(w.box[n:])
	if len(batch) > 0 && w.bad() {
		i := w.draw(len(batch))
		switch w.draw(4) {
		case 0: // lost
			batch = slices.Delete(batch, i, i+1)
		case 1: // twice
			batch = append(batch, batch[i])
		case 2: // again later
			w.box = append(w.box, batch[i])
		default: // swapped
			batch[0], batch[i] = batch[i], batch[0]
		}
	}
	return batch
}

// exchange plays the poll itself, at times with another exchange inside or a second poll, and
// returns the files that the demo downloads.
func (w *world) exchange(answer trace.Event, batch []msg) (due []string) {
	answer.Count = len(batch)
	invoke := trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, Probe: answer.Probe, Late: answer.Late}
	w.lastID++
	invoke.ID = w.lastID
	started := w.add(invoke).At
	if w.bad() && w.draw(4) == 0 {
		w.call(aicc.OpPoll, 0, ok())
	}
	w.wait(w.takes())
	if w.draw(4) == 0 {
		w.speak(aicc.OpSend)
	}
	answer.Kind, answer.Op, answer.ID, answer.Started = trace.Return, aicc.OpPoll, invoke.ID, started
	w.add(answer)
	for i, m := range batch {
		if d := w.show(invoke.ID, i, m); downloadable(d) && !answer.Probe && d.Content != "" {
			due = append(due, d.Content)
		}
	}
	return due
}

// show delivers one message.
func (w *world) show(poll uint32, i int, m msg) *aicc.Downlink {
	d := m(w.history)
	e := w.add(trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: poll, Index: i, Message: d})
	e.Mark, _, e.Marked = marker.Parse(d.Content)
	if e.Marked == marker.Intact {
		w.inBox[e.Mark.Sender] = max(0, w.inBox[e.Mark.Sender]-1)
	}
	w.owed = w.owed && d.ControlType != aicc.Disconnect
	return d
}

// fetch downloads a file.
func (w *world) fetch(id string) {
	f := goodFile(id)
	answer := ok()
	answer.FileID, answer.File = id, &f
	if w.bad() {
		switch w.draw(8) {
		case 0:
			f.SHA256 = goodFile("another").SHA256
		case 1:
			f.Kind = oneOf(w.draw, "mp3", "png", "")
		case 2:
			f.Size = 0
		case 3:
			f.BadBase = true
		case 4:
			answer.File = nil
		case 5:
			answer.Class, answer.Code, answer.File = aicc.Fail, aicc.CodeFailed, nil
		case 6:
			answer.Class, answer.Status, answer.File = aicc.Fail, oneOf(w.draw, 0, 401, 404), nil
		default:
			answer.Class, answer.Status, answer.File = aicc.Info, 0, nil
		}
	}
	answer.Probe = w.bad()
	w.call(aicc.OpDownload, w.takes(), answer)
}

// finish ends the conversation: as the customer would, or in the middle.
func (w *world) finish() {
	ended := oneOf(w.draw, trace.ByCustomer, trace.GaveUp, trace.ByPeer, trace.CutShort, trace.LostContact)
	switch w.draw(4) {
	case 0:
		w.pass()
		w.pollFor(w.outcome()) // one more, as if nothing had happened
	case 1:
		w.pass()
		w.pollFor(w.probing(ok()))
	}
	if ended == trace.ByCustomer || ended == trace.GaveUp {
		answer := ok()
		if w.bad() {
			answer = oneOf(w.draw, failed(), info())
		}
		w.call(aicc.OpDisconnect, w.takes(), answer)
	}
	w.leave(ended)
}

// leave writes the record and the end, either of which may be missing.
func (w *world) leave(ended trace.Ended) {
	switch w.draw(5) {
	case 0: // none
	case 1:
		defer w.tell() // too late
	case 2:
		w.wait(w.takes())
		w.tell()
		if w.bad() {
			w.pollFor(w.probing(ok()))
			w.tell() // again
		}
	default:
		w.tell()
	}
	if w.bad() {
		w.abandonedPoll()
	}
	if !w.bad() {
		w.end(ended)
	}
}

// tell has the record read; at times it is that of another conversation or of none in particular.
func (w *world) tell() {
	w.journal(w.account())
	if w.bad() {
		w.events[len(w.events)-1].Record.Epoch = oneOf(w.draw, -1, 0, w.epoch+1)
	}
}

// abandonedPoll is a poll that is still in flight at the end.
func (w *world) abandonedPoll() {
	w.lastID++
	w.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: w.lastID, Probe: w.draw(2) == 0})
}

// account is the tenant's record, which is wrong at times.
func (w *world) account() trace.Record {
	r := trace.Record{Files: w.files, HungUp: w.hung != never, Owed: w.owed}
	if r.HungUp {
		r.HungUpAgo = (w.now - w.hung).Milliseconds()
	}
	for _, s := range cooperating {
		if w.counts[s] == 0 && w.draw(2) == 0 {
			continue
		}
		said := trace.Said{Sender: s, Count: w.counts[s], Waiting: w.inBox[s]}
		if w.bad() {
			said.Count = max(0, said.Count+w.draw(4)-1)
			said.Waiting = min(said.Waiting, said.Count)
		}
		r.Senders = append(r.Senders, said)
	}
	return r
}
