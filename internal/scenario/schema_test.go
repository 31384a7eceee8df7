package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("scenario.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("scenario.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// instance turns YAML into what an editor checks against a schema.
func instance(data []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(data, &v); err != nil {
		return nil, err
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(text))
}

// accepts reports why the schema refuses data, or nil.
func accepts(schema *jsonschema.Schema, data []byte) error {
	v, err := instance(data)
	if err != nil {
		return err
	}
	return schema.Validate(v)
}

// TestShipped checks every scenario that ships.
func TestShipped(t *testing.T) {
	compiled := compiledSchema(t)
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("got %d shipped scenarios, %v, want at least 8", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(data, []byte("# ")) {
			t.Errorf("%s does not begin with a comment on what it shows", file)
		}
		if err := accepts(compiled, data); err != nil {
			t.Errorf("%s: the schema refuses it: %v", file, err)
		}
		s, err := LoadFile(file, Options{})
		if err != nil {
			t.Errorf("%s:\n%v", file, err)
			continue
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".yaml"); s.Name != want || s.Target != nil || s.About == "" {
			t.Errorf("%s: got name %q, about %q, target %v, want the file's name, a sentence, the embedded tenant", file, s.Name, s.About, s.Target)
		}
	}
}

func TestSchemaAcceptsEverything(t *testing.T) {
	data, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := accepts(compiledSchema(t), data); err != nil {
		t.Errorf("the schema refuses everything.yaml: %v", err)
	}
}

// beyondSchema are the bad inputs, by the words before the colon, that a schema cannot refuse:
// what they have wrong is in YAML itself, in another file, or in what two parts say together.
var beyondSchema = []string{
	"two documents", "tag", "environment", "literal default secret", "escaped secret", "port", "certificate file",
	"hours without length", "same stage name", "late warm-up", "only warm-up", "level 0", "both models",
	"settings of the other model", "spread of arrivals", "mix does not add up", "mix of unknown flows", "mix leaves a flow out",
	"no connect", "second connect", "unreachable", "end in a repeat", "variables of data",
	"expectations nobody can meet", "target without a robot",
	"data gone.csv", "data empty.csv", "data header.csv", "data unnamed.csv", "data ragged.csv", "data quote.csv", "data gbk.csv",
	"data rows.txt", "data array.jsonl", "data nested.jsonl", "data missing.jsonl", "data trailing.jsonl", "data broken.ndjson",
	"unique rows", "unique rows for arrivals", "poll timeout", "known gone", "abort on fail at once",
}

// TestSchemaRefuses checks that the schema and the parser agree on the bad inputs as far as a
// schema can.
func TestSchemaRefuses(t *testing.T) {
	compiled := compiledSchema(t)
	refused := 0
	for _, in := range badInputs(t) {
		name, _, _ := strings.Cut(in.name, ":")
		beyond := slices.Contains(beyondSchema, name)
		err := accepts(compiled, []byte(in.yaml))
		switch {
		case err == nil && !beyond:
			t.Errorf("%s: the schema accepts\n%s", in.name, in.yaml)
		case err != nil && beyond:
			t.Errorf("%s: the schema refuses it, so it does not belong into beyondSchema: %v", in.name, err)
		case err != nil:
			refused++
		}
	}
	if refused < 40 {
		t.Errorf("the schema refuses %d bad inputs, want at least 40", refused)
	}
}

// schemaNode is the part of a schema that holds keys.
type schemaNode struct {
	Description string
	Properties  map[string]json.RawMessage
	Defs        map[string]json.RawMessage `json:"$defs"`
	AnyOf       []json.RawMessage          `json:"anyOf"`
	Items       json.RawMessage            `json:"items"`
}

// keysOf collects the keys of every object in a schema, by the names on the way to it.
func keysOf(t *testing.T, path string, raw json.RawMessage, into map[string][]string) {
	t.Helper()
	var n schemaNode
	if json.Unmarshal(raw, &n) != nil {
		return // true or false
	}
	if len(n.Properties) > 0 {
		into[path] = slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(into[path], maps.Keys(n.Properties)))))
	}
	for _, m := range []map[string]json.RawMessage{n.Properties, n.Defs} {
		for key, sub := range m {
			keysOf(t, strings.TrimPrefix(path+"."+key, "."), sub, into)
		}
	}
	for _, sub := range n.AnyOf {
		keysOf(t, path, sub, into)
	}
}

// TestSchemaKeys compares the keys of every mapping with those that the parser says are allowed.
func TestSchemaKeys(t *testing.T) {
	inSchema := map[string][]string{}
	keysOf(t, "", Schema(), inSchema)
	const top = "chatbench: 1\nload: {customers: 1, for: 1s}\n"
	const flow = top + "flows:\n  a:\n    - connect: hi\n    - "
	for path, in := range map[string]string{
		"":                    top + "flows: {a: [{connect: hi}]}\n%s: 1",
		"target":              top + "target: {%s: 1}",
		"poll":                top + "poll: {%s: 1}",
		"data":                top + "data: {%s: 1}",
		"gate":                top + "gate: {%s: 1}",
		"gate.abort_on_fail":  top + "gate: {abort_on_fail: {%s: 1}}",
		"tenant":              top + "tenant: {%s: 1}",
		"tenant.robot":        top + "tenant: {robot: {%s: 1}}",
		"tenant.agents":       top + "tenant: {agents: {%s: 1}}",
		"tenant.agents.media": top + "tenant: {agents: {media: {%s: 1}}}",
		"tenant.queue":        top + "tenant: {queue: {%s: 1}}",
		"stage":               "chatbench: 1\nload: {%s: 1}",
		"step":                flow + "{%s: 1, repeat: 2, steps: [{think: 1s}]}",
		"step.connect":        top + "flows: {a: [{connect: {%s: 1}}]}",
		"step.expect":         flow + "expect: {%s: 1}",
		"step.upload":         flow + "upload: {%s: 1}",
		"dist":                top + "between: {%s: 1}",
		"dist.lognormal":      top + "between: {lognormal: {%s: 1}}",
	} {
		_, err := Parse("a.yaml", []byte(fmt.Sprintf(in, "qqqqqqqqqqqqqqqqqqqqqqqq")), Options{})
		m := regexp.MustCompile(`unknown key "q+" in [^(]* \(allowed: (.*)\)`).FindStringSubmatch(fmt.Sprint(err))
		if m == nil {
			t.Errorf("%s: no list of allowed keys in: %v", path, err)
			continue
		}
		if diff := cmp.Diff(inSchema[path], strings.Split(m[1], ", ")); diff != "" {
			t.Errorf("%q: keys (-schema +parser):\n%s", path, diff)
		}
		delete(inSchema, path)
	}
	for path, keys := range inSchema {
		t.Errorf("%q: keys %v of the schema are compared with nothing", path, keys)
	}
}

// TestSchemaDescriptions checks that an editor has something to show for every key.
func TestSchemaDescriptions(t *testing.T) {
	var missing []string
	var walk func(path string, raw json.RawMessage)
	walk = func(path string, raw json.RawMessage) {
		var n schemaNode
		if json.Unmarshal(raw, &n) != nil {
			return
		}
		for key, sub := range n.Properties {
			var s schemaNode
			if json.Unmarshal(sub, &s) == nil && s.Description == "" && !bytes.Contains(sub, []byte("#/$defs/tenant")) {
				missing = append(missing, path+"."+key)
			}
			walk(path+"."+key, sub)
		}
		for key, sub := range n.Defs {
			walk(key, sub)
		}
		for _, sub := range n.AnyOf {
			walk(path, sub)
		}
	}
	walk("", Schema())
	if len(missing) > 0 {
		t.Errorf("keys without a description: %v", missing)
	}
}
