package compare

import (
	"fmt"
	"slices"
	"strings"

	"chatbench/internal/result"
)

// judge gives the verdict on a figure from its change, at a probability of false alarms.
func (m *Metric) judge(alpha float64) {
	c := m.Change
	shown := c.Adjusted < alpha
	switch {
	case shown && c.Estimate > c.Most:
		m.Verdict = m.more(Lower)
	case shown && c.Estimate < c.Least:
		m.Verdict = m.more(Higher)
	case c.Least <= c.Low && c.High <= c.Most:
		m.Verdict = Same
	}
	m.Sentence = fmt.Sprintf("%s %s: %s in the base, %s now, %s (%s).",
		m.Label(), verdictWords(m.Verdict), amount(m.Base.Value, m.Unit), amount(m.New.Value, m.Unit), c.Shift(), c.Interval())
}

// more is the verdict on a change away from the direction that is better.
func (m *Metric) more(better Direction) Verdict {
	switch m.Better {
	case Neither:
		return Changed
	case better:
		return Worse
	}
	return Better
}

func verdictWords(v Verdict) string {
	switch v {
	case Same:
		return "is the same"
	case Unknown:
		return "cannot be told"
	case Changed:
		return "has changed"
	case Better:
		return "is better"
	case Worse:
		return "is worse"
	}
	return "is " + string(v)
}

// with lists the figures with a verdict, with their changes.
func (r *Report) with(v Verdict) []string {
	var list []string
	for i := range r.Metrics {
		m := &r.Metrics[i]
		if m.Verdict != v {
			continue
		}
		name := m.Label()
		if m.Change != nil {
			name += " (" + m.Change.Shift() + ")"
		}
		list = append(list, name)
	}
	return list
}

// conclude gives the verdict on the whole. What cannot be told decides it when everything else is
// undecided, too, or when the user asked for those figures and no others: a rare event cannot be told
// in any comparison, and would keep it from ever being green.
func (r *Report) conclude(asked bool) {
	worse, better, unknown := r.with(Worse), r.with(Better), r.with(Unknown)
	r.Verdict, r.Exit = Same, result.ExitOK
	switch told := len(r.Metrics) - len(unknown); {
	case len(worse) > 0:
		r.Verdict, r.Exit = Worse, result.ExitPerformance
	case len(unknown) > 0 && asked, told == 0:
		r.Verdict, r.Exit = Unknown, result.ExitInconclusive
	case len(better) > 0:
		r.Verdict = Better
	}
	r.concludeRules()
	if len(r.Metrics) == 0 {
		r.Reasons = append(r.Reasons, "There is no figure that both sides have.")
		return
	}
	of := plural(len(r.Metrics), "figure")
	if r.Verdict == Same {
		r.Reasons = append(r.Reasons, fmt.Sprintf("Nothing got worse: %d of %s are the same.", len(r.with(Same)), of))
	}
	if r.Verdict == Unknown {
		r.sayUnknown(unknown, of)
	}
	r.say(worse, "%d of %s got worse: %s.", of)
	r.say(better, "%d of %s got better: %s.", of)
	r.say(r.with(Changed), "%d of %s changed, which is neither better nor worse: %s.", of)
	if r.Verdict != Unknown {
		r.sayUnknown(unknown, of)
	}
}

func (r *Report) sayUnknown(names []string, of string) {
	r.say(names, "%d of %s cannot be told: %s. More runs a side tell more, and so do longer ones.", of)
	if slices.ContainsFunc(r.Metrics, func(m Metric) bool { return m.Lack == ShortRun }) {
		r.Reasons = append(r.Reasons, fmt.Sprintf("A run is too short to be compared: %s of it count, neither warm-up nor drain, and it takes %d.", plural(r.shortest(), "second"), fewestPoints))
	}
}

// shortest is how many seconds count of the shortest run.
func (r *Report) shortest() int {
	runs := slices.Concat(r.Base.Runs, r.New.Runs)
	return slices.MinFunc(runs, func(a, b Run) int { return a.Seconds - b.Seconds }).Seconds
}

// say adds a sentence about some figures.
func (r *Report) say(names []string, format, of string) {
	if len(names) > 0 {
		r.Reasons = append(r.Reasons, fmt.Sprintf(format, len(names), of, listed(names, 8)))
	}
}

// concludeRules lets a rule that newly fails weigh more than any time.
func (r *Report) concludeRules() {
	var broken, held []string
	for _, rule := range r.Rules {
		switch rule.Verdict {
		case Worse:
			broken = append(broken, rule.ID)
		case Better:
			held = append(held, rule.ID)
		}
	}
	if len(broken) > 0 {
		r.Verdict, r.Exit = Worse, result.ExitConformance
		r.Reasons = append(r.Reasons, fmt.Sprintf("Rules are broken that held in the base: %s.", strings.Join(broken, ", ")))
	}
	if len(held) > 0 {
		r.Reasons = append(r.Reasons, fmt.Sprintf("Rules hold again that were broken in the base: %s.", strings.Join(held, ", ")))
	}
}
