package http1

import "testing"

func TestHasHeader(t *testing.T) {
	x := &Exchange{headers: []byte("Host: a\r\nccmessaging-token: t\r\nX-App-Key: k\r\n")}
	for _, c := range []struct {
		name string
		want bool
		why  string
	}{
		{"Host", true, "the first line"},
		{"ccmessaging-token", true, "a later one"},
		{"Ccmessaging-Token", false, "another spelling"},
		{"x-app-key", false, "another spelling"},
		{"X-App-Key", true, "as it was sent"},
		{"App-Key", false, "the end of a name"},
		{"X-App", false, "the beginning of one"},
	} {
		if got := x.HasHeader(c.name); got != c.want {
			t.Errorf("HasHeader(%q) = %t, want %t: %s", c.name, got, c.want, c.why)
		}
	}
}
