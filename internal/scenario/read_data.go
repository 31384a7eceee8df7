package scenario

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// table is a data file while it is read. Its problems are its own: they have its name and lines.
type table struct {
	*reader
	columns []string
	rows    [][]string
}

// mostRowProblems bounds the problems of one data file; after the tenth the next says nothing new.
const mostRowProblems = 10

// data reads the data section and the file it names.
func (r *reader) data(n *yaml.Node) *Data {
	d := &Data{}
	o := r.object("data", n)
	if o == nil {
		return d
	}
	file := o.need("file", "write data: {file: rows.csv}")
	set(o, "file", &d.File, filled)
	set(o, "pick", &d.Pick, choice([]string{"unique", "sequential", "random"}, Unique, Sequential, Random))
	o.close()
	if d.File == "" {
		return d
	}
	name, content, err := r.named(d.File, mostData)
	if err != nil {
		r.complain(file, "the path is relative to the scenario", "data: %s: %s", name, reason(err))
		return d
	}
	t := &table{reader: &reader{file: name}}
	t.read(strings.ToLower(filepath.Ext(name)), content)
	if len(t.problems) == 0 && len(t.rows) == 0 {
		t.complainAt(1, 1, "", "the data file has no rows")
	}
	r.problems = append(r.problems, t.problems[:min(len(t.problems), mostRowProblems)]...)
	d.Columns, d.Rows = t.columns, t.rows
	return d
}

func (t *table) read(suffix string, content []byte) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if at := invalidUTF8(content); at >= 0 {
		t.complainAt(1+bytes.Count(content[:at], []byte("\n")), 1, "save the file as UTF-8", "the data file is not UTF-8")
		return
	}
	switch suffix {
	case ".csv":
		t.csv(content)
	case ".jsonl", ".ndjson":
		t.json(content)
	default:
		t.complainAt(1, 1, "name it .csv, .jsonl or .ndjson", "the suffix %q is not known for data", suffix)
	}
}

// invalidUTF8 is where b stops being UTF-8, or -1.
func invalidUTF8(b []byte) int {
	for at := 0; at < len(b); {
		c, size := utf8.DecodeRune(b[at:])
		if c == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

// csv reads a header and rows of as many fields.
func (t *table) csv(content []byte) {
	c := csv.NewReader(bytes.NewReader(content))
	header, err := c.Read()
	if errors.Is(err, io.EOF) {
		t.complainAt(1, 1, "the first line names the columns", "the data file is empty")
		return
	}
	for err == nil || errors.Is(err, csv.ErrFieldCount) {
		switch {
		case t.columns == nil:
			t.header(header)
		case err != nil:
			line, column := c.FieldPos(0)
			t.complainAt(line, column, "", "the row has %d fields, the header %d", len(header), len(t.columns))
		default:
			t.rows = append(t.rows, header)
		}
		header, err = c.Read()
	}
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		t.complainAt(bad.Line, bad.Column, "", "not CSV: %v", bad.Err)
	}
}

// header takes the names of the columns.
func (t *table) header(names []string) {
	t.columns = []string{}
	for _, name := range names {
		name = strings.TrimSpace(name)
		switch {
		case name == "":
			t.complainAt(1, 1, "the first line names the columns", "a column has no name")
		case slices.Contains(t.columns, name):
			t.complainAt(1, 1, "", "the column %q comes twice", name)
		default:
			t.checkColumn(1, name)
		}
		t.columns = append(t.columns, name)
	}
}

func (t *table) checkColumn(line int, name string) {
	if slices.Contains(BuiltIn, name) {
		t.complainAt(line, 1, "rename it", "the column %q has the name of a built-in variable", name)
	}
	if strings.Contains(name, "}}") {
		t.complainAt(line, 1, "rename it", "the column %q cannot be used as {{variable}}", name)
	}
}

// record is one JSON object with its line.
type record struct {
	line   int
	values map[string]string
}

// json reads one flat object a line. The columns are the union of all keys.
func (t *table) json(content []byte) {
	var records []record
	for i, line := range bytes.Split(content, []byte("\n")) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		rec := record{line: i + 1, values: map[string]string{}}
		if err := t.fields(&rec, line); err != nil {
			t.complainAt(i+1, 1, `write {"order": "A-1", "amount": 3}`, "not a flat JSON object: %v", err)
		}
		records = append(records, rec)
	}
	if len(t.problems) > 0 {
		return
	}
	for _, rec := range records {
		row := make([]string, len(t.columns))
		for c, column := range t.columns {
			v, ok := rec.values[column]
			if !ok {
				t.complainAt(rec.line, 1, "every row needs every key", "the key %q is missing", column)
			}
			row[c] = v
		}
		t.rows = append(t.rows, row)
	}
}

// fields reads the keys of one line in order.
func (t *table) fields(rec *record, line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return errNoObject
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return cutShort(err)
		}
		value, err := d.Token()
		if err != nil {
			return cutShort(err)
		}
		if err := t.field(rec, key.(string), value); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return cutShort(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errMore
	}
	return nil
}

// cutShort says in words that a line ends within an object.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCutShort
	}
	return err
}

var (
	errCutShort = errors.New("the line ends within the object")
	errNoObject = errors.New("it does not begin with {")
	errMore     = errors.New("something comes after the object")
)

// field takes one key of a line.
func (t *table) field(rec *record, key string, value json.Token) error {
	if _, twice := rec.values[key]; twice {
		return fmt.Errorf("the key %q comes twice", key)
	}
	switch v := value.(type) {
	case string:
		rec.values[key] = v
	case json.Number:
		rec.values[key] = v.String()
	default:
		return fmt.Errorf("the value of %q is neither text nor number", key)
	}
	if !slices.Contains(t.columns, key) {
		t.checkColumn(rec.line, key)
		t.columns = append(t.columns, key)
	}
	return nil
}

// enoughRows checks that each customer can have a row of its own.
func (r *reader) enoughRows(s *Scenario, n *yaml.Node) {
	if most, rows := s.Load.most(), len(s.Data.Rows); rows > 0 && most > rows {
		r.complain(n, "add rows, or write pick: random or pick: sequential",
			"pick: unique needs a row for each of %d customers, the file has %d", most, rows)
	}
}
