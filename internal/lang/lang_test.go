package lang

import (
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

const small = `
own:
  "%s left": "剩余 %s"
  "%5d talking": "%5d 通话中"
  "%d goroutines": "%d 个协程"
  "queue": "排队"
said:
  "%d of %s missed (%s).": "%[2]s中有 %[1]d 个未达成(%[3]s)。"
  "%d of %s missed (%s), which is too many.": "%[2]s中有 %[1]d 个未达成(%[3]s),太多。"
  "%d expectations": "%d 个期望"
  "The tenant broke no rule.": "租间未违反任何规则。"
  "%4d bytes here": "此处 %4d 字节"
  "%-10s is here": "%-10s 在此"
  "CPU %.0f %% of %s": "%[2]s的 %.0[1]f %%"
  "%d cores": "%d 核"
  "unknown key %q": "未知的键 %q"
  "file %s: %w": "文件 %s:%w"
  "no such folder": "没有此文件夹"
  ", which nobody likes": "，无人喜欢"
  "use one of %s": "请使用其中之一:%s"
  "the queue was full": "队列已满"
  "%s": "不应出现"
`

func TestT(t *testing.T) {
	p, err := newPrinter("zh", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ why, text, want string }{
		{"a text", "The tenant broke no rule.", "租间未违反任何规则。"},
		{"verbs in another order, a part that is a text itself", "3 of 10 expectations missed (30 %).", "10 个期望中有 3 个未达成(30 %)。"},
		{"of two that fit the one with more text", "3 of 10 expectations missed (30 %), which is too many.", "10 个期望中有 3 个未达成(30 %),太多。"},
		{"one of them", "1 expectation", "1 个期望"},
		{"many of them", "1,234,567 expectations", "1,234,567 个期望"},
		{"own words are known by their format only", "nothing at all is left", "nothing at all is left"},
		{"an own word", "queue", "排队"},
		{"a width that was filled up", "  17 bytes here", "此处 17 字节"},
		{"a width that was too small", "123456 bytes here", "此处 123456 字节"},
		{"a width behind", "abc        is here", "abc 在此"},
		{"a percent sign", "CPU 23 % of 2 cores", "2 核的 23 %"},
		{"no number where one must be", "CPU much % of 2 cores", "CPU much % of 2 cores"},
		{"a quoted part stays", `unknown key "no such folder"`, `未知的键 "no such folder"`},
		{"an escaped quote", `unknown key "a\" b"`, `未知的键 "a\" b"`},
		{"an error within", "file a.yaml: no such folder", "文件 a.yaml:没有此文件夹"},
		{"an error that nobody knows", "file a.yaml: permission denied", "文件 a.yaml:permission denied"},
		{"a part of one word is a name", "use one of queue", "请使用其中之一:queue"},
		{"texts in a row", "no such folder; the queue was full", "没有此文件夹；队列已满"},
		{"a name before a text", "DEL-04: no such folder", "DEL-04: 没有此文件夹"},
		{"brackets", "no such folder (the queue was full)", "没有此文件夹（队列已满）"},
		{"the end of a long list", "a b, c, d, e, f, g, h, i, j, k, l, m, 11 cores", "a b, c, d, e, f, g, h, i, j, k, l, m, 11 核"},
		{"a part that brings its comma", "it was 5s, which nobody likes", "it was 5s，无人喜欢"},
		{"a sentence without its full stop", "file a: The tenant broke no rule", "文件 a:租间未违反任何规则"},
		{"lines", "no such folder\nunheard of", "没有此文件夹\nunheard of"},
		{"nothing around a verb is no text", "anything at all", "anything at all"},
		{"a name", "DEL-04", "DEL-04"},
		{"empty", "", ""},
		{"a full stop", ".", "."},
		{"a phrase that begins a sentence", "No such folder", "没有此文件夹"},
		{"a phrase that is one", "No such folder.", "没有此文件夹。"},
		{"what is Chinese already", "没有此文件夹", "没有此文件夹"},
	} {
		if got := p.T(tt.text); got != tt.want {
			t.Errorf("%s: T(%q) = %q, want %q", tt.why, tt.text, got, tt.want)
		}
		if got := (*Printer)(nil).T(tt.text); got != tt.text {
			t.Errorf("%s: English: T(%q) = %q", tt.why, tt.text, got)
		}
	}
}

func TestSprintf(t *testing.T) {
	p, err := newPrinter("zh", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	var english *Printer
	for _, tt := range []struct{ got, want string }{
		{p.Sprintf("%d of %s missed (%s).", 3, "10 个期望", "30 %"), "10 个期望中有 3 个未达成(30 %)。"},
		{p.Sprintf("%5d talking", 17), "   17 通话中"},
		{p.Sprintf("CPU %.0f %% of %s", 22.6, "2 核"), "2 核的 23 %"},
		{p.Sprintf("unheard of: %d", 3), "unheard of: 3"},
		{english.Sprintf("%5d talking", 17), "   17 talking"},
		{p.Count(1234, "expectation"), "1,234 个期望"},
		{p.Count(1, "expectation"), "1 个期望"},
		{p.Count(2, "goroutine"), "2 个协程"},
		{p.Count(2, "thing"), "2 things"},
		{english.Count(1, "message"), "1 message"},
		{english.Count(-1234, "message"), "-1,234 messages"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// TestTIsBounded gives T what a hostile tenant might have written into a sentence.
func TestTIsBounded(t *testing.T) {
	p, err := newPrinter("zh", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		strings.Repeat("file a: ", 5000), strings.Repeat("a, b; c: (", 5000), strings.Repeat("(", 5000), strings.Repeat("%s", 100), "\xff\xfe: \x00",
	} {
		p.T(text) // in time
	}
}

func TestFromEnv(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{nil, "en"},
		{map[string]string{"LANG": "zh_CN.UTF-8"}, "zh"},
		{map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"},
		{map[string]string{"LANG": "de_DE", "LC_MESSAGES": "zh"}, "zh"},
		{map[string]string{"LANG": "zha"}, "en"},
	} {
		got := FromEnv(func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok })
		if got != tt.want {
			t.Errorf("FromEnv(%v) = %q, want %q", tt.env, got, tt.want)
		}
	}
}

func TestFor(t *testing.T) {
	for _, code := range Codes() {
		if p, err := For(code); err != nil || p.Code() != code {
			t.Errorf("For(%q) is of %q, %v", code, p.Code(), err)
		}
	}
	if _, err := For("de"); err == nil {
		t.Error("there is no German, and no error")
	}
}

// BenchmarkT translates a sentence, and one that is not in it, with a catalogue of 2,000 entries.
func BenchmarkT(b *testing.B) {
	entries := map[string]string{"The load was %s of %s at %d customers.": "在 %[3]d 个客户时负载为 %[2]s 的 %[1]s。"}
	for i := range 2000 {
		entries[fmt.Sprintf("%s number %d of %%s was %%d and not %%q", strings.Repeat(string(rune('a'+i%26)), 3+i%7), i)] = "%[3]q %[2]d %[1]s"
	}
	data, err := yaml.Marshal(catalogue{Said: entries})
	if err != nil {
		b.Fatal(err)
	}
	p, err := newPrinter("zh", data)
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{"The load was 0.5 of 0.9 at 2200 customers.", "the tenant's own words, which nobody knows"} {
		b.Run(text[:8], func(b *testing.B) {
			for b.Loop() {
				p.T(text)
			}
		})
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			newPrinter("zh", data)
		}
	})
}
