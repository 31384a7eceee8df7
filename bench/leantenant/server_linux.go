package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"runtime"
	"syscall"
	"time"

	"chatbench/bench/loop"
)

// idle is how long the loop waits at most before it looks whether it shall end.
const idle = 100 * time.Millisecond

// server answers from one goroutine, which owns everything here.
type server struct {
	settings
	poller   *loop.Poller
	listener int
	answers  *answers
	links    map[int]*link // by descriptor
	input    []byte
	late     bool // on purpose
	clerk    clerk
	first    time.Time // when the first request came that counts
	waiting  waiting
	times    loop.Times
	herd     herd
	since    time.Time
	seen     loop.Report // since then; what is not a count is filled in when it is asked for
}

// serve answers until ctx ends and gives what it saw since the last mark. The listener stays the
// caller's.
func serve(ctx context.Context, l *net.TCPListener, with settings) (*loop.Report, error) {
	file, err := l.File() // the listener itself belongs to the poller of the Go runtime
	if err != nil {
		return nil, err
	}
	defer file.Close()
	poller, err := loop.NewPoller()
	if err != nil {
		return nil, err
	}
	defer poller.Close()
	now := time.Now()
	s := &server{settings: with, poller: poller, listener: int(file.Fd()), answers: newAnswers(now), links: map[int]*link{},
		input: make([]byte, maxRequest), late: with.delays.any(), clerk: clerk{delays: with.delays}, times: loop.NewTimes(), since: now}
	defer s.closeAll()
	// Fd makes the descriptor blocking; an accept with nothing to accept must not stop the loop.
	if err := errors.Join(syscall.SetNonblock(s.listener, true), poller.Add(s.listener)); err != nil {
		return nil, err
	}
	if s.late {
		exactWaits()
	}
	for ctx.Err() == nil {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	return s.mark(), nil
}

// exactWaits asks the system to end waits when they are over. Otherwise it may take 50 µs more, to
// wake up for several at once, and the answers would be as late. It is asked for this thread, which
// the goroutine keeps. Where it is refused, the times that the tenant tells are still true.
func exactWaits() {
	const setTimerSlack = 29
	runtime.LockOSThread()
	_, _, _ = syscall.Syscall(syscall.SYS_PRCTL, setTimerSlack, 1, 0)
}

// step handles what is ready and what is due.
func (s *server) step() error {
	limit := idle
	if s.late {
		limit = s.waiting.wait(time.Now(), idle)
	}
	ready, err := s.poller.Wait(limit)
	if err != nil {
		return err
	}
	arrived := time.Now()
	for _, fd := range ready {
		if l := s.links[fd]; l != nil {
			s.read(l, arrived)
		} else if err := s.accept(); err != nil {
			return err
		}
	}
	if s.late {
		s.releaseDue()
	}
	return nil
}

// releaseDue sends what is due.
func (s *server) releaseDue() {
	for {
		p, ok := s.waiting.due(time.Now())
		if !ok {
			return
		}
		s.release(p)
	}
}

// accept takes every connection that waits.
func (s *server) accept() error {
	for {
		fd, _, err := syscall.Accept4(s.listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		switch err {
		case nil:
		case syscall.EAGAIN:
			return nil
		case syscall.EINTR, syscall.ECONNABORTED:
			continue
		default:
			return fmt.Errorf("accept with %d connections open: %w", len(s.links), err)
		}
		if err := errors.Join(syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1), s.poller.Add(fd)); err != nil {
			syscall.Close(fd)
			return err
		}
		s.links[fd] = &link{fd: fd}
		s.seen.Opened++
	}
}

// read reads once and answers every request that is complete.
func (s *server) read(l *link, arrived time.Time) {
	n, err := syscall.Read(l.fd, s.input)
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return
	}
	if err != nil || n == 0 {
		s.seen.Closed++
		s.drop(l)
		return
	}
	data := s.input[:n]
	if l.partial != nil {
		data, l.partial = append(l.partial, data...), nil
	}
	rest, err := s.answerAll(l, data, arrived)
	if err != nil || len(rest) > maxRequest {
		s.seen.Broken++
		s.drop(l)
		return
	}
	if len(rest) > 0 {
		l.partial = bytes.Clone(rest)
	}
}

// answerAll answers the requests in data and gives back what is not a whole one.
func (s *server) answerAll(l *link, data []byte, arrived time.Time) ([]byte, error) {
	for len(data) > 0 {
		r, err := readRequest(data)
		if err != nil || r.size == 0 {
			return data, err
		}
		if err := s.answer(l, r, arrived); err != nil {
			return nil, err
		}
		data = data[r.size:]
	}
	return nil, nil
}

func (s *server) answer(l *link, r request, arrived time.Time) error {
	if string(r.path) == markPath {
		body, err := json.Marshal(s.mark())
		return errors.Join(err, write(l, answer("200 OK", string(body))))
	}
	if !s.clerk.counts(r) {
		s.seen.Others++
		return write(l, s.answers.to(r.path))
	}
	s.herd.add(arrived.Sub(s.since))
	if !s.late {
		return s.count(l, r.path, arrived)
	}
	if s.first.IsZero() {
		s.first = arrived
	}
	if due := s.first.Add(s.clerk.answered(arrived.Sub(s.first))); due.After(arrived) {
		s.waiting.keep(pending{due: due, arrived: arrived, link: l, path: string(r.path)})
		return nil
	}
	return s.count(l, r.path, arrived)
}

// release sends an answer that was kept, unless nobody waits for it any more.
func (s *server) release(p pending) {
	if p.link.closed {
		return
	}
	if err := s.count(p.link, []byte(p.path), p.arrived); err != nil {
		s.seen.Broken++
		s.drop(p.link)
	}
}

// count answers a request that counts.
func (s *server) count(l *link, path []byte, arrived time.Time) error {
	err := write(l, s.answers.to(path))
	s.seen.Polls++
	s.times.Add(time.Since(arrived))
	return err
}

// write sends an answer whole. Whoever asks without reading finds the connection closed.
func write(l *link, data []byte) error {
	n, err := syscall.Write(l.fd, data)
	if err == nil && n < len(data) {
		return syscall.EAGAIN
	}
	return err
}

// mark gives what was seen and begins anew.
func (s *server) mark() *loop.Report {
	report := s.seen
	now := time.Now()
	report.Seconds, report.CPU, report.Times = now.Sub(s.since).Seconds(), loop.CPU().Seconds(), s.times.Percentiles()
	report.Open, report.Dispersion = int64(len(s.links)), s.herd.dispersion(now.Sub(s.since))
	report.Scheduled = s.delays.scheduled(s.rate, s.length)
	s.seen, s.since, s.herd = loop.Report{}, now, herd{}
	s.times.Reset()
	return &report
}

func (s *server) drop(l *link) {
	l.closed = true
	delete(s.links, l.fd)
	syscall.Close(l.fd)
}

func (s *server) closeAll() {
	for _, l := range s.links {
		s.drop(l)
	}
}
