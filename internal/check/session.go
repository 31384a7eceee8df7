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
	sawMarkers   bool
	sawJournal   bool
	goesOn       int           // earliest conversation that the tenant may still take for going on, or -1
	now          time.Duration // of the latest event
	exposedUntil time.Duration // until then a poll that was given up may take messages away; outlives a conversation
	infoPolls    uint32
	opp          [ruleCount]uint32 // opportunities since the last flush
	streams      [4]*stream        // by streamIndex
	codes        *recent
	poll         polling
	conv         conversation
	files        []mediaFile // of this conversation, at most maxFiles
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
	lastOK     time.Duration // when the last poll was answered ok, or never
	prevOK     time.Duration // and the one before
	connect    connecting
	drop       dropping
	media      mediaCount
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
	}
}

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
	s.conv = conversation{epoch: e.Epoch, open: true, begun: e.At, lastOK: never, prevOK: never}
	s.poll.returned = false
	s.files = s.files[:0]
	if s.codes != nil {
		s.codes.n = 0
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
		c.sent = max(c.sent, e.Seq+1)
	case aicc.OpSend, aicc.OpTransfer:
		c.sent = max(c.sent, e.Seq+1)
	case aicc.OpPoll:
		s.pollStarts(e)
	case aicc.OpDownload:
		s.downloadStarts(e)
	}
}

func (s *Session) answer(e *trace.Event) {
	switch e.Op {
	case aicc.OpPoll:
		s.shape(shp01, e)
		s.pollEnds(e)
		return
	case aicc.OpConnect:
		s.conv.connect.answered(e)
	case aicc.OpDisconnect:
		s.conv.released = s.conv.released || e.Class == aicc.OK
	case aicc.OpQueue:
		s.queueAnswered(e)
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
	s.opp[id]++
	if e.Shape != "" {
		s.failShape(id, e)
	}
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
	s.heard(e, foreign)
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
		s.settleUnrecorded(cut)
	}
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
	s.opp, s.infoPolls = [ruleCount]uint32{}, 0
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
