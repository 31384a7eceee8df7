package run

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"chatbench/internal/check"
	"chatbench/internal/scenario"
)

// Choice says which rules are checked. The zero value leaves it to the scenario or the trace.
type Choice struct {
	only  []string // ids; empty: all
	named []string // of only, those named one by one: they are checked even where the scenario has them off
	skip  []string
}

// errNoRule is the error of a choice that leaves nothing to check.
var errNoRule = errors.New("no rule is left to check")

// ParseChoice reads the names of rules to check and of rules to skip: ids such as DSC-03, or areas
// such as DSC for all rules of one. Capital letters are not insisted on. A skipped rule is not
// checked whatever else is said. Errors name what does not exist, and what comes nearest.
func ParseChoice(only, skip []string) (Choice, error) {
	var c Choice
	var err error
	if c.only, c.named, err = rulesOf(only); err != nil {
		return Choice{}, err
	}
	if c.skip, _, err = rulesOf(skip); err != nil {
		return Choice{}, err
	}
	if len(c.Off(nil)) == len(check.Known()) {
		return Choice{}, errNoRule
	}
	return c, nil
}

// rulesOf spells out areas, and gives the ids that were named by themselves as well.
func rulesOf(names []string) (ids, named []string, err error) {
	known := check.Known()
	for _, name := range names {
		name = strings.ToUpper(strings.TrimSpace(name))
		if slices.Contains(known, name) {
			ids, named = append(ids, name), append(named, name)
			continue
		}
		area := slices.DeleteFunc(slices.Clone(known), func(id string) bool { return !strings.HasPrefix(id, name+"-") })
		if len(area) == 0 {
			return nil, nil, fmt.Errorf("there is no rule and no area %q (%s)", name, scenario.Suggest(name, append(areas(known), known...)))
		}
		ids = append(ids, area...)
	}
	return ids, named, nil
}

// areas are the beginnings of the ids: CON, DEL, ...
func areas(ids []string) []string {
	var list []string
	for _, id := range ids {
		area, _, _ := strings.Cut(id, "-")
		if !slices.Contains(list, area) {
			list = append(list, area)
		}
	}
	return list
}

// Off lists the rules that are not checked where those given are off already, in catalogue order.
func (c Choice) Off(already []string) []string {
	var off []string
	for _, id := range check.Known() {
		switch {
		case slices.Contains(c.skip, id):
		case slices.Contains(c.named, id):
			continue
		case slices.Contains(already, id), len(c.only) > 0 && !slices.Contains(c.only, id):
		default:
			continue
		}
		off = append(off, id)
	}
	return off
}

// NeedsProbes reports whether a choice leaves only rules that are looked at by probing a tenant.
func (c Choice) NeedsProbes() bool {
	off := c.Off(nil)
	return !slices.ContainsFunc(check.Rules(), func(r check.Rule) bool {
		return r.Needs != check.ByProbe && !slices.Contains(off, r.ID)
	})
}

// On lists the rules that are checked although they may be off unless asked for: those given, and
// those of the choice, without what is off.
func (c Choice) On(already, off []string) []string {
	on := slices.Concat(already, c.only)
	slices.Sort(on)
	return slices.DeleteFunc(slices.Compact(on), func(id string) bool { return slices.Contains(off, id) })
}

// apply changes what a scenario checks. What it demands of rules that the choice took out is
// dropped: whoever looks at some rules does not want to hear that others were not exercised.
func (c Choice) apply(s *scenario.Scenario) {
	before := s.Gate.Off
	s.Gate.Off = c.Off(before)
	s.Gate.On = c.On(s.Gate.On, s.Gate.Off)
	s.Exercise = slices.DeleteFunc(slices.Clone(s.Exercise), func(e scenario.Exercise) bool {
		return slices.Contains(s.Gate.Off, e.Rule) && !slices.Contains(before, e.Rule)
	})
}
