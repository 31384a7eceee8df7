package scenario

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// KnownFailure is an entry of a known-failure file: a rule that is expected to fail for now.
type KnownFailure struct {
	Rule     string
	Scenario string // name of the scenario it is about; "": any
	Reason   string // why it fails; never empty in a file
	Link     string // an address where it is dealt with, or ""
	Until    string // last day on which it may fail, such as "2027-03-01", or "": no end

	File string // where the entry is, as named by the user
	Line int    // from 1
}

// About reports whether the entry is about a rule of a scenario.
func (k *KnownFailure) About(rule, scenario string) bool {
	return k.Rule == rule && (k.Scenario == "" || k.Scenario == scenario)
}

// Place is where the entry is written, such as "known.yaml:2".
func (k *KnownFailure) Place() string { return fmt.Sprintf("%s:%d", k.File, k.Line) }

// Day writes a moment as [KnownFailure.Until] has it, so that days can be compared as texts.
func Day(t time.Time) string { return t.Format(time.DateOnly) }

// LoadKnown reads a known-failure file. All problems are returned together as Problems; other
// errors mean that the file itself cannot be read.
func LoadKnown(file string, opt Options) ([]KnownFailure, error) {
	data, err := readFile(file)
	if err != nil {
		return nil, err
	}
	return ParseKnown(file, data, opt)
}

// ParseKnown is LoadKnown for the content of a file with the given name. Its error is Problems. A
// file that lists nothing is fine.
func ParseKnown(name string, data []byte, opt Options) ([]KnownFailure, error) {
	r := newReader(name, data, opt)
	list := r.knownFailures(data)
	if len(r.problems) > 0 {
		return nil, r.problems.arranged(name)
	}
	return list, nil
}

// knownFile reads the file that gate.known names; its problems have its name and lines.
func (r *reader) knownFile(n *yaml.Node) []KnownFailure {
	file, ok := value(r, "known", n, filled)
	if !ok {
		return nil
	}
	name, data, err := r.named(file, MaxFile)
	if err != nil {
		r.complain(n, "the path is relative to the scenario", "known: %s: %s", name, reason(err))
		return nil
	}
	inner := newReader(name, data, r.opt)
	list := inner.knownFailures(data)
	r.problems = append(r.problems, inner.problems...)
	return list
}

// knownHint shows what a known-failure file looks like.
const knownHint = "write known: [{rule: DSC-03, reason: why it fails}]"

// knownFailures reads the document as a whole.
func (r *reader) knownFailures(data []byte) []KnownFailure {
	root := r.document(data, knownHint)
	if root == nil {
		return nil
	}
	o := r.object("the known-failure file", r.expand(root))
	if o == nil {
		return nil
	}
	var list []KnownFailure
	if n := o.need("known", knownHint); n != nil && !isNull(n) { // "known:" with nothing behind it lists nothing
		for _, item := range r.items("known", n) {
			list = append(list, r.knownFailure(item))
		}
	}
	o.close()
	r.twice(list)
	return list
}

func (r *reader) knownFailure(n *yaml.Node) KnownFailure {
	k := KnownFailure{File: r.file, Line: n.Line}
	o := r.object("an entry", n)
	if o == nil {
		return k
	}
	o.need("rule", "write rule: DSC-03")
	o.need("reason", "say why it fails, for whoever reads the report")
	set(o, "rule", &k.Rule, r.listable)
	set(o, "scenario", &k.Scenario, filled)
	set(o, "reason", &k.Reason, filled)
	set(o, "link", &k.Link, webAddress)
	set(o, "until", &k.Until, date)
	o.close()
	return k
}

// listable reads the id of a rule that the tenant can break.
func (r *reader) listable(s string) (string, *fault) {
	id, f := r.ruleID(s)
	if f == nil && slices.Contains(r.opt.Own, id) {
		return "", faultf("please report it", "%s is a rule for chatbench itself; breaking it is a bug and never a known failure", id)
	}
	return id, f
}

func webAddress(s string) (string, *fault) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", faultf("write it like https://tracker.example.com/4711", "%q is not a web address", s)
	}
	return s, nil
}

func date(s string) (string, *fault) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", faultf("write it like 2027-03-01", "%q is not a day", s)
	}
	return s, nil
}

// twice complains about entries for the same rule and scenario.
func (r *reader) twice(list []KnownFailure) {
	lines := map[[2]string]int{}
	for _, k := range list {
		at := [2]string{k.Rule, k.Scenario}
		if line := lines[at]; line > 0 && k.Rule != "" {
			r.complainAt(k.Line, 1, fmt.Sprintf("the first one begins in line %d", line), "%s is listed twice for %s", k.Rule,
				cmp.Or(k.Scenario, "any scenario"))
			continue
		}
		lines[at] = k.Line
	}
}

// EditKnown takes entries out of a known-failure file and puts others in at its end. Entries are
// taken out by their lines. What stays keeps its order and its comments; empty data begins a new
// file. The error is Problems when data is not a known-failure file, and otherwise about what is
// wrong with an entry to put in.
func EditKnown(name string, data []byte, remove []int, add []KnownFailure) ([]byte, error) {
	for i := range add {
		if err := add[i].check(); err != nil {
			return nil, err
		}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("known: []\n")
	}
	if _, err := ParseKnown(name, data, Options{}); err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	list := knownList(doc.Content[0])
	list.Content = slices.DeleteFunc(list.Content, func(n *yaml.Node) bool { return slices.Contains(remove, n.Line) })
	for i := range add {
		list.Content = append(list.Content, add[i].node())
	}
	list.Style = 0 // one entry below the other; an empty list is written [] all the same
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&doc); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// check says what a file would not be read with.
func (k *KnownFailure) check() error {
	var f *fault
	switch _, bad := filled(k.Reason); {
	case bad != nil:
		return errors.New("the reason is missing")
	case k.Link != "":
		_, f = webAddress(k.Link)
	}
	if f == nil && k.Until != "" {
		_, f = date(k.Until)
	}
	if f == nil {
		return nil
	}
	return fmt.Errorf("%s (%s)", f.message, f.hint)
}

// knownList is the list of entries, made one where a single entry or nothing is in its place.
func knownList(root *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(root.Content); i += 2 {
		n := root.Content[i+1]
		if root.Content[i].Value != "known" || n.Kind == yaml.SequenceNode {
			continue
		}
		list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		if n.Kind == yaml.MappingNode {
			list.Content = []*yaml.Node{n}
		}
		root.Content[i+1] = list
	}
	return root.Content[1]
}

// node is the entry as YAML.
func (k *KnownFailure) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for _, pair := range [][2]string{
		{"rule", k.Rule}, {"scenario", k.Scenario}, {"reason", k.Reason}, {"link", k.Link}, {"until", k.Until},
	} {
		if pair[1] == "" {
			continue
		}
		text := new(yaml.Node)
		text.SetString(strings.ReplaceAll(pair[1], "${", "$${")) // which would be taken for a variable
		if pair[0] == "until" {
			text.Tag = "!!timestamp" // so that no quotes are put around it
		}
		n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: pair[0]}, text)
	}
	return n
}

// Suggest makes the hint for a name that is not known: the nearest known one, or all of them.
func Suggest(name string, known []string) string { return suggest(name, known) }
