package metric

import (
	"fmt"
	"strings"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// tally is the counters of one stage in one shard, in the form that is quick to count in.
type tally struct {
	ops     [opSlots]Outcomes
	sources [sourceCount]int64
	rest    Counters // without exchanges and messages
}

const (
	fromRobot = iota
	fromAgent
	fromSystem
	fromCustomer
	fromOther
	sourceCount
)

var sourceNames = [sourceCount]string{aicc.FromRobot, aicc.FromAgent, aicc.FromSystem, aicc.FromCustomer, "other"}

func sourceOf(sourceType string) int {
	for i, name := range sourceNames {
		if sourceType == name {
			return i
		}
	}
	return fromOther
}

// Bounds of what comes from outside and is counted by name.
const (
	maxReasons    = 32
	maxReasonSize = 80 // bytes
	otherReasons  = "other"
)

// exchange counts the outcome in e.
func (t *tally) exchange(e *trace.Event) {
	o := &t.ops[e.Op]
	switch e.Class {
	case aicc.OK:
		o.OK++
	case aicc.Fail:
		o.Fail++
	default:
		o.Info++
	}
	if e.Class == aicc.OK {
		return
	}
	if e.Status == 0 {
		o.Lost++
		if lacking := trace.Shortage(e.Error); lacking != "" {
			addCounts(&t.rest.Short, map[string]int64{lacking: 1})
		}
	}
	kind, text := reasonOf(e)
	o.reason(kind, text)
}

// reason counts why, under "other" when there are too many already. The text is copied, because
// the event's belongs to an answer that need not be kept.
func (o *Outcomes) reason(kind, text string) {
	key := reasonKey(kind, text)
	if _, known := o.Reasons[key]; !known && len(o.Reasons) >= maxReasons {
		key = otherReasons
	}
	if o.Reasons == nil {
		o.Reasons = map[string]int64{}
	}
	o.Reasons[key]++
}

func reasonKey(kind, text string) string {
	if len(text) > maxReasonSize {
		text = text[:maxReasonSize]
	}
	return strings.ToValidUTF8(strings.TrimSpace(kind+" "+text), "?")
}

// reasonOf says why an exchange was not ok: the most specific thing known.
func reasonOf(e *trace.Event) (kind, text string) {
	switch {
	case e.Status == 0:
		return "", e.Error
	case e.Status != 200:
		return "http", fmt.Sprint(e.Status)
	case e.Shape != "":
		return "shape:", e.Shape
	case e.NoBody:
		return "", "body not in the recording"
	}
	return "code", e.Code
}

func (t *tally) addTo(c *Counters) {
	for _, op := range aicc.Ops() {
		if t.ops[op].Total() > 0 {
			entry(&c.Exchanges, op.String()).add(&t.ops[op])
		}
	}
	for i, n := range t.sources {
		if n > 0 {
			addCounts(&c.Messages, map[string]int64{sourceNames[i]: n})
		}
	}
	c.add(&t.rest)
}

func (t *tally) addToLive(l *Live) {
	for i := range t.ops {
		o := &t.ops[i]
		l.Exchanges += o.Total()
		l.Failed += o.Fail
		l.Info += o.Info
	}
	for _, n := range t.sources {
		l.Messages += n
	}
	for _, f := range t.rest.Flows {
		l.Begun += f.Begun
		l.Ended += total(f.Ended)
	}
}
