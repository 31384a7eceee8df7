package check

import (
	"math"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/trace"
)

// never is before every time of a run, whatever is taken from it.
const never = time.Duration(math.MinInt64)

// Session is the automaton of one customer. Its events must come in order and from one goroutine
// at a time. Its memory does not grow: the streams of a conversation, and the lists for files and
// message codes, are allocated when first needed and then used again.
type Session struct {
	c            *Checker
	index        int
	closed       bool
	broken       bool // a rule failed
	sawMarkers   bool
	sawJournal   bool
	goesOn       int           // earliest conversation that the tenant may still take for going on, or -1
	now          time.Duration // of the latest event
	exposedUntil time.Duration // until then a poll that was given up may take messages away; outlives a conversation
	infoPolls    uint32
	held         int8             // empty polls that took a while, or shortPoll
	parked       int              // latest conversation that a DISCONNECT parked, or -1
	opp          [ruleCount]uint8 // opportunities since the last flush
	streams      [3]*stream       // by streamIndex
	codes        *recent          // messageCodes of this conversation
	twins        *recent          // messages without one
	keys         *recent          // object keys of uploads, of all conversations
	poll         polling
	conv         conversation
	files        []mediaFile // of this conversation, at most maxFiles
	uploads      []mediaFile // of this conversation, the last maxUploads
	sends        []sending   // of this conversation that were not accepted, at most maxSends
}

// polling is what the session knows of its polls.
type polling struct {
	inFlight int
	probe    bool // the latest one is a declared probe
	returned bool // one was answered in this conversation
	id       uint32
	started  time.Duration
	ended    time.Duration
}

// conversation is what is known of the current epoch.
type conversation struct {
	epoch      int
	open       bool
	reconciled bool // the tenant's record was read
	released   bool // the customer's DISCONNECT was answered 0
	begun      time.Duration
	late       time.Duration // worst lateness of the generator
	sent       int           // one above the highest number the customer used
	unplaced   int64         // damaged messages that stand for one that seems missing
	lastEmpty  time.Duration // when the last poll brought nothing, or never
	connect    connecting
	drop       dropping
	media      mediaCount
	parties    parties
	queue      queueing
	tokens     tokens
	refused    refusals
	manyOpen   bool          // more sends were not accepted than are remembered
	leaving    bool          // the customer's DISCONNECT was sent
	left       bool          // doLeaveMessage was sent
	unheard    bool          // the last exchange that came back had no answer
	echoed     int           // one above the highest number of the customer's that was echoed
	stamp      int64         // highest timestamp so far
	stampPoll  time.Duration // when the poll that brought it was sent
	user       string
}

// Observe takes the next event. The event is not kept.
func (s *Session) Observe(e *trace.Event) {
	s.now = e.At
	switch e.Kind {
	case trace.Begin:
		s.begin(e)
	case trace.Invoke:
		s.invoke(e)
	case trace.Return:
		s.answer(e)
	case trace.Deliver:
		s.deliver(e)
	case trace.Journal:
		s.reconcile(e)
	case trace.End:
		s.end(e.At, e.Ended)
	case trace.Probe:
		s.c.probe(e)
	}
}

// Broken reports whether a rule that is checked failed for this customer so far.
func (s *Session) Broken() bool { return s.broken }

// Close settles what is open, as if the conversation had been cut short, and hands everything to
// the checker. A second call does nothing.
func (s *Session) Close() {
	if s.closed {
		return
	}
	s.end(s.now, trace.CutShort)
	s.closed = true
	s.flush()
}

func (s *Session) begin(e *trace.Event) {
	s.end(e.At, trace.CutShort)
	s.conv = conversation{epoch: e.Epoch, open: true, begun: e.At, lastEmpty: never, user: e.User}
	s.conv.queue.agentAt, s.conv.queue.since = never, never
	s.conv.tokens.armed, s.conv.tokens.replaced = never, never
	s.conv.parties.agentSince, s.conv.parties.toAgent = never, never
	s.poll.returned = false
	s.files = s.files[:0]
	s.uploads, s.sends = s.uploads[:0], s.sends[:0]
	for _, r := range [...]*recent{s.codes, s.twins} {
		r.forget()
	}
	for _, st := range s.streams {
		if st != nil {
			st.reset(e.At)
		}
	}
}

func (s *Session) invoke(e *trace.Event) {
	c := &s.conv
	c.late = max(c.late, e.Late)
	switch e.Op {
	case aicc.OpConnect:
		c.connect.ask(e.At)
		s.sendStarts(e)
		c.queue.positioned = false
	case aicc.OpSend:
		s.sendStarts(e)
	case aicc.OpTransfer:
		s.sendStarts(e)
		c.queue.positioned = false
		c.parties.asked()
	case aicc.OpDisconnect:
		c.leaving = true
		c.parties.left()
	case aicc.OpLeave:
		c.left = true
	case aicc.OpPoll:
		s.pollStarts(e)
	case aicc.OpQueue:
		s.queueAsked(e)
	case aicc.OpDownload:
		s.downloadStarts(e)
	}
}

func (s *Session) answer(e *trace.Event) {
	s.conv.unheard = e.Status == 0
	s.authorised(e)
	s.protocol(e)
	switch e.Op {
	case aicc.OpToken:
		s.granted(e)
	case aicc.OpPoll:
		s.shape(shp01, e)
		s.pollEnds(e)
		return
	case aicc.OpConnect:
		s.conv.connect.answered(e)
	case aicc.OpSend:
		s.sendEnds(e)
	case aicc.OpTransfer:
		s.transferred(e)
	case aicc.OpDisconnect:
		s.conv.released = s.conv.released || e.Class == aicc.OK
	case aicc.OpQueue:
		s.queueAnswered(e)
	case aicc.OpUpload:
		s.uploaded(e)
	case aicc.OpDownload:
		s.downloadEnds(e)
	}
	s.shape(shp02, e)
}

// shape judges a complete answer (SHP-01, SHP-02).
func (s *Session) shape(id rule, e *trace.Event) {
	if e.Status != 200 {
		return
	}
	s.met(id)
	if e.Shape != "" {
		s.failShape(id, e)
	}
}

// met counts an opportunity of a rule. The counts of a session are small; a full one goes to the
// checker. It is called some twenty times a message, and so it is small enough to be inlined.
func (s *Session) met(id rule) {
	if s.opp[id]++; s.opp[id] == math.MaxUint8 {
		s.metTimes(id, 0)
	}
}

// metTimes counts n opportunities more, and empties the count.
func (s *Session) metTimes(id rule, n uint32) {
	sum := int64(s.opp[id]) + int64(n)
	s.opp[id] = 0
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	s.c.tallies[id].opportunities += sum
}

func (s *Session) failShape(id rule, e *trace.Event) {
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{
			sentence: "the answer to " + e.Op.String() + " has the wrong shape: " + e.Shape,
			events: []WitnessEvent{
				event(e.Started, "%s %d sent", e.Op, e.ID),
				event(e.At, "%s %d answered with HTTP 200: %s", e.Op, e.ID, e.Shape),
			},
		}
	}})
}

// deliver judges one message. Whose it is comes first, because a message of another conversation
// breaks no rule of this one.
func (s *Session) deliver(e *trace.Event) {
	foreign := s.identify(e)
	s.described(e)
	s.stamped(e, foreign)
	s.heard(e, foreign)
	s.spoken(e, foreign)
	// A DISCONNECT that a probe finds before CONNECT does not end the conversation to come.
	if s.conv.connect.state == connected {
		s.afterDrop(e)
		if e.Message.ControlType == aicc.Disconnect {
			s.disconnected(e)
		}
	}
	s.mediaDelivered(e)
}

func (s *Session) end(at time.Duration, ended trace.Ended) {
	if !s.conv.open {
		return
	}
	cut := ended == trace.CutShort || ended == trace.LostContact
	if s.poll.inFlight > 0 {
		s.expose(at)
	}
	s.settleConnect(cut)
	if !s.conv.reconciled {
		s.settleStreams(nil)
		s.settleSends(nil)
		s.settleUnrecorded(cut)
	}
	s.settleOurselves(ended)
	s.settleDownloads(at, cut)
	s.settleGoing()
	s.conv.open = false
	s.flush()
}

// settleGoing notes whether the tenant may still take this conversation for going on, or one
// before it: CONNECT may have been accepted, and no DISCONNECT is known to have arrived since.
func (s *Session) settleGoing() {
	switch {
	case s.conv.released || s.conv.drop.seen:
		s.goesOn = -1
	case s.goesOn < 0 && s.conv.connect.state != apart:
		s.goesOn = s.conv.epoch
	}
}

// mayGoOn reports whether the tenant may rightly take the new CONNECT for an earlier conversation
// going on, because the customer's DISCONNECT was lost or refused.
func (s *Session) mayGoOn(epoch int) bool { return s.goesOn >= 0 && s.goesOn <= epoch }

// flush hands the counts to the checker.
func (s *Session) flush() {
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, n := range s.opp {
		c.tallies[i].opportunities += int64(n)
	}
	c.infoPolls += int64(s.infoPolls)
	c.markers = c.markers || s.sawMarkers
	c.journal = c.journal || s.sawJournal
	s.opp, s.infoPolls = [ruleCount]uint8{}, 0
}

// undecided is the reason for a case that the end of the conversation cut off.
func (s *Session) undecided() Reason {
	if r := s.c.abortReason(); r != "" {
		return r
	}
	return NotDrained
}

// overdue fails a deadline rule, or is unsure about it when the generator was late by a tenth of
// the deadline or more: then the lateness may be its own.
func (s *Session) overdue(within time.Duration, f finding) {
	if s.conv.late >= within/10 {
		s.unsure(f.rule, GeneratorLate, 1)
		return
	}
	s.fail(f)
}

// stream returns the stream of a sender, which begins with the conversation.
func (s *Session) stream(sender marker.Sender) *stream {
	i := streamIndex(sender)
	if s.streams[i] == nil {
		s.streams[i] = new(stream)
		s.streams[i].reset(s.conv.begun)
	}
	return s.streams[i]
}
