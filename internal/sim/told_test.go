package sim

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// TestReadReceipts looks at what a customer does who asks for read receipts: polls say so, and
// each text has an id of its own.
func TestReadReceipts(t *testing.T) {
	s := scene(say("one"), think(300*ms), say("two"))
	s.Poll.Read = true
	p := play(t, s, nil, nil)
	for i, q := range p.wire(aicc.OpSend) {
		if want := []string{`"messageId":"m-0-0-1"`, `"messageId":"m-0-0-2"`}[i]; !strings.Contains(q.Body, want) {
			t.Errorf("text %d is sent as %s, want it with %s", i, q.Body, want)
		}
	}
	for _, q := range p.wire(aicc.OpConnect, aicc.OpDisconnect) {
		if strings.Contains(q.Body, "messageId") {
			t.Errorf("%v has a messageId: %s", q.Op, q.Body)
		}
	}
	for _, q := range p.wire(aicc.OpPoll) {
		if !strings.Contains(q.Line, "isNeedRead=true") {
			t.Errorf("a poll does not ask for receipts: %s", q.Line)
		}
	}
}

// TestToldOfCalls looks at what the events say of a call beside its times and its outcome.
func TestToldOfCalls(t *testing.T) {
	p := play(t, scene(say("你好 1"), think(300*ms)), script{
		aicc.OpToken: {{body: `{"AccessToken":"` + secret + `-app-1","ApplyType":"Bearer","Expires":"600"}`}},
	}, nil)
	if begin := p.told(trace.Begin)[0]; begin.User != user {
		t.Errorf("the conversation is of user %q, want %q", begin.User, user)
	}
	token := p.told(trace.Return, aicc.OpToken)[0]
	if diff := cmp.Diff(&trace.Grant{Type: "Bearer", Seconds: 600}, token.Grant); diff != "" || token.Asked != 600 {
		t.Errorf("asked for %d s, granted (-want +got):\n%s", token.Asked, diff)
	}
	if e := p.told(trace.Invoke, aicc.OpSend)[0]; e.Chars != 4 {
		t.Errorf("a text of 4 characters is told with %d", e.Chars)
	}
	for _, e := range p.told(trace.Invoke) {
		if want := e.Op != aicc.OpToken; e.Op != aicc.OpApply && e.Fresh != want {
			t.Errorf("%v: fresh tokens %t, want %t", e.Op, e.Fresh, want)
		}
	}
}

// TestFreshness lets a user token grow old: calls near the end of its life and beyond are not
// counted on.
func TestFreshness(t *testing.T) {
	for _, c := range []struct {
		name  string
		life  time.Duration
		after time.Duration
		want  bool
	}{
		{"young", 100 * time.Second, 50 * time.Second, true},
		{"in its last tenth", 100 * time.Second, 95 * time.Second, false},
		{"beyond", 100 * time.Second, 120 * time.Second, false},
		{"beyond, but nobody knows the life", 0, 120 * time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(think(c.after), say("one")), nil, func(r *rig) { r.cfg.TokenLife = c.life })
			if e := p.told(trace.Invoke, aicc.OpSend)[0]; e.Fresh != c.want {
				t.Errorf("after %v of %v the tokens are fresh: %t, want %t", c.after, c.life, e.Fresh, c.want)
			}
		})
	}
}
