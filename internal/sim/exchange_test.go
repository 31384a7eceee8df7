package sim

import (
	"context"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chatbench/internal/aicc"
	"chatbench/internal/trace"
)

// TestWhatBecomesOfASend answers a send in every way there is. It is on the wire exactly once, and
// its Return says what is known; the conversation goes on.
func TestWhatBecomesOfASend(t *testing.T) {
	const page = "<html><head><title>Bad Gateway</title></head></html>"
	for _, c := range []struct {
		name   string
		answer answer
		class  aicc.Class
		status int
		error  string // or its beginning
		shape  string // or its beginning
		conn   int    // of what is sent next: 1 the same, 3 a new one
	}{
		{"accepted", code("0"), aicc.OK, 200, "", "", 1},
		{"a number", answer{body: `{"resultCode":0}`}, aicc.OK, 200, "", "", 1},
		{"refused", code("13"), aicc.Fail, 200, "", "", 1},
		{"the connection breaks", answer{cut: -1}, aicc.Info, 0, "the connection ended before the answer did", "", 3},
		{"and in mid-answer", answer{cut: 100}, aicc.Info, 0, "the connection ended before the answer did", "", 3},
		{"no answer", answer{never: true}, aicc.Info, 0, "timed out", "", 3},
		{"not HTTP", answer{raw: "220 smtp.example.com ESMTP\r\n\r\n"}, aicc.Info, 0, "malformed", "", 3},
		{"HTTP 500", answer{status: 500, body: "{}"}, aicc.Info, 500, "HTTP 500", "", 1},
		{"a proxy's page", answer{status: 502, kind: "text/html", body: page}, aicc.Info, 502, `HTTP 502: an HTML page titled "Bad Gateway"`, "", 1},
		{"too many requests: who counted?", answer{status: 429}, aicc.Info, 429, "HTTP 429", "", 1},
		{"HTTP 400", answer{status: 400}, aicc.Fail, 400, "HTTP 400", "", 1},
		{"not found", answer{status: 404, body: "<html>"}, aicc.Fail, 404, "HTTP 404: an HTML page", "", 1},
		{"a redirect", answer{status: 302, header: []string{"Location", "https://login.test/"}}, aicc.Fail, 302, `HTTP 302: redirect to "https://login.test/"`, "", 1},
		{"a portal that answers 200", answer{kind: "text/html", body: page}, aicc.Info, 200, "", "the body is not JSON: it begins with", 1},
		{"no result code", answer{body: `{}`}, aicc.Info, 200, "", "the body has no result code", 1},
		{"an array", answer{body: `[]`}, aicc.Info, 200, "", "the body has the wrong shape", 1},
		{"half a body", answer{body: `{"resultCode":`}, aicc.Info, 200, "", "the body is not JSON", 1},
		{"accepted, and the connection is closed", answer{close: true}, aicc.OK, 200, "", "", 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(think(time.Second), say("one"), say("two")), script{aicc.OpSend: {c.answer}}, func(r *rig) { r.unpaced = true })
			sends := p.wire(aicc.OpSend)
			if len(sends) != 2 || sends[0].text() != "one" || sends[1].text() != "two" || sends[1].Conn != c.conn {
				t.Fatalf("%d sends, want \"one\" on connection 1 and \"two\" on connection %d: %+v", len(sends), c.conn, sends)
			}
			e := p.told(trace.Return, aicc.OpSend)[0]
			if e.Class != c.class || e.Status != c.status || !begins(e.Error, c.error) || !begins(e.Shape, c.shape) {
				t.Errorf("class %v, status %d, error %q, shape %q; want %v, %d, %q, %q", e.Class, e.Status, e.Error, e.Shape, c.class, c.status, c.error, c.shape)
			}
		})
	}
}

// begins reports whether a text begins as wanted, or is empty when that is wanted.
func begins(got, want string) bool {
	return strings.HasPrefix(got, want) && (want != "" || got == "")
}

// TestNoConnection lets the tenant close the talking connection and take no new one for a while:
// what cannot be written did not happen.
func TestNoConnection(t *testing.T) {
	p := play(t, scene(think(time.Second), say("one"), think(5*time.Second), say("two")), script{aicc.OpConnect: {{close: true}}}, func(r *rig) {
		r.unpaced = true
		r.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if since := time.Since(r.start); since >= time.Second && since < 3*time.Second {
				return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
			}
			return r.net.Dial(ctx, network, address)
		}
	})
	returns := p.told(trace.Return, aicc.OpSend)
	if e := returns[0]; e.Class != aicc.Fail || e.Error != "connection refused" || e.Status != 0 {
		t.Errorf("class %v, status %d, error %q, want fail, 0, connection refused", e.Class, e.Status, e.Error)
	}
	if got := p.one(aicc.OpSend).text(); got != "two" || returns[1].Class != aicc.OK {
		t.Errorf("%q came through as %v, want \"two\" as ok", got, returns[1].Class)
	}
}

// TestSlowDial has a network on which opening a connection takes its time: that is told, belongs to
// nobody's service time, and is not lateness of the generator.
func TestSlowDial(t *testing.T) {
	p := play(t, scene(think(time.Second)), nil, func(r *rig) {
		r.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			select {
			case <-time.After(300 * ms):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			return r.net.Dial(ctx, network, address)
		}
	})
	first, poll := p.told(trace.Return, aicc.OpToken)[0], p.told(trace.Return, aicc.OpPoll)[0]
	if first.Dial != 300*ms || first.Started != 300*ms {
		t.Errorf("token: dial %v, started %v, want 300 ms both", first.Dial, first.Started)
	}
	if poll.Dial != 300*ms || poll.Started-poll.Intended != 300*ms {
		t.Errorf("poll: dial %v, intended %v, started %v, want 300 ms between", poll.Dial, poll.Intended, poll.Started)
	}
}

func TestLostContact(t *testing.T) {
	broken := answer{cut: -1}
	for _, c := range []struct {
		name  string
		polls []answer
		want  []time.Duration // of the polls
		end   string
	}{
		{"five polls without an answer, the pause doubling", []answer{broken, broken, broken, broken, broken},
			[]time.Duration{100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms}, "lost"},
		{"an answer in between begins anew", []answer{broken, broken, broken, broken, code("13"), broken},
			[]time.Duration{100 * ms, 300 * ms, 700 * ms, 1500 * ms, 3100 * ms, 3200 * ms, 3400 * ms}, "customer"},
		{"an error is an answer", []answer{{status: 500}, {status: 503}, {status: 500}, {status: 502}, {status: 500}, {status: 500}},
			[]time.Duration{100 * ms, 200 * ms, 300 * ms, 400 * ms, 500 * ms, 600 * ms, 700 * ms}, "customer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := play(t, scene(think(5*time.Second)), script{aicc.OpPoll: c.polls}, func(r *rig) { r.unpaced = true })
			if diff := cmp.Diff(c.want, p.times(aicc.OpPoll)); diff != "" {
				t.Errorf("polls (-want +got):\n%s", diff)
			}
			if got := p.steps(); got != c.end {
				t.Errorf("end %q, want %q", got, c.end)
			}
			p.one(aicc.OpDisconnect) // a customer who is still there for the tenant says goodbye
		})
	}
}

// TestBadPoll gives a poll answers that carry messages in a bad shape: nothing of them is told.
func TestBadPoll(t *testing.T) {
	p := play(t, scene(think(time.Second)), script{aicc.OpPoll: {
		{body: `{"resultCode":"0","downlinkMessages":{}}`},
		{body: `{"resultCode":"0","downlinkMessages":[` + said("ROBOT", "hi") + `,7]}`},
		{body: `{"resultCode":"1","downlinkMessages":[` + said("ROBOT", "hi") + `]}`},
	}}, nil)
	if list := p.told(trace.Deliver); len(list) != 0 {
		t.Errorf("%d messages told of polls that were not ok", len(list))
	}
	var shapes []string
	for _, e := range p.told(trace.Return, aicc.OpPoll)[:3] {
		shapes = append(shapes, e.Class.String()+" "+e.Shape)
	}
	want := []string{
		"info the body has the wrong shape: downlinkMessages is an object",
		"info the body has the wrong shape: downlinkMessages[1] is a number",
		"fail ",
	}
	if diff := cmp.Diff(want, shapes); diff != "" {
		t.Errorf("shapes (-want +got):\n%s", diff)
	}
}
