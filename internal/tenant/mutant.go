package tenant

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"chatbench/internal/marker"
)

// Mutant is a fault that the embedded tenant commits on demand. It is applied on purpose and
// deterministically, so that a checker that stays silent is known to be wrong.
type Mutant struct {
	Name   string   // as in "name", "name:3" (the third chance) or "name:every=3"
	Fault  string   // what the tenant does wrong
	Chance string   // when it can: a run without such a situation does not apply it
	Rules  []string // rule ids that the fault breaks: these and no others
}

// fault is a mutant's place in the table.
type fault uint8

const (
	shapeObject fault = iota
	shapeNoCode
	shapeNotJSON
	sendNoCode
	earlyWelcome
	muteConnect
	swapAdjacent
	swapAcrossPolls
	reverseBatch
	inventSeq
	crossSession
	dupSameBatch
	dupNextPoll
	dupFar
	dropOne
	dropBatch
	dropTail
	truncateContent
	mojibake
	talkAfterDrop
	talkAfterDropSameBatch
	doubleDrop
	silentDrop
	lateDrop
	robotDrop
	mediaDrop
	staleAfterReconnect
	mediaEmptyID
	mediaBadBase64
	media404
	mediaTruncated
	mediaSwapped
	faultCount
)

const (
	anyPoll   = "a poll during a conversation"
	anyMarked = "a marked text that is not the first message of its conversation"
	twoMarked = "a poll that hands out two marked texts of one sender; give robot or agents several messages an answer"
	anyHangUp = "agents or the platform hang up"
	anyFile   = "agents send media"
)

var mutants = [faultCount]Mutant{
	shapeObject:  {"shape-object", "downlinkMessages is an object instead of an array", anyPoll, []string{"SHP-01"}},
	shapeNoCode:  {"shape-no-code", "the answer of a poll has no resultCode", anyPoll, []string{"SHP-01"}},
	shapeNotJSON: {"shape-not-json", "a poll is answered 200 with a web page", anyPoll, []string{"SHP-01"}},
	sendNoCode:   {"send-no-code", "the answer of an accepted CHAT has no resultCode", "a CHAT during a conversation", []string{"SHP-02"}},

	earlyWelcome: {"early-welcome", "a message is handed out before CONNECT", "a poll of a customer who has never connected; a declared probe does that", []string{"CON-01"}},
	muteConnect:  {"mute-connect", "CONNECT is answered 0, and nobody is ever there", "a CONNECT", []string{"CON-02"}},

	swapAdjacent:    {"swap-adjacent", "two texts of one sender are swapped within an answer", twoMarked, []string{"ORD-01"}},
	swapAcrossPolls: {"swap-across-polls", "the earlier of two texts of one sender is kept back for the next poll", twoMarked + ", before the end", []string{"ORD-01"}},
	reverseBatch:    {"reverse-batch", "the messages of an answer come in reverse", twoMarked + ", before the end", []string{"ORD-01"}},

	inventSeq:    {"invent-seq", "the customer is quoted with a text that was never sent", "a marked CHAT of a customer to robot or agent", []string{"DEL-01"}},
	crossSession: {"cross-session", "a customer gets a text that was said to another customer", "two customers of one run with marked texts", []string{"DEL-02"}},
	dupSameBatch: {"dup-same-batch", "a text comes twice in one answer", "a poll that hands out a marked text", []string{"DEL-03"}},
	dupNextPoll:  {"dup-next-poll", "a text comes again with the next poll", "a poll that hands out a marked text, before the end", []string{"DEL-03"}},
	dupFar:       {"dup-far", "the first text of a conversation comes again much later", "the fourth message of a conversation, or a later one", []string{"DEL-03"}},
	dropOne:      {"drop-one", "a text is lost on its way to the poll", anyMarked, []string{"DEL-04"}},
	dropBatch:    {"drop-batch", "everything a poll should have handed out is lost", anyMarked, []string{"DEL-04"}},
	dropTail:     {"drop-tail", "the agent's good-bye is lost", "agents hang up", []string{"DEL-04"}},

	truncateContent: {"truncate-content", "the second half of a text is cut off", "a marked text", []string{"DEL-06"}},
	mojibake:        {"mojibake", "UTF-8 is taken for Latin-1", "a marked text with a character outside ASCII", []string{"DEL-06"}},

	talkAfterDrop:          {"talk-after-drop", "a text comes with a poll after DISCONNECT", anyHangUp + ", and a poll comes after that; a declared probe does", []string{"DSC-01"}},
	talkAfterDropSameBatch: {"talk-after-drop-same-batch", "a text comes behind DISCONNECT in the same answer", anyHangUp, []string{"DSC-02"}},
	doubleDrop:             {"double-drop", "DISCONNECT comes twice", anyHangUp, []string{"DSC-03"}},
	silentDrop:             {"silent-drop", "the other side hangs up and DISCONNECT never comes", anyHangUp, []string{"DSC-04"}},
	lateDrop:               {"late-drop", "DISCONNECT comes 15 s after the other side hung up", anyHangUp, []string{"DSC-04"}},
	robotDrop:              {"robot-drop", "DISCONNECT says that it is from ROBOT", anyHangUp, []string{"DSC-07"}},
	mediaDrop:              {"media-drop", "DISCONNECT says that it is an IMAGE", anyHangUp, []string{"DSC-07"}},
	staleAfterReconnect:    {"stale-after-reconnect", "a text of the previous conversation comes in the new one", "a customer with a second conversation, and marked texts in the first", []string{"DSC-05"}},

	mediaEmptyID:   {"media-empty-id", "a media message has no file id", anyFile, []string{"MED-01"}},
	mediaBadBase64: {"media-bad-base64", "the Base64 of a download is damaged", "a download", []string{"MED-01"}},
	media404:       {"media-404", "a file that was sent cannot be found", "a download", []string{"MED-01"}},
	mediaTruncated: {"media-truncated", "the last quarter of a file is missing", "a download", []string{"MED-02"}},
	mediaSwapped:   {"media-swapped", "a download gives another file of the same kind", "a download", []string{"MED-02"}},
}

// Mutants lists every fault, in the order of the rules they break.
func Mutants() []Mutant { return slices.Clone(mutants[:]) }

// faults decides which chances are taken.
type faults struct {
	mu    sync.Mutex // protects the following
	plans [faultCount][]plan
	took  [faultCount]int64

	// The text said last to anybody, for cross-session.
	last    message
	lastWho marker.Marker
}

// plan is one mutant as it was asked for.
type plan struct {
	nth   int64 // the chance that is taken
	every bool  // and every further nth
	seen  int64
}

// parseMutants reads what a scenario or a flag asks for; no mutants give nil.
func parseMutants(specs []string) (*faults, error) {
	if len(specs) == 0 {
		return nil, nil
	}
	f := new(faults)
	for _, spec := range specs {
		id, p, err := parseMutant(spec)
		if err != nil {
			return nil, err
		}
		f.plans[id] = append(f.plans[id], p)
	}
	return f, nil
}

func parseMutant(spec string) (fault, plan, error) {
	name, count, counted := strings.Cut(spec, ":")
	id := slices.IndexFunc(mutants[:], func(m Mutant) bool { return m.Name == name })
	if id < 0 {
		return 0, plan{}, fmt.Errorf("mutant %q does not exist: did you mean %q?", name, nearestMutant(name))
	}
	p := plan{nth: 1}
	if !counted {
		return fault(id), p, nil
	}
	digits, every := strings.CutPrefix(count, "every=")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 {
		return 0, plan{}, fmt.Errorf("mutant %q: want %s, %s:3 or %s:every=3", spec, name, name, name)
	}
	p.nth, p.every = n, every
	return fault(id), p, nil
}

// nearestMutant is the name with the fewest edits to what was written.
func nearestMutant(name string) string {
	best, distance := "", len(name)+100
	for _, m := range mutants {
		if d := edits(name, m.Name); d < distance {
			best, distance = m.Name, d
		}
	}
	return best
}

// edits is the Levenshtein distance.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// take counts a chance and reports whether the fault is to be committed now. The conversation, if
// there is one, notes it for its record; its customer's mutex is held.
func (f *faults) take(id fault, v *conversation) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := false
	for i := range f.plans[id] {
		p := &f.plans[id][i]
		p.seen++
		hit = hit || p.seen == p.nth || p.every && p.seen%p.nth == 0
	}
	if !hit {
		return false
	}
	f.took[id]++
	if name := mutants[id].Name; v != nil && !slices.Contains(v.faults, name) {
		v.faults = append(v.faults, name)
	}
	return true
}

// applied counts how often each mutant that was asked for has been committed.
func (f *faults) applied() map[string]int64 {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	counts := make(map[string]int64)
	for id := range f.plans {
		if f.plans[id] != nil {
			counts[mutants[id].Name] = f.took[id]
		}
	}
	return counts
}
