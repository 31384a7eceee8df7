package har

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
)

// talk is one conversation of the recording as steps of a flow. Conversations that took the same
// steps are one talk, with the times of each of them.
type talk struct {
	user    int // from 0
	entry   int // of its first exchange
	count   int // how many conversations it is
	begun   time.Duration
	length  time.Duration // of the longest
	steps   []draftStep
	vaults  []*vault
	keyword string        // the text upon which the robot handed over to an agent, or ""
	asked   []string      // texts upon which it did not
	told    int           // how many things the customer said to an agent
	chats   int           // the same, if the agent hung up then; 0: no agent did
	silence time.Duration // after which the system hung up; 0: it did not
	robot   bool          // a robot had a part in it
	direct  bool          // an agent had, and neither robot nor hand-over
}

// draftStep is a step of a flow. Texts and times are those of the recording.
type draftStep struct {
	action   string // connect, say, handover, upload, think, expect, hang_up
	text     []part
	data     []part // connect: trans_data
	file     *sentFile
	media    string // upload: the mediaType; expect: what has to come, or ""
	from     string // expect
	reply    bool
	dropped  bool // expect: the other side hangs up
	odd      bool // expect: nothing that the embedded tenant does there
	optional bool
	times    []time.Duration // think, expect: how long it was in each conversation
	entry    int             // -1: made up
	remark   string
}

// script makes the steps of one conversation.
type script struct {
	*talk
	d       *draft
	vault   *vault
	due     time.Duration // when the last step was done
	peer    string        // who talked last, robot or agent; "" nobody
	beyond  bool          // the robot has handed over, or is about to
	lastSay []part
	last    string // action of the last step that did something
	waiting []beat // what was heard since
	over    string // who ended it, or ""
	queued  bool
}

// script plays the beats of a conversation.
func (d *draft) script(user int, beats []beat) *talk {
	v := newVault(&d.known)
	s := &script{d: d, vault: v, due: beats[0].at,
		talk: &talk{user: user, entry: beats[0].entry, count: 1, begun: beats[0].at, vaults: []*vault{v}}}
	if beats[0].kind != beatConnect {
		s.joinLate(beats)
	}
	for i := range beats {
		s.beat(&beats[i])
	}
	s.listen()
	s.length = beats[len(beats)-1].done - s.begun
	if s.over == "" {
		s.remark(beats[len(beats)-1].entry, "the recording ends, or the page was left, while the conversation goes on; the flow hangs up there")
	}
	s.direct = s.peer == aicc.FromAgent && !s.robot && !s.beyond
	return s.talk
}

// remark notes something of this conversation.
func (s *script) remark(entry int, format string, args ...any) { s.d.note(entry, format, args...) }

// joinLate begins a conversation whose beginning the recording does not have.
func (s *script) joinLate(beats []beat) {
	s.remark(beats[0].entry, "the conversation began before the recording; its connect is made up")
	s.steps = append(s.steps, draftStep{action: "connect", text: []part{{text: "hello"}}, entry: -1, remark: "made up: it began before the recording"})
	s.last = "connect"
	first := slices.IndexFunc(beats, func(b beat) bool { return b.source == aicc.FromAgent || b.source == aicc.FromRobot })
	if first < 0 || beats[first].source != aicc.FromAgent {
		return
	}
	s.steps = append(s.steps, draftStep{action: "handover", entry: -1, remark: "made up: an agent was there already"})
	if slices.ContainsFunc(beats[:first], func(b beat) bool { return b.kind == beatSay || b.kind == beatUpload }) {
		s.steps = append(s.steps, draftStep{action: "expect", from: aicc.FromAgent, times: []time.Duration{0}, entry: -1, remark: "made up"})
	}
	s.beyond, s.robot, s.peer, s.last = true, true, aicc.FromAgent, "handover"
}

// beat takes in what happened next.
func (s *script) beat(b *beat) {
	switch {
	case b.kind == beatPolled:
	case b.kind == beatHeard && s.over != "": // a client may still poll; nobody waits for it
	case b.kind == beatHeard:
		s.waiting = append(s.waiting, *b)
	case b.kind == beatDropped:
		s.listen()
		s.dropped(b)
	default:
		s.act(b)
	}
}

// act is something that the customer did.
func (s *script) act(b *beat) {
	if s.leftOut(b) {
		return
	}
	s.pause(b)
	step := s.step(b)
	if b.code != "" && b.kind != beatHangUp {
		step.remark = "refused"
		s.remark(b.entry, "the tenant refused this message with %s; the flow sends it all the same", b.code)
	}
	s.steps = append(s.steps, step)
	s.due, s.last = b.done, step.action
	switch {
	case step.action == "hang_up":
		s.over = "customer"
	case step.action == "handover":
		s.beyond, s.robot = true, true
	case step.action != "connect":
		s.spoke(step)
	}
}

// leftOut reports whether something is no step of the flow, having told why.
func (s *script) leftOut(b *beat) bool {
	switch {
	case b.kind == beatHandover && b.code != "":
		s.remark(b.entry, "a hand-over that was refused with %s; left out", b.code)
	case s.over != "" && b.kind != beatHangUp:
		s.remark(b.entry, "something said after the conversation had ended; left out")
	case b.kind == beatHandover && s.handedOver():
		s.remark(b.entry, "a second hand-over; left out")
	default:
		return s.over != "" // one DISCONNECT more ends nothing
	}
	return true
}

// step makes the step of something that the customer did.
func (s *script) step(b *beat) draftStep {
	step := draftStep{entry: b.entry}
	switch b.kind {
	case beatConnect:
		step.action, step.text, step.data = "connect", s.words(b), s.business(b)
	case beatSay:
		step.action, step.text = "say", s.words(b)
	case beatUpload:
		step.action, step.media, step.file = "upload", b.media, b.file
	case beatHandover:
		step.action, step.text = "handover", s.words(b)
	default:
		step.action = "hang_up"
	}
	return step
}

// spoke notes to whom something was said.
func (s *script) spoke(step draftStep) {
	s.lastSay = step.text
	switch {
	case s.beyond || s.peer == aicc.FromAgent:
		s.told++
	case step.action == "say":
		s.asked = append(s.asked, wish(step.text))
	}
}

// handedOver reports whether a robot has handed over, or an agent is there without.
func (s *script) handedOver() bool {
	return s.beyond || s.peer == aicc.FromAgent || slices.ContainsFunc(s.waiting, func(b beat) bool { return b.source == aicc.FromAgent })
}

// words is the text of a beat, as long as a scenario can say it.
func (s *script) words(b *beat) []part {
	text := s.vault.split(b.text)
	if length(text) <= mostText {
		return text
	}
	s.remark(b.entry, "a text of %d characters, cut to %d: a scenario can say no more", length(text), mostText)
	return cut(text, mostText)
}

// business is the data for the robot's flow. It is JSON, of which a part is worth nothing.
func (s *script) business(b *beat) []part {
	data := s.vault.split(b.transData)
	if length(data) > mostText {
		s.remark(b.entry, "business data of %d characters; left out: a scenario can give no more than %d", length(data), mostText)
		return nil
	}
	return data
}

// mostText is the longest text of a scenario in characters.
const mostText = 400

// pause is the time the customer took before a step, after what came since the last one.
func (s *script) pause(b *beat) {
	s.listen()
	if s.last != "" {
		s.steps = append(s.steps, draftStep{action: "think", times: []time.Duration{max(b.at-s.due, 0)}, entry: b.entry})
	}
}

// mediaOrder is the order in which files are waited for when several came at once. A flow forgets
// what came before the message that it was waiting for, so the order must not depend on chance.
var mediaOrder = []string{"", aicc.Image, aicc.Audio, aicc.Video, aicc.Document, aicc.Locate}

// listen makes expectations of what has come since the last step: one for each sender and each kind
// of file, a text of the same sender not behind its files.
func (s *script) listen() {
	heard, with := s.waiting, s.peer
	s.waiting = nil
	var steps []draftStep
	for i := range heard {
		b := &heard[i]
		if !s.counts(b) {
			continue
		}
		known := slices.ContainsFunc(steps, func(x draftStep) bool { return x.from == b.source && (x.media == b.media || b.media == "") })
		if !known {
			steps = append(steps, s.expect(b, with, len(steps) == 0))
		}
		if s.peer != b.source && b.source == aicc.FromAgent {
			s.reached()
		}
		s.peer = b.source
	}
	senders := []string{aicc.FromRobot, aicc.FromAgent} // an agent takes over from a robot, never the other way round
	slices.SortStableFunc(steps, func(a, b draftStep) int {
		return cmp.Or(slices.Index(senders, a.from)-slices.Index(senders, b.from), slices.Index(mediaOrder, a.media)-slices.Index(mediaOrder, b.media))
	})
	for i := range steps {
		came := s.due
		if at := steps[i].times[0]; at > s.due {
			came = at
		}
		steps[i].times[0], s.due = came-s.due, came
	}
	s.steps = append(s.steps, steps...)
}

// counts reports whether a message is one to wait for. Notices are not: another tenant has others,
// and nobody answers them. Nor is what a robot says once an agent is there.
func (s *script) counts(b *beat) bool {
	switch b.source {
	case aicc.FromAgent:
		return true
	case aicc.FromRobot:
		s.robot = s.robot || s.over == ""
		return s.peer != aicc.FromAgent && b.media == ""
	}
	s.queued = s.queued || b.queue
	return false
}

// expect waits for a message, by whoever the customer was with when speaking last or by somebody else.
// Its time is the moment at which it came.
func (s *script) expect(b *beat, with string, first bool) draftStep {
	step := draftStep{action: "expect", from: b.source, media: b.media, times: []time.Duration{b.at}, entry: b.entry}
	spoke := s.last == "say" || s.last == "upload"
	step.reply = first && s.last == "say" && with == b.source && b.media == ""
	step.odd = b.media != "" && !(spoke && with == aicc.FromAgent) || b.source == aicc.FromRobot && s.beyond && s.last != "handover"
	if s.queued && b.source == aicc.FromAgent {
		step.remark, s.queued = "after waiting in the queue", false
	}
	return step
}

// reached notes how the first agent was reached.
func (s *script) reached() {
	if s.beyond || s.peer != aicc.FromRobot || s.last != "say" {
		return
	}
	if slices.ContainsFunc(s.lastSay, func(p part) bool { return p.variable != "" }) {
		return
	}
	s.keyword, s.asked = wish(s.lastSay), s.asked[:len(s.asked)-1]
	s.beyond = true
}

// wish is a text as a robot compares it with its keywords.
func wish(text []part) string { return strings.ToLower(strings.TrimSpace(spelt(text))) }

// spelt is a text as it stands.
func spelt(parts []part) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.text)
	}
	return b.String()
}

// dropped is the other side's DISCONNECT.
func (s *script) dropped(b *beat) {
	if s.over != "" {
		return
	}
	if s.last == "" {
		s.remark(b.entry, "a DISCONNECT before anything else; left out")
		return
	}
	wait := max(b.at-s.due, 0)
	s.steps = append(s.steps, draftStep{action: "expect", dropped: true, from: b.source, times: []time.Duration{wait}, entry: b.entry})
	s.over, s.due = "peer", b.at
	switch {
	case b.source == aicc.FromAgent && s.peer == aicc.FromAgent && s.beyond:
		s.chats = s.told
	case b.source == aicc.FromSystem && wait >= leastSilence:
		s.silence = wait
	}
}

// leastSilence is how long a silence must be to be taken for the reason of a hang-up. Nobody hangs up on
// customers who have to wait for an answer of the embedded tenant.
const leastSilence = 10 * time.Second

// shape is equal for conversations that took the same steps.
func (t *talk) shape() string {
	var b strings.Builder
	for i := range t.steps {
		s := &t.steps[i]
		fmt.Fprintf(&b, "%s|%q|%q|%s|%s|%v|%v|%v", s.action, template(s.text, true), template(s.data, true), s.media, s.from, s.reply, s.dropped, s.odd)
		if s.file != nil {
			fmt.Fprintf(&b, "|%s|%x", s.file.fileType, sha256.Sum256(s.file.data))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// join adds a conversation of the same shape.
func (t *talk) join(o *talk) {
	t.count++
	t.length = max(t.length, o.length)
	t.vaults = append(t.vaults, o.vaults...)
	if o.silence > 0 {
		t.silence = max(t.silence, o.silence)
	}
	for i := range t.steps {
		t.steps[i].times = append(t.steps[i].times, o.steps[i].times...)
	}
}
