package page

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// words reads the page's catalogue.
func words(t *testing.T) map[string]map[string]string {
	t.Helper()
	script := source(t, "words.js")
	var catalogue map[string]map[string]string
	if err := json.Unmarshal([]byte(script[strings.Index(script, "{"):strings.LastIndex(script, "}")+1]), &catalogue); err != nil {
		t.Fatalf("words.js: %v", err)
	}
	return catalogue
}

func source(t *testing.T, name string) string {
	t.Helper()
	data, err := fs.ReadFile(Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var placeholder = regexp.MustCompile(`\{\d\}`)

// TestWords checks that both languages have the same texts with the same things to fill in.
func TestWords(t *testing.T) {
	catalogue := words(t)
	if got, want := slices.Sorted(maps.Keys(catalogue)), []string{"en", "zh"}; !slices.Equal(got, want) {
		t.Fatalf("languages %v, want %v", got, want)
	}
	en, zh := catalogue["en"], catalogue["zh"]
	for key, text := range en {
		other, ok := zh[key]
		switch {
		case !ok:
			t.Errorf("%s has no Chinese text", key)
		case text == "" || other == "":
			t.Errorf("%s is empty: %q, %q", key, text, other)
		case !slices.Equal(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))), slices.Sorted(slices.Values(placeholder.FindAllString(other, -1)))):
			t.Errorf("%s: %q and %q have different things to fill in", key, text, other)
		case strings.ContainsAny(other, ",;:!?()"):
			t.Errorf("%s: %q has punctuation of half width", key, other)
		}
	}
	for key := range zh {
		if _, ok := en[key]; !ok {
			t.Errorf("%s has no English text", key)
		}
	}
}

// TestWordsAreUsed checks that every text is named somewhere, and every named text is there.
func TestWordsAreUsed(t *testing.T) {
	var all strings.Builder
	err := fs.WalkDir(Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && name != "words.js" {
			all.WriteString(source(t, name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages := all.String()
	en := words(t)["en"]
	for key := range en {
		// The status is named by the state: "stateAgent" by "agent".
		state := strings.ToLower(strings.TrimPrefix(key, "state"))
		if !strings.Contains(pages, `"`+key+`"`) && (state == strings.ToLower(key) || !strings.Contains(pages, `"`+state+`"`)) {
			t.Errorf("nobody says %q", key)
		}
	}
	named := regexp.MustCompile(`data-t(?:-label|-title|-placeholder)?="(\w+)"|(?:say|notice|problem|attempt)\("(\w+)"|speak\([^"]*(?:\("\w+"\))?, "(\w+)"`)
	found := named.FindAllStringSubmatch(pages, -1)
	if len(found) < 50 {
		t.Errorf("only %d texts are named: does the pattern still fit?", len(found))
	}
	for _, m := range found {
		if key := m[1] + m[2] + m[3]; en[key] == "" && key != "state" {
			t.Errorf("%q is said, and there is no such text", key)
		}
	}
}

// TestOwnFiles checks that the page loads nothing from elsewhere and puts no text in as HTML.
func TestOwnFiles(t *testing.T) {
	files, err := fs.ReadDir(Files(), ".")
	if err != nil {
		t.Fatal(err)
	}
	foreign := regexp.MustCompile(`(?i)(src|href|import|url\()[^\n]{0,12}["'(]\s*(https?:)?//`)
	for _, f := range files {
		text := source(t, f.Name())
		if m := foreign.FindString(text); m != "" {
			t.Errorf("%s loads something from elsewhere: %s", f.Name(), m)
		}
		for _, danger := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", " style=", " onclick="} {
			if strings.Contains(text, danger) {
				t.Errorf("%s uses %s", f.Name(), danger)
			}
		}
	}
}
