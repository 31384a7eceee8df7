package check

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

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
		case e.Kind == trace.Begin && b.o.Foreign:
			n = 0 // those of another page are gone
		case e.Op != aicc.OpPoll:
		case e.Kind == trace.Invoke:
			n++
		case e.Kind == trace.Return:
			n = max(n-1, 0)
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

// A client downloads each media message that the demo would, exactly once. A file may be downloaded
// once more for each time that a probe brought it, and for each download of it that was answered 401.
// In a conversation that was cut off there may have been no time. A file that nothing has announced
// so far is downloaded wrongly.
func oneDownloadEach(c *chat, n *cases) {
	type fate struct {
		owed, allowed, made int
		told                time.Duration
	}
	stray := &fate{}
	files := map[string]*fate{}
	of := func(id string) *fate {
		if f := files[strings.TrimPrefix(id, "local/")]; f != nil {
			return f
		}
		return stray
	}
	for i := c.begin; i < c.end; i++ {
		e := &c.events[i]
		download := e.Op == aicc.OpDownload && !e.Probe && e.FileID != ""
		switch {
		case e.Kind == trace.Deliver && isMedia(e.Message) && e.Message.Content != "":
			f := of(e.Message.Content)
			shows, probe := downloadable(e.Message), c.broughtBy(i).Probe
			if f == stray && (shows || c.o.Foreign) {
				f = &fate{}
				files[strings.TrimPrefix(e.Message.Content, "local/")] = f
			}
			switch {
			case shows && !probe:
				n.Opportunities++
				f.owed++
			case shows || c.o.Foreign:
				f.allowed++
			}
			f.told = e.At
		case download && e.Kind == trace.Invoke:
			of(e.FileID).made++
		case download && e.Kind == trace.Return && e.Status == http.StatusUnauthorized:
			of(e.FileID).allowed++
		case download && e.Kind == trace.Return && c.o.Foreign && e.Class != aicc.OK && !e.NoBody:
			of(e.FileID).allowed++ // it may try again
		}
	}
	if c.o.Foreign {
		stray = &fate{} // it may show what it knows from elsewhere
	}
	for _, f := range append(slices.Collect(maps.Values(files)), stray) {
		switch {
		case f.made > f.owed+f.allowed && !c.missedABody(c.end), f.made < f.owed && c.o.Foreign && c.hadTime(n, f.told),
			f.made < f.owed && !c.o.Foreign && !c.cut:
			n.Violations++
		}
	}
}

// Between two queue queries lie 10 s, unless a message with queueFlag came; after a code other than
// 0 there is none. After a 401 the same query is sent again.
func queueIsAskedSlowly(c *chat, n *cases) {
	before := -1
	for _, i := range c.invoked(aicc.OpQueue, c.limit) {
		if c.events[i].Probe {
			continue
		}
		answer := c.last(i, func(a int) bool {
			e := &c.events[a]
			return before >= 0 && e.Kind == trace.Return && e.Op == aicc.OpQueue && e.ID == c.events[before].ID
		})
		flagged := c.last(i, func(a int) bool {
			return a > before && c.events[a].Kind == trace.Deliver && c.events[a].Message.Queueing()
		})
		switch {
		case before < 0 || answer >= 0 && c.events[answer].Status == http.StatusUnauthorized:
		case c.o.Foreign && (len(c.signsOfQueueing(i)) > 1 || c.missedABody(i)): // it may have several timers
		case answer >= 0 && c.events[answer].Status == http.StatusOK && c.events[answer].Code != aicc.CodeOK && c.events[answer].Code != "":
			n.judge(flagged >= 0)
		case c.o.Foreign:
			n.judge(flagged >= 0 || c.at(i)-c.at(before) >= 9*time.Second)
		default:
			n.judge(flagged >= 0 || c.at(i)-c.at(before) >= 10*time.Second)
		}
		before = i
	}
}

// signsOfQueueing lists the messages before place i that say that the customer queues.
func (c *chat) signsOfQueueing(i int) []int {
	return slices.DeleteFunc(c.delivered(i), func(k int) bool { return !c.events[k].Message.Queueing() })
}

// ended is how the conversation ended for a customer of chatbench's that was still in touch with the
// tenant, in a run that was not stopped. A judged client ended as it is told.
func (c *chat) ended() trace.Ended {
	if c.end == c.limit {
		return ""
	}
	answer := c.last(c.end, func(k int) bool { return c.events[k].Kind == trace.Return })
	if !c.o.Foreign && (c.aborted != "" || answer >= 0 && c.events[answer].Status == 0) {
		return ""
	}
	return c.events[c.end].Ended
}

// leftOpen enters a case that the conversation of a judged client was cut off before.
func (c *chat) leftOpen(n *cases, open bool) {
	if c.o.Foreign && c.cut && open {
		n.unsure(c.undecided())
	}
}

// A conversation that the other side did not end ends with the client's DISCONNECT. One that nobody
// has seen may have come.
func customersHangUp(c *chat, n *cases) {
	ended, over := c.ended(), c.leaving(c.end) || len(c.handled(c.end)) > 0
	running := c.connectState(c.end) == connected
	if (ended == trace.ByCustomer || ended == trace.GaveUp) && running && (over || !c.missedABody(c.end)) {
		n.judge(over)
	}
	c.leftOpen(n, running && !over)
}

// A conversation whose CONNECT was refused ends with doLeaveMessage.
func turnedAwayLeaveAMessage(c *chat, n *cases) {
	left := len(c.invoked(aicc.OpLeave, c.end)) > 0
	if c.ended() == trace.NoConnect {
		n.judge(left)
	}
	refused := slices.ContainsFunc(c.invoked(aicc.OpConnect, c.end), func(i int) bool { return c.at(i) > c.at(c.begin) })
	c.leftOpen(n, c.connectState(c.end) == apart && refused && !left)
}
