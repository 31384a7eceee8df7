package lang

import "testing"

const small = `
"%d of %s missed (%s).": "%[2]s中有 %[1]d 个未达成(%[3]s)。"
"%d expectations were": "%d 个期望"
"The tenant broke no rule.": "租户未违反任何规则。"
"%s left": "剩余 %s"
`

func TestT(t *testing.T) {
	p, err := newPrinter("zh", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ text, want string }{
		{"The tenant broke no rule.", "租户未违反任何规则。"},
		{"3 of 10 expectations were missed (30 %).", "10 个期望中有 3 个未达成(30 %)。"},
		{"0:30 left", "剩余 0:30"},
		{"DEL-04", "DEL-04"},
		{"", ""},
	} {
		if got := p.T(tt.text); got != tt.want {
			t.Errorf("T(%q) = %q, want %q", tt.text, got, tt.want)
		}
		if got := (*Printer)(nil).T(tt.text); got != tt.text {
			t.Errorf("English: T(%q) = %q", tt.text, got)
		}
	}
	if got, want := p.Sprintf("%d of %s missed (%s).", 3, "10 个期望", "30 %"), "10 个期望中有 3 个未达成(30 %)。"; got != want {
		t.Errorf("Sprintf = %q, want %q", got, want)
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
