package check

// rare is what only some conversations need.
type rare struct {
	goesOn   int // earliest conversation that the tenant may still take for going on, or -1; outlives a conversation
	parked   int // latest conversation that a DISCONNECT parked, or -1; outlives a conversation
	drop     dropping
	tokens   tokens
	manners  manners
	refused  refusals
	media    mediaCount
	echoed   int32       // one above the highest number of the customer's that was echoed
	unplaced int32       // damaged messages that stand for one that seems missing
	codes    recent      // messageCodes of this conversation
	twins    recent      // messages without one
	sends    []sending   // beyond the few of the conversation
	files    []mediaFile // of this conversation, at most maxFiles
	uploads  *uploads    // nil: there never was one
}

// What all sessions have in place of their own as long as they need none, so that reading asks no
// questions. They are never written to: waits and rarely return the session's own.
var (
	nobodyWaits = waiting{question: closed, handOver: closed, toAgent: never, queue: queueing{since: never, due: never}}
	nothingRare = rare{goesOn: -1, parked: -1, tokens: tokens{armed: never, replaced: never}}
)

// waits returns what is waited for, to be changed.
func (s *Session) waits() *waiting {
	if s.wait == &nobodyWaits {
		s.wait = new(waiting)
		*s.wait = nobodyWaits
	}
	return s.wait
}

// rarely returns what is rare, to be changed.
func (s *Session) rarely() *rare {
	if s.rare == &nothingRare {
		s.rare = new(rare)
		*s.rare = nothingRare
	}
	return s.rare
}

// forget makes what is rare that of a new conversation.
func (r *rare) forget() {
	was := *r
	*r = nothingRare
	r.goesOn, r.parked = was.goesOn, was.parked
	r.codes, r.twins = was.codes[:0], was.twins[:0]
	r.sends, r.files = was.sends[:0], was.files[:0]
	if r.uploads = was.uploads; r.uploads != nil {
		r.uploads.files = r.uploads.files[:0]
	}
}
