package check

import (
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// maxSeq bounds the numbers a stream takes: nobody says more in a conversation.
const maxSeq = 1 << 30

// maxJump bounds by how much a number may be ahead: nobody loses so many messages at once.
const maxJump = 1 << 16

// identify judges what the marker of a message says (DEL-01, -02, -03, -06, DSC-05) and enters the
// message into its sender's stream. It reports whether the message belongs elsewhere: to another
// run, customer or conversation, other than one that may be going on.
func (s *Session) identify(e *trace.Event) (foreign bool) {
	switch {
	case e.Marked == marker.Absent, s.opts().Foreign: // a judged client's texts have no markers of this run
		s.unmarked(e)
		return false
	case e.Marked == marker.Damaged:
		s.damaged(e)
		return false
	}
	s.shard.markers = true
	s.met(del06)
	if id, wrong := s.misplaced(&e.Mark); wrong {
		switch {
		case id == dsc05 && s.mayGoOn(e.Mark.Epoch):
			s.unsure(dsc05, IndeterminateSend, 1)
			return false
		case id < ruleCount:
			s.failForeign(id, e)
		}
		return true
	}
	if e.Mark.Sender == marker.Customer {
		s.echo(e)
	} else {
		s.numbered(e)
	}
	return false
}

// misplaced reports whether the marker names another run, customer or conversation, and which rule
// that breaks: ruleCount for none, which is what is left of a conversation before the next CONNECT.
func (s *Session) misplaced(m *marker.Marker) (id rule, wrong bool) {
	if !s.ourRun(m) {
		s.met(del01)
		return del01, true
	}
	s.met(del02)
	if m.Session != int(s.index) {
		return del02, true
	}
	epoch, parked := s.conv.epoch, s.rare.parked
	again := epoch > 0 && s.conv.connect.state == connected
	if again && m.Epoch > parked {
		s.met(dsc05)
	}
	switch {
	case m.Epoch < epoch && (!again || m.Epoch <= parked):
		return ruleCount, true
	case m.Epoch < epoch:
		return dsc05, true
	case m.Epoch > epoch:
		s.met(del01)
		return del01, true
	}
	return 0, false
}

func (s *Session) ourRun(m *marker.Marker) bool {
	return s.opts().Run == 0 || m.Run == s.opts().Run
}

func (s *Session) failForeign(id rule, e *trace.Event) {
	m := e.Mark
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		var what string
		switch {
		case !s.ourRun(&m):
			what = "a message of another run was delivered"
		case id == del02:
			what = "a message for customer " + itoa(m.Session) + " was delivered"
		case id == dsc05:
			what = "a message of conversation " + itoa(m.Epoch) + " was delivered"
		default:
			what = "a message of conversation " + itoa(m.Epoch) + ", which has not begun, was delivered"
		}
		return story{sentence: what, events: []WitnessEvent{
			did(s.conv.begun, "conversation %d begins", s.conv.epoch),
			came(e.At, "poll %d delivered %s message %d of customer %d, conversation %d",
				e.ID, senderName(m.Sender), m.Seq, m.Session, m.Epoch),
		}}
	}})
}

// numbered enters a message of this conversation into its sender's stream.
func (s *Session) numbered(e *trace.Event) {
	m, st := &e.Mark, s.streams.open(e.Mark.Sender, s.conv.begun)
	if m.Seq >= min(maxSeq, int(st.next)+maxJump) {
		s.met(del01)
		s.failInvented(e)
		return
	}
	s.met(del03)
	st.fin = st.fin || m.Fin
	if st.next > 0 {
		s.met(ord01)
	}
	switch st.see(s.sighting(e), s.poll.started, s.exposedUntil) {
	case first:
		s.causal(st, e)
	case repeated:
		s.failRepeated(st.top(), e)
	case unclear:
		s.unsure(ord01, WindowOverflow, 1)
		s.unsure(del03, WindowOverflow, 1)
	}
	if len(st.gaps()) > 0 {
		s.spill(st)
	}
}

// spill settles the gaps that the stream can no longer keep.
func (s *Session) spill(st *stream) {
	window := uint32(s.opts().Window)
	for g, ok := st.spill(window); ok; g, ok = st.spill(window) {
		s.settleSpilled(st.sender, &g)
	}
}

// echo judges a text of the customer's own that came back. It is no message of a numbered stream:
// a robot may quote one text in two messages.
func (s *Session) echo(e *trace.Event) {
	m, c := &e.Mark, &s.conv
	s.met(del01)
	if m.Seq >= maxSeq || m.Seq >= int(c.sent) {
		s.failInvented(e)
		return
	}
	s.unmarked(e)
	if x := s.sending(m.Seq); x != nil {
		*x |= wasEchoed
	}
	last := int(s.rare.echoed) - 1
	if last >= 0 {
		s.met(ord03)
		if m.Seq < last {
			s.failCause(e, "message "+itoa(m.Seq)+" was echoed after message "+itoa(last))
		}
	}
	s.rarely().echoed = int32(max(last, m.Seq) + 1)
}

// causal judges what a sender's newest message answers (ORD-03).
func (s *Session) causal(st *stream, e *trace.Event) {
	cause := e.Mark.Cause
	if cause < 0 {
		return
	}
	s.met(ord03)
	switch {
	case cause >= int(s.conv.sent):
		s.failCause(e, "it names the customer's message "+itoa(cause)+", which was not said yet")
	case cause < int(st.cause):
		s.failCause(e, "it names the customer's message "+itoa(cause)+", and one before it named "+itoa(int(st.cause)))
	}
	if cause < maxSeq {
		st.cause = max(st.cause, int32(cause))
	}
}

func (s *Session) failCause(e *trace.Event, what string) {
	m, sent := e.Mark, s.conv.sent
	s.fail(finding{rule: ord03, count: 1, at: e.At, tell: func() story {
		return story{sentence: "an answer came before its question: " + what, events: []WitnessEvent{
			did(s.conv.begun, "conversation %d begins; the customer has said %d texts by now", s.conv.epoch, sent),
			came(e.At, "poll %d delivered %s message %d: %s", e.ID, senderName(m.Sender), m.Seq, what),
		}}
	}})
}

func (s *Session) sighting(e *trace.Event) sighting {
	return sighting{seq: uint32(e.Mark.Seq), poll: e.ID, at: e.At}
}

func (s *Session) failInvented(e *trace.Event) {
	m, sent := e.Mark, s.conv.sent
	s.fail(finding{rule: del01, count: 1, at: e.At, tell: func() story {
		last := did(s.conv.begun, "conversation %d begins; the customer has said nothing", s.conv.epoch)
		if sent > 0 {
			last = did(s.conv.begun, "conversation %d begins; the customer's last message so far is %d", s.conv.epoch, sent-1)
		}
		return story{
			sentence: senderName(m.Sender) + " message " + itoa(m.Seq) + " was delivered, and nobody had said it",
			events:   []WitnessEvent{last, came(e.At, "poll %d delivered %s message %d", e.ID, senderName(m.Sender), m.Seq)},
		}
	}})
}

func (s *Session) failRepeated(before sighting, e *trace.Event) {
	m := e.Mark
	s.fail(finding{rule: del03, count: 1, extent: int64(before.seq) - int64(m.Seq), at: e.At, tell: func() story {
		name, earlier := senderName(m.Sender), came(before.at, "poll %d delivered it", before.poll)
		if int(before.seq) != m.Seq {
			earlier = came(before.at, "poll %d delivered %s message %d; %d had been delivered by then",
				before.poll, name, before.seq, m.Seq)
		}
		return story{
			sentence: name + " message " + itoa(m.Seq) + " was delivered twice",
			events:   []WitnessEvent{earlier, came(e.At, "poll %d delivered %s message %d again", e.ID, name, m.Seq)},
		}
	}})
}

// damaged judges a message whose marker or text was changed (DEL-06). It must not count as lost as
// well, so it takes the place its number names where that is the next or a missing one. Any other
// number may itself be wrong: then the message stands for one that will seem to be missing.
func (s *Session) damaged(e *trace.Event) {
	s.shard.markers = true
	m := &e.Mark
	if !excused(e) {
		s.met(del06)
		s.failDamaged(e)
	}
	if !s.ourRun(m) || m.Session != int(s.index) || m.Epoch != s.conv.epoch || m.Sender == marker.Customer {
		return
	}
	switch st := s.streams.open(m.Sender, s.conv.begun); {
	case m.Seq == int(st.next):
		st.see(s.sighting(e), s.poll.started, s.exposedUntil)
	case m.Seq < int(st.next):
		st.fill(uint32(m.Seq))
	default:
		s.rarely().unplaced++
	}
}

// excused reports whether a damaged text breaks no promise. One that reaches the documented limit may
// have been cut there: it counts "characters", which may be UTF-16 units, and where it counts bytes,
// the last character may not have fitted. An echo may quote the beginning, if it says so with an
// ellipsis or the whole of it would be over the limit.
func excused(e *trace.Event) bool {
	const nearly = aicc.MaxDownText - utf8.UTFMax + 1 // bytes
	text, units := e.Message.Content, 0
	for _, r := range text {
		units += utf16.RuneLen(r)
	}
	said := strings.TrimSuffix(strings.TrimSuffix(text, "…"), "...") // the ellipsis is the quoter's
	missing := marker.Missing(said)
	switch {
	case units >= aicc.MaxDownText:
		return true
	case missing == 0:
		return false
	case len(text) >= nearly:
		return true
	case e.Mark.Sender != marker.Customer:
		return false
	}
	return said != text || len(text)+missing >= nearly
}

func (s *Session) failDamaged(e *trace.Event) {
	m := e.Mark
	s.fail(finding{rule: del06, count: 1, at: e.At, tell: func() story {
		return story{
			sentence: senderName(m.Sender) + " message " + itoa(m.Seq) + " was not delivered as it was said",
			events: []WitnessEvent{came(e.At, "poll %d delivered %q, which does not match its checksum",
				e.ID, clip(e.Message.Content))},
		}
	}})
}

// unmarked looks for a copy of a message without a number of its own: one that is the same in
// everything, its timestamp too (DEL-03). With a messageCode that is the identity, and DEL-07's.
func (s *Session) unmarked(e *trace.Event) {
	m := e.Message
	if m.MessageCode != "" || m.Timestamp == "" || m.MediaType == aicc.Locate || !talk(m) {
		return // two locations are easily the same
	}
	s.met(del03)
	if before, ok := s.rarely().twins.remember(fingerprint(m), e.At); ok {
		s.failCopied(del03, before, e, "a message equal in everything, its timestamp too,")
	}
}

// sameCode looks for a messageCode that was there before (DEL-07).
func (s *Session) sameCode(e *trace.Event) {
	m := e.Message
	if m.MessageCode == "" || !talk(m) {
		return
	}
	s.met(del07)
	if before, ok := s.rarely().codes.remember(hash(string(m.MessageCode)), e.At); ok {
		s.failCopied(del07, before, e, "a message with messageCode "+clip(string(m.MessageCode)))
	}
}

func (s *Session) failCopied(id rule, before time.Duration, e *trace.Event, what string) {
	if s.poll.shared {
		s.unsure(id, ClientFault, 1) // each of the two polls may have been given it
		return
	}
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{sentence: what + " was delivered twice", events: []WitnessEvent{
			came(before, "a poll delivered it"),
			came(e.At, "poll %d delivered it again: %q", e.ID, clip(e.Message.Content)),
		}}
	}})
}

// fingerprint is a hash over what makes a message the same as another.
func fingerprint(m *aicc.Downlink) uint64 {
	h := hash("")
	for _, field := range [...]string{m.ControlType, m.SourceType, m.MediaType, m.Content, string(m.ContentType),
		m.MediaFileType, string(m.From), string(m.To), m.SenderNickname, string(m.Timestamp), string(m.InterIdx), string(m.CallID)} {
		h = hashOn(hashOn(h, field), "\x00")
	}
	return h
}

// talk reports whether the message is part of the conversation itself: CHAT, or media of whatever
// control type. READ and the like are not.
func talk(m *aicc.Downlink) bool {
	return m.ControlType == aicc.Chat || m.ControlType != aicc.Disconnect && isMedia(m)
}

func isMedia(m *aicc.Downlink) bool {
	_, mapped := aicc.MediaFileType(m.MediaType)
	return mapped || m.MediaType == aicc.Document || m.MediaType == aicc.File
}

// maxRecent is how many identities of something are remembered.
const maxRecent = 32

// recent are the last identities of something, in order.
type recent []identity

// identity is a hash, and when it was seen first.
type identity struct {
	key uint64
	at  time.Duration
}

// remember enters a key, and returns when it was entered before if that still is remembered.
func (r *recent) remember(key uint64, at time.Duration) (before time.Duration, known bool) {
	list := *r
	for i := range list {
		if list[i].key == key {
			return list[i].at, true
		}
	}
	if len(list) == maxRecent {
		list = append(list[:0], list[1:]...)
	}
	*r = append(list, identity{key, at})
	return 0, false
}
