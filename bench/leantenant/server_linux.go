package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"chatbench/bench/loop"
	"chatbench/internal/aicc"
)

// idle is how long the loop waits at most before it looks whether it shall end.
const idle = 100 * time.Millisecond

// server answers from one goroutine, which owns everything here.
type server struct {
	poller   *loop.Poller
	listener int
	answers  *answers
	partial  map[int][]byte // what has come of a request, by connection
	open     map[int]bool
	input    []byte
	times    loop.Times
	since    time.Time
	seen     loop.Report // since then; Seconds, CPU and Times are filled in when it is asked for
}

// serve answers until ctx ends and gives what it saw since the last mark. The listener stays the
// caller's.
func serve(ctx context.Context, l *net.TCPListener) (*loop.Report, error) {
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
	s := &server{poller: poller, listener: int(file.Fd()), answers: newAnswers(now), partial: map[int][]byte{},
		open: map[int]bool{}, input: make([]byte, maxRequest), times: loop.NewTimes(), since: now}
	defer s.closeAll()
	// Fd makes the descriptor blocking; an accept with nothing to accept must not stop the loop.
	if err := errors.Join(syscall.SetNonblock(s.listener, true), poller.Add(s.listener)); err != nil {
		return nil, err
	}
	for ctx.Err() == nil {
		if err := s.step(); err != nil {
			return nil, err
		}
	}
	return s.mark(), nil
}

// step handles what is ready.
func (s *server) step() error {
	ready, err := s.poller.Wait(idle)
	if err != nil {
		return err
	}
	arrived := time.Now()
	for _, fd := range ready {
		if fd != s.listener {
			s.read(fd, arrived)
		} else if err := s.accept(); err != nil {
			return err
		}
	}
	return nil
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
			return fmt.Errorf("accept with %d connections open: %w", len(s.open), err)
		}
		if err := errors.Join(syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1), s.poller.Add(fd)); err != nil {
			syscall.Close(fd)
			return err
		}
		s.open[fd] = true
		s.seen.Opened++
	}
}

// read reads once and answers every request that is complete.
func (s *server) read(fd int, arrived time.Time) {
	n, err := syscall.Read(fd, s.input)
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return
	}
	if err != nil || n == 0 {
		s.seen.Closed++
		s.drop(fd)
		return
	}
	data := s.input[:n]
	if kept := s.partial[fd]; kept != nil {
		data = append(kept, data...)
		delete(s.partial, fd)
	}
	rest, err := s.answerAll(fd, data, arrived)
	if err != nil || len(rest) > maxRequest {
		s.seen.Broken++
		s.drop(fd)
		return
	}
	if len(rest) > 0 {
		s.partial[fd] = bytes.Clone(rest)
	}
}

// answerAll answers the requests in data and gives back what is not a whole one.
func (s *server) answerAll(fd int, data []byte, arrived time.Time) ([]byte, error) {
	for len(data) > 0 {
		r, err := readRequest(data)
		if err != nil || r.size == 0 {
			return data, err
		}
		if err := s.answer(fd, r.path, arrived); err != nil {
			return nil, err
		}
		data = data[r.size:]
	}
	return nil, nil
}

func (s *server) answer(fd int, path []byte, arrived time.Time) error {
	if string(path) == aicc.PathPoll {
		err := write(fd, s.answers.nextPoll())
		s.seen.Polls++
		s.times.Add(time.Since(arrived))
		return err
	}
	if string(path) == markPath {
		body, err := json.Marshal(s.mark())
		return errors.Join(err, write(fd, answer("200 OK", string(body))))
	}
	s.seen.Others++
	return write(fd, s.answers.other(path))
}

// write sends an answer whole. Whoever asks without reading finds the connection closed.
func write(fd int, data []byte) error {
	n, err := syscall.Write(fd, data)
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
	s.seen, s.since = loop.Report{}, now
	s.times.Reset()
	return &report
}

func (s *server) drop(fd int) {
	delete(s.open, fd)
	delete(s.partial, fd)
	syscall.Close(fd)
}

func (s *server) closeAll() {
	for fd := range s.open {
		syscall.Close(fd)
	}
}
