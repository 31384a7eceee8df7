package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"chatbench/bench/loop"
)

// idle is how long the loop waits at most before it looks whether it shall end.
const idle = 100 * time.Millisecond

// link is one connection.
type link struct {
	fd     int
	left   int           // bytes of the answer that are still to come; 0: none is awaited
	sent   time.Duration // when the poll was
	behind int           // polls that were due while an answer was awaited
}

// raw is the loop; one goroutine owns it.
type raw struct {
	settings
	plan
	poller   *loop.Poller
	schedule schedule
	links    []link
	byFD     []int // index in links
	input    []byte
	times    loop.Times
	start    time.Time
	measured time.Duration // when the warm-up was over, by the loop's clock; -1: it is not
	report   loop.Report
}

// run polls until the time is over or ctx ends.
func run(ctx context.Context, s settings, p plan) (*loop.Report, error) {
	poller, err := loop.NewPoller()
	if err != nil {
		return nil, err
	}
	defer poller.Close()
	r := &raw{settings: s, plan: p, poller: poller, schedule: newSchedule(s.every, s.connections), input: make([]byte, 64<<10),
		times: loop.NewTimes(), measured: -1}
	defer r.closeAll()
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	if err := r.begin(); err != nil {
		return nil, err
	}
	for ctx.Err() == nil {
		if over, err := r.step(); over || err != nil {
			return r.finish(), err
		}
	}
	return r.finish(), nil
}

func (r *raw) now() time.Duration { return time.Since(r.start) }

func (r *raw) connect(ctx context.Context) error {
	for i := range r.connections {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fd, err := dial(r.at)
		if err == nil {
			r.links = append(r.links, link{fd: fd})
			err = r.poller.Add(fd)
		}
		if err != nil {
			return fmt.Errorf("connection %d of %d: %w", i+1, r.connections, err)
		}
		r.byFD = append(r.byFD, make([]int, max(0, fd+1-len(r.byFD)))...)
		r.byFD[fd] = i
	}
	return nil
}

func dial(at *net.TCPAddr) (fd int, err error) {
	fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	address := syscall.SockaddrInet4{Port: at.Port}
	copy(address.Addr[:], at.IP.To4())
	err = errors.Join(syscall.Connect(fd, &address), syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1), syscall.SetNonblock(fd, true))
	if err != nil {
		syscall.Close(fd)
		return 0, err
	}
	return fd, nil
}

// begin starts the clock and, without a schedule, sends the first poll of each connection.
func (r *raw) begin() error {
	r.start = time.Now()
	if r.every > 0 {
		return nil
	}
	for i := range r.links {
		if err := r.send(&r.links[i]); err != nil {
			return err
		}
	}
	return nil
}

// step sends what is due, waits, and handles what has come.
func (r *raw) step() (over bool, err error) {
	now := r.now()
	if r.measured < 0 && now >= r.warmup {
		r.measured, r.report = now, loop.Report{CPU: loop.CPU().Seconds()}
		r.times.Reset()
	}
	if now >= r.warmup+r.length {
		return true, nil
	}
	if err := r.sendDue(now); err != nil {
		return false, err
	}
	ready, err := r.poller.Wait(r.schedule.wait(r.now(), idle))
	if err != nil {
		return false, err
	}
	for _, fd := range ready {
		if err := r.receive(&r.links[r.byFD[fd]]); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (r *raw) sendDue(now time.Duration) error {
	for {
		turn, ok := r.schedule.due(now)
		if !ok {
			return nil
		}
		l := &r.links[turn]
		if l.left > 0 {
			l.behind++
		} else if err := r.send(l); err != nil {
			return err
		}
	}
}

func (r *raw) send(l *link) error {
	l.left, l.sent = r.answer, r.now()
	n, err := syscall.Write(l.fd, r.request)
	if err == nil && n < len(r.request) {
		err = syscall.EAGAIN
	}
	if err != nil {
		return fmt.Errorf("sending a poll: %w", err)
	}
	return nil
}

// receive counts what has come, and polls again if it is time.
func (r *raw) receive(l *link) error {
	n, err := syscall.Read(l.fd, r.input)
	switch {
	case err == syscall.EAGAIN, err == syscall.EINTR:
		return nil
	case err != nil:
		return fmt.Errorf("reading an answer: %w", err)
	case n == 0:
		return errors.New("the tenant closed a connection")
	}
	if l.left -= n; l.left > 0 {
		return nil
	}
	if l.left < 0 {
		return fmt.Errorf("an answer is %d bytes longer than the first", -l.left)
	}
	r.report.Polls++
	r.times.Add(r.now() - l.sent)
	if l.behind > 0 {
		l.behind--
		return r.send(l)
	}
	if r.every == 0 {
		return r.send(l)
	}
	return nil
}

// finish sums up what was measured behind the warm-up.
func (r *raw) finish() *loop.Report {
	report := r.report
	if r.measured >= 0 {
		report.Seconds, report.CPU = (r.now() - r.measured).Seconds(), loop.CPU().Seconds()-report.CPU
	}
	report.Times = r.times.Percentiles()
	return &report
}

func (r *raw) closeAll() {
	for _, l := range r.links {
		syscall.Close(l.fd)
	}
}
