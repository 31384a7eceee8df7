package check

import (
	"net/http"
	"slices"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

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
	if e.Kind != trace.Return || e.Status != http.StatusOK || e.NoBody {
		return
	}
	n.Opportunities++
	if e.Shape != "" {
		n.Violations++
	}
}

// An answer's result code is one that the call's page lists, or one of the engine or of flow control.
func codesAreDocumented(c *chat, n *cases) {
	listed := []aicc.Op{aicc.OpApply, aicc.OpConnect, aicc.OpSend, aicc.OpTransfer, aicc.OpDisconnect, aicc.OpQueue,
		aicc.OpUpload, aicc.OpDownload, aicc.OpLeave}
	for i := c.begin; i < c.limit; i++ {
		e := &c.events[i]
		whole := e.Kind == trace.Return && e.Status == http.StatusOK && e.Shape == ""
		if whole && e.Code != "" && slices.Contains(listed, e.Op) {
			n.judge(aicc.Documented(e.Op, e.Code))
		}
	}
}

// An answer has HTTP status 200, 400, 401, 404 or 500.
func statusesAreDocumented(c *chat, n *cases) {
	for i := c.begin; i < c.limit; i++ {
		if e := &c.events[i]; e.Kind == trace.Return && e.Status != 0 {
			n.judge(slices.Contains([]int{200, 400, 401, 404, 500}, e.Status))
		}
	}
}

// judgeEach judges those messages of the conversation that a rule is about.
func (c *chat) judgeEach(n *cases, about, holds func(m *aicc.Downlink) bool) {
	for _, i := range c.delivered(c.limit) {
		if m := c.events[i].Message; about(m) {
			n.judge(holds(m))
		}
	}
}

func everyOne(*aicc.Downlink) bool { return true }
func isChat(m *aicc.Downlink) bool { return m.ControlType == aicc.Chat }

// A message has channel WEB, the customer's userId in to and the channel's configuration id in from,
// as far as they are there.
func addressedToTheCustomer(c *chat, n *cases) {
	user, channel := aicc.Loose(c.events[c.begin].User), aicc.Loose(c.o.Setup.Channel)
	agree := func(said, known aicc.Loose) bool { return said == "" || known == "" || said == known }
	c.judgeEach(n, everyOne, func(m *aicc.Downlink) bool {
		return agree(aicc.Loose(m.Channel), aicc.ChannelWeb) && agree(m.To, user) && agree(m.From, channel)
	})
}

// controlType, sourceType and the mediaType of a CHAT are among those that the page lists.
func typesAreDocumented(c *chat, n *cases) {
	control := []string{"CHAT", "DISCONNECT", "READ", "CONNECT", "TRANS2AGENT"}
	source := []string{"", "AGENT", "ROBOT", "SYSTEM", "CUSTOMER", "USER"}
	media := []string{"", "TEXT", "IMAGE", "VIDEO", "AUDIO", "LOCATE", "DOCUMENT"}
	c.judgeEach(n, everyOne, func(m *aicc.Downlink) bool {
		return slices.Contains(control, m.ControlType) && slices.Contains(source, m.SourceType) &&
			(!isChat(m) || slices.Contains(media, m.MediaType) && m.SourceType != "")
	})
}

// The content of a CHAT of text has at most 500 characters.
func textsAreShort(c *chat, n *cases) {
	text := func(m *aicc.Downlink) bool { return isChat(m) && (m.MediaType == aicc.Text || m.MediaType == "") }
	c.judgeEach(n, text, func(m *aicc.Downlink) bool { return utf8.RuneCountInString(m.Content) <= 500 })
}

// The content of a CHAT of mediaType TEXT is not null.
func textsHaveContent(c *chat, n *cases) {
	text := func(m *aicc.Downlink) bool { return isChat(m) && m.MediaType == aicc.Text }
	c.judgeEach(n, text, func(m *aicc.Downlink) bool { return !m.NullContent })
}

// A timestamp, where there is one, counts milliseconds since 1970 and is within an hour of the time
// the message came.
func timestampsAreOfNow(c *chat, n *cases) {
	for _, i := range c.delivered(c.limit) {
		if e := &c.events[i]; e.Message.Timestamp != "" {
			n.judge(c.timely(e))
		}
	}
}

// A CHAT from AGENT carries a senderNickname.
func agentsHaveNames(c *chat, n *cases) {
	fromAgent := func(m *aicc.Downlink) bool { return isChat(m) && m.SourceType == aicc.FromAgent }
	c.judgeEach(n, fromAgent, func(m *aicc.Downlink) bool { return m.SenderNickname != "" })
}

// The content of LOCATE has latitude and longitude.
func locationsHaveCoordinates(c *chat, n *cases) {
	located := func(m *aicc.Downlink) bool { return isChat(m) && m.MediaType == aicc.Locate }
	c.judgeEach(n, located, func(m *aicc.Downlink) bool { return aicc.IsLocation(m.Content) })
}

// queueFlag is Y or nothing.
func queueFlagIsYes(c *chat, n *cases) {
	flagged := func(m *aicc.Downlink) bool { return m.QueueFlag != "" }
	c.judgeEach(n, flagged, func(m *aicc.Downlink) bool { return m.QueueFlag == "Y" })
}

// isOfflineStatus is set on DISCONNECT and on nothing else.
func onlyDisconnectIsOffline(c *chat, n *cases) {
	other := func(m *aicc.Downlink) bool { return m.ControlType != aicc.Disconnect }
	c.judgeEach(n, other, func(m *aicc.Downlink) bool { return m.IsOffline == "" })
}
