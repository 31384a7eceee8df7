package run

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/http1"
	"chatbench/internal/memnet"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
	"chatbench/internal/sim"
	"chatbench/internal/trace"
)

const ms = time.Millisecond // the unit of most delays here

// A double stands in for a tenant. It is as late as a test wants it to be and writes down when each
// call was due, came and was answered: the truth that the figures of a run are held against. What
// chatbench says of itself has no part in it.
type double struct {
	late  delay         // of CONNECT and CHAT; nil: answered at once
	shut  delay         // for how long nobody is served or let in; nil: never
	think time.Duration // of the customers between two calls; 0: not known, a call is due when it comes
	pause time.Duration // of the customers between two polls; 0: not known
	hold  time.Duration // of a poll that brings nothing; 0: half a minute
	says  speech        // what every second poll brings; nil: polls bring nothing

	start  time.Time  // of the run
	mu     sync.Mutex // protects the following, and is held while late and shut are called
	guests map[string]*guest
	visits []*visit
}

// delay is how long a call takes that comes now.
type delay func(now time.Duration) time.Duration

// speech is when something is said to a customer who polls now and whose last poll was answered
// before, and when the poll is answered with it.
type speech func(before, now time.Duration) (said, shown time.Duration)

// guest is a customer as the double knows it.
type guest struct {
	first    *visit
	due      time.Duration // when its next call but a poll is to come; 0: not known
	polls    int
	answered time.Duration // its last poll, or at first CONNECT
	gone     chan struct{} // closed when it hangs up
}

// visit is a call, on the run's clock.
type visit struct {
	op              aicc.Op
	by              *guest
	due, came, till time.Duration
	said            time.Duration // what a poll brings; -1: nothing
}

func (d *double) now() time.Duration { return time.Since(d.start) }

// begin forgets what came before the load.
func (d *double) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.start, d.guests, d.visits = time.Now(), map[string]*guest{}, nil
}

// door is the listener of a double: it is shut when the double is.
type door struct {
	*memnet.Listener
	d *double
}

func (l door) Accept() (net.Conn, error) {
	time.Sleep(l.d.closed())
	return l.Listener.Accept()
}

func (d *double) closed() time.Duration {
	if d.shut == nil {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.shut(d.now())
}

func (d *double) serve(x *http1.Exchange) {
	x.ContentType = "application/json"
	op, user := purpose(x)
	if op == aicc.OpNone {
		x.Status, x.Close = 404, true
		return
	}
	g, v := d.enter(op, user)
	time.Sleep(d.closed())
	body := `{"resultCode":"0","token":"user"}`
	switch op {
	case aicc.OpToken:
		body = `{"AccessToken":"app","ApplyType":"Bearer","Expires":"600"}`
	case aicc.OpConnect, aicc.OpSend:
		d.linger()
	case aicc.OpPoll:
		body = d.poll(g, v)
	}
	x.Body = append(x.Body, body...)
	d.leave(g, v)
}

// purpose is what a call is for and whose it is.
func purpose(x *http1.Exchange) (aicc.Op, string) {
	var body struct{ UserID, From, ControlType string }
	json.Unmarshal(x.Request, &body) //nolint:errcheck // a GET has none
	switch string(x.Path) {
	case aicc.PathToken:
		return aicc.OpToken, ""
	case aicc.PathApply:
		return aicc.OpApply, body.UserID
	case aicc.PathPoll:
		user, _ := x.Argument("receiverId")
		return aicc.OpPoll, string(user)
	}
	switch body.ControlType {
	case aicc.Connect:
		return aicc.OpConnect, body.From
	case aicc.Chat:
		return aicc.OpSend, body.From
	case aicc.Disconnect:
		return aicc.OpDisconnect, body.From
	}
	return aicc.OpNone, ""
}

func (d *double) enter(op aicc.Op, user string) (*guest, *visit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g, now := d.guests[user], d.now()
	v := &visit{op: op, due: now, came: now, said: -1}
	if g == nil {
		g = &guest{first: v}
		d.guests[user] = g
	}
	v.by = g
	switch {
	case op == aicc.OpPoll && d.pause > 0:
		v.due = g.answered + d.pause
	case op != aicc.OpPoll && g.due > 0:
		v.due = g.due
	}
	switch op {
	case aicc.OpConnect:
		g.polls, g.gone = 0, make(chan struct{})
	case aicc.OpPoll:
		g.polls++
	case aicc.OpDisconnect:
		close(g.gone)
	}
	d.visits = append(d.visits, v)
	return g, v
}

// linger lets the time go by that a call takes.
func (d *double) linger() {
	if d.late == nil {
		return
	}
	d.mu.Lock()
	wait := d.late(d.now())
	d.mu.Unlock()
	time.Sleep(wait)
}

// poll holds a poll until there is something to say or the customer hangs up.
func (d *double) poll(g *guest, v *visit) string {
	hold := d.hold
	if hold == 0 {
		hold = 30 * time.Second
	}
	shown, said := v.came+hold, time.Duration(-1)
	if d.says != nil && g.polls%2 == 0 {
		said, shown = d.says(g.answered, v.came)
	}
	select {
	case <-time.After(shown - v.came):
	case <-g.gone:
		return `{"resultCode":"0"}`
	}
	if v.said = said; said < 0 {
		return `{"resultCode":"0"}`
	}
	return fmt.Sprintf(`{"resultCode":"0","downlinkMessages":[{"controlType":"CHAT","sourceType":"ROBOT","mediaType":"TEXT","content":"hm","timestamp":%d}]}`,
		d.start.Add(said).UnixMilli())
}

// leave notes the answer, and when the customer's next call is due: CONNECT follows the token at
// once, everything else after a time to think.
func (d *double) leave(g *guest, v *visit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v.till = d.now()
	if v.op == aicc.OpPoll || v.op == aicc.OpConnect {
		g.answered = v.till
	}
	switch {
	case v.op == aicc.OpPoll:
	case v.op == aicc.OpApply:
		g.due = v.till
	case d.think > 0 && v.op != aicc.OpDisconnect:
		g.due = v.till + d.think
	default:
		g.due = 0
	}
}

// calls are the calls of a kind that were due while the load lasted.
func (d *double) calls(op aicc.Op, length time.Duration) []*visit {
	return slices.DeleteFunc(slices.Clone(d.visits), func(v *visit) bool { return v.op != op || v.due >= length })
}

// schedule sets when customers were due who come evenly, so many a second, and the last of them in
// time.
func (d *double) schedule(rate float64) {
	list := d.calls(aicc.OpApply, math.MaxInt64)
	for i, v := range list {
		v.due = list[len(list)-1].came - time.Duration(float64(len(list)-1-i)/rate*float64(time.Second))
	}
}

// overdue sets when CONNECT was due of customers who were late from the beginning: it follows the
// token at once, so it is as late as they were.
func (d *double) overdue() {
	for _, v := range d.calls(aicc.OpConnect, math.MaxInt64) {
		v.due -= v.by.first.came - v.by.first.due
	}
}

// against plays a scenario against the double in virtual time. Stall, if there is one, takes up the
// generator when its clock runs already.
func (d *double) against(t *testing.T, s *scenario.Scenario, stall func()) *result.Result {
	t.Helper()
	return d.host(t, s, func(ctx context.Context, opt Options) (*result.Result, error) {
		opt.Ready = func(Started) {
			d.begin()
			if stall != nil {
				stall()
			}
		}
		return Play(ctx, opt)
	})
}

// host serves while play plays.
func (d *double) host(t *testing.T, s *scenario.Scenario, play func(context.Context, Options) (*result.Result, error)) (r *result.Result) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d.begin()
		l := memnet.Listen()
		server := &http1.Server{Handler: d.serve, IdleTimeout: time.Hour}
		go server.Serve(door{l, d})              //nolint:errcheck // it ends with Close
		defer server.Close(context.Background()) //nolint:errcheck // without a deadline it cannot fail
		s.Target = &scenario.Target{URL: "http://127.0.0.1:80", Channel: "2025010112345678", AppKey: "key", AppSecret: "secret"}
		s.Gate.Off = check.Known() // the double leaves much out
		var err error
		if r, err = play(t.Context(), Options{Scenario: s, Version: "test", network: &network{dial: l.Dial}}); err != nil {
			t.Fatal(err)
		}
	})
	return r
}

// scene reads a scenario that is written down in a test.
func scene(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("scene.yaml", []byte("chatbench: 1\nname: scene\nprobes: 0%\n"+text), scenario.Options{Rules: check.Known(), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The loads: 200 conversations a second that come whatever the tenant does, and 200 customers who
// say something a second after they were last answered.
const (
	open = `
load: [{arrivals: 200/s, for: 20s}]
max_customers: 1500
drain: 20s
flows: {talk: [{connect: hello}, {think: 1s}, {say: question}, {think: 1s}, {hang_up: {}}]}`
	fixed = `
load: [{customers: 200, for: 20s}]
drain: 5s
flows: {talk: [{connect: hello}, {repeat: 5, steps: [{think: 1s}, {say: question}]}, {think: 1s}]}`
)

// lighter makes a load a fifth of what it was when tests are to be short, and says how many then
// arrive a second.
func lighter(s *scenario.Scenario) (rate float64) {
	st := &s.Load.Stages[0]
	if slowed || testing.Short() {
		st.Arrivals, st.Customers = st.Arrivals/5, st.Customers/5
	}
	return st.Arrivals
}

// steady is a tenant that always takes the same time.
func steady(usual time.Duration) func() delay { return bimodal(usual, 0, 0) }

// bimodal is a tenant that is slow now and then.
func bimodal(usual, slow time.Duration, share float64) func() delay {
	return func() delay {
		r := rand.New(rand.NewPCG(1, 1))
		return func(time.Duration) time.Duration {
			if r.Float64() < share {
				return slow
			}
			return usual
		}
	}
}

// frozen is a tenant that stands still for a while, again and again, and does not forget what it
// was at.
func frozen(usual, from, length, every time.Duration) func() delay {
	return func() delay {
		return func(now time.Duration) time.Duration {
			done := now + usual
			for at := from; at < done; at += every {
				done += max(0, at+length-max(now, at))
			}
			return done - now
		}
	}
}

// TestFiguresTellTheTruth holds the figures of a tenant in trouble against what the tenant knows.
func TestFiguresTellTheTruth(t *testing.T) {
	freeze := frozen(5*ms, 8*time.Second, 4*time.Second, time.Hour)
	stall := frozen(ms, time.Second, 200*ms, 2*time.Second)
	seldom := bimodal(ms, 100*ms, 0.01)
	said := []string{"send.service", "send.response"}
	all := append([]string{"connect.service", "connect.response"}, said...)
	for _, c := range []struct {
		name, load string
		late, shut func() delay // shut may be nil
		metrics    []string
	}{
		{"frozen for 4 s, arrivals", open, freeze, nil, all},
		{"frozen for 4 s, customers", fixed, freeze, nil, said},
		{"nobody let in for 4 s, arrivals", open, steady(5 * ms), frozen(0, 8*time.Second, 4*time.Second, time.Hour),
			append([]string{"apply.service", "apply.response"}, all...)},
		{"a stall of 200 ms every 2 s, arrivals", open, stall, nil, all},
		{"a stall of 200 ms every 2 s, customers", fixed, stall, nil, said},
		{"1 ms, 100 ms for one in a hundred, arrivals", open, seldom, nil, all},
		{"1 ms, 100 ms for one in a hundred, customers", fixed, seldom, nil, said},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := &double{late: c.late(), think: time.Second}
			if c.shut != nil {
				d.shut = c.shut()
			}
			s := scene(t, c.load)
			rate := lighter(s)
			r := d.against(t, s, nil)
			if s.Load.Open {
				d.schedule(rate)
			}
			punctual(t, r)
			for _, name := range c.metrics {
				d.compare(t, r, name, 20*time.Second)
			}
		})
	}
}

// punctual wants a run that is valid, and in which chatbench was never late.
func punctual(t *testing.T, r *result.Result) {
	t.Helper()
	if r.Exit != result.ExitOK {
		t.Errorf("exit code %d: %v", r.Exit, r.Reasons)
	}
	for name, late := range r.Health.Lateness {
		if late.Max > 0 {
			t.Errorf("%s: up to %v s, want none", name, late.Max)
		}
	}
}

// compare holds a metric against the truth.
func (d *double) compare(t *testing.T, r *result.Result, name string, length time.Duration) {
	t.Helper()
	op, which, _ := strings.Cut(name, ".")
	var truth []time.Duration
	for _, v := range d.calls(aicc.ParseOp(op), length) {
		if which == "service" {
			truth = append(truth, v.till-v.came)
		} else {
			truth = append(truth, v.till-v.due)
		}
	}
	matches(t, r, name, truth)
}

// matches wants a metric to have as many samples as there are true values, and their quantiles to
// three significant digits and a microsecond, which is what a histogram keeps.
func matches(t *testing.T, r *result.Result, name string, truth []time.Duration) {
	t.Helper()
	h := r.Metrics.Total().Hist(name)
	if h.Count() != int64(len(truth)) || len(truth) == 0 {
		t.Errorf("%s has %d samples, and there were %d", name, h.Count(), len(truth))
		return
	}
	slices.Sort(truth)
	line := fmt.Sprintf("| %s | %d |", name, len(truth))
	for _, q := range []float64{0.5, 0.99, 0.999} {
		want, got := trueQuantile(truth, q).Seconds(), h.Quantile(q)
		if math.Abs(got-want) > 0.001*want+1e-6 {
			t.Errorf("%s p%g is %.6f s, and the truth %.6f s", name, q*100, got, want)
		}
		line += fmt.Sprintf(" %s / %s |", shown(want), shown(got))
	}
	t.Log(line)
}

// trueQuantile is the smallest value that a share q does not exceed.
func trueQuantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[max(int(math.Ceil(q*float64(len(sorted))-1e-9))-1, 0)]
}

// shown is a time in milliseconds.
func shown(seconds float64) string { return fmt.Sprintf("%.3f", seconds*1000) }

// servers is a tenant with so many servers, each exponentially slow with the given mean, that
// serve first who came first: M/M/c, when customers come at random.
func servers(count int, mean time.Duration, seed uint64) delay {
	r := rand.New(rand.NewPCG(seed, 2))
	free := make([]time.Duration, count) // when each will be
	return func(now time.Duration) time.Duration {
		next := slices.Index(free, slices.Min(free))
		free[next] = max(free[next], now) + time.Duration(r.ExpFloat64()*float64(mean))
		return free[next] - now
	}
}

// inFront is the chance of a call to find 0, 1, 2 ... others at the tenant. From a source without
// end they come at a load of erlangs and, by PASTA, find what is there at any time; with so many
// customers, who think exponentially long, they find what is there with one customer fewer (the
// arrival theorem), and the load is that of one customer against its time to think.
func inFront(servers int, load float64, customers int) []float64 {
	const most = 1000 // others; with a load below the number of servers hardly ever so many
	others := most
	if customers > 0 {
		others = customers - 1
	}
	p, sum := make([]float64, others+1), 0.0
	for j := range p {
		switch source := 1.0; {
		case j == 0:
			p[j] = 1
		default:
			if customers > 0 {
				source = float64(customers - j)
			}
			p[j] = p[j-1] * source * load / float64(min(j, servers))
		}
		sum += p[j]
	}
	for j := range p {
		p[j] /= sum
	}
	return p
}

// stay is the time by which a share q of the calls have been served, in means of the service time,
// when p is what they find. Who finds all c servers busy waits for k of them to be done, which takes
// a gamma-distributed time at rate c, and is then served himself.
func stay(p []float64, c int, q float64) float64 {
	longer := func(t float64) float64 {
		sum := 0.0
		for j, share := range p {
			k, rate := float64(j-c+1), float64(c)
			switch {
			case k <= 0:
				sum += share * math.Exp(-t)
			case share > 1e-15:
				sum += share * (mathext.GammaIncRegComp(k, rate*t) +
					math.Exp(-t)*math.Pow(rate/(rate-1), k)*mathext.GammaIncReg(k, (rate-1)*t))
			}
		}
		return sum
	}
	low, high := 0.0, 1e4
	for high-low > 1e-6 {
		if mid := (low + high) / 2; longer(mid) > 1-q {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}

// TestStay holds the theory against what is known of it without a computer.
func TestStay(t *testing.T) {
	for _, c := range []struct {
		why       string
		servers   int
		load      float64
		customers int
		q, want   float64
	}{
		{"nobody else is ever there: the service time alone", 5, 0.5, 1, 0.9, math.Log(10)},
		{"hardly any load: the same", 5, 1e-9, 0, 0.5, math.Ln2},
		{"two servers, two customers: nobody waits", 2, 10, 2, 0.99, math.Log(100)},
	} {
		if got := stay(inFront(c.servers, c.load, c.customers), c.servers, c.q); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%s: p%g is %v, want %v", c.why, c.q*100, got, c.want)
		}
	}
	// Erlang's C for two servers and a load of one: a third has to wait.
	if busy := 1 - inFront(2, 1, 0)[0] - inFront(2, 1, 0)[1]; math.Abs(busy-1./3) > 1e-9 {
		t.Errorf("with two servers and a load of 1 a share of %v waits, want a third", busy)
	}
}

// TestQueueTellsTheTruth plays a tenant near saturation: what is reported is what the tenant did,
// and what it did is what the theory of queues says it must, but for chance: over many seeds a
// minute of these loads is off by 4 to 6 % (one standard deviation).
func TestQueueTellsTheTruth(t *testing.T) {
	if slowed || testing.Short() {
		t.Skip("a queue needs many calls")
	}
	const c, mean = 10, 42500 * time.Microsecond
	for _, tt := range []struct {
		name, load, metric string
		inFront            []float64
		length             time.Duration
	}{
		{"arrivals at 85 % of what ten servers can do", `
load: [{arrivals: 200/s, for: 60s, poisson: true}]
max_customers: 1500
drain: 20s
flows: {talk: [{connect: hello}, {hang_up: {}}]}`, "connect.service", inFront(c, 200*mean.Seconds(), 0), time.Minute},
		{"250 customers, who each think for a second, exponentially", `
load: [{customers: 250, for: 60s}]
spread: 1s
drain: 1m
flows: {talk: [{connect: hello}, {repeat: 50, steps: [{think: {exponential: 1s}}, {say: question}]}]}`, "send.service", inFront(c, mean.Seconds(), 250), time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &double{late: servers(c, mean, 1)}
			r := d.against(t, scene(t, tt.load), nil)
			punctual(t, r)
			d.compare(t, r, tt.metric, tt.length)
			for _, q := range []float64{0.5, 0.9, 0.99} {
				want, got := stay(tt.inFront, c, q)*mean.Seconds(), r.Metrics.Total().Hist(tt.metric).Quantile(q)
				t.Logf("| p%g | %s / %s |", q*100, shown(want), shown(got))
				if math.Abs(got-want) > 0.15*want {
					t.Errorf("p%g is %s ms, and in theory %s ms", q*100, shown(got), shown(want))
				}
			}
		})
	}
}

// whispers says something while a poll is held, half of the time that it may be, and answers the
// poll so much later. Timestamps have whole milliseconds.
func whispers(hold, slow time.Duration) speech {
	return func(_, now time.Duration) (said, shown time.Duration) {
		said = (now + hold/2 + ms - 1).Truncate(ms)
		return said, said + slow
	}
}

// interrupts says something when the last poll has just been answered, and answers the next so
// much later than it could.
func interrupts(_, slow time.Duration) speech {
	return func(before, now time.Duration) (said, shown time.Duration) {
		return (before + ms - 1).Truncate(ms), now + slow
	}
}

// TestDeliveryTellsLatenessFromHolding wants the time that a poll was held and the pause between
// polls kept apart from what the tenant was late: delivery is its lateness alone when something is
// said to a customer who polls, and the pause more when it is said just before the pause.
func TestDeliveryTellsLatenessFromHolding(t *testing.T) {
	const jitter = 10 * ms
	for _, c := range []struct {
		name              string
		hold, pause, slow time.Duration
		says              func(hold, slow time.Duration) speech
		least, most       time.Duration // of every delivery
	}{
		{"held 1 s, prompt", time.Second, 100 * ms, 0, whispers, 0, 0},
		{"held 5 s, prompt", 5 * time.Second, 100 * ms, 0, whispers, 0, 0},
		{"held 5 s, late by 300 ms", 5 * time.Second, 100 * ms, 300 * ms, whispers, 300 * ms, 300 * ms},
		{"held 20 s, late by 300 ms", 20 * time.Second, 100 * ms, 300 * ms, whispers, 300 * ms, 300 * ms},
		{"held 5 s, a pause of 3 s, prompt", 5 * time.Second, 3 * time.Second, 0, whispers, 0, 0},
		{"held 5 s, a pause of 3 s, late by 300 ms", 5 * time.Second, 3 * time.Second, 300 * ms, whispers, 300 * ms, 300 * ms},
		{"held 5 s, said in the pause, prompt", 5 * time.Second, 100 * ms, 0, interrupts, 99 * ms, 110 * ms},
		{"held 5 s, said in the pause, late by 300 ms", 5 * time.Second, 100 * ms, 300 * ms, interrupts, 399 * ms, 410 * ms},
		{"held 20 s, said in a pause of 3 s, late by 300 ms", 20 * time.Second, 3 * time.Second, 300 * ms, interrupts, 3299 * ms, 3310 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := scene(t, "load: [{customers: 20, for: 2m}]\ndrain: 30s\nflows: {talk: [{connect: hello}, {think: 90s}, {hang_up: {}}]}")
			s.Poll.Pause, s.Poll.Jitter = c.pause, jitter
			d := &double{hold: c.hold, says: c.says(c.hold, c.slow)}
			r := d.against(t, s, nil)
			punctual(t, r)
			d.comparePolls(t, r, 2*time.Minute)
			h := r.Metrics.Total().Hist("delivery")
			if h.Quantile(0) < c.least.Seconds()*0.999 || h.Max() > c.most.Seconds()*1.001 {
				t.Errorf("delivery is between %s and %s ms, want %v to %v", shown(h.Quantile(0)), shown(h.Max()), c.least, c.most)
			}
		})
	}
}

// comparePolls holds the figures of polls against the truth.
func (d *double) comparePolls(t *testing.T, r *result.Result, length time.Duration) {
	t.Helper()
	var useful, empty, delivery []time.Duration
	for _, v := range d.calls(aicc.OpPoll, math.MaxInt64) {
		if v.said >= 0 && v.till < length {
			delivery = append(delivery, v.till-v.said)
		}
		switch {
		case v.due >= length:
		case v.said >= 0:
			useful = append(useful, v.till-v.came)
		default:
			empty = append(empty, v.till-v.came)
		}
	}
	matches(t, r, "poll.useful.service", useful)
	matches(t, r, "poll.empty.service", empty)
	matches(t, r, "delivery", delivery)
}

// TestNoHerd counts the calls of 2,000 customers in windows of 10 ms. Calls at random have counts
// with an index of dispersion, their variance over their mean, of 1; calls in step have a larger
// one, and calls that keep their distance a smaller one.
func TestNoHerd(t *testing.T) {
	if slowed || testing.Short() {
		t.Skip("many customers for long")
	}
	const jump = "load: [{customers: 2000, for: 21s}]"
	for _, c := range []struct {
		name, load    string
		inStep        bool          // switch off what keeps customers out of step
		steady        time.Duration // from when on all are there
		starts, polls float64       // the largest index, or the smallest of those in step
	}{
		{"over a minute", "load: [{customers: 2000, over: 60s}, {customers: 2000, for: 17s}]", false, 66 * time.Second, 1.1, 1.1},
		{"at once, spread over the time of a poll", jump + "\nspread: 5105ms", false, 6 * time.Second, 1.1, 1.1},
		// Polls that are all held for as long keep the shape of the start: they come in two of
		// every five seconds.
		{"at once", jump, false, 8 * time.Second, 1.1, 8},
		{"in step", jump, true, 6 * time.Second, 1000, 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := scene(t, c.load+"\ndrain: 1s\nflows: {talk: [{connect: hello}, {think: 100s}, {hang_up: {}}]}")
			if c.inStep {
				s.Load.Spread, s.Poll.Jitter = 0, 0
			}
			d := &double{hold: 5 * time.Second}
			d.against(t, s, nil)
			last := d.calls(aicc.OpConnect, math.MaxInt64)[1999].came
			starts := d.dispersion(aicc.OpConnect, 0, max(last, time.Second))
			polls := d.dispersion(aicc.OpPoll, c.steady, c.steady+2*5105*ms)
			t.Logf("| %s | %.2f | %.2f |", c.name, starts, polls)
			if starts > c.starts != c.inStep || polls > c.polls != c.inStep {
				t.Errorf("index of dispersion %.2f of starts and %.2f of polls; want more than %v and %v: %v", starts, polls, c.starts, c.polls, c.inStep)
			}
		})
	}
}

// dispersion is the index of dispersion of the counts of calls in windows of 10 ms.
func (d *double) dispersion(op aicc.Op, from, to time.Duration) float64 {
	const window = 10 * ms
	counts := make([]float64, (to-from)/window)
	for _, v := range d.calls(op, math.MaxInt64) {
		if v.came >= from && v.came-from < time.Duration(len(counts))*window {
			counts[(v.came-from)/window]++
		}
	}
	mean, variance := stat.MeanVariance(counts, nil)
	return variance / mean
}

// sleepy reads the events of a customer and takes its time, as a disk would that cannot keep up.
type sleepy struct {
	sim.Observer
	nap func(e *trace.Event) time.Duration
}

func (o sleepy) Observe(e *trace.Event) {
	nap := o.nap(e)
	o.Observer.Observe(e)
	time.Sleep(nap)
}

// read plays against the double with readers that take their time. A customer's events are read
// under its lock, for which nobody may wait meanwhile: virtual time stands still then.
func (d *double) read(t *testing.T, s *scenario.Scenario, nap func(e *trace.Event) time.Duration) *result.Result {
	t.Helper()
	return d.host(t, s, func(ctx context.Context, opt Options) (*result.Result, error) {
		p := &play{Options: opt, s: s}
		if err := p.prepare(ctx); err != nil {
			return nil, err
		}
		d.begin()
		return p.result(sim.Run(ctx, sim.Config{
			Scenario: s, Endpoint: p.endpoint, Run: p.run64, Seed: p.seed, Start: p.start,
			Observe: func(customer int) sim.Observer { return sleepy{p.observe(customer), nap} },
		}))
	})
}

// readSlowly is for how long a reader takes over the answers to a kind of call, if they took long
// enough themselves: a poll that ends because the customer hangs up does not, and must not keep him
// from it. For the same reason it is over before the customers hang up: a customer who waits for the
// reader's lock stops virtual time.
func readSlowly(op aicc.Op, nap, least, until time.Duration) func(*trace.Event) time.Duration {
	return func(e *trace.Event) time.Duration {
		if e.Kind == trace.Return && e.Op == op && e.At-e.Started >= least && e.At < until {
			return nap
		}
		return 0
	}
}

// TestStarvedGenerator wants a run in which chatbench itself is late to be INVALID, the lateness to
// be found in its own figures and in response times, and none of it in the tenant's service times.
func TestStarvedGenerator(t *testing.T) {
	const hold = 3 * time.Second
	const polling = `
load: [{customers: 50, for: 30s}]
drain: 20s
poll: {pause: 100ms, jitter: 0s}
flows: {talk: [{connect: hello}, {think: 40s}]}`
	for _, c := range []struct {
		name, load string
		stall      time.Duration                      // before the first customer
		nap        func(e *trace.Event) time.Duration // nil: the readers are in time
		hold       time.Duration
		metrics    []string
		lateness   string
		about      []aicc.Op // the calls that lateness is about
	}{
		{"customers start late", open, 2 * time.Second, nil, hold,
			[]string{"apply.service", "apply.response", "connect.service", "connect.response", "send.service", "send.response"},
			"lateness.start", []aicc.Op{aicc.OpConnect}},
		{"answers are read too slowly for the next word", fixed, 0, readSlowly(aicc.OpSend, 1200*ms, 0, time.Hour), time.Minute,
			[]string{"send.service", "send.response"},
			"lateness.send", []aicc.Op{aicc.OpToken, aicc.OpApply, aicc.OpSend, aicc.OpDisconnect}},
		{"answers are read too slowly for the next poll", polling, 0, readSlowly(aicc.OpPoll, 50*ms, hold, 35*time.Second), hold,
			[]string{"poll.service", "poll.response"},
			"lateness.poll", []aicc.Op{aicc.OpPoll}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := scene(t, c.load)
			rate, length := lighter(s), s.Load.Stages[0].Length
			d := &double{late: steady(5 * ms)(), think: time.Second, hold: c.hold, pause: s.Poll.Pause}
			r := d.starved(t, s, c.stall, c.nap)
			if s.Load.Open {
				d.schedule(rate)
				d.overdue()
			}
			if r.Exit != result.ExitInvalid || r.Verdict != result.Invalid {
				t.Errorf("exit code %d, verdict %s (%v); want %d, %s", r.Exit, r.Verdict, r.Reasons, result.ExitInvalid, result.Invalid)
			}
			for _, name := range c.metrics {
				d.compare(t, r, name, length)
			}
			matches(t, r, c.lateness, d.lateness(c.about, length))
		})
	}
}

// starved plays with a generator that is late: at the start, or whenever its readers are.
func (d *double) starved(t *testing.T, s *scenario.Scenario, stall time.Duration, nap func(*trace.Event) time.Duration) *result.Result {
	t.Helper()
	if nap != nil {
		return d.read(t, s, nap)
	}
	return d.against(t, s, func() { time.Sleep(stall) })
}

// lateness is by how much each call of some kinds came too late.
func (d *double) lateness(ops []aicc.Op, length time.Duration) []time.Duration {
	var list []time.Duration
	for _, op := range ops {
		for _, v := range d.calls(op, length) {
			list = append(list, v.came-v.due)
		}
	}
	return list
}
