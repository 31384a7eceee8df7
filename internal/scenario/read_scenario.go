package scenario

import (
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// sections are the parts of a scenario that are read in an order of their own, because some need
// what others say.
type sections struct {
	target, tenant, load, mix, flows, data *yaml.Node
}

// scenario reads the whole file into s.
func (r *reader) scenario(s *Scenario, root *yaml.Node) {
	o := r.object("the scenario", root)
	if o == nil {
		return
	}
	if !r.version(o) {
		return
	}
	var at sections
	at.target, at.tenant = o.get("target"), o.get("tenant")
	at.load = o.need("load", "write load: [{customers: 20, for: 10s}]")
	at.mix, at.data = o.get("mix"), o.get("data")
	at.flows = o.need("flows", "write flows: {name: [{connect: hello}, ...]}")

	s.Tenant = DefaultTenant()
	if at.target != nil {
		s.Target = r.target(at.target)
	}
	if at.tenant != nil {
		r.tenant(&s.Tenant, at.tenant)
	}
	r.settings(s, o)
	r.rest(s, o, at)
	o.close()
}

// version refuses a file of another format, of which the keys must not be taken for mistakes.
func (r *reader) version(o *object) bool {
	n := o.need("chatbench", "begin the file with chatbench: 1")
	if n == nil {
		return true
	}
	s, ok := r.scalar("chatbench", n)
	if ok && s != "1" {
		r.complain(n, "write chatbench: 1", "format version %q is not known to this chatbench", s)
	}
	return ok && s == "1"
}

// embedded reports whether the customers talk to the embedded tenant.
func (r *reader) embedded(s *Scenario) bool { return s.Target == nil && !r.opt.Elsewhere }

// settings reads the single values of the top level.
func (r *reader) settings(s *Scenario, o *object) {
	base := filepath.Base(s.File)
	s.Name, s.Locale = strings.TrimSuffix(base, filepath.Ext(base)), "en_US"
	set(o, "name", &s.Name, filled)
	set(o, "about", &s.About, text)
	set(o, "seed", &s.Seed, seed)
	if r.opt.Seed != 0 {
		s.Seed = r.opt.Seed
	}
	locales := []string{"zh", "zh_CN", "en", "en_US"}
	set(o, "locale", &s.Locale, choice(locales, locales...))
	set(o, "markers", &s.Markers, choice([]string{"auto", "on", "off"}, Auto, On, Off))
	set(o, "send", &s.Async, choice([]string{"sync", "async"}, false, true))
	s.Between = Dist{A: time.Second, B: 3 * time.Second}
	o.setDist("between", &s.Between)
	if r.embedded(s) {
		s.Probes = 0.1
	}
	set(o, "probes", &s.Probes, share)
	s.Drain = 10 * time.Second
	set(o, "drain", &s.Drain, durationIn(0, time.Hour))
}

// rest reads the parts that lean on each other.
func (r *reader) rest(s *Scenario, o *object, at sections) {
	r.poll(s, o.get("poll"), at.tenant)
	r.load(s, o, at.load)
	if at.data != nil {
		s.Data = r.data(at.data)
	}
	names := r.flows(s, at.flows)
	r.mix(s, at.mix, names)
	if s.Data != nil && s.Data.Pick == Unique {
		r.enoughRows(s, at.data)
	}
	if n := o.get("exercise"); n != nil {
		r.demands(s, "exercise", n, onExercise)
	}
	r.gate(s, o.get("gate"))
}

func seed(s string) (uint64, *fault) {
	v, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, faultf("write digits only, like 42; 0 lets the run choose", "%q is not a seed", s)
	}
	return v, nil
}

// poll reads how customers poll and compares it with the hold time of the embedded tenant.
func (r *reader) poll(s *Scenario, n, tenant *yaml.Node) {
	s.Poll = Poll{Pause: 100 * time.Millisecond, Jitter: 10 * time.Millisecond, Timeout: 30 * time.Second}
	if n == nil {
		n = tenant
	} else if o := r.object("poll", n); o != nil {
		set(o, "pause", &s.Poll.Pause, durationIn(0, time.Minute))
		set(o, "jitter", &s.Poll.Jitter, durationIn(0, time.Minute))
		set(o, "timeout", &s.Poll.Timeout, durationIn(time.Millisecond, time.Hour))
		set(o, "read", &s.Poll.Read, boolean)
		o.close()
	}
	if n != nil && r.embedded(s) && s.Poll.Timeout <= s.Tenant.PollHold {
		r.complain(n, "raise poll.timeout or lower tenant.poll_hold", "poll.timeout (%s) must be more than tenant.poll_hold (%s)",
			short(s.Poll.Timeout), short(s.Tenant.PollHold))
	}
}

// target reads the target section.
func (r *reader) target(n *yaml.Node) *Target {
	t := &Target{}
	o := r.object("target", n)
	if o == nil {
		return t
	}
	const leaveOut = "leave the target section out for the embedded tenant"
	o.need("url", leaveOut)
	o.need("channel", leaveOut)
	set(o, "url", &t.URL, baseURL)
	set(o, "channel", &t.Channel, filled)
	set(o, "app_key", &t.AppKey, filled)
	r.appSecret(t, o)
	r.caFile(t, o)
	set(o, "sni", &t.SNI, filled)
	set(o, "insecure", &t.Insecure, boolean)
	if o.get("robot") != nil {
		t.Robot = new(bool)
		set(o, "robot", t.Robot, boolean)
	}
	if o.get("poll_hold") != nil {
		t.PollHold = new(time.Duration)
		set(o, "poll_hold", t.PollHold, durationIn(0, time.Hour))
	}
	set(o, "silence", &t.Silence, durationIn(0, day))
	o.close()
	return t
}

// caFile finds the file, so that a wrong name is not first noticed during the run.
func (r *reader) caFile(t *Target, o *object) {
	var file string
	if set(o, "ca_file", &file, filled); file == "" {
		return
	}
	name, _, err := r.named(file, MaxFile)
	if err != nil {
		r.complain(o.get("ca_file"), "the path is relative to the scenario", "ca_file: %s: %s", name, reason(err))
	}
	t.CAFile = name
}

// appSecret takes the secret from the environment only. The value is in no message.
func (r *reader) appSecret(t *Target, o *object) {
	n := o.get("app_secret")
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode && !isNull(n) && !r.unset[n] && !r.secret[n] {
		r.complain(n, "write ${CHATBENCH_APP_SECRET}", "app_secret: a secret does not belong into a file")
		return
	}
	set(o, "app_secret", &t.AppSecret, filled)
}

// baseURL checks the base address of a target. Messages show no more of it than they must, as it
// may hold a password.
func baseURL(s string) (string, *fault) {
	const hint = "write it like https://host:28090"
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", faultf(hint, "the value is not an address")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", faultf(hint, "the address must begin with http:// or https://")
	case u.Hostname() == "":
		return "", faultf(hint, "the address has no host")
	case u.User != nil:
		return "", faultf(hint, "the address has a user name in it")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", faultf(hint, "the address has a query or fragment")
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return "", faultf(hint, "the port is not 1 to 65535")
		}
	}
	return strings.TrimRight(s, "/"), nil
}

// mix reads the shares of the flows, whose names are at the nodes given; without a mix they are
// equal.
func (r *reader) mix(s *Scenario, n *yaml.Node, at map[string]*yaml.Node) {
	if n == nil {
		for _, f := range s.Flows {
			s.Mix = append(s.Mix, Share{Flow: f.Name, Share: 1 / float64(len(s.Flows))})
		}
		return
	}
	o := r.object("mix", n)
	if o == nil {
		return
	}
	total, before := 0.0, len(r.problems)
	var absent []string
	for _, f := range s.Flows {
		var part float64
		if o.get(f.Name) == nil {
			absent = append(absent, f.Name)
		}
		set(o, f.Name, &part, share)
		if total += part; part > 0 {
			s.Mix = append(s.Mix, Share{Flow: f.Name, Share: part})
		}
	}
	o.close()
	if len(r.problems) > before {
		return // a misspelt name explains the rest
	}
	for _, name := range absent {
		r.complain(at[name], "add it, with 0% to switch it off", "the flow %q is not in the mix", name)
	}
	if off := 1 - total; math.Abs(off) > 1e-9 {
		r.complain(n, fmt.Sprintf("%+.4g%% are needed", off*100), "the mix adds up to %.6g%%, not 100%%", total*100)
	}
}

var (
	ruleName = regexp.MustCompile(`^[A-Z]{2,4}-[0-9]{2}$`)
)

// ruleID reads the id of a rule that exists.
func (r *reader) ruleID(s string) (string, *fault) { return r.opt.ruleID(s) }

func (opt *Options) ruleID(s string) (string, *fault) {
	if !ruleName.MatchString(s) {
		return "", faultf("rule ids look like DSC-01", "%q is not a rule id", s)
	}
	return known("rule", opt.Rules)(s)
}

// known takes a name that is in the list, or any when the list is nil.
func known(what string, names []string) func(string) (string, *fault) {
	return func(s string) (string, *fault) {
		for _, n := range names {
			if n == s {
				return s, nil
			}
		}
		if names == nil {
			return s, nil
		}
		return "", faultf(suggest(s, names), "unknown %s %q", what, s)
	}
}
