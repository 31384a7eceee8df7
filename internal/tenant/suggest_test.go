package tenant

import (
	"strings"
	"testing"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

func TestSuggestions(t *testing.T) {
	const nothing = `{"resultCode":"0","resultDesc":"ok","question":[]}`
	const refused = `{"resultCode":"1","resultDesc":"a parameter is missing or wrong"}`
	const refunds = `{"resultCode":"0","resultDesc":"ok","question":["How long does a refund take?","Which refund rules apply?"]}`
	const inChinese = `{"resultCode":"0","resultDesc":"ok","question":["退款需要多长时间？","退款规则是什么？"]}`
	inBubble(t, nil, func(t *testing.T, r *rig) {
		u := r.user("u-1")
		u.answers(aicc.PathPhrases, [][3]string{
			{"a part of a word", `{"strContent":"refu","locale":"en","channel":"WEB","more":1}`, refunds},
			{"capitals and blanks do not count", `{"strContent":" ReFU ","locale":"en_US","channel":"WEB"}`, refunds},
			{"Chinese", `{"strContent":"退款","locale":"zh","channel":"WEB"}`, inChinese},
			{"the newer name of Chinese", `{"strContent":"退款","locale":"zh_CN","channel":"WEB"}`, inChinese},
			{"no locale: the token's", `{"strContent":"refund","channel":"WEB"}`, refunds},
			{"an unknown locale: English", `{"strContent":"refund","locale":"pt","channel":"WEB"}`, refunds},
			{"nothing fits", `{"strContent":"xyzzy","locale":"en","channel":"WEB"}`, nothing},
			{"the other language", `{"strContent":"退款","locale":"en","channel":"WEB"}`, nothing},
			{"no text", `{"locale":"en","channel":"WEB"}`, refused},
			{"blanks", `{"strContent":"  ","locale":"en","channel":"WEB"}`, refused},
			{"no channel", `{"strContent":"refu","locale":"en"}`, refused},
			{"another channel", `{"strContent":"refu","locale":"en","channel":"SMS"}`, refused},
		})
		u.malformed(aicc.PathPhrases, ``, `{`, `{"strContent":1}`)
		u.getKey("zh_CN")
		u.answers(aicc.PathPhrases, [][3]string{{"no locale: now the token says Chinese", `{"strContent":"退款","channel":"WEB"}`, inChinese}})
	})
}

func TestAtMostFiveSuggestions(t *testing.T) {
	for _, p := range []*phrasebook{&english, &chinese} {
		frequent := map[*phrasebook]string{&english: "order", &chinese: "订单"}[p]
		if all := strings.Count(strings.Join(p.suggestions, "\n"), frequent); all < 6 {
			t.Fatalf("only %d suggestions have %q: the limit is never reached", all, frequent)
		}
		if got := p.matching(frequent); len(got) != aicc.MaxPhrases {
			t.Errorf("%q: %d suggestions, want %d: %q", frequent, len(got), aicc.MaxPhrases, got)
		}
	}
}

func TestSuggestionsNeedARobot(t *testing.T) {
	inBubble(t, func(c *scenario.Tenant) { c.Robot = nil }, func(t *testing.T, r *rig) {
		r.user("u-1").answers(aicc.PathPhrases, [][3]string{
			{"agents alone", `{"strContent":"refu","locale":"en","channel":"WEB"}`, `{"resultCode":"1","resultDesc":"the channel has no robot"}`},
		})
	})
}
