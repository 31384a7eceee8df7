package har

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/mattn/go-runewidth"
	"gopkg.in/yaml.v3"

	"chatbench/internal/aicc"
)

// page is the text of a scenario while it is written.
type page struct {
	bytes.Buffer
	variables bool // there is a data file
	source    string
}

func (p *page) linef(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// remarkAt is the column of the remarks behind steps.
const remarkAt = 60

// step writes a line with a remark behind it.
func (p *page) step(text, remark string) {
	p.WriteString(text)
	if remark != "" {
		p.WriteString(strings.Repeat(" ", max(remarkAt-runewidth.StringWidth(text), 2)) + "# " + remark)
	}
	p.WriteByte('\n')
}

// comment writes lines of at most so many columns, those behind the first with an indentation of
// their own.
func (p *page) comment(indent, hanging, text string) {
	const width = 110
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && runewidth.StringWidth(line+" "+word) > width {
			p.linef("%s# %s", indent, line)
			line = hanging
		} else if line != "" {
			line += " "
		}
		line += word
	}
	p.linef("%s# %s", indent, line)
}

var simpleText = regexp.MustCompile(`^\p{L}[\p{L}\p{N} .,!?;()/+=_'，。！？；（）、-]*$`)

// scalar writes a text as YAML: as it stands where that is surely the same text, between quotes
// otherwise. Go's escapes are YAML's, too.
func scalar(s string) string {
	var plain any
	if simpleText.MatchString(s) && !strings.HasSuffix(s, " ") && yaml.Unmarshal([]byte(s), &plain) == nil && plain == any(s) {
		return s
	}
	return strconv.Quote(s)
}

// literal writes a name of a scenario or of a file, which has no variables.
func literal(s string) string { return scalar(escapeVariables(s)) }

// printable is a name as it may stand in a comment.
func printable(s string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, " "))
	return strings.Join(strings.Fields(clean), " ")
}

// block reports whether a text of several lines can stand as it is below its key.
func block(s string) bool {
	if !strings.Contains(s, "\n") {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		odd := strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) })
		if odd || line == "" || strings.HasPrefix(line, " ") || strings.HasSuffix(line, " ") {
			return false
		}
	}
	return true
}

// text writes a key with a text below a step.
func (p *page) text(head, indent string, parts []part, remark string) {
	s := template(parts, p.variables)
	if !block(s) {
		p.step(head+" "+scalar(s), remark)
		return
	}
	p.step(head+" |-", remark)
	for line := range strings.SplitSeq(s, "\n") {
		p.linef("%s%s", indent, line)
	}
}

// flow writes a talk as a flow.
func (p *page) flow(name, about string, t *talk) {
	p.comment("  ", "", about)
	p.linef("  %s:", name)
	for i := range t.steps {
		p.flowStep(&t.steps[i])
	}
}

func (p *page) flowStep(s *draftStep) {
	remark := s.remark
	if s.entry >= 0 && s.action != "think" && s.action != "expect" {
		remark = strings.TrimSuffix(fmt.Sprintf("entry %d; %s", s.entry, remark), "; ")
	}
	switch s.action {
	case "connect":
		p.connect(s, remark)
	case "say":
		p.text("    - say:", "        ", s.text, remark)
	case "handover":
		if len(s.text) == 0 {
			p.step("    - handover: {}", remark)
			return
		}
		p.text("    - handover:", "        ", s.text, remark)
	case "upload":
		p.step("    - upload: "+s.upload(), remark)
	case "think":
		p.think(s)
	case "expect":
		p.expect(s)
	default:
		p.step("    - hang_up: {}", remark)
	}
}

func (p *page) connect(s *draftStep, remark string) {
	if len(s.data) == 0 {
		p.text("    - connect:", "        ", s.text, remark)
		return
	}
	p.step("    - connect:", remark)
	p.text("        text:", "          ", s.text, "")
	p.text("        trans_data:", "          ", s.data, "")
}

// think writes a pause, unless nobody can have thought.
func (p *page) think(s *draftStep) {
	const least = 50 * time.Millisecond
	if slices.Max(s.times) < least {
		return
	}
	remark := ""
	if len(s.times) > 1 {
		remark = fmt.Sprintf("%s in %d conversations", seen(s.times), len(s.times))
	}
	p.step("    - think: "+timesOf(s.times), remark)
}

// timesOf writes a time, a range of times or, when there are enough to tell, a distribution.
func timesOf(times []time.Duration) string {
	const enough = 8
	sorted := slices.Sorted(slices.Values(times))
	n := len(sorted)
	least, most := roundTime(sorted[0]), roundTime(sorted[n-1])
	switch median, late := roundTime(sorted[n/2]), roundTime(sorted[n*95/100]); {
	case least == most:
		return shortTime(least)
	case n >= enough && late > median:
		return fmt.Sprintf("{lognormal: {p50: %s, p95: %s}}", shortTime(median), shortTime(late))
	}
	return shortTime(least) + ".." + shortTime(most)
}

// seen says which times were seen.
func seen(times []time.Duration) string {
	least, most := slices.Min(times).Round(time.Millisecond), slices.Max(times).Round(time.Millisecond)
	if least == most {
		return least.String()
	}
	return fmt.Sprintf("%s to %s", least, most)
}

// after says how long it was until something came.
func after(times []time.Duration) string {
	if slices.Max(times) < time.Millisecond {
		return "at once"
	}
	return "after " + seen(times)
}

// shortTime leaves out units that are zero: 2m, not 2m0s.
func shortTime(t time.Duration) string {
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (p *page) expect(s *draftStep) {
	var keys []string
	if s.from != "" {
		keys = append(keys, "from: "+strings.ToLower(s.from))
	}
	if s.media != "" {
		keys = append(keys, "media: "+strings.ToLower(s.media))
	}
	for _, key := range []struct {
		name string
		on   bool
	}{{"reply", s.reply}, {"disconnect", s.dropped}} {
		if key.on {
			keys = append(keys, key.name+": true")
		}
	}
	keys = append(keys, "within: "+shortTime(s.patience()))
	if s.optional {
		keys = append(keys, "optional: true")
	}
	remark := s.remark
	if s.entry >= 0 {
		remark = strings.TrimSuffix("came "+after(s.times)+"; "+remark, "; ")
	}
	p.step("    - expect: {"+strings.Join(keys, ", ")+"}", remark)
}

// patiences are what people write for times that somebody may take.
var patiences = []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second, 45 * time.Second,
	time.Minute, 90 * time.Second, 2 * time.Minute, 3 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 20 * time.Minute,
	30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// patience is three times what it took in the recording, and no less than what is reasonable: people
// take their time.
func (s *draftStep) patience() time.Duration {
	need := max(3*slices.Max(s.times), 5*time.Second)
	if s.from == aicc.FromAgent || s.dropped {
		need = max(need, 30*time.Second)
	}
	for _, p := range patiences {
		if p >= need {
			return p
		}
	}
	return patiences[len(patiences)-1]
}

// upload writes what is uploaded: the file of the recording, or a made one of its kind.
func (s *draftStep) upload() string {
	kind := uploadKinds[s.media]
	if kind == "" {
		kind = "text"
	}
	if s.file == nil || s.file.name == "" {
		return kind
	}
	return fmt.Sprintf("{file: %s, kind: %s}", literal(s.file.name), kind)
}

var uploadKinds = map[string]string{aicc.Image: "image", aicc.Audio: "audio", aicc.Video: "video", "FILE_IMAGE": "image", "FILE_VIDEO": "video"}

// csvOf writes the data file.
func csvOf(rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.WriteAll(rows) // a buffer takes everything
	return b.Bytes()
}
