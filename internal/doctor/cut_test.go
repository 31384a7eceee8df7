package doctor

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/caller"
	"chatbench/internal/result"
	"chatbench/internal/scenario"
)

// slow answers every call but polls after so long.
func slow(d time.Duration) scenario.Tenant {
	cfg := full()
	cfg.ReplyDelay = scenario.Dist{A: d, B: d}
	return cfg
}

// TestInterruptedAtEachStep interrupts the walk when a step begins, and when it has ended.
func TestInterruptedAtEachStep(t *testing.T) {
	for _, s := range steps {
		for _, when := range []string{"begins", "is over"} {
			t.Run(s.id+" "+when, func(t *testing.T) {
				t.Parallel()
				v := visit(t, full(), nil, func(o *Options, _ *rig) {
					stop := make(chan struct{})
					o.Interrupt = stop
					at := func(done *Step) {
						if done.ID == s.id {
							close(stop)
							time.Sleep(time.Nanosecond) // until it has been seen
						}
					}
					if o.Done = at; when == "begins" {
						o.Begin, o.Done = at, nil
					}
				})
				if v.Ended != result.EndedInterrupted || v.Exit != result.ExitInterrupted {
					t.Errorf("ended %q with exit code %d, want it interrupted", v.Ended, v.Exit)
				}
				v.cutRight(t)
			})
		}
	}
}

// cutRight wants a walk that was cut short to hold nothing against the tenant and to leave nothing open.
func (v *visited) cutRight(t *testing.T) {
	t.Helper()
	if got := outcome(v.Report, Wrong, Unsure); got != "" {
		t.Errorf("it holds %q against the tenant", got)
	}
	if c := v.Conversations; c.Unsure > 0 || c.Forced > 0 {
		t.Errorf("it tells of open conversations: %+v", c)
	}
	v.noneOpen(t)
	v.sound(t)
	if t.Failed() {
		v.tell(t)
	}
}

// TestInterruptedAtAnyTime interrupts the walk in the middle of calls, of CONNECT above all: the
// tenant takes its time for each.
func TestInterruptedAtAnyTime(t *testing.T) {
	whole := visit(t, slow(700*time.Millisecond), nil, nil).took
	const step = 130 * time.Millisecond // so that each call is cut in several places
	for at := step; at < whole; at += step {
		v := visit(t, slow(700*time.Millisecond), nil, func(o *Options, _ *rig) {
			stop := make(chan struct{})
			o.Interrupt = stop
			time.AfterFunc(at, func() { close(stop) })
		})
		v.cutRight(t)
		if took := v.took - at; took > linger {
			t.Errorf("after the interruption at %v it went on for %v", at, took)
		}
		if t.Failed() {
			t.Fatalf("interrupted at %v", at)
		}
	}
}

// TestInterruptedCONNECT interrupts the walk while a tenant takes long to open a conversation: a
// DISCONNECT that overtakes it would leave it open.
func TestInterruptedCONNECT(t *testing.T) {
	for _, long := range []time.Duration{time.Second, 8 * time.Second, 18 * time.Second, 22 * time.Second} {
		v := visit(t, full(), &front{answer: func(_ http.ResponseWriter, path, body string) bool {
			if path == aicc.PathSend && strings.Contains(body, `"`+aicc.Connect+`"`) {
				time.Sleep(long)
			}
			return false
		}}, func(o *Options, _ *rig) {
			stop := make(chan struct{})
			o.Interrupt = stop
			o.Begin = func(s *Step) {
				if s.ID == "connect" {
					time.AfterFunc(500*time.Millisecond, func() { close(stop) })
				}
			}
		})
		if long < linger {
			v.cutRight(t)
		} else if v.Conversations.Unsure != 1 {
			t.Errorf("CONNECT took %v: it tells of %+v, want that it is not known whether one is open", long, v.Conversations)
		}
	}
}

// TestSecondInterrupt wants the walk to end at once when its context does, and to say that a
// conversation was left open.
func TestSecondInterrupt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, slow(5*time.Second), nil)
		defer r.close(t)
		ctx, cancel := context.WithCancel(t.Context())
		o, stop, at := r.options(), make(chan struct{}), time.Time{}
		o.Interrupt = stop
		o.Begin = func(s *Step) {
			if s.ID == "robot" {
				close(stop)
				time.AfterFunc(time.Second, func() { at = time.Now(); cancel() })
			}
		}
		v := Run(ctx, o)
		if took := time.Since(at); at.IsZero() || took > 0 {
			t.Errorf("it went on for %v", took)
		}
		if v.Conversations.Forced != 1 || v.Exit != result.ExitInterrupted {
			t.Errorf("it tells of %+v and exits with %d, want an open conversation and 130", v.Conversations, v.Exit)
		}
	})
}

// TestTenantDies closes the tenant when a step begins: the walk ends soon, holds what follows against
// nobody, and says what may be open.
func TestTenantDies(t *testing.T) {
	for _, s := range steps[place("channel"):] {
		t.Run(s.id, func(t *testing.T) {
			t.Parallel()
			v := visit(t, full(), nil, func(o *Options, r *rig) {
				o.Begin = func(begun *Step) {
					if begun.ID == s.id {
						r.tenant.Close(context.Background())
					}
				}
			})
			if got := outcome(v.Report, Wrong); got != "" {
				t.Errorf("it holds %q against the tenant", got)
			}
			if v.took > 3*time.Minute {
				t.Errorf("it took %v", v.took)
			}
			if s.id != "leave" && v.Exit != result.ExitUnreachable {
				t.Errorf("exit code %d, want %d", v.Exit, result.ExitUnreachable)
			}
			if t.Failed() {
				v.tell(t)
			}
		})
	}
}

// TestSecrets wants the application secret to go to tokenByAkSk and nowhere else, and neither it nor a
// token into the report, even if the tenant sends it back.
func TestSecrets(t *testing.T) {
	const secret = "s3cret-of-the-application"
	cfg := full()
	cfg.AppSecret = secret
	f := &front{answer: func(w http.ResponseWriter, path, body string) bool {
		if path != aicc.PathLeave {
			return false
		}
		io.WriteString(w, `{"resultCode":"13","resultDesc":"`+secret+`"}`)
		return true
	}}
	v := visit(t, cfg, f, nil)
	for _, a := range f.asked {
		if strings.Contains(a.head+a.body, secret) != (a.path == aicc.PathToken) {
			t.Errorf("%s: the secret is in it, or is not: %s%s", a.path, a.head, a.body)
		}
	}
	data, err := json.Marshal(v.Report)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{secret, "Bearer ", "eyJ"} {
		if strings.Contains(string(data), text) {
			t.Errorf("%q is in the report: %s", text, data)
		}
	}
	if s := v.step(t, "leave"); !strings.Contains(s.Saw, "***") {
		t.Errorf("what the tenant sent back is shown as %q, want it masked", s.Saw)
	}
}

// TestQuotedSecrets has secrets come back in ways that hide them: changed by quotes, cut off by the
// end of what is quoted, and replaced by newer ones.
func TestQuotedSecrets(t *testing.T) {
	for _, c := range []struct{ name, said string }{
		{"changed by quotes", `the secret s3"cret is wrong`},
		{"cut off", strings.Repeat("x", 116) + `s3"cret`},
		{"replaced", "the token an-old-token has ended"},
	} {
		w := &walk{u: &caller.User{Token: "an-old-token"}}
		w.keep(`s3"cret`)
		w.gotThrough(nil)
		w.u.Token = "a-new-token"
		got := w.quoted(c.said)
		if !strings.Contains(got, "***") || strings.Contains(got, "s3") || strings.Contains(got, "old") {
			t.Errorf("%s: %q is shown as %s, want it masked", c.name, c.said, got)
		}
	}
}
