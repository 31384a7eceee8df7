package page

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"chatbench/internal/aicc"
	"chatbench/internal/check"
	"chatbench/internal/har"
	"chatbench/internal/http1"
	"chatbench/internal/judge"
	"chatbench/internal/result"
	"chatbench/internal/run"
	"chatbench/internal/scenario"
	"chatbench/internal/tenant"
)

// play is a conversation that a client is judged by: what the tenant does in it, and the person.
type play struct {
	lesson tenant.Lesson
	hold   time.Duration // of a poll; 0: two seconds
	person func(*tab)
}

// soon is a cue that comes after the client has polled once more.
func soon(act tenant.Act) tenant.Cue { return tenant.Cue{After: 300 * time.Millisecond, Act: act} }

// until waits for the end and a little longer, which shows what is done behind it.
func until(state string) func(*tab) {
	return func(b *tab) {
		b.t.Helper()
		b.seesState(state)
		b.rests(check.ForeignCrossing + 450*time.Millisecond)
	}
}

// patience is how long the rules wait for what a client has to do, and a little more.
const patience = check.ForeignReact + 200*time.Millisecond

var plays = map[string]play{
	"robot, left by the customer": {lesson: tenant.Lesson{Robot: true}, person: func(b *tab) {
		b.counts(".robot", 1)
		b.asks("/poll?", 2)
		b.rests(50 * time.Millisecond) // it has arrived by then, and is held
		b.says("where is my order?")
		b.counts(".robot", 2)
		b.click("#end")
		b.click("#skip-survey")
		until("ended")(b)
	}},
	"again": {lesson: tenant.Lesson{Robot: true}, hold: 300 * time.Millisecond, person: func(b *tab) {
		b.counts(".robot", 1)
		b.click("#end")
		b.click("#skip-survey")
		b.rests(700 * time.Millisecond) // the last poll has come back by then, whether anybody hung up or not
		b.click("#again")
		b.made("CONNECT", 2)
		until("connected")(b)
	}},
	// DISCONNECT is answered 503 and does not reach the tenant, which holds the poll on.
	"again at once": {lesson: tenant.Lesson{Robot: true, Troubles: []tenant.Trouble{{Path: aicc.PathSend, Nth: 1, How: tenant.Down}}}, hold: 2 * time.Second, person: func(b *tab) {
		b.counts(".robot", 1)
		b.asks("/poll?", 2)
		b.rests(50 * time.Millisecond)
		b.presses("#end", "#skip-survey", "#again")
		b.made("CONNECT", 2)
		b.seesState("connected")
		b.rests(2500 * time.Millisecond) // the old poll has come back meanwhile
		b.click("#end")
		b.click("#skip-survey")
		until("ended")(b)
	}},
	"many polls": {lesson: tenant.Lesson{Robot: true}, hold: 20 * time.Millisecond, person: func(b *tab) {
		b.asks("/poll?", 10)
		b.click("#end")
		b.click("#skip-survey")
		until("ended")(b)
	}},
	"agent with files": {lesson: tenant.Lesson{Cues: []tenant.Cue{{Act: tenant.AwaitAgent}, soon(tenant.AgentPicture), soon(tenant.LocalVoice), soon(tenant.AgentDocument),
		{After: patience, Act: tenant.AgentTalks}, soon(tenant.AgentHangsUp)}}, person: func(b *tab) {
		b.click(".agent .body button") // loads the document, which the demo never would
		until("ended")(b)
	}},
	"good-bye and DISCONNECT in one": {lesson: tenant.Lesson{Cues: []tenant.Cue{{Act: tenant.AwaitAgent}, soon(tenant.AgentSaysBye)}}, person: func(b *tab) {
		b.sees(`document.getElementById("messages").textContent.includes("Good-bye")`)
		b.rests(400 * time.Millisecond)
	}},
	"long queue": {lesson: tenant.Lesson{Queue: 11 * time.Second, Cues: []tenant.Cue{{Act: tenant.AwaitAgent}, soon(tenant.AgentHangsUp)}}, person: until("ended")},
	"queue":      {lesson: tenant.Lesson{Queue: 2500 * time.Millisecond, Cues: []tenant.Cue{{Act: tenant.AwaitAgent}, soon(tenant.AgentHangsUp)}}, person: until("ended")},
	"new token": {lesson: tenant.Lesson{Cues: []tenant.Cue{{Act: tenant.AwaitAgent}, soon(tenant.ReplaceToken), soon(tenant.AgentTalks), soon(tenant.AgentTalks), soon(tenant.AgentTalks), soon(tenant.AgentTalks), soon(tenant.AgentHangsUp)}},
		person: until("ended")},
}

// planted are ways of getting the demo flow wrong, each with the rule that forbids it and a conversation
// that shows it.
var planted = []struct {
	name, rule, play string
	faults           []fault
	besides          string // a rule that goes with it, if the times fall so
}{
	{name: "it polls before CONNECT", rule: "SIM-02", play: "robot, left by the customer", faults: []fault{{"chat.js",
		`const code = await this.#wire.send("CONNECT", "TEXT", "hello");`,
		`await this.#wire.poll(); const code = await this.#wire.send("CONNECT", "TEXT", "hello");`}}},
	{name: "it polls on after DISCONNECT", rule: "SIM-03", play: "agent with files", faults: []fault{{"chat.js",
		`for (await pause(pollPause); this.#chatting; await pause(pollPause)) {`,
		`for (await pause(pollPause); true; await pause(pollPause)) {`}}},
	{name: "it polls once more when something is sent, to hear the answer sooner", rule: "SIM-01", play: "robot, left by the customer", faults: []fault{{"chat.js",
		`return this.#wire.send("CHAT", "TEXT",`, `this.#wire.poll(); return this.#wire.send("CHAT", "TEXT",`}}},
	{name: "it begins anew while the last poll is still held", rule: "SIM-01", play: "again at once", faults: []fault{{"chat.js", `await this.#polling;`, ``}},
		besides: "SIM-04"}, // the old polls go on beside the new ones, and what is a pause for the ones is none for both
	{name: "it polls without a pause", rule: "SIM-04", play: "many polls", faults: []fault{{"chat.js",
		`const pollPause = 100;`, `const pollPause = 0;`}}},
	{name: "it does not know pictures", rule: "SIM-05", play: "agent with files", faults: []fault{{"chat.js",
		`IMAGE: "jpg", `, ``}}},
	{name: "it does not ask for the place in the queue", rule: "SIM-10", play: "queue", faults: []fault{{"chat.js",
		`this.#askForPlace(this.#wait);`, ``}}},
	{name: "it asks for the place every second", rule: "SIM-06", play: "queue", faults: []fault{{"chat.js",
		`const queuePause = 10_000;`, `const queuePause = 1_000;`}}},
	{name: "it asks about calls at every message of an agent", rule: "SIM-11", play: "agent with files", faults: []fault{{"chat.js",
		`if (this.#agent || !this.#chatting) return;`, `if (!this.#chatting) return;`}}},
	{name: "it does not take up the new token", rule: "SIM-12", play: "new token", faults: []fault{{"wire.js",
		"    this.#token = token;\n", ""}}},
	{name: "it does not wait for its tokens", rule: "SIM-09", play: "robot, left by the customer", faults: []fault{
		{"chat.js", `await this.#wire.authorize();`, `this.#wire.authorize();`},
		{"wire.js", "await this.#renewal;\n", ""},
		{"wire.js", `if (this.#access) Object.assign`, `Object.assign`}}},
	{name: "it answers DISCONNECT with DISCONNECT", rule: "SIM-13", play: "agent with files", faults: []fault{{"chat.js",
		`this.#view.ended(how);`, `this.#view.ended(how); setTimeout(() => this.#wire.send("DISCONNECT", "TEXT"), 450);`}}},
	{name: "it leaves without a word", rule: "SIM-07", play: "again", faults: []fault{{"chat.js",
		`return this.#wire.send("DISCONNECT", "TEXT");`, `return "0";`}}},
	{name: "it overlooks a DISCONNECT among others", rule: "SIM-03", play: "good-bye and DISCONNECT in one", faults: []fault{{"chat.js",
		`for (const message of messages) this.#handle(message);`, `for (const message of messages) if (message.controlType !== "DISCONNECT" || messages.length === 1) this.#handle(message);`}}},
}

// judged plays a conversation, and gives what the judge and a check of the recording say of the client.
func (p play) judged(t *testing.T, files fs.FS) (judged, recorded *result.Result) {
	t.Helper()
	cfg := quick()
	cfg.PollHold, cfg.SecondPoll = cmp.Or(p.hold, 2*time.Second), scenario.EmptyAtOnce
	j, err := judge.New(cfg, judge.Options{Tenant: tenant.Options{Seed: 1, Page: files, Lesson: func(string) *tenant.Lesson { return &p.lesson }}})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- j.Serve(l) }()
	var rec recorder
	b := newTab(t, "en-US", &rec)
	b.open("http://" + l.Addr().String() + "/")
	b.start("Ann")
	p.person(b)

	file := filepath.Join(t.TempDir(), "session.har")
	if err := os.WriteFile(file, rec.file(t), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	j.Close(ctx) //nolint:errcheck // a browser may keep a connection open
	if err := <-served; !errors.Is(err, http1.ErrServerClosed) {
		t.Error(err)
	}
	return j.Result(), checked(t, file)
}

// checked is "chatbench check session.har".
func checked(t *testing.T, file string) *result.Result {
	t.Helper()
	r, err := har.Open(file, har.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	res, err := run.Recheck(r.Replay, run.RecheckOptions{File: file, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// broken lists the rules that were, with a witness of each.
func broken(r *result.Result) (rules []string, story string) {
	for _, rule := range r.Rules {
		if rule.Violations > 0 {
			rules = append(rules, rule.ID)
			story += fmt.Sprintf("\n  %s %d of %d: %s", rule.ID, rule.Violations, rule.Opportunities, rule.Witnesses[0].Sentence)
		}
	}
	return rules, story
}

// TestPlantedFaults wants the judge and the check of a recording to find each fault, and nothing else.
func TestPlantedFaults(t *testing.T) {
	t.Parallel()
	browse(t)
	for _, tt := range planted {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			judged, recorded := plays[tt.play].judged(t, altered(t, tt.faults...))
			for by, r := range map[string]*result.Result{"judge": judged, "check of the recording": recorded} {
				got, story := broken(r)
				got = slices.DeleteFunc(got, func(rule string) bool { return rule == tt.besides })
				if !slices.Equal(got, []string{tt.rule}) {
					t.Errorf("%s: broken rules %v, want %s only:%s", by, got, tt.rule, story)
				}
			}
		})
	}
}

// TestRightPage wants nothing found on the page as it is, and each rule to have been put to the test.
func TestRightPage(t *testing.T) {
	t.Parallel()
	browse(t)
	met := map[string]map[string]int64{"judge": {}, "check of the recording": {}}
	t.Run("plays", func(t *testing.T) {
		results := make(chan map[string]*result.Result, len(plays))
		for name, p := range plays {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				judged, recorded := p.judged(t, Files())
				results <- map[string]*result.Result{"judge": judged, "check of the recording": recorded}
			})
		}
		t.Cleanup(func() {
			close(results)
			for both := range results {
				for by, r := range both {
					if _, story := broken(r); story != "" {
						t.Errorf("%s: broken by the page as it is:%s", by, story)
					}
					for _, rule := range r.Rules {
						met[by][rule.ID] += rule.Opportunities
					}
				}
			}
		})
	})
	for _, info := range check.Rules() {
		for by, counts := range met {
			// Whether a customer who is turned away leaves a message is the person's choice.
			// And only a judge sees whether requests as such are right.
			if strings.HasPrefix(info.ID, "SIM-") && info.ID != "SIM-08" && counts[info.ID] == 0 && (by == "judge" || info.ID != "SIM-14") {
				t.Errorf("%s: %s was not put to the test", by, info.ID)
			}
		}
	}
}
