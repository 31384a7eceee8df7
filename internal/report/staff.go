package report

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"chatbench/internal/capacity"
	"chatbench/internal/lang"
)

// Staff writes how many agents a demand needs, or how well a given number serves it, and beside it
// what fewer and more would do.
func Staff(w io.Writer, p *lang.Printer, r *capacity.StaffReport) error {
	b := &pen{w: w}
	d := r.Demand
	b.line(p.Sprintf("%s an hour, %s each: %.4g erlangs (%s)", digitsOf(d.Arrivals*3600), time.Duration.String(d.Handling), r.Load, r.Model))
	l := r.Level()
	switch {
	case r.Needed > 0 && r.Reasons == "occupancy":
		b.line(p.Sprintf("%d agents are needed, so that no more than %s of their places are taken.", r.Needed, percent(d.MaxOccupancy)))
	case r.Needed > 0:
		b.line(p.Sprintf("%d agents are needed for %s answered within %s.", r.Needed, percent(d.Answered), d.Within.String()))
	case l.Overloaded:
		b.line(p.Sprintf("%d agents are too few: more comes than they can do, and the queue grows without end.", r.Chosen))
	default:
		b.line(p.Sprintf("%d agents answer %s within %s.", r.Chosen, percent(l.Answered), d.Within.String()))
	}
	if d.Shrinkage > 0 {
		b.line(p.Sprintf("%d must be scheduled, as %s of the time they are not there.", l.Scheduled, percent(d.Shrinkage)))
	}
	b.line("")
	staffTable(b, p, r)
	b.line("")
	if d.Concurrent > 1 {
		b.line(p.Sprintf("An agent counts as %d, each of whom takes %s: the handling time must be that of an agent with %d conversations.", d.Concurrent, d.Handling.String(), d.Concurrent))
	}
	b.line(p.Sprintf("Answered is the share of all who come; who gives up is not answered. The wait is the mean of those who are."))
	return b.err
}

func staffTable(b *pen, p *lang.Printer, r *capacity.StaffReport) {
	t := table{indent: "  ", right: []bool{true, true, true, true, true, true, true}}
	t.row("", p.T("agents"), p.Sprintf("answered within %s", r.Demand.Within.String()), p.T("wait"), p.T("have to wait"), p.T("give up"), p.T("occupancy"))
	for _, l := range r.Levels {
		mark := ""
		if l.Agents == r.Chosen {
			mark = "*"
		}
		wait := duration(l.Answer)
		if l.Overloaded {
			wait = "-"
		}
		t.row(mark, strconv.Itoa(l.Agents), percent(l.Answered), wait, percent(l.Waiting), percent(l.Abandoned), percent(l.Occupancy))
	}
	t.writeTo(b)
}

// percent writes a share of 0 to 1, with as many digits as keep it from looking like none or all.
func percent(v float64) string {
	switch {
	case v > 0 && v < 0.0005:
		return "<0.1 %"
	case v < 1 && v > 0.9995:
		return ">99.9 %"
	}
	return strconv.FormatFloat(100*v, 'f', precisionOf(v), 64) + " %"
}

func precisionOf(v float64) int {
	if whole := 1000 * v; whole == float64(int(whole/10)*10) {
		return 0
	}
	return 1
}

// digitsOf writes a number as short as it can be with four digits.
func digitsOf(v float64) string { return fmt.Sprintf("%.4g", v) }

// pen writes lines and keeps the first error.
type pen struct {
	w   io.Writer
	err error
}

// Write implements io.Writer.
func (b *pen) Write(text []byte) (int, error) {
	if b.err == nil {
		_, b.err = b.w.Write(text)
	}
	return len(text), b.err
}

func (b *pen) line(text string) { fmt.Fprintln(b, text) }
