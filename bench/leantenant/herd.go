package main

import "time"

// herdWindow is the length of the windows in which arrivals are counted.
const herdWindow = 10 * time.Millisecond

// herd tells requests that come in step from those that come at random. Times are since its
// beginning and never go back.
type herd struct {
	window  int64 // the one that goes on
	count   int64 // of arrivals in it
	sum     int64 // of arrivals in the windows before it
	squares int64 // of the same counts
}

// add counts an arrival.
func (h *herd) add(at time.Duration) {
	h.advance(at)
	h.count++
}

func (h *herd) advance(at time.Duration) {
	if window := int64(at / herdWindow); window > h.window {
		h.sum += h.count
		h.squares += h.count * h.count
		h.window, h.count = window, 0
	}
}

// dispersion is the index of dispersion, the variance of the counts over their mean, over the whole
// windows until then: 0 for arrivals that are quite even, 1 at random, more in a herd. It is 0 when
// nothing came.
func (h *herd) dispersion(until time.Duration) float64 {
	h.advance(until)
	if h.sum == 0 {
		return 0
	}
	mean := float64(h.sum) / float64(h.window)
	return (float64(h.squares)/float64(h.window) - mean*mean) / mean
}
