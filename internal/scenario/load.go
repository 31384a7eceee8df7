package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Options is what a scenario is read with.
type Options struct {
	Env func(name string) (value string, ok bool) // for ${NAME}; nil: no variable is set

	// The names that exist elsewhere in the program. Names outside a list are a Problem; a nil
	// list is not checked against.
	Rules   []string // rule ids, for exercise, gate.off, gate.on and known failures
	Own     []string // of these, the rules for chatbench itself, which cannot be known failures
	Metrics []string // latency metrics, for gate.latency
	Errors  []string // error counters, for gate.errors
	Mutants []string // for tenant.mutants

	// Overrides by flags; 0: as the scenario says. They act before anything is checked that
	// depends on them.
	Customers int
	Duration  time.Duration
	Seed      uint64
	// Stages, when not nil, gives the stages to play instead of those of the scenario. They are of the
	// same model, and Customers and Duration change them as they would change those.
	Stages func(Load) []Stage
	// Elsewhere says that flags name a target, which the caller fills in: the scenario is read as
	// if it had a target section, so nothing is concluded from the embedded tenant's set-up.
	Elsewhere bool

	// Dir is what the files named in the scenario are relative to; "": the scenario's folder.
	Dir string
	// Open opens the files named in the scenario; nil: os.Open.
	Open func(file string) (io.ReadCloser, error)
}

// MaxFile is how many bytes a scenario may have.
const MaxFile = 4 << 20

const (
	mostData   = 256 << 20 // bytes of a data file
	mostUpload = 4 << 20   // bytes of a file to upload
)

// LoadFile reads, validates and completes a scenario. All problems are returned together as Problems;
// other errors mean that the file itself cannot be read.
func LoadFile(file string, opt Options) (*Scenario, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return Parse(file, data, opt)
}

// Parse is LoadFile for the content of a file with the given name. Its error is Problems.
func Parse(name string, data []byte, opt Options) (*Scenario, error) {
	r := newReader(name, data, opt)
	s := &Scenario{File: name, Hash: hash(data)}
	if root := r.document(data, "start with chatbench: 1"); root != nil {
		r.scenario(s, r.expand(root))
	}
	if len(r.problems) > 0 {
		return nil, r.problems.arranged(name)
	}
	return s, nil
}

// LoadTenant reads the set-up of the embedded tenant from a file that holds the keys of the tenant
// section and nothing else, or from the tenant section of a scenario, of which the rest is
// ignored. Errors are those of LoadFile.
func LoadTenant(file string, opt Options) (Tenant, error) {
	data, err := readFile(file)
	if err != nil {
		return Tenant{}, err
	}
	return parseTenant(file, data, opt)
}

func parseTenant(name string, data []byte, opt Options) (Tenant, error) {
	r := newReader(name, data, opt)
	t := DefaultTenant()
	if root := r.document(data, "write poll_hold: 5s, or another key of the tenant section"); root != nil {
		if section := tenantSection(root); section != nil {
			r.tenant(&t, r.expand(section))
		}
	}
	if len(r.problems) > 0 {
		return Tenant{}, r.problems.arranged(name)
	}
	return t, nil
}

// tenantSection is the tenant section of a scenario, nil when it has none, or root itself when
// that is not a scenario.
func tenantSection(root *yaml.Node) *yaml.Node {
	isScenario := false
	for i := 0; i+1 < len(root.Content) && root.Kind == yaml.MappingNode; i += 2 {
		switch root.Content[i].Value {
		case "tenant":
			return root.Content[i+1]
		case "chatbench", "flows", "load":
			isScenario = true
		}
	}
	if isScenario {
		return nil
	}
	return root
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	return readAll(f, MaxFile)
}

var errTooLarge = errors.New("too large")

// readAll reads and closes f, and refuses more than limit bytes.
func readAll(f io.ReadCloser, limit int64) ([]byte, error) {
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: more than %d MiB", errTooLarge, limit>>20)
	}
	return data, err
}

// named opens a file that the scenario names. It returns the name that messages use.
func (r *reader) named(file string, limit int64) (name string, data []byte, err error) {
	dir := r.opt.Dir
	if dir == "" {
		dir = filepath.Dir(r.file)
	}
	name = file
	if !filepath.IsAbs(file) {
		name = filepath.Join(dir, file)
	}
	open := r.opt.Open
	if open == nil {
		open = func(file string) (io.ReadCloser, error) { return os.Open(file) }
	}
	f, err := open(name)
	if err != nil {
		return name, nil, err
	}
	data, err = readAll(f, limit)
	return name, data, err
}

// reason is the part of a file error that does not repeat the file's name.
func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}
