package har

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
)

// ErrNoConversation means that a recording has nothing that could become a flow.
var ErrNoConversation = errors.New("no conversation in the recording")

// DraftOptions say what of a recording becomes a scenario, what that is called and where its files may
// be.
type DraftOptions struct {
	Source   string // name of the recording, for the reader
	Name     string // of the scenario; also the beginning of the names of its files
	Customer int    // index in Recording.Customers; -1: all of them
	Files    bool   // files may be written beside the scenario; if not, it does without
}

// Drafted is a scenario and what belongs to it.
type Drafted struct {
	Scenario      []byte
	Files         []DraftFile // beside the scenario
	Notes         []Note
	Conversations int
	Flows         int
}

// DraftFile is a file that the scenario names.
type DraftFile struct {
	Name string
	Data []byte
}

// Draft turns the recording into a scenario. Errors are ErrNoConversation, with a Drafted whose notes say
// what was there instead, and those of reading the file.
func (r *Recording) Draft(opt DraftOptions) (*Drafted, error) {
	var d draft
	for x, err := range r.Exchanges() {
		if err != nil {
			return nil, err
		}
		if d.learn(x); opt.Customer < 0 || x.Customer == opt.Customer {
			d.add(x)
		}
	}
	for _, c := range r.About.Unjudged {
		if recognise(&url.URL{Path: c.What}).path != "" {
			continue // an exchange like the others
		}
		for range c.N {
			d.note(-1, "%s: a scenario has no step for it", lastName(c.What))
		}
	}
	return d.scenario(opt)
}

// scenario writes what was added as a scenario.
func (d *draft) scenario(opt DraftOptions) (*Drafted, error) {
	var talks []*talk
	for user := range d.users {
		talks = append(talks, d.talks(user)...)
	}
	out := &Drafted{Conversations: len(talks)}
	if len(talks) == 0 {
		out.Notes = d.noted()
		return out, ErrNoConversation
	}
	flows := joined(talks)
	out.Flows = len(flows)
	for _, f := range d.files {
		if !f.used {
			d.note(f.entry, "an uploaded file that no message points to; left out")
		}
	}
	out.Files = d.uploads(flows, opt)
	if rows := d.rows(flows, opt); rows != nil {
		out.Files = append(out.Files, DraftFile{Name: opt.Name + ".csv", Data: csvOf(rows)})
	}
	set := d.tenant(flows)
	out.Notes = d.noted()
	p := &page{variables: opt.Files, source: opt.Source}
	d.write(p, flows, set, out, opt)
	out.Scenario = p.Bytes()
	return out, nil
}

// joined puts conversations that took the same steps together.
func joined(talks []*talk) []*talk {
	var flows []*talk
	known := map[string]*talk{}
	for _, t := range talks {
		shape := t.shape()
		if first := known[shape]; first != nil {
			first.join(t)
			continue
		}
		known[shape] = t
		flows = append(flows, t)
	}
	return flows
}

// fileTypes are the types that a scenario can upload, by what they are called in a recording.
var fileTypes = map[string]string{"jpg": "jpg", "jpeg": "jpeg", "png": "png", "bmp": "bmp", "bpm": "bmp", "mp3": "mp3", "aac": "aac", "mp4": "mp4",
	"txt": "txt", "csv": "csv"}

// uploads names the files that flows upload, each once.
func (d *draft) uploads(flows []*talk, opt DraftOptions) []DraftFile {
	var files []DraftFile
	for _, t := range flows {
		for i := range t.steps {
			f := t.steps[i].file
			if f == nil || f.data == nil || f.name != "" {
				continue
			}
			suffix := fileTypes[f.fileType]
			switch {
			case suffix == "":
				d.note(t.steps[i].entry, "an uploaded file of type %s, which a scenario cannot upload; a made file takes its place", plainName(f.fileType))
			case !opt.Files:
				d.note(t.steps[i].entry, "the uploaded file has no place on standard output; a made file takes its place, or give --out FILE")
			default:
				f.name = d.fileName(files, f, fmt.Sprintf("%s-%d.%s", opt.Name, len(files)+1, suffix))
				if !slices.ContainsFunc(files, func(x DraftFile) bool { return x.Name == f.name }) {
					files = append(files, DraftFile{Name: f.name, Data: f.data})
				}
			}
		}
	}
	return files
}

// fileName is the name of a file that is there already with the same content, or the new one.
func (d *draft) fileName(files []DraftFile, f *sentFile, name string) string {
	for _, x := range files {
		if string(x.Data) == string(f.data) && strings.HasSuffix(x.Name, name[strings.LastIndexByte(name, '.'):]) {
			return x.Name
		}
	}
	return name
}

// rows are the data of the conversations, one row for each that has any, behind the names of the
// columns; nil when there are none. A column that a conversation does not have takes the values of
// those that have it, in turn.
func (d *draft) rows(flows []*talk, opt DraftOptions) [][]string {
	var columns []string
	var vaults []*vault
	for _, t := range flows {
		for _, v := range t.vaults {
			if len(v.order) > 0 {
				vaults = append(vaults, v)
			}
			for _, name := range v.order {
				if !slices.Contains(columns, name) {
					columns = append(columns, name)
				}
			}
		}
	}
	d.tellVariables(flows, opt)
	if len(columns) == 0 || !opt.Files {
		return nil
	}
	rows := [][]string{columns}
	for range vaults {
		rows = append(rows, make([]string, len(columns)))
	}
	for c, name := range columns {
		fill(rows[1:], c, name, vaults)
	}
	return rows
}

// fill writes a column.
func fill(rows [][]string, c int, name string, vaults []*vault) {
	var values []string
	for _, v := range vaults {
		if value, ok := v.values[name]; ok {
			values = append(values, value)
		}
	}
	for i, v := range vaults {
		rows[i][c] = values[i%len(values)]
		if own, ok := v.values[name]; ok {
			rows[i][c] = own
		}
	}
}

// tellVariables notes what was taken for somebody's own.
func (d *draft) tellVariables(flows []*talk, opt DraftOptions) {
	for _, t := range flows {
		for i := range t.steps {
			s := &t.steps[i]
			for _, p := range slices.Concat(s.text, s.data) {
				for n := 0; p.variable != "" && n < t.count; n++ {
					d.tellVariable(s.entry, p.variable, opt)
				}
			}
		}
	}
}

func (d *draft) tellVariable(entry int, name string, opt DraftOptions) {
	kind := strings.TrimRight(name, "_0123456789")
	recorded := kind == "order" || kind == "number"
	switch {
	case name == "user":
		d.note(entry, "%s in a text became {{user}}", privateWords[kind])
	case opt.Files && recorded:
		d.note(entry, "%s in a text became the column {{%s}}, with its values as recorded", privateWords[kind], name)
	case opt.Files:
		d.note(entry, "%s in a text became the column {{%s}}, with made-up values: put in some that your tenant knows", privateWords[kind], name)
	case recorded:
		d.note(entry, "%s in a text is left as recorded; with --out FILE it becomes a column of a data file", privateWords[kind])
	default:
		d.note(entry, "%s in a text was replaced by a made-up one; with --out FILE it becomes a column of a data file", privateWords[kind])
	}
}

// setup is what the embedded tenant needs so that the flows can be played. It is one for all of them.
type setup struct {
	noRobot  bool
	keywords []string // nil: the default ones
	chats    int
	media    []string
	silence  time.Duration
}

// tenant finds it out, and makes optional what no set-up brings about.
func (d *draft) tenant(flows []*talk) *setup {
	s := setup{keywords: keywords(flows), chats: chats(flows), media: mediaOf(flows)}
	robot := slices.ContainsFunc(flows, func(t *talk) bool { return t.robot })
	s.noRobot = !robot && slices.ContainsFunc(flows, func(t *talk) bool { return t.direct })
	for _, t := range flows {
		s.silence = max(s.silence, t.silence)
	}
	if longestThink(flows)+leastSilence/2 > s.silence {
		s.silence = 0
	}
	for _, t := range flows {
		d.soften(t, &s)
	}
	return &s
}

// keywords are what customers said to be handed over, unless a robot answered somebody else who said
// the same.
func keywords(flows []*talk) []string {
	var asked, words []string
	for _, t := range flows {
		asked = append(asked, t.asked...)
	}
	for _, t := range flows {
		if t.keyword != "" && !slices.Contains(asked, t.keyword) && !slices.Contains(words, t.keyword) {
			words = append(words, t.keyword)
		}
	}
	defaults := scenario.DefaultTenant().Robot.Keywords
	if len(words) == 0 && slices.ContainsFunc(defaults, func(k string) bool { return slices.Contains(asked, k) }) {
		return []string{}
	}
	return words
}

// chats is after how many answers agents hang up, which must suit all flows: 0 is never.
func chats(flows []*talk) int {
	most, told := 0, 0
	for _, t := range flows {
		most, told = max(most, t.chats), max(told, t.told)
	}
	if told > most {
		return 0
	}
	return most
}

// mediaOf are the kinds of files that customers got.
func mediaOf(flows []*talk) []string {
	media := map[string]bool{}
	for _, t := range flows {
		for i := range t.steps {
			if s := &t.steps[i]; s.action == "expect" && s.media != "" {
				media[s.media] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(media))
}

// longestThink is the longest pause of a customer.
func longestThink(flows []*talk) time.Duration {
	var longest time.Duration
	for _, t := range flows {
		for i := range t.steps {
			if t.steps[i].action == "think" {
				longest = max(longest, slices.Max(t.steps[i].times))
			}
		}
	}
	return longest
}

// soften makes the expectations optional that the embedded tenant would not meet.
func (d *draft) soften(t *talk, set *setup) {
	reached := t.direct && set.noRobot || t.keyword != "" && slices.Contains(set.keywords, t.keyword) ||
		slices.ContainsFunc(t.steps, func(s draftStep) bool { return s.action == "handover" })
	for i := range t.steps {
		if s := &t.steps[i]; s.action == "expect" && !set.meets(t, s, reached) {
			s.optional = true
			d.note(s.entry, "what came here is nothing that the embedded tenant can be set up for; the expectation is optional")
		}
	}
}

// meets reports whether an expectation of a flow is surely met, in which an agent is reached or not.
func (set *setup) meets(t *talk, s *draftStep, reached bool) bool {
	switch {
	case s.odd:
		return false
	case !s.dropped:
		return reached || s.from != aicc.FromAgent
	case t.chats > 0:
		return reached && t.chats == set.chats
	}
	return t.silence > 0 && set.silence > 0 && s.patience() > set.silence+leastSilence/2
}
