package compare

import (
	"encoding/json"
	"errors"
	"fmt"

	"chatbench/internal/result"
)

// FileName is what a comparison is called in a folder.
const FileName = "comparison.json"

// ErrNotComparison is the error of a file that is something else.
var ErrNotComparison = errors.New("not a chatbench comparison")

var document = result.Document[Report]{Schema: Schema1, Name: FileName, Noun: "comparison file", Not: ErrNotComparison}

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
	if err := result.WriteFile(document.At(path), data); err != nil {
		return fmt.Errorf("saving the comparison: %w", err)
	}
	return nil
}

// Load reads a comparison from a file, or from FileName in a folder. Errors name the path and wrap
// [ErrNotComparison], [result.ErrVersion], [result.ErrTruncated] or what the system said.
func Load(path string) (*Report, error) { return document.Load(path) }
