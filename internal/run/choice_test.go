package run

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"chatbench/internal/check"
	"chatbench/internal/scenario"
)

// area lists the rules of one area.
func area(name string) []string {
	return slices.DeleteFunc(check.Known(), func(id string) bool { return !strings.HasPrefix(id, name+"-") })
}

// but lists all rules but those given.
func but(ids ...string) []string {
	return slices.DeleteFunc(check.Known(), func(id string) bool { return slices.Contains(ids, id) })
}

// TestChoiceNeedsProbes wants a choice of active rules only to be known as one.
func TestChoiceNeedsProbes(t *testing.T) {
	for _, tt := range []struct {
		why        string
		only, skip []string
		want       bool
	}{
		{"nothing is said", nil, nil, false},
		{"an active rule", []string{"TOK-21"}, nil, true},
		{"one of each", []string{"TOK-21", "TOK-03"}, nil, false},
		{"an area of both", []string{"TOK"}, nil, false},
		{"an area, of which only the active ones are left", []string{"TOK"}, []string{"TOK-01", "TOK-02", "TOK-03", "TOK-04", "TOK-05"}, true},
	} {
		c, err := ParseChoice(tt.only, tt.skip)
		if got := c.NeedsProbes(); err != nil || got != tt.want {
			t.Errorf("%s: rules %v without %v: %v, %v; want %v", tt.why, tt.only, tt.skip, got, err, tt.want)
		}
	}
}

func TestChoice(t *testing.T) {
	tests := []struct {
		why        string
		only, skip []string
		already    []string // off in the scenario
		off, on    []string
	}{
		{"nothing is said", nil, nil, []string{"ORD-01"}, []string{"ORD-01"}, nil},
		{"one rule", []string{"DSC-03"}, nil, nil, but("DSC-03"), []string{"DSC-03"}},
		{"in small letters", []string{"dsc-03"}, nil, nil, but("DSC-03"), []string{"DSC-03"}},
		{"two rules, and one of them again", []string{"DSC-03", "MED-01", "DSC-03"}, nil, nil, but("DSC-03", "MED-01"), []string{"DSC-03", "MED-01"}},
		{"an area", []string{"DSC"}, nil, nil, but(area("DSC")...), area("DSC")},
		{"what is off in the scenario stays off in an area", []string{"MED"}, nil, []string{"MED-01"}, but(without(area("MED"), "MED-01")...), without(area("MED"), "MED-01")},
		{"unless it is named", []string{"MED", "MED-01"}, nil, []string{"MED-01"}, but(area("MED")...), area("MED")},
		{"one to skip", nil, []string{"DSC-03"}, []string{"ORD-01"}, []string{"ORD-01", "DSC-03"}, nil},
		{"an area to skip", nil, []string{"sim"}, nil, area("SIM"), nil},
		{"an area but one rule", []string{"MED"}, []string{"MED-01"}, nil, but(without(area("MED"), "MED-01")...), without(area("MED"), "MED-01")},
	}
	for _, tt := range tests {
		c, err := ParseChoice(tt.only, tt.skip)
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		off := c.Off(tt.already)
		if diff := cmp.Diff(tt.off, off, cmpopts.EquateEmpty(), sorted()); diff != "" {
			t.Errorf("%s: off (-want +got):\n%s", tt.why, diff)
		}
		if diff := cmp.Diff(tt.on, c.On(nil, off), cmpopts.EquateEmpty(), sorted()); diff != "" {
			t.Errorf("%s: on (-want +got):\n%s", tt.why, diff)
		}
	}
}

func sorted() cmp.Option { return cmpopts.SortSlices(strings.Compare) }

func without(ids []string, id string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(one string) bool { return one == id })
}

func TestParseChoiceRefuses(t *testing.T) {
	tests := []struct {
		why        string
		only, skip []string
		want       string
	}{
		{"a slip in an id", []string{"DSC-3"}, nil, `there is no rule and no area "DSC-3" (did you mean "DSC`},
		{"a slip in an area", []string{"DCS"}, nil, `there is no rule and no area "DCS" (did you mean "DSC"?)`},
		{"a slip in what to skip", nil, []string{"MEDIA"}, `there is no rule and no area "MEDIA"`},
		{"nothing", []string{""}, nil, `there is no rule and no area ""`},
		{"half an area", []string{"DS"}, nil, `there is no rule and no area "DS" (did you mean "DSC"?)`},
		{"what is asked for is skipped", []string{"DSC-03"}, []string{"DSC"}, "no rule is left to check"},
		{"all are skipped", nil, areas(check.Known()), "no rule is left to check"},
	}
	for _, tt := range tests {
		c, err := ParseChoice(tt.only, tt.skip)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: ParseChoice(%q, %q) = %v, %v; want an error with %q", tt.why, tt.only, tt.skip, c, err, tt.want)
		}
	}
}

// TestChoiceOfAScenario wants demands on rules that were taken out to go with them, those on rules
// that the scenario itself has off to stay, and the caller's scenario to be left as it is.
func TestChoiceOfAScenario(t *testing.T) {
	given := scenario.Scenario{
		Exercise: []scenario.Exercise{{Rule: "DSC-03", AtLeast: 1}, {Rule: "SHP-01", AtLeast: 2}, {Rule: "ORD-01", AtLeast: 3}},
		Gate:     scenario.Gate{Off: []string{"ORD-01"}, On: []string{"MED-01", "DSC-01"}},
	}
	c, err := ParseChoice([]string{"DSC"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := given
	c.apply(&s)
	if diff := cmp.Diff([]scenario.Exercise{{Rule: "DSC-03", AtLeast: 1}, {Rule: "ORD-01", AtLeast: 3}}, s.Exercise); diff != "" {
		t.Errorf("demands (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(area("DSC"), s.Gate.On, sorted()); diff != "" {
		t.Errorf("on (-want +got):\n%s", diff)
	}
	if len(given.Exercise) != 3 || len(given.Gate.Off) != 1 {
		t.Errorf("the scenario of the caller became %+v", given)
	}
}
