package check

import (
	"slices"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// What cases are held against. Where the documents do not say which code a refusal has, any refusal
// will do.
var (
	accepted = want{"result code 0", func(e *trace.Event) bool { return e.Status == 200 && e.Code == aicc.CodeOK }}
	refused  = want{"a refusal", isRefused}
	// A refusal that is the tenant's and no accident of it.
	refusedCleanly = want{"a refusal and no server error", func(e *trace.Event) bool { return isRefused(e) && e.Status != 500 }}
	noServerError  = want{"no server error", func(e *trace.Event) bool { return e.Status != 500 }}
	unauthorised   = want{"HTTP 401", func(e *trace.Event) bool { return e.Status == 401 }}
	badToken       = want{"result code 3 or HTTP 401", func(e *trace.Event) bool { return e.Status == 401 || e.Code == aicc.CodeWrong }}
	badRating      = withCode(aicc.CodeNoContent)
	noRobot        = withCode(aicc.CodeNoRobot)
	phrases        = want{"at most 5 phrases and result code 0 or 1", func(e *trace.Event) bool {
		return e.Count <= aicc.MaxPhrases && (e.Code == aicc.CodeOK || e.Code == aicc.CodeParam)
	}}
	notCut = want{"a refusal, or the whole text", func(e *trace.Event) bool { return isRefused(e) || e.Count == 0 }}
	survey = want{"result code 0, surveyType WEB or NO, and levels 1 to 5 only", func(e *trace.Event) bool {
		return e.Code == aicc.CodeOK && (e.Note == "WEB" || e.Note == "NO") && e.Count == 0
	}}
)

func isRefused(e *trace.Event) bool { return e.Status != 200 || e.Code != aicc.CodeOK }

// withCode wants one of the documented codes.
func withCode(codes ...string) want {
	return want{"result code " + strings.Join(codes, " or "), func(e *trace.Event) bool {
		return slices.Contains(codes, e.Code)
	}}
}

// withCodeOr400 is withCode where HTTP 400, "wrong request parameter", says the same.
func withCodeOr400(codes ...string) want {
	w := withCode(codes...)
	return want{w.words + " or HTTP 400", func(e *trace.Event) bool { return e.Status == 400 || w.met(e) }}
}

// none, one and some want so many of what is counted in a case.
func none(what string) want {
	return want{"no " + what, func(e *trace.Event) bool { return e.Count == 0 }}
}

func one(what string) want {
	return want{"one " + what, func(e *trace.Event) bool { return e.Count == 1 }}
}

func some(what string) want {
	return want{"at least one " + what, func(e *trace.Event) bool { return e.Count > 0 }}
}
