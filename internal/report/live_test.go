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

	"chatbench/internal/metric"
)

// busy is a state in which every figure is another one.
func busy(at time.Duration) LiveState {
	return LiveState{
		At: at, Stage: "2", Violations: 3,
		Live: metric.Live{
			Failed: 4, Info: 5, Begun: 2300, Ended: 1287, ExchangeRate: 15234.6, MessageRate: 987.4,
			DeliveryP50: 0.0461, DeliveryP95: 0.1087,
			Customers: metric.Crowd{Away: 7, Connecting: 11, Waiting: 22, WithRobot: 33, InQueue: 44, WithAgent: 55},
		},
	}
}

func TestLiveWords(t *testing.T) {
	drained := busy(61 * time.Minute)
	drained.Draining = true
	named := busy(59600 * time.Millisecond)
	named.Stage = "ein langer Name einer langen Stufe"
	tests := []struct {
		why                              string
		s                                LiveState
		line, heading, remaining, figure string
	}{
		{"nothing has happened yet", LiveState{},
			"0:00 : 0 customers talking, 0 messages/s, delivery p50 0 p95 0, 0 conversations ended, 0 violations, 0 failed, 0 without outcome",
			"          ", " 1:30 left",
			"      0 talking: 0 connecting, 0 waiting, 0 robot, 0 queue, 0 agent"},
		{"under load", busy(30 * time.Second),
			"0:30 2: 165 customers talking, 987 messages/s, delivery p50 46.1ms p95 109ms, 1287 conversations ended, 3 violations, 4 failed, 5 without outcome",
			"2         ", " 1:00 left",
			"    165 talking: 11 connecting, 22 waiting, 33 robot, 44 queue, 55 agent"},
		{"a long name is cut in the bar", named,
			"1:00 ein langer Name einer langen Stufe: 165 customers talking, 987 messages/s, delivery p50 46.1ms p95 109ms, 1287 conversations ended, 3 violations, 4 failed, 5 without outcome",
			"ein langer Name einer langen S", " 0:30 left",
			"    165 talking: 11 connecting, 22 waiting, 33 robot, 44 queue, 55 agent"},
		{"longer than foreseen", drained,
			"61:00 draining: 165 customers talking, 987 messages/s, delivery p50 46.1ms p95 109ms, 1287 conversations ended, 3 violations, 4 failed, 5 without outcome",
			"draining  ", " 0:00 left",
			"    165 talking: 11 connecting, 22 waiting, 33 robot, 44 queue, 55 agent"},
	}
	for _, tt := range tests {
		l := NewLive(io.Discard, false, 90*time.Second)
		l.Show(tt.s)
		figures, _, _ := strings.Cut(strings.TrimPrefix(l.figures(200), "  customers "), "\n")
		for _, got := range [][2]string{{l.line(), tt.line}, {l.heading(), tt.heading}, {l.remaining(), tt.remaining}, {figures, tt.figure}} {
			if got[0] != got[1] {
				t.Errorf("%s: got  %q\nwant %q", tt.why, got[0], got[1])
			}
		}
	}
}

// TestLiveFigures wants the lines below the bar to be three however narrow the terminal is.
func TestLiveFigures(t *testing.T) {
	l := NewLive(io.Discard, false, time.Minute)
	l.Show(busy(time.Second))
	tests := []struct {
		columns int
		want    string
	}{
		{100, `  customers     165 talking: 11 connecting, 22 waiting, 33 robot, 44 queue, 55 agent
  messages      987/s, delivery p50 46.1ms p95 109ms; 15235 exchanges/s
  violations      3; 4 failed, 5 without outcome; 1287 conversations ended
`},
		{20, "  customers     165 \n  messages      987/\n  violations      3;\n"},
		{0, "\n\n\n"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, l.figures(tt.columns)); diff != "" {
			t.Errorf("%d columns: figures (-want +got):\n%s", tt.columns, diff)
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
		l := NewLive(&b, false, time.Minute)
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

// TestLiveOnTerminal plays the view for some seconds of virtual time and wants it to show the
// figures, and to take itself away at the end.
func TestLiveOnTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		l := NewLive(&b, true, time.Minute)
		for second := range 3 {
			l.Show(busy(time.Duration(second) * time.Second))
			<-time.After(time.Second)
		}
		l.Stop()
		text := b.String()
		for _, want := range []string{"2         ", " 0:58 left", "  165 talking", "  987/s", "violations      3"} {
			if !strings.Contains(text, want) {
				t.Errorf("the view never showed %q:\n%q", want, text)
			}
		}
		const gone = "\x1b[4A\x1b[J" // up over the bar and its three lines, and away with them
		if !strings.HasSuffix(text, gone) {
			t.Errorf("the view ends with %.40q, want %q", text[max(len(text)-40, 0):], gone)
		}
	})
}

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
					l := NewLive(tt.w, terminal, tt.total)
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
	l := NewLive(&b, true, time.Minute)
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
