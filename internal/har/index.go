package har

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"chatbench/internal/aicc"
)

// entry is an exchange as the index keeps it. Its bodies stay in the file.
type entry struct {
	index             int
	call              call
	op                aicc.Op
	customer          int
	user, page, host  string
	read              bool // a poll that asks for read receipts
	began             time.Time
	took, opening     time.Duration
	status            int
	problem, redirect string
	cached            bool
	worker            bool // see [rawEntry]
	open              bool // it was under way when the recording was saved
	undone            bool // a call of send of which nobody knows what it was
	asked             int  // life of the application token that was asked for, in seconds
	used, access      int  // identities of the tokens that it carried; 0: none
	granted           int  // and of the one that came; 0: none
	request, response bodyPlace
}

// index is a recording that is read for the first time.
type index struct {
	*Recording
	host     string // the only one that is wanted, or ""
	in       *scanner
	tokens   *tokens
	texts    map[string]string // one copy of each that many entries share
	awaited  map[string]int    // where a redirect leads: entries[n] goes on there
	others   counts
	unjudged counts
	hosts    counts
	prefixes counts
	channels counts
	pages    map[string]string // titles by id
	skipped  int               // exchanges of a chat with another host than is wanted
	complete bool              // log.entries was there
}

func newIndex(r *Recording, opt Options) *index {
	return &index{Recording: r, host: strings.ToLower(opt.Host), in: newScanner(r.file), tokens: newTokens(), texts: map[string]string{}, awaited: map[string]int{},
		others: counts{}, unjudged: counts{}, hosts: counts{}, prefixes: counts{}, channels: counts{}, pages: map[string]string{}}
}

// read reads the whole file.
func (x *index) read() error {
	if err := x.in.begins(); err != nil {
		return err
	}
	err := x.in.object(func(key string) error {
		if key == "log" {
			return x.in.object(x.logField)
		}
		return x.in.pass()
	})
	a := &x.About
	a.Others, a.Unjudged = x.others.list(), x.unjudged.list()
	a.Hosts, a.Prefixes = x.hosts.names(), x.prefixes.names()
	switch {
	case err != nil:
		return x.explain(err)
	case !x.complete:
		return fmt.Errorf("%w: it has no log with entries", ErrNotHAR)
	case len(x.entries) == 0:
		return x.nothing()
	}
	return nil
}

// begins reports whether this is an object, which a byte order mark may precede.
func (s *scanner) begins() error {
	if s.fill(); s.w-s.r >= 3 && string(s.buf[s.r:s.r+3]) == "\xef\xbb\xbf" {
		s.r += 3
	}
	c, err := s.peek()
	var syntax *SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: it is empty", ErrNotHAR)
	case err != nil:
		return err
	case c != '{':
		return fmt.Errorf("%w: it does not begin with {", ErrNotHAR)
	}
	return nil
}

// explain adds to an error what reading had come to.
func (x *index) explain(err error) error {
	var syntax *SyntaxError
	switch {
	case !errors.As(err, &syntax):
		return err
	case x.complete || x.About.Entries > 0 || !syntax.Cut:
		return fmt.Errorf("entry %d: %w", x.About.Entries, err)
	}
	return err
}

// nothing says what was there instead of a chat.
func (x *index) nothing() error {
	a := &x.About
	switch {
	case a.Entries == 0:
		return fmt.Errorf("%w: it has no entries; reload the page while the developer tools record, then save again", ErrNoChat)
	case x.host != "" && x.skipped > 0:
		return fmt.Errorf("%w with %s: those that there are go to other hosts", ErrNoChat, clip(x.host))
	case a.Preflights > 0 && a.Elsewhere == 0:
		return fmt.Errorf("%w: it holds %d preflights (OPTIONS) and nothing else of a chat", ErrNoChat, a.Preflights)
	}
	var seen []string
	for _, c := range slices.Concat(a.Unjudged, a.Others) {
		seen = append(seen, fmt.Sprintf("%s (%d)", c.What, c.N))
	}
	const most = 8
	if more := len(seen) - most; more > 0 {
		seen = append(seen[:most], fmt.Sprintf("and %d more", more))
	}
	return fmt.Errorf("%w: %d entries, of %s", ErrNoChat, a.Entries, strings.Join(seen, ", "))
}

func (x *index) logField(key string) (err error) {
	a := &x.About
	switch key {
	case "creator":
		a.Creator, err = x.in.program()
	case "browser":
		a.Browser, err = x.in.program()
	case "pages":
		err = x.in.array(x.pageElement)
	case "entries":
		x.complete = true
		err = x.in.array(x.element)
	default:
		err = x.in.pass()
	}
	return err
}

// program reads name and version.
func (s *scanner) program() (string, error) {
	var name, version string
	err := s.object(func(key string) (err error) {
		switch key {
		case "name":
			name, err = s.short()
		case "version":
			version, err = s.short()
		default:
			err = s.pass()
		}
		return err
	})
	return strings.TrimSpace(clip(name) + " " + clip(version)), err
}

func (x *index) pageElement(int) error {
	var id, title string
	err := x.in.object(func(key string) (err error) {
		switch key {
		case "id":
			id, err = x.in.short()
		case "title":
			title, err = x.in.short()
		default:
			err = x.in.pass()
		}
		return err
	})
	if len(x.pages) < maxNames {
		x.pages[id] = pageName(title)
		x.About.Pages = append(x.About.Pages, pageName(title))
	}
	return err
}

// pageName is a title without what may be secret in it: browsers take the address for it, which need
// not be a right one.
func pageName(title string) string {
	if u, err := url.Parse(title); err == nil && u.Host != "" {
		return clip(u.Scheme + "://" + u.Host + u.EscapedPath())
	}
	return clip(withoutQuery(title))
}

// withoutQuery cuts off what may be the query of an address in a text, with all that follows.
func withoutQuery(text string) string {
	if at := strings.IndexAny(text, "?#"); at >= 0 && at+1 < len(text) {
		return text[:at]
	}
	return text
}

// element reads an element of log.entries and keeps it if it is one of the chat.
func (x *index) element(i int) error {
	raw, err := x.in.entry(i)
	if err != nil {
		return err
	}
	x.About.Entries++
	raw.separate = separately(x.About.Creator)
	u, err := url.Parse(raw.request.url)
	if err != nil {
		u = &url.URL{}
	}
	host := hostOf(u, &raw.request.headers)
	if n, ok := x.awaited[raw.request.url]; ok {
		delete(x.awaited, raw.request.url)
		if joined, err := x.goesOn(n, raw); joined || err != nil {
			return err
		}
	}
	found := recognise(u)
	switch {
	case !found.chat:
		x.About.Elsewhere++
		x.others.add(host)
	case x.host != "" && x.host != host:
		x.skipped++
		x.About.Elsewhere++
		x.others.add(host)
	case raw.request.method == http.MethodOptions:
		x.About.Preflights++
	case found.path == "":
		x.About.Elsewhere++
		x.unjudged.add(u.EscapedPath())
	case raw.started == "":
		x.About.Timeless++
	default:
		if found.op == aicc.OpNone {
			x.unjudged.add(found.call.path)
		}
		x.hosts.add(host)
		x.prefixes.add(found.prefix)
		return x.keep(raw, u, entry{index: i, call: found.call, host: x.share(host)})
	}
	return nil
}

// hostOf is the host of an address, with its port if it has one, or what the headers say.
func hostOf(u *url.URL, h *headers) string {
	switch {
	case u.Host != "":
		return strings.ToLower(u.Host)
	case h.host != "":
		return strings.ToLower(clip(h.host))
	case u.Scheme != "":
		return u.Scheme + ":"
	}
	return "(no host)"
}

// keep adds an exchange to the index.
func (x *index) keep(raw *rawEntry, u *url.URL, e entry) error {
	began, err := raw.begun()
	if err != nil {
		return fmt.Errorf("entry %d, byte %d: %w", e.index, raw.at, err)
	}
	e.worker = raw.worker
	x.About.Scheme = x.share(u.Scheme)
	e.began, e.page, e.request = began, x.share(raw.page), raw.request.body
	e.request.coding = x.share(e.request.coding)
	e.took, e.opening = raw.duration()
	query := u.Query()
	e.read = query.Get("isNeedRead") == "true"
	e.used = x.tokens.number(raw.request.headers.userToken)
	e.access = x.tokens.number(bearer(raw.request.headers.auth))
	e.asked, _ = strconv.Atoi(raw.request.headers.tokenLife) // 0: the header was not there
	x.bearers, x.userTokens = x.bearers || e.access > 0, x.userTokens || e.used > 0
	x.setup.Read = x.setup.Read || e.read
	e.user = x.share(query.Get("receiverId"))
	n := len(x.entries)
	x.entries = append(x.entries, e)
	x.answered(n, raw)
	return x.identity(&x.entries[n])
}

// goesOn takes the entry to which a redirect led for the rest of the exchange, unless it was made at
// another time and so for another reason.
func (x *index) goesOn(n int, raw *rawEntry) (joined bool, err error) {
	const near = 2 * time.Second
	began, err := raw.begun()
	if err != nil {
		return false, fmt.Errorf("entry %d, byte %d: %w", raw.index, raw.at, err)
	}
	e := &x.entries[n]
	if began.Sub(e.began.Add(e.took)).Abs() > near {
		return false, nil
	}
	took, opening := raw.duration()
	e.took = max(began.Add(took).Sub(e.began), e.took)
	e.opening += opening
	x.answered(n, raw)
	return true, x.granted(e)
}

// answered notes what an entry says of the answer.
func (x *index) answered(n int, raw *rawEntry) {
	e := &x.entries[n]
	e.status, e.problem, e.response = raw.response.status, x.share(clip(withoutQuery(raw.problem))), raw.response.body
	e.response.coding = x.share(e.response.coding)
	if e.status == http.StatusNotModified && e.response.text.size > 0 { // the page is handed what the browser has
		e.status, raw.cached = http.StatusOK, true
	}
	if raw.cached {
		e.cached = true
		x.About.Cached++
	}
	e.redirect = ""
	if to := raw.redirectTo(); to != nil {
		e.redirect = x.share(pageName(to.String()))
		x.awaited[to.String()] = n
	}
	e.granted = x.tokens.number(raw.response.headers.userToken)
}

// identity reads the bodies that say whose exchange this is.
func (x *index) identity(e *entry) error {
	if err := x.granted(e); err != nil {
		return err
	}
	if e.op = e.call.op; e.op == aicc.OpUpload || e.op == aicc.OpDownload {
		return nil // they name nobody, and are large
	}
	body, err := e.request.read(x.file)
	if err != nil {
		return err
	}
	t := tell(body.Data)
	if channel := t.channel(&e.call); channel != "" {
		x.channels.add(channel)
	}
	if e.user == "" {
		e.user = x.share(t.user(&e.call))
	}
	if e.op = t.opOf(&e.call); e.call.op == aicc.OpSend && body.Missing != "" {
		e.undone = true
		x.About.Undone++
	}
	return nil
}

// granted reads the token that an answer grants.
func (x *index) granted(e *entry) error {
	if e.status != http.StatusOK || e.call.op != aicc.OpToken && e.call.op != aicc.OpApply {
		return nil
	}
	body, err := e.response.read(x.file)
	if err != nil {
		return err
	}
	var token string
	if e.call.op == aicc.OpToken {
		app, _ := aicc.ParseAppToken(body.Data)
		token = app.Token
	} else {
		token, _, _ = aicc.ParseUserToken(body.Data)
	}
	e.granted = x.tokens.number(token)
	return nil
}

// share is a copy of s that all who ask for it have in common, as long as there are not too many.
func (x *index) share(s string) string {
	if known, ok := x.texts[s]; ok {
		return known
	}
	s = strings.Clone(s)
	if len(x.texts) < maxShared {
		x.texts[s] = s
	}
	return s
}

const (
	maxShared = 4096
	maxNames  = 64  // hosts, pages and paths that are told one by one
	maxName   = 120 // bytes of a name that is told
)

// clip bounds a name.
func clip(s string) string {
	if len(s) <= maxName {
		return s
	}
	return strings.ToValidUTF8(s[:maxName], "") + "..."
}

// counts counts names, the first of them one by one.
type counts map[string]int

func (c counts) add(name string) {
	if _, ok := c[name]; !ok && len(c) >= maxNames {
		name = "others"
	}
	c[strings.Clone(clip(name))]++
}

// list is the most frequent first.
func (c counts) list() []Count {
	var all []Count
	for name, n := range c {
		all = append(all, Count{What: name, N: n})
	}
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), cmp.Compare(a.What, b.What)) })
	return all
}

func (c counts) names() []string {
	var names []string
	for _, one := range c.list() {
		names = append(names, one.What)
	}
	return names
}
