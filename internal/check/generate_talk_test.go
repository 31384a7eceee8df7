package check

import (
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
)

// say puts messages of the tenant into the box.
func (w *world) say(n int) {
	for range n {
		m := w.message()(w.history)
		w.dress(m)
		w.box = append(w.box, plain(*m)) // of this conversation, whenever it will be delivered
	}
}

func (w *world) message() msg {
	switch w.draw(12) {
	case 0:
		return w.odd()
	case 1:
		return w.media()
	case 2:
		w.talk.announced = true
		return notice(oneOf(w.draw, "", w.name("code ")))
	case 3:
		return w.repeat()
	case 4:
		return w.receipt()
	case 5:
		return w.queueing()
	}
	return w.next(w.speaker())
}

// speaker draws who speaks next: a robot where there is one, until an agent takes over who was
// announced.
func (w *world) speaker() marker.Sender {
	s := oneOf(w.draw, cooperating[:]...)
	if w.bad() {
		return s
	}
	if s == marker.Robot && !w.robotSpeaks() || s == marker.Agent && !w.talk.announced {
		s = marker.System
	}
	w.talk.announced = w.talk.announced || s == marker.System
	w.talk.taken = w.talk.taken || s == marker.Agent
	return s
}

func (w *world) robotSpeaks() bool {
	return !w.talk.taken && (w.o.Setup.Robot == nil || *w.o.Setup.Robot)
}

// dress puts on a message what the tenant says of it, which is wrong at times.
func (w *world) dress(d *aicc.Downlink) {
	d.Channel, d.To, d.From = oneOf(w.draw, "", aicc.ChannelWeb), oneOf(w.draw, "", w.user()), oneOf(w.draw, "", w.channel())
	d.CallID, d.InterIdx = oneOf[aicc.Loose](w.draw, "", "", "7"), oneOf[aicc.Loose](w.draw, "", "", "1")
	if d.SourceType == aicc.FromAgent && !w.bad() {
		d.SenderNickname = "Li"
	}
	if w.draw(2) == 0 {
		d.Timestamp = w.timestamp()
	}
	if !w.bad() {
		return
	}
	switch w.draw(8) {
	case 0:
		d.Channel, d.To, d.From = oneOf(w.draw, "", "WECHAT"), oneOf[aicc.Loose](w.draw, "", "someone"), oneOf[aicc.Loose](w.draw, "", "elsewhere")
	case 1:
		d.ControlType = oneOf(w.draw, "PUSH", "", aicc.Connect, aicc.Transfer)
	case 2:
		d.SourceType = oneOf(w.draw, "BOT", aicc.FromCustomer, aicc.FromUser, "")
	case 3:
		d.MediaType = oneOf(w.draw, "CARD", aicc.File, "", aicc.Locate)
	case 4:
		d.IsOffline = oneOf[aicc.Loose](w.draw, "true", "false")
	case 5:
		d.ContentType, d.MediaFileType = oneOf[aicc.Loose](w.draw, "0", "1", "2"), oneOf(w.draw, "", "jpg")
	case 6:
		d.Content, d.NullContent = "", w.draw(2) == 0
	default:
		d.MessageCode = aicc.Loose(w.prefix + "code " + itoa(w.ids))
	}
}

func (w *world) user() aicc.Loose    { return aicc.Loose(w.prefix + "user") }
func (w *world) channel() aicc.Loose { return aicc.Loose(w.prefix + "channel") }

// timestamp is when a message is said.
func (w *world) timestamp() aicc.Loose {
	at := began.Add(w.now)
	if w.bad() {
		switch w.draw(5) {
		case 0:
			return "now"
		case 1:
			return aicc.Loose(strconv.FormatInt(at.Unix(), 10))
		}
		at = at.Add(oneOf(w.draw, -time.Hour, time.Hour, -2*time.Hour, -tick, -10*tick, time.Second))
	}
	return aicc.Loose(strconv.FormatInt(at.UnixMilli(), 10))
}

// next is a cooperating sender's next message, at times its last. It answers what the customer said
// last.
func (w *world) next(s marker.Sender) msg {
	seq := w.told.counts[s]
	w.told.counts[s]++
	w.told.inBox[s]++
	cause := oneOf(w.draw, w.said-1, w.said-1, marker.NoCause)
	if w.bad() {
		cause = w.draw(w.said + 3)
	}
	if w.draw(6) == 0 {
		return markedItem(s, seq, caused(cause), fin).m
	}
	return markedItem(s, seq, caused(cause)).m
}

// repeat is an echo, mostly of the next thing that the customer has said.
func (w *world) repeat() msg {
	switch {
	case w.bad():
		return echo(w.said + w.draw(3))
	case w.bad():
		return echo(w.draw(max(w.said, 1)))
	case w.talk.echoed == len(w.talk.heard) || !w.robotSpeaks():
		return w.next(w.speaker())
	}
	w.talk.echoed++
	return echo(w.talk.heard[w.talk.echoed-1])
}

// receipt is READ, of the next things that the customer has said.
func (w *world) receipt() msg {
	if !w.o.Setup.Read && !w.bad() {
		return notice("")
	}
	var ids []string
	if w.draw(4) == 0 {
		w.talk.receipted = 0 // all that was read so far
	}
	for len(ids) < 3 && w.talk.receipted < w.said {
		ids = append(ids, messageID(w.customer, w.epoch, w.talk.receipted))
		w.talk.receipted++
	}
	if w.epoch > 0 && w.draw(3) == 0 {
		ids = append(ids, messageID(w.customer, w.epoch-1, 1000+w.talk.receipted)) // earlier conversations are not remembered
	}
	if w.bad() {
		ids = append(ids, oneOf(w.draw, "m1", messageID(w.customer+1000, w.epoch, 0), messageID(w.customer, w.epoch+1, 0),
			messageID(w.customer, w.epoch, w.said+w.draw(2)), messageID(w.customer, w.epoch, 0), "", " "))
	}
	return plain(aicc.Downlink{ControlType: aicc.Read, SourceType: oneOf(w.draw, aicc.FromAgent, ""),
		Content: strings.Join(ids, oneOf(w.draw, ",", ", ", ",,"))})
}

func messageID(customer, epoch, seq int) string {
	return string(marker.AppendID(nil, customer, epoch, seq))
}

// queueing is the word that the customer waits for an agent.
func (w *world) queueing() msg {
	if w.talk.taken && !w.bad() {
		return notice("")
	}
	w.talk.announced = true
	w.asked.again, w.asked.over = never, false // the demo asks at once
	flag := aicc.Loose("Y")
	if w.bad() {
		flag = oneOf[aicc.Loose](w.draw, "N", "true", "false", "0", "null")
	}
	return plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromSystem, MediaType: aicc.Text,
		Content: "you are number 3", QueueFlag: flag})
}

// odd is a message that is rarely seen, for good or bad reasons.
func (w *world) odd() msg {
	s := oneOf(w.draw, cooperating[:]...)
	if !w.bad() {
		return oneOf(w.draw,
			plain(aicc.Downlink{ControlType: aicc.Read, Content: messageID(w.customer, w.epoch, 0)}),
			plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, MediaType: aicc.Text, Content: "a word"}),
			plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromAgent, MediaType: aicc.Locate,
				Content: oneOf(w.draw, "31.2,121.5", "here")}),
			plain(aicc.Downlink{ControlType: aicc.Chat, SourceType: oneOf(w.draw, aicc.FromAgent, aicc.FromRobot), MediaType: aicc.Text,
				Content: "wait", QueueFlag: "Y"}),
			padded(cut(echo(0), 1+w.draw(5))), cut(echo(0), 1+w.draw(5)))
	}
	seq := w.draw(4)
	return oneOf(w.draw,
		markedItem(s, w.told.counts[s]+w.draw(60)).m,
		markedItem(s, oneOf(w.draw, maxSeq, maxSeq+1, w.told.counts[s]+maxJump)).m,
		markedItem(s, seq, ofCustomer(w.customer+1000)).m,
		markedItem(s, seq, ofRun(1)).m,
		markedItem(s, seq, ofEpoch(w.draw(w.epoch+1))).m,
		markedItem(s, seq, ofEpoch(w.epoch+1)).m,
		cut(markedItem(s, w.told.counts[s]+w.draw(3)).m, 1+w.draw(5)),
		cut(markedItem(s, seq, ofCustomer(w.customer+1000)).m, 1),
		cut(echo(seq), 2), bent(echo(seq)),
		appended(cut(echo(seq), 1+w.draw(6)), oneOf(w.draw, "…", "...", ".")),
		grown(cut(echo(seq), 1+w.draw(5)), aicc.MaxDownText-10+w.draw(8), "x"),
		bent(textless(echo(seq))), cut(textless(echo(seq)), w.draw(5)),
		grown(oneOf(w.draw, bent, cutByOne)(markedItem(s, w.told.counts[s]).m), aicc.MaxDownText-4+w.draw(5), oneOf(w.draw, "x", "😀")),
		markedItem(s, seq).m,
	)
}

func cutByOne(m msg) msg { return cut(m, 1) }

// media is a picture, a voice message or another file; the record lists it.
func (w *world) media() msg {
	source := aicc.FromSystem
	switch {
	case w.bad():
		source = oneOf(w.draw, aicc.FromAgent, aicc.FromRobot)
	case w.talk.taken:
		source = aicc.FromAgent
	case w.robotSpeaks() && w.draw(2) == 0:
		source = aicc.FromRobot
	}
	d := aicc.Downlink{ControlType: aicc.Chat, SourceType: source,
		MediaType: oneOf(w.draw, aicc.Image, aicc.Image, aicc.Audio, aicc.Video, aicc.Document), Content: w.name("file ")}
	if w.bad() {
		d.Content = ""
		return plain(d)
	}
	if w.draw(5) == 0 {
		d.MessageCode = aicc.Loose(w.name("code "))
	}
	f := goodFile(d.Content)
	if w.bad() {
		f.SHA256 = oneOf(w.draw, goodFile("other").SHA256, "")
	}
	if w.draw(3) == 0 {
		f.ID = "local/" + f.ID
	}
	if len(w.told.files) < maxFiles/2 {
		w.told.files = append(w.told.files, f)
	}
	return plain(d)
}

// hangUpByPeer puts a DISCONNECT into the box, or forgets to.
func (w *world) hangUpByPeer() {
	w.hung = w.now
	if w.bad() {
		return
	}
	w.owed = true
	form := disconnectOf(aicc.FromAgent, "")
	if w.draw(8) == 0 {
		form = parking("see you")
	}
	if w.bad() {
		form = oneOf(w.draw, parking("see you"), parking(""),
			says(aicc.FromRobot, func(d *aicc.Downlink) { d.ControlType, d.IsOffline = aicc.Disconnect, "true" }), disconnectOf(aicc.FromRobot, aicc.Text), disconnectOf(aicc.FromSystem, aicc.Image),
			disconnectOf(aicc.FromSystem, aicc.Text), plain(aicc.Downlink{ControlType: aicc.Disconnect, MediaType: aicc.Audio, Content: "p"}))
	}
	w.box = append(w.box, form)
	if w.bad() {
		w.box = append(w.box, disconnect())
	}
}

// parking is a DISCONNECT that leaves the conversation to be gone on with later.
func parking(tip string) msg {
	return plain(aicc.Downlink{ControlType: aicc.Disconnect, SourceType: aicc.FromSystem, IsOffline: "true", Content: tip})
}
