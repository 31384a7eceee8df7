package tenant

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/http1"
	"chatbench/internal/scenario"
)

// tcpRig is a tenant on a real network, where a loop serves what a goroutine serves elsewhere.
func tcpRig(t *testing.T, change func(*scenario.Tenant)) (*rig, func() net.Conn) {
	t.Helper()
	cfg := quick()
	cfg.Robot.Reply, cfg.Robot.Messages = scenario.Constant(5*ms), [2]int{3, 3}
	change(&cfg)
	tenant, err := New(cfg, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- tenant.Serve(l) }()
	t.Cleanup(func() {
		if err := tenant.Close(context.Background()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-served; !errors.Is(err, http1.ErrServerClosed) {
			t.Errorf("Serve: %v, want %v", err, http1.ErrServerClosed)
		}
	})
	return &rig{t: t, tenant: tenant}, func() net.Conn {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
}

// over makes a customer speak over connections of another network than the rig's.
func (u *user) over(dial func() net.Conn) *user {
	for _, name := range []string{"calls", "polls", "second"} {
		u.conns[name] = http1.NewClient(dial(), http1.Limits{})
	}
	return u
}

// A poll is held, answered with all that is said in one go, taken over, and answered when the tenant
// ends, with and without a pause before each answer.
func TestLoopServesPolls(t *testing.T) {
	for _, delay := range []time.Duration{0, 3 * ms} {
		t.Run(fmt.Sprint("pause ", delay), func(t *testing.T) {
			r, dial := tcpRig(t, func(c *scenario.Tenant) { c.ReplyDelay = scenario.Constant(delay) })
			u := r.stranger("u-1").over(dial)
			u.getApp()
			u.getKey("en")
			if got := u.connect(); got.Code != aicc.CodeOK {
				t.Fatalf("CONNECT: %s", got.body)
			}
			if got := u.poll(); sources(got.Messages) != "ROBOT" {
				t.Errorf("first poll: %s, want the welcome", tell(got.Messages))
			}
			u.say("hi")
			if got := u.poll(); sources(got.Messages) != "ROBOT ROBOT ROBOT" {
				t.Errorf("second poll: %s, want the three messages of the answer", tell(got.Messages))
			}
			answers := make(chan reply)
			poll := func(conn string) { answers <- u.do(conn, "GET", u.pollTarget(""), "") }
			go poll("polls")
			go poll("second")
			if got := <-answers; got.Code != aicc.CodeOK || len(got.Messages) > 0 {
				t.Errorf("the poll that is overtaken: %s, want nothing", got.body)
			}
			u.disconnect()
			if got := <-answers; got.Code != aicc.CodeOK || len(got.Messages) > 0 {
				t.Errorf("the held poll at the end: %s, want nothing", got.body)
			}
		})
	}
}

// Closing the tenant waits for nobody who waits for it.
func TestCloseWithHeldPolls(t *testing.T) {
	r, dial := tcpRig(t, func(c *scenario.Tenant) { c.Robot.Welcome = "" })
	const customers = 20
	for i := range customers {
		u := r.stranger(fmt.Sprint("u-", i)).over(dial)
		u.getApp()
		u.getKey("en")
		u.connect()
		if _, err := dial().Write([]byte(u.head("GET", u.pollTarget(""), 0))); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	if err := r.tenant.Close(context.Background()); err != nil || time.Since(start) > r.tenant.cfg.PollHold/2 {
		t.Errorf("Close: %v after %v", err, time.Since(start))
	}
}
