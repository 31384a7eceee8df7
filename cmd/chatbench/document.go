package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chatbench/internal/capacity"
	"chatbench/internal/compare"
	"chatbench/internal/report"
	"chatbench/internal/result"
)

// document is what a file holds that can be rendered again.
type document struct {
	what    string   // in the words of a message
	formats []string // nil: all of them
	write   func(io.Writer, *rendering) error
}

// further are the formats of what is no result.
var further = []string{"text", "html", "json", "markdown"}

// documents are the files that a folder may hold, with who reads each. What a file is, its schema says.
var documents = []struct {
	file, schema string
	load         func(path string) (*document, error)
}{
	{result.FileName, result.Schema1, loadResult},
	{capacity.FileName, capacity.Schema1, loadSearch},
	{compare.FileName, compare.Schema1, loadComparison},
}

// loadDocument reads a file, or the first of [documents] that is in a folder. What is none of them is
// read as a result, whose error says what is wrong with it.
func loadDocument(path string) (*document, error) {
	for _, d := range documents {
		if file := filepath.Join(path, d.file); regular(file) {
			return d.load(file)
		}
	}
	kind := kindOf(path)
	for _, d := range documents {
		if of, _, _ := strings.Cut(d.schema, "/"); of == kind {
			return d.load(path)
		}
	}
	if kind != "" {
		return nil, usagef("%s is a %s, which has no reports; results, comparisons and searches for capacity have", path, kind)
	}
	return loadResult(path)
}

// kindOf is the schema of a file without its version, "" when there is none.
func kindOf(path string) string {
	data, err := os.ReadFile(path)
	var head struct{ Schema string }
	if err != nil || json.Unmarshal(data, &head) != nil {
		return ""
	}
	kind, _, _ := strings.Cut(head.Schema, "/")
	return kind
}

func loadResult(path string) (*document, error) {
	r, err := result.Load(path)
	return &document{write: func(w io.Writer, how *rendering) error { return how.write(w, r) }}, err
}

func loadComparison(path string) (*document, error) {
	c, err := compare.Load(path)
	return &document{"a comparison", further, func(w io.Writer, how *rendering) error {
		return (&comparisonRendering{format: how.format, color: how.color, lang: how.say}).write(w, c)
	}}, err
}

func loadSearch(path string) (*document, error) {
	r, err := capacity.Load(path)
	return &document{"a search for capacity", further, func(w io.Writer, how *rendering) error {
		return writeSearch(w, r, how.format, report.CapacityOptions{Color: how.color, Lang: how.say})
	}}, err
}

// check refuses a format that the document does not have.
func (d *document) check(format string) error {
	if d.formats == nil || slices.Contains(d.formats, format) {
		return nil
	}
	return usagef("--format %s is for results; %s can be %s", format, d.what, strings.Join(d.formats, ", "))
}

// writeSearch renders a search for capacity.
func writeSearch(w io.Writer, r *capacity.Report, format string, opt report.CapacityOptions) error {
	switch format {
	case "json":
		data, err := capacity.Encode(r)
		if err != nil {
			return err
		}
		return ignoreCount(w.Write(data))
	case "html":
		return report.CapacityHTML(w, r, opt.Lang)
	case "markdown":
		return report.CapacityMarkdown(w, r, opt.Lang)
	}
	return report.Capacity(w, r, opt)
}
