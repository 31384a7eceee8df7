package check

import (
	"math"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// never is before every time of a run, whatever is taken from it.
const never = time.Duration(math.MinInt64)

// Session is the automaton of one customer. Its events must come in order and from one goroutine
// at a time. It is small, because a run has thousands of them: what most conversations do without
// stands behind two pointers, is allocated when first needed and then used again. Its memory does
// not grow.
type Session struct {
	shard        *shard
	wait         *waiting      // to be changed with waits; see nobodyWaits
	rare         *rare         // to be changed with rarely; see nothingRare
	now          time.Duration // of the latest event
	exposedUntil time.Duration // until then a poll that was given up may take messages away; outlives a conversation
	poll         polling
	conv         conversation
	streams      streams
	index        int32
	busy         int16 // exchanges of this conversation that are in flight, other than polls
	broken       bool  // a rule failed
	unheard      bool  // the last exchange of this conversation that came back had no answer
}

// polling is what the session knows of its polls.
type polling struct {
	started  time.Duration
	ended    time.Duration // of the latest in this conversation, or never
	inFlight int32
	overlaps uint8 // of those in flight, how many a judged client had in flight together
	shared   bool  // the latest that came back was one of them
	probe    bool  // the latest one is a declared probe
	held     int8  // empty polls that took a while, or shortPoll; outlives a conversation
}

// conversation is what is known of the current epoch, and nearly always needed.
type conversation struct {
	user       string
	begun      time.Duration
	late       time.Duration // worst lateness of the generator
	lastEmpty  time.Duration // when the last poll brought nothing, or never
	stamp      int64         // highest timestamp so far
	stampPoll  time.Duration // when the poll that brought it was sent
	connect    connecting
	parties    parties
	epoch      int
	sent       int32      // one above the highest number the customer used
	few        [2]sending // see sendingAt
	sendings   uint8      // numbers of the customer's that were not accepted as a text, at most maxSends
	open       bool
	reconciled bool // the tenant's record was read
	manyOpen   bool // more sends were not accepted than are remembered
}

// unbegun is a conversation of which nothing is known.
func unbegun() conversation {
	return conversation{lastEmpty: never, parties: parties{agentSince: never, agentAt: never}}
}

func (s *Session) opts() *Options { return &s.shard.c.opts }

func (s *Session) abortReason() Reason { return s.shard.c.abortReason() }

// Observe takes the next event. The event is not kept.
func (s *Session) Observe(e *trace.Event) {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
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
		s.shard.c.probe(e)
	}
}

// Broken reports whether a rule that is checked failed for this customer so far.
func (s *Session) Broken() bool { return s.broken }

// Close settles what is open, as if the conversation had been cut short. A second call does nothing.
func (s *Session) Close() {
	s.shard.mu.Lock()
	defer s.shard.mu.Unlock()
	s.end(s.now, trace.CutShort)
}

func (s *Session) begin(e *trace.Event) {
	s.end(e.At, trace.CutShort)
	s.conv = unbegun()
	s.conv.epoch, s.conv.open, s.conv.begun, s.conv.user = e.Epoch, true, e.At, e.User
	s.poll.ended, s.unheard, s.busy = never, false, 0
	s.streams.forget()
	if s.wait != &nobodyWaits {
		*s.wait = nobodyWaits
	}
	if s.rare != &nothingRare {
		s.rare.forget()
	}
	if s.opts().Foreign {
		s.beginForeign(e)
	}
}

func (s *Session) invoke(e *trace.Event) {
	c := &s.conv
	c.late = max(c.late, e.Late)
	c.connect.async = c.connect.async || e.Async
	s.clientSends(e)
	switch e.Op {
	case aicc.OpConnect:
		c.connect.ask(e.At)
		s.sendStarts(e)
		s.startOver()
	case aicc.OpSend:
		s.sendStarts(e)
	case aicc.OpTransfer:
		s.sendStarts(e)
		s.startOver()
		s.asked()
	case aicc.OpDisconnect:
		s.leaves()
	case aicc.OpLeave:
		c.connect.left = true
	case aicc.OpPoll:
		s.pollStarts(e)
	case aicc.OpQueue:
		s.queueAsked(e)
	case aicc.OpDownload:
		s.downloadStarts(e)
	case aicc.OpSupport:
		s.supportAsked(e)
	}
	if e.Op != aicc.OpPoll && s.busy < math.MaxInt16 {
		s.busy++
	}
}

func (s *Session) answer(e *trace.Event) {
	s.unheard = e.Status == 0
	s.clientAnswered(e)
	s.authorised(e)
	s.replaced(e)
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
		s.tokensCarried(e)
	case aicc.OpSend:
		s.sendEnds(e)
	case aicc.OpTransfer:
		s.transferred(e)
	case aicc.OpDisconnect:
		s.released(e)
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
	if e.Status != 200 || e.NoBody {
		return
	}
	s.met(id)
	if e.Shape != "" {
		s.failShape(id, e)
	}
}

// met counts an opportunity of a rule. It is called some twenty times a message, and so it is small
// enough to be inlined.
func (s *Session) met(id rule) { s.shard.met[id]++ }

// metTimes counts n opportunities.
func (s *Session) metTimes(id rule, n uint32) { s.shard.met[id] += int64(n) }

func (s *Session) failShape(id rule, e *trace.Event) {
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{
			sentence: "the answer to " + e.Op.String() + " has the wrong shape: " + e.Shape,
			events: []WitnessEvent{
				did(e.Started, "%s %d sent", e.Op, e.ID),
				came(e.At, "%s %d answered with HTTP 200: %s", e.Op, e.ID, e.Shape),
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
	s.clientTold(e)
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
	s.settleClient(ending{at, ended, cut})
	s.settleGoing()
	s.conv.open = false
}

// settleGoing notes whether the tenant may still take this conversation for going on, or one
// before it: CONNECT may have been accepted, and no DISCONNECT is known to have arrived since.
func (s *Session) settleGoing() {
	switch {
	case s.conv.connect.released || s.rare.drop.seen:
		if s.rare.goesOn >= 0 {
			s.rarely().goesOn = -1
		}
	case s.rare.goesOn < 0 && s.conv.connect.state != apart:
		s.rarely().goesOn = s.conv.epoch
	}
}

// mayGoOn reports whether the tenant may rightly take the new CONNECT for an earlier conversation
// going on, because the customer's DISCONNECT was lost or refused.
func (s *Session) mayGoOn(epoch int) bool { return s.rare.goesOn >= 0 && s.rare.goesOn <= epoch }

// undecided is the reason for a case that the end of the conversation cut off.
func (s *Session) undecided() Reason {
	if r := s.abortReason(); r != "" {
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
