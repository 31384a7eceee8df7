package scenario

import (
	"bytes"
	_ "embed" // for the schema
)

//go:embed scenario.schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of scenario files, for editors. It knows the keys and
// the forms of values; what holds between different parts of a file is known to Parse alone.
func Schema() []byte { return bytes.Clone(schema) }
