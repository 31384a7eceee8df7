package http1

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

// ReadyConn is a connection that says when there may be something to read. A Server attends to it
// without a goroutine of its own.
type ReadyConn interface {
	net.Conn
	// OnReady names what is called when there may be something to read, when the connection has ended,
	// and when there is room again after a Write that could not take everything. From then on neither
	// Read nor Write waits: Read fails with os.ErrDeadlineExceeded, and Write with io.ErrShortWrite.
	// After OnReady(nil) they wait again. What is named is never called from within a method of the
	// connection.
	OnReady(ready func())
}

// attended is a connection that is served whenever it is ready. Its exchange belongs to whoever has
// made it busy.
type attended struct {
	server *Server
	conn   ReadyConn
	x      *Exchange

	mu     sync.Mutex // protects the following
	busy   bool
	news   bool      // the connection was ready once more meanwhile
	parked bool      // the handler has returned and left the answer to others
	early  bool      // it was answered before the handler returned
	limit  time.Time // when whoever is waited for is given up; zero: never. Only looked at when not busy.
}

// heavy is a request's size in bytes above which its handler gets a goroutine, because it would keep
// the others waiting.
const heavy = 64 << 10

// attend begins to serve a connection that the server keeps track of.
func (s *Server) attend(conn ReadyConn) {
	a := &attended{server: s, conn: conn, x: newExchange(conn, s.Limits), limit: time.Now().Add(s.idle())}
	a.x.attended = a
	s.watch(conn, a)
	conn.OnReady(a.ready)
}

// ready is called when the connection is.
func (a *attended) ready() {
	a.mu.Lock()
	a.news = true
	started := a.busy
	a.busy = true
	a.mu.Unlock()
	if !started {
		a.work()
	}
}

// work does what can be done without waiting.
func (a *attended) work() {
	for a.step() {
		if a.rest() {
			return
		}
	}
}

// rest ends being busy, unless there is more to do.
func (a *attended) rest() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = a.news
	return !a.busy
}

// inARow is how many requests of one connection are served until others have their turn.
const inARow = 64

// step does all that is possible and reports whether there may be more to do when the connection is
// ready again. If not, the connection has ended, or somebody else is busy with it now.
func (a *attended) step() bool {
	a.mu.Lock()
	a.news = false
	a.mu.Unlock()
	x := a.x
	if len(x.out) > 0 && !a.send() {
		return false
	}
	for n := 0; len(x.out) == 0; n++ {
		if n == inARow {
			a.conn.OnReady(a.ready) // to be called again, behind the others
			return true
		}
		switch err := x.readRequest(); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			a.expectMore()
			return true
		case err != nil:
			a.refuse(err)
			return false
		}
		drained := x.end < len(x.buf) // a read that got less than it had room for got all there was
		if !a.serve() {
			return false
		}
		if x.pos == x.end {
			x.giveBack()
			if drained {
				return true
			}
		}
	}
	return true
}

// expectMore waits for the rest of a request, or for a request.
func (a *attended) expectMore() {
	x := a.x
	if x.pos = 0; x.end > 0 && !x.begun { // it will be looked at from its beginning again
		x.begun = true
		a.limit = time.Now().Add(a.server.headLimit())
	}
	x.giveBack()
}

// serve has a request handled and reports whether the exchange is still ours.
func (a *attended) serve() bool {
	if len(a.x.Request) > heavy {
		go func() {
			if a.handle() {
				a.resume()
			}
		}()
		return false
	}
	return a.handle()
}

func (a *attended) handle() bool {
	ok := a.server.handle(a.x)
	if !a.x.held {
		a.x.pack()
		return a.send()
	}
	if !ok { // it has let go of the exchange, and cannot take it back
		a.leave()
		return false
	}
	a.mu.Lock()
	a.parked = !a.early
	a.early = false
	parked := a.parked
	a.mu.Unlock()
	return !parked && a.sent()
}

// answer sends the answer of an exchange that is held. The handler may not have returned yet.
func (a *attended) answer() {
	a.x.pack()
	a.x.push()
	a.mu.Lock()
	a.early = !a.parked
	a.parked = false
	early := a.early
	a.mu.Unlock()
	if !early && a.sent() {
		a.resume()
	}
}

// resume goes on behind an answer.
func (a *attended) resume() {
	if a.x.pos < a.x.end || !a.rest() {
		a.work()
	}
}

// send writes as much of the answer as the connection takes, and reports whether to go on.
func (a *attended) send() bool {
	a.x.push()
	return a.sent()
}

// sent looks at what has become of the answer and reports whether to go on.
func (a *attended) sent() bool {
	x := a.x
	switch {
	case x.outErr != nil, len(x.out) == 0 && !x.stays:
		a.end()
		return false
	case len(x.out) > 0:
		a.limit = time.Now().Add(writeTimeout)
	default:
		x.unpack()
		a.limit = time.Now().Add(a.server.idle())
	}
	return true
}

// refuse tells the peer of a bad request why, and ends the connection in a way that lets it hear that.
func (a *attended) refuse(err error) {
	a.server.refusing(a.conn, err)
	if !a.x.refusal(err) {
		a.end()
		return
	}
	a.x.pack()
	a.x.push() // a few bytes, behind answers that were taken whole
	go func() {
		a.conn.OnReady(nil)
		linger(a.conn)
		a.end()
	}()
}

// end is leave for whoever has the exchange.
func (a *attended) end() {
	a.x.unpack()
	a.x.pos = a.x.end
	a.x.giveBack()
	a.leave()
}

// leave closes the connection. It stays busy, so that nobody begins anything with it any more.
func (a *attended) leave() {
	a.conn.Close()
	a.server.forget(a.conn)
}

// isLate reports whether what is waited for should have come.
func (a *attended) isLate(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.busy && now.After(a.limit)
}
