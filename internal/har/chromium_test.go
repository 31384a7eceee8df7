package har

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChromium reads what a real Chromium recorded of the page that comes with the embedded tenant
// (docs/page.md). The page keeps to the flow, so nothing is to fail.
func TestChromium(t *testing.T) {
	files, err := filepath.Glob("testdata/*.har")
	if err != nil || len(files) == 0 {
		t.Skip("nothing was recorded: ", err)
	}
	for _, file := range files {
		r, err := Open(file, Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		defer r.Close()
		if failed, _ := judge(t, r); len(failed) > 0 {
			t.Errorf("%s: failed: %v", file, failed)
		}
		customers := 1
		if filepath.Base(file) == "tabs.har" {
			customers = 2
		}
		if len(r.Customers) != customers {
			t.Errorf("%s: customers %+v, want %d", file, r.Customers, customers)
		}
		if lines := eventLines(t, r); len(lines) < 10 {
			t.Errorf("%s: %d events", file, len(lines))
		}
	}
}

// TestLateRecorder throws away the beginning of what Chromium recorded, as when somebody opens the
// developer tools late: what is left is not taken for a fault of the page.
func TestLateRecorder(t *testing.T) {
	whole := conversation()
	for from := 3; from < len(whole); from++ {
		r := open(t, tape(whole[from:]).write())
		failed, _ := judge(t, r)
		if diff := cmp.Diff([]string(nil), failed); diff != "" {
			t.Errorf("from %s on: failed (-want +got):\n%s%s", whole[from].name, diff, strings.Join(eventLines(t, r), "\n"))
		}
	}
}
