package check

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// What one sender says in a conversation is delivered in the order it was said. A message that
// arrives after a later one breaks that, unless the gap it fills is explained. An opportunity is
// every message behind the sender's first.
func inOrder(c *chat, n *cases) {
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System} {
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
	if c.record != nil {
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

// In the order of delivery the timestamps of a conversation's messages do not decrease. One that is
// implausible is another rule's and is left out.
func timestampsRise(c *chat, n *cases) {
	highest, brought := int64(0), time.Duration(0)
	for _, i := range c.delivered(c.limit) {
		e := &c.events[i]
		if e.Message.Timestamp == "" || !c.timely(e) || c.foreign(i) {
			continue
		}
		millis, _ := e.Message.Millis()
		switch {
		case highest == 0:
		case millis < highest && c.exposedUntil(i) >= brought: // it may have been put back
			n.Opportunities++
			n.unsure(IndeterminatePoll)
		default:
			n.judge(millis >= highest)
		}
		if millis > highest {
			highest, brought = millis, c.broughtBy(i).Started
		}
	}
}

// A message that names what it answers comes after that was said, and one sender's answers come in
// the order of the questions. A message that is late itself is not asked. Echoes come in the order of
// what they repeat.
func answersFollowQuestions(c *chat, n *cases) {
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System} {
		all, _ := c.spokenBy(sender, c.limit)
		answered := -1
		for k, s := range all {
			cause := c.events[s.place].Mark.Cause
			if s.damaged || cause < 0 || s.seq < nextNumber(all[:k]) {
				continue
			}
			n.judge(c.usedByCustomer(cause, s.place) && cause >= answered)
			answered = max(answered, cause)
		}
	}
	echoes, _ := c.spokenBy(marker.Customer, c.limit)
	for k, s := range echoes {
		if k > 0 {
			n.judge(s.seq >= nextNumber(echoes[:k])-1)
		}
	}
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

// No message is delivered twice in a conversation. Messages with a marker have a number. Echoes and
// messages without a marker are the same when everything is, the timestamp too; those with a
// messageCode are left to codesDiffer, and a place may be sent again at once.
func nothingTwice(c *chat, n *cases) {
	for _, sender := range []marker.Sender{marker.Robot, marker.Agent, marker.System} {
		all, _ := c.spokenBy(sender, c.limit)
		for _, s := range all {
			if !s.damaged {
				n.judge(!s.again)
			}
		}
	}
	unnumbered := c.unnumbered()
	for k, i := range unnumbered {
		n.Opportunities++
		if slices.ContainsFunc(unnumbered[:k], func(before int) bool {
			return sameMessage(c.events[before].Message, c.events[i].Message)
		}) {
			c.blame(n, i)
		}
	}
}

// unnumbered lists the talk that is compared for copies as a whole.
func (c *chat) unnumbered() []int {
	return slices.DeleteFunc(c.delivered(c.limit), func(i int) bool {
		e := &c.events[i]
		echoed := c.here(i) && c.intact(i) && e.Mark.Sender == marker.Customer && !c.impossible(i)
		comparable := talk(e.Message) && e.Message.MediaType != aicc.Locate && e.Message.MessageCode == "" && e.Message.Timestamp != ""
		return !comparable || e.Marked != marker.Absent && !echoed
	})
}

// sameMessage reports whether two messages agree in all that the tenant says of them.
func sameMessage(a, b *aicc.Downlink) bool {
	return a.ControlType == b.ControlType && a.SourceType == b.SourceType && a.MediaType == b.MediaType &&
		a.Content == b.Content && a.ContentType == b.ContentType && a.MediaFileType == b.MediaFileType &&
		a.From == b.From && a.To == b.To && a.SenderNickname == b.SenderNickname && a.Timestamp == b.Timestamp &&
		a.InterIdx == b.InterIdx && a.CallID == b.CallID
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

// A text arrives as it was said. One that has 500 characters, counted in any way, may have been cut
// there: of 500 bytes 497 are left where the next character needs four. An echo may have been cut
// anywhere if it ends in an ellipsis, or if the whole of it would have been so long.
func textsUnchanged(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		switch e := &c.events[i]; {
		case e.Marked == marker.Intact:
			n.judge(true)
		case e.Marked == marker.Damaged && !rightlyCut(e):
			n.judge(false)
		}
	}
}

func rightlyCut(e *trace.Event) bool {
	content := e.Message.Content
	quote := strings.TrimSuffix(strings.TrimSuffix(content, "…"), "...")
	missing := missingFrom(quote)
	quoted := quote != content || len(content)+missing >= 497
	echo := e.Mark.Sender == marker.Customer && quoted
	return len(utf16.Encode([]rune(content))) >= 500 || missing > 0 && (len(content) >= 497 || echo)
}

// missingFrom is by how much a marked text is shorter than its marker says: behind the eight fields are
// the checksum and, if there is a text, a blank and so many bytes.
func missingFrom(content string) int {
	_, token, _ := strings.Cut(content, "cb1.")
	fields := strings.SplitN(token, ".", 9)
	size, err := strconv.ParseInt(fields[7], 36, 32)
	want := len("00000000")
	if size > 0 {
		want += len(" ") + int(size)
	}
	if err != nil {
		return 0
	}
	return max(want-len(fields[8]), 0)
}

// What the tenant refused to take is not shown to the other side, nor repeated by the robot. A text
// counts as refused when the last that is known of it is a refusal; sent again without a clear answer
// it may have been taken.
func nothingRefusedIsShown(c *chat, n *cases) {
	for _, seq := range c.sends(aicc.Fail) {
		last := c.last(c.settled, func(k int) bool { return c.decides(k) && c.events[k].Seq == seq })
		if c.events[last].Class == aicc.Fail {
			n.judge(!c.echoed(seq) && (c.record == nil || !slices.Contains(shown(c.record), seq)))
		}
	}
}

// decides reports whether place k is an outcome that changes what is known of a text.
func (c *chat) decides(k int) bool {
	e := &c.events[k]
	isAnswer := e.Kind == trace.Return && e.Op == aicc.OpSend && e.Seq >= 0
	return isAnswer && (e.Class != aicc.Fail || e.Status != 0)
}

// sends lists the numbers of the texts that were answered so before the conversation was settled,
// each once.
func (c *chat) sends(class aicc.Class) []int {
	var seqs []int
	for _, i := range c.returned(aicc.OpSend, c.settled) {
		if e := &c.events[i]; c.decides(i) && e.Class == class && !slices.Contains(seqs, e.Seq) {
			seqs = append(seqs, e.Seq)
		}
	}
	return seqs
}

// echoed reports whether a text of the customer's came back in this conversation. What came before it
// was sent is an invention.
func (c *chat) echoed(seq int) bool {
	return slices.ContainsFunc(c.delivered(c.settled), func(i int) bool {
		m := &c.events[i].Mark
		return c.intact(i) && c.here(i) && m.Sender == marker.Customer && m.Seq == seq && !c.impossible(i)
	})
}

// shown lists the numbers that the other side was shown, in its order.
func shown(r *trace.Record) []int {
	var seqs []int
	for _, run := range r.Shown {
		for seq := run[0]; seq <= run[1]; seq++ {
			seqs = append(seqs, seq)
		}
	}
	return seqs
}

// No two messages of a conversation have the same messageCode.
func codesDiffer(c *chat, n *cases) {
	var known []aicc.Loose
	for _, i := range c.delivered(c.limit) {
		if m := c.events[i].Message; talk(m) && m.MessageCode != "" {
			n.Opportunities++
			if slices.Contains(known, m.MessageCode) {
				c.blame(n, i)
			}
			known = append(known, m.MessageCode)
		}
	}
}

// No message is from CUSTOMER or USER.
func nothingFromCustomers(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		source := c.events[i].Message.SourceType
		n.judge(source != aicc.FromCustomer && source != aicc.FromUser)
	}
}

// account is what the record tells of the customer's texts, or nil: a tenant that heard texts but
// keeps no list of them tells nothing.
func (c *chat) account() *trace.Record {
	if r := c.record; r != nil && (len(r.Shown) > 0 || r.Heard <= garbled(r)) {
		return r
	}
	return nil
}

func garbled(r *trace.Record) int { return max(r.Garbled, 0) }

// A CHAT that was answered 0 is shown to the other side. Where it was not the customer who ended the
// conversation, the last texts may rightly be left; and a text that was shown damaged stands for one
// that seems to be missing. The answer of sendAsync says nothing.
func acceptedTextsAreShown(c *chat, n *cases) {
	r := c.account()
	if r == nil || c.o.Setup.Async {
		return
	}
	seen, missing := shown(r), int64(0)
	for _, seq := range c.sends(aicc.OK) {
		if r.Ended != "customer" && (len(seen) == 0 || seq >= slices.Max(seen)) {
			continue
		}
		n.Opportunities++
		if !slices.Contains(seen, seq) {
			missing++
		}
	}
	n.Violations += max(missing-int64(garbled(r)), 0)
}

// What the customer said one after the other is shown to the other side in this order, and once.
func shownInOrder(c *chat, n *cases) {
	if r := c.account(); r != nil {
		seen := shown(r)
		for k, seq := range seen {
			n.judge(k == 0 || seq > slices.Max(seen[:k]))
		}
	}
}

// A text is shown to the other side as the customer wrote it.
func shownUnchanged(c *chat, n *cases) {
	if r := c.account(); r != nil {
		n.Opportunities += int64(len(shown(r)) + garbled(r))
		n.Violations += int64(garbled(r))
	}
}

// A CHAT that the demo would send is answered 0 in a running conversation, while robot or agent are on
// the line. That it was running is known when a later text was taken or a later poll brought nothing, or
// by the record.
func textsAreAccepted(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpSend, c.limit) {
		switch e := &c.events[i]; {
		case c.toSomebody(i) && e.Status == http.StatusInternalServerError:
			n.Opportunities++
			n.unsure(IndeterminateSend)
		case !c.asTheDemo(i):
		case c.wrongRequest(e):
			n.Opportunities++
			n.unsure(ClientFault)
		case e.Class == aicc.OK:
			n.judge(true)
		case e.Class == aicc.Fail:
			c.judgeRefusal(n, i)
		}
	}
}

func (c *chat) judgeRefusal(n *cases, i int) {
	switch ran, unsure := c.ranOn(i); {
	case unsure:
		n.Opportunities++
		n.unsure(IndeterminatePoll)
	case ran:
		n.judge(false)
	}
}

// asTheDemo reports whether place i is the answer to a text that the demo would send, from the
// tenant itself.
func (c *chat) asTheDemo(i int) bool {
	e := &c.events[i]
	return c.toSomebody(i) && e.Code != aicc.CodeFlowControl && toTheCall(e)
}

// toSomebody reports whether place i is the end of a text that the demo would send, with somebody there
// to take it. A tenant may count the 1 K that a text may have in bytes.
func (c *chat) toSomebody(i int) bool {
	e := &c.events[i]
	text := e.Kind == trace.Return && e.Op == aicc.OpSend && e.Chars <= aicc.MaxDemoText && e.Bytes <= 1000
	return text && c.onTheLine(i)
}

// onTheLine reports whether somebody was there to take a text at place i. An agent is from its CHAT on,
// the robot until the customer waits for an agent; nobody is while that lasts, nor after a word of the
// system.
func (c *chat) onTheLine(i int) bool {
	agent := func(k int) bool { return c.chatFrom(aicc.FromAgent, k) }
	waits := func(k int) bool {
		return c.queueing(k) || c.events[k].Kind == trace.Invoke && c.events[k].Op == aicc.OpTransfer
	}
	speaks := c.last(i, func(k int) bool {
		waited := c.last(k, waits)
		robot := c.chatFrom(aicc.FromRobot, k) && (waited < 0 || waited < c.last(k, agent))
		return !waits(k) && (agent(k) || robot)
	})
	leaves := c.last(i, func(k int) bool { return waits(k) || c.fromSystem(k) })
	return speaks > leaves
}

// toTheCall reports whether an answer is about the call, and not about its tokens, its rate or the
// state of a gateway.
func toTheCall(e *trace.Event) bool {
	refused := e.Status >= 400 && e.Status < 500 && e.Status != http.StatusUnauthorized && e.Status != http.StatusTooManyRequests
	return refused || e.Status == http.StatusOK && e.Shape == "" && !e.NoBody
}

// ranOn reports whether the conversation went on after the refusal at place i: what comes first, a
// text that was sent later and taken, a poll that brought nothing though a hang-up would have been told by
// then, the record, or a DISCONNECT. A poll that was given up may have taken the DISCONNECT.
func (c *chat) ranOn(i int) (ran, unsure bool) {
	latest := c.at(i)
	for k := i + 1; k < c.end; k++ {
		switch e := &c.events[k]; {
		case e.Kind == trace.Deliver && e.Message.ControlType == aicc.Disconnect && c.connectState(k) == connected:
			return false, false
		case c.record != nil && k == c.settled:
			return !c.record.HungUp && (c.record.Ended == "" || c.record.Ended == "customer"), false
		case c.asTheDemo(k) && e.Class == aicc.OK && e.Started >= c.at(i):
			return true, false
		case c.asTheDemo(k) && e.Class == aicc.Fail:
			latest = e.At
		case c.nothingWaits(k) && e.Started >= latest+c.o.DisconnectWithin:
			return true, c.missedSome(k)
		}
	}
	return false, false
}

// nothingWaits reports whether place i is the answer to the customer's poll that brought nothing, before
// it hung up.
func (c *chat) nothingWaits(i int) bool {
	e := &c.events[i]
	return e.Kind == trace.Return && e.Op == aicc.OpPoll && e.Class == aicc.OK && e.Count == 0 && !e.Probe && !c.leaving(i)
}
