package capacity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"chatbench/internal/result"
)

// FileName is what a report is called in a folder.
const FileName = "capacity.json"

// The reasons why a file is not a report.
var (
	ErrNotReport = errors.New("not a chatbench capacity report")
	ErrVersion   = errors.New("a capacity report of another version")
)

// Save writes r to path, or to [FileName] in it when path is a folder. The file appears complete or
// not at all, so that a search can go on from it whatever happened.
func Save(path string, r *Report) error {
	data, err := Encode(r)
	if err != nil {
		return err
	}
	if err := result.WriteFile(filePath(path), data); err != nil {
		return fmt.Errorf("saving the capacity report: %w", err)
	}
	return nil
}

func filePath(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, FileName)
	}
	return path
}

// Encode is the JSON of r, with Schema set.
func Encode(r *Report) ([]byte, error) {
	versioned := *r
	versioned.Schema = Schema1
	data, err := json.MarshalIndent(&versioned, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encoding the capacity report: %w", err)
	}
	return append(data, '\n'), nil
}

// Load reads a report from a file, or from [FileName] in a folder. Errors name the path and wrap
// [ErrNotReport], [ErrVersion] or what the system said.
func Load(path string) (*Report, error) {
	path = filePath(path)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no capacity report at %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a capacity report: %w", err)
	}
	r, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Decode reads the JSON of a report. Errors wrap [ErrNotReport] or [ErrVersion].
func Decode(data []byte) (*Report, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotReport, err)
	}
	switch head.Schema {
	case Schema1:
	case "":
		return nil, fmt.Errorf("%w: it has no schema field", ErrNotReport)
	default:
		return nil, fmt.Errorf("%w: it says %q, this program reads %q", ErrVersion, head.Schema, Schema1)
	}
	var r Report
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotReport, err)
	}
	return &r, nil
}
