package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vbauerster/mpb/v8"

	"chatbench/internal/metric"
)

// busy is a state in which every figure is another one.
func busy(at time.Duration) LiveState {
	return LiveState{
		At: at, Stage: "2", Violations: 3, CPU: 0.23,
		Live: metric.Live{
			Failed: 4, Info: 5, Begun: 2300, Ended: 1287, ExchangeRate: 15234.6, MessageRate: 987.4,
			DeliveryP50: 0.0461, DeliveryP95: 0.1087, LateP99: 0.0024, LateMax: 0.011,
			Customers: metric.Crowd{Away: 7, Connecting: 11, Waiting: 22, WithRobot: 33, InQueue: 44, WithAgent: 55},
		},
	}
}

func TestLiveLine(t *testing.T) {
	drained := busy(61 * time.Minute)
	drained.Draining = true
	late := busy(59600 * time.Millisecond)
	late.Stage, late.Late = "ein\x1b[2JName", true
	tests := []struct {
		why  string
		s    LiveState
		want string
	}{
		{"nothing has happened yet", LiveState{},
			"0:00 : 0 customers talking (0 robot, 0 queue, 0 agent), 0 messages/s, delivery p50 0 p95 0, 0 conversations ended, 0 violations, 0 failed, 0 without outcome, generator ok (late by 0 at p99)"},
		{"under load", busy(30 * time.Second),
			"0:30 2: 165 customers talking (33 robot, 44 queue, 55 agent), 987 messages/s, delivery p50 46.1ms p95 109ms, 1287 conversations ended, 3 violations, 4 failed, 5 without outcome, generator ok (late by 2.40ms at p99)"},
		{"a name that would act on a terminal, a late generator", late,
			"1:00 ein·[2JName: 165 customers talking (33 robot, 44 queue, 55 agent), 987 messages/s, delivery p50 46.1ms p95 109ms, 1287 conversations ended, 3 violations, 4 failed, 5 without outcome, generator LATE (late by 2.40ms at p99)"},
		{"longer than foreseen", drained,
			"1:01:00 draining: 165 customers talking (33 robot, 44 queue, 55 agent), 987 messages/s, delivery p50 46.1ms p95 109ms, 1287 conversations ended, 3 violations, 4 failed, 5 without outcome, generator ok (late by 2.40ms at p99)"},
	}
	for _, tt := range tests {
		l := NewLive(io.Discard, LiveOptions{Load: 90 * time.Second})
		l.Show(tt.s)
		if got := l.line(); got != tt.want {
			t.Errorf("%s: line\n%q, want\n%q", tt.why, got, tt.want)
		}
	}
}

// draw is a frame of the view.
func draw(t *testing.T, s LiveState, columns, rows int, opt LiveOptions) []string {
	t.Helper()
	l := &Live{opt: opt, fill: mpb.BarStyle().Build(), state: s}
	lines := l.frame(columns, rows)
	if len(lines) >= rows && len(lines) > 1 {
		t.Errorf("%d lines in %d rows", len(lines), rows)
	}
	for _, line := range lines {
		if w := width(strings.NewReplacer(red, "", yellow, "", reset, "").Replace(line)); w >= columns {
			t.Errorf("a line of %d columns on a terminal of %d: %q", w, columns, line)
		}
	}
	return lines
}

// TestLiveFrame looks at the view as its reader does, at several sizes.
func TestLiveFrame(t *testing.T) {
	opt := LiveOptions{Load: 90 * time.Second, Drain: 10 * time.Second}
	drained := busy(95 * time.Second)
	drained.Draining, drained.Starved = true, true
	chinese := busy(30 * time.Second)
	chinese.Stage = "升压阶段,目标两千名客户同时在线"
	tests := []struct {
		why           string
		s             LiveState
		columns, rows int
		want          string
	}{
		{"a wide terminal", busy(30 * time.Second), 130, 24, `
stage 2  [==================>---------------------------------------]  1:00 left
  customers      165 talking, 11 connecting, 22 waiting, 33 with robot, 44 in queue, 55 with agent, 7 away
  conversations  2,300 begun, 1,287 ended
  messages       987/s, delivery p50 46.1ms, p95 109ms, 15235 exchanges/s
  violations     3
  errors         4 failed, 5 without outcome
  generator      ok, late by 2.40ms at p99, 11.0ms at most, CPU 23 %`},
		{"a narrow one", busy(30 * time.Second), 40, 24, `
stage 2  [=====>-----------]  1:00 left
  customers      165 talking,
                 11 connecting,
                 22 waiting,
                 33 with robot,
                 44 in queue,
                 55 with agent, 7 away
  conversations  2,300 begun,
                 1,287 ended
  messages       987/s,
                 delivery p50 46.1ms,
                 p95 109ms,
                 15235 exchanges/s
  violations     3
  errors         4 failed,
                 5 without outcome
  generator      ok,
                 late by 2.40ms at p99,
                 11.0ms at most,
                 CPU 23 %`},
		{"a low one shows what comes first", busy(30 * time.Second), 80, 5, `
stage 2  [==================>--------------------------------------]  1:00 left
  customers      165 talking, 11 connecting, 22 waiting, 33 with robot,
                 44 in queue, 55 with agent, 7 away
  conversations  2,300 begun, 1,287 ended`},
		{"the load is over", drained, 100, 24, `
draining  [==========================================================]  0:05 left at most
  customers      165 talking, 11 connecting, 22 waiting, 33 with robot, 44 in queue, 55 with agent,
                 7 away
  conversations  2,300 begun, 1,287 ended
  messages       987/s, delivery p50 46.1ms, p95 109ms, 15235 exchanges/s
  violations     3
  errors         4 failed, 5 without outcome
  generator      SHORT OF CPU, late by 2.40ms at p99, 11.0ms at most, CPU 23 %`},
		{"a name of wide characters is cut between them", chinese, 60, 2, `
stage 升压阶段,目标两千名客户  [====>----------]  1:00 left`},
		{"hardly any room", busy(30 * time.Second), 20, 3, `
stage 2  1:00 left
  custome165 talkin`},
		{"one column", busy(30 * time.Second), 1, 1, "\n"},
	}
	for _, tt := range tests {
		got := "\n" + strings.Join(draw(t, tt.s, tt.columns, tt.rows, opt), "\n")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: frame (-want +got):\n%s", tt.why, diff)
		}
	}
}

// TestLiveFitsEverywhere draws every size a terminal has, in colours, and wants no line to reach the
// last column; draw looks.
func TestLiveFitsEverywhere(t *testing.T) {
	s := busy(30 * time.Second)
	s.Stage, s.Late = "升压 stage with a rather long name", true
	for columns := 1; columns <= 220; columns++ {
		for _, rows := range []int{1, 2, 7, 50} {
			draw(t, s, columns, rows, LiveOptions{Load: time.Minute, Color: true})
		}
	}
}

// TestLiveColours wants colours where something is wrong, and nowhere else.
func TestLiveColours(t *testing.T) {
	late := busy(time.Second)
	late.Late = true
	for _, tt := range []struct {
		why   string
		s     LiveState
		color bool
		want  []string
	}{
		{"all is well", LiveState{}, true, nil},
		{"without colours", late, false, nil},
		{"broken rules, errors, a late generator", late, true, []string{red + "3" + reset, yellow + "4 failed," + reset, yellow + "5 without outcome" + reset, red + "LATE," + reset}},
	} {
		text := strings.Join(draw(t, tt.s, 120, 24, LiveOptions{Load: time.Minute, Color: tt.color}), "\n")
		for _, want := range tt.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%q", tt.why, want, text)
			}
		}
		if got := strings.Count(text, reset); got != len(tt.want) {
			t.Errorf("%s: %d texts are painted, want %d:\n%q", tt.why, got, len(tt.want), text)
		}
	}
}

// TestLiveLines wants a line every ten seconds where there is no terminal, whether the clock that
// calls is exact, late or leaves seconds out.
func TestLiveLines(t *testing.T) {
	tests := []struct {
		why   string
		at    func(second int) time.Duration
		lines []string // how they begin
	}{
		{"exact", func(n int) time.Duration { return time.Duration(n) * time.Second }, []string{"0:10", "0:20", "0:30"}},
		{"a little late", func(n int) time.Duration { return time.Duration(n)*time.Second + time.Duration(n)*7*ms }, []string{"0:10", "0:20", "0:30"}},
		{"first late, then in time", func(n int) time.Duration {
			return time.Duration(n)*time.Second + time.Duration(n%7)*60*ms
		}, []string{"0:10", "0:20", "0:30"}},
		{"every third second is seen", func(n int) time.Duration { return time.Duration(3*n) * time.Second }, []string{"0:12", "0:24", "0:36", "0:48", "1:00", "1:12", "1:24", "1:36"}},
	}
	for _, tt := range tests {
		var b strings.Builder
		l := NewLive(&b, LiveOptions{Load: time.Minute})
		for n := range 35 {
			l.Show(busy(tt.at(n)))
		}
		l.Stop()
		var got []string
		for line := range strings.Lines(b.String()) {
			got = append(got, line[:4])
		}
		if diff := cmp.Diff(tt.lines, got); diff != "" {
			t.Errorf("%s: lines (-want +got):\n%s", tt.why, diff)
		}
	}
}

// TestLiveOnTerminal plays the view for some seconds of virtual time on a terminal that is resized
// and typed on. It must show each state and nothing else, and give the terminal back as it was.
func TestLiveOnTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		term := newFakeTerminal(100, 24)
		fmt.Fprintln(term, "$ chatbench run")
		l := NewLive(term, LiveOptions{Title: "a title", Terminal: true, Load: time.Minute, Size: term.size})
		second := time.Duration(0)
		shows := func(what string) {
			t.Helper()
			l.Show(busy(second))
			columns, rows := term.size()
			want := (&Live{opt: l.opt, fill: mpb.BarStyle().Build(), state: busy(second), said: l.said}).frame(columns, rows)
			second += time.Second
			<-time.After(time.Second)
			if diff := cmp.Diff(want, term.screenful()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
		}
		shows("at first")
		for _, size := range [][2]int{{99, 24}, {40, 24}, {200, 24}, {57, 5}, {41, 2}, {130, 24}, {24, 24}, {80, 24}} {
			term.resize(size[0], size[1])
			shows(fmt.Sprintf("resized to %d columns, %d rows", size[0], size[1]))
		}
		fmt.Fprint(term, "^C")
		l.Print("ending the conversations")
		shows("interrupted")
		fmt.Fprint(term, strings.Repeat("\n", 30))
		shows("somebody typed")
		if !term.hidden {
			t.Error("the cursor shows in the view")
		}
		l.Stop()
		l.Print("after the end")
		want := []string{"$ chatbench run", "ending the conversations", "after the end"}
		if diff := cmp.Diff(want, term.screenful()); diff != "" {
			t.Errorf("at the end (-want +got):\n%s", diff)
		}
		if term.hidden {
			t.Error("the cursor is hidden after the end")
		}
	})
}

// TestScreen wants a frame to reach the terminal in one write that clears nothing before it has
// written over it, for that would flicker.
func TestScreen(t *testing.T) {
	var writes []string
	s := &screen{w: writerFunc(func(b []byte) (int, error) { writes = append(writes, string(b)); return len(b), nil })}
	s.close() // nothing was shown
	s.Write([]byte("one\ntwo\n"))
	s.Write([]byte("\x1b[2A\x1b[JONE\n"))
	s.Write([]byte("\x1b[2A\x1b[J"))
	s.close()
	s.close()
	want := []string{
		"\x1b[?1049h\x1b[?25l\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J",
		"\x1b[HONE\x1b[K\n\x1b[J",
		"\x1b[H\x1b[J",
		"\x1b[?25h\x1b[?1049l",
	}
	if diff := cmp.Diff(want, writes); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestLiveEnds stops the view at every moment one can think of. Whatever goes wrong hangs or
// panics.
func TestLiveEnds(t *testing.T) {
	show := func(at time.Duration) func(*Live) { return func(l *Live) { l.Show(busy(at)) } }
	wait := func(*Live) { <-time.After(time.Second) }
	stop := (*Live).Stop
	tests := []struct {
		why   string
		w     io.Writer
		total time.Duration
		do    []func(*Live)
	}{
		{"before anything was shown", new(bytes.Buffer), time.Minute, []func(*Live){stop}},
		{"after the first state", new(bytes.Buffer), time.Minute, []func(*Live){show(0), stop}},
		{"twice", new(bytes.Buffer), time.Minute, []func(*Live){show(time.Second), wait, stop, stop}},
		{"and shown again", new(bytes.Buffer), time.Minute, []func(*Live){show(time.Second), stop, show(2 * time.Second), stop}},
		{"at the very end", new(bytes.Buffer), time.Minute, []func(*Live){show(time.Minute), wait, stop}},
		{"long after the end, and back", new(bytes.Buffer), time.Minute, []func(*Live){show(time.Hour), wait, show(0), wait, stop}},
		{"a run without length", new(bytes.Buffer), 0, []func(*Live){show(0), wait, show(time.Second), wait, stop}},
		{"the terminal has gone away", failing{errors.New("no such terminal")}, time.Minute, []func(*Live){show(0), wait, show(time.Second), wait, stop}},
	}
	for _, terminal := range []bool{true, false} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, terminal %v", tt.why, terminal), func(t *testing.T) {
				synctest.Test(t, func(*testing.T) {
					l := NewLive(tt.w, LiveOptions{Terminal: terminal, Load: tt.total})
					for _, do := range tt.do {
						do(l)
					}
				})
			})
		}
	}
}

// TestLiveFromManySides shows states from several goroutines while the view draws, for the race
// detector.
func TestLiveFromManySides(t *testing.T) {
	var b bytes.Buffer
	l := NewLive(&b, LiveOptions{Terminal: true, Load: time.Minute})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for second := range 500 {
				l.Show(busy(time.Duration(second) * time.Second))
			}
		})
	}
	wg.Wait()
	l.Stop()
}
