package capacity

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"chatbench/internal/scenario"
)

// parse reads a scenario for a test.
func parse(t *testing.T, text string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Parse("test.yaml", []byte(text), scenario.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const exact = `chatbench: 1
tenant: {robot: {reply: 1s, messages: 1, welcome: ""}, agents: {count: 100, conversations: 1, pick_up: 1s, reply: 1s, chats: 2, hang_up: 1s}, poll_hold: 5s}
poll: {pause: 100ms, jitter: 0s}
between: 2s
drain: 30s
probes: 0%
`

// TestPlanByHand plans conversations without chance, which can be counted by hand.
func TestPlanByHand(t *testing.T) {
	for _, row := range []struct {
		reason, flow string
		length       float64
		exchanges    map[string]float64
	}{
		{"polls from 0.1 s on: held 5 s, 100 ms apart, so at 0.1 and 5.2", "[{connect: hi}, {think: 8s}, {hang_up: {}}]", 8,
			map[string]float64{"connect": 1, "poll": 2, "disconnect": 1}},
		{"the robot answers after 1 s: polls at 0.1 and 1.1", "[{connect: hi}, {say: hm}, {expect: {reply: true, within: 5s}}, {think: 1s}]", 2,
			map[string]float64{"connect": 1, "send": 1, "poll": 2, "disconnect": 1}},
		{"an expectation that is missed ends it", "[{connect: hi}, {expect: {text: never, within: 3s}}, {say: x}]", 3,
			map[string]float64{"connect": 1, "poll": 1, "disconnect": 1}},
		{"the agent comes after 1 s, answers twice and hangs up 1 s later", "[{connect: hi}, {handover: {}}, {expect: {from: agent, within: 9s}}, {say: a}, {expect: {reply: true, within: 9s}}, {say: b}, {expect: {disconnect: true, within: 9s}}]", 4,
			map[string]float64{"connect": 1, "transfer": 1, "send": 2, "support": 1, "poll": 5}},
		{"three times", "[{connect: hi}, {repeat: 3, steps: [{say: x}, {think: 1s}]}]", 3,
			map[string]float64{"connect": 1, "send": 3, "poll": 3, "disconnect": 1}},
	} {
		s := parse(t, exact+"load: {customers: 10, for: 100s}\nspread: 1ms\nflows: {f: "+row.flow+"}\n")
		p := MakePlan(s, 0)
		f := p.Flows[0]
		if math.Abs(f.Length.Mean-row.length) > 0.11 { // up to a pause
			t.Errorf("%s: lasts %.2f s, want %.2f", row.reason, f.Length.Mean, row.length)
		}
		for op, want := range row.exchanges {
			if math.Abs(f.Exchanges[op]-want) > 1e-6 {
				t.Errorf("%s: %.2f of %s, want %.0f", row.reason, f.Exchanges[op], op, want)
			}
		}
	}
}

// TestPlanLoads has the totals of loads that can be computed by hand: conversations of 8 s.
func TestPlanLoads(t *testing.T) {
	const flow = "flows: {f: [{connect: hi}, {think: 8s}]}\n"
	for _, row := range []struct {
		reason, load string
		begun        float64
		crowd        int
		dropped      float64
	}{
		{"10 customers, one conversation in 10 s each, for 100 s", "load: {customers: 10, for: 100s}\nspread: 1ms\n", 100, 10, 0},
		{"half of them for half of the time", "load: [{customers: 10, for: 50s}, {customers: 5, for: 50s}]\nspread: 1ms\n", 75, 10, 0},
		{"a ramp has half the customers on average; a customer's last conversation counts whole", "load: [{customers: 100, over: 100s}]\n", 550, 100, 0},
		{"2 a second for 100 s: Little's law gives 16 at once", "load: {arrivals: 2/s, for: 100s}\nmax_customers: 100\n", 200, 16, 0},
		{"room for 8 of 16: half finds none", "load: {arrivals: 2/s, for: 100s}\nmax_customers: 8\n", 100, 8, 0.5},
		{"random arrivals: 16 and three standard deviations", "load: {arrivals: 2/s, for: 100s, poisson: true}\nmax_customers: 100\n", 200, 29, 0},
	} {
		p := MakePlan(parse(t, exact+row.load+flow), 0)
		if math.Abs(p.Total.Begun-row.begun) > 0.05*row.begun {
			t.Errorf("%s: %.1f conversations, want %.0f", row.reason, p.Total.Begun, row.begun)
		}
		if math.Abs(float64(p.PeakCrowd-row.crowd)) > 1 {
			t.Errorf("%s: %d customers at once, want %d", row.reason, p.PeakCrowd, row.crowd)
		}
		if math.Abs(p.Dropped-row.dropped) > 0.05 {
			t.Errorf("%s: %.3f dropped, want %.3f", row.reason, p.Dropped, row.dropped)
		}
		if math.Abs(p.Total.Exchanges["connect"]-p.Total.Begun) > 1e-6 {
			t.Errorf("%s: %.2f conversations and %.2f CONNECT", row.reason, p.Total.Begun, p.Total.Exchanges["connect"])
		}
	}
}

// TestPlanAgents checks the work that comes to agents, and that too few of them make customers wait
// for so long that no more are served than there are places.
func TestPlanAgents(t *testing.T) {
	const flow = "flows: {f: [{connect: hi}, {handover: {}}, {expect: {from: agent, within: 10m}}, {think: 8s}]}\n"
	p := MakePlan(parse(t, exact+"load: {arrivals: 2/s, for: 100s}\nmax_customers: 500\n"+flow), 0)
	if a := p.Agents; a == nil || math.Abs(a.Load-18) > 0.3 || a.Wait != 0 || a.Places != 100 {
		t.Errorf("2 a second who stay for 9 s: %+v, want 18 erlangs on 100 places", p.Agents)
	}
	s := parse(t, exact+"load: {customers: 220, for: 100s}\nspread: 1ms\n"+flow)
	p = MakePlan(s, 0) // 9 s with an agent, 2 s between: 180 places
	if a := p.Agents; a == nil || a.Wait < 5 || a.Load > 101 {
		t.Errorf("220 customers for 100 places: %+v, want them to wait until 100 fit", p.Agents)
	}
	s.Target = &scenario.Target{URL: "http://127.0.0.1:1"}
	if p = MakePlan(s, 0); p.Agents.Wait != 0 || p.Agents.Places != 0 || p.Embedded {
		t.Errorf("a target whose agents nobody knows: %+v", p.Agents)
	}
}

// TestPlanOfLongLoads: however long a load is, there are as many conversations in an hour of it, and
// no more customers talk at once than there are.
func TestPlanOfLongLoads(t *testing.T) {
	const flow = "between: 0s..4s\nflows: {f: [{connect: hi}, {think: 8s}]}\n" // 10 s from one to the next
	for _, hours := range []int{1, 8, 24, 24 * 7, 720} {
		s := parse(t, strings.Replace(exact, "between: 2s\n", "", 1)+fmt.Sprintf("load: {customers: 10, for: %dh}\n", hours)+flow)
		p := MakePlan(s, 0)
		if want := float64(hours) * 3600; math.Abs(p.Total.Begun-want) > 0.01*want {
			t.Errorf("%d hours: %.0f conversations, want %.0f", hours, p.Total.Begun, want)
		}
		if peak := p.Total.Peak; peak < 7.9 || peak > 10.5 {
			t.Errorf("%d hours: %.1f conversations at once, want 8 of 10 customers, and 10 at the beginning", hours, peak)
		}
		if p.PeakAll < 2 || p.PeakAll > 40 {
			t.Errorf("%d hours: %.1f exchanges a second at most", hours, p.PeakAll)
		}
	}
}

// TestPlanIsQuick keeps a long load from costing more than a moment: it is answered before a run.
func TestPlanIsQuick(t *testing.T) {
	s := parse(t, exact+"load: {customers: 100000, for: 8h}\nflows: {f: [{connect: hi}, {think: 60s}]}\n")
	began := time.Now()
	p := MakePlan(s, 0)
	if took := time.Since(began); took > time.Minute {
		t.Errorf("took %v", took)
	}
	if want := 1e5 * 28800 / 62; math.Abs(p.Total.Begun-want) > 0.02*want {
		t.Errorf("%.0f conversations, want %.0f", p.Total.Begun, want)
	}
}
