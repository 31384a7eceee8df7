package main

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
)

// point is a value at a number of customers.
type point struct{ customers, value float64 }

// line is a named curve.
type line struct {
	name   string
	points []point
}

// panel is a diagram with two logarithmic axes.
type panel struct {
	title string
	lines []line
}

// Places in a panel, in the units of the drawing.
const (
	panelWidth  = 430
	panelHeight = 300
	left        = 56
	right       = 408
	top         = 44
	bottom      = 256
)

// figureStyle has colours that can be told apart on white and on black, and text in that of the page.
const figureStyle = `<style>
text { font: 12px sans-serif; fill: #24292f } .title { font-weight: bold } .grid { stroke: #8c959f; stroke-opacity: .35 }
.l0 { stroke: #1f77b4 } .l1 { stroke: #d9730d } .line { fill: none; stroke-width: 2 } circle.l0 { fill: #1f77b4 } circle.l1 { fill: #d9730d }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
</style>
`

// figure draws panels side by side.
func figure(panels []panel) string {
	var b strings.Builder
	width := panelWidth * len(panels)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img">`+"\n", width, panelHeight)
	b.WriteString(figureStyle)
	for i, p := range panels {
		fmt.Fprintf(&b, `<g transform="translate(%d 0)">`+"\n", i*panelWidth)
		p.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (p panel) draw(b *strings.Builder) {
	var all []point
	for _, l := range p.lines {
		all = append(all, l.points...)
	}
	x := newScale(all, func(p point) float64 { return p.customers }, left, right)
	y := newScale(all, func(p point) float64 { return p.value }, bottom, top)
	fmt.Fprintf(b, `<text class="title" x="%d" y="20">%s</text>`+"\n", left, p.title)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">customers</text>`+"\n", right, bottom+36)
	for _, at := range x.marks() {
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %dV%d"/><text x="%.1f" y="%d" text-anchor="middle">%g</text>`+"\n", x.at(at), top, bottom, x.at(at), bottom+18, at)
	}
	for _, at := range y.marks() {
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%g</text>`+"\n", left, y.at(at), right, left-6, y.at(at)+4, at)
	}
	for i, l := range p.lines {
		path := make([]string, len(l.points))
		for k, p := range l.points {
			path[k] = fmt.Sprintf("%.1f %.1f", x.at(p.customers), y.at(p.value))
			fmt.Fprintf(b, `<circle class="l%d" cx="%.1f" cy="%.1f" r="3"/>`+"\n", i, x.at(p.customers), y.at(p.value))
		}
		fmt.Fprintf(b, `<path class="line l%d" d="M%s"/>`+"\n", i, strings.Join(path, "L"))
		fmt.Fprintf(b, `<path class="line l%d" d="M%d 33h18"/><text x="%d" y="37">%s</text>`+"\n", i, left+i*180, left+24+i*180, l.name)
	}
}

// scale is a logarithmic axis from the lowest to the highest value, at places in the drawing.
type scale struct{ low, high, from, to float64 }

func newScale(all []point, of func(point) float64, from, to float64) scale {
	low := of(slices.MinFunc(all, func(a, b point) int { return cmp.Compare(of(a), of(b)) }))
	high := of(slices.MaxFunc(all, func(a, b point) int { return cmp.Compare(of(a), of(b)) }))
	return scale{low * 0.9, high * 1.1, from, to} // a little room, so that low is less than high
}

func (s scale) at(value float64) float64 {
	return s.from + (s.to-s.from)*math.Log(value/s.low)/math.Log(s.high/s.low)
}

// marks are the 1, 2, 5, 10, 20 ... on the axis; where these are many, 1, 10, 100.
func (s scale) marks() (marks []float64) {
	steps := []float64{1, 2, 5}
	if s.high/s.low > 200 {
		steps = []float64{1, 3}
	}
	for power := math.Pow(10, math.Floor(math.Log10(s.low))); power <= s.high; power *= 10 {
		for _, step := range steps {
			if at := step * power; at >= s.low && at <= s.high {
				marks = append(marks, at)
			}
		}
	}
	return marks
}

// draw writes the figure of the part scale; without a name, or when nothing was measured, it does
// nothing.
func (b *book) draw(file string) error {
	list := groups(b.outcomes, "scale")
	if file == "" || len(list) == 0 {
		return nil
	}
	return os.WriteFile(file, []byte(figure([]panel{
		{"processor time a poll, µs", curves(list, group.cost)},
		{"memory a customer, KiB", curves(list, group.each)},
	})), 0o644)
}

// curves are those of a value, one for each client.
func curves(list []group, of func(group) float64) (lines []line) {
	for _, g := range list {
		at := slices.IndexFunc(lines, func(l line) bool { return l.name == g.client() })
		if at < 0 {
			at = len(lines)
			lines = append(lines, line{name: g.client()})
		}
		lines[at].points = append(lines[at].points, point{float64(g.customers()), of(g)})
	}
	return lines
}
