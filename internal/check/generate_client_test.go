package check

import (
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// react is what the demo does about messages beside downloading: it asks about click-to-call when an
// agent comes, and for the queue when told so.
func (w *world) react(batch []*aicc.Downlink) {
	for _, m := range batch {
		switch {
		case m.SourceType == aicc.FromAgent && (!w.did(aicc.OpSupport, aicc.Unfinished) || w.bad()) && !w.bad():
			w.trade(aicc.OpSupport, oneOf(w.draw, ok(), ok(), ok(), failed(), info()))
		case m.Queueing() && !w.bad():
			w.asked.again, w.asked.over = w.now, false
			w.ask()
		}
	}
}

// carry tells which tokens the exchanges of the history carry, unless nobody knows.
func (w *world) carry() {
	if w.draw(4) == 0 {
		return
	}
	had, holds := 1, 1
	carried := map[uint32]trace.Event{}
	for i := range w.events {
		e := &w.events[i]
		needs := e.Op != aicc.OpToken && e.Op != aicc.OpApply
		switch {
		case e.Kind == trace.Invoke && needs:
			e.Token = holds
			if w.bad() {
				e.Token = oneOf(w.draw, trace.Tokenless, had, max(had-1, 1))
			}
			e.NoAccess = w.worse()
			if w.bad() {
				e.Dial = oneOf(w.draw, tick, time.Second)
			}
			carried[e.ID] = *e
		case e.Kind == trace.Return:
			was := carried[e.ID]
			e.Token, e.NoAccess, e.Dial = was.Token, was.NoAccess, was.Dial
			if e.NewToken || e.Op == aicc.OpApply && e.Class == aicc.OK {
				had += oneOf(w.draw, 1, 1, 1, 0)
				e.Got = had
				if !w.bad() {
					holds = had
				}
			}
		}
	}
}

// watch makes the history that of a client that is judged: some bodies are not kept, conversations are
// joined midway, some things are sent by sendAsync, and some downloads are not asked for as announced.
func (w *world) watch() {
	w.o.Foreign, w.o.Markers, w.o.Journal, w.o.Run = true, false, false, 0
	unkept := map[uint32]bool{}
	joined := false
	w.events = slices.DeleteFunc(w.events, func(e trace.Event) bool {
		switch e.Kind {
		case trace.Begin:
			joined = w.draw(8) == 0
		case trace.Deliver:
			return joined || unkept[e.ID]
		case trace.Return:
			if joined && e.Op == aicc.OpConnect {
				joined = e.Class != aicc.OK
				return true
			}
			unkept[e.ID] = e.Status == 200 && w.draw(200) < w.trouble
		}
		return joined && e.Kind != trace.Begin
	})
	for i := range w.events {
		e := &w.events[i]
		switch {
		case e.Kind == trace.Begin:
			e.Midway = i+1 < len(w.events) && w.midway(w.events[i+1:])
		case e.Kind == trace.Return && unkept[e.ID]:
			e.NoBody, e.Class, e.Code, e.Shape, e.Count, e.File, e.Grant = true, aicc.Info, "", "", 0, nil, nil
			if e.Op == aicc.OpUpload {
				e.FileID = ""
			}
		case e.Kind == trace.Invoke:
			e.Async = w.draw(100) < w.trouble/4
		}
		if e.Op == aicc.OpDownload {
			e.Local = w.worse()
		}
	}
}

// midway reports whether the conversation that these events are of was joined behind its CONNECT.
func (w *world) midway(events []trace.Event) bool {
	for _, e := range events {
		switch {
		case e.Kind == trace.Begin:
			return false
		case e.Op == aicc.OpConnect:
			return false
		case e.Op == aicc.OpPoll && !e.Probe:
			return true
		}
	}
	return false
}
