package doctor

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"chatbench/internal/caller"
)

// sections are the headings of docs/protocol.md.
var sections = sync.OnceValue(func() map[string]bool {
	list := map[string]bool{}
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		panic(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^##+ ((?:E[0-9]{2}|[0-9]+(?:\.[0-9]+)?))[ .]`).FindAllSubmatch(text, -1) {
		list[string(m[1])] = true
	}
	return list
})

// TestDocs wants docs/doctor.md to tell of each step, and of what a walk costs.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	for _, s := range steps {
		if !strings.Contains(doc, "\n| `"+s.id+"` | ") {
			t.Errorf("docs/doctor.md has no row for %s", s.id)
		}
	}
	picture := caller.Answer{}
	picture.FileStream = []byte(caller.Picture)
	if want := fmt.Sprintf("One file of %d bytes", len(picture.Decoded())); !strings.Contains(doc, want) {
		t.Errorf("docs/doctor.md does not say %q", want)
	}
}

// TestNeeds wants each step to need only what stands above it, and to have a title of its own.
func TestNeeds(t *testing.T) {
	titles := map[string]bool{}
	for i, s := range steps {
		for _, id := range s.needs {
			if at := place(id); at < 0 || at >= i {
				t.Errorf("%s needs %s, which is not above it", s.id, id)
			}
		}
		if titles[s.title] || Title(s.id) != s.title {
			t.Errorf("%s has the title %q, which another one has, too, or Title does not know it", s.id, s.title)
		}
		titles[s.title] = true
	}
	if got := Title("nothing"); got != "nothing" {
		t.Errorf("the title of what is no step is %q, want its id", got)
	}
}
