package main

import (
	"container/heap"
	"time"
)

// link is one connection.
type link struct {
	fd      int
	closed  bool
	partial []byte // what has come of a request
}

// pending is an answer whose time has not come.
type pending struct {
	due     time.Time
	arrived time.Time
	number  int // of those that were kept; it decides between two that are due at once
	link    *link
	path    string
}

// waiting holds what is pending; what is due first comes first.
type waiting struct {
	heap pendings
	kept int
}

// keep adds an answer.
func (w *waiting) keep(p pending) {
	w.kept++
	p.number = w.kept
	heap.Push(&w.heap, p)
}

// due gives an answer that is due now; ok is false when there is none.
func (w *waiting) due(now time.Time) (p pending, ok bool) {
	if len(w.heap) == 0 || w.heap[0].due.After(now) {
		return pending{}, false
	}
	return heap.Pop(&w.heap).(pending), true
}

// wait is how long nothing is due, at most limit.
func (w *waiting) wait(now time.Time, limit time.Duration) time.Duration {
	if len(w.heap) == 0 {
		return limit
	}
	return min(max(w.heap[0].due.Sub(now), 0), limit)
}

// pendings is a heap.Interface.
type pendings []pending

func (h pendings) Len() int      { return len(h) }
func (h pendings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h pendings) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].number < h[j].number
}
func (h *pendings) Push(x any) { *h = append(*h, x.(pending)) }
func (h *pendings) Pop() any {
	last := len(*h) - 1
	p := (*h)[last]
	(*h)[last] = pending{} // lets go of its link
	*h = (*h)[:last]
	return p
}
