package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// replaced is the header of an answer that brings a new user token.
func replaced(token string) []string { return []string{"ccmessaging-token", token} }

func newToken(name string) string { return secret + "-" + name + "." + user }

func TestOneApplicationTokenForAll(t *testing.T) {
	p := play(t, customers(scene(say("one")), 5, ms), script{aicc.OpToken: {answer{wait: 2 * time.Second}}}, nil)
	if got, want := p.calls(aicc.OpToken, aicc.OpApply), "token"+strings.Repeat(" apply", 5); got != want {
		t.Errorf("calls %q, want %q", got, want)
	}
	for _, q := range p.wire(aicc.OpConnect) {
		if q.At != 2*time.Second || q.Access != "Bearer "+secret+"-app-1" {
			t.Errorf("CONNECT of %s at %v with %q, want it at 2 s with the shared token", q.User, q.At, q.Access)
		}
	}
}

// TestApplicationTokenIsRenewed lets four customers come and go while a fifth has one long
// conversation: the token is renewed by one of them after 480 s, and is everybody's at once.
func TestApplicationTokenIsRenewed(t *testing.T) {
	s := customers(scene(think(3*time.Second)), 4, 1100*time.Second)
	p := play(t, s, script{aicc.OpToken: {{}, {wait: time.Second}, {wait: time.Second}}}, nil)
	renewals := p.wire(aicc.OpToken)
	if len(renewals) != 3 {
		t.Fatalf("tokens asked for at %v, want three times in 1100 s", p.times(aicc.OpToken))
	}
	for i, q := range renewals {
		if due := time.Duration(i) * 480 * time.Second; q.At < due || q.At > due+20*time.Second {
			t.Errorf("token %d asked for at %v, want it soon after %v", i+1, q.At, due)
		}
	}
	if n := len(p.wire(aicc.OpApply)); n != 4 {
		t.Errorf("%d user tokens for 4 customers, want one each", n)
	}
	for _, q := range p.wire(aicc.OpConnect) {
		if q.At > renewals[1].At && q.At < renewals[1].Till {
			t.Errorf("CONNECT at %v did not wait for the token of %v", q.At, renewals[1].At)
		}
	}
	for _, q := range p.wire(aicc.OpConnect, aicc.OpPoll, aicc.OpDisconnect) {
		if want := "Bearer " + secret + "-app-1"; q.At > renewals[1].Till && q.Access == want {
			t.Errorf("%v at %v carries the old application token", q.Op, q.At)
		}
	}
}

func TestRenewedTokenReachesRunningConversations(t *testing.T) {
	s := customers(scene(think(560*time.Second), say("late")), 2, 500*time.Second)
	p := play(t, s, nil, func(r *rig) {
		r.decide = func(q *request) (answer, bool) { // the second customer is turned away again and again
			return code("12"), q.Op == aicc.OpConnect && q.User != user
		}
	})
	if n := len(p.wire(aicc.OpToken)); n != 2 {
		t.Fatalf("%d application tokens, want 2", n)
	}
	late := p.one(aicc.OpSend)
	if want := "Bearer " + secret; !strings.HasPrefix(late.Access, want) || strings.HasSuffix(late.Access, "-app-1") {
		t.Errorf("a call at %v carries %q, want the token of %v", late.At, late.Access, p.times(aicc.OpToken)[1])
	}
}

// TestTokenNobodyGets has a tenant that does not answer tokenByAkSk: who waits for the one who
// asked shares the outcome instead of waiting for a time-out of their own, one after the other.
func TestTokenNobodyGets(t *testing.T) {
	p := play(t, customers(scene(), 20, 10*time.Second), script{aicc.OpToken: {{never: true}}}, nil)
	if n := len(p.wire(aicc.OpToken)); n != 1 {
		t.Errorf("%d calls for a token, want 1", n)
	}
	if got, want := p.ended(), map[trace.Ended]int{trace.NoToken: 20}; !cmp.Equal(got, want) {
		t.Errorf("ends %v, want %v", got, want)
	}
	if p.out.Length > 31*time.Second {
		t.Errorf("the run took %v, want one time-out of 30 s", p.out.Length)
	}
}

func TestNoToken(t *testing.T) {
	html := answer{kind: "text/html", body: "<html><title>Sign in</title></html>"}
	for _, c := range []struct {
		name   string
		script script
		calls  string
	}{
		{"wrong secret", script{aicc.OpToken: {{status: 401}}}, "token"},
		{"a portal's page", script{aicc.OpToken: {html}}, "token"},
		{"an answer without a token", script{aicc.OpToken: {{body: `{"ApplyType":"Bearer"}`}}}, "token"},
		{"wrong channel", script{aicc.OpApply: {code("1")}}, "token apply"},
		{"0 without a token", script{aicc.OpApply: {code("0")}}, "token apply"},
		{"a page instead of a user token", script{aicc.OpApply: {html}}, "token apply"},
		{"HTTP 500", script{aicc.OpApply: {{status: 500}}}, "token apply"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(), c.script, nil)
			if got := p.calls(); got != c.calls {
				t.Errorf("calls %q, want %q", got, c.calls)
			}
			if got := p.steps(); got != "no-token" {
				t.Errorf("end %q, want no-token", got)
			}
		})
	}
}

func TestBareToken(t *testing.T) {
	for _, body := range []string{`"` + newToken("bare") + `"`, newToken("bare"), `{"token":"` + newToken("bare") + `"}`} {
		p := play(t, scene(), script{aicc.OpApply: {{body: body}}}, nil)
		if got := p.one(aicc.OpConnect).Token; got != newToken("bare") {
			t.Errorf("after the answer %s CONNECT carries the token %q", body, got)
		}
	}
}

// refuseFrom answers 401 to business calls that carry the first tokens: to what comes from the
// given time on, and to polls when the run has lasted for pollHeld.
func (r *rig) refuseFrom(from, pollHeld time.Duration) {
	r.decide = func(q *request) (answer, bool) {
		first := strings.HasSuffix(q.Access, "-app-1")
		switch {
		case q.Op == aicc.OpToken || q.Op == aicc.OpApply || !first:
			return answer{}, false
		case q.Op == aicc.OpPoll:
			return answer{status: 401, wait: max(pollHeld-q.At, 0)}, true
		}
		return answer{status: 401, wait: ms}, q.At >= from
	}
}

// TestUnauthorised looks at the calls after a 401: application token, user token, and the same call
// once more, in this order (docs/protocol.md section 2.3).
func TestUnauthorised(t *testing.T) {
	no := answer{status: 401}
	talk := scene(think(time.Second), say("one"), think(time.Second))
	for _, c := range []struct {
		name   string
		script script
		change func(r *rig)
		calls  string // up to the customer's DISCONNECT
	}{
		{"on a poll", script{aicc.OpPoll: {no}}, nil, "token apply connect poll token apply poll send disconnect"},
		{"on a send", script{aicc.OpSend: {no}}, nil, "token apply connect poll send token apply send disconnect"},
		{"on CONNECT", script{aicc.OpConnect: {no}}, nil, "token apply connect token apply connect poll send disconnect"},
		{"twice on a send: that is its outcome", script{aicc.OpSend: {no, no}}, nil, "token apply connect poll send token apply send disconnect"},
		{"without a new application token", script{aicc.OpSend: {no}, aicc.OpToken: {{}, {status: 500}}}, nil, "token apply connect poll send token disconnect"},
		{"without a new user token", script{aicc.OpSend: {no}, aicc.OpApply: {{}, code("1")}}, nil, "token apply connect poll send token apply disconnect"},
		{"a new user token came with the 401", script{aicc.OpSend: {{status: 401, header: replaced(newToken("x"))}}}, nil, "token apply connect poll send token send disconnect"},
		{"on both while neither has been answered", nil, func(r *rig) { r.refuseFrom(time.Second, time.Second+ms) }, "token apply connect poll send token apply poll send disconnect"},
		{"on a held poll when a send has renewed already", nil, func(r *rig) { r.refuseFrom(time.Second, 1500*ms) }, "token apply connect poll send token apply send poll disconnect"},
		{"on a held poll after hanging up: nobody polls any more", nil, func(r *rig) { r.refuseFrom(time.Hour, 3*time.Second) }, "token apply connect poll send disconnect token apply"},
		{"on a held poll while a send renews", script{aicc.OpApply: {{}, {wait: time.Second}}}, func(r *rig) { r.refuseFrom(time.Second, 1500*ms) }, "token apply connect poll send token apply poll send disconnect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, talk, c.script, c.change)
			// A poll and a send that are made again at the same moment have no order.
			sameMoment := strings.NewReplacer("send poll disconnect", "poll send disconnect")
			if got, want := sameMoment.Replace(p.calls()), sameMoment.Replace(c.calls); got != want {
				t.Errorf("calls\n%q, want\n%q", got, want)
			}
			repeated(t, p)
		})
	}
}

// repeated checks that a call that was made again carries the newest tokens and the same body.
func repeated(t *testing.T, p *played) {
	t.Helper()
	last := map[aicc.Op]*request{}
	for _, q := range p.wire(aicc.OpConnect, aicc.OpPoll, aicc.OpSend) {
		before := last[q.Op]
		last[q.Op] = q
		if before == nil || q.Access == before.Access {
			continue
		}
		if q.Body != before.Body || q.Line != before.Line || q.Conn != before.Conn || q.Token == before.Token {
			t.Errorf("%+v\nis made again as\n%+v", *before, *q)
		}
	}
}

func TestSecond401OfAPollIsNotRepeated(t *testing.T) {
	no := answer{status: 401}
	p := play(t, scene(think(time.Second)), script{aicc.OpPoll: {no, no}}, nil)
	if got, want := p.calls(), "token apply connect poll token apply poll poll disconnect"; got != want {
		t.Fatalf("calls %q, want %q", got, want)
	}
	at := p.times(aicc.OpPoll)
	if at[1] != at[0] || at[2] != at[1]+200*ms {
		t.Errorf("polls at %v, want the second at once and the third 200 ms later: the customer has been refused with new tokens", at)
	}
}

func TestReplacedToken(t *testing.T) {
	p := play(t, scene(say("one"), say("two"), say("three"), think(200*ms)), script{
		aicc.OpSend: {{header: replaced(newToken("a"))}, {header: replaced(newToken("a"))}, {header: replaced(newToken("b"))}},
	}, nil)
	var used []string
	for _, q := range p.wire(aicc.OpSend, aicc.OpPoll, aicc.OpDisconnect) {
		used = append(used, q.Token)
	}
	first := secret + "-2." + user
	want := []string{first, newToken("a"), newToken("a"), newToken("b"), newToken("b")}
	if diff := cmp.Diff(want, used); diff != "" {
		t.Errorf("tokens of three sends, a poll, DISCONNECT (-want +got):\n%s", diff)
	}
	var news []bool
	for _, e := range p.told(trace.Return, aicc.OpSend) {
		news = append(news, e.NewToken)
	}
	if diff := cmp.Diff([]bool{true, false, true}, news); diff != "" {
		t.Errorf("new tokens told (-want +got):\n%s", diff)
	}
}

// TestTwoReplacements lets a held poll and a send both bring a token: that of the request that
// began later stays, in whatever order the answers come (docs/protocol.md section 14, item 7).
func TestTwoReplacements(t *testing.T) {
	for _, c := range []struct {
		name               string
		pollHeld, sendTook time.Duration // the poll begins at 0.1 s, the send at 1 s
		secondPoll         time.Duration // answered after; 0: as usual
		want               string
	}{
		{"the poll is answered last", 2 * time.Second, 100 * ms, 0, "send"},
		{"the poll is answered first", 950 * ms, time.Second, 0, "send"},
		{"a poll that begins after the send is answered first", 950 * ms, time.Second, 300 * ms, "poll2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			polls := []answer{{wait: c.pollHeld, header: replaced(newToken("poll"))}}
			if c.secondPoll > 0 {
				polls = append(polls, answer{wait: c.secondPoll, header: replaced(newToken("poll2"))})
			}
			p := play(t, scene(think(time.Second), say("one"), think(2*time.Second)), script{
				aicc.OpPoll: polls, aicc.OpSend: {{wait: c.sendTook, header: replaced(newToken("send"))}},
			}, nil)
			if got := p.one(aicc.OpDisconnect).Token; got != newToken(c.want) {
				t.Errorf("the last call carries %q, want %q", got, newToken(c.want))
			}
		})
	}
}

func TestNextConversationKeepsTheToken(t *testing.T) {
	p := play(t, customers(scene(say("one"), think(time.Second)), 1, 10*time.Second), nil, nil)
	if got, want := p.calls(aicc.OpToken, aicc.OpApply), "token apply"; got != want {
		t.Errorf("calls %q in %d conversations, want %q", got, len(p.wire(aicc.OpConnect)), want)
	}
	if n := len(p.wire(aicc.OpConnect)); n < 2 {
		t.Errorf("%d conversations, want at least 2", n)
	}
}

// TestRenewalWhileSomethingIsSaid has a poll refused while the flow waits for the answer to what it
// said: the poller's calls for new tokens must not end that wait.
func TestRenewalWhileSomethingIsSaid(t *testing.T) {
	p := play(t, scene(say("one"), say("two")), script{aicc.OpPoll: {{status: 401}}, aicc.OpSend: {{wait: time.Second}}}, nil)
	if got, want := p.calls(aicc.OpToken, aicc.OpApply), "token apply token apply"; got != want {
		t.Fatalf("calls %q, want %q", got, want)
	}
	for _, list := range p.events {
		answered := 0
		for _, e := range list {
			switch {
			case e.Kind == trace.Return && e.Op == aicc.OpSend:
				answered++
			case e.Kind == trace.Step && strings.Contains(e.Name, "say"):
				if answered--; answered < 0 {
					t.Errorf("step %q ended at %v before its message was answered", e.Name, e.At)
				}
			}
		}
	}
}
