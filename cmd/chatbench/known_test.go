package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestReplace wants a file to be replaced where it lies, with the rights it has.
func TestReplace(t *testing.T) {
	for _, tt := range []struct {
		why  string
		make func(file, link string) error
		mode fs.FileMode
	}{
		{"a new file", func(string, string) error { return nil }, 0o644},
		{"one that is there", func(_, link string) error { return os.WriteFile(link, nil, 0o600) }, 0o600},
		{"behind a symbolic link", func(file, link string) error {
			if err := os.WriteFile(file, nil, 0o640); err != nil {
				return err
			}
			return os.Symlink(file, link)
		}, 0o640},
	} {
		file, link := filepath.Join(t.TempDir(), "known.yaml"), filepath.Join(t.TempDir(), "link.yaml")
		if err := tt.make(file, link); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(link) // nil: there is none
		if err := replace(link, []byte("known: []\n")); err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		after, err := os.Lstat(link)
		if err != nil || before != nil && before.Mode().Type() != after.Mode().Type() {
			t.Errorf("%s: %v, error %v; was %v", tt.why, after, err, before)
		}
		if info, err := os.Stat(link); err != nil || info.Mode().Perm() != tt.mode || contents(t, link) != "known: []\n" {
			t.Errorf("%s: %v with %q, error %v; want mode %v", tt.why, info, contents(t, link), err, tt.mode)
		}
	}
}
