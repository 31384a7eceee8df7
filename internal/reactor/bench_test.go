package reactor

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// crowd is how many alarms are set in the benchmarks: one for each of so many customers.
const crowd = 10_000

// benchLoop is the system's own loop, or the portable one where there is none.
func benchLoop(b *testing.B) *Loop {
	b.Helper()
	l, err := New(false)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(l.Close)
	return l
}

// scattered gives moments within a second, in no order.
func scattered(i int) time.Duration { return time.Duration(i*7919%crowd) * (time.Second / crowd) }

// BenchmarkSet moves one of many alarms, as a customer does for each poll.
func BenchmarkSet(b *testing.B) {
	l := benchLoop(b)
	later := time.Now().Add(time.Hour)
	alarms := make([]Alarm, crowd)
	for i := range alarms {
		l.Set(&alarms[i], later.Add(scattered(i)))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		l.Set(&alarms[i%crowd], later.Add(scattered(i/crowd+i)))
	}
}

// BenchmarkRing rings the earliest of many alarms, which sets itself to be the last, as a customer
// does who polls again. All moments are over, so the loop never sleeps.
func BenchmarkRing(b *testing.B) {
	l := benchLoop(b)
	start := time.Now().Add(-1000 * time.Hour)
	rang, done := 0, make(chan struct{})
	alarms := make([]Alarm, crowd)
	at := make([]time.Time, crowd)
	for i := range alarms {
		alarms[i].Ring = func() {
			if rang++; rang == b.N {
				close(done)
			}
			if rang < b.N {
				at[i] = at[i].Add(time.Second)
				l.Set(&alarms[i], at[i])
			}
		}
	}
	l.tell(func() { // on the loop, so that none rings before all are set
		for i := range alarms {
			at[i] = start.Add(scattered(i))
			l.Set(&alarms[i], at[i])
		}
		b.ReportAllocs()
		b.ResetTimer()
	})
	<-done
}

// BenchmarkWake sets an alarm for now while the loop sleeps and many others are set for later.
func BenchmarkWake(b *testing.B) {
	l := benchLoop(b)
	later := time.Now().Add(time.Hour)
	alarms := make([]Alarm, crowd)
	for i := range alarms {
		l.Set(&alarms[i], later.Add(scattered(i)))
	}
	rang := make(chan struct{})
	now := &Alarm{Ring: func() { rang <- struct{}{} }}
	b.ReportAllocs()
	for b.Loop() {
		l.Set(now, time.Now())
		<-rang
	}
}

// BenchmarkReady is a byte that comes to a watched connection over loopback and is sent back from
// the loop, seen by a peer that waits for it.
func BenchmarkReady(b *testing.B) {
	l := benchLoop(b)
	conn, peer := benchConn(b, l)
	buf := make([]byte, 64)
	conn.OnReady(func() {
		for {
			n, err := conn.Read(buf)
			if err != nil {
				if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
					b.Errorf("the watched connection: %v", err)
				}
				return
			}
			if _, err := conn.Write(buf[:n]); err != nil {
				b.Errorf("an answer of %d bytes: %v", n, err)
			}
		}
	})
	one := []byte{1}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := peer.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := peer.Read(one); err != nil {
			b.Fatal(err)
		}
	}
}

// benchConn is a connection that the loop watches, and its peer.
func benchConn(b *testing.B, l *Loop) (Conn, net.Conn) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	ours, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	theirs, err := listener.Accept()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { theirs.Close() })
	conn, err := l.Adopt(ours)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn, theirs
}
