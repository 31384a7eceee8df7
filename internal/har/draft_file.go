package har

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
)

// write writes the whole scenario.
func (d *draft) write(p *page, flows []*talk, set *setup, out *Drafted, opt DraftOptions) {
	d.head(p, out, opt)
	p.linef("chatbench: 1\nname: %s\nabout: Drafted from a browser recording.", literal(opt.Name))
	d.settings(p)
	p.tenantSection(set)
	p.load(flows)
	p.mix(flows)
	if n := len(out.Files); n > 0 && strings.HasSuffix(out.Files[n-1].Name, ".csv") && p.variables && hasColumns(flows) {
		p.linef("\ndata: {file: %s, pick: sequential}", literal(out.Files[n-1].Name))
	}
	p.linef("\nflows:")
	for i, t := range flows {
		if i > 0 {
			p.linef("")
		}
		p.flow(draftName(i, len(flows)), about(t), t)
	}
}

func hasColumns(flows []*talk) bool {
	return slices.ContainsFunc(flows, func(t *talk) bool {
		return slices.ContainsFunc(t.vaults, func(v *vault) bool { return len(v.order) > 0 })
	})
}

// head says where the scenario comes from, how to read it and what is not in it.
func (d *draft) head(p *page, out *Drafted, opt DraftOptions) {
	p.comment("", "", fmt.Sprintf("Drafted by \"chatbench record\" from %s: %s, %s.", printable(opt.Source),
		counted(out.Conversations, "conversation"), counted(out.Flows, "flow")))
	p.linef("#")
	p.comment("", "", "It plays against the embedded tenant as it is. The recorded address, channel, keys, tokens and names are not in it; "+
		"for a real tenant give --target, --channel, --app-key and CHATBENCH_APP_SECRET.")
	p.linef("#")
	p.comment("", "", "Think times are rounded to two digits. An expectation waits for three times what it took in the recording, and at least "+
		"5s for a robot and 30s for an agent. Entries are those of the recording, counted from 0.")
	if len(out.Notes) > 0 {
		p.linef("#\n# What is not as it was recorded:")
		for _, n := range out.Notes {
			p.comment("", "  ", "- "+n.String())
		}
	}
}

// String is a note in English, as it stands in a scenario.
func (n Note) String() string {
	text := n.Text
	if n.Count > 1 {
		text = fmt.Sprintf("%s (%d times)", text, n.Count)
	}
	if n.Entry < 0 {
		return text
	}
	return fmt.Sprintf("entry %d: %s", n.Entry, text)
}

// counted writes a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// settings writes what the customers' pages had in common.
func (d *draft) settings(p *page) {
	if locale := d.locale(); locale != "" && locale != "en_US" { // which is the default
		p.linef("locale: %s", locale)
	}
	if slices.ContainsFunc(d.users, func(u *draftUser) bool { return u.async }) {
		p.linef("send: async")
	}
	if slices.ContainsFunc(d.users, func(u *draftUser) bool { return u.read }) {
		p.linef("poll: {read: true}")
	}
}

// locale is the language of the first page that asked for one that scenarios know.
func (d *draft) locale() string {
	for _, u := range d.users {
		if slices.Contains([]string{"zh", "zh_CN", "en", "en_US"}, u.locale) {
			return u.locale
		}
	}
	return ""
}

// load writes a small load, and time for every customer to come to the end of a conversation.
func (p *page) load(flows []*talk) {
	var recorded, allowed time.Duration
	for _, t := range flows {
		recorded, allowed = max(recorded, t.length), max(allowed, t.allowance())
	}
	length := min(max(recorded, 30*time.Second), 12*time.Hour)
	drain := min(max(allowed, 30*time.Second), time.Hour)
	p.linef("\nload: {customers: %d, for: %s}", min(max(5, 2*len(flows)), 50), shortTime(roundTime(length)))
	p.linef("drain: %s  # so that every conversation comes to its end", shortTime(roundTime(drain)))
}

// allowance is how long a conversation with the embedded tenant may take: its agents take up to two
// seconds for an answer, and what may not come is waited for.
func (t *talk) allowance() time.Duration {
	length := t.length + t.length/2
	for i := range t.steps {
		switch s := &t.steps[i]; {
		case s.action == "expect" && s.optional:
			length += s.patience()
		case s.action == "expect":
			length += 3 * time.Second
		}
	}
	return length
}

// mix writes the shares of the flows, unless they are equal. They are hundredths of a percent that add
// up.
func (p *page) mix(flows []*talk) {
	total := 0
	for _, t := range flows {
		total += t.count
	}
	if total == len(flows)*flows[0].count && !slices.ContainsFunc(flows, func(t *talk) bool { return t.count != flows[0].count }) {
		return
	}
	p.linef("\nmix:  # as often as they were recorded")
	done, sum := 0, 0
	for i, t := range flows {
		sum += t.count
		share := sum*10000/total - done
		done += share
		name := draftName(i, len(flows))
		p.step(fmt.Sprintf("  %s: %s%%", name, strconv.FormatFloat(float64(share)/100, 'f', -1, 64)), counted(t.count, "conversation"))
	}
}

// draftName is the name of one flow of so many.
func draftName(i, n int) string {
	if n == 1 {
		return "visitor"
	}
	return fmt.Sprintf("visitor-%d", i+1)
}

// about says where a flow comes from.
func about(t *talk) string {
	return fmt.Sprintf("From entry %d on, user %d, %s; %s long.", t.entry, t.user+1, counted(t.count, "conversation"), t.length.Round(100*time.Millisecond))
}

// tenantSection writes what differs from the embedded tenant's defaults.
func (p *page) tenantSection(s *setup) {
	var lines, agents []string
	if s.noRobot {
		lines = append(lines, "  robot: false")
	}
	if s.keywords != nil && !s.noRobot {
		var list []string
		for _, k := range s.keywords {
			list = append(list, strconv.Quote(escapeVariables(k)))
		}
		lines = append(lines, "  robot: {keywords: ["+strings.Join(list, ", ")+"]}")
	}
	if s.chats > 0 {
		agents = append(agents, fmt.Sprintf("chats: %d", s.chats))
	}
	if len(s.media) > 0 {
		var kinds []string
		for _, m := range s.media {
			kinds = append(kinds, mediaKeys[m]+": 100%")
		}
		agents = append(agents, "media: {"+strings.Join(kinds, ", ")+"}")
	}
	if len(agents) > 0 {
		lines = append(lines, "  agents: {"+strings.Join(agents, ", ")+"}")
	}
	if s.silence > 0 {
		lines = append(lines, "  silence_after: "+shortTime(max(roundTime(s.silence), time.Second)))
	}
	if len(lines) > 0 {
		p.linef("\ntenant:  # the embedded tenant, so that it does what the recorded one did\n%s", strings.Join(lines, "\n"))
	}
}

var mediaKeys = map[string]string{aicc.Image: "image", aicc.Audio: "audio", aicc.Video: "video", aicc.Document: "document", aicc.Locate: "location"}
