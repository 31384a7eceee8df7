package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"chatbench/internal/metric"
)

// LiveState is what the live view shows, once a second.
type LiveState struct {
	At         time.Duration // since the start of the load
	Stage      string
	Live       metric.Live
	Violations int64
	Draining   bool
}

// Live shows a run while it goes on: a bar and a few figures that stay in place on a terminal, a
// line every ten seconds elsewhere.
type Live struct {
	w     io.Writer
	total time.Duration
	every time.Duration // between two lines; 0 on a terminal

	mu    sync.Mutex // protects the following
	state LiveState
	last  time.Duration // of the last line

	bars *mpb.Progress
	bar  *mpb.Bar
}

// lineEvery is the pause between two lines where there is no terminal.
const lineEvery = 10 * time.Second

// NewLive begins the view of a load of the given length. Nothing but the view may write to w until
// Stop.
func NewLive(w io.Writer, terminal bool, total time.Duration) *Live {
	l := &Live{w: w, total: total}
	if !terminal {
		l.every = lineEvery
		return l
	}
	l.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(40), mpb.WithRefreshRate(250*time.Millisecond), mpb.WithAutoRefresh())
	l.bar = l.bars.AddBar(int64(total),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return l.heading() })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return l.remaining() })),
		mpb.BarExtender(mpb.BarFillerFunc(func(w io.Writer, terminal decor.Statistics) error {
			_, err := io.WriteString(w, l.figures(terminal.AvailableWidth))
			return err
		}), false),
	)
	return l
}

// Show takes a new state.
func (l *Live) Show(s LiveState) {
	l.mu.Lock()
	l.state = s
	due := l.every > 0 && s.At-l.last >= l.every-time.Second/2
	if due {
		l.last = s.At
	}
	l.mu.Unlock()
	switch {
	case l.bar != nil:
		l.bar.SetCurrent(int64(min(s.At, l.total-1))) // completing it would end the view
	case due:
		fmt.Fprintln(l.w, l.line())
	}
}

// Stop ends the view and leaves the cursor on a fresh line.
func (l *Live) Stop() {
	if l.bars == nil {
		return
	}
	l.bar.Abort(true)
	l.bars.Wait()
}

func (l *Live) current() LiveState {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func (l *Live) heading() string {
	s := l.current()
	if s.Draining {
		return "draining  "
	}
	return fmt.Sprintf("%-10.30s", s.Stage)
}

func (l *Live) remaining() string {
	s := l.current()
	return fmt.Sprintf(" %s left", clock(max(l.total-s.At, 0)))
}

// clock writes minutes and seconds.
func clock(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// figures are the lines below the bar, cut to the columns of the terminal: a line that it wraps
// would be one more than the bar takes back.
func (l *Live) figures(columns int) string {
	s := l.current()
	c := s.Live.Customers
	lines := []string{
		fmt.Sprintf("  customers   %5d talking: %d connecting, %d waiting, %d robot, %d queue, %d agent",
			c.Busy(), c.Connecting, c.Waiting, c.WithRobot, c.InQueue, c.WithAgent),
		fmt.Sprintf("  messages    %5.0f/s, delivery p50 %s p95 %s; %.0f exchanges/s",
			s.Live.MessageRate, duration(s.Live.DeliveryP50), duration(s.Live.DeliveryP95), s.Live.ExchangeRate),
		fmt.Sprintf("  violations  %5d; %d failed, %d without outcome; %d conversations ended",
			s.Violations, s.Live.Failed, s.Live.Info, s.Live.Ended),
	}
	for i, line := range lines {
		lines[i] = line[:fit(line, columns)]
	}
	return strings.Join(lines, "\n") + "\n"
}

// line is the state where there is no terminal.
func (l *Live) line() string {
	s := l.current()
	stage := s.Stage
	if s.Draining {
		stage = "draining"
	}
	return fmt.Sprintf("%s %s: %d customers talking, %.0f messages/s, delivery p50 %s p95 %s, %d conversations ended, %d violations, %d failed, %d without outcome",
		clock(s.At), stage, s.Live.Customers.Busy(), s.Live.MessageRate, duration(s.Live.DeliveryP50), duration(s.Live.DeliveryP95),
		s.Live.Ended, s.Violations, s.Live.Failed, s.Live.Info)
}
