package page

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"chatbench/internal/http1"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// go test ./internal/page -run TestRecordings -update makes the recordings again that other rooms test with.
var update = flag.Bool("update", false, "write the recordings in internal/har/testdata again")

// quick is a tenant whose robot and agents are fast, and say what they are asked to.
func quick() scenario.Tenant {
	cfg := scenario.DefaultTenant()
	ms := func(n time.Duration) scenario.Dist { return scenario.Dist{A: n * time.Millisecond, B: n * time.Millisecond} }
	cfg.Robot.Reply = ms(50)
	cfg.Agents.Count, cfg.Agents.Conversations = 1, 1
	cfg.Agents.PickUp, cfg.Agents.Reply, cfg.Agents.HangUp = ms(100), ms(100), ms(150)
	cfg.PollHold = time.Second
	cfg.Speech = scenario.Plain
	return cfg
}

// serve starts a tenant with the page, and gives its address.
func serve(t *testing.T, cfg scenario.Tenant, files fs.FS) string {
	t.Helper()
	s, err := tenant.New(cfg, tenant.Options{Seed: 1, Page: files})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		s.Close(ctx) //nolint:errcheck // a browser may keep a connection open
		if err := <-done; !errors.Is(err, http1.ErrServerClosed) {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String() + "/"
}

// picture writes a small picture to a file.
func picture(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "broken parcel.png")
	if err := os.WriteFile(file, tenant.SampleFile("png", "a customer's", 0), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRecordings leads the conversations that are recorded in internal/har/testdata. With -update the
// recordings are made again.
func TestRecordings(t *testing.T) {
	browser := browse(t)
	for _, tt := range []struct {
		name string
		play func(*testing.T, context.Context, *recorder)
	}{
		{"robot", playRobot},
		{"handover", playHandover},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rec recorder
			tt.play(t, browser, &rec)
			keep(t, tt.name, rec.file(t))
		})
	}
}

// keep writes a recording, if that was asked for.
func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if len(data) > 300<<10 {
		t.Errorf("the recording has %d bytes, want 300 kB at most", len(data))
	}
	if !*update {
		return
	}
	if err := os.WriteFile(filepath.Join("..", "har", "testdata", name+".har"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// playRobot asks the robot twice, rates an answer, answers the survey and hangs up.
func playRobot(t *testing.T, browser context.Context, rec *recorder) {
	b := newTab(t, browser, "en-US", rec)
	b.open(serve(t, quick(), Files()))
	b.start("Ann")
	b.counts(".robot", 1)
	b.says("where is my order?")
	b.counts(".robot", 2)
	b.says("what does a lamp cost?")
	b.counts(".robot", 3)
	b.click(".robot:nth-of-type(1) .rating button")
	b.made("feedback", 1)
	b.click("#end")
	b.click("#levels label:nth-child(4)")
	b.click("#survey .main")
	b.seesState("ended")
	b.made("DISCONNECT", 1)
	b.settled()
}

// playHandover waits for an agent, exchanges pictures with him, and is hung up on.
func playHandover(t *testing.T, browser context.Context, rec *recorder) {
	cfg := quick()
	cfg.Agents.Chats = [2]int{2, 2}
	cfg.Agents.Media = scenario.Media{Image: 1, Location: 1}
	url := serve(t, cfg, Files())

	first := newTab(t, browser, "en-US", nil) // takes the only agent
	first.open(url)
	first.start("Ben")
	first.counts(".robot", 1)
	first.click("#hand-over")
	first.seesState("agent")

	b := newTab(t, browser, "en-US", rec)
	b.open(url)
	b.start("Clara")
	b.counts(".robot", 1)
	b.click("#hand-over")
	b.seesState("queue")
	b.made("queue", 1)
	first.click("#end")
	first.click("#skip-survey")
	first.seesState("ended")
	b.seesState("agent")
	b.says("my parcel is broken, look:")
	b.sends(picture(t))
	b.counts(`.me[data-sent=yes]`, 2)
	b.counts(`.agent[data-loaded=true] img`, 2)
	b.seesState("ended")
	b.settled()
	first.settled()
}
