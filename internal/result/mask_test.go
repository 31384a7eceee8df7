package result

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMaskArgs(t *testing.T) {
	tests := []struct {
		why        string
		args, want []string
	}{
		{"the value behind a flag", []string{"run", "--app-secret", "hunter2", "x.yaml"}, []string{"run", "--app-secret", "***", "x.yaml"}},
		{"the value in a flag", []string{"--app-secret=hunter2"}, []string{"--app-secret=***"}},
		{"a secret with an equals sign in it", []string{"--app-secret=a=b"}, []string{"--app-secret=***"}},
		{"of a key the ends stay", []string{"--app-key", "abcdefghij"}, []string{"--app-key", "ab***ij"}},
		{"of a short key nothing stays", []string{"--app-key=abc"}, []string{"--app-key=***"}},
		{"any flag that is called a token", []string{"--agent-token", "t", "--Password=p"}, []string{"--agent-token", "***", "--Password=***"}},
		{"a variable", []string{"CHATBENCH_APP_SECRET=x", "CHATBENCH_URL=https://a/b"}, []string{"CHATBENCH_APP_SECRET=***", "CHATBENCH_URL=https://a/b"}},
		{"a bearer token anywhere", []string{"--header", "Bearer abc.def"}, []string{"--header", "***"}},
		{"a JSON Web Token anywhere", []string{"eyJhbGciOi.eyJzdWIi.sig"}, []string{"***"}},
		{"user info and query in an address", []string{"--url", "https://me:pw@host:8443/base?token=1#x"}, []string{"--url", "https://host:8443/base"}},
		{"an address with an equals sign", []string{"https://host/a?k=v"}, []string{"https://host/a"}},
		{"everything else stays", []string{"run", "a.yaml", "--customers=5", "-v", "--out", "dir"}, []string{"run", "a.yaml", "--customers=5", "-v", "--out", "dir"}},
		{"a flag behind a secret flag is no secret", []string{"--token-check", "--out", "dir"}, []string{"--token-check", "--out", "dir"}},
	}
	for _, tt := range tests {
		before := append([]string(nil), tt.args...)
		if diff := cmp.Diff(tt.want, MaskArgs(tt.args)); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", tt.why, tt.args, diff)
		}
		if diff := cmp.Diff(before, tt.args); diff != "" {
			t.Errorf("%s: the arguments were changed:\n%s", tt.why, diff)
		}
	}
}

func TestMaskURL(t *testing.T) {
	tests := map[string]string{
		"https://u:p@h:1/x?y=z#f": "https://h:1/x",
		"http://h":                "http://h",
		"not an address":          "***",
		"https://%zz":             "***",
		"":                        "***",
	}
	for in, want := range tests {
		if got := MaskURL(in); got != want {
			t.Errorf("MaskURL(%q) = %q, want %q", in, got, want)
		}
	}
}
