package check

import (
	"maps"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// This file and those called reference_*_test.go are the checker once more, for comparison: slow,
// forgetting nothing, and with one function a rule that can be read beside the rule's sentence in
// catalogue.go and docs/checking.md. A function looks over the complete list of a customer's events
// as often as it likes and keeps nothing between two looks. It shares types, constants and the
// predicates on a single message (talk, isMedia, reaches, family) with the checker and nothing else.
//
// The checker is allowed to know less where its memory is bounded, and histories for comparison
// stay inside these bounds: in a conversation 32 gaps a sender, 256 messages of lateness, 32
// messageCodes, messages without one, 16 files, 16 uploads and 64 sends that were not accepted; 32
// object keys a customer. TestSpillingTellsNothingWrong and some of the stories are about what lies
// outside. Three things are deliberate, in both:
//
//   - A gap that was opened by a message nobody said is not judged for order.
//   - A damaged message is taken at its word when its number is the next or a missing one.
//   - A poll counts as given up when its outcome is known, so that of two polls at a time, which is
//     an ERROR of SIM-01, the slower does not explain what the faster did not bring.

// cases is what the reference finds about one rule.
type cases struct {
	Verdict       Verdict
	Opportunities int64
	Violations    int64
	Inconclusive  int64
	Reasons       map[Reason]int64
}

func (n *cases) unsure(reason Reason) {
	if n.Reasons == nil {
		n.Reasons = map[Reason]int64{}
	}
	n.Inconclusive++
	n.Reasons[reason]++
}

// equal is cheaper than a comparison that can tell the difference.
func (n cases) equal(m cases) bool {
	return n.Verdict == m.Verdict && n.Opportunities == m.Opportunities && n.Violations == m.Violations &&
		n.Inconclusive == m.Inconclusive && maps.Equal(n.Reasons, m.Reasons)
}

// judge enters a case.
func (n *cases) judge(holds bool) {
	n.Opportunities++
	if !holds {
		n.Violations++
	}
}

// book is all there is to know: what one customer did and saw, from the first event to the last.
type book struct {
	o        Options // with its defaults
	customer int
	aborted  Reason
	events   []trace.Event
}

// chat is one conversation in the book. Places are indices into the book's events.
type chat struct {
	*book
	begin   int
	end     int // where its End is, or the event behind its last
	limit   int // where the next conversation begins
	settled int // where its record is, or else its end
	record  *trace.Record
	cut     bool
}

// chats splits a book at the Begin events.
func (b *book) chats() []chat {
	var all []chat
	for i := range b.events {
		if b.events[i].Kind != trace.Begin {
			continue
		}
		if n := len(all); n > 0 {
			all[n-1].limit = i
		}
		all = append(all, chat{book: b, begin: i, limit: len(b.events)})
	}
	for i := range all {
		all[i].findEnd()
	}
	return all
}

func (c *chat) findEnd() {
	c.end, c.cut = c.limit, true
	for i := c.limit - 1; i > c.begin; i-- {
		if e := &c.events[i]; e.Kind == trace.End {
			c.end, c.cut = i, e.Ended == trace.CutShort || e.Ended == trace.LostContact
		}
	}
	c.settled = c.end
	for i := c.end - 1; i > c.begin; i-- {
		if e := &c.events[i]; e.Kind == trace.Journal && (e.Record.Epoch < 0 || e.Record.Epoch == c.epoch()) {
			c.settled, c.record = i, e.Record
		}
	}
}

func (c *chat) epoch() int { return c.events[c.begin].Epoch }

// at is the time of a place; behind the last event no more time passes.
func (b *book) at(i int) time.Duration { return b.events[min(i, len(b.events)-1)].At }

// returned, invoked and delivered list the places of such events in the conversation, before limit.
func (c *chat) returned(op aicc.Op, limit int) []int {
	return c.places(limit, func(e *trace.Event) bool { return e.Kind == trace.Return && e.Op == op })
}

func (c *chat) invoked(op aicc.Op, limit int) []int {
	return c.places(limit, func(e *trace.Event) bool { return e.Kind == trace.Invoke && e.Op == op })
}

func (c *chat) delivered(limit int) []int {
	return c.places(limit, func(e *trace.Event) bool { return e.Kind == trace.Deliver })
}

// transferred and leaving report whether the customer had sent TRANS2AGENT or DISCONNECT before place
// i.
func (c *chat) transferred(i int) bool { return len(c.invoked(aicc.OpTransfer, i)) > 0 }
func (c *chat) leaving(i int) bool     { return len(c.invoked(aicc.OpDisconnect, i)) > 0 }

// last is the latest place before i in the conversation that fits, or -1.
func (c *chat) last(i int, fits func(k int) bool) int {
	for k := i - 1; k >= c.begin; k-- {
		if fits(k) {
			return k
		}
	}
	return -1
}

func (c *chat) places(limit int, fits func(e *trace.Event) bool) []int {
	var found []int
	for i := c.begin; i < min(limit, c.limit); i++ {
		if fits(&c.events[i]) {
			found = append(found, i)
		}
	}
	return found
}

// connectState is how far CONNECT has come before place i.
func (c *chat) connectState(i int) connectState {
	state := apart
	if c.events[c.begin].Midway && c.o.Foreign {
		return connected
	}
	for k := c.begin; k < min(i, c.limit); k++ {
		e := &c.events[k]
		switch {
		case e.Op != aicc.OpConnect:
		case e.Kind == trace.Invoke:
			state = asking
		case e.Kind == trace.Return && (e.Class == aicc.OK || e.NoBody): // whoever is refused does not go on
			return connected
		case e.Kind == trace.Return && e.Class == aicc.Fail:
			state = apart
		case e.Kind == trace.Return:
			state = unanswered
		}
	}
	return state
}

// broughtBy is the answer of the poll that brought the message at place i.
func (b *book) broughtBy(i int) *trace.Event {
	for k := i - 1; k >= 0; k-- {
		if e := &b.events[k]; e.Kind == trace.Return && e.Op == aicc.OpPoll && e.ID == b.events[i].ID {
			return e
		}
	}
	panic("a message that no poll brought")
}

// givenUp reports whether an answered poll may have carried more than was read.
func givenUp(e *trace.Event) bool {
	ended := e.Kind == trace.Return && e.Op == aicc.OpPoll
	return ended && (e.Class != aicc.OK && e.Class != aicc.Fail || e.Shape != "")
}

// exposedUntil is until when, as known at place i, the tenant may have handed messages to a poll
// that the customer had given up: a hold after the end of the poll, or after the end or the record
// of a conversation in which it was still in flight.
func (b *book) exposedUntil(i int) time.Duration {
	until, inFlight, open := never, 0, false
	hold := max(b.o.Hold, 0)
	for k := range min(i+1, len(b.events)) {
		e := &b.events[k]
		leaves := e.Kind == trace.End || e.Kind == trace.Begin || b.isSettling(k)
		switch {
		case givenUp(e), leaves && open && inFlight > 0:
			until = max(until, e.At+hold)
		case b.o.Foreign && b.besides(k):
			until = max(until, e.At)
		}
		switch {
		case e.Kind == trace.Begin:
			if open = true; b.o.Foreign {
				inFlight = 0 // of a page that is gone
			}
		case e.Kind == trace.End:
			open = false
		case e.Op == aicc.OpPoll && e.Kind == trace.Invoke:
			inFlight++
		case e.Op == aicc.OpPoll && e.Kind == trace.Return:
			inFlight = max(inFlight-1, 0)
		}
	}
	if i >= len(b.events) && open && inFlight > 0 {
		until = max(until, b.at(i)+hold)
	}
	return until
}

// isSettling reports whether place k is the record by which its conversation is judged.
func (b *book) isSettling(k int) bool {
	return b.events[k].Kind == trace.Journal && slices.ContainsFunc(b.chats(), func(c chat) bool { return c.settled == k })
}

// lateness is the worst of the generator's own in this conversation, up to place i.
func (c *chat) lateness(i int) time.Duration {
	worst := time.Duration(0)
	for _, k := range c.places(i+1, func(e *trace.Event) bool { return e.Kind == trace.Invoke }) {
		worst = max(worst, c.events[k].Late)
	}
	return worst
}

// overdue enters a missed deadline, for which chatbench must not have been late itself.
func (c *chat) overdue(n *cases, within time.Duration, i int) {
	if c.lateness(i) >= within/10 {
		n.unsure(GeneratorLate)
		return
	}
	n.Violations++
}

// closed reports whether the conversation is over for the tenant too: the customer's DISCONNECT was
// answered 0, or the tenant's was delivered.
func (c *chat) closed() bool {
	for _, i := range c.returned(aicc.OpDisconnect, c.end) {
		if c.events[i].Class == aicc.OK {
			return true
		}
	}
	return len(c.disconnects(c.end)) > 0
}

// mayGoOn reports whether the tenant may take this conversation for the given earlier one: since
// then, or since one before it, none was closed.
func (c *chat) mayGoOn(epoch int) bool {
	going := false
	for _, past := range c.chats() {
		if past.begin >= c.begin {
			break
		}
		switch {
		case past.closed():
			going = false
		case past.epoch() <= epoch && past.connectState(past.end) != apart:
			going = true
		}
	}
	return going
}

// disconnects lists the DISCONNECTs of the conversation before limit, of every form. One that came
// before CONNECT was answered 0 is left over from elsewhere.
func (c *chat) disconnects(limit int) []int {
	return slices.DeleteFunc(c.delivered(limit), func(i int) bool {
		return c.events[i].Message.ControlType != aicc.Disconnect || c.connectState(i) != connected
	})
}

// parked reports whether a DISCONNECT before place i said that the conversation may be gone on with.
func (c *chat) parked(i int) bool {
	return slices.ContainsFunc(c.disconnects(i), func(k int) bool { return c.events[k].Message.IsOffline == "true" })
}

// handled lists those that the demo's branch order reaches.
func (c *chat) handled(limit int) []int {
	return slices.DeleteFunc(c.disconnects(limit), func(i int) bool { return !reaches(c.events[i].Message) })
}

// What an intact marker says of the message at place i. A message without one, or with a damaged
// one, is of this conversation for want of better knowledge.
func (c *chat) intact(i int) bool { return c.events[i].Marked == marker.Intact }
func (c *chat) ofRun(i int) bool  { return c.o.Run == 0 || c.events[i].Mark.Run == c.o.Run }
func (c *chat) ours(i int) bool   { return c.ofRun(i) && c.events[i].Mark.Session == c.customer }
func (c *chat) here(i int) bool   { return c.ours(i) && c.events[i].Mark.Epoch == c.epoch() }

func (c *chat) elsewhere(i int) bool { return c.intact(i) && !c.here(i) }

// foreign reports whether the message at place i belongs elsewhere, other than to an earlier
// conversation that may be going on and was not parked.
func (c *chat) foreign(i int) bool {
	epoch := c.events[i].Mark.Epoch
	goesOn := c.elsewhere(i) && c.ours(i) && epoch < c.epoch() && c.connectState(i) == connected && c.mayGoOn(epoch)
	return c.elsewhere(i) && (!goesOn || c.parkedSince(i))
}

// heard reports whether place i is a message of this conversation. One that came before CONNECT was
// answered 0 may be left over from the conversation before.
func (c *chat) heard(i int) bool {
	return c.events[i].Kind == trace.Deliver && c.connectState(i) == connected && !c.foreign(i)
}

// chatFrom, fromSystem and queueing report whether place i is a message heard in this conversation that
// is CHAT from a source, is from SYSTEM, or says that the customer queues.
func (c *chat) chatFrom(source string, i int) bool {
	e := &c.events[i]
	return e.Kind == trace.Deliver && e.Message.ControlType == aicc.Chat && e.Message.SourceType == source && c.heard(i)
}

func (c *chat) fromSystem(i int) bool {
	return c.heard(i) && c.events[i].Message.SourceType == aicc.FromSystem
}

func (c *chat) queueing(i int) bool {
	e := &c.events[i]
	return e.Kind == trace.Deliver && e.Message.Queueing() && c.heard(i)
}

// timely reports whether a message has a timestamp in milliseconds that is within an hour of the
// time it came, as far as that is known.
func (b *book) timely(e *trace.Event) bool {
	millis, ok := e.Message.Millis()
	if !ok || b.o.Start.IsZero() {
		return ok
	}
	return time.UnixMilli(millis).Sub(b.o.Start.Add(e.At)).Abs() <= time.Hour
}

// impossible reports whether a message names a number that its sender cannot have used: one that
// the customer has not used so far, one that nobody comes to, or one too far above those before.
func (c *chat) impossible(i int) bool {
	all, _ := c.spokenBy(c.events[i].Mark.Sender, i)
	return c.unheardOf(i, nextNumber(all))
}

// unheardOf is impossible where the sender's next number is known.
func (c *chat) unheardOf(i, next int) bool {
	m := &c.events[i].Mark
	if m.Sender == marker.Customer {
		return m.Seq >= maxSeq || !c.usedByCustomer(m.Seq, i)
	}
	return m.Seq >= maxSeq || m.Seq-next >= 1<<16
}

// usedByCustomer reports whether the customer had used this number or a higher one before place i.
func (c *chat) usedByCustomer(seq, i int) bool {
	for k := c.begin; k < i; k++ {
		e := &c.events[k]
		speaks := e.Op == aicc.OpConnect || e.Op == aicc.OpSend || e.Op == aicc.OpTransfer
		if e.Kind == trace.Invoke && speaks && e.Seq >= seq && e.Seq < maxSeq {
			return true
		}
	}
	return false
}

// spoken is a message that shows a number of its sender for the first time, or again.
type spoken struct {
	seq     int
	place   int
	damaged bool
	fin     bool
	again   bool
}

// spokenBy lists what was delivered of a sender before limit, in the order of delivery. Damaged
// messages are in it when their number is the next or a missing one; unplaced counts the others.
func (c *chat) spokenBy(sender marker.Sender, limit int) (all []spoken, unplaced int) {
	for _, i := range c.delivered(limit) {
		e := &c.events[i]
		if e.Marked == marker.Absent || e.Mark.Sender != sender || !c.here(i) {
			continue
		}
		known, next := hasNumber(all, e.Mark.Seq), nextNumber(all)
		switch {
		case e.Marked == marker.Intact && !c.unheardOf(i, next):
			all = append(all, spoken{seq: e.Mark.Seq, place: i, fin: e.Mark.Fin, again: known})
		case e.Marked == marker.Intact || sender == marker.Customer:
		case e.Mark.Seq > next:
			unplaced++
		case !known:
			all = append(all, spoken{seq: e.Mark.Seq, place: i, damaged: true})
		}
	}
	return all, unplaced
}

func hasNumber(all []spoken, seq int) bool {
	return slices.ContainsFunc(all, func(s spoken) bool { return s.seq == seq })
}

// nextNumber is one above the highest.
func nextNumber(all []spoken) int {
	next := 0
	for _, s := range all {
		next = max(next, s.seq+1)
	}
	return next
}

// different counts the numbers from a lower limit on, each once.
func different(all []spoken, from int) (n int64) {
	for _, s := range all {
		if s.seq >= from && !s.again {
			n++
		}
	}
	return n
}

// skippedBy is the message that first skipped a number: in front of it the messages below were
// delivered, and it is above.
func skippedBy(all []spoken, seq int) (k int, skipped bool) {
	k = slices.IndexFunc(all, func(s spoken) bool { return s.seq > seq })
	return k, k >= 0
}

// explained reports whether the conversation was exposed, as known at place i, at any time after
// the poll began that brought the highest of these messages; of none, after the conversation began.
func (c *chat) explained(below []spoken, i int) bool {
	since := c.at(c.begin)
	for _, s := range below {
		if s.seq == nextNumber(below)-1 && !s.again {
			since = c.broughtBy(s.place).Started
		}
	}
	return c.exposedUntil(i) >= since
}

// saidBy is what the record says of a sender. A sender that the record does not name said
// nothing.
func (c *chat) saidBy(sender marker.Sender) (said, handedOut int) {
	for _, s := range c.record.Senders {
		if s.Sender == sender {
			return s.Count, s.Count - s.Waiting
		}
	}
	return 0, 0
}

// undecided is why a case was left open at the end of the conversation.
func (c *chat) undecided() Reason {
	if c.aborted != "" {
		return c.aborted
	}
	return NotDrained
}

// sentence is a rule, restated for one conversation.
type sentence func(c *chat, n *cases)

// sentences has them by the ids of the catalogue.
var sentences = map[string]sentence{
	"TOK-01": tokenIsComplete, "TOK-02": tokenLivesAsAsked, "TOK-03": tokensWork, "TOK-04": newTokensHelp,
	"TOK-05": replacementWorks,
	"SHP-01": pollAnswersHaveTheirShape, "SHP-02": otherAnswersHaveTheirShape, "SHP-03": codesAreDocumented,
	"SHP-04": statusesAreDocumented, "SHP-05": addressedToTheCustomer, "SHP-06": typesAreDocumented,
	"SHP-07": textsAreShort, "SHP-08": textsHaveContent, "SHP-09": timestampsAreOfNow, "SHP-10": agentsHaveNames,
	"SHP-11": locationsHaveCoordinates, "SHP-12": queueFlagIsYes, "SHP-13": onlyDisconnectIsOffline,
	"CON-01": noMessageBeforeConnect, "CON-02": somethingFollowsConnect,
	"POL-01": pollsSucceed, "POL-02": pollsAreHeldNoLonger, "POL-03": emptyPollsAreHeld, "POL-04": probesAreNoError,
	"POL-05": noReceiptsUnasked, "POL-06": receiptsNameOwnMessages,
	"ORD-01": inOrder, "ORD-02": timestampsRise, "ORD-03": answersFollowQuestions,
	"DEL-01": nothingInvented, "DEL-02": nothingOfOthers, "DEL-03": nothingTwice, "DEL-04": nothingLost,
	"DEL-05": nothingRefusedIsShown, "DEL-06": textsUnchanged, "DEL-07": codesDiffer, "DEL-08": nothingFromCustomers,
	"SND-01": acceptedTextsAreShown, "SND-02": shownInOrder, "SND-03": shownUnchanged, "SND-04": textsAreAccepted,
	"QUE-01": queueAnswersMakeSense, "QUE-02": nobodyQueuesWithAnAgent, "QUE-03": positionDoesNotGrow,
	"QUE-04": nobodyWaitsLonger,
	"ROB-01": robotSpeaksFirst, "ROB-02": robotWhereNoneIs, "ROB-03": robotAnswers,
	"HND-01": somethingFollowsTransfer, "HND-02": robotIsSilent, "HND-03": agentIsAnnounced,
	"DSC-01": nothingAfterDisconnect, "DSC-02": disconnectIsLast, "DSC-03": oneDisconnect,
	"DSC-04": hangUpIsTold, "DSC-05": cleanStart, "DSC-07": disconnectIsSeen, "DSC-08": parkedHasATip,
	"DSC-09": customersDisconnectEnds, "DSC-10": silenceIsLongEnough, "DSC-11": disconnectHasACause,
	"MED-01": mediaCanBeDownloaded, "MED-02": filesUnchanged, "MED-03": filesCanBeUploaded, "MED-04": keysDiffer,
	"MED-05": uploadsUnchanged, "MED-06": localFilesNameTheirType,
	"SIM-01": onePollAtATime, "SIM-02": noPollBeforeConnect, "SIM-03": noPollAfterDisconnect,
	"SIM-04": pauseBetweenPolls, "SIM-05": oneDownloadEach, "SIM-06": queueIsAskedSlowly, "SIM-07": customersHangUp,
	"SIM-08": turnedAwayLeaveAMessage, "SIM-09": tokensBeforeConnect, "SIM-10": queueIsAsked, "SIM-11": supportIsAskedOnce,
	"SIM-12": replacementIsTakenUp, "SIM-13": nothingIsSent,
}

// refer judges one customer by the reference.
func refer(o Options, aborted Reason, h *history) map[string]cases {
	o.setDefaults()
	b := &book{o: o, customer: h.customer, aborted: aborted, events: h.events}
	if o.Foreign {
		b.events = unmarked(h.events)
	}
	found, chats := map[string]cases{}, b.chats()
	for _, r := range Rules() {
		if slices.Contains(o.Off, r.ID) || r.Severity == Note && !slices.Contains(o.On, r.ID) {
			continue
		}
		var n cases
		for i := range chats {
			sentences[r.ID](&chats[i], &n)
		}
		n.Verdict = b.verdict(&r, &n)
		found[r.ID] = n
	}
	return found
}

func (b *book) verdict(r *Rule, n *cases) Verdict {
	switch {
	case n.Violations > 0 && r.Level == Self && !b.o.Foreign:
		return Error
	case n.Violations > 0:
		return Fail
	case n.Inconclusive > 0:
		return Inconclusive
	case b.leavesOut(r.ID):
		return NotObservable
	case n.Opportunities > 0:
		return Pass
	case b.sees(r.Needs):
		return NotExercised
	}
	return NotObservable
}

func (b *book) sees(n Needs) bool {
	setUp := b.o.Setup.Robot != nil || b.o.Setup.Hold != nil
	told := func(e trace.Event) bool { return e.Kind == trace.Invoke && e.Token != 0 }
	return n == Wire || n == TokensSeen && slices.ContainsFunc(b.events, told) || n == Markers && b.o.Markers || n == Journal && b.o.Journal || n == Setup && setUp ||
		slices.ContainsFunc(b.events, func(e trace.Event) bool {
			return n == Markers && e.Marked != marker.Absent || n == Journal && e.Kind == trace.Journal
		})
}
