package capacity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"chatbench/internal/result"
)

// Answer is what the probes come to, stop being why there are no more of them.
func (s Search) Answer(probes []Probe, stop Stop) Answer {
	e := edgesOf(s.stances(probes))
	a := Answer{Kind: Nothing, Stop: stop}
	for _, at := range e.all {
		if at.mixed {
			a.Noisy = append(a.Noisy, at.load)
		}
	}
	sureLow := e.low == nil || e.low.settled
	if e.low != nil {
		a.Low = e.low.load
	}
	switch top := e.ceiling(); {
	case e.high != nil:
		a.Kind, a.High = Found, e.high.load
		a.Sure = sureLow && e.high.settled
		a.Limit = first(probes, a.High, Missed)
	case top != nil:
		a.Kind, a.High = ByMachine, top.load
		a.Sure = sureLow && top.settled
		a.Limit = first(probes, a.High, Short)
	case len(e.fog) > 0:
		a.Kind, a.High = Untold, e.fog[0].load
		a.Sure = sureLow && e.fog[0].settled
		a.Limit = first(probes, a.High, Unclear)
		if a.Limit == nil {
			a.Limit = first(probes, a.High, Thin)
		}
	case e.low != nil:
		a.Kind, a.Sure = NotReached, e.low.settled
	}
	if stop == TenantGone {
		a.vanished(probes)
	}
	a.Sentences = s.sentences(&a, &e, probes)
	return a
}

// vanished makes the load at which the tenant went away the upper end, unless a lower one is known.
func (a *Answer) vanished(probes []Probe) {
	last := &probes[len(probes)-1]
	if a.Kind == Found && a.High <= last.Load {
		return
	}
	a.Kind, a.High, a.Sure, a.Limit = Vanished, last.Load, false, nil
}

// first is the limit that stood first in most of the probes of a load with an outcome, nil if they
// have none. Of several the one that was met earlier.
func first(probes []Probe, load float64, outcome Outcome) *Limit {
	times := map[string]int{}
	var found *Limit
	for i := range probes {
		p := &probes[i]
		if p.Load != load || p.Outcome != outcome || len(p.Limits) == 0 {
			continue
		}
		limit := p.Limits[0]
		times[limit.Name]++
		if found == nil || times[limit.Name] > times[found.Name] {
			found = &limit
		}
	}
	return found
}

// sentences say an answer to people.
func (s Search) sentences(a *Answer, e *edges, probes []Probe) []string {
	list := []string{s.main(a, probes)}
	if fog := s.fogWords(a, e); fog != "" {
		list = append(list, fog)
	}
	if ended := a.endedWords(); ended != "" {
		list = append(list, ended)
	}
	if !a.Sure && a.Kind != Nothing && a.Kind != Vanished {
		list = append(list, fmt.Sprintf("It is not sure: fewer than %s agree at an end of the interval.", plural(s.Confirm, "probe")))
	}
	for _, v := range count(probes) {
		if slices.Contains(a.Noisy, v.load) {
			list = append(list, fmt.Sprintf("The edge is noisy: at %s %d of %s passed; the majority has it.", s.Words(v.load), v.carried, plural(v.carried+v.missed, "probe")))
		}
	}
	return list
}

func (s Search) main(a *Answer, probes []Probe) string {
	why := ""
	if a.Limit != nil {
		why = strings.TrimSuffix(a.Limit.Sentence, ".")
	}
	switch low, high := s.Words(a.Low), s.Words(a.High); {
	case a.Kind == Found && a.Low == 0:
		return fmt.Sprintf("No load was shown to be carried: %s is too much. %s.", high, why)
	case a.Kind == Found:
		return fmt.Sprintf("The tenant carries %s and does not carry %s. %s.", low, high, why)
	case a.Kind == NotReached && a.Low >= s.Most:
		return fmt.Sprintf("The limit was not reached: the tenant carries %s, the most that was asked for.", low)
	case a.Kind == NotReached:
		return fmt.Sprintf("The limit was not reached: the tenant carries %s, the most that was tried.", low)
	case a.Kind == ByMachine && a.Low == 0:
		return fmt.Sprintf("This machine is the limit, and nothing is known of the tenant's: at %s chatbench itself was short of something. %s.", high, why)
	case a.Kind == ByMachine:
		return fmt.Sprintf("This machine is the limit, not the tenant: the tenant carries %s; at %s chatbench itself was short of something. %s.", low, high, why)
	case a.Kind == Untold && a.Low == 0:
		return fmt.Sprintf("It cannot be told what the tenant carries. %s.", why)
	case a.Kind == Untold:
		return fmt.Sprintf("The tenant carries %s; of more it cannot be told. %s.", low, why)
	case a.Kind == Vanished && a.Low == 0:
		return fmt.Sprintf("The tenant went away at %s, before any load was shown to be carried. %s", high, probes[len(probes)-1].Why)
	case a.Kind == Vanished:
		return fmt.Sprintf("The tenant went away at %s; it carries %s. Whether the load made it go cannot be told from here. %s", high, low, probes[len(probes)-1].Why)
	}
	return "No probe was made, so nothing is known."
}

// fogWords tells of loads within the interval of which nothing can be told.
func (s Search) fogWords(a *Answer, e *edges) string {
	if a.Kind != Found || len(e.fog) == 0 {
		return ""
	}
	from, to := e.fog[0].load, e.fog[len(e.fog)-1].load
	if from == to {
		return fmt.Sprintf("At %s, between the two, nothing could be told.", s.Words(from))
	}
	return fmt.Sprintf("Between them, from %s to %s, nothing could be told.", s.Words(from), s.Words(to))
}

// endedWords tells that a search stopped before its interval was as narrow and as sure as asked for.
func (a *Answer) endedWords() string {
	if a.Stop == Complete {
		return ""
	}
	return fmt.Sprintf("The search ended before it was done (%s).", a.Stop)
}

// Words is a load in words, such as "1 customer" or "2.5 arrivals a second".
func (s Search) Words(load float64) string {
	number := strconv.FormatFloat(load, 'f', -1, 64)
	noun := "customer"
	if s.Unit == UnitArrivals {
		noun = "arrival"
	}
	if number != "1" {
		noun += "s"
	}
	if s.Unit == UnitArrivals {
		noun += " a second"
	}
	return number + " " + noun
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// exit is the exit code of an answer: with a demand, whether the tenant meets it; without, whether
// there is an answer.
func (s Search) exit(a *Answer, probes []Probe) result.Exit {
	switch a.Stop {
	case OwnBug:
		return result.ExitBug
	case Interrupted:
		return result.ExitInterrupted
	case TenantGone:
		return result.ExitUnreachable
	}
	if s.AtLeast > 0 {
		for _, at := range s.stances(probes) {
			switch {
			case at.settled && at.outcome == Carried && at.load >= s.AtLeast && at.load <= a.Low:
				return result.ExitOK
			case at.settled && at.outcome == Missed && at.load <= s.AtLeast:
				return result.ExitPerformance
			}
		}
	}
	switch {
	case a.Kind == ByMachine:
		return result.ExitInvalid
	case a.Kind == Untold, a.Kind == Nothing, s.AtLeast > 0:
		return result.ExitInconclusive
	}
	return result.ExitOK
}
