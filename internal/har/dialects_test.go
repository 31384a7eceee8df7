package har

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDialects reads one conversation as each exporter writes it. The same must come of all of them.
func TestDialects(t *testing.T) {
	untimed := regexp.MustCompile(` at [0-9.µms]+`)
	events := func(r *Recording) []string {
		lines := eventLines(t, r)
		for i := range lines {
			lines[i] = untimed.ReplaceAllString(lines[i], "")
		}
		return lines
	}
	want := events(open(t, conversation().write()))
	for _, tt := range []struct {
		file, note string
	}{
		{"chrome.har", "recording chrome.har of WebInspector 537.36, https://shop.example.com/help"},
		{"firefox.har", "recording firefox.har of Firefox 145.0, https://shop.example.com/help"},
		{"safari.har", "recording safari.har of WebKit Web Inspector 21622.2.11, https://shop.example.com/help"},
		{"mitmproxy.har", "recording mitmproxy.har of mitmproxy 12.1.2"},
		{"charles.har", "recording charles.har of Charles Proxy 5.0.3"},
		{"fiddler.har", "recording fiddler.har of Fiddler 5.0.20253.3311"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			r, err := Open(filepath.Join("testdata/dialects", tt.file), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if diff := cmp.Diff(want, events(r)); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if failed, _ := judge(t, r); len(failed) > 0 {
				t.Errorf("failed: %v", failed)
			}
			if note := r.About.Note(tt.file); note != tt.note {
				t.Errorf("note %q, want %q", note, tt.note)
			}
			if r.About.Used != len(conversation()) {
				t.Errorf("%d exchanges, want %d", r.About.Used, len(conversation()))
			}
			for _, note := range append(r.Notes(), r.About.URL()) {
				if strings.Contains(note, "SECRET") {
					t.Errorf("a note tells a secret: %s", note)
				}
			}
		})
	}
}
