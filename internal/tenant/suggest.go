package tenant

import (
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
)

// suggest is E11: questions that contain what the customer has typed. Only a channel with a robot
// has them.
func (t *Tenant) suggest(x *http1.Exchange, c *customer) {
	var q struct {
		StrContent string `json:"strContent"`
		Locale     string `json:"locale"`
		Channel    string `json:"channel"`
	}
	if !t.decode(x, &q) {
		return
	}
	typed := strings.ToLower(strings.TrimSpace(q.StrContent))
	switch {
	case t.cfg.Robot == nil:
		t.result(x, aicc.CodeParam, "the channel has no robot")
	case typed == "" || q.Channel != aicc.ChannelWeb:
		t.result(x, aicc.CodeParam, "a parameter is missing or wrong")
	default:
		t.appendSuggestions(x, c.wordsIn(q.Locale).matching(typed))
	}
}

// matching finds the first few suggestions that contain a text, which is in lower case.
func (p *phrasebook) matching(typed string) []string {
	var found []string
	for _, s := range p.suggestions {
		if len(found) < aicc.MaxPhrases && strings.Contains(strings.ToLower(s), typed) {
			found = append(found, s)
		}
	}
	return found
}

func (t *Tenant) appendSuggestions(x *http1.Exchange, questions []string) {
	b := t.appendCode(append(x.Body, '{'), "resultCode", aicc.CodeOK)
	b = append(b, `,"resultDesc":"ok","question":[`...)
	for i, s := range questions {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, s)
	}
	x.Body = append(b, "]}"...)
}
