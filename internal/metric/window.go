package metric

import hdr "github.com/HdrHistogram/hdrhistogram-go"

// window holds the samples of the current second in plain arrays, which is ten times cheaper than
// adding each to the sparse histograms of its stage and its point.
type window struct {
	second    int
	exchanges int64
	messages  int64
	cells     [][metricCount]*cell // by stage
	spare     []*cell
}

// cell is one metric of one stage during the current second.
type cell struct {
	dense   *hdr.Histogram
	packed  *hdr.PackedHistogram // dense without its empty places, while the second is closed
	sum     int64
	max     int64
	clamped int64
}

func newWindow(stages int) window {
	return window{cells: make([][metricCount]*cell, stages)}
}

func (w *window) record(x sample) {
	c := w.cells[x.stage][x.metric]
	if c == nil {
		c = w.take()
		w.cells[x.stage][x.metric] = c
	}
	c.record(int64(x.value))
}

func (w *window) take() *cell {
	if n := len(w.spare); n > 0 {
		c := w.spare[n-1]
		w.spare = w.spare[:n-1]
		return c
	}
	return &cell{dense: hdr.New(1, limit, stageDigits), packed: hdr.NewPacked(1, limit, stageDigits)}
}

func (c *cell) record(v int64) {
	if v > limit {
		v = limit
		c.clamped++
	}
	_ = c.dense.RecordValue(v) // in range by now
	c.sum += v
	c.max = max(c.max, v)
}

// pack makes the cell ready for addTo. Looking through the array is what closing a second costs, so
// it is done once.
func (c *cell) pack() {
	c.packed.Reset()
	c.packed.MergeFrom(c.dense)
}

// addTo merges the cell into h.
func (c *cell) addTo(h *Hist) {
	h.storage().Merge(c.packed)
	h.sum += c.sum
	h.max = max(h.max, c.max)
	h.clamped += c.clamped
}

func (c *cell) reset() {
	c.dense.Reset()
	c.sum, c.max, c.clamped = 0, 0, 0
}

// closeWindow moves the current second into the totals of the stages, the timeline and what Live
// shows. The window is empty afterwards and its arrays are used again.
func (r *Recorder) closeWindow() {
	w := &r.window
	done := closedSecond{second: w.second, exchanges: w.exchanges, messages: w.messages}
	for stage := range w.cells {
		for m, c := range w.cells[stage] {
			if c == nil {
				continue
			}
			c.pack()
			c.addTo(r.total(stage, id(m)))
			if overTime(id(m)) {
				c.addTo(r.timeline.at(w.second).hist(names[m], unitOf(id(m))))
			}
			if id(m) == delivery {
				c.addTo(done.deliveries())
			}
			if id(m) >= latePoll {
				c.addTo(done.lateness(id(m)))
			}
			c.reset()
			w.spare = append(w.spare, c)
			w.cells[stage][m] = nil
		}
	}
	w.exchanges, w.messages = 0, 0
	copy(r.recent[1:], r.recent[:])
	r.recent[0] = done
}
