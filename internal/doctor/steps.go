package doctor

import "slices"

// steps are all there is to look at, in this order.
var steps = []step{
	{"address", "address", nil, (*walk).address},
	{"port", "port", []string{"address"}, (*walk).port},
	{"certificate", "TLS and certificate", []string{"port"}, (*walk).certificate},
	{"http", "HTTP answer", []string{"certificate"}, (*walk).http},
	{"key", "application key", []string{"http"}, (*walk).key},
	{"life", "life of the application token", []string{"key"}, (*walk).life},
	{"clock", "clock", []string{"key"}, (*walk).clocks},
	{"channel", "channel id", []string{"key"}, (*walk).channel},
	{"connect", "CONNECT", []string{"channel"}, (*walk).connect},
	{"robot", "robot", []string{"connect"}, (*walk).robot},
	{"keyword", "hand-over by keyword", []string{"connect", "robot"}, (*walk).keyword},
	{"handover", "hand-over by TRANS2AGENT", []string{"connect"}, (*walk).handover},
	{"hours", "working hours", []string{"channel"}, (*walk).hours},
	{"queue", "queue", []string{"handover"}, (*walk).queue},
	{"agents", "agents signed in", []string{"handover"}, (*walk).agents},
	{"text", "a text both ways", []string{"connect"}, (*walk).text},
	{"upload", "a picture to the agent", []string{"connect"}, (*walk).upload},
	{"download", "a picture from the agent", []string{"agents"}, (*walk).download},
	{"timestamps", "timestamps of messages", []string{"connect"}, (*walk).timestamps},
	{"call", "click-to-call", []string{"agents"}, (*walk).clickToCall},
	{"history", "history", []string{"agents", "text"}, (*walk).history},
	{"survey", "survey", []string{"channel"}, (*walk).survey},
	{"disconnect", "DISCONNECT", []string{"connect"}, (*walk).disconnect},
	{"leave", "leave a message", []string{"channel"}, (*walk).leaveMessage},
}

// Title is the title of a step, by its id.
func Title(id string) string {
	if i := slices.IndexFunc(steps, func(s step) bool { return s.id == id }); i >= 0 {
		return steps[i].title
	}
	return id
}

// wayIn reports whether a step is about reaching the tenant at all.
func wayIn(id string) bool {
	return slices.Contains([]string{"address", "port", "certificate", "http"}, id)
}
