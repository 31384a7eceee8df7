package scenario

import (
	"errors"
	"os"
	"testing"
)

// FuzzParse checks that Parse never panics and that everything it refuses has a position.
func FuzzParse(f *testing.F) {
	for _, in := range badInputs(f) {
		f.Add([]byte(in.yaml))
	}
	everything, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(everything)
	opt := knownNames()
	opt.Open = memory(dataFiles)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("fuzz.yaml", data, opt)
		if err == nil {
			checkScenario(t, s)
			return
		}
		var all Problems
		if !errors.As(err, &all) || len(all) == 0 {
			t.Fatalf("got %v, want Problems, input %q", err, data)
		}
		for _, p := range all {
			if p.Line < 1 || p.Column < 1 || p.File == "" || p.Message == "" {
				t.Errorf("got %+v, want a file, a position and a message, input %q", p, data)
			}
		}
	})
}

// checkScenario checks what everybody relies on in a scenario without problems.
func checkScenario(t *testing.T, s *Scenario) {
	t.Helper()
	total := 0.0
	for _, m := range s.Mix {
		total += m.Share
	}
	if total < 0.999999 || total > 1.000001 || len(s.Flows) == 0 || len(s.Load.Stages) == 0 {
		t.Errorf("got %+v, want flows, stages and shares of 100 %%", s)
	}
	for _, st := range s.Load.Stages {
		if st.Length <= 0 || st.Customers < 0 || st.Arrivals < 0 {
			t.Errorf("stage %+v, want a length and a level", st)
		}
	}
	for _, f := range s.Flows {
		if _, ok := f.Steps[0].(Connect); !ok {
			t.Errorf("flow %s begins with %v, want connect", f.Name, f.Steps[0].Describe())
		}
	}
}

// FuzzData checks the readers of data files in the same way.
func FuzzData(f *testing.F) {
	for name, content := range dataFiles {
		if len(content) < 1000 {
			f.Add(name, []byte(content))
		}
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		for _, suffix := range []string{".csv", ".jsonl"} {
			table := &table{reader: &reader{file: name}}
			table.read(suffix, content)
			for _, p := range table.problems {
				if p.Line < 1 || p.Column < 1 || p.Message == "" {
					t.Errorf("got %+v, want a position and a message, input %q", p, content)
				}
			}
			for _, row := range table.rows {
				if len(table.problems) == 0 && len(row) != len(table.columns) {
					t.Errorf("row %q, want %d values, input %q", row, len(table.columns), content)
				}
			}
		}
	})
}
