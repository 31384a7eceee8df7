package probe

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
)

func said(source, content, at string) caller.Past {
	return caller.Past{SourceType: source, Content: content, SendTime: aicc.Loose(at)}
}

func TestStrayed(t *testing.T) {
	for _, c := range []struct {
		why   string
		texts []string
		list  []caller.Past
		want  int
	}{
		{"nothing said, nothing kept", nil, nil, 0},
		{"as it was said", []string{"a", "b"}, []caller.Past{said("AGENT", "a", ""), said("AGENT", "b", "")}, 0},
		{"the order does not matter here", []string{"a", "b"}, []caller.Past{said("AGENT", "b", ""), said("AGENT", "a", "")}, 0},
		{"one is missing", []string{"a", "b"}, []caller.Past{said("AGENT", "a", "")}, 1},
		{"one is there twice", []string{"a"}, []caller.Past{said("AGENT", "a", ""), said("AGENT", "a", "")}, 1},
		{"said twice, kept twice", []string{"a", "a"}, []caller.Past{said("AGENT", "a", ""), said("AGENT", "a", "")}, 0},
		{"the same words of somebody else", []string{"a"}, []caller.Past{said("AGENT", "a", ""), said("USER", "a", "")}, 0},
		{"the page does not show the source of all", []string{"a"}, []caller.Past{said("", "a", "")}, 0},
		{"what was not seen is not judged", []string{"a"}, []caller.Past{said("AGENT", "a", ""), said("AGENT", "old", "")}, 0},
	} {
		if got := strayed(c.texts, c.list, aicc.FromAgent); got != c.want {
			t.Errorf("%s: strayed(%v, %v) = %d, want %d", c.why, c.texts, c.list, got, c.want)
		}
	}
}

func TestDisagree(t *testing.T) {
	heard := func(contents ...string) []aicc.Downlink {
		var list []aicc.Downlink
		for i, c := range contents {
			list = append(list, aicc.Downlink{Content: c, Timestamp: aicc.Loose([]string{"10000", "20000", "30000"}[i])})
		}
		return list
	}
	for _, c := range []struct {
		why          string
		heard        []aicc.Downlink
		list         []caller.Past
		order, times int
	}{
		{"the same", heard("a", "b"), []caller.Past{said("", "a", "10000"), said("", "b", "20000")}, 0, 0},
		{"newest first, by the same times", heard("a", "b"), []caller.Past{said("", "b", "20000"), said("", "a", "10000")}, 0, 0},
		{"a second is nothing", heard("a", "b"), []caller.Past{said("", "a", "9000"), said("", "b", "21000")}, 0, 0},
		{"an hour is", heard("a"), []caller.Past{said("", "a", "3610000")}, 0, 1},
		{"the other way round", heard("a", "b"), []caller.Past{said("", "a", "20000"), said("", "b", "19000")}, 1, 1},
		{"words said twice cannot be told apart", heard("a", "b"), []caller.Past{said("", "a", "1"), said("", "a", "2"), said("", "b", "20000")}, 0, 0},
		{"a time that is none", heard("a"), []caller.Past{said("", "a", "noon")}, 0, 0},
		{"a message that was not kept", heard("a", "b"), []caller.Past{said("", "b", "20000")}, 0, 0},
	} {
		if order, times := disagree(c.heard, c.list); order != c.order || times != c.times {
			t.Errorf("%s: disagree = %d in order, %d in times; want %d, %d", c.why, order, times, c.order, c.times)
		}
	}
	untimed := []aicc.Downlink{{Content: "a"}}
	if _, times := disagree(untimed, []caller.Past{said("", "a", "1")}); times != 0 {
		t.Error("a message without a timestamp disagrees about it")
	}
}

func TestCopies(t *testing.T) {
	const tag, text = "t-1-", "  t-1- text  "
	long := strings.Repeat("x", aicc.MaxDownText)
	for _, c := range []struct {
		why      string
		echoes   bool
		heard    []string
		archived []string
		shown    int
		changed  int
		visible  bool
	}{
		{"nothing to be seen", true, nil, nil, 0, 0, false},
		{"an echo", true, []string{"You said: " + text}, nil, 1, 0, true},
		{"the history", false, nil, []string{text}, 1, 0, true},
		{"an answer that quotes a part is no echo", false, []string{"About t-1-: no idea"}, nil, 0, 0, false},
		{"an echo that trims", true, []string{"t-1- text"}, nil, 1, 1, true},
		{"a history that trims beside an echo that does not", true, []string{text}, []string{"t-1- text"}, 1, 1, true},
		{"an echo that is full leaves the rest off", true, []string{tag + long}, nil, 1, 0, false},
		{"twice in the history", true, []string{text}, []string{text, text}, 2, 0, true},
		{"other texts", true, []string{"t-2- text"}, []string{"t-2- text"}, 0, 0, false},
	} {
		e := &echo{u: &user{User: &caller.User{}}, echoes: c.echoes}
		for _, content := range c.heard {
			e.u.Seen = append(e.u.Seen, aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, Content: content})
		}
		for _, content := range c.archived {
			e.archived = append(e.archived, caller.Past{Content: content})
		}
		if n, _ := e.shown(tag); n != c.shown {
			t.Errorf("%s: shown %d times, want %d", c.why, n, c.shown)
		}
		if n, visible := e.changed(tag, text); n != c.changed || visible != c.visible {
			t.Errorf("%s: changed %d times, visible %t; want %d, %t", c.why, n, visible, c.changed, c.visible)
		}
	}
}

func TestFilled(t *testing.T) {
	for _, n := range []int{longText, tooLongText} {
		got := filled("头-", "-尾", n)
		if utf8.RuneCountInString(got) != n || !strings.HasPrefix(got, "头-x") || !strings.HasSuffix(got, "x-尾") {
			t.Errorf("filled to %d characters: %d, beginning %.12q", n, utf8.RuneCountInString(got), got)
		}
	}
}

func TestRepeated(t *testing.T) {
	a := aicc.Downlink{Content: "a", Timestamp: "1", InterIdx: "1"}
	b := a
	b.InterIdx = "2"
	for _, c := range []struct {
		why  string
		list []aicc.Downlink
		want int
	}{
		{"none", nil, 0},
		{"the same words twice, as two messages", []aicc.Downlink{a, b}, 0},
		{"one message twice", []aicc.Downlink{a, b, a}, 1},
		{"three times", []aicc.Downlink{a, a, a}, 2},
	} {
		if got := repeated(c.list); got != c.want {
			t.Errorf("%s: repeated = %d, want %d", c.why, got, c.want)
		}
	}
}

func TestIncludes(t *testing.T) {
	welcome := aicc.Downlink{ControlType: aicc.Chat, SourceType: aicc.FromRobot, Content: "hello", Timestamp: "1"}
	later, agents := welcome, welcome
	later.Timestamp = "2"
	agents.SourceType = aicc.FromAgent
	list := []aicc.Downlink{welcome}
	if !includes(list, later) || includes(list, agents) || includes(nil, welcome) {
		t.Error("a second welcome is one of the same words and side, whenever it comes")
	}
}

// TestFields wants a changed copy to leave the original as it was.
func TestFields(t *testing.T) {
	f := caller.Fields{"a": 1, "b": 2}
	f.Without("a")["c"] = 3
	f.With("b", 5)["d"] = 4
	if len(f) != 2 || f["a"] != 1 || f["b"] != 2 {
		t.Errorf("the original became %v", f)
	}
}

// TestTexts wants a text to be found by its tag and by no other's.
func TestTexts(t *testing.T) {
	u := &user{User: &caller.User{ID: "probe1"}}
	var tags []string
	for range 12 {
		tag, text := u.text("hello")
		if !strings.HasPrefix(text, tag) || slices.ContainsFunc(tags, func(old string) bool { return strings.Contains(text, old) }) {
			t.Errorf("text %q of tag %q, after %v", text, tag, tags)
		}
		tags = append(tags, tag)
	}
}
