package check

import (
	"net/http"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// pollStarts watches our own polling (SIM-01 to SIM-04).
func (s *Session) pollStarts(e *trace.Event) {
	p := &s.poll
	s.opp[sim01]++
	if p.inFlight > 0 {
		s.failPoll(sim01, p.started, e, "a poll was sent while another was in flight", "the other poll was sent")
	}
	if !e.Probe {
		s.pollAllowed(e)
	}
	p.inFlight++
	p.id, p.started, p.probe = e.ID, e.At, e.Probe
}

// pollAllowed judges a poll that is no declared probe.
func (s *Session) pollAllowed(e *trace.Event) {
	c, p := &s.conv, &s.poll
	s.opp[sim02]++
	if c.connect.state != connected {
		s.failPoll(sim02, c.begun, e, "a poll was sent before CONNECT was answered 0", "the conversation begins")
	}
	s.opp[sim03]++
	if c.drop.handled > 0 {
		s.failPoll(sim03, c.drop.at, e, "a poll was sent after DISCONNECT", "DISCONNECT was delivered")
	}
	if !p.returned {
		return
	}
	s.opp[sim04]++
	if e.At-p.ended < s.c.opts.Pause {
		s.failPoll(sim04, p.ended, e, "a poll was sent "+span(e.At-p.ended)+" after the answer of the last", "the last poll was answered")
	}
}

func (s *Session) failPoll(id rule, since time.Duration, e *trace.Event, what, before string) {
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			event(since, "%s", before),
			event(e.At, "poll %d sent", e.ID),
		}}
	}})
}

func (s *Session) pollEnds(e *trace.Event) {
	c, p := &s.conv, &s.poll
	p.inFlight = max(p.inFlight-1, 0)
	p.id, p.started, p.probe = e.ID, e.Started, e.Probe
	// After a 401 the tokens are renewed and the same poll is sent again, without a pause.
	p.ended, p.returned = e.At, e.Status != http.StatusUnauthorized
	// An answer that could not be read in full may have carried more than was read.
	if e.Class != aicc.OK && e.Class != aicc.Fail || e.Shape != "" {
		s.infoPolls++
		s.expose(e.At)
	}
	if e.Class != aicc.OK {
		return
	}
	c.prevOK, c.lastOK = c.lastOK, e.At
	if s.early() {
		s.opp[con01]++
	}
	if c.drop.handled > 0 {
		s.opp[dsc01]++
	}
	s.silence(e)
}
