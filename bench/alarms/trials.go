package main

import (
	"maps"
	"math/rand/v2"
	"slices"

	"chatbench/internal/compare"
)

// trial is the runs of a comparison.
type trial struct{ base, new []compare.Input }

// row is a line of the table.
type row struct {
	new  kind
	size int  // runs a side
	once bool // a run is in one trial at most
}

// trials puts runs into groups by chance: each into one trial, or as often as there are trials.
func (k *kept) trials(r row, most int, draw *rand.Rand) []trial {
	if r.once {
		return k.groups(r, draw)
	}
	var list []trial
	for len(list) < most {
		groups := k.groups(r, draw)
		if len(groups) == 0 {
			break
		}
		list = append(list, groups[draw.IntN(len(groups))])
	}
	return list
}

// groups deals the turns out to two halves, so that no run is compared with one that met the same
// machine at the same time, and then the runs of the halves to trials, each run to one.
func (k *kept) groups(r row, draw *rand.Rand) []trial {
	ours, theirs := halves(k.identical, draw)
	if r.new == identical {
		return r.dealt(ours, theirs)
	}
	first := map[string]bool{}
	for _, p := range ours {
		first[p.turn] = true
	}
	var inFirst, others []played
	for _, p := range shuffled(k.slowed, draw) {
		if first[p.turn] {
			inFirst = append(inFirst, p)
		} else {
			others = append(others, p)
		}
	}
	return append(r.dealt(ours, others), r.dealt(theirs, inFirst)...)
}

// halves puts whole turns into two halves with about as many runs, in an order of chance.
func halves(list []played, draw *rand.Rand) (ours, theirs []played) {
	runs := map[string]int{}
	for _, p := range list {
		runs[p.turn]++
	}
	turns := slices.Sorted(maps.Keys(runs))
	draw.Shuffle(len(turns), func(a, b int) { turns[a], turns[b] = turns[b], turns[a] })
	first, have := map[string]bool{}, 0
	for _, turn := range turns {
		if 2*(have+runs[turn]) <= len(list) {
			first[turn], have = true, have+runs[turn]
		}
	}
	for _, p := range shuffled(list, draw) {
		if first[p.turn] {
			ours = append(ours, p)
		} else {
			theirs = append(theirs, p)
		}
	}
	return ours, theirs
}

// dealt makes as many trials as there are runs for.
func (r row) dealt(base, new []played) (list []trial) {
	for i := range min(len(base), len(new)) / r.size {
		from, to := i*r.size, (i+1)*r.size
		list = append(list, trial{inputs(base[from:to]), inputs(new[from:to])})
	}
	return list
}

func inputs(list []played) []compare.Input {
	var in []compare.Input
	for _, p := range list {
		in = append(in, p.Input)
	}
	return in
}

func shuffled(list []played, draw *rand.Rand) []played {
	list = slices.Clone(list)
	draw.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
	return list
}
