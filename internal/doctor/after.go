package doctor

import (
	"context"
	"net/http"
	"slices"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

// clickToCall asks what the demo asks when an agent speaks for the first time.
func (w *walk) clickToCall() finding {
	a := w.u.Call(w.ctx, caller.Call{Ask: "checkClickToCallSupport", Op: aicc.OpSupport, Path: aicc.PathSupport, Query: "channel=" + aicc.ChannelWeb})
	page := channelPage("点击通话被叫配置")
	switch {
	case a.OK() && a.ClickToCall:
		return right(d("E15"), "audio and video calls are offered")
	case a.OK():
		f := lacking(d("E15"), "no audio or video calls are offered")
		return f.advise("if they should be, set them up", page)
	case a.Status == http.StatusNotFound:
		return lacking(d("E15"), "there is no checkClickToCallSupport")
	}
	return w.refused(d("E15"), &a).advise("look at the set-up of click-to-call", page)
}

// tries is how often a history is asked for what it does not have yet.
const tries = 4

// history looks for what was said to the agent.
func (w *walk) history() finding {
	page := clientPage("查询历史消息 (queryHistoryChatMessage)")
	for try := range tries {
		list, a, ok := w.u.History(w.ctx)
		switch {
		case a.Status == http.StatusNotFound:
			return lacking(d("E09"), "there is no queryHistoryChatMessage")
		case a.Status == http.StatusOK && a.Code == aicc.CodeParam:
			return lacking(u("E09"), "no history is kept: %s", w.told(&a)).advise("if there should be one, ask the vendor how it is switched on: their pages do not say", page)
		case !ok:
			return w.refused(d("E09"), &a).advise("ask the vendor", page)
		case slices.ContainsFunc(list, func(p caller.Past) bool { return p.Content == w.talk.said }):
			return right(d("E09"), "it has what was said, %d messages", len(list))
		case try < tries-1:
			caller.Pause(w.ctx, time.Second) // an archive may take its time
		}
	}
	return warn(u("E09"), "it lacks what was said %d s ago", tries-1).advise("look again later: how soon the history has a message is not documented", page)
}

// survey asks how the survey is set up, and answers it as the demo does.
func (w *walk) survey() finding {
	mode, a := w.u.SurveyMode(w.ctx)
	switch {
	case a.Status == http.StatusNotFound:
		return lacking(d("E12"), "there is no getsatisfactionsurveymode")
	case !a.OK():
		return w.refused(d("E12"), &a).advise("look at the survey", surveyPage())
	case a.Shape != "":
		return wrong(d("E12"), "the answer of getsatisfactionsurveymode has another form than the documented one").advise("ask the vendor", surveyPage())
	case mode.Type == "NO" || mode.Type == "":
		return lacking(d("E12"), "the channel has no survey (surveyType %q)", mode.Type).advise("if it should have one, switch it on", surveyPage())
	case w.states["agents"] != Right:
		return right(d("E12"), "there is one; it was not answered, as no agent was there")
	}
	rated := caller.Answer{}
	for _, nested := range []bool{false, true} { // the page's sample, and its table
		if rated = w.u.Call(w.ctx, w.u.RateCall("5", nested)); rated.OK() {
			return right(d("E13"), "there is one, and the answer 5 was accepted")
		}
	}
	return w.refused(u("E13"), &rated).advise("look at the survey; which form of an answer is right the vendor's pages do not agree on", surveyPage())
}

func (w *walk) disconnect() finding {
	if w.u.HungUp {
		return lacking(d("6.7"), "not needed: the other side has hung up")
	}
	a := w.u.Disconnect(w.ctx, "DISCONNECT")
	if a.OK() {
		w.unsure = false
		return right(d("E03"), "DISCONNECT was accepted")
	}
	if w.left() {
		return right(d("6.7"), "the other side hung up at the same time")
	}
	if w.talk.deaf != "" {
		return w.notLookedAt(w.talk.deaf)
	}
	return w.refused(d("E03"), &a).advise("look at the agent's workbench whether the conversation is still there", agentPage())
}

// leaveCodes are the documented codes of doLeaveMessage (section E10).
var leaveCodes = map[string]string{"2": "a parameter is empty", "3": "a parameter is wrong", "13": "it failed"}

func (w *walk) leaveMessage() finding {
	a := w.u.Call(w.ctx, w.u.LeaveCall("doLeaveMessage", w.words().message))
	page := clientPage("客户提交留言 (doLeaveMessage)")
	switch {
	case a.OK():
		return right(d("E10"), "a message was left")
	case a.Status == http.StatusNotFound:
		return lacking(d("E10"), "there is no doLeaveMessage")
	}
	return meaning(w.refused(d("E10"), &a), &a, leaveCodes).advise("look whether messages can be left on this channel", page)
}

// hangUp ends what may still be open, also when the walk is to stop. It asks more than once: a tenant
// that was slow may be there again, and a CONNECT that was not answered may still be on its way.
func (w *walk) hangUp() {
	ctx, cancel := context.WithTimeout(w.hard, linger)
	defer cancel()
	for try := 0; try < 3 && w.u.Open && !w.u.HungUp && w.hard.Err() == nil; try++ {
		if try > 0 {
			caller.Pause(ctx, time.Second)
		}
		a := w.u.Disconnect(ctx, "DISCONNECT")
		if a.OK() || !w.unsure && w.ended(ctx, &a) {
			w.u.Open, w.unsure = false, false
		}
	}
	w.unsure = w.unsure || w.u.Open && !w.u.HungUp && w.hard.Err() == nil
}

// ended reports whether a DISCONNECT was refused because the conversation is over.
func (w *walk) ended(ctx context.Context, a *caller.Answer) bool {
	if a.Status != http.StatusOK {
		return false
	}
	q := w.u.Queue(ctx, "queryQueueInfo")
	return slices.Contains([]string{aicc.CodeEnded, aicc.CodeInvalid, aicc.CodeNoSession}, q.Code)
}
