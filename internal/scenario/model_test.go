package scenario

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTemplate(t *testing.T) {
	value := func(name string) string { return "<" + name + ">" }
	for _, row := range []struct {
		text, want string
		variables  []string
		bad        bool
		reason     string
	}{
		{text: "", want: "", reason: "nothing"},
		{text: "plain", want: "plain", reason: "no variables"},
		{text: "{{a}}", want: "<a>", variables: []string{"a"}, reason: "only a variable"},
		{text: "订单{{ 单号 }}呢", want: "订单<单号>呢", variables: []string{"单号"}, reason: "Chinese, and spaces within the braces"},
		{text: "{{a}}{{b}} {{a}}", want: "<a><b> <a>", variables: []string{"a", "b", "a"}, reason: "next to each other and again"},
		{text: "a } b }} {", want: "a } b }} {", reason: "closing braces alone are text"},
		{text: "{{{{", want: "{{", reason: "four braces stand for two"},
		{text: "{{{{a}}", want: "{{a}}", reason: "no variable, but its characters"},
		{text: "{{{{{", want: "{{{", reason: "three braces of the text"},
		{text: "{{{a}}}", want: "{<a>}", variables: []string{"a"}, reason: "a variable within braces of the text"},
		{text: "{{{{{{a}} b", want: "{{<a> b", variables: []string{"a"}, reason: "two braces in front of a variable"},
		{text: "{{{{{{{a}}", want: "{{{<a>", variables: []string{"a"}, reason: "three braces in front of a variable"},
		{text: "{{{", bad: true, reason: "a brace, and one that is not closed"},
		{text: "{{", bad: true, reason: "not closed"},
		{text: "x {{ }}", bad: true, reason: "no name"},
		{text: "{{a}} {{b", bad: true, reason: "the second is not closed"},
	} {
		tpl, ok := ParseTemplate(row.text)
		if ok == row.bad {
			t.Errorf("%q (%s): got ok %v", row.text, row.reason, ok)
			continue
		}
		if got := tpl.Expand(value); got != row.want {
			t.Errorf("%q (%s): got %q, want %q", row.text, row.reason, got, row.want)
		}
		if diff := cmp.Diff(row.variables, tpl.Variables()); diff != "" {
			t.Errorf("%q (%s): variables (-want +got):\n%s", row.text, row.reason, diff)
		}
	}
}

// TestEscapeTemplate wants any text back, and any text in front of a variable.
func TestEscapeTemplate(t *testing.T) {
	for _, text := range []string{"", "{", "{{", "{{{", "{{{{", "{{{{{", "{{a}}", "x{{ {{{ }}", "}}", "你好 {{"} {
		for _, behind := range []string{"", "{{user}}", "{{user}} {{"} {
			tpl, ok := ParseTemplate(EscapeTemplate(text) + behind)
			if strings.HasSuffix(behind, "{{") {
				if ok {
					t.Errorf("%q and %q: accepted, want the last braces found open", text, behind)
				}
				continue
			}
			want := text + strings.ReplaceAll(behind, "{{user}}", "u-1")
			if got := tpl.Expand(func(string) string { return "u-1" }); !ok || got != want {
				t.Errorf("%q and %q: got %q, %v, want %q", text, behind, got, ok, want)
			}
		}
	}
}

// TestDraw compares the drawn times with the figures that define each distribution.
func TestDraw(t *testing.T) {
	const draws = 20_000
	for _, row := range []struct {
		dist Dist
		at   float64 // quantile, or 0 for the mean
		want time.Duration
	}{
		{Constant(time.Second), 0.5, time.Second},
		{Dist{A: time.Second, B: 3 * time.Second}, 0.5, 2 * time.Second},
		{Dist{A: time.Second, B: 3 * time.Second}, 0.95, 2900 * time.Millisecond},
		{Dist{Shape: Lognormal, A: 2 * time.Second, B: 8 * time.Second}, 0.5, 2 * time.Second},
		{Dist{Shape: Lognormal, A: 2 * time.Second, B: 8 * time.Second}, 0.95, 8 * time.Second},
		{Dist{Shape: Exponential, A: 3 * time.Second}, 0, 3 * time.Second},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		drawn := make([]time.Duration, draws)
		var sum time.Duration
		for i := range drawn {
			drawn[i] = row.dist.Draw(r)
			sum += drawn[i]
		}
		slices.Sort(drawn)
		got := sum / draws
		if row.at > 0 {
			got = drawn[int(row.at*draws)]
		}
		if off := math.Abs(float64(got-row.want)) / float64(row.want); off > 0.05 {
			t.Errorf("%v at %v: got %v, want %v within 5 %%", row.dist, row.at, got, row.want)
		}
		if drawn[0] < 0 || drawn[draws-1] > 24*time.Hour {
			t.Errorf("%v: drawn from %v to %v, want 0 to 24h", row.dist, drawn[0], drawn[draws-1])
		}
	}
}

func TestDistMax(t *testing.T) {
	for _, row := range []struct {
		dist     Dist
		min, max time.Duration
	}{
		{Dist{}, 0, 0},
		{Dist{A: time.Second, B: 3 * time.Second}, 3 * time.Second, 3 * time.Second},
		{Dist{Shape: Exponential, A: time.Second}, 6900 * time.Millisecond, 6910 * time.Millisecond},
		{Dist{Shape: Lognormal, A: time.Second, B: 2 * time.Second}, 3 * time.Second, 4 * time.Second},
		{Dist{Shape: Exponential, A: 23 * time.Hour}, day, day},
	} {
		if got := row.dist.Max(); got < row.min || got > row.max {
			t.Errorf("Max of %v: got %v, want %v to %v", row.dist, got, row.min, row.max)
		}
	}
}

// TestDistString writes distributions and reads them again.
func TestDistString(t *testing.T) {
	for _, text := range []string{"2s", "1s..4s", "{exponential: 3s}", "{lognormal: {p50: 2s, p95: 8s}}"} {
		s, err := Parse("a.yaml", []byte("chatbench: 1\nload: {customers: 1, for: 1s}\nbetween: "+text+"\nflows: {a: [{connect: hi}]}"), Options{})
		if err != nil {
			t.Errorf("between: %s: %v", text, err)
		} else if got := s.Between.String(); got != text {
			t.Errorf("between: %s: written as %q", text, got)
		}
	}
}

func TestDescribe(t *testing.T) {
	steps := []Step{Connect{}, Say{}, Handover{}, Think{}, Upload{Kind: "image"}, Repeat{}, HangUp{},
		Expect{Disconnect: true, From: "AGENT"}, Expect{Reply: true}, Expect{Queue: true}, Expect{Media: "IMAGE"},
		Expect{From: "ROBOT"}, Expect{Text: "hi"}, Expect{}}
	var got []string
	for _, s := range steps {
		got = append(got, s.Describe())
	}
	const want = "connect, say, handover, think, upload image, repeat, hang up, " +
		"expect disconnect, expect reply, expect queue, expect IMAGE, expect ROBOT, expect text, expect anything"
	if diff := cmp.Diff(want, strings.Join(got, ", ")); diff != "" {
		t.Errorf("descriptions (-want +got):\n%s", diff)
	}
}
