package check

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// This file is the checker once more, for comparison: slow, forgetting nothing, and with one
// function a rule that can be read beside the rule's sentence in rules.go and docs/checking.md. A
// function looks over the complete list of a customer's events as often as it likes and keeps
// nothing between two looks. It shares types, constants and the predicates on a single message
// (talk, isMedia, reaches, family) with the checker and nothing else.
//
// The checker is allowed to know less where its memory is bounded, and histories for comparison
// stay inside these bounds: 32 gaps a sender, 256 messages of lateness, 32 identities without a
// marker, 16 files a conversation. TestSpillingTellsNothingWrong is about what lies outside. Four
// things are deliberate, in both:
//
//   - A gap that was opened by a message nobody said is not judged for order.
//   - A damaged message is taken at its word when its number is the next or a missing one.
//   - A poll counts as given up when its outcome is known, so that of two polls at a time, which is
//     an ERROR of SIM-01, the slower does not explain what the faster did not bring.
//   - SIM-05 counts downloads and does not ask which file each of them was for.

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
	for k := c.begin; k < min(i, c.limit); k++ {
		e := &c.events[k]
		switch {
		case e.Op != aicc.OpConnect:
		case e.Kind == trace.Invoke:
			state = asking
		case e.Kind == trace.Return && e.Class == aicc.OK:
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
		leaves := e.Kind == trace.Journal || e.Kind == trace.End || e.Kind == trace.Begin
		switch {
		case givenUp(e), leaves && open && inFlight > 0:
			until = max(until, e.At+hold)
		}
		switch {
		case e.Kind == trace.Begin:
			open = true
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

// impossible reports whether a message names a number that its sender cannot have used: one that
// the customer has not used so far, or one that nobody comes to.
func (c *chat) impossible(i int) bool {
	m := &c.events[i].Mark
	return m.Seq >= maxSeq || m.Sender == marker.Customer && !c.usedByCustomer(m.Seq, i)
}

// usedByCustomer reports whether the customer had used this number or a higher one before place i.
func (c *chat) usedByCustomer(seq, i int) bool {
	for k := c.begin; k < i; k++ {
		e := &c.events[k]
		speaks := e.Op == aicc.OpConnect || e.Op == aicc.OpSend || e.Op == aicc.OpTransfer
		if e.Kind == trace.Invoke && speaks && e.Seq >= seq {
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
		case e.Marked == marker.Intact && !c.impossible(i):
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
	"SHP-01": pollAnswersHaveTheirShape, "SHP-02": otherAnswersHaveTheirShape,
	"CON-01": noMessageBeforeConnect, "CON-02": somethingFollowsConnect,
	"ORD-01": inOrder, "DEL-01": nothingInvented, "DEL-02": nothingOfOthers, "DEL-03": nothingTwice,
	"DEL-04": nothingLost, "DEL-06": textsUnchanged,
	"DSC-01": nothingAfterDisconnect, "DSC-02": disconnectIsLast, "DSC-03": oneDisconnect,
	"DSC-04": hangUpIsTold, "DSC-05": cleanStart, "DSC-07": disconnectIsSeen,
	"MED-01": mediaCanBeDownloaded, "MED-02": filesUnchanged,
	"SIM-01": onePollAtATime, "SIM-02": noPollBeforeConnect, "SIM-03": noPollAfterDisconnect,
	"SIM-04": pauseBetweenPolls, "SIM-05": oneDownloadEach,
}

// A poll that is answered with HTTP 200 is JSON with a resultCode and, if anything arrived, an
// array downlinkMessages.
func pollAnswersHaveTheirShape(c *chat, n *cases) {
	for i := c.begin; i < c.limit; i++ {
		if c.events[i].Op == aicc.OpPoll {
			judgeShape(&c.events[i], n)
		}
	}
}

// A call that is answered with HTTP 200 is JSON with the fields its page lists.
func otherAnswersHaveTheirShape(c *chat, n *cases) {
	for i := c.begin; i < c.limit; i++ {
		if c.events[i].Op != aicc.OpPoll {
			judgeShape(&c.events[i], n)
		}
	}
}

func judgeShape(e *trace.Event, n *cases) {
	if e.Kind != trace.Return || e.Status != http.StatusOK {
		return
	}
	n.Opportunities++
	if e.Shape != "" {
		n.Violations++
	}
}

// Messages come only after CONNECT was answered 0. A customer's later conversations are left out,
// because something of an earlier one may rightly be waiting; so is the time while CONNECT is on
// its way. An opportunity is a poll answered ok, and each message.
func noMessageBeforeConnect(c *chat, n *cases) {
	if c.epoch() > 0 {
		return
	}
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		if c.events[i].Class == aicc.OK && c.connectState(i) == apart {
			n.Opportunities++
		}
	}
	for _, i := range c.delivered(c.limit) {
		if c.elsewhere(i) {
			continue
		}
		switch c.connectState(i) {
		case apart:
			n.Opportunities++
			n.Violations++
		case unanswered:
			n.Opportunities++
			n.unsure(IndeterminateSend)
		}
	}
}

// After CONNECT was answered 0 a robot, the system or an agent says something in time, or the queue
// query says that the customer waits (0) or is being served (160021). The first sign of life
// decides, or the first poll that brings nothing when the time is over. A message is late only if
// the poll that brought it was waiting when the time was over.
func somethingFollowsConnect(c *chat, n *cases) {
	for i := c.begin; i < c.end; i++ {
		if c.connectState(i) != connected {
			continue
		}
		due := c.connectedAt() + c.o.ConnectWithin
		switch e := &c.events[i]; {
		case c.signOfLife(i):
			n.Opportunities++
			if e.Kind == trace.Deliver && e.At > due && c.broughtBy(i).Started <= due {
				c.silent(n, i)
			}
			return
		case e.Kind == trace.Return && e.Op == aicc.OpPoll && e.Class == aicc.OK && e.Count == 0 && e.At > due:
			n.Opportunities++
			c.silent(n, i)
			return
		}
	}
	if c.cut && c.aborted != "" && c.connectState(c.end) == connected {
		n.unsure(c.aborted)
	}
}

func (c *chat) signOfLife(i int) bool {
	e := &c.events[i]
	switch {
	case e.Kind == trace.Deliver:
		return !c.elsewhere(i) || c.ours(i) && e.Mark.Epoch < c.epoch() && c.mayGoOn(e.Mark.Epoch)
	case e.Kind == trace.Return && e.Op == aicc.OpQueue:
		return e.Code == aicc.CodeOK || e.Code == aicc.CodeWithAgent
	}
	return false
}

// connectedAt is when CONNECT was answered 0.
func (c *chat) connectedAt() time.Duration {
	for _, i := range c.returned(aicc.OpConnect, c.limit) {
		if c.events[i].Class == aicc.OK {
			return c.events[i].At
		}
	}
	return never
}

// silent is a deadline after CONNECT that was missed. A poll that was given up may have taken the
// word; a conversation that goes on needs none.
func (c *chat) silent(n *cases, i int) {
	asked := never
	for _, k := range c.invoked(aicc.OpConnect, i) {
		asked = c.events[k].At
	}
	switch {
	case c.exposedUntil(i) >= asked:
		n.unsure(IndeterminatePoll)
	case c.mayGoOn(c.epoch() - 1):
		n.unsure(IndeterminateSend)
	default:
		c.overdue(n, c.o.ConnectWithin, i)
	}
}

// What one sender says in a conversation is delivered in the order it was said. A message that
// arrives after a later one breaks that, unless the gap it fills is explained. An opportunity is
// every message behind the sender's first.
func inOrder(c *chat, n *cases) {
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System, marker.Customer} {
		all, _ := c.spokenBy(sender, c.limit)
		for k := range all {
			if k > 0 && !all[k].damaged {
				n.Opportunities++
			}
		}
		all, _ = c.spokenBy(sender, c.settled)
		for k, s := range all {
			if !s.damaged && !s.again {
				c.judgeOrder(n, sender, all[:k], s)
			}
		}
	}
}

func (c *chat) judgeOrder(n *cases, sender marker.Sender, before []spoken, s spoken) {
	k, isLate := skippedBy(before, s.seq)
	if !isLate {
		return
	}
	if c.record != nil && sender != marker.Customer {
		if said, _ := c.saidBy(sender); before[k].seq >= said {
			return // it is behind a message that nobody said
		}
	}
	if c.explained(before[:k], before[k].place) {
		n.unsure(IndeterminatePoll)
		return
	}
	n.Violations++
}

// A delivered message was said by its sender, in this run and in this conversation. A marker shows
// that where it is of another run, of a conversation to come, of the customer, or impossible; the
// record where it lists the sender's messages.
func nothingInvented(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		m := &c.events[i].Mark
		if !c.intact(i) || c.ofRun(i) && m.Session != c.customer {
			continue
		}
		invented := !c.ofRun(i) || m.Epoch > c.epoch() || c.here(i) && c.impossible(i)
		if invented || c.here(i) && m.Sender == marker.Customer {
			n.Opportunities++
		}
		if invented {
			n.Violations++
		}
	}
	if c.record == nil {
		return
	}
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System} {
		all, _ := c.spokenBy(sender, c.settled)
		said, _ := c.saidBy(sender)
		n.Opportunities += different(all, 0)
		n.Violations += different(all, said)
	}
}

// A customer is handed only what was said to this customer.
func nothingOfOthers(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if !c.intact(i) || !c.ofRun(i) {
			continue
		}
		n.Opportunities++
		if !c.ours(i) {
			n.Violations++
		}
	}
}

// No message is delivered twice in a conversation. Messages with a marker have a number; the others
// may have a messageCode or, for media, a file id.
func nothingTwice(c *chat, n *cases) {
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System, marker.Customer} {
		all, _ := c.spokenBy(sender, c.limit)
		for _, s := range all {
			if !s.damaged {
				n.Opportunities++
			}
			if s.again {
				n.Violations++
			}
		}
	}
	var known []string
	for _, i := range c.delivered(c.limit) {
		id := identity(&c.events[i])
		if id == "" {
			continue
		}
		n.Opportunities++
		if slices.Contains(known, id) {
			n.Violations++
		}
		known = append(known, id)
	}
}

func identity(e *trace.Event) string {
	switch m := e.Message; {
	case e.Marked != marker.Absent || !talk(m):
		return ""
	case m.MessageCode != "":
		return "code " + string(m.MessageCode)
	case isMedia(m) && m.Content != "":
		return "file " + m.Content
	}
	return ""
}

// Everything that was handed out in a conversation reached the customer who polled for it. With a
// record that is what it says was handed out, without one what lies below a delivered number. An
// opportunity is every message that was delivered or is missing.
func nothingLost(c *chat, n *cases) {
	excused := c.unplaced()
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System} {
		all, _ := c.spokenBy(sender, c.settled)
		handed := nextNumber(all)
		if c.record != nil {
			_, handed = c.saidBy(sender)
		}
		n.Opportunities += different(all, 0)
		for seq := range handed {
			if !hasNumber(all, seq) {
				n.Opportunities++
				c.lost(n, &excused, c.lossExplained(all, seq))
			}
		}
	}
	if c.record == nil {
		c.openEnd(n)
		return
	}
	c.filesLost(n, &excused)
}

// unplaced counts the damaged messages that stand for one that will seem to be missing.
func (c *chat) unplaced() (sum int) {
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System} {
		_, unplaced := c.spokenBy(sender, c.settled)
		sum += unplaced
	}
	return sum
}

// lossExplained reports whether the conversation was exposed between the neighbours of a missing
// number, or from the last one to the end.
func (c *chat) lossExplained(all []spoken, seq int) bool {
	if k, skipped := skippedBy(all, seq); skipped {
		return c.explained(all[:k], all[k].place)
	}
	return c.explained(all, c.settled)
}

func (c *chat) lost(n *cases, excused *int, explained bool) {
	switch {
	case *excused > 0:
		*excused--
	case explained:
		n.unsure(IndeterminatePoll)
	default:
		n.Violations++
	}
}

// openEnd is the end of a conversation without a record: where a record was promised or the
// conversation was cut off, it takes a sender's word to know that there was no more.
func (c *chat) openEnd(n *cases) {
	if c.connectState(c.end) != connected || !c.o.Journal && !c.cut {
		return
	}
	heard, done := false, true
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System} {
		all, _ := c.spokenBy(sender, c.end)
		heard = heard || len(all) > 0
		done = done && (len(all) == 0 || slices.ContainsFunc(all, func(s spoken) bool { return s.fin }))
	}
	if !done || !heard && c.o.Journal {
		n.unsure(c.undecided())
	}
}

// filesLost is about media, which have no number: once DISCONNECT was delivered, what was said
// before it has been handed out.
func (c *chat) filesLost(n *cases, excused *int) {
	if len(c.handled(c.settled)) == 0 {
		return
	}
	for _, f := range c.record.Files {
		n.Opportunities++
		if !c.announced(f.ID) && len(c.downloads(f.ID)) == 0 {
			c.lost(n, excused, c.exposedUntil(c.settled) >= c.at(c.begin))
		}
	}
}

// announced reports whether a media message, of whomever, brought this file id.
func (c *chat) announced(id string) bool {
	for _, i := range c.delivered(c.settled) {
		if m := c.events[i].Message; isMedia(m) && m.Content != "" && sameFile(m.Content, id) {
			return true
		}
	}
	return false
}

// downloads are the good downloads of a file.
func (c *chat) downloads(id string) []*trace.File {
	var all []*trace.File
	for _, i := range c.returned(aicc.OpDownload, c.settled) {
		e := &c.events[i]
		good := e.Class == aicc.OK && e.File != nil && !unusable(e)
		if good && !e.Probe && len(e.File.SHA256) >= 16 && e.FileID != "" && sameFile(e.FileID, id) {
			all = append(all, e.File)
		}
	}
	return all
}

// sameFile compares file ids. Those of files on an agent's computer have a prefix in a download.
func sameFile(a, b string) bool {
	return strings.TrimPrefix(a, "local/") == strings.TrimPrefix(b, "local/")
}

// A text of up to 500 characters arrives as it was said. A longer one may be cut.
func textsUnchanged(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		switch e := &c.events[i]; {
		case e.Marked == marker.Intact:
			n.Opportunities++
		case e.Marked == marker.Damaged && utf8.RuneCountInString(e.Message.Content) < 500:
			n.Opportunities++
			n.Violations++
		}
	}
}

// DISCONNECT ends the conversation: no later poll brings CHAT or media. An opportunity is a later
// poll that was answered ok.
func nothingAfterDisconnect(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpPoll, c.limit) {
		if c.events[i].Class == aicc.OK && len(c.handled(i)) > 0 {
			n.Opportunities++
		}
	}
	for _, i := range c.delivered(c.limit) {
		drops := c.handled(i)
		if talk(c.events[i].Message) && len(drops) > 0 && c.events[drops[0]].ID != c.events[i].ID {
			n.Violations++
		}
	}
}

// Nothing follows a DISCONNECT in the same array. Another DISCONNECT is for oneDisconnect. An
// opportunity is every DISCONNECT that the demo handles.
func disconnectIsLast(c *chat, n *cases) {
	n.Opportunities += int64(len(c.handled(c.limit)))
	for _, i := range c.delivered(c.limit) {
		follows := slices.ContainsFunc(c.handled(i), func(k int) bool { return c.events[k].ID == c.events[i].ID })
		if follows && c.events[i].Message.ControlType != aicc.Disconnect {
			n.Violations++
		}
	}
}

// A conversation has at most one DISCONNECT: after one that the demo handles there is no other.
func oneDisconnect(c *chat, n *cases) {
	if len(c.handled(c.limit)) > 0 {
		n.Opportunities++
	}
	for _, i := range c.disconnects(c.limit) {
		if len(c.handled(i)) > 0 {
			n.Violations++
		}
	}
}

// When agent or platform hang up, DISCONNECT is delivered in time to a customer who polls. By the
// record it was delivered, or is owed, or was handed out and never seen. The hang-up may be earlier
// by as long as it took to fetch the record, for which a second is enough.
func hangUpIsTold(c *chat, n *cases) {
	if c.record == nil || !c.record.HungUp {
		return
	}
	hung := c.at(c.settled) - time.Duration(c.record.HungUpAgo)*time.Millisecond
	due := hung + c.o.DisconnectWithin
	swallowed := c.exposedUntil(c.settled) >= hung-time.Second
	drops := c.disconnects(c.settled)
	isLate := len(drops) > 0 && c.toldLate(drops[0], due)
	switch {
	case len(drops) > 0 && !isLate:
		n.Opportunities++
	case isLate && swallowed: // it may have been put back
		n.Opportunities++
		n.unsure(IndeterminatePoll)
	case isLate:
		n.Opportunities++
		c.overdue(n, c.o.DisconnectWithin, c.settled)
	case c.record.Owed && c.polledAfter(due, c.settled):
		n.Opportunities++
		c.overdue(n, c.o.DisconnectWithin, c.settled)
	case c.record.Owed && c.aborted != "":
		n.unsure(c.aborted)
	case c.record.Owed: // the customer stopped polling before it was due
	case swallowed:
		n.Opportunities++
		n.unsure(IndeterminatePoll)
	default:
		n.Opportunities++
		n.Violations++
	}
}

// toldLate reports whether the DISCONNECT at place i came late to a customer who kept polling: its
// poll was waiting when it was due, or an earlier one had come back after that.
func (c *chat) toldLate(i int, due time.Duration) bool {
	poll := c.broughtBy(i)
	if c.events[i].At <= due {
		return false
	}
	return poll.Started <= due || c.polledAfter(due, i-1-c.events[i].Index)
}

// polledAfter reports whether a poll before place i was answered ok when a time had passed.
func (c *chat) polledAfter(due time.Duration, i int) bool {
	return slices.ContainsFunc(c.returned(aicc.OpPoll, i), func(k int) bool {
		return c.events[k].Class == aicc.OK && c.events[k].At > due
	})
}

// After CONNECT nothing arrives that was said in an earlier conversation of the same user, unless
// the tenant may think that it goes on.
func cleanStart(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if !c.intact(i) || !c.ours(i) || c.epoch() == 0 || c.connectState(i) != connected {
			continue
		}
		n.Opportunities++
		switch epoch := c.events[i].Mark.Epoch; {
		case epoch >= c.epoch():
		case c.mayGoOn(epoch):
			n.unsure(IndeterminateSend)
		default:
			n.Violations++
		}
	}
}

// A DISCONNECT is not from ROBOT and has no media type that the demo maps.
func disconnectIsSeen(c *chat, n *cases) {
	for _, i := range c.disconnects(c.limit) {
		n.Opportunities++
		m := c.events[i].Message
		if m.SourceType == aicc.FromRobot || slices.Contains([]string{aicc.Image, aicc.Audio, aicc.Video}, m.MediaType) {
			n.Violations++
		}
	}
}

// downloadable reports whether the demo downloads the file of a message: its robot branch comes
// before the one for pictures, voice and video.
func downloadable(m *aicc.Downlink) bool {
	return m.SourceType != aicc.FromRobot && slices.Contains([]string{aicc.Image, aicc.Audio, aicc.Video}, m.MediaType)
}

// The content of a media message is a file id whose download answers 0 with non-empty Base64 of the
// announced kind. An opportunity is a download that the tenant answered or may have answered, and a
// message without a file id.
func mediaCanBeDownloaded(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		m := c.events[i].Message
		if downloadable(m) && m.ControlType != aicc.Disconnect && m.Content == "" {
			n.Opportunities++
			n.Violations++
		}
	}
	for _, i := range c.returned(aicc.OpDownload, c.limit) {
		e := &c.events[i]
		neverSent := e.Class == aicc.Fail && e.Status == 0
		if e.Probe || e.FileID == "" || neverSent || e.Status == http.StatusUnauthorized {
			continue
		}
		n.Opportunities++
		switch {
		case e.Class == aicc.Info:
			n.unsure(IndeterminateFile)
		case e.Class == aicc.Fail || unusable(e):
			n.Violations++
		}
	}
}

// unusable reports whether the demo could not show what a download brought.
func unusable(e *trace.Event) bool {
	f := e.File
	if f == nil || f.BadBase || f.Size == 0 || e.Status != http.StatusOK {
		return true
	}
	is, announced := family(f.Kind), family(f.Want)
	return is != "" && announced != "" && is != announced
}

// The downloaded bytes are those of the file on the tenant. An opportunity is every file of the
// record that was downloaded, however often.
func filesUnchanged(c *chat, n *cases) {
	if c.record == nil {
		return
	}
	for _, f := range c.record.Files {
		downloads := c.downloads(f.ID)
		if len(downloads) == 0 || len(f.SHA256) < 16 {
			continue
		}
		n.Opportunities++
		if slices.ContainsFunc(downloads, func(d *trace.File) bool { return d.SHA256[:16] != f.SHA256[:16] }) {
			n.Violations++
		}
	}
}

// A customer has at most one poll in flight.
func onePollAtATime(c *chat, n *cases) {
	for _, i := range c.invoked(aicc.OpPoll, c.limit) {
		n.Opportunities++
		if c.inFlight(i) > 0 {
			n.Violations++
		}
	}
}

// inFlight counts the polls in flight before place i, also of the conversations before.
func (b *book) inFlight(i int) (n int) {
	for k := range i {
		switch e := &b.events[k]; {
		case e.Op != aicc.OpPoll:
		case e.Kind == trace.Invoke:
			n++
		case e.Kind == trace.Return:
			n--
		}
	}
	return n
}

// undeclared lists the polls that are no declared probes.
func (c *chat) undeclared() []int {
	return slices.DeleteFunc(c.invoked(aicc.OpPoll, c.limit), func(i int) bool { return c.events[i].Probe })
}

// A customer polls only after CONNECT was answered 0, apart from declared probes.
func noPollBeforeConnect(c *chat, n *cases) {
	for _, i := range c.undeclared() {
		n.Opportunities++
		if c.connectState(i) != connected {
			n.Violations++
		}
	}
}

// A customer does not poll after a DISCONNECT was handled, apart from declared probes.
func noPollAfterDisconnect(c *chat, n *cases) {
	for _, i := range c.undeclared() {
		n.Opportunities++
		if len(c.handled(i)) > 0 {
			n.Violations++
		}
	}
}

// Between the answer of a poll and the next poll of the conversation lies the demo's pause of 100
// ms. After a 401 the same poll is sent again at once.
func pauseBetweenPolls(c *chat, n *cases) {
	for _, i := range c.undeclared() {
		answers := c.returned(aicc.OpPoll, i)
		if len(answers) == 0 {
			continue
		}
		last := &c.events[answers[len(answers)-1]]
		if last.Status == http.StatusUnauthorized {
			continue
		}
		n.Opportunities++
		if c.events[i].At < last.At+c.o.Pause {
			n.Violations++
		}
	}
}

// A customer downloads each media message that the demo would, exactly once. One that a probe
// brought or that has no file id may be downloaded; so may one once more whose download was
// answered 401. In a conversation that was cut off there may have been no time.
func oneDownloadEach(c *chat, n *cases) {
	owed, allowed, made := 0, 0, 0
	for _, i := range c.delivered(c.end) {
		m := c.events[i].Message
		switch {
		case !downloadable(m):
		case m.Content == "" || c.broughtBy(i).Probe:
			allowed++
		default:
			owed++
		}
	}
	for _, i := range c.returned(aicc.OpDownload, c.end) {
		if e := &c.events[i]; !e.Probe && e.FileID != "" && e.Status == http.StatusUnauthorized {
			allowed++
		}
	}
	for _, i := range c.invoked(aicc.OpDownload, c.end) {
		if e := &c.events[i]; !e.Probe && e.FileID != "" {
			made++
		}
	}
	n.Opportunities += int64(owed)
	if made > owed+allowed || made < owed && !c.cut {
		n.Violations++
	}
}

// refer judges one customer by the reference.
func refer(o Options, aborted Reason, h *history) map[string]cases {
	o.setDefaults()
	b := &book{o: o, customer: h.customer, aborted: aborted, events: h.events}
	found := map[string]cases{}
	for _, r := range Rules() {
		var n cases
		for _, c := range b.chats() {
			sentences[r.ID](&c, &n)
		}
		n.Verdict = b.verdict(&r, &n)
		found[r.ID] = n
	}
	return found
}

func (b *book) verdict(r *Rule, n *cases) Verdict {
	switch {
	case n.Violations > 0 && r.Level == Self:
		return Error
	case n.Violations > 0:
		return Fail
	case n.Inconclusive > 0:
		return Inconclusive
	case n.Opportunities > 0:
		return Pass
	case b.sees(r.Needs):
		return NotExercised
	}
	return NotObservable
}

func (b *book) sees(n Needs) bool {
	return n == Wire || n == Markers && b.o.Markers || n == Journal && b.o.Journal ||
		slices.ContainsFunc(b.events, func(e trace.Event) bool {
			return n == Markers && e.Marked != marker.Absent || n == Journal && e.Kind == trace.Journal
		})
}
