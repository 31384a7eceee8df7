package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// side is one of the two trees.
type side struct {
	name     string            // a short commit, or "here"
	root     string            // of the module
	binaries map[string]string // test binaries by folder
	figures  bytes.Buffer      // what the benchmarks wrote
}

// comparison is of two sides, the merge base first.
type comparison struct {
	settings
	dir    string // for binaries and figures
	sides  [2]*side
	same   []string // folders whose binaries are equal
	stderr io.Writer
}

// build makes the test binaries of every folder with benchmarks. What does not compile at the merge
// base is left out there; here it is an error.
func (c *comparison) build(ctx context.Context) error {
	for i, s := range c.sides {
		folders, err := benchmarks(s.root)
		if err != nil {
			return err
		}
		s.binaries = map[string]string{}
		for _, folder := range folders {
			binary := filepath.Join(c.dir, fmt.Sprintf("%d-%s.test", i, strings.ReplaceAll(folder, "/", "-")))
			err := compile(ctx, s.root, folder, binary)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err == nil:
				s.binaries[folder] = binary
			case s == c.sides[0]:
				fmt.Fprintf(c.stderr, "against: left out at %s: %v\n", s.name, err)
			default:
				return err
			}
		}
	}
	return c.skipSame()
}

// benchmarks gives the folders below root that have any, in the order of their names.
func benchmarks(root string) ([]string, error) {
	var folders []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte("\nfunc Benchmark")) {
			folder, _ := filepath.Rel(root, filepath.Dir(path)) // it is below it
			folders = append(folders, filepath.ToSlash(folder))
		}
		return err
	})
	slices.Sort(folders)
	return slices.Compact(folders), err
}

// compile builds a test binary. Without paths in it, the two sides share the build cache, and equal
// sources make equal binaries.
func compile(ctx context.Context, root, folder, binary string) error {
	out, err := child(ctx, root, "go", "test", "-c", "-trimpath", "-o", binary, "./"+folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go test -c ./%s: %w\n%s", folder, err, bytes.TrimSpace(out))
	}
	return nil
}

// skipSame takes out what is the same program on both sides: a difference would be chance.
func (c *comparison) skipSame() error {
	base, head := c.sides[0].binaries, c.sides[1].binaries
	for _, folder := range slices.Sorted(maps.Keys(head)) {
		if base[folder] == "" {
			continue
		}
		before, err := os.ReadFile(base[folder])
		if err != nil {
			return err
		}
		now, err := os.ReadFile(head[folder])
		if err != nil {
			return err
		}
		if bytes.Equal(before, now) {
			c.same = append(c.same, folder)
			delete(base, folder)
			delete(head, folder)
		}
	}
	return nil
}

// run plays the rounds, the sides in turn within each folder, and says how many there were.
func (c *comparison) run(ctx context.Context) (rounds int, err error) {
	began := time.Now()
	var longest time.Duration
	for rounds < c.rounds && (rounds == 0 || time.Since(began)+longest < c.time) {
		start := time.Now()
		for _, folder := range c.folders() {
			for _, s := range c.sides {
				if err := c.once(ctx, s, folder); err != nil {
					return rounds, err
				}
			}
		}
		rounds, longest = rounds+1, max(longest, time.Since(start))
	}
	return rounds, nil
}

// folders are those that either side has.
func (c *comparison) folders() []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(c.sides[0].binaries)), maps.Keys(c.sides[1].binaries))
	slices.Sort(all)
	return slices.Compact(all)
}

// hung is when a binary is given up.
const hung = "30s"

// once runs the benchmarks of a folder, if a side has it. A side whose benchmarks fail is told and
// not run again; what it has measured stays.
func (c *comparison) once(ctx context.Context, s *side, folder string) error {
	binary := s.binaries[folder]
	if binary == "" {
		return nil
	}
	cmd := child(ctx, filepath.Join(s.root, folder), binary, "-test.run=^$", "-test.bench=.", "-test.benchmem",
		"-test.benchtime="+c.benchtime.String(), "-test.timeout="+hung)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		delete(s.binaries, folder)
		fmt.Fprintf(c.stderr, "against: benchmarks of %s at %s: %v\n%s", folder, s.name, err, out.Bytes())
	}
	s.figures.Write(out.Bytes())
	return nil
}

// benchstat gives the tables: one for each unit, a row for each benchmark that either side has.
func (c *comparison) benchstat(ctx context.Context) ([]byte, error) {
	// Of some fifty figures one in twenty would be called different by chance, at the usual alpha.
	args := []string{"tool", "benchstat", "-alpha", "0.01", "-row", "pkg,.fullname"}
	for i, s := range c.sides {
		file := filepath.Join(c.dir, fmt.Sprintf("%d.txt", i))
		if err := os.WriteFile(file, s.figures.Bytes(), 0o600); err != nil {
			return nil, err
		}
		args = append(args, s.name+"="+file)
	}
	cmd := child(ctx, c.tools, "go", args...)
	var tables, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &tables, &said
	err := cmd.Run()
	if err != nil || tables.Len() == 0 { // it does not fail when it has failed
		return nil, fmt.Errorf("go tool benchstat: no tables, error %v: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	return tables.Bytes(), nil
}
