package report

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"chatbench/internal/lang"
	"chatbench/internal/metric"
)

// LiveState is what the live view shows, once a second.
type LiveState struct {
	At         time.Duration // since the start of the load
	Stage      string
	Live       metric.Live
	Violations int64
	Draining   bool
	CPU        float64 // share of its processors that the generator uses, 0 to 1; 0 if that is not known
	Late       bool    // the generator is later than the scenario allows
	Starved    bool    // it uses more of its processors than the scenario allows
}

// LiveOptions say how a view is shown.
type LiveOptions struct {
	Title    string        // above the figures on a terminal; "": none
	Terminal bool          // one screen that stays in place, for a terminal; else a line every ten seconds
	Color    bool          // on a terminal
	Load     time.Duration // length of the load
	Drain    time.Duration // that follows, at most
	Lang     *lang.Printer
	Size     Size // of the terminal; nil: asked of the writer
}

// Live shows a run while it goes on: a bar and a few figures that stay in place on a terminal, a
// line every ten seconds elsewhere.
type Live struct {
	w   io.Writer
	opt LiveOptions

	mu    sync.Mutex // protects the following
	state LiveState
	last  time.Duration // of the last line
	said  []string      // by Print, not yet on the ordinary screen
	over  bool

	screen *screen
	bars   *mpb.Progress // nil where there is no terminal
	bar    *mpb.Bar
	fill   mpb.BarFiller
	rest   []string // of a frame, all lines but the first; used by mpb alone
}

// lineEvery is the pause between two lines where there is no terminal.
const lineEvery = 10 * time.Second

// NewLive begins a view. Until Stop nothing but [Live.Print] may write to w.
func NewLive(w io.Writer, opt LiveOptions) *Live {
	l := &Live{w: w, opt: opt}
	if !opt.Terminal {
		return l
	}
	if l.opt.Size == nil {
		l.opt.Size = sizeOf(w)
	}
	l.fill = mpb.BarStyle().Build()
	l.screen = &screen{w: w}
	l.bars = mpb.New(mpb.WithOutput(l.screen), mpb.WithRefreshRate(250*time.Millisecond), mpb.WithAutoRefresh())
	l.bar = l.bars.MustAdd(0, mpb.BarFillerFunc(l.drawFirst), mpb.BarFillerTrim(), mpb.BarExtender(mpb.BarFillerFunc(l.drawRest), false))
	return l
}

// Show takes a new state.
func (l *Live) Show(s LiveState) {
	l.mu.Lock()
	l.state = s
	due := l.bars == nil && s.At-l.last >= lineEvery-time.Second/2
	if due {
		l.last = s.At
	}
	l.mu.Unlock()
	if due {
		fmt.Fprintln(l.w, l.line())
	}
}

// Print writes a line. A view on a terminal shows the last one below the figures, and all of them
// stay on the terminal when it has ended.
func (l *Live) Print(line string) {
	l.mu.Lock()
	held := l.bars != nil && !l.over
	if held {
		l.said = append(l.said, line)
	}
	l.mu.Unlock()
	if !held {
		fmt.Fprintln(l.w, line)
	}
}

// Stop takes the view away and leaves the cursor on a fresh line. It may be called again, and from
// several sides.
func (l *Live) Stop() {
	if l.bars == nil {
		return
	}
	l.bar.Abort(true)
	l.bars.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.screen.close()
	for _, line := range l.said {
		fmt.Fprintln(l.w, line)
	}
	l.said, l.over = nil, true
}

// current is the state, and what was printed last.
func (l *Live) current() (s LiveState, said string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.said); n > 0 {
		said = l.said[n-1]
	}
	return l.state, said
}

// drawFirst draws a frame for mpb, which wants the first line and the others in two calls.
func (l *Live) drawFirst(w io.Writer, _ decor.Statistics) error {
	columns, rows := l.opt.Size()
	lines := l.frame(columns, rows)
	l.rest = lines[1:]
	_, err := io.WriteString(w, lines[0])
	return err
}

func (l *Live) drawRest(w io.Writer, _ decor.Statistics) error {
	for _, line := range l.rest {
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// frame is the view in lines that leave the last column free, where a terminal would wait with
// wrapping, and one row for the cursor.
func (l *Live) frame(columns, rows int) []string {
	if columns <= 0 {
		columns = 80
	}
	if rows <= 0 {
		rows = 24
	}
	s, said := l.current()
	room := max(columns-1, 0)
	var lines []string
	if title := clean(l.opt.Title); title != "" {
		lines = append(lines, title[:fit(title, room)])
	}
	lines = append(lines, l.heading(&s, room))
	lines = append(lines, l.figures(&s, room)...)
	most := max(rows-1, 1)
	if said != "" {
		lines = append(lines[:min(len(lines), most-1)], said[:fit(said, room)])
	}
	return lines[:min(len(lines), most)]
}

// heading is the stage, how far the load is, and what is left of it.
func (l *Live) heading(s *LiveState, columns int) string {
	const nameMost, barMost, barLeast = 24, 60, 8
	name := clean(s.Stage)
	name = l.opt.Lang.Sprintf("stage %s", name[:fit(name, nameMost)])
	left := l.opt.Lang.Sprintf("%s left", clock(max(l.opt.Load-s.At, 0)))
	if s.Draining {
		name = l.opt.Lang.T("draining")
		left = l.opt.Lang.Sprintf("%s left at most", clock(max(l.opt.Load+l.opt.Drain-s.At, 0)))
	}
	text := name + "  " + left
	room := min(columns-width(text)-2, barMost)
	if room < barLeast {
		return text[:fit(text, columns)]
	}
	return name + "  " + l.progress(s, room) + "  " + left
}

// progress is the bar.
func (l *Live) progress(s *LiveState, columns int) string {
	var b strings.Builder
	of := decor.Statistics{AvailableWidth: columns, Total: int64(l.opt.Load), Current: int64(min(s.At, l.opt.Load)), Completed: s.At >= l.opt.Load}
	if l.opt.Load <= 0 || l.fill.Fill(&b, of) != nil { // a Builder takes everything
		return strings.Repeat(" ", columns)
	}
	return b.String()
}

// clock writes minutes and seconds, and hours if there are any.
func clock(d time.Duration) string {
	d = d.Round(time.Second)
	minutes, seconds := int(d.Minutes()), int(d.Seconds())%60
	if minutes < 60 {
		return fmt.Sprintf("%d:%02d", minutes, seconds)
	}
	return fmt.Sprintf("%d:%02d:%02d", minutes/60, minutes%60, seconds)
}

// figure is something that the view tells.
type figure struct {
	text  string
	paint string
}

// liveRow is a line of figures, or several where the terminal is narrow.
type liveRow struct {
	name    string
	figures []figure
}

// figures are the lines below the bar.
func (l *Live) figures(s *LiveState, columns int) []string {
	rows := l.rows(s)
	names := 0
	for i := range rows {
		names = max(names, width(rows[i].name))
	}
	var lines []string
	for _, row := range rows {
		lines = append(lines, flow("  "+row.name+strings.Repeat(" ", names-width(row.name))+"  ", row.figures, columns)...)
	}
	return lines
}

func (l *Live) rows(s *LiveState) []liveRow {
	p, live, c := l.opt.Lang, &s.Live, s.Live.Customers
	say := func(format string, args ...any) figure { return figure{text: p.Sprintf(format, args...)} }
	alarm := func(on bool, colour string, f figure) figure {
		if on && l.opt.Color {
			f.paint = colour
		}
		return f
	}
	return []liveRow{
		{p.T("customers"), []figure{say("%s talking", count(int64(c.Busy()))), say("%d connecting", c.Connecting), say("%d waiting", c.Waiting),
			say("%d with robot", c.WithRobot), say("%d in queue", c.InQueue), say("%d with agent", c.WithAgent), say("%d away", c.Away)}},
		{p.T("conversations"), []figure{say("%s begun", count(live.Begun)), say("%s ended", count(live.Ended))}},
		{p.T("messages"), []figure{say("%.0f/s", live.MessageRate), say("delivery p50 %s", duration(live.DeliveryP50)),
			say("p95 %s", duration(live.DeliveryP95)), say("%.0f exchanges/s", live.ExchangeRate)}},
		{p.T("violations"), []figure{alarm(s.Violations > 0, red, figure{text: count(s.Violations)})}},
		{p.T("errors"), []figure{alarm(live.Failed > 0, yellow, say("%s failed", count(live.Failed))),
			alarm(live.Info > 0, yellow, say("%s without outcome", count(live.Info)))}},
		{p.T("generator"), append([]figure{alarm(s.Late || s.Starved, red, figure{text: generatorState(p, s)})}, l.strain(s)...)},
	}
}

// generatorState is in a word whether the figures can be trusted so far.
func generatorState(p *lang.Printer, s *LiveState) string {
	switch {
	case s.Late:
		return p.T("LATE")
	case s.Starved:
		return p.T("SHORT OF CPU")
	}
	return p.T("ok")
}

// strain is how late the generator was and what it used.
func (l *Live) strain(s *LiveState) []figure {
	p := l.opt.Lang
	late := []figure{{text: p.Sprintf("late by %s at p99", duration(s.Live.LateP99))}, {text: p.Sprintf("%s at most", duration(s.Live.LateMax))}}
	if s.CPU > 0 {
		late = append(late, figure{text: p.Sprintf("CPU %.0f %%", 100*s.CPU)})
	}
	return late
}

// flow puts figures behind a name, as many in a line as fit into it, the later lines indented. A
// figure that is too long for a line of its own is cut.
func flow(name string, figures []figure, columns int) []string {
	indent := width(name)
	if indent > columns/2 {
		name, indent = name[:fit(name, columns/2)], columns/2
	}
	line, used := name, indent
	var lines []string
	for i, f := range figures {
		text := f.text
		if i < len(figures)-1 {
			text += ","
		}
		switch {
		case used == indent:
		case used+1+width(text) <= columns:
			line, used = line+" ", used+1
		default:
			lines = append(lines, line)
			line, used = strings.Repeat(" ", indent), indent
		}
		text = text[:fit(text, columns-used)]
		line += painted(text, f.paint)
		used += width(text)
	}
	return append(lines, line)
}

// line is the state where there is no terminal.
func (l *Live) line() string {
	p := l.opt.Lang
	s, _ := l.current()
	stage := s.Stage
	if s.Draining {
		stage = p.T("draining")
	}
	return p.Sprintf("%s %s: %d customers talking (%d robot, %d queue, %d agent), %.0f messages/s, delivery p50 %s p95 %s, %d conversations ended, %d violations, %d failed, %d without outcome, generator %s (late by %s at p99)",
		clock(s.At), clean(stage), s.Live.Customers.Busy(), s.Live.Customers.WithRobot, s.Live.Customers.InQueue, s.Live.Customers.WithAgent,
		s.Live.MessageRate, duration(s.Live.DeliveryP50), duration(s.Live.DeliveryP95),
		s.Live.Ended, s.Violations, s.Live.Failed, s.Live.Info, generatorState(p, &s), duration(s.Live.LateP99))
}
