package judge

import (
	"os"
	"strings"
	"testing"

	"chatbench/internal/check"
)

// TestLessonsAreDocumented holds the table of docs/judging.md against the curriculum.
func TestLessonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/judging.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, l := range Lessons() {
		do := l.Do
		if do == "" {
			do = "–"
		}
		want.WriteString("| " + l.Name + " | " + l.Title + " | " + do + " | " + strings.Join(l.Rules, ", ") + " |\n")
		for _, id := range l.Rules {
			if _, ok := check.Find(id); !ok {
				t.Errorf("lesson %q names %s, which is no rule", l.Name, id)
			}
		}
	}
	_, got, _ := strings.Cut(string(page), "| Lesson | What the client meets | What has to be done | Rules |\n|---|---|---|---|\n")
	if got, _, _ = strings.Cut(got, "\n\n"); got+"\n" != want.String() {
		t.Errorf("the table of lessons in docs/judging.md is another one; it should be\n%s", want.String())
	}
}

// TestEveryRuleHasALesson looks for rules that no conversation of the curriculum is for.
func TestEveryRuleHasALesson(t *testing.T) {
	apart := map[string]string{"SIM-08": "needs a tenant outside its working time", "SIM-14": "every call is looked at"}
	for _, r := range check.Rules() {
		found := apart[r.ID] != "" || r.Level != check.Self
		for _, l := range Lessons() {
			found = found || strings.Contains(strings.Join(l.Rules, " "), r.ID)
		}
		if !found {
			t.Errorf("no lesson is for %s (%s)", r.ID, r.Title)
		}
	}
}
