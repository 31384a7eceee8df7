package metric

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/bits"
)

// ErrTimeline is the error of a stored timeline that cannot be one.
var ErrTimeline = errors.New("the timeline is damaged")

// maxPoints bounds a timeline. A run that lasts longer is shown at a coarser resolution.
const maxPoints = 300

// Timeline is a run by the second, or by the 2, 4, 8 ... seconds of a long one. Point i covers the
// seconds from i*Resolution on, counted from the start of the run; a sample is in the second in
// which it was complete. There are at most 300 points. The zero value is empty.
type Timeline struct {
	Resolution int     `json:"resolution_s"` // seconds, a power of two; 0 when empty
	Points     []Point `json:"points,omitempty"`
}

// Point is one stretch of a timeline.
type Point struct {
	Exchanges int64 `json:"exchanges"`
	Failed    int64 `json:"failed,omitempty"`   // class fail
	Info      int64 `json:"info,omitempty"`     // class info
	Messages  int64 `json:"messages,omitempty"` // delivered
	// CustomerSeconds adds up the customers in a conversation at the end of each second of the
	// stretch, so that it is their average number times the resolution.
	CustomerSeconds int64            `json:"customer_seconds,omitempty"`
	Latency         map[string]*Hist `json:"latency,omitempty"` // of the metrics that are shown over time, to 6 %
}

// maxResolution is enough for a recorder, whose seconds have 32 bits.
const maxResolution = 1 << 24

// UnmarshalJSON reads a timeline. The error wraps [ErrTimeline] when it has too many points or the
// resolution is not a power of two.
func (t *Timeline) UnmarshalJSON(b []byte) error {
	type plain Timeline
	var p plain
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	switch {
	case len(p.Points) > maxPoints:
		return fmt.Errorf("%w: it has %d points", ErrTimeline, len(p.Points))
	case p.Resolution == 0 && len(p.Points) == 0:
	case p.Resolution < 1 || p.Resolution > maxResolution || bits.OnesCount(uint(p.Resolution)) != 1:
		return fmt.Errorf("%w: its points are %d s long", ErrTimeline, p.Resolution)
	}
	*t = Timeline(p)
	return nil
}

// Customers is the average number of customers in a conversation during point i.
func (t *Timeline) Customers(i int) float64 {
	return float64(t.Points[i].CustomerSeconds) / float64(t.Resolution)
}

// at is the point of a second, made when it is not there yet.
func (t *Timeline) at(second int) *Point {
	t.Resolution = max(t.Resolution, 1)
	for second/t.Resolution >= maxPoints {
		t.coarsen()
	}
	i := second / t.Resolution
	for len(t.Points) <= i {
		t.Points = append(t.Points, Point{})
	}
	return &t.Points[i]
}

// coarsen merges neighbours pairwise, in place.
func (t *Timeline) coarsen() {
	half := (len(t.Points) + 1) / 2
	for i := range half {
		p := t.Points[2*i]
		if 2*i+1 < len(t.Points) {
			p.add(&t.Points[2*i+1])
		}
		t.Points[i] = p
	}
	clear(t.Points[half:])
	t.Points = t.Points[:half]
	t.Resolution *= 2
}

func (p *Point) add(other *Point) {
	p.Exchanges += other.Exchanges
	p.Failed += other.Failed
	p.Info += other.Info
	p.Messages += other.Messages
	p.CustomerSeconds += other.CustomerSeconds
	for name, h := range other.Latency {
		if h != nil { // a file may say null
			p.hist(name, h.unit).add(h)
		}
	}
}

func (p *Point) hist(name string, unit Unit) *Hist {
	h := p.Latency[name]
	if h == nil {
		h = newHist(unit, pointDigits)
		if p.Latency == nil {
			p.Latency = map[string]*Hist{}
		}
		p.Latency[name] = h
	}
	return h
}

// clone copies t so that nothing is shared.
func (t *Timeline) clone() Timeline {
	c := Timeline{Resolution: t.Resolution, Points: make([]Point, len(t.Points))}
	for i := range t.Points {
		c.Points[i].add(&t.Points[i])
	}
	return c
}

// mergeTimelines adds up point by point, at the coarser of the two resolutions.
func mergeTimelines(a, b *Timeline) Timeline {
	sum, other := a.clone(), b.clone()
	if sum.Resolution < other.Resolution {
		sum, other = other, sum
	}
	for other.Resolution > 0 && other.Resolution < sum.Resolution {
		other.coarsen()
	}
	for i := range other.Points {
		sum.at(i * other.Resolution).add(&other.Points[i])
	}
	return sum
}
