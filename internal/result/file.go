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
)

// FileName is what a result is called in a directory.
const FileName = "result.json"

// The reasons why a file is not a result.
var (
	ErrNotResult = errors.New("not a chatbench result")
	ErrVersion   = errors.New("a result of another version")
	ErrTruncated = errors.New("the result is cut off")
)

// Save writes r to path, or to FileName in it when path is a directory. The file appears complete
// or not at all, see [WriteFile].
func Save(path string, r *Result) error {
	data, err := Encode(r)
	if err != nil {
		return err
	}
	if err := WriteFile(filePath(path), data); err != nil {
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

func filePath(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, FileName)
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
func Load(path string) (*Result, error) {
	path = filePath(path)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no result at %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("reading a result: %w", err)
	}
	r, err := Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Decode reads the JSON of a result. Errors wrap ErrNotResult, ErrVersion or ErrTruncated.
func Decode(data []byte) (*Result, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, explain(data, err)
	}
	switch {
	case head.Schema == "":
		return nil, fmt.Errorf("%w: it has no schema field", ErrNotResult)
	case head.Schema != Schema1:
		return nil, fmt.Errorf("%w: it says %q, this program reads %q", ErrVersion, head.Schema, Schema1)
	}
	var r Result
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, explain(data, err)
	}
	return &r, nil
}

// explain tells a file that ends too early from one that is something else.
func explain(data []byte, err error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	var any json.RawMessage
	cut := dec.Decode(&any)
	begins := bytes.HasPrefix(bytes.TrimSpace(data), []byte("{"))
	if begins && errors.Is(cut, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w after %d bytes", ErrTruncated, len(data))
	}
	return fmt.Errorf("%w: %w", ErrNotResult, err)
}
