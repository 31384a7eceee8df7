package page

import (
	"context"
	"errors"
	"flag"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/chromedp/chromedp"

	"chatbench/internal/http1"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// go test ./internal/page -run TestRecordings -update makes the recordings again that other rooms test with.
var update = flag.Bool("update", false, "write the recordings in internal/har/testdata again")

// quick is a tenant whose robot and agents are fast, and say what they are asked to.
func quick() scenario.Tenant {
	cfg := scenario.DefaultTenant()
	ms := func(n time.Duration) scenario.Dist {
		return scenario.Dist{A: n * time.Millisecond, B: n * time.Millisecond}
	}
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
	return serveWith(t, cfg, tenant.Options{Seed: 1, Page: files})
}

func serveWith(t *testing.T, cfg scenario.Tenant, opt tenant.Options) string {
	t.Helper()
	s, err := tenant.New(cfg, opt)
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

// recordings are the conversations of internal/har/testdata, with the rules that their client breaks.
var recordings = []struct {
	name   string
	play   func(*testing.T, *recorder)
	breaks []string
}{
	{name: "robot", play: playRobot},
	{name: "handover", play: playHandover},
	{name: "tabs", play: playTabs},
	{name: "gone", play: playGone}, // what is sent when a page is left is often missing, so nobody knows
	{name: "http2", play: playHTTP2},
}

// TestRecordings leads these conversations and wants a check of each to find what there is. With -update
// it keeps them.
func TestRecordings(t *testing.T) {
	t.Parallel()
	browse(t)
	for _, tt := range recordings {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var rec recorder
			tt.play(t, &rec)
			data := rec.file(t)
			file := filepath.Join(t.TempDir(), tt.name+".har")
			if *update {
				file = filepath.Join("..", "har", "testdata", tt.name+".har")
				if len(data) > 300<<10 {
					t.Errorf("the recording has %d bytes, want 300 kB at most", len(data))
				}
			}
			if err := os.WriteFile(file, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if got, story := broken(checked(t, file)); !slices.Equal(got, tt.breaks) {
				t.Errorf("broken rules %v, want %v:%s", got, tt.breaks, story)
			}
		})
	}
}

// playRobot asks the robot twice, rates an answer, answers the survey and hangs up.
func playRobot(t *testing.T, rec *recorder) {
	b := newTab(t, "en-US", rec)
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
func playHandover(t *testing.T, rec *recorder) {
	cfg := quick()
	cfg.Agents.Chats = [2]int{2, 2}
	cfg.Agents.Media = scenario.Media{Image: 1, Location: 1}
	url := serve(t, cfg, Files())

	first := newTab(t, "en-US", nil) // takes the only agent
	first.open(url)
	first.start("Ben")
	first.counts(".robot", 1)
	first.click("#hand-over")
	first.seesState("agent")

	b := newTab(t, "en-US", rec)
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

// playTabs leads two conversations of two customers at the same time, in one recording.
func playTabs(t *testing.T, rec *recorder) {
	cfg := quick()
	cfg.Agents.Count, cfg.Agents.Chats = 2, [2]int{1, 1}
	url := serve(t, cfg, Files())
	a, b := newTab(t, "en-US", rec), newTab(t, "zh-CN", rec)
	a.open(url)
	b.open(url)
	a.start("Dora")
	b.start("王芳")
	a.counts(".robot", 1)
	b.counts(".robot", 1)
	b.click("#hand-over")
	a.says("where is my order?")
	b.seesState("agent")
	b.says("我的包裹在哪里？")
	a.counts(".robot", 2)
	a.click("#end")
	a.click("#skip-survey")
	a.made("DISCONNECT", 1)
	b.seesState("ended")
	a.settled()
	b.settled()
}

// playGone is a customer who goes to another page, of a client that has forgotten to hang up then. The
// poll that is held at that moment has no answer.
func playGone(t *testing.T, rec *recorder) {
	b := newTab(t, "en-US", rec)
	b.open(serve(t, quick(), altered(t, leavesSilently)))
	b.start("Emma")
	b.counts(".robot", 1)
	b.says("hello?")
	b.counts(".robot", 2)
	b.asks("/poll?", 3)
	b.settled()
	b.do(chromedp.Navigate("about:blank"))
	b.rests(100 * time.Millisecond) // the network's log follows
}

// playHTTP2 goes through a gateway that speaks TLS and HTTP/2, compresses, and sends browsers from one
// address to another.
func playHTTP2(t *testing.T, rec *recorder) {
	cfg := quick()
	cfg.Gzip, cfg.NumberCodes, cfg.NullFields = true, true, true
	cfg.Agents.Media = scenario.Media{Image: 1, Audio: 1, Local: 1}
	behind, err := url.Parse(serve(t, cfg, Files()))
	if err != nil {
		t.Fatal(err)
	}
	gateway := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(behind) },
		ErrorLog: log.New(io.Discard, "", 0), // of polls that the browser gave up
	})
	proxy := gateway.Config.Handler
	gateway.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chat" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		proxy.ServeHTTP(w, r)
	})
	gateway.EnableHTTP2 = true
	gateway.StartTLS()
	t.Cleanup(gateway.Close)

	b := newTab(t, "en-US", rec)
	b.open(gateway.URL + "/chat")
	b.start("Frank")
	b.counts(".robot", 1)
	b.click("#hand-over")
	b.seesState("agent")
	b.says("please send me the manual")
	b.counts(`.agent[data-loaded=true] :is(img, audio)`, 2)
	b.click("#end")
	b.click("#skip-survey")
	b.made("DISCONNECT", 1)
	b.settled()
}

// fault is a place in a script of the page and what stands there instead.
type fault struct{ file, right, wrong string }

var leavesSilently = fault{"main.js", `addEventListener("pagehide", () => chat?.vanish());`, ""}

// altered are the page's files with faults in them. What is to be replaced must be there exactly once.
func altered(t *testing.T, faults ...fault) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(Files(), name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		was := files[f.file]
		if was == nil || strings.Count(string(was.Data), f.right) != 1 {
			t.Fatalf("%s does not have exactly one\n%s", f.file, f.right)
		}
		files[f.file] = &fstest.MapFile{Data: []byte(strings.Replace(string(was.Data), f.right, f.wrong, 1))}
	}
	return files
}
