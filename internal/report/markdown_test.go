package report

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"chatbench/internal/result"
)

func markdownOf(t *testing.T, r *result.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, r, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdown(t *testing.T) {
	tests := []struct {
		file string
		r    *result.Result
	}{
		{"passed.md", passed()},
		{"failed.md", failed()},
		{"warned.md", warned()},
		{"expected.md", expected()},
		{"inconclusive.md", inconclusive()},
		{"invalid.md", invalid()},
		{"buggy.md", buggy()},
		{"hostile.md", hostile(evil)},
		{"empty.md", &result.Result{}},
	}
	for _, tt := range tests {
		got := markdownOf(t, tt.r)
		golden(t, tt.file, got)
		if err := harmless(got); err != nil {
			t.Errorf("%s: %v", tt.file, err)
		}
	}
}

var (
	preBlock = regexp.MustCompile(`(?s)(?:^|\n)<pre>\n[^<]*</pre>\n`)
	codeTag  = regexp.MustCompile(`<code>[^<>\n]*</code>`)
	codeSpan = regexp.MustCompile("`[^`\n]*`")
	ourTags  = regexp.MustCompile(`</?details>|</?summary>`)
	tableRow = regexp.MustCompile(`(?m)^\|.*\|$`)
	danger   = regexp.MustCompile("(?i)[@<>`\\\\\\[\\]{}~$*_&]|://|www\\.|#[0-9]|gh-[0-9]|:[a-z]+:|\\b[0-9a-f]{7,}\\b")
	mischief = regexp.MustCompile(`(?m)^(?:/|    |\t|[+>=]|[0-9]+[.)] |#{1,2} )`)
)

// harmless takes away what is shown as code, and the tags of the report's own, and looks whether
// what is left could mean anything.
func harmless(doc string) error {
	rest := preBlock.ReplaceAllString(doc, "\n")
	rest = codeSpan.ReplaceAllString(codeTag.ReplaceAllString(rest, ""), "")
	rest = ourTags.ReplaceAllString(rest, "")
	if at := danger.FindStringIndex(rest); at != nil {
		return fmt.Errorf("%q is not in code, in %q", rest[at[0]:at[1]], rest[max(at[0]-60, 0):min(at[1]+60, len(rest))])
	}
	if line := mischief.FindString(rest); line != "" {
		return fmt.Errorf("a line begins with %q", line)
	}
	return tables(rest)
}

// tables looks whether every row has as many cells as the head above it.
func tables(rest string) error {
	bars := 0
	for line := range strings.Lines(rest) {
		line = strings.TrimRight(line, "\n")
		switch n := strings.Count(line, "|"); {
		case !tableRow.MatchString(line):
			if n > 0 {
				return fmt.Errorf("a bar outside of a table: %q", line)
			}
			bars = 0
		case bars == 0:
			bars = n
		case n != bars:
			return fmt.Errorf("a row with %d bars below one with %d: %q", n, bars, line)
		}
	}
	return nil
}

func TestHarmlessSeesHarm(t *testing.T) {
	for _, doc := range []string{
		"hello @bob", "see www.evil.example", "<script>", "<pre>\n</pre>\n<b>", "a\n/close\n", "| a |\n| b | c |\n", "x | y",
		"`a", "[x](y)", "#12", "&#64;bob", "<pre>\n<img>\n</pre>\n",
	} {
		if harmless(doc) == nil {
			t.Errorf("%q passes for harmless", doc)
		}
	}
}

func TestProse(t *testing.T) {
	tests := []struct{ why, s, want string }{
		{"words and numbers stay", `10 of 1,800 (33.3 %), "so" it's time-outs: 63.0s.`, `10 of 1,800 (33.3 %), "so" it's time-outs: 63.0s.`},
		{"Chinese is words", "您的订单，请稍等。", "您的订单，请稍等。"},
		{"a name in Chinese is code, the rest is not", `20 个客户："handover p95 < 1s" 未通过，见gate.lateness。`, "20 个客户：\"handover p95 `<` 1s\" 未通过，见`gate.lateness`。"},
		{"mischief between Chinese", "请@bob看#1和:smile:", "请`@bob`看`#1`和`:smile:`"},
		{"an id is code, and the comma behind it is not", "(ORD-01, DSC-04)", "(`ORD-01`, `DSC-04`)"},
		{"a mention", "ask @bob!", "ask `@bob`!"},
		{"a mention in an entity", "&#64;bob", "`&#64;bob`"},
		{"an address", "at https://evil.example/x.", "at `https://evil.example/x`."},
		{"an address without a scheme", "www.evil.example", "`www.evil.example`"},
		{"the beginning of one", "(www.)", "(`www`.)"},
		{"a reference", "#12 GH-12 !7 a/b#1", "`#12` `GH-12` `!7` `a/b#1`"},
		{"a commit", "deadbeef, 1234567 您1234567", "`deadbeef`, `1234567` 您`1234567`"},
		{"emoji", ":tada: tada:", "`:tada:` tada:"},
		{"emphasis", "*a* __b__ ~c~", "`*a*` `__b__` `~c~`"},
		{"a tag", "<script>x</script>", "`<script>x</script>`"},
		{"a backtick cannot end the code", "a`b", "<code>a&#96;b</code>"},
		{"a bar cannot end a cell", `\|`, "<code>&#92;&#124;</code>"},
		{"lines become one", "a\nb\r\nc", "a·b··c"},
		{"a list begins at the beginning only", "1. at 1.", "`1.` at 1."},
		{"nothing", " \n", "·"},
		{"nothing at all", "", ""},
	}
	for _, tt := range tests {
		if got := prose(tt.s); got != tt.want {
			t.Errorf("%s: prose(%q) = %s, want %s", tt.why, tt.s, got, tt.want)
		}
	}
}

func TestMarkdownIsNeverTooLong(t *testing.T) {
	for _, text := range []string{"x", "客", "<", "| ", "@ ", "`", "\x00"} {
		doc := markdownOf(t, enormous(text))
		if len(doc) > maxMarkdown {
			t.Errorf("%q: %d bytes, want at most %d", text, len(doc), maxMarkdown)
		}
		for _, want := range []string{"### chatbench: FAIL", "are left out here", "| `delivery` |", "The generator itself", "Again:"} {
			if !strings.Contains(doc, want) {
				t.Errorf("%q: no %q", text, want)
			}
		}
		if err := harmless(doc); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMarkdownGivesTheWritersError(t *testing.T) {
	broken := errors.New("disk full")
	if err := Markdown(failing{broken}, failed(), nil); !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, evil := range evils {
		f.Add(evil)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := markdownOf(t, hostile(text))
		if len(doc) > maxMarkdown {
			t.Errorf("%q makes %d bytes", text, len(doc))
		}
		if err := harmless(doc); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
