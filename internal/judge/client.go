package judge

import (
	"cmp"
	"net"
	"slices"
	"sync"
)

// maxClients is how many clients are told apart. All further ones are taken for one.
const maxClients = 64

// others stands for the clients that are not told apart any more.
var others = clientKey{agent: "further clients"}

// clientKey is what clients are told apart by: the address they call from and what they say they are. A
// page that is open in two windows is one client.
type clientKey struct{ host, agent string }

// String names a client for people.
func (k clientKey) String() string {
	switch {
	case k.host == "":
		return k.agent
	case k.agent == "":
		return k.host
	}
	return k.host + " " + k.agent
}

// client is one program that talks to the tenant, on behalf of any number of users.
type client struct {
	key      clientKey
	number   int       // in the order in which they came
	stranger *customer // its calls that name no user
	begun    int       // conversations
	lessons  [len(curriculum)]progress
}

// progress is how often a client had a lesson, met what it is about, and broke a rule in it.
type progress struct{ planned, met, broken int }

// clients are all that have come.
type clients struct {
	mu    sync.Mutex // protects the following, and what is in them; innermost
	byKey map[clientKey]*client
}

// find finds or makes the client that calls from an address. The stranger is made by whoever asks.
func (s *clients) find(from net.Addr, agent string, stranger func() *customer) *client {
	host := from.String()
	if tcp, ok := from.(*net.TCPAddr); ok {
		host = tcp.IP.String()
	}
	key := clientKey{host, clip(agent)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = make(map[clientKey]*client)
	}
	if len(s.byKey) >= maxClients && s.byKey[key] == nil {
		key = others
	}
	c := s.byKey[key]
	if c == nil {
		c = &client{key: key, number: len(s.byKey) + 1}
		s.byKey[key] = c
		c.stranger = stranger()
		c.stranger.client = c
	}
	return c
}

// clip bounds what a client says of itself.
func clip(s string) string {
	const most = 200
	return s[:min(len(s), most)]
}

// next notes that the client begins a conversation, and gives it the lesson that it had least often;
// one that it has met in passing counts as had. Skip says which are not given.
func (s *clients) next(c *client, skip func(int) bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.begun++
	best, least := noLesson, 0
	for i := range c.lessons {
		p := &c.lessons[i]
		had := p.planned
		if had == 0 && p.met > 0 {
			had = 1
		}
		if !skip(i) && (best == noLesson || had < least) {
			best, least = i, had
		}
	}
	if best != noLesson {
		c.lessons[best].planned++
	}
	return best
}

// see notes which lessons a client has met now for the first time in a conversation: all that saw
// shows, and before did not.
func (s *clients) see(c *client, before, saw sights) (first []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range curriculum {
		l := &curriculum[i]
		if !l.shownBy(saw) || l.shownBy(before) {
			continue
		}
		if c.lessons[i].met++; c.lessons[i].met == 1 {
			first = append(first, i)
		}
	}
	return first
}

// broke notes that a rule was broken in a lesson.
func (s *clients) broke(c *client, lesson int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.lessons[lesson].broken++
}

// all are the clients that have begun a conversation, in the order in which they came.
func (s *clients) all() []*client {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*client
	for _, c := range s.byKey {
		if c.begun > 0 {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b *client) int { return cmp.Compare(a.number, b.number) })
	return list
}

// progress copies what a client has met.
func (s *clients) progress(c *client) [len(curriculum)]progress {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.lessons
}
