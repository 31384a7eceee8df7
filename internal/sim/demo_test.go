package sim

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/trace"
)

const user = "cb000000070" // of customer 0 in run 7

// TestOrderOfTheDemo plays the shortest conversation and compares every call with
// docs/protocol.md sections 3 and 6.1.
func TestOrderOfTheDemo(t *testing.T) {
	p := play(t, scene(say("where is my order?"), think(300*ms)), script{
		aicc.OpConnect: {code("0").after(50 * ms)},
		aicc.OpPoll:    {brings().after(200 * ms)},
	}, nil)
	type call struct {
		At                         float64
		Conn                       int
		Line, Access, Token        string
		Key, Expire, Body, Comment string
	}
	app, token := "Bearer "+secret+"-app-1", secret+"-2."+user
	send := func(control, text string) string {
		content := ""
		if text != "" {
			content = fmt.Sprintf(`"content":%q,`, text)
		}
		return fmt.Sprintf(`{"channel":"WEB","sourceType":"CUSTOMER","controlType":%q,"mediaType":"TEXT",%s"from":%q,"to":%q,"senderNickname":"Visitor 0"}`,
			control, content, user, channel)
	}
	poll := "GET " + aicc.PathPoll + "?receiverId=" + user + "&channel=WEB"
	want := []call{
		{0, 1, "POST " + aicc.PathToken, "", "", "", "600", `{"app_key":"key","app_secret":"` + secret + `"}`, "token"},
		{0, 1, "POST " + aicc.PathApply, app, "", "key", "", `{"userId":"` + user + `","userName":"Visitor 0","channelId":"` + channel + `","locale":"en"}`, "apply"},
		{0, 1, "POST " + aicc.PathSend, app, token, "key", "", send("CONNECT", "hello"), "connect"},
		{0.05, 1, "POST " + aicc.PathSend, app, token, "key", "", send("CHAT", "where is my order?"), "send"},
		{0.15, 2, poll, app, token, "key", "", "", "poll"},
		{0.35, 1, "POST " + aicc.PathSend, app, token, "key", "", send("DISCONNECT", ""), "disconnect"},
	}
	var got []call
	for _, q := range p.seen {
		got = append(got, call{q.At.Seconds(), q.Conn, q.Line, q.Access, q.Token, q.Key, q.Expire, q.Body, q.Op.String()})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if got, want := p.steps(), "2 say, customer"; got != want {
		t.Errorf("steps %q, want %q", got, want)
	}
}

func TestSendAsyncUsesItsOwnPath(t *testing.T) {
	s := scene(say("one"))
	s.Async = true
	p := play(t, s, nil, nil)
	for _, q := range p.wire(aicc.OpConnect, aicc.OpSend, aicc.OpDisconnect) {
		if q.Line != "POST "+aicc.PathSendAsync {
			t.Errorf("%v went to %s, want %s", q.Op, q.Line, aicc.PathSendAsync)
		}
	}
}

// TestPollPause looks at the time between an answer and the next poll.
func TestPollPause(t *testing.T) {
	for _, c := range []struct {
		name   string
		jitter time.Duration
		held   time.Duration // by the tenant
	}{
		{"a tenant that answers at once", 0, 0},
		{"a long poll: the pause begins with the answer", 0, 700 * ms},
		{"jitter only adds", 50 * ms, 10 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scene(think(20 * time.Second))
			s.Poll.Jitter = c.jitter
			p := play(t, s, nil, func(r *rig) {
				r.decide = func(q *request) (answer, bool) { return brings().after(c.held), q.Op == aicc.OpPoll }
			})
			polls := p.wire(aicc.OpPoll)
			if len(polls) < 20 {
				t.Fatalf("%d polls in 20 s", len(polls))
			}
			shortest, longest := time.Hour, time.Duration(0)
			for i, q := range polls[1:] {
				gap := q.At - polls[i].Till
				shortest, longest = min(shortest, gap), max(longest, gap)
			}
			if shortest < 100*ms || longest > 100*ms+c.jitter {
				t.Errorf("pauses of %v to %v, want 100 ms to %v", shortest, longest, 100*ms+c.jitter)
			}
			if c.jitter > 0 && longest-shortest < c.jitter/2 {
				t.Errorf("pauses of %v to %v, want them spread over %v", shortest, longest, c.jitter)
			}
		})
	}
}

// TestConnectionsAreNotShared lets five customers talk at once: the manners that every run is
// checked for say that nobody shares a connection and that polls have one of their own.
func TestConnectionsAreNotShared(t *testing.T) {
	p := play(t, customers(scene(say("one"), think(2*time.Second), say("two")), 5, ms), nil, nil)
	conns := map[int]bool{}
	for _, q := range p.seen {
		conns[q.Conn] = true
	}
	if len(conns) != 10 {
		t.Errorf("%d connections for 5 customers, want 10", len(conns))
	}
}

// TestNoPollWithoutConnect refuses CONNECT in all the documented ways.
func TestNoPollWithoutConnect(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answer
		calls  string // behind token and apply
		ended  trace.Ended
	}{
		{"not in working time", code("12"), "connect leave", trace.NoConnect},
		{"no CCUCS address", code("13"), "connect leave", trace.NoConnect},
		{"too many online calls", code("160018"), "connect leave", trace.NoConnect},
		{"HTTP 400 is a refusal", answer{status: 400, body: "no"}, "connect leave", trace.NoConnect},
		{"without outcome: it may have been accepted, so no ghost is left", answer{never: true}, "connect disconnect", trace.LostContact},
		{"cut before the answer", answer{cut: -1}, "connect disconnect", trace.LostContact},
		{"HTTP 503 says nothing", answer{status: 503}, "connect disconnect", trace.LostContact},
		{"200 without a result code says nothing", answer{body: "{}"}, "connect disconnect", trace.LostContact},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(say("never said")), script{aicc.OpConnect: {c.answer}}, func(r *rig) { r.unpaced = true })
			if got, want := p.calls(), "token apply "+c.calls; got != want {
				t.Errorf("calls %q, want %q", got, want)
			}
			if got := p.steps(); got != string(c.ended) {
				t.Errorf("end %q, want %q", got, c.ended)
			}
		})
	}
}

func TestLeftMessage(t *testing.T) {
	p := play(t, scene(), script{aicc.OpConnect: {code("12")}}, nil)
	var got map[string]string
	if err := json.Unmarshal([]byte(p.one(aicc.OpLeave).Body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"callId": user, "caller": "Visitor 0", "channel": "WEB", "leaveMessage": "Please call me back."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
}

func TestRefusedHandover(t *testing.T) {
	p := play(t, scene(scenario.Handover{Text: template("a human please")}, say("never said")), script{aicc.OpTransfer: {code("12").after(ms)}}, nil)
	if got, want := p.calls(), "token apply connect transfer leave disconnect"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
	if got, want := p.steps(), "2 handover!, gave-up"; got != want {
		t.Errorf("steps %q, want %q", got, want)
	}
}

// TestDispatch gives one poll a list of messages and looks at what the customer does about them:
// docs/protocol.md section 4.
func TestDispatch(t *testing.T) {
	const polls, ends = 5 * time.Second, true // how long the customer would stay
	for _, c := range []struct {
		name     string
		messages []string
		calls    string // that the messages led to
		ended    bool   // the conversation, by the other side
	}{
		{"a robot speaks", []string{said("ROBOT", "hi")}, "", false},
		{"the first agent message asks for click-to-call, once", []string{said("AGENT", "hi"), said("AGENT", "again")}, "support", false},
		{"an agent's DISCONNECT is an agent's message too", []string{bye("AGENT")}, "support", ends},
		{"the system's is not", []string{bye("SYSTEM")}, "", ends},
		{"a robot's DISCONNECT goes to the robot's handler", []string{bye("ROBOT")}, "", false},
		{"a robot's picture, too", []string{media("ROBOT", "IMAGE", "f1")}, "", false},
		{"a DISCONNECT on a media type is taken for a picture", []string{`{"controlType":"DISCONNECT","sourceType":"SYSTEM","mediaType":"IMAGE","content":"f1"}`}, "download", false},
		{"picture, voice, film", []string{media("SYSTEM", "IMAGE", "a"), media("SYSTEM", "AUDIO", "b"), media("SYSTEM", "VIDEO", "c")}, "download download download", false},
		{"an agent's picture: both", []string{media("AGENT", "IMAGE", "a")}, "support download", false},
		{"what stands behind a DISCONNECT is handled", []string{bye("SYSTEM"), media("SYSTEM", "IMAGE", "a"), said("AGENT", "late")}, "download support", ends},
		{"two DISCONNECTs", []string{bye("SYSTEM"), bye("SYSTEM")}, "", ends},
		{"types that the demo does not know are text", []string{media("SYSTEM", "LOCATE", "1,2,here"), media("SYSTEM", "DOCUMENT", "d"), `{"controlType":"READ","sourceType":"SYSTEM","content":"m1,m2"}`}, "", false},
		{"null content", []string{`{"controlType":"CHAT","sourceType":"SYSTEM","mediaType":"TEXT","content":null}`}, "", false},
		{"a message of nothing but an empty content", []string{`{"content":""}`}, "", false},
		{"the queue is asked for at once", []string{queued}, "queue", false},
		{"but not when the other side hangs up behind it", []string{queued, bye("SYSTEM")}, "", ends},
		{"nor when it has", []string{bye("SYSTEM"), queued}, "", ends},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(think(polls)), script{aicc.OpPoll: {brings(c.messages...)}, aicc.OpQueue: {code("160021")}}, nil)
			if got := p.calls(aicc.OpSupport, aicc.OpDownload, aicc.OpQueue, aicc.OpSend, aicc.OpLeave); got != c.calls {
				t.Errorf("calls %q, want %q", got, c.calls)
			}
			if n := len(p.told(trace.Deliver)); n != len(c.messages) {
				t.Errorf("%d messages told, want %d", n, len(c.messages))
			}
			wantPolls, wantEnd := 2, "customer"
			if c.ended {
				wantPolls, wantEnd = 1, "peer"
			}
			if n := len(p.wire(aicc.OpPoll)); n != wantPolls {
				t.Errorf("%d polls, want %d", n, wantPolls)
			}
			if got := p.steps(); got != wantEnd {
				t.Errorf("end %q, want %q", got, wantEnd)
			}
			if n := len(p.wire(aicc.OpDisconnect)); n != wantPolls-1 {
				t.Errorf("%d DISCONNECTs of the customer, want %d", n, wantPolls-1)
			}
		})
	}
}

// TestEmptyLists gives polls the three ways to say that nothing has come.
func TestEmptyLists(t *testing.T) {
	p := play(t, scene(think(time.Second)), script{aicc.OpPoll: {
		{body: `{"resultCode":"0"}`}, {body: `{"resultCode":0,"downlinkMessages":null}`}, {body: `{"resultCode":"0","downlinkMessages":[]}`}, brings(bye("SYSTEM")),
	}}, nil)
	for _, e := range p.told(trace.Return, aicc.OpPoll) {
		if e.Class != aicc.OK || e.Shape != "" {
			t.Errorf("poll %d is %v, shape %q, want ok", e.ID, e.Class, e.Shape)
		}
	}
	if n := len(p.wire(aicc.OpPoll)); n != 4 {
		t.Errorf("%d polls, want 4", n)
	}
}

// TestQueueQueries looks at when the queue is asked for: docs/protocol.md E06.
func TestQueueQueries(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers []answer
		want    []float64 // seconds, the notice coming at 0.1
	}{
		{"every ten seconds while the answer is 0", []answer{code("0"), code("0"), code("0"), code("160021")}, []float64{0.1, 10.1, 20.1, 30.1}},
		{"with an agent: never again", []answer{code("160021")}, []float64{0.1}},
		{"an error stops it as well", []answer{code("0"), code("2")}, []float64{0.1, 10.1}},
		{"a slow answer does not move the timer", []answer{code("0").after(2 * time.Second), code("5")}, []float64{0.1, 10.1}},
		{"without outcome it is asked again", []answer{{status: 500}, code("160004")}, []float64{0.1, 10.1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(think(40*time.Second)), script{aicc.OpPoll: {brings(queued)}, aicc.OpQueue: c.answers}, nil)
			var got []float64
			for _, at := range p.times(aicc.OpQueue) {
				got = append(got, seconds(at))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("queries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueuePositionIsTold(t *testing.T) {
	p := play(t, scene(think(time.Second)), script{aicc.OpPoll: {brings(queued)},
		aicc.OpQueue: {{body: `{"resultCode":"0","position":3,"estimateWaitTime":"35"}`}}}, nil)
	e := p.told(trace.Return, aicc.OpQueue)[0]
	if e.Position != 3 || e.Estimate != 35 {
		t.Errorf("position %d, estimate %d s, want 3 and 35 s", e.Position, e.Estimate)
	}
	if got, want := p.one(aicc.OpQueue).Body, `{"userId":"`+user+`","channelConfigId":"`+channel+`","channel":"WEB"}`; got != want {
		t.Errorf("query %s, want %s", got, want)
	}
}

// TestProbes looks at the declared polls outside the conversation, which the demo would not make.
func TestProbes(t *testing.T) {
	s := scene(think(time.Second))
	s.Probes = 1
	p := play(t, s, script{aicc.OpPoll: {brings(), brings(bye("SYSTEM")), brings()}}, func(r *rig) { r.unpaced = true })
	if got, want := p.calls(), "token apply poll connect poll poll"; got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
	var probes []bool
	for _, e := range p.told(trace.Invoke, aicc.OpPoll) {
		probes = append(probes, e.Probe)
	}
	if diff := cmp.Diff([]bool{true, false, true}, probes); diff != "" {
		t.Errorf("declared as probes (-want +got):\n%s", diff)
	}
}
