package probe

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestActsAreDocumented keeps the table of acts in docs/checking.md in step with what is done.
func TestActsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/checking.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(doc), "\n## Active probes\n")
	if !ok {
		t.Fatal("docs/checking.md has no section on active probes")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var want, got []string
	for _, a := range acts {
		want = append(want, a.name+": "+strings.Join(rulesOf(a), ", "))
	}
	for line := range strings.SplitSeq(section, "\n") {
		if cells := strings.Split(strings.Trim(line, "| "), " | "); len(cells) == 3 && cells[0] != "Act" {
			got = append(got, cells[0]+": "+cells[2])
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("acts and their rules (-code +docs/checking.md):\n%s", diff)
	}
}

func rulesOf(a act) []string {
	var ids []string
	for _, name := range a.cases {
		id, _, _ := strings.Cut(name, " ")
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
