package page

import (
	"context"
	"flag"
	"net"
	"testing"
	"time"

	"chatbench/internal/judge"
	"chatbench/internal/result"
	"chatbench/internal/tenant"
)

// go test ./internal/page -run TestCurriculum -curriculum takes some minutes.
var wholeCurriculum = flag.Bool("curriculum", false, "have the page meet every lesson of the judge")

// TestCurriculum has the page go through the judge's lessons, and a person at it who does what they want.
func TestCurriculum(t *testing.T) {
	if !*wholeCurriculum {
		t.Skip("it takes some minutes: -curriculum")
	}
	j, err := judge.New(quick(), judge.Options{Tenant: tenant.Options{Seed: 1, Page: Files()}, Curriculum: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go j.Serve(l) //nolint:errcheck // until it is closed
	var rec recorder
	b := newTab(t, "en-US", &rec)
	b.open("http://" + l.Addr().String() + "/")
	b.start("Ann")
	for n := range 2 * len(judge.Lessons()) {
		takePart(b)
		select {
		case <-j.Done():
		default:
			t.Logf("conversation %d is over", n+1)
			b.click("#again")
			continue
		}
		break
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	j.Close(ctx) //nolint:errcheck // a browser may keep a connection open
	r := j.Result()
	if _, story := broken(r); story != "" {
		t.Errorf("broken:%s", story)
	}
	for _, g := range r.Gates {
		if g.Kind == result.GateLesson && g.Verdict != result.Pass {
			t.Errorf("%s: %s", g.Name, g.Sentence)
		}
	}
}

// takePart takes part in one conversation: says two things, sends a picture, asks for an agent, and leaves
// when nobody else does.
func takePart(b *tab) {
	b.t.Helper()
	state := func() string { return eval[string](b, `document.body.dataset.state`) }
	shown := func(selector string) bool {
		return eval[bool](b, `Boolean(document.querySelector("`+selector+`")?.checkVisibility())`)
	}
	b.sees(`document.body.dataset.state !== "connecting"`)
	acts := []func(){
		func() { b.says("one thing") }, func() { b.says("another") }, func() { b.sends(picture(b.t)) }, func() { b.click("#hand-over") }}
	begun := time.Now()
	for state() != "ended" {
		b.rests(500 * time.Millisecond)
		patient := time.Since(begun) > 40*time.Second || len(acts) == 0 && time.Since(begun) > 15*time.Second && state() != "queue"
		switch {
		case state() == "ended":
		case len(acts) > 0 && shown("#text") && time.Since(begun) > 5*time.Second:
			if len(acts) > 1 || shown("#hand-over") {
				acts[0]()
			}
			acts = acts[1:]
		case patient && shown("#end"):
			b.click("#end")
			b.click("#skip-survey")
		}
	}
	if shown("#skip-survey") {
		b.click("#skip-survey")
	}
	if shown("#dismiss") {
		b.click("#dismiss")
	}
}
