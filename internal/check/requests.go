package check

import (
	"cmp"
	"fmt"
	"strconv"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// understood judges what a tenant made of a client's request (SIM-14).
func (s *Session) understood(e *trace.Event) {
	if e.Request == "" {
		return
	}
	s.met(sim14)
	if e.Request == trace.Sound {
		return
	}
	s.fail(finding{rule: sim14, count: 1, at: e.At, tell: func() story {
		what := "a request"
		if e.Op != aicc.OpNone {
			what = e.Op.String() + " " + strconv.FormatUint(uint64(e.ID), 10)
		}
		return story{sentence: fmt.Sprintf("%s is wrong: %s", what, e.Request), events: []WitnessEvent{
			did(e.Started, "%s was sent: %s", what, e.Request),
			came(e.At, "it was answered %s", cmp.Or(e.Code, e.Error, "HTTP "+itoa(e.Status))),
		}}
	}})
}
