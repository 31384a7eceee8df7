package compare

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/result"
)

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	want := &Report{
		Verdict: Worse, Exit: result.ExitPerformance, Reasons: []string{"It was worse."},
		Metrics: []Metric{{Name: "delivery", Statistic: "p95", Verdict: Worse, Change: &Change{Ratio: true, Estimate: 1.2}}},
	}
	if err := Save(dir, want); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, filepath.Join(dir, FileName)} {
		got, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		saved := *want
		saved.Schema = Schema1
		if diff := cmp.Diff(&saved, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		want    error
	}{
		"a result":        {`{"schema": "chatbench.result/1"}`, ErrNotComparison},
		"another version": {`{"schema": "chatbench.comparison/2"}`, result.ErrVersion},
		"no JSON":         {`verdict: same`, ErrNotComparison},
		"cut off":         {`{"schema": "chatbench.comparison/1", "verdict": `, result.ErrTruncated},
		"another form":    {`{"schema": "chatbench.comparison/1", "metrics": 3}`, ErrNotComparison},
		"nothing there":   {"", fs.ErrNotExist},
	} {
		path := filepath.Join(t.TempDir(), "c.json")
		if c.content != "" {
			if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Load(path); !errors.Is(err, c.want) {
			t.Errorf("%s: got error %v, want %v", name, err, c.want)
		}
	}
}
