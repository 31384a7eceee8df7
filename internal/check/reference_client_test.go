package check

import (
	"net/http"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// missedABody reports whether a judged client was told something before place i that the events do not
// show: a body was not kept, or the conversation was joined midway.
func (c *chat) missedABody(i int) bool {
	if !c.o.Foreign {
		return false
	}
	return c.events[c.begin].Midway || slices.ContainsFunc(c.returned(aicc.OpPoll, i), func(k int) bool { return c.events[k].NoBody })
}

// hadTime reports whether a judged client had more than the time to react between being told something
// and the end of the conversation, which its own DISCONNECT may have been.
func (c *chat) hadTime(n *cases, told time.Duration) bool {
	last := c.at(c.end)
	if done := c.releases(c.end); len(done) > 0 {
		last = min(last, c.at(done[0]))
	}
	if last-told <= c.o.React {
		c.leftOpen(n, last == c.at(c.end))
	}
	return last-told > c.o.React
}

// releases lists the answers 0 to the client's own DISCONNECT before place i.
func (c *chat) releases(i int) []int {
	return slices.DeleteFunc(c.returned(aicc.OpDisconnect, i), func(k int) bool { return c.events[k].Class != aicc.OK })
}

// No CONNECT is refused with 401 because it carries no token of either kind. One of which nothing is
// known is no case, nor is one that was let in, or not answered: somebody in between may have added it.
func tokensBeforeConnect(c *chat, n *cases) {
	for _, i := range c.returned(aicc.OpConnect, c.limit) {
		e := &c.events[i]
		complete := e.Token > 0 && !e.NoAccess
		if e.Token != 0 && !e.Probe && (complete || e.Status == http.StatusUnauthorized) {
			n.judge(complete)
		}
	}
}

// A message with queueFlag that the demo shows demands a query of the queue at once, and an answer 0
// another one 10 s later, until an agent or the system says something else, or the conversation ends.
// It is neglected when more than the time to react has passed and no other exchange was under way
// that the client may have been waiting for; the end of such an exchange begins the time anew.
func queueIsAsked(c *chat, n *cases) {
	due, busy := never, 0
	settle := func(i int, at time.Duration, asked bool) {
		late := due != never && busy == 0 && at > due+c.o.React
		if due != never && (asked || late) {
			n.Opportunities++
		}
		if late {
			c.overdue(n, c.o.React, i)
		}
		due = never
	}
	for i := c.begin; i < c.end; i++ {
		e := &c.events[i]
		running := c.connectState(i+1) == connected && !c.leaving(i) && len(c.handled(i)) == 0
		switch {
		case e.Kind == trace.Deliver:
			m := e.Message
			human := m.SourceType == aicc.FromAgent || m.SourceType == aicc.FromSystem
			switch {
			case len(c.handled(i+1)) > len(c.handled(i)), human && !m.Queueing():
				settle(i, e.At, false)
			case m.Queueing() && running && !c.broughtBy(i).Probe && shownAsText(m):
				if due == never || due > e.At {
					due = e.At
				}
			}
		case e.Kind == trace.Return && e.Op == aicc.OpPoll && e.NoBody && c.o.Foreign:
			due = never
		case e.Kind == trace.Invoke && e.Op != aicc.OpPoll:
			if e.Op == aicc.OpQueue && !e.Probe {
				settle(i, e.At-e.Dial, true)
			}
			busy++
		case e.Kind == trace.Return && e.Op != aicc.OpPoll:
			busy = max(busy-1, 0)
			if due != never {
				due = max(due, e.At)
			}
			if e.Status == http.StatusUnauthorized {
				due = never
			}
			again := e.Op == aicc.OpQueue && e.Class == aicc.OK && e.Code == aicc.CodeOK && e.Shape == ""
			if again && running && !c.agentSpoke(i) && (due == never || due > e.At+10*time.Second) {
				due = e.At + 10*time.Second
			}
		}
	}
	c.leftOpen(n, due != never && (busy > 0 || c.at(c.end) <= due+c.o.React))
	settle(c.end, c.at(c.end), false)
}

// shownAsText reports whether the demo's order of branches ends with showing this message as a text.
func shownAsText(m *aicc.Downlink) bool {
	return m.SourceType != aicc.FromRobot && m.ControlType != aicc.Disconnect &&
		!slices.Contains([]string{aicc.Image, aicc.Audio, aicc.Video}, m.MediaType)
}

// agentSpoke reports whether an agent has spoken since the last sign of queueing, or wish for one.
func (c *chat) agentSpoke(i int) bool {
	again := func(k int) bool { return c.queueing(k) || c.acceptedTransfer(k) }
	return c.firstSince(i, again, func(k int) bool { return c.chatFrom(aicc.FromAgent, k) && !c.queueing(k) }) >= 0
}

// At the first message from AGENT the client asks once about click-to-call: it is wrong to ask before
// any came, to ask again unless the question was answered 401 (or, for a judged client, not at all),
// and not to ask in the customer's first conversation, where the message was not a probe's.
func supportIsAskedOnce(c *chat, n *cases) {
	for _, i := range c.undeclaredQuestions(c.limit) {
		before := c.undeclaredQuestions(i)
		repeat := c.last(i, func(k int) bool {
			e := &c.events[k]
			failed := e.Status == http.StatusUnauthorized || c.o.Foreign && e.Class == aicc.Info
			return e.Kind == trace.Return && e.Op == aicc.OpSupport && failed && (len(before) == 0 || k > before[len(before)-1])
		})
		told, due := c.agentTold(i)
		switch {
		case repeat >= 0:
		case len(before) > 0:
			n.judge(false)
		case !told && !c.missedABody(i):
			n.judge(false)
		default:
			n.judge(due == never || !c.o.Foreign || c.at(i)-c.events[i].Dial <= due+c.o.React)
		}
	}
	_, due := c.agentTold(c.end)
	asked := len(c.undeclaredQuestions(c.end)) > 0 || len(c.returned(aicc.OpSupport, c.end)) > 0
	if due == never || asked || c.cut && !c.o.Foreign || c.o.Foreign && !c.hadTime(n, due) {
		return
	}
	n.judge(false)
}

// undeclaredQuestions lists the questions about click-to-call before place i that are no probes.
func (c *chat) undeclaredQuestions(i int) []int {
	return slices.DeleteFunc(c.invoked(aicc.OpSupport, i), func(k int) bool { return c.events[k].Probe })
}

// agentTold reports whether a message from AGENT had come before place i, and since when the client
// should have asked, or never.
func (c *chat) agentTold(i int) (told bool, due time.Duration) {
	for _, k := range c.delivered(i) {
		if c.events[k].Message.SourceType != aicc.FromAgent {
			continue
		}
		told = true
		if c.epoch() == 0 && !c.broughtBy(k).Probe && !c.missedABody(k) {
			return true, c.at(k)
		}
	}
	return told, never
}

// replacement is the number of the user token that the client should have taken up before place i, and
// the place of the answer that brought it; 0 for none. Of two such answers to exchanges that overlap
// either may count; a token that was applied for ends the matter, and to be told again changes nothing.
func (c *chat) replacement(i int) (number, came int) {
	for k := c.begin; k < i; k++ {
		e := &c.events[k]
		switch {
		case e.Kind == trace.Return && e.Op == aicc.OpApply:
			if e.Class == aicc.OK {
				number = 0
			}
		case e.Kind != trace.Return || !e.NewToken || e.Got <= 0 || e.Got == number:
		case number != 0 && e.Started <= c.at(came):
			number = min(number, e.Got)
		default:
			number, came = e.Got, k
		}
	}
	return number, came
}

// carriesOld reports whether the exchange of place i is known to carry an older one.
func (c *chat) carriesOld(i int) bool {
	number, _ := c.replacement(i)
	return c.events[i].Token != 0 && number != 0 && c.events[i].Token < number
}

// After an answer that brought a new user token in its header no call carries an older one, but one
// that was on its way. Each replacement is judged once.
func replacementIsTakenUp(c *chat, n *cases) {
	judged := map[int]bool{}
	for i := c.begin; i < c.limit; i++ {
		e := &c.events[i]
		number, came := c.replacement(i)
		business := e.Kind == trace.Invoke && e.Op != aicc.OpToken && e.Op != aicc.OpApply && !e.Probe
		if !business || e.Token <= 0 || number == 0 || judged[came] {
			continue
		}
		if e.Token >= number || e.At-e.Dial > c.at(came)+c.o.Crossing {
			n.judge(e.Token >= number)
			judged[came] = true
		}
	}
}

// After a DISCONNECT that the demo handles the client sends nothing more to the other side, and after
// its own that was answered 0 no poll either. What it had decided to send before may be on its way.
func nothingIsSent(c *chat, n *cases) {
	if len(c.handled(c.limit)) > 0 || len(c.releases(c.limit)) > 0 {
		n.Opportunities++
	}
	said := []aicc.Op{aicc.OpSend, aicc.OpTransfer, aicc.OpUpload, aicc.OpQueue}
	for i := c.begin; i < c.limit; i++ {
		e := &c.events[i]
		if e.Kind != trace.Invoke || e.Probe {
			continue
		}
		drops, released := c.handled(i), c.releases(i)
		switch {
		case len(drops) > 0 && (slices.Contains(said, e.Op) || e.Op == aicc.OpDisconnect):
			if e.At-e.Dial > c.at(drops[0])+c.o.Crossing {
				n.Violations++
			} else if c.o.Foreign {
				n.unsure(Crossed)
			}
		case len(drops) == 0 && len(released) > 0 && (slices.Contains(said, e.Op) || e.Op == aicc.OpPoll):
			if e.At-e.Dial > c.at(released[0])+c.o.Crossing {
				n.Violations++
			}
		}
	}
}

// unmarked are the events as they are read of a judged client: texts have no markers, and there is no
// record.
func unmarked(events []trace.Event) []trace.Event {
	events = slices.Clone(events)
	for i := range events {
		e := &events[i]
		e.Mark, e.Marked = marker.Marker{}, marker.Absent
		if e.Kind == trace.Journal {
			e.Kind, e.Record = trace.Step, nil
		}
	}
	return events
}

// besides reports whether place k is the answer to a poll that was in flight together with another of
// its conversation.
func (b *book) besides(k int) bool {
	e := &b.events[k]
	if e.Kind != trace.Return || e.Op != aicc.OpPoll {
		return false
	}
	open := map[uint32]bool{} // whether they were in flight with another
	for i := range k {
		switch p := &b.events[i]; {
		case p.Kind == trace.Begin:
			clear(open)
		case p.Op == aicc.OpPoll && p.Kind == trace.Invoke:
			for id := range open {
				open[id] = true
			}
			open[p.ID] = len(open) > 0
		case p.Op == aicc.OpPoll && p.Kind == trace.Return:
			delete(open, p.ID)
		}
	}
	return open[e.ID]
}

// blame enters a violation by the message at place i, unless a judged client has had two polls in
// flight, so that nobody knows what came first.
func (c *chat) blame(n *cases, i int) {
	for k := i; k > c.begin; k-- {
		e := &c.events[k]
		if e.Kind != trace.Return || e.Op != aicc.OpPoll || e.ID != c.events[i].ID {
			continue
		}
		if c.o.Foreign && c.besides(k) {
			n.unsure(ClientFault)
			return
		}
		break
	}
	n.Violations++
}

// wrongRequest reports whether a refusal may be due to what a judged client asked for.
func (c *chat) wrongRequest(e *trace.Event) bool {
	return c.o.Foreign && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound)
}

// leavesOut reports whether the body of an answer was not kept that a rule would have looked into.
func (b *book) leavesOut(id string) bool {
	return slices.ContainsFunc(b.events, func(e trace.Event) bool { return e.NoBody && looksInto(id, e.Op) })
}

// looksInto reports whether a rule looks into the answers to a call: those about messages into polls,
// the others into what they are about.
func looksInto(id string, op aicc.Op) bool {
	poll := op == aicc.OpPoll
	switch id {
	case "TOK-01", "TOK-02":
		return op == aicc.OpToken
	case "TOK-03", "TOK-04", "TOK-05", "SHP-04", "SIM-01", "SIM-04", "SIM-09", "SIM-12", "MED-02", "MED-05",
		"SND-01", "SND-02", "SND-03", "DSC-04", "DSC-09", "DSC-10", "DSC-11": // statuses, times, tokens and the record
		return false
	case "SHP-02", "SHP-03":
		return !poll
	case "CON-02":
		return poll || op == aicc.OpQueue || op == aicc.OpConnect
	case "SND-04", "ROB-03":
		return poll || op == aicc.OpSend
	case "QUE-01", "QUE-03":
		return op == aicc.OpQueue
	case "QUE-02", "QUE-04", "SIM-06", "SIM-10":
		return poll || op == aicc.OpQueue
	case "HND-01":
		return poll || op == aicc.OpQueue || op == aicc.OpTransfer
	case "MED-01":
		return poll || op == aicc.OpDownload
	case "MED-03", "MED-04":
		return op == aicc.OpUpload
	case "SIM-02", "SIM-08":
		return op == aicc.OpConnect
	case "SIM-07":
		return poll || op == aicc.OpConnect
	case "SIM-13":
		return poll || op == aicc.OpDisconnect
	}
	return poll
}
