package har

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"chatbench/internal/aicc"
)

// tokens numbers tokens, so that they can be told apart without being kept.
type tokens struct {
	numbers map[[sha256.Size]byte]int
	users   map[int]string // whom a token names, or is known to have been granted to
}

func newTokens() *tokens {
	return &tokens{numbers: map[[sha256.Size]byte]int{}, users: map[int]string{}}
}

// number is the number of a token, from 1; 0 is none.
func (t *tokens) number(token string) int {
	switch token {
	case "", "undefined", "null", "NaN", "[object Object]": // as a script writes what it does not have
		return 0
	}
	key := sha256.Sum256([]byte(token))
	n, ok := t.numbers[key]
	if !ok {
		n = len(t.numbers) + 1
		t.numbers[key] = n
		if user := named(token); user != "" {
			t.users[n] = user
		}
	}
	return n
}

// bearer is the token in a header Authorization.
func bearer(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// named is the user that a token names: it is Base64, perhaps URL-encoded, of a JSON object
// (docs/protocol.md section 2.3). An opaque token names nobody.
func named(token string) string {
	if plain, err := url.QueryUnescape(token); err == nil {
		token = plain
	}
	token = strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(strings.TrimRight(token, "="))
	data, err := base64.RawStdEncoding.DecodeString(token)
	if err != nil {
		return ""
	}
	var w struct {
		UserID aicc.Loose `json:"userId"`
	}
	_ = json.Unmarshal(data, &w)
	return string(w.UserID)
}

// identify sorts the exchanges by time and finds out whose each of them is: by the user that it names,
// by its token, and by the tab it came from.
func (x *index) identify() {
	slices.SortStableFunc(x.entries, func(a, b entry) int { return a.began.Compare(b.began) })
	x.dropTwins()
	x.About.Start, x.About.Used = x.entries[0].began, len(x.entries)
	if names := x.channels.names(); len(names) == 1 {
		x.setup.Channel = names[0]
	}
	x.nameUsers()
	x.nameUsers() // once more, with the tokens whose users were named late
	x.nameRest()
	x.nameAskers()
	x.findPages()
	tabs, numbers := x.tabs(), map[tab]int{}
	for i := range x.entries {
		e := &x.entries[i]
		key := tab{e.user, tabs[tab{e.user, e.page}]}
		n, ok := numbers[key]
		if !ok {
			n = len(x.Customers)
			numbers[key] = n
			x.Customers = append(x.Customers, Customer{User: e.user, Page: x.pages[key.page]})
			if e.op != aicc.OpNone && !opens(e.op) {
				x.About.Midway = append(x.About.Midway, n)
			}
		}
		e.customer = n
	}
	x.markOpen()
}

// markOpen notes which exchanges were under way when the recording was saved: they have neither an
// answer nor a reason for having none, and nothing of the kind came after them.
func (x *index) markOpen() {
	type kind struct {
		customer int
		path     string
	}
	later := map[kind]bool{}
	for i := range slices.Backward(x.entries) {
		e := &x.entries[i]
		k := kind{e.customer, e.call.path}
		if e.status == http.StatusOK && e.response.text.size == 0 && !e.response.empty {
			x.About.Missing++
		}
		e.open = e.status == 0 && e.problem == "" && !later[k]
		later[k] = true
	}
}

// dropTwins leaves out what a service worker asked for on behalf of its page, which is in the file
// twice: as the page's, and as the worker's, which is on no page.
func (x *index) dropTwins() {
	type request struct {
		path, user string
		size       int64
		token      int
	}
	asked := map[request]*entry{}
	kept := x.entries[:0]
	for _, e := range x.entries {
		key := request{e.call.path, e.user, e.request.text.size, e.used}
		if of := asked[key]; of != nil && e.page == "" && !e.worker && e.began.Sub(of.began) <= of.took {
			delete(asked, key)
			x.About.Twins++
			continue
		}
		if e.worker {
			asked[key] = &e
		}
		kept = append(kept, e)
	}
	x.entries = kept
}

// findPages puts what a service worker asked for, which is on no page, on the page where its user was
// then.
func (x *index) findPages() {
	on := map[string]string{} // page by user
	place := func(e *entry) {
		if e.page == "" {
			e.page = on[e.user]
		}
		on[e.user] = e.page
	}
	for i := range x.entries {
		place(&x.entries[i])
	}
	for i := range slices.Backward(x.entries) {
		place(&x.entries[i])
	}
}

// nameUsers goes from the user to the tokens and from the tokens to the user.
func (x *index) nameUsers() {
	for i := range x.entries {
		e := &x.entries[i]
		if e.call.op == aicc.OpToken {
			continue
		}
		if e.user == "" {
			e.user = x.tokens.users[e.used]
		}
		for _, n := range []int{e.used, e.granted} {
			if _, ok := x.tokens.users[n]; n > 0 && !ok && e.user != "" {
				x.tokens.users[n] = e.user
			}
		}
	}
}

// nameRest gives what names nobody and carries no token, such as a download where the site's own server
// adds the token, to the only user of its page. On a page of several users it stays nobody's.
func (x *index) nameRest() {
	only := map[string]string{} // user by page, "" where there are several
	for i := range x.entries {
		e := &x.entries[i]
		if e.user == "" {
			continue
		}
		if user, ok := only[e.page]; ok && user != e.user {
			only[e.page] = ""
			continue
		}
		only[e.page] = e.user
	}
	for i := range x.entries {
		e := &x.entries[i]
		if e.user == "" && e.used == 0 && e.call.op != aicc.OpToken {
			e.user = only[e.page]
		}
	}
}

// nameAskers gives each call for an application token, which names nobody, to a user: to the one who
// carries that token next, or who goes on on the same page, or who goes on at all. A last one is of
// the user before it.
func (x *index) nameAskers() {
	next, carries, onPage := "", map[int]string{}, map[string]string{}
	for i := range slices.Backward(x.entries) {
		e := &x.entries[i]
		if e.call.op == aicc.OpToken {
			e.user = cmp.Or(carries[e.granted], onPage[e.page], next)
			continue
		}
		next, carries[e.access], onPage[e.page] = e.user, e.user, e.user
	}
	last := ""
	for i := range x.entries {
		e := &x.entries[i]
		if e.call.op == aicc.OpToken {
			e.user = cmp.Or(e.user, last)
		}
		last = e.user
	}
}

// tab is a user on a page.
type tab struct{ user, page string }

// tabs says for each page of a user which page its tab began with. Browsers begin a new page when one
// is reloaded; but what goes on on two pages by turns is two tabs.
func (x *index) tabs() map[tab]string {
	type span struct {
		tab
		first, last time.Time
	}
	spans := map[tab]*span{}
	var order []*span
	for i := range x.entries {
		e := &x.entries[i]
		key := tab{e.user, e.page}
		if spans[key] == nil {
			spans[key] = &span{tab: key, first: e.began}
			order = append(order, spans[key])
		}
		spans[key].last = e.began
	}
	begunWith, tabs := map[tab]string{}, []*span{}
	for _, s := range order {
		begunWith[s.tab] = s.page
		i := slices.IndexFunc(tabs, func(t *span) bool { return t.user == s.user && t.last.Before(s.first) })
		if i < 0 {
			tabs = append(tabs, &span{tab: s.tab, last: s.last})
			continue
		}
		begunWith[s.tab], tabs[i].last = tabs[i].page, s.last
	}
	return begunWith
}
