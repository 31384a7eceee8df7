package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// FileName is what a result is called in a directory.
const FileName = "result.json"

// The reasons why a file is not a result.
var (
	ErrNotResult = errors.New("not a chatbench result")
	ErrVersion   = errors.New("another version")
	ErrTruncated = errors.New("the file is cut off")
)

// Document is a kind of file that this program writes and reads again: JSON that says in its field
// "schema" what it is, and of which version.
type Document[T any] struct {
	Schema string // such as "chatbench.result/1"
	Name   string // of the file in a folder
	Noun   string // such as "result file"
	Not    error  // of a file that is something else
}

var document = Document[Result]{Schema1, FileName, "result file", ErrNotResult}

// Save writes r to path, or to FileName in it when path is a directory. The file appears complete
// or not at all, see [WriteFile].
func Save(path string, r *Result) error {
	data, err := Encode(r)
	if err != nil {
		return err
	}
	if err := WriteFile(document.At(path), data); err != nil {
		return fmt.Errorf("saving the result: %w", err)
	}
	return nil
}

// WriteFile writes a file that appears complete or not at all: it is written beside its place,
// synced and renamed.
func WriteFile(path string, data []byte) (err error) {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, ".result-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(temp.Name())
		}
	}()
	if err := writeSynced(temp, data); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	syncDir(dir)
	return nil
}

// At is the file that a path stands for: itself, or the one of the usual name in a folder.
func (d *Document[T]) At(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, d.Name)
	}
	return path
}

func writeSynced(f *os.File, data []byte) error {
	_, err := f.Write(data)
	return errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
}

// syncDir makes the rename last. Systems that cannot sync a directory lose nothing by it.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// Encode is the JSON of r, with Schema set.
func Encode(r *Result) ([]byte, error) {
	versioned := *r
	versioned.Schema = Schema1
	data, err := json.MarshalIndent(&versioned, "", " ")
	if err != nil {
		return nil, fmt.Errorf("encoding the result: %w", err)
	}
	return append(data, '\n'), nil
}

// Load reads a result from a file, or from FileName in a directory. Errors name the path and wrap
// ErrNotResult, ErrVersion, ErrTruncated or what the system said.
func Load(path string) (*Result, error) { return document.Load(path) }

// Decode reads the JSON of a result. Errors wrap ErrNotResult, ErrVersion or ErrTruncated.
func Decode(data []byte) (*Result, error) { return document.Decode(data) }

// Load reads a document from where a path stands for. Errors name the file and wrap Not, ErrVersion,
// ErrTruncated or what the system said.
func (d *Document[T]) Load(path string) (*T, error) {
	path = d.At(path)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no %s at %s: %w", d.Noun, path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a %s: %w", d.Noun, err)
	}
	v, err := d.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

// Decode reads a document. Errors wrap Not, ErrVersion or ErrTruncated.
func (d *Document[T]) Decode(data []byte) (*T, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, d.explain(data, err)
	}
	kind, _, _ := strings.Cut(d.Schema, "/")
	switch is, _, _ := strings.Cut(head.Schema, "/"); {
	case head.Schema == "":
		return nil, fmt.Errorf("%w: it has no schema field", d.Not)
	case is != kind:
		return nil, fmt.Errorf("%w: its schema is %q", d.Not, head.Schema)
	case head.Schema != d.Schema:
		return nil, fmt.Errorf("%w: it says %q, this program reads %q", ErrVersion, head.Schema, d.Schema)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, d.explain(data, err)
	}
	return &v, nil
}

// explain tells a file that ends too early from one that is something else.
func (d *Document[T]) explain(data []byte, err error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var any json.RawMessage
	cut := dec.Decode(&any)
	begins := bytes.HasPrefix(bytes.TrimSpace(data), []byte("{"))
	if begins && errors.Is(cut, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w after %d bytes", ErrTruncated, len(data))
	}
	return fmt.Errorf("%w: %w", d.Not, err)
}
