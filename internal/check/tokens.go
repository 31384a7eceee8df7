package check

import (
	"net/http"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// maxLife is the longest life of an application token that the vendor grants, in seconds.
const maxLife = 3600

// tokens follows the tokens of one conversation.
type tokens struct {
	armed    time.Duration // when the user token was renewed after the latest 401, or never
	replaced time.Duration // when an answer brought a new token that was not used yet, or never
	refused  aicc.Op       // the call that was answered 401, until new tokens have helped it
	takenUp  bool          // SIM-12 is decided for the latest replacement
	number   int32         // of the latest replacement that must be taken up, or 0
	newAt    time.Duration // when it came
}

// granted judges an application token (TOK-01, TOK-02).
func (s *Session) granted(e *trace.Event) {
	g := e.Grant
	if e.Class != aicc.OK || g == nil {
		return
	}
	s.met(tok01)
	if !strings.EqualFold(g.Type, "Bearer") || g.Seconds <= 0 {
		s.failGrant(tok01, e, "an application token came without type Bearer or without its life")
	}
	if g.Seconds <= 0 {
		return
	}
	s.met(tok02)
	if g.Seconds > maxLife || e.Asked > 0 && g.Seconds != e.Asked {
		s.failGrant(tok02, e, "an application token was granted another life than asked for")
	}
}

func (s *Session) failGrant(id rule, e *trace.Event, what string) {
	g, asked := *e.Grant, e.Asked
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			did(e.Started, "%s %d asked for %d s", e.Op, e.ID, asked),
			came(e.At, "the answer has ApplyType %q and %d s", clip(g.Type), g.Seconds),
		}}
	}})
}

// authorised judges whether a call was let in as it should be (TOK-03, -04, -05).
func (s *Session) authorised(e *trace.Event) {
	switch {
	case e.Op == aicc.OpApply && e.Class == aicc.OK:
		s.renewed(e.At)
		return
	case e.Status == 0 || e.Op == aicc.OpToken:
		return
	}
	refused := e.Status == http.StatusUnauthorized
	if e.Fresh && !(s.opts().Foreign && s.carriesOld(e)) {
		s.met(tok03)
		if refused {
			s.failToken(tok03, s.conv.begun, e, "a call was answered 401 though its tokens were fresh", "conversation begins")
		}
	}
	if e.Op == aicc.OpApply {
		return
	}
	s.replacement(e, refused)
	s.renewal(e, refused)
}

// renewed notes that the customer got another user token.
func (s *Session) renewed(at time.Duration) {
	if s.rare.tokens.replaced != never {
		s.rarely().tokens.replaced = never
	}
	if s.rare.tokens.refused != aicc.OpNone {
		s.rarely().tokens.armed = at
	}
}

// replacement judges the first call with a token that came in the header of an answer.
func (s *Session) replacement(e *trace.Event, refused bool) {
	if since := s.rare.tokens.replaced; since != never && e.Started >= since && !s.carriesOld(e) {
		if e.Fresh { // a replacement ends as well
			s.met(tok05)
			if refused {
				s.failToken(tok05, since, e, "the token that replaced the old one was refused", "an answer brought a new token")
			}
		}
		s.rarely().tokens.replaced = never
	}
	if e.NewToken {
		s.rarely().tokens.replaced = e.At
	}
}

// carriesOld reports whether a call is known to carry another token than the one that came.
func (s *Session) carriesOld(e *trace.Event) bool {
	t := &s.rare.tokens
	return e.Token != 0 && t.number != 0 && e.Token < int(t.number)
}

// renewal judges the call that is made again after a 401 with new tokens.
func (s *Session) renewal(e *trace.Event, refused bool) {
	c := &s.rare.tokens
	if e.Op == c.refused && c.armed != never && e.Started >= c.armed {
		if e.Fresh {
			s.met(tok04)
			if refused {
				s.failToken(tok04, c.armed, e, "the call was answered 401 again, with new tokens", "the user token was renewed")
			}
		}
		s.rarely().tokens.refused = aicc.OpNone
	}
	if refused {
		c = &s.rarely().tokens
		c.refused, c.armed = e.Op, never
	}
}

func (s *Session) failToken(id rule, since time.Duration, e *trace.Event, what, before string) {
	s.fail(finding{rule: id, count: 1, at: e.At, tell: func() story {
		return story{sentence: what, events: []WitnessEvent{
			event(since, "%s", before),
			did(e.Started, "%s %d sent", e.Op, e.ID),
			came(e.At, "%s %d answered with HTTP 401", e.Op, e.ID),
		}}
	}})
}
