package page

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium finds a browser. Without one the tests are skipped, unless they are demanded: by CI=true or
// by CHATBENCH_CHROMIUM, which may also name the program.
func chromium(t *testing.T) string {
	t.Helper()
	if slowed || testing.Short() {
		t.Skip("a browser has no races of ours, and takes its time")
	}
	named := os.Getenv("CHATBENCH_CHROMIUM")
	for _, name := range []string{named, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if named != "" || os.Getenv("CI") == "true" {
		t.Fatal("no Chromium was found, and CI or CHATBENCH_CHROMIUM demands one")
	}
	t.Skip("no Chromium was found: nobody chats on the page. \"apt-get install chromium\" brings one; CHATBENCH_CHROMIUM names another")
	return ""
}

// shared is the browser of all tests of this package, started by the first that needs one.
var shared struct {
	sync.Once
	ctx  context.Context
	stop func()
	err  error
}

func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "4") //nolint:errcheck // it exists; conversations wait more than they work
	code := m.Run()
	if shared.stop != nil {
		shared.stop()
	}
	os.Exit(code)
}

// browse gives the browser. It takes any certificate, as a person does who has accepted one.
func browse(t *testing.T) context.Context {
	t.Helper()
	path := chromium(t)
	shared.Do(func() {
		// The defaults see to it that tabs are not slowed down when another one is in front.
		ctx, stopProgram := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
			chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors, chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-quic", true), chromedp.Flag("renderer-process-limit", "2"), chromedp.Flag("force-prefers-reduced-motion", true))...)
		ctx, stopTabs := chromedp.NewContext(ctx)
		shared.ctx, shared.stop = ctx, func() { stopTabs(); stopProgram() }
		shared.err = chromedp.Do(ctx, chromedp.Navigate("about:blank"))
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.ctx
}

// tab is a customer's window. What it complains about fails the test, unless it is expected.
type tab struct {
	t   *testing.T
	ctx context.Context
	rec *recorder // of what goes over the network; nil: nobody looks

	mu       sync.Mutex
	problems []string
	expected []string // parts of complaints that belong to the test
}

// newTab opens a window of its own, with storage and connections of its own, for a browser that speaks a
// language. The recorder, which may be nil, notes what goes over the network.
func newTab(t *testing.T, language string, rec *recorder) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browse(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, rec: rec}
	// The first call ties the tab to its context, so it must be one without a time limit.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.EmulateViewport(1280, 900)); err != nil {
		t.Fatal(err)
	}
	// The console and the network are listened to before the page is there.
	messages := chromedp.Console(ctx)
	go func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			b.complain(fmt.Sprintf("console: %s: %s", message.Type, message.Text))
		}
	}()
	most := int64(32 << 20)
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{MaxTotalBufferSize: &most, MaxResourceBufferSize: &most, MaxPostDataSize: &most}); err != nil {
		t.Fatal(err)
	}
	_, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome Safari/537.36", AcceptLanguage: language})
	if err != nil {
		t.Fatal(err)
	}
	if rec != nil {
		rec.listen(t, ctx)
	}
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *tab) complain(problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, problem)
}

// expect allows complaints that contain a text.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

// settled fails for what the page complained about in the console or to the person.
func (b *tab) settled() {
	b.t.Helper()
	if shown := eval[string](b, `document.getElementById("problem").hidden ? "" : document.getElementById("problem").textContent.trim()`); shown != "" {
		b.complain("the page says: " + shown)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
next:
	for _, problem := range b.problems {
		for _, part := range b.expected {
			if strings.Contains(problem, part) {
				continue next
			}
		}
		b.t.Error(problem)
	}
	b.problems = nil
}

func (b *tab) open(url string) { b.t.Helper(); b.do(chromedp.Navigate(url)) }

// click presses what a person would press.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.sees(fmt.Sprintf(`document.querySelector(%q)?.checkVisibility()`, selector))
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// presses presses several things one after the other, as fast as they appear.
func (b *tab) presses(selectors ...string) {
	b.t.Helper()
	list, err := json.Marshal(selectors)
	if err != nil {
		b.t.Fatal(err)
	}
	eval[any](b, `(async () => {
		for (const selector of `+string(list)+`) {
			while (!document.querySelector(selector)?.checkVisibility()) await new Promise((done) => setTimeout(done, 5));
			document.querySelector(selector).click();
		}
	})()`)
}

// types puts a text into a field that has the focus after a click, in one go as an input method does.
func (b *tab) types(selector, text string) {
	b.t.Helper()
	b.click(selector)
	if _, err := chromedp.Call(b.ctx, input.InsertText, input.InsertTextParams{Text: text}); err != nil {
		b.t.Fatal(err)
	}
}

// says sends a message.
func (b *tab) says(text string) {
	b.t.Helper()
	b.types("#text", text)
	b.click("#send")
}

// sends sends a file.
func (b *tab) sends(file string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
}

// sees waits until a condition on the page is met.
func (b *tab) sees(condition string) {
	b.t.Helper()
	seen := eval[bool](b, `new Promise((done) => {
		const until = Date.now() + 20000;
		const look = () => (`+condition+`) ? done(true) : Date.now() > until ? done(false) : setTimeout(look, 20);
		look();
	})`)
	if !seen {
		b.t.Fatalf("never came true: %s\nstate: %s\n%s", condition, eval[string](b, `document.body.dataset.state`), eval[string](b, `document.body.innerText`))
	}
}

// rests lets time pass, as a person does who reads.
func (b *tab) rests(d time.Duration) {
	b.t.Helper()
	eval[any](b, fmt.Sprintf(`new Promise((done) => setTimeout(done, %d))`, d.Milliseconds()))
}

// seesState waits until the conversation is in a state.
func (b *tab) seesState(state string) {
	b.t.Helper()
	b.sees(fmt.Sprintf("document.body.dataset.state === %q", state))
}

// counts waits until there are at least so many elements.
func (b *tab) counts(selector string, least int) {
	b.t.Helper()
	b.sees(fmt.Sprintf("document.querySelectorAll(%q).length >= %d", selector, least))
}

// asks waits until the page has sent at least so many requests whose address contains a text, answered or
// not.
func (b *tab) asks(address string, least int) {
	b.t.Helper()
	for range 1000 {
		if b.rec.count(address) >= least {
			return
		}
		b.rests(20 * time.Millisecond)
	}
	b.t.Fatalf("%d requests to %s, want %d", b.rec.count(address), address, least)
}

// made waits until the page has made at least so many exchanges of a kind, as its own list tells.
func (b *tab) made(op string, least int) {
	b.t.Helper()
	b.counts(fmt.Sprintf("#exchanges tr[data-op=%q]", op), least)
}

func eval[T any](b *tab, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%v: %s", err, script)
	}
	return got
}

// start gives a name and begins to chat.
func (b *tab) start(name string) {
	b.t.Helper()
	b.types("#name", name)
	b.click("#connect")
}
