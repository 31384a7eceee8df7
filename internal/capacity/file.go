package capacity

import (
	"encoding/json"
	"errors"
	"fmt"

	"chatbench/internal/result"
)

// FileName is what a report is called in a folder.
const FileName = "capacity.json"

// ErrNotReport is the error of a file that is something else.
var ErrNotReport = errors.New("not a chatbench capacity report")

var document = result.Document[Report]{Schema: Schema1, Name: FileName, Noun: "capacity report", Not: ErrNotReport}

// Save writes r to path, or to [FileName] in it when path is a folder. The file appears complete or
// not at all, so that a search can go on from it whatever happened.
func Save(path string, r *Report) error {
	data, err := Encode(r)
	if err != nil {
		return err
	}
	if err := result.WriteFile(document.At(path), data); err != nil {
		return fmt.Errorf("saving the capacity report: %w", err)
	}
	return nil
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
// [ErrNotReport], [result.ErrVersion], [result.ErrTruncated] or what the system said.
func Load(path string) (*Report, error) { return document.Load(path) }
