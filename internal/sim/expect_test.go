package sim

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/marker"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

func within(d time.Duration, e scenario.Expect) scenario.Step {
	e.Within = scenario.Constant(d)
	return e
}

// TestExpect plays flows that wait for messages. Polls begin 0.1 s after CONNECT's answer.
func TestExpect(t *testing.T) {
	type steps = []scenario.Step
	anything := scenario.Expect{}
	robot, agent := scenario.Expect{From: aicc.FromRobot}, scenario.Expect{From: aicc.FromAgent}
	order := scenario.Expect{Text: "order 7"}
	const s = time.Second
	for _, c := range []struct {
		name   string
		steps  steps
		script script
		want   string
		end    time.Duration // when the customer hung up; 0: it did not
	}{
		{"anything", steps{within(s, anything)}, script{aicc.OpPoll: {brings(said("SYSTEM", "x"))}}, "2 expect anything, customer", 100 * ms},
		{"from a robot", steps{within(s, robot)}, script{aicc.OpPoll: {brings(said("ROBOT", "hi"))}}, "2 expect ROBOT, customer", 100 * ms},
		{"somebody else does not do: missed at the deadline", steps{within(s, robot), say("never")},
			script{aicc.OpPoll: {brings(said("AGENT", "hi"))}}, "2 expect ROBOT!, gave-up", s},
		{"a text that holds the words", steps{within(s, order)}, script{aicc.OpPoll: {brings(said("ROBOT", "your order 7 is here"))}}, "2 expect text, customer", 100 * ms},
		{"and one that does not", steps{within(s, order)}, script{aicc.OpPoll: {brings(said("ROBOT", "your order 8 is here"))}}, "2 expect text!, gave-up", s},
		{"source and text of one message, not of two", steps{within(s, scenario.Expect{From: aicc.FromAgent, Text: "hi"})},
			script{aicc.OpPoll: {brings(said("ROBOT", "hi"), said("AGENT", "no"))}}, "2 expect AGENT!, gave-up", s},
		{"an optional one that does not come is not missed", steps{within(s, scenario.Expect{Text: "x", Optional: true}), say("on")}, nil, "2 expect text, 3 say, customer", s},
		{"two in one poll", steps{within(s, robot), within(s, agent)},
			script{aicc.OpPoll: {brings(said("ROBOT", "a"), said("AGENT", "b"))}}, "2 expect ROBOT, 3 expect AGENT, customer", 100 * ms},
		{"the one before was passed over", steps{within(s, agent), within(s, robot)},
			script{aicc.OpPoll: {brings(said("ROBOT", "a"), said("AGENT", "b"))}}, "2 expect AGENT, 3 expect ROBOT!, gave-up", 1100 * ms},
		{"one message meets one expectation", steps{within(s, robot), within(s, robot)},
			script{aicc.OpPoll: {brings(said("ROBOT", "a"))}}, "2 expect ROBOT, 3 expect ROBOT!, gave-up", 1100 * ms},
		{"it may have come while the customer thought", steps{think(s), within(s, robot)},
			script{aicc.OpPoll: {brings(said("ROBOT", "a"))}}, "3 expect ROBOT, customer", s},
		{"but not before the customer said something", steps{think(s), say("one"), within(s, robot)},
			script{aicc.OpPoll: {brings(said("ROBOT", "a"))}}, "3 say, 4 expect ROBOT!, gave-up", 2 * s},
		{"the time runs from CONNECT's answer, not from its call", steps{within(2*s, robot)},
			script{aicc.OpConnect: {code("0").after(3 * s)}, aicc.OpPoll: {brings(said("ROBOT", "a")).after(s)}}, "2 expect ROBOT, customer", 4100 * ms},
		{"just before the deadline is in time", steps{within(s, robot)}, script{aicc.OpPoll: {brings(said("ROBOT", "a")).after(899 * ms)}}, "2 expect ROBOT, customer", s - ms},
		{"after the deadline is too late, even for a customer who was busy then", steps{within(s, robot)}, script{
			aicc.OpPoll: {brings(said("AGENT", "a")), brings(said("ROBOT", "b")).after(2 * s)}, aicc.OpSupport: {{wait: 5 * s}},
		}, "2 expect ROBOT!, gave-up", 5100 * ms},
		{"in time for a customer who was busy", steps{within(s, robot)}, script{
			aicc.OpPoll: {brings(said("AGENT", "a")), brings(said("ROBOT", "b"))}, aicc.OpSupport: {{wait: 5 * s}},
		}, "2 expect ROBOT, customer", 5100 * ms},
		{"the queue's notice", steps{within(s, scenario.Expect{Queue: true})}, script{aicc.OpPoll: {brings(said("SYSTEM", "x"), queued)}}, "2 expect queue, customer", 100 * ms},
		{"the other side hangs up", steps{within(s, scenario.Expect{Disconnect: true})}, script{aicc.OpPoll: {brings(bye("SYSTEM"))}}, "2 expect disconnect, peer", 0},
		{"the right one does", steps{within(s, scenario.Expect{Disconnect: true, From: aicc.FromAgent})}, script{aicc.OpPoll: {brings(bye("AGENT"))}}, "2 expect disconnect, peer", 0},
		{"the wrong one does, and that cannot be mended", steps{within(s, scenario.Expect{Disconnect: true, From: aicc.FromAgent})},
			script{aicc.OpPoll: {brings(bye("SYSTEM"))}}, "2 expect disconnect!, peer", 0},
		{"nobody hangs up", steps{within(s, scenario.Expect{Disconnect: true})}, nil, "2 expect disconnect!, gave-up", s},
		{"hung up on while waiting: missed", steps{within(s, robot)}, script{aicc.OpPoll: {brings(bye("SYSTEM"))}}, "2 expect ROBOT!, peer", 0},
		{"a DISCONNECT of the robot is no word of its", steps{within(s, robot)}, script{aicc.OpPoll: {brings(bye("ROBOT"))}}, "2 expect ROBOT!, gave-up", s},
		{"met by a message in front of the DISCONNECT", steps{within(s, robot), say("never")},
			script{aicc.OpPoll: {brings(said("ROBOT", "a"), bye("SYSTEM"))}}, "2 expect ROBOT, peer", 0},
		{"hung up on while thinking", steps{think(s), say("never")}, script{aicc.OpPoll: {brings(bye("SYSTEM"))}}, "peer", 0},
		{"hang up", steps{scenario.HangUp{}, say("never")}, nil, "customer", time.Nanosecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(c.steps...), c.script, nil)
			if got := p.steps(); got != c.want {
				t.Errorf("steps %q, want %q", got, c.want)
			}
			if c.end == 0 {
				if n := len(p.wire(aicc.OpDisconnect)); n != 0 {
					t.Errorf("%d DISCONNECTs of a customer who was hung up on", n)
				}
			} else if at := p.one(aicc.OpDisconnect).At; at != c.end.Truncate(ms) {
				t.Errorf("hung up at %v, want %v", at, c.end)
			}
		})
	}
}

// TestForgetfulCustomer sends more than a customer remembers between two things it does.
func TestForgetfulCustomer(t *testing.T) {
	var flood []string
	for i := range 2*maxInbox + 1 { // one more than there is room for: the older half goes
		flood = append(flood, said("ROBOT", fmt.Sprintf("number %d.", i)))
	}
	for text, want := range map[string]string{
		"number 63.": "3 expect text!, gave-up", "number 64.": "3 expect text, customer", "number 128.": "3 expect text, customer",
	} {
		p := play(t, scene(think(time.Second), within(time.Second, scenario.Expect{Text: text})), script{aicc.OpPoll: {brings(flood...)}}, nil)
		if got := p.steps(); got != want {
			t.Errorf("%q of %d messages: %q, want %q", text, len(flood), got, want)
		}
	}
}

// TestExpectReply lets a customer say "one" and "two" and gives the first poll one message: which
// of them is an answer to "two"?
func TestExpectReply(t *testing.T) {
	marked := func(sender marker.Sender, cause int) string {
		m := marker.Marker{Run: 7, Sender: sender, Cause: cause, At: time.UnixMilli(0)}
		return string(marker.Append(nil, m, "well"))
	}
	for _, c := range []struct {
		name    string
		message func(one, two string) string // of what the customer said, markers included
		met     bool
	}{
		{"its marker names the last thing said", func(_, _ string) string { return said("ROBOT", marked(marker.Robot, 2)) }, true},
		{"its marker names what was said before", func(_, _ string) string { return said("ROBOT", marked(marker.Robot, 1)) }, false},
		{"its marker names nothing", func(_, _ string) string { return said("AGENT", marked(marker.Agent, marker.NoCause)) }, false},
		{"an echo of the last", func(_, two string) string { return said("ROBOT", "You said: "+two) }, true},
		{"an echo of the one before", func(one, _ string) string { return said("ROBOT", "You said: "+one) }, false},
		{"a robot without a marker", func(_, _ string) string { return said("ROBOT", "well") }, true},
		{"an agent without a marker", func(_, _ string) string { return said("AGENT", "well") }, true},
		{"a cut marker is as good as none", func(_, two string) string { return said("AGENT", two[:len(two)-2]) }, true},
		{"the system does not reply", func(_, _ string) string { return said("SYSTEM", "well") }, false},
		{"not even with a marker", func(_, _ string) string { return said("SYSTEM", marked(marker.System, 2)) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(say("one"), say("two"), within(time.Second, scenario.Expect{Reply: true})), nil, func(r *rig) {
				r.cfg.Markers = true
				r.decide = func(q *request) (answer, bool) {
					if q.Op != aicc.OpPoll || q.N > 1 {
						return answer{}, false
					}
					return brings(c.message(r.sent(1), r.sent(2))), true
				}
			})
			want := "2 say, 3 say, 4 expect reply, customer"
			if !c.met {
				want = "2 say, 3 say, 4 expect reply!, gave-up"
			}
			if got := p.steps(); got != want {
				t.Errorf("steps %q, want %q", got, want)
			}
		})
	}
}

// sent is the n-th text that was said so far.
func (s *scripted) sent(n int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.seen {
		if q.Op == aicc.OpSend && q.N == n {
			return q.text()
		}
	}
	return ""
}

// TestMarkers reads the markers of what a customer says.
func TestMarkers(t *testing.T) {
	s := customers(scene(say("one"), scenario.Handover{Text: template("human")}, think(time.Second)), 1, 8*time.Second)
	p := play(t, s, nil, func(r *rig) { r.cfg.Markers = true })
	var seqs []int
	for _, e := range p.told(trace.Invoke, aicc.OpConnect, aicc.OpSend, aicc.OpTransfer, aicc.OpDisconnect) {
		seqs = append(seqs, e.Seq)
	}
	for i, q := range p.wire(aicc.OpConnect, aicc.OpSend, aicc.OpTransfer, aicc.OpDisconnect) {
		want := marker.Marker{Run: 7, Epoch: i / 4, Sender: marker.Customer, Seq: i % 4, Cause: marker.NoCause}
		m, text, status := marker.Parse(q.text())
		m.At = time.Time{}
		if q.Op == aicc.OpDisconnect {
			if q.text() != "" || seqs[i] != -1 {
				t.Errorf("DISCONNECT with the text %q and number %d, want none", q.text(), seqs[i])
			}
			continue
		}
		if m != want || status != marker.Intact || seqs[i] != want.Seq {
			t.Errorf("%v %q: marker %+v (%v), number %d, want %+v", q.Op, text, m, status, seqs[i], want)
		}
	}
	if len(seqs) != 8 {
		t.Errorf("%d numbers, want those of two conversations: %v", len(seqs), seqs)
	}
}

func TestTransData(t *testing.T) {
	s := scene()
	s.Flows[0].Steps[0] = scenario.Connect{Text: template("hello {{customer}}"), TransData: template(`{"order":"{{user}}"}`)}
	p := play(t, s, nil, nil)
	var got struct{ Content, TransData string }
	if err := json.Unmarshal([]byte(p.one(aicc.OpConnect).Body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Content != "hello 0" || got.TransData != `{"order":"`+user+`"}` {
		t.Errorf("CONNECT with %+v", got)
	}
}
