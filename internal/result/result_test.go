package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"chatbench/internal/metric"
)

func encoded(t *testing.T, r *Result) string {
	t.Helper()
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// same takes an absent list and an empty one for equal, and leaves out what health keeps for
// itself.
var same = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(metric.Health{})}

func TestMergeLaws(t *testing.T) {
	for seed := range uint64(20) {
		a, b, c := sample(t, 3*seed), sample(t, 3*seed+1), sample(t, 3*seed+2)
		before := []*Result{Merge(a), Merge(b)}
		laws := []struct {
			name        string
			left, right *Result
		}{
			{"associative", Merge(Merge(a, b), c), Merge(a, Merge(b, c))},
			{"commutative", Merge(a, b), Merge(b, a)},
			{"in any grouping the same", Merge(a, b, c), Merge(c, a, b)},
			{"nil is neutral", Merge(a, nil), Merge(a)},
			{"zero is neutral", Merge(&Result{}, a), Merge(a)},
			{"a result by itself is unchanged", Merge(a), a},
		}
		for _, law := range laws {
			if diff := cmp.Diff(law.left, law.right, same); diff != "" {
				t.Errorf("seed %d: not %s:\n%s", seed, law.name, diff)
			}
		}
		if diff := cmp.Diff(before, []*Result{a, b}, same); diff != "" {
			t.Errorf("seed %d: merging changed its arguments:\n%s", seed, diff)
		}
	}
}

// TestMergeKeepsTheGraverEnd wants a merged result to be that of whole runs only when all of them were.
func TestMergeKeepsTheGraverEnd(t *testing.T) {
	order := []Ended{"", EndedInterrupted, EndedAborted, EndedStarved, EndedGone, EndedBroken}
	for i, a := range order {
		for k, b := range order {
			got := Merge(&Result{Run: Run{Ended: a}}, &Result{Run: Run{Ended: b}}).Run.Ended
			if want := order[max(i, k)]; got != want {
				t.Errorf("%q and %q give %q, want %q", a, b, got, want)
			}
		}
	}
}

func TestMergeTellsWhatItMixed(t *testing.T) {
	a, b := &Result{}, &Result{}
	a.Scenario.Name, b.Scenario.Name = "handover", "robot-only"
	a.Run.ID, b.Run.ID = "one", "two"
	a.Gates = []Gate{{Name: "g", Verdict: Pass, Observed: 1}}
	b.Gates = []Gate{{Name: "g", Verdict: Fail, Observed: 2}}
	got := Merge(a, b)
	wantNotes := []string{
		"Different scenarios were merged, among them handover",
		"Different scenarios were merged, among them robot-only",
	}
	if diff := cmp.Diff(wantNotes, got.Notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"one", "two"}, got.Run.Parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if len(got.Gates) != 1 || got.Gates[0].Verdict != Fail || got.Gates[0].Observed != 2 {
		t.Errorf("gates = %+v, want the failed one", got.Gates)
	}
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	r := sample(t, 1)
	for _, path := range []string{dir, filepath.Join(dir, "other.json")} {
		if err := Save(path, r); err != nil {
			t.Fatal(err)
		}
		got, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(encoded(t, r), encoded(t, got)); diff != "" {
			t.Errorf("loaded from %s (-saved +loaded):\n%s", path, diff)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 2 {
		t.Errorf("%v in the directory, want the two results and nothing temporary", entries)
	}
}

func TestSaveThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, FileName)
	if err := os.MkdirAll(filepath.Join(taken, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := Save(dir, &Result{}); err == nil {
		t.Error("saving over a directory gave no error")
	}
	if err := Save(filepath.Join(dir, "missing", "r.json"), &Result{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("saving into a missing directory: error %v, want fs.ErrNotExist", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".result-*")); len(left) > 0 {
		t.Errorf("temporary files were left: %v", left)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	whole := encoded(t, sample(t, 2))
	tests := []struct {
		why, data string
		want      error
	}{
		{"cut in the middle", whole[:len(whole)/2], ErrTruncated},
		{"cut before the last brace", strings.TrimRight(whole, "}\n"), ErrTruncated},
		{"empty", "", ErrNotResult},
		{"not JSON", "chatbench: 1\n", ErrNotResult},
		{"JSON of something else", `{"results": []}`, ErrNotResult},
		{"a list", `[]`, ErrNotResult},
		{"broken in the middle", `{"schema": "chatbench.result/1", "run": }`, ErrNotResult},
		{"another document", `{"schema": "chatbench.capacity/1"}`, ErrNotResult},
		{"a later version", `{"schema": "chatbench.result/2"}`, ErrVersion},
		{"a field of the wrong type", `{"schema": "chatbench.result/1", "exit_code": "one"}`, ErrNotResult},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "r.json")
		if err := os.WriteFile(path, []byte(tt.data), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path)
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %v and the path", tt.why, err, tt.want)
		}
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: error %v, want fs.ErrNotExist", err)
	}
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("result.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("result.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestResultsFollowTheSchema(t *testing.T) {
	s := compiledSchema(t)
	results := map[string]*Result{"empty": {}, "merged": Merge(sample(t, 1), sample(t, 2))}
	for seed := range uint64(5) {
		results[string(rune('0'+seed))] = sample(t, seed)
	}
	for name, r := range results {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(encoded(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(instance); err != nil {
			t.Errorf("result %s does not follow the schema: %v", name, err)
		}
	}
}

func TestSchemaRefusesWhatIsNoResult(t *testing.T) {
	s := compiledSchema(t)
	for _, data := range []string{
		`{}`,
		strings.Replace(encoded(t, sample(t, 1)), `"opportunities"`, `"opportunitys"`, 1),
		strings.Replace(encoded(t, sample(t, 1)), `"chatbench.result/1"`, `"chatbench.result/9"`, 1),
	} {
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(instance) == nil {
			t.Errorf("the schema accepts %.80s", data)
		}
	}
}

func TestSchemaIsACopy(t *testing.T) {
	Schema()[0] = 'x'
	if !json.Valid(Schema()) {
		t.Error("a caller can change the schema")
	}
}

// FuzzDecode feeds anything to the reader: it gives an error or a result that can be written.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"schema":"chatbench.result/1","metrics":{"stages":[{"name":"a"}]}}`))
	f.Add([]byte(`{"schema":"chatbench.result/1","rules":[{"id":"ORD-01"}]}`))
	f.Add([]byte(`{"schema":"chatbench.result/1","metrics":{"stages":[{"latency":{"dial":null},"counters":{
		"exchanges":{"poll":null},"flows":{"a":null,"b":{"steps":{"1":null}}}}}],
		"timeline":{"resolution_s":2,"points":[{"latency":{"dial":null}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err != nil {
			return
		}
		if _, err := Encode(Merge(r, r)); err != nil {
			t.Errorf("a result that was read cannot be merged and written: %v; input %s", err, data)
		}
	})
}
