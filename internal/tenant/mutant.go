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
	Rules  []string // rule ids that the fault breaks when it is committed once: these and no others
}

// Mutants lists the faults that ordinary traffic can show, in the order of the rules they break.
func Mutants() []Mutant { return slices.Clone(mutants[:firstProbed]) }

// ProbeMutants lists the faults that only "chatbench check" brings about.
func ProbeMutants() []Mutant { return slices.Clone(mutants[firstProbed:]) }

// faults decides which chances are taken.
type faults struct {
	mu    sync.Mutex // protects the following
	plans [faultCount][]plan
	took  [faultCount]int64

	// The text said last to anybody, for cross-session.
	last    message
	lastWho marker.Marker

	trick trick
}

// memory is what faults have to remember of a conversation.
type memory struct {
	first     [speakers]*message // marked text of each sender
	latest    *message           // marked text
	cause     int                // in an agent's latest marker
	fetched   bool               // a poll has got a marked text
	polled    bool               // a poll came after the end
	copies    int                // messages that nobody said
	told      int                // position in the queue
	refused   bool               // a call was, with good tokens
	deaf      *userToken         // a poll with it was refused, and one with the next will be
	replacing bool               // the poll being served carries a new token
	silent    bool               // it has ended, and the customer is not to notice
	late      bool               // or not yet
	ghost     bool               // it is over for the customer and not for the tenant
	twice     bool               // what is handed out next comes again
	swallow   bool               // what is said next is lost
}

// plan is one mutant as it was asked for.
type plan struct {
	nth   int64 // the chance that is taken
	every bool  // and every further nth
	seen  int64
}

// chance counts a chance and reports whether it is one that is taken.
func (p *plan) chance() bool {
	p.seen++
	return p.seen == p.nth || p.every && p.seen%p.nth == 0
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
// there is one, notes it for its record; its customer's mutex is held. A healthy tenant has no
// faults and takes none.
func (f *faults) take(id fault, v *conversation) bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := v != nil && v.lesson.take(id)
	for i := range f.plans[id] {
		hit = f.plans[id][i].chance() || hit
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
