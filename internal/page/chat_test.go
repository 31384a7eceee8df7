package page

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"chatbench/internal/aicc"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
	"chatbench/internal/trace"
)

// TestChats plays what recordings do not: tenants that refuse, and people who do something else.
func TestChats(t *testing.T) {
	t.Parallel()
	browse(t)
	for name, play := range map[string]func(*testing.T){
		"texts stay texts": textsStayTexts, "keyboard": keyboardOnly, "refused": refused, "no hand-over": noHandOver,
		"new tokens": newTokens, "closed": closed, "files": files, "queue": queue, "tenant gone": tenantGone,
		"bad file": badFile, "second conversation": secondConversation, "troubled polls": troubledPolls,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t)
		})
	}
}

// textsStayTexts has the robot say what would be dangerous as HTML.
func textsStayTexts(t *testing.T) {
	cfg := quick()
	cfg.Speech = scenario.Echo
	b := newTab(t, "en-US", nil)
	b.open(serve(t, cfg, Files()))
	b.start("<b onclick=x>Ann</b>")
	b.counts(".robot", 1)
	const nasty = `<img src=x onerror="document.title='got you'"><script>document.title='got you'</script> see https://a.example/x?y=1&z=%22, javascript:alert(1) and http://b.example/"onclick=x。`
	b.says(nasty)
	b.counts(".robot", 2)
	const said = `document.querySelectorAll(".robot .body")[1]`
	for _, tt := range []struct{ why, script, want string }{
		{"the text is all there", said + `.textContent`, nasty},
		{"its only elements are links", `[...` + said + `.querySelectorAll("*")].map((e) => e.tagName).join()`, "A,A"},
		{"which end where the address does", `[...` + said + `.querySelectorAll("a")].map((a) => a.href).join(" ")`, "https://a.example/x?y=1&z=%22 http://b.example/"},
		{"and tell the other page nothing", said + `.querySelector("a").rel`, "noopener noreferrer nofollow"},
		{"nothing ran", `document.title`, "chatbench · Chat with the embedded tenant"},
		{"a policy is there in case", `fetch("/").then((r) => r.headers.get("content-security-policy").split(";")[0])`, "default-src 'none'"},
		{"even then nothing would run", `new Promise((done) => { const s = document.createElement("img"); s.setAttribute("onerror", "document.title = 'got you'"); s.src = "data:x"; document.body.append(s); setTimeout(() => { s.remove(); done(document.title); }, 50); })`,
			"chatbench · Chat with the embedded tenant"},
	} {
		if got := eval[string](b, tt.script); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.why, got, tt.want)
		}
	}
	b.expect("Content Security Policy")
	b.expect("ERR_INVALID_URL")
	b.settled()
}

// keyboardOnly chats without a mouse.
func keyboardOnly(t *testing.T) {
	b := newTab(t, "en-US", nil)
	b.open(serve(t, quick(), Files()))
	b.sees(`document.title !== "chatbench"`)
	focused := func() string { return eval[string](b, `document.activeElement.id`) }
	for range 20 {
		if b.do(chromedp.KeyEvent(kb.Tab)); focused() == "name" {
			break
		}
	}
	b.do(chromedp.KeyEvent("Ann"), chromedp.KeyEvent(kb.Enter))
	b.counts(".robot", 1)
	b.sees(`document.activeElement.id === "text"`)
	b.do(chromedp.KeyEvent("one line"), chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierShift)), chromedp.KeyEvent("another"), chromedp.KeyEvent(kb.Enter))
	b.counts(".robot", 2)
	if got, want := eval[string](b, `document.querySelector(".me .body").textContent`), "one line\nanother"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if got, want := eval[string](b, `document.querySelector(".me header span").textContent`), "You"; got != want {
		t.Errorf("from %q, want %q", got, want)
	}
	b.settled()
}

// refused is turned away outside working hours, leaves a message, and tries again.
func refused(t *testing.T) {
	cfg := quick()
	cfg.Robot, cfg.Hours.Never = nil, true
	b := newTab(t, "en-US", nil)
	b.open(serve(t, cfg, Files()))
	b.start("Ann")
	b.seesState("refused")
	b.sees(`document.getElementById("status").textContent === "Refused (12)"`)
	b.types("#left-text", "please call me back")
	b.click("#leave-message .main")
	b.made("leave", 1)
	b.sees(`document.getElementById("leave-message").hidden`)
	if polls := eval[int](b, `document.querySelectorAll("#exchanges tr[data-op=poll]").length`); polls != 0 {
		t.Errorf("%d polls of a conversation that was refused, want none", polls)
	}
	b.click("#again")
	b.made("CONNECT", 2)
	b.click("#cancel-message")
	b.sees(`document.getElementById("leave-message").hidden`)
	b.settled()
}

// noHandOver stays with the robot when no agent works.
func noHandOver(t *testing.T) {
	cfg := quick()
	cfg.Hours.Never = true
	b := newTab(t, "en-US", nil)
	b.open(serve(t, cfg, Files()))
	b.start("Ann")
	b.counts(".robot", 1)
	b.click("#hand-over")
	b.sees(`document.querySelector("#problem p").textContent === "The hand-over was refused (12)."`)
	b.looks("7 refused")
	b.click("#dismiss")
	b.types("#left-text", "please call me back")
	b.click("#leave-message .main")
	b.made("leave", 1)
	b.says("is anybody there?")
	b.counts(".robot", 2)
	b.settled()
}

// newTokens goes on when a tenant refuses tokens that have run out, with one renewal for all calls that
// meet it.
func newTokens(t *testing.T) {
	cfg := quick()
	cfg.Renewal, cfg.UserTokenLife, cfg.BareToken = scenario.Refuse, 1500*time.Millisecond, true
	b := newTab(t, "en-US", nil)
	b.expect("401")
	b.open(serve(t, cfg, Files()))
	b.start("Ann")
	b.counts(".robot", 1)
	b.made("apply", 2)
	b.says("still here?")
	b.counts(".robot", 2)
	b.settled()
}

// closed closes the window in the middle of a conversation, which hangs up.
func closed(t *testing.T) {
	b := newTab(t, "en-US", nil)
	at := serve(t, quick(), Files())
	b.open(at)
	b.start("Ann")
	b.counts(".robot", 1)
	user := eval[string](b, `sessionStorage.getItem("user")`)
	if n := len(user); n != 21 {
		t.Errorf("user id %q has %d characters, want 21 (docs/protocol.md E02)", user, n)
	}
	b.do(chromedp.Navigate("about:blank"))
	for range 100 {
		if record := journal(t, at, user); record.Ended == "customer" {
			return
		}
		b.rests(20 * time.Millisecond)
	}
	t.Error("the tenant does not know of the end of the conversation")
}

// journal is the tenant's account of a user's conversation.
func journal(t *testing.T, at, user string) (record trace.Record) {
	t.Helper()
	answer, err := http.Get(at + tenant.JournalPath[1:] + "?epoch=-1&user=" + url.QueryEscape(user))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&record); err != nil {
		t.Fatal(err)
	}
	return record
}

// files loads a document, and a place that comes as an object.
func files(t *testing.T) {
	cfg := quick()
	cfg.Robot = nil
	cfg.Agents.Media = scenario.Media{Document: 1, Location: 1, LocationJSON: true, Video: 1, Local: 1}
	b := newTab(t, "en-US", nil)
	b.open(serve(t, cfg, Files()))
	b.start("Ann")
	b.counts(".agent", 1)
	b.says("the manual, please")
	b.click(".agent .body button")
	b.counts(`.agent a[download="document.txt"]`, 1)
	b.sees(`document.querySelector(".agent a[href^=geo]").getAttribute("href") === "geo:31.2304,121.4737"`)
	b.sees(`document.querySelector(".agent video").duration > 0`)
	b.settled()
}

// queue shows the place in the queue, until it is the customer's turn.
func queue(t *testing.T) {
	cfg := quick()
	cfg.Robot = nil
	at := serve(t, cfg, Files())
	first, b := newTab(t, "en-US", nil), newTab(t, "zh-CN", nil)
	first.open(at)
	first.start("Ann")
	first.seesState("agent")
	b.open(at)
	b.start("Ben")
	b.sees(`document.getElementById("status").textContent.startsWith("排队中：第 1 位")`)
	first.click("#end")
	first.click("#levels label:nth-child(1)")
	first.click("#stay") // does not hang up after all
	first.says("one more thing")
	first.counts(".agent", 2)
	b.seesState("queue")
	b.shoot("8 queue")
	first.click("#end")
	first.click("#skip-survey")
	b.seesState("agent")
	b.sees(`/为您服务$/.test(document.getElementById("status").textContent)`)
	b.settled()
	first.settled()
}

// tenantGone says that nothing comes any more, instead of looking as if nobody had anything to say.
func tenantGone(t *testing.T) {
	var at string
	b := newTab(t, "en-US", nil)
	b.expect("ERR_CONNECTION_REFUSED")
	b.expect("ERR_CONNECTION_RESET")
	b.expect("Receiving failed")
	t.Run("there", func(t *testing.T) { // its tenant goes when it ends
		at = serve(t, quick(), Files())
		b.open(at)
		b.start("Ann")
		b.counts(".robot", 1)
	})
	b.sees(`document.querySelector("#problem p").textContent === "Receiving failed and is tried again: poll: no answer."`)
	b.says("hello?")
	b.counts(".me[data-sent=no]", 1)
	b.expect("Something did not work")
	b.settled()
}

// badFile is refused by the page or by the tenant, and said to be.
func badFile(t *testing.T) {
	cfg := quick()
	cfg.UploadLimit = 100
	b := newTab(t, "en-US", nil)
	b.open(serve(t, cfg, Files()))
	b.start("Ann")
	b.counts(".robot", 1)
	b.sends(picture(t))
	b.counts(".me[data-sent=no]", 1)
	b.sees(`document.querySelector(".me footer").textContent === "not sent (upload)"`)
	b.settled()
}

// secondConversation is another conversation of the same customer, also after the page was loaded again.
func secondConversation(t *testing.T) {
	cfg := quick()
	cfg.Agents.Chats = [2]int{1, 1}
	cfg.Robot = nil
	b := newTab(t, "en-US", nil)
	b.open(serve(t, cfg, Files()))
	b.start("Ann")
	b.seesState("agent")
	user := eval[string](b, `sessionStorage.getItem("user")`)
	b.says("thanks")
	b.seesState("ended")
	b.click("#levels label:nth-child(5)") // the survey comes by itself when the agent has hung up
	b.click("#send-survey")
	b.made("rate", 1)
	b.click("#again")
	b.seesState("agent")
	b.made("support", 2)
	if n := eval[int](b, `document.querySelectorAll("#exchanges tr[data-op=DISCONNECT]").length`); n != 0 {
		t.Errorf("%d DISCONNECTs by a customer who was hung up on, want none", n)
	}
	b.do(chromedp.Reload())
	b.sees(`document.title !== "chatbench"`)
	if again := eval[string](b, `sessionStorage.getItem("user")`); again != user {
		t.Errorf("user %q after loading the page again, want %q", again, user)
	}
	b.settled()
}

// troubledPolls goes on when polls fail for a while, and takes back that they did.
func troubledPolls(t *testing.T) {
	lesson := tenant.Lesson{Robot: true, Troubles: []tenant.Trouble{
		{Path: aicc.PathPoll, Nth: 2, How: tenant.Down}, {Path: aicc.PathPoll, Nth: 3, How: tenant.HungUp}}}
	b := newTab(t, "en-US", nil)
	b.expect("503")
	b.expect("ERR_EMPTY_RESPONSE")
	b.open(serveWith(t, quick(), tenant.Options{Seed: 1, Page: Files(), Lesson: func(string) *tenant.Lesson { return &lesson }}))
	b.start("Ann")
	b.sees(`document.querySelector("#problem p").textContent === "Receiving failed and is tried again: poll: 503."`)
	b.sees(`document.getElementById("problem").hidden`)
	b.says("still there?")
	b.counts(".robot", 2)
	b.settled()
}
