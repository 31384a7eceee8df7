package compare

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"chatbench/internal/result"
)

// FileName is what a comparison is called in a folder.
const FileName = "comparison.json"

// ErrNotComparison is the error of a file that is no comparison, or one of another version.
var ErrNotComparison = errors.New("not a comparison that this program reads")

// Encode is the JSON of r, with Schema set.
func Encode(r *Report) ([]byte, error) {
	versioned := *r
	versioned.Schema = Schema1
	data, err := json.MarshalIndent(&versioned, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encoding the comparison: %w", err)
	}
	return append(data, '\n'), nil
}

// Save writes r to path, or to FileName in it when path is a folder. The file appears complete or
// not at all.
func Save(path string, r *Report) error {
	data, err := Encode(r)
	if err != nil {
		return err
	}
	if err := result.WriteFile(within(path), data); err != nil {
		return fmt.Errorf("saving the comparison: %w", err)
	}
	return nil
}

// Load reads a comparison from a file, or from FileName in a folder. The error names the path, and
// wraps [ErrNotComparison] or what the system said.
func Load(path string) (*Report, error) {
	path = within(path)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a comparison: %w", err)
	}
	r, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Decode reads the JSON of a comparison. The error wraps [ErrNotComparison].
func Decode(data []byte) (*Report, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotComparison, err)
	}
	if head.Schema != Schema1 {
		return nil, fmt.Errorf("%w: its schema is %q, not %q", ErrNotComparison, head.Schema, Schema1)
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotComparison, err)
	}
	return &r, nil
}

func within(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, FileName)
	}
	return path
}
