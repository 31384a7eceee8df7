// Package har reads what the developer tools of a browser, or a proxy, recorded of a web chat: a file
// in the HTTP Archive format, version 1.2.
//
// It finds the exchanges of the chat among all others, tells customers apart, and gives the exchanges
// in the order of time, with their bodies as they were before anything packed them. It does not judge
// them and knows nothing of rules: [Recording.Events] makes the same events of them that a simulated
// customer emits. The file may be of any length: what is kept in memory is a few hundred bytes for
// each exchange of the chat and one body. Tokens are told apart and never kept.
package har

import (
	"errors"
	"iter"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// Errors of files that cannot be judged.
var (
	ErrNotHAR = errors.New("not a HAR file")
	ErrNoChat = errors.New("no exchange of a chat in the recording")
)

// Options say what of a recording is wanted.
type Options struct {
	Host string // only exchanges with this host, with its port if it has one; "" for all
}

// Recording is a HAR file whose exchanges are known. It must be closed.
type Recording struct {
	About     About
	Customers []Customer // in the order in which they come in

	name       string
	file       *source
	entries    []entry // in the order of time
	setup      trace.Setup
	bearers    bool // requests carry application tokens
	userTokens bool // and user tokens
}

// About says what a recording is and what of it was used.
type About struct {
	Creator  string    // program that wrote it, with version
	Browser  string    // with version, when the file tells
	Pages    []string  // titles or addresses without query, in the order of the file
	Start    time.Time // of the first exchange of the chat, by the clock of the browser
	Scheme   string    // https, http
	Hosts    []string  // the chat's, the one asked most often first
	Prefixes []string  // what stands in front of the chat's paths, such as "" or "/proxy"; as above

	Entries    int     // in the file
	Used       int     // exchanges of the chat; a chain of redirects is one
	Preflights int     // OPTIONS of the chat that the browser asked by itself
	Twins      int     // exchanges that a service worker made for its page, which are in the file twice
	Timeless   int     // exchanges of the chat that have no time, because they were never sent
	Elsewhere  int     // entries that are none of the chat
	Others     []Count // their hosts
	Unjudged   []Count // paths of the chat that no rule is about
	Midway     []int   // customers whose conversation had begun before the recording did
	Missing    int     // answers whose body is not there
	Undone     int     // calls of send whose body, which says what they are, is not there
	Cached     int     // answers that came out of the browser's cache
}

// Count is how often something was seen; lists of them have the most frequent first.
type Count struct {
	What string
	N    int
}

// Customer is one user in one tab.
type Customer struct {
	User string // userId; "" when nothing in the file tells it
	Page string // title or address of the tab's first page, if known
}

// Open reads a recording once from beginning to end and says what is in it. Errors are ErrNotHAR,
// ErrNoChat with what was there instead, a [SyntaxError] with its place, or those of the file.
func Open(name string, opt Options) (*Recording, error) {
	file, err := openSource(name)
	if err != nil {
		return nil, err
	}
	r := &Recording{name: name, file: file}
	x := newIndex(r, opt)
	if err := x.read(); err != nil {
		file.Close()
		return nil, err
	}
	x.identify()
	return r, nil
}

// Close closes the file. Exchanges cannot be read any more.
func (r *Recording) Close() error { return r.file.Close() }

// Exchange is one call of the chat and what came of it. Times are since About.Start.
type Exchange struct {
	Entry    int // index in log.entries of the file
	Customer int // index in Customers
	User     string
	Op       aicc.Op // OpNone: a call that no rule is about, such as the survey
	Path     string  // as in docs/protocol.md section 3
	Read     bool    // a poll that asks for read receipts
	Host     string

	Began    time.Duration // when the page asked for it
	Took     time.Duration // until the answer was complete
	Opening  time.Duration // how long of Took it waited for its turn and for a connection
	Status   int           // HTTP status of the last answer in a chain of redirects; 0: none came
	Problem  string        // why none came, in the browser's words, if it has any
	Location string        // where a redirect led that the browser did not follow, without its query
	Cached   bool          // the answer came out of the browser's cache

	// Identities of tokens. They are numbered in this recording from 1; 0 is none.
	UserToken int // that the request carried
	Access    int // application token that the request carried
	Granted   int // token that came with the answer, of OpToken an application token

	Request, Response Body
}

// Exchanges gives all exchanges of the chat in the order in which they began, and an error that ends
// them, which is one of reading the file. An exchange is the caller's to keep.
func (r *Recording) Exchanges() iter.Seq2[*Exchange, error] {
	return func(yield func(*Exchange, error) bool) {
		for i := range r.entries {
			x, err := r.exchange(&r.entries[i])
			if !yield(x, err) || err != nil {
				return
			}
		}
	}
}

func (r *Recording) exchange(e *entry) (*Exchange, error) {
	x := &Exchange{Entry: e.index, Customer: e.customer, User: e.user, Op: e.op, Path: e.call.path, Read: e.read, Host: e.host,
		Began: e.began.Sub(r.About.Start), Took: e.took, Opening: e.opening, Status: e.status, Problem: e.problem, Location: e.redirect,
		Cached: e.cached, UserToken: e.used, Access: e.access, Granted: e.granted}
	var err error
	if x.Request, err = e.request.read(r.file); err != nil {
		return nil, err
	}
	if x.Response, err = e.response.read(r.file); err != nil {
		return nil, err
	}
	return x, nil
}
