package tenant

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// strikes notes what a clock calls, and when.
type strikes struct {
	start time.Time
	said  []string
}

func (s *strikes) say(what string) func() {
	return func() { s.said = append(s.said, fmt.Sprint(what, " ", time.Since(s.start))) }
}

func TestClock(t *testing.T) {
	tests := []struct {
		name string
		play func(*clock, *strikes)
		want string
	}{
		{"by time, not by the order of setting", func(k *clock, s *strikes) {
			k.after(30*ms, s.say("c"))
			k.after(10*ms, s.say("a"))
			k.after(20*ms, s.say("b"))
		}, "a 10ms, b 20ms, c 30ms"},
		{"of one tick in the order of setting", func(k *clock, s *strikes) {
			k.after(10*ms, s.say("a"))
			k.after(10*ms-1, s.say("b"))
			k.after(10*ms-2, s.say("c"))
		}, "a 10ms, b 10ms, c 10ms"},
		{"never too early: rounded up", func(k *clock, s *strikes) { k.after(10*ms+1, s.say("a")) }, "a " + (10*ms + tick).String()},
		{"at once", func(k *clock, s *strikes) { k.after(0, s.say("a")) }, "a 0s"},
		{"stopped, twice, and none at all", func(k *clock, s *strikes) {
			a := k.after(10*ms, s.say("a"))
			k.after(20*ms, s.say("b"))
			k.stop(a)
			k.stop(a)
			k.stop(nil)
		}, "b 20ms"},
		{"set again while it waits, later and earlier", func(k *clock, s *strikes) {
			a, b := k.after(10*ms, s.say("a")), k.after(90*ms, s.say("b"))
			k.set(a, 50*ms)
			k.set(b, 20*ms)
		}, "b 20ms, a 50ms"},
		{"set again by itself", func(k *clock, s *strikes) {
			a := new(alarm)
			a.do = func() {
				if s.say("a")(); len(s.said) < 3 {
					k.set(a, 10*ms)
				}
			}
			k.set(a, 10*ms)
		}, "a 10ms, a 20ms, a 30ms"},
		{"stopped by another of the same tick", func(k *clock, s *strikes) {
			b := &alarm{do: s.say("b")}
			k.after(10*ms, func() { s.say("a")(); k.stop(b) })
			k.set(b, 10*ms)
		}, "a 10ms"},
		{"earlier than what the clock is wound for", func(k *clock, s *strikes) {
			k.after(time.Hour, s.say("z"))
			k.after(10*ms, func() { s.say("a")(); k.after(10*ms, s.say("b")) })
		}, "a 10ms, b 20ms, z 1h0m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k, s := newClock(), &strikes{start: time.Now()}
				tt.play(k, s)
				pass(2 * time.Hour)
				synctest.Wait()
				if got := strings.Join(s.said, ", "); got != tt.want {
					t.Errorf("called %s, want %s", got, tt.want)
				}
				if k.next != never || len(k.alarms) > 0 {
					t.Errorf("%d alarms are left, next strike %v; want none", len(k.alarms), k.next)
				}
			})
		})
	}
}

// Thousands of alarms, a third of them stopped and a third set again, in an order that knows nothing
// of their times.
func TestClockKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3000
		k, start := newClock(), time.Now()
		var called []time.Duration
		set := make([]*alarm, n)
		for i := range n {
			d := time.Duration(1+i*7919%n) * ms
			set[i] = k.after(d, func() { called = append(called, time.Since(start)) })
		}
		for i, a := range set {
			switch i % 3 {
			case 0:
				k.stop(a)
			case 1:
				k.set(a, time.Duration(1+i)*ms)
			}
		}
		pass((n + 1) * ms)
		synctest.Wait()
		if len(called) != n/3*2 || !slices.IsSorted(called) {
			t.Errorf("%d calls, in order %v; want %d in order", len(called), slices.IsSorted(called), n/3*2)
		}
	})
}
