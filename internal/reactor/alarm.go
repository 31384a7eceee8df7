package reactor

import "time"

// Alarm is a moment at which a loop is to call. The zero value is not set.
type Alarm struct {
	Ring  func() // what to call, on the loop; set once, before the first use
	place int    // in the heap, from 1; 0: not set
}

// entry is an alarm that is set. Its time is here so that to compare two costs no look at them.
type entry struct {
	at    time.Duration // by the loop's clock
	alarm *Alarm
}

// alarms is a heap with four children a node, which is half as deep as one with two and compares
// within a cache line.
type alarms []entry

const children = 4

// set puts an alarm in, or moves it.
func (h *alarms) set(a *Alarm, at time.Duration) {
	if a.place == 0 {
		*h = append(*h, entry{alarm: a})
		a.place = len(*h)
	}
	i := a.place - 1
	(*h)[i].at = at
	h.down(h.up(i))
}

// remove takes an alarm out, if it is set.
func (h *alarms) remove(a *Alarm) {
	if a.place == 0 {
		return
	}
	i, last := a.place-1, len(*h)-1
	a.place = 0
	moved := (*h)[last]
	(*h)[last] = entry{}
	*h = (*h)[:last]
	if i < last {
		(*h)[i] = moved
		h.down(h.up(i))
	}
}

// up moves the entry at i towards the root while it is earlier than its parent.
func (h alarms) up(i int) int {
	e := h[i]
	for i > 0 {
		parent := (i - 1) / children
		if h[parent].at <= e.at {
			break
		}
		h.put(i, h[parent])
		i = parent
	}
	h.put(i, e)
	return i
}

// down moves the entry at i away from the root while a child is earlier.
func (h alarms) down(i int) {
	e := h[i]
	for {
		first := i*children + 1
		if first >= len(h) {
			break
		}
		least := first
		for c := first + 1; c < min(first+children, len(h)); c++ {
			if h[c].at < h[least].at {
				least = c
			}
		}
		if h[least].at >= e.at {
			break
		}
		h.put(i, h[least])
		i = least
	}
	h.put(i, e)
}

func (h alarms) put(i int, e entry) {
	h[i] = e
	e.alarm.place = i + 1
}
