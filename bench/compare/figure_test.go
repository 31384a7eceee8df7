package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMarks(t *testing.T) {
	tests := []struct {
		why       string
		low, high float64
		want      []float64
	}{
		{"within a decade", 90, 1100, []float64{100, 200, 500, 1000}},
		{"many decades have fewer in each", 4, 1000, []float64{10, 30, 100, 300, 1000}},
		{"less than one", 0.3, 3, []float64{0.5, 1, 2}},
	}
	for _, tt := range tests {
		got := scale{tt.low, tt.high, 0, 100}.marks()
		if !slices.EqualFunc(got, tt.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }) {
			t.Errorf("%s: from %v to %v got %v, want %v", tt.why, tt.low, tt.high, got, tt.want)
		}
	}
}

func TestScaleIsLogarithmic(t *testing.T) {
	s := scale{1, 100, 200, 0}
	for value, want := range map[float64]float64{1: 200, 10: 100, 100: 0} {
		if got := s.at(value); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is at %v, want %v", value, got, want)
		}
	}
}

func TestFigureIsWellFormed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.svg")
	var b book
	for _, g := range grown("scale") {
		b.outcomes = append(b.outcomes, g.runs...)
	}
	if err := b.draw(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	circles := 0
	for decoder := xml.NewDecoder(strings.NewReader(string(data))); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v, in\n%s", err, data)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 8 || strings.Contains(string(data), "NaN") || !strings.Contains(string(data), raw().name) {
		t.Errorf("%d circles, want two clients with two numbers in two panels, all named, in\n%s", circles, data)
	}
}

func TestNothingToDraw(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.svg")
	if err := (&book{}).draw(file); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a file was written without figures: %v", err)
	}
}
