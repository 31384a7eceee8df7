package check

import (
	"net/http"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

const (
	queryPause    = 10 * time.Second // the demo's between two queue queries
	foreignJitter = time.Second      // by how much a timer in a page, and the way from it, may differ
	waitSlack     = 30 * time.Second // how long the platform may take to act on the maximum wait
)

// queueing follows the queue in one conversation.
type queueing struct {
	since      time.Duration // the first sign of queueing since an agent spoke, or never
	position   int           // of the last answer
	positioned bool          // there was one since CONNECT or TRANS2AGENT

	asked   bool // a query was made
	flagged bool // a sign of queueing came since
	repeats bool // the last query was answered 401 and is made again
	stopped bool // it was answered another code than 0
	flags   int8 // messages that said that the customer queues, at most two
	askedAt time.Duration
	due     time.Duration // since when the next query is (SIM-10), or never
}

// queueing notes signs of queueing and of an agent.
func (s *Session) queueing(e *trace.Event) {
	m, p := e.Message, &s.conv.parties
	if m.Queueing() {
		p.agentAt = never
		if q := &s.waits().queue; q.since == never {
			q.since = e.At
		}
	}
	if m.ControlType != aicc.Chat {
		return
	}
	agent, robot := m.SourceType == aicc.FromAgent, m.SourceType == aicc.FromRobot
	if s.wait.queue.since != never && (agent || robot && !m.Queueing()) {
		s.waits().queue.since = never // whoever waits is not with the robot
	}
	if agent && p.agentAt == never && !m.Queueing() {
		p.agentAt = e.At
	}
}

// startOver forgets the position, when CONNECT or TRANS2AGENT begins another wait.
func (s *Session) startOver() {
	if s.wait.queue.positioned {
		s.waits().queue.positioned = false
	}
}

// queueAsked watches our own queries (SIM-06).
func (s *Session) queueAsked(e *trace.Event) {
	if e.Probe {
		return
	}
	s.queueQueried(e)
	q := &s.waits().queue
	if q.asked && !q.repeats && !s.timersUnknown() {
		s.met(sim06)
		if !q.flagged && (q.stopped || e.At-q.askedAt < s.queryPause()) {
			s.failPoll(sim06, q.askedAt, e, "a queue query was sent too soon after the last, or after one that ended the waiting", "the last queue query was sent")
		}
	}
	q.asked, q.askedAt, q.flagged, q.repeats, q.stopped = true, e.At, false, false, false
}

// timersUnknown reports whether a judged client may have more than one timer for its queries: the demo
// starts one for each message that says that the customer queues. What it was told may not be known.
func (s *Session) timersUnknown() bool {
	return s.opts().Foreign && (s.wait.queue.flags > 1 || s.rare.manners.unread)
}

// queryPause is the least time between two queries; those of a judged client may take different
// times on their way.
func (s *Session) queryPause() time.Duration {
	if s.opts().Foreign {
		return queryPause - foreignJitter
	}
	return queryPause
}

// queueAnswered judges the answer of a queue query (QUE-01 to QUE-04) and takes it as a sign of
// life (CON-02, HND-01).
func (s *Session) queueAnswered(e *trace.Event) {
	q := &s.waits().queue
	q.repeats = e.Status == http.StatusUnauthorized
	q.stopped = e.Status == http.StatusOK && e.Code != aicc.CodeOK && e.Code != ""
	if e.Status != http.StatusOK || e.Shape != "" || e.NoBody {
		return
	}
	if e.Class == aicc.OK && e.Code == aicc.CodeOK && s.conv.parties.agentAt == never {
		s.queueDue(e.At + queryPause)
	}
	s.queueAndAgent(e)
	if e.Class == aicc.OK {
		s.waiting(e)
	}
	if e.Code != aicc.CodeOK && e.Code != aicc.CodeWithAgent {
		return
	}
	if w := s.waits(); w.handOver.open() {
		s.answeredBy(hnd01, &w.handOver, e.At, e.Started)
	}
	if s.conv.connect.state == connected {
		s.alive(e.At, e.At)
	}
}

// queueAndAgent judges a query that was made after an agent had spoken (QUE-02).
func (s *Session) queueAndAgent(e *trace.Event) {
	at := s.conv.parties.agentAt
	if at == never || e.Started < at || s.rare.drop.seen || s.conv.connect.leaving {
		return
	}
	s.met(que02)
	switch {
	case e.Code != aicc.CodeOK:
	case s.exposedUntil >= at:
		s.unsure(que02, IndeterminatePoll, 1) // the sign of queueing again may have been lost
	default:
		s.failQueue(que02, at, "an agent spoke", e, "the queue query says that the customer queues, after an agent has spoken")
	}
}

// waiting judges what an answer tells of the wait (QUE-01, QUE-03, QUE-04).
func (s *Session) waiting(e *trace.Event) {
	q := &s.waits().queue
	s.met(que01)
	if e.Position < 0 {
		s.failQueue(que01, s.conv.begun, "the conversation begins", e, "the position in the queue is negative")
	}
	if e.Code == aicc.CodeOK && e.Position > 0 {
		s.advanced(e)
	}
	if e.MaxWait <= 0 || q.since == never {
		return
	}
	s.met(que04)
	if e.Started-q.since > time.Duration(e.MaxWait)*time.Second+waitSlack {
		s.failQueue(que04, q.since, "a message said that the customer queues", e, "the queue goes on after its maximum wait of "+itoa(e.MaxWait)+" s")
	}
}

// advanced compares the position with the one before (QUE-03).
func (s *Session) advanced(e *trace.Event) {
	q := &s.waits().queue
	if q.positioned {
		s.met(que03)
		if e.Position > q.position {
			s.failQueue(que03, s.conv.begun, "an earlier query said position "+itoa(q.position), e, "the position in the queue grew")
		}
	}
	q.position, q.positioned = e.Position, true
}

func (s *Session) failQueue(id rule, since time.Duration, before string, e *trace.Event, what string) {
	s.fail(finding{rule: id, count: 1, extent: int64(e.At - since), at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			event(since, "%s", before),
			came(e.At, "queue query %d answered %s: position %d, estimate %d s, maximum wait %d s", e.ID, e.Code, e.Position, e.Estimate, e.MaxWait),
		}}
	}})
}
