package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// mostText is the longest text in characters. The demo client refuses 500, and the marker in
// front of the text needs room.
const mostText = 400

// flowReader reads flows knowing whom they talk to and which variables there are.
type flowReader struct {
	*reader
	peer   peer
	widths map[string]int // variable to the longest value it can have, in characters
}

// place is where in a flow a list of steps is.
type place struct {
	repeated bool // inside a repeat
	again    bool // a repeat that can go round more than once
}

var flowName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}_.-]*$`)

// flows reads the flows and returns where their names are.
func (r *reader) flows(s *Scenario, n *yaml.Node) map[string]*yaml.Node {
	names := map[string]*yaml.Node{}
	if n == nil {
		return names
	}
	o := r.object("flows", n)
	if o == nil {
		return names
	}
	if len(n.Content) == 0 {
		r.complain(n, "write flows: {name: [{connect: hello}, ...]}", "flows: there are no flows")
	}
	f := &flowReader{reader: r, peer: peerOfTarget(s.Target), widths: widths(s.Data)}
	if r.embedded(s) {
		f.peer = peerOfTenant(s.Tenant)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i]
		if !flowName.MatchString(name.Value) {
			r.complain(name, "use letters, digits, - _ and .", "the flow name %q has characters that reports cannot show", name.Value)
		}
		names[name.Value] = name
		s.Flows = append(s.Flows, &Flow{Name: name.Value, Steps: f.flow(n.Content[i+1], name)})
	}
	return names
}

// widths are the lengths that variables can have.
func widths(d *Data) map[string]int {
	w := map[string]int{}
	for _, name := range BuiltIn {
		w[name] = 24
	}
	if d == nil {
		return w
	}
	for i, column := range d.Columns {
		w[column] = 0
		for _, row := range d.Rows {
			w[column] = max(w[column], utf8.RuneCountInString(row[i]))
		}
	}
	return w
}

func (f *flowReader) flow(n, name *yaml.Node) []Step {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		f.complain(name, `write the steps as a list: - connect: hello`, "the flow %q has no steps", name.Value)
		return nil
	}
	steps := f.steps(n.Content, place{})
	if len(steps) == len(n.Content) {
		if _, ok := steps[0].(Connect); !ok {
			f.complain(n.Content[0], "begin with - connect: hello", "the flow %q does not begin with connect", name.Value)
		}
	}
	return steps
}

// steps reads a list of steps and leaves out those it has complained about.
func (f *flowReader) steps(items []*yaml.Node, at place) []Step {
	var steps []Step
	end := 0
	for i, item := range items {
		if end != 0 {
			f.complain(item, "", "this step is never reached: the conversation is over after the step in line %d", end)
			break
		}
		step := f.step(item, at)
		if step == nil {
			continue
		}
		steps = append(steps, step)
		if _, connects := step.(Connect); connects && (i > 0 || at.repeated) {
			f.complain(item, "end the flow; customers come back for another conversation", "a flow connects once, as its first step")
		}
		if ends(step) {
			end = item.Line
		}
	}
	if end != 0 && at.again {
		f.complain(items[0], "put it behind the repeat", "the repeat ends the conversation in its first round (line %d)", end)
	}
	return steps
}

// ends reports whether a conversation is over after a step.
func ends(s Step) bool {
	switch s := s.(type) {
	case HangUp:
		return true
	case Expect:
		return s.Disconnect && !s.Optional
	case Repeat:
		return slices.ContainsFunc(s.Steps, ends)
	}
	return false
}

var actions = []string{"connect", "say", "expect", "think", "handover", "upload", "repeat", "hang_up"}

// step reads one item of a list of steps; nil after a complaint that leaves nothing to go on with.
func (f *flowReader) step(n *yaml.Node, at place) Step {
	if n.Kind == yaml.ScalarNode && slices.Contains(actions, n.Value) {
		argument := "..."
		if n.Value == "hang_up" || n.Value == "handover" {
			argument = "{}"
		}
		f.complain(n, fmt.Sprintf("write - %s: %s", n.Value, argument), "a step needs a colon behind %q", n.Value)
		return nil
	}
	o := f.object("a step", n)
	if o == nil {
		return nil
	}
	var action string
	var arg *yaml.Node
	for _, a := range actions {
		v := o.get(a)
		if v != nil && arg != nil {
			f.complain(n, `begin the second one with "- "`, "a step does one thing, not %s and %s", action, a)
			return nil
		}
		if v != nil {
			action, arg = a, v
		}
	}
	if action == "repeat" {
		o.asked = append(o.asked, "steps")
	}
	before := len(f.problems)
	o.close()
	if arg == nil && len(f.problems) == before {
		f.complain(n, "write one of "+strings.Join(actions, ", "), "the step does nothing")
	}
	if arg == nil {
		return nil
	}
	return f.action(o, action, arg, at)
}

// action reads the argument of a step.
func (f *flowReader) action(o *object, name string, arg *yaml.Node, at place) Step {
	switch name {
	case "connect":
		return f.connect(arg, at)
	case "say":
		return Say{Text: f.template("say", arg, at)}
	case "expect":
		return f.expect(arg)
	case "think":
		d, _ := f.dist("think", arg)
		return Think{Time: d}
	case "handover":
		return f.handover(arg, at)
	case "upload":
		return f.upload(arg)
	case "repeat":
		return f.repeat(o, arg, at)
	}
	if !isEmpty(arg) {
		f.complain(arg, "write hang_up: {}", "hang_up takes nothing")
	}
	return HangUp{}
}

// isEmpty is true for {} and for nothing at all.
func isEmpty(n *yaml.Node) bool {
	return isNull(n) || n.Kind == yaml.MappingNode && len(n.Content) == 0
}

// connect reads a text, or a text with business data.
func (f *flowReader) connect(n *yaml.Node, at place) Step {
	var c Connect
	if n.Kind != yaml.MappingNode || f.looksLikeTemplate(n) {
		c.Text = f.template("connect", n, at)
		return c
	}
	o := f.object("connect", n)
	if t := o.get("text"); t != nil {
		c.Text = f.template("text", t, at)
	}
	if t := o.get("trans_data"); t != nil {
		c.TransData = f.template("trans_data", t, at)
	}
	o.close()
	return c
}

func (f *flowReader) handover(n *yaml.Node, at place) Step {
	if why := f.peer.noRobot; why != "" {
		f.complain(n, "connect already asks for an agent then", "handover: %s", why)
	}
	if isEmpty(n) {
		return Handover{}
	}
	return Handover{Text: f.template("handover", n, at)}
}

// template reads a text and checks its variables and its length.
func (f *flowReader) template(key string, n *yaml.Node, at place) Template {
	s, ok := f.scalar(key, n)
	if !ok {
		return Template{}
	}
	if strings.TrimSpace(s) == "" && key == "say" {
		f.complain(n, "", "say: the text is empty")
	}
	t, ok := ParseTemplate(s)
	if !ok {
		f.complainIn(n, "{{", "write {{name}}, or {{{{ for two braces of the text", "%s: a variable without a name or end", key)
		return Template{}
	}
	for _, name := range t.Variables() {
		f.variable(n, name, at)
	}
	longest := 0
	for _, p := range t.parts {
		if p.variable {
			longest += f.widths[p.text]
		} else {
			longest += utf8.RuneCountInString(p.text)
		}
	}
	if longest > mostText {
		f.complain(n, fmt.Sprintf("at most %d; the chat refuses 500 and a marker goes in front", mostText), "%s: the text can have %d characters", key, longest)
	}
	return t
}

// variable checks one variable of the text n.
func (f *flowReader) variable(n *yaml.Node, name string, in place) {
	at := regexp.MustCompile(`\{\{\s*` + regexp.QuoteMeta(name)).FindString(n.Value)
	if _, ok := f.widths[name]; !ok {
		names := make([]string, 0, len(f.widths))
		for v := range f.widths {
			names = append(names, v)
		}
		f.complainIn(n, at, suggest(name, names), "unknown variable {{%s}}", name)
	} else if name == "n" && !in.repeated {
		f.complainIn(n, at, "it counts the rounds of a repeat", "{{n}} has no value outside a repeat")
	}
}

// expect reads what to wait for and how long.
func (f *flowReader) expect(n *yaml.Node) Step {
	var e Expect
	o := f.object("expect", n)
	if o == nil {
		return nil
	}
	set(o, "from", &e.From, choice([]string{"robot", "agent", "system"}, "ROBOT", "AGENT", "SYSTEM"))
	set(o, "text", &e.Text, filled)
	set(o, "media", &e.Media, choice([]string{"image", "audio", "video", "document", "locate"},
		"IMAGE", "AUDIO", "VIDEO", "DOCUMENT", "LOCATE"))
	set(o, "reply", &e.Reply, boolean)
	set(o, "disconnect", &e.Disconnect, boolean)
	set(o, "queue", &e.Queue, boolean)
	set(o, "optional", &e.Optional, boolean)
	e.Within = f.patience(o)
	o.close()
	f.checkExpect(n, e)
	return e
}

// patience reads how long an expectation waits.
func (f *flowReader) patience(o *object) Dist {
	o.need("within", "write within: 5s")
	n := o.get("within")
	if n == nil {
		return Dist{}
	}
	d, ok := f.dist("within", n)
	if ok && d.A < time.Millisecond {
		f.complain(n, "at least 1ms", "within: %s is too short", short(d.A))
	}
	return d
}

// checkExpect finds expectations that nothing can meet.
func (f *flowReader) checkExpect(n *yaml.Node, e Expect) {
	if e.Disconnect && (e.Media != "" || e.Reply || e.Queue) {
		f.complain(n, "write two expect steps", "expect: a DISCONNECT is no media, reply or queue notice")
	}
	if why := f.peer.never(e); why != "" && !e.Optional {
		f.complain(n, "it would always be missed", "expect: %s", why)
	}
}

func (f *flowReader) repeat(o *object, n *yaml.Node, at place) Step {
	rounds, ok := value(f.reader, "repeat", n, integerSpanIn(1, 1_000_000))
	list := o.get("steps")
	if list == nil {
		f.complain(o.node, "write steps: [...] beside repeat", "repeat: the key \"steps\" is missing")
		return nil
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		f.complain(list, "write the steps as a list", "repeat: there are no steps")
		return nil
	}
	inside := place{repeated: true, again: at.again || ok && rounds[1] > 1}
	return Repeat{Min: rounds[0], Max: rounds[1], Steps: f.steps(list.Content, inside)}
}
