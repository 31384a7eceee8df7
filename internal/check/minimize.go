package check

import (
	"errors"
	"slices"
	"strconv"

	"chatbench/internal/trace"
)

// Minimal is what Minimize leaves of a customer's events.
type Minimal struct {
	Events  []trace.Event
	Witness Witness // the violation that they show
	// Done says that none of the exchanges, messages and other events could be left out by itself.
	// It is false when the effort for that was used up before.
	Done bool
}

// The reasons why there is nothing to minimize.
var (
	ErrNoRule = errors.New("no such rule, or not one that is checked")
	ErrHolds  = errors.New("the rule does not fail for this customer")
)

// mostEffort bounds the work of Minimize, in events that are judged: some seconds. A finding costs as
// much as many events, because it is put into words.
const (
	mostEffort  = 20_000_000
	findingCost = 30
)

// Minimize leaves out of one customer's events what is not needed to break a rule. It is delta
// debugging: conversations, then exchanges with their answers and messages (first all of a sort, and
// all messages of a sender), then single messages and other events are left out in ever smaller
// pieces, as long as the events that remain show the same violation, and show no violation of any
// rule that the whole did not show. Without the second condition a loss could be made by leaving a
// message out.
//
// The violation is the first one of the rule. Errors are ErrNoRule and ErrHolds. The events are not
// changed.
func Minimize(o Options, events []trace.Event, id string) (Minimal, error) {
	return minimize(o, events, id, mostEffort)
}

func minimize(o Options, events []trace.Event, id string, effort int) (Minimal, error) {
	o.Reproduce = nil
	i := slices.IndexFunc(registry[:], func(r Rule) bool { return r.ID == id })
	if i < 0 || New(o).off[i] {
		return Minimal{}, ErrNoRule
	}
	m := &minimizer{o: o, events: events, out: make([]bool, len(events)), left: effort}
	found := m.judge(nil)
	first := slices.IndexFunc(found, func(s told) bool { return s.rule == rule(i) })
	if first < 0 {
		return Minimal{}, ErrHolds
	}
	m.wanted = found[first]
	m.known = make(map[string]bool, len(found))
	for _, s := range found {
		m.known[s.key] = true
	}
	m.without(m.after(m.wanted.at))
	for again := true; again && m.left > 0; {
		again = false
		for _, units := range []func() [][]int{m.conversations, m.sorts, m.senders, m.exchanges, m.singles} {
			again = m.reduce(units()) || again
		}
	}
	return Minimal{Events: m.kept(), Witness: m.wanted.witness, Done: m.left > 0}, nil
}

// minimizer is one search.
type minimizer struct {
	o      Options
	events []trace.Event
	out    []bool // of events: left out
	wanted told
	known  map[string]bool // keys of what the whole shows
	left   int             // effort
}

// told is a finding as the checker told it.
type told struct {
	rule    rule
	key     string // the same for the same words
	at      int    // index of the event that brought it; behind the last one when closing did
	witness Witness
}

// judge gives the findings in the events that are not left out. With a function it stops at the
// first finding that the function does not like.
func (m *minimizer) judge(like func(*told) bool) (found []told) {
	c := New(m.o)
	s := c.Customer(m.customer())
	seen := int64(0)
	for i := range len(m.events) + 1 {
		switch {
		case i == len(m.events):
			s.Close()
		case m.out[i]:
			continue
		default:
			m.left--
			s.Observe(&m.events[i])
		}
		if now := c.Violations(); now != seen {
			seen = now
			for _, one := range c.takeFindings(i) {
				m.left -= findingCost
				found = append(found, one)
				if like != nil && !like(&one) {
					return found
				}
			}
		}
	}
	return found
}

func (m *minimizer) customer() int {
	if len(m.events) == 0 {
		return 0
	}
	return m.events[0].Customer
}

// takeFindings takes the witnesses that were kept since the last time out of the tallies, so that
// there is room for all.
func (c *Checker) takeFindings(at int) []told {
	var list []told
	for id := range c.tallies {
		t := &c.tallies[id]
		for _, w := range t.witnesses {
			list = append(list, told{rule: rule(id), key: keyOf(id, &w), at: at, witness: w})
		}
		t.witnesses = nil
	}
	return list
}

// keyOf is the same for the same words about a rule.
func keyOf(id int, w *Witness) string {
	key := strconv.AppendInt(nil, int64(id), 10)
	key = append(append(key, ' '), w.Sentence...)
	for _, e := range w.Events {
		key = append(strconv.AppendInt(append(key, '\n'), int64(e.At), 10), e.Text...)
	}
	return string(key)
}

// without leaves events out if what is wanted still shows, and nothing new does. It reports whether
// it did.
func (m *minimizer) without(events []int) bool {
	if len(events) == 0 || m.left <= 0 {
		return false
	}
	for _, i := range events {
		m.out[i] = true
	}
	found := m.judge(func(s *told) bool { return m.known[s.key] })
	shows := slices.ContainsFunc(found, func(s told) bool { return s.key == m.wanted.key })
	if shows && m.known[found[len(found)-1].key] {
		return true
	}
	for _, i := range events {
		m.out[i] = false
	}
	return false
}

// reduce leaves out what it can of the units, the halves first, and reports whether that was
// anything. In the end no unit could be left out by itself.
func (m *minimizer) reduce(units [][]int) (any bool) {
	for size := (len(units) + 1) / 2; size > 0; {
		before := len(units)
		for i := 0; i < len(units); {
			n := min(size, len(units)-i)
			if m.without(slices.Concat(units[i : i+n]...)) {
				units = slices.Delete(units, i, i+n)
				continue
			}
			i += n
		}
		went := len(units) < before
		any = any || went
		switch {
		case m.left <= 0, size == 1 && !went:
			return any
		case size > 1:
			size = (size + 1) / 2
		}
	}
	return any
}

// The numbers by which events are gathered into units, beside those of the units themselves.
const (
	alone = -1 // a unit by itself
	stays = -2 // no unit
)

// units gathers the events that are still there by a number.
func (m *minimizer) units(number func(*trace.Event) int) [][]int {
	var units [][]int
	of := map[int]int{}
	for i := range m.events {
		if m.out[i] {
			continue
		}
		n := number(&m.events[i])
		if n == stays {
			continue
		}
		at, ok := of[n]
		if !ok || n == alone {
			at = len(units)
			of[n] = at
			units = append(units, nil)
		}
		units[at] = append(units[at], i)
	}
	return units
}

func (m *minimizer) conversations() [][]int {
	n := 0
	return m.units(func(e *trace.Event) int {
		if e.Kind == trace.Begin {
			n++
		}
		return n
	})
}

// sorts are all exchanges of a kind together, polls that brought messages apart from others, and all
// events of another kind. Of a long history much goes at once that way.
func (m *minimizer) sorts() [][]int {
	useful := map[uint32]bool{}
	for i := range m.events {
		if e := &m.events[i]; e.Kind == trace.Deliver && !m.out[i] {
			useful[e.ID] = true
		}
	}
	return m.units(func(e *trace.Event) int {
		switch e.Kind {
		case trace.Begin:
			return stays
		case trace.Invoke, trace.Return, trace.Deliver:
			if useful[e.ID] {
				return int(e.Op)
			}
			return 1<<8 + int(e.Op)
		}
		return 1<<9 + int(e.Kind)
	})
}

// senders are all messages of one kind of sender together.
func (m *minimizer) senders() [][]int {
	of := map[string]int{}
	return m.units(func(e *trace.Event) int {
		if e.Kind != trace.Deliver {
			return stays
		}
		sender := string(e.Mark.Sender) + e.Message.SourceType
		if _, ok := of[sender]; !ok {
			of[sender] = len(of)
		}
		return of[sender]
	})
}

// exchanges are invocations with their returns and the messages that these brought. A conversation
// without its beginning would not be judged as one, so the beginning goes only with all of it.
func (m *minimizer) exchanges() [][]int {
	return m.units(func(e *trace.Event) int {
		switch e.Kind {
		case trace.Begin:
			return stays
		case trace.Invoke, trace.Return, trace.Deliver:
			return int(e.ID)
		}
		return alone
	})
}

// singles are the messages, one by one.
func (m *minimizer) singles() [][]int {
	return m.units(func(e *trace.Event) int {
		if e.Kind == trace.Deliver {
			return alone
		}
		return stays
	})
}

// after are the events behind one.
func (m *minimizer) after(at int) []int {
	var list []int
	for i := at + 1; i < len(m.events); i++ {
		list = append(list, i)
	}
	return list
}

func (m *minimizer) kept() []trace.Event {
	var kept []trace.Event
	for i := range m.events {
		if !m.out[i] {
			kept = append(kept, m.events[i])
		}
	}
	return kept
}
