package page

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"chatbench/internal/scenario"
)

// go test ./internal/page -run TestLooks -shots DIR leaves pictures of the page for people to look at.
var shots = flag.String("shots", "", "write screenshots into this folder")

// clipped lists what sticks out of the window or of its box. The list of messages and the drawer scroll.
const clipped = `(() => {
  const wide = [];
  if (document.documentElement.scrollWidth > innerWidth) wide.push("the page is " + document.documentElement.scrollWidth + " wide");
  if (document.documentElement.scrollHeight > innerHeight) wide.push("the page is " + document.documentElement.scrollHeight + " high");
  for (const e of document.querySelectorAll("body *")) {
    const style = getComputedStyle(e), box = e.getBoundingClientRect();
    if (!e.checkVisibility() || e.matches(".hidden, .attach input") || box.width === 0) continue;
    if (box.right > innerWidth + 1 || box.left < -1) wide.push(e.tagName + "." + e.className + "#" + e.id + " from " + Math.round(box.left) + " to " + Math.round(box.right));
    if (style.overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1) wide.push(e.tagName + "." + e.className + "#" + e.id + " hides text");
  }
  return wide.slice(0, 5);
})()`

// pale lists texts with less contrast than WCAG 2.2 (1.4.3) wants, which is 4.5.
const pale = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const parse = (colour) => { if (!known.has(colour)) known.set(colour, paint(colour)); return known.get(colour); };
  const paint = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
  const light = (c) => { const [r, g, b] = [...c].slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3] > 230) return c; } return [255, 255, 255]; };
  const bad = new Set();
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility() || e.disabled) continue;
    const a = light(parse(getComputedStyle(e).color)), c = light(behind(e)), ratio = (Math.max(a, c) + 0.05) / (Math.min(a, c) + 0.05);
    if (ratio < 4.5) bad.add(e.tagName + "." + e.className + "#" + e.id + " " + ratio.toFixed(2));
  }
  return [...bad].slice(0, 6);
})()`

// nameless lists controls that a screen reader could not name.
const nameless = `[...document.querySelectorAll("button, input, textarea, audio, video, img, a, [role]")].filter((e) =>
  e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.alt || e.title || e.placeholder || e.labels?.length || e.role === "status")).map((e) => e.outerHTML.slice(0, 80))`

// view sets the size of the window and the reader's colours.
func (b *tab) view(width, height int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// looks checks what is shown now at two widths, in both schemes and languages.
func (b *tab) looks(as string) {
	b.t.Helper()
	for _, size := range [][2]int64{{1280, 900}, {390, 780}} {
		for _, scheme := range []string{"light", "dark"} {
			b.view(size[0], size[1], scheme)
			for range 2 { // the second time in the other language
				seen := eval[map[string][]string](b, `new Promise((done) => {
					document.getElementById("switch-lang").click();
					requestAnimationFrame(() => requestAnimationFrame(() => done({
						lang: [document.documentElement.lang], "does not fit": `+clipped+`, "is pale": `+pale+`, "has no name": `+nameless+` })));
				})`)
				name := fmt.Sprintf("%s, %d wide, %s, %s", as, size[0], scheme, seen["lang"][0])
				delete(seen, "lang")
				for what, bad := range seen {
					if len(bad) > 0 {
						b.t.Errorf("%s: %s: %s", name, what, strings.Join(bad, "; "))
					}
				}
				b.shoot(name)
			}
		}
	}
	b.view(1280, 900, "light")
}

func (b *tab) shoot(name string) {
	b.t.Helper()
	if *shots == "" {
		return
	}
	eval[any](b, `document.getElementById("messages").scrollTop = 1e6`)
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*shots, strings.ReplaceAll(name, ", ", "-")+".png"), picture, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// TestLooks looks at the page at every station of a conversation.
func TestLooks(t *testing.T) {
	t.Parallel()
	cfg := quick()
	cfg.History, cfg.HistoryRobot = true, true
	cfg.Agents.Media = scenario.Media{Image: 1, Audio: 1, Video: 1, Document: 1, Location: 1}
	b := newTab(t, "en-US", nil)
	b.open(serve(t, cfg, Files()))
	b.sees(`document.title !== "chatbench"`)
	b.looks("1 start")

	b.start("Ann")
	b.counts(".robot", 1)
	b.says("Where is my order? It is the one of https://shop.example/orders/4711?from=mail, and I have been waiting for it for more than two weeks by now.")
	b.counts(".robot", 2)
	b.click(".robot .rating button:last-child")
	b.looks("2 robot")

	b.click("#hand-over")
	b.seesState("agent")
	b.says("look at this")
	b.sends(picture(t))
	b.counts(`.agent[data-loaded=true] :is(img, audio, video)`, 6)
	b.counts(`.agent .body button`, 2)
	b.looks("3 agent")

	b.click("#show-exchanges")
	b.click("#exchanges tr[data-op=CHAT] button")
	b.looks("4 exchanges")
	b.click("#show-exchanges")

	b.click("#end")
	b.looks("5 survey")
	b.click("#levels label:nth-child(5)")
	b.click("#survey .main")
	b.made("DISCONNECT", 1)
	b.click("#history")
	b.counts(".past", 4)
	b.looks("6 ended")
	b.settled()
}
