package metric

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProcessorList(t *testing.T) {
	for _, tt := range []struct {
		text string
		want map[string]bool
	}{
		{"0", map[string]bool{"cpu0": true}},
		{"0-2", map[string]bool{"cpu0": true, "cpu1": true, "cpu2": true}},
		{"1,4-5", map[string]bool{"cpu1": true, "cpu4": true, "cpu5": true}},
		{"", map[string]bool{}},
		{"x,3-,-1,2", map[string]bool{"cpu2": true}},
	} {
		if diff := cmp.Diff(tt.want, processorList(tt.text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestCountTicks(t *testing.T) {
	const stat = "cpu  9 9 9 9 9 9 9 9 9 9\n" +
		"cpu0 10 1 5 80 4 1 2 7 3 0\n" + // guest time, 3, is in the first already
		"cpu1 0 0 0 100 0 0 0 0 0 0\n" +
		"cpu2 1 2\n" +
		"ctxt 5\n"
	for _, tt := range []struct {
		why, list string
		want      ticks
	}{
		{"both", "0-1", ticks{total: 210, busy: 26, stolen: 7}},
		{"only the one that the process may run on", "1", ticks{total: 100}},
		{"a line that is cut, one that is not there", "2-3", ticks{}},
		{"none", "", ticks{}},
	} {
		if got := countTicks(stat, processorList(tt.list)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.why, got, tt.want)
		}
	}
}

func TestCgroupQuota(t *testing.T) {
	root := t.TempDir()
	for dir, limit := range map[string]string{"": "400000 100000", "a": "150000 100000", "a/b": "max 100000", "c": "max 100000", "d": "nonsense"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "cpu.max"), []byte(limit+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		why, group string
		want       float64
	}{
		{"the group above says less", "/a/b", 1.5},
		{"its own", "/a", 1.5},
		{"only the top has one", "/c", 4},
		{"a path of the host's, within a container", "/system.slice/docker-1", 4},
		{"what cannot be read is no limit", "/d", 4},
		{"cgroup v1 names no group", "", 4},
	} {
		if got := cgroupQuota(root, tt.group); got != tt.want {
			t.Errorf("%s: %v processors, want %v", tt.why, got, tt.want)
		}
	}
	if got := cgroupQuota(filepath.Join(root, "nowhere"), "/a"); got != 0 {
		t.Errorf("without cgroups: %v processors, want 0", got)
	}
}

// TestQuotaCounts wants the share of CPU time to be of what the process may use.
func TestQuotaCounts(t *testing.T) {
	h := Health{UserSeconds: 4, SystemSeconds: 1, WallSeconds: 10, Cores: 2, Processors: 0.5}
	if got := h.CPUShare(); got != 1 {
		t.Errorf("share %v of half a processor, want all of it", got)
	}
}
