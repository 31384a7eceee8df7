package report

import (
	"html/template"
	"math"
	"slices"
	"strconv"

	"chatbench/internal/metric"
)

// pageData is what the script of a page draws from.
type pageData struct {
	Lang   string           `json:"lang"`
	Step   int              `json:"step"`   // seconds between two points of the timeline
	Bands  []band           `json:"bands"`  // the stages
	Charts []chart          `json:"charts"` // by id, as in the page's figures
	Words  map[string]words `json:"words"`
}

// band is a stage behind the charts over time, in seconds.
type band struct {
	Name  words  `json:"name"`
	Kind  string `json:"kind"` // "warmup", "drain" or "" for one that counts
	Start point  `json:"start"`
	End   point  `json:"end"`
}

// chart is one figure of the page.
type chart struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // "time": over the timeline; "curve": by percentile; "xy": over X; "forest": a row for each of Rows
	Unit string `json:"unit"` // "s", "/s", "n", "B/s", "%", "x"
	// XUnit is that of X; charts over time and by percentile need none.
	XUnit   string   `json:"xunit,omitempty"`
	XName   words    `json:"xname"`
	YName   words    `json:"yname"`
	X       []point  `json:"x,omitempty"`
	Log     bool     `json:"log,omitempty"` // begins with a logarithmic axis; charts of seconds can be switched
	Series  []series `json:"series,omitempty"`
	Choices []choice `json:"choices,omitempty"` // sets of series, of which one is shown
	// Rows are those of a forest, about Middle, which is no change.
	Rows   []forestRow `json:"rows,omitempty"`
	Middle point       `json:"middle"`
	Help   words       `json:"-"`
	Title  words       `json:"-"`
}

// choice is one set of series, such as those of a metric.
type choice struct {
	Name   string   `json:"name"`
	Help   words    `json:"help"`
	Unit   string   `json:"unit,omitempty"` // of the chart when it is ""
	Series []series `json:"series"`
}

// series is one line of a chart.
type series struct {
	Name   words   `json:"name"`
	Colour int     `json:"c"` // 1 to 8, see the style
	Values []point `json:"v"`
	Fill   bool    `json:"fill,omitempty"`
	Hidden bool    `json:"hidden,omitempty"`
	Points bool    `json:"points,omitempty"` // points and no line
	Span   bool    `json:"span,omitempty"`   // a line across gaps, with points
	Thin   int     `json:"thin,omitempty"`   // from this value on there are too few samples; 0: there are enough
}

// forestRow is a row of a forest plot: an estimate with its interval.
type forestRow struct {
	Name  string `json:"name"`
	Low   point  `json:"low"`
	Mid   point  `json:"mid"`
	High  point  `json:"high"`
	Class string `json:"class"` // its colour: pass, fail, warn or idle
}

// some reports whether a series has a value.
func (s *series) some() bool {
	return slices.ContainsFunc(s.Values, func(v point) bool { return !math.IsNaN(float64(v)) })
}

// point is a number with four significant digits; one that is not a number is a gap.
type point float64

var gap = point(math.NaN())

// MarshalJSON writes null for a gap.
func (f point) MarshalJSON() ([]byte, error) {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, v, 'g', 4, 64), nil
}

// draw adds a chart to the page. One without a value is left out.
func (p *page) draw(c chart) template.HTML {
	if len(c.Choices) == 0 && len(c.Rows) == 0 && !slices.ContainsFunc(c.Series, func(s series) bool { return s.some() }) {
		return ""
	}
	p.data.Charts = append(p.data.Charts, c)
	return p.part("chart", c)
}

// chartWords are the texts that the script needs.
func (p *page) chartWords() map[string]words {
	return map[string]words{
		"title":     p.title,
		"run":       p.say("time since the start of the run"),
		"quantile":  p.say("percentile (logarithmic)"),
		"metric":    p.say("metric"),
		"log":       p.say("logarithmic"),
		"warmup":    p.say("warm-up"),
		"drain":     p.say("drain"),
		"thin":      p.say("dashed: fewer than ten samples lie beyond"),
		"customers": p.say("customers"),
		"broken":    p.say("This chart could not be drawn."),
		"below":     p.say("of samples at or below"),
	}
}

// chartUnit is the unit of a metric for the script.
func chartUnit(u metric.Unit) string {
	if u == metric.BytesPerSecond {
		return "B/s"
	}
	return "s"
}
