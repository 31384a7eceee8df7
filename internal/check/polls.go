package check

import (
	"math"
	"net/http"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// pollStarts judges the client's polling (SIM-01 to SIM-04).
func (s *Session) pollStarts(e *trace.Event) {
	p := &s.poll
	s.met(sim01)
	if p.inFlight > 0 {
		s.failPoll(sim01, p.started, e, "a poll was sent while another was in flight", "the other poll was sent")
	}
	if !e.Probe {
		s.pollAllowed(e)
	}
	if p.inFlight > 0 && s.opts().Foreign {
		p.overlaps = uint8(min(p.inFlight+1, math.MaxUint8))
		s.conv.connect.doubled = true
	}
	p.inFlight++
	p.started, p.probe = e.At, e.Probe
}

// pollAllowed judges a poll that is no declared probe.
func (s *Session) pollAllowed(e *trace.Event) {
	c, p := &s.conv, &s.poll
	s.met(sim02)
	if c.connect.state != connected {
		s.failPoll(sim02, c.begun, e, "a poll was sent before CONNECT was answered 0", "the conversation begins")
	}
	s.met(sim03)
	if s.rare.drop.handled > 0 {
		s.failPoll(sim03, s.rare.drop.at, e, "a poll was sent after DISCONNECT", "DISCONNECT was delivered")
	}
	if p.ended == never {
		return
	}
	s.met(sim04)
	if e.At-p.ended < s.opts().Pause {
		s.failPoll(sim04, p.ended, e, "a poll was sent "+span(e.At-p.ended)+" after the answer of the last", "the last poll was answered")
	}
}

func (s *Session) failPoll(id rule, since time.Duration, e *trace.Event, what, before string) {
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			event(since, "%s", before),
			did(e.At, "poll %d sent", e.ID),
		}}
	}})
}

func (s *Session) pollEnds(e *trace.Event) {
	c, p := &s.conv, &s.poll
	p.inFlight = max(p.inFlight-1, 0)
	p.started, p.probe = e.Started, e.Probe
	if p.shared = p.overlaps > 0; p.shared {
		p.overlaps--
		s.exposedUntil = max(s.exposedUntil, e.At) // what came by which of them first is not known
	}
	// After a 401 the tokens are renewed and the same poll is sent again, without a pause.
	if p.ended = e.At; e.Status == http.StatusUnauthorized {
		p.ended = never
	}
	// An answer that could not be read in full may have carried more than was read.
	if e.Class != aicc.OK && e.Class != aicc.Fail || e.Shape != "" {
		s.shard.infoPolls++
		s.expose(e.At)
	}
	s.pollAnswered(e)
	if e.Class != aicc.OK {
		return
	}
	if e.Count == 0 {
		c.lastEmpty = e.At // what waits behind other messages is not held back
	}
	if s.early() {
		s.met(con01)
	}
	if s.rare.drop.handled > 0 && s.rare.parked != c.epoch {
		s.met(dsc01)
	}
	s.silence(e)
	s.quiet(e)
	s.refusedFor(e)
}

const (
	heldLong = time.Second            // an empty poll that took so long was held
	atOnce   = 250 * time.Millisecond // and one that took less was not
)

// pollAnswered judges the answer of a poll as such (POL-01 to POL-04).
func (s *Session) pollAnswered(e *trace.Event) {
	if e.Probe {
		s.outside(e)
		return
	}
	if e.Class == aicc.OK {
		s.heldFor(e)
	}
	c := &s.conv
	if c.connect.state != connected || c.connect.leaving {
		return
	}
	if e.Class == aicc.OK && e.Count == 0 && !s.rare.drop.seen && s.exposedUntil < c.connect.asked {
		s.waited(e)
	}
	if s.rare.drop.seen || !pollTells(e) {
		return
	}
	s.met(pol01)
	switch {
	case e.Class == aicc.OK:
	case s.exposedUntil >= c.connect.asked || e.Status != http.StatusOK && e.Status/100 != 4: // or a gateway spoke
		s.unsure(pol01, IndeterminatePoll, 1) // a DISCONNECT may have been lost
	case s.wrongRequest(e):
		s.unsure(pol01, ClientFault, 1)
	default:
		s.failAnswer(pol01, e, "a poll was refused while the conversation runs")
	}
}

// wrongRequest reports whether a refusal may be due to what a judged client asked: nobody has looked
// at its requests.
func (s *Session) wrongRequest(e *trace.Event) bool {
	return s.opts().Foreign && (e.Status == http.StatusBadRequest || e.Status == http.StatusNotFound)
}

// pollTells reports whether the answer of a poll is the platform's own yes or no.
func pollTells(e *trace.Event) bool {
	switch {
	case e.Shape != "" || e.Code == aicc.CodeFlowControl:
		return false
	case e.Status == http.StatusOK:
		return e.Class == aicc.OK || e.Class == aicc.Fail
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusTooManyRequests:
		return false
	}
	return e.Status > 200 && e.Status <= http.StatusInternalServerError
}

// outside judges a declared probe (POL-04).
func (s *Session) outside(e *trace.Event) {
	if e.Status == 0 || e.Status == http.StatusUnauthorized || e.Class == aicc.Info && e.Shape == "" {
		return
	}
	s.met(pol04)
	if e.Status != http.StatusOK || e.Code != aicc.CodeOK || e.Shape != "" {
		s.failAnswer(pol04, e, "a poll outside a conversation is an error")
	}
}

// heldFor judges how long a poll took (POL-02).
func (s *Session) heldFor(e *trace.Event) {
	hold := s.opts().Setup.Hold
	if hold == nil {
		return
	}
	s.met(pol02)
	if took := e.At - e.Started; took > *hold+s.opts().HoldTolerance {
		s.overdue(s.opts().HoldTolerance, s.holdStory(pol02, e, "a poll took "+span(took)+", longer than the hold time"))
	}
}

// waited judges that a poll with nothing to bring was held (POL-03).
func (s *Session) waited(e *trace.Event) {
	took, least := e.At-e.Started, atOnce
	if hold := s.opts().Setup.Hold; hold != nil {
		if *hold < heldLong {
			return
		}
		least = *hold / 2
	} else if !s.holds(took) {
		return
	}
	s.met(pol03)
	if took < least {
		s.fail(s.holdStory(pol03, e, "a poll was answered after "+span(took)+" with nothing"))
	}
}

// holds learns whether a tenant of whose set-up nothing is known holds its polls: it has done so a few
// times, and not answered one at once before. A stall makes no long poll of a short one.
func (s *Session) holds(took time.Duration) bool {
	const enough = 3
	if s.poll.held >= enough {
		return true
	}
	switch {
	case took < atOnce:
		s.poll.held = shortPoll
	case took >= heldLong && s.poll.held != shortPoll:
		s.poll.held++
	}
	return false
}

// shortPoll is the count of held polls of a tenant that holds none.
const shortPoll = -1

func (s *Session) holdStory(id rule, e *trace.Event, what string) finding {
	return finding{rule: id, count: 1, extent: int64(e.At - e.Started), at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			did(e.Started, "poll %d sent", e.ID),
			came(e.At, "poll %d answered with %d messages", e.ID, e.Count),
		}}
	}}
}
