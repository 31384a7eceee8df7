package tenant

import (
	"container/heap"
	"sync"
	"time"

	"chatbench/internal/reactor"
)

// clock calls functions when their time has come: everything that robot, agents and polls wait for.
// It rounds up to its ticks, so that what is due within one is done in one go. To be woken up is
// most of what waiting costs a process.
type clock struct {
	origin time.Time

	mu     sync.Mutex // protects the following; innermost
	alarms alarms
	armed  uint64        // alarms so far
	timer  *time.Timer   // nil before the first alarm, and with a loop
	loop   *reactor.Loop // nil: there is none
	bell   reactor.Alarm // of the loop
	next   time.Duration // when it strikes; 0 while alarms are being called
}

// tick is short beside all that people and networks do.
const tick = time.Millisecond

// never is later than any alarm.
const never = time.Duration(1<<63 - 1)

// alarm is one function and when it is called next. Its fields belong to the clock.
type alarm struct {
	do    func()
	at    time.Duration // since the clock's origin, in whole ticks
	turn  uint64        // among those of one tick
	place int           // in the heap, from 1; 0: not there
}

func newClock() *clock { return &clock{origin: time.Now(), next: never} }

// after calls do after d at the earliest, on the loop or a goroutine of the clock's. Functions are called one by
// one in the order of their times, and must not wait.
func (k *clock) after(d time.Duration, do func()) *alarm {
	a := &alarm{do: do}
	k.set(a, d)
	return a
}

// set makes an alarm due after d at the earliest, whether it was waiting or not.
func (k *clock) set(a *alarm, d time.Duration) {
	at := (time.Since(k.origin) + d + tick - 1).Truncate(tick)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.armed++
	a.at, a.turn = at, k.armed
	if a.place > 0 {
		heap.Fix(&k.alarms, a.place-1)
	} else {
		heap.Push(&k.alarms, a)
	}
	k.wind()
}

// stop takes an alarm back, unless it is being called. It may be nil.
func (k *clock) stop(a *alarm) {
	if a == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if a.place > 0 {
		heap.Remove(&k.alarms, a.place-1)
	}
}

// wind makes the clock strike when the first alarm is due, unless it does so anyway; k.mu is held.
func (k *clock) wind() {
	if len(k.alarms) == 0 || k.alarms[0].at >= k.next {
		return
	}
	k.next = k.alarms[0].at
	left := k.next - time.Since(k.origin)
	switch {
	case k.loop != nil:
		k.loop.Set(&k.bell, time.Now().Add(left))
	case k.timer == nil:
		k.timer = time.AfterFunc(left, k.strike)
	default:
		k.timer.Reset(left)
	}
}

// lean makes the clock call on a loop from now on.
func (k *clock) lean(on *reactor.Loop) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.timer != nil {
		k.timer.Stop()
	}
	k.loop, k.bell.Ring, k.next = on, k.strike, never
	k.wind()
}

// strike calls everything that is due.
func (k *clock) strike() {
	for a := k.first(); a != nil; a = k.first() {
		a.do()
	}
}

// first takes out the first alarm that is due. When there is none it winds the clock again.
func (k *clock) first() *alarm {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.alarms) > 0 && k.alarms[0].at <= time.Since(k.origin) {
		k.next = 0
		return heap.Pop(&k.alarms).(*alarm)
	}
	k.next = never
	k.wind()
	return nil
}

// alarms is a heap by time, and by turn within a tick.
type alarms []*alarm

func (h alarms) Len() int { return len(h) }

func (h alarms) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].turn < h[j].turn
}

func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

// Push implements heap.Interface.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.place = len(*h)
}

// Pop implements heap.Interface.
func (h *alarms) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	a.place = 0
	return a
}
