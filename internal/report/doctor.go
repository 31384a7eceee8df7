package report

import (
	"fmt"
	"io"
	"strings"

	"chatbench/internal/doctor"
	"chatbench/internal/lang"
	"chatbench/internal/result"
)

// DoctorOptions say how a walk through a tenant's set-up is written.
type DoctorOptions struct {
	Color bool
	Lang  *lang.Printer
}

// doctorState is the word of a state and its colour.
func doctorState(say *lang.Printer, s doctor.State) (word, paint string) {
	switch s {
	case doctor.Right:
		return say.T("ok"), green
	case doctor.Warned:
		return say.T("warning"), yellow
	case doctor.Wrong:
		return say.T("WRONG"), red
	case doctor.Absent:
		return say.T("not there"), ""
	case doctor.Unsure:
		return say.T("cannot tell"), yellow
	}
	return say.T("skipped"), ""
}

// DoctorText writes a walk as it goes on: a line for each step when it is over. Steps that were not
// looked at for one and the same reason are told of together.
type DoctorText struct {
	pen
	opt  DoctorOptions
	held []string // titles of steps that were not looked at
	why  string   // that is so
}

// NewDoctorText begins with what is looked at.
func NewDoctorText(w io.Writer, t result.Target, channel string, opt DoctorOptions) *DoctorText {
	d := &DoctorText{pen: pen{w: w}, opt: opt}
	if t.Kind == result.Embedded {
		d.line(opt.Lang.Sprintf("No --target was given, so this is the embedded tenant at %s.", t.URL))
	} else {
		d.line(opt.Lang.Sprintf("Tenant %s, channel %s", t.URL, clean(channel)))
	}
	return d
}

// DoctorAll writes a whole walk, as it was shown while it went on.
func DoctorAll(w io.Writer, r *doctor.Report, opt DoctorOptions) error {
	d := NewDoctorText(w, r.Target, r.Channel, opt)
	for i := range r.Steps {
		d.Step(&r.Steps[i])
	}
	return d.End(r)
}

// Step writes a step that is over.
func (d *DoctorText) Step(s *doctor.Step) {
	say := d.opt.Lang
	if s.State == doctor.Skipped && s.Basis.Mark == "" {
		d.hold(s)
		return
	}
	d.flush()
	var tail []string
	if s.State != doctor.Skipped {
		tail = append(tail, fmt.Sprintf("%.1f s", s.Took))
	}
	if mark := basis(s.Basis); mark != "" {
		tail = append(tail, mark)
	}
	d.state(s.State, say.T(s.Title), clean(say.T(s.Saw)), tail)
}

// hold keeps a step that was not looked at, with those in front of it that were not for the same
// reason.
func (d *DoctorText) hold(s *doctor.Step) {
	say := d.opt.Lang
	why := clean(say.T(s.Saw))
	if s.Because != "" {
		why = say.Sprintf("not looked at, because of: %s", say.T(doctor.Title(s.Because)))
	}
	if why != d.why {
		d.flush()
	}
	d.why, d.held = why, append(d.held, say.T(s.Title))
}

// flush tells of the steps that were held.
func (d *DoctorText) flush() {
	switch say := d.opt.Lang; len(d.held) {
	case 0:
	case 1:
		d.state(doctor.Skipped, d.held[0], d.why, nil)
	default:
		d.state(doctor.Skipped, say.Count(int64(len(d.held)), "step"), say.Sprintf("%s; these are: %s", d.why, strings.Join(d.held, say.T(", "))), nil)
	}
	d.held = nil
}

// state writes a line.
func (d *DoctorText) state(s doctor.State, title, saw string, tail []string) {
	word, paint := doctorState(d.opt.Lang, s)
	if !d.opt.Color {
		paint = ""
	}
	line := painted(padded(word, 11), paint) + "  " + padded(title, 29) + "  " + saw
	if len(tail) > 0 {
		line += "  [" + strings.Join(tail, ", ") + "]"
	}
	d.line(strings.TrimRight(line, " "))
}

// basis is the mark of a judgement, with its section of docs/protocol.md.
func basis(b doctor.Basis) string { return strings.TrimSpace(b.Mark + " " + b.Section) }

// End writes what is below the steps: what to do, what the walk has cost, and its verdict. The error is
// the first of all that was written.
func (d *DoctorText) End(r *doctor.Report) error {
	d.flush()
	say := d.opt.Lang
	doctorAdvice(&d.pen, r, say)
	d.line("")
	doctorCost(&d.pen, say, r)
	d.line(say.T("D: on a page of the vendor; S: in the vendor's demo; U: not documented, a guess of ours. Sections are those of docs/protocol.md."))
	d.line(doctorVerdict(say, r))
	return d.err
}

// doctorAdvice says what to do, the wrong before the rest.
func doctorAdvice(b *pen, r *doctor.Report, say *lang.Printer) {
	headed := false
	for _, state := range []doctor.State{doctor.Wrong, doctor.Unsure, doctor.Warned, doctor.Absent} {
		for i := range r.Steps {
			s := &r.Steps[i]
			if s.State != state || s.Advice == "" {
				continue
			}
			if !headed {
				b.line("")
				b.line(say.T("What to do"))
				headed = true
			}
			b.line("  " + say.Sprintf("%s: %s", say.T(s.Title), clean(say.T(s.Advice))))
			doctorPage(b, say, s.Page)
		}
	}
}

// doctorPage names the page to open.
func doctorPage(b *pen, say *lang.Printer, p *doctor.Page) {
	if p == nil {
		return
	}
	b.line("    " + say.Sprintf("chapter of the vendor's guide: %s", p.Guide))
	menu := p.Menu
	if menu == "" {
		menu = say.T("not known")
	}
	if p.Field != "" {
		menu = say.Sprintf("%s, field %s", menu, p.Field)
	}
	b.line("    " + say.Sprintf("page of the administration: %s", menu) + "  [" + p.Source + "]")
}

func doctorCost(b *pen, say *lang.Printer, r *doctor.Report) {
	c := r.Conversations
	line := say.Sprintf("%s opened, %d at most", say.Count(int64(c.Opened), "conversation"), c.Most)
	switch {
	case c.Unsure > 0:
		line += say.T("; whether one is still open is not known: the tenant did not answer")
	case c.Forced > 0:
		line += say.T("; one was left open, the tenant ends it after its session time")
	case c.Opened > 0:
		line += say.T("; none is open")
	}
	b.line(line + say.Sprintf("; %.1f s", r.Took))
}

func doctorVerdict(say *lang.Printer, r *doctor.Report) string {
	n := r.Count(doctor.Wrong)
	line := say.T("Nothing is wrong.")
	switch {
	case n > 0:
		line = say.Sprintf("%d of %d steps came out wrong.", n, len(r.Steps))
	case r.Ended == result.EndedInterrupted:
		line = say.T("The walk was interrupted.")
	case r.Ended == result.EndedGone:
		line = say.T("The tenant went away.")
	case r.Count(doctor.Unsure) > 0:
		line = say.T("Nothing is wrong, and not everything could be told.")
	case r.Count(doctor.Warned) > 0:
		line = say.T("Nothing is wrong; look at the warnings.")
	}
	return say.Sprintf("%s (exit %d)", line, r.Exit)
}
