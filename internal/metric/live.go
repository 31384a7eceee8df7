package metric

// state is where a customer is, as far as the events tell.
type state uint8

const (
	away       state = iota // between two conversations, or gone
	connecting              // the conversation has begun, CONNECT was not answered ok yet
	waiting                 // connected, nobody has spoken yet
	withRobot
	queueing
	withAgent
	stateCount
)

// recentSeconds is how far back the rates and percentiles of a [Live] look.
const recentSeconds = 5

// closedSecond is what Live needs of a second.
type closedSecond struct {
	second    int
	exchanges int64
	messages  int64
	delivery  *Hist
	late      [lateMetrics]*Hist // lateness.poll and so on
}

// lateMetrics is how many metrics tell of the generator's own lateness, the last ones.
const lateMetrics = metricCount - latePoll

// lateness is the histogram of one of them.
func (c *closedSecond) lateness(m id) *Hist {
	h := &c.late[m-latePoll]
	if *h == nil {
		*h = newHist(Seconds, stageDigits)
	}
	return *h
}

func (c *closedSecond) deliveries() *Hist {
	if c.delivery == nil {
		c.delivery = newHist(Seconds, stageDigits)
	}
	return c.delivery
}

// Live is the state of a running run, for showing it. Counts are since the start, warm-up
// included; rates, delivery times and lateness are over the last five closed seconds.
type Live struct {
	Exchanges int64
	Failed    int64 // class fail
	Info      int64 // class info
	Messages  int64 // delivered to customers
	Begun     int64 // conversations
	Ended     int64 // conversations

	ExchangeRate float64 // per second
	MessageRate  float64 // per second
	DeliveryP50  float64 // seconds, 0 without samples
	DeliveryP95  float64 // seconds, 0 without samples
	LateP99      float64 // seconds that the generator itself was late, the worst of its metrics; 0 without samples
	LateMax      float64 // seconds

	Customers Crowd
}

// Crowd counts customers by what they are doing. Customers who have not begun yet are in none of
// them.
type Crowd struct {
	Away       int // between two conversations, or gone
	Connecting int
	Waiting    int // connected, nobody has spoken yet
	WithRobot  int
	InQueue    int
	WithAgent  int
}

// Busy is the number of customers in a conversation.
func (c Crowd) Busy() int { return c.Connecting + c.Waiting + c.WithRobot + c.InQueue + c.WithAgent }

// Live gives the state as of the last Tick.
func (r *Recorder) Live() Live {
	var l Live
	for _, s := range r.shards {
		s.mu.Lock()
		s.addTo(&l)
		s.mu.Unlock()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	delivered := newHist(Seconds, stageDigits)
	var late closedSecond
	seconds := 0
	for _, c := range r.recent {
		if c.second <= r.window.second-1-recentSeconds || c.second >= r.window.second {
			continue
		}
		l.ExchangeRate += float64(c.exchanges)
		l.MessageRate += float64(c.messages)
		delivered.add(c.delivery)
		for i, h := range c.late {
			late.lateness(latePoll + id(i)).add(h)
		}
	}
	for _, h := range late.late {
		l.LateP99, l.LateMax = max(l.LateP99, h.Quantile(0.99)), max(l.LateMax, h.Max())
	}
	if seconds = min(recentSeconds, r.window.second); seconds > 0 {
		l.ExchangeRate /= float64(seconds)
		l.MessageRate /= float64(seconds)
	}
	l.DeliveryP50, l.DeliveryP95 = delivered.Quantile(0.5), delivered.Quantile(0.95)
	return l
}

func (s *shard) addTo(l *Live) {
	for _, t := range s.tallies {
		if t != nil {
			t.addToLive(l)
		}
	}
	c := &l.Customers
	c.Away += s.states[away]
	c.Connecting += s.states[connecting]
	c.Waiting += s.states[waiting]
	c.WithRobot += s.states[withRobot]
	c.InQueue += s.states[queueing]
	c.WithAgent += s.states[withAgent]
}
