package reactor

import (
	"math"
	"net"
	"sync"
	"time"
)

// Conn is a connection that a loop watches. Like any net.Conn it can be read in a way that waits;
// with OnReady it does not wait any more.
type Conn interface {
	net.Conn
	// OnReady names what the loop calls when there may be something to read, or the connection has
	// ended: once for each time that something comes, not again while it is left unread. Calls without
	// anything to read may come. From then on Read does not wait: where it would, it fails with
	// os.ErrDeadlineExceeded, as if its deadline had passed, and can be tried again. A nil ready
	// makes Read wait again. Whoever reads the connection calls it. What was named before may still be
	// called once, and must not read then.
	OnReady(ready func())
}

// never is behind every moment.
const never = time.Duration(math.MaxInt64)

// Loop watches connections and alarms, and calls from one goroutine.
type Loop struct {
	start  time.Time // zero of its clock
	waiter waiter
	ended  chan struct{}
	since  time.Time // what is being called about has been there at least since then; the loop's own

	mu     sync.Mutex // protects the following
	alarms alarms
	turn   time.Duration // when it began to ring last
	hurry  bool
	closed bool
	awake  bool          // the loop will look at alarms and news before it sleeps
	asleep time.Duration // until when the waiter sleeps at most, or slept
	news   []call        // of connections that the waiter does not know
	spare  []call        // takes the place of news while those are made
}

// call is one to be made.
type call struct {
	f  func()
	at time.Time // when the loop could have made it
}

// waiter is how a loop sleeps.
type waiter interface {
	// wait sleeps until something happens or the time has come. It adds what to call to ready, sets
	// awake, and asleep to never when no time is set any more.
	wait(l *Loop, ready []call) []call
	// alarm moves the time until which to sleep. It is called with the loop's mutex held.
	alarm(d time.Duration)
	// adopt takes a connection over that it can watch itself; ok is false for others. It is called with
	// the loop's mutex held, and never of a closed loop.
	adopt(l *Loop, conn net.Conn) (c Conn, ok bool, err error)
	close()
}

// New starts a loop. A portable one uses nothing but goroutines, channels and timers, so that it
// works in virtual time; others use what the system has. The error is the system's.
func New(portable bool) (*Loop, error) {
	w := waiter(newSleeper())
	if !portable {
		native, err := newNative()
		if err != nil {
			return nil, err
		}
		if native != nil {
			w = native
		}
	}
	l := &Loop{start: time.Now(), waiter: w, ended: make(chan struct{}), asleep: never}
	go l.run()
	return l, nil
}

// Close ends the loop; nothing is called afterwards. Its connections stay as they are, and nobody
// wakes who waits for one. It must not be called on the loop.
func (l *Loop) Close() {
	l.mu.Lock()
	l.wakeAt(0)
	l.closed = true
	l.mu.Unlock()
	<-l.ended
}

// Adopt lets the loop watch a connection. What it returns takes the place of conn, which must not
// be used any more. The error is the system's, or net.ErrClosed when the loop is; then conn is as it
// was.
func (l *Loop) Adopt(conn net.Conn) (Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, net.ErrClosed
	}
	c, ok, err := l.waiter.adopt(l, conn)
	if ok || err != nil {
		return c, err
	}
	return l.pump(conn), nil
}

// Set sets an alarm, or moves one that is set. One whose moment is over rings at once.
func (l *Loop) Set(a *Alarm, at time.Time) {
	d := max(at.Sub(l.start), 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hurry {
		d = 0
	}
	d = max(d, l.turn) // behind those that have waited for longer
	l.alarms.set(a, d)
	l.wakeAt(d)
}

// Stop takes an alarm back. When it is called from elsewhere than the loop, the alarm may be about
// to ring all the same.
func (l *Loop) Stop(a *Alarm) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alarms.remove(a)
}

// Hurry makes every alarm ring at once, those that are set later as well.
func (l *Loop) Hurry() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hurry = true
	for i := range l.alarms {
		l.alarms[i].at = 0 // all are equal, so the order does not matter
	}
	l.wakeAt(0)
}

// wakeAt makes sure that the loop does not sleep longer than until d. The mutex is held.
func (l *Loop) wakeAt(d time.Duration) {
	if d < l.asleep && !l.awake && !l.closed {
		l.asleep = d
		l.waiter.alarm(d - time.Since(l.start))
	}
}

// Since says how long what the loop is calling about has been there: the loop may have been busy
// with others. It is for what OnReady named to ask while it is called.
func (l *Loop) Since() time.Time { return l.since }

// tell lets the loop call f soon.
func (l *Loop) tell(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.post(f)
}

// post is tell with the mutex held.
func (l *Loop) post(f func()) {
	l.news = append(l.news, call{f, time.Now()})
	l.wakeAt(0)
}

func (l *Loop) run() {
	defer close(l.ended)
	defer l.waiter.close()
	var ready []call
	for {
		ready = l.waiter.wait(l, ready[:0])
		l.make(ready)
		if !l.deliver() {
			return
		}
		l.ring()
	}
}

// deliver calls what others wanted to be called. It returns false when the loop is closed.
func (l *Loop) deliver() bool {
	l.mu.Lock()
	news, closed := l.news, l.closed
	l.news = l.spare[:0]
	l.mu.Unlock()
	if closed {
		return false
	}
	l.make(news)
	l.spare = news[:0]
	return true
}

// make makes calls and forgets them.
func (l *Loop) make(calls []call) {
	for i := range calls {
		l.since = calls[i].at
		calls[i].f()
		calls[i].f = nil
	}
}

// atOnce is how many alarms ring until the loop looks at its connections again. When thousands are
// due, what comes meanwhile must not wait until all have rung: it would be noticed that much later.
const atOnce = 128

// ring rings alarms whose moment has come, and sets the time of the next sleep. It rings no more than
// there are: one that is set again for now must let others be heard first.
func (l *Loop) ring() {
	now := time.Since(l.start)
	l.mu.Lock()
	most := min(len(l.alarms), atOnce)
	l.turn = now
	l.mu.Unlock()
	for range most {
		a := l.due(now)
		if a == nil {
			break
		}
		a.Ring()
	}
	l.fallAsleep()
}

// due takes the next alarm that is due out.
func (l *Loop) due(now time.Duration) *Alarm {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.alarms) == 0 || l.alarms[0].at > now {
		return nil
	}
	a := l.alarms[0].alarm
	l.alarms.remove(a)
	return a
}

// fallAsleep sets the time until which the loop is to sleep.
func (l *Loop) fallAsleep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := never
	if len(l.alarms) > 0 {
		next = l.alarms[0].at
	}
	if len(l.news) > 0 || l.closed {
		next = 0
	}
	if l.awake = false; next != l.asleep {
		l.asleep = next
		l.waiter.alarm(next - time.Since(l.start))
	}
}
