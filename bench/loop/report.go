// Package loop is what the lean tenant and the raw loop have in common: sockets that are ready, told
// by epoll, a histogram of times, and the line that both print at the end.
//
// It is no general event loop. It knows nothing of HTTP and keeps no connections; both programs do
// that in their own way. Waiting needs Linux, the rest does not.
package loop

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Report is what the lean tenant saw, or the raw loop did, in a stretch of time.
type Report struct {
	Polls   int64       `json:"polls"`           // that were answered; CONNECTs instead where those count
	Others  int64       `json:"others"`          // other requests that were answered
	Open    int64       `json:"open,omitempty"`  // connections at the end of the stretch; 0 where it was not asked
	Opened  int64       `json:"opened"`          // connections
	Closed  int64       `json:"closed"`          // connections that the other side closed or broke
	Broken  int64       `json:"broken"`          // connections given up: a request that is none, an answer that does not fit
	Seconds float64     `json:"seconds"`         // length of the stretch
	CPU     float64     `json:"cpu_s,omitempty"` // seconds of the whole process since its start; 0 where it was not asked
	Times   Percentiles `json:"times"`           // of polls
	// Dispersion is the variance of the number of polls in 10 ms over its mean: 0 when they come
	// quite evenly, 1 at random, more in a herd; 0 where it was not asked.
	Dispersion float64 `json:"dispersion,omitempty"`
	// Scheduled are the times that callers wait who come by a schedule, exact; nil without one.
	Scheduled *Percentiles `json:"scheduled,omitempty"`
}

// WriteTo writes the report as one line of JSON.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return 0, fmt.Errorf("encoding the report: %w", err)
	}
	n, err := w.Write(append(data, '\n'))
	return int64(n), err
}

// Percentiles are times in seconds, right to three significant digits; all 0 without samples.
type Percentiles struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// longest is the largest time that is kept; longer ones count as it.
const longest = time.Minute

// Times is a histogram of times. [NewTimes] makes one.
type Times struct{ hist *hdr.Histogram }

// NewTimes gives an empty histogram.
func NewTimes() Times { return Times{hdr.New(1, int64(longest), 3)} }

// Add records one time; those over a minute count as a minute, negative ones as 0.
func (t Times) Add(d time.Duration) {
	// The only error is a value out of range, which cannot be.
	_ = t.hist.RecordValue(int64(min(max(d, 0), longest)))
}

// Reset forgets all times.
func (t Times) Reset() { t.hist.Reset() }

// Percentiles sums up what was recorded.
func (t Times) Percentiles() Percentiles {
	at := func(p float64) float64 { return float64(t.hist.ValueAtPercentile(p)) / 1e9 }
	return Percentiles{P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: float64(t.hist.Max()) / 1e9}
}
