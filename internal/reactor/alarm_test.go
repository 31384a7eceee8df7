package reactor

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	diff "github.com/google/go-cmp/cmp"
)

const ms = time.Millisecond

// ringing collects what has rung, and when.
type ringing struct {
	start time.Time
	mu    sync.Mutex // protects rang
	rang  []rung
	news  chan struct{}
}

type rung struct {
	Name string
	At   time.Duration
}

func newRinging() *ringing { return &ringing{start: time.Now(), news: make(chan struct{}, 1)} }

func (g *ringing) alarm(name string) *Alarm { return &Alarm{Ring: func() { g.ring(name) }} }

func (g *ringing) ring(name string) {
	g.mu.Lock()
	g.rang = append(g.rang, rung{name, time.Since(g.start)})
	g.mu.Unlock()
	select {
	case g.news <- struct{}{}:
	default:
	}
}

func (g *ringing) list() []rung {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.rang)
}

// names waits until n alarms have rung and names them in order.
func (g *ringing) names(t testing.TB, n int) []string {
	t.Helper()
	for len(g.list()) < n {
		await(t, fmt.Sprintf("alarm %d of %d", len(g.list())+1, n), g.news)
	}
	var names []string
	for _, x := range g.list() {
		names = append(names, x.Name)
	}
	return names
}

// TestAlarms sets alarms in every way. Those named in want ring, in this order.
func TestAlarms(t *testing.T) {
	type world struct {
		*ringing
		loop    *Loop
		a, b, c *Alarm
	}
	tests := []struct {
		name string
		do   func(w *world)
		want []string
	}{
		{"in the order of their moments, not of their setting", func(w *world) {
			w.loop.Set(w.c, w.start.Add(30*ms))
			w.loop.Set(w.a, w.start.Add(10*ms))
			w.loop.Set(w.b, w.start.Add(20*ms))
		}, []string{"a", "b", "c"}},
		{"moved back", func(w *world) {
			w.loop.Set(w.a, w.start.Add(10*ms))
			w.loop.Set(w.b, w.start.Add(20*ms))
			w.loop.Set(w.a, w.start.Add(30*ms))
		}, []string{"b", "a"}},
		{"moved forward", func(w *world) {
			w.loop.Set(w.a, w.start.Add(10*ms))
			w.loop.Set(w.b, w.start.Add(time.Hour))
			w.loop.Set(w.b, w.start.Add(5*ms))
		}, []string{"b", "a"}},
		{"stopped, one that was not set as well", func(w *world) {
			w.loop.Set(w.a, w.start.Add(10*ms))
			w.loop.Set(w.b, w.start.Add(20*ms))
			w.loop.Stop(w.a)
			w.loop.Stop(w.c)
		}, []string{"b"}},
		{"the last one is stopped, and a later one set", func(w *world) {
			w.loop.Set(w.a, w.start.Add(10*ms))
			w.loop.Stop(w.a)
			w.loop.Set(w.b, w.start.Add(20*ms))
		}, []string{"b"}},
		{"in the past, also before the loop began", func(w *world) {
			w.loop.Set(w.b, w.start.Add(20*ms))
			w.loop.Set(w.a, w.start.Add(-time.Hour))
		}, []string{"a", "b"}},
		{"for the zero time", func(w *world) { w.loop.Set(w.a, time.Time{}) }, []string{"a"}},
		{"centuries away, and another", func(w *world) {
			w.loop.Set(w.a, w.start.AddDate(400, 0, 0))
			w.loop.Set(w.b, w.start.Add(5*ms))
		}, []string{"b"}},
		{"set again from within Ring", func(w *world) {
			w.a.Ring = func() {
				if w.ring("a"); len(w.list()) < 3 {
					w.loop.Set(w.a, time.Now().Add(5*ms))
				}
			}
			w.loop.Set(w.a, w.start)
		}, []string{"a", "a", "a"}},
		{"another set from within Ring, for the past", func(w *world) {
			w.a.Ring = func() { w.ring("a"); w.loop.Set(w.b, w.start) }
			w.loop.Set(w.a, w.start.Add(5*ms))
			w.loop.Set(w.c, w.start.Add(60*ms))
		}, []string{"a", "b", "c"}},
		{"stopped from within Ring at the same moment", func(w *world) {
			w.a.Ring = func() { w.ring("a"); w.loop.Stop(w.b) }
			w.loop.Set(w.a, w.start.Add(5*ms))
			w.loop.Set(w.b, w.start.Add(5*ms+1))
		}, []string{"a"}},
		{"in a hurry", func(w *world) {
			w.loop.Set(w.a, w.start.Add(time.Hour))
			w.loop.Hurry()
			w.loop.Hurry()
		}, []string{"a"}},
		{"set after the hurry", func(w *world) {
			w.loop.Hurry()
			w.loop.Set(w.a, w.start.Add(time.Hour))
		}, []string{"a"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			eachKind(t, func(r *rig) {
				g := newRinging()
				w := &world{g, r.loop, g.alarm("a"), g.alarm("b"), g.alarm("c")}
				// On the loop: a held processor must not let one ring before the next is set.
				r.onLoop(func() { test.do(w) })
				g.names(r, len(test.want))
				r.onLoop(func() {})
				if d := diff.Diff(test.want, g.names(r, len(test.want))); d != "" {
					r.Errorf("rang (-want +got):\n%s", d)
				}
			})
		})
	}
}

// TestAlarmsAreNotEarly looks at the moments.
func TestAlarmsAreNotEarly(t *testing.T) {
	eachKind(t, func(r *rig) {
		g := newRinging()
		wants := []time.Duration{0, ms / 10, ms, 3 * ms, 20 * ms}
		for i, d := range wants {
			r.loop.Set(g.alarm(fmt.Sprint(i)), g.start.Add(d))
		}
		g.names(r, len(wants))
		for i, x := range g.list() {
			if x.At < wants[i] || r.exact && x.At != wants[i] {
				r.Errorf("alarm %s rang at %v, want it at %v", x.Name, x.At, wants[i])
			}
		}
	})
}

// TestAlarmForEver has an alarm that is due again whenever it rings: it must keep neither
// connections nor other alarms nor the end waiting.
func TestAlarmForEver(t *testing.T) {
	eachKind(t, func(r *rig) {
		var rings atomic.Int64
		greedy := &Alarm{}
		greedy.Ring = func() {
			if rings.Add(1) < 10_000_000 { // so that a test that fails ends
				r.loop.Set(greedy, time.Time{})
			}
		}
		r.loop.Set(greedy, time.Now())
		g := newRinging()
		r.loop.Set(g.alarm("another"), time.Now())
		g.names(r, 1)
		for range 3 {
			r.onLoop(func() {})
		}
		r.loop.Close()
		if n := rings.Load(); n >= 10_000_000 {
			r.Errorf("the loop called nothing else during %d rings", n)
		}
		r.loop = newLoop(r.T, !r.native) // for the clean-up, as a loop is closed once
	})
}

// TestAlarmsOfManyGoroutines sets, moves and stops alarms from everywhere; each one that stays
// rings once.
func TestAlarmsOfManyGoroutines(t *testing.T) {
	eachKind(t, func(r *rig) {
		const goroutines, each = 8, 50
		var rang [goroutines * each]atomic.Int32
		var alarms [goroutines * each]Alarm
		var wg sync.WaitGroup
		for g := range goroutines {
			wg.Go(func() {
				for i := range each {
					id := g*each + i
					a := &alarms[id]
					a.Ring = func() { rang[id].Add(1) }
					r.loop.Set(a, time.Now().Add(time.Hour))
					r.loop.Set(a, time.Now().Add(2*time.Hour))
					if r.loop.Stop(a); id%3 > 0 {
						r.loop.Set(a, time.Now().Add(time.Duration(id%7)*ms))
					}
				}
			})
		}
		wg.Wait()
		last := newRinging()
		r.loop.Set(last.alarm("last"), time.Now().Add(20*ms))
		last.names(r, 1)
		for id := range rang {
			if got, want := rang[id].Load(), int32(min(id%3, 1)); got != want {
				r.Errorf("alarm %d rang %d times, want %d", id, got, want)
			}
		}
	})
}

// TestHeap holds the heap against a list, in 10,000 random steps.
func TestHeap(t *testing.T) {
	const seed, count = 3, 60
	random := rand.New(rand.NewPCG(seed, 0))
	var h alarms
	var all [count]Alarm
	model := map[*Alarm]time.Duration{}
	for n := range 10_000 {
		a := &all[random.IntN(count)]
		switch random.IntN(4) {
		case 0, 1:
			at := time.Duration(random.IntN(100)) // few, so that many are equal
			h.set(a, at)
			model[a] = at
		case 2:
			h.remove(a)
			delete(model, a)
		case 3:
			if len(h) > 0 {
				first := h[0].alarm
				h.remove(first)
				delete(model, first)
			}
		}
		if err := sound(h, model, all[:]); err != nil {
			t.Fatalf("seed %d, step %d: %v", seed, n, err)
		}
	}
}

// sound reports what is wrong with a heap that should hold the alarms of a model.
func sound(h alarms, model map[*Alarm]time.Duration, all []Alarm) error {
	if len(h) != len(model) {
		return fmt.Errorf("%d alarms, want %d", len(h), len(model))
	}
	for i, e := range h {
		if at, set := model[e.alarm]; !set || at != e.at || e.alarm.place != i+1 {
			return fmt.Errorf("at %d is an alarm at %v that knows its place as %d, want it at %v (set: %v)", i, e.at, e.alarm.place, at, set)
		}
		if parent := (i - 1) / children; i > 0 && h[parent].at > e.at {
			return fmt.Errorf("the alarm at %d, of %v, is before its parent of %v", i, e.at, h[parent].at)
		}
	}
	for i := range all {
		if _, set := model[&all[i]]; set != (all[i].place > 0) {
			return fmt.Errorf("alarm %d has place %d, but set is %v", i, all[i].place, set)
		}
	}
	return nil
}

// TestAlarmsAgainstModel plays 10,000 random operations in virtual time, where every alarm must
// ring at its very moment. Operations happen at whole microseconds and alarms are due between them.
func TestAlarmsAgainstModel(t *testing.T) {
	const seed, operations, count = 5, 10_000, 50
	synctest.Test(t, func(t *testing.T) {
		loop, random, g := newLoop(t, true), rand.New(rand.NewPCG(seed, 0)), newRinging()
		var alarms [count]*Alarm
		for i := range alarms {
			alarms[i] = g.alarm(fmt.Sprint(i))
		}
		due := map[int]time.Duration{} // the model
		var want []rung
		for range operations {
			time.Sleep(time.Duration(1+random.IntN(40)) * time.Microsecond)
			now := time.Since(g.start)
			want = append(want, pop(due, now)...)
			switch i := random.IntN(count); random.IntN(5) {
			case 0:
				loop.Stop(alarms[i])
				delete(due, i)
			case 1: // in the past: it rings at once
				loop.Set(alarms[i], g.start.Add(now-time.Duration(random.IntN(1000))*time.Microsecond))
				delete(due, i)
				want = append(want, rung{fmt.Sprint(i), now})
			default:
				at := now + time.Duration(random.IntN(1000))*time.Microsecond + 500
				loop.Set(alarms[i], g.start.Add(at))
				due[i] = at
			}
			synctest.Wait()
		}
		time.Sleep(time.Second)
		synctest.Wait()
		want = append(want, pop(due, time.Since(g.start))...)
		if d := diff.Diff(ordered(want), ordered(g.list())); d != "" {
			t.Errorf("seed %d: rang (-want +got):\n%s", seed, d)
		}
		if len(want) < operations/4 {
			t.Errorf("seed %d: only %d alarms rang in %d operations", seed, len(want), operations)
		}
	})
}

// pop takes what is due out of the model.
func pop(due map[int]time.Duration, now time.Duration) []rung {
	var list []rung
	for i, at := range due {
		if at <= now {
			list = append(list, rung{fmt.Sprint(i), at})
			delete(due, i)
		}
	}
	return ordered(list)
}

// ordered sorts by moment, and what rang at the same one by name.
func ordered(list []rung) []rung {
	slices.SortFunc(list, func(a, b rung) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Name, b.Name)) })
	return list
}
