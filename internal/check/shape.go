package check

import (
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// maxClockOff is by how much a timestamp may differ from the time at which its message came. It is
// wide because nobody promises that clocks agree, and narrow enough for seconds and time zones.
const maxClockOff = time.Hour

// protocol judges status and result code of an answer (SHP-03, SHP-04).
func (s *Session) protocol(e *trace.Event) {
	if e.Status == 0 {
		return
	}
	s.met(shp04)
	switch e.Status {
	case http.StatusOK, http.StatusBadRequest, http.StatusUnauthorized, http.StatusNotFound, http.StatusInternalServerError:
	default:
		s.failAnswer(shp04, e, "HTTP status "+itoa(e.Status)+" is not documented")
	}
	if e.Status != http.StatusOK || e.Shape != "" || e.Code == "" || !hasCodes(e.Op) {
		return
	}
	s.met(shp03)
	if !aicc.Documented(e.Op, e.Code) {
		s.failAnswer(shp03, e, "result code "+clip(e.Code)+" is not documented for "+e.Op.String())
	}
}

// hasCodes reports whether the page of a call has a table of codes; that of poll says 0, which is
// POL-01's.
func hasCodes(op aicc.Op) bool {
	switch op {
	case aicc.OpApply, aicc.OpConnect, aicc.OpSend, aicc.OpTransfer, aicc.OpDisconnect,
		aicc.OpQueue, aicc.OpUpload, aicc.OpDownload, aicc.OpLeave:
		return true
	}
	return false
}

func (s *Session) failAnswer(id rule, e *trace.Event, what string) {
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			did(e.Started, "%s %d sent", e.Op, e.ID),
			came(e.At, "%s %d answered with HTTP %d, code %q", e.Op, e.ID, e.Status, clip(e.Code)),
		}}
	}})
}

// described judges a message by what the page of the message object says (SHP-05 to SHP-13), and
// what must be true of any message (DEL-07, DEL-08, POL-05, POL-06).
func (s *Session) described(e *trace.Event) {
	m := e.Message
	s.addressed(e)
	s.met(shp06)
	if what := undocumented(m); what != "" {
		s.failMessage(shp06, e, what)
	}
	if m.ControlType == aicc.Chat {
		s.chatShape(e)
	}
	s.flags(e)
	s.met(del08)
	if m.SourceType == aicc.FromCustomer || m.SourceType == "USER" {
		s.failMessage(del08, e, "the customer got a message from "+m.SourceType)
	}
	s.sameCode(e)
	s.receipt(e)
	s.localFile(e)
}

// addressed judges channel, from and to (SHP-05).
func (s *Session) addressed(e *trace.Event) {
	m, channel := e.Message, s.opts().Setup.Channel
	s.met(shp05)
	switch {
	case m.Channel != "" && m.Channel != aicc.ChannelWeb:
		s.failMessage(shp05, e, "a message is of channel "+clip(m.Channel))
	case m.To != "" && s.conv.user != "" && string(m.To) != s.conv.user:
		s.failMessage(shp05, e, "a message is for user "+clip(string(m.To)))
	case m.From != "" && channel != "" && string(m.From) != channel:
		s.failMessage(shp05, e, "a message is from "+clip(string(m.From))+" and not from the channel")
	}
}

// undocumented names a type of the message that no page lists, or is "".
func undocumented(m *aicc.Downlink) string {
	switch m.ControlType {
	case "":
		return "there is no controlType"
	case aicc.Chat, aicc.Disconnect, aicc.Read, aicc.Connect, aicc.Transfer:
	default:
		return "controlType " + clip(m.ControlType) + " is not documented"
	}
	switch m.SourceType {
	case "", aicc.FromAgent, aicc.FromRobot, aicc.FromSystem, aicc.FromCustomer, "USER": // the last two are DEL-08's
	default:
		return "sourceType " + clip(m.SourceType) + " is not documented"
	}
	if m.ControlType == aicc.Chat && m.SourceType == "" {
		return "there is no sourceType"
	}
	switch m.MediaType {
	case "", aicc.Text, aicc.Image, aicc.Video, aicc.Audio, aicc.Locate, aicc.Document:
		return ""
	}
	if m.ControlType != aicc.Chat {
		return ""
	}
	return "mediaType " + clip(m.MediaType) + " is not documented"
}

// chatShape judges a CHAT (SHP-07, -08, -10, -11).
func (s *Session) chatShape(e *trace.Event) {
	m := e.Message
	switch m.MediaType {
	case aicc.Text:
		s.met(shp08)
		if m.NullContent {
			s.failMessage(shp08, e, "a text has no content")
		}
		s.textLength(e)
	case "":
		s.textLength(e)
	case aicc.Locate:
		s.met(shp11)
		if !aicc.IsLocation(m.Content) {
			s.failMessage(shp11, e, "a location has no coordinates")
		}
	}
	if m.SourceType == aicc.FromAgent {
		s.met(shp10)
		if m.SenderNickname == "" {
			s.failMessage(shp10, e, "an agent has no name")
		}
	}
}

func (s *Session) textLength(e *trace.Event) {
	s.met(shp07)
	content := e.Message.Content
	if len(content) <= aicc.MaxDownText {
		return // characters are not fewer than bytes
	}
	if n := utf8.RuneCountInString(content); n > aicc.MaxDownText {
		s.failMessage(shp07, e, "a text has "+itoa(n)+" characters")
	}
}

// flags judges queueFlag and isOfflineStatus (SHP-12, SHP-13, DSC-08).
func (s *Session) flags(e *trace.Event) {
	m := e.Message
	if m.QueueFlag != "" {
		s.met(shp12)
		if m.QueueFlag != "Y" {
			s.failMessage(shp12, e, "queueFlag is "+clip(string(m.QueueFlag)))
		}
	}
	switch {
	case m.ControlType != aicc.Disconnect:
		s.met(shp13)
		if m.IsOffline != "" {
			s.failMessage(shp13, e, "isOfflineStatus is "+clip(string(m.IsOffline))+" on a message that is no DISCONNECT")
		}
	case m.IsOffline == "true":
		s.met(dsc08)
		if m.Content == "" {
			s.failMessage(dsc08, e, "a DISCONNECT says that the conversation is parked, and has no tip")
		}
	}
}

func (s *Session) failMessage(id rule, e *trace.Event, what string) {
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		m := e.Message
		return story{sentence: what, events: []WitnessEvent{
			did(s.poll.started, "poll %d sent", e.ID),
			came(e.At, "poll %d delivered %s %s from %s: %q", e.ID, m.ControlType, m.MediaType, m.SourceType, clip(m.Content)),
		}}
	}})
}

// receipt judges a read receipt (POL-05, POL-06).
func (s *Session) receipt(e *trace.Event) {
	read := e.Message.ControlType == aicc.Read
	if s.opts().Foreign {
		return // nobody knows what it asked for, and which ids it gave
	}
	if !s.opts().Setup.Read {
		s.met(pol05)
		if read {
			s.failMessage(pol05, e, "a read receipt came that nobody asked for")
		}
		return
	}
	if read {
		s.readBy(e)
	}
}

func (s *Session) readBy(e *trace.Event) {
	var before []string // receipts may repeat what others have said, but not themselves
	for id := range ids(e.Message.Content) {
		s.met(pol06)
		switch {
		case slices.Contains(before, id):
			s.failMessage(pol06, e, "a receipt names "+clip(id)+" twice")
		case !s.ours(id):
			s.failMessage(pol06, e, "a receipt names "+clip(id)+", which this customer has not sent")
		}
		before = append(before, id)
	}
}

// ours reports whether this customer has sent a message with that id.
func (s *Session) ours(id string) bool {
	session, epoch, seq, ok := marker.ParseID(id)
	switch {
	case !ok || session != int(s.index) || epoch > s.conv.epoch:
		return false
	case epoch == s.conv.epoch:
		return seq < int(s.conv.sent)
	}
	return true
}

// stamped judges a message's timestamp (SHP-09) and their order (ORD-02).
func (s *Session) stamped(e *trace.Event, foreign bool) {
	if e.Message.Timestamp == "" {
		return
	}
	s.met(shp09)
	ms, ok := s.shard.c.plausible(e)
	if !ok {
		s.failMessage(shp09, e, "timestamp "+clip(string(e.Message.Timestamp))+" is no time of now in milliseconds")
		return
	}
	if foreign {
		return
	}
	highest, since := s.conv.stamp, s.conv.stampPoll
	if ms > highest {
		s.conv.stamp, s.conv.stampPoll = ms, s.poll.started
	}
	if highest == 0 {
		return
	}
	s.met(ord02)
	switch {
	case ms >= highest:
	case s.exposedUntil >= since:
		s.unsure(ord02, IndeterminatePoll, 1) // it may have been put back
	default:
		s.failBack(e, highest-ms)
	}
}

// plausible is the timestamp of a message, and whether it can be one: milliseconds that are more
// than 0 and, where the time is known, not far from now.
func (c *Checker) plausible(e *trace.Event) (ms int64, ok bool) {
	ms, ok = millis(e.Message)
	if !ok || ms <= 0 || !c.clock.known {
		return ms, ok && ms > 0
	}
	off := ms - c.clock.milli(e.At)
	return ms, max(off, -off) <= maxClockOff.Milliseconds()
}

// clock tells the time of day of a run's times: quicker than [time.Time.Add].
type clock struct {
	known bool
	zero  int64         // milliseconds since 1970 when the run's clock was zero
	rest  time.Duration // and below a millisecond
}

func newClock(start time.Time) clock {
	return clock{known: !start.IsZero(), zero: start.UnixMilli(), rest: time.Duration(start.Nanosecond()) % time.Millisecond}
}

// milli is a time of the run in milliseconds since 1970, rounded down.
func (c *clock) milli(at time.Duration) int64 {
	if at += c.rest; at < 0 {
		at -= time.Millisecond - 1
	}
	return c.zero + at.Milliseconds()
}

// millis is the message's Millis, and quicker at reading nothing but digits: every message has them.
func millis(m *aicc.Downlink) (ms int64, ok bool) {
	const most = 18 // digits that cannot overflow
	if n := len(m.Timestamp); n == 0 || n > most {
		return m.Millis()
	}
	for _, c := range []byte(m.Timestamp) {
		if c -= '0'; c > 9 {
			return m.Millis()
		}
		ms = ms*10 + int64(c)
	}
	return ms, true
}

func (s *Session) failBack(e *trace.Event, by int64) {
	s.fail(finding{rule: ord02, count: 1, extent: by, at: e.At, tell: func() story {
		return story{sentence: "a timestamp goes back by " + itoa(int(by)) + " ms", events: []WitnessEvent{
			did(s.conv.begun, "conversation %d begins; the highest timestamp so far is %d", s.conv.epoch, s.conv.stamp),
			came(e.At, "poll %d delivered a message from %s with timestamp %s", e.ID, e.Message.SourceType, clip(string(e.Message.Timestamp))),
		}}
	}})
}
