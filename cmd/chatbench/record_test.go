package main

import "testing"

// TestScenarioName makes a name that YAML can say of any that a file may have.
func TestScenarioName(t *testing.T) {
	for file, want := range map[string]string{
		"out/parcel.yaml":      "parcel",
		"two words.har":        "two words",
		"包裹.yaml":              "包裹",
		"a\x1b[31mb\xff.yaml":  "a-[31mb-",
		"a\u2028b\u202ec.yaml": "a-b-c",
		".yaml":                "recording",
		" .yaml":               "recording",
	} {
		if got := scenarioName(file); got != want {
			t.Errorf("%q: %q, want %q", file, got, want)
		}
	}
}
