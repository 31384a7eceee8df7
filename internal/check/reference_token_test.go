package check

import (
	"net/http"
	"slices"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// granted lists the application tokens of the conversation.
func (c *chat) granted() []int {
	return slices.DeleteFunc(c.returned(aicc.OpToken, c.limit), func(i int) bool {
		return c.events[i].Class != aicc.OK || c.events[i].Grant == nil
	})
}

// An application token comes with ApplyType Bearer and its life in seconds.
func tokenIsComplete(c *chat, n *cases) {
	for _, i := range c.granted() {
		g := c.events[i].Grant
		n.judge(strings.EqualFold(g.Type, "Bearer") && g.Seconds > 0)
	}
}

// The life that is granted is the one that was asked for, and at most 3600 s.
func tokenLivesAsAsked(c *chat, n *cases) {
	for _, i := range c.granted() {
		if e := &c.events[i]; e.Grant.Seconds > 0 {
			n.judge(e.Grant.Seconds <= 3600 && (e.Asked <= 0 || e.Grant.Seconds == e.Asked))
		}
	}
}

// No call is answered 401 while both of its tokens are fresh.
func tokensWork(c *chat, n *cases) {
	for i := c.begin; i < c.limit; i++ {
		if e := &c.events[i]; e.Kind == trace.Return && e.Op != aicc.OpToken && e.Status != 0 && e.Fresh && !(c.o.Foreign && c.carriesOld(i)) {
			n.judge(e.Status != http.StatusUnauthorized)
		}
	}
}

// business reports whether place i is the answer to a call that needs both tokens.
func (c *chat) business(i int) bool {
	e := &c.events[i]
	return e.Kind == trace.Return && e.Status != 0 && e.Op != aicc.OpToken && e.Op != aicc.OpApply
}

// renewed reports whether place i is a new user token.
func (c *chat) renewed(i int) bool {
	e := &c.events[i]
	return e.Kind == trace.Return && e.Op == aicc.OpApply && e.Class == aicc.OK
}

// After a 401, renewing the tokens makes the same call work, while they are fresh.
func newTokensHelp(c *chat, n *cases) {
	for i := c.begin; i < c.limit; i++ {
		if c.sentAgain(i) && c.events[i].Fresh {
			n.judge(c.events[i].Status != http.StatusUnauthorized)
		}
	}
}

// sentAgain reports whether place i is the first answer to the call that was answered 401 last, sent
// again with a new user token.
func (c *chat) sentAgain(i int) bool {
	if !c.business(i) {
		return false
	}
	e := &c.events[i]
	refused := c.last(i, func(k int) bool { return c.business(k) && c.events[k].Status == http.StatusUnauthorized })
	renewed := c.last(i, c.renewed)
	if refused < 0 || renewed < refused || c.events[refused].Op != e.Op || e.Started < c.at(renewed) {
		return false
	}
	return c.last(i, func(k int) bool { return k > refused && c.sentAgain(k) }) < 0
}

// A user token that comes in the header of an answer is good for the next call while it is fresh,
// unless there has been a newer one.
func replacementWorks(c *chat, n *cases) {
	for i := c.begin; i < c.limit; i++ {
		if c.usesReplacement(i) && c.events[i].Fresh {
			n.judge(c.events[i].Status != http.StatusUnauthorized)
		}
	}
}

// usesReplacement reports whether place i is the first answer to a call with the latest token that
// came in a header.
func (c *chat) usesReplacement(i int) bool {
	came := c.last(i, func(k int) bool { return c.events[k].Kind == trace.Return && c.events[k].NewToken })
	if came < 0 || c.last(i, c.renewed) > came {
		return false
	}
	uses := func(k int) bool {
		return k > came && c.business(k) && c.events[k].Started >= c.at(came) && !c.carriesOld(k)
	}
	return uses(i) && c.last(i, uses) < 0
}
