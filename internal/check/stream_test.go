package check

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// naive is the stream restated from its definition: it remembers everything.
type naive struct {
	seen map[uint32]bool
	next uint32
}

func (n *naive) see(seq uint32) arrival {
	switch {
	case n.seen[seq]:
		return repeated
	case seq < n.next:
		n.seen[seq] = true
		return late
	}
	n.seen[seq], n.next = true, seq+1
	return first
}

func (n *naive) missing() (all uint32) {
	for seq := range n.next {
		if !n.seen[seq] {
			all++
		}
	}
	return all
}

// disorder makes a sequence of n numbers of which some are dropped, repeated or moved back by up to
// reach places.
func disorder(r *rand.Rand, n, reach int) []uint32 {
	var seqs []uint32
	for seq := range uint32(n) {
		switch r.IntN(12) {
		case 0: // dropped
		case 1:
			seqs = append(seqs, seq, seq)
		default:
			seqs = append(seqs, seq)
		}
	}
	for i := range seqs {
		if r.IntN(6) == 0 {
			j := min(i+r.IntN(reach+1), len(seqs)-1)
			moved := seqs[i]
			seqs = slices.Insert(slices.Delete(seqs, i, i+1), j, moved)
		}
	}
	return seqs
}

func TestStreamAgreesWithNaive(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 5))
		st, ref := &stream{}, &naive{seen: map[uint32]bool{}}
		seqs := disorder(r, 1+r.IntN(200), 1+r.IntN(60))
		for i, seq := range seqs {
			got, want := st.see(sighting{seq: seq, poll: 1}, 0, never), ref.see(seq)
			if got != want {
				t.Fatalf("seed %d: message %d, the %d. of %v: got %d, want %d", seed, seq, i, seqs, got, want)
			}
			if st.missingBelow(st.next) != ref.missing() || int(st.seen()) != len(ref.seen) {
				t.Fatalf("seed %d: after %v: missing %d, seen %d; want %d, %d", seed, seqs[:i+1],
					st.missingBelow(st.next), st.seen(), ref.missing(), len(ref.seen))
			}
		}
	}
}

// With a window, some numbers cannot be told any more; but nothing may be told wrong, and what was
// given up plus what is missing must be what was never seen, or seen only when it was unclear.
func TestSpillingTellsNothingWrong(t *testing.T) {
	spilled := 0
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 6))
		st, ref := &stream{}, &naive{seen: map[uint32]bool{}}
		window := uint32(1 + r.IntN(256))
		var givenUp, missedByUs uint32
		for _, seq := range disorder(r, 600, 100) {
			got, want := st.see(sighting{seq: seq, poll: 1}, 0, never), ref.see(seq)
			switch {
			case got == unclear && want == late:
				missedByUs++
			case got != want && got != unclear:
				t.Fatalf("seed %d, window %d: message %d: got %d, want %d", seed, window, seq, got, want)
			}
			for g, ok := st.spill(window); ok; g, ok = st.spill(window) {
				givenUp += g.missing()
				spilled++
			}
			if len(st.gaps()) > maxGaps {
				t.Fatalf("seed %d: %d gaps are kept, want at most %d", seed, len(st.gaps()), maxGaps)
			}
		}
		if got, want := st.missingBelow(st.next)+givenUp, ref.missing()+missedByUs; got != want {
			t.Fatalf("seed %d, window %d: %d missing or given up, want %d", seed, window, got, want)
		}
	}
	if spilled == 0 {
		t.Error("nothing was ever spilled")
	}
}

func TestSpillsAtTheBoundOnly(t *testing.T) {
	every := func(from, to, step uint32) (seqs []uint32) {
		for seq := from; seq <= to; seq += step {
			seqs = append(seqs, seq)
		}
		return seqs
	}
	for _, c := range []struct {
		seqs   []uint32
		window uint32
		want   bool
		why    string
	}{
		{every(1, 2*maxGaps-1, 2), 256, false, "as many gaps as are kept"},
		{every(1, 2*maxGaps+1, 2), 256, true, "one more"},
		{[]uint32{0, 2, 3, 4}, 4, false, "3 messages since the gap opened"},
		{[]uint32{0, 2, 3, 4, 5}, 4, true, "4 messages"},
		{[]uint32{0, 2000}, 4, false, "one message, however high its number"},
	} {
		st := &stream{}
		for _, seq := range c.seqs {
			st.see(sighting{seq: seq, poll: 1}, 0, never)
		}
		if _, got := st.spill(c.window); got != c.want {
			t.Errorf("window %d, after %v: spills %t, want %t: %s", c.window, c.seqs, got, c.want, c.why)
		}
	}
}

func TestSpillingAFilledGapForgetsNothing(t *testing.T) {
	st := &stream{}
	for _, seq := range []uint32{0, 2, 1, 3, 4, 5} {
		st.see(sighting{seq: seq, poll: 1}, 0, never)
	}
	if g, ok := st.spill(4); !ok || g.late != 1 {
		t.Fatalf("spilled %t, %+v, want the gap that 1 filled", ok, g)
	}
	if got := st.see(sighting{seq: 1, poll: 2}, 0, never); got != repeated {
		t.Errorf("1 again is %d, want %d: nothing was missing from the gap", got, repeated)
	}
}

func TestGapIsExplainedByTheInterval(t *testing.T) {
	const lower = 100 * time.Millisecond // when the poll of the lower neighbour was started
	for _, c := range []struct {
		exposed time.Duration
		want    bool
		why     string
	}{
		{never, false, "no poll was lost"},
		{lower - 1, false, "the lost poll was over before"},
		{lower, true, "intervals are closed"},
		{lower + 1, true, "the lost poll may have been open"},
	} {
		st := &stream{}
		st.see(sighting{seq: 0, poll: 1}, lower, never)
		st.see(sighting{seq: 2, poll: 2}, 2*lower, c.exposed)
		if len(st.gaps()) != 1 || st.gaps()[0].explained != c.want {
			t.Errorf("exposed until %v: gaps %+v, want explained %t: %s", c.exposed, st.gaps(), c.want, c.why)
		}
	}
}

func TestFillTakesOnlyWhatIsMissing(t *testing.T) {
	st := &stream{}
	for _, seq := range []uint32{0, 3} {
		st.see(sighting{seq: seq, poll: 1}, 0, never)
	}
	for _, seq := range []uint32{1, 1, 0, 7} { // missing, filled already, seen, not reached
		st.fill(seq)
	}
	if st.seen() != 3 || st.missingBelow(st.next) != 1 || st.gaps()[0].late != 0 {
		t.Errorf("seen %d, missing %d, late %d; want 3, 1, 0", st.seen(), st.missingBelow(st.next), st.gaps()[0].late)
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte{0, 1, 2, 5, 3, 3})
	f.Add([]byte{255, 0, 254, 1})
	f.Fuzz(func(t *testing.T, seqs []byte) {
		st, ref := &stream{}, &naive{seen: map[uint32]bool{}}
		for _, b := range seqs {
			if got, want := st.see(sighting{seq: uint32(b), poll: 1}, 0, never), ref.see(uint32(b)); got != want {
				t.Fatalf("message %d of %v: got %d, want %d", b, seqs, got, want)
			}
		}
		if got, want := st.missingBelow(st.next), ref.missing(); got != want {
			t.Fatalf("%v: %d missing, want %d", seqs, got, want)
		}
	})
}
