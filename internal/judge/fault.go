package judge

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"chatbench/internal/aicc"
)

// fault says what is wrong with a call, as far as the request itself shows it, or "". Channel is the
// tenant's.
func (r *request) fault(channel string) string {
	switch e := endpoints[r.path]; {
	case e.method != r.method:
		return fmt.Sprintf("%s wants %s, not %s", r.path, e.method, shown(r.method))
	case r.broken:
		return "the body is no JSON object"
	}
	if why := r.headerFault(); why != "" {
		return why
	}
	return r.fieldFault(channel)
}

// headerFault looks at the headers of section 2.2. A call without a user token is another rule's when
// it is a CONNECT.
func (r *request) headerFault() string {
	switch r.path {
	case aicc.PathToken, aicc.PathQueue, aicc.PathPoll, aicc.PathPhrases:
		if r.path == aicc.PathPoll && r.token == "" {
			return "it carries no user token (ccmessaging-token)"
		}
		return ""
	case aicc.PathApply:
	default:
		if r.token == "" && r.op() != aicc.OpConnect {
			return "it carries no user token (ccmessaging-token)"
		}
	}
	switch {
	case !r.key:
		return "it carries no application key (x-app-key)"
	case !r.app && r.op() != aicc.OpConnect:
		return "it carries no application token (Authorization)"
	}
	return ""
}

// fieldFault looks at the fields that a client has to get right.
func (r *request) fieldFault(channel string) string {
	b := &r.body
	if user, named := owner(r.token), r.named(); user != "" && named != user && r.names() {
		return fmt.Sprintf("it is made for user %s with the token of user %s", shown(named), shown(user))
	}
	switch {
	case isSend(r.path):
		return b.sendFault(channel)
	case r.path == aicc.PathPoll:
		if c := r.query.Get("channel"); c != aicc.ChannelWeb {
			return fmt.Sprintf("its channel is %s, not WEB", shown(c))
		}
	case r.path == aicc.PathApply && b.ChannelID != channel:
		return fmt.Sprintf("its channelId is %s, the channel is %s", shown(b.ChannelID), channel)
	case r.path == aicc.PathQueue && b.ChannelConfigID != channel:
		return fmt.Sprintf("its channelConfigId is %s, the channel is %s", shown(b.ChannelConfigID), channel)
	case r.path == aicc.PathDownload:
		return b.downloadFault()
	}
	return ""
}

// names reports whether such a request names its user.
func (r *request) names() bool {
	return isSend(r.path) || slices.Contains([]string{aicc.PathPoll, aicc.PathLeave, aicc.PathQueue, aicc.PathHistory}, r.path)
}

func (b *body) sendFault(channel string) string {
	_, known := controls[b.ControlType]
	switch {
	case !known && b.ControlType != aicc.Input && b.ControlType != aicc.Read:
		return fmt.Sprintf("its controlType is %s", shown(b.ControlType))
	case b.Channel != aicc.ChannelWeb:
		return fmt.Sprintf("its channel is %s, not WEB", shown(b.Channel))
	case b.SourceType != aicc.FromCustomer:
		return fmt.Sprintf("its sourceType is %s, not CUSTOMER", shown(b.SourceType))
	case b.To != channel:
		return fmt.Sprintf("it is sent to %s, the channel is %s", shown(b.To), channel)
	case b.MediaType == "":
		return "it has no mediaType"
	}
	return ""
}

func (b *body) downloadFault() string {
	local := strings.HasPrefix(b.FileID, "local/")
	switch {
	case b.FileID == "":
		return "it has no fileId"
	case !local && b.MultiMedia != "multiMedia":
		return "it asks for a file of the media library without multiMedia"
	case b.Channel != aicc.ChannelWeb:
		return fmt.Sprintf("its channel is %s, not WEB", shown(b.Channel))
	}
	return ""
}

// refusal says what was wrong with a request, from how the tenant refused it, or "". A lesson refuses
// good requests, too: with 401 and from 500 on.
func refusal(r *request, status int) string {
	switch {
	case status == http.StatusNotFound && passedOver(r.path):
		return ""
	case status == http.StatusNotFound && r.method == http.MethodOptions:
		return fmt.Sprintf("a browser asks with OPTIONS whether a page from elsewhere may call %s: page and tenant need one origin, so let a server in front of both pass the calls on, as the demo does", shown(r.path))
	case status == http.StatusNotFound:
		return fmt.Sprintf("there is no %s %s", r.method, shown(r.path))
	case status == http.StatusBadRequest:
		return "the tenant could not read it (HTTP 400)"
	}
	return ""
}

// passedOver are paths that browsers ask for by themselves, the address alone, by which a person looks
// whether somebody is there, and the tenant's own pages, which chatbench asks for: from another machine,
// or about a user whom the tenant does not know, there are none.
func passedOver(path string) bool {
	return path == "/" || strings.HasPrefix(path, "/chatbench/") || path == "/favicon.ico" || path == "/robots.txt" || strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/apple-touch-icon")
}

// shown is a text of a client in a sentence.
func shown(s string) string {
	const most = 60
	if s == "" {
		return "missing"
	}
	if len(s) > most {
		s = s[:most] + "..."
	}
	return fmt.Sprintf("%q", s)
}
