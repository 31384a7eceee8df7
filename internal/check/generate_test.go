package check

import (
	"cmp"
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
	trouble int           // out of 100: how often something goes wrong
	prefix  string        // of names: users, file ids, message codes
	hold    time.Duration // of a poll without messages, whether the options know it or not

	box   []msg    // what the tenant has for the customer, in order
	ids   int      // of files and codes, used so far
	keys  []string // of uploads
	told  saidByAll
	asked queueAsks
	talk  talked
	hung  time.Duration // when the peer hung up, or never
	owed  bool          // its DISCONNECT is still in the box
}

// saidByAll is what the tenant's record will say of this conversation.
type saidByAll struct {
	counts  map[marker.Sender]int // what each sender said
	inBox   map[marker.Sender]int // of these, never handed to a poll
	files   []trace.File
	uploads []trace.File
	shown   []int // texts that the other side got
	ended   string
}

// queueAsks are the queue queries of this conversation.
type queueAsks struct {
	again    time.Duration // when the demo asks next
	over     bool          // it does not ask again
	position int
}

// talked is how far the talk has come in this conversation.
type talked struct {
	announced, taken bool  // the agent
	heard            []int // numbers of the customer's that the robot may repeat
	echoed           int   // of these, repeated
	receipted        int   // numbers of the customer's that receipts have named
}

// began is when the clock of a generated run was zero.
var began = time.UnixMilli(1_700_000_000_000)

// generate makes a history and the options it is to be judged with. The same draws give the same
// history for any customer and prefix, but for these names.
func generate(draw dice, customer int, prefix string) *world {
	w := &world{history: newHistory(customer), draw: draw, prefix: prefix}
	w.trouble = oneOf(draw, 0, 0, 3, 10, 30)
	w.o = Options{
		Run: oneOf(draw, uint64(testRun), testRun, testRun, 0), Markers: draw(4) > 0, Journal: draw(3) > 0,
		Hold:          oneOf(draw, -1, 4*tick, 10*tick, 40*tick),
		ConnectWithin: oneOf(draw, 10*tick, 20*tick), DisconnectWithin: oneOf(draw, 10*tick, 20*tick),
		ReplyWithin: oneOf(draw, 10*tick, 20*tick), HandOverWithin: oneOf(draw, 10*tick, 20*tick),
		HoldTolerance: oneOf(draw, 10*tick, 20*tick),
	}
	w.hold = oneOf(draw, 0, 0, 0, 10*tick, time.Second, 2*time.Second)
	w.setUp()
	if draw(6) == 0 {
		w.aborted = RunAborted
	}
	for range 1 + draw(3) {
		w.converse()
	}
	w.carry()
	if draw(3) == 0 {
		w.watch()
	}
	return w
}

// setUp draws what is known of the tenant.
func (w *world) setUp() {
	has, hasNot := true, false
	w.o.Setup = trace.Setup{
		Channel: oneOf(w.draw, "", w.prefix+"channel"), Robot: oneOf[*bool](w.draw, nil, nil, &has, &hasNot),
		Silence: oneOf(w.draw, 0, 5*time.Second), Read: w.draw(2) == 0, Async: w.draw(8) == 0,
	}
	if w.draw(2) == 0 {
		w.o.Setup.Hold = &w.hold
	}
	if w.draw(4) > 0 {
		w.o.Start = began
	}
	if w.draw(4) > 0 {
		w.o.On = notes()
	}
}

// notes lists the rules that are left out unless they are asked for.
func notes() (ids []string) {
	for _, r := range Rules() {
		if r.Severity == Note {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// bad reports whether something goes wrong now.
func (w *world) bad() bool { return w.draw(100) < w.trouble }

// worse is bad for what would be rare otherwise.
func (w *world) worse() bool { return w.draw(50) < w.trouble }

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
	w.events[len(w.events)-1].User = oneOf(w.draw, "", w.prefix+"user")
	w.told = saidByAll{counts: map[marker.Sender]int{}, inBox: map[marker.Sender]int{}}
	w.asked, w.talk = queueAsks{position: 9}, talked{}
	w.hung, w.owed = never, false
	if w.draw(8) > 0 && !w.bad() {
		w.box = nil // otherwise leftovers stay
	}
	if w.draw(3) == 0 {
		w.renew()
	}
	if w.draw(4) == 0 {
		w.say(w.draw(2))
		w.wait(tick)
		w.pollFor(w.probing(w.outcome()))
	}
	if !w.connects() {
		w.turnAway()
		return
	}
	for range w.draw(9) {
		w.happen()
	}
	w.finish()
}

// renew asks for new tokens.
func (w *world) renew() {
	if w.draw(2) == 0 {
		w.call(aicc.OpToken, w.takes(), w.granted())
	}
	answer := ok()
	if w.bad() {
		answer = oneOf(w.draw, failed(), info(), trace.Event{Class: aicc.Fail, Status: 200, Code: aicc.CodeParam})
	}
	w.call(aicc.OpApply, w.takes(), answer)
}

// granted is the answer with an application token.
func (w *world) granted() trace.Event {
	asked := oneOf(w.draw, 0, 600, 3600)
	answer := trace.Event{Class: aicc.OK, Status: 200, Asked: asked}
	answer.Grant = &trace.Grant{Type: oneOf(w.draw, "Bearer", "bearer"), Seconds: cmp.Or(asked, 3600)}
	if w.bad() {
		answer.Grant = oneOf(w.draw, nil, &trace.Grant{Type: "Basic", Seconds: 600}, &trace.Grant{Seconds: 3600},
			&trace.Grant{Type: "Bearer"}, &trace.Grant{Type: "Bearer", Seconds: 7200}, &trace.Grant{Type: "Bearer", Seconds: 599})
	}
	return answer
}

// trade is an exchange that needs both tokens. They may be refused; then the customer mostly renews
// them and asks again.
func (w *world) trade(op aicc.Op, answer trace.Event) {
	for w.bad() {
		refused := trace.Event{Class: aicc.Fail, Status: 401, Seq: answer.Seq, Chars: answer.Chars, Bytes: answer.Bytes, Fresh: w.draw(2) == 0}
		if op == aicc.OpDownload {
			refused.FileID = answer.FileID
		}
		w.call(op, w.takes(), refused)
		if w.draw(4) > 0 {
			w.renew()
		}
		if w.draw(8) == 0 {
			return
		}
	}
	answer.Fresh, answer.NewToken = w.draw(2) == 0, answer.Status != 0 && w.draw(12) == 0
	w.call(op, w.takes(), answer)
}

// refused is an answer that is not 0, or none.
func (w *world) refused() trace.Event {
	fail := func(status int, code string) trace.Event {
		return trace.Event{Class: aicc.Fail, Status: status, Code: code}
	}
	return oneOf(w.draw, failed(), failed(), info(), info(), fail(0, ""), fail(400, ""), fail(403, ""), fail(404, ""), fail(200, "77"),
		fail(200, aicc.CodeFlowControl), fail(302, ""),
		trace.Event{Class: aicc.Info, Status: 429}, trace.Event{Class: aicc.Info, Status: 500}, trace.Event{Class: aicc.Info, Status: 502},
		trace.Event{Class: aicc.Info, Status: 204})
}

// connects tries CONNECT and reports whether the customer thinks it is connected.
func (w *world) connects() bool {
	if w.bad() {
		refused := failed()
		refused.Status = oneOf(w.draw, 200, 401, 404)
		w.call(aicc.OpConnect, w.takes(), w.numbered(refused))
	}
	if w.bad() {
		w.trade(aicc.OpConnect, w.numbered(w.refused()))
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
	w.talk.heard = append(w.talk.heard, answer.Seq)
	w.trade(aicc.OpConnect, w.late(answer))
	return true
}

// turnAway is what follows a CONNECT that was refused.
func (w *world) turnAway() {
	if !w.bad() {
		w.trade(aicc.OpLeave, oneOf(w.draw, ok(), ok(), failed(), info()))
	}
	w.leave(oneOf(w.draw, trace.NoConnect, trace.NoConnect, trace.LostContact))
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
	if w.worse() {
		w.trade(aicc.OpSupport, ok()) // out of nothing
	}
	switch w.draw(9) {
	case 0:
		w.speak(oneOf(w.draw, aicc.OpSend, aicc.OpSend, aicc.OpTransfer))
	case 1:
		w.ask()
	case 2:
		if w.hung == never && w.draw(2) == 0 {
			w.hangUpByPeer()
		}
	case 3:
		w.upload()
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

// speak is the customer's: a text with or without a marker, or a wish for an agent.
func (w *world) speak(op aicc.Op) {
	answer := ok()
	if w.bad() {
		answer = w.refused()
	}
	if answer.Seq = -1; w.draw(4) > 0 {
		answer = w.numbered(answer)
	}
	if op == aicc.OpSend {
		answer.Chars = oneOf(w.draw, 0, 20, 20, 20, aicc.MaxDemoText, aicc.MaxDownText)
		answer.Bytes = oneOf(w.draw, answer.Chars, answer.Chars, 1000, 1001)
	}
	taken := answer.Class == aicc.OK || answer.Class == aicc.Info && w.draw(2) == 0
	if taken && answer.Seq >= 0 {
		w.talk.heard = append(w.talk.heard, answer.Seq)
	}
	if taken && answer.Seq >= 0 && op == aicc.OpSend {
		w.told.shown = append(w.told.shown, answer.Seq)
	}
	w.trade(op, w.late(answer))
}

// ask is the query for the queue, which the demo repeats every 10 s while the answer is 0.
func (w *world) ask() {
	if w.draw(3) == 0 && !w.asked.over {
		w.now = max(w.now, w.asked.again)
	}
	if (w.asked.over || w.now < w.asked.again) && !w.bad() {
		return
	}
	w.wait(oneOf(w.draw, 0, 0, 0, 0, 20*time.Second, 31*time.Second))
	answer := ok()
	answer.Code = oneOf(w.draw, aicc.CodeOK, aicc.CodeOK, aicc.CodeOK, aicc.CodeWithAgent, aicc.CodeEnded)
	if w.talk.taken && !w.bad() {
		answer.Code = aicc.CodeWithAgent
	}
	if w.bad() {
		answer = w.refused()
	}
	if answer.Code == aicc.CodeOK {
		w.queued(&answer)
	}
	w.asked.again = w.now + 10*time.Second
	w.trade(aicc.OpQueue, answer)
	w.asked.over = answer.Status == 200 && answer.Code != aicc.CodeOK
}

// queued is where the customer stands in the queue.
func (w *world) queued(answer *trace.Event) {
	w.asked.position = max(0, w.asked.position-w.draw(2))
	answer.Position, answer.Estimate, answer.MaxWait = w.asked.position, w.draw(100), oneOf(w.draw, 0, 1, 1, 60)
	if w.worse() {
		answer.Position += 1 + w.draw(2)
	}
	if w.bad() {
		answer.Position, answer.Estimate = oneOf(w.draw, -1, 0), oneOf(w.draw, -1, 0)
		answer.MaxWait = oneOf(w.draw, -1, 0)
	}
}

// upload is a file of the customer's.
func (w *world) upload() {
	if len(w.keys) == maxFiles/2 {
		return
	}
	key := w.name("key ")
	f := goodFile(key)
	if len(w.keys) > 0 && w.bad() {
		key = oneOf(w.draw, w.keys...) // for other bytes
	}
	w.keys = append(w.keys, key)
	f.Size = oneOf(w.draw, f.Size, aicc.MaxDownloadSize, aicc.MaxDownloadSize+1)
	answer := ok()
	answer.FileID, answer.File = key, &f
	if w.bad() {
		f.Want = "exe"
	}
	if w.bad() {
		answer = w.refused()
		answer.File = oneOf(w.draw, &f, &f, nil)
	}
	if w.bad() {
		answer.FileID = ""
	}
	w.trade(aicc.OpUpload, answer)
	if answer.FileID != "" {
		w.told.uploads = append(w.told.uploads, trace.File{ID: key, Size: f.Size, SHA256: f.SHA256})
	}
}

// outcome is how a poll ends.
func (w *world) outcome() trace.Event {
	answer := w.late(ok())
	answer.Fresh, answer.NewToken = w.draw(2) == 0, w.draw(12) == 0
	if !w.bad() {
		return answer
	}
	switch w.draw(7) {
	case 0:
		answer = w.refused()
	case 1:
		answer = trace.Event{Class: aicc.Fail, Status: 401, Fresh: w.draw(2) == 0}
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
			w.renew()
			again := ok()
			again.Probe = answer.Probe
			w.exchange(again, nil)
		}
		return
	}
	due, came := w.exchange(answer, batch)
	for _, id := range due {
		if w.bad() {
			continue
		}
		w.fetch(id)
		if w.bad() {
			w.fetch(id)
		}
	}
	if !answer.Probe {
		w.react(came)
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
func (w *world) exchange(answer trace.Event, batch []msg) (due []string, came []*aicc.Downlink) {
	answer.Count = len(batch)
	invoke := trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, Probe: answer.Probe, Late: answer.Late, Fresh: answer.Fresh}
	w.lastID++
	invoke.ID = w.lastID
	started := w.add(invoke).At
	if w.bad() && w.draw(4) == 0 {
		w.call(aicc.OpPoll, 0, ok())
	}
	w.wait(w.held(&answer))
	if w.draw(4) == 0 {
		w.speak(aicc.OpSend)
	}
	answer.Kind, answer.Op, answer.ID, answer.Started = trace.Return, aicc.OpPoll, invoke.ID, started
	w.add(answer)
	for i, m := range batch {
		d := w.show(invoke.ID, i, m)
		if downloadable(d) && !answer.Probe && d.Content != "" {
			due = append(due, d.Content)
		}
		came = append(came, d)
	}
	return due, came
}

// held is how long the tenant takes for a poll: with nothing to hand out, as long as it holds polls.
func (w *world) held(answer *trace.Event) time.Duration {
	if answer.Class != aicc.OK || answer.Count > 0 {
		return w.takes()
	}
	if w.bad() {
		over := w.hold + w.o.HoldTolerance
		return oneOf(w.draw, over, over+tick, over+2*tick, w.hold/2, max(w.hold/2-tick, 0), 5*tick, 4*tick)
	}
	return w.hold + w.takes()
}

// show delivers one message.
func (w *world) show(poll uint32, i int, m msg) *aicc.Downlink {
	d := m(w.history)
	e := w.add(trace.Event{Kind: trace.Deliver, Op: aicc.OpPoll, ID: poll, Index: i, Message: d})
	e.Mark, _, e.Marked = marker.Parse(d.Content)
	if e.Marked == marker.Intact {
		w.told.inBox[e.Mark.Sender] = max(0, w.told.inBox[e.Mark.Sender]-1)
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
			f.Kind, f.Want = oneOf(w.draw, "mp3", "mp4", "png", ""), oneOf(w.draw, "jpg", "mp3", "")
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
			if w.draw(4) == 0 {
				answer.Code = aicc.CodeFlowControl
			}
		default:
			answer.Class, answer.Status, answer.File = aicc.Info, 0, nil
		}
	}
	answer.Probe = w.bad()
	w.trade(aicc.OpDownload, answer)
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
		w.pollFor(w.probing(w.outcome()))
	}
	if (ended == trace.ByCustomer || ended == trace.GaveUp) && !w.bad() {
		answer := ok()
		if w.bad() {
			answer = w.refused()
		}
		if answer.Class == aicc.OK && w.hung == never {
			w.told.ended = "customer"
		}
		w.trade(aicc.OpDisconnect, answer)
		if w.bad() {
			w.happen() // as if it had not been sent
		}
	}
	w.leave(ended)
}

// leave writes the record and the end, either of which may be missing.
func (w *world) leave(ended trace.Ended) {
	switch w.draw(5) {
	case 0: // none
	case 1:
		defer w.account() // too late
	case 2:
		w.wait(w.takes())
		w.account()
		if w.bad() {
			w.pollFor(w.probing(ok()))
			w.account() // again
		}
	default:
		w.account()
	}
	if w.bad() {
		w.abandonedPoll()
	}
	if !w.bad() {
		w.quit(ended)
	}
}

// account has the record read; at times it is that of another conversation or of none in particular.
func (w *world) account() {
	w.tell(w.record())
	if w.bad() {
		w.events[len(w.events)-1].Record.Epoch = oneOf(w.draw, -1, 0, w.epoch+1)
	}
}

// abandonedPoll is a poll that is still in flight at the end.
func (w *world) abandonedPoll() {
	w.lastID++
	w.add(trace.Event{Kind: trace.Invoke, Op: aicc.OpPoll, ID: w.lastID, Probe: w.draw(2) == 0})
}

// record is the tenant's record, which is wrong at times.
func (w *world) record() trace.Record {
	r := trace.Record{Files: w.told.files, Uploads: slices.Clone(w.told.uploads), Heard: len(w.told.shown),
		HungUp: w.hung != never, Owed: w.owed, Ended: w.told.ended}
	if r.HungUp {
		r.HungUpAgo = (w.now - w.hung).Milliseconds()
		r.Ended = oneOf(w.draw, "agent", "silence", "release")
		r.Quiet = (w.o.Setup.Silence + oneOf(w.draw, 0, -time.Second)).Milliseconds()
	}
	for _, s := range cooperating {
		if w.told.counts[s] == 0 && w.draw(2) == 0 {
			continue
		}
		said := trace.Said{Sender: s, Count: w.told.counts[s], Waiting: w.told.inBox[s]}
		if w.bad() {
			said.Count = max(0, said.Count+w.draw(4)-1)
			said.Waiting = min(said.Waiting, said.Count)
		}
		r.Senders = append(r.Senders, said)
	}
	w.showTexts(&r)
	if w.worse() {
		w.misremember(&r)
	}
	return r
}

// showTexts puts the customer's texts into the record, as runs.
func (w *world) showTexts(r *trace.Record) {
	seqs := slices.Clone(w.told.shown)
	if len(seqs) > 0 && w.bad() {
		i := w.draw(len(seqs))
		switch w.draw(5) {
		case 0: // lost
			seqs = slices.Delete(seqs, i, i+1)
		case 1: // twice
			seqs = append(seqs, seqs[i])
		case 2: // swapped
			seqs[0], seqs[i] = seqs[i], seqs[0]
		case 3: // damaged
			seqs = slices.Delete(seqs, i, i+1)
			r.Garbled++
		default: // never taken, perhaps
			seqs = append(seqs, w.draw(w.said))
		}
	}
	if w.draw(8) == 0 {
		return // the tenant keeps no list
	}
	for _, seq := range seqs {
		if n := len(r.Shown); n > 0 && r.Shown[n-1][1]+1 == seq && w.draw(4) > 0 {
			r.Shown[n-1][1] = seq
		} else {
			r.Shown = append(r.Shown, [2]int{seq, seq})
		}
	}
}

// misremember makes one thing of the record wrong.
func (w *world) misremember(r *trace.Record) {
	switch w.draw(6) {
	case 0, 1:
		r.Ended = oneOf(w.draw, "", "customer", "agent", "silence")
	case 2:
		r.HungUp = !r.HungUp
	case 3:
		r.Quiet -= oneOf[int64](w.draw, 1, 1000)
	case 4:
		r.Garbled += oneOf(w.draw, 1, -1)
	default:
		for i := range r.Uploads {
			r.Uploads[i].SHA256 = oneOf(w.draw, goodFile("other").SHA256, "")
			r.Uploads[i].ID = oneOf(w.draw, r.Uploads[i].ID, "unknown")
		}
	}
}
