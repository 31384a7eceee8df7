package doctor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

// Clocks that differ by more are told of.
const (
	clockWarn  = 5 * time.Second
	clockWrong = 5 * time.Minute
)

// clock collects what the tenant says the time is. A difference is the tenant's time less that of
// this machine.
type clock struct {
	seen      bool
	source    string // of the best reading
	ahead     time.Duration
	doubt     time.Duration // the difference is within ahead ± doubt
	messages  int           // with a timestamp
	unstamped int           // without
	noted     int           // messages looked at so far
	newest    time.Duration // greatest difference of a timestamp from the time at which the message came
}

// second is what times in whole seconds leave open.
const second = 500 * time.Millisecond

// note reads the Date of an answer.
func (c *clock) note(start time.Time, a *caller.Answer) {
	if date, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		c.read("Date", start, a, date)
	}
}

// created reads when a token says it was made.
func (c *clock) created(start time.Time, a *caller.Answer) {
	var w struct{ CreateTime aicc.Loose }
	if json.Unmarshal(a.Body, &w) != nil || c.seen {
		return
	}
	if seconds, err := strconv.ParseInt(string(w.CreateTime), 10, 64); err == nil {
		c.read("CreateTime", start, a, time.Unix(seconds, 0))
	}
}

// read takes in a time in whole seconds that an answer carries, if it tells more than those before.
// The tenant wrote it some time between question and answer.
func (c *clock) read(source string, start time.Time, a *caller.Answer, theirs time.Time) {
	doubt := a.Took/2 + second
	if c.seen && c.doubt <= doubt {
		return
	}
	c.seen, c.source, c.doubt = true, source, doubt
	c.ahead = theirs.Add(second).Sub(start.Add(a.Started + a.Took/2))
}

// clocks compares the clock of the tenant with that of this machine.
func (w *walk) clocks() finding {
	c := &w.clock
	if !c.seen {
		return unsure(u("E01"), "neither a Date header nor the CreateTime of the token says what time it is there")
	}
	return compared(c.ahead, c.doubt, fmt.Sprintf("the tenant's clock (%s)", c.source)).
		advised("set this machine by a time server, and ask the vendor if it is not this one")
}

// compared judges a difference of clocks. No page of the vendor says how much is too much.
func compared(ahead, doubt time.Duration, whose string) finding {
	by := max(ahead, -ahead)
	state := right
	switch {
	case by-doubt > clockWrong:
		state = wrong
	case by-doubt > clockWarn:
		state = warn
	default:
		return right(u("13.1"), "%s and that of this machine differ by %s, ± %s", whose, roughly(by), spent(doubt))
	}
	how := fmt.Sprintf("%s is ahead of that of this machine by %s, ± %s", whose, roughly(by), spent(doubt))
	if ahead < 0 {
		how = fmt.Sprintf("%s is behind that of this machine by %s, ± %s", whose, roughly(by), spent(doubt))
	}
	return state(u("13.1"), "%s", how)
}

func roughly(d time.Duration) string { return d.Round(100 * time.Millisecond).String() }

// advised is advise for what is not right.
func (f finding) advised(advice string) finding {
	if f.state == Warned || f.state == Wrong {
		f.advice = advice
	}
	return f
}

// stamps looks at the timestamps of the messages that have just come. One that waited for a poll has
// an older one, so the newest says most.
func (w *walk) stamps() {
	c, now := &w.clock, time.Now()
	for ; c.noted < len(w.u.Seen); c.noted++ {
		ms, ok := w.u.Seen[c.noted].Millis()
		if !ok {
			c.unstamped++
			continue
		}
		if ahead := time.UnixMilli(ms).Sub(now); c.messages == 0 || ahead > c.newest {
			c.newest = ahead
		}
		c.messages++
	}
}

func (w *walk) timestamps() finding {
	c := &w.clock
	switch {
	case c.messages+c.unstamped == 0:
		return skip("not looked at: no message came")
	case c.messages == 0:
		return warn(d("4"), "none of %d messages has a timestamp", c.unstamped).advise("clients show the time of a message by it", nil)
	}
	return compared(c.newest, time.Second, "the clock that stamps messages").
		advised("clients show the time of a message by it; ask the vendor whose clock is wrong, if it is not that of this machine")
}
