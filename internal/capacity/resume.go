package capacity

import (
	"errors"
	"fmt"
	"slices"

	"chatbench/internal/result"
)

// ErrOther is the error of a search that cannot go on as another one.
var ErrOther = errors.New("the search that was kept is another one")

// Resume gives the report with which r, which has no probes, goes on from an earlier one. What steers
// the search alone (the loads, the width, budgets, the demand) may have changed; what changes what a
// probe measures may not. The error wraps [ErrOther].
func (r *Report) Resume(before *Report) (*Report, error) {
	now, then := r.Search, before.Search
	switch {
	case r.Scenario.Hash != before.Scenario.Hash:
		return nil, fmt.Errorf("%w: the scenario was changed since (sha256 %.12s, now %.12s)", ErrOther, before.Scenario.Hash, r.Scenario.Hash)
	case now.Unit != then.Unit:
		return nil, fmt.Errorf("%w: it counts %s and this one %s", ErrOther, then.Unit, now.Unit)
	case now.Settle != then.Settle || now.Hold != then.Hold:
		return nil, fmt.Errorf("%w: its probes settle for %v and hold for %v, write --settle %v --hold %v", ErrOther, then.Settle, then.Hold, then.Settle, then.Hold)
	case len(before.Probes) > 0 && machine(&r.Host) != machine(&before.Host):
		return nil, fmt.Errorf("%w: its probes were made on %s, and this machine is %s", ErrOther, machine(&before.Host), machine(&r.Host))
	case !slices.Equal(r.Flags, before.Flags):
		return nil, fmt.Errorf("%w: it was made with the flags %q and this one has %q", ErrOther, before.Flags, r.Flags)
	}
	on := *before
	on.Search, on.Command = r.Search, r.Command
	return &on, nil
}

// machine is what of a machine decides how fast it is, as far as it is known.
func machine(h *result.Host) string {
	return fmt.Sprintf("%s/%s with %d processors", h.OS, h.Arch, h.Cores)
}
