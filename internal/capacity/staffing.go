package capacity

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"
)

// Schema of a StaffReport as JSON.
const StaffSchema = "chatbench.staff/1"

// Demand is what agents are needed for: who comes, for how long, and how well they are to be
// served. An agent who holds k conversations at once counts as k servers, each of which takes the
// handling time: so the handling time must be that of an agent who is as busy as that. Arrivals are
// a Poisson process, handling time and patience are exponential.
type Demand struct {
	Arrivals   float64       // a second, more than 0
	Handling   time.Duration // mean, from the agent being given the conversation to its end; more than 0
	Concurrent int           // conversations of an agent at once, at least 1
	Patience   time.Duration // mean time for which a customer waits before giving up; 0: for ever
	Answered   float64       // share of all who come, over 0 and below 1, ...
	Within     time.Duration // ... who are to be answered within this
	Shrinkage  float64       // share of their paid time for which agents are not there, 0 to below 1
	// MaxOccupancy is the share of an agent's places that may be taken on average, over 0 to 1; 0 is
	// no limit.
	MaxOccupancy float64
}

// Load is the work that comes, in erlangs: the mean number of conversations that would be with
// agents if nobody had to wait.
func (d Demand) Load() float64 { return d.Arrivals * d.Handling.Seconds() }

// Level is how well a number of agents serves a demand. Times are seconds.
type Level struct {
	Agents     int     `json:"agents"`
	Scheduled  int     `json:"scheduled"`  // agents to be paid for so many to be there, see Demand.Shrinkage
	Overloaded bool    `json:"overloaded"` // more work than agents, and nobody gives up: waits grow without end and are left out
	Answered   float64 `json:"answered"`   // share of all who come who are answered in time; who gives up is not
	Waiting    float64 `json:"waiting"`    // share who find no agent free
	MeanWait   float64 `json:"mean_wait_s,omitempty"`
	// Answer is the mean wait of those who are answered, the waits of 0 included: the average speed
	// of answer.
	Answer    float64 `json:"speed_of_answer_s,omitempty"`
	Abandoned float64 `json:"abandoned"` // share who give up
	Occupancy float64 `json:"occupancy"` // share of the agents' places that is taken
}

// StaffReport is what a demand needs and what the numbers of agents around it give.
type StaffReport struct {
	Schema  string  `json:"schema"`
	Model   string  `json:"model"` // "Erlang C" or "Erlang A"
	Demand  Demand  `json:"-"`
	Asked   Asked   `json:"asked"`
	Load    float64 `json:"load_erlangs"`
	Needed  int     `json:"needed,omitempty"` // fewest agents that meet the demand; 0 when a number was given
	Levels  []Level `json:"levels"`           // by agents, Chosen among them
	Chosen  int     `json:"chosen"`           // agents of the level that the answer is about
	Reasons string  `json:"decided_by,omitempty"`
}

// Asked is a Demand as JSON has it, in seconds and shares.
type Asked struct {
	Arrivals     float64 `json:"arrivals_per_s"`
	Handling     float64 `json:"handling_s"`
	Concurrent   int     `json:"concurrent"`
	Patience     float64 `json:"patience_s,omitempty"`
	Answered     float64 `json:"answered"`
	Within       float64 `json:"within_s"`
	Shrinkage    float64 `json:"shrinkage,omitempty"`
	MaxOccupancy float64 `json:"max_occupancy,omitempty"`
}

// MostPlaces bounds the places of all agents together that staffing is computed for.
const MostPlaces = 1_000_000

var errTooMany = errors.New("more than a million places of agents would be needed")

// check finds what makes a demand unanswerable.
func (d Demand) check() error {
	switch {
	case !(d.Arrivals > 0) || math.IsInf(d.Arrivals, 0):
		return errors.New("arrivals must be more than 0")
	case d.Handling <= 0:
		return errors.New("the handling time must be more than 0")
	case d.Concurrent < 1 || d.Concurrent > MostPlaces:
		return errors.New("an agent holds 1 conversation at least and a million at most")
	case d.Patience < 0 || d.Within < 0:
		return errors.New("times cannot be negative")
	case !(d.Answered > 0 && d.Answered < 1):
		return errors.New("the share to be answered in time must be over 0 and below 100 %: no number of agents answers everybody")
	case !(d.Shrinkage >= 0 && d.Shrinkage < 1):
		return errors.New("the shrinkage must be from 0 to below 100 %")
	case !(d.MaxOccupancy >= 0 && d.MaxOccupancy <= 1):
		return errors.New("the occupancy must be from 0 to 100 %")
	case d.Load() > MostPlaces:
		return fmt.Errorf("%w: the arrivals alone bring %.0f erlangs", errTooMany, d.Load())
	case d.Patience > 0 && d.Arrivals*d.Patience.Seconds() > 100*MostPlaces:
		return errors.New("the patience is too long to be computed with; leave it out (Erlang C)")
	}
	return nil
}

// With says how well so many agents serve the demand.
func (d Demand) With(agents int) Level {
	q := queue{servers: agents * d.Concurrent, arrivals: d.Arrivals, service: 1 / d.Handling.Seconds()}
	if d.Patience > 0 {
		q.abandon = 1 / d.Patience.Seconds()
	}
	w := q.waits(d.Within.Seconds())
	l := Level{Agents: agents, Overloaded: q.overloaded(), Answered: w.within, Waiting: w.waiting, Abandoned: w.abandoned, Occupancy: 1}
	l.Scheduled = int(math.Ceil(float64(agents)/(1-d.Shrinkage) - 1e-9))
	if !l.Overloaded {
		l.MeanWait, l.Answer = w.mean, w.answer
	}
	if q.servers > 0 {
		l.Occupancy = min(q.load()*(1-w.abandoned)/float64(q.servers), 1)
	}
	return l
}

// meets reports whether a level is good enough.
func (d Demand) meets(l Level) bool {
	return !l.Overloaded && l.Answered >= d.Answered && d.relaxed(l)
}

func (d Demand) relaxed(l Level) bool { return d.MaxOccupancy == 0 || l.Occupancy <= d.MaxOccupancy }

// Needed is the fewest agents that meet the demand. More agents never serve worse, so it is found
// by halving.
func (d Demand) Needed() (int, error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	high := 1
	for !d.meets(d.With(high)) {
		if high *= 2; high*d.Concurrent > 4*MostPlaces {
			return 0, errTooMany
		}
	}
	return sort.Search(high, func(n int) bool { return d.meets(d.With(n)) }), nil
}

// Staff answers how many agents a demand needs, or with agents above 0 how well so many serve it;
// around is how many numbers of agents on each side are shown beside it.
func Staff(d Demand, agents, around int) (*StaffReport, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	r := &StaffReport{Schema: StaffSchema, Model: "Erlang C", Demand: d, Asked: d.asked(), Load: d.Load(), Chosen: agents}
	if d.Patience > 0 {
		r.Model = "Erlang A"
	}
	switch {
	case agents < 0:
		return nil, errors.New("the number of agents cannot be negative")
	case agents > MostPlaces/d.Concurrent:
		return nil, fmt.Errorf("%d agents have more than a million places", agents)
	case agents == 0:
		var err error
		if r.Needed, err = d.Needed(); err != nil {
			return nil, err
		}
		r.Chosen = r.Needed
		r.Reasons = d.decided(r.Needed)
	}
	step := max(1, r.Chosen/100) // one agent more or less of a thousand says nothing
	for n := r.Chosen - around*step; n <= r.Chosen+around*step; n += step {
		if n > 0 {
			r.Levels = append(r.Levels, d.With(n))
		}
	}
	return r, nil
}

// decided says which demand one agent less would not meet.
func (d Demand) decided(needed int) string {
	less := d.With(needed - 1)
	switch {
	case less.Answered < d.Answered || less.Overloaded:
		return "service level"
	case !d.relaxed(less):
		return "occupancy"
	}
	return ""
}

// Level is the one that the answer is about.
func (r *StaffReport) Level() Level {
	for _, l := range r.Levels {
		if l.Agents == r.Chosen {
			return l
		}
	}
	return Level{}
}

func (d Demand) asked() Asked {
	return Asked{Arrivals: d.Arrivals, Handling: d.Handling.Seconds(), Concurrent: d.Concurrent, Patience: d.Patience.Seconds(),
		Answered: d.Answered, Within: d.Within.Seconds(), Shrinkage: d.Shrinkage, MaxOccupancy: d.MaxOccupancy}
}
