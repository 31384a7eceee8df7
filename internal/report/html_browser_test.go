package report

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// chromium finds a browser. Without one the tests are skipped, unless they are demanded: by CI=true or
// by CHATBENCH_CHROMIUM, which may also name the program.
func chromium(t *testing.T) string {
	t.Helper()
	if slowed || testing.Short() {
		t.Skip("a browser takes its time, and has no races of ours")
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
	t.Skip("no Chromium was found: the pages are not looked at. \"apt-get install chromium\" brings one; CHATBENCH_CHROMIUM names another")
	return ""
}

// tab is a page in a browser, with what it complained about and asked the network for.
type tab struct {
	t    *testing.T
	name string
	ctx  context.Context

	mu       *sync.Mutex
	problems *[]string
}

// browser is the one that all tests share, each with a tab of its own: to start one takes seconds. It
// ends with the tests.
var browser struct {
	once sync.Once
	ctx  context.Context
	end  []context.CancelFunc
}

func TestMain(m *testing.M) {
	code := m.Run()
	for _, end := range slices.Backward(browser.end) {
		end()
	}
	os.Exit(code)
}

// openBrowser starts it.
func openBrowser(path string) {
	allocator, end := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(path),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true))
	first, close := chromedp.NewContext(allocator)
	browser.ctx, browser.end = first, []context.CancelFunc{end, close}
}

// browse opens a tab for all the pages of a test.
func browse(t *testing.T) tab {
	t.Helper()
	path := chromium(t)
	browser.once.Do(func() { openBrowser(path) })
	if err := chromedp.Do(browser.ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser.ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancel)
	b := tab{t: t, ctx: ctx, mu: new(sync.Mutex), problems: new([]string)}
	b.do(chromedp.Navigate("about:blank"))
	b.listen()
	return b
}

func (b tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
}

// listen notes everything that goes to the console and every request that is not for the file itself.
func (b tab) listen() {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, network.Enable, network.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	err := chromedp.Listen(b.ctx, func(event any) {
		if e, ok := event.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(e.Request.URL, "file://") && !strings.HasPrefix(e.Request.URL, "data:") {
			b.complain("it asked the network for " + e.Request.URL)
		}
	})
	if err != nil {
		b.t.Fatal(err)
	}
	go func() {
		for message, err := range chromedp.Console(b.ctx) {
			if err != nil {
				return
			}
			b.complain(fmt.Sprintf("console: %s: %s", message.Type, message.Text))
		}
	}()
}

func (b tab) complain(problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*b.problems = append(*b.problems, problem)
}

// settled fails for what was noted since the last time.
func (b tab) settled() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, problem := range *b.problems {
		b.t.Errorf("%s: %s", b.name, problem)
	}
	*b.problems = nil
}

// open writes a page to a file and shows it.
func (b tab) open(name, page string) tab {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.name = name
	b.do(chromedp.Navigate((&url.URL{Scheme: "file", Path: file}).String()))
	return b
}

// view sets the width of the window and the reader's colours.
func (b tab) view(width int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, 900))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	if err != nil {
		b.t.Fatal(err)
	}
}

func eval[T any](b tab, script string) T {
	b.t.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
	return got
}

// rest waits until sizes that changed have been seen and drawn.
const rest = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))`

// blank lists the charts whose canvas is not drawn, or has one colour only.
const blank = `[...document.querySelectorAll("figure.chart")].filter((figure) => {
  const canvas = figure.querySelector("canvas");
  if (!canvas || !canvas.width) return true;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 40) colours.add(pixels[i] >> 5 << 6 | pixels[i + 1] >> 5 << 3 | pixels[i + 2] >> 5);
  return colours.size < 3;
}).map((figure) => figure.dataset.chart)`

// clipped lists texts that do not fit: those that stick out of the window, out of a box that does not
// scroll, or out of a box that hides what is too much. Tables scroll in boxes of their own.
const clipped = `(() => {
  const wide = [];
  if (document.documentElement.scrollWidth > innerWidth) wide.push("the page is " + document.documentElement.scrollWidth + " wide");
  for (const e of document.querySelectorAll("body *")) {
    if (e.closest(".scroll, .uplot, .skip, script, svg, canvas") && !e.matches(".scroll")) continue;
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (style.display === "none" || box.width === 0 || box.right < 0) continue;
    if (box.right > innerWidth + 1) wide.push(e.tagName + "." + e.className + " ends at " + Math.round(box.right));
    if (style.overflowX === "hidden" && e.scrollWidth > e.clientWidth + 1 && !e.matches(".plot")) wide.push(e.tagName + "." + e.className + " hides text");
  }
  for (const e of document.querySelectorAll(".scroll th, .scroll td")) {
    if (e.clientWidth && e.scrollWidth > e.clientWidth + 1) wide.push("cell " + e.textContent.slice(0, 30) + " overflows");
  }
  return wide.slice(0, 5);
})()`

func (b tab) fits(as string) {
	b.t.Helper()
	if wide := eval[[]string](b, clipped); len(wide) > 0 {
		b.t.Errorf("%s, %s: %s", b.name, as, strings.Join(wide, "; "))
	}
}

// TestPagesInABrowser opens every page wide and light, and narrow and dark, both in both languages.
func TestPagesInABrowser(t *testing.T) {
	b := browse(t)
	for name, page := range pages(t) {
		b.lookAt(name, page)
	}
}

func (b tab) lookAt(name, page string) {
	b.t.Helper()
	b.view(1280, "light")
	b = b.open(name, page)
	if got, want := eval[int](b, `document.querySelectorAll("figure.chart").length`), strings.Count(page, "<figure"); got != want {
		b.t.Errorf("%s: %d charts in the browser, want %d", name, got, want)
	}
	eval[any](b, `document.querySelectorAll("details").forEach((d) => (d.open = true))`)
	// What fits depends on width and language, how charts are painted on the scheme.
	for width, scheme := range map[int64]string{1280: "light", 390: "dark"} {
		b.view(width, scheme)
		for range 2 { // the second time in the other language
			eval[any](b, `document.getElementById("switch-lang").click()`)
			eval[bool](b, rest)
			b.fits(fmt.Sprintf("%d wide, %s", width, eval[string](b, `document.documentElement.lang`)))
		}
		if empty := eval[[]string](b, blank); len(empty) > 0 {
			b.t.Errorf("%s, %d wide, %s: charts %v are blank", name, width, scheme, empty)
		}
	}
	if eval[bool](b, `document.querySelector("main img, main iframe, main script") !== null`) {
		b.t.Errorf("%s: a text became an element", name)
	}
	b.settled()
}

// TestSwitches presses what can be pressed on a page.
func TestSwitches(t *testing.T) {
	b := browse(t)
	b.view(1280, "light")
	b = b.open("failed", pages(t)["failed"])
	visible := func(selector string) string {
		return `[...document.querySelectorAll("` + selector + `")].filter((e) => getComputedStyle(e).display !== "none").length`
	}
	background := `getComputedStyle(document.body).backgroundColor`
	for _, tt := range []struct {
		why    string
		script string
		want   string
	}{
		{"it opens in English", `document.documentElement.lang + " " + ` + visible("main span[lang=zh-CN]"), "en 0"},
		{"it opens light", background, "rgb(255, 255, 255)"},
		{"the other language", `document.getElementById("switch-lang").click(); document.documentElement.lang + " " + ` + visible("main span[lang=en]"), "zh-CN 0"},
		{"and back", `document.getElementById("switch-lang").click(); document.documentElement.lang`, "en"},
		{"the other scheme", `document.getElementById("switch-theme").click(); ` + background, "rgb(20, 23, 28)"},
		{"and back", `document.getElementById("switch-theme").click(); ` + background, "rgb(255, 255, 255)"},
		{"another metric", `{ const s = document.querySelector("[data-chart=latency] select"); s.value = s.options.length - 1; s.dispatchEvent(new Event("change")); }
			document.querySelector("[data-chart=latency] select").selectedIndex > 0`, "true"},
		{"a curve goes", `{ const p = document.querySelector("[data-chart=percentiles] button"); p.click(); p.getAttribute("aria-pressed"); }`, "false"},
		{"and comes back", `{ const p = document.querySelector("[data-chart=percentiles] button"); p.click(); p.getAttribute("aria-pressed"); }`, "true"},
		{"the keyboard reads a chart", `{ const p = document.querySelector("[data-chart=load] .plot");
			p.dispatchEvent(new KeyboardEvent("keydown", { key: "Home" })); p.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
			document.querySelector("[data-chart=load] .at").textContent; }`, "0:01"},
		{"and tells what it reads", `document.querySelector("[data-chart=load] [role=status]").textContent.startsWith("0:01, customers ")`, "true"},
		{"and the others over time follow", `document.querySelector("[data-chart=throughput] .at").textContent`, "0:01"},
		{"every heading has its link", `[...document.querySelectorAll("nav a")].every((a) => document.querySelector(a.getAttribute("href")))`, "true"},
		{"every figure is named", `[...document.querySelectorAll("[aria-labelledby]")].every((e) => document.getElementById(e.getAttribute("aria-labelledby")))`, "true"},
	} {
		if got := eval[string](b, `String(eval(`+"`"+tt.script+"`"+`))`); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.why, got, tt.want)
		}
	}
	b.settled()
}

// TestContrast computes the contrast of texts with what is behind them, which WCAG 2.2 (1.4.3) wants to
// be 4.5 at least.
func TestContrast(t *testing.T) {
	b := browse(t)
	const low = `(() => {
	  const parse = (c) => c.match(/[\d.]+/g).map(Number);
	  const light = (c) => { const [r, g, b] = c.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0.9) return c; } return [255, 255, 255]; };
	  const bad = new Set();
	  for (const e of document.querySelectorAll("body *")) {
	    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.closest("script, .uplot, noscript")) continue;
	    const a = light(parse(getComputedStyle(e).color)), c = light(behind(e));
	    const ratio = (Math.max(a, c) + 0.05) / (Math.min(a, c) + 0.05);
	    if (ratio < 4.5) bad.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
	  }
	  return [...bad].slice(0, 6);
	})()`
	for _, name := range []string{"failed", "passed", "invalid"} {
		b := b.open(name, pages(t)[name])
		for _, scheme := range []string{"light", "dark"} {
			b.view(1280, scheme)
			if bad := eval[[]string](b, low); len(bad) > 0 {
				t.Errorf("%s, %s: too little contrast: %v", name, scheme, bad)
			}
		}
	}
	b.settled()
}

func TestPrinting(t *testing.T) {
	b := browse(t)
	b.view(1280, "dark")
	b = b.open("failed", pages(t)["failed"])
	eval[any](b, `addEventListener("beforeprint", () => (document.title = [...document.querySelectorAll("details")].every((d) => d.open) + " " + getComputedStyle(document.body).backgroundColor))`)
	data, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFPreferCSSPageSize()))
	if err != nil {
		t.Fatal(err)
	}
	if pages := bytes.Count(data, []byte("/Type /Page\n")); !bytes.HasPrefix(data, []byte("%PDF-")) || pages < 2 || pages > 40 {
		t.Errorf("printed %d bytes with %d pages, want a PDF of 2 to 40 pages", len(data), pages)
	}
	if got := eval[string](b, `document.title`); !strings.HasPrefix(got, "true ") {
		t.Errorf("when printed, all details open and the background: %s, want true", got)
	}
	if got := eval[string](b, `String(document.documentElement.dataset.theme) + " " + document.querySelectorAll("details[open]").length`); got != "undefined 0" {
		t.Errorf("after printing, scheme and open details are %s, want what they were", got)
	}
	b.settled()
}
