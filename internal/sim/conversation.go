package sim

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

// queueInterval is the demo's pause between two queries of the queue.
const queueInterval = 10 * time.Second

// converse plays one conversation, which should begin at the given time.
func (c *customer) converse(at time.Duration) trace.Ended {
	c.reseed()
	c.begin(at)
	c.emit(trace.Begin, func(e *trace.Event) { e.Flow, e.User = c.flow.name, c.user })
	ended := c.script()
	c.reconcile()
	c.emit(trace.End, func(e *trace.Event) { e.Flow, e.Ended = c.flow.name, ended })
	return ended
}

// begin forgets the conversation before.
func (c *customer) begin(at time.Duration) {
	c.due, c.startLate, c.lastSeq, c.repeat = at, max(c.run.now()-at, 0), -1, 0
	c.mu.Lock()
	defer c.mu.Unlock()
	c.talkState = talkState{inbox: c.inbox[:0], errands: c.errands[:0], said: -1}
	select {
	case <-c.wake:
	default:
	}
}

// script plays the conversation from the tokens to the end and says how it ended.
func (c *customer) script() trace.Ended {
	var ok bool
	if c.possible, ok = c.accessFor(&c.talk, ""); !ok || !c.haveUserToken() {
		return trace.NoToken
	}
	probed := c.rng.Float64() < c.run.Scenario.Probes
	if probed && c.epoch == 0 { // later, something of the conversation before may rightly be waiting
		c.probe(c.run.now())
		c.excuse(c.poll.freeAt)
	}
	if ended := c.over(); ended != "" {
		return ended // cut before it began
	}
	at, ended := c.connect()
	if ended != "" {
		return ended
	}
	stopped := c.startPolling(at)
	ended = c.steps(c.flow.steps)
	if ended == "" {
		ended = c.endWith(trace.ByCustomer)
	}
	<-stopped
	if !c.finishErrands() {
		return trace.CutShort
	}
	if probed && ended == trace.ByPeer {
		c.probe(c.run.now() + c.run.Scenario.Poll.Pause)
	}
	return ended
}

// excuse moves the schedule behind an answer that CONNECT had to wait for. By how much the customer
// itself was started late stays in it, and what chatbench takes from here on is its own.
func (c *customer) excuse(answered time.Duration) { c.due = answered - c.startLate }

// haveUserToken applies for a token unless the customer has one from an earlier conversation.
func (c *customer) haveUserToken() bool {
	if c.holds().User != "" {
		return true
	}
	ok := c.applyToken(&c.talk, c.due, c.possible)
	c.excuse(c.talk.freeAt)
	return ok
}

// probe is a declared poll outside the conversation, which the demo would not make: it shows
// whether the tenant delivers anything before CONNECT or after the end.
func (c *customer) probe(at time.Duration) {
	if c.clock.sleepUntil(at, c.wake) {
		c.pollOnce(at)
	}
}

// connect sends CONNECT and says when it was answered. When it is refused the customer leaves a
// message, and that is the end.
func (c *customer) connect() (at time.Duration, ended trace.Ended) {
	hello := &c.flow.connect
	res := c.send(aicc.OpConnect, aicc.Connect, aicc.Text, hello.Text.Expand(c.value), hello.TransData.Expand(c.value))
	c.due = res.at
	switch res.class {
	case aicc.OK:
		c.mu.Lock()
		c.chatting = true
		c.mu.Unlock()
		return res.at, ""
	case aicc.Info:
		// It may have been accepted; the customer does not know, and must not leave a ghost.
		c.disconnect()
		return res.at, trace.LostContact
	}
	c.leaveMessage()
	return res.at, trace.NoConnect
}

func (c *customer) leaveMessage() {
	res := c.authorised(&c.talk, &call{op: aicc.OpLeave, seq: -1, timeout: callTimeout, build: func(dst []byte, auth aicc.Auth) []byte {
		return c.run.Endpoint.request.AppendLeave(dst, auth, c.user, c.name, "Please call me back.")
	}})
	c.due = res.at
}

// send makes one use of send: a control message or something said. The text is put behind a
// marker when markers are on and the message is one that is shown to the other side.
func (c *customer) send(op aicc.Op, control, media, content, transData string) *result {
	s := aicc.Send{Control: control, Media: media, Content: content, From: c.user,
		To: c.run.Endpoint.Target.Channel, Nickname: c.name, TransData: transData, Async: c.run.Scenario.Async}
	seq := -1
	if media == aicc.Text && op != aicc.OpDisconnect {
		c.lastSeq++
		seq = c.lastSeq
		if c.run.Markers {
			m := marker.Marker{Run: c.run.Run, Session: c.index, Epoch: c.epoch, Sender: marker.Customer, Seq: seq, Cause: marker.NoCause, At: time.Now()}
			s.Content = string(marker.Append(nil, m, content))
		}
	}
	c.act(seq)
	x := &call{op: op, seq: seq, intended: c.due, possible: c.possible, timeout: callTimeout}
	if op == aicc.OpSend && media == aicc.Text {
		x.chars, x.bytes = utf8.RuneCountInString(s.Content), len(s.Content)
		if c.run.Scenario.Poll.Read {
			s.MessageID = string(marker.AppendID(nil, c.index, c.epoch, seq))
		}
	}
	if op == aicc.OpConnect {
		x.late = c.startLate
	}
	x.build = func(dst []byte, auth aicc.Auth) []byte { return c.run.Endpoint.request.AppendSend(dst, auth, &s) }
	return c.authorised(&c.talk, x)
}

// act marks that the customer does something now: expectations look at what comes from here on.
func (c *customer) act(seq int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inbox = c.inbox[:0]
	if seq >= 0 {
		c.said = seq
	}
}

// steps plays steps one after the other. It returns "" when all were played and how the
// conversation ended otherwise.
func (c *customer) steps(steps []step) trace.Ended {
	for i := range steps {
		if ended := c.step(&steps[i]); ended != "" {
			return ended
		}
	}
	return ""
}

func (c *customer) step(s *step) trace.Ended {
	if ended := c.endIfOver(); ended != "" {
		return ended
	}
	switch x := s.Step.(type) {
	case scenario.Repeat:
		return c.repeated(x, s.inner)
	case scenario.Expect:
		return c.expect(x, s.name)
	case scenario.HangUp:
		return c.endWith(trace.ByCustomer)
	case scenario.Think:
		c.think(x)
		return c.endIfOver() // it may have been the last step
	}
	ok := c.do(s.Step)
	_, handover := s.Step.(scenario.Handover)
	refused := handover && !ok // something said may be refused because the other side has just hung up
	c.stepDone(s.name, refused)
	if refused {
		c.leaveMessage() // what the demo offers when nobody can be had
		return c.endWith(trace.GaveUp)
	}
	return ""
}

func (c *customer) stepDone(name string, missed bool) {
	c.emit(trace.Step, func(e *trace.Event) { e.Flow, e.Name, e.Missed = c.flow.name, name, missed })
}

// do plays a step that talks to the tenant and reports whether it was accepted. An unknown outcome
// counts as accepted: what follows will show.
func (c *customer) do(s scenario.Step) bool {
	var res *result
	switch s := s.(type) {
	case scenario.Say:
		res = c.send(aicc.OpSend, aicc.Chat, aicc.Text, s.Text.Expand(c.value), "")
	case scenario.Handover:
		res = c.send(aicc.OpTransfer, aicc.Transfer, aicc.Text, s.Text.Expand(c.value), "")
	case scenario.Upload:
		res = c.upload(&s)
	default:
		panic(fmt.Sprintf("sim: unknown step %T", s)) // scenario.Step is a closed set
	}
	c.due = res.at
	return res.class != aicc.Fail
}

// upload sends a file and then the message that points to it.
func (c *customer) upload(s *scenario.Upload) *result {
	data := s.Bytes
	if data == nil {
		data = c.run.Sample(s.Kind, fmt.Sprintf("%s-%d-%d", c.user, c.epoch, c.samples))
		c.samples++
	}
	sent := &trace.File{Want: s.Type}
	sent.Describe(data)
	res := c.authorised(&c.talk, &call{op: aicc.OpUpload, seq: -1, intended: c.due, timeout: callTimeout, sent: sent,
		build: func(dst []byte, auth aicc.Auth) []byte {
			return c.run.Endpoint.request.AppendUpload(dst, auth, s.Type, data)
		}})
	if res.class != aicc.OK {
		return res
	}
	c.due = res.at
	if c.over() == trace.ByPeer {
		return res // there is nobody left to be told of the file
	}
	media, content := mediaMessage(s, res.key, len(data))
	return c.send(aicc.OpSend, aicc.Chat, media, content, "")
}

// mediaMessage is mediaType and content of the CHAT that points to an uploaded file.
func mediaMessage(s *scenario.Upload, key string, size int) (media, content string) {
	switch s.Kind {
	case "image":
		return aicc.Image, key
	case "audio":
		return aicc.Audio, key
	case "video":
		return aicc.Video, key
	}
	return aicc.File, fmt.Sprintf("file.%s,%d,%s,%s", s.Type, size, key, s.Type)
}

// think waits. The conversation may end meanwhile.
func (c *customer) think(s scenario.Think) {
	c.due += s.Time.Draw(c.rng)
	c.wait(c.due, nil)
}

func (c *customer) repeated(s scenario.Repeat, inner []step) trace.Ended {
	times := s.Min
	if s.Max > s.Min {
		times += c.rng.IntN(s.Max - s.Min + 1)
	}
	outer := c.repeat
	defer func() { c.repeat = outer }()
	for c.repeat = 1; c.repeat <= times; c.repeat++ {
		if ended := c.steps(inner); ended != "" {
			return ended
		}
	}
	return ""
}

// expect waits for a message. A customer whose expectation is not met gives up and hangs up,
// unless the expectation is optional.
func (c *customer) expect(s scenario.Expect, name string) trace.Ended {
	deadline := c.due + s.Within.Draw(c.rng)
	var met bool
	c.wait(deadline, func() bool {
		var at time.Duration
		if met, at = c.met(&s, deadline); met {
			c.due = max(c.due, at) // it may have come while something else was expected
		}
		return met
	})
	if !met {
		c.due = max(c.due, min(deadline, c.run.now()))
	}
	over := c.over()
	if !met && over == trace.CutShort {
		return c.endWith(over) // the run cut the customer short: neither met nor missed
	}
	c.stepDone(name, !met && !s.Optional)
	switch {
	case over != "":
		return c.endWith(over)
	case met || s.Optional:
		return ""
	}
	return c.endWith(trace.GaveUp)
}

// met looks for the expected message, and forgets it and what came before it. What came after the
// deadline, while the customer was busy with an errand, does not count. Callers hold mu.
func (c *customer) met(s *scenario.Expect, deadline time.Duration) (bool, time.Duration) {
	if s.Disconnect {
		return c.ended == trace.ByPeer && c.endedAt <= deadline && (s.From == "" || s.From == c.endedBy), c.endedAt
	}
	for i := range c.inbox {
		if a := &c.inbox[i]; a.at <= deadline && a.meets(s, c.said) {
			at := a.at
			c.inbox = append(c.inbox[:0], c.inbox[i+1:]...)
			return true, at
		}
	}
	return false, 0
}

// over says whether the conversation has ended, or has to: "" means that it goes on.
func (c *customer) over() trace.Ended {
	c.mu.Lock()
	ended, lost := c.ended, c.lost
	c.mu.Unlock()
	switch {
	case ended != "":
		return ended
	case lost:
		return trace.LostContact
	case c.run.isCut() || c.run.now() >= c.cutAt:
		return trace.CutShort
	}
	return ""
}

// endIfOver ends a conversation that is over and says how it ended, or "".
func (c *customer) endIfOver() trace.Ended {
	if ended := c.over(); ended != "" {
		return c.endWith(ended)
	}
	return ""
}

// endWith ends the conversation: unless the other side did, with DISCONNECT.
func (c *customer) endWith(how trace.Ended) trace.Ended {
	c.mu.Lock()
	if c.ended != "" { // it may have come just now
		how = c.ended
	}
	c.chatting, c.queryAt = false, 0
	c.mu.Unlock()
	if how != trace.ByPeer {
		c.disconnect()
	}
	return how
}

func (c *customer) disconnect() {
	if c.run.ctx.Err() == nil {
		c.send(aicc.OpDisconnect, aicc.Disconnect, aicc.Text, "", "")
	}
}

// reconcile asks the tenant's journal, if it has one, for its side of the conversation.
func (c *customer) reconcile() {
	if c.run.Journal == nil || !c.run.Markers {
		return
	}
	c.apart(func() {
		if record, ok := c.run.Journal.Take(c.run.ctx, c.user, c.epoch); ok {
			c.emit(trace.Journal, func(e *trace.Event) { e.Record = &record })
		}
	})
}

// meets reports whether a message is the expected one.
func (a *arrival) meets(s *scenario.Expect, said int) bool {
	switch {
	case a.hangUp: // it says nothing; an expectation of DISCONNECT looks elsewhere
		return false
	case s.From != "" && a.source != s.From:
		return false
	case s.Reply && (a.answers < said || a.source == aicc.FromSystem):
		return false
	case s.Queue && !a.queue:
		return false
	case s.Media != "" && (a.media != s.Media || a.state == notFetched || a.state == unfetchable):
		return false
	case s.Text != "" && !strings.Contains(a.text, s.Text):
		return false
	}
	return true
}
