package tenant

import (
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// Faults of polls. The customer's mutex is held.

// pollingOutside answers a poll for which there is no conversation and reports whether it did.
func (f *faults) pollingOutside(x *http1.Exchange, c *customer) bool {
	switch v := c.conv; {
	case c.open.Load(), v != nil && (len(v.out) > 0 || v.memory.silent):
		return false
	case !f.take(pollOutsideError, v):
		return false
	}
	c.t.result(x, aicc.CodeFailed, "there is no conversation")
	return true
}

// holding is for how long a poll is held.
func (f *faults) holding(v *conversation, hold time.Duration) time.Duration {
	if f.take(slowHold, v) {
		return 3*hold + 10*time.Second
	}
	return hold
}

// losing can lose what waits for the poll that is about to be answered, and reports whether it
// did. The poll then goes on waiting.
func (f *faults) losing(v *conversation) bool {
	if f == nil || v == nil {
		return false
	}
	replacing := v.memory.replacing
	v.memory.replacing = false
	switch {
	case len(v.out) == 0 || !v.memory.fetched || !all(v.out, isAgents):
		return false
	case f.take(dropBatch, v), replacing && f.take(loseAtRenewal, v):
		v.out = nil
		return true
	}
	return false
}

// polled can answer a poll in the tenant's place and reports whether it did. Messages that wait
// go on waiting, so that a bad answer loses none.
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
	case f.take(refusePoll, v):
		c.t.result(x, aicc.CodeFailed, "there is no conversation")
	default:
		return false
	}
	return true
}

// polledAfterEnd is told of polls after the end. Only the first one is a chance, and only until
// the customer has taken the record: a later poll may belong to the next conversation.
func (f *faults) polledAfterEnd(v *conversation) {
	if !v.hungUp || v.owed || v.taken || v.memory.polled || v.memory.silent || len(v.out) > 0 {
		return
	}
	v.memory.polled = true
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
	if batch, done := f.reordered(v, batch); done {
		return batch
	}
	switch last := len(batch) - 1; {
	case f.take(dupSameBatch, v):
		batch = slices.Insert(batch, marked+1, v.again(batch[marked]))
		inOrder(batch)
	case v.phase != ended && batch[last].sender != 0 && f.take(dupNextPoll, v):
		v.putBack(v.again(batch[last]), batch)
	}
	v.memory.fetched = true
	return batch
}

// reordered hands the messages of an answer out in another order.
func (f *faults) reordered(v *conversation, batch []message) (_ []message, done bool) {
	i, j := sameSender(batch)
	if j == 0 {
		return batch, false
	}
	ofOne := all(batch, func(m *message) bool { return m.source == batch[0].source })
	switch {
	case f.take(swapAdjacent, v):
		batch[i], batch[j] = batch[j], batch[i]
	case v.phase != ended && ofOne && f.take(swapAcrossPolls, v):
		late := batch[i]
		batch = slices.Delete(batch, i, i+1)
		v.putBack(late, batch)
	case v.phase != ended && ofOne && f.take(reverseBatch, v):
		slices.Reverse(batch)
	default:
		return batch, false
	}
	inOrder(batch)
	return batch, true
}

// endHandedOut is handedOut for an answer with the DISCONNECT in it.
func (f *faults) endHandedOut(v *conversation, batch []message, at int) []message {
	switch i, j := sameSender(batch[:at]); {
	case j > 0 && f.take(swapAdjacent, v):
		batch[i], batch[j] = batch[j], batch[i]
		inOrder(batch)
	case f.take(talkAfterDropSameBatch, v):
		batch = append(batch, v.afterthought())
	case f.take(doubleDrop, v):
		batch = append(batch, v.again(batch[at]))
	}
	return batch
}

func isDisconnect(m message) bool { return m.control == aicc.Disconnect }

func all(batch []message, is func(*message) bool) bool {
	for i := range batch {
		if !is(&batch[i]) {
			return false
		}
	}
	return true
}

// afterthought is what an agent says who has hung up already.
func (v *conversation) afterthought() message {
	m := v.stamp(v.byAgent(message{control: aicc.Chat, media: aicc.Text, content: "One more thing: please have a look at your mail.", extra: true}))
	v.recode(&m)
	return m
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

// inOrder gives the messages of an answer their timestamps in the order in which they stand: a
// fault of the order is none of the clock.
func inOrder(batch []message) {
	times := make([]int64, len(batch))
	for i := range batch {
		times[i] = batch[i].at
	}
	slices.Sort(times)
	for i := range batch {
		batch[i].at = times[i]
	}
}

// putBack makes a message the first that the next poll gets, stamped as late as what this poll
// gets.
func (v *conversation) putBack(m message, batch []message) {
	for i := range batch {
		m.at = max(m.at, batch[i].at)
	}
	if len(v.out) > 0 {
		m.at = min(m.at, v.out[0].at)
	}
	v.out = append([]message{m}, v.out...)
}
