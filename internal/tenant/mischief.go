package tenant

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
)

// The faults themselves, one function for each place where a tenant can go wrong. A healthy
// tenant never comes here. Unless noted, the customer's mutex is held.

// lateness is by how much late-drop is late: more than any deadline that a run sets by default.
const lateness = 15 * time.Second

// connecting is asked before a CONNECT is served and reports whether nobody shall be there.
func (f *faults) connecting(v *conversation) bool {
	if !f.take(muteConnect, v) {
		return false
	}
	v.phase = nobody
	return true
}

// connected is told of a new conversation before the old one, if any, is put away.
func (f *faults) connected(v, old *conversation) {
	if old == nil || old.latest == nil || !v.marked || v.who.Run != old.who.Run || v.who.Epoch <= old.who.Epoch {
		return
	}
	if f.take(staleAfterReconnect, v) {
		v.enqueue(again(*old.latest))
	}
}

// again is a copy of a message that nobody said a second time.
func again(m message) message {
	m.extra = true
	return m
}

// heard is told what the customer said.
func (f *faults) heard(v *conversation, s saying) {
	if !v.marked || v.t.cfg.Speech != scenario.Marked || v.phase != withRobot && v.phase != withAgent {
		return
	}
	if !f.take(inventSeq, v) {
		return
	}
	const ahead = 50 // of what the customer can have under way
	k := v.who
	k.Seq, k.Cause, k.At, k.Fin = v.cause+ahead, marker.NoCause, time.Now(), false
	m := v.byAgent(message{control: aicc.Chat, media: aicc.Text, extra: true})
	if v.phase == withRobot {
		m = v.byRobot(m)
	}
	m.content = string(marker.Append([]byte("You said: "), k, "hello?"))
	v.push(m)
}

// pushed takes the place of enqueue: the message is on its way to the poll.
func (f *faults) pushed(v *conversation, m message) {
	if m.sender == 0 {
		v.enqueue(m)
		return
	}
	switch {
	case v.messages > 1 && !m.fin && f.take(dropOne, v):
		return
	case m.fin && m.source == aicc.FromAgent && f.take(dropTail, v):
		return
	}
	f.damage(v, &m)
	if v.first == nil {
		v.first = &m
	}
	v.latest = &m
	v.enqueue(m)
	f.pushMore(v, m)
}

// damage changes a text behind its marker.
func (f *faults) damage(v *conversation, m *message) {
	_, text, _ := marker.Parse(m.content)
	head := m.content[:len(m.content)-len(text)]
	switch half := utf8.RuneCountInString(text) / 2; {
	case half > 0 && f.take(truncateContent, v):
		m.content = head + firstRunes(text, half)
	case len(text) > utf8.RuneCountInString(text) && f.take(mojibake, v):
		m.content = head + latin1(text)
	}
}

// latin1 reads UTF-8 as if every byte were a character.
func latin1(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

// pushMore adds what nobody said, behind a message.
func (f *faults) pushMore(v *conversation, m message) {
	const far = 4
	if v.messages >= far && *v.first != m && f.take(dupFar, v) {
		v.enqueue(again(*v.first))
	}
	f.mu.Lock()
	other, who := f.last, f.lastWho
	f.last, f.lastWho = m, v.who
	f.mu.Unlock()
	if other.sender != 0 && who.Run == v.who.Run && who.Session != v.who.Session && f.take(crossSession, v) {
		v.enqueue(again(other))
	}
}

// handedOut changes what a poll is about to get.
func (f *faults) handedOut(v *conversation, batch []message) []message {
	if len(batch) == 0 {
		return batch
	}
	batch = slices.Clone(batch) // what is put back would overwrite it
	if ends := slices.IndexFunc(batch, isDisconnect); ends >= 0 {
		return f.endHandedOut(v, batch, ends)
	}
	marked := slices.IndexFunc(batch, func(m message) bool { return m.sender != 0 && !m.extra })
	if marked < 0 {
		return batch
	}
	if i, j := sameSender(batch); j > 0 {
		switch {
		case f.take(swapAdjacent, v):
			batch[i], batch[j] = batch[j], batch[i]
			return batch
		case v.phase != ended && f.take(swapAcrossPolls, v):
			v.putBack(batch[i])
			return slices.Delete(batch, i, i+1)
		case f.take(reverseBatch, v):
			slices.Reverse(batch)
			return batch
		}
	}
	switch {
	case f.take(dupSameBatch, v):
		batch = slices.Insert(batch, marked+1, again(batch[marked]))
	case v.phase != ended && f.take(dupNextPoll, v):
		v.putBack(again(batch[marked]))
	case v.fetched && f.take(dropBatch, v):
		return nil
	}
	v.fetched = true
	return batch
}

// endHandedOut is handedOut for an answer with the DISCONNECT in it.
func (f *faults) endHandedOut(v *conversation, batch []message, at int) []message {
	switch i, j := sameSender(batch[:at]); {
	case j > 0 && f.take(swapAdjacent, v):
		batch[i], batch[j] = batch[j], batch[i]
	case f.take(talkAfterDropSameBatch, v):
		batch = append(batch, v.afterthought())
	case f.take(doubleDrop, v):
		batch = append(batch, again(batch[at]))
	}
	return batch
}

func isDisconnect(m message) bool { return m.control == aicc.Disconnect }

// afterthought is what an agent says who has hung up already.
func (v *conversation) afterthought() message {
	m := v.byAgent(message{control: aicc.Chat, media: aicc.Text, content: "One more thing: please have a look at your mail.", extra: true})
	return v.stamp(m)
}

// sameSender finds the first two marked messages of one sender with no other of that sender
// between them; j is 0 when there are none.
func sameSender(batch []message) (i, j int) {
	for j := 1; j < len(batch); j++ {
		if batch[j].sender == 0 || batch[j].extra {
			continue
		}
		for i := j - 1; i >= 0; i-- {
			if batch[i].sender == batch[j].sender && !batch[i].extra {
				return i, j
			}
		}
	}
	return 0, 0
}

// putBack makes a message the first that the next poll gets.
func (v *conversation) putBack(m message) { v.out = append([]message{m}, v.out...) }

// polled can answer a poll in the tenant's place and reports whether it did. Messages that wait
// go on waiting, so that a bad shape loses none.
func (f *faults) polled(x *http1.Exchange, c *customer) bool {
	v := c.conv
	switch {
	case v == nil:
		return c.conversations == 0 && f.welcome(x, c)
	case v.phase == ended:
		f.polledAfterEnd(v)
		return false
	case f.take(shapeObject, v):
		x.Body = append(x.Body, `{"resultCode":"0","resultDesc":"ok","downlinkMessages":{}}`...)
	case f.take(shapeNoCode, v):
		x.Body = append(x.Body, `{"resultDesc":"ok","downlinkMessages":[]}`...)
	case f.take(shapeNotJSON, v):
		x.ContentType = "text/html"
		x.Body = append(x.Body, "<html><body>Service temporarily unavailable</body></html>"...)
	default:
		return false
	}
	return true
}

// polledAfterEnd is told of polls after the end. Only the first one is a chance, and only until
// the customer has taken the record: a later poll may belong to the next conversation.
func (f *faults) polledAfterEnd(v *conversation) {
	if !v.hungUp || v.owed || v.taken || v.asked || len(v.out) > 0 {
		return
	}
	v.asked = true
	if f.take(talkAfterDrop, v) {
		v.enqueue(v.afterthought())
	}
}

// welcome answers a poll of a customer who has not connected.
func (f *faults) welcome(x *http1.Exchange, c *customer) bool {
	if !f.take(earlyWelcome, nil) {
		return false
	}
	m := message{
		control: aicc.Chat, source: aicc.FromSystem, media: aicc.Text, content: "Welcome back!",
		to: c.user, nickname: english.system, at: time.Now().UnixMilli(),
	}
	x.Body = c.t.appendPoll(x.Body, aicc.CodeOK, []message{m})
	return true
}

// sent can answer a send in the tenant's place. The mutex is not held.
func (f *faults) sent(x *http1.Exchange, c *customer, q *sendRequest, code string) bool {
	if q.ControlType != aicc.Chat || code != aicc.CodeOK {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !f.take(sendNoCode, c.conv) {
		return false
	}
	x.Body = append(x.Body, `{"resultDesc":"ok"}`...)
	return true
}

// hangUp takes the place of push for the DISCONNECT of the agent or the platform.
func (f *faults) hangUp(v *conversation, m message) {
	switch {
	case f.take(silentDrop, v):
		v.owed = false
		return
	case f.take(lateDrop, v):
		v.later(ended, lateness, func() {
			if v.c.conv == v {
				v.push(m)
			}
		})
		return
	case f.take(robotDrop, v):
		m.source = aicc.FromRobot
	case f.take(mediaDrop, v):
		m.media, m.content = aicc.Image, v.newFile(formatJPG, false).String()
	}
	v.push(m)
}

// sendingFile can send a media message in the agent's place.
func (f *faults) sendingFile(v *conversation, m message) bool {
	if !f.take(mediaEmptyID, v) {
		return false
	}
	v.push(m)
	return true
}

// serving changes the bytes of a download; not ok means that the file is not found. The mutex is
// not held.
func (f *faults) serving(c *customer, id fileID, content []byte) (changed []byte, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.take(media404, c.conv):
		return nil, false
	case f.take(mediaTruncated, c.conv):
		return content[:len(content)*3/4], true
	case f.take(mediaSwapped, c.conv):
		return SampleFile(id.suffix(), "another file", len(content)), true
	}
	return content, true
}

// servedFile damages the Base64 of a download. The mutex is not held.
func (f *faults) servedFile(x *http1.Exchange, c *customer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.take(mediaBadBase64, c.conv) {
		x.Body = bytes.Replace(x.Body, []byte(`"fileStream":"`), []byte(`"fileStream":"*?`), 1)
	}
}
