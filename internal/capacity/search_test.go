package capacity

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/result"
)

// synthetic is a tenant that is known: what a probe at a load finds. It may be asked several times
// for the same load; number counts all probes.
type synthetic func(number int, load float64) Outcome

// sharp carries up to a limit and nothing beyond.
func sharp(limit float64) synthetic {
	return func(_ int, load float64) Outcome {
		if load <= limit {
			return Carried
		}
		return Missed
	}
}

// noisy always carries up to from, never beyond to, and in between by chance, the less the higher.
func noisy(from, to float64, seed uint64) synthetic {
	return func(number int, load float64) Outcome {
		chance := rand.New(rand.NewPCG(seed, uint64(number))) // by the number, so that a resumed search finds the same
		switch {
		case load <= from:
			return Carried
		case load > to || chance.Float64() < (load-from)/(to-from):
			return Missed
		}
		return Carried
	}
}

// weak is a machine that can make no more than most, in front of a tenant.
func weak(most float64, behind synthetic) synthetic {
	return func(number int, load float64) Outcome {
		if load > most {
			return Short
		}
		return behind(number, load)
	}
}

// foggy cannot tell between two loads.
func foggy(from, to float64, behind synthetic) synthetic {
	return func(number int, load float64) Outcome {
		if load > from && load < to {
			return Unclear
		}
		return behind(number, load)
	}
}

// fickle is a tenant of whose probes a few say the opposite.
func fickle(share float64, seed uint64, behind synthetic) synthetic {
	return func(number int, load float64) Outcome {
		o := behind(number, load)
		if rand.New(rand.NewPCG(seed, uint64(number))).Float64() >= share {
			return o
		}
		return map[Outcome]Outcome{Carried: Missed, Missed: Carried}[o]
	}
}

// probe makes a probe of a synthetic tenant.
func (s synthetic) probe(number int, load float64) (Probe, error) {
	p := Probe{Number: number, Load: load, Outcome: s(number, load), Why: "because"}
	if p.Outcome != Carried {
		p.Limits = []Limit{{Kind: result.GateLatency, Name: "reply p95 < 1s", Sentence: `"reply p95 < 1s": it was 2 s.`}}
	}
	return p, nil
}

func keepNothing(*Report) error { return nil }

// ask has a search made with a synthetic tenant.
func ask(t *testing.T, s Search, tenant synthetic) *Report {
	t.Helper()
	r := &Report{Search: s}
	if err := r.Go(tenant.probe, keepNothing); err != nil {
		t.Fatal(err)
	}
	return r
}

// plain is a search as by default.
func plain() Search {
	return Search{Unit: UnitCustomers, From: 10, Least: 1, Most: 10_000, Factor: 2, Width: 0.1, Confirm: 2}
}

func loads(r *Report) []float64 {
	var list []float64
	for _, p := range r.Probes {
		list = append(list, p.Load)
	}
	return list
}

func TestSearchSteps(t *testing.T) {
	for _, tt := range []struct {
		name   string // why the row is there
		search func(*Search)
		tenant synthetic
		loads  []float64
		want   Answer // its sentences are not looked at
	}{
		{
			name: "stairs, bisection, confirmation of both ends", tenant: sharp(100),
			// Between 80 and 160 the middle is sqrt(80·160) = 113, then 95, 104, 99, and 104 is within 10 % of 99.
			loads: []float64{10, 20, 40, 80, 160, 113, 95, 104, 95, 104},
			want:  Answer{Kind: Found, Low: 95, High: 104, Sure: true},
		},
		{
			name: "the first load is too much", tenant: sharp(3),
			loads: []float64{10, 5, 3, 4, 3, 4}, // 5/2 rounds to 3; whole customers end the search at 3 and 4
			want:  Answer{Kind: Found, Low: 3, High: 4, Sure: true},
		},
		{
			name: "not even the least load is carried", tenant: sharp(0),
			loads: []float64{10, 5, 3, 2, 1, 1},
			want:  Answer{Kind: Found, Low: 0, High: 1, Sure: true},
		},
		{
			name: "more than was asked for", tenant: sharp(1e9), search: func(s *Search) { s.Most = 70 },
			loads: []float64{10, 20, 40, 70, 70},
			want:  Answer{Kind: NotReached, Low: 70, Sure: true},
		},
		{
			name: "the machine is the limit: each shortage is tried twice", tenant: weak(100, sharp(1e9)),
			loads: []float64{10, 20, 40, 80, 160, 160, 113, 113, 95, 104, 104, 95},
			want:  Answer{Kind: ByMachine, Low: 95, High: 104, Sure: true},
		},
		{
			name: "the tenant's limit lies below the machine's", tenant: weak(100, sharp(90)),
			loads: []float64{10, 20, 40, 80, 160, 160, 113, 113, 95, 87, 87, 95},
			want:  Answer{Kind: Found, Low: 87, High: 95, Sure: true},
		},
		{
			name: "the budget ends it", tenant: sharp(100), search: func(s *Search) { s.Steps = 6 },
			loads: []float64{10, 20, 40, 80, 160, 113},
			want:  Answer{Kind: Found, Low: 80, High: 113, Stop: OutOfSteps},
		},
		{
			name: "a demand within the interval is tried itself", tenant: sharp(100), search: func(s *Search) { s.AtLeast = 100 },
			loads: []float64{10, 20, 40, 80, 160, 113, 95, 104, 100, 100, 104},
			want:  Answer{Kind: Found, Low: 100, High: 104, Sure: true},
		},
		{
			name: "a stray miss is outvoted, and the stairs go on",
			tenant: func(number int, load float64) Outcome {
				if number == 3 { // the first at 40
					return Missed
				}
				return sharp(100)(number, load)
			},
			loads: []float64{10, 20, 40, 28, 33, 36, 38, 38, 40, 40, 80, 160, 113, 95, 104, 95, 104},
			want:  Answer{Kind: Found, Low: 95, High: 104, Sure: true, Noisy: []float64{40}},
		},
		{
			name: "nothing can be told in between: the fog is gone round", tenant: foggy(60, 140, sharp(100)),
			loads: []float64{10, 20, 40, 80, 80, 160, 57, 68, 68, 62, 62, 113, 113, 134, 134, 146, 57, 146},
			want:  Answer{Kind: Found, Low: 57, High: 146, Sure: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := plain()
			if tt.search != nil {
				tt.search(&s)
			}
			r := ask(t, s, tt.tenant)
			if diff := cmp.Diff(tt.loads, loads(r)); diff != "" {
				t.Errorf("loads that were tried (-want +got):\n%s", diff)
			}
			got := r.Answer
			got.Sentences, got.Limit = nil, nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			t.Log(r.Answer.Sentences)
		})
	}
}

// mostProbes bounds a search: stairs up or down, halvings of an interval of one stair, and as many
// probes at a load as its votes allow. Noise moves an end a few times.
const mostProbes = 120

// TestSearchContainsTruth asks many tenants that are known, and wants the truth within the answer.
func TestSearchContainsTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	most, sum, n := 0, 0, 0
	for i := range 1000 {
		s := plain()
		s.From = float64(1 + random.IntN(200))
		s.Factor = 1.3 + 2*random.Float64()
		s.Width = 0.02 + 0.3*random.Float64()
		s.Confirm = 1 + random.IntN(3)
		if i%3 == 0 {
			s.Unit, s.From, s.Least, s.Most = UnitArrivals, s.From/10, 0.05, 1000
		}
		limit := s.Least * 20_000 * random.Float64() * random.Float64() * random.Float64()
		from, to := limit, limit*(1+random.Float64()/2)
		name := fmt.Sprintf("%d: %+v, carried to %g, missed beyond %g", i, s, from, to)
		seed := random.Uint64()

		made := func(r *Report) {
			most, sum, n = max(most, len(r.Probes)), sum+len(r.Probes), n+1
			if len(r.Probes) > mostProbes {
				t.Errorf("%s: %d probes", name, len(r.Probes))
			}
		}
		r := ask(t, s, sharp(limit))
		contains(t, name+", sharp", r, limit, limit)
		narrow(t, name+", sharp", r)
		made(r)
		r = ask(t, s, noisy(from, to, seed))
		contains(t, name+", noisy", r, from, to)
		made(r)
		r = ask(t, s, weak(limit/2, sharp(limit)))
		made(r)
		if r.Answer.Kind == Found {
			t.Errorf("%s: a limit of the machine was taken for the tenant's: %+v", name, r.Answer)
		}
		r = ask(t, s, foggy(from, to, sharp((from+to)/2)))
		contains(t, name+", foggy", r, from, to)
		made(r)
	}
	t.Logf("%d searches, %d probes at most, %.1f on average", n, most, float64(sum)/float64(n))
}

// contains wants nothing carried that a tenant never carries, nothing missed that it always carries,
// and an end of the search for a reason.
func contains(t *testing.T, name string, r *Report, from, to float64) {
	t.Helper()
	a := r.Answer
	if a.Low > to {
		t.Errorf("%s: %g is said to be carried: %+v", name, a.Low, a)
	}
	if a.Kind == Found && a.High <= from {
		t.Errorf("%s: %g is said to be missed: %+v", name, a.High, a)
	}
	switch {
	case a.Kind == NotReached && a.Low == r.Search.Most && a.Sure:
	case a.Kind == Found && a.Sure:
	case a.Kind == Untold:
	default:
		t.Errorf("%s: no answer: %+v after %v", name, a, loads(r))
	}
}

// narrow wants an interval as narrow as asked for, or as loads can be told apart.
func narrow(t *testing.T, name string, r *Report) {
	t.Helper()
	a, s := r.Answer, r.Search
	if a.Kind != Found || a.Low == 0 {
		return
	}
	if _, wide := s.between(a.Low, a.High); wide {
		t.Errorf("%s: the interval is %g to %g", name, a.Low, a.High)
	}
}

// TestSearchOutvotesFlukes wants the answer that a tenant gives without flukes from nearly all
// searches in which one probe in fifty is one.
func TestSearchOutvotesFlukes(t *testing.T) {
	const searches = 2000
	right, longest := 0, 0
	for seed := range uint64(searches) {
		s := plain()
		r := ask(t, s, fickle(0.02, seed, sharp(300)))
		longest = max(longest, len(r.Probes))
		if r.Answer.Low <= 300 && r.Answer.High > 300 {
			right++
		}
	}
	t.Logf("%d of %d answers are right, %d probes at most", right, searches, longest)
	if right < searches*98/100 {
		t.Errorf("%d of %d answers are right", right, searches)
	}
}

// TestSearchResumes interrupts searches after every probe and wants the same answer in the end.
func TestSearchResumes(t *testing.T) {
	stopped := errors.New("stopped")
	for seed := range uint64(200) {
		tenant := weak(float64(150+seed), noisy(80, 140, seed))
		want := ask(t, plain(), tenant)
		got := &Report{Search: plain()}
		for err := stopped; err != nil; {
			made := 0
			err = got.Go(func(number int, load float64) (Probe, error) {
				if made++; made > 1 {
					return Probe{}, stopped
				}
				return tenant.probe(number, load)
			}, keepNothing)
			got = reread(t, got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: an interrupted search differs (-want +got):\n%s", seed, diff)
		}
	}
}

// reread is a report after it was written and read.
func reread(t *testing.T, r *Report) *Report {
	t.Helper()
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	back, err := document.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	back.Schema = ""
	return back
}
