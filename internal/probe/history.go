package probe

import (
	"slices"
	"strings"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

// history is what the tenant has archived of this user, as it comes; not ok leaves the reason.
func (u *user) history() (list []caller.Past, a caller.Answer, ok bool) { return u.History(u.s.ctx) }

// echo finds out whether the other side repeats what it is told, and how what was said can be seen
// again later.
type echo struct {
	u        *user
	replies  bool // what is said is answered
	echoes   bool // and the answer repeats it
	archived []caller.Past
}

// copies are the texts with a tag that can be seen again: from an echo that is one, or the history.
func (e *echo) copies(tag string) (heard, archived []string) {
	for _, m := range e.u.Seen {
		if e.echoes && caller.Talk(&m) && strings.Contains(m.Content, tag) {
			heard = append(heard, m.Content)
		}
	}
	for _, p := range e.archived {
		if strings.Contains(p.Content, tag) {
			archived = append(archived, p.Content)
		}
	}
	return heard, archived
}

// shown counts how often a text can be seen again, and whether at all.
func (e *echo) shown(tag string) (n int, visible bool) {
	heard, archived := e.copies(tag)
	n = max(len(heard), len(archived))
	return n, n > 0
}

// changed counts the copies that do not hold the text any more.
func (e *echo) changed(tag, text string) (n int, visible bool) {
	heard, archived := e.copies(tag)
	heard = slices.DeleteFunc(heard, func(c string) bool { // an echo has to leave off what does not fit
		return !strings.Contains(c, text) && utf8.RuneCountInString(c) >= aicc.MaxDownText
	})
	copies := append(heard, archived...)
	for _, c := range copies {
		n += count(!strings.Contains(c, text))
	}
	return n, len(copies) > 0
}
